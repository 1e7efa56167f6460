//! A list of rows, and its two forms for machines: JSON and CSV, which say the same. A row is
//! written as soon as it is known, so that a list of any length needs the memory of one row.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::engine::redact;

/// The headings of a list, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    headings: &'static [&'static str],
    rows: usize,
}

/// What begins a formula, or makes a spreadsheet look behind it for one.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The next piece of a list in each form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As JSON: a list of objects, a row a line.
    pub json: String,
    /// As CSV (RFC 4180) with every cell in quotes. What a spreadsheet could take for a formula has
    /// an apostrophe before it: names and logins come from outside.
    pub csv: String,
}

impl Sheet {
    /// A sheet without rows.
    #[must_use]
    pub const fn new(headings: &'static [&'static str]) -> Self {
        Self { headings, rows: 0 }
    }

    /// What stands before the first row.
    #[must_use]
    pub fn head(&self) -> Piece {
        let headings = self.headings.iter().map(|heading| quoted(heading)).collect();
        Piece { json: "[".to_owned(), csv: line(headings) }
    }

    /// Adds a row, a value under each heading. Every text that holds one of `marks` is taken out.
    pub fn row(&mut self, mut row: Vec<Value>, marks: &BTreeSet<String>) -> Piece {
        for cell in &mut row {
            redact::scrub(cell, marks);
        }
        let csv = line(row.iter().map(|cell| quoted(&in_cell(cell))).collect());
        let cells = self.headings.iter().map(|heading| (*heading).to_owned()).zip(row);
        let object = Value::Object(cells.collect::<Map<String, Value>>());
        let before = if self.rows == 0 { "" } else { "," };
        self.rows += 1;
        Piece { json: format!("{before}\n{object}"), csv }
    }

    /// What stands after the last row.
    #[must_use]
    pub fn foot(&self) -> Piece {
        let json = if self.rows == 0 { "]\n" } else { "\n]\n" };
        Piece { json: json.to_owned(), csv: String::new() }
    }

    /// How many rows there are.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }
}

fn line(cells: Vec<String>) -> String {
    format!("{}\r\n", cells.join(","))
}

fn in_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn quoted(cell: &str) -> String {
    // Some programs trim before they look.
    let first = cell.trim_start_matches([' ', '\n', '\u{a0}']).chars().next();
    let harmful = first.is_some_and(|first| FORMULA.contains(&first));
    let guard = if harmful { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole(headings: &'static [&'static str], rows: Vec<Vec<Value>>) -> Piece {
        let mut sheet = Sheet::new(headings);
        let mut pieces = vec![sheet.head()];
        pieces.extend(rows.into_iter().map(|row| sheet.row(row, &BTreeSet::new())));
        pieces.push(sheet.foot());
        let json = pieces.iter().map(|piece| piece.json.as_str()).collect();
        Piece { json, csv: pieces.into_iter().map(|piece| piece.csv).collect() }
    }

    #[test]
    fn both_forms_say_the_same() {
        const HEADINGS: &[&str] = &["name", "count", "list"];
        assert_eq!(whole(HEADINGS, Vec::new()).json, "[]\n");
        let row = vec![json!("a \"b\",\nc"), json!(3), Value::Null];
        let told = whole(HEADINGS, vec![row.clone(), row]);
        let back: Value = serde_json::from_str(&told.json).unwrap();
        let object = json!({ "name": "a \"b\",\nc", "count": 3, "list": null });
        assert_eq!(back, json!([object, object]));
        let line = "\"a \"\"b\"\",\nc\",\"3\",\"\"\r\n";
        assert_eq!(told.csv, format!("\"name\",\"count\",\"list\"\r\n{line}{line}"));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1"] {
            let csv = whole(&["x"], vec![vec![json!(evil)]]).csv;
            let cell = csv.lines().skip(1).collect::<Vec<_>>().join("\n");
            assert!(cell.starts_with("\"'"), "{evil:?} became {cell:?}");
        }
        assert!(whole(&["x"], vec![vec![json!("a=b")]]).csv.ends_with("\"a=b\"\r\n"));
    }

    #[test]
    fn what_was_taken_out_stays_out() {
        let marks = BTreeSet::from(["Ann Ash".to_owned()]);
        let piece = Sheet::new(&["x"]).row(vec![json!("by Ann Ash")], &marks);
        assert!(!piece.json.contains("Ann") && !piece.csv.contains("Ann"), "{piece:?}");
    }
}
