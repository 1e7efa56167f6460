//! Asking: walks all units of all apps, puts each check's question, and counts the answers. Which
//! units there are is said here; what is right and wrong, in the checks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{
    ALL, About, Check, Company, Detail, Evaluation, Question, Reach, Unseen,
    critical::Critical,
    found::{Asked, Found, Words},
};
use crate::{
    engine::{
        condition::Subject,
        correlate::{Correlation, Match},
        expect::{Expectation, Rules},
        gaps,
        groups::{Groups, Moment},
        lifecycle,
        parts::in_parts,
        world::{KnownAccount, World},
    },
    model::{
        account::{AccountKind, AccountStatus},
        check::{CheckState, Unit},
        email::EmailAddress,
        id::{AccountId, AppName, GroupName, PersonId, SourceName},
        observation::Completeness,
        person::{Person, TerminationType, Terms},
        plan::{Action, Reason},
    },
};

/// A source of people that is imported as a file, and how old what it told is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAge {
    /// The source.
    pub name: SourceName,
    /// When it was last believed.
    pub believed: Timestamp,
}

/// One app, as the checks see it.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// What the engine knows of it.
    pub world: &'a World<'a>,
    /// Whose each account is.
    pub correlation: &'a Correlation,
    /// What the company declared, if it declared the app critical.
    pub critical: Option<Critical>,
    /// Why what is known of the app is too old, if it is.
    pub(super) stale: Option<String>,
    /// The accounts that Muster shut out and did not let in again.
    pub(super) shut_out: BTreeSet<&'a AccountId>,
    /// When Muster last took an account from a person.
    pub(super) taken: BTreeMap<&'a PersonId, Timestamp>,
    /// When a read-back last proved that an account is shut out or gone.
    proved: BTreeMap<&'a AccountId, Timestamp>,
}

impl<'a> Facts<'a> {
    /// The facts of `world`.
    #[must_use]
    pub fn new(
        world: &'a World<'a>,
        correlation: &'a Correlation,
        critical: Option<Critical>,
    ) -> Self {
        let mut proved = BTreeMap::new();
        for run in world.runs.iter().filter(|run| run.state.is_done()) {
            let takes = matches!(
                run.operation.action,
                Action::Deactivate { .. } | Action::Delete | Action::CancelInvite
            );
            if let (true, Some(account)) = (takes, &run.account) {
                let last = proved.entry(account).or_insert(run.changed);
                *last = run.changed.max(*last);
            }
        }
        Self {
            world,
            correlation,
            critical,
            stale: staleness(world),
            shut_out: gaps::shut_out(world),
            taken: gaps::taken(world),
            proved,
        }
    }

    /// Since when a read has shown that the account does not let in, if one has: a complete read of
    /// the app, or the read after the write that shut it out.
    pub(super) fn seen_shut(&self, id: &AccountId, known: &KnownAccount) -> Option<Timestamp> {
        let read = match &self.world.sight.completeness {
            Some(Completeness::Proven) => self.world.sight.started,
            _ => None,
        };
        read.max(self.proved.get(id).copied()).max(known.gone)
    }

    /// When a read-back last proved that the account is shut out or gone.
    pub(super) fn proved(&self, id: &AccountId) -> Option<Timestamp> {
        self.proved.get(id).copied()
    }

    fn is_privileged(&self, known: &KnownAccount) -> bool {
        let role = known.account.role.as_ref();
        role.is_some_and(|role| self.world.sight.is_privileged(role))
    }

    fn reaches(&self, check: &Check) -> bool {
        match check.reach {
            Reach::EveryApp => true,
            Reach::Critical => self.critical.is_some(),
            Reach::Company => false,
        }
    }
}

/// Why what is known of the app may not be judged, if it may not: it must have been read completely,
/// and lately.
fn staleness(world: &World<'_>) -> Option<String> {
    let sight = world.sight;
    let app = world.app;
    if let Some(why) = &sight.unseen {
        return Some(format!("{app} cannot be seen: {why}"));
    }
    if let Some(why) = &sight.forgotten {
        return Some(why.clone());
    }
    match (&sight.completeness, sight.started) {
        (Some(Completeness::Proven), Some(read)) => {
            let limit = world.policy.checks.fresh_within;
            let old = world.now.duration_since(read);
            (limit < old).then(|| {
                format!(
                    "{app} was last read completely on {}, more than {} hours ago",
                    read.strftime("%Y-%m-%d %H:%M UTC"),
                    limit.as_hours()
                )
            })
        }
        (Some(Completeness::Unproven { reason }), _) => {
            Some(format!("the last read of {app} is not proven complete: {reason}"))
        }
        _ => Some(format!("{app} was never read")),
    }
}

