//! The rows as they lie there, to be held against the journal: every column that is searched by
//! must be the one that Muster writes beside its document, and what no document holds is given out.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use futures_util::TryStreamExt as _;
use muster_domain::{
    engine::{checks, history::trace::mentioned},
    model::{
        account::Account,
        canonical::Digest,
        check::CheckResult,
        id::{AccountId, AppName},
        link::Link,
        operation::Learned,
        order::Orders,
        plan::Plan,
        work::OpenWork,
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Row as _, any::AnyRow};

use super::{
    OrgStore, StoreError,
    account::document_digest,
    columns::{
        ACCOUNTS, ACTIVITY, APPROVALS, CHECK_RESULTS, CONNECTIONS, CREDENTIALS, FILES, LEARNED,
        LINKS, NOTICED, OBSERVATIONS, ORDERS, PEOPLE, PLANS, POLICIES, RUNS, SIGNING_KEYS, SOURCES,
        Statement, TRAILS, Table, Value, WORK, moment_text, number, parse, parse_json, text,
        unreadable,
    },
    images::row_digest,
    records::{Connection, ObservationRecord, SourceRecord},
    tx,
};

/// What a row should hold, column by column, from what it does hold; `None` leaves a column to be
/// held against the journal.
type Anew = fn(&[Value]) -> Result<Vec<Option<Value>>, StoreError>;

/// How what lies in a table is held against the journal.
enum Held {
    /// The documents against those that entries tell; the columns beside them are worked out anew.
    Documents(&'static Table, Anew),
    /// Each row against its image as entries tell it, made from the columns beside its key.
    Images(&'static Table, fn(&[String]) -> Json),
    /// The rows of an entry against the accounts that it tells of.
    Mentions,
    /// Not, and why not.
    Not(&'static str),
}

use Held::{Documents, Images, Mentions, Not};

/// Every table that migrations make, and how it is held against the journal. A table that is not
/// listed here fails a test; whoever adds one says here why nothing is concluded from it, or how
/// what somebody changes in it is found.
const TABLES: &[(&str, Held)] = &[
    ("people", Documents(&PEOPLE, |row| by_document(&PEOPLE, row, tx::person_row))),
    ("sources", Documents(&SOURCES, source)),
    ("connections", Documents(&CONNECTIONS, connection)),
    ("credentials", Images(&CREDENTIALS, row_digest)),
    ("accounts", Documents(&ACCOUNTS, account)),
    ("observations", Documents(&OBSERVATIONS, observation)),
    ("learned", Documents(&LEARNED, |row| of_account::<Learned>(&LEARNED, row))),
    ("links", Documents(&LINKS, link)),
    ("policies", Documents(&POLICIES, |row| by_document(&POLICIES, row, tx::policy_row))),
    ("plans", Documents(&PLANS, plan)),
    ("runs", Documents(&RUNS, |row| by_document(&RUNS, row, tx::run_row))),
    ("approvals", Documents(&APPROVALS, |row| by_document(&APPROVALS, row, tx::approval_row))),
    ("work", Documents(&WORK, |row| of_account::<OpenWork>(&WORK, row))),
    ("orders", Documents(&ORDERS, order)),
    ("check_results", Documents(&CHECK_RESULTS, check_result)),
    ("files", Documents(&FILES, file)),
    ("noticed", Images(&NOTICED, as_text)),
    ("trails", Images(&TRAILS, as_document)),
    ("activity", Images(&ACTIVITY, row_digest)),
    ("signing_keys", Images(&SIGNING_KEYS, row_digest)),
    ("mentions", Mentions),
    ("journal", Not("it is the journal: its chain is verified")),
    ("journal_head", Not("it is the journal's end: the chain is verified up to it")),
    ("migrations", Not("held against the program's own, when it opens and with the schema")),
    ("leases", Not("who works now: a forged one delays work or ends it, what is done is fenced")),
    ("cycles", Not("when an app is looked at next; how old a read is, the read itself tells")),
    (
        "sign_ins",
        Not("sealed: what is copied in from elsewhere opens nothing; no finding rests on it"),
    ),
    (
        "sessions",
        Not("who is signed in now: no finding rests on it, and what is done is journaled"),
    ),
    (
        "sign_in_links",
        Not("who may sign in once: no finding rests on it, and its use is journaled"),
    ),
    ("token_uses", Not("when a token was last used: it is shown, and nothing is concluded")),
    ("staging", Not("a read merges what it staged itself and refuses the rest")),
];

/// Every table of the database, and why what lies in it is not held against the journal where it
/// is not.
pub fn tables() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    TABLES.iter().map(|(name, held)| match held {
        Not(why) => (*name, Some(*why)),
        Documents(..) | Images(..) | Mentions => (*name, None),
    })
}

fn documents() -> impl Iterator<Item = (&'static Table, Anew)> {
    TABLES.iter().filter_map(|(_, held)| match held {
        Documents(table, anew) => Some((*table, *anew)),
        Images(..) | Mentions | Not(_) => None,
    })
}

/// The document in the last column, and what Muster writes into the columns before it.
fn by_document<T: DeserializeOwned>(
    table: &'static Table,
    row: &[Value],
    anew: impl Fn(&T) -> Result<Vec<Value>, StoreError>,
) -> Result<Vec<Option<Value>>, StoreError> {
    let columns = table.keys.len() + table.rest.len() - 1;
    let doc: T = document(table, row)?;
    Ok(anew(&doc)?.into_iter().take(columns).map(Some).collect())
}

/// A document about an account that it does not name.
fn of_account<T: DeserializeOwned>(
    table: &'static Table,
    row: &[Value],
) -> Result<Vec<Option<Value>>, StoreError> {
    parse::<AccountId>(table.name, &row.get(1).map(words).unwrap_or_default())?;
    document::<T>(table, row).map(|_| Vec::new())
}

fn document<T: DeserializeOwned>(table: &'static Table, row: &[Value]) -> Result<T, StoreError> {
    parse_json(table.name, &row.last().map(words).unwrap_or_default())
}

/// A moment in the one spelling that Muster writes.
fn moment(table: &'static Table, row: &[Value], column: usize) -> Result<Value, StoreError> {
    let text = row.get(column).map(words).unwrap_or_default();
    Ok(moment_text(parse(table.name, &text)?).into())
}

fn account(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    let doc: Json = document(&ACCOUNTS, row)?;
    let id = document::<Account>(&ACCOUNTS, row)?.id;
    let gone = match row.get(5) {
        None | Some(Value::OptionalText(None)) => Value::OptionalText(None),
        Some(_) => moment(&ACCOUNTS, row, 5)?,
    };
    Ok(vec![
        None,
        Some(id.as_str().into()),
        Some(document_digest(&doc)?.into()),
        Some(moment(&ACCOUNTS, row, 3)?),
        Some(moment(&ACCOUNTS, row, 4)?),
        Some(gone),
    ])
}

fn observation(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    let doc: ObservationRecord = document(&OBSERVATIONS, row)?;
    let proven = doc.header.completeness == muster_domain::model::observation::Completeness::Proven;
    Ok(vec![None, Some(doc.id.as_str().into()), None, Some(Value::Number(i64::from(proven)))])
}

fn link(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    let link: Link = document(&LINKS, row)?;
    let person = link.person().cloned().map(String::from);
    Ok(vec![None, Some(link.account.as_str().into()), Some(person.into())])
}

fn plan(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    let plan: Plan = document(&PLANS, row)?;
    let text = row.last().map(words).unwrap_or_default();
    Ok(vec![
        Some(Digest::of(text.as_bytes()).to_string().into()),
        Some(plan.app.as_str().into()),
        Some(plan.at.into()),
    ])
}

fn order(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    let kind = row.first().map(words).unwrap_or_default();
    let mut orders = Orders::default();
    orders
        .add(&kind, &row.last().map(words).unwrap_or_default())
        .map_err(|error| unreadable(ORDERS.name, error))?;
    let documents = orders.documents().map_err(|error| unreadable(ORDERS.name, error))?;
    let unknown = || std::io::Error::other("there is no such kind of order");
    let (kind, id) =
        documents.into_keys().next().ok_or_else(|| unreadable(ORDERS.name, unknown()))?;
    Ok(vec![Some(kind.into()), Some(id.into())])
}

fn source(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    by_document(&SOURCES, row, |one: &SourceRecord| Ok(vec![one.name.as_str().into()]))
}

fn connection(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    by_document(&CONNECTIONS, row, |one: &Connection| Ok(vec![one.app.as_str().into()]))
}

fn check_result(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    let key = |one: &CheckResult| Ok(vec![checks::key(&one.check, &one.unit).into()]);
    by_document(&CHECK_RESULTS, row, key)
}

/// What the last column holds, as text.
fn as_text(rest: &[String]) -> Json {
    Json::String(rest.last().cloned().unwrap_or_default())
}

/// What cannot be read is no document, and differs from every one that is told.
fn as_document(rest: &[String]) -> Json {
    let last = rest.last().map(String::as_str).unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| as_text(rest))
}

fn file(row: &[Value]) -> Result<Vec<Option<Value>>, StoreError> {
    let content = row.last().map(words).unwrap_or_default();
    let bytes = BASE64.decode(content).map_err(|error| unreadable(FILES.name, error))?;
    Ok(vec![Some(Digest::of(&bytes).to_string().into()), Some(BASE64.encode(&bytes).into())])
}

fn words(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::OptionalText(text) => text.clone().unwrap_or_default(),
        Value::Number(number) => number.to_string(),
    }
}

/// A value that is the same whether a column may be empty or not.
fn plain(value: &Value) -> (Option<&str>, Option<i64>) {
    match value {
        Value::Text(text) => (Some(text), None),
        Value::OptionalText(text) => (text.as_deref(), None),
        Value::Number(number) => (None, Some(*number)),
    }
}

/// The columns of a row, whatever they hold.
fn values(table: &'static str, row: &AnyRow) -> Result<Vec<Value>, StoreError> {
    let value = |column| match row.try_get::<Option<String>, _>(column) {
        Ok(text) => Ok(Value::OptionalText(text)),
        Err(_) => number(table, row, column).map(Value::Number),
    };
    (0..row.len()).map(value).collect()
}

impl OrgStore {
    /// Where a column is not what Muster writes beside the document of its row, and what cannot be
    /// understood: each row named, and no more of it than its key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn misfiled(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for (table, anew) in documents() {
            let mut rows = sqlx::query(AssertSqlSafe(select(table)))
                .bind(self.org.as_str())
                .fetch(&self.store.driver().pool);
            while let Some(row) = rows.try_next().await.map_err(|error| self.store.fault(error))? {
                found.extend(wrong(table, anew, &row));
            }
        }
        Ok(found)
    }

    /// Every app of which anything is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn apps_kept(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut apps = BTreeSet::new();
        let has_app = |table: &Table| table.keys.iter().chain(table.rest).any(|one| *one == "app");
        for (table, _) in documents().filter(|(table, _)| has_app(table)) {
            let table = table.name;
            let sql = format!("SELECT DISTINCT app FROM {table} WHERE org = $1");
            let rows = sqlx::query(AssertSqlSafe(sql))
                .bind(self.org.as_str())
                .fetch_all(&self.store.driver().pool);
            for row in rows.await.map_err(|error| self.store.fault(error))? {
                apps.insert(text(table, &row, 0)?);
            }
        }
        Ok(apps)
    }

    /// By which entry each account of an app, or each read, says it was written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn written_by(
        &self,
        app: &AppName,
    ) -> Result<(BTreeMap<String, i64>, BTreeMap<String, i64>), StoreError> {
        let accounts =
            Statement::of_org("SELECT account, seq FROM accounts WHERE org = $1", &self.org)
                .with("AND app = ?", Some(app.as_str()));
        let reads = Statement::of_org("SELECT id, seq FROM observations WHERE org = $1", &self.org)
            .with("AND app = ?", Some(app.as_str()));
        let pair = |row: &AnyRow| Ok((text("accounts", row, 0)?, number("accounts", row, 1)?));
        let accounts: Result<_, StoreError> =
            self.rows(&accounts).await?.iter().map(pair).collect();
        let reads: Result<_, StoreError> = self.rows(&reads).await?.iter().map(pair).collect();
        Ok((accounts?, reads?))
    }

    /// What trying taught about accounts of an app, and the work they held, also of accounts that
    /// are not kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn beside_accounts<T: DeserializeOwned>(
        &self,
        app: &AppName,
        table: Beside,
    ) -> Result<BTreeMap<AccountId, T>, StoreError> {
        let (name, sql) = match table {
            Beside::Learned => ("learned", "SELECT account, doc FROM learned WHERE org = $1"),
            Beside::Work => ("work", "SELECT account, doc FROM work WHERE org = $1"),
        };
        let statement = Statement::of_org(sql, &self.org).with("AND app = ?", Some(app.as_str()));
        let pair = |row: &AnyRow| {
            Ok((parse(name, &text(name, row, 0)?)?, parse_json(name, &text(name, row, 1)?)?))
        };
        self.rows(&statement).await?.iter().map(pair).collect()
    }

    /// By the entry's number, the digest of the accounts under which it is found.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mentions(&self) -> Result<BTreeMap<i64, Digest>, StoreError> {
        let sql = "SELECT seq, account FROM mentions WHERE org = $1 ORDER BY seq";
        let statement = Statement::of_org(sql, &self.org);
        let mut rows = statement.query().fetch(&self.store.driver().pool);
        let mut found = BTreeMap::new();
        let mut of: Option<(i64, Vec<String>)> = None;
        let digest = |accounts: &[String]| mentioned(accounts.iter().map(String::as_str));
        while let Some(row) = rows.try_next().await.map_err(|error| self.store.fault(error))? {
            let (seq, account) = (number("mentions", &row, 0)?, text("mentions", &row, 1)?);
            match &mut of {
                Some((last, accounts)) if *last == seq => accounts.push(account),
                _ => {
                    found.extend(
                        of.replace((seq, vec![account])).map(|(seq, all)| (seq, digest(&all))),
                    );
                }
            }
        }
        found.extend(of.map(|(seq, all)| (seq, digest(&all))));
        Ok(found)
    }

    /// What is kept of kinds that are told by images and are no orders, people, runs or links: the
    /// image of each row, by table and key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn images_kept(
        &self,
    ) -> Result<BTreeMap<&'static str, BTreeMap<Vec<String>, Json>>, StoreError> {
        let mut kept: BTreeMap<&'static str, BTreeMap<Vec<String>, Json>> = BTreeMap::new();
        for (_, held) in TABLES {
            let Images(table, image) = held else { continue };
            let of_table = kept.entry(table.name).or_default();
            let mut rows = sqlx::query(AssertSqlSafe(select(table)))
                .bind(self.org.as_str())
                .fetch(&self.store.driver().pool);
            while let Some(row) = rows.try_next().await.map_err(|error| self.store.fault(error))? {
                let columns: Vec<String> = values(table.name, &row)?.iter().map(words).collect();
                let (key, rest) = columns.split_at(table.keys.len().min(columns.len()));
                of_table.insert(key.to_vec(), image(rest));
            }
        }
        Ok(kept)
    }

    /// The digests under which plans are kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plans_kept(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT digest FROM plans WHERE org = $1";
        let rows = self.rows(&Statement::of_org(sql, &self.org)).await?;
        rows.iter().map(|row| text("plans", row, 0)).collect()
    }
}

