//! A table of named features, and one score per row from the same or another file.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use dream_data::open_file;
use dream_data::table::names::{CLIP, MOS, RECIPE, is_opinion, is_place, plain};
use dream_data::table::{self, Column, Join, Once, Spec, why_missing};
use flate2::read::GzDecoder;

use crate::recipe;

/// Rows with a score.
#[derive(Debug, PartialEq)]
pub(crate) struct Table {
    /// Names of the features.
    pub(crate) names: Vec<String>,
    /// Features, row after row; a NaN where the cell is empty.
    pub(crate) features: Vec<f64>,
    pub(crate) scores: Vec<f64>,
    /// How the features of all these rows were made, if the table says so.
    pub(crate) recipe: Option<String>,
    /// Name of the column of scores.
    pub(crate) target: String,
    /// Rows left out because they have no score.
    pub(crate) dropped: usize,
    /// What the reader should know.
    pub(crate) notes: Vec<String>,
}

/// What to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) features: &'a Path,
    /// A file of scores other than that of the features, joined by the names of the rows.
    pub(crate) scores: Option<&'a Path>,
    /// Column of the scores; otherwise one of the usual names.
    pub(crate) target: Option<&'a str>,
    /// Features; otherwise every column that can be one.
    pub(crate) columns: Option<&'a [String]>,
    /// Columns that are no features.
    pub(crate) ignore: &'a [String],
    /// Several scores of a row count as their mean; otherwise they are an error.
    pub(crate) mean: bool,
    /// Empty cells are allowed.
    pub(crate) gaps: bool,
}

/// One row of features.
struct Row {
    name: String,
    line: u64,
    cells: Vec<Option<f64>>,
    /// The score of the same file.
    score: Option<f64>,
    recipe: Option<String>,
}

pub(crate) fn read(request: Request<'_>) -> Result<Table> {
    let path = request.features;
    let target = request.target.map_or_else(|| MOS.to_vec(), |name| vec![name]);
    // Where the scores are elsewhere, this column is only kept from the features.
    let columns = [Column::optional(&target), Column::optional(RECIPE)];
    let what = "features, with a row per video";
    let mut table = open(path, &Spec { what, columns: &columns, may_lack_header: false })?;
    ensure!(
        table.has(0) || request.scores.is_some(),
        "{}:1: no column `{}` among `{}`: name the score column with --target, or its file with --scores",
        path.display(),
        table.name(0),
        table.header().join(",")
    );
    let own = place_of(&table, table.name(0)).filter(|_| table.has(0));
    let naming = naming(table.header(), own);
    let (features, mut notes) = choose(&table, &request, own, naming)?;
    let names: Vec<String> =
        features.iter().filter_map(|&place| table.header().get(place)).cloned().collect();
    let told = !request.ignore.iter().any(|name| RECIPE.contains(&plain(name).as_str()));
    let rows = rows(&mut table, naming, &features, [request.scores.is_none(), told])?;
    let (scores, target) = match request.scores {
        Some(file) => elsewhere(file, &target, request.mean, &rows, &mut notes)?,
        None => (rows.iter().map(|row| row.score).collect(), table.name(0).to_owned()),
    };
    let used: Vec<(&Row, f64)> =
        rows.iter().zip(scores).filter_map(|(row, score)| Some((row, score?))).collect();
    let recipe = recipe::shared(path, used.iter().map(|(row, _)| (row.line, row.recipe.as_deref())))?;
    let dropped = rows.len() - used.len();
    let mut found = Table { names, features: Vec::new(), scores: Vec::new(), recipe, target, dropped, notes };
    for (row, score) in used {
        // Filled with means or zeros, it would teach that nothing in particular has this score.
        ensure!(
            row.cells.iter().any(Option::is_some),
            "{}:{}: every feature of the row is empty; leave the row out, or extract its features again",
            path.display(),
            row.line
        );
        let gap = row.cells.iter().position(Option::is_none).filter(|_| !request.gaps);
        if let Some(name) = gap.and_then(|place| found.names.get(place)) {
            let remedy = "or pass --missing mean or --missing zero, or leave the column out with --ignore";
            bail!("{}:{}: column `{name}` is empty; fill it in, {remedy}", path.display(), row.line);
        }
        found.scores.push(score);
        found.features.extend(row.cells.iter().map(|cell| cell.unwrap_or(f64::NAN)));
    }
    ensure!(
        !found.scores.is_empty(),
        "{} has no row with a score: check --target and --scores",
        path.display()
    );
    Ok(found)
}

