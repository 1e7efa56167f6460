//! Who left must be out.

use super::{
    Allowed, Began, Check, Pressing, Question, Reach, Rests, Verdict,
    ask::{Holder, Holding, Standing, is_involuntary},
};
use crate::{
    engine::{
        correlate::Match,
        holders::{self, Behind},
    },
    model::{
        account::AccountStatus,
        check::{Allowance, Severity},
    },
};

pub(super) static CHECK: Check = Check {
    name: "offboarded",
    title: "Access should be removed for offboarded user",
    what: "Every account of a person who left is deactivated or deleted, and a read after the \
           moment of leaving shows it. A lower role alone is not removal; an open invitation is \
           access. Accounts that are already shut out stay in the population, as passes, so that \
           the count equals the number of leavers' accounts. What was a leaver's when they left \
           stays theirs, whatever tie, classification or login it was given since, until a read \
           shows it shut and it is tied to somebody else whose address it has.",
    why: "A leaver who can still sign in is the finding that auditors look for first, and the one \
          that does the most harm.",
    fix: "`muster plan APP`, `muster apply APP`; at once: `muster offboard PERSON`.",
    soc2: &["CC6.2", "CC6.3"],
    iso27001: &["A.5.18", "A.6.5"],
    reach: Reach::EveryApp,
    severity: Severity::High,
    allowed: Allowed {
        ordinary: Allowance::Hours(24),
        privileged: Allowance::Hours(4),
        involuntary: Allowance::Hours(1),
    },
    measure: None,
    rests: Rests::Leaving,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    if let Some(behind) = holding.leaver_behind() {
        return said_to_be_anothers(holding, &behind);
    }
    let Some(Holder { person, standing, .. }) = holding.holder else { return of_nobody(holding) };
    let (since, involuntary) = match standing {
        Standing::Left { since, involuntary } => (Some(*since), *involuntary),
        Standing::Withdrawn => (None, false),
        Standing::Here => return Verdict::none("the person works here"),
        Standing::NotYet => return Verdict::none("the person's work has not begun"),
        Standing::Unknown(why) => {
            return Verdict::unseen(super::WORKS_HERE, super::COMPLETE).because(why);
        }
    };
    let (app, login) = (holding.app(), holding.login());
    let seen = holding.facts().seen_shut(holding.id, holding.known);
    let out = holding.known.gone.is_some() || !holding.status().may_sign_in();
    if out && seen.is_some_and(|seen| since.is_none_or(|since| since <= seen)) {
        return Verdict::pass("a read after the leaving shows that it lets nobody in");
    }
    let name = person.name();
    let left = since.map_or_else(
        || "never started".to_owned(),
        |since| format!("left on {}", since.strftime("%Y-%m-%d")),
    );
    let role = holding.known.account.role.as_ref().map(|role| format!(" ({role})"));
    let role = role.unwrap_or_default();
    let state = match holding.status() {
        _ if out => "shut out, but no read since then shows it".to_owned(),
        AccountStatus::Unknown => "in a state that the app does not tell".to_owned(),
        status => format!("still {}", status.word()),
    };
    let wrong = Verdict::wrong(
        format!("{name} {left}; account {login}{role} in {app} is {state}"),
        if out { format!("muster sync {app}") } else { format!("muster plan {app}") },
    );
    let mut wrong =
        wrong.since(since.map_or(Began::Seen, Began::At)).privileged(holding.was_privileged(since));
    if involuntary {
        wrong.pressing = Pressing::Involuntary;
    }
    wrong.into()
}

/// No word about whose an account is takes a leaver's way in away.
fn said_to_be_anothers(holding: &Holding<'_, '_>, behind: &Behind<'_>) -> Verdict {
    let Behind { person, since, engagement, .. } = *behind;
    let (app, login) = (holding.app(), holding.login());
    let wrong = Verdict::wrong(
        format!(
            "{} left on {}; account {login} in {app} {} and lets in, though it is said not to be \
             theirs",
            person.name(),
            since.strftime("%Y-%m-%d"),
            behind.why(),
        ),
        holders::way_out(app, holding.id),
    );
    let mut wrong = wrong.since(Began::At(since)).privileged(holding.was_privileged(Some(since)));
    if is_involuntary(person, engagement) {
        wrong.pressing = Pressing::Involuntary;
    }
    wrong.into()
}

/// An account that is nobody's own may be a leaver's: that is never a pass.
fn of_nobody(holding: &Holding<'_, '_>) -> Verdict {
    if holding.known.gone.is_some() || !holding.status().may_sign_in() {
        return Verdict::none("it lets nobody in, and is tied to nobody");
    }
    match holding.matched {
        Match::Classified { .. } => Verdict::none("not the account of a person"),
        Match::Unwanted { .. } => Verdict::none("should not exist: identified says so"),
        Match::Machine { .. } => Verdict::none("the app's own"),
        Match::Linked { .. } | Match::ToConfirm { .. } | Match::Unmatched => Verdict::unseen(
            "{login} is not tied to anyone, and may be a leaver's",
            "muster accounts link {unit} PERSON",
        ),
    }
}
