//! An entry of the journal as one sentence. What is worth a glance; the entry itself says the rest.

use std::collections::BTreeMap;

use muster_domain::model::{
    id::PersonId,
    journal::{Entry, Event},
    person::Person,
};
use serde_json::Value as Json;

/// The entry in words, without who did it.
pub(crate) fn sentence(entry: &Entry, people: &BTreeMap<PersonId, Person>) -> String {
    let about = &entry.about;
    let named = |id: &PersonId| people.get(id).map_or_else(|| id.to_string(), Person::name);
    let person = about.person.as_ref().map_or_else(|| "somebody".to_owned(), named);
    let app = about.app.as_ref().map_or_else(|| "the app".to_owned(), ToString::to_string);
    let account = about.account.as_ref().map_or_else(
        || about.person.as_ref().map_or_else(|| format!("an account of {app}"), named),
        |id| format!("account {app}/{id}"),
    );
    // Names come last: what somebody is called is not looked at for gaps.
    let mut told = words(entry.event).to_owned();
    for (gap, with) in [("{app}", app), ("{account}", account), ("{person}", person)] {
        told = told.replacen(gap, &with, 1);
    }
    if entry.is_without_data() {
        return format!("{told} (the data was taken out)");
    }
    let details = details(entry);
    if details.is_empty() { told } else { format!("{told}: {}", details.join(", ")) }
}

