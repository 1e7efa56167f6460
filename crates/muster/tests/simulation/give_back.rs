//! Undoing a hand-over on virtual time: every ticket comes back exactly once whatever happens in
//! between, and for how many requests. Judged by the app's own tickets, trail and request log.

use muster_domain::model::operation::RunState;
use muster_simulator::{Fault, Faults, Phase, Rule};

use crate::{
    hand_over::{Office, office},
    wire::Moment,
    world::Consent,
};

/// The work of a leaver was handed over, her team left; then somebody undid the whole plan.
async fn undone(tickets: usize) -> (Office, u64) {
    let mut office = office(tickets, |_| {}).await;
    let team = office.world.sim.add_team("Chat", vec![office.leaver, office.heir]);
    let applied = office.world.apply(0, Consent::Everything).await.unwrap().unwrap();
    assert_eq!(office.of(office.heir), office.tickets);
    office.world.advance(120);
    let plan = applied.runs.last().unwrap().plan.to_string();
    let muster = &office.world.nodes[0];
    let undo = muster.prepare_undo(&plan, "the wrong one", None).await.unwrap();
    muster.undo(&undo).await.unwrap();
    (office, team)
}

fn members(office: &Office, team: u64) -> Vec<u64> {
    let teams = office.world.sim.teams();
    teams.into_iter().find(|one| one.id == team).unwrap().members
}

#[track_caller]
fn all_back_once(office: &Office, case: &str) {
    assert_eq!(office.of(office.leaver), office.tickets, "{case}");
    assert!(office.of(office.heir).is_empty(), "{case}");
    let times = office.assignments();
    assert_eq!(times.len(), office.tickets.len(), "{case}");
    assert!(times.values().all(|n| *n == 2), "{case}: {times:?}");
}

#[tokio::test]
async fn giving_back_costs_one_write_a_ticket_and_two_reads_a_hundred() {
    let (mut office, team) = undone(240).await;
    let before = office.world.sim.counters().requests;
    let applied = office.world.apply(0, Consent::Everything).await.unwrap().unwrap();
    assert!(applied.is_complete(), "{:?}", applied.runs);
    all_back_once(&office, "");
    assert_eq!(members(&office, team), [office.heir, office.leaver]);
    let after = office.world.sim.counters().requests;
    let spent = |name: &str| {
        after.get(name).copied().unwrap_or_default() - before.get(name).copied().unwrap_or_default()
    };
    assert_eq!(spent("PUT /api/tickets/{id}"), 240);
    // Before each hundred, and after it.
    assert_eq!(spent("GET /api/tickets"), 6);
    assert_eq!(spent("PUT /api/teams/{id}"), 1);
}

#[tokio::test]
async fn giving_back_killed_at_any_call_goes_on_and_moves_nothing_twice() {
    for moment in [Moment::Before, Moment::After] {
        for calls in [0, 3, 4, 5, 6, 7, 8, 9, 60, 108, 109, 110, 111, 150, 215, 250, 255] {
            let case = format!("{moment:?} call {calls}");
            let (mut office, team) = undone(240).await;
            let died = office.world.apply_and_die((0, Consent::Everything), (calls, moment));
            let _ = died.await.unwrap();
            // Another node takes over.
            office.world.advance(180);
            for _ in 0..2 {
                office.world.apply(1, Consent::Everything).await.unwrap();
            }
            all_back_once(&office, &case);
            let mut members = members(&office, team);
            members.sort_unstable();
            let mut both = [office.leaver, office.heir];
            both.sort_unstable();
            assert_eq!(members, both, "{case}");
            let plan = office.world.plan().await.unwrap();
            assert!(plan.operations.is_empty(), "{case}: {:?}", plan.operations);
        }
    }
}

