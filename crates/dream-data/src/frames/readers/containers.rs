//! What FFmpeg's libraries and programs have in common: which containers are read, and which of their tracks.

use crate::error::{Error, Result};
use crate::frames::assumption::Assumption;
use crate::frames::frame_rate::FrameRate;
use crate::frames::readers::durations::Durations;
use std::path::Path;

/// Nothing but the file itself: no network, no encryption, no joining of files.
pub(super) const PROTOCOLS: &str = "file";

/// The formats that FFmpeg may recognise: those that are whole in one file. Playlists and lists of files (HLS, DASH,
/// `concat`, `imf`, numbered images and the like) are left out, because they read other files that they name.
pub(super) const FORMATS: &str = "3dostr,4xm,apng,apv,asf,av1,avi,avs2,avs3,bink,bmp_pipe,cavsvideo,cine,dds_pipe,dhav,\
    dirac,dnxhd,dpx_pipe,dv,dxa,ea,evc,exr_pipe,film_cpk,filmstrip,flic,flv,gdv,gif,gxf,h261,h263,h264,hdr_pipe,hevc,\
    hnm,ico,idcin,ipmovie,ipu,iv8,ivf,ivr,j2k_pipe,jpeg_pipe,jpegls_pipe,jpegxl_anim,jpegxl_pipe,jv,kux,live_flv,lxf,\
    m4v,matroska,mjpeg,mjpeg_2000,mov,mpeg,mpegts,mpegvideo,mpjpeg,mtv,mvi,mxf,mxg,nsv,nut,nuv,obu,ogg,pam_pipe,\
    pbm_pipe,pcx_pipe,pfm_pipe,pgm_pipe,pgmyuv_pipe,png_pipe,pmp,ppm_pipe,psd_pipe,pva,qoi_pipe,r3d,rl2,rm,roq,rpl,\
    sga,sgi_pipe,siff,simbiosis_imx,smjpeg,smk,sunrast_pipe,swf,thp,tiff_pipe,tmv,ty,usm,vc1,vc1test,vividas,vivo,vmd,\
    vvc,wc3movie,webp_anim,webp_pipe,wsvqa,wtv,xbm_pipe,xmv,xpm_pipe,xwd_pipe,yop,yuv4mpegpipe";

/// Said of a file whose format is not on the list.
pub(super) const NOT_LISTED: &str = "what is no video in one file (sound alone, a playlist and the like)";

/// Packets from which the rate of a video of varying durations is taken.
pub(super) const RATE_PACKETS: usize = 1000;

/// The rate of a video: FFmpeg's mean and its guess, where they agree; otherwise that of the most common duration, which
/// `durations` looks up in units of `1 / clock` seconds.
pub(super) fn frame_rate<E>(
    mean: Option<FrameRate>,
    guess: Option<FrameRate>,
    clock: (u32, u32),
    durations: impl FnOnce() -> Result<Durations, E>,
) -> Result<Option<FrameRate>, E> {
    if mean.is_some() && mean == guess {
        return Ok(mean);
    }
    let (_, common) = durations()?.pacing(clock);
    Ok(common.or(mean).or(guess))
}

/// The times of frames, some of which a file may not state.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The last time that was stated, and the number of its frame.
    known: (f64, u64),
}

impl Clock {
    /// The time of frame `index`: the stated one, or by the rate after the last one that was.
    pub(super) fn time_of(&mut self, stated: Option<f64>, index: u64, rate: FrameRate) -> f64 {
        if let Some(time) = stated {
            self.known = (time, index);
        }
        self.known.0 + rate.time_of(index.saturating_sub(self.known.1))
    }
}

/// The place of the track to read among all video tracks of a file: the one that is wanted (from 1), or else the one
/// that players show, which is the first that the file marks as default, or the first. `defaults` has an entry for
/// every video track; cover pictures are none.
pub(super) fn choose_track(
    path: &Path,
    wanted: Option<usize>,
    defaults: &[bool],
) -> Result<(usize, Option<Assumption>)> {
    let tracks = defaults.len();
    let Some(wanted) = wanted else {
        let place = defaults.iter().position(|&marked| marked).unwrap_or(0);
        let assumption = (tracks > 1).then_some(Assumption::OneOfTracks { track: place + 1, tracks });
        return Ok((place, assumption));
    };
    match wanted.checked_sub(1).filter(|&place| place < tracks) {
        Some(place) => Ok((place, None)),
        None => {
            let known =
                if tracks == 1 { "one video track".to_owned() } else { format!("{tracks} video tracks") };
            Err(Error::option("track", format!("{} has {known}, there is no track {wanted}", path.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_track_that_players_show_or_the_one_asked_for() {
        let choose = |wanted, defaults: &[bool]| choose_track(Path::new("a"), wanted, defaults);
        let one_of = |track, tracks| Some(Assumption::OneOfTracks { track, tracks });
        assert_eq!(choose(None, &[false]).unwrap(), (0, None));
        assert_eq!(choose(None, &[true, true]).unwrap(), (0, one_of(1, 2)));
        assert_eq!(choose(None, &[false, true, true]).unwrap(), (1, one_of(2, 3)));
        assert_eq!(choose(None, &[false, false]).unwrap(), (0, one_of(1, 2)));
        assert_eq!(choose(Some(2), &[true, false]).unwrap(), (1, None));
        for (wanted, text) in [(0, "one video track, there is no track 0"), (2, "no track 2")] {
            let error = choose(Some(wanted), &[true]).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
