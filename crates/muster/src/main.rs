//! Muster's command line.

use std::{io::IsTerminal as _, process::ExitCode};

use clap::Parser;
use muster::cli::{self, Cli, Outcome};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help is not a failure; a misspelled command is, and 2 means something else here.
            let code = u8::from(error.use_stderr());
            if code == 1 && std::env::args_os().any(|word| word == "--json") {
                let said = error.render().to_string();
                let said = said.trim_start_matches("error: ").trim_end().to_owned();
                cli::report_usage(&said);
            } else {
                let _ = error.print();
            }
            return ExitCode::from(code);
        }
    };
    let json = cli.is_json();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("MUSTER_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(cli::run(cli)).map_err(anyhow::Error::from));
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Changes) => ExitCode::from(2),
        Err(error) => {
            cli::report_error(&error, json);
            ExitCode::FAILURE
        }
    }
}
