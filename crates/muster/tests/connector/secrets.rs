//! The key appears nowhere but in the header, even when the app sends it back.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use muster::{
    connector::{
        Connector, ConnectorError, Lane,
        budget::Budget,
        transport::{Request, Response, Transport, TransportError},
    },
    connectors::{
        self, Opening,
        gorgias::{ApiKey, Gorgias, base_url},
    },
    env::Env,
    secret::Secret,
};
use muster_domain::model::account::{AccountChange, NewAccount};
use serde_json::json;

const KEY: &str = "s3cr3t/K+y";

/// Answers with everything it was sent: header, decoded header, body.
struct Echo(u16);

#[async_trait]
impl Transport for Echo {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let shown = format!("{request:?}");
        let sent = request.headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        assert!(!shown.contains(&sent) && !shown.contains(KEY), "{shown}");
        let text = format!("{sent} own@acme.example:{KEY} {KEY} {} {}", request.url, shown);
        match self.0 {
            0 => Err(TransportError::NotSent(text)),
            1 => Err(TransportError::NoAnswer(text)),
            2 => {
                let page = format!("<html><title>{text}</title></html>");
                Ok(Response {
                    status: StatusCode::BAD_GATEWAY,
                    headers: HeaderMap::new(),
                    body: page.into(),
                })
            }
            status => {
                let body = json!({"error": {"msg": text, "data": {"key": [text]}}}).to_string();
                let status = StatusCode::from_u16(status).unwrap();
                Ok(Response { status, headers: HeaderMap::new(), body: Bytes::from(body) })
            }
        }
    }
}

async fn errors(connector: &Gorgias) -> Vec<ConnectorError> {
    let new = NewAccount {
        email: "nia@acme.example".parse().unwrap(),
        name: "Nia".to_owned(),
        role: "agent".parse().unwrap(),
        external_id: None,
    };
    let id = "7".parse().unwrap();
    let account = serde_json::from_value(json!({
        "id": "7", "email": "a@b.example", "login": "a@b.example", "name": "A", "role": "agent",
        "status": "active", "kind": "human", "mfa": "unknown", "external_id": null, "sso": null,
        "created": null, "updated": null, "other": {},
    }))
    .unwrap();
    let change = AccountChange { name: Some("B".to_owned()), ..Default::default() };
    let mut sink = |_| {};
    let results = [
        connector.probe(Lane::Interactive).await.err(),
        connector.roles(Lane::Interactive).await.err(),
        connector.accounts(Lane::Bulk, &mut sink).await.err(),
        connector.account(Lane::Routine, &id).await.err(),
        connector.find(Lane::Routine, &new.email).await.err(),
        connector.create(Lane::Routine, &new).await.err(),
        connector.update(Lane::Routine, &account, &change).await.err(),
        connector.delete(Lane::Routine, &id).await.err(),
    ];
    results.into_iter().flatten().collect()
}

#[tokio::test]
async fn no_message_holds_the_key_though_the_app_echoes_it() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let pair = STANDARD.encode(format!("own@acme.example:{KEY}"));
    let mut seen = 0;
    for status in [0, 1, 2, 302, 400, 401, 402, 403, 404, 405, 409, 413, 422, 429, 500, 503] {
        let env = Env::manual("2026-03-02T08:00:00Z".parse().unwrap(), 1);
        let budget = Budget::new(env.clone(), None);
        let key = ApiKey { email: "own@acme.example".to_owned(), key: Secret::new(KEY) };
        assert!(!format!("{key:?}").contains(KEY));
        let base = base_url("https://acme.gorgias.com").unwrap();
        let gorgias = Gorgias::new(Arc::new(Echo(status)), budget, env, &key, base).unwrap();
        for error in errors(&gorgias).await {
            let shown = format!("{error} {error:?}");
            for secret in [KEY, pair.as_str(), "s3cr3t", pair.trim_end_matches('=')] {
                assert!(!shown.contains(secret), "{status}: {shown}");
            }
            assert!(error.message.starts_with("could not "), "{error}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn an_app_is_opened_by_its_settings() {
    let open = |settings: &[(&str, &str)]| {
        let env = Env::manual("2026-03-02T08:00:00Z".parse().unwrap(), 1);
        let app = connectors::named("gorgias").unwrap();
        (app.open)(Opening {
            transport: Arc::new(Echo(500)),
            budget: Budget::new(env.clone(), None),
            env,
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            secret: Secret::new(KEY),
        })
        .map(drop)
    };
    let email = ("email", "own@acme.example");
    assert!(open(&[email, ("subdomain", "acme")]).is_ok());
    assert!(open(&[email, ("base_url", "http://127.0.0.1:8080")]).is_ok());
    for bad in [
        &[email][..],
        &[("subdomain", "acme")],
        &[email, ("subdomain", "acme.gorgias.com")],
        &[email, ("base_url", "http://acme.gorgias.com")],
        &[email, ("subdomain", "acme"), ("base_url", "https://acme.gorgias.com")],
        &[("email", "a:b@acme.example"), ("subdomain", "acme")],
    ] {
        assert!(open(bad).is_err(), "{bad:?}");
    }
    assert!(connectors::named("zendesk").is_none());
}
