//! Checks: for each the whole table of states, the frame that all share, and the law that what is
//! unreadable, stale or missing never passes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use muster_domain::{
    engine::{
        checks::{self, Answerers, Company, Detail, Evaluation, Facts, Out, SourceAge},
        world::World as Seen,
    },
    model::{
        account::{AccountKind, AccountStatus, Mfa},
        activity::{Deed, Trail},
        check::{
            AccessRule, Attestation, Attested, CheckResult, CheckState, Clock, CriticalSystem,
            Exception, Rung, Severity, Unit,
        },
        group::Weight,
        id::OrderId,
        link::{Confirmation, NonHuman, Tie},
        operation::RunState,
        order::Held,
        person::{EmploymentStatus, EngagementKind, Person},
    },
};
use proptest::prelude::*;

use crate::{
    laws::some_world,
    world::{AccountIs, POLICY, World, at, person_id, read_policy},
};

const RULE: &str = "critical: true
    owner: owner@acme.example
    who_may_use:
      reviewed: 2026-09-01
      staff_roles: {Support Agent: basic-agent, Team Lead: agent}
      groups: {helpers: lite-agent}
      requests: true
    account_owner";

/// A critical system with a rule and somebody who answers for it; its trail is known for a year.
fn critical() -> World {
    let mut world = World::new().policy("account_owner", RULE).person("owner", |p| p);
    world = world.person("chief", |p| p);
    world.sight.trail = Some(Trail { since: at("2025-11-01T00:00:00Z"), until: world.now });
    world
}

fn clock(text: &str) -> Clock {
    Clock { since: at(text), seen: at(text), due: None }
}

struct Judged {
    evaluation: Evaluation,
}

impl Judged {
    fn result(&self, check: &str, unit: &str) -> &CheckResult {
        let is = |result: &&CheckResult| result.check == check && result.unit.to_string() == unit;
        let found = self.evaluation.results.iter().find(is);
        assert!(found.is_some(), "{check} of {unit}");
        found.unwrap()
    }
}

fn judge_with(world: &World, clocks: &BTreeMap<String, Clock>, sources: &[SourceAge]) -> Judged {
    let seen: Seen<'_> = world.seen();
    let correlation = world.correlation();
    let critical = checks::effective(&world.policy, &world.orders, &world.app);
    let company = Company {
        policy: &world.policy,
        people: &world.people,
        orders: &world.orders,
        apps: vec![Facts::new(&seen, &correlation, critical)],
        answerers: Answerers::of(&world.orders, &world.people, (&world.policy, world.now)),
        sources,
        clocks,
        now: world.now,
    };
    Judged { evaluation: checks::evaluate(&company, Detail::Everything) }
}

fn judge(world: &World) -> Judged {
    judge_with(world, &BTreeMap::new(), &[])
}

/// State, whether the cause says so, and the state when the app was last read three days ago.
#[track_caller]
fn expect(world: &World, check: &str, unit: &str, state: CheckState, says: &str) {
    let judged = judge(world);
    let result = judged.result(check, unit);
    assert_eq!(result.state, state, "{check} of {unit}: {}", result.cause);
    assert!(result.cause.contains(says), "{check} of {unit}: {:?}", result.cause);
    let needs_no_read = ["access_rule", "list_fresh", "separation"].contains(&check);
    if !needs_no_read && state != CheckState::NotApplicable {
        let mut old = world.clone();
        old.sight.started = Some(world.now - SignedDuration::from_hours(25));
        assert_eq!(judge(&old).result(check, unit).state, CheckState::Stale, "{check} of {unit}");
        let unproven = world.clone().unproven();
        assert_eq!(judge(&unproven).result(check, unit).state, CheckState::Stale);
        let mut unseen = world.clone();
        unseen.sight.unseen = Some("the key was revoked".to_owned());
        assert_eq!(judge(&unseen).result(check, unit).state, CheckState::Stale);
        let mut never = world.clone();
        (never.sight.started, never.sight.completeness) = (None, None);
        assert_eq!(judge(&never).result(check, unit).state, CheckState::Stale);
    }
    if result.state == CheckState::Fail || result.state == CheckState::Due {
        assert!(!result.remedy.is_empty(), "{check} says what to do");
        let mut excepted = world.clone().person("chief", |p| p);
        excepted.orders.exceptions.push(exception(world, check, &result.unit));
        let judged = judge(&excepted);
        let result = judged.result(check, unit);
        assert_eq!(result.state, CheckState::Excepted, "{check} of {unit}");
        assert!(result.exception.is_some());
    }
}

fn exception(world: &World, check: &str, unit: &Unit) -> Exception {
    Exception {
        id: OrderId::derive("exception", "chief", world.now, check),
        check: check.to_owned(),
        unit: unit.clone(),
        role: unit.account.as_ref().and_then(|id| world.accounts.get(id)?.account.role.clone()),
        reason: "accepted".to_owned(),
        owner: "chief".to_owned(),
        file: None,
        by: "chief".to_owned(),
        at: world.now,
        until: world.now + SignedDuration::from_hours(24 * 30),
    }
}

fn attestation(world: &World, says: Attested, account: Option<&str>) -> Attestation {
    Attestation {
        id: OrderId::derive("attestation", "chief", world.now, "mfa"),
        says,
        app: world.app.clone(),
        account: account.map(|id| id.parse().unwrap()),
        statement: "seen in the console".to_owned(),
        file: None,
        by: "chief".to_owned(),
        at: world.now,
        until: world.now + SignedDuration::from_hours(24),
    }
}

fn classified(mut account: AccountIs, kind: NonHuman, owner: &str) -> AccountIs {
    let confirmed = Confirmation { by: "it".to_owned(), at: at("2026-01-01T00:00:00Z") };
    account.link = Some(Tie::NotAPerson { kind, owner: person_id(owner), confirmed });
    account
}

use CheckState::{Due, Fail, NotApplicable, NotEvaluable, Pass};

#[test]
fn identified_in_every_state() {
    let check = "identified";
    let world = critical()
        .person("anna", |p| p)
        .person("gone", |p| p.ends("2026-10-01"))
        .person("odd", |p| p.status(EmploymentStatus::Unknown))
        .account("2", |a| a.of("anna").linked("anna"))
        .account("3", |a| a.email("x@else.example"))
        .account("4", |a| classified(a, NonHuman::Service, "anna"))
        .account("5", |a| classified(a, NonHuman::Service, "gone"))
        .account("6", |a| classified(a, NonHuman::Vendor, "odd"))
        .account("7", |a| a.kind(AccountKind::Bot))
        .account("8", |a| a.email("y@else.example").gone())
        .account("9", |a| a.email("z@else.example").named("Anna"));
    expect(&world, check, "support/2", Pass, "tied to a person");
    expect(&world, check, "support/3", Due, "not tied to anyone");
    expect(&world, check, "support/4", Pass, "answers for it");
    expect(&world, check, "support/5", Fail, "does not work here any more");
    expect(&world, check, "support/6", NotEvaluable, "not known");
    expect(&world, check, "support/7", NotApplicable, "bot");
    expect(&world, check, "support/8", NotApplicable, "gone");
    expect(&world, check, "support/9", Due, "Likely match: Anna");
    let key = checks::key(check, &Unit::account(&world.app, &"3".parse().unwrap()));
    let clocks = BTreeMap::from([(key, clock("2026-11-02T10:59:00Z"))]);
    assert_eq!(judge_with(&world, &clocks, &[]).result(check, "support/3").state, Fail);
}

