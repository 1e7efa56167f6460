//! A simulated Gorgias in the same process, a Muster connected to it, and a stopwatch.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use async_trait::async_trait;
use axum::{Router, body::Body};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use muster::{
    connector::transport::{Request, Response, Transport, TransportError},
    connectors,
    env::Env,
    secret::Secret,
    service::{
        Muster,
        connect::{NewConnection, Replace},
    },
    store::{Location, Store, seal::SealingKey},
};
use muster_domain::model::id::{AppName, OrgId};
use muster_simulator::{Clock, Config, Gorgias, Limits, NewUser};
use tower::ServiceExt;

/// When it all begins, where the clock is driven by hand.
pub(crate) fn start() -> Result<Timestamp> {
    Ok("2026-03-02T08:00:00Z".parse()?)
}

/// Calls the simulator's router.
struct InProcess(Router);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let lost = |error: String| TransportError::NoAnswer(error);
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut call = http::Request::builder()
            .method(request.method)
            .uri(format!("{}{query}", request.url.path()))
            .body(Body::from(request.body))
            .map_err(|error| lost(error.to_string()))?;
        *call.headers_mut() = request.headers;
        let Ok(answer) = self.0.clone().oneshot(call).await;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| lost(error.to_string()))?.to_bytes();
        Ok(Response { status: parts.status, headers: parts.headers, body })
    }
}

/// The desk, and Muster beside it.
pub(crate) struct Desk {
    pub(crate) env: Env,
    pub(crate) sim: Gorgias,
    pub(crate) muster: Muster,
    pub(crate) app: AppName,
    _directory: tempfile::TempDir,
}

impl Desk {
    /// A desk with `people` users, its owner included, and a Muster that has connected it. With a
    /// manual clock, waiting takes no time.
    pub(crate) async fn new(env: Env, people: u64, limits: Limits) -> Result<Self> {
        let (reader, sleeper) = (env.clone(), env.clone());
        let clock =
            Clock::from_fn(Arc::new(move || reader.now())).with_sleep(Arc::new(move |duration| {
                let env = sleeper.clone();
                Box::pin(async move { env.sleep(duration).await })
            }));
        let sim = Gorgias::new(Config { limits, ..Config::gorgias() }, clock);
        for number in 1..people {
            let age = SignedDuration::from_secs(86_400 * 300 - i64::try_from(number)?);
            let name = format!("Person Number{number}");
            let user = NewUser::new(format!("user{number}@acme.example")).name(name);
            sim.add_user(user.created_at(env.now() - age));
        }
        let directory = tempfile::tempdir()?;
        let place = Location::SqliteFile(directory.path().join("muster.db"));
        let store = Store::open(&place, SealingKey::generate(&env), env.clone()).await?;
        let router = sim.router();
        let muster = Muster {
            store: store.org(OrgId::default_org()),
            env: env.clone(),
            actor: "bench".to_owned(),
            node: "bench".to_owned(),
            transports: Arc::new(move || Ok(Arc::new(InProcess(router.clone())))),
            forgotten: None,
        };
        let app: AppName = "support".parse()?;
        let desk = Self { env, sim, muster, app, _directory: directory };
        desk.connect().await?;
        Ok(desk)
    }

    async fn connect(&self) -> Result<()> {
        let config = self.sim.config();
        let settings = [("subdomain", config.subdomain), ("email", config.owner_email)];
        self.muster
            .connect(NewConnection {
                app: self.app.clone(),
                connector: connectors::named("gorgias").context("no connector")?,
                settings: settings.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
                secret: Secret::new(config.api_key),
                replace: Replace::No,
            })
            .await?;
        Ok(())
    }

    /// Requests to the desk so far, the look for a list of roles aside: it is one a process.
    pub(crate) fn requests(&self) -> u64 {
        let counters = self.sim.counters();
        counters.total() - counters.requests.get("GET /api/roles").copied().unwrap_or_default()
    }
}

/// Seconds on the wall.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a stopwatch")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn seconds(&self) -> f64 {
        let passed: Duration = self.0.elapsed();
        passed.as_secs_f64()
    }
}

/// How far this process's memory rises above where it stood.
pub(crate) struct Memory {
    before_kb: u64,
}

impl Memory {
    /// Forgets the peak so far (Linux: `clear_refs`), where that is permitted.
    pub(crate) fn watch() -> Result<Self> {
        let _ = fs::write("/proc/self/clear_refs", "5");
        Ok(Self { before_kb: status_kb("VmRSS:")? })
    }

    pub(crate) fn growth_mb(&self) -> Result<u64> {
        Ok(status_kb("VmHWM:")?.saturating_sub(self.before_kb) / 1024)
    }
}

fn status_kb(field: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("needs Linux's /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    Ok(line.split_whitespace().next().context("no number")?.parse()?)
}
