//! Words on an end: what a source says of whether and when an engagement ends, since when, and what
//! the sources say where somebody told another end by hand. A source is read again and again and
//! always speaks of today; a word by hand was said once. So it holds against what was known when
//! it was said, and not against a later word (see `lifecycle`).

use jiff::{Timestamp, civil::Date};

use super::rank::{Part, Ranking, ranked, terms_parts, view};
use crate::model::{
    id::SourceName,
    person::{BesideHand, EmploymentStatus, Engagement, Telling, TerminationType, Terms},
};

/// What of `terms` tells whether and when the work ends.
#[must_use]
pub fn end_of(
    terms: &Terms,
) -> (Option<Date>, Option<Date>, Option<EmploymentStatus>, Option<TerminationType>) {
    let over = [EmploymentStatus::Ended, EmploymentStatus::Withdrawn];
    let status = terms.status.filter(|status| over.contains(status));
    (terms.end_date, terms.last_working_day, status, terms.termination)
}

/// Whether `terms` tell anything of an end.
#[must_use]
pub fn tells_end(terms: &Terms) -> bool {
    end_of(terms) != (None, None, None, None)
}

/// What the sources say of the end of the engagement called `number`, which comes to `terms`, where
/// somebody told another by hand. Nothing where nobody did, or they say the same.
pub(super) fn beside_hand(
    tellings: &[Telling],
    (number, terms): (u32, &Terms),
    ranking: &Ranking,
) -> Option<BesideHand> {
    let by_hand = SourceName::hand();
    let parts = terms_parts(tellings, number);
    let (hand, others): (Vec<Part<'_>>, Vec<_>) =
        parts.into_iter().partition(|part| part.telling.anchor.source == by_hand);
    let words = hand.iter().filter_map(|part| told_of(part.telling, number)?.end_told.clone());
    let hand = words.max_by_key(|word| word.at)?;
    let all: Terms = view(&others, ranking);
    let told = Terms {
        status: all.status,
        status_raw: all.status_raw,
        start_date: all.start_date,
        end_date: all.end_date,
        last_working_day: all.last_working_day,
        termination: all.termination,
        ..Terms::default()
    };
    if end_of(&told) == end_of(terms) {
        return None;
    }
    let at = others.iter().filter_map(|part| told_of(part.telling, number)).map(said).max()?;
    let field = if told.last_working_day.is_some() {
        "last_working_day"
    } else if told.end_date.is_some() {
        "end_date"
    } else {
        "status"
    };
    let best = ranked(&others, field, ranking).first().map(|part| part.telling);
    let best = best.or_else(|| others.first().map(|part| part.telling))?;
    let seen = ranked(&others, "status", ranking);
    let seen = seen.first().and_then(|part| told_of(part.telling, number)?.ended_seen);
    let ended_seen = seen.filter(|_| told.status == Some(EmploymentStatus::Ended));
    Some(BesideHand { source: best.anchor.clone(), terms: told, ended_seen, at, hand })
}

fn told_of(telling: &Telling, number: u32) -> Option<&Engagement> {
    telling.engagements.iter().find(|one| one.number == number)
}

/// When a source last said something new of the end of an engagement.
fn said(engagement: &Engagement) -> Timestamp {
    let told = engagement.end_told.as_ref().map(|word| word.at);
    told.or(engagement.ended_seen).unwrap_or(engagement.first_seen)
}
