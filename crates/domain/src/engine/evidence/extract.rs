//! What a bundle shows of the journal: every entry of the period up to the signed head, so that the
//! chain can be followed; but only the data that the claims in the bundle rest on. An entry's hash
//! covers its data through a salted digest, so the chain holds without it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::model::{
    id::{AppName, SourceName},
    journal::{Entry, Event},
};

/// What an entry is to an auditor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Somebody decided something: listed among the decisions, with its data.
    Decision,
    /// Something was read, done or found: with its data.
    Fact,
    /// Somebody told something of people: what it says of ids and dates is listed among the
    /// decisions; the entry itself stands without its data, which tells much more.
    Word,
    /// Data about people and accounts that no claim rests on: without its data.
    Withheld,
}

/// What an entry of this kind is to an auditor.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "a line for each kind of entry, so that none is forgotten"
)]
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
        | Event::UndoEnded
        | Event::UserAdded
        | Event::UserChanged
        | Event::UserRemoved
        | Event::ApiTokenMade
        | Event::ApiTokenRevoked => Part::Decision,
        Event::AccountHeld
        | Event::AppAdded
        | Event::AppChanged
        | Event::AppDisconnected
        | Event::AppObserved
        | Event::AppQuarantined
        | Event::AppReleased
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
        | Event::PersonAdded
        | Event::PersonChanged
        | Event::PersonMerged
        | Event::PersonParted
        | Event::RosterImported => Part::Word,
        Event::AccountsChanged
        | Event::CapabilityLearned
        | Event::Denied
        | Event::SignInChanged
        | Event::SignInLinked
        | Event::SignInRefused
        | Event::SignedIn
        | Event::SignedOut
        | Event::EntryRestated
        | Event::GroupChanged
        | Event::GroupJoined
        | Event::GroupLeft
        | Event::GroupRemoved
        | Event::Noticed
        | Event::PersonRedacted
        | Event::PersonUnmentioned
        | Event::TaskAssigned
        | Event::TrailRead
        | Event::WorkIntended
        | Event::WorkMoved
        | Event::WorkOrdered
        | Event::WorkSeen => Part::Withheld,
    }
}

/// What an entry of people says by ids and dates alone; `None` when it is nobody's word by hand.
/// Whatever was told of ends counts; names, addresses and jobs do not.
#[must_use]
pub fn word(entry: &Entry) -> Option<Value> {
    let of = |key: &str| entry.data.get(key).cloned().unwrap_or_default();
    let id = |value: &Value| value.get("id").or(Some(value)).filter(|id| id.is_string()).cloned();
    match entry.event {
        Event::PersonChanged if of("by_hand") == true => {
            let changes = of("changes");
            let told = changes.as_array().into_iter().flatten().filter_map(dated);
            Some(json!({ "changes": told.collect::<Vec<_>>() }))
        }
        Event::AccountMet => Some(json!({ "engagements": engagements(&of("person")) })),
        Event::PersonAdded => {
            let person = of("person");
            let source = person.get("anchor").and_then(|anchor| anchor.get("source"));
            let by_hand = source.is_some_and(|source| *source == SourceName::hand().as_str());
            by_hand.then(|| json!({ "engagements": engagements(&person) }))
        }
        Event::PersonMerged => Some(json!({ "other": id(&of("other")), "into": of("into") })),
        Event::PersonParted => Some(json!({ "person": of("person"), "other": of("other") })),
        Event::RosterImported => {
            let fields = IMPORTED.into_iter().map(|field| (field.to_owned(), of(field)));
            Some(Value::Object(fields.collect()))
        }
        _ => None,
    }
}

/// What of an import is nobody's in particular.
const IMPORTED: [&str; 9] =
    ["source", "format", "digest", "rows", "people", "added", "changed", "unmentioned", "accepted"];

/// What of an engagement tells when it begins and ends, and whether it does.
const DATED: [&str; 8] = [
    "number",
    "status",
    "termination",
    "start_date",
    "original_start_date",
    "end_date",
    "last_working_day",
    "ended_seen",
];

