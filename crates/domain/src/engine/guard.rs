//! Guarding: which operations may go, which wait, for what, and what would release them. A guard
//! that cannot be evaluated counts as tripped (`domain.md` §9.15).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{
    correlate::{Correlation, Match},
    expect::{Expectation, Rules},
    world::{KnownAccount, World},
};
use crate::model::{
    account::{AccountKind, AccountStatus},
    id::AccountId,
    observation::Completeness,
    operation::{Run, RunState},
    person::Person,
    plan::{Action, Hold, HoldKind, Operation},
    policy::{Consent, Switch},
};

/// An observation older than this proves nothing any more (`domain.md` §7).
pub const FRESHNESS: SignedDuration = SignedDuration::from_hours(24);

/// The window in which removals are counted.
const WINDOW_HOURS: i64 = 24;

/// Holds every operation of the plan that must wait. `operations` are in the order in which they
/// would be done.
pub fn guard(
    world: &World<'_>,
    rules: &Rules<'_>,
    correlation: &Correlation,
    operations: &mut [Operation],
) {
    let mut admins = active_admins(world);
    let mut seats = free_seats(world);
    for operation in operations.iter_mut() {
        let person = world.people.get(&operation.person.id);
        let expectation = person.map(|person| rules.expect(person));
        let mut holds = Vec::new();
        holds.extend(writes_off(world, operation));
        holds.extend(unseen(world, operation));
        holds.extend(protected(world, operation, &mut admins));
        holds.extend(contested(correlation, operation));
        holds.extend(unsettled(world, operation));
        holds.extend(history(operation, expectation.as_ref()));
        holds.extend(already_invited(world, operation));
        holds.extend(no_seat(world, operation, &mut seats));
        holds.extend(consent(world, operation));
        operation.holds = holds;
        operation.approved_by =
            world.approvals.get(&operation.fingerprint).map(|approval| approval.by.clone());
    }
    limit(world, operations);
}

fn hold(kind: HoldKind, reason: impl Into<String>, release: impl Into<String>) -> Hold {
    Hold { kind, reason: reason.into(), release: release.into() }
}

fn writes_off(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let writes = &world.rules.writes;
    let (switch, name) = match &operation.action {
        Action::Create { .. } => (writes.create, "create"),
        Action::Update { .. } => (writes.update, "update"),
        Action::Deactivate { .. } | Action::Reactivate { .. } | Action::Reduce { .. } => {
            (writes.deactivate, "deactivate")
        }
        Action::CancelInvite => (writes.delete, "delete"),
    };
    (switch == Switch::Off).then(|| {
        hold(
            HoldKind::WritesOff,
            format!("writes of the kind {name:?} are off for {}", world.app),
            format!("set apps.{}.writes.{name}: true in the policy", world.app),
        )
    })
}

/// Nothing is done to an app that cannot be seen; nothing is created on the strength of a read
/// that may have missed the account (law 9).
fn unseen(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let app = world.app;
    let sync = format!("muster sync {app}");
    let sight = world.sight;
    if let Some(reason) = &sight.unseen {
        return Some(hold(HoldKind::Unproven, format!("{app} cannot be seen: {reason}"), sync));
    }
    let Some(age) = sight.age else {
        return Some(hold(HoldKind::Unproven, format!("{app} was never read"), sync));
    };
    if age > FRESHNESS {
        let hours = age.as_hours();
        return Some(hold(
            HoldKind::Unproven,
            format!("the last read of {app} is {hours} hours old"),
            sync,
        ));
    }
    match (&sight.completeness, &operation.action) {
        (Some(Completeness::Unproven { reason }), Action::Create { .. }) => Some(hold(
            HoldKind::Unproven,
            format!("the last read of {app} may have missed accounts: {reason}"),
            sync,
        )),
        _ => None,
    }
}

fn active_admins(world: &World<'_>) -> BTreeSet<AccountId> {
    world
        .accounts
        .iter()
        .filter(|(_, known)| known.gone.is_none())
        .filter(|(_, known)| known.account.kind == AccountKind::Human)
        .filter(|(_, known)| known.account.status == AccountStatus::Active)
        .filter(|(_, known)| is_admin(world, known))
        .map(|(id, _)| id.clone())
        .collect()
}

fn is_admin(world: &World<'_>, known: &KnownAccount) -> bool {
    known.account.role.as_ref().is_some_and(|role| world.sight.is_privileged(role))
}