#[test]
fn offboarded_in_every_state() {
    let check = "offboarded";
    let world = critical()
        .person("anna", |p| p)
        .person("ben", |p| p.ends("2026-11-06"))
        .person("cleo", |p| p.ends("2026-11-08").department("Sales"))
        .person("dora", |p| p.status(EmploymentStatus::Unknown))
        .person("finn", |p| p.starts("2027-01-01"))
        .person("gina", |p| p.status(EmploymentStatus::Withdrawn))
        .account("2", |a| a.of("anna").linked("anna"))
        .account("3", |a| a.of("ben").linked("ben"))
        .account("4", |a| a.of("cleo").linked("cleo"))
        .account("5", |a| a.of("dora").linked("dora"))
        .account("6", |a| a.of("finn").linked("finn"))
        .account("7", |a| a.of("gina").linked("gina").status(AccountStatus::Invited))
        .account("8", |a| a.email("x@else.example"))
        .account("9", |a| a.email("y@else.example").status(AccountStatus::Inactive))
        .account("10", |a| classified(a, NonHuman::Shared, "ben"));
    expect(&world, check, "support/2", NotApplicable, "works here");
    expect(&world, check, "support/3", Fail, "Ben left on 2026-11-06");
    expect(&world, check, "support/4", Due, "still active");
    expect(&world, check, "support/5", NotEvaluable, "not known");
    expect(&world, check, "support/6", NotApplicable, "not begun");
    expect(&world, check, "support/7", Due, "still invited");
    expect(&world, check, "support/8", NotEvaluable, "may be a leaver's");
    expect(&world, check, "support/9", NotApplicable, "tied to nobody");
    expect(&world, check, "support/10", NotApplicable, "not the account of a person");
    let with = |change: fn(AccountIs) -> AccountIs| {
        world.clone().account("3", |a| change(a.of("ben").linked("ben")))
    };
    let out = with(|a| a.status(AccountStatus::Inactive));
    expect(&out, check, "support/3", Pass, "a read after the leaving");
    expect(&with(AccountIs::gone), check, "support/3", Pass, "a read after the leaving");
    let unknown = with(|a| a.status(AccountStatus::Unknown));
    expect(&unknown, check, "support/3", Fail, "does not tell");
    expect(&with(|a| a.role("observer-agent")), check, "support/3", Fail, "still active");
}

#[test]
fn a_removal_counts_only_once_a_read_after_the_leaving_shows_it() {
    let mut world = critical()
        .person("ben", |p| p.ends("2026-11-09"))
        .account("3", |a| a.of("ben").linked("ben").status(AccountStatus::Inactive))
        .now("2026-11-09T19:00:00Z");
    // The last read was at noon; he left at six.
    expect(&world, "offboarded", "support/3", Due, "no read since then shows it");
    let mut active = world.clone();
    active.accounts.get_mut(&"3".parse().unwrap()).unwrap().account.status = AccountStatus::Active;
    let planned = active.plan();
    let removal = planned.operations.iter().find(|one| one.action.removes_access()).unwrap();
    world.ran(removal, RunState::Verified);
    let judged = judge(&world);
    assert_eq!(judged.result("offboarded", "support/3").state, Pass, "the write was read back");
}

#[test]
fn no_word_about_whose_an_account_is_hides_a_leaver() {
    let world = critical()
        .person("anna", |p| p)
        .person("ben", |p| p.ends("2026-11-06"))
        .account("2", |a| a.of("anna").linked("anna"));
    let with = |account: AccountIs| world.clone().account("3", |_| account);
    let ben = || AccountIs::new("3").of("ben");
    let unwanted = |mut account: AccountIs| {
        let confirmed = Confirmation { by: "it".to_owned(), at: at("2026-01-01T00:00:00Z") };
        account.link = Some(Tie::Unwanted { reason: "x".to_owned(), confirmed });
        account
    };
    for account in
        [classified(ben(), NonHuman::Service, "anna"), ben().confirmed("anna"), unwanted(ben())]
    {
        let world = with(account);
        expect(&world, "offboarded", "support/3", Fail, "said not to be theirs");
        let judged = judge(&world).result("offboarded", "support/3").clone();
        assert_eq!(judged.since, Some(at("2026-11-06T17:00:00Z")), "since he left");
    }
    // Another address is another's account; and who is shut out gets in by no name.
    let other = with(classified(ben().email("desk@acme.example"), NonHuman::Service, "anna"));
    expect(&other, "offboarded", "support/3", NotApplicable, "not the account of a person");
    let out = with(classified(ben().status(AccountStatus::Inactive), NonHuman::Service, "anna"));
    expect(&out, "offboarded", "support/3", NotApplicable, "lets nobody in");
}

#[test]
fn what_was_a_leavers_stays_so_until_it_was_shut_and_somebody_else_certainly_holds_it() {
    let world = critical()
        .person("anna", |p| p)
        .person("ben", |p| p.ends("2026-11-06"))
        .account("2", |a| a.of("anna").linked("anna"));
    let with = |account: AccountIs, tied: bool, until: &str, shut: Option<&str>| {
        let mut world = world.clone().account("3", |_| account);
        world.orders.held.push(Held {
            app: world.app.clone(),
            account: "3".parse().unwrap(),
            person: person_id("ben"),
            tied,
            until: at(until),
            by: "olive".to_owned(),
            shut: shut.map(at),
        });
        world
    };
    let (before, after) = ("2026-11-05T12:00:00Z", "2026-11-07T12:00:00Z");
    let desk = || AccountIs::new("3").email("desk@acme.example");
    let service = || classified(desk(), NonHuman::Service, "anna");
    let annas = || AccountIs::new("3").of("anna").confirmed("anna");
    // Tied to him until after he left: whatever it is said to be now.
    for account in [desk(), service(), desk().confirmed("anna"), annas()] {
        let world = with(account, true, after, None);
        expect(&world, "offboarded", "support/3", Fail, "was theirs until 2026-11-07 12:00 UTC");
        let found = judge(&world).result("offboarded", "support/3").clone();
        assert_eq!(found.since, Some(at("2026-11-06T17:00:00Z")));
        assert!(world.gap_kinds().contains(&"offboarded_active"));
    }
    // Shut before he left proves nothing; shut since proves nothing of whose it is now.
    expect(&with(annas(), true, after, Some(before)), "offboarded", "support/3", Fail, "theirs");
    for account in [desk(), service(), desk().confirmed("anna")] {
        expect(&with(account, true, after, Some(after)), "offboarded", "support/3", Fail, "theirs");
    }
    // Shut since, and hers by her address; or never tied to him; or given away before he left.
    let none = CheckState::NotApplicable;
    for clean in [
        with(annas(), true, after, Some(after)),
        with(service(), false, after, Some(after)),
        with(annas(), true, before, None),
    ] {
        let found = judge(&clean).result("offboarded", "support/3").clone();
        assert_eq!(found.state, none, "{found:?}");
    }
    let bens = classified(desk().of("ben"), NonHuman::Service, "anna");
    expect(&with(bens, false, after, Some(after)), "offboarded", "support/3", Fail, "their");
}

