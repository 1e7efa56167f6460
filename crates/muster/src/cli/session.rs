//! What every command starts with: settings, the opened store, and how to print.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use jiff::{Timestamp, tz::TimeZone};
use muster_domain::model::id::{AppName, OrgId};
use serde::Serialize;

use super::render::Style;
use crate::{
    config::{HomeLock, Settings},
    connector::transport::{HttpLimits, HttpTransport, Transport},
    env::Env,
    error::{Error, Result},
    service::{Muster, urgent::Elsewhere},
    store::{Location, Store, seal::SealingKey},
};

/// How a command ended, when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to do, or all done: exit code 0.
    Done,
    /// There are changes, or something waits or is parked: exit code 2.
    Changes,
}

impl Outcome {
    /// `Changes` when there are any.
    pub(super) const fn changes_if(changes: bool) -> Self {
        if changes { Self::Changes } else { Self::Done }
    }
}

/// Whether a command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Others may go on.
    Read,
    /// Writes one small thing beside whoever is at work; the store keeps them apart.
    Beside,
    /// Goes before whoever is at work. Nobody else begins meanwhile if nobody is.
    Urgent,
    /// No other process may write at the same time.
    Write,
}

/// What was said on the command line beside the command.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) home: Option<PathBuf>,
    pub(super) json: bool,
    pub(super) actor: Option<String>,
    pub(super) command: &'static str,
    /// What the command opened, to be closed at its end, however it ends.
    pub(super) opened: Arc<OnceLock<Store>>,
}

impl Start {
    /// Opens the store, which is closed when the command has ended.
    pub(super) async fn store(&self, at: &Location, key: SealingKey, env: &Env) -> Result<Store> {
        let store = Store::open(at, key, env.clone()).await?;
        let _ = self.opened.set(store.clone());
        Ok(store)
    }

    /// Closes what was opened. SQLite then leaves one file behind, unless others use it.
    pub(super) async fn close(opened: &OnceLock<Store>) {
        if let Some(store) = opened.get() {
            store.close().await;
        }
    }

    pub(super) fn settings(&self) -> Result<Settings> {
        Settings::read(self.home.clone(), self.actor.clone())
    }

    /// Opens a home that was set up.
    pub(super) async fn open(self, access: Access) -> Result<Session> {
        let settings = self.settings()?;
        let key = settings.sealing_key()?;
        let lock = match access {
            Access::Write => Some(settings.lock(self.command)?),
            Access::Urgent => match settings.lock(self.command) {
                Ok(lock) => Some(lock),
                Err(Error::Busy(_)) => None,
                Err(error) => return Err(error),
            },
            Access::Read | Access::Beside => None,
        };
        if let Location::SqliteFile(path) = settings.location()
            && !path.exists()
        {
            return Err(Error::NotFound(format!(
                "there is no store at {}; set one up: muster init",
                path.display()
            )));
        }
        let env = Env::system();
        let opened = self.store(&settings.location(), key, &env).await?;
        let store = opened.org(OrgId::default_org());
        // A home that was set up has at least the entry that says so.
        if store.journal_head().await?.0 == 0 {
            return Err(empty_store(&settings.location()));
        }
        let witness = settings.witness_file();
        let forgotten = store.forgotten(&witness).await?;
        match &forgotten {
            None => opened.witnessed_in(witness.clone()),
            Some(why) => tracing::warn!("{why}; nothing is written to any app"),
        }
        let muster = Muster {
            store,
            forgotten,
            node: settings.node(&env)?,
            env,
            actor: settings.actor.clone(),
            transports: Arc::new(|| {
                let transport = HttpTransport::new(HttpLimits::default())
                    .map_err(|error| Error::Invalid(error.to_string()))?;
                Ok(Arc::new(transport) as Arc<dyn Transport>)
            }),
        };
        let zone = muster.policy_or_none().await?.organization.time_zone;
        let terminal = std::io::stdout().is_terminal();
        let style = Style::for_terminal(settings.may_colour && terminal);
        let style = if terminal { style.fitted() } else { style };
        let elsewhere = match (&lock, settings.location()) {
            // Neither the lock of the home nor that of the database keeps the server out.
            (None, _) => Elsewhere::Anybody,
            _ if settings.is_served() => Elsewhere::Anybody,
            (Some(_), Location::Postgres(_)) => Elsewhere::OtherNodes,
            (Some(_), _) => Elsewhere::Nobody,
        };
        Ok(Session { muster, zone, style, json: self.json, witness, elsewhere, _lock: lock })
    }
}

/// A store without a journal in a home that was used: nothing that was done is remembered, not
/// even whom it invited.
pub(super) fn empty_store(location: &Location) -> Error {
    Error::Conflict(format!(
        "the store at {location} is empty, so it was emptied or replaced; restore it from a \
         backup, or begin anew in another home: muster init --home DIR"
    ))
}

/// An opened home.
pub(super) struct Session {
    pub(super) muster: Muster,
    /// The zone in which times are shown.
    pub(super) zone: TimeZone,
    pub(super) style: Style,
    pub(super) json: bool,
    /// Where the home keeps how far it has seen the journal come.
    pub(super) witness: PathBuf,
    /// Who else may be at work.
    pub(super) elsewhere: Elsewhere,
    _lock: Option<HomeLock>,
}

impl Session {
    /// The time in the organisation's zone.
    pub(super) fn when(&self, at: Timestamp) -> String {
        when(at, &self.zone)
    }

    /// The app that is meant: the one named, or the only one there is.
    pub(super) async fn app(&self, named: Option<&AppName>) -> Result<AppName> {
        if let Some(app) = named {
            self.muster.connection(app).await?;
            return Ok(app.clone());
        }
        let connections = self.muster.store.connections().await?;
        match connections.as_slice() {
            [only] => Ok(only.app.clone()),
            [] => Err(Error::NotFound(
                "no app is connected; connect one: muster app add gorgias NAME --subdomain … \
                 --email … --api-key-stdin"
                    .to_owned(),
            )),
            several => {
                let names: Vec<_> = several.iter().map(|one| one.app.as_str()).collect();
                Err(Error::Invalid(format!("say which app: {}", names.join(", "))))
            }
        }
    }

    /// The apps that are meant: the one named, or all of them.
    pub(super) async fn apps(&self, named: Option<&AppName>) -> Result<Vec<AppName>> {
        if named.is_some() {
            return Ok(vec![self.app(named).await?]);
        }
        let connections = self.muster.store.connections().await?;
        if connections.is_empty() {
            self.app(None).await?;
        }
        Ok(connections.into_iter().map(|connection| connection.app).collect())
    }

    /// Asks a yes-or-no question on a terminal. Where nobody can answer, the answer is an error
    /// that says how to answer beforehand.
    pub(super) fn confirm(&self, question: &str) -> Result<bool> {
        if !std::io::stdin().is_terminal() {
            return Err(Error::Invalid(format!(
                "{question} Nobody can answer here; say --yes, or run it on a terminal"
            )));
        }
        eprint!("{question} [y/N] ");
        let _ = std::io::stderr().flush();
        let mut answer = String::new();
        std::io::stdin()
            .read_line(&mut answer)
            .map_err(|error| Error::file("cannot read the answer", error))?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}

/// The time as people of `zone` write it, to the minute.
pub(super) fn when(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_zoned(zone.clone());
    zoned.strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// Prints `value` as JSON.
pub(super) fn print_json<T: Serialize>(value: &T) -> Result<()> {
    print_line(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints a line. A reader that went away (`| head`) ends the printing, not the work.
pub(super) fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
