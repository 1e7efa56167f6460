//! What every connector must do, whatever its app is like. It is judged by a witness: the app's own
//! records, never by what the connector says about itself.

use std::collections::{BTreeMap, BTreeSet};

use muster::connector::{Ability, Connector, ErrorKind, Lane};
use muster_domain::model::{
    account::{Account, AccountChange, AccountStatus, NewAccount, SignIn},
    id::{AccountId, RoleName},
};
use serde_json::Value;

/// The app's own records.
pub(crate) trait Witness {
    /// The ids of all accounts that exist.
    fn existing(&self) -> BTreeSet<String>;
    /// Everything the app keeps about an account, by field.
    fn record(&self, id: &str) -> Option<BTreeMap<String, Value>>;
    /// Invitations ever sent to an address.
    fn invitations(&self, email: &str) -> usize;
    /// The fields of a record that a change may touch, those that follow from it included.
    fn touchable(&self, change: &AccountChange) -> BTreeSet<&'static str>;
    /// Whether a record shows what a change wants.
    fn shows(&self, id: &str, change: &AccountChange) -> bool;
}

/// The people a contract is tried on.
pub(crate) struct Cast {
    /// Somebody ordinary, with every field filled.
    pub(crate) full: AccountId,
    /// Somebody who cannot sign in, with every field filled.
    pub(crate) blocked: AccountId,
    /// Somebody with as few fields as can be.
    pub(crate) bare: AccountId,
    /// Roles to give, in turn.
    pub(crate) roles: Vec<RoleName>,
}

/// Tries everything.
pub(crate) async fn holds(
    connector: &dyn Connector,
    witness: &dyn Witness,
    cast: &Cast,
    case: &str,
) {
    reads_everybody(connector, witness, case).await;
    writes_only_what_is_named(connector, witness, cast, case).await;
    invites_once_and_finds(connector, witness, cast, case).await;
    deletes(connector, witness, cast, case).await;
}

async fn reads_everybody(connector: &dyn Connector, witness: &dyn Witness, case: &str) {
    let mut read = BTreeSet::new();
    let mut sink =
        |page: Vec<Account>| read.extend(page.into_iter().map(|row| String::from(row.id)));
    let tally = connector.accounts(Lane::Bulk, &mut sink).await.unwrap();
    assert!(tally.reached_end, "{case}");
    assert_eq!(read, witness.existing(), "{case}");
}

async fn read(connector: &dyn Connector, id: &AccountId) -> Account {
    connector.account(Lane::Interactive, id).await.unwrap().unwrap()
}

async fn writes_only_what_is_named(
    connector: &dyn Connector,
    witness: &dyn Witness,
    cast: &Cast,
    case: &str,
) {
    let mut changes =
        vec![AccountChange { name: Some("Nova Name".to_owned()), ..Default::default() }];
    for role in &cast.roles {
        changes.push(AccountChange { role: Some(role.clone()), ..Default::default() });
    }
    changes.push(AccountChange {
        name: Some("Both Ünd".to_owned()),
        role: cast.roles.first().cloned(),
        sign_in: None,
    });
    for sign_in in [SignIn::Blocked, SignIn::Allowed] {
        changes.push(AccountChange { sign_in: Some(sign_in), ..Default::default() });
    }
    // All changes for one, the first two for the others.
    for (id, some) in [(&cast.full, changes.len()), (&cast.bare, 2), (&cast.blocked, 2)] {
        for change in changes.iter().take(some) {
            one_write(connector, witness, id, (change, case)).await;
        }
    }
}

