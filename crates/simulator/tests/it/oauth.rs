//! OAuth: consent, tokens, scopes, revocation.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use muster_simulator::{
    AppBucket, Config, Consent, Fault, Faults, Gorgias, ManualClock, NewUser, OAuth, OAuthClient,
    Phase, RefreshToken, Role, Rotation, Rule, TokenCounts,
};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{Desk, Got};

const APP: &str = "muster:simulated-client-secret";
const BACK: &str = "http://127.0.0.1:9000/back?tab=1";
const DAY: Duration = Duration::from_secs(86_400);

/// The parameters of a good request, with some replaced.
fn asking<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut params = BTreeMap::from([
        ("response_type", "code"),
        ("client_id", "muster"),
        ("redirect_uri", BACK),
        ("scope", "openid users:read users:write"),
        ("state", "st&te"),
        ("nonce", "n-1"),
    ]);
    params.extend(changes.iter().copied());
    params.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn question(changes: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("/oauth/authorize?{}", query.extend_pairs(asking(changes)).finish())
}

/// The parameters with which the browser is sent back.
fn sent_back(got: &Got) -> BTreeMap<String, String> {
    assert_eq!(got.status, StatusCode::FOUND, "{}", String::from_utf8_lossy(&got.bytes));
    let url = Url::parse(got.header("location").unwrap()).unwrap();
    assert!(url.as_str().starts_with(BACK), "{url}");
    url.query_pairs().into_owned().collect()
}

fn claims(token: &Value) -> Value {
    let parts: Vec<&str> = token.as_str().unwrap().split('.').collect();
    assert_eq!(parts.len(), 3);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap()
}

fn allowing(turn: impl FnOnce(&mut OAuth)) -> Desk {
    Desk::gorgias().with(|config| {
        config.oauth.consent = Consent::Allow;
        turn(&mut config.oauth);
    })
}

impl Desk {
    async fn code(&self, scope: &str) -> String {
        sent_back(&self.get(&question(&[("scope", scope)])).await)["code"].clone()
    }

    async fn exchange(&self, code: &str) -> Got {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)];
        self.form(APP, "/oauth/token", &fields).await
    }

    async fn tokens(&self, scope: &str) -> Value {
        let got = self.exchange(&self.code(scope).await).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.json());
        got.json()
    }

    async fn refresh(&self, token: &Value) -> Got {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
        self.form(APP, "/oauth/token", &fields).await
    }

    async fn revoke(&self, token: &Value) -> Got {
        self.form(APP, "/oauth/revoke", &[("token", token.as_str().unwrap())]).await
    }

    async fn as_app(&self, token: &Value, call: (&str, &str), body: Option<Value>) -> Got {
        self.authorized(&format!("Bearer {}", token.as_str().unwrap()), call, body).await
    }

    async fn status(&self, token: &Value) -> u16 {
        self.as_app(token, ("GET", "/api/users/0"), None).await.status.as_u16()
    }
}

fn denied(got: &Got, status: u16, error: &str) {
    assert_eq!((got.status.as_u16(), got.json()), (status, json!({ "error": error })));
}

