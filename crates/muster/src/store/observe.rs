//! Accounts as they are read: staged page by page in short transactions while a read goes on,
//! merged in one short transaction at its end. A read that finds nothing new writes nothing but
//! the observation itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    account::Account,
    id::{AccountId, AppName, ObservationId},
    journal::{About, Event},
    observation::Completeness,
};
use serde_json::{Value as Json, json};
use sqlx::{AnyConnection, any::AnyRow};

use super::{
    OrgStore, StoreError,
    account::{Before, account_digest, document_digest},
    columns::{
        ACCOUNTS, Row, STAGING, Statement, Value, json_text, moment_text, number, parse,
        parse_json, text,
    },
    journal::Appender,
    records::{ObservationHeader, ObservationRecord, Reading},
    tx::Tx,
};

/// Accounts per journal entry, and per page of a merge.
const CHUNK: usize = 200;

/// A read that has not ended after so long is dead.
const DEAD: SignedDuration = SignedDuration::from_hours(24);

impl OrgStore {
    /// Begins a read of an app. Writes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_read(&self, app: &AppName) -> Result<Reading, StoreError> {
        let (after, _) = self.head().await?;
        let id = ObservationId::from_chance(self.store.0.env.chance());
        Ok(Reading { id, app: app.clone(), after, staged: Arc::default() })
    }

    /// Stages one page of a read: writes down those accounts that are not known to be like that.
    /// The same account may come again; the later one counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stage(&self, reading: &Reading, accounts: &[Account]) -> Result<(), StoreError> {
        let now = self.store.0.env.now();
        for page in accounts.chunks(CHUNK) {
            let digests = page
                .iter()
                .map(|account| Ok((&account.id, (account_digest(account)?, account))))
                .collect::<Result<BTreeMap<_, _>, StoreError>>()?;
            let known = self.known(reading, digests.keys().copied()).await?;
            let mut rows: Vec<Row> = Vec::new();
            for (id, (digest, account)) in &digests {
                let known = known.get(id.as_str());
                let same = known.is_some_and(|known| known.digest.as_ref() == Some(digest));
                if same && !known.is_some_and(|known| known.staged) {
                    continue;
                }
                rows.push(vec![
                    reading.app.as_str().into(),
                    reading.id.as_str().into(),
                    id.as_str().into(),
                    digest.as_str().into(),
                    now.into(),
                    json_text("an account", account)?.into(),
                ]);
            }
            if !rows.is_empty() {
                let mut transaction = self.store.driver().begin().await?;
                let written = STAGING.write(&mut transaction, self.org.as_str(), &rows).await;
                written.map_err(|error| self.store.fault(error))?;
                transaction.commit().await.map_err(|error| self.store.fault(error))?;
                reading.note(&rows)?;
            }
        }
        Ok(())
    }

    /// What is known of these accounts, and whether this read has staged them before.
    async fn known(
        &self,
        reading: &Reading,
        ids: impl Iterator<Item = &AccountId>,
    ) -> Result<BTreeMap<String, Known>, StoreError> {
        let ids: Vec<&str> = ids.map(AccountId::as_str).collect();
        let accounts = Statement::of_org(
            "SELECT account, digest FROM accounts WHERE org = $1 AND gone IS NULL",
            &self.org,
        )
        .with("AND app = ?", Some(reading.app.as_str()))
        .with_list("AND account IN (", ids.iter().copied(), ")");
        let staging = Statement::of_org("SELECT account FROM staging WHERE org = $1", &self.org)
            .with("AND app = ?", Some(reading.app.as_str()))
            .with("AND reading = ?", Some(reading.id.as_str()))
            .with_list("AND account IN (", ids.iter().copied(), ")");
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        for row in self.rows(&accounts).await? {
            known.entry(text("accounts", &row, 0)?).or_default().digest =
                Some(text("accounts", &row, 1)?);
        }
        for row in self.rows(&staging).await? {
            known.entry(text("staging", &row, 0)?).or_default().staged = true;
        }
        Ok(known)
    }
}

