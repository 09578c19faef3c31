//! All results for the input, in the form of the JSON file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use dream_data::annotation::{QualityControl, RatingTable};
use dream_data::dataset::{Dataset, read_raw_scores};
use serde::Serialize;

use crate::agreement::Agreement;
use crate::args::Args;
use crate::false_negatives::read_groups;
use crate::labels::Labels;
use crate::opinions::{Opinions, Options};
use crate::quality::Quality;
use crate::screening::Screening;
use crate::tree::{self, Contents};
use crate::truth::{Planted, Recovery, read_realism};

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) input: String,
    pub(crate) scale: [f64; 2],
    pub(crate) scores: usize,
    /// None if the table does not name the raters.
    pub(crate) raters: Option<usize>,
    pub(crate) opinions: Opinions,
    pub(crate) agreement: Agreement,
    pub(crate) screening: Option<Screening>,
    pub(crate) contents: Option<Contents>,
    pub(crate) labels: Option<Labels>,
    pub(crate) quality_control: Option<Quality>,
    pub(crate) recovery: Option<Recovery>,
}

impl Report {
    pub(crate) fn of(args: &Args) -> Result<Self> {
        if args.input.is_dir() { Self::of_tree(args) } else { Self::of_scores(args) }
    }

    fn of_scores(args: &Args) -> Result<Self> {
        let table = read_raw_scores(&args.input)?;
        on_scale(&table, args.scale, &args.input)?;
        let options = options(args)?;
        let context = || args.input.display().to_string();
        let opinions = Opinions::of_table(&table, options).with_context(context)?;
        Ok(Self {
            input: context(),
            scale: args.scale,
            scores: table.len(),
            raters: Some(table.raters().len()),
            agreement: Agreement::of_table(&table, usize::try_from(args.repeats)?, args.seed)?,
            screening: Some(Screening::of(&table, &opinions, options)?),
            contents: None,
            labels: None,
            quality_control: None,
            recovery: None,
            opinions,
        })
    }

    fn of_tree(args: &Args) -> Result<Self> {
        let dataset = Dataset::open(&args.input)?;
        // Grades are 1 to 5.
        let options = Options { scale: [1.0, 5.0], ..options(args)? };
        let descriptions = tree::descriptions(&dataset)?;
        let context = || args.input.display().to_string();
        let opinions = Opinions::of_tally(&descriptions.tally, options).with_context(context)?;
        let repeats = usize::try_from(args.repeats)?;
        let file = |name: &str| Some(args.input.join(name)).filter(|path| path.is_file());
        let planted = file("truth.json").map(|path| Planted::read(&path)).transpose()?;
        let groups = match (&args.groups, &planted) {
            (Some(path), _) => read_groups(path)?,
            (None, Some(planted)) => planted.groups(),
            (None, None) => BTreeMap::new(),
        };
        let (clips, checkers) = (args.session_clips, args.session_checkers);
        let rules = QualityControl { clips, checkers, tolerance: args.tolerance };
        let quality_control = file("sessions.csv")
            .map(|path| Quality::of(&path, &rules, &opinions, &groups, repeats, options))
            .transpose()?;
        let realism = file("truth.csv").map(|path| read_realism(&path)).transpose()?;
        let recovery =
            planted.map(|planted| planted.recovery(&opinions, quality_control.as_ref(), realism.as_ref()));
        Ok(Self {
            quality_control,
            recovery: recovery.transpose()?,
            input: context(),
            scale: options.scale,
            scores: opinions.count(),
            raters: None,
            agreement: Agreement::of_tally(&descriptions.tally, repeats, args.seed)?,
            screening: None,
            contents: Some(tree::contents(&dataset, &descriptions.tally)?),
            labels: Labels::of(&descriptions, &opinions.clips)?,
            opinions,
        })
    }
}

fn options(args: &Args) -> Result<Options> {
    Ok(Options { scale: args.scale, resamples: usize::try_from(args.resamples)?, seed: args.seed })
}

fn on_scale(table: &RatingTable, [low, high]: [f64; 2], path: &Path) -> Result<()> {
    for (place, clip) in table.clips().iter().enumerate() {
        if let Some((rater, score)) = table.scores_of(place).find(|(_, score)| !(low..=high).contains(score))
        {
            let rater = table.raters().get(rater).map_or("", String::as_str);
            bail!(
                "{}: rater `{rater}` gave `{clip}` a {score}, off the scale {low} to {high}; pass --scale LOW,HIGH",
                path.display()
            );
        }
    }
    Ok(())
}