#[test]
fn what_is_open_gets_no_more_time_and_an_exception_covers_no_more_rights() {
    let left = |role: &str| {
        critical()
            .person("ben", |p| p.ends("2026-11-08"))
            .account("3", |a| a.of("ben").linked("ben").role(role))
    };
    let admin = judge(&left("admin")).result("offboarded", "support/3").clone();
    assert_eq!(admin.state, Fail);
    // The role is lowered while the finding is open.
    let key = checks::key("offboarded", &admin.unit);
    let clocks = BTreeMap::from([(key, admin.clock().unwrap())]);
    let lowered = left("observer-agent");
    let judged = judge_with(&lowered, &clocks, &[]).result("offboarded", "support/3").clone();
    assert_eq!((judged.state, judged.due), (Fail, admin.due));
    assert_eq!(judge(&lowered).result("offboarded", "support/3").state, Due);

    let mut excepted = left("basic-agent");
    excepted.orders.exceptions.push(exception(&excepted, "offboarded", &admin.unit));
    let state = |world: &World| judge(world).result("offboarded", "support/3").state;
    assert_eq!(state(&excepted), CheckState::Excepted);
    for (role, is) in [("lite-agent", CheckState::Excepted), ("admin", Fail)] {
        let mut changed = left(role);
        changed.orders.exceptions.clone_from(&excepted.orders.exceptions);
        assert_eq!(state(&changed), is, "{role}");
    }
    // Longer than a year counts no longer than a year.
    excepted.orders.exceptions[0].at = at("2025-11-01T00:00:00Z");
    excepted.orders.exceptions[0].until = at("2029-01-01T00:00:00Z");
    assert_eq!(state(&excepted), Due);
}

#[test]
fn an_exception_or_attestation_counts_only_while_somebody_is_there_to_answer() {
    let left = critical()
        .person("ben", |p| p.ends("2026-11-08"))
        .account("3", |a| a.of("ben").linked("ben").role("admin"));
    let mut excepted = left.clone();
    let unit = judge(&left).result("offboarded", "support/3").unit.clone();
    excepted.orders.exceptions.push(exception(&left, "offboarded", &unit));
    let judged = |world: &World| judge(world).result("offboarded", "support/3").clone();
    assert_eq!(judged(&excepted).state, CheckState::Excepted);
    type Absent = fn(World) -> World;
    let absences: [(&str, Absent); 4] = [
        ("chief has left", |world| world.person("chief", |p| p.ends("2026-11-08"))),
        ("chief does not work here yet", |world| world.person("chief", |p| p.starts("2027-01-01"))),
        ("not mentioned", |mut world| {
            let chief = world.people.get_mut(&person_id("chief")).unwrap();
            chief.not_mentioned_since = Some(at("2026-11-01T00:00:00Z"));
            world
        }),
        ("chief is nobody whom Muster knows", |mut world| {
            world.people.remove(&person_id("chief"));
            world
        }),
    ];
    for (why, absent) in absences {
        let result = judged(&absent(excepted.clone()));
        assert_eq!((result.state, result.exception), (Fail, None), "{why}");
        assert!(result.cause.contains(why), "{why}: {}", result.cause);
        assert!(result.remedy.contains("--owner"), "{}", result.remedy);

        let mut attested =
            critical().person("anna", |p| p).account("2", |a| a.of("anna").linked("anna"));
        attested.accounts.values_mut().for_each(|known| known.account.mfa = Mfa::Unknown);
        attested.orders.attestations.push(attestation(&left, Attested::ProviderMfa, None));
        assert_eq!(judge(&attested).result("mfa", "support/2").state, Pass);
        let absent = absent(attested);
        assert_eq!(judge(&absent).result("mfa", "support/2").state, NotEvaluable, "{why}");
    }
}

#[test]
fn nobody_passes_by_a_source_that_fell_silent_a_clock_that_is_ahead_or_a_role_that_is_not_told() {
    let mut world = critical()
        .person("anna", |p| p.terms(|t| t.staff_role = Some("Support Agent".to_owned())))
        .account("2", |a| a.of("anna").linked("anna"));
    expect(&world, "valid_access", "support/2", Pass, "may be basic-agent");
    world.people.get_mut(&person_id("anna")).unwrap().not_mentioned_since =
        Some(at("2026-11-01T00:00:00Z"));
    expect(&world, "valid_access", "support/2", NotEvaluable, "no source has mentioned them");
    expect(&world, "offboarded", "support/2", NotEvaluable, "no source has mentioned them");
    world.sight.started = Some(world.now + SignedDuration::from_hours(1));
    let judged = judge(&world).result("valid_access", "support/2").clone();
    assert_eq!((judged.state, judged.cause.contains("still to come")), (CheckState::Stale, true));
}

#[test]
fn who_answers_for_a_rule_must_be_known_here() {
    let ruled =
        |from: &str, to: &str| World::new().policy("account_owner", &RULE.replacen(from, to, 1));
    let owned_by = |owner: &str| {
        ruled("owner@acme.example", owner)
            .person("anna", |p| p)
            .person("odd", |p| p.status(EmploymentStatus::Unknown))
    };
    let unit = "support";
    expect(&owned_by("anna@acme.example"), "access_rule", unit, Pass, "answers for it");
    expect(&owned_by("desk@acme.example"), "access_rule", unit, Pass, "answers for it");
    expect(&owned_by("nobody@nowhere.example"), "access_rule", unit, Due, "nobody here has");
    expect(&owned_by("odd@acme.example"), "access_rule", unit, NotEvaluable, "not known");
    let later = ruled("2026-09-01", "2099-01-01").person("owner", |p| p);
    expect(&later, "access_rule", unit, Due, "still to come");
}

