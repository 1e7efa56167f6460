//! Joiners, J1 to J11.

use muster_simulator::{Config, InvitationState, Role, Seats};

use crate::{
    company::{Company, POLICY, day, email},
    desk::obliging,
};

#[test]
fn j1_a_new_hire_who_starts_today_is_invited_with_the_role_of_her_group() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.hire("Ben Birch").starts = day(0);
    company.hire("Lea Lind").starts = day(0);
    company.person("Lea Lind").title = "Team Lead".to_owned();
    company.looks();

    company.muster(["plan", "support"]).waits().says("as basic-agent, invited");
    assert_eq!(company.plan().operations(), ["create Ben Birch", "create Lea Lind"]);
    company.apply().done();

    let ben = company.desk.user(&email("Ben Birch"));
    assert_eq!((ben.role, ben.name.as_str()), (Role::BasicAgent, "Ben Birch"));
    assert_eq!(company.desk.user(&email("Lea Lind")).role, Role::Agent);
    assert_eq!(company.desk.invitations_to(&ben.email).len(), 1);
    assert!(company.desk.has_open_invitation(&ben.email));

    // The returned id is kept, and the invitation is seen for what it is.
    let accounts = company.muster(["accounts", "list", "--json"]).done().json();
    let his = accounts.as_array().unwrap().iter().find(|one| one["person_name"] == "Ben Birch");
    assert_eq!(his.unwrap()["account"]["id"], ben.id.to_string());
    assert_eq!(his.unwrap()["account"]["status"], "invited");
    company.muster(["people", "show", "Ben Birch"]).done().says("invited").says("verified");
    company.muster(["plan", "support"]).done();
}

#[test]
fn j1_where_the_policy_asks_for_approval_the_invitation_waits_for_it() {
    let policy = POLICY.replace("delete: ask", "delete: ask, create: ask");
    let mut company = Company::with(obliging(), &policy);
    company.hire("Ben Birch").starts = day(0);
    company.looks();

    company.apply().waits().says("needs a named person's approval");
    assert!(company.desk.find(&email("Ben Birch")).is_none());
    company.approve_all("maria@acme.example").done();
    assert!(company.desk.has_open_invitation(&email("Ben Birch")));
    let approved = company.journal("operation.approved");
    assert_eq!(approved[0]["actor"], "maria@acme.example");
}

#[test]
fn j2_a_hire_next_month_is_upcoming_and_nothing_is_created_before_the_lead_time() {
    let policy = POLICY.replace("critical: true", "critical: true\n    seats: 1");
    let mut company = Company::with(obliging(), &policy);
    company.hire("Ben Birch").starts = day(30);
    company.looks();

    let plan = company.plan();
    assert!(plan.operations().is_empty());
    assert_eq!(plan.upcoming("Ben Birch").len(), 1);
    company.muster(["plan", "support"]).done().says("is invited as basic-agent");
    company.muster(["people", "list"]).done().says("starts ");
    company.apply().done();
    assert!(company.desk.sim.invitations().is_empty());

    // A working day before the start lies at most three days before it.
    assert!(company.plan_at(day(30 - 5)).operations().is_empty());
    // The forecast knows that the only seat is taken.
    let plan = company.plan_at(day(30));
    assert_eq!(plan.operations(), ["create Ben Birch"]);
    assert_eq!(plan.holds("Ben Birch"), ["seats"]);
}

#[test]
fn j4_a_start_withdrawn_before_day_one_cancels_the_invitation_and_touches_nothing_else() {
    let policy =
        POLICY.replace("delete: false", "delete: true").replace("1 working day", "10 days");
    let mut company = Company::with(obliging(), &policy);
    company.hire("Ann Ash");
    company.settle();
    company.hire("Ben Birch").starts = day(5);
    company.looks();
    company.apply().done();
    let ben = company.desk.user(&email("Ben Birch"));
    let writes = company.desk.writes();

    company.person("Ben Birch").status = "withdrawn".to_owned();
    company.looks();
    assert_eq!(company.plan().operations(), ["cancel_invite Ben Birch"]);
    company.muster(["plan", "support"]).waits().says("the start was withdrawn");
    company.apply().waits().says("deleting needs a named person's approval");
    assert!(company.desk.has_open_invitation(&ben.email));

    company.approve_all("maria").done();
    assert!(company.desk.find(&ben.email).is_none());
    let mails = company.desk.invitations_to(&ben.email);
    assert!(matches!(mails[0].state, InvitationState::Withdrawn { .. }), "{mails:?}");
    assert_eq!(company.desk.writes(), writes + 1);
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.sync();
    company.muster(["plan", "support"]).done();
}

#[test]
fn j6_an_account_that_already_holds_the_address_is_taken_as_hers() {
    let mut company = Company::new();
    let id = company.desk.has("Ben.Birch@acme.example", "Ben Birch", Role::BasicAgent);
    company.hire("Ben Birch").starts = day(0);
    company.looks();

    company.muster(["plan", "support"]).done();
    company.apply().done();
    assert_eq!(company.desk.writes(), 0);
    assert!(company.desk.sim.invitations().is_empty());
    let why = company.muster(["why", &format!("support/{id}"), "--json"]).done().json();
    assert_eq!(why["found"]["because"], "work e-mail Ben.Birch@acme.example", "{why}");
}

