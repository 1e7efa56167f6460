//! Taking back: an ordered end (L3), what was done (L4), and a store that was restored (S4).

use std::fs;

use muster_simulator::Role;

use crate::company::{Company, POLICY, day, email};

/// The run that did this to the person, as the journal tells it.
fn run_of(company: &Company, action: &str) -> String {
    let runs = company.journal("operation.changed");
    let done = runs
        .iter()
        .rev()
        .find(|entry| entry["data"]["action"] == action && entry["data"]["state"] == "verified");
    done.unwrap()["about"]["operation"].as_str().unwrap().to_owned()
}

#[test]
fn l3_a_future_end_that_is_taken_back_changes_the_schedule_and_nothing_else() {
    let company = Company::where_work(["Ann Ash"]);
    let later = day(9).to_string();
    company.muster(["offboard", "Ann Ash", "--at", &later, "--yes"]).done();
    assert_eq!(company.plan().upcoming("Ann Ash").len(), 1);
    let writes = company.desk.writes();
    company.muster(["offboard", "Ann Ash", "--cancel", "--yes"]).done().says("Taken back");
    assert!(company.plan().upcoming("Ann Ash").is_empty());
    company.unchanged_by(|| company.apply().done());
    assert_eq!(company.desk.writes(), writes);
    assert_eq!(company.journal("person.end_cancelled").len(), 1);
    company.muster(["offboard", "Ann Ash", "--cancel", "--yes"]).refused(["nobody ordered an end"]);
}

#[test]
fn l3_after_the_deactivation_a_restore_is_proposed_and_a_person_decides() {
    let company = Company::where_work(["Ann Ash"]);
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    let writes = company.desk.writes();
    company
        .muster(["offboard", "Ann Ash", "--cancel", "--yes"])
        .waits()
        .says("letting an account in again needs a named person's approval");
    company.apply().waits();
    assert_eq!(company.desk.writes(), writes);
    company.muster(["approve", "all", "support", "--as", "jane"]).done();
    company.apply().done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);
}

#[test]
fn l3_a_leave_date_that_hr_moves_moves_the_schedule() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(3));
    company.looks();
    company.person("Ann Ash").leaves(day(30));
    company.looks();
    company.unchanged_by(|| company.apply().done());
    let at = company.plan().upcoming("Ann Ash")[0]["at"].clone();
    assert_eq!(at, format!("{}T18:00:00Z", day(30)));
}

#[test]
fn l4_when_hr_marks_the_wrong_person_undo_restores_the_account_and_history_shows_both() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let before = company.desk.user(&email("Ann Ash"));
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    let run = run_of(&company, "deactivate");

    company.unchanged_by(|| {
        company.muster(["undo", &run, "--dry-run"]).waits().says("+ sign-in active");
        company.muster(["undo", &run]).refused(["--yes"])
    });
    company.muster(["undo", &run, "--yes", "--reason", "wrong Ann"]).waits().says("waits");
    assert!(!company.desk.lets_in(&email("Ann Ash")), "a person decides");
    company.muster(["approve", "all", "support", "--as", "jane"]).done();
    company.apply().done();
    let after = company.desk.user(&email("Ann Ash"));
    assert!(after.is_active());
    assert_eq!(
        (after.id, after.role, after.name, after.meta),
        (before.id, before.role, before.name, before.meta)
    );

    // HR has not mended it yet: she keeps her account, and that stays visible.
    company.unchanged_by(|| company.apply().done());
    assert_eq!(
        company.gaps(),
        ["offboarded_active ann.ash@acme.example", "kept_by_undo ann.ash@acme.example"]
    );
    company.muster(["plan", "support"]).done().says("an undo ends");
    company.muster(["undo"]).done().says("wrong Ann");
    company.muster(["undo", &run, "--yes"]).refused(["followed by"]);
    let history = company.journal("operation.changed");
    let verified: Vec<_> = history
        .iter()
        .filter(|entry| entry["data"]["state"] == "verified")
        .map(|entry| entry["data"]["action"].as_str().unwrap())
        .collect();
    assert!(verified.ends_with(&["deactivate", "reactivate"]), "{verified:?}");
    assert_eq!(company.journal("undone").len(), 1);

    // HR mends it: nothing is left to do.
    company.person("Ann Ash").last_day = None;
    company.hire("Zoe Zed").department = "Legal".to_owned();
    let file = company.write("roster.csv", &company.roster());
    let words = ["roster", "import", &file, "--yes", "--complete", "last_working_day"];
    company.muster(words).done();
    company.sync();
    company.unchanged_by(|| company.apply().done());
    assert!(company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn an_undo_that_is_ended_lets_the_rules_decide_again() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").title = "Team Lead".to_owned();
    company.looks();
    company.apply().done();
    let run = run_of(&company, "update");
    let said = company.muster(["undo", &run, "--yes", "--json"]).done().json();
    let id = said["undo"]["keeps"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);
    company.unchanged_by(|| company.apply().done());
    company.muster(["undo", "--end", &id]).done();
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
}

