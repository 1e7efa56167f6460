//! How values lie in columns, and the one way rows are written: many at a time, by key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::model::id::OrgId;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Any, AssertSqlSafe, Row as _, any::AnyRow, query::Query};

use super::error::StoreError;

/// A value for a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Text(String),
    OptionalText(Option<String>),
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::OptionalText(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Text(moment_text(moment))
    }
}

pub(super) type AnyQuery<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

pub(super) fn bind<'q>(query: AnyQuery<'q>, value: &Value) -> AnyQuery<'q> {
    match value {
        Value::Text(text) => query.bind(text.clone()),
        Value::OptionalText(text) => query.bind(text.clone()),
        Value::Number(number) => query.bind(*number),
    }
}

/// A statement put together from fixed pieces; values only ever travel as placeholders.
pub(super) struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    /// Begins with `sql`, which binds the organisation as `$1`.
    pub(super) fn of_org(sql: &'static str, org: &OrgId) -> Self {
        Self { sql: sql.to_owned(), values: vec![org.as_str().into()] }
    }

    /// Adds `piece`, with `?` where `value` goes; nothing when there is no value.
    pub(super) fn with(mut self, piece: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.values.push(value.into());
            self.sql.push(' ');
            self.sql += &piece.replace('?', &format!("${}", self.values.len()));
        }
        self
    }

    /// Adds `before`, one placeholder for each value, and `after`; nothing when there is no value.
    pub(super) fn with_list(
        mut self,
        before: &'static str,
        values: impl IntoIterator<Item = impl Into<Value>>,
        after: &'static str,
    ) -> Self {
        let first = self.values.len() + 1;
        self.values.extend(values.into_iter().map(Into::into));
        let places: Vec<String> =
            (first..=self.values.len()).map(|place| format!("${place}")).collect();
        if !places.is_empty() {
            self.sql += &format!(" {before}{}{after}", places.join(", "));
        }
        self
    }

    /// Adds a fixed piece.
    pub(super) fn then(mut self, piece: &'static str) -> Self {
        self.sql.push(' ');
        self.sql += piece;
        self
    }

    pub(super) fn query(&self) -> AnyQuery<'static> {
        let query = sqlx::query(AssertSqlSafe(self.sql.clone()));
        self.values.iter().fold(query, bind)
    }
}

/// A moment as text that sorts.
pub(super) fn moment_text(moment: Timestamp) -> String {
    format!("{moment:.9}")
}

pub(super) fn json_text<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|source| StoreError::Unstorable { what, source: source.into() })
}

pub(super) fn parse_json<T: DeserializeOwned>(
    table: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| unreadable(table, source))
}

pub(super) fn parse<T>(table: &'static str, text: &str) -> Result<T, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|source| unreadable(table, source))
}

pub(super) fn unreadable(
    table: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError::Unreadable { table, source: Box::new(source) }
}

pub(super) fn text(table: &'static str, row: &AnyRow, column: usize) -> Result<String, StoreError> {
    row.try_get(column).map_err(|source| unreadable(table, source))
}

pub(super) fn optional_text(
    table: &'static str,
    row: &AnyRow,
    column: usize,
) -> Result<Option<String>, StoreError> {
    row.try_get(column).map_err(|source| unreadable(table, source))
}

pub(super) fn number(table: &'static str, row: &AnyRow, column: usize) -> Result<i64, StoreError> {
    row.try_get(column).map_err(|source| unreadable(table, source))
}

/// What happens to a row whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Replace,
    Refuse,
}

/// A table as rows are written to it: `org` first, then `keys`, then `rest`.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) keys: &'static [&'static str],
    pub(super) rest: &'static [&'static str],
    pub(super) existing: Existing,
}

/// The values of `keys` and `rest`.
pub(super) type Row = Vec<Value>;

macro_rules! tables {
    ($($table:ident $name:literal ($($key:literal),+; $($rest:literal),*) $existing:ident;)+) => {
        $(pub(super) static $table: Table = Table {
            name: $name,
            keys: &[$($key),+],
            rest: &[$($rest),*],
            existing: Existing::$existing,
        };)+
    };
}

