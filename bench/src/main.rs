//! Measurements beside physical limits and budgets: `make bench`. Requests and memory are counted;
//! where a rate limit rules, time is virtual, so that the result is the same on every machine.

#![expect(
    clippy::unwrap_used,
    reason = "the wire below is shared with the tests; a benchmark that cannot run should stop"
)]

#[path = "../../crates/muster/tests/support/in_process.rs"]
mod in_process;

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use anyhow::{Context, Result};
use comfy_table::{Table, presets};
use in_process::{InProcess, clock};
use jiff::{SignedDuration, Timestamp};
use muster::{
    connector::transport::Transport,
    connectors,
    env::Env,
    secret::Secret,
    service::{
        Muster, Unwatched,
        apply::ApplyRequest,
        connect::{NewConnection, Replace},
        import::Import,
    },
    store::{Location, Store, seal::SealingKey},
};
use muster_domain::model::{
    id::{AppName, OrgId},
    roster::Presence,
};
use muster_simulator::{ActiveWrite, Config, Gorgias, LimitModel, Limits, NewUser};

const POLICY: &str = r#"organization: {time_zone: UTC, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    account_owner: owner@acme.example
    writes: {create: true, update: true, deactivate: true, delete: false}
    access: [{when: 'person.department == "Support"', role: basic-agent}]
    limits: {removals_per_day: 100}
"#;

/// One line of the result.
struct Line {
    what: String,
    result: String,
    budget: String,
    holds: Holds,
}

#[derive(PartialEq)]
enum Holds {
    Yes,
    No,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// A simulated Gorgias with a Muster beside it.
struct Bench {
    gorgias: Gorgias,
    muster: Muster,
    app: AppName,
}

impl Bench {
    async fn new(limits: Limits, users: u64, env: Env, home: &Path) -> Result<Self> {
        let config = Config { limits, active_write: ActiveWrite::Applied, ..Config::gorgias() };
        let key = config.api_key.clone();
        let gorgias = Gorgias::new(config, clock(&env));
        let begun = env.now().checked_sub(SignedDuration::from_hours(24 * 400))?;
        for n in 1..users {
            let created = begun.checked_add(SignedDuration::from_secs(i64::try_from(n)?))?;
            gorgias.add_user(NewUser::new(format!("user{n}@acme.example")).created_at(created));
        }
        let store = Store::open(
            &Location::SqliteFile(home.join("muster.db")),
            SealingKey::new([7; 32]),
            env.clone(),
        )
        .await?;
        let (router, wire_env) = (gorgias.router(), env.clone());
        let muster = Muster {
            store: store.org(OrgId::default_org()),
            env,
            actor: "bench".to_owned(),
            node: "bench".to_owned(),
            transports: Arc::new(move || {
                Ok(Arc::new(InProcess::new(router.clone(), &wire_env)) as Arc<dyn Transport>)
            }),
        };
        let app: AppName = "support".parse()?;
        let settings = BTreeMap::from([
            ("base_url".to_owned(), "http://127.0.0.1:1".to_owned()),
            ("email".to_owned(), "owner@acme.example".to_owned()),
        ]);
        let connector = connectors::named("gorgias").context("no gorgias connector")?;
        let secret = Secret::new(key);
        let (name, replace) = (app.clone(), Replace::No);
        muster.connect(NewConnection { app: name, connector, settings, secret, replace }).await?;
        Ok(Self { gorgias, muster, app })
    }

    async fn import(&self, csv: String) -> Result<()> {
        let import = Import {
            source: Some("hr".parse()?),
            file_name: "roster.csv".to_owned(),
            bytes: csv.into_bytes(),
            file_time: None,
            read: muster_sources_options(),
            presence: Presence::Changes,
            accept: std::collections::BTreeSet::new(),
            complete: std::collections::BTreeSet::new(),
        };
        let preview = self.muster.preview(&import).await?;
        let preview = preview.map_err(|refused| anyhow::anyhow!("{refused:?}"))?;
        Ok(self.muster.import(&import, &preview).await?)
    }
}

fn muster_sources_options() -> muster_sources::ReadOptions {
    muster_sources::ReadOptions::default()
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut lines = Vec::new();
    for (capacity, drain_per_s) in [(40, 2), (80, 4)] {
        lines.push(limited_read(capacity, drain_per_s).await?);
    }
    lines.extend(memory().await?);
    lines.extend(requests_per_change().await?);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["MEASUREMENT", "RESULT", "BUDGET", "HOLDS"]);
    for line in &lines {
        let holds = if line.holds == Holds::Yes { "yes" } else { "NO" };
        table.add_row([&line.what, &line.result, &line.budget, holds]);
    }
    println!("{table}");
    anyhow::ensure!(lines.iter().all(|line| line.holds == Holds::Yes), "a budget does not hold");
    Ok(())
}

