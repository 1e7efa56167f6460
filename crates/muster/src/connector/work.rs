//! What the port says of work: tickets that accounts hold, and teams.

use std::collections::BTreeMap;

use async_trait::async_trait;
use muster_domain::model::{
    id::{AccountId, WorkId},
    work::{Reach, WorkItem},
};

use super::{ConnectorError, ErrorKind, Lane};

/// Some of the work that an account holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkPage {
    /// The work, in the app's order.
    pub items: Vec<WorkItem>,
    /// How to ask for what follows; nothing follows otherwise.
    pub next: Option<String>,
    /// Whether it is certain that nothing follows where nothing is said to.
    pub reach: Reach,
}

/// Who holds a piece of work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// An account.
    Account(AccountId),
    /// A team, by the app's id, and no account.
    Team(String),
}

/// A team of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The app's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its members, in the app's order.
    pub members: Vec<AccountId>,
    /// Everything else a write could touch, by the app's own field names.
    pub other: BTreeMap<String, serde_json::Value>,
}

/// The work in an app. An app without any needs to say nothing.
#[async_trait]
pub trait Work: Send + Sync {
    /// The work that an account holds, from the beginning or from where a page said. What is moved
    /// meanwhile may shift later pages: only a walk that found nothing to move proves anything.
    async fn work(
        &self,
        lane: Lane,
        account: &AccountId,
        from: Option<&str>,
    ) -> Result<WorkPage, ConnectorError> {
        let _ = (lane, account, from);
        Err(none())
    }

    /// Who holds these pieces of work, a hundred at most. What is not there any more is left out.
    async fn holders(
        &self,
        lane: Lane,
        items: &[WorkId],
    ) -> Result<BTreeMap<WorkId, Option<Holder>>, ConnectorError> {
        let _ = (lane, items);
        Err(none())
    }

    /// Gives a piece of work to somebody, whoever holds it. An answer is not an effect: read back.
    async fn assign(&self, lane: Lane, item: &WorkId, to: &Holder) -> Result<(), ConnectorError> {
        let _ = (lane, item, to);
        Err(none())
    }

    /// Every team.
    async fn teams(&self, lane: Lane) -> Result<Vec<Team>, ConnectorError> {
        let _ = lane;
        Err(none())
    }

    /// Makes the members of a team those that `team` names and nobody else.
    async fn set_members(&self, lane: Lane, team: &Team) -> Result<(), ConnectorError> {
        let _ = (lane, team);
        Err(none())
    }
}

fn none() -> ConnectorError {
    ConnectorError::new(ErrorKind::Unsupported, "accounts of this app hold no work")
}
