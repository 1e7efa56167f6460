//! What a write sends. See the module header of [`super`] for why an update sends what it does.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use muster_domain::model::account::{Account, AccountChange, AccountStatus, NewAccount, SignIn};
use serde_json::{Map, Value};

use super::{refusal::Failure, roles::RoleBook};

/// Fields of [`Account::other`] that may be written back, and whether a null is worth writing.
const ECHOED: [(&str, bool); 6] = [
    ("bio", false),
    ("country", false),
    ("language", true),
    ("timezone", true),
    ("meta", false),
    ("avatar_url", false),
];
/// Fields that some dialects do not have at all: refused once, they are not sent again, whatever
/// the value.
const NOT_EVERYWHERE: [&str; 4] = ["active", "avatar_url", "firstname", "lastname"];

/// What this account's API refused to have written back.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeSet<String>>);

impl Refusals {
    fn name(field: &str, value: &Value) -> String {
        if NOT_EVERYWHERE.contains(&field) { field.to_owned() } else { format!("{field}={value}") }
    }

    fn note(&self, field: &str, value: &Value) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Bounded: an account with thousands of odd values just costs a request more each.
        if refused.len() < 1000 {
            refused.insert(Self::name(field, value));
        }
    }

    fn know(&self, field: &str, value: &Value) -> bool {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.contains(&Self::name(field, value))
    }
}

/// A body, and which of its fields are only there so that nothing else changes.
#[derive(Debug)]
pub(super) struct Body {
    fields: Map<String, Value>,
    echoed: BTreeSet<String>,
}

impl Body {
    /// The body of a POST. `role` as it is written here.
    pub(super) fn create(new: &NewAccount, role: Value) -> Self {
        let NewAccount { email, name, role: _, external_id } = new;
        let mut fields = Map::new();
        fields.insert("email".to_owned(), email.as_str().into());
        fields.insert("name".to_owned(), name.as_str().into());
        fields.insert("role".to_owned(), role);
        if let Some(id) = external_id {
            fields.insert("external_id".to_owned(), id.as_str().into());
        }
        Self { fields, echoed: BTreeSet::new() }
    }

    /// The body of a PUT. `role` as it is written here: the new one, or the present one.
    pub(super) fn update(
        current: &Account,
        change: &AccountChange,
        role: Option<Value>,
        refusals: &Refusals,
    ) -> Self {
        let AccountChange { name, role: new_role, sign_in } = change;
        let mut body = Self { fields: Map::new(), echoed: BTreeSet::new() };
        match name {
            Some(name) => body.name("name", name.as_str().into()),
            None if current.name.is_empty() => {}
            None => body.echo("name", current.name.as_str().into(), refusals),
        }
        if let Some(role) = role {
            if new_role.is_some() {
                body.name("role", role);
            } else {
                body.echo("role", role, refusals);
            }
        }
        match sign_in {
            Some(sign_in) => body.name("active", (*sign_in == SignIn::Allowed).into()),
            None if current.status == AccountStatus::Inactive => {
                body.echo("active", false.into(), refusals);
            }
            None => {}
        }
        if let Some(id) = &current.external_id {
            body.echo("external_id", id.as_str().into(), refusals);
        }
        for (field, with_null) in ECHOED {
            if let Some(value) = current.other.get(field).filter(|v| with_null || !v.is_null()) {
                body.echo(field, value.clone(), refusals);
            }
        }
        if name.is_none() {
            for field in ["firstname", "lastname"] {
                if let Some(value) = current.other.get(field) {
                    body.echo(field, value.clone(), refusals);
                }
            }
        }
        body
    }

    fn name(&mut self, field: &str, value: Value) {
        self.fields.insert(field.to_owned(), value);
    }

    fn echo(&mut self, field: &str, value: Value, refusals: &Refusals) {
        if !refusals.know(field, &value) {
            self.fields.insert(field.to_owned(), value);
            self.echoed.insert(field.to_owned());
        }
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// After a clear refusal (nothing was done): leaves out what was only echoed and is refused, or
    /// spells the role the other way. False when there is nothing to mend: the refusal stands.
    pub(super) fn mend(
        &mut self,
        failure: &Failure,
        refusals: &Refusals,
        roles: &RoleBook,
    ) -> bool {
        if !matches!(failure.status, Some(400 | 422)) {
            return false;
        }
        let mut mended = false;
        for field in self.blamed(failure) {
            let Some(value) = self.fields.get(&field).cloned() else { continue };
            if field == "role"
                && let Some(other) = roles.respell(&value)
            {
                self.fields.insert(field, other);
                mended = true;
            } else if self.echoed.remove(&field) {
                refusals.note(&field, &value);
                self.fields.remove(&field);
                mended = true;
            }
        }
        mended
    }

    /// Whether the refusal is about `field`.
    pub(super) fn is_blamed(&self, failure: &Failure, field: &str) -> bool {
        self.fields.contains_key(field) && self.blamed(failure).iter().any(|blamed| blamed == field)
    }

    /// The fields of this body that a refusal is about: as it says, else those in its words.
    fn blamed(&self, failure: &Failure) -> Vec<String> {
        if !failure.blamed.is_empty() {
            // `role.name` and the like are about `role`.
            let top = |name: &String| name.split(['.', '[']).next().unwrap_or_default().to_owned();
            return failure.blamed.iter().map(top).collect();
        }
        let words: BTreeSet<&str> =
            failure.error.message.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        self.fields.keys().filter(|field| words.contains(field.as_str())).cloned().collect()
    }
}
