//! Lists, page by page. A cursor is the key of the last item that was given: what is added or taken
//! away before it moves nothing.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::web::problem::Problem;

/// How many a page has if nobody says.
const USUAL: u16 = 100;

/// How many it has at most.
const MOST: u16 = 1_000;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `next` of the page before; the first page without.
    pub(crate) cursor: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub(crate) limit: Option<u16>,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The cursor of the page that follows; nothing when this is the last.
    pub(crate) next: Option<String>,
}

impl Which {
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            return Ok(usize::from(limit));
        }
        Err(Problem::invalid(format!("limit is {limit}; give a number from 1 to {MOST}")))
    }

    /// The key after which the page begins.
    pub(crate) fn after(&self) -> Result<Option<String>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let key = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
        let key = key.and_then(|key| String::from_utf8(key).ok());
        key.map(Some)
            .ok_or_else(|| Problem::invalid("this cursor is none of ours; begin again without one"))
    }

    /// The page out of all items, which come in the order of their keys.
    pub(crate) fn of<T, U>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
        show: impl Fn(T) -> U,
    ) -> Result<Page<U>, Problem> {
        let (limit, after) = (self.limit()?, self.after()?);
        let later = |item: &T| after.as_ref().is_none_or(|after| key(item) > *after);
        let mut rest = items.into_iter().filter(later);
        let mut last = None;
        let mut shown = Vec::new();
        for item in rest.by_ref().take(limit) {
            last = Some(key(&item));
            shown.push(show(item));
        }
        let more = rest.next().is_some();
        let next = last.filter(|_| more).map(|key| cursor(&key));
        Ok(Page { items: shown, next })
    }
}

/// The cursor of a key.
pub(crate) fn cursor(key: &str) -> String {
    BASE64URL_NOPAD.encode(key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(which: &Which) -> Page<u32> {
        which.of((10..35).collect::<Vec<u32>>(), ToString::to_string, |n| n).unwrap()
    }

    #[test]
    fn pages_hold_each_item_once() {
        let mut which = Which { cursor: None, limit: Some(10) };
        let mut all = Vec::new();
        loop {
            let Page { items, next } = page(&which);
            all.extend(items);
            which.cursor = next;
            if which.cursor.is_none() {
                break;
            }
        }
        assert_eq!(all, (10..35).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_page_is_said_to_be_none() {
        for limit in [0, 1_001] {
            assert!(Which { cursor: None, limit: Some(limit) }.limit().is_err());
        }
        assert!(Which { cursor: Some("§".to_owned()), limit: None }.after().is_err());
    }
}
