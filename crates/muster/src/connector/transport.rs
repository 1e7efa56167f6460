//! Bytes over a wire: one request out, one answer back, and the truth about what is not known.
//!
//! No retries, no pacing, no JSON here. The one thing that matters above: [`TransportError`] tells
//! "surely not sent" from "sent, and no trustworthy answer".

use std::{fmt, sync::Once, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::{Host, Url};

/// A request.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address, query included.
    pub url: Url,
    /// The headers. Secret ones are marked as sensitive and never shown.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With this JSON text as body.
    #[must_use]
    pub fn json(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// An answer, read to its end.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request surely did not go out: it has no effect.
    #[error("{0}")]
    NotSent(String),
    /// The request went out, or may have; no whole answer came. Its effect is not known.
    #[error("{0}")]
    NoAnswer(String),
}

/// Carries a request to an app and brings the answer back.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` once.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// The limits of [`HttpTransport`].
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// From the first byte out to the last byte in.
    pub total: Duration,
    /// For name look-up, TCP and TLS.
    pub connect: Duration,
    /// The largest body that is read, in bytes.
    pub body_bytes: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            body_bytes: 32 * 1024 * 1024,
        }
    }
}

/// HTTP/1.1 over TLS; in the clear only to this very machine. Follows no redirects: an answer from
/// elsewhere is not the app's, and credentials go nowhere but to the host they are for.
pub struct HttpTransport {
    client: reqwest::Client,
    /// For this machine: past any proxy, which would be one more reader of clear text.
    local: reqwest::Client,
    limits: HttpLimits,
}

static CRYPTO: Once = Once::new();

impl HttpTransport {
    /// A transport with connections of its own.
    ///
    /// # Errors
    /// When TLS cannot be set up, for example without any trusted root certificates.
    pub fn new(limits: HttpLimits) -> Result<Self, TransportError> {
        CRYPTO.call_once(|| {
            // An error only says that another provider is installed already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("muster/", env!("CARGO_PKG_VERSION")))
                .timeout(limits.total)
                .connect_timeout(limits.connect)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| TransportError::NotSent(chain(error)))
        };
        Ok(Self { client: build(builder())?, local: build(builder().no_proxy())?, limits })
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| TransportError::NoAnswer(chain(error)))?
        {
            if body.len().saturating_add(chunk.len()) > self.limits.body_bytes {
                return Err(TransportError::NoAnswer(format!(
                    "the answer is larger than {} bytes",
                    self.limits.body_bytes
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        check_scheme(&request.url).map_err(TransportError::NotSent)?;
        let Request { method, url, headers, body } = request;
        let client = if url.scheme() == "http" { &self.local } else { &self.client };
        let sent = client.request(method, url).headers(headers).body(body).send().await;
        let response = sent.map_err(|error| {
            let unsent = error.is_connect() || error.is_builder();
            let text = chain(error);
            if unsent { TransportError::NotSent(text) } else { TransportError::NoAnswer(text) }
        })?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.body(response).await?;
        Ok(Response { status, headers, body })
    }
}

/// Whether requests may go to `url`: over TLS anywhere, in the clear only to this machine.
///
/// # Errors
/// A sentence for people.
pub fn check_scheme(url: &Url) -> Result<(), String> {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(format!("{url} names no host")),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        "http" => Err(format!(
            "credentials must not travel in the clear: use https:// instead of http:// for {}",
            url.host_str().unwrap_or_default()
        )),
        other => Err(format!("{other}: is not a way to reach an app; use https://")),
    }
}

/// An error and its causes in one line, without the address (it may hold an e-mail address).
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn clear_text_goes_only_to_this_machine() {
        for good in [
            "https://acme.gorgias.com/api",
            "http://127.0.0.1:9",
            "http://127.9.9.9",
            "http://[::1]:8",
            "http://localhost:80",
        ] {
            assert_eq!(check_scheme(&url(good)), Ok(()), "{good}");
        }
        for bad in [
            "http://acme.gorgias.com",
            "http://10.0.0.1",
            "http://localhost.example",
            "ftp://localhost",
        ] {
            assert!(check_scheme(&url(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_request_does_not_show_what_it_carries() {
        let mut secret = HeaderValue::from_static("Basic c2VjcmV0");
        secret.set_sensitive(true);
        let request = Request::new(Method::POST, url("https://a.example/api?email=x@y.example"))
            .header(http::header::AUTHORIZATION, secret)
            .json(r#"{"password":"hunter2"}"#);
        let shown = format!("{request:?}");
        assert!(!shown.contains("c2VjcmV0") && !shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("x@y.example"), "{shown}");
    }
}
