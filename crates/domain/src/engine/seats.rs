//! Seats: how many are used, and how that will go on by what is known of people's dates.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    correlate::Correlation,
    expect::{Expectation, Rules},
    world::World,
};
use crate::model::{
    account::{AccountKind, AccountStatus},
    id::PersonId,
    person::Person,
    plan::{Action, Plan},
};

/// Somebody who will take a seat or give one back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeatChange {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: PersonId,
    /// Her name.
    pub name: String,
    /// 1 for a seat taken, -1 for one given back.
    pub seats: i64,
    /// How many are used after it.
    pub used: i64,
}

/// The seats of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seats {
    /// How many the contract has, where the policy says so.
    pub bought: Option<u32>,
    /// How many are used.
    pub used: i64,
    /// How many of those are held by invitations that nobody has accepted: promised, not in use.
    pub promised: i64,
    /// How many the present plan would take.
    pub taken_by_plan: i64,
    /// How many the present plan would give back.
    pub freed_by_plan: i64,
    /// What dates bring after the plan, soonest first.
    pub changes: Vec<SeatChange>,
    /// From when on there are too few, as far as is known.
    pub short_from: Option<Timestamp>,
}

impl Seats {
    /// How many are used once the present plan is carried out.
    #[must_use]
    pub const fn after_plan(&self) -> i64 {
        self.used + self.taken_by_plan - self.freed_by_plan
    }

    /// How many are free now; below zero when more are used than bought.
    #[must_use]
    pub fn free(&self) -> Option<i64> {
        self.bought.map(|bought| i64::from(bought) - self.used)
    }
}

/// The seats in use, and what is coming until `horizon`. What the plan wants counts whether or not
/// it waits: a forecast is for those who decide.
#[must_use]
pub fn seats(
    world: &World<'_>,
    correlation: &Correlation,
    plan: &Plan,
    horizon: Timestamp,
) -> Seats {
    let holds_seat = |status: AccountStatus| status.may_sign_in();
    let live = || {
        world
            .accounts
            .values()
            .filter(|known| known.gone.is_none() && known.account.kind == AccountKind::Human)
            .filter(|known| holds_seat(known.account.status))
    };
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let planned = |wanted: fn(&Action) -> bool| {
        number(plan.operations.iter().filter(|one| wanted(&one.action)).count())
    };
    let mut seats = Seats {
        bought: world.rules.seats,
        used: number(live().count()),
        promised: number(
            live().filter(|known| known.account.status == AccountStatus::Invited).count(),
        ),
        taken_by_plan: planned(|action| {
            matches!(action, Action::Create { .. } | Action::Reactivate { .. })
        }),
        freed_by_plan: planned(|action| {
            matches!(action, Action::Deactivate { .. } | Action::CancelInvite)
        }),
        changes: Vec::new(),
        short_from: None,
    };
    let mut dated: BTreeMap<(Timestamp, &PersonId), (&Person, i64)> = BTreeMap::new();
    let rules = Rules::new(world);
    for person in world.people.values() {
        let accounts = correlation.accounts_of(&person.id).iter();
        let has = accounts
            .filter_map(|id| world.accounts.get(id))
            .any(|known| known.gone.is_none() && holds_seat(known.account.status));
        let change = match rules.expect(person) {
            Expectation::NotYet { from, role: Some(_), .. } if !has => Some((from, 1)),
            Expectation::Access { until: Some(until), .. } => Some((until, -1)),
            _ => None,
        };
        if let Some((at, change)) = change.filter(|(at, _)| world.now < *at && *at <= horizon) {
            dated.insert((at, &person.id), (person, change));
        }
    }
    let mut used = seats.after_plan();
    let too_many = |used: i64| seats.bought.is_some_and(|bought| used > i64::from(bought));
    let mut short_from = too_many(used).then_some(world.now);
    for ((at, id), (person, change)) in dated {
        used += change;
        if too_many(used) {
            short_from = short_from.or(Some(at));
        }
        let (person, name) = (id.clone(), person.name());
        seats.changes.push(SeatChange { at, person, name, seats: change, used });
    }
    seats.short_from = short_from;
    seats
}
