//! Tasks: what only a human can do. Not a list that somebody keeps, but a reading of the world: a
//! task is there while the world asks for it, and closes by itself when the world shows that it is
//! done.

mod dates;
mod merged;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    consent::{self, Voices},
    directory::Directory,
    gaps::{Gap, GapKind},
    shield,
    world::World,
};
use crate::model::{
    email::EmailAddress,
    id::{AccountId, AppName, PersonId, TaskId},
    order::Assignment,
    plan::{Action, Blocked, Hold, HoldKind, Operation, Plan},
};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Make a removal possible that something protects: ownership, the last admin, the key.
    Unblock,
    /// Cut a leaver's sign-in at the identity provider, because the app cannot.
    CutAtProvider,
    /// Find out how a leaver's account came back.
    FindWayIn,
    /// Approve or reject an operation.
    Decide,
    /// Take away an account that should not exist.
    RemoveUnwanted,
    /// Hear again a source that has been silent for too long.
    RefreshSource,
    /// Say whose an account is.
    Classify,
    /// Confirm or refuse a likely match.
    ConfirmMatch,
    /// Say whether an account that came into being by itself is right.
    JudgeSelfJoined,
    /// Name somebody who answers for a shared account, and change its secret.
    NameOwner,
    /// Say which account a login means that the policy protects and nobody has.
    NameProtected,
    /// Complete what is known of a person.
    CompleteRecord,
    /// Send an invitation again.
    ResendInvitation,
    /// Get a seat, or free one.
    GetSeat,
    /// Change a login by hand.
    ChangeLogin,
    /// Decide which of several accounts stays.
    SettleDuplicates,
    /// Say whether a contract that ends soon is extended.
    ExtendContract,
    /// Say whether the work of a contractor goes on.
    ReviewContract,
    /// Say who takes over the work of somebody who left.
    ChooseRecipient,
    /// Know that the first day of somebody who was invited is another by now.
    TakeNote,
}

impl TaskKind {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unblock => "unblock",
            Self::CutAtProvider => "cut_at_provider",
            Self::FindWayIn => "find_way_in",
            Self::Decide => "decide",
            Self::RemoveUnwanted => "remove_unwanted",
            Self::RefreshSource => "refresh_source",
            Self::Classify => "classify",
            Self::ConfirmMatch => "confirm_match",
            Self::JudgeSelfJoined => "judge_self_joined",
            Self::NameOwner => "name_owner",
            Self::NameProtected => "name_protected",
            Self::CompleteRecord => "complete_record",
            Self::ResendInvitation => "resend_invitation",
            Self::GetSeat => "get_seat",
            Self::ChangeLogin => "change_login",
            Self::SettleDuplicates => "settle_duplicates",
            Self::ExtendContract => "extend_contract",
            Self::ReviewContract => "review_contract",
            Self::ChooseRecipient => "choose_recipient",
            Self::TakeNote => "take_note",
        }
    }

    /// The time allowed for it.
    #[must_use]
    pub const fn allowed(self) -> SignedDuration {
        let days = match self {
            Self::Unblock
            | Self::CutAtProvider
            | Self::FindWayIn
            | Self::RemoveUnwanted
            | Self::RefreshSource
            | Self::NameProtected
            | Self::Decide => 1,
            Self::CompleteRecord
            | Self::ResendInvitation
            | Self::GetSeat
            | Self::ReviewContract
            | Self::ChooseRecipient => 2,
            Self::ConfirmMatch => 3,
            Self::Classify
            | Self::JudgeSelfJoined
            | Self::NameOwner
            | Self::ExtendContract
            | Self::TakeNote => 7,
            Self::ChangeLogin | Self::SettleDuplicates => 14,
        };
        SignedDuration::from_hours(24 * days)
    }
}

/// Something only a human can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// The same for as long as the world asks for it.
    pub id: TaskId,
    /// What is to be done.
    pub kind: TaskKind,
    /// In which app.
    pub app: AppName,
    /// About whom.
    pub person: Option<PersonId>,
    /// About which account.
    pub account: Option<AccountId>,
    /// What is to be done, in a line.
    pub title: String,
    /// Why.
    pub reason: String,
    /// How.
    pub how: String,
    /// Since when it is there.
    pub since: Timestamp,
    /// When it should be done.
    pub due: Timestamp,
    /// Who should do it; `None` while the app has no owner.
    pub owner: Option<String>,
    /// What somebody noted about it.
    pub note: Option<String>,
}

