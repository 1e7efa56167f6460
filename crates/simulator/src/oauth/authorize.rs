//! `/oauth/authorize`: an app asks, a user answers, and the browser goes back to the app.

use std::time::Duration;

use http::StatusCode;
use url::{Host, Url};

use super::{
    Effect, Query, Served, Visit,
    book::Code,
    page::{self, Question},
    scopes,
    switches::{Consent, OAuthClient},
};
use crate::{clock::later, reply::Reply, users::UserRecord};

/// What the consent page's form repeats, so that the answer can be checked as the question was.
const REPEATED: [&str; 6] =
    ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce"];

/// A request that may be put before the user.
struct Wish<'a> {
    client: &'a OAuthClient,
    /// As it was sent; the token endpoint must hear the same.
    redirect_uri: &'a str,
    user: &'a UserRecord,
    scopes: Vec<String>,
    nonce: Option<&'a str>,
    back: Back<'a>,
}

/// The way back to the app.
struct Back<'a> {
    url: Url,
    state: Option<&'a str>,
}

impl Back<'_> {
    fn with(&self, name: &str, value: &str) -> Reply {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair(name, value);
        if let Some(state) = self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        Reply::redirect(&url)
    }
}

impl<'a> Visit<'a> {
    /// The app asks.
    pub(super) fn ask(&mut self, params: &Query) -> Served {
        let wish = match self.wish(params) {
            Ok(wish) => wish,
            Err(reply) => return (reply, None),
        };
        match self.config.oauth.consent {
            Consent::Page => {
                let repeated = REPEATED.map(|name| (name, params.one(name)));
                let fields: Vec<(&str, &str)> = repeated
                    .into_iter()
                    .filter_map(|(name, value)| value.map(|value| (name, value)))
                    .collect();
                let question = Question {
                    app: &wish.client.name,
                    subdomain: &self.config.subdomain,
                    email: &wish.user.email,
                    scopes: &wish.scopes,
                    fields: &fields,
                };
                (Reply::page(StatusCode::OK, page::consent(&question)), None)
            }
            Consent::Allow => self.allow(wish),
            Consent::Deny => (wish.back.with("error", "access_denied"), None),
        }
    }

    /// The user answers.
    pub(super) fn decide(&mut self, form: Option<&Query>) -> Served {
        let Some(form) = form else {
            return (problem(400, "The answer did not come from the form."), None);
        };
        let wish = match self.wish(form) {
            Ok(wish) => wish,
            Err(reply) => return (reply, None),
        };
        match form.one("decision") {
            Some("allow") => self.allow(wish),
            Some("deny") => (wish.back.with("error", "access_denied"), None),
            _ => (problem(400, "The answer is neither allow nor deny."), None),
        }
    }

    fn allow(&mut self, wish: Wish<'_>) -> Served {
        let life = Duration::from_secs(u64::from(self.config.oauth.code_lifetime_s));
        let text = self.book.word(self.config.seed, "code", self.now);
        let reply = wish.back.with("code", &text);
        let code = Code {
            client_id: wish.client.id.clone(),
            redirect_uri: wish.redirect_uri.to_owned(),
            user_id: wish.user.id,
            scopes: wish.scopes,
            nonce: wish.nonce.map(str::to_owned),
            expires_at: later(self.now, life),
        };
        self.book.add_code(text, code, self.now);
        (reply, Some(Effect::Allowed))
    }

    /// Checks what is asked for. While app and address are in doubt nobody is sent anywhere;
    /// afterwards the app hears what is wrong.
    fn wish<'p>(&self, params: &'p Query) -> Result<Wish<'p>, Reply>
    where
        'a: 'p,
    {
        let id = params.one("client_id").unwrap_or_default();
        let client = self.config.oauth.clients.iter().find(|client| client.id == id);
        let client = client.ok_or_else(|| problem(400, "No app with this client_id is known."))?;
        let redirect_uri = params.one("redirect_uri").unwrap_or_default();
        let url = registered(client, redirect_uri).ok_or_else(|| {
            problem(400, "The app has not registered this redirect_uri, so the way back is closed.")
        })?;
        let user = match self.config.oauth.allowed_by {
            Some(id) => self.users.get(id),
            None => self.users.records().find(|user| user.owner && user.exists()),
        };
        let user = user.filter(|user| user.is_active()).ok_or_else(|| {
            problem(403, "The user who is to be asked is not there or cannot sign in.")
        })?;
        let back = Back { url, state: params.one("state") };
        if params.one("response_type") != Some("code") {
            return Err(back.with("error", "unsupported_response_type"));
        }
        let asked = scopes::parse(params.one("scope").unwrap_or_default());
        let Some(scopes) = asked else {
            return Err(back.with("error", "invalid_scope"));
        };
        let nonce = params.one("nonce");
        Ok(Wish { client, redirect_uri, user, scopes, nonce, back })
    }
}

/// The address, if the client may be sent there.
fn registered(client: &OAuthClient, text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| url.fragment().is_none())?;
    let fits = |known: &String| known == text || (known == OAuthClient::LOOPBACK && is_local(&url));
    client.redirect_uris.iter().any(fits).then_some(url)
}

fn is_local(url: &Url) -> bool {
    url.scheme() == "http"
        && url.username().is_empty()
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn problem(code: u16, text: &str) -> Reply {
    Reply::page(crate::reply::status(code), page::problem(text))
}
