//! Bad input: a clear message with the remedy, exit code 1, and nothing changed.

use std::fs;

use muster_simulator::{Faults, Role};
use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    desk::{KEY, OWNER, obliging},
    terminal::{Said, now, wait_until},
};

/// Tries to connect and is refused; no trace of it is kept.
#[track_caller]
fn cannot_connect<const N: usize>(company: &Company, key: &str, words: [&str; N]) -> Said {
    let start = ["app", "add", "gorgias", "desk", "--api-key-stdin"];
    let words: Vec<_> = start.into_iter().chain(words).collect();
    let said = company.unchanged_by(|| company.terminal.muster_reading(key, words));
    company.muster(["app", "list"]).done().does_not_say("desk");
    said
}

#[test]
fn a_wrong_key_is_refused() {
    let company = Company::unconnected(obliging());
    let url = company.desk.url();
    let words = ["--base-url", &url, "--email", OWNER];
    cannot_connect(&company, "wrong-key", words)
        .refused(["401", "Check the e-mail address and the API key"])
        .does_not_say("wrong-key");
}

#[test]
fn no_key_is_refused() {
    let company = Company::unconnected(obliging());
    let url = company.desk.url();
    let words = ["--base-url", &url, "--email", OWNER];
    cannot_connect(&company, " \n", words).refused(["holds no key", "pipe it in"]);
    company
        .muster(["app", "add", "gorgias", "desk", "--base-url", &url, "--email", OWNER])
        .refused(["--api-key-stdin", "standard input"]);
    assert_eq!(company.desk.requests(), 0);
}

#[test]
fn a_wrong_subdomain_is_refused() {
    let company = Company::unconnected(obliging());
    company.desk.sim.configure(|config| config.unknown_subdomain = true);
    let url = company.desk.url();
    let words = ["--base-url", &url, "--email", OWNER];
    cannot_connect(&company, KEY, words).refused(["check the subdomain"]);
    let words = ["--subdomain", "https://acme.gorgias.com", "--email", OWNER];
    cannot_connect(&company, KEY, words).refused(["before .gorgias.com", "such as acme"]);
}

#[test]
fn the_key_of_somebody_who_is_no_admin_is_refused() {
    let company = Company::unconnected(obliging());
    let id = company.desk.has("ann@acme.example", "Ann Ash", Role::Agent);
    company.desk.sim.issue_key(id, "anns-key").unwrap();
    let url = company.desk.url();
    let words = ["--base-url", &url, "--email", "ann@acme.example"];
    cannot_connect(&company, "anns-key", words).refused(["use the key of an admin"]);
}

#[test]
fn an_unreachable_host_is_refused() {
    let mut company = Company::unconnected(obliging());
    company.desk.go_away();
    let url = company.desk.url();
    let words = ["--base-url", &url, "--email", OWNER];
    cannot_connect(&company, KEY, words)
        .refused(["cannot be reached", "check the address and the network"]);
}

#[test]
fn a_key_never_travels_in_the_clear() {
    let company = Company::unconnected(obliging());
    let words = ["--base-url", "http://desk.acme.example", "--email", OWNER];
    cannot_connect(&company, KEY, words).refused(["in the clear", "https://"]);
}

#[test]
fn what_is_missing_or_too_much_when_connecting_is_named() {
    let company = Company::unconnected(obliging());
    let url = company.desk.url();
    cannot_connect(&company, KEY, ["--base-url", &url]).refused(["--email"]);
    cannot_connect(&company, KEY, ["--email", OWNER]).refused(["--subdomain"]);
    let both = ["--base-url", &url, "--subdomain", "acme", "--email", OWNER];
    cannot_connect(&company, KEY, both).refused(["--subdomain", "--base-url"]);
    company
        .terminal
        .muster_reading(KEY, ["app", "add", "slack", "desk", "--subdomain", "a", "--email", OWNER])
        .refused(["slack", "gorgias"]);
}

/// A policy that is no good is refused by both commands that read one.
#[track_caller]
fn no_policy<const N: usize>(company: &Company, text: &str, says: [&str; N]) {
    let file = company.write("bad.yaml", text);
    company.unchanged_by(|| {
        company.muster(["policy", "check", &file]).refused(says);
        company.muster(["policy", "apply", &file]).refused(says);
    });
}

