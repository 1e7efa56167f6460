//! `muster evidence`.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use muster_domain::{
    engine::evidence::{
        checkpoint::SignedCheckpoint,
        key::Trusted,
        manifest::{MANIFEST, Manifest, Verdict},
        rotation::Span,
    },
    model::id::AppName,
};
use serde_json::json;

use super::{
    plan::moment,
    render::{Style, clean, count},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::evidence::{bundle, export::Wanted},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show the public key with which evidence is signed; makes the key at first need
    Key {
        #[command(subcommand)]
        command: Option<KeyCommand>,
    },
    /// Make a signed bundle of evidence of a period
    Export {
        /// The first day of the period, or a time
        #[arg(long, value_name = "DATE")]
        from: String,
        /// The last day of the period, or the time at which it ends
        #[arg(long, value_name = "DATE")]
        to: String,
        /// Only of this app
        #[arg(long)]
        app: Option<AppName>,
        /// A new directory for the bundle
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Verify a bundle; needs no home and no network
    Verify {
        /// The directory of the bundle
        bundle: PathBuf,
        /// The public key or its fingerprint, from a hand you trust; without it only integrity is
        /// proven, not origin
        #[arg(long, value_name = "PUBLIC")]
        key: Option<Trusted>,
        /// A checkpoint that you kept: finds a journal that was written anew before the bundle
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum KeyCommand {
    /// List every key that ever signed, and from when until when
    List,
    /// Sign with a new key from now on. Both keys sign the change; what the former one signed keeps
    /// counting
    Rotate,
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self {
            Self::Key { command: None } => key(start).await,
            Self::Key { command: Some(KeyCommand::List) } => keys(start).await,
            Self::Key { command: Some(KeyCommand::Rotate) } => rotate(start).await,
            Self::Export { from, to, app, out } => {
                let session = start.open(Access::Beside).await?;
                let from = moment(&from, &session.zone)?;
                let to = end_of(&to, &session.zone)?;
                export(&session, Wanted { from, to, app }, &out).await
            }
            Self::Verify { bundle, key, checkpoint } => {
                let kept = checkpoint.as_deref().map(super::log::kept).transpose()?;
                verify(start.json, &bundle, (key.as_ref(), kept))
            }
        }
    }
}

/// The end of a period: a day is meant whole.
fn end_of(text: &str, zone: &TimeZone) -> Result<Timestamp> {
    let next = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    match next.and_then(|day| day.checked_add(1.day()).ok()) {
        Some(next) => moment(&next.to_string(), zone),
        None => moment(text, zone),
    }
}

async fn key(start: Start) -> Result<Outcome> {
    let session = start.open(Access::Beside).await?;
    let public = session.muster.signing_key().await?.public();
    if session.json {
        print_json(&json!({ "key": public, "fingerprint": public.fingerprint() }))?;
    } else {
        print_line(&public.to_string());
        print_line(&format!("fingerprint {}", public.fingerprint()));
        print_line(&session.style.dim(
            "Give both to the auditor by a way that whoever keeps this machine does not control.",
        ));
    }
    Ok(Outcome::Done)
}

async fn keys(start: Start) -> Result<Outcome> {
    let session = start.open(Access::Read).await?;
    let keys = session.muster.signing_keys().await?;
    if session.json {
        let told = |span: &Span| {
            let Span { key, entry, since, until } = span;
            let fingerprint = key.fingerprint();
            json!({
                "key": key,
                "fingerprint": fingerprint,
                "entry": entry,
                "since": since,
                "until": until,
            })
        };
        print_json(&json!(keys.iter().map(told).collect::<Vec<_>>()))?;
        return Ok(Outcome::Done);
    }
    if keys.is_empty() {
        print_line("There is no key yet; make the first one: muster evidence key");
    }
    for Span { key, since, until, .. } in &keys {
        let until = until.map_or_else(
            || session.style.green("in use"),
            |until| format!("until {}", session.when(until)),
        );
        print_line(&format!("{key}"));
        print_line(&format!("  fingerprint {}", key.fingerprint()));
        print_line(&format!("  since {}, {until}", session.when(*since)));
    }
    Ok(Outcome::Done)
}

async fn rotate(start: Start) -> Result<Outcome> {
    let session = start.open(Access::Beside).await?;
    let signed = session.muster.rotate_signing_key().await?;
    if session.json {
        print_json(&json!(signed))?;
        return Ok(Outcome::Done);
    }
    let next = signed.rotation.to;
    print_line(&next.to_string());
    print_line(&format!("fingerprint {}", next.fingerprint()));
    print_line(
        "Signs from now on. What the former key signed keeps counting; what it was made from is \
         forgotten.",
    );
    print_line(&session.style.dim(
        "Give the auditor the new one as you gave the first: by a way that whoever keeps this \
         machine does not control.",
    ));
    Ok(Outcome::Done)
}

async fn export(session: &Session, wanted: Wanted, out: &Path) -> Result<Outcome> {
    let made = session.muster.evidence(wanted, out).await?;
    let signed = &made.checkpoint.checkpoint;
    if session.json {
        print_json(&json!({
            "out": out,
            "files": made.files,
            "root": made.root,
            "entry": signed.seq,
            "head": signed.head,
            "key": signed.key,
            "cut": made.cut,
            "leavers": made.leavers,
            "decisions": made.decisions,
        }))?;
        return Ok(Outcome::Done);
    }
    print_line(&format!(
        "{} {}: {}, {}, journal up to entry {}.",
        session.style.green(&count(made.files, "file")),
        out.display(),
        match made.leavers {
            1 => "1 leaver’s account".to_owned(),
            n => format!("{n} leavers’ accounts"),
        },
        count(made.decisions, "decision"),
        signed.seq,
    ));
    if let Some(end) = made.cut {
        print_line(&format!(
            "The period ends now, {}: nothing shows what is still to come.",
            session.when(end)
        ));
    }
    print_line(&format!("Signed root {}", made.root));
    print_line(&format!("Read it: {}", out.join("report.html").display()));
    print_line(&format!(
        "The auditor verifies it: muster evidence verify {} --key {}",
        out.display(),
        signed.key
    ));
    Ok(Outcome::Done)
}

fn verify(
    json: bool,
    folder: &Path,
    (key, kept): (Option<&Trusted>, Option<SignedCheckpoint>),
) -> Result<Outcome> {
    use std::io::IsTerminal as _;
    let Verdict { manifest, faults, clock_went_back } = bundle::verify(folder, key, kept.clone())?;
    if !faults.is_empty() {
        let told: Vec<String> = faults.iter().map(|fault| clean(&fault.to_string())).collect();
        return Err(Error::Conflict(format!(
            "{} is not as it was made\n{}",
            folder.display(),
            told.join("\n")
        )));
    }
    let Some(manifest) = manifest else {
        return Err(Error::NotFound(format!("{MANIFEST} is not in {}", folder.display())));
    };
    if json {
        print_json(&json!({
            "whole": true,
            "origin": key.is_some(),
            "key": manifest.key,
            "fingerprint": manifest.key.fingerprint(),
            "root": manifest.root,
            "scope": manifest.scope,
            "files": manifest.files.len(),
            "taken_out": manifest.taken_out,
            "clock_went_back": clock_went_back,
            "checkpoint": kept.map(|kept| kept.checkpoint),
        }))?;
    } else {
        show(Style::for_terminal(std::io::stdout().is_terminal()), &manifest, key.is_some());
        clock_went_back.into_iter().for_each(super::log::warn_of_clock);
        if let Some(SignedCheckpoint { checkpoint, .. }) = kept {
            print_line(&format!("It holds entry {}, which you kept signed.", checkpoint.seq));
        }
    }
    Ok(Outcome::Done)
}

fn show(style: Style, manifest: &Manifest, origin: bool) {
    let Manifest { scope, files, root, key, .. } = manifest;
    print_line(&format!(
        "{} {} and the manifest, as they were made on {} by {} with {}",
        style.green("The bundle is whole:"),
        count(files.len(), "file"),
        scope.made.strftime("%Y-%m-%d %H:%M UTC"),
        clean(&scope.by),
        clean(&scope.program),
    ));
    print_line(&format!("  root {root}"));
    print_line(&format!("  key {key}"));
    print_line(&format!("  fingerprint {}", key.fingerprint()));
    if origin {
        print_line(&style.green("It was signed with the key that you gave."));
    } else {
        print_line(&style.red(
            "WHO MADE IT IS NOT PROVEN: it was checked with the key that it brings along itself. \
             Anybody could have made it. Get the public key from a hand you trust, and say: --key \
             PUBLIC",
        ));
    }
}
