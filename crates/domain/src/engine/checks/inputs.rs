//! What a result rests on, for evidence: exactly what was looked at.

use serde_json::{Value as Json, json};

use super::{
    Company,
    ask::{Asker, Standing},
};
use crate::{engine::correlate::Match, model::check::Unit};

/// The exact inputs on which checks of an account, a person or an app rest, for evidence.
#[must_use]
pub fn inputs(company: &Company<'_>, unit: &Unit) -> Json {
    let facts = company.apps.iter().find(|facts| Some(facts.world.app) == unit.app.as_ref());
    let Some(facts) = facts else { return Json::Null };
    let asker = Asker::new(company, facts);
    let account = unit.account.as_ref().and_then(|id| {
        let known = facts.world.accounts.get(id)?;
        let account = &known.account;
        Some(json!({
            "id": id,
            "login": account.login,
            "status": account.status,
            "role": account.role,
            "privileged": facts.is_privileged(known),
            "kind": account.kind,
            "mfa": account.mfa,
            "sso": account.sso,
            "created": account.created,
            "gone": known.gone,
            "last_sign_in": known.activity().last_sign_in,
            "match": facts.correlation.matches.get(id),
        }))
    });
    let owner = unit.account.as_ref().and_then(|id| match facts.correlation.matches.get(id)? {
        Match::Linked { person, .. } => Some(person),
        Match::Classified { owner, .. } => Some(owner),
        _ => None,
    });
    let person = unit.person.as_ref().or(owner).and_then(|id| {
        let person = facts.world.people.get(id)?;
        let expectation = asker.rules.expect(person);
        let (_, why) = expectation.because();
        Some(json!({ "id": id, "standing": standing(&asker.standing(person)), "because": why }))
    });
    json!({
        "observation": facts.world.sight.observation,
        "read": facts.world.sight.started,
        "completeness": facts.world.sight.completeness,
        "policy": company.policy.digest,
        "account": account,
        "person": person,
        "rule": facts.critical.as_ref().and_then(|critical| critical.rule.as_ref()),
    })
}

fn standing(standing: &Standing) -> Json {
    match standing {
        Standing::Here => json!({ "state": "here" }),
        Standing::NotYet => json!({ "state": "not_yet" }),
        Standing::Left { since, involuntary } => {
            json!({ "state": "left", "since": since, "involuntary": involuntary })
        }
        Standing::Withdrawn => json!({ "state": "withdrawn" }),
        Standing::Unknown(why) => json!({ "state": "unknown", "why": why }),
    }
}