/// What of the data is worth a glance.
fn details(entry: &Entry) -> Vec<String> {
    let data = &entry.data;
    let text = |path: &str| {
        let found = data.pointer(path).and_then(Json::as_str);
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let counted = |path: &str, what: &str| {
        let n = data.pointer(path).and_then(Json::as_u64).filter(|n| *n > 0)?;
        Some(format!("{n} {what}"))
    };
    let listed = |path: &str, one: &str, many: &str| {
        let n = data.pointer(path).and_then(Json::as_array).map(Vec::len)?;
        Some(if n == 1 { format!("1 {one}") } else { format!("{n} {many}") })
    };
    let found = match entry.event {
        Event::AppObserved => vec![
            counted("/seen", "accounts"),
            counted("/added", "new"),
            counted("/changed", "changed"),
            counted("/gone", "gone"),
        ],
        Event::AccountsChanged => vec![listed("/changes", "account", "accounts")],
        Event::ChecksChanged => vec![listed("/changes", "change", "changes")],
        Event::RosterImported => vec![
            text("/file"),
            counted("/added", "new"),
            counted("/changed", "changed"),
            counted("/unmentioned", "no longer mentioned"),
        ],
        Event::Noticed => vec![
            counted("/gaps_came", "gaps came"),
            counted("/gaps_went", "gaps went"),
            counted("/tasks_came", "tasks came"),
            counted("/tasks_went", "tasks went"),
        ],
        Event::PersonChanged => {
            let changes = data.get("changes").and_then(Json::as_array).into_iter().flatten();
            let fields = changes.filter_map(|change| change.get("field")?.as_str());
            fields.map(|field| Some(field.to_owned())).collect()
        }
        Event::PlanMade => vec![counted("/operations", "operations")],
        Event::PolicyApplied => vec![counted("/number", "by number")],
        Event::ExceptionMade | Event::ExceptionEnded => {
            vec![text("/exception/check"), text("/exception/reason")]
        }
        Event::TaskAssigned => {
            vec![text("/task"), text("/asked/owner"), text("/asked/note")]
        }
        Event::Denied => vec![text("/asked")],
        _ => vec![
            text("/action").or_else(|| text("/operation/action")),
            text("/operation/action/action"),
            text("/state"),
            text("/to"),
            text("/email"),
            text("/user/email"),
            text("/file"),
            text("/name"),
            text("/reason").or_else(|| text("/link/because")),
            text("/note"),
        ],
    };
    found.into_iter().flatten().collect()
}

/// What happened, with gaps.
#[expect(clippy::too_many_lines, reason = "a line for each kind, so that none is forgotten")]
const fn words(event: Event) -> &'static str {
    match event {
        Event::HomeCreated => "set the store up",
        Event::AppAdded => "connected {app}",
        Event::AppChanged => "changed the connection of {app}",
        Event::AppDisconnected => "gave back what lets Muster into {app}",
        Event::AppSeen => "sees {app} again",
        Event::AppQuarantined => "leaves {app} alone: it failed too often",
        Event::AppReleased => "took {app} up again",
        Event::AppUnseen => "cannot see {app}",
        Event::RosterImported => "imported a roster",
        Event::RosterRefused => "refused a roster",
        Event::PersonAdded => "learned of {person}",
        Event::PersonChanged => "learned something new of {person}",
        Event::ExtensionAsked => "asked to keep {person} longer",
        Event::ExtensionApproved => "approved that {person} stays longer",
        Event::ExtensionRejected => "said no to keeping {person} longer",
        Event::PersonUnmentioned => "finds {person} no longer mentioned by a source",
        Event::PersonMerged => "said that {person} is the same as somebody else",
        Event::PersonParted => "took back that {person} is the same as somebody else",
        Event::PersonRedacted => "took out the data of {person}",
        Event::EntryRestated => "restated what an entry said of others",
        Event::Frozen => "ordered a freeze",
        Event::Thawed => "lifted a freeze",
        Event::GroupChanged => "changed a group",
        Event::GroupRemoved => "removed a group",
        Event::GroupJoined => "put {person} into a group",
        Event::GroupLeft => "took {person} out of a group",
        Event::AccessGranted => "gave {person} access",
        Event::AccessRevoked => "took access from {person}",
        Event::PersonEndOrdered => "ordered the end of {person}",
        Event::PersonEndCancelled => "took back the ordered end of {person}",
        Event::PeopleDistinct => "said that two people are two",
        Event::PolicyApplied => "applied a policy",
        Event::AppObserved => "read {app}",
        Event::AccountsChanged => "found accounts of {app} changed",
        Event::TrailRead => "read the trail of {app}",
        Event::Noticed => "noticed what came up and what went in {app}",
        Event::TaskAssigned => "asked somebody to do a task in {app}",
        Event::AccountLinked => "tied {account} to {person}",
        Event::AccountClassified => "declared {account} nobody's own",
        Event::AccountUnwanted => "declared that {account} should not exist",
        Event::AccountNotTheirs => "declared that {account} is not {person}'s",
        Event::AccountShielded => "found {account} protected by the policy",
        Event::AccountHeld => "remembers what {account} was",
        Event::AccountMet => "added {person} for {account}",
        Event::PlanMade => "made a plan",
        Event::OperationApproved => "approved an operation on {account}",
        Event::OperationRejected => "rejected an operation on {account}",
        Event::RejectionWithdrawn => "took back the rejection of an operation on {account}",
        Event::Delegated => "lent a say in approvals",
        Event::DelegationEnded => "took back a lent say",
        Event::Undone => "ordered {account} to be put back as it was",
        Event::UndoEnded => "lets {account} follow the rules again",
        Event::RestoreAccepted => "accepted that the store was restored",
        Event::OperationIntended => "is about to change {account}",
        Event::OperationChanged => "went on with a change of {account}",
        Event::WorkSeen => "looked at the work that accounts of {app} hold",
        Event::WorkOrdered => "chose what becomes of the work of {person}",
        Event::WorkIntended => "is about to move the work of {account}",
        Event::WorkMoved => "moved the work of {account}",
        Event::CapabilityLearned => "learned what {app} can do",
        Event::ChecksChanged => "found checks changed",
        Event::ExceptionMade => "made an exception",
        Event::ExceptionEnded => "ended an exception",
        Event::Attested => "attested something of {app}",
        Event::AttestationWithdrawn => "took back an attestation of {app}",
        Event::CriticalDeclared => "declared {app} critical",
        Event::CriticalWithdrawn => "declared {app} no longer critical",
        Event::SigningKeyMade => "made the key that signs evidence",
        Event::SigningKeyChanged => "changed the key that signs evidence",
        Event::CheckpointMade => "signed how far the journal had come",
        Event::EvidenceExported => "made evidence",
        Event::UserAdded => "let somebody use Muster",
        Event::UserChanged => "changed what somebody may do in Muster",
        Event::UserRemoved => "ended somebody's use of Muster",
        Event::SignInLinked => "made a link to sign in with",
        Event::SignInChanged => "changed how somebody signs in",
        Event::SignedIn => "signed in",
        Event::SignedOut => "signed out",
        Event::SignInRefused => "failed to sign in",
        Event::ApiTokenMade => "made a token for scripts",
        Event::ApiTokenRevoked => "took back a token for scripts",
        Event::Denied => "asked for what is not permitted",
    }
}
