//! Leavers behind accounts that somebody said to be another's or nobody's: whose address an account
//! has may know its secret, whatever was said (L12).

use jiff::Timestamp;

use super::{
    correlate::Match,
    directory::Directory,
    expect::{Expectation, Rules},
    world::KnownAccount,
};
use crate::model::person::Person;

/// Who has left, and when, whose address this account has and who may still get in by it, though a
/// person's word says that it is not hers.
#[must_use]
pub(super) fn leaver_behind<'a>(
    directory: &Directory<'a>,
    rules: &Rules<'_>,
    (known, matched): (&KnownAccount, &Match),
) -> Option<(&'a Person, Timestamp)> {
    let holder = match matched {
        Match::Classified { .. } | Match::Unwanted { .. } => None,
        Match::Linked { person, confirmed: true, .. } => Some(person),
        _ => return None,
    };
    let there = known.gone.is_none() && known.account.status.may_sign_in();
    let email = known.account.email.as_ref().filter(|_| there)?;
    if holder.is_some_and(|holder| directory.at(email).any(|person| person.id == *holder)) {
        return None;
    }
    directory.at(email).find_map(|person| match rules.expect(person) {
        Expectation::Gone { since, .. } => Some((person, since)),
        Expectation::NotYet { ended: Some(past), .. } => Some((person, past.since)),
        _ => None,
    })
}
