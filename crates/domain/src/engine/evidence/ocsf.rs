//! The journal in the words of the Open Cybersecurity Schema Framework, version 1.3, for a SIEM. Every
//! kind of entry has its class and activity here; what the schema has no place for is `unmapped`.

use serde_json::{Value as Json, json};

use crate::model::journal::{Entry, Event};

/// The version of the schema.
pub const VERSION: &str = "1.3.0";

/// A class of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    ComplianceFinding,
    AccountChange,
    EntityManagement,
    UserAccessManagement,
    GroupManagement,
    ApiActivity,
}

impl Class {
    const fn uid(self) -> u64 {
        match self {
            Self::ComplianceFinding => 2003,
            Self::AccountChange => 3001,
            Self::EntityManagement => 3004,
            Self::UserAccessManagement => 3005,
            Self::GroupManagement => 3006,
            Self::ApiActivity => 6003,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::ComplianceFinding => "Compliance Finding",
            Self::AccountChange => "Account Change",
            Self::EntityManagement => "Entity Management",
            Self::UserAccessManagement => "User Access Management",
            Self::GroupManagement => "Group Management",
            Self::ApiActivity => "API Activity",
        }
    }
}

/// In every class, what none of its activities says.
const OTHER: u64 = 99;

/// The class of an entry and its activity there, as far as its kind tells.
const fn class(event: Event) -> (Class, u64) {
    use Class as C;
    match event {
        Event::ChecksChanged | Event::Noticed => (C::ComplianceFinding, 2),
        Event::TaskAssigned
        | Event::ExceptionMade
        | Event::ExceptionEnded
        | Event::Attested
        | Event::AttestationWithdrawn => (C::ComplianceFinding, 2),
        // The activity follows from what was done.
        Event::OperationIntended | Event::OperationChanged => (C::AccountChange, OTHER),
        Event::AccountsChanged
        | Event::AccountLinked
        | Event::AccountClassified
        | Event::AccountUnwanted
        | Event::AccountNotTheirs
        | Event::AccountShielded
        | Event::AccountMet
        | Event::CapabilityLearned
        | Event::Undone
        | Event::UndoEnded => (C::AccountChange, OTHER),
        Event::AccessGranted => (C::UserAccessManagement, 1),
        Event::AccessRevoked => (C::UserAccessManagement, 2),
        Event::GroupJoined => (C::GroupManagement, 3),
        Event::GroupLeft => (C::GroupManagement, 4),
        Event::GroupRemoved => (C::GroupManagement, 5),
        Event::GroupChanged => (C::GroupManagement, OTHER),
        Event::AppObserved | Event::TrailRead | Event::WorkSeen => (C::ApiActivity, 2),
        Event::WorkIntended | Event::WorkMoved => (C::ApiActivity, 3),
        Event::HomeCreated
        | Event::AppAdded
        | Event::PersonAdded
        | Event::SigningKeyMade
        | Event::CheckpointMade
        | Event::EvidenceExported
        | Event::PlanMade
        | Event::CriticalDeclared => (C::EntityManagement, 1),
        Event::AppChanged
        | Event::PersonChanged
        | Event::PersonMerged
        | Event::PersonParted
        | Event::PersonRedacted
        | Event::PersonUnmentioned
        | Event::PersonEndOrdered
        | Event::PersonEndCancelled
        | Event::PeopleDistinct
        | Event::PolicyApplied
        | Event::RosterImported
        | Event::EntryRestated
        | Event::WorkOrdered => (C::EntityManagement, 3),
        Event::AppDisconnected | Event::CriticalWithdrawn => (C::EntityManagement, 4),
        Event::AppSeen
        | Event::AppUnseen
        | Event::RosterRefused
        | Event::ExtensionAsked
        | Event::ExtensionApproved
        | Event::ExtensionRejected
        | Event::Frozen
        | Event::Thawed
        | Event::OperationApproved
        | Event::OperationRejected
        | Event::RejectionWithdrawn
        | Event::Delegated
        | Event::DelegationEnded
        | Event::RestoreAccepted => (C::EntityManagement, OTHER),
    }
}