#[tokio::test]
async fn page_names_app_account_and_scopes_and_sends_the_answer_back() {
    let desk = Desk::gorgias();
    let page = desk.get(&question(&[])).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let html = String::from_utf8(page.bytes).unwrap();
    for part in [
        "Allow Muster to work in acme?",
        "owner@acme.example",
        "<code>users:write</code>",
        "name=\"state\" value=\"st&amp;te\"",
        "<form method=\"post\" action=\"/oauth/authorize\">",
        "name=\"decision\" value=\"allow\">Allow</button>",
        "name=\"decision\" value=\"deny\">Deny</button>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("<script"));

    let answer = |decision| asking(&[("decision", decision)]);
    let back = sent_back(&desk.form("", "/oauth/authorize", &answer("allow")).await);
    assert_eq!((back["state"].as_str(), back["tab"].as_str()), ("st&te", "1"));
    assert_eq!(desk.exchange(&back["code"]).await.status, StatusCode::OK);
    let back = sent_back(&desk.form("", "/oauth/authorize", &answer("deny")).await);
    assert_eq!((back["error"].as_str(), back["state"].as_str()), ("access_denied", "st&te"));
    assert!(!back.contains_key("code"));
    let neither = desk.form("", "/oauth/authorize", &answer("maybe")).await;
    assert_eq!(neither.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn consent_without_a_page() {
    let desk = allowing(|_| {});
    assert!(sent_back(&desk.get(&question(&[])).await).contains_key("code"));
    let desk = desk.with(|config| config.oauth.consent = Consent::Deny);
    assert_eq!(sent_back(&desk.get(&question(&[])).await)["error"], "access_denied");
    let stateless = sent_back(&desk.get(&question(&[("state", "")])).await);
    assert!(!stateless.contains_key("state"));
}

#[tokio::test]
async fn unknown_app_or_address_is_sent_nowhere() {
    let desk = allowing(|oauth| {
        oauth.clients.push(OAuthClient {
            id: "strict".to_owned(),
            secret: "s".to_owned(),
            name: "Strict".to_owned(),
            redirect_uris: vec!["https://app.example/back".to_owned()],
        });
    });
    let strict = ("client_id", "strict");
    for wrong in [
        vec![("client_id", "nobody")],
        vec![("client_id", "")],
        vec![("redirect_uri", "")],
        vec![("redirect_uri", "http://evil.example/")],
        vec![("redirect_uri", "http://127.0.0.1@evil.example/")],
        vec![("redirect_uri", "http://127.0.0.1/#part")],
        vec![strict, ("redirect_uri", "http://127.0.0.1:1/")],
        vec![strict, ("redirect_uri", "https://app.example/back?more=1")],
    ] {
        let got = desk.get(&question(&wrong)).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        assert_eq!(got.header("location"), None);
        assert_eq!(got.header("content-type"), Some("text/html; charset=utf-8"));
    }
    for right in ["http://localhost:7/x", "http://[::1]:7/x", "http://127.9.9.9/"] {
        let got = desk.get(&question(&[("redirect_uri", right)])).await;
        assert!(got.header("location").unwrap().starts_with(right));
    }
    let registered = [strict, ("redirect_uri", "https://app.example/back")];
    assert_eq!(desk.get(&question(&registered)).await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn app_hears_what_is_wrong_with_its_question() {
    let desk = allowing(|_| {});
    for (wrong, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "read:users"), "invalid_scope"),
        (("scope", ""), "invalid_scope"),
    ] {
        let back = sent_back(&desk.get(&question(&[wrong])).await);
        assert_eq!((back["error"].as_str(), back["state"].as_str()), (error, "st&te"));
    }
}

#[tokio::test]
async fn tokens_say_whose_they_are_and_how_long_they_work() {
    let desk = allowing(|_| {});
    let got = desk.exchange(&desk.code("openid users:read users:read").await).await;
    assert_eq!(got.header("cache-control"), Some("no-store"));
    let tokens = got.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(86_400)));
    assert_eq!(tokens["scope"], "openid users:read");
    assert!(tokens["refresh_token"].as_str().unwrap().len() > 40);
    let access = claims(&tokens["access_token"]);
    let now = desk.clock.now().as_second();
    assert_eq!((&access["sub"], &access["scope"]), (&json!("1"), &json!("openid users:read")));
    assert_eq!((&access["iat"], &access["exp"]), (&json!(now), &json!(now + 86_400)));
    let id = claims(&tokens["id_token"]);
    assert_eq!((&id["aud"], &id["nonce"]), (&json!("muster"), &json!("n-1")));
    assert_eq!(id["email"], "owner@acme.example");
}

#[tokio::test]
async fn code_works_once_soon_and_only_for_its_app_and_address() {
    let desk = allowing(|oauth| {
        let other = OAuthClient { id: "other".to_owned(), ..oauth.clients[0].clone() };
        oauth.clients.push(other);
    });
    let code = desk.code("users:read").await;
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://127.0.0.1:9001/"),
    ];
    denied(&desk.form(APP, "/oauth/token", &elsewhere).await, 400, "invalid_grant");
    let here = [elsewhere[0], elsewhere[1], ("redirect_uri", BACK)];
    let other = "other:simulated-client-secret";
    denied(&desk.form(other, "/oauth/token", &here).await, 400, "invalid_grant");
    assert_eq!(desk.exchange(&code).await.status, StatusCode::OK);
    denied(&desk.exchange(&code).await, 400, "invalid_grant");
    denied(&desk.exchange("made-up").await, 400, "invalid_grant");

    let code = desk.code("users:read").await;
    desk.clock.advance(Duration::from_secs(60));
    denied(&desk.exchange(&code).await, 400, "invalid_grant");
    assert_eq!(desk.gorgias.counters().tokens.issued, 1);
}

