//! All in which SQLite and PostgreSQL differ: opening, beginning a write, locking the journal's
//! head, and what their error codes mean.

use std::{path::Path, sync::Once, time::Duration};

use sqlx::{
    Any, AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
};

use super::{Location, error::StoreError};

/// Marks a SQLite file as ours: "Mstr".
const APPLICATION_ID: i64 = 0x4d73_7472;

/// How long to wait for a server to answer, or for another writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before asking again for what SQLite refuses without waiting.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

pub(super) struct Driver {
    pub(super) pool: AnyPool,
    pub(super) dialect: Dialect,
    place: String,
}

impl Driver {
    /// Connects, creating the database file if need be.
    pub(super) async fn open(location: &Location) -> Result<Self, StoreError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let place = location.to_string();
        let (dialect, connections) = match location {
            Location::SqliteFile(path) => {
                create_private(path, &place)?;
                (Dialect::Sqlite, 4)
            }
            // A second connection would see another database.
            Location::SqliteMemory => (Dialect::Sqlite, 1),
            Location::Postgres(_) => (Dialect::Postgres, 8),
        };
        let options = options(location, &place)?;
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .max_lifetime(None)
            .idle_timeout(None)
            .after_connect(move |connection, _| {
                Box::pin(async move { prepare(dialect, connection).await })
            })
            .connect_lazy_with(options.clone());
        let driver = Self { pool, dialect, place };
        // The pool would try again and again, and then tell nothing but "timed out".
        let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        let first = async {
            let mut connection = AnyConnection::connect_with(&options).await?;
            prepare(dialect, &mut connection).await?;
            connection.close().await
        };
        tokio::time::timeout(PATIENCE, first)
            .await
            .unwrap_or_else(|_| Err(late()))
            .map_err(|error| driver.fault(error))?;
        Ok(driver)
    }

    /// Begins to write.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        // SQLite: a lock that is taken late cannot be waited for.
        let begun = match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.pool.begin().await,
        };
        begun.map_err(|error| self.fault(error))
    }

    /// Begins to read several times from one moment.
    pub(super) async fn begin_snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begun = match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN").await,
            Dialect::Postgres => {
                self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
            }
        };
        begun.map_err(|error| self.fault(error))
    }

    /// The statement that reads the journal's head so that nobody else moves it.
    pub(super) const fn lock_head(&self) -> &'static str {
        match self.dialect {
            // BEGIN IMMEDIATE holds the lock already.
            Dialect::Sqlite => "SELECT seq, hash FROM journal_head WHERE org = $1",
            Dialect::Postgres => "SELECT seq, hash FROM journal_head WHERE org = $1 FOR UPDATE",
        }
    }

    /// Keeps other nodes from migrating at the same time; refuses a file of another program.
    pub(super) async fn claim(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let fault = |error| self.fault(error);
        if self.dialect == Dialect::Postgres {
            sqlx::query("SELECT pg_advisory_xact_lock(5580404713274799218)")
                .execute(connection)
                .await
                .map_err(fault)?;
            return Ok(());
        }
        let id: i64 = sqlx::query_scalar("SELECT application_id FROM pragma_application_id")
            .fetch_one(&mut *connection)
            .await
            .map_err(fault)?;
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master")
            .fetch_one(&mut *connection)
            .await
            .map_err(fault)?;
        if id == APPLICATION_ID {
            return Ok(());
        }
        if id != 0 || tables != 0 {
            return Err(StoreError::Foreign { place: self.place.clone() });
        }
        let mark = AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"));
        sqlx::raw_sql(mark).execute(connection).await.map_err(fault)?;
        Ok(())
    }

    /// Whether anybody holds a connection.
    pub(super) fn is_busy(&self) -> bool {
        self.pool.num_idle() < self.pool.size() as usize
    }

    pub(super) fn place(&self) -> String {
        self.place.clone()
    }

    /// What a database's error means.
    pub(super) fn fault(&self, source: sqlx::Error) -> StoreError {
        let place = self.place.clone();
        match (self.meaning(&source), source) {
            (Meaning::Busy, source) => StoreError::Busy { place, source },
            (Meaning::Full, source) => StoreError::Full { place, source },
            (Meaning::Corrupt, source) => StoreError::Corrupt { place, source },
            (Meaning::Unreachable, source) => StoreError::Unreachable { place, source },
            (Meaning::Denied, source) => StoreError::Denied { place, source: source.into() },
            (Meaning::Taken, source) => StoreError::Conflict { what: "the same row", source },
            (Meaning::Other, source) => StoreError::Database { place, source },
        }
    }

    fn meaning(&self, error: &sqlx::Error) -> Meaning {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => {
                Meaning::Unreachable
            }
            // A pool asks a server that went away again and again until its time is up.
            sqlx::Error::PoolTimedOut => match self.dialect {
                Dialect::Sqlite => Meaning::Busy,
                Dialect::Postgres => Meaning::Unreachable,
            },
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                match self.dialect {
                    Dialect::Sqlite => sqlite_meaning(&code),
                    Dialect::Postgres => postgres_meaning(&code),
                }
            }
            _ => Meaning::Other,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Busy,
    Full,
    Corrupt,
    Unreachable,
    Denied,
    Taken,
    Other,
}

