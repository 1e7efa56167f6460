//! What people tell Muster themselves: one more source, called `hand`, that tells attribute by
//! attribute beside whatever the others tell. For a company without an HR system it is the only
//! one.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    merge::{Ranking, attribute_names, attributes, blank, engagement, tell, tells_end},
    moves,
};
use crate::model::{
    id::{OrgId, PersonId, SourceId, SourceName},
    person::{
        Anchor, EmploymentStatus, EndWord, Engagement, EngagementKind, Person, Profile, Telling,
        TerminationType, Terms,
    },
};

pub use crate::model::word::{Ending, Word};

/// Why something told by hand is not believed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotBelieved(pub String);

/// When something is told, and whose word counts.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now.
    pub now: Timestamp,
    /// The day it is where the organisation is.
    pub today: Date,
    /// Whose word counts before whose.
    pub ranking: &'a Ranking,
    /// Who tells it.
    pub by: &'a str,
}

impl Moment<'_> {
    /// `engagement` as it is told now by hand: a word on the end says when it came and from whom.
    fn signed(&self, engagement: Engagement, told: &Terms) -> Engagement {
        let word = EndWord { at: self.now, by: Some(self.by.to_owned()) };
        let end_told = if tells_end(told) { Some(word) } else { engagement.end_told };
        Engagement { end_told: end_told.filter(|_| tells_end(&engagement.terms)), ..engagement }
    }

    fn engagement(&self, number: u32, terms: Terms) -> Engagement {
        self.signed(engagement(number, terms.clone(), self.now), &terms)
    }
}

/// A person nobody knew, told by hand under `id`.
///
/// # Errors
/// When what is told cannot be.
pub fn meet(
    org: &OrgId,
    id: &SourceId,
    (profile, terms): (Profile, Terms),
    moment: &Moment<'_>,
) -> Result<Person, NotBelieved> {
    let source = SourceName::hand();
    let person = Person {
        id: PersonId::derive(org, &source, id),
        anchor: Anchor { source, id: id.clone() },
        profile,
        engagements: vec![moment.engagement(1, terms)],
        first_seen: moment.now,
        not_mentioned_since: None,
        ordered_end: None,
        told: Vec::new(),
        redacted: None,
    };
    checked(person)
}

/// `person` after `word` was told of her; of the engagement called `number`, or of those that are
/// meant.
///
/// # Errors
/// When what is told cannot be.
pub fn hear(
    person: &Person,
    word: &Word,
    number: Option<u32>,
    moment: &Moment<'_>,
) -> Result<Person, NotBelieved> {
    if person.redacted.is_some() {
        return Err(NotBelieved(format!(
            "the data of {} was taken out; who comes back is added anew: muster people add",
            person.id
        )));
    }
    let telling = match word {
        Word::Say { profile, terms, clear } => {
            let telling = cleared(person, clear, number, moment)?;
            let profile = with_addresses(person, &telling.profile, profile);
            let telling = Telling { profile: over(&telling.profile, &profile), ..telling };
            if **terms == Terms::default() {
                telling
            } else {
                said(telling, terms, &[target(person, number, moment.today)?], moment)
            }
        }
        Word::Engage { terms } => {
            let next = person.engagements.iter().map(|one| one.number).max().unwrap_or(0) + 1;
            let mut telling = by_hand(person, moment.now);
            telling.engagements.push(moment.engagement(next, (**terms).clone()));
            telling
        }
        Word::End { on, last_day, how } => ended(person, number, (*on, *last_day, *how), moment)?,
        Word::Withdraw => withdrawn(person, number, moment)?,
        Word::Leave { from, back } => {
            if back.is_some_and(|back| back <= *from) {
                return Err(NotBelieved(
                    "the first day back is not after the first day away".into(),
                ));
            }
            let terms = Terms { leave_start: Some(*from), leave_return: *back, ..Terms::default() };
            let open = open(person, number, moment.today, "does not work here any more")?;
            let mut telling = by_hand(person, moment.now);
            for known in telling.engagements.iter_mut().filter(|one| open.contains(&one.number)) {
                known.terms.leave_return = None;
            }
            said(telling, &terms, &open, moment)
        }
        Word::Return { on } => returned(person, number, *on, moment)?,
    };
    let mut told = tell(person, telling, moment.ranking);
    moves::follow(&person.engagements, &mut told.engagements, moment.now);
    checked(told)
}

