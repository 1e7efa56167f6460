//! Back-testing a policy: what it would have planned, held, given and found wrong over a stretch of
//! history, beside what the policy valid at each moment did.
//!
//! Each moment is judged for itself, in the world as it was then: what another policy would have
//! changed in the world is not played on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    checks::{self, Evaluation},
    correlate::Correlation,
    expect::{Expectation, Rules},
    lifecycle,
    parts::side_by_side,
    plan::{correlation, plan},
    world::World,
};
use crate::model::{
    canonical::Digest,
    check::CheckState,
    id::{AppName, PersonId, RoleName},
    plan::{HoldKind, Operation},
};

/// The policy valid then, and the one that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sides<T> {
    /// Under the policy valid then.
    pub valid: T,
    /// Under the policy that is tried.
    pub tried: T,
}

/// An operation that the two policies treat differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationDiffers {
    /// The app.
    pub app: AppName,
    /// What it would do to whom.
    pub what: String,
    /// Whether it takes access away.
    pub removes_access: bool,
    /// When it was planned first.
    pub planned: Sides<Option<Timestamp>>,
    /// When nothing would have held it first.
    pub goes: Sides<Option<Timestamp>>,
    /// What held it, at any time.
    pub held_by: Sides<BTreeSet<HoldKind>>,
}

/// A person to whom the two policies give different access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessDiffers {
    /// The app.
    pub app: AppName,
    /// The person.
    pub person: PersonId,
    /// Her name.
    pub name: String,
    /// When it differed first.
    pub at: Timestamp,
    /// The role then; `None` for no access.
    pub role: Sides<Option<RoleName>>,
}

/// A unit that the two policies judge differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckDiffers {
    /// The check.
    pub check: String,
    /// The unit.
    pub unit: String,
    /// What a person would call it.
    pub subject: String,
    /// When it differed first.
    pub at: Timestamp,
    /// The state then; `None` when it passes or the question does not arise.
    pub state: Sides<Option<CheckState>>,
}

/// What another policy would have made different.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Difference {
    /// At how many moments both were asked.
    pub moments: usize,
    /// Operations.
    pub operations: Vec<OperationDiffers>,
    /// Access.
    pub access: Vec<AccessDiffers>,
    /// Checks.
    pub checks: Vec<CheckDiffers>,
}

impl Difference {
    /// Whether both policies did the same at every moment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.access.is_empty() && self.checks.is_empty()
    }
}

/// A back-test at work: shown the worlds moment by moment.
#[derive(Debug, Default)]
pub struct Backtest {
    moments: BTreeSet<Timestamp>,
    operations: BTreeMap<(AppName, Digest), OperationDiffers>,
    access: BTreeMap<(AppName, PersonId), AccessDiffers>,
    checks: BTreeMap<String, CheckDiffers>,
}

impl Backtest {
    /// Looks at one app at one moment under both policies. The two worlds differ in nothing else.
    pub fn look(&mut self, valid: &World<'_>, tried: &World<'_>) {
        self.look_by((valid, &correlation(valid)), (tried, &correlation(tried)));
    }

