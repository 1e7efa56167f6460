//! A world that reads as sentences, and a plan as text.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        correlate::Correlation,
        gaps::{self, Gap},
        plan::{self},
        policy_file::{self, KnownConnector},
        world::{KnownAccount, Sight, World as Seen},
    },
    model::{
        account::{Account, AccountKind, AccountStatus, Mfa, Role},
        canonical::Digest,
        group::{Grant, Group, Membership, Until, Weight},
        id::{
            AccountId, AppName, ObservationId, OperationId, OrderId, OrgId, PersonId, SourceName,
        },
        link::{Confirmation, Link, Tie},
        observation::Completeness,
        operation::{Approval, Deactivation, Learned, Run, RunState},
        order::Orders,
        person::{
            Anchor, EmploymentStatus, Engagement, EngagementKind, Move, OrderedEnd, Person,
            Profile, Scope, TerminationType, Terms,
        },
        plan::{AccountState, Operation, Plan},
        policy::{AppPolicy, Policy},
    },
};

pub const ROLES: [&str; 5] = ["observer-agent", "lite-agent", "basic-agent", "agent", "admin"];

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn source() -> SourceName {
    "hr".parse().unwrap()
}

pub fn person_id(name: &str) -> PersonId {
    PersonId::derive(&OrgId::default_org(), &source(), &name.parse().unwrap())
}

pub fn role(name: &str, rank: u8) -> Role {
    Role {
        name: name.parse().unwrap(),
        label: name.to_owned(),
        id: None,
        rank,
        privileged: name == "admin",
        assignable: true,
    }
}

