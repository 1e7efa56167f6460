//! Answers before they become bytes, and refusals.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;

/// What an answer carries.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Empty,
    /// JSON, written out.
    Json(Vec<u8>),
    Html(Cow<'static, str>),
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    /// The `Retry-After` header, in seconds.
    pub(crate) retry_after_s: Option<u32>,
    /// Headers of this answer alone.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// The page that the content network shows for a host of no account.
const NOT_FOUND_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\
<body><h1>404 Not Found</h1><p>There is no helpdesk at this address.</p></body></html>\n";
/// The page that the content network shows when the servers behind it fail.
const ERROR_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head>\
<body><h1>Bad gateway</h1><p>The web server reported an error.</p></body></html>\n";

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let json = serde_json::to_vec(body).unwrap_or_default();
        Self { content: Content::Json(json), ..Self::empty(status) }
    }

    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) const fn empty(status: StatusCode) -> Self {
        Self { status, content: Content::Empty, retry_after_s: None, headers: Vec::new() }
    }

    /// A 404 that is not JSON.
    pub(crate) fn not_found_page() -> Self {
        Self::page(StatusCode::NOT_FOUND, NOT_FOUND_PAGE)
    }

    /// An error page that is not JSON.
    pub(crate) fn error_page(code: u16) -> Self {
        Self::page(status(code), ERROR_PAGE)
    }

    /// A page for people.
    pub(crate) fn page(status: StatusCode, html: impl Into<Cow<'static, str>>) -> Self {
        Self { content: Content::Html(html.into()), ..Self::empty(status) }
    }

    /// The way to another address.
    pub(crate) fn redirect(to: &Url) -> Self {
        // What comes out of `Url` is ASCII, and so always fit for a header.
        match HeaderValue::from_str(to.as_str()) {
            Ok(to) => Self::empty(StatusCode::FOUND).with(header::LOCATION, to),
            Err(_) => Self::empty(StatusCode::BAD_REQUEST),
        }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Why a request is not served.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    code: u16,
    message: String,
    field: Option<(String, String)>,
}

impl Refusal {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None }
    }

    /// 400 without a field to blame.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// 400 because of a field.
    pub(crate) fn field(name: &str, reason: impl Into<String>) -> Self {
        let mut refusal = Self::bad("Failed validation.");
        refusal.field = Some((name.to_owned(), reason.into()));
        refusal
    }

    /// 404: no such object.
    pub(crate) fn missing(kind: &str, id: u64) -> Self {
        Self::new(404, format!("{kind} with id {id} does not exist."))
    }

    /// 409 because of a field.
    pub(crate) fn taken(name: &str, reason: impl Into<String>) -> Self {
        let mut refusal = Self::field(name, reason);
        refusal.code = 409;
        refusal.message = "This identifier is already in use.".to_owned();
        refusal
    }

    pub(crate) fn reply(self) -> Reply {
        let mut error = Map::new();
        error.insert("msg".to_owned(), Value::String(self.message));
        if let Some((name, reason)) = self.field {
            error.insert("data".to_owned(), json!({ name: [reason] }));
        }
        Reply::json(status(self.code), &json!({ "error": error }))
    }
}

/// A status from a switch; what HTTP does not know is 400.
pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}
