//! Urgent work: cutting one person's access while others are at work on the same apps, in this home
//! or on other nodes.
//!
//! A row in the database says that somebody is at it: a lease beside the one of the routine work.
//! Whoever holds it goes first; it runs out when its holder died. The others look at it before each
//! operation and each request of a long read, and wait.
//!
//! What must never happen is that two processes write to the same account. The one side says that
//! it begins (the lease), the other that it has begun (an operation `intended`), and each looks for
//! the other afterwards: routine work intends nothing unless the lease was free ever since it looked
//! at the account, and the cut waits for whatever was intended for its person before. Reading needs
//! no exclusion: what a look-up kept is known better than by a full read that began before it.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use muster_domain::model::{
    id::{AppName, PersonId},
    operation::{Run, RunState},
    person::Person,
};

use super::{
    Muster, Opened, Watch,
    apply::{Applied, ApplyRequest},
};
use crate::{
    connector::budget::{Budget, Others, Urgent},
    error::{Error, Result},
    store::records::{Free, Lease, RunFilter},
};

/// How long whoever goes first may be silent before the others go on.
const TTL: Duration = Duration::from_secs(10);

/// How often it says that it is still there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// How long to wait before looking again what others do.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How often to look until what others began for the same person is taken to be dead: longer than
/// any request may take.
const LOOKS: u32 = 900;

/// What is known of other processes that may be at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// There is none: this home has the store to itself, and this process the home.
    Nobody,
    /// None in this home; there may be other nodes.
    OtherNodes,
    /// In this home or on other nodes.
    Anybody,
}

/// By which right a run writes to an app.
#[derive(Debug, Clone)]
pub(super) enum Right {
    /// It makes way; with the last look at whether somebody went first.
    Routine { lease: Lease, way: Free },
    /// It goes first, for one person.
    Urgent { lease: Lease, person: PersonId, elsewhere: Elsewhere },
}

impl Right {
    pub(super) const fn lease(&self) -> &Lease {
        match self {
            Self::Routine { lease, .. } | Self::Urgent { lease, .. } => lease,
        }
    }

    /// For how long it is prolonged with each operation.
    pub(super) const fn ttl(&self) -> Duration {
        match self {
            Self::Routine { .. } => super::apply::LEASE,
            Self::Urgent { .. } => TTL,
        }
    }

    pub(super) fn renewed(&mut self, renewed: Lease) {
        match self {
            Self::Routine { lease, .. } | Self::Urgent { lease, .. } => *lease = renewed,
        }
    }
}

fn name_of(app: &AppName) -> String {
    format!("urgent/{app}")
}

