//! Contracts: when the work of a contractor must be looked at again, whom that is for, and what is
//! told by hand that keeps a contractor longer than was known (J12).

use jiff::{Timestamp, civil::Date};

use super::{
    calendar::{self, Whereabouts},
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

/// Whether anything lets somebody in yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// She works here, or an account of hers still lets her in.
    Yes,
    /// Her work is over, and no account lets her in.
    No,
}

/// An engagement as days at work.
#[derive(Debug, Clone, Copy)]
struct Span<'a> {
    from: Date,
    /// The day after which it is over or must be looked at again; [`Date::MAX`] where neither is
    /// known.
    to: Date,
    here: Whereabouts<'a>,
    is_contract: bool,
}

/// The engagements of `person` as days at work, the first first.
fn spans<'a>(person: &Person, hours: &Hours<'a>) -> Vec<Span<'a>> {
    let stints = lifecycle::stints(person, hours);
    let span = |number: u32, end: Option<Timestamp>| {
        let terms = &person.engagements.iter().find(|one| one.number == number)?.terms;
        let here = Whereabouts::of(Some(terms), hours.organization);
        let end = end.map(|end| end.to_zoned(here.zone(person)).date());
        Some(Span {
            from: terms.start_date.unwrap_or(Date::MIN),
            to: end.or(terms.review_date).unwrap_or(Date::MAX),
            here,
            is_contract: terms.kind == Some(EngagementKind::Contractor),
        })
    };
    let mut spans: Vec<_> =
        stints.iter().filter_map(|stint| span(stint.number, stint.end)).collect();
    spans.sort_by_key(|span| (span.from, span.to));
    spans
}

/// Until when somebody is here as it stands, and whether as a contractor.
fn last(spans: &[Span<'_>]) -> Option<(Date, bool)> {
    let to = spans.iter().map(|span| span.to).max()?;
    Some((to, spans.iter().filter(|span| span.to == to).all(|span| span.is_contract)))
}

/// First and last days of work without a break: what overlaps or touches is one stretch.
fn stretches(spans: &[Span<'_>]) -> Vec<(Date, Date)> {
    let mut found: Vec<(Date, Date)> = Vec::new();
    for span in spans {
        match found.last_mut() {
            Some((_, to)) if span.from <= *to || calendar::touches(*to, span.from, &span.here) => {
                *to = span.to.max(*to);
            }
            _ => found.push((span.from, span.to)),
        }
    }
    found
}

/// The last day after which work goes on without a break where it would have stopped before.
fn goes_on_after(before: &[Span<'_>], after: &[Span<'_>]) -> Option<Date> {
    let known = stretches(before);
    stretches(after).into_iter().find_map(|(from, to)| {
        let of = known.iter().filter(|(began, over)| *began <= to && from <= *over);
        of.map(|(_, over)| *over).min().filter(|over| *over < to)
    })
}

/// How `after` keeps a contractor longer than `before`, or for good, in words; nothing where it does
/// not. Who was here without an end or a review before stays as long as before. Who comes back
/// after a break, and whom nothing lets in any more, is not kept: letting her in is a decision of
/// its own.
#[must_use]
pub fn extended(
    before: &Person,
    after: &Person,
    hours: &Hours<'_>,
    inside: Inside,
) -> Option<String> {
    let (before, after) = (spans(before, hours), spans(after, hours));
    let (was, true) = last(&before)? else { return None };
    let (is, is_contract) = last(&after)?;
    let joined = goes_on_after(&before, &after);
    if was == Date::MAX {
        return None;
    }
    if inside == Inside::No && joined.is_none() && is > was {
        return None;
    }
    match joined {
        _ if is == Date::MAX => Some(format!("stays without an end or a review, not until {was}")),
        _ if is > was => Some(format!("stays until {is}, not until {was}")),
        Some(over) => Some(format!("works on without a break after {over}")),
        None => (!is_contract).then(|| format!("is no contractor any more, until {was}")),
    }
}
