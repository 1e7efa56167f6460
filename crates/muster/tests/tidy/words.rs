//! Words that must not be left behind.

use super::{
    Source,
    code::{code_of, line_of, places_of},
};

/// Marks of unfinished work, put together so that this file does not contain them.
const UNFINISHED: &[&str] = &[
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("dbg", "!"),
    concat!("#[", "ignore]"),
    concat!("#[", "allow("),
    concat!("#![", "allow("),
];

/// Beginnings of paths that exist on one machine only.
const MACHINE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/tmp/ba", "sh"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
];

/// Code that is not finished, or silences a lint for good.
pub(crate) fn unfinished(source: &Source) -> Vec<String> {
    if !source.path.ends_with(".rs") {
        return Vec::new();
    }
    let code = code_of(&source.text);
    let mut found = Vec::new();
    for word in UNFINISHED {
        for at in places_of(&code, word) {
            found.push(format!("{}:{}: {word}", source.path, line_of(&code, at)));
        }
    }
    found
}

/// A path that means something on one machine only.
pub(crate) fn machine(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for word in MACHINE {
        for (at, _) in source.text.match_indices(word) {
            // Behind a letter it is a part of something else, such as an address.
            let before = source.text.get(..at).and_then(|text| text.chars().next_back());
            if !before.is_some_and(|c| c.is_alphanumeric() || "._-}~".contains(c)) {
                found.push(format!("{}:{}: {word}…", source.path, line_of(&source.text, at)));
            }
        }
    }
    found
}

#[test]
fn unfinished_work_is_found() {
    let check = |text: &str| unfinished(&Source::new("crates/x/src/x.rs", text)).len();
    for word in UNFINISHED {
        assert_eq!(check(&format!("fn f() {{ {word}() }}")), 1, "{word}");
        assert_eq!(check(&format!("// {word}()")), 0, "{word}");
    }
    assert_eq!(check("fn todos() { allow(1) }"), 0);
}

#[test]
fn a_path_of_one_machine_is_found() {
    let check = |text: &str| machine(&Source::new("docs/x.md", text)).len();
    for word in MACHINE {
        assert_eq!(check(&format!("see {word}x")), 1, "{word}");
        assert_eq!(check(&format!("https://example.org{word}x")), 0, "{word}");
    }
    assert_eq!(check("/usr/lib/postgresql and /api/users/"), 0);
}
