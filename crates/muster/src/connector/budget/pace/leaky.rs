//! One leaky bucket as we believe it to be.

use jiff::Timestamp;

use super::{Slot, seconds};

/// Counts that differ by less are the same.
const SAME: f64 = 1e-6;
/// The part of a bucket that is left to others once they are seen to use it.
const HEADROOM: f64 = 0.1;
/// Seconds after which others who were not seen any more are forgotten.
const FORGET_S: f64 = 60.0;
/// The longest that a request is on its way there, in seconds; later it hangs in the app, counted.
const TRAVEL_S: f64 = 2.0;
/// Seconds after which a guess that was never refused is raised a little.
const GUESS_HOLDS_S: f64 = 600.0;
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
    /// Until when [`Leaky::was_on_its_way`] has accounted for an empty bucket.
    empty_until: Timestamp,
    /// For a limit that no header tells: when the guess was last changed.
    guessed: Option<Timestamp>,
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
            empty_until: now,
            guessed: None,
        }
    }

    /// A bucket that is full and whose limit is only guessed, from a refusal.
    pub(super) fn guessed(limit: f64, drain: f64, now: Timestamp) -> Self {
        Self { guessed: Some(now), ..Self::new(limit, drain, limit, now) }
    }

    /// A guess that was refused was too high.
    pub(super) fn guessed_wrong(&mut self, now: Timestamp) {
        self.level = self.limit;
        self.drain *= 0.8;
        self.guessed = Some(now);
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
        if self.guessed.is_some_and(|changed| seconds(changed, now) > GUESS_HOLDS_S) {
            self.guessed = Some(now);
            self.drain *= 1.1;
            self.limit = (self.limit * 1.1).round();
        }
        // While the estimate is right nothing surprises us, so being unsurprised is not enough.
        if self.foreign < self.drain * 0.05
            && self.foreign_seen.is_some_and(|seen| seconds(seen, now) > FORGET_S)
        {
            self.foreign_seen = None;
            self.foreign = 0.0;
        }
    }

    /// As full as it can be.
    pub(super) fn fill(&mut self, now: Timestamp) {
        self.settle(now);
        self.level = self.limit;
        self.timing = None;
    }

    /// Seconds until one more fits beside `extra`; `None` when it fits now.
    pub(super) fn wait(&self, extra: f64) -> Option<f64> {
        let excess = self.level + extra + 1.0 - self.ceiling();
        (excess > SAME).then(|| excess / self.net())
    }

    /// How much did not drain, at most, while this request was on its way. We count from the grant,
    /// the app from the arrival: what was in the bucket may have run out in between, and an empty
    /// bucket does not drain. Without this we would overfill it whenever a later request travels
    /// faster than the first one.
    pub(super) fn undrained(&self, slot: &Slot, now: Timestamp) -> f64 {
        let on_its_way = seconds(slot.granted.max(self.empty_until), now).clamp(0.0, TRAVEL_S);
        (on_its_way * self.net() - slot.before).max(0.0)
    }

    /// A request came back: what may not have drained is put back.
    pub(super) fn was_on_its_way(&mut self, slot: &Slot, now: Timestamp) {
        let undrained = self.undrained(slot, now);
        if undrained > 0.0 {
            self.level = (self.level + undrained).min(self.limit);
            self.empty_until = now;
        }
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

    /// The measurement in progress and the answers that it has so far.
    pub(super) fn timed(&self) -> Option<(u64, f64)> {
        self.timing.as_ref().map(|timing| (timing.last_slot, timing.answered))
    }

    /// Times the drain between answers. Others only make it look slower, and a count may be older
    /// than the answers that overtook it, so only those from before the request's grant are added:
    /// what is measured is a lower bound, and only ever raises what we believe.
    pub(super) fn time_the_drain(
        &mut self,
        used: f64,
        (slot, flight): (u64, Slot),
        newest: u64,
        now: Timestamp,
    ) {
        let (settled, too_old) = TIMED_S;
        let fresh = Timing { began: flight.granted, used, last_slot: newest, answered: 0.0 };
        let Some(timing) = &mut self.timing else {
            self.timing = Some(fresh);
            return;
        };
        if slot <= timing.last_slot {
            return;
        }
        let elapsed = seconds(timing.began, now);
        if let Some((_, before)) = flight.timed.filter(|(began, _)| *began == timing.last_slot)
            && elapsed >= settled
        {
            let drained = timing.used - 1.0 + (before + 1.0) - used;
            self.drain = self.drain.max(drained / elapsed);
        }
        timing.answered += 1.0;
        if elapsed >= too_old {
            self.timing = Some(fresh);
        }
    }
}
