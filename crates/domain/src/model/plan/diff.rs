//! What reads like a diff in a plan: what becomes different, and for whom.

use super::{AccountState, Action, Operation};

/// Whom an operation is for, as people speak of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Somebody loses access.
    Leaver,
    /// Somebody has another access.
    Mover,
    /// Somebody gets access.
    Joiner,
}

impl Group {
    /// Every group, in the order in which they are shown.
    pub const ALL: &[Self] = &[Self::Leaver, Self::Mover, Self::Joiner];

    /// The word for one of them.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Leaver => "leaver",
            Self::Mover => "mover",
            Self::Joiner => "joiner",
        }
    }
}

impl Action {
    /// Whom it is for.
    #[must_use]
    pub const fn group(&self) -> Group {
        match self {
            Self::Update { .. } => Group::Mover,
            Self::Create { .. } | Self::Reactivate { .. } | Self::GiveBack { .. } => Group::Joiner,
            _ => Group::Leaver,
        }
    }

    /// What it does besides what becomes different, or instead where the app ignores it.
    #[must_use]
    pub fn besides(&self) -> Option<(&'static str, String)> {
        match self {
            Self::HandOver { closed_within_days, .. } => Some((
                "moves",
                format!(
                    "open and snoozed tickets, and those closed within {closed_within_days} days, \
                     get another assignee; the account leaves its teams"
                ),
            )),
            Self::GiveBack { .. } => Some((
                "moves",
                "tickets that are still with whom the hand-over gave them to get their assignee \
                 back; the account joins its teams again"
                    .to_owned(),
            )),
            Self::Deactivate { fallback: Some(role) } => {
                Some(("else", format!("if the app ignores it: role → {role}, shown as reduced")))
            }
            _ => None,
        }
    }
}

impl Operation {
    /// What becomes different, field by field, as a diff shows it.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let (before, after) = match (&self.before, &self.after) {
            (Some(before), Some(after)) => (before, after),
            (before, after) => {
                let [before, after] =
                    [before, after].map(|state| state.as_ref().map(AccountState::in_words));
                return vec![Difference { field: "account", before, after }];
            }
        };
        let fields = [
            ("login", before.login.clone(), after.login.clone()),
            ("sign-in", before.sign_in_in_words(), after.sign_in_in_words()),
            ("role", before.role_in_words(), after.role_in_words()),
            ("name", format!("{:?}", before.name), format!("{:?}", after.name)),
        ];
        fields
            .into_iter()
            .filter(|(_, before, after)| before != after)
            .map(|(field, before, after)| Difference {
                field,
                before: Some(before),
                after: Some(after),
            })
            .collect()
    }

    /// The login of the account, as it is or will be.
    #[must_use]
    pub fn login(&self) -> &str {
        let state = self.before.as_ref().or(self.after.as_ref());
        state.map_or("", |state| state.login.as_str())
    }
}

impl AccountState {
    fn role_in_words(&self) -> String {
        self.role.as_ref().map_or_else(|| "not readable".to_owned(), ToString::to_string)
    }

    fn sign_in_in_words(&self) -> String {
        if self.status.may_sign_in() { self.status.word() } else { "shut out" }.to_owned()
    }

    fn in_words(&self) -> String {
        let Self { name, .. } = self;
        format!("{name:?} as {}, {}", self.role_in_words(), self.sign_in_in_words())
    }
}

/// One field that becomes different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field.
    pub field: &'static str,
    /// What it was, if there was something.
    pub before: Option<String>,
    /// What it will be, if there will be something.
    pub after: Option<String>,
}
