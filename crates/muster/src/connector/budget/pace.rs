//! What is believed about an app's rate limit, and what follows for the next request. Pure: the
//! present moment and chance are parameters.
//!
//! Two laws are known. *Leaky*: a bucket holds `limit` requests and drains all the time (Gorgias;
//! its header tells `used/limit`, and the drain is documented as the limit per 20 seconds). *Window*:
//! so many requests until a moment, then all is free again (`X-RateLimit-*`).
//!
//! We count our own requests exactly, and an answer's count is rounded up and a little old. So the
//! header does not replace our count: it corrects it only where it proves it wrong. For each request
//! in flight the highest and lowest level we believed in meanwhile is kept; a count above the highest
//! means that others use the bucket, a count below the lowest that it drains faster. That lets us use
//! a bucket of our own to the last drop, and keep headroom in a shared one.

mod headers;
mod leaky;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use self::headers::Told;
use self::{
    headers::{Count, Heard},
    leaky::Leaky,
};
use crate::env::add;

/// Requests in flight at once, whatever the limit allows.
const IN_FLIGHT: usize = 32;
/// The longest wait that an app's word or our own backing off can make.
const LONGEST_WAIT_S: f64 = 120.0;
/// Seconds in which a bucket drains when nothing else is known, as documented for Gorgias.
const DOCUMENTED_DRAIN_S: f64 = 20.0;

/// What outlives a process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "snake_case")]
pub enum BudgetState {
    /// A bucket that leaks.
    Leaky {
        /// Requests it holds.
        limit: f64,
        /// Requests that drain in a second.
        drain_per_s: f64,
        /// Requests in it at `at`.
        level: f64,
        /// When `level` was true.
        at: Timestamp,
    },
    /// A count that starts again.
    Window {
        /// Requests in a window.
        limit: u32,
        /// The window's length in seconds, as far as seen.
        period_s: f64,
        /// When the last known window ends.
        resets: Timestamp,
    },
}

impl BudgetState {
    /// The same limit with no room left at `now`: how full others made it is not known.
    #[must_use]
    pub fn full(self, now: Timestamp) -> Self {
        match self {
            Self::Leaky { limit, drain_per_s, level: _, at: _ } => {
                Self::Leaky { limit, drain_per_s, level: limit, at: now }
            }
            Self::Window { .. } => self,
        }
    }

    /// Whether both tell of the same limit, however full it is.
    #[must_use]
    pub fn same_limit(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 0.1 * a.abs().max(b.abs());
        match (self, other) {
            (
                Self::Leaky { limit, drain_per_s, level: _, at: _ },
                Self::Leaky { limit: other_limit, drain_per_s: other_drain, .. },
            ) => near(*limit, *other_limit) && near(*drain_per_s, *other_drain),
            (
                Self::Window { limit, period_s, resets: _ },
                Self::Window { limit: other_limit, period_s: other_period, .. },
            ) => limit == other_limit && near(*period_s, *other_period),
            _ => false,
        }
    }
}

/// Room that one request after the other would leave unused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spare {
    /// Requests that would be let in at once.
    pub free: f64,
    /// Requests a second in the long run.
    pub per_s: f64,
}

/// What to do with the head of the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Next {
    /// It may go, in this slot.
    Go(u64),
    /// Ask again at this moment, which is in the future.
    At(Timestamp),
    /// Ask again when a request in flight has come back.
    AfterAnAnswer,
}

#[derive(Debug)]
enum Law {
    /// Nothing is known. Requests let in since `since` are counted, so that a first 429 teaches.
    Unknown {
        since: Option<Timestamp>,
        accepted: u32,
    },
    Leaky(Leaky),
    Window {
        limit: u32,
        left: u32,
        resets: Timestamp,
        period_s: f64,
    },
}

/// A request in flight.
#[derive(Debug, Clone, Copy)]
struct Slot {
    granted: Timestamp,
    /// The level just before it.
    before: f64,
    /// The highest level believed in while it was in flight.
    peak: f64,
    /// The lowest one.
    low: f64,
    /// Other requests that were in flight meanwhile: the app may have counted them or not.
    others: f64,
    /// Which measurement of the drain was going on at its grant, and how many answers it had.
    timed: Option<(u64, f64)>,
}

