//! A witness of the journal outside of the database: a small file beside the key that says how far
//! the journal had come. A database that was restored from a backup does not reach that far.
//!
//! It is written after each commit and not forced to the disk: a power cut may leave it behind the
//! journal, which does no harm, and never before it.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

use muster_domain::model::canonical::Digest;

use super::{OrgStore, Store, StoreError, records::JournalFilter};

impl Store {
    /// From here on, says in `file` how far the journal has come.
    pub fn witnessed_in(&self, file: std::path::PathBuf) {
        let _ = self.0.witness.set(file);
    }

    pub(super) fn bear_witness(&self, seq: u64, head: &Digest) {
        let Some(file) = self.0.witness.get() else { return };
        if let Err(error) = write(file, seq, head) {
            tracing::warn!(file = %file.display(), %error, "cannot note how far the journal came");
        }
    }
}

/// Notes in `file` that the journal has come to entry `seq` with this hash.
///
/// # Errors
/// When it cannot be written.
pub fn write(file: &Path, seq: u64, head: &Digest) -> std::io::Result<()> {
    let new = file.with_extension(format!("new-{}", std::process::id()));
    let written = create_private(&new)
        .and_then(|mut open| writeln!(open, "{seq} {head}"))
        .and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<fs::File> {
    fs::File::create(path)
}

impl OrgStore {
    /// Why the store may know less than this home has seen, if it may. A file that says nothing
    /// readable, or is not there, counts against the store: a home has one from its first day.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgotten(&self, file: &Path) -> Result<Option<String>, StoreError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Some(format!(
                    "{} is missing, so nothing tells whether the store was restored from a backup",
                    file.display()
                )));
            }
            Err(_) => String::new(),
        };
        let seen = text.trim().split_once(' ');
        let seen =
            seen.and_then(|(seq, hash)| Some((seq.parse::<u64>().ok()?, hash.parse().ok()?)));
        let Some((seq, hash)): Option<(u64, Digest)> = seen else {
            return Ok(Some(format!(
                "{} does not tell how far the journal had come, so it may have been longer",
                file.display()
            )));
        };
        let (head, _) = self.journal_head().await?;
        if head < seq {
            return Ok(Some(format!(
                "the journal ends at entry {head}, but this home has seen entry {seq}: the store \
                 was restored from a backup or replaced"
            )));
        }
        let filter = JournalFilter {
            after_seq: Some(seq.saturating_sub(1)),
            limit: Some(1),
            ..JournalFilter::default()
        };
        let entry = self.journal(&filter).await?.into_iter().next();
        let same = seq == 0 || entry.is_some_and(|entry| entry.seq == seq && entry.hash == hash);
        Ok((!same).then(|| {
            format!(
                "entry {seq} of the journal is another than this home has seen: the store was \
                 restored from a backup or replaced, and went on"
            )
        }))
    }
}
