//! From an answer to a result, and from a failure to a sentence: what was attempted, what Gorgias
//! said (cleaned of secrets), what to do.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    oauth::{Client, Tokens},
    settings::ApiKey,
    wire,
};
use crate::connector::{ConnectorError, ErrorKind, transport::Response};

/// The most characters of an app's words that go into a message.
const WORDS: usize = 300;

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ConnectorError,
    /// The status, when there was an answer in JSON.
    pub(super) status: Option<u16>,
    /// The fields that the app blames.
    pub(super) blamed: Vec<String>,
    pub(super) again: Again,
    /// Requests made, this one included.
    pub(super) requests: u32,
}

/// Whether the same request may be sent again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    No,
    /// It was not done: when the budget lets it.
    WhenLetIn,
    /// Only if it was a read.
    IfRead,
}

impl From<Failure> for ConnectorError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// What a request was for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose<'a> {
    /// As in "could not …".
    pub(super) attempt: &'a str,
    pub(super) is_read: bool,
    /// Whether it takes a seat, so that a refusal may be about that.
    pub(super) takes_seat: bool,
}

impl Purpose<'_> {
    pub(super) fn fail(self, kind: ErrorKind, what: &str, remedy: &str) -> ConnectorError {
        let stop = if what.ends_with(['.', '!', '?']) { "" } else { "." };
        ConnectorError::new(kind, format!("could not {}: {what}{stop} {remedy}", self.attempt))
    }

    /// An answer that is JSON, but not what was asked for.
    pub(super) fn unreadable(self, what: &str, requests: u32) -> Failure {
        Failure {
            error: self.lost(what),
            status: None,
            blamed: Vec::new(),
            again: Again::No,
            requests,
        }
    }

    /// No trustworthy answer: a read can simply be made again, the effect of a write is not known.
    pub(super) fn lost(self, what: &str) -> ConnectorError {
        if self.is_read {
            self.fail(ErrorKind::Unavailable, what, "Nothing was changed; try again later.")
        } else {
            let remedy = "It may or may not have been done: look it up before anything else.";
            self.fail(ErrorKind::OutcomeUnknown, what, remedy)
        }
    }
}

/// Takes the credentials out of texts, in every spelling in which they go over the wire.
pub(super) struct Cleaner(Vec<String>);

fn spellings(name: &str, secret: &str) -> Vec<String> {
    let pair = format!("{name}:{secret}");
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let encoded = [STANDARD.encode(&pair), STANDARD.encode(secret)];
    let unpadded = encoded.clone().map(|text| text.trim_end_matches('=').to_owned());
    let mut forms = vec![pair, percent, secret.to_owned()];
    forms.extend(encoded.into_iter().chain(unpadded));
    forms
}

impl Cleaner {
    pub(super) fn new(key: &ApiKey) -> Self {
        Self::sorted(spellings(&key.email, key.key.reveal()))
    }

    pub(super) fn of_client(client: &Client) -> Self {
        Self::sorted(spellings(&client.id, &client.secret))
    }

    pub(super) fn of_tokens(tokens: &Tokens) -> Self {
        let mut forms = spellings(&tokens.client.id, &tokens.client.secret);
        for token in [Some(&tokens.access), tokens.refresh.as_ref()].into_iter().flatten() {
            forms.extend(spellings("", token));
        }
        Self::sorted(forms)
    }

    /// Takes these out as well.
    pub(super) fn add(&mut self, other: Self) {
        let mut forms = std::mem::take(&mut self.0);
        forms.extend(other.0);
        *self = Self::sorted(forms);
    }

    fn sorted(mut forms: Vec<String>) -> Self {
        forms.retain(|form| form.len() > 1);
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self(forms)
    }

    /// `text` in one line, without secrets, and not too long.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.0 {
            text = text.replace(form.as_str(), "***");
        }
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|w| !w.is_empty())
            .collect();
        let line = words.join(" ");
        if line.chars().count() > WORDS {
            line.chars().take(WORDS).chain(['…']).collect()
        } else {
            line
        }
    }
}

