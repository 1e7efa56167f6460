//! `/oauth/token` and `/oauth/revoke`: what an app does without its user.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Effect, Query, Served, Visit,
    book::Grant,
    jwt,
    switches::{OAuthClient, RefreshToken, Rotation},
};
use crate::{
    reply::Reply,
    request::{Request, basic},
    users::UserRecord,
};

/// How long an access token works, whatever `expires_in` says, in seconds.
const LIFE_S: u32 = 86_400;

/// The form in which OAuth endpoints refuse.
struct Denial(StatusCode, &'static str);

impl Denial {
    const fn bad(error: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, error)
    }

    const fn grant() -> Self {
        Self::bad("invalid_grant")
    }

    fn reply(&self) -> Reply {
        let reply = Reply::json(self.0, &json!({ "error": self.1 }));
        if self.0 == StatusCode::UNAUTHORIZED {
            reply.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))
        } else {
            reply
        }
    }
}

/// What an answer of the token endpoint is made of.
struct Issue<'a> {
    grant: Grant,
    user: &'a UserRecord,
    nonce: Option<String>,
    refresh_token: Option<String>,
}

impl<'a> Visit<'a> {
    /// Tokens for a code or for a refresh token.
    pub(super) fn token(&mut self, request: &Request, form: Option<&Query>) -> Served {
        let issued = self.client(request).and_then(|client| {
            let form = form.ok_or(Denial::bad("invalid_request"))?;
            match form.one("grant_type") {
                Some("authorization_code") => Ok((self.exchange(client, form)?, Effect::Issued)),
                Some("refresh_token") => Ok((self.refresh(client, form)?, Effect::Refreshed)),
                Some(_) => Err(Denial::bad("unsupported_grant_type")),
                None => Err(Denial::bad("invalid_request")),
            }
        });
        match issued {
            Ok((issue, effect)) => (self.tokens(&issue), Some(effect)),
            Err(denial) => (denial.reply(), None),
        }
    }

    /// Takes a grant back. A token that nobody knows is as good as revoked (RFC 7009, 2.2).
    pub(super) fn revoke(&mut self, request: &Request, form: Option<&Query>) -> Served {
        let grant = self.client(request).and_then(|client| {
            let token = form.and_then(|form| form.one("token"));
            let token = token.ok_or(Denial::bad("invalid_request"))?;
            match self.book.grant_of(token) {
                Some(grant) if grant.client_id != client.id => Err(Denial::grant()),
                grant => Ok(grant.map(|grant| grant.id)),
            }
        });
        match grant {
            Ok(grant) => {
                let news = grant.is_some_and(|id| self.book.revoke(id, self.now));
                (Reply::ok(&json!({})), news.then_some(Effect::Revoked))
            }
            Err(denial) => (denial.reply(), None),
        }
    }

    /// The app which a request comes from, if its secret is right.
    fn client(&self, request: &Request) -> Result<&'a OAuthClient, Denial> {
        let (id, secret) = request
            .authorization
            .as_deref()
            .and_then(basic)
            .ok_or(Denial(StatusCode::UNAUTHORIZED, "invalid_client"))?;
        let mut clients = self.config.oauth.clients.iter();
        clients
            .find(|client| is_same(&client.id, &id) && is_same(&client.secret, &secret))
            .ok_or(Denial(StatusCode::UNAUTHORIZED, "invalid_client"))
    }

    fn exchange(&mut self, client: &OAuthClient, form: &Query) -> Result<Issue<'a>, Denial> {
        let text = form.one("code").ok_or(Denial::bad("invalid_request"))?;
        let redirect_uri = form.one("redirect_uri").ok_or(Denial::bad("invalid_request"))?;
        let code = self.book.redeem(text, (&client.id, redirect_uri), self.now);
        let code = code.ok_or(Denial::grant())?;
        let user = self.user(code.user_id)?;
        let grant = self.book.open_grant(&code, self.now);
        let wanted = match self.config.oauth.refresh_token {
            RefreshToken::Always => true,
            RefreshToken::WithOffline => grant.scopes.iter().any(|scope| scope == "offline"),
            RefreshToken::Never => false,
        };
        let refresh_token = wanted.then(|| self.new_refresh(&grant));
        Ok(Issue { grant, user, nonce: code.nonce, refresh_token })
    }

    fn refresh(&mut self, client: &OAuthClient, form: &Query) -> Result<Issue<'a>, Denial> {
        let old = form.one("refresh_token").ok_or(Denial::bad("invalid_request"))?;
        let grant = self.book.refreshable(old, &client.id).cloned().ok_or(Denial::grant())?;
        let user = self.user(grant.user_id)?;
        let refresh_token = match self.config.oauth.rotation {
            Rotation::Keep => None,
            Rotation::Rotate => {
                self.book.drop_refresh(old);
                Some(self.new_refresh(&grant))
            }
        };
        Ok(Issue { grant, user, nonce: None, refresh_token })
    }

    /// The user with whose rights an app is to act, if it can still sign in.
    fn user(&self, id: u64) -> Result<&'a UserRecord, Denial> {
        let user = self.users.get(id).filter(|user| user.is_active());
        user.ok_or(Denial::grant())
    }

    fn new_refresh(&mut self, grant: &Grant) -> String {
        let text = self.book.word(self.config.seed, "refresh", self.now);
        self.book.add_refresh(text.clone(), grant);
        text
    }

    fn tokens(&mut self, issue: &Issue<'_>) -> Reply {
        let Issue { grant, user, nonce, refresh_token } = issue;
        let seed = self.config.seed;
        // Claims count in whole seconds, so the life begins with one.
        let iat = self.now.as_second();
        let begins = Timestamp::from_second(iat).unwrap_or(self.now);
        let common = json!({
            "iss": format!("https://{}.gorgias.com", self.config.subdomain),
            "sub": user.id.to_string(),
            "iat": iat,
            "exp": iat + i64::from(LIFE_S),
        });
        let scope = grant.scopes.join(" ");
        let jti = self.book.word(seed, "access", self.now);
        let access = json!({ "client_id": grant.client_id, "scope": scope, "jti": jti });
        let access_token = jwt::sign(seed, &joined(&common, access));
        let who = json!({ "aud": grant.client_id, "email": user.email, "name": user.name,
            "nonce": nonce });
        let id_token = jwt::sign(seed, &joined(&common, who));
        let life = Duration::from_secs(u64::from(LIFE_S));
        self.book.add_access(access_token.clone(), grant, (begins, life));
        let mut body = json!({
            "access_token": access_token,
            "id_token": id_token,
            "expires_in": self.config.oauth.expires_in,
            "scope": scope,
            "token_type": "Bearer",
        });
        if let (Some(token), Some(body)) = (refresh_token, body.as_object_mut()) {
            body.insert("refresh_token".to_owned(), json!(token));
        }
        // RFC 6749, 5.1.
        Reply::ok(&body).with(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }
}

/// Whether a client sent what is known: as it is, as most do, or encoded as in a form
/// (RFC 6749, 2.3.1).
fn is_same(known: &str, sent: &str) -> bool {
    let decoded = url::form_urlencoded::parse(sent.as_bytes()).next();
    known == sent || decoded.is_some_and(|(text, _)| text == known)
}

/// The claims of both; what is null is left out.
fn joined(common: &Value, more: Value) -> Value {
    let mut claims = common.clone();
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    claims
}
