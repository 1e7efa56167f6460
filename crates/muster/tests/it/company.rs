//! A company: a home, a roster, a policy, and a helpdesk. Its people are kept here as its HR would
//! keep them; Muster learns of them by import only.

use std::{
    fmt::Write as _,
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use jiff::{
    SignedDuration,
    civil::{Date, date},
    tz::TimeZone,
};
use muster_simulator::Config;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    desk::{Desk, KEY, OWNER, obliging},
    terminal::{Said, Terminal, now},
};

/// The policy of every company, to be varied by replacing words of it.
pub(crate) const POLICY: &str = r#"
organization: {time_zone: UTC, domains: [acme.example]}
apps:
  support:
    connector: gorgias
    critical: true
    account_owner: owner@acme.example
    writes: {create: true, update: true, deactivate: true, delete: false}
    access:
      - {when: 'person.title == "Head of Support"', role: admin}
      - {when: 'person.department == "Support" && person.title.contains("Lead")', role: agent}
      - {when: 'person.department == "Support"', role: basic-agent}
    joiner: {invite_before: 1 working day}
    leaver: {at: "18:00", remove: deactivate, delete_after: never}
    approval: {privileged: ask, delete: ask}
    limits: {removals_per_day: 20}
"#;

/// So many days from today, in UTC.
pub(crate) fn day(n: i32) -> Date {
    let today = now().to_zoned(TimeZone::UTC).date();
    today.checked_add(SignedDuration::from_hours(i64::from(n) * 24)).unwrap()
}

/// One row of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) email: String,
    pub(crate) status: String,
    pub(crate) starts: Date,
    pub(crate) last_day: Option<Date>,
    pub(crate) title: String,
    pub(crate) department: String,
    pub(crate) manager: String,
}

impl Row {
    fn cells(&self) -> [String; 10] {
        let Self { id, first, last, email, status, starts, last_day, title, department, manager } =
            self;
        [
            id.clone(),
            first.clone(),
            last.clone(),
            email.clone(),
            status.clone(),
            starts.to_string(),
            last_day.map(|day| day.to_string()).unwrap_or_default(),
            title.clone(),
            department.clone(),
            manager.clone(),
        ]
    }

    pub(crate) fn leaves(&mut self, last_day: Date) {
        self.last_day = Some(last_day);
    }
}

const HEADINGS: &str = "source_id,legal_first,legal_last,work_email,status,start_date,\
                        last_working_day,job_title,department,manager_source_id";

/// `Ann Ash` as `ann.ash@acme.example`.
pub(crate) fn email(name: &str) -> String {
    format!("{}@acme.example", name.to_lowercase().replace(' ', "."))
}

pub(crate) struct Company {
    pub(crate) terminal: Terminal,
    pub(crate) desk: Desk,
    pub(crate) people: Vec<Row>,
    _directory: TempDir,
}

impl Company {
    /// A company with a helpdesk, connected, under [`POLICY`]; only its owner works there.
    pub(crate) fn new() -> Self {
        Self::with(obliging(), POLICY)
    }

    pub(crate) fn with(config: Config, policy: &str) -> Self {
        let company = Self::unconnected(config);
        company.connects("support", &company.desk);
        company.policy(policy);
        company
    }

    /// With a home and a helpdesk that do not know of each other.
    pub(crate) fn unconnected(config: Config) -> Self {
        let mut company = Self::bare(config);
        company.terminal.home = company.place("muster");
        company.muster(["init"]).done();
        company
    }

