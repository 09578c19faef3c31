//! Tables of many origins, training rows, and what is noticed in the numbers.

use std::fmt::Write;
use std::fs;

use crate::{err, out, run, write};

/// What spreadsheets and other programs write: names of columns, separators, decimal commas, encodings, folders.
#[test]
fn tables_of_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let labels = write(place, "l.csv", "file,mos\na.mp4,1\nb.mp4,2\nc.mp4,3\nd.mp4,4\n");
    let plain = write(place, "p.csv", "file,prediction\na.mp4,1.5\nb.mp4,3\nc.mp4,2\nd.mp4,4\n");
    let wanted = out(&run(&["--labels", &labels, "--predictions", &plain]));
    assert!(wanted.contains("n 4"), "{wanted}");
    for (name, text) in [
        ("l1.csv", "filename,MOS\na.mp4,1\nb.mp4,2\nc.mp4,3\nd.mp4,4\n"),
        ("l2.csv", "Video Name;Mean opinion score\na.mp4;1,0\nb.mp4;2\nc.mp4;3\nd.mp4;4\n"),
    ] {
        let other = write(place, name, text);
        assert_eq!(out(&run(&["--labels", &other, "--predictions", &plain])), wanted, "{name}");
    }
    let cn = write(place, "cn.csv", "\u{6587}\u{4ef6},\u{5206}\na.mp4,1\nb.mp4,2\nc.mp4,3\nd.mp4,4\n");
    let columns = ["--name-column", "\u{6587}\u{4ef6}", "--mos-column", "\u{5206}"];
    let output = run(&[&["--labels", &cn, "--predictions", &plain], &columns[..]].concat());
    assert_eq!(out(&output), wanted, "a name of the labels is not one of the predictions");
    let asked = err(&run(&["--labels", &cn, "--predictions", &plain]));
    assert!(
        asked.contains("among `\u{6587}\u{4ef6},\u{5206}`") && asked.contains("--name-column"),
        "{asked}"
    );

    let utf16: Vec<u8> =
        fs::read_to_string(&plain).unwrap().encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (in_folders, bytes) in [
        (false, &b"file;prediction\na.mp4;1,5\nb.mp4;3\nc.mp4;2\nd.mp4;4\n"[..]),
        (false, b"file\tprediction\na.mp4\t1.5\nb.mp4\t3\nc.mp4\t2\nd.mp4\t4\n"),
        (false, &utf16),
        (false, b"sep=,\r\nfile,prediction\r\na.mp4,1.5\r\nb.mp4,3\r\nc.mp4,2\r\nd.mp4,4\r\n"),
        (true, b"path,prediction\nx/a.mp4,1.5\nx/b.mp4,3\ny/c.mp4,2\ny\\d.mp4,4\n"),
    ] {
        fs::write(&plain, bytes).unwrap();
        let output = run(&["--labels", &labels, "--predictions", &plain]);
        assert_eq!(out(&output), wanted, "{}", String::from_utf8_lossy(bytes));
        let said = "clips are matched by file name: `x/a.mp4` is `a.mp4`, and 3 more";
        assert_eq!(err(&output).contains(said), in_folders, "{}", err(&output));
    }
}

/// Names of sets ignore case, and what trained is evaluated only if asked for.
#[test]
fn training_clips_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |set: &str| {
        let mut text = "file,mos,Split\n".to_owned();
        for clip in 0..12 {
            let set = if clip < 6 { set } else { ["test", "Test"][clip % 2] };
            writeln!(text, "c{clip},{},{set}", clip * 5 % 12).unwrap();
        }
        text
    };
    let mine = write(folder.path(), "p.csv", &rows("x").replace("mos,Split", "prediction,split"));
    for train in ["train", "Train", "TRAIN_SET", "training"] {
        let labels = write(folder.path(), "l.csv", &rows(train));
        let base = ["--labels", &labels, "--predictions", &mine];
        let output = run(&[&base[..], &["--by", "split"]].concat());
        assert!(
            out(&output).contains("1 is test, 6 clips") && !out(&output).contains("2 is"),
            "{}",
            out(&output)
        );
        let output = run(&base);
        assert!(out(&output).contains("1 is all, 6 clips"), "{}", out(&output));
        assert!(
            err(&output).contains("6 of 12 clips are for training, says the column `Split`"),
            "{}",
            err(&output)
        );
        assert!(out(&run(&[&base[..], &["--include-train"]].concat())).contains("1 is all, 12 clips"));
        let output = run(&[&base[..], &["--by", "split", "--include-train"]].concat());
        assert!(
            out(&output).contains(&format!("1 is {train}, 6 clips")) || out(&output).contains("2 is train")
        );
        let only = write(folder.path(), "o.csv", &rows(train).lines().take(7).collect::<Vec<_>>().join("\n"));
        let output = run(&["--labels", &only, "--predictions", &mine]);
        assert!(output.status.code() == Some(2) && err(&output).contains("only clips for training"));
    }
}

#[test]
fn few_clips_and_labels_in_place_of_predictions_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |count: usize| -> String {
        let row = |clip: usize| format!("c{clip},{}\n", clip * 7 % 10);
        "file,mos\n".to_owned() + &(0..count).map(row).collect::<String>()
    };
    let file = |count: usize| write(folder.path(), &format!("l{count}.csv"), &rows(count));
    let output = run(&["--labels", &file(2), "--predictions", &file(2)]);
    assert!(err(&output).contains("all has 2 clips: PLCC and SRCC are mostly chance with fewer than 20"));
    assert!(err(&output).contains("every prediction equals its label"), "{}", err(&output));
    assert!(err(&output).contains("the column `mos` is taken for predictions"), "{}", err(&output));
    let output = run(&["--labels", &file(2), "--predictions", &file(2), "--logistic"]);
    assert!(err(&output).contains("2 clips; --logistic and --compare need at least 4"), "{}", err(&output));
    let other = &rows(20).replace(",7\n", ",6\n").replace("mos", "score");
    let other = write(folder.path(), "p.csv", other);
    let output = run(&["--labels", &file(20), "--predictions", &other]);
    let end = "compared 1 method with the scores of 1 set in 1 split\n";
    assert_eq!((out(&output).contains("n 20"), err(&output).as_str()), (true, end));
    // Labels without a score.
    let gap = write(folder.path(), "g.csv", &rows(20).replace("c3,1\n", "c3,\n"));
    let output = run(&["--labels", &gap, "--predictions", &other]);
    assert!(err(&output).contains("g.csv:5: column `mos` is empty"), "{}", err(&output));
    let output = run(&["--labels", &gap, "--predictions", &other, "--allow-missing"]);
    assert!(out(&output).contains("n 19") && err(&output).contains("1 of 20 clips have no score"));
    let empty = write(folder.path(), "e.csv", &rows(20).replace("c3,1\n", "c3,\n").replace(",7", ",6"));
    let output = run(&["--labels", &file(20), "--predictions", &empty, "--allow-missing"]);
    assert!(out(&output).contains("n 19") && err(&output).contains("no prediction for 1 of 20 clips of all"));
}
