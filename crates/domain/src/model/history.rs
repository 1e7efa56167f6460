//! After-images: how a journal entry tells what a piece of state is from then on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Under which name the images stand in an entry's data.
pub const AFTER: &str = "after";

/// What one piece of state is after an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The kind of state: the table it is kept in.
    pub table: String,
    /// What tells it from others of its kind.
    pub key: Vec<String>,
    /// The whole document. Without it, and without [`Image::told_as`], there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<Value>,
    /// The name under which the same entry tells the document anyway.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub told_as: Option<String>,
    /// Fields that the document does not repeat, and the names under which the same entry tells
    /// them anyway.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, String>,
    /// Fields that the document does not repeat: they are as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

impl Image {
    /// An image of `doc`; of its absence when that is `null`.
    #[must_use]
    pub fn new(table: &str, key: Vec<String>, doc: Value) -> Self {
        let doc = Some(doc).filter(|doc| !doc.is_null());
        Self {
            table: table.to_owned(),
            key,
            doc,
            told_as: None,
            parts: BTreeMap::new(),
            kept: Vec::new(),
        }
    }

    /// The same image, pointing at what an entry with `data` tells anyway.
    #[must_use]
    pub fn beside(mut self, data: &Map<String, Value>) -> Self {
        let Some(Value::Object(doc)) = &mut self.doc else { return self };
        let told = |value: &Value| data.iter().find(|(_, told)| *told == value);
        for (name, told) in data {
            if told.as_object() == Some(doc) {
                return Self { doc: None, told_as: Some(name.clone()), ..self };
            }
        }
        let parts = doc.iter().filter(|(_, value)| value.is_object());
        let parts =
            parts.filter_map(|(field, value)| Some((field.clone(), told(value)?.0.clone())));
        self.parts = parts.collect();
        doc.retain(|field, _| !self.parts.contains_key(field));
        self
    }

    /// The same image without `fields`, which are as they were.
    #[must_use]
    pub fn keeping(mut self, fields: &[&str]) -> Self {
        if let Some(Value::Object(doc)) = &mut self.doc {
            doc.retain(|name, _| !fields.contains(&name.as_str()));
            self.kept = fields.iter().map(|field| (*field).to_owned()).collect();
        }
        self
    }

    /// The document, from an entry's `data` and from what it was before. `Err` when it rests on
    /// something that is not known.
    ///
    /// # Errors
    /// When what it points at or keeps is missing.
    pub fn document(
        &self,
        data: &Value,
        before: Option<&Value>,
    ) -> Result<Option<Value>, MissingPart> {
        if let Some(name) = &self.told_as {
            let told = data.get(name).cloned();
            return told.map(Some).ok_or_else(|| MissingPart(name.clone()));
        }
        let Some(Value::Object(doc)) = &self.doc else { return Ok(self.doc.clone()) };
        let mut doc: Map<String, Value> = doc.clone();
        for (field, name) in &self.parts {
            let told = data.get(name).cloned().ok_or_else(|| MissingPart(name.clone()))?;
            doc.insert(field.clone(), told);
        }
        for field in &self.kept {
            let kept = before.and_then(|before| before.get(field));
            let kept = kept.cloned().ok_or_else(|| MissingPart(field.clone()))?;
            doc.insert(field.clone(), kept);
        }
        Ok(Some(Value::Object(doc)))
    }
}

/// Part of an image that is nowhere told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is nowhere told")]
pub struct MissingPart(pub String);
