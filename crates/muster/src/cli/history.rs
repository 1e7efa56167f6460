//! `muster history`.

use jiff::Timestamp;
use muster_domain::model::id::AppName;

use super::{
    plan::moment,
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::history::{
        access::{Access as Had, AppThen, Held, Owner, Question},
        timeline::{CheckHistory, Happening},
    },
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The moment that is asked about: 2026-10-01, "2026-10-01 09:00" or an instant [default: now]
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// The moment whose knowledge counts [default: the moment that is asked about]
    #[arg(long, value_name = "TIME")]
    known_at: Option<String>,
    /// Only this app
    #[arg(long)]
    app: Option<AppName>,
    /// Only this person; without a moment, how it went with her
    #[arg(long)]
    person: Option<String>,
    /// As CSV
    #[arg(long)]
    csv: bool,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        let time = |text: Option<&String>| text.map(|text| moment(text, &session.zone)).transpose();
        let (as_of, known_at) = (time(self.as_of.as_ref())?, time(self.known_at.as_ref())?);
        if self.csv && session.json {
            return Err(Error::Invalid("say either --csv or --json".to_owned()));
        }
        let person = match &self.person {
            Some(text) => Some(session.muster.find_person(text).await?),
            None => None,
        };
        if let (Some(person), None, None) = (&person, as_of, known_at) {
            let happened = session.muster.timeline(person).await?;
            show_timeline(&session, &happened, self.csv)?;
            return Ok(Outcome::Done);
        }
        let now = session.muster.env.now();
        if let Some(later) = [as_of, known_at].into_iter().flatten().find(|time| now < *time) {
            return Err(Error::Invalid(format!(
                "{} is still to come; what is planned for it: muster upcoming, or muster plan --at",
                session.when(later)
            )));
        }
        let as_of = as_of.unwrap_or(now);
        let question = Question {
            as_of,
            known_at: known_at.unwrap_or(as_of),
            app: self.app,
            person: person.map(|person| person.id),
        };
        let had = session.muster.access_at(&question).await?;
        if session.json {
            print_json(&had)?;
        } else if self.csv {
            csv(&had);
        } else {
            show(&session, &had);
        }
        Ok(Outcome::Done)
    }
}

/// A cell of a CSV file that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let steers =
        text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
    let text = if steers { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn line(cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|text| cell(&clean(text))).collect();
    print_line(&cells.join(","));
}

/// Whose it was: in words, the id and the state.
fn whose(owner: &Owner) -> [String; 3] {
    match owner {
        Owner::Person { id, name, state, .. } => [
            name.clone().unwrap_or_else(|| "not known".to_owned()),
            id.to_string(),
            state.unwrap_or("not known").to_owned(),
        ],
        Owner::NotAPerson { kind, owner } => {
            [format!("nobody: {kind}"), owner.to_string(), String::new()]
        }
        Owner::Unwanted => ["nobody: unwanted".to_owned(), String::new(), String::new()],
        Owner::NotKnown => ["not known".to_owned(), String::new(), String::new()],
    }
}

fn role(held: &Held) -> String {
    held.role.as_ref().map_or_else(|| "not told".to_owned(), ToString::to_string)
}

fn csv(had: &Had) {
    let headings = [
        "as_of", "known_at", "app", "account", "login", "role", "status", "whose", "person",
        "state", "seen",
    ];
    line(&headings.map(str::to_owned));
    let seen = |app: &AppName| {
        had.apps.iter().find(|then| then.app == *app).map(AppThen::says).unwrap_or_default()
    };
    for held in &had.accounts {
        let [whose, person, state] = whose(&held.owner);
        line(&[
            had.as_of.to_string(),
            had.known_at.to_string(),
            held.app.to_string(),
            held.account.to_string(),
            held.login.clone(),
            role(held),
            held.status.word().to_owned(),
            whose,
            person,
            state,
            seen(&held.app),
        ]);
    }
    // An app that nobody has looked at is no app in which nobody had anything.
    let silent = had.apps.iter().filter(|then| then.proven.is_none());
    for then in silent {
        let mut cells = vec![had.as_of.to_string(), had.known_at.to_string(), then.app.to_string()];
        cells.extend(std::iter::repeat_n("not known".to_owned(), 7));
        cells.push(then.says());
        line(&cells);
    }
}

