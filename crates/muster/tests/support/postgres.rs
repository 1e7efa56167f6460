//! A private PostgreSQL for tests: its own data directory, its own socket, nothing kept. All test
//! processes of one run (children of one `cargo test` or `cargo nextest`) share one server; each
//! test gets an empty database; the server stops when the run ends.
//!
//! PostgreSQL refuses to run as root; then it runs as the user `postgres`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot have its database cannot go on"
)]

use std::{
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::{CommandExt as _, parent_id},
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

const MISSING: &str = "PostgreSQL is not installed: apt-get install postgresql";

/// The one server of this test run.
pub(crate) struct Server {
    bin: PathBuf,
    directory: PathBuf,
    databases: AtomicU32,
}

impl Server {
    /// The server, started on first use.
    pub(crate) fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    /// The address of a new, empty database.
    pub(crate) fn new_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}", std::process::id());
        let socket = self.directory.to_str().unwrap();
        let made = self.command("createdb").args(["-h", socket, "-U", "muster", &name]).output();
        succeeded("createdb", &made.unwrap());
        format!("postgres://muster@localhost/{name}?host={}", socket.replace('/', "%2F"))
    }

    /// Starts the server of this run, or finds it started by another process of the run.
    fn start() -> Self {
        let run = parent_id();
        let directory = std::env::temp_dir().join(format!("muster-test-pg-{run}"));
        let lock = std::fs::File::create(directory.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        let server = Self { bin: binaries(), directory, databases: AtomicU32::new(0) };
        if !server.is_up() {
            let _ = std::fs::remove_dir_all(&server.directory);
            server.initialise();
            server.launch();
            server.stop_with_the_run(run);
        }
        server
    }

    fn is_up(&self) -> bool {
        self.directory.exists()
            && self
                .command("pg_ctl")
                .arg("-D")
                .arg(self.data())
                .arg("status")
                .output()
                .unwrap()
                .status
                .success()
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn initialise(&self) {
        std::fs::create_dir(&self.directory).unwrap();
        if is_root() {
            let (user, group) = postgres_user();
            chown(&self.directory, Some(user), Some(group)).unwrap();
        }
        let made = self
            .command("initdb")
            .arg("-D")
            .arg(self.data())
            .args(["-U", "muster", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
            .output();
        succeeded("initdb", &made.unwrap());
    }

    fn launch(&self) {
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off -c max_connections=200",
            self.directory.display()
        );
        // The log goes to a file: a server that holds our pipes would never let us go on.
        let log = self.directory.join("log");
        let started = self
            .command("pg_ctl")
            .arg("-D")
            .arg(self.data())
            .arg("-l")
            .arg(&log)
            .args(["-w", "-o", &options, "start"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(started.success(), "{}", std::fs::read_to_string(&log).unwrap_or_default());
    }

    /// Tests are sometimes killed: a shell that waits for the end of the run stops the server and
    /// removes its directory.
    fn stop_with_the_run(&self, run: u32) {
        let script = "while test -d /proc/$0; do sleep 0.5; done; \
                      server=$(head -n 1 \"$1/data/postmaster.pid\"); kill -QUIT $server; \
                      sleep 1; rm -rf \"$1\" \"$1.lock\"";
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script, &run.to_string()])
            .arg(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        #[expect(clippy::zombie_processes, reason = "it outlives us on purpose")]
        let _ = shell.spawn().unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let (user, group) = postgres_user();
            let mut command = Command::new("setpriv");
            command
                .args([format!("--reuid={user}"), format!("--regid={group}")])
                .arg("--clear-groups")
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").env("LC_ALL", "C.UTF-8");
        command
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn postgres_user() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect(MISSING);
    let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
    (ids.next().unwrap(), ids.next().unwrap())
}

/// The newest PostgreSQL of this machine.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .max();
    let packaged = newest.map(|(_, path)| path.join("bin"));
    #[expect(clippy::disallowed_methods, reason = "a test looks for a program")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    packaged
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|directory: &PathBuf| is_complete(directory))
        .expect(MISSING)
}

fn is_complete(directory: &Path) -> bool {
    ["initdb", "pg_ctl", "createdb"].iter().all(|program| directory.join(program).exists())
}

fn succeeded(what: &str, output: &Output) {
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
}
