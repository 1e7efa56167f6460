//! The rate budget: whose request goes next, and when (law 13).
//!
//! One per connection, shared by everything that talks to that account. What it believes about the
//! limit is in `pace`; here is the queue. Lanes are served in order, within a lane who came first.
//! Only the head of the queue ever sleeps; the others wait to be woken, so nothing polls and an
//! urgent request that comes late goes next.
//!
//! Other processes use the same limit. While one of them does urgent work, the lanes that make way
//! send nothing. How full it left things is not known to us, so we begin again as if no room were
//! left; the next answer tells.
//!
//! A slot is taken in the same instant in which the permit is handed out: dropping a future that
//! waits loses nothing, and dropping a permit without a word counts its request as sent.

mod pace;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use tokio::sync::Notify;

pub use self::pace::{BudgetState, Spare};
use self::pace::{Next, Pace, Told};
use super::Lane;
use crate::env::Env;

type Place = (Lane, u64);

/// How long to wait before looking again whether others are still at their urgent work.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is known of the urgent work that other processes do under the same limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgent {
    /// Somebody is at it.
    Going,
    /// Nobody is; the number changes whenever somebody was.
    Quiet(i64),
    /// It cannot be told now.
    Unknown,
}

/// Asks for it. Asked before each request that makes way, so it has to be cheap.
pub type Others = Arc<dyn Fn() -> BoxFuture<'static, Urgent> + Send + Sync>;

/// The rate budget of one connection.
pub struct Budget {
    env: Env,
    inner: Mutex<Inner>,
    others: Option<Others>,
}

struct Inner {
    pace: Pace,
    /// The number of [`Urgent::Quiet`] when it was last asked for.
    quiet: Option<i64>,
    queue: BTreeMap<Place, Arc<Notify>>,
    arrivals: u64,
}

impl Inner {
    fn wake_head(&self) {
        if let Some((_, waiter)) = self.queue.first_key_value() {
            waiter.notify_one();
        }
    }
}

enum Step {
    Granted(u64),
    SleepUntil(Timestamp),
    Wait,
}

impl Budget {
    /// A budget that knows what an earlier process learned, if anything.
    #[must_use]
    pub fn new(env: Env, known: Option<BudgetState>) -> Arc<Self> {
        Arc::new(Self::with(env, known, None))
    }

    /// The same, in a process that makes way for the urgent work of others.
    #[must_use]
    pub fn making_way(env: Env, known: Option<BudgetState>, others: Others) -> Arc<Self> {
        Arc::new(Self::with(env, known, Some(others)))
    }

    fn with(env: Env, known: Option<BudgetState>, others: Option<Others>) -> Self {
        let pace = Pace::new(known, env.now());
        let inner = Inner { pace, quiet: None, queue: BTreeMap::new(), arrivals: 0 };
        Self { env, inner: Mutex::new(inner), others }
    }

    /// Others have made requests that were not seen here: no room is left, as far as we know.
    pub fn was_used_by_others(&self) {
        self.lock().pace.fill(self.env.now());
    }

    /// What was learned, to be kept for the next process; `None` while nothing is known.
    #[must_use]
    pub fn state(&self) -> Option<BudgetState> {
        self.lock().pace.state(self.env.now())
    }

