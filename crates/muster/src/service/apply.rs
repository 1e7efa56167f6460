//! Applying: carrying out the operations of a confirmed plan, one at a time, each re-checked
//! against a fresh read, journaled before the call, and believed only when read back.

pub(super) mod attempt;
mod give_back;
mod hand_over;
mod moving;
mod teams;

use std::{collections::BTreeSet, time::Duration};

use muster_domain::{
    engine::plan::{NotReleased, Released},
    model::{
        account::Account,
        canonical::Digest,
        id::{AppName, PersonId},
        journal::{About, Event},
        operation::{Run, RunState},
        plan::{Action, Operation, Plan},
    },
};
use serde::Serialize;
use serde_json::json;

use super::{
    Muster, Opened, Watch,
    situation::{Situation, about_run},
    urgent::Right,
};
use crate::{
    connector::{ConnectorError, ErrorKind, Lane},
    error::{Error, Result},
    store::{StoreError, records::RunFilter},
};

/// How long a node may be silent before another may take a connection over.
pub(super) const LEASE: Duration = Duration::from_secs(120);

/// So many calls in a row that the app could not be reached for end the run for this app.
const UNREACHABLE_LIMIT: u32 = 3;

/// What is to be applied.
#[derive(Debug, Clone)]
pub struct ApplyRequest {
    /// The plan as it was confirmed.
    pub plan: Plan,
    /// Only this person's operations.
    pub only: Option<PersonId>,
}

/// Why an operation was not even tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Skipped {
    /// Something holds it; the holds say what would release it.
    Held,
    /// The world moved since the plan was confirmed: nobody asks for it any more.
    Void,
    /// The run for this app ended before its turn came.
    NotReached {
        /// Why it ended.
        why: String,
    },
}

/// An operation that was not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotTried {
    /// The operation, with its holds.
    pub operation: Operation,
    /// Why.
    pub skipped: Skipped,
}

/// What became of it all.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Applied {
    /// The runs that were made or settled, in order.
    pub runs: Vec<Run>,
    /// The operations that were not tried.
    pub not_tried: Vec<NotTried>,
}

impl Applied {
    /// Whether everything is done and nothing waits.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let settled = |run: &Run| run.state.is_done() || run.state == RunState::Void;
        self.runs.iter().all(settled)
            && self.not_tried.iter().all(|one| one.skipped == Skipped::Void)
    }
}

/// A run of an apply in progress: what it holds on to while it goes.
pub(super) struct Applying<'a> {
    pub(super) muster: &'a Muster,
    pub(super) opened: Opened,
    pub(super) situation: Situation,
    pub(super) right: Right,
    pub(super) plan: Digest,
    pub(super) watch: &'a dyn Watch,
    pub(super) applied: Applied,
    /// Whether the app has answered and did not refuse the key since.
    pub(super) answered: bool,
    unreachable: u32,
    seats_full: bool,
    /// The people for whom a deletion did not go through: their others wait.
    not_deleted: BTreeSet<PersonId>,
}

impl Muster {
    /// Applies a confirmed plan. Operations that changed since it was confirmed are void; what is
    /// held waits; what was begun before a crash is settled first.
    ///
    /// # Errors
    /// When the app is not connected, another node is at work on it, or the store fails. Failures
    /// of single operations are part of the outcome.
    pub async fn apply(&self, request: &ApplyRequest, watch: &dyn Watch) -> Result<Applied> {
        let right = self.take_lease(&request.plan.app).await?;
        let outcome = self.apply_under(right.clone(), request, watch).await;
        let released = self.store.release(right.lease().clone()).await;
        let applied = outcome?;
        released?;
        if !applied.runs.is_empty() {
            self.notice(&request.plan.app).await?;
            self.run_checks().await?;
        }
        Ok(applied)
    }

    pub(super) async fn apply_under(
        &self,
        right: Right,
        request: &ApplyRequest,
        watch: &dyn Watch,
    ) -> Result<Applied> {
        let plan = request.plan.digest()?;
        let mut applying = Applying::begin(self, &request.plan.app, right, plan, watch).await?;
        applying.keep_plan(&request.plan).await?;
        let outcome = applying.run(request).await;
        if applying.answered {
            self.mark_seen(&applying.opened, None).await?;
        }
        outcome.map(|()| applying.applied)
    }

