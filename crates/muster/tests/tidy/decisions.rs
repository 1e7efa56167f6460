//! Documents: decisions are numbered, listed and of one form; links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::Source;

const FOLDER: &str = "docs/decisions/";

/// The parts of every decision.
const PARTS: &[&str] = &["## Context", "## Decision", "## Consequences"];

/// What is wrong with the decisions.
pub(crate) fn faults(sources: &[Source]) -> Vec<String> {
    let inside = |source: &&Source| source.path.starts_with(FOLDER);
    let index = sources.iter().find(|source| source.path == format!("{FOLDER}README.md"));
    let index = index.map_or("", |source| source.text.as_str());
    let mut found = Vec::new();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for source in sources.iter().filter(inside) {
        let path = source.path.as_str();
        let name = path.strip_prefix(FOLDER).unwrap_or_default();
        if name == "README.md" {
            continue;
        }
        let number = name.split('-').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            found.push(format!("{path}: a decision is called NNNN-title.md"));
            continue;
        }
        if let Some(other) = numbers.insert(number, path) {
            found.push(format!("{path}: {other} has the same number"));
        }
        if !index.contains(&format!("]({name})")) {
            found.push(format!("{path}: not linked from {FOLDER}README.md"));
        }
        if !source.text.starts_with(&format!("# {number} ")) {
            found.push(format!("{path}: begins with \"# {number} \" and its title"));
        }
        for part in PARTS.iter().filter(|part| !source.text.contains(*part)) {
            found.push(format!("{path}: has no \"{part}\""));
        }
    }
    found
}

/// Links from one document to a file that is not there.
pub(crate) fn dead_links(sources: &[Source]) -> Vec<String> {
    let mut there: BTreeSet<String> = BTreeSet::new();
    for source in sources {
        let mut path = source.path.as_str();
        there.insert(path.to_owned());
        while let Some((folder, _)) = path.rsplit_once('/') {
            there.insert(folder.to_owned());
            path = folder;
        }
    }
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        for target in links(&source.text) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://") || file.starts_with("mailto:");
            if !elsewhere && !there.contains(&resolve(&source.path, file)) {
                found.push(format!("{}: leads nowhere: {target}", source.path));
            }
        }
    }
    found
}

/// The targets of `[text](target)`.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn a_decision_out_of_order_is_found() {
    let good = "# 0001 Title\n## Context\n## Decision\n## Consequences\n";
    let index = Source::new("docs/decisions/README.md", "[a](0001-a.md) [b](0002-b.md)");
    let check = |name: &str, text: &str| {
        let index = Source::new(&index.path, &index.text);
        let first = Source::new("docs/decisions/0001-a.md", good);
        faults(&[index, first, Source::new(&format!("docs/decisions/{name}"), text)])
    };
    assert!(check("0002-b.md", &good.replace("0001", "0002")).is_empty());
    assert_eq!(check("0001-b.md", good).len(), 2, "same number, not linked");
    assert_eq!(check("0003-c.md", &good.replace("0001", "0003")).len(), 1, "not linked");
    assert_eq!(check("0002-b.md", "# 0002 Title\n## Context\n## Decision\n").len(), 1);
    assert_eq!(check("0002-b.md", good).len(), 1, "another title");
    assert_eq!(check("notes.md", good).len(), 1, "no number");
}

#[test]
fn a_dead_link_is_found() {
    let sources = [
        Source::new("README.md", "[a](docs/a.md) [b](docs/b.md) [c](https://x) [d](#d) [e](docs)"),
        Source::new("docs/a.md", "[up](../README.md#x) [gone](./b.md)"),
    ];
    assert_eq!(
        dead_links(&sources),
        ["README.md: leads nowhere: docs/b.md", "docs/a.md: leads nowhere: ./b.md"]
    );
}