/// The header that carries the key; never shown by `Debug`.
pub(super) fn authorization(key: &ApiKey) -> Result<HeaderValue, ConnectorError> {
    let pair = STANDARD.encode(format!("{}:{}", key.email, key.key.reveal()));
    let mut value = HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| {
        ConnectorError::new(ErrorKind::Invalid, "the API key cannot be sent in a header")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Judges an answer. `until` is what the budget made of a 429.
pub(super) fn judge(
    purpose: Purpose<'_>,
    response: &Response,
    until: Option<Timestamp>,
    cleaner: &Cleaner,
) -> Result<Option<Value>, Failure> {
    let status = response.status;
    let failure =
        |error, again| Failure { error, status: None, blamed: Vec::new(), again, requests: 1 };
    if status == StatusCode::TOO_MANY_REQUESTS {
        let remedy =
            "Other integrations may be using up the account's limit; Muster asks again later.";
        let error = purpose.fail(
            ErrorKind::RateLimited { until },
            "Gorgias keeps answering 429, too many requests",
            remedy,
        );
        return Err(failure(error, Again::WhenLetIn));
    }
    if wire::is_html(&response.body) {
        return Err(page_for_people(purpose, response, cleaner));
    }
    let json = serde_json::from_slice::<Value>(&response.body).ok();
    let broken = json.is_none() && (purpose.is_read || !response.body.is_empty());
    if status.is_success() {
        return if broken {
            Err(failure(purpose.lost("Gorgias's answer broke off or is not JSON"), Again::IfRead))
        } else {
            Ok(json)
        };
    }
    Err(refused(purpose, status, json.as_ref(), cleaner))
}

/// An HTML page comes from the content network, not from the API: it is no word on what happened.
fn page_for_people(purpose: Purpose<'_>, response: &Response, cleaner: &Cleaner) -> Failure {
    let title =
        wire::html_title(&response.body).map(|title| cleaner.clean(&title)).unwrap_or_default();
    let status = response.status.as_u16();
    let what = format!("a web page ({status} {title}) came instead of an answer from the API");
    let missing = response.status == StatusCode::NOT_FOUND;
    let error = if missing && purpose.is_read {
        let remedy = "There seems to be no Gorgias account at this address: check the subdomain.";
        purpose.fail(ErrorKind::Unavailable, &what, remedy)
    } else {
        purpose.lost(&what)
    };
    let again = if missing { Again::No } else { Again::IfRead };
    Failure { error, status: None, blamed: Vec::new(), again, requests: 1 }
}

fn refused(
    purpose: Purpose<'_>,
    status: StatusCode,
    json: Option<&Value>,
    cleaner: &Cleaner,
) -> Failure {
    let (text, blamed) = json.map(wire::refusal).unwrap_or_default();
    let text = text.map_or_else(|| "no reason given".to_owned(), |text| cleaner.clean(&text));
    let code = status.as_u16();
    let what = format!("Gorgias answered {code}: {text}");
    let (kind, remedy) = match code {
        402 | 403 | 409 | 422 if purpose.takes_seat && is_about_seats(code, &text) => {
            (ErrorKind::NoSeat, "Free a seat or extend the plan in Gorgias.")
        }
        401 => (
            ErrorKind::Unauthorized,
            "Check the e-mail address and the API key under Settings > REST API; a reset makes the old key invalid.",
        ),
        402 | 403 => (
            ErrorKind::Forbidden,
            "Only admins manage users, and nobody may change the account owner: use the key of an admin.",
        ),
        404 | 410 => (ErrorKind::NotFound, "It may have been deleted."),
        405 | 501 => (ErrorKind::Unsupported, "This account's API does not offer it."),
        409 => (
            ErrorKind::Conflict,
            "The identifier is taken, by another user or by a customer or mail integration with this address.",
        ),
        408 | 500.. => {
            let error = purpose.lost(&what);
            return Failure {
                error,
                status: Some(code),
                blamed,
                again: Again::IfRead,
                requests: 1,
            };
        }
        300..=399 => (
            ErrorKind::Unavailable,
            "The account answers from another address: set its new subdomain or base_url.",
        ),
        _ => (ErrorKind::Invalid, "Nothing was changed; correct the value."),
    };
    let error = purpose.fail(kind, &what, remedy);
    Failure { error, status: Some(code), blamed, again: Again::No, requests: 1 }
}

/// Whether a refusal speaks of seats. No status is documented for that, so the words decide; words
/// with an @ are addresses and do not count.
fn is_about_seats(code: u16, text: &str) -> bool {
    let words: Vec<String> = text
        .split_whitespace()
        .filter(|word| !word.contains('@'))
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()))
        .map(str::to_lowercase)
        .collect();
    let about =
        |stems: &[&str]| words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)));
    let seats =
        about(&["seat", "licen", "upgrade"]) || (about(&["plan"]) && !about(&["permission"]));
    seats || (code != 403 && about(&["limit", "quota", "maximum"]))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;
    use crate::secret::Secret;

    const WRITE: Purpose<'_> =
        Purpose { attempt: "invite a@b.example", is_read: false, takes_seat: true };
    const READ: Purpose<'_> = Purpose { attempt: "read user 7", is_read: true, takes_seat: false };

    fn cleaner() -> Cleaner {
        Cleaner::new(&ApiKey { email: "own@a.example".to_owned(), key: Secret::new("k/ey 1") })
    }

    fn kind(purpose: Purpose<'_>, status: u16, body: &'static str) -> Option<ErrorKind> {
        let response = Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        };
        judge(purpose, &response, None, &cleaner()).err().map(|failure| failure.error.kind)
    }

    #[test]
    fn a_full_plan_is_told_from_other_refusals() {
        let seats = r#"{"error":{"msg":"Your plan is limited to 3 users: no seat is left."}}"#;
        for status in [402, 403, 409, 422] {
            assert_eq!(kind(WRITE, status, seats), Some(ErrorKind::NoSeat), "{status}");
        }
        let taken =
            r#"{"error":{"msg":"In use.","data":{"email":["plan@seat.example is in use."]}}}"#;
        assert_eq!(kind(WRITE, 409, taken), Some(ErrorKind::Conflict));
        let denied = r#"{"error":{"msg":"You do not have the permission to do this."}}"#;
        assert_eq!(kind(WRITE, 403, denied), Some(ErrorKind::Forbidden));
        assert_eq!(kind(WRITE, 422, r#"{"error":{"msg":"Bad role."}}"#), Some(ErrorKind::Invalid));
    }

    #[test]
    fn a_write_without_a_clear_answer_is_of_unknown_outcome() {
        let unknown = Some(ErrorKind::OutcomeUnknown);
        for (status, body) in [
            (500, "{}"),
            (502, "<html>"),
            (200, "<!DOCTYPE html>"),
            (201, "{\"id\": 7"),
            (503, ""),
            (404, " <html>"),
        ] {
            assert_eq!(kind(WRITE, status, body), unknown, "{status} {body}");
            assert_eq!(kind(READ, status, body), Some(ErrorKind::Unavailable), "{status} {body}");
        }
        assert_eq!(kind(WRITE, 202, ""), None);
        assert_eq!(kind(WRITE, 429, "<html>"), Some(ErrorKind::RateLimited { until: None }));
    }

    #[test]
    fn no_spelling_of_the_key_gets_through() {
        let pair = STANDARD.encode("own@a.example:k/ey 1");
        let said =
            format!("bad key k/ey 1, k%2Fey+1 in Basic {pair} {}", STANDARD.encode("k/ey 1"));
        let clean = cleaner().clean(&said);
        assert_eq!(clean, "bad key ***, *** in Basic *** ***");
        assert!(cleaner().clean(&"x ".repeat(1000)).chars().count() <= WORDS + 1);
    }
}