    /// Finds out what became of everything that an earlier run left open, so that the next plan
    /// knows. Makes no request when nothing is open.
    ///
    /// # Errors
    /// As [`Muster::apply`]. What cannot be read now stays open, and its operations wait.
    pub async fn settle(&self, app: &AppName, watch: &dyn Watch) -> Result<Vec<Run>> {
        let open = RunFilter {
            app: Some(app.clone()),
            states: [RunState::Intended, RunState::Accepted, RunState::Unknown].into(),
            limit: Some(1),
            ..RunFilter::default()
        };
        if self.store.runs(&open).await?.is_empty() {
            return Ok(Vec::new());
        }
        let right = self.take_lease(app).await?;
        let settled = self.settle_under(right.clone(), app, watch).await;
        let released = self.store.release(right.lease().clone()).await;
        let runs = settled?;
        released?;
        Ok(runs)
    }

    pub(super) async fn settle_under(
        &self,
        right: Right,
        app: &AppName,
        watch: &dyn Watch,
    ) -> Result<Vec<Run>> {
        let mut applying = Applying::begin(self, app, right, Digest::zero(), watch).await?;
        // Why something could not be settled is in its run's note, and its operations wait.
        let _ = applying.settle_all().await?;
        if applying.answered {
            self.mark_seen(&applying.opened, None).await?;
        }
        Ok(applying.applied.runs)
    }

    async fn take_lease(&self, app: &AppName) -> Result<Right> {
        let name = lease_name(app);
        let taken = self.store.lease(&name, &self.node, self.env.now(), LEASE).await?;
        let lease = taken.ok_or_else(|| {
            Error::Busy(format!(
                "another node is at work on {app}; wait until it is done, two minutes at most"
            ))
        })?;
        Ok(Right::Routine { lease, way: self.way(app).await? })
    }
}

/// What a node leases that changes an app.
pub(super) fn lease_name(app: &AppName) -> String {
    format!("app/{app}")
}

/// The operations of `plan` that an approval of `wanted` would let go: beginnings of fingerprints,
/// or `all`.
///
/// # Errors
/// When one of them names no operation, several, or one that an approval does not help.
pub fn approvable<'a>(plan: &'a Plan, wanted: &[String]) -> Result<Vec<&'a Operation>> {
    let mut found: Vec<&Operation> = Vec::new();
    for text in wanted {
        for operation in chosen(plan, text)? {
            if !found.iter().any(|known| known.fingerprint == operation.fingerprint) {
                found.push(operation);
            }
        }
    }
    Ok(found)
}

/// The operations of `plan` that `text` names: a fingerprint's beginning, or `all`.
fn chosen<'a>(plan: &'a Plan, text: &str) -> Result<Vec<&'a Operation>> {
    let text = text.trim().to_lowercase();
    if text == "all" {
        return Ok(plan
            .operations
            .iter()
            .filter(|operation| !operation.goes() && operation.goes_when_approved())
            .collect());
    }
    let operation = named(plan, &text)?;
    match operation.holds.iter().find(|hold| !hold.kind.lifted_by_approval()) {
        Some(hold) => Err(Error::Conflict(format!(
            "approving {text} would not help: {}; {}",
            hold.reason, hold.release
        ))),
        None => Ok(vec![operation]),
    }
}

/// The operation of `plan` whose fingerprint begins with `text`.
///
/// # Errors
/// When there is none, or several.
pub fn named<'a>(plan: &'a Plan, text: &str) -> Result<&'a Operation> {
    let text = text.trim().to_lowercase();
    let fits = |operation: &&Operation| operation.fingerprint.to_string().starts_with(&text);
    let found: Vec<_> = plan.operations.iter().filter(fits).collect();
    match found.as_slice() {
        [operation] if text.len() >= 6 => Ok(operation),
        [] => Err(Error::NotFound(format!(
            "no operation of the plan for {} begins with {text}; see muster plan {}",
            plan.app, plan.app
        ))),
        _ => Err(Error::Invalid(format!(
            "{text:?} does not name one operation: give at least 6 characters of its fingerprint, \
             and enough to tell it apart"
        ))),
    }
}

