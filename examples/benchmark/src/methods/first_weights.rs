//! OPDAI and UNILJ trained from different first weights (Table VI).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::train::Options;
use anyhow::{Result, anyhow, ensure};

use super::imported::slug;
use super::method::Method;
use super::network::{Label, Setup};
use super::variants::{Variants, preset};

/// The option that names first weights.
const OPTION: &str = "--pretraining";
/// The networks of Table VI, and the towers that a file has to fit.
const NETWORKS: [(&str, &str); 2] = [("opdai", "Swin-V2"), ("unilj", "ConvNeXt")];
/// The name of first weights that no file gives.
const NONE: &str = "none";

/// A name and a file, `NAME=FILE`, or `none`. With a network in front, `opdai:NAME=FILE`, it is for that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    network: Option<&'static str>,
    name: String,
    file: Option<PathBuf>,
}

/// For the command line.
pub(crate) fn start(text: &str) -> Result<Start, String> {
    let (left, file) = text.split_once('=').map_or((text, None), |(left, file)| (left, Some(file)));
    let (network, name) = left.split_once(':').map_or((None, left), |(network, name)| (Some(network), name));
    let known = |name: &str| NETWORKS.into_iter().map(|(known, _)| known).find(|known| *known == name);
    let network = match network.map(|name| known(name.trim()).ok_or(name)) {
        Some(Err(name)) => {
            return Err(format!("`{name}:` is no network of Table VI: write opdai: or unilj:, or neither"));
        }
        Some(Ok(known)) => Some(known),
        None => None,
    };
    let name = name.trim().to_owned();
    match file {
        None if name == NONE => Ok(Start { network, name, file: None }),
        Some(_) if name == NONE => Err(format!("`{NONE}` is for weights of no file: take another name")),
        Some(file) if !file.is_empty() && !slug(&name).is_empty() => {
            Ok(Start { network, name, file: Some(file.into()) })
        }
        _ => Err(format!("give a name and a file, such as detection=det/model.safetensors, or `{NONE}`")),
    }
}

/// The rows of a network, as far as they are known.
struct Rows<'a> {
    name: &'static str,
    family: String,
    variants: Variants<'a>,
    taken: BTreeSet<String>,
    rows: Vec<Box<dyn Method>>,
}

impl Rows<'_> {
    fn add(&mut self, start: &Start, options: Options) -> Result<()> {
        let (title, file) =
            (self.variants.method.entry.title, start.file.as_ref().and_then(|f| f.file_name()));
        ensure!(
            self.taken.insert(slug(&start.name)),
            "{OPTION}: {title} starts twice from `{}`: take another name for one of the two",
            start.name
        );
        let way = file.map_or_else(
            || "from random first weights".to_owned(),
            |file| format!("first weights of the tower from {}", dream_data::name_of(file)),
        );
        let label = Label {
            name: format!("{}-from-{}", self.name, slug(&start.name)),
            title: format!("{title} ({})", start.name),
            family: self.family.clone(),
            way,
        };
        self.rows.push(self.variants.row(options, label)?);
        Ok(())
    }
}

/// OPDAI, then UNILJ, from each of the first weights that fit, in the order in which they are named.
pub(crate) fn by_first_weights(starts: &[Start], setup: &Arc<Setup>) -> Result<Vec<Box<dyn Method>>> {
    let usual = setup.options_of("");
    let size = preset(usual.preset);
    let mut networks = Vec::new();
    for (name, tower) in NETWORKS {
        let variants = Variants::new(name, setup)?;
        let family = format!("{}: {tower} of the {size} preset", variants.method.entry.title);
        networks.push(Rows { name, family, variants, taken: BTreeSet::new(), rows: Vec::new() });
    }
    for start in starts {
        let options = Options { visual: start.file.clone(), visual_option: OPTION, ..usual.clone() };
        let (mut fits, mut reasons) = (false, Vec::new());
        for rows in networks.iter_mut().filter(|rows| start.network.is_none_or(|asked| asked == rows.name)) {
            match rows.variants.check(&options) {
                Ok(()) => {
                    rows.add(start, options.clone())?;
                    fits = true;
                }
                Err(error) => reasons.push(error),
            }
        }
        if !fits {
            return Err(refused(start, reasons));
        }
    }
    networks.iter().for_each(|rows| rows.variants.say());
    Ok(networks.into_iter().flat_map(|rows| rows.rows).collect())
}

/// Why no network takes a file.
fn refused(start: &Start, mut reasons: Vec<anyhow::Error>) -> anyhow::Error {
    let seems = |error: &anyhow::Error| match error.root_cause().downcast_ref() {
        Some(dream_models::Error::TensorMismatch { hint, .. }) => hint.clone(),
        _ => None,
    };
    // A file that cannot be read, or that has a fault and is of the right kind: that alone counts.
    if let Some(at) = reasons.iter().position(|error| seems(error).is_none() || start.network.is_some()) {
        return reasons.swap_remove(at);
    }
    let of_each = reasons
        .iter()
        .zip(NETWORKS)
        .filter_map(|(error, (name, _))| Some(format!("for {name}, {}", seems(error)?)));
    let file = start.file.as_deref().unwrap_or(Path::new("")).display();
    anyhow!(
        "{OPTION}: {file} fits neither network of Table VI (--preset gives the sizes): {}",
        of_each.collect::<Vec<_>>().join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_weights_have_a_name_and_perhaps_a_network() {
        let of = |network, name: &str, file: Option<&str>| {
            Ok(Start { network, name: name.to_owned(), file: file.map(PathBuf::from) })
        };
        assert_eq!(start("none"), of(None, "none", None));
        assert_eq!(start("unilj:none"), of(Some("unilj"), "none", None));
        assert_eq!(start("ImageNet-22k=a=b.st"), of(None, "ImageNet-22k", Some("a=b.st")));
        assert_eq!(start("opdai:det=C:/d.st"), of(Some("opdai"), "det", Some("C:/d.st")));
        for bad in ["", "imagenet", "imagenet=", "=a", "none=a", "hust:det=a", "opdai:=a", "?=a"] {
            assert!(start(bad).is_err(), "{bad}");
        }
    }
}