    /// Looks at one app at one moment under both policies, with the correlation that each world
    /// implies: whoever goes from moment to moment need not correlate everybody anew.
    pub fn look_by(
        &mut self,
        (valid, by_valid): (&World<'_>, &Correlation),
        (tried, by_tried): (&World<'_>, &Correlation),
    ) {
        self.moments.insert(valid.now);
        let (of_valid, of_tried) = side_by_side(|| plan(valid, by_valid), || plan(tried, by_tried));
        for (world, plan, is_tried) in [(valid, of_valid, false), (tried, of_tried, true)] {
            for operation in plan.operations {
                self.note(world, operation, is_tried);
            }
        }
        let (was, is) = (Rules::new(valid), Rules::new(tried));
        for person in valid.people.values() {
            let role = Sides { valid: role(&was.expect(person)), tried: role(&is.expect(person)) };
            if role.valid == role.tried {
                continue;
            }
            let key = (valid.app.clone(), person.id.clone());
            self.access.entry(key).or_insert_with(|| AccessDiffers {
                app: valid.app.clone(),
                person: person.id.clone(),
                name: person.name(),
                at: valid.now,
                role,
            });
        }
    }

    fn note(&mut self, world: &World<'_>, operation: Operation, is_tried: bool) {
        let key = (world.app.clone(), operation.fingerprint);
        let known = self.operations.entry(key).or_insert_with(|| OperationDiffers {
            app: world.app.clone(),
            what: operation.brief(),
            removes_access: operation.action.removes_access(),
            planned: Sides::default(),
            goes: Sides::default(),
            held_by: Sides::default(),
        });
        let side = |sides: &mut Sides<Option<Timestamp>>| {
            let side = if is_tried { &mut sides.tried } else { &mut sides.valid };
            side.get_or_insert(world.now);
        };
        side(&mut known.planned);
        if operation.goes() {
            side(&mut known.goes);
        }
        let held = if is_tried { &mut known.held_by.tried } else { &mut known.held_by.valid };
        held.extend(operation.holds.iter().map(|hold| hold.kind));
    }

    /// Compares what all checks found at one moment under both policies.
    pub fn judge(&mut self, now: Timestamp, valid: &Evaluation, tried: &Evaluation) {
        self.moments.insert(now);
        let by_key = |evaluation: &Evaluation| {
            let results = evaluation.results.iter().cloned();
            results
                .map(|result| (checks::key(&result.check, &result.unit), result))
                .collect::<BTreeMap<_, _>>()
        };
        let (valid, tried) = (by_key(valid), by_key(tried));
        let keys: BTreeSet<&String> = valid.keys().chain(tried.keys()).collect();
        for key in keys {
            let (was, is) = (valid.get(key), tried.get(key));
            let state = Sides {
                valid: was.map(|result| result.state),
                tried: is.map(|result| result.state),
            };
            let Some(result) = was.or(is).filter(|_| state.valid != state.tried) else { continue };
            self.checks.entry(key.clone()).or_insert_with(|| CheckDiffers {
                check: result.check.clone(),
                unit: result.unit.to_string(),
                subject: result.subject.clone(),
                at: now,
                state,
            });
        }
    }

    /// What differed, the earliest first.
    #[must_use]
    pub fn difference(self) -> Difference {
        let differs = |one: &OperationDiffers| {
            one.planned.valid != one.planned.tried || one.goes.valid != one.goes.tried
        };
        let mut operations: Vec<_> = self.operations.into_values().filter(differs).collect();
        operations.sort_by_key(|one| one.planned.valid.into_iter().chain(one.planned.tried).min());
        let mut access: Vec<_> = self.access.into_values().collect();
        access.sort_by_key(|one| one.at);
        let mut checks: Vec<_> = self.checks.into_values().collect();
        checks.sort_by_key(|one| one.at);
        Difference { moments: self.moments.len(), operations, access, checks }
    }
}

/// The moments in `from..=to` at which dates of the people in `world` fall due.
#[must_use]
pub fn due(world: &World<'_>, from: Timestamp, to: Timestamp) -> BTreeSet<Timestamp> {
    let hours = world.hours();
    let stints = world.people.values().flat_map(|person| lifecycle::stints(person, &hours));
    let dates = stints.flat_map(|stint| {
        [Some(stint.access_from), Some(stint.start), stint.end].into_iter().flatten()
    });
    dates.filter(|at| (from..=to).contains(at)).collect()
}

/// At most `most` of `moments`, spread evenly, the first and the last among them.
#[must_use]
pub fn bounded(moments: &BTreeSet<Timestamp>, most: usize) -> BTreeSet<Timestamp> {
    let all: Vec<Timestamp> = moments.iter().copied().collect();
    let last = all.len().saturating_sub(1);
    let most = most.max(2);
    if all.len() <= most {
        return moments.clone();
    }
    let places = (0..most).map(|n| n * last / (most - 1));
    places.filter_map(|place| all.get(place).copied()).collect()
}

fn role(expectation: &Expectation) -> Option<RoleName> {
    match expectation {
        Expectation::Access { role, .. } => Some(role.clone()),
        _ => None,
    }
}
