//! Accounts that were shut out, by whoever it was: what the journal remembers of them, for the world
//! shows only how things are now.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ask::Facts;
use crate::{
    engine::history::account_changes,
    model::{
        id::{AccountId, PersonId},
        journal::Entry,
    },
};

/// That an account was seen to let nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Out {
    /// When it was last seen so first.
    pub at: Timestamp,
    /// When it was seen to let in again.
    pub back: Option<Timestamp>,
}

impl Out {
    /// When the account was last shut out, as these entries about it tell, the oldest first.
    pub fn of<'e>(id: &AccountId, entries: impl Iterator<Item = &'e Entry>) -> Option<Self> {
        let mut out: Option<Self> = None;
        for (at, changes) in entries.filter_map(|entry| account_changes(entry, &entry.data)) {
            for change in changes.into_iter().filter(|change| change.account == *id) {
                let lets_in = change.after.is_some_and(|after| after.status.may_sign_in());
                Self::step(&mut out, lets_in, at);
            }
        }
        out
    }

    /// Takes in that an account was seen to let in, or not to.
    pub fn step(out: &mut Option<Self>, lets_in: bool, at: Timestamp) {
        match out {
            Some(Self { back: back @ None, .. }) if lets_in => *back = Some(at),
            Some(Self { back: Some(_), .. }) | None if !lets_in => {
                *out = Some(Self { at, back: None });
            }
            _ => {}
        }
    }
}

impl<'a> Facts<'a> {
    /// With what the journal tells of accounts that were shut out, of those at least that are a
    /// leaver's and let in now. The world shows only how it is now, and what Muster did itself.
    #[must_use]
    pub fn remembering(mut self, outs: BTreeMap<AccountId, Out>) -> Self {
        self.outs = outs;
        self
    }

    /// When anybody last took an account of this person away at `since` or later.
    pub(super) fn taken_since(
        &self,
        person: &PersonId,
        since: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let taken = self.correlation.accounts_of(person).iter().flat_map(|id| {
            let out = self.outs.get(id).map(|out| out.at);
            [out, self.world.accounts.get(id).and_then(|known| known.gone)].into_iter().flatten()
        });
        let after = taken.filter(|at| since.is_none_or(|since| since <= *at));
        after.max().max(self.taken.get(person).copied())
    }
}
