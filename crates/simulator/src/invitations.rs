//! Invitation mails. Every mail ever sent is one entry; none is ever taken out.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::later;

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// It can be accepted.
    Open,
    /// Its user has signed in by it.
    Accepted {
        /// When.
        at: Timestamp,
    },
    /// It was not accepted in time.
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// Its user was deleted before accepting it.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
}

/// One invitation mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its place among all mails, from 1.
    pub number: u64,
    /// The user it invites.
    pub user_id: u64,
    /// The address it went to.
    pub email: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// What became of it.
    pub state: InvitationState,
}

impl Invitation {
    /// What it is at a moment, given how long invitations can be accepted.
    pub(crate) fn state_at(&self, days: Option<u32>, now: Timestamp) -> InvitationState {
        let Some(days) = days.filter(|_| self.state == InvitationState::Open) else {
            return self.state;
        };
        let end = later(self.sent_at, Duration::from_secs(u64::from(days) * 86_400));
        if now >= end { InvitationState::Expired { at: end } } else { InvitationState::Open }
    }
}
