//! Guarding: which operations may go, which wait, for what, and what would release them. A guard
//! that cannot be evaluated counts as tripped.

mod limits;
mod protect;
mod returns;
mod work;

use std::collections::BTreeMap;

use jiff::SignedDuration;

use self::{
    limits::{limit, ordered},
    protect::{active_admins, protected},
    returns::returns,
    work::work,
};
pub(super) use self::{protect::another_key, returns::not_yet};
use super::{
    consent::Voices,
    correlate::{Correlation, Match},
    expect::{Expectation, Rules},
    hand_over::Office,
    lifecycle,
    world::World,
};
use crate::model::{
    account::AccountKind,
    canonical::Digest,
    consent::Rejection,
    id::{AccountId, PersonId},
    limits::LimitKind,
    observation::Completeness,
    operation::{Deactivation, Run, RunState},
    order::{Frozen, Stops},
    person::{EmploymentStatus, Person},
    plan::{Action, Hold, HoldKind, Operation},
    policy::{Consent, Switch},
};

/// An observation older than this proves nothing any more.
pub const FRESHNESS: SignedDuration = SignedDuration::from_hours(24);

/// Holds every operation of the plan that must wait. `operations` are in the order in which they
/// would be done.
pub fn guard(
    world: &World<'_>,
    rules: &Rules<'_>,
    office: &Office<'_>,
    operations: &mut [Operation],
) {
    let past = Past::new(world);
    let voices = Voices::new(world, &[]);
    let mut admins = active_admins(world);
    let mut seats = free_seats(world);
    for operation in operations.iter_mut() {
        let person = operation.person_id().and_then(|id| world.people.get(id));
        let expectation = person.map(|person| rules.expect(person));
        let mut holds = Vec::new();
        holds.extend(frozen(world, operation));
        holds.extend(restored(world));
        holds.extend(rejected(world, operation));
        holds.extend(writes_off(world, operation));
        holds.extend(unseen(world, operation));
        holds.extend(protected(world, operation, &mut admins));
        holds.extend(contested(world, office.correlation, operation));
        holds.extend(unsupported(world, operation));
        holds.extend(locked_out(world, operation));
        holds.extend(past.unsettled(world, operation));
        holds.extend(history(world, operation, expectation.as_ref()));
        let invited = past.invited(world, operation);
        holds.extend(invited.map(|run| already_invited(operation, run)));
        holds.extend(no_seat(world, operation, &mut seats));
        holds.extend(work(world, office, operation));
        holds.extend(consent(world, operation));
        operation.holds = holds;
        operation.approved_by = approved_by(&voices, world, operation, (&past, invited));
    }
    for kind in LimitKind::ALL {
        limit(world, operations, *kind);
    }
    together(operations);
    returns(world, operations);
    for operation in operations.iter_mut() {
        let asked = voices.asked(operation);
        let holds = operation.holds.iter_mut().filter(|hold| hold.kind.lifted_by_approval());
        for hold in holds.filter(|_| !asked.is_empty()) {
            hold.release = format!("{}, by {}", hold.release, asked.join(" or "));
        }
    }
}

/// A deletion that cannot go keeps the other deletions of the same person from going.
fn together(operations: &mut [Operation]) {
    let blocked: BTreeMap<PersonId, Digest> = operations
        .iter()
        .filter(|one| one.action.deletes() && !one.goes_when_approved())
        .filter_map(|one| Some((one.person_id()?.clone(), one.fingerprint)))
        .collect();
    for operation in operations.iter_mut().filter(|one| one.action.deletes()) {
        if let Some(other) = operation.person_id().and_then(|id| blocked.get(id)).copied()
            && operation.goes_when_approved()
        {
            operation.holds.push(hold(
                HoldKind::Together,
                "another deletion for the same person cannot go",
                format!("see to that one: muster why {}", other.brief()),
            ));
        }
    }
}

