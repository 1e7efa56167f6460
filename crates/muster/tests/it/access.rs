//! Who gets what, until when: groups, one-off access, contracts, leave, grace, places and free days.

use std::fmt::Write as _;

use jiff::civil::Date;
use muster_simulator::Role;

use crate::{
    company::{Company, POLICY, Plan, day, email},
    desk::obliging,
    terminal::Said,
};

/// Imports the company's roster with further columns: what stands in them for whom.
fn import_with(company: &Company, columns: &[(&str, &[(&str, String)])]) -> Said {
    let mut text = String::new();
    for (number, line) in company.roster().lines().enumerate() {
        text.push_str(line);
        for (heading, cells) in columns {
            let person = number.checked_sub(1).map(|row| &company.people[row]);
            let cell = person.map_or(*heading, |person| {
                let name = format!("{} {}", person.first, person.last);
                let found = cells.iter().find(|(whose, _)| *whose == name);
                found.map_or("", |(_, cell)| cell.as_str())
            });
            write!(text, ",{cell}").unwrap();
        }
        text.push('\n');
    }
    let file = company.write("roster.csv", &text);
    company.muster(["roster", "import", &file, "--yes"])
}

/// What `muster upcoming` tells of somebody, as `app what`.
fn upcoming(company: &Company, name: &str) -> Vec<String> {
    let said = company.muster(["upcoming", "--person", name, "--until", "60 days", "--json"]);
    let all = said.done().json();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let each = all.as_array().unwrap().iter();
    each.map(|one| format!("{} {}", word(&one["app"]), word(&one["what"]))).collect()
}

fn plan_at(company: &Company, at: &str) -> Plan {
    Plan(company.muster(["plan", "support", "--json", "--at", at]).json())
}

fn with(from: &str, to: &str) -> Company {
    assert!(POLICY.contains(from));
    Company::with(obliging(), &POLICY.replace(from, to))
}

#[test]
fn j2_an_invitation_goes_out_before_the_days_on_which_nobody_works_there() {
    let places = format!(
        "places: {{Bonn: {{weekend: [], holidays: [{}, {}]}}, Oslo: {{weekend: []}}}}",
        day(29),
        day(28)
    );
    let mut company =
        with("domains: [acme.example]", &format!("domains: [acme.example], {places}"));
    company.hire("Ben Birch").starts = day(30);
    company.hire("Lea Lind").starts = day(30);
    let location = [("Ben Birch", "Bonn".to_owned()), ("Lea Lind", "Oslo".to_owned())];
    import_with(&company, &[("location", &location)]).done();
    company.sync();
    assert!(company.plan_at(day(26)).operations().is_empty());
    assert_eq!(company.plan_at(day(27)).operations(), ["create Ben Birch"]);
    assert_eq!(company.plan_at(day(28)).operations(), ["create Ben Birch"]);
    assert_eq!(company.plan_at(day(29)).operations(), ["create Ben Birch", "create Lea Lind"]);
}