#[test]
fn how_long_a_leaver_may_stay_depends_on_the_role_and_on_how_she_left() {
    let left = |role: &str, involuntary: bool| {
        let world = critical()
            .person("ben", |p| {
                let p = p.ends("2026-11-08");
                if involuntary { p.involuntary() } else { p }
            })
            .account("3", |a| a.of("ben").linked("ben").role(role));
        judge(&world).result("offboarded", "support/3").clone()
    };
    let hours =
        |result: &CheckResult| result.due.unwrap().duration_since(result.since.unwrap()).as_hours();
    let ordinary = left("basic-agent", false);
    assert_eq!((hours(&ordinary), ordinary.state, ordinary.severity), (24, Due, Severity::High));
    let admin = left("admin", false);
    assert_eq!((hours(&admin), admin.state, admin.severity), (4, Fail, Severity::Critical));
    assert_eq!(hours(&left("basic-agent", true)), 1);
    assert_eq!(ordinary.since, Some(at("2026-11-08T17:00:00Z")), "six in Berlin");
    assert_eq!(ordinary.rung, Some(Rung::Critical), "18 of 24 hours are over");
}

#[test]
fn access_rule_in_every_state() {
    let check = "access_rule";
    expect(&critical(), check, "support", Pass, "reviewed");
    assert!(
        !judge(&World::new()).evaluation.results.iter().any(|result| result.check == check),
        "not a critical system"
    );
    let bare = World::new().policy("account_owner", "critical: true\n    account_owner");
    expect(&bare, check, "support", Due, "nobody has said who may use it");
    let key = checks::key(check, &Unit::app(&bare.app));
    let clocks = BTreeMap::from([(key, clock("2026-11-01T00:00:00Z"))]);
    assert_eq!(judge_with(&bare, &clocks, &[]).result(check, "support").state, Fail);
    let but = |from: &str, to: &str| {
        let world = World::new().policy("account_owner", &RULE.replace(from, to));
        world.person("owner", |p| p)
    };
    let orphan = but("    owner: owner@acme.example\n", "");
    expect(&orphan, check, "support", Due, "nobody answers");
    let left = critical().person("owner", |p| p.ends("2026-11-01"));
    expect(&left, check, "support", Due, "has left");
    let old = but("reviewed: 2026-09-01", "reviewed: 2025-11-08");
    expect(&old, check, "support", Due, "last reviewed on 2025-11-08");
    let just = but("reviewed: 2026-09-01", "reviewed: 2025-11-09");
    expect(&just, check, "support", Pass, "");
    let never = but("      reviewed: 2026-09-01\n", "");
    expect(&never, check, "support", Due, "never reviewed");
}

#[test]
fn a_system_can_be_declared_critical_by_command() {
    let mut world = World::new().person("owner", |p| p);
    let declared = CriticalSystem {
        app: world.app.clone(),
        owner: Some("it@acme.example".parse().unwrap()),
        rule: None,
        reviewed: None,
        by: "chief".to_owned(),
        at: world.now,
    };
    world.orders.critical_systems.push(declared.clone());
    expect(&world, "access_rule", "support", Due, "nobody has said");
    let rule = AccessRule { everyone: "agent".parse().ok(), ..AccessRule::default() };
    world.orders.critical_systems[0].rule = Some(AccessRule::default());
    expect(&world, "access_rule", "support", Due, "admits nobody");
    world.orders.critical_systems[0].rule = Some(rule);
    expect(&world, "access_rule", "support", Due, "never reviewed");
    world.orders.critical_systems[0].reviewed = "2026-11-01".parse().ok();
    expect(&world, "access_rule", "support", Pass, "");
}

#[test]
fn mfa_in_every_state() {
    let check = "mfa";
    let mfa = |mfa: Mfa| {
        move |mut a: AccountIs| {
            a.known.account.mfa = mfa;
            a.of("anna").linked("anna").created("2026-11-01")
        }
    };
    let world =
        |with: &dyn Fn(AccountIs) -> AccountIs| critical().person("anna", |p| p).account("2", with);
    expect(&world(&mfa(Mfa::Enabled)), check, "support/2", Pass, "the app says");
    expect(&world(&mfa(Mfa::Disabled)), check, "support/2", Due, "no second factor");
    let long = |a| mfa(Mfa::Disabled)(a).created("2026-01-01");
    expect(&world(&long), check, "support/2", Fail, "no second factor");
    let unknown = world(&mfa(Mfa::Unknown));
    expect(&unknown, check, "support/2", NotEvaluable, "does not tell");
    let out = |a| mfa(Mfa::Disabled)(a).status(AccountStatus::Inactive);
    expect(&world(&out), check, "support/2", NotApplicable, "");
    let invited = |a| mfa(Mfa::Unknown)(a).status(AccountStatus::Invited);
    expect(&world(&invited), check, "support/2", NotApplicable, "invitation");
    let service = |a| classified(a, NonHuman::Service, "anna");
    expect(&world(&service), check, "support/2", NotApplicable, "not the account of a human");
    for (says, account, counts) in [
        (Attested::Mfa, Some("2"), true),
        (Attested::Mfa, None, true),
        (Attested::ProviderMfa, None, true),
        (Attested::Mfa, Some("9"), false),
    ] {
        let mut attested = unknown.clone();
        attested.orders.attestations.push(attestation(&unknown, says, account));
        let judged = judge(&attested);
        let result = judged.result(check, "support/2");
        assert_eq!(result.state == Pass, counts, "{says:?} {account:?}");
        assert_eq!(result.attestation.is_some(), counts, "marked as an attestation");
        attested.now += SignedDuration::from_hours(24);
        attested.sight.started = Some(attested.now);
        assert_eq!(judge(&attested).result(check, "support/2").state, NotEvaluable, "lapsed");
    }
    let mut disabled = world(&long);
    disabled.orders.attestations.push(attestation(&disabled, Attested::Mfa, Some("2")));
    expect(&disabled, check, "support/2", Fail, "the app says");
    disabled.orders.attestations.push(attestation(&disabled, Attested::ProviderMfa, None));
    let state = |world: &World| judge(world).result(check, "support/2").state;
    assert_eq!(state(&disabled), Fail, "the app lets in by its own password");
    let account = &mut disabled.accounts.get_mut(&"2".parse().unwrap()).unwrap().account;
    account.sso = Some("okta".to_owned());
    assert_eq!(state(&disabled), Pass, "sign-in goes elsewhere");
    disabled.orders.attestations[1].by = "Anna".to_owned();
    assert_eq!(state(&disabled), Fail, "nobody's word counts for their own account");
}

