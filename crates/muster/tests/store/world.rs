//! A store to test on, and a back door to its database.

use std::{future::Future, path::PathBuf, pin::Pin};

use jiff::Timestamp;
use muster::{
    env::Env,
    secret::Secret,
    store::{Location, OrgStore, Store, seal::SealingKey},
};
use muster_domain::model::{
    id::OrgId,
    journal::{About, Event},
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tempfile::TempDir;

use crate::postgres::Server;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Memory,
    Postgres,
}

/// A database of one kind with a store on it.
pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) location: Location,
    pub(crate) env: Env,
    pub(crate) store: Store,
    /// The store of the organisation the test is about.
    pub(crate) org: OrgStore,
    _directory: TempDir,
}

pub(crate) type Test = for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Makes a test out of an async block: `story!(name, world, { … });`
macro_rules! story {
    ($name:ident, $world:ident, $body:block) => {
        pub(crate) fn $name<'a>(
            $world: &'a crate::world::World,
        ) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>> {
            Box::pin(async move { $body })
        }
    };
}
pub(crate) use story;

pub(crate) fn run(kind: Kind, test: Test) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new(kind).await;
        test(&world).await;
    });
}

pub(crate) fn key() -> SealingKey {
    SealingKey::new([7; 32])
}

pub(crate) fn now() -> Timestamp {
    "2026-10-01T12:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) async fn new(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = match kind {
            // Blanks and marks in a path must not matter.
            Kind::File => Location::SqliteFile(directory.path().join("a b?c#d%20.db")),
            Kind::Memory => Location::SqliteMemory,
            Kind::Postgres => Location::Postgres(Secret::new(Server::shared().new_database())),
        };
        let env = Env::manual(now(), 1);
        let store = Store::open(&location, key(), env.clone()).await.unwrap();
        let org = store.org(OrgId::default_org());
        Self { kind, location, env, store, org, _directory: directory }
    }

    /// A second handle, as another process has one. In memory there is only the one.
    pub(crate) async fn another(&self) -> OrgStore {
        match self.kind {
            Kind::Memory => self.org.clone(),
            _ => self.reopen(key()).await.unwrap(),
        }
    }

    pub(crate) async fn reopen(
        &self,
        key: SealingKey,
    ) -> Result<OrgStore, muster::store::StoreError> {
        let store = Store::open(&self.location, key, self.env.clone()).await?;
        Ok(store.org(OrgId::default_org()))
    }

    pub(crate) fn path(&self) -> Option<PathBuf> {
        match &self.location {
            Location::SqliteFile(path) => Some(path.clone()),
            _ => None,
        }
    }

    /// Whether there is a way into the database past the store: not into memory.
    pub(crate) fn has_back_door(&self) -> bool {
        self.kind != Kind::Memory
    }

    /// Where another database of the same kind can be made; in memory there is no place.
    pub(crate) fn fresh_location(&self) -> Option<Location> {
        match &self.location {
            Location::SqliteFile(path) => Some(Location::SqliteFile(path.with_extension("other"))),
            Location::Postgres(_) => {
                Some(Location::Postgres(Secret::new(Server::shared().new_database())))
            }
            Location::SqliteMemory => None,
        }
    }

    /// Does what somebody with access to the database could do.
    pub(crate) async fn sql(&self, sql: &str) -> Result<(), sqlx::Error> {
        sql_at(&self.location, sql).await
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut connection = back_door(&self.location).await;
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        let count = query.fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        count
    }

    /// The texts of one column, as they lie there.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        let mut connection = back_door(&self.location).await;
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        let texts = query.fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        texts
    }

    /// Takes away what keeps the journal from being changed.
    pub(crate) async fn drop_guards(&self) {
        let sql = match self.kind {
            Kind::Postgres => "DROP FUNCTION journal_refuse() CASCADE",
            _ => "DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete",
        };
        self.sql(sql).await.unwrap();
    }

    /// Writes `count` entries.
    pub(crate) async fn write_entries(&self, count: u64) {
        for n in 1..=count {
            let mut tx = self.org.begin("anna", now());
            let about = About {
                person: Some("per_aaaaaaaaaaaaaaaa".parse().unwrap()),
                app: Some("support".parse().unwrap()),
                account: Some("17".parse().unwrap()),
                operation: Some("op_aaaaaaaaaaaaaaaa".parse().unwrap()),
                plan: Some(muster_domain::model::canonical::Digest::of(b"plan")),
            };
            tx.journal(Event::PlanMade, about, serde_json::json!({ "n": n }));
            tx.commit().await.unwrap();
        }
    }
}

/// A note in the journal, for tests whose subject is something else.
pub(crate) fn note(tx: &mut muster::store::Tx) {
    tx.journal(Event::HomeCreated, About::default(), serde_json::json!({}));
}

/// A way into a database past the store.
async fn back_door(location: &Location) -> AnyConnection {
    let url = match location {
        Location::SqliteFile(path) => {
            let path = path.to_str().unwrap().replace('%', "%25").replace('?', "%3F");
            format!("sqlite:{}?mode=rwc", path.replace('#', "%23").replace(' ', "%20"))
        }
        Location::Postgres(url) => url.reveal().to_owned(),
        Location::SqliteMemory => unreachable!("there is no way into memory"),
    };
    AnyConnection::connect(&url).await.unwrap()
}

pub(crate) async fn sql_at(location: &Location, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = back_door(location).await;
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    connection.close().await.unwrap();
    done.map(|_| ())
}
