//! What a bundle shows of the journal: every entry of the period up to the signed head, so that the
//! chain can be followed; but only the data that the claims in the bundle rest on. An entry's hash
//! covers its data through a salted digest, so the chain holds without it.

use jiff::Timestamp;
use serde_json::Value;

use crate::model::{
    id::AppName,
    journal::{Entry, Event},
};

/// What an entry is to an auditor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Somebody decided something: listed among the decisions, with its data.
    Decision,
    /// Something was read, done or found: with its data.
    Fact,
    /// Data about people and accounts that no claim rests on: without its data.
    Withheld,
}

/// What an entry of this kind is to an auditor.
#[must_use]
pub const fn part(event: Event) -> Part {
    match event {
        Event::AccessGranted
        | Event::AccessRevoked
        | Event::AccountClassified
        | Event::AccountLinked
        | Event::AccountNotTheirs
        | Event::AccountShielded
        | Event::AccountUnwanted
        | Event::Attested
        | Event::AttestationWithdrawn
        | Event::CriticalDeclared
        | Event::CriticalWithdrawn
        | Event::Delegated
        | Event::DelegationEnded
        | Event::ExceptionMade
        | Event::ExceptionEnded
        | Event::ExtensionApproved
        | Event::ExtensionAsked
        | Event::ExtensionRejected
        | Event::Frozen
        | Event::OperationApproved
        | Event::OperationRejected
        | Event::PeopleDistinct
        | Event::PersonEndCancelled
        | Event::PersonEndOrdered
        | Event::RejectionWithdrawn
        | Event::RestoreAccepted
        | Event::Thawed
        | Event::Undone
        | Event::UndoEnded => Part::Decision,
        Event::AppAdded
        | Event::AppChanged
        | Event::AppDisconnected
        | Event::AppObserved
        | Event::AppSeen
        | Event::AppUnseen
        | Event::CheckpointMade
        | Event::ChecksChanged
        | Event::EvidenceExported
        | Event::HomeCreated
        | Event::OperationChanged
        | Event::OperationIntended
        | Event::PlanMade
        | Event::PolicyApplied
        | Event::RosterRefused
        | Event::SigningKeyChanged
        | Event::SigningKeyMade => Part::Fact,
        Event::AccountMet
        | Event::AccountsChanged
        | Event::CapabilityLearned
        | Event::EntryRestated
        | Event::GroupChanged
        | Event::GroupJoined
        | Event::GroupLeft
        | Event::GroupRemoved
        | Event::Noticed
        | Event::PersonAdded
        | Event::PersonChanged
        | Event::PersonMerged
        | Event::PersonParted
        | Event::PersonRedacted
        | Event::PersonUnmentioned
        | Event::RosterImported
        | Event::TaskAssigned
        | Event::TrailRead
        | Event::WorkIntended
        | Event::WorkMoved
        | Event::WorkOrdered
        | Event::WorkSeen => Part::Withheld,
    }
}

/// The entry as a bundle shows it, that is of the time before `to` and of `app`, where one is meant.
#[must_use]
pub fn shown(entry: Entry, to: Timestamp, app: Option<&AppName>) -> Entry {
    let concerns = app.is_none_or(|app| entry.about.app.as_ref().is_none_or(|about| about == app));
    if part(entry.event) != Part::Withheld && entry.at < to && concerns {
        return entry;
    }
    withheld(entry)
}

/// The entry without its data; its hash still holds.
#[must_use]
pub fn withheld(entry: Entry) -> Entry {
    Entry { data: Value::Null, salt: String::new(), ..entry }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        canonical::Digest,
        journal::{About, Draft},
    };

    #[test]
    fn an_entry_without_its_data_still_has_its_place_in_the_chain() {
        let at: Timestamp = "2026-10-01T12:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-10-02T12:00:00Z".parse().unwrap();
        let app: AppName = "support".parse().unwrap();
        let other: AppName = "other".parse().unwrap();
        for event in Event::ALL {
            let about = About { app: Some(app.clone()), ..About::default() };
            let data = serde_json::json!({ "name": "Ann" });
            let draft = Draft { at, actor: "anna".to_owned(), event: *event, about, data };
            let entry = Entry::chain(draft, 1, Digest::zero(), [7; 16]).unwrap();
            let told = part(*event) != Part::Withheld;
            for (to, of, expected) in [
                (later, None, told),
                (later, Some(&app), told),
                (later, Some(&other), false),
                (at, None, false),
            ] {
                let shown = shown(entry.clone(), to, of);
                assert_eq!(!shown.data.is_null(), expected, "{}", event.word());
                shown.verify(1, &Digest::zero()).unwrap();
            }
        }
    }
}
