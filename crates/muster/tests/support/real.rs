//! The real program against a simulated Gorgias over loopback: as an operator runs it, judged by
//! what the simulator itself has on record.

#![expect(clippy::unwrap_used, reason = "a test that cannot run its program cannot go on")]

use std::{
    io::Write,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use muster_simulator::{ActiveWrite, Clock, Config, Gorgias, Limits};

/// A key that is easily found wherever it should not be.
pub(crate) const KEY: &str = "k3y-that-must-never-be-seen";

/// A simulated Gorgias on a loopback port.
pub(crate) struct Helpdesk {
    pub(crate) gorgias: Gorgias,
    pub(crate) base_url: String,
    _runtime: tokio::runtime::Runtime,
}

/// Switches under which deactivation works and no limit is met.
pub(crate) fn config() -> Config {
    Config {
        api_key: KEY.to_owned(),
        limits: Limits::unlimited(),
        active_write: ActiveWrite::Applied,
        ..Config::gorgias()
    }
}

impl Helpdesk {
    /// Serves an account with these switches, and nobody in it but the owner.
    pub(crate) fn new(config: Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let gorgias = Gorgias::new(config, Clock::system());
        let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let served = gorgias.clone();
        runtime.spawn(async move { served.serve(listener, std::future::pending()).await });
        Self { gorgias, base_url, _runtime: runtime }
    }
}

/// Today, in the zone of the tests' policy (UTC).
#[expect(clippy::disallowed_methods, reason = "the program under test reads the real clock")]
pub(crate) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// The day so many days from today.
pub(crate) fn day(offset: i32) -> String {
    today().checked_add(offset.days()).unwrap().to_string()
}

/// A home, and where its data is.
pub(crate) struct Home {
    pub(crate) dir: tempfile::TempDir,
    /// The address of a PostgreSQL database, or none for the file in the home.
    pub(crate) database: Option<String>,
}

/// What a command came to.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// Expects this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Home {
    /// A home that nobody has set up.
    pub(crate) fn empty(database: Option<String>) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), database }
    }

    /// A home that was set up.
    pub(crate) fn new(database: Option<String>) -> Self {
        let home = Self::empty(database);
        home.muster(&["init"]).exits(0);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The command, with nothing of this process's environment that could steer it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.env_clear().arg("--home").arg(self.path("home")).args(arguments);
        command.current_dir(self.dir.path());
        if let Some(url) = &self.database {
            command.env("MUSTER_DATABASE_URL", url);
        }
        command
    }

    /// Runs a command to its end, with nobody at the terminal.
    pub(crate) fn muster(&self, arguments: &[&str]) -> Said {
        self.command(arguments).stdin(Stdio::null()).output().unwrap().into()
    }

    /// Runs a command with this on its standard input.
    pub(crate) fn muster_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = self.piped(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that fails before it reads closes its end: that is its affair.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    fn piped(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a command and does not wait for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.piped(arguments).stdin(Stdio::null()).spawn().unwrap()
    }

    /// Connects a helpdesk under a name.
    pub(crate) fn connect(&self, name: &str, helpdesk: &Helpdesk) -> Said {
        let url = &helpdesk.base_url;
        let login = &helpdesk.gorgias.config().owner_email;
        let key = &helpdesk.gorgias.config().api_key;
        let add = ["app", "add", "gorgias", name, "--base-url", url, "--email", login];
        self.muster_with(&[&add[..], &["--api-key-stdin"]].concat(), key)
    }

    /// Writes a file beside the home and gives its name.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        name.to_owned()
    }

    /// Imports rows of Muster's own format.
    pub(crate) fn import(&self, rows: &[String]) -> Said {
        let text = format!("{ROSTER}\n{}\n", rows.join("\n"));
        let file = self.write("roster.csv", &text);
        self.muster(&["roster", "import", &file, "--source", "hr", "--yes"])
    }

    /// Makes a policy the valid one.
    pub(crate) fn policy(&self, text: &str) -> Said {
        let file = self.write("policy.yaml", text);
        self.muster(&["policy", "apply", &file])
    }
}

/// The headings of the rosters that tests write.
pub(crate) const ROSTER: &str =
    "source_id,display_name,work_email,status,start_date,end_date,department,job_title";

/// One row of a roster.
pub(crate) fn row(id: &str, name: &str, status: &str, start: &str, end: &str) -> String {
    let local = name.to_lowercase().replace(' ', ".");
    format!("{id},{name},{local}@acme.example,{status},{start},{end},Support,Agent")
}
