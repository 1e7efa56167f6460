//! The loop: a task without input that goes round for each connected app, woken by time, by what is
//! new in the journal, or by somebody who asks. Whichever node comes first goes; all of them may die.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use muster_domain::{
    engine::schedule::Turn,
    model::{cycle::Why, id::AppName, operation::Run},
};
use tokio::{
    sync::{Notify, broadcast},
    task::JoinSet,
};

use crate::{
    error::{Error, Result},
    service::{
        Muster, Watch,
        cycle::{Due, Round},
    },
};

/// How often to look for what other processes journaled.
const LOOK: Duration = Duration::from_secs(2);

/// How long to leave an app alone on which somebody else is at work.
const BUSY: Duration = Duration::from_secs(5);

/// How many messages a slow listener may be behind before it misses some.
const BACKLOG: usize = 256;

/// What happens, while it happens.
#[derive(Debug, Clone)]
pub enum Progress {
    /// A round began.
    Began {
        /// For which app.
        app: AppName,
        /// Why.
        why: &'static str,
    },
    /// A run went on.
    Run(Box<Run>),
    /// Some of a run's tickets were moved.
    Moved {
        /// The run.
        run: Box<Run>,
        /// So many.
        tickets: u64,
        /// Of so many.
        of: u64,
    },
    /// A round ended.
    Ended {
        /// For which app.
        app: AppName,
        /// What went wrong, if something did.
        trouble: Option<String>,
    },
}

/// The loop, as others see it.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    muster: Muster,
    wake: Notify,
    asked: Mutex<BTreeSet<AppName>>,
    going: Mutex<BTreeSet<AppName>>,
    tally: Mutex<BTreeMap<AppName, Tally>>,
    stopping: AtomicBool,
    running: AtomicBool,
    progress: broadcast::Sender<Progress>,
}

/// What was counted for one app since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rounds that came to a good end.
    pub done: u64,
    /// Rounds that failed.
    pub failed: u64,
    /// Operations that were carried out and read back.
    pub operations: u64,
}

impl Worker {
    /// A loop that works as `muster`, whose node is its own: no other process goes by that name.
    #[must_use]
    pub fn new(muster: Muster) -> Self {
        Self(Arc::new(Inner {
            muster,
            wake: Notify::new(),
            asked: Mutex::default(),
            going: Mutex::default(),
            tally: Mutex::default(),
            stopping: AtomicBool::new(false),
            running: AtomicBool::new(false),
            progress: broadcast::channel(BACKLOG).0,
        }))
    }

    /// Asks for a round of `app` as soon as may be.
    pub fn ask(&self, app: AppName) {
        lock(&self.0.asked).insert(app);
        self.0.wake.notify_one();
    }

    /// Goes round for `app` as soon as may be: with the loop where it runs, else once without it.
    pub fn go_soon(&self, app: AppName) {
        if self.0.running.load(Ordering::SeqCst) {
            return self.ask(app);
        }
        if lock(&self.0.going).insert(app.clone()) {
            tokio::spawn(self.clone().round(app, Why::Asked));
        }
    }