/// What an operation does to an account, as the schema counts it.
fn account_activity(data: &Json) -> u64 {
    let action = data.get("action").or_else(|| data.get("operation")?.get("action"));
    match action.and_then(Json::as_str) {
        Some("create") => 1,
        Some("reactivate") => 2,
        Some("deactivate") => 5,
        Some("delete" | "cancel_invite") => 6,
        _ => OTHER,
    }
}

/// 0 unknown, 1 success, 2 failure, 99 other.
fn status(entry: &Entry) -> (u64, &'static str) {
    let state = entry.data.get("state").and_then(Json::as_str);
    match (entry.event, state) {
        (Event::OperationChanged, Some("verified" | "already_so")) => (1, "Success"),
        (Event::OperationChanged, Some("refused"))
        | (Event::AppUnseen | Event::RosterRefused, _) => (2, "Failure"),
        (Event::OperationChanged | Event::OperationIntended, Some("unknown") | None) => {
            (0, "Unknown")
        }
        (Event::OperationChanged, _) => (OTHER, "Other"),
        _ => (1, "Success"),
    }
}

/// 1 informational, 2 low, 3 medium, 4 high, 5 critical: that of the worst that fails now.
fn severity(entry: &Entry) -> u64 {
    let of_change = |change: &Json| {
        if change.get("to").and_then(Json::as_str) != Some("fail") {
            return 1;
        }
        match change.get("severity").and_then(Json::as_str) {
            Some("critical") => 5,
            Some("high") => 4,
            Some("medium") => 3,
            _ => 2,
        }
    };
    match entry.event {
        Event::ChecksChanged => {
            let changes = entry.data.get("changes").and_then(Json::as_array);
            changes.into_iter().flatten().map(of_change).max().unwrap_or(1)
        }
        Event::RestoreAccepted => 4,
        Event::AppUnseen | Event::RosterRefused => 3,
        Event::PersonRedacted | Event::AppDisconnected | Event::Frozen => 2,
        _ => 1,
    }
}

/// What the entry is about, as one name.
fn subject(entry: &Entry) -> (String, &'static str) {
    let about = &entry.about;
    let app = about.app.as_ref().map(ToString::to_string);
    if let Some(account) = &about.account {
        return (format!("{}/{account}", app.unwrap_or_default()), "account");
    }
    let one = about.person.as_ref().map(|person| (person.to_string(), "person"));
    let one = one.or_else(|| Some((about.operation.as_ref()?.to_string(), "operation")));
    let one = one.or_else(|| Some((about.plan?.to_string(), "plan")));
    one.or_else(|| Some((app?, "app"))).unwrap_or_else(|| ("muster".to_owned(), "organization"))
}

/// The entry as an event of the schema, told by Muster of this version.
#[must_use]
pub fn event(entry: &Entry, program: &str) -> Json {
    let (class, activity) = class(entry.event);
    let of_run = matches!(entry.event, Event::OperationIntended | Event::OperationChanged);
    let activity = if of_run { account_activity(&entry.data) } else { activity };
    let uid = class.uid();
    let (status_id, status) = status(entry);
    let mut event = json!({
        "class_uid": uid,
        "class_name": class.name(),
        "category_uid": uid / 1000,
        "activity_id": activity,
        "type_uid": uid * 100 + activity,
        "severity_id": severity(entry),
        "status_id": status_id,
        "status": status,
        "time": entry.at.as_millisecond(),
        "message": entry.event.word(),
        "actor": { "user": { "name": entry.actor, "type_id": 0 } },
        "metadata": {
            "version": VERSION,
            "product": { "name": "Muster", "vendor_name": "Muster", "version": program },
            "uid": entry.hash,
            "sequence": entry.seq,
            "event_code": entry.event.word(),
            "log_name": "journal",
        },
        "unmapped": { "about": entry.about, "data": entry.data },
    });
    let of_class = of_class(class, entry);
    if let (Json::Object(event), Json::Object(of_class)) = (&mut event, of_class) {
        event.extend(of_class);
    }
    event
}

