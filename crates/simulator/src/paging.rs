//! Pages and the opaque cursors between them.
//!
//! A cursor carries its place in itself, so that nothing has to be remembered between requests: it
//! is a small JSON text, masked with numbers from the seed, with a check against guessing.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{chance, clock::later};

/// Bytes of the check that a cursor begins with.
const CHECK: usize = 8;

/// A place in an order: the sorted text, then the number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) id: u64,
}

impl Key {
    /// A place in the order of numbers.
    pub(crate) const fn number(id: u64) -> Self {
        Self { text: String::new(), id }
    }
}

/// Which way a walk goes through an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Heading {
    /// Small to large.
    Up,
    /// Large to small.
    Down,
}

impl Heading {
    pub(crate) const fn reversed(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Spot {
    /// Behind this row.
    After(Key),
    /// Before this row: the page that ends there.
    Before(Key),
    /// Behind so many rows.
    Offset(usize),
}

/// The contents of a cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The order it belongs to, as it was asked for.
    pub(crate) order: String,
    pub(crate) spot: Spot,
    /// When it was given out.
    pub(crate) issued: Timestamp,
}

impl Cursor {
    /// The text a client gets.
    pub(crate) fn seal(&self, seed: u64) -> String {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let mut sealed = chance::fingerprint(seed, &plain).to_le_bytes().to_vec();
        sealed.extend(mask(seed, &sealed, &plain));
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Reads a text that a client sent; none if it is not one of ours.
    pub(crate) fn open(seed: u64, text: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (check, masked) = sealed.split_at_checked(CHECK)?;
        let plain = mask(seed, check, masked);
        let genuine = chance::fingerprint(seed, &plain).to_le_bytes() == check;
        serde_json::from_slice(&plain).ok().filter(|_| genuine)
    }

    /// Whether it is too old to be used.
    pub(crate) fn is_stale(&self, lifetime: Duration, now: Timestamp) -> bool {
        now >= later(self.issued, lifetime)
    }
}

/// Masks and unmasks.
fn mask(seed: u64, check: &[u8], bytes: &[u8]) -> Vec<u8> {
    let key = chance::fingerprint(seed, check);
    (0_u64..)
        .flat_map(|n| chance::nth(key, n).to_le_bytes())
        .zip(bytes)
        .map(|(mask, byte)| mask ^ byte)
        .collect()
}

/// Rows which a fault moves a page by: behind or before where it should begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    None,
    /// So many rows come again.
    Repeat(usize),
    /// So many rows are left out.
    Skip(usize),
}

/// A page, and where the ones beside it begin.
pub(crate) struct Page<'a, T> {
    pub(crate) rows: Vec<&'a T>,
    pub(crate) next: Option<Spot>,
    pub(crate) previous: Option<Spot>,
}

/// The rows of a resource in one order.
pub(crate) struct Rows<'a, T, W, K> {
    /// Yields the rows from behind a place, or from the beginning.
    pub(crate) walk: W,
    /// Tells the place of a row.
    pub(crate) key: K,
    pub(crate) heading: Heading,
    pub(crate) marker: std::marker::PhantomData<&'a T>,
}

impl<'a, T, W, K> Rows<'a, T, W, K>
where
    T: 'a,
    W: Fn(Heading, Option<&Key>) -> Box<dyn Iterator<Item = &'a T> + 'a>,
    K: Fn(&T) -> Key,
{
    pub(crate) const fn new(heading: Heading, walk: W, key: K) -> Self {
        Self { walk, key, heading, marker: std::marker::PhantomData }
    }

    /// The page at `spot` (none: the first one), with at most `limit` rows.
    pub(crate) fn page(&self, spot: Option<&Spot>, limit: usize, shift: Shift) -> Page<'a, T> {
        match spot {
            None => self.after(None, limit),
            Some(Spot::After(key)) => match self.shifted(key, shift) {
                Some(key) => self.after(Some(&key), limit),
                None => self.after(None, limit),
            },
            Some(Spot::Before(key)) => self.before(key, limit),
            Some(Spot::Offset(offset)) => {
                let offset = match shift {
                    Shift::None => *offset,
                    Shift::Repeat(rows) => offset.saturating_sub(rows),
                    Shift::Skip(rows) => offset.saturating_add(rows),
                };
                self.offset(offset, limit)
            }
        }
    }

    /// The page behind so many rows.
    pub(crate) fn offset(&self, offset: usize, limit: usize) -> Page<'a, T> {
        let mut rows: Vec<&T> =
            (self.walk)(self.heading, None).skip(offset).take(limit + 1).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        Page {
            rows,
            next: more.then_some(Spot::Offset(offset + limit)),
            previous: (offset > 0).then_some(Spot::Offset(offset.saturating_sub(limit))),
        }
    }

    fn after(&self, key: Option<&Key>, limit: usize) -> Page<'a, T> {
        let mut rows: Vec<&T> = (self.walk)(self.heading, key).take(limit + 1).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| Spot::After((self.key)(row)));
        let previous = key.map(|key| {
            Spot::Before(rows.first().map_or_else(|| key.clone(), |row| (self.key)(row)))
        });
        Page { rows, next, previous }
    }

    fn before(&self, key: &Key, limit: usize) -> Page<'a, T> {
        let back = self.heading.reversed();
        let mut rows: Vec<&T> = (self.walk)(back, Some(key)).take(limit + 1).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        rows.reverse();
        let next = rows.last().map(|row| Spot::After((self.key)(row)));
        let previous = rows.first().filter(|_| more).map(|row| Spot::Before((self.key)(row)));
        Page { rows, next, previous }
    }

    /// The row to begin behind when a fault moves the page; none for the very beginning.
    fn shifted(&self, key: &Key, shift: Shift) -> Option<Key> {
        let at = |heading, rows: usize| {
            (self.walk)(heading, Some(key)).nth(rows.saturating_sub(1)).map(|row| (self.key)(row))
        };
        match shift {
            Shift::None | Shift::Repeat(0) | Shift::Skip(0) => Some(key.clone()),
            Shift::Repeat(rows) => at(self.heading.reversed(), rows),
            Shift::Skip(rows) => Some(at(self.heading, rows).unwrap_or_else(|| {
                let end = (self.walk)(self.heading.reversed(), None).next();
                end.map_or_else(|| key.clone(), |row| (self.key)(row))
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_opens_only_with_its_seed() {
        let spot = Spot::After(Key { text: "zoë".to_owned(), id: 7 });
        let cursor = Cursor { order: "name:asc".to_owned(), spot, issued: Timestamp::UNIX_EPOCH };
        let text = cursor.seal(3);
        assert_eq!(Cursor::open(3, &text), Some(cursor));
        assert_eq!(Cursor::open(4, &text), None);
        assert_eq!(Cursor::open(3, "not a cursor"), None);
        assert_eq!(Cursor::open(3, ""), None);
        assert!(!text.contains("name"));
    }
}