#[test]
fn valid_access_in_every_state() {
    let check = "valid_access";
    let world = critical()
        .group("helpers", "", &[])
        .person("anna", |p| p.title("support agent"))
        .person("ben", |p| p.title("Team Lead"))
        .person("cleo", |p| p.title("Intern"))
        .person("dora", |p| p)
        .person("eve", |p| p.title("Intern"))
        .person("finn", |p| p.title("Support Agent").out_of_scope())
        .person("gina", |p| p.title("Support Agent").ends("2026-11-01"))
        .person("hugo", |p| p.title("Support Agent").starts("2027-01-01"))
        .person("iris", |p| p.title("Support Agent").status(EmploymentStatus::Unknown))
        .member("helpers", "eve", None)
        .grant("cleo", "agent", Some("2026-11-20"), Weight::Beside)
        .account("2", |a| a.of("anna").linked("anna"))
        .account("3", |a| a.of("ben").linked("ben").role("agent"))
        .account("4", |a| a.of("cleo").linked("cleo").role("agent"))
        .account("5", |a| a.of("dora").linked("dora"))
        .account("6", |a| a.of("eve").linked("eve").role("lite-agent"))
        .account("7", |a| a.of("finn").linked("finn"))
        .account("8", |a| a.of("gina").linked("gina"))
        .account("9", |a| a.email("x@else.example"))
        .account("10", |a| a.of("hugo").linked("hugo"))
        .account("11", |a| a.of("iris").linked("iris"));
    expect(&world, check, "support/2", Pass, "a Support Agent may be basic-agent");
    expect(&world, check, "support/3", Pass, "a Team Lead may be agent");
    expect(&world, check, "support/4", Pass, "granted by chief");
    expect(&world, check, "support/5", NotEvaluable, "staff role of Dora is not known");
    expect(&world, check, "support/6", Pass, "members of helpers");
    expect(&world, check, "support/7", Due, "out of scope");
    expect(&world, check, "support/8", Fail, "has left");
    expect(&world, check, "support/9", NotEvaluable, "not tied to anyone");
    expect(&world, check, "support/10", Due, "has not begun");
    expect(&world, check, "support/11", NotEvaluable, "not known");
    let admin = world.clone().account("2", |a| a.of("anna").linked("anna").role("admin"));
    expect(&admin, check, "support/2", Due, "the rule allows Anna at most basic-agent");
    let judged = judge(&admin);
    assert_eq!(judged.result(check, "support/2").severity, Severity::Critical);
    let mut asked = world.clone();
    asked.orders.grants.clear();
    expect(&asked, check, "support/4", Due, "the rule allows Cleo nothing");
    let no_role = world.clone().account("2", |a| a.of("anna").linked("anna").no_role());
    expect(&no_role, check, "support/2", NotEvaluable, "which role");
    let out = |a: AccountIs| a.of("anna").linked("anna").status(AccountStatus::Inactive);
    expect(&world.clone().account("2", out), check, "support/2", NotApplicable, "");
    let bare = World::new()
        .policy("account_owner", "critical: true\n    account_owner")
        .person("anna", |p| p)
        .account("2", |a| a.of("anna").linked("anna"));
    expect(&bare, check, "support/2", NotApplicable, "access_rule says so once");
    let mut later = admin;
    later.now = at("2026-11-11T11:00:00Z");
    later.sight.started = Some(later.now);
    let key = checks::key(check, &Unit::account(&later.app, &"2".parse().unwrap()));
    let clocks = BTreeMap::from([(key, clock("2026-11-09T11:00:00Z"))]);
    assert_eq!(judge_with(&later, &clocks, &[]).result(check, "support/2").state, Fail);
}

#[test]
fn a_role_in_the_rule_admits_whoever_holds_it() {
    let rule = "critical: true
    owner: owner@acme.example
    who_may_use: {reviewed: 2026-09-01, app_roles: [lite-agent], everyone: observer-agent}
    account_owner";
    let world = World::new()
        .policy("account_owner", rule)
        .person("anna", |p| p)
        .account("2", |a| a.of("anna").linked("anna").role("lite-agent"))
        .account("3", |a| a.email("b@else.example").confirmed("anna").role("observer-agent"))
        .account("4", |a| a.email("c@else.example").confirmed("anna").role("basic-agent"));
    expect(&world, "valid_access", "support/2", Pass, "may be lite-agent");
    expect(&world, "valid_access", "support/3", Pass, "may be observer-agent");
    expect(&world, "valid_access", "support/4", Due, "at most observer-agent");
}

#[test]
fn list_fresh_in_every_state() {
    let world = World::new().person("owner", |p| p);
    let source = |believed: &str| SourceAge { name: "hr".parse().unwrap(), believed: at(believed) };
    let state = |source| {
        let judged = judge_with(&world, &BTreeMap::new(), &[source]);
        judged.result("list_fresh", "source hr").state
    };
    assert_eq!(state(source("2026-11-08T00:00:00Z")), Pass);
    assert_eq!(state(source("2026-11-01T00:00:00Z")), Fail);
}

#[test]
fn dormant_in_every_state() {
    let check = "dormant";
    let used = |when: Option<&str>| {
        let when = when.map(at);
        critical().person("anna", |p| p).account("2", move |mut a| {
            a.known.activity.get_or_insert_default().last_sign_in = when;
            a.of("anna").linked("anna").created("2026-01-01")
        })
    };
    expect(&used(Some("2026-11-01T00:00:00Z")), check, "support/2", Pass, "signed in lately");
    expect(&used(Some("2026-08-05T00:00:00Z")), check, "support/2", Due, "nobody has signed in");
    expect(&used(Some("2026-02-01T00:00:00Z")), check, "support/2", Fail, "since 2026-02-01");
    expect(&used(None), check, "support/2", Fail, "since 2026-01-01");
    let mut short = used(None);
    short.sight.trail = Some(Trail { since: at("2026-10-01T00:00:00Z"), until: short.now });
    expect(&short, check, "support/2", NotEvaluable, "does not reach back far enough");
    let mut blind = used(None);
    blind.sight.trail = None;
    expect(&blind, check, "support/2", NotEvaluable, "does not tell who signed in");
    let new = critical()
        .person("anna", |p| p)
        .account("2", |a| a.of("anna").linked("anna").created("2026-11-01"));
    expect(&new, check, "support/2", Pass, "new");
    let out = new.account("2", |a| a.of("anna").status(AccountStatus::Inactive));
    expect(&out, check, "support/2", NotApplicable, "");
}

#[test]
fn admins_in_every_state() {
    let check = "admins";
    let world = World::new().account("2", |a| a.role("admin")).account("3", |a| a.role("admin"));
    expect(&world, check, "support", Pass, "");
    let many = world.clone().account("4", |a| a.role("admin"));
    expect(&many, check, "support", Due, "4 of 4 accounts of support are privileged");
    let hidden = world.clone().account("4", AccountIs::no_role);
    expect(&hidden, check, "support", NotEvaluable, "does not tell the role");
    let mut large = many;
    for id in 10..60 {
        large = large.account(&id.to_string(), |a| a);
    }
    expect(&large, check, "support", Pass, "");
    let mut strict = world;
    strict.policy = read_policy(&format!("{POLICY}checks: {{rules: {{admins: {{at_most: 2}}}}}}"));
    expect(&strict, check, "support", Due, "");
}

