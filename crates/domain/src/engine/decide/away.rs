//! People on leave, where the policy does not just keep their accounts. Nothing is deleted, no
//! invitation withdrawn: she comes back.

use super::{Case, Decision, Effect, falls_to_least, lower_role};
use crate::model::{
    account::AccountStatus,
    plan::{AccountState, Action, Reason, Reversibility},
    policy::Leave,
};

impl Case<'_, '_> {
    /// Every account that lets her in is shut out, or falls to the least role, until she is back.
    pub(super) fn set_aside(&self, engagement: u32, why: &[Reason]) -> Decision {
        let leave = self.world.rules.leave;
        let mut reasons = vec![Reason::new(
            format!("policy apps.{}.leave", self.world.app),
            match leave {
                Leave::Suspend => "who is on leave is shut out until she is back",
                Leave::Keep | Leave::Reduce => {
                    "who is on leave has the least role until she is back"
                }
            },
        )];
        reasons.extend_from_slice(why);
        let mut decision = Decision::default();
        for (_, known) in &self.accounts {
            if !known.account.status.may_sign_in() {
                continue;
            }
            let (reduce, _) = falls_to_least(self.world, known);
            let lower = lower_role(self.world, known);
            let before = AccountState::from(&known.account);
            let (action, after) = match lower {
                Some(to) if reduce || leave == Leave::Reduce => {
                    let after = AccountState { role: Some(to.clone()), ..before };
                    (Action::Reduce { to }, after)
                }
                None if reduce || leave == Leave::Reduce => continue,
                fallback => {
                    let after = AccountState { status: AccountStatus::Inactive, ..before };
                    (Action::Deactivate { fallback }, after)
                }
            };
            let effect = Effect {
                action,
                account: Some(&known.account),
                after: Some(after),
                reversibility: Reversibility::Whole,
            };
            decision.operations.extend(self.operation(effect, engagement, &reasons));
        }
        decision
    }
}
