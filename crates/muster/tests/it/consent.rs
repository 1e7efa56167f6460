//! Approvals, rejections and limits: who lets what go. M2, M7, L9, S3.

use muster_simulator::Role;
use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    terminal::Said,
};

/// The policy, with these words in place of those about approvals.
fn asking(approval: &str) -> String {
    let policy = POLICY.replace("{privileged: ask, delete: ask}", approval);
    assert_ne!(policy, POLICY);
    policy.replace("    critical: true\n", "    critical: true\n    owner: it@acme.example\n")
}

fn by<const N: usize>(company: &Company, who: &str, words: [&str; N]) -> Said {
    company.muster(words.into_iter().chain(["--as", who]))
}

/// The beginning of the fingerprint of the only operation about this person.
fn fingerprint(company: &Company, name: &str) -> String {
    let plan = company.plan();
    let operations = plan.0["operations"].as_array().unwrap();
    let mine = operations.iter().find(|one| one["person"]["name"] == name);
    mine.unwrap()["fingerprint"].as_str().unwrap()[..12].to_owned()
}

fn consents(company: &Company) -> Value {
    company.muster(["approvals", "support", "--json"]).json()[0].clone()
}

/// Ann is to become an admin; Bo is her manager.
fn promotion(approval: &str) -> Company {
    let mut company = Company::where_work(["Ann Ash", "Bo Birch", "Cid Cole"]);
    company.policy(&asking(approval));
    let bo = company.person("Bo Birch").id.clone();
    let ann = company.person("Ann Ash");
    ann.manager = bo;
    ann.title = "Head of Support".to_owned();
    company.looks();
    company
}

#[test]
fn m2_a_privileged_role_waits_for_those_whom_the_policy_names() {
    let company = promotion("{privileged: ask, approvers: [manager, owner]}");
    let print = fingerprint(&company, "Ann Ash");
    let said = company.apply().waits();
    said.says("giving a privileged role needs a named person's approval")
        .says("by manager Bo Birch or owner it@acme.example");
    let waiting = consents(&company)["waiting"].clone();
    assert_eq!(
        waiting[0]["asked"],
        serde_json::json!(["manager Bo Birch", "owner it@acme.example"])
    );
    assert!(waiting[0]["since"].is_string());

    // Not she herself, not a colleague, and not somebody nobody knows.
    for who in ["Ann Ash", "ann.ash@acme.example", "Cid Cole", "ines"] {
        by(&company, who, ["approve", &print, "support"]).refused(["cannot be approved so", who]);
        by(&company, who, ["approve", "all", "support"]).waits();
        by(&company, who, ["apply", "support", "--yes", "--approve", "all"]).waits();
    }
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);

    by(&company, "bo.birch@acme.example", ["approve", &print, "support", "--reason", "agreed"])
        .done()
        .says("update Ann Ash");
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Admin);
    let approved = company.journal("operation.approved");
    assert_eq!(approved[0]["actor"], "bo.birch@acme.example");
    assert_eq!(approved[0]["data"]["reason"], "agreed");
    company.muster(["approvals"]).done().says("bo.birch@acme.example").says("done");
}

#[test]
fn m7_from_the_moment_the_manager_changes_the_new_one_approves() {
    let mut company = promotion("{privileged: ask, approvers: [manager]}");
    let print = fingerprint(&company, "Ann Ash");
    by(&company, "Bo Birch", ["approve", &print, "support"]).done();
    let cid = company.person("Cid Cole").id.clone();
    company.person("Ann Ash").manager = cid;
    company.looks();

    // What the former manager said yes to is open again, for the new one.
    company.apply().waits().says("by manager Cid Cole");
    assert_eq!(consents(&company)["approved"][0]["standing"], "void");
    by(&company, "Bo Birch", ["approve", &print, "support"]).refused(["has no say"]);
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);
    by(&company, "Cid Cole", ["approve", &print, "support"]).done();
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Admin);
}

#[test]
fn a_say_can_be_lent_for_a_while_but_not_to_decide_about_oneself() {
    let company = promotion("{privileged: ask, approvers: [manager]}");
    let until = day(5).to_string();
    by(&company, "Bo Birch", ["delegate", "--to", &email("Ann Ash"), "--until", &until]).done();
    by(&company, "Bo Birch", ["delegate", "--to", &email("Cid Cole"), "--until", "2020-01-01"])
        .refused(["an end that is to come"]);
    let far = day(400).to_string();
    by(&company, "Bo Birch", ["delegate", "--to", &email("Cid Cole"), "--until", &far])
        .refused(["90 days"]);
    by(&company, "Bo Birch", ["delegate", "--to", &email("Cid Cole")]).refused(["--until"]);
    let lent = by(
        &company,
        "Bo Birch",
        ["delegate", "--to", &email("Cid Cole"), "--until", &until, "--json"],
    );
    let id = lent.done().json()["id"].as_str().unwrap().to_owned();
    company.muster(["delegate", "list"]).done().says("cid.cole@acme.example");

    let print = fingerprint(&company, "Ann Ash");
    by(&company, &email("Ann Ash"), ["approve", &print, "support"]).refused(["their own access"]);
    // What was approved under it stands; after its end nobody can use it.
    by(&company, &email("Cid Cole"), ["approve", &print, "support"]).done();
    assert_eq!(consents(&company)["approved"][0]["on_behalf_of"], "Bo Birch");
    company.muster(["delegate", "end", &id]).done();
    by(&company, &email("Cid Cole"), ["approve", &print, "support"]).refused(["has no say"]);
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Admin);
    assert_eq!(company.journal("delegated").len(), 2);
    assert_eq!(company.journal("delegation.ended").len(), 1);
}

