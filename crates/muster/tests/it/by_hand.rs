//! People told by hand, several sources at once, rehires and redaction: J3, J4, J12, J13, L3, L18,
//! L19, M5, M6, M9 and what goes with them.

use serde_json::Value;

use crate::{
    company::{Company, POLICY, day, email},
    desk::{OWNER, obliging},
    terminal::Said,
};

impl Company {
    fn tells<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Said {
        self.muster(["people"].into_iter().chain(words))
    }

    /// Somebody added by hand as a support agent.
    fn adds(&self, name: &str, start: &str) -> Said {
        let email = email(name);
        let words = ["add", "--name", name, "--email", &email, "--start", start];
        let job = ["--department", "Support", "--title", "Agent"];
        self.muster(["people"].into_iter().chain(words).chain(job))
    }

    fn shown(&self, name: &str) -> Value {
        self.tells(["show", name, "--json"]).done().json()
    }

    fn everybody(&self) -> usize {
        self.tells(["list", "--json"]).done().json().as_array().unwrap().len()
    }
}

fn days(n: i32) -> String {
    day(n).to_string()
}

fn anchors(shown: &Value) -> Vec<String> {
    let told = shown["person"]["told"].as_array().unwrap().clone();
    let text = |part: &Value| part.as_str().unwrap().to_owned();
    told.iter()
        .map(|telling| {
            let anchor = &telling["anchor"];
            format!("{}/{}", text(&anchor["source"]), text(&anchor["id"]))
        })
        .collect()
}

#[test]
fn a_company_without_hr_lives_by_its_own_list() {
    let company = Company::new();
    company.settle();
    company.adds("Nia North", &days(0)).done().says("the next plan would create nia.north@");
    company.apply().done();
    assert_eq!(company.desk.invitations_to(&email("Nia North")).len(), 1);

    // An address is one person's.
    let taken = email("Nia North").to_uppercase();
    company.unchanged_by(|| {
        let words = ["add", "--name", "Nils", "--email", &taken];
        company.tells(words).refused(["an address of Nia North", "otherwise give another"]);
    });
    let looked = ["add", "--name", "Nils", "--dry-run", "--json"];
    company.unchanged_by(|| company.tells(looked).waits());

    company.tells(["edit", "Nia North", "--title", "Team Lead", "--manager", "Olive Owner"]).done();
    company.tells(["show", "Nia North"]).done().says("manager Olive Owner");
    assert_eq!(company.plan().operations(), ["update Nia North"]);
    company.apply().done();

    // A leave keeps the account, an end takes it away.
    company.tells(["leave", "Nia North", "--from", &days(-1)]).done();
    company.tells(["list"]).done().says("on leave");
    company.unchanged_by(|| company.apply().done());
    company.tells(["return", "Nia North"]).done();
    company.tells(["list"]).done().does_not_say("on leave");
    company.tells(["end", "Nia North", "--involuntary"]).refused(["say --yes"]);
    company.tells(["end", "Nia North", "--involuntary", "--yes"]).done().says("deactivate");
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Nia North")));
}

#[test]
fn j3_a_start_moved_by_hand_moves_the_invitation_and_never_makes_two_accounts() {
    let company = Company::new();
    company.settle();
    let nia = email("Nia North");
    company.adds("Nia North", &days(30)).done().says("nothing now");
    let first = company.plan().upcoming("Nia North")[0]["at"].clone();
    company.tells(["edit", &nia, "--start", &days(50)]).done();
    let later = company.plan().upcoming("Nia North")[0]["at"].clone();
    assert!(first.as_str() < later.as_str(), "{first} {later}");
    company.unchanged_by(|| company.apply().done());

    company.tells(["edit", &nia, "--start", &days(0)]).done();
    company.apply().done();
    company.tells(["edit", &nia, "--start", &days(20)]).done();
    company.apply();
    assert!(company.desk.has_open_invitation(&nia));
    let note = format!("Know that Nia North starts on {}, not on {}", days(20), days(0));
    let stands = format!("the invitation of {} stands", days(0));
    let listed = company.muster(["tasks", "list", "--json"]).waits();
    listed.says(&note).says(&stands);
    company.tells(["edit", &nia, "--start", &days(0)]).done();
    company.muster(["tasks", "list", "--json"]).done().does_not_say("Know that");
    company.apply();
    assert_eq!(company.desk.invitations_to(&nia).len(), 1);
}

