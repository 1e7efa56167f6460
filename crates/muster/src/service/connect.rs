//! Connecting an app, opening a connection, and keeping what it learns.

use std::{collections::BTreeMap, sync::Arc};

use muster_domain::model::{
    id::AppName,
    journal::{About, Event},
};
use serde_json::json;
use url::Url;

use super::{Muster, Opened, Settings};
use crate::{
    connector::{
        ConnectorError, ErrorKind, Lane, Probe,
        budget::{Budget, BudgetState},
    },
    connectors::{self, App, Asking, Consent, Consented, Opening},
    error::{Error, Result},
    secret::Secret,
    store::records::{Connection, Health},
};

/// What connects an app.
pub struct NewConnection {
    /// The name to give it.
    pub app: AppName,
    /// The kind of app.
    pub connector: &'static App,
    /// Its settings.
    pub settings: Settings,
    /// Its secret.
    pub secret: Secret,
    /// Whether a connection of this name may be replaced, as when a key is renewed.
    pub replace: Replace,
}

/// Whether something that is there already may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// It may.
    Yes,
    /// It may not.
    No,
}

/// The kind of app called `name`.
///
/// # Errors
/// When there is none.
pub fn known(name: &str) -> Result<&'static App> {
    connectors::named(name).ok_or_else(|| {
        let names: Vec<_> = connectors::ALL.iter().map(|app| app.name).collect();
        Error::NotFound(format!("there is no connector {name:?}; known: {}", names.join(", ")))
    })
}

fn oauth_of(connector: &App) -> Result<&Consent> {
    connector.oauth.as_ref().ok_or_else(|| {
        Error::Invalid(format!("{} is connected with a key, not by OAuth", connector.label))
    })
}

/// Whether `connection` reaches the account of the app that these settings name.
fn reaches(
    connection: &Connection,
    connector: &App,
    settings: &BTreeMap<String, String>,
) -> Result<bool> {
    let known: BTreeMap<String, String> = serde_json::from_value(connection.settings.clone())?;
    let place = |settings: &BTreeMap<String, String>| {
        connector.settings.iter().filter(|one| one.names_account).find_map(|one| {
            settings
                .get(one.name)
                .map(|value| (one.name, value.trim_end_matches('/').to_lowercase()))
        })
    };
    Ok(connection.connector == connector.name && place(&known) == place(settings))
}

/// What is known of one account of an app (whose each user is, what was tried, what was ordered)
/// would hit strangers in another, where the same numbers are other people's.
fn is_the_same_account(
    before: &Connection,
    connector: &App,
    settings: &BTreeMap<String, String>,
) -> Result<()> {
    if reaches(before, connector, settings)? {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{app} is another account: whose its users are and what was ordered for them does not hold \
         there. Connect this one under another name, or disconnect {app} first and begin a new home",
        app = before.app
    )))
}

impl Muster {
    /// Connects an app: probes it first, and keeps nothing when the probe fails.
    ///
    /// # Errors
    /// When the settings make no sense, the app refuses the key or cannot be reached, the name is
    /// taken, or the account is connected under another.
    pub async fn connect(&self, new: NewConnection) -> Result<Probe> {
        let NewConnection { app, connector, settings, secret, replace } = new;
        let before = self.store.connection(&app).await?;
        if before.is_some() && replace == Replace::No {
            return Err(Error::Conflict(format!(
                "there is an app called {app} already; choose another name, or say --replace to \
                 change its settings and key"
            )));
        }
        if let Some(before) = &before {
            is_the_same_account(before, connector, &settings)?;
        }
        self.has_one_name(&app, connector, &settings).await?;
        let budget = Budget::new(self.env.clone(), None);
        let opening = Opening {
            transport: (self.transports)()?,
            budget: Arc::clone(&budget),
            env: self.env.clone(),
            settings: settings.clone(),
            secret: secret.clone(),
        };
        let at = |source: ConnectorError| Error::app(&app, source);
        let opened = (connector.open)(opening).map_err(at)?;
        let probe = opened.probe(Lane::Interactive).await.map_err(at)?;
        if !probe.may_read {
            return Err(at(ConnectorError::new(
                ErrorKind::Forbidden,
                "this key may not read the list of users; use the key of an admin",
            )));
        }
        if let (false, Some(role)) = (probe.may_write, &probe.caller.role) {
            return Err(at(ConnectorError::new(
                ErrorKind::Forbidden,
                format!(
                    "{} has the role {role}, and only admins manage users; use the key of an admin",
                    probe.caller.login
                ),
            )));
        }
        let now = self.env.now();
        let (event, added) = match &before {
            Some(connection) => (Event::AppChanged, connection.added),
            None => (Event::AppAdded, now),
        };
        let connection = Connection {
            app: app.clone(),
            connector: connector.name.to_owned(),
            settings: serde_json::to_value(&settings)?,
            health: Health::Ok { since: now },
            learned: serde_json::to_value(budget.state())?,
            probe: serde_json::to_value(&probe)?,
            added,
        };
        let mut tx = self.begin();
        tx.put_connection(&connection);
        tx.put_credentials(&app, &secret);
        let about = About { app: Some(app.clone()), ..About::default() };
        let data = json!({"connector": connector.name, "settings": settings, "probe": probe});
        tx.journal(event, about, data);
        tx.commit().await?;
        Ok(probe)
    }

