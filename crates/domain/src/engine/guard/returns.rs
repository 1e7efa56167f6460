//! Work comes back only to an account that lets in and may work on it.

use std::collections::BTreeMap;

use super::hold;
use crate::{
    engine::{hand_over::may_hold_work, world::World},
    model::{
        id::AccountId,
        plan::{AccountState, Action, Hold, HoldKind, Operation},
    },
};

/// Holds what gives work back to an account that cannot work on it, as it is or as an operation
/// leaves it that goes before.
pub(super) fn returns(world: &World<'_>, operations: &mut [Operation]) {
    if !operations.iter().any(gives_back) {
        return;
    }
    let after: BTreeMap<AccountId, AccountState> = operations
        .iter()
        .filter(|one| one.goes() && !one.action.moves_work())
        .filter_map(|one| Some((one.account.clone()?, one.after.clone()?)))
        .collect();
    let waiting: BTreeMap<AccountId, String> = operations
        .iter()
        .filter(|one| lets_in(one) && !one.goes())
        .filter_map(|one| Some((one.account.clone()?, said(one))))
        .collect();
    for operation in operations.iter_mut().filter(|one| gives_back(one)) {
        let Some(id) = &operation.account else { continue };
        let state = after.get(id).or(operation.before.as_ref());
        let Some(why) = state.and_then(|state| unfit(world, id, state)) else { continue };
        let release = waiting.get(id).cloned().unwrap_or_else(|| {
            format!("let it in first: undo what took its access away, see muster why {id}")
        });
        operation.holds.push(hold(HoldKind::HandOver, why, release));
    }
}

/// Why `operation`, which goes by `plan`, does not go at this moment: something of that plan that
/// comes before it has not been done.
pub(in crate::engine) fn not_yet(operation: &Operation, plan: &[Operation]) -> Option<Hold> {
    if !gives_back(operation) {
        return None;
    }
    let first = plan.iter().find(|one| one.account == operation.account && lets_in(one))?;
    // What waits itself was no reason to let this go.
    first.goes().then(|| {
        let reason = "the account is not as it was before yet";
        hold(HoldKind::HandOver, reason, said(first))
    })
}

const fn gives_back(operation: &Operation) -> bool {
    matches!(operation.action, Action::GiveBack { .. })
}

fn lets_in(operation: &Operation) -> bool {
    match &operation.action {
        Action::Reactivate { .. } => true,
        Action::Update { change } => change.role.is_some(),
        _ => false,
    }
}

fn said(operation: &Operation) -> String {
    format!("first {}: {}", operation.brief(), operation.fingerprint.brief())
}

/// Why an account like this cannot be given work.
fn unfit(world: &World<'_>, id: &AccountId, state: &AccountState) -> Option<String> {
    if !state.status.may_sign_in() {
        let account = world.account_name(id);
        return Some(format!("{account} does not let in: nobody would work on its tickets"));
    }
    let role = state.role.as_ref()?;
    (!may_hold_work(world.sight, role))
        .then(|| format!("{} is {role} and only looks on", world.account_name(id)))
}
