//! Somebody must answer for every account.

use super::{
    Allowed, Began, Check, Question, Reach, Rests, Verdict,
    ask::{Holding, Standing},
};
use crate::{
    engine::correlate::Match,
    model::{account::AccountKind, check::Severity, person::Person},
};

pub(super) static CHECK: Check = Check {
    name: "identified",
    title: "User should be identified",
    what: "Every account of a critical system is tied to a person, or declared to be a service, \
           shared or vendor account for which a person who works here answers. The app's own bots \
           and integrations are the app's affair.",
    why: "An account that belongs to nobody is nobody's to take away: leavers, former vendors and \
          forgotten tests hide among them.",
    fix: "Say whose it is: `muster accounts link`, `muster accounts classify`.",
    soc2: &["CC6.1", "CC6.2"],
    iso27001: &["A.5.16", "A.5.18"],
    reach: Reach::Critical,
    severity: Severity::Medium,
    allowed: Allowed::days(7),
    measure: None,
    rests: Rests::People,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if holding.known.gone.is_some() {
        return Verdict::none("the account is gone");
    }
    let (app, id, login) = (holding.app(), holding.id, holding.login());
    let owner_left = |who: &str| {
        Verdict::wrong(
            format!("{who} answers for {login} in {app}, but does not work here any more"),
            format!("muster accounts classify {app}/{id} service --owner PERSON"),
        )
    };
    match holding.matched {
        Match::Linked { .. } if holding.holder.is_none() => Verdict::unseen(
            "{login} is tied to a person who is not known",
            "muster accounts link {unit} PERSON",
        ),
        Match::Linked { .. } => Verdict::pass("tied to a person"),
        Match::Machine { kind: AccountKind::Bot } => Verdict::none("the app's own bot"),
        Match::Machine { .. } => Verdict::none("an integration of the app"),
        Match::Classified { owner, .. } => {
            let Some(owner) = holding.asker.owner(owner) else {
                let nobody = "a person who is not known";
                return owner_left(nobody).privileged(holding.is_privileged()).into();
            };
            let (person, standing) = owner;
            match standing {
                Standing::Here => Verdict::pass("somebody who works here answers for it"),
                Standing::Left { since, .. } => owner_left(&person.name())
                    .since(Began::At(since))
                    .privileged(holding.is_privileged())
                    .into(),
                Standing::Unknown(why) => Verdict::unseen(
                    "whether whoever answers for {login} works here is not known: {detail}",
                    "complete their record in the source",
                )
                .because(&format!("{} ({why})", person.name())),
                Standing::NotYet | Standing::Withdrawn => {
                    owner_left(&person.name()).privileged(holding.is_privileged()).into()
                }
            }
        }
        Match::Unwanted { said, reason, .. } if holding.status().may_sign_in() => Verdict::wrong(
            format!("{} said that {login} in {app} should not exist: {reason}", said.by),
            format!("muster plan {app}"),
        )
        .privileged(holding.is_privileged())
        .into(),
        Match::Unwanted { .. } => Verdict::pass("should not exist, and lets nobody in"),
        Match::ToConfirm { candidates } => {
            let likely = candidates.first().map_or_else(String::new, |best| {
                let name = holding.facts().world.people.get(&best.person);
                let name = name.map_or_else(|| best.person.to_string(), Person::name);
                format!(" Likely match: {name} ({}, because of the {})", best.score, best.because)
            });
            Verdict::wrong(
                format!("{login} in {app} is not confirmed to be anyone's.{likely}"),
                format!("muster accounts link {app}/{id} PERSON, or muster accounts classify"),
            )
            .privileged(holding.is_privileged())
            .into()
        }
        Match::Unmatched => Verdict::wrong(
            format!("{login} in {app} is not tied to anyone"),
            format!(
                "muster accounts link {app}/{id} PERSON, or muster accounts classify {app}/{id}"
            ),
        )
        .privileged(holding.is_privileged())
        .into(),
    }
}
