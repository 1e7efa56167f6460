//! Remembering whose accounts were: before somebody says otherwise, and whenever an app was read.

use muster_domain::{
    engine::{history::Restated, holders},
    model::{
        id::{AccountId, AppName, PersonId},
        journal::{About, Event},
        order::{Held, Ranked},
    },
};
use serde_json::json;

use super::{Muster, situation::Situation};
use crate::{
    error::Result,
    store::{
        Tx,
        records::{JournalFilter, Order},
    },
};

impl Muster {
    /// From whom the account is taken when it is tied to `to`, or to nobody.
    pub(super) async fn taken_from(
        &self,
        app: &AppName,
        account: &AccountId,
        to: Option<&PersonId>,
    ) -> Result<Vec<Held>> {
        let situation = self.situation(app).await?;
        let Some(known) = situation.accounts.get(account) else { return Ok(Vec::new()) };
        let filter = JournalFilter {
            app: Some(app.clone()),
            account: Some(account.clone()),
            event: Some(Event::AccountsChanged),
            ..JournalFilter::default()
        };
        let told = self.store.journal(&filter).await?;
        let filter =
            JournalFilter { event: Some(Event::EntryRestated), ..JournalFilter::default() };
        let restated = Restated::of(&self.store.journal(&filter).await?);
        let world = situation.world(self.env.now())?;
        Ok(holders::taken((&world, &self.actor), (known, to), (&told, &restated)))
    }

    /// Remembers what the last read has shown of accounts that were somebody's, and of higher roles.
    pub(super) async fn remember_holders(
        &self,
        app: &AppName,
        situation: &Situation,
    ) -> Result<()> {
        let reads = JournalFilter {
            app: Some(app.clone()),
            event: Some(Event::AppObserved),
            limit: Some(3),
            order: Order::NewestFirst,
            ..JournalFilter::default()
        };
        let reads = self.store.journal(&reads).await?;
        // By the first read, nobody had lost anything yet. The one before the last is looked at
        // again: whoever was stopped right after it remembered nothing of it.
        let Some(before) = reads.get(1..).and_then(<[_]>::last) else { return Ok(()) };
        let changes = JournalFilter {
            after_seq: Some(before.seq),
            app: Some(app.clone()),
            event: Some(Event::AccountsChanged),
            ..JournalFilter::default()
        };
        let told = self.store.journal(&changes).await?;
        let news = holders::news(&situation.world(self.env.now())?, &told);
        if news.held.is_empty() && news.ranks.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin();
        for held in &news.held {
            remember(&mut tx, held);
        }
        for rank in &news.ranks {
            let Ranked { app, account, role, until } = rank;
            tx.put_order(rank);
            let about = About {
                app: Some(app.clone()),
                account: Some(account.clone()),
                ..About::default()
            };
            tx.journal(Event::AccountHeld, about, json!({"role": role, "until": until}));
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Keeps whose an account was, in an entry of her own.
pub(super) fn remember(tx: &mut Tx, held: &Held) {
    tx.put_order(held);
    let about = About {
        app: Some(held.app.clone()),
        account: Some(held.account.clone()),
        person: Some(held.person.clone()),
        ..About::default()
    };
    tx.journal(Event::AccountHeld, about, json!({"held": held}));
}
