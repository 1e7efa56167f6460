//! Evidence through the program: signed checkpoints and bundles, and what becomes of them when
//! somebody changes anything.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use muster_domain::model::{
    canonical::Digest,
    journal::{Draft, Entry},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    company::{Company, POLICY, day, email},
    tampering::{copy, forget, tamper},
};

/// The home's journal, written anew without the entry `without`: every hash is consistent.
fn written_anew(company: &Company, without: usize) -> String {
    written_anew_with(company, without, |_, _| {})
}

/// The same, with whatever `change` makes of each entry.
pub(crate) fn written_anew_with(
    company: &Company,
    without: usize,
    change: impl Fn(u64, &mut Draft),
) -> String {
    let said = company.muster(["log", "--json"]).done();
    let mut prev = Digest::zero();
    let mut sql = "DELETE FROM journal; ".to_owned();
    let lines = said.out.lines().enumerate().filter(|(line, _)| line + 1 != without);
    let mut seq = 0;
    for (_, line) in lines {
        let told: Entry = serde_json::from_str(line).unwrap();
        // Whoever writes anew leaves out what was signed: it cannot be signed again.
        if told.event.word() == "checkpoint.made" {
            continue;
        }
        seq += 1;
        let Entry { at, actor, event, about, data, .. } = told;
        let mut draft = Draft { at, actor, event, about, data };
        change(seq, &mut draft);
        let entry = Entry::chain(draft, seq, prev, [3; 16]).unwrap();
        prev = entry.hash;
        let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let optional = |one: Option<String>| one.map_or("NULL".to_owned(), |one| text(&one));
        let values = [
            "'default'".to_owned(),
            seq.to_string(),
            text(&format!("{:.9}", entry.at)),
            text(&entry.actor),
            text(entry.event.word()),
            optional(entry.about.person.map(String::from)),
            optional(entry.about.app.map(String::from)),
            optional(entry.about.account.map(String::from)),
            optional(entry.about.operation.map(String::from)),
            optional(entry.about.plan.map(String::from)),
            text(&entry.data.to_string()),
            text(&entry.salt),
            text(&entry.data_digest.to_string()),
            text(&entry.prev.to_string()),
            text(&entry.hash.to_string()),
        ];
        sql += &format!("INSERT INTO journal VALUES ({}); ", values.join(", "));
    }
    format!("{sql} UPDATE journal_head SET seq = {seq}, hash = '{prev}'")
}

#[test]
fn a_journal_that_was_written_anew_is_found_by_a_checkpoint_that_was_kept() {
    let company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let key = company.muster(["evidence", "key", "--json"]).done().json();
    let public = key["key"].as_str().unwrap();
    assert_eq!(
        company.muster(["evidence", "key", "--json"]).done().json(),
        key,
        "one key for good"
    );
    company.muster(["log", "checkpoint", "--out", "kept.json"]).done().says("Keep kept.json");
    let kept: Value =
        serde_json::from_slice(&fs::read(company.place("kept.json")).unwrap()).unwrap();
    let signed = kept["checkpoint"]["seq"].as_u64().unwrap();
    company.sync();
    let against = ["log", "verify", "--checkpoint", "kept.json", "--key", public];
    company.muster(against).done().says("It holds what was signed").says("1 checkpoint in it");

    // Consistent with itself, but neither with what is known nor with what was signed.
    let terminal = copy(&company, "anew");
    tamper(&terminal.home, &written_anew(&company, 4));
    terminal.muster(["log", "verify"]).refused(["but this home has seen entry"]);
    // Who can write the database can write the home's witness too.
    fs::remove_file(terminal.home.join("journal.head")).unwrap();
    terminal.muster(["log", "verify"]).refused(["journal.head is missing"]);
    forget(&terminal);
    terminal.muster(["log", "verify"]).waits().says("is not what the journal tells");
    terminal.muster(against).refused([&format!("entry {signed}"), "written anew"]);
    // Cut back to before the checkpoint, with the head moved along.
    let cut = copy(&company, "cut");
    let sql = format!(
        "DELETE FROM journal WHERE seq >= {signed}; UPDATE journal_head SET seq = {signed} - 1, \
         hash = (SELECT hash FROM journal WHERE seq = {signed} - 1)"
    );
    tamper(&cut.home, &sql);
    cut.muster(["log", "verify"]).refused(["but this home has seen entry"]);
    cut.muster(against).refused([&format!("entry {signed} was written")]);
    // Without that, the key that is kept here is told of nowhere.
    forget(&cut);
    cut.muster(["log", "verify"]).refused(["the journal tells of no signing key"]);
}

