//! The directory of a bundle: files are written as they come and hashed while they are, so that a
//! bundle of any size needs little memory.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead as _, BufReader, BufWriter, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use muster_domain::{
    engine::evidence::{
        checkpoint::SignedCheckpoint,
        key::Trusted,
        manifest::{CHECKPOINT, Fault, FileEntry, JOURNAL, KEYS, MANIFEST, Verdict, Verifying},
        sheet::{Piece, Sheet},
    },
    model::canonical::Digester,
};
use serde_json::Value as Json;

use crate::error::{Error, Result};

/// A bundle that is being written.
#[derive(Debug)]
pub(super) struct Bundle {
    folder: PathBuf,
    /// The topmost directory that was made for it, if any was.
    pub(super) made: Option<PathBuf>,
    /// What was written.
    pub(super) files: Vec<FileEntry>,
    /// By what people whose data was taken out could be recognised: it is written nowhere.
    pub(super) marks: Arc<BTreeSet<String>>,
}

/// A file of it that is being written.
#[derive(Debug)]
pub(super) struct Part {
    path: String,
    place: PathBuf,
    out: BufWriter<File>,
    digester: Digester,
    bytes: u64,
}

/// A list that is being written, in both forms.
#[derive(Debug)]
pub(super) struct Table {
    sheet: Sheet,
    json: Part,
    csv: Part,
    marks: Arc<BTreeSet<String>>,
}

fn cannot(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let doing = format!("cannot {doing} {}", path.display());
    move |error| Error::file(doing, error)
}

impl Bundle {
    /// Begins a bundle in `folder`, which is made, or is empty: a bundle holds what it is signed
    /// with and nothing else.
    pub(super) fn begin(folder: &Path) -> Result<Self> {
        let missing = |one: &&Path| !one.as_os_str().is_empty() && !one.exists();
        let made = folder.ancestors().take_while(missing).last().map(Path::to_owned);
        match fs::read_dir(folder) {
            Ok(mut inside) => {
                if inside.next().is_some() {
                    return Err(Error::Conflict(format!(
                        "{} is not empty; a bundle needs a directory of its own",
                        folder.display()
                    )));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => private_dir(folder)?,
            Err(error) => return Err(cannot("look into", folder)(error)),
        }
        Ok(Self { folder: folder.to_owned(), made, files: Vec::new(), marks: Arc::default() })
    }

    /// Takes away what was written, and the directories `made` for it: half a bundle is none.
    pub(super) fn abandon(folder: &Path, made: Option<PathBuf>) -> Result<()> {
        if let Some(made) = made {
            return fs::remove_dir_all(&made).map_err(cannot("remove", &made));
        }
        // It was there before, and empty.
        for entry in fs::read_dir(folder).map_err(cannot("look into", folder))? {
            let path = entry.map_err(cannot("look into", folder))?.path();
            let removed =
                if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(cannot("remove", &path))?;
        }
        Ok(())
    }

    /// Writes a whole file.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let mut part = self.part(path)?;
        part.write(bytes)?;
        self.close(part)
    }

    /// Begins a file.
    pub(super) fn part(&self, path: &str) -> Result<Part> {
        let place = self.folder.join(path);
        if let Some(folder) = place.parent() {
            private_dir(folder)?;
        }
        let file = File::create_new(&place).map_err(cannot("write", &place))?;
        let (out, digester) = (BufWriter::new(file), Digester::default());
        Ok(Part { path: path.to_owned(), place, out, digester, bytes: 0 })
    }

    /// Ends a file.
    pub(super) fn close(&mut self, part: Part) -> Result<()> {
        let Part { path, place, mut out, digester, bytes } = part;
        out.flush().map_err(cannot("write", &place))?;
        self.files.push(FileEntry { path, bytes, sha256: digester.finish() });
        Ok(())
    }

    /// Begins a list.
    pub(super) fn table(&self, name: &str, headings: &'static [&'static str]) -> Result<Table> {
        let (json, csv) = (self.part(&format!("{name}.json"))?, self.part(&format!("{name}.csv"))?);
        let marks = self.marks.clone();
        let mut table = Table { sheet: Sheet::new(headings), json, csv, marks };
        let head = table.sheet.head();
        table.write(&head)?;
        Ok(table)
    }

