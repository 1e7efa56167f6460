//! An invitation that nobody accepts should not lie around.

use super::{Allowed, Began, Check, Question, Reach, Rests, Verdict, ask::Holding};
use crate::{
    engine::gaps::lapsed,
    model::{account::AccountStatus, check::Severity},
};

pub(super) static CHECK: Check = Check {
    name: "stale_invitation",
    title: "Invitations should be accepted or withdrawn",
    what: "No invitation has lapsed without being accepted.",
    why: "It holds a seat, its person cannot work, and a letter that lies around can be found.",
    fix: "Send it again in the app, or take the account away.",
    soc2: &["CC6.2"],
    iso27001: &["A.5.18"],
    reach: Reach::EveryApp,
    severity: Severity::Low,
    allowed: Allowed::days(7),
    measure: None,
    rests: Rests::App,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if holding.known.gone.is_some() || holding.status() != AccountStatus::Invited {
        return Verdict::none("no open invitation");
    }
    let world = holding.facts().world;
    if let Some(at) = lapsed(world, holding.known) {
        return Verdict::wrong(
            format!("the invitation of {} to {} has lapsed", holding.login(), world.app),
            format!("send it again in {}, or take the account away", world.app),
        )
        .since(Began::At(at))
        .privileged(holding.is_privileged())
        .into();
    }
    let sent = holding.known.activity().invited.or(holding.known.account.created);
    if world.sight.invitation_lasts.is_some() && sent.is_none() {
        return Verdict::unseen(
            "{app} does not tell when {login} was invited",
            "look it up in {app}",
        );
    }
    Verdict::pass("still good")
}
