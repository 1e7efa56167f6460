//! A list of rows, and its two forms for machines: JSON and CSV, which say the same.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::engine::redact;

/// Rows under headings.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    headings: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

/// What begins a formula, or makes a spreadsheet look behind it for one.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

impl Sheet {
    /// A sheet without rows.
    #[must_use]
    pub const fn new(headings: &'static [&'static str]) -> Self {
        Self { headings, rows: Vec::new() }
    }

    /// Adds a row, a value under each heading.
    pub fn push(&mut self, row: Vec<Value>) {
        self.rows.push(row);
    }

    /// Takes every text out that holds one of `marks`.
    pub fn scrub(&mut self, marks: &BTreeSet<String>) {
        for cell in self.rows.iter_mut().flatten() {
            redact::scrub(cell, marks);
        }
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As JSON: a list of objects, a row a line.
    #[must_use]
    pub fn json(&self) -> String {
        let object = |row: &Vec<Value>| {
            let cells = self.headings.iter().zip(row);
            let cells: Map<String, Value> =
                cells.map(|(heading, cell)| ((*heading).to_owned(), cell.clone())).collect();
            Value::Object(cells).to_string()
        };
        let rows: Vec<String> = self.rows.iter().map(object).collect();
        if rows.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", rows.join(",\n")) }
    }

    /// As CSV (RFC 4180) with every cell in quotes. What a spreadsheet could take for a formula has
    /// an apostrophe before it: names and logins come from outside.
    #[must_use]
    pub fn csv(&self) -> String {
        let line = |cells: Vec<String>| {
            let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
            format!("{}\r\n", cells.join(","))
        };
        let mut text = line(self.headings.iter().map(|heading| (*heading).to_owned()).collect());
        for row in &self.rows {
            text += &line(row.iter().map(in_cell).collect());
        }
        text
    }
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

    #[test]
    fn both_forms_say_the_same() {
        let mut sheet = Sheet::new(&["name", "count", "list"]);
        assert_eq!((sheet.json().as_str(), sheet.is_empty()), ("[]\n", true));
        sheet.push(vec![json!("a \"b\",\nc"), json!(3), Value::Null]);
        let back: Value = serde_json::from_str(&sheet.json()).unwrap();
        assert_eq!(back, json!([{ "name": "a \"b\",\nc", "count": 3, "list": null }]));
        assert_eq!(
            sheet.csv(),
            "\"name\",\"count\",\"list\"\r\n\"a \"\"b\"\",\nc\",\"3\",\"\"\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1"] {
            let mut sheet = Sheet::new(&["x"]);
            sheet.push(vec![json!(evil)]);
            let cell = sheet.csv().lines().skip(1).collect::<Vec<_>>().join("\n");
            assert!(cell.starts_with("\"'"), "{evil:?} became {cell:?}");
        }
        let mut sheet = Sheet::new(&["x"]);
        sheet.push(vec![json!("a=b")]);
        assert!(sheet.csv().ends_with("\"a=b\"\r\n"));
    }
}
