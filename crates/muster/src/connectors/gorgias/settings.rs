//! What an operator tells about a Gorgias account, checked.

use std::collections::BTreeMap;

use url::Url;

use super::{credential::Login, oauth::Tokens};
use crate::{
    connector::{ConnectorError, ErrorKind, transport::check_scheme},
    connectors::{Opening, Setting},
    secret::Secret,
};

type Settings = BTreeMap<String, String>;

/// The settings of this app.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "subdomain",
        about: "the account's name, as in https://<subdomain>.gorgias.com",
        required: false,
        names_account: true,
    },
    Setting {
        name: "base_url",
        about: "the account's whole address instead of its subdomain",
        required: false,
        names_account: true,
    },
    Setting {
        name: "email",
        about: "the e-mail address of the admin whose API key is used",
        required: false,
        names_account: false,
    },
    Setting {
        name: "auth",
        about: "how Muster is let in: api_key or oauth",
        required: false,
        names_account: false,
    },
];

/// A key and the address of the user who made it.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The login of the user who made the key.
    pub email: String,
    /// The key.
    pub key: Secret,
}

fn invalid(message: String) -> ConnectorError {
    ConnectorError::new(ErrorKind::Invalid, message)
}

/// The address of the account with this subdomain.
///
/// # Errors
/// When it cannot be one: a whole address, for example.
pub fn subdomain_url(subdomain: &str) -> Result<Url, ConnectorError> {
    let subdomain = subdomain.trim();
    let sound = (1..=63).contains(&subdomain.len())
        && subdomain.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !subdomain.starts_with('-')
        && !subdomain.ends_with('-');
    if !sound {
        return Err(invalid(format!(
            "{subdomain:?} is not a Gorgias subdomain: give only what stands before .gorgias.com, such as acme"
        )));
    }
    base_url(&format!("https://{}.gorgias.com", subdomain.to_ascii_lowercase()))
}

/// An account's address, with or without `/api` at its end.
///
/// # Errors
/// When it is no address, goes over the wire in the clear, or carries credentials.
pub fn base_url(text: &str) -> Result<Url, ConnectorError> {
    let text = text.trim().trim_end_matches('/');
    let text = text.strip_suffix("/api").unwrap_or(text);
    let url = Url::parse(text)
        .map_err(|error| invalid(format!("the base URL cannot be read: {error}")))?;
    check_scheme(&url).map_err(invalid)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "leave credentials out of the base URL; they have settings of their own".to_owned(),
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid(
            "a base URL ends with the host or a path: leave out ? and #".to_owned(),
        ));
    }
    Ok(url)
}

/// The address and the key from an [`Opening`].
pub(super) fn read(opening: &Opening) -> Result<(Url, Login), ConnectorError> {
    let url = address(&opening.settings)?;
    let given = |name: &str| given(&opening.settings, name);
    if given("auth") == Some("oauth") {
        return Ok((url, Login::OAuth(Tokens::of(&opening.secret)?)));
    }
    let email = given("email").ok_or_else(|| {
        invalid("give the e-mail address of the admin whose API key is used".to_owned())
    })?;
    if email.contains(':') {
        return Err(invalid(format!("{email:?} cannot be the login of an API key")));
    }
    Ok((url, Login::Key(ApiKey { email: email.to_owned(), key: opening.secret.clone() })))
}

fn given<'s>(settings: &'s Settings, name: &str) -> Option<&'s str> {
    settings.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// The account's address.
pub(super) fn address(settings: &Settings) -> Result<Url, ConnectorError> {
    let given = |name: &str| given(settings, name);
    let url = match (given("base_url"), given("subdomain")) {
        (Some(url), None) => base_url(url)?,
        (None, Some(subdomain)) => subdomain_url(subdomain)?,
        (Some(_), Some(_)) => {
            return Err(invalid("give subdomain or base_url, not both".to_owned()));
        }
        (None, None) => {
            return Err(invalid("give the subdomain of the Gorgias account".to_owned()));
        }
    };
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subdomain_is_one_label() {
        assert_eq!(subdomain_url("Acme").unwrap().as_str(), "https://acme.gorgias.com/");
        for bad in ["", "acme.gorgias.com", "https://acme", "a b", "-acme", "acme/", "ac@me"] {
            assert!(subdomain_url(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_base_url_is_encrypted_or_local_and_bare() {
        assert_eq!(base_url("https://a.example/api/").unwrap().as_str(), "https://a.example/");
        assert_eq!(base_url("http://127.0.0.1:8080").unwrap().as_str(), "http://127.0.0.1:8080/");
        for bad in
            ["http://a.example", "https://u:p@a.example", "https://a.example/?x=1", "a.example"]
        {
            assert!(base_url(bad).is_err(), "{bad:?}");
        }
    }
}
