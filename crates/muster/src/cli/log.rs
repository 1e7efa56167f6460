//! `muster log`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use muster_domain::{
    engine::evidence::{checkpoint::SignedCheckpoint, key::PublicKey, ocsf},
    model::journal::Entry,
};
use serde_json::json;

use super::{
    plan::moment,
    render::clean,
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::history::Agreement,
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
    /// Check that no entry was edited, removed, reordered or cut off, that every checkpoint still
    /// holds, and that what Muster knows now is what the entries tell
    Verify {
        /// A checkpoint that was kept elsewhere: finds a journal that was written anew
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// The public key it must be signed with [default: this home's]
        #[arg(long, value_name = "PUBLIC", requires = "checkpoint")]
        key: Option<PublicKey>,
    },
    /// Sign how far the journal has come; keep what is printed where nobody here can change it
    Checkpoint {
        /// Write it to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print the journal for another program, an entry a line
    Export {
        /// jsonl: the entries as they are. ocsf: events of the Open Cybersecurity Schema Framework
        #[arg(long, value_parser = ["jsonl", "ocsf"], default_value = "jsonl")]
        format: String,
        /// Only from this time on
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only entries after this number: where the last export ended
        #[arg(long, value_name = "SEQ")]
        after: Option<u64>,
    },
    /// Accept that the store was restored from a backup and knows less than it did: reads every
    /// app as it is now, and makes approvals void that may have been used
    AcceptRestore,
}

const BATCH: u32 = 500;

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self.command {
            Some(Command::AcceptRestore) => {
                return accept_restore(&start.open(Access::Write).await?).await;
            }
            Some(Command::Checkpoint { out }) => {
                return checkpoint(&start.open(Access::Beside).await?, out.as_deref()).await;
            }
            Some(Command::Verify { checkpoint, key }) => {
                let session = start.open(Access::Read).await?;
                return verify(&session, checkpoint.as_deref(), key).await;
            }
            Some(Command::Export { format, since, after }) => {
                let session = start.open(Access::Read).await?;
                return export(&session, format == "ocsf", (since.as_deref(), after)).await;
            }
            None => {}
        }
        let session = start.open(Access::Read).await?;
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

async fn export(
    session: &Session,
    ocsf: bool,
    (since, after_seq): (Option<&str>, Option<u64>),
) -> Result<Outcome> {
    let since = since.map(|text| moment(text, &session.zone)).transpose()?;
    let limit = Some(BATCH);
    let mut filter = JournalFilter { since, after_seq, limit, ..JournalFilter::default() };
    loop {
        let entries = session.muster.store.journal(&filter).await?;
        for entry in &entries {
            let line = if ocsf {
                ocsf::event(entry, env!("CARGO_PKG_VERSION")).to_string()
            } else {
                serde_json::to_string(entry)?
            };
            print_line(&line);
        }
        match entries.last() {
            Some(last) => filter.after_seq = Some(last.seq),
            None => return Ok(Outcome::Done),
        }
    }
}

async fn checkpoint(session: &Session, out: Option<&Path>) -> Result<Outcome> {
    let signed = session.muster.checkpoint().await?;
    let text = serde_json::to_string_pretty(&signed)?;
    let Some(path) = out else {
        print_line(&text);
        return Ok(Outcome::Done);
    };
    fs::write(path, format!("{text}\n"))
        .map_err(|error| Error::file(format!("cannot write {}", path.display()), error))?;
    if session.json {
        print_line(&text);
    } else {
        print_line(&format!(
            "Signed: entry {}, {}. Keep {} where nobody here can change it.",
            signed.checkpoint.seq,
            signed.checkpoint.head.brief(),
            path.display(),
        ));
    }
    Ok(Outcome::Done)
}

/// The checkpoint that was kept in a file.
pub(super) fn kept(path: &Path) -> Result<SignedCheckpoint> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::file(format!("cannot read {}", path.display()), error))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::Invalid(format!("{} is no checkpoint: {error}", path.display())))
}

async fn verify(session: &Session, file: Option<&Path>, key: Option<PublicKey>) -> Result<Outcome> {
    let kept = file.map(kept).transpose()?;
    let verified = session.muster.verify_against(kept.as_ref(), key.as_ref()).await?;
    let agreement = session.muster.agreement().await?;
    let outcome = Outcome::changes_if(!agreement.beside.is_empty());
    let report = verified.journal;
    if session.json {
        let against = verified.against.map(|against| against.seq);
        print_json(&json!({
            "entries": report.entries,
            "head": report.head,
            "checkpoints": verified.checkpoints,
            "checkpoint": against,
            "beside": agreement.beside,
            "images_from": agreement.images_from,
            "not_covered": agreement.not_covered,
            "taken_out": agreement.taken_out,
            "clock_went_back": agreement.clock_went_back,
        }))?;
        return Ok(outcome);
    }
    print_line(&format!(
        "{} {} entries, the last one {}",
        session.style.green("The journal verifies:"),
        report.entries,
        report.head.brief()
    ));
    if verified.checkpoints > 0 {
        let signed = super::render::count(verified.checkpoints, "checkpoint");
        print_line(&format!("{signed} in it: every signature holds, and every entry they name."));
    }
    if let Some(against) = verified.against {
        print_line(&format!(
            "It holds what was signed on {}: entry {}.",
            session.when(against.at),
            against.seq
        ));
    }
    show(session, &agreement);
    Ok(outcome)
}

/// Warns of an entry that is dated clearly before the one that precedes it.
pub(super) fn warn_of_clock(seq: u64) {
    print_line(&format!(
        "Warning: entry {seq} is dated more than 10 minutes before the one that precedes it: a clock \
         was wrong, or was put right."
    ));
}

/// How what is known now and the journal agree.
fn show(session: &Session, agreement: &Agreement) {
    let Agreement { beside, images_from, not_covered, taken_out, clock_went_back } = agreement;
    if beside.is_empty() {
        print_line("What Muster knows now is what the journal tells.");
    } else {
        print_line(&session.style.red("What Muster knows now is not what the journal tells:"));
    }
    for one in beside {
        print_line(&format!("  {}", clean(one)));
    }
    clock_went_back.iter().copied().for_each(warn_of_clock);
    let old: u64 = not_covered.values().sum();
    if old > 0 {
        let since = images_from.map_or_else(
            || "No entry holds the state yet".to_owned(),
            |first| format!("Entries hold the state from entry {first} on"),
        );
        let kinds: Vec<_> = not_covered.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
        print_line(&format!(
            "{since}. Not covered, for only older ones tell of it: {}. Whether that is as it was is \
             not known; it is covered as soon as it changes.",
            kinds.join(", ")
        ));
    }
    if *taken_out > 0 {
        print_line(&format!(
            "Not covered, for the data of the people concerned was taken out: {taken_out}."
        ));
    }
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
