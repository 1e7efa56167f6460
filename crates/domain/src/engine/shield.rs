//! Which accounts are meant by the logins that a policy protects: those that have such a login, and
//! those that had it when Muster last found them by it. A login that is changed in the app, by
//! whomever, takes nobody's protection away.

use super::{
    consent::fold_login,
    world::{KnownAccount, World},
};
use crate::model::{email::EmailAddress, order::Shield};

/// Whether the policy means this account by `login`.
#[must_use]
pub fn is_meant(world: &World<'_>, known: &KnownAccount, login: &str) -> bool {
    has(known, login) || had(world, known, login)
}

/// Whether the policy means any account that is there by `login`.
#[must_use]
pub fn means_somebody(world: &World<'_>, login: &str) -> bool {
    present(world).any(|known| is_meant(world, known, login))
}

/// Every login that the policy protects in this app, and how the policy calls that place.
pub fn logins<'a>(world: &World<'a>) -> impl Iterator<Item = (&'static str, &'a str)> {
    let protected = world.rules.protected.iter().map(|login| ("protected", login.as_str()));
    let owner = world.rules.account_owner.as_ref().map(EmailAddress::as_str);
    protected.chain(owner.map(|login| ("account_owner", login)))
}

/// What is to be remembered from now on.
#[must_use]
pub fn newly_found(world: &World<'_>) -> Vec<Shield> {
    let mut found = Vec::new();
    for (_, login) in logins(world) {
        for known in present(world).filter(|known| has(known, login)) {
            if !had(world, known, login) {
                found.push(Shield {
                    app: world.app.clone(),
                    login: fold_login(login),
                    account: known.account.id.clone(),
                    at: world.now,
                });
            }
        }
    }
    found
}

fn present<'a>(world: &World<'a>) -> impl Iterator<Item = &'a KnownAccount> {
    world.accounts.values().filter(|known| known.gone.is_none())
}

fn has(known: &KnownAccount, login: &str) -> bool {
    let login = fold_login(login);
    fold_login(&known.account.login) == login
        || known.account.email.as_ref().is_some_and(|email| email.folded() == login)
}

fn had(world: &World<'_>, known: &KnownAccount, login: &str) -> bool {
    let login = fold_login(login);
    world
        .orders
        .shields
        .iter()
        .any(|one| one.app == *world.app && one.account == known.account.id && one.login == login)
}
