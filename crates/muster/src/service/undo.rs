//! Undoing what was done: an order to keep accounts as they were before, and plans that put them
//! back. Everything that holds any other operation holds these too.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        correlate::Match,
        expect::Rules,
        plan,
        undo::{self, Back},
        world::World,
    },
    model::{
        account::AccountChange,
        id::{AccountId, AppName, OperationId, OrderId, PersonId},
        journal::{About, Event},
        keep::{Keep, Wanted, WorkBack},
        operation::{Run, RunState},
        order::Order as _,
        plan::{Action, Operation, Plan},
    },
};
use serde::Serialize;
use serde_json::json;

use super::{Muster, consent::order_begins, situation::Situation};
use crate::{
    error::{Error, Result},
    store::records::RunFilter,
};

/// So long an account is kept as it was put back, when nobody says otherwise.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Something of a run that stays as it is.
#[derive(Debug, Clone, Serialize)]
pub struct Lost {
    /// The run.
    pub operation: OperationId,
    /// What it was, in words.
    pub what: String,
    /// What stays, or why nothing is put back.
    pub why: String,
}

/// What an undo comes to.
#[derive(Debug, Clone, Serialize)]
pub struct Undo {
    /// The orders that it gives.
    pub keeps: Vec<Keep>,
    /// What nothing puts back.
    pub lost: Vec<Lost>,
    /// What puts the rest back: one plan an app, of the accounts concerned.
    pub plans: Vec<Plan>,
}

impl Muster {
    /// What undoing `text` comes to: an operation (`op_…`), or everything of a plan that was
    /// applied, by the beginning of its digest. Writes nothing.
    ///
    /// # Errors
    /// When it names nothing, nothing of it can be put back, or something was done after it.
    pub async fn prepare_undo(
        &self,
        text: &str,
        reason: &str,
        until: Option<Timestamp>,
    ) -> Result<Undo> {
        let now = self.env.now();
        let until = until.unwrap_or_else(|| now.checked_add(KEPT).unwrap_or(Timestamp::MAX));
        if until <= now {
            return Err(Error::Invalid("the end has passed already; give a later one".to_owned()));
        }
        let all = self.store.runs(&RunFilter::default()).await?;
        let mut chosen = chosen(&all, text)?;
        chosen.sort_by_key(|run| std::cmp::Reverse(run.intended));
        let mut lost = Vec::new();
        let mut keeps: BTreeMap<(AppName, AccountId), Keep> = BTreeMap::new();
        let mut works = Vec::new();
        for run in &chosen {
            let said =
                |why: String| Lost { operation: run.id.clone(), what: run.operation.brief(), why };
            let (state, stays) = match undo::back(run) {
                Ok(Back::Account { state, lost }) => (state, lost),
                Ok(Back::Work) => {
                    match self.keep_work_back(run).await? {
                        Ok(keep) => {
                            let rest = keep.work.as_ref().and_then(|it| WorkBack::rest(&it.stays));
                            lost.extend(rest.map(said));
                            let reason = reason.to_owned();
                            works.push(Keep { reason, until, ..keep });
                        }
                        Err(why) => lost.push(said(why)),
                    }
                    continue;
                }
                Err(why) => {
                    lost.push(said(why));
                    continue;
                }
            };
            last_word(run, &chosen, &all)?;
            lost.extend(stays.map(said));
            let Some(account) = &run.account else { continue };
            let key = (run.operation.app.clone(), account.clone());
            // Runs come newest first: what an older one changed is put back further.
            match keeps.get_mut(&key) {
                Some(keep) => overlay(&mut keep.state, state),
                None => {
                    let keep = self.keep(run, account, state).await?;
                    keeps.insert(key, Keep { reason: reason.to_owned(), until, ..keep });
                }
            }
        }
        // The account before its work.
        let mut keeps: Vec<Keep> = keeps.into_values().chain(works).collect();
        keeps.sort_by(|one, other| (&one.app, &one.account).cmp(&(&other.app, &other.account)));
        if keeps.is_empty() {
            let why: Vec<_> = lost.iter().map(|one| format!("{}: {}", one.what, one.why)).collect();
            return Err(Error::Conflict(format!("{text} cannot be undone: {}", why.join("; "))));
        }
        let plans = self.plans_with(&keeps).await?;
        Ok(Undo { keeps, lost, plans })
    }