tables! {
    PEOPLE "people" ("id"; "doc") Replace;
    SOURCES "sources" ("name"; "doc") Replace;
    CONNECTIONS "connections" ("app"; "doc") Replace;
    CREDENTIALS "credentials" ("app"; "key_id", "sealed") Replace;
    ACCOUNTS "accounts" ("app", "account"; "digest", "first_seen", "last_changed", "gone", "seq", "doc") Replace;
    STAGING "staging" ("app", "reading", "account"; "digest", "staged", "doc") Replace;
    OBSERVATIONS "observations" ("app", "id"; "seq", "proven", "doc") Refuse;
    LEARNED "learned" ("app", "account"; "doc") Replace;
    LINKS "links" ("app", "account"; "person", "doc") Replace;
    POLICIES "policies" ("number"; "doc") Refuse;
    PLANS "plans" ("digest"; "app", "made", "doc") Replace;
    RUNS "runs" ("id"; "app", "person", "account", "fingerprint", "state", "intended", "changed", "doc") Replace;
    APPROVALS "approvals" ("app", "fingerprint"; "expires", "doc") Replace;
    WORK "work" ("app", "account"; "doc") Replace;
    ACTIVITY "activity" ("app", "account"; "doc") Replace;
    TRAILS "trails" ("app"; "doc") Replace;
    NOTICED "noticed" ("app", "what"; "since") Replace;
    ORDERS "orders" ("kind", "id"; "doc") Replace;
    SIGN_INS "sign_ins" ("email"; "key_id", "sealed") Replace;
    SESSIONS "sessions" ("id"; "email", "doc") Replace;
    SIGN_IN_LINKS "sign_in_links" ("id"; "doc") Replace;
    TOKEN_USES "token_uses" ("token"; "at") Replace;
    CYCLES "cycles" ("app"; "doc") Replace;
    CHECK_RESULTS "check_results" ("what"; "doc") Replace;
    SIGNING_KEYS "signing_keys" ("number"; "key_id", "sealed") Refuse;
    RESEALED_SIGNING_KEYS "signing_keys" ("number"; "key_id", "sealed") Replace;
    FILES "files" ("sha256"; "content") Replace;
    MENTIONS "mentions" ("account", "seq";) Refuse;
    JOURNAL "journal" ("seq"; "at", "actor", "event", "person", "app", "account", "operation", "plan", "data", "salt", "data_digest", "prev", "hash") Refuse;
}

/// Rows written by one statement. SQLite takes 32,766 placeholders, PostgreSQL 65,535.
const ROWS_PER_STATEMENT: usize = 200;

impl Table {
    /// The statement that writes `rows` rows.
    fn insert(&self, rows: usize) -> String {
        let columns: Vec<&str> =
            std::iter::once("org").chain(self.keys.iter().chain(self.rest).copied()).collect();
        let width = columns.len();
        let places: Vec<String> = (0..rows)
            .map(|row| {
                let places: Vec<String> =
                    (1..=width).map(|column| format!("${}", row * width + column)).collect();
                format!("({})", places.join(", "))
            })
            .collect();
        let mut sql = format!(
            "INSERT INTO {} ({}) VALUES {}",
            self.name,
            columns.join(", "),
            places.join(", ")
        );
        if self.existing == Existing::Replace {
            let set: Vec<String> =
                self.rest.iter().map(|column| format!("{column} = excluded.{column}")).collect();
            sql += &format!(
                " ON CONFLICT (org, {}) DO UPDATE SET {}",
                self.keys.join(", "),
                set.join(", ")
            );
        }
        sql
    }

    /// Writes `rows`, the last of each key.
    pub(super) async fn write(
        &self,
        connection: &mut sqlx::AnyConnection,
        org: &str,
        rows: &[Row],
    ) -> Result<(), sqlx::Error> {
        for batch in self.last_of_each_key(rows).chunks(ROWS_PER_STATEMENT) {
            // Full batches and single rows come again and again; what is between does not.
            let again = batch.len() == ROWS_PER_STATEMENT || batch.len() == 1;
            let sql = AssertSqlSafe(self.insert(batch.len()));
            let mut query = sqlx::query(sql).persistent(again);
            for row in batch {
                query = query.bind(org.to_owned());
                query = row.iter().fold(query, bind);
            }
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// PostgreSQL refuses to write a row twice in one statement.
    fn last_of_each_key<'r>(&self, rows: &'r [Row]) -> Vec<&'r Row> {
        if self.existing == Existing::Refuse || rows.len() < 2 {
            return rows.iter().collect();
        }
        let mut last = BTreeMap::new();
        for row in rows {
            let key: Vec<&Value> = row.iter().take(self.keys.len()).collect();
            last.insert(key, row);
        }
        last.into_values().collect()
    }
}