impl Task {
    /// Whether its time has run out.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.due < now
    }
}

/// What a task is about, before it has its clock and its owner.
#[derive(Debug, Clone)]
struct Need<'a> {
    kind: TaskKind,
    person: Option<&'a PersonId>,
    account: Option<&'a AccountId>,
    /// What tells two tasks of a kind about the same account apart.
    detail: &'a str,
    title: String,
    reason: String,
    how: String,
    since: Option<Timestamp>,
    /// When it should be done, where that is not a matter of the time allowed.
    due: Option<Timestamp>,
    /// Who is asked before the app's owner.
    asked: Option<String>,
}

/// Every task of an app, the most urgent first. `noticed` says since when each was there.
#[must_use]
pub fn tasks(
    world: &World<'_>,
    plan: &Plan,
    gaps: &[Gap],
    noticed: &BTreeMap<TaskId, Timestamp>,
) -> Vec<Task> {
    let asked = world.orders.assignments.iter().filter_map(|one| one.owner.as_deref());
    let voices = Voices::new(world, &asked.collect::<Vec<_>>());
    let mut tasks = BTreeMap::new();
    let mut add = |need: Need<'_>| {
        let task = made(&voices, world, need, noticed);
        tasks.entry(task.id.clone()).or_insert(task);
    };
    // What waits for a decision about an account that should not exist is that task.
    let waits = |gap: &Gap| {
        gap.kind == GapKind::Unwanted
            && plan
                .operations
                .iter()
                .any(|one| !one.goes() && one.goes_when_approved() && one.account == gap.account)
    };
    gaps.iter()
        .filter(|gap| !waits(gap))
        .filter_map(|gap| of_gap(&voices.directory, gap))
        .for_each(&mut add);
    dates::contracts(&voices.directory).into_iter().for_each(&mut add);
    dates::moved_starts(world).into_iter().for_each(&mut add);
    merged::kept(world).into_iter().for_each(&mut add);
    protected_nobody(world).into_iter().for_each(&mut add);
    plan.blocked.iter().map(of_blocked).for_each(&mut add);
    let limited: Vec<_> = plan.operations.iter().filter(|one| is_limited(one)).collect();
    if let [first, _, ..] = limited.as_slice() {
        add(of_limit(first, limited.len()));
    }
    for operation in &plan.operations {
        if limited.len() > 1 && is_limited(operation) {
            continue;
        }
        if let Some(hold) = operation.holds.iter().find(|hold| !hold.kind.lifted_by_approval()) {
            of_hold(&voices.directory, operation, hold).into_iter().for_each(&mut add);
        } else if !operation.goes() {
            add(Need { asked: voices.first_asked(operation), ..of_decision(operation) });
        }
    }
    let mut tasks: Vec<Task> = tasks.into_values().collect();
    tasks.sort_by(|a, b| (a.due, a.kind, &a.title, &a.id).cmp(&(b.due, b.kind, &b.title, &b.id)));
    tasks
}

/// The ids of `tasks`.
#[must_use]
pub fn ids(tasks: &[Task]) -> BTreeSet<TaskId> {
    tasks.iter().map(|task| task.id.clone()).collect()
}

