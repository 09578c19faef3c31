//! How far a parameter is from the top of a tower of stages.

/// Blocks between a parameter and the top of the tower: 0 for the last norm and the head, 1 for the last block, and the most
/// for what begins with `stem`. What leads into a stage belongs to its first block.
pub(crate) fn blocks_above(parameter: &str, depths: &[usize], [stem, stages]: [&str; 2]) -> u32 {
    let all: usize = depths.iter().sum();
    let below = |block: usize| u32::try_from(all.saturating_sub(block)).unwrap_or(u32::MAX);
    let mut parts = parameter.split('.');
    let mut number = |name| (parts.next() == Some(name)).then(|| parts.next()?.parse::<usize>().ok())?;
    if parameter.starts_with(stem) {
        return below(0).saturating_add(1);
    }
    let Some(stage) = number(stages) else { return 0 };
    let before: usize = depths.iter().take(stage).sum();
    below(before + number("blocks").unwrap_or(0))
}
