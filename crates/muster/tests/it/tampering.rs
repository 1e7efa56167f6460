//! A journal that somebody got at past Muster: `muster log verify` says so and names the entry.

use std::{fs, path::Path};

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::{
    company::{Company, POLICY, day, email},
    evidence::written_anew_with,
    terminal::Terminal,
};

/// Runs SQL on a home's database, as somebody with access to the file can.
pub(crate) fn tamper(home: &Path, sql: &str) {
    let url = format!("sqlite:{}", home.join("muster.db").display());
    let tampered = async {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        // Puts the guards back, as whoever leaves no trace does.
        let guards =
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'";
        let guards: Vec<String> =
            sqlx::query_scalar(guards).fetch_all(&mut connection).await.unwrap();
        let sql = format!(
            "DROP TRIGGER IF EXISTS journal_no_delete; DROP TRIGGER IF EXISTS journal_no_update; \
             {sql}; {}",
            guards.join(";")
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(tampered);
}

/// Makes the home forget how far it has seen the journal come, as whoever can write to the database
/// can.
pub(crate) fn forget(terminal: &Terminal) {
    let witness = terminal.home.join("journal.head");
    if witness.exists() {
        fs::remove_file(witness).unwrap();
    }
    terminal.muster(["init", "--join"]).done();
}

/// A copy of the company's home, to be damaged.
pub(crate) fn copy(company: &Company, name: &str) -> Terminal {
    let mut terminal = company.terminal.clone();
    terminal.home = company.place(name);
    fs::create_dir(&terminal.home).unwrap();
    for entry in fs::read_dir(&company.terminal.home).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), terminal.home.join(entry.file_name())).unwrap();
    }
    terminal
}

#[test]
fn every_way_of_tampering_is_found_and_the_entry_named() {
    let company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let head = company.journal_head()["entries"].as_u64().unwrap();
    assert!(head > 12);
    let last = format!("entry {head}");
    let ways = [
        ("actor", "UPDATE journal SET actor = 'nobody' WHERE seq = 5", "entry 5"),
        (
            "time",
            "UPDATE journal SET at = '2020-01-01T00:00:00.000000000Z' WHERE seq = 6",
            "entry 6",
        ),
        ("event", "UPDATE journal SET event = 'app.observed' WHERE seq = 3", "entry 3"),
        ("data", "UPDATE journal SET data = replace(data, 'a', 'b') WHERE seq = 4", "entry 4"),
        ("data without a trace", "UPDATE journal SET data = 'null' WHERE seq = 7", "entry 7"),
        ("removed", "DELETE FROM journal WHERE seq = 8", "entry 8"),
        ("first", "DELETE FROM journal WHERE seq = 1", "entry 1"),
        ("cut off", &format!("DELETE FROM journal WHERE seq = {head}"), &last),
        (
            "swapped",
            "UPDATE journal SET seq = -1 WHERE seq = 9; UPDATE journal SET seq = 9 WHERE seq = 10; \
             UPDATE journal SET seq = 10 WHERE seq = -1",
            "entry 9",
        ),
        ("hash", "UPDATE journal SET hash = prev WHERE seq = 10", "entry 10"),
    ];
    for (name, sql, entry) in ways {
        let terminal = copy(&company, name);
        terminal.muster(["log", "verify"]).done();
        tamper(&terminal.home, sql);
        let said = terminal.muster(["log", "verify"]).refused([entry]);
        assert!(!said.err.contains("panicked"), "{}", said.err);
        terminal.muster(["log", "verify", "--json"]).refused([entry]);
    }
    company.muster(["log", "verify"]).done();
}

