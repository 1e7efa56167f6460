//! Calendar days in a place, and the instants they stand for.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use crate::model::policy::LeadTime;

/// Whether people work on this day. Weekends are free; holidays are not known yet.
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The instant at which `day` begins in `zone`. Where midnight does not exist there, the first
/// instant of the day.
#[must_use]
pub fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    at(day, Time::midnight(), zone)
}

/// The instant at which the clock in `zone` shows `time` on `day`: the earlier one where it shows
/// it twice, the moment after the gap where it never does.
#[must_use]
pub fn at(day: Date, time: Time, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_zoned(day.to_datetime(time))
        .compatible()
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// Whether nobody works between `last` and `start`, so that work goes on without a break.
#[must_use]
pub fn touches(last: Date, start: Date) -> bool {
    let mut day = last;
    // Ten days off in a row are a break, whatever the calendar says.
    for _ in 0..10 {
        day = day.tomorrow().unwrap_or(Date::MAX);
        if day == start {
            return true;
        }
        if is_working_day(day) {
            return false;
        }
    }
    false
}

/// The day on which an invitation goes out for a start on `start`.
#[must_use]
pub fn lead(start: Date, lead: LeadTime) -> Date {
    match lead {
        LeadTime::Days(days) => back(start, i32::from(days)),
        LeadTime::WorkingDays(days) => {
            let mut day = start;
            let mut left = days;
            while left > 0 {
                day = back(day, 1);
                if is_working_day(day) {
                    left -= 1;
                }
            }
            day
        }
    }
}

fn back(day: Date, days: i32) -> Date {
    day.checked_sub(days.days()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_working_day_before_a_monday_is_friday() {
        let monday: Date = "2026-11-23".parse().unwrap();
        assert_eq!(lead(monday, LeadTime::WorkingDays(1)), "2026-11-20".parse().unwrap());
        assert_eq!(lead(monday, LeadTime::Days(1)), "2026-11-22".parse().unwrap());
        assert_eq!(lead(monday, LeadTime::WorkingDays(0)), monday);
    }

    #[test]
    fn a_day_begins_where_the_person_is() {
        let day: Date = "2026-03-29".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(start_of(day, &berlin).to_string(), "2026-03-28T23:00:00Z");
        // 02:30 does not exist on the day the clocks go forward.
        assert_eq!(
            at(day, Time::constant(2, 30, 0, 0), &berlin).to_string(),
            "2026-03-29T01:30:00Z"
        );
    }
}
