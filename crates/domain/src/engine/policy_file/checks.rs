//! Checking what the policy says about checks, critical systems and separation of duties.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, civil::Date};
use serde_saphyr::Spanned;

use super::{
    KnownConnector,
    check::Check,
    raw::{RawApp, RawCheck, RawChecks, RawSeparation, RawWhoMayUse},
};
use crate::{
    engine::checks,
    model::{
        check::{AccessRule, Allowance, CheckRule, CheckRules, Separation, Severity},
        email::EmailAddress,
        id::{AppName, GroupName, RoleName},
        policy::{AppPolicy, WhoMayUse},
    },
};

impl Check {
    pub(super) fn who_may_use(
        &mut self,
        app: &RawApp,
        known: Option<&KnownConnector>,
    ) -> Option<WhoMayUse> {
        let spanned = app.who_may_use.as_ref()?;
        if !app.critical {
            self.note(
                spanned,
                "who_may_use is the rule of a critical system; add critical: true".to_owned(),
            );
        }
        let RawWhoMayUse { owner, reviewed, everyone, staff_roles, groups, app_roles, requests } =
            &spanned.value;
        let mut rule = AccessRule { requests: *requests, ..AccessRule::default() };
        rule.everyone = everyone.as_ref().and_then(|role| self.role_of(role, known));
        for (name, role) in staff_roles {
            if let Some(role) = self.role_of(role, known) {
                rule.staff_roles.insert(name.trim().to_owned(), role);
            }
        }
        for (name, role) in groups {
            let group = match name.parse::<GroupName>() {
                Ok(group) => Some(group),
                Err(error) => {
                    self.note(role, error.to_string());
                    None
                }
            };
            if let Some((group, role)) = group.zip(self.role_of(role, known)) {
                rule.groups.insert(group, role);
            }
        }
        for role in app_roles {
            rule.app_roles.extend(self.role_of(role, known));
        }
        if rule.is_empty() {
            self.note(
                spanned,
                "the rule admits nobody; name staff_roles, groups, app_roles, requests: true, or \
                 everyone: ROLE"
                    .to_owned(),
            );
        }
        Some(WhoMayUse {
            owner: owner.as_ref().and_then(|owner| self.parsed::<EmailAddress>(owner)),
            rule,
            reviewed: reviewed.as_ref().and_then(|day| self.day(day)),
        })
    }

    fn day(&mut self, text: &Spanned<String>) -> Option<Date> {
        let day = text.value.parse().ok();
        if day.is_none() {
            self.note(text, format!("{:?} is not a day; write it as in 2026-12-25", text.value));
        }
        day
    }

    fn role_of(
        &mut self,
        role: &Spanned<String>,
        known: Option<&KnownConnector>,
    ) -> Option<RoleName> {
        if let Some(known) = known
            && !known.roles.contains(&role.value.as_str())
        {
            self.note(
                role,
                format!(
                    "{} has no role {:?}; it has {}",
                    known.name,
                    role.value,
                    known.roles.join(", ")
                ),
            );
        }
        self.parsed::<RoleName>(role)
    }

    pub(super) fn checks(
        &mut self,
        raw: &RawChecks,
        apps: &BTreeMap<AppName, AppPolicy>,
    ) -> CheckRules {
        let RawChecks { fresh_within, compliance_lead, rules, separation } = raw;
        let mut checked = CheckRules::default();
        if let Some(text) = fresh_within {
            match self.allowance(text) {
                Some(Allowance::Hours(hours)) if hours > 0 => {
                    checked.fresh_within = SignedDuration::from_hours(i64::from(hours));
                }
                Some(Allowance::Days(days)) if days > 0 => {
                    checked.fresh_within = SignedDuration::from_hours(24 * i64::from(days));
                }
                Some(_) => self.note(
                    text,
                    "write it in hours or days, as in \"24 hours\"; an age counts by the clock"
                        .to_owned(),
                ),
                None => {}
            }
        }
        checked.compliance_lead =
            compliance_lead.as_ref().and_then(|lead| self.parsed::<EmailAddress>(lead));
        for (name, rule) in rules {
            match checks::by_name(name) {
                Some(check) => {
                    let rule = self.check_rule(check, &rule.value);
                    checked.by_name.insert(name.clone(), rule);
                }
                None => {
                    let names: Vec<_> = checks::ALL.iter().map(|check| check.name).collect();
                    self.note(
                        rule,
                        format!("there is no check {name:?}; there are {}", names.join(", ")),
                    );
                }
            }
        }
        for rule in separation {
            checked.separation.extend(self.separation(rule, apps));
        }
        checked
    }

