//! `kill -9` at random moments of an apply, on both databases: the next run ends in the same state,
//! nobody is invited twice, nothing is lost, and the journal verifies.
//!
//! `MUSTER_CRASHES=300` kills so often on each database; the suite kills a few dozen times.

#![expect(clippy::unwrap_used, reason = "a test that cannot run its program cannot go on")]

#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/real.rs"]
mod real;

use std::{collections::BTreeMap, time::Duration};

use muster_simulator::{Config, Gorgias, NewUser, Role};
use real::{Helpdesk, Home, config, day, row};

const POLICY: &str = r#"organization: {time_zone: UTC, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    account_owner: owner@acme.example
    writes: {create: true, update: true, deactivate: true, delete: false}
    access: [{when: 'person.department == "Support"', role: basic-agent}]
    limits: {removals_per_day: 100}
"#;

const JOINERS: usize = 4;
const LEAVERS: usize = 3;
const MOVERS: usize = 3;

/// How many kills, unless the environment says otherwise.
const KILLS: usize = 30;

#[expect(clippy::disallowed_methods, reason = "the number of kills is a parameter of this test")]
fn kills() -> usize {
    std::env::var("MUSTER_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// A helpdesk with leavers and wrong roles in it, slow enough that kills land between a call and
/// its answer, and a home that knows who should have what.
fn round(database: Option<String>) -> (Home, Helpdesk) {
    let helpdesk = Helpdesk::new(Config { latency_ms: 3, ..config() });
    let mut rows = Vec::new();
    for n in 0..LEAVERS {
        let name = format!("Leaver {n}");
        helpdesk.gorgias.add_user(NewUser::new(format!("leaver.{n}@acme.example")).name(&name));
        rows.push(row(&format!("l{n}"), &name, "ended", &day(-300), &day(-2)));
    }
    for n in 0..MOVERS {
        let name = format!("Mover {n}");
        let user = NewUser::new(format!("mover.{n}@acme.example")).name(&name);
        helpdesk.gorgias.add_user(user.role(Role::LiteAgent));
        rows.push(row(&format!("m{n}"), &name, "active", &day(-300), ""));
    }
    for n in 0..JOINERS {
        rows.push(row(&format!("j{n}"), &format!("Joiner {n}"), "active", &day(-1), ""));
    }
    let home = Home::new(database);
    home.connect("support", &helpdesk).exits(0);
    home.import(&rows).exits(0);
    home.policy(POLICY).exits(0);
    home.muster(&["sync", "support"]).exits(2);
    (home, helpdesk)
}

/// Kills `apply` after random times until it comes through. Gives how often it was killed.
fn kill_until_done(home: &Home, chance: &mut Chance, allowed: usize) -> usize {
    for killed in 0..allowed {
        let mut child = home.start(&["apply", "support", "--yes"]);
        #[expect(clippy::disallowed_methods, reason = "another process is killed in real time")]
        std::thread::sleep(Duration::from_micros(chance.below(400_000)));
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        if ended.is_some_and(|status| status.success()) {
            return killed;
        }
    }
    allowed
}

/// A small generator of its own: the same kills for the same seed, as far as the machine allows.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[track_caller]
fn all_is_well(home: &Home, gorgias: &Gorgias) {
    let users = gorgias.users();
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for invitation in gorgias.invitations() {
        *sent.entry(invitation.email.to_lowercase()).or_default() += 1;
    }
    for n in 0..JOINERS {
        assert_eq!(sent.get(&format!("joiner.{n}@acme.example")), Some(&1), "{sent:?}");
    }
    assert_eq!(sent.len(), JOINERS);
    for user in users.iter().filter(|user| user.email.starts_with("leaver")) {
        assert!(user.exists() && !user.is_active(), "{user:?}");
    }
    for user in users.iter().filter(|user| user.email.starts_with("mover")) {
        assert_eq!(user.role, Role::BasicAgent);
    }
    home.muster(&["log", "verify"]).exits(0);
    // Nothing is left open, and another apply changes nothing.
    let writes = gorgias.counters().total_writes();
    let again = home.muster(&["apply", "support", "--yes", "--json"]).exits(0).json();
    assert_eq!(gorgias.counters().total_writes(), writes);
    assert_eq!(again.get("runs").and_then(|runs| runs.as_array()).map(Vec::len), Some(0));
}

fn crash_on(database: impl Fn() -> Option<String>, seed: u64) {
    let mut chance = Chance(seed);
    let mut left = kills();
    while left > 0 {
        let (home, helpdesk) = round(database());
        let killed = kill_until_done(&home, &mut chance, left);
        left -= killed.max(1);
        // Whatever the kills left behind, one undisturbed run mends it.
        home.muster(&["apply", "support", "--yes"]).exits(0);
        all_is_well(&home, &helpdesk.gorgias);
    }
}

#[test]
fn a_killed_apply_is_taken_up_where_it_was_on_sqlite() {
    crash_on(|| None, 1);
}

#[test]
fn a_killed_apply_is_taken_up_where_it_was_on_postgresql() {
    crash_on(|| Some(postgres::Server::shared().new_database()), 2);
}