#[test]
fn a_policy_that_is_no_good_is_refused_with_line_and_remedy() {
    let company = Company::new();
    no_policy(&company, "organization: {time_zone: UTC\napps: {}\n", ["line 2", "'}'"]);
    let text = POLICY.replace("role: basic-agent", "role: boss");
    no_policy(&company, &text, ["line 12", "\"boss\"", "basic-agent"]);
    let text = POLICY.replace("person.department == \"Support\"'", "person.department = = 1'");
    no_policy(&company, &text, ["line 12"]);
    let text = POLICY.replace("person.title ==", "person.salary ==");
    no_policy(&company, &text, ["line 10", "no field \"salary\"", "department"]);
    let text = POLICY.replace("person.title == \"Head of Support\"", "person.title + 1");
    no_policy(&company, &text, ["line 10"]);
    company.unchanged_by(|| {
        company.muster(["policy", "check", "none.yaml"]).refused(["none.yaml"]);
        company.muster(["policy", "apply", "none.yaml"]).refused(["none.yaml"]);
    });
    company.muster(["policy", "show"]).done().does_not_say("boss");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let company = Company::new();
    company.unchanged_by(|| {
        company.muster(["roster", "import", "none.csv", "--yes"]).refused(["none.csv"]);
        company.muster(["apply", "none.json", "--yes"]).refused(["none.json"]);
        company.muster(["roster", "import", ".", "--yes"]).refused(["cannot read ."]);
    });
}

#[test]
fn a_home_that_was_never_set_up_is_named_and_not_made() {
    let company = Company::bare(obliging());
    for words in [&["plan"][..], &["sync"], &["people", "list"], &["log"], &["apply", "--yes"]] {
        company.muster(words.iter()).refused(["there is no Muster home at", "muster init"]);
    }
    assert!(!company.terminal.home.exists());
}

#[test]
fn a_home_that_cannot_be_made_is_named() {
    let mut company = Company::bare(obliging());
    company.write("file", "");
    for home in [company.place("file"), company.place("file/home"), "/proc/muster".into()] {
        company.terminal.home.clone_from(&home);
        company.muster(["init"]).refused([home.to_str().unwrap(), "--home"]);
    }
}

#[test]
fn a_home_that_cannot_be_written_is_named() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.import().done();
    let head = company.journal_head();
    let as_nobody = company.made_read_only();
    for words in [&["sync"][..], &["apply", "--yes"], &["offboard", "Ann Ash", "--now", "--yes"]] {
        as_nobody(words).refused(["cannot write to the home", "--home"]);
    }
    // The database needs a file beside it even to be read; a process before may have left it there.
    let left = company.terminal.home.join("muster.db-shm").exists();
    let said = as_nobody(&["people", "list"]);
    if left {
        said.done().says("Ann Ash");
    } else {
        said.refused(["no permission to use the database", "directory"]);
    }
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.made_writable();
    assert_eq!(company.journal_head(), head);
}

#[test]
fn a_second_process_is_told_who_is_at_work() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.desk.hangs_on_writes(60_000);
    let mut first = company.terminal.start(["apply", "support", "--yes"]);
    let sim = company.desk.sim.clone();
    wait_until("a write", || sim.counters().faults.contains_key("hang"));

    let head = company.journal_head();
    let began = now();
    for words in [&["sync"][..], &["apply", "--yes"], &["roster", "import", "roster.csv", "--yes"]]
    {
        company.muster(words.iter()).refused([
            "another muster is at work",
            "muster apply",
            "wait until it is done",
        ]);
    }
    assert!(now().duration_since(began).as_secs() < 20);
    assert_eq!(company.journal_head(), head);
    // Looking is free.
    company.muster(["plan", "support"]).waits();
    company.muster(["people", "show", "Ann Ash"]).done();

    first.kill().unwrap();
    first.wait().unwrap();
    company.desk.sim.set_faults(Faults::none());
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn a_saved_plan_that_was_edited_is_refused() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").title = "Team Lead".to_owned();
    company.looks();
    company.muster(["plan", "support", "--out", "plan.json"]).waits();
    let plan = fs::read_to_string(company.place("plan.json")).unwrap();

    let edited = plan.replace("\"role\":\"agent\"", "\"role\":\"admin\"");
    assert_ne!(edited, plan);
    company.write("edited.json", &edited);
    company.write("cut.json", &plan[..plan.len() / 2]);
    company.write("other.json", &plan.replace("\"version\":1", "\"version\":99"));
    company.unchanged_by(|| {
        let apply = |file: &str| company.muster(["apply", file, "--yes"]);
        apply("edited.json").refused(["edited.json", "plan again"]);
        apply("cut.json").refused(["cut.json is not a saved plan"]);
        apply("other.json").refused(["another version", "plan again"]);
        apply("roster.csv").refused(["roster.csv is not a saved plan"]);
    });
    company.muster(["apply", "plan.json", "--yes"]).done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
}

