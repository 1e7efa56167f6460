//! The one error of all use cases. Its kinds say who has to do something; each message says what
//! was attempted and the remedy. Mapped once to exit codes here, and by each later face to its own.

use muster_domain::model::id::{AppName, InvalidId};

use crate::{
    connector::{ConnectorError, ErrorKind},
    store::{JournalFault, StoreError},
};

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was given cannot be used: the person who gave it mends it.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It contradicts what there is.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else is at work here.
    #[error("{0}")]
    Busy(String),
    /// The app did not do it.
    #[error("{app}: {source}")]
    App {
        /// The app.
        app: AppName,
        /// What it said.
        source: ConnectorError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal does not verify.
    #[error(transparent)]
    Journal(#[from] JournalFault),
    /// A file could not be read or written.
    #[error("{doing}: {source}")]
    File {
        /// What was attempted, with the file's name.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Data of ours could not be written as JSON: a defect.
    #[error("cannot write data as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl Error {
    /// A failure of `app`.
    #[must_use]
    pub fn app(app: &AppName, source: ConnectorError) -> Self {
        Self::App { app: app.clone(), source }
    }

    /// A failure to read or write a file.
    pub fn file(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::File { doing: doing.into(), source }
    }

    /// The kind in one word, for machines.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Busy(_) => "busy",
            Self::App { .. } => "app",
            Self::Store(_) => "store",
            Self::Journal(_) => "journal",
            Self::File { .. } => "file",
            Self::Json(_) => "json",
        }
    }

    /// The kind of the app's failure, if it is one.
    #[must_use]
    pub const fn app_kind(&self) -> Option<&ErrorKind> {
        match self {
            Self::App { source, .. } => Some(&source.kind),
            _ => None,
        }
    }
}

/// What use cases give.
pub type Result<T> = std::result::Result<T, Error>;
