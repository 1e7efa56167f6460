//! Undoing a hand-over (L4): the work comes back, as far as nobody gave it on. Judged by the
//! helpdesk's own tickets, teams and trail.

use std::time::Duration;

use muster_simulator::TicketStatus;

use crate::{
    company::{Company, email},
    desk::obliging,
    hand_over::{assignments, id, leaves, office, policy, tickets_of},
    terminal::{pause, wait_until},
};

const AUTO: (&str, &str) = ("{privileged: ask,", "{privileged: ask, reactivate: auto,");

/// The last run that did `action` and ended in `state`, and its plan.
fn run_of(company: &Company, action: &str, state: &str) -> (String, String) {
    let runs = company.journal("operation.changed");
    let mut ended = runs.iter().rev();
    let found = ended
        .find(|entry| entry["data"]["action"] == action && entry["data"]["state"] == state)
        .unwrap_or_else(|| panic!("no {action} is {state}"));
    let text = |name: &str| found["about"][name].as_str().unwrap().to_owned();
    (text("operation"), text("plan")[..12].to_owned())
}

fn members(company: &Company, team: u64) -> Vec<u64> {
    let teams = company.desk.sim.teams();
    let mut members = teams.into_iter().find(|one| one.id == team).unwrap().members;
    members.sort_unstable();
    members
}

#[test]
fn l4_the_wrong_persons_work_and_teams_come_back_with_the_account_and_what_was_given_on_stays() {
    let (mut company, open) = office(obliging(), 30);
    let [ann, ben, cid] = ["Ann Ash", "Ben Birch", "Cid Cole"].map(|name| id(&company, name));
    let team = company.desk.sim.add_team("Chat", vec![ann, ben]);
    leaves(&mut company);
    company.apply().done();
    assert_eq!(tickets_of(&company, ben), open);
    assert_eq!(members(&company, team), [ben]);
    let (_, plan) = run_of(&company, "hand_over", "verified");
    for given_on in [open[4], open[20]] {
        company.desk.sim.edit_ticket(given_on, |ticket| ticket.assignee = Some(cid));
    }
    let by_now = |ticket: u64| format!("ticket {ticket} is with cid.cole@acme.example by now");

    // What comes back and what stays is said before, and nothing is done.
    company.unchanged_by(|| {
        let said = company.muster(["undo", &plan, "--dry-run"]).waits();
        said.says("28 tickets and the place in the team Chat come back")
            .says(&by_now(open[4]))
            .says(&by_now(open[20]))
            .says("first reactivate Ann Ash")
    });
    company.muster(["undo", &plan, "--yes", "--reason", "wrong Ann"]).waits();
    assert!(tickets_of(&company, ann).is_empty(), "the account first, and a person decides that");
    assert_eq!(company.plan().operations(), ["reactivate Ann Ash", "give_back Ann Ash"]);
    company.muster(["approve", "all", "support", "--as", "jane"]).done();
    let said = company.apply().done();
    said.says("28 given back; in its team again").says(&by_now(open[4])).says(&by_now(open[20]));

    assert!(company.desk.lets_in(&email("Ann Ash")));
    let mut back = open.clone();
    back.retain(|ticket| ![open[4], open[20]].contains(ticket));
    assert_eq!(tickets_of(&company, ann), back);
    assert_eq!(tickets_of(&company, cid), [open[4], open[20]]);
    assert!(tickets_of(&company, ben).is_empty());
    assert_eq!(members(&company, team), [ann, ben]);

    // HR has not mended it: her work is not given away again, and that stays visible once.
    company.unchanged_by(|| company.apply().done());
    assert_eq!(
        company.gaps(),
        ["offboarded_active ann.ash@acme.example", "kept_by_undo ann.ash@acme.example"]
    );
    company.unchanged_by(|| company.apply().done());
    let (undone, _) = run_of(&company, "hand_over", "verified");
    company.muster(["undo", &undone, "--yes"]).refused(["is undone already"]);
    // The history shows both: every ticket on its way there and back.
    let ways = company.journal("work.moved");
    let anns = ann.to_string();
    let moved = |key: &str| -> usize {
        let mine = ways.iter().filter(|entry| entry["data"][key] == anns.as_str());
        mine.filter_map(|entry| Some(entry["data"]["moved"].as_array()?.len())).sum()
    };
    assert_eq!((moved("from"), moved("to")), (30, 28));
    company.muster(["log", "verify"]).done();

    // HR mends it: nothing is left to do.
    company.person("Ann Ash").last_day = None;
    company.hire("Zoe Zed").department = "Legal".to_owned();
    let file = company.write("roster.csv", &company.roster());
    let words = ["roster", "import", &file, "--yes", "--complete", "last_working_day"];
    company.muster(words).done();
    company.sync();
    company.unchanged_by(|| company.apply().done());
    assert_eq!(tickets_of(&company, ann), back);
}

