use dream_features::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[2].parse().unwrap();
    let (w, h) = (1920usize, 1080usize);
    let plane = |w: usize, h: usize, k: f64| -> Vec<u8> {
        let mut s = 1u32;
        (0..w * h)
            .map(|i| {
                let (x, y) = ((i % w) as f64, (i / w) as f64);
                s = s.wrapping_mul(1664525).wrapping_add(1013904223);
                (128.0
                    + 60.0 * (x * 0.013 * k).sin() * (y * 0.017).cos()
                    + 30.0 * (x * 0.21 + y * 0.13 * k).sin()
                    + f64::from(s >> 28)) as u8
            })
            .collect()
    };
    let (y, u, v) = (plane(w, h, 1.0), plane(w / 2, h / 2, 2.0), plane(w / 2, h / 2, 3.0));
    let l = |d, w, h| LumaView::new(d, w, h, w).unwrap();
    let frame =
        Frame::from_yuv420(Yuv420View::new(l(&y, w, h), l(&u, w / 2, h / 2), l(&v, w / 2, h / 2)).unwrap());
    let e: Box<dyn ImageFeatures> = match args[1].as_str() {
        "gm" => Box::new(GmLog),
        "hi" => Box::new(Higrade),
        _ => Box::new(Brisque::default()),
    };
    let mut ws = Workspace::new();
    let mut out = vec![0.0; e.layout().len()];
    e.extract_into(&frame, &mut ws, &mut out).unwrap();
    let mut best = f64::MAX;
    for _ in 0..n {
        let t = std::time::Instant::now();
        e.extract_into(&frame, &mut ws, &mut out).unwrap();
        best = best.min(t.elapsed().as_secs_f64());
    }
    println!("{} best {:.2} ms  {:?}", args[1], best * 1e3, &out[..3]);
}