#[test]
fn j4_a_start_withdrawn_by_hand_cancels_the_invitation_and_nothing_else() {
    let policy =
        POLICY.replace("delete: false", "delete: true").replace("1 working day", "10 days");
    let mut company = Company::with(obliging(), &policy);
    company.hire("Ann Ash");
    company.settle();
    company.adds("Nia North", &days(5)).done();
    company.apply().done();
    let writes = company.desk.writes();

    company.tells(["withdraw", "Nia North", "--yes"]).done().says("cancel invite");
    company.tells(["list"]).done().says("withdrawn");
    company.approve_all("maria").done();
    assert!(company.desk.find(&email("Nia North")).is_none());
    assert_eq!(company.desk.writes(), writes + 1);
    company.tells(["withdraw", "Ann Ash", "--yes"]).refused(["has started already", "people end"]);
}

#[test]
fn j12_adding_a_contractor_without_an_end_or_a_review_warns_loudly() {
    let company = Company::new();
    let add = |name: &str, more: [&str; 2]| {
        let words = ["people", "add", "--name", name, "--kind", "contractor"];
        company.muster(words.into_iter().chain(more)).done()
    };
    add("Con One", ["--start", &days(0)]).says("without an end or a review date");
    add("Con Two", ["--end", &days(90)]).does_not_say("without an end");
    add("Con Three", ["--review", &days(90)]).does_not_say("without an end");
    company.tells(["edit", "Con One", "--end", &days(9)]).done().does_not_say("without an end");
    company.tells(["edit", "Con One", "--clear", "end"]).waits().says("without an end");
}

#[test]
fn j12_who_keeps_a_contractor_longer_by_hand_needs_somebody_else_to_approve_it() {
    let company = Company::new();
    company.settle();
    let con = email("Con One");
    let words = ["people", "add", "--name", "Con One", "--email", &con, "--kind", "contractor"];
    let job = ["--start", &days(-9), "--end", &days(9), "--department", "Support"];
    company.muster(words.into_iter().chain(job).chain(["--title", "Agent"])).done();
    company.apply().done();
    let tells =
        |who: &str, words: &[&str]| company.muster(words.iter().copied().chain(["--as", who]));
    let end = || company.shown("Con One")["person"]["engagements"][0]["end_date"].clone();
    let asked = |words: &[&str]| {
        tells("maria", words).waits().says("somebody other than you and Con One must approve it");
        let waiting = company.muster(["approvals", "--json"]).waits().json();
        let last = waiting.as_array().unwrap().last().unwrap();
        last["extensions"][0]["id"].as_str().unwrap().to_owned()
    };
    let (before, later) = (days(9), days(90));
    asked(&["people", "edit", "Con One", "--end", &later]);
    let id = asked(&["people", "end", "Con One", "--on", &later, "--yes"]);
    assert_eq!(end(), before.as_str(), "nothing counts yet");
    company.muster(["approvals"]).waits().says("anybody but maria and Con One");
    assert_eq!(company.plan_at(day(11)).operations(), ["deactivate Con One"]);

    for (who, why) in [("Maria", "somebody else"), ("con one", "their own contract")] {
        tells(who, &["approve", &id]).refused([why]);
        tells(who, &["approve", &id]).refused(["is not extended"]);
    }
    tells(OWNER, &["approve", &id, "--reason", "budget is there"]).done().says("Con One");
    assert_eq!(end(), later.as_str());
    assert!(company.plan_at(day(11)).operations().is_empty());
    company.muster(["approvals"]).done();
    let approved = company.journal("extension.approved");
    assert_eq!((&approved[0]["actor"], approved.len()), (&OWNER.into(), 1));
    tells(OWNER, &["approve", &id]).refused(["muster approvals"]);

    // A no leaves it as it was; sooner needs nobody; HR's word needs nobody.
    let id = asked(&["people", "edit", "Con One", "--end", &days(200)]);
    tells(OWNER, &["reject", &id, "--reason", "no budget"]).done();
    assert_eq!(end(), later.as_str());
    tells("maria", &["people", "edit", "Con One", "--end", &days(30)]).done();
    assert_eq!(end(), days(30).as_str());
    company.muster(["log", "verify"]).done();
}

