//! What was taken away must stay away.

use super::{
    Allowed, Began, Check, Question, Reach, Rests, Verdict,
    ask::{Holder, Holding, Standing},
};
use crate::model::check::Severity;

pub(super) static CHECK: Check = Check {
    name: "came_back",
    title: "Removed access should not come back",
    what: "No leaver's account that was shut out since she left, by whoever it was, or by Muster's \
           plan at any time, lets in again; and no new one was made for her since her access was \
           taken away.",
    why: "Access that comes back was let in by somebody, or by a way in that is still open.",
    fix: "Find out who or what let it in; cut sign-in at the identity provider; `muster plan APP`.",
    soc2: &["CC6.2", "CC6.3"],
    iso27001: &["A.5.18"],
    reach: Reach::EveryApp,
    severity: Severity::High,
    allowed: Allowed::NONE,
    measure: None,
    rests: Rests::Leaving,
    question: Question::Account(ask),
};

fn ask(holding: &Holding<'_, '_>) -> Verdict {
    let Some(Holder { person, standing, .. }) = holding.holder else {
        return Verdict::none("not tied to a person");
    };
    let since = match standing {
        Standing::Left { since, .. } => Some(*since),
        Standing::Withdrawn => None,
        Standing::Unknown(why) => {
            return Verdict::unseen(super::WORKS_HERE, super::COMPLETE).because(why);
        }
        Standing::Here | Standing::NotYet => return Verdict::none("the person has not left"),
    };
    if holding.known.gone.is_some() || !holding.status().may_sign_in() {
        return Verdict::pass("it lets nobody in now");
    }
    let facts = holding.facts();
    // By whoever it was, since she left; by Muster's own plan, whenever it was.
    let out = facts.outs.get(holding.id).filter(|out| since.is_none_or(|since| since <= out.at));
    let was_out = out.is_some() || facts.shut_out.contains(holding.id);
    let taken = facts.taken_since(&person.id, since);
    let new = taken.filter(|taken| holding.known.account.created.is_some_and(|at| at > *taken));
    if !was_out && new.is_none() {
        return Verdict::none("nothing was taken away here");
    }
    let cause = match new {
        Some(taken) => format!(
            "{} lost access to {} on {}, and there is a new account, {}",
            person.name(),
            holding.app(),
            taken.strftime("%Y-%m-%d"),
            holding.login()
        ),
        None => format!("{} was shut out of {}, and lets in again", holding.login(), holding.app()),
    };
    let created = holding.known.account.created.filter(|_| new.is_some());
    let created = created.or_else(|| out.and_then(|out| out.back));
    Verdict::wrong(cause, format!("find out who let it in; muster plan {}", holding.app()))
        .since(created.map_or(Began::Seen, Began::At))
        .privileged(holding.is_privileged())
        .into()
}
