//! Moving work in batches, away from an account or back to it: each journaled before it is moved
//! and again when a read shows who holds it now; found out by reading after a crash.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt as _, future::BoxFuture, stream};
use muster_domain::model::{
    id::{AccountId, WorkId},
    journal::Event,
    operation::{Run, RunState},
    plan::{Action, HoldKind, Operation},
};
use serde_json::{Value, json};

use super::{super::situation::about_run, Applying};
use crate::{
    connector::{Connector, ConnectorError, ErrorKind, Lane, work::Holder},
    error::Result,
    service::give_back::{Move, Named},
    store::records::{JournalFilter, Order},
};

/// Calls that are on their way at the same time: more than any rate limit lets through in the time
/// of one answer.
const AT_ONCE: usize = 8;

/// After so many tickets Muster looks whether it is still wanted: a kill switch waits no longer
/// than these take.
const LOOK_EVERY: usize = 20;

/// So many times in a row everything may be tried and nothing move before it is left to a person.
pub(super) const FRUITLESS: u32 = 3;

/// Work makes way for those who cut access, also in another process, and those who wait at a
/// screen.
pub(super) const LANE: Lane = Lane::Work;

/// Why it ends before everything is moved.
pub(super) enum Stop {
    /// For a reason that a person must look at.
    Park(String),
    /// The app said no, or could not be reached.
    Failed(ConnectorError),
}

impl From<ConnectorError> for Stop {
    fn from(error: ConnectorError) -> Self {
        Self::Failed(error)
    }
}

pub(super) type Going<T> = Result<std::result::Result<T, Stop>>;

/// Whether work leaves an account or comes back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Away,
    Back,
}

impl Way {
    const fn of(action: &Action) -> Self {
        if matches!(action, Action::GiveBack { .. }) { Self::Back } else { Self::Away }
    }

    /// What the journal calls the account in what is moved.
    pub(super) const fn account(self) -> &'static str {
        match self {
            Self::Away => "from",
            Self::Back => "to",
        }
    }

    pub(super) const fn done(self) -> &'static str {
        match self {
            Self::Away => "handed over",
            Self::Back => "given back",
        }
    }
}

/// Work on its way.
pub(super) struct Moving {
    /// Whose it was, or is to be again.
    pub(super) account: AccountId,
    pub(super) way: Way,
    /// Tickets moved so far, as read back.
    pub(super) so_far: u64,
    /// How many there were known to be.
    pub(super) of: u64,
    /// Tickets that the app refuses to move, and why.
    pub(super) stuck: BTreeMap<WorkId, String>,
}

impl Moving {
    pub(super) const fn new(account: AccountId, way: Way, of: u64) -> Self {
        Self { account, way, so_far: 0, of, stuck: BTreeMap::new() }
    }

    /// Why it cannot come to its end, where the app refuses some of it.
    pub(super) fn is_stuck(&self) -> Option<Stop> {
        let (ticket, why) = self.stuck.first_key_value()?;
        let n = self.stuck.len();
        Some(Stop::Park(format!("{} moved; {n} cannot be, ticket {ticket}: {why}", self.so_far)))
    }
}

