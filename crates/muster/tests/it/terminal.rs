//! The binary as a person at a terminal meets it: words in; exit code and words out.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    words: String,
}

impl Said {
    fn new(words: &[OsString], output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
            words: words.join(" "),
        }
    }

    #[track_caller]
    fn ends(self, code: i32) -> Self {
        let Self { words, out, err, .. } = &self;
        let ended = self.code;
        assert_eq!(ended, code, "exit code of muster {words}\n--- out\n{out}\n--- err\n{err}");
        self
    }

    /// Nothing to do, or all done.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        self.ends(0)
    }

    /// There are changes, or something waits.
    #[track_caller]
    pub(crate) fn waits(self) -> Self {
        self.ends(2)
    }

    /// It was refused, with a message that holds each of these texts and the word for an error.
    #[track_caller]
    pub(crate) fn refused<const N: usize>(self, texts: [&str; N]) -> Self {
        let said = self.ends(1);
        for text in texts {
            assert!(said.err.contains(text), "{text:?} is missing in:\n{}", said.err);
        }
        let called = ["error:", "{\"error\":"].iter().any(|word| said.err.contains(word));
        assert!(called, "nothing calls it an error:\n{}", said.err);
        said
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(text), "{text:?} is missing in:\n{all}");
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(!all.contains(text), "{text:?} is in:\n{all}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| {
            panic!("muster {} gave no JSON: {error}\n{}{}", self.words, self.out, self.err)
        })
    }
}

/// A shell with a clean environment.
#[derive(Clone)]
pub(crate) struct Terminal {
    /// `HOME`, and where commands run.
    pub(crate) place: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) variables: Vec<(&'static str, OsString)>,
}

impl Terminal {
    pub(crate) fn new(place: &Path) -> Self {
        Self { place: place.to_owned(), home: place.join("muster"), variables: Vec::new() }
    }

    /// With this variable in the environment.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Runs a command that has its program and home already.
    pub(crate) fn run(&self, command: &mut Command, words: &[&str]) -> Said {
        let words = to_words(words);
        self.prepare(command);
        Said::new(&words, &command.args(&words).output().unwrap())
    }

    fn command(&self, words: &[OsString]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.arg("--home").arg(&self.home).args(words);
        self.prepare(&mut command);
        command
    }

    /// The environment of every command: clean.
    fn prepare(&self, command: &mut Command) {
        command
            .env_clear()
            .env("HOME", &self.place)
            .env("USER", "ines")
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .current_dir(&self.place)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    pub(crate) fn muster<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Said {
        let words = to_words(words);
        let output = self.command(&words).output().unwrap();
        Said::new(&words, &output)
    }

    /// With this text on standard input.
    pub(crate) fn muster_reading<W: AsRef<str>>(
        &self,
        input: &str,
        words: impl IntoIterator<Item = W>,
    ) -> Said {
        let words = to_words(words);
        let mut child = self.command(&words).stdin(Stdio::piped()).spawn().unwrap();
        // One that ends before it reads has no ear for us.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Said::new(&words, &child.wait_with_output().unwrap())
    }

    /// A command that is not started yet, with nothing on standard input.
    pub(crate) fn command_of<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Command {
        self.command(&to_words(words))
    }

    /// Starts a command and does not wait for its end.
    pub(crate) fn start<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Child {
        let mut command = self.command(&to_words(words));
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

fn to_words<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Vec<OsString> {
    words.into_iter().map(|word| OsString::from(word.as_ref())).collect()
}

#[expect(clippy::disallowed_methods, reason = "the binary lives in real time, so its tests do too")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "the binary lives in real time, so its tests do too")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

#[expect(clippy::disallowed_methods, reason = "a parameter of a test")]
pub(crate) fn parameter(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Waits until something is so; a minute at most.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let give_up = now().as_second() + 60;
    while !so() {
        assert!(now().as_second() < give_up, "{what} did not happen");
        pause(Duration::from_millis(5));
    }
}
