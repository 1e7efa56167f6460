//! A company with some months of history: what a bundle of evidence, a back-test and the way from a
//! change in the app to the changed result cost.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use muster::{
    env::Env,
    service::{
        evidence::{bundle, export::Wanted},
        history::then::Trial,
        import::{Import, ImportRefused},
    },
};
use muster_domain::{
    engine::checks::Detail,
    model::{check::CheckState, roster::Presence},
};
use muster_simulator::{Limits, Role};
use muster_sources::ReadOptions;

use crate::{
    Line,
    desk::{Desk, Memory, Stopwatch, start},
};

const POLICY: &str = r#"
organization: {time_zone: UTC, domains: [acme.example]}
checks: {rules: {valid_access: {allowed: none}}}
apps:
  support:
    connector: gorgias
    critical: true
    who_may_use: {owner: owner@acme.example, staff_roles: {Agent: agent}}
    account_owner: owner@acme.example
    access: [{when: 'true', role: agent}]
"#;

/// How many accounts change on a day of history.
const CHANGED_A_DAY: u64 = 20;

const DAY: u64 = 86_400;

/// The roster of people who have the accounts of [`Desk::new`]; every `leaving`th leaves on a day
/// of the first three months.
fn roster(people: u64, leaving: u64) -> Result<String> {
    let mut text =
        "source_id,display_name,work_email,status,start_date,end_date,job_title\n".to_owned();
    let first = start()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    for n in 1..people {
        let end = if n % leaving == 0 {
            let days = i64::try_from(n / leaving % 90)?;
            first.checked_add(SignedDuration::from_hours(24 * days))?.to_string()
        } else {
            String::new()
        };
        let row = "active,2024-01-01";
        writeln!(text, "{n},Person Number{n},user{n}@acme.example,{row},{end},Agent")?;
    }
    Ok(text)
}

async fn import(desk: &Desk, text: String) -> Result<()> {
    let import = Import {
        source: Some("hr".parse()?),
        file_name: "people.csv".to_owned(),
        bytes: text.into_bytes(),
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

/// A company after `days` days, on each of which some accounts changed and the app was read.
async fn company(people: u64, days: u64) -> Result<Desk> {
    let desk = Desk::new(Env::manual(start()?, 7), people, Limits::unlimited()).await?;
    desk.muster.apply_policy(POLICY).await?;
    import(&desk, roster(people, 20)?).await?;
    desk.muster.sync(&desk.app).await?;
    let users: Vec<u64> = desk.sim.users().into_iter().skip(1).map(|user| user.id).collect();
    let mut ids = users.iter().cycle();
    for day in 0..days {
        desk.env.sleep(Duration::from_secs(DAY)).await;
        for id in ids.by_ref().take(usize::try_from(CHANGED_A_DAY)?) {
            let role = if day % 2 == 0 { Role::Agent } else { Role::BasicAgent };
            desk.sim.edit_user(*id, |user| user.role = role).context("no such user")?;
        }
        desk.muster.sync(&desk.app).await?;
    }
    Ok(desk)
}

fn size_mb(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let kind = entry?.metadata()?;
        bytes += if kind.is_file() { kind.len() } else { 0 };
    }
    Ok(bytes >> 20)
}

/// A bundle of a quarter of a large company, made and verified.
pub(crate) async fn evidence() -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut per_person = Vec::new();
    for people in [5_000, 20_000] {
        let desk = company(people, 90).await?;
        let (seq, _) = desk.muster.store.journal_head().await?;
        let place = tempfile::tempdir()?;
        let folder = place.path().join("bundle");
        let wanted =
            Wanted { from: start()?, to: desk.env.now() + SignedDuration::from_secs(1), app: None };
        let (memory, watch) = (Memory::watch()?, Stopwatch::start());
        desk.muster.evidence(wanted, &folder).await?;
        let (seconds, growth) = (watch.seconds(), memory.growth_mb()?);
        let size = size_mb(&folder)?;
        per_person.push(seconds / f64::from(u32::try_from(people)?));
        lines.push(Line::new(
            format!("evidence export: {people} x {people}, 90 days, {seq} entries"),
            format!("{seconds:.1} s, +{growth} MB, {size} MB"),
            "60 s, +600 MB",
            seconds <= 60.0 && growth <= 600,
        ));
        let (memory, watch) = (Memory::watch()?, Stopwatch::start());
        let verdict = bundle::verify(&folder, None, None)?;
        let (seconds, growth) = (watch.seconds(), memory.growth_mb()?);
        ensure!(verdict.faults.is_empty(), "{:?}", verdict.faults);
        lines.push(Line::new(
            format!("evidence verify: the same, {size} MB"),
            format!("{seconds:.2} s, +{growth} MB"),
            "10 s, +64 MB (one entry at a time)",
            seconds <= 10.0 && growth <= 64,
        ));
    }
    if let [small, large] = per_person.as_slice() {
        let ratio = large / small;
        let what = "the same: export time per person, all beside a quarter of them";
        lines.push(Line::new(what, format!("{ratio:.2} x"), "1.5 x (linear)", ratio <= 1.5));
    }
    Ok(lines)
}

