//! The journal: appending in order, finding entries, verifying the chain.

use muster_domain::{
    engine::history::trace::TELLS,
    model::{
        canonical::Digest,
        id::{AccountId, AppName, OperationId, PersonId},
        journal::{About, Broken, Draft, Entry, Event, TakenOut},
    },
};
use serde_json::Value as Json;
use sqlx::{AnyConnection, any::AnyRow};

use super::{
    JournalFault, OrgStore, StoreError,
    columns::{
        JOURNAL, MENTIONS, Row, Statement, Value, json_text, number, optional_text, parse,
        parse_json, text,
    },
    records::{JournalFilter, JournalReport, Order},
};

/// Entries are written, and read back for verification, so many at a time.
const BATCH: i64 = 1000;

const SELECT: &str = "SELECT seq, at, actor, event, person, app, account, operation, plan, data, \
                      salt, data_digest, prev, hash FROM journal WHERE org = $1";

/// Adds entries at the end of the chain, within one transaction that holds the head.
pub(super) struct Appender<'a> {
    store: &'a OrgStore,
    seq: i64,
    prev: Digest,
    entries: Vec<Row>,
    mentions: Vec<Row>,
}

impl<'a> Appender<'a> {
    /// Takes hold of the head: from here to the end of the transaction nobody else appends.
    pub(super) async fn lock(
        store: &'a OrgStore,
        connection: &mut AnyConnection,
    ) -> Result<Self, StoreError> {
        let fault = |error| store.store.fault(error);
        sqlx::query(
            "INSERT INTO journal_head (org, seq, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
        )
        .bind(store.org.as_str())
        .bind(Digest::zero().to_string())
        .execute(&mut *connection)
        .await
        .map_err(fault)?;
        let row = sqlx::query(store.store.driver().lock_head())
            .bind(store.org.as_str())
            .fetch_one(connection)
            .await
            .map_err(fault)?;
        let (seq, prev) = head_of(&row)?;
        Ok(Self { store, seq, prev, entries: Vec::new(), mentions: Vec::new() })
    }

    /// The number the next entry gets.
    pub(super) const fn next_seq(&self) -> i64 {
        self.seq + 1
    }

