//! Whose an account was, and when. No word about whose it is, and no other login, takes away what
//! somebody could get in by: an account stays a leaver's until a read after her leaving shows it
//! shut, and somebody else has since been shown to be its rightful holder (L12).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    correlate::{Correlation, Match},
    directory::Directory,
    expect::{Expectation, Rules},
    history::{Restated, account_changes},
    world::{KnownAccount, World},
};
use crate::model::{
    account::Account,
    email::EmailAddress,
    id::{AccountId, AppName, PersonId},
    journal::Entry,
    link::Link,
    order::{Held, Ranked},
    person::Person,
};

/// A leaver who may still get in by an account that is not said to be hers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind<'a> {
    /// Who has left.
    pub(super) person: &'a Person,
    /// When.
    pub(super) since: Timestamp,
    /// In which engagement.
    pub(super) engagement: u32,
    /// What was taken from her; without, the account has her address now.
    pub(super) held: Option<&'a Held>,
}

impl Behind<'_> {
    /// Why the account counts as hers.
    pub(super) fn why(&self) -> String {
        match self.held {
            None => "has their address".to_owned(),
            Some(Held { tied, until, by, .. }) => format!(
                "{} until {}, when {by} changed that",
                if *tied { "was theirs" } else { "had their address" },
                until.strftime("%Y-%m-%d %H:%M UTC"),
            ),
        }
    }
}

/// How an account becomes another's for certain.
pub(super) fn way_out(app: &AppName, account: &AccountId) -> String {
    format!(
        "deactivate it in {app}; change its login and its secret; muster sync {app}; then let it in \
         again for whoever has that address. If it is the leaver's: muster accounts link \
         {app}/{account} PERSON"
    )
}

/// Who has left, if somebody has, and may still get in by this account, though it is not hers by
/// what is said of it now.
#[must_use]
pub(super) fn leaver_behind<'a>(
    directory: &Directory<'a>,
    rules: &Rules<'_>,
    (known, matched): (&KnownAccount, &Match),
) -> Option<Behind<'a>> {
    if known.gone.is_some() || !known.account.status.may_sign_in() {
        return None;
    }
    let mut held = directory.held_before(&known.account.id).iter();
    by_address(directory, rules, (known, matched))
        .or_else(|| held.find_map(|held| by_tie(directory, rules, (held, known, matched))))
}

/// The accounts by which `person` may get in, though she has left and they are not said to be hers.
#[must_use]
pub fn open_to(
    world: &World<'_>,
    correlation: &Correlation,
    person: &PersonId,
) -> BTreeSet<AccountId> {
    let (directory, rules) = (Directory::new(world), Rules::new(world));
    let found = correlation.matched(world.accounts).filter(|(_, known, matched)| {
        let behind = leaver_behind(&directory, &rules, (*known, *matched));
        behind.is_some_and(|behind| behind.person.id == *person)
    });
    found.map(|(id, _, _)| id.clone()).collect()
}

/// Who has the address that the account has now.
fn by_address<'a>(
    directory: &Directory<'a>,
    rules: &Rules<'_>,
    (known, matched): (&KnownAccount, &Match),
) -> Option<Behind<'a>> {
    let (holder, asked) = match matched {
        Match::Classified { .. } | Match::Unwanted { .. } | Match::Unmatched => (None, None),
        Match::Linked { person, confirmed: true, .. } => (Some(person), None),
        Match::ToConfirm { candidates } => (None, Some(candidates)),
        Match::Linked { .. } | Match::Machine { .. } => return None,
    };
    let email = known.account.email.as_ref()?;
    if holder.is_some_and(|holder| has(directory, holder, email)) {
        return None;
    }
    // What is a question still was answered by nobody.
    let asked = |id: &PersonId| asked.is_some_and(|all| all.iter().any(|one| one.person == *id));
    let people = directory.at(email).filter(|person| !asked(&person.id));
    people.into_iter().find_map(|person| {
        let (since, engagement) = left(rules, person)?;
        Some(Behind { person, since, engagement, held: None })
    })
}

