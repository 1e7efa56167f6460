//! What weight a gap has: its risk by rule, and the seat it costs.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Gap, GapKind};
use crate::{
    engine::world::World,
    model::{
        account::AccountKind,
        money::{Money, sums},
    },
};

/// How much harm a gap may do while it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapRisk {
    /// Nobody has a right too many.
    Low,
    /// Somebody may have more than they should, or nobody can tell.
    Medium,
    /// Somebody has access who should have none.
    High,
    /// The same, in a place or with a role that makes it grave.
    Critical,
}

impl GapRisk {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    const fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

impl GapKind {
    /// The risk of a gap of this kind, before the app and the account are looked at.
    #[must_use]
    pub const fn risk(self) -> GapRisk {
        match self {
            Self::CameBack | Self::OffboardedActive | Self::InvitedAfterExit | Self::Unwanted => {
                GapRisk::High
            }
            Self::OffboardedReduced
            | Self::SelfJoined
            | Self::Unidentified
            | Self::NoOwner
            | Self::ChangedOutside
            | Self::ExcessRole
            | Self::ExcessAccount
            | Self::DormantAdmin
            | Self::ContractorOverdue
            | Self::StaleSource => GapRisk::Medium,
            Self::ToConfirm
            | Self::ExpectedMissing
            | Self::DuplicateAccounts
            | Self::AliasMismatch
            | Self::KeptByUndo
            | Self::DateConflict
            | Self::ContractorOpenEnded
            | Self::NeverAccepted
            | Self::UnusedSeat => GapRisk::Low,
        }
    }

    /// Whether closing it may free the seat of its account.
    #[must_use]
    pub const fn frees_a_seat(self) -> bool {
        matches!(
            self,
            Self::CameBack
                | Self::OffboardedActive
                | Self::OffboardedReduced
                | Self::InvitedAfterExit
                | Self::Unwanted
                | Self::ExcessAccount
                | Self::DuplicateAccounts
                | Self::NeverAccepted
                | Self::DormantAdmin
                | Self::UnusedSeat
        )
    }
}

/// Gives `gap` its weight. The risk is that of its kind; one step higher where the account has a
/// privileged role, and one where the app is critical and somebody has access at all.
pub(super) fn weigh(world: &World<'_>, gap: &mut Gap) {
    gap.risk = gap.kind.risk();
    let account = gap.account.as_ref().and_then(|id| world.accounts.get(id));
    let Some(account) = account.map(|known| &known.account) else { return };
    if !account.status.may_sign_in() {
        return;
    }
    if account.role.as_ref().is_some_and(|role| world.sight.is_privileged(role)) {
        gap.risk = gap.risk.raised();
    }
    if world.rules.critical {
        gap.risk = gap.risk.raised();
    }
    if gap.kind.frees_a_seat() && account.kind == AccountKind::Human {
        gap.monthly = world.rules.seat_price.clone();
    }
}

/// What the seats of `gaps` cost a month, one sum a currency. An account with several gaps has one
/// seat.
#[must_use]
pub fn monthly(gaps: &[Gap]) -> Vec<Money> {
    let mut counted = BTreeSet::new();
    let seats = gaps.iter().filter_map(|gap| {
        let money = gap.monthly.as_ref()?;
        counted.insert((&gap.app, gap.account.as_ref()?)).then_some(money)
    });
    sums(seats)
}
