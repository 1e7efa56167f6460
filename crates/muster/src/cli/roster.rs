//! `muster roster`.

mod check;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use muster_domain::{
    engine::merge::{CLEARABLE, Doubt},
    model::{
        id::SourceName,
        person::EmploymentStatus,
        roster::{Field, Presence},
    },
};
use muster_sources::{DateOrder, ReadOptions};
use serde_json::json;

use super::{
    render::{clean, count},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::import::{Import, ImportRefused, Preview},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Import a file; shows what would change before it changes it
    Import(Box<Args>),
    /// Say all there is to say of a file, and change nothing; needs no home
    Check(Box<check::Args>),
}

/// How to read a file.
#[derive(Debug, clap::Args)]
struct ReadArgs {
    #[arg(long, help = format_help())]
    format: Option<String>,
    /// Which column holds which field, as in "Dept.=department"
    #[arg(long, value_name = "COLUMN=FIELD", value_parser = mapping)]
    map: Vec<(String, Field)>,
    /// How to read dates such as 03/04/2026
    #[arg(long, value_name = "dmy|mdy")]
    dates: Option<DateOrder>,
    /// What a status word of yours means, as in "Garden leave=on_leave"
    #[arg(long, value_name = "WORD=STATUS", value_parser = status_word)]
    status: Vec<(String, EmploymentStatus)>,
}

fn format_help() -> String {
    let names: Vec<_> = muster_sources::formats().iter().map(|format| format.name).collect();
    format!("The format, when its columns do not tell: {}", names.join(", "))
}

impl ReadArgs {
    fn options(&self) -> ReadOptions {
        ReadOptions {
            format: self.format.clone(),
            map: self.map.clone(),
            day_first: self.dates,
            status_words: self.status.clone(),
            ..ReadOptions::default()
        }
    }
}

/// The bytes of a file, and its name.
fn bytes_of(file: &Path) -> Result<(String, Vec<u8>)> {
    let bytes = fs::read(file)
        .map_err(|error| Error::file(format!("cannot read {}", file.display()), error))?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    Ok((name, bytes))
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV, TSV, XLSX, or an API's answer saved as JSON
    file: PathBuf,
    /// The name of the source [default: the format]
    #[arg(long)]
    source: Option<SourceName>,
    #[command(flatten)]
    read: ReadArgs,
    /// Whom the file lists: everybody with leavers, active people only, or changes only
    #[arg(long, default_value = "full", value_name = "full|active|changes", value_parser = presence)]
    presence: Presence,
    /// Overrule a doubt that refused the file
    #[arg(long, value_name = "smaller|older|columns", value_parser = doubt)]
    accept: Vec<Doubt>,
    /// A field whose blanks mean "empty", as in end_date: the end was cancelled
    #[arg(long, value_name = "FIELD", value_parser = clearable)]
    complete: Vec<Field>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Import without asking
    #[arg(long)]
    yes: bool,
}

fn mapping(text: &str) -> std::result::Result<(String, Field), String> {
    let (column, field) = text.rsplit_once('=').ok_or("write it as COLUMN=FIELD")?;
    let field = field.trim().parse::<Field>().map_err(|error| {
        let words: Vec<_> = Field::ALL.iter().map(|field| field.word()).collect();
        format!("{error}; fields are {}", words.join(", "))
    })?;
    Ok((column.trim().to_owned(), field))
}

fn clearable(text: &str) -> std::result::Result<Field, String> {
    CLEARABLE.into_iter().find(|field| field.word() == text).ok_or_else(|| {
        let words = CLEARABLE.map(Field::word).join(", ");
        format!("a blank never wipes what is known, except in {words}")
    })
}

fn status_word(text: &str) -> std::result::Result<(String, EmploymentStatus), String> {
    const ALL: [EmploymentStatus; 5] = [
        EmploymentStatus::Pending,
        EmploymentStatus::Active,
        EmploymentStatus::OnLeave,
        EmploymentStatus::Ended,
        EmploymentStatus::Withdrawn,
    ];
    let (word, status) = text.rsplit_once('=').ok_or("write it as WORD=STATUS")?;
    let found = ALL.into_iter().find(|known| known.word() == status.trim()).ok_or_else(|| {
        let words: Vec<_> = ALL.iter().map(|status| status.word()).collect();
        format!("statuses are {}", words.join(", "))
    })?;
    Ok((word.trim().to_owned(), found))
}

fn presence(text: &str) -> std::result::Result<Presence, String> {
    [Presence::Full, Presence::Active, Presence::Changes]
        .into_iter()
        .find(|presence| presence.word() == text)
        .ok_or_else(|| "say full, active or changes".to_owned())
}

fn doubt(text: &str) -> std::result::Result<Doubt, String> {
    Doubt::ALL
        .iter()
        .copied()
        .find(|doubt| doubt.word() == text)
        .ok_or_else(|| "say smaller, older or columns".to_owned())
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self {
            Self::Import(args) => args.run(start).await,
            Self::Check(args) => args.run(&start),
        }
    }
}

