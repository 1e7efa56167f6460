//! What is different in two states of the same, in words: the fields, and their values where these
//! are short and tell nothing about a person.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

/// A line is no longer than so many characters.
const WIDTH: usize = 98;

/// Fields whose values are ours or the app's words, not a person's data.
const WORDS: [&str; 6] = ["status", "role", "kind", "state", "digest", "rung"];

/// In which fields what the journal `told` of `what` differs from what is `kept`.
pub(super) fn line(what: &str, told: &impl Serialize, kept: &impl Serialize) -> String {
    let (Ok(told), Ok(kept)) = (serde_json::to_value(told), serde_json::to_value(kept)) else {
        return format!("{what}: it cannot be compared");
    };
    let mut fields = Vec::new();
    differing("", &told, &kept, &mut fields);
    let mut line = format!("{what}:");
    for (index, (whole, brief)) in fields.iter().enumerate() {
        let rest = fields.len() - index;
        let more = if rest > 1 { format!("; and {rest} more").len() } else { 0 };
        let room = WIDTH.saturating_sub(more);
        let between = if index == 0 { " " } else { "; " };
        let fits =
            |field: &str| line.chars().count() + between.len() + field.chars().count() <= room;
        let field = if index == 0 && !fits(whole) { brief } else { whole };
        if index > 0 && !fits(field) {
            line.push_str(&format!("; and {rest} more"));
            break;
        }
        line.push_str(between);
        line.push_str(field);
    }
    line
}

/// Each field that differs, with the values where these may be shown, and without.
fn differing(path: &str, told: &Json, kept: &Json, found: &mut Vec<(String, String)>) {
    if told == kept {
        return;
    }
    let (Json::Object(before), Json::Object(after)) = (told, kept) else {
        let name = path.rsplit('.').next().unwrap_or(path);
        let values = short(name, told).zip(short(name, kept));
        let path = if path.is_empty() { "it" } else { path };
        let brief = format!("{path} differs");
        let whole = match values {
            Some((told, kept)) => format!("{path} told {told}, kept {kept}"),
            None => brief.clone(),
        };
        found.push((whole, brief));
        return;
    };
    let added = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(added) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let field = |of: &serde_json::Map<String, Json>| of.get(name).cloned().unwrap_or_default();
        differing(&path, &field(before), &field(after), found);
    }
}

/// A value that may be shown.
fn short(name: &str, value: &Json) -> Option<String> {
    match value {
        Json::Null => Some("nothing".to_owned()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::String(text) if WORDS.contains(&name) => Some(text.chars().take(20).collect()),
        Json::String(text) => text.parse::<Timestamp>().is_ok().then(|| text.clone()),
        Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::line;

    #[test]
    fn the_fields_are_named_and_no_personal_data() {
        let told = json!({"status": "active", "email": "ann@acme.example", "profile": {"n": 1}});
        let kept = json!({"status": "inactive", "email": "x@acme.example", "profile": {"n": null}});
        assert_eq!(
            line("account 7", &told, &kept),
            "account 7: email differs; profile.n told 1, kept nothing; status told \
             active, kept inactive"
        );
    }

    #[test]
    fn what_is_no_document_and_does_not_fit_is_told_without_its_values() {
        let (told, kept) = (json!("2026-11-12T18:00:00.000000000Z"), json!("2020-01-01T00:00:00Z"));
        let what = "noticed support/offboarded_active/2/per_xijr4oum7zajgwjf";
        assert_eq!(line(what, &told, &kept), format!("{what}: it differs"));
    }

    #[test]
    fn a_line_stays_short() {
        let many = |value: u8| {
            let fields = (0..40).map(|n| (format!("field_{n}"), json!(value)));
            serde_json::Value::Object(fields.collect())
        };
        let line = line("person p-1", &many(1), &many(2));
        assert!(line.chars().count() <= 98, "{line}");
        assert!(line.ends_with(" more"), "{line}");
    }
}
