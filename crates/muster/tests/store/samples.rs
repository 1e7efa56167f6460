//! One of everything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster::store::records::{Connection, Health, ObservationHeader, PolicyVersion, SourceRecord};
use muster_domain::engine::merge::LastImport;
use muster_domain::model::{
    account::{Account, AccountChange, AccountKind, AccountStatus, Mfa, NewAccount},
    canonical::Digest,
    consent::{Delegation, Rejection},
    group::{Grant, Group, Membership, Until, Weight},
    id::{AppName, OperationId, OrderId, PersonId},
    keep::{Keep, Wanted},
    link::{Confirmation, Link, NonHuman, Tie},
    observation::{Completeness, ReadTally},
    operation::{Approval, Run, RunState},
    order::{Freeze, Frozen, Stops},
    person::{Anchor, Engagement, OrderedEnd, Person, Profile, Terms},
    plan::{Action, Basis, Operation, PersonRef, Plan, Reversibility, Risk},
    roster::{Field, Presence},
};

use crate::world::now;

pub(crate) fn app() -> AppName {
    "support".parse().unwrap()
}

/// A moment with all nine decimals.
pub(crate) fn precise() -> Timestamp {
    "2026-09-30T23:59:59.123456789Z".parse().unwrap()
}

pub(crate) fn person(n: u32) -> Person {
    let org = muster_domain::model::id::OrgId::default_org();
    let source = "hr".parse().unwrap();
    let id = format!("{n:05}").parse().unwrap();
    Person {
        id: PersonId::derive(&org, &source, &id),
        anchor: Anchor { source, id },
        profile: Profile {
            display_name: Some(format!("Žofia Nº {n} 🦀")),
            work_email: Some(format!("Person.{n}@Acme.example").parse().unwrap()),
            former_emails: Some(BTreeSet::from(["old@acme.example".parse().unwrap()])),
            ..Profile::default()
        },
        engagements: vec![Engagement {
            number: 1,
            terms: Terms {
                start_date: Some("2024-02-29".parse().unwrap()),
                department: Some("Support".into()),
                ..Terms::default()
            },
            first_seen: precise(),
            ended_seen: None,
            moves: Vec::new(),
            starts: Vec::new(),
            end_told: None,
            beside_hand: None,
        }],
        first_seen: precise(),
        not_mentioned_since: None,
        ordered_end: Some(OrderedEnd { at: now(), by: "anna".into(), ordered: precise() }),
        told: Vec::new(),
        redacted: None,
    }
}

pub(crate) fn account(id: &str) -> Account {
    Account {
        id: id.parse().unwrap(),
        email: Some(format!("{id}@acme.example").parse().unwrap()),
        login: format!("{id}@acme.example"),
        name: format!("Agent {id}"),
        role: Some("agent".parse().unwrap()),
        status: AccountStatus::Active,
        kind: AccountKind::Human,
        mfa: Mfa::Unknown,
        external_id: None,
        sso: None,
        created: Some(precise()),
        updated: None,
        other: BTreeMap::from([("meta".into(), serde_json::json!({ "x": [1, null, "ü"] }))]),
    }
}

pub(crate) fn source() -> SourceRecord {
    SourceRecord {
        name: "hr".parse().unwrap(),
        format: "bamboohr".into(),
        presence: Presence::Active,
        last: LastImport {
            people: 7,
            fields: [Field::SourceId, Field::WorkEmail].into(),
            digests: vec![Digest::of(b"file")],
            file_time: Some(precise()),
        },
        headings: vec!["Employee #".into(), "Ünï".into()],
        first_imported: Some(now()),
        imported_at: precise(),
        file_name: "people.csv".into(),
    }
}

pub(crate) fn connection() -> Connection {
    Connection {
        app: app(),
        connector: "gorgias".into(),
        settings: serde_json::json!({ "domain": "acme" }),
        health: Health::Unseen { since: now(), reason: "the key is refused".into() },
        learned: serde_json::json!({ "limit": 40 }),
        probe: serde_json::Value::Null,
        added: precise(),
    }
}

pub(crate) fn freeze(n: u8) -> Freeze {
    Freeze {
        id: OrderId::derive("freeze", "anna", now(), &n.to_string()),
        frozen: Frozen::App { app: app() },
        stops: Stops::Deletions,
        reason: "litigation Ünï".into(),
        by: "anna".into(),
        at: precise(),
        until: None,
    }
}

pub(crate) fn group() -> Group {
    Group {
        name: "chat".parse().unwrap(),
        label: Some("Chät".into()),
        when: Some("person.team == \"Chat\"".into()),
        parents: ["support".parse().unwrap()].into(),
        gives: [(app(), "agent".parse().unwrap())].into(),
        by: "anna".into(),
        at: precise(),
    }
}

pub(crate) fn membership() -> Membership {
    let until = Some(Until::Day("2026-12-31".parse().unwrap()));
    let (group, person) = ("chat".parse().unwrap(), person(1).id);
    Membership { group, person, until, by: "anna".into(), at: precise() }
}