fn made(
    voices: &Voices<'_>,
    world: &World<'_>,
    need: Need<'_>,
    noticed: &BTreeMap<TaskId, Timestamp>,
) -> Task {
    let Need { kind, person, account, detail, title, reason, how, since, due, asked } = need;
    let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
    let id = TaskId::derive(&[
        world.app.as_str(),
        kind.word(),
        &text(person.map(PersonId::as_str)),
        &text(account.map(AccountId::as_str)),
        detail,
    ]);
    // The clock starts when the world came to be so, where that is known; it never starts again.
    let since = [since, noticed.get(&id).copied(), Some(world.now)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(world.now);
    let assignment = world.orders.assignments.iter().find(|one| one.task == id);
    let standard = due.or_else(|| since.checked_add(kind.allowed()).ok()).unwrap_or(Timestamp::MAX);
    let owner = assignment
        .filter(|one| still_asked(voices, one, person))
        .and_then(|one| one.owner.clone())
        .or(asked)
        .or_else(|| world.rules.owner.as_ref().map(EmailAddress::as_str).map(str::to_owned));
    Task {
        id,
        kind,
        app: world.app.clone(),
        person: person.cloned(),
        account: account.cloned(),
        title,
        reason,
        how,
        since,
        due: assignment.and_then(|one| one.due).unwrap_or(standard),
        owner,
        note: assignment.and_then(|one: &Assignment| one.note.clone()),
    }
}

/// Whether somebody who was asked still is: not when she has left, nor when she was asked as the
/// manager and another is that now (M7).
fn still_asked(voices: &Voices<'_>, asked: &Assignment, about: Option<&PersonId>) -> bool {
    let gone = asked.owner.as_deref().is_some_and(|owner| voices.is_gone(owner));
    let Directory { world, .. } = &voices.directory;
    let manager = || Some(&voices.directory.manager_of(world.people.get(about?)?, None)?.id);
    !gone && asked.as_manager.as_ref().is_none_or(|then| manager() == Some(then))
}

/// Whom somebody asks who asks `owner` for a task about `about`: the manager of that person, if it
/// is she.
#[must_use]
pub fn asks_manager(world: &World<'_>, about: Option<&PersonId>, owner: &str) -> Option<PersonId> {
    let voices = Voices::new(world, &[owner]);
    let manager = voices.directory.manager_of(world.people.get(about?)?, None)?;
    let meant = voices.only(owner).map(|person| person.id.clone());
    meant.filter(|id| *id == manager.id)
}

fn of_gap<'a>(directory: &Directory<'_>, gap: &'a Gap) -> Option<Need<'a>> {
    let (kind, title) = asked_by(gap)?;
    Some(Need {
        kind,
        person: gap.person.as_ref().filter(|_| gap.kind != GapKind::ToConfirm),
        account: gap.account.as_ref(),
        detail: match kind {
            TaskKind::CompleteRecord => gap.kind.word(),
            _ => gap.source.as_ref().map_or("", |source| source.as_str()),
        },
        title,
        reason: gap.cause.clone(),
        how: gap.remedy.clone(),
        since: gap.since,
        due: None,
        asked: match gap.kind {
            GapKind::ContractorOpenEnded | GapKind::ContractorOverdue => {
                let person = gap.person.as_ref().and_then(|id| directory.world.people.get(id));
                person.and_then(|person| directory.manager_of(person, None)).map(consent::login)
            }
            _ => None,
        },
    })
}

/// The task that a gap asks for, and its title; nothing where a plan closes it, or a rule.
fn asked_by(gap: &Gap) -> Option<(TaskKind, String)> {
    let login = gap.login.as_deref().unwrap_or("the account");
    Some(match gap.kind {
        GapKind::Unidentified => (TaskKind::Classify, format!("Say whose {login} is")),
        GapKind::ToConfirm => (TaskKind::ConfirmMatch, format!("Confirm whose {login} is")),
        GapKind::NoOwner => (
            TaskKind::NameOwner,
            format!("Name somebody to answer for {login}, and change its secret"),
        ),
        GapKind::Unwanted => {
            (TaskKind::RemoveUnwanted, format!("Take {login} away, which should not exist"))
        }
        GapKind::StaleSource => {
            let what = gap.source.as_ref().map_or(gap.app.as_str(), |source| source.as_str());
            (TaskKind::RefreshSource, format!("Hear {what} again"))
        }
        GapKind::AliasMismatch => (TaskKind::ChangeLogin, format!("Change the login {login}")),
        GapKind::OffboardedReduced => {
            (TaskKind::CutAtProvider, format!("Cut {login} at the identity provider"))
        }
        GapKind::CameBack => (TaskKind::FindWayIn, format!("Find out how {login} came back")),
        GapKind::SelfJoined => {
            (TaskKind::JudgeSelfJoined, format!("Say whether {login} should be there"))
        }
        GapKind::NeverAccepted => {
            (TaskKind::ResendInvitation, format!("Send the invitation of {login} again"))
        }
        GapKind::DuplicateAccounts => {
            (TaskKind::SettleDuplicates, format!("Decide whether {login} stays"))
        }
        GapKind::DateConflict => {
            (TaskKind::CompleteRecord, format!("Correct the dates of the owner of {login}"))
        }
        GapKind::ContractorOpenEnded => (
            TaskKind::CompleteRecord,
            format!("Say when the contract of the owner of {login} ends, or is reviewed"),
        ),
        GapKind::ContractorOverdue => {
            (TaskKind::ReviewContract, format!("Say whether the contract of {login} goes on"))
        }
        GapKind::Contradicted => {
            (TaskKind::CompleteRecord, format!("Settle whether {login} still works here"))
        }
        // These a plan closes, or a rule.
        GapKind::OffboardedActive
        | GapKind::InvitedAfterExit
        | GapKind::ExpectedMissing
        | GapKind::ChangedOutside
        | GapKind::ExcessRole
        | GapKind::RoleTooLow
        | GapKind::ExcessAccount
        | GapKind::DormantAdmin
        | GapKind::UnusedSeat
        | GapKind::KeptByUndo => return None,
    })
}

/// Logins that the policy protects and that no account has: those they were meant for may be
/// without protection.
fn protected_nobody<'a>(world: &World<'a>) -> Vec<Need<'a>> {
    if world.sight.observation.is_none() {
        return Vec::new();
    }
    let nobodys = |(_, login): &(&str, &str)| !shield::means_somebody(world, login);
    let need = |(place, login): (&str, &'a str)| Need {
        kind: TaskKind::NameProtected,
        person: None,
        account: None,
        detail: login,
        title: format!("Say which account {login} is now"),
        reason: format!(
            "apps.{}.{place} names it, but no account has that login or e-mail: nobody is \
             protected by it",
            world.app
        ),
        how: "correct the login in the policy, or take it out; then muster policy apply FILE"
            .to_owned(),
        since: None,
        due: None,
        asked: None,
    };
    shield::logins(world).filter(nobodys).map(need).collect()
}

