//! The command line: translates words into use cases and their outcome into text, JSON and an exit
//! code. No decisions, no SQL.
//!
//! A command is one file with its arguments and one `run`, and one line in `Command`.

mod access;
mod accounts;
mod app;
mod apply;
mod approvals;
mod approve;
mod attestation;
mod check;
mod consent;
mod critical;
mod delegate;
mod demo;
mod evidence;
mod exception;
mod freeze;
mod group;
mod hand_over;
mod history;
mod init;
mod log;
mod meta;
mod offboard;
mod people;
mod plan;
mod policy;
mod readiness;
mod reject;
mod render;
mod roster;
mod seats;
mod serve;
mod session;
mod simulate;
mod sync;
mod tasks;
mod undo;
mod upcoming;
mod users;
mod why;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use clap::{Parser, Subcommand};

pub use self::session::Outcome;
use crate::error::Result;

/// Keeps the people of a company and the accounts in its apps in agreement, and proves it.
#[derive(Debug, Parser)]
#[command(name = "muster", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 nothing to do or done, 1 error, 2 changes or something waits."
)]
pub struct Cli {
    /// Where Muster keeps its things [default: ~/.muster]
    #[arg(long, global = true, value_name = "DIR", env = "MUSTER_HOME", hide_env_values = true)]
    home: Option<PathBuf>,
    /// JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Who is asking, as the journal names them [default: your user name]
    #[arg(long = "as", global = true, value_name = "NAME")]
    actor: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set up a home: directory, sealing key, store
    Init(init::Args),
    /// Connect apps and look at connections
    #[command(subcommand)]
    App(app::Command),
    /// Import who works here
    #[command(subcommand)]
    Roster(roster::Command),
    /// Look at people
    #[command(subcommand)]
    People(people::Command),
    /// Look at accounts, and say whose they are
    #[command(subcommand)]
    Accounts(accounts::Command),
    /// Check, apply and show the policy
    #[command(subcommand)]
    Policy(policy::Command),
    /// Groups of people and the access they give
    #[command(subcommand)]
    Group(group::Command),
    /// Grant one-off access, make exceptions
    #[command(subcommand)]
    Access(access::Command),
    /// Read apps, tie accounts to people, report gaps
    Sync(sync::Args),
    /// Show what would bring an app into agreement
    Plan(plan::Args),
    /// Show what will happen by itself, and when
    Upcoming(upcoming::Args),
    /// Do it
    Apply(apply::Args),
    /// Let operations go that wait for a named person
    Approve(approve::Args),
    /// Say no to an operation: it waits until somebody approves it anew
    Reject(reject::Args),
    /// Show what waits for whom, and what was decided
    Approvals(approvals::Args),
    /// Lend your say in approvals to somebody else for a while
    Delegate(delegate::Args),
    /// Put back what was done
    Undo(undo::Args),
    /// Take a person's access away
    Offboard(offboard::Args),
    /// Give a leaver's work to others
    HandOver(hand_over::Args),
    /// Order an app, a person or everything to stand still
    #[command(subcommand)]
    Freeze(freeze::Command),
    /// List what only a human can do, and ask somebody to do it
    #[command(subcommand)]
    Tasks(tasks::Command),
    /// Ask what an auditor would ask, of every account, person and app
    Check(check::Args),
    /// Declare apps critical, and say who may use them
    #[command(subcommand)]
    Critical(critical::Command),
    /// Leave something wrong as it is until a date, and answer for it
    #[command(subcommand)]
    Exception(exception::Command),
    /// Give your word, with a proof, for what no system tells
    #[command(subcommand)]
    Attestation(attestation::Command),
    /// Run the loop, and serve pages and API
    Serve(serve::Args),
    /// Who may sign in to the server
    #[command(subcommand)]
    Users(users::Command),
    /// Make and verify evidence for an auditor
    #[command(subcommand)]
    Evidence(evidence::Command),
    /// Show who starts soon, and whether they will be able to sign in
    Readiness(readiness::Args),
    /// Show seats in use, and how that will go on
    Seats(seats::Args),
    /// Explain a person, an account or an operation
    Why(why::Args),
    /// Show who had what at a moment, as known then or later, or how it went with a person
    History(history::Args),
    /// Show or verify the journal
    Log(log::Args),
    /// Run a simulated app to try things on
    #[command(subcommand)]
    Simulate(simulate::Command),
    /// See it all at work on a simulated company
    Demo(demo::Args),
    /// Print a completion script for a shell
    Completions(meta::Completions),
    /// Print the manual
    Man(meta::Man),
}

