//! Databases that cannot be used: each says what is wrong and what to do, and nothing is half done.

use std::path::Path;

use muster::{
    env::Env,
    secret::Secret,
    store::{Location, Store, StoreError, seal::SealingKey},
};
use sqlx::Connection as _;

use crate::{
    postgres::Server,
    world::{key, now},
};

async fn refused(location: &Location) -> StoreError {
    match Store::open(location, key(), Env::manual(now(), 1)).await {
        Ok(_) => panic!("{location} was opened"),
        Err(error) => error,
    }
}

fn file(directory: &Path) -> Location {
    Location::SqliteFile(directory.join("muster.db"))
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = refused(&file(&directory.path().join("nowhere"))).await;
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    assert!(error.to_string().contains("nowhere"));
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_damaged_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("muster.db"), "Dear diary, ".repeat(1000)).unwrap();
    let error = refused(&file(directory.path())).await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("muster.db");
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}?mode=rwc", path.display());
    let mut theirs = sqlx::AnyConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE people (name TEXT)").execute(&mut theirs).await.unwrap();
    theirs.close().await.unwrap();
    let error = refused(&file(directory.path())).await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&file(directory.path()), key(), Env::manual(now(), 1)).await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    store.close().await;
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_its_password() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("{}/muster", listener.local_addr().unwrap());
    drop(listener);
    let url = format!("postgres://muster:hunter2@{place}");
    let error = refused(&Location::Postgres(Secret::new(url))).await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&place));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_missing_database_is_named() {
    let url = Server::shared().new_database().replace("localhost/", "localhost/no_such_");
    let error = refused(&Location::Postgres(Secret::new(url))).await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused() {
    let error = refused(&Location::Postgres(Secret::new("mysql://root:hunter2@host/db"))).await;
    assert!(matches!(error, StoreError::Location { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn a_sealing_key_reads_back_and_is_never_shown() {
    let key = SealingKey::generate(&Env::manual(now(), 1));
    let again: SealingKey = key.to_text().reveal().parse().unwrap();
    assert_eq!(again.id(), key.id());
    assert!(!format!("{key:?}").contains(key.to_text().reveal()));
    assert!("abc".parse::<SealingKey>().is_err());
}
