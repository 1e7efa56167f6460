//! An account that nobody uses is only of use to somebody else.

use super::{Allowed, Began, Check, Measure, Question, Reach, Rests, Verdict, ask::Holding};
use crate::{
    engine::gaps::last_use,
    model::{account::AccountStatus, check::Severity},
};

pub(super) static CHECK: Check = Check {
    name: "dormant",
    title: "Accounts should be in use",
    what: "Somebody signed in to every active human account within so many days. Where the app's \
           trail does not reach back that far, or was not read lately, it cannot be told.",
    why: "An account that nobody misses is one whose misuse nobody notices; and it is paid for.",
    fix: "Ask whether it is still needed; if not, take it away.",
    soc2: &["CC6.2", "CC6.3"],
    iso27001: &["A.5.18", "A.8.2"],
    reach: Reach::EveryApp,
    severity: Severity::Low,
    allowed: Allowed::days(14),
    measure: Some(Measure {
        key: "after_days",
        standard: 90,
        meaning: "an account is dormant after so many days without a sign-in",
    }),
    rests: Rests::App,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if !holding.is_live_human() || holding.status() != AccountStatus::Active {
        return Verdict::none("not an account that somebody could use");
    }
    let world = holding.facts().world;
    let limit = holding.asker.company.measured_days(&CHECK);
    let long_ago = world.now.checked_sub(limit).unwrap_or(world.now);
    let Some(last) = last_use(world, holding.known) else {
        return Verdict::unseen(
            "{app} does not tell who signed in",
            "muster sync {app}; it reads the trail where the app has one",
        );
    };
    if long_ago < last.at {
        if last.is_sign_in || holding.known.account.created.is_some_and(|made| long_ago < made) {
            return Verdict::pass("somebody signed in lately, or it is new");
        }
        return Verdict::unseen(
            "the trail of {app} does not reach back far enough yet",
            "wait until it does",
        );
    }
    let since = last.at.checked_add(limit).unwrap_or(last.at);
    Verdict::wrong(
        format!(
            "nobody has signed in to {} in {} since {}",
            holding.login(),
            world.app,
            last.at.strftime("%Y-%m-%d")
        ),
        "ask whether it is still needed; if not, take the access away".to_owned(),
    )
    .since(Began::At(since))
    .privileged(holding.is_privileged())
    .into()
}
