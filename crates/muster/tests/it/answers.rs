//! What a human answers to whose an account is, through the program: an existing person, a new
//! person, not a person, should not exist, not hers. The helpdesk's own records tell what came of it.

use muster_simulator::{ActiveWrite, Config, Role};
use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    desk::{Desk, KEY, obliging},
    terminal::Said,
};

const STRAY: &str = "trial@vendor.example";

impl Company {
    fn says<const N: usize>(&self, words: [&str; N]) -> Said {
        self.muster(["accounts"].into_iter().chain(words))
    }

    fn gap_of(&self, login: &str) -> Value {
        let said = self.muster(["sync", "--json"]);
        let gaps = said.json()[0]["gaps"].as_array().unwrap().clone();
        gaps.into_iter().find(|gap| gap["login"] == login).unwrap()
    }

    fn run_of(&self, action: &str) -> String {
        let runs = self.journal("operation.changed");
        let done = |entry: &&Value| {
            entry["data"]["action"] == action && entry["data"]["state"] == "verified"
        };
        let run = runs.iter().rev().find(done).unwrap();
        run["about"]["operation"].as_str().unwrap().to_owned()
    }
}

/// A company where Ann Ash works, and an account that nobody knows.
fn with_a_stray(config: Config, policy: &str) -> Company {
    let mut company = Company::with(config, policy);
    company.hire("Ann Ash");
    company.settle();
    company.desk.has(STRAY, "Tria Lund", Role::BasicAgent);
    assert_eq!(company.gaps(), [format!("unidentified {STRAY}")]);
    company
}

