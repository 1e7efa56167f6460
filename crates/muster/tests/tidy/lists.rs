//! Lists: what lies in a folder stands in the list beside it.

use std::collections::BTreeSet;

use super::{
    Source,
    code::{code_of, places_of},
};

/// The folder of each list, the file that holds it, and what an entry looks like.
struct List {
    folder: &'static str,
    file: &'static str,
    entry: &'static str,
}

const LISTS: &[List] = &[
    List {
        folder: "crates/muster/src/connectors/",
        file: "crates/muster/src/connectors/mod.rs",
        entry: "&NAME::APP",
    },
    List {
        folder: "crates/sources/src/formats/",
        file: "crates/sources/src/formats/mod.rs",
        entry: "NAME::FORMAT",
    },
];

/// Connectors and formats that nobody listed.
pub(crate) fn unlisted(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for list in LISTS {
        let Some(holder) = sources.iter().find(|source| source.path == list.file) else {
            found.push(format!("{} is not there", list.file));
            continue;
        };
        let code = code_of(&holder.text);
        // The list itself, not the tests below it.
        let entries = code.split("ALL: &[").nth(1).and_then(|text| text.split("];").next());
        let entries = entries.unwrap_or_default();
        for name in names_in(sources, list.folder) {
            if places_of(entries, &list.entry.replace("NAME", &name)).is_empty() {
                found.push(format!("{}: {name} is not in ALL", list.file));
            }
        }
    }
    found
}

/// The names of the folders and files right below `folder`.
fn names_in(sources: &[Source], folder: &str) -> BTreeSet<String> {
    sources
        .iter()
        .filter_map(|source| source.path.strip_prefix(folder)?.split('/').next())
        .filter(|name| *name != "mod.rs")
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect()
}

/// Files of code that no other file declares, and that are therefore never compiled.
pub(crate) fn orphans(sources: &[Source]) -> Vec<String> {
    let declares = |parent: &str, name: &str| {
        sources.iter().filter(|source| source.path == parent).any(|source| {
            let code = code_of(&source.text);
            !places_of(&code, &format!("mod {name};")).is_empty()
                // A file that two test binaries share.
                || source.text.contains(&format!("{name}.rs\"]"))
        })
    };
    sources
        .iter()
        .filter(|source| source.path.ends_with(".rs") && source.path.contains("/src/"))
        .filter_map(|source| {
            let (folder, file) = source.path.rsplit_once('/')?;
            let name = file.strip_suffix(".rs")?;
            if folder.ends_with("/src") && ["main", "lib"].contains(&name)
                || folder.ends_with("/bin")
            {
                return None;
            }
            let (holder, name) = match name {
                "mod" => folder.rsplit_once('/')?,
                name => (folder, name),
            };
            let parents = [
                format!("{holder}/mod.rs"),
                format!("{holder}.rs"),
                format!("{holder}/lib.rs"),
                format!("{holder}/main.rs"),
            ];
            let declared = parents.iter().any(|parent| declares(parent, name));
            (!declared).then(|| format!("{}: no file says `mod {name};`", source.path))
        })
        .collect()
}

#[test]
fn what_is_not_listed_is_found() {
    let connectors = "pub mod desk;\npub const ALL: &[&App] = &[&gorgias::APP];\n// &desk::APP";
    let formats = "const ALL: &[Format] = &[muster::FORMAT];\nfn f() { adp::FORMAT }";
    let sources = [
        Source::new("crates/muster/src/connectors/mod.rs", connectors),
        Source::new("crates/muster/src/connectors/gorgias/mod.rs", ""),
        Source::new("crates/muster/src/connectors/gorgias/wire.rs", ""),
        Source::new("crates/muster/src/connectors/desk/mod.rs", ""),
        Source::new("crates/sources/src/formats/mod.rs", formats),
        Source::new("crates/sources/src/formats/muster.rs", ""),
        Source::new("crates/sources/src/formats/adp.rs", ""),
    ];
    assert_eq!(
        unlisted(&sources),
        [
            "crates/muster/src/connectors/mod.rs: desk is not in ALL",
            "crates/sources/src/formats/mod.rs: adp is not in ALL"
        ]
    );
}

#[test]
fn a_file_that_nobody_declares_is_found() {
    let sources = [
        Source::new("crates/x/src/lib.rs", "mod a;\n// mod b;"),
        Source::new("crates/x/src/a.rs", "mod c;"),
        Source::new("crates/x/src/a/c.rs", ""),
        Source::new("crates/x/src/a/d.rs", ""),
        Source::new("crates/x/src/b.rs", ""),
    ];
    let found = orphans(&sources);
    assert_eq!(found.len(), 2, "{found:?}");
}
