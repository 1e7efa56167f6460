//! What is wrong with accounts that a human said should not exist.

use std::collections::BTreeMap;

use super::{Gap, GapKind, Survey};
use crate::{
    engine::{
        consent::fold_login,
        correlate::{Correlation, Match},
        decide,
        world::{KnownAccount, World},
    },
    model::{account::AccountStatus, id::AccountId, link::Confirmation},
};

/// The logins of accounts that should not exist and are gone, with who said so.
pub(super) fn banned<'a>(
    world: &World<'a>,
    correlation: &'a Correlation,
) -> BTreeMap<String, &'a Confirmation> {
    let gone = correlation.matches.iter().filter_map(|(id, matched)| {
        let Match::Unwanted { said, .. } = matched else { return None };
        let known = world.accounts.get(id).filter(|known| known.gone.is_some())?;
        Some((fold_login(&known.account.login), said))
    });
    gone.collect()
}

impl Survey<'_> {
    /// An account that should not exist, and lets in.
    pub(super) fn unwanted(
        &self,
        id: &AccountId,
        known: &KnownAccount,
        (reason, said): (&str, &Confirmation),
    ) -> Option<Gap> {
        let account = &known.account;
        if !account.status.may_sign_in() {
            return None;
        }
        let (app, login, by) = (self.world.app, &account.login, &said.by);
        let status = account.status.word();
        let plan = format!("muster plan {app}");
        let (reduce, _) = decide::falls_to_least(self.world, known);
        let least = reduce && decide::lower_role(self.world, known).is_none();
        let (kind, told) = if let Some(spared) = self.spared(id) {
            let cause = format!("{login} should not exist ({by}: {reason}), but: {spared}");
            (GapKind::Unwanted, (cause, format!("muster approvals {app}, muster undo")))
        } else if self.shut_out.contains(id) {
            let cause = format!("{login} should not exist, was shut out, and is {status} again");
            (GapKind::CameBack, (cause, format!("find out who let it in; {plan}")))
        } else if least && account.status != AccountStatus::Invited {
            let cause = format!(
                "{login} should not exist; the app cannot shut it out, its role is the least"
            );
            let remedy = "cut sign-in at the identity provider; set leaver.delete_after to have it \
                          deleted, or delete it in the app";
            (GapKind::OffboardedReduced, (cause, remedy.to_owned()))
        } else {
            let cause = format!("{login} should not exist and is {status} ({by}: {reason})");
            (GapKind::Unwanted, (cause, plan))
        };
        let gap = self.gap(kind, (id, known), None, told);
        Some(Gap { since: Some(said.at), ..gap })
    }

    /// A new account under the login of one that should not exist and is gone.
    pub(super) fn again(
        &self,
        id: &AccountId,
        known: &KnownAccount,
        matched: &Match,
    ) -> Option<Gap> {
        let answered = matches!(
            matched,
            Match::Linked { confirmed: true, .. }
                | Match::Classified { .. }
                | Match::Unwanted { .. }
        );
        // Muster made it, because somebody is to have it by now.
        let ours = self.written.contains_key(id);
        if self.banned.is_empty() || answered || ours || !known.account.status.may_sign_in() {
            return None;
        }
        let said = self.banned.get(&fold_login(&known.account.login))?;
        let login = &known.account.login;
        let app = self.world.app;
        let cause =
            format!("{} said that {login} should not exist; there is a new account", said.by);
        let remedy = format!(
            "find out who made it; muster accounts unwanted {app}/{id} --reason TEXT, or muster \
             accounts link {app}/{id} PERSON"
        );
        let gap = self.gap(GapKind::CameBack, (id, known), None, (cause, remedy));
        Some(Gap { since: known.account.created, ..gap })
    }
}
