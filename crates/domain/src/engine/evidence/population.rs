//! Populations: who was there when a period began and when it ended, and everybody who came, went
//! or changed between, folded from the journal. Samples are drawn from a population, so each says
//! what it rests on, and why it does not count where it does not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    engine::history::{AccountChange, Known, Read, Restated, account_changes},
    model::{
        account::{Account, AccountStatus},
        id::{AccountId, AppName},
        journal::{Entry, Event},
        observation::Completeness,
    },
};

/// What became of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moved {
    /// It was seen for the first time.
    Appeared,
    /// It was gone, and is there again.
    Returned,
    /// It is not there any more.
    Gone,
    /// It let in, or might have, and does not any more.
    ShutOut,
    /// It did not let in, and does.
    LetIn,
    /// It has another role.
    Role,
    /// Something else about it is different.
    Changed,
    /// What became of it was taken out of the journal with a person's data.
    TakenOut,
}

impl Moved {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Appeared => "appeared",
            Self::Returned => "returned",
            Self::Gone => "gone",
            Self::ShutOut => "shut_out",
            Self::LetIn => "let_in",
            Self::Role => "role",
            Self::Changed => "changed",
            Self::TakenOut => "taken_out",
        }
    }
}

/// A change of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// When it was seen.
    pub at: Timestamp,
    /// The account; `None` when not even that is told.
    pub account: Option<AccountId>,
    /// What became of it.
    pub what: Moved,
    /// As it was before; `None` when it was not there.
    pub before: Option<Account>,
    /// As it is after; `None` when it is not there any more.
    pub after: Option<Account>,
}

/// What `entry` changes about accounts, in the light of what was `known` before it.
#[must_use]
pub fn movements(known: &Known, entry: &Entry, restated: &Restated) -> Vec<Movement> {
    if entry.event != Event::AccountsChanged {
        return Vec::new();
    }
    let changes = restated.told(entry).and_then(|data| account_changes(entry, data));
    let (Some((at, changes)), Some(app)) = (changes, &entry.about.app) else {
        let account = entry.about.account.clone();
        let (before, after) = (None, None);
        return vec![Movement { at: entry.at, account, what: Moved::TakenOut, before, after }];
    };
    let known = known.accounts.get(app);
    let movement = |AccountChange { account, after }: AccountChange| {
        let seen = known.and_then(|known| known.get(&account));
        let there = seen.filter(|seen| seen.gone.is_none()).map(|seen| &seen.account);
        let what = match (there, &after) {
            (None, None) => return None,
            (None, Some(_)) if seen.is_some() => Moved::Returned,
            (None, Some(_)) => Moved::Appeared,
            (Some(_), None) => Moved::Gone,
            (Some(before), Some(after)) => changed(before, after)?,
        };
        Some(Movement { at, account: Some(account), what, before: there.cloned(), after })
    };
    changes.into_iter().filter_map(movement).collect()
}

fn changed(before: &Account, after: &Account) -> Option<Moved> {
    let shut = |account: &Account| account.status == AccountStatus::Inactive;
    match (shut(before), shut(after)) {
        _ if before == after => None,
        (false, true) => Some(Moved::ShutOut),
        (true, false) => Some(Moved::LetIn),
        _ if before.role != after.role => Some(Moved::Role),
        _ => Some(Moved::Changed),
    }
}

/// What a population of an app's accounts rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The last read before the moment.
    pub last: Option<Read>,
    /// The last one that proved itself complete.
    pub proven: Option<Read>,
    /// Why it may not be taken for everybody; `None` when it may.
    pub why_not: Option<String>,
}

/// What the accounts of `app` rest on, as they are `known`.
#[must_use]
pub fn basis(known: &Known, app: &AppName) -> Basis {
    let reads = known.reads.get(app);
    let last = reads.map(|reads| reads.last.clone());
    let proven = reads.and_then(|reads| reads.proven.clone());
    let why_not = match last.as_ref().map(|last| &last.completeness) {
        None => Some("the app had not been read by then".to_owned()),
        Some(Completeness::Unproven { reason }) => {
            Some(format!("the last read before did not prove itself complete: {reason}"))
        }
        Some(Completeness::Proven) => unread(&known.unread),
    };
    Basis { last, proven, why_not }
}