impl Args {
    async fn run(self, start: Start) -> Result<Outcome> {
        let (name, bytes) = bytes_of(&self.file)?;
        let access = if self.dry_run { Access::Read } else { Access::Write };
        let session = start.open(access).await?;
        let import = self.import(name, bytes);
        let preview = match session.muster.preview(&import).await? {
            Ok(preview) => preview,
            Err(refused) => {
                if !self.dry_run {
                    session.muster.note_refusal(&import, &refused).await?;
                }
                return Err(refusal(&session, &import, &refused)?);
            }
        };
        if !session.json {
            show(&session, &import, &preview);
        }
        let changes = !preview.merge.is_empty();
        let imported = if self.dry_run {
            false
        } else if !changes || self.yes || session.confirm("Import this?")? {
            session.muster.import(&import, &preview).await?;
            true
        } else {
            false
        };
        if session.json {
            print_json(&json!({
                "source": preview.source,
                "format": preview.roster.format,
                "rows": preview.roster.rows,
                "people": preview.roster.records.len(),
                "warnings": preview.roster.warnings,
                "merge": preview.merge,
                "imported": imported,
            }))?;
        } else if imported {
            print_line(&session.style.green("Imported."));
        } else {
            print_line("Nothing was changed.");
        }
        Ok(Outcome::changes_if(changes && !imported))
    }

    fn import(&self, file_name: String, bytes: Vec<u8>) -> Import {
        let file_time = fs::metadata(&self.file)
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|time| Timestamp::try_from(time).ok());
        Import {
            source: self.source.clone(),
            file_name,
            bytes,
            file_time,
            read: self.read.options(),
            presence: self.presence,
            accept: self.accept.iter().copied().collect(),
            complete: self.complete.iter().copied().collect::<BTreeSet<_>>(),
        }
    }
}

fn refusal(session: &Session, import: &Import, refused: &ImportRefused) -> Result<Error> {
    let lines: Vec<String> = match refused {
        ImportRefused::Unreadable(refusal) => {
            if session.json {
                print_json(&json!({"refused": refusal}))?;
            }
            refusal.problems.iter().map(ToString::to_string).collect()
        }
        ImportRefused::Unbelievable(refused) => {
            let lines: Vec<_> = refused.iter().map(ToString::to_string).collect();
            if session.json {
                print_json(&json!({"refused": {"problems": lines}}))?;
            }
            lines
        }
    };
    Ok(Error::Invalid(format!(
        "{} is refused whole and nothing was changed; {}:\n  {}",
        import.file_name,
        count(lines.len(), "problem"),
        lines.iter().map(|line| clean(line)).collect::<Vec<_>>().join("\n  ")
    )))
}

const SHOWN: usize = 20;

fn show(session: &Session, import: &Import, preview: &Preview) {
    let style = session.style;
    let Preview { source, roster, merge, .. } = preview;
    print_line(&format!(
        "{}: {}, {} in {}, source {source}",
        import.file_name,
        roster.format,
        if roster.records.len() == 1 {
            "1 person".to_owned()
        } else {
            format!("{} people", roster.records.len())
        },
        count(roster.rows as usize, "row"),
    ));
    for person in merge.added.iter().take(SHOWN) {
        let terms = person.engagements.last().map(|engagement| &engagement.terms);
        let what = terms.and_then(|terms| terms.title.clone()).unwrap_or_default();
        let sign = style.green("+");
        print_line(&format!("  {sign} {} {}", clean(&person.name()), style.dim(&clean(&what))));
    }
    more(merge.added.len(), "new");
    for change in merge.changed.iter().take(SHOWN) {
        print_line(&format!("  {} {}", style.yellow("~"), clean(&change.person.name())));
        for field in &change.changes {
            let word = |value: &serde_json::Value| match value {
                serde_json::Value::Null => "not known".to_owned(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let (before, after) = (word(&field.before), word(&field.after));
            print_line(&clean(&format!("      {} {before} → {after}", field.field)));
        }
    }
    more(merge.changed.len(), "changed");
    for person in merge.unmentioned.iter().take(SHOWN) {
        print_line(&format!(
            "  {} {} is not mentioned any more; that is no departure, nothing is taken away",
            style.cyan("?"),
            clean(&person.name())
        ));
    }
    more(merge.unmentioned.len(), "not mentioned any more");
    for warning in roster.warnings.iter().chain(&merge.warnings) {
        print_line(&format!("  {} {}", style.yellow("!"), clean(warning)));
    }
    print_line(&format!(
        "{} new, {} changed, {} not mentioned any more, {} as before",
        merge.added.len(),
        merge.changed.len(),
        merge.unmentioned.len(),
        merge.unchanged,
    ));
}

fn more(n: usize, what: &str) {
    if n > SHOWN {
        print_line(&format!("    … and {} more {what}", n - SHOWN));
    }
}