/// What the class requires beside.
fn of_class(class: Class, entry: &Entry) -> Json {
    let (name, kind) = subject(entry);
    let user = json!({ "uid": name, "name": name, "type_id": 0 });
    let text = |key: &str| entry.data.get(key).and_then(Json::as_str).map(str::to_owned);
    match class {
        Class::AccountChange => json!({ "user": user }),
        Class::UserAccessManagement => {
            let role = text("role").unwrap_or_else(|| "access".to_owned());
            json!({ "user": user, "privileges": [role] })
        }
        Class::GroupManagement => {
            let group = text("group").or_else(|| text("name")).unwrap_or_else(|| name.clone());
            json!({ "group": { "name": group }, "user": user })
        }
        Class::EntityManagement => json!({ "entity": { "name": name, "type": kind } }),
        Class::ApiActivity => json!({
            "api": { "operation": entry.event.word(), "service": { "name": name } },
            "src_endpoint": { "name": "muster" },
        }),
        Class::ComplianceFinding => json!({
            "compliance": { "standards": ["SOC 2", "ISO/IEC 27001:2022"] },
            "finding_info": { "uid": entry.hash, "title": entry.event.word() },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        canonical::Digest,
        journal::{About, Draft},
    };

    fn entry(event: Event, data: Json) -> Entry {
        let draft = Draft {
            at: "2026-10-01T12:00:00.5Z".parse().unwrap(),
            actor: "anna".to_owned(),
            event,
            about: About { app: Some("support".parse().unwrap()), ..About::default() },
            data,
        };
        Entry::chain(draft, 7, Digest::zero(), [7; 16]).unwrap()
    }

    /// What the schema requires of each class, from its published definition.
    fn required(class: u64) -> &'static [&'static str] {
        match class {
            2003 => &["compliance", "finding_info"],
            3001 => &["user"],
            3004 => &["entity"],
            3005 => &["user", "privileges"],
            3006 => &["group"],
            6003 => &["actor", "api", "src_endpoint"],
            other => panic!("{other} is no class that is known here"),
        }
    }

    #[test]
    fn every_kind_of_entry_has_all_that_the_schema_requires() {
        for kind in Event::ALL {
            let told = event(&entry(*kind, json!({})), "0.1.0");
            let number =
                |key: &str| told[key].as_u64().unwrap_or_else(|| panic!("{key} of {kind:?}"));
            let class = number("class_uid");
            assert_eq!(number("category_uid"), class / 1000, "{kind:?}");
            assert_eq!(number("type_uid"), class * 100 + number("activity_id"), "{kind:?}");
            assert!((1..=5).contains(&number("severity_id")), "{kind:?}");
            assert_eq!(number("time"), 1_790_856_000_500, "{kind:?}");
            assert_eq!(told["metadata"]["version"], "1.3.0");
            assert_eq!(told["metadata"]["product"]["vendor_name"], "Muster");
            assert_eq!(told["actor"]["user"]["name"], "anna");
            for key in required(class) {
                assert!(!told[key].is_null(), "{kind:?} has no {key}");
            }
            assert_eq!(told["message"], kind.word());
        }
    }

    #[test]
    fn what_was_done_to_an_account_is_its_activity() {
        let activity = |action: &str| {
            let data = json!({ "action": action, "state": "verified" });
            let told = event(&entry(Event::OperationChanged, data), "0.1.0");
            (told["type_uid"].as_u64().unwrap(), told["status_id"].as_u64().unwrap())
        };
        assert_eq!(activity("create"), (300_101, 1));
        assert_eq!(activity("reactivate"), (300_102, 1));
        assert_eq!(activity("deactivate"), (300_105, 1));
        assert_eq!(activity("delete"), (300_106, 1));
        assert_eq!(activity("update"), (300_199, 1));
        let refused = json!({ "action": "delete", "state": "refused" });
        assert_eq!(event(&entry(Event::OperationChanged, refused), "0")["status_id"], 2);
    }

    #[test]
    fn the_worst_that_fails_gives_the_severity() {
        let change = |to: &str, severity: &str| json!({ "to": to, "severity": severity });
        let of = |changes: Vec<Json>| {
            let entry = entry(Event::ChecksChanged, json!({ "changes": changes }));
            event(&entry, "0")["severity_id"].as_u64().unwrap()
        };
        assert_eq!(of(vec![change("pass", "critical")]), 1);
        assert_eq!(of(vec![change("fail", "low"), change("fail", "critical")]), 5);
        assert_eq!(of(vec![change("fail", "medium"), change("due", "high")]), 3);
    }
}
