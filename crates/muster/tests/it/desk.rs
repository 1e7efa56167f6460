//! A simulated Gorgias on a socket of this machine, and short ways to ask it what happened.

use std::{net::SocketAddr, sync::OnceLock};

use muster_simulator::{
    ActiveWrite, Clock, Config, Fault, Faults, Gorgias, Invitation, InvitationState, Limits,
    NewUser, Phase, Role, Rule, UserRecord,
};
use tokio::{net::TcpListener, runtime::Runtime, task::JoinHandle};

/// The key of every simulated account: one that is easily found wherever it should not be.
pub(crate) const KEY: &str = "k3y/Distinctive+Secret=";

/// Who holds the key: the owner of the account, an admin.
pub(crate) const OWNER: &str = "owner@acme.example";

/// A simulated account.
pub(crate) struct Desk {
    pub(crate) sim: Gorgias,
    pub(crate) address: SocketAddr,
    serving: Option<JoinHandle<std::io::Result<()>>>,
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// Gorgias as documented, except that it lets accounts be shut out and has no limit on requests.
pub(crate) fn obliging() -> Config {
    Config {
        api_key: KEY.to_owned(),
        owner_email: OWNER.to_owned(),
        active_write: ActiveWrite::Applied,
        limits: Limits::unlimited(),
        ..Config::gorgias()
    }
}

impl Desk {
    pub(crate) fn open(config: Config) -> Self {
        let sim = Gorgias::new(config, Clock::system());
        let mut desk = Self { sim, address: "127.0.0.1:0".parse().unwrap(), serving: None };
        desk.come_back();
        desk
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nobody listens any more.
    pub(crate) fn go_away(&mut self) {
        let serving = self.serving.take().unwrap();
        serving.abort();
        assert!(runtime().block_on(serving).unwrap_err().is_cancelled());
    }

    /// Somebody listens at the same address.
    pub(crate) fn come_back(&mut self) {
        let listener = runtime().block_on(TcpListener::bind(self.address)).unwrap();
        self.address = listener.local_addr().unwrap();
        let sim = self.sim.clone();
        let serving = async move { sim.serve(listener, std::future::pending()).await };
        self.serving = Some(runtime().spawn(serving));
    }

    /// Puts a user in who works there already.
    pub(crate) fn has(&self, email: &str, name: &str, role: Role) -> u64 {
        self.sim.add_user(NewUser::new(email).name(name).role(role))
    }

    /// The existing user with this address.
    pub(crate) fn find(&self, email: &str) -> Option<UserRecord> {
        self.sim.users().into_iter().find(|user| user.exists() && user.email == email)
    }

    /// The user with this address, who must exist.
    pub(crate) fn user(&self, email: &str) -> UserRecord {
        self.find(email).unwrap_or_else(|| panic!("{email} has no account"))
    }

    pub(crate) fn lets_in(&self, email: &str) -> bool {
        self.find(email).is_some_and(|user| user.is_active())
    }

    /// The invitations that ever went to this address.
    pub(crate) fn invitations_to(&self, email: &str) -> Vec<Invitation> {
        self.sim.invitations().into_iter().filter(|mail| mail.email == email).collect()
    }

    pub(crate) fn has_open_invitation(&self, email: &str) -> bool {
        self.invitations_to(email).iter().any(|mail| mail.state == InvitationState::Open)
    }

    /// Writes that took effect, as the witness counts them.
    pub(crate) fn writes(&self) -> u64 {
        self.sim.counters().total_writes()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.sim.counters().total()
    }

    /// Every write hangs for so long before it is looked at.
    pub(crate) fn hangs_on_writes(&self, millis: u64) {
        let rules = [("POST", "/api/users"), ("PUT", "/api/users/{id}")]
            .map(|(method, route)| {
                Rule::new(Fault::Hang { millis, phase: Phase::Before }).on(method, route)
            })
            .to_vec();
        self.sim.set_faults(Faults::of(rules));
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}