fn of_blocked(blocked: &Blocked) -> Need<'_> {
    Need {
        kind: TaskKind::CompleteRecord,
        person: Some(&blocked.person.id),
        account: None,
        detail: &blocked.reason,
        title: format!("Clear the way for {}", blocked.person.name),
        reason: blocked.reason.clone(),
        how: blocked.remedy.clone(),
        since: None,
        due: None,
        asked: None,
    }
}

fn of_hold<'a>(
    directory: &Directory<'_>,
    operation: &'a Operation,
    hold: &'a Hold,
) -> Option<Need<'a>> {
    let name = operation.name();
    let mut asked = None;
    let (kind, title) = match hold.kind {
        HoldKind::Protected | HoldKind::CannotTell if operation.action.removes_access() => {
            (TaskKind::Unblock, format!("Make it possible to take access from {name}"))
        }
        HoldKind::Seats => (TaskKind::GetSeat, format!("Get a seat for {name}")),
        HoldKind::HandOver if matches!(operation.action, Action::HandOver { .. }) => {
            let about = operation.person.as_ref();
            let leaver = about.and_then(|about| directory.world.people.get(&about.id));
            let manager = leaver.and_then(|leaver| {
                directory.manager_of(leaver, about.and_then(|about| about.engagement))
            });
            asked = manager.map(consent::login);
            (TaskKind::ChooseRecipient, format!("Say who takes over the work of {name}"))
        }
        _ => return None,
    };
    Some(Need {
        kind,
        person: operation.person_id(),
        account: operation.account.as_ref(),
        detail: "",
        title,
        reason: hold.reason.clone(),
        how: hold.release.clone(),
        since: None,
        due: None,
        asked,
    })
}

/// Whether only the limit, or what an approval lifts, holds it.
fn is_limited(operation: &Operation) -> bool {
    !operation.goes()
        && operation.goes_when_approved()
        && operation.holds.iter().any(|hold| hold.kind == HoldKind::Limit)
}

/// Many at once are one decision.
fn of_limit(first: &Operation, count: usize) -> Need<'_> {
    let hold = first.holds.iter().find(|hold| hold.kind == HoldKind::Limit);
    Need {
        kind: TaskKind::Decide,
        person: None,
        account: None,
        detail: "limit",
        title: format!("Decide about {count} operations that the limit holds"),
        reason: hold.map(|hold| hold.reason.clone()).unwrap_or_default(),
        how: format!("muster plan {app}; muster apply {app} --approve all", app = first.app),
        since: None,
        due: None,
        asked: None,
    }
}

fn of_decision(operation: &Operation) -> Need<'_> {
    let what = operation.action.word().replace('_', " ");
    let reasons: Vec<&str> = operation.holds.iter().map(|hold| hold.reason.as_str()).collect();
    let how = operation.holds.first().map(|hold| hold.release.clone()).unwrap_or_default();
    Need {
        kind: TaskKind::Decide,
        person: operation.person_id(),
        account: operation.account.as_ref(),
        detail: operation.action.word(),
        title: format!("Decide: {what} {}", operation.name()),
        reason: reasons.join("; "),
        how,
        since: None,
        due: None,
        asked: None,
    }
}
