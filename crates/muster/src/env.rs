//! The only place that reads the clock, waits, and draws chance. Everything else gets them from
//! here, so that a test can drive them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::Notify;

/// Clock and chance.
#[derive(Clone)]
pub struct Env {
    clock: Clock,
    chance: Arc<Mutex<StdRng>>,
}

#[derive(Clone)]
enum Clock {
    System,
    Manual(Arc<Hands>),
}

/// A clock whose hands are moved.
struct Hands {
    now: Mutex<Timestamp>,
    moved: Notify,
}

impl Env {
    /// The real clock and the operating system's chance.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Clock::System, chance: Arc::new(Mutex::new(rand::make_rng())) }
    }

    /// A clock that stands still until somebody waits or moves it, and chance drawn from `seed`.
    /// Waiting moves the clock at once: simulated hours take no time.
    #[must_use]
    pub fn manual(start: Timestamp, seed: u64) -> Self {
        Self {
            clock: Clock::Manual(Arc::new(Hands { now: Mutex::new(start), moved: Notify::new() })),
            chance: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.clock {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            Clock::System => Timestamp::now(),
            Clock::Manual(hands) => *hands.now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        match &self.clock {
            #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
            Clock::System => tokio::time::sleep(duration).await,
            Clock::Manual(_) => {
                let until = add(self.now(), duration);
                // Others get their turn at the present moment before time goes on.
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                self.advance_to(until);
            }
        }
    }

    /// Waits until `moment`; not at all when it has passed.
    pub async fn sleep_until(&self, moment: Timestamp) {
        let wait = moment.duration_since(self.now());
        if let Ok(wait) = Duration::try_from(wait)
            && !wait.is_zero()
        {
            self.sleep(wait).await;
        }
    }

    /// Moves a manual clock forward to `moment`; never back. A system clock moves by itself.
    pub fn advance_to(&self, moment: Timestamp) {
        if let Clock::Manual(hands) = &self.clock {
            let mut now = hands.now.lock().unwrap_or_else(PoisonError::into_inner);
            if moment > *now {
                *now = moment;
                hands.moved.notify_waiters();
            }
        }
    }

    /// Waits for `duration` beside other work: does not move a manual clock, but waits until that
    /// work has moved it so far.
    pub async fn beside(&self, duration: Duration) {
        let Clock::Manual(hands) = &self.clock else { return self.sleep(duration).await };
        let until = add(self.now(), duration);
        loop {
            let moved = hands.moved.notified();
            if self.now() >= until {
                return;
            }
            moved.await;
        }
    }

    /// 16 bytes of chance.
    #[must_use]
    pub fn chance(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills `bytes` with chance.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }

    /// A number from 0 up to but without 1, for jitter.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// `moment` plus `duration`, held at the end of time.
#[must_use]
pub fn add(moment: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| moment.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}
