//! Activity: what an app's own trail tells of its accounts. Hints: who did something and when, for
//! people to read. Nothing is written on the strength of a hint, and nothing concluded from silence.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::id::AccountId;

/// How soon after coming into being somebody who invited herself signs in.
const SELF_JOIN: SignedDuration = SignedDuration::from_hours(1);

/// What kind of thing happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// It came into being.
    Created,
    /// An invitation went out.
    Invited,
    /// Something about it was changed.
    Updated,
    /// It was deleted.
    Deleted,
    /// Somebody signed in with it.
    SignedIn,
}

/// One entry of an app's trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hint {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: HintKind,
    /// To which account.
    pub account: AccountId,
    /// By which account; `None` when the app does not tell, or nobody did it.
    pub by: Option<AccountId>,
}

/// Something somebody did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// By which account; `None` when the app does not tell, or nobody did it.
    pub by: Option<AccountId>,
}

/// What the hints add up to for one account. `None` is "no hint", never "did not happen".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Activity {
    /// The first hint that it came into being.
    pub created: Option<Deed>,
    /// The last invitation.
    pub invited: Option<Timestamp>,
    /// The last change.
    pub updated: Option<Deed>,
    /// The first time somebody signed in.
    pub first_sign_in: Option<Timestamp>,
    /// The last time somebody signed in.
    pub last_sign_in: Option<Timestamp>,
}

impl Activity {
    /// No hint of anything.
    pub const NONE: Self = Self {
        created: None,
        invited: None,
        updated: None,
        first_sign_in: None,
        last_sign_in: None,
    };

    /// Adds a hint. The order in which hints come does not matter, nor does a hint that comes
    /// twice: trails are read with overlaps.
    pub fn add(&mut self, hint: &Hint) {
        let deed = || Deed { at: hint.at, by: hint.by.clone() };
        match hint.kind {
            HintKind::Created => {
                let known = self.created.take().map_or_else(deed, |known| known.min(deed()));
                self.created = Some(known);
            }
            HintKind::Invited => self.invited = self.invited.max(Some(hint.at)),
            HintKind::Updated => self.updated = self.updated.take().max(Some(deed())),
            HintKind::SignedIn => {
                let first = self.first_sign_in.map_or(hint.at, |first| first.min(hint.at));
                self.first_sign_in = Some(first);
                self.last_sign_in = self.last_sign_in.max(Some(hint.at));
            }
            HintKind::Deleted => {}
        }
    }

    /// When the account came into being by itself: nobody is known to have created or invited it,
    /// and somebody signed in at once. So it is with a first single sign-on.
    #[must_use]
    pub fn joined_by_itself(&self, account: &AccountId) -> Option<Timestamp> {
        let created = self.created.as_ref()?;
        let by_itself = created.by.as_ref().is_none_or(|by| by == account);
        let at_once = self.first_sign_in.is_some_and(|signed_in| {
            created.at <= signed_in && signed_in.duration_since(created.at) <= SELF_JOIN
        });
        (by_itself && at_once && self.invited.is_none()).then_some(created.at)
    }
}

/// How much of an app's trail was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// From when on it is known without a hole.
    pub since: Timestamp,
    /// Up to when it was read.
    pub until: Timestamp,
}
