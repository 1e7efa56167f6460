//! The policy file: YAML text to a checked [`Policy`], or every problem with its line and remedy.

mod app;
mod check;
mod checks;
mod consent;
mod leaver;
mod organization;
mod raw;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use self::{check::Check, raw::RawPolicy};

use crate::model::{canonical::Digest, id::AppName, policy::Policy};

/// One thing wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyProblem {
    /// The line, counted from 1; 0 when it concerns the whole file.
    pub line: u64,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, message } = self;
        if *line == 0 { f.write_str(message) } else { write!(f, "line {line}: {message}") }
    }
}

/// A connector as the policy needs to know it, so that a misspelled connector or role is found
/// when the file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownConnector {
    /// Its name, such as `gorgias`.
    pub name: &'static str,
    /// The roles it can give.
    pub roles: Vec<&'static str>,
}

/// Reads a policy. `connectors` are those this program knows.
///
/// # Errors
/// Every problem found, in order of lines. Text that is not YAML, or not of this shape, gives the
/// first problem only, because what follows it cannot be told apart from its consequences.
pub fn read(text: &str, connectors: &[KnownConnector]) -> Result<Policy, Vec<PolicyProblem>> {
    let raw: RawPolicy = serde_saphyr::from_str(text).map_err(|error| vec![shape(&error)])?;
    let mut check = Check { problems: Vec::new() };
    let organization = check.organization(&raw.organization);
    let mut apps = BTreeMap::new();
    for (name, spanned) in &raw.apps {
        let app = &spanned.value;
        let known = connectors.iter().find(|known| known.name == app.connector.value);
        if known.is_none() {
            let names: Vec<_> = connectors.iter().map(|known| known.name).collect();
            check.note(
                &app.connector,
                format!(
                    "there is no connector {:?}; known: {}",
                    app.connector.value,
                    names.join(", ")
                ),
            );
        }
        let checked = check.app(app, known);
        match name.parse::<AppName>() {
            Ok(name) => {
                apps.insert(name, checked);
            }
            Err(error) => check.note(spanned, error.to_string()),
        }
    }
    let checks = check.checks(&raw.checks, &apps);
    match organization {
        Some(organization) if check.problems.is_empty() => {
            Ok(Policy { digest: Digest::of(text.as_bytes()), organization, apps, checks })
        }
        _ => {
            check.problems.sort();
            Err(check.problems)
        }
    }
}

fn shape(error: &serde_saphyr::Error) -> PolicyProblem {
    let plain = error.without_snippet();
    let line = plain.location().map_or(0, |at| at.line());
    let said = plain.render();
    let first = said.lines().next().unwrap_or("not readable").trim();
    let message = in_our_words(first.split(" at line ").next().unwrap_or(first));
    PolicyProblem {
        line,
        message: format!("{message}; see docs/guide/policy.md for every key and its values"),
    }
}

/// What the YAML library says, as somebody who writes a policy would say it.
fn in_our_words(said: &str) -> String {
    if let Some(rest) = said.strip_prefix("duplicate mapping key: ") {
        let key = rest.split(", set ").next().unwrap_or(rest);
        return format!("the key {key} is there twice; keep one of them");
    }
    let wanted = match said.strip_prefix("invalid ").or(said.strip_prefix("expected ")) {
        Some("u16" | "u32" | "u64" | "usize") => "a whole number, 0 or more, is wanted here",
        Some("boolean" | "bool") => "true or false is wanted here",
        Some("sequence start") => "a list is wanted here, as in [a, b]",
        Some("mapping start") => "keys with values are wanted here, as in {key: value}",
        Some("string scalar") => "one text is wanted here, not a list or keys",
        _ => said,
    };
    wanted.to_owned()
}
