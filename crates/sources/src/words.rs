//! Loose comparison of headings, words and names: what differs only in case, blanks, punctuation,
//! camel case or Unicode composition is the same.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The words of a text, in lower case: `Hire-Date`, `hireDate` and `HIRE DATE` give the same.
/// `#`, `No.` and `Nr` are read as "number", `e-mail` as "email".
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in text.nfc() {
        if !c.is_alphanumeric() || (after_lower && c.is_uppercase()) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if c == '#' {
                words.push("number".to_owned());
            }
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        match (joined.last_mut(), word.as_str()) {
            (Some(last), "mail") if last == "e" => "email".clone_into(last),
            (_, "no" | "nr") => joined.push("number".to_owned()),
            _ => joined.push(word),
        }
    }
    joined
}

/// The key of a heading: its words, in whatever order.
pub(crate) fn heading_key(text: &str) -> String {
    let mut words = words(text);
    words.sort();
    words.join(" ")
}

/// The key of a status or kind: its words, in order. "No" stays "no".
pub(crate) fn word_key(text: &str) -> String {
    let folded = fold(text);
    let parts = folded.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// The key of a person's name: Unicode NFC, lower case, single blanks.
pub(crate) fn name_key(text: &str) -> String {
    fold(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// Whether two texts are the same after Unicode normalisation.
pub(crate) fn same_text(a: &str, b: &str) -> bool {
    a == b || (!(is_nfc(a) && is_nfc(b)) && a.nfc().eq(b.nfc()))
}

/// "Last, First" as "First Last". A text with no comma, several, or a title or suffix after it is
/// left alone: turning "Ng, PhD" round would be wrong.
pub(crate) fn turned_round(name: &str) -> Cow<'_, str> {
    const SUFFIXES: &[&str] =
        &["jr", "sr", "ii", "iii", "iv", "phd", "ph d", "md", "m d", "esq", "cpa", "mba", "dr"];
    let Some((last, first)) = name.split_once([',', '，']) else { return name.into() };
    let (last, first) = (last.trim(), first.trim());
    let several = first.contains(',');
    if several || last.is_empty() || first.is_empty() || SUFFIXES.contains(&&*word_key(first)) {
        return name.into();
    }
    format!("{first} {last}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_compared_loosely() {
        for (a, b) in [
            ("Employee #", "employeeNumber"),
            ("Employee No.", "EMPLOYEE NUMBER"),
            ("E-Mail", "email"),
            ("Preferred Or Chosen First Name", "First Name (preferred or chosen)"),
            ("associateOID", "Associate_OID"),
            ("Hire\nDate", "Date: Hire"),
            ("Ku\u{308}ndigungsdatum", "Kündigungsdatum"),
        ] {
            assert_eq!(heading_key(a), heading_key(b), "{a} {b}");
        }
        assert_ne!(heading_key("Hire Date"), heading_key("Rehire Date"));
    }

    #[test]
    fn names_are_turned_round_where_that_is_certain() {
        let cases = ["Okafor, Adaeze N", "Núñez de Vega, Ana", "Prince", "Ng, PhD", "Li, Jr., Bo"];
        let turned: Vec<_> = cases.iter().map(|name| turned_round(name)).collect();
        assert_eq!(
            turned,
            ["Adaeze N Okafor", "Ana Núñez de Vega", "Prince", "Ng, PhD", "Li, Jr., Bo"]
        );
    }
}
