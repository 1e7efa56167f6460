//! History: who had what when, as known then or later; how it went with a person and a check; and
//! what another policy would have done.

use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    desk::obliging,
    tampering::{copy, forget, tamper},
    terminal::{Said, now},
};

impl Company {
    fn had<const N: usize>(&self, words: [&str; N]) -> Value {
        let words = ["history"].into_iter().chain(words).chain(["--json"]);
        self.muster(words).done().json()
    }

    fn tries(&self, policy: &str) -> Said {
        let file = self.write("tried.yaml", policy);
        self.muster(["policy", "test", &file])
    }
}

/// What was known of somebody's account: role, status and what its owner was.
fn of(had: &Value, name: &str) -> Option<[String; 3]> {
    let accounts = had["accounts"].as_array().unwrap();
    let held = accounts.iter().find(|held| held["login"] == email(name).as_str())?;
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    Some([text(&held["role"]), text(&held["status"]), text(&held["owner"]["state"])])
}

fn three(role: &str, status: &str, state: &str) -> Option<[String; 3]> {
    Some([role, status, state].map(str::to_owned))
}

#[test]
fn history_tells_who_had_what_then_as_known_then_and_as_known_later() {
    let mut company = Company::unconnected(obliging());
    let nothing = now().to_string();
    company.connects("support", &company.desk);
    company.policy(POLICY);
    company.hire("Ann Ash");
    company.settle();
    let before = now().to_string();
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    let told = now().to_string();
    company.apply().done();
    company.sync();
    let after = now().to_string();

    // Nobody had looked: that is not the same as nobody having had anything.
    let had = company.had(["--as-of", &nothing]);
    assert_eq!(had["accounts"], Value::Array(Vec::new()));
    assert_eq!(had["apps"][0]["proven"], Value::Null);
    company.muster(["history", "--as-of", &nothing]).done().says("not known");
    company.muster(["history", "--as-of", &nothing, "--csv"]).done().says("\"not known\"");

    let had = company.had(["--as-of", &before]);
    assert_eq!(of(&had, "Ann Ash"), three("basic-agent", "active", "active"));
    // The same moment, as HR told it afterwards.
    let had = company.had(["--as-of", &before, "--known-at", &told]);
    assert_eq!(of(&had, "Ann Ash"), three("basic-agent", "active", "ended"));
    let had = company.had(["--as-of", &after]);
    assert_eq!(of(&had, "Ann Ash"), three("basic-agent", "inactive", "ended"));
    let had = company.had(["--as-of", &after, "--known-at", &before]);
    assert_eq!(of(&had, "Ann Ash"), three("basic-agent", "active", "active"));
    // Only hers.
    let had = company.had(["--as-of", &after, "--person", "Ann Ash"]);
    assert_eq!(had["accounts"].as_array().unwrap().len(), 1);
    company.muster(["history", "--app", "nowhere"]).refused(["nowhere"]);
}

#[test]
fn history_of_a_person_tells_dates_accounts_operations_and_checks() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply().done();
    company.sync();
    let said = company.muster(["history", "--person", "Ann Ash", "--csv"]).done();
    said.says("person.added")
        .says("engagement 1 starts")
        .says("engagement 1 ends")
        .says("is there: basic-agent")
        .says("active → inactive")
        .says("deactivate verified")
        .says("check offboarded");
    let told = company.had(["--person", "Ann Ash"]);
    let at: Vec<_> = told.as_array().unwrap().iter().map(|one| one["at"].to_string()).collect();
    assert!(at.len() > 6, "{at:?}");

    let trend = company.muster(["check", "history", "offboarded", "--json"]).done().json();
    assert!(!trend["trend"].as_array().unwrap().is_empty(), "{trend}");
    let changes = trend["changes"].as_array().unwrap();
    let unit = changes[0]["unit"].as_str().unwrap();
    assert_eq!(changes.last().unwrap()["to"], Value::Null, "put right: {trend}");
    company.muster(["check", "history", "offboarded", unit]).done().says(unit);
    company.muster(["check", "history", "nonsense"]).refused(["no check"]);
}

