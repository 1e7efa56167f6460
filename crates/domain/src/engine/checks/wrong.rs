//! Something wrong: since when, until when it is to be put right, how bad it is.

use super::{Began, Check, Company, Pressing, Wrong, deadline, key};
use crate::model::check::{Allowance, CheckResult, CheckRule, CheckState};

impl Company<'_> {
    /// The state of something wrong: by its clock and the time allowed.
    pub(super) fn wrong(&self, check: &Check, result: &mut CheckResult, wrong: Wrong) {
        let Wrong { cause, remedy, began, pressing, privileged } = wrong;
        let known = self.clocks.get(&key(check.name, &result.unit));
        let seen = known.map_or(self.now, |clock| clock.seen);
        let before = known.map_or(self.now, |clock| clock.since);
        let since = match began {
            Began::At(at) => at,
            Began::NotAfter(at) => at.min(before),
            Began::Seen => before,
        };
        // The app's clock may be ahead of ours.
        let since = since.min(self.now);
        let allowed = self.allowed(check, pressing);
        let person = result.person.as_ref().and_then(|id| self.people.get(id));
        let due = deadline::due(since, allowed, person, &self.policy.organization);
        // What is open is not given more time, say because a role was lowered meanwhile; unless it
        // turned out to have begun later.
        let known = known.filter(|clock| since <= clock.since);
        let due = known.and_then(|clock| clock.due).map_or(due, |before| due.min(before));
        let rung = deadline::rung((since, due), seen, self.now);
        (result.cause, result.remedy) = (cause, remedy);
        if privileged {
            result.severity = result.severity.raised();
        }
        result.since = Some(since);
        result.seen = Some(seen);
        result.due = Some(due);
        result.rung = Some(rung);
        result.state = if self.now < due { CheckState::Due } else { CheckState::Fail };
    }

    /// The time allowed.
    pub(super) fn allowed(&self, check: &Check, pressing: Pressing) -> Allowance {
        let rule = self.policy.checks.by_name.get(check.name);
        let said = |read: fn(&CheckRule) -> Option<Allowance>| rule.and_then(read);
        match pressing {
            Pressing::Ordinary => said(|rule| rule.allowed).unwrap_or(check.allowed.ordinary),
            Pressing::Privileged => said(|rule| rule.privileged)
                .or_else(|| said(|rule| rule.allowed).map(deadline::halved))
                .unwrap_or(check.allowed.privileged),
            // Never more than as a rule, nor than for a privileged role: it is the most pressing.
            Pressing::Involuntary => said(|rule| rule.involuntary).unwrap_or_else(|| {
                let ordinary = said(|rule| rule.allowed).unwrap_or(check.allowed.ordinary);
                deadline::shorter(check.allowed.involuntary, ordinary)
            }),
        }
    }
}
