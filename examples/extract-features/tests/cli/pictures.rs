//! What is said about how rows were made, and that a picture has the same features however it is stored.

use std::fs;

use crate::{clip, notes, picture, run, table};

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
    let recipe = "extractor=brisque version=1 flat_areas=snapped frames=per-second-1 pooling=mean-std pixels=luma source=whole";
    assert_eq!(notes(&output), [recipe.to_owned(), settings.to_owned(), assumed.clone()]);
    // Each option that changes the numbers of a picture is in its recipe.
    for (arguments, key) in [
        (&["--literal"][..], "flat_areas=literal"),
        (&["--range", "full"], "range=full"),
        (&["--per-frame"], "frames=one pooling=none"),
        (&["--set", "higrade"], "extractor=higrade"),
    ] {
        let recipe = &notes(&run(&[arguments, &[&path]].concat()))[0];
        assert!(recipe.contains(key), "{recipe}");
    }
    let said = format!("note: {path}: {assumed}\nwrote 1 row of 72 features\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
    let many: Vec<String> = (0..7).map(|i| clip(folder.path(), &format!("many{i}.y4m"), 9)).collect();
    let many = String::from_utf8(run(&many.iter().map(String::as_str).collect::<Vec<_>>()).stderr).unwrap();
    assert_eq!(many.lines().count(), 5 + 2, "{many}");
    let end = "note: 7 videos rest on assumptions: range-assumed 7\nwrote 7 rows of 36 features\n";
    assert!(many.ends_with(end), "{many}");
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

/// Features of a picture in every form: see docs/same-picture.md.
#[test]
fn a_picture_has_the_same_features_however_it_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let frame = picture::gray(picture::Grays::All, 0);
    let mut pictures = picture::stored(folder.path(), std::slice::from_ref(&frame));
    let (raw, chroma) = (folder.path().join("a.yuv"), vec![128; frame.len() / 2]);
    let luma: Vec<u8> = frame.iter().map(|&code| picture::limited(code)).collect();
    fs::write(&raw, [luma, chroma].concat()).unwrap();
    pictures.push(("limited-raw".to_owned(), raw.to_str().unwrap().to_owned()));
    let (size, rate) = (format!("{}x{}", picture::WIDTH, picture::HEIGHT), picture::RATE.to_string());
    // Full range of a file of limited range lacks levels that the picture has, and so do colours made from limited luma.
    let image = |name: &str| name.starts_with("png") || name.starts_with(picture::JPEG);
    let full = |name: &str| image(name) || name.contains("full");
    for (set, range) in [
        ("brisque", "limited"),
        ("gm-log", "limited"),
        ("higrade", "limited"),
        ("brisque", "full"),
        ("gm-log", "full"),
    ] {
        let features = |path: &str| -> Vec<f64> {
            let options = ["--set", set, "--per-frame", "--range", range, "--size", &size, "--fps", &rate];
            let row = table(&run(&[&options[..], &[path]].concat())).1.remove(0);
            row[1..].iter().map(|cell| cell.parse().unwrap()).collect()
        };
        let group = |name: &str| match (set, range) {
            ("higrade", _) => image(name),
            (_, "full") => full(name),
            _ => true,
        };
        let mut groups: [Vec<(&str, Vec<f64>)>; 2] = Default::default();
        for (name, path) in &pictures {
            groups[usize::from(group(name))].push((name, features(path)));
        }
        for group in groups {
            for (name, found) in &group {
                let (first, expected) = &group[0];
                if name.starts_with(picture::JPEG) {
                    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / (0.1 + b.abs()));
                    let off = off.fold(0.0, f64::max);
                    assert!(off < 0.03, "{set} {range}: {name} is off by {off} from {first}");
                } else {
                    assert!(found == expected, "{set} {range}: {name} differs from {first}");
                }
            }
        }
    }
}
