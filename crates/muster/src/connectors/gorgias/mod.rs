//! Gorgias: the people who work in a helpdesk.
//!
//! Gorgias's own documentation and a widely read guide describe two different APIs; this connector
//! works with either, and with mixtures, and finds out by trying (`docs` of the app: roles by id or
//! name, PUT that patches or replaces, fields that are known or refused, two families of rate limit
//! headers, answers with and without a body).
//!
//! # What an update sends, and why
//!
//! A PUT may change only what is sent (patch) or reset what is not sent (replace), and there is no
//! telling which without harming somebody. So an update sends the named change *and* everything
//! writable as it was just read: under replace nothing is lost, under patch nothing changes.
//!
//! - Sent back: name, role, external id, bio, country, language, time zone, meta (without its
//!   read-only `sso`), a top-level picture, and first and last name where they were written apart. A
//!   null is sent back only for language and time zone, which have defaults that are not null.
//! - `active` is sent when the change names it; and as `false` with any change to an account that
//!   cannot sign in, because a replacing PUT would let it in again.
//! - Never sent: the address (a change of it needs a password), read-only fields, and anything this
//!   connector does not know: unknown fields can be refused.
//! - What is only sent back may be refused (a language other than `en` and `fr`; `active` or the
//!   picture where they are not in the schema). A 400 says clearly that nothing was done, so the
//!   update is sent again without that field, once, and the refusal is remembered: the next update
//!   takes one request again. A refused field that the change *names* is an error.
//!
//! Not covered: an account whose present role cannot be given (a bot) is not updated, and values that
//! a replacing API resets and refuses to take back are lost; the read-back shows it.
//!
//! # Requests
//!
//! | What | Requests |
//! | --- | --- |
//! | read all N | ⌈N/100⌉; two walks that meet may read up to two pages twice |
//! | the trail since the last reading | 1 for each 100 events, 1 at least, 50 at most |
//! | one account | 1 |
//! | find by address | 1 when found as spelled; up to 3 to be sure that there is none |
//! | create | 1 (2 where the answer has no body) |
//! | update, delete | 1 |
//! | the tickets of one account | 1 a hundred, 1 where there are none |
//! | who holds given tickets | 1 a hundred |
//! | give a ticket to somebody else | 1 |
//! | all teams | 1 a hundred; the members of one: 1 |
//! | the roles, before the first create or update of a process | 1 |

mod body;
mod call;
mod credential;
mod map;
pub mod oauth;
mod refusal;
mod roles;
mod settings;
mod trail;
mod walk;
mod wire;
mod work;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use http::Method;
use jiff::Timestamp;
use muster_domain::model::{
    account::{Account, AccountChange, NewAccount, Role, SignIn},
    activity::{Hint, Trail},
    email::EmailAddress,
    id::AccountId,
    observation::ReadTally,
};
use url::Url;

use self::{
    body::{Body, Refusals},
    call::{Answer, Api, Ask},
    refusal::Failure,
    roles::RoleBook,
};
pub use self::{
    credential::Login,
    settings::{ApiKey, base_url, subdomain_url},
};
use super::{App, Asking, Consent, Consented, Opening};
use crate::{
    connector::{
        Ability, Capabilities, Connector, ConnectorError, ErrorKind, Lane, PageSink, Probe,
        budget::Budget, transport::Transport,
    },
    env::Env,
    secret::Secret,
};

/// Gorgias in the list of apps.
pub const APP: App = App {
    name: "gorgias",
    label: "Gorgias",
    roles: &["admin", "agent", "basic-agent", "lite-agent", "observer-agent"],
    settings: settings::SETTINGS,
    secret: "the API key of an admin, from Settings > REST API",
    capabilities: CAPABILITIES,
    oauth: Some(Consent { authorize, exchange }),
    open,
};