fn engagements(person: &Value) -> Vec<Value> {
    let told = person.get("engagements").and_then(Value::as_array);
    told.into_iter().flatten().map(dates).collect()
}

/// What `engagement` tells of its dates.
fn dates(engagement: &Value) -> Value {
    let fields = engagement.as_object().into_iter().flatten();
    let told = fields.filter(|(field, value)| DATED.contains(&field.as_str()) && !value.is_null());
    told.map(|(field, value)| (field.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// A change of one field, if it is of dates, or of a whole engagement.
fn dated(change: &Value) -> Option<Value> {
    let field = change.get("field")?.as_str()?;
    let of = |side: &str| change.get(side).cloned().unwrap_or_default();
    let whole = field.strip_prefix("engagement ").is_some_and(|rest| rest.parse::<u32>().is_ok());
    let name = field.rsplit([' ', '.']).next().unwrap_or_default();
    if whole {
        let (before, after) = (of("before"), of("after"));
        let told = |side: &Value| if side.is_null() { Value::Null } else { dates(side) };
        return Some(json!({ "field": field, "before": told(&before), "after": told(&after) }));
    }
    let counts = DATED.contains(&name);
    counts.then(|| json!({ "field": field, "before": of("before"), "after": of("after") }))
}

/// Whether a bundle of `app`, or of all, up to `to` shows the data of this entry.
#[must_use]
pub fn tells(entry: &Entry, to: Timestamp, app: Option<&AppName>) -> bool {
    let concerns = app.is_none_or(|app| entry.about.app.as_ref().is_none_or(|about| about == app));
    let told = matches!(part(entry.event), Part::Decision | Part::Fact);
    told && entry.at < to && concerns
}

/// The entry as a bundle shows it, that is of the time before `to` and of `app`, where one is meant.
#[must_use]
pub fn shown(entry: Entry, to: Timestamp, app: Option<&AppName>) -> Entry {
    if tells(&entry, to, app) { entry } else { withheld(entry) }
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
            let told = matches!(part(*event), Part::Decision | Part::Fact);
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

    #[test]
    fn a_word_about_a_person_is_told_by_dates_and_ids_alone() {
        let told = |event, data| {
            let at = "2026-10-01T12:00:00Z".parse().unwrap();
            let draft = Draft { at, actor: "ines".into(), event, about: About::default(), data };
            word(&Entry::chain(draft, 1, Digest::zero(), [7; 16]).unwrap())
        };
        let change =
            |field: &str, after: Value| json!({ "field": field, "before": null, "after": after });
        let ends = change("engagement 1: end_date", json!("2027-11-19"));
        let hired = change("engagement 2", json!({ "start_date": "2026-11-01", "title": "Agent" }));
        let changes = json!([ends, change("work_email", json!("ann@acme.example")), hired]);
        let said = told(Event::PersonChanged, json!({ "by_hand": true, "changes": changes }));
        let hired = change("engagement 2", json!({ "start_date": "2026-11-01" }));
        assert_eq!(said, Some(json!({ "changes": [ends, hired] })));
        assert_eq!(told(Event::PersonChanged, json!({ "changes": changes })), None);
        let other = json!({ "id": "per_a", "display_name": "Ann Ash" });
        let said = told(Event::PersonMerged, json!({ "other": other, "into": "per_b" }));
        assert_eq!(said, Some(json!({ "other": "per_a", "into": "per_b" })));
        let engagements = json!([{ "number": 1, "end_date": "2026-11-01", "title": "Agent" }]);
        for (source, by_hand) in [("hand", true), ("hr", false)] {
            let anchor = json!({ "source": source, "id": "1" });
            let person =
                json!({ "anchor": anchor, "engagements": engagements, "display_name": "A" });
            let said = told(Event::PersonAdded, json!({ "person": person }));
            let dates = json!({ "engagements": [{ "number": 1, "end_date": "2026-11-01" }] });
            assert_eq!(said, by_hand.then_some(dates));
        }
        let said =
            told(Event::RosterImported, json!({ "source": "hr", "rows": 3, "file": "x.csv" }));
        let said = said.unwrap();
        assert_eq!((&said["rows"], said.get("file")), (&json!(3), None));
    }
}
