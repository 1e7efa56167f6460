//! The leavers in a bundle of evidence: whatever is said or done afterwards, nobody vanishes, and
//! nothing looks better than it was.

use std::{fs, path::PathBuf};

use muster_simulator::Role;
use serde_json::Value;

use crate::company::{Company, POLICY, day, email};

fn export(company: &Company, out: &str) -> PathBuf {
    let (from, to) = (day(-30).to_string(), day(0).to_string());
    company.muster(["evidence", "export", "--from", &from, "--to", &to, "--out", out]).done();
    company.place(out)
}

fn list(bundle: &std::path::Path, name: &str) -> Vec<Value> {
    let text = fs::read(bundle.join(format!("{name}.json"))).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap().as_array().unwrap().clone()
}

fn of<'a>(list: &'a [Value], key: &str, value: &str) -> Vec<&'a Value> {
    list.iter().filter(|one| one[key] == value).collect()
}

/// A company that writes nothing, and whose Ben left.
fn whose_ben_left() -> Company {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.policy(&POLICY.replace("deactivate: true", "deactivate: false"));
    company.person("Ben Birch").leaves(day(-9));
    company.looks();
    company
}

#[test]
fn a_leaver_whose_end_is_changed_afterwards_stays_in_the_evidence() {
    let company = whose_ben_left();
    let later = day(300).to_string();
    let edit = ["people", "edit", "Ben Birch", "--end", &later, "--last-day", &later];
    let edit = edit.into_iter().chain(["--engagement", "1", "--as", "ines@acme.example"]);
    company.muster(edit).done();
    let bundle = export(&company, "bundle");
    let leavers = list(&bundle, "leavers");
    let ben = of(&leavers, "name", "Ben Birch");
    assert_eq!(ben.len(), 1, "{leavers:?}");
    assert_eq!(
        (&ben[0]["outcome"], &ben[0]["login"]),
        (&"stays".into(), &email("Ben Birch").into())
    );
    assert_eq!(ben[0]["left"], format!("{}T18:00:00Z", day(-9)));
    let told = ben[0]["end_told"].as_str().unwrap();
    assert!(told.contains(&format!("end {}T18:00:00Z told", day(-9))), "{told}");
    let changed = told.contains("ines@acme.example");
    assert!(changed && (told.contains(&later) || told.contains("taken back")), "{told}");
    // And who changed it, with the dates and nothing of her profile.
    let decisions = list(&bundle, "decisions");
    let word = of(&decisions, "decision", "person.changed");
    assert_eq!((word.len(), &word[0]["by"]), (1, &"ines@acme.example".into()), "{decisions:?}");
    assert!(word[0]["data"].to_string().contains(&later), "{word:?}");
    assert_eq!(word[0]["person"], ben[0]["person"]);
    assert!(!of(&decisions, "decision", "roster.imported").is_empty());
    let report = fs::read_to_string(bundle.join("report.html")).unwrap();
    assert!(report.contains("1 stays") && report.contains("person.changed"), "{report}");
}

#[test]
fn a_leaver_who_is_hired_again_or_merged_or_listed_with_a_later_end_stays_in_the_evidence() {
    let mut company = whose_ben_left();
    let today = day(0).to_string();
    let copy = crate::tampering::copy(&company, "merged");
    let rehire = ["people", "rehire", "Ben Birch", "--start", &today, "--department", "Support"];
    company.muster(rehire.into_iter().chain(["--yes"])).done();
    let leavers = list(&export(&company, "rehired"), "leavers");
    let ben = of(&leavers, "name", "Ben Birch");
    assert_eq!((ben.len(), &ben[0]["outcome"]), (1, &"overdue".into()), "{leavers:?}");
    assert!(ben[0]["came_back"].is_string(), "{ben:?}");

    let home = std::mem::replace(&mut company.terminal, copy);
    company.muster(["people", "merge", "Ann Ash", "Ben Birch", "--yes"]).done();
    let bundle = export(&company, "united");
    let leavers = list(&bundle, "leavers");
    let ben = of(&leavers, "name", "Ben Birch");
    assert_eq!((ben.len(), &ben[0]["outcome"]), (1, &"stays".into()), "{leavers:?}");
    assert!(ben[0]["end_told"].as_str().unwrap().contains("merged into per_"), "{ben:?}");
    let decisions = list(&bundle, "decisions");
    let merged = of(&decisions, "decision", "person.merged");
    assert!(!merged.is_empty() && !merged[0]["data"].to_string().contains("acme.example"));

    company.terminal = home;
    let mut other = whose_ben_left();
    other.person("Ben Birch").leaves(day(300));
    other.looks();
    let leavers = list(&export(&other, "listed"), "leavers");
    let ben = of(&leavers, "name", "Ben Birch");
    assert_eq!((ben.len(), &ben[0]["outcome"]), (1, &"stays".into()), "{leavers:?}");
}

