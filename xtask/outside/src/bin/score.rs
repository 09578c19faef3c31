fn main() -> Result<(), score_video::Error> {
    let score = score_video::Scorer::embedded()?.score_file("clip.mp4")?;
    println!("{score}");
    Ok(())
}