#[test]
fn j12_an_end_and_a_rehire_without_a_break_wait_as_an_extension_does() {
    let company = Company::new();
    company.settle();
    let con = email("Con One");
    let words = ["people", "add", "--name", "Con One", "--email", &con, "--kind", "contractor"];
    let job = ["--start", &days(-90), "--end", &days(9), "--department", "Support"];
    company.muster(words.into_iter().chain(job).chain(["--title", "Agent"])).done();
    company.apply().done();
    let back = |from: i32| {
        let (from, to) = (days(from), days(200));
        let words = ["rehire", "Con One", "--start", &from, "--end", &to, "--yes"];
        let job = ["--kind", "contractor", "--department", "Support", "--title", "Agent"];
        company.tells(words.into_iter().chain(job))
    };
    let waits = |said: Said| said.waits().says("must approve it");
    let engagements =
        || company.shown("Con One")["person"]["engagements"].as_array().unwrap().len();

    // However long ago the end is said to be: the account still lets in.
    company.tells(["end", "Con One", "--on", &days(-30), "--yes"]).done();
    waits(back(0));
    assert_eq!(
        (engagements(), company.plan().operations()),
        (1, vec!["deactivate Con One".into()])
    );
    company.apply().done();
    assert!(!company.desk.lets_in(&con));

    // The days leave no break; and neither do they if the first day is moved afterwards.
    waits(back(-29));
    back(60).done().does_not_say("must approve it");
    assert_eq!(engagements(), 2);
    company.tells(["edit", "Con One", "--start", &days(-29)]).waits().says("without a break");
    assert!(company.plan().operations().is_empty());
    let waiting = company.muster(["approvals", "--json"]).waits().json();
    let last = waiting.as_array().unwrap().last().unwrap();
    let id = last["extensions"][0]["id"].as_str().unwrap();
    company.muster(["approve", id, "--as", OWNER]).done();
    assert_eq!(company.plan().operations(), ["reactivate Con One"]);
}

#[test]
fn j12_the_start_of_a_contractor_is_withdrawn_without_an_approval() {
    let company = Company::new();
    let words = ["--kind", "contractor", "--start", &days(5), "--end", &days(90)];
    let add = ["people", "add", "--name", "Con One"];
    company.muster(add.into_iter().chain(words)).done();
    company.tells(["withdraw", "Con One", "--yes"]).done().does_not_say("must approve it");
}

#[test]
fn j12_reminders_and_reviews_are_tasks_and_a_roster_can_tell_the_review() {
    let company = Company::where_work(["Ann Ash", "Bo Birch"]);
    let tells = |review: i32| {
        let roster = format!(
            "source_id,work_email,kind,status,start_date,review_date\n\
             1002,{},contractor,active,2020-03-02,{}\n",
            email("Ann Ash"),
            days(review)
        );
        let file = company.write("reviews.csv", &roster);
        let words = ["roster", "import", &file, "--yes", "--source", "muster"];
        let more = ["--presence", "changes", "--accept", "columns"];
        company.muster(words.into_iter().chain(more)).done();
        company.sync();
    };
    tells(12);
    let listed = company.muster(["tasks", "list"]).waits();
    listed.says(&format!("Ann Ash's work is reviewed by {}", days(12)));
    tells(-1);
    assert!(company.gaps().contains(&format!("contractor_overdue {}", email("Ann Ash"))));
    company.muster(["tasks", "list"]).waits().says("goes on");
    company.unchanged_by(|| company.apply());
    tells(90);
    company.muster(["tasks", "list"]).done();
}

