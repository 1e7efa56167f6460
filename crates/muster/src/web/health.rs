//! How the server is, for whoever watches it: alive, ready, and numbers. No names, no secrets.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{Web, problem::Problem};
use crate::store::records::Health;

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers, and it is the one this home knows.
pub(super) async fn ready(State(web): State<Web>) -> impl IntoResponse {
    let unready = |why: String| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    if let Err(error) = web.muster.store.journal_head().await {
        tracing::error!(%error, "the store does not answer");
        return unready("the store does not answer".to_owned());
    }
    if web.muster.forgotten.is_some() {
        return unready("the store was restored; see muster log accept-restore".to_owned());
    }
    (StatusCode::OK, "ready\n".to_owned())
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfApp {
    app: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    app: String,
    result: &'static str,
}

/// Numbers in the text format of Prometheus.
pub(super) async fn metrics(State(web): State<Web>) -> Result<impl IntoResponse, Problem> {
    let mut registry = Registry::with_prefix("muster");
    let (head, _) = web.muster.store.journal_head().await?;
    let journal: Gauge = Gauge::default();
    journal.set(i64::try_from(head).unwrap_or(i64::MAX));
    registry.register("journal_entries", "Entries of the journal", journal);
    let seen = Family::<OfApp, Gauge>::default();
    for connection in web.muster.store.connections().await? {
        let label = OfApp { app: connection.app.to_string() };
        let answers = matches!(connection.health, Health::Ok { .. });
        seen.get_or_create(&label).set(i64::from(answers));
    }
    registry.register("app_seen", "Whether the app answers: 1 or 0", seen);
    let (age, failures) = (Family::<OfApp, Gauge>::default(), Family::<OfApp, Gauge>::default());
    let quarantined = Family::<OfApp, Gauge>::default();
    let now = web.muster.env.now();
    for (app, cycle) in web.muster.store.cycles().await? {
        let label = OfApp { app: app.to_string() };
        if let Some(read) = cycle.read {
            age.get_or_create(&label).set(now.duration_since(read).as_secs());
        }
        let trouble = cycle.trouble.as_ref();
        let count = trouble.map_or(0, |trouble| i64::from(trouble.failures));
        failures.get_or_create(&label).set(count);
        let left_alone = trouble.is_some_and(|trouble| trouble.quarantined.is_some());
        quarantined.get_or_create(&label).set(i64::from(left_alone));
    }
    registry.register("read_age_seconds", "Since the last full read of the app began", age);
    registry.register("rounds_failed_in_a_row", "Rounds that failed since a good one", failures);
    registry.register("app_quarantined", "Whether the app is left alone: 1 or 0", quarantined);
    let (rounds, operations) = (Family::<Ended, Counter>::default(), Family::default());
    for (app, tally) in web.worker.tally() {
        let of = |result| Ended { app: app.to_string(), result };
        rounds.get_or_create(&of("done")).inc_by(tally.done);
        rounds.get_or_create(&of("failed")).inc_by(tally.failed);
        let operations: &Family<OfApp, Counter> = &operations;
        operations.get_or_create(&OfApp { app: app.to_string() }).inc_by(tally.operations);
    }
    registry.register("rounds", "Rounds of the loop since the start", rounds);
    registry.register("operations", "Operations done and read back since the start", operations);
    let mut text = String::new();
    let failed = |_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "metrics",
            "Muster failed",
            "The numbers could not be written down",
        )
    };
    encode(&mut text, &registry).map_err(failed)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}
