//! Reading the audit trail: who did what to which user, and who signed in. The payloads are mostly
//! empty, how long events are kept is not known, and unknown types come up: so everything here is a
//! hint, read leniently.

use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    activity::{Hint, HintKind, Trail},
    id::AccountId,
};
use serde_json::Value;

use super::{
    call::{Api, Ask},
    wire::{self, Fields},
};
use crate::connector::{ConnectorError, Lane};

/// The most pages of one reading: 5,000 events. Who is so much behind reads the newest.
const PAGES: usize = 50;
/// Events may come into the trail a little after they happened, so readings overlap.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// The types that say something about an account, as the filter calls them.
const TYPES: [(&str, HintKind); 5] = [
    ("user-created", HintKind::Created),
    ("user-invited", HintKind::Invited),
    ("user-updated", HintKind::Updated),
    ("user-deleted", HintKind::Deleted),
    ("user-logged-in", HintKind::SignedIn),
];

/// Reads the newest events first, back to `since`.
pub(super) async fn read(
    api: &Api,
    lane: Lane,
    since: Timestamp,
) -> Result<(Vec<Hint>, Trail), ConnectorError> {
    let since = since.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN);
    let from = since.to_string();
    let mut trail = Trail { since, until: api.env.now() };
    let mut hints = Vec::new();
    let mut cursor: Option<String> = None;
    for page in 1..=PAGES {
        let mut query = vec![("limit", "100"), ("order_by", "created_datetime:desc")];
        query.push(("created_datetime[gte]", &from));
        query.extend(TYPES.iter().map(|(name, _)| ("types", *name)));
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let ask = Ask { query: &query, ..Ask::get(lane, "read the events", &["events"]) };
        let answer = api.send(&ask).await.map_err(|failure| failure.error)?;
        let read = answer.json.and_then(wire::page);
        let read = read.ok_or_else(|| ask.purpose().lost("the answer is not a list of events"))?;
        hints.extend(read.rows.iter().filter_map(hint));
        cursor = read.next;
        if cursor.is_none() || read.rows.is_empty() {
            break;
        }
        if page == PAGES {
            let oldest = hints.iter().map(|hint| hint.at).min();
            trail.since = oldest.unwrap_or(trail.until);
        }
    }
    Ok((hints, trail))
}

/// An event as a hint; `None` for one that says nothing about an account.
fn hint(value: &Value) -> Option<Hint> {
    let event = Fields::of(value)?;
    let name = event.text("type")?;
    let (_, kind) = TYPES.iter().find(|(known, _)| *known == name)?;
    let id = |field: &str| event.id(field).and_then(|id| id.parse::<AccountId>().ok());
    Some(Hint {
        at: event.time("created_datetime")?,
        kind: *kind,
        account: id("object_id")?,
        by: id("user_id"),
    })
}
