//! The population of people: who worked here when the period began and when it ended, and who
//! joined and left between, by what is known now and by what was known then.

use jiff::Timestamp;
use muster_domain::{
    engine::{
        checks::Company,
        history::{Known, Unclear},
        lifecycle::{self, Hours, PersonState},
    },
    model::{id::PersonId, person::Person, policy::Organization},
};
use serde_json::json;

use super::{
    bundle::{Bundle, Table},
    export::Wanted,
    pass::Side,
};
use crate::error::Result;

pub(super) const POPULATION: &[&str] =
    &["side", "moment", "person", "name", "state", "state_known_then", "not_known_then"];

pub(super) const MOVEMENTS: &[&str] = &["at", "person", "name", "what", "engagement"];

/// A person, as she is known now.
pub(super) struct Somebody {
    pub(super) id: PersonId,
    pub(super) name: String,
    /// What she was at the beginning and at the end.
    states: [PersonState; 2],
    /// Her engagements: number, start, end.
    stints: Vec<(u32, Timestamp, Option<Timestamp>)>,
}

impl Somebody {
    /// What she was.
    pub(super) const fn state(&self, side: Side) -> &PersonState {
        let [start, end] = &self.states;
        match side {
            Side::Start => start,
            Side::End => end,
        }
    }
}

/// Everybody, as known now, and what they were at these moments.
pub(super) fn now(company: &Company<'_>, moments: [Timestamp; 2]) -> Vec<Somebody> {
    let hours = Hours::usual(&company.policy.organization);
    let somebody = |person: &Person| Somebody {
        id: person.id.clone(),
        name: person.name(),
        states: moments.map(|at| lifecycle::state(person, &hours, at)),
        stints: lifecycle::stints(person, &hours)
            .into_iter()
            .map(|stint| (stint.number, stint.start, stint.end))
            .collect(),
    };
    company.people.values().map(somebody).collect()
}

/// Whether somebody in this state belongs to the population. Who is not known may work here.
const fn counts(state: &PersonState) -> bool {
    match state {
        PersonState::Active
        | PersonState::OnLeave
        | PersonState::Leaving { .. }
        | PersonState::Unknown { .. } => true,
        PersonState::Withdrawn | PersonState::Prospective { .. } | PersonState::Ended { .. } => {
            false
        }
    }
}

/// How many there were.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) people: usize,
    /// Those of whom it is not known whether they worked here.
    pub(super) unknown: usize,
}

/// Writes the population at one moment: everybody who worked here by what is known now, or by what
/// was known then.
pub(super) fn population(
    table: &mut Table,
    (people, known): (&[Somebody], &Known),
    (side, at): (Side, Timestamp),
    organization: &Organization,
) -> Result<Count> {
    let then = known.people()?;
    let hours = Hours::usual(organization);
    let mut count = Count::default();
    for somebody in people {
        let now = somebody.state(side);
        let was = then.get(&somebody.id).map(|person| lifecycle::state(person, &hours, at));
        let unclear = known.unclear.get(&somebody.id);
        if counts(now) {
            count.people += 1;
            count.unknown += usize::from(matches!(now, PersonState::Unknown { .. }));
        } else if !was.as_ref().is_some_and(counts) {
            continue;
        }
        let why_not = match (unclear, &was) {
            (Some(Unclear::TakenOut { .. }), _) => Some("taken out, for privacy"),
            (Some(Unclear::NotKept { .. }), _) => Some("the journal did not hold it then"),
            (None, None) => Some("nobody had told of her by then"),
            (None, Some(_)) => None,
        };
        table.push(vec![
            json!(side.word()),
            json!(at),
            json!(somebody.id),
            json!(somebody.name),
            json!(now.word()),
            json!(was.as_ref().map(PersonState::word)),
            json!(why_not),
        ])?;
    }
    Ok(count)
}

/// Writes who joined and who left in the period, by what is known now. Gives how many engagements
/// began and how many ended.
pub(super) fn movements(
    bundle: &mut Bundle,
    people: &[Somebody],
    wanted: &Wanted,
    until: Timestamp,
) -> Result<(usize, usize)> {
    let mut table = bundle.table("people_movements", MOVEMENTS)?;
    let within = |at: Timestamp| wanted.from < at && at <= until;
    let mut found = Vec::new();
    for somebody in people {
        for (number, start, end) in &somebody.stints {
            let began = Some((*start, "joined"));
            let ended = end.map(|end| (end, "left"));
            let both = [began, ended].into_iter().flatten().filter(|(at, _)| within(*at));
            found.extend(both.map(|(at, what)| (at, somebody, what, *number)));
        }
    }
    found.sort_by(|a, b| (a.0, &a.1.id, a.2).cmp(&(b.0, &b.1.id, b.2)));
    for (at, somebody, what, number) in &found {
        table.push(vec![
            json!(at),
            json!(somebody.id),
            json!(somebody.name),
            json!(what),
            json!(number),
        ])?;
    }
    bundle.end(table)?;
    let joined = found.iter().filter(|(_, _, what, _)| *what == "joined").count();
    Ok((joined, found.len() - joined))
}