#[test]
fn a_leaver_in_hr_does_not_keep_access_because_of_an_older_word_by_hand() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.tells(["edit", "Ann Ash", "--last-day", &days(300)]).done();
    company.unchanged_by(|| company.apply().done());
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.tells(["show", "Ann Ash"]).done().says("the later word counts");
    let plan = company.muster(["plan", "support"]).waits();
    plan.says("To know").says("by hand of").says("is older");
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));

    // Whoever knows better says so anew, and it stays visible.
    company.tells(["edit", "Ann Ash", "--last-day", &days(300)]).done();
    company.tells(["show", "Ann Ash"]).done().says("the word by hand counts");
    company.approve_all("maria").done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn j13_two_positions_are_one_person_who_leaves_with_the_last() {
    let mut company = Company::where_work(["Ann Ash"]);
    let mut second = company.person("Ann Ash").clone();
    second.starts = day(-100);
    second.title = "Team Lead".to_owned();
    company.people.push(second);
    company.looks();
    assert_eq!(company.everybody(), 2);
    let shown = company.shown("Ann Ash");
    assert_eq!(shown["person"]["engagements"].as_array().unwrap().len(), 2);
    company.apply().done();

    company.people.last_mut().unwrap().leaves(day(-1));
    company.looks();
    company.apply();
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn j13_an_engagement_beside_another_is_told_by_hand() {
    let company = Company::where_work(["Ann Ash"]);
    let words = ["engage", "Ann Ash", "--start", &days(0), "--department", "Support"];
    company.tells(words).done();
    company.tells(["end", "Ann Ash", "--engagement", "1", "--on", &days(-1), "--yes"]).done();
    company.apply().done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.tells(["end", "Ann Ash", "--on", &days(0), "--involuntary", "--yes"]).done();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    let words = ["engage", "Ann Ash", "--start", &days(0)];
    company.tells(words).refused(["has left", "people rehire"]);
}

#[test]
fn l3_an_end_moved_or_cancelled_before_it_came_only_moves_the_schedule() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(10));
    company.person("Ben Birch").leaves(day(12));
    company.looks();
    let moved = |company: &Company| company.plan().upcoming("Ann Ash")[0]["at"].clone();
    assert_eq!(moved(&company), format!("{}T18:00:00Z", day(10)));
    company.person("Ann Ash").leaves(day(20));
    company.looks();
    assert_eq!(moved(&company), format!("{}T18:00:00Z", day(20)));
    company.person("Ann Ash").last_day = None;
    company.looks();
    assert!(company.plan().upcoming("Ann Ash").is_empty());
    company.unchanged_by(|| company.apply().done());
    assert!(company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn l3_a_cancelled_end_in_an_export_like_an_earlier_one_says_how_to_go_on() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(10));
    company.import().done();
    company.person("Ann Ash").last_day = None;
    company.import().refused(["was taken back", "such as a cancelled end", "--accept older"]);
}

#[test]
fn l18_a_rehire_under_the_same_id_is_the_same_person_and_the_same_account() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.apply().done();
    let before = company.desk.user(&email("Ann Ash"));

    let mut back = company.person("Ann Ash").clone();
    (back.starts, back.last_day, back.title) = (day(0), None, "Team Lead".to_owned());
    *company.person("Ann Ash") = back;
    company.looks();
    assert_eq!(company.everybody(), 2);
    let shown = company.shown("Ann Ash");
    assert_eq!(shown["person"]["engagements"].as_array().unwrap().len(), 2);
    assert_eq!(company.plan().operations(), ["reactivate Ann Ash"]);
    company.approve_all("maria").done();
    let after = company.desk.user(&email("Ann Ash"));
    assert_eq!((after.id, after.is_active()), (before.id, true));
    assert_eq!(company.desk.invitations_to(&after.email).len(), 1);
}

#[test]
fn l18_a_rehire_by_hand_shows_what_she_had_beside_what_she_would_have() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.apply().done();
    let words = ["--start", &days(0), "--department", "Support", "--title", "Team Lead"];
    let rehire = |more: &str| {
        let words = ["people", "rehire", "Ann Ash", more].into_iter().chain(words);
        company.muster(words)
    };
    company.unchanged_by(|| {
        let said = rehire("--dry-run").waits();
        said.says("before: ann.ash@acme.example as basic-agent, inactive; now: should have an")
            .says("account as agent")
            .says("the next plan would reactivate ann.ash@acme.example as agent")
    });
    rehire("--yes").done();
    company.approve_all("maria").done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.muster(["people", "rehire", "Ann Ash", "--start", &days(0)]).refused(["has not left"]);
}

