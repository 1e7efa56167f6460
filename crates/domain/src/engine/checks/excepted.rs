//! Exceptions: what a named person answers for is counted apart, as long as she is there to answer.

use super::Company;
use crate::model::check::{CheckResult, CheckState, Exception, Unit};

impl Company<'_> {
    /// What a named person answers for is counted apart, while the exception holds. The clock goes
    /// on below it. What cannot be seen cannot be excepted: nobody knows what it is. And where
    /// nobody is left to answer, nothing is excepted any more.
    pub(super) fn except(&self, result: &mut CheckResult) {
        if !matches!(result.state, CheckState::Fail | CheckState::Due) {
            return;
        }
        let covers = |exception: &&Exception| {
            exception.check == result.check
                && exception.unit == result.unit
                && exception.holds(self.now)
                && self.is_no_worse(exception)
        };
        let covering = || self.orders.exceptions.iter().filter(covers);
        let answered = |one: &&Exception| self.answerers.why_not(&one.owner).is_none();
        let last = covering().filter(answered).max_by_key(|one| one.until);
        if let Some(exception) = last {
            result.state = CheckState::Excepted;
            result.rung = None;
            result.exception = Some(exception.id.clone());
            result.cause = format!(
                "{}; excepted until {} by {}: {}",
                result.cause,
                exception.until.strftime("%Y-%m-%d"),
                exception.owner,
                exception.reason
            );
            return;
        }
        let Some(left) = covering().max_by_key(|one| one.until) else { return };
        if let Some(why) = self.answerers.why_not(&left.owner) {
            result.cause = format!(
                "{}; the exception until {} counts no more, nobody answers for it: {why}",
                result.cause,
                left.until.strftime("%Y-%m-%d"),
            );
            result.remedy = format!(
                "{}; or let somebody who works here answer: muster exception add {} {} --owner NAME",
                result.remedy, result.check, result.unit
            );
        }
    }

    /// Whether the account has no more rights than when it was excepted.
    fn is_no_worse(&self, exception: &Exception) -> bool {
        let Unit { app: Some(app), account: Some(account), .. } = &exception.unit else {
            return true;
        };
        let facts = self.apps.iter().find(|facts| facts.world.app == app);
        let known = facts.and_then(|facts| facts.world.accounts.get(account));
        let Some((facts, known)) = facts.zip(known) else { return true };
        match (&exception.role, &known.account.role) {
            (was, is) if was == is => true,
            (Some(was), Some(is)) => {
                let sight = facts.world.sight;
                sight.role(was).is_some() && sight.role(is).is_some() && sight.lowers(was, is)
            }
            _ => false,
        }
    }
}
