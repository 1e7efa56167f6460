//! A leaver's work on virtual time: how fast it goes, and that it goes exactly once whatever
//! happens in between. Judged by the app's own tickets, trail of events and request log.

use std::collections::BTreeMap;

use muster_domain::model::operation::RunState;
use muster_simulator::{
    ActiveWrite, Config, Fault, Faults, LimitModel, Limits, Phase, Rule, TicketStatus,
};

use crate::{
    ops::{self, Op},
    setup::Setup,
    wire::Moment,
    world::{Consent, World},
};

pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) leaver: u64,
    pub(crate) heir: u64,
    pub(crate) tickets: Vec<u64>,
}

/// Somebody with so many tickets has left; her work goes to the app's owner.
pub(crate) async fn office(tickets: usize, change: impl FnOnce(&mut Config)) -> Office {
    let mut setup = Setup::plain(Config::gorgias());
    setup.config.active_write = ActiveWrite::Applied;
    change(&mut setup.config);
    let mut world = World::new(setup).await;
    ops::converge(&mut world).await.unwrap();
    let policy = world
        .setup
        .policy()
        .replace("delete: false", "delete: false, hand_over: true")
        .replace("remove: deactivate", "remove: deactivate, hand_over: {to: manager}")
        .to_owned();
    world.nodes[0].apply_policy(&policy).await.unwrap();
    let user = |address: &str| {
        let users = world.sim.users();
        users.iter().find(|user| user.email.eq_ignore_ascii_case(address)).unwrap().id
    };
    let (leaver, heir) = (user("p1.last@acme.example"), user("p3.last@acme.example"));
    let tickets = world.sim.add_tickets(tickets, Some(leaver), TicketStatus::Open);
    ops::step(&mut world, Op::EndNow(0)).await.unwrap();
    ops::step(&mut world, Op::Import).await.unwrap();
    world.sync(0).await.unwrap();
    world.advance(120);
    Office { world, leaver, heir, tickets }
}

impl Office {
    pub(crate) fn of(&self, user: u64) -> Vec<u64> {
        let tickets = self.world.sim.tickets();
        tickets.iter().filter(|one| one.assignee == Some(user)).map(|one| one.id).collect()
    }

    /// How often each ticket was given to somebody, by the app's own trail.
    pub(crate) fn assignments(&self) -> BTreeMap<u64, usize> {
        let mut times = BTreeMap::new();
        for event in self.world.sim.events() {
            if event.kind == "ticket-assigned" {
                *times.entry(event.object_id).or_default() += 1;
            }
        }
        times
    }

    #[track_caller]
    fn all_moved_once(&self, case: &str) {
        assert_eq!(self.of(self.heir), self.tickets, "{case}");
        assert!(self.of(self.leaver).is_empty(), "{case}");
        let times = self.assignments();
        assert_eq!(times.len(), self.tickets.len(), "{case}");
        assert!(times.values().all(|n| *n == 1), "{case}: {times:?}");
    }

    /// What was spent since `before`, by method and route.
    fn spent(&self, before: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        let after = self.world.sim.counters().requests;
        let spent = |(name, n): (String, u64)| {
            let more = n - before.get(&name).copied().unwrap_or_default();
            (more > 0).then_some((name, more))
        };
        after.into_iter().filter_map(spent).collect()
    }
}

/// A thousand tickets under a limit: how fast, and for how many requests.
async fn a_thousand(capacity: u32, drain_per_s: u32, latency_ms: u64) {
    let limits = Limits { capacity, model: LimitModel::Leaky { drain_per_s }, ..Limits::default() };
    let mut office = office(1_000, |config| {
        config.limits = limits;
        config.latency_ms = latency_ms;
    })
    .await;
    let before = office.world.sim.counters().requests;
    let began = office.world.now();
    let applied = office.world.apply(0, Consent::Everything).await.unwrap().unwrap();
    assert!(applied.is_complete(), "{:?}", applied.runs);
    office.all_moved_once("");
    let spent = office.spent(&before);
    let costs = [
        ("GET /api/roles", 1),
        ("GET /api/teams", 1),
        ("GET /api/tickets", 10), // who holds them now, a hundred at a time
        ("GET /api/users/{id}", 3), // shutting out: read, read back; once more before the hand-over
        ("PUT /api/tickets/{id}", 1_000),
        ("PUT /api/users/{id}", 1),
        ("PUT /api/views/{id}/items", 11), // ten pages, and the one that shows that nothing is left
    ];
    assert_eq!(spent, costs.map(|(name, n)| (name.to_owned(), n)).into());
    assert_eq!(office.world.sim.counters().rate_limited, 0);
    let requests: u64 = spent.values().sum();
    let took = office.world.now().duration_since(began).as_secs_f64();
    let least = (requests as f64 - f64::from(capacity)) / f64::from(drain_per_s);
    let share = least / took;
    eprintln!("{requests} requests in {took} s: {:.2} % of the permitted rate", share * 100.0);
    assert!(share >= 0.97, "{:.1} % of the rate: {took} s instead of {least} s", share * 100.0);
}

#[tokio::test]
async fn a_thousand_tickets_go_at_the_permitted_rate() {
    a_thousand(40, 2, 0).await;
}

