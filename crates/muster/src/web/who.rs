//! Who is asking: by the cookie of a session or the token of a script.

use std::{collections::BTreeSet, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use muster_domain::model::{
    canonical::Digest,
    id::AppName,
    user::{Permission, User},
};

use super::{Web, problem::Problem};
use crate::service::{
    Muster,
    sign_in::{FRESH, Visitor},
};

/// The cookie of a session. Behind TLS it is bound to this host.
pub(crate) const COOKIE: &str = "muster_session";
pub(crate) const SECURE_COOKIE: &str = "__Host-muster_session";

/// How somebody proved who she is.
#[derive(Debug, Clone)]
pub(crate) enum Via {
    /// With the cookie of this session, proved at that moment.
    Session { id: Digest, proved: Timestamp },
    /// With a token that may do this much.
    Token { scopes: BTreeSet<Permission> },
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) user: User,
    pub(crate) via: Via,
}

impl Who {
    /// Whether she may do this, by her role and by what she showed.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        let scoped = match &self.via {
            Via::Session { .. } => true,
            Via::Token { scopes } => scopes.contains(&permission),
        };
        scoped && self.user.role.may(permission)
    }

    /// Whether she proved who she is so lately that she may do what cannot be undone. A token is
    /// proof in itself.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        match &self.via {
            Via::Session { proved, .. } => now.duration_since(*proved) <= FRESH,
            Via::Token { .. } => true,
        }
    }

    pub(crate) fn sees(&self, app: &AppName) -> bool {
        self.user.sees(app)
    }

    /// The use cases, as done by her.
    pub(crate) fn muster(&self, web: &Web) -> Muster {
        Muster { actor: self.user.email.to_string(), ..web.muster.clone() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(nobody)
    }
}

/// The answer to somebody who is not signed in.
pub(crate) fn nobody() -> Problem {
    Problem::new(
        axum::http::StatusCode::UNAUTHORIZED,
        "unauthorized",
        "You are not signed in",
        "Sign in, or send a token: Authorization: Bearer mst_…",
    )
}

/// What a browser says of itself.
pub(crate) struct Visiting(pub(crate) Visitor);

impl<S: Send + Sync> FromRequestParts<S> for Visiting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let agent = agent.unwrap_or_default().to_owned();
        let address = match ConnectInfo::<SocketAddr>::from_request_parts(parts, &()).await {
            Ok(ConnectInfo(address)) => address.ip().to_string(),
            Err(_) => String::new(),
        };
        Ok(Self(Visitor { agent, address }))
    }
}

/// Finds out who is asking. A token that is no good is refused, not taken for nobody.
pub(super) async fn identify(
    State(web): State<Web>,
    jar: CookieJar,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if let Some(token) = bearer(request.headers())? {
        let found = web.muster.by_token(&token).await?;
        let (user, token) = found.ok_or_else(|| {
            Problem::new(
                axum::http::StatusCode::UNAUTHORIZED,
                "unauthorized",
                "This token lets nobody in",
                "It is unknown, taken back or past its end; make another under Settings, Tokens",
            )
        })?;
        request.extensions_mut().insert(Who { user, via: Via::Token { scopes: token.scopes } });
    } else if let Some(cookie) = jar.get(web.cookie_name())
        && let Some((user, id, session)) = web.muster.by_cookie(cookie.value()).await?
    {
        let via = Via::Session { id, proved: session.proved };
        request.extensions_mut().insert(Who { user, via });
    }
    Ok(next.run(request).await)
}

/// The token in the header. Never one in the address, where logs would keep it.
fn bearer(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim().to_owned()))
        }
        _ => Err(Problem::new(
            axum::http::StatusCode::UNAUTHORIZED,
            "unauthorized",
            "This way to sign in is not known",
            "Send a token: Authorization: Bearer mst_…",
        )),
    }
}