#[test]
fn l19_who_comes_back_under_a_new_id_is_proposed_and_one_after_a_humans_word() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.apply().done();
    let former = company.shown("Ann Ash")["person"]["id"].as_str().unwrap().to_owned();

    let back = company.person("Ann Ash");
    (back.id, back.starts, back.last_day) = ("2001".to_owned(), day(0), None);
    company.import().done().says("may be Ann Ash, who was known before");
    company.sync();
    assert_eq!(company.everybody(), 3);
    company.tells(["duplicates"]).waits().says(&format!("people merge {former} per_"));
    // Nothing happens to the account before a human has said whose it is.
    company.apply();
    assert_eq!(company.desk.invitations_to(&email("Ann Ash")).len(), 1);
    assert!(!company.desk.lets_in(&email("Ann Ash")));

    company.unchanged_by(|| company.tells(["merge", "1002", "2001"]).refused(["say --yes"]));
    company.tells(["merge", "1002", "2001", "--yes"]).done().says("They are one");
    assert_eq!(company.everybody(), 2);
    let shown = company.shown("2001");
    assert_eq!(shown["person"]["id"], former.as_str());
    assert_eq!(anchors(&shown), ["muster/1002", "muster/2001"]);
    company.tells(["duplicates"]).done();
    // HR goes on to name her by the new id alone, and nothing changes by that.
    company.import().done().says("0 new, 0 changed");
    company.approve_all("maria").done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
    company.muster(["log", "verify"]).done();

    let other = company.journal("person.merged")[0]["data"]["other"]["id"].clone();
    let other = other.as_str().unwrap();
    assert_eq!(company.shown(other)["person"]["id"], former.as_str());
    company.tells(["split", other, "--yes"]).done().says("two people again");
    assert_eq!(company.everybody(), 3);
    assert_eq!(company.shown(other)["person"]["id"], other);
    company.import().done().says("0 new, 0 changed");
}

#[test]
fn merging_a_leaver_into_somebody_who_works_here_says_what_access_goes_on() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-1));
    company.hire("Ann Ashby");
    company.looks();
    let (ann, ashby) = (email("Ann Ash"), email("Ann Ashby"));
    let removal = "deactivate Ann Ash".to_owned();
    assert!(company.plan().operations().contains(&removal));

    let merge = |more| company.tells(["merge", &ann, &ashby, more]);
    let shown = company.unchanged_by(|| merge("--dry-run"));
    shown.waits().says(&ann).says("was to be shut out now; as one person it stays open");
    merge("--yes").done();
    assert!(!company.plan().operations().contains(&removal));
    let access = company.journal("person.merged")[0]["data"]["access"].clone();
    assert_eq!((&access[0]["login"], &access[0]["after"]), (&ann.as_str().into(), &Value::Null));
    let task = format!("Confirm that {ann} stays open for Ann Ash");
    company.muster(["tasks", "list", "--json"]).waits().says(&task);

    // It is done once somebody says so of that very account.
    let account = format!("support/{}", company.desk.user(&ann).id);
    company.muster(["accounts", "link", &account, "1002"]).done();
    company.muster(["tasks", "list", "--json"]).does_not_say(&task);
}

#[test]
fn merging_two_who_stay_changes_no_access_and_asks_for_no_confirmation() {
    let company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let words = ["add", "--name", "Ann Ash", "--email", "ann2@acme.example"];
    company.tells(words.into_iter().chain(["--start", &days(-1)])).done();
    let merged = company.tells(["merge", "1002", "ann2@acme.example", "--yes"]).done();
    merged.does_not_say("as one person it");
    company.muster(["tasks", "list"]).does_not_say("stays open");
}

#[test]
fn j4_a_start_withdrawn_and_told_again_leaves_the_one_invitation() {
    let policy =
        POLICY.replace("delete: false", "delete: true").replace("1 working day", "10 days");
    let company = Company::with(obliging(), &policy);
    company.settle();
    company.adds("Nia North", &days(5)).done();
    company.apply().done();
    let nia = email("Nia North");
    company.tells(["withdraw", "Nia North", "--yes"]).done();
    // Taking the invitation back waits for somebody's approval.
    company.apply();
    let start = days(5);
    let job = ["--department", "Support", "--title", "Agent", "--yes"];
    company.tells(["rehire", "Nia North", "--start", &start].into_iter().chain(job)).done();
    company.approve_all("maria").done();
    assert_eq!(company.desk.invitations_to(&nia).len(), 1);
    assert!(company.desk.has_open_invitation(&nia));
}

#[test]
fn m4_a_name_told_by_hand_changes_the_display_name_and_nothing_else() {
    let company = Company::where_work(["Ann Ash"]);
    let before = company.desk.user(&email("Ann Ash"));
    company.tells(["edit", "Ann Ash", "--name", "Ann Ashby"]).done();
    company.apply().done();
    let after = company.desk.user(&email("Ann Ash"));
    assert_eq!(after.name, "Ann Ashby");
    assert_eq!((after.id, after.role, after.meta), (before.id, before.role, before.meta));
    // HR's next file, with the name before, does not take it back.
    company.import().done();
    company.unchanged_by(|| company.apply().done());
}

