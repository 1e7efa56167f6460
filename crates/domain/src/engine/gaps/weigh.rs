//! What weight a gap has: its risk by rule, and the seat it costs.

use std::collections::BTreeSet;

use super::{Gap, GapKind};
use crate::{
    engine::{checks, world::World},
    model::{
        account::AccountKind,
        check::Severity,
        money::{Money, sums},
    },
};

impl GapKind {
    /// The risk of a gap of this kind, before the app and the account are looked at.
    #[must_use]
    pub const fn risk(self) -> Severity {
        match self {
            Self::CameBack | Self::OffboardedActive | Self::InvitedAfterExit | Self::Unwanted => {
                Severity::High
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
            | Self::Contradicted
            | Self::StaleSource => Severity::Medium,
            Self::ToConfirm
            | Self::ExpectedMissing
            | Self::DuplicateAccounts
            | Self::AliasMismatch
            | Self::KeptByUndo
            | Self::RoleTooLow
            | Self::DateConflict
            | Self::ContractorOpenEnded
            | Self::NeverAccepted
            | Self::UnusedSeat => Severity::Low,
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
    // Who can do too little does no harm with it.
    if !account.status.may_sign_in() || gap.kind == GapKind::RoleTooLow {
        return;
    }
    if account.role.as_ref().is_some_and(|role| world.sight.is_privileged(role)) {
        gap.risk = gap.risk.raised();
    }
    if checks::is_critical(world.policy, world.orders, world.app) {
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
