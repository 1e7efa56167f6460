//! What people are shown and asked: tasks with their clocks, seats, readiness, and who did what.

use jiff::SignedDuration;
use muster_simulator::{NewUser, Role, Sso};
use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    desk::{OWNER, obliging},
    terminal::now,
};

fn tasks(company: &Company) -> Vec<(String, String)> {
    let said = company.muster(["tasks", "list", "--json"]);
    let tasks: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    let text = |task: &Value, name: &str| task[name].as_str().unwrap().to_owned();
    tasks.iter().map(|task| (text(task, "kind"), text(task, "id"))).collect()
}

fn kinds(company: &Company) -> Vec<String> {
    tasks(company).into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn m11_a_role_changed_in_the_app_is_told_with_who_and_when() {
    let company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let boss = company.desk.has("boss@acme.example", "The Boss", Role::Admin);
    let ann = company.desk.user(&email("Ann Ash")).id;
    company.desk.sim.edit_user(ann, |user| user.role = Role::LiteAgent).unwrap();
    company.muster(["sync"]).waits();
    company.apply();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);

    company.desk.sim.edit_user_as(boss, ann, |user| user.role = Role::Agent).unwrap();
    company.muster(["sync"]).waits().says("changed outside").says("by boss@acme.example");
    // The plan puts it back.
    company.apply();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);
}

#[test]
fn an_account_that_joined_by_itself_is_a_task_until_somebody_says_whose_it_is() {
    let company = Company::where_work(["Ann Ash"]);
    company.muster(["sync"]);
    assert!(!kinds(&company).contains(&"judge_self_joined".to_owned()));
    let id = company.desk.sim.join("eve@acme.example", "Eve", Sso::Google).to_string();
    company.muster(["sync"]).waits().says("self joined").says("eve@acme.example");
    assert!(kinds(&company).contains(&"judge_self_joined".to_owned()));

    // The clock of the task goes on, and who was asked is kept.
    let (_, task) =
        tasks(&company).into_iter().find(|(kind, _)| kind == "judge_self_joined").unwrap();
    company.muster(["tasks", "ask", &task]).refused(["--to"]);
    company.muster(["tasks", "ask", &task, "--to", "lead@acme.example"]).done();
    company.muster(["tasks", "show", &task[..10]]).done().says("lead@acme.example");
    company.muster(["tasks", "list", "--owner", "LEAD@acme.example"]).waits().says("eve@acme");
    company.muster(["tasks", "list", "--owner", "nobody@acme.example"]).done();
    company.muster(["tasks", "show", "tsk_none"]).refused(["muster tasks list"]);

    company.muster(["accounts", "link", &id, "Ann Ash"]).done();
    company.muster(["sync"]);
    assert!(!kinds(&company).contains(&"judge_self_joined".to_owned()), "it closed by itself");
    company.muster(["log", "verify"]).done();
}

#[test]
fn nothing_is_concluded_from_a_trail_that_does_not_reach_back() {
    let mut company = Company::new();
    company.hire("Ann Ash");
    let long_ago = now() - SignedDuration::from_hours(24 * 300);
    let mut ann = NewUser::new(email("Ann Ash")).name("Ann Ash");
    ann.created_at = Some(long_ago);
    company.desk.sim.add_user(ann);
    company.looks();
    company.sync();
    assert!(company.gaps().is_empty(), "{:?}", company.gaps());
}

#[test]
fn j8_j9_seats_and_readiness_are_known_before_anybody_decides() {
    let mut company = Company::unconnected(obliging());
    company.policy(&POLICY.replace("    writes:", "    seats: 3\n    writes:"));
    company.hire("Ann Ash").starts = day(0);
    company.hire("Ben Birch").starts = day(0);
    company.hire("Cid Cole").starts = day(9);
    company.hire("Dee Dale").starts = day(10);
    company.connects("support", &company.desk);
    company.import().done();
    company.muster(["sync"]);
    company.muster(["seats"]).waits().says("1 of 3 seats used").says("too few from");
    company.muster(["readiness"]).says("Cid Cole").says("invitation goes out");
    company.apply();
    company.muster(["seats"]).waits().says("3 of 3 seats used (2 by invitations");
    company.muster(["readiness"]).waits().says("invited, not accepted; lapses");

    let ann = company.desk.user(&email("Ann Ash")).id;
    company.desk.sim.accept_invitation(ann).unwrap();
    company.muster(["sync"]);
    let json = company.muster(["readiness", "--json", "--days", "3"]);
    let starters: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    let ready: Vec<_> =
        starters.iter().map(|one| one["starter"]["ready"].as_str().unwrap()).collect();
    assert_eq!(ready, ["yes", "invited"]);
    assert_ne!(company.desk.user(OWNER).id, ann);
}
