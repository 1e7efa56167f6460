//! Accounts that a human said should not exist: down the app's ladder as any other removal, with
//! that word as the reason. No person stands behind them, so only the account counts.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use super::{Addresses, Effect, keep, leave, operation, rung, taken};
use crate::{
    engine::{
        correlate::{Correlation, Match},
        undo,
        world::{KnownAccount, World},
    },
    model::{
        id::AccountId,
        keep::Keep,
        link::Confirmation,
        plan::{AccountState, Action, Operation, Reason},
    },
};

/// What follows for the accounts that should not exist, and for those that are nobody's and that an
/// undo put back.
#[must_use]
pub fn unwanted(
    world: &World<'_>,
    correlation: &Correlation,
    addresses: &Addresses<'_>,
) -> Vec<Operation> {
    let said = |(id, matched): (_, &Match)| match matched {
        Match::Unwanted { .. } => Some(id),
        _ => None,
    };
    let mut accounts: BTreeSet<&AccountId> = correlation.matches.iter().filter_map(said).collect();
    let kept = world.orders.keeps.iter();
    let kept = kept.filter(|keep| keep.app == *world.app && keep.person.is_none());
    accounts.extend(kept.map(|keep| &keep.account));
    let decided = accounts.into_iter().filter_map(|id| {
        let known = world.accounts.get(id).filter(|known| known.gone.is_none())?;
        let matched = correlation.matches.get(id)?;
        // Whoever it belongs to by now decides.
        if matches!(matched, Match::Linked { .. }) {
            return None;
        }
        if let Some(keep) = kept_as(world, id) {
            let effect = keep::restored(keep, known, None)?;
            return operation(world, None, effect, &[keep::reason(keep)]);
        }
        let Match::Unwanted { reason, said, .. } = matched else { return None };
        take(world, addresses, (id, known), &word(id, reason, said), said.at)
    });
    decided.collect()
}

/// The undo by which an account that is nobody's stays as it was put back.
fn kept_as<'a>(world: &World<'a>, id: &AccountId) -> Option<&'a Keep> {
    let wanted = undo::wanted_of_nobody(world.links.get(id));
    world.orders.keeps.iter().find(|keep| {
        keep.app == *world.app
            && keep.account == *id
            && keep.person.is_none()
            && keep.stands(&wanted, world.now)
    })
}

fn word(id: &AccountId, reason: &str, said: &Confirmation) -> Reason {
    let Confirmation { by, at } = said;
    let at = at.strftime("%Y-%m-%d %H:%M UTC");
    Reason::new(
        format!("account {id}"),
        format!("{by} said on {at} that it should not exist: {reason}"),
    )
}

/// The next rung for an account that lets in; and once it has been without access for as long as
/// the policy says, the end of it.
fn take(
    world: &World<'_>,
    addresses: &Addresses<'_>,
    (id, known): (&AccountId, &KnownAccount),
    word: &Reason,
    said: Timestamp,
) -> Option<Operation> {
    let mut reasons = vec![word.clone()];
    if let Some(work) = known.work.as_ref().filter(|work| work.is_something()) {
        reasons.push(leave::holds(id, work));
    }
    let ended = ended(world, addresses, (id, known), said);
    if let Some(reason) = ended {
        reasons.insert(0, reason);
        let effect = Effect {
            action: Action::Delete,
            account: Some(&known.account),
            after: None,
            reversibility: leave::lost_for_ever(known),
        };
        return operation(world, None, effect, &reasons);
    }
    if !known.account.status.may_sign_in() {
        return None;
    }
    let (action, reversibility) = rung(world, known, &mut reasons)?;
    let after = taken(&action, AccountState::from(&known.account));
    let effect = Effect { action, account: Some(&known.account), after, reversibility };
    operation(world, None, effect, &reasons)
}

/// Why the account is to be deleted by now, if it is.
fn ended(
    world: &World<'_>,
    addresses: &Addresses<'_>,
    (id, known): (&AccountId, &KnownAccount),
    said: Timestamp,
) -> Option<Reason> {
    let days = world.rules.delete_after_days?;
    let (since, how) = leave::shut_since((world, addresses), (id, known), said)?;
    let at = since.checked_add((i64::from(days) * 24).hours()).ok()?;
    (at <= world.now).then(|| {
        Reason::new(
            format!("policy apps.{}.leaver.delete_after", world.app),
            format!(
                "accounts are deleted after {days} days without access; it is {how} since {}",
                since.strftime("%Y-%m-%d %H:%M UTC")
            ),
        )
    })
}
