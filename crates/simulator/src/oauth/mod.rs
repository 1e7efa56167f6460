//! OAuth 2 on the account's host, outside `/api`: the consent and the tokens. PKCE and client
//! credentials are not documented and not here.

mod authorize;
mod book;
mod jwt;
mod page;
mod scopes;
mod switches;
mod token;

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use book::Book;
pub use book::Grant;
pub(crate) use scopes::Rights;
pub use switches::{AppBucket, Consent, OAuth, OAuthClient, RefreshToken, Rotation};

use crate::{
    config::Config,
    faults::Struck,
    reply::{Refusal, Reply},
    request::{Query, Request, Route},
    users::UserTable,
    world::World,
};

/// How many tokens were given out and taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Access tokens for codes.
    pub issued: u64,
    /// Access tokens for refresh tokens.
    pub refreshed: u64,
    /// Grants that were revoked.
    pub revoked: u64,
}

/// What a request has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Allowed,
    Issued,
    Refreshed,
    Revoked,
}

/// An answer, and what it took effect as, if it did.
type Served = (Reply, Option<Effect>);

/// A request on its way to its answer. It works on a copy of the book, which takes the place of
/// the book unless a fault lets the request come to nothing.
struct Visit<'a> {
    config: &'a Config,
    users: &'a UserTable,
    book: Book,
    now: Timestamp,
}

/// Serves a request outside `/api`; whether it took effect.
pub(crate) fn serve(
    world: &mut World,
    request: &Request,
    route: Route,
    struck: &Struck,
    now: Timestamp,
) -> (Reply, bool) {
    let book = world.oauth.clone();
    let mut visit = Visit { config: &world.config, users: &world.users, book, now };
    let form = request.form();
    let (reply, effect) = match (route, &request.method, &form) {
        (Route::Authorize, &Method::GET, _) => visit.ask(&request.query),
        (Route::Authorize, &Method::POST, form) => visit.decide(form.as_ref()),
        (Route::Token, &Method::POST, form) => visit.token(request, form.as_ref()),
        (Route::Revoke, &Method::POST, form) => visit.revoke(request, form.as_ref()),
        _ => {
            let refusal = Refusal::new(405, "The method is not allowed for the requested URL.");
            (refusal.reply(), None)
        }
    };
    let book = visit.book;
    let Some(effect) = effect.filter(|_| !struck.ignores_write()) else {
        return (reply, false);
    };
    world.oauth = book;
    let tokens = &mut world.record.counters.tokens;
    match effect {
        Effect::Allowed => {}
        Effect::Issued => tokens.issued += 1,
        Effect::Refreshed => tokens.refreshed += 1,
        Effect::Revoked => tokens.revoked += 1,
    }
    (reply, true)
}

/// The path and query of a request as the log may show it: under `/oauth` only what is public
/// anyway; a code, a state or a token put there by mistake is blotted out.
pub(crate) fn public_target(request: &Request) -> String {
    const PUBLIC: [&str; 4] = ["response_type", "client_id", "redirect_uri", "scope"];
    if !request.path.starts_with("/oauth/") {
        return request.target.clone();
    }
    let query = request.query.blotted(&PUBLIC);
    if query.is_empty() { request.path.clone() } else { format!("{}?{query}", request.path) }
}
