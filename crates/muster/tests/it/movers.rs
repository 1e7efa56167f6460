//! Movers, M2 to M11.

use muster_simulator::Role;

use crate::company::{Company, day, email};

#[test]
fn m2_a_promotion_to_lead_changes_the_role_of_the_same_account() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let before = company.desk.user(&email("Ann Ash"));
    let others = company.desk.user(&email("Ben Birch"));
    company.person("Ann Ash").title = "Team Lead".to_owned();
    company.looks();

    company
        .muster(["plan", "support"])
        .waits()
        .says("- role    basic-agent")
        .says("+ role    agent");
    company.apply().done();
    let after = company.desk.user(&email("Ann Ash"));
    assert_eq!((after.id, after.role), (before.id, Role::Agent));
    assert_eq!((after.name, after.meta), (before.name, before.meta));
    assert_eq!(company.desk.user(&email("Ben Birch")), others);
}

#[test]
fn m2_a_promotion_to_admin_waits_for_a_named_persons_approval() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").title = "Head of Support".to_owned();
    company.looks();

    company.apply().waits().says("giving a privileged role needs a named person's approval");
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);

    // Nobody approves a change to her own access.
    company.approve_all("ann.ash@acme.example").waits();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);

    company.approve_all("maria@acme.example").done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Admin);
}

#[test]
fn m4_a_change_of_name_changes_the_display_name_and_nothing_else() {
    let mut company = Company::where_work(["Ann Ash"]);
    let before = company.desk.user(&email("Ann Ash"));
    company.person("Ann Ash").last = "Ashby-Müller".to_owned();
    company.looks();

    company.apply().done();
    let after = company.desk.user(&before.email);
    assert_eq!(after.name, "Ann Ashby-Müller");
    assert_eq!((after.id, after.role), (before.id, before.role));
    assert_eq!((after.created_at, after.meta), (before.created_at, before.meta));
    assert_eq!(company.desk.invitations_to(&before.email).len(), 1);
    company.muster(["plan", "support"]).done();
}

#[test]
fn m10_a_blank_in_a_new_file_never_wipes_what_is_known() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").department = String::new();
    company.person("Ann Ash").title = String::new();
    company.import().done().says("0 changed");

    company.unchanged_by(|| company.apply().done());
    let person = company.muster(["people", "show", "Ann Ash", "--json"]).done().json();
    let terms = &person["person"]["engagements"][0];
    assert_eq!((&terms["department"], &terms["title"]), (&"Support".into(), &"Agent".into()));

    // Nor can it be told to; only an end or a leave can be cancelled by a blank.
    let words = ["roster", "import", "roster.csv", "--yes", "--complete", "job_title"];
    company.muster(words).refused(["a blank never wipes what is known", "end_date"]);
}

#[test]
fn m10_a_blank_cancels_an_end_only_where_the_file_is_said_to_be_complete() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(10));
    company.looks();
    assert_eq!(company.plan().upcoming("Ann Ash").len(), 1);
    company.person("Ann Ash").last_day = None;
    company.hire("Ben Birch").department = "Legal".to_owned();
    company.import().done();
    assert_eq!(company.plan().upcoming("Ann Ash").len(), 1);
    let words = ["roster", "import", "roster.csv", "--yes", "--complete", "last_working_day"];
    company.muster(words).done().says("not known");
    assert!(company.plan().upcoming("Ann Ash").is_empty());
}

#[test]
fn m11_a_role_changed_in_the_app_is_a_finding_and_is_put_back_by_the_plan() {
    let company = Company::where_work(["Ann Ash"]);
    let ann = company.desk.user(&email("Ann Ash"));
    company.desk.sim.edit_user(ann.id, |user| user.role = Role::Admin).unwrap();

    assert_eq!(company.gaps(), ["changed_outside ann.ash@acme.example"]);
    assert_eq!(company.plan().operations(), ["update Ann Ash"]);
    company.apply().done();
    assert_eq!(company.desk.user(&ann.email).role, Role::BasicAgent);
    assert!(company.gaps().is_empty());
}
