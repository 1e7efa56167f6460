//! Writing. A [`Tx`] collects changes of state and journal entries; [`Tx::commit`] makes them all
//! or none, in the order in which they were given.
//!
//! Since nothing happens before the commit, dropping a transaction undoes it, and a commit that met
//! another writer is simply tried again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use muster_domain::model::{
    account::Account,
    activity::{Activity, Trail},
    id::{AccountId, AppName, PersonId},
    journal::{About, Draft, Event},
    link::Link,
    operation::{Approval, Learned, Run},
    order::Order,
    person::Person,
    plan::Plan,
    work::OpenWork,
};
use sqlx::AnyConnection;

use super::{
    OrgStore, StoreError,
    account::Fresh,
    columns::{
        ACTIVITY, APPROVALS, CONNECTIONS, CREDENTIALS, LEARNED, LINKS, NOTICED, OBSERVATIONS,
        ORDERS, PEOPLE, PLANS, POLICIES, RUNS, Row, SOURCES, TRAILS, Table, Value, WORK, json_text,
    },
    images,
    journal::{Appender, signed},
    observe::Merge,
    read::credentials_place,
    records::{
        Committed, Connection, Free, Lease, ObservationHeader, ObservationRecord, PolicyVersion,
        Reading, SourceRecord,
    },
    redact::{Redacting, Restated},
    seal,
};
use crate::secret::Secret;

/// How often a commit is tried when others are in the way.
const ATTEMPTS: u32 = 4;

/// Changes that are made together, or not at all.
#[must_use = "nothing is written before `commit`"]
pub struct Tx {
    store: OrgStore,
    actor: String,
    now: Timestamp,
    writes: Vec<Write>,
    going_on: BTreeSet<String>,
    fences: Vec<Lease>,
    free: Vec<Free>,
    fault: Option<StoreError>,
}

/// What a trail tells, with a salt: the journal holds its digest, by which nobody shall find it.
#[derive(serde::Serialize)]
struct Salted<'a> {
    salt: String,
    #[serde(flatten)]
    activity: &'a Activity,
}

