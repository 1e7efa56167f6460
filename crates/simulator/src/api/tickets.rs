//! Tickets, the ad-hoc view on them, and teams.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    api::{Call, Verb, listing::MetaShape},
    config::UnknownFields,
    events::Happening,
    reply::{Refusal, Reply},
    request,
    tickets::{Team, Ticket, TicketStatus},
    wire,
};

/// The most numbers that `ticket_ids` can hold.
const TICKET_IDS_MAX: usize = 100;

impl Call<'_> {
    pub(super) fn list_tickets(&self) -> Result<Reply, Refusal> {
        let listing = self.listing(&["created_datetime"], "created_datetime:desc")?;
        let mut ids = Vec::new();
        for text in self.request.query.all("ticket_ids").flat_map(|text| text.split(',')) {
            ids.push(request::numeric("ticket_ids", text)?);
        }
        if ids.len() > TICKET_IDS_MAX {
            return Err(Refusal::field("ticket_ids", "Longer than maximum length 100."));
        }
        let kept = |ticket: &Ticket| ids.is_empty() || ids.contains(&ticket.id);
        let rows = self.world.tickets.rows();
        let page = self.numbered_page(rows, &listing, &kept, |ticket| ticket.id);
        Ok(self.page_reply(&page, &listing, (MetaShape::Cursors, Map::new()), |ticket| {
            self.ticket_body(ticket)
        }))
    }

    /// `PUT /api/views/0/items`: the tickets of one assignee.
    pub(super) fn view_items(&self, view: u64) -> Result<Reply, Refusal> {
        if view != 0 {
            return Err(Refusal::missing("View", view));
        }
        let body = self.request.object()?;
        let filters = body.get("view").and_then(|view| view.get("filters")).and_then(Value::as_str);
        let assignee = filters.and_then(assignee_asked_for).ok_or_else(|| {
            Refusal::field("filters", "Must be eq(ticket.assignee_user.id, <id>).")
        })?;
        let listing = self.listing(&["created_datetime"], "created_datetime:asc")?;
        let mine: BTreeMap<u64, &Ticket> = self
            .world
            .tickets
            .of(assignee)
            .into_iter()
            .flatten()
            .filter_map(|id| Some((*id, self.world.tickets.get(*id)?)))
            .collect();
        let page = self.numbered_page(&mine, &listing, &|_| true, |ticket| ticket.id);
        let reply = self.page_reply(&page, &listing, (MetaShape::Items, Map::new()), |ticket| {
            self.ticket_body(ticket)
        });
        Ok(Reply { status: StatusCode::ACCEPTED, ..reply })
    }

    pub(super) fn show_ticket(&self, id: u64) -> Result<Reply, Refusal> {
        let ticket = self.world.tickets.get(id).ok_or_else(|| Refusal::missing("Ticket", id))?;
        Ok(Reply::ok(&self.ticket_body(ticket)))
    }

    pub(super) fn update_ticket(&mut self, id: u64) -> Result<Reply, Refusal> {
        let old = self.world.tickets.get(id).ok_or_else(|| Refusal::missing("Ticket", id))?.clone();
        let mut new = Ticket { updated_at: self.now, ..old.clone() };
        for (name, value) in &self.request.object()? {
            match name.as_str() {
                "assignee_user" => new.assignee = self.user_meant(value)?,
                "assignee_team" => new.team = self.team_meant(value)?,
                "subject" => {
                    let subject = value.as_str().ok_or_else(|| not_valid(name, "string"))?;
                    subject.clone_into(&mut new.subject);
                }
                "status" => {
                    new.status = match value.as_str() {
                        Some("open") => TicketStatus::Open,
                        Some("closed") => TicketStatus::Closed,
                        _ => return Err(Refusal::field(name, "Must be one of open, closed.")),
                    };
                }
                _ => self.unknown(name)?,
            }
        }
        new.closed_at = match (new.status, old.closed_at) {
            (TicketStatus::Open, _) => None,
            (TicketStatus::Closed, None) => Some(self.now),
            (_, closed_at) => closed_at,
        };
        if self.carries_out() {
            self.tell_assignment(&old, &new);
            self.world.tickets.put(new.clone());
            self.world.touch();
        }
        Ok(self.written(Verb::Update, || self.ticket_body(&new)))
    }

    fn tell_assignment(&mut self, old: &Ticket, new: &Ticket) {
        let caller = Some(self.caller.id);
        let mut tell = |kind, data| {
            self.world.emit(Happening::new(kind, new.id).by(caller).with(data), self.now);
        };
        if old.assignee != new.assignee {
            match new.assignee {
                Some(id) => tell("ticket-assigned", json!({ "assignee_user_id": id })),
                None => tell("ticket-unassigned", json!({ "assignee_user_id": old.assignee })),
            }
        }
        if old.team != new.team {
            match new.team {
                Some(id) => tell("ticket-team-assigned", json!({ "assignee_team_id": id })),
                None => tell("ticket-team-unassigned", json!({ "assignee_team_id": old.team })),
            }
        }
    }

    /// `{"id": 7}` or null.
    fn user_meant(&self, value: &Value) -> Result<Option<u64>, Refusal> {
        let id = id_or_null("assignee_user", value)?;
        match id {
            Some(id) if self.world.users.get(id).is_none() => {
                Err(Refusal::field("assignee_user", format!("User {id} does not exist.")))
            }
            _ => Ok(id),
        }
    }

    fn team_meant(&self, value: &Value) -> Result<Option<u64>, Refusal> {
        let id = id_or_null("assignee_team", value)?;
        match id {
            Some(id) if !self.world.teams.contains_key(&id) => {
                Err(Refusal::field("assignee_team", format!("Team {id} does not exist.")))
            }
            _ => Ok(id),
        }
    }

    fn unknown(&self, name: &str) -> Result<(), Refusal> {
        match self.world.config.unknown_fields {
            UnknownFields::Refused => Err(Refusal::field(name, "Unknown field.")),
            UnknownFields::Ignored => Ok(()),
        }
    }

    fn ticket_body(&self, ticket: &Ticket) -> Value {
        wire::ticket(&self.world.config, self.world.readable(), ticket)
    }

    pub(super) fn list_teams(&self) -> Result<Reply, Refusal> {
        let listing = self.listing(&["created_datetime"], "created_datetime:asc")?;
        let page = self.numbered_page(&self.world.teams, &listing, &|_| true, |team| team.id);
        Ok(self.page_reply(&page, &listing, (MetaShape::Cursors, Map::new()), |team| {
            self.team_body(team)
        }))
    }

    pub(super) fn show_team(&self, id: u64) -> Result<Reply, Refusal> {
        Ok(Reply::ok(&self.team_body(&self.team(id)?)))
    }

    pub(super) fn update_team(&mut self, id: u64) -> Result<Reply, Refusal> {
        self.admins_only()?;
        let mut team = self.team(id)?;
        for (name, value) in &self.request.object()? {
            match name.as_str() {
                "name" => {
                    let text = value.as_str().ok_or_else(|| not_valid(name, "string"))?;
                    text.clone_into(&mut team.name);
                }
                "description" | "decoration" => {}
                "members" => team.members = self.members(value)?,
                _ => self.unknown(name)?,
            }
        }
        if self.carries_out() {
            self.world.teams.insert(id, team.clone());
            let caller = Some(self.caller.id);
            self.world.emit(Happening::new("team-updated", id).by(caller), self.now);
        }
        Ok(self.written(Verb::Update, || self.team_body(&team)))
    }

    /// The whole set of members: who is not in it, is not in the team.
    fn members(&self, value: &Value) -> Result<Vec<u64>, Refusal> {
        let mut members = Vec::new();
        for row in value.as_array().ok_or_else(|| not_valid("members", "list"))? {
            let id = id_or_null("members", row)?.ok_or_else(|| not_valid("members", "list"))?;
            if self.world.users.get(id).is_none() {
                return Err(Refusal::field("members", format!("User {id} does not exist.")));
            }
            if !members.contains(&id) {
                members.push(id);
            }
        }
        Ok(members)
    }

    fn team(&self, id: u64) -> Result<Team, Refusal> {
        self.world.teams.get(&id).cloned().ok_or_else(|| Refusal::missing("Team", id))
    }

    fn team_body(&self, team: &Team) -> Value {
        wire::team(&self.world.config, self.world.readable(), team)
    }
}

/// The number in `eq(ticket.assignee_user.id, 42)`.
fn assignee_asked_for(filters: &str) -> Option<u64> {
    let inner = filters.trim().strip_prefix("eq(")?.strip_suffix(')')?;
    let (field, id) = inner.split_once(',')?;
    if field.trim() == "ticket.assignee_user.id" { id.trim().parse().ok() } else { None }
}

fn id_or_null(name: &str, value: &Value) -> Result<Option<u64>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::Object(fields) => fields
            .get("id")
            .and_then(Value::as_u64)
            .map(Some)
            .ok_or_else(|| Refusal::field(name, "Must hold an id.")),
        _ => Err(not_valid(name, "object")),
    }
}

fn not_valid(name: &str, kind: &str) -> Refusal {
    Refusal::field(name, format!("Not a valid {kind}."))
}
