//! One account's row: what it was before, and what a direct look-up makes of it.

use jiff::Timestamp;
use muster_domain::model::{
    account::Account,
    canonical::digest_of,
    id::{AccountId, AppName},
};
use sqlx::{AnyConnection, any::AnyRow};

use super::{
    OrgStore, StoreError,
    columns::{ACCOUNTS, Row, Statement, json_text, moment_text, number, optional_text, text},
};

impl OrgStore {
    /// Writes one account as a direct look-up found it.
    pub(super) async fn write_fresh(
        &self,
        connection: &mut AnyConnection,
        fresh: &Fresh,
        (seq, now): (i64, Timestamp),
    ) -> Result<(), StoreError> {
        let fault = |error| self.store.fault(error);
        let before = Statement::of_org(
            "SELECT account, digest, doc, first_seen, last_changed, gone, seq FROM accounts \
             WHERE org = $1",
            &self.org,
        )
        .with("AND app = ?", Some(fresh.app.as_str()))
        .with("AND account = ?", Some(fresh.account.as_str()));
        let before = before.query().fetch_optional(&mut *connection).await.map_err(fault)?;
        let before = before.map(|row| Before::of(&row, 0)).transpose()?.flatten();
        let Some(row) = fresh.row(before.as_ref(), seq, now) else { return Ok(()) };
        ACCOUNTS.write(connection, self.org.as_str(), &[row]).await.map_err(fault)
    }
}

pub(super) fn account_digest(account: &Account) -> Result<String, StoreError> {
    digest_of(account)
        .map(String::from)
        .map_err(|source| StoreError::Unstorable { what: "an account", source: source.into() })
}

/// The digest of an account's document as it lies there, whatever version of Muster wrote it.
pub(super) fn document_digest(document: &serde_json::Value) -> Result<String, StoreError> {
    digest_of(document)
        .map(String::from)
        .map_err(|source| StoreError::Unstorable { what: "an account", source: source.into() })
}

/// An account's row before it is written.
pub(super) struct Before {
    pub(super) digest: String,
    pub(super) doc: String,
    pub(super) first_seen: String,
    last_changed: String,
    pub(super) gone: Option<String>,
    pub(super) seq: i64,
}

impl Before {
    /// From seven columns beginning with `at`: account, digest, doc, `first_seen`, `last_changed`,
    /// gone, seq. `None` when an outer join found nothing.
    pub(super) fn of(row: &AnyRow, at: usize) -> Result<Option<Self>, StoreError> {
        const TABLE: &str = "accounts";
        if optional_text(TABLE, row, at)?.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            digest: text(TABLE, row, at + 1)?,
            doc: text(TABLE, row, at + 2)?,
            first_seen: text(TABLE, row, at + 3)?,
            last_changed: text(TABLE, row, at + 4)?,
            gone: optional_text(TABLE, row, at + 5)?,
            seq: number(TABLE, row, at + 6)?,
        }))
    }
}

/// One account as a direct look-up found it: there, with digest and document, or gone.
pub(super) struct Fresh {
    app: AppName,
    account: AccountId,
    found: Option<(String, String)>,
}

impl Fresh {
    pub(super) fn found(app: &AppName, account: &Account) -> Result<Self, StoreError> {
        let found = Some((account_digest(account)?, json_text("an account", account)?));
        Ok(Self { app: app.clone(), account: account.id.clone(), found })
    }

    pub(super) fn gone(app: &AppName, account: &AccountId) -> Self {
        Self { app: app.clone(), account: account.clone(), found: None }
    }

    /// The row to write; `None` when an account that nobody knew is gone.
    fn row(&self, before: Option<&Before>, seq: i64, now: Timestamp) -> Option<Row> {
        let now = moment_text(now);
        let (digest, doc, gone) = match (&self.found, before) {
            (Some((digest, doc)), _) => (digest.clone(), doc.clone(), None),
            (None, Some(before)) => {
                let since = before.gone.clone().unwrap_or_else(|| now.clone());
                (before.digest.clone(), before.doc.clone(), Some(since))
            }
            (None, None) => return None,
        };
        let same = before
            .filter(|before| before.digest == digest && before.gone.is_some() == gone.is_some());
        let first_seen = before.map_or(&now, |before| &before.first_seen);
        let last_changed = same.map_or(&now, |before| &before.last_changed);
        Some(vec![
            self.app.as_str().into(),
            self.account.as_str().into(),
            digest.into(),
            first_seen.as_str().into(),
            last_changed.as_str().into(),
            gone.into(),
            seq.into(),
            doc.into(),
        ])
    }
}
