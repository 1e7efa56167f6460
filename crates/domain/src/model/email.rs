//! E-mail addresses as keys: stored as given, compared without regard to letter case.

use std::{cmp::Ordering, fmt, hash, str::FromStr};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

/// An e-mail address. Keeps the spelling it was given; equality, order and hash ignore letter
/// case (compare case-insensitively, never strip plus-tags when storing).
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    given: SmolStr,
    /// Where it differs from how it was given.
    folded: Option<SmolStr>,
}

/// The text is not an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an e-mail address")]
pub struct InvalidEmail(pub String);

impl EmailAddress {
    /// The address as it was given, without surrounding blanks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// The address in lower case and Unicode NFC: the key by which addresses are compared.
    #[must_use]
    pub fn folded(&self) -> &str {
        self.folded.as_ref().unwrap_or(&self.given)
    }

    /// What stands before the last `@`, in lower case.
    #[must_use]
    pub fn local(&self) -> &str {
        self.folded().rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// What stands after the last `@`, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.folded().rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The local part without a `+tag`: `anna+exit@acme.example` gives `anna`. Only ever used to
    /// find candidates, never to store or to match for certain.
    #[must_use]
    pub fn local_without_tag(&self) -> &str {
        let local = self.local();
        local.split_once('+').map_or(local, |(before, _)| before)
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let given = text.trim();
        let invalid = || InvalidEmail(text.to_owned());
        let (local, domain) = given.rsplit_once('@').ok_or_else(invalid)?;
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>(),;:\"".contains(c);
        let sound = !local.is_empty()
            && given.len() <= 254
            && !local.contains('@')
            && !given.contains(forbidden)
            && !domain.is_empty()
            && domain.split('.').all(|label| !label.is_empty());
        if !sound {
            return Err(invalid());
        }
        let is_folded = given.is_ascii() && !given.bytes().any(|byte| byte.is_ascii_uppercase());
        let fold = || -> SmolStr { given.nfc().flat_map(char::to_lowercase).collect() };
        let folded = (!is_folded).then(fold).filter(|folded| folded != given);
        Ok(Self { given: given.into(), folded })
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;
    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> String {
        email.given.into()
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for EmailAddress {}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl hash::Hash for EmailAddress {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.given)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn letter_case_is_kept_but_does_not_count() {
        assert_eq!(email("Anna@Acme.Example"), email("anna@acme.example"));
        assert_eq!(email("Anna@Acme.Example").as_str(), "Anna@Acme.Example");
        assert_ne!(email("anna+x@acme.example"), email("anna@acme.example"));
        assert_eq!(email("anna+x@acme.example").local_without_tag(), "anna");
    }

    #[test]
    fn an_address_is_folded_however_it_was_spelled() {
        let cases = [
            ("anna@acme.example", "anna@acme.example"),
            ("ANNA@acme.example", "anna@acme.example"),
            ("Zo\u{eb}@acme.example", "zo\u{eb}@acme.example"),
            ("zoe\u{308}@acme.example", "zo\u{eb}@acme.example"),
            ("zo\u{eb}@acme.example", "zo\u{eb}@acme.example"),
            ("somebody.with.a.long.name@acme.example", "somebody.with.a.long.name@acme.example"),
        ];
        for (given, folded) in cases {
            assert_eq!(email(given).folded(), folded);
            assert_eq!(email(given).as_str(), given);
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in ["", "anna", "@acme.example", "anna@", "a b@acme.example", "a@b@c", "a@b..c"] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }
}