#[test]
fn m5_a_new_work_address_keeps_the_account_and_the_leaver_still_loses_it() {
    let mut company = Company::where_work(["Ann Ash"]);
    let account = company.desk.user(&email("Ann Ash"));
    company.person("Ann Ash").email = "ann.oak@acme.example".to_owned();
    company.looks();
    let planned = company.plan().operations();
    assert!(!planned.iter().any(|one| one.starts_with("create")), "{planned:?}");
    company.apply();
    assert_eq!(company.desk.sim.invitations().len(), 1);
    assert!(company.desk.lets_in(&account.email));
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    company.apply();
    assert!(!company.desk.lets_in(&account.email));
}

fn renamed(company: &mut Company) {
    for row in &mut company.people {
        row.email = row.email.replace("@acme.example", "@acme.com");
        row.id = row.id.replace("@acme.example", "@acme.com");
    }
}

#[test]
fn m6_a_company_wide_change_of_domain_takes_nothing_away_and_invites_nobody() {
    for by_address in [false, true] {
        let policy = POLICY.replace("[acme.example]", "[acme.example, acme.com]");
        let mut company = Company::with(obliging(), &policy);
        for name in ["Ann Ash", "Ben Birch", "Cid Cole"] {
            company.hire(name);
        }
        if by_address {
            for row in &mut company.people {
                row.id = row.email.clone();
            }
        }
        company.settle();
        let (writes, mails) = (company.desk.writes(), company.desk.sim.invitations().len());
        renamed(&mut company);
        let said = company.import().done();
        said.says("acme.example → acme.com").says("Nobody leaves or joins").says("0 new");
        company.sync();
        assert_eq!(company.everybody(), company.people.len());
        company.apply();
        assert_eq!(company.desk.sim.invitations().len(), mails);
        assert_eq!(company.desk.writes(), writes, "by address: {by_address}");
        assert!(company.desk.lets_in(&email("Ann Ash")));
    }
}

#[test]
fn m9_an_employee_who_becomes_a_contractor_without_a_break_keeps_the_account() {
    let company = Company::where_work(["Ann Ash"]);
    company.tells(["end", "Ann Ash", "--on", &days(3), "--yes"]).done();
    let words = ["engage", "Ann Ash", "--start", &days(4), "--kind", "contractor"];
    let words = words.into_iter().chain(["--department", "Support", "--title", "Agent"]);
    company.muster(["people"].into_iter().chain(words).chain(["--end", &days(200)])).done();
    assert_eq!(company.everybody(), 2);
    for n in [0, 3, 4, 5, 100] {
        assert!(company.plan_at(day(n)).operations().is_empty(), "on day {n}");
    }
    assert_eq!(company.plan_at(day(202)).operations(), ["deactivate Ann Ash"]);
}

#[test]
fn an_address_renamed_on_exit_does_not_hide_the_account() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").email = "ann.ash+exit@acme.example".to_owned();
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    assert_eq!(company.plan().operations(), ["deactivate Ann Ash"]);
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    assert_eq!(company.desk.sim.invitations().len(), 1);
    let shown = company.shown("Ann Ash");
    assert_eq!(shown["person"]["work_email"], "ann.ash@acme.example");
}

#[test]
fn absence_means_something_only_where_a_file_lists_everybody_and_then_only_a_mark() {
    for (presence, marked) in [("full", 1), ("active", 1), ("changes", 0)] {
        let mut company = Company::where_work(["Ann Ash", "Ben Birch", "Cid Cole"]);
        company.people.retain(|row| row.first != "Ann");
        let file = company.write("roster.csv", &company.roster());
        let words = ["roster", "import", &file, "--yes", "--presence", presence];
        company.muster(words).done();
        let sources = company.muster(["roster", "sources", "--json"]).done().json();
        let source = &sources[1];
        assert_eq!((&source["name"], &source["rank"]), (&"muster".into(), &2.into()));
        assert_eq!(source["imports"]["presence"], presence);
        assert_eq!((&source["people"], &source["not_mentioned"]), (&4.into(), &marked.into()));
        company.sync();
        company.unchanged_by(|| company.apply().done());
        assert!(company.desk.lets_in(&email("Ann Ash")));
    }
}

