//! What a person is at a moment, computed from dates and zone, never stored: prospective, active,
//! on leave, leaving, ended, withdrawn, unknown.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use super::calendar::{self, Whereabouts};
use crate::model::{
    person::{BesideHand, EmploymentStatus, Engagement, Person, TerminationType, Terms},
    plan::Reason,
    policy::{AppPolicy, Follows, LastDay, LeadTime, Organization},
};

/// An end that lay further back than this when Muster first heard of the engagement is history,
/// not an order (60 days).
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Where the end of access by an order comes from, among the reasons.
pub(super) const ORDERED: &str = "offboard";

/// When days begin and end for access: what an app's policy says about it.
#[derive(Debug, Clone)]
pub struct Hours<'a> {
    /// Whose zones and free days count.
    pub organization: &'a Organization,
    /// Which day ends access, and when on it.
    pub leaver: LastDay,
    /// How long before the first day access may begin.
    pub lead: LeadTime,
}

impl<'a> Hours<'a> {
    /// The hours of `organization` where no app is in question: without a lead time.
    #[must_use]
    pub fn usual(organization: &'a Organization) -> Self {
        Self { organization, leaver: LastDay::default(), lead: LeadTime::Days(0) }
    }

    /// The hours of an app with these `rules`.
    #[must_use]
    pub const fn of(organization: &'a Organization, rules: &AppPolicy) -> Self {
        Self { organization, leaver: rules.leaver, lead: rules.invite_before }
    }

    /// The zone in which the dates of `person` count in an engagement with these terms.
    #[must_use]
    pub fn zone(&self, person: &Person, terms: &Terms) -> TimeZone {
        Whereabouts::of(Some(terms), self.organization).zone(person)
    }
}

/// An engagement as a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stint {
    /// The engagement's number.
    pub number: u32,
    /// When Muster first saw it.
    pub first_seen: Timestamp,
    /// When access may begin: the first day less the lead time.
    pub access_from: Timestamp,
    /// When the work begins.
    pub start: Timestamp,
    /// When access ends, if an end is known.
    pub end: Option<Timestamp>,
    /// Where the end comes from, if one is known.
    pub because: Option<Reason>,
    /// Whether the end lay too far back to be an order when it was first seen.
    pub history: bool,
    /// Whether the end was ordered by hand by a named person.
    pub ordered_by: Option<String>,
    /// Why the source's word cannot be relied on: a status nobody mapped, or a hire without a day.
    pub unclear: Option<String>,
    /// How its dates contradict each other, if they do.
    pub conflict: Option<String>,
}

/// What a person is at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PersonState {
    /// The start was cancelled before day one.
    Withdrawn,
    /// Known, not started.
    Prospective {
        /// When the work begins.
        starts: Timestamp,
    },
    /// Works here.
    Active,
    /// Works here, is away.
    OnLeave,
    /// Works here, and the end is known.
    Leaving {
        /// When access ends.
        at: Timestamp,
    },
    /// No longer works here.
    Ended {
        /// When access ended.
        at: Timestamp,
    },
    /// The source does not say anything that could be relied on.
    Unknown {
        /// Why.
        why: String,
    },
}

impl PersonState {
    /// Every word used in output.
    pub const WORDS: [&str; 7] =
        ["withdrawn", "prospective", "active", "on_leave", "leaving", "ended", "unknown"];

    /// The day where she is on which she starts, works last, or worked last. At what time of the day
    /// access ends each app's policy says.
    #[must_use]
    pub fn day(&self, zone: &TimeZone) -> Option<Date> {
        match self {
            Self::Prospective { starts: at } | Self::Leaving { at } | Self::Ended { at } => {
                Some(at.to_zoned(zone.clone()).date())
            }
            Self::Withdrawn | Self::Active | Self::OnLeave | Self::Unknown { .. } => None,
        }
    }

