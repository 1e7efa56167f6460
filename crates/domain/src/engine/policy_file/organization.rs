//! Checking what holds for the whole organisation: zones, domains, free days, places.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use serde_saphyr::Spanned;

use super::{
    check::Check,
    raw::{RawOrganization, RawPlace},
};
use crate::{
    engine::merge::attribute_names,
    model::{
        id::SourceName,
        policy::{Organization, Place, SourceRanks},
    },
};

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl Check {
    pub(super) fn organization(&mut self, raw: &RawOrganization) -> Option<Organization> {
        let RawOrganization {
            time_zone,
            domains,
            sources,
            stale_after,
            attributes,
            weekend,
            holidays,
            places,
        } = raw;
        let mut own = Vec::new();
        for domain in domains {
            if domain.value.contains('@') || !domain.value.contains('.') {
                self.note(
                    domain,
                    format!("{:?} is not a domain; write it as in acme.example", domain.value),
                );
            }
            own.push(domain.value.to_lowercase());
        }
        let mut checked = Organization::new(TimeZone::UTC);
        checked.domains = own;
        checked.sources = self.sources(sources, attributes);
        if let Some(days) = stale_after.as_ref().and_then(|text| self.stale_after(text)) {
            checked.stale_after_days = days;
        }
        if let Some(weekend) = weekend {
            checked.weekend = self.weekend(weekend);
        }
        checked.holidays = self.holidays(holidays);
        for (name, place) in places {
            let place = self.place(place);
            checked.places.insert(name.trim().to_lowercase(), place);
        }
        checked.time_zone = self.zone(time_zone)?;
        Some(checked)
    }

    fn stale_after(&mut self, text: &Spanned<String>) -> Option<u16> {
        let days = match text.value.split_whitespace().collect::<Vec<_>>().as_slice() {
            [count, "day" | "days"] => count.parse().ok().filter(|days| (1..=366).contains(days)),
            _ => None,
        };
        if days.is_none() {
            self.note(
                text,
                format!(
                    "{:?} is not a time after which a source is stale; write it as in \"7 days\", \
                     1 at least and 366 at most",
                    text.value
                ),
            );
        }
        days
    }

    /// Whose word counts before whose. That a source exists is not asked: its first import may be
    /// still to come.
    fn sources(
        &mut self,
        order: &[Spanned<String>],
        attributes: &BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
    ) -> SourceRanks {
        let mut ranks = SourceRanks { order: self.ranks(order), ..SourceRanks::default() };
        let names = attribute_names();
        for (attribute, sources) in attributes {
            if !names.contains(attribute) {
                let known = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                self.note(sources, format!("people have no {attribute:?}; they have {known}"));
            }
            let sources = self.ranks(&sources.value);
            ranks.attributes.insert(attribute.clone(), sources);
        }
        ranks
    }

    fn ranks(&mut self, order: &[Spanned<String>]) -> Vec<SourceName> {
        let mut ranks = Vec::new();
        for text in order {
            let Some(source) = self.parsed::<SourceName>(text) else { continue };
            if ranks.contains(&source) {
                self.note(text, format!("{source} is ranked twice; name it once"));
            }
            ranks.push(source);
        }
        ranks
    }

    fn place(&mut self, raw: &RawPlace) -> Place {
        let RawPlace { time_zone, weekend, holidays } = raw;
        Place {
            time_zone: time_zone.as_ref().and_then(|zone| self.zone(zone)),
            weekend: weekend.as_ref().map(|days| self.weekend(days)),
            holidays: self.holidays(holidays),
        }
    }

    fn zone(&mut self, name: &Spanned<String>) -> Option<TimeZone> {
        let zone = TimeZone::get(&name.value).ok();
        if zone.is_none() {
            self.note(
                name,
                format!(
                    "{:?} is not a time zone; use a name such as Europe/Berlin or America/New_York",
                    name.value
                ),
            );
        }
        zone
    }

    fn weekend(&mut self, days: &[Spanned<String>]) -> Vec<Weekday> {
        let mut found = Vec::new();
        for day in days {
            let known = self.word(Some(day), &WEEKDAYS.map(|(word, day)| (word, Some(day))), None);
            found.extend(known.filter(|day| !found.contains(day)));
        }
        if let (7, Some(last)) = (found.len(), days.last()) {
            self.note(last, "a week without a working day; leave one out".to_owned());
        }
        found
    }

    fn holidays(&mut self, days: &[Spanned<String>]) -> BTreeSet<Date> {
        let mut found = BTreeSet::new();
        for day in days {
            match day.value.parse::<Date>() {
                Ok(date) => {
                    found.insert(date);
                }
                Err(_) => self
                    .note(day, format!("{:?} is not a day; write it as in 2026-12-25", day.value)),
            }
        }
        found
    }
}
