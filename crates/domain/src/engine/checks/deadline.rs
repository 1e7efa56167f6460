//! Deadlines: from the moment something went wrong and the time allowed to the moment it must be
//! put right, and how far on the way it is.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    engine::calendar::{self, Whereabouts},
    model::{
        check::{Allowance, Rung},
        person::Person,
        policy::Organization,
    },
};

/// The longest stretch before a deadline that counts as its end.
const LAST_WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The least time between failing and each escalation, for what is allowed no time at all.
const LEAST_STEP: SignedDuration = SignedDuration::from_hours(24);

/// A bound for walking through a calendar in which, by mistake, hardly anybody ever works.
const FAR: u16 = 3660;

/// Half of a time allowed: what a privileged role leaves of it.
pub(super) const fn halved(allowed: Allowance) -> Allowance {
    match allowed {
        Allowance::None => Allowance::None,
        Allowance::Hours(hours) => Allowance::Hours(hours / 2),
        Allowance::Days(days) => Allowance::Hours(days.saturating_mul(12)),
        Allowance::WorkingDays(days) => Allowance::WorkingDays(days / 2),
    }
}

/// The shorter of two times allowed; a working day counts as a day.
pub(super) const fn shorter(one: Allowance, other: Allowance) -> Allowance {
    const fn hours(allowed: Allowance) -> u32 {
        match allowed {
            Allowance::None => 0,
            Allowance::Hours(hours) => hours as u32,
            Allowance::Days(days) | Allowance::WorkingDays(days) => days as u32 * 24,
        }
    }
    if hours(other) < hours(one) { other } else { one }
}

/// Until when something that went wrong at `since` is to be put right. Days are those of the person
/// concerned where she works, else the organisation's.
pub(super) fn due(
    since: Timestamp,
    allowed: Allowance,
    person: Option<&Person>,
    organization: &Organization,
) -> Timestamp {
    let terms = person.and_then(|person| person.engagements.last()).map(|last| &last.terms);
    let here = Whereabouts::of(terms, organization);
    let zone = || person.map_or_else(|| organization.time_zone.clone(), |person| here.zone(person));
    match allowed {
        Allowance::None => since,
        Allowance::Hours(hours) => later(since, SignedDuration::from_hours(i64::from(hours))),
        Allowance::Days(days) => {
            let zone = zone();
            let falls = calendar::days_after(since, days, &zone);
            on_working_day(falls, &here, &zone)
        }
        Allowance::WorkingDays(days) => working_days_after(since, days, &here, &zone()),
    }
}

/// The same time of day on the first working day from `at` on.
fn on_working_day(at: Timestamp, here: &Whereabouts<'_>, zone: &TimeZone) -> Timestamp {
    let zoned = at.to_zoned(zone.clone());
    let mut day = zoned.date();
    for _ in 0..FAR {
        if here.is_working_day(day) {
            return calendar::at(day, zoned.time(), zone);
        }
        day = next(day);
    }
    at
}

/// The same time of day so many working days later. What went wrong on a free day counts from the
/// beginning of the next working day.
fn working_days_after(
    since: Timestamp,
    days: u16,
    here: &Whereabouts<'_>,
    zone: &TimeZone,
) -> Timestamp {
    let zoned = since.to_zoned(zone.clone());
    let (mut day, mut time) = (zoned.date(), zoned.time());
    for _ in 0..FAR {
        if here.is_working_day(day) {
            break;
        }
        (day, time) = (next(day), jiff::civil::Time::midnight());
    }
    let mut left = days;
    for _ in 0..FAR {
        if left == 0 {
            break;
        }
        day = next(day);
        left -= u16::from(here.is_working_day(day));
    }
    calendar::at(day, time, zone)
}