/// Everything on, nothing asked: what a test changes is then what it is about.
pub const POLICY: &str = r#"
organization: {time_zone: Europe/Berlin, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    account_owner: owner@acme.example
    protected: [breakglass@acme.example]
    writes: {create: true, update: true, deactivate: true, delete: true}
    access:
      - {when: 'person.department == "Support" && person.title.contains("Lead")', role: agent}
      - {when: 'person.department == "Support"', role: basic-agent}
      - {when: 'person.department == "IT"', role: admin}
    approval: {privileged: auto, create: auto, update: auto, deactivate: auto, reactivate: auto, delete: auto}
    limits: {removals_per_day: 1000}
"#;

#[derive(Debug, Clone)]
pub struct World {
    pub policy: Policy,
    pub app: AppName,
    pub people: BTreeMap<PersonId, Person>,
    pub accounts: BTreeMap<AccountId, KnownAccount>,
    pub links: BTreeMap<AccountId, Link>,
    pub sight: Sight,
    pub runs: Vec<Run>,
    pub approvals: BTreeMap<Digest, Approval>,
    pub orders: Orders,
    pub heard: BTreeMap<SourceName, Timestamp>,
    pub now: Timestamp,
}

impl World {
    /// A proven, fresh read of an empty app at noon in Berlin on Monday 9 November 2026.
    pub fn new() -> Self {
        let now = at("2026-11-09T11:00:00Z");
        Self {
            policy: read_policy(POLICY),
            app: "support".parse().unwrap(),
            people: BTreeMap::new(),
            accounts: BTreeMap::new(),
            links: BTreeMap::new(),
            sight: Sight {
                observation: Some(ObservationId::from_chance([1; 16])),
                started: Some(now),
                age: Some(SignedDuration::ZERO),
                completeness: Some(Completeness::Proven),
                unseen: None,
                caller: Some("1".parse().unwrap()),
                roles: ROLES.iter().zip(1..).map(|(name, rank)| role(name, rank)).collect(),
                forgotten: None,
                can_deactivate: true,
                deactivation_worked: None,
                trail: None,
                invitation_lasts: Some(SignedDuration::from_hours(7 * 24)),
            },
            runs: Vec::new(),
            approvals: BTreeMap::new(),
            orders: Orders::default(),
            heard: BTreeMap::new(),
            now,
        }
        .account("1", |a| a.email("muster@acme.example").role("admin").created("2020-01-01"))
    }

    pub fn now(mut self, now: &str) -> Self {
        self.now = at(now);
        self
    }

    /// The policy with `from` replaced by `to`.
    pub fn policy(mut self, from: &str, to: &str) -> Self {
        assert!(POLICY.contains(from), "{from}");
        self.policy = read_policy(&POLICY.replace(from, to));
        self
    }

    pub fn rules(&mut self) -> &mut AppPolicy {
        self.policy.apps.get_mut(&self.app).unwrap()
    }

    pub fn person(mut self, name: &str, with: impl FnOnce(PersonIs) -> PersonIs) -> Self {
        let person = with(PersonIs::new(name)).0;
        self.people.insert(person.id.clone(), person);
        self
    }

    pub fn account(mut self, id: &str, with: impl FnOnce(AccountIs) -> AccountIs) -> Self {
        let AccountIs { known, link } = with(AccountIs::new(id));
        let id: AccountId = id.parse().unwrap();
        if let Some(tie) = link {
            let since = at("2026-01-01T00:00:00Z");
            self.links.insert(id.clone(), Link { account: id.clone(), tie, since });
        }
        self.accounts.insert(id, known);
        self
    }

    /// A group with this rule (or none) that gives these roles here.
    pub fn group(self, name: &str, when: &str, gives: &[&str]) -> Self {
        self.group_below(name, &[], when, gives)
    }

    /// As [`World::group`], with parents.
    pub fn group_below(mut self, name: &str, parents: &[&str], when: &str, gives: &[&str]) -> Self {
        self.orders.groups.retain(|group| group.name.as_str() != name);
        let gives = gives.iter().map(|role| (self.app.clone(), role.parse().unwrap())).collect();
        self.orders.groups.push(Group {
            name: name.parse().unwrap(),
            label: None,
            when: (!when.is_empty()).then(|| when.to_owned()),
            parents: parents.iter().map(|parent| parent.parse().unwrap()).collect(),
            gives,
            by: "chief".to_owned(),
            at: at("2026-10-01T00:00:00Z"),
        });
        self
    }

    /// Puts somebody into a group on 1 October 2026.
    pub fn member(mut self, group: &str, name: &str, until: Option<&str>) -> Self {
        self.orders.memberships.push(Membership {
            group: group.parse().unwrap(),
            person: person_id(name),
            until: until.map(|day| Until::Day(day.parse().unwrap())),
            by: "chief".to_owned(),
            at: at("2026-10-01T00:00:00Z"),
        });
        self
    }

    /// Grants somebody a role on 1 October 2026.
    pub fn grant(mut self, name: &str, role: &str, until: Option<&str>, weight: Weight) -> Self {
        let ordered = at("2026-10-01T00:00:00Z");
        self.orders.grants.push(Grant {
            id: OrderId::derive("grant", "chief", ordered, &format!("{name} {role} {until:?}")),
            person: person_id(name),
            app: self.app.clone(),
            role: role.parse().unwrap(),
            weight,
            reason: "audit season".to_owned(),
            until: until.map(|day| Until::Day(day.parse().unwrap())),
            by: "chief".to_owned(),
            at: ordered,
        });
        self
    }

    pub fn unproven(mut self) -> Self {
        self.sight.completeness = Some(Completeness::Unproven { reason: "it stopped".to_owned() });
        self
    }

    pub fn seen(&self) -> Seen<'_> {
        Seen {
            policy: &self.policy,
            app: &self.app,
            rules: &self.policy.apps[&self.app],
            people: &self.people,
            accounts: &self.accounts,
            links: &self.links,
            sight: &self.sight,
            runs: &self.runs,
            approvals: &self.approvals,
            orders: &self.orders,
            heard: &self.heard,
            now: self.now,
        }
    }

    pub fn plan(&self) -> Plan {
        plan::plan(&self.seen(), &self.correlation())
    }

    pub fn correlation(&self) -> Correlation {
        plan::correlation(&self.seen())
    }

    pub fn gaps(&self) -> Vec<Gap> {
        gaps::gaps(&self.seen(), &self.correlation())
    }

    pub fn gap_kinds(&self) -> Vec<&'static str> {
        self.gaps().iter().map(|gap| gap.kind.word()).collect()
    }

    pub fn text(&self) -> String {
        text(&self.plan())
    }

    /// Somebody approves everything that is planned now.
    pub fn approve_all(&mut self) {
        for operation in self.plan().operations {
            self.approve(&operation);
        }
    }

    pub fn approve(&mut self, operation: &Operation) {
        let approval = Approval {
            fingerprint: operation.fingerprint,
            app: self.app.clone(),
            by: "chief@acme.example".to_owned(),
            at: self.now,
            expires: self.now + SignedDuration::from_hours(72),
            on_behalf_of: None,
            reason: None,
            what: operation.brief(),
        };
        self.approvals.insert(operation.fingerprint, approval);
    }

    pub fn ran(&mut self, operation: &Operation, state: RunState) {
        let number = u8::try_from(self.runs.len() % 250).unwrap();
        self.runs.push(Run {
            id: OperationId::from_chance([number; 16]),
            plan: Digest::zero(),
            operation: operation.clone(),
            state,
            note: String::new(),
            before_image: None,
            account: operation.account.clone(),
            approved_by: operation.approved_by.clone(),
            calls: 1,
            intended: self.now,
            changed: self.now,
            invited: operation.action.word() == "create",
        });
    }
}

