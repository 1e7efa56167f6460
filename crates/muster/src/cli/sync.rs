//! `muster sync`.

use std::{collections::BTreeMap, io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use muster_domain::{
    engine::gaps::{Gap, GapKind, monthly},
    model::{check::Severity, id::AppName, observation::Completeness},
};

use super::{
    render::{Style, clean, count},
    session::{Access, Outcome, Session, Start, print_json, print_line},
};
use crate::{
    error::{Error, Result},
    service::{observe::Synced, trail::TrailRead},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The app [default: all]
    app: Option<AppName>,
}

impl Args {
    pub(super) async fn run(self, start: Start) -> Result<Outcome> {
        let session = start.open(Access::Write).await?;
        let apps = session.apps(self.app.as_ref()).await?;
        let mut synced = Vec::new();
        let mut failed = Vec::new();
        for app in &apps {
            let bar = spinner(&session, format!("reading {app}"));
            let outcome = session.muster.sync(app).await;
            bar.finish_and_clear();
            match outcome {
                Ok(one) => {
                    if !session.json {
                        show(&session, &one);
                    }
                    synced.push(one);
                }
                // One app that fails does not keep the others from being read (L16).
                Err(error @ Error::App { .. }) => failed.push(error),
                Err(error) => return Err(error),
            }
        }
        if session.json {
            print_json(&synced)?;
        }
        let gaps = synced.iter().any(|one| !one.gaps.is_empty());
        match super::all_but_last(session.json, failed) {
            Some(error) => Err(error),
            None => Ok(Outcome::changes_if(gaps)),
        }
    }
}

/// A spinner on a terminal; nothing in a pipe.
pub(super) fn spinner(session: &Session, what: String) -> ProgressBar {
    if session.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn show(session: &Session, synced: &Synced) {
    let style = session.style;
    let seen = &synced.observation;
    let tally = &seen.header.tally;
    print_line(&format!(
        "{}  {} read in {} ({} new, {} changed, {} gone)",
        style.bold(synced.app.as_str()),
        count(usize::try_from(seen.seen).unwrap_or(usize::MAX), "account"),
        count(tally.requests as usize, "request"),
        seen.added,
        seen.changed,
        seen.gone,
    ));
    if let Completeness::Unproven { reason } = &seen.header.completeness {
        print_line(&format!(
            "  {} not proven complete: {}; nothing is concluded from what is missing",
            style.yellow("!"),
            clean(reason)
        ));
    }
    if let TrailRead::Unread { why } = &synced.trail {
        print_line(&format!("  {} who did what cannot be told: {}", style.dim("-"), clean(why)));
    }
    if synced.linked > 0 {
        print_line(&format!("  {} newly tied to a person", count(synced.linked, "account")));
    }
    if synced.work_seen > 0 {
        let accounts = count(synced.work_seen, "account");
        print_line(&format!("  looked at what {accounts} of leavers hold"));
    }
    show_gaps(session, &synced.gaps);
}

const SHOWN: usize = 12;

/// How grave a gap is, how long it has been there, and what it costs.
pub(super) fn weight(gap: &Gap, style: Style) -> String {
    let risk = gap.risk.word();
    let risk = match gap.risk {
        Severity::Critical | Severity::High => style.red(risk),
        Severity::Medium => style.yellow(risk),
        Severity::Low => style.dim(risk),
    };
    let age = match gap.age_days {
        Some(0) => ", since today".to_owned(),
        Some(1) => ", for 1 day".to_owned(),
        Some(days) => format!(", for {days} days"),
        None => String::new(),
    };
    let money = gap.monthly.as_ref().map(|money| format!(", {money} a month"));
    let plan = gap.operation.map(|one| format!(", closed by {}", one.brief()));
    let rest = format!("{age}{}{}", money.unwrap_or_default(), plan.unwrap_or_default());
    format!("{risk} risk{}", style.dim(&rest))
}

/// What the seats of these gaps come to, where anything is known.
fn cost(gaps: &[Gap], style: Style) {
    let sums: Vec<_> = monthly(gaps).iter().map(ToString::to_string).collect();
    if !sums.is_empty() {
        let sums = sums.join(" and ");
        print_line(&format!("  {}", style.bold(&format!("these seats cost {sums} a month"))));
    }
}

/// The gaps, by kind.
pub(super) fn show_gaps(session: &Session, gaps: &[Gap]) {
    let style = session.style;
    if gaps.is_empty() {
        print_line(&format!("  {}", style.green("no gaps")));
        return;
    }
    let mut kinds: BTreeMap<GapKind, Vec<&Gap>> = BTreeMap::new();
    for gap in gaps {
        kinds.entry(gap.kind).or_default().push(gap);
    }
    for (kind, gaps) in kinds {
        let word = kind.word().replace('_', " ");
        print_line(&format!(
            "  {} {}",
            style.red(&format!("{:>3}", gaps.len())),
            style.bold(&word)
        ));
        for gap in gaps.iter().take(SHOWN) {
            let account = gap
                .account
                .as_ref()
                .map(|id| format!(" {}", style.dim(&format!("account {id}"))))
                .unwrap_or_default();
            print_line(&format!("      {}{account}  {}", clean(&gap.cause), weight(gap, style)));
        }
        if gaps.len() > SHOWN {
            print_line(&format!("      … and {} more", gaps.len() - SHOWN));
        }
        if let Some(gap) = gaps.first() {
            print_line(&format!("      {} {}", style.dim("→"), style.dim(&clean(&gap.remedy))));
        }
    }
    cost(gaps, style);
}