    /// The order that gives back what a hand-over moved. Why none of it can come back, otherwise.
    async fn keep_work_back(&self, run: &Run) -> Result<std::result::Result<Keep, String>> {
        let Some(account) = &run.account else { return Ok(Err("the account is gone".to_owned())) };
        let keep = self.keep(run, account, AccountChange::default()).await?;
        let situation = self.situation(&run.operation.app).await?;
        let done = |other: &&Run| {
            let same = |undone: &OperationId| *undone == run.id;
            other.state.is_done()
                && matches!(&other.operation.action, Action::GiveBack { undone } if same(undone))
        };
        if let Some(done) = situation.runs.iter().find(done) {
            return Ok(Err(format!("{} gave it back already", done.id)));
        }
        let back = self.work_back(run, (account, &situation)).await?;
        Ok(back.map(|work| Keep { work: Some(work), ..keep }))
    }

    async fn keep(&self, run: &Run, account: &AccountId, state: AccountChange) -> Result<Keep> {
        let operation = &run.operation;
        let now = self.env.now();
        let situation = self.situation(&operation.app).await?;
        let known = situation.accounts.get(account).filter(|known| known.gone.is_none());
        if known.is_none() {
            return Err(Error::Conflict(format!(
                "{} cannot be undone: account {account} is gone",
                run.id
            )));
        }
        if let Some(keep) = situation
            .orders
            .keeps
            .iter()
            .find(|keep| keep.undone == run.id && keep.app == operation.app && now < keep.until)
        {
            return Err(Error::Conflict(format!(
                "{} is undone already; to end that: muster undo --end {}",
                run.id, keep.id
            )));
        }
        let world = situation.world(now)?;
        let (person, against) = whose(&situation, &world, (operation, account))?;
        let id = OrderId::derive(Keep::KIND, &self.actor, now, run.id.as_str());
        Ok(Keep {
            id,
            app: operation.app.clone(),
            account: account.clone(),
            person,
            state,
            work: None,
            against,
            undone: run.id.clone(),
            what: operation.brief(),
            reason: String::new(),
            by: self.actor.clone(),
            at: now,
            until: now,
        })
    }

    /// The plans, as they would be under `keeps`, for the accounts concerned.
    async fn plans_with(&self, keeps: &[Keep]) -> Result<Vec<Plan>> {
        let mut apps: Vec<&AppName> = keeps.iter().map(|keep| &keep.app).collect();
        apps.dedup();
        let mut plans = Vec::new();
        for app in apps {
            let mut situation = self.situation(app).await?;
            let others = |old: &Keep| !keeps.iter().any(|keep| keep.key() == old.key());
            situation.orders.keeps.retain(others);
            situation.orders.keeps.extend(keeps.iter().cloned());
            plans.push(of_kept(situation.plan(self.env.now())?, keeps));
        }
        Ok(plans)
    }

    /// Orders what `undo` comes to. Applying the plans is the next step.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn undo(&self, undo: &Undo) -> Result<()> {
        let mut tx = self.begin();
        for keep in &undo.keeps {
            tx.put_order(keep);
            tx.journal(Event::Undone, about(keep), json!({"keep": keep, "reason": keep.reason}));
        }
        tx.commit().await?;
        Ok(())
    }

    /// The accounts that are kept as an undo put them back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keeps(&self) -> Result<Vec<Keep>> {
        let now = self.env.now();
        let mut keeps = self.store.orders().await?.keeps;
        keeps.retain(|keep| now < keep.until);
        keeps.sort_by_key(|keep| keep.at);
        Ok(keeps)
    }

    /// Ends the undo whose id begins with `text`: the account follows the rules again.
    ///
    /// # Errors
    /// When there is none, or several, or the store fails.
    pub async fn end_undo(&self, text: &str) -> Result<Keep> {
        let mut found = self.keeps().await?;
        found.retain(|keep| order_begins(&keep.id, text) || keep.undone.as_str() == text);
        let Ok([keep]) = <[Keep; 1]>::try_from(found) else {
            return Err(Error::NotFound(format!(
                "no single undo begins with {text}; muster undo lists those that hold"
            )));
        };
        let mut tx = self.begin();
        tx.remove_order(&keep);
        tx.journal(Event::UndoEnded, about(&keep), json!({"keep": keep}));
        tx.commit().await?;
        Ok(keep)
    }
}

