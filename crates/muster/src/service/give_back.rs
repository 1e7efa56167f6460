//! What a hand-over moved, as the journal tells, and what of it can come back.

use std::collections::BTreeMap;

use muster_domain::model::{
    id::{AccountId, OperationId, WorkId},
    journal::Event,
    keep::WorkBack,
    operation::Run,
    plan::Action,
};
use serde::{Deserialize, Serialize};

use super::{Muster, situation::Situation, work};
use crate::{
    connector::{
        Lane,
        work::{Holder, Team},
    },
    error::{Error, Result},
    store::records::JournalFilter,
};

/// Of so many tickets one request tells who holds them.
pub(super) const A_PAGE: usize = 100;

/// One ticket and who gets it, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Move {
    pub(super) ticket: WorkId,
    #[serde(flatten)]
    pub(super) to: To,
    /// Who had it, where it is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<To>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum To {
    Account(AccountId),
    Team(String),
}

impl From<&Holder> for To {
    fn from(holder: &Holder) -> Self {
        match holder {
            Holder::Account(account) => Self::Account(account.clone()),
            Holder::Team(team) => Self::Team(team.clone()),
        }
    }
}

impl From<&To> for Holder {
    fn from(to: &To) -> Self {
        match to {
            To::Account(account) => Self::Account(account.clone()),
            To::Team(team) => Self::Team(team.clone()),
        }
    }
}

/// A team, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

impl Named {
    pub(super) fn gone(&self) -> String {
        format!("the team {} is gone", self.name)
    }
}

impl From<&Team> for Named {
    fn from(team: &Team) -> Self {
        Self { id: team.id.clone(), name: team.name.clone() }
    }
}

/// What a hand-over moved and nothing gave back since.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Moved {
    /// The tickets, and to whom each went.
    pub(super) tickets: Vec<(WorkId, To)>,
    /// The teams that the account left.
    pub(super) teams: Vec<Named>,
}

/// A ticket that does not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stays {
    ticket: WorkId,
    is: Is,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Is {
    With(To),
    Nobodys,
    Gone,
}

impl Stays {
    pub(super) fn words(&self, situation: &Situation) -> String {
        let ticket = &self.ticket;
        match &self.is {
            Is::With(To::Account(account)) => {
                let known = situation.accounts.get(account);
                let login = known.map_or(account.as_str(), |known| &known.account.login);
                format!("ticket {ticket} is with {login} by now")
            }
            Is::With(To::Team(team)) => format!("ticket {ticket} is with team {team} by now"),
            Is::Nobodys => format!("ticket {ticket} was taken from whom it went to"),
            Is::Gone => format!("ticket {ticket} is gone"),
        }
    }
}

/// Which of these tickets can come back to `account`, and which stay with whom they were given to
/// since. What is with the account already is neither.
pub(super) fn sorted(
    tickets: &[(WorkId, To)],
    holders: &BTreeMap<WorkId, Option<Holder>>,
    account: &AccountId,
) -> (Vec<Move>, Vec<Stays>) {
    let (mut moves, mut stays) = (Vec::new(), Vec::new());
    for (ticket, went_to) in tickets {
        let now = holders.get(ticket).map(|holder| holder.as_ref().map(To::from));
        let is = match now {
            Some(Some(To::Account(holder))) if holder == *account => continue,
            Some(Some(holder)) if holder == *went_to => {
                moves.push(Move {
                    ticket: ticket.clone(),
                    to: To::Account(account.clone()),
                    from: Some(holder),
                });
                continue;
            }
            Some(Some(holder)) => Is::With(holder),
            Some(None) => Is::Nobodys,
            None => Is::Gone,
        };
        stays.push(Stays { ticket: ticket.clone(), is });
    }
    (moves, stays)
}

