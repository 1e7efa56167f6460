//! How things look in JSON, in every dialect.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

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
pub(crate) fn user(config: &Config, user: &UserRecord, place: Place) -> Value {
    let (firstname, lastname) = first_and_last(config, user);
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    set("id", json!(user.id));
    set("email", json!(user.email));
    set("name", json!(user.name));
    set("firstname", json!(firstname));
    set("lastname", json!(lastname));
    set("active", json!(user.is_active()));
    set("deactivated_datetime", time_or_null(config, user.deactivated_at));
    set("bio", json!(user.bio));
    set("country", json!(user.country));
    set("external_id", json!(user.external_id));
    set("language", json!(user.language));
    set("timezone", json!(user.timezone));
    set("client_id", json!(user.client_id));
    set("created_datetime", time(config, user.created_at));
    set("updated_datetime", time(config, user.updated_at));
    set("uri", json!(uri(config, "users", user.id)));
    set("meta", meta(config, user));
    match (config.roles, place) {
        (RoleDialect::NameOnly, _) => set("role", json!({ "name": role_name(config, user.role) })),
        (RoleDialect::IdAndName, _) => {
            let (id, name) = (role_id(config, user.role), role_name(config, user.role));
            set("role", json!({ "id": id, "name": name }));
        }
        (RoleDialect::V11, Place::InList) => set("roles", json!([role(config, user.role)])),
        (RoleDialect::V11, Place::Alone) => set("roles", role(config, user.role)),
    }
    if config.picture == PictureStyle::TopLevel {
        set("avatar_url", json!(user.picture));
    }
    if config.has_password == Field::Present {
        set("has_password", json!(user.has_password));
    }
    if config.has_2fa == Field::Present {
        set("has_2fa_enabled", json!(user.has_2fa));
    }
    Value::Object(fields)
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

fn first_and_last(config: &Config, user: &UserRecord) -> (String, String) {
    match &user.written_names {
        Some(names) if config.names == NameStyle::Writable => names.clone(),
        _ => {
            let mut words = user.name.split_whitespace();
            let first = words.next().unwrap_or_default().to_owned();
            (first, words.next_back().unwrap_or_default().to_owned())
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