#[test]
fn j6_an_uncertain_match_waits_for_a_human_and_nobody_is_invited_twice() {
    let policy = POLICY.replace("[acme.example]", "[acme.example, acme.test]");
    let mut company = Company::with(obliging(), &policy);
    let id = company.desk.has("ben.birch@acme.test", "B. Birch", Role::BasicAgent);
    company.hire("Ben Birch").starts = day(0);
    company.looks();

    let plan = company.plan();
    assert!(plan.operations().is_empty());
    assert!(plan.blocked("Ben Birch")[0].contains("may already be theirs"), "{}", plan.0);
    company.muster(["accounts", "list", "--unidentified"]).done().says("to confirm");
    company.apply();
    assert!(company.desk.sim.invitations().is_empty());

    company.muster(["accounts", "link", &format!("support/{id}"), "Ben Birch"]).done();
    assert_eq!(company.plan().operations(), ["update Ben Birch"]);
    company.apply().done();
    assert!(company.desk.sim.invitations().is_empty());
    assert_eq!(company.desk.sim.user(id).unwrap().name, "Ben Birch");
}

#[test]
fn j8_a_refusal_for_want_of_a_seat_parks_the_step_and_loses_nothing_else() {
    let seats = Some(Seats { cap: 3, code: 402 });
    let mut company = Company::with(Config { seats, ..obliging() }, POLICY);
    company.hire("Ann Ash");
    company.settle();
    company.person("Ann Ash").title = "Team Lead".to_owned();
    company.hire("Ben Birch").starts = day(0);
    company.hire("Cid Cole").starts = day(0);
    company.hire("Dan Dale").starts = day(0);
    company.looks();

    company.apply().waits().says("seat");
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
    assert_eq!(company.desk.sim.invitations().len(), 2);
    assert!(company.desk.lets_in(&email("Ben Birch")));
    // The third one is not even asked for: the app has said that it is full.
    assert_eq!(company.plan().operations(), ["create Cid Cole", "create Dan Dale"]);

    company.desk.sim.configure(|config| config.seats = None);
    company.apply().done();
    for name in ["Ben Birch", "Cid Cole", "Dan Dale"] {
        assert_eq!(company.desk.invitations_to(&email(name)).len(), 1, "{name}");
    }
}

#[test]
fn j8_a_forecast_of_seats_is_known_before_approval() {
    let policy = POLICY.replace("critical: true", "critical: true\n    seats: 2");
    let mut company = Company::with(obliging(), &policy);
    company.hire("Ann Ash").starts = day(0);
    company.hire("Ben Birch").starts = day(0);
    company.looks();

    let plan = company.plan();
    assert!(plan.holds("Ann Ash").is_empty());
    assert_eq!(plan.holds("Ben Birch"), ["seats"]);
    company.apply().waits().says("all 2 seats are used");
    assert!(company.desk.find(&email("Ben Birch")).is_none());
}

#[test]
fn j11_two_people_of_one_name_are_never_merged_on_the_name_alone() {
    let mut company = Company::new();
    let id = company.desk.has("smithy@elsewhere.example", "John Smith", Role::BasicAgent);
    company.hire("John Smith").starts = day(0);
    let other = company.hire("John Smith");
    other.starts = day(0);
    other.email = "john.smith2@acme.example".to_owned();
    company.looks();

    // One account, two candidates by name: nobody gets it, and nobody is invited beside it.
    let plan = company.plan();
    assert!(plan.operations().is_empty(), "{}", plan.0);
    assert_eq!(plan.blocked("John Smith").len(), 2);
    company.muster(["people", "show", "John Smith"]).refused(["several people"]);

    company.muster(["accounts", "link", "smithy@elsewhere.example", "1003"]).done();
    company.apply().done();
    assert_eq!(company.desk.invitations_to(&email("John Smith")).len(), 1);
    assert!(company.desk.invitations_to("john.smith2@acme.example").is_empty());
    assert!(company.desk.sim.user(id).unwrap().is_active());
}

#[test]
fn j11_two_new_people_of_one_name_get_an_account_each() {
    let mut company = Company::new();
    company.hire("John Smith").starts = day(0);
    let other = company.hire("John Smith");
    other.starts = day(0);
    other.email = "john.smith2@acme.example".to_owned();
    company.looks();

    // The plan shows both addresses.
    company
        .muster(["plan", "support"])
        .waits()
        .says("<john.smith@acme.example>")
        .says("<john.smith2@acme.example>");
    company.apply().done();
    assert_ne!(
        company.desk.user("john.smith@acme.example").id,
        company.desk.user("john.smith2@acme.example").id
    );
}

#[test]
fn j7_an_address_that_a_customer_has_is_blocked_with_the_repair() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.desk.sim.add_customer(&email("Ben Birch"));
    company.hire("Ben Birch").starts = day(0);
    company.hire("Cid Cole").starts = day(0);
    company.looks();

    let said = company.apply().waits();
    said.says("it is a customer's or an integration's").says("free the address");
    assert!(company.desk.find(&email("Ben Birch")).is_none());
    assert!(company.desk.invitations_to(&email("Ben Birch")).is_empty());
    // Nothing else is lost.
    assert!(company.desk.has_open_invitation(&email("Cid Cole")));
    company.muster(["why", "Ben Birch"]).says("customer");

    // Once the address is free, the next run invites.
    company.desk.sim.remove_customer(&email("Ben Birch"));
    company.apply().done();
    assert_eq!(company.desk.invitations_to(&email("Ben Birch")).len(), 1);
}