#[test]
fn j10_somebody_added_to_a_group_later_gets_what_those_have_who_were_in_it_from_the_start() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    company.muster(["group", "add", "leads", "--label", "Team leads"]).done();
    company.muster(["group", "grant", "leads", "support", "agent"]).done();
    company.hire("Cid Cole").starts = day(-3);
    company.import().done();
    company.muster(["group", "join", "leads", "Cid Cole"]).done().says("basic-agent → agent");
    company.apply().done();
    company.muster(["group", "join", "leads", "Ann Ash"]).done();
    company.apply().done();
    assert_eq!(company.desk.user(&email("Cid Cole")).role, Role::Agent);
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
    assert_eq!(company.desk.user(&email("Ben Birch")).role, Role::BasicAgent);
    company.muster(["why", "Ann Ash"]).done().says("put in by ines").says("group leads");
    company.muster(["group", "show", "leads"]).done().says("Ann Ash").says("agent in support");

    // The trap: out of every group first, then gone. She loses the account all the same.
    company.muster(["group", "leave", "leads", "Ann Ash"]).done().says("agent → basic-agent");
    company.person("Ann Ash").leaves(day(-1));
    company.import().done();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn a_group_gives_by_rule_what_no_rule_of_the_policy_gives_and_passes_on_what_stands_above_it() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.hire("Sam Seller").department = "Sales".to_owned();
    company.import().done();
    assert!(company.plan().operations().is_empty());
    company.muster(["group", "add", "everybody"]).done();
    company.muster(["group", "grant", "everybody", "support", "lite-agent"]).done();
    let rule = "person.department == \"Sales\"";
    let words = ["group", "add", "sales", "--when", rule, "--parent", "everybody"];
    company.muster(words).done().says("nothing → lite-agent");
    company.muster(["plan", "support"]).waits().says("its access goes to members of sales");
    company.apply().done();
    assert_eq!(company.desk.user(&email("Sam Seller")).role, Role::LiteAgent);
    company.muster(["group", "list"]).done().says("everybody").says("1 member");

    // Who would lose what is shown before anything is removed.
    let asked = company.unchanged_by(|| company.muster(["group", "remove", "sales"]));
    asked.refused(["--yes"]).says("lite-agent → nothing");
    company.muster(["group", "remove", "sales", "--yes"]).done();
    assert_eq!(company.gaps(), ["excess_account sam.seller@acme.example"]);
    assert_eq!(company.journal("group.removed").len(), 1);
}

#[test]
fn groups_refuse_what_cannot_be() {
    let company = Company::where_work(["Ann Ash"]);
    company.muster(["group", "add", "chat"]).done();
    company.muster(["group", "add", "voice", "--parent", "chat"]).done();
    company.unchanged_by(|| {
        let refused = |words: &[&str], says: &'static str| {
            company.muster(words.iter().copied()).refused([says]);
        };
        refused(&["group", "add", "chat"], "there is a group chat already");
        refused(&["group", "add", "Chat Team"], "not a valid group name");
        refused(&["group", "add", "x", "--when", "person.dept == \"\""], "person has no field");
        refused(&["group", "add", "x", "--parent", "nowhere"], "muster group list");
        refused(&["group", "edit", "chat", "--parent", "voice"], "would stand above itself");
        refused(&["group", "grant", "chat", "support", "boss"], "it has");
        refused(&["group", "grant", "chat", "sales", "agent"], "sales");
        refused(&["group", "revoke", "chat", "support"], "gives nothing in support");
        refused(&["group", "join", "chat", "Nobody Here"], "Nobody Here");
        refused(&["group", "join", "chat", "Ann Ash", "--until", "2020-01-01"], "has passed");
        refused(&["group", "leave", "chat", "Ann Ash"], "not put into chat by hand");
        refused(&["group", "show", "nowhere"], "muster group list");
        refused(&["access", "grant", "Ann Ash", "support", "boss", "--reason", "x"], "it has");
        refused(&["access", "grant", "Ann Ash", "support", "agent", "--reason", " "], "--reason");
        let own = ["access", "grant", "Ann Ash", "support", "admin", "--reason", "x", "--as"];
        refused(
            &[&own[..], &["ann.ash@acme.example"]].concat(),
            "nobody gives access to themselves",
        );
        refused(&["access", "revoke", "ord_x"], "muster access list");
    });
}

#[test]
fn j12_a_contractor_has_an_end_or_is_reported_and_the_end_is_announced() {
    let mut company = Company::where_work(["Ann Ash", "Ben Birch"]);
    let kind = [("Ann Ash", "contractor".to_owned()), ("Ben Birch", "contractor".to_owned())];
    let end = |on: Date| [("Ann Ash", on.to_string())];
    import_with(&company, &[("kind", &kind), ("end_date", &end(day(20)))]).done();
    assert_eq!(company.gaps(), ["contractor_open_ended ben.birch@acme.example"]);
    assert_eq!(
        upcoming(&company, "Ann Ash"),
        [
            "- contract ends in 14 days: extend it, or let it end",
            "- contract ends in 7 days: extend it, or let it end",
            "- contract ends in 1 day: extend it, or let it end",
            "- ends",
            "support loses access",
        ]
    );
    company.person("Ben Birch").leaves(day(40));
    import_with(&company, &[("kind", &kind), ("end_date", &end(day(20)))]).done();
    assert!(company.gaps().is_empty());
}

