//! Settings: the only place that reads the environment, and the home directory with its key and
//! its lock.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    env::Env,
    error::{Error, Result},
    secret::Secret,
    store::{Location, seal::SealingKey},
};

/// The lock of the server of a home.
const SERVER: &str = "serve.lock";

/// So many seconds a server waits for a command that is at work when it starts.
const WAITS_FOR_A_COMMAND: u32 = 30;

/// What the environment says, read once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Muster keeps its things.
    pub home: PathBuf,
    /// The address of a PostgreSQL database to use instead of the file in the home.
    database: Option<Secret>,
    /// The sealing key, when it is not kept in the home.
    key: Option<Secret>,
    /// Who is asking.
    pub actor: String,
    /// Whether output may be coloured, as far as the environment is concerned.
    pub may_colour: bool,
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

impl Settings {
    /// Reads the environment. What is given goes before it.
    ///
    /// # Errors
    /// When no home is named and there is no home directory to put one in.
    pub fn read(home: Option<PathBuf>, actor: Option<String>) -> Result<Self> {
        let home = home
            .or_else(|| variable("MUSTER_HOME").map(PathBuf::from))
            .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".muster")))
            .ok_or_else(|| {
                Error::Invalid("no home is known; name one: --home DIR or MUSTER_HOME".to_owned())
            })?;
        let actor = actor
            .or_else(|| variable("MUSTER_ACTOR"))
            .or_else(|| variable("USER"))
            .unwrap_or_else(|| "operator".to_owned());
        if actor.trim().is_empty() || actor.len() > 200 || actor.chars().any(char::is_control) {
            return Err(Error::Invalid(
                "the name that the journal gives you must not be blank, longer than 200 bytes or \
                 hold control characters; see --as and MUSTER_ACTOR"
                    .to_owned(),
            ));
        }
        Ok(Self {
            home,
            database: variable("MUSTER_DATABASE_URL").map(Secret::new),
            key: variable("MUSTER_KEY").map(Secret::new),
            actor,
            may_colour: variable("NO_COLOR").is_none(),
        })
    }

    /// Where the data is.
    #[must_use]
    pub fn location(&self) -> Location {
        match &self.database {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::SqliteFile(self.home.join("muster.db")),
        }
    }

    fn key_file(&self) -> PathBuf {
        self.home.join("key")
    }

    /// Where the home keeps how far it has seen the journal come.
    #[must_use]
    pub fn witness_file(&self) -> PathBuf {
        self.home.join("journal.head")
    }

    /// Whether this home was set up.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.key.is_some() || self.key_file().exists()
    }

    /// Whether commands have run in this home.
    #[must_use]
    pub fn was_used(&self) -> bool {
        self.home.join("node").exists() || self.home.join("muster.db").exists()
    }

    fn key_missing(&self) -> Error {
        Error::NotFound(format!(
            "the sealing key {} is missing, and without it the credentials in the store cannot be \
             opened; restore it from a backup, or give it in MUSTER_KEY",
            self.key_file().display()
        ))
    }

    /// Makes the home and its sealing key; keeps what is there.
    ///
    /// # Errors
    /// When the directory cannot be made or written.
    pub fn set_up(&self, env: &Env) -> Result<SealingKey> {
        let home = &self.home;
        make_private_dir(home).map_err(|error| self.unwritable("make", error))?;
        if self.is_set_up() {
            return self.sealing_key();
        }
        if self.was_used() {
            return Err(self.key_missing());
        }
        let key = SealingKey::generate(env);
        let path = self.key_file();
        let failed = |error| {
            Error::file(format!("cannot write the sealing key to {}", path.display()), error)
        };
        let mut file = create_private(&path).map_err(failed)?;
        file.write_all(key.to_text().reveal().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(key)
    }

    /// The sealing key.
    ///
    /// # Errors
    /// When there is none, or it is none.
    pub fn sealing_key(&self) -> Result<SealingKey> {
        let text = if let Some(key) = &self.key {
            key.clone()
        } else {
            let path = self.key_file();
            let text = fs::read_to_string(&path).map_err(|error| {
                if error.kind() == ErrorKind::NotFound && self.was_used() {
                    self.key_missing()
                } else if error.kind() == ErrorKind::NotFound {
                    Error::NotFound(format!(
                        "there is no Muster home at {}; set one up: muster init",
                        self.home.display()
                    ))
                } else {
                    Error::file(format!("cannot read the sealing key {}", path.display()), error)
                }
            })?;
            Secret::new(text)
        };
        text.reveal().trim().parse().map_err(|_| {
            let place = match &self.key {
                Some(_) => {
                    "MUSTER_KEY is no sealing key; it is the 64 characters of a home's key file"
                        .to_owned()
                }
                None => format!(
                    "the sealing key {} is damaged; restore it from a backup",
                    self.key_file().display()
                ),
            };
            Error::Invalid(place)
        })
    }

    fn unwritable(&self, doing: &str, error: std::io::Error) -> Error {
        let home = self.home.display();
        Error::file(
            format!(
                "cannot {doing} the home {home}; see to its permissions, or name another: --home DIR"
            ),
            error,
        )
    }

    /// Takes the home for writing, for as long as the lock lives. `doing` tells others what for.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self, doing: &str) -> Result<HomeLock> {
        self.lock_file("lock", doing)
    }

    /// Takes the right to be the server of this home, for as long as the lock lives. A command that
    /// has the home to itself is waited for: whoever begins later knows of the server.
    ///
    /// # Errors
    /// When there is a server already, or a command does not come to an end.
    pub async fn lock_server(&self, env: &Env) -> Result<HomeLock> {
        for _ in 0..WAITS_FOR_A_COMMAND {
            match self.lock("serve") {
                Ok(_alone) => return self.lock_file(SERVER, "serve"),
                Err(Error::Busy(_)) => env.sleep(Duration::from_secs(1)).await,
                Err(error) => return Err(error),
            }
        }
        self.lock("serve").and_then(|_alone| self.lock_file(SERVER, "serve"))
    }

    /// Whether a server goes on in this home.
    #[must_use]
    pub fn is_served(&self) -> bool {
        let file = open_private(&self.home.join(SERVER));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    fn lock_file(&self, name: &str, doing: &str) -> Result<HomeLock> {
        let path = self.home.join(name);
        let failed = |error| self.unwritable("write to", error);
        let mut file = open_private(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(Error::Busy(format!(
                    "another muster is at work in {}: {}; wait until it is done, or end it",
                    self.home.display(),
                    holder.trim()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "process {}, muster {doing}", std::process::id()).map_err(failed)?;
        Ok(HomeLock { _file: file })
    }

    /// The name under which this home leases connections.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn node(&self, env: &Env) -> Result<String> {
        let path = self.home.join("node");
        let failed = |error| Error::file(format!("cannot use {}", path.display()), error);
        match fs::read_to_string(&path) {
            Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
            Ok(_) => Err(Error::Invalid(format!("{} is empty; remove it", path.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let chance: String =
                    env.chance().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
                let name = format!("node-{chance}");
                let mut file = create_private(&path).map_err(failed)?;
                file.write_all(name.as_bytes()).map_err(failed)?;
                Ok(name)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Holds the home for writing until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

#[cfg(unix)]
fn make_private_dir(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private_dir(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file for reading and writing, or makes it.
#[cfg(unix)]
fn open_private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn open_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
