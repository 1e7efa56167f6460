//! The signing key of an organisation, sealed.

use super::{
    OrgStore, StoreError,
    columns::{RESEALED_SIGNING_KEYS, Row, SIGNING_KEYS, Statement, Value, text},
    seal::{self, Place, Sealed},
    tx::Tx,
};
use crate::secret::Secret;

/// The number of the one key that an organisation has.
const NUMBER: i64 = 1;

impl OrgStore {
    /// What the signing key is made from, as it was written; `None` until there is one.
    ///
    /// # Errors
    /// When the database fails, or the seal does not open.
    pub async fn signing_seed(&self) -> Result<Option<Secret>, StoreError> {
        self.opened_seed(None).await
    }

    pub(super) async fn signing_seed_under_another_key(
        &self,
    ) -> Result<Option<Secret>, StoreError> {
        let current = self.store.0.key.id();
        self.opened_seed(Some(current.as_str())).await
    }

    async fn opened_seed(&self, not_under: Option<&str>) -> Result<Option<Secret>, StoreError> {
        let sql = "SELECT key_id, sealed FROM signing_keys WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org)
            .with("AND number = ?", Some(NUMBER))
            .with("AND key_id <> ?", not_under);
        let rows = self.rows(&statement).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let sealed =
            Sealed { key_id: text("signing_keys", row, 0)?, text: text("signing_keys", row, 1)? };
        seal::open(&self.store.0.key, &place(self), &sealed).map(Some)
    }
}

fn place(store: &OrgStore) -> Place<'_> {
    Place { org: &store.org, table: "signing_keys", row: "1" }
}

impl Tx {
    /// Seals what the signing key is made from and writes it. The commit is a
    /// [`StoreError::Conflict`] when there is a key already.
    pub fn put_signing_seed(&mut self, seed: &Secret) {
        let row = self.sealed_seed(seed);
        self.row(&SIGNING_KEYS, row);
    }

    pub(super) fn reseal_signing_seed(&mut self, seed: &Secret) {
        let row = self.sealed_seed(seed);
        self.row(&RESEALED_SIGNING_KEYS, row);
    }

    fn sealed_seed(&self, seed: &Secret) -> Result<Row, StoreError> {
        let store = self.store();
        let inner = &store.store.0;
        let sealed = seal::seal(&inner.key, &inner.env, &place(store), seed)?;
        Ok(vec![Value::Number(NUMBER), sealed.key_id.into(), sealed.text.into()])
    }
}
