//! A wire to a simulated app in the same process, on the same clock: no sockets, no waiting.

use std::{
    sync::Arc,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use http_body_util::BodyExt;
use muster::{
    connector::transport::{Request, Response, Transport, TransportError},
    env::Env,
};
use muster_simulator::{Clock, ConnectionFault};
use tower::ServiceExt;

/// What a real transport waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Calls the simulator's router. Broken connections become what a real transport makes of them.
pub(crate) struct InProcess {
    pub(crate) router: Router,
    pub(crate) env: Env,
    /// So many requests to come do not even get through to the host.
    pub(crate) unreachable: AtomicU32,
}

impl InProcess {
    pub(crate) fn new(router: Router, env: &Env) -> Self {
        Self { router, env: env.clone(), unreachable: AtomicU32::new(0) }
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let spent = |left: u32| left.checked_sub(1);
        if self.unreachable.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spent).is_ok() {
            return Err(TransportError::NotSent("connection refused".to_owned()));
        }
        let path = request.url.path().to_owned();
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut call = http::Request::builder()
            .method(request.method)
            .uri(format!("{path}{query}"))
            .body(Body::from(request.body))
            .unwrap();
        *call.headers_mut() = request.headers;
        let answer = self.router.clone().oneshot(call).await.unwrap();
        match answer.extensions().get::<ConnectionFault>().copied() {
            None => {}
            Some(ConnectionFault::Hang(duration)) => {
                self.env.sleep(duration.min(PATIENCE)).await;
                return Err(TransportError::NoAnswer("timed out".to_owned()));
            }
            Some(fault) => return Err(TransportError::NoAnswer(format!("{fault:?}"))),
        }
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Ok(Response { status: parts.status, headers: parts.headers, body })
    }
}

/// The clock of a simulator that lives in `env`.
pub(crate) fn clock(env: &Env) -> Clock {
    let (reader, sleeper) = (env.clone(), env.clone());
    Clock::from_fn(Arc::new(move || reader.now())).with_sleep(Arc::new(move |duration| {
        let env = sleeper.clone();
        Box::pin(async move { env.sleep(duration).await })
    }))
}