/// Everything that is kept held against the journal: what `muster log verify` does, and what comes
/// before every signature.
pub(crate) async fn verify() -> Result<Vec<Line>> {
    let people = 20_000;
    let desk = company(people, 3).await?;
    let (seq, _) = desk.muster.store.journal_head().await?;
    let (memory, watch) = (Memory::watch()?, Stopwatch::start());
    desk.muster.verify_against(None, None).await?;
    let agreement = desk.muster.agreement().await?;
    let (seconds, growth) = (watch.seconds(), memory.growth_mb()?);
    ensure!(agreement.beside.is_empty(), "{:?}", agreement.beside);
    let held = Line::new(
        format!("log verify: {people} x {people}, 3 days, {seq} entries"),
        format!("{seconds:.1} s, +{growth} MB"),
        "10 s, +600 MB",
        seconds <= 10.0 && growth <= 600,
    );
    let watch = Stopwatch::start();
    desk.muster.checkpoint().await?;
    let seconds = watch.seconds();
    let what = "log checkpoint: the same";
    Ok(vec![held, Line::new(what, format!("{seconds:.1} s"), "10 s", seconds <= 10.0)])
}

/// A policy tried on the history of a company.
pub(crate) async fn backtest() -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let text = POLICY.replace("{Agent: agent}", "{Agent: basic-agent}");
    let mut seconds_by_days = Vec::new();
    let desk = company(5_000, 90).await?;
    for days in [30_i64, 90] {
        let to = desk.env.now();
        let from = to.checked_sub(SignedDuration::from_hours(24 * days))?;
        let trial = Trial { text: text.clone(), from, to, app: None };
        let (memory, watch) = (Memory::watch()?, Stopwatch::start());
        let difference = desk.muster.try_policy(&trial).await?;
        let (seconds, growth) = (watch.seconds(), memory.growth_mb()?);
        ensure!(!difference.checks.is_empty(), "the policy makes no difference");
        seconds_by_days.push(seconds);
        lines.push(Line::new(
            format!("policy test: 5000 accounts, {days} days, {} moments", difference.moments),
            format!("{seconds:.1} s, +{growth} MB"),
            if days == 90 { "30 s, +600 MB" } else { "" },
            days != 90 || seconds <= 30.0 && growth <= 600,
        ));
    }
    Ok(lines)
}

/// Somebody changes an account in the app: until the result of the check is another.
pub(crate) async fn change() -> Result<Vec<Line>> {
    let people = 10_000;
    let desk = Desk::new(Env::system(), people, Limits::unlimited()).await?;
    desk.muster.apply_policy(POLICY).await?;
    import(&desk, roster(people, people)?).await?;
    desk.muster.sync(&desk.app).await?;
    let user = desk.sim.users().into_iter().nth(7).context("nobody")?;
    let mut lines = Vec::new();
    for (role, expected) in [(Role::Admin, CheckState::Fail), (Role::Agent, CheckState::Pass)] {
        let before = desk.requests();
        desk.sim.edit_user(user.id, |user| user.role = role).context("no such user")?;
        let watch = Stopwatch::start();
        desk.muster.sync(&desk.app).await?;
        let found = desk.muster.judge(Detail::Of("valid_access")).await?;
        let seconds = watch.seconds();
        let mine = found.results.iter().find(|result| result.subject == user.email);
        let state = mine.context("it is not judged")?.state;
        ensure!(state == expected, "{state:?} instead of {expected:?}");
        let requests = desk.requests() - before;
        let pages = people / 100;
        lines.push(Line::new(
            format!("change in the app of {people} to the changed result: {}", expected.word()),
            format!("{seconds:.2} s, {requests} requests"),
            format!("5 s, {} (one read)", pages + 2),
            seconds <= 5.0 && requests <= pages + 2,
        ));
    }
    Ok(lines)
}
