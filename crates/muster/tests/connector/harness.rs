//! A simulated Gorgias account and a connector to it, in one process and on one clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use http_body_util::BodyExt;
use jiff::Timestamp;
use muster::{
    connector::{
        Connector, ConnectorError, Lane,
        budget::{Budget, BudgetState},
        secret::Secret,
        transport::{Request, Response, Transport, TransportError},
    },
    connectors::gorgias::{ApiKey, Gorgias, base_url},
    env::Env,
};
use muster_domain::model::{
    account::Account,
    id::AccountId,
    observation::{Completeness, ReadTally},
};
use muster_simulator::{self as simulator, Clock, Config, ConnectionFault, Limits};
use tower::ServiceExt;

/// What a real transport waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Calls the simulator's router. Broken connections become what a real transport makes of them.
pub(crate) struct InProcess {
    router: Router,
    env: Env,
    /// So many requests to come do not even get through to the host.
    pub(crate) unreachable: AtomicU32,
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

/// One simulated account, its clock, and a connector to it.
pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) sim: simulator::Gorgias,
    pub(crate) wire: Arc<InProcess>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) gorgias: Arc<Gorgias>,
}

pub(crate) fn start() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

/// The clock of a simulator that lives in `env`.
pub(crate) fn clock(env: &Env) -> Clock {
    let (reader, sleeper) = (env.clone(), env.clone());
    Clock::from_fn(Arc::new(move || reader.now())).with_sleep(Arc::new(move |duration| {
        let env = sleeper.clone();
        Box::pin(async move { env.sleep(duration).await })
    }))
}

impl World {
    /// An account with these switches and nobody in it but the owner.
    pub(crate) fn new(config: Config) -> Self {
        let env = Env::manual(start(), 7);
        let sim = simulator::Gorgias::new(config, clock(&env));
        let wire = Arc::new(InProcess {
            router: sim.router(),
            env: env.clone(),
            unreachable: AtomicU32::new(0),
        });
        let budget = Budget::new(env.clone(), None);
        let gorgias = connect(&wire, &budget, &env, &sim.config());
        Self { env, sim, wire, budget, gorgias }
    }

    /// Without a rate limit in the way.
    pub(crate) fn unhurried(config: Config) -> Self {
        let headers = config.limits.headers;
        Self::new(Config { limits: Limits { headers, ..Limits::unlimited() }, ..config })
    }

    /// The same account seen by a new process, which knows what the old one learned.
    pub(crate) fn restart(&mut self, known: Option<BudgetState>) {
        self.budget = Budget::new(self.env.clone(), known);
        self.gorgias = connect(&self.wire, &self.budget, &self.env, &self.sim.config());
    }

    /// Reads everybody; the later of two rows counts.
    pub(crate) async fn read(&self) -> Result<(Vec<Account>, ReadTally), ConnectorError> {
        let mut accounts = std::collections::BTreeMap::new();
        let mut sink = |page: Vec<Account>| {
            for account in page {
                accounts.insert(account.id.clone(), account);
            }
        };
        let tally = self.gorgias.accounts(Lane::Bulk, &mut sink).await?;
        Ok((accounts.into_values().collect(), tally))
    }

    /// Reads one account that must be there.
    pub(crate) async fn account(&self, id: u64) -> Account {
        self.gorgias.account(Lane::Routine, &account_id(id)).await.unwrap().unwrap()
    }

    /// Requests so far, by method and route.
    pub(crate) fn requests(&self, name: &str) -> u64 {
        self.sim.counters().requests.get(name).copied().unwrap_or_default()
    }

    /// Seconds since the beginning.
    pub(crate) fn elapsed_s(&self) -> f64 {
        self.env.now().duration_since(start()).as_secs_f64()
    }

    /// The ids of all who exist, as the witness knows.
    pub(crate) fn existing(&self) -> std::collections::BTreeSet<String> {
        let users = self.sim.users();
        users.iter().filter(|user| user.exists()).map(|user| user.id.to_string()).collect()
    }
}

fn connect(
    wire: &Arc<InProcess>,
    budget: &Arc<Budget>,
    env: &Env,
    config: &Config,
) -> Arc<Gorgias> {
    let key =
        ApiKey { email: config.owner_email.clone(), key: Secret::new(config.api_key.clone()) };
    let base = base_url(&format!("https://{}.gorgias.com", config.subdomain)).unwrap();
    let wire: Arc<dyn Transport> = wire.clone();
    Arc::new(Gorgias::new(wire, budget.clone(), env.clone(), &key, base).unwrap())
}

pub(crate) fn account_id(id: u64) -> AccountId {
    id.to_string().parse().unwrap()
}

pub(crate) fn is_proven(tally: &ReadTally, distinct: usize) -> bool {
    tally.completeness(u64::try_from(distinct).unwrap()) == Completeness::Proven
}
