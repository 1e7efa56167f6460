//! Somebody must have said who may use a critical system.

use jiff::ToSpan;

use super::{
    Allowed, Check, Company, Measure, Question, Reach, Rests, Verdict,
    answerers::{self, Answering},
    ask::Facts,
};
use crate::model::check::Severity;

pub(super) static CHECK: Check = Check {
    name: "access_rule",
    title: "Critical system access control should be configured",
    what: "Every critical system has a rule that says who may use it (by staff role, group, role \
           in the app, approved request, or everybody), somebody who works here answers for it, \
           and it was reviewed within a year.",
    why: "Without a rule nobody can say whether an account is right, and a review has nothing to \
          compare with.",
    fix: "`muster critical rule APP`, `muster critical review APP`, or `apps.APP.who_may_use` in \
          the policy.",
    soc2: &["CC6.1", "CC6.3"],
    iso27001: &["A.5.15", "A.5.18"],
    reach: Reach::Critical,
    severity: Severity::Medium,
    allowed: Allowed::days(7),
    measure: Some(Measure {
        key: "review_months",
        standard: 12,
        meaning: "a rule must have been reviewed within so many months",
    }),
    rests: Rests::People,
    question: Question::App(ask),
};

fn ask<'a>(facts: &Facts<'a>, company: &Company<'a>) -> Verdict {
    let app = facts.world.app;
    let Some(critical) = &facts.critical else { return Verdict::none("not a critical system") };
    let configure = format!(
        "muster critical rule {app}: pick staff roles, groups, app roles, requests, or everyone"
    );
    let wrong = |cause: String, remedy: String| Verdict::wrong(cause, remedy).into();
    match &critical.rule {
        None => {
            return wrong(
                format!("{app} is critical, but nobody has said who may use it"),
                configure,
            );
        }
        Some(rule) if rule.is_empty() => {
            return wrong(format!("the access rule of {app} admits nobody"), configure);
        }
        Some(_) => {}
    }
    let own = format!("muster critical add {app} --owner EMAIL");
    let Some(owner) = &critical.owner else {
        return wrong(format!("nobody answers for the access rule of {app}"), own);
    };
    let unclear = match answerers::answers(company, facts, owner) {
        Answering::Yes => None,
        Answering::No(cause) => {
            return wrong(
                format!("{owner} answers for the access rule of {app}, but {cause}"),
                own,
            );
        }
        Answering::Unknown(why) => Some(why),
    };
    let review = format!("look the rule over, then: muster critical review {app}");
    let months = i32::try_from(company.measure(&CHECK)).unwrap_or(i32::MAX);
    let zone = company.policy.organization.time_zone.clone();
    let today = company.now.to_zoned(zone).date();
    let latest = today.checked_sub(months.months()).unwrap_or(today);
    match critical.reviewed {
        None => wrong(format!("the access rule of {app} was never reviewed"), review),
        Some(day) if day < latest => wrong(
            format!(
                "the access rule of {app} was last reviewed on {day}, over {months} months ago"
            ),
            review,
        ),
        Some(day) if today < day => wrong(
            format!(
                "the review of the access rule of {app} is dated {day}, which is still to come"
            ),
            review,
        ),
        Some(_) if unclear.is_some() => Verdict::unseen(
            "whether whoever answers for the access rule works here is not known: {detail}",
            "complete their record in the source, or muster critical add {app} --owner EMAIL",
        )
        .because(&unclear.unwrap_or_default()),
        Some(_) => Verdict::pass("there is a rule, somebody answers for it, and it was reviewed"),
    }
}
