//! The state on disk: one JSON file, replaced as a whole.

use std::{
    fs::File,
    io::{BufReader, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};

use crate::world::World;

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file is there and cannot be read.
    #[error("cannot read the state file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not a state of this simulator.
    #[error("the state file {path} is not one of this simulator's; remove it to begin anew")]
    Format {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the state file {path}; check that its folder exists and is writable")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Where the state is kept.
#[derive(Clone, Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// Written first, then renamed, so that the state is never half a state.
    draft: PathBuf,
}

impl StateFile {
    pub(crate) fn new(path: &Path) -> Self {
        let mut draft = path.as_os_str().to_owned();
        draft.push(".new");
        Self { path: path.to_owned(), draft: draft.into() }
    }

    /// The state as it was left; none if there is no file yet.
    pub(crate) fn load(&self) -> Result<Option<World>, StateError> {
        let path = || self.path.clone();
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(source) if source.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StateError::Read { path: path(), source }),
        };
        serde_json::from_reader(BufReader::new(file))
            .map(Some)
            .map_err(|source| StateError::Format { path: path(), source })
    }

    /// Puts the state in the place of the one before. Survives the end of the process at any
    /// moment; for the end of the machine it would have to wait for the disk, and does not.
    pub(crate) fn save(&self, world: &World) -> Result<(), StateError> {
        self.replace(world).map_err(|source| StateError::Write { path: self.path.clone(), source })
    }

    fn replace(&self, world: &World) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(&self.draft)?);
        serde_json::to_writer(&mut file, world)?;
        file.flush()?;
        std::fs::rename(&self.draft, &self.path)
    }
}
