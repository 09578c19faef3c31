//! What raters write: sentences about the planted artifacts.

use super::plan::SyntheticClip;
use crate::annotation::Grade;
use crate::error::Result;
use crate::random::SplitMix64;
use crate::tagging::{Artifact, Extent, NOTHING_DETECTED, Place, describe};

/// The Chinese sentence that goes with the automatic one.
const NOTHING_DETECTED_ZH: &str = "真实感很高，没有可察觉的伪造痕迹";

/// What people imagine in a clip without artifacts.
const IMAGINED: [(Place, Artifact); 4] = [
    (Place::NotSpecified, Artifact::Unnatural),
    (Place::Face, Artifact::Unnatural),
    (Place::Eyes, Artifact::Stiffness),
    (Place::Face, Artifact::Blur),
];

/// A description, in both languages, and its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// Its findings; empty for the automatic sentence.
    pub findings: Vec<(Place, Artifact)>,
    /// How strong.
    pub extent: Extent,
    /// Words of a fixed list.
    pub chinese: String,
    /// As [`describe`] writes it.
    pub english: String,
}

impl SyntheticClip {
    /// The text of a rater who gives `grade`: the automatic sentence for a 5, otherwise one or two artifacts of the
    /// clip, the stronger ones more often; someone who doubts a real clip has to imagine something. The words of degree
    /// follow the grade.
    ///
    /// # Errors
    /// None in practice: [`describe`] accepts all planted labels.
    pub fn remark(&self, grade: Grade, seed: u64) -> Result<Remark> {
        if grade == Grade::MAX {
            let (chinese, english) = (NOTHING_DETECTED_ZH.to_owned(), NOTHING_DETECTED.to_owned());
            return Ok(Remark { findings: Vec::new(), extent: Extent::NoArtifact, chinese, english });
        }
        let visible = self.visible();
        let mut random = SplitMix64::stream(seed, 0xde5c);
        let mut left: Vec<((Place, Artifact), f64)> = if visible.is_empty() {
            IMAGINED.map(|finding| (finding, 1.0)).to_vec()
        } else {
            visible.iter().map(|p| ((p.place, p.artifact), p.strength)).collect()
        };
        let mut findings = vec![take(&mut left, &mut random)];
        left.retain(|((place, _), _)| *place != Place::NotSpecified);
        let alone = findings.iter().any(|(place, _)| *place == Place::NotSpecified) || left.is_empty();
        if !alone && random.unit() < 0.4 {
            findings.push(take(&mut left, &mut random));
        }
        let chance = random.unit();
        let extent = match grade.get() {
            4 if chance < 0.85 => Extent::Mild,
            3 if chance < 0.2 => Extent::Mild,
            2 if chance < 0.45 => Extent::Severe,
            1 if chance < 0.9 => Extent::Severe,
            _ => Extent::Moderate,
        };
        let english = describe(&findings, extent, random.next())?;
        Ok(Remark { chinese: chinese(&findings, extent), english, findings, extent })
    }
}

/// Draws a finding by its weight and removes it.
fn take(left: &mut Vec<((Place, Artifact), f64)>, random: &mut SplitMix64) -> (Place, Artifact) {
    let mut at = random.unit() * left.iter().map(|(_, weight)| weight).sum::<f64>();
    let found = left.iter().position(|(_, weight)| {
        at -= weight;
        at < 0.0
    });
    let last = left.len().saturating_sub(1);
    if left.is_empty() {
        return (Place::NotSpecified, Artifact::Artifact);
    }
    left.swap_remove(found.unwrap_or(last)).0
}

fn chinese(findings: &[(Place, Artifact)], extent: Extent) -> String {
    let degree = match extent {
        Extent::Mild => "轻微",
        Extent::Severe => "严重",
        Extent::NoArtifact | Extent::Moderate => "",
    };
    let parts: Vec<String> = findings
        .iter()
        .map(|&(place, artifact)| format!("{}{degree}{}", place_zh(place), artifact_zh(artifact)))
        .collect();
    parts.join("，")
}

const fn place_zh(place: Place) -> &'static str {
    match place {
        Place::Face => "脸部",
        Place::NotSpecified => "画面",
        Place::Mouth => "嘴部",
        Place::Eyes => "眼睛",
        Place::Teeth => "牙齿",
        Place::Forehead => "额头",
        Place::Nose => "鼻子",
        Place::Chin => "下巴",
        Place::Contour => "脸部轮廓",
        Place::Cheeks => "脸颊",
        Place::EyeBrows => "眉毛",
        Place::Hairline => "发际线",
        Place::Neck => "脖子",
        Place::Ears => "耳朵",
    }
}

const fn artifact_zh(artifact: Artifact) -> &'static str {
    match artifact {
        Artifact::Blur => "模糊",
        Artifact::MotionBlur => "运动模糊",
        Artifact::Flickering => "闪烁",
        Artifact::Ghosting => "重影",
        Artifact::Stiffness => "僵硬",
        Artifact::Unnatural => "不自然",
        Artifact::LightingShadow => "光影异常",
        Artifact::ColorContrast => "色差",
        Artifact::Distortion => "变形",
        Artifact::Asymmetry => "不对称",
        Artifact::Brightness => "亮度异常",
        Artifact::Mosaic => "马赛克",
        Artifact::FrameDrop => "掉帧",
        Artifact::Seam => "接缝",
        Artifact::Noise => "噪点",
        Artifact::Blocking => "块效应",
        Artifact::Artifact => "伪影",
        Artifact::None => "无异常",
        Artifact::Others => "其他异常",
    }
}
