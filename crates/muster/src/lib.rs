//! Muster: all that does I/O. The decisions are in `muster-domain`.
//!
//! Floors, imports point down only: `cli` · `web` · `worker` → `service` → `store · connector · connectors · env ·
//! config` → `muster_domain::engine` → `muster_domain::model`.

pub mod cli;
pub mod config;
pub mod connector;
pub mod connectors;
pub mod env;
pub mod error;
pub mod secret;
pub mod service;
pub mod store;
pub mod web;
pub mod worker;
