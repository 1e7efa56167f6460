//! Tickets and teams.
//!
//! Gorgias lists the tickets of one assignee only through an ad-hoc view: a PUT that reads. Who
//! holds given tickets is one GET for a hundred of them. Members of a team are written as a whole.

use std::collections::BTreeMap;

use async_trait::async_trait;
use http::Method;
use muster_domain::model::{
    id::{AccountId, WorkId},
    work::{Reach, Standing, WorkItem},
};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Gorgias,
    call::Ask,
    segment,
    wire::{self, Fields},
};
use crate::connector::{
    ConnectorError, ErrorKind, Lane,
    work::{Holder, Team, Work, WorkPage},
};

/// Rows on a page: the most that can be asked for.
const ROWS: usize = 100;
/// The most pages of teams: far more than anybody has.
const TEAM_PAGES: usize = 50;
/// Fields of a team that are written back as they were read, where they say something.
const ECHOED: [&str; 2] = ["description", "decoration"];

#[async_trait]
impl Work for Gorgias {
    async fn work(
        &self,
        lane: Lane,
        account: &AccountId,
        from: Option<&str>,
    ) -> Result<WorkPage, ConnectorError> {
        let id = segment(account)?;
        let filters = format!("eq(ticket.assignee_user.id, {id})");
        let body = json!({"view": {"type": "ticket-list", "filters": filters}});
        let rows = ROWS.to_string();
        let mut query = vec![("limit", rows.as_str())];
        query.extend(from.map(|cursor| ("cursor", cursor)));
        let attempt = format!("list the tickets of user {account}");
        let ask = Ask {
            method: Method::PUT,
            only_reads: true,
            query: &query,
            body: Some(&body),
            ..Ask::get(lane, &attempt, &["views", "0", "items"])
        };
        let answer = self.api.send(&ask).await?;
        let unreadable = || ask.purpose().lost("Gorgias's answer is not a list of tickets");
        let page = answer.json.and_then(wire::page).ok_or_else(unreadable)?;
        let full = page.rows.len() >= ROWS;
        let reach = if page.bare && full { Reach::AtLeast } else { Reach::Whole };
        let items: Option<Vec<_>> = page.rows.iter().map(ticket).collect();
        let items = items.ok_or_else(unreadable)?.into_iter().flatten().collect();
        Ok(WorkPage { items, next: page.next.map(cursor_of), reach })
    }

    async fn holders(
        &self,
        lane: Lane,
        items: &[WorkId],
    ) -> Result<BTreeMap<WorkId, Option<Holder>>, ConnectorError> {
        let ids: Vec<&str> = items.iter().map(WorkId::as_str).collect();
        let (ids, rows) = (ids.join(","), ROWS.to_string());
        let query = [("ticket_ids", ids.as_str()), ("limit", rows.as_str())];
        let ask = Ask { query: &query, ..Ask::get(lane, "read who holds tickets", &["tickets"]) };
        let answer = self.api.send(&ask).await?;
        let page = answer
            .json
            .and_then(wire::page)
            .ok_or_else(|| ask.purpose().lost("Gorgias's answer is not a list of tickets"))?;
        let held = page.rows.iter().filter_map(|row| {
            let fields = Fields::of(row)?;
            let id = fields.id("id")?.parse().ok()?;
            let user = fields.object("assignee_user").and_then(|user| user.id("id"));
            let team = fields.object("assignee_team").and_then(|team| team.id("id"));
            let holder = match user {
                Some(user) => Some(Holder::Account(user.parse().ok()?)),
                None => team.map(Holder::Team),
            };
            Some((id, holder))
        });
        Ok(held.collect())
    }

    async fn assign(&self, lane: Lane, item: &WorkId, to: &Holder) -> Result<(), ConnectorError> {
        let attempt = format!("give ticket {item} to somebody else");
        let body = match to {
            Holder::Account(account) => json!({"assignee_user": {"id": number(account.as_str())}}),
            Holder::Team(team) => {
                json!({"assignee_user": null, "assignee_team": {"id": number(team)}})
            }
        };
        let path = ["tickets", item.as_str()];
        let ask = Ask { method: Method::PUT, body: Some(&body), ..Ask::get(lane, &attempt, &path) };
        self.api.send(&ask).await.map(drop).map_err(|failure| failure.error)
    }

