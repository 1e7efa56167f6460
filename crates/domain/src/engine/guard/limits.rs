//! Law 11: small blast radius. How much may be done in one window without a named person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};

use super::{approve, hold, takes_rights};
use crate::{
    engine::{lifecycle::ORDERED, world::World},
    model::{
        id::{AccountId, PersonId},
        limits::{Limit, LimitKind},
        operation::{Run, RunState},
        plan::{Action, HoldKind, Operation},
    },
};

/// Whether `operation` counts towards the limit on `kind`.
fn is(kind: LimitKind, world: &World<'_>, operation: &Operation) -> bool {
    let action = &operation.action;
    match kind {
        LimitKind::Removals => action.removes_access() && !action.deletes(),
        LimitKind::Deletions => action.deletes(),
        LimitKind::RoleLosses => !action.removes_access() && takes_rights(world, operation),
        LimitKind::Renames => {
            matches!(action, Action::Update { change } if change.name.is_some())
        }
        LimitKind::Creations => matches!(action, Action::Create { .. }),
        LimitKind::HandOvers => action.moves_work(),
    }
}

/// What is counted once, however often it is written to: an account, or the person who is to get
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject<'a> {
    Account(&'a AccountId),
    /// Giving work back is another thing than having given it away.
    WorkBack(&'a AccountId),
    Person(Option<&'a PersonId>),
}

fn subject(operation: &Operation) -> Subject<'_> {
    match (&operation.account, &operation.action) {
        (Some(account), Action::GiveBack { .. }) => Subject::WorkBack(account),
        (Some(account), _) => Subject::Account(account),
        (None, _) => Subject::Person(operation.person_id()),
    }
}

/// Law 11: when a run would do more of one kind than the limit leaves room for, none of it goes
/// without a named person's approval of that very operation. Approved ones count too: approving
/// one must not make room for others. Only what a named person ordered by hand does not count. An
/// account counts once, however many rungs of the ladder it goes down. Each kind is counted apart.
pub(super) fn limit(world: &World<'_>, operations: &mut [Operation], kind: LimitKind) {
    let Limit { window_hours, .. } = world.rules.limits.on(kind);
    let recent = recent(world, kind, *window_hours);
    // The next rung for an account that the limit let through is no new removal. One that went by
    // an approval has used it up, and counts anew.
    let let_through: BTreeSet<_> = recent
        .iter()
        .filter(|(_, run)| run.approved_by.is_none())
        .map(|(subject, _)| *subject)
        .collect();
    let counts = |operation: &Operation| {
        is(kind, world, operation)
            && operation.goes()
            && !let_through.contains(&subject(operation))
            && !ordered(world, operation)
    };
    let wanted = operations.iter().filter(|operation| counts(operation)).count();
    if wanted == 0 {
        return;
    }
    // Accounts that are shut out already cannot be locked out by a mistake; those shut out in this
    // window still count, so that the limit does not shrink while it is used up.
    let live = world
        .accounts
        .iter()
        .filter(|(_, known)| known.gone.is_none())
        .filter(|(id, known)| {
            known.account.status.may_sign_in() || recent.contains_key(&Subject::Account(id))
        })
        .count();
    let limit = world.rules.limits.on(kind).room(live);
    if recent.len().saturating_add(wanted) <= limit {
        return;
    }
    let reason = format!(
        "{} due and {} made within {window_hours} hours, more than the limit of {limit}",
        kind.count(wanted),
        recent.len()
    );
    for operation in operations.iter_mut().filter(|operation| counts(operation)) {
        operation.holds.push(hold(HoldKind::Limit, reason.clone(), approve(operation)));
    }
}

/// Whether a named person ordered by hand the end from which this operation follows.
pub(super) fn ordered(world: &World<'_>, operation: &Operation) -> bool {
    if !operation.action.removes_access() && !matches!(operation.action, Action::HandOver { .. }) {
        return false;
    }
    let person = operation.person_id().and_then(|id| world.people.get(id));
    let Some(person) = person else { return false };
    let Some(order) = &person.ordered_end else { return false };
    // A later engagement is none of the order's business.
    let engagement = person.engagements.iter().find(|e| Some(e.number) == operation.engagement());
    order.at <= world.now && engagement.is_some_and(|e| e.first_seen <= order.ordered)
}

/// Whether it was done by an order, even if that was taken back since.
fn was_ordered(run: &Run) -> bool {
    run.operation.reasons.iter().any(|reason| reason.from == ORDERED)
}

/// What was done of this kind within the window by nobody's order.
fn recent<'a>(
    world: &World<'a>,
    kind: LimitKind,
    window_hours: u32,
) -> BTreeMap<Subject<'a>, &'a Run> {
    let window = i64::from(window_hours).hours();
    let since = world.now.checked_sub(window).unwrap_or(Timestamp::MIN);
    world
        .runs
        .iter()
        .filter(|run| run.intended > since && is(kind, world, &run.operation))
        .filter(|run| {
            !matches!(run.state, RunState::Void | RunState::AlreadySo | RunState::Refused)
        })
        .filter(|run| !ordered(world, &run.operation) && !was_ordered(run))
        .map(|run| (subject(&run.operation), run))
        .collect()
}