/// What every Gorgias can do.
const CAPABILITIES: Capabilities = Capabilities {
    create_invites: true,
    deactivate: Ability::ProvenAtRunTime,
    change_email: Ability::No,
    delete: Ability::Yes,
    undelete: Ability::No,
    hand_over: Ability::Yes,
    tells_owner: false,
    trail: Ability::ProvenAtRunTime,
    invitation_days: Some(7),
};

fn authorize(asking: &Asking<'_>) -> Result<Url, ConnectorError> {
    let base = settings::address(asking.settings)?;
    oauth::authorize_url(&base, asking.client_id, asking.redirect_uri, (asking.state, asking.nonce))
}

fn exchange(consented: Consented<'_>) -> BoxFuture<'_, Result<Secret, ConnectorError>> {
    Box::pin(async move {
        let Consented { transport, env, settings, client, redirect_uri, code } = consented;
        let base = settings::address(settings)?;
        let (id, secret) = client;
        let client = oauth::Client { id: id.to_owned(), secret: secret.reveal().to_owned() };
        let line = credential::Line { transport, env, base: &base };
        let tokens = oauth::exchange(line, &client, redirect_uri, code).await?;
        tokens
            .secret()
            .ok_or_else(|| ConnectorError::new(ErrorKind::Invalid, "the tokens cannot be kept"))
    })
}

/// Fields that one write may have to leave out before it is accepted.
const MENDINGS: usize = 8;

fn open(opening: Opening) -> Result<Arc<dyn Connector>, ConnectorError> {
    let (base, login) = settings::read(&opening)?;
    let Opening { transport, budget, env, .. } = opening;
    Ok(Arc::new(Gorgias::new(transport, budget, env, login, base)?))
}

/// One Gorgias account.
pub struct Gorgias {
    api: Api,
    roles: RoleBook,
    refusals: Refusals,
}

impl Gorgias {
    /// Connects to the account at `base` (see [`base_url`] and [`subdomain_url`]). No request is
    /// made yet.
    ///
    /// # Errors
    /// When the key cannot be sent in a header.
    pub fn new(
        transport: Arc<dyn Transport>,
        budget: Arc<Budget>,
        env: Env,
        login: impl Into<Login>,
        base: Url,
    ) -> Result<Self, ConnectorError> {
        let api = Api::new(transport, budget, env, login.into(), base)?;
        Ok(Self { api, roles: RoleBook::default(), refusals: Refusals::default() })
    }

    /// Reads one user.
    async fn user(
        &self,
        lane: Lane,
        attempt: &str,
        id: &str,
    ) -> Result<Option<Account>, ConnectorError> {
        let path = ["users", id];
        let ask = Ask::get(lane, attempt, &path);
        let answer = match self.api.send(&ask).await {
            Ok(answer) => answer,
            Err(failure) if failure.error.kind == ErrorKind::NotFound => return Ok(None),
            Err(failure) => return Err(failure.error),
        };
        let account = answer.json.as_ref().and_then(map::account);
        let account = account.filter(|account| id == "0" || account.id.as_str() == id);
        account.map(Some).ok_or_else(|| {
            ask.purpose().lost("Gorgias's answer does not show the user that was asked for")
        })
    }

    /// The users that a filter of the list lets through, as far as one page shows.
    async fn filtered(
        &self,
        lane: Lane,
        filter: (&str, &str),
    ) -> Result<Vec<Account>, ConnectorError> {
        let query = [filter, ("limit", "100")];
        let ask = Ask { query: &query, ..Ask::get(lane, "look for a user by e-mail", &["users"]) };
        let answer = self.api.send(&ask).await?;
        let page = answer.json.and_then(wire::page);
        let page =
            page.ok_or_else(|| ask.purpose().lost("Gorgias's answer is not a list of users"))?;
        Ok(page.rows.iter().filter_map(map::account).collect())
    }

    /// Sends a write; what is only sent back and refused is left out.
    async fn write(&self, ask: Ask<'_>, body: &mut Body) -> Result<Answer, Failure> {
        let mut mendings = 0;
        loop {
            let json = body.json();
            let sent =
                self.api.send(&Ask { body: Some(&json), method: ask.method.clone(), ..ask }).await;
            match sent {
                Err(failure)
                    if mendings < MENDINGS && body.mend(&failure, &self.refusals, &self.roles) =>
                {
                    mendings += 1;
                }
                sent => return sent,
            }
        }
    }

    /// The role in a PUT: the new one or the present one. Only an account without a readable role
    /// gets none.
    async fn role_to_write(
        &self,
        lane: Lane,
        current: &Account,
        change: &AccountChange,
    ) -> Result<Option<serde_json::Value>, ConnectorError> {
        let Some(role) = change.role.as_ref().or(current.role.as_ref()) else { return Ok(None) };
        if !roles::is_assignable(role.as_str()) {
            return Err(ConnectorError::new(
                ErrorKind::Unsupported,
                format!(
                    "could not change user {}: Gorgias lets nobody give the role {role}, so such an account cannot be written without losing it",
                    current.id
                ),
            ));
        }
        self.roles.written(&self.api, lane, role).await.map(Some)
    }

    async fn warnings(&self, caller: &Account, may: (bool, bool)) -> Vec<String> {
        let mut warnings = Vec::new();
        let (may_read, may_write) = may;
        let role = caller.role.as_ref().map_or("unknown", |role| role.as_str());
        if !may_read {
            warnings.push(format!(
                "The key of {} may not list users: use the key of an admin.",
                caller.login
            ));
        }
        if !may_write {
            warnings.push(format!(
                "{} has the role {role}, and only admins manage users: use the key of an admin.",
                caller.login
            ));
        }
        warnings.push(format!(
            "The key belongs to {}: if that account is deleted or blocked, Muster is locked out. Use an account that belongs to no person who could leave.",
            caller.login
        ));
        warnings
    }
}

/// The id as a path segment. 0 means "the caller" to Gorgias, so it must never come from outside.
fn segment(id: &AccountId) -> Result<&str, ConnectorError> {
    let text = id.as_str();
    let sound =
        text.bytes().all(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte != b'0');
    sound.then_some(text).ok_or_else(|| {
        ConnectorError::new(
            ErrorKind::Invalid,
            format!("{text:?} is not the id of a Gorgias user: such an id is a positive number"),
        )
    })
}

#[async_trait]
impl Connector for Gorgias {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn renewed_secret(&self) -> Option<Secret> {
        self.api.credential().take_renewed().await
    }

    async fn give_back(&self) -> Result<(), ConnectorError> {
        let tokens = self.api.credential().tokens().await?;
        oauth::revoke(self.api.line(), &tokens).await
    }

    async fn probe(&self, lane: Lane) -> Result<Probe, ConnectorError> {
        let caller = self.user(lane, "ask Gorgias whose key this is", "0").await?;
        let caller = caller.ok_or_else(|| {
            ConnectorError::new(
                ErrorKind::Unavailable,
                "could not ask Gorgias whose key this is: it knows no such user. Check the subdomain.",
            )
        })?;
        let roles = self.roles.offered(&self.api, lane).await?;
        let query = [("limit", "1")];
        let ask = Ask { query: &query, ..Ask::get(lane, "read the users", &["users"]) };
        let may_read = match self.api.send(&ask).await {
            Ok(_) => true,
            Err(failure) if failure.error.kind == ErrorKind::Forbidden => false,
            Err(failure) => return Err(failure.error),
        };
        let may_write = caller.role.as_ref().is_some_and(|role| role.as_str() == "admin");
        let warnings = self.warnings(&caller, (may_read, may_write)).await;
        let tenant = self
            .api
            .base()
            .host_str()
            .map(|host| host.strip_suffix(".gorgias.com").unwrap_or(host).to_owned());
        let rate_limit = self.api.budget.in_words();
        Ok(Probe { caller, may_read, may_write, tenant, roles, rate_limit, warnings })
    }

    async fn roles(&self, lane: Lane) -> Result<Vec<Role>, ConnectorError> {
        self.roles.offered(&self.api, lane).await
    }

    async fn accounts(
        &self,
        lane: Lane,
        sink: &mut dyn PageSink,
    ) -> Result<ReadTally, ConnectorError> {
        walk::read_all(&self.api, lane, sink).await
    }

    async fn trail(
        &self,
        lane: Lane,
        since: Timestamp,
    ) -> Result<(Vec<Hint>, Trail), ConnectorError> {
        trail::read(&self.api, lane, since).await
    }

    async fn account(&self, lane: Lane, id: &AccountId) -> Result<Option<Account>, ConnectorError> {
        self.user(lane, &format!("read user {id}"), segment(id)?).await
    }

    async fn find(&self, lane: Lane, email: &EmailAddress) -> Result<Vec<Account>, ConnectorError> {
        let mut filters = vec![("email", email.as_str())];
        if email.folded() != email.as_str() {
            filters.push(("email", email.folded()));
        }
        // The filter may compare letter by letter with a spelling that is neither; the search does not.
        filters.push(("search", email.folded()));
        for filter in filters {
            let mut found = self.filtered(lane, filter).await?;
            found.retain(|account| account.email.as_ref() == Some(email));
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    async fn create(&self, lane: Lane, new: &NewAccount) -> Result<AccountId, ConnectorError> {
        let role = self.roles.written(&self.api, lane, &new.role).await?;
        let attempt = format!("invite {}", new.email);
        let mut body = Body::create(new, role);
        let ask =
            Ask { method: Method::POST, takes_seat: true, ..Ask::get(lane, &attempt, &["users"]) };
        let purpose = Ask { method: Method::POST, ..Ask::get(lane, &attempt, &["users"]) };
        let answer = self.write(ask, &mut body).await?;
        if let Some(account) = answer.json.as_ref().and_then(map::account) {
            return Ok(account.id);
        }
        // Accepted without a word: its id has to be looked up.
        let unseen = "Gorgias accepted it, but does not show the new user";
        match self.find(lane, &new.email).await {
            Ok(found) => found
                .into_iter()
                .next()
                .map(|account| account.id)
                .ok_or_else(|| purpose.purpose().lost(unseen)),
            Err(error) => Err(purpose.purpose().lost(&format!("{unseen} ({error})"))),
        }
    }

    async fn update(
        &self,
        lane: Lane,
        current: &Account,
        change: &AccountChange,
    ) -> Result<(), ConnectorError> {
        if change.is_empty() {
            return Ok(());
        }
        let id = segment(&current.id)?;
        let role = self.role_to_write(lane, current, change).await?;
        let attempt = format!("change user {} ({})", current.id, current.login);
        let path = ["users", id];
        let takes_seat = change.sign_in == Some(SignIn::Allowed) || change.role.is_some();
        let ask = Ask { method: Method::PUT, takes_seat, ..Ask::get(lane, &attempt, &path) };
        let mut body = Body::update(current, change, role, &self.refusals);
        match self.write(ask, &mut body).await {
            Ok(_) => Ok(()),
            Err(failure)
                if change.sign_in.is_some()
                    && matches!(failure.status, Some(400 | 422))
                    && body.is_blamed(&failure, "active") =>
            {
                Err(ConnectorError::new(
                    ErrorKind::Unsupported,
                    format!(
                        "{} This account's API cannot block or unblock sign-in: lower the role and cut access at the identity provider, or delete the user after handing over its tickets.",
                        failure.error.message
                    ),
                ))
            }
            Err(failure) => Err(failure.error),
        }
    }

    async fn delete(&self, lane: Lane, id: &AccountId) -> Result<(), ConnectorError> {
        let attempt = format!("delete user {id}");
        let path = ["users", segment(id)?];
        let ask = Ask { method: Method::DELETE, ..Ask::get(lane, &attempt, &path) };
        self.api.send(&ask).await.map(drop).map_err(|failure| failure.error)
    }
}
