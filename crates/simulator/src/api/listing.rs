//! What all lists have in common: parameters, cursors, envelopes.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    api::Call,
    config::ListShape,
    paging::{Cursor, Heading, Key, Page, Rows, Shift, Spot},
    reply::{Refusal, Reply, status},
};

/// Rows on a page when nothing is asked for.
const LIMIT_DEFAULT: u64 = 30;
/// The most rows a page can have.
const LIMIT_MAX: u64 = 100;

/// Which page is asked for.
pub(super) struct Listing {
    pub(super) limit: usize,
    pub(super) spot: Option<Spot>,
    /// The order, as in `name:asc`.
    pub(super) order: String,
    pub(super) shift: Shift,
}

impl Listing {
    /// The field it is ordered by and the direction.
    pub(super) fn sort(&self) -> (&str, Heading) {
        match self.order.split_once(':') {
            Some((field, "desc")) => (field, Heading::Down),
            Some((field, _)) => (field, Heading::Up),
            None => (&self.order, Heading::Up),
        }
    }
}

/// A list.
#[derive(Serialize)]
struct Envelope<'a, R> {
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    data: &'a [R],
    meta: &'a Map<String, Value>,
}

/// The forms of `meta` that lists have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetaShape {
    /// `next_cursor` and `prev_cursor`.
    Cursors,
    /// `next_items`, `prev_items` and `current_cursor`, as in views.
    Items,
}

impl Call<'_> {
    /// Reads limit, cursor and order. A cursor brings its order along.
    pub(super) fn listing(&self, orders: &[&str], default: &str) -> Result<Listing, Refusal> {
        let query = &self.request.query;
        let limit = query.number("limit")?.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Refusal::field("limit", "Must be between 1 and 100."));
        }
        let cursor = query.one("cursor").filter(|text| !text.is_empty());
        let cursor = cursor.map(|text| self.cursor(text)).transpose()?;
        let asked = query.one("order_by").map(|order| whole_order(order, orders)).transpose()?;
        let order = match (&cursor, asked) {
            (Some(cursor), Some(order)) if cursor.order != order => {
                return Err(Refusal::field("cursor", "Belongs to another order."));
            }
            (Some(cursor), _) => cursor.order.clone(),
            (None, Some(order)) => order,
            (None, None) => default.to_owned(),
        };
        Ok(Listing {
            limit: usize::try_from(limit).unwrap_or(1),
            spot: cursor.map(|cursor| cursor.spot),
            order,
            shift: self.struck.shift(),
        })
    }

    fn cursor(&self, text: &str) -> Result<Cursor, Refusal> {
        let config = &self.world.config;
        let lifetime = Duration::from_secs(u64::from(config.cursor_lifetime_s));
        let cursor = Cursor::open(config.seed, text)
            .ok_or_else(|| Refusal::field("cursor", "Not a valid cursor."))?;
        if self.struck.makes_cursor_stale() || cursor.is_stale(lifetime, self.now) {
            let code = status(config.stale_cursor_code).as_u16();
            return Err(Refusal::new(code, "The cursor has expired."));
        }
        Ok(cursor)
    }

    /// A page of rows which are ordered by number.
    pub(super) fn numbered_page<'r, T>(
        &self,
        rows: &'r BTreeMap<u64, T>,
        listing: &Listing,
        filter: &'r dyn Fn(&T) -> bool,
        number: fn(&T) -> u64,
    ) -> Page<'r, T> {
        let walked =
            |heading: Heading, from: Option<&Key>| -> Box<dyn Iterator<Item = &'r T> + 'r> {
                Box::new(walk(rows, heading, from).filter(move |row| filter(row)))
            };
        let rows = Rows::new(listing.sort().1, walked, |row: &T| Key::number(number(row)));
        rows.page(listing.spot.as_ref(), listing.limit, listing.shift)
    }

    /// The answer with a page. `extra` comes into `meta`.
    pub(super) fn page_reply<'r, T, R: Serialize>(
        &self,
        page: &Page<'r, T>,
        listing: &Listing,
        meta: (MetaShape, Map<String, Value>),
        render: impl Fn(&'r T) -> R,
    ) -> Reply {
        let data: Vec<R> = page.rows.iter().copied().map(render).collect();
        let next = self.sealed(page.next.as_ref(), listing);
        let previous = self.sealed(page.previous.as_ref(), listing);
        let (shape, mut meta) = meta;
        match shape {
            MetaShape::Cursors => {
                meta.insert("next_cursor".to_owned(), json!(next));
                meta.insert("prev_cursor".to_owned(), json!(previous));
            }
            MetaShape::Items => {
                let link = |cursor: Option<String>| cursor.map(|cursor| self.link(&cursor));
                let current = self.request.query.one("cursor");
                meta.insert("next_items".to_owned(), json!(link(next)));
                meta.insert("prev_items".to_owned(), json!(link(previous)));
                meta.insert("current_cursor".to_owned(), json!(current));
            }
        }
        self.enveloped(&data, &meta)
    }

    /// A list in the form of this dialect.
    pub(super) fn enveloped<R: Serialize>(&self, data: &[R], meta: &Map<String, Value>) -> Reply {
        let (object, uri) = match self.world.config.list {
            ListShape::Bare | ListShape::BarePage => return Reply::ok(&data),
            ListShape::DataMeta => (None, None),
            ListShape::Envelope => (Some("list"), Some(self.request.target.as_str())),
        };
        Reply::ok(&Envelope { object, uri, data, meta })
    }

    fn sealed(&self, spot: Option<&Spot>, listing: &Listing) -> Option<String> {
        spot.map(|spot| {
            let (order, spot) = (listing.order.clone(), spot.clone());
            Cursor { order, spot, issued: self.now }.seal(self.world.config.seed)
        })
    }

    fn link(&self, cursor: &str) -> String {
        format!("{}?{}", self.request.path, self.request.query.with_cursor(cursor))
    }
}

/// `name` and `name:asc` are the same; others than the known are refused.
fn whole_order(order: &str, known: &[&str]) -> Result<String, Refusal> {
    let (field, direction) = order.split_once(':').unwrap_or((order, "asc"));
    if known.contains(&field) && matches!(direction, "asc" | "desc") {
        Ok(format!("{field}:{direction}"))
    } else {
        Err(Refusal::field(
            "order_by",
            format!("Must be one of {} with :asc or :desc.", known.join(", ")),
        ))
    }
}

fn walk<'r, T>(
    rows: &'r BTreeMap<u64, T>,
    heading: Heading,
    from: Option<&Key>,
) -> Box<dyn Iterator<Item = &'r T> + 'r> {
    use std::ops::Bound::{Excluded, Unbounded};
    let from = from.map_or(Unbounded, |key| Excluded(key.id));
    match heading {
        Heading::Up => Box::new(rows.range((from, Unbounded)).map(|(_, row)| row)),
        Heading::Down => Box::new(rows.range((Unbounded, from)).rev().map(|(_, row)| row)),
    }
}
