//! What of the state the journal can vouch for. Entries of journals begun before entries told the
//! state tell that something changed, but not what it is then: what only they wrote is not covered.
//! From the first entry with an image on, every entry must tell what it changed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{table, trace};
use crate::model::{
    history::AFTER,
    id::{AccountId, AppName, OperationId, PersonId},
    journal::{About, Entry, Event},
};

/// Kinds that entries did not tell at first, though they told others. A journal that tells them
/// says so in its first entry.
const TOLD_SINCE_JOURNALS_SAY_SO: [&str; 7] = [
    table::NOTICED,
    table::TRAILS,
    table::ACTIVITY,
    table::CREDENTIALS,
    table::SIGNING_KEYS,
    table::PLANS,
    table::FILES,
];

/// How far the journal vouches for the state.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The first entry that tells state by images.
    pub images_from: Option<u64>,
    /// Entries after it that changed something and do not tell what it is then.
    pub untold: BTreeSet<u64>,
    /// Whether the journal tells every table from its first entry on.
    pub tells: bool,
    /// What earlier entries wrote, by kind: without a key, anything of the kind.
    early: BTreeMap<&'static str, BTreeSet<Vec<String>>>,
    /// The runs that earlier entries tell of.
    early_runs: BTreeSet<(AppName, OperationId)>,
    /// What entries were about whose data was taken out, and when they were written.
    taken_out: Vec<(About, Timestamp)>,
}

/// Why something may be kept that the journal does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excuse {
    /// Only entries without images wrote it.
    Early,
    /// It is of a person whose data was taken out.
    TakenOut,
}

impl Coverage {
    /// Takes in the next entry.
    pub(super) fn learn(&mut self, entry: &Entry) {
        if entry.seq == 1 {
            self.tells = entry.data.get(trace::TELLS).is_some();
        }
        if entry.is_without_data() {
            self.taken_out.push((entry.about.clone(), entry.at));
            return;
        }
        if entry.data.get(AFTER).is_some() {
            self.images_from.get_or_insert(entry.seq);
            return;
        }
        let Some(wrote) = wrote(entry) else { return };
        if self.images_from.is_none() {
            if let (Event::OperationIntended, Some(app), Some(run)) =
                (entry.event, &entry.about.app, &entry.about.operation)
            {
                self.early_runs.insert((app.clone(), run.clone()));
            }
            let (kind, key) = wrote;
            self.early.entry(kind).or_default().insert(key);
        } else if always_tells(entry.event) {
            self.untold.insert(entry.seq);
        }
    }

    /// Whether earlier entries wrote this, or anything of its kind without saying what.
    #[must_use]
    pub fn is_early(&self, kind: &str, key: &[String]) -> bool {
        if TOLD_SINCE_JOURNALS_SAY_SO.contains(&kind) {
            return !self.tells;
        }
        let written = self.early.get(kind);
        written.is_some_and(|written| written.contains(key) || written.contains(&Vec::new()))
    }

    /// Whether any entry lost its data.
    #[must_use]
    pub const fn has_taken_out(&self) -> bool {
        !self.taken_out.is_empty()
    }

    /// The keys of a kind that earlier entries wrote.
    pub fn early(&self, kind: &str) -> impl Iterator<Item = &Vec<String>> {
        self.early.get(kind).into_iter().flatten().filter(|key| !key.is_empty())
    }

    /// The runs of an app that earlier entries tell of.
    pub fn early_runs(&self, app: &AppName) -> impl Iterator<Item = &OperationId> {
        self.early_runs.iter().filter(move |(of, _)| of == app).map(|(_, run)| run)
    }

    /// The people whose data was taken out.
    #[must_use]
    pub fn people_taken_out(&self) -> BTreeSet<&PersonId> {
        self.taken_out.iter().filter_map(|(about, _)| about.person.as_ref()).collect()
    }

    /// The accounts whose own entries lost their data.
    #[must_use]
    pub fn accounts_taken_out(&self) -> BTreeSet<(AppName, AccountId)> {
        let account =
            |(about, _): &(About, Timestamp)| Some((about.app.clone()?, about.account.clone()?));
        self.taken_out.iter().filter_map(account).collect()
    }

    /// Whether an entry of this moment lost its data.
    #[must_use]
    pub fn is_taken_out_at(&self, at: Timestamp) -> bool {
        self.taken_out.iter().any(|(_, when)| *when == at)
    }
}

