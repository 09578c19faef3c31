//! Raters who are screened out (ITU-R BT.500), and the effect.

use anyhow::Result;
use dream_data::annotation::{Bt500, RaterScreening, RatingTable};
use serde::Serialize;

use crate::opinions::{Opinions, Options, SosParameter};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Screening {
    /// Every rater, with the counts that decide on rejection.
    pub(crate) raters: Vec<RaterScreening>,
    pub(crate) rejected: Vec<String>,
    /// The SOS parameter without them, for `ddof` 0 and 1; none when nobody is left.
    pub(crate) sos_parameter_after: Option<[SosParameter; 2]>,
    /// The largest change of a clip's mean opinion.
    pub(crate) largest_mos_change: f64,
}

impl Screening {
    pub(crate) fn of(table: &RatingTable, before: &Opinions, options: Options) -> Result<Self> {
        let raters = Bt500::default().screen(table)?;
        let names = raters.iter().filter(|rater| rater.rejected).map(|rater| rater.rater.clone());
        let rejected: Vec<String> = names.collect();
        if rejected.is_empty() {
            let sos_parameter_after = Some(before.sos_parameter.clone());
            return Ok(Self { raters, rejected, sos_parameter_after, largest_mos_change: 0.0 });
        }
        let kept = table.without(&rejected)?;
        let after = Opinions::of_table(&kept, options).ok();
        let mut largest_mos_change = 0.0_f64;
        for clip in after.iter().flat_map(|after| &after.clips) {
            let was = before.clips.iter().find(|before| before.clip == clip.clip);
            largest_mos_change = was.map_or(0.0, |was| (was.mos - clip.mos).abs()).max(largest_mos_change);
        }
        let sos_parameter_after = after.map(|after| after.sos_parameter);
        Ok(Self { raters, rejected, sos_parameter_after, largest_mos_change })
    }
}
