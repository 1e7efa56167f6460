//! The wire of the simulation: counts calls, and can let the process die at one of them.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use muster::connector::transport::{Request, Response, Transport, TransportError};
use tokio::sync::Notify;

use crate::in_process::InProcess;

/// When, within a call, the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing has gone out.
    Before,
    /// The app has done it, and nobody hears of it.
    After,
    /// Nothing has gone out, and it does once the process is woken.
    Asleep,
    /// The app has done it, and the answer comes once the process is woken.
    Late,
}

pub(crate) struct Wire {
    inner: InProcess,
    pub(crate) calls: AtomicU32,
    bomb: Mutex<Option<(u32, Moment)>>,
    died: Notify,
    wake: Notify,
}

impl Wire {
    pub(crate) fn new(inner: InProcess) -> Arc<Self> {
        let (calls, bomb) = (AtomicU32::new(0), Mutex::new(None));
        Arc::new(Self { inner, calls, bomb, died: Notify::new(), wake: Notify::new() })
    }

    /// Lets the process die at the call after `calls` more.
    pub(crate) fn arm(&self, calls: u32, moment: Moment) {
        *self.bomb.lock().unwrap() = Some((calls, moment));
    }

    /// Lets so many calls to come not even get through to the host.
    pub(crate) fn unreachable(&self, calls: u32) {
        self.inner.unreachable.store(calls, Ordering::SeqCst);
    }

    pub(crate) fn disarm(&self) {
        *self.bomb.lock().unwrap() = None;
    }

    /// Resolves when the process has to die.
    pub(crate) async fn died(&self) {
        self.died.notified().await;
    }

    /// Wakes the process that sleeps.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    fn tick(&self) -> Option<Moment> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut bomb = self.bomb.lock().unwrap();
        match &mut *bomb {
            Some((0, moment)) => {
                let moment = *moment;
                *bomb = None;
                Some(moment)
            }
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }

    async fn die(&self) -> ! {
        self.died.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        match self.tick() {
            Some(Moment::Before) => self.die().await,
            Some(Moment::After) => {
                let _ = self.inner.send(request).await;
                self.die().await
            }
            Some(Moment::Asleep) => {
                self.died.notify_one();
                self.wake.notified().await;
                self.inner.send(request).await
            }
            Some(Moment::Late) => {
                let answer = self.inner.send(request).await;
                self.died.notify_one();
                self.wake.notified().await;
                answer
            }
            None => self.inner.send(request).await,
        }
    }
}
