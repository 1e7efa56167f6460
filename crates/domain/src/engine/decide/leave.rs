//! What follows once access is cut: a leaver's work goes to others, and after a while the account
//! goes too.

use jiff::{Timestamp, ToSpan};

use super::{Addresses, Case, Decision, Effect, falls_to_least, lower_role};
use crate::{
    engine::{
        hand_over::{self, Destiny},
        world::{KnownAccount, World},
    },
    model::{
        account::AccountStatus,
        id::AccountId,
        plan::{AccountState, Action, Reason, Reversibility, Upcoming},
        work::{OpenWork, Reach, Recipient},
    },
};

impl Case<'_, '_> {
    /// Gives the work of a leaver's accounts to others, as far as it is known.
    pub(super) fn hand_over(&self, decision: &mut Decision, engagement: u32, why: &[Reason]) {
        let Destiny::GoesTo { to, why: chosen } =
            hand_over::destiny(self.world, self.person, engagement)
        else {
            return;
        };
        for (id, known) in &self.accounts {
            // What was not counted to the end is handed over once all the same: doing it tells.
            let uncounted = |work: &OpenWork| {
                work.reach == Reach::Stopped && !self.addresses.handed_over.contains(id)
            };
            let Some(work) =
                known.work.as_ref().filter(|work| work.is_something() || uncounted(work))
            else {
                continue;
            };
            let mut reasons = vec![holds(id, work), chosen.clone()];
            let found = self.office.recipient(self.person, to);
            let to = match found {
                Ok((to, because)) => {
                    reasons.push(because);
                    to
                }
                Err(_) => Recipient::Unknown, // the guard says why
            };
            reasons.extend_from_slice(why);
            let state = AccountState::from(&known.account);
            let closed_within_days = hand_over::closed_within_days(self.world);
            let lost = "an undo gives back only what nobody has given on by then".to_owned();
            let effect = Effect {
                action: Action::HandOver { to, closed_within_days },
                account: Some(&known.account),
                after: Some(state),
                reversibility: Reversibility::Partly { lost },
            };
            decision.operations.extend(self.operation(effect, engagement, &reasons));
        }
    }

    /// What will become of the work of somebody whose access ends at `at`.
    pub(super) fn will_hand_over(
        &self,
        decision: &mut Decision,
        (at, engagement): (Timestamp, u32),
        why: &[Reason],
    ) {
        for work in self.accounts.iter().filter_map(|(_, known)| known.work.as_ref()) {
            if !work.is_something() {
                continue;
            }
            let what = match hand_over::destiny(self.world, self.person, engagement) {
                Destiny::Unsaid => "no rule says who takes it over".to_owned(),
                Destiny::Kept { why } => why.says,
                Destiny::GoesTo { to, .. } => match self.office.recipient(self.person, to) {
                    Ok((_, because)) => because.says,
                    Err(why_not) => format!("nobody can take it over: {why_not}"),
                },
            };
            let what = format!("leaves {work}: {what}");
            let (person, reasons) = (self.person_ref(Some(engagement)), why.to_vec());
            decision.upcoming.push(Upcoming { at, person, what, reasons });
        }
    }

    /// For an operation that takes access away: what work is left behind, and who decided that.
    pub(super) fn says_what_is_left(
        &self,
        id: &AccountId,
        known: &KnownAccount,
        engagement: u32,
        reasons: &mut Vec<Reason>,
    ) {
        let Some(work) = known.work.as_ref().filter(|work| work.is_something()) else { return };
        reasons.push(holds(id, work));
        match hand_over::destiny(self.world, self.person, engagement) {
            Destiny::GoesTo { .. } => {}
            Destiny::Kept { why } => reasons.push(why),
            Destiny::Unsaid => reasons.push(Reason::new(
                format!("policy apps.{}.leaver", self.world.app),
                "no rule says who takes the work over",
            )),
        }
    }

    /// Deletes the accounts of somebody who left `since`, once they have been without access for
    /// as long as the policy says. Somebody who comes back before has access again, and with that
    /// nothing to delete.
    pub(super) fn delete(
        &self,
        decision: &mut Decision,
        (since, engagement): (Timestamp, u32),
        why: &[Reason],
    ) {
        let Some(days) = self.world.rules.delete_after_days else { return };
        let app = self.world.app;
        for (id, known) in &self.accounts {
            let found = shut_since((self.world, self.addresses), (id, known), since);
            let Some((shut, how)) = found else { continue };
            let Ok(at) = shut.checked_add((i64::from(days) * 24).hours()) else { continue };
            let rule = Reason::new(
                format!("policy apps.{app}.leaver.delete_after"),
                format!("leavers' accounts are deleted after {days} days without access"),
            );
            let seen = Reason::new(
                format!("account {id}"),
                format!("{how} since {}", shut.strftime("%Y-%m-%d %H:%M UTC")),
            );
            let mut reasons = vec![rule, seen];
            self.says_what_is_left(id, known, engagement, &mut reasons);
            reasons.extend_from_slice(why);
            if self.world.now < at {
                let what = format!("account {id} is deleted");
                let person = self.person_ref(Some(engagement));
                decision.upcoming.push(Upcoming { at, person, what, reasons });
                continue;
            }
            let effect = Effect {
                action: Action::Delete,
                account: Some(&known.account),
                after: None,
                reversibility: lost_for_ever(known),
            };
            decision.operations.extend(self.operation(effect, engagement, &reasons));
        }
    }
}

/// What the account holds, and when that was seen.
pub(super) fn holds(id: &AccountId, work: &OpenWork) -> Reason {
    let at = work.at.strftime("%Y-%m-%d %H:%M UTC");
    Reason::new(format!("account {id}"), format!("holds {work}, as read {at}"))
}

/// What is lost when the account is deleted.
pub(super) fn lost_for_ever(known: &KnownAccount) -> Reversibility {
    let closed = known.work.as_ref().map_or(0, |work| work.closed);
    let lost = match closed {
        0 => "the account and its statistics; no tickets are known to be left".to_owned(),
        n => format!("the account, its statistics, and the assignee of {n} old tickets"),
    };
    Reversibility::Never { lost }
}

/// Since when the account has certainly been without access, and how: shut out, or lowered as far
/// as it goes where the app cannot shut it out. Never before it was to be: when its owner left, or
/// when somebody said that it should not exist.
pub(super) fn shut_since(
    (world, addresses): (&World<'_>, &Addresses<'_>),
    (id, known): (&AccountId, &KnownAccount),
    not_before: Timestamp,
) -> Option<(Timestamp, &'static str)> {
    let account = &known.account;
    let reduced = || {
        account.status == AccountStatus::Active
            && falls_to_least(world, known).0
            && lower_role(world, known).is_none()
    };
    let how = match account.status {
        AccountStatus::Inactive => "shut out",
        _ if reduced() => "reduced",
        _ => return None,
    };
    // Whatever the app changed since then may have let it in meanwhile.
    let ours = addresses.shut.get(&id).copied();
    let known_since = ours.max(account.updated)?;
    Some((known_since.max(not_before), how))
}