/// <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
fn sqlite_meaning(code: &str) -> Meaning {
    let Ok(code) = code.parse::<u32>() else { return Meaning::Other };
    match (code & 0xff, code) {
        (5 | 6, _) => Meaning::Busy,
        (3 | 8 | 14 | 23, _) => Meaning::Denied,
        (13, _) => Meaning::Full,
        (11 | 26, _) => Meaning::Corrupt,
        (_, 1555 | 2067) => Meaning::Taken,
        _ => Meaning::Other,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgres_meaning(code: &str) -> Meaning {
    match code {
        "40001" | "40P01" | "55P03" | "53300" => Meaning::Busy,
        "53100" | "53200" => Meaning::Full,
        "23505" => Meaning::Taken,
        "42501" | "25006" | "28000" | "28P01" => Meaning::Denied,
        "3D000" => Meaning::Unreachable,
        "XX001" | "XX002" => Meaning::Corrupt,
        code if code.starts_with("08") || code.starts_with("57P") => Meaning::Unreachable,
        _ => Meaning::Other,
    }
}

fn options(location: &Location, place: &str) -> Result<AnyConnectOptions, StoreError> {
    let invalid = |remedy, source| StoreError::Location { place: place.to_owned(), remedy, source };
    let (url, remedy) = match location {
        Location::SqliteMemory => ("sqlite::memory:".to_owned(), ""),
        Location::SqliteFile(path) => {
            let remedy = "name a file whose path is plain Unicode text";
            let path = path.to_str().ok_or_else(|| invalid(remedy, None))?;
            (format!("sqlite:{}?mode=rw", escape(path)), remedy)
        }
        Location::Postgres(url) => {
            let remedy = "write postgres://user:password@host/database";
            let url = url.reveal();
            if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
                return Err(invalid(remedy, None));
            }
            (url.to_owned(), remedy)
        }
    };
    let options: AnyConnectOptions = url.parse().map_err(|error| invalid(remedy, Some(error)))?;
    Ok(options.disable_statement_logging())
}

/// A path as it stands in an address.
fn escape(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Creates the file so that nobody else can read it; SQLite gives its companions the same mode.
fn create_private(path: &Path, place: &str) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Denied { place: place.to_owned(), source: error.into() }),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for another program in the file, never for a moment of the world"
)]
async fn prepare(dialect: Dialect, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    if dialect == Dialect::Postgres {
        return Ok(());
    }
    sqlx::raw_sql("PRAGMA busy_timeout = 10000;").execute(&mut *connection).await?;
    // SQLite does not wait when several turn a new file to WAL at once: who would have to wait
    // holds a lock that the other one waits for. So the waiting is ours.
    let deadline = tokio::time::Instant::now() + PATIENCE;
    // WAL with FULL: what was committed survives a power cut (law 8).
    while let Err(error) =
        sqlx::raw_sql("PRAGMA journal_mode = WAL;").execute(&mut *connection).await
    {
        let busy = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| sqlite_meaning(&code) == Meaning::Busy);
        if !busy || tokio::time::Instant::now() >= deadline {
            return Err(error);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    sqlx::raw_sql(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_both_databases_mean_the_same() {
        for (sqlite, postgres, meaning) in [
            ("5", "40001", Meaning::Busy),
            ("517", "40P01", Meaning::Busy),
            ("13", "53100", Meaning::Full),
            ("11", "XX001", Meaning::Corrupt),
            ("8", "42501", Meaning::Denied),
            ("14", "28P01", Meaning::Denied),
            ("1555", "23505", Meaning::Taken),
            ("1", "42601", Meaning::Other),
        ] {
            assert_eq!(sqlite_meaning(sqlite), meaning, "{sqlite}");
            assert_eq!(postgres_meaning(postgres), meaning, "{postgres}");
        }
    }

    #[test]
    fn a_path_is_escaped_wherever_an_address_would_read_it_otherwise() {
        assert_eq!(escape("/a b?c#d%.db"), "/a%20b%3Fc%23d%25.db");
    }
}
