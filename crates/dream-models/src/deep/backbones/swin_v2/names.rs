/// timm's name for a tensor of Microsoft's original files, or `None` for one that is derived and must be skipped.
///
/// The originals keep the merging of patches at the end of a stage and call the head `head`. Names that are the same in
/// both come back as they are.
///
/// ```
/// use dream_models::deep::backbones::swin_v2::from_microsoft;
///
/// let name = from_microsoft("layers.0.downsample.norm.weight");
/// assert_eq!(name.as_deref(), Some("layers.1.downsample.norm.weight"));
/// assert_eq!(from_microsoft("head.bias").as_deref(), Some("head.fc.bias"));
/// assert_eq!(from_microsoft("layers.0.blocks.1.attn_mask"), None);
/// ```
#[must_use]
pub fn from_microsoft(name: &str) -> Option<String> {
    const DERIVED: [&str; 4] = ["relative_coords_table", "relative_position_index", "attn_mask", "k_bias"];
    if name.rsplit('.').next().is_some_and(|last| DERIVED.contains(&last)) {
        return None;
    }
    if let Some(rest @ ("weight" | "bias")) = name.strip_prefix("head.") {
        return Some(format!("head.fc.{rest}"));
    }
    let merging = name.strip_prefix("layers.").and_then(|rest| rest.split_once(".downsample."));
    if let Some((Ok(stage), rest)) = merging.map(|(stage, rest)| (stage.parse::<u32>(), rest)) {
        return Some(format!("layers.{}.downsample.{rest}", stage.saturating_add(1)));
    }
    Some(name.to_owned())
}
