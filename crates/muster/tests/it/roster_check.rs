//! `muster roster check`: all there is to say of a file, without a home.

use crate::{company::Company, desk::obliging, terminal::Said};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/rosters");

fn check(company: &Company, words: &[&str]) -> Said {
    let said = company.muster(["roster", "check"].iter().chain(words));
    assert!(!company.terminal.home.exists(), "a home was made");
    said
}

fn example(name: &str) -> String {
    format!("{EXAMPLES}/{name}")
}

#[test]
fn a_roster_that_can_be_believed_is_said_to_be() {
    let company = Company::bare(obliging());
    let said = check(&company, &[&example("personio/acme.csv"), "--domain", "acme.example"]).done();
    for text in [
        "acme.csv",
        "Personio (personio)",
        "UTF-8 with mark, semicolons, headings in row 1",
        "day/month/year, as the values show",
        "28 people with 28 engagements in 28 rows: 23 active, 2 ended, 1 on leave, 2 pending",
        "Einstellungsdatum   start_date",
        "row 17, Kündigungsdatum",
        "Would be believed; look at the warnings.",
    ] {
        assert!(said.out.contains(text), "{text:?} is missing in:\n{}", said.out);
    }
    assert_eq!(said.err, "");
}

#[test]
fn a_roster_that_would_be_refused_is_refused_with_everything_at_once() {
    let company = Company::bare(obliging());
    for format in muster_sources::formats() {
        let file = example(&format!("{}/broken.csv", format.name));
        let said = check(&company, &[&file]).refused(["would be refused whole", "problem"]);
        let problems = said.out.split(" problems\n").nth(1).unwrap().lines();
        assert!(problems.count() >= 5, "{}", said.out);
        let value = check(&company, &[&file, "--json"]).json();
        assert_eq!(value["format"], format.name);
        assert_eq!(value["refused"], true);
        let first = &value["problems"][0];
        assert!(first["message"].is_string() && first["kind"].is_string(), "{first}");
    }
}

#[test]
fn what_it_says_for_programs_names_columns_counts_and_places() {
    let company = Company::bare(obliging());
    let value = check(&company, &[&example("hibob/acme.csv"), "--json"]).done().json();
    assert_eq!(value["name"], "acme.csv");
    assert_eq!(value["refused"], false);
    assert_eq!(value["file"]["encoding"], "UTF-8 with mark");
    assert_eq!(value["file"]["delimiter"], ",");
    assert_eq!(value["columns"][0]["read_as"][0], "source_id");
    assert_eq!(value["dates"]["order"], "dmy");
    assert_eq!(value["counts"]["people"], 28);
    assert_eq!(value["counts"]["by_status"]["on_leave"], 2);
    let warning = &value["warnings"][1];
    assert_eq!((&warning["rows"][0], &warning["column"]), (&26.into(), &"Email".into()));
}

#[test]
fn its_options_are_those_of_an_import() {
    let company = Company::bare(obliging());
    let text = "Staff no,Who,Since,State\n7,\"Sá, Ana\",03/04/2025,dabei\n";
    let file = company.write("own.csv", text);
    check(&company, &[&file]).refused(["would be refused whole"]).says("--map column=field");
    let said = check(
        &company,
        &[
            &file,
            "--map",
            "Staff no=source_id",
            "--map",
            "Who=display_name",
            "--map",
            "Since=start_date",
            "--map",
            "State=status",
            "--dates",
            "dmy",
            "--status",
            "dabei=active",
        ],
    );
    said.done().says("1 person with 1 engagement in 1 row: 1 active; 1 without an address at work");
    check(&company, &[&file, "--format", "sap"]).refused(["refused"]).says("use --format with one");
    check(&company, &["none.csv"]).refused(["cannot read none.csv"]);
    let json = check(&company, &[&example("workday/report.json")]).done();
    json.says("JSON, UTF-8").says("Workday (workday)");
    check(&company, &[&example("rippling/one-page-of-several.json")])
        .refused(["refused whole"])
        .says("one page of several");
}