/// Who let the operation go: not somebody whose word has lapsed, was used up or came before a
/// rejection, nor one who has no say in it, nor for a second invitation the approval of the first.
fn approved_by(
    voices: &Voices<'_>,
    world: &World<'_>,
    operation: &Operation,
    (past, invited): (&Past<'_>, Option<&Run>),
) -> Option<String> {
    let approval = world.approvals.get(&operation.fingerprint)?;
    let done = past.done.get(&operation.fingerprint).copied();
    let used = [invited, done].into_iter().flatten().any(|run| approval.at <= run.intended);
    let overruled = rejection(world, operation).is_some_and(|no| approval.at <= no.at);
    let holds = approval.app == *world.app && approval.expires > world.now && !used && !overruled;
    (holds && voices.stands(operation, approval)).then(|| match &approval.on_behalf_of {
        Some(other) => format!("{} for {other}", approval.by),
        None => approval.by.clone(),
    })
}

fn hold(kind: HoldKind, reason: impl Into<String>, release: impl Into<String>) -> Hold {
    Hold { kind, reason: reason.into(), release: release.into() }
}

/// The kill switches: nothing is written to what somebody ordered to stand still.
fn frozen(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let freeze = world.orders.freezes.iter().find(|freeze| {
        let holds = |person| freeze.holds(world.app, person, world.now);
        let meant = match (&freeze.frozen, operation.person_id()) {
            // An account that is nobody's may still be hers, by its address.
            (Frozen::Person { person }, None) => {
                holds(Some(person)) && has_address(world, operation, person)
            }
            (_, person) => holds(person),
        };
        meant && (freeze.stops == Stops::Writes || operation.action.deletes())
    })?;
    let what = match &freeze.frozen {
        Frozen::Everything => "everything".to_owned(),
        Frozen::App { app } => app.to_string(),
        Frozen::Person { .. } => operation.name().to_owned(),
    };
    let until =
        freeze.until.map(|until| format!(" until {}", until.strftime("%Y-%m-%d %H:%M UTC")));
    Some(hold(
        HoldKind::Frozen,
        format!("{} froze {what}{}: {}", freeze.by, until.unwrap_or_default(), freeze.reason),
        format!("muster freeze lift {}", freeze.id),
    ))
}

/// Whether the account in question has an address of this person.
fn has_address(world: &World<'_>, operation: &Operation, person: &PersonId) -> bool {
    let account = operation.account.as_ref().and_then(|id| world.accounts.get(id));
    let email = account.and_then(|known| known.account.email.as_ref());
    let person = world.people.get(person);
    email.zip(person).is_some_and(|(email, person)| {
        person.work_addresses().any(|address| address.folded() == email.folded())
    })
}

/// A store that knows less than it did would repeat or undo what it has forgotten.
fn restored(world: &World<'_>) -> Option<Hold> {
    let reason = world.sight.forgotten.as_ref()?;
    Some(hold(
        HoldKind::Restored,
        reason.clone(),
        format!("muster sync {}, look at the plan, then muster log accept-restore", world.app),
    ))
}

fn rejection<'a>(world: &World<'a>, operation: &Operation) -> Option<&'a Rejection> {
    world.orders.rejections.iter().find(|one| one.holds(operation, world.now))
}

fn rejected(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let Rejection { by, at, expires, reason, .. } = rejection(world, operation)?;
    let day = |at: &jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let brief = operation.fingerprint.brief();
    Some(hold(
        HoldKind::Rejected,
        format!("{by} rejected it at {}, until {}: {reason}", day(at), day(expires)),
        format!("muster reject {brief} {} --withdraw, or {}", world.app, approve(operation)),
    ))
}

fn writes_off(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let writes = &world.rules.writes;
    let (switch, name) = match &operation.action {
        Action::Create { .. } => (writes.create, "create"),
        Action::Update { .. } => (writes.update, "update"),
        Action::Deactivate { .. } | Action::Reactivate { .. } | Action::Reduce { .. } => {
            (writes.deactivate, "deactivate")
        }
        Action::CancelInvite | Action::Delete => (writes.delete, "delete"),
        Action::HandOver { .. } | Action::GiveBack { .. } => (writes.hand_over, "hand_over"),
    };
    (switch == Switch::Off).then(|| {
        hold(
            HoldKind::WritesOff,
            format!("writes of the kind {name:?} are off for {}", world.app),
            format!("set apps.{}.writes.{name}: true in the policy", world.app),
        )
    })
}