#[test]
fn a_cell_of_an_export_is_no_formula() {
    let company = Company::where_work(["Ann Ash"]);
    let ann = company.desk.user(&email("Ann Ash"));
    let login = "=cmd@acme.example".to_owned();
    company.desk.sim.edit_user(ann.id, |user| user.email = login.clone()).unwrap();
    company.sync();
    let said = company.muster(["history", "--csv"]).done();
    said.says("\"'=cmd@acme.example\"").does_not_say("\"=cmd");
}

#[test]
fn a_policy_is_tried_on_what_happened() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Cid Cole"]);
    company.person("Ann Ash").leaves(day(-1));
    company.person("Ben Birch").leaves(day(-1));
    company.looks();
    company.apply().done();
    company.sync();

    company.unchanged_by(|| {
        company.tries(POLICY).done().says("No difference");
        let tight = POLICY.replace("removals_per_day: 20", "removals_per_day: 1");
        let said = company.tries(&tight).waits();
        said.says("would have waited (limit)").says("Ann Ash").says("Ben Birch");
        let file = company.write("tried.yaml", &tight);
        let json = company.muster(["policy", "test", &file, "--json"]).waits().json();
        let held = json["operations"].as_array().unwrap();
        assert_eq!(held.len(), 2, "{json}");
        assert_eq!(json["access"], Value::Array(Vec::new()));

        let other =
            POLICY.replace(r#""Support"', role: basic-agent"#, r#""Support"', role: agent"#);
        let said = company.tries(&other).waits();
        said.says("Cid Cole: agent instead of basic-agent").does_not_say("Olive Owner:");
        company.tries("organization: {}\n").refused([]);
    });
}

#[test]
fn a_table_changed_beside_the_journal_is_found() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.apply().done();
    company.muster(["log", "verify"]).done().says("is what the journal tells");
    let sql = "UPDATE people SET doc = replace(doc, 'Birch', 'Burch')";
    tamper(&company.terminal.home, sql);
    let said = company.muster(["log", "verify"]).waits();
    let said = said.says("is not what the journal tells").says("differs");
    assert!(!said.out.contains("Burch"), "{}", said.out);
    assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
}

/// SQL that writes the home's journal anew as a program of before entries told the state would have:
/// up to the entry `until`, and in the entry `also`, no image is told.
fn of_old(company: &Company, until: u64, also: Option<u64>) -> String {
    use muster_domain::model::{
        canonical::Digest,
        journal::{Draft, Entry},
    };
    let said = company.muster(["log", "--json"]).done();
    let mut prev = Digest::zero();
    let mut sql = String::new();
    for line in said.out.lines() {
        let told: Entry = serde_json::from_str(line).unwrap();
        let Entry { seq, at, actor, event, about, mut data, .. } = told;
        if let Some(data) = data.as_object_mut().filter(|_| seq <= until || Some(seq) == also) {
            data.remove("after");
            data.remove("tells");
        }
        let draft = Draft { at, actor, event, about, data };
        let entry = Entry::chain(draft, seq, prev, [3; 16]).unwrap();
        prev = entry.hash;
        sql += &format!(
            "UPDATE journal SET data = '{}', salt = '{}', data_digest = '{}', prev = '{}', hash = \
             '{}' WHERE seq = {seq}; ",
            entry.data.to_string().replace('\'', "''"),
            entry.salt,
            entry.data_digest,
            entry.prev,
            entry.hash
        );
    }
    format!("{sql} UPDATE journal_head SET hash = '{prev}'")
}

/// The id of somebody else than the one whose row it is, in SQL.
const SOMEBODY: &str = "'per_' || substr(id, 6) || '0'";