impl Muster {
    /// What `undone` moved by the journal, without what one of `runs` has given back since.
    pub(super) async fn moved_by(&self, undone: &OperationId, runs: &[Run]) -> Result<Moved> {
        let mut tickets = BTreeMap::new();
        let (mut known, mut left) = (Vec::new(), Vec::new());
        for (event, data) in self.work_of(undone).await? {
            if event == Event::WorkIntended {
                known.extend(listed::<Named>(&data, "teams")?);
            } else {
                let moved = listed::<Move>(&data, "moved")?;
                tickets.extend(moved.into_iter().map(|one| (one.ticket, one.to)));
                left.extend(listed::<String>(&data, "teams")?);
            }
        }
        let gives_back = |run: &&Run| matches!(&run.operation.action, Action::GiveBack { undone: of } if of == undone);
        for run in runs.iter().filter(gives_back) {
            for (event, data) in self.work_of(&run.id).await? {
                if event == Event::WorkMoved {
                    for one in listed::<Move>(&data, "moved")? {
                        tickets.remove(&one.ticket);
                    }
                    let joined = listed::<String>(&data, "teams")?;
                    left.retain(|name| !joined.contains(name));
                }
            }
        }
        known.retain(|team| left.contains(&team.name));
        known.dedup();
        Ok(Moved { tickets: tickets.into_iter().collect(), teams: known })
    }

    /// What a run journaled of the work that it moved, in order.
    async fn work_of(&self, run: &OperationId) -> Result<Vec<(Event, serde_json::Value)>> {
        let filter = JournalFilter { operation: Some(run.clone()), ..JournalFilter::default() };
        let mut entries = self.store.journal(&filter).await?;
        entries.retain(|entry| matches!(entry.event, Event::WorkIntended | Event::WorkMoved));
        Ok(entries.into_iter().map(|entry| (entry.event, entry.data)).collect())
    }

    /// Reads what of the hand-over `run` can come back to `account` now. Nothing where none of it
    /// can; then why, in words.
    pub(super) async fn work_back(
        &self,
        run: &Run,
        (account, situation): (&AccountId, &Situation),
    ) -> Result<std::result::Result<WorkBack, String>> {
        let Moved { tickets, teams } = self.moved_by(&run.id, &situation.runs).await?;
        if tickets.is_empty() && teams.is_empty() {
            return Ok(Err("nothing that it moved is left to give back".to_owned()));
        }
        let app = &run.operation.app;
        let opened = self.open(app).await?;
        let connector = opened.connector.as_ref();
        let mut back = WorkBack { tickets: 0, teams: Vec::new(), stays: Vec::new() };
        for page in tickets.chunks(A_PAGE) {
            let ids: Vec<_> = page.iter().map(|(ticket, _)| ticket.clone()).collect();
            let holders = connector.holders(Lane::Interactive, &ids).await;
            let holders = holders.map_err(|error| Error::app(app, error))?;
            let (moves, stays) = sorted(page, &holders, account);
            back.tickets += moves.len() as u64;
            back.stays.extend(stays.iter().map(|one| one.words(situation)));
        }
        if !teams.is_empty() {
            let there = work::teams(connector, Lane::Interactive).await;
            let there = there.map_err(|error| Error::app(app, error))?;
            for team in teams {
                match there.iter().find(|one| one.id == team.id) {
                    Some(one) if one.members.contains(account) => {}
                    Some(one) => back.teams.push(one.name.clone()),
                    None => back.stays.push(team.gone()),
                }
            }
        }
        if back.tickets > 0 || !back.teams.is_empty() {
            return Ok(Ok(back));
        }
        let rest = WorkBack::rest(&back.stays);
        Ok(Err(format!("nothing of it can come back; {}", rest.unwrap_or_default())))
    }
}

fn listed<T: serde::de::DeserializeOwned>(data: &serde_json::Value, name: &str) -> Result<Vec<T>> {
    Ok(match data.get(name) {
        Some(list) => serde_json::from_value(list.clone())?,
        // Taken out of the journal for somebody's privacy, or of the other kind.
        None => Vec::new(),
    })
}
