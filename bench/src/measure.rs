//! What is measured.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use muster::{
    connector::Lane,
    env::Env,
    service::{
        Unwatched,
        apply::ApplyRequest,
        import::{Import, ImportRefused},
    },
};
use muster_domain::model::{account::Account, operation::RunState, roster::Presence};
use muster_simulator::{ActiveWrite, LimitModel, Limits};
use muster_sources::ReadOptions;

use crate::{
    Line,
    desk::{Desk, Memory, Stopwatch, start},
};

/// A full read under the documented limits, on a clock that jumps: seconds beside the least in
/// which the bucket lets so many requests through.
pub(crate) async fn pace() -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    // 200 requests for 20,000 show the pace better than 50 for 5,000, of which 40 go at once.
    for (people, capacity) in [(5_000_u32, 40), (5_000, 80), (20_000, 40), (20_000, 80)] {
        let drain_per_s = capacity / 20;
        let limits =
            Limits { capacity, model: LimitModel::Leaky { drain_per_s }, ..Limits::default() };
        let desk = Desk::new(Env::manual(start()?, 7), u64::from(people), limits).await?;
        // The bucket is empty again after connecting.
        desk.env.sleep(std::time::Duration::from_secs(60)).await;
        let opened = desk.muster.open(&desk.app).await?;
        let (began, before) = (desk.env.now(), desk.requests());
        let mut count = 0;
        opened
            .connector
            .accounts(Lane::Bulk, &mut |page: Vec<Account>| count += page.len())
            .await?;
        let took = desk.env.now().duration_since(began).as_secs_f64();
        let requests = desk.requests() - before;
        let pages = people.div_ceil(100);
        let least = f64::from(pages.saturating_sub(capacity)) / f64::from(drain_per_s);
        let refused = desk.sim.counters().rate_limited;
        ensure!(count == usize::try_from(people)?, "read {count} of {people}");
        lines.push(Line::new(
            format!("read {people} under {capacity}/20 s: requests, refusals"),
            format!("{requests}, {refused}"),
            format!("{pages}, 0"),
            requests == u64::from(pages) && refused == 0,
        ));
        // Where the bucket lets all through at once, the least is no time at all.
        let ok = took <= least * 1.03 + 0.001;
        let ratio = if least > 0.0 { format!("{:.3} x", took / least) } else { "–".to_owned() };
        lines.push(Line::new(
            format!("read {people} under {capacity}/20 s: time beside the least ({least:.1} s)"),
            format!("{took:.2} s, {ratio}"),
            "1.03 x",
            ok,
        ));
    }
    Ok(lines)
}

/// A full read without a limit, pages dropped as they come: memory must not grow with their number.
pub(crate) async fn read() -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for people in [10_000, 100_000] {
        let desk = Desk::new(Env::system(), people, Limits::unlimited()).await?;
        let opened = desk.muster.open(&desk.app).await?;
        let (memory, watch) = (Memory::watch()?, Stopwatch::start());
        let mut count = 0;
        opened
            .connector
            .accounts(Lane::Bulk, &mut |page: Vec<Account>| count += page.len())
            .await?;
        let (seconds, growth) = (watch.seconds(), memory.growth_mb()?);
        ensure!(u64::try_from(count)? == people, "read {count} of {people}");
        lines.push(Line::new(
            format!("read {people} without a limit, simulator included"),
            format!("{seconds:.2} s, +{growth} MB"),
            "+32 MB (ids and one page)",
            growth <= 32,
        ));
    }
    Ok(lines)
}

/// `muster sync`: read, store, match, report. Then again, when nothing changed.
pub(crate) async fn sync() -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for people in [10_000, 100_000] {
        let desk = Desk::new(Env::system(), people, Limits::unlimited()).await?;
        for what in ["first", "unchanged"] {
            let (memory, watch) = (Memory::watch()?, Stopwatch::start());
            let synced = desk.muster.sync(&desk.app).await?;
            let (seconds, growth) = (watch.seconds(), memory.growth_mb()?);
            ensure!(synced.observation.seen == people, "not all were stored");
            lines.push(Line::new(
                format!("sync {people} ({what}): read, store, match, report"),
                format!("{seconds:.2} s, +{growth} MB"),
                "+600 MB (all are matched at once)",
                growth <= 600,
            ));
        }
    }
    Ok(lines)
}

