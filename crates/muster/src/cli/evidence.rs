//! `muster evidence`.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use muster_domain::{
    engine::evidence::{
        key::PublicKey,
        manifest::{self, Files, MANIFEST, Manifest, Verdict},
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
    service::evidence::export::Wanted,
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show the public key with which evidence is signed; makes the key at first need
    Key,
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
        /// The public key, from a hand you trust; without it only integrity is proven, not origin
        #[arg(long, value_name = "PUBLIC")]
        key: Option<PublicKey>,
    },
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self {
            Self::Key => key(start).await,
            Self::Export { from, to, app, out } => {
                let session = start.open(Access::Beside).await?;
                let from = moment(&from, &session.zone)?;
                let to = end_of(&to, &session.zone)?;
                export(&session, Wanted { from, to, app }, &out).await
            }
            Self::Verify { bundle, key } => verify(start.json, &bundle, key.as_ref()),
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

async fn export(session: &Session, wanted: Wanted, out: &Path) -> Result<Outcome> {
    make_empty(out)?;
    let made = session.muster.evidence(wanted).await?;
    for (path, bytes) in &made.files {
        write(&out.join(path), bytes)?;
    }
    let signed = &made.checkpoint.checkpoint;
    if session.json {
        print_json(&json!({
            "out": out,
            "files": made.files.len(),
            "root": made.root,
            "entry": signed.seq,
            "head": signed.head,
            "key": signed.key,
            "leavers": made.leavers,
            "decisions": made.decisions,
        }))?;
        return Ok(Outcome::Done);
    }
    print_line(&format!(
        "{} {}: {}, {}, journal up to entry {}.",
        session.style.green(&count(made.files.len(), "file")),
        out.display(),
        count(made.leavers, "account").replace("account", "leaver’s account"),
        count(made.decisions, "decision"),
        signed.seq,
    ));
    print_line(&format!("Signed root {}", made.root));
    print_line(&format!("Read it: {}", out.join("report.html").display()));
    print_line(&format!(
        "The auditor verifies it: muster evidence verify {} --key {}",
        out.display(),
        signed.key
    ));
    Ok(Outcome::Done)
}

fn cannot(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let doing = format!("cannot {doing} {}", path.display());
    move |error| Error::file(doing, error)
}

/// A bundle holds what it was signed with and nothing else.
fn make_empty(out: &Path) -> Result<()> {
    match fs::read_dir(out) {
        Ok(mut inside) => match inside.next() {
            Some(_) => Err(Error::Conflict(format!(
                "{} is not empty; a bundle needs a directory of its own",
                out.display()
            ))),
            None => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => private_dir(out),
        Err(error) => Err(cannot("look into", out)(error)),
    }
}

fn private_dir(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(cannot("make", path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        private_dir(folder)?;
    }
    fs::write(path, bytes).map_err(cannot("write", path))
}

/// Every file below `folder`, by its path in it.
fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(cannot("read", &folder))? {
            let entry = entry.map_err(cannot("read", &folder))?;
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(cannot("look at", &path))?;
            if kind.is_dir() {
                folders.push((path, format!("{name}/")));
            } else if kind.is_file() {
                files.insert(name, fs::read(&path).map_err(cannot("read", &path))?);
            } else {
                // What leads elsewhere is no part of a bundle; it is there, and unknown.
                files.insert(name, Vec::new());
            }
        }
    }
    Ok(files)
}

fn verify(json: bool, bundle: &Path, key: Option<&PublicKey>) -> Result<Outcome> {
    use std::io::IsTerminal as _;
    let files = read(bundle)?;
    let Verdict { manifest, faults } = manifest::verify(&files, key);
    if !faults.is_empty() {
        let told: Vec<String> = faults.iter().map(|fault| clean(&fault.to_string())).collect();
        return Err(Error::Conflict(format!(
            "{} is not as it was made\n{}",
            bundle.display(),
            told.join("\n")
        )));
    }
    let Some(manifest) = manifest else {
        return Err(Error::NotFound(format!("{MANIFEST} is not in {}", bundle.display())));
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
        }))?;
    } else {
        show(Style::for_terminal(std::io::stdout().is_terminal()), &manifest, key.is_some());
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
