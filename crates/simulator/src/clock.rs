//! Time as the simulator sees it: the only module which reads the machine's clock or waits on it.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// A wait which ends when its clock says so.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

type Now = dyn Fn() -> Timestamp + Send + Sync;
type Wait = dyn Fn(Duration) -> Sleep + Send + Sync;

/// What the simulator asks for the time, and what it waits with.
#[derive(Clone)]
pub struct Clock {
    now: Arc<Now>,
    wait: Arc<Wait>,
}

impl Clock {
    /// The machine's clock and tokio's timer.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where real time comes in")]
    pub fn system() -> Self {
        Self {
            now: Arc::new(Timestamp::now),
            wait: Arc::new(|duration| Box::pin(tokio::time::sleep(duration))),
        }
    }

    /// Time as `now` tells it. Waits end at once: add [`Clock::with_sleep`] to see them.
    #[must_use]
    pub fn from_fn(now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self { now, wait: Arc::new(|_| Box::pin(std::future::ready(()))) }
    }

    /// The same time, with another way to wait for latency and hanging connections.
    #[must_use]
    pub fn with_sleep(mut self, wait: Arc<dyn Fn(Duration) -> Sleep + Send + Sync>) -> Self {
        self.wait = wait;
        self
    }

    /// The present moment, in whole microseconds: finer ones are not in the API, and a record
    /// would differ from what was shown.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = (self.now)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Waits for `duration`.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        (self.wait)(duration)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// A clock which stands still until it is moved. Waiting on it moves it.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock which shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// The moment it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it forward; at the end of time it stays where it is.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = later(*now, by);
    }

    /// The view of it that a simulator takes.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let (reader, mover) = (self.clone(), self.clone());
        Clock::from_fn(Arc::new(move || reader.now())).with_sleep(Arc::new(move |duration| {
            mover.advance(duration);
            Box::pin(std::future::ready(()))
        }))
    }
}

/// `at` plus `by`; what lies beyond the calendar is its last moment.
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| at.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_whole_microseconds() {
        let fine: Timestamp = "2026-08-26T19:55:26.001760999Z".parse().unwrap();
        let shown: Timestamp = "2026-08-26T19:55:26.00176Z".parse().unwrap();
        assert_eq!(Clock::from_fn(Arc::new(move || fine)).now(), shown);
    }
}
