//! Checks: the questions an auditor asks, each of every unit it is about, and the one frame in which
//! every answer becomes one of seven states.
//!
//! One check is one file: its words, its measure, its documentation and its question. What all
//! checks share stands here: staleness, exceptions, clocks, deadlines, severity.

mod access_rule;
mod admins;
mod answerers;
mod ask;
mod blind;
mod came_back;
mod contractor_end;
mod critical;
mod deadline;
mod document;
mod dormant;
mod duplicates;
mod excepted;
mod found;
mod identified;
mod inputs;
mod key_owner;
mod leavers;
mod list_fresh;
mod mfa;
mod offboarded;
mod out;
mod roster;
mod self_joined;
mod separation;
mod shared_account;
mod stale_invitation;
mod valid_access;
mod wrong;

use std::{borrow::Cow, collections::BTreeMap};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use self::{
    answerers::{Answerers, presence},
    ask::{Facts, SourceAge, evaluate},
    blind::{BlindSpot, WayToSee, blind_spots},
    critical::{Critical, effective, is_critical},
    document::markdown,
    inputs::Inputs,
    leavers::{Departure, Ending, Leaver, LeaverAccount, Removal, departures, leavers},
    out::Out,
};
use self::{
    ask::{Holder, Holding},
    roster::Outdated,
};
use crate::model::{
    check::{Allowance, CheckResult, CheckState, Clock, Severity, Unit},
    id::{AccountId, AppName, OrderId, PersonId},
    order::Orders,
    person::Person,
    policy::Policy,
};

/// Every check, in the order of the documentation.
pub static ALL: [&Check; 16] = [
    &identified::CHECK,
    &offboarded::CHECK,
    &access_rule::CHECK,
    &mfa::CHECK,
    &valid_access::CHECK,
    &list_fresh::CHECK,
    &dormant::CHECK,
    &admins::CHECK,
    &contractor_end::CHECK,
    &shared_account::CHECK,
    &stale_invitation::CHECK,
    &self_joined::CHECK,
    &came_back::CHECK,
    &key_owner::CHECK,
    &duplicates::CHECK,
    &separation::CHECK,
];

/// The check called `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Check> {
    ALL.into_iter().find(|check| check.name == name)
}

/// One check: the question, and the words that belong to it.
#[derive(Debug)]
pub struct Check {
    /// The name used in policy, on the command line and in output.
    pub name: &'static str,
    /// What should be, as compliance platforms put it.
    pub title: &'static str,
    /// What is asked, of what, and what counts as an answer.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// The SOC 2 criteria that it serves.
    pub soc2: &'static [&'static str],
    /// The controls of ISO 27001:2022, Annex A, that it serves.
    pub iso27001: &'static [&'static str],
    /// Of which apps it is asked.
    pub reach: Reach,
    /// How bad it is, before a privileged role raises it.
    pub severity: Severity,
    /// The time allowed.
    pub allowed: Allowed,
    /// The check's own measure, where it has one.
    pub measure: Option<Measure>,
    /// On what its answer rests.
    rests: Rests,
    question: Question,
}

/// On what a check's answer rests, beside what is ordered by hand. What it rests on must be fresh,
/// or it passes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rests {
    /// On what the app shows, or on what the check judges the age of by itself.
    App,
    /// On what the sources tell of people as well: no pass without it.
    People,
    /// On whether somebody left: without it nobody can tell either that the question does not
    /// arise.
    Leaving,
}

/// Of which apps a check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Of critical systems.
    Critical,
    /// Of every app.
    EveryApp,
    /// Of the company as a whole.
    Company,
}

/// The time allowed to put something right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// As a rule.
    pub ordinary: Allowance,
    /// Where a privileged role is concerned.
    pub privileged: Allowance,
    /// After an involuntary ending.
    pub involuntary: Allowance,
}

impl Allowed {
    /// The same whatever the circumstances, but half of it for a privileged role.
    const fn days(days: u16) -> Self {
        Self {
            ordinary: Allowance::Days(days),
            privileged: Allowance::Hours(days * 12),
            involuntary: Allowance::Days(days),
        }
    }