#[tokio::test]
async fn a_hand_over_killed_while_it_left_the_teams_is_undone_with_them() {
    for calls in 0..10 {
        let case = format!("call {calls}");
        let mut office = office(3, |_| {}).await;
        let team = office.world.sim.add_team("Chat", vec![office.leaver, office.heir]);
        let died = office.world.apply_and_die((0, Consent::Everything), (calls, Moment::After));
        let _ = died.await.unwrap();
        office.world.advance(180);
        for _ in 0..2 {
            office.world.apply(1, Consent::Everything).await.unwrap();
        }
        assert_eq!(office.of(office.heir), office.tickets, "{case}");
        assert_eq!(members(&office, team), [office.heir], "{case}");
        // Whichever of the runs moved something, newest first as somebody would.
        let runs = office.world.nodes[1].store.runs(&Default::default()).await.unwrap();
        let mut plans: Vec<_> = runs.iter().rev().map(|run| run.plan.to_string()).collect();
        plans.dedup();
        for plan in plans {
            let muster = &office.world.nodes[1];
            if let Ok(undo) = muster.prepare_undo(&plan, "the wrong one", None).await {
                muster.undo(&undo).await.unwrap();
            }
        }
        office.world.apply(1, Consent::Everything).await.unwrap();
        assert_eq!(office.of(office.leaver), office.tickets, "{case}");
        assert!(members(&office, team).contains(&office.leaver), "{case}");
    }
}

#[tokio::test]
async fn what_she_gave_on_after_it_came_back_is_not_taken_from_anybody() {
    let (mut office, _) = undone(240).await;
    let died = office.world.apply_and_die((0, Consent::Everything), (150, Moment::After));
    assert!(died.await.unwrap().is_some());
    let theirs = office.tickets[0];
    assert!(office.of(office.leaver).contains(&theirs));
    let heir = office.heir;
    office.world.sim.edit_ticket(theirs, |ticket| ticket.assignee = Some(heir));
    office.world.advance(180);
    for _ in 0..2 {
        office.world.apply(1, Consent::Everything).await.unwrap();
    }
    assert_eq!(office.of(heir), [theirs]);
    assert_eq!(office.of(office.leaver), office.tickets[1..]);
}

#[tokio::test]
async fn whatever_fault_strikes_every_ticket_comes_back_once() {
    let ticket = |rule: Rule| rule.on("PUT", "/api/tickets/{id}");
    let after = Phase::After;
    let faults = [
        ticket(Rule::new(Fault::Drop { phase: after }).every(7)),
        ticket(Rule::new(Fault::Drop { phase: Phase::Before }).every(5)),
        ticket(Rule::new(Fault::Status { code: 503, phase: after }).every(4)),
        ticket(Rule::new(Fault::HtmlPage { code: 200, phase: after }).every(9)),
        ticket(Rule::new(Fault::IgnoreWrite).every(3)),
        ticket(Rule::new(Fault::Storm { retry_after_s: Some(1) }).every(20)),
        Rule::new(Fault::Drop { phase: after }).on("GET", "/api/tickets").every(2),
        Rule::new(Fault::Drop { phase: after }).on("PUT", "/api/teams/{id}").every(1),
    ];
    for rule in faults {
        let case = format!("{rule:?}");
        let (mut office, _) = undone(240).await;
        office.world.sim.set_faults(Faults::seeded(3, vec![rule]));
        let applied = office.world.apply(0, Consent::Everything).await.unwrap().unwrap();
        let last = applied.runs.last().unwrap();
        assert!(matches!(last.state, RunState::Verified | RunState::Parked), "{case}: {last:?}");
        office.world.sim.set_faults(Faults::none());
        office.world.advance(180);
        office.world.apply(0, Consent::Everything).await.unwrap();
        all_back_once(&office, &case);
    }
}

#[tokio::test]
async fn an_app_that_says_yes_and_gives_nothing_back_is_found_out() {
    let (mut office, _) = undone(120).await;
    let lies = Rule::new(Fault::IgnoreWrite).on("PUT", "/api/tickets/{id}");
    office.world.sim.set_faults(Faults::of(vec![lies]));
    let applied = office.world.apply(0, Consent::Everything).await.unwrap().unwrap();
    let run = applied.runs.last().unwrap();
    assert_eq!(run.state, RunState::Parked);
    assert!(run.note.contains("120 tickets are where they were"), "{}", run.note);
    assert!(office.of(office.leaver).is_empty());
}