    fn check_rule(&mut self, check: &checks::Check, raw: &RawCheck) -> CheckRule {
        let RawCheck {
            off,
            allowed,
            privileged,
            involuntary,
            severity,
            after_days,
            at_most,
            review_months,
        } = raw;
        let mut measure = None;
        let said =
            [("after_days", after_days), ("at_most", at_most), ("review_months", review_months)];
        for (key, value) in said {
            let Some(value) = value else { continue };
            match check.measure {
                Some(known) if known.key == key && value.value > 0 => measure = Some(value.value),
                Some(known) if known.key == key => {
                    self.note(value, format!("{key} must be 1 or more"));
                }
                Some(known) => {
                    self.note(value, format!("{} has no {key}, but {}", check.name, known.key));
                }
                None => self.note(value, format!("{} has no {key}; leave it out", check.name)),
            }
        }
        let words = Severity::ALL.map(|severity| (severity.word(), Some(severity)));
        CheckRule {
            off: *off,
            allowed: allowed.as_ref().and_then(|text| self.allowance(text)),
            privileged: privileged.as_ref().and_then(|text| self.allowance(text)),
            involuntary: involuntary.as_ref().and_then(|text| self.allowance(text)),
            severity: self.word(severity.as_ref(), &words, None),
            measure,
        }
    }

    fn allowance(&mut self, text: &Spanned<String>) -> Option<Allowance> {
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let n = words.first().and_then(|word| word.parse::<u16>().ok()).filter(|n| *n <= 366);
        let allowance = match (n, words.get(1..)) {
            _ if text.value == "none" => Some(Allowance::None),
            (Some(n), Some(["hour" | "hours"])) => Some(Allowance::Hours(n)),
            (Some(n), Some(["day" | "days"])) => Some(Allowance::Days(n)),
            (Some(n), Some(["working", "day" | "days"])) => Some(Allowance::WorkingDays(n)),
            _ => None,
        };
        if allowance.is_none() {
            self.note(
                text,
                format!(
                    "{:?} is not a time; write none, or as in \"24 hours\", \"7 days\", \"3 working \
                     days\", 366 at most",
                    text.value
                ),
            );
        }
        allowance
    }

    fn separation(
        &mut self,
        spanned: &Spanned<RawSeparation>,
        apps: &BTreeMap<AppName, AppPolicy>,
    ) -> Option<Separation> {
        let RawSeparation { name, apart } = &spanned.value;
        let mut sides = Vec::new();
        for side in apart {
            let mut rights = BTreeSet::new();
            for text in side {
                let right = text.value.split_once('/').and_then(|(app, role)| {
                    Some((app.parse::<AppName>().ok()?, role.parse::<RoleName>().ok()?))
                });
                match right {
                    Some((app, _)) if !apps.contains_key(&app) => {
                        self.note(text, format!("the policy has no app {app}"));
                    }
                    Some(right) => {
                        rights.insert(right);
                    }
                    None => self.note(
                        text,
                        format!("{:?} is not a right; write it as in support/admin", text.value),
                    ),
                }
            }
            sides.push(rights);
        }
        if sides.len() < 2 || sides.iter().any(BTreeSet::is_empty) {
            self.note(
                spanned,
                "a separation needs two sides or more, each with rights, as in apart: \
                 [[support/admin], [billing/approver]]"
                    .to_owned(),
            );
            return None;
        }
        Some(Separation { name: name.value.clone(), apart: sides })
    }
}
