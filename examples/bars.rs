//! Progress on the standard error, where it is a terminal.

use std::fmt::Write;

use dream_data::{FrameSource, Result, Step, VideoFrame, VideoInfo};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::print::terminal::shortened;

/// Letters of a name beside a bar.
const NAME: usize = 24;

/// Bars of the videos that are scored at the moment.
pub(crate) struct Bars(MultiProgress);

impl Bars {
    pub(crate) fn new() -> Self {
        Self(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
    }

    /// A bar for a video; it goes when it is dropped.
    pub(crate) fn add(&self, name: &str) -> Bar {
        let bar = self.0.add(ProgressBar::no_length());
        // Every part but the bar has a fixed width, so that nothing jumps.
        if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {frames} {rate}") {
            let frames = |state: &ProgressState, to: &mut dyn Write| {
                let all = state.len().map_or_else(String::new, |all| format!("/{all}"));
                // What does not fit is not shown; there is nobody to tell.
                let _ = write!(to, "{:>6}{all:7} frames", state.pos());
            };
            let rate = |state: &ProgressState, to: &mut dyn Write| {
                let _ = write!(to, "{:>7.1}/s", state.per_sec());
            };
            bar.set_style(style.with_key("frames", frames).with_key("rate", rate));
        }
        bar.set_message(shortened(name, NAME));
        Bar(bar)
    }

    /// Prints while no bar is drawn.
    #[allow(dead_code, reason = "some programs print when all is done")]
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

/// The bar of one video.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// The same source, whose frames move the bar, from its beginning on.
    pub(crate) fn watch(&self, source: Box<dyn FrameSource>) -> Box<dyn FrameSource> {
        if let Some(frames) = source.info().frames {
            self.0.set_length(frames);
        }
        self.0.set_position(0);
        Box::new(Watched { source, bar: self.0.clone() })
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

struct Watched {
    source: Box<dyn FrameSource>,
    bar: ProgressBar,
}

impl FrameSource for Watched {
    fn info(&self) -> &VideoInfo {
        self.source.info()
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        let frame = self.source.next_frame()?;
        self.bar.inc(u64::from(frame.is_some()));
        Ok(frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let step = self.source.take_frame(wants, out)?;
        self.bar.inc(u64::from(step != Step::End));
        Ok(step)
    }
}