#[test]
fn two_sources_make_one_person_and_the_policy_says_whose_word_counts() {
    let company = Company::where_work(["Ann Ash"]);
    let idp = "source_id,work_email,start_date,department,time_zone\n\
               u1,ann.ash@acme.example,2020-03-02,Sales,Europe/Berlin\n";
    let file = company.write("idp.csv", idp);
    let words = ["roster", "import", &file, "--source", "idp", "--yes"];
    company.muster(words).done().says("a source that ranks before says otherwise");
    assert_eq!(company.everybody(), 2);
    let said = company.tells(["show", "Ann Ash"]).done();
    said.says("muster/1002").says("idp/u1 says Sales").says("Europe/Berlin");
    company.muster(["plan", "support"]).done();

    let ranked = POLICY.replace(
        "domains: [acme.example]",
        "domains: [acme.example], sources: [muster, idp], attributes: {department: [idp]}",
    );
    company.policy(&ranked);
    let attributes = company.shown("Ann Ash")["attributes"].as_array().unwrap().clone();
    let department = attributes.iter().find(|one| one["field"] == "department").unwrap();
    assert_eq!(department["value"], "Sales");
    assert_eq!(department["source"]["source"], "idp");
    assert_eq!(department["others"][0]["value"], "Support");

    let wrong = ranked.replace("{department: [idp]}", "{shoes: [idp]}");
    let file = company.write("wrong.yaml", &wrong);
    company.muster(["policy", "check", &file]).refused(["people have no \"shoes\"", "line 2"]);
    let words = ["roster", "import", "idp.csv", "--source", "hand", "--yes"];
    company.muster(words).refused(["call this source something else"]);
}

#[test]
fn data_is_taken_out_only_of_who_left_and_lets_nobody_in_and_is_on_no_hold() {
    let mut company = Company::where_work(["Ann Ash"]);
    let redact = |company: &Company| {
        company.tells(["redact", "Ann Ash", "--reason", "she asked for it", "--yes"])
    };
    redact(&company).refused(["only the data of people who have left"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    redact(&company).refused(["may let Ann Ash in", "muster apply support"]);
    company.apply().done();
    let hold = ["freeze", "person", "Ann Ash", "--only-deletions", "--reason", "court"];
    let hold = company.muster(hold.into_iter().chain(["--json"])).done().json();
    redact(&company).refused(["is on hold", "muster freeze lift"]);
    company.muster(["freeze", "lift", hold["id"].as_str().unwrap()]).done();
    company.unchanged_by(|| {
        let words = ["redact", "Ann Ash", "--reason", "she asked for it", "--dry-run"];
        company.tells(words).waits().says("is shut out but still there")
    });
}

#[test]
fn data_that_is_taken_out_is_nowhere_and_the_journal_still_verifies() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.person("Ann Ash").leaves(day(-2));
    company.looks();
    company.apply().done();
    let ann = company.desk.user(&email("Ann Ash"));
    company
        .desk
        .sim
        .edit_user(ann.id, |user| user.deleted_at = Some(crate::terminal::now()))
        .unwrap();
    company.sync();

    let words = ["redact", "Ann Ash", "--reason", "she asked for it", "--yes"];
    company.tells(words).done().says("Taken out");
    company.muster(["log", "verify"]).done();
    company.terminal.muster(["log", "--json"]).done().does_not_say("Ash").does_not_say("ann.ash");
    company.tells(["list", "--json"]).done().does_not_say("Ash").does_not_say("ann.ash");
    let id = company.journal("person.redacted")[0]["about"]["person"].clone();
    let why = company.muster(["why", id.as_str().unwrap(), "--json"]).done();
    why.says("deactivate").does_not_say("Ash").does_not_say("ann.ash");
    // What was said of others in the same breath is still known.
    assert!(!company.journal("entry.restated").is_empty());
    company.muster(["log", "--json"]).done().says("ben.birch@acme.example");

    // A source that goes on listing her does not bring her back.
    company.import().done().says("had their data taken out").says("0 new");
    company.tells(["list", "--json"]).done().does_not_say("ann.ash");
    company.muster(["plan", "support"]).done();
}
