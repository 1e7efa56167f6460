//! Changing the sealing key: everything that a former key sealed is sealed anew.

use jiff::Timestamp;
use muster_domain::model::{
    id::AppName,
    journal::{About, Event},
};
use serde_json::json;

use super::{
    OrgStore, StoreError,
    columns::{Statement, parse, text},
};

impl OrgStore {
    /// Seals all credentials and the signing key with the current key that still lie under a former one, see
    /// [`super::seal::SealingKey::with_former`]. Tells how many there were; after that the former
    /// key is not needed any more.
    ///
    /// # Errors
    /// When the database fails, or when some credentials open with none of the keys: then nothing
    /// was changed.
    pub async fn reseal(&self, actor: &str, now: Timestamp) -> Result<u64, StoreError> {
        let current = self.store.0.key.id();
        let statement = Statement::of_org("SELECT app FROM credentials WHERE org = $1", &self.org)
            .with("AND key_id <> ?", Some(current.as_str()))
            .then("ORDER BY app");
        let mut tx = self.begin(actor, now);
        let mut resealed = 0;
        for row in self.rows(&statement).await? {
            let app: AppName = parse("credentials", &text("credentials", &row, 0)?)?;
            let Some(credentials) = self.credentials(&app).await? else { continue };
            tx.put_credentials(&app, &credentials);
            let about = About { app: Some(app), ..About::default() };
            tx.journal(Event::AppChanged, about, json!({ "sealed_with": current }));
            resealed += 1;
        }
        if let Some(seed) = self.signing_seed_under_another_key().await? {
            tx.reseal_signing_seed(&seed);
            let data = json!({ "signing_key_sealed_with": current });
            tx.journal(Event::AppChanged, About::default(), data);
            resealed += 1;
        }
        if resealed > 0 {
            tx.commit().await?;
        }
        Ok(resealed)
    }
}
