//! Reading the current state.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use muster_domain::model::{
    activity::{Activity, Trail},
    canonical::Digest,
    id::{AccountId, AppName, OperationId, PersonId, SourceName},
    link::Link,
    operation::{Approval, Run},
    order::{Order, Orders},
    person::Person,
    plan::Plan,
};
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;

use super::{
    OrgStore, StoreError,
    columns::{Statement, optional_text, parse, parse_json, text, unreadable},
    records::{
        AccountRecord, Connection, ObservationRecord, PolicyVersion, RunFilter, SourceRecord,
    },
    seal::{self, Place, Sealed},
};
use crate::secret::Secret;

impl OrgStore {
    pub(super) async fn rows(&self, statement: &Statement) -> Result<Vec<AnyRow>, StoreError> {
        statement
            .query()
            .fetch_all(&self.store.driver().pool)
            .await
            .map_err(|error| self.store.fault(error))
    }

    /// The documents in the first column. Many are parsed on other threads while the next are
    /// fetched.
    pub(super) async fn documents<T: DeserializeOwned + Send + 'static>(
        &self,
        table: &'static str,
        statement: &Statement,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = statement.query().fetch(&self.store.driver().pool);
        let mut parsing = Vec::new();
        let mut texts = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(|error| self.store.fault(error))? {
            texts.push(text(table, &row, 0)?);
            if texts.len() == PARSED_TOGETHER {
                let texts = std::mem::take(&mut texts);
                parsing.push(tokio::task::spawn_blocking(move || parse_all(table, &texts)));
            }
        }
        let mut documents = Vec::new();
        for parsed in parsing {
            documents.append(&mut parsed.await.map_err(|error| unreadable(table, error))??);
        }
        documents.append(&mut parse_all(table, &texts)?);
        Ok(documents)
    }

    async fn document<T: DeserializeOwned + Send + 'static>(
        &self,
        table: &'static str,
        statement: &Statement,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.documents(table, statement).await?.pop())
    }

    /// Everybody ever known, in order of their id.
    ///
    /// # Errors
    /// When the database fails. So do all reads.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        // A row costs more than what is in it: so many people come as one. All pages are of one
        // moment, for an import must be seen whole or not at all.
        const PAGE: &str = "SELECT '[' || string_agg(doc, ',') || ']', max(id) FROM (SELECT id, \
                            doc FROM people WHERE org = $1 AND id > $2 ORDER BY id LIMIT 1000) \
                            AS page";
        let fault = |error| self.store.fault(error);
        let mut snapshot = self.store.driver().begin_snapshot().await?;
        let mut parsing = Vec::new();
        let mut last = String::new();
        loop {
            let page = sqlx::query(PAGE).bind(self.org.as_str()).bind(last.as_str());
            let row = page.fetch_one(&mut *snapshot).await.map_err(fault)?;
            let Some(text) = optional_text("people", &row, 0)? else { break };
            last = super::columns::text("people", &row, 1)?;
            parsing.push(tokio::task::spawn_blocking(move || {
                parse_json::<Vec<Person>>("people", &text)
            }));
        }
        snapshot.rollback().await.map_err(fault)?;
        let mut people = Vec::new();
        for parsed in parsing {
            people.append(&mut parsed.await.map_err(|error| unreadable("people", error))??);
        }
        people.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok(people)
    }

    /// One person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn person(&self, id: &PersonId) -> Result<Option<Person>, StoreError> {
        let sql = "SELECT doc FROM people WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND id = ?", Some(id.as_str()));
        self.document("people", &statement).await
    }

    /// All sources of people.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sources(&self) -> Result<Vec<SourceRecord>, StoreError> {
        let sql = "SELECT doc FROM sources WHERE org = $1 ORDER BY name";
        self.documents("sources", &Statement::of_org(sql, &self.org)).await
    }

    /// One source of people.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn source(&self, name: &SourceName) -> Result<Option<SourceRecord>, StoreError> {
        let sql = "SELECT doc FROM sources WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND name = ?", Some(name.as_str()));
        self.document("sources", &statement).await
    }

    /// All connected apps.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        let sql = "SELECT doc FROM connections WHERE org = $1 ORDER BY app";
        self.documents("connections", &Statement::of_org(sql, &self.org)).await
    }

    /// One connected app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection(&self, app: &AppName) -> Result<Option<Connection>, StoreError> {
        let sql = "SELECT doc FROM connections WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND app = ?", Some(app.as_str()));
        self.document("connections", &statement).await
    }

    /// The credentials of a connection, opened.
    ///
    /// # Errors
    /// When the database fails, the key is not the one that sealed them, or they were tampered
    /// with.
    pub async fn credentials(&self, app: &AppName) -> Result<Option<Secret>, StoreError> {
        let sql = "SELECT key_id, sealed FROM credentials WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND app = ?", Some(app.as_str()));
        let rows = self.rows(&statement).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let sealed =
            Sealed { key_id: text("credentials", row, 0)?, text: text("credentials", row, 1)? };
        seal::open(&self.store.0.key, &credentials_place(self, app), &sealed).map(Some)
    }

    /// All accounts ever seen in an app, those that are gone among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(
        &self,
        app: &AppName,
    ) -> Result<BTreeMap<AccountId, AccountRecord>, StoreError> {
        let sql = "SELECT a.doc, a.first_seen, a.last_changed, a.gone, l.doc, w.doc, t.doc \
                   FROM accounts a LEFT JOIN learned l ON l.org = a.org AND l.app = a.app \
                   AND l.account = a.account LEFT JOIN work w ON w.org = a.org \
                   AND w.app = a.app AND w.account = a.account LEFT JOIN activity t \
                   ON t.org = a.org AND t.app = a.app AND t.account = a.account \
                   WHERE a.org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND a.app = ?", Some(app.as_str()));
        let mut rows = statement.query().fetch(&self.store.driver().pool);
        let mut accounts = BTreeMap::new();
        while let Some(row) = rows.try_next().await.map_err(|error| self.store.fault(error))? {
            let record = account_record(&row)?;
            accounts.insert(record.account.id.clone(), record);
        }
        Ok(accounts)
    }

    /// The digests of the accounts that are there, to tell which ones a read found changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_digests(
        &self,
        app: &AppName,
    ) -> Result<BTreeMap<AccountId, Digest>, StoreError> {
        let sql = "SELECT account, digest FROM accounts WHERE org = $1 AND gone IS NULL";
        let statement = Statement::of_org(sql, &self.org).with("AND app = ?", Some(app.as_str()));
        let pair = |row: &AnyRow| -> Result<(AccountId, Digest), StoreError> {
            let id = parse("accounts", &text("accounts", row, 0)?)?;
            Ok((id, parse("accounts", &text("accounts", row, 1)?)?))
        };
        self.rows(&statement).await?.iter().map(pair).collect()
    }

    /// Every finished read of an app, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn observations(&self, app: &AppName) -> Result<Vec<ObservationRecord>, StoreError> {
        let sql = "SELECT doc FROM observations WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org)
            .with("AND app = ?", Some(app.as_str()))
            .then("ORDER BY seq");
        self.documents("observations", &statement).await
    }

    /// The latest observation of an app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn observation(
        &self,
        app: &AppName,
    ) -> Result<Option<ObservationRecord>, StoreError> {
        let sql = "SELECT doc FROM observations WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org)
            .with("AND app = ?", Some(app.as_str()))
            .then("ORDER BY seq DESC LIMIT 1");
        self.document("observations", &statement).await
    }

    /// The latest observation of an app that proved itself complete.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_proven_observation(
        &self,
        app: &AppName,
    ) -> Result<Option<ObservationRecord>, StoreError> {
        let sql = "SELECT doc FROM observations WHERE org = $1 AND proven = 1";
        let statement = Statement::of_org(sql, &self.org)
            .with("AND app = ?", Some(app.as_str()))
            .then("ORDER BY seq DESC LIMIT 1");
        self.document("observations", &statement).await
    }

    /// The links of an app's accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn links(&self, app: &AppName) -> Result<BTreeMap<AccountId, Link>, StoreError> {
        let sql = "SELECT doc FROM links WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND app = ?", Some(app.as_str()));
        let links: Vec<Link> = self.documents("links", &statement).await?;
        Ok(links.into_iter().map(|link| (link.account.clone(), link)).collect())
    }

    /// The valid policy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policy(&self) -> Result<Option<PolicyVersion>, StoreError> {
        let sql = "SELECT doc FROM policies WHERE org = $1 ORDER BY number DESC LIMIT 1";
        self.document("policies", &Statement::of_org(sql, &self.org)).await
    }

    /// All policies, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policy_versions(&self) -> Result<Vec<PolicyVersion>, StoreError> {
        let sql = "SELECT doc FROM policies WHERE org = $1 ORDER BY number";
        self.documents("policies", &Statement::of_org(sql, &self.org)).await
    }

    /// A saved plan.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan(&self, digest: &Digest) -> Result<Option<Plan>, StoreError> {
        let sql = "SELECT doc FROM plans WHERE org = $1";
        let statement =
            Statement::of_org(sql, &self.org).with("AND digest = ?", Some(digest.to_string()));
        self.document("plans", &statement).await
    }

    /// The runs that `filter` asks for, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
        let RunFilter { app, person, account, fingerprint, states, since, limit } = filter;
        let statement = Statement::of_org("SELECT doc FROM runs WHERE org = $1", &self.org)
            .with("AND app = ?", app.as_ref().map(AppName::as_str))
            .with("AND person = ?", person.as_ref().map(PersonId::as_str))
            .with("AND account = ?", account.as_ref().map(AccountId::as_str))
            .with("AND fingerprint = ?", fingerprint.map(String::from))
            .with_list("AND state IN (", states.iter().map(|state| state.word()), ")")
            .with("AND intended >= ?", *since)
            .then("ORDER BY intended DESC, id")
            .with("LIMIT ?", limit.map(i64::from));
        self.documents("runs", &statement).await
    }

    /// One run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&self, id: &OperationId) -> Result<Option<Run>, StoreError> {
        let statement = Statement::of_org("SELECT doc FROM runs WHERE org = $1", &self.org)
            .with("AND id = ?", Some(id.as_str()));
        self.document("runs", &statement).await
    }

    /// How far the trail of an app was read, if it was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trail(&self, app: &AppName) -> Result<Option<Trail>, StoreError> {
        let sql = "SELECT doc FROM trails WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND app = ?", Some(app.as_str()));
        self.document("trails", &statement).await
    }

    /// What an app's trail tells of these accounts, those never seen in a read among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activity(
        &self,
        app: &AppName,
        accounts: impl IntoIterator<Item = &AccountId>,
    ) -> Result<BTreeMap<AccountId, Activity>, StoreError> {
        let ids: Vec<&str> = accounts.into_iter().map(AccountId::as_str).collect();
        let mut known = BTreeMap::new();
        for ids in ids.chunks(IDS_TOGETHER) {
            let sql = "SELECT account, doc FROM activity WHERE org = $1";
            let statement = Statement::of_org(sql, &self.org)
                .with("AND app = ?", Some(app.as_str()))
                .with_list("AND account IN (", ids.iter().copied(), ")");
            for row in self.rows(&statement).await? {
                let id = parse("activity", &text("activity", &row, 0)?)?;
                known.insert(id, parse_json("activity", &text("activity", &row, 1)?)?);
            }
        }
        Ok(known)
    }

    /// Since when each gap and each task of an app has been there, by what it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn noticed(&self, app: &AppName) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let sql = "SELECT what, since FROM noticed WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND app = ?", Some(app.as_str()));
        let pair = |row: &AnyRow| -> Result<(String, Timestamp), StoreError> {
            Ok((text("noticed", row, 0)?, parse("noticed", &text("noticed", row, 1)?)?))
        };
        self.rows(&statement).await?.iter().map(pair).collect()
    }

    /// What people ordered by hand and did not take back, in the order of kind and key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orders(&self) -> Result<Orders, StoreError> {
        let sql = "SELECT kind, doc FROM orders WHERE org = $1 ORDER BY kind, id";
        let mut orders = Orders::default();
        for row in self.rows(&Statement::of_org(sql, &self.org)).await? {
            let (kind, doc) = (text("orders", &row, 0)?, text("orders", &row, 1)?);
            orders.add(&kind, &doc).map_err(|error| unreadable("orders", error))?;
        }
        Ok(orders)
    }

    /// One order, by its key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order<T: Order + Send + 'static>(
        &self,
        key: &str,
    ) -> Result<Option<T>, StoreError> {
        let statement = Statement::of_org("SELECT doc FROM orders WHERE org = $1", &self.org)
            .with("AND kind = ?", Some(T::KIND))
            .with("AND id = ?", Some(key));
        self.document("orders", &statement).await
    }

    /// The approvals that have not lapsed at `now`, by the operation's fingerprint.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn approvals(
        &self,
        app: &AppName,
        now: Timestamp,
    ) -> Result<BTreeMap<Digest, Approval>, StoreError> {
        let statement = Statement::of_org("SELECT doc FROM approvals WHERE org = $1", &self.org)
            .with("AND app = ?", Some(app.as_str()))
            .with("AND expires > ?", Some(now));
        let approvals: Vec<Approval> = self.documents("approvals", &statement).await?;
        Ok(approvals.into_iter().map(|approval| (approval.fingerprint, approval)).collect())
    }
}

