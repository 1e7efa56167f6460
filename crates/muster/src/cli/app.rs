//! `muster app`.

use std::io::Read;

use muster_domain::model::{
    id::AppName,
    policy::{Switch, Writes},
};
use serde_json::json;

use super::{
    render::{clean, table},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    connector::Probe,
    error::{Error, Result},
    secret::Secret,
    service::{
        Settings,
        connect::{NewConnection, Replace, known},
    },
    store::records::{Connection, Health},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Connect an app; probes it and says what the key may do
    Add(Box<Add>),
    /// List connected apps
    List,
    /// Show one connected app
    Show {
        /// The app
        name: AppName,
    },
    /// Probe a connected app again
    Check {
        /// The app
        name: AppName,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// The kind of app: gorgias
    connector: String,
    /// The name to give it, such as support
    name: AppName,
    /// What stands before .gorgias.com
    #[arg(long, required_unless_present = "base_url", conflicts_with = "base_url")]
    subdomain: Option<String>,
    /// The address of the admin whose key is used
    #[arg(long)]
    email: String,
    /// Read the API key from standard input
    #[arg(long)]
    api_key_stdin: bool,
    /// The whole address instead of the subdomain; plain HTTP only to this machine
    #[arg(long)]
    base_url: Option<String>,
    /// Replace the connection of this name, as when a key is renewed
    #[arg(long)]
    replace: bool,
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        match self {
            Self::Add(add) => add.run(start).await,
            Self::List => list(&start.open(Access::Read).await?).await,
            Self::Show { name } => show(&start.open(Access::Read).await?, &name).await,
            Self::Check { name } => {
                let session = start.open(Access::Write).await?;
                let probe = session.muster.check(&name).await?;
                report(&session, &name, &probe).await?;
                Ok(Outcome::changes_if(!probe.may_read || !probe.may_write))
            }
        }
    }
}

impl Add {
    async fn run(self, start: Start) -> Result<Outcome> {
        let connector = known(&self.connector)?;
        if !self.api_key_stdin {
            return Err(Error::Invalid(format!(
                "the key is read from standard input, where no process list and no shell history \
                 shows it: … | muster app add {} {} --api-key-stdin …\n({} needs {})",
                self.connector, self.name, connector.label, connector.secret
            )));
        }
        let session = start.open(Access::Write).await?;
        let mut settings = Settings::new();
        let given = [
            ("subdomain", self.subdomain),
            ("email", Some(self.email)),
            ("base_url", self.base_url),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                settings.insert(name.to_owned(), value);
            }
        }
        let secret = read_secret()?;
        let replace = if self.replace { Replace::Yes } else { Replace::No };
        let app = self.name.clone();
        let new = NewConnection { app: self.name, connector, settings, secret, replace };
        let probe = session.muster.connect(new).await?;
        report(&session, &app, &probe).await?;
        Ok(Outcome::Done)
    }
}

fn read_secret() -> Result<Secret> {
    let mut text = String::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|error| Error::file("cannot read the key from standard input", error))?;
    let key = text.trim().to_owned();
    if key.is_empty() {
        return Err(Error::Invalid(
            "standard input holds no key; pipe it in: printf %s \"$KEY\" | muster app add …"
                .to_owned(),
        ));
    }
    Ok(Secret::new(key))
}

async fn report(session: &Session, app: &AppName, probe: &Probe) -> Result<()> {
    if session.json {
        return print_json(&json!({"app": app, "probe": probe}));
    }
    let style = session.style;
    let role = probe.caller.role.as_ref().map(ToString::to_string).unwrap_or_default();
    let may = match (probe.may_read, probe.may_write) {
        (_, true) => "read and change users",
        (true, false) => "read users only",
        (false, false) => "nothing",
    };
    let roles: Vec<_> = probe.roles.iter().map(|role| role.name.as_str()).collect();
    print_line(&format!("{} is connected", style.bold(app.as_str())));
    print_line(&format!("  as     {} ({role})", clean(&probe.caller.login)));
    print_line(&format!("  may    {may}"));
    if let Some(tenant) = &probe.tenant {
        print_line(&format!("  at     {}", clean(tenant)));
    }
    print_line(&format!("  roles  {}", roles.join(", ")));
    if let Some(limit) = &probe.rate_limit {
        print_line(&format!("  limit  {limit}"));
    }
    for warning in &probe.warnings {
        print_line(&format!("  {} {}", style.yellow("!"), clean(warning)));
    }
    match writes(session, app).await? {
        Some(on) if !on.is_empty() => print_line(&format!("  writes {}", on.join(", "))),
        _ => print_line("  Nothing is written to it until a policy turns writes on."),
    }
    Ok(())
}

