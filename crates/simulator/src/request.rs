//! A request as the simulated API looks at it, and the routes it knows.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value};

use crate::{faults::Subject, reply::Refusal};

/// A request, read completely.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Query,
    /// Path and query as they were sent.
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    content_type: Option<String>,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn new(parts: &http::request::Parts, body: Bytes) -> Self {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: Query::new(parts.uri.query().unwrap_or_default()),
            target: parts
                .uri
                .path_and_query()
                .map_or_else(|| parts.uri.path().to_owned(), ToString::to_string),
            authorization: header(http::header::AUTHORIZATION).map(str::to_owned),
            content_type: header(http::header::CONTENT_TYPE).map(str::to_owned),
            body,
        }
    }

    /// What the rules for faults look at.
    pub(crate) fn subject<'a>(&'a self, route: &'a Route) -> Subject<'a> {
        let reads = self.method == Method::GET || matches!(route, Route::ViewItems(_));
        Subject {
            method: self.method.as_str(),
            route: route.template(),
            is_write: !reads,
            has_cursor: self.query.one("cursor").is_some_and(|cursor| !cursor.is_empty()),
        }
    }

    /// The body as a form; none if it is something else.
    pub(crate) fn form(&self) -> Option<Query> {
        let kind = self.content_type.as_deref()?.split(';').next()?;
        let is_form = kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let text = std::str::from_utf8(&self.body).ok().filter(|_| is_form)?;
        Some(Query::new(text))
    }

    /// The body as a JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(Refusal::bad("The body must be a JSON object.")),
            Err(_) => Err(Refusal::bad("The body is not valid JSON.")),
        }
    }
}

/// The parameters behind the question mark, in their order.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn new(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of a parameter.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that has to be a number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.one(name).map(|text| numeric(name, text)).transpose()
    }

    /// The parameters again, with every value blotted out whose name is not among `kept`.
    pub(crate) fn blotted(&self, kept: &[&str]) -> String {
        let shown =
            |value: &str, name: &str| if kept.contains(&name) { value } else { "…" }.to_owned();
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.0.iter().map(|(name, value)| (name, shown(value, name))))
            .finish()
    }

    /// The parameters again, with `cursor` set to another value.
    pub(crate) fn with_cursor(&self, cursor: &str) -> String {
        let kept = self.0.iter().filter(|(key, _)| key != "cursor");
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("cursor", cursor)
            .finish()
    }
}

/// User name and password of Basic authentication.
pub(crate) fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    is_basic.then(|| (name.to_owned(), password.to_owned()))
}

/// The token of Bearer authentication.
pub(crate) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Reads a parameter as a number.
pub(crate) fn numeric(name: &str, text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::field(name, "Not a valid integer."))
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Users,
    User(u64),
    Roles,
    Account,
    Settings,
    Events,
    Event(u64),
    Teams,
    Team(u64),
    Tickets,
    Ticket(u64),
    ViewItems(u64),
    /// Of OAuth, as are the next two: outside `/api`.
    Authorize,
    Token,
    Revoke,
    /// Under `/api`, and nothing is there.
    Unknown,
    /// Outside, and nothing is there.
    Outside,
}

impl Route {
    /// Reads a path; one slash at its end makes no difference.
    pub(crate) fn parse(path: &str) -> Self {
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let rest = match segments.split_first() {
            Some((&"api", rest)) => rest,
            Some((&"oauth", rest)) => return Self::parse_oauth(rest),
            _ => return Self::Outside,
        };
        let id = |text: &str, route: fn(u64) -> Self| text.parse().map_or(Self::Unknown, route);
        match rest {
            ["users"] => Self::Users,
            ["users", user] => id(user, Self::User),
            ["roles"] => Self::Roles,
            ["account"] => Self::Account,
            ["account", "settings"] => Self::Settings,
            ["events"] => Self::Events,
            ["events", event] => id(event, Self::Event),
            ["teams"] => Self::Teams,
            ["teams", team] => id(team, Self::Team),
            ["tickets"] => Self::Tickets,
            ["tickets", ticket] => id(ticket, Self::Ticket),
            ["views", view, "items"] => id(view, Self::ViewItems),
            _ => Self::Unknown,
        }
    }

    fn parse_oauth(rest: &[&str]) -> Self {
        match rest {
            ["authorize"] => Self::Authorize,
            ["token"] => Self::Token,
            ["revoke"] => Self::Revoke,
            _ => Self::Outside,
        }
    }

    /// Whether it belongs to OAuth.
    pub(crate) const fn is_oauth(self) -> bool {
        matches!(self, Self::Authorize | Self::Token | Self::Revoke)
    }

    /// Its name in rules, counters and the log.
    pub(crate) const fn template(self) -> &'static str {
        match self {
            Self::Users => "/api/users",
            Self::User(_) => "/api/users/{id}",
            Self::Roles => "/api/roles",
            Self::Account => "/api/account",
            Self::Settings => "/api/account/settings",
            Self::Events => "/api/events",
            Self::Event(_) => "/api/events/{id}",
            Self::Teams => "/api/teams",
            Self::Team(_) => "/api/teams/{id}",
            Self::Tickets => "/api/tickets",
            Self::Ticket(_) => "/api/tickets/{id}",
            Self::ViewItems(_) => "/api/views/{id}/items",
            Self::Authorize => "/oauth/authorize",
            Self::Token => "/oauth/token",
            Self::Revoke => "/oauth/revoke",
            Self::Unknown => "/api/*",
            Self::Outside => "*",
        }
    }
}
