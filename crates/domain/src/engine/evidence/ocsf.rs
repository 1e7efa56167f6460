//! The journal in the words of the Open Cybersecurity Schema Framework, version 1.8, for a SIEM. Every
//! kind of entry has its class and activity here; what the schema has no place for is `unmapped`.

use serde_json::{Value as Json, json};

use crate::model::journal::{Entry, Event};

/// The version of the schema.
pub const VERSION: &str = "1.8.0";

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

impl Class {
    /// What the class calls an activity; a word of ours for those it has no number for.
    fn activity(self, activity: u64, entry: &Entry) -> String {
        let name = match (self, activity) {
            (Self::AccountChange, 2) => "Enable",
            (Self::AccountChange, 5) => "Disable",
            (Self::AccountChange, 6) | (Self::EntityManagement, 4) => "Delete",
            (Self::UserAccessManagement, 1) => "Assign Privileges",
            (Self::UserAccessManagement, 2) => "Revoke Privileges",
            (Self::GroupManagement, 3) => "Add User",
            (Self::GroupManagement, 4) => "Remove User",
            (Self::GroupManagement, 5) => "Delete",
            (Self::ApiActivity, 2) => "Read",
            (Self::ComplianceFinding, 2) | (Self::EntityManagement | Self::ApiActivity, 3) => {
                "Update"
            }
            (Self::ComplianceFinding, 3) => "Close",
            (Self::AccountChange | Self::EntityManagement | Self::ComplianceFinding, 1) => "Create",
            _ => entry.event.word(),
        };
        name.to_owned()
    }
}

/// In every class, what none of its activities says.
const OTHER: u64 = 99;

/// The class of an entry and its activity there, as far as its kind tells.
#[expect(clippy::too_many_lines, reason = "a line for each kind, so that none is forgotten")]
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
        | Event::AccountHeld
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
        | Event::UserAdded
        | Event::SignInLinked
        | Event::ApiTokenMade
        | Event::CriticalDeclared => (C::EntityManagement, 1),
        Event::AppChanged
        | Event::SigningKeyChanged
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
        | Event::UserChanged
        | Event::SignInChanged
        | Event::WorkOrdered => (C::EntityManagement, 3),
        Event::AppDisconnected
        | Event::CriticalWithdrawn
        | Event::UserRemoved
        | Event::ApiTokenRevoked => (C::EntityManagement, 4),
        Event::SignedIn
        | Event::SignedOut
        | Event::SignInRefused
        | Event::Denied
        | Event::AppQuarantined
        | Event::AppReleased
        | Event::AppSeen
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

/// The states that the changes of an entry come to, and how severe each is.
fn found(entry: &Entry) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
    let changes = entry.data.get("changes").and_then(Json::as_array);
    let changes = changes.into_iter().flatten().filter(|change| !change.is_null());
    changes.map(|change| {
        let of = |key: &str| change.get(key).and_then(Json::as_str);
        (of("to"), of("severity"))
    })
}

/// Where a finding stands: 1 new, 2 in progress, 3 suppressed, 4 resolved.
fn finding_status(entry: &Entry) -> (u64, &'static str) {
    match entry.event {
        Event::ExceptionMade | Event::Attested => (3, "Suppressed"),
        Event::ChecksChanged => {
            let open = |state: Option<&str>| !matches!(state, None | Some("excepted"));
            let (mut open_now, mut excepted) = (false, false);
            for (state, _) in found(entry) {
                open_now |= open(state);
                excepted |= state == Some("excepted");
            }
            match (open_now, excepted) {
                (true, _) => (1, "New"),
                (false, true) => (3, "Suppressed"),
                (false, false) => (4, "Resolved"),
            }
        }
        Event::Noticed => (1, "New"),
        _ => (2, "In Progress"),
    }
}

/// What a finding says of compliance: 0 unknown, 1 pass, 2 warning, 3 fail, 99 other. What cannot
/// be told is unknown, never a pass.
fn compliance(entry: &Entry) -> (u64, &'static str) {
    let rank = |state: Option<&str>| match state {
        Some("fail") => 5,
        Some("due") => 4,
        Some("not_evaluable" | "stale") => 3,
        Some("excepted") => 2,
        Some(_) => 0,
        None => 1,
    };
    match found(entry).map(|(state, _)| rank(state)).max() {
        Some(5) => (3, "Fail"),
        Some(4) => (2, "Warning"),
        Some(2) => (OTHER, "Excepted"),
        Some(1) => (1, "Pass"),
        _ => (0, "Unknown"),
    }
}