    /// Says that something is new, so that nobody waits for the next look.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Tells what happens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Progress> {
        self.0.progress.subscribe()
    }

    /// Passes on what happens to those who listen.
    pub fn tell(&self, progress: Progress) {
        // Nobody listens: nobody is told.
        let _ = self.0.progress.send(progress);
    }

    /// The apps for which this process is going round now, or was asked to.
    #[must_use]
    pub fn at_work(&self) -> BTreeSet<AppName> {
        let asked = lock(&self.0.asked).clone();
        lock(&self.0.going).iter().cloned().chain(asked).collect()
    }

    /// What was counted since the start.
    #[must_use]
    pub fn tally(&self) -> BTreeMap<AppName, Tally> {
        lock(&self.0.tally).clone()
    }

    /// Lets nothing new begin. Rounds that go on stop before their next operation.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
        self.0.wake.notify_one();
    }

    /// Whether it was told to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// Goes round until told to stop, and ends when the last round has.
    pub async fn run(&self) {
        self.0.running.store(true, Ordering::SeqCst);
        let mut rounds = JoinSet::new();
        let mut not_before: BTreeMap<AppName, Timestamp> = BTreeMap::new();
        while !self.is_stopping() {
            match self.begin_rounds(&mut rounds, &not_before).await {
                Ok(()) => {}
                Err(error) => tracing::error!(%error, "cannot tell which app is due"),
            }
            tokio::select! {
                () = self.0.wake.notified() => {}
                () = self.0.muster.env.sleep(LOOK) => {}
                Some(ended) = rounds.join_next() => {
                    if let Ok((app, Ended::Busy)) = ended {
                        let later = crate::env::add(self.0.muster.env.now(), BUSY);
                        not_before.insert(app, later);
                    }
                }
            }
        }
        while rounds.join_next().await.is_some() {}
        self.0.running.store(false, Ordering::SeqCst);
    }

    async fn begin_rounds(
        &self,
        rounds: &mut JoinSet<(AppName, Ended)>,
        not_before: &BTreeMap<AppName, Timestamp>,
    ) -> Result<()> {
        let asked: Vec<_> = lock(&self.0.asked).iter().cloned().collect();
        let now = self.0.muster.env.now();
        for Due { app, turn, .. } in self.0.muster.due(&asked).await? {
            let Turn::Now(why) = turn else { continue };
            if not_before.get(&app).is_some_and(|moment| now < *moment) {
                continue;
            }
            if !lock(&self.0.going).insert(app.clone()) {
                continue;
            }
            lock(&self.0.asked).remove(&app);
            rounds.spawn(self.clone().round(app, why));
        }
        Ok(())
    }

    /// One round of an app that is among those that go.
    async fn round(self, app: AppName, why: Why) -> (AppName, Ended) {
        let _going = Going { worker: &self, app: &app };
        self.tell(Progress::Began { app: app.clone(), why: why.word() });
        let round = self.0.muster.go_round(&app, why, &self).await;
        let ended = self.ended(&app, round);
        (app.clone(), ended)
    }

    fn ended(&self, app: &AppName, round: Result<Option<Round>>) -> Ended {
        let trouble = match &round {
            Ok(Some(round)) => {
                let runs = round.applied.iter().flat_map(|applied| &applied.runs);
                let operations = runs.filter(|run| run.state.is_done()).count();
                tracing::info!(
                    %app, why = round.why.word(), read = round.read, operations,
                    waiting = round.waiting, "went round"
                );
                let mut tally = lock(&self.0.tally);
                let tally = tally.entry(app.clone()).or_default();
                tally.done += 1;
                tally.operations += operations as u64;
                None
            }
            Ok(None) | Err(Error::Busy(_)) => {
                tracing::debug!(%app, "somebody else is at work on it");
                None
            }
            Err(error) => {
                tracing::warn!(%app, %error, "a round failed");
                lock(&self.0.tally).entry(app.clone()).or_default().failed += 1;
                Some(error.to_string())
            }
        };
        let busy = matches!(round, Ok(None) | Err(Error::Busy(_)));
        // A store that fails would be asked again at once.
        let store = matches!(round, Err(ref error) if !matches!(error, Error::App { .. }));
        self.tell(Progress::Ended { app: app.clone(), trouble });
        if busy || store { Ended::Busy } else { Ended::Done }
    }
}

/// How a round ended, as far as the next one is concerned.
enum Ended {
    Done,
    /// Not to be tried again at once.
    Busy,
}

/// That a round goes on, until it is dropped, however it ends.
struct Going<'a> {
    worker: &'a Worker,
    app: &'a AppName,
}

impl Drop for Going<'_> {
    fn drop(&mut self) {
        lock(&self.worker.0.going).remove(self.app);
    }
}

impl Watch for Worker {
    fn run(&self, run: &Run) {
        self.tell(Progress::Run(Box::new(run.clone())));
    }

    fn moved(&self, run: &Run, (tickets, of): (u64, u64)) {
        self.tell(Progress::Moved { run: Box::new(run.clone()), tickets, of });
    }

    fn stop(&self) -> Option<String> {
        self.is_stopping().then(|| "the server is shutting down".to_owned())
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