impl<'a> Applying<'a> {
    async fn begin(
        muster: &'a Muster,
        app: &AppName,
        right: Right,
        plan: Digest,
        watch: &'a dyn Watch,
    ) -> Result<Self> {
        Ok(Self {
            muster,
            opened: muster.open_by(&right, app).await?,
            situation: muster.situation(app).await?,
            right,
            plan,
            watch,
            applied: Applied::default(),
            answered: false,
            unreachable: 0,
            seats_full: false,
            not_deleted: BTreeSet::new(),
        })
    }

    async fn keep_plan(&self, plan: &Plan) -> Result<()> {
        if plan.operations.is_empty() || self.muster.store.plan(&self.plan).await?.is_some() {
            return Ok(());
        }
        let mut tx = self.muster.begin();
        tx.put_plan(plan);
        let about =
            About { app: Some(plan.app.clone()), plan: Some(self.plan), ..About::default() };
        tx.journal(Event::PlanMade, about, json!({"operations": plan.operations.len()}));
        tx.commit().await?;
        Ok(())
    }

    async fn run(&mut self, request: &ApplyRequest) -> Result<()> {
        if let Err(why) = self.settle_all().await? {
            return self.give_up(request, 0, &why);
        }
        let wanted =
            |operation: &Operation| request.only.as_ref().is_none_or(|only| operation.is_for(only));
        for (index, operation) in request.plan.operations.iter().enumerate() {
            if !wanted(operation) {
                continue;
            }
            if let Some(why) = self.watch.stop() {
                return self.give_up(request, index, &why);
            }
            if let Err(why) = self.one(operation).await? {
                return self.give_up(request, index + 1, &why);
            }
        }
        Ok(())
    }

    /// Lists what is not reached because the run ends here.
    fn give_up(&mut self, request: &ApplyRequest, from: usize, why: &str) -> Result<()> {
        let rest = request.plan.operations.iter().skip(from);
        for operation in rest {
            if request.only.as_ref().is_some_and(|only| !operation.is_for(only)) {
                continue;
            }
            let skipped = Skipped::NotReached { why: why.to_owned() };
            self.applied.not_tried.push(NotTried { operation: operation.clone(), skipped });
        }
        Ok(())
    }

    fn skip(&mut self, operation: &Operation, skipped: Skipped) {
        self.applied.not_tried.push(NotTried { operation: operation.clone(), skipped });
    }

    /// Does one operation of the plan, with the next rung of the ladder if the app ignores it.
    /// `Err` inside is why the run must end here.
    async fn one(&mut self, planned: &Operation) -> Result<std::result::Result<(), String>> {
        if !planned.action.deletes() || !planned.goes() {
            return self.try_one(planned).await;
        }
        if planned.person_id().is_some_and(|id| self.not_deleted.contains(id)) {
            let why = "another deletion for the same person did not go through".to_owned();
            self.skip(planned, Skipped::NotReached { why });
            return Ok(Ok(()));
        }
        let ended = self.try_one(planned).await?;
        let through =
            |run: &Run| run.operation.fingerprint == planned.fingerprint && run.state.is_done();
        if !self.applied.runs.iter().any(through) {
            self.not_deleted.extend(planned.person_id().cloned());
        }
        Ok(ended)
    }

    /// Tries it, again from the beginning when somebody went first in the middle.
    async fn try_one(&mut self, planned: &Operation) -> Result<std::result::Result<(), String>> {
        loop {
            match self.attempt(planned).await {
                Err(Error::Store(StoreError::Overtaken { .. })) => {}
                ended => return ended,
            }
        }
    }

