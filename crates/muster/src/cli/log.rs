//! `muster log`.

use std::time::Duration;

use muster_domain::model::journal::Entry;
use serde_json::json;

use super::{
    plan::moment,
    render::clean,
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    store::{records::JournalFilter, witness},
};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Keep printing what is added
    #[arg(long)]
    follow: bool,
    /// Only from this time on: 2026-12-01, "2026-12-01 09:00" or an instant
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check that no entry was edited, removed, reordered or cut off
    Verify,
    /// Accept that the store was restored from a backup and knows less than it did: reads every
    /// app as it is now, and makes approvals void that may have been used
    AcceptRestore,
}

const BATCH: u32 = 500;

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        if let Some(Command::AcceptRestore) = self.command {
            return accept_restore(&start.open(Access::Write).await?).await;
        }
        let session = start.open(Access::Read).await?;
        if let Some(Command::Verify) = self.command {
            return verify(&session).await;
        }
        let since = self.since.as_deref().map(|text| moment(text, &session.zone)).transpose()?;
        let mut filter = JournalFilter { since, limit: Some(BATCH), ..JournalFilter::default() };
        loop {
            let entries = session.muster.store.journal(&filter).await?;
            for entry in &entries {
                print(&session, entry)?;
            }
            match entries.last() {
                Some(last) => filter.after_seq = Some(last.seq),
                None if self.follow => session.muster.env.sleep(Duration::from_secs(1)).await,
                None => return Ok(Outcome::Done),
            }
        }
    }
}

/// One entry: a JSON object a line, so that a long log can be read as it comes.
fn print(session: &Session, entry: &Entry) -> Result<()> {
    if session.json {
        print_line(&serde_json::to_string(entry)?);
        return Ok(());
    }
    let about = &entry.about;
    let subject = [
        about.app.as_ref().map(ToString::to_string),
        about.account.as_ref().map(|id| format!("account {id}")),
        about.person.as_ref().map(ToString::to_string),
        about.operation.as_ref().map(ToString::to_string),
    ];
    let subject: Vec<_> = subject.into_iter().flatten().collect();
    print_line(&format!(
        "{} {} {:<20} {} {} {}",
        session.style.dim(&format!("{:>5}", entry.seq)),
        session.when(entry.at),
        entry.event.word(),
        clean(&entry.actor),
        subject.join(" "),
        session.style.dim(&clean(&brief(entry))),
    ));
    Ok(())
}

/// The details worth a glance.
fn brief(entry: &Entry) -> String {
    let data = &entry.data;
    let text = |key: &str| data.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    let number =
        |key: &str| data.get(key).and_then(serde_json::Value::as_u64).map(|n| format!("{key} {n}"));
    let action = text("action")
        .or_else(|| data.get("operation")?.get("action")?.as_str().map(str::to_owned));
    let parts = [
        action,
        text("state"),
        text("note").filter(|note| !note.is_empty()),
        text("reason"),
        text("file"),
        text("deactivation"),
        number("people"),
        number("operations"),
        number("number"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

async fn verify(session: &Session) -> Result<Outcome> {
    let report = session.muster.verify().await?;
    if session.json {
        print_json(&json!({"entries": report.entries, "head": report.head}))?;
    } else {
        print_line(&format!(
            "{} {} entries, the last one {}",
            session.style.green("The journal verifies:"),
            report.entries,
            report.head.brief()
        ));
    }
    Ok(Outcome::Done)
}

async fn accept_restore(session: &Session) -> Result<Outcome> {
    let Some(why) = &session.muster.forgotten else {
        if session.json {
            print_json(&json!({"accepted": false}))?;
        } else {
            print_line("The store knows all that this home has seen; there is nothing to accept.");
        }
        return Ok(Outcome::Done);
    };
    let apps = session.muster.accept_restore(why).await?;
    let (seq, head) = session.muster.store.journal_head().await?;
    witness::write(&session.witness, seq, &head).map_err(|error| {
        Error::file(format!("cannot write {}", session.witness.display()), error)
    })?;
    if session.json {
        print_json(&json!({"accepted": true, "forgotten": why, "apps": apps}))?;
    } else {
        print_line(&format!(
            "Accepted. {} read as it is now. What was ordered by hand since the backup is \
             forgotten: look at muster plan before muster apply.",
            super::render::count(apps.len(), "app"),
        ));
    }
    Ok(Outcome::Done)
}