impl Command {
    const fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::App(_) => "app",
            Self::Roster(_) => "roster",
            Self::People(_) => "people",
            Self::Accounts(_) => "accounts",
            Self::Policy(_) => "policy",
            Self::Group(_) => "group",
            Self::Access(_) => "access",
            Self::Sync(_) => "sync",
            Self::Plan(_) => "plan",
            Self::Upcoming(_) => "upcoming",
            Self::Apply(_) => "apply",
            Self::Approve(_) => "approve",
            Self::Reject(_) => "reject",
            Self::Approvals(_) => "approvals",
            Self::Delegate(_) => "delegate",
            Self::Undo(_) => "undo",
            Self::Offboard(_) => "offboard",
            Self::HandOver(_) => "hand-over",
            Self::Freeze(_) => "freeze",
            Self::Tasks(_) => "tasks",
            Self::Check(_) => "check",
            Self::Critical(_) => "critical",
            Self::Exception(_) => "exception",
            Self::Attestation(_) => "attestation",
            Self::Serve(_) => "serve",
            Self::Users(_) => "users",
            Self::Evidence(_) => "evidence",
            Self::Readiness(_) => "readiness",
            Self::Seats(_) => "seats",
            Self::Why(_) => "why",
            Self::History(_) => "history",
            Self::Log(_) => "log",
            Self::Simulate(_) => "simulate",
            Self::Demo(_) => "demo",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }
}

/// Runs one command.
///
/// # Errors
/// What stopped it. The message is for people and names the remedy.
pub async fn run(cli: Cli) -> Result<Outcome> {
    let Cli { home, json, actor, command } = cli;
    let opened = Arc::new(OnceLock::new());
    let name = command.name();
    let start = session::Start { home, json, actor, command: name, opened: Arc::clone(&opened) };
    let outcome = run_command(command, start).await;
    session::Start::close(&opened).await;
    outcome
}

async fn run_command(command: Command, start: session::Start) -> Result<Outcome> {
    match command {
        Command::Init(args) => args.run(start).await,
        Command::App(command) => command.run(start).await,
        Command::Roster(command) => command.run(start).await,
        Command::People(command) => command.run(start).await,
        Command::Accounts(command) => command.run(start).await,
        Command::Policy(command) => command.run(start).await,
        Command::Group(command) => command.run(start).await,
        Command::Access(command) => command.run(start).await,
        Command::Sync(args) => args.run(start).await,
        Command::Plan(args) => args.run(start).await,
        Command::Upcoming(args) => args.run(start).await,
        Command::Apply(args) => args.run(start).await,
        Command::Approve(args) => args.run(start).await,
        Command::Reject(args) => args.run(start).await,
        Command::Approvals(args) => args.run(start).await,
        Command::Delegate(args) => args.run(start).await,
        Command::Undo(args) => args.run(start).await,
        Command::Offboard(args) => args.run(start).await,
        Command::HandOver(args) => args.run(start).await,
        Command::Freeze(command) => command.run(start).await,
        Command::Tasks(command) => command.run(start).await,
        Command::Check(args) => args.run(start).await,
        Command::Critical(command) => command.run(start).await,
        Command::Exception(command) => command.run(start).await,
        Command::Attestation(command) => command.run(start).await,
        Command::Serve(args) => args.run(start).await,
        Command::Users(command) => command.run(start).await,
        Command::Evidence(command) => command.run(start).await,
        Command::Readiness(args) => args.run(start).await,
        Command::Seats(args) => args.run(start).await,
        Command::Why(args) => args.run(start).await,
        Command::History(args) => args.run(start).await,
        Command::Log(args) => args.run(start).await,
        Command::Simulate(command) => command.run(start).await,
        Command::Demo(args) => args.run(start).await,
        Command::Completions(args) => args.run(),
        Command::Man(args) => args.run(),
    }
}

impl Cli {
    /// Whether output is for machines.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }
}

/// Prints every failure but the last, which is what ends the command.
fn all_but_last(json: bool, mut failed: Vec<crate::error::Error>) -> Option<crate::error::Error> {
    let last = failed.pop();
    for error in failed {
        report_error(&error.into(), json);
    }
    last
}

/// Prints what stopped a command: as text, or as JSON a line.
pub fn report_error(error: &anyhow::Error, json: bool) {
    if json { print_error_json(error) } else { print_error(error) }
}

/// Prints as JSON that the words of a command were not understood.
pub fn report_usage(said: &str) {
    let message = said.lines().next().unwrap_or(said);
    let error = serde_json::json!({"error": {"kind": "usage", "message": message, "causes": []}});
    eprintln!("{error}");
}

fn causes(error: &anyhow::Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !said.contains(&text) {
            causes.push(text.clone());
        }
        said = text;
    }
    causes
}

fn print_error_json(error: &anyhow::Error) {
    let kind = error.downcast_ref::<crate::error::Error>().map_or("other", |error| error.kind());
    let error = serde_json::json!({
        "error": {"kind": kind, "message": error.to_string(), "causes": causes(error)},
    });
    eprintln!("{error}");
}

/// Prints what stopped a command, with each cause once.
fn print_error(error: &anyhow::Error) {
    use std::io::IsTerminal;
    let style = render::Style::for_terminal(std::io::stderr().is_terminal());
    // What a message quotes may come from a file or an app.
    let said_safely = |text: &str| text.lines().map(render::clean).collect::<Vec<_>>().join("\n");
    eprintln!("{} {}", style.red("error:"), said_safely(&error.to_string()));
    for text in causes(error) {
        eprintln!("  {} {}", style.dim("cause:"), said_safely(&text));
    }
}
