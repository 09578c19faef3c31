//! Portraits: which files, whose faces, where from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use dream_data::table::{Column, Spec, Table};
use dream_data::{in_order, name_of};
use sha2::{Digest, Sha256};

use crate::args::Args;
use crate::bar::bar;
use crate::portrait::{Detector, Found, Picture, files, picture, tell_faceless};
use crate::pseudo::{Portrait, Rgb};

/// A portrait with a face. Its pixels are read when they are needed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Person {
    /// Below the folder.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// Left, top, right, bottom in pixels.
    pub(crate) face: [f64; 4],
    /// Six points of the detector, where it found the face.
    pub(crate) points: Option<[[f64; 2]; 6]>,
}

impl Person {
    pub(crate) fn portrait(&self) -> Result<Portrait> {
        let Picture { width, height, data } = picture(&self.path)?;
        Ok(Portrait { picture: Rgb { width, height, data }, face: self.face, points: self.points })
    }
}

/// All portraits of a folder in the order of their names.
pub(crate) struct Portraits {
    pub(crate) people: Vec<Person>,
    /// Names of those without a face.
    pub(crate) faceless: Vec<String>,
    /// Portraits with a face by source.
    pub(crate) sources: BTreeMap<String, usize>,
    /// Where the boxes are from, in words.
    pub(crate) boxes: String,
}

impl Portraits {
    pub(crate) fn read(args: &Args) -> Result<Self> {
        let files = files(&args.portraits)?;
        let finder = Finder::new(args)?;
        let (mut people, mut faceless) = (Vec::new(), Vec::new());
        let bar = bar("faces", files.len())?;
        let find = |(name, path): &(String, PathBuf)| finder.find(name, path);
        in_order(args.threads(), &files, find, |(name, _), found| -> Result<()> {
            bar.inc(1);
            match found? {
                Some(person) => people.push(person),
                None => faceless.push(name.clone()),
            }
            Ok(())
        })?;
        bar.finish_and_clear();
        distinct(&people)?;
        let sources = sources(args, &people)?;
        Ok(Self { people, faceless, sources, boxes: finder.to_string() })
    }

    /// Says how many have no face, and which.
    pub(crate) fn tell(&self) {
        tell_faceless(&self.faceless);
    }
}

/// Where faces are from.
enum Finder {
    Detector(Box<Detector>),
    Table { path: PathBuf, boxes: BTreeMap<String, [f64; 4]> },
}

impl Finder {
    fn new(args: &Args) -> Result<Self> {
        Ok(match &args.boxes {
            Some(path) => Self::Table { path: path.clone(), boxes: read_boxes(path)? },
            None => Self::Detector(Box::new(Detector::new()?)),
        })
    }

    fn find(&self, name: &str, path: &Path) -> Result<Option<Person>> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let picture = picture(path)?;
        let (face, points) = match self {
            Self::Table { boxes, .. } => match boxes.get(name) {
                Some(face) => (*face, None),
                None => return Ok(None),
            },
            Self::Detector(detector) => {
                let Some(Found { face, points }) = detector.find(&picture)? else { return Ok(None) };
                (face, Some(points))
            }
        };
        Ok(Some(Person { name: name.to_owned(), path: path.to_owned(), sha256, face, points }))
    }
}

impl std::fmt::Display for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Detector(_) => f.write_str("the embedded detector, BlazeFace short range"),
            Self::Table { path, .. } => {
                write!(f, "a table, {}", name_of(path.file_name().unwrap_or_default()))
            }
        }
    }
}

fn read_boxes(path: &Path) -> Result<BTreeMap<String, [f64; 4]>> {
    let spec = Spec {
        what: "face boxes with the columns file, left, top, right, bottom in pixels",
        columns: &[
            Column::required(&["file"]),
            Column::required(&["left"]),
            Column::required(&["top"]),
            Column::required(&["right"]),
            Column::required(&["bottom"]),
        ],
        may_lack_header: false,
    };
    let (mut table, mut boxes) = (Table::open(path, &spec)?, BTreeMap::new());
    while table.advance()? {
        let face = [table.number(1)?, table.number(2)?, table.number(3)?, table.number(4)?];
        let name = table.required(0)?.to_owned();
        let first = boxes.insert(name.clone(), face).is_none();
        ensure!(first, "{}:{}: a second box of {name}; remove one", path.display(), table.line());
    }
    Ok(boxes)
}

/// Two copies of a picture could be on both sides of a fold.
fn distinct(people: &[Person]) -> Result<()> {
    let mut seen = BTreeMap::new();
    for person in people {
        if let Some(other) = seen.insert(&person.sha256, &person.name) {
            bail!("{other} and {} are the same file, and every person counts once: remove one", person.name);
        }
    }
    Ok(())
}

/// How many portraits each source has given.
fn sources(args: &Args, people: &[Person]) -> Result<BTreeMap<String, usize>> {
    let beside = args.portraits.join("portraits.csv");
    let Some(path) = args.sources.clone().or_else(|| beside.is_file().then_some(beside)) else {
        return Ok(BTreeMap::new());
    };
    let spec = Spec {
        what: "portraits with the columns file, source",
        columns: &[Column::required(&["file"]), Column::required(&["source"])],
        may_lack_header: false,
    };
    let (mut table, mut known) = (Table::open(&path, &spec)?, BTreeMap::new());
    while table.advance()? {
        known.insert(table.required(0)?.to_owned(), table.required(1)?.to_owned());
    }
    let mut counts = BTreeMap::new();
    for person in people {
        let source = known.get(&person.name).map_or("not stated", String::as_str);
        *counts.entry(source.to_owned()).or_default() += 1;
    }
    Ok(counts)
}