    /// Refuses an account of an app that is connected under another name than `app`.
    async fn has_one_name(
        &self,
        app: &AppName,
        connector: &App,
        settings: &BTreeMap<String, String>,
    ) -> Result<()> {
        for other in self.store.connections().await? {
            if other.app != *app && reaches(&other, connector, settings)? {
                return Err(Error::Conflict(format!(
                    "{other} is this account already, and two names for one account would undo \
                     each other's changes; to change its settings or key: muster app add {} \
                     {other} --replace …",
                    connector.name,
                    other = other.app,
                )));
            }
        }
        Ok(())
    }

    /// The page on which a user lets Muster in, and the state that must come back with the answer.
    ///
    /// # Errors
    /// When the app has no OAuth, or the settings make no sense.
    pub fn ask_consent(
        &self,
        connector: &App,
        settings: &Settings,
        (client_id, redirect_uri): (&str, &str),
    ) -> Result<(Url, String)> {
        let consent = oauth_of(connector)?;
        let chance = || data_encoding::HEXLOWER.encode(&self.env.chance());
        let (state, nonce) = (chance(), chance());
        let asking = Asking { settings, client_id, redirect_uri, state: &state, nonce: &nonce };
        let url = (consent.authorize)(&asking)
            .map_err(|error| Error::Invalid(error.message.into_owned()))?;
        Ok((url, state))
    }

    /// Turns the code that a consent brought into the secret to connect with.
    ///
    /// # Errors
    /// When the app refuses the code or the client, or cannot be reached.
    pub async fn take_consent(
        &self,
        new: &NewConnection,
        client_id: &str,
        (redirect_uri, code): (&str, &str),
    ) -> Result<Secret> {
        let consent = oauth_of(new.connector)?;
        let transport = (self.transports)()?;
        let consented = Consented {
            transport: transport.as_ref(),
            env: &self.env,
            settings: &new.settings,
            client: (client_id, &new.secret),
            redirect_uri,
            code,
        };
        (consent.exchange)(consented).await.map_err(|error| Error::app(&new.app, error))
    }

    /// Gives back what lets Muster into `app`, where the app has a call for that, and forgets it.
    /// What is known of the app stays. Gives what could not be given back, in words.
    ///
    /// # Errors
    /// When there is no such connection, or the store fails.
    pub async fn disconnect(&self, app: &AppName) -> Result<Option<String>> {
        let mut connection = self.connection(app).await?;
        let opened = self.open(app).await?;
        let left = opened.connector.give_back().await.err().map(|error| error.message.into_owned());
        let reason = format!(
            "{} disconnected it; connect again: muster app add --replace {} {app} …",
            self.actor, connection.connector
        );
        connection.health = Health::Unseen { since: self.env.now(), reason };
        let mut tx = self.begin();
        tx.put_connection(&connection);
        tx.remove_credentials(app);
        let about = About { app: Some(app.clone()), ..About::default() };
        tx.journal(Event::AppDisconnected, about, json!({"not_given_back": left}));
        tx.commit().await?;
        Ok(left)
    }

    /// Keeps the secret when the app renewed it.
    async fn keep_renewed(&self, opened: &Opened) -> Result<()> {
        let Some(secret) = opened.connector.renewed_secret().await else { return Ok(()) };
        let mut tx = self.begin();
        tx.put_credentials(&opened.app, &secret);
        let about = About { app: Some(opened.app.clone()), ..About::default() };
        tx.journal(Event::AppChanged, about, json!({"credentials": "renewed"}));
        tx.commit().await?;
        Ok(())
    }

