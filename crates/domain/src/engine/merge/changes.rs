//! What becomes different in a person, field by field.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::told::prefix;
use crate::model::person::{Engagement, Person};

/// One field that becomes different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// Before; `null` when it was not known.
    pub before: Value,
    /// After.
    pub after: Value,
    /// Set when the source says so but another that ranks before it says otherwise: kept and
    /// shown, of no effect.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub outranked: bool,
}

impl FieldChange {
    /// A change that has effect.
    #[must_use]
    pub const fn new(field: String, before: Value, after: Value) -> Self {
        Self { field, before, after, outranked: false }
    }
}

/// One person that becomes different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonChange {
    /// The person as she will be.
    pub person: Person,
    /// What becomes different.
    pub changes: Vec<FieldChange>,
}

/// What differs between a person before and after, as people see her.
#[must_use]
pub fn differences(before: &Person, after: &Person) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare(&before.profile, &after.profile, "", &mut changes);
    for engagement in &after.engagements {
        let number = engagement.number;
        match before.engagements.iter().find(|one| one.number == number) {
            Some(known) => {
                compare(&known.terms, &engagement.terms, &prefix(number), &mut changes);
            }
            None => changes.push(whole(number, Value::Null, told(engagement))),
        }
    }
    for known in &before.engagements {
        if !after.engagements.iter().any(|one| one.number == known.number) {
            changes.push(whole(known.number, told(known), Value::Null));
        }
    }
    let mentioned = |person: &Person| Value::Bool(person.not_mentioned_since.is_none());
    if mentioned(before) != mentioned(after) {
        let field = "mentioned".to_owned();
        changes.push(FieldChange::new(field, mentioned(before), mentioned(after)));
    }
    let sources = |person: &Person| {
        let anchors: BTreeSet<_> = person.anchors().map(ToString::to_string).collect();
        Value::from_iter(anchors)
    };
    if sources(before) != sources(after) {
        let field = "sources".to_owned();
        changes.push(FieldChange::new(field, sources(before), sources(after)));
    }
    changes
}

fn whole(number: u32, before: Value, after: Value) -> FieldChange {
    FieldChange::new(format!("engagement {number}"), before, after)
}

/// What is told of an engagement.
fn told(engagement: &Engagement) -> Value {
    let mut fields = object(&engagement.terms);
    fields.retain(|_, value| !value.is_null());
    Value::Object(fields)
}

fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn compare<T: Serialize + PartialEq>(
    before: &T,
    after: &T,
    prefix: &str,
    changes: &mut Vec<FieldChange>,
) {
    if before == after {
        return;
    }
    let mut old = object(before);
    for (field, value) in object(after) {
        let was = old.remove(&field).unwrap_or_default();
        if was != value {
            changes.push(FieldChange::new(format!("{prefix}{field}"), was, value));
        }
    }
}
