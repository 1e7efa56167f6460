//! Cutting somebody's access while another process reads everything: two real processes on one
//! home, and the app's own record of when it was asked what.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use muster::env::Env;
use muster_simulator::{ActiveWrite, Clock, Config, Gorgias, LimitModel, Limits, NewUser, Role};
use tokio::net::TcpListener;

use crate::{Line, desk::Stopwatch};

/// Accounts: a hundred pages.
const PEOPLE: u64 = 10_000;

/// Pages after which the bucket is full and the rest comes at the rate at which it drains.
const UNDER_WAY: u64 = 50;

const LEAVER: &str = "ann.ash@acme.example";

const POLICY: &str = "
organization: {time_zone: UTC, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    account_owner: owner@acme.example
    writes: {create: true, update: true, deactivate: true, delete: false}
    access:
      - {when: 'person.department == \"Support\"', role: basic-agent}
    leaver: {at: \"18:00\", remove: deactivate}
    limits: {removals_per_day: 20}
";

const ROSTER: &str = "source_id,legal_first,legal_last,work_email,status,start_date,department
1,Ann,Ash,ann.ash@acme.example,active,2020-03-02,Support
2,Ben,Birch,ben.birch@acme.example,active,2020-03-02,Support
";

/// A home, and the program beside this one.
struct Shell {
    program: PathBuf,
    place: tempfile::TempDir,
}

impl Shell {
    fn new() -> Result<Self> {
        let here = std::env::current_exe()?;
        let program = here.parent().map(|place| place.join("muster")).context("no directory")?;
        ensure!(program.exists(), "{} is not built: use `make bench`", program.display());
        Ok(Self { program, place: tempfile::tempdir()? })
    }

    fn place(&self) -> &Path {
        self.place.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(self.place().join("home")).args(words);
        command.current_dir(self.place()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        command
    }

    /// Runs a command; 2 says that something waits or is due.
    fn run(&self, words: &[&str]) -> Result<()> {
        let code = self.command(words).status()?.code();
        ensure!(matches!(code, Some(0 | 2)), "muster {} ended with {code:?}", words.join(" "));
        Ok(())
    }

    fn file(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(self.place().join(name), text)?)
    }
}

fn pages(sim: &Gorgias) -> u64 {
    sim.counters().requests.get("GET /api/users").copied().unwrap_or_default()
}

/// A company that has been read once, without a limit.
fn set_up(shell: &Shell, sim: &Gorgias, url: &str) -> Result<()> {
    sim.add_user(NewUser::new(LEAVER).name("Ann Ash").role(Role::BasicAgent));
    for number in 2..PEOPLE {
        let user = NewUser::new(format!("user{number}@acme.example"));
        sim.add_user(user.name(format!("Person Number{number}")).role(Role::ObserverAgent));
    }
    shell.run(&["init"])?;
    shell.file("key", &sim.config().api_key)?;
    let words =
        ["app", "add", "gorgias", "support", "--base-url", url, "--email", "owner@acme.example"];
    let mut add = shell.command(&words);
    add.arg("--api-key-stdin").stdin(std::fs::File::open(shell.place().join("key"))?);
    ensure!(add.status()?.success(), "the app was not connected");
    shell.file("policy.yaml", POLICY)?;
    shell.run(&["policy", "apply", "policy.yaml"])?;
    shell.file("people.csv", ROSTER)?;
    shell.run(&["roster", "import", "people.csv", "--yes"])?;
    shell.run(&["sync"])?;
    let limits =
        Limits { capacity: 40, model: LimitModel::Leaky { drain_per_s: 2 }, ..Limits::default() };
    sim.configure(|config| config.limits = limits);
    // Learns the limit.
    shell.run(&["app", "check", "support"])
}

/// Seconds from the command to the answer that shows the cut, while a full read goes on at 2
/// requests a second.
pub(crate) async fn urgent() -> Result<Vec<Line>> {
    let env = Env::system();
    let config = Config {
        owner_email: "owner@acme.example".to_owned(),
        active_write: ActiveWrite::Applied,
        limits: Limits::unlimited(),
        ..Config::gorgias()
    };
    let sim = Gorgias::new(config, Clock::system());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let served = sim.clone();
    let serving = tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
    let measured = sim.clone();
    let lines = tokio::task::spawn_blocking(move || {
        let shell = Shell::new()?;
        set_up(&shell, &measured, &url)?;
        Ok::<_, anyhow::Error>((shell, measured))
    })
    .await??;
    let (shell, sim) = lines;
    let before = pages(&sim);
    let mut reading = shell.command(&["sync"]).spawn()?;
    while pages(&sim) < before + UNDER_WAY {
        ensure!(reading.try_wait()?.is_none(), "the full read ended too early");
        env.sleep(Duration::from_millis(20)).await;
    }
    // What the program takes for itself: the same without doing it.
    let watch = Stopwatch::start();
    shell.run(&["offboard", LEAVER])?;
    let own = watch.seconds();
    let began = env.now();
    shell.run(&["offboard", LEAVER, "--now", "--yes"])?;
    let still = reading.try_wait()?.is_none();
    reading.kill()?;
    reading.wait()?;
    serving.abort();
    ensure!(still, "the full read was over before the cut");
    let out = sim.users().into_iter().any(|user| user.email == LEAVER && !user.is_active());
    ensure!(out, "the account still lets in");
    let log = sim.request_log();
    let read_back = log.iter().rev().find(|one| one.route == "/api/users/{id}");
    let read_back = read_back.context("nothing was read back")?.at;
    let took = read_back.duration_since(began).as_secs_f64();
    let refused = sim.counters().rate_limited;
    Ok(vec![
        Line::new(
            "cut during a full read at 2/s: command to verified removal",
            format!("{took:.2} s"),
            format!("2 s + {own:.2} s (the program's own)"),
            took <= 2.0 + own,
        ),
        Line::new("the same: refusals", refused.to_string(), "0", refused == 0),
    ])
}
