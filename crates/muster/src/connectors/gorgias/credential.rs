//! What a request is let in with: an API key, or an access token that is renewed when it runs out.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use http::HeaderValue;
use jiff::Timestamp;
use tokio::sync::Mutex;
use url::Url;

use super::{
    oauth::{self, Tokens},
    refusal::{self, Cleaner},
    settings::ApiKey,
};
use crate::{
    connector::{ConnectorError, ErrorKind, transport::Transport},
    env::Env,
    secret::Secret,
};

/// What this connection is let in with.
#[derive(Debug, Clone)]
pub enum Login {
    /// The API key of a user.
    Key(ApiKey),
    /// What a user allowed Muster by OAuth.
    OAuth(Tokens),
}

impl From<&ApiKey> for Login {
    fn from(key: &ApiKey) -> Self {
        Self::Key(key.clone())
    }
}

impl From<Tokens> for Login {
    fn from(tokens: Tokens) -> Self {
        Self::OAuth(tokens)
    }
}

/// The login in use, and every secret it ever had.
pub(super) struct Credential {
    kind: Kind,
    cleaner: RwLock<Cleaner>,
}

enum Kind {
    Key(HeaderValue),
    OAuth(Mutex<Held>),
}

struct Held {
    tokens: Tokens,
    /// Whether they were renewed since this process was given them.
    renewed: bool,
}

/// What a renewal goes over.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) transport: &'a dyn Transport,
    pub(super) env: &'a Env,
    pub(super) base: &'a Url,
}

impl Credential {
    pub(super) fn new(login: Login) -> Result<Self, ConnectorError> {
        let (kind, cleaner) = match login {
            Login::Key(key) => (Kind::Key(refusal::authorization(&key)?), Cleaner::new(&key)),
            Login::OAuth(tokens) => {
                let cleaner = Cleaner::of_tokens(&tokens);
                (Kind::OAuth(Mutex::new(Held { tokens, renewed: false })), cleaner)
            }
        };
        Ok(Self { kind, cleaner: RwLock::new(cleaner) })
    }

    /// What takes the secrets out of texts.
    pub(super) fn cleaner(&self) -> RwLockReadGuard<'_, Cleaner> {
        self.cleaner.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The header that lets a request in. An access token that has run out is renewed first.
    pub(super) async fn header(&self, line: Line<'_>) -> Result<HeaderValue, ConnectorError> {
        match &self.kind {
            Kind::Key(header) => Ok(header.clone()),
            Kind::OAuth(held) => {
                let mut held = held.lock().await;
                if held.tokens.has_run_out(line.env.now()) {
                    self.renew(&mut held, line).await?;
                }
                held.tokens.header()
            }
        }
    }

    /// Renews the access token after a refusal, unless somebody did so since `refused` was sent.
    /// False where there is nothing to renew.
    pub(super) async fn renewed_after(
        &self,
        refused: Timestamp,
        line: Line<'_>,
    ) -> Result<bool, ConnectorError> {
        let Kind::OAuth(held) = &self.kind else { return Ok(false) };
        let mut held = held.lock().await;
        if held.tokens.issued <= refused {
            self.renew(&mut held, line).await?;
        }
        Ok(true)
    }

    async fn renew(&self, held: &mut Held, line: Line<'_>) -> Result<(), ConnectorError> {
        let tokens = oauth::refresh(line, &held.tokens).await?;
        let mut cleaner = self.cleaner.write().unwrap_or_else(PoisonError::into_inner);
        cleaner.add(Cleaner::of_tokens(&tokens));
        *held = Held { tokens, renewed: true };
        Ok(())
    }

    /// The secret as it must be kept from now on, when it was renewed since it was last asked for.
    pub(super) async fn take_renewed(&self) -> Option<Secret> {
        let Kind::OAuth(held) = &self.kind else { return None };
        let mut held = held.lock().await;
        let renewed = std::mem::take(&mut held.renewed);
        renewed.then(|| held.tokens.secret()).flatten()
    }

    /// The tokens, where there are any.
    pub(super) async fn tokens(&self) -> Result<Tokens, ConnectorError> {
        match &self.kind {
            Kind::OAuth(held) => Ok(held.lock().await.tokens.clone()),
            Kind::Key(_) => Err(ConnectorError::new(
                ErrorKind::Unsupported,
                "an API key is given back in Gorgias itself: Settings > REST API > reset",
            )),
        }
    }
}
