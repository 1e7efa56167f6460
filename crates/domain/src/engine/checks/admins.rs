//! Few people should be able to change who may do what.

use super::{Allowed, Check, Company, Measure, Question, Reach, Rests, Verdict, ask::Facts};
use crate::model::{account::AccountStatus, check::Severity};

pub(super) static CHECK: Check = Check {
    name: "admins",
    title: "Privileged accounts should be few",
    what: "Not more than so many accounts of the app are privileged, or one in ten where the app \
           has many. Bots and integrations are not counted; service accounts are.",
    why: "Every administrator can let others in, and is worth stealing.",
    fix: "Lower those who do not administer: change the rules that give them the role, then \
          `muster plan APP`.",
    soc2: &["CC6.1", "CC6.3"],
    iso27001: &["A.8.2"],
    reach: Reach::EveryApp,
    severity: Severity::Medium,
    allowed: Allowed::days(30),
    measure: Some(Measure {
        key: "at_most",
        standard: 3,
        meaning: "so many privileged accounts are few, whatever the size of the app",
    }),
    rests: Rests::App,
    question: Question::App(ask),
};

fn ask(facts: &Facts<'_>, company: &Company<'_>) -> Verdict {
    let world = facts.world;
    let live = || {
        world.accounts.values().filter(|known| {
            known.gone.is_none()
                && known.account.kind == crate::model::account::AccountKind::Human
                && known.account.status != AccountStatus::Inactive
        })
    };
    let all = live().count();
    let unreadable = live().filter(|known| known.account.role.is_none()).count();
    let privileged = live()
        .filter(|known| {
            let role = known.account.role.as_ref();
            role.is_some_and(|role| world.sight.is_privileged(role))
        })
        .count();
    let few = usize::try_from(company.measure(&CHECK)).unwrap_or(usize::MAX).max(all / 10);
    if privileged > few {
        return Verdict::wrong(
            format!("{privileged} of {all} accounts of {} are privileged", world.app),
            format!("keep {few} at most: change the rules that give the role, then muster plan"),
        )
        .into();
    }
    if privileged + unreadable > few {
        return Verdict::unseen(
            "{app} does not tell the role of {detail} accounts",
            "look them up in {app}",
        )
        .because(&unreadable.to_string());
    }
    Verdict::pass("few are privileged")
}
