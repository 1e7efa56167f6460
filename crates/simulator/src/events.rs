//! The audit trail.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chance;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number, in the order of happening.
    pub id: u64,
    /// Its type, such as `user-created`.
    pub kind: String,
    /// What it happened to: `User`, `Ticket`, `Team`.
    pub object_type: String,
    /// The number of what it happened to.
    pub object_id: u64,
    /// Who did it; none for what happened past the API.
    pub actor: Option<u64>,
    /// What is told about it; mostly nothing.
    pub data: Option<serde_json::Value>,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// A UUID that groups events of one cause.
    pub(crate) fn context(&self, seed: u64) -> String {
        let (a, b) = (chance::nth(seed, self.id), chance::nth(!seed, self.id));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xFFFF,
            a & 0xFFF,
            b >> 52,
            b & 0xFFFF_FFFF_FFFF
        )
    }
}

/// What an event will tell; it gets its number when it is added.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    kind: &'static str,
    object_id: u64,
    actor: Option<u64>,
    data: Option<serde_json::Value>,
}

impl Happening {
    /// Something of this type, such as `user-created`, to the object with this number.
    pub(crate) const fn new(kind: &'static str, object_id: u64) -> Self {
        Self { kind, object_id, actor: None, data: None }
    }

    /// Done by this user.
    pub(crate) const fn by(mut self, actor: Option<u64>) -> Self {
        self.actor = actor;
        self
    }

    /// With this told about it.
    pub(crate) fn with(mut self, data: serde_json::Value) -> Self {
        self.data = Some(data);
        self
    }

    /// The event; the object's type is the first word of the event's.
    pub(crate) fn event(self, id: u64, at: Timestamp) -> Event {
        let object_type = match self.kind.split('-').next() {
            Some("ticket") => "Ticket",
            Some("team") => "Team",
            _ => "User",
        };
        Event {
            id,
            kind: self.kind.to_owned(),
            object_type: object_type.to_owned(),
            object_id: self.object_id,
            actor: self.actor,
            data: self.data,
            at,
        }
    }
}
