//! The store: current state, journal, leases and sealed secrets, in SQLite or PostgreSQL.
//!
//! What belongs here is SQL and nothing else: no decisions. Row structs never leave this module.
//! Everything belongs to an organisation and is reached through an [`OrgStore`] bound to one.
//! Writing goes through [`Tx`]: changes are collected, and [`Tx::commit`] makes them, together with
//! their journal entries, in one short transaction that may be tried again. So no lock is ever held
//! while an app is waited for.

mod account;
mod checks;
mod columns;
mod cycles;
mod driver;
pub mod error;
mod images;
mod journal;
mod lease;
mod migrate;
mod observe;
mod read;
pub mod records;
pub mod redact;
mod reseal;
pub mod rows;
mod schema;
pub mod seal;
pub mod sign_in;
mod signing;
mod tx;
pub mod witness;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use muster_domain::model::id::OrgId;

use self::{driver::Driver, seal::SealingKey};
pub use self::{
    error::{JournalFault, StoreError},
    tx::Tx,
};
use crate::{env::Env, secret::Secret};
pub use signing::SigningSeed;

/// Where the store is.
#[derive(Debug, Clone)]
pub enum Location {
    /// A file, created if need be. Its directory must be there.
    SqliteFile(PathBuf),
    /// Memory: gone with the last handle.
    SqliteMemory,
    /// A server; the address holds the password.
    Postgres(Secret),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile(path) => write!(f, "{}", path.display()),
            Self::SqliteMemory => f.write_str("memory"),
            Self::Postgres(url) => match url.reveal().parse::<url::Url>() {
                Ok(url) => {
                    let host = url.host_str().unwrap_or("localhost");
                    write!(f, "{host}:{}{}", url.port().unwrap_or(5432), url.path())
                }
                Err(_) => f.write_str("the given address"),
            },
        }
    }
}

/// The store of an installation.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    driver: Driver,
    key: SealingKey,
    env: Env,
    witness: OnceLock<PathBuf>,
}

/// The store of one organisation. Cheap to clone.
#[derive(Clone)]
pub struct OrgStore {
    store: Store,
    org: OrgId,
}

impl Store {
    /// Opens the store, creating the database if need be and bringing it to this program's layout.
    ///
    /// # Errors
    /// When the database cannot be reached, written or understood.
    pub async fn open(location: &Location, key: SealingKey, env: Env) -> Result<Self, StoreError> {
        let driver = Driver::open(location).await?;
        migrate::migrate(&driver, &env).await?;
        let inner = Arc::new(Inner { driver, key, env, witness: OnceLock::new() });
        let store = Arc::downgrade(&inner);
        inner.env.mind(move || store.upgrade().is_some_and(|store| store.driver.is_busy()));
        Ok(Self(inner))
    }

    /// The store of one organisation.
    #[must_use]
    pub fn org(&self, org: OrgId) -> OrgStore {
        OrgStore { store: self.clone(), org }
    }

    /// Closes all connections and waits until they are closed. SQLite then leaves one file.
    pub async fn close(&self) {
        self.0.driver.pool.close().await;
    }

    fn driver(&self) -> &Driver {
        &self.0.driver
    }

    fn fault(&self, error: sqlx::Error) -> StoreError {
        self.0.driver.fault(error)
    }
}

impl OrgStore {
    /// The organisation.
    #[must_use]
    pub const fn org(&self) -> &OrgId {
        &self.org
    }
}
