//! An offboarding beside a command that is at work: two processes, one home, one limit on requests.

use std::process::Child;

use muster_simulator::{LimitModel, Limits, NewUser, RequestRecord, Role};
use serde_json::Value;

use crate::{
    company::{Company, POLICY, email},
    desk::obliging,
    postgres::Server,
    terminal::wait_until,
};

const LEAVER: &str = "Ann Ash";

/// Pages of a full read: more than the limit lets through at once.
const PAGES: u64 = 34;

/// Half of what Gorgias documents for keys.
const AT_ONCE: u32 = 20;

/// A company in agreement with its helpdesk, which has so many pages of users.
fn company(database: Option<&str>) -> Company {
    let mut company = Company::bare(obliging());
    if let Some(url) = database {
        company = company.on_database(url);
    }
    company.muster(["init"]).done();
    company.connects("support", &company.desk);
    company.policy(POLICY);
    for name in [LEAVER, "Ben Birch"] {
        company.hire(name);
        company.desk.has(&email(name), name, Role::BasicAgent);
    }
    for number in 0..PAGES * 100 - 50 {
        let user = NewUser::new(format!("other{number}@acme.example")).name("Some Body");
        company.desk.sim.add_user(user.role(Role::ObserverAgent));
    }
    company.looks();
    let model = LimitModel::Leaky { drain_per_s: 1 };
    let limits = Limits { capacity: AT_ONCE, model, ..Limits::default() };
    company.desk.sim.configure(|config| config.limits = limits);
    // Learns the limit.
    company.muster(["app", "check", "support"]);
    company
}

fn pages(company: &Company) -> u64 {
    let requests = company.desk.sim.counters().requests;
    requests.get("GET /api/users").copied().unwrap_or_default()
}

fn is_page(record: &RequestRecord) -> bool {
    record.method == "GET" && record.route == "/api/users"
}

/// A full read that goes as fast as the limit drains.
fn reading(company: &Company) -> Child {
    let before = pages(company);
    let sync = company.terminal.start(["sync"]);
    wait_until("half of a full read", || pages(company) >= before + u64::from(AT_ONCE) + 2);
    sync
}

#[track_caller]
fn ends_well(mut sync: Child) {
    let mut code = None;
    wait_until("the end of the full read", || {
        code = sync.try_wait().unwrap();
        code.is_some()
    });
    // There are strangers in the app, which is what it tells.
    assert_eq!(code.unwrap().code(), Some(2));
}

#[track_caller]
fn is_out(company: &Company) {
    assert!(!company.desk.lets_in(&email(LEAVER)));
    let known = company.muster(["accounts", "list", "--json"]).done().json();
    let is_hers = |one: &&Value| one["account"]["login"] == email(LEAVER);
    let hers = known.as_array().unwrap().iter().find(is_hers).unwrap();
    assert_eq!(hers["account"]["status"], "inactive", "{hers}");
    let operations = company.plan().operations();
    assert!(!operations.iter().any(|one| one.contains(LEAVER)), "{operations:?}");
    company.muster(["log", "verify"]).done();
}

fn goes_first(database: Option<&str>) {
    let company = company(database);
    let before = company.desk.requests();
    let sync = reading(&company);
    let began = company.desk.requests();
    company
        .muster(["offboard", LEAVER, "--now", "--yes"])
        .waits()
        .says("1 done and read back")
        .says("muster hand-over");
    let cut = pages(&company);
    assert!(!company.desk.lets_in(&email(LEAVER)));
    ends_well(sync);

    // By the app's own log: the cut lies before the rest of the pages, and next to none slipped in
    // between.
    let log = company.desk.sim.request_log();
    let hers: Vec<_> = log
        .iter()
        .filter(|record| record.seq > began && record.route == "/api/users/{id}")
        .collect();
    let told: Vec<_> = hers.iter().map(|record| record.method.as_str()).collect();
    assert_eq!(told, ["GET", "PUT", "GET"]);
    let (first, last) = (hers[0].seq, hers[2].seq);
    let between = log.iter().filter(|one| one.seq > first && one.seq < last && is_page(one));
    assert_eq!(between.count(), 0, "{log:?}");
    // Counted from the order on: how long a process takes to start says nothing.
    let ordered = company.journal("person.end_ordered")[0]["at"].as_str().unwrap().to_owned();
    let ordered: jiff::Timestamp = ordered.parse().unwrap();
    let waited = log.iter().filter(|one| one.at > ordered && one.seq < first && is_page(one));
    assert!(waited.count() <= 3);
    let read = log.iter().filter(|one| one.seq > before && is_page(one)).count();
    assert_eq!(u64::try_from(read).unwrap(), PAGES);
    assert!(pages(&company) > cut, "the full read was over before the cut");
    assert_eq!(company.desk.sim.counters().rate_limited, 0);
    is_out(&company);
}

