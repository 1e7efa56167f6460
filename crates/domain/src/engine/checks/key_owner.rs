//! The key to an app must belong to somebody who works here.

use super::{
    Allowed, Began, Check, Company, Question, Reach, Rests, Verdict,
    ask::{self, Facts, Standing},
};
use crate::{
    engine::correlate::Match,
    model::check::{Allowance, Severity},
};

pub(super) static CHECK: Check = Check {
    name: "key_owner",
    title: "Integration keys should not belong to leavers",
    what: "The account whose key Muster uses in the app is that of a person who works here and is \
           not about to leave, or of a service for which one answers.",
    why: "A key has its owner's rights, and goes on when she goes; and when her account goes, \
          Muster is blind.",
    fix: "Connect again with the key of a service account: `muster app add APP`.",
    soc2: &["CC6.1", "CC6.3"],
    iso27001: &["A.5.16", "A.5.17"],
    reach: Reach::EveryApp,
    severity: Severity::High,
    allowed: Allowed {
        ordinary: Allowance::Days(7),
        privileged: Allowance::Days(7),
        involuntary: Allowance::Days(7),
    },
    measure: None,
    rests: Rests::People,
    question: Question::App(ask),
};

fn ask<'a>(facts: &Facts<'a>, company: &Company<'a>) -> Verdict {
    let world = facts.world;
    let again = format!("connect again with a service account's key: muster app add {}", world.app);
    let Some(caller) = &world.sight.caller else {
        return Verdict::unseen("{app} does not tell whose key it is", "look it up in {app}");
    };
    let login = world
        .accounts
        .get(caller)
        .map_or_else(|| format!("account {caller}"), |known| known.account.login.clone());
    let person = match facts.correlation.matches.get(caller) {
        Some(Match::Linked { person, .. }) => person,
        Some(Match::Classified { owner, .. }) => owner,
        Some(Match::Machine { .. }) => return Verdict::pass("an integration of the app"),
        Some(Match::Unwanted { .. }) => {
            return Verdict::wrong(
                format!(
                    "the key that opens {} is that of {login}, which should not exist",
                    world.app
                ),
                again,
            )
            .privileged(true)
            .into();
        }
        Some(Match::ToConfirm { .. } | Match::Unmatched) | None => {
            return Verdict::unseen(
                "nobody has said whose the account of Muster's key is: {detail}",
                "say so: muster accounts link ACCOUNT PERSON",
            )
            .because(&login);
        }
    };
    let Some((person, standing)) = ask::standing_of(company, facts, person) else {
        return Verdict::unseen(
            "the account of Muster's key is tied to a person who is not known: {detail}",
            "muster accounts link ACCOUNT PERSON",
        )
        .because(&login);
    };
    let name = person.name();
    match standing {
        Standing::Here => Verdict::pass("somebody who works here answers for it"),
        Standing::Left { since, .. } => Verdict::wrong(
            format!("the key that opens {} is that of {name}, who has left", world.app),
            again,
        )
        .since(Began::At(since))
        .privileged(true)
        .into(),
        Standing::NotYet | Standing::Withdrawn => Verdict::wrong(
            format!("the key that opens {} is that of {name}, who does not work here", world.app),
            again,
        )
        .privileged(true)
        .into(),
        Standing::Unknown(why) => Verdict::unseen(
            "whether whoever's key Muster uses works here is not known: {detail}",
            "complete their record in the source",
        )
        .because(&format!("{name} ({why})")),
    }
}
