//! What Muster itself took away, by its own record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    engine::world::World,
    model::{
        id::{AccountId, PersonId},
        operation::Run,
        plan::Action,
    },
};

/// The accounts that Muster has shut out and not let in again since.
pub(in crate::engine) fn shut_out<'a>(world: &World<'a>) -> BTreeSet<&'a AccountId> {
    let mut last: BTreeMap<&AccountId, &Run> = BTreeMap::new();
    for run in world.runs.iter().filter(|run| run.state.is_done()) {
        let action = &run.operation.action;
        let Some(account) = &run.operation.account else { continue };
        let about_sign_in = matches!(
            action,
            Action::Deactivate { .. } | Action::Delete | Action::Reactivate { .. }
        );
        if about_sign_in {
            let known = last.entry(account).or_insert(run);
            if known.intended <= run.intended {
                *known = run;
            }
        }
    }
    last.retain(|_, run| !matches!(run.operation.action, Action::Reactivate { .. }));
    last.into_keys().collect()
}

/// When Muster last took an account from each person.
pub(in crate::engine) fn taken<'a>(world: &World<'a>) -> BTreeMap<&'a PersonId, Timestamp> {
    let mut taken = BTreeMap::new();
    for run in world.runs.iter().filter(|run| run.state.is_done()) {
        if let Action::Deactivate { .. } | Action::Delete = &run.operation.action
            && let Some(person) = run.operation.person_id()
        {
            let last = taken.entry(person).or_insert(run.changed);
            *last = run.changed.max(*last);
        }
    }
    taken
}
