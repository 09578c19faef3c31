//! Several video extractors as one. They see each frame once and share the planes derived from it.

use std::fmt;

use crate::error::{Error, Result};
use crate::extract::{VideoFeatures, VideoSession, VideoSpec};
use crate::frame::Frame;
use crate::intake::{Channels, Intake};
use crate::layout::{FeatureLayout, FeatureVector};
use crate::par;
use crate::recipe::Recipe;
use crate::shared::Shared;

/// Several video extractors joined: the features of the first, then those of the second, and so on.
///
/// Planes that several of them need (luma at half size, its normalised coefficients) are computed once per frame. With
/// the `rayon` feature, the extractors run in parallel. Memory use is the sum over the extractors.
///
/// Its recipe has that of each extractor in `parts`, as `name/version(key:value,...)` with `+` between them. `pixels` are
/// those of the parts, with `+` between different ones: `luma+color` where some look at luma alone.
///
/// # Example
/// ```
/// use dream_features::{Brisque, Concat, Pooled, Pooling, Sampling, Statistic, VideoFeatures};
///
/// let every_tenth = Pooling { sampling: Sampling::Every { step: 10 }, statistic: Statistic::Mean };
/// let literal = Brisque { flat_areas: dream_features::nss::FlatAreas::Literal };
/// let one = Pooled::new(Brisque::default(), every_tenth)?;
/// // Names must be unique within a vector.
/// assert!(Concat::new(vec![Box::new(one), Box::new(Pooled::new(literal, every_tenth)?)]).is_err());
/// # Ok::<(), dream_features::Error>(())
/// ```
pub struct Concat {
    members: Vec<Box<dyn VideoFeatures>>,
    layout: FeatureLayout,
}

impl fmt::Debug for Concat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Concat").field("members", &self.members.len()).field("layout", &self.layout).finish()
    }
}

impl Concat {
    /// Joins extractors in this order.
    ///
    /// # Errors
    /// [`Error::Name`] when two of them have a feature of the same name, [`Error::Config`] when there are no
    /// extractors.
    pub fn new(members: Vec<Box<dyn VideoFeatures>>) -> Result<Self> {
        if members.is_empty() {
            return Err(Error::Config { field: "members", reason: "must hold at least one extractor" });
        }
        let layout = FeatureLayout::described(members.iter().flat_map(|member| member.layout().iter()))?;
        Ok(Self { members, layout })
    }
}

impl VideoFeatures for Concat {
    fn layout(&self) -> &FeatureLayout {
        &self.layout
    }

    fn recipe(&self) -> Recipe {
        let parts: Vec<String> = self.members.iter().map(|member| member.recipe().nested()).collect();
        Recipe::new("concat", 1).with("parts", parts.join("+")).with("frames", "own").with("pooling", "own")
    }

    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        let intake = Intake::new(spec, Channels::Color)?;
        let members = self.members.iter().map(|member| {
            let session = member.start(spec)?;
            Ok(Member { session, pushed: Ok(()) })
        });
        let members = members.collect::<Result<_>>()?;
        let (layout, recipe) = (self.layout.clone(), self.recipe());
        Ok(Box::new(ConcatSession { members, layout, recipe, intake, shared: Shared::default() }))
    }
}

/// One extractor's session, and the result of its last frame.
struct Member {
    session: Box<dyn VideoSession>,
    pushed: Result<()>,
}

struct ConcatSession {
    members: Vec<Member>,
    layout: FeatureLayout,
    recipe: Recipe,
    intake: Intake,
    shared: Shared,
}

impl ConcatSession {
    /// Puts what the members found side by side.
    fn join(&self, parts: impl Iterator<Item = Result<FeatureVector>>) -> Result<FeatureVector> {
        let (mut values, mut replaced, mut frames, mut short) = (Vec::new(), 0, 0, false);
        let mut pixels: Vec<String> = Vec::new();
        for part in parts {
            let part = part?;
            values.extend_from_slice(part.values());
            replaced += part.replaced();
            frames = frames.max(part.frames());
            short |= part.short();
            let found = part.recipe().get("pixels").unwrap_or("unknown");
            if pixels.iter().all(|other| other != found) {
                pixels.push(found.to_owned());
            }
        }
        let recipe = self.intake.recipe(&self.recipe).with("pixels", pixels.join("+"));
        Ok(FeatureVector::new(recipe, self.layout.clone(), values, replaced, frames)?.with_short(short))
    }
}

impl VideoSession for ConcatSession {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn wants_next(&self) -> bool {
        self.intake.answer(self.members.iter().any(|member| member.session.wants_next()))
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.intake.push(frame)?;
        self.shared.reset();
        let frame = frame.with_shared(&self.shared);
        par::for_each_mut(&mut self.members, |_, member| {
            member.pushed = if member.session.wants_next() {
                member.session.push(&frame)
            } else {
                member.session.skip();
                Ok(())
            };
        });
        self.members.iter_mut().try_for_each(|member| std::mem::replace(&mut member.pushed, Ok(())))
    }

    fn skip(&mut self) {
        self.intake.skip();
        for member in &mut self.members {
            member.session.skip();
        }
    }

    fn peek(&self) -> Result<FeatureVector> {
        self.join(self.members.iter().map(|member| member.session.peek()))
    }

    fn finish(mut self: Box<Self>) -> Result<FeatureVector> {
        self.intake.complete()?;
        let members = std::mem::take(&mut self.members);
        self.join(members.into_iter().map(|member| member.session.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brisque::Brisque;
    use crate::pool::{Pooled, Pooling};
    use crate::v_bliinds::VBliinds;
    use crate::view::LumaView;

    /// They are kept only while NIQE uses them, because they take 8 bytes per pixel.
    #[test]
    fn coefficients_of_brisque_are_kept_for_niqe() {
        let (width, height) = (98, 97);
        let spec = VideoSpec::new(width, height, 8.0);
        let codes: Vec<u8> = (0..width * height).map(|i| (i * i / 11 % 253) as u8).collect();
        let brisque = Pooled::new(Brisque::default(), Pooling::feature_fusion()).unwrap();
        let v_bliinds = VBliinds::default();
        for with_niqe in [false, true] {
            let mut extractors: Vec<&dyn VideoFeatures> = vec![&brisque];
            extractors.extend(with_niqe.then_some(&v_bliinds as &dyn VideoFeatures));
            let members = extractors
                .iter()
                .map(|extractor| Member { session: extractor.start(spec).unwrap(), pushed: Ok(()) });
            let mut session = ConcatSession {
                members: members.collect(),
                layout: brisque.layout().clone(),
                recipe: brisque.recipe(),
                intake: Intake::new(spec, Channels::Color).unwrap(),
                shared: Shared::default(),
            };
            let mut kept = 0;
            for _ in 0..24 {
                session
                    .push(&Frame::from_luma(LumaView::new(&codes, width, height, width).unwrap()))
                    .unwrap();
                kept += usize::from(session.shared.has_mscn());
            }
            assert_eq!(kept > 0, with_niqe);
        }
    }
}
