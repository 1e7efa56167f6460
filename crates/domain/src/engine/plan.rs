//! Planning: from a world to a plan, and from a plan and a fresh look to the proof that an
//! operation may go.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use super::{
    correlate::{self, Correlation, correlate_again},
    decide::{self, Decision, unwanted},
    expect::Rules,
    guard,
    hand_over::Office,
    lifecycle::{self, PersonState},
    parts::in_parts,
    world::{KnownAccount, World},
};
use crate::model::{
    canonical::Digest,
    id::{AccountId, PersonId},
    order::{Merged, NotTheirs, Orders},
    person::Person,
    plan::{Action, Basis, Note, Operation, PersonRef, Plan},
};

/// The correlation that a world implies.
#[must_use]
pub fn correlation(world: &World<'_>) -> Correlation {
    correlation_by(world, &|person| has_ended(world, person))
}

fn has_ended(world: &World<'_>, person: &Person) -> bool {
    matches!(
        lifecycle::state(person, &world.hours(), world.now),
        PersonState::Ended { .. } | PersonState::Withdrawn
    )
}

fn correlation_by(world: &World<'_>, ended: &(dyn Fn(&Person) -> bool + Sync)) -> Correlation {
    let domains = &world.policy.organization.domains;
    let answers = correlate::Answers::new(world);
    correlate::correlate(world.people, world.accounts, &answers, domains, ended)
}

/// A correlation that goes along with a world of which little changes: what rests on nothing that
/// changed is not correlated again.
#[derive(Debug, Clone)]
pub struct Following {
    correlation: Correlation,
    not_theirs: Vec<NotTheirs>,
    merged: Vec<Merged>,
    /// Of whom it mattered whether they had left, and whether they had.
    asked: BTreeMap<PersonId, bool>,
    /// How many accounts were correlated so far, again and again counted.
    pub correlated: usize,
}

impl Following {
    /// The correlation of `world`.
    #[must_use]
    pub fn new(world: &World<'_>) -> Self {
        let (correlation, asked) = noting(world, |ended| correlation_by(world, ended));
        let Orders { not_theirs, merged, .. } = world.orders;
        let (not_theirs, merged) = (not_theirs.clone(), merged.clone());
        Self { correlation, not_theirs, merged, asked, correlated: world.accounts.len() }
    }

    /// The correlation of `world`, which has the same people and links as the world before, and the
    /// same accounts but for `changed`.
    pub fn follow(&mut self, world: &World<'_>, changed: &BTreeSet<AccountId>) -> &Correlation {
        let Orders { not_theirs, merged, .. } = world.orders;
        let as_before = |(id, ended): (&PersonId, &bool)| {
            world.people.get(id).is_some_and(|person| has_ended(world, person) == *ended)
        };
        let same = self.not_theirs == *not_theirs && self.merged == *merged;
        if same && self.asked.iter().all(as_before) {
            let correlation = &mut self.correlation;
            let ((), asked) =
                noting(world, |ended| correlate_again(correlation, world, changed, ended));
            self.asked.extend(asked);
            self.correlated += changed.len();
        } else {
            let correlated = self.correlated;
            *self = Self::new(world);
            self.correlated += correlated;
        }
        &self.correlation
    }

    /// The correlation that was found last.
    #[must_use]
    pub const fn correlation(&self) -> &Correlation {
        &self.correlation
    }

    /// Whether an account that was known as `before` and is as `after` now may be another's, or no
    /// longer be anybody's.
    #[must_use]
    pub fn may_move(before: &KnownAccount, after: &KnownAccount) -> bool {
        correlate::marks(before) != correlate::marks(after)
    }
}

