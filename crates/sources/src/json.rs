//! JSON that an API gave and somebody saved: a list of records becomes rows, with paths such as
//! `work.startDate` for headings. What an answer says of its own completeness is held against it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{
    MAX_COLUMNS, MAX_ROWS,
    problem::{Problem, ProblemKind, Problems},
    table::Records,
};

/// Under which names APIs put their list of people.
const LISTS: &[&str] = &["results", "Report_Entry", "data", "workers", "employees", "values"];
/// Under which names they put what they say of the list.
const ABOUT: &[&str] = &["metadata", "meta", "pagination", "paging", "links", "_links"];
/// Names of the address of a further page; set where there is one.
const NEXT: &[&str] = &["next_link", "next", "nextLink", "next_page", "nextPage", "next_cursor"];
/// Names of the number of people in all pages.
const TOTAL: &[&str] = &["total_elements", "totalNumber", "total", "total_count", "totalCount"];
/// Objects that only wrap others: their name is no part of a path.
const WRAPPERS: &[&str] = &["attributes"];
/// Lists of which every element is a period of work, and so a row.
const PERIODS: &[&str] = &["workAssignments"];
/// Names of flags by which the first among several is told from the others.
const FIRST: &[&str] = &["primary", "primaryIndicator", "is_primary"];

/// The records of a saved answer.
pub(crate) fn records(text: &str, problems: &mut Problems) -> Option<Records> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let message = format!(
                "this looks like JSON but is damaged or cut off ({error}): save the whole answer \
                 again, or export the roster as CSV or .xlsx"
            );
            problems.add(Problem::new(ProblemKind::Unreadable, message));
            return None;
        }
    };
    let Some(list) = list_of(&value) else {
        let message = format!(
            "this is JSON without a list of people: save the whole answer, with its list in one \
             of {}, or export the roster as CSV or .xlsx",
            LISTS.join(", ")
        );
        problems.add(Problem::new(ProblemKind::Unreadable, message));
        return None;
    };
    if let Value::Object(answer) = &value {
        check_whole(answer, list.len(), problems);
    }
    if list.len() > MAX_ROWS {
        let message = format!("more than {MAX_ROWS} records: split the file by legal entity");
        problems.add(Problem::new(ProblemKind::TooLarge, message));
        return None;
    }
    table_of(list, problems)
}

fn list_of(value: &Value) -> Option<&Vec<Value>> {
    let answer = match value {
        Value::Array(list) => return Some(list),
        Value::Object(answer) => answer,
        _ => return None,
    };
    let named = LISTS.iter().find_map(|name| answer.get(*name)?.as_array());
    let only = || {
        let mut lists = answer.values().filter_map(Value::as_array);
        lists.next().filter(|_| lists.next().is_none())
    };
    named.or_else(only)
}

