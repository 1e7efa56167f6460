//! When the loop goes round for an app: at intervals, early when something is new or a date falls
//! due, later and later while the app fails, and not at all once it failed too often.

use jiff::{SignedDuration, Timestamp};

use crate::model::cycle::{Cycle, Trouble, Why};

/// So many failed rounds in a row put an app into quarantine.
pub const PATIENCE: u32 = 6;

/// After the first failure; twice as long after each further one.
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(30);

/// What is known when the loop asks whether to go round.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// What it remembers, if it ever went round.
    pub cycle: Option<&'a Cycle>,
    /// The time between two full reads.
    pub interval: SignedDuration,
    /// Whether something that bears on the app was journaled since the last round listened.
    pub news: bool,
    /// Whether somebody asked for a round.
    pub asked: bool,
    /// Now.
    pub now: Timestamp,
}

/// What the loop does next for an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Go round now.
    Now(Why),
    /// Go round then, if nothing comes before.
    At(Timestamp, Why),
    /// Nothing, until somebody says that it may go on.
    Quarantined,
}

/// What to do next.
#[must_use]
pub fn turn(asking: &Asking<'_>) -> Turn {
    let Asking { cycle, interval, news, asked, now } = *asking;
    let Some(cycle) = cycle else { return Turn::Now(Why::First) };
    // Whoever asks may try a quarantined app: that is the way out.
    if asked {
        return Turn::Now(Why::Asked);
    }
    if let Some(trouble) = &cycle.trouble {
        if trouble.quarantined.is_some() {
            return Turn::Quarantined;
        }
        // News do not make a broken app answer.
        return at(later(cycle.ended, pause(trouble.failures, interval)), Why::Retry, now);
    }
    if news {
        return Turn::Now(Why::News);
    }
    let read = cycle.read.map_or(now, |read| later(read, interval));
    let date = cycle.next_change.filter(|date| *date < read);
    date.map_or_else(|| at(read, Why::Interval, now), |date| at(date, Why::Date, now))
}

/// Whether a round for this reason reads the whole app: what is new on our side does not make the
/// last read any older.
#[must_use]
pub fn reads(why: Why, cycle: Option<&Cycle>, interval: SignedDuration, now: Timestamp) -> bool {
    match why {
        Why::First | Why::Asked | Why::Interval | Why::Retry => true,
        Why::News | Why::Date => {
            cycle.and_then(|cycle| cycle.read).is_none_or(|read| later(read, interval) <= now)
        }
    }
}

/// What is remembered of trouble after another failed round. `final_word` is when trying again
/// cannot help: a key that is refused is not tried out on the app again and again.
#[must_use]
pub fn failed(
    before: Option<&Trouble>,
    reason: String,
    final_word: FinalWord,
    now: Timestamp,
) -> Trouble {
    let failures = before.map_or(0, |before| before.failures).saturating_add(1);
    let enough = match final_word {
        FinalWord::Yes => failures >= 2,
        FinalWord::No => failures >= PATIENCE,
    };
    Trouble {
        failures,
        since: before.map_or(now, |before| before.since),
        reason,
        quarantined: before.and_then(|before| before.quarantined).or(enough.then_some(now)),
    }
}

/// Whether an app's refusal is one that only a human can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalWord {
    /// A human has to do something.
    Yes,
    /// It may go by itself.
    No,
}

/// How long to wait after so many failures in a row.
fn pause(failures: u32, interval: SignedDuration) -> SignedDuration {
    let doubled = 1_i32.checked_shl(failures.saturating_sub(1).min(20)).unwrap_or(i32::MAX);
    FIRST_RETRY.checked_mul(doubled).unwrap_or(interval).min(interval.max(FIRST_RETRY))
}

fn at(moment: Timestamp, why: Why, now: Timestamp) -> Turn {
    if moment <= now { Turn::Now(why) } else { Turn::At(moment, why) }
}

fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Timestamp {
        format!("2026-03-02T{text}Z").parse().unwrap()
    }

    const QUARTER: SignedDuration = SignedDuration::from_mins(15);

    fn cycle() -> Cycle {
        Cycle {
            ended: t("08:01:00"),
            read: Some(t("08:00:00")),
            heard: 7,
            next_change: None,
            trouble: None,
        }
    }

    fn asking(cycle: Option<&Cycle>, now: Timestamp) -> Asking<'_> {
        Asking { cycle, interval: QUARTER, news: false, asked: false, now }
    }

    #[test]
    fn an_app_that_was_never_read_is_read_at_once() {
        assert_eq!(turn(&asking(None, t("08:00:00"))), Turn::Now(Why::First));
    }

    #[test]
    fn without_news_the_interval_counts_from_the_beginning_of_the_last_read() {
        let cycle = cycle();
        let turn = |now| super::turn(&asking(Some(&cycle), now));
        assert_eq!(turn(t("08:14:59")), Turn::At(t("08:15:00"), Why::Interval));
        assert_eq!(turn(t("08:15:00")), Turn::Now(Why::Interval));
    }

    #[test]
    fn news_wake_early_and_do_not_read_everything_again() {
        let cycle = cycle();
        let now = t("08:02:00");
        let asking = Asking { news: true, ..asking(Some(&cycle), now) };
        assert_eq!(turn(&asking), Turn::Now(Why::News));
        assert!(!reads(Why::News, Some(&cycle), QUARTER, now));
        assert!(reads(Why::News, Some(&cycle), QUARTER, t("08:15:00")));
        assert!(reads(Why::News, Some(&Cycle { read: None, ..cycle }), QUARTER, now));
    }

    #[test]
    fn a_date_that_falls_due_wakes_early() {
        let cycle = Cycle { next_change: Some(t("08:10:00")), ..cycle() };
        let turn = |now| super::turn(&asking(Some(&cycle), now));
        assert_eq!(turn(t("08:09:00")), Turn::At(t("08:10:00"), Why::Date));
        assert_eq!(turn(t("08:10:00")), Turn::Now(Why::Date));
    }

    #[test]
    fn an_app_that_fails_is_tried_less_and_less_often_and_then_left_alone() {
        let mut cycle = cycle();
        let mut now = t("08:00:00");
        let mut pauses = Vec::new();
        for failure in 1..=PATIENCE {
            let trouble = failed(cycle.trouble.as_ref(), "down".to_owned(), FinalWord::No, now);
            assert_eq!((trouble.failures, trouble.since), (failure, t("08:00:00")));
            cycle = Cycle { ended: now, trouble: Some(trouble), ..cycle };
            match turn(&Asking { news: true, ..asking(Some(&cycle), now) }) {
                Turn::At(next, Why::Retry) => {
                    pauses.push(next.duration_since(now).as_secs());
                    now = next;
                }
                other => assert_eq!((other, failure), (Turn::Quarantined, PATIENCE)),
            }
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480]);
        assert_eq!(turn(&asking(Some(&cycle), t("23:00:00"))), Turn::Quarantined);
        let asked = Asking { asked: true, ..asking(Some(&cycle), t("23:00:00")) };
        assert_eq!(turn(&asked), Turn::Now(Why::Asked));
    }

    #[test]
    fn a_refused_key_is_tried_twice() {
        let first = failed(None, "key refused".to_owned(), FinalWord::Yes, t("08:00:00"));
        assert_eq!(first.quarantined, None);
        let now = t("08:01:00");
        let second = failed(Some(&first), "key refused".to_owned(), FinalWord::Yes, now);
        assert_eq!(second.quarantined, Some(now));
    }

    #[test]
    fn a_pause_is_never_longer_than_the_interval() {
        assert_eq!(pause(40, QUARTER), QUARTER);
        assert_eq!(pause(1, SignedDuration::from_secs(1)), FIRST_RETRY);
    }
}
