//! Text for terminals: colours, tables, plans.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets};
use jiff::tz::TimeZone;
use muster_domain::model::{
    account::AccountStatus,
    operation::{Run, RunState},
    plan::{AccountState, Action, Operation, Plan, Reversibility, Risk},
};

use super::session::when;

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    colour: bool,
}

macro_rules! colours {
    ($($name:ident $code:literal),+) => {
        impl Style {
            $(pub(super) fn $name(self, text: &str) -> String {
                if self.colour { format!("\u{1b}[{}m{text}\u{1b}[0m", $code) } else { text.to_owned() }
            })+
        }
    };
}

colours!(bold "1", dim "2", red "31", green "32", yellow "33", cyan "36");

impl Style {
    pub(super) const fn for_terminal(colour: bool) -> Self {
        Self { colour }
    }
}

/// Text from outside, without anything that could steer a terminal, or show a name as another.
pub(super) fn clean(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// As [`clean`], and no longer than a cell of a table should be.
fn cell(text: &str) -> String {
    const WIDEST: usize = 60;
    let clean = clean(text);
    if clean.chars().count() <= WIDEST {
        return clean;
    }
    clean.chars().take(WIDEST - 1).chain(['…']).collect()
}

/// A table without borders, fitted to the terminal.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings.map(str::to_uppercase));
    for row in rows {
        table.add_row(row.map(|text| cell(&text)));
    }
    let text = table.to_string();
    text.lines().map(|line| line.trim_end().trim_start_matches(' ')).collect::<Vec<_>>().join("\n")
}

/// How many of what: `1 account`, `2 accounts`.
pub(super) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// A plan, to be read like a pull request.
pub(super) fn plan(plan: &Plan, style: Style, zone: &TimeZone) -> String {
    let mut out = String::new();
    let observed = plan
        .basis
        .observed
        .map_or_else(|| "never read".to_owned(), |at| format!("read {}", when(at, zone)));
    let _ = writeln!(
        out,
        "{} {}",
        style.bold(&format!("Plan for {}", plan.app)),
        style.dim(&format!(
            "at {} · {observed} · policy {}",
            when(plan.at, zone),
            plan.basis.policy.brief()
        )),
    );
    for title in ["Leavers", "Movers", "Joiners"] {
        let belongs = |one: &&Operation| group(&one.action) == title;
        let mut operations = plan.operations.iter().filter(belongs).peekable();
        if operations.peek().is_some() {
            let _ = writeln!(out, "\n{}", style.bold(title));
        }
        for one in operations {
            out.push_str(&operation(one, style));
        }
    }
    if !plan.blocked.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Blocked"));
        for blocked in &plan.blocked {
            let name = clean(&blocked.person.name);
            let _ = writeln!(out, "  {} {name}: {}", style.yellow("!"), clean(&blocked.reason));
            let _ = writeln!(out, "      {} {}", style.dim("remedy "), clean(&blocked.remedy));
        }
    }
    if !plan.upcoming.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Coming up"));
        for next in plan.upcoming.iter().take(10) {
            let name = clean(&next.person.name);
            let _ = writeln!(out, "    {}  {name} {}", when(next.at, zone), next.what);
        }
        if plan.upcoming.len() > 10 {
            let _ = writeln!(out, "    … and {} more", plan.upcoming.len() - 10);
        }
    }
    let _ = write!(out, "\n{}", summary(plan, style));
    out
}

const fn group(action: &Action) -> &'static str {
    match action {
        Action::Deactivate { .. }
        | Action::Reduce { .. }
        | Action::CancelInvite
        | Action::HandOver { .. }
        | Action::Delete => "Leavers",
        Action::Update { .. } => "Movers",
        Action::Create { .. } | Action::Reactivate { .. } => "Joiners",
    }
}

/// What a plan comes to, in one line.
pub(super) fn summary(plan: &Plan, style: Style) -> String {
    if plan.operations.is_empty() {
        return match plan.blocked.len() {
            0 => {
                style.green("Nothing to do for the people who are known; see sync for other gaps.")
            }
            n => style.yellow(&format!("No operations, but {n} blocked.")),
        };
    }
    let goes = plan.operations.iter().filter(|operation| operation.goes()).count();
    let waits = plan.operations.len() - goes;
    let mut text = format!("{}: {goes} would go", count(plan.operations.len(), "operation"));
    if waits > 0 {
        let _ = write!(text, ", {}", style.yellow(&format!("{waits} wait")));
    }
    text
}