#[test]
fn l4_when_hr_mends_it_first_the_work_comes_back_all_the_same() {
    let (mut company, open) = office(obliging(), 5);
    company.policy(&policy().replace(AUTO.0, AUTO.1));
    let ann = id(&company, "Ann Ash");
    leaves(&mut company);
    company.apply().done();
    let (run, _) = run_of(&company, "hand_over", "verified");
    // Work alone does not come back to an account that is shut out.
    let said = company.muster(["undo", &run, "--yes"]).waits();
    said.says("does not let in: nobody would work on its tickets");
    assert!(tickets_of(&company, ann).is_empty());
    company.person("Ann Ash").last_day = None;
    company.hire("Zoe Zed").department = "Legal".to_owned();
    let file = company.write("roster.csv", &company.roster());
    let words = ["roster", "import", &file, "--yes", "--complete", "last_working_day"];
    company.muster(words).done();
    company.apply().done().says("5 given back");
    assert_eq!(tickets_of(&company, ann), open);
}

#[test]
fn a_dismissal_of_the_wrong_person_is_undone_step_by_step_the_account_first() {
    let (company, open) = office(obliging(), 4);
    company.policy(&policy().replace(AUTO.0, AUTO.1));
    let ann = id(&company, "Ann Ash");
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done().says("4 handed over");
    let (removal, _) = run_of(&company, "deactivate", "verified");
    let (hand_over, _) = run_of(&company, "hand_over", "verified");
    // That her work was given away since does not stand in the way of letting her in.
    company.muster(["undo", &removal, "--yes"]).done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
    assert!(tickets_of(&company, ann).is_empty());
    company.muster(["undo", &hand_over, "--yes"]).done().says("4 given back");
    assert_eq!(tickets_of(&company, ann), open);
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.sync();
    company.unchanged_by(|| company.apply().done());
}

#[test]
fn an_undo_of_a_hand_over_that_is_ended_hands_over_again_and_gives_nothing_back_twice() {
    let (mut company, open) = office(obliging(), 3);
    company.policy(&policy().replace(AUTO.0, AUTO.1));
    let (ann, ben) = (id(&company, "Ann Ash"), id(&company, "Ben Birch"));
    leaves(&mut company);
    company.apply().done();
    let (run, plan) = run_of(&company, "hand_over", "verified");
    company.muster(["undo", &plan, "--yes"]).done();
    assert_eq!(tickets_of(&company, ann), open);
    let (gave_back, _) = run_of(&company, "give_back", "verified");
    company.muster(["undo", &gave_back, "--yes"]).refused(["it is an undo itself"]);
    let keeps = company.muster(["undo", "--json"]).done().json();
    for keep in keeps.as_array().unwrap() {
        company.muster(["undo", "--end", keep["id"].as_str().unwrap()]).done();
    }
    company.apply().done().says("3 handed over");
    assert_eq!(tickets_of(&company, ben), open);
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    // The first hand-over is undone for good; the second can be undone for itself.
    company.muster(["undo", &run, "--yes"]).refused(["gave it back already"]);
    let (_, second) = run_of(&company, "hand_over", "verified");
    company.muster(["undo", &second, "--yes"]).done();
    assert_eq!(tickets_of(&company, ann), open);
}

