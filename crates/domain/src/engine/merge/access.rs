//! What becomes of accounts when two people are said to be one: nobody who left keeps access, and
//! nobody loses it, without a word.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    engine::{
        expect::{Expectation, Rules},
        plan,
        world::World,
    },
    model::{
        id::{AccountId, AppName, RoleName},
        person::Person,
        policy::NoRule,
    },
};

/// That an account which lets in does so for another time than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The app.
    pub app: AppName,
    /// The account.
    pub account: AccountId,
    /// Its login.
    pub login: String,
    /// Its role, if it could be read.
    pub role: Option<RoleName>,
    /// Whose it was, by name.
    pub name: String,
    /// When access was to end; nothing where no end was known.
    pub before: Option<Timestamp>,
    /// When it is to end now.
    pub after: Option<Timestamp>,
}

impl Turn {
    /// Whether it lets in longer than it was to.
    #[must_use]
    pub fn keeps(&self) -> bool {
        let end = |at: Option<Timestamp>| at.unwrap_or(Timestamp::MAX);
        end(self.before) < end(self.after)
    }
}

/// What changes for the accounts that let in when `two`, as they are in `before`, are `united`, as
/// in `after`.
#[must_use]
pub fn turns(
    before: &World<'_>,
    after: &World<'_>,
    two: [&Person; 2],
    united: &Person,
) -> Vec<Turn> {
    let now = before.now;
    let ends = shut(after, united);
    let mut turns = Vec::new();
    for person in two {
        for (id, was) in shut(before, person) {
            let is = ends.get(&id).copied().unwrap_or(was);
            let Some(known) = before.accounts.get(&id) else { continue };
            // What has passed has passed, whenever that was.
            if was.max(now) == is.max(now) {
                continue;
            }
            let end = |at: Timestamp| (at < Timestamp::MAX).then_some(at);
            turns.push(Turn {
                app: before.app.clone(),
                login: known.account.login.clone(),
                role: known.account.role.clone(),
                account: id,
                name: person.name(),
                before: end(was),
                after: end(is),
            });
        }
    }
    turns
}

/// When each account of `person` that lets in is to be shut, as it stands.
fn shut(world: &World<'_>, person: &Person) -> BTreeMap<AccountId, Timestamp> {
    let at = ends(&Rules::new(world).expect(person), world.rules.no_rule);
    let correlation = plan::correlation(world);
    let lets_in = |id: &&AccountId| {
        let known = world.accounts.get(*id);
        known.is_some_and(|known| known.gone.is_none() && known.account.status.may_sign_in())
    };
    let open = correlation.accounts_of(&person.id).iter().filter(lets_in);
    open.map(|id| (id.clone(), at)).collect()
}

/// When what is expected ends: long ago for what should not be, never where nothing is done.
fn ends(expectation: &Expectation, no_rule: NoRule) -> Timestamp {
    match expectation {
        Expectation::Access { until, .. } => until.unwrap_or(Timestamp::MAX),
        Expectation::Gone { since, .. } => *since,
        Expectation::NotYet { ended, .. } => {
            ended.as_ref().map_or(Timestamp::MAX, |past| past.since)
        }
        Expectation::NoRule { keeps, .. } if no_rule == NoRule::Remove => {
            keeps.iter().map(|kept| kept.until).max().unwrap_or(Timestamp::MIN)
        }
        Expectation::Withdrawn { .. } => Timestamp::MIN,
        Expectation::NoRule { .. } | Expectation::Undecided { .. } => Timestamp::MAX,
    }
}