impl Reading {
    /// Keeps what this process staged, so that what others put there is not taken for it.
    fn note(&self, rows: &[Row]) -> Result<(), StoreError> {
        let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            if let [_, _, Value::Text(id), Value::Text(digest), ..] = row.as_slice() {
                staged.insert(parse(STAGING.name, id)?, parse(STAGING.name, digest)?);
            }
        }
        Ok(())
    }

    fn has_staged(&self, account: &str, digest: &str) -> bool {
        let staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        let id: Result<AccountId, _> = account.parse();
        id.ok().and_then(|id| staged.get(&id).copied()).is_some_and(|it| it.to_string() == digest)
    }

    fn count_staged(&self) -> usize {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[derive(Default)]
struct Known {
    digest: Option<String>,
    staged: bool,
}

/// The end of a read.
pub(super) struct Merge {
    pub(super) reading: Reading,
    pub(super) header: ObservationHeader,
    pub(super) seen: BTreeSet<AccountId>,
}

/// What a merge has found so far, and the changes not journaled yet.
#[derive(Default)]
struct Findings {
    added: u64,
    changed: u64,
    gone: u64,
    rows: Vec<Row>,
    changes: Vec<Json>,
    accounts: Vec<String>,
}

/// A merge at work.
struct Merging<'a, 'b> {
    merge: &'a Merge,
    tx: &'a Tx,
    connection: &'a mut AnyConnection,
    appender: &'a mut Appender<'b>,
    seq: i64,
    findings: Findings,
}

impl Merge {
    pub(super) fn is_proven(&self) -> bool {
        self.header.completeness == Completeness::Proven
    }

    /// Merges what was staged, marks what is gone, journals both.
    pub(super) async fn run(
        &self,
        tx: &Tx,
        connection: &mut AnyConnection,
        appender: &mut Appender<'_>,
        seq: i64,
    ) -> Result<ObservationRecord, StoreError> {
        let findings = Findings::default();
        let mut merging = Merging { merge: self, tx, connection, appender, seq, findings };
        merging.is_all_of_the_past().await?;
        merging.merge_staged().await?;
        if self.is_proven() {
            merging.mark_gone().await?;
        }
        merging.flush().await?;
        merging.clean_up().await?;
        let record = ObservationRecord {
            id: self.reading.id.clone(),
            header: self.header.clone(),
            seen: self.seen.len() as u64,
            added: merging.findings.added,
            changed: merging.findings.changed,
            gone: merging.findings.gone,
        };
        let data = serde_json::to_value(&record).map_err(|source| StoreError::Unstorable {
            what: "an observation",
            source: source.into(),
        })?;
        let about = About { app: Some(self.reading.app.clone()), ..About::default() };
        let draft = tx.draft(Event::AppObserved, about, data);
        merging.appender.append(merging.connection, draft, Vec::new()).await?;
        Ok(record)
    }
}

fn altered(table: &'static str, row: &str, how: &str) -> StoreError {
    StoreError::Altered { table, row: row.to_owned(), how: how.to_owned() }
}

impl Merging<'_, '_> {
    fn fault(&self, error: sqlx::Error) -> StoreError {
        self.tx.store().store.fault(error)
    }

    async fn rows(&mut self, statement: &Statement) -> Result<Vec<AnyRow>, StoreError> {
        let rows = statement.query().fetch_all(&mut *self.connection).await;
        rows.map_err(|error| self.fault(error))
    }

    async fn merge_staged(&mut self) -> Result<(), StoreError> {
        let store = self.tx.store().clone();
        let mut found = 0;
        let mut last: Option<String> = None;
        loop {
            let page = Statement::of_org(
                "SELECT s.account, s.digest, s.doc, a.account, a.digest, a.doc, a.first_seen, \
                 a.last_changed, a.gone, a.seq FROM staging s LEFT JOIN accounts a \
                 ON a.org = s.org AND a.app = s.app AND a.account = s.account WHERE s.org = $1",
                &store.org,
            )
            .with("AND s.app = ?", Some(self.merge.reading.app.as_str()))
            .with("AND s.reading = ?", Some(self.merge.reading.id.as_str()))
            .with("AND s.account > ?", last.clone())
            .then("ORDER BY s.account LIMIT 200");
            let rows = self.rows(&page).await?;
            for row in &rows {
                let account = text("staging", row, 0)?;
                let digest = text("staging", row, 1)?;
                let doc = text("staging", row, 2)?;
                let before = Before::of(row, 3)?;
                last = Some(account.clone());
                found += 1;
                if !self.merge.reading.has_staged(&account, &digest) {
                    return Err(altered(STAGING.name, &account, "this read did not stage it so"));
                }
                self.merge_one(account, (digest, doc), before)?;
            }
            if rows.len() < CHUNK {
                break;
            }
            self.flush().await?;
        }
        let missing = self.merge.reading.count_staged().saturating_sub(found);
        if missing == 0 {
            return Ok(());
        }
        let how = format!("{missing} accounts that were staged are missing");
        Err(altered(STAGING.name, self.merge.reading.id.as_str(), &how))
    }

    /// A row of accounts is written by a transaction that has ended: a later number was never
    /// given, and believing it would shut out every later read. Asked before this one writes any.
    async fn is_all_of_the_past(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT account, seq FROM accounts WHERE org = $1";
        let of_the_future = Statement::of_org(sql, &self.tx.store().org)
            .with("AND app = ?", Some(self.merge.reading.app.as_str()))
            .with("AND seq >= ?", Some(self.seq))
            .then("ORDER BY account LIMIT 1");
        let rows = self.rows(&of_the_future).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let (account, seq) = (text(ACCOUNTS.name, row, 0)?, number(ACCOUNTS.name, row, 1)?);
        let how = format!("it says entry {seq} wrote it, and the journal ends at {}", self.seq - 1);
        Err(altered(ACCOUNTS.name, &account, &how))
    }

    fn merge_one(
        &mut self,
        account: String,
        (digest, doc): (String, String),
        before: Option<Before>,
    ) -> Result<(), StoreError> {
        // A direct look-up since the read began knows better.
        if before.as_ref().is_some_and(|before| before.seq > self.merge.reading.after) {
            return Ok(());
        }
        let there = before.as_ref().filter(|before| before.gone.is_none());
        if there.is_some_and(|there| there.digest == digest) {
            return Ok(());
        }
        let after: Json = parse_json("staging", &doc)?;
        if document_digest(&after)? != digest {
            return Err(altered(STAGING.name, &account, "its document has another digest"));
        }
        let old: Json = there.map_or(Ok(Json::Null), |there| parse_json("accounts", &there.doc))?;
        match there {
            Some(_) => self.findings.changed += 1,
            None => self.findings.added += 1,
        }
        let finished = moment_text(self.merge.header.finished);
        let first_seen = before.map_or_else(|| finished.clone(), |before| before.first_seen);
        self.note(&account, old, after);
        self.findings.rows.push(vec![
            self.merge.reading.app.as_str().into(),
            account.into(),
            digest.into(),
            first_seen.into(),
            finished.into(),
            None.into(),
            self.seq.into(),
            doc.into(),
        ]);
        Ok(())
    }

    fn note(&mut self, account: &str, before: Json, after: Json) {
        let change = json!({ "account": account, "before": before, "after": after });
        self.findings.changes.push(change);
        self.findings.accounts.push(account.to_owned());
    }

    /// Only a proven read tells that somebody is gone (law 9).
    async fn mark_gone(&mut self) -> Result<(), StoreError> {
        let store = self.tx.store().clone();
        let there = Statement::of_org(
            "SELECT account FROM accounts WHERE org = $1 AND gone IS NULL",
            &store.org,
        )
        .with("AND app = ?", Some(self.merge.reading.app.as_str()))
        .with("AND seq <= ?", Some(self.merge.reading.after));
        let mut missing = Vec::new();
        for row in self.rows(&there).await? {
            let account: String = text("accounts", &row, 0)?;
            let id: AccountId = super::columns::parse("accounts", &account)?;
            if !self.merge.seen.contains(&id) {
                missing.push(account);
            }
        }
        for chunk in missing.chunks(CHUNK) {
            self.flush().await?;
            let page = Statement::of_org(
                "SELECT account, digest, doc, first_seen, last_changed, gone, seq FROM accounts \
                 WHERE org = $1",
                &store.org,
            )
            .with("AND app = ?", Some(self.merge.reading.app.as_str()))
            .with_list("AND account IN (", chunk.iter().map(String::as_str), ")")
            .then("ORDER BY account");
            for row in self.rows(&page).await? {
                let account = text("accounts", &row, 0)?;
                let Some(before) = Before::of(&row, 0)? else { continue };
                self.mark_one(&account, before)?;
            }
        }
        Ok(())
    }

    fn mark_one(&mut self, account: &str, before: Before) -> Result<(), StoreError> {
        let old = parse_json("accounts", &before.doc)?;
        let finished = moment_text(self.merge.header.finished);
        self.note(account, old, Json::Null);
        self.findings.gone += 1;
        self.findings.rows.push(vec![
            self.merge.reading.app.as_str().into(),
            account.into(),
            before.digest.into(),
            before.first_seen.into(),
            finished.as_str().into(),
            Some(finished.clone()).into(),
            self.seq.into(),
            before.doc.into(),
        ]);
        Ok(())
    }

    /// Writes the changes found since the last time, and journals them.
    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.findings.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.findings.rows);
        let changes = std::mem::take(&mut self.findings.changes);
        let accounts = std::mem::take(&mut self.findings.accounts);
        let org = self.tx.store().org.as_str();
        let written = ACCOUNTS.write(self.connection, org, &rows).await;
        written.map_err(|error| self.fault(error))?;
        let app = Some(self.merge.reading.app.clone());
        let about = About { app, ..About::default() };
        let data = json!({
            "observation": self.merge.reading.id,
            "finished": self.merge.header.finished,
            "changes": changes,
        });
        let draft = self.tx.draft(Event::AccountsChanged, about, data);
        self.appender.append(self.connection, draft, accounts).await
    }

    /// Removes what this read staged, and what dead reads left behind.
    async fn clean_up(&mut self) -> Result<(), StoreError> {
        let dead = self.tx.moment().checked_sub(DEAD).unwrap_or(Timestamp::MIN);
        sqlx::query(
            "DELETE FROM staging WHERE org = $1 AND app = $2 AND (reading = $3 OR staged < $4)",
        )
        .bind(self.tx.store().org.as_str())
        .bind(self.merge.reading.app.as_str())
        .bind(self.merge.reading.id.as_str())
        .bind(moment_text(dead))
        .execute(&mut *self.connection)
        .await
        .map(|_| ())
        .map_err(|error| self.fault(error))
    }
}
