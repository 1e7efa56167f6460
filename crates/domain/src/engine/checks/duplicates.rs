//! One human, one account in an app.

use super::{Allowed, Check, Question, Reach, Rests, Verdict, ask::Holder};
use crate::model::check::Severity;

pub(super) static CHECK: Check = Check {
    name: "duplicates",
    title: "A person should have one account",
    what: "Nobody has more than one account in an app that lets in.",
    why: "The second one is forgotten when she leaves or moves, and is paid for twice.",
    fix: "Decide which one stays, hand over what the other holds, and take it away.",
    soc2: &["CC6.1", "CC6.2"],
    iso27001: &["A.5.16"],
    reach: Reach::EveryApp,
    severity: Severity::Low,
    allowed: Allowed::days(30),
    measure: None,
    rests: Rests::App,
    question: Question::Person(ask),
};

fn ask(holder: &Holder<'_, '_>) -> Verdict {
    match holder.accounts.as_slice() {
        [] => Verdict::none("has no account that lets in"),
        [_] => Verdict::pass("one account"),
        several => {
            let logins: Vec<_> =
                several.iter().map(|(_, known)| known.account.login.as_str()).collect();
            let name = holder.person.name();
            Verdict::wrong(
                format!(
                    "{name} has {} accounts in {}: {}",
                    several.len(),
                    holder.app(),
                    logins.join(", ")
                ),
                "decide which one stays, and take the other away".to_owned(),
            )
            .privileged(holder.is_privileged())
            .into()
        }
    }
}
