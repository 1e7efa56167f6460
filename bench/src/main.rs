//! Measurements beside the physical limit or the budget: `make bench`.
//!
//! Each group of measurements runs in a process of its own, so that memory means something. What
//! is measured is Muster with the simulator in one process, so times contain the simulator's work.
//! A result over its budget makes the exit code 1.

mod desk;
mod evidence;
mod measure;
mod urgent;

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context, Result, bail};

/// One line of the table.
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) result: String,
    pub(crate) budget: String,
    pub(crate) ok: bool,
}

impl Line {
    pub(crate) fn new(
        what: impl Into<String>,
        result: impl Into<String>,
        budget: impl Into<String>,
        ok: bool,
    ) -> Self {
        Self { what: what.into(), result: result.into(), budget: budget.into(), ok }
    }

    /// How a child tells its parent.
    fn told(&self) -> String {
        let Self { what, result, budget, ok } = self;
        format!("{what}\t{result}\t{budget}\t{}", if *ok { "ok" } else { "over" })
    }
}

/// The groups, in the order of the table.
const GROUPS: &[&str] = &[
    "pace", "read", "sync", "requests", "urgent", "change", "verify", "evidence", "backtest",
    "scale",
];

/// People, and as many accounts, for the largest plan.
const SCALE: u32 = 250_000;

fn main() -> Result<ExitCode> {
    match env::args().nth(1) {
        None => table(GROUPS),
        Some(group) if env::args().nth(2).as_deref() == Some("--child") => {
            let lines = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?
                .block_on(group_of(&group))?;
            for line in lines {
                println!("{}", line.told());
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(group) => table(&[group.as_str()]),
    }
}

async fn group_of(group: &str) -> Result<Vec<Line>> {
    match group {
        "pace" => measure::pace().await,
        "read" => measure::read().await,
        "sync" => measure::sync().await,
        "requests" => measure::requests().await,
        "urgent" => urgent::urgent().await,
        "change" => evidence::change().await,
        "verify" => evidence::verify().await,
        "evidence" => evidence::evidence().await,
        "backtest" => evidence::backtest().await,
        other => bail!("there is no group {other:?}; there are {}", GROUPS.join(", ")),
    }
}

fn table(groups: &[&str]) -> Result<ExitCode> {
    let mut all_ok = true;
    println!("{:<62} {:>26}  {:<34} ok", "measurement", "result", "budget");
    println!("{}", "-".repeat(128));
    for group in groups {
        let lines = if *group == "scale" { scale()? } else { child(group)? };
        for line in lines {
            let [what, result, budget, verdict] = line;
            let ok = verdict == "ok";
            all_ok &= ok;
            println!("{what:<62} {result:>26}  {budget:<34} {}", if ok { "yes" } else { "NO" });
        }
    }
    Ok(if all_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn output(command: &mut Command) -> Result<String> {
    let name = format!("{command:?}");
    let done = command.stderr(Stdio::inherit()).output().with_context(|| name.clone())?;
    if !done.status.success() {
        bail!("{name} failed");
    }
    Ok(String::from_utf8(done.stdout)?)
}

fn child(group: &str) -> Result<Vec<[String; 4]>> {
    let told = output(Command::new(env::current_exe()?).args([group, "--child"]))?;
    let cells = |line: &str| {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        cells.try_into().ok()
    };
    told.lines().map(|line| cells(line).context("a measurement that is not four cells")).collect()
}

/// The engine alone, as `crates/domain/examples/scale.rs` measures it: match, report gaps, ask every
/// check, plan. It tells `N people, N accounts: 1.23 s …; world 200 MB, peak 400 MB`.
fn scale() -> Result<Vec<[String; 4]>> {
    let example = example("scale")?;
    let mut lines = Vec::new();
    let mut per_person = Vec::new();
    for people in [SCALE / 4, SCALE] {
        let told = output(Command::new(&example).arg(people.to_string()))?;
        let number = |after: &str| -> Option<f64> {
            told.split(after).nth(1)?.split_whitespace().next()?.parse().ok()
        };
        let seconds = number("accounts:").context("no seconds")?;
        let peak = number("peak").context("no peak")?;
        per_person.push(seconds / f64::from(people));
        let whole = people == SCALE;
        lines.push([
            format!("match, gaps, checks and plan: {people} people, {people} accounts"),
            format!("{seconds:.2} s, {peak} MB"),
            if whole { "2 s, 600 MB".to_owned() } else { String::new() },
            if !whole || seconds <= 2.0 && peak <= 600.0 { "ok" } else { "over" }.to_owned(),
        ]);
    }
    if let [quarter, whole] = per_person.as_slice() {
        let ratio = whole / quarter;
        lines.push([
            "the same: time per person, all beside a quarter of them".to_owned(),
            format!("{ratio:.2} x"),
            "1.25 x (linear)".to_owned(),
            if ratio <= 1.25 { "ok" } else { "over" }.to_owned(),
        ]);
    }
    Ok(lines)
}

fn example(name: &str) -> Result<PathBuf> {
    let here = env::current_exe()?;
    let path = here.parent().context("no directory")?.join("examples").join(name);
    if !path.exists() {
        bail!("{} is not built: run this through `make bench`", path.display());
    }
    Ok(path)
}