#[test]
fn a_checkpoint_counts_only_with_the_right_key_and_unchanged() {
    let company = Company::where_work(["Ann Ash"]);
    let other = Company::unconnected(crate::desk::obliging());
    company.muster(["log", "checkpoint", "--out", "kept.json"]).done();
    company.muster(["log", "verify", "--checkpoint", "kept.json"]).done();
    let theirs = other.muster(["evidence", "key", "--json"]).done().json();
    let theirs = theirs["key"].as_str().unwrap();
    let by = ["log", "verify", "--checkpoint", "kept.json", "--key", theirs];
    company.muster(by).refused(["another key"]);
    let text = fs::read_to_string(company.place("kept.json")).unwrap();
    let moved = text.replace("\"seq\": ", "\"seq\": 1");
    company.write("moved.json", &moved);
    let moved = ["log", "verify", "--checkpoint", "moved.json"];
    company.muster(moved).refused(["the signature does not hold"]);
    company.write("none.json", "{}");
    company.muster(["log", "verify", "--checkpoint", "none.json"]).refused(["is no checkpoint"]);
}

/// A company with leavers: Ann was removed, Ben is still there long after, Cem left without an
/// account; one exception with a proof.
fn with_leavers() -> Company {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Dora Dunn"]);
    let cem = company.hire("Cem Cole");
    cem.department = "Sales".to_owned();
    cem.last_day = Some(day(-3));
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.approve_all("lead@acme.example");
    assert!(company.desk.user(&email("Ann Ash")).deactivated_at.is_some());
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    company.person("Ben Birch").leaves(day(-9));
    company.looks();
    company.write("proof.txt", "the board agreed");
    let until = day(20).to_string();
    let add = ["exception", "add", "offboarded", "ben.birch@acme.example", "--until", &until];
    let owner = ["--owner", "dora.dunn@acme.example"];
    let why = ["--reason", "=HYPERLINK(evil)", "--file", "proof.txt"].into_iter().chain(owner);
    company.muster(add.into_iter().chain(why)).done();
    company
}

#[test]
fn no_evidence_is_made_of_what_is_still_to_come() {
    let company = Company::where_work(["Ann Ash"]);
    let export = |from: i32, to: i32, out: &str| {
        let (from, to) = (day(from).to_string(), day(to).to_string());
        let words = ["evidence", "export", "--from", &from, "--to", &to, "--out", out, "--json"];
        company.muster(words)
    };
    export(3, 40, "later").refused(["still to come", "--from"]);
    assert!(!company.place("later").exists());
    let made = export(-30, 40, "cut").done().json();
    let cut: jiff::Timestamp = made["cut"].as_str().unwrap().parse().unwrap();
    assert!(cut <= crate::terminal::now());
    let manifest = fs::read_to_string(company.place("cut").join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["manifest"]["scope"]["to"], made["cut"], "the end that is signed");
    assert!(export(-30, -1, "past").done().json()["cut"].is_null());
    let (from, to) = (day(-30).to_string(), day(0).to_string());
    let words = ["evidence", "export", "--from", &from, "--to", &to, "--out", "today"];
    company.muster(words).done().says("The period ends now,").says("0 leavers’ accounts");
}

impl Company {
    fn export(&self, out: &str) -> PathBuf {
        let (from, to) = (day(-30).to_string(), day(0).to_string());
        self.muster(["evidence", "export", "--from", &from, "--to", &to, "--out", out]).done();
        self.place(out)
    }

    fn public_key(&self) -> String {
        let key = self.muster(["evidence", "key", "--json"]).done().json();
        key["key"].as_str().unwrap().to_owned()
    }
}

/// Every file of a bundle, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn list(bundle: &Path, name: &str) -> Vec<Value> {
    let text = fs::read(bundle.join(format!("{name}.json"))).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap().as_array().unwrap().clone()
}

fn one<'a>(list: &'a [Value], key: &str, value: &str) -> &'a Value {
    list.iter().find(|one| one[key] == value).unwrap_or_else(|| panic!("no {value} in {list:?}"))
}

