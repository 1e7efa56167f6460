//! Leavers, L1 to L24.

use muster_simulator::{ActiveWrite, Config, NewUser, Role, WriteStatus};

use crate::{
    company::{Company, POLICY, day, email},
    desk::{Desk, OWNER, obliging},
    terminal::now,
};

#[test]
fn l1_a_planned_leaver_is_seen_early_and_keeps_access_until_the_moment() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(10));
    company.looks();

    company.unchanged_by(|| company.apply().done());
    assert!(company.desk.lets_in(&email("Ann Ash")));
    let at = company.plan().upcoming("Ann Ash")[0]["at"].clone();
    assert_eq!(at, format!("{}T18:00:00Z", day(10)));
    company.muster(["people", "list"]).done().says(&format!("leaves {} 18:00 UTC", day(10)));

    let the_day = day(10).to_string();
    company.muster(["plan", "support", "--at", &format!("{the_day} 17:59")]).done();
    let after = company.muster(["plan", "support", "--at", &format!("{the_day} 18:00")]).waits();
    after.says("- deactivate Ann Ash");
}

#[test]
fn l2_a_dismissal_cuts_sign_in_at_once_in_one_step() {
    let company = Company::where_work(["Ann Ash", "Ben Birch"]);

    // First a look, which orders nothing.
    company.unchanged_by(|| {
        company.muster(["offboard", "Ann Ash"]).waits().says("Nothing was ordered")
    });

    let began = now();
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done();
    let took = now().duration_since(began);
    assert!(took.as_secs() < 60, "{took:?}");
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(company.desk.lets_in(&email("Ben Birch")));

    // HR still lists her as active tomorrow: that does not let her in again.
    company.looks();
    company.unchanged_by(|| company.apply().done());
    let ended = company.journal("person.end_ordered");
    assert_eq!(ended[0]["actor"], "ines");
}

#[test]
fn l5_a_leaver_first_removed_from_every_group_still_loses_access() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").department = "Nobody".to_owned();
    company.looks();
    company.unchanged_by(|| company.apply().done());

    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn l6_a_leaver_set_inactive_first_still_loses_access() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").status = "inactive".to_owned();
    company.looks();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn l7_a_row_that_vanishes_is_no_leaver() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Cid Cole"]);
    company.people.retain(|row| row.first != "Ann");
    let said = company.import().done();
    said.says("Ann Ash is not mentioned any more; that is no departure");

    company.sync();
    company.unchanged_by(|| company.apply().done());
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.muster(["people", "list"]).done().says("not mentioned since");
}

#[test]
fn l8_a_file_that_cannot_be_believed_is_refused_whole() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Cid Cole"]);
    let everybody = company.people.clone();
    let older = company.roster();
    company.hire("Dan Dale");
    company.import().done();
    let headings = company.roster().lines().next().unwrap().to_owned();
    let half: String = company.roster().lines().take(3).map(|line| format!("{line}\n")).collect();
    let narrow: String = company
        .roster()
        .lines()
        .map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n")
        .collect();
    let refused = [
        ("empty.csv", String::new(), "empty.csv is refused whole"),
        ("headings.csv", format!("{headings}\n"), "headings.csv is refused whole"),
        ("half.csv", half, "--accept smaller"),
        ("older.csv", older, "--accept older"),
        ("narrow.csv", narrow, "--accept columns"),
    ];
    let people = company.muster(["people", "list", "--json"]).done().out;
    for (name, text, says) in refused {
        let file = company.write(name, &text);
        let tried = |more: &[&str]| {
            let words = ["roster", "import", &file, "--yes"];
            company.muster(words.iter().chain(more))
        };
        company.unchanged_by(|| tried(&["--dry-run"]).refused([says, "nothing was changed"]));
        let entries = company.journal("roster.refused").len();
        tried(&[]).refused([says, "nothing was changed"]);
        // What was tried is on record, and is all that was kept of it.
        assert_eq!(company.journal("roster.refused").len(), entries + 1);
        assert_eq!(company.muster(["people", "list", "--json"]).done().out, people, "{name}");
    }
    assert_eq!(company.plan().operations(), ["create Dan Dale"]);
    for row in everybody {
        assert!(company.desk.lets_in(&row.email));
    }
}

