//! Limits: how much of one kind may be done within a window without a named person (law 11).

use serde::{Deserialize, Serialize};

/// What is counted, each kind apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Accounts shut out or reduced.
    Removals,
    /// Accounts deleted, unaccepted ones among them.
    Deletions,
    /// Accounts that keep letting in, with a lower role.
    RoleLosses,
    /// Accounts whose name changes.
    Renames,
    /// Accounts created: each one is a mail to somebody.
    Creations,
    /// Accounts whose work is handed over.
    HandOvers,
}

impl LimitKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Removals,
        Self::Deletions,
        Self::RoleLosses,
        Self::Renames,
        Self::Creations,
        Self::HandOvers,
    ];

    /// The policy's key.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Removals => "removals",
            Self::Deletions => "deletions",
            Self::RoleLosses => "role_losses",
            Self::Renames => "renames",
            Self::Creations => "creations",
            Self::HandOvers => "hand_overs",
        }
    }

    /// So many of them, in words.
    #[must_use]
    pub fn count(self, n: usize) -> String {
        let (one, many) = match self {
            Self::Removals => ("removal", "removals"),
            Self::Deletions => ("deletion", "deletions"),
            Self::RoleLosses => ("role loss", "role losses"),
            Self::Renames => ("rename", "renames"),
            Self::Creations => ("creation", "creations"),
            Self::HandOvers => ("hand-over", "hand-overs"),
        };
        if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
    }
}

/// The limit on one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// At most so many.
    pub count: u32,
    /// At most so many of a hundred accounts; `None` leaves `count` alone to say it.
    pub share: Option<u32>,
    /// Within so many hours.
    pub window_hours: u32,
}

/// Fewer accounts than this are too few for a share to mean anything.
const SMALL: usize = 20;

/// What goes in a small app, and at least in any other.
const FEW: u32 = 2;

impl Limit {
    /// What holds when the policy says nothing: 10, or 5 % where that is less, within a day.
    pub const STANDARD: Self = Self { count: 10, share: Some(5), window_hours: 24 };

    /// Exactly `count` within a day, whatever the size of the app.
    #[must_use]
    pub const fn of(count: u32) -> Self {
        Self { count, share: None, ..Self::STANDARD }
    }

    /// How many may go in an app with so many accounts that let in: below 20 accounts a fixed few,
    /// above it the smaller of count and share, yet never fewer than in a smaller app.
    #[must_use]
    pub fn room(&self, accounts: usize) -> usize {
        let few = self.count.min(FEW);
        let room = match self.share {
            None => self.count,
            Some(_) if accounts < SMALL => few,
            Some(share) => {
                let of_all = u64::try_from(accounts).unwrap_or(u64::MAX);
                let share = of_all.saturating_mul(u64::from(share)) / 100;
                u32::try_from(share).unwrap_or(u32::MAX).clamp(few, self.count)
            }
        };
        usize::try_from(room).unwrap_or(usize::MAX)
    }
}

/// The limits of one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// On removals.
    pub removals: Limit,
    /// On deletions.
    pub deletions: Limit,
    /// On lost roles.
    pub role_losses: Limit,
    /// On new names.
    pub renames: Limit,
    /// On new accounts.
    pub creations: Limit,
    /// On work that is handed over.
    pub hand_overs: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        let standard = Limit::STANDARD;
        Self {
            removals: standard,
            deletions: standard,
            role_losses: standard,
            renames: standard,
            creations: Limit::of(25),
            hand_overs: standard,
        }
    }
}

impl Limits {
    /// The limit on `kind`.
    #[must_use]
    pub const fn on(&self, kind: LimitKind) -> &Limit {
        match kind {
            LimitKind::Removals => &self.removals,
            LimitKind::Deletions => &self.deletions,
            LimitKind::RoleLosses => &self.role_losses,
            LimitKind::Renames => &self.renames,
            LimitKind::Creations => &self.creations,
            LimitKind::HandOvers => &self.hand_overs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_follows_the_size_and_is_never_less_than_in_a_smaller_app() {
        let standard = Limit::STANDARD;
        for (accounts, room) in
            [(0, 2), (19, 2), (20, 2), (59, 2), (60, 3), (100, 5), (200, 10), (5000, 10)]
        {
            assert_eq!(standard.room(accounts), room, "{accounts} accounts");
        }
        for accounts in [0, 19, 20, 5000] {
            assert_eq!(Limit::of(7).room(accounts), 7);
            assert_eq!(Limit::of(0).room(accounts), 0);
            assert_eq!(Limit { count: 0, ..standard }.room(accounts), 0);
            assert_eq!(Limit { count: 1, ..standard }.room(accounts), 1);
        }
        assert_eq!(Limit { share: Some(50), ..standard }.room(10), 2);
        assert_eq!(Limit { count: 40, share: Some(50), ..standard }.room(60), 30);
    }
}