pub fn read_policy(text: &str) -> Policy {
    let known = KnownConnector { name: "gorgias", roles: ROLES.to_vec() };
    policy_file::read(text, &[known]).unwrap()
}

#[derive(Debug)]
pub struct PersonIs(pub Person);

impl PersonIs {
    /// Works in Support since 2024, under `name@acme.example`.
    pub fn new(name: &str) -> Self {
        let mut display = name.to_owned();
        display[..1].make_ascii_uppercase();
        let first_seen = at("2026-01-01T00:00:00Z");
        let terms = Terms {
            status: Some(EmploymentStatus::Active),
            start_date: Some("2024-01-01".parse().unwrap()),
            department: Some("Support".to_owned()),
            ..Terms::default()
        };
        Self(Person {
            id: person_id(name),
            anchor: Anchor { source: source(), id: name.parse().unwrap() },
            profile: Profile {
                display_name: Some(display),
                work_email: Some(format!("{name}@acme.example").parse().unwrap()),
                ..Profile::default()
            },
            engagements: vec![Engagement {
                number: 1,
                terms,
                first_seen,
                ended_seen: None,
                moves: Vec::new(),
                starts: Vec::new(),
                end_told: None,
                beside_hand: None,
            }],
            first_seen,
            not_mentioned_since: None,
            ordered_end: None,
            told: Vec::new(),
            redacted: None,
        })
    }

    fn last(&mut self) -> &mut Engagement {
        self.0.engagements.last_mut().unwrap()
    }

    pub fn terms(mut self, change: impl FnOnce(&mut Terms)) -> Self {
        change(&mut self.last().terms);
        self
    }

    pub fn starts(self, day: &str) -> Self {
        self.terms(|t| t.start_date = Some(day.parse().unwrap()))
    }

    pub fn ends(self, day: &str) -> Self {
        self.terms(|t| t.end_date = Some(day.parse().unwrap()))
    }

    pub fn last_day(self, day: &str) -> Self {
        self.terms(|t| t.last_working_day = Some(day.parse().unwrap()))
    }

    pub fn department(self, name: &str) -> Self {
        self.terms(|t| t.department = Some(name.to_owned()))
    }

    pub fn title(self, name: &str) -> Self {
        self.terms(|t| t.title = Some(name.to_owned()))
    }

