//! Pieces of a page for people: text that stays text, and lists that are cut where they get long.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

/// So many rows of a list are printed; the rest is in its file.
pub const PRINTED: usize = 200;

/// What turns the direction of the text around it, or of what follows: a name must not turn what
/// stands beside it.
const TURNS: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// Text as it may stand in HTML, without what cannot be seen or turns the text around it.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => safe.push(' '),
            c if TURNS.contains(&c) => {}
            c => safe.push(c),
        }
    }
    safe
}

/// Text from outside, whose direction is its own matter.
#[must_use]
pub fn isolated(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

/// At most so many letters of a text, with dots where some were left out.
#[must_use]
pub fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A moment as people say it.
#[must_use]
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    escaped(&at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string())
}

/// A list on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    title: &'static str,
    /// What the list is of, in a sentence.
    says: &'static str,
    /// The file with all of it.
    file: &'static str,
    headings: &'static [&'static str],
    rows: Vec<Vec<String>>,
    count: usize,
}

impl Listing {
    /// A list without rows, of what the CSV `file` lists.
    #[must_use]
    pub const fn new(
        (title, says): (&'static str, &'static str),
        file: &'static str,
        headings: &'static [&'static str],
    ) -> Self {
        Self { title, says, file, headings, rows: Vec::new(), count: 0 }
    }

    /// Adds a row, a text under each heading; it is kept while rows are printed.
    pub fn push(&mut self, row: impl FnOnce() -> Vec<String>) {
        self.count += 1;
        if self.rows.len() < PRINTED {
            self.rows.push(row());
        }
    }

    /// The list as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let Self { title, says, file, headings, rows, count } = self;
        let mut text = format!("<h2>{title}: {count}</h2><p>{says}</p>");
        if *count > 0 {
            text += "<table class=\"list\"><thead><tr>";
            for heading in *headings {
                let _ = write!(text, "<th>{heading}</th>");
            }
            text += "</tr></thead><tbody>";
            for row in rows {
                text += "<tr>";
                for cell in row {
                    let _ = write!(text, "<td>{}</td>", isolated(cell));
                }
                text += "</tr>";
            }
            text += "</tbody></table>";
        }
        let more = count.saturating_sub(rows.len());
        if more > 0 {
            let _ = write!(text, "<p><b>{more} more in {file}.csv.</b></p>");
        }
        let _ = writeln!(text, "<p class=\"dim small\">File: {file}.</p>");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_turns_nothing_around_it() {
        let evil = "Ann\u{202e}reganam\u{2067}\u{200f}\n<b>";
        assert_eq!(escaped(evil), "Annreganam &lt;b&gt;");
        assert_eq!(isolated("x"), "<bdi>x</bdi>");
    }

    #[test]
    fn a_long_list_says_how_much_more_there_is() {
        let mut listing = Listing::new(("Decisions", "Words."), "decisions", &["By"]);
        assert!(!listing.html().contains("<table"));
        for n in 0..PRINTED + 3 {
            listing.push(|| vec![format!("somebody {n}")]);
        }
        let html = listing.html();
        assert!(html.contains("Decisions: 203") && html.contains("3 more in decisions.csv"));
        assert!(html.contains("somebody 199<") && !html.contains("somebody 200<"));
    }

    #[test]
    fn a_long_name_is_cut_with_dots() {
        assert_eq!(cut("Ann Ash", 7), "Ann Ash");
        assert_eq!(cut("Ann Ashley", 5), "Ann…");
    }
}
