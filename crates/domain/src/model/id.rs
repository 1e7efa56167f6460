//! Identifiers. Each kind is its own type, parsed once, and cannot stand in for another.
//!
//! There are many, and they are copied often. Nearly all fit into 23 bytes: those are kept in place,
//! and a longer one is shared between its copies.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::canonical::{Digest, digest_of_parts};

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a valid {kind}: {rule}")]
pub struct InvalidId {
    /// What was wanted, in the user's words.
    pub kind: &'static str,
    /// What was given.
    pub value: String,
    /// What a valid one looks like.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(SmolStr);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId { kind: $kind, value: text.to_owned(), rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

fn is_slug(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

/// Printable, not blank, without surrounding blanks or control characters.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

text_id!(
    /// The name an operator gave to a connected app, such as `support`.
    AppName,
    "app name",
    "use 1 to 40 lower-case letters, digits, - or _, starting with a letter",
    is_slug
);
text_id!(
    /// The name of a source of people, such as `bamboohr`.
    SourceName,
    "source name",
    "use 1 to 40 lower-case letters, digits, - or _, starting with a letter",
    is_slug
);
text_id!(
    /// The id by which a source knows a person for ever. Text: leading zeros count.
    SourceId,
    "source id",
    "it must not be blank, longer than 200 bytes or hold control characters",
    is_plain
);
text_id!(
    /// The name of a group of people, such as `chat-team`.
    GroupName,
    "group name",
    "use 1 to 40 lower-case letters, digits, - or _, starting with a letter",
    is_slug
);
text_id!(
    /// The id by which an app knows an account.
    AccountId,
    "account id",
    "it must not be blank, longer than 200 bytes or hold control characters",
    is_plain
);
text_id!(
    /// The id by which an app knows a piece of work, such as a ticket.
    WorkId,
    "ticket id",
    "it must not be blank, longer than 200 bytes or hold control characters",
    is_plain
);
text_id!(
    /// The name by which an app's API knows a role, such as `basic-agent`.
    RoleName,
    "role name",
    "it must not be blank, longer than 200 bytes or hold control characters",
    is_plain
);
text_id!(
    /// An organisation whose people and apps are kept apart from all others.
    OrgId,
    "organisation id",
    "use 1 to 40 lower-case letters, digits, - or _, starting with a letter",
    is_slug
);
text_id!(
    /// One person, for ever: `per_` and 16 characters.
    PersonId,
    "person id",
    "it is per_ followed by 16 letters and digits",
    |text| text
        .strip_prefix("per_")
        .is_some_and(|rest| rest.len() == 16 && rest.chars().all(|c| c.is_ascii_alphanumeric()))
);
text_id!(
    /// One run of one operation: `op_` and 16 characters. The same change planned twice has the
    /// same fingerprint but is run under two ids.
    OperationId,
    "operation id",
    "it is op_ followed by 16 letters and digits",
    |text| text
        .strip_prefix("op_")
        .is_some_and(|rest| rest.len() == 16 && rest.chars().all(|c| c.is_ascii_alphanumeric()))
);
text_id!(
    /// One order given by hand: `ord_` and 16 characters.
    OrderId,
    "order id",
    "it is ord_ followed by 16 letters and digits",
    |text| text
        .strip_prefix("ord_")
        .is_some_and(|rest| rest.len() == 16 && rest.chars().all(|c| c.is_ascii_alphanumeric()))
);
text_id!(
    /// One task of a human: `tsk_` and 16 characters.
    TaskId,
    "task id",
    "it is tsk_ followed by 16 letters and digits",
    |text| text
        .strip_prefix("tsk_")
        .is_some_and(|rest| rest.len() == 16 && rest.chars().all(|c| c.is_ascii_alphanumeric()))
);
text_id!(
    /// One full or partial read of an app: `obs_` and 16 characters.
    ObservationId,
    "observation id",
    "it is obs_ followed by 16 letters and digits",
    |text| text
        .strip_prefix("obs_")
        .is_some_and(|rest| rest.len() == 16 && rest.chars().all(|c| c.is_ascii_alphanumeric()))
);

fn short(digest: &Digest) -> String {
    let encoded = data_encoding::BASE32_NOPAD.encode(digest.as_bytes()).to_ascii_lowercase();
    encoded.chars().take(16).collect()
}

impl SourceName {
    /// The source of what people tell Muster themselves: `muster people add` and its like.
    #[must_use]
    pub fn hand() -> Self {
        Self(SmolStr::new_static("hand"))
    }
}

impl PersonId {
    /// The id of the person that `source` first named `id`. Derived, not drawn, so that importing
    /// the same file into an empty store twice gives the same people.
    #[must_use]
    pub fn derive(org: &OrgId, source: &SourceName, id: &SourceId) -> Self {
        Self(format_smolstr!(
            "per_{}",
            short(&digest_of_parts(&[org.as_str(), source.as_str(), id.as_str()]))
        ))
    }
}

impl OperationId {
    /// The id of a run, from 16 or more bytes of chance.
    #[must_use]
    pub fn from_chance(bytes: [u8; 16]) -> Self {
        Self(format_smolstr!("op_{}", short(&Digest::of(&bytes))))
    }
}

impl OrderId {
    pub(super) fn short_of(digest: &Digest) -> Self {
        Self(format_smolstr!("ord_{}", short(digest)))
    }
}

impl TaskId {
    /// The id of the task that is about these things: the same for as long as it is there.
    #[must_use]
    pub fn derive(about: &[&str]) -> Self {
        Self(format_smolstr!("tsk_{}", short(&digest_of_parts(about))))
    }
}

impl ObservationId {
    /// The id of a read, from 16 bytes of chance.
    #[must_use]
    pub fn from_chance(bytes: [u8; 16]) -> Self {
        Self(format_smolstr!("obs_{}", short(&Digest::of(&bytes))))
    }
}

impl OrgId {
    /// The one organisation of an installation that never heard of several.
    #[must_use]
    pub fn default_org() -> Self {
        Self(SmolStr::new_static("default"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_they_are_not() {
        assert!("support".parse::<AppName>().is_ok());
        assert!("Support".parse::<AppName>().is_err());
        assert!("".parse::<AppName>().is_err());
        assert!("007".parse::<SourceId>().is_ok());
        assert!(" 7".parse::<SourceId>().is_err());
        assert!("per_short".parse::<PersonId>().is_err());
    }

    #[test]
    fn a_person_id_depends_on_every_part_and_on_where_they_are_split() {
        let id = |source: &str, id: &str| {
            PersonId::derive(&OrgId::default_org(), &source.parse().unwrap(), &id.parse().unwrap())
        };
        assert_eq!(id("hr", "7"), id("hr", "7"));
        assert_ne!(id("hr", "7"), id("hr", "8"));
        assert_ne!(id("hr", "17"), id("hr1", "7"));
        assert!(id("hr", "7").as_str().parse::<PersonId>().is_ok());
    }
}
