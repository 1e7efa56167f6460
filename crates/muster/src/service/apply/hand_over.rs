//! Carrying out a hand-over: page by page, each batch journaled before it is moved and again when
//! a read shows who holds it now, until a walk through everything finds nothing to move.
//!
//! A walk goes on from page to page while tickets leave the list. Where that shifts later pages, it
//! misses some; the next walk finds them. So nothing depends on how an app makes its cursors, and
//! what was moved is not in the list any more: nothing is moved twice, whenever it was killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::{StreamExt as _, future::BoxFuture, stream};
use jiff::Timestamp;
use muster_domain::{
    engine::hand_over::closed_since,
    model::{
        id::{AccountId, WorkId},
        journal::{About, Event},
        operation::{Run, RunState},
        plan::{Action, HoldKind, Operation},
        work::{OpenWork, Reach, Recipient, WorkItem},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Applying;
use crate::{
    connector::{
        Connector, ConnectorError, ErrorKind, Lane,
        work::{Holder, Team},
    },
    error::Result,
    service::work::{self, Depth},
    store::records::{JournalFilter, Order},
};

/// Calls that are on their way at the same time: more than any rate limit lets through in the time
/// of one answer.
const AT_ONCE: usize = 8;

/// After so many tickets Muster looks whether the hand-over is still wanted: a kill switch waits no
/// longer than these take.
const LOOK_EVERY: usize = 20;

/// So many walks in a row may move nothing before it is left to a person.
const FRUITLESS: u32 = 3;

/// A hand-over makes way for those who cut access and those who wait at a screen.
const LANE: Lane = Lane::Routine;

/// One ticket and who gets it, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Move {
    ticket: WorkId,
    #[serde(flatten)]
    to: To,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
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

/// Why a hand-over ends before everything is moved.
enum Stop {
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

type Going<T> = Result<std::result::Result<T, Stop>>;

/// A hand-over that goes on.
struct Moving {
    account: AccountId,
    holders: Vec<Holder>,
    closed_since: Timestamp,
    /// Tickets moved so far, as read back.
    so_far: u64,
    /// Tickets that the app refuses to move, and why.
    stuck: BTreeMap<WorkId, String>,
}

impl Moving {
    /// Who gets the next tickets. In turn where there are several, going on where it stopped.
    fn moves(&self, items: &[WorkItem]) -> Vec<Move> {
        let turn = usize::try_from(self.so_far).unwrap_or_default();
        let holders = self.holders.iter().cycle().skip(turn % self.holders.len().max(1));
        let pair =
            |(item, to): (&WorkItem, &Holder)| Move { ticket: item.id.clone(), to: to.into() };
        items.iter().zip(holders).map(pair).collect()
    }
}

impl Applying<'_> {
    /// Carries out a hand-over. `Err` inside is why the whole run must end here.
    pub(super) async fn hand_over(
        &mut self,
        mut run: Run,
    ) -> Result<std::result::Result<(), String>> {
        run.state = RunState::Intended;
        self.save(&run).await?;
        let stop = match self.move_everything(&mut run).await? {
            Ok((moved, left)) => {
                let nothing = moved == 0;
                run.state = if nothing { RunState::AlreadySo } else { RunState::Verified };
                run.note = match (nothing, left.closed) {
                    (true, _) => "nothing was left to hand over".to_owned(),
                    (false, 0) => format!("{moved} handed over"),
                    (false, old) => format!("{moved} handed over; {old} old tickets stay"),
                };
                self.save(&run).await?;
                return Ok(Ok(()));
            }
            Err(stop) => stop,
        };
        match stop {
            Stop::Park(note) => {
                self.park(&mut run, note).await?;
                Ok(Ok(()))
            }
            Stop::Failed(error) => {
                if error.kind == ErrorKind::Unauthorized {
                    self.unanswered(&error).await?;
                }
                let message = error.message.to_string();
                self.park(&mut run, format!("{message} What is left goes with the next apply."))
                    .await?;
                Ok(self.after_failure(&error.kind, message))
            }
        }
    }

    /// Teams first, so that nothing new arrives; then tickets. Gives how many things were moved,
    /// and what is left.
    async fn move_everything(&mut self, run: &mut Run) -> Going<(u64, OpenWork)> {
        let Action::HandOver { to, closed_within_days } = run.operation.action.clone() else {
            return Ok(Err(Stop::Park("this is no hand-over".to_owned())));
        };
        let Some(account) = run.account.clone() else {
            return Ok(Err(Stop::Park("the account is gone".to_owned())));
        };
        let teams = match work::teams(self.opened.connector.as_ref(), LANE).await {
            Ok(teams) => teams,
            Err(error) => return Ok(Err(error.into())),
        };
        let holders = match holders(&to, &teams) {
            Ok(holders) => holders,
            Err(note) => return Ok(Err(Stop::Park(note))),
        };
        let left_teams = match self.leave_teams(run, &account, &teams).await? {
            Ok(left) => left,
            Err(stop) => return Ok(Err(stop)),
        };
        let closed_since = closed_since(self.muster.env.now(), closed_within_days);
        let stuck = BTreeMap::new();
        let mut moving = Moving { account, holders, closed_since, so_far: 0, stuck };
        let mut fruitless = 0;
        loop {
            let (found, left) = match self.walk(run, &mut moving).await? {
                Ok(walked) => walked,
                Err(stop) => return Ok(Err(stop)),
            };
            if let (0, Some(left)) = (found.0, &left) {
                self.keep_work(&moving.account, left).await?;
                if let Some((ticket, why)) = moving.stuck.first_key_value() {
                    let n = moving.stuck.len();
                    let note =
                        format!("{} moved; {n} cannot be, ticket {ticket}: {why}", moving.so_far);
                    return Ok(Err(Stop::Park(note)));
                }
                return Ok(Ok((moving.so_far + left_teams, left.clone())));
            }
            fruitless = if found.1 == 0 { fruitless + 1 } else { 0 };
            if fruitless >= FRUITLESS {
                let n = found.0;
                let note = format!("the app said yes, but {n} tickets are where they were");
                return Ok(Err(Stop::Park(note)));
            }
            if fruitless > 0 {
                self.pause(fruitless).await;
            }
        }
    }

    /// One walk through what the account holds: how many tickets were to be moved and how many
    /// were, and what stays. The latter only when the walk came to the end.
    async fn walk(
        &mut self,
        run: &mut Run,
        moving: &mut Moving,
    ) -> Going<((u64, u64), Option<OpenWork>)> {
        let connector = self.opened.connector.clone();
        let (mut found, before) = (0, moving.so_far);
        let mut left = OpenWork::none(self.muster.env.now());
        let mut from: Option<String> = None;
        loop {
            let page = match connector.work(LANE, &moving.account, from.as_deref()).await {
                Ok(page) => page,
                // A cursor that is too old: the next walk begins anew.
                Err(error) if from.is_some() && is_about_the_place(&error.kind) => {
                    return Ok(Ok(((found.max(1), moving.so_far - before), None)));
                }
                Err(error) => return Ok(Err(error.into())),
            };
            self.answered = true;
            let (open, stays): (Vec<_>, Vec<_>) = page.items.into_iter().partition(|item| {
                item.is_open_since(moving.closed_since) && !moving.stuck.contains_key(&item.id)
            });
            for item in &stays {
                left.count(item, moving.closed_since);
            }
            found += open.len() as u64;
            if !open.is_empty()
                && let Err(stop) = self.batch(run, moving, &open).await?
            {
                return Ok(Err(stop));
            }
            match page.next {
                None => {
                    left.reach = page.reach;
                    let left = (page.reach == Reach::Whole).then_some(left);
                    let found = if left.is_none() { found.max(1) } else { found };
                    return Ok(Ok(((found, moving.so_far - before), left)));
                }
                next if next == from => {
                    let note = "the app's list of tickets does not come to an end".to_owned();
                    return Ok(Err(Stop::Park(note)));
                }
                next => from = next,
            }
        }
    }

    /// Moves up to a page of tickets: journaled, moved, read back, journaled.
    async fn batch(&mut self, run: &mut Run, moving: &mut Moving, open: &[WorkItem]) -> Going<()> {
        let moves = moving.moves(open);
        let data = json!({"from": moving.account, "moves": moves});
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
        let tried = moves.get(..tried).unwrap_or(&moves);
        if let Err(error) = self.read_back_moves(run, moving, tried).await? {
            stop.get_or_insert(error.into());
        }
        let known = self.situation.accounts.get(&moving.account);
        let of = known.and_then(|known| known.work.as_ref()).map_or(0, OpenWork::tickets);
        self.watch.moved(run, (moving.so_far, of.max(moving.so_far)));
        Ok(stop.map_or(Ok(()), Err))
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
                // Gone, or not known what became of it: the read-back and the next walk tell.
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

    /// Reads who holds the tickets now, and journals which of them arrived.
    async fn read_back_moves(
        &mut self,
        run: &mut Run,
        moving: &mut Moving,
        moves: &[Move],
    ) -> Result<std::result::Result<(), ConnectorError>> {
        let ids: Vec<_> = moves.iter().map(|one| one.ticket.clone()).collect();
        if ids.is_empty() {
            return Ok(Ok(()));
        }
        let holders = match self.opened.connector.holders(LANE, &ids).await {
            Ok(holders) => holders,
            Err(error) => return Ok(Err(error)),
        };
        let arrived = |one: &&Move| holders.get(&one.ticket) == Some(&Some(Holder::from(&one.to)));
        let (moved, not_moved): (Vec<_>, Vec<_>) = moves.iter().partition(arrived);
        moving.so_far += moved.len() as u64;
        run.note = format!("{} handed over so far", moving.so_far);
        let data = json!({
            "from": moving.account,
            "moved": moved,
            "not_moved": not_moved.iter().map(|one| &one.ticket).collect::<Vec<_>>(),
            "so_far": moving.so_far,
        });
        self.journal_work(run, Event::WorkMoved, data).await?;
        Ok(Ok(()))
    }

    /// Takes the account out of its teams: read, write whole, read back.
    async fn leave_teams(
        &mut self,
        run: &mut Run,
        account: &AccountId,
        teams: &[Team],
    ) -> Going<u64> {
        let mine: Vec<_> = teams.iter().filter(|team| team.members.contains(account)).collect();
        if mine.is_empty() {
            return Ok(Ok(0));
        }
        let named: Vec<_> = mine.iter().map(|t| json!({"id": t.id, "name": t.name})).collect();
        let data = json!({"from": account, "teams": named});
        self.journal_work(run, Event::WorkIntended, data).await?;
        let connector = self.opened.connector.clone();
        for team in &mine {
            let mut without = (*team).clone();
            without.members.retain(|member| member != account);
            run.calls += 1;
            match connector.set_members(LANE, &without).await {
                Ok(()) => {}
                Err(error) if error.kind == ErrorKind::OutcomeUnknown => {}
                Err(error) => return Ok(Err(error.into())),
            }
        }
        let after = match connector.teams(LANE).await {
            Ok(after) => after,
            Err(error) => return Ok(Err(error.into())),
        };
        let still: BTreeSet<_> =
            after.iter().filter(|t| t.members.contains(account)).map(|t| t.id.as_str()).collect();
        let (stays, left): (Vec<_>, Vec<_>) =
            mine.iter().partition(|team| still.contains(team.id.as_str()));
        let names = |teams: &[&&Team]| teams.iter().map(|t| t.name.clone()).collect::<Vec<_>>();
        let data = json!({"from": account, "teams": names(&left), "not_left": names(&stays)});
        self.journal_work(run, Event::WorkMoved, data).await?;
        if stays.is_empty() {
            return Ok(Ok(left.len() as u64));
        }
        let note = format!("the app said yes, but it is still in {}", names(&stays).join(", "));
        Ok(Err(Stop::Park(note)))
    }

    /// Why the hand-over is not wanted any more, or must not go on.
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

    async fn journal_work(
        &mut self,
        run: &Run,
        event: Event,
        data: serde_json::Value,
    ) -> Result<()> {
        let about = About {
            person: run.operation.person_id().cloned(),
            app: Some(run.operation.app.clone()),
            account: run.account.clone(),
            operation: Some(run.id.clone()),
            plan: Some(run.plan),
        };
        let mut tx = self.muster.begin();
        tx.fence(&self.lease);
        tx.put_run(run);
        tx.journal(event, about, data);
        tx.commit().await?;
        self.situation.note(run);
        Ok(())
    }

    /// Keeps what an account holds.
    async fn keep_work(&mut self, account: &AccountId, work: &OpenWork) -> Result<()> {
        let seen = BTreeMap::from([(account.clone(), work.clone())]);
        self.muster.keep_work(&self.situation.app.clone(), &seen).await?;
        self.situation.holds(account, work);
        Ok(())
    }

    /// Looks at all that an account holds, and keeps it.
    pub(super) async fn look_at_work(
        &mut self,
        account: &AccountId,
    ) -> Result<std::result::Result<(), ConnectorError>> {
        let now = self.muster.env.now();
        let world = self.situation.world(now)?;
        let since = closed_since(now, muster_domain::engine::hand_over::closed_within_days(&world));
        let connector = self.opened.connector.as_ref();
        let teams = match work::teams(connector, LANE).await {
            Ok(teams) => teams,
            Err(error) => return Ok(Err(error)),
        };
        let how = (LANE, Depth::Whole);
        match work::count(connector, how, (account, &teams), (now, since)).await {
            Ok(work) => self.keep_work(account, &work).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Finds out what became of a hand-over that was interrupted: which tickets of the batch that
    /// was on its way arrived. What is left is planned again, because it is still there. `false`
    /// when the app cannot be read now.
    pub(in crate::service) async fn settle_hand_over(&mut self, run: &mut Run) -> Result<bool> {
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
        let moves = open.and_then(|entry| entry.data.get("moves").cloned());
        let moves: Vec<Move> = match moves {
            Some(moves) => serde_json::from_value(moves)?,
            None => Vec::new(),
        };
        let Some(account) = run.account.clone() else {
            self.park(run, "the account is gone".to_owned()).await?;
            return Ok(true);
        };
        let mut moving = Moving {
            account,
            holders: Vec::new(),
            closed_since: Timestamp::MIN,
            so_far,
            stuck: BTreeMap::new(),
        };
        if let Err(error) = self.read_back_moves(run, &mut moving, &moves).await? {
            self.unanswered(&error).await?;
            run.state = RunState::Unknown;
            run.note = error.message.to_string();
            self.save(run).await?;
            return Ok(false);
        }
        self.answered |= !moves.is_empty();
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

/// Who takes it over, as the app calls them.
fn holders(to: &Recipient, teams: &[Team]) -> std::result::Result<Vec<Holder>, String> {
    match to {
        Recipient::Account { account } => Ok(vec![Holder::Account(account.clone())]),
        Recipient::InTurn { accounts } => {
            Ok(accounts.iter().cloned().map(Holder::Account).collect())
        }
        Recipient::Team { team } => {
            let same = |known: &&Team| known.name.to_lowercase() == team.to_lowercase();
            let found = teams.iter().find(same).map(|team| vec![Holder::Team(team.id.clone())]);
            found.ok_or_else(|| {
                let names: Vec<_> = teams.iter().map(|team| team.name.as_str()).collect();
                format!("the app has no team {team}; it has: {}", names.join(", "))
            })
        }
        Recipient::Unknown => Err("nobody can take the work over".to_owned()),
    }
}

/// Whether a page was refused for where it begins.
const fn is_about_the_place(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict)
}