    /// None at all.
    const NONE: Self = Self {
        ordinary: Allowance::None,
        privileged: Allowance::None,
        involuntary: Allowance::None,
    };
}

/// A number that belongs to one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The key in the policy: `after_days`, `at_most`.
    pub key: &'static str,
    /// What it is when nobody says.
    pub standard: u32,
    /// What it means.
    pub meaning: &'static str,
}

/// How a check asks.
enum Question {
    /// Of each account that is not settled to be another kind of unit; of those that are gone, too.
    Account(fn(&Holding<'_, '_>) -> Verdict),
    /// Of each person who holds an account.
    Person(fn(&Holder<'_, '_>) -> Verdict),
    /// Of the app itself.
    App(for<'a> fn(&Facts<'a>, &Company<'a>) -> Verdict),
    /// Of the company.
    Company(fn(&Company<'_>) -> Vec<About>),
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Account(_) => "Account",
            Self::Person(_) => "Person",
            Self::App(_) => "App",
            Self::Company(_) => "Company",
        })
    }
}

/// A verdict of a check that finds its units by itself.
struct About {
    unit: Unit,
    subject: String,
    person: Option<PersonId>,
    verdict: Verdict,
}

/// What a check finds, before clocks, exceptions and staleness make a state of it.
enum Verdict {
    /// The question does not arise.
    NotApplicable(Cow<'static, str>),
    /// As it should be.
    Pass(Cow<'static, str>),
    /// As it should be, by a named person's word.
    Attested(OrderId, String),
    /// Wrong.
    Wrong(Box<Wrong>),
    /// The data cannot tell.
    NotEvaluable(Unseen),
    /// What it rests on is too old.
    Stale(String),
    /// What a source of people tells is too old.
    Outdated(Outdated),
}

impl Verdict {
    fn wrong(cause: String, remedy: String) -> Wrong {
        Wrong { cause, remedy, began: Began::Seen, pressing: Pressing::Ordinary, privileged: false }
    }

    const fn unseen(why: &'static str, see: &'static str) -> Self {
        Self::NotEvaluable(Unseen { why, see, detail: None })
    }

    /// What is not known in particular.
    fn because(self, detail: &str) -> Self {
        match self {
            Self::NotEvaluable(unseen) => {
                Self::NotEvaluable(Unseen { detail: Some(detail.to_owned()), ..unseen })
            }
            other => other,
        }
    }

    const fn pass(why: &'static str) -> Self {
        Self::Pass(Cow::Borrowed(why))
    }

    const fn none(why: &'static str) -> Self {
        Self::NotApplicable(Cow::Borrowed(why))
    }
}

/// Why somebody's state is not known, and what to do.
const WORKS_HERE: &str = "whether {person} works here is not known: {detail}";
const COMPLETE: &str = "complete the record of {person} in the source";

/// What the data cannot tell. Of a quarter of a million accounts it may be the same for each, so
/// that it is words with gaps, filled only for those that are told one by one: `{app}`, `{unit}`,
/// `{login}`, `{person}`, `{detail}`.
struct Unseen {
    why: &'static str,
    /// The cheapest way to see.
    see: &'static str,
    detail: Option<String>,
}

impl Unseen {
    /// The words for one unit.
    fn of(&self, result: &CheckResult, people: &BTreeMap<PersonId, Person>) -> (String, String) {
        let person = result.person.as_ref().and_then(|id| people.get(id)).map(Person::name);
        let app = result.unit.app.as_ref().map(AppName::as_str).unwrap_or_default();
        let unit = result.unit.to_string();
        let fill = |words: &str| {
            words
                .replace("{detail}", self.detail.as_deref().unwrap_or_default())
                .replace("{app}", app)
                .replace("{unit}", &unit)
                .replace("{login}", &result.subject)
                .replace("{person}", person.as_deref().unwrap_or("somebody"))
        };
        (fill(self.why), fill(self.see))
    }

    /// The words for all units of which the same is to be said.
    fn of_all(words: &str, app: Option<&AppName>) -> String {
        let app = app.map(AppName::as_str).unwrap_or_default();
        words
            .replace(": {detail}", "")
            .replace("{detail}", "something about them")
            .replace("{app}", app)
            .replace("{unit}", &format!("{app}/ACCOUNT"))
            .replace("{login}", "the account")
            .replace("{person}", "the person")
    }
}

impl From<Wrong> for Verdict {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(Box::new(wrong))
    }
}

/// Something wrong.
struct Wrong {
    cause: String,
    remedy: String,
    began: Began,
    pressing: Pressing,
    privileged: bool,
}

impl Wrong {
    fn since(self, began: Began) -> Self {
        Self { began, ..self }
    }