    async fn teams(&self, lane: Lane) -> Result<Vec<Team>, ConnectorError> {
        let rows = ROWS.to_string();
        let mut teams: Vec<Team> = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..TEAM_PAGES {
            let mut query = vec![("limit", rows.as_str())];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let ask = Ask { query: &query, ..Ask::get(lane, "read the teams", &["teams"]) };
            let answer = self.api.send(&ask).await?;
            let unreadable = || ask.purpose().lost("Gorgias's answer is not a list of teams");
            let page = answer.json.and_then(wire::page).ok_or_else(unreadable)?;
            let read: Option<Vec<_>> = page.rows.iter().map(team).collect();
            for team in read.ok_or_else(unreadable)? {
                if !teams.iter().any(|known| known.id == team.id) {
                    teams.push(team);
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(teams),
            }
        }
        Err(ConnectorError::new(
            ErrorKind::Unavailable,
            "could not read the teams: their list does not come to an end. Nothing was changed.",
        ))
    }

    async fn set_members(&self, lane: Lane, team: &Team) -> Result<(), ConnectorError> {
        let attempt = format!("change the members of team {}", team.name);
        let members: Vec<Value> =
            team.members.iter().map(|id| json!({"id": number(id.as_str())})).collect();
        let mut fields: Map<String, Value> = team.other.clone().into_iter().collect();
        fields.insert("name".to_owned(), team.name.as_str().into());
        fields.insert("members".to_owned(), members.into());
        let (body, path) = (Value::Object(fields), ["teams", team.id.as_str()]);
        let ask = Ask { method: Method::PUT, body: Some(&body), ..Ask::get(lane, &attempt, &path) };
        self.api.send(&ask).await.map(drop).map_err(|failure| failure.error)
    }
}

/// Ids travel as numbers where they are numbers.
fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Value::from)
}

/// A ticket; nothing inside when it lies in the bin, nothing at all when it is no ticket.
fn ticket(row: &Value) -> Option<Option<WorkItem>> {
    let fields = Fields::of(row)?;
    let id = fields.id("id")?.parse().ok()?;
    if fields.get("trashed_datetime").is_some() {
        return Some(None);
    }
    let standing = match fields.text("status") {
        _ if fields.get("snooze_datetime").is_some() => Standing::Snoozed,
        Some("closed") => Standing::Closed { at: fields.time("closed_datetime") },
        _ => Standing::Open,
    };
    Some(Some(WorkItem { id, standing }))
}

fn team(row: &Value) -> Option<Team> {
    let fields = Fields::of(row)?;
    let members = match fields.get("members") {
        None => Vec::new(),
        Some(members) => members
            .as_array()?
            .iter()
            .map(|member| Fields::of(member)?.id("id")?.parse().ok())
            .collect::<Option<_>>()?,
    };
    let other = ECHOED
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), fields.get(field)?.clone())))
        .collect();
    let name = fields.text("name").unwrap_or_default().to_owned();
    Some(Team { id: fields.id("id")?, name, members, other })
}

/// What follows a page of a view is said by a link.
fn cursor_of(next: String) -> String {
    let base = Url::parse("https://gorgias.invalid").ok();
    let link = base.and_then(|base| base.join(&next).ok());
    let cursor = link.and_then(|link| {
        link.query_pairs().find(|(name, _)| name == "cursor").map(|(_, value)| value.into_owned())
    });
    cursor.unwrap_or(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_more_and_a_bare_cursor_say_the_same() {
        for next in [
            "/api/views/0/items?limit=100&cursor=abc%3D",
            "https://acme.gorgias.com/api/views/0/items?cursor=abc%3D",
            "abc=",
        ] {
            assert_eq!(cursor_of(next.to_owned()), "abc=", "{next}");
        }
    }

    #[test]
    fn where_a_ticket_stands() {
        let standing = |row: Value| ticket(&row).unwrap().map(|item| item.standing);
        let closed = "2026-11-09T11:00:00+00:00";
        assert_eq!(standing(json!({"id": 1, "status": "open"})), Some(Standing::Open));
        assert_eq!(
            standing(json!({"id": 1, "status": "closed", "closed_datetime": closed})),
            Some(Standing::Closed { at: closed.parse().ok() })
        );
        assert_eq!(
            standing(json!({"id": 1, "status": "closed", "snooze_datetime": closed})),
            Some(Standing::Snoozed)
        );
        assert_eq!(standing(json!({"id": 1, "trashed_datetime": closed})), None);
        assert_eq!(ticket(&json!({"status": "open"})), None);
    }
}