#[test]
fn l2_an_offboarding_goes_first_beside_a_full_read_of_another_process() {
    goes_first(None);
}

#[test]
fn l2_an_offboarding_goes_first_beside_a_full_read_of_another_process_on_postgresql() {
    goes_first(Some(&Server::shared().new_database()));
}

fn killed(database: Option<&str>) {
    let company = company(database);
    let sync = reading(&company);
    let looked = || {
        let requests = company.desk.sim.counters().requests;
        requests.get("GET /api/users/{id}").copied().unwrap_or_default()
    };
    let before = looked();
    let mut cut = company.terminal.start(["offboard", LEAVER, "--now", "--yes"]);
    wait_until("the look before the cut", || looked() > before);
    cut.kill().unwrap();
    cut.wait().unwrap();
    // The one that died is not waited for long, and what it left undone is done by the next one.
    ends_well(sync);
    assert_eq!(company.desk.sim.counters().rate_limited, 0);
    company.apply();
    is_out(&company);
}

#[test]
fn an_offboarding_killed_beside_a_full_read_does_not_hold_it_up_for_ever() {
    killed(None);
}

#[test]
fn an_offboarding_killed_beside_a_full_read_does_not_hold_it_up_for_ever_on_postgresql() {
    killed(Some(&Server::shared().new_database()));
}

#[test]
fn an_offboarding_goes_first_beside_an_apply_which_then_goes_on() {
    let mut company = Company::where_work([LEAVER, "Ben Birch"]);
    let movers: Vec<String> = (0..12).map(|n| format!("Mo Mover{n}")).collect();
    for name in &movers {
        company.hire(name).title = "Team Lead".to_owned();
        company.desk.has(&email(name), name, Role::BasicAgent);
    }
    company.person(LEAVER).title = "Team Lead".to_owned();
    company.looks();
    company.desk.sim.configure(|config| config.latency_ms = 100);
    let before = company.desk.writes();
    let mut apply = company.terminal.start(["apply", "support", "--yes"]);
    wait_until("the first write", || company.desk.writes() > before);
    company.muster(["offboard", LEAVER, "--now", "--yes"]).waits().says("done and read back");
    let done = company.desk.writes();
    assert!(!company.desk.lets_in(&email(LEAVER)));
    assert!(apply.wait().unwrap().code().is_some_and(|code| code != 1));
    assert!(company.desk.writes() > done, "the apply was over before the cut");
    for name in &movers {
        assert_eq!(company.desk.user(&email(name)).role, Role::Agent, "{name}");
    }
    is_out(&company);
}

#[test]
fn a_command_that_has_ended_leaves_one_file_of_its_store() {
    let company = Company::where_work([LEAVER]);
    let alone = |what: &str| {
        for name in ["muster.db-wal", "muster.db-shm"] {
            assert!(!company.terminal.home.join(name).exists(), "{name} after {what}");
        }
    };
    alone("done");
    company.muster(["people", "show", "Nobody"]).refused(["Nobody"]);
    alone("an error");
    company.desk.sim.revoke_key();
    company.muster(["sync"]).refused(["key"]);
    alone("an app's refusal");
}
