//! Undoing: what of a run can be put back, and how long the rules leave it so.

use super::{expect::Expectation, world::World};
use crate::model::{
    account::{AccountChange, SignIn},
    keep::{Keep, Wanted},
    link::{Link, Tie},
    operation::{Run, RunState},
    person::Person,
    plan::Action,
};

/// What puts a run back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// The account as it was.
    Account {
        /// The fields as they were before, of those that the run changed.
        state: AccountChange,
        /// What nothing puts back.
        lost: Option<String>,
    },
    /// The work that it gave to others. The journal knows which, the app who holds it now.
    Work,
}

/// What would put `run` back.
///
/// # Errors
/// Why nothing does, in words.
pub fn back(run: &Run) -> Result<Back, String> {
    let hands_over = matches!(run.operation.action, Action::HandOver { .. });
    match run.state {
        RunState::Verified => {}
        // Stopped half-way: what it had moved by then comes back.
        RunState::Parked if hands_over => {}
        state if state.is_unsettled() => {
            return Err(format!(
                "what became of it is not known yet; muster apply {} reads it back first",
                run.operation.app
            ));
        }
        RunState::AlreadySo => {
            return Err("nothing was changed, so there is nothing to put back".to_owned());
        }
        state => return Err(format!("it is {}, not verified", state.word())),
    }
    let before = run.before_image.as_ref();
    let unseen = || "the account was not kept as it was before".to_owned();
    let mut state = AccountChange::default();
    let mut lost = None;
    match &run.operation.action {
        Action::Create { .. } => {
            state.sign_in = Some(SignIn::Blocked);
            lost = Some("the invitation that went out stays in the mailbox".to_owned());
        }
        Action::Update { change } | Action::Reactivate { change } => {
            let before = before.ok_or_else(unseen)?;
            let AccountChange { name, role, sign_in } = change;
            state.name = name.as_ref().map(|_| before.name.clone());
            state.role = role.as_ref().and(before.role.clone());
            state.sign_in = sign_in.map(|_| SignIn::Blocked);
            if role.is_some() && before.role.is_none() {
                lost = Some("the role before it could not be read".to_owned());
            }
        }
        Action::Deactivate { .. } => state.sign_in = Some(SignIn::Allowed),
        Action::Reduce { .. } => {
            state.role = before.ok_or_else(unseen)?.role.clone();
        }
        Action::HandOver { .. } => return Ok(Back::Work),
        Action::GiveBack { .. } => {
            return Err(
                "it is an undo itself; to let the rules decide again: muster undo --end".to_owned()
            );
        }
        Action::Delete => {
            return Err("a deleted account cannot be put back".to_owned());
        }
        Action::CancelInvite => {
            return Err(
                "what was deleted cannot be put back; a new invitation can be sent: muster \
                        plan shows it when the person should have an account"
                    .to_owned(),
            );
        }
    }
    if state.is_empty() {
        return Err("nothing of it can be put back".to_owned());
    }
    Ok(Back::Account { state, lost })
}

/// What is asked for in respect of `person`, as an undo remembers it.
#[must_use]
pub fn wanted(person: &Person, expectation: &Expectation) -> Wanted {
    let (engagement, ended, role) = match expectation {
        Expectation::Access { role, engagement, .. } => (Some(*engagement), None, Some(role)),
        Expectation::NoRule { engagement, .. } => (Some(*engagement), None, None),
        Expectation::NotYet { ended: Some(past), .. } => {
            (Some(past.engagement), Some(past.since), None)
        }
        Expectation::NotYet { engagement, role, .. } => (Some(*engagement), None, role.as_ref()),
        Expectation::Gone { since, engagement, .. } => (Some(*engagement), Some(*since), None),
        Expectation::Withdrawn { .. } | Expectation::Undecided { .. } => (None, None, None),
    };
    Wanted { engagement, ended, role: role.cloned(), name: person.name() }
}

/// What is asked for in respect of an account that is nobody's, tied by `link`.
#[must_use]
pub fn wanted_of_nobody(link: Option<&Link>) -> Wanted {
    let ended = link.and_then(|link| match &link.tie {
        Tie::Unwanted { confirmed, .. } => Some(confirmed.at),
        Tie::Person { .. } | Tie::NotAPerson { .. } => None,
    });
    Wanted { engagement: None, ended, role: None, name: String::new() }
}

/// The orders that keep accounts of `person` as an undo put them back.
pub(super) fn kept<'a>(
    world: &World<'a>,
    person: &Person,
    expectation: &Expectation,
) -> Vec<&'a Keep> {
    let hers = world.orders.keeps.iter();
    let hers =
        hers.filter(|keep| keep.app == *world.app && keep.person.as_ref() == Some(&person.id));
    let mut hers = hers.peekable();
    if hers.peek().is_none() {
        return Vec::new();
    }
    let wanted = wanted(person, expectation);
    hers.filter(|keep| keep.stands(&wanted, world.now)).collect()
}
