//! One leaky bucket as we believe it to be.

use jiff::Timestamp;

use super::seconds;

/// Counts that differ by less are the same.
const SAME: f64 = 1e-6;
/// The part of a bucket that is left to others once they are seen to use it.
const HEADROOM: f64 = 0.1;
/// Seconds after which others who were not seen any more are forgotten.
const FORGET_S: f64 = 60.0;
/// Seconds over which the drain is timed before the measurement counts, and after which it starts anew.
const TIMED_S: (f64, f64) = (2.0, 30.0);

#[derive(Debug)]
pub(super) struct Leaky {
    pub(super) limit: f64,
    /// Requests that drain in a second.
    pub(super) drain: f64,
    pub(super) level: f64,
    at: Timestamp,
    /// Requests a second that others make, as far as seen.
    foreign: f64,
    foreign_seen: Option<Timestamp>,
    /// Since when, and how far our count was wrong since then.
    wrong: (Timestamp, f64),
    timing: Option<Timing>,
}

/// A measurement of the drain in progress.
#[derive(Debug)]
struct Timing {
    began: Timestamp,
    used: f64,
    /// Requests up to this one are in `used`.
    last_slot: u64,
    answered: f64,
}

impl Leaky {
    pub(super) fn new(limit: f64, drain: f64, level: f64, now: Timestamp) -> Self {
        Self {
            limit: limit.max(1.0),
            drain: drain.max(1e-3),
            level: level.clamp(0.0, limit.max(1.0)),
            at: now,
            foreign: 0.0,
            foreign_seen: None,
            wrong: (now, 0.0),
            timing: None,
        }
    }

    pub(super) fn restored(limit: f64, drain: f64, level: f64, at: Timestamp) -> Self {
        Self::new(limit, drain, level, at)
    }

    /// Drain minus what others pour in: never nothing, or we would wait for ever.
    pub(super) fn net(&self) -> f64 {
        (self.drain - self.foreign).max(self.drain * 0.05)
    }

    pub(super) const fn is_shared(&self) -> bool {
        self.foreign_seen.is_some()
    }

    /// How high we may fill it.
    pub(super) fn ceiling(&self) -> f64 {
        let headroom = if self.is_shared() { (self.limit * HEADROOM).max(1.0) } else { 0.0 };
        (self.limit - headroom).max(1.0)
    }

    pub(super) fn level_at(&self, now: Timestamp) -> f64 {
        (self.level - self.net() * seconds(self.at, now).max(0.0)).max(0.0)
    }

    pub(super) fn settle(&mut self, now: Timestamp) {
        self.level = self.level_at(now);
        self.at = self.at.max(now);
        // While the estimate is right nothing surprises us, so being unsurprised is not enough.
        if self.foreign < self.drain * 0.05
            && self.foreign_seen.is_some_and(|seen| seconds(seen, now) > FORGET_S)
        {
            self.foreign_seen = None;
            self.foreign = 0.0;
        }
    }

    /// Seconds until one more fits; `None` when it fits now.
    pub(super) fn wait(&self) -> Option<f64> {
        let excess = self.level + 1.0 - self.ceiling();
        (excess > SAME).then(|| excess / self.net())
    }

    /// The app refused although we thought that one more fits: others filled it.
    pub(super) fn refused(&mut self, now: Timestamp) {
        if self.level + SAME < self.limit {
            self.foreign_seen = Some(now);
        }
        self.level = self.limit;
        self.timing = None;
    }

    /// Corrects our count by the app's where it proves ours wrong.
    pub(super) fn compare(&mut self, used: f64, (low, peak): (f64, f64), now: Timestamp) {
        let wrong = if used > (peak - SAME).ceil() {
            self.foreign_seen = Some(now);
            used - peak
        } else if used + SAME < low {
            used - low
        } else {
            0.0
        };
        self.level = (self.level + wrong).clamp(0.0, self.limit);
        self.wrong.1 += wrong;
        let elapsed = seconds(self.wrong.0, now);
        if elapsed >= 1.0 {
            let rate = self.foreign + 0.5 * self.wrong.1 / elapsed;
            self.foreign = if self.is_shared() { rate.clamp(0.0, self.drain) } else { 0.0 };
            self.wrong = (now, 0.0);
        }
    }

    /// Times the drain between answers. Others only make it look slower, so what is measured is a
    /// lower bound, and only ever raises what we believe.
    pub(super) fn time_the_drain(
        &mut self,
        used: f64,
        slot: u64,
        (granted, newest): (Timestamp, u64),
        now: Timestamp,
    ) {
        let (settled, too_old) = TIMED_S;
        let fresh = Timing { began: granted, used, last_slot: newest, answered: 0.0 };
        let Some(timing) = &mut self.timing else {
            self.timing = Some(fresh);
            return;
        };
        if slot > timing.last_slot {
            timing.answered += 1.0;
        }
        let elapsed = seconds(timing.began, now);
        if elapsed >= settled {
            let drained = timing.used - 1.0 + timing.answered - used;
            self.drain = self.drain.max(drained / elapsed);
        }
        if elapsed >= too_old {
            self.timing = Some(fresh);
        }
    }
}
