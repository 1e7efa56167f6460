//! `muster check`.

use std::collections::BTreeMap;

use muster_domain::{
    engine::checks::{self, BlindSpot, Check, Detail, Evaluation, Reach},
    model::{
        check::{CheckResult, CheckState},
        id::AppName,
    },
};
use serde_json::json;

use super::{
    render::{Style, clean, count, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{error::Result, service::check::Explained};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only this check
    check: Option<String>,
    /// Only of this app
    #[arg(long)]
    app: Option<AppName>,
    /// What passes and what does not apply as well
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say why a check says what it says of one unit
    Explain {
        /// The check
        check: String,
        /// The unit as it is printed, such as support/17, or a login or name
        unit: String,
    },
    /// Show what cannot be told, and the cheapest way to see
    Blind,
    /// Show how a check went over time: units by state, and every change
    History {
        /// The check
        check: String,
        /// Only this unit as it is printed, such as support/17
        unit: Option<String>,
    },
    /// Print the documentation of all checks
    Docs,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self.command {
            Some(Command::Docs) => {
                print_line(checks::markdown().trim_end());
                return Ok(Outcome::Done);
            }
            Some(Command::Explain { check, unit }) => {
                let session = start.open(Access::Read).await?;
                let explained = session.muster.explain_check(&check, &unit).await?;
                return explain(&session, &explained);
            }
            Some(Command::History { check, unit }) => {
                let session = start.open(Access::Read).await?;
                let history = session.muster.check_history(&check, unit.as_deref()).await?;
                return super::history::show_check(&session, &history);
            }
            Some(Command::Blind) => {
                let session = start.open(Access::Read).await?;
                return blind(&session, &session.muster.blind_spots().await?);
            }
            None => {}
        }
        let session = start.open(Access::Beside).await?;
        if let Some(app) = &self.app {
            session.muster.connection(app).await?;
        }
        let only = self.check.as_deref().map(crate::service::check::known).transpose()?;
        let mut found = session.muster.run_checks().await?;
        if self.all || only.is_some() {
            let detail = only.map_or(Detail::Everything, |check| Detail::Of(check.name));
            found = session.muster.judge(detail).await?;
        }
        if !self.all {
            found.results.retain(|result| !result.state.is_quiet());
        }
        found.results.retain(|result| {
            only.is_none_or(|check| check.name == result.check)
                && (self.app.is_none() || self.app == result.unit.app)
        });
        found.tallies.retain(|(check, app), _| {
            only.is_none_or(|only| only.name == *check) && (self.app.is_none() || self.app == *app)
        });
        found.off.retain(|check| only.is_none_or(|only| only.name == *check));
        let bad = |state| found.tallies.values().any(|tally| tally.of(state) > 0);
        let outcome = Outcome::changes_if(bad(CheckState::Fail) || bad(CheckState::Stale));
        if session.json {
            print_json(&as_json(&found))?;
        } else {
            let told = if self.all || only.is_some() { Told::All } else { Told::Wrong };
            show(&session, &found, (told, only));
        }
        Ok(outcome)
    }
}

fn as_json(found: &Evaluation) -> serde_json::Value {
    let tallies: Vec<_> = found
        .tallies
        .iter()
        .map(|((check, app), tally)| {
            json!({ "check": check, "app": app, "worst": tally.worst(), "states": tally })
        })
        .collect();
    let off = found.off.iter().filter_map(|name| checks::by_name(name));
    let off: Vec<_> =
        off.map(|check| json!({ "check": check.name, "title": check.title })).collect();
    json!({ "checks": tallies, "results": found.results, "off": off })
}

fn coloured(style: Style, state: CheckState, text: &str) -> String {
    match state {
        CheckState::Fail => style.red(text),
        CheckState::Due | CheckState::NotEvaluable | CheckState::Stale | CheckState::Excepted => {
            style.yellow(text)
        }
        CheckState::Pass => style.green(text),
        CheckState::NotApplicable => style.dim(text),
    }
}

/// Which results are told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// What is wrong, or excepted; what cannot be told is only counted.
    Wrong,
    /// All there are.
    All,
}

/// So many results of one check are told one by one when all checks are.
const SHOWN: usize = 10;

/// The results one by one, the worst first.
fn list(session: &Session, found: &Evaluation, told: Told) {
    let wrong = |result: &&CheckResult| {
        matches!(result.state, CheckState::Fail | CheckState::Due | CheckState::Excepted)
    };
    let mut results: Vec<&CheckResult> =
        found.results.iter().filter(|result| told == Told::All || wrong(result)).collect();
    results.sort_by_key(|result| {
        (result.state, std::cmp::Reverse((result.severity, result.rung)), result.due)
    });
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for result in results {
        let shown = counts.entry(result.check.as_str()).or_default();
        *shown += 1;
        if told == Told::All || *shown <= SHOWN {
            one(session, result);
        }
    }
    let more = counts.into_iter().filter(|(_, n)| told == Told::Wrong && *n > SHOWN);
    for (check, n) in more {
        print_line("");
        print_line(&format!("… and {} more: muster check {check}", n - SHOWN));
    }
}

