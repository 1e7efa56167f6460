//! What leavers hold, and deletion after it: L10, L11a, L15, L17, L20.

use std::{collections::BTreeMap, time::Duration};

use muster_simulator::{ActiveWrite, Config, NewUser, TicketStatus};

use crate::{
    company::{Company, POLICY, day, email},
    desk::obliging,
    terminal::{pause, wait_until},
};

const RULE: &str = "leaver: {at: \"18:00\", remove: deactivate, hand_over: {to: manager}, \
                    delete_after: 0 days}";

/// The policy with everything on that this is about.
pub(crate) fn policy() -> String {
    POLICY
        .replace("delete: false", "delete: true, hand_over: true")
        .replace("leaver: {at: \"18:00\", remove: deactivate, delete_after: never}", RULE)
        .replace("connector: gorgias", "connector: gorgias\n    owner: ben.birch@acme.example")
}

/// A company in which Ann Ash has these many tickets, and Ben Birch answers for the app.
pub(crate) fn office(config: Config, tickets: usize) -> (Company, Vec<u64>) {
    let mut company = Company::with(config, &policy());
    company.hire("Ann Ash");
    company.hire("Ben Birch");
    company.hire("Cid Cole");
    company.settle();
    let ann = company.desk.user(&email("Ann Ash")).id;
    let ids = company.desk.sim.add_tickets(tickets, Some(ann), TicketStatus::Open);
    (company, ids)
}

pub(crate) fn leaves(company: &mut Company) {
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
}

/// The tickets of somebody, as the helpdesk knows.
pub(crate) fn tickets_of(company: &Company, id: u64) -> Vec<u64> {
    let tickets = company.desk.sim.tickets();
    tickets.iter().filter(|ticket| ticket.assignee == Some(id)).map(|ticket| ticket.id).collect()
}

pub(crate) fn id(company: &Company, name: &str) -> u64 {
    company.desk.user(&email(name)).id
}

/// How often each ticket was assigned, by the helpdesk's own trail.
pub(crate) fn assignments(company: &Company) -> BTreeMap<u64, usize> {
    let mut times = BTreeMap::new();
    for event in company.desk.sim.events() {
        if event.kind == "ticket-assigned" {
            *times.entry(event.object_id).or_default() += 1;
        }
    }
    times
}

#[test]
fn l10_who_takes_work_over_is_named_as_people_and_accounts_are() {
    let (company, _) = office(obliging(), 1);
    let cid = id(&company, "Cid Cole");
    for to in ["Cid Cole".to_owned(), email("Cid Cole"), format!("support/{cid}"), cid.to_string()]
    {
        let words = ["hand-over", "Ann Ash", "--to", &to, "--yes"];
        company.muster(words).done();
        let ordered = company.journal("work.ordered").last().unwrap()["data"]["order"].clone();
        assert_eq!(ordered["to"], format!("person {}", email("Cid Cole")), "{to}");
    }
    let words = ["hand-over", "Ann Ash", "--to", "Nobody Here", "--yes"];
    company.muster(words).refused(["names nobody", "APP/ID"]);
}

#[test]
fn l10_a_leavers_open_work_is_listed_before_and_goes_to_whom_the_policy_says() {
    let (mut company, open) = office(obliging(), 3);
    let (ann, ben) = (id(&company, "Ann Ash"), id(&company, "Ben Birch"));
    let snoozed = company.desk.sim.add_ticket(Some(ann), TicketStatus::Snoozed);
    let lately = company.desk.sim.add_ticket(Some(ann), TicketStatus::Closed);
    let old = company.desk.sim.add_ticket(Some(ann), TicketStatus::Closed);
    company.desk.sim.edit_ticket(old, |ticket| {
        ticket.closed_at = Some(ticket.created_at - Duration::from_secs(86_400 * 60));
    });
    let team = company.desk.sim.add_team("Chat", vec![ben, ann]);

    // Known before the last day.
    company.person("Ann Ash").leaves(day(3));
    company.looks();
    let holds = "3 open tickets, 1 snoozed, 1 closed lately; in the team Chat";
    company.muster(["people", "show", "Ann Ash"]).done().says(holds);
    company.muster(["plan", "support"]).says("Ben Birch answers for support");
    let writes = company.desk.writes();
    company.muster(["hand-over", "Ann Ash", "--dry-run"]).done().says(holds).says("1 closed long");
    company.unchanged_by(|| company.muster(["hand-over", "Ann Ash", "--dry-run"]).done());
    assert_eq!(company.desk.writes(), writes);

    leaves(&mut company);
    assert_eq!(
        company.plan().operations(),
        ["deactivate Ann Ash", "hand_over Ann Ash", "delete Ann Ash"][..2]
    );
    company.apply().done().says("handed over");
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    let mut moved = open;
    moved.extend([snoozed, lately]);
    assert_eq!(tickets_of(&company, ben), moved);
    assert_eq!(tickets_of(&company, ann), [old]);
    let teams = company.desk.sim.teams();
    assert_eq!(teams.iter().find(|one| one.id == team).unwrap().members, [ben]);

    // Which went to whom can be told for ever.
    let arrived = company.journal("work.moved");
    let arrived: Vec<_> = arrived
        .iter()
        .flat_map(|entry| entry["data"]["moved"].as_array().cloned())
        .flatten()
        .collect();
    assert_eq!(arrived.len(), moved.len());
    let ben = serde_json::Value::from(ben.to_string());
    assert!(arrived.iter().all(|one| one["account"] == ben), "{arrived:?}");
}