/// Where somebody stands towards an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// She works here.
    Here,
    /// Her work begins later, and none of hers ended.
    NotYet,
    /// She left.
    Left {
        /// When her access was to end.
        since: Timestamp,
        /// Whether her work was ended for her.
        involuntary: bool,
    },
    /// Her start was cancelled.
    Withdrawn,
    /// Nobody can tell.
    Unknown(String),
}

/// What puts the questions for a part of the units.
pub(super) struct Asker<'c, 'a> {
    pub(super) company: &'c Company<'a>,
    pub(super) facts: &'c Facts<'a>,
    rules: Rules<'c>,
    groups: Groups<'c>,
}

impl<'c, 'a> Asker<'c, 'a> {
    pub(super) fn new(company: &'c Company<'a>, facts: &'c Facts<'a>) -> Self {
        let rules = Rules::new(facts.world);
        Self { company, facts, rules, groups: Groups::new(facts.world.orders, None) }
    }

    pub(super) fn standing(&self, person: &Person) -> Standing {
        let left = |since, engagement: u32| {
            let ended = person.engagements.iter().find(|one| one.number == engagement);
            let involuntary = ended
                .is_some_and(|one| one.terms.termination == Some(TerminationType::Involuntary));
            Standing::Left { since, involuntary }
        };
        match self.rules.expect(person) {
            Expectation::Access { .. } | Expectation::NoRule { .. } => Standing::Here,
            Expectation::Gone { since, engagement, .. } => left(since, engagement),
            Expectation::NotYet { ended: Some(past), .. } => left(past.since, past.engagement),
            Expectation::NotYet { ended: None, .. } => Standing::NotYet,
            Expectation::Withdrawn { .. } => Standing::Withdrawn,
            Expectation::Undecided { why } => {
                let says = why.first().map(|reason| reason.says.clone());
                Standing::Unknown(says.unwrap_or_default())
            }
        }
    }
}

/// An account, as a check is asked about it.
pub(super) struct Holding<'s, 'a> {
    pub(super) asker: &'s Asker<'s, 'a>,
    pub(super) id: &'s AccountId,
    pub(super) known: &'s KnownAccount,
    pub(super) matched: &'s Match,
    /// Whose it is, if it is somebody's own.
    pub(super) holder: Option<(&'s Person, Standing)>,
}

impl<'a> Holding<'_, 'a> {
    pub(super) fn facts(&self) -> &Facts<'a> {
        self.asker.facts
    }

    pub(super) fn app(&self) -> &AppName {
        self.facts().world.app
    }

    pub(super) fn login(&self) -> &str {
        &self.known.account.login
    }

    pub(super) fn status(&self) -> AccountStatus {
        self.known.account.status
    }

    pub(super) fn is_privileged(&self) -> bool {
        self.facts().is_privileged(self.known)
    }

    /// Whether it is there, and the ordinary account of a human.
    pub(super) fn is_live_human(&self) -> bool {
        self.known.gone.is_none()
            && self.known.account.kind == AccountKind::Human
            && !matches!(self.matched, Match::Classified { .. })
    }
}

/// A person in an app, as a check is asked about her.
pub(super) struct Holder<'s, 'a> {
    pub(super) asker: &'s Asker<'s, 'a>,
    pub(super) person: &'s Person,
    pub(super) standing: Standing,
    /// Her accounts that let in, or may do so.
    pub(super) accounts: Vec<(&'s AccountId, &'s KnownAccount)>,
}

impl<'a> Holder<'_, 'a> {
    pub(super) fn app(&self) -> &AppName {
        self.asker.facts.world.app
    }

    pub(super) fn is_privileged(&self) -> bool {
        self.accounts.iter().any(|(_, known)| self.asker.facts.is_privileged(known))
    }

    pub(super) fn facts(&self) -> &Facts<'a> {
        self.asker.facts
    }
}

impl Asker<'_, '_> {
    /// The person who answers for an account, and where she stands.
    pub(super) fn owner(&self, id: &PersonId) -> Option<(&Person, Standing)> {
        let person = self.facts.world.people.get(id)?;
        Some((person, self.standing(person)))
    }