#[test]
fn contractor_end_in_every_state() {
    let check = "contractor_end";
    let unit = format!("support/{}", person_id("anna"));
    let world = |ends: Option<&str>, review: Option<&str>| {
        World::new()
            .person("anna", |p| {
                p.kind(EngagementKind::Contractor).terms(|t| {
                    t.end_date = ends.map(|day| day.parse().unwrap());
                    t.review_date = review.map(|day| day.parse().unwrap());
                })
            })
            .account("2", |a| a.of("anna").linked("anna"))
    };
    expect(&world(None, None), check, &unit, Due, "no end is known");
    expect(&world(Some("2027-01-01"), None), check, &unit, Pass, "");
    expect(&world(None, Some("2026-11-09")), check, &unit, Pass, "");
    expect(&world(None, Some("2026-11-08")), check, &unit, Due, "looked at on 2026-11-08");
    let employee = World::new().person("anna", |p| p).account("2", |a| a.of("anna").linked("anna"));
    expect(&employee, check, &unit, NotApplicable, "not a contractor");
}

#[test]
fn shared_account_in_every_state() {
    let check = "shared_account";
    let world = World::new()
        .person("anna", |p| p)
        .account("2", |a| a.of("anna").linked("anna"))
        .account("3", |a| classified(a, NonHuman::Shared, "anna"))
        .account("4", |a| classified(a, NonHuman::Service, "anna"))
        .account("5", |a| a.email("x@else.example"))
        .account("6", |a| classified(a, NonHuman::Shared, "anna").status(AccountStatus::Inactive));
    expect(&world, check, "support/2", Pass, "one person's own");
    expect(&world, check, "support/3", Due, "shared by several people");
    expect(&world, check, "support/4", NotApplicable, "");
    expect(&world, check, "support/5", NotEvaluable, "nobody has said");
    expect(&world, check, "support/6", NotApplicable, "");
}

#[test]
fn stale_invitation_in_every_state() {
    let check = "stale_invitation";
    let invited =
        |day: &str| World::new().account("2", |a| a.status(AccountStatus::Invited).created(day));
    expect(&invited("2026-11-08"), check, "support/2", Pass, "still good");
    expect(&invited("2026-11-01"), check, "support/2", Due, "has lapsed");
    expect(&invited("2026-01-01"), check, "support/2", Fail, "has lapsed");
    let undated = World::new().account("2", |a| a.status(AccountStatus::Invited));
    expect(&undated, check, "support/2", NotEvaluable, "when");
    expect(&World::new().account("2", |a| a), check, "support/2", NotApplicable, "");
}

#[test]
fn self_joined_in_every_state() {
    let check = "self_joined";
    let world = |by: Option<&str>| {
        let by = by.map(|id| id.parse().unwrap());
        critical().person("anna", |p| p).account("2", move |mut a| {
            let made = at("2026-11-08T00:00:00Z");
            a.known.activity.get_or_insert_default().created = Some(Deed { at: made, by });
            a.known.activity.get_or_insert_default().first_sign_in = Some(made);
            a.of("anna").created("2026-11-08")
        })
    };
    expect(&world(Some("1")), check, "support/2", Pass, "somebody made it");
    expect(&world(None), check, "support/2", Due, "by itself");
    let mut old = world(None);
    old.now = at("2026-11-20T00:00:00Z");
    old.sight.started = Some(old.now);
    assert_eq!(judge(&old).result(check, "support/2").state, Fail);
    let mut confirmed = world(None);
    confirmed.links = World::new().account("2", |a| a.confirmed("anna")).links;
    expect(&confirmed, check, "support/2", Pass, "confirmed");
    let early = critical().account("2", |a| a.created("2020-01-01"));
    expect(&early, check, "support/2", NotEvaluable, "does not reach back");
    let out = critical().account("2", |a| a.status(AccountStatus::Inactive));
    expect(&out, check, "support/2", NotApplicable, "");
}

#[test]
fn came_back_in_every_state() {
    let check = "came_back";
    let mut world = World::new()
        .person("anna", |p| p)
        .person("ben", |p| p.ends("2026-11-06"))
        .account("2", |a| a.of("anna").linked("anna"))
        .account("3", |a| a.of("ben").linked("ben"));
    expect(&world, check, "support/2", NotApplicable, "has not left");
    expect(&world, check, "support/3", NotApplicable, "nothing was taken away");
    let removal = world.plan().operations[0].clone();
    world.ran(&removal, RunState::Verified);
    expect(&world, check, "support/3", Fail, "lets in again");
    let out = |a: AccountIs| a.of("ben").linked("ben").status(AccountStatus::Inactive);
    let stayed = world.clone().account("3", out);
    expect(&stayed, check, "support/3", Pass, "it lets nobody in");
    let anew = stayed
        .clone()
        .account("4", |a| a.email("b2@acme.example").confirmed("ben").created("2026-11-10"));
    expect(&anew, check, "support/4", Fail, "a new account");
    let unclear = stayed
        .person("ben", |p| p.status(EmploymentStatus::Unknown))
        .account("3", |a| a.of("ben").linked("ben"));
    expect(&unclear, check, "support/3", NotEvaluable, "not known");
}

#[test]
fn access_that_anybody_took_away_after_the_leaving_must_not_come_back_either() {
    let world = World::new()
        .person("ben", |p| p.ends("2026-11-06"))
        .account("3", |a| a.of("ben").linked("ben"))
        .account("4", |a| a.email("b2@acme.example").confirmed("ben").created("2026-11-08"));
    let (seen, correlation) = (world.seen(), world.correlation());
    let judged = |outs: &[(&str, &str)]| {
        let out = |(id, when): &(&str, &str)| {
            let back = Some(at("2026-11-08T12:00:00Z"));
            (id.parse().unwrap(), Out { at: at(when), back })
        };
        let outs = outs.iter().map(out).collect();
        let company = Company {
            policy: &world.policy,
            people: &world.people,
            orders: &world.orders,
            apps: vec![Facts::new(&seen, &correlation, None).remembering(outs)],
            answerers: Answerers::default(),
            sources: &[],
            clocks: &BTreeMap::new(),
            now: world.now,
        };
        Judged { evaluation: checks::evaluate(&company, Detail::Everything) }
    };
    let state = |judged: &Judged, unit: &str| judged.result("came_back", unit).state;
    let none = judged(&[]);
    assert_eq!(state(&none, "support/3"), NotApplicable);
    let after = judged(&[("3", "2026-11-07T09:00:00Z")]);
    assert_eq!(state(&after, "support/3"), Fail, "not by Muster, but after the leaving");
    let since = after.result("came_back", "support/3").since;
    assert_eq!(since, Some(at("2026-11-08T12:00:00Z")), "since it was let in again");
    assert_eq!(state(&after, "support/4"), Fail, "and this one was made after it");
    let before = judged(&[("3", "2026-10-07T09:00:00Z")]);
    assert_eq!(state(&before, "support/3"), NotApplicable, "she was back at work then");
}

