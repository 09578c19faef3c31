//! Which methods there are.

use anyhow::{Result, bail};

use super::baseline::{MethodMean, Random};
use super::method::Method;
#[cfg(feature = "deep")]
use super::network;
use super::svr::FeatureSvr;
use crate::features::sets::Set;

/// Names that stand for several methods.
const ALL: &str = "all";
const NETWORKS: &str = "networks";

/// What networks are built from: without the feature `deep` there are none.
#[cfg(feature = "deep")]
pub(crate) type Networks = network::Setup;
#[cfg(not(feature = "deep"))]
pub(crate) type Networks = ();

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

/// Names of the networks that can be trained: those of `train`.
pub(crate) fn networks() -> Vec<&'static str> {
    #[cfg(feature = "deep")]
    return ::train::methods::METHODS.iter().map(|method| method.entry.name).collect();
    #[cfg(not(feature = "deep"))]
    return Vec::new();
}

/// Names of all rows of this program.
pub(crate) fn names() -> Vec<String> {
    let ours = baselines(false).into_iter().chain(features()).map(|method| method.name());
    // A network may have a second row for its text branch.
    ours.chain(networks().iter().flat_map(|name| [(*name).to_owned(), format!("{name}-t")])).collect()
}

/// The networks of a list of names.
pub(crate) fn chosen_networks(names: &[String]) -> Vec<&'static str> {
    let wanted = |name: &&str| names.iter().any(|have| have.trim() == *name || have.trim() == NETWORKS);
    networks().into_iter().filter(wanted).collect()
}

/// The methods of a list such as `brisque,gm-log`, in the order of the table. `setup` is asked for only where there is a network.
pub(crate) fn choose(
    names: &[String],
    setup: impl FnOnce() -> Result<Networks>,
) -> Result<Vec<Box<dyn Method>>> {
    let known: Vec<String> = features().iter().map(|method| method.name()).collect();
    let (deep, groups) = (networks(), [ALL, NETWORKS]);
    let is_known =
        |name: &str| known.iter().any(|have| have == name) || deep.contains(&name) || groups.contains(&name);
    if let Some(unknown) = names.iter().map(|name| name.trim()).find(|name| !is_known(name)) {
        let deep = if cfg!(feature = "deep") { deep.join(", ") } else { "none in this build".to_owned() };
        bail!(
            "--methods: there is no method `{unknown}`; on features there are {}, or `{ALL}` of them; networks: {deep}, or \
             `{NETWORKS}` (--list-methods says what they are)",
            known.join(", ")
        );
    }
    let wanted = |name: &str| names.iter().any(|have| have.trim() == name || have.trim() == ALL);
    let mut chosen: Vec<_> = features().into_iter().filter(|method| wanted(&method.name())).collect();
    let deep = chosen_networks(names);
    #[cfg(feature = "deep")]
    if !deep.is_empty() {
        chosen.extend(network::rows(&deep, setup()?)?);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_chosen_by_name() {
        let names = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let none = || -> Result<Networks> { bail!("no network was asked for") };
        let chosen = |text: &str| -> Vec<String> {
            choose(&names(text), none).unwrap().iter().map(|method| method.name()).collect()
        };
        // In the order of the table, whatever the order of the list.
        assert_eq!(chosen("tlvqm,brisque,tlvqm"), ["brisque", "tlvqm"]);
        assert_eq!(chosen("all").len(), 7);
        let error = choose(&names("brisque,nonesuch"), none).err().unwrap().to_string();
        assert!(error.contains("no method `nonesuch`; ") && error.contains("v-bliinds"), "{error}");
        let five = features().into_iter().find(|method| method.name() == "videval").unwrap();
        assert_eq!(five.sets().iter().map(|set| set.len()).sum::<usize>(), 705);
    }
}
