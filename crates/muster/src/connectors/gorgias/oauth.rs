//! OAuth2 as Gorgias has it: authorize, token, refresh, revoke, on the account's host outside
//! `/api`. A refresh brings no new refresh token, `expires_in` may be 0, and an access token works
//! until it runs out, also after it was revoked.

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderValue, Method, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{credential::Line, refusal::Cleaner, wire};
use crate::{
    connector::{
        ConnectorError, ErrorKind,
        transport::{Request, TransportError},
    },
    secret::Secret,
};

/// What Muster asks to be allowed.
pub const SCOPES: &str = "openid email profile offline users:read users:write tickets:read tickets:write events:read \
     account:read";

/// How long an access token works when nothing tells (24 hours).
const STANDARD_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// A token that runs out within so long is renewed before it is used.
const MARGIN: SignedDuration = SignedDuration::from_secs(120);

/// Muster as a client of Gorgias: what the app's developer page shows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Client {
    /// The client's id.
    pub id: String,
    /// The client's secret.
    pub secret: String,
}

/// What a user's consent came to.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// The client to which they were given.
    pub client: Client,
    /// What lets requests in.
    pub access: String,
    /// What a new access token is had for.
    pub refresh: Option<String>,
    /// When the access token was had.
    pub issued: Timestamp,
    /// When the access token runs out.
    pub expires: Timestamp,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Tokens {
    /// As they are sealed.
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        serde_json::to_string(self).ok().map(Secret::new)
    }

    /// From what was sealed.
    ///
    /// # Errors
    /// When it is something else.
    pub fn of(secret: &Secret) -> Result<Self, ConnectorError> {
        serde_json::from_str(secret.reveal()).map_err(|_| {
            ConnectorError::new(
                ErrorKind::Unauthorized,
                "the tokens that are kept cannot be read; connect again: muster app add --oauth --replace",
            )
        })
    }

    pub(super) fn has_run_out(&self, now: Timestamp) -> bool {
        self.expires.checked_sub(MARGIN).unwrap_or(Timestamp::MIN) <= now
    }

    pub(super) fn header(&self) -> Result<HeaderValue, ConnectorError> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.access)).map_err(|_| {
            ConnectorError::new(ErrorKind::Invalid, "the access token cannot be sent in a header")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The page on which a user allows it. `state` comes back and must be compared.
///
/// # Errors
/// When the base URL cannot hold a path.
pub fn authorize_url(
    base: &Url,
    client_id: &str,
    redirect_uri: &str,
    (state, nonce): (&str, &str),
) -> Result<Url, ConnectorError> {
    let mut url = endpoint(base, "authorize")?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", SCOPES)
        .append_pair("state", state)
        .append_pair("nonce", nonce);
    Ok(url)
}

/// Tokens for the code that a consent brought.
///
/// # Errors
/// When the code or the client is refused, or no answer comes.
pub(super) async fn exchange(
    line: Line<'_>,
    client: &Client,
    redirect_uri: &str,
    code: &str,
) -> Result<Tokens, ConnectorError> {
    let form =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
    let answer = post(line, client, ("token", "turn the consent into access"), &form).await?;
    tokens(line, client, &answer, None)
}

/// A new access token. The refresh token stays, unless a new one comes.
///
/// # Errors
/// When the refresh token is refused, or no answer comes.
pub(super) async fn refresh(line: Line<'_>, old: &Tokens) -> Result<Tokens, ConnectorError> {
    let Some(refresh) = &old.refresh else {
        return Err(ConnectorError::new(
            ErrorKind::Unauthorized,
            "access has run out and Gorgias gave no refresh token; connect again: muster app add \
             --oauth --replace",
        ));
    };
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let answer = post(line, &old.client, ("token", "renew the access"), &form).await?;
    tokens(line, &old.client, &answer, Some(refresh))
}

/// Gives the consent back. The last access token works on until it runs out.
///
/// # Errors
/// When the client is refused, or no answer comes.
pub(super) async fn revoke(line: Line<'_>, tokens: &Tokens) -> Result<(), ConnectorError> {
    let token = tokens.refresh.as_deref().unwrap_or(&tokens.access);
    post(line, &tokens.client, ("revoke", "give the access back"), &[("token", token)]).await?;
    Ok(())
}

fn endpoint(base: &Url, name: &str) -> Result<Url, ConnectorError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| ConnectorError::new(ErrorKind::Invalid, "the base URL cannot hold a path"))?
        .pop_if_empty()
        .extend(["oauth", name]);
    Ok(url)
}