#[tokio::test]
async fn token_endpoint_refuses_in_the_oauth_form() {
    let desk = allowing(|_| {});
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for wrong in ["muster:wrong", "nobody:simulated-client-secret", ""] {
        let got = desk.form(wrong, "/oauth/token", &grant).await;
        denied(&got, 401, "invalid_client");
        assert_eq!(got.header("www-authenticate"), Some("Basic"));
        denied(&desk.form(wrong, "/oauth/revoke", &[("token", "x")]).await, 401, "invalid_client");
    }
    let encoded = "muster:simulated%2Dclient%2Dsecret";
    denied(&desk.form(encoded, "/oauth/token", &grant).await, 400, "invalid_grant");
    for (fields, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "client_credentials")], "unsupported_grant_type"),
        (vec![("grant_type", "authorization_code"), ("redirect_uri", BACK)], "invalid_request"),
        (vec![("grant_type", "authorization_code"), ("code", "x")], "invalid_request"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (grant.to_vec(), "invalid_grant"),
    ] {
        denied(&desk.form(APP, "/oauth/token", &fields).await, 400, error);
    }
    denied(&desk.form(APP, "/oauth/revoke", &[]).await, 400, "invalid_request");
    let json = desk.call_as(APP, ("POST", "/oauth/token"), Some(json!({}))).await;
    denied(&json, 400, "invalid_request");
    assert_eq!(desk.get("/oauth/token").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(desk.get("/oauth/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn refresh_gives_a_new_access_token_and_keeps_the_refresh_token() {
    let desk = allowing(|_| {});
    let first = desk.tokens("users:read").await;
    desk.clock.advance(DAY);
    assert_eq!(desk.status(&first["access_token"]).await, 401, "it has expired");
    for _ in 0..2 {
        let next = desk.refresh(&first["refresh_token"]).await.json();
        assert_eq!(next.get("refresh_token"), None);
        assert_eq!(next["scope"], "users:read");
        assert_ne!(next["access_token"], first["access_token"]);
        assert_eq!(desk.status(&next["access_token"]).await, 200);
    }
    let counts = TokenCounts { issued: 1, refreshed: 2, revoked: 0 };
    assert_eq!(desk.gorgias.counters().tokens, counts);
    assert_eq!(desk.get("/_control/counters").await.json()["tokens"]["refreshed"], 2);
}

#[tokio::test]
async fn refresh_token_is_rotated_or_never_given() {
    let desk = allowing(|oauth| oauth.rotation = Rotation::Rotate);
    let first = desk.tokens("users:read").await;
    let next = desk.refresh(&first["refresh_token"]).await.json();
    assert_ne!(next["refresh_token"], first["refresh_token"]);
    denied(&desk.refresh(&first["refresh_token"]).await, 400, "invalid_grant");
    assert_eq!(desk.refresh(&next["refresh_token"]).await.status, StatusCode::OK);

    let desk = allowing(|oauth| oauth.refresh_token = RefreshToken::Never);
    assert_eq!(desk.tokens("users:read offline").await.get("refresh_token"), None);
    let desk = desk.with(|config| config.oauth.refresh_token = RefreshToken::WithOffline);
    assert_eq!(desk.tokens("users:read").await.get("refresh_token"), None);
    assert!(desk.tokens("users:read offline").await["refresh_token"].is_string());
}

#[tokio::test]
async fn life_is_a_day_whatever_expires_in_says() {
    let desk = allowing(|oauth| oauth.expires_in = 0);
    let tokens = desk.tokens("users:read").await;
    assert_eq!(tokens["expires_in"], 0);
    let exp = claims(&tokens["access_token"])["exp"].as_i64().unwrap();
    assert_eq!(exp, desk.clock.now().as_second() + 86_400);
    desk.clock.advance(DAY - Duration::from_secs(1));
    assert_eq!(desk.status(&tokens["access_token"]).await, 200);
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(desk.status(&tokens["access_token"]).await, 401);
}

#[tokio::test]
async fn revoked_grant_is_not_refreshed_and_its_access_token_lives_on() {
    for which in ["refresh_token", "access_token"] {
        let desk = allowing(|_| {});
        let tokens = desk.tokens("users:read").await;
        for _ in 0..2 {
            let revoked = desk.revoke(&tokens[which]).await;
            assert_eq!((revoked.status, revoked.json()), (StatusCode::OK, json!({})));
        }
        denied(&desk.refresh(&tokens["refresh_token"]).await, 400, "invalid_grant");
        assert_eq!(desk.status(&tokens["access_token"]).await, 200);
        desk.clock.advance(DAY);
        assert_eq!(desk.status(&tokens["access_token"]).await, 401);
        assert_eq!(desk.gorgias.counters().tokens.revoked, 1);
        assert!(desk.gorgias.grants()[0].revoked_at.is_some());
    }
    let desk = allowing(|_| {});
    assert_eq!(desk.revoke(&json!("made-up")).await.json(), json!({}));
}

#[tokio::test]
async fn user_takes_the_app_out() {
    let desk = allowing(|_| {});
    let tokens = desk.tokens("users:read").await;
    assert_eq!(desk.get("/_control/grants").await.json()[0]["client_id"], "muster");
    desk.delete("/_control/grants").await;
    denied(&desk.refresh(&tokens["refresh_token"]).await, 400, "invalid_grant");
    assert_eq!(desk.gorgias.counters().tokens.revoked, 1);
}

#[tokio::test]
async fn scopes_open_what_they_name() {
    let desk = allowing(|_| {});
    let ticket = desk.gorgias.add_ticket(None, muster_simulator::TicketStatus::Open);
    let ticket = format!("/api/tickets/{ticket}");
    let view = json!({ "view": { "type": "ticket-list",
        "filters": "eq(ticket.assignee_user.id, 1)" } });
    let person = json!({ "email": "a@b.example", "name": "A", "role": { "name": "agent" } });
    let calls = [
        ("users:read", ("GET", "/api/users"), None),
        ("users:read", ("GET", "/api/teams"), None),
        ("users:write", ("POST", "/api/users"), Some(person)),
        ("account:read", ("GET", "/api/account"), None),
        ("events:read", ("GET", "/api/events"), None),
        ("tickets:read", ("GET", "/api/tickets"), None),
        ("tickets:read", ("PUT", "/api/views/0/items"), Some(view)),
        ("tickets:write", ("PUT", ticket.as_str()), Some(json!({ "status": "closed" }))),
    ];
    for (scope, call, body) in calls {
        let other = if scope == "users:read" { "users:write jobs:read" } else { "users:read" };
        let token = desk.tokens(other).await["access_token"].clone();
        let refused = desk.as_app(&token, call, body.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{call:?} with {other}");
        assert_eq!(refused.json()["error"]["msg"], format!("This needs the scope {scope}."));
        let token = desk.tokens(scope).await["access_token"].clone();
        let got = desk.as_app(&token, call, body).await;
        assert!(got.status.is_success(), "{call:?} with {scope}: {}", got.json());
    }
    assert_eq!(desk.gorgias.invitations().len(), 1);
    let all = desk.tokens("write:all").await["access_token"].clone();
    for path in ["/api/users/0", "/api/account", "/api/events"] {
        assert_eq!(desk.as_app(&all, ("GET", path), None).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn app_acts_with_the_rights_of_the_user_who_allowed_it() {
    let desk = Desk::gorgias();
    let lead = desk.gorgias.add_user(NewUser::new("lead@acme.example").role(Role::Agent));
    let desk = desk.with(|config| {
        config.oauth.consent = Consent::Allow;
        config.oauth.allowed_by = Some(lead);
    });
    let tokens = desk.tokens("users:read users:write").await;
    let token = &tokens["access_token"];
    assert_eq!(claims(token)["sub"], lead.to_string());
    assert_eq!(desk.as_app(token, ("GET", "/api/users/0"), None).await.id(), lead);
    let deletion = desk.as_app(token, ("DELETE", "/api/users/1"), None).await;
    assert_eq!(deletion.status, StatusCode::FORBIDDEN, "only admins manage users");

    desk.gorgias.deactivate_user(lead).unwrap();
    assert_eq!(desk.status(token).await, 401);
    denied(&desk.refresh(&tokens["refresh_token"]).await, 400, "invalid_grant");
    assert_eq!(desk.get(&question(&[])).await.status, StatusCode::FORBIDDEN);
    desk.gorgias.activate_user(lead).unwrap();
    assert_eq!(desk.status(token).await, 200);
    let code = desk.code("users:read").await;
    desk.gorgias.delete_user(lead).unwrap();
    assert_eq!(desk.status(token).await, 401);
    denied(&desk.exchange(&code).await, 400, "invalid_grant");
}

#[tokio::test]
async fn made_up_tokens_are_unknown() {
    let desk = allowing(|_| {});
    let token = desk.tokens("users:read").await["access_token"].clone();
    let tampered = format!("{}x", token.as_str().unwrap());
    for wrong in [json!(tampered), json!(""), json!("simulated-key")] {
        assert_eq!(desk.status(&wrong).await, 401);
    }
    desk.gorgias.reset();
    assert_eq!(desk.status(&token).await, 401);
    assert_eq!(desk.get("/api/users/0").await.status, StatusCode::OK, "the key still works");
}

#[tokio::test]
async fn apps_have_a_bucket_twice_the_key_s() {
    let counter = "x-gorgias-account-api-call-limit";
    let desk = Desk::new(Config::gorgias()).with(|c| c.oauth.consent = Consent::Allow);
    let token = desk.tokens("users:read").await["access_token"].clone();
    for used in 1..=80 {
        let answer = desk.as_app(&token, ("GET", "/api/users/0"), None).await;
        assert_eq!(answer.header(counter), Some(format!("{used}/80").as_str()));
    }
    assert_eq!(desk.status(&token).await, 429);
    assert_eq!(desk.get("/api/users/0").await.header(counter), Some("1/40"));
    desk.clock.advance(Duration::from_secs(1));
    for status in [200, 200, 200, 200, 429] {
        assert_eq!(desk.status(&token).await, status, "four drain in a second");
    }
    let counters = desk.gorgias.counters();
    assert_eq!((counters.app_bucket_peak, counters.bucket_peak), (80, 1));

    let desk = desk.with(|config| {
        config.oauth.bucket = AppBucket::Shared;
        config.limits.capacity = 3;
    });
    let answer = desk.as_app(&token, ("GET", "/api/users/0"), None).await;
    assert_eq!(answer.header(counter), Some("1/3"));
    assert_eq!(desk.get("/api/users/0").await.header(counter), Some("2/3"));
}

#[tokio::test]
async fn log_holds_no_secrets() {
    let desk = allowing(|_| {});
    let code = desk.code("users:read").await;
    let tokens = desk.exchange(&code).await.json();
    desk.status(&tokens["access_token"]).await;
    desk.refresh(&tokens["refresh_token"]).await;
    let slip = format!("/oauth/revoke?token={}", tokens["refresh_token"].as_str().unwrap());
    desk.form(APP, &slip, &[]).await;
    desk.form(APP, &slip.replace("revoke", "nowhere"), &[]).await;
    let log = String::from_utf8(desk.get("/_control/log").await.bytes).unwrap();
    for secret in [&code, "st%26te", "simulated-client-secret"]
        .into_iter()
        .chain(["access_token", "id_token", "refresh_token"].map(|t| tokens[t].as_str().unwrap()))
    {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
    assert!(log.contains("client_id=muster"));
    let grants = String::from_utf8(desk.get("/_control/grants").await.bytes).unwrap();
    assert!(!grants.contains(tokens["refresh_token"].as_str().unwrap()));
}

#[tokio::test]
async fn lost_answer_uses_up_the_code_and_an_ignored_revocation_does_nothing() {
    let desk = allowing(|_| {});
    let code = desk.code("users:read").await;
    let lost = Rule::new(Fault::Drop { phase: Phase::After }).on("POST", "/oauth/token").times(1);
    desk.gorgias.set_faults(Faults::of(vec![lost]));
    assert!(desk.exchange(&code).await.broken.is_some());
    denied(&desk.exchange(&code).await, 400, "invalid_grant");
    assert_eq!(desk.gorgias.grants().len(), 1);

    let tokens = desk.tokens("users:read").await;
    let ignored = Rule::new(Fault::IgnoreWrite).on("POST", "/oauth/revoke");
    desk.gorgias.set_faults(Faults::of(vec![ignored]));
    assert_eq!(desk.revoke(&tokens["refresh_token"]).await.status, StatusCode::OK);
    assert_eq!(desk.refresh(&tokens["refresh_token"]).await.status, StatusCode::OK);
    assert_eq!(desk.gorgias.counters().tokens.revoked, 0);
}

#[tokio::test]
async fn same_seed_same_tokens() {
    let tokens = |seed| async move {
        let desk = allowing(|_| {}).with(|config| config.seed = seed);
        desk.tokens("users:read").await
    };
    assert_eq!(tokens(1).await, tokens(1).await);
    assert_ne!(tokens(1).await["refresh_token"], tokens(2).await["refresh_token"]);
}

#[tokio::test]
async fn reopened_account_knows_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gorgias.json");
    let clock = ManualClock::new("2026-08-26T19:55:26Z".parse().unwrap());
    let open = || Desk {
        gorgias: Gorgias::open(&file, Config::gorgias(), clock.clock()).unwrap(),
        clock: clock.clone(),
    };
    let desk = open().with(|config| config.oauth.consent = Consent::Allow);
    let tokens = desk.tokens("users:read").await;
    let code = desk.code("users:read").await;
    let desk = open();
    assert_eq!(desk.status(&tokens["access_token"]).await, 200);
    assert_eq!(desk.refresh(&tokens["refresh_token"]).await.status, StatusCode::OK);
    assert_eq!(desk.exchange(&code).await.status, StatusCode::OK);
    assert_eq!(desk.gorgias.grants().len(), 2);
    desk.revoke(&tokens["refresh_token"]).await;
    denied(&open().refresh(&tokens["refresh_token"]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn switches_of_oauth_are_turned_one_by_one() {
    let desk = Desk::gorgias();
    let change = json!({ "oauth": { "consent": "allow", "rotation": "rotate" } });
    assert_eq!(desk.put("/_control/config", change).await.status, StatusCode::OK);
    let oauth = desk.gorgias.config().oauth;
    assert_eq!((oauth.consent, oauth.rotation), (Consent::Allow, Rotation::Rotate));
    assert_eq!(oauth.clients, OAuth::default().clients, "what is not named stays");
    let wrong = json!({ "oauth": { "consents": "page" } });
    assert_eq!(desk.put("/_control/config", wrong).await.status, StatusCode::BAD_REQUEST);
}
