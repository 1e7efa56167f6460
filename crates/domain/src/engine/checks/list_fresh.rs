//! A list that somebody imports by hand must be imported again before it lies.

use super::{
    About, Allowed, Check, Company, Question, Reach, Rests, Verdict,
    roster::{Outdated, outdated},
};
use crate::model::check::{Severity, Unit};

pub(super) static CHECK: Check = Check {
    name: "list_fresh",
    title: "Manually imported lists should be fresh",
    what: "Every source of people that is imported as a file was believed within \
           `organization.stale_after`. What people type in by hand does not grow old by itself and is not asked about.",
    why: "Whoever left since the last import still counts as working here: every other check rests \
          on this list.",
    fix: "Export the roster from the HR system and import it: `muster roster import FILE`.",
    soc2: &["CC6.2", "CC6.3"],
    iso27001: &["A.5.16", "A.5.18"],
    reach: Reach::Company,
    severity: Severity::Medium,
    allowed: Allowed::NONE,
    measure: None,
    rests: Rests::App,
    question: Question::Company(ask),
};

fn ask(company: &Company<'_>) -> Vec<About> {
    let mut found = Vec::new();
    for source in company.sources {
        let verdict = match outdated(company, source) {
            None => Verdict::pass("believed lately"),
            Some((since, Outdated { why, see })) => {
                Verdict::wrong(why, see).since(super::Began::At(since)).into()
            }
        };
        let unit = Unit { detail: Some(format!("source {}", source.name)), ..Unit::default() };
        let subject = format!("roster {}", source.name);
        found.push(About { unit, subject, person: None, verdict });
    }
    found
}
