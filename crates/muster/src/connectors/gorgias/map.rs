//! Their user to our account.

use std::collections::BTreeMap;

use muster_domain::model::{
    account::{Account, AccountKind, AccountStatus, Mfa},
    id::AccountId,
};
use serde_json::Value;

use super::{roles, wire::Fields};

/// Writable fields that [`Account`] has no place of its own for; null is the same as absent.
const KEPT: [&str; 4] = ["bio", "country", "meta", "avatar_url"];
/// The same, but a replacing PUT puts something in the place of null, so null is worth knowing.
const KEPT_WITH_NULL: [&str; 2] = ["language", "timezone"];

/// Reads a user. `None` when it is no user at all: not an object, or without an id.
pub(super) fn account(value: &Value) -> Option<Account> {
    let user = Fields::of(value)?;
    let id: AccountId = user.id("id")?.parse().ok()?;
    let login = user.text("email").unwrap_or_default().to_owned();
    let sso = user.object("meta").and_then(|meta| meta.text("sso")).map(str::to_owned);
    let kind = kind(user);
    Some(Account {
        id,
        email: login.parse().ok(),
        name: user.text("name").unwrap_or_default().to_owned(),
        role: user.role_name().and_then(|name| roles::canonical(name).parse().ok()),
        status: status(user, kind, sso.as_deref()),
        kind,
        mfa: mfa(user, sso.as_deref()),
        external_id: user.id("external_id"),
        created: user.time("created_datetime"),
        updated: user.time("updated_datetime"),
        other: other(user),
        login,
        sso,
    })
}

fn kind(user: Fields<'_>) -> AccountKind {
    match user.role_name() {
        Some("bot" | "internal-agent") => AccountKind::Bot,
        _ if user.get("client_id").is_some() => AccountKind::Service,
        _ => AccountKind::Human,
    }
}

fn status(user: Fields<'_>, kind: AccountKind, sso: Option<&str>) -> AccountStatus {
    if user.flag("active") == Some(false) || user.get("deactivated_datetime").is_some() {
        return AccountStatus::Inactive;
    }
    if user.flag("active").is_none() {
        return AccountStatus::Unknown;
    }
    // There is no flag for a pending invitation: no password and no other way in looks like one.
    let no_way_in = user.flag("has_password") == Some(false) && sso.is_none();
    if no_way_in && kind == AccountKind::Human {
        AccountStatus::Invited
    } else {
        AccountStatus::Active
    }
}

/// With single sign-on the second factor lives at the identity provider, so "no" proves nothing.
fn mfa(user: Fields<'_>, sso: Option<&str>) -> Mfa {
    match user.flag("has_2fa_enabled") {
        Some(true) => Mfa::Enabled,
        Some(false) if sso.is_none() => Mfa::Disabled,
        _ => Mfa::Unknown,
    }
}

fn other(user: Fields<'_>) -> BTreeMap<String, Value> {
    let mut other = BTreeMap::new();
    for name in KEPT {
        if let Some(value) = user.get(name) {
            other.insert(name.to_owned(), value.clone());
        }
    }
    for name in KEPT_WITH_NULL {
        if let Some(value) = user.raw(name) {
            other.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(Value::Object(meta)) = other.get_mut("meta") {
        meta.remove("sso"); // read-only, and kept as the account's own field
    }
    for (name, value) in written_names(user) {
        other.insert(name.to_owned(), value);
    }
    other
}

/// First and last name, where they are not just the first and last word of the name: then they were
/// written apart, and a write has to keep them.
fn written_names(user: Fields<'_>) -> Vec<(&'static str, Value)> {
    let (Some(first), Some(last)) = (user.raw("firstname"), user.raw("lastname")) else {
        return Vec::new();
    };
    let mut words = user.text("name").unwrap_or_default().split_whitespace();
    let derived_first = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    let derived_last = rest.last().copied().unwrap_or_default();
    let (Some(given_first), Some(given_last)) = (first.as_str(), last.as_str()) else {
        return Vec::new();
    };
    let derived = given_first == derived_first
        && (given_last == derived_last
            || given_last == rest.join(" ")
            || given_last == derived_first);
    if derived {
        Vec::new()
    } else {
        vec![("firstname", first.clone()), ("lastname", last.clone())]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(extra: Value) -> Account {
        let mut user = json!({"id": 7, "email": "Anna@Acme.Example", "name": "Anna Bell",
            "role": {"name": "agent"}, "active": true, "has_password": true});
        for (name, value) in extra.as_object().unwrap() {
            user[name] = value.clone();
        }
        account(&user).unwrap()
    }

    #[test]
    fn status_has_four_answers() {
        use AccountStatus::{Active, Inactive, Invited, Unknown};
        let status = |extra| read(extra).status;
        assert_eq!(status(json!({})), Active);
        assert_eq!(status(json!({"active": false})), Inactive);
        assert_eq!(status(json!({"deactivated_datetime": "2026-01-01T00:00:00"})), Inactive);
        assert_eq!(status(json!({"active": null})), Unknown);
        assert_eq!(status(json!({"has_password": false})), Invited);
        assert_eq!(status(json!({"has_password": null})), Active);
        assert_eq!(status(json!({"has_password": false, "meta": {"sso": "google"}})), Active);
        assert_eq!(status(json!({"has_password": false, "role": {"name": "bot"}})), Active);
    }

    #[test]
    fn a_second_factor_is_never_guessed() {
        let mfa = |extra| read(extra).mfa;
        assert_eq!(mfa(json!({"has_2fa_enabled": true})), Mfa::Enabled);
        assert_eq!(mfa(json!({"has_2fa_enabled": false})), Mfa::Disabled);
        assert_eq!(mfa(json!({"has_2fa_enabled": false, "meta": {"sso": "google"}})), Mfa::Unknown);
        assert_eq!(mfa(json!({})), Mfa::Unknown);
    }

    #[test]
    fn bots_and_services_are_told_from_humans() {
        let bot = read(json!({"role": {"name": "bot"}, "email": "bot@5f1"}));
        assert_eq!((bot.kind, bot.login.as_str()), (AccountKind::Bot, "bot@5f1"));
        let odd = read(json!({"email": "gorgias-bot"}));
        assert_eq!((odd.email, odd.login.as_str()), (None, "gorgias-bot"));
        assert_eq!(read(json!({"client_id": "abc"})).kind, AccountKind::Service);
        assert_eq!(read(json!({})).kind, AccountKind::Human);
    }

    #[test]
    fn what_a_write_could_touch_is_kept() {
        let account = read(json!({
            "bio": "hello", "country": null, "language": null, "timezone": "UTC",
            "meta": {"sso": "google", "k": 1}, "signature": "x",
            "firstname": "Ann", "lastname": "Bell", "external_id": 12, "role": {"name": "observer"},
        }));
        assert_eq!(
            serde_json::to_value(&account.other).unwrap(),
            json!({"bio": "hello", "language": null, "timezone": "UTC", "meta": {"k": 1},
                "firstname": "Ann", "lastname": "Bell"})
        );
        assert_eq!(account.external_id.as_deref(), Some("12"));
        assert_eq!(account.role.unwrap().as_str(), "observer-agent");
        assert!(account_is_none(&json!({"email": "x@y.example"})) && account_is_none(&json!(7)));
    }

    fn account_is_none(value: &Value) -> bool {
        account(value).is_none()
    }
}
