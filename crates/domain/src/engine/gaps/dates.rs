//! What is wrong with leave, dates and access that nothing gives; and the answers to a role that is
//! not the one that should be.

use jiff::SignedDuration;

use super::{Gap, GapKind, Survey};
use crate::{
    engine::{contract, decide, expect::Expectation, lifecycle, world::KnownAccount},
    model::{
        id::{AccountId, AppName, RoleName},
        person::{Engagement, EngagementKind, Person},
        policy::Leave,
    },
};

/// So long a source and a word by hand may contradict each other before somebody must settle it.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// The three answers to a role that is not the one that should be (M11).
pub(super) fn answers(
    person: &Person,
    app: &AppName,
    (id, has): (&AccountId, &RoleName),
) -> String {
    format!(
        "put it back: muster plan {app}; adopt it: muster access grant {} {app} {has} --reason \
         TEXT; or let it be for a while: muster access except {app}/{id} --until DATE --reason TEXT",
        person.id
    )
}

impl Survey<'_> {
    /// Accounts of somebody on leave that should be set aside.
    pub(super) fn away(
        &self,
        person: &Person,
        accounts: &[(&AccountId, &KnownAccount)],
    ) -> Vec<Gap> {
        let name = person.name();
        let plan = format!("muster plan {}", self.world.app);
        let mut gaps = Vec::new();
        for (id, known) in accounts {
            let (reduce, _) = decide::falls_to_least(self.world, known);
            let lower = decide::lower_role(self.world, known);
            let (kind, what) = match (self.world.rules.leave, lower) {
                (Leave::Suspend, _) if !reduce => {
                    (GapKind::ExcessAccount, "lets her in".to_owned())
                }
                (_, Some(least)) => (GapKind::ExcessRole, format!("is more than {least}")),
                (_, None) => continue,
            };
            let cause = format!("{name} is on leave, but the account {what}");
            gaps.push(self.gap(kind, (id, known), Some(person), (cause, plan.clone())));
        }
        gaps
    }

    /// What is wrong with the dates of somebody who has access, or is to have it.
    pub(super) fn dates(
        &self,
        person: &Person,
        accounts: &[(&AccountId, &KnownAccount)],
    ) -> Vec<Gap> {
        let Some(account) = accounts.first() else { return Vec::new() };
        // Most people's dates leave nothing to say.
        let simple = |one: &Engagement| {
            one.terms.kind != Some(EngagementKind::Contractor)
                && one.terms.last_working_day.is_none()
        };
        if person.engagements.iter().all(simple) {
            return Vec::new();
        }
        let name = person.name();
        let now = self.world.now;
        let mut gaps = Vec::new();
        for stint in lifecycle::stints(person, &self.world.hours()) {
            let Some(engagement) = person.engagements.iter().find(|e| e.number == stint.number)
            else {
                continue;
            };
            let over = stint.end.is_some_and(|end| end <= now);
            if let Some(conflict) = stint.conflict.filter(|_| !over) {
                let cause = format!("{name}: {conflict}; the earlier counts");
                let remedy = format!("correct the dates of {} in the source", person.anchor);
                let (kind, told) = (GapKind::DateConflict, (cause, remedy));
                gaps.push(self.gap(kind, *account, Some(person), told));
            }
            let contractor = engagement.terms.kind == Some(EngagementKind::Contractor);
            if !contractor || stint.end.is_some() {
                continue;
            }
            let id = &person.id;
            match contract::review(person, engagement, &self.world.hours()) {
                None => {
                    let cause =
                        format!("{name} is a contractor, and neither an end nor a review is known");
                    let remedy = format!(
                        "muster people edit {id} --end DATE, or --review DATE; or tell it in the \
                         source of {}",
                        person.anchor
                    );
                    let (kind, told) = (GapKind::ContractorOpenEnded, (cause, remedy));
                    gaps.push(self.gap(kind, *account, Some(person), told));
                }
                Some(review) if review.over <= now => {
                    let cause = format!(
                        "{name} is a contractor whose work was to be reviewed by {}, and nobody said \
                         whether it goes on",
                        review.day
                    );
                    let remedy = format!(
                        "if it goes on: muster people edit {id} --review DATE, or --end DATE; if \
                         not: muster people end {id} --on DATE"
                    );
                    let (kind, told) = (GapKind::ContractorOverdue, (cause, remedy));
                    let gap = self.gap(kind, *account, Some(person), told);
                    gaps.push(Gap { since: Some(review.over), ..gap });
                }
                Some(_) => {}
            }
        }
        gaps
    }

    /// A source and a word by hand say for more than a day that somebody works here and does not.
    pub(super) fn contradicted(&self, person: &Person) -> Option<Gap> {
        if person.engagements.iter().all(|one| one.beside_hand.is_none()) {
            return None;
        }
        let accounts = self.correlation.accounts_of(&person.id).iter();
        let mut accounts = accounts.filter_map(|id| Some((id, self.world.accounts.get(id)?)));
        let account = accounts.find(|(_, known)| known.gone.is_none())?;
        let hours = self.world.hours();
        let now = self.world.now;
        let found = lifecycle::contradictions(person, &hours).into_iter().find(|one| {
            one.is_open(now) && one.open_since().checked_add(PATIENCE).is_ok_and(|at| at <= now)
        })?;
        let id = &person.id;
        let fields = contract::end_by_hand(person, found.engagement);
        let clear: Vec<_> = fields.iter().map(|field| format!("--clear {field}")).collect();
        let cause = format!("{}: {}", person.name(), found.says);
        let remedy = format!(
            "if the source is right: muster people edit {id} {}; if not, correct it there",
            clear.join(" ")
        );
        let gap = self.gap(GapKind::Contradicted, account, Some(person), (cause, remedy));
        Some(Gap { since: Some(found.open_since()), ..gap })
    }

    /// Accounts of somebody to whom nothing gives access.
    pub(super) fn ungiven(
        &self,
        person: &Person,
        accounts: &[(&AccountId, &KnownAccount)],
        expectation: &Expectation,
    ) -> Vec<Gap> {
        // Without a single rule nothing is expected of anybody yet.
        if self.silent {
            return Vec::new();
        }
        let name = person.name();
        let kept = |known: &KnownAccount| expectation.keeps(known.account.role.as_ref()).is_some();
        let excess = accounts.iter().filter(|(_, known)| !kept(known));
        let gap = |account: &(&AccountId, &KnownAccount)| {
            let cause = format!("{name} works here, but nothing gives access");
            let remedy = format!(
                "add a rule to the policy, grant it with muster access grant, or take {} away in {}",
                self.world.account_name(account.0),
                self.world.app
            );
            self.gap(GapKind::ExcessAccount, *account, Some(person), (cause, remedy))
        };
        excess.map(gap).collect()
    }
}
