//! The kinds of gap.

use serde::Serialize;

/// The kinds of gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// A leaver's access came back: an account that Muster shut out lets in again, or there is a
    /// new one after it was taken away or deleted.
    CameBack,
    /// A leaver's account still lets in.
    OffboardedActive,
    /// An account that should not exist still lets in.
    Unwanted,
    /// A leaver's account, or one that should not exist, could not be shut out and has the least
    /// role: reduced, not removed.
    OffboardedReduced,
    /// A leaver's invitation is still open.
    InvitedAfterExit,
    /// An account came into being by itself, as a first single sign-on does.
    SelfJoined,
    /// Nobody knows whose the account is.
    Unidentified,
    /// It may be someone's; a human must say.
    ToConfirm,
    /// The owner of a shared or service account has left.
    NoOwner,
    /// Someone should have an account and has none.
    ExpectedMissing,
    /// The role was right when Muster last wrote it, and was changed in the app since.
    ChangedOutside,
    /// The role is not the one the policy gives, and no less.
    ExcessRole,
    /// The role is less than the policy gives.
    RoleTooLow,
    /// Someone has an account whom no rule admits.
    ExcessAccount,
    /// One person has more than one account that lets in.
    DuplicateAccounts,
    /// The login is not the person's present work address.
    AliasMismatch,
    /// An account is kept as an undo put it back, although the rules ask for something else.
    KeptByUndo,
    /// The dates of an end contradict each other.
    DateConflict,
    /// A source says that somebody works here, and a word by hand that she does not, or the other
    /// way round.
    Contradicted,
    /// A contractor has access, and the day by which somebody was to look has passed.
    ContractorOverdue,
    /// A contractor has access, and neither an end is known nor a day on which somebody looks.
    ContractorOpenEnded,
    /// An invitation has lapsed, and nobody accepted it.
    NeverAccepted,
    /// Nobody has signed in to a privileged account for long.
    DormantAdmin,
    /// Nobody has signed in for long: a seat that is paid for and not used.
    UnusedSeat,
    /// A source of people, or the app, was not heard for too long to conclude anything from it.
    StaleSource,
}

impl GapKind {
    /// Every kind, worst first.
    pub const ALL: &[Self] = &[
        Self::CameBack,
        Self::OffboardedActive,
        Self::Unwanted,
        Self::OffboardedReduced,
        Self::InvitedAfterExit,
        Self::SelfJoined,
        Self::Unidentified,
        Self::ToConfirm,
        Self::NoOwner,
        Self::ExpectedMissing,
        Self::ChangedOutside,
        Self::ExcessRole,
        Self::RoleTooLow,
        Self::ExcessAccount,
        Self::DuplicateAccounts,
        Self::AliasMismatch,
        Self::KeptByUndo,
        Self::DateConflict,
        Self::Contradicted,
        Self::ContractorOverdue,
        Self::ContractorOpenEnded,
        Self::NeverAccepted,
        Self::DormantAdmin,
        Self::UnusedSeat,
        Self::StaleSource,
    ];

    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OffboardedActive => "offboarded_active",
            Self::Unwanted => "unwanted",
            Self::OffboardedReduced => "offboarded_reduced",
            Self::InvitedAfterExit => "invited_after_exit",
            Self::CameBack => "came_back",
            Self::Unidentified => "unidentified",
            Self::ToConfirm => "to_confirm",
            Self::NoOwner => "no_owner",
            Self::ExpectedMissing => "expected_missing",
            Self::SelfJoined => "self_joined",
            Self::ChangedOutside => "changed_outside",
            Self::ExcessRole => "excess_role",
            Self::RoleTooLow => "role_too_low",
            Self::ExcessAccount => "excess_account",
            Self::DuplicateAccounts => "duplicate_accounts",
            Self::AliasMismatch => "alias_mismatch",
            Self::KeptByUndo => "kept_by_undo",
            Self::DateConflict => "date_conflict",
            Self::Contradicted => "contradicted",
            Self::ContractorOverdue => "contractor_overdue",
            Self::ContractorOpenEnded => "contractor_open_ended",
            Self::NeverAccepted => "never_accepted",
            Self::DormantAdmin => "dormant_admin",
            Self::UnusedSeat => "unused_seat",
            Self::StaleSource => "stale_source",
        }
    }
}