    /// The limit in words, when known.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        self.lock().pace.in_words()
    }

    /// How much room there is beyond what one request after the other would use.
    #[must_use]
    pub fn spare(&self) -> Option<Spare> {
        self.lock().pace.spare(self.env.now())
    }

    /// Waits for a turn in `lane`.
    pub async fn acquire(self: &Arc<Self>, lane: Lane) -> Permit {
        loop {
            let permit = self.turn(lane).await;
            let Some(others) = self.others.as_ref().filter(|_| lane.makes_way()) else {
                return permit;
            };
            // Looked at last, since the wait for a turn may have been long.
            let urgent = others().await;
            if self.goes_on(&permit, urgent) {
                return permit;
            }
            permit.not_sent();
            let mut urgent = others().await;
            while urgent == Urgent::Going {
                self.env.sleep(LOOK_AGAIN).await;
                urgent = others().await;
            }
            let mut inner = self.lock();
            let known = match urgent {
                Urgent::Quiet(number) => inner.quiet.replace(number) == Some(number),
                Urgent::Going | Urgent::Unknown => false,
            };
            // Another request of ours may have found out already.
            if !known {
                inner.pace.fill(self.env.now());
            }
        }
    }

    /// Whether a request may go that makes way: nobody was at urgent work since the last one, and
    /// its turn was not given before another of ours found out that somebody was.
    fn goes_on(&self, permit: &Permit, urgent: Urgent) -> bool {
        let mut inner = self.lock();
        match urgent {
            Urgent::Going => false,
            Urgent::Quiet(number) => {
                let quiet = *inner.quiet.get_or_insert(number) == number;
                quiet && permit.slot.is_none_or(|slot| inner.pace.is_after_filling(slot))
            }
            Urgent::Unknown => true,
        }
    }

    async fn turn(self: &Arc<Self>, lane: Lane) -> Permit {
        let ticket = self.enqueue(lane);
        loop {
            match self.step(ticket.place) {
                Step::Granted(slot) => {
                    return Permit { budget: Arc::clone(self), slot: Some(slot) };
                }
                Step::SleepUntil(moment) => tokio::select! {
                    () = self.env.sleep_until(moment) => {}
                    () = ticket.waiter.notified() => {}
                },
                Step::Wait => ticket.waiter.notified().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(self: &Arc<Self>, lane: Lane) -> Ticket {
        let mut inner = self.lock();
        let place = (lane, inner.arrivals);
        inner.arrivals += 1;
        let overtaken = inner
            .queue
            .first_key_value()
            .filter(|(head, _)| **head > place)
            .map(|(_, waiter)| Arc::clone(waiter));
        let waiter = Arc::new(Notify::new());
        inner.queue.insert(place, Arc::clone(&waiter));
        drop(inner);
        if let Some(overtaken) = overtaken {
            overtaken.notify_one(); // stops sleeping; the newcomer sleeps in its stead
        }
        Ticket { budget: Arc::clone(self), place, waiter }
    }

    fn step(&self, place: Place) -> Step {
        let mut inner = self.lock();
        if inner.queue.first_key_value().is_none_or(|(head, _)| *head != place) {
            return Step::Wait;
        }
        match inner.pace.next(self.env.now()) {
            Next::Go(slot) => {
                inner.queue.remove(&place);
                inner.wake_head();
                Step::Granted(slot)
            }
            Next::At(moment) => Step::SleepUntil(moment),
            Next::AfterAnAnswer => Step::Wait,
        }
    }

    fn told(&self, slot: u64, told: &Told) -> Option<Timestamp> {
        let (now, chance) = (self.env.now(), self.env.fraction());
        let mut inner = self.lock();
        let until = inner.pace.told(slot, told, now, chance);
        inner.wake_head();
        until
    }
}

/// A place in the queue; leaves it when dropped.
struct Ticket {
    budget: Arc<Budget>,
    place: Place,
    waiter: Arc<Notify>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inner = self.budget.lock();
        if inner.queue.remove(&self.place).is_some() {
            inner.wake_head();
        }
    }
}

/// The right to send one request now. Say afterwards how it went; silence counts as sent.
#[must_use = "a permit is spent on a request"]
pub struct Permit {
    budget: Arc<Budget>,
    slot: Option<u64>,
}

impl Permit {
    /// An answer came. For a 429: the moment from which asking again makes sense.
    pub fn answered(mut self, status: StatusCode, headers: &HeaderMap) -> Option<Timestamp> {
        let now = self.budget.env.now();
        self.say(&Told::answer(status, headers, now))
    }

    /// The request surely did not go out.
    pub fn not_sent(mut self) {
        self.say(&Told::NotSent);
    }

    /// The request went out and no whole answer came.
    pub fn unanswered(mut self) {
        self.say(&Told::Nothing);
    }

    fn say(&mut self, told: &Told) -> Option<Timestamp> {
        self.slot.take().and_then(|slot| self.budget.told(slot, told))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.say(&Told::Nothing);
    }
}

#[cfg(test)]
mod tests;