    pub fn status(self, status: EmploymentStatus) -> Self {
        self.terms(|t| t.status = Some(status))
    }

    pub fn involuntary(self) -> Self {
        self.terms(|t| t.termination = Some(TerminationType::Involuntary))
    }

    /// The source says "ended", first seen then.
    pub fn ended_seen(mut self, when: &str) -> Self {
        self.last().terms.status = Some(EmploymentStatus::Ended);
        self.last().ended_seen = Some(at(when));
        self
    }

    pub fn first_seen(mut self, when: &str) -> Self {
        self.0.first_seen = at(when);
        self.last().first_seen = at(when);
        self
    }

    /// Another engagement beside or after the ones so far, first seen in June 2026.
    pub fn again(mut self, start: &str) -> Self {
        let number = self.last().number + 1;
        let terms = Terms {
            status: Some(EmploymentStatus::Active),
            start_date: Some(start.parse().unwrap()),
            department: Some("Support".to_owned()),
            ..Terms::default()
        };
        let first_seen = at("2026-06-01T00:00:00Z");
        self.0.engagements.push(Engagement {
            number,
            terms,
            first_seen,
            ended_seen: None,
            moves: Vec::new(),
            starts: Vec::new(),
            end_told: None,
            beside_hand: None,
        });
        self
    }

    /// Was in another department, with another title, until then.
    pub fn moved(mut self, when: &str, department: &str, title: &str) -> Self {
        let before = Terms {
            department: Some(department.to_owned()),
            title: Some(title.to_owned()),
            ..Terms::default()
        };
        self.last().moves.push(Move { at: at(when), before });
        self
    }

    pub fn manager(self, name: &str) -> Self {
        self.terms(|t| t.manager = Some(name.parse().unwrap()))
    }

    pub fn kind(self, kind: EngagementKind) -> Self {
        self.terms(|t| t.kind = Some(kind))
    }

    pub fn away(self, from: &str, back: &str) -> Self {
        self.terms(|t| {
            t.leave_start = Some(from.parse().unwrap());
            t.leave_return = Some(back.parse().unwrap());
        })
    }

    pub fn zone(mut self, name: &str) -> Self {
        self.0.profile.time_zone = Some(name.to_owned());
        self
    }

    pub fn email(mut self, email: &str) -> Self {
        self.0.profile.work_email = Some(email.parse().unwrap());
        self
    }

    pub fn no_email(mut self) -> Self {
        self.0.profile.work_email = None;
        self
    }

    pub fn formerly(mut self, email: &str) -> Self {
        self.0.profile.former_emails.get_or_insert_default().insert(email.parse().unwrap());
        self
    }

    pub fn named(mut self, name: &str) -> Self {
        self.0.profile.display_name = Some(name.to_owned());
        self
    }

    pub fn out_of_scope(mut self) -> Self {
        self.0.profile.in_scope = Some(Scope::Out);
        self
    }

    pub fn offboarded(mut self, when: &str) -> Self {
        let at = at(when);
        self.0.ordered_end = Some(OrderedEnd { at, by: "chief".to_owned(), ordered: at });
        self
    }

    pub fn unmentioned(mut self) -> Self {
        self.0.not_mentioned_since = Some(at("2026-10-01T00:00:00Z"));
        self
    }
}

#[derive(Debug)]
pub struct AccountIs {
    pub known: KnownAccount,
    pub link: Option<Tie>,
}

impl AccountIs {
    pub fn new(id: &str) -> Self {
        let account = Account {
            id: id.parse().unwrap(),
            email: None,
            login: format!("user-{id}"),
            name: format!("User {id}"),
            role: Some("basic-agent".parse().unwrap()),
            status: AccountStatus::Active,
            kind: AccountKind::Human,
            mfa: Mfa::Unknown,
            external_id: None,
            sso: None,
            created: None,
            updated: None,
            other: BTreeMap::new(),
        };
        Self {
            known: KnownAccount { account, gone: None, learned: None, work: None, activity: None },
            link: None,
        }
    }