#[derive(Debug)]
pub(super) struct Pace {
    law: Law,
    slots: BTreeMap<u64, Slot>,
    next_slot: u64,
    /// The last slot before the bucket was taken to be full: what it gives back is no room.
    filled: u64,
    /// Whether a header told about the limit in this process. Before, one request at a time.
    heard: bool,
    blocked_until: Option<Timestamp>,
    /// Refusals in a row.
    refusals: i32,
}

pub(super) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

/// `seconds` after `now`, rounded up to a millisecond and never `now` itself.
fn after(now: Timestamp, seconds: f64) -> Timestamp {
    let millis = (seconds.clamp(0.0, 1e9) * 1000.0 - 1e-6).ceil().max(1.0);
    add(now, Duration::from_secs_f64(millis / 1000.0))
}

impl Pace {
    pub(super) fn new(known: Option<BudgetState>, now: Timestamp) -> Self {
        let law = match known {
            Some(BudgetState::Leaky { limit, drain_per_s, level, at })
                if limit >= 1.0 && drain_per_s > 0.0 =>
            {
                Law::Leaky(Leaky::restored(limit, drain_per_s, level, at.min(now)))
            }
            Some(BudgetState::Window { limit, period_s, resets }) if limit >= 1 => {
                Law::Window { limit, left: 1, resets, period_s }
            }
            _ => Law::Unknown { since: None, accepted: 0 },
        };
        let (slots, next_slot, filled) = (BTreeMap::new(), 0, 0);
        Self { law, slots, next_slot, filled, heard: false, blocked_until: None, refusals: 0 }
    }

    pub(super) fn state(&self, now: Timestamp) -> Option<BudgetState> {
        match &self.law {
            Law::Unknown { .. } => None,
            Law::Leaky(leaky) => Some(BudgetState::Leaky {
                limit: leaky.limit,
                drain_per_s: leaky.drain,
                level: leaky.level_at(now),
                at: now,
            }),
            Law::Window { limit, resets, period_s, .. } => {
                Some(BudgetState::Window { limit: *limit, period_s: *period_s, resets: *resets })
            }
        }
    }

    pub(super) fn in_words(&self) -> Option<String> {
        match &self.law {
            Law::Unknown { .. } => None,
            Law::Leaky(leaky) => Some(format!(
                "{:.0} requests at once, {} per second after that{}",
                leaky.limit,
                (leaky.drain * 10.0).round() / 10.0,
                if leaky.is_shared() { "; others use it too" } else { "" }
            )),
            Law::Window { limit, period_s, .. } => {
                Some(format!("{limit} requests in {} seconds", period_s.round()))
            }
        }
    }

    pub(super) fn spare(&self, now: Timestamp) -> Option<Spare> {
        if !self.heard {
            return None;
        }
        match &self.law {
            Law::Unknown { .. } => None,
            Law::Leaky(leaky) => {
                Some(Spare { free: leaky.ceiling() - leaky.level_at(now), per_s: leaky.net() })
            }
            Law::Window { limit, left, period_s, .. } => {
                Some(Spare { free: f64::from(*left), per_s: f64::from(*limit) / period_s.max(1.0) })
            }
        }
    }

    pub(super) fn next(&mut self, now: Timestamp) -> Next {
        if let Some(until) = self.blocked_until.filter(|until| *until > now) {
            return Next::At(until);
        }
        let at_once = if self.heard { IN_FLIGHT } else { 1 };
        if self.slots.len() >= at_once {
            return Next::AfterAnAnswer;
        }
        match &mut self.law {
            Law::Unknown { .. } => {}
            Law::Leaky(leaky) => {
                leaky.settle(now);
                if let Some(wait) = leaky.wait(0.0) {
                    return Next::At(after(now, wait));
                }
                let on_its_way = self.slots.values().map(|slot| leaky.undrained(slot, now));
                if leaky.wait(on_its_way.fold(0.0, f64::max)).is_some() {
                    return Next::AfterAnAnswer;
                }
            }
            Law::Window { limit, left, resets, period_s } => {
                if now >= *resets {
                    *left = *limit;
                    *resets = after(now, *period_s);
                }
                let Some(rest) = left.checked_sub(1) else { return Next::At(*resets) };
                *left = rest;
            }
        }
        Next::Go(self.grant(now))
    }

