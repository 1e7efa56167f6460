//! The contract of exit codes: 0 nothing to do or done, 1 error, 2 changes or something waits.

use muster_simulator::Role;

use crate::{
    company::{Company, POLICY, day, email},
    desk::obliging,
};

#[test]
fn plan_tells_by_its_exit_code_whether_there_are_changes() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.muster(["plan"]).done().says("Nothing to do");
    company.person("Ann Ash").title = "Team Lead".to_owned();
    company.import().done();
    company.muster(["plan"]).waits();
    company.muster(["plan", "--json"]).waits();
    company.muster(["plan", "chat"]).refused([]);
    // What is upcoming is no change.
    company.hire("Ben Birch").starts = day(60);
    company.person("Ann Ash").title = "Agent".to_owned();
    company.import().done();
    company.muster(["plan"]).done();
}

#[test]
fn apply_tells_whether_something_waits() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.muster(["apply", "--yes"]).done();
    company.muster(["apply"]).done();
    company.person("Ann Ash").title = "Head of Support".to_owned();
    company.person("Ben Birch").title = "Team Lead".to_owned();
    company.looks();
    company.muster(["apply", "--yes", "--only", "Ben Birch"]).done();
    company.muster(["apply", "--yes"]).waits();
    company.muster(["apply", "--yes", "--json"]).waits();
    company.muster(["apply"]).waits();
    company.approve_all("maria").done();
    company.muster(["apply", "--yes"]).done();
}

#[test]
fn sync_tells_whether_there_are_gaps() {
    let company = Company::where_work(["Ann Ash"]);
    company.muster(["sync"]).done().says("no gaps");
    company.desk.has("who@elsewhere.example", "Who", Role::BasicAgent);
    company.muster(["sync"]).waits();
    company.muster(["sync", "--json"]).waits();
    company.desk.sim.revoke_key();
    company.muster(["sync"]).refused([]);
}

#[test]
fn a_dry_run_of_an_import_tells_whether_anything_would_change() {
    let mut company = Company::where_work(["Ann Ash"]);
    let import = |company: &Company| {
        let file = company.write("roster.csv", &company.roster());
        company.muster(["roster", "import", &file, "--dry-run"])
    };
    company.unchanged_by(|| import(&company).done());
    company.hire("Ben Birch");
    company.unchanged_by(|| import(&company).waits().says("+ Ben Birch"));
    company.person("Ben Birch").email = "not an address".to_owned();
    company.unchanged_by(|| import(&company).refused(["row 4"]));
}

#[test]
fn offboard_tells_whether_the_access_is_gone() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.hire("Cid Cole").department = "Legal".to_owned();
    company.import().done();
    company.muster(["offboard", "Ann Ash"]).waits();
    company.muster(["offboard", "Ann Ash", "--now", "--yes"]).done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    // An order for later is done when it is taken.
    let later = day(3).to_string();
    company.muster(["offboard", "Ben Birch", "--at", &later, "--yes"]).done().says("Ordered");
    company.muster(["plan"]).done();
    company.muster(["plan", "--at", &later]).waits();
    // Somebody without an account loses nothing.
    company.muster(["offboard", "Cid Cole", "--now", "--yes"]).done().says("nothing to take away");
    // The owner's is not taken away.
    company.muster(["offboard", "Olive Owner", "--now", "--yes"]).waits();
    company.muster(["offboard", "Zoe", "--now", "--yes"]).refused([]);
}

#[test]
fn check_of_a_connection_tells_whether_the_key_still_does() {
    let company = Company::with(obliging(), POLICY);
    company.muster(["app", "check", "support"]).done().says("read and change users");
    company.desk.sim.revoke_key();
    company.muster(["app", "check", "support"]).refused(["key"]);
}

#[test]
fn only_one_persons_operations_are_carried_out_when_asked() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").title = "Team Lead".to_owned();
    company.person("Ben Birch").title = "Team Lead".to_owned();
    company.looks();
    let said = company.muster(["apply", "--yes", "--only", "ann.ash@acme.example"]).done();
    said.says("Ann Ash").does_not_say("Ben Birch");
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
    assert_eq!(company.desk.user(&email("Ben Birch")).role, Role::BasicAgent);
}