#[test]
fn l10_somebody_can_choose_who_takes_the_work_over_or_that_nobody_does() {
    let (mut company, open) = office(obliging(), 5);
    leaves(&mut company);
    let stranger = ["hand-over", "Ann Ash", "--to", "nobody.here@acme.example", "--yes"];
    company.muster(stranger).refused(["nobody works here as nobody.here@acme.example"]);
    assert!(company.journal("work.ordered").is_empty());
    let turn = "round_robin ben.birch@acme.example, cid.cole@acme.example";
    company.muster(["hand-over", "Ann Ash", "--to", turn, "--yes"]).done();
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")), [open[0], open[2], open[4]]);
    assert_eq!(tickets_of(&company, id(&company, "Cid Cole")), [open[1], open[3]]);

    // Of another it is kept: removal does not wait, and the choice is on record.
    let cid = id(&company, "Cid Cole");
    company.muster(["offboard", "Cid Cole", "--now", "--keep-work", "--yes"]).done();
    assert!(!company.desk.lets_in(&email("Cid Cole")));
    assert_eq!(tickets_of(&company, cid).len(), 2);
    let ordered = company.journal("work.ordered");
    assert_eq!((ordered.len(), &ordered[1]["actor"]), (2, &"ines".into()));
    company.sync();
    let plan = company.muster(["plan", "support"]);
    plan.says("delete     Cid Cole").says("ines chose that nobody takes the work over");
}

#[test]
fn l10_a_dismissal_cuts_sign_in_first_and_hands_over_in_the_same_command() {
    let (company, open) = office(obliging(), 4);
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done().says("4 handed over");
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")), open);
    let log = company.desk.sim.request_log();
    let first = |method: &str, route: &str| {
        log.iter().rposition(|one| one.took_effect && one.method == method && one.route == route)
    };
    assert!(first("PUT", "/api/users/{id}") < first("PUT", "/api/tickets/{id}"));
}

#[test]
fn l10_where_nobody_can_take_it_over_it_waits_and_sign_in_does_not() {
    let (mut company, open) = office(obliging(), 2);
    company.policy(&policy().replace("owner: ben.birch@acme.example", "seats: 500"));
    leaves(&mut company);
    let said = company.apply().waits();
    said.says("nobody can take the work over").says("muster hand-over");
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert_eq!(tickets_of(&company, id(&company, "Ann Ash")), open);
    assert_eq!(company.plan().holds("Ann Ash")[0], "hand_over");
}

#[test]
fn l11a_where_the_app_only_deletes_the_plan_says_so_and_deletion_is_a_step_of_its_own() {
    let config = Config { active_write: ActiveWrite::Refused, ..obliging() };
    let (mut company, open) = office(config, 3);
    leaves(&mut company);
    let plan = company.muster(["plan", "support"]).waits();
    plan.says("if the app ignores it: role → observer-agent").says("holds 3 open tickets");
    // Rights are lowered, the work is handed over; until it is deleted the account is reduced.
    company.apply().waits().says("3 handed over");
    let ann = company.desk.user(&email("Ann Ash"));
    assert_eq!(ann.role, muster_simulator::Role::ObserverAgent);
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")), open);
    assert_eq!(company.gaps(), ["offboarded_reduced ann.ash@acme.example"]);

    // Deleting waits for a word of its own.
    assert_eq!(company.plan().operations(), ["delete Ann Ash"]);
    assert_eq!(company.plan().holds("Ann Ash"), ["approval"]);
    company.muster(["plan", "support"]).waits().says("for ever").says("statistics");
    company.apply().waits();
    assert!(company.desk.find(&email("Ann Ash")).is_some());
    company.approve_all("jane@acme.example").done();
    assert!(company.desk.find(&email("Ann Ash")).is_none());
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")), open);
    assert!(company.gaps().is_empty());
}