    /// The account under `name@acme.example`, with the name to go with it.
    pub fn of(self, name: &str) -> Self {
        let mut display = name.to_owned();
        display[..1].make_ascii_uppercase();
        self.email(&format!("{name}@acme.example")).named(&display)
    }

    pub fn email(mut self, email: &str) -> Self {
        self.known.account.email = Some(email.parse().unwrap());
        self.known.account.login = email.to_owned();
        self
    }

    pub fn login(mut self, login: &str) -> Self {
        self.known.account.login = login.to_owned();
        self
    }

    pub fn named(mut self, name: &str) -> Self {
        self.known.account.name = name.to_owned();
        self
    }

    pub fn role(mut self, name: &str) -> Self {
        self.known.account.role = Some(name.parse().unwrap());
        self
    }

    pub fn no_role(mut self) -> Self {
        self.known.account.role = None;
        self
    }

    pub fn status(mut self, status: AccountStatus) -> Self {
        self.known.account.status = status;
        self
    }

    pub fn kind(mut self, kind: AccountKind) -> Self {
        self.known.account.kind = kind;
        self
    }

    pub fn created(mut self, day: &str) -> Self {
        self.known.account.created = Some(at(&format!("{day}T00:00:00Z")));
        self
    }

    pub fn external_id(mut self, id: &str) -> Self {
        self.known.account.external_id = Some(id.to_owned());
        self
    }

    pub fn gone(mut self) -> Self {
        self.known.gone = Some(at("2026-11-01T00:00:00Z"));
        self
    }

    pub fn learned(mut self, deactivation: Deactivation) -> Self {
        self.known.learned = Some(Learned { deactivation, at: at("2026-11-01T00:00:00Z") });
        self
    }

    pub fn linked(mut self, name: &str) -> Self {
        let because = "work e-mail".to_owned();
        self.link = Some(Tie::Person { person: person_id(name), because, confirmed: None });
        self
    }

    pub fn confirmed(mut self, name: &str) -> Self {
        let because = "said so".to_owned();
        let confirmed = Some(Confirmation { by: "it".to_owned(), at: at("2026-01-01T00:00:00Z") });
        self.link = Some(Tie::Person { person: person_id(name), because, confirmed });
        self
    }
}

fn side(state: Option<&AccountState>) -> String {
    state.map_or_else(
        || "nothing".to_owned(),
        |state| {
            let role = state.role.as_ref().map_or("?", |role| role.as_str());
            format!("{:?} {role} {}", state.name, state.status.word())
        },
    )
}

/// The plan as people would tell it; `!` stands before what waits.
pub fn text(plan: &Plan) -> String {
    let mut out = String::new();
    for operation in &plan.operations {
        let account = operation.account.as_ref().map_or("new", |id| id.as_str());
        let mark = if operation.goes() { " " } else { "!" };
        let engagement = operation.engagement().map_or(String::new(), |n| format!(" #{n}"));
        let (before, after) = (side(operation.before.as_ref()), side(operation.after.as_ref()));
        let word = operation.action.word();
        writeln!(
            out,
            "{mark} {word} {account} for {}{engagement}: {before} -> {after}",
            operation.name()
        )
        .unwrap();
        for hold in &operation.holds {
            writeln!(out, "    waits ({}): {}", hold.kind.word(), hold.reason).unwrap();
        }
    }
    for upcoming in &plan.upcoming {
        writeln!(out, "  later {}: {} {}", upcoming.at, upcoming.person.name, upcoming.what)
            .unwrap();
    }
    for blocked in &plan.blocked {
        writeln!(out, "! blocked {}: {}", blocked.person.name, blocked.reason).unwrap();
    }
    if out.is_empty() { "nothing to do\n".to_owned() } else { out }
}
