//! `muster simulate`.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use muster_simulator::{Clock, Config, Gorgias};
use serde_json::json;
use tokio::net::TcpListener;

use super::session::{Outcome, Start, print_json, print_line};
use crate::error::{Error, Result};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// A Gorgias helpdesk, with limits, seats, invitations and faults
    Gorgias(Args),
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Dialect {
    /// As Gorgias's own documentation describes the API
    Gorgias,
    /// As a widely read guide describes it
    Guide,
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The port on this machine; 0 takes a free one
    #[arg(long, default_value_t = 8410)]
    port: u16,
    /// Which description of the API to follow
    #[arg(long, value_enum, default_value_t = Dialect::Gorgias)]
    dialect: Dialect,
    /// Switches as JSON, over those of the dialect; see the control endpoint /_control/config
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep the state in this file
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Start with so many made-up agents
    #[arg(long, default_value_t = 0)]
    agents: usize,
    /// The seed for made-up agents and for chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Command {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let Self::Gorgias(args) = self;
        let config = args.config()?;
        let gorgias = match &args.state {
            Some(path) => Gorgias::open(path, config, Clock::system())
                .map_err(|error| Error::Invalid(error.to_string()))?,
            None => Gorgias::new(config, Clock::system()),
        };
        if args.agents > 0 && gorgias.users().len() <= 1 {
            gorgias.seed_company(args.seed, args.agents);
        }
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port);
        let failed = |error| Error::file(format!("cannot listen on {address}"), error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        if start.json {
            print_json(&json!({"base_url": format!("http://{address}")}))?;
        } else {
            print_line(&format!(
                "A simulated Gorgias listens on http://{address}\n  users     http://{address}/api/users\n  \
                 control   http://{address}/_control/state\n  key       printf simulated-key | muster \
                 app add gorgias support --base-url http://{address} --email owner@acme.example \
                 --api-key-stdin\nCtrl-C ends it."
            ));
        }
        let stop = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        gorgias.serve(listener, stop).await.map_err(|error| Error::file("the simulator", error))?;
        Ok(Outcome::Done)
    }
}

impl Args {
    fn config(&self) -> Result<Config> {
        let base = match self.dialect {
            Dialect::Gorgias => Config::gorgias(),
            Dialect::Guide => Config::guide(),
        };
        let Some(path) = &self.config else { return Ok(base) };
        let text = fs::read_to_string(path)
            .map_err(|error| Error::file(format!("cannot read {}", path.display()), error))?;
        let invalid =
            |error: serde_json::Error| Error::Invalid(format!("{}: {error}", path.display()));
        let mut value = serde_json::to_value(&base)?;
        let given: serde_json::Value = serde_json::from_str(&text).map_err(invalid)?;
        if let (Some(value), Some(given)) = (value.as_object_mut(), given.as_object()) {
            value.extend(given.clone());
        }
        serde_json::from_value(value).map_err(invalid)
    }
}
