//! The documentation of the checks, made from the checks themselves.

use std::fmt::Write as _;

use super::{ALL, Check, Reach};
use crate::model::check::CheckState;

/// The page on all checks, as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Checks\n\n<!-- Made from the checks themselves: `muster check docs`. -->\n\n\
         Every check is asked of each of its units, and gives one of seven states. Only `pass` is a \
         pass.\n\n| State | Meaning |\n| --- | --- |\n",
    );
    for state in CheckState::ALL {
        let _ = writeln!(page, "| `{}` | {} |", state.word(), meaning(state));
    }
    page.push_str("\n| Check | What should be | Asked of | Severity | Time allowed |\n");
    page.push_str("| --- | --- | --- | --- | --- |\n");
    for check in ALL {
        let _ = writeln!(
            page,
            "| [`{0}`](#{0}) | {1} | {2} | {3} | {4} |",
            check.name,
            check.title,
            reach(check),
            check.severity.word(),
            check.allowed.ordinary,
        );
    }
    for check in ALL {
        one(&mut page, check);
    }
    page
}

fn one(page: &mut String, check: &Check) {
    let Check { name, title, what, why, fix, soc2, iso27001, severity, allowed, measure, .. } =
        check;
    let _ = write!(
        page,
        "\n## {name}\n\n**{title}.** {what}\n\n*Why:* {why}\n\n*How to fix:* {fix}\n\n"
    );
    let _ = writeln!(page, "- Asked of {}; severity {}.", reach(check), severity.word());
    let _ = writeln!(
        page,
        "- Time allowed: {}; where a privileged role is concerned {}; after an involuntary ending \
         {}.",
        allowed.ordinary, allowed.privileged, allowed.involuntary
    );
    if let Some(measure) = measure {
        let _ = writeln!(
            page,
            "- Measure: `checks.rules.{name}.{}: {}` ({}).",
            measure.key, measure.standard, measure.meaning
        );
    }
    let _ = writeln!(
        page,
        "- SOC 2: {}. ISO 27001:2022 Annex A: {}.",
        soc2.join(", "),
        iso27001.join(", ")
    );
}

const fn reach(check: &Check) -> &'static str {
    match check.reach {
        Reach::Critical => "critical systems",
        Reach::EveryApp => "every app",
        Reach::Company => "the company",
    }
}

const fn meaning(state: CheckState) -> &'static str {
    match state {
        CheckState::Fail => "Wrong, and the time allowed is over.",
        CheckState::Due => "Wrong, but inside the time allowed.",
        CheckState::NotEvaluable => "The data cannot tell.",
        CheckState::Stale => "The data is too old, or did not prove itself complete.",
        CheckState::Excepted => {
            "Wrong, and a named person answers for leaving it so until a date. Counted apart."
        }
        CheckState::Pass => "As it should be.",
        CheckState::NotApplicable => "The question does not arise.",
    }
}
