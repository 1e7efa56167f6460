//! The audit trail.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::Map;

use crate::{
    api::{Call, listing::MetaShape},
    events::Event,
    reply::{Refusal, Reply},
    request, wire,
};

/// A bound on the moment of an event.
struct Bound {
    comparison: &'static str,
    at: Timestamp,
}

impl Bound {
    fn holds(&self, at: Timestamp) -> bool {
        match self.comparison {
            "gt" => at > self.at,
            "gte" => at >= self.at,
            "lt" => at < self.at,
            _ => at <= self.at,
        }
    }
}

/// What a list of events is narrowed to.
struct Filter {
    types: Vec<String>,
    object: Option<(String, u64)>,
    object_id: Option<u64>,
    actor: Option<u64>,
    bounds: Vec<Bound>,
}

impl Filter {
    fn keeps(&self, event: &Event) -> bool {
        (self.types.is_empty() || self.types.contains(&event.kind))
            && self
                .object
                .as_ref()
                .is_none_or(|(kind, id)| *kind == event.object_type && *id == event.object_id)
            && self.object_id.is_none_or(|id| id == event.object_id)
            && self.actor.is_none_or(|actor| event.actor == Some(actor))
            && self.bounds.iter().all(|bound| bound.holds(event.at))
    }
}

impl Call<'_> {
    pub(super) fn list_events(&self) -> Result<Reply, Refusal> {
        let listing = self.listing(&["created_datetime"], "created_datetime:desc")?;
        let filter = self.event_filter()?;
        let kept = |event: &Event| filter.keeps(event);
        let page = self.numbered_page(&self.world.events, &listing, &kept, |event| event.id);
        Ok(self.page_reply(&page, &listing, (MetaShape::Cursors, Map::new()), |event| {
            wire::event(&self.world.config, event)
        }))
    }

    fn event_filter(&self) -> Result<Filter, Refusal> {
        let query = &self.request.query;
        let object_id = query.number("object_id")?;
        let object = match (query.one("object_type"), object_id) {
            (Some(kind), Some(id)) => Some((kind.to_owned(), id)),
            (Some(_), None) => {
                return Err(Refusal::field("object_type", "Must come with object_id."));
            }
            (None, _) => None,
        };
        let actors: Vec<&str> = query.all("user_ids").collect();
        let actor = match actors.as_slice() {
            [] => None,
            [one] => Some(request::numeric("user_ids", one)?),
            _ => return Err(Refusal::field("user_ids", "Must be a single id.")),
        };
        let mut bounds = Vec::new();
        for comparison in ["gt", "gte", "lt", "lte"] {
            let name = format!("created_datetime[{comparison}]");
            if let Some(text) = query.one(&name) {
                let at =
                    moment(text).ok_or_else(|| Refusal::field(&name, "Not a valid datetime."))?;
                bounds.push(Bound { comparison, at });
            }
        }
        let types = query.all("types").map(str::to_owned).collect();
        Ok(Filter { types, object, object_id, actor, bounds })
    }

    pub(super) fn show_event(&self, id: u64) -> Result<Reply, Refusal> {
        let event = self.world.events.get(&id).ok_or_else(|| Refusal::missing("Event", id))?;
        Ok(Reply::ok(&wire::event(&self.world.config, event)))
    }
}

/// Reads a moment in any of the three shapes; without an offset it is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let local: civil::DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}