#[tokio::test]
async fn a_long_round_trip_does_not_slow_a_hand_over_down() {
    a_thousand(40, 2, 150).await;
    a_thousand(80, 4, 300).await;
}

#[tokio::test]
async fn a_hand_over_killed_at_any_call_goes_on_and_moves_nothing_twice() {
    for moment in [Moment::Before, Moment::After] {
        for calls in [0, 4, 6, 7, 50, 106, 107, 108, 109, 150, 214, 240, 252, 256] {
            let case = format!("{moment:?} call {calls}");
            let mut office = office(240, |_| {}).await;
            let died = office.world.apply_and_die((0, Consent::Everything), (calls, moment));
            let _ = died.await.unwrap();
            // Another node takes over.
            office.world.advance(180);
            for _ in 0..2 {
                office.world.apply(1, Consent::Everything).await.unwrap();
            }
            office.all_moved_once(&case);
            let plan = office.world.plan().await.unwrap();
            assert!(plan.operations.is_empty(), "{case}: {:?}", plan.operations);
            // The journal knows of every ticket to whom it went.
            let moved = moved_by_the_journal(&office.world).await;
            assert_eq!(moved.len(), 240, "{case}");
            assert!(moved.values().all(|to| *to == office.heir.to_string()), "{case}");
        }
    }
}

async fn moved_by_the_journal(world: &World) -> BTreeMap<String, String> {
    let everything = muster::store::records::JournalFilter::default();
    let entries = world.nodes[0].store.journal(&everything).await.unwrap();
    let moved = entries.iter().filter_map(|entry| entry.data["moved"].as_array().cloned());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    moved.flatten().map(|one| (text(&one["ticket"]), text(&one["account"]))).collect()
}

#[tokio::test]
async fn whatever_fault_strikes_every_ticket_arrives_once() {
    let ticket = |rule: Rule| rule.on("PUT", "/api/tickets/{id}");
    let after = Phase::After;
    let faults = [
        ticket(Rule::new(Fault::Drop { phase: after }).every(7)),
        ticket(Rule::new(Fault::Drop { phase: Phase::Before }).every(5)),
        ticket(Rule::new(Fault::Status { code: 503, phase: after }).every(4)),
        ticket(Rule::new(Fault::HtmlPage { code: 200, phase: after }).every(9)),
        ticket(Rule::new(Fault::IgnoreWrite).every(3)),
        ticket(Rule::new(Fault::Storm { retry_after_s: Some(1) }).every(20)),
        Rule::new(Fault::StaleCursor).on("PUT", "/api/views/{id}/items").every(2),
        Rule::new(Fault::SkipRows { rows: 30 }).on("PUT", "/api/views/{id}/items"),
        Rule::new(Fault::RepeatRows { rows: 30 }).on("PUT", "/api/views/{id}/items"),
        Rule::new(Fault::Drop { phase: after }).on("GET", "/api/tickets").every(2),
    ];
    for rule in faults {
        let case = format!("{rule:?}");
        let mut office = office(240, |_| {}).await;
        office.world.sim.set_faults(Faults::seeded(3, vec![rule]));
        let applied = office.world.apply(0, Consent::Everything).await.unwrap().unwrap();
        let last = applied.runs.last().unwrap();
        assert!(matches!(last.state, RunState::Verified | RunState::Parked), "{case}: {last:?}");
        office.world.sim.set_faults(Faults::none());
        office.world.advance(180);
        office.world.apply(0, Consent::Everything).await.unwrap();
        office.all_moved_once(&case);
    }
}

#[tokio::test]
async fn an_app_that_says_yes_and_moves_nothing_is_found_out() {
    let mut office = office(120, |_| {}).await;
    let lies = Rule::new(Fault::IgnoreWrite).on("PUT", "/api/tickets/{id}");
    office.world.sim.set_faults(Faults::of(vec![lies]));
    let applied = office.world.apply(0, Consent::Everything).await.unwrap().unwrap();
    let run = applied.runs.last().unwrap();
    assert_eq!(run.state, RunState::Parked);
    assert!(run.note.contains("120 tickets are where they were"), "{}", run.note);
    assert_eq!(office.of(office.leaver).len(), 120);
}

#[tokio::test]
async fn what_others_take_meanwhile_is_not_taken_from_them() {
    let mut office = office(300, |config| {
        let model = LimitModel::Leaky { drain_per_s: 2 };
        config.limits = Limits { capacity: 40, model, ..Limits::default() };
    })
    .await;
    // Somebody takes a ticket of the third page while the first is moved.
    let (theirs, taker) = (office.tickets[290], office.world.owner);
    let (sim, leaver) = (office.world.sim.clone(), office.leaver);
    let meanwhile = async {
        let mine = || sim.tickets().iter().filter(|one| one.assignee == Some(leaver)).count();
        while mine() > 250 {
            tokio::task::yield_now().await;
        }
        sim.edit_ticket(theirs, |ticket| ticket.assignee = Some(taker));
    };
    let (applied, ()) = tokio::join!(office.world.apply(0, Consent::Everything), meanwhile);
    assert!(applied.unwrap().unwrap().is_complete());
    assert_eq!(office.of(taker), [theirs]);
    assert_eq!(office.of(office.heir).len(), 299);
}
