//! Checks through the program: from a declaration to results, their reasons, exceptions and proofs.

use muster_simulator::{Config, Field, NewUser, Role};
use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    desk::{OWNER, obliging},
};

/// A company whose policy leaves it to commands what is critical.
fn company() -> Company {
    company_at(obliging())
}

fn company_at(config: Config) -> Company {
    let mut company = Company::with(config, &POLICY.replace("    critical: true\n", ""));
    company.hire("Ann Ash");
    company.hire("Ben Birch").title = "Team Lead".to_owned();
    company.hire("Cem Cole");
    company.settle();
    company
}

fn state(company: &Company, check: &str, subject: &str) -> String {
    let found = company.muster(["check", check, "--all", "--json"]).json();
    let results = found["results"].as_array().unwrap().clone();
    let is = |one: &&Value| one["subject"] == subject;
    let found = results.iter().find(is).unwrap_or_else(|| panic!("{subject} in {results:?}"));
    found["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_critical_system_is_declared_configured_and_judged() {
    let company = company();
    company.muster(["critical", "list"]).done().says("muster critical add");
    let none = company.muster(["check", "valid_access", "--json"]).json();
    assert_eq!(none["checks"], Value::Array(Vec::new()), "no critical system yet");

    company.muster(["critical", "add", "support", "--owner", "it@acme.example"]).done();
    company.muster(["critical", "list"]).waits().says("to do:").says("nobody has said who may use");
    assert_eq!(state(&company, "access_rule", "support"), "due");
    let rule = ["critical", "rule", "support", "--staff-role"];
    company.muster(rule.into_iter().chain(["Agent"])).refused(["NAME=ROLE"]);
    company.muster(rule.into_iter().chain(["Agent=lord"])).refused(["no role", "basic-agent"]);
    company.muster(["critical", "rule", "support"]).refused(["admits nobody"]);
    let words = ["Agent=basic-agent", "--staff-role", "Head of Support=admin"];
    company.muster(rule.into_iter().chain(words)).done().says("Agent, up to basic-agent");
    assert_eq!(state(&company, "access_rule", "support"), "pass");
    assert_eq!(state(&company, "valid_access", &email("Ann Ash")), "pass");
    // A Team Lead is agent by the policy; the rule does not know team leads.
    assert_eq!(state(&company, "valid_access", &email("Ben Birch")), "due");
    company
        .muster(["check", "explain", "valid_access", &email("Ben Birch")])
        .done()
        .says("User access to critical system should be valid")
        .says("the rule allows Ben Birch nothing");

    // Admitting the staff role makes the account valid at the next evaluation.
    let words = ["Agent=basic-agent", "--staff-role", "team lead=agent", "--app-role", "admin"];
    company.muster(rule.into_iter().chain(words)).done();
    assert_eq!(state(&company, "valid_access", &email("Ben Birch")), "pass");
    company.muster(["critical", "review", "support"]).done();
    company.muster(["critical", "remove", "support"]).done();
    company.muster(["critical", "remove", "support"]).refused(["not declared critical"]);
}

#[test]
fn what_the_policy_declares_is_not_declared_by_command() {
    let company = Company::where_work(["Ann Ash"]);
    company.muster(["critical", "add", "support"]).refused(["apps.support.who_may_use"]);
    company.muster(["critical", "list"]).waits().says("by the policy");
}

#[test]
fn one_sync_is_all_it_takes_from_a_change_in_the_app_to_the_result() {
    let company = company();
    company.muster(["critical", "add", "support", "--owner", "it@acme.example"]).done();
    company.desk.sim.add_user(NewUser::new("eve@else.example").role(Role::Admin));
    let reads = company.desk.requests();
    company.sync();
    let read = company.desk.requests() - reads;
    let results = company.journal("checks.changed");
    let said = results.last().unwrap()["data"].to_string();
    assert!(said.contains("identified"), "{said}");
    assert_eq!(state(&company, "identified", "eve@else.example"), "due");
    assert_eq!(company.desk.requests() - reads, read, "judging asks the app nothing");
}

#[test]
fn a_change_in_the_app_changes_the_result_with_one_sync_and_the_least_requests() {
    let strict = format!("{POLICY}checks: {{rules: {{valid_access: {{allowed: none}}}}}}\n")
        .replace("    critical: true\n", "    critical: true\n    who_may_use: {owner: it@acme.example, staff_roles: {Agent: basic-agent}}\n");
    let company = Company::where_work(["Ann Ash"]);
    company.policy(&strict);
    let ann = email("Ann Ash");
    let id = company.desk.user(&ann).id;
    // What a read of an app that did not change takes: no change may take more.
    company.sync();
    let requests = |work: &dyn Fn()| {
        let before = company.desk.requests();
        work();
        company.desk.requests() - before
    };
    let one_read = requests(&|| drop(company.sync()));
    assert_eq!(state(&company, "valid_access", &ann), "pass");
    for (role, expected) in [(Role::Admin, "fail"), (Role::BasicAgent, "pass")] {
        company.desk.sim.edit_user(id, |user| user.role = role).unwrap();
        assert_eq!(requests(&|| drop(company.sync())), one_read, "one read, and nothing beside");
        let judged = requests(&|| {
            assert_eq!(state(&company, "valid_access", &ann), expected);
            let said = company.muster(["check", "valid_access"]);
            assert_eq!(said.out.contains(&ann), expected == "fail", "{}", said.out);
        });
        assert_eq!(judged, 0, "judging asks the app nothing");
    }
}

#[test]
fn an_exception_is_counted_apart_and_its_clock_goes_on() {
    let mut company = company();
    company.person("Ann Ash").leaves(day(-9));
    company.hire("Nia New").starts = day(30);
    company.import().done();
    // Nobody lets Muster shut anybody out.
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    company.muster(["check"]).waits().says("Ann Ash left on").says("failing");
    let unit = email("Ann Ash");
    let until = day(20).to_string();
    let add = ["exception", "add", "offboarded"];
    let with = |unit: &str, until: &str, reason: &str| {
        let more = [unit, "--until", until, "--reason", reason];
        company.muster(add.into_iter().chain(more))
    };
    with("nobody@else.example", &until, "x").refused(["no unit"]);
    with(&unit, &day(-1).to_string(), "x").refused(["has passed"]);
    with(&unit, &day(400).to_string(), "x").refused(["a year at most"]);
    with(&unit, &until, " ").refused(["say why"]);
    // Neither by her nor in her name; and who answers for it is somebody who can be asked.
    for (more, why) in [
        (["--as", "Ann  Ash"], "cannot answer for their own"),
        (["--owner", "Ann Ash"], "cannot answer for their own"),
        (["--owner", "nobody at all"], "nobody is called"),
        // Whom nobody knows answers for nothing, neither does who does not work here yet.
        (["--as", "ghost"], "ghost is nobody whom Muster knows"),
        (["--as", "ghost"], "--owner ADDRESS"),
        (["--owner", "Nia New"], "does not work here yet"),
    ] {
        let words = ["exception", "add", "offboarded", &unit, "--until", &until, "--reason", "x"];
        company.muster(words.into_iter().chain(more)).refused([why]);
    }
    with(&email("Ben Birch"), &until, "x").refused(["only what is wrong"]);
    let proof = company.write("proof.txt", "the board agreed");
    let ben = email("Ben Birch");
    let more = [
        &unit,
        "--until",
        &until,
        "--reason",
        "hands over",
        "--file",
        &proof,
        "--owner",
        &ben,
        // Who types it need not be known.
        "--as",
        "ghost",
    ];
    let made = company
        .muster(
            add.iter()
                .map(ToString::to_string)
                .chain(more.map(str::to_owned))
                .chain(["--json".to_owned()]),
        )
        .done()
        .json();
    assert_eq!(made["file"]["name"], "proof.txt");
    assert_eq!(state(&company, "offboarded", &unit), "excepted");
    company.muster(["check", "offboarded"]).done().says("excepted until");
    company.muster(["exception", "list"]).done().says("hands over").says("proof.txt");

    company.muster(["exception", "end", made["id"].as_str().unwrap()]).done();
    assert_eq!(state(&company, "offboarded", &unit), "fail");
    company
        .muster(["check", "explain", "offboarded", &unit])
        .done()
        .says("How it went")
        .says("fail → excepted")
        .says("excepted → fail");
    company.muster(["log", "verify"]).done();
}

#[test]
fn an_exception_counts_no_more_when_whoever_answers_for_it_has_left() {
    let mut company = company();
    company.person("Ann Ash").leaves(day(-9));
    company.import().done();
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    let (unit, until) = (email("Ann Ash"), day(20).to_string());
    let except = |company: &Company, owner: &str| {
        let words = ["exception", "add", "offboarded", &unit, "--until", &until, "--reason", "x"];
        company.muster(words.into_iter().chain(["--owner", owner])).done();
    };
    except(&company, "Ben Birch");
    assert_eq!(state(&company, "offboarded", &unit), "excepted");
    company.person("Ben Birch").leaves(day(-1));
    company.import().done();
    assert_eq!(state(&company, "offboarded", &unit), "fail");
    company.muster(["check", "offboarded"]).waits().says("nobody answers for it").says("has left");
    company.muster(["exception", "list"]).done().says("counts no more");
    except(&company, "Cem Cole");
    assert_eq!(state(&company, "offboarded", &unit), "excepted");
}

#[test]
fn what_the_policy_switches_off_is_told_wherever_checks_are() {
    let company = company();
    let none = company.muster(["check", "--json"]).json();
    assert_eq!(none["off"], serde_json::json!([]));
    let off = "\nchecks: {rules: {dormant: {off: true}, duplicates: {off: true}}}\n";
    company.policy(&(POLICY.to_owned() + off));
    let told = "Not looked at, switched off by the policy (checks.rules.CHECK.off):";
    let said = company.muster(["check"]);
    assert!(said.out.contains(&format!("{told} dormant, duplicates")), "{}", said.out);
    company.muster(["check", "dormant"]).done().says(told);
    assert!(!company.muster(["check", "mfa"]).out.contains(told));
    let listed = company.muster(["check", "--json"]).json();
    let names: Vec<_> = listed["off"].as_array().unwrap().iter().map(|one| &one["check"]).collect();
    assert_eq!(names, ["dormant", "duplicates"]);
    let words = ["evidence", "export", "--from", &day(-1).to_string(), "--to", &day(0).to_string()];
    company.muster(words.into_iter().chain(["--out", "bundle"])).done();
    let bundle = company.place("bundle");
    let report = std::fs::read_to_string(bundle.join("report.html")).unwrap();
    assert!(report.contains("the policy switches it off: dormant, duplicates."), "{report}");
    let table = std::fs::read_to_string(bundle.join("checks_off.json")).unwrap();
    let table: Value = serde_json::from_str(&table).unwrap();
    assert_eq!(table.as_array().unwrap().len(), 2, "{table}");
    assert_eq!((&table[0]["check"], &table[0]["until"]), (&"dormant".into(), &Value::Null));
}

#[test]
fn access_that_somebody_else_took_away_from_a_leaver_must_not_come_back() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-9));
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    company.looks();
    let unit = email("Ann Ash");
    assert_eq!(state(&company, "came_back", &unit), "not_applicable");
    // Somebody shuts her out in the app, and somebody lets her in again.
    let id = company.desk.user(&unit).id;
    company.desk.sim.deactivate_user(id).unwrap();
    company.sync();
    assert_eq!(state(&company, "came_back", &unit), "pass");
    company.desk.sim.activate_user(id).unwrap();
    company.sync();
    assert_eq!(state(&company, "came_back", &unit), "fail");
    company.muster(["check", "came_back"]).waits().says("lets in again");
}