impl Applying<'_> {
    /// Ends a run that stopped half-way. `Err` inside is why the whole run must end here.
    pub(super) async fn stopped(
        &mut self,
        run: &mut Run,
        stop: Stop,
    ) -> Result<std::result::Result<(), String>> {
        match stop {
            Stop::Park(note) => {
                self.park(run, note).await?;
                Ok(Ok(()))
            }
            Stop::Failed(error) => {
                if error.kind == ErrorKind::Unauthorized {
                    self.unanswered(&error).await?;
                }
                let message = error.message.to_string();
                self.park(run, format!("{message} What is left goes with the next apply.")).await?;
                Ok(self.after_failure(&error.kind, message))
            }
        }
    }

    /// Moves up to a page of tickets: journaled, moved, read back, journaled. Gives those that did
    /// not arrive.
    pub(super) async fn batch(
        &mut self,
        run: &mut Run,
        moving: &mut Moving,
        moves: &[Move],
    ) -> Going<Vec<WorkId>> {
        let data = json!({moving.way.account(): moving.account, "moves": moves});
        self.journal_work(run, Event::WorkIntended, data).await?;
        let mut stop = None;
        let mut tried = 0;
        for chunk in moves.chunks(LOOK_EVERY) {
            if let Some(why) = self.unwanted(run).await? {
                stop = Some(Stop::Park(why));
                break;
            }
            tried += chunk.len();
            stop = self.assign(run, moving, chunk).await;
            if stop.is_some() {
                break;
            }
        }
        let tried = moves.get(..tried).unwrap_or(moves);
        let missed = match self.read_back_moves(run, moving, tried).await? {
            Ok(missed) => missed,
            Err(error) => {
                stop.get_or_insert(error.into());
                Vec::new()
            }
        };
        self.watch.moved(run, (moving.so_far, moving.of.max(moving.so_far)));
        Ok(stop.map_or(Ok(missed), Err))
    }

    /// Calls for a few tickets, several at once. Why to stop, if the app refuses every one.
    async fn assign(&mut self, run: &mut Run, moving: &mut Moving, chunk: &[Move]) -> Option<Stop> {
        let connector = &self.opened.connector;
        let calls: Vec<_> = chunk.iter().map(|one| call(connector.clone(), one.clone())).collect();
        let answers: Vec<_> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
        run.calls = run.calls.saturating_add(u32::try_from(answers.len()).unwrap_or(u32::MAX));
        let mut refused = 0;
        let mut last = None;
        for (one, answer) in answers {
            let Err(error) = answer else { continue };
            match error.kind {
                // Gone, or not known what became of it: the read-back and the next look tell.
                ErrorKind::NotFound | ErrorKind::OutcomeUnknown => {}
                ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::NoSeat => {
                    moving.stuck.insert(one.ticket.clone(), error.message.to_string());
                    refused += 1;
                    last = Some(error);
                }
                _ => return Some(error.into()),
            }
        }
        last.filter(|_| refused == chunk.len()).map(Stop::from)
    }

    /// Reads who holds the tickets now, and journals which of them arrived. Gives the others.
    async fn read_back_moves(
        &mut self,
        run: &mut Run,
        moving: &mut Moving,
        moves: &[Move],
    ) -> Result<std::result::Result<Vec<WorkId>, ConnectorError>> {
        let ids: Vec<_> = moves.iter().map(|one| one.ticket.clone()).collect();
        if ids.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let holders = match self.opened.connector.holders(LANE, &ids).await {
            Ok(holders) => holders,
            Err(error) => return Ok(Err(error)),
        };
        let arrived = |one: &&Move| holders.get(&one.ticket) == Some(&Some(Holder::from(&one.to)));
        let (moved, not_moved): (Vec<_>, Vec<_>) = moves.iter().partition(arrived);
        let not_moved: Vec<_> = not_moved.iter().map(|one| one.ticket.clone()).collect();
        moving.so_far += moved.len() as u64;
        run.note = format!("{} {} so far", moving.so_far, moving.way.done());
        let data = json!({
            moving.way.account(): moving.account,
            "moved": moved,
            "not_moved": not_moved,
            "so_far": moving.so_far,
        });
        self.journal_work(run, Event::WorkMoved, data).await?;
        Ok(Ok(not_moved))
    }

    /// Why it is not wanted any more, or must not go on.
    async fn unwanted(&mut self, run: &Run) -> Result<Option<String>> {
        self.renew().await?;
        let fresh = self.fresh_plan(&run.operation).await?;
        let same = |one: &&Operation| one.fingerprint == run.operation.fingerprint;
        let Some(now) = fresh.operations.iter().find(same) else {
            return Ok(Some(format!("not asked for any more; {}", run.note)));
        };
        // The run itself is what is not settled.
        let held = now.holds.iter().find(|hold| {
            let lifted = hold.kind.lifted_by_approval() && run.approved_by.is_some();
            hold.kind != HoldKind::Unsettled && !lifted
        });
        Ok(held.map(|hold| format!("stopped: {} → {}; {}", hold.reason, hold.release, run.note)))
    }

    pub(super) async fn journal_work(
        &mut self,
        run: &Run,
        event: Event,
        data: Value,
    ) -> Result<()> {
        let about = about_run(run);
        let mut tx = self.muster.begin();
        tx.fence(self.right.lease());
        self.situation.keep_run(&mut tx, run);
        tx.journal(event, about, data);
        tx.commit().await?;
        self.situation.note(run);
        Ok(())
    }

    /// Finds out what became of moving work that was interrupted: which tickets of the batch that
    /// was on its way arrived, which teams changed. What is left is planned again, because it is
    /// still there. `false` when the app cannot be read now.
    pub(in crate::service) async fn settle_work(&mut self, run: &mut Run) -> Result<bool> {
        let filter = JournalFilter {
            operation: Some(run.id.clone()),
            order: Order::NewestFirst,
            limit: Some(2),
            ..JournalFilter::default()
        };
        let entries = self.muster.store.journal(&filter).await?;
        let so_far =
            entries.iter().find_map(|entry| entry.data.get("so_far")?.as_u64()).unwrap_or(0);
        let open = entries.first().filter(|entry| entry.event == Event::WorkIntended);
        let begun = |what: &str| open.and_then(|entry| entry.data.get(what).cloned());
        let moves: Vec<Move> =
            begun("moves").map(serde_json::from_value).transpose()?.unwrap_or_default();
        let teams: Vec<Named> =
            begun("teams").map(serde_json::from_value).transpose()?.unwrap_or_default();
        let Some(account) = run.account.clone() else {
            self.park(run, "the account is gone".to_owned()).await?;
            return Ok(true);
        };
        let way = Way::of(&run.operation.action);
        let mut moving = Moving { so_far, ..Moving::new(account, way, 0) };
        let mut read = self.read_back_moves(run, &mut moving, &moves).await?.map(drop);
        if read.is_ok() && !teams.is_empty() {
            read = self.read_back_teams(run, (&moving.account, way), &teams).await?.map(drop);
        }
        if let Err(error) = read {
            self.unanswered(&error).await?;
            run.state = RunState::Unknown;
            run.note = error.message.to_string();
            self.save(run).await?;
            return Ok(false);
        }
        self.answered |= !moves.is_empty() || !teams.is_empty();
        let note =
            format!("interrupted after {} tickets; the rest is planned again", moving.so_far);
        self.park(run, note).await?;
        Ok(true)
    }
}

type Call = BoxFuture<'static, (Move, std::result::Result<(), ConnectorError>)>;

fn call(connector: Arc<dyn Connector>, one: Move) -> Call {
    Box::pin(async move {
        let answer = connector.assign(LANE, &one.ticket, &Holder::from(&one.to)).await;
        (one, answer)
    })
}