    /// Ends a list. Gives the number of its rows.
    pub(super) fn end(&mut self, mut table: Table) -> Result<usize> {
        let foot = table.sheet.foot();
        table.write(&foot)?;
        let Table { sheet, json, csv, .. } = table;
        self.close(json)?;
        self.close(csv)?;
        Ok(sheet.rows())
    }
}

impl Part {
    /// Writes the next bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.digester.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(cannot("write", &self.place))
    }

    /// Writes a line.
    pub(super) fn line(&mut self, text: &str) -> Result<()> {
        self.write(text.as_bytes())?;
        self.write(b"\n")
    }
}

impl Table {
    /// Writes the next row.
    pub(super) fn push(&mut self, row: Vec<Json>) -> Result<()> {
        let piece = self.sheet.row(row, &self.marks);
        self.write(&piece)
    }

    fn write(&mut self, piece: &Piece) -> Result<()> {
        self.json.write(piece.json.as_bytes())?;
        self.csv.write(piece.csv.as_bytes())
    }
}

fn private_dir(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(cannot("make", path))
}

/// Verifies the bundle in `folder`, by `key` or else by the key that it brings along itself, and
/// against a checkpoint that was `kept` elsewhere.
///
/// # Errors
/// When a file cannot be read.
pub fn verify(
    folder: &Path,
    key: Option<&Trusted>,
    kept: Option<SignedCheckpoint>,
) -> Result<Verdict> {
    let none = |fault| Ok(Verdict::none(fault));
    let missing = || Fault { path: MANIFEST.to_owned(), what: "is missing".to_owned() };
    let files = files(folder)?;
    let manifest = files.iter().find(|(path, _)| path == MANIFEST);
    let Some(place) = manifest.and_then(|(_, place)| place.as_ref()) else {
        return none(missing());
    };
    let bytes = fs::read(place).map_err(cannot("read", place))?;
    let mut verifying = match Verifying::begin(&bytes, key) {
        Ok(verifying) => verifying,
        Err(fault) => return none(fault),
    };
    kept.into_iter().for_each(|kept| verifying.keep(kept));
    for (path, place) in files.iter().filter(|(path, _)| path != MANIFEST) {
        // What leads elsewhere is no part of a bundle; it is there, and unknown.
        let Some(place) = place else {
            let sha256 = Digester::default().finish();
            verifying.file(&FileEntry { path: path.clone(), bytes: 0, sha256 });
            continue;
        };
        match path.as_str() {
            CHECKPOINT => verifying.checkpoint(&fs::read(place).map_err(cannot("read", place))?),
            KEYS => verifying.keys(&fs::read(place).map_err(cannot("read", place))?),
            _ => {}
        }
        let found = hashed(path, place, |line| verifying.entry(line))?;
        verifying.file(&found);
    }
    Ok(verifying.finish())
}

/// The entry of a file. The lines of the journal are shown on the way.
fn hashed(path: &str, place: &Path, mut show: impl FnMut(&[u8])) -> Result<FileEntry> {
    let (mut digester, mut bytes) = (Digester::default(), 0);
    let file = File::open(place).map_err(cannot("read", place))?;
    let mut file = BufReader::new(file);
    if path == JOURNAL {
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line).map_err(cannot("read", place))? > 0 {
            digester.update(&line);
            bytes += line.len() as u64;
            show(line.strip_suffix(b"\n").unwrap_or(&line));
            line.clear();
        }
    } else {
        let mut piece = vec![0; 1 << 16];
        loop {
            let length = file.read(&mut piece).map_err(cannot("read", place))?;
            let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { break };
            digester.update(read);
            bytes += read.len() as u64;
        }
    }
    Ok(FileEntry { path: path.to_owned(), bytes, sha256: digester.finish() })
}

/// Everything below `folder`: its path in it and, if it is a file, where it lies.
fn files(folder: &Path) -> Result<Vec<(String, Option<PathBuf>)>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let before = files.len() + folders.len();
        for entry in fs::read_dir(&folder).map_err(cannot("read", &folder))? {
            let entry = entry.map_err(cannot("read", &folder))?;
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(cannot("look at", &path))?;
            if kind.is_dir() {
                folders.push((path, format!("{name}/")));
            } else {
                files.push((name, Some(path).filter(|_| kind.is_file())));
            }
        }
        // A directory with nothing in it is no part of a bundle.
        if before == files.len() + folders.len() && !prefix.is_empty() {
            files.push((prefix, None));
        }
    }
    files.sort();
    Ok(files)
}
