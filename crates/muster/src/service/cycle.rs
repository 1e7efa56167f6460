//! One round of the loop for one app: settle what was left open, read where it is time, plan, and
//! apply what nothing holds.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::schedule::{self, Asking, FinalWord, Turn},
    model::{
        cycle::{Cycle, Trouble, Why},
        id::AppName,
        journal::{About, Event},
        plan::Plan,
        policy::{AppPolicy, Policy},
    },
};
use serde::Serialize;
use serde_json::json;

use super::{
    Muster, Watch,
    apply::{Applied, ApplyRequest},
};
use crate::{
    connector::ErrorKind,
    error::{Error, Result},
    store::records::Lease,
};

/// How long a node may be silent before another may go round for the same app.
const TTL: Duration = Duration::from_secs(60);

/// How often a node says that it is still there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// What a round did.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    /// The app.
    pub app: AppName,
    /// Why it went round.
    pub why: Why,
    /// Whether the whole app was read.
    pub read: bool,
    /// What was applied, if anything went.
    pub applied: Option<Applied>,
    /// How many operations wait for something.
    pub waiting: usize,
}

/// When the loop goes round for an app, and what it remembers.
#[derive(Debug, Clone)]
pub struct Due {
    /// The app.
    pub app: AppName,
    /// What comes next.
    pub turn: Turn,
    /// What it remembers, if it ever went round.
    pub cycle: Option<Cycle>,
}