    async fn attempt(&mut self, planned: &Operation) -> Result<std::result::Result<(), String>> {
        if !planned.goes() {
            self.skip(planned, Skipped::Held);
            return Ok(Ok(()));
        }
        if self.seats_full && matches!(planned.action, Action::Create { .. }) {
            let why = "no seat is left in the app".to_owned();
            self.skip(planned, Skipped::NotReached { why });
            return Ok(Ok(()));
        }
        self.make_way().await?;
        self.renew().await?;
        let before = match self.look(planned).await? {
            Ok(before) => before,
            Err(error) => {
                let why = error.message.to_string();
                self.skip(planned, Skipped::NotReached { why: why.clone() });
                return Ok(self.after_failure(&error.kind, why));
            }
        };
        if let (Action::Delete, Some(account)) = (&planned.action, &before) {
            // What it holds by now, all of it (law 5).
            if let Err(error) = self.look_at_work(&account.id.clone()).await? {
                let why = error.message.to_string();
                self.skip(planned, Skipped::NotReached { why: why.clone() });
                return Ok(self.after_failure(&error.kind, why));
            }
        }
        let fresh = self.fresh_plan(planned).await?;
        match Released::check(planned, &fresh) {
            Ok(released) => self.carry_out(released, before).await,
            Err(NotReleased::Held(operation)) => {
                self.skip(&operation, Skipped::Held);
                Ok(Ok(()))
            }
            Err(NotReleased::Void) => {
                self.void_or_already(planned, before).await?;
                Ok(Ok(()))
            }
        }
    }

    /// Waits for those who go first. What they did is looked at anew.
    pub(super) async fn make_way(&mut self) -> Result<()> {
        let Right::Routine { way, .. } = &mut self.right else { return Ok(()) };
        let now = self.muster.way(&self.situation.app).await?;
        if now != *way {
            *way = now;
            self.opened.budget.was_used_by_others();
            self.situation = self.muster.situation(&self.situation.app).await?;
        }
        Ok(())
    }

    /// Loads the person and what was ordered by hand anew, and plans for her alone; where it is
    /// about an account that is nobody's, what was said of the accounts, and plans for that one.
    pub(super) async fn fresh_plan(&mut self, operation: &Operation) -> Result<Plan> {
        let now = self.muster.env.now();
        match operation.person_id() {
            Some(person) => {
                self.situation.know(person, self.muster.store.person(person).await?);
            }
            None => self.situation.tie(self.muster.store.links(&operation.app).await?),
        }
        self.situation.orders = self.muster.store.orders().await?;
        self.situation.plan_again(operation, now)
    }

    /// Reads the account, or looks for one where none should be, just before the write.
    async fn look(
        &mut self,
        planned: &Operation,
    ) -> Result<std::result::Result<Option<Account>, ConnectorError>> {
        let lane = lane(&planned.action);
        let found = match (&planned.action, &planned.account) {
            (Action::Create { new }, _) => self
                .opened
                .connector
                .find(lane, &new.email)
                .await
                .map(|found| found.into_iter().next()),
            (_, Some(id)) => self.opened.connector.account(lane, id).await,
            (_, None) => Ok(None),
        };
        match found {
            Ok(account) => {
                self.unreachable = 0;
                self.answered = true;
                self.keep_look(planned, account.as_ref()).await?;
                Ok(Ok(account))
            }
            Err(error) => {
                self.unanswered(&error).await?;
                Ok(Err(error))
            }
        }
    }

    /// A read failed: when the key is refused, the app cannot be seen any more.
    pub(super) async fn unanswered(&mut self, error: &ConnectorError) -> Result<()> {
        if matches!(error.kind, ErrorKind::Unauthorized | ErrorKind::Forbidden) {
            self.answered = false;
        }
        self.muster.mark_unseen(&self.situation.app, error).await
    }

    /// Keeps what a look showed, when it is news.
    async fn keep_look(&mut self, planned: &Operation, account: Option<&Account>) -> Result<()> {
        match (account, &planned.account) {
            (Some(account), _) => self.keep(account).await,
            (None, Some(id)) => self.forget(id).await,
            (None, None) => Ok(()),
        }
    }

