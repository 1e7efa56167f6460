//! The guide says what the code does: its tables are checked against the lists in the code.

use muster_domain::{
    engine::{
        condition,
        gaps::GapKind,
        merge::Doubt,
        policy_file::{self, KnownConnector},
    },
    model::{operation::RunState, roster::Field},
};

use super::{Source, hold, repository};

fn page<'a>(sources: &'a [Source], path: &str) -> &'a str {
    let found = sources.iter().find(|source| source.path == path);
    &found.unwrap_or_else(|| panic!("{path} is not there")).text
}

/// The words that stand nowhere in `page` as code.
fn missing<'a>(page: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let unsaid = |word: &&str| !page.contains(&format!("`{word}`"));
    words.into_iter().filter(unsaid).map(str::to_owned).collect()
}

/// The words that an enum of the domain is written with: `Self::Variant => "word"`, or with fields.
fn words_of(code: &str, name: &str) -> Vec<String> {
    let start = format!("impl {name} {{");
    let body = code.split(&start).nth(1).and_then(|rest| rest.split("fn word").nth(1));
    let body = body.and_then(|rest| rest.split("\n    }\n").next()).unwrap_or_default();
    let words: Vec<_> = body
        .split("=> \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect();
    assert!(!words.is_empty(), "{name} has no words");
    words
}

/// The fenced blocks of YAML that are whole policies.
fn policies(page: &str) -> Vec<&str> {
    page.split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.contains("organization:"))
        .collect()
}

#[test]
fn every_field_of_a_roster_is_explained() {
    let sources = repository();
    let page = page(&sources, "docs/guide/roster.md");
    let line = |field: &Field| format!("| `{}` | {} |", field.word(), field.meaning());
    let unsaid = Field::ALL.iter().map(line).filter(|line| !page.contains(line.as_str()));
    hold(unsaid.map(|line| format!("docs/guide/roster.md lacks: {line}")).collect());
}

#[test]
fn every_format_and_doubt_is_explained() {
    let sources = repository();
    let page = page(&sources, "docs/guide/roster.md");
    hold(missing(page, muster_sources::formats().iter().map(|format| format.name)));
    hold(missing(page, Doubt::ALL.iter().map(|doubt| doubt.word())));
}

#[test]
fn every_hold_action_and_state_is_explained() {
    let sources = repository();
    let safety = page(&sources, "docs/guide/safety.md");
    let plan = page(&sources, "crates/domain/src/model/plan.rs");
    let mut words = words_of(plan, "HoldKind");
    words.extend(words_of(plan, "Action"));
    words.extend(GapKind::ALL.iter().map(|kind| kind.word().to_owned()));
    words.extend(RunState::ALL.iter().map(|state| state.word().to_owned()));
    hold(missing(safety, words.iter().map(String::as_str)));
}

#[test]
fn every_connector_has_a_page() {
    let sources = repository();
    for app in muster::connectors::ALL {
        let page = page(&sources, &format!("docs/guide/{}.md", app.name));
        hold(missing(page, app.roles.iter().copied()));
    }
}

#[test]
fn the_page_on_checks_is_the_one_that_the_checks_make() {
    let sources = repository();
    let page = page(&sources, "docs/guide/checks.md");
    let made = muster_domain::engine::checks::markdown();
    let made = format!("{}\n", made.trim_end());
    assert_eq!(page, made, "renew it: muster check docs > docs/guide/checks.md");
}

#[test]
fn every_field_of_a_condition_is_explained() {
    let sources = repository();
    let page = page(&sources, "docs/guide/policy.md");
    hold(missing(page, condition::FIELDS.iter().map(|(field, _)| *field)));
}

#[test]
fn every_policy_in_the_guide_is_valid() {
    let known: Vec<_> = muster::connectors::ALL
        .iter()
        .map(|app| KnownConnector { name: app.name, roles: app.roles.to_vec() })
        .collect();
    let sources = repository();
    let mut count = 0;
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        for text in policies(&source.text) {
            count += 1;
            let problems = policy_file::read(text, &known).err().unwrap_or_default();
            let path = &source.path;
            hold(problems.iter().map(|problem| format!("{path}: {problem}")).collect());
        }
    }
    assert!(count >= 2, "only {count} policies");
}

#[test]
fn what_the_guide_does_not_say_is_found() {
    assert_eq!(missing("| `full` | x |", ["full", "active"]), ["active"]);
    let code = "impl Kind {\n    const fn word(self) -> &'static str {\n        match self {\n            Self::A => \"a\",\n            Self::B { .. } => \"b\",\n        }\n    }\n}";
    assert_eq!(words_of(code, "Kind"), ["a", "b"]);
    assert_eq!(
        policies("```yaml\norganization: {}\n```\n```yaml\nx: 1\n```"),
        ["organization: {}\n"]
    );
}

/// The rows that the page of situations must have: every one has a name by which people call it.
fn rows() -> Vec<String> {
    let numbered = |letter: char, last: u32| (1..=last).map(move |n| format!("{letter}{n}"));
    let all = numbered('J', 14).chain(numbered('M', 11)).chain(numbered('L', 24));
    all.chain(numbered('S', 6)).chain(["L11a".to_owned()]).collect()
}

#[test]
fn every_situation_names_the_tests_that_hold_it() {
    let sources = repository();
    let page = page(&sources, "docs/guide/situations.md");
    let tests: String = sources
        .iter()
        .filter(|source| source.path.starts_with("crates/") && source.path.contains("/tests/"))
        .map(|source| source.text.as_str())
        .collect();
    let mut faults = Vec::new();
    for row in rows() {
        let Some(line) = page.lines().find(|line| line.starts_with(&format!("| {row} |"))) else {
            faults.push(format!("docs/guide/situations.md lacks {row}"));
            continue;
        };
        let named: Vec<&str> = line
            .split('`')
            .filter(|word| word.contains(&format!("{}_", row.to_lowercase())))
            .collect();
        if named.is_empty() {
            faults.push(format!("docs/guide/situations.md: {row} names no test"));
        }
        let missing = named.iter().filter(|name| !tests.contains(&format!("fn {name}(")));
        faults.extend(missing.map(|name| format!("there is no test {name}, which {row} names")));
    }
    hold(faults);
}
