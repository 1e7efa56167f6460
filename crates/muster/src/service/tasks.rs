//! Tasks: what only a human can do, with since when and by whom; and keeping the clocks of tasks
//! and gaps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::{
        gaps::{self, Gap},
        plan,
        readiness::{self, Starter},
        seats::{self, Seats},
        tasks::{self, Task},
    },
    model::{
        id::{AppName, TaskId},
        journal::{About, Event},
        order::Assignment,
        plan::Plan,
    },
};
use serde_json::json;

use super::{Muster, situation::Situation};
use crate::error::{Error, Result};

/// What is to be noted about a task. `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Who should do it.
    pub owner: Option<String>,
    /// By when.
    pub due: Option<Timestamp>,
    /// What to note.
    pub note: Option<String>,
}

impl Muster {
    /// Every gap between the people and the accounts of `app`, as last seen, each with since when
    /// it has been there.
    ///
    /// # Errors
    /// As [`Muster::situation`].
    pub async fn gaps(&self, app: &AppName) -> Result<Vec<Gap>> {
        let noticed = self.store.noticed(app).await?;
        let situation = self.situation(app).await?;
        Ok(self.plan_and_gaps(&situation, &noticed)?.1)
    }

    /// The plan, and the gaps with what of it would close them.
    fn plan_and_gaps(
        &self,
        situation: &Situation,
        noticed: &BTreeMap<String, Timestamp>,
    ) -> Result<(Plan, Vec<Gap>)> {
        let world = situation.world(self.env.now())?;
        let correlation = plan::correlation(&world);
        let plan = plan::plan(&world, &correlation);
        let gaps = gaps::gaps(&world, &correlation)
            .into_iter()
            .map(|gap| {
                let since = noticed.get(&gap.key()).copied();
                gap.since(since, world.now).closed_by(&plan)
            })
            .collect();
        Ok((plan, gaps))
    }

    /// What only a human can do in `app`, the most urgent first.
    ///
    /// # Errors
    /// As [`Muster::situation`].
    pub async fn tasks(&self, app: &AppName) -> Result<Vec<Task>> {
        let noticed = self.store.noticed(app).await?;
        let situation = self.situation(app).await?;
        let (plan, gaps) = self.plan_and_gaps(&situation, &noticed)?;
        self.tasks_in((&situation, &plan), &gaps, &noticed)
    }

    fn tasks_in(
        &self,
        (situation, plan): (&Situation, &Plan),
        gaps: &[Gap],
        noticed: &BTreeMap<String, Timestamp>,
    ) -> Result<Vec<Task>> {
        let world = situation.world(self.env.now())?;
        let since =
            |(what, since): (&String, &Timestamp)| Some((what.parse::<TaskId>().ok()?, *since));
        let noticed = noticed.iter().filter_map(since).collect();
        Ok(tasks::tasks(&world, plan, gaps, &noticed))
    }

    /// Keeps since when each gap and task of `app` has been there, and journals which came and
    /// which went. Writes nothing when none did.
    ///
    /// # Errors
    /// As [`Muster::situation`].
    pub async fn notice(&self, app: &AppName) -> Result<Vec<Gap>> {
        let noticed = self.store.noticed(app).await?;
        let situation = self.situation(app).await?;
        let now = self.env.now();
        let (plan, gaps) = self.plan_and_gaps(&situation, &noticed)?;
        let tasks = self.tasks_in((&situation, &plan), &gaps, &noticed)?;
        // What nobody noticed before is there since now, as far as anybody knows.
        let gaps: Vec<Gap> = gaps.into_iter().map(|gap| gap.since(Some(now), now)).collect();
        let mut there: BTreeMap<String, Timestamp> =
            gaps.iter().map(|gap| (gap.key(), gap.since.unwrap_or(now))).collect();
        there.extend(tasks.iter().map(|task| (task.id.to_string(), task.since)));
        let is_task = |what: &str| what.parse::<TaskId>().is_ok();
        let went: Vec<String> =
            noticed.keys().filter(|what| !there.contains_key(*what)).cloned().collect();
        there.retain(|what, _| !noticed.contains_key(what));
        if there.is_empty() && went.is_empty() {
            return Ok(gaps);
        }
        let count = |tasks: bool, whats: &mut dyn Iterator<Item = &String>| {
            whats.filter(|what| is_task(what) == tasks).count()
        };
        let data = json!({
            "gaps_came": count(false, &mut there.keys()),
            "gaps_went": count(false, &mut went.iter()),
            "tasks_came": count(true, &mut there.keys()),
            "tasks_went": count(true, &mut went.iter()),
            "came": there.keys().take(LISTED).collect::<Vec<_>>(),
            "went": went.iter().take(LISTED).collect::<Vec<_>>(),
        });
        let mut tx = self.begin();
        tx.notice(app, &there, went);
        let about = About { app: Some(app.clone()), ..About::default() };
        tx.journal(Event::Noticed, about, data);
        tx.commit().await?;
        Ok(gaps)
    }