#[test]
fn what_the_app_does_not_tell_is_a_blind_spot_until_somebody_attests_it() {
    let company = company_at(Config { has_2fa: Field::Absent, ..obliging() });
    company.muster(["critical", "add", "support", "--owner", "it@acme.example"]).done();
    let unit = email("Ann Ash");
    assert_eq!(state(&company, "mfa", &unit), "not_evaluable");
    company
        .muster(["check", "blind"])
        .done()
        .says("mfa in support: 4 of 4 cannot be told")
        .says("muster attestation add provider-mfa support");
    let until = day(90).to_string();
    let add = |more: &[&str]| {
        let words = ["attestation", "add", "provider-mfa", "support", "--until", &until];
        company.muster(words.into_iter().chain(more.iter().copied()))
    };
    let empty = company.write("empty.png", "");
    let stated = ["--statement", "Okta asks for a second factor", "--file"];
    let by = ["--as", "cem.cole@acme.example"];
    add(&[stated[0], stated[1], stated[2], &empty, by[0], by[1]]).refused(["is empty"]);
    let proof = company.write("okta.png", "a picture");
    let mut company = company;
    company.person("Ben Birch").leaves(day(-1));
    company.import().done();
    let add = |more: &[&str]| {
        let words = ["attestation", "add", "provider-mfa", "support", "--until", &until];
        company.muster(words.into_iter().chain(more.iter().copied()))
    };
    let left = ["--as", "ben.birch@acme.example"];
    add(&[stated[0], stated[1], stated[2], &proof, left[0], left[1]]).refused(["has left"]);
    let ghost = ["--as", "ghost"];
    add(&[stated[0], stated[1], stated[2], &proof, ghost[0], ghost[1]])
        .refused(["ghost is nobody whom Muster knows", "--as ADDRESS"]);
    add(&[stated[0], stated[1], stated[2], &proof, by[0], by[1]]).done();
    assert_eq!(state(&company, "mfa", &unit), "pass");
    company.muster(["check", "explain", "mfa", &unit]).done().says("attested by");
    let hers = format!("support/{unit}");
    let own = ["attestation", "add", "mfa", &hers, "--until", &until, "--as", &unit];
    company
        .muster(own.into_iter().chain(["--statement", "mine", "--file", &proof]))
        .refused(["cannot answer for their own"]);
    let listed = company.muster(["attestation", "list", "--json"]).json();
    company.muster(["attestation", "end", listed[0]["id"].as_str().unwrap()]).done();
    assert_eq!(state(&company, "mfa", &unit), "not_evaluable");
}

