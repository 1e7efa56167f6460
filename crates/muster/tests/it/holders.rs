//! Whose an account was when somebody left: no word afterwards, and no other login, takes a leaver's
//! way in out of the check or out of the evidence.

use std::{fs, path::PathBuf};

use muster_simulator::Role;
use serde_json::Value;

use crate::company::{Company, POLICY, day, email};

const BEN: &str = "Ben Birch";

/// A company that writes nothing, and whose Ben left.
fn whose_ben_left() -> Company {
    let mut company = Company::where_work(["Ann Ash", BEN]);
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    company.person(BEN).leaves(day(-9));
    company.looks();
    company
}

impl Company {
    fn account_of_ben(&self) -> u64 {
        self.desk.user(&email(BEN)).id
    }

    fn has_login(&self, id: u64, login: &str) {
        self.desk.sim.edit_user(id, |user| user.email = login.to_owned()).unwrap();
        self.sync();
    }

    fn is_open(&self, id: u64, open: bool) {
        let at = (!open).then(|| "2026-01-01T00:00:00Z".parse().unwrap());
        self.desk.sim.edit_user(id, |user| user.deactivated_at = at).unwrap();
        self.sync();
    }

    fn offboarded(&self, id: u64) -> Value {
        let found = self.muster(["check", "offboarded", "--all", "--json"]).json();
        let unit = id.to_string();
        let all = found["results"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["unit"]["account"] == unit.as_str()).unwrap()
    }

    /// What the evidence says of Ben's account.
    fn ben_in_evidence(&self, out: &str) -> Value {
        let leavers = list(&self.exported(out), "leavers");
        let ben: Vec<_> = leavers.iter().filter(|one| one["name"] == BEN).collect();
        assert_eq!(ben.len(), 1, "{leavers:?}");
        ben[0].clone()
    }

    fn exported(&self, out: &str) -> PathBuf {
        let (from, to) = (day(-30).to_string(), day(0).to_string());
        self.muster(["evidence", "export", "--from", &from, "--to", &to, "--out", out]).done();
        self.place(out)
    }

    /// The check fails since he left, and the evidence counts the account as his and as open.
    fn holds_ben_inside(&self, id: u64, out: &str) {
        let found = self.offboarded(id);
        assert_eq!(found["state"], "fail", "{found}");
        assert_eq!(found["since"], format!("{}T18:00:00Z", day(-9)), "{found}");
        assert!(found["cause"].as_str().unwrap().contains(BEN), "{found}");
        let told = self.ben_in_evidence(out);
        assert_eq!(told["account"], id.to_string(), "{told}");
        assert_eq!((&told["outcome"], &told["removed"]), (&"overdue".into(), &Value::Null));
    }
}

fn list(bundle: &std::path::Path, name: &str) -> Vec<Value> {
    let text = fs::read(bundle.join(format!("{name}.json"))).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap().as_array().unwrap().clone()
}

#[test]
fn not_theirs_alone_does_not_take_a_leaver_out_of_the_check_or_the_evidence() {
    let company = whose_ben_left();
    let id = company.account_of_ben();
    let words = ["accounts", "not-theirs", &id.to_string(), BEN, "--as", "ines@acme.example"];
    company.muster(words).done();
    company.holds_ben_inside(id, "first");
    company.sync();
    company.holds_ben_inside(id, "second");
    let told = company.ben_in_evidence("third");
    let ties = told["tie_told"].as_str().unwrap();
    assert!(ties.contains("tied to nobody by ines@acme.example"), "{ties}");
    company.muster(["log", "verify"]).done();
}

#[test]
fn another_login_and_another_word_do_not_make_a_leavers_account_another_s() {
    type Say = fn(&Company, &str);
    let says: [(&str, Say); 3] = [
        ("desk@acme.example", |company, id| {
            let words = ["accounts", "classify", id, "shared", "--owner", "Ann Ash"];
            company.muster(words.into_iter().chain(["--yes"])).done();
        }),
        ("ann.ash@acme.example", |company, id| {
            company.muster(["accounts", "link", id, "Ann Ash", "--yes"]).done();
        }),
        ("desk@acme.example", |company, id| {
            company.muster(["accounts", "not-theirs", id, BEN]).done();
        }),
    ];
    for (n, (login, say)) in says.into_iter().enumerate() {
        let company = whose_ben_left();
        let id = company.account_of_ben();
        // The address first, then the word.
        company.has_login(id, login);
        say(&company, &id.to_string());
        company.holds_ben_inside(id, &format!("first{n}"));
        company.sync();
        company.holds_ben_inside(id, &format!("then{n}"));
        let told = company.ben_in_evidence(&format!("told{n}"));
        assert!(!told["tie_told"].as_str().unwrap().is_empty(), "{told}");
        assert!(company.gaps().contains(&format!("offboarded_active {login}")));
    }
}

#[test]
fn a_word_first_and_another_login_then_hide_no_leaver() {
    let company = whose_ben_left();
    let id = company.account_of_ben();
    let text = id.to_string();
    company
        .muster(["accounts", "classify", &text, "service", "--owner", "Ann Ash", "--yes"])
        .done();
    company.has_login(id, "robot@acme.example");
    company.holds_ben_inside(id, "bundle");
    // Tying it to him again, and to another, takes nothing back.
    company.muster(["accounts", "link", &text, BEN, "--yes"]).done();
    assert_eq!(company.offboarded(id)["state"], "fail");
    company.muster(["accounts", "link", &text, "Ann Ash", "--yes"]).done();
    company.holds_ben_inside(id, "again");
}

