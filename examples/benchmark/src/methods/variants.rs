//! One network trained in several ways, a row each: by loss (Table V), by first weights ([`first_weights`](super::first_weights)).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ::train::{Options, Preset};
use anyhow::{Context, Result};
use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::loss_head::losses;
use super::method::Method;
use super::network::{Label, Network, Setup};
use crate::features::sets::Set;
use crate::print::note;

/// The network of Table V.
const OPDAI: &str = "opdai";

/// What is trained with each loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ablation {
    /// A small head on the features of a set.
    Head(Set),
    /// A whole network, as in the paper.
    Tower,
}

impl ValueEnum for Ablation {
    fn value_variants<'a>() -> &'a [Self] {
        use Ablation::{Head, Tower};
        &[
            Head(Set::Brisque),
            Head(Set::GmLog),
            Head(Set::Higrade),
            Head(Set::Tlvqm),
            Head(Set::VBliinds),
            Head(Set::Videval60),
            Tower,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Head(set) => set.to_possible_value(),
            Self::Tower => {
                Some(PossibleValue::new(OPDAI).help("No head: the whole network, as in the paper"))
            }
        }
    }
}

/// The rows of a network. Those with the same settings have one training: the first one, or that of Table IV.
pub(super) struct Variants<'a> {
    pub(super) method: ::train::methods::Method,
    setup: &'a Arc<Setup>,
    /// Names of trainings by their settings.
    names: BTreeMap<String, String>,
    /// What was done to the names of files.
    notes: BTreeSet<String>,
}

impl<'a> Variants<'a> {
    pub(super) fn new(name: &str, setup: &'a Arc<Setup>) -> Result<Self> {
        let method = ::train::methods::by_name(name)?;
        let usual = Network::new(method, setup, setup.options_of(name))?;
        let names = [(usual.settings, usual.name)].into();
        Ok(Self { method, setup, names, notes: BTreeSet::new() })
    }

    /// Reads the files of first weights, before anything long begins.
    pub(super) fn check(&mut self, options: &Options) -> Result<()> {
        let options = Options { text: None, ..options.clone() };
        let name = || self.method.entry.name.to_owned();
        self.notes.extend(self.method.check_weights(&options).with_context(name)?);
        Ok(())
    }

    pub(super) fn row(&mut self, options: Options, label: Label) -> Result<Box<dyn Method>> {
        let row = Network::new(self.method, self.setup, options)?;
        let name = self.names.entry(row.settings.clone()).or_insert_with(|| label.name.clone()).clone();
        Ok(Box::new(row.labelled(Label { name, ..label })))
    }

    /// Says what was done to the names of files.
    pub(super) fn say(&self) {
        self.notes.iter().for_each(|note| note!("note: {note}"));
    }
}

/// OPDAI with every loss of Table V.
pub(crate) fn by_loss(setup: &Arc<Setup>) -> Result<Vec<Box<dyn Method>>> {
    let mut variants = Variants::new(OPDAI, setup)?;
    let options = setup.options_of(OPDAI);
    variants.check(&options)?;
    variants.say();
    let preset = preset(options.preset);
    let mut row = |loss: dream_loss::PaperLoss| {
        let label = Label {
            name: format!("{OPDAI}-loss-{loss}"),
            title: loss.title().to_owned(),
            family: format!(
                "{}, the whole network: Swin-V2 of the {preset} preset",
                variants.method.entry.title
            ),
            way: format!("trained with {}", loss.title()),
        };
        variants.row(Options { loss: Some(loss), ..options.clone() }, label)
    };
    losses().map(&mut row).collect()
}

/// As it was typed.
pub(super) fn preset(preset: Preset) -> String {
    preset.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_that_can_be_named_has_a_head() {
        let mut expected: Vec<Ablation> = Set::value_variants().iter().copied().map(Ablation::Head).collect();
        expected.push(Ablation::Tower);
        assert_eq!(Ablation::value_variants(), expected);
        let named = |text: &str| Ablation::from_str(text, false);
        assert_eq!(named("videval60"), Ok(Ablation::Head(Set::Videval60)));
        assert_eq!(named("opdai"), Ok(Ablation::Tower));
    }
}
