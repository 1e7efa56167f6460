//! Systems, S1 and S2.

use muster_simulator::Role;

use crate::{
    company::{Company, POLICY, day, email},
    desk::{OWNER, obliging},
};

#[test]
fn s1_a_first_connection_reads_matches_and_finds_and_writes_nothing_until_someone_says_so() {
    let mut company = Company::unconnected(obliging());
    company.hire("Ann Ash");
    company.hire("Ben Birch");
    company.hire("Cid Cole").leaves(day(-3));
    company.desk.has(&email("Ann Ash"), "Ann Ash", Role::Admin);
    company.desk.has(&email("Cid Cole"), "Cid Cole", Role::BasicAgent);
    company.desk.has("who@elsewhere.example", "Who Knows", Role::BasicAgent);
    let said = company.connects("support", &company.desk);
    said.says("Nothing is written to it until a policy turns writes on");
    company.import().done();

    // Without a policy there is an inventory, and nothing to plan.
    company.muster(["sync"]).waits().says("who@elsewhere.example").says("unidentified");
    company.muster(["accounts", "list"]).done().says("Cid Cole");
    company.muster(["plan", "support"]).refused(["muster policy apply"]);

    // With one that does not turn writes on, there is a plan, and all of it waits.
    let writes = "{create: true, update: true, deactivate: true, delete: false}";
    company.policy(&POLICY.replace(&format!("    writes: {writes}\n"), ""));
    let plan = company.plan();
    assert_eq!(
        plan.operations(),
        ["deactivate Cid Cole", "update Ann Ash", "create Ben Birch"],
        "{}",
        plan.0
    );
    for name in ["Ann Ash", "Ben Birch", "Cid Cole"] {
        assert!(plan.holds(name).contains(&"writes_off".to_owned()), "{}", plan.0);
    }
    company.apply().waits().says("writes of the kind \"deactivate\" are off");
    company.approve_all("maria").waits();
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).waits();
    assert_eq!(company.desk.writes(), 0);
    assert!(company.desk.sim.invitations().is_empty());
}

#[test]
fn s2_when_the_key_is_revoked_nothing_is_concluded_from_silence() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-1));
    company.hire("Cid Cole").starts = day(0);
    company.import().done();
    company.desk.sim.revoke_key();

    company.muster(["sync"]).refused(["support", "key"]);
    company.muster(["app", "list"]).done().says("cannot be seen since");
    let plan = company.plan();
    for name in ["Ann Ash", "Cid Cole"] {
        assert!(plan.holds(name).contains(&"unproven".to_owned()), "{}", plan.0);
    }
    let writes = company.desk.writes();
    company.apply().waits().says("cannot be seen");
    assert_eq!(company.desk.writes(), writes);
    // What was known stays known.
    company.muster(["accounts", "list"]).done().says(&email("Ann Ash"));

    // A new key ends it.
    let owner = company.desk.user(OWNER);
    company.desk.sim.issue_key(owner.id, "a-new-key").unwrap();
    let url = company.desk.url();
    let words = ["app", "add", "gorgias", "support", "--base-url", &url];
    company.connecting("a-new-key", words).refused(["--replace"]);
    let words = ["app", "add", "gorgias", "support", "--base-url", &url, "--replace"];
    company.connecting("a-new-key", words).done();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(company.desk.has_open_invitation(&email("Cid Cole")));
}

#[test]
fn l22_a_litigation_hold_keeps_everything_but_sign_in_may_be_cut() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.policy(&POLICY.replace("delete: false", "delete: true"));
    company.hire("Cid Cole").starts = day(-5);
    company.import().done();
    company.approve_all("maria");
    assert!(company.desk.has_open_invitation(&email("Cid Cole")));

    let words = ["freeze", "person", "Cid Cole", "--only-deletions", "--reason", "litigation"];
    company.muster(words).done();
    company
        .muster(["freeze", "person", "Ann Ash", "--only-deletions", "--reason", "litigation"])
        .done();
    company.person("Ann Ash").leaves(day(-1));
    company.person("Cid Cole").leaves(day(-1));
    company.import().done();
    company.approve_all("maria").waits().says("litigation");
    // Nothing of hers is deleted; her sign-in is cut.
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(company.desk.has_open_invitation(&email("Cid Cole")));

    let list = company.muster(["freeze", "list", "--json"]).done();
    list.says("litigation");
}

#[test]
fn a_kill_switch_stops_every_write_until_it_is_lifted() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.muster(["freeze", "everything", "--reason", " "]).refused(["--reason"]);
    company.muster(["freeze", "everything", "--reason", "fire drill"]).done();
    company.muster(["freeze", "list"]).done().says("fire drill");
    company.person("Ann Ash").leaves(day(-1));
    company.import().done();
    let writes = company.desk.writes();
    company.approve_all("maria").waits().says("fire drill");
    company.muster(["offboard", "Ben Birch", "--now", "--yes"]).waits().says("fire drill");
    assert_eq!(company.desk.writes(), writes);

    company.muster(["freeze", "lift", "ord_zz"]).refused(["muster freeze list"]);
    company.muster(["freeze", "lift", "ord_"]).done();
    company.apply();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(!company.desk.lets_in(&email("Ben Birch")));
}