/// What was told of `person` by hand so far: the telling that counts, or one that tells nothing.
fn by_hand(person: &Person, now: Timestamp) -> Telling {
    let hand = SourceName::hand();
    let told = person.tellings().into_iter().filter(|telling| telling.anchor.source == hand);
    let latest = told
        .max_by(|one, other| (one.first_seen, &one.anchor).cmp(&(other.first_seen, &other.anchor)));
    latest.unwrap_or_else(|| {
        let id = person.id.as_str().parse().unwrap_or_else(|_| person.anchor.id.clone());
        blank(Anchor { source: hand, id }, now)
    })
}

/// An address is never forgotten: one that gives way to another stays known as a former one.
fn with_addresses(person: &Person, old: &Profile, told: &Profile) -> Profile {
    let mut former = old.former_emails.clone().unwrap_or_default();
    former.extend(told.former_emails.iter().flatten().cloned());
    if let (Some(was), Some(is)) = (&person.profile.work_email, &told.work_email)
        && was != is
    {
        former.insert(was.clone());
    }
    Profile { former_emails: (!former.is_empty()).then_some(former), ..told.clone() }
}

/// `old` with every field that `new` tells.
fn over<T: Serialize + DeserializeOwned + Clone>(old: &T, new: &T) -> T {
    let (mut fields, told) = (fields(old), fields(new));
    fields.extend(told.into_iter().filter(|(_, value)| !value.is_null()));
    serde_json::from_value(Value::Object(fields)).unwrap_or_else(|_| old.clone())
}

fn fields<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// `telling` with `terms` told of the engagements called `numbers`.
fn said(mut telling: Telling, terms: &Terms, numbers: &[u32], moment: &Moment<'_>) -> Telling {
    for number in numbers {
        match telling.engagements.iter_mut().find(|one| one.number == *number) {
            None => telling.engagements.push(moment.engagement(*number, terms.clone())),
            Some(known) => {
                let was_ended = known.terms.status == Some(EmploymentStatus::Ended);
                known.terms = over(&known.terms, terms);
                let ended = known.terms.status == Some(EmploymentStatus::Ended);
                known.ended_seen = known.ended_seen.filter(|_| was_ended && ended);
                if ended {
                    known.ended_seen.get_or_insert(moment.now);
                }
                *known = moment.signed(known.clone(), terms);
            }
        }
    }
    telling.engagements.sort_by_key(|one| one.number);
    telling
}

/// What was told by hand, less the attributes that are taken back.
fn cleared(
    person: &Person,
    clear: &BTreeSet<String>,
    number: Option<u32>,
    moment: &Moment<'_>,
) -> Result<Telling, NotBelieved> {
    let mut telling = by_hand(person, moment.now);
    let names = attribute_names();
    for field in clear {
        if !names.contains(field) {
            let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(NotBelieved(format!("people have no {field:?}; they have {names}")));
        }
        let mut profile = fields(&telling.profile);
        if take(&mut profile, field) {
            telling.profile = from(profile);
            continue;
        }
        let number = target(person, number, moment.today)?;
        let known = telling.engagements.iter_mut().find(|one| one.number == number);
        let taken = known.is_some_and(|known| {
            let mut terms = fields(&known.terms);
            let taken = take(&mut terms, field);
            known.terms = from(terms);
            if known.terms.status != Some(EmploymentStatus::Ended) {
                known.ended_seen = None;
            }
            known.end_told = known.end_told.take().filter(|_| tells_end(&known.terms));
            taken
        });
        if !taken {
            return Err(not_by_hand(person, field, number, moment.ranking));
        }
    }
    Ok(telling)
}

fn from<T: DeserializeOwned + Default>(fields: Map<String, Value>) -> T {
    serde_json::from_value(Value::Object(fields)).unwrap_or_default()
}

