//! Which methods there are.

use std::sync::Arc;

use anyhow::{Result, bail};
use dream_models::deep::features::FeatureSet;

use super::baseline::{MethodMean, Random};
use super::method::Method;
use super::network::{self, Setup};
use super::svr::FeatureSvr;
use crate::features::deep::DeepSet;
use crate::features::sets::Set;

/// Names that stand for several methods.
const ALL: &str = "all";
const DEEP: &str = "deep";
const NETWORKS: &str = "networks";

/// The baselines, which stand beside every choice of methods.
pub(crate) fn baselines(across: bool) -> Vec<Box<dyn Method>> {
    let random: Box<dyn Method> = Box::new(Random);
    // Methods of one data set are not those of another.
    if across { vec![random] } else { vec![random, Box::new(MethodMean)] }
}

/// Every method on features: a line each.
pub(crate) fn features() -> Vec<Box<dyn Method>> {
    let five = [Set::Brisque, Set::GmLog, Set::Higrade, Set::Tlvqm, Set::VBliinds];
    vec![
        Box::new(FeatureSvr::plain(Set::Brisque, "BRISQUE")),
        Box::new(FeatureSvr::plain(Set::GmLog, "GM-LOG")),
        Box::new(FeatureSvr::plain(Set::Higrade, "HIGRADE")),
        Box::new(FeatureSvr::plain(Set::VBliinds, "V-BLIINDS")),
        Box::new(FeatureSvr::plain(Set::Tlvqm, "TLVQM")),
        // As the paper counts it: five sets side by side, 705 features, and the selection from them.
        Box::new(FeatureSvr::selected("videval", "VIDEVAL", &five)),
        Box::new(FeatureSvr::plain(Set::Videval60, "VIDEVAL-60")),
    ]
}

/// Names of all rows of this program.
pub(crate) fn names() -> Vec<String> {
    let ours = baselines(false).into_iter().chain(features()).map(|method| method.name());
    // A network may have a second row for its text branch.
    let networks =
        ::train::methods::names().into_iter().flat_map(|name| [name.to_owned(), format!("{name}-t")]);
    let deep = FeatureSet::ALL.into_iter().map(|set| set.name().to_owned());
    ours.chain(deep).chain(networks).collect()
}

/// The methods of a list such as `brisque,gm-log`, in the order of the table. `deep` is asked for each set of deep features among
/// them, and `setup` where a network is.
pub(crate) fn choose(
    names: &[String],
    deep: impl Fn(FeatureSet) -> Result<Arc<DeepSet>>,
    setup: impl FnOnce() -> Result<Setup>,
) -> Result<Vec<Box<dyn Method>>> {
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    let known: Vec<String> = features().iter().map(|method| method.name()).collect();
    let mut networks = ::train::methods::names();
    let deep_names = FeatureSet::ALL.map(FeatureSet::name);
    let rows = known.iter().map(String::as_str).chain(deep_names).chain(networks.iter().copied());
    let all: Vec<&str> = rows.chain([ALL, DEEP, NETWORKS]).collect();
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!(
            "--methods: there is no method `{unknown}`; on features there are {}, or `{ALL}` of them; on deep features {}, or \
             `{DEEP}`; networks are {}, or `{NETWORKS}` (--list-methods says what they are)",
            known.join(", "),
            deep_names.join(", "),
            networks.join(", ")
        );
    }
    let asked = |name: &str, group: &str| names.iter().any(|have| *have == name || *have == group);
    let mut chosen: Vec<_> = features().into_iter().filter(|method| asked(&method.name(), ALL)).collect();
    for set in FeatureSet::ALL.into_iter().filter(|set| asked(set.name(), DEEP)) {
        chosen.push(Box::new(FeatureSvr::deep(deep(set)?)?));
    }
    networks.retain(|name| asked(name, NETWORKS));
    if !networks.is_empty() {
        chosen.extend(network::rows(&networks, setup()?)?);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use ::train::Preset;

    use super::*;
    use crate::features::deep::DeepArgs;

    #[test]
    fn methods_are_chosen_by_name() {
        let names = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let none = || -> Result<Setup> { bail!("no network was asked for") };
        let deep = |set| DeepArgs::default().set(set, Preset::Tiny);
        let chosen = |text: &str| -> Vec<String> {
            choose(&names(text), deep, none).unwrap().iter().map(|method| method.name()).collect()
        };
        // In the order of the table, whatever the order of the list.
        assert_eq!(chosen("tlvqm,brisque,tlvqm"), ["brisque", "tlvqm"]);
        assert_eq!(chosen("all").len(), 7);
        assert_eq!(chosen("dfgc1st,brisque,resnet50"), ["brisque", "resnet50", "dfgc1st"]);
        assert_eq!(chosen("deep,all").len(), 10);
        let error = choose(&names("brisque,nonesuch"), deep, none).err().unwrap().to_string();
        assert!(error.contains("no method `nonesuch`; ") && error.contains("v-bliinds"), "{error}");
        let five = features().into_iter().find(|method| method.name() == "videval").unwrap();
        assert_eq!(five.sets().iter().map(|set| set.len()).sum::<usize>(), 705);
    }
}
