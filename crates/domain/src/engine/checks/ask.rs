//! Asking: walks all units of all apps, puts each check's question, and counts the answers. Which
//! units there are is said here; what is right and wrong, in the checks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    ALL, About, Check, Company, Detail, Evaluation, Question, Reach, Unseen, Verdict,
    critical::Critical,
    found::{Asked, Found, Words},
    out::Out,
    roster::{MayArise, Roster},
};
use crate::{
    engine::{
        condition::Subject,
        correlate::{Correlation, Match},
        directory::Directory,
        expect::{Expectation, Rules},
        gaps,
        groups::{Groups, Moment},
        holders::{Behind, leaver_behind},
        lifecycle::{self, Stint},
        parts::in_parts,
        world::{KnownAccount, World},
    },
    model::{
        account::{AccountKind, AccountStatus},
        check::{CheckState, Unit},
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
    /// Who goes by what in it.
    pub(super) directory: Directory<'a>,
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
    /// When accounts were last seen to let nobody in, whoever it was that shut them out.
    pub(super) outs: BTreeMap<AccountId, Out>,
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
            directory: Directory::new(world),
            correlation,
            critical,
            stale: staleness(world),
            shut_out: gaps::shut_out(world),
            taken: gaps::taken(world),
            proved,
            outs: BTreeMap::new(),
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

    pub(super) fn is_privileged(&self, known: &KnownAccount) -> bool {
        let role = known.account.role.as_ref();
        role.is_some_and(|role| self.world.sight.is_privileged(role))
    }

    /// Whether the account may manage users or settings, or might at `since` or after it: who lowers
    /// a leaver's role gains no time.
    pub(super) fn was_privileged(&self, known: &KnownAccount, since: Option<Timestamp>) -> bool {
        let (app, id) = (self.world.app, &known.account.id);
        let held = self.world.orders.ranks.iter().filter(|one| one.app == *app);
        let mut held = held.filter(|one| one.account == *id);
        self.is_privileged(known) || held.any(|one| since.is_some_and(|since| since <= one.until))
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
            if old < -CLOCK_SKEW {
                return Some(format!(
                    "the last read of {app} is dated {}, which is still to come: a clock is wrong",
                    read.strftime("%Y-%m-%d %H:%M UTC"),
                ));
            }
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

/// By how much the clocks of two machines may differ.
pub(super) const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

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

/// Whether the work of `person` in the engagement called so was ended for her.
pub(super) fn is_involuntary(person: &Person, engagement: u32) -> bool {
    let ended = person.engagements.iter().find(|one| one.number == engagement);
    ended.is_some_and(|one| one.terms.termination == Some(TerminationType::Involuntary))
}

/// What puts the questions for a part of the units.
pub(super) struct Asker<'c, 'a> {
    pub(super) company: &'c Company<'a>,
    pub(super) facts: &'c Facts<'a>,
    pub(super) rules: Rules<'c>,
    groups: Groups<'c>,
}

impl<'c, 'a> Asker<'c, 'a> {
    pub(super) fn new(company: &'c Company<'a>, facts: &'c Facts<'a>) -> Self {
        let rules = Rules::new(facts.world);
        Self { company, facts, rules, groups: Groups::new(facts.world.orders, None) }
    }

    pub(super) fn standing(&self, person: &Person) -> Standing {
        self.standing_in(person, &self.rules.stints(person))
    }

    fn standing_in(&self, person: &Person, stints: &[Stint]) -> Standing {
        let left = |since, engagement: u32| Standing::Left {
            since,
            involuntary: is_involuntary(person, engagement),
        };
        match self.rules.expect_in(person, stints, self.facts.world.now) {
            // What a source stopped to tell of is not known (and no departure).
            Expectation::Access { .. }
            | Expectation::NoRule { .. }
            | Expectation::NotYet { ended: None, .. }
                if let Some(since) = person.not_mentioned_since =>
            {
                Standing::Unknown(format!(
                    "no source has mentioned them since {}",
                    since.strftime("%Y-%m-%d")
                ))
            }
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
    pub(super) holder: Option<&'s Holder<'s, 'a>>,
}

impl<'a> Holding<'_, 'a> {
    /// Who has left and may get in by it, though it is said not to be hers; and since when.
    pub(super) fn leaver_behind(&self) -> Option<Behind<'a>> {
        leaver_behind(&self.facts().directory, &self.asker.rules, (self.known, self.matched))
    }

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

    /// Whether it may manage users or settings, or might at `since` or after it.
    pub(super) fn was_privileged(&self, since: Option<Timestamp>) -> bool {
        self.facts().was_privileged(self.known, since)
    }

    /// Whom what is known of it concerns, and whether a newer list of people could raise a question
    /// about it that does not arise now. An account that is nobody's rests on no list.
    fn concerns(&self) -> Option<(Option<&Person>, MayArise)> {
        let lets_in = self.known.gone.is_none() && self.status().may_sign_in();
        match (self.holder, self.matched) {
            (Some(holder), _) => {
                let may_arise = if lets_in { MayArise::Yes } else { MayArise::No };
                Some((Some(holder.person), may_arise))
            }
            (None, Match::Classified { owner, .. }) => {
                Some((self.facts().world.people.get(owner), MayArise::No))
            }
            (None, _) => Some((None, MayArise::No)),
        }
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
    /// When she works here.
    pub(super) stints: Vec<Stint>,
    /// Her accounts that let in, or may do so.
    pub(super) accounts: Vec<(&'s AccountId, &'s KnownAccount)>,
}

impl<'s, 'a> Holder<'s, 'a> {
    fn new(
        asker: &'s Asker<'s, 'a>,
        person: &'s Person,
        accounts: &[(&'s AccountId, &'s KnownAccount)],
    ) -> Self {
        let stints = asker.rules.stints(person);
        let standing = asker.standing_in(person, &stints);
        let mut accounts = accounts.to_vec();
        accounts.retain(|(_, known)| known.gone.is_none() && known.account.status.may_sign_in());
        Self { asker, person, standing, stints, accounts }
    }

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
    /// Leavers' accounts that are said not to be theirs.
    pub(super) fn disowned(&self) -> BTreeMap<PersonId, Vec<AccountId>> {
        let world = self.facts.world;
        let mut found: BTreeMap<PersonId, Vec<AccountId>> = BTreeMap::new();
        for (id, matched) in &self.facts.correlation.matches {
            let Some(known) = world.accounts.get(id) else { continue };
            if let Some(behind) =
                leaver_behind(&self.facts.directory, &self.rules, (known, matched))
            {
                found.entry(behind.person.id.clone()).or_default().push(id.clone());
            }
        }
        found
    }

    /// The person who answers for an account, and where she stands.
    pub(super) fn owner(&self, id: &PersonId) -> Option<(&Person, Standing)> {
        let person = self.facts.world.people.get(id)?;
        Some((person, self.standing(person)))
    }

    /// The groups to which `person` belongs now, in any of her present engagements; or why that
    /// cannot be told.
    pub(super) fn groups_of(
        &self,
        person: &Person,
        stints: &[Stint],
    ) -> Result<BTreeSet<GroupName>, Reason> {
        let world = self.facts.world;
        let zone = lifecycle::zone_of(person, &world.policy.organization);
        let moment = Moment { at: world.now, stints, zone: &zone };
        let mut found = BTreeSet::new();
        for terms in present_terms(person, stints, world.now) {
            let subject = Subject { person, terms };
            found.extend(self.groups.of(&subject, &moment)?.into_keys().cloned());
        }
        Ok(found)
    }
}

/// The terms under which `person` works at `now`.
pub(super) fn present_terms<'p>(
    person: &'p Person,
    stints: &[Stint],
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

/// Asks every check of every unit.
#[must_use]
pub fn evaluate(company: &Company<'_>, detail: Detail) -> Evaluation {
    let mut parts = Vec::new();
    for facts in &company.apps {
        parts.push(of_app(company, facts, detail));
        let held: Vec<_> = facts.correlation.holders(facts.world.people).collect();
        parts.extend(in_parts(&held, |part| vec![of_holders(company, facts, detail, part)]));
        let mut others: Vec<_> = facts.correlation.matched(facts.world.accounts).collect();
        others.retain(|(.., matched)| !matches!(matched, Match::Linked { .. }));
        parts.extend(in_parts(&others, |part| vec![of_others(company, facts, detail, part)]));
    }
    parts.push(of_company(company, detail));
    let off = super::switched_off(company.policy).map(|check| check.name).collect();
    let mut evaluation = Evaluation { off, ..Evaluation::default() };
    for Found { app, results, counts, unseen } in parts {
        evaluation.results.extend(results);
        for (check, counts) in counts {
            let key = (check.name.to_owned(), app.cloned());
            let tally = evaluation.tallies.entry(key).or_default();
            for (state, n) in CheckState::ALL.into_iter().zip(counts).filter(|(_, n)| *n > 0) {
                tally.add(state, n);
            }
        }
        for (check, words, n) in unseen {
            let said = match words {
                Words::Unseen(why, see) => (Unseen::of_all(why, app), Unseen::of_all(see, app)),
                Words::Stale(why) => (why.into_owned(), super::read_anew(app)),
                Words::Outdated(old) => (old.why, old.see),
            };
            let ways = evaluation.unseen.entry((check.name.to_owned(), app.cloned())).or_default();
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

/// Puts the questions about people who hold accounts, and about what they hold.
fn of_holders<'s, 'a>(
    company: &Company<'a>,
    facts: &'s Facts<'a>,
    detail: Detail,
    part: &[(Option<&Person>, &[AccountId])],
) -> Found<'s> {
    let asker = Asker::new(company, facts);
    let questions = Questions::new(company, facts, detail);
    let world = facts.world;
    let mut found = Found::new(Some(world.app));
    for (person, accounts) in part {
        let held = |id| Some((id, world.accounts.get(id)?));
        let held: Vec<_> = accounts.iter().filter_map(held).collect();
        let holder = person.map(|person| Holder::new(&asker, person, &held));
        let holder = holder.as_ref();
        for (id, known) in held {
            if let Some(matched) = facts.correlation.matches.get(id) {
                let holding = Holding { asker: &asker, id, known, matched, holder };
                questions.of_account(detail, &holding, &mut found);
            }
        }
        if let Some(holder) = holder {
            questions.of_person(detail, holder, &mut found);
        }
    }
    found
}

/// Puts the questions about accounts that are nobody's own.
fn of_others<'s, 'a>(
    company: &Company<'a>,
    facts: &'s Facts<'a>,
    detail: Detail,
    part: &[(&AccountId, &KnownAccount, &Match)],
) -> Found<'s> {
    let asker = Asker::new(company, facts);
    let questions = Questions::new(company, facts, detail);
    let mut found = Found::new(Some(facts.world.app));
    for (id, known, matched) in part {
        let holding = Holding { asker: &asker, id, known, matched, holder: None };
        questions.of_account(detail, &holding, &mut found);
    }
    found
}

type OfAccount = fn(&Holding<'_, '_>) -> Verdict;
type OfPerson = fn(&Holder<'_, '_>) -> Verdict;

/// The questions to be put about each account and each person of an app.
struct Questions<'c> {
    stale: Option<&'c str>,
    roster: Roster,
    accounts: Vec<(&'static Check, OfAccount)>,
    people: Vec<(&'static Check, OfPerson)>,
}

impl<'c> Questions<'c> {
    fn new(company: &Company<'_>, facts: &'c Facts<'_>, detail: Detail) -> Self {
        let (mut accounts, mut people) = (Vec::new(), Vec::new());
        for check in checks(company, facts, detail) {
            match check.question {
                Question::Account(ask) => accounts.push((check, ask)),
                Question::Person(ask) => people.push((check, ask)),
                Question::App(_) | Question::Company(_) => {}
            }
        }
        Self { stale: facts.stale.as_deref(), roster: Roster::of(company), accounts, people }
    }

    fn of_account(&self, detail: Detail, holding: &Holding<'_, '_>, found: &mut Found<'c>) {
        let make = || {
            let person = holding.holder.map(|holder| holder.person.id.clone());
            let unit = Unit::account(holding.app(), holding.id);
            (unit, holding.login().to_owned(), person)
        };
        let concerns = holding.concerns();
        for (check, ask) in &self.accounts {
            let verdict = match concerns {
                Some(about) => self.roster.held(check, about, ask(holding)),
                None => ask(holding),
            };
            let asked = Asked { stale: self.stale, make: &make, verdict };
            found.add(holding.asker.company, detail, check, asked);
        }
    }

    fn of_person(&self, detail: Detail, holder: &Holder<'_, '_>, found: &mut Found<'c>) {
        let person = holder.person;
        let make =
            || (Unit::person(holder.app(), &person.id), person.name(), Some(person.id.clone()));
        for (check, ask) in &self.people {
            let verdict = self.roster.held(check, (Some(person), MayArise::No), ask(holder));
            let asked = Asked { stale: self.stale, make: &make, verdict };
            found.add(holder.asker.company, detail, check, asked);
        }
    }
}

fn of_app<'s, 'a>(company: &Company<'a>, facts: &'s Facts<'a>, detail: Detail) -> Found<'s> {
    let app = facts.world.app;
    let mut found = Found::new(Some(app));
    let make = || (Unit::app(app), app.to_string(), None);
    let roster = Roster::of(company);
    for check in checks(company, facts, detail) {
        let Question::App(ask) = check.question else { continue };
        let verdict = roster.held(check, (None, MayArise::No), ask(facts, company));
        // A rule is there or not, whatever the app shows.
        let stale = facts.stale.as_deref().filter(|_| check.reach == Reach::EveryApp);
        found.add(company, detail, check, Asked { stale, make: &make, verdict });
    }
    found
}

fn of_company(company: &Company<'_>, detail: Detail) -> Found<'static> {
    let mut found = Found::new(None);
    let roster = Roster::of(company);
    for check in ALL {
        let Question::Company(ask) = check.question else { continue };
        if company.is_off(check) || !detail.includes(check) {
            continue;
        }
        for About { unit, subject, person, verdict } in ask(company) {
            let make = || (unit.clone(), subject.clone(), person.clone());
            let verdict = roster.held(check, (None, MayArise::No), verdict);
            found.add(company, detail, check, Asked { stale: None, make: &make, verdict });
        }
    }
    found
}