/// 0 unknown, 1 success, 2 failure, 99 other; a finding has states of its own.
fn status(class: Class, entry: &Entry) -> (u64, &'static str) {
    if class == Class::ComplianceFinding {
        return finding_status(entry);
    }
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
    let of_change = |(state, severity): (Option<&str>, Option<&str>)| match (state, severity) {
        (Some("fail"), Some("critical")) => 5,
        (Some("fail"), Some("high")) => 4,
        (Some("fail"), Some("medium")) => 3,
        (Some("fail"), _) => 2,
        _ => 1,
    };
    match entry.event {
        Event::ChecksChanged => found(entry).map(of_change).max().unwrap_or(1),
        Event::RestoreAccepted => 4,
        Event::AppUnseen | Event::AppQuarantined | Event::RosterRefused => 3,
        Event::SignInRefused | Event::Denied | Event::UserAdded | Event::UserChanged => 2,
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
    let (status_id, status) = status(class, entry);
    let mut event = json!({
        "class_uid": uid,
        "class_name": class.name(),
        "category_uid": uid / 1000,
        "activity_id": activity,
        "activity_name": class.activity(activity, entry),
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
            // A finding has an actor by this profile alone.
            "profiles": if class == Class::ComplianceFinding { vec!["host"] } else { Vec::new() },
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
        Class::EntityManagement => {
            let type_id = match kind {
                "person" | "account" => 2,
                "organization" => 4,
                _ => OTHER,
            };
            json!({ "entity": { "name": name, "type": kind, "type_id": type_id } })
        }
        Class::ApiActivity => json!({
            "api": { "operation": entry.event.word(), "service": { "name": name } },
            "src_endpoint": { "name": "muster" },
        }),
        Class::ComplianceFinding => {
            let (status_id, status) = compliance(entry);
            json!({
                "compliance": {
                    "standards": ["SOC 2", "ISO/IEC 27001:2022"],
                    "status_id": status_id,
                    "status": status,
                },
                "finding_info": { "uid": entry.hash, "title": entry.event.word() },
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        canonical::Digest,
        journal::{About, Draft},
    };

    fn entry_about() -> About {
        About { app: Some("support".parse().unwrap()), ..About::default() }
    }

    fn entry(event: Event, data: Json) -> Entry {
        entry_of(event, data, entry_about())
    }

    fn entry_of(event: Event, data: Json, about: About) -> Entry {
        let at = "2026-10-01T12:00:00.5Z".parse().unwrap();
        let draft = Draft { at, actor: "anna".to_owned(), event, about, data };
        Entry::chain(draft, 7, Digest::zero(), [7; 16]).unwrap()
    }

    /// What the schema says of an attribute.
    enum Of {
        Text,
        Whole,
        Texts,
        /// One of these numbers.
        Number(&'static [u64]),
        Object(&'static Facts),
        /// Anything.
        Free,
    }

    /// What the schema says of a class or an object, as far as it is used here: attributes, whether
    /// each is required, and of which one at least is.
    struct Facts {
        attributes: &'static [(&'static str, Of, bool)],
        one_of: &'static [&'static str],
    }

    use Of::{Free, Number, Object, Text, Texts, Whole};

    static USER: Facts = Facts {
        attributes: &[
            ("uid", Text, false),
            ("name", Text, false),
            ("type_id", Number(&[0, 1, 2, 3, 4, 99]), false),
        ],
        one_of: &["account", "name", "uid"],
    };
    static ACTOR: Facts = Facts {
        attributes: &[("user", Object(&USER), false)],
        one_of: &["process", "user", "invoked_by", "session", "app_name", "app_uid"],
    };
    static PRODUCT: Facts = Facts {
        attributes: &[
            ("name", Text, false),
            ("vendor_name", Text, false),
            ("version", Text, false),
        ],
        one_of: &["name", "uid"],
    };
    static METADATA: Facts = Facts {
        attributes: &[
            ("product", Object(&PRODUCT), true),
            ("version", Text, true),
            ("uid", Text, false),
            ("sequence", Whole, false),
            ("event_code", Text, false),
            ("log_name", Text, false),
            ("profiles", Texts, false),
        ],
        one_of: &[],
    };
    static ENTITY: Facts = Facts {
        attributes: &[
            ("name", Text, false),
            ("type", Text, false),
            ("type_id", Number(&[0, 1, 2, 3, 4, 5, 6, 7, 99]), false),
        ],
        one_of: &["name", "uid", "device", "group", "org", "policy", "user"],
    };
    static NAMED: Facts = Facts { attributes: &[("name", Text, false)], one_of: &["name", "uid"] };
    static API: Facts = Facts {
        attributes: &[("operation", Text, true), ("service", Object(&NAMED), false)],
        one_of: &[],
    };
    static COMPLIANCE: Facts = Facts {
        attributes: &[
            ("standards", Texts, false),
            ("status", Text, false),
            ("status_id", Number(&[0, 1, 2, 3, 99]), false),
        ],
        one_of: &[],
    };
    static FINDING_INFO: Facts =
        Facts { attributes: &[("uid", Text, true), ("title", Text, false)], one_of: &[] };

    /// What every event has.
    static BASE: &[(&str, Of, bool)] = &[
        ("category_uid", Number(&[2, 3, 6]), true),
        ("class_uid", Whole, true),
        ("class_name", Text, false),
        ("activity_name", Text, false),
        ("type_uid", Whole, true),
        ("severity_id", Number(&[0, 1, 2, 3, 4, 5, 6, 99]), true),
        ("status", Text, false),
        ("time", Whole, true),
        ("message", Text, false),
        ("metadata", Object(&METADATA), true),
        ("unmapped", Free, false),
    ];

    /// What a class adds: its name, its activities, its states, its attributes.
    type OfClass = (&'static str, &'static [u64], &'static [u64], Attributes);

    static STATES: &[u64] = &[0, 1, 2, 99];

    type Attributes = &'static [(&'static str, Of, bool)];

    static FINDING: Attributes = &[
        ("actor", Object(&ACTOR), false),
        ("compliance", Object(&COMPLIANCE), true),
        ("finding_info", Object(&FINDING_INFO), true),
    ];
    static ACCOUNT_CHANGE: Attributes =
        &[("actor", Object(&ACTOR), false), ("user", Object(&USER), true)];
    static ENTITY_MANAGEMENT: Attributes =
        &[("actor", Object(&ACTOR), false), ("entity", Object(&ENTITY), true)];
    static USER_ACCESS: Attributes = &[
        ("actor", Object(&ACTOR), false),
        ("user", Object(&USER), true),
        ("privileges", Texts, true),
    ];
    static GROUP_MANAGEMENT: Attributes = &[
        ("actor", Object(&ACTOR), false),
        ("group", Object(&NAMED), true),
        ("user", Object(&USER), false),
    ];
    static API_ACTIVITY: Attributes = &[
        ("actor", Object(&ACTOR), true),
        ("api", Object(&API), true),
        ("src_endpoint", Object(&NAMED), true),
    ];

    fn of_class(class: u64) -> OfClass {
        match class {
            2003 => ("Compliance Finding", &[0, 1, 2, 3, 99], &[0, 1, 2, 3, 4, 5, 6, 99], FINDING),
            3001 => {
                let activities = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99];
                ("Account Change", activities, STATES, ACCOUNT_CHANGE)
            }
            3004 => {
                let activities = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99];
                ("Entity Management", activities, STATES, ENTITY_MANAGEMENT)
            }
            3005 => ("User Access Management", &[0, 1, 2, 99], STATES, USER_ACCESS),
            3006 => {
                ("Group Management", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 99], STATES, GROUP_MANAGEMENT)
            }
            6003 => ("API Activity", &[0, 1, 2, 3, 4, 99], STATES, API_ACTIVITY),
            other => panic!("{other} is no class that is known here"),
        }
    }

    fn hold(value: &Json, of: &Of, place: &str) {
        match of {
            Text => assert!(value.is_string(), "{place} is {value}, no text"),
            Whole => assert!(value.is_i64() || value.is_u64(), "{place} is {value}, no integer"),
            Texts => {
                let list = value.as_array().unwrap_or_else(|| panic!("{place} is no list"));
                assert!(list.iter().all(Json::is_string), "{place} is {value}");
            }
            Number(numbers) => {
                let number = value.as_u64().filter(|number| numbers.contains(number));
                assert!(number.is_some(), "{place} is {value}, none of {numbers:?}");
            }
            Object(facts) => {
                let known: Vec<_> = facts.attributes.iter().collect();
                hold_object(value, &known, place);
                let one = facts.one_of.is_empty()
                    || facts.one_of.iter().any(|name| value.get(name).is_some());
                assert!(one, "{place} has none of {:?}", facts.one_of);
            }
            Free => {}
        }
    }

    fn hold_object(value: &Json, known: &[&(&str, Of, bool)], place: &str) {
        let object = value.as_object().unwrap_or_else(|| panic!("{place} is no object"));
        for (name, value) in object {
            let (_, of, _) =
                known.iter().find(|(known, _, _)| known == name).unwrap_or_else(|| {
                    panic!("the schema knows no {place}.{name}");
                });
            hold(value, of, &format!("{place}.{name}"));
        }
        for (name, _, required) in known {
            assert!(!required || object.contains_key(*name), "{place} has no {name}");
        }
    }

    /// Holds an event against the schema.
    fn hold_event(told: &Json, place: &str) {
        let class = told["class_uid"].as_u64().unwrap_or_else(|| panic!("{place} has no class"));
        let (name, activities, states, own) = of_class(class);
        let numbers = [
            ("activity_id", Of::Number(activities), true),
            ("status_id", Of::Number(states), false),
        ];
        let known: Vec<_> = BASE.iter().chain(own).chain(&numbers).collect();
        hold_object(told, &known, place);
        assert_eq!(told["class_name"], name, "{place}");
        assert_eq!(told["category_uid"], class / 1000, "{place}");
        let activity = told["activity_id"].as_u64().unwrap();
        assert_eq!(told["type_uid"], class * 100 + activity, "{place}");
        // A finding has an actor by a profile only.
        let profiles = told["metadata"]["profiles"].as_array().unwrap();
        assert_eq!(class == 2003, profiles.iter().any(|one| one == "host"), "{place}");
    }

    #[test]
    fn every_event_holds_to_the_schema() {
        let changes = |to: Json| json!({ "changes": [{ "to": to, "severity": "high" }, null] });
        let mut datas = vec![json!({}), json!({ "role": "admin", "group": "support" })];
        for action in ["create", "reactivate", "deactivate", "delete", "cancel_invite", "update"] {
            for state in ["intended", "accepted", "verified", "refused", "unknown", "parked"] {
                datas.push(json!({ "action": action, "state": state }));
            }
        }
        let states = [json!("fail"), json!("due"), json!("stale"), json!("excepted"), json!(null)];
        datas.extend(states.map(changes));
        let about = About { account: Some("7".parse().unwrap()), ..entry_about() };
        for kind in Event::ALL {
            for data in &datas {
                for about in [About::default(), entry_about(), about.clone()] {
                    let told = event(&entry_of(*kind, data.clone(), about), "0.1.0");
                    hold_event(&told, &format!("{kind:?} of {data}"));
                    assert_eq!(told["time"], 1_790_856_000_500_u64, "{kind:?}");
                    assert_eq!(told["metadata"]["version"], VERSION);
                    assert_eq!(told["actor"]["user"]["name"], "anna");
                    assert_eq!(told["message"], kind.word());
                }
            }
        }
        // Another class than the one that is told would be found.
        let mut wrong = event(&entry(Event::AppAdded, json!({})), "0.1.0");
        wrong["class_uid"] = json!(6003);
        assert!(std::panic::catch_unwind(|| hold_event(&wrong, "wrong")).is_err());
    }

    #[test]
    fn a_finding_says_where_it_stands_and_never_passes_what_cannot_be_told() {
        let of = |states: &[Json]| {
            let changes: Vec<_> = states.iter().map(|to| json!({ "to": to })).collect();
            let told = event(&entry(Event::ChecksChanged, json!({ "changes": changes })), "0");
            let number = |value: &Json| value.as_u64().unwrap();
            (number(&told["status_id"]), number(&told["compliance"]["status_id"]))
        };
        assert_eq!(of(&[json!(null)]), (4, 1), "resolved, pass");
        assert_eq!(of(&[json!(null), json!("fail")]), (1, 3), "new, fail");
        assert_eq!(of(&[json!("due")]), (1, 2), "new, warning");
        assert_eq!(of(&[json!("excepted"), json!(null)]), (3, 99), "suppressed");
        for state in ["stale", "not_evaluable"] {
            assert_eq!(of(&[json!(state), json!(null)]), (1, 0), "{state} is unknown");
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