impl Muster {
    /// Cuts the access of one person to `app` now, as the order for her end says: settles what is
    /// open for her, plans, applies, reads back, and goes before whatever else is at work. Her work
    /// is not handed over by this.
    ///
    /// # Errors
    /// When the app is not connected, another urgent cut does not come to an end, or the store
    /// fails. Failures of single operations are part of the outcome.
    pub async fn cut(
        &self,
        person: &Person,
        app: &AppName,
        elsewhere: Elsewhere,
        watch: &dyn Watch,
    ) -> Result<Applied> {
        let lease = self.go_first(app, elsewhere).await?;
        let right = Right::Urgent { lease: lease.clone(), person: person.id.clone(), elsewhere };
        let cutting = pin!(self.cut_by(right, (person, app), watch));
        let outcome = match select(cutting, pin!(self.show_life(&lease))).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((lost, _)) => Err(lost),
        };
        let released = self.store.release(lease).await;
        let applied = outcome?;
        released?;
        if !applied.runs.is_empty() {
            self.notice(app).await?;
        }
        Ok(applied)
    }

    async fn cut_by(
        &self,
        right: Right,
        (person, app): (&Person, &AppName),
        watch: &dyn Watch,
    ) -> Result<Applied> {
        let mut settled = Vec::new();
        if !self.begun_for(&person.id, app).await?.is_empty() {
            settled = self.settle_under(right.clone(), app, watch).await?;
        }
        let situation = self.situation(app).await?;
        let mut plan = situation.plan_for(&person.id, self.env.now())?;
        plan.operations.retain(|one| !one.action.moves_work());
        let request = ApplyRequest { plan, only: Some(person.id.clone()) };
        let mut applied = self.apply_under(right, &request, watch).await?;
        settled.retain(|run| applied.runs.iter().all(|later| later.id != run.id));
        applied.runs.splice(0..0, settled);
        Ok(applied)
    }

    /// Takes the right to go first, after whoever has it now.
    async fn go_first(&self, app: &AppName, elsewhere: Elsewhere) -> Result<Lease> {
        // Only one process of a home has it to itself; others each have a name of their own.
        let owner = match elsewhere {
            Elsewhere::Nobody | Elsewhere::OtherNodes => self.node.clone(),
            Elsewhere::Anybody => {
                format!("{}/{}", self.node, data_encoding::HEXLOWER.encode(&self.env.chance()))
            }
        };
        for _ in 0..LOOKS {
            let taken = self.store.lease(&name_of(app), &owner, self.env.now(), TTL).await?;
            if let Some(lease) = taken {
                return Ok(lease);
            }
            self.env.sleep(LOOK_AGAIN).await;
        }
        Err(Error::Busy(format!(
            "somebody else's access to {app} is being cut and that does not come to an end; run it \
             again"
        )))
    }

    /// Prolongs the lease until it is lost.
    async fn show_life(&self, lease: &Lease) -> Error {
        loop {
            self.env.beside(SIGN_OF_LIFE).await;
            match self.store.renew(lease, self.env.now(), TTL).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    return Error::Busy(
                        "the others took this process for dead, since it was silent for long; run \
                         it again"
                            .to_owned(),
                    );
                }
                Err(error) => return error.into(),
            }
        }
    }

    /// Waits until nobody goes first.
    pub(super) async fn way(&self, app: &AppName) -> Result<Free> {
        loop {
            if let Some(free) = self.store.free(&name_of(app), self.env.now()).await? {
                return Ok(free);
            }
            self.env.sleep(LOOK_AGAIN).await;
        }
    }

    /// Whether it is as `way` says to this moment.
    pub(super) async fn is_still(&self, way: &Free, app: &AppName) -> Result<bool> {
        Ok(self.store.free(&name_of(app), self.env.now()).await?.as_ref() == Some(way))
    }

    /// What the rate budget asks before each request that makes way.
    pub(super) fn others(&self, app: &AppName) -> Others {
        let (store, env, name) = (self.store.clone(), self.env.clone(), name_of(app));
        Arc::new(move || {
            let (store, env, name) = (store.clone(), env.clone(), name.clone());
            Box::pin(async move {
                match store.free(&name, env.now()).await {
                    Ok(Some(free)) => Urgent::Quiet(free.token()),
                    Ok(None) => Urgent::Going,
                    // What is read is kept in the same store, which then says so.
                    Err(_) => Urgent::Unknown,
                }
            })
        })
    }

    /// Opens the connection for a run by this right.
    pub(super) async fn open_by(&self, right: &Right, app: &AppName) -> Result<Opened> {
        let Right::Urgent { elsewhere, .. } = right else { return self.open(app).await };
        let (env, now) = (self.env.clone(), self.env.now());
        // How much room others left is not known, only that they stop now.
        let full = *elsewhere != Elsewhere::Nobody;
        self.open_with(app, |state| {
            Budget::new(env, state.map(|state| if full { state.full(now) } else { state }))
        })
        .await
    }

    /// What was begun for a person and has come to no known end, hand-overs aside: those do not
    /// write to the account.
    async fn begun_for(&self, person: &PersonId, app: &AppName) -> Result<Vec<Run>> {
        let filter = RunFilter {
            app: Some(app.clone()),
            person: Some(person.clone()),
            states: [RunState::Intended, RunState::Accepted, RunState::Unknown].into(),
            ..RunFilter::default()
        };
        let mut runs = self.store.runs(&filter).await?;
        runs.retain(|run| !run.operation.action.moves_work());
        Ok(runs)
    }

    /// The same, once whoever began it has had time to end it.
    pub(super) async fn left_open_for(
        &self,
        person: &PersonId,
        (app, elsewhere): (&AppName, Elsewhere),
    ) -> Result<Vec<Run>> {
        for _ in 0..LOOKS {
            let begun = self.begun_for(person, app).await?;
            let at_work = self.store.holder(&super::apply::lease_name(app), self.env.now()).await?;
            let alive = at_work.is_some_and(|owner| match elsewhere {
                Elsewhere::Nobody => false,
                Elsewhere::OtherNodes => owner != self.node,
                Elsewhere::Anybody => true,
            });
            if begun.is_empty() || !alive {
                return Ok(begun);
            }
            self.env.sleep(LOOK_AGAIN).await;
        }
        self.begun_for(person, app).await
    }
}
