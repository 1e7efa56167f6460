//! The only place that reads the clock, waits, and draws chance. Everything else gets them from
//! here, so that a test can drive them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    /// Who waits, by the moment at which, and their number.
    sleepers: Mutex<BTreeSet<(Timestamp, u64)>>,
    /// What goes on outside this program's tasks and takes no simulated time.
    outside: Mutex<Vec<Box<Busy>>>,
}

/// Whether work is going on.
type Busy = dyn Fn() -> bool + Send;

/// One who waits on a clock of hands, until dropped.
struct Sleeper<'a> {
    hands: &'a Hands,
    place: (Timestamp, u64),
}

impl Hands {
    fn new(start: Timestamp) -> Self {
        Self {
            now: Mutex::new(start),
            moved: Notify::new(),
            sleepers: Mutex::default(),
            outside: Mutex::default(),
        }
    }

    /// Waits until the hands show `until`, and moves them there when nobody has anything to do
    /// before: the one who wakes first moves them, and not while work outside goes on. So how
    /// fast the machine is makes no difference to what happens.
    async fn sleep(&self, until: Timestamp) {
        let sleeper = self.lie_down(until);
        loop {
            // Others get their turn at the present moment before time goes on.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            if *lock(&self.now) >= until {
                return;
            }
            if lock(&self.sleepers).first() == Some(&sleeper.place) && !self.is_busy() {
                return self.advance_to(until);
            }
        }
    }

    fn lie_down(&self, until: Timestamp) -> Sleeper<'_> {
        let mut sleepers = lock(&self.sleepers);
        let number = sleepers.iter().map(|(_, number)| number + 1).max().unwrap_or_default();
        sleepers.insert((until, number));
        Sleeper { hands: self, place: (until, number) }
    }

    fn is_busy(&self) -> bool {
        lock(&self.outside).iter().any(|busy| busy())
    }

    fn advance_to(&self, moment: Timestamp) {
        let mut now = lock(&self.now);
        if moment > *now {
            *now = moment;
            self.moved.notify_waiters();
        }
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        lock(&self.hands.sleepers).remove(&self.place);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
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
            clock: Clock::Manual(Arc::new(Hands::new(start))),
            chance: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.clock {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            Clock::System => Timestamp::now(),
            Clock::Manual(hands) => *lock(&hands.now),
        }
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        match &self.clock {
            #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
            Clock::System => tokio::time::sleep(duration).await,
            Clock::Manual(hands) => hands.sleep(add(self.now(), duration)).await,
        }
    }

    /// Lets a manual clock stand still while `busy` says so: for work on another thread, which
    /// takes no simulated time. A system clock waits for nobody.
    pub fn mind(&self, busy: impl Fn() -> bool + Send + 'static) {
        if let Clock::Manual(hands) = &self.clock {
            lock(&hands.outside).push(Box::new(busy));
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
            hands.advance_to(moment);
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
        lock(&self.chance).fill_bytes(bytes);
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn start() -> Timestamp {
        "2026-03-02T08:00:00Z".parse().unwrap()
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn whoever_wakes_first_moves_a_manual_clock() {
        let env = Env::manual(start(), 1);
        let seen = Mutex::new(Vec::new());
        let nap = |name: &'static str, first: u64, then: u64| {
            let (env, seen) = (&env, &seen);
            async move {
                for length in [first, then] {
                    env.sleep(s(length)).await;
                    lock(seen).push((name, env.now().duration_since(start()).as_secs()));
                }
            }
        };
        tokio::join!(nap("long", 5, 5), nap("short", 1, 1), nap("middle", 2, 6));
        let expected =
            [("short", 1), ("middle", 2), ("short", 2), ("long", 5), ("middle", 8), ("long", 10)];
        lock(&seen).sort_by_key(|(name, at)| (*at, *name));
        assert_eq!(*lock(&seen), expected);
    }

    #[tokio::test]
    async fn a_manual_clock_stands_still_while_work_goes_on_outside() {
        let env = Env::manual(start(), 1);
        let looks = Arc::new(AtomicU32::new(0));
        let (count, clock) = (looks.clone(), env.clone());
        env.mind(move || {
            assert_eq!(clock.now(), start(), "time went on during work");
            count.fetch_add(1, Ordering::SeqCst) < 1_000
        });
        env.sleep(s(1)).await;
        assert_eq!(looks.load(Ordering::SeqCst), 1_001);
        assert_eq!(env.now(), add(start(), s(1)));
    }

    #[tokio::test]
    async fn a_sleeper_that_is_dropped_holds_nobody_up() {
        let env = Env::manual(start(), 1);
        let never = env.sleep(s(1));
        tokio::select! {
            biased;
            () = never => unreachable!("nobody moved the clock so far"),
            () = tokio::task::yield_now() => {}
        }
        env.sleep(s(3)).await;
        assert_eq!(env.now(), add(start(), s(3)));
    }
}
