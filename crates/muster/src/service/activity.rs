//! What happened: the journal, newest first, filtered.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_domain::model::{
    id::{AccountId, AppName, PersonId},
    journal::{Entry, Event},
};

use super::Muster;
use crate::{
    error::Result,
    store::records::{JournalFilter, Order},
};

/// Which entries are wanted. Empty fields ask nothing.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Written at this moment or later.
    pub since: Option<Timestamp>,
    /// Written at this moment or earlier.
    pub until: Option<Timestamp>,
    /// Only entries of this kind.
    pub event: Option<Event>,
    /// About this person.
    pub person: Option<PersonId>,
    /// About this app.
    pub app: Option<AppName>,
    /// About this account, also among others.
    pub account: Option<AccountId>,
    /// By somebody whose name holds this text.
    pub actor: Option<String>,
    /// With a number below this: where the page before ended.
    pub before: Option<u64>,
    /// Only what is about one of these apps: nothing of other apps, of people, policy or users.
    /// Everything where none is named.
    pub apps: Option<BTreeSet<AppName>>,
}

impl Wanted {
    fn filter(&self, app: Option<&AppName>, limit: u32) -> JournalFilter {
        JournalFilter {
            since: self.since,
            until: self.until,
            before_seq: self.before,
            event: self.event,
            person: self.person.clone(),
            app: app.cloned(),
            account: self.account.clone(),
            actor: self.actor.clone(),
            limit: Some(limit),
            order: Order::NewestFirst,
            ..JournalFilter::default()
        }
    }
}

impl Muster {
    /// The newest entries that are wanted, the newest first, so many at most.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn activity(&self, wanted: &Wanted, limit: u32) -> Result<Vec<Entry>> {
        let Some(seen) = &wanted.apps else {
            return Ok(self.store.journal(&wanted.filter(wanted.app.as_ref(), limit)).await?);
        };
        let mut found = Vec::new();
        for app in seen.iter().filter(|app| wanted.app.as_ref().is_none_or(|only| only == *app)) {
            found.extend(self.store.journal(&wanted.filter(Some(app), limit)).await?);
        }
        found.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }
}