#[test]
fn what_evidence_rests_on_is_held_against_the_journal() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-9));
    company.import().done();
    // Nobody lets Muster shut anybody out.
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    company.sync();
    company.muster(["check"]).waits();
    let (until, proof) = (day(20).to_string(), company.write("proof.txt", "the board agreed"));
    let unit = email("Ann Ash");
    let words = ["exception", "add", "offboarded", &unit, "--until", &until, "--reason", "x"];
    let more = ["--owner", &email("Ben Birch"), "--file", &proof];
    company.muster(words.into_iter().chain(more)).done();
    company.muster(["evidence", "key"]).done();
    company.muster(["log", "verify"]).done();
    let ways = [
        (
            "a read",
            "UPDATE observations SET doc = replace(doc, '\"requests\":', '\"requests\":9')",
            &["read of support", "tally.requests told"][..],
        ),
        (
            "an early read",
            "DELETE FROM observations WHERE seq = (SELECT min(seq) FROM observations)",
            &["read of support", "told of, and not kept"],
        ),
        (
            "an early policy",
            "UPDATE policies SET doc = replace(doc, 'deactivate: true', \
             'deactivate: false') WHERE number = 1",
            &["policy 1", "text differs"],
        ),
        ("a file", "UPDATE files SET content = 'AAAA'", &["file ", "not those that were attached"]),
        (
            "an account",
            "UPDATE accounts SET doc = replace(doc, 'active', 'inactive')",
            &["account of support", "status told active, kept inactive"],
        ),
        (
            "an account that no read reaches",
            "UPDATE accounts SET seq = 9000000000000000",
            &["account of support", "seq told"],
        ),
        (
            "a trigger",
            "CREATE TRIGGER sly BEFORE INSERT ON staging BEGIN SELECT RAISE(IGNORE); END",
            &["the database", "trigger sly was not made by Muster"],
        ),
        ("a deleted file", "DELETE FROM files", &["file ", "told of, and not kept"]),
        (
            "since when",
            "UPDATE noticed SET since = '2020-01-01T00:00:00.000000000Z'",
            &["noticed "],
        ),
    ];
    for (name, sql, says) in ways {
        let terminal = copy(&company, name);
        tamper(&terminal.home, sql);
        for signs in [&["log", "checkpoint"][..], &["evidence", "key", "rotate"]] {
            terminal.muster(signs.iter()).refused([says[0], "muster log verify"]);
        }
        let mut said = terminal.muster(["log", "verify"]).waits();
        for one in says {
            said = said.says(one);
        }
        assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
        assert!(!said.out.contains("Ash") && !said.out.contains('@'), "{}", said.out);
        let to = day(1).to_string();
        let words = ["evidence", "export", "--from", "2026-01-01", "--to", &to, "--out", "bundle"];
        terminal.muster(words).refused([says[0], "muster log verify"]);
        assert!(!company.place("bundle").exists());
    }
}

#[test]
fn a_clock_that_went_back_is_a_warning_and_no_failure() {
    let company = Company::where_work(["Ann Ash"]);
    let all = company.muster(["log", "verify", "--json"]).json();
    assert_eq!(all["clock_went_back"], serde_json::json!([]));
    let terminal = copy(&company, "clock");
    // Eleven minutes are told, nine are the skew of two machines.
    let sql = written_anew_with(&company, 0, |seq, draft| match seq {
        2 => draft.at -= jiff::SignedDuration::from_mins(11),
        3 => draft.at -= jiff::SignedDuration::from_mins(20),
        _ => {}
    });
    tamper(&terminal.home, &sql);
    forget(&terminal);
    let found = terminal.muster(["log", "verify", "--json"]).json();
    assert_eq!(found["clock_went_back"], serde_json::json!([2]));
    let said = terminal.muster(["log", "verify"]).says("Warning: entry 2 is dated");
    assert!(!said.out.contains("entry 3 is dated"), "{}", said.out);
}

#[test]
fn a_database_file_that_is_damaged_is_named() {
    let company = Company::where_work(["Ann Ash"]);
    let terminal = copy(&company, "damaged");
    let file = terminal.home.join("muster.db");
    for name in ["muster.db-wal", "muster.db-shm"] {
        let _ = fs::remove_file(terminal.home.join(name));
    }
    let mut bytes = fs::read(&file).unwrap();
    for byte in bytes.iter_mut().take(100) {
        *byte ^= 0x5a;
    }
    fs::write(&file, bytes).unwrap();
    for words in [&["plan"][..], &["log", "verify"], &["sync"]] {
        terminal.muster(words.iter()).refused(["damaged"]);
    }
}

#[test]
fn another_sealing_key_opens_nothing_and_says_so() {
    let company = Company::where_work(["Ann Ash"]);
    let other = Company::unconnected(crate::desk::obliging());
    let terminal = copy(&company, "other-key");
    fs::copy(other.terminal.home.join("key"), terminal.home.join("key")).unwrap();
    let writes = company.desk.requests();
    terminal.muster(["sync"]).refused(["key"]);
    assert_eq!(company.desk.requests(), writes);
    fs::write(terminal.home.join("key"), "no key").unwrap();
    terminal.muster(["sync"]).refused(["the sealing key", "is damaged", "backup"]);
}
