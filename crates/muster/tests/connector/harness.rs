//! A simulated Gorgias account and a connector to it, in one process and on one clock.

use std::sync::Arc;

use jiff::Timestamp;
use muster::{
    connector::{
        Connector, ConnectorError, Lane,
        budget::{Budget, BudgetState},
    },
    connectors::gorgias::{ApiKey, Gorgias, base_url},
    env::Env,
    secret::Secret,
};
use muster_domain::model::{
    account::Account,
    id::AccountId,
    observation::{Completeness, ReadTally},
};
use muster_simulator::{self as simulator, Config, Limits};

pub(crate) use crate::in_process::{InProcess, clock};

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

impl World {
    /// An account with these switches and nobody in it but the owner.
    pub(crate) fn new(config: Config) -> Self {
        let env = Env::manual(start(), 7);
        let sim = simulator::Gorgias::new(config, clock(&env));
        let wire = Arc::new(InProcess::new(sim.router(), &env));
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
    let wire: Arc<dyn muster::connector::transport::Transport> = wire.clone();
    Arc::new(Gorgias::new(wire, budget.clone(), env.clone(), &key, base).unwrap())
}

pub(crate) fn account_id(id: u64) -> AccountId {
    id.to_string().parse().unwrap()
}

pub(crate) fn is_proven(tally: &ReadTally, distinct: usize) -> bool {
    tally.completeness(u64::try_from(distinct).unwrap()) == Completeness::Proven
}
