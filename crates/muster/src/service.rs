//! The use cases: load, decide (in `muster_domain::engine`), act, save. One a file. The only
//! callers of connectors; the only writers of the store.

pub mod access;
pub mod accounts;
pub mod activity;
pub mod apply;
pub mod attestation;
pub mod check;
pub mod connect;
pub mod consent;
pub mod critical;
pub mod cycle;
pub mod evidence;
pub mod exception;
pub mod freeze;
mod give_back;
pub mod group;
pub mod hand_over;
pub mod history;
mod holders;
pub mod import;
pub mod observe;
pub mod offboard;
pub mod people;
pub mod policy;
pub mod restore;
pub mod settle;
pub mod sign_in;
pub mod situation;
pub mod sources;
pub mod tasks;
pub mod tokens;
pub mod trail;
pub mod undo;
pub mod upcoming;
pub mod urgent;
pub mod users;
pub mod why;
mod work;

use std::{collections::BTreeMap, sync::Arc};

use muster_domain::model::id::AppName;

use crate::{
    connector::{Connector, transport::Transport},
    env::Env,
    error::Result,
    store::{OrgStore, Tx},
};

/// Makes the wire to an app. The real one speaks HTTPS; tests plug a simulated app in.
pub type Transports = Arc<dyn Fn() -> Result<Arc<dyn Transport>> + Send + Sync>;

/// Everything a use case needs: where things are kept, what time it is, who is asking.
#[derive(Clone)]
pub struct Muster {
    /// The store, bound to one organisation.
    pub store: OrgStore,
    /// Clock and chance.
    pub env: Env,
    /// Who is asking, as the journal names them.
    pub actor: String,
    /// What this process calls itself when it leases a connection.
    pub node: String,
    /// The wires.
    pub transports: Transports,
    /// Why the store is known to know less than it did, if it does.
    pub forgotten: Option<String>,
}

impl Muster {
    fn begin(&self) -> Tx {
        self.store.begin(&self.actor, self.env.now())
    }
}

/// Watches runs change while a plan is applied.
pub trait Watch: Send + Sync {
    /// A run has gone on.
    fn run(&self, run: &muster_domain::model::operation::Run);

    /// So many tickets, of so many known before, have been given to others by a run, which goes
    /// on.
    fn moved(&self, run: &muster_domain::model::operation::Run, (tickets, of): (u64, u64)) {
        let _ = (run, tickets, of);
    }

    /// Why the work has to stop before the next operation, if it has to. What was begun is still
    /// brought to its end.
    fn stop(&self) -> Option<String> {
        None
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    fn run(&self, _: &muster_domain::model::operation::Run) {}
}

/// An app that is connected, and the way to it.
pub struct Opened {
    /// Its name.
    pub app: AppName,
    /// The connector.
    pub connector: Arc<dyn Connector>,
    /// The rate budget, for saving what it learned.
    pub budget: Arc<crate::connector::budget::Budget>,
    /// What the budget knew when it was opened.
    known: Option<crate::connector::budget::BudgetState>,
}

/// Settings of a connection, by name.
pub type Settings = BTreeMap<String, String>;
