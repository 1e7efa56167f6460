//! `muster policy test`.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::backtest::{Difference, OperationDiffers, Sides},
    model::id::AppName,
};

use crate::{
    cli::{
        plan::moment,
        render::{clean, count},
        session::{Access, Outcome, Session, Start, print_json, print_line},
    },
    error::Result,
    service::history::then::Trial,
};

/// How far back is looked when nobody says: 90 days.
const USUAL: SignedDuration = SignedDuration::from_hours(24 * 90);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The file
    file: PathBuf,
    /// From when on [default: 90 days ago]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when [default: now]
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only in this app
    #[arg(long)]
    app: Option<AppName>,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let text = super::read(&self.file)?;
        let session = start.open(Access::Read).await?;
        if let Some(app) = &self.app {
            session.muster.connection(app).await?;
        }
        let time = |text: Option<&String>| text.map(|text| moment(text, &session.zone)).transpose();
        let to = time(self.to.as_ref())?.unwrap_or_else(|| session.muster.env.now());
        let from = match time(self.from.as_ref())? {
            Some(from) => from,
            None => to.checked_sub(USUAL).unwrap_or(Timestamp::MIN),
        };
        let trial = Trial { text, from, to, app: self.app };
        let difference = session.muster.try_policy(&trial).await?;
        if session.json {
            print_json(&difference)?;
        } else {
            show(&session, &difference);
        }
        Ok(Outcome::changes_if(!difference.is_empty()))
    }
}

fn show(session: &Session, difference: &Difference) {
    let Difference { moments, operations, access, checks } = difference;
    let style = session.style;
    if difference.is_empty() {
        print_line(&format!("No difference at {}.", count(*moments, "moment")));
        return;
    }
    print_line(
        &style.bold(&format!("What would have been different, at {}", count(*moments, "moment"))),
    );
    for one in operations {
        print_line(&format!("  {} {}: {}", one.app, clean(&one.what), differs(session, one)));
    }
    for one in access {
        let role = |role: Option<&muster_domain::model::id::RoleName>| {
            role.map_or_else(|| "no access".to_owned(), ToString::to_string)
        };
        let Sides { valid, tried } = &one.role;
        print_line(&format!(
            "  {} {}: {} instead of {}, from {} on",
            one.app,
            clean(&one.name),
            role(tried.as_ref()),
            role(valid.as_ref()),
            session.when(one.at)
        ));
    }
    for one in checks {
        let word = |state: Option<muster_domain::model::check::CheckState>| {
            state.map_or("nothing wrong", |state| state.word()).replace('_', " ")
        };
        print_line(&format!(
            "  check {} {}: {} instead of {}, from {} on",
            one.check,
            clean(&one.subject),
            word(one.state.tried),
            word(one.state.valid),
            session.when(one.at)
        ));
    }
    print_line(&style.dim(
        "Each moment is judged for itself, as it was then; what would have followed is not played on.",
    ));
}

fn differs(session: &Session, one: &OperationDiffers) -> String {
    let when = |at: Timestamp| session.when(at);
    let holds = |held: &std::collections::BTreeSet<muster_domain::model::plan::HoldKind>| {
        let words = held.iter().map(|kind| kind.word().replace('_', " "));
        words.collect::<Vec<_>>().join(", ")
    };
    match (one.planned.valid, one.planned.tried) {
        (None, Some(at)) => match holds(&one.held_by.tried) {
            held if held.is_empty() => format!("would have been planned {}", when(at)),
            held => format!("would have been planned {}, held by: {held}", when(at)),
        },
        (Some(at), None) => format!("would not have been planned; it was {}", when(at)),
        (Some(was), Some(is)) if when(was) != when(is) => {
            format!("would have been planned {} instead of {}", when(is), when(was))
        }
        _ => match (one.goes.valid, one.goes.tried) {
            (Some(at), None) => {
                format!("would have waited ({}); it went {}", holds(&one.held_by.tried), when(at))
            }
            (None, Some(at)) => {
                format!("would have gone {}; it waited ({})", when(at), holds(&one.held_by.valid))
            }
            (Some(was), Some(is)) if when(was) != when(is) => {
                format!("would have gone {} instead of {}", when(is), when(was))
            }
            _ => "would have been the same".to_owned(),
        },
    }
}