fn six() -> [&'static str; 6] {
    ["Ann Ash", "Ben Birch", "Cid Cole", "Dan Dale", "Eve East", "Fay Fox"]
}

#[test]
fn l9_many_leavers_in_one_run_wait_until_a_named_person_releases_them() {
    let mut company = Company::where_work(six());
    company.policy(&POLICY.replace("removals_per_day: 20", "removals_per_day: 2"));
    for name in ["Ann Ash", "Ben Birch", "Cid Cole"] {
        company.person(name).leaves(day(-1));
    }
    company.person("Fay Fox").title = "Team Lead".to_owned();
    company.looks();

    let writes = company.desk.writes();
    company.apply().waits().says("3 removals due");
    // Not even two of the three go; what has nothing to do with it does.
    assert_eq!(company.desk.writes(), writes + 1);
    assert_eq!(company.desk.user(&email("Fay Fox")).role, Role::Agent);
    for name in ["Ann Ash", "Ben Birch", "Cid Cole"] {
        assert!(company.desk.lets_in(&email(name)), "{name}");
        assert_eq!(company.plan().holds(name), ["limit"]);
    }

    company.approve_all("jane@acme.example").done();
    for name in ["Ann Ash", "Ben Birch", "Cid Cole"] {
        assert!(!company.desk.lets_in(&email(name)), "{name}");
    }
    assert!(company.desk.lets_in(&email("Dan Dale")));
    let approved = company.journal("operation.approved");
    assert_eq!(approved.len(), 3);
    assert!(approved.iter().all(|entry| entry["actor"] == "jane@acme.example"));
}

#[test]
fn l9_as_many_leavers_as_the_limit_allows_go_by_themselves() {
    let mut company = Company::where_work(six());
    company.policy(&POLICY.replace("removals_per_day: 20", "removals_per_day: 2"));
    company.person("Ann Ash").leaves(day(-1));
    company.person("Ben Birch").leaves(day(-1));
    company.looks();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));

    // The window is not used up anew by a second run.
    company.person("Cid Cole").leaves(day(-1));
    company.looks();
    company.apply().waits().says("limit of 2");
    assert!(company.desk.lets_in(&email("Cid Cole")));
}

#[test]
fn l11_a_leaver_whose_key_muster_uses_is_protected() {
    let mut company = Company::where_work(["Ann Ash"]);
    // Whose key it is, and what hangs on it, is known before anybody is touched.
    company.muster(["app", "list"]).done().says("KEY OF").says(OWNER);
    company.muster(["app", "show", "support"]).done().says("before they leave, connect it with");
    company.person("Olive Owner").leaves(day(9));
    company.looks();
    company.muster(["plan", "support"]).done().says("Muster uses this person's key for support");
    company
        .unchanged_by(|| company.muster(["offboard", "Olive Owner"]).waits())
        .says("without it support can neither be read nor written")
        .says("muster app add gorgias support --replace");
    company.person("Olive Owner").leaves(day(-1));
    company.looks();
    let writes = company.desk.writes();
    company.apply().waits().says("Muster's own key belongs to this account");
    company.approve_all("maria").waits();
    assert_eq!(company.desk.writes(), writes);
    assert!(company.desk.lets_in(OWNER));
}

#[test]
fn l11_the_account_owner_is_protected_and_told_how_to_hand_over() {
    let mut company = Company::where_work(["Ann Ash"]);
    let bot = company.desk.has("api@acme.example", "Muster", Role::Admin);
    company.desk.sim.issue_key(bot, "an0ther-key").unwrap();
    let url = company.desk.url();
    let words = ["app", "add", "gorgias", "support", "--base-url", &url, "--replace"];
    let words = words.into_iter().chain(["--email", "api@acme.example", "--api-key-stdin"]);
    company.terminal.muster_reading("an0ther-key", words).done();

    company.person("Olive Owner").leaves(day(-1));
    company.looks();
    let writes = company.desk.writes();
    company.apply().waits().says("this is the account owner").says("hand over ownership");
    assert_eq!(company.desk.writes(), writes);

    // Where the policy does not say who owns the account, every admin may be the one.
    company.policy(&POLICY.replace("    account_owner: owner@acme.example\n", ""));
    company.apply().waits().says("may be the account owner, which the app does not tell");
    assert_eq!(company.desk.writes(), writes);
}