fn show(session: &Session, had: &Had) {
    let as_of = session.when(had.as_of);
    let known = if had.as_of == had.known_at {
        "as known then".to_owned()
    } else {
        format!("as known {}", session.when(had.known_at))
    };
    print_line(&session.style.bold(&format!("Who had what {as_of}, {known}")));
    for then in &had.apps {
        let said = then.says();
        let said = if then.proven.is_some() {
            session.style.dim(&said)
        } else {
            session.style.yellow(&said)
        };
        print_line(&format!("  {}: {said}", then.app));
    }
    if had.accounts.is_empty() {
        print_line("No account is known.");
    } else {
        let rows = had.accounts.iter().map(|held| {
            let [whose, _, state] = whose(&held.owner);
            [
                format!("{}/{}", held.app, held.account),
                clean(&held.login),
                role(held),
                held.status.word().to_owned(),
                clean(&whose),
                state.replace('_', " "),
                session.when(held.since),
            ]
        });
        let headings = ["account", "login", "role", "status", "whose", "state", "so since"];
        print_line(&table(headings, rows.collect()));
    }
    for one in &had.not_known {
        print_line(&format!("  {} {}", one.person, unclear(session, &one.why)));
    }
}

fn unclear(session: &Session, why: &muster_domain::engine::history::Unclear) -> String {
    use muster_domain::engine::history::Unclear;
    match why {
        Unclear::NotKept { since } => format!(
            "is not known from {} on: the journal did not hold people's state yet",
            session.when(*since)
        ),
        Unclear::TakenOut { since } => {
            format!("is not known from {} on: the data was taken out", session.when(*since))
        }
    }
}

fn show_timeline(session: &Session, happened: &[Happening], as_csv: bool) -> Result<()> {
    if session.json {
        return print_json(&happened);
    }
    let cells = |one: &Happening, at: String| {
        [
            at,
            clean(&one.what),
            one.app.as_ref().map(ToString::to_string).unwrap_or_default(),
            one.by.clone().map(|by| clean(&by)).unwrap_or_default(),
            one.entry.map(|entry| entry.to_string()).unwrap_or_default(),
        ]
    };
    let headings = ["when", "what", "app", "by", "entry"];
    if as_csv {
        line(&headings.map(str::to_owned));
        happened.iter().for_each(|one| line(&cells(one, one.at.to_string())));
    } else {
        let rows = happened.iter().map(|one| cells(one, session.when(one.at)));
        print_line(&table(headings, rows.collect()));
    }
    Ok(())
}

/// How a check went.
pub(super) fn show_check(session: &Session, history: &CheckHistory) -> Result<Outcome> {
    if session.json {
        print_json(history)?;
        return Ok(Outcome::Done);
    }
    if history.trend.is_empty() && history.changes.is_empty() {
        print_line("Nothing was ever found; run muster check to begin.");
        return Ok(Outcome::Done);
    }
    let when = |at: Timestamp| session.when(at);
    let rows = history.trend.iter().map(|point| {
        let counts = point.states.iter().map(|(state, n)| format!("{n} {}", state.word()));
        [
            when(point.at),
            point.app.as_ref().map(ToString::to_string).unwrap_or_default(),
            counts.collect::<Vec<_>>().join(", ").replace('_', " "),
        ]
    });
    print_line(&table(["when", "app", "units"], rows.collect()));
    let word = |state: Option<muster_domain::model::check::CheckState>| {
        state.map_or("nothing wrong", |state| state.word()).replace('_', " ")
    };
    for one in &history.changes {
        let (from, to) = (word(one.change.from), word(one.change.to));
        print_line(&format!("  {}  {}: {from} → {to}", when(one.change.at), clean(&one.unit)));
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for begins in ["=1", "+1", "-1", "@SUM", " =1", "\t=1"] {
            assert!(cell(begins).starts_with("\"'"), "{begins:?}");
        }
        assert_eq!(cell("Ann, Ash"), "\"Ann, Ash\"");
    }
}
