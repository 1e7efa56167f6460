//! Checks: what is asked of every account, person and app that an auditor would sample, and what
//! the answers look like. `engine::checks` asks the questions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    canonical::Digest,
    email::EmailAddress,
    id::{AccountId, AppName, GroupName, OrderId, PersonId, RoleName},
    order::Order,
};

/// What a check says of one unit. Only [`Self::Pass`] is a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Wrong, and the time allowed is over.
    Fail,
    /// Wrong, but inside the time allowed.
    Due,
    /// The data cannot tell.
    NotEvaluable,
    /// The data is too old, or did not prove itself complete.
    Stale,
    /// Wrong, and a named person answers for leaving it so until a date. Never a pass.
    Excepted,
    /// As it should be.
    Pass,
    /// The question does not arise.
    NotApplicable,
}

impl CheckState {
    /// Every state, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Fail,
        Self::Due,
        Self::NotEvaluable,
        Self::Stale,
        Self::Excepted,
        Self::Pass,
        Self::NotApplicable,
    ];

    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Due => "due",
            Self::Excepted => "excepted",
            Self::NotApplicable => "not_applicable",
            Self::NotEvaluable => "not_evaluable",
            Self::Stale => "stale",
        }
    }

    /// Whether nothing is to be told of it: it passes, or the question does not arise.
    #[must_use]
    pub const fn is_quiet(self) -> bool {
        matches!(self, Self::Pass | Self::NotApplicable)
    }
}

impl fmt::Display for CheckState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How bad something is: that a check fails, or that a gap is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Untidy.
    Low,
    /// To be put right in the course of things.
    Medium,
    /// An auditor would note it.
    High,
    /// Somebody may be inside who must not be.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word used in policy and output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One step worse: what a privileged role makes of it.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

/// How far something wrong has come on the way from a reminder to the compliance lead's desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Inside the time allowed.
    Due,
    /// Inside the last week of it, or the last quarter of a short time.
    Critical,
    /// The time is over.
    Failing,
    /// As long again: the owner's manager is told.
    EscalatedToManager,
    /// And as long again: the compliance lead is told.
    EscalatedToCompliance,
}

impl Rung {
    /// The words used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Critical => "critical",
            Self::Failing => "failing",
            Self::EscalatedToManager => "escalated to the owner's manager",
            Self::EscalatedToCompliance => "escalated to the compliance lead",
        }
    }
}

/// The time in which something wrong is to be put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowance {
    /// None: it fails at once.
    None,
    /// So many hours by the clock, free days or not.
    Hours(u16),
    /// So many days; when the last is a free day, the next working day counts.
    Days(u16),
    /// So many working days.
    WorkingDays(u16),
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, unit) = match self {
            Self::None => return f.write_str("none"),
            Self::Hours(n) => (n, "hour"),
            Self::Days(n) => (n, "day"),
            Self::WorkingDays(n) => (n, "working day"),
        };
        write!(f, "{n} {unit}{}", if *n == 1 { "" } else { "s" })
    }
}

/// What a result is about: an app, an account of it, a person in it, a person anywhere, or a source
/// of people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Unit {
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// The account in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The person, where the unit is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What else tells units apart: a source, a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Unit {
    /// An app.
    #[must_use]
    pub fn app(app: &AppName) -> Self {
        Self { app: Some(app.clone()), ..Self::default() }
    }

    /// An account of an app.
    #[must_use]
    pub fn account(app: &AppName, account: &AccountId) -> Self {
        Self { account: Some(account.clone()), ..Self::app(app) }
    }

    /// A person in an app.
    #[must_use]
    pub fn person(app: &AppName, person: &PersonId) -> Self {
        Self { person: Some(person.clone()), ..Self::app(app) }
    }
}

/// As on a command line: `support`, `support/17`, `support/per_…`, `per_…/payments`, `source hr`.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, account, person, detail } = self;
        let parts = [
            app.as_ref().map(AppName::as_str),
            account.as_ref().map(AccountId::as_str),
            person.as_ref().map(PersonId::as_str),
            detail.as_deref(),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join("/"))
    }
}

/// The answer of one check for one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name.
    pub check: String,
    /// What it is about.
    pub unit: Unit,
    /// What a person would call the unit: a login, a name.
    pub subject: String,
    /// The person concerned, if one is known.
    pub person: Option<PersonId>,
    /// The state.
    pub state: CheckState,
    /// How far something wrong has come.
    pub rung: Option<Rung>,
    /// How bad it is, when it is wrong.
    pub severity: Severity,
    /// Why it is so, in a sentence.
    pub cause: String,
    /// What to do, or how to see; empty when there is nothing to do.
    pub remedy: String,
    /// Since when it is wrong.
    pub since: Option<Timestamp>,
    /// Until when it is to be put right.
    pub due: Option<Timestamp>,
    /// Since when it is known to be wrong.
    pub seen: Option<Timestamp>,
    /// The exception that covers it.
    pub exception: Option<OrderId>,
    /// The attestation on which it rests, where no system tells.
    pub attestation: Option<OrderId>,
}

/// The clock of a result: it goes on until the unit passes, or the question does not arise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Since when it is wrong.
    pub since: Timestamp,
    /// Since when that is known.
    pub seen: Timestamp,
    /// Until when it was to be put right, if that could be told.
    pub due: Option<Timestamp>,
}