    /// Chains an entry; says about which accounts it is, when they are many.
    pub(super) async fn append(
        &mut self,
        connection: &mut AnyConnection,
        mut draft: Draft,
        accounts: Vec<String>,
    ) -> Result<(), StoreError> {
        let unstorable = |source: serde_json::Error| StoreError::Unstorable {
            what: "a journal entry",
            source: source.into(),
        };
        if self.seq == 0
            && let Some(data) = draft.data.as_object_mut()
        {
            // A journal that begins with it tells every table; what it does not tell, nobody wrote.
            data.insert(TELLS.to_owned(), true.into());
        }
        draft.data = settled(draft.data).map_err(unstorable)?;
        let seq = self.next_seq();
        let salt = self.store.store.0.env.chance();
        let entry = Entry::chain(draft, seq.unsigned_abs(), self.prev, salt).map_err(unstorable)?;
        let mention = |account| vec![Value::Text(account), seq.into()];
        self.mentions.extend(accounts.into_iter().map(mention));
        self.seq = seq;
        self.prev = entry.hash;
        self.entries.push(row_of(&entry)?);
        if self.entries.len() >= 200 {
            self.flush(connection).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let org = self.store.org.as_str();
        let written = async {
            JOURNAL.write(connection, org, &self.entries).await?;
            MENTIONS.write(connection, org, &self.mentions).await
        };
        written.await.map_err(|error| self.store.store.fault(error))?;
        self.entries.clear();
        self.mentions.clear();
        Ok(())
    }

    /// Writes what is left and moves the head.
    pub(super) async fn finish(
        mut self,
        connection: &mut AnyConnection,
    ) -> Result<(u64, Digest), StoreError> {
        self.flush(connection).await?;
        sqlx::query("UPDATE journal_head SET seq = $2, hash = $3 WHERE org = $1")
            .bind(self.store.org.as_str())
            .bind(self.seq)
            .bind(self.prev.to_string())
            .execute(connection)
            .await
            .map_err(|error| self.store.store.fault(error))?;
        Ok((self.seq.unsigned_abs(), self.prev))
    }
}

/// Data as it will be read back. A decimal fraction may come back from its text a hair off, and
/// would then look like an edit; so it is read back before it is chained.
fn settled(data: Json) -> Result<Json, serde_json::Error> {
    if !has_fraction(&data) {
        return Ok(data);
    }
    let mut data = data;
    for _ in 0..8 {
        let back = serde_json::from_str(&serde_json::to_string(&data)?)?;
        if back == data {
            break;
        }
        data = back;
    }
    Ok(data)
}

fn has_fraction(data: &Json) -> bool {
    match data {
        Json::Number(number) => number.is_f64(),
        Json::Array(items) => items.iter().any(has_fraction),
        Json::Object(fields) => fields.values().any(has_fraction),
        Json::Null | Json::Bool(_) | Json::String(_) => false,
    }
}

fn row_of(entry: &Entry) -> Result<Row, StoreError> {
    let Entry { seq, at, actor, event, about, data, salt, data_digest, prev, hash } = entry;
    Ok(vec![
        seq.cast_signed().into(),
        (*at).into(),
        actor.as_str().into(),
        event.word().into(),
        about.person.clone().map(String::from).into(),
        about.app.clone().map(String::from).into(),
        about.account.clone().map(String::from).into(),
        about.operation.clone().map(String::from).into(),
        about.plan.map(String::from).into(),
        json_text("a journal entry", data)?.into(),
        salt.as_str().into(),
        data_digest.to_string().into(),
        prev.to_string().into(),
        hash.to_string().into(),
    ])
}

fn entry_of(row: &AnyRow) -> Result<Entry, StoreError> {
    const TABLE: &str = "journal";
    let optional = |column| optional_text(TABLE, row, column);
    let at: String = text(TABLE, row, 1)?;
    let event: String = text(TABLE, row, 3)?;
    let mut entry = Entry {
        seq: number(TABLE, row, 0)?.unsigned_abs(),
        at: parse(TABLE, &at)?,
        actor: text(TABLE, row, 2)?,
        event: parse_json::<Event>(TABLE, &Json::String(event).to_string())?,
        about: About::default(),
        data: parse_json(TABLE, &text(TABLE, row, 9)?)?,
        salt: text(TABLE, row, 10)?,
        data_digest: parse(TABLE, &text(TABLE, row, 11)?)?,
        prev: parse(TABLE, &text(TABLE, row, 12)?)?,
        hash: parse(TABLE, &text(TABLE, row, 13)?)?,
    };
    entry.about.person = optional(4)?.map(|id| parse(TABLE, &id)).transpose()?;
    entry.about.app = optional(5)?.map(|app| parse(TABLE, &app)).transpose()?;
    entry.about.account = optional(6)?.map(|id| parse(TABLE, &id)).transpose()?;
    entry.about.operation = optional(7)?.map(|id| parse(TABLE, &id)).transpose()?;
    entry.about.plan = optional(8)?.map(|plan| parse(TABLE, &plan)).transpose()?;
    Ok(entry)
}

fn head_of(row: &AnyRow) -> Result<(i64, Digest), StoreError> {
    let hash: String = text("journal_head", row, 1)?;
    Ok((number("journal_head", row, 0)?, parse("journal_head", &hash)?))
}

/// A number as the database counts.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl OrgStore {
    /// The journal's last number and hash: 0 and zeros while it is empty.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn journal_head(&self) -> Result<(u64, Digest), StoreError> {
        let (seq, hash) = self.head().await?;
        Ok((seq.unsigned_abs(), hash))
    }

    pub(super) async fn head(&self) -> Result<(i64, Digest), StoreError> {
        let row = sqlx::query("SELECT seq, hash FROM journal_head WHERE org = $1")
            .bind(self.org.as_str())
            .fetch_optional(&self.store.driver().pool)
            .await
            .map_err(|error| self.store.fault(error))?;
        row.map_or(Ok((0, Digest::zero())), |row| head_of(&row))
    }

    /// The entries that `filter` asks for.
    ///
    /// # Errors
    /// When the database fails or an entry cannot be understood.
    pub async fn journal(&self, filter: &JournalFilter) -> Result<Vec<Entry>, StoreError> {
        let JournalFilter {
            since,
            until,
            after_seq,
            event,
            person,
            app,
            account,
            operation,
            limit,
            order,
        } = filter;
        let account = account.as_ref().map(AccountId::as_str);
        let statement = Statement::of_org(SELECT, &self.org)
            .with("AND at >= ?", *since)
            .with("AND at <= ?", *until)
            .with("AND seq > ?", after_seq.map(signed))
            .with("AND event = ?", event.map(Event::word))
            .with("AND person = ?", person.as_ref().map(PersonId::as_str))
            .with("AND app = ?", app.as_ref().map(AppName::as_str))
            .with(
                "AND seq IN (SELECT seq FROM journal WHERE org = $1 AND account = ? \
                 UNION ALL SELECT seq FROM mentions WHERE org = $1 AND account = ?)",
                account,
            )
            .with("AND operation = ?", operation.as_ref().map(OperationId::as_str))
            .then(match order {
                Order::OldestFirst => "ORDER BY seq",
                Order::NewestFirst => "ORDER BY seq DESC",
            })
            .with("LIMIT ?", limit.map(i64::from));
        self.rows(&statement).await?.iter().map(entry_of).collect()
    }

    /// Reads the whole journal and checks that it is as it was written, up to the head. Entries
    /// that are appended meanwhile are checked too.
    ///
    /// # Errors
    /// Where and how the chain is broken, or that it could not be read.
    pub async fn verify_journal(&self) -> Result<JournalReport, JournalFault> {
        let mut chain = Chain { last: 0, hash: Digest::zero(), taken_out: TakenOut::default() };
        loop {
            // First the head, then the rows: what is appended in between only makes more rows.
            let (head, hash) = self.head().await?;
            while chain.last < head {
                let rows = self.batch_after(chain.last, head).await?;
                if rows.is_empty() {
                    return Err(Broken::Truncated {
                        expected: head.unsigned_abs(),
                        found: chain.last.unsigned_abs(),
                    }
                    .into());
                }
                chain.follow(&rows)?;
            }
            if chain.hash != hash {
                return Err(Broken::Edited { seq: head.unsigned_abs() }.into());
            }
            let beyond = self.batch_after(chain.last, i64::MAX).await?;
            if beyond.is_empty() && self.strays().await? == 0 {
                if let Some(seq) = chain.taken_out.unexplained() {
                    return Err(Broken::Emptied { seq }.into());
                }
                return Ok(JournalReport { entries: head.unsigned_abs(), head: hash });
            }
            if self.head().await?.0 == head {
                return Err(Broken::Unlinked { seq: head.unsigned_abs() + 1 }.into());
            }
        }
    }

    async fn batch_after(&self, after: i64, until: i64) -> Result<Vec<AnyRow>, StoreError> {
        let statement = Statement::of_org(SELECT, &self.org)
            .with("AND seq > ?", Some(after))
            .with("AND seq <= ?", Some(until))
            .then("ORDER BY seq")
            .with("LIMIT ?", Some(BATCH));
        self.rows(&statement).await
    }

    /// Rows that no chain can hold.
    async fn strays(&self) -> Result<usize, StoreError> {
        let statement = Statement::of_org(SELECT, &self.org).then("AND seq < 1 LIMIT 1");
        Ok(self.rows(&statement).await?.len())
    }
}