    /// Without even a home.
    pub(crate) fn bare(config: Config) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut company = Self {
            terminal: Terminal::new(directory.path()),
            desk: Desk::open(config),
            people: Vec::new(),
            _directory: directory,
        };
        company.hire("Olive Owner").email = OWNER.to_owned();
        company.person("Olive Owner").title = "Head of Support".to_owned();
        company
    }

    /// The same company on another database.
    pub(crate) fn on_database(mut self, url: &str) -> Self {
        self.terminal = self.terminal.with("MUSTER_DATABASE_URL", url);
        self
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.terminal.place.join(name)
    }

    pub(crate) fn muster<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Said {
        self.terminal.muster(words)
    }

    pub(crate) fn connects(&self, app: &str, desk: &Desk) -> Said {
        self.connecting(KEY, ["app", "add", "gorgias", app, "--base-url", &desk.url()]).done()
    }

    /// Connects with this key, in the name of the owner.
    pub(crate) fn connecting<const N: usize>(&self, key: &str, words: [&str; N]) -> Said {
        let words = words.into_iter().chain(["--email", OWNER, "--api-key-stdin"]);
        self.terminal.muster_reading(key, words)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.place(name), text).unwrap();
        name.to_owned()
    }

    pub(crate) fn policy(&self, text: &str) {
        let file = self.write("policy.yaml", text);
        self.muster(["policy", "apply", &file]).done();
    }

    /// A support agent who has worked here for long; to be varied through what is returned.
    pub(crate) fn hire(&mut self, name: &str) -> &mut Row {
        let (first, last) = name.split_once(' ').unwrap();
        self.people.push(Row {
            id: format!("{:04}", 1001 + self.people.len()),
            first: first.to_owned(),
            last: last.to_owned(),
            email: email(name),
            status: "active".to_owned(),
            starts: date(2020, 3, 2),
            last_day: None,
            title: "Agent".to_owned(),
            department: "Support".to_owned(),
            manager: String::new(),
        });
        self.people.last_mut().unwrap()
    }

    pub(crate) fn person(&mut self, name: &str) -> &mut Row {
        let is = |row: &&mut Row| format!("{} {}", row.first, row.last) == name;
        self.people.iter_mut().find(is).unwrap_or_else(|| panic!("nobody is called {name}"))
    }

    /// HR's export as it is now.
    pub(crate) fn roster(&self) -> String {
        let mut text = format!("{HEADINGS}\n");
        for row in &self.people {
            let cells = row.cells().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
            let _ = writeln!(text, "{}", cells.join(","));
        }
        text
    }

    pub(crate) fn import(&self) -> Said {
        let file = self.write("roster.csv", &self.roster());
        self.muster(["roster", "import", &file, "--yes"])
    }

    /// Everybody who should have an account has one, as if Muster had been at work for long.
    pub(crate) fn settle(&self) {
        self.import().done();
        self.sync();
        self.muster(["apply", "support", "--yes"]).done();
        for user in self.desk.sim.users() {
            let _ = self.desk.sim.accept_invitation(user.id);
        }
        self.sync();
        self.muster(["plan", "support"]).done();
    }

    /// A company in which these people have been working for long, with accounts.
    pub(crate) fn where_work<const N: usize>(names: [&str; N]) -> Self {
        let mut company = Self::new();
        for name in names {
            company.hire(name);
        }
        company.settle();
        company
    }

    /// Imports and reads; both must succeed.
    pub(crate) fn looks(&self) {
        self.import().done();
        self.sync();
    }

    /// Reads the app, whatever gaps there are.
    pub(crate) fn sync(&self) -> Said {
        let said = self.muster(["sync"]);
        assert!(said.code != 1, "{}{}", said.out, said.err);
        said
    }

    pub(crate) fn plan(&self) -> Plan {
        Plan(self.muster(["plan", "support", "--json"]).json())
    }

    pub(crate) fn plan_at(&self, at: Date) -> Plan {
        Plan(self.muster(["plan", "support", "--json", "--at", &at.to_string()]).json())
    }

    pub(crate) fn apply(&self) -> Said {
        self.muster(["apply", "support", "--yes"])
    }

    /// Applies with everything approved by a named person.
    pub(crate) fn approve_all(&self, by: &str) -> Said {
        self.muster(["apply", "support", "--yes", "--approve", "all", "--as", by])
    }

    /// The gaps of these kinds that a read reports, as `kind login`.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let said = self.muster(["sync", "--json"]);
        let synced = said.json();
        let gaps = synced[0]["gaps"].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        gaps.iter().map(|gap| format!("{} {}", text(&gap["kind"]), text(&gap["login"]))).collect()
    }

    /// Where the journal ends: it moves with every change.
    pub(crate) fn journal_head(&self) -> Value {
        self.muster(["log", "verify", "--json"]).done().json()
    }

    /// Runs `attempt`, after which neither the journal nor the app may have moved.
    #[track_caller]
    pub(crate) fn unchanged_by<T>(&self, attempt: impl FnOnce() -> T) -> T {
        let before = (self.journal_head(), self.desk.writes());
        let outcome = attempt();
        assert_eq!((self.journal_head(), self.desk.writes()), before, "something was changed");
        outcome
    }

    /// The entries of the journal with this event.
    pub(crate) fn journal(&self, event: &str) -> Vec<Value> {
        let said = self.muster(["log", "--json"]).done();
        let entries = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        entries.filter(|entry| entry["event"] == event).collect()
    }
}

