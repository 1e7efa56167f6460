//! Who works here for a while should have an end.

use super::{
    Allowed, Check, Question, Reach, Rests, Verdict,
    ask::{Holder, Standing, present_terms},
};
use crate::{
    engine::lifecycle,
    model::{check::Severity, person::EngagementKind},
};

pub(super) static CHECK: Check = Check {
    name: "contractor_end",
    title: "Contractors should have an end date",
    what: "Every contractor who has an account has an end date, or a date on which the contract \
           is looked at again, that lies ahead.",
    why: "Contractors leave without anybody in HR hearing of it. A date makes somebody ask.",
    fix: "Give the contract an end or a review date in the source, or `muster people edit`.",
    soc2: &["CC6.2"],
    iso27001: &["A.5.18", "A.6.5"],
    reach: Reach::EveryApp,
    severity: Severity::Medium,
    allowed: Allowed::days(14),
    measure: None,
    rests: Rests::People,
    question: Question::Person(ask),
};

fn ask(holder: &Holder<'_, '_>) -> Verdict {
    let person = holder.person;
    if holder.accounts.is_empty() || holder.standing != Standing::Here {
        return Verdict::none("has no account, or does not work here");
    }
    let world = holder.facts().world;
    let present = present_terms(person, &holder.stints, world.now);
    let today =
        || world.now.to_zoned(lifecycle::zone_of(person, &world.policy.organization)).date();
    let mut contractor = false;
    for terms in present {
        if terms.kind != Some(EngagementKind::Contractor) {
            continue;
        }
        contractor = true;
        let ends = terms.end_date.is_some() || terms.last_working_day.is_some();
        let reviewed = terms.review_date.is_some_and(|day| today() <= day);
        if !ends && !reviewed {
            let says = terms.review_date.map_or_else(
                || "no end is known".to_owned(),
                |day| format!("no end is known, and it was to be looked at on {day}"),
            );
            return Verdict::wrong(
                format!("{} is a contractor in {}, and {says}", person.name(), holder.app()),
                format!("give {} an end or a review date in the source", person.anchor),
            )
            .privileged(holder.is_privileged())
            .into();
        }
    }
    if contractor { Verdict::pass("the end is known") } else { Verdict::none("not a contractor") }
}
