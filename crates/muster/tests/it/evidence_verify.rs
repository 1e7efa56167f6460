//! What `muster evidence verify` finds beside changed bytes, and what a refused export leaves.

use std::fs;

use serde_json::Value;

use crate::{
    company::{Company, day},
    tampering::{copy, tamper},
};

fn export(company: &Company, out: &str) -> crate::terminal::Said {
    let (from, to) = (day(-30).to_string(), day(0).to_string());
    company.muster(["evidence", "export", "--from", &from, "--to", &to, "--out", out])
}

#[test]
fn a_bundle_is_held_against_a_checkpoint_that_was_kept_and_by_a_fingerprint() {
    let company = Company::where_work(["Ann Ash"]);
    let key = company.muster(["evidence", "key", "--json"]).done().json();
    let print = key["fingerprint"].as_str().unwrap();
    company.muster(["log", "checkpoint", "--out", "kept.json"]).done();
    company.sync();
    export(&company, "bundle").done();
    let verify = ["evidence", "verify", "bundle", "--key", print, "--checkpoint", "kept.json"];
    company.muster(verify).done().says("the key that you gave").says("which you kept signed");
    let other = print.replace(|digit: char| digit.is_ascii_digit(), "e");
    company.muster(["evidence", "verify", "bundle", "--key", &other]).refused(["another key"]);
    let no = ["evidence", "verify", "bundle", "--key", "7d3f"];
    assert_ne!(company.muster(no).code, 0, "too short to tell one from another");

    // Signed later than the bundle was made; signed with an unknown key; changed.
    company.muster(["log", "checkpoint", "--out", "later.json"]).done();
    let against = |file: &str| {
        company.muster(["evidence", "verify", "bundle", "--key", print, "--checkpoint", file])
    };
    against("later.json").refused(["the bundle is older than the checkpoint"]);
    let foreign = Company::where_work(["Ann Ash"]);
    foreign.muster(["log", "checkpoint", "--out", "kept.json"]).done();
    let text = fs::read_to_string(foreign.place("kept.json")).unwrap();
    company.write("foreign.json", &text);
    against("foreign.json").refused(["does not know"]);
    let text = fs::read_to_string(company.place("kept.json")).unwrap();
    company.write("moved.json", &text.replace("\"seq\": ", "\"seq\": 1"));
    against("moved.json").refused(["the signature does not hold"]);
    company.write("none.json", "{}");
    against("none.json").refused(["is no checkpoint"]);
}

#[test]
fn a_directory_that_was_added_to_a_bundle_is_found() {
    let company = Company::where_work(["Ann Ash"]);
    export(&company, "bundle").done();
    company.muster(["evidence", "verify", "bundle"]).done();
    fs::create_dir(company.place("bundle/more")).unwrap();
    company.muster(["evidence", "verify", "bundle"]).refused(["more/", "was added"]);
}

#[test]
fn a_refused_export_leaves_no_directory() {
    let company = Company::where_work(["Ann Ash"]);
    let broken = copy(&company, "broken");
    tamper(&broken.home, "UPDATE journal SET actor = 'nobody' WHERE seq = 2");
    let (from, to) = (day(-30).to_string(), day(0).to_string());
    let words = ["evidence", "export", "--from", &from, "--to", &to, "--out"];
    broken.muster(words.into_iter().chain(["some/where/deep"])).refused(["entry 2"]);
    assert!(!company.place("some").exists());
    // What was there before stays, and stays empty.
    fs::create_dir(company.place("own")).unwrap();
    broken.muster(words.into_iter().chain(["own"])).refused(["entry 2"]);
    assert_eq!(fs::read_dir(company.place("own")).unwrap().count(), 0);
}

#[test]
fn a_bundle_declares_what_was_taken_out_of_its_journal() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.approve_all("lead@acme.example");
    let taken_out = |out: &str| {
        export(&company, out).done();
        company.muster(["evidence", "verify", out]).done();
        let text = fs::read(company.place(out).join("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&text).unwrap();
        manifest["manifest"]["taken_out"].as_array().unwrap().len()
    };
    assert_eq!(taken_out("before"), 0);
    let redact = ["people", "redact", "ann.ash@acme.example", "--reason", "asked", "--yes"];
    company.muster(redact).done();
    assert!(taken_out("after") > 0);
}