/// How many ids one statement asks for.
const IDS_TOGETHER: usize = 500;

/// How many documents one task parses.
const PARSED_TOGETHER: usize = 2000;

fn parse_all<T: DeserializeOwned>(
    table: &'static str,
    texts: &[String],
) -> Result<Vec<T>, StoreError> {
    texts.iter().map(|text| parse_json(table, text)).collect()
}

/// What credentials are bound to.
pub(super) fn credentials_place<'a>(store: &'a OrgStore, app: &'a AppName) -> Place<'a> {
    Place { org: &store.org, table: "credentials", row: app.as_str() }
}

fn account_record(row: &AnyRow) -> Result<AccountRecord, StoreError> {
    const TABLE: &str = "accounts";
    let moment = |column| parse(TABLE, &text(TABLE, row, column)?);
    let learned = optional_text("learned", row, 4)?;
    let work = optional_text("work", row, 5)?;
    Ok(AccountRecord {
        account: parse_json(TABLE, &text(TABLE, row, 0)?)?,
        first_seen: moment(1)?,
        last_changed: moment(2)?,
        gone: optional_text(TABLE, row, 3)?.map(|gone| parse(TABLE, &gone)).transpose()?,
        learned: learned.map(|learned| parse_json("learned", &learned)).transpose()?,
        work: work.map(|work| parse_json("work", &work)).transpose()?,
        activity: optional_text("activity", row, 6)?
            .map(|activity| parse_json("activity", &activity))
            .transpose()?
            .unwrap_or_default(),
    })
}