impl Muster {
    /// When the loop goes round for each connected app. `asked` are those for which somebody asked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn due(&self, asked: &[AppName]) -> Result<Vec<Due>> {
        let connections = self.store.connections().await?;
        let policy = self.policy_or_none().await?;
        let mut cycles = self.store.cycles().await?;
        let now = self.env.now();
        let heard = cycles.values().map(|cycle| cycle.heard).min();
        let (head, _) = self.store.journal_head().await?;
        // Apps that are all up to date cost one look at the head.
        let events = match heard {
            Some(heard) if heard < head => self.news_since(&cycles).await?,
            _ => BTreeMap::new(),
        };
        Ok(connections
            .into_iter()
            .map(|connection| {
                let app = connection.app;
                let cycle = cycles.remove(&app);
                let turn = schedule::turn(&Asking {
                    cycle: cycle.as_ref(),
                    interval: interval(&policy, &app),
                    news: events.get(&app).copied().unwrap_or_default(),
                    asked: asked.contains(&app),
                    now,
                });
                Due { app, turn, cycle }
            })
            .collect())
    }

    /// For which apps something new was journaled since their last round listened.
    async fn news_since(
        &self,
        cycles: &BTreeMap<AppName, Cycle>,
    ) -> Result<BTreeMap<AppName, bool>> {
        let mut news = BTreeMap::new();
        let mut by_seq = BTreeMap::new();
        for (app, cycle) in cycles {
            let events = match by_seq.get(&cycle.heard) {
                Some(events) => events,
                None => {
                    let events = self.store.events_since(cycle.heard).await?;
                    by_seq.entry(cycle.heard).or_insert(events)
                }
            };
            let is_news = events.iter().any(|(event, about)| {
                event.is_news() && about.as_ref().is_none_or(|about| about == app)
            });
            news.insert(app.clone(), is_news);
        }
        Ok(news)
    }

    /// Goes round for `app`. `None` when another node does.
    ///
    /// # Errors
    /// When the app fails, which is remembered and counted, or the store does.
    pub async fn go_round(
        &self,
        app: &AppName,
        why: Why,
        watch: &dyn Watch,
    ) -> Result<Option<Round>> {
        let name = format!("cycle/{app}");
        let taken = self.store.lease(&name, &self.node, self.env.now(), TTL).await?;
        let Some(lease) = taken else { return Ok(None) };
        let going = pin!(self.round(app, why, watch));
        let ended = match select(going, pin!(self.keep_alive(&lease))).await {
            Either::Left((ended, _)) => ended,
            Either::Right((lost, _)) => Err(lost),
        };
        let released = self.store.release(lease).await;
        let round = ended?;
        released?;
        Ok(Some(round))
    }

    async fn keep_alive(&self, lease: &Lease) -> Error {
        loop {
            self.env.beside(SIGN_OF_LIFE).await;
            match self.store.renew(lease, self.env.now(), TTL).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    return Error::Busy("another node took this round over".to_owned());
                }
                Err(error) => return error.into(),
            }
        }
    }

    async fn round(&self, app: &AppName, why: Why, watch: &dyn Watch) -> Result<Round> {
        let before = self.store.cycles().await?.remove(app);
        let interval = interval(&self.policy_or_none().await?, app);
        let began = self.env.now();
        let reads = schedule::reads(why, before.as_ref(), interval, began);
        // What is journaled from here on is news to the next round.
        let (heard, _) = self.store.journal_head().await?;
        let trouble = before.as_ref().and_then(|before| before.trouble.clone());
        let last_read = before.as_ref().and_then(|before| before.read);
        match self.see_and_do(app, reads, watch).await {
            Ok((plan, applied)) => {
                let cycle = Cycle {
                    ended: self.env.now(),
                    read: if reads { Some(began) } else { last_read },
                    heard,
                    next_change: plan.as_ref().and_then(|plan| next_change(plan, began)),
                    trouble: None,
                };
                self.store.remember_cycle(app, &cycle).await?;
                if trouble.is_some_and(|trouble| trouble.quarantined.is_some()) {
                    self.say(Event::AppReleased, app, json!({})).await?;
                }
                let waits = |plan: &Plan| plan.operations.iter().filter(|one| !one.goes()).count();
                let waiting = plan.as_ref().map_or(0, waits);
                Ok(Round { app: app.clone(), why, read: reads, applied, waiting })
            }
            Err(error) => {
                if let Error::App { source, .. } = &error {
                    let word = match source.kind {
                        ErrorKind::Unauthorized | ErrorKind::Forbidden => FinalWord::Yes,
                        _ => FinalWord::No,
                    };
                    let reason = source.message.to_string();
                    let now = self.env.now();
                    let after = schedule::failed(trouble.as_ref(), reason, word, now);
                    self.remember_trouble(app, before, (trouble, after), heard).await?;
                }
                Err(error)
            }
        }
    }

    /// Settles, reads where it is time, plans and applies. Gives the plan as it is in the end.
    async fn see_and_do(
        &self,
        app: &AppName,
        reads: bool,
        watch: &dyn Watch,
    ) -> Result<(Option<Plan>, Option<Applied>)> {
        self.settle(app, watch).await?;
        if reads {
            self.sync(app).await?;
        }
        let policy = self.policy_or_none().await?;
        if !policy.apps.contains_key(app) {
            return Ok((None, None));
        }
        let plan = self.plan(app, None).await?;
        if !plan.operations.iter().any(muster_domain::model::plan::Operation::goes) {
            if !reads {
                // What is new may change checks and tasks where it changes no account.
                self.notice(app).await?;
                self.run_checks().await?;
            }
            return Ok((Some(plan), None));
        }
        let applied = self.apply(&ApplyRequest { plan, only: None }, watch).await?;
        Ok((Some(self.plan(app, None).await?), Some(applied)))
    }

    async fn remember_trouble(
        &self,
        app: &AppName,
        before: Option<Cycle>,
        (trouble, after): (Option<Trouble>, Trouble),
        heard: u64,
    ) -> Result<()> {
        let newly = after.quarantined.is_some()
            && trouble.is_none_or(|trouble| trouble.quarantined.is_none());
        let (failures, reason) = (after.failures, after.reason.clone());
        let cycle = Cycle {
            ended: self.env.now(),
            read: before.as_ref().and_then(|before| before.read),
            // What was new stays new to the next round.
            heard: before.as_ref().map_or(heard, |before| before.heard),
            next_change: before.and_then(|before| before.next_change),
            trouble: Some(after),
        };
        self.store.remember_cycle(app, &cycle).await?;
        if newly {
            let data = json!({"failures": failures, "reason": reason});
            self.say(Event::AppQuarantined, app, data).await?;
        }
        Ok(())
    }

    async fn say(&self, event: Event, app: &AppName, data: serde_json::Value) -> Result<()> {
        let mut tx = self.begin();
        tx.journal(event, About { app: Some(app.clone()), ..About::default() }, data);
        tx.commit().await?;
        Ok(())
    }
}

/// The time between two full reads of `app`.
fn interval(policy: &Policy, app: &AppName) -> SignedDuration {
    let standard = || AppPolicy::observe_only("").read_every_minutes;
    let minutes = policy.apps.get(app).map_or_else(standard, |rules| rules.read_every_minutes);
    SignedDuration::from_mins(i64::from(minutes))
}

fn next_change(plan: &Plan, after: Timestamp) -> Option<Timestamp> {
    plan.upcoming.iter().map(|one| one.at).filter(|at| *at > after).min()
}
