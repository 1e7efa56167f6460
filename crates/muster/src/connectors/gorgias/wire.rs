//! Gorgias's JSON as it comes: read leniently. What is missing is `None`, what is unknown stays.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Map, Value};

/// A JSON object with fields that may or may not be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'v>(&'v Map<String, Value>);

impl<'v> Fields<'v> {
    pub(super) fn of(value: &'v Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The field, even when it is null.
    pub(super) fn raw(self, name: &str) -> Option<&'v Value> {
        self.0.get(name)
    }

    /// The field, unless it is null.
    pub(super) fn get(self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, name: &str) -> Option<&'v str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    pub(super) fn object(self, name: &str) -> Option<Self> {
        self.get(name).and_then(Self::of)
    }

    pub(super) fn time(self, name: &str) -> Option<Timestamp> {
        self.text(name).and_then(time)
    }

    /// A number or a text, as text.
    pub(super) fn id(self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    /// `role`, or `roles` of the v1.1 shape (an array in one place, an object in another): its
    /// name.
    pub(super) fn role_name(self) -> Option<&'v str> {
        let role = self.get("role").or_else(|| match self.get("roles")? {
            Value::Array(roles) => roles.first(),
            other => Some(other),
        })?;
        match role {
            Value::String(name) => Some(name),
            other => Fields::of(other)?.text("name"),
        }
    }
}

/// A moment in any of the shapes that were seen: with offset, with `Z`, or with neither, which
/// means UTC.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text.parse::<civil::DateTime>().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    pub(super) next: Option<String>,
    pub(super) stated_total: Option<u64>,
    /// A bare array, without any word on what comes after it.
    pub(super) bare: bool,
}

/// Reads an envelope or a bare array; `None` when it is neither.
pub(super) fn page(value: Value) -> Option<Page> {
    let mut fields = match value {
        Value::Array(rows) => {
            return Some(Page { rows, next: None, stated_total: None, bare: true });
        }
        Value::Object(fields) => fields,
        _ => return None,
    };
    let Some(Value::Array(rows)) = fields.remove("data") else { return None };
    let meta = fields.get("meta").and_then(Fields::of);
    let next = meta.and_then(|meta| meta.text("next_cursor").or_else(|| meta.text("next_items")));
    let next = next.map(str::to_owned);
    let stated_total = meta.and_then(|meta| {
        meta.get("total_resources").or_else(|| meta.get("total_count")).and_then(Value::as_u64)
    });
    Some(Page { rows, next, stated_total, bare: false })
}

/// What an error body says: the text, and the fields it blames.
pub(super) fn refusal(value: &Value) -> (Option<String>, Vec<String>) {
    let Some(fields) = Fields::of(value) else { return (None, Vec::new()) };
    let plain = || {
        ["error_description", "message", "detail", "msg"].iter().find_map(|name| fields.text(name))
    };
    let Some(error) = fields.object("error") else {
        let text = fields.text("error").into_iter().chain(plain()).collect::<Vec<_>>().join(": ");
        return ((!text.is_empty()).then_some(text), Vec::new());
    };
    let mut text =
        error.text("msg").or_else(|| error.text("message")).unwrap_or_default().to_owned();
    let mut blamed = Vec::new();
    for (name, reasons) in error.get("data").and_then(Value::as_object).into_iter().flatten() {
        blamed.push(name.clone());
        let reasons = match reasons {
            Value::Array(reasons) => {
                reasons.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
            }
            Value::String(reason) => reason.clone(),
            _ => String::new(),
        };
        text.push_str(&format!(" {name}: {reasons}"));
    }
    (Some(text.trim().to_owned()).filter(|text| !text.is_empty()), blamed)
}

/// Whether a body is a page for people instead of JSON.
pub(super) fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// The title of a page for people.
pub(super) fn html_title(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..4096).unwrap_or(body)).into_owned();
    let after = text.split_once("<title>")?.1;
    Some(after.split_once("</title>")?.0.trim().to_owned()).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn three_shapes_of_a_moment_are_the_same_moment() {
        let expected = "2026-08-26T19:55:26.00176Z".parse().ok();
        for text in [
            "2026-08-26T19:55:26.001760+00:00",
            "2026-08-26T19:55:26.001760",
            "2026-08-26T19:55:26.001760Z",
            "2026-08-26T21:55:26.001760+02:00",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn every_shape_of_an_error_is_read() {
        let (text, fields) = refusal(&json!({"error": {"msg": "No.", "data": {"role": ["bad"]}}}));
        assert_eq!((text.as_deref(), fields), (Some("No. role: bad"), vec!["role".to_owned()]));
        assert_eq!(refusal(&json!({"error": "invalid_grant"})).0.as_deref(), Some("invalid_grant"));
        assert_eq!(refusal(&json!({"message": "nope"})).0.as_deref(), Some("nope"));
        assert_eq!(refusal(&json!([])).0, None);
        assert_eq!(
            html_title(b"<html><title> Bad gateway </title>").as_deref(),
            Some("Bad gateway")
        );
    }

    #[test]
    fn every_shape_of_a_role_is_read() {
        for value in [
            json!({"role": {"name": "agent"}}),
            json!({"role": {"id": 7, "name": "agent"}}),
            json!({"role": "agent"}),
            json!({"roles": [{"id": 7, "name": "agent"}]}),
            json!({"roles": {"id": 7, "name": "agent"}}),
        ] {
            assert_eq!(Fields::of(&value).and_then(Fields::role_name), Some("agent"), "{value}");
        }
        assert_eq!(Fields::of(&json!({"roles": []})).and_then(Fields::role_name), None);
    }
}