#[test]
fn an_app_that_cannot_be_seen_passes_nothing() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-3));
    company.looks();
    assert!(company.muster(["check"]).code == 2);
    company.desk.sim.revoke_key();
    let _ = company.muster(["sync"]);
    let found = company.muster(["check", "--all", "--json"]).json();
    let by_reading = ["offboarded", "identified", "mfa", "key_owner", "duplicates"];
    for one in found["results"].as_array().unwrap() {
        let check = one["check"].as_str().unwrap();
        assert!(!(by_reading.contains(&check) && one["state"] == "pass"), "{one}");
    }
    assert_eq!(state(&company, "offboarded", &email("Ann Ash")), "stale");
}

#[test]
fn no_setting_of_ours_restarts_a_clock() {
    let company = company();
    company.muster(["critical", "add", "support", "--owner", OWNER]).done();
    company.muster(["check"]).done();
    let since = |company: &Company, check: &str, unit: &str| {
        let explained = company.muster(["check", "explain", check, unit, "--json"]).json();
        explained["result"]["since"].as_str().unwrap().to_owned()
    };
    let began = since(&company, "access_rule", "support");
    crate::terminal::pause(std::time::Duration::from_millis(1100));
    company.muster(["critical", "remove", "support"]).done();
    company.muster(["check"]).done();
    company.muster(["critical", "add", "support", "--owner", OWNER]).done();
    company.muster(["check"]).done();
    assert_eq!(since(&company, "access_rule", "support"), began);

    let base = POLICY.replace("    critical: true\n", "");
    let off = base.replace("apps:", "checks: {rules: {access_rule: {off: true}}}\napps:");
    company.policy(&off);
    company.muster(["check"]).done();
    let told = company.muster(["check", "history", "access_rule"]).done();
    told.does_not_say("fine");
    company.policy(&base);
    company.muster(["check"]).done();
    assert_eq!(since(&company, "access_rule", "support"), began);
    company.muster(["log", "verify"]).done();
}