const POLICY: &str = r#"
organization: {time_zone: UTC, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    account_owner: owner@acme.example
    writes: {create: true, update: true, deactivate: true}
    access: [{when: 'person.title == "Lead"', role: agent}, {when: 'true', role: basic-agent}]
    limits: {removals_per_day: 100}
"#;

/// One person joins, moves up, leaves; how the app takes `active: false`, and the requests that
/// docs/guide/gorgias.md states.
const STEPS: &[(&str, &str, ActiveWrite, u64)] = &[
    ("create", "active,2024-01-01,,Agent", ActiveWrite::Applied, 4),
    ("update", "active,2024-01-01,,Lead", ActiveWrite::Applied, 3),
    ("deactivate", "active,2024-01-01,2026-02-27,Lead", ActiveWrite::Applied, 3),
    ("deactivate", "active,2024-01-01,2026-02-27,Lead", ActiveWrite::Refused, 4),
    ("deactivate", "active,2024-01-01,2026-02-27,Lead", ActiveWrite::Ignored, 8),
];

/// Requests per change, counted by the simulator.
pub(crate) async fn requests() -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (word, row, active, least) in STEPS {
        // Before everything but a create there is an account, made by a create.
        let desk = Desk::new(Env::manual(start()?, 7), 1, Limits::unlimited()).await?;
        desk.sim.configure(|config| config.active_write = *active);
        desk.muster.apply_policy(POLICY).await?;
        if *word != "create" {
            step(&desk, "create", "active,2024-01-01,,Agent").await?;
        }
        if row.ends_with("Lead") && *word == "deactivate" {
            step(&desk, "update", "active,2024-01-01,,Lead").await?;
        }
        let requests = step(&desk, word, row).await?;
        let outcome = match active {
            ActiveWrite::Applied => "",
            ActiveWrite::Refused => ", refused, then reduce",
            ActiveWrite::Ignored => ", ignored, then reduce",
        };
        lines.push(Line::new(
            format!("requests for one {word}{outcome}"),
            requests.to_string(),
            format!("{least} (docs/guide/gorgias.md)"),
            requests == *least,
        ));
    }
    Ok(lines)
}

/// Imports the row and applies what follows; how many requests the applying took.
async fn step(desk: &Desk, word: &str, row: &str) -> Result<u64> {
    import(desk, &format!("1,Ada Ash,ada@acme.example,{row}")).await?;
    desk.muster.sync(&desk.app).await?;
    let plan = desk.muster.plan(&desk.app, None).await?;
    let actions: Vec<_> = plan.operations.iter().map(|one| one.action.word()).collect();
    ensure!(actions == [word], "planned {actions:?} instead of {word}");
    let before = desk.requests();
    let applied = desk.muster.apply(&ApplyRequest { plan, only: None }, &Unwatched).await?;
    let last = applied.runs.last().map(|run| run.state);
    ensure!(last == Some(RunState::Verified), "{word} ended {last:?}");
    Ok(desk.requests() - before)
}

async fn import(desk: &Desk, row: &str) -> Result<()> {
    let head = "source_id,display_name,work_email,status,start_date,end_date,job_title";
    let import = Import {
        source: Some("hr".parse()?),
        file_name: "people.csv".to_owned(),
        bytes: format!("{head}\n{row}\n").into_bytes(),
        file_time: None,
        read: ReadOptions::default(),
        presence: Presence::Full,
        accept: BTreeSet::new(),
        complete: BTreeSet::new(),
    };
    let preview = desk.muster.preview(&import).await?.map_err(|refused| match refused {
        ImportRefused::Unreadable(refusal) => anyhow::anyhow!("{refusal}"),
        ImportRefused::Unbelievable(all) => anyhow::anyhow!("{all:?}"),
    });
    desk.muster.import(&import, &preview.context("the roster is refused")?).await?;
    Ok(())
}