/// One page of several is a roster in which most people are missing.
fn check_whole(answer: &Map<String, Value>, found: usize, problems: &mut Problems) {
    let about = ABOUT.iter().filter_map(|name| answer.get(*name)?.as_object());
    let places: Vec<&Map<String, Value>> = std::iter::once(answer).chain(about).collect();
    let said = |names: &[&str]| {
        let values = places.iter().flat_map(|place| names.iter().filter_map(|n| place.get(*n)));
        values.cloned().collect::<Vec<_>>()
    };
    let further = said(NEXT).into_iter().any(|next| match next {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
    let pages = said(&["total_pages", "totalPages"]);
    let pages = pages.iter().filter_map(Value::as_u64).any(|pages| pages > 1);
    let incomplete = said(&["completeIndicator"]).contains(&Value::Bool(false));
    if further || pages || incomplete {
        let message = format!(
            "the answer says that it is one page of several, so people are missing ({found} are \
             here): save all pages as one list"
        );
        problems.add(Problem::new(ProblemKind::Incomplete, message));
    }
    let totals = said(TOTAL);
    let wrong = |total: &u64| usize::try_from(*total).ok() != Some(found);
    if let Some(total) = totals.iter().filter_map(Value::as_u64).find(wrong) {
        let message = format!(
            "the answer counts {total} people but lists {found}: save all pages as one list"
        );
        problems.add(Problem::new(ProblemKind::Incomplete, message));
    }
}

/// A record's cells by path.
type Cells = BTreeMap<String, String>;

fn table_of(list: &[Value], problems: &mut Problems) -> Option<Records> {
    let mut rows: Vec<(u32, Cells)> = Vec::new();
    let mut headings = BTreeSet::new();
    for (number, record) in (1..).zip(list) {
        let Value::Object(record) = record else {
            let message = "not a record of a person: save the whole answer again";
            problems.add(Problem::new(ProblemKind::NotAPerson, message).row(number));
            continue;
        };
        for cells in cells_of(record) {
            headings.extend(cells.keys().cloned());
            rows.push((number, cells));
        }
        if headings.len() > MAX_COLUMNS {
            let message = format!("more than {MAX_COLUMNS} fields: save only what is needed");
            problems.add(Problem::new(ProblemKind::TooLarge, message).row(number));
            return None;
        }
    }
    let headings: Vec<String> = headings.into_iter().collect();
    let rows = rows
        .into_iter()
        .map(|(number, mut cells)| {
            let cell = |heading: &String| cells.remove(heading).unwrap_or_default();
            (number, headings.iter().map(cell).collect())
        })
        .collect();
    Some(Records { headings, rows })
}

/// The rows of a record: one, or one for each period of work.
fn cells_of(record: &Map<String, Value>) -> Vec<Cells> {
    let mut common = Cells::new();
    let mut periods: Vec<(&str, &Value)> = Vec::new();
    for (name, value) in record {
        match value {
            Value::Array(list) if PERIODS.contains(&name.as_str()) && list.len() > 1 => {
                periods.extend(list.iter().map(|period| (name.as_str(), period)));
            }
            value => add(&mut common, "", name, value),
        }
    }
    if periods.is_empty() {
        return vec![common];
    }
    let rows = periods.into_iter().map(|(name, period)| {
        let mut cells = common.clone();
        add(&mut cells, "", name, period);
        cells
    });
    rows.collect()
}

fn add(cells: &mut Cells, path: &str, name: &str, value: &Value) {
    let inner = match (path, WRAPPERS.contains(&name)) {
        (path, true) => path.to_owned(),
        ("", false) => name.to_owned(),
        (path, false) => format!("{path}.{name}"),
    };
    match value {
        Value::Null => {}
        Value::Bool(yes) => put(cells, inner, &yes.to_string()),
        Value::Number(number) => put(cells, inner, &number.to_string()),
        Value::String(text) => put(cells, inner, text.trim()),
        Value::Object(object) => match (object.get("value"), object.get("label")) {
            // A value beside its label. What the tenant made up has a name only in the label.
            (Some(value), Some(Value::String(label))) if name.starts_with("dynamic_") => {
                add(cells, path, label, value);
            }
            (Some(value), _) if object.len() <= 4 => add(cells, path, name, value),
            _ => {
                for (name, value) in object {
                    add(cells, &inner, name, value);
                }
            }
        },
        Value::Array(list) => {
            for element in that_count(list) {
                add(cells, path, name, element);
            }
        }
    }
}

/// Several values of one path stand in one cell.
fn put(cells: &mut Cells, path: String, text: &str) {
    if text.is_empty() {
        return;
    }
    let cell = cells.entry(path).or_default();
    if !cell.is_empty() {
        cell.push(';');
    }
    cell.push_str(text);
}

/// The element that says it is the first; else all.
fn that_count(list: &[Value]) -> Vec<&Value> {
    let first = |element: &&Value| {
        FIRST.iter().find_map(|flag| element.get(*flag)?.as_bool()) == Some(true)
    };
    match list.iter().find(first) {
        Some(element) => vec![element],
        None => list.iter().collect(),
    }
}
