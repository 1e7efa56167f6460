//! What a result rests on, for evidence: exactly what was looked at, so that somebody else can judge
//! anew.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    Company,
    ask::{Asker, Standing, present_terms},
};
use crate::{
    engine::correlate::Match,
    model::{
        check::Unit,
        id::{AccountId, AppName, PersonId},
        person::Person,
    },
};

/// The exact inputs on which checks of a unit rest.
pub struct Inputs<'c, 'a> {
    company: &'c Company<'a>,
    askers: BTreeMap<&'c AppName, Asker<'c, 'a>>,
}

impl std::fmt::Debug for Inputs<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inputs").field("apps", &self.askers.keys()).finish()
    }
}

impl<'c, 'a> Inputs<'c, 'a> {
    /// Prepares the rules of each app, once for all units.
    #[must_use]
    pub fn new(company: &'c Company<'a>) -> Self {
        let askers = company.apps.iter();
        let askers = askers.map(|facts| (facts.world.app, Asker::new(company, facts))).collect();
        Self { company, askers }
    }

    /// What the results of `unit` rest on.
    #[must_use]
    pub fn of(&self, unit: &Unit) -> Json {
        match &unit.app {
            Some(app) => self.askers.get(app).map_or(Json::Null, |asker| self.in_app(asker, unit)),
            None => self.of_company(unit),
        }
    }

    fn in_app(&self, asker: &Asker<'_, '_>, unit: &Unit) -> Json {
        let facts = asker.facts;
        let matched = unit.account.as_ref().and_then(|id| facts.correlation.matches.get(id));
        let owner = match matched {
            Some(Match::Linked { person, .. }) => Some(person),
            Some(Match::Classified { owner, .. }) => Some(owner),
            _ => None,
        };
        let person = unit.person.as_ref().or(owner);
        let held = unit.person.as_ref().map(|id| {
            let held = facts.correlation.accounts_of(id).iter();
            held.filter_map(|id| account(asker, id)).collect::<Vec<_>>()
        });
        let attested = self.company.orders.attestations.iter().filter(|one| {
            one.app == *facts.world.app
                && one.account.as_ref().is_none_or(|of| unit.account.as_ref() == Some(of))
        });
        let attested: Vec<_> = attested.collect();
        json!({
            "observation": facts.world.sight.observation,
            "read": facts.world.sight.started,
            "completeness": facts.world.sight.completeness,
            "policy": self.company.policy.digest,
            "key_of": facts.world.sight.caller,
            "account": unit.account.as_ref().and_then(|id| account(asker, id)),
            "accounts": held,
            "person": person.and_then(|id| self.person(asker, id)),
            "critical": facts.critical.as_ref().map(|critical| json!({
                "owner": critical.owner,
                "rule": critical.rule,
                "reviewed": critical.reviewed,
            })),
            "attestations": attested,
        })
    }

    /// Where somebody stands, and by what a rule may admit her.
    fn person(&self, asker: &Asker<'_, '_>, id: &PersonId) -> Option<Json> {
        let world = asker.facts.world;
        let person: &Person = world.people.get(id)?;
        let stints = asker.rules.stints(person);
        let expectation = asker.rules.expect(person);
        let (_, why) = expectation.because();
        let terms = present_terms(person, &stints, world.now).into_iter().map(|terms| {
            json!({
                "staff_role": terms.staff_role,
                "title": terms.title,
                "department": terms.department,
                "kind": terms.kind,
                "ends": terms.end_date,
            })
        });
        let grants = self.company.orders.grants.iter();
        let grants: Vec<_> =
            grants.filter(|one| one.person == *id && one.app == *world.app).collect();
        Some(json!({
            "id": id,
            "standing": standing(&asker.standing(person)),
            "because": why,
            "in_scope": person.profile.in_scope,
            "terms": terms.collect::<Vec<_>>(),
            "groups": asker.groups_of(person, &stints).ok(),
            "grants": grants,
        }))
    }

    /// What is asked of the company as a whole: of a source, or of a person in several apps.
    fn of_company(&self, unit: &Unit) -> Json {
        let detail = unit.detail.as_deref().unwrap_or_default();
        let source = self.company.sources.iter();
        let source = source.into_iter().find(|one| detail == format!("source {}", one.name));
        let rules = &self.company.policy.checks.separation;
        let rule = rules.iter().find(|rule| rule.name == detail);
        let accounts = unit.person.as_ref().map(|id| {
            let everywhere = self.askers.iter().map(|(app, asker)| {
                let held = asker.facts.correlation.accounts_of(id).iter();
                let held: Vec<_> = held.filter_map(|id| account(asker, id)).collect();
                let sight = asker.facts.world.sight;
                json!({"app": app, "read": sight.started, "completeness": sight.completeness, "accounts": held})
            });
            everywhere.collect::<Vec<_>>()
        });
        json!({
            "policy": self.company.policy.digest,
            "source": source.map(|one| json!({"name": one.name, "believed": one.believed})),
            "rule": rule,
            "apps": accounts,
        })
    }
}

fn account(asker: &Asker<'_, '_>, id: &AccountId) -> Option<Json> {
    let facts = asker.facts;
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
        "shut_proved": facts.proved(id),
        "shut_out_by_us": facts.shut_out.contains(id),
        "last_sign_in": known.activity().last_sign_in,
        "match": facts.correlation.matches.get(id),
    }))
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