impl CheckResult {
    /// Its clock, if it has one.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        Some(Clock { since: self.since?, seen: self.seen?, due: self.due })
    }
}

/// A file that was attached, kept beside under its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The name it had.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Digest,
}

/// That something wrong is left so for a while, and who answers for it. Counted apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Its id.
    pub id: OrderId,
    /// The check.
    pub check: String,
    /// The unit.
    pub unit: Unit,
    /// The role that the account had, where the unit is one. More than that is not excepted.
    #[serde(default)]
    pub role: Option<RoleName>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The proof that was attached, if any was.
    pub file: Option<Attached>,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Until when: a year at most.
    pub until: Timestamp,
}

impl Order for Exception {
    const KIND: &'static str = "exception";

    fn key(&self) -> String {
        self.id.to_string()
    }
}

impl Exception {
    /// The longest that one may last: a leap year.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        // Whatever is kept: no word lasts longer than one may.
        let longest = self.at.checked_add(Self::LONGEST).unwrap_or(Timestamp::MAX);
        self.at <= now && now < self.until.min(longest)
    }
}

/// What an attestation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attested {
    /// That a second factor guards the account, or every account of the app.
    Mfa,
    /// That the app can be entered only through an identity provider that asks for a second factor,
    /// and its own passwords are off.
    ProviderMfa,
}

impl Attested {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Mfa, Self::ProviderMfa];

    /// The word used on the command line and in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mfa => "mfa",
            Self::ProviderMfa => "provider-mfa",
        }
    }

    /// The check that it gives an answer to.
    #[must_use]
    pub const fn answers(self) -> &'static str {
        match self {
            Self::Mfa | Self::ProviderMfa => "mfa",
        }
    }
}

/// A named person's word, with a proof attached, for what no system tells. It lapses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// Its id.
    pub id: OrderId,
    /// What it says.
    pub says: Attested,
    /// Of which app.
    pub app: AppName,
    /// Of which account; of every one otherwise.
    pub account: Option<AccountId>,
    /// In words.
    pub statement: String,
    /// The proof.
    pub file: Option<Attached>,
    /// Whose word it is.
    pub by: String,
    /// When it was given.
    pub at: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
}

impl Order for Attestation {
    const KIND: &'static str = "attestation";

    fn key(&self) -> String {
        self.id.to_string()
    }
}

impl Attestation {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.at <= now && now < self.until
    }
}

/// Who may use a critical system, and how highly. Whoever any clause admits is admitted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessRule {
    /// Everybody who works here, up to this role.
    pub everyone: Option<RoleName>,
    /// Who has one of these staff roles, up to the role beside it. Compared without regard to
    /// letter case.
    pub staff_roles: BTreeMap<String, RoleName>,
    /// Who belongs to one of these groups, up to the role beside it.
    pub groups: BTreeMap<GroupName, RoleName>,
    /// Everybody who works here and holds one of these very roles.
    pub app_roles: BTreeSet<RoleName>,
    /// Who has one-off access that somebody gave with a reason, up to the role that was given.
    pub requests: bool,
}

impl AccessRule {
    /// Whether it admits nobody: then it is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { everyone, staff_roles, groups, app_roles, requests } = self;
        everyone.is_none()
            && staff_roles.is_empty()
            && groups.is_empty()
            && app_roles.is_empty()
            && !requests
    }
}

/// That the company declares an app important for its certification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriticalSystem {
    /// The app.
    pub app: AppName,
    /// Who answers for its access rule; the app's owner otherwise.
    pub owner: Option<EmailAddress>,
    /// Who may use it; `None` until somebody says.
    pub rule: Option<AccessRule>,
    /// The day on which the rule was last reviewed.
    pub reviewed: Option<Date>,
    /// Who declared it, or last changed it.
    pub by: String,
    /// When it was declared.
    pub at: Timestamp,
}

impl Order for CriticalSystem {
    const KIND: &'static str = "critical_system";

    fn key(&self) -> String {
        self.app.to_string()
    }
}

/// Rights that one person must not hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Separation {
    /// What the rule is called.
    pub name: String,
    /// The rights, each a role in an app. Whoever holds one of each breaks the rule.
    pub apart: Vec<BTreeSet<(AppName, RoleName)>>,
}

/// What the policy says about checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRules {
    /// How old the last complete read of an app may be.
    pub fresh_within: SignedDuration,
    /// What differs from what the checks bring with them, by the check's name.
    pub by_name: BTreeMap<String, CheckRule>,
    /// Rights to be kept apart.
    pub separation: Vec<Separation>,
    /// Where escalations end.
    pub compliance_lead: Option<EmailAddress>,
}

impl Default for CheckRules {
    fn default() -> Self {
        Self {
            fresh_within: SignedDuration::from_hours(24),
            by_name: BTreeMap::new(),
            separation: Vec::new(),
            compliance_lead: None,
        }
    }
}

/// What the policy says about one check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckRule {
    /// Not asked at all.
    pub off: bool,
    /// The time allowed.
    pub allowed: Option<Allowance>,
    /// The time allowed where a privileged role is concerned.
    pub privileged: Option<Allowance>,
    /// The time allowed after an involuntary ending.
    pub involuntary: Option<Allowance>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// The check's own measure: days, or a number.
    pub measure: Option<u32>,
}
