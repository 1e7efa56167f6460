//! Accounts that came into being by themselves.

use super::{Allowed, Began, Check, Question, Reach, Rests, Verdict, ask::Holding};
use crate::{
    engine::correlate::Match,
    model::{account::AccountStatus, check::Severity},
};

pub(super) static CHECK: Check = Check {
    name: "self_joined",
    title: "Nobody should let themselves in",
    what: "No account that lets in came into being by itself, as a first single sign-on can make \
           one, unless a named person has confirmed whose it is since.",
    why: "Whoever can make an account for herself needs nobody's approval; and a leaver comes \
          back that way.",
    fix: "Confirm it (`muster accounts link`) or take it away; close the way in the app's sign-up \
          settings.",
    soc2: &["CC6.2", "CC6.3"],
    iso27001: &["A.5.16", "A.5.18"],
    reach: Reach::EveryApp,
    severity: Severity::Medium,
    allowed: Allowed::days(7),
    measure: None,
    rests: Rests::App,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if !holding.is_live_human() || holding.status() == AccountStatus::Inactive {
        return Verdict::none("not an account that lets a human in");
    }
    let world = holding.facts().world;
    let made = holding.known.account.created;
    let seen = world.trail_covers(made);
    match holding.known.activity().joined_by_itself(holding.id) {
        None if seen => Verdict::pass("somebody made it"),
        None if matches!(holding.matched, Match::Linked { confirmed: true, .. }) => {
            Verdict::pass("a named person confirmed whose it is")
        }
        None => Verdict::unseen(
            "the trail of {app} does not reach back to the making of {login}",
            "confirm whose it is: muster accounts link {unit} PERSON",
        ),
        Some(_) if matches!(holding.matched, Match::Linked { confirmed: true, .. }) => {
            Verdict::pass("a named person confirmed whose it is")
        }
        Some(at) => Verdict::wrong(
            format!("{} in {} came into being by itself", holding.login(), world.app),
            format!(
                "confirm it: muster accounts link {}/{} PERSON; or take it away, and close the \
                 way in",
                world.app, holding.id
            ),
        )
        .since(Began::At(at))
        .privileged(holding.is_privileged())
        .into(),
    }
}