#[test]
fn an_account_that_only_had_a_leavers_address_counts_until_it_was_shut() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    let id = company.desk.has(&email("Cy Cole"), "Night Shift", Role::BasicAgent);
    company.sync();
    let text = id.to_string();
    company.muster(["accounts", "classify", &text, "shared", "--owner", "Ann Ash", "--yes"]).done();
    company.hire("Cy Cole").last_day = Some(day(-9));
    company.looks();
    assert_eq!(company.offboarded(id)["state"], "fail");
    company.has_login(id, "desk@acme.example");
    let found = company.offboarded(id);
    assert_eq!(found["state"], "fail", "{found}");
    assert!(found["cause"].as_str().unwrap().contains("had their address until"), "{found}");
    let leavers = list(&company.exported("bundle"), "leavers");
    let cy = leavers.iter().find(|one| one["name"] == "Cy Cole").unwrap();
    assert_eq!((&cy["account"], &cy["outcome"]), (&text.as_str().into(), &"overdue".into()));
    company.is_open(id, false);
    company.is_open(id, true);
    let found = company.offboarded(id);
    assert_eq!(found["state"], "not_applicable", "{found}");
}

#[test]
fn an_account_tied_to_a_leaver_by_hand_and_then_to_another_stays_his() {
    let mut company = Company::where_work(["Ann Ash", BEN]);
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    let id = company.desk.has("side.door@acme.example", "Side Door", Role::BasicAgent);
    company.sync();
    let text = id.to_string();
    company.muster(["accounts", "link", &text, BEN, "--yes"]).done();
    company.person(BEN).leaves(day(-9));
    company.looks();
    company.muster(["accounts", "link", &text, "Ann Ash", "--yes"]).done();
    let found = company.offboarded(id);
    assert_eq!(found["state"], "fail", "{found}");
    let leavers = list(&company.exported("bundle"), "leavers");
    let side = leavers.iter().find(|one| one["account"] == text.as_str()).unwrap();
    assert_eq!((&side["name"], &side["outcome"]), (&BEN.into(), &"overdue".into()));
    let ties = side["tie_told"].as_str().unwrap();
    assert_eq!(ties.matches("tied to per_").count(), 2, "{ties}");
}

#[test]
fn an_account_handed_over_after_it_was_shut_is_no_leavers_any_more() {
    let company = whose_ben_left();
    let id = company.account_of_ben();
    company.is_open(id, false);
    company.is_open(id, true);
    company.has_login(id, &email("Ann Ash"));
    // Only the tie is missing: until then it is his.
    assert_eq!(company.offboarded(id)["state"], "fail");
    company.muster(["accounts", "link", &id.to_string(), "Ann Ash", "--yes"]).done();
    let found = company.offboarded(id);
    assert_eq!((&found["state"], &found["cause"]), (&"not_applicable".into(), &found["cause"]));
    company.sync();
    assert_eq!(company.offboarded(id)["state"], "not_applicable");
    // The evidence tells when it was taken from him, and nothing of what it is since.
    let told = company.ben_in_evidence("bundle");
    assert!(told["removed"].is_string(), "{told}");
    assert_eq!(told["let_in_again"], 0, "{told}");
    // Another word brings it back: then nobody is shown to be its holder.
    company.muster(["accounts", "not-theirs", &id.to_string(), "Ann Ash"]).done();
    assert_eq!(company.offboarded(id)["state"], "fail");
}

#[test]
fn the_check_and_the_evidence_agree_on_a_rehire_on_the_leaving_day_told_later() {
    let company = whose_ben_left();
    let id = company.account_of_ben();
    let start = day(-9).to_string();
    let rehire = ["people", "rehire", BEN, "--start", &start, "--department", "Support", "--yes"];
    company.muster(rehire).done();
    // It was told at once after the end was: access went on for no time beyond what was known.
    let told = company.ben_in_evidence("rehired");
    assert_eq!((&told["outcome"], &told["account"]), (&"stays".into(), &id.to_string().into()));
    assert!(told["end_told"].as_str().unwrap().contains("taken back by ines"), "{told}");
    assert_eq!(company.offboarded(id)["state"], "not_applicable");
}

#[test]
fn taking_out_his_data_hides_no_account_that_lets_a_leaver_in() {
    let company = whose_ben_left();
    let id = company.account_of_ben();
    company.muster(["accounts", "link", &id.to_string(), "Ann Ash", "--yes"]).done();
    company.has_login(id, "ann2@acme.example");
    let words = ["people", "redact", BEN, "--reason", "asked", "--yes"];
    company.muster(words).refused(["may let Ben Birch in"]);
    company.holds_ben_inside(id, "bundle");
    // Nor does another address of his.
    let words = ["people", "edit", BEN, "--email", "gone@else.example", "--yes"];
    let _ = company.muster(words);
    assert_eq!(company.offboarded(id)["state"], "fail");
}

#[test]
fn a_role_lowered_before_the_leaving_was_told_gives_no_more_time() {
    let mut company = Company::where_work(["Ann Ash", BEN]);
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    let id = company.account_of_ben();
    let role = |role| {
        company.desk.sim.edit_user(id, |user| user.role = role).unwrap();
        company.sync();
    };
    role(Role::Admin);
    role(Role::BasicAgent);
    company.person(BEN).leaves(day(-9));
    company.looks();
    let found = company.offboarded(id);
    let told = company.ben_in_evidence("bundle");
    assert_eq!((&told["privileged"], &told["allowed_minutes"]), (&true.into(), &240.into()));
    assert_eq!(found["due"], told["due"], "{found} {told}");
}