#[test]
fn key_owner_in_every_state() {
    let check = "key_owner";
    let key =
        |p: fn(crate::world::PersonIs) -> crate::world::PersonIs| World::new().person("muster", p);
    expect(&key(|p| p), check, "support", Pass, "answers for it");
    expect(&key(|p| p.ends("2026-11-08")), check, "support", Due, "who has left");
    expect(&key(|p| p.ends("2026-10-01")), check, "support", Fail, "who has left");
    let odd = key(|p| p.status(EmploymentStatus::Unknown));
    expect(&odd, check, "support", NotEvaluable, "not known");
    expect(&World::new(), check, "support", NotEvaluable, "nobody has said");
    let mut untold = World::new();
    untold.sight.caller = None;
    expect(&untold, check, "support", NotEvaluable, "does not tell whose key");
}

#[test]
fn duplicates_in_every_state() {
    let check = "duplicates";
    let unit = format!("support/{}", person_id("anna"));
    let one = World::new().person("anna", |p| p).account("2", |a| a.of("anna").linked("anna"));
    expect(&one, check, &unit, Pass, "");
    let two = one.clone().account("3", |a| a.email("x@else.example").confirmed("anna"));
    expect(&two, check, &unit, Due, "Anna has 2 accounts");
    let out = |a: AccountIs| a.of("anna").linked("anna").status(AccountStatus::Inactive);
    expect(&one.account("2", out), check, &unit, NotApplicable, "");
}

#[test]
fn separation_in_every_state() {
    let mut world = World::new()
        .person("anna", |p| p)
        .account("2", |a| a.of("anna").linked("anna").role("admin"))
        .account("3", |a| a.email("x@else.example").confirmed("anna").role("agent"));
    let rule = "checks: {separation: [{name: pay, apart: [[support/admin], [support/agent]]}]}";
    world.policy = read_policy(&format!("{POLICY}{rule}"));
    let unit = format!("{}/pay", person_id("anna"));
    expect(&world, "separation", &unit, Due, "admin in support and agent in support");
    let one = world
        .clone()
        .account("3", |a| a.email("x@else.example").confirmed("anna").role("lite-agent"));
    expect(&one, "separation", &unit, Pass, "one side only");
    assert_eq!(judge(&one.unproven()).result("separation", &unit).state, CheckState::Stale);
    let stale = judge(&world.unproven());
    assert_eq!(stale.result("separation", &unit).state, Due, "both are seen");
}

#[test]
fn a_clock_goes_on_below_an_exception_and_through_blindness() {
    let mut world = critical().account("3", |a| a.email("x@else.example"));
    let unit = Unit::account(&world.app, &"3".parse().unwrap());
    let key = checks::key("identified", &unit);
    let began = at("2026-11-03T00:00:00Z");
    let clocks = BTreeMap::from([(key, Clock { since: began, seen: began, due: None })]);
    let result =
        |world: &World| judge_with(world, &clocks, &[]).result("identified", "support/3").clone();
    assert_eq!((result(&world).state, result(&world).since), (Due, Some(began)));
    let stale = world.clone().unproven();
    assert_eq!((result(&stale).state, result(&stale).since), (CheckState::Stale, Some(began)));
    let mut exception = exception(&world, "identified", &unit);
    exception.until = at("2026-11-15T00:00:00Z");
    world.orders.exceptions.push(exception);
    assert_eq!((result(&world).state, result(&world).since), (CheckState::Excepted, Some(began)));
    world.now = at("2026-11-15T00:00:00Z");
    world.sight.started = Some(world.now);
    assert_eq!((result(&world).state, result(&world).since), (Fail, Some(began)));
}

#[test]
fn the_policy_changes_times_severities_and_measures_or_leaves_a_check_out() {
    let rules = "checks:
  fresh_within: 2 hours
  rules:
    offboarded: {allowed: 2 hours, severity: low}
    duplicates: {off: true}
";
    let mut world = World::new()
        .person("ben", |p| p.ends("2026-11-08"))
        .account("3", |a| a.of("ben").linked("ben"));
    world.policy = read_policy(&format!("{POLICY}{rules}"));
    let judged = judge(&world);
    let result = judged.result("offboarded", "support/3");
    assert_eq!((result.state, result.severity), (Fail, Severity::Low));
    assert!(!judged.evaluation.results.iter().any(|result| result.check == "duplicates"));
    assert_eq!(judged.evaluation.off, ["duplicates"], "what nobody looks at is told");
    world.sight.started = Some(world.now - SignedDuration::from_hours(3));
    assert_eq!(judge(&world).result("offboarded", "support/3").state, CheckState::Stale);
}

#[test]
fn a_list_of_people_that_is_old_passes_nothing_that_rests_on_it_and_says_what_to_import() {
    let world = critical()
        .person("anna", |p| p)
        .person("ben", |p| p.ends("2026-11-06"))
        .account("2", |a| a.of("anna").linked("anna"))
        .account("3", |a| a.of("ben").linked("ben"));
    let source = world.people[&person_id("anna")].anchor.source.clone();
    let days = i64::from(world.policy.organization.stale_after_days);
    let judged = |age: SignedDuration| {
        let believed = world.now - age;
        judge_with(&world, &BTreeMap::new(), &[SourceAge { name: source.clone(), believed }])
    };
    let (fresh, old) =
        (SignedDuration::from_hours(24 * days - 1), SignedDuration::from_hours(24 * days));
    assert_eq!(judged(fresh).result("offboarded", "support/2").state, NotApplicable);
    let judged = judged(old);
    let anna = judged.result("offboarded", "support/2");
    assert_eq!(anna.state, CheckState::Stale);
    assert!(anna.cause.contains("was last imported on"), "{}", anna.cause);
    assert!(anna.remedy.contains("muster roster import FILE --source"), "{}", anna.remedy);
    assert_eq!(judged.result("offboarded", "support/3").state, Fail, "a leaver stays one");
    let ways = &judged.evaluation.unseen[&("offboarded".to_owned(), Some(world.app.clone()))];
    assert!(ways.keys().any(|(_, see)| see.contains("muster roster import")), "{ways:?}");
}