    /// A privileged role is concerned: worse, and less time.
    fn privileged(self, privileged: bool) -> Self {
        let pressing = match self.pressing {
            Pressing::Ordinary if privileged => Pressing::Privileged,
            pressing => pressing,
        };
        Self { privileged, pressing, ..self }
    }
}

/// When something went wrong.
#[derive(Clone, Copy)]
enum Began {
    /// At this moment in the world: known, whatever was seen when.
    At(Timestamp),
    /// At this moment, or before if it was seen before.
    NotAfter(Timestamp),
    /// Nobody knows; it counts from when it was first seen.
    Seen,
}

/// Which of the allowed times counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pressing {
    Ordinary,
    Privileged,
    Involuntary,
}

/// Everything that all checks look at, at one moment.
#[derive(Debug, Clone)]
pub struct Company<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Everybody.
    pub people: &'a BTreeMap<PersonId, Person>,
    /// What people ordered by hand: exceptions, attestations and critical systems among it.
    pub orders: &'a Orders,
    /// The apps.
    pub apps: Vec<Facts<'a>>,
    /// Who answers for exceptions and attestations.
    pub answerers: Answerers,
    /// The sources of people, and when each was last believed.
    pub sources: &'a [SourceAge],
    /// Since when what is wrong has been wrong, as far as it was seen: by [`key`].
    pub clocks: &'a BTreeMap<String, Clock>,
    /// The moment.
    pub now: Timestamp,
}

/// Under which a clock is kept.
#[must_use]
pub fn key(check: &str, unit: &Unit) -> String {
    let part = |part: Option<&str>| part.unwrap_or("-").to_owned();
    let Unit { app, account, person, detail } = unit;
    [
        check.to_owned(),
        part(app.as_ref().map(AppName::as_str)),
        part(account.as_ref().map(AccountId::as_str)),
        part(person.as_ref().map(PersonId::as_str)),
        part(detail.as_deref()),
    ]
    .join("|")
}

/// How much of what was found is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What is wrong or excepted, and what was wrong when it could last be told. The rest is only
    /// counted.
    Notable,
    /// Everything.
    Everything,
    /// Everything that one check finds, and nothing of the others.
    Of(&'static str),
}

impl Detail {
    fn includes(self, check: &Check) -> bool {
        match self {
            Self::Notable | Self::Everything => true,
            Self::Of(name) => name == check.name,
        }
    }
}

/// How many units are in which state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally(pub BTreeMap<CheckState, u64>);

impl Tally {
    /// How many units are in `state`.
    #[must_use]
    pub fn of(&self, state: CheckState) -> u64 {
        self.0.get(&state).copied().unwrap_or_default()
    }

    /// How many units there are, those of which the question does not arise left out.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.0
            .iter()
            .filter(|(state, _)| **state != CheckState::NotApplicable)
            .map(|(_, n)| n)
            .sum()
    }

    /// The worst state of any unit.
    #[must_use]
    pub fn worst(&self) -> CheckState {
        let there = |state: &CheckState| self.of(*state) > 0;
        CheckState::ALL.into_iter().find(there).unwrap_or(CheckState::NotApplicable)
    }

    fn add(&mut self, state: CheckState, n: u64) {
        *self.0.entry(state).or_default() += n;
    }
}