#[test]
fn a_bundle_tells_of_every_leaver_and_proves_its_populations() {
    let company = with_leavers();
    let bundle = company.export("bundle");
    let users = company.desk.sim.users();
    let accounts = list(&bundle, "accounts");
    assert_eq!(accounts.len(), users.len(), "the population is the app's own");
    for user in &users {
        let told = one(&accounts, "login", &user.email);
        assert_eq!(told["account"], user.id.to_string());
        assert_eq!(told["status"] == "inactive", user.deactivated_at.is_some(), "{told}");
    }
    assert_eq!(one(&accounts, "login", &email("Dora Dunn"))["person_name"], "Dora Dunn");

    let leavers = list(&bundle, "leavers");
    let ann = one(&leavers, "name", "Ann Ash");
    assert_eq!(ann["action"], "deactivate");
    assert_eq!(ann["operation_state"], "verified");
    let at = |key: &str| ann[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let times = ["left", "intended", "accepted", "verified"].map(at);
    assert!(times.is_sorted(), "{times:?}");
    // Her access was to end at 18:00 yesterday; it was removed just now.
    let left = day(-1).at(18, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let took = crate::terminal::now().duration_since(left).as_mins();
    let told = ann["delay_minutes"].as_i64().unwrap();
    assert!((took - 10..=took + 1).contains(&told), "{told} minutes, not {took}");
    assert_eq!(ann["allowed_minutes"], 1440);
    assert_eq!(ann["outcome"], if told <= 1440 { "in_time" } else { "late" });
    let ben = one(&leavers, "name", "Ben Birch");
    assert_eq!(ben["outcome"], "overdue");
    assert!(ben["delay_minutes"].as_u64().unwrap() > 7 * 1440, "{ben}");
    assert_eq!(one(&leavers, "name", "Cem Cole")["outcome"], "no_account");
    assert_eq!(leavers.len(), 3);

    let reads = list(&bundle, "observations");
    let last = reads.last().unwrap();
    assert_eq!((&last["complete"], &last["accounts"]), (&true.into(), &users.len().into()));
    assert_eq!(
        last["page_sha256"].as_array().unwrap().len() as u64,
        last["pages"].as_u64().unwrap()
    );
    let owner = one(&accounts, "login", crate::desk::OWNER);
    assert_eq!(last["caller"], owner["account"], "whose key was used");

    let decision = list(&bundle, "decisions");
    let excepted = one(&decision, "decision", "exception.made");
    let proof = excepted["file"].as_str().unwrap();
    assert_eq!(fs::read_to_string(bundle.join(proof)).unwrap(), "the board agreed");
    let csv = fs::read_to_string(bundle.join("decisions.csv")).unwrap();
    assert!(csv.contains("\"'=HYPERLINK(evil)\""), "a formula is none");
    let checks = list(&bundle, "checks");
    let judged =
        checks.iter().find(|one| one["check"] == "offboarded" && one["state"] == "excepted");
    let unit = judged.unwrap()["unit"].as_str().unwrap();
    let inputs = fs::read_to_string(bundle.join("check_inputs.jsonl")).unwrap();
    let inputs = inputs.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let inputs: Vec<_> = inputs.filter(|one| one["unit"] == unit).collect();
    assert_eq!(inputs[0]["inputs"]["account"]["login"], email("Ben Birch"));
    assert_eq!(list(&bundle, "policies").len(), 2);
    let report = fs::read_to_string(bundle.join("report.html")).unwrap();
    assert!(report.contains("<b>2</b>leavers"), "{report}");
    company.muster(["log", "verify"]).done().says("1 checkpoint in it");
}

/// The rows of a list that say this, and under which key.
fn all<'a>(list: &'a [Value], said: &[(&str, &str)]) -> Vec<&'a Value> {
    let says = |one: &&Value| said.iter().all(|(key, value)| one[*key] == *value);
    list.iter().filter(says).collect()
}

