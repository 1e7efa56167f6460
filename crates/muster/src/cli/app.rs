//! `muster app`.

use std::io::Read;

use muster_domain::model::{
    id::AppName,
    policy::{Switch, Writes},
};
use serde_json::json;

use super::{
    consent::Doorstep,
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
    /// Give back what lets Muster in and forget it; what is known stays
    Disconnect {
        /// The app
        name: AppName,
        /// Do not ask
        #[arg(long)]
        yes: bool,
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
    #[arg(long, required_unless_present = "oauth")]
    email: Option<String>,
    /// Read the API key from standard input
    #[arg(long, conflicts_with = "oauth")]
    api_key_stdin: bool,
    /// Be let in by OAuth: an admin signs in and allows it in a browser
    #[arg(long, requires = "client_id", conflicts_with = "email")]
    oauth: bool,
    /// Muster's id as a client, from the app's developer page
    #[arg(long, value_name = "ID", requires = "oauth")]
    client_id: Option<String>,
    /// Read the client's secret from standard input
    #[arg(long, requires = "oauth")]
    client_secret_stdin: bool,
    /// The port of this machine to which the browser comes back [default: a free one]
    #[arg(long, value_name = "PORT", requires = "oauth", default_value_t = 0)]
    port: u16,
    /// The redirect URI registered for the client, when it is not this machine's
    #[arg(long, value_name = "URL", requires = "oauth")]
    redirect_uri: Option<String>,
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
            Self::Disconnect { name, yes } => disconnect(start, &name, yes).await,
            Self::Check { name } => {
                let session = start.open(Access::Write).await?;
                let probe = session.muster.check(&name).await?;
                report(&session, &name, &probe).await?;
                Ok(Outcome::changes_if(!probe.may_read || !probe.may_write))
            }
        }
    }
}

async fn disconnect(start: Start, name: &AppName, yes: bool) -> Result<Outcome> {
    let session = start.open(Access::Write).await?;
    let question = format!("Disconnect {name}? Muster then neither reads nor writes there.");
    session.muster.connection(name).await?;
    if !yes && !session.confirm(&question)? {
        print_line("Nothing was done.");
        return Ok(Outcome::Changes);
    }
    let left = session.muster.disconnect(name).await?;
    if session.json {
        print_json(&json!({"disconnected": name, "not_given_back": left}))?;
    } else {
        print_line(&format!("{name} is disconnected; what is known of it stays."));
        if let Some(left) = left {
            print_line(&format!(
                "  {} not given back: {}",
                session.style.yellow("!"),
                clean(&left)
            ));
        }
    }
    Ok(Outcome::Done)
}

impl Add {
    async fn run(self, start: Start) -> Result<Outcome> {
        let connector = known(&self.connector)?;
        if self.oauth && !self.client_secret_stdin {
            return Err(Error::Invalid(
                "the client's secret is read from standard input: printf %s \"$SECRET\" | muster \
                 app add … --oauth --client-id ID --client-secret-stdin"
                    .to_owned(),
            ));
        }
        if !self.oauth && !self.api_key_stdin {
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
            ("email", self.email),
            ("base_url", self.base_url),
            ("auth", self.oauth.then(|| "oauth".to_owned())),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                settings.insert(name.to_owned(), value);
            }
        }
        let secret = read_secret()?;
        let replace = if self.replace { Replace::Yes } else { Replace::No };
        let app = self.name.clone();
        let mut new = NewConnection { app: self.name, connector, settings, secret, replace };
        if let Some(client_id) = &self.client_id {
            let back = (self.port, self.redirect_uri.as_deref());
            new.secret = consented(&session, &new, client_id, back).await?;
        }
        let probe = session.muster.connect(new).await?;
        report(&session, &app, &probe).await?;
        Ok(Outcome::Done)
    }
}

/// Sends somebody to the app's own page to allow it, and waits for the answer.
async fn consented(
    session: &Session,
    new: &NewConnection,
    client_id: &str,
    (port, redirect_uri): (u16, Option<&str>),
) -> Result<Secret> {
    let doorstep = Doorstep::open(port).await?;
    let redirect_uri = redirect_uri.unwrap_or(&doorstep.redirect_uri).to_owned();
    let asked = (client_id, redirect_uri.as_str());
    let (url, state) = session.muster.ask_consent(new.connector, &new.settings, asked)?;
    eprintln!("Open this page as an admin of {} and allow it:\n\n  {url}\n", new.connector.label);
    let code = doorstep.code(&state, &session.muster.env).await?;
    session.muster.take_consent(new, client_id, (&redirect_uri, &code)).await
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

/// The login of the account whose key or consent is used, as the app told it.
fn key_of(connection: &Connection) -> String {
    let probe: Option<Probe> = serde_json::from_value(connection.probe.clone()).ok();
    probe.map_or_else(|| "nobody: not connected".to_owned(), |probe| probe.caller.login)
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
            key_of(connection),
            accounts,
            read,
        ]);
    }
    print_line(&table(["name", "kind", "health", "key of", "accounts", "last read"], rows));
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
    print_line(&format!(
        "  key of   {}: before they leave, connect it with another's: muster app add {} {name} \
         --replace …",
        clean(&key_of(&connection)),
        connection.connector
    ));
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
