//! Text for terminals: colours, tables, plans.

mod plan;

use comfy_table::{ContentArrangement, Table, presets};
use muster_domain::model::operation::{Run, RunState};

pub(super) use self::plan::{operation, plan, summary};

/// Colours, or none; and how wide a line may be, where that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    colour: bool,
    width: Option<usize>,
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
        Self { colour, width: None }
    }

    /// With lines as wide as the terminal. In a pipe they are as long as they are, for `grep`.
    pub(super) fn fitted(self) -> Self {
        Self { width: Table::new().width().map(usize::from), ..self }
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
        clean(run.operation.name()),
        style.dim(run.id.as_str()),
    )
}