/// A table of what is known of accounts beside themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// What trying taught.
    Learned,
    /// What they held.
    Work,
}

fn select(table: &Table) -> String {
    let columns: Vec<&str> = table.keys.iter().chain(table.rest).copied().collect();
    format!("SELECT {} FROM {} WHERE org = $1", columns.join(", "), table.name)
}

/// What is wrong with a row, if something is.
fn wrong(table: &'static Table, anew: Anew, row: &AnyRow) -> Option<String> {
    let Ok(found) = values(table.name, row) else {
        return Some(format!("a row of {}: it cannot be understood", table.name));
    };
    let key: Vec<String> = found.iter().take(table.keys.len()).map(words).collect();
    let key: String = key.join("/").chars().take(48).collect();
    let place = format!("{} {key}", table.name);
    let Ok(anew) = anew(&found) else {
        return Some(format!("{place}: it cannot be understood"));
    };
    let columns = table.keys.iter().chain(table.rest);
    let differs = |((column, found), anew): ((&&str, &Value), &Option<Value>)| {
        let differs = anew.as_ref().is_some_and(|anew| plain(anew) != plain(found));
        differs.then(|| (*column).to_owned())
    };
    let column = columns.zip(&found).zip(&anew).find_map(differs)?;
    Some(format!("{place}: {column} is not what its document tells"))
}