#[test]
fn l21_a_contract_that_runs_out_without_news_ends_access_and_an_extension_is_a_return() {
    let company = Company::where_work(["Ann Ash"]);
    let ends = |on: Date| {
        let kind = [("Ann Ash", "contractor".to_owned())];
        import_with(&company, &[("kind", &kind), ("end_date", &[("Ann Ash", on.to_string())])])
            .done();
    };
    ends(day(-1));
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    ends(day(90));
    company.apply().waits().says("letting an account in again needs a named person's approval");
    assert!(!company.desk.lets_in(&email("Ann Ash")));
    company.approve_all("maria").done();
    assert!(company.desk.lets_in(&email("Ann Ash")));
}

#[test]
fn j13_two_positions_are_one_person_whose_access_ends_with_the_last() {
    let mut company = Company::where_work(["Ben Birch"]);
    company.hire("Ann Ash");
    let second = company.people.last().unwrap().clone();
    company.people.push(second);
    company.people.last_mut().unwrap().title = "Team Lead".to_owned();
    let import = |company: &Company, lead_until: Date, agent_until: Date| {
        let mut text = String::new();
        for (number, line) in company.roster().lines().enumerate() {
            let more = match number {
                0 => "position,end_date".to_owned(),
                3 => format!("p1,{agent_until}"),
                4 => format!("p2,{lead_until}"),
                _ => ",".to_owned(),
            };
            writeln!(text, "{line},{more}").unwrap();
        }
        let file = company.write("roster.csv", &text);
        company.muster(["roster", "import", &file, "--yes"]).done();
    };
    import(&company, day(10), day(30));
    company.sync();
    company.apply().done();
    let ann = company.desk.user(&email("Ann Ash"));
    assert_eq!(ann.role, Role::Agent);
    assert_eq!(company.desk.sim.users().iter().filter(|user| user.email == ann.email).count(), 1);
    assert_eq!(
        upcoming(&company, "Ann Ash"),
        ["- ends", "support changes from agent to basic-agent", "- ends", "support loses access"]
    );
    assert_eq!(company.plan_at(day(12)).operations(), ["update Ann Ash"]);
    import(&company, day(-3), day(-1));
    company.apply().done();
    assert!(!company.desk.lets_in(&ann.email));
}

#[test]
fn j14_one_off_access_is_shown_everywhere_with_its_reason_and_ends_on_its_day_and_with_the_job() {
    let policy = POLICY.replace("critical: true", "critical: true\n    no_rule: remove");
    let mut company = Company::with(obliging(), &policy);
    company.hire("Sam Seller").department = "Sales".to_owned();
    company.settle();
    let until = day(10).to_string();
    let words =
        ["access", "grant", "Sam Seller", "support", "lite-agent", "--reason", "audit help"];
    company.muster(words.iter().chain(&["--until", &until])).done();
    company.muster(["access", "list"]).done().says("audit help").says("Sam Seller");
    company.muster(["plan", "support"]).waits().says("ines granted lite-agent");
    company.apply().done();
    assert_eq!(company.desk.user(&email("Sam Seller")).role, Role::LiteAgent);
    company.muster(["people", "show", "Sam Seller"]).done().says("audit help");
    company.muster(["why", "Sam Seller"]).done().says("audit help");
    company.muster(["offboard", "Sam Seller"]).waits().says("Ends with it").says("audit help");
    assert_eq!(upcoming(&company, "Sam Seller"), ["support loses access"]);
    assert!(plan_at(&company, &format!("{until} 23:59")).operations().is_empty());
    assert_eq!(company.plan_at(day(11)).operations(), ["deactivate Sam Seller"]);

    company.person("Sam Seller").leaves(day(-9));
    company.import().done();
    company.apply().done();
    assert!(!company.desk.lets_in(&email("Sam Seller")));
    // Who comes back does not find it waiting.
    company.person("Sam Seller").starts = day(0);
    company.person("Sam Seller").last_day = None;
    company.import().done();
    company.approve_all("maria");
    assert!(!company.desk.lets_in(&email("Sam Seller")));

    company.muster(["access", "revoke", "ord_"]).done().says("Taken back");
    company.muster(["access", "list"]).done().says("Nothing was granted");
}