/// One operation with its reasons and what holds it.
pub(super) fn operation(operation: &Operation, style: Style) -> String {
    let mut out = String::new();
    let sign = match &operation.action {
        action if action.removes_access() => style.red("-"),
        Action::Create { .. } | Action::Reactivate { .. } => style.green("+"),
        _ => style.yellow("~"),
    };
    let login = operation.before.as_ref().or(operation.after.as_ref()).map(|state| &state.login);
    let risk = match operation.risk {
        Risk::High => style.red("high risk"),
        Risk::Medium => "medium risk".to_owned(),
        Risk::Low => style.dim("low risk"),
    };
    let _ = writeln!(
        out,
        "  {sign} {} {} {}  {risk}  {}",
        style.bold(&format!("{:<10}", operation.action.word().replace('_', " "))),
        clean(&operation.person.name),
        style.dim(&format!("<{}>", clean(login.map_or("", String::as_str)))),
        style.dim(&operation.fingerprint.brief()),
    );
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "      {} {}", style.dim(&format!("{label:<8}")), clean(text));
    };
    for change in changes(operation) {
        line("change", &change);
    }
    if let Action::HandOver { closed_within_days, .. } = &operation.action {
        line(
            "change",
            &format!(
                "open and snoozed tickets, and those closed within {closed_within_days} days, get \
             another assignee; the account leaves its teams"
            ),
        );
    }
    if let Action::Deactivate { fallback: Some(role) } = &operation.action {
        line("else", &format!("if the app ignores it: role → {role}, shown as reduced"));
    }
    match &operation.reversibility {
        Reversibility::Whole => {}
        Reversibility::Partly { lost } => line("note", lost),
        Reversibility::Never { lost } => line("final", lost),
    }
    for (index, reason) in operation.reasons.iter().enumerate() {
        line(if index == 0 { "because" } else { "" }, &reason.to_string());
    }
    if let Some(by) = &operation.approved_by {
        line("approved", &format!("by {by}"));
    }
    if !operation.goes() {
        for hold in &operation.holds {
            let _ = writeln!(
                out,
                "      {} {}",
                style.yellow("waits   "),
                clean(&format!("{} → {}", hold.reason, hold.release)),
            );
        }
    }
    out
}

fn changes(operation: &Operation) -> Vec<String> {
    let mut lines = Vec::new();
    let role = |state: &AccountState| {
        state.role.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string)
    };
    match (&operation.before, &operation.after) {
        (None, Some(after)) => lines.push(format!("new account as {}", role(after))),
        (Some(_), None) if operation.action == Action::Delete => {
            lines.push("the account is deleted for ever".to_owned());
        }
        (Some(_), None) => lines.push("the pending account is deleted".to_owned()),
        (Some(before), Some(after)) => {
            if before.status != after.status {
                let word = |status: AccountStatus| {
                    if status.may_sign_in() { status.word() } else { "shut out" }
                };
                lines.push(format!("sign-in {} → {}", word(before.status), word(after.status)));
            }
            if before.role != after.role {
                lines.push(format!("role {} → {}", role(before), role(after)));
            }
            if before.name != after.name {
                lines.push(format!("name {:?} → {:?}", before.name, after.name));
            }
        }
        (None, None) => {}
    }
    lines
}

/// One line about a run.
pub(super) fn run(run: &Run, style: Style) -> String {
    let state = match run.state {
        RunState::Verified => style.green("verified  "),
        RunState::AlreadySo => style.green("already so"),
        RunState::Intended | RunState::Accepted => style.dim(&format!("{:<10}", run.state.word())),
        RunState::Void => style.dim("void      "),
        RunState::Refused | RunState::Unknown | RunState::Parked => {
            style.red(&format!("{:<10}", run.state.word()))
        }
    };
    let note = if run.note.is_empty() { String::new() } else { format!("  {}", clean(&run.note)) };
    format!(
        "  {state} {:<10} {} {}{note}",
        run.operation.action.word().replace('_', " "),
        clean(&run.operation.person.name),
        style.dim(run.id.as_str()),
    )
}