#[test]
fn work_that_arrives_before_the_deletion_stops_it() {
    let (mut company, _) = office(obliging(), 1);
    leaves(&mut company);
    company.apply();
    company.sync();
    assert_eq!(company.plan().operations(), ["delete Ann Ash"]);
    // Nothing of this is known when the deletion is approved.
    let ann = id(&company, "Ann Ash");
    let late = company.desk.sim.add_ticket(Some(ann), TicketStatus::Open);
    company.approve_all("jane@acme.example").waits().says("the account still holds 1 open ticket");
    assert!(company.desk.find(&email("Ann Ash")).is_some());
    // It is handed over, and then the approval counts.
    company.apply().says("1 handed over");
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")).last(), Some(&late));
    company.apply().done();
    assert!(company.desk.find(&email("Ann Ash")).is_none());
}

#[test]
fn open_tickets_behind_thousands_of_old_ones_are_found() {
    let (mut company, _) = office(obliging(), 0);
    let ann = id(&company, "Ann Ash");
    for old in company.desk.sim.add_tickets(1_050, Some(ann), TicketStatus::Closed) {
        company.desk.sim.edit_ticket(old, |ticket| {
            ticket.closed_at = Some(ticket.created_at - Duration::from_secs(86_400 * 60));
        });
    }
    let open = company.desk.sim.add_tickets(3, Some(ann), TicketStatus::Open);
    leaves(&mut company);
    // A sync does not read all of them.
    company.muster(["plan", "support"]).waits().says("holds at least 0 open tickets");
    company.apply().done().says("3 handed over; 1050 old tickets stay");
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")), open);
    company.sync();
    company.muster(["plan", "support"]).waits().says("the assignee of 1050 old tickets");
    company.approve_all("jane@acme.example").done();
    assert!(company.desk.find(&email("Ann Ash")).is_none());
}

#[test]
fn l15_an_account_deleted_by_others_is_recorded_as_absent_since_when_it_was_last_seen() {
    let (mut company, _) = office(obliging(), 0);
    leaves(&mut company);
    company.apply();
    company.sync();
    let ann = id(&company, "Ann Ash");
    company.desk.sim.delete_user(ann).unwrap();
    let writes = company.desk.writes();
    company.approve_all("jane@acme.example").done().says("already absent, last seen");
    assert_eq!(company.desk.writes(), writes);
    let changed = company.journal("operation.changed");
    assert_eq!(changed.last().unwrap()["data"]["state"], "already_so");
}

