//! Files that one can read in one go. Clippy holds the length of functions.

use super::{Source, code::test_lines};

/// Lines of a file of code, its tests aside.
const LINES: usize = 600;

/// A file that is too long.
pub(crate) fn lines(source: &Source) -> Vec<String> {
    if !source.is_product() {
        return Vec::new();
    }
    let count = test_lines(&source.text).iter().filter(|test| !**test).count();
    if count <= LINES {
        return Vec::new();
    }
    vec![format!("{}: {count} lines, {LINES} at most: split it", source.path)]
}

#[test]
fn a_long_file_is_found_and_its_tests_do_not_count() {
    let long = "fn f() {}\n".repeat(LINES + 1);
    let check = |path, text: &str| lines(&Source::new(path, text)).len();
    assert_eq!(check("crates/muster/src/x.rs", &long), 1);
    assert_eq!(check("crates/muster/src/x/tests.rs", &long), 0);
    assert_eq!(check("crates/muster/tests/it/x.rs", &long), 0);
    let enough = "fn f() {}\n".repeat(LINES);
    assert_eq!(check("crates/muster/src/x.rs", &enough), 0);
    let tested = format!("{enough}#[cfg(test)]\nmod tests {{\n{}}}\n", "    // x\n".repeat(90));
    assert_eq!(check("crates/muster/src/x.rs", &tested), 0);
    let before = format!("#[cfg(test)]\nmod tests {{\n{}}}\n{enough}", "    // x\n".repeat(90));
    assert_eq!(check("crates/muster/src/x.rs", &before), 0);
}