#[test]
fn a_whole_plan_can_be_undone_and_what_cannot_be_put_back_is_said() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.policy(&POLICY.replace("{privileged: ask,", "{privileged: ask, reactivate: auto,"));
    company.person("Ann Ash").leaves(day(-1));
    company.person("Ben Birch").title = "Team Lead".to_owned();
    company.hire("Cid Cole");
    company.looks();
    company.apply().done();
    let plan = company.journal("operation.intended").last().unwrap()["about"]["plan"].clone();
    let plan = &plan.as_str().unwrap()[..12];

    let said = company.muster(["undo", plan, "--yes"]).done();
    said.says("the invitation that went out stays");
    assert!(company.desk.lets_in(&email("Ann Ash")));
    assert_eq!(company.desk.user(&email("Ben Birch")).role, Role::BasicAgent);
    assert!(!company.desk.lets_in(&email("Cid Cole")));
    assert_eq!(company.desk.invitations_to(&email("Cid Cole")).len(), 1);
    company.unchanged_by(|| company.apply().done());
}

#[test]
fn s4_a_store_restored_from_a_backup_repeats_and_undoes_nothing() {
    let company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let database = || {
        let files = fs::read_dir(&company.terminal.home).unwrap();
        files
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("muster.db"))
            .collect::<Vec<_>>()
    };
    let backup: Vec<_> =
        database().into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    // After the backup Ann is dismissed, which no source knows of.
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    for path in database() {
        fs::remove_file(path).unwrap();
    }
    for (path, bytes) in &backup {
        fs::write(path, bytes).unwrap();
    }

    let writes = company.desk.writes();
    company.sync();
    // To this store she works here and was shut out by nobody.
    assert_eq!(company.plan().operations(), ["reactivate Ann Ash"]);
    assert!(company.plan().holds("Ann Ash").contains(&"restored".to_owned()));
    company.approve_all("jane").waits().says("restored from a backup");
    company.muster(["offboard", "Ben Birch", "--now", "--yes"]).waits();
    company.muster(["offboard", "Ben Birch", "--cancel", "--yes"]).done();
    assert_eq!(company.desk.writes(), writes);

    company.muster(["log", "accept-restore"]).done().says("Accepted");
    company.muster(["log", "accept-restore"]).done().says("nothing to accept");
    // A person must still say yes to letting her in.
    assert_eq!(company.plan().holds("Ann Ash"), ["approval"]);
    company.apply().waits();
    assert_eq!(company.desk.writes(), writes);
    assert_eq!(company.journal("restore.accepted").len(), 1);
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done();
    assert!(company.plan().operations().is_empty());
}

#[test]
fn a_witness_that_cannot_be_read_counts_against_the_store() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    let witness = company.terminal.home.join("journal.head");
    let head = company.journal_head()["head"].as_str().unwrap().to_owned();
    fs::write(&witness, "gone\n").unwrap();
    for words in [
        &["log", "verify"][..],
        &["log", "checkpoint"],
        &["evidence", "export", "--from", "2026-01-01", "--to", "2026-12-31", "--out", "bundle"],
    ] {
        let refused = ["does not tell how far the journal had come", "muster log accept-restore"];
        company.muster(words.iter().copied()).refused(refused);
    }
    company.apply().waits().says("does not tell how far the journal had come");
    assert!(company.desk.lets_in(&email("Ann Ash")));
    // A journal that went on from a backup is another one, however long it is.
    fs::write(&witness, format!("2 {head}\n")).unwrap();
    company.apply().waits().says("is another than this home has seen");
    // Backups leave the witness out, so a home without one may have been restored.
    fs::remove_file(&witness).unwrap();
    company.apply().waits().says("journal.head is missing");
    company.muster(["init"]).refused(["muster init --join", "muster log accept-restore"]);
    assert!(!witness.exists() && company.desk.lets_in(&email("Ann Ash")));
    company.muster(["init", "--join"]).done();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(fs::read_to_string(&witness).unwrap().len() > 64);
}