/// Whether every column holds exactly what is written for `entry`: another spelling of the same,
/// which no hash would notice, was not written by Muster either.
fn is_as_written(row: &AnyRow, entry: &Entry) -> Result<bool, StoreError> {
    for (column, value) in row_of(entry)?.into_iter().enumerate() {
        let same = match value {
            Value::Number(written) => number("journal", row, column)? == written,
            Value::Text(written) => text("journal", row, column)? == written,
            Value::OptionalText(written) => optional_text("journal", row, column)? == written,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How far the chain was followed.
struct Chain {
    last: i64,
    hash: Digest,
    taken_out: TakenOut,
}

impl Chain {
    fn follow(&mut self, rows: &[AnyRow]) -> Result<(), JournalFault> {
        for row in rows {
            let expected = self.last.unsigned_abs() + 1;
            let found = number("journal", row, 0)?.unsigned_abs();
            if found != expected {
                return Err(Broken::Gap { expected, found }.into());
            }
            // What cannot even be understood was not written like that.
            let entry = entry_of(row).map_err(|_| Broken::Edited { seq: expected })?;
            if !is_as_written(row, &entry)? {
                return Err(Broken::Edited { seq: expected }.into());
            }
            entry.verify(expected, &self.hash)?;
            self.taken_out.see(&entry);
            self.last += 1;
            self.hash = entry.hash;
        }
        Ok(())
    }
}