/// Law 7: the owner, the key's own account, break-glass accounts and the last admin are never
/// lowered, shut out or deleted.
fn protected(
    world: &World<'_>,
    operation: &Operation,
    admins: &mut BTreeSet<AccountId>,
) -> Option<Hold> {
    let id = operation.account.as_ref()?;
    let known = world.accounts.get(id)?;
    if !takes_rights(world, operation) {
        return None;
    }
    let app = world.app;
    let login = known.account.login.to_lowercase();
    let shield = |reason: String, release: String| Some(hold(HoldKind::Protected, reason, release));
    if world.sight.caller.as_ref() == Some(id) {
        return shield(
            "Muster's own key belongs to this account".to_owned(),
            format!("connect {app} with another admin's key: muster app add --replace {app} …"),
        );
    }
    if world.rules.protected.contains(&login) {
        return shield(
            "the policy protects this account".to_owned(),
            format!("take it out of apps.{app}.protected"),
        );
    }
    if known.account.kind != AccountKind::Human {
        return shield(
            format!("the app says this is a {} account", known.account.kind.word()),
            "bots and integrations are managed in the app".to_owned(),
        );
    }
    if world.rules.account_owner.as_ref().is_some_and(|owner| owner.folded() == login) {
        return shield(
            "this is the account owner".to_owned(),
            format!("hand over ownership in the app, then set apps.{app}.account_owner"),
        );
    }
    if !is_admin(world, known) {
        return None;
    }
    if admins.iter().all(|admin| admin == id) {
        return shield(
            "this is the last active admin".to_owned(),
            "make somebody else an admin first".to_owned(),
        );
    }
    if world.rules.account_owner.is_none() {
        return Some(hold(
            HoldKind::CannotTell,
            "this admin may be the account owner, which the app does not tell",
            format!("set apps.{app}.account_owner to the owner's login in the policy"),
        ));
    }
    admins.remove(id);
    None
}

/// Whether it lowers, shuts out or deletes.
fn takes_rights(world: &World<'_>, operation: &Operation) -> bool {
    match &operation.action {
        Action::Update { change } => {
            let before = operation.before.as_ref().and_then(|state| state.role.as_ref());
            match (&change.role, before) {
                (Some(to), Some(from)) => world.sight.lowers(from, to),
                (Some(_), None) => true,
                (None, _) => false,
            }
        }
        action => action.removes_access(),
    }
}

/// Before anything destructive the account must not be claimed by another current person.
fn contested(correlation: &Correlation, operation: &Operation) -> Option<Hold> {
    let id = operation.account.as_ref()?;
    match correlation.matches.get(id)? {
        Match::Linked { claimed_by, .. } if !claimed_by.is_empty() => Some(hold(
            HoldKind::CannotTell,
            format!("account {id} is also claimed by {}", claimed_by.len()),
            format!("confirm whose it is: muster accounts link {id} PERSON"),
        )),
        _ => None,
    }
}

/// An operation of unknown outcome is read back before anything else (law 8).
fn unsettled(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let about = |run: &&Run| {
        run.state.is_unsettled()
            && match (&operation.account, &run.operation.account) {
                (Some(account), Some(other)) => account == other,
                _ => run.operation.person.id == operation.person.id,
            }
    };
    world.runs.iter().find(about).map(|run| {
        hold(
            HoldKind::Unsettled,
            format!("what became of {} is not known yet", run.id),
            format!("muster apply {} reads it back first", world.app),
        )
    })
}

fn history(operation: &Operation, expectation: Option<&Expectation>) -> Option<Hold> {
    match expectation {
        Some(Expectation::Gone { since, history: true, .. })
            if operation.action.removes_access() =>
        {
            Some(hold(
                HoldKind::History,
                format!("the end at {since} was long past when Muster first heard of it"),
                approve(operation),
            ))
        }
        _ => None,
    }
}

fn approve(operation: &Operation) -> String {
    format!("muster apply {} --approve {}", operation.app, operation.fingerprint.brief())
}

/// Law 2: a second invitation in one engagement is a human's decision.
fn already_invited(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    if !matches!(operation.action, Action::Create { .. }) {
        return None;
    }
    let same = |run: &&Run| {
        run.invited
            && matches!(run.operation.action, Action::Create { .. })
            && run.operation.person.id == operation.person.id
            && run.operation.person.engagement == operation.person.engagement
    };
    world.runs.iter().find(same).map(|run| {
        hold(
            HoldKind::AlreadyInvited,
            format!("an invitation already went out at {} ({})", run.intended, run.id),
            approve(operation),
        )
    })
}

