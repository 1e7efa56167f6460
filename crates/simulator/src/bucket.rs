//! The rate limit: one bucket per account, driven by the clock it is given.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::{LimitModel, Limits};

/// One request, in the millionths that the bucket counts in: a drain of one request per second is
/// one millionth per microsecond, so nothing is ever rounded.
const REQUEST: i64 = 1_000_000;
/// What a 429 asks for when the bucket never drains by itself, in seconds.
const NO_DRAIN_S: i64 = 20;

/// How full the bucket is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// Fill, in millionths of a request.
    level: i64,
    /// When `level` was true, in microseconds since 1970; none before the first request.
    at: Option<i64>,
}

/// What a request meets at the bucket, and what its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Whether the request was let in.
    pub(crate) admitted: bool,
    /// Requests in the bucket, rounded up, never above `limit`.
    pub(crate) used: u32,
    /// The capacity.
    pub(crate) limit: u32,
    /// Seconds until another request fits, at least 1; only meaningful for a refused one.
    pub(crate) retry_after_s: u32,
    /// Seconds until the bucket is empty.
    pub(crate) reset_s: u32,
}

impl Bucket {
    /// Lets one request in if it fits. A refused one leaves the bucket as it was.
    pub(crate) fn take(&mut self, limits: &Limits, now: Timestamp) -> Reading {
        self.settle(limits, now);
        let admitted = self.level + REQUEST <= capacity(limits);
        if admitted {
            self.level += REQUEST;
        }
        self.reading(limits, now, admitted)
    }

    /// What the bucket shows without taking anything from it.
    pub(crate) fn look(&mut self, limits: &Limits, now: Timestamp) -> Reading {
        self.settle(limits, now);
        self.reading(limits, now, true)
    }

    fn settle(&mut self, limits: &Limits, now: Timestamp) {
        let now = now.as_microsecond();
        let then = self.at.unwrap_or(now);
        let elapsed = now.saturating_sub(then).max(0);
        let foreign = i64::from(limits.foreign_per_s);
        self.level = match limits.model {
            LimitModel::Leaky { drain_per_s } => {
                let change = elapsed.saturating_mul(foreign - i64::from(drain_per_s));
                self.level.saturating_add(change)
            }
            LimitModel::Window { seconds } => {
                let window = i64::from(seconds.max(1)) * 1_000_000;
                let began = now - now.rem_euclid(window);
                let kept = if then < began { 0 } else { self.level };
                kept.saturating_add((now - then.max(began)).max(0).saturating_mul(foreign))
            }
        }
        .clamp(0, capacity(limits));
        self.at = Some(now.max(then));
    }

    fn reading(&self, limits: &Limits, now: Timestamp, admitted: bool) -> Reading {
        let missing = (self.level + REQUEST - capacity(limits)).max(0);
        let (retry, reset) = match limits.model {
            LimitModel::Leaky { drain_per_s } => {
                let net = i64::from(drain_per_s) - i64::from(limits.foreign_per_s);
                (seconds_to_drain(missing, net), seconds_to_drain(self.level, net))
            }
            LimitModel::Window { seconds } => {
                let window = i64::from(seconds.max(1)) * 1_000_000;
                let left = window - now.as_microsecond().rem_euclid(window);
                let left_s = up(left, 1_000_000);
                (left_s, left_s)
            }
        };
        Reading {
            admitted,
            used: small(up(self.level, REQUEST)),
            limit: limits.capacity,
            retry_after_s: small(retry.max(1)),
            reset_s: small(reset),
        }
    }
}

fn capacity(limits: &Limits) -> i64 {
    i64::from(limits.capacity) * REQUEST
}

fn seconds_to_drain(level: i64, net_per_s: i64) -> i64 {
    if net_per_s > 0 { up(level, net_per_s.saturating_mul(REQUEST)) } else { NO_DRAIN_S }
}

/// Division that rounds up, for amounts which are not negative.
fn up(amount: i64, by: i64) -> i64 {
    amount.saturating_add(by - 1) / by.max(1)
}

fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(1_700_000_000_000_000 + micros).unwrap()
    }

    #[test]
    fn full_bucket_refuses_and_says_when_room_comes() {
        let limits = Limits::default();
        let mut bucket = Bucket::default();
        assert!((0..40).all(|_| bucket.take(&limits, at(0)).admitted));
        let refused = bucket.take(&limits, at(0));
        assert_eq!((refused.admitted, refused.used, refused.retry_after_s), (false, 40, 1));
        assert!(!bucket.take(&limits, at(499_999)).admitted);
        assert!(bucket.take(&limits, at(500_000)).admitted);
    }

    #[test]
    fn foreign_load_fills_the_bucket() {
        let limits = Limits { foreign_per_s: 4, ..Limits::default() };
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(&limits, at(0)).used, 1);
        assert_eq!(bucket.look(&limits, at(10_000_000)).used, 21);
        let refused = bucket.take(&limits, at(60_000_000));
        assert_eq!((refused.admitted, refused.used), (false, 40));
    }

    #[test]
    fn window_starts_again() {
        let model = LimitModel::Window { seconds: 1 };
        let limits = Limits { capacity: 2, model, ..Limits::default() };
        let mut bucket = Bucket::default();
        let admitted: Vec<bool> = [0, 1, 999_999, 1_000_000]
            .into_iter()
            .map(|micros| bucket.take(&limits, at(micros)).admitted)
            .collect();
        assert_eq!(admitted, [true, true, false, true]);
    }

    proptest! {
        /// In any stretch of time, no more comes through than fits in plus what drained.
        #[test]
        fn never_more_than_capacity_plus_drain(
            capacity in 1_u32..60,
            drain_per_s in 1_u32..12,
            gaps in prop::collection::vec(0_i64..1_500_000, 1..300),
        ) {
            let model = LimitModel::Leaky { drain_per_s };
            let limits = Limits { capacity, model, ..Limits::default() };
            let mut bucket = Bucket::default();
            let mut now = 0;
            let mut accepted = Vec::new();
            for gap in gaps {
                now += gap;
                if bucket.take(&limits, at(now)).admitted {
                    accepted.push(now);
                }
            }
            for (first, start) in accepted.iter().enumerate() {
                for (last, end) in accepted.iter().enumerate().skip(first) {
                    let count = i64::try_from(last - first + 1).unwrap() * REQUEST;
                    let room = super::capacity(&limits) + (end - start) * i64::from(drain_per_s);
                    prop_assert!(count <= room);
                }
            }
        }

        /// Who keeps the rate is never refused.
        #[test]
        fn steady_requests_are_all_admitted(drain_per_s in 1_i64..12, count in 1_i64..200) {
            let model = LimitModel::Leaky { drain_per_s: u32::try_from(drain_per_s).unwrap() };
            let limits = Limits { capacity: 1, model, ..Limits::default() };
            let mut bucket = Bucket::default();
            let step = 1_000_000 / drain_per_s + 1;
            for n in 0..count {
                prop_assert!(bucket.take(&limits, at(n * step)).admitted);
            }
        }
    }
}