    /// Others made requests that were not seen: no room is left, until an answer says otherwise.
    pub(super) fn fill(&mut self, now: Timestamp) {
        self.filled = self.next_slot;
        match &mut self.law {
            Law::Unknown { .. } => {}
            Law::Leaky(leaky) => {
                leaky.fill(now);
                for slot in self.slots.values_mut() {
                    slot.peak = leaky.limit;
                }
            }
            Law::Window { left, .. } => *left = (*left).min(1),
        }
    }

    /// Whether this slot was given after the bucket was last taken to be full.
    pub(super) const fn is_after_filling(&self, slot: u64) -> bool {
        slot > self.filled
    }

    fn grant(&mut self, now: Timestamp) -> u64 {
        let (before, level, timed) = match &mut self.law {
            Law::Leaky(leaky) => {
                leaky.level += 1.0;
                (leaky.level - 1.0, leaky.level, leaky.timed())
            }
            _ => (0.0, 0.0, None),
        };
        for slot in self.slots.values_mut() {
            slot.low = slot.low.min(before);
            slot.peak = slot.peak.max(level);
            slot.others += 1.0;
        }
        self.next_slot += 1;
        let others = f64::from(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        let slot = Slot { granted: now, before, peak: level, low: level, others, timed };
        self.slots.insert(self.next_slot, slot);
        self.next_slot
    }

    /// A request came back. For a refusal: when to ask again.
    pub(super) fn told(
        &mut self,
        slot: u64,
        told: &Told,
        now: Timestamp,
        chance: f64,
    ) -> Option<Timestamp> {
        let mut flight = self.slots.remove(&slot)?;
        if let (Law::Leaky(leaky), Told::Answer(_) | Told::Nothing) = (&mut self.law, told) {
            leaky.settle(now);
            let lowest = leaky.level;
            leaky.was_on_its_way(&flight, now);
            for slot in self.slots.values_mut().chain([&mut flight]) {
                slot.low = slot.low.min(lowest);
                slot.peak = slot.peak.max(leaky.level);
            }
        }
        match told {
            Told::Nothing => None,
            Told::NotSent => {
                match &mut self.law {
                    _ if slot <= self.filled => {}
                    Law::Leaky(leaky) => leaky.level = (leaky.level - 1.0).max(0.0),
                    Law::Window { left, .. } => *left = left.saturating_add(1),
                    Law::Unknown { .. } => {}
                }
                None
            }
            Told::Answer(heard) => {
                self.learn(slot, flight, heard, now);
                if !heard.refused {
                    self.refusals = 0;
                    return None;
                }
                self.refusals = self.refusals.saturating_add(1);
                let until = after(now, self.back_off(heard, now, chance));
                self.blocked_until = self.blocked_until.max(Some(until));
                self.blocked_until
            }
        }
    }

    /// Seconds to wait after a refusal.
    fn back_off(&self, heard: &Heard, now: Timestamp, chance: f64) -> f64 {
        if let Some(asked) = heard.retry_after_s.filter(|asked| *asked > 0.0) {
            // Exactly obeying the whole herd would come back at the same moment.
            return (asked + chance * (asked * 0.05).min(1.0)).min(LONGEST_WAIT_S);
        }
        if let Law::Window { left: 0, resets, .. } = &self.law
            && *resets > now
        {
            return seconds(now, *resets).min(LONGEST_WAIT_S);
        }
        let slot_s = match &self.law {
            Law::Leaky(leaky) => (1.0 / leaky.drain).clamp(0.5, 10.0),
            _ => 1.0,
        };
        let grown = slot_s * 2_f64.powi(self.refusals.clamp(1, 12) - 1);
        (grown * (1.0 + 0.5 * chance)).min(LONGEST_WAIT_S / 2.0 * (1.0 + chance))
    }

    fn learn(&mut self, slot: u64, flight: Slot, heard: &Heard, now: Timestamp) {
        match heard.count {
            Some(Count::Bucket { used, limit }) => {
                self.heard = true;
                self.learn_bucket(
                    (slot, flight),
                    (used, limit, limit / DOCUMENTED_DRAIN_S),
                    heard,
                    now,
                );
            }
            Some(Count::Window { limit, left, reset_s }) => {
                self.heard = true;
                match self.drain_shown(limit, left, reset_s, now) {
                    Some(drain) => {
                        let (used, limit) =
                            (f64::from(limit.saturating_sub(left)), f64::from(limit));
                        self.learn_bucket((slot, flight), (used, limit, drain), heard, now);
                    }
                    None => self.learn_window(limit, left, reset_s, now),
                }
            }
            None => self.learn_without_headers(heard, now),
        }
    }

    fn learn_bucket(
        &mut self,
        flight: (u64, Slot),
        (used, limit, drain): (f64, f64, f64),
        heard: &Heard,
        now: Timestamp,
    ) {
        let in_flight = f64::from(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        match &mut self.law {
            Law::Leaky(leaky) if (leaky.limit - limit).abs() < 0.5 => {
                leaky.settle(now);
                leaky.drain =
                    leaky.drain.max(if matches!(heard.count, Some(Count::Window { .. })) {
                        drain
                    } else {
                        0.0
                    });
                if heard.refused {
                    leaky.refused(now);
                } else {
                    let (low, peak) = (flight.1.low - flight.1.others, flight.1.peak);
                    leaky.compare(used, (low, peak), now);
                    leaky.time_the_drain(used, flight, self.next_slot, now);
                }
            }
            law => *law = Law::Leaky(Leaky::new(limit, drain, used + in_flight, now)),
        }
    }

    /// The drain, if these `X-RateLimit` numbers are those of a leaky bucket: a window's end stands
    /// still while it fills up, the moment when a bucket will be empty moves away.
    fn drain_shown(&self, limit: u32, left: u32, reset_s: f64, now: Timestamp) -> Option<f64> {
        let used = f64::from(limit.saturating_sub(left));
        let shown = used / reset_s.max(1.0);
        match &self.law {
            Law::Leaky(leaky) if (leaky.limit - f64::from(limit)).abs() < 0.5 => {
                Some(if reset_s > 0.0 { shown } else { 0.0 })
            }
            Law::Window { limit: known, resets, .. } if *known == limit && now < *resets => {
                (seconds(*resets, now) + reset_s > 1.5 && used > 1.0).then_some(shown)
            }
            _ => None,
        }
    }

    fn learn_window(&mut self, limit: u32, left: u32, reset_s: f64, now: Timestamp) {
        let in_flight = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let reset_s = reset_s.clamp(1.0, LONGEST_WAIT_S * 30.0);
        let seen = match &self.law {
            Law::Window { limit: known, period_s, .. } if *known == limit => *period_s,
            _ => 0.0,
        };
        let (left, resets) = (left.saturating_sub(in_flight), after(now, reset_s));
        self.law = Law::Window { limit: limit.max(1), left, resets, period_s: seen.max(reset_s) };
    }

    /// Without any header only a refusal teaches: what went through before it is what fits.
    fn learn_without_headers(&mut self, heard: &Heard, now: Timestamp) {
        match &mut self.law {
            // Refused at once: others fill it, and nothing is learned.
            Law::Unknown { accepted: 0, .. } if heard.refused => {}
            Law::Unknown { since, accepted } if heard.refused => {
                let elapsed = since.map_or(0.0, |since| seconds(since, now));
                let fits = f64::from(*accepted) / (1.0 + elapsed / DOCUMENTED_DRAIN_S);
                let limit = fits.floor().max(1.0);
                // "In r seconds one fits again" is a drain of at least one in r seconds.
                let asked =
                    heard.retry_after_s.filter(|asked| *asked > 0.0).map_or(0.0, f64::recip);
                let drain = (limit / DOCUMENTED_DRAIN_S).max(asked.min(limit));
                self.law = Law::Leaky(Leaky::guessed(limit, drain, now));
            }
            Law::Unknown { since, accepted } => {
                since.get_or_insert(now);
                *accepted = accepted.saturating_add(1);
            }
            Law::Leaky(leaky) if heard.refused => {
                leaky.settle(now);
                leaky.guessed_wrong(now);
            }
            Law::Window { left, .. } if heard.refused => *left = 0,
            _ => {}
        }
    }
}
