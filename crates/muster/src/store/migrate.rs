//! Brings a database to the layout of this program: numbered files, applied in order, each once,
//! all in one transaction.

use muster_domain::model::canonical::Digest;
use sqlx::{AnyConnection, Row as _};

use super::{
    columns::{moment_text, number, text},
    driver::{Dialect, Driver},
    error::StoreError,
};
use crate::env::Env;

/// One step from layout to layout. Applied files never change.
struct Migration {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const fn both(number: i64, name: &'static str, sql: &'static str) -> Migration {
    Migration { number, name, sqlite: sql, postgres: sql }
}

const ALL: &[Migration] = &[
    both(1, "state", include_str!("../../migrations/0001_state.sql")),
    Migration {
        number: 2,
        name: "journal_guard",
        sqlite: include_str!("../../migrations/0002_journal_guard.sqlite.sql"),
        postgres: include_str!("../../migrations/0002_journal_guard.postgres.sql"),
    },
    both(3, "orders", include_str!("../../migrations/0003_orders.sql")),
    both(4, "work", include_str!("../../migrations/0004_work.sql")),
    both(8, "trail", include_str!("../../migrations/0008_trail.sql")),
    both(12, "checks", include_str!("../../migrations/0012_checks.sql")),
    both(13, "signing_keys", include_str!("../../migrations/0013_signing_keys.sql")),
    both(17, "cycles", include_str!("../../migrations/0017_cycles.sql")),
    both(18, "sign_in", include_str!("../../migrations/0018_sign_in.sql")),
];

/// Applies what is missing; refuses what is newer or different.
pub(super) async fn migrate(driver: &Driver, env: &Env) -> Result<(), StoreError> {
    let mut transaction = driver.begin().await?;
    driver.claim(&mut transaction).await?;
    let applied = applied(driver, &mut transaction).await?;
    let known = ALL.last().map_or(0, |last| last.number);
    if let Some((found, _)) = applied.last()
        && *found > known
    {
        return Err(StoreError::TooNew { place: driver.place(), found: *found, known });
    }
    for migration in ALL {
        let sql = match driver.dialect {
            Dialect::Sqlite => migration.sqlite,
            Dialect::Postgres => migration.postgres,
        };
        let checksum = Digest::of(sql.as_bytes()).to_string();
        match applied.iter().find(|(number, _)| *number == migration.number) {
            Some((_, found)) if *found == checksum => {}
            Some((number, _)) => {
                return Err(StoreError::MigrationDiffers {
                    place: driver.place(),
                    number: *number,
                });
            }
            None => apply(driver, &mut transaction, migration, (sql, checksum), env).await?,
        }
    }
    transaction.commit().await.map_err(|error| driver.fault(error))
}

/// Where the list of what was applied is not what this program applies. What was applied with
/// another text was refused when the database was opened.
pub(super) async fn strange(driver: &Driver) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query("SELECT number, name FROM migrations ORDER BY number")
        .fetch_all(&driver.pool)
        .await
        .map_err(|error| driver.fault(error))?;
    let mut found = Vec::new();
    for row in &rows {
        let (number, name) = (number("migrations", row, 0)?, text("migrations", row, 1)?);
        if !ALL.iter().any(|known| known.number == number && known.name == name) {
            found.push(format!("the database: migration {number} is not one of Muster's"));
        }
    }
    Ok(found)
}

async fn applied(
    driver: &Driver,
    connection: &mut AnyConnection,
) -> Result<Vec<(i64, String)>, StoreError> {
    let read = async {
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY, \
             name TEXT NOT NULL, checksum TEXT NOT NULL, applied TEXT NOT NULL)",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query("SELECT number, checksum FROM migrations ORDER BY number")
            .fetch_all(&mut *connection)
            .await?
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<Vec<_>, sqlx::Error>>()
    };
    read.await.map_err(|error| driver.fault(error))
}

async fn apply(
    driver: &Driver,
    connection: &mut AnyConnection,
    migration: &Migration,
    (sql, checksum): (&'static str, String),
    env: &Env,
) -> Result<(), StoreError> {
    let run = async {
        sqlx::raw_sql(sql).execute(&mut *connection).await?;
        sqlx::query(
            "INSERT INTO migrations (number, name, checksum, applied) VALUES ($1, $2, $3, $4)",
        )
        .bind(migration.number)
        .bind(migration.name)
        .bind(checksum)
        .bind(moment_text(env.now()))
        .execute(&mut *connection)
        .await
    };
    run.await.map(|_| ()).map_err(|error| driver.fault(error))
}