#[test]
fn giving_back_killed_in_the_middle_goes_on_and_moves_nothing_twice() {
    let (mut company, open) = office(obliging(), 250);
    company.policy(&policy().replace(AUTO.0, AUTO.1));
    let (ann, ben) = (id(&company, "Ann Ash"), id(&company, "Ben Birch"));
    let team = company.desk.sim.add_team("Chat", vec![ann, ben]);
    leaves(&mut company);
    company.apply().done();
    assert_eq!(tickets_of(&company, ben), open);
    let (_, plan) = run_of(&company, "hand_over", "verified");
    company.desk.sim.configure(|config| config.latency_ms = 10);
    let words: [&[&str]; 3] =
        [&["undo", &plan, "--yes"], &["apply", "support", "--yes"], &["apply", "support", "--yes"]];
    for (kill_at, words) in [3, 90, 170].into_iter().zip(words) {
        let mut going = company.terminal.start(words);
        wait_until("the tickets", || tickets_of(&company, ann).len() >= kill_at);
        going.kill().unwrap();
        going.wait().unwrap();
        pause(Duration::from_millis(50));
        assert!(tickets_of(&company, ann).len() < 250);
    }
    company.apply();
    assert_eq!(tickets_of(&company, ann), open);
    assert_eq!(members(&company, team), [ann, ben]);
    // Once away and once back, by the helpdesk's own trail.
    let times = assignments(&company);
    assert_eq!(times.len(), 250);
    assert!(times.values().all(|n| *n == 2), "{times:?}");
    assert!(company.plan().operations().is_empty());
    company.muster(["log", "verify"]).done();
}

#[test]
fn a_hand_over_that_was_stopped_half_way_is_undone_as_far_as_it_went() {
    let (mut company, open) = office(obliging(), 300);
    company.policy(&policy().replace(AUTO.0, AUTO.1));
    let (ann, ben) = (id(&company, "Ann Ash"), id(&company, "Ben Birch"));
    leaves(&mut company);
    company.desk.sim.configure(|config| config.latency_ms = 40);
    let mut hand_over = company.terminal.start(["apply", "support", "--yes"]);
    wait_until("the hand-over", || tickets_of(&company, ben).len() >= 5);
    let frozen = ["freeze", "app", "support", "--reason", "the wrong Ann", "--json"];
    company.muster(frozen).done();
    hand_over.wait().unwrap();
    company.desk.sim.configure(|config| config.latency_ms = 0);
    let moved = tickets_of(&company, ben).len();
    assert!(moved < 300);
    let (_, plan) = run_of(&company, "hand_over", "parked");
    // Whatever is frozen stands still in both directions.
    company.muster(["undo", &plan, "--yes"]).waits().says("froze support");
    assert_eq!(tickets_of(&company, ben).len(), moved);
    company.muster(["freeze", "lift", "ord_"]).done();
    company.apply().done().says(&format!("{moved} given back"));
    assert_eq!(tickets_of(&company, ann), open);
    assert!(tickets_of(&company, ben).is_empty());
    let times = assignments(&company);
    assert_eq!(times.len(), moved);
    assert!(times.values().all(|n| *n == 2), "{times:?}");
}

#[test]
fn a_kill_switch_stops_giving_back_and_tickets_of_her_own_are_not_touched() {
    let (mut company, open) = office(obliging(), 200);
    company.policy(&policy().replace(AUTO.0, AUTO.1));
    let (ann, ben) = (id(&company, "Ann Ash"), id(&company, "Ben Birch"));
    let bens = company.desk.sim.add_ticket(Some(ben), TicketStatus::Open);
    leaves(&mut company);
    company.apply().done();
    let (_, plan) = run_of(&company, "hand_over", "verified");
    company.desk.sim.configure(|config| config.latency_ms = 40);
    let mut going = company.terminal.start(["undo", plan.as_str(), "--yes"]);
    wait_until("the tickets", || tickets_of(&company, ann).len() >= 5);
    company.muster(["freeze", "app", "support", "--reason", "court"]).done();
    going.wait().unwrap();
    let back = tickets_of(&company, ann).len();
    assert!(back < 200, "{back}");
    pause(Duration::from_millis(200));
    assert_eq!(tickets_of(&company, ann).len(), back);
    company.desk.sim.configure(|config| config.latency_ms = 0);
    company.muster(["freeze", "lift", "ord_"]).done();
    company.apply().done();
    assert_eq!(tickets_of(&company, ann), open);
    assert_eq!(tickets_of(&company, ben), [bens]);
}