/// Nothing is done to an app that cannot be seen; nothing is created on the strength of a read
/// that may have missed the account (law 9).
fn unseen(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let app = world.app;
    let sync = format!("muster sync {app}");
    let sight = world.sight;
    if let Some(reason) = &sight.unseen {
        return Some(hold(HoldKind::Unproven, format!("{app} cannot be seen: {reason}"), sync));
    }
    let Some(age) = sight.age else {
        return Some(hold(HoldKind::Unproven, format!("{app} was never read"), sync));
    };
    // A removal rests on the account itself, which is read again right before it: an old survey is
    // no reason to leave a leaver inside (law 1).
    let rests_on_itself = operation.action.removes_access() && operation.action != Action::Delete;
    if age > FRESHNESS && !rests_on_itself {
        let hours = age.as_hours();
        return Some(hold(
            HoldKind::Unproven,
            format!("the last read of {app} is {hours} hours old"),
            sync,
        ));
    }
    let relies_on_absence =
        matches!(operation.action, Action::Create { .. } | Action::Reactivate { .. });
    let reason = match &sight.completeness {
        Some(Completeness::Proven) => return None,
        Some(Completeness::Unproven { reason }) => reason.as_str(),
        None => "nothing shows that it was complete",
    };
    relies_on_absence.then(|| {
        hold(
            HoldKind::Unproven,
            format!("the last read of {app} may have missed accounts: {reason}"),
            sync,
        )
    })
}

/// A role that the app does not offer, or gives to nobody, is not asked of it.
fn unsupported(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let role = match &operation.action {
        Action::Create { new } => &new.role,
        Action::Update { change } | Action::Reactivate { change } => change.role.as_ref()?,
        Action::Reduce { to } => to,
        Action::Deactivate { .. }
        | Action::CancelInvite
        | Action::HandOver { .. }
        | Action::GiveBack { .. }
        | Action::Delete => return None,
    };
    let app = world.app;
    let reason = match world.sight.role(role) {
        Some(known) if known.assignable => return None,
        Some(_) => format!("{app} lets nobody be given the role {role}"),
        None => format!("{app} offers no role {role}"),
    };
    let release = format!("name a role of the app in apps.{app}.access, or muster sync {app}");
    Some(hold(HoldKind::Unsupported, reason, release))
}

/// Trying again and again to let an account in helps nobody where the app does not obey.
fn locked_out(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let Action::Reactivate { .. } = &operation.action else { return None };
    let id = operation.account.as_ref()?;
    let learned = world.accounts.get(id)?.learned?;
    let what = match learned.deactivation {
        Deactivation::Works => return None,
        Deactivation::Ignored => "ignores",
        Deactivation::Refused => "refuses",
    };
    Some(hold(
        HoldKind::Unsupported,
        format!(
            "{} {what} it when {} is to be let in or shut out",
            world.app,
            world.account_name(id)
        ),
        format!("let {} in again in {} itself", world.account_name(id), world.app),
    ))
}

/// Whether it lowers, shuts out or deletes.
fn takes_rights(world: &World<'_>, operation: &Operation) -> bool {
    match &operation.action {
        Action::Update { change } | Action::Reactivate { change } => {
            let before = operation.before.as_ref().and_then(|state| state.role.as_ref());
            match (&change.role, before) {
                (Some(to), Some(from)) => world.sight.lowers(from, to),
                (Some(_), None) => true,
                (None, _) => false,
            }
        }
        action => action.removes_access(),
    }
}

