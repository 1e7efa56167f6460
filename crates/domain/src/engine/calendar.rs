//! Calendar days in a place, and the instants they stand for.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::model::{
    person::{Person, Terms},
    policy::{DayEnd, LeadTime, Organization, Place},
};

/// Where somebody works: whose free days and whose clock count for her there.
#[derive(Debug, Clone, Copy)]
pub struct Whereabouts<'a> {
    organization: &'a Organization,
    /// What is known of the work location and of the country; the location goes first.
    places: [Option<&'a Place>; 2],
}

impl<'a> Whereabouts<'a> {
    /// Where somebody with these terms works.
    #[must_use]
    pub fn of(terms: Option<&Terms>, organization: &'a Organization) -> Self {
        let place = |name: Option<&String>| organization.place(name.map(String::as_str));
        let location = terms.and_then(|terms| place(terms.location.as_ref()));
        let country = terms.and_then(|terms| place(terms.country.as_ref()));
        Self { organization, places: [location, country] }
    }

    /// The zone in which `person`'s dates count here: her own, else the place's, else the
    /// organisation's.
    #[must_use]
    pub fn zone(&self, person: &Person) -> TimeZone {
        let own = person.profile.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        own.unwrap_or_else(|| {
            let here = self.places.iter().flatten().find_map(|place| place.time_zone.as_ref());
            here.unwrap_or(&self.organization.time_zone).clone()
        })
    }

    /// Whether people work here on this day.
    #[must_use]
    pub fn is_working_day(&self, day: Date) -> bool {
        let places = || self.places.iter().flatten();
        let weekend = places().find_map(|place| place.weekend.as_ref());
        !weekend.unwrap_or(&self.organization.weekend).contains(&day.weekday())
            && !self.organization.holidays.contains(&day)
            && !places().any(|place| place.holidays.contains(&day))
    }
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

/// The instant at which access ends on its last day.
#[must_use]
pub fn end_of(day: Date, end: DayEnd, zone: &TimeZone) -> Timestamp {
    match end {
        DayEnd::At(time) => at(day, time, zone),
        DayEnd::EndOfDay => start_of(day.tomorrow().unwrap_or(Date::MAX), zone),
    }
}

/// The instant so many days later at which the clock in `zone` shows the same.
#[must_use]
pub fn days_after(from: Timestamp, days: u16, zone: &TimeZone) -> Timestamp {
    let later = from.to_zoned(zone.clone()).checked_add(i32::from(days).days());
    later.map_or(Timestamp::MAX, |later| later.timestamp())
}

/// Whether nobody works between `last` and `start`, so that work goes on without a break.
#[must_use]
pub fn touches(last: Date, start: Date, here: &Whereabouts<'_>) -> bool {
    let mut day = last;
    // Ten days off in a row are a break, whatever the calendar says.
    for _ in 0..10 {
        day = day.tomorrow().unwrap_or(Date::MAX);
        if day == start {
            return true;
        }
        if here.is_working_day(day) {
            return false;
        }
    }
    false
}

/// The day on which an invitation goes out for a start on `start`.
#[must_use]
pub fn lead(start: Date, lead: LeadTime, here: &Whereabouts<'_>) -> Date {
    match lead {
        LeadTime::Days(days) => back(start, i32::from(days)),
        LeadTime::WorkingDays(days) => {
            let mut day = start;
            let mut left = days;
            while left > 0 && day > Date::MIN {
                day = back(day, 1);
                if here.is_working_day(day) {
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

    fn organization() -> Organization {
        let mut organization = Organization::new(TimeZone::UTC);
        organization.holidays.insert("2026-12-25".parse().unwrap());
        let mut germany = Place::default();
        germany.holidays.insert("2026-10-30".parse().unwrap());
        let dubai = Place {
            weekend: Some(vec![jiff::civil::Weekday::Friday]),
            time_zone: TimeZone::get("Asia/Dubai").ok(),
            ..Place::default()
        };
        organization.places.insert("de".to_owned(), germany);
        organization.places.insert("dubai".to_owned(), dubai);
        organization
    }

    fn terms(location: &str, country: &str) -> Terms {
        let text = |text: &str| Some(text.to_owned());
        Terms { location: text(location), country: text(country), ..Terms::default() }
    }

    #[test]
    fn working_days_before_a_start_skip_what_is_free_where_the_person_works() {
        let organization = organization();
        let before = |day: &str, time: LeadTime, location: &str, country: &str| {
            let terms = terms(location, country);
            let here = Whereabouts::of(Some(&terms), &organization);
            lead(day.parse().unwrap(), time, &here).to_string()
        };
        let one = LeadTime::WorkingDays(1);
        assert_eq!(before("2026-11-23", one, "", ""), "2026-11-20");
        assert_eq!(before("2026-11-23", LeadTime::Days(1), "", ""), "2026-11-22");
        assert_eq!(before("2026-11-23", LeadTime::WorkingDays(0), "", ""), "2026-11-23");
        assert_eq!(before("2026-12-28", one, "", ""), "2026-12-24", "a holiday everywhere");
        assert_eq!(before("2026-11-02", one, "", ""), "2026-10-30");
        assert_eq!(before("2026-11-02", one, "", " de "), "2026-10-29", "a holiday there");
        assert_eq!(before("2026-11-23", one, "Dubai", ""), "2026-11-22", "Sunday is worked there");
        assert_eq!(before("2026-11-21", one, "Dubai", "DE"), "2026-11-19", "the location first");
        assert_eq!(before("-009999-01-02", LeadTime::WorkingDays(9), "", ""), "-009999-01-01");
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
