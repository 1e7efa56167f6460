//! A tiny model of an app that does what it is told: the witness for what a plan leads to.

use std::collections::BTreeMap;

use muster_domain::{
    engine::world::KnownAccount,
    model::{
        account::{Account, AccountChange, AccountKind, AccountStatus, Mfa, SignIn},
        id::AccountId,
        link::{Link, Tie},
        operation::RunState,
        plan::{Action, Operation},
        work::{OpenWork, Reach},
    },
};

use crate::world::World;

/// Carries `operation` out on `accounts`; says which account it touched.
pub fn apply(
    operation: &Operation,
    accounts: &mut BTreeMap<AccountId, KnownAccount>,
) -> Option<AccountId> {
    if let Action::Create { new } = &operation.action {
        let id: AccountId = format!("new-{}", accounts.len()).parse().unwrap();
        let account = Account {
            id: id.clone(),
            email: Some(new.email.clone()),
            login: new.email.as_str().to_owned(),
            name: new.name.clone(),
            role: Some(new.role.clone()),
            status: AccountStatus::Invited,
            kind: AccountKind::Human,
            mfa: Mfa::Unknown,
            external_id: new.external_id.clone(),
            sso: None,
            created: None,
            updated: None,
            other: BTreeMap::new(),
        };
        accounts.insert(
            id.clone(),
            KnownAccount { account, gone: None, learned: None, work: None, activity: None },
        );
        return Some(id);
    }
    let id = operation.account.clone().unwrap();
    let Some(known) = accounts.get_mut(&id) else { return Some(id) };
    let account = &mut known.account;
    match &operation.action {
        Action::Create { .. } => unreachable!(),
        Action::Update { change } | Action::Reactivate { change } => {
            let AccountChange { name, role, sign_in } = change.clone();
            account.name = name.unwrap_or_else(|| account.name.clone());
            account.role = role.or_else(|| account.role.clone());
            match sign_in {
                Some(SignIn::Allowed) => account.status = AccountStatus::Active,
                Some(SignIn::Blocked) => account.status = AccountStatus::Inactive,
                None => {}
            }
        }
        Action::Deactivate { .. } => account.status = AccountStatus::Inactive,
        Action::Reduce { to } => account.role = Some(to.clone()),
        Action::CancelInvite | Action::Delete => {
            accounts.remove(&id);
        }
        Action::HandOver { .. } => {
            let work = known.work.as_mut().unwrap();
            **work = OpenWork { reach: Reach::Whole, ..OpenWork::none(work.at) };
        }
        Action::GiveBack { .. } => {
            let work = known.work.as_mut().unwrap();
            **work = OpenWork { open: 5, reach: Reach::Whole, ..OpenWork::none(work.at) };
        }
    }
    Some(id)
}

impl World {
    /// Does everything that goes, as the service would: recorded, linked, verified. Says how many
    /// operations that were.
    pub fn apply_all(&mut self) -> usize {
        let operations: Vec<_> =
            self.plan().operations.into_iter().filter(Operation::goes).collect();
        for operation in &operations {
            self.apply(operation);
        }
        operations.len()
    }

    pub fn apply(&mut self, operation: &Operation) {
        let touched = apply(operation, &mut self.accounts);
        if let (Action::Create { .. }, Some(account)) = (&operation.action, touched) {
            let person = operation.person_id().unwrap().clone();
            let tie = Tie::Person { person, because: "created".to_owned(), confirmed: None };
            self.links.insert(account.clone(), Link { account, tie, since: self.now });
        }
        self.ran(operation, RunState::Verified);
    }
}