    /// The groups to which `person` belongs now, in any of her present engagements; or why that
    /// cannot be told.
    pub(super) fn groups_of(&self, person: &Person) -> Result<BTreeSet<GroupName>, Reason> {
        let world = self.facts.world;
        let stints = lifecycle::stints(person, &world.hours());
        let zone = lifecycle::zone_of(person, &world.policy.organization);
        let moment = Moment { at: world.now, stints: &stints, zone: &zone };
        let mut found = BTreeSet::new();
        for terms in present_terms(person, &stints, world.now) {
            let subject = Subject { person, terms };
            found.extend(self.groups.of(&subject, &moment)?.into_keys().cloned());
        }
        Ok(found)
    }
}

/// The terms under which `person` works at `now`.
pub(super) fn present_terms<'p>(
    person: &'p Person,
    stints: &[lifecycle::Stint],
    now: Timestamp,
) -> Vec<&'p Terms> {
    let present = stints.iter().filter(|stint| {
        stint.access_from <= now && stint.end.is_none_or(|end| now < end) && stint.unclear.is_none()
    });
    present
        .filter_map(|stint| person.engagements.iter().find(|one| one.number == stint.number))
        .map(|one| &one.terms)
        .collect()
}

/// The person called `id`, and where she stands towards the app.
pub(super) fn standing_of<'a>(
    company: &Company<'a>,
    facts: &Facts<'a>,
    id: &PersonId,
) -> Option<(&'a Person, Standing)> {
    let person = facts.world.people.get(id)?;
    Some((person, Asker::new(company, facts).standing(person)))
}

/// Why whoever has this address does not answer for anything here any more, if that is so. An
/// address that is nobody's own is taken to be a desk.
pub(super) fn owner_gone(
    company: &Company<'_>,
    facts: &Facts<'_>,
    owner: &EmailAddress,
) -> Option<&'static str> {
    let has = |person: &&Person| person.profile.work_email.as_ref() == Some(owner);
    let person = company.people.values().find(has)?;
    match standing_of(company, facts, &person.id)?.1 {
        Standing::Left { .. } => Some("has left"),
        Standing::Withdrawn => Some("never started"),
        Standing::Here | Standing::NotYet | Standing::Unknown(_) => None,
    }
}

/// Asks every check of every unit.
#[must_use]
pub fn evaluate(company: &Company<'_>, detail: Detail) -> Evaluation {
    let mut parts = Vec::new();
    for facts in &company.apps {
        parts.push(of_app(company, facts, detail));
        let accounts: Vec<(&AccountId, &Match)> = facts.correlation.matches.iter().collect();
        parts.extend(in_parts(&accounts, |part| vec![of_accounts(company, facts, detail, part)]));
        let people: Vec<(&PersonId, &Vec<AccountId>)> =
            facts.correlation.by_person.iter().collect();
        parts.extend(in_parts(&people, |part| vec![of_people(company, facts, detail, part)]));
    }
    parts.push(of_company(company, detail));
    let mut evaluation = Evaluation::default();
    for Found { app, results, counts, unseen } in parts {
        evaluation.results.extend(results);
        for (check, counts) in counts {
            let key = (check.name.to_owned(), app.cloned());
            let tally = evaluation.tallies.entry(key).or_default();
            for (state, n) in CheckState::ALL.into_iter().zip(counts).filter(|(_, n)| *n > 0) {
                tally.add(state, n);
            }
        }
        for ((check, words), n) in unseen {
            let said = match words {
                Words::Unseen(why, see) => (Unseen::of_all(why, app), Unseen::of_all(see, app)),
                Words::Stale(why) => (why, super::read_anew(app)),
            };
            let ways = evaluation.unseen.entry((check.to_owned(), app.cloned())).or_default();
            *ways.entry(said).or_default() += n;
        }
    }
    evaluation.results.sort_by(|a, b| (&a.check, &a.unit).cmp(&(&b.check, &b.unit)));
    evaluation
}

/// The checks to be put to `facts`' app.
fn checks<'c>(
    company: &'c Company<'_>,
    facts: &'c Facts<'_>,
    detail: Detail,
) -> impl Iterator<Item = &'static Check> + 'c {
    ALL.into_iter().filter(move |check| {
        facts.reaches(check) && !company.is_off(check) && detail.includes(check)
    })
}