/// Before anything destructive the account must not be claimed by another current person.
fn contested(world: &World<'_>, correlation: &Correlation, operation: &Operation) -> Option<Hold> {
    let id = operation.account.as_ref()?;
    let (app, account) = (&operation.app, world.account_name(id));
    let names = |people: &[PersonId]| {
        let name =
            |id: &PersonId| world.people.get(id).map_or_else(|| id.to_string(), Person::name);
        people.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    match correlation.matches.get(id)? {
        Match::Linked { claimed_by, .. } if !claimed_by.is_empty() => Some(hold(
            HoldKind::CannotTell,
            format!("{account} is also claimed by {}", names(claimed_by)),
            format!("confirm whose it is: muster accounts link {app}/{id} PERSON"),
        )),
        Match::Unwanted { claimed_by, .. } if !claimed_by.is_empty() => Some(hold(
            HoldKind::CannotTell,
            format!(
                "{account} should not exist, but {} who works here claims it",
                names(claimed_by)
            ),
            format!(
                "say whose it is: muster accounts link {app}/{id} PERSON, or that it is not \
                     theirs: muster accounts not-theirs {app}/{id} PERSON"
            ),
        )),
        _ => None,
    }
}

/// What was tried before, so that no operation looks through all runs.
struct Past<'a> {
    unsettled_accounts: BTreeMap<&'a AccountId, &'a Run>,
    unsettled_people: BTreeMap<&'a PersonId, Vec<&'a Run>>,
    invitations: BTreeMap<&'a PersonId, Vec<&'a Run>>,
    /// What was carried out last, by fingerprint.
    done: BTreeMap<&'a Digest, &'a Run>,
}

impl<'a> Past<'a> {
    fn new(world: &World<'a>) -> Self {
        let mut past = Self {
            unsettled_accounts: BTreeMap::new(),
            unsettled_people: BTreeMap::new(),
            invitations: BTreeMap::new(),
            done: BTreeMap::new(),
        };
        for run in world.runs {
            let Operation { person, account, action, .. } = &run.operation;
            if run.state.is_unsettled() {
                if let Some(person) = person {
                    past.unsettled_people.entry(&person.id).or_default().push(run);
                }
                if let Some(account) = account {
                    past.unsettled_accounts.entry(account).or_insert(run);
                }
            }
            if run.state == RunState::Verified {
                let last = past.done.entry(&run.operation.fingerprint).or_insert(run);
                if last.intended < run.intended {
                    *last = run;
                }
            }
            let invites = matches!(action, Action::Create { .. });
            if let Some(person) = person.as_ref().filter(|_| invites)
                && (run.invited || run.state.is_done())
            {
                past.invitations.entry(&person.id).or_default().push(run);
            }
        }
        past
    }

    /// An operation of unknown outcome is read back before anything else (law 8).
    fn unsettled(&self, world: &World<'_>, operation: &Operation) -> Option<Hold> {
        let about_person = || {
            self.unsettled_people
                .get(operation.person_id()?)?
                .iter()
                .copied()
                .find(|run| operation.account.is_none() || run.operation.account.is_none())
        };
        let account = operation.account.as_ref();
        let run = account
            .and_then(|id| self.unsettled_accounts.get(id).copied())
            .or_else(about_person)?;
        Some(hold(
            HoldKind::Unsettled,
            format!("what became of {} is not known yet", run.id),
            format!("muster apply {} reads it back first", world.app),
        ))
    }