pub(crate) fn grant() -> Grant {
    Grant {
        id: OrderId::derive("grant", "anna", now(), "1"),
        person: person(1).id,
        app: app(),
        role: "agent".parse().unwrap(),
        weight: Weight::Instead,
        reason: "audit".into(),
        until: Some(Until::Moment(precise())),
        by: "anna".into(),
        at: precise(),
    }
}

pub(crate) fn links() -> [Link; 2] {
    let confirmed = Confirmation { by: "anna".into(), at: precise() };
    [
        Link {
            account: "1".parse().unwrap(),
            tie: Tie::Person {
                person: person(1).id,
                because: "same address".into(),
                confirmed: None,
            },
            since: now(),
        },
        Link {
            account: "2".parse().unwrap(),
            tie: Tie::NotAPerson { kind: NonHuman::Shared, owner: person(1).id, confirmed },
            since: now(),
        },
    ]
}

pub(crate) fn policy(number: u64) -> PolicyVersion {
    PolicyVersion {
        number,
        text: "apps:\n  support: {}\n".into(),
        digest: Digest::of(b"policy"),
        at: precise(),
        by: "anna".into(),
    }
}

pub(crate) fn operation(n: u32) -> Operation {
    let mut operation = Operation {
        fingerprint: Digest::zero(),
        app: app(),
        action: Action::Create {
            new: NewAccount {
                email: format!("new{n}@acme.example").parse().unwrap(),
                name: "New".into(),
                role: "agent".parse().unwrap(),
                external_id: None,
            },
        },
        person: Some(PersonRef { id: person(n).id, name: "New".into(), engagement: Some(1) }),
        account: None,
        before: None,
        after: None,
        reasons: Vec::new(),
        risk: Risk::Medium,
        reversibility: Reversibility::Whole,
        holds: Vec::new(),
        approved_by: None,
    };
    operation.fingerprint = operation.computed_fingerprint().unwrap();
    operation
}

pub(crate) fn plan() -> Plan {
    Plan {
        version: Plan::VERSION,
        app: app(),
        at: now(),
        basis: Basis { policy: Digest::of(b"policy"), observation: None, observed: None },
        operations: vec![operation(1), operation(2)],
        upcoming: Vec::new(),
        blocked: Vec::new(),
        notes: Vec::new(),
    }
}

pub(crate) fn run(n: u32, state: RunState) -> Run {
    Run {
        id: format!("op_{n:016}").parse().unwrap(),
        plan: plan().digest().unwrap(),
        operation: operation(n),
        state,
        note: "as planned".into(),
        before_image: Some(account("1")),
        account: Some(n.to_string().parse().unwrap()),
        approved_by: Some("anna".into()),
        calls: 1,
        intended: now() + jiff::SignedDuration::from_secs(n.into()),
        changed: now(),
        invited: true,
    }
}

pub(crate) fn approval(n: u32, expires: Timestamp) -> Approval {
    let fingerprint = operation(n).fingerprint;
    Approval {
        fingerprint,
        app: app(),
        by: "anna".into(),
        at: now(),
        expires,
        on_behalf_of: None,
        reason: None,
        what: String::new(),
    }
}

pub(crate) fn header(completeness: Completeness) -> ObservationHeader {
    ObservationHeader {
        started: now(),
        finished: now(),
        caller: Some("1".parse().unwrap()),
        tally: ReadTally {
            pages: 1,
            requests: 1,
            rows: 3,
            page_digests: vec![Digest::of(b"page")],
            ..ReadTally::default()
        },
        completeness,
    }
}

pub(crate) fn unproven() -> Completeness {
    Completeness::Unproven { reason: "it stopped".into() }
}

pub(crate) fn rejection() -> Rejection {
    let operation = operation(1);
    Rejection {
        fingerprint: operation.fingerprint,
        app: app(),
        person: operation.person_id().cloned(),
        account: operation.account.clone(),
        what: operation.brief(),
        keeps_access: true,
        reason: "not yet".into(),
        by: "anna".into(),
        on_behalf_of: Some("ben".into()),
        at: now(),
        expires: precise(),
    }
}

pub(crate) fn delegation() -> Delegation {
    Delegation {
        id: OrderId::derive("delegation", "anna", now(), "ben"),
        from: "anna".into(),
        to: "ben@acme.example".parse().unwrap(),
        app: Some(app()),
        at: now(),
        until: precise(),
    }
}

pub(crate) fn keep() -> Keep {
    let operation = operation(1);
    Keep {
        id: OrderId::derive("keep", "anna", now(), "7"),
        app: app(),
        account: "7".parse().unwrap(),
        person: operation.person_id().cloned(),
        state: AccountChange { name: Some("Ann".into()), ..AccountChange::default() },
        work: None,
        against: Wanted {
            engagement: Some(1),
            ended: Some(now()),
            role: None,
            name: "Ann Ash".into(),
        },
        undone: OperationId::from_chance([7; 16]),
        what: operation.brief(),
        reason: "a mistake".into(),
        by: "anna".into(),
        at: now(),
        until: precise(),
    }
}