async fn one_write(
    connector: &dyn Connector,
    witness: &dyn Witness,
    id: &AccountId,
    (change, case): (&AccountChange, &str),
) {
    let case = format!("{case}: {change:?} to {id}");
    let before = witness.record(id.as_str()).unwrap();
    let current = read(connector, id).await;
    let result = connector.update(Lane::Routine, &current, change).await;
    let after = witness.record(id.as_str()).unwrap();
    let allowed = witness.touchable(change);
    for (field, value) in &after {
        let kept = allowed.contains(field.as_str()) || before.get(field) == Some(value);
        assert!(kept, "{case}: {field} was {:?} and is {value}", before.get(field));
    }
    let seen = read(connector, id).await;
    let mut collateral = change.collateral(&current, &seen);
    if change.name.is_some() {
        // First and last name follow the name.
        collateral.retain(|field| field != "firstname" && field != "lastname");
    }
    assert!(collateral.is_empty(), "{case}: {collateral:?}");
    match result {
        Ok(()) if change.sign_in.is_none() => {
            assert!(witness.shows(id.as_str(), change), "{case}");
            assert!(change.missing_in(&seen).is_empty(), "{case}");
        }
        // An answer is not an effect; but what the connector reads back is what is there.
        Ok(()) => {
            let missing = change.missing_in(&seen).is_empty();
            assert_eq!(witness.shows(id.as_str(), change), missing, "{case}");
        }
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Unsupported, "{case}: {error}");
            assert!(change.sign_in.is_some(), "{case}: {error}");
            assert_eq!(connector.capabilities().deactivate, Ability::ProvenAtRunTime, "{case}");
            let untouched = |at: &BTreeMap<String, Value>| {
                at.iter()
                    .filter(|(name, _)| *name != "updated_at")
                    .map(|(_, v)| v.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(untouched(&before), untouched(&after), "{case}");
        }
    }
}

async fn invites_once_and_finds(
    connector: &dyn Connector,
    witness: &dyn Witness,
    cast: &Cast,
    case: &str,
) {
    let new = NewAccount {
        email: "Nia.New@Acme.Example".parse().unwrap(),
        name: "Nia Néw".to_owned(),
        role: cast.roles[0].clone(),
        external_id: Some("per_0123456789abcdef".to_owned()),
    };
    let before = witness.existing();
    let id = connector.create(Lane::Routine, &new).await.unwrap();
    let added: Vec<String> = witness.existing().difference(&before).cloned().collect();
    assert_eq!(added, [id.as_str()], "{case}");
    assert_eq!(witness.invitations("Nia.New@Acme.Example"), 1, "{case}");
    let account = read(connector, &id).await;
    assert_eq!(account.email.as_ref(), Some(&new.email), "{case}");
    assert_eq!((&account.name, account.role.as_ref()), (&new.name, Some(&new.role)), "{case}");
    assert_eq!(account.external_id, new.external_id, "{case}");
    assert_ne!(account.status, AccountStatus::Inactive, "{case}");
    for spelled in ["Nia.New@Acme.Example", "nia.new@acme.example", "NIA.NEW@acme.EXAMPLE"] {
        let found = connector.find(Lane::Routine, &spelled.parse().unwrap()).await.unwrap();
        assert_eq!(found.len(), 1, "{case}: {spelled}");
        assert_eq!(found[0].id, id, "{case}: {spelled}");
    }
    let nobody = connector.find(Lane::Routine, &"no.body@acme.example".parse().unwrap()).await;
    assert_eq!(nobody, Ok(Vec::new()), "{case}");
    let again = connector.create(Lane::Routine, &new).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Conflict, "{case}: {again}");
    assert_eq!(witness.invitations("Nia.New@Acme.Example"), 1, "{case}");
}

async fn deletes(connector: &dyn Connector, witness: &dyn Witness, cast: &Cast, case: &str) {
    let before = witness.existing();
    connector.delete(Lane::Leaver, &cast.full).await.unwrap();
    let gone: Vec<String> = before.difference(&witness.existing()).cloned().collect();
    assert_eq!(gone, [cast.full.as_str()], "{case}");
    assert_eq!(connector.account(Lane::Leaver, &cast.full).await, Ok(None), "{case}");
    // Gone twice is either told or taken for done; nobody else goes.
    if let Err(error) = connector.delete(Lane::Leaver, &cast.full).await {
        assert_eq!(error.kind, ErrorKind::NotFound, "{case}: {error}");
    }
    assert_eq!(before.len(), witness.existing().len() + 1, "{case}");
    let caller = connector.delete(Lane::Leaver, &"0".parse().unwrap()).await.unwrap_err();
    assert_eq!(caller.kind, ErrorKind::Invalid, "{case}: {caller}");
}