#[test]
fn m1_a_move_gives_at_once_and_takes_after_the_grace() {
    let mut company = Company::new();
    company.hire("Ann Ash").title = "Team Lead".to_owned();
    company.settle();
    company.person("Ann Ash").title = "Agent".to_owned();
    company.looks();
    company.unchanged_by(|| company.apply().done());
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
    assert!(company.gaps().is_empty());
    assert_eq!(upcoming(&company, "Ann Ash"), ["support changes from agent to basic-agent"]);
    company.muster(["why", "Ann Ash"]).done().says("may keep agent until").says("7 days of grace");
    assert!(company.plan_at(day(6)).operations().is_empty());
    assert_eq!(company.plan_at(day(8)).operations(), ["update Ann Ash"]);

    // Without grace it goes at once, and what a move gives always does.
    company.policy(&POLICY.replace("joiner:", "mover: {grace: 0 days}\n    joiner:"));
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);
    company.policy(POLICY);
    company.person("Ann Ash").title = "Senior Team Lead".to_owned();
    company.looks();
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Agent);
}

#[test]
fn m3_who_moves_away_from_a_privileged_role_loses_it_at_once() {
    let mut company = Company::new();
    company.hire("Ann Ash").title = "Head of Support".to_owned();
    company.import().done();
    company.sync();
    company.approve_all("maria").done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::Admin);
    company.person("Ann Ash").title = "Agent".to_owned();
    company.looks();
    company.apply().done();
    assert_eq!(company.desk.user(&email("Ann Ash")).role, Role::BasicAgent);
}

#[test]
fn m8_who_is_on_leave_is_shut_out_where_the_policy_says_so_and_gets_the_same_back() {
    let mut company = with("joiner:", "leave: suspend\n    joiner:");
    company.hire("Ann Ash").title = "Team Lead".to_owned();
    company.settle();
    let before = company.desk.user(&email("Ann Ash"));
    let away = |from: Date, back: Date| {
        let (from, back) = ([("Ann Ash", from.to_string())], [("Ann Ash", back.to_string())]);
        import_with(&company, &[("leave_start", &from), ("leave_return", &back)]).done();
    };
    away(day(5), day(20));
    assert!(company.plan().operations().is_empty());
    assert_eq!(
        upcoming(&company, "Ann Ash"),
        [
            "- goes on leave",
            "support goes on leave: is shut out",
            "- is back from leave",
            "support is back from leave: agent again",
        ]
    );
    away(day(-1), day(20));
    company.apply().done();
    assert!(!company.desk.lets_in(&before.email));
    away(day(-9), day(-1));
    company.apply().waits().says("letting an account in again needs a named person's approval");
    company.approve_all("maria").done();
    let after = company.desk.user(&before.email);
    assert_eq!((after.id, after.role, after.is_active()), (before.id, Role::Agent, true));
}

#[test]
fn m11_a_role_set_in_the_app_is_adopted_put_back_or_excepted_until_a_date() {
    let company = Company::where_work(["Ann Ash"]);
    let ann = company.desk.user(&email("Ann Ash"));
    let set = |role: Role| {
        company.desk.sim.edit_user(ann.id, |user| user.role = role).unwrap();
        company.sync().says("muster access except");
    };
    // Until a date.
    set(Role::LiteAgent);
    let account = format!("support/{}", ann.id);
    let until = day(10).to_string();
    let words = ["access", "except", &account, "--until", &until, "--reason", "on probation"];
    company.muster(words).done();
    company.unchanged_by(|| company.apply().done());
    assert!(company.gaps().is_empty());
    assert_eq!(upcoming(&company, "Ann Ash"), ["support changes from lite-agent to basic-agent"]);
    company.muster(["why", &account]).done().says("on probation");
    company.muster(["access", "revoke", "ord_"]).done();
    // Put back.
    company.apply().done();
    assert_eq!(company.desk.user(&ann.email).role, Role::BasicAgent);
    // Adopted.
    set(Role::Agent);
    company.muster(["access", "grant", "Ann Ash", "support", "agent", "--reason", "earned"]).done();
    company.unchanged_by(|| company.apply().done());
    assert_eq!(company.desk.user(&ann.email).role, Role::Agent);
}