async fn post(
    line: Line<'_>,
    client: &Client,
    (name, attempt): (&str, &str),
    form: &[(&str, &str)],
) -> Result<Value, ConnectorError> {
    let fail = |kind, what: &str| ConnectorError::new(kind, format!("could not {attempt}: {what}"));
    let pair = STANDARD.encode(format!("{}:{}", client.id, client.secret));
    let mut basic = HeaderValue::try_from(format!("Basic {pair}"))
        .map_err(|_| fail(ErrorKind::Invalid, "the client's id or secret cannot be sent"))?;
    basic.set_sensitive(true);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = Request::new(Method::POST, endpoint(line.base, name)?)
        .header(header::AUTHORIZATION, basic)
        .header(header::ACCEPT, HeaderValue::from_static("application/json"))
        .header(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
    request.body = body.into();
    let response = line.transport.send(request).await.map_err(|error| match error {
        TransportError::NotSent(why) => {
            fail(ErrorKind::Unavailable, &format!("Gorgias cannot be reached ({why})"))
        }
        TransportError::NoAnswer(why) => {
            fail(ErrorKind::Unavailable, &format!("no whole answer came ({why}); try again"))
        }
    })?;
    let json: Option<Value> = serde_json::from_slice(&response.body).ok();
    if response.status.is_success() {
        return json.ok_or_else(|| fail(ErrorKind::Unavailable, "the answer is not JSON"));
    }
    let said = json.as_ref().and_then(|json| wire::refusal(json).0).unwrap_or_default();
    let said = Cleaner::of_client(client).clean(&said);
    let again = "connect again: muster app add --oauth --replace";
    Err(match (response.status.as_u16(), said.as_str()) {
        (status, _) if status == 429 || status >= 500 => {
            fail(ErrorKind::Unavailable, &format!("Gorgias answers {status}; try again later"))
        }
        (_, "invalid_client") => fail(
            ErrorKind::Unauthorized,
            "Gorgias refuses the client's id or secret; check both on the app's developer page",
        ),
        (_, "invalid_grant") => fail(
            ErrorKind::Unauthorized,
            &format!("the consent was taken back, used already, or has lapsed; {again}"),
        ),
        (status, said) => {
            fail(ErrorKind::Unauthorized, &format!("Gorgias answers {status} {said}; {again}"))
        }
    })
}

fn tokens(
    line: Line<'_>,
    client: &Client,
    answer: &Value,
    kept: Option<&String>,
) -> Result<Tokens, ConnectorError> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let access = text("access_token").ok_or_else(|| {
        ConnectorError::new(ErrorKind::Unavailable, "Gorgias's answer holds no access token")
    })?;
    let now = line.env.now();
    let stated = answer.get("expires_in").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
    let life = stated.map_or(STANDARD_LIFE, SignedDuration::from_secs);
    let expires = expiry(access).unwrap_or_else(|| now.checked_add(life).unwrap_or(now));
    Ok(Tokens {
        client: client.clone(),
        access: access.to_owned(),
        refresh: text("refresh_token").map(str::to_owned).or_else(|| kept.cloned()),
        issued: now,
        expires,
    })
}

/// When a JWT says that it runs out. Only read, never trusted: who issued it is asked with it.
fn expiry(token: &str) -> Option<Timestamp> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_itself_says_when_it_runs_out() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1800000000}"#);
        let expected = Timestamp::from_second(1_800_000_000).ok();
        assert_eq!(expiry(&format!("e30.{claims}.sig")), expected);
        for other in ["opaque", "a.b.c", "e30.e30.sig", ""] {
            assert_eq!(expiry(other), None, "{other}");
        }
    }
}
