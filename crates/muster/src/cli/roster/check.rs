//! `muster roster check`.

use std::{io::IsTerminal, path::PathBuf};

use muster_sources::Checkup;
use serde::Serialize;

use super::{ReadArgs, bytes_of};
use crate::{
    cli::{
        render::{Style, clean, count},
        session::{Outcome, Start, print_json, print_line},
    },
    error::{Error, Result},
    service::import,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// CSV, TSV, XLSX, or an API's answer saved as JSON
    file: PathBuf,
    #[command(flatten)]
    read: ReadArgs,
    /// A mail domain of yours: what lies in another is no login
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
}

/// What programs read.
#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    refused: bool,
    #[serde(flatten)]
    checkup: &'a Checkup,
}

impl Args {
    pub(super) fn run(self, start: &Start) -> Result<Outcome> {
        let (name, bytes) = bytes_of(&self.file)?;
        let mut read = self.read.options();
        read.own_domains = self.domains;
        let checkup = import::check(&name, &bytes, read);
        let problems = checkup.problems.len();
        if start.json {
            let refused = problems > 0;
            print_json(&Report { name: &name, refused, checkup: &checkup })?;
        } else {
            show(&name, &checkup);
        }
        if problems > 0 {
            return Err(Error::Invalid(format!(
                "{} would be refused whole: it has {}; mend what is listed and export again",
                clean(&name),
                count(problems, "problem")
            )));
        }
        Ok(Outcome::Done)
    }
}

fn show(name: &str, checkup: &Checkup) {
    let style = Style::for_terminal(std::io::stdout().is_terminal());
    print_line(&style.bold(&clean(name)));
    for line in checkup.to_string().lines() {
        print_line(&clean(line));
    }
    if checkup.problems.is_empty() {
        let how = if checkup.warnings.is_empty() { "" } else { "; look at the warnings" };
        print_line(&style.green(&format!("Would be believed{how}.")));
    }
}
