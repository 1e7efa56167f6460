//! What an undo put back stays, whatever the rules ask for, until it ends.

use jiff::Timestamp;

use super::{Case, Decision, Effect, rung, taken};
use crate::{
    engine::world::KnownAccount,
    model::{
        account::{AccountChange, AccountStatus, SignIn},
        keep::{Keep, WorkBack},
        operation::Run,
        plan::{AccountState, Action, Operation, Reason, Reversibility, Upcoming},
    },
};

impl Case<'_, '_> {
    /// Takes out of `decision` what would change a kept account in what is kept, and puts in what
    /// brings the account back where it is not yet so.
    pub(super) fn keep(&self, keeps: &[&Keep], decision: &mut Decision) {
        for keep in keeps {
            let mine = |one: &Operation| one.account.as_ref() == Some(&keep.account);
            // Nor is its work given away, nor is it deleted, while it is kept.
            decision.operations.retain(|one| {
                !(mine(one) && matches!(one.action, Action::HandOver { .. } | Action::Delete))
            });
            if keep.work.is_none() {
                self.keep_state(keep, decision);
            }
            let what = "is decided anew: an undo ends";
            if decision.upcoming.iter().any(|one| one.at == keep.until && one.what == what) {
                continue;
            }
            decision.upcoming.push(Upcoming {
                at: keep.until,
                person: self.person_ref(keep.against.engagement.or(Some(1))),
                what: what.to_owned(),
                reasons: vec![reason(keep)],
            });
        }
        decision.operations.extend(keeps.iter().filter_map(|keep| self.give_back(keep)));
    }

    fn keep_state(&self, keep: &Keep, decision: &mut Decision) {
        let mine = |one: &Operation| one.account.as_ref() == Some(&keep.account);
        let usual = decision.operations.iter().position(mine);
        let usual = usual.map(|index| decision.operations.remove(index));
        let shut_out = keep.state.sign_in == Some(SignIn::Blocked);
        if shut_out {
            let creates = |one: &Operation| matches!(one.action, Action::Create { .. });
            decision.operations.retain(|one| !creates(one));
        }
        let known = self.world.accounts.get(&keep.account);
        if let Some(known) = known.filter(|known| known.gone.is_none()) {
            let mut reasons = vec![reason(keep)];
            let effect = if shut_out {
                self.shut(known, &mut reasons)
            } else {
                restored(keep, known, usual.as_ref())
            };
            let engagement = keep.against.engagement.unwrap_or(1);
            let operation = effect.and_then(|it| self.operation(it, engagement, &reasons));
            decision.operations.extend(operation);
        }
    }

    /// What gives back the work that the undone hand-over took, until that is done.
    fn give_back(&self, keep: &Keep) -> Option<Operation> {
        let back = keep.work.as_ref()?;
        let known = self.world.accounts.get(&keep.account).filter(|known| known.gone.is_none())?;
        let action = Action::GiveBack { undone: keep.undone.clone() };
        let is_done = |run: &Run| run.state.is_done() && run.operation.action == action;
        if self.world.runs.iter().any(is_done) {
            return None;
        }
        let from = format!("operation {}", keep.undone);
        let mut reasons = vec![Reason::new(&*from, format!("{} come back", back.comes()))];
        reasons.extend(WorkBack::rest(&back.stays).map(|rest| Reason::new(&*from, rest)));
        reasons.push(reason(keep));
        let state = AccountState::from(&known.account);
        let effect = Effect {
            action,
            account: Some(&known.account),
            after: Some(state),
            reversibility: Reversibility::Whole,
        };
        self.operation(effect, keep.against.engagement.unwrap_or(1), &reasons)
    }

    /// The next rung for an account that should not have been let in.
    fn shut<'k>(&self, known: &'k KnownAccount, reasons: &mut Vec<Reason>) -> Option<Effect<'k>> {
        if !known.account.status.may_sign_in() {
            return None;
        }
        let (action, reversibility) = rung(self.world, known, reasons)?;
        let after = taken(&action, AccountState::from(&known.account));
        Some(Effect { action, account: Some(&known.account), after, reversibility })
    }
}

/// What brings the account back, together with what is asked for in fields that are not kept.
pub(super) fn restored<'k>(
    keep: &Keep,
    known: &'k KnownAccount,
    usual: Option<&Operation>,
) -> Option<Effect<'k>> {
    let account = &known.account;
    let mut change = match usual.map(|one| &one.action) {
        Some(Action::Update { change } | Action::Reactivate { change }) => change.clone(),
        _ => AccountChange::default(),
    };
    let AccountChange { name, role, sign_in } = &keep.state;
    if let Some(name) = name {
        change.name = (account.name != *name).then(|| name.clone());
    }
    if let Some(role) = role {
        change.role = (account.role.as_ref() != Some(role)).then(|| role.clone());
    }
    let inactive = account.status == AccountStatus::Inactive;
    if *sign_in == Some(SignIn::Allowed) && inactive {
        change.sign_in = Some(SignIn::Allowed);
    }
    if change.is_empty() {
        return None;
    }
    let after = AccountState {
        name: change.name.clone().unwrap_or_else(|| account.name.clone()),
        role: change.role.clone().or_else(|| account.role.clone()),
        status: if change.sign_in.is_some() { AccountStatus::Active } else { account.status },
        ..AccountState::from(account)
    };
    let lets_in = change.sign_in.is_some();
    let action = if lets_in { Action::Reactivate { change } } else { Action::Update { change } };
    let reversibility = Reversibility::Whole;
    Some(Effect { action, account: Some(account), after: Some(after), reversibility })
}

pub(super) fn reason(keep: &Keep) -> Reason {
    let Keep { id, undone, what, reason, by, until, .. } = keep;
    Reason::new(
        format!("undo {id}"),
        format!("{by} undid {undone} ({what}) until {}: {reason}", day(*until)),
    )
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