/// The kinds of writes that the policy turns on, if it speaks of the app.
async fn writes(session: &Session, app: &AppName) -> Result<Option<Vec<&'static str>>> {
    let policy = session.muster.policy_or_none().await?;
    let Some(rules) = policy.apps.get(app) else { return Ok(None) };
    let Writes { create, update, deactivate, delete, hand_over } = rules.writes;
    let kinds = [
        ("create", create),
        ("update", update),
        ("deactivate", deactivate),
        ("delete", delete),
        ("hand_over", hand_over),
    ];
    let on = kinds.into_iter().filter(|(_, switch)| *switch == Switch::On);
    Ok(Some(on.map(|(name, _)| name).collect()))
}

fn health(session: &Session, connection: &Connection) -> String {
    match &connection.health {
        Health::Ok { .. } => "ok".to_owned(),
        Health::Unseen { since, reason } => {
            format!("cannot be seen since {}: {reason}", session.when(*since))
        }
    }
}

async fn list(session: &Session) -> Result<Outcome> {
    let connections = session.muster.store.connections().await?;
    if session.json {
        print_json(&connections)?;
        return Ok(Outcome::Done);
    }
    if connections.is_empty() {
        print_line(
            "No app is connected yet: muster app add gorgias NAME --subdomain … --email … \
             --api-key-stdin",
        );
        return Ok(Outcome::Done);
    }
    let mut rows = Vec::new();
    for connection in &connections {
        let seen = session.muster.store.observation(&connection.app).await?;
        let read = seen
            .as_ref()
            .map_or_else(|| "never".to_owned(), |seen| session.when(seen.header.started));
        let accounts = seen.map(|seen| seen.seen.to_string()).unwrap_or_default();
        rows.push([
            connection.app.to_string(),
            connection.connector.clone(),
            health(session, connection),
            accounts,
            read,
        ]);
    }
    print_line(&table(["name", "kind", "health", "accounts", "last read"], rows));
    Ok(Outcome::Done)
}

async fn show(session: &Session, name: &AppName) -> Result<Outcome> {
    let connection = session.muster.connection(name).await?;
    let observation = session.muster.store.observation(name).await?;
    if session.json {
        print_json(&json!({"connection": connection, "observation": observation}))?;
        return Ok(Outcome::Done);
    }
    print_line(&format!("{} ({})", session.style.bold(name.as_str()), connection.connector));
    print_line(&format!("  health   {}", clean(&health(session, &connection))));
    if let serde_json::Value::Object(settings) = &connection.settings {
        for (key, value) in settings {
            let value = value.as_str().unwrap_or_default();
            print_line(&format!("  {key:<8} {}", clean(value)));
        }
    }
    if let Some(seen) = observation {
        let tally = &seen.header.tally;
        let complete = match &seen.header.completeness {
            muster_domain::model::observation::Completeness::Proven => "complete".to_owned(),
            muster_domain::model::observation::Completeness::Unproven { reason } => {
                format!("not proven complete: {reason}")
            }
        };
        print_line(&format!(
            "  read     {}: {} accounts, {} pages, {} requests, {complete}",
            session.when(seen.header.started),
            seen.seen,
            tally.pages,
            tally.requests,
        ));
    }
    match writes(session, name).await? {
        None => print_line("  policy   says nothing about it; nothing is written"),
        Some(on) if on.is_empty() => print_line("  writes   nothing"),
        Some(on) => print_line(&format!("  writes   {}", on.join(", "))),
    }
    Ok(Outcome::Done)
}
