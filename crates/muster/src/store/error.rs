//! What can go wrong with the store. Each message says what was attempted and the remedy; the
//! database's own words stay in `source()`.

use muster_domain::model::journal::Broken;

/// A failure of the store. Nothing was changed by the call that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database makes no sense.
    #[error("{place:?} is not a database address: {remedy}")]
    Location {
        /// What was given, without secrets.
        place: String,
        /// What a good one looks like.
        remedy: &'static str,
        /// The cause.
        source: Option<sqlx::Error>,
    },
    /// The database does not answer.
    #[error(
        "cannot reach the database at {place}: check that it is running, that its address is right and that this machine may connect to it"
    )]
    Unreachable {
        /// Where.
        place: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// The database, or the directory it lies in, may not be written or entered.
    #[error(
        "no permission to use the database at {place}: let this user read and write it and its directory, or check user name and password"
    )]
    Denied {
        /// Where.
        place: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No room is left.
    #[error(
        "no space is left for the database at {place}; nothing was written: free some disk space and try again"
    )]
    Full {
        /// Where.
        place: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// The database file is damaged or no database at all.
    #[error("{place} is damaged or not a database: restore it from a backup, or name another file")]
    Corrupt {
        /// Where.
        place: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// The database belongs to another program.
    #[error("{place} is the database of another program: name another file")]
    Foreign {
        /// Where.
        place: String,
    },
    /// The database was written by a newer version of this program.
    #[error(
        "the database at {place} has layout {found}, this version of Muster knows layouts up to {known}: install the newer version again"
    )]
    TooNew {
        /// Where.
        place: String,
        /// The layout found.
        found: i64,
        /// The newest layout known.
        known: i64,
    },
    /// A migration that was applied differs from the one this program carries.
    #[error(
        "migration {number} of the database at {place} is not the one this version of Muster carries: use the version that made the database"
    )]
    MigrationDiffers {
        /// Where.
        place: String,
        /// Which.
        number: i64,
    },
    /// A secret was sealed with a key that is not at hand.
    #[error(
        "the credentials of {row} are sealed with key {sealed_with}, but the key given is {given}: give the key that sealed them, or enter the credentials again"
    )]
    WrongKey {
        /// Whose.
        row: String,
        /// The id of the key that sealed.
        sealed_with: String,
        /// The id of the key that was given.
        given: String,
    },
    /// A sealed secret was changed, or moved to another place.
    #[error(
        "the credentials of {row} were altered or moved inside the database: enter them again, and find out who can write to the database"
    )]
    SealBroken {
        /// Whose.
        row: String,
    },
    /// The text is not a sealing key.
    #[error("a sealing key is 32 random bytes written as 64 hexadecimal digits")]
    InvalidKey,
    /// Others are writing; trying again helps.
    #[error("the database at {place} is busy with other writers; nothing was written: try again")]
    Busy {
        /// Where.
        place: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// The lease a transaction depends on has been lost to another owner.
    #[error(
        "another node has taken over {name}; nothing was written: look at the current state and start anew"
    )]
    LeaseLost {
        /// The lease.
        name: String,
    },
    /// Somebody has taken a lease that this transaction must not meet.
    #[error("{name} went first; nothing was written: look at the current state and start anew")]
    Overtaken {
        /// The lease.
        name: String,
    },
    /// A change of state without a journal entry: a mistake in the program.
    #[error("a change was not journaled, so it was not made: this is a bug, please report it")]
    Unjournaled,
    /// Somebody else wrote the same thing first.
    #[error("{what} was written by somebody else in the meantime: look again and repeat")]
    Conflict {
        /// What.
        what: &'static str,
        /// The cause.
        source: sqlx::Error,
    },
    /// What is stored cannot be understood.
    #[error(
        "a row of {table} cannot be understood: it was changed by hand, or written by another version of Muster"
    )]
    Unreadable {
        /// Where.
        table: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row is not as Muster writes rows.
    #[error(
        "{table} {row}: {how}. Somebody changed the database; nothing was written. See what else was changed: muster log verify"
    )]
    Altered {
        /// Where.
        table: &'static str,
        /// Which row.
        row: String,
        /// What is wrong with it.
        how: String,
    },
    /// A value cannot be stored.
    #[error("{what} cannot be stored")]
    Unstorable {
        /// What.
        what: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else the database says.
    #[error("the database at {place} refused a statement; nothing was written")]
    Database {
        /// Where.
        place: String,
        /// The cause.
        source: sqlx::Error,
    },
}

/// Why the journal does not verify.
#[derive(Debug, thiserror::Error)]
pub enum JournalFault {
    /// The chain is broken.
    #[error("the journal does not hold: {0}")]
    Broken(Broken),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Broken> for JournalFault {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}
