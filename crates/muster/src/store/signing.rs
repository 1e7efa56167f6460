//! The signing key of an organisation, sealed. Only the one in use is kept: what a former one signed
//! is verified by its public half, which the journal tells.

use sqlx::AnyConnection;

use super::{
    OrgStore, StoreError,
    columns::{RESEALED_SIGNING_KEYS, Row, SIGNING_KEYS, Statement, Value, number, text},
    seal::{self, Place, Sealed},
    tx::Tx,
};
use crate::secret::Secret;

/// What the signing key in use is made from.
#[derive(Debug, Clone)]
pub struct SigningSeed {
    /// 1 for the first key of an organisation, one more for each that followed.
    pub number: i64,
    /// As it was written.
    pub seed: Secret,
}

impl OrgStore {
    /// What the signing key in use is made from; `None` until there is one.
    ///
    /// # Errors
    /// When the database fails, or the seal does not open.
    pub async fn signing_seed(&self) -> Result<Option<SigningSeed>, StoreError> {
        self.opened_seed(None).await
    }

    pub(super) async fn signing_seed_under_another_key(
        &self,
    ) -> Result<Option<SigningSeed>, StoreError> {
        let current = self.store.0.key.id();
        self.opened_seed(Some(current.as_str())).await
    }

    async fn opened_seed(
        &self,
        not_under: Option<&str>,
    ) -> Result<Option<SigningSeed>, StoreError> {
        let sql = "SELECT number, key_id, sealed FROM signing_keys WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org)
            .with("AND key_id <> ?", not_under)
            .then("ORDER BY number DESC LIMIT 1");
        let rows = self.rows(&statement).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let number = number("signing_keys", row, 0)?;
        let sealed =
            Sealed { key_id: text("signing_keys", row, 1)?, text: text("signing_keys", row, 2)? };
        let seed = seal::open(&self.store.0.key, &place(self, &number.to_string()), &sealed)?;
        Ok(Some(SigningSeed { number, seed }))
    }

    pub(super) async fn forget_signing_seeds(
        &self,
        connection: &mut AnyConnection,
        before: i64,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM signing_keys WHERE org = $1 AND number < $2")
            .bind(self.org.as_str())
            .bind(before)
            .execute(connection)
            .await
            .map(|_| ())
            .map_err(|error| self.store.fault(error))
    }
}

fn place<'a>(store: &'a OrgStore, row: &'a str) -> Place<'a> {
    Place { org: &store.org, table: "signing_keys", row }
}

impl Tx {
    /// Seals what the signing key is made from and writes it. What a former key was made from is
    /// forgotten. The commit is a [`StoreError::Conflict`] when there is a key of that number
    /// already.
    pub fn put_signing_seed(&mut self, seed: &SigningSeed) {
        let row = self.sealed_seed(seed);
        self.row(&SIGNING_KEYS, row);
        self.forget_signing_seeds(seed.number);
    }

    pub(super) fn reseal_signing_seed(&mut self, seed: &SigningSeed) {
        let row = self.sealed_seed(seed);
        self.row(&RESEALED_SIGNING_KEYS, row);
    }

    fn sealed_seed(&self, seed: &SigningSeed) -> Result<Row, StoreError> {
        let SigningSeed { number, seed } = seed;
        let store = self.store();
        let inner = &store.store.0;
        let sealed = seal::seal(&inner.key, &inner.env, &place(store, &number.to_string()), seed)?;
        Ok(vec![Value::Number(*number), sealed.key_id.into(), sealed.text.into()])
    }
}