    /// Asks somebody to do the task whose id begins with `text`, or gives it another date or note.
    ///
    /// # Errors
    /// When no task is called so, or several; when nothing is asked; when the store fails.
    pub async fn ask(&self, apps: &[AppName], text: &str, ask: Ask) -> Result<Task> {
        let Ask { owner, due, note } = ask;
        if owner.is_none() && due.is_none() && note.is_none() {
            return Err(Error::Invalid(
                "say what: --to NAME, --due TIME or --note TEXT".to_owned(),
            ));
        }
        let task = self.find_task(apps, text).await?;
        let before: Option<Assignment> = self.store.order(task.id.as_str()).await?;
        let as_manager = match &owner {
            Some(owner) => {
                let situation = self.situation(&task.app).await?;
                let world = situation.world(self.env.now())?;
                tasks::asks_manager(&world, task.person.as_ref(), owner)
            }
            None => before.as_ref().and_then(|kept| kept.as_manager.clone()),
        };
        let (kept_owner, kept_due, kept_note) =
            before.map_or((None, None, None), |kept| (kept.owner, kept.due, kept.note));
        let assignment = Assignment {
            task: task.id.clone(),
            owner: owner.or(kept_owner),
            as_manager,
            due: due.or(kept_due),
            note: note.or(kept_note),
            by: self.actor.clone(),
            at: self.env.now(),
        };
        let mut tx = self.begin();
        tx.put_order(&assignment);
        let about = About {
            app: Some(task.app.clone()),
            person: task.person.clone(),
            account: task.account.clone(),
            ..About::default()
        };
        tx.journal(Event::TaskAssigned, about, json!({"task": task.title, "asked": assignment}));
        tx.commit().await?;
        let tasks = self.tasks(&task.app).await?;
        Ok(tasks.into_iter().find(|now| now.id == task.id).unwrap_or(task))
    }

    /// The task whose id begins with `text`.
    ///
    /// # Errors
    /// When there is none, or several.
    pub async fn find_task(&self, apps: &[AppName], text: &str) -> Result<Task> {
        let mut found = Vec::new();
        for app in apps {
            let fits = |task: &Task| {
                let id = task.id.as_str();
                id.starts_with(text) || id.trim_start_matches("tsk_").starts_with(text)
            };
            found.extend(self.tasks(app).await?.into_iter().filter(fits));
        }
        match <[Task; 1]>::try_from(found) {
            Ok([task]) => Ok(task),
            Err(found) if found.is_empty() => Err(Error::NotFound(format!(
                "no open task begins with {text}: it may be done; see muster tasks list"
            ))),
            Err(_) => Err(Error::Invalid(format!(
                "{text} names several tasks; give more of the id: muster tasks list"
            ))),
        }
    }

    /// The seats of `app` in use, and what is coming until `horizon`.
    ///
    /// # Errors
    /// As [`Muster::situation`].
    pub async fn seats(&self, app: &AppName, horizon: Timestamp) -> Result<Seats> {
        let situation = self.situation(app).await?;
        let world = situation.world(self.env.now())?;
        let correlation = plan::correlation(&world);
        Ok(seats::seats(&world, &correlation, &plan::plan(&world, &correlation), horizon))
    }

    /// Who starts in `app` until `horizon`, and whether they will be able to sign in.
    ///
    /// # Errors
    /// As [`Muster::situation`].
    pub async fn readiness(&self, app: &AppName, horizon: Timestamp) -> Result<Vec<Starter>> {
        let situation = self.situation(app).await?;
        let world = situation.world(self.env.now())?;
        let correlation = plan::correlation(&world);
        let plan = plan::plan(&world, &correlation);
        Ok(readiness::readiness(&world, &correlation, &plan, horizon))
    }
}

/// So many are named in an entry of the journal; all are counted.
const LISTED: usize = 100;
