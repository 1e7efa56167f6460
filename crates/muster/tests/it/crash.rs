//! `kill -9` at any moment of an apply, then again: the same end state, at most one invitation
//! each, no operation lost, a journal that verifies (law 8).
//!
//! `scripts/test crash 300` kills so often on each database, each company up to three times before
//! its apply may run to the end. The moments are drawn by chance from the
//! length of an undisturbed run; the simulator answers slowly enough that most of them lie between
//! a call and its answer, or between an answer and the record of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::SignedDuration;
use muster_simulator::Role;
use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    desk::obliging,
    postgres::Server,
    terminal::{now, parameter, pause},
};

const JOINERS: [&str; 10] = [
    "Abe Joins",
    "Bea Joins",
    "Cem Joins",
    "Dot Joins",
    "Eli Joins",
    "Fee Joins",
    "Gus Joins",
    "Hal Joins",
    "Ida Joins",
    "Jim Joins",
];
const LEAVERS: [&str; 6] =
    ["Kim Leaves", "Leo Leaves", "Mia Leaves", "Nat Leaves", "Ott Leaves", "Pia Leaves"];
const MOVERS: [&str; 4] = ["Quy Moves", "Ray Moves", "Sue Moves", "Tom Moves"];

/// How many crashes one company goes through at most.
const CRASHES: u32 = 3;

/// A company with twenty operations due, all of which may go.
fn busy(database: Option<&str>) -> Company {
    let mut company = Company::bare(obliging());
    if let Some(url) = database {
        company = company.on_database(url);
    }
    company.muster(["init"]).done();
    company.connects("support", &company.desk);
    let policy = POLICY
        .replace("removals_per_day: 20", "removals_per_day: 100")
        .replace("privileged: ask", "privileged: auto");
    company.policy(&policy);
    for name in JOINERS {
        company.hire(name).starts = day(0);
    }
    for name in LEAVERS {
        company.hire(name).leaves(day(-1));
        company.desk.has(&email(name), name, Role::BasicAgent);
    }
    for name in MOVERS {
        company.hire(name).title = "Team Lead".to_owned();
        company.desk.has(&email(name), name, Role::BasicAgent);
    }
    company.looks();
    company.desk.sim.configure(|config| config.latency_ms = 4);
    company
}

/// Judged by the simulator's records.
#[track_caller]
fn agrees(company: &Company) {
    let desk = &company.desk;
    for name in JOINERS {
        assert_eq!(desk.user(&email(name)).role, Role::BasicAgent, "{name}");
        assert!(desk.lets_in(&email(name)), "{name}");
        assert_eq!(desk.invitations_to(&email(name)).len(), 1, "{name}");
    }
    for name in LEAVERS {
        assert!(desk.find(&email(name)).is_some_and(|user| !user.is_active()), "{name}");
    }
    for name in MOVERS {
        assert_eq!(desk.user(&email(name)).role, Role::Agent, "{name}");
    }
    let invited: BTreeSet<_> = desk.sim.invitations().into_iter().map(|mail| mail.email).collect();
    assert_eq!(invited, JOINERS.map(email).into());
    let accounts = 1 + JOINERS.len() + LEAVERS.len() + MOVERS.len();
    assert_eq!(desk.sim.users().len(), accounts);
}

/// Every operation that was begun has come to an end that is known.
#[track_caller]
fn nothing_is_open(company: &Company) {
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for entry in company
        .journal("operation.intended")
        .into_iter()
        .chain(company.journal("operation.changed"))
    {
        let operation = entry["about"]["operation"].as_str().unwrap().to_owned();
        last.insert(operation, entry["data"]["state"].clone());
    }
    assert!(last.len() >= JOINERS.len() + LEAVERS.len() + MOVERS.len());
    for (operation, state) in last {
        assert!(
            ["verified", "already_so", "void"].map(Value::from).contains(&state),
            "{operation} is {state}"
        );
    }
}

/// Numbers without a pattern.
struct Chance(u64);

impl Chance {
    fn fraction(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 33).unwrap()) / f64::from(1_u32 << 31)
    }
}

/// Applies, is killed, applies again… until it is done. Gives the number of kills that struck.
fn crash_and_go_on(company: &Company, length: SignedDuration, chance: &mut Chance) -> u32 {
    let mut kills = 0;
    for _ in 0..CRASHES {
        let mut apply = company.terminal.start(["apply", "support", "--yes"]);
        pause(Duration::try_from(length).unwrap().mul_f64(chance.fraction()));
        if apply.try_wait().unwrap().is_none() {
            apply.kill().unwrap();
            kills += 1;
        }
        apply.wait().unwrap();
    }
    company.apply().done();
    kills
}

fn survive(wanted: u32, database: impl Fn() -> Option<String>) {
    let undisturbed = busy(database().as_deref());
    let began = now();
    undisturbed.apply().done();
    let length = now().duration_since(began);
    agrees(&undisturbed);

    let mut chance = Chance(0x6d75_7374_6572);
    let (mut companies, mut kills) = (0, 0);
    while kills < wanted {
        companies += 1;
        assert!(companies <= 2 * wanted + 5, "the kills come too late: {kills} in {companies}");
        let company = busy(database().as_deref());
        kills += crash_and_go_on(&company, length, &mut chance);
        agrees(&company);
        nothing_is_open(&company);
        company.unchanged_by(|| company.apply().done());
        company.sync().done();
        agrees(&company);
    }
    eprintln!("{kills} crashes in {companies} companies; an undisturbed run takes {length:?}");
}

/// How many kills, unless the environment says otherwise.
fn crashes(otherwise: u32) -> u32 {
    parameter("MUSTER_CRASHES").map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn an_apply_killed_at_any_moment_goes_on_where_it_was_on_sqlite() {
    survive(crashes(100), || None);
}

#[test]
fn an_apply_killed_at_any_moment_goes_on_where_it_was_on_postgresql() {
    survive(crashes(100), || Some(Server::shared().new_database()));
}

#[test]
fn an_offboarding_killed_at_any_moment_is_finished_by_the_next_apply() {
    let mut chance = Chance(7);
    for _ in 0..crashes(32).div_ceil(8) {
        let company = Company::where_work(["Ann Ash"]);
        company.desk.sim.configure(|config| config.latency_ms = 10);
        let mut cut = company.terminal.start(["offboard", "Ann Ash", "--now", "--yes"]);
        pause(Duration::from_millis(120).mul_f64(chance.fraction()));
        let _ = cut.kill();
        cut.wait().unwrap();
        company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done();
        company.apply().done();
        assert!(!company.desk.lets_in(&email("Ann Ash")));
        company.muster(["log", "verify"]).done();
    }
}