    /// The word used in output.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Prospective { .. } => "prospective",
            Self::Active => "active",
            Self::OnLeave => "on_leave",
            Self::Leaving { .. } => "leaving",
            Self::Ended { .. } => "ended",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// The zone in which `person`'s dates count, in her latest engagement.
#[must_use]
pub fn zone_of(person: &Person, organization: &Organization) -> TimeZone {
    let terms = person.engagements.last().map(|engagement| &engagement.terms);
    Whereabouts::of(terms, organization).zone(person)
}

/// The person's engagements as stretches of time; withdrawn ones are left out.
#[must_use]
pub fn stints(person: &Person, hours: &Hours<'_>) -> Vec<Stint> {
    let mut stints: Vec<_> = person
        .engagements
        .iter()
        .filter(|engagement| engagement.terms.status != Some(EmploymentStatus::Withdrawn))
        .map(|engagement| stint(person, engagement, hours))
        .collect();
    if stints.len() > 1 {
        join_touching(person, &mut stints, hours);
    }
    stints
}

/// No break where dates touch (M9): an engagement that begins on the next working
/// day after another's last day gives access from the moment at which the other's ends.
fn join_touching(person: &Person, stints: &mut [Stint], hours: &Hours<'_>) {
    let terms = |number| person.engagements.iter().find(|e| e.number == number).map(|e| &e.terms);
    let ends: Vec<_> = stints
        .iter()
        .filter_map(|stint| {
            let terms = terms(stint.number)?;
            let (day, _) = last_day(terms, hours.leaver.follows)?;
            let at = calendar::end_of(day, hours.leaver.at, &hours.zone(person, terms));
            (stint.end == Some(at)).then_some((day, at))
        })
        .collect();
    for stint in stints {
        let Some(terms) = terms(stint.number) else { continue };
        let Some(start) = terms.start_date else { continue };
        let here = Whereabouts::of(Some(terms), hours.organization);
        let touching = ends.iter().filter(|(day, _)| calendar::touches(*day, start, &here));
        if let Some((_, at)) = touching.min_by_key(|(_, at)| *at) {
            stint.access_from = stint.access_from.min(*at);
        }
    }
}

fn stint(person: &Person, engagement: &Engagement, hours: &Hours<'_>) -> Stint {
    let terms = &engagement.terms;
    let here = Whereabouts::of(Some(terms), hours.organization);
    let zone = &here.zone(person);
    let (start, access_from) = match terms.start_date {
        Some(day) => (
            calendar::start_of(day, zone),
            calendar::start_of(calendar::lead(day, hours.lead, &here), zone),
        ),
        None => (Timestamp::MIN, Timestamp::MIN),
    };
    let mut end = told_end(person, engagement, zone, hours.leaver);
    if let Some(later) = later_word(engagement, zone, hours.leaver)
        && end.as_ref().is_none_or(|(at, _)| later.0 < *at)
    {
        end = Some(later);
    }
    let mut ordered_by = None;
    if let Some(order) = &person.ordered_end
        && engagement.first_seen <= order.ordered
        && end.as_ref().is_none_or(|(at, _)| order.at < *at)
    {
        ordered_by = Some(order.by.clone());
        end = Some((
            order.at,
            Reason::new(ORDERED, format!("{} ordered the end of access", order.by)),
        ));
    }
    let unclear = match (terms.status, &end) {
        (Some(EmploymentStatus::Unknown), None) => Some(format!(
            "nobody mapped the status {:?}",
            terms.status_raw.as_deref().unwrap_or_default()
        )),
        (Some(EmploymentStatus::Pending), None) if terms.start_date.is_none() => {
            Some("hired, but the first day is not told".to_owned())
        }
        _ => None,
    };
    let history = ordered_by.is_none()
        && end.as_ref().is_some_and(|(at, _)| {
            at.checked_add(LOOK_BACK).is_ok_and(|latest| latest < engagement.first_seen)
        });
    let (end, because) = end.unzip();
    Stint {
        number: engagement.number,
        first_seen: engagement.first_seen,
        access_from,
        start,
        end,
        because,
        history,
        ordered_by,
        unclear,
        conflict: conflict(terms),
    }
}

/// The end that the sources tell although somebody told another by hand, when it came after that
/// word: who left must not stay inside because of what somebody said before (law 1).
fn later_word(
    engagement: &Engagement,
    zone: &TimeZone,
    leaver: LastDay,
) -> Option<(Timestamp, Reason)> {
    let beside = engagement.beside_hand.as_deref().filter(|beside| beside.at >= beside.hand.at)?;
    let (at, what) = end_beside_hand(beside, zone, leaver)?;
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let says = format!(
        "{what}, told on {}; the word of {} by hand of {} is older",
        day(beside.at),
        beside.hand.by.as_deref().unwrap_or("somebody"),
        day(beside.hand.at)
    );
    Some((at, Reason::new(format!("source {}", beside.source), says)))
}

/// The end that the sources tell where somebody told another by hand.
fn end_beside_hand(
    beside: &BesideHand,
    zone: &TimeZone,
    leaver: LastDay,
) -> Option<(Timestamp, String)> {
    let told = Told { terms: &beside.terms, ended_seen: beside.ended_seen };
    told.end(zone, leaver).map(|(at, what)| (at, what.says))
}

/// How the dates of an end contradict each other: nobody works on after the contract.
fn conflict(terms: &Terms) -> Option<String> {
    let (last, end) = (terms.last_working_day?, terms.end_date?);
    let real = end < last && terms.start_date.is_none_or(|start| end >= start);
    real.then(|| format!("the last working day {last} lies after the end date {end}"))
}

/// What is told of an end.
struct Told<'a> {
    terms: &'a Terms,
    ended_seen: Option<Timestamp>,
}

