//! Taking data out for a person's privacy: the one change the journal allows, and what else of her
//! lies in other tables.

use muster_domain::model::{
    canonical::digest_of,
    id::{AccountId, AppName, PersonId},
    journal::Draft,
};
use sqlx::AnyConnection;

use super::{
    OrgStore, StoreError,
    columns::{Statement, number, optional_text, parse_json, text},
};

/// What is taken out.
#[derive(Debug, Clone)]
pub struct Redacting {
    /// The person.
    pub person: PersonId,
    /// The entries that speak of her and lose their data. The entry that tells of it lists them.
    pub entries: Vec<u64>,
    /// What is left of accounts that are gone.
    pub gone: Vec<(AppName, AccountId, serde_json::Value)>,
}

/// An entry that says anew what a redacted one said of others.
#[derive(Debug, Clone)]
pub(super) struct Restated {
    pub(super) draft: Draft,
    pub(super) accounts: Vec<String>,
}

const TAKE_OUT: &str =
    "UPDATE journal SET data = 'null', salt = '' WHERE org = $1 AND seq < $2 AND seq = $3";

impl OrgStore {
    /// The numbers of the entries whose data holds one of `texts`, in any letter case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries_holding(&self, texts: &[String]) -> Result<Vec<u64>, StoreError> {
        let mut found = std::collections::BTreeSet::new();
        for text in texts {
            let escaped = text.to_lowercase().replace(['\\', '%', '_'], "_");
            let statement = Statement::of_org("SELECT seq FROM journal WHERE org = $1", &self.org)
                .with("AND lower(data) LIKE ?", Some(format!("%{escaped}%")));
            for row in self.rows(&statement).await? {
                found.insert(number("journal", &row, 0)?.unsigned_abs());
            }
        }
        Ok(found.into_iter().collect())
    }

    /// The stored text of an account that is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gone_account(
        &self,
        app: &AppName,
        account: &AccountId,
    ) -> Result<Option<serde_json::Value>, StoreError> {
        let statement =
            Statement::of_org("SELECT doc, gone FROM accounts WHERE org = $1", &self.org)
                .with("AND app = ?", Some(app.as_str()))
                .with("AND account = ?", Some(account.as_str()));
        let rows = self.rows(&statement).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if optional_text("accounts", row, 1)?.is_none() {
            return Ok(None);
        }
        parse_json("accounts", &text("accounts", row, 0)?).map(Some)
    }

    /// Takes out what `redacting` names from entries before `seq`.
    pub(super) async fn take_out(
        &self,
        connection: &mut AnyConnection,
        redacting: &Redacting,
        seq: i64,
    ) -> Result<(), StoreError> {
        let Redacting { person, entries, gone } = redacting;
        let org = self.org.as_str();
        let run = async {
            for entry in entries {
                sqlx::query(TAKE_OUT)
                    .bind(org)
                    .bind(seq)
                    .bind(entry.cast_signed())
                    .execute(&mut *connection)
                    .await?;
            }
            for (app, account, doc) in gone {
                // A digest of what was there would tell whether a guess is right.
                let digest = digest_of(doc).map_err(|error| sqlx::Error::Encode(error.into()))?;
                sqlx::query(
                    "UPDATE accounts SET doc = $4, digest = $5 WHERE org = $1 AND app = $2 AND account = $3 \
                     AND gone IS NOT NULL",
                )
                .bind(org)
                .bind(app.as_str())
                .bind(account.as_str())
                .bind(doc.to_string())
                .bind(digest.to_string())
                .execute(&mut *connection)
                .await?;
            }
            // Saved plans name everybody in them; what came of them is in the journal and the runs.
            sqlx::query("DELETE FROM plans WHERE org = $1 AND doc LIKE $2")
                .bind(org)
                .bind(format!("%{person}%"))
                .execute(&mut *connection)
                .await
        };
        run.await.map(|_| ()).map_err(|error| self.store.fault(error))
    }

    pub(super) async fn remove_person(
        &self,
        connection: &mut AnyConnection,
        person: &PersonId,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM people WHERE org = $1 AND id = $2")
            .bind(self.org.as_str())
            .bind(person.as_str())
            .execute(connection)
            .await
            .map(|_| ())
            .map_err(|error| self.store.fault(error))
    }
}