    /// The connection called `app`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn connection(&self, app: &AppName) -> Result<Connection> {
        match self.store.connection(app).await? {
            Some(connection) => Ok(connection),
            None => {
                let known = self.store.connections().await?;
                let names: Vec<_> = known.iter().map(|known| known.app.as_str()).collect();
                let known = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
                Err(Error::NotFound(format!(
                    "there is no app called {app} (connected: {known}); connect one: muster app \
                     add gorgias {app} --subdomain … --email … --api-key-stdin"
                )))
            }
        }
    }

    /// Opens the connection called `app`. No request is made yet.
    ///
    /// # Errors
    /// When there is no such connection, or its secret cannot be unsealed.
    pub async fn open(&self, app: &AppName) -> Result<Opened> {
        let others = self.others(app);
        let budget = |state| Budget::making_way(self.env.clone(), state, others);
        self.open_with(app, budget).await
    }

    /// Opens the connection with the rate budget that `budget` makes of what is known.
    pub(super) async fn open_with(
        &self,
        app: &AppName,
        budget: impl FnOnce(Option<BudgetState>) -> Arc<Budget>,
    ) -> Result<Opened> {
        let connection = self.connection(app).await?;
        let secret = self.store.credentials(app).await?.ok_or_else(|| {
            let said = "its key is not here; give it again: muster app add … --replace";
            Error::app(app, ConnectorError::new(ErrorKind::Unauthorized, said))
        })?;
        let state: Option<BudgetState> = serde_json::from_value(connection.learned).unwrap_or(None);
        let budget = budget(state);
        let settings: BTreeMap<String, String> = serde_json::from_value(connection.settings)?;
        let opening = Opening {
            transport: (self.transports)()?,
            budget: Arc::clone(&budget),
            env: self.env.clone(),
            settings,
            secret,
        };
        let connector =
            (known(&connection.connector)?.open)(opening).map_err(|e| Error::app(app, e))?;
        Ok(Opened { app: app.clone(), connector, budget, known: state })
    }

    /// Probes a connection again and keeps what it says.
    ///
    /// # Errors
    /// What the probe says. The connection is then marked as one that cannot be seen.
    pub async fn check(&self, app: &AppName) -> Result<Probe> {
        let opened = self.open(app).await?;
        match opened.connector.probe(Lane::Interactive).await {
            Ok(probe) => {
                self.mark_seen(&opened, Some(&probe)).await?;
                Ok(probe)
            }
            Err(error) => {
                self.mark_unseen(app, &error).await?;
                Err(Error::app(app, error))
            }
        }
    }

    /// Keeps that the app answers, and what the rate budget learned on the way. Writes nothing
    /// when nothing is new; how full the budget is at the moment is no news.
    pub(super) async fn mark_seen(&self, opened: &Opened, probe: Option<&Probe>) -> Result<()> {
        self.keep_renewed(opened).await?;
        let mut connection = self.connection(&opened.app).await?;
        let was_unseen = matches!(connection.health, Health::Unseen { .. });
        let learned = opened.budget.state();
        let same = match (&learned, &opened.known) {
            (Some(learned), Some(known)) => learned.same_limit(known),
            (learned, known) => learned == known,
        };
        if !was_unseen && probe.is_none() && same {
            return Ok(());
        }
        connection.learned = serde_json::to_value(learned)?;
        if let Some(probe) = probe {
            connection.probe = serde_json::to_value(probe)?;
        }
        let event = if was_unseen { Event::AppSeen } else { Event::AppChanged };
        if was_unseen {
            connection.health = Health::Ok { since: self.env.now() };
        }
        let mut tx = self.begin();
        tx.put_connection(&connection);
        let about = About { app: Some(opened.app.clone()), ..About::default() };
        tx.journal(event, about, json!({"learned": connection.learned}));
        tx.commit().await?;
        Ok(())
    }

    /// Keeps that the app cannot be seen, so that nothing is concluded from its silence (S2).
    /// Failures that pass by themselves do not count: the last read only grows old.
    pub(super) async fn mark_unseen(&self, app: &AppName, error: &ConnectorError) -> Result<()> {
        if !matches!(error.kind, ErrorKind::Unauthorized | ErrorKind::Forbidden) {
            return Ok(());
        }
        let mut connection = self.connection(app).await?;
        if matches!(connection.health, Health::Unseen { .. }) {
            return Ok(());
        }
        connection.health =
            Health::Unseen { since: self.env.now(), reason: error.message.to_string() };
        let mut tx = self.begin();
        tx.put_connection(&connection);
        let about = About { app: Some(app.clone()), ..About::default() };
        tx.journal(Event::AppUnseen, about, json!({"reason": error.message}));
        tx.commit().await?;
        Ok(())
    }
}
