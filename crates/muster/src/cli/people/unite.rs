//! `muster people merge`, `split`, `duplicates` and `redact`.

use jiff::Timestamp;
use muster_domain::engine::merge::Turn;
use serde_json::json;

use super::{
    super::{
        render::{clean, count},
        session::{Outcome, Session, Start, print_json, print_line},
    },
    changed,
    hand::How,
    may_be, outlook,
};
use crate::{error::Result, service::people::Redacted};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Merge {
    /// One of the two: a name, a work address, a source's id or a per_… id
    one: String,
    /// The other
    other: String,
    #[command(flatten)]
    how: How,
}

impl Merge {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(self.how.access()).await?;
        let one = session.muster.find_person(&self.one).await?;
        let other = session.muster.find_person(&self.other).await?;
        let united = session.muster.preview_unite(&one, &other).await?;
        let (person, gone) = (&united.person, &united.merged.person);
        if !session.json {
            let names = (clean(&person.name()), clean(&gone.name()));
            print_line(&format!(
                "{} ({}) goes on; {} ({}) goes on as the same person",
                session.style.bold(&names.0),
                person.id,
                names.1,
                gone.id
            ));
            for change in &united.changes {
                print_line(&clean(&format!("    {}", changed(change))));
            }
            if !united.merged.links.is_empty() {
                let moved = count(united.merged.links.len(), "account");
                print_line(&format!("    {moved} of {} moves along", gone.id));
            }
            for turn in &united.turns {
                turned(&session, turn);
            }
            outlook(&session, &united.apps);
        }
        let question = match united.merged.kept.len() {
            0 => "Are these the same human?".to_owned(),
            n => format!("Are these the same human, and stays {} open?", count(n, "account")),
        };
        let done = agreed(&session, &self.how, &question)?;
        if done {
            session.muster.unite(&united).await?;
        }
        let done_words = format!("They are one. To take it back: muster people split {}", gone.id);
        finish(&session, done, &done_words, &json!({"united": united, "done": done}))
    }
}

/// That access ends at another time because two are one.
fn turned(session: &Session, turn: &Turn) {
    let style = session.style;
    let Turn { app, login, role, name, before, after, .. } = turn;
    let role = role.as_ref().map(|role| format!(" ({role})")).unwrap_or_default();
    let now = session.muster.env.now();
    let ends = |at: &Option<Timestamp>| match at {
        None => "no end of access was known".to_owned(),
        Some(at) if *at <= now => "was to be shut out now".to_owned(),
        Some(at) => format!("was to be shut out {}", session.when(*at)),
    };
    let goes = match after {
        None => "stays open".to_owned(),
        Some(at) if *at <= now => "is shut out now".to_owned(),
        Some(at) => format!("stays open until {}", session.when(*at)),
    };
    let sign = if turn.keeps() { style.yellow("!") } else { style.red("-") };
    print_line(&format!("  {sign} {app}: {}{role} of {}", clean(login), clean(name)));
    print_line(&format!("      {}; as one person it {goes}", ends(before)));
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Split {
    /// Who was merged into another: the per_… id, a source's id, or the name
    person: String,
    #[command(flatten)]
    how: How,
}

impl Split {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(self.how.access()).await?;
        let parting = session.muster.preview_part(&self.person).await?;
        if !session.json {
            for person in [&parting.person, &parting.other] {
                let anchors: Vec<_> = person.anchors().map(ToString::to_string).collect();
                print_line(&format!(
                    "{} ({}), told by {}",
                    clean(&person.name()),
                    person.id,
                    anchors.join(", ")
                ));
            }
        }
        let done = agreed(&session, &self.how, "Make them two people again?")?;
        if done {
            session.muster.part(&parting).await?;
        }
        let value = json!({"parting": parting, "done": done});
        finish(&session, done, "They are two people again.", &value)
    }
}

pub(super) async fn duplicates(session: &Session) -> Result<Outcome> {
    let found = session.muster.duplicates().await?;
    if session.json {
        print_json(&found)?;
    } else if found.is_empty() {
        print_line("Nobody looks like somebody else.");
    } else {
        for one in &found {
            print_line(&clean(&may_be(one)));
        }
    }
    Ok(Outcome::changes_if(!found.is_empty()))
}

pub(super) async fn distinct(session: &Session, (one, other): (&str, &str)) -> Result<Outcome> {
    let one = session.muster.find_person(one).await?;
    let other = session.muster.find_person(other).await?;
    let said = session.muster.are_two(&one, &other).await?;
    if session.json {
        print_json(&said)?;
    } else {
        let names = format!("{} ({}) and {} ({})", one.name(), one.id, other.name(), other.id);
        print_line(&clean(&format!("{names} are two people.")));
    }
    Ok(Outcome::Done)
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Redact {
    /// A name, a work address, a source's id or a per_… id
    person: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    how: How,
}

impl Redact {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(self.how.access()).await?;
        let person = session.muster.find_person(&self.person).await?;
        let redacted = session.muster.preview_redact(&person, &self.reason).await?;
        if !session.json {
            show(&session, &person.name(), &redacted);
        }
        let question = format!("Take the data of {} out? It cannot be put back.", person.name());
        let done = agreed(&session, &self.how, &question)?;
        if done {
            session.muster.redact(&redacted).await?;
        }
        let id = &redacted.person.id;
        let words =
            format!("Taken out. What stays is known as {id}; muster log verify still holds.");
        finish(&session, done, &words, &json!({"redacted": redacted, "done": done}))
    }
}

fn show(session: &Session, name: &str, redacted: &Redacted) {
    let style = session.style;
    let Redacted { person, entries, restated, others, accounts, .. } = redacted;
    print_line(&format!("{} {}  {}", style.red("-"), style.bold(&clean(name)), person.id));
    print_line(
        "    names, addresses, numbers, job and manager go; the days of work and what was done to \
         which account stay",
    );
    print_line(&format!("    {} of the journal lose their data", count_entries(*entries)));
    if *restated > 0 {
        print_line(&format!(
            "    {} of them spoke of other accounts too; that part is journaled anew",
            count_entries(*restated)
        ));
    }
    for (app, account) in accounts {
        print_line(&format!(
            "  {} account {app}/{account} is shut out but still there, with name and address; \
             delete it in {app}: as long as it is there, reading {app} tells of it",
            style.yellow("!")
        ));
    }
    if !others.is_empty() {
        let entries: Vec<_> = others.iter().map(ToString::to_string).collect();
        print_line(&format!(
            "  {} journal entries {} hold an address of hers but are about something else; they \
             stay as they are",
            style.yellow("!"),
            entries.join(", ")
        ));
    }
}

fn count_entries(n: usize) -> String {
    if n == 1 { "1 entry".to_owned() } else { format!("{n} entries") }
}

fn agreed(session: &Session, how: &How, question: &str) -> Result<bool> {
    Ok(!how.dry_run && (how.yes || session.confirm(question)?))
}

fn finish(
    session: &Session,
    done: bool,
    words: &str,
    value: &serde_json::Value,
) -> Result<Outcome> {
    if session.json {
        print_json(value)?;
    } else if done {
        print_line(&session.style.green(words));
    } else {
        print_line("Nothing was changed.");
    }
    Ok(Outcome::changes_if(!done))
}