/// Whose the account is for the undo of `operation`, and what is asked for in respect of it. What
/// was nobody's then may be somebody's by now.
fn whose(
    situation: &Situation,
    world: &World<'_>,
    (operation, account): (&Operation, &AccountId),
) -> Result<(Option<PersonId>, Wanted)> {
    let now = || match plan::correlation(world).matches.remove(account) {
        Some(Match::Linked { person, .. }) => Some(person),
        _ => None,
    };
    let Some(id) = operation.person_id().cloned().or_else(now) else {
        return Ok((None, undo::wanted_of_nobody(situation.links.get(account))));
    };
    let person = situation
        .people
        .get(&id)
        .ok_or_else(|| Error::NotFound(format!("nobody knows {} any more", operation.name())))?;
    Ok((Some(id), undo::wanted(person, &Rules::new(world).expect(person))))
}

/// Of `plan` what is about kept accounts.
#[must_use]
pub fn of_kept(mut plan: Plan, keeps: &[Keep]) -> Plan {
    plan.operations.retain(|one| {
        keeps.iter().any(|keep| {
            // What becomes of the account besides is none of a hand-over's business.
            let meant = match &one.action {
                Action::GiveBack { undone } => *undone == keep.undone,
                _ => keep.work.is_none(),
            };
            meant && keep.app == one.app && Some(&keep.account) == one.account.as_ref()
        })
    });
    plan.blocked.clear();
    plan.notes.clear();
    plan.upcoming
        .retain(|one| keeps.iter().any(|keep| keep.person.as_ref() == Some(&one.person.id)));
    plan
}

/// The runs that `text` names.
fn chosen<'a>(all: &'a [Run], text: &str) -> Result<Vec<&'a Run>> {
    let digest = text.to_lowercase();
    let is_digest = digest.len() >= 6 && digest.chars().all(|c| c.is_ascii_hexdigit());
    let found: Vec<_> = all
        .iter()
        .filter(|run| {
            run.id.as_str() == text || (is_digest && run.plan.to_string().starts_with(&digest))
        })
        .collect();
    let plans = found.iter().any(|run| Some(run.plan) != found.first().map(|first| first.plan));
    if found.is_empty() || plans {
        return Err(Error::NotFound(format!(
            "{text} is no single operation or plan that was applied; give an op_… id, or 6 or more \
             characters of a plan's digest: muster log"
        )));
    }
    Ok(found)
}

/// Nothing else was done to the account after `run`. What only moved its work left it as it was.
fn last_word(run: &Run, chosen: &[&Run], all: &[Run]) -> Result<()> {
    let later = all.iter().find(|other| {
        other.state == RunState::Verified
            && !other.operation.action.moves_work()
            && other.operation.app == run.operation.app
            && other.account == run.account
            && other.intended > run.intended
            && !chosen.iter().any(|one| one.id == other.id)
    });
    match later {
        Some(later) => Err(Error::Conflict(format!(
            "{} was followed by {} ({}) on the same account; undo that one instead",
            run.id,
            later.id,
            later.operation.brief()
        ))),
        None => Ok(()),
    }
}

fn overlay(state: &mut AccountChange, older: AccountChange) {
    let AccountChange { name, role, sign_in } = older;
    state.name = name.or_else(|| state.name.take());
    state.role = role.or_else(|| state.role.take());
    state.sign_in = sign_in.or(state.sign_in);
}

fn about(keep: &Keep) -> About {
    About {
        app: Some(keep.app.clone()),
        person: keep.person.clone(),
        account: Some(keep.account.clone()),
        operation: Some(keep.undone.clone()),
        ..About::default()
    }
}
