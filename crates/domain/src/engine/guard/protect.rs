//! Law 7: the owner, the key's own account, break-glass accounts and the last admin are never
//! lowered, shut out or deleted.

use std::collections::BTreeSet;

use super::{hold, takes_rights};
use crate::{
    engine::{
        shield,
        world::{KnownAccount, World},
    },
    model::{
        account::{AccountKind, AccountStatus},
        id::{AccountId, AppName},
        plan::{Hold, HoldKind, Operation},
    },
};

pub(super) fn active_admins(world: &World<'_>) -> BTreeSet<AccountId> {
    world
        .accounts
        .iter()
        .filter(|(_, known)| known.gone.is_none())
        .filter(|(_, known)| known.account.kind == AccountKind::Human)
        .filter(|(_, known)| known.account.status == AccountStatus::Active)
        .filter(|(_, known)| is_admin(world, known))
        .map(|(id, _)| id.clone())
        .collect()
}

/// Whether the account is an admin for certain: only such a one can stand in for another.
fn is_admin(world: &World<'_>, known: &KnownAccount) -> bool {
    let role = known.account.role.as_ref().and_then(|role| world.sight.role(role));
    role.is_some_and(|role| role.privileged)
}

/// Whether the account is an admin, or may be one because its role is not readable or not known.
fn may_be_admin(world: &World<'_>, known: &KnownAccount) -> bool {
    known.account.role.as_ref().is_none_or(|role| world.sight.is_privileged(role))
}

/// What protects the account that the operation takes rights from.
pub(super) fn protected(
    world: &World<'_>,
    operation: &Operation,
    admins: &mut BTreeSet<AccountId>,
) -> Option<Hold> {
    let id = operation.account.as_ref()?;
    let known = world.accounts.get(id)?;
    if !takes_rights(world, operation) {
        return None;
    }
    let app = world.app;
    let is_login = |text: &str| shield::is_meant(world, known, text);
    let shielded =
        |reason: String, release: String| Some(hold(HoldKind::Protected, reason, release));
    if world.sight.caller.as_ref() == Some(id) {
        return shielded(
            key_is_needed(app),
            format!("{}; then muster sync {app}", another_key(app)),
        );
    }
    if let Some(login) = world.rules.protected.iter().find(|login| is_login(login)) {
        return shielded(
            format!("the policy protects this account, as {login}"),
            format!("take it out of apps.{app}.protected"),
        );
    }
    if known.account.kind != AccountKind::Human {
        return shielded(
            format!("the app says this is a {} account", known.account.kind.word()),
            "bots and integrations are managed in the app".to_owned(),
        );
    }
    if world.rules.account_owner.as_ref().is_some_and(|owner| is_login(owner.as_str())) {
        return shielded(
            "this is the account owner".to_owned(),
            format!("hand over ownership in the app, then set apps.{app}.account_owner"),
        );
    }
    if !may_be_admin(world, known) {
        return None;
    }
    admin(world, known, admins)
}

/// What the key of an account is needed for.
fn key_is_needed(app: &AppName) -> String {
    format!(
        "Muster's own key belongs to this account: without it {app} can neither be read nor written, \
         so that checks, plans, removals of leavers and hand-overs there would stop"
    )
}

/// How to have another key.
pub(in crate::engine) fn another_key(app: &AppName) -> String {
    format!("connect {app} with another admin's key: muster app add gorgias {app} --replace …")
}

/// What protects an admin, or an account that may be one.
fn admin(
    world: &World<'_>,
    known: &KnownAccount,
    admins: &mut BTreeSet<AccountId>,
) -> Option<Hold> {
    let app = world.app;
    let id = &known.account.id;
    let alone = admins.iter().all(|admin| admin == id);
    if alone && known.account.status.may_sign_in() {
        let (kind, what) = if is_admin(world, known) {
            (HoldKind::Protected, "this is the last active admin")
        } else {
            (HoldKind::CannotTell, "the role cannot be read: this may be the last active admin")
        };
        return Some(hold(kind, what, "make somebody else an admin first"));
    }
    let set = || format!("set apps.{app}.account_owner to the owner's login in the policy");
    match &world.rules.account_owner {
        None => {
            return Some(hold(
                HoldKind::CannotTell,
                "this admin may be the account owner, which the app does not tell",
                set(),
            ));
        }
        // A name that is misspelled protects nobody.
        Some(owner) if !shield::means_somebody(world, owner.as_str()) => {
            return Some(hold(
                HoldKind::CannotTell,
                format!(
                    "the policy calls {owner} the account owner, but no account has that login: \
                     this admin may be the owner"
                ),
                set(),
            ));
        }
        Some(_) => {}
    }
    if world.sight.caller.is_none() {
        return Some(hold(
            HoldKind::CannotTell,
            "the key that Muster uses may be this admin's, which the app did not tell",
            format!("muster sync {app}"),
        ));
    }
    admins.remove(id);
    None
}
