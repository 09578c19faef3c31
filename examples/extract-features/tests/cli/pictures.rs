//! What is said about how rows were made, and that a picture has the same features however it is stored.

use std::fs;

use crate::{clip, notes, run, table};

#[test]
fn rows_say_how_they_were_made_and_what_was_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 9);
    let assumed = "range-assumed: the file states no range, limited range is assumed".to_owned();
    let settings =
        "--set brisque --pooling mean-std --range limited --crop 0,0,1,0.5 --interlaced deinterlace";
    let output = run(&[
        "--pooling",
        "mean-std",
        "--crop",
        "0,0,1,0.5",
        "--interlaced",
        "deinterlace",
        "--jobs",
        "2",
        &path,
    ]);
    assert_eq!(notes(&output), [settings.to_owned(), assumed.clone()]);
    let strict = run(&["--strict", &path]);
    assert_eq!((strict.status.code(), table(&strict).1.len()), (Some(1), 0));
    let message = String::from_utf8_lossy(&strict.stderr).into_owned();
    assert!(message.contains(&assumed) && message.contains("XCOLORRANGE=FULL"), "{message}");

    // A table goes on with the same settings only.
    let out = folder.path().join("f.csv");
    let out = out.to_str().unwrap();
    assert!(run(&["--out", out, &path]).status.success());
    let other = clip(folder.path(), "b.y4m", 9);
    for (extra, status) in [(&["--range", "full"][..], 2), (&["--crop", "0,0,1,0.5"], 2), (&[], 0)] {
        let resumed = run(&[&["--resume", "--out", out, &path, &other], extra].concat());
        let message = String::from_utf8_lossy(&resumed.stderr).into_owned();
        assert_eq!(resumed.status.code(), Some(status), "{extra:?} {message}");
        assert_eq!(message.contains("its rows were made with `--set brisque --range limited`"), status == 2);
    }
}

/// The same luma as gray and RGB PNG, y4m of both ranges, with and without chroma, and raw: the same features.
#[test]
fn a_picture_has_the_same_features_however_it_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (width, height) = (80_usize, 64_usize);
    let full: Vec<u8> = (0..width * height).map(|i| (i * i / 31 + i % 80 * 7 + i / 80 * 3) as u8).collect();
    let limited: Vec<u8> = full.iter().map(|&c| ((u32::from(c) * 438 + 255) / 510 + 16) as u8).collect();
    let chroma = vec![128; width / 2 * (height / 2) * 2];
    let write = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let y4m = |tags: &str, planes: &[&[u8]]| {
        [format!("YUV4MPEG2 W{width} H{height} F25:1 {tags}\nFRAME\n").as_bytes(), &planes.concat()].concat()
    };
    let png = |name: &str, colour: png::ColorType| {
        let copies = colour.samples();
        let path = folder.path().join(name);
        let mut encoder = png::Encoder::new(fs::File::create(&path).unwrap(), width as u32, height as u32);
        encoder.set_color(colour);
        if colour == png::ColorType::Indexed {
            encoder.set_palette((0..=255u8).flat_map(|c| [c; 3]).collect::<Vec<u8>>());
        }
        let pixels: Vec<u8> = full.iter().flat_map(|&c| vec![c; copies]).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pictures = [
        png("rgb.png", png::ColorType::Rgb),
        png("gray.png", png::ColorType::Grayscale),
        png("palette.png", png::ColorType::Indexed),
        write("limited.y4m", y4m("C420jpeg XCOLORRANGE=LIMITED", &[&limited, &chroma])),
        write("full.y4m", y4m("C420jpeg XCOLORRANGE=FULL", &[&full, &chroma])),
        write("mono.y4m", y4m("Cmono", &[&limited])),
        write("mono-full.y4m", y4m("Cmono XCOLORRANGE=FULL", &[&full])),
        write("a.yuv", [&limited[..], &chroma].concat()),
    ];
    // Full range of a file of limited range lacks levels that the picture has, and so do colours made from limited luma.
    let (images, full_videos, limited_videos) = ([0, 1, 2], [4, 6], [3, 5, 7]);
    let all = [&images[..], &full_videos, &limited_videos].concat();
    let (videos, full) = ([&full_videos[..], &limited_videos].concat(), [&images[..], &full_videos].concat());
    for (set, range, alike) in [
        ("brisque", "limited", [&all, &all]),
        ("gm-log", "limited", [&all, &all]),
        ("higrade", "limited", [&images.to_vec(), &videos]),
        ("brisque", "full", [&full, &limited_videos.to_vec()]),
        ("gm-log", "full", [&full, &limited_videos.to_vec()]),
    ] {
        let features = |place: &usize| {
            let options = ["--set", set, "--per-frame", "--range", range, "--size", "80x64", "--fps", "25"];
            table(&run(&[&options[..], &[&pictures[*place]]].concat())).1[0][1..].to_vec()
        };
        for places in alike {
            let found: Vec<_> = places.iter().map(features).collect();
            assert!(found.iter().all(|row| *row == found[0]), "{set} {range} {places:?}");
        }
    }
}