/// Entries that write the state of what they are about, each time.
const fn always_tells(event: Event) -> bool {
    matches!(
        event,
        Event::PersonAdded
            | Event::PersonChanged
            | Event::PersonUnmentioned
            | Event::PersonMerged
            | Event::PersonParted
            | Event::PersonRedacted
            | Event::PersonEndOrdered
            | Event::PersonEndCancelled
            | Event::OperationIntended
    )
}

/// Of which kind, and under which key, an entry writes state.
fn wrote(entry: &Entry) -> Option<(&'static str, Vec<String>)> {
    let about = &entry.about;
    let account =
        || Some(vec![about.app.as_ref()?.to_string(), about.account.as_ref()?.to_string()]);
    let (kind, key) = match entry.event {
        Event::PersonAdded
        | Event::AccountMet
        | Event::PersonChanged
        | Event::PersonUnmentioned
        | Event::PersonMerged
        | Event::PersonParted
        | Event::PersonRedacted
        | Event::PersonEndOrdered
        | Event::PersonEndCancelled
        | Event::ExtensionApproved => (table::PEOPLE, vec![about.person.as_ref()?.to_string()]),
        Event::OperationIntended | Event::OperationChanged => {
            (table::RUNS, vec![about.operation.as_ref()?.to_string()])
        }
        Event::AccountLinked | Event::AccountClassified | Event::AccountUnwanted => {
            (table::LINKS, account()?)
        }
        Event::CapabilityLearned => (table::LEARNED, account()?),
        Event::AppAdded | Event::AppChanged | Event::AppSeen | Event::AppUnseen => {
            (table::CONNECTIONS, vec![about.app.as_ref()?.to_string()])
        }
        Event::RosterImported => (table::SOURCES, Vec::new()),
        Event::OperationApproved => (table::APPROVALS, Vec::new()),
        Event::AccountHeld
        | Event::AccountShielded
        | Event::Attested
        | Event::CriticalDeclared
        | Event::ExceptionMade
        | Event::Frozen
        | Event::GroupChanged
        | Event::GroupJoined
        | Event::AccessGranted
        | Event::PeopleDistinct
        | Event::AccountNotTheirs
        | Event::OperationRejected
        | Event::Delegated
        | Event::Undone
        | Event::WorkOrdered
        | Event::ExtensionAsked
        | Event::UserAdded
        | Event::UserChanged
        | Event::ApiTokenMade
        | Event::TaskAssigned => (table::ORDERS, Vec::new()),
        _ => return None,
    };
    Some((kind, key))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{canonical::Digest, journal::Draft};

    fn person(n: u8) -> PersonId {
        format!("per_{n:0>16}").parse().unwrap()
    }

    fn entry(seq: u64, event: Event, data: Value) -> Entry {
        let draft = Draft {
            at: "2026-10-01T12:00:00Z".parse().unwrap(),
            actor: "anna".to_owned(),
            event,
            about: About { person: Some(person(1)), ..About::default() },
            data,
        };
        Entry::chain(draft, seq, Digest::zero(), [7; 16]).unwrap()
    }

    fn key() -> Vec<String> {
        vec![person(1).to_string()]
    }

    #[test]
    fn only_what_was_written_before_the_first_image_is_not_covered() {
        let mut coverage = Coverage::default();
        coverage.learn(&entry(1, Event::PersonChanged, json!({})));
        assert_eq!((coverage.images_from, coverage.is_early(table::PEOPLE, &key())), (None, true));
        assert!(!coverage.is_early(table::RUNS, &key()));
        coverage.learn(&entry(2, Event::RosterImported, json!({ AFTER: [] })));
        assert_eq!(coverage.images_from, Some(2));
        assert!(coverage.untold.is_empty());
        coverage.learn(&entry(3, Event::PersonChanged, json!({ AFTER: [] })));
        assert!(coverage.untold.is_empty());
        // Nobody can make an old entry of a new one.
        coverage.learn(&entry(4, Event::PersonChanged, json!({})));
        assert_eq!(coverage.untold, BTreeSet::from([4]));
    }

    #[test]
    fn what_was_taken_out_is_excused_for_that_person_alone() {
        let mut coverage = Coverage::default();
        let mut gone = entry(1, Event::PersonChanged, json!({}));
        (gone.data, gone.salt) = (Value::Null, String::new());
        coverage.learn(&gone);
        assert_eq!(coverage.people_taken_out(), BTreeSet::from([&person(1)]));
        assert!(!coverage.is_early(table::PEOPLE, &key()));
        assert!(coverage.is_taken_out_at(gone.at));
    }
}