/// All rows; `features` are positions in the header. Rows that are `scored` have their score, and those that are `told`
/// their recipe.
fn rows<R: Read>(
    table: &mut table::Table<R>,
    naming: Option<usize>,
    features: &[usize],
    [scored, told]: [bool; 2],
) -> Result<Vec<Row>> {
    let name = naming.map(|place| table.add(place));
    let columns: Vec<usize> = features.iter().map(|&place| table.add(place)).collect();
    let (mut rows, mut once) = (Vec::new(), Once::default());
    while table.advance()? {
        let name = name.map(|name| table.required(name)).transpose()?;
        if let Some(name) = name {
            let remedy = "keep one row for a video: features of single frames are of no use here";
            once.check_with(table, name, "the row of", remedy)?;
        }
        let cell = |&column: &usize| {
            table.measured(column).context("correct or empty the cell, or --ignore the column")
        };
        rows.push(Row {
            name: name.unwrap_or_default().to_owned(),
            line: table.line(),
            cells: columns.iter().map(cell).collect::<Result<_>>()?,
            score: if scored { table.measured(0)? } else { None },
            recipe: table.cell(1).filter(|_| told).map(str::to_owned),
        });
    }
    Ok(rows)
}

/// Opens a table, also one that gzip has compressed.
fn open(path: &Path, spec: &Spec<'_>) -> Result<table::Table<Box<dyn Read>>> {
    let file = open_file(path)?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let input: Box<dyn Read> = if zipped { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    Ok(table::Table::new(input, path, spec)?)
}

fn place_of<R: Read>(table: &table::Table<R>, name: &str) -> Option<usize> {
    let name = plain(name);
    table.header().iter().position(|column| plain(column) == name)
}

/// The column that names the rows: one with a usual name, or the first.
fn naming(header: &[String], score: Option<usize>) -> Option<usize> {
    let usual = |name: &&str| header.iter().position(|column| plain(column) == plain(name));
    CLIP.iter().find_map(usual).or(Some(0).filter(|_| score != Some(0)))
}

/// The columns of features, and a word about those that are none.
fn choose<R: Read>(
    table: &table::Table<R>,
    request: &Request<'_>,
    own: Option<usize>,
    naming: Option<usize>,
) -> Result<(Vec<usize>, Vec<String>)> {
    let (path, header) = (request.features.display(), table.header());
    if let Some(columns) = request.columns {
        let find = |name: &String| {
            let place = place_of(table, name);
            let place = place.with_context(|| format!("{path}:1: no column `{name}` among the columns"))?;
            ensure!(
                Some(place) != own && Some(place) != naming && !is_opinion(name) && !is_place(name),
                "{path}:1: `{name}` says what people thought, or which row it is, and is no feature: leave it out, or \
                 rename the column if it is one"
            );
            Ok(place)
        };
        return Ok((columns.iter().map(find).collect::<Result<_>>()?, Vec::new()));
    }
    for name in request.ignore {
        ensure!(place_of(table, name).is_some(), "{path}:1: --ignore: no column `{name}`");
    }
    let (mut features, mut opinions) = (Vec::new(), Vec::new());
    for (place, name) in header.iter().enumerate() {
        let ignored = request.ignore.iter().any(|other| plain(other) == plain(name));
        if Some(place) == own || Some(place) == naming || ignored || is_place(name) {
            continue;
        }
        if is_opinion(name) { opinions.push(name.as_str()) } else { features.push(place) }
    }
    ensure!(!features.is_empty(), "{path}:1: there is no column of features");
    let note = || format!("{path}: no features, since they say what people thought: {}", opinions.join(", "));
    let notes = if opinions.is_empty() { Vec::new() } else { vec![note()] };
    Ok((features, notes))
}

/// The scores of the rows from another file, and the name of their column.
fn elsewhere(
    path: &Path,
    target: &[&str],
    mean: bool,
    rows: &[Row],
    notes: &mut Vec<String>,
) -> Result<(Vec<Option<f64>>, String)> {
    let columns = [Column::required(target)];
    let what = "scores with a column of videos and one of scores (mos, score ..., or --target)";
    let mut table = open(path, &Spec { what, columns: &columns, may_lack_header: false })?;
    let place = naming(table.header(), place_of(&table, table.name(0)));
    let place =
        place.with_context(|| format!("{}:1: no column of videos before the scores", path.display()))?;
    let name = table.add(place);
    let mut found: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let (mut once, mut several) = (Once::default(), 0);
    while table.advance()? {
        let key = table.required(name)?.to_owned();
        let twice = "keep one, or pass --repeated mean for the mean of all scores of a video";
        let first = once.check_with(&table, &key, "a score of", twice);
        several += usize::from(first.is_err());
        if !mean {
            first?;
        }
        if let Some(score) = table.measured(0)? {
            let (sum, count) = found.entry(key).or_default();
            *sum += score;
            *count += 1.0;
        }
    }
    if several > 0 {
        let videos = found.len();
        notes.push(format!("{}: several scores for a video, {videos} means are taken", path.display()));
    }
    let wanted: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let given: Vec<&str> = found.keys().map(String::as_str).collect();
    let join = Join::of(&wanted, &given);
    if join.found.iter().all(Option::is_none) {
        let sides = ["the features", &path.display().to_string()];
        bail!("no row of the features has a score: {}", why_missing(&wanted, &given, sides));
    }
    if join.by_file_name {
        notes.push(format!("{}: rows are matched by file name, without folders", path.display()));
    }
    let means: Vec<f64> = found.values().map(|(sum, count)| sum / count).collect();
    let scores = join.found.iter().map(|place| place.and_then(|place| means.get(place).copied())).collect();
    Ok((scores, table.name(0).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> std::path::PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn request<'a>(features: &'a Path, scores: Option<&'a Path>) -> Request<'a> {
        Request { features, scores, target: None, columns: None, ignore: &[], mean: false, gaps: true }
    }

    #[test]
    fn joins_scores_by_name_and_counts_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let features = file(&dir, "f.csv", "video,a,b,frames\nx,1,2,9\ny,3,,9\nz,5,6,9\n");
        let scores = file(&dir, "s.csv", "Video;MOS\nz;4,5\nx;2,5\nother;1\n");
        let table = read(Request { gaps: false, ..request(&features, Some(&scores)) }).unwrap();
        assert_eq!((table.names, table.target.as_str()), (vec!["a".to_owned(), "b".to_owned()], "MOS"));
        assert_eq!(
            (table.features, table.scores, table.dropped),
            (vec![1.0, 2.0, 5.0, 6.0], vec![2.5, 4.5], 1)
        );
        let elsewhere = file(&dir, "e.csv", "video,mos\nclips/z,4.5\nclips/x,2.5\n");
        let table = read(request(&features, Some(&elsewhere))).unwrap();
        assert_eq!(table.scores, [2.5, 4.5]);
        assert!(table.notes[0].contains("matched by file name"), "{:?}", table.notes);
        let other = file(&dir, "o.csv", "video,mos\nX,4.5\n");
        let error = read(request(&features, Some(&other))).unwrap_err().to_string();
        assert!(error.contains("the features have `x`") && error.ends_with("they differ in case"), "{error}");
    }

    #[test]
    fn several_scores_of_a_video_are_an_error_or_their_mean() {
        let dir = tempfile::tempdir().unwrap();
        let features = file(&dir, "f.csv", "video,a\nx,1\ny,2\n");
        let scores = file(&dir, "s.csv", "video,subject,mos\nx,r,1\nx,s,2\ny,r,4\nx,t,6\n");
        let error = format!("{:#}", read(request(&features, Some(&scores))).unwrap_err());
        assert!(error.contains("s.csv:3: a score of `x` was on line 2 already"), "{error}");
        assert!(error.contains("--repeated mean"), "{error}");
        let table = read(Request { mean: true, ..request(&features, Some(&scores)) }).unwrap();
        assert_eq!(table.scores, [3.0, 4.0]);
        assert!(table.notes[0].contains("2 means are taken"), "{:?}", table.notes);
        let twice = file(&dir, "t.csv", "video,mos,frame,a\nx,1,0,1\nx,1,1,2\n");
        let error = read(request(&twice, None)).unwrap_err().to_string();
        assert!(error.contains("t.csv:3: the row of `x` was on line 2 already"), "{error}");
    }

    #[test]
    fn opinions_and_places_are_no_features() {
        let dir = tempfile::tempdir().unwrap();
        let text =
            "Frame,f1,MOS,MOS_std,num votes,Std,F2,Seconds,Split,VIDEO,rating\n0,1,2,3,4,5,6,7,test,x,9\n";
        let path = file(&dir, "t.csv", text);
        let table = read(request(&path, None)).unwrap();
        assert_eq!((table.names, table.features), (vec!["f1".into(), "F2".into()], vec![1.0, 6.0]));
        assert!(table.notes[0].ends_with("MOS_std, num votes, Std, rating"), "{:?}", table.notes);
        let only = ["f2".to_owned()];
        assert_eq!(read(Request { columns: Some(&only), ..request(&path, None) }).unwrap().features, [6.0]);
        assert_eq!(read(Request { ignore: &only, ..request(&path, None) }).unwrap().names, ["f1"]);
        for bad in ["mos_std", "frame", "mos", "video", "f9"] {
            let columns = [bad.to_owned()];
            let error =
                read(Request { columns: Some(&columns), ..request(&path, None) }).unwrap_err().to_string();
            assert!(error.contains("t.csv:1") && error.contains(bad), "{error}");
        }
    }

    #[test]
    fn errors_name_the_file_the_line_and_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let bad = |text: &str| {
            let path = file(&dir, "t.csv", text);
            format!("{:#}", read(Request { gaps: false, ..request(&path, None) }).unwrap_err())
        };
        for (text, wanted) in [
            ("id,mos,a\nx,1,y\n", "--ignore the column: "),
            ("id,mos,a\nx,1,y\n", "t.csv:2: column `a` is `y`"),
            ("id,a\nx,1\n", "--target"),
            ("id,mos\nx,1\n", "no column of features"),
            ("id,mos,a\nx,,1\n", "no row with a score"),
            ("id,mos,a\nx,1\n", "t.csv:2: 2 fields where"),
            ("id,mos,b,a\nx,1,2,3\ny,1,2,\n", "t.csv:3: column `a` is empty; fill it in, or pass --missing"),
            ("id,mos,a,b\nx,1,NaN,1\n", "t.csv:2: column `a` is empty"),
            ("id,mos,a,b\nx,1,,NaN\n", "t.csv:2: every feature of the row is empty; leave the row out"),
            ("id,mos,a,A\nx,1,1,1\n", "t.csv:1: two columns, `a` and `A`"),
        ] {
            let error = bad(text);
            assert!(error.contains(wanted), "{text:?}: {error}");
        }
    }
}