/// Takes a field that is told.
fn take(fields: &mut Map<String, Value>, field: &str) -> bool {
    fields.get(field).is_some_and(|value| !value.is_null()) && fields.remove(field).is_some()
}

fn not_by_hand(person: &Person, field: &str, number: u32, ranking: &Ranking) -> NotBelieved {
    let told = attributes(person, ranking).into_iter().find(|attribute| {
        attribute.field == field && attribute.engagement.is_none_or(|of| of == number)
    });
    NotBelieved(match told {
        Some(told) => format!(
            "{field} is the word of {}, not told by hand, so it cannot be taken back here; change \
             it there, or tell another by hand",
            told.source
        ),
        None => format!("{field} is not known of {}; there is nothing to take back", person.name()),
    })
}

fn is_over(terms: &Terms, today: Date) -> bool {
    let last = terms.last_working_day.or(terms.end_date);
    matches!(terms.status, Some(EmploymentStatus::Ended | EmploymentStatus::Withdrawn))
        || last.is_some_and(|last| last < today)
}

fn known(person: &Person, number: u32) -> Result<u32, NotBelieved> {
    if person.engagements.iter().any(|one| one.number == number) {
        return Ok(number);
    }
    let numbers: Vec<_> = person.engagements.iter().map(|one| one.number.to_string()).collect();
    Err(NotBelieved(format!(
        "{} has no engagement {number}; there is {}",
        person.name(),
        numbers.join(", ")
    )))
}

/// The engagement that is meant: the one named, else the last that goes on, else the last.
fn target(person: &Person, number: Option<u32>, today: Date) -> Result<u32, NotBelieved> {
    if let Some(number) = number {
        return known(person, number);
    }
    let open = person.engagements.iter().rfind(|one| !is_over(&one.terms, today));
    let meant = open.or(person.engagements.last()).map(|one| one.number);
    Ok(meant.unwrap_or(1))
}

/// The engagements that are meant: the one named, else all that go on.
fn open(
    person: &Person,
    number: Option<u32>,
    today: Date,
    otherwise: &str,
) -> Result<Vec<u32>, NotBelieved> {
    if let Some(number) = number {
        return Ok(vec![known(person, number)?]);
    }
    let open: Vec<_> = person
        .engagements
        .iter()
        .filter(|one| !is_over(&one.terms, today))
        .map(|one| one.number)
        .collect();
    if open.is_empty() {
        return Err(NotBelieved(format!(
            "{} {otherwise}; name the engagement if an old one is meant: --engagement N",
            person.name()
        )));
    }
    Ok(open)
}

fn ended(
    person: &Person,
    number: Option<u32>,
    (on, last_day, how): (Date, Option<Date>, Ending),
    moment: &Moment<'_>,
) -> Result<Telling, NotBelieved> {
    let mut terms = Terms { end_date: Some(on), last_working_day: last_day, ..Terms::default() };
    if how == Ending::Involuntary {
        terms.termination = Some(TerminationType::Involuntary);
        terms.status = Some(EmploymentStatus::Ended);
    }
    let mut telling = by_hand(person, moment.now);
    for number in open(person, number, moment.today, "has ended already")? {
        let known = person.engagements.iter().find(|one| one.number == number);
        // A last working day after the new end would keep access open beyond it.
        let beyond = known.and_then(|one| one.terms.last_working_day).is_some_and(|day| day > on);
        let last_working_day = last_day.or(beyond.then_some(on));
        let terms = Terms { last_working_day, ..terms.clone() };
        telling = said(telling, &terms, &[number], moment);
    }
    Ok(telling)
}