#[test]
fn an_old_journal_is_no_false_alarm_and_hides_nothing() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Cid Cole"]);
    company.person("Ann Ash").title = "Lead".to_owned();
    company.looks();
    let old = company.journal_head()["entries"].as_u64().unwrap();
    company.person("Ben Birch").leaves(day(-2));
    company.looks();
    company.apply().done();
    let home = |name: &str, sql: &str| {
        let terminal = copy(&company, name);
        tamper(&terminal.home, sql);
        forget(&terminal);
        terminal
    };
    let aged = of_old(&company, old, None);
    let said = home("aged", &aged).muster(["log", "verify"]).done();
    let said = said.says("is what the journal tells").says("Entries hold the state from entry");
    said.says("Not covered").says("people");
    // Told of by an old entry and kept no more; kept beside the journal; changed beside it.
    let ann = "(SELECT id FROM people WHERE doc LIKE '%Ash%')";
    let removed = format!("{aged}; DELETE FROM people WHERE id = {ann}");
    home("removed", &removed).muster(["log", "verify"]).waits().says("not kept");
    let runs = format!("{aged}; DELETE FROM runs WHERE doc LIKE '%irch%'");
    home("runs", &runs).muster(["log", "verify"]).waits().says("told of, and not kept");
    let added = format!(
        "{aged}; INSERT INTO people SELECT org, {SOMEBODY}, replace(doc, id, {SOMEBODY}) FROM \
         people WHERE id = {ann}"
    );
    home("added", &added).muster(["log", "verify"]).waits().says("only kept");
    let changed = format!("{aged}; UPDATE people SET doc = replace(doc, 'Birch', 'Burch')");
    home("changed", &changed).muster(["log", "verify"]).waits().says("differs");

    // From the first image on, none may be missing.
    let entries = company.journal("operation.intended");
    let last = entries.last().unwrap()["seq"].as_u64().unwrap();
    assert!(last > old);
    let bare = of_old(&company, old, Some(last));
    let said = home("bare", &bare).muster(["log", "verify"]).waits();
    said.says(&format!("entry {last} does not tell what it changed"));
}

#[test]
fn taking_out_one_persons_data_excuses_nothing_of_others() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.apply().done();
    let redact = ["people", "redact", &email("Ann Ash"), "--reason", "asked", "--yes"];
    company.muster(redact).done();
    company.muster(["log", "verify"]).done().says("is what the journal tells");
    let sql = format!(
        "INSERT INTO people SELECT org, {SOMEBODY}, replace(doc, id, {SOMEBODY}) FROM people WHERE \
         doc LIKE '%Birch%'"
    );
    let other = copy(&company, "other");
    tamper(&other.home, &sql);
    other.muster(["log", "verify"]).waits().says("is not what the journal tells").says("only kept");
}

#[test]
fn an_account_let_in_again_after_its_data_was_taken_out_is_no_difference() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.apply().done();
    let ann = company.desk.user(&email("Ann Ash"));
    let redact = ["people", "redact", &email("Ann Ash"), "--reason", "asked", "--yes"];
    company.muster(redact).done();
    company.desk.sim.activate_user(ann.id).unwrap();
    company.sync();
    company.muster(["log", "verify"]).done().says("is what the journal tells");
    company.muster(["log", "checkpoint"]).done();
}

#[test]
fn an_approval_of_somebody_whose_data_was_taken_out_goes_on_without_the_name() {
    let mut company = Company::where_work(["Ann Ash", "Ben Berg"]);
    company.policy(&POLICY.replace("delete: ask}", "delete: ask, deactivate: ask}"));
    for name in ["Ann Ash", "Ben Berg"] {
        company.person(name).leaves(day(-1));
    }
    company.looks();
    company.approve_all("owner@acme.example").done();
    company.sync();
    assert_eq!(company.journal("operation.approved").len(), 2);
    let redact = ["people", "redact", &email("Ann Ash"), "--reason", "asked", "--yes"];
    company.muster(redact).done();
    company.muster(["log", "verify"]).done().says("is what the journal tells");
    company.muster(["log", "checkpoint"]).done();
    let bytes = std::fs::read(company.terminal.home.join("muster.db")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("deactivate Ben Berg"));
    assert!(!text.contains("deactivate Ann Ash"));
}
