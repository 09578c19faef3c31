use score_video::{Error, Scorer, dream_features::VideoSpec};
use std::io::Read;

fn main() -> Result<(), Error> {
    let (width, height) = (96, 64);
    let mut live = Scorer::embedded()?.start(VideoSpec::new(width, height, 25.0))?;
    let mut rgb = vec![0; 3 * width * height];
    while std::io::stdin().read_exact(&mut rgb).is_ok() {
        live.push_rgb((&rgb, width, height, 3 * width))?;
        if let Ok(so_far) = live.peek() {
            eprintln!("{so_far}");
        }
    }
    println!("{}", live.finish()?);
    Ok(())
}
