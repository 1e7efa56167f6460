//! The apps that Muster knows, one folder each.
//!
//! A new app is a folder and one line in [`ALL`]; nothing else in Muster names it.

pub mod gorgias;

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::BoxFuture;
use url::Url;

use crate::{
    connector::{Capabilities, Connector, ConnectorError, budget::Budget, transport::Transport},
    env::Env,
    secret::Secret,
};

/// Every app that can be connected.
pub const ALL: &[&App] = &[&gorgias::APP];

/// A kind of app: what it needs to be told, and how to open it.
pub struct App {
    /// The name in settings and on the command line.
    pub name: &'static str,
    /// The name people know it by.
    pub label: &'static str,
    /// The names of the roles it can give, as a policy writes them.
    pub roles: &'static [&'static str],
    /// The settings it takes.
    pub settings: &'static [Setting],
    /// What its secret is and where to find it.
    pub secret: &'static str,
    /// What it can do.
    pub capabilities: Capabilities,
    /// How a user allows Muster in without a key, where the app has OAuth.
    pub oauth: Option<Consent>,
    /// Opens one account of it. No request is made yet.
    pub open: fn(Opening) -> Result<Arc<dyn Connector>, ConnectorError>,
}

/// How a user allows Muster in.
pub struct Consent {
    /// The page on which a user allows it.
    pub authorize: fn(&Asking<'_>) -> Result<Url, ConnectorError>,
    /// The secret to keep, for the code that the consent brought.
    pub exchange: fn(Consented<'_>) -> BoxFuture<'_, Result<Secret, ConnectorError>>,
}

/// What a user is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The settings of the connection.
    pub settings: &'a BTreeMap<String, String>,
    /// Muster's id as a client of the app.
    pub client_id: &'a str,
    /// Where the browser is sent afterwards.
    pub redirect_uri: &'a str,
    /// Comes back with the answer, and tells it from others.
    pub state: &'a str,
    /// Comes back inside the identity token.
    pub nonce: &'a str,
}

/// A consent that came back.
#[derive(Clone, Copy)]
pub struct Consented<'a> {
    /// The wire.
    pub transport: &'a dyn Transport,
    /// Clock and chance.
    pub env: &'a Env,
    /// The settings of the connection.
    pub settings: &'a BTreeMap<String, String>,
    /// Muster's id and secret as a client of the app.
    pub client: (&'a str, &'a Secret),
    /// Where the browser was sent.
    pub redirect_uri: &'a str,
    /// The code that it brought.
    pub code: &'a str,
}

/// One setting of an app.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it says which account of the app is meant: another value is another account.
    pub names_account: bool,
}

/// What a connector is opened with.
pub struct Opening {
    /// The wire.
    pub transport: Arc<dyn Transport>,
    /// The rate budget of this account.
    pub budget: Arc<Budget>,
    /// Clock and chance.
    pub env: Env,
    /// The settings, by name.
    pub settings: BTreeMap<String, String>,
    /// The secret.
    pub secret: Secret,
}

/// The app with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static App> {
    ALL.iter().copied().find(|app| app.name == name)
}