/// Does `work`, and notes whom it asked for whether they have left.
fn noting<T>(
    world: &World<'_>,
    work: impl FnOnce(&(dyn Fn(&Person) -> bool + Sync)) -> T,
) -> (T, BTreeMap<PersonId, bool>) {
    let asked = Mutex::new(BTreeMap::new());
    let result = work(&|person| {
        let ended = has_ended(world, person);
        asked.lock().unwrap_or_else(PoisonError::into_inner).insert(person.id.clone(), ended);
        ended
    });
    (result, asked.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// Everybody, and every account.
    Everything,
    /// One person.
    Person(&'a Person),
    /// One account that is nobody's.
    Account(&'a AccountId),
}

/// Plans everything for one app.
#[must_use]
pub fn plan(world: &World<'_>, correlation: &Correlation) -> Plan {
    plan_for(world, correlation, Scope::Everything)
}

/// Plans for what is in `scope`. `correlation` is the one that the world implies.
#[must_use]
pub fn plan_for(world: &World<'_>, correlation: &Correlation, scope: Scope<'_>) -> Plan {
    let people: Vec<(&Person, &[AccountId])> = match scope {
        Scope::Person(person) => vec![(person, correlation.accounts_of(&person.id))],
        Scope::Account(_) => Vec::new(),
        Scope::Everything => correlation.of_all(world.people).collect(),
    };
    let office = Office::new(world, correlation);
    let deciding = decide::Deciding { world, office, addresses: decide::Addresses::new(world) };

    let parts = in_parts(&people, |people| {
        let rules = Rules::new(world);
        let mut part = Part::default();
        for (person, accounts) in people {
            part.decision.absorb(decide::decide(&deciding, &rules, person, accounts));
            part.notes.extend(notes(world, person, accounts));
        }
        vec![part]
    });
    let mut all = Part::default();
    for Part { decision, notes } in parts {
        all.decision.absorb(decision);
        all.notes.extend(notes);
    }
    let Part { decision: Decision { mut operations, mut upcoming, blocked }, notes } = all;
    let unwanted = || unwanted::unwanted(world, correlation, &deciding.addresses);
    match scope {
        Scope::Everything => operations.extend(unwanted()),
        Scope::Account(only) => {
            operations
                .extend(unwanted().into_iter().filter(|one| one.account.as_ref() == Some(only)));
        }
        Scope::Person(_) => {}
    }
    operations.sort_by(|a, b| order(a).cmp(&order(b)));
    upcoming.sort_by(|a, b| (a.at, &a.person.id).cmp(&(b.at, &b.person.id)));
    guard::guard(world, &Rules::new(world), &deciding.office, &mut operations);
    Plan {
        version: Plan::VERSION,
        app: world.app.clone(),
        at: world.now,
        basis: Basis {
            policy: world.policy.digest,
            observation: world.sight.observation.clone(),
            observed: world.sight.started,
        },
        operations,
        upcoming,
        blocked,
        notes,
    }
}

/// What follows for some of the people.
#[derive(Default)]
struct Part {
    decision: Decision,
    notes: Vec<Note>,
}

/// What to know of a person who has an account: that a source and a word by hand contradict each
/// other, and that Muster uses the key of somebody who leaves.
fn notes(world: &World<'_>, person: &Person, accounts: &[AccountId]) -> Vec<Note> {
    if accounts.is_empty() {
        return Vec::new();
    }
    let hours = world.hours();
    let note = |engagement: Option<u32>, says: String| {
        let (id, name) = (person.id.clone(), person.name());
        Note { person: PersonRef { id, name, engagement }, says }
    };
    let mut notes: Vec<Note> = lifecycle::contradictions(person, &hours)
        .into_iter()
        .map(|one| note(Some(one.engagement), one.says))
        .collect();
    let holds_key = world.sight.caller.as_ref().is_some_and(|caller| accounts.contains(caller));
    if holds_key && let PersonState::Leaving { at } = lifecycle::state(person, &hours, world.now) {
        let day = at.to_zoned(lifecycle::zone_of(person, &world.policy.organization)).date();
        let says = format!(
            "Muster uses this person's key for {}, and without it can neither read nor write there; \
             before the end on {day}, {}",
            world.app,
            guard::another_key(world.app)
        );
        notes.push(note(None, says));
    }
    notes
}

/// Leavers first, then movers, then joiners; within each by name, so that people find people.
fn order(operation: &Operation) -> (u8, &str, &Digest) {
    let group = match operation.action {
        Action::Deactivate { .. } | Action::CancelInvite => 0,
        Action::Reduce { .. } => 1,
        Action::Delete => 2,
        Action::Update { .. } => 3,
        Action::Reactivate { .. } => 4,
        Action::Create { .. } => 5,
        // Thousands of tickets take long; nobody waits for that.
        Action::HandOver { .. } => 6,
        // Nor does work come back before the account lets in.
        Action::GiveBack { .. } => 7,
    };
    (group, operation.name(), &operation.fingerprint)
}

/// The proof that an operation may be done now: it goes in the plan that was confirmed, and a
/// fresh look at the person and the account still asks for exactly it. The only thing that
/// `apply` accepts (laws 3, 7, 11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released(Operation);

/// Why an operation is not released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReleased {
    /// It waits, in the confirmed plan or by now.
    Held(Box<Operation>),
    /// The world moved: nobody asks for it any more.
    Void,
}

impl Released {
    /// Checks `planned` against `fresh`, the plan for the same person made just now.
    ///
    /// # Errors
    /// Why it is not released.
    pub fn check(planned: &Operation, fresh: &Plan) -> Result<Self, NotReleased> {
        if !planned.goes() {
            return Err(NotReleased::Held(Box::new(planned.clone())));
        }
        let found = fresh.operations.iter().find(|now| now.fingerprint == planned.fingerprint);
        match found {
            None => Err(NotReleased::Void),
            Some(now) if now.goes() => match guard::not_yet(now, &fresh.operations) {
                None => Ok(Self(now.clone())),
                Some(hold) => {
                    let mut held = now.clone();
                    held.holds.push(hold);
                    Err(NotReleased::Held(Box::new(held)))
                }
            },
            Some(now) => Err(NotReleased::Held(Box::new(now.clone()))),
        }
    }

    /// Releases the next rung of the ladder, which was approved together with `ignored`, the
    /// deactivation that the app did not carry out.
    ///
    /// # Errors
    /// When the fresh plan does not ask for exactly that rung.
    pub fn fallback(ignored: &Self, fresh: &Plan) -> Result<Self, NotReleased> {
        let Action::Deactivate { fallback: Some(role) } = &ignored.0.action else {
            return Err(NotReleased::Void);
        };
        let found = fresh.operations.iter().find(|now| {
            now.account == ignored.0.account
                && matches!(&now.action, Action::Reduce { to } if to == role)
        });
        let Some(now) = found else { return Err(NotReleased::Void) };
        let mut next = now.clone();
        next.approved_by = next.approved_by.or_else(|| ignored.0.approved_by.clone());
        if next.goes() { Ok(Self(next)) } else { Err(NotReleased::Held(Box::new(next))) }
    }

    /// The operation.
    #[must_use]
    pub const fn operation(&self) -> &Operation {
        &self.0
    }
}
