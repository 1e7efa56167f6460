//! A helpdesk with a clock that stands still, and short ways to ask it.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use muster_simulator::{Config, ConnectionFault, Gorgias, Limits, ManualClock};
use serde_json::Value;
use tower::ServiceExt;

/// A helpdesk under test.
pub(crate) struct Desk {
    pub(crate) gorgias: Gorgias,
    pub(crate) clock: ManualClock,
}

/// What came back.
#[derive(Debug, PartialEq)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) broken: Option<ConnectionFault>,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("the body is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The ids of the rows, in an envelope or bare.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let body = self.json();
        let rows = body.get("data").unwrap_or(&body).as_array().unwrap().clone();
        rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
    }

    pub(crate) fn id(&self) -> u64 {
        self.json()["id"].as_u64().unwrap()
    }
}

impl Desk {
    pub(crate) fn new(config: Config) -> Self {
        let clock = ManualClock::new("2026-08-26T19:55:26.00176Z".parse().unwrap());
        Self { gorgias: Gorgias::new(config, clock.clock()), clock }
    }

    /// The documented dialect without a rate limit.
    pub(crate) fn gorgias() -> Self {
        Self::new(Config { limits: Limits::unlimited(), ..Config::gorgias() })
    }

    /// The third-party guide's dialect without a rate limit.
    pub(crate) fn guide() -> Self {
        Self::new(Config { limits: Limits::unlimited(), ..Config::guide() })
    }

    pub(crate) fn with(self, turn: impl FnOnce(&mut Config)) -> Self {
        self.gorgias.configure(turn);
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Got {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Got {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Got {
        self.call("DELETE", path, None).await
    }

    /// A request with the owner's key.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Got {
        let config = self.gorgias.config();
        let key = format!("{}:{}", config.owner_email, config.api_key);
        self.call_as(&key, (method, path), body).await
    }

    /// A request with these credentials (`e-mail:key`).
    pub(crate) async fn call_as(
        &self,
        key: &str,
        (method, path): (&str, &str),
        body: Option<Value>,
    ) -> Got {
        self.authorized(&format!("Basic {}", STANDARD.encode(key)), (method, path), body).await
    }

    /// A request with this `Authorization` header.
    pub(crate) async fn authorized(
        &self,
        authorization: &str,
        (method, path): (&str, &str),
        body: Option<Value>,
    ) -> Got {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", authorization)
            .body(body)
            .unwrap();
        self.send(request).await
    }

    /// A form, with these credentials (`name:password`) if any.
    pub(crate) async fn form(&self, credentials: &str, path: &str, fields: &[(&str, &str)]) -> Got {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {}", STANDARD.encode(credentials)))
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> Got {
        let response = self.gorgias.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Got {
            status: parts.status,
            broken: parts.extensions.get().copied(),
            headers: parts.headers,
            bytes: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// All pages of a list, as they come.
    pub(crate) async fn walk(&self, path: &str) -> Vec<u64> {
        self.walk_from(path, String::new()).await
    }

    /// The pages from a cursor on.
    pub(crate) async fn walk_from(&self, path: &str, mut cursor: String) -> Vec<u64> {
        let mut ids = Vec::new();
        loop {
            let page = self.get(&format!("{path}&cursor={cursor}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", String::from_utf8_lossy(&page.bytes));
            ids.extend(page.ids());
            match page.json()["meta"]["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return ids,
            }
        }
    }
}