fn next(day: Date) -> Date {
    day.checked_add(1.day()).unwrap_or(Date::MAX)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How far what went wrong at `since` and is due at `due` has come at `now`. Nobody is escalated
/// over for what was first seen a moment ago: those steps count from when it was `seen`.
pub(super) fn rung((since, due): (Timestamp, Timestamp), seen: Timestamp, now: Timestamp) -> Rung {
    let late = due.max(seen);
    let allowed = due.duration_since(since);
    let last = (allowed / 4).min(LAST_WEEK);
    let step = allowed.max(LEAST_STEP);
    if now < due.checked_sub(last).unwrap_or(due) {
        Rung::Due
    } else if now < due {
        Rung::Critical
    } else if now < later(late, step) {
        Rung::Failing
    } else if now < later(late, step * 2) {
        Rung::EscalatedToManager
    } else {
        Rung::EscalatedToCompliance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin() -> Organization {
        let mut organization = Organization::new(TimeZone::get("Europe/Berlin").unwrap());
        organization.holidays.insert("2026-12-25".parse().unwrap());
        organization
    }

    #[test]
    fn hours_count_by_the_clock_and_days_end_on_a_working_day() {
        let organization = berlin();
        let due = |since, allowed| due(at(since), allowed, None, &organization).to_string();
        let friday = "2026-11-06T17:00:00Z";
        assert_eq!(due(friday, Allowance::None), friday);
        assert_eq!(due(friday, Allowance::Hours(24)), "2026-11-07T17:00:00Z");
        assert_eq!(due(friday, Allowance::Days(7)), "2026-11-13T17:00:00Z");
        assert_eq!(due(friday, Allowance::Days(8)), "2026-11-16T17:00:00Z", "a Saturday");
        assert_eq!(due(friday, Allowance::WorkingDays(3)), "2026-11-11T17:00:00Z");
        assert_eq!(due("2026-12-24T09:00:00Z", Allowance::WorkingDays(1)), "2026-12-28T09:00:00Z");
        let saturday = "2026-11-07T17:00:00Z";
        assert_eq!(due(saturday, Allowance::WorkingDays(1)), "2026-11-09T23:00:00Z");
    }

    #[test]
    fn a_deadline_keeps_the_time_of_day_when_the_clocks_change() {
        let organization = berlin();
        let due = due(at("2026-10-23T10:00:00Z"), Allowance::Days(7), None, &organization);
        assert_eq!(due.to_string(), "2026-10-30T11:00:00Z");
    }

    #[test]
    fn the_ladder_is_climbed_step_by_step() {
        let (since, due) = (at("2026-11-02T00:00:00Z"), at("2026-11-30T00:00:00Z"));
        let rung = |now: &str| rung((since, due), since, at(now));
        assert_eq!(rung("2026-11-22T23:59:59Z"), Rung::Due);
        assert_eq!(rung("2026-11-23T00:00:00Z"), Rung::Critical);
        assert_eq!(rung("2026-11-29T23:59:59Z"), Rung::Critical);
        assert_eq!(rung("2026-11-30T00:00:00Z"), Rung::Failing);
        assert_eq!(rung("2026-12-28T00:00:00Z"), Rung::EscalatedToManager);
        assert_eq!(rung("2027-01-25T00:00:00Z"), Rung::EscalatedToCompliance);
    }

    #[test]
    fn a_short_time_has_a_short_end() {
        let (since, due) = (at("2026-11-02T00:00:00Z"), at("2026-11-02T04:00:00Z"));
        assert_eq!(rung((since, due), since, at("2026-11-02T02:59:59Z")), Rung::Due);
        assert_eq!(rung((since, due), since, at("2026-11-02T03:00:00Z")), Rung::Critical);
        assert_eq!(rung((since, due), since, at("2026-11-03T03:59:59Z")), Rung::Failing);
        assert_eq!(rung((since, due), since, at("2026-11-03T04:00:00Z")), Rung::EscalatedToManager);
    }

    #[test]
    fn what_was_overdue_when_it_was_first_seen_fails_and_is_escalated_later() {
        let term = (at("2024-01-01T00:00:00Z"), at("2024-01-15T00:00:00Z"));
        let seen = at("2026-11-02T00:00:00Z");
        assert_eq!(rung(term, seen, seen), Rung::Failing);
        assert_eq!(rung(term, seen, at("2026-11-15T23:59:59Z")), Rung::Failing);
        assert_eq!(rung(term, seen, at("2026-11-16T00:00:00Z")), Rung::EscalatedToManager);
    }

    #[test]
    fn a_privileged_role_leaves_half_the_time() {
        assert_eq!(halved(Allowance::Hours(24)), Allowance::Hours(12));
        assert_eq!(halved(Allowance::Days(7)), Allowance::Hours(84));
        assert_eq!(halved(Allowance::WorkingDays(3)), Allowance::WorkingDays(1));
        assert_eq!(halved(Allowance::None), Allowance::None);
    }
}