/// A plan as a reader of its JSON sees it.
pub(crate) struct Plan(pub(crate) Value);

impl Plan {
    fn list(&self, name: &str) -> Vec<Value> {
        self.0[name].as_array().unwrap_or_else(|| panic!("no {name} in {}", self.0)).clone()
    }

    /// The operations as `action name`, in order.
    pub(crate) fn operations(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let operations = self.list("operations");
        let say = |one: &Value| {
            // What is about an account of nobody's tells its login.
            let whose = [&one["person"]["name"], &one["before"]["login"]];
            let whose = whose.into_iter().find(|one| one.is_string()).unwrap_or(&Value::Null);
            format!("{} {}", text(&one["action"]), text(whose))
        };
        operations.iter().map(say).collect()
    }

    /// What holds the operations about this person.
    pub(crate) fn holds(&self, name: &str) -> Vec<String> {
        let mine = self.list("operations").into_iter().filter(|one| one["person"]["name"] == name);
        let holds = mine.flat_map(|one| one["holds"].as_array().unwrap().clone());
        holds.map(|hold| hold["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// What comes by itself for this person.
    pub(crate) fn upcoming(&self, name: &str) -> Vec<Value> {
        self.list("upcoming").into_iter().filter(|one| one["person"]["name"] == name).collect()
    }

    /// Why nothing can be planned for this person.
    pub(crate) fn blocked(&self, name: &str) -> Vec<String> {
        let mine = self.list("blocked").into_iter().filter(|one| one["person"]["name"] == name);
        mine.map(|one| one["reason"].as_str().unwrap().to_owned()).collect()
    }
}

/// Nobody in particular, to whom permissions apply even where the tests run as root.
const NOBODY: &str = "65534";

impl Company {
    /// Takes away the right to write the home; gives a way to run commands without that right.
    pub(crate) fn made_read_only(&self) -> impl Fn(&[&str]) -> Said {
        let terminal = self.terminal.clone();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        self.permit(&terminal.place, 0o755, is_root);
        self.permit(&terminal.home, 0o555, is_root);
        for entry in fs::read_dir(&terminal.home).unwrap() {
            self.permit(&entry.unwrap().path(), 0o444, is_root);
        }
        // Where programs are built may be out of sight for others.
        let binary = terminal.place.join("muster-binary");
        if fs::hard_link(env!("CARGO_BIN_EXE_muster"), &binary).is_err() {
            fs::copy(env!("CARGO_BIN_EXE_muster"), &binary).unwrap();
        }
        move |words| {
            let mut command = if is_root {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}"));
                command.arg("--clear-groups").arg(&binary);
                command
            } else {
                Command::new(&binary)
            };
            terminal.run(command.arg("--home").arg(&terminal.home), words)
        }
    }

    /// Gives the right back.
    pub(crate) fn made_writable(&self) {
        let home = &self.terminal.home;
        fs::set_permissions(home, Permissions::from_mode(0o700)).unwrap();
        for entry in fs::read_dir(home).unwrap() {
            fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(0o600)).unwrap();
        }
    }

    fn permit(&self, path: &Path, mode: u32, is_root: bool) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        if is_root && path.starts_with(&self.terminal.home) {
            let nobody = NOBODY.parse().ok();
            chown(path, nobody, nobody).unwrap();
        }
    }
}