/// Whose the account was at her leaving or after it.
fn by_tie<'a>(
    directory: &Directory<'a>,
    rules: &Rules<'_>,
    (held, known, matched): (&'a Held, &KnownAccount, &Match),
) -> Option<Behind<'a>> {
    let world = directory.world;
    let id = world.orders.goes_on_as(&held.person).last()?;
    let holder = match matched {
        Match::Linked { person, .. } => Some(person),
        _ => None,
    };
    let person = world.people.get(id).filter(|_| holder != Some(id))?;
    let (since, engagement) = left(rules, person)?;
    let counts = since <= held.until
        && !is_another_s(directory, (id, since), (held.tied, held.shut), (known, matched));
    counts.then_some(Behind { person, since, engagement, held: Some(held) })
}

/// Whether an account that was `leaver`'s when she left is somebody else's now, beyond doubt. A read
/// since must have seen it shut, and it must have another address: that of whom it is tied to. What
/// was never tied to her, and only had her address, needs no other holder.
pub(super) fn is_another_s(
    directory: &Directory<'_>,
    (leaver, left): (&PersonId, Timestamp),
    (tied, shut): (bool, Option<Timestamp>),
    (known, matched): (&KnownAccount, &Match),
) -> bool {
    let Some(email) = &known.account.email else { return false };
    if shut.is_none_or(|shut| shut < left) || has(directory, leaver, email) {
        return false;
    }
    match matched {
        Match::Linked { person, .. } => person != leaver && has(directory, person, email),
        Match::ToConfirm { .. } => false,
        _ => !tied,
    }
}

fn has(directory: &Directory<'_>, person: &PersonId, email: &EmailAddress) -> bool {
    directory.at(email).any(|one| one.id == *person)
}

/// When `person` left, if she has, and in which engagement.
fn left(rules: &Rules<'_>, person: &Person) -> Option<(Timestamp, u32)> {
    match rules.expect(person) {
        Expectation::Gone { since, engagement, .. } => Some((since, engagement)),
        Expectation::NotYet { ended: Some(past), .. } => Some((past.since, past.engagement)),
        _ => None,
    }
}

/// What is to be remembered of whose an account was, when `by` is about to tie it to `to`, or to
/// nobody's own. `told` are the entries that tell of the account.
#[must_use]
pub fn taken(
    (world, by): (&World<'_>, &str),
    (known, to): (&KnownAccount, Option<&PersonId>),
    (told, restated): (&[Entry], &Restated),
) -> Vec<Held> {
    let id = &known.account.id;
    let before = world.links.get(id).and_then(Link::person);
    let mut people: BTreeMap<&PersonId, bool> = BTreeMap::new();
    if let Some(email) = &known.account.email {
        let has =
            |person: &&Person| person.work_addresses().any(|one| one.folded() == email.folded());
        people.extend(world.people.values().filter(has).map(|person| (&person.id, false)));
    }
    people.extend(before.map(|person| (person, true)));
    let shut = last_shut((known, world.now), (told, restated));
    let held = |(person, tied): (&PersonId, bool)| Held {
        app: world.app.clone(),
        account: id.clone(),
        person: person.clone(),
        tied,
        until: world.now,
        by: by.to_owned(),
        shut,
    };
    let others = people.into_iter().filter(|(person, _)| Some(*person) != to);
    others.map(held).map(|held| beside_known(world, held)).collect()
}

/// What was tied to her once goes on counting as that.
fn beside_known(world: &World<'_>, held: Held) -> Held {
    let same = |one: &&Held| {
        one.app == held.app && one.account == held.account && one.person == held.person
    };
    let (mut tied, mut shut) = (held.tied, held.shut);
    for one in world.orders.held.iter().filter(same) {
        tied |= one.tied;
        shut = shut.max(one.shut);
    }
    Held { tied, shut, ..held }
}

/// When the account was last seen letting nobody in.
fn last_shut(
    (known, now): (&KnownAccount, Timestamp),
    (told, restated): (&[Entry], &Restated),
) -> Option<Timestamp> {
    if known.gone.is_some() || !known.account.status.may_sign_in() {
        return Some(now);
    }
    let (mut shut, mut last) = (false, None);
    for entry in told {
        let changes = restated.told(entry).and_then(|data| account_changes(entry, data));
        let Some((at, changes)) = changes else { continue };
        for change in changes.into_iter().filter(|one| one.account == known.account.id) {
            let is = !change.after.is_some_and(|after| after.status.may_sign_in());
            if shut || is {
                last = Some(at);
            }
            shut = is;
        }
    }
    last
}

/// What a read has changed about accounts that is to be remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Whose accounts were, and when they were seen shut since.
    pub held: Vec<Held>,
    /// Higher roles that were lost.
    pub ranks: Vec<Ranked>,
}