fn free_seats(world: &World<'_>) -> Option<i64> {
    let seats = i64::from(world.rules.seats?);
    let used = world
        .accounts
        .values()
        .filter(|known| known.gone.is_none())
        .filter(|known| known.account.kind == AccountKind::Human)
        .filter(|known| known.account.status.may_sign_in())
        .count();
    Some(seats - i64::try_from(used).unwrap_or(i64::MAX))
}

fn no_seat(world: &World<'_>, operation: &Operation, seats: &mut Option<i64>) -> Option<Hold> {
    let free = seats.as_mut()?;
    match operation.action {
        Action::Create { .. } | Action::Reactivate { .. } if *free <= 0 => Some(hold(
            HoldKind::Seats,
            format!("all {} seats are used", world.rules.seats.unwrap_or_default()),
            format!("buy a seat and raise apps.{}.seats, or free one", world.app),
        )),
        Action::Create { .. } | Action::Reactivate { .. } => {
            *free -= 1;
            None
        }
        Action::Deactivate { .. }
        | Action::CancelInvite
        | Action::Reduce { .. }
        | Action::Update { .. } => None,
    }
}

fn consent(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let policy = &world.rules.approval;
    let role = |state: &Option<crate::model::plan::AccountState>| {
        state.as_ref().and_then(|state| state.role.clone())
    };
    let (before, after) = (role(&operation.before), role(&operation.after));
    let gains_privilege = after.as_ref().is_some_and(|role| world.sight.is_privileged(role))
        && !operation.action.removes_access()
        && (before != after || matches!(operation.action, Action::Reactivate { .. }));
    let (consent, what) = match &operation.action {
        _ if gains_privilege && policy.privileged == Consent::Ask => {
            (Consent::Ask, "giving a privileged role")
        }
        Action::Create { .. } => (policy.create, "creating an account"),
        Action::Update { .. } => (policy.update, "changing an account"),
        Action::Reactivate { .. } => (policy.reactivate, "letting an account in again"),
        Action::Deactivate { .. } | Action::Reduce { .. } => {
            (policy.deactivate, "taking access away")
        }
        Action::CancelInvite => (policy.delete, "deleting"),
    };
    (consent == Consent::Ask).then(|| {
        hold(
            HoldKind::Approval,
            format!("{what} needs a named person's approval"),
            approve(operation),
        )
    })
}

/// Law 11: when a run would remove more accounts than the limit leaves room for, none of them
/// goes without a named person. Removals that a named person ordered or approved do not count.
fn limit(world: &World<'_>, operations: &mut [Operation]) {
    let live = world.accounts.values().filter(|known| known.gone.is_none()).count();
    let limit = world.rules.removal_limit(live);
    let recent = recent_removals(world);
    let counts = |operation: &Operation| {
        operation.action.removes_access()
            && operation.holds.is_empty()
            && operation.approved_by.is_none()
            && !ordered(world, operation)
    };
    let wanted = operations.iter().filter(|operation| counts(operation)).count();
    let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
    if wanted == 0 || recent.saturating_add(wanted) <= limit {
        return;
    }
    for operation in operations.iter_mut().filter(|operation| counts(operation)) {
        operation.holds.push(hold(
            HoldKind::Limit,
            format!(
                "{wanted} removals are due and {recent} were made within {WINDOW_HOURS} hours, \
                 more than the limit of {limit}"
            ),
            approve(operation),
        ));
    }
}

/// Whether a named person ordered this person's end by hand.
fn ordered(world: &World<'_>, operation: &Operation) -> bool {
    world
        .people
        .get(&operation.person.id)
        .is_some_and(|person| ordered_end_holds(person, world.now))
}

fn ordered_end_holds(person: &Person, now: Timestamp) -> bool {
    person.ordered_end.as_ref().is_some_and(|order| order.at <= now)
}

fn recent_removals(world: &World<'_>) -> u32 {
    let since = world.now.checked_sub(WINDOW_HOURS.hours()).unwrap_or(Timestamp::MIN);
    let counted: BTreeSet<_> = world
        .runs
        .iter()
        .filter(|run| run.operation.action.removes_access() && run.intended > since)
        .filter(|run| {
            !matches!(run.state, RunState::Void | RunState::AlreadySo | RunState::Refused)
        })
        .filter(|run| run.approved_by.is_none() && !ordered(world, &run.operation))
        .map(|run| &run.operation.account)
        .collect();
    u32::try_from(counted.len()).unwrap_or(u32::MAX)
}
