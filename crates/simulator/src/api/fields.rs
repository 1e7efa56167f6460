//! The write schema of a user: what a body may hold, and what it asks for.

use serde_json::{Map, Value};

use crate::{
    api::Verb,
    config::{ActiveWrite, Config, Languages, NameStyle, PictureStyle, RoleDialect, UnknownFields},
    reply::Refusal,
    users::Role,
    wire,
};

/// Never accepted when a user is created, whatever happens to other unknown fields.
const FORBIDDEN: [&str; 4] = ["channels", "customer", "data", "roles"];

/// What a body asks for. None: it was not sent.
#[derive(Clone, Debug, Default)]
pub(super) struct UserBody {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) firstname: Option<String>,
    pub(super) lastname: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) active: Option<bool>,
    pub(super) bio: Option<Option<String>>,
    pub(super) country: Option<Option<String>>,
    pub(super) external_id: Option<Option<String>>,
    pub(super) language: Option<Option<String>>,
    pub(super) timezone: Option<Option<String>>,
    pub(super) picture: Option<Option<String>>,
    pub(super) meta: Option<Map<String, Value>>,
    pub(super) password_confirmation: Option<String>,
}

impl UserBody {
    /// Reads a body, in the schema of this dialect.
    pub(super) fn read(
        fields: &Map<String, Value>,
        config: &Config,
        verb: Verb,
    ) -> Result<Self, Refusal> {
        let mut body = Self::default();
        for (name, value) in fields {
            if !body.read_plain(name, value)? && !body.read_switched(name, value, config, verb)? {
                body.unknown(name, config, verb)?;
            }
        }
        body.check(config)?;
        Ok(body)
    }

    /// Fields which every dialect has.
    fn read_plain(&mut self, name: &str, value: &Value) -> Result<bool, Refusal> {
        match name {
            "email" => self.email = Some(text(name, value)?),
            "name" => self.name = Some(text(name, value)?),
            "bio" => self.bio = Some(text_or_null(name, value)?),
            "country" => self.country = Some(text_or_null(name, value)?),
            "external_id" => self.external_id = Some(text_or_null(name, value)?),
            "language" => self.language = Some(text_or_null(name, value)?),
            "timezone" => self.timezone = Some(text_or_null(name, value)?),
            "meta" => {
                let Value::Object(meta) = value else {
                    return Err(Refusal::field(name, "Not a valid object."));
                };
                self.meta = Some(meta.clone());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Fields which depend on a switch or on the verb.
    fn read_switched(
        &mut self,
        name: &str,
        value: &Value,
        config: &Config,
        verb: Verb,
    ) -> Result<bool, Refusal> {
        match name {
            "role" => self.role = Some(role(value, config)?),
            "active" => match config.active_write {
                ActiveWrite::Applied => self.active = Some(flag(name, value)?),
                ActiveWrite::Ignored => {}
                ActiveWrite::Refused => return Err(Refusal::field(name, "Unknown field.")),
            },
            "firstname" if config.names == NameStyle::Writable => {
                self.firstname = Some(text(name, value)?);
            }
            "lastname" if config.names == NameStyle::Writable => {
                self.lastname = Some(text(name, value)?);
            }
            "avatar_url" if config.picture == PictureStyle::TopLevel => {
                self.picture = Some(text_or_null(name, value)?);
            }
            "password_confirmation" if verb == Verb::Update => {
                self.password_confirmation = Some(text(name, value)?);
            }
            "new_password" | "old_password" | "two_fa_code" if verb == Verb::Update => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn unknown(&self, name: &str, config: &Config, verb: Verb) -> Result<(), Refusal> {
        if verb == Verb::Create && FORBIDDEN.contains(&name) {
            return Err(Refusal::field(name, "Must not be sent."));
        }
        match config.unknown_fields {
            UnknownFields::Refused => Err(Refusal::field(name, "Unknown field.")),
            UnknownFields::Ignored => Ok(()),
        }
    }

    fn check(&self, config: &Config) -> Result<(), Refusal> {
        if let Some(email) = &self.email {
            let (mailbox, domain) = email.split_once('@').unwrap_or_default();
            if mailbox.is_empty() || domain.is_empty() || email.contains(char::is_whitespace) {
                return Err(Refusal::field("email", "Not a valid email address."));
            }
        }
        if self.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Refusal::field("name", "Must not be empty."));
        }
        let two_letters =
            |code: &String| code.len() == 2 && code.chars().all(|c| c.is_ascii_alphabetic());
        if self.country.as_ref().and_then(Option::as_ref).is_some_and(|code| !two_letters(code)) {
            return Err(Refusal::field("country", "Must be two letters."));
        }
        let language = self.language.as_ref().and_then(Option::as_deref);
        if config.languages == Languages::EnglishFrench
            && language.is_some_and(|language| !matches!(language, "en" | "fr"))
        {
            return Err(Refusal::field("language", "Must be one of en, fr."));
        }
        Ok(())
    }

    /// The full name it asks for; first and last name make one, too.
    pub(super) fn full_name(&self) -> Option<String> {
        self.name.clone().or_else(|| {
            let (first, last) = (self.firstname.as_deref(), self.lastname.as_deref());
            let joined = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
            (!joined.trim().is_empty()).then_some(joined)
        })
    }

    /// First and last name as they were written apart.
    pub(super) fn names(&self, before: Option<&(String, String)>) -> Option<(String, String)> {
        if self.firstname.is_none() && self.lastname.is_none() {
            return before.filter(|_| self.name.is_none()).cloned();
        }
        let (first, last) = before.cloned().unwrap_or_default();
        Some((self.firstname.clone().unwrap_or(first), self.lastname.clone().unwrap_or(last)))
    }

    /// What is kept of `meta`: the identity provider is read-only.
    pub(super) fn kept_meta(&self) -> Option<Map<String, Value>> {
        self.meta.clone().map(|mut meta| {
            meta.remove("sso");
            meta
        })
    }
}

fn text(name: &str, value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(Refusal::field(name, "Not a valid string.")),
    }
}

fn text_or_null(name: &str, value: &Value) -> Result<Option<String>, Refusal> {
    if value.is_null() { Ok(None) } else { text(name, value).map(Some) }
}

fn flag(name: &str, value: &Value) -> Result<bool, Refusal> {
    value.as_bool().ok_or_else(|| Refusal::field(name, "Not a valid boolean."))
}

/// A role as it is written: by name, or by number where roles can be listed; never by both.
fn role(value: &Value, config: &Config) -> Result<Role, Refusal> {
    let unknown = || Refusal::field("role", "There is no such role.");
    let Value::Object(fields) = value else {
        return Err(Refusal::field("role", "Not a valid object."));
    };
    let (key, other) = match config.roles {
        RoleDialect::IdAndName => ("id", "name"),
        RoleDialect::NameOnly | RoleDialect::V11 => ("name", "id"),
    };
    let surplus = match config.unknown_fields {
        _ if config.roles == RoleDialect::IdAndName => fields.contains_key(other),
        UnknownFields::Refused => fields.keys().any(|name| name != key),
        UnknownFields::Ignored => false,
    };
    let wanted = fields.get(key).filter(|_| !surplus);
    let wanted = wanted.ok_or_else(|| Refusal::field("role", format!("Must hold only {key}.")))?;
    let matches = |role: &&Role| match config.roles {
        RoleDialect::IdAndName => wanted.as_u64() == Some(wire::role_id(config, **role)),
        _ => wanted.as_str() == Some(wire::role_name(config, **role)),
    };
    wire::assignable(config).iter().find(matches).copied().ok_or_else(unknown)
}