#[derive(Deserialize)]
struct Changed {
    account: AccountId,
    before: Option<Account>,
    after: Option<Account>,
}

/// What is to be remembered since these entries were written. What is told already is no news.
#[must_use]
pub fn news(world: &World<'_>, told: &[Entry]) -> News {
    let directory = Directory::new(world);
    let mut found = News::default();
    let mut seen: BTreeSet<(AccountId, PersonId)> = BTreeSet::new();
    for entry in told {
        let changes = entry.data.get("changes").and_then(|changes| changes.as_array());
        for change in changes.into_iter().flatten() {
            if change.get("before").is_none_or(serde_json::Value::is_null) {
                continue;
            }
            let Ok(change) = Changed::deserialize(change) else { continue };
            found.ranks.extend(rank_lost(world, entry.at, &change));
            for held in address_lost(&directory, entry, &change) {
                seen.insert((held.account.clone(), held.person.clone()));
                found.held.push(beside_known(world, held));
            }
        }
    }
    let rules = Rules::new(world);
    let known = world.orders.held.iter().filter(|held| held.app == *world.app);
    let known = known.filter(|held| !seen.contains(&(held.account.clone(), held.person.clone())));
    found.held.extend(known.filter_map(|held| seen_shut(world, &rules, held)));
    found
}

/// A higher role that an account had before a change, and has not after it.
fn rank_lost(world: &World<'_>, at: Timestamp, change: &Changed) -> Option<Ranked> {
    let role = change.before.as_ref()?.role.as_ref()?;
    let after = change.after.as_ref().and_then(|after| after.role.as_ref());
    let higher = |role| world.sight.is_privileged(role);
    let known =
        |one: &Ranked| one.app == *world.app && one.account == change.account && at <= one.until;
    let news = higher(role) && !after.is_some_and(higher) && !world.orders.ranks.iter().any(known);
    news.then(|| Ranked {
        app: world.app.clone(),
        account: change.account.clone(),
        role: role.clone(),
        until: at,
    })
}

/// Whose address an account had before a change, where it was tied to somebody else or nobody.
fn address_lost(directory: &Directory<'_>, entry: &Entry, change: &Changed) -> Vec<Held> {
    let world = directory.world;
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return Vec::new() };
    let Some(email) = before.email.as_ref().filter(|_| before.email != after.email) else {
        return Vec::new();
    };
    let tie = world.links.get(&change.account).and_then(Link::person);
    let held = directory.held_before(&change.account);
    let known = |id: &PersonId| held.iter().any(|one| one.person == *id && entry.at <= one.until);
    let people = directory.at(email).filter(|person| Some(&person.id) != tie && !known(&person.id));
    let held = |person: &Person| Held {
        app: world.app.clone(),
        account: change.account.clone(),
        person: person.id.clone(),
        tied: false,
        until: entry.at,
        by: "somebody in the app".to_owned(),
        shut: None,
    };
    people.map(held).collect()
}

/// That an account which was a leaver's is shut, if a read shows so for the first time since.
fn seen_shut(world: &World<'_>, rules: &Rules<'_>, held: &Held) -> Option<Held> {
    let known = world.accounts.get(&held.account)?;
    let person = world.people.get(world.orders.goes_on_as(&held.person).last()?)?;
    let (since, _) = left(rules, person)?;
    let shut = known.gone.is_some() || !known.account.status.may_sign_in();
    let read = world.sight.started.filter(|read| shut && since <= *read)?;
    let news = held.shut.is_none_or(|before| before < since);
    news.then(|| Held { shut: Some(read), ..held.clone() })
}
