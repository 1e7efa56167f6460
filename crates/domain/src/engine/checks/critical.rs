//! Critical systems: what the company declared, in the policy or by command.

use jiff::civil::Date;

use crate::model::{
    check::{AccessRule, CriticalSystem},
    email::EmailAddress,
    id::AppName,
    order::Orders,
    policy::Policy,
};

/// What holds for a critical system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Critical {
    /// Who answers for its access rule.
    pub owner: Option<EmailAddress>,
    /// Who may use it, and how highly.
    pub rule: Option<AccessRule>,
    /// The day on which the rule was last reviewed.
    pub reviewed: Option<Date>,
}

/// Whether `app` was declared critical, in the policy or by command.
#[must_use]
pub fn is_critical(policy: &Policy, orders: &Orders, app: &AppName) -> bool {
    policy.apps.get(app).is_some_and(|rules| rules.critical)
        || orders.critical_systems.iter().any(|one| one.app == *app)
}

/// What was declared of `app`, if it was declared critical. The policy goes before what was ordered
/// by command; the command refuses to speak where the policy does.
#[must_use]
pub fn effective(policy: &Policy, orders: &Orders, app: &AppName) -> Option<Critical> {
    let rules = policy.apps.get(app);
    let owner = rules.and_then(|rules| rules.owner.clone());
    if let Some(rules) = rules.filter(|rules| rules.critical) {
        let said = rules.who_may_use.as_ref();
        return Some(Critical {
            owner: said.and_then(|said| said.owner.clone()).or(owner),
            rule: said.map(|said| said.rule.clone()),
            reviewed: said.and_then(|said| said.reviewed),
        });
    }
    let declared: &CriticalSystem = orders.critical_systems.iter().find(|one| one.app == *app)?;
    Some(Critical {
        owner: declared.owner.clone().or(owner),
        rule: declared.rule.clone(),
        reviewed: declared.reviewed,
    })
}
