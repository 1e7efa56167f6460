//! What a file gave, as text beside it.

use std::fmt::Write as _;

use muster_domain::model::roster::{Roster, RosterRecord};
use muster_sources::{ReadOptions, check, read};

/// Everything the reader said about the bytes.
pub(crate) fn told(bytes: &[u8], options: &ReadOptions) -> String {
    match read("roster", bytes, options) {
        Ok(roster) => roster_text(&roster),
        Err(refusal) => {
            format!("REFUSED {}\n{refusal}", refusal.format.as_deref().unwrap_or("(no format)"))
        }
    }
}

/// The whole report on the bytes.
pub(crate) fn report(bytes: &[u8], options: &ReadOptions) -> String {
    check("roster", bytes, options).to_string()
}

/// The same with no options.
pub(crate) fn say(text: &str) -> String {
    told(text.trim_start_matches('\n').as_bytes(), &ReadOptions::default())
}

pub(crate) fn roster_text(roster: &Roster) -> String {
    let mut text = format!("{}: {} rows\n", roster.format, roster.rows);
    for record in &roster.records {
        person(&mut text, record);
    }
    for warning in &roster.warnings {
        writeln!(text, "! {warning}").unwrap();
    }
    text
}

fn person(text: &mut String, record: &RosterRecord) {
    let RosterRecord { source_id, rows, profile, engagements } = record;
    let name = profile.name().unwrap_or_default();
    let email = profile.work_email.as_ref().map_or("-", |email| email.as_str());
    writeln!(text, "{source_id} {name} <{email}> rows {rows:?}").unwrap();
    for terms in engagements {
        let mut parts = vec![
            terms.kind.map_or("?", |kind| kind.word()).to_owned(),
            terms.status.map_or("?", |status| status.word()).to_owned(),
        ];
        parts.extend(terms.position.clone());
        parts.extend(terms.start_date.map(|date| format!("from {date}")));
        parts.extend(terms.original_start_date.map(|date| format!("first {date}")));
        parts.extend(terms.last_working_day.map(|date| format!("last day {date}")));
        parts.extend(terms.end_date.map(|date| format!("to {date}")));
        parts.extend(terms.leave_start.map(|date| format!("leave {date}")));
        parts.extend(terms.leave_return.map(|date| format!("back {date}")));
        parts.extend(terms.termination.map(|why| format!("{why:?}")));
        parts.extend(terms.manager.as_ref().map(|manager| format!("under {manager}")));
        parts.extend(terms.title.clone());
        writeln!(text, "  {}", parts.join(" · ")).unwrap();
    }
}