fn start() -> Result<Timestamp> {
    Ok("2026-03-02T08:00:00Z".parse()?)
}

/// A full read of 5,000 accounts under a documented limit, in virtual time.
async fn limited_read(capacity: u32, drain_per_s: u32) -> Result<Line> {
    let limits = Limits { capacity, model: LimitModel::Leaky { drain_per_s }, ..Limits::default() };
    let home = tempfile::tempdir()?;
    let env = Env::manual(start()?, 1);
    let bench = Bench::new(limits, 5_000, env.clone(), home.path()).await?;
    // The probe has used some of the bucket: let it drain.
    env.advance_to(env.now().checked_add(SignedDuration::from_secs(60))?);
    let (before, counted) = (env.now(), bench.gorgias.counters());
    let synced = bench.muster.sync(&bench.app).await?;
    let took = env.now().duration_since(before).as_secs_f64();
    let requests = bench.gorgias.counters().total() - counted.total();
    let refused = bench.gorgias.counters().rate_limited - counted.rate_limited;
    let pages = 50_u32;
    let least = f64::from(pages.saturating_sub(capacity)) / f64::from(drain_per_s);
    let ratio = if least > 0.0 { took / least } else { 1.0 + took };
    Ok(Line {
        what: format!(
            "full read of {}, limit {capacity} draining {drain_per_s}/s",
            synced.observation.seen
        ),
        result: format!("{took:.2} s of {least:.2} s, {requests} requests, {refused} refused"),
        budget: "1.03 of the least time, 50 requests, none refused".to_owned(),
        holds: (ratio <= 1.031 && requests == 50 && refused == 0).into(),
    })
}

/// Reading and keeping many accounts without a limit: seconds and memory.
async fn memory() -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut growth = Vec::new();
    for users in [10_000, 100_000] {
        let home = tempfile::tempdir()?;
        let env = Env::system();
        let bench = Bench::new(Limits::unlimited(), users, env.clone(), home.path()).await?;
        let opened = bench.muster.open(&bench.app).await?;
        let reading = bench.muster.store.begin_read(&bench.app).await?;
        forget_peak()?;
        let base = status_kib("VmRSS")?;
        let before = env.now();
        let (tally, seen) = bench.muster.read_pages(&reading, opened.connector.as_ref()).await?;
        let took = env.now().duration_since(before).as_secs_f64();
        let grown = status_kib("VmHWM")?.saturating_sub(base) / 1024;
        growth.push(grown);
        lines.push(Line {
            what: format!("read and stage {users} accounts, no limit"),
            result: format!("{took:.1} s, {grown} MiB more, {} pages", tally.pages),
            budget: format!("{} requests, at most 64 MiB more", users / 100),
            holds: (grown <= 64
                && u64::from(tally.requests) == users / 100
                && seen.len() as u64 == users)
                .into(),
        });
    }
    Ok(lines)
}

/// Requests for one change of each kind, look-up and read-back included.
async fn requests_per_change() -> Result<Vec<Line>> {
    let home = tempfile::tempdir()?;
    let env = Env::manual(start()?, 1);
    let bench = Bench::new(Limits::unlimited(), 3, env, home.path()).await?;
    bench.muster.apply_policy(POLICY).await?;
    let head = "source_id,display_name,work_email,status,start_date,end_date,department\n";
    let stages = [
        ("create", "9,Nia New,nia@acme.example,active,2026-01-05,,Support\n", 5),
        ("update", "1,Una Renamed,user1@acme.example,active,2026-01-05,,Support\n", 4),
        ("deactivate", "2,user2,user2@acme.example,ended,2025-01-06,2026-02-27,Support\n", 3),
    ];
    let mut lines = Vec::new();
    for (what, row, budget) in stages {
        bench.import(format!("{head}{row}")).await?;
        bench.muster.sync(&bench.app).await?;
        let plan = bench.muster.plan(&bench.app, None).await?;
        let planned = plan.operations.len();
        let before = bench.gorgias.counters().total();
        let request = ApplyRequest { plan, only: None };
        let applied = bench.muster.apply(&request, &Unwatched).await?;
        let requests = bench.gorgias.counters().total() - before;
        lines.push(Line {
            what: format!("requests for one {what}"),
            result: format!(
                "{requests} for {planned} operation, all verified: {}",
                applied.is_complete()
            ),
            budget: format!("at most {budget}"),
            holds: (requests <= budget && planned == 1 && applied.is_complete()).into(),
        });
    }
    Ok(lines)
}

/// Lets the kernel count the peak of memory anew.
fn forget_peak() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the peak of memory")
}

fn status_kib(field: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(field)).context("no such field")?;
    let number = line.split_whitespace().nth(1).context("no number")?;
    Ok(number.parse()?)
}