fn show(session: &Session, found: &Evaluation, (told, only): (Told, Option<&Check>)) {
    let style = session.style;
    if found.tallies.is_empty() {
        if !found.off.is_empty() {
            return not_looked_at(style, found);
        }
        print_line(match only.map(|check| check.reach) {
            Some(Reach::Critical) => {
                "It is asked of critical systems only; to declare one: muster critical add APP"
            }
            Some(Reach::Company) => "There is nothing yet of which it is asked.",
            Some(Reach::EveryApp) | None => {
                "No check is asked of anything yet; connect an app: muster app add"
            }
        });
        return;
    }
    let rows = found
        .tallies
        .iter()
        .map(|((check, app), tally)| {
            let counts = CheckState::ALL.into_iter().filter(|state| tally.of(*state) > 0);
            let counts: Vec<_> = counts
                .filter(|state| *state != CheckState::NotApplicable)
                .map(|state| {
                    let said = format!("{} {}", tally.of(state), state.word().replace('_', " "));
                    coloured(style, state, &said)
                })
                .collect();
            let worst = tally.worst();
            [
                coloured(style, worst, &worst.word().replace('_', " ")),
                check.clone(),
                app.as_ref().map(ToString::to_string).unwrap_or_default(),
                counts.join(", "),
            ]
        })
        .collect();
    print_line(&table(["worst", "check", "app", "units"], rows));
    not_looked_at(style, found);
    list(session, found, told);
    let wrong = |state| found.tallies.values().map(|tally| tally.of(state)).sum::<u64>();
    let (fail, due) = (wrong(CheckState::Fail), wrong(CheckState::Due));
    print_line("");
    let fails = count(usize::try_from(fail).unwrap_or(usize::MAX), "unit");
    let fails = if fail > 0 {
        style.red(&format!("{fails} failing"))
    } else {
        style.green("Nothing fails")
    };
    print_line(&format!(
        "{fails}, {due} due. Why: muster check explain CHECK UNIT; what cannot be told: muster check \
         blind"
    ));
}

/// Which checks the policy switches off: what is not listed may be as it will.
fn not_looked_at(style: Style, found: &Evaluation) {
    if !found.off.is_empty() {
        print_line(&format!(
            "{} {}",
            style.yellow("Not looked at, switched off by the policy (checks.rules.CHECK.off):"),
            found.off.join(", ")
        ));
    }
}

fn one(session: &Session, result: &CheckResult) {
    let style = session.style;
    let state = match result.rung {
        Some(rung) => rung.word(),
        None => result.state.word(),
    };
    let severity = if matches!(result.state, CheckState::Fail | CheckState::Due) {
        format!(" · {}", result.severity.word())
    } else {
        String::new()
    };
    print_line("");
    print_line(&format!(
        "{} {}{severity}",
        coloured(style, result.state, &state.replace('_', " ")),
        style.bold(&format!("{} {}", result.check, clean(&result.unit.to_string()))),
    ));
    print_line(&format!("  {}", clean(&result.cause)));
    if let (Some(since), Some(due)) = (result.since, result.due) {
        print_line(&format!(
            "  {}",
            style.dim(&format!("since {}, due {}", session.when(since), session.when(due)))
        ));
    }
    if !result.remedy.is_empty() {
        print_line(&format!("  {} {}", style.dim("→"), clean(&result.remedy)));
    }
}

fn explain(session: &Session, explained: &Explained) -> Result<Outcome> {
    if session.json {
        print_json(explained)?;
        return Ok(Outcome::Done);
    }
    let style = session.style;
    let Explained { title, what, why, result, inputs, changes } = explained;
    print_line(&format!("{}  {}", style.bold(title), style.dim(&result.check)));
    print_line(&format!("  {what}"));
    print_line(&format!("  {}", style.dim(why)));
    one(session, result);
    print_line("");
    print_line(&style.bold("Judged by"));
    print_line(&clean_lines(&serde_json::to_string_pretty(inputs)?));
    if !changes.is_empty() {
        print_line("");
        print_line(&style.bold("How it went"));
        let word = |state: Option<CheckState>| state.map_or("nothing wrong", CheckState::word);
        for change in changes {
            print_line(&format!(
                "  {}  {} → {}",
                session.when(change.at),
                word(change.from),
                word(change.to)
            ));
        }
    }
    Ok(Outcome::Done)
}

fn clean_lines(text: &str) -> String {
    text.lines().map(|line| format!("  {}", clean(line))).collect::<Vec<_>>().join("\n")
}

fn blind(session: &Session, spots: &[BlindSpot]) -> Result<Outcome> {
    if session.json {
        print_json(&spots)?;
        return Ok(Outcome::Done);
    }
    if spots.is_empty() {
        print_line(&session.style.green("There are no blind spots: everything can be told."));
        return Ok(Outcome::Done);
    }
    for BlindSpot { check, app, unseen, of, ways } in spots {
        let app = app.as_ref().map(|app| format!(" in {app}")).unwrap_or_default();
        let share = format!("{unseen} of {of} cannot be told");
        print_line(&format!("{}{app}: {share}", session.style.bold(check)));
        for way in ways {
            print_line(&format!("  {:>4}  {}", way.units, clean(&way.why)));
            if !way.how.is_empty() {
                print_line(&format!("        {} {}", session.style.dim("→"), clean(&way.how)));
            }
        }
    }
    Ok(Outcome::Done)
}