#[test]
fn a_rejected_removal_waits_visibly_until_it_is_withdrawn() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    let print = fingerprint(&company, "Ann Ash");
    by(&company, "jane", ["reject", &print, "support"]).refused(["--reason"]);
    by(&company, "ann.ash", ["reject", &print, "support", "--reason", "I stay"])
        .refused(["their own access"]);
    by(&company, "jane", ["reject", &print, "support", "--reason", "until Friday"])
        .waits()
        .says("access stays that should be taken away");

    company.apply().waits().says("jane rejected it").says("until Friday");
    assert_eq!(company.plan().holds("Ann Ash"), ["rejected"]);
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.muster(["sync"]).waits().says("offboarded active").says("jane rejected the removal");
    company.muster(["approvals"]).waits().says("REJECTED").says("until Friday");
    assert_eq!(company.journal("operation.rejected")[0]["actor"], "jane");

    by(&company, "jane", ["reject", &print, "support", "--withdraw"]).done();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn a_later_yes_overrules_a_no_and_an_earlier_one_does_not() {
    let company = promotion("{privileged: ask}");
    let print = fingerprint(&company, "Ann Ash");
    by(&company, "maria", ["approve", &print, "support"]).done();
    by(&company, "jane", ["reject", &print, "support", "--reason", "not yet"]).waits();
    company.apply().waits().says("not yet");
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);
    by(&company, "maria", ["approve", &print]).done();
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Admin);
}

#[test]
fn s3_when_two_admins_act_at_once_the_later_plan_is_made_anew_and_the_older_approval_is_void() {
    let company = promotion("{privileged: ask}");
    company.muster(["plan", "support", "--out", "mine.json"]).waits();
    by(&company, "maria", ["approve", "all", "support"]).done();
    // Meanwhile somebody else makes her a lead, in the app itself.
    let ann = company.desk.user(&email("Ann Ash"));
    company.desk.sim.edit_user(ann.id, |user| user.role = Role::Agent).unwrap();
    let writes = company.desk.writes();

    // The plan did not know of it yet; the look before the write finds it.
    company.apply().done().says("the world moved since the plan");
    company.muster(["apply", "mine.json", "--yes"]).waits().says("void");
    let applied = company.muster(["apply", "mine.json", "--yes", "--json"]).waits().json();
    let not_tried = applied["not_tried"].as_array().unwrap();
    assert_eq!(not_tried.len(), 1);
    assert_eq!(not_tried[0]["skipped"]["because"], "void");
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
    assert_eq!(consents(&company)["approved"][0]["standing"], "void");
    assert_eq!(company.desk.writes(), writes);

    by(&company, "maria", ["approve", "all", "support"]).done();
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Admin);
}

#[test]
fn l9_each_kind_has_its_limit_and_an_invitation_storm_waits_too() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Cid Cole"]);
    let limits = "limits: {creations: {count: 3}, role_losses: {count: 1}}";
    company.policy(&POLICY.replace("limits: {removals_per_day: 20}", limits));
    // Three leavers in a small company: more than two.
    for name in ["Ann Ash", "Ben Birch", "Cid Cole"] {
        company.person(name).leaves(day(-1));
    }
    for name in ["Dan Dale", "Eve East", "Fay Fox", "Gus Gold"] {
        company.hire(name);
    }
    company.looks();
    let invitations = company.desk.sim.invitations().len();
    let said = company.apply().waits();
    // Those whom the company took on while it was set up count too: it was today.
    said.says("3 removals due and 0 made within 24 hours, more than the limit of 2")
        .says("4 creations due");
    assert_eq!(company.desk.sim.invitations().len(), invitations);
    assert!(company.desk.lets_in(&email("Ann Ash")));

    company.approve_all("jane").done();
    assert_eq!(company.desk.sim.invitations().len(), invitations + 4);
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn what_nobody_turned_on_is_not_written_kind_by_kind() {
    let on = "{create: true, update: true, deactivate: true, delete: false}";
    for (kind, only) in [
        ("create", "{create: true}"),
        ("update", "{update: true}"),
        ("deactivate", "{deactivate: true}"),
    ] {
        let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
        company.policy(&POLICY.replace(on, only));
        company.person("Ann Ash").leaves(day(-1));
        company.person("Ben Birch").title = "Lead".to_owned();
        company.hire("Cid Cole");
        company.looks();
        let writes = company.desk.writes();
        company.approve_all("jane").waits();
        assert_eq!(company.desk.writes(), writes + 1, "{kind}");
        assert_eq!(company.desk.find(&email("Cid Cole")).is_some(), kind == "create");
        assert_eq!(company.desk.user(&email("Ben Birch")).role == Role::Agent, kind == "update");
        assert_eq!(!company.desk.lets_in(&email("Ann Ash")), kind == "deactivate");
    }
}

#[test]
fn a_saved_plan_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.write("plan.json", "an older one");
    company.muster(["plan", "--out", "plan.json"]).waits();
    let mode = std::fs::metadata(company.place("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let company = Company::where_work(["Ann Ash"]);
    let error = |words: &[&str]| {
        let said = company.muster(words.iter().chain(&["--json"]));
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{words:?}");
        let value: Value = serde_json::from_str(said.err.trim()).unwrap();
        let error = value["error"].clone();
        assert!(!error["message"].as_str().unwrap().is_empty());
        error["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(error(&["plan", "nowhere"]), "not_found");
    assert_eq!(error(&["approve", "abcdef", "support"]), "not_found");
    assert_eq!(error(&["plan", "--at", "noon"]), "invalid");
    assert_eq!(error(&["undo", "op_nothing"]), "not_found");
    assert_eq!(error(&["plan", "--no-such-option"]), "usage");
}
