//! Contracts: when the work of a contractor must be looked at again, whom that is for, and what is
//! told by hand that keeps a contractor longer than was known (J12).

use jiff::{Timestamp, civil::Date};

use super::{
    calendar,
    lifecycle::{self, Hours},
    merge::end_of,
};
use crate::model::{
    id::SourceName,
    person::{Engagement, EngagementKind, Person},
};

/// The day by which somebody must say whether a contractor's work goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// The day.
    pub day: Date,
    /// When it is over where she is.
    pub over: Timestamp,
}

/// The review of `engagement`, if one is told.
#[must_use]
pub fn review(person: &Person, engagement: &Engagement, hours: &Hours<'_>) -> Option<Review> {
    let day = engagement.terms.review_date?;
    let zone = hours.zone(person, &engagement.terms);
    let next = day.tomorrow().unwrap_or(Date::MAX);
    Some(Review { day, over: calendar::start_of(next, &zone) })
}

/// What was told by hand of the end of the engagement called `number`: the fields to take back.
#[must_use]
pub fn end_by_hand(person: &Person, number: u32) -> Vec<&'static str> {
    let hand = SourceName::hand();
    let tellings = person.told.iter().filter(|telling| telling.anchor.source == hand);
    let mut told = tellings.flat_map(|telling| &telling.engagements);
    let Some(own) = told.find(|one| one.number == number) else { return Vec::new() };
    let (end, last, status, termination) = end_of(&own.terms);
    let fields = [
        end.map(|_| "end_date"),
        last.map(|_| "last_working_day"),
        status.map(|_| "status"),
        termination.map(|_| "termination"),
    ];
    fields.into_iter().flatten().collect()
}

/// Until when somebody is here as it stands: the last end, or the day of the last review where no
/// end is known. Nothing where neither is.
fn until(person: &Person, hours: &Hours<'_>) -> Option<Date> {
    let stints = lifecycle::stints(person, hours);
    let day = |number: u32, end: Option<Timestamp>| {
        let own = person.engagements.iter().find(|one| one.number == number)?;
        let zone = hours.zone(person, &own.terms);
        end.map(|end| end.to_zoned(zone).date()).or(own.terms.review_date)
    };
    let days: Option<Vec<Date>> = stints.iter().map(|stint| day(stint.number, stint.end)).collect();
    days?.into_iter().max()
}

/// How `after` keeps a contractor longer than `before`, or for good, in words; nothing where it does
/// not. Who was here without an end or a review before stays as long as before.
#[must_use]
pub fn extended(before: &Person, after: &Person, hours: &Hours<'_>) -> Option<String> {
    let is_contractor = |person: &Person| {
        let mut kinds = person.engagements.iter().map(|one| one.terms.kind);
        !person.engagements.is_empty() && kinds.all(|kind| kind == Some(EngagementKind::Contractor))
    };
    if !is_contractor(before) {
        return None;
    }
    let was = until(before, hours)?;
    match until(after, hours) {
        None => Some(format!("stays without an end or a review, not until {was}")),
        Some(is) if is > was => Some(format!("stays until {is}, not until {was}")),
        Some(_) if !is_contractor(after) => Some(format!("is no contractor any more, until {was}")),
        Some(_) => None,
    }
}