/// What an end rests on.
struct EndIs {
    says: String,
    day: Option<Date>,
}

impl Told<'_> {
    /// The end: the day that the policy follows, at the policy's time; an involuntary end counts
    /// from the moment it became known; "ended" without a date counts from the moment it was first
    /// seen.
    fn end(&self, zone: &TimeZone, leaver: LastDay) -> Option<(Timestamp, EndIs)> {
        let Self { terms, ended_seen } = *self;
        let found = last_day(terms, leaver.follows);
        let day = found.map(|(day, _)| day);
        let dated = found.map(|(day, what)| {
            let mut says = format!("{what} {day}");
            if let Some(conflict) = conflict(terms) {
                says = format!("{says}: {conflict}, and the earlier counts");
            }
            (calendar::end_of(day, leaver.at, zone), says)
        });
        let ended = terms.status == Some(EmploymentStatus::Ended);
        let seen = ended_seen.filter(|_| ended);
        let involuntary = terms.termination == Some(TerminationType::Involuntary);
        let (at, says) = match (dated, seen) {
            (Some((at, _)), Some(seen)) if involuntary && seen < at => {
                (seen, "involuntary end: access ends when it becomes known".to_owned())
            }
            (Some(dated), _) => dated,
            (None, Some(seen)) => {
                let word = terms.status_raw.as_deref().unwrap_or("ended");
                (seen, format!("status {word:?} without a date"))
            }
            (None, None) => return None,
        };
        Some((at, EndIs { says, day }))
    }
}

/// The end that the sources tell, as they rank.
fn told_end(
    person: &Person,
    engagement: &Engagement,
    zone: &TimeZone,
    leaver: LastDay,
) -> Option<(Timestamp, Reason)> {
    let Engagement { terms, ended_seen, .. } = engagement;
    let (at, EndIs { says, day }) = Told { terms, ended_seen: *ended_seen }.end(zone, leaver)?;
    let so = |told: &Terms| match day {
        Some(_) => last_day(told, leaver.follows).map(|(day, _)| day) == day,
        None => told.status == terms.status,
    };
    let from = format!("source {}", person.teller(engagement.number, so));
    Some((at, Reason::new(from, says)))
}

/// The day after which access ends, and what it is: the one that the policy follows, else the other;
/// the contract's end where the last working day is told to lie after it. An end before the start
/// belongs to an earlier stint.
fn last_day(terms: &Terms, follows: Follows) -> Option<(Date, &'static str)> {
    let after_start = |day: &Date| terms.start_date.is_none_or(|start| *day >= start);
    let last = terms.last_working_day.filter(after_start).map(|day| (day, "last working day"));
    let end = terms.end_date.filter(after_start).map(|day| (day, "end date"));
    match (last, end) {
        (Some(last), Some(end)) if follows == Follows::LastWorkingDay && last.0 <= end.0 => {
            Some(last)
        }
        (last, end) => end.or(last),
    }
}

/// That the sources and a word by hand do not agree on an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The engagement.
    pub engagement: u32,
    /// Since when both are said.
    pub since: Timestamp,
    /// When access ends by what the sources say.
    pub sources: Option<Timestamp>,
    /// When access ends as it stands.
    pub stands: Option<Timestamp>,
    /// Both, in a sentence, and which counts.
    pub says: String,
}

impl Contradiction {
    /// Whether one of them says that the work is over at `now` and the other that it goes on.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        let over = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
        over(self.sources) != over(self.stands)
    }

    /// Since when both are said and one of the ends has passed; in the far future when neither has.
    #[must_use]
    pub fn open_since(&self) -> Timestamp {
        let ends = [self.sources, self.stands].into_iter().flatten();
        ends.min().unwrap_or(Timestamp::MAX).max(self.since)
    }
}

/// Where the sources and what somebody told by hand do not agree on an end of `person`.
#[must_use]
pub fn contradictions(person: &Person, hours: &Hours<'_>) -> Vec<Contradiction> {
    person.engagements.iter().filter_map(|one| contradiction(person, one, hours)).collect()
}