#[test]
fn l11_a_protected_login_that_is_changed_in_the_app_still_protects() {
    let guarded = POLICY.replace(
        "    account_owner: owner@acme.example\n",
        "    account_owner: owner@acme.example\n    protected: [ann.ash@acme.example, ghost@acme.example]\n",
    );
    let mut company = Company::where_work(["Ann Ash", "Bea Birch"]);
    company.policy(&guarded);
    assert_eq!(company.journal("account.shielded").len(), 2);
    let ann = company.desk.user("ann.ash@acme.example").id;
    company.desk.sim.edit_user(ann, |user| user.email = "spare.key@acme.example".into()).unwrap();
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).waits();
    company.apply().waits().says("the policy protects this account, as ann.ash@acme.example");
    company.approve_all("maria").waits();
    assert!(company.desk.lets_in("spare.key@acme.example"));

    // A login that nobody ever had protects nobody, and that is told.
    let ghost = "Say which account ghost@acme.example is now";
    company.muster(["tasks", "list"]).says(ghost).says("apps.support.protected names it");
    company.muster(["tasks", "list"]).does_not_say("Say which account ann.ash");
    company.policy(&guarded.replace("ann.ash@acme.example, ghost@acme.example", ""));
    company.muster(["tasks", "list"]).does_not_say(ghost);
    company.apply().done();
    assert!(!company.desk.lets_in("spare.key@acme.example"));
}

#[test]
fn l11_the_last_admin_is_protected() {
    // The key's own account has lost its rights meanwhile, so that only the owner is left.
    let mut company = Company::where_work(["Ann Ash"]);
    let api = company.desk.has("api@acme.example", "Muster", Role::Admin);
    company.desk.sim.issue_key(api, "an0ther-key").unwrap();
    let url = company.desk.url();
    let words = ["app", "add", "gorgias", "support", "--base-url", &url, "--replace"];
    let words = words.into_iter().chain(["--email", "api@acme.example", "--api-key-stdin"]);
    company.terminal.muster_reading("an0ther-key", words).done();
    company.desk.sim.edit_user(api, |user| user.role = Role::Agent).unwrap();
    company.policy(&POLICY.replace("owner@acme.example", "someone.else@acme.example"));

    company.person("Olive Owner").leaves(day(-1));
    company.looks();
    company.apply().waits().says("this is the last active admin").says("somebody else an admin");
    assert!(company.desk.lets_in(OWNER));
}

#[test]
fn l14_where_the_app_says_yes_and_does_nothing_the_leaver_is_reduced_not_removed() {
    let config = Config {
        active_write: ActiveWrite::Ignored,
        write_status: WriteStatus::AcceptedEmpty,
        ..obliging()
    };
    let mut company = Company::with(config, POLICY);
    company.hire("Ann Ash");
    company.settle();
    company.person("Ann Ash").leaves(day(-1));
    company.looks();

    company
        .muster(["plan", "support"])
        .waits()
        .says("if the app ignores it: role → observer-agent");
    let said = company.apply().waits();
    said.says("the app said yes, but").says("reduce");
    let ann = company.desk.user(&email("Ann Ash"));
    assert_eq!(ann.role, Role::ObserverAgent);
    assert!(ann.is_active());
    assert_eq!(company.gaps(), ["offboarded_reduced ann.ash@acme.example"]);

    // What was learned is kept: the next run does not try in vain.
    let writes = company.desk.writes();
    company.unchanged_by(|| company.apply());
    assert_eq!(company.desk.writes(), writes);
}

#[test]
fn l15_an_account_that_is_gone_already_is_recorded_as_absent_and_not_as_our_doing() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    let ann = company.desk.user(&email("Ann Ash"));
    company.desk.sim.delete_user(ann.id).unwrap();

    let writes = company.desk.writes();
    company.apply().done().says("already so").says("already absent").does_not_say("verified");
    assert_eq!(company.desk.writes(), writes);
    let changed = company.journal("operation.changed");
    assert_eq!(changed.last().unwrap()["data"]["state"], "already_so");
    company.muster(["plan", "support"]).done();
}

