//! `muster plan`.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use muster_domain::model::id::AppName;

use super::{
    render,
    session::{Access, Outcome, Start, print_json, print_line},
};
use crate::error::{Error, Result};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The app [default: the only one]
    app: Option<AppName>,
    /// Save the plan to a file, for muster apply FILE
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show what would be planned at another time: 2026-12-01, "2026-12-01 09:00" or an instant
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Reads a moment: an instant, or a date or time of day in `zone`.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|day| day.at(0, 0, 0, 0)))
        .map_err(|_| {
            Error::Invalid(format!(
                "{text:?} is not a time; write it as in 2026-12-01, \"2026-12-01 09:00\" or \
                 2026-12-01T08:00:00Z"
            ))
        })?;
    zone.to_ambiguous_zoned(local)
        .compatible()
        .map(|zoned| zoned.timestamp())
        .map_err(|_| too_far(text, zone))
}

/// That a time lies beyond what can be reckoned with, and how far that is.
pub(super) fn too_far(text: &str, zone: &TimeZone) -> Error {
    let latest = Timestamp::MAX.to_zoned(zone.clone()).date();
    Error::Invalid(format!("{text:?} lies too far away; the latest day is {latest}"))
}

/// Writes a plan for its owner's eyes only: it names people and what they lose.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        let mut file = options.open(path)?;
        // One that was there keeps its mode otherwise; what is no file of its own is left alone.
        if file.metadata()?.is_file() {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        file.write_all(text.as_bytes())
    }
    #[cfg(not(unix))]
    options.open(path)?.write_all(text.as_bytes())
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Read).await?;
        let app = session.app(self.app.as_ref()).await?;
        let at = self.at.as_deref().map(|text| moment(text, &session.zone)).transpose()?;
        let plan = session.muster.plan(&app, at).await?;
        if let Some(path) = &self.out {
            if at.is_some() {
                return Err(Error::Invalid(
                    "a plan for another time cannot be applied; leave out --out or --at".to_owned(),
                ));
            }
            save(path, &plan.canonical()?)
                .map_err(|error| Error::file(format!("cannot write {}", path.display()), error))?;
        }
        if session.json {
            print_json(&plan)?;
        } else {
            print_line(&render::plan(&plan, session.style, &session.zone));
            if let Some(path) = &self.out {
                let digest = plan.digest()?.brief();
                print_line(&format!("Saved as {} ({digest}).", path.display()));
            }
        }
        Ok(Outcome::changes_if(!plan.operations.is_empty()))
    }
}
