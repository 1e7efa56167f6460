//! Output: JSON wherever it is asked for, and nothing that steers a terminal where there is none.

use muster_simulator::{NewUser, Role};

use crate::company::{Company, day, email};

/// Every command that reads, and the exit code it ends with in [`eventful`].
fn reading() -> Vec<(Vec<&'static str>, i32)> {
    vec![
        (vec!["app", "list"], 0),
        (vec!["app", "show", "support"], 0),
        (vec!["app", "check", "support"], 0),
        (vec!["people", "list"], 0),
        (vec!["people", "list", "--state", "active"], 0),
        (vec!["people", "show", "Ann Ash"], 0),
        (vec!["people", "show", "1003"], 0),
        (vec!["accounts", "list"], 0),
        (vec!["accounts", "list", "--app", "support", "--unidentified"], 0),
        (vec!["policy", "check", "policy.yaml"], 0),
        (vec!["policy", "show"], 0),
        (vec!["sync"], 2),
        (vec!["plan"], 2),
        (vec!["plan", "--at", "2040-01-01"], 2),
        (vec!["approvals"], 0),
        (vec!["approvals", "support"], 0),
        (vec!["delegate", "list"], 0),
        (vec!["undo"], 0),
        (vec!["offboard", "Ann Ash"], 2),
        (vec!["why", "Ann Ash"], 0),
        (vec!["why", "support/1"], 0),
        (vec!["why", "who@elsewhere.example"], 0),
        (vec!["roster", "import", "roster.csv", "--dry-run"], 0),
        (vec!["roster", "check", "roster.csv"], 0),
        (vec!["history"], 0),
        (vec!["history", "--as-of", "2020-01-01"], 0),
        (vec!["history", "--person", "Ann Ash"], 0),
        (vec!["check", "history", "offboarded"], 0),
        (vec!["policy", "test", "policy.yaml"], 0),
        (vec!["log", "verify"], 0),
    ]
}

/// A company where there is something of everything to show.
fn eventful() -> Company {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Cid Cole"]);
    company.person("Ann Ash").title = "Team Lead".to_owned();
    company.person("Ben Birch").leaves(day(-1));
    company.person("Cid Cole").leaves(day(20));
    company.hire("Dan Dale").starts = day(40);
    company.hire("Eve East").email = String::new();
    company.desk.has("who@elsewhere.example", "Who", Role::BasicAgent);
    company.desk.sim.add_user(NewUser::new("bot@acme.example").name("Bot").bot());
    company.looks();
    company
}

#[test]
fn a_log_that_is_read_by_no_terminal_has_no_colours() {
    let company = Company::where_work(["Ann Ash"]);
    let mut command = company.terminal.command_of(["sync"]);
    let output = command.env("MUSTER_LOG", "trace").output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[test]
fn every_reading_command_speaks_json() {
    let company = eventful();
    for (words, code) in reading() {
        let said = company.muster(words.iter().chain(&["--json"]));
        assert_eq!(said.code, code, "{words:?}\n{}{}", said.out, said.err);
        let value = said.json();
        assert!(value.is_object() || value.is_array(), "{words:?}");
        assert_eq!(said.err, "", "{words:?}");
    }
    let fingerprint =
        company.plan().0["operations"][0]["fingerprint"].as_str().unwrap()[..12].to_owned();
    let why = company.muster(["why", &fingerprint, "--json"]).done().json();
    assert_eq!(why["about"], "operation");
    // The log is one object a line, so that it can be read as it comes.
    let log = company.muster(["log", "--json"]).done();
    for line in log.out.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(entry["seq"].is_u64() && entry["hash"].is_string(), "{entry}");
    }
}

#[test]
fn every_writing_command_speaks_json_too() {
    let mut company = eventful();
    let json = |words: &[&str]| company.muster(words.iter().chain(&["--json"])).json();
    json(&["init"]);
    json(&["policy", "apply", "policy.yaml"]);
    json(&["roster", "import", "roster.csv", "--yes"]);
    json(&["accounts", "classify", "who@elsewhere.example", "shared", "--owner", "Ann Ash"]);
    let applied = json(&["apply", "--yes", "--approve", "all"]);
    assert_eq!(applied["runs"].as_array().unwrap().len(), 2);
    let run = applied["runs"][0]["id"].as_str().unwrap();
    assert_eq!(json(&["why", run])["about"], "run");
    json(&["offboard", "Ann Ash", "--now", "--yes"]);
    let later = day(9).to_string();
    json(&["offboard", "Dan Dale", "--at", &later, "--yes"]);
    company.person("Cid Cole").title = "Lead".to_owned();
    company.import().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn without_a_terminal_there_are_no_escape_codes() {
    let company = eventful();
    let ann = company.desk.user(&email("Ann Ash"));
    let hostile = "\u{1b}[31mAnn\u{1b}]0;pwned\u{7}\u{9b}2J Ash\r\n\u{202e}gnp";
    company.desk.sim.edit_user(ann.id, |user| user.name = hostile.to_owned()).unwrap();
    company.sync();
    // By hand it is refused, and quoted.
    let words = ["people", "add", "--name", hostile, "--email", "eve@acme.example"];
    company.muster(words).refused(["control character"]);
    let mut more = vec![words.to_vec()];
    more.extend([vec!["log"], vec!["apply", "--yes"], vec!["apply", "nothing"], vec!["nothing"]]);
    let all = reading().into_iter().map(|(words, _)| words).chain(more);
    for words in all {
        let said = company.muster(&words);
        for (what, text) in [("out", &said.out), ("err", &said.err)] {
            let steering = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            let found = text.chars().find(|c| steering(*c));
            assert_eq!(found, None, "{what} of {words:?}: {text:?}");
        }
    }
}

#[test]
fn completions_and_the_manual_need_no_home() {
    let company = Company::bare(crate::desk::obliging());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        company.muster(["completions", shell]).done().says("muster");
    }
    company.muster(["man"]).done().says("muster");
    let policy = include_str!("../../../../examples/policy.yaml");
    let file = company.write("policy.yaml", policy);
    company.muster(["policy", "check", &file]).done().says("is good");
    assert!(!company.terminal.home.exists());
}
