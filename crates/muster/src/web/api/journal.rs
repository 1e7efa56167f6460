//! The journal: what Muster learned, decided and did.

use axum::{Json, extract::State};
use jiff::Timestamp;
use muster_domain::model::{
    id::AppName,
    journal::{Entry, Event},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{
    Query, READ,
    page::{Page, Which, cursor},
};
use crate::{
    store::records::{JournalFilter, Order},
    web::{
        Web,
        problem::Problem,
        routes::{Route, documented},
        who::Who,
    },
};

pub(super) fn routes() -> Vec<Route> {
    vec![documented(READ, routes!(list))]
}

/// An entry of the journal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApiEntry {
    /// 1 for the first, without gaps.
    seq: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who.
    actor: String,
    /// What.
    #[schema(example = "operation.changed")]
    event: &'static str,
    /// The person it is about.
    person: Option<String>,
    /// The app it is about.
    app: Option<String>,
    /// The account it is about.
    account: Option<String>,
    /// The run it is about.
    operation: Option<String>,
    /// The details; nothing once they were taken out for somebody's privacy.
    #[schema(value_type = Object, nullable)]
    data: serde_json::Value,
    /// The hash that chains it.
    hash: String,
}

impl From<Entry> for ApiEntry {
    fn from(entry: Entry) -> Self {
        let about = entry.about;
        Self {
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor,
            event: entry.event.word(),
            person: about.person.map(String::from),
            app: about.app.map(String::from),
            account: about.account.map(String::from),
            operation: about.operation.map(String::from),
            data: entry.data,
            hash: entry.hash.to_string(),
        }
    }
}

/// Which entries.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only of this kind, such as `person.end_ordered`.
    event: Option<String>,
    /// Only about this app.
    app: Option<String>,
    /// Only about this person.
    person: Option<String>,
}

/// The journal, the oldest entry first: whoever keeps the cursor misses nothing.
#[utoipa::path(
    get,
    path = "/api/v1/journal",
    tag = "journal",
    params(Which, Wanted),
    responses((status = 200, body = Page<ApiEntry>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
async fn list(
    State(web): State<Web>,
    who: Who,
    Query(which): Query<Which>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<ApiEntry>>, Problem> {
    let limit = which.limit()?;
    let after = match which.after()? {
        None => None,
        Some(key) => Some(key.parse::<u64>().map_err(|_| {
            Problem::invalid("this cursor is none of ours; begin again without one")
        })?),
    };
    let filter = filter(&wanted, after)?;
    let mut items = Vec::new();
    let mut filter = JournalFilter { limit: u32::try_from(limit + 1).ok(), ..filter };
    let mut more = false;
    // Entries about apps that she has nothing to do with are passed over.
    'reading: loop {
        let entries = web.muster.store.journal(&filter).await?;
        let Some(last) = entries.last().map(|entry| entry.seq) else { break };
        let whole = entries.len() > limit;
        for entry in entries {
            if entry.about.app.as_ref().is_some_and(|app| !who.sees(app)) {
                continue;
            }
            if items.len() == limit {
                more = true;
                break 'reading;
            }
            items.push(ApiEntry::from(entry));
        }
        if !whole {
            break;
        }
        filter.after_seq = Some(last);
    }
    let last = items.last().map(|entry| cursor(&entry.seq.to_string()));
    Ok(Json(Page { next: last.filter(|_| more), items }))
}

fn filter(wanted: &Wanted, after: Option<u64>) -> Result<JournalFilter, Problem> {
    let event = match &wanted.event {
        None => None,
        Some(word) => {
            let event = Event::ALL.iter().copied().find(|event| event.word() == word);
            let unknown = || Problem::invalid(format!("{word} is no kind of entry"));
            Some(event.ok_or_else(unknown)?)
        }
    };
    let app = wanted.app.as_ref().map(|app| app.parse::<AppName>()).transpose();
    let person = wanted.person.as_ref().map(|person| person.parse()).transpose();
    Ok(JournalFilter {
        after_seq: after,
        event,
        app: app.map_err(|error| Problem::invalid(error.to_string()))?,
        person: person.map_err(|error: muster_domain::model::id::InvalidId| {
            Problem::invalid(error.to_string())
        })?,
        order: Order::OldestFirst,
        ..JournalFilter::default()
    })
}
