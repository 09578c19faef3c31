//! What a container states up front about its length. FFmpeg ends files that are cut off without an error.

/// Seconds that a container may promise too much.
const SLACK: f64 = 0.5;

/// What a container states up front.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Promise {
    /// Packets of the video stream.
    packets: Option<u64>,
    /// End of the video in seconds, for containers whose edit lists hide packets: mp4 and mov.
    video_end: Option<f64>,
    /// End of all streams in seconds, for containers that do not count packets: Matroska.
    end: Option<f64>,
}

/// What was found in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    pub(super) packets: u64,
    /// End of the last packet of the video stream, and of any stream, in seconds.
    pub(super) video_end: f64,
    pub(super) end: f64,
}

impl Promise {
    /// `container` is FFmpeg's name; the ends of the video and of all streams are in seconds.
    pub(super) fn new(
        container: &str,
        packets: Option<u64>,
        video_end: Option<f64>,
        end: Option<f64>,
    ) -> Self {
        let video_end = video_end.filter(|_| container.contains("mov"));
        let end = end.filter(|&end| end > 0.0 && container.contains("matroska"));
        Self { packets, video_end, end }
    }

    /// False if `frames`, the last of which ends at `end` seconds, may be too few.
    pub(super) fn kept_by(&self, frames: u64, end: f64) -> bool {
        self.packets.is_none_or(|packets| frames >= packets)
            && self.end.is_none_or(|promised| end + SLACK >= promised)
    }

    /// What is missing, if anything is.
    pub(super) fn shortfall(&self, found: &Found, half_frame: f64) -> Option<String> {
        let cut = |found: f64, promised: f64| {
            format!("the file ends after {found:.2} of the {promised:.2} s it promises")
        };
        if let Some(promised) = self.packets.filter(|&promised| found.packets < promised) {
            match self.video_end {
                None => {
                    let found = found.packets;
                    return Some(format!("the file has {found} of the {promised} frames it promises"));
                }
                Some(end) if found.video_end + half_frame < end => return Some(cut(found.video_end, end)),
                // An edit list leaves packets out on purpose.
                Some(_) => {}
            }
        }
        self.end.filter(|&end| found.end + SLACK < end).map(|end| cut(found.end, end))
    }
}