#[test]
fn what_is_only_counted_counts_as_what_is_told() {
    let world = critical()
        .person("anna", |p| p)
        .person("ben", |p| p.ends("2026-11-06"))
        .account("2", |a| a.of("anna").linked("anna"))
        .account("3", |a| a.of("ben").linked("ben"));
    let (seen, correlation) = (world.seen(), world.correlation());
    let critical = checks::effective(&world.policy, &world.orders, &world.app);
    let company = Company {
        policy: &world.policy,
        people: &world.people,
        orders: &world.orders,
        apps: vec![Facts::new(&seen, &correlation, critical)],
        answerers: Answerers::default(),
        sources: &[],
        clocks: &BTreeMap::new(),
        now: world.now,
    };
    let all = checks::evaluate(&company, Detail::Everything);
    let notable = checks::evaluate(&company, Detail::Notable);
    assert_eq!(all.tallies, notable.tallies);
    let wrong = |one: &CheckResult| matches!(one.state, Fail | Due | CheckState::Excepted);
    let loud: Vec<_> = all.results.into_iter().filter(wrong).collect();
    assert!(!loud.is_empty());
    assert_eq!(loud, notable.results);
}

/// Checks whose word rests on what sources tell of people.
const BY_PEOPLE: [&str; 8] = [
    "identified",
    "offboarded",
    "access_rule",
    "valid_access",
    "list_fresh",
    "contractor_end",
    "came_back",
    "key_owner",
];

/// Checks whose word rests on a read of the app.
const BY_READING: [&str; 13] = [
    "identified",
    "offboarded",
    "mfa",
    "valid_access",
    "dormant",
    "admins",
    "contractor_end",
    "shared_account",
    "stale_invitation",
    "self_joined",
    "came_back",
    "key_owner",
    "duplicates",
];

fn critically(mut world: World) -> World {
    let policy = POLICY.replace("account_owner", RULE);
    world.policy = read_policy(&policy);
    world
}

proptest! {
    /// Law 9: unknown, stale and unreadable are never a pass.
    #[test]
    fn law_9_what_was_not_read_completely_and_lately_never_passes(
        world in some_world(),
        how in 0..4_u8,
    ) {
        let mut world = critically(world);
        match how {
            0 => world = world.unproven(),
            1 => world.sight.unseen = Some("gone".to_owned()),
            2 => (world.sight.started, world.sight.completeness) = (None, None),
            _ => world.sight.started = Some(world.now - SignedDuration::from_hours(25)),
        }
        for result in judge(&world).evaluation.results {
            let by_reading = BY_READING.contains(&result.check.as_str());
            prop_assert!(!(by_reading && result.state == Pass), "{result:?}");
        }
    }

    /// Law 9, of the lists that people come from: whoever left since the last one counts as working
    /// here, so that nothing that rests on it passes, nor is said not to be asked.
    #[test]
    fn law_9_what_rests_on_a_list_of_people_that_is_old_never_passes(
        world in some_world(),
        ahead in proptest::bool::ANY,
    ) {
        let mut world = critically(world);
        world.sight.started = Some(world.now);
        let old = SignedDuration::from_hours(24 * i64::from(world.policy.organization.stale_after_days));
        let believed = if ahead { world.now + SignedDuration::from_hours(1) } else { world.now - old };
        let mut names: BTreeSet<_> = world.people.values().flat_map(Person::anchors)
            .map(|anchor| anchor.source.clone()).collect();
        // Whoever is in no world is in a list all the same.
        names.insert("hr".parse().unwrap());
        let sources: Vec<_> =
            names.into_iter().map(|name| SourceAge { name, believed }).collect();
        for account in ["1", "2", "3"] {
            world.orders.attestations.push(attestation(&world, Attested::Mfa, Some(account)));
        }
        let fresh = judge(&world);
        for result in judge_with(&world, &BTreeMap::new(), &sources).evaluation.results {
            let by_people = BY_PEOPLE.contains(&result.check.as_str()) || result.attestation.is_some();
            // No account that is tied to nobody rests on a list.
            let nobodys = result.person.is_none() && result.unit.account.is_some();
            prop_assert!(nobodys || !(by_people && result.state == Pass), "{result:?}");
            let leaving = ["offboarded", "came_back"].contains(&result.check.as_str());
            let lets_in = result.unit.account.as_ref().is_some_and(|id| {
                let known = &world.accounts[id];
                known.gone.is_none() && known.account.status.may_sign_in()
            });
            let arises = !(leaving && lets_in && result.person.is_some());
            prop_assert!(arises || result.state != NotApplicable, "{result:?}");
            // What is wrong stays wrong: no later list takes a leaving back.
            if result.check == "list_fresh" {
                continue;
            }
            let was = fresh.result(&result.check, &result.unit.to_string());
            if matches!(was.state, Fail | Due) {
                prop_assert_eq!(was.state, result.state);
            }
        }
    }

    /// Law 9, of what the data leaves open.
    #[test]
    fn law_9_what_cannot_be_told_never_passes(world in some_world()) {
        let mut world = critically(world);
        world.sight.started = Some(world.now);
        world.sight.trail = None;
        for known in world.accounts.values_mut() {
            (known.account.mfa, known.account.role) = (Mfa::Unknown, None);
            known.account.status = AccountStatus::Unknown;
        }
        let open = ["mfa", "valid_access", "dormant", "offboarded", "came_back"];
        for result in judge(&world).evaluation.results {
            let gone = result.unit.account.as_ref().is_some_and(|id| world.accounts[id].gone.is_some());
            let is_open = open.contains(&result.check.as_str()) && !gone;
            prop_assert!(!(is_open && result.state == Pass), "{result:?}");
        }
    }

    /// Somebody about whom nobody can tell never passes what is asked about her.
    #[test]
    fn law_9_a_person_of_unknown_state_never_passes(world in some_world()) {
        let mut world = critically(world);
        world.sight.started = Some(world.now);
        for person in world.people.values_mut() {
            for engagement in &mut person.engagements {
                engagement.terms.status = Some(EmploymentStatus::Unknown);
                engagement.terms.end_date = None;
                engagement.ended_seen = None;
            }
            person.ordered_end = None;
        }
        for result in judge(&world).evaluation.results {
            let about = ["offboarded", "valid_access", "came_back", "contractor_end"];
            let asked = about.contains(&result.check.as_str());
            prop_assert!(!(asked && result.state == Pass), "{result:?}");
        }
    }

    /// The same input gives the same results, and every wrong result has a clock and a deadline.
    #[test]
    fn judging_twice_gives_the_same(world in some_world()) {
        let world = critically(world);
        let (one, two) = (judge(&world), judge(&world));
        prop_assert_eq!(&one.evaluation, &two.evaluation);
        for result in &one.evaluation.results {
            let wrong = matches!(result.state, Fail | Due);
            prop_assert_eq!(wrong, result.rung.is_some());
            if wrong {
                prop_assert!(result.since.is_some() && result.due.is_some());
                prop_assert_eq!(result.state == Fail, result.due.unwrap() <= world.now);
            }
        }
    }
}