#[test]
fn an_existing_person_gets_the_account_and_loses_it_with_the_end() {
    let mut company = with_a_stray(obliging(), POLICY);
    company.says(["link", STRAY, "Ann Ash"]).done().says("is Ann Ash's");
    company.unchanged_by(|| company.apply().done());
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply().done();
    assert!(!company.desk.lets_in(STRAY) && !company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn a_new_person_is_added_for_the_account_in_one_step() {
    let company = with_a_stray(obliging(), POLICY);
    let (start, end) = (day(-3).to_string(), day(20).to_string());
    let words = ["new-person", STRAY, "--kind", "contractor", "--start", &start];
    let job = ["--department", "Support", "--manager", "Ann Ash", "--end", &end];
    let all = || ["accounts"].into_iter().chain(words).chain(job);
    company.unchanged_by(|| company.muster(all().chain(["--dry-run"])).waits().says("Tria Lund"));
    let entries = || company.muster(["log", "--json"]).done().out.lines().count();
    let before = entries();
    company.muster(all()).done().says("is theirs");

    // One decision: one entry tells of the person and of the tie.
    let met = company.journal("account.person_added");
    assert_eq!(met.len(), 1);
    assert_eq!(met[0]["data"]["link"]["to"], "person");
    assert_eq!(entries(), before + 1);
    let shown = company.muster(["people", "show", "Tria Lund", "--json"]).done().json();
    assert_eq!(shown["person"]["work_email"], STRAY);
    assert_eq!(shown["person"]["engagements"][0]["kind"], "contractor");
    assert!(shown["person"]["engagements"][0]["manager"].is_string());
    assert_eq!(shown["person"]["engagements"][0]["end_date"], end);

    // It is hers: nothing is invited, nothing is missing, and it ends with her contract.
    let writes = company.desk.writes();
    company.apply().done();
    assert_eq!(company.desk.writes(), writes);
    assert!(company.gaps().is_empty(), "{:?}", company.gaps());
    assert_eq!(company.desk.invitations_to(STRAY).len(), 0);
    company.muster(["people", "end", "Tria Lund", "--involuntary", "--yes"]).done();
    company.apply().done();
    assert!(!company.desk.lets_in(STRAY));

    // Whose it is was said already; an address is one person's.
    company
        .says(["new-person", STRAY, "--name", "Another"])
        .refused(["somebody said", "not-theirs"]);
}

#[test]
fn what_is_not_a_person_is_left_alone_as_long_as_somebody_answers_for_it() {
    let mut company = with_a_stray(obliging(), POLICY);
    company.says(["classify", STRAY, "shared", "--owner", "Ann Ash"]).done();
    company.unchanged_by(|| company.apply().done());
    assert!(company.gaps().is_empty());
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply().done();
    assert!(company.desk.lets_in(STRAY), "L12: not removed with its owner");
    assert_eq!(company.gaps(), [format!("no_owner {STRAY}")]);
}

#[test]
fn what_should_not_exist_is_taken_away_as_any_removal() {
    let policy = POLICY.replace("delete: ask}", "delete: ask, deactivate: ask}");
    let company = with_a_stray(obliging(), &policy);
    let before = company.desk.user(STRAY);
    company.says(["unwanted", STRAY, "--reason", " "]).refused(["say why"]);
    company.says(["unwanted", STRAY, "--reason", "left by a trial", "--as", "olive"]).done();
    let said = company.journal("account.unwanted");
    assert_eq!(said[0]["actor"], "olive");
    assert_eq!(said[0]["data"]["link"]["reason"], "left by a trial");

    // Shown with its reason, and held by the approval that the policy asks for.
    company.muster(["plan", "support"]).waits().says("olive said").says("left by a trial");
    assert_eq!(company.plan().operations(), [format!("deactivate {STRAY}")]);
    company.muster(["why", STRAY]).done().says("should not exist, said olive").says("deactivate");
    company.muster(["tasks", "list"]).waits().says("Decide: deactivate trial@vendor.example");
    company.apply().waits();
    assert!(company.desk.lets_in(STRAY));
    let gap = company.gap_of(STRAY);
    assert_eq!((gap["kind"].as_str(), gap["risk"].as_str()), (Some("unwanted"), Some("critical")));
    assert_eq!(gap["operation"], company.plan().0["operations"][0]["fingerprint"]);

    // Whoever uses the account has no say in it.
    company
        .muster(["approve", "all", "support", "--as", STRAY])
        .waits()
        .says("cannot decide about their own access");
    company.muster(["approve", "all", "support", "--as", "jane"]).done();
    company.apply().done();
    let after = company.desk.user(STRAY);
    assert!(!after.is_active());
    assert_eq!((after.id, after.role, after.name), (before.id, before.role, before.name));
    assert!(company.gaps().is_empty());
    company.unchanged_by(|| company.apply().done());
    let run = company.run_of("deactivate");
    company.muster(["why", &run]).done().says(STRAY);

    // The app lets it in again: it came back, and goes again only once somebody approves anew.
    company.desk.sim.activate_user(before.id).unwrap();
    assert_eq!(company.gaps(), [format!("came_back {STRAY}")]);
    company.apply().waits();
    assert!(company.desk.lets_in(STRAY));
    company.approve_all("jane").done();
    assert!(!company.desk.lets_in(STRAY));
    company.muster(["log", "verify"]).done();
}

#[test]
fn an_answer_that_it_should_not_exist_is_taken_back_by_another_and_by_undo() {
    let company = with_a_stray(obliging(), POLICY);
    company.says(["unwanted", STRAY, "--reason", "a trial"]).done();
    // Answered differently before anything was done: nothing is done.
    company.says(["classify", STRAY, "service", "--owner", "Ann Ash"]).done().says("Until now");
    company.unchanged_by(|| company.apply().done());
    assert!(company.desk.lets_in(STRAY));

    company.says(["unwanted", STRAY, "--reason", "a trial after all"]).done();
    company.apply().done();
    assert!(!company.desk.lets_in(STRAY));
    let run = company.run_of("deactivate");
    company.muster(["undo", &run, "--yes", "--reason", "a customer needs it"]).waits();
    company.approve_all("jane").done();
    assert!(company.desk.lets_in(STRAY));
    company.unchanged_by(|| company.apply().done());
    let gaps = company.gaps();
    assert_eq!(gaps, [format!("unwanted {STRAY}")], "the word still stands, and that is visible");
    company.muster(["undo", "--end", &run]).done();
    company.apply().done();
    assert!(!company.desk.lets_in(STRAY));

    // Linked to somebody who works here, it follows the rules for her.
    company.says(["link", STRAY, "Ann Ash"]).done();
    company.apply().done();
    assert!(company.gaps().is_empty(), "{:?}", company.gaps());
}

#[test]
fn where_the_app_cannot_shut_out_it_is_reduced_and_a_switch_that_is_off_stops_it() {
    let ignoring = Config { active_write: ActiveWrite::Ignored, ..obliging() };
    let off = POLICY.replace("deactivate: true", "deactivate: false");
    let company = with_a_stray(ignoring, &off);
    company.says(["unwanted", STRAY, "--reason", "a trial"]).done();
    let writes = company.desk.writes();
    company.muster(["plan", "support"]).waits().says("are off");
    company.apply().waits();
    assert_eq!(company.desk.writes(), writes);

    company.policy(POLICY);
    company.apply();
    assert_eq!(company.desk.user(STRAY).role, Role::ObserverAgent);
    assert_eq!(company.gaps(), [format!("offboarded_reduced {STRAY}")]);
    company.muster(["tasks", "list"]).waits().says("at the identity provider");
}

#[test]
fn an_account_that_a_colleague_claims_is_not_removed_until_somebody_says_whose_it_is_not() {
    let company = Company::where_work(["Ann Ash"]);
    let ann = email("Ann Ash");
    company.says(["unwanted", &ann, "--reason", "a mistake", "--yes"]).done();
    company.apply().waits().says("claims it");
    assert!(company.desk.lets_in(&ann));
    company.says(["link", &ann, "Ann Ash"]).done();
    company.apply().done();
    assert!(company.desk.lets_in(&ann) && company.gaps().is_empty());
}

#[test]
fn not_hers_is_remembered_through_every_read_until_somebody_says_that_it_is() {
    let mut company = Company::where_work(["Ann Ash"]);
    // The same name, which is no proof.
    company.desk.has("ann@else.example", "Ann Ash", Role::BasicAgent);
    assert_eq!(company.gaps(), ["to_confirm ann@else.example"]);
    company.says(["not-theirs", "ann@else.example", "Ann Ash"]).done().says("is not Ann Ash's");
    for _ in 0..2 {
        assert_eq!(company.gaps(), ["unidentified ann@else.example"]);
    }
    company.hire("Bea Birch");
    company.looks();
    assert!(company.gaps().contains(&"unidentified ann@else.example".to_owned()));

    // She leaves: what is not hers stays.
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert!(company.desk.lets_in("ann@else.example"));

    // It is hers after all.
    company.says(["link", "ann@else.example", "Ann Ash"]).done();
    company.apply().done();
    assert!(!company.desk.lets_in("ann@else.example"));
}

#[test]
fn not_hers_takes_a_certain_tie_away_and_a_leaver_keeps_the_account_nobody_took_from_her() {
    let mut company = Company::where_work(["Ann Ash"]);
    let ann = email("Ann Ash");
    company.says(["not-theirs", &ann, "Ann Ash"]).done();
    assert!(company.gaps().contains(&format!("unidentified {ann}")));
    company.muster(["plan", "support"]).says("already holds");
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply();
    assert!(company.desk.lets_in(&ann), "it is said not to be hers");
}

#[test]
fn two_people_who_look_alike_are_asked_about_once() {
    let mut company = Company::where_work(["Ann Ash", "Cy Cole"]);
    company.person("Ann Ash").leaves(day(-30));
    company.looks();
    let start = day(-1).to_string();
    let words = ["people", "add", "--name", "Ann Ash", "--email", "ann2@acme.example"];
    company.muster(words.into_iter().chain(["--start", &start])).done();
    let found = company.muster(["people", "duplicates", "--json"]).waits().json();
    let [one, other] = ["person", "known"].map(|key| found[0][key].as_str().unwrap().to_owned());
    company.muster(["people", "distinct", &one, &other]).done().says("two people");
    company.muster(["people", "duplicates"]).done().says("Nobody looks like");
    assert_eq!(company.journal("people.distinct").len(), 2);
    company.hire("Bea Birch");
    company.looks();
    company.muster(["people", "duplicates"]).done();

    // Merging them takes it back; so does making them two again ask anew.
    company.muster(["people", "merge", &one, &other, "--yes"]).done();
    let gone = [&one, &other]
        .into_iter()
        .find(|id| company.muster(["people", "split", id, "--dry-run"]).code != 1);
    company.muster(["people", "split", gone.unwrap(), "--yes"]).done();
    company.muster(["people", "duplicates"]).waits();
}

#[test]
fn gaps_tell_risk_age_and_money_and_the_command_that_closes_them() {
    let policy = POLICY.replace(
        "critical: true",
        "critical: true\n    seat_price: {amount: \"49.90\", currency: EUR}",
    );
    let mut company = Company::with(obliging(), &policy);
    company.hire("Ann Ash");
    company.hire("Ben Birch");
    company.settle();
    company.person("Ann Ash").leaves(day(-4));
    company.person("Ben Birch").leaves(day(-4));
    company.looks();
    let said = company.sync();
    let said = said.says("critical risk").says("49.90 EUR a month").says("closed by");
    said.says("these seats cost 99.80 EUR a month");
    let json = company.muster(["sync", "--json"]).json();
    assert_eq!(json[0]["monthly"][0]["amount"], "99.80");
    let gap = company.gap_of(&email("Ann Ash"));
    assert!(gap["age_days"].as_i64().unwrap() >= 3);
    assert_eq!(gap["monthly"]["currency"], "EUR");
    company.apply().done();
    company.sync().says("no gaps");
}

#[test]
fn nobody_answers_for_an_account_that_seems_to_be_their_own() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let ann = email("Ann Ash");
    let id = company.desk.user(&ann).id.to_string();
    for by in [ann.as_str(), "Ann  Ash", "ann.ash+x@acme.example", "1002"] {
        company
            .muster(["accounts", "classify", &id, "service", "--owner", "Ben Birch", "--as", by])
            .refused(["your own account"]);
    }
    company.muster(["accounts", "not-theirs", &id, "Ann Ash", "--as", &ann]).refused(["your own"]);
    company.muster(["accounts", "link", &id, "Ben Birch", "--as", &ann]).refused(["your own"]);
    // What a rule would say, anybody may say.
    company.muster(["accounts", "link", &id, "Ann Ash", "--as", &ann]).done();

    // Somebody else calls the account of a leaver a service: that is told, and goes on being told.
    company.says(["classify", &id, "service", "--owner", "Ben Birch", "--yes"]).done();
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.muster(["sync"]).waits().says("has their address, though it is said not to be theirs");
    company
        .muster(["offboard", "Ann Ash", "--now", "--yes"])
        .waits()
        .says("has their address and lets in");
    assert!(company.desk.lets_in(&ann));
}

#[test]
fn another_account_of_the_app_never_takes_the_place_of_the_one_that_is_known() {
    let company = Company::where_work(["Ann Ash"]);
    let other = Desk::open(obliging());
    let words = ["app", "add", "gorgias", "support", "--base-url", &other.url(), "--replace"];
    company.unchanged_by(|| {
        company.connecting(KEY, words).refused(["another account", "another name"]);
    });
}

#[test]
fn what_is_said_by_hand_can_be_read_and_lasts_a_year_at_most() {
    let company = Company::where_work(["Ann Ash"]);
    company
        .muster(["people", "add", "--name", "Bad\u{1b}[31m Name"])
        .refused(["control character"]);
    company.muster(["people", "add", "--name", " "]).refused(["blank"]);
    let id = company.desk.user(&email("Ann Ash")).id.to_string();
    let words = ["access", "except", &id, "--until", "9999-12-31", "--reason", "x"];
    company.muster(words).refused(["a year at most"]);
}

#[test]
fn nobody_gives_access_to_themselves_by_another_spelling_or_through_a_group() {
    let mut company = Company::where_work(["Ann Ash"]);
    let gil = company.hire("Gil Grey");
    gil.department = "Sales".to_owned();
    gil.title = "Rep".to_owned();
    company.import().done();
    for by in ["Gil Grey", "gil.grey", "Gil  Grey", "gil.grey+1@acme.example", "GIL GREY"] {
        company
            .muster([
                "access", "grant", "Gil Grey", "support", "agent", "--reason", "x", "--as", by,
            ])
            .refused(["nobody gives access to themselves"]);
    }
    let by = email("Gil Grey");
    company.muster(["group", "add", "boss"]).done();
    company.muster(["group", "grant", "boss", "support", "agent"]).done();
    company.muster(["group", "join", "boss", "Gil Grey", "--as", &by]).refused(["themselves"]);
    let rule = format!("person.email == \"{by}\"");
    company.muster(["group", "edit", "boss", "--when", &rule, "--as", &by]).refused(["themselves"]);
    company.muster(["group", "join", "boss", "Gil Grey"]).done();
}

#[test]
fn nobody_raises_themselves_by_a_word_about_their_own_record_or_lifts_their_own_freeze() {
    let company = Company::where_work(["Ann Ash"]);
    let raise = ["people", "edit", "Ann Ash", "--title", "Team Lead"];
    let ann = email("Ann Ash");
    company.unchanged_by(|| {
        let own = raise.into_iter().chain(["--as", &ann]);
        company.muster(own).refused(["nobody gives access to themselves"]);
    });
    // What changes nothing in any app is everybody's own to say.
    company.muster(["people", "edit", "Ann Ash", "--number", "E77", "--as", &ann]).done();
    company.muster(["people", "edit", "Ann Ash", "--title", "Team Lead"]).done();

    company.muster(["freeze", "person", "Ann Ash", "--reason", "court"]).done();
    company
        .muster(["freeze", "lift", "ord_", "--as", "ann.ash"])
        .refused(["this freeze is about you"]);
    company.muster(["freeze", "lift", "ord_"]).done();
}

#[test]
fn an_account_is_not_taken_from_somebody_without_a_question() {
    let company = Company::where_work(["Ann Ash", "Bea Birch"]);
    let ann = email("Ann Ash");
    company.unchanged_by(|| {
        for words in [
            &["unwanted", &ann, "--reason", "a mistake"][..],
            &["classify", &ann, "shared", "--owner", "Bea Birch"],
            &["link", &ann, "Bea Birch"],
        ] {
            let words = ["accounts"].into_iter().chain(words.iter().copied());
            company.muster(words).refused(["is Ann Ash's now", "--yes"]);
        }
    });
    company.says(["classify", &ann, "shared", "--owner", "Bea Birch", "--yes"]).done();
    // Who leaves is told what they answer for.
    company
        .muster(["offboard", "Bea Birch"])
        .waits()
        .says("Needs another owner and a new secret: the shared account ann.ash@acme.example")
        .says("muster accounts classify support/");
}

#[test]
fn one_account_of_an_app_has_one_name() {
    let company = Company::where_work(["Ann Ash"]);
    let url = format!("{}/", company.desk.url());
    company.unchanged_by(|| {
        let words = ["app", "add", "gorgias", "second", "--base-url", &url];
        company.connecting(KEY, words).refused(["support is this account already", "--replace"]);
    });
}
