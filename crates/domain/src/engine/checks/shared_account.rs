//! One account, one human.

use super::{Allowed, Check, Question, Reach, Rests, Verdict, ask::Holding};
use crate::{
    engine::correlate::Match,
    model::{account::AccountStatus, check::Severity, link::NonHuman},
};

pub(super) static CHECK: Check = Check {
    name: "shared_account",
    title: "Accounts should not be shared between people",
    what: "No account that lets in is declared to be shared by several people.",
    why: "Nobody can say who did what with it, and whoever left still knows its password.",
    fix: "Give each of them an account of their own, or make an exception that says who answers \
          for it and how its secret is changed when somebody leaves.",
    soc2: &["CC6.1"],
    iso27001: &["A.5.16", "A.5.17"],
    reach: Reach::EveryApp,
    severity: Severity::Medium,
    allowed: Allowed::days(30),
    measure: None,
    rests: Rests::App,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if holding.known.gone.is_some() || holding.status() == AccountStatus::Inactive {
        return Verdict::none("it lets nobody in");
    }
    match holding.matched {
        Match::Linked { .. } => Verdict::pass("one person's own"),
        Match::Classified { kind: NonHuman::Shared, .. } => Verdict::wrong(
            format!("{} in {} is shared by several people", holding.login(), holding.app()),
            "give each of them an account of their own, or except it".to_owned(),
        )
        .privileged(holding.is_privileged())
        .into(),
        Match::Classified { .. } | Match::Machine { .. } => Verdict::none("not used by people"),
        Match::Unwanted { .. } => Verdict::none("should not exist: identified says so"),
        Match::ToConfirm { .. } | Match::Unmatched => {
            Verdict::unseen("nobody has said whose {login} is", "muster accounts classify {unit}")
        }
    }
}