fn of_accounts<'s>(
    company: &Company<'_>,
    facts: &'s Facts<'_>,
    detail: Detail,
    part: &[(&AccountId, &Match)],
) -> Found<'s> {
    let asker = Asker::new(company, facts);
    let questions: Vec<_> = checks(company, facts, detail)
        .filter_map(|check| match check.question {
            Question::Account(ask) => Some((check, ask)),
            _ => None,
        })
        .collect();
    let app = facts.world.app;
    let mut found = Found::new(Some(app));
    for (id, matched) in part {
        let Some(known) = facts.world.accounts.get(*id) else { continue };
        let person = match matched {
            Match::Linked { person, .. } => facts.world.people.get(person),
            _ => None,
        };
        let holder = person.map(|person| (person, asker.standing(person)));
        let holding = Holding { asker: &asker, id, known, matched, holder };
        let make = || {
            let unit = Unit::account(app, id);
            (unit, known.account.login.clone(), person.map(|person| person.id.clone()))
        };
        for (check, ask) in &questions {
            let verdict = ask(&holding);
            let stale = facts.stale.as_deref();
            let asked = Asked { stale, make: &make, verdict };
            found.add(company, detail, check, asked);
        }
    }
    found
}

fn of_people<'s>(
    company: &Company<'_>,
    facts: &'s Facts<'_>,
    detail: Detail,
    part: &[(&PersonId, &Vec<AccountId>)],
) -> Found<'s> {
    let asker = Asker::new(company, facts);
    let questions: Vec<_> = checks(company, facts, detail)
        .filter_map(|check| match check.question {
            Question::Person(ask) => Some((check, ask)),
            _ => None,
        })
        .collect();
    let app = facts.world.app;
    let mut found = Found::new(Some(app));
    for (id, accounts) in part {
        let Some(person) = facts.world.people.get(*id) else { continue };
        let accounts: Vec<_> = accounts
            .iter()
            .filter_map(|id| Some((id, facts.world.accounts.get(id)?)))
            .filter(|(_, known)| known.gone.is_none() && known.account.status.may_sign_in())
            .collect();
        let holder = Holder { asker: &asker, person, standing: asker.standing(person), accounts };
        let make = || (Unit::person(app, &person.id), person.name(), Some(person.id.clone()));
        for (check, ask) in &questions {
            let verdict = ask(&holder);
            let stale = facts.stale.as_deref();
            let asked = Asked { stale, make: &make, verdict };
            found.add(company, detail, check, asked);
        }
    }
    found
}

fn of_app<'s>(company: &Company<'_>, facts: &'s Facts<'_>, detail: Detail) -> Found<'s> {
    let app = facts.world.app;
    let mut found = Found::new(Some(app));
    let make = || (Unit::app(app), app.to_string(), None);
    for check in checks(company, facts, detail) {
        let Question::App(ask) = check.question else { continue };
        let verdict = ask(facts, company);
        // A rule is there or not, whatever the app shows.
        let stale = facts.stale.as_deref().filter(|_| check.reach == Reach::EveryApp);
        found.add(company, detail, check, Asked { stale, make: &make, verdict });
    }
    found
}

fn of_company(company: &Company<'_>, detail: Detail) -> Found<'static> {
    let mut found = Found::new(None);
    for check in ALL {
        let Question::Company(ask) = check.question else { continue };
        if company.is_off(check) || !detail.includes(check) {
            continue;
        }
        for About { unit, subject, person, verdict } in ask(company) {
            let make = || (unit.clone(), subject.clone(), person.clone());
            found.add(company, detail, check, Asked { stale: None, make: &make, verdict });
        }
    }
    found
}

/// The exact inputs on which checks of an account, a person or an app rest, for evidence.
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
        let asker = unit.app.as_ref().and_then(|app| self.askers.get(app));
        let Some(asker) = asker else { return Json::Null };
        let facts = asker.facts;
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
                "last_sign_in": known.activity.last_sign_in,
                "match": facts.correlation.matches.get(id),
            }))
        });
        let owner =
            unit.account.as_ref().and_then(|id| match facts.correlation.matches.get(id)? {
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
            "policy": self.company.policy.digest,
            "account": account,
            "person": person,
            "rule": facts.critical.as_ref().and_then(|critical| critical.rule.as_ref()),
        })
    }
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
