//! Roles: our names for them, what the account offers, and how one is written.
//!
//! Gorgias knows five fixed roles by name and has no list of them; a widely read guide describes a
//! list with ids, and `observer` for `observer-agent`. The list is tried once. If there is one, a
//! role is written by its id, else by its name; never by both, which some refuse.

use std::sync::{Mutex, PoisonError};

use muster_domain::model::{account::Role, id::RoleName};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    call::{Api, Ask},
    wire::{self, Fields},
};
use crate::connector::{ConnectorError, ErrorKind, Lane};

/// A role that is known by name.
struct Known {
    name: &'static str,
    label: &'static str,
    rank: u8,
}

/// The five that can be given, from the highest down.
const KNOWN: [Known; 5] = [
    Known { name: "admin", label: "Admin", rank: 50 },
    Known { name: "agent", label: "Lead", rank: 40 },
    Known { name: "basic-agent", label: "Basic", rank: 30 },
    Known { name: "lite-agent", label: "Lite", rank: 20 },
    Known { name: OBSERVER, label: "Observer", rank: 10 },
];
/// Roles that exist and cannot be given.
const UNASSIGNABLE: [&str; 2] = ["bot", "internal-agent"];
const OBSERVER: &str = "observer-agent";
const OBSERVER_IN_GUIDE: &str = "observer";
/// The rank of a role that we do not know: above all but admin, so that giving it is never taken
/// for lowering.
const RANK_UNKNOWN: u8 = 45;

/// Our name for a role that Gorgias calls `name`.
pub(super) fn canonical(name: &str) -> &str {
    if name == OBSERVER_IN_GUIDE { OBSERVER } else { name }
}

/// Whether a role of this name can be given to an account.
pub(super) fn is_assignable(name: &str) -> bool {
    !UNASSIGNABLE.contains(&name)
}

/// A role as listed by the account.
#[derive(Debug, Clone)]
struct Listed {
    id: Value,
    name: String,
}

#[derive(Debug)]
enum Offer {
    Fixed,
    Listed(Vec<Listed>),
}

/// What is known about the account's roles.
#[derive(Debug, Default)]
pub(super) struct RoleBook {
    offer: OnceCell<Offer>,
    /// The spelling of the observer role where roles cannot be listed.
    short_observer: Mutex<bool>,
}

impl RoleBook {
    /// The roles that can be given.
    pub(super) async fn offered(&self, api: &Api, lane: Lane) -> Result<Vec<Role>, ConnectorError> {
        let mut roles: Vec<Role> = match self.offer(api, lane).await? {
            Offer::Fixed => KNOWN.iter().filter_map(|known| role(known.name, None)).collect(),
            Offer::Listed(listed) => listed
                .iter()
                .filter_map(|listed| role(canonical(&listed.name), Some(&listed.id)))
                .collect(),
        };
        roles.sort_by(|a, b| b.rank.cmp(&a.rank).then_with(|| a.name.cmp(&b.name)));
        Ok(roles)
    }

    /// The value of `role` in a body.
    pub(super) async fn written(
        &self,
        api: &Api,
        lane: Lane,
        role: &RoleName,
    ) -> Result<Value, ConnectorError> {
        let name = canonical(role.as_str());
        match self.offer(api, lane).await? {
            Offer::Fixed => Ok(json!({ "name": self.spelled(name) })),
            Offer::Listed(listed) => {
                let found = listed.iter().find(|listed| canonical(&listed.name) == name);
                found.map(|listed| json!({ "id": listed.id })).ok_or_else(|| {
                    let names: Vec<&str> =
                        listed.iter().map(|listed| canonical(&listed.name)).collect();
                    ConnectorError::new(
                        ErrorKind::Invalid,
                        format!(
                            "this Gorgias account has no role {name}; it offers {}",
                            names.join(", ")
                        ),
                    )
                })
            }
        }
    }

    /// Takes notice of a refused role. True when another spelling of it may be right; it is
    /// remembered.
    pub(super) fn respell(&self, refused: &Value) -> Option<Value> {
        let name = Fields::of(refused)?.text("name")?;
        let mut short = self.short_observer.lock().unwrap_or_else(PoisonError::into_inner);
        *short = match name {
            OBSERVER => true,
            OBSERVER_IN_GUIDE => false,
            _ => return None,
        };
        Some(json!({ "name": if *short { OBSERVER_IN_GUIDE } else { OBSERVER } }))
    }

    fn spelled<'n>(&self, name: &'n str) -> &'n str {
        let short = *self.short_observer.lock().unwrap_or_else(PoisonError::into_inner);
        if short && name == OBSERVER { OBSERVER_IN_GUIDE } else { name }
    }

    async fn offer(&self, api: &Api, lane: Lane) -> Result<&Offer, ConnectorError> {
        self.offer.get_or_try_init(|| list(api, lane)).await
    }
}

/// Asks for the list. No such list, or not for us, is an answer; no answer is none.
async fn list(api: &Api, lane: Lane) -> Result<Offer, ConnectorError> {
    let query = [("limit", "100")];
    let ask = Ask { query: &query, ..Ask::get(lane, "list the roles", &["roles"]) };
    let answer = match api.send(&ask).await {
        Ok(answer) => answer,
        Err(failure) if matches!(failure.status, Some(400 | 403 | 404 | 405 | 410 | 422)) => {
            return Ok(Offer::Fixed);
        }
        Err(failure) => return Err(failure.error),
    };
    let rows = answer.json.and_then(wire::page).map(|page| page.rows).unwrap_or_default();
    let listed: Vec<Listed> = rows
        .iter()
        .filter_map(|row| {
            let fields = Fields::of(row)?;
            Some(Listed { id: fields.get("id")?.clone(), name: fields.text("name")?.to_owned() })
        })
        .collect();
    Ok(if listed.is_empty() { Offer::Fixed } else { Offer::Listed(listed) })
}

fn role(name: &str, id: Option<&Value>) -> Option<Role> {
    let known = KNOWN.iter().find(|known| known.name == name);
    Some(Role {
        name: name.parse().ok()?,
        label: known.map_or(name, |known| known.label).to_owned(),
        id: id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)),
        rank: match known {
            Some(known) => known.rank,
            None if is_assignable(name) => RANK_UNKNOWN,
            None => 0,
        },
        privileged: name.contains("admin"),
        assignable: is_assignable(name),
    })
}
