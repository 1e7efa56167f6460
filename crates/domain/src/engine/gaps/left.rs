//! What is wrong with an account of somebody who left.

use jiff::Timestamp;

use super::{Gap, GapKind, Survey};
use crate::{
    engine::{
        correlate::Match,
        decide,
        expect::Rules,
        holders::{leaver_behind, way_out},
        world::KnownAccount,
    },
    model::{account::AccountStatus, id::AccountId, person::Person},
};

impl Survey<'_> {
    pub(super) fn left(
        &self,
        person: &Person,
        id: &AccountId,
        known: &KnownAccount,
        since: Option<Timestamp>,
    ) -> Gap {
        let app = self.world.app;
        let name = person.name();
        let (reduce, _) = decide::falls_to_least(self.world, known);
        let status = known.account.status.word();
        let made_since = |taken: &&Timestamp| known.account.created.is_some_and(|at| at > **taken);
        let anew = self.taken.get(&person.id).filter(made_since);
        let (kind, cause, remedy) = if let Some(taken) = anew {
            let on = taken.strftime("%Y-%m-%d");
            (
                GapKind::CameBack,
                format!("{name} lost access on {on}, and there is a new account, {status}"),
                "find out who invited it; cut sign-in at the identity provider, where a sign-in \
                 can make an account by itself"
                    .to_owned(),
            )
        } else if known.account.status == AccountStatus::Invited && !self.shut_out.contains(id) {
            (
                GapKind::InvitedAfterExit,
                format!("{name} does not work here, but the invitation is still open"),
                format!("muster plan {app}"),
            )
        } else if let Some(spared) = self.spared(id) {
            (
                GapKind::OffboardedActive,
                format!("{name} does not work here, but the account is {status}: {spared}"),
                format!("muster approvals {app}, muster undo"),
            )
        } else if self.shut_out.contains(id) {
            (
                GapKind::CameBack,
                format!("{name} was shut out, but the account is {status} again"),
                format!("find out who let it in; muster plan {app}"),
            )
        } else if reduce && decide::lower_role(self.world, known).is_none() {
            (
                GapKind::OffboardedReduced,
                format!("{name} left; the app cannot shut the account out, its role is the least"),
                match self.world.rules.delete_after_days {
                    Some(_) => "cut sign-in at the identity provider; the account is deleted later",
                    None => {
                        "cut sign-in at the identity provider; set leaver.delete_after to have it \
                         deleted after the hand-over"
                    }
                }
                .to_owned(),
            )
        } else {
            (
                GapKind::OffboardedActive,
                format!("{name} does not work here, but the account is {status}"),
                format!("muster plan {app}"),
            )
        };
        Gap { since, ..self.gap(kind, (id, known), Some(person), (cause, remedy)) }
    }

    /// An account that somebody said to be another's or nobody's, under the address of somebody who
    /// has left: she may know its secret (L12).
    pub(super) fn with_leavers_address(
        &self,
        id: &AccountId,
        known: &KnownAccount,
        matched: &Match,
        rules: &Rules<'_>,
    ) -> Option<Gap> {
        if matches!(matched, Match::Unwanted { .. }) {
            return None;
        }
        let behind = leaver_behind(&self.directory, rules, (known, matched))?;
        let (person, why) = (behind.person, behind.why());
        let login = &known.account.login;
        let gap = self.gap(
            GapKind::OffboardedActive,
            (id, known),
            Some(person),
            (
                format!(
                    "{} has left, and {login} {why}, though it is said not to be theirs",
                    person.name()
                ),
                way_out(self.world.app, id),
            ),
        );
        Some(Gap { since: Some(behind.since), ..gap })
    }
}
