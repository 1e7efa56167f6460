//! The rate limit as a client sees it.

use std::time::Duration;

use http::StatusCode;
use muster_simulator::{Config, LimitHeaders, RetryAfter};
use serde_json::json;

use crate::harness::Desk;

const COUNTER: &str = "x-gorgias-account-api-call-limit";

#[tokio::test]
async fn full_bucket_answers_429_without_effect() {
    let desk = Desk::new(Config::gorgias());
    for used in 1..=40 {
        let answer = desk.get("/api/users/0").await;
        assert_eq!(answer.header(COUNTER), Some(format!("{used}/40").as_str()));
        assert_eq!(answer.header("retry-after"), None);
    }
    let body = json!({ "email": "a@b.example", "name": "A", "role": { "name": "agent" } });
    let refused = desk.post("/api/users", body.clone()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header(COUNTER), Some("40/40"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(desk.gorgias.invitations(), []);
    let counters = desk.gorgias.counters();
    assert_eq!((counters.rate_limited, counters.bucket_peak), (1, 40));
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(desk.post("/api/users", body).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn retry_after_is_present_absent_or_zero() {
    for (switch, header) in [
        (RetryAfter::Present, Some("1")),
        (RetryAfter::Absent, None),
        (RetryAfter::Zero, Some("0")),
    ] {
        let desk = Desk::new(Config::gorgias()).with(|config| {
            config.limits.capacity = 1;
            config.limits.retry_after = switch;
        });
        desk.get("/api/users").await;
        assert_eq!(desk.get("/api/users").await.header("retry-after"), header);
    }
}

#[tokio::test]
async fn header_families() {
    let desk = Desk::new(Config::guide());
    let first = desk.get("/api/users").await;
    let told = ["limit", "remaining", "reset"]
        .map(|name| first.header(&format!("x-ratelimit-{name}")).unwrap().to_owned());
    assert_eq!(told, ["2", "1", "1"]);
    assert_eq!(first.header(COUNTER), None);
    desk.get("/api/users").await;
    assert_eq!(desk.get("/api/users").await.status, StatusCode::TOO_MANY_REQUESTS);
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(desk.get("/api/users").await.status, StatusCode::OK);

    let desk = desk.with(|config| config.limits.headers = LimitHeaders::None);
    let silent = desk.get("/api/users").await;
    assert_eq!((silent.header("x-ratelimit-limit"), silent.header(COUNTER)), (None, None));
}

#[tokio::test]
async fn other_integrations_use_up_the_bucket() {
    let desk = Desk::new(Config::gorgias()).with(|config| config.limits.foreign_per_s = 3);
    desk.get("/api/users").await;
    desk.clock.advance(Duration::from_secs(60));
    assert_eq!(desk.get("/api/users").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn wrong_key_does_not_fill_the_bucket() {
    let desk = Desk::new(Config::gorgias());
    for _ in 0..100 {
        let refused = desk.call_as("owner@acme.example:wrong", ("GET", "/api/users"), None).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(desk.get("/api/users").await.header(COUNTER), Some("1/40"));
}