fn withdrawn(
    person: &Person,
    number: Option<u32>,
    moment: &Moment<'_>,
) -> Result<Telling, NotBelieved> {
    let open = open(person, number, moment.today, "has no start to withdraw")?;
    let begun = |number: &&u32| {
        let of = person.engagements.iter().find(|one| one.number == **number);
        of.is_none_or(|one| one.terms.start_date.is_none_or(|start| start <= moment.today))
    };
    let (begun, ahead): (Vec<u32>, Vec<u32>) = open.iter().partition(|number| begun(number));
    if ahead.is_empty() || (number.is_some() && !begun.is_empty()) {
        return Err(NotBelieved(format!(
            "{} has started already, and only a start that is still to come is withdrawn; end the \
             work instead: muster people end",
            person.name()
        )));
    }
    let terms = Terms { status: Some(EmploymentStatus::Withdrawn), ..Terms::default() };
    Ok(said(by_hand(person, moment.now), &terms, &ahead, moment))
}

/// Days and not a status are told: a status told by hand would hide an end that HR tells later.
fn returned(
    person: &Person,
    number: Option<u32>,
    on: Date,
    moment: &Moment<'_>,
) -> Result<Telling, NotBelieved> {
    let open = open(person, number, moment.today, "does not work here any more")?;
    let mut telling = by_hand(person, moment.now);
    let mut away = false;
    for number in open {
        let Some(known) = person.engagements.iter().find(|one| one.number == number) else {
            continue;
        };
        let terms = &known.terms;
        let over = terms.leave_return.is_some_and(|back| back <= moment.today);
        let status = terms.status == Some(EmploymentStatus::OnLeave);
        if (terms.leave_start.is_none() || over) && !(status && terms.leave_start.is_none()) {
            continue;
        }
        away = true;
        let from = terms.leave_start.filter(|from| *from <= on).unwrap_or(on);
        let back = Terms { leave_start: Some(from), leave_return: Some(on), ..Terms::default() };
        telling = said(telling, &back, &[number], moment);
    }
    if away {
        return Ok(telling);
    }
    Err(NotBelieved(format!("{} is not on leave, and no leave is known", person.name())))
}

/// Refuses what cannot be.
fn checked(person: Person) -> Result<Person, NotBelieved> {
    if let Some(name) = &person.profile.time_zone
        && TimeZone::get(name).is_err()
    {
        return Err(NotBelieved(format!(
            "{name:?} is not a time zone; use a name such as Europe/Berlin or America/New_York"
        )));
    }
    for one in &person.engagements {
        if person.manager(one.number).is_some_and(|manager| manager.is(&person)) {
            return Err(NotBelieved(format!("{} cannot be her own manager", person.name())));
        }
        let Terms { start_date, end_date, last_working_day, leave_start, leave_return, .. } =
            &one.terms;
        let wrong = |first: &Option<Date>, last: &Option<Date>| matches!((first, last), (Some(first), Some(last)) if last < first);
        let what = if wrong(start_date, end_date) {
            "the end is before the start"
        } else if wrong(start_date, last_working_day) {
            "the last working day is before the start"
        } else if wrong(leave_start, leave_return) {
            "the first day back is before the first day away"
        } else {
            continue;
        };
        return Err(NotBelieved(format!(
            "{what} in engagement {} of {}; {}",
            one.number,
            person.name(),
            "a start that does not happen is withdrawn: muster people withdraw"
        )));
    }
    Ok(person)
}

/// What a person should look at, though it is no reason to refuse.
#[must_use]
pub fn warnings(person: &Person, today: Date) -> Vec<String> {
    let open = person.engagements.iter().filter(|one| !is_over(&one.terms, today));
    let mut found = Vec::new();
    for one in open {
        let Terms { kind, end_date, last_working_day, review_date, .. } = &one.terms;
        let dated = end_date.or(*last_working_day).or(*review_date).is_some();
        if *kind == Some(EngagementKind::Contractor) && !dated {
            found.push(format!(
                "{} is a contractor without an end or a review date, so nothing will ever ask \
                 whether the access is still needed: muster people edit {} --end DATE, or --review \
                 DATE",
                person.name(),
                person.id
            ));
        }
        if let (Some(end), Some(last)) = (end_date, last_working_day)
            && last > end
        {
            found.push(format!(
                "the last working day {last} of {} is after the end {end}: the earlier counts, so \
                 access ends with {end}",
                person.name()
            ));
        }
    }
    found
}