#[test]
fn l16_while_the_app_is_unreachable_nothing_is_concluded_and_other_apps_go_on() {
    let mut company = Company::where_work(["Ann Ash"]);
    let chat = Desk::open(obliging());
    company.connects("chat", &chat);
    let second = POLICY.split_once("  support:").unwrap().1;
    company.policy(&format!("{POLICY}  chat:{second}"));
    company.sync();
    company.muster(["apply", "chat", "--yes"]).done();
    assert!(chat.lets_in(&email("Ann Ash")));

    company.person("Ann Ash").leaves(day(-1));
    company.import().done();
    company.desk.go_away();
    company.muster(["sync"]).refused(["support", "cannot be reached"]);
    company.muster(["apply", "support", "--yes"]).waits().says("cannot be reached");
    company.muster(["apply", "chat", "--yes"]).done();
    assert!(!chat.lets_in(&email("Ann Ash")));
    assert!(company.desk.lets_in(&email("Ann Ash")));
    assert_eq!(company.plan().operations(), ["deactivate Ann Ash"]);

    company.desk.come_back();
    company.muster(["apply", "support", "--yes"]).done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn l16_an_immediate_offboarding_reaches_every_app_that_can_be_reached() {
    let company = Company::where_work(["Ann Ash"]);
    let chat = Desk::open(obliging());
    company.connects("chat", &chat);
    let second = POLICY.split_once("  support:").unwrap().1;
    company.policy(&format!("{POLICY}  chat:{second}"));
    company.sync();
    company.muster(["apply", "chat", "--yes"]).done();

    // Apps go by name, so "chat" comes before "support"; the one that fails comes first.
    let mut chat = chat;
    chat.go_away();
    let said = company.muster(["offboard", "Ann Ash", "--now", "--yes"]);
    assert_ne!(said.code, 0, "{}{}", said.out, said.err);
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(chat.lets_in(&email("Ann Ash")));

    chat.come_back();
    company.muster(["apply", "chat", "--yes"]).done();
    assert!(!chat.lets_in(&email("Ann Ash")));
}

#[test]
fn l24_old_leavers_in_a_first_import_are_findings_and_are_released_in_bulk() {
    let mut company = Company::new();
    let names = ["Ann Ash", "Ben Birch", "Cid Cole"];
    for name in names {
        let row = company.hire(name);
        row.leaves(day(-400));
        row.status = "terminated".to_owned();
        company.desk.sim.add_user(NewUser::new(email(name)).name(name));
    }
    company.hire("Dan Dale").leaves(day(-400));
    company.looks();

    assert_eq!(company.gaps().len(), 3);
    assert!(company.gaps().iter().all(|gap| gap.starts_with("offboarded_active")));
    company.apply().waits().says("long past when Muster first heard of it");
    assert_eq!(company.desk.writes(), 0);
    company.muster(["people", "list", "--state", "ended"]).done().says("Dan Dale");

    company.approve_all("jane@acme.example").done();
    for name in names {
        assert!(!company.desk.lets_in(&email(name)), "{name}");
    }
    assert_eq!(company.desk.writes(), 3);
}

#[test]
fn l12_a_shared_account_of_a_leaver_stays_and_somebody_must_answer_for_it_anew() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let night = company.desk.has("night@acme.example", "Night Shift", Role::BasicAgent);
    company.sync();
    let id = night.to_string();
    company.muster(["accounts", "classify", &id, "shared", "--owner", "Ann Ash"]).done();
    company.person("Ann Ash").leaves(day(-1));
    company.looks();

    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(company.desk.lets_in("night@acme.example"));
    assert_eq!(company.gaps(), ["no_owner night@acme.example"]);
    company
        .muster(["tasks", "list"])
        .waits()
        .says("Name somebody to answer for night@acme.example");

    company.muster(["accounts", "classify", &id, "shared", "--owner", "Ben Birch"]).done();
    assert!(company.gaps().is_empty());
    company.muster(["tasks", "list"]).done();
}
