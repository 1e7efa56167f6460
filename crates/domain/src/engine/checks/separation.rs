//! Rights that one person must not hold together.

use std::collections::{BTreeMap, BTreeSet};

use super::{About, Allowed, Check, Company, Question, Reach, Rests, Verdict};
use crate::model::{
    check::{Allowance, Separation, Severity, Unit},
    id::{AppName, PersonId},
    person::Person,
};

pub(super) static CHECK: Check = Check {
    name: "separation",
    title: "Duties should be separated",
    what: "Nobody holds, in one app or across apps, rights that the policy keeps apart: at most \
           one side of each `checks.separation` rule. Every account that lets in counts, whether \
           of her own or one for which she answers.",
    why: "Whoever can do both, ordering and approving say, needs nobody else to do wrong.",
    fix: "Take one of the roles away, or make an exception with somebody who looks over it.",
    soc2: &["CC6.3"],
    iso27001: &["A.5.3", "A.5.15"],
    reach: Reach::Company,
    severity: Severity::High,
    allowed: Allowed {
        ordinary: Allowance::WorkingDays(3),
        privileged: Allowance::WorkingDays(1),
        involuntary: Allowance::WorkingDays(3),
    },
    measure: None,
    rests: Rests::App,
    question: Question::Company(ask),
};

fn ask(company: &Company<'_>) -> Vec<About> {
    let rules = &company.policy.checks.separation;
    rules.iter().flat_map(|rule| of_rule(company, rule)).collect()
}

/// Who holds what of the rule: per person, the sides she is on and by which accounts.
fn of_rule(company: &Company<'_>, rule: &Separation) -> Vec<About> {
    let mut holds: BTreeMap<&PersonId, BTreeMap<usize, BTreeSet<String>>> = BTreeMap::new();
    let mut privileged: BTreeSet<&PersonId> = BTreeSet::new();
    let mut roleless: BTreeMap<&PersonId, &AppName> = BTreeMap::new();
    let named: BTreeSet<_> = rule.apart.iter().flatten().map(|(app, _)| app).collect();
    // What cannot be seen in one of the apps cannot be told for anybody who is in another.
    let unseen = named.iter().find_map(|app| {
        match company.apps.iter().find(|facts| *facts.world.app == **app) {
            Some(facts) => facts.stale.clone(),
            None => Some(format!("{app} is not connected")),
        }
    });
    for facts in company.apps.iter().filter(|facts| named.contains(facts.world.app)) {
        for (person, ids) in &facts.correlation.by_person {
            for id in ids {
                let Some(known) = facts.world.accounts.get(id) else { continue };
                if known.gone.is_some() || !known.account.status.may_sign_in() {
                    continue;
                }
                let Some(role) = &known.account.role else {
                    roleless.entry(person).or_insert(facts.world.app);
                    holds.entry(person).or_default();
                    continue;
                };
                for (side, rights) in rule.apart.iter().enumerate() {
                    let held = |(app, named): &(_, _)| app == facts.world.app && named == role;
                    if rights.iter().any(held) {
                        let right = format!("{role} in {}", facts.world.app);
                        holds.entry(person).or_default().entry(side).or_default().insert(right);
                        if facts.world.sight.is_privileged(role) {
                            privileged.insert(person);
                        }
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    for (id, sides) in holds {
        let name = company.people.get(id).map_or_else(|| id.to_string(), Person::name);
        let verdict = if sides.len() > 1 {
            let rights: BTreeSet<String> = sides.into_values().flatten().collect();
            let rights: Vec<_> = rights.into_iter().collect();
            Verdict::wrong(
                format!("{name} is {}, which {} keeps apart", rights.join(" and "), rule.name),
                "take one of the roles away, or except it with somebody who looks over it"
                    .to_owned(),
            )
            .privileged(privileged.contains(id))
            .into()
        } else {
            match (&unseen, roleless.get(id)) {
                (Some(why), _) => Verdict::Stale(why.clone()),
                (None, Some(app)) => Verdict::unseen(
                    "which role {person} has in {detail} is not told",
                    "look it up in the app",
                )
                .because(app.as_str()),
                (None, None) => Verdict::pass("on one side only"),
            }
        };
        let unit =
            Unit { person: Some(id.clone()), detail: Some(rule.name.clone()), ..Unit::default() };
        found.push(About { unit, subject: name, person: Some(id.clone()), verdict });
    }
    found
}
