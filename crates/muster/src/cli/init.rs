//! `muster init`.

use muster_domain::model::{
    id::OrgId,
    journal::{About, Event},
};
use serde_json::json;

use super::session::{Outcome, Start, empty_store, print_json, print_line};
use crate::{
    env::Env,
    error::{Error, Result},
    store::{Location, witness},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Take part in a store that other homes use and that was not restored from a backup
    #[arg(long)]
    join: bool,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let settings = start.settings()?;
        let env = Env::system();
        let existed = settings.is_set_up();
        let key = settings.set_up(&env)?;
        let _lock = settings.lock(start.command)?;
        let location = settings.location();
        let opened = start.store(&location, key, &env).await?;
        let store = opened.org(OrgId::default_org());
        let (entries, head) = store.journal_head().await?;
        // The first command after init leaves its mark; an init that was cut short does not.
        if entries == 0 && settings.home.join("node").exists() {
            return Err(empty_store(&location));
        }
        let witness = settings.witness_file();
        let unseen = !witness.exists();
        if entries > 0 && unseen && !self.join {
            return Err(not_seen_before(&location));
        }
        if entries == 0 || unseen {
            // Before the entry, so that a home that is cut short here has its witness.
            witness::write(&witness, entries, &head).map_err(|error| {
                Error::file(format!("cannot write {}", witness.display()), error)
            })?;
            opened.witnessed_in(witness);
            let mut tx = store.begin(&settings.actor, env.now());
            let data = json!({"version": env!("CARGO_PKG_VERSION"), "joined": entries > 0});
            tx.journal(Event::HomeCreated, About::default(), data);
            tx.commit().await?;
        }
        let home = settings.home.display().to_string();
        let store = location.to_string();
        if start.json {
            print_json(&json!({"home": home, "store": store, "new": entries == 0}))?;
        } else if existed && entries > 0 {
            print_line(&format!("{home} is set up already."));
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

/// A store that others filled, in a home that never saw it.
fn not_seen_before(location: &Location) -> Error {
    Error::Conflict(format!(
        "the store at {location} is in use, and this home has not seen it before. If other homes \
         use it now: muster init --join. If it was restored from a backup: muster log \
         accept-restore"
    ))
}
