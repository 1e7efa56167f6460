//! `muster why`.

use muster_domain::engine::correlate::Match;

use super::{
    people,
    render::{clean, operation, run},
    session::{Access, Outcome, Session, Start, print_json, print_line},
    sync::weight,
};
use crate::{
    error::Result,
    service::why::{AccountWhy, Why},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A person, an account (APP/ID or login), an op_… id, or a fingerprint from a plan
    #[arg(value_name = "ACCOUNT|PERSON|OPERATION")]
    what: String,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        let why = session.muster.why(&self.what).await?;
        if session.json {
            print_json(&why)?;
            return Ok(Outcome::Done);
        }
        match why {
            Why::Person(view) => people::show(&session, &view),
            Why::Account(why) => account(&session, &why),
            Why::Operation(one) => print_line(operation(&one, session.style).trim_end()),
            Why::Run(one) => {
                print_line(operation(&one.operation, session.style).trim_end());
                print_line(&format!("{}  {}", run(&one, session.style), session.when(one.changed)));
            }
        }
        Ok(Outcome::Done)
    }
}

fn account(session: &Session, why: &AccountWhy) {
    let style = session.style;
    let AccountWhy { app, account, found, gaps, operations, person, runs } = why;
    let role = account.role.as_ref().map(ToString::to_string).unwrap_or_default();
    print_line(&format!(
        "{}  {} {role}, {}",
        style.bold(&format!("{app}/{}", account.id)),
        clean(&account.login),
        account.status.word()
    ));
    let whose = match found {
        Match::Linked { because, confirmed, .. } => {
            let word = if *confirmed { "confirmed" } else { "certain" };
            format!("tied to a person by {because} ({word})")
        }
        Match::Classified { kind, .. } => format!("a {} account", kind.word()),
        Match::Unwanted { reason, said, .. } => {
            format!("should not exist, said {} {}: {reason}", said.by, session.when(said.at))
        }
        Match::Machine { kind } => format!("the app says it is a {}", kind.word()),
        Match::Unmatched => "nobody knows whose it is".to_owned(),
        Match::ToConfirm { candidates } => {
            let all: Vec<_> =
                candidates.iter().map(|one| format!("{} ({})", one.person, one.because)).collect();
            format!("may be one of: {}", all.join(", "))
        }
    };
    print_line(&format!("  {}", clean(&whose)));
    for gap in gaps {
        let word = gap.kind.word().replace('_', " ");
        print_line(&format!("  {} {word}: {}", style.red("!"), clean(&gap.cause)));
        print_line(&format!("    {}", weight(gap, style)));
        print_line(&format!("    → {}", clean(&gap.remedy)));
    }
    for one in operations {
        print_line(operation(one, style).trim_end());
    }
    for one in runs {
        print_line(&format!("{}  {}", run(one, style), session.when(one.changed)));
    }
    if let Some(person) = person {
        print_line("");
        people::show(session, person);
    }
}
