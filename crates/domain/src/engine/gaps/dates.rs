//! What is wrong with leave, dates and access that nothing gives; and the answers to a role that is
//! not the one that should be.

use super::{Gap, GapKind, Survey};
use crate::{
    engine::{decide, expect::Expectation, lifecycle, world::KnownAccount},
    model::{
        id::{AccountId, AppName, RoleName},
        person::{EngagementKind, Person},
        policy::Leave,
    },
};

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
            let zone = &self.world.policy.organization.time_zone;
            let review = engagement.terms.review_date.filter(|_| contractor && stint.end.is_none());
            if let Some(review) = review {
                let over = review.tomorrow().and_then(|day| day.to_zoned(zone.clone())).ok();
                if let Some(over) = over.map(|day| day.timestamp()).filter(|over| *over <= now) {
                    let cause = format!(
                        "{name} is a contractor; whether the work goes on was to be looked at by \
                         {review}"
                    );
                    let remedy = format!(
                        "give {anchor} another review date or an end: muster people edit {id} \
                         --review DATE, or muster people end {id} --on DATE",
                        anchor = person.anchor,
                        id = person.id
                    );
                    let (kind, told) = (GapKind::ContractorOverdue, (cause, remedy));
                    let gap = self.gap(kind, *account, Some(person), told);
                    gaps.push(Gap { since: Some(over), ..gap });
                }
            } else if contractor && stint.end.is_none() {
                let cause = format!("{name} is a contractor, and no end is known");
                let remedy = format!(
                    "give {} an end date in the source, or muster offboard {} --at TIME",
                    person.anchor, person.id
                );
                let (kind, told) = (GapKind::ContractorOpenEnded, (cause, remedy));
                gaps.push(self.gap(kind, *account, Some(person), told));
            }
        }
        gaps
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
                "add a rule to the policy, grant it with muster access grant, or remove account {}",
                account.0
            );
            self.gap(GapKind::ExcessAccount, *account, Some(person), (cause, remedy))
        };
        excess.map(gap).collect()
    }
}