#[test]
fn a_leaver_who_came_back_in_is_removed_only_when_shut_out_again() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.approve_all("lead@acme.example");
    let ann = company.desk.user(&email("Ann Ash")).id;
    let rename = |name: &str| {
        company.desk.sim.edit_user(ann, |user| user.name = name.to_owned()).unwrap();
        company.sync();
    };
    let one = |out: &str| {
        let bundle = export(&company, out);
        let leavers = list(&bundle, "leavers");
        (of(&leavers, "person", leavers[0]["person"].as_str().unwrap())[0].clone(), bundle)
    };
    let (first, bundle) = one("once");
    assert_eq!(list(&bundle, "leaver_access").len(), 1);
    assert_eq!((&first["let_in_again"], first["removed"].is_string()), (&0.into(), true));
    // Another name changes nothing about when she was removed.
    rename("Ann Other");
    assert_eq!(one("renamed").0["removed"], first["removed"]);
    company.desk.sim.edit_user(ann, |user| user.deactivated_at = None).unwrap();
    company.sync();
    let (inside, _) = one("inside");
    assert!(inside["removed"].is_null(), "{inside}");
    assert_ne!(inside["outcome"], "in_time");
    company.approve_all("lead@acme.example");
    assert!(company.desk.user(&email("Ann Ash")).deactivated_at.is_some());
    let (again, bundle) = one("again");
    let at = |told: &Value| told.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(at(&first["removed"]) < at(&again["removed"]), "{again}");
    assert_eq!(again["let_in_again"], 1);
    let access = list(&bundle, "leaver_access");
    assert_eq!(access.len(), 2, "{access:?}");
    assert_eq!(access[0]["shut_out"], first["removed"]);
    assert_eq!(access[1]["shut_out"], again["removed"]);
}

#[test]
fn a_lower_role_after_the_leaving_gives_no_more_time() {
    let mut company = whose_ben_left();
    let ben = company.desk.user(&email("Ben Birch")).id;
    let role = |role| {
        company.desk.sim.edit_user(ben, |user| user.role = role).unwrap();
        company.sync();
    };
    role(Role::Admin);
    role(Role::BasicAgent);
    company.hire("Cem Cole").last_day = Some(day(-2));
    company.person("Cem Cole").department = "Sales".to_owned();
    company.looks();
    let bundle = export(&company, "bundle");
    let leavers = list(&bundle, "leavers");
    let told = of(&leavers, "name", "Ben Birch")[0];
    assert_eq!((&told["role"], &told["privileged"]), (&"admin".into(), &true.into()), "{told}");
    assert_eq!(told["allowed_minutes"], 240);
    // Cem had no account: no leaver's account.
    assert_eq!(leavers.len(), 2);
    let report = fs::read_to_string(bundle.join("report.html")).unwrap();
    assert!(report.contains("<b>1</b>leavers’ accounts"), "{report}");
}

#[test]
fn what_was_ended_in_the_period_is_listed_with_who_ended_it() {
    let company = whose_ben_left();
    let until = day(20).to_string();
    let add = ["exception", "add", "offboarded", "ben.birch@acme.example", "--until", &until];
    let made = company
        .muster(add.into_iter().chain([
            "--reason",
            "asked",
            "--owner",
            "ann.ash@acme.example",
            "--json",
        ]))
        .done()
        .json();
    let end = ["exception", "end", made["id"].as_str().unwrap(), "--as", "ines@acme.example"];
    company.muster(end).done();
    let bundle = export(&company, "bundle");
    let exceptions = list(&bundle, "exceptions");
    assert_eq!(exceptions.len(), 1, "{exceptions:?}");
    assert_eq!(exceptions[0]["ended_by"], "ines@acme.example");
    assert!(exceptions[0]["ended"].is_string());
    let report = fs::read_to_string(bundle.join("report.html")).unwrap();
    for told in ["Exceptions in force in the period: 1", "by ines@acme.example", "exception.ended"]
    {
        assert!(report.contains(told), "{told} is not in {report}");
    }
    assert!(report.contains("Ben Birch left on"), "what fails is listed: {report}");
    // Before anything was read, nothing is told as if it had been.
    let early = ["evidence", "export", "--from", "2001-01-01", "--to", "2001-12-31"];
    company.muster(early.into_iter().chain(["--out", "early"])).done();
    let report = fs::read_to_string(company.place("early/report.html")).unwrap();
    assert!(report.contains("No read of <bdi>support</bdi> in this period"), "{report}");
}