fn logins(list: &[&Value]) -> std::collections::BTreeSet<String> {
    list.iter().map(|one| one["login"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_populations_of_a_period_are_those_of_its_beginning_and_end_with_everybody_between() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    // The period begins here, after a complete read.
    let start = crate::terminal::now();
    let at_start: std::collections::BTreeSet<String> =
        company.desk.sim.users().into_iter().map(|user| user.email).collect();
    // Cid comes, Ben goes, Ann gets another role; then a stranger comes after the period.
    let cid = company.desk.has("cid@else.example", "Cid Cole", muster_simulator::Role::Agent);
    company.sync();
    let ben = company.desk.user(&email("Ben Birch")).id;
    company.desk.sim.edit_user(ben, |user| user.deleted_at = Some(user.created_at)).unwrap();
    let ann = company.desk.user(&email("Ann Ash")).id;
    company.desk.sim.edit_user(ann, |user| user.role = muster_simulator::Role::Agent).unwrap();
    company.person("Ben Birch").leaves(day(-1));
    company.looks();
    let end = crate::terminal::now();
    company.desk.has("dee@else.example", "Dee Dunn", muster_simulator::Role::Agent);
    company.sync();
    let (from, to) = (start.to_string(), end.to_string());
    company.muster(["evidence", "export", "--from", &from, "--to", &to, "--out", "bundle"]).done();
    let bundle = company.place("bundle");

    let accounts = list(&bundle, "population_accounts");
    assert_eq!(logins(&all(&accounts, &[("side", "start")])), at_start);
    let mut at_end = at_start;
    at_end.remove(&email("Ben Birch"));
    at_end.insert("cid@else.example".to_owned());
    let ended = all(&accounts, &[("side", "end")]);
    assert_eq!(logins(&ended), at_end, "not the one who came later");
    let role = |side: &str| {
        all(&accounts, &[("side", side), ("login", &email("Ann Ash"))])[0]["role"].clone()
    };
    assert_eq!((role("start"), role("end")), ("basic-agent".into(), "agent".into()));

    let movements = list(&bundle, "account_movements");
    let what = |login: &str| one(&movements, "login", login)["what"].clone();
    assert_eq!(what("cid@else.example"), "appeared");
    assert_eq!(what(&email("Ben Birch")), "gone");
    assert_eq!(what(&email("Ann Ash")), "role");
    assert_eq!(movements.len(), 3, "{movements:?}");
    assert_eq!(one(&movements, "what", "appeared")["account"], cid.to_string());

    // One can be reckoned from the other, and each is proven by a read that is told.
    let populations = list(&bundle, "populations");
    let of = |of: &str, side: &str| all(&populations, &[("of", of), ("side", side)])[0].clone();
    let count = |row: &Value, key: &str| row[key].as_i64().unwrap();
    let (began, ended) = (of("accounts", "start"), of("accounts", "end"));
    assert_eq!(count(&began, "count") + count(&ended, "came") - count(&ended, "went"), 3);
    assert_eq!(count(&ended, "count"), 3, "{ended}");
    let reads = list(&bundle, "observations");
    for row in [&began, &ended] {
        assert_eq!(row["complete"], true, "{row}");
        let read = one(&reads, "observation", row["rests_on"].as_str().unwrap());
        assert_eq!(read["complete"], true);
        assert_eq!(row["read_accounts"], row["count"], "what the read saw");
        assert!(!read["page_sha256"].as_array().unwrap().is_empty(), "{read}");
        assert!(row["next_complete_read"].is_string(), "{row}");
    }
    let people = list(&bundle, "population_people");
    let names = |side: &str| {
        let mine = all(&people, &[("side", side)]);
        mine.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(names("start").contains(&"Ann Ash".to_owned()), "{people:?}");
    assert!(list(&bundle, "imports").len() >= 2, "the last before, and the one between");
    assert_eq!(of("people", "start")["complete"], true);
    // He left before the period by what is known now; nobody knew it then.
    let ben = all(&people, &[("side", "start"), ("name", "Ben Birch")])[0];
    assert_eq!((&ben["state"], &ben["state_known_then"]), (&"ended".into(), &"active".into()));
}

#[test]
fn a_population_that_was_not_read_completely_is_not_told_as_one_of_everybody() {
    let company = Company::where_work(["Ann Ash"]);
    let bundle = company.export("bundle");
    let populations = list(&bundle, "populations");
    let began = all(&populations, &[("of", "accounts"), ("side", "start")])[0];
    assert_eq!(began["complete"], false, "a month ago nobody had read anything");
    assert!(began["why_not"].as_str().unwrap().contains("had not been read"), "{began}");
    assert_eq!(began["count"], 0);
    let people = all(&populations, &[("of", "people"), ("side", "start")])[0];
    assert_eq!(people["complete"], false, "{people}");
    let report = fs::read_to_string(bundle.join("report.html")).unwrap();
    assert!(report.contains("0 known, not proven to be all"), "{report}");
    let ended = all(&populations, &[("of", "accounts"), ("side", "end")])[0];
    assert_eq!((&ended["complete"], &ended["count"]), (&true.into(), &2.into()));
}

#[test]
fn another_key_signs_and_the_former_one_keeps_counting_for_what_it_signed() {
    let company = Company::where_work(["Ann Ash"]);
    company.muster(["evidence", "key", "list"]).done().says("no key yet");
    company.muster(["evidence", "key", "rotate"]).refused(["muster evidence key"]);
    let former = company.public_key();
    company.export("before");
    company.muster(["log", "checkpoint", "--out", "kept.json"]).done();
    company.muster(["evidence", "key", "rotate"]).done().says("Signs from now on");
    let next = company.public_key();
    assert_ne!(former, next);
    company.export("after");
    company.muster(["log", "checkpoint"]).done();

    let keys = company.muster(["evidence", "key", "list", "--json"]).done().json();
    assert_eq!(keys[0]["key"], former.as_str());
    assert_eq!(keys[1]["key"], next.as_str());
    assert!(keys[0]["until"].is_string() && keys[1]["until"].is_null(), "{keys}");
    assert_eq!(keys[0]["until"], keys[1]["since"]);
    company.muster(["evidence", "key", "list"]).done().says("in use").says("until");
    let former = keys[0]["key"].as_str().unwrap();

    let verify =
        |bundle: &str, key: &str| company.muster(["evidence", "verify", bundle, "--key", key]);
    verify("before", former).done();
    verify("after", &next).done();
    // The former key vouches for the next, but does not count for it: it may have been stolen.
    verify("after", former).refused(["another key", "followed the key that you gave", &next]);
    let said = verify("before", &next).refused(["another key"]);
    assert!(!said.err.contains("followed"), "{}", said.err);
    let told = fs::read(company.place("after/keys.json")).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["changes"][0]["rotation"]["from"], former);

    // Checkpoints of both keys hold, each for its time.
    company.muster(["log", "verify"]).done().says("4 checkpoints in it");
    company.muster(["log", "verify", "--checkpoint", "kept.json"]).done().says("It holds");
    company
        .muster(["log", "verify", "--checkpoint", "kept.json", "--key", &next])
        .refused(["another key"]);
    // The journal of before the change, with the key of after it.
    let cut = copy(&company, "cut");
    let sql = "DELETE FROM journal WHERE seq >= (SELECT seq FROM journal WHERE event = \
               'signing_key.changed'); UPDATE journal_head SET seq = (SELECT max(seq) FROM \
               journal), hash = (SELECT hash FROM journal ORDER BY seq DESC LIMIT 1)";
    tamper(&cut.home, sql);
    forget(&cut);
    cut.muster(["log", "verify"]).refused(["another signing key"]);
}

#[test]
fn a_bundle_verifies_elsewhere_and_names_whatever_was_changed() {
    let company = with_leavers();
    let bundle = company.export("bundle");
    let key = company.public_key();
    // Somewhere else: no home.
    let mut elsewhere = company.terminal.clone();
    elsewhere.home = company.place("nowhere");
    let verify = |by: &[&str]| {
        elsewhere.muster(["evidence", "verify", "bundle"].into_iter().chain(by.iter().copied()))
    };
    verify(&["--key", &key]).done().says("It was signed with the key").does_not_say("NOT PROVEN");
    verify(&[]).done().says("The bundle is whole").says("WHO MADE IT IS NOT PROVEN");
    assert!(!elsewhere.home.exists());
    let other = Company::unconnected(crate::desk::obliging()).public_key();
    verify(&["--key", &other]).refused(["manifest.json", "another key"]);

    // The hashes are those that any other program works out.
    let whole = files(&bundle);
    let manifest: Value = serde_json::from_slice(&whole["manifest.json"]).unwrap();
    for told in manifest["manifest"]["files"].as_array().unwrap() {
        let bytes = &whole[told["path"].as_str().unwrap()];
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
        assert_eq!(told["sha256"], sha256, "{told}");
    }

    for (path, bytes) in &whole {
        let file = bundle.join(path);
        let places = [0, bytes.len() / 3, bytes.len() - 1];
        for place in places {
            let mut bent = bytes.clone();
            bent[place] ^= 1;
            fs::write(&file, &bent).unwrap();
            let said = verify(&["--key", &key]).refused([path]);
            assert!(!said.err.contains("panicked"), "{}", said.err);
        }
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        verify(&["--key", &key]).refused([path]);
        fs::remove_file(&file).unwrap();
        verify(&["--key", &key]).refused([path, "is missing"]);
        fs::write(&file, bytes).unwrap();
    }
    fs::write(bundle.join("attachments/more.txt"), "").unwrap();
    verify(&["--key", &key]).refused(["attachments/more.txt", "was added"]);
    fs::remove_file(bundle.join("attachments/more.txt")).unwrap();
    verify(&["--key", &key]).done();
}

#[test]
fn a_redacted_person_is_in_no_bundle_made_afterwards_and_old_ones_still_verify() {
    let company = with_leavers();
    let before = company.export("before");
    let names = ["Ann Ash", "ann.ash@acme.example"];
    let holds = |bundle: &Path| {
        let all = files(bundle);
        let found = all.iter().filter(|(_, bytes)| {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            names.iter().any(|name| text.contains(&name.to_lowercase()))
        });
        found.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert!(holds(&before).contains(&"leavers.csv".to_owned()));
    // Her account is still there in the app, shut out, with her name; and it is read again.
    let redact = ["people", "redact", "ann.ash@acme.example", "--reason", "asked", "--yes"];
    company.muster(redact).done().says("still there");
    company.sync();
    let after = company.export("after");
    assert_eq!(holds(&after), Vec::<String>::new());
    let key = company.public_key();
    for bundle in ["before", "after"] {
        company.muster(["evidence", "verify", bundle, "--key", &key]).done();
    }
}

#[test]
fn what_cannot_be_exported_is_refused_and_leaves_nothing() {
    let company = Company::where_work(["Ann Ash"]);
    company.export("bundle");
    let export = |from: &str, to: &str, out: &str| {
        company.muster(["evidence", "export", "--from", from, "--to", to, "--out", out])
    };
    export("2026-01-01", "2026-03-31", "bundle").refused(["is not empty"]);
    export("2026-03-31", "2026-01-01", "other").refused(["ends before it begins"]);
    export("soon", "2026-01-01", "other").refused(["is not a time"]);
    let app = ["--app", "nothing", "--out", "other"];
    let words = ["evidence", "export", "--from", "2026-01-01", "--to", "2026-03-31"];
    company.muster(words.into_iter().chain(app)).refused(["nothing"]);
    company.muster(["evidence", "verify", "nowhere"]).refused(["nowhere"]);
    fs::create_dir(company.place("empty")).unwrap();
    company.muster(["evidence", "verify", "empty"]).refused(["manifest.json", "is missing"]);
    // A period before anything was known is a bundle all the same.
    export("2001-01-01", "2001-12-31", "early").done();
    let key = company.public_key();
    company.muster(["evidence", "verify", "early", "--key", &key]).done();
}

#[test]
fn the_journal_is_exported_for_a_siem() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply();
    let lines = |format: &str, more: &[&str]| -> Vec<Value> {
        let words = ["log", "export", "--format", format].into_iter().chain(more.iter().copied());
        let said = company.muster(words).done();
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let entries = lines("jsonl", &[]);
    let events = lines("ocsf", &[]);
    assert_eq!(entries.len() as u64, company.journal_head()["entries"].as_u64().unwrap());
    assert_eq!(events.len(), entries.len());
    for (entry, event) in entries.iter().zip(&events) {
        assert_eq!(event["metadata"]["sequence"], entry["seq"]);
        assert_eq!(event["actor"]["user"]["name"], entry["actor"]);
    }
    let disabled = |event: &&Value| event["type_uid"] == 300_105 && event["status_id"] == 1;
    assert_eq!(events.iter().filter(disabled).count(), 1, "one account was shut out");
    let after = (entries.len() - 2).to_string();
    assert_eq!(lines("ocsf", &["--after", &after]).len(), 2);
    assert_ne!(company.muster(["log", "export", "--format", "xml"]).code, 0);
}

#[test]
fn the_example_in_the_documentation_verifies() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evidence-example");
    let manifest = fs::read(example.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let key = manifest["manifest"]["key"].as_str().unwrap();
    let place = tempfile::tempdir().unwrap();
    let terminal = crate::terminal::Terminal::new(place.path());
    let verify = ["evidence", "verify", example.to_str().unwrap(), "--key", key];
    terminal.muster(verify).done().says("The bundle is whole");
}
