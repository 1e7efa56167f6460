//! `muster init`.

use muster_domain::model::{
    id::OrgId,
    journal::{About, Event},
};
use serde_json::json;

use super::session::{Outcome, Start, empty_store, print_json, print_line};
use crate::{env::Env, error::Result};

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let settings = start.settings()?;
        let env = Env::system();
        let existed = settings.is_set_up();
        let key = settings.set_up(&env)?;
        let _lock = settings.lock(start.command)?;
        let location = settings.location();
        let store = start.store(&location, key, &env).await?.org(OrgId::default_org());
        let (entries, _) = store.journal_head().await?;
        // The first command after init leaves its mark; an init that was cut short does not.
        if entries == 0 && settings.home.join("node").exists() {
            return Err(empty_store(&location));
        }
        if entries == 0 {
            let mut tx = store.begin(&settings.actor, env.now());
            let data = json!({"version": env!("CARGO_PKG_VERSION")});
            tx.journal(Event::HomeCreated, About::default(), data);
            tx.commit().await?;
        }
        let home = settings.home.display().to_string();
        let store = location.to_string();
        if start.json {
            print_json(&json!({"home": home, "store": store, "new": entries == 0}))?;
        } else if existed && entries > 0 {
            print_line(&format!("{home} is set up already; nothing was changed."));
        } else {
            print_line(&format!(
                "Set up {home}\n  store  {store}\n  key    {home}/key seals your credentials: keep \
                 a copy apart from the store\n\nNext: muster app add gorgias support --subdomain \
                 … --email … --api-key-stdin"
            ));
        }
        Ok(Outcome::Done)
    }
}