/// Of how many units something cannot be told, by why and how to see.
pub type Ways = BTreeMap<(String, String), u64>;

/// What all checks found at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    /// The results, as much as was asked for: by check, app and unit.
    pub results: Vec<CheckResult>,
    /// How many units are in which state, by check and app; a check of the company has no app.
    pub tallies: BTreeMap<(String, Option<AppName>), Tally>,
    /// The checks that the policy switches off: nobody looks at what they ask.
    pub off: Vec<&'static str>,
    /// How much cannot be told, by check and app: why, how to see, and of how many units.
    pub unseen: BTreeMap<(String, Option<AppName>), Ways>,
}

/// The checks that `policy` switches off.
pub fn switched_off(policy: &Policy) -> impl Iterator<Item = &'static Check> + '_ {
    let off = |check: &&Check| policy.checks.by_name.get(check.name).is_some_and(|rule| rule.off);
    ALL.into_iter().filter(off)
}

/// What to do about what is too old.
fn read_anew(app: Option<&AppName>) -> String {
    let all = || "read the apps again: muster sync".to_owned();
    app.map_or_else(all, |app| format!("muster sync {app}"))
}

impl Company<'_> {
    /// The severity and state of a verdict, in the one frame of all checks.
    fn framed(&self, check: &Check, about: About) -> CheckResult {
        let About { unit, subject, person, verdict } = about;
        let rule = self.policy.checks.by_name.get(check.name);
        let severity = rule.and_then(|rule| rule.severity).unwrap_or(check.severity);
        let mut result = CheckResult {
            check: check.name.to_owned(),
            unit,
            subject,
            person,
            state: CheckState::Pass,
            rung: None,
            severity,
            cause: String::new(),
            remedy: String::new(),
            since: None,
            due: None,
            seen: None,
            exception: None,
            attestation: None,
        };
        match verdict {
            Verdict::NotApplicable(why) => {
                result.state = CheckState::NotApplicable;
                result.cause = why.into_owned();
            }
            Verdict::Pass(why) => result.cause = why.into_owned(),
            Verdict::Attested(id, why) => {
                result.attestation = Some(id);
                result.cause = why;
            }
            Verdict::NotEvaluable(unseen) => {
                result.state = CheckState::NotEvaluable;
                (result.cause, result.remedy) = unseen.of(&result, self.people);
                self.go_on(&mut result);
            }
            Verdict::Stale(why) => {
                result.state = CheckState::Stale;
                result.cause = why;
                result.remedy = read_anew(result.unit.app.as_ref());
                self.go_on(&mut result);
            }
            Verdict::Outdated(Outdated { why, see }) => {
                result.state = CheckState::Stale;
                (result.cause, result.remedy) = (why, see);
                self.go_on(&mut result);
            }
            Verdict::Wrong(wrong) => self.wrong(check, &mut result, *wrong),
        }
        if !result.state.is_quiet() {
            self.except(&mut result);
        }
        result
    }

    /// The clock of what cannot be told goes on: what was wrong when it last could be has not been
    /// put right since.
    fn go_on(&self, result: &mut CheckResult) {
        let clock = self.clocks.get(&key(&result.check, &result.unit));
        result.since = clock.map(|clock| clock.since);
        result.seen = clock.map(|clock| clock.seen);
    }

    /// The check's own measure.
    fn measure(&self, check: &Check) -> u32 {
        let said = self.policy.checks.by_name.get(check.name).and_then(|rule| rule.measure);
        said.or_else(|| check.measure.map(|measure| measure.standard)).unwrap_or_default()
    }

    /// The measure as so many days.
    fn measured_days(&self, check: &Check) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.measure(check)))
    }

    fn is_off(&self, check: &Check) -> bool {
        self.policy.checks.by_name.get(check.name).is_some_and(|rule| rule.off)
    }
}