    /// The operation is not asked for any more: because the world is already as it wanted, or
    /// because the world moved elsewhere.
    async fn void_or_already(
        &mut self,
        planned: &Operation,
        before: Option<Account>,
    ) -> Result<()> {
        let already = match (&planned.action, &before) {
            (action, None) if planned.account.is_some() && action.removes_access() => {
                Some(self.already_absent())
            }
            (Action::Create { .. }, Some(account)) => {
                Some(format!("account {} already holds the address", account.id))
            }
            (action, Some(account))
                if planned.after.as_ref() == Some(&account.into()) && !action.moves_work() =>
            {
                Some("the account was already so".to_owned())
            }
            _ => None,
        };
        let Some(note) = already else {
            self.skip(planned, Skipped::Void);
            return Ok(());
        };
        let mut run = self.new_run(planned, before);
        run.state = RunState::AlreadySo;
        run.note = note;
        self.save(&run).await
    }

    /// Absent before anything was done: not our doing.
    pub(super) fn already_absent(&self) -> String {
        let seen = self.situation.sight.started;
        let seen = seen.map(|at| at.strftime(", last seen %Y-%m-%d %H:%M UTC").to_string());
        format!("the account was already absent{}", seen.unwrap_or_default())
    }

    pub(super) fn new_run(&self, operation: &Operation, before: Option<Account>) -> Run {
        let now = self.muster.env.now();
        Run {
            id: muster_domain::model::id::OperationId::from_chance(self.muster.env.chance()),
            plan: self.plan,
            operation: operation.clone(),
            state: RunState::Intended,
            note: String::new(),
            account: operation.account.clone().or_else(|| before.as_ref().map(|b| b.id.clone())),
            before_image: before,
            approved_by: operation.approved_by.clone(),
            calls: 0,
            intended: now,
            changed: now,
            invited: false,
        }
    }

    /// Commits a run's state with its journal entry, and tells whoever watches.
    pub(super) async fn save(&mut self, run: &Run) -> Result<()> {
        // Since when it stands there is what deadlines and evidence are judged by.
        let run = &Run { changed: self.muster.env.now(), ..run.clone() };
        let intended = run.state == RunState::Intended;
        let event = if intended { Event::OperationIntended } else { Event::OperationChanged };
        let about = about_run(run);
        let data = if intended {
            json!({"operation": run.operation, "before": run.before_image, "approved_by": run.approved_by})
        } else {
            json!({"action": run.operation.action.word(), "state": run.state, "note": run.note, "calls": run.calls})
        };
        let mut tx = self.muster.begin();
        tx.fence(self.right.lease());
        let writes = !run.operation.action.moves_work();
        if let (Right::Routine { way, .. }, true) = (&self.right, intended && writes) {
            tx.unless_taken(way);
        }
        self.situation.keep_run(&mut tx, run);
        tx.journal(event, about, data);
        tx.commit().await?;
        self.situation.note(run);
        match self.applied.runs.iter_mut().find(|known| known.id == run.id) {
            Some(known) => *known = run.clone(),
            None => self.applied.runs.push(run.clone()),
        }
        self.watch.run(run);
        Ok(())
    }

    async fn renew(&mut self) -> Result<()> {
        let now = self.muster.env.now();
        let ttl = self.right.ttl();
        let renewed = self.muster.store.renew(self.right.lease(), now, ttl).await?;
        self.right.renewed(renewed.ok_or_else(|| {
            Error::Busy("another node took over while this one was silent; run it again".to_owned())
        })?);
        Ok(())
    }

    /// Whether a failure ends the run for this app.
    pub(super) fn after_failure(
        &mut self,
        kind: &ErrorKind,
        why: String,
    ) -> std::result::Result<(), String> {
        match kind {
            ErrorKind::Unauthorized => Err(why),
            ErrorKind::Unavailable | ErrorKind::RateLimited { .. } => {
                self.unreachable += 1;
                if self.unreachable >= UNREACHABLE_LIMIT { Err(why) } else { Ok(()) }
            }
            ErrorKind::NoSeat => {
                self.seats_full = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Cutting access goes before everything else.
pub(super) fn lane(action: &Action) -> Lane {
    if action.removes_access() && *action != Action::Delete { Lane::Leaver } else { Lane::Routine }
}
