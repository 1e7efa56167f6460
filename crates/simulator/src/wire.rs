//! How things look in JSON, in every dialect.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    chance,
    config::{Config, Field, NameStyle, PictureStyle, RoleDialect, RoleNames, TimeShape},
    events::Event,
    tickets::{Team, Ticket, TicketStatus},
    users::{Role, UserRecord, UserTable},
};

/// Where an object is shown; the v1.1 dialect makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    InList,
    Alone,
}

/// A moment.
pub(crate) fn time(config: &Config, at: Timestamp) -> Value {
    let shape = match config.timestamps {
        TimeShape::Offset => "%Y-%m-%dT%H:%M:%S.%6f+00:00",
        TimeShape::Naive => "%Y-%m-%dT%H:%M:%S.%6f",
        TimeShape::Zulu => "%Y-%m-%dT%H:%M:%S.%6fZ",
    };
    Value::String(at.strftime(shape).to_string())
}

fn time_or_null(config: &Config, at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| time(config, at))
}

/// The absolute address of an object.
fn uri(config: &Config, kind: &str, id: u64) -> String {
    format!("https://{}.gorgias.com/api/{kind}/{id}/", config.subdomain)
}

/// The roles that can be assigned in this dialect.
pub(crate) const fn assignable(config: &Config) -> &'static [Role] {
    match config.role_names {
        RoleNames::Five => {
            &[Role::Admin, Role::Agent, Role::BasicAgent, Role::LiteAgent, Role::ObserverAgent]
        }
        RoleNames::Three => &[Role::Admin, Role::Agent, Role::ObserverAgent],
    }
}

/// The name of a role in this dialect.
pub(crate) const fn role_name(config: &Config, role: Role) -> &'static str {
    match (config.role_names, role) {
        (RoleNames::Three, Role::BasicAgent | Role::LiteAgent) => "agent",
        (RoleNames::Three, Role::ObserverAgent) => "observer",
        (_, role) => role.name(),
    }
}

/// The number of a role; each account has its own.
pub(crate) fn role_id(config: &Config, role: Role) -> u64 {
    let place = Role::ALL
        .iter()
        .position(|known| role_name(config, *known) == role_name(config, role))
        .unwrap_or_default();
    let place = u64::try_from(place).unwrap_or_default();
    10_000 + chance::nth(config.seed, 0) % 80_000 + place * 17
}

/// A role in the list of roles, and in the v1.1 shape.
pub(crate) fn role(config: &Config, role: Role) -> Value {
    json!({
        "id": role_id(config, role),
        "external_id": null,
        "name": role_name(config, role),
        "description": null,
    })
}

/// A user.
#[derive(Serialize)]
pub(crate) struct User<'a> {
    id: u64,
    email: &'a str,
    name: &'a str,
    firstname: &'a str,
    lastname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Value>,
    active: bool,
    deactivated_datetime: Value,
    bio: Option<&'a str>,
    country: Option<&'a str>,
    external_id: Option<&'a str>,
    language: Option<&'a str>,
    timezone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<Option<&'a str>>,
    client_id: Option<&'a str>,
    meta: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_password: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_2fa_enabled: Option<bool>,
    created_datetime: Value,
    updated_datetime: Value,
    uri: String,
}

/// A role in a user, in the dialects after v1.1.
#[derive(Serialize)]
struct RoleShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    name: &'static str,
}

