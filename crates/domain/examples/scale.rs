//! How long the engine takes for many people and accounts, and how much memory it holds:
//! `cargo run --release -p muster-domain --example scale [PEOPLE]`. The budget for 250,000 people
//! and as many accounts is 2 seconds and 600 MB, growing linearly.

use std::{collections::BTreeMap, fs, time::Duration};

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        checks::{self, Answerers, Company, Detail, Facts},
        gaps, plan,
        policy_file::{self, KnownConnector},
        world::{KnownAccount, Sight, World},
    },
    model::{
        account::{Account, AccountKind, AccountStatus, Mfa, Role},
        id::{AccountId, OrgId, PersonId, SourceName},
        observation::Completeness,
        order::Orders,
        person::{Anchor, EmploymentStatus, Engagement, Person, Profile, Terms},
    },
};

const POLICY: &str = r#"
organization: {time_zone: Europe/Berlin, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    critical: true
    who_may_use:
      owner: it@acme.example
      reviewed: 2026-10-01
      staff_roles: {Agent: basic-agent, Team Lead: agent}
    account_owner: owner@acme.example
    writes: {create: true, update: true, deactivate: true, delete: true}
    access:
      - {when: 'person.department == "Support" && person.title.contains("Lead")', role: agent}
      - {when: 'person.department == "Support"', role: basic-agent}
      - {when: 'person.department in ["Sales", "IT", "Finance"]', role: observer-agent}
"#;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let people = std::env::args().nth(1).map_or(Ok(250_000), |text| text.parse())?;
    measure(people)
}

fn measure(size: usize) -> Result<(), Failure> {
    let now: Timestamp = "2026-11-09T11:00:00Z".parse()?;
    let roles = ["observer-agent", "lite-agent", "basic-agent", "agent", "admin"];
    let known = KnownConnector { name: "gorgias", roles: roles.to_vec() };
    let policy = policy_file::read(POLICY, &[known]).map_err(|problems| format!("{problems:?}"))?;
    let app = "support".parse()?;
    let people = people(size, now)?;
    let accounts = accounts(size)?;
    let sight = Sight {
        observation: None,
        started: Some(now),
        age: Some(SignedDuration::ZERO),
        completeness: Some(Completeness::Proven),
        unseen: None,
        forgotten: None,
        caller: Some("1".parse()?),
        roles: roles
            .iter()
            .zip(1..)
            .map(|(name, rank)| role(name, rank))
            .collect::<Result<_, _>>()?,
        can_deactivate: true,
        deactivation_worked: None,
        trail: None,
        invitation_lasts: Some(SignedDuration::from_hours(7 * 24)),
    };
    let (links, approvals) = (BTreeMap::new(), BTreeMap::new());
    let orders = Orders::default();
    let rules = policy.apps.get(&app).ok_or("the policy names no such app")?;
    let world = World {
        policy: &policy,
        app: &app,
        rules,
        people: &people,
        accounts: &accounts,
        links: &links,
        sight: &sight,
        runs: &[],
        approvals: &approvals,
        orders: &orders,
        heard: &BTreeMap::new(),
        now,
    };
    let held = resident_mb()?;
    let (correlation, correlating) = timed(|| plan::correlation(&world));
    let (gaps, finding) = timed(|| gaps::gaps(&world, &correlation).len());
    let critical = checks::effective(&policy, &orders, &app);
    let company = Company {
        policy: &policy,
        people: &people,
        orders: &orders,
        apps: vec![Facts::new(&world, &correlation, critical)],
        answerers: Answerers::default(),
        sources: &[],
        clocks: &BTreeMap::new(),
        now,
    };
    let (results, checking) = timed(|| checks::evaluate(&company, Detail::Notable).results.len());
    drop(company);
    let (operations, planning) = timed(|| plan::plan(&world, &correlation).operations.len());
    println!(
        "{size} people, {size} accounts: {:.2} s (correlate {:.2}, gaps {:.2}, checks {:.2}, \
         plan {:.2}), {operations} operations, {gaps} gaps, {results} results; world {held} MB, peak {} MB",
        (correlating + finding + checking + planning).as_secs_f64(),
        correlating.as_secs_f64(),
        finding.as_secs_f64(),
        checking.as_secs_f64(),
        planning.as_secs_f64(),
        peak_mb()?
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch, outside the engine")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn role(name: &str, rank: u8) -> Result<Role, Failure> {
    Ok(Role {
        name: name.parse()?,
        label: name.to_owned(),
        id: None,
        rank,
        privileged: name == "admin",
        assignable: true,
    })
}

/// One in fifty has left, one in fifty has no account, one in fifty has another role.
fn people(size: usize, now: Timestamp) -> Result<BTreeMap<PersonId, Person>, Failure> {
    let source: SourceName = "hr".parse()?;
    let person = |number: usize| -> Result<(PersonId, Person), Failure> {
        let id = format!("{number:07}").parse()?;
        let department = ["Support", "Support", "Sales", "IT", "Finance"].get(number % 5);
        let terms = Terms {
            status: Some(EmploymentStatus::Active),
            start_date: Some("2024-03-01".parse()?),
            end_date: if number.is_multiple_of(50) { Some("2026-11-06".parse()?) } else { None },
            department: department.map(|name| (*name).to_owned()),
            title: Some(if number.is_multiple_of(9) { "Team Lead" } else { "Agent" }.to_owned()),
            ..Terms::default()
        };
        let person = Person {
            id: PersonId::derive(&OrgId::default_org(), &source, &id),
            anchor: Anchor { source: source.clone(), id },
            profile: Profile {
                display_name: Some(format!("Person Number{number}")),
                work_email: Some(format!("p{number}@acme.example").parse()?),
                ..Profile::default()
            },
            engagements: vec![Engagement {
                number: 1,
                terms,
                first_seen: now,
                ended_seen: None,
                moves: Vec::new(),
                starts: Vec::new(),
                end_told: None,
                beside_hand: None,
            }],
            first_seen: now,
            not_mentioned_since: None,
            ordered_end: None,
            told: Vec::new(),
            redacted: None,
        };
        Ok((person.id.clone(), person))
    };
    (0..size).map(person).collect()
}

fn accounts(size: usize) -> Result<BTreeMap<AccountId, KnownAccount>, Failure> {
    let account = |number: usize| -> Result<(AccountId, KnownAccount), Failure> {
        let id: AccountId = number.to_string().parse()?;
        let role = match (number % 5, number % 9) {
            _ if number == 1 => "admin",
            _ if number % 50 == 3 => "lite-agent",
            (0 | 1, 0) => "agent",
            (0 | 1, _) => "basic-agent",
            _ => "observer-agent",
        };
        let login = if number % 50 == 7 {
            format!("stranger{number}@elsewhere.example")
        } else {
            format!("p{number}@acme.example")
        };
        let account = Account {
            id: id.clone(),
            email: Some(login.parse()?),
            login,
            name: format!("Person Number{number}"),
            role: Some(role.parse()?),
            status: AccountStatus::Active,
            kind: AccountKind::Human,
            mfa: Mfa::Unknown,
            external_id: None,
            sso: None,
            created: None,
            updated: None,
            other: BTreeMap::new(),
        };
        let known = KnownAccount { account, gone: None, learned: None, work: None, activity: None };
        Ok((id, known))
    };
    (0..size).map(account).collect()
}

fn status_mb(field: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024)
}

fn resident_mb() -> Result<u64, Failure> {
    status_mb("VmRSS")
}

fn peak_mb() -> Result<u64, Failure> {
    status_mb("VmHWM")
}
