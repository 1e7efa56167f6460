//! A store that was restored from a backup: what it has forgotten must neither be repeated nor
//! undone, so nothing is written until the apps were read anew and a person accepts it (S4).

use muster_domain::model::{
    id::AppName,
    journal::{About, Event},
    operation::Approval,
};
use serde_json::json;

use super::Muster;
use crate::error::Result;

impl Muster {
    /// Accepts that the store knows less than it did: reads every app as it is now, and makes
    /// approvals void that may have been used already. Gives the apps that were read.
    ///
    /// # Errors
    /// When an app cannot be read or the store fails; nothing is accepted then.
    pub async fn accept_restore(&self, forgotten: &str) -> Result<Vec<AppName>> {
        let mut apps = Vec::new();
        for connection in self.store.connections().await? {
            self.sync(&connection.app).await?;
            apps.push(connection.app);
        }
        let now = self.env.now();
        let mut tx = self.begin();
        let mut void = 0;
        for app in &apps {
            for approval in self.store.approvals(app, now).await?.into_values() {
                void += 1;
                tx.put_approval(&Approval { expires: approval.at.min(now), ..approval });
            }
        }
        let data = json!({"reason": forgotten, "apps": apps, "approvals_void": void});
        tx.journal(Event::RestoreAccepted, About::default(), data);
        tx.commit().await?;
        Ok(apps)
    }
}