#[test]
fn l17_a_leaver_who_is_back_after_the_deletion_is_a_finding_of_its_own() {
    let (mut company, _) = office(obliging(), 0);
    leaves(&mut company);
    company.apply();
    company.sync();
    company.approve_all("jane@acme.example").done();
    assert!(company.gaps().is_empty());
    // A single sign-on, or an allowed domain, makes an account by itself.
    company.desk.sim.add_user(NewUser::new(email("Ann Ash")).name("Ann Ash"));
    assert_eq!(company.gaps(), ["came_back ann.ash@acme.example"]);
    company.sync().says("there is a new account").says("identity provider");
    company.apply();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn l20_a_rehire_before_the_delayed_deletion_keeps_the_account() {
    let (mut company, _) = office(obliging(), 0);
    leaves(&mut company);
    company.apply();
    company.sync();
    assert_eq!(company.plan().operations(), ["delete Ann Ash"]);
    let saved = company.place("deletion.json");
    let saved = saved.to_str().unwrap();
    company.muster(["plan", "support", "--out", saved]).waits();

    // The deletion is approved while HR takes her back.
    let row = company.person("Ann Ash");
    row.last_day = None;
    row.starts = day(0);
    company.import().done();
    let ann = id(&company, "Ann Ash");
    company.muster(["apply", saved, "--yes"]).waits();
    assert!(company.desk.find(&email("Ann Ash")).is_some());
    assert_eq!(company.plan().operations(), ["reactivate Ann Ash"]);
    company.approve_all("jane@acme.example").done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
    assert_eq!(id(&company, "Ann Ash"), ann);
}

#[test]
fn a_hand_over_killed_in_the_middle_goes_on_and_moves_nothing_twice() {
    let (mut company, open) = office(obliging(), 250);
    leaves(&mut company);
    company.desk.sim.configure(|config| config.latency_ms = 10);
    let ben = id(&company, "Ben Birch");
    for kill_at in [3, 90, 170] {
        let mut hand_over = company.terminal.start(["apply", "support", "--yes"]);
        wait_until("the hand-over", || tickets_of(&company, ben).len() >= kill_at);
        hand_over.kill().unwrap();
        hand_over.wait().unwrap();
        pause(Duration::from_millis(50));
        assert!(tickets_of(&company, ben).len() < 250);
    }
    company.apply();
    assert_eq!(tickets_of(&company, ben), open);
    let times = assignments(&company);
    assert_eq!(times.len(), 250);
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    // The simulator's own log: no ticket was written to twice.
    let mut written = BTreeMap::<String, usize>::new();
    for one in company.desk.sim.request_log() {
        if one.took_effect && one.route == "/api/tickets/{id}" {
            *written.entry(one.target).or_default() += 1;
        }
    }
    assert_eq!(written.len(), 250);
    assert!(written.values().all(|n| *n == 1));
    // Every ticket's way is in the journal, and nothing is left open.
    let entries = company.journal("work.moved");
    let moved: usize =
        entries.iter().filter_map(|entry| Some(entry["data"]["moved"].as_array()?.len())).sum();
    assert_eq!(moved, 250);
    company.muster(["log", "verify"]).done();
}

#[test]
fn a_kill_switch_stops_a_hand_over_that_is_going_on() {
    let (mut company, _) = office(obliging(), 300);
    leaves(&mut company);
    company.desk.sim.configure(|config| config.latency_ms = 40);
    let ben = id(&company, "Ben Birch");
    let mut hand_over = company.terminal.start(["apply", "support", "--yes"]);
    wait_until("the hand-over", || tickets_of(&company, ben).len() >= 5);
    company.muster(["freeze", "app", "support", "--reason", "court"]).done();
    hand_over.wait().unwrap();
    let moved = tickets_of(&company, ben).len();
    assert!(moved < 300, "{moved}");
    pause(Duration::from_millis(200));
    assert_eq!(tickets_of(&company, ben).len(), moved);
    company.apply().waits().says("froze support");
}

#[test]
fn m7_from_the_moment_the_manager_changes_tasks_and_hand_overs_are_the_new_ones() {
    let (mut company, open) = office(obliging(), 2);
    let asking =
        policy().replace("delete: ask", "delete: ask, hand_over: ask, approvers: [manager]");
    company.policy(&asking);
    let (ben, cid) =
        (company.person("Ben Birch").id.clone(), company.person("Cid Cole").id.clone());
    company.person("Ann Ash").manager = ben;
    leaves(&mut company);
    company.apply().waits();
    let asked = |company: &Company, who: &str| {
        let words = ["tasks", "list", "--owner", &email(who), "--json"];
        company.muster(words).out.contains("hand over Ann Ash")
    };
    assert!(asked(&company, "Ben Birch") && !asked(&company, "Cid Cole"));
    let by = |company: &Company, who: &str| {
        company.muster(["apply", "support", "--yes", "--approve", "all", "--as", who])
    };
    company.muster(["approve", "all", "support", "--as", "Ben Birch"]).done();

    company.person("Ann Ash").manager = cid;
    company.looks();
    assert!(asked(&company, "Cid Cole") && !asked(&company, "Ben Birch"));
    // What the former manager approved, and her own claim to the work, are void.
    company.apply().waits();
    by(&company, "Ben Birch").waits();
    assert_eq!(tickets_of(&company, id(&company, "Ann Ash")), open);
    by(&company, "Cid Cole");
    assert_eq!(tickets_of(&company, id(&company, "Cid Cole")), open);
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")), [] as [u64; 0]);
}

#[test]
fn hand_overs_of_many_leavers_wait_until_a_named_person_releases_them() {
    let (mut company, _) = office(obliging(), 1);
    for name in ["Dee Dale", "Eva East"] {
        company.hire(name);
    }
    company.settle();
    for name in ["Dee Dale", "Eva East"] {
        let holder = id(&company, name);
        company.desk.sim.add_tickets(1, Some(holder), TicketStatus::Open);
    }
    company.policy(
        &policy().replace("removals_per_day: 20", "removals_per_day: 20, hand_overs: {count: 2}"),
    );
    for name in ["Ann Ash", "Dee Dale", "Eva East"] {
        company.person(name).leaves(day(-1));
    }
    company.looks();
    company.apply().waits().says("3 hand-overs due").says("more than the limit of 2");
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")), [] as [u64; 0]);
    assert!(!company.desk.lets_in(&email("Eva East")), "cutting sign-in waits for no hand-over");
    company.approve_all("maria");
    assert_eq!(tickets_of(&company, id(&company, "Ben Birch")).len(), 3);
}