#[test]
fn a_saved_plan_that_the_world_has_left_behind_does_nothing() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.muster(["plan", "support", "--out", "plan.json"]).waits();
    company.person("Ann Ash").leaves(day(30));
    company.import().done();

    company.unchanged_by(|| {
        let said = company.muster(["apply", "plan.json", "--yes"]);
        said.says("1 operation of the saved plan is void");
    });
    assert!(company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn somebody_or_something_unknown_or_ambiguous_is_named() {
    let mut company = Company::where_work(["John Smith", "Ann Ash"]);
    company.hire("John Smith").email = "john.smith2@acme.example".to_owned();
    company.import().done();
    company.unchanged_by(|| {
        let nobody = ["nobody is called Zoe", "muster people list"];
        company.muster(["people", "show", "Zoe"]).refused(nobody);
        company.muster(["offboard", "Zoe", "--now", "--yes"]).refused(nobody);
        company.muster(["apply", "--yes", "--only", "Zoe"]).refused(nobody);
        company.muster(["why", "Zoe"]).refused(["Zoe is no person, account or operation"]);
        let several = ["names several people", "give the per_"];
        company.muster(["people", "show", "John Smith"]).refused(several);
        company.muster(["offboard", "john smith", "--now", "--yes"]).refused(several);
        company.muster(["apply", "--yes", "--only", "John Smith"]).refused(several);
        company.muster(["why", "John Smith"]).refused(several);
        company.muster(["accounts", "link", "zoe@x.example", "Ann Ash"]).refused(["muster sync"]);
        let app = ["there is no app called chat", "connected: support"];
        company.muster(["plan", "chat"]).refused(app);
        company.muster(["sync", "chat"]).refused(app);
        company.muster(["app", "show", "chat"]).refused(app);
        company.muster(["apply", "--yes", "--approve", "abcdef"]).refused(["muster plan support"]);
        company.muster(["apply", "--yes", "--approve", "a"]).refused(["support"]);
        let time = ["\"soon\" is not a time", "2026-12-01 09:00"];
        company.muster(["plan", "--at", "soon"]).refused(time);
        company.muster(["offboard", "Ann Ash", "--at", "soon"]).refused(time);
        company.muster(["people", "list", "--state", "retired"]).refused(["retired", "on_leave"]);
    });
    assert!(company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn a_broken_roster_is_refused_with_every_problem_by_row_and_column() {
    let company = Company::new();
    let broken = include_str!("../../../../examples/rosters/muster/broken.csv");
    let file = company.write("broken.csv", broken);
    let people = company.muster(["people", "list", "--json"]).done().out;
    let said = company.muster(["roster", "import", &file, "--yes"]);
    let said = said.refused(["broken.csv is refused whole and nothing was changed", "row 5"]);
    let problems = said.err.lines().filter(|line| line.starts_with("  ")).count();
    assert!(problems >= 10, "{}", said.err);
    assert_eq!(company.muster(["people", "list", "--json"]).done().out, people);

    // The same for programs.
    let said = company.muster(["roster", "import", &file, "--json", "--dry-run"]);
    let refused: Value = said.refused(["refused whole"]).json();
    assert_eq!(refused["refused"]["problems"].as_array().unwrap().len(), problems);
}

#[test]
fn a_misspelled_command_is_an_error_and_help_is_none() {
    let company = Company::bare(obliging());
    company.muster(["plna"]).refused(["plan"]);
    company.muster(["plan", "--bogus"]).refused(["--bogus"]);
    company.muster(["people", "show"]).refused(["<PERSON>"]);
    company.muster(["app", "add", "gorgias", "Bad Name"]).refused(["lower-case"]);
    company.muster(["offboard", "x", "--now", "--at", "2030-01-01"]).refused(["--at"]);
    assert_eq!(company.muster::<&str>([]).code, 1);
    company.muster(["--help"]).done();
    company.muster(["--version"]).done();
    company.muster(["help", "apply"]).done();
}

#[test]
fn where_nobody_can_answer_a_question_nothing_is_done() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.import().done();
    company.person("Ann Ash").title = "Lead".to_owned();
    let file = company.write("roster.csv", &company.roster());
    company.unchanged_by(|| {
        company.muster(["apply", "support"]).refused(["--yes"]);
        company.muster(["offboard", "Ann Ash", "--now"]).refused(["--yes"]);
        company.muster(["roster", "import", &file]).refused(["--yes"]);
    });
}