/// A user as it is shown at a place.
pub(crate) fn user<'a>(config: &Config, user: &'a UserRecord, place: Place) -> User<'a> {
    let (firstname, lastname) = first_and_last(config, user);
    let name = role_name(config, user.role);
    let (role, roles) = match (config.roles, place) {
        (RoleDialect::NameOnly, _) => (Some(RoleShape { id: None, name }), None),
        (RoleDialect::IdAndName, _) => {
            (Some(RoleShape { id: Some(role_id(config, user.role)), name }), None)
        }
        (RoleDialect::V11, Place::InList) => (None, Some(json!([role(config, user.role)]))),
        (RoleDialect::V11, Place::Alone) => (None, Some(role(config, user.role))),
    };
    User {
        id: user.id,
        email: &user.email,
        name: &user.name,
        firstname,
        lastname,
        role,
        roles,
        active: user.is_active(),
        deactivated_datetime: time_or_null(config, user.deactivated_at),
        bio: user.bio.as_deref(),
        country: user.country.as_deref(),
        external_id: user.external_id.as_deref(),
        language: user.language.as_deref(),
        timezone: user.timezone.as_deref(),
        avatar_url: (config.picture == PictureStyle::TopLevel).then_some(user.picture.as_deref()),
        client_id: user.client_id.as_deref(),
        meta: meta(config, user),
        has_password: (config.has_password == Field::Present).then_some(user.has_password),
        has_2fa_enabled: (config.has_2fa == Field::Present).then_some(user.has_2fa),
        created_datetime: time(config, user.created_at),
        updated_datetime: time(config, user.updated_at),
        uri: uri(config, "users", user.id),
    }
}

fn meta(config: &Config, user: &UserRecord) -> Value {
    let mut meta = user.meta.clone();
    meta.insert("sso".to_owned(), json!(user.sso));
    if let Some(picture) = user.picture.as_ref().filter(|_| config.picture == PictureStyle::InMeta)
    {
        meta.insert("profile_picture_url".to_owned(), json!(picture));
    }
    Value::Object(meta)
}

fn first_and_last<'a>(config: &Config, user: &'a UserRecord) -> (&'a str, &'a str) {
    match &user.written_names {
        Some((first, last)) if config.names == NameStyle::Writable => (first, last),
        _ => {
            let mut words = user.name.split_whitespace();
            (words.next().unwrap_or_default(), words.next_back().unwrap_or_default())
        }
    }
}

/// A person as others show it.
fn person(users: &UserTable, id: u64) -> Value {
    let user = users.get(id);
    json!({ "id": id, "name": user.map(|user| &user.name), "email": user.map(|user| &user.email) })
}

/// A team.
pub(crate) fn team(config: &Config, users: &UserTable, team: &Team) -> Value {
    let members: Vec<Value> = team.members.iter().map(|id| person(users, *id)).collect();
    json!({
        "id": team.id,
        "name": team.name,
        "description": null,
        "decoration": null,
        "members": members,
        "created_datetime": time(config, team.created_at),
        "uri": uri(config, "teams", team.id),
    })
}

/// A ticket.
pub(crate) fn ticket(config: &Config, users: &UserTable, ticket: &Ticket) -> Value {
    let status = if ticket.status == TicketStatus::Open { "open" } else { "closed" };
    let snoozed = (ticket.status == TicketStatus::Snoozed).then_some(Timestamp::MAX);
    json!({
        "id": ticket.id,
        "subject": ticket.subject,
        "status": status,
        "snooze_datetime": time_or_null(config, snoozed),
        "assignee_user": ticket.assignee.map(|id| person(users, id)),
        "assignee_user_id": ticket.assignee,
        "assignee_team": ticket.team.map(|id| json!({ "id": id })),
        "assignee_team_id": ticket.team,
        "created_datetime": time(config, ticket.created_at),
        "updated_datetime": time(config, ticket.updated_at),
        "closed_datetime": time_or_null(config, ticket.closed_at),
        "trashed_datetime": null,
        "uri": uri(config, "tickets", ticket.id),
    })
}

/// An event.
pub(crate) fn event(config: &Config, event: &Event) -> Value {
    json!({
        "id": event.id,
        "type": event.kind,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "user_id": event.actor,
        "data": event.data,
        "context": event.context(config.seed),
        "created_datetime": time(config, event.at),
        "uri": uri(config, "events", event.id),
    })
}