    /// The last invitation that went out to this person in the same engagement, in another that
    /// still runs, or for a start that was withdrawn while nothing shows that the invitation was
    /// (law 2).
    fn invited(&self, world: &World<'_>, operation: &Operation) -> Option<&'a Run> {
        if !matches!(operation.action, Action::Create { .. }) {
            return None;
        }
        let runs = self.invitations.get(operation.person_id()?)?;
        let person = world.people.get(operation.person_id()?)?;
        let stints = lifecycle::stints(person, &world.hours());
        let runs_still = |number: Option<u32>| {
            stints.iter().any(|stint| {
                Some(stint.number) == number && stint.end.is_none_or(|end| world.now < end)
            })
        };
        let withdrawn = |number: Option<u32>| {
            let status = Some(EmploymentStatus::Withdrawn);
            person.engagements.iter().any(|e| Some(e.number) == number && e.terms.status == status)
        };
        let pending = |run: &Run| {
            let account = run.account.as_ref().and_then(|id| world.accounts.get(id));
            account.is_none_or(|known| known.gone.is_none())
        };
        runs.iter().copied().rev().find(|run| {
            let engagement = run.operation.engagement();
            engagement == operation.engagement()
                || runs_still(engagement)
                || (withdrawn(engagement) && pending(run))
        })
    }
}

fn already_invited(operation: &Operation, run: &Run) -> Hold {
    hold(
        HoldKind::AlreadyInvited,
        format!(
            "an invitation may already have gone out ({} at {})",
            run.id,
            run.intended.strftime("%Y-%m-%d %H:%M UTC")
        ),
        approve(operation),
    )
}

fn history(
    world: &World<'_>,
    operation: &Operation,
    expectation: Option<&Expectation>,
) -> Option<Hold> {
    let since = match expectation? {
        Expectation::Gone { since, history: true, .. } => since,
        Expectation::NotYet { ended: Some(past), .. } if past.history => &past.since,
        _ => return None,
    };
    let hands_over = matches!(operation.action, Action::HandOver { .. });
    let affected = operation.action.removes_access() || hands_over;
    (affected && !ordered(world, operation)).then(|| {
        hold(
            HoldKind::History,
            format!(
                "the end on {} was long past when Muster first heard of it",
                since.strftime("%Y-%m-%d")
            ),
            approve(operation),
        )
    })
}

fn approve(operation: &Operation) -> String {
    format!("muster approve {} {}", operation.fingerprint.brief(), operation.app)
}

fn free_seats(world: &World<'_>) -> Option<i64> {
    let seats = i64::from(world.rules.seats?);
    let used = world
        .accounts
        .values()
        .filter(|known| known.gone.is_none())
        .filter(|known| known.account.kind == AccountKind::Human)
        .filter(|known| known.account.status.may_sign_in())
        .count();
    Some(seats - i64::try_from(used).unwrap_or(i64::MAX))
}

fn no_seat(world: &World<'_>, operation: &Operation, seats: &mut Option<i64>) -> Option<Hold> {
    let free = seats.as_mut()?;
    match operation.action {
        Action::Create { .. } | Action::Reactivate { .. } if *free <= 0 => Some(hold(
            HoldKind::Seats,
            format!("all {} seats are used", world.rules.seats.unwrap_or_default()),
            format!("buy a seat and raise apps.{}.seats, or free one", world.app),
        )),
        Action::Create { .. } | Action::Reactivate { .. } => {
            *free -= 1;
            None
        }
        Action::Deactivate { .. }
        | Action::CancelInvite
        | Action::Reduce { .. }
        | Action::HandOver { .. }
        | Action::GiveBack { .. }
        | Action::Delete
        | Action::Update { .. } => None,
    }
}

fn consent(world: &World<'_>, operation: &Operation) -> Option<Hold> {
    let policy = &world.rules.approval;
    let role = |state: &Option<crate::model::plan::AccountState>| {
        state.as_ref().and_then(|state| state.role.clone())
    };
    let (before, after) = (role(&operation.before), role(&operation.after));
    let gains_privilege = after.as_ref().is_some_and(|role| world.sight.is_privileged(role))
        && !operation.action.removes_access()
        && (before != after || matches!(operation.action, Action::Reactivate { .. }));
    let (consent, what) = match &operation.action {
        _ if gains_privilege && policy.privileged == Consent::Ask => {
            (Consent::Ask, "giving a privileged role")
        }
        Action::Create { .. } => (policy.create, "creating an account"),
        Action::Update { .. } if undoes_a_reduction(world, operation) => {
            (policy.reactivate, "giving back what a leaver lost")
        }
        Action::Update { .. } => (policy.update, "changing an account"),
        Action::Reactivate { .. } => (policy.reactivate, "letting an account in again"),
        Action::Deactivate { .. } | Action::Reduce { .. } => {
            (policy.deactivate, "taking access away")
        }
        Action::CancelInvite | Action::Delete => (policy.delete, "deleting"),
        Action::HandOver { .. } => (policy.hand_over, "giving work to others"),
        Action::GiveBack { .. } => (policy.hand_over, "giving work back"),
    };
    (consent == Consent::Ask).then(|| {
        hold(
            HoldKind::Approval,
            format!("{what} needs a named person's approval"),
            approve(operation),
        )
    })
}

/// Whether it raises an account that Muster itself lowered because its owner had left: where the
/// app cannot shut out, that is what letting in again looks like.
fn undoes_a_reduction(world: &World<'_>, operation: &Operation) -> bool {
    world.runs.iter().any(|run| {
        run.state.is_done()
            && matches!(run.operation.action, Action::Reduce { .. })
            && run.operation.account == operation.account
            && run.operation.after.as_ref().map(|state| &state.role)
                == operation.before.as_ref().map(|state| &state.role)
    })
}
