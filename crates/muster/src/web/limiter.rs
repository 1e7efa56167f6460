//! Counts what somebody tries, so that guessing passwords takes years. In memory: a restart forgets,
//! which an attacker cannot bring about.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// How many are remembered at once.
const MOST: usize = 10_000;

/// So many tries within a while, by key.
pub(crate) struct Limiter {
    tries: usize,
    within: SignedDuration,
    made: Mutex<HashMap<String, VecDeque<Timestamp>>>,
}

impl Limiter {
    pub(crate) fn new(tries: usize, within: Duration) -> Self {
        let within = SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX);
        Self { tries, within, made: Mutex::default() }
    }

    /// Takes one try of `key`.
    ///
    /// # Errors
    /// When none is left: how long until one is.
    pub(crate) fn take(&self, key: &str, now: Timestamp) -> Result<(), SignedDuration> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let live = |at: &Timestamp| now.duration_since(*at) < self.within;
        if made.len() >= MOST {
            made.retain(|_, tries| tries.back().is_some_and(live));
        }
        if made.len() >= MOST && !made.contains_key(key) {
            return Err(self.within);
        }
        let tries = made.entry(key.to_owned()).or_default();
        while tries.front().is_some_and(|at| !live(at)) {
            tries.pop_front();
        }
        if let (true, Some(first)) = (tries.len() >= self.tries, tries.front()) {
            return Err(self.within - now.duration_since(*first));
        }
        tries.push_back(now);
        Ok(())
    }

    /// Whether a try of `key` is left, without taking it.
    pub(crate) fn left(&self, key: &str, now: Timestamp) -> bool {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let live = |at: &&Timestamp| now.duration_since(**at) < self.within;
        made.get(key).is_none_or(|tries| tries.iter().filter(live).count() < self.tries)
    }

    /// Forgets what `key` tried.
    pub(crate) fn forget(&self, key: &str) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn so_many_tries_and_no_more_until_the_first_is_long_ago() {
        let limiter = Limiter::new(2, Duration::from_secs(10));
        assert!(limiter.take("a", t(0)).is_ok());
        assert!(limiter.take("a", t(4)).is_ok());
        assert_eq!(limiter.take("a", t(5)), Err(SignedDuration::from_secs(5)));
        assert!(limiter.take("b", t(5)).is_ok());
        assert!(!limiter.left("a", t(9)));
        assert!(limiter.take("a", t(10)).is_ok());
        limiter.forget("a");
        assert!(limiter.left("a", t(10)));
    }

    #[test]
    fn a_flood_of_names_takes_no_memory_and_lets_nobody_in() {
        let limiter = Limiter::new(1, Duration::from_secs(10));
        for n in 0..MOST {
            assert!(limiter.take(&n.to_string(), t(0)).is_ok());
        }
        assert!(limiter.take("another", t(1)).is_err());
        assert!(limiter.take("another", t(11)).is_ok());
    }
}