fn contradiction(
    person: &Person,
    engagement: &Engagement,
    hours: &Hours<'_>,
) -> Option<Contradiction> {
    let beside = engagement.beside_hand.as_deref()?;
    let BesideHand { source, terms, at, hand, .. } = beside;
    let zone = hours.zone(person, &engagement.terms);
    let withdrawn = |terms: &Terms| terms.status == Some(EmploymentStatus::Withdrawn);
    let over = |terms: &Terms| withdrawn(terms).then_some(Timestamp::MIN);
    let told = end_beside_hand(beside, &zone, hours.leaver).map(|(at, _)| at);
    let sources = over(terms).or(told);
    let ours = told_end(person, engagement, &zone, hours.leaver).map(|(at, _)| at);
    let ours = over(&engagement.terms).or(ours);
    let newer = *at >= hand.at;
    let first = ours.is_none_or(|ours| sources.is_some_and(|sources| sources < ours));
    let stands = if newer && first { sources.or(ours) } else { ours };
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let ends = |end: Option<Timestamp>| match end {
        None => "no end".to_owned(),
        Some(end) if end == Timestamp::MIN => "a start that was withdrawn".to_owned(),
        Some(end) => format!("an end on {}", day(end)),
    };
    let which = if stands == sources { "the later word counts" } else { "the word by hand counts" };
    Some(Contradiction {
        engagement: engagement.number,
        since: (*at).max(hand.at),
        sources,
        stands,
        says: format!(
            "{source} says {} since {}, but {} said {} by hand on {}; {which}",
            ends(sources),
            day(*at),
            hand.by.as_deref().unwrap_or("somebody"),
            ends(ours),
            day(hand.at)
        ),
    })
}

/// The moments at which what `person` is changes by itself.
#[must_use]
pub fn turns(person: &Person, stints: &[Stint], hours: &Hours<'_>) -> Vec<Timestamp> {
    let mut turns = Vec::new();
    for stint in stints {
        turns.extend([stint.access_from, stint.start]);
        turns.extend(stint.end);
    }
    for Engagement { terms, .. } in &person.engagements {
        for day in [terms.leave_start, terms.leave_return].into_iter().flatten() {
            turns.push(calendar::start_of(day, &hours.zone(person, terms)));
        }
    }
    turns
}

/// What `person` is at `now`.
#[must_use]
pub fn state(person: &Person, hours: &Hours<'_>, now: Timestamp) -> PersonState {
    let stints = stints(person, hours);
    if stints.is_empty() {
        return PersonState::Withdrawn;
    }
    let open = |stint: &&Stint| stint.end.is_none_or(|end| now < end);
    let current: Vec<_> = stints
        .iter()
        .filter(|stint| stint.start <= now && stint.unclear.is_none())
        .filter(open)
        .collect();
    if !current.is_empty() {
        let endless = stints.iter().any(|stint| stint.end.is_none());
        let last = stints.iter().filter_map(|stint| stint.end).max();
        return match last {
            Some(at) if !endless => PersonState::Leaving { at },
            _ if on_leave(person, hours, now) => PersonState::OnLeave,
            _ => PersonState::Active,
        };
    }
    if let Some(why) = stints.iter().find_map(|stint| stint.unclear.clone()) {
        return PersonState::Unknown { why };
    }
    if let Some(starts) = stints.iter().filter(open).map(|stint| stint.start).min() {
        return PersonState::Prospective { starts };
    }
    PersonState::Ended { at: stints.iter().filter_map(|stint| stint.end).max().unwrap_or(now) }
}

/// Whether the person is away at `now` from everything she does here, by dates where there are
/// any, else by status. A leave in an engagement that is over says nothing about the present one.
#[must_use]
pub fn on_leave(person: &Person, hours: &Hours<'_>, now: Timestamp) -> bool {
    let tells_of_leave = |e: &Engagement| {
        e.terms.leave_start.is_some() || e.terms.status == Some(EmploymentStatus::OnLeave)
    };
    if !person.engagements.iter().any(tells_of_leave) {
        return false;
    }
    let stints = stints(person, hours);
    let running = |number: u32| {
        stints.iter().any(|stint| {
            stint.number == number
                && stint.access_from <= now
                && stint.end.is_none_or(|end| now < end)
        })
    };
    let mut current = person.engagements.iter().filter(|e| running(e.number)).peekable();
    current.peek().is_some()
        && current.all(|engagement| {
            let terms = &engagement.terms;
            let today = now.to_zoned(hours.zone(person, terms)).date();
            match (terms.leave_start, terms.leave_return) {
                (Some(from), back) => from <= today && back.is_none_or(|back| today < back),
                (None, _) => terms.status == Some(EmploymentStatus::OnLeave),
            }
        })
}
