//! No secret in any output or file but the sealed one (law 12).

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use muster_simulator::{Fault, Faults, Phase, Role, Rule};

use crate::{
    company::{Company, POLICY, day},
    desk::{KEY, OWNER, obliging},
    terminal::Said,
};

/// The key in every spelling in which it could get somewhere.
fn spellings() -> Vec<String> {
    let pair = STANDARD.encode(format!("{OWNER}:{KEY}"));
    let percent: String = url::form_urlencoded::byte_serialize(KEY.as_bytes()).collect();
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    vec![
        KEY.to_owned(),
        KEY.trim_end_matches('=').to_owned(),
        STANDARD.encode(KEY).trim_end_matches('=').to_owned(),
        pair.trim_end_matches('=').to_owned(),
        percent,
        hex(KEY),
    ]
}

/// Looks for the key in bytes.
#[track_caller]
fn holds_no_key(what: &str, bytes: &[u8]) {
    for spelling in spellings() {
        let spelling = spelling.as_bytes();
        let found = bytes.windows(spelling.len()).any(|window| window == spelling);
        assert!(!found, "the key is in {what}, as {:?}", String::from_utf8_lossy(spelling));
    }
}

#[track_caller]
fn files_hold_no_key(directory: &Path) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += files_hold_no_key(&path);
        } else {
            holds_no_key(&path.display().to_string(), &fs::read(&path).unwrap());
            files += 1;
        }
    }
    files
}

#[test]
fn the_key_is_in_no_output_and_in_no_file() {
    let mut company = Company::bare(obliging());
    company.terminal = company
        .terminal
        .with("MUSTER_LOG", "trace")
        .with("RUST_LOG", "trace")
        .with("RUST_BACKTRACE", "1");
    let mut all: Vec<(String, Said)> = Vec::new();
    let tell = |company: &Company, all: &mut Vec<(String, Said)>, words: &[&str]| {
        all.push((words.join(" "), company.muster(words)));
    };
    tell(&company, &mut all, &["init"]);
    let url = company.desk.url();
    let add = ["app", "add", "gorgias", "support", "--base-url", &url];
    // Given twice, wrongly, and in the name of somebody else, it is not repeated either.
    let twice = company.connecting(&format!("{KEY}\n{KEY}"), add);
    all.push(("add twice".to_owned(), twice));
    let words = ["app", "add", "gorgias", "x", "--base-url", &url, "--email", "z@z.example"];
    let foreign = company.terminal.muster_reading(KEY, words.iter().chain(&["--api-key-stdin"]));
    all.push(("add foreign".to_owned(), foreign));
    let in_url = format!("http://{OWNER}:{KEY}@127.0.0.1:1");
    let words = ["app", "add", "gorgias", "y", "--base-url", &in_url];
    all.push(("add in the URL".to_owned(), company.connecting(KEY, words)));
    all.push(("add".to_owned(), company.connecting(KEY, add).done()));

    company.hire("Ann Ash");
    company.hire("Ben Birch").leaves(day(-1));
    company.desk.has("ben.birch@acme.example", "Ben", Role::Agent);
    let roster = company.write("roster.csv", &company.roster());
    let policy = company.write("policy.yaml", POLICY);
    let after = |fault: Fault| Rule::new(fault).every(3);
    let faults = [
        Faults::none(),
        Faults::of(vec![after(Fault::HtmlPage { code: 502, phase: Phase::After })]),
        Faults::of(vec![after(Fault::Drop { phase: Phase::After })]),
        Faults::of(vec![after(Fault::Truncate)]),
    ];
    for faults in faults {
        company.desk.sim.set_faults(faults);
        for words in [
            &["policy", "apply", &policy][..],
            &["roster", "import", &roster, "--yes"],
            &["sync"],
            &["plan", "--out", "plan.json"],
            &["plan", "--json"],
            &["apply", "plan.json", "--yes"],
            &["apply", "--yes", "--json"],
            &["app", "show", "support", "--json"],
            &["app", "check", "support", "--json"],
            &["app", "list"],
            &["people", "show", "Ann Ash", "--json"],
            &["why", "support/1", "--json"],
            &["log", "--json"],
            &["log", "verify"],
            &["policy", "show"],
        ] {
            tell(&company, &mut all, words);
        }
    }
    company.desk.sim.set_faults(Faults::none());
    company.desk.sim.revoke_key();
    tell(&company, &mut all, &["sync"]);
    tell(&company, &mut all, &["app", "check", "support"]);

    for (words, said) in &all {
        holds_no_key(&format!("the output of muster {words}"), said.out.as_bytes());
        holds_no_key(&format!("the errors of muster {words}"), said.err.as_bytes());
    }
    assert!(files_hold_no_key(&company.terminal.place) >= 6);
    // The log really was at its most talkative.
    assert!(all.iter().any(|(_, said)| said.err.contains("TRACE") || said.err.contains("DEBUG")));
}

#[test]
fn the_sealing_key_is_for_its_owner_only_and_is_never_printed() {
    use std::os::unix::fs::PermissionsExt as _;
    let company = Company::new();
    let key = fs::read_to_string(company.terminal.home.join("key")).unwrap();
    for entry in fs::read_dir(&company.terminal.home).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
    for words in [&["init"][..], &["app", "show", "support", "--json"], &["log", "--json"]] {
        company.muster(words.iter()).done().does_not_say(key.trim());
    }
}
