//! Law 11: small blast radius. How much may be taken away in one window without a named person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};

use super::{approve, hold, takes_rights};
use crate::{
    engine::world::World,
    model::{
        id::AccountId,
        operation::{Run, RunState},
        plan::{HoldKind, Operation},
    },
};

/// The window in which removals are counted.
const WINDOW_HOURS: i64 = 24;

pub(super) fn removes(_: &World<'_>, operation: &Operation) -> bool {
    operation.action.removes_access()
}

pub(super) fn loses_role(world: &World<'_>, operation: &Operation) -> bool {
    !operation.action.removes_access() && takes_rights(world, operation)
}

/// Law 11: when a run would take from more accounts than the limit leaves room for, none of them
/// goes without a named person's approval of that very operation. Approved ones count too:
/// approving one must not make room for others. Only what a named person ordered by hand does not
/// count. An account counts once, however many rungs of the ladder it goes down. Removals and role
/// losses are counted apart.
pub(super) fn limit(
    world: &World<'_>,
    operations: &mut [Operation],
    kind: fn(&World<'_>, &Operation) -> bool,
    what: &str,
) {
    let recent = recent(world, kind);
    // The next rung for an account that the limit let through is no new removal. One that went by
    // an approval has used it up, and counts anew.
    let let_through: BTreeSet<_> = recent
        .iter()
        .filter(|(_, run)| run.approved_by.is_none())
        .map(|(account, _)| *account)
        .collect();
    let counts = |operation: &Operation| {
        kind(world, operation)
            && operation.goes()
            && operation.account.as_ref().is_none_or(|account| !let_through.contains(account))
            && !ordered(world, operation)
    };
    let wanted = operations.iter().filter(|operation| counts(operation)).count();
    // Accounts that are shut out already cannot be locked out by a mistake; those shut out in this
    // window still count, so that the limit does not shrink while it is used up.
    let live = world
        .accounts
        .iter()
        .filter(|(_, known)| known.gone.is_none())
        .filter(|(id, known)| known.account.status.may_sign_in() || recent.contains_key(id))
        .count();
    let limit = usize::try_from(world.rules.removal_limit(live)).unwrap_or(usize::MAX);
    if wanted == 0 || recent.len().saturating_add(wanted) <= limit {
        return;
    }
    let plural = if wanted == 1 { "" } else { "s" };
    let reason = format!(
        "{wanted} {what}{plural} due and {} made within {WINDOW_HOURS} hours, more than the limit \
         of {limit}",
        recent.len()
    );
    for operation in operations.iter_mut().filter(|operation| counts(operation)) {
        operation.holds.push(hold(HoldKind::Limit, reason.clone(), approve(operation)));
    }
}

/// Whether a named person ordered by hand the end from which this operation follows.
pub(super) fn ordered(world: &World<'_>, operation: &Operation) -> bool {
    let Some(person) = world.people.get(&operation.person.id) else { return false };
    let Some(order) = &person.ordered_end else { return false };
    // A later engagement is none of the order's business.
    let engagement =
        person.engagements.iter().find(|e| Some(e.number) == operation.person.engagement);
    order.at <= world.now && engagement.is_some_and(|e| e.first_seen <= order.ordered)
}

/// The accounts of which something was taken within the window by nobody's order.
fn recent<'a>(
    world: &World<'a>,
    kind: fn(&World<'_>, &Operation) -> bool,
) -> BTreeMap<&'a AccountId, &'a Run> {
    let since = world.now.checked_sub(WINDOW_HOURS.hours()).unwrap_or(Timestamp::MIN);
    world
        .runs
        .iter()
        .filter(|run| run.intended > since && kind(world, &run.operation))
        .filter(|run| {
            !matches!(run.state, RunState::Void | RunState::AlreadySo | RunState::Refused)
        })
        .filter(|run| !ordered(world, &run.operation))
        .filter_map(|run| Some((run.operation.account.as_ref()?, run)))
        .collect()
}