pub(super) enum Write {
    Rows(&'static Table, Vec<Row>),
    Unlink(AppName, AccountId),
    TakeBack(&'static str, String),
    RemovePerson(PersonId),
    Redact(Box<Redacting>),
    Restate(Box<Restated>),
    Unseal(AppName),
    ForgetSeeds(i64),
    Forget(AppName, Vec<String>),
    Settle(Vec<String>),
    Account(Box<Fresh>),
    Merge(Box<Merge>),
    Journal(Box<Draft>),
}

impl OrgStore {
    /// Begins a transaction of `actor` at `now`.
    pub fn begin(&self, actor: &str, now: Timestamp) -> Tx {
        Tx {
            store: self.clone(),
            actor: actor.to_owned(),
            now,
            writes: Vec::new(),
            going_on: BTreeSet::new(),
            fences: Vec::new(),
            free: Vec::new(),
            fault: None,
        }
    }
}

impl Tx {
    pub(super) fn rows(&mut self, table: &'static Table, rows: Result<Vec<Row>, StoreError>) {
        match rows {
            Err(error) => {
                self.fault.get_or_insert(error);
            }
            Ok(rows) => match self.writes.last_mut() {
                Some(Write::Rows(last, earlier)) if last.name == table.name => earlier.extend(rows),
                _ => self.writes.push(Write::Rows(table, rows)),
            },
        }
    }

    pub(super) fn row(&mut self, table: &'static Table, row: Result<Row, StoreError>) {
        self.rows(table, row.map(|row| vec![row]));
    }

    /// Writes people, new or known.
    pub fn put_people(&mut self, people: &[Person]) {
        self.rows(&PEOPLE, people.iter().map(person_row).collect());
    }

    /// Takes a person off the list: she goes on in another, see [`Tx::put_order`] of what made
    /// her so.
    pub fn remove_person(&mut self, person: &PersonId) {
        self.writes.push(Write::RemovePerson(person.clone()));
    }

    /// Takes data out of entries, accounts and plans that were written before this transaction.
    pub fn redact(&mut self, redacting: Redacting) {
        self.writes.push(Write::Redact(Box::new(redacting)));
    }

    /// Journals anew what a redacted entry said of these accounts of others.
    pub fn restate(&mut self, about: About, accounts: Vec<AccountId>, data: serde_json::Value) {
        let draft = self.draft(Event::EntryRestated, about, data);
        let accounts = accounts.into_iter().map(String::from).collect();
        self.writes.push(Write::Restate(Box::new(Restated { draft, accounts })));
    }

    /// Writes what is known of a source.
    pub fn put_source(&mut self, source: &SourceRecord) {
        let row =
            json_text("a source", source).map(|doc| vec![source.name.as_str().into(), doc.into()]);
        self.row(&SOURCES, row);
    }

    /// Writes a connection.
    pub fn put_connection(&mut self, connection: &Connection) {
        let row = json_text("a connection", connection)
            .map(|doc| vec![connection.app.as_str().into(), doc.into()]);
        self.row(&CONNECTIONS, row);
    }

    /// Seals the credentials of a connection and writes them.
    pub fn put_credentials(&mut self, app: &AppName, credentials: &Secret) {
        let inner = &self.store.store.0;
        let place = credentials_place(&self.store, app);
        let row = seal::seal(&inner.key, &inner.env, &place, credentials)
            .map(|sealed| vec![app.as_str().into(), sealed.key_id.into(), sealed.text.into()]);
        self.row(&CREDENTIALS, row);
    }

    /// Forgets the credentials of a connection.
    pub fn remove_credentials(&mut self, app: &AppName) {
        self.writes.push(Write::Unseal(app.clone()));
    }

    pub(super) fn forget_signing_seeds(&mut self, before: i64) {
        self.writes.push(Write::ForgetSeeds(before));
    }

    /// Writes one account as a direct look-up found it: known better than by any full read that
    /// is going on. Journal it as [`Event::AccountsChanged`] or with the operation it belongs to.
    pub fn put_account(&mut self, app: &AppName, account: &Account) {
        match Fresh::found(app, account) {
            Ok(fresh) => self.writes.push(Write::Account(Box::new(fresh))),
            Err(error) => {
                self.fault.get_or_insert(error);
            }
        }
    }

    /// Marks one account as gone, as a direct look-up found it. An unknown one stays unknown.
    pub fn mark_gone(&mut self, app: &AppName, account: &AccountId) {
        self.writes.push(Write::Account(Box::new(Fresh::gone(app, account))));
    }

    /// Finishes a read: merges what was staged, marks as gone what a proven read did not see, and
    /// journals the observation and every account that changed. [`Committed::observation`] tells
    /// the outcome.
    pub fn finish_observation(
        &mut self,
        reading: &Reading,
        header: ObservationHeader,
        seen: std::collections::BTreeSet<AccountId>,
    ) {
        let reading = reading.clone();
        self.writes.push(Write::Merge(Box::new(Merge { reading, header, seen })));
    }

    /// Writes links, new or replaced.
    pub fn put_links(&mut self, app: &AppName, links: &[Link]) {
        let row = |link: &Link| {
            Ok(vec![
                app.as_str().into(),
                link.account.as_str().into(),
                link.person().cloned().map(String::from).into(),
                json_text("a link", link)?.into(),
            ])
        };
        self.rows(&LINKS, links.iter().map(row).collect());
    }

    /// Takes an account's link away.
    pub fn remove_link(&mut self, app: &AppName, account: &AccountId) {
        self.writes.push(Write::Unlink(app.clone(), account.clone()));
    }

    /// Makes a policy the valid one. The commit is a [`StoreError::Conflict`] when its number is
    /// taken.
    pub fn put_policy(&mut self, policy: &PolicyVersion) {
        self.row(&POLICIES, policy_row(policy));
    }

    /// Saves a plan under its digest.
    pub fn put_plan(&mut self, plan: &Plan) {
        let row = plan
            .canonical()
            .and_then(|doc| Ok((plan.digest()?, doc)))
            .map(|(digest, doc)| {
                vec![
                    digest.to_string().into(),
                    plan.app.as_str().into(),
                    plan.at.into(),
                    doc.into(),
                ]
            })
            .map_err(|source| StoreError::Unstorable { what: "a plan", source: source.into() });
        self.row(&PLANS, row);
    }

    /// Writes where a run stands.
    pub fn put_run(&mut self, run: &Run) {
        self.row(&RUNS, run_row(run));
    }

    /// Writes where a run stands whose operation and before-image were written before and are the
    /// same: its journal entry does not repeat them.
    pub fn put_run_on(&mut self, run: &Run) {
        self.going_on.insert(run.id.to_string());
        self.put_run(run);
    }

    /// Writes an approval; a later one of the same operation replaces it.
    pub fn put_approval(&mut self, approval: &Approval) {
        self.row(&APPROVALS, approval_row(approval));
    }

    /// Writes what an app's trail tells of accounts, and how far it was read.
    pub fn put_activity(
        &mut self,
        app: &AppName,
        activity: &BTreeMap<AccountId, Activity>,
        trail: &Trail,
    ) {
        let (key, org) = (self.store.store.0.key.clone(), self.store.org.clone());
        let row = |(account, activity): (&AccountId, &Activity)| {
            let doc = json_text("activity", activity)?;
            let place = [org.as_str(), app.as_str(), account.as_str(), &doc];
            let salt = key.salt(&place);
            let doc = json_text("activity", &Salted { salt, activity })?;
            Ok(vec![app.as_str().into(), account.as_str().into(), doc.into()])
        };
        self.rows(&ACTIVITY, activity.iter().map(row).collect());
        let row = json_text("a trail", trail).map(|doc| vec![app.as_str().into(), doc.into()]);
        self.row(&TRAILS, row);
    }

    /// Keeps since when gaps and tasks of an app are there, and forgets those that went.
    pub fn notice(&mut self, app: &AppName, came: &BTreeMap<String, Timestamp>, went: Vec<String>) {
        let row = |(what, since): (&String, &Timestamp)| {
            Ok(vec![app.as_str().into(), what.as_str().into(), (*since).into()])
        };
        self.rows(&NOTICED, came.iter().map(row).collect());
        self.writes.push(Write::Forget(app.clone(), went));
    }

    /// Forgets what checks found before and do not find now.
    pub fn settle_checks(&mut self, went: Vec<String>) {
        self.writes.push(Write::Settle(went));
    }

    /// Writes an order given by hand; a later one with the same key replaces it.
    pub fn put_order<T: Order>(&mut self, order: &T) {
        let row = json_text("an order", order)
            .map(|doc| vec![T::KIND.into(), order.key().into(), doc.into()]);
        self.row(&ORDERS, row);
    }

    /// Takes an order back.
    pub fn remove_order<T: Order>(&mut self, order: &T) {
        self.writes.push(Write::TakeBack(T::KIND, order.key()));
    }

    /// Writes what trying taught about shutting an account out.
    pub fn put_learned(&mut self, app: &AppName, account: &AccountId, learned: Learned) {
        let row = json_text("what was learned", &learned)
            .map(|doc| vec![app.as_str().into(), account.as_str().into(), doc.into()]);
        self.row(&LEARNED, row);
    }

    /// Writes what an account held when it was looked at.
    pub fn put_work(&mut self, app: &AppName, account: &AccountId, work: &OpenWork) {
        let row = json_text("what an account holds", work)
            .map(|doc| vec![app.as_str().into(), account.as_str().into(), doc.into()]);
        self.row(&WORK, row);
    }

    /// Appends an entry to the journal.
    pub fn journal(&mut self, event: Event, about: About, data: serde_json::Value) {
        let draft = self.draft(event, about, data);
        self.writes.push(Write::Journal(Box::new(draft)));
    }

    /// Lets the commit succeed only while `lease` is held.
    pub fn fence(&mut self, lease: &Lease) {
        self.fences.push(lease.clone());
    }

    /// Lets the commit succeed only if nobody has held that lease since. Whoever takes it
    /// afterwards finds what this transaction wrote.
    pub fn unless_taken(&mut self, free: &Free) {
        self.free.push(free.clone());
    }

    /// Makes the changes. After an error nothing was changed; only when the connection broke
    /// while the commit was on its way ([`StoreError::Unreachable`]) is that not known.
    ///
    /// # Errors
    /// [`StoreError::Unjournaled`] when state would change without an entry,
    /// [`StoreError::LeaseLost`] when a fence does not hold, [`StoreError::Overtaken`] when a lease
    /// was taken that must not be, else when the database fails.
    pub async fn commit(mut self) -> Result<Committed, StoreError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let journaled =
            self.writes.iter().any(|write| matches!(write, Write::Journal(_) | Write::Merge(_)));
        if !journaled && !self.writes.is_empty() {
            return Err(StoreError::Unjournaled);
        }
        images::tell(&mut self.writes, &self.going_on)?;
        let env = self.store.store.0.env.clone();
        for attempt in 1..ATTEMPTS {
            match self.attempt().await {
                Err(StoreError::Busy { .. }) => {
                    let wait = Duration::from_millis(20 << attempt);
                    env.sleep(wait.mul_f64(0.5 + env.fraction())).await;
                }
                other => return self.witnessed(other),
            }
        }
        self.witnessed(self.attempt().await)
    }

    fn witnessed(&self, made: Result<Committed, StoreError>) -> Result<Committed, StoreError> {
        if let Ok(Committed { seq, head, .. }) = &made {
            self.store.store.bear_witness(*seq, head);
        }
        made
    }

    async fn attempt(&self) -> Result<Committed, StoreError> {
        let store = &self.store;
        let mut transaction = store.store.driver().begin().await?;
        let mut appender = Appender::lock(store, &mut transaction).await?;
        for lease in &self.fences {
            store.hold(&mut transaction, lease).await?;
        }
        for free in &self.free {
            store.hold_free(&mut transaction, free).await?;
        }
        let seq = appender.next_seq();
        let mut observation = None;
        for write in &self.writes {
            match write {
                Write::Rows(table, rows) => {
                    self.write(&mut transaction, table, rows).await?;
                }
                Write::Unlink(app, account) => {
                    self.unlink(&mut transaction, app, account).await?;
                }
                Write::TakeBack(kind, key) => {
                    self.take_back(&mut transaction, kind, key).await?;
                }
                Write::RemovePerson(person) => {
                    store.remove_person(&mut transaction, person).await?;
                }
                Write::Redact(redacting) => {
                    store.take_out(&mut transaction, redacting, seq).await?;
                }
                Write::Restate(restated) => {
                    let Restated { draft, accounts } = Restated::clone(restated);
                    appender.append(&mut transaction, draft, accounts).await?;
                }
                Write::Forget(app, went) => {
                    self.forget(&mut transaction, app, went).await?;
                }
                Write::Settle(went) => {
                    store.settle_checks(&mut transaction, went).await?;
                }
                Write::Unseal(app) => {
                    self.unseal(&mut transaction, app).await?;
                }
                Write::ForgetSeeds(before) => {
                    store.forget_signing_seeds(&mut transaction, *before).await?;
                }
                Write::Account(fresh) => {
                    store.write_fresh(&mut transaction, fresh, (seq, self.now)).await?;
                }
                Write::Journal(draft) => {
                    let draft = Draft::clone(draft);
                    appender.append(&mut transaction, draft, Vec::new()).await?;
                }
                Write::Merge(merge) => {
                    let record = merge.run(self, &mut transaction, &mut appender, seq).await?;
                    self.put_observation(&mut transaction, merge, &record, seq).await?;
                    observation = Some(record);
                }
            }
        }
        let (seq, head) = appender.finish(&mut transaction).await?;
        transaction.commit().await.map_err(|error| store.store.fault(error))?;
        Ok(Committed { seq, head, observation })
    }

    async fn write(
        &self,
        connection: &mut AnyConnection,
        table: &Table,
        rows: &[Row],
    ) -> Result<(), StoreError> {
        let store = &self.store;
        table
            .write(connection, store.org.as_str(), rows)
            .await
            .map_err(|error| store.store.fault(error))
    }

    async fn unlink(
        &self,
        connection: &mut AnyConnection,
        app: &AppName,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM links WHERE org = $1 AND app = $2 AND account = $3")
            .bind(self.store.org.as_str())
            .bind(app.as_str())
            .bind(account.as_str())
            .execute(connection)
            .await
            .map(|_| ())
            .map_err(|error| self.store.store.fault(error))
    }

    async fn unseal(
        &self,
        connection: &mut AnyConnection,
        app: &AppName,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM credentials WHERE org = $1 AND app = $2")
            .bind(self.store.org.as_str())
            .bind(app.as_str())
            .execute(connection)
            .await
            .map(|_| ())
            .map_err(|error| self.store.store.fault(error))
    }

    async fn take_back(
        &self,
        connection: &mut AnyConnection,
        kind: &str,
        key: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM orders WHERE org = $1 AND kind = $2 AND id = $3")
            .bind(self.store.org.as_str())
            .bind(kind)
            .bind(key)
            .execute(connection)
            .await
            .map(|_| ())
            .map_err(|error| self.store.store.fault(error))
    }

    async fn forget(
        &self,
        connection: &mut AnyConnection,
        app: &AppName,
        went: &[String],
    ) -> Result<(), StoreError> {
        for what in went {
            sqlx::query("DELETE FROM noticed WHERE org = $1 AND app = $2 AND what = $3")
                .bind(self.store.org.as_str())
                .bind(app.as_str())
                .bind(what.as_str())
                .execute(&mut *connection)
                .await
                .map_err(|error| self.store.store.fault(error))?;
        }
        Ok(())
    }

    async fn put_observation(
        &self,
        connection: &mut AnyConnection,
        merge: &Merge,
        record: &ObservationRecord,
        seq: i64,
    ) -> Result<(), StoreError> {
        let row = vec![
            merge.reading.app.as_str().into(),
            record.id.as_str().into(),
            Value::Number(seq),
            Value::Number(i64::from(merge.is_proven())),
            json_text("an observation", record)?.into(),
        ];
        self.write(connection, &OBSERVATIONS, &[row]).await
    }

    pub(super) const fn moment(&self) -> Timestamp {
        self.now
    }

    pub(super) fn draft(&self, event: Event, about: About, data: serde_json::Value) -> Draft {
        Draft { at: self.now, actor: self.actor.clone(), event, about, data }
    }

    pub(super) const fn store(&self) -> &OrgStore {
        &self.store
    }
}

pub(super) fn person_row(person: &Person) -> Result<Row, StoreError> {
    Ok(vec![person.id.as_str().into(), json_text("a person", person)?.into()])
}

pub(super) fn policy_row(policy: &PolicyVersion) -> Result<Row, StoreError> {
    Ok(vec![signed(policy.number).into(), json_text("a policy", policy)?.into()])
}

pub(super) fn run_row(run: &Run) -> Result<Row, StoreError> {
    let account = run.account.as_ref().or(run.operation.account.as_ref());
    Ok(vec![
        run.id.as_str().into(),
        run.operation.app.as_str().into(),
        // The column finds the runs of a person; those about an account that is nobody's are
        // under no name.
        run.operation.person_id().map_or("", PersonId::as_str).into(),
        account.cloned().map(String::from).into(),
        run.operation.fingerprint.to_string().into(),
        run.state.word().into(),
        run.intended.into(),
        run.changed.into(),
        json_text("a run", run)?.into(),
    ])
}

pub(super) fn approval_row(approval: &Approval) -> Result<Row, StoreError> {
    Ok(vec![
        approval.app.as_str().into(),
        approval.fingerprint.to_string().into(),
        approval.expires.into(),
        json_text("an approval", approval)?.into(),
    ])
}