/// Why nothing that is folded may be taken for all there is, if it may not.
#[must_use]
pub fn unread(entries: &BTreeSet<u64>) -> Option<String> {
    let first = entries.first()?;
    Some(format!("entry {first} of the journal cannot be read"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{
        account::{AccountKind, Mfa},
        canonical::Digest,
        journal::{About, Draft},
    };

    fn account(status: AccountStatus, role: &str) -> Account {
        let mut account: Account = serde_json::from_value(json!({
            "id": "7", "login": "ann@acme.example", "name": "Ann", "role": role,
            "status": status, "kind": AccountKind::Human, "mfa": Mfa::Unknown, "other": {},
        }))
        .unwrap();
        account.status = status;
        account
    }

    fn entry(seq: u64, event: Event, data: serde_json::Value) -> Entry {
        let draft = Draft {
            at: "2026-10-01T12:00:00Z".parse().unwrap(),
            actor: "muster".to_owned(),
            event,
            about: About { app: Some("support".parse().unwrap()), ..About::default() },
            data,
        };
        Entry::chain(draft, seq, Digest::zero(), [7; 16]).unwrap()
    }

    /// What each of these states of one account, in turn, is said to be.
    fn told(states: &[Option<Account>]) -> Vec<&'static str> {
        let (mut known, restated) = (Known::default(), Restated::default());
        let mut words = Vec::new();
        for (seq, after) in (1..).zip(states) {
            let changes = json!({ "changes": [{ "account": "7", "after": after }] });
            let entry = entry(seq, Event::AccountsChanged, changes);
            let found = movements(&known, &entry, &restated);
            words.extend(found.iter().map(|one| one.what.word()));
            known.learn(&entry, &restated);
        }
        words
    }

    #[test]
    fn everybody_who_came_went_or_changed_is_told() {
        use AccountStatus::{Active, Inactive};
        let states = [
            Some(account(Active, "agent")),
            Some(account(Active, "admin")),
            Some(account(Inactive, "agent")),
            Some(account(Inactive, "agent")),
            Some(account(Active, "agent")),
            None,
            None,
            Some(account(Active, "agent")),
        ];
        let expected = ["appeared", "role", "shut_out", "let_in", "gone", "returned"];
        assert_eq!(told(&states), expected);
    }

    #[test]
    fn what_was_taken_out_is_told_as_that() {
        let data = json!({ "changes": [{ "account": "7", "after": null }] });
        let mut entry = entry(1, Event::AccountsChanged, data);
        (entry.data, entry.salt) = (serde_json::Value::Null, String::new());
        let found = movements(&Known::default(), &entry, &Restated::default());
        assert_eq!(found.first().map(|one| one.what), Some(Moved::TakenOut));
    }

    #[test]
    fn only_a_complete_read_makes_a_population_of_everybody() {
        let app: AppName = "support".parse().unwrap();
        let mut known = Known::default();
        assert!(basis(&known, &app).why_not.unwrap().contains("had not been read"));
        let read = |seq, completeness: &Completeness| {
            let at = "2026-10-01T12:00:00Z";
            let data = json!({ "id": format!("obs_{}", "0".repeat(16)), "started": at,
                               "finished": at, "completeness": completeness });
            entry(seq, Event::AppObserved, data)
        };
        known.learn(&read(1, &Completeness::Proven), &Restated::default());
        assert_eq!(known.unread.len(), 0, "the read is one");
        assert_eq!(basis(&known, &app).why_not, None);
        let cut = Completeness::Unproven { reason: "cut off".to_owned() };
        known.learn(&read(2, &cut), &Restated::default());
        let after = basis(&known, &app);
        assert!(after.why_not.unwrap().contains("cut off"));
        assert!(after.proven.is_some());
        known.learn(&read(3, &Completeness::Proven), &Restated::default());
        known.unread.insert(2);
        assert!(basis(&known, &app).why_not.unwrap().contains("entry 2"));
    }
}
