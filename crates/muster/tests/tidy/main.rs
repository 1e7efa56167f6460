//! Keeps the house tidy: what `CONTRIBUTING.md` says of its floors, sizes, lists and documents,
//! held by a machine.
//!
//! Each check is a function from a file's path and text to faults, and has tests which show that
//! it can fail. Here they are run over the whole repository. Not covered: what macros and
//! `include!` bring in.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod code;
mod decisions;
mod floors;
mod guide;
mod lists;
mod size;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file of the repository.
pub(crate) struct Source {
    /// Its path from the repository's root, with slashes.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl Source {
    /// A file as a test of a check needs it.
    #[must_use]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether it is Rust that goes into a program, and not a test of it.
    #[must_use]
    pub(crate) fn is_product(&self) -> bool {
        self.path.ends_with(".rs")
            && self.path.contains("/src/")
            && !self.path.ends_with("/tests.rs")
            && !self.path.contains("/tests/")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file that people wrote, in order of its path.
pub(crate) fn repository() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 50, "only {} files: is this the repository?", found.len());
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && ![".ci", ".config"].contains(&name.as_str());
        if path.is_dir() {
            // A build's output, wherever it was sent.
            let built =
                name == "target" || name == "node_modules" || path.join("CACHEDIR.TAG").exists();
            if !hidden && !built && name != "proptest-regressions" {
                collect(root, &path, found);
            }
            continue;
        }
        if hidden && name != ".gitignore" || name == "Cargo.lock" {
            continue;
        }
        // What is not text (a spreadsheet, a file in an old encoding) has nothing to check.
        if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

/// Fails with every fault that `check` finds in the repository.
pub(crate) fn hold(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{} faults:\n{}\n", faults.len(), faults.join("\n"));
}

fn each(check: impl Fn(&Source) -> Vec<String>) {
    hold(repository().iter().flat_map(check).collect());
}

#[test]
fn imports_point_down_only() {
    each(floors::imports);
}

#[test]
fn pure_crates_do_no_io() {
    each(floors::purity);
}

#[test]
fn manifests_keep_the_walls() {
    each(floors::manifest);
}

#[test]
fn libraries_stay_in_their_rooms() {
    each(floors::rooms);
}

#[test]
fn files_are_short() {
    each(size::lines);
}

#[test]
fn nothing_is_left_undone() {
    each(words::unfinished);
}

#[test]
fn nothing_names_somebodys_machine() {
    each(words::machine);
}

#[test]
fn every_file_of_code_is_compiled() {
    hold(lists::orphans(&repository()));
}

#[test]
fn every_connector_and_format_is_listed() {
    hold(lists::unlisted(&repository()));
}

#[test]
fn decisions_are_numbered_and_linked() {
    hold(decisions::faults(&repository()));
}

#[test]
fn links_between_documents_lead_somewhere() {
    hold(decisions::dead_links(&repository()));
}
