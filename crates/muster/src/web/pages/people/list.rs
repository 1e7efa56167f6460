//! The list of people, as a page and as a file.

use std::{cmp::Reverse, collections::BTreeSet};

use askama::Template;
use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use jiff::civil::Date;
use muster_domain::{
    engine::lifecycle::{self, PersonState},
    model::person::{Person, Terms},
};
use serde::Deserialize;

use super::AT;
use crate::{
    service::why::state_at,
    web::{
        Web,
        problem::Problem,
        routes::form,
        shell::{self, Shell},
        who::Who,
    },
};

/// So many people on a page.
const PAGE: usize = 50;

/// What can be sorted by, and what it is called.
const COLUMNS: &[(&str, &str)] = &[
    ("name", "Name"),
    ("state", "State"),
    ("department", "Department"),
    ("title", "Title"),
    ("email", "E-mail"),
];

/// Whom to list, and how.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    state: String,
    department: String,
    sort: String,
    /// The last one of the page before.
    after: String,
}

/// One person in the list.
struct Row {
    id: String,
    name: String,
    state: PersonState,
    day: Option<Date>,
    department: String,
    title: String,
    email: String,
    number: String,
}

impl Row {
    /// What it is sorted by. Nothing comes after something.
    fn key(&self, sort: &str) -> (Reverse<bool>, String, String, String) {
        let name = self.name.to_lowercase();
        let first = match sort {
            "state" => self.state.word().to_owned(),
            "department" => self.department.to_lowercase(),
            "title" => self.title.to_lowercase(),
            "email" => self.email.to_lowercase(),
            _ => name.clone(),
        };
        (Reverse(!first.is_empty()), first, name, self.id.clone())
    }

    fn fits(&self, asked: &Asked) -> bool {
        let wanted = asked.q.trim().to_lowercase();
        let found = |text: &str| text.to_lowercase().contains(&wanted);
        (wanted.is_empty() || found(&self.name) || found(&self.email) || found(&self.number))
            && (asked.state.is_empty() || asked.state == self.state.word())
            && (asked.department.is_empty() || asked.department == self.department)
    }

    fn says(&self) -> String {
        says(&self.state, self.day)
    }

    fn stands_out(&self) -> bool {
        matches!(self.state, PersonState::Leaving { .. } | PersonState::Unknown { .. })
    }
}

/// A state in words, with its day.
pub(super) fn says(state: &PersonState, day: Option<Date>) -> String {
    let word = match state {
        PersonState::Prospective { .. } => "starts",
        PersonState::Leaving { .. } => "leaves",
        PersonState::Unknown { why } => return format!("unknown: {why}"),
        _ => state.word(),
    };
    let word = word.replace('_', " ");
    day.map_or(word.clone(), |day| format!("{word} {day}"))
}

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    shell: Shell,
    rows: Vec<Row>,
    everybody: usize,
    found: usize,
    departments: BTreeSet<String>,
    asked: Asked,
    next: Option<String>,
}

impl People {
    fn states(&self) -> [&'static str; 7] {
        PersonState::WORDS
    }

    fn columns(&self) -> &'static [(&'static str, &'static str)] {
        COLUMNS
    }

    fn sorted(&self, column: &str) -> bool {
        self.asked.sort == column || (self.asked.sort.is_empty() && column == "name")
    }

    fn is(&self, chosen: &str, one: &str) -> bool {
        chosen == one
    }

    /// The address of this list, sorted by `column`.
    fn by(&self, column: &str) -> String {
        let asked = Asked { sort: column.to_owned(), after: String::new(), ..self.asked.clone() };
        format!("{AT}?{}", query(&asked))
    }

    fn file(&self) -> String {
        let asked = Asked { after: String::new(), ..self.asked.clone() };
        format!("/people.csv?{}", query(&asked))
    }
}

fn query(asked: &Asked) -> String {
    let Asked { q, state, department, sort, after } = asked;
    let pairs =
        [("q", q), ("state", state), ("department", department), ("sort", sort), ("after", after)];
    let some: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    form(&some.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
}

async fn rows(web: &Web) -> Result<Vec<Row>, Problem> {
    let policy = web.muster.policy_or_none().await?;
    let now = web.muster.env.now();
    let row = |person: &Person| {
        let state = state_at(person, &policy, now);
        let terms = person.engagements.last().map(|engagement| &engagement.terms);
        let text = |of: fn(&Terms) -> &Option<String>| {
            terms.and_then(|terms| of(terms).clone()).unwrap_or_default()
        };
        Row {
            id: person.id.to_string(),
            name: person.name(),
            day: state.day(&lifecycle::zone_of(person, &policy.organization)),
            state,
            department: text(|terms| &terms.department),
            title: text(|terms| &terms.title),
            email: person.profile.work_email.as_ref().map(ToString::to_string).unwrap_or_default(),
            number: person.profile.employee_number.clone().unwrap_or_default(),
        }
    };
    Ok(web.muster.people().await?.values().map(row).collect())
}

/// Those who were asked for, in order, from where the page before ended.
fn chosen(rows: Vec<Row>, asked: &Asked) -> Vec<Row> {
    let last = rows.iter().find(|row| row.id == asked.after).map(|row| row.key(&asked.sort));
    let mut rows: Vec<Row> = rows.into_iter().filter(|row| row.fits(asked)).collect();
    rows.sort_by_cached_key(|row| row.key(&asked.sort));
    if let Some(last) = last {
        rows.retain(|row| row.key(&asked.sort) > last);
    }
    rows
}

pub(super) async fn show(
    State(web): State<Web>,
    who: Who,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let all = rows(&web).await?;
    let everybody = all.len();
    let departments: BTreeSet<String> =
        all.iter().map(|row| row.department.clone()).filter(|one| !one.is_empty()).collect();
    let found = all.iter().filter(|row| row.fits(&asked)).count();
    let mut rows = chosen(all, &asked);
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let last = rows.last().filter(|_| more);
    let next = last.map(|last| {
        let after = Asked { after: last.id.clone(), ..asked.clone() };
        format!("{AT}?{}", query(&after))
    });
    let shell = Shell::new(&web, who, AT, "People").await?;
    Ok(shell::page(&People { shell, rows, everybody, found, departments, asked, next }))
}

pub(super) async fn export(
    State(web): State<Web>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let asked = Asked { after: String::new(), ..asked };
    let mut file =
        line(&["id", "employee number", "name", "e-mail", "state", "day", "department", "title"]);
    for row in chosen(rows(&web).await?, &asked) {
        let day = row.day.map(|day| day.to_string()).unwrap_or_default();
        let Row { id, name, state, department, title, email, number, .. } = &row;
        file += &line(&[id, number, name, email, state.word(), &day, department, title]);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
    ];
    Ok((headers, file).into_response())
}

/// A line of a file for spreadsheets. What one would take for a formula is marked as text.
fn line(cells: &[&str]) -> String {
    let cell = |text: &&str| {
        let mark = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{mark}{}\"", text.replace('"', "\"\""))
    };
    let cells: Vec<_> = cells.iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}