#[test]
fn s5_what_comes_is_told_by_the_clock_where_the_person_is_and_by_ours() {
    let places = "domains: [acme.example], places: {Tokyo: {time_zone: Asia/Tokyo}}";
    let mut company = with("domains: [acme.example]", places);
    company.hire("Ann Ash");
    company.settle();
    company.person("Ann Ash").leaves(day(10));
    import_with(&company, &[("location", &[("Ann Ash", "Tokyo".to_owned())])]).done();
    let said = company.muster(["upcoming"]).done();
    said.says(&format!("{} 09:00 UTC", day(10))).says(&format!("{} 18:00 JST", day(10)));
    let on = day(10);
    assert!(plan_at(&company, &format!("{on} 08:59")).operations().is_empty());
    assert_eq!(plan_at(&company, &format!("{on} 09:00")).operations(), ["deactivate Ann Ash"]);
    // Moved home again, the day is the same and the hour is ours.
    import_with(&company, &[("location", &[("Ann Ash", "Berlin".to_owned())])]).done();
    assert!(plan_at(&company, &format!("{on} 17:59")).operations().is_empty());
    assert_eq!(plan_at(&company, &format!("{on} 18:00")).operations(), ["deactivate Ann Ash"]);
}

#[test]
fn l1_a_person_has_a_last_day_and_each_app_says_when_on_it_access_ends() {
    let mut company = with("at: \"18:00\"", "at: \"12:30\"");
    company.hire("Ann Ash");
    company.settle();
    company.person("Ann Ash").leaves(day(10));
    company.looks();
    let last = day(10);
    for words in [vec!["people", "show", "Ann Ash"], vec!["upcoming"]] {
        let said = company.muster(words).done();
        said.does_not_say("18:00").says(&format!("{last} 12:30 UTC")).says("loses access");
    }
    company.muster(["people", "show", "Ann Ash"]).done().says(&format!("leaves {last}\n"));
    company.muster(["people", "list"]).done().says(&format!("leaves {last}")).does_not_say(":00");
}

#[test]
fn l18_what_was_granted_in_an_earlier_job_is_shown_as_not_in_force() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.muster(["access", "grant", "Ann Ash", "support", "agent", "--reason", "audit"]).done();
    company.muster(["access", "list"]).done().does_not_say("not in force");
    company.person("Ann Ash").leaves(day(-1));
    company.looks();
    let earlier = || {
        company.muster(["access", "list"]).done().says("audit").says("not in force");
        company.muster(["people", "show", "Ann Ash"]).done().says("not in force");
        let listed = company.muster(["access", "list", "--json"]).done().json();
        assert_eq!(listed[0]["standing"], "of_earlier_job");
    };
    earlier();
    let start = day(0).to_string();
    let job = ["--department", "Support", "--title", "Agent", "--yes"];
    let words = ["people", "rehire", "Ann Ash", "--start", &start];
    company.muster(words.into_iter().chain(job)).done();
    earlier();
    company.unchanged_by(|| company.apply());
    company.muster(["offboard", "Ann Ash"]).waits().does_not_say("audit");
}

#[test]
fn l1_dates_that_contradict_each_other_are_shown_and_the_earlier_counts() {
    let mut company = Company::where_work(["Ann Ash"]);
    company.person("Ann Ash").leaves(day(20));
    import_with(&company, &[("end_date", &[("Ann Ash", day(10).to_string())])]).done();
    assert_eq!(company.gaps(), ["date_conflict ann.ash@acme.example"]);
    company.muster(["upcoming", "--until", "3 weeks"]).done().says(&format!("{} 18:00", day(10)));
    assert_eq!(company.plan_at(day(11)).operations(), ["deactivate Ann Ash"]);
    company.muster(["upcoming", "--until", "soon"]).refused(["is not a time"]);
    let far = ["upcoming", "--until", "9999-12-31"];
    company.muster(far).refused(["too far away; the latest day is 9999-12-30"]);
    company.muster(["upcoming", "--until", "1 day"]).done().says("Nothing until");
}
