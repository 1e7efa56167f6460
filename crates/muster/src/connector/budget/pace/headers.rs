//! What an answer's headers say about the limit. Names are case-insensitive; what cannot be read
//! is as if it were not there.

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

/// The moment from which a `Reset` is a date in seconds since 1970, not a number of seconds.
const DATES_FROM: f64 = 1e9;

/// How a request ended, as far as the budget is concerned.
#[derive(Debug)]
pub(in super::super) enum Told {
    /// An answer.
    Answer(Heard),
    /// It never went out.
    NotSent,
    /// It may have counted; nobody said.
    Nothing,
}

#[derive(Debug)]
pub(in super::super) struct Heard {
    /// 429.
    pub(super) refused: bool,
    pub(super) retry_after_s: Option<f64>,
    pub(super) count: Option<Count>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Count {
    Bucket { used: f64, limit: f64 },
    Window { limit: u32, left: u32, reset_s: f64 },
}

impl Told {
    pub(in super::super) fn answer(
        status: StatusCode,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Self {
        Self::Answer(Heard {
            refused: status == StatusCode::TOO_MANY_REQUESTS,
            retry_after_s: text(headers, "retry-after").and_then(|text| moment(text, now)),
            count: bucket(headers).or_else(|| window(headers, now)),
        })
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

fn bucket(headers: &HeaderMap) -> Option<Count> {
    let (used, limit) = text(headers, "x-gorgias-account-api-call-limit")?.split_once('/')?;
    let (used, limit): (u32, u32) = (used.trim().parse().ok()?, limit.trim().parse().ok()?);
    (limit > 0).then(|| Count::Bucket { used: used.into(), limit: limit.into() })
}

fn window(headers: &HeaderMap, now: Timestamp) -> Option<Count> {
    let limit: u32 = text(headers, "x-ratelimit-limit")?.parse().ok()?;
    let left: u32 = text(headers, "x-ratelimit-remaining")?.parse().ok()?;
    let reset_s = text(headers, "x-ratelimit-reset").and_then(|text| moment(text, now))?;
    (limit > 0).then_some(Count::Window { limit, left: left.min(limit), reset_s })
}

/// Seconds from now: given as such, as seconds since 1970, or as an HTTP date.
fn moment(text: &str, now: Timestamp) -> Option<f64> {
    let Ok(number) = text.parse::<f64>() else {
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        return Some(super::seconds(now, date).max(0.0));
    };
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let since_1970 = super::seconds(Timestamp::UNIX_EPOCH, now);
    Some(if number >= DATES_FROM { (number - since_1970).max(0.0) } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn both_families_are_read() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let gorgias = headers(&[("x-gorgias-account-api-call-limit", "3/40")]);
        assert_eq!(bucket(&gorgias), Some(Count::Bucket { used: 3.0, limit: 40.0 }));
        let reset = |text| {
            window(
                &headers(&[
                    ("x-ratelimit-limit", "10"),
                    ("x-ratelimit-remaining", "9"),
                    ("x-ratelimit-reset", text),
                ]),
                now,
            )
        };
        let expected = Some(Count::Window { limit: 10, left: 9, reset_s: 7.0 });
        assert_eq!(reset("7"), expected);
        assert_eq!(reset("1700000007"), expected);
        assert_eq!(reset("Tue, 14 Nov 2023 22:13:27 GMT"), expected);
        assert_eq!(reset("soon"), None);
        assert_eq!(bucket(&headers(&[("x-gorgias-account-api-call-limit", "3/0")])), None);
    }
}
