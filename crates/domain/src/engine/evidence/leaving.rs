//! Who was to leave, as the journal told it at every moment, and when each account let in. It is
//! folded entry by entry, so that no later word makes a leaver vanish.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    engine::{
        checks::{Departure, departures},
        history::{AccountChange, Known, Restated, Touched, account_changes, table},
        lifecycle::Hours,
    },
    model::{
        id::{AccountId, AppName, PersonId, RoleName},
        journal::{Entry, Event},
        link::{Link, Tie},
        person::Person,
        policy::Policy,
    },
};

/// What was told of the end of one engagement, from some moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTold {
    /// From when on.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// In which entry.
    pub entry: u64,
    /// The end of access; `None` when it was taken back.
    pub end: Option<Timestamp>,
    /// As whom she is known since, when two records were said to be one.
    pub into: Option<PersonId>,
}

/// What was told of whose an account is, from some moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieTold {
    /// From when on.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// In which entry.
    pub entry: u64,
    /// What.
    pub says: String,
}

/// What a read showed of an account, from some moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// From when on.
    pub at: Timestamp,
    /// In which entry.
    pub entry: u64,
    /// The login; `None` when it is gone.
    pub login: Option<String>,
    /// The role; `None` when it is gone, or has none.
    pub role: Option<RoleName>,
    /// Whether it let in, or may have.
    pub lets_in: bool,
}

/// A stretch of time in which an account let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetIn {
    /// From when on, as far as it was seen, and in which entry.
    pub from: (Timestamp, u64),
    /// Until when, and in which entry; `None` when it still does.
    pub until: Option<(Timestamp, u64)>,
    /// The roles that it had, in turn.
    pub roles: Vec<RoleName>,
}

/// What a tie says, in words.
fn says(link: Option<&Link>) -> String {
    match link.map(|link| &link.tie) {
        Some(Tie::Person { person, .. }) => format!("tied to {person}"),
        Some(Tie::NotAPerson { kind, owner, .. }) => {
            format!("called a {} account of {owner}", kind.word())
        }
        Some(Tie::Unwanted { .. }) => "called unwanted".to_owned(),
        None => "tied to nobody".to_owned(),
    }
}

/// One person's engagement in one app.
pub type Work = (AppName, PersonId, u32);

/// Everything that was ever told of ends, of accounts and of whose they are.
#[derive(Debug, Clone, Default)]
pub struct Leavings {
    /// The words on the end of each engagement, in turn.
    pub words: BTreeMap<Work, Vec<EndTold>>,
    /// What was seen of each account, in turn.
    pub steps: BTreeMap<(AppName, AccountId), Vec<Step>>,
    /// People with such words as they were last known.
    pub people: BTreeMap<PersonId, Person>,
    /// Accounts that were tied to people and are not any more, and until when they were, in each app.
    pub taken: BTreeMap<(AppName, PersonId), BTreeMap<AccountId, Timestamp>>,
    /// What was said of whose each of these accounts is, in turn.
    pub ties: BTreeMap<(AppName, AccountId), Vec<TieTold>>,
    /// To whom each account is tied, and who said so.
    tied: BTreeMap<(AppName, AccountId), (PersonId, TieTold)>,
    named: BTreeMap<PersonId, BTreeSet<(AppName, u32)>>,
}

impl Leavings {
    /// Takes in what `entry` taught of these `apps`, when all before it was `known`, and what is
    /// `known` after it, under the `policy` of then.
    pub fn learn(
        &mut self,
        (entry, restated): (&Entry, &Restated),
        known: &Known,
        touched: &Touched,
        (policy, apps): (Option<&Policy>, &[AppName]),
    ) {
        self.accounts(entry, restated, apps);
        self.ties(entry, known, touched);
        let Some(policy) = policy else { return };
        if entry.event == Event::PolicyApplied {
            let all = known.rows(table::PEOPLE).into_iter().flatten();
            let all: Vec<_> = all.map(|(key, _)| key.clone()).collect();
            all.iter().for_each(|key| self.person(entry, known, key, (policy, apps)));
        }
        for key in touched.rows.get(table::PEOPLE).into_iter().flatten() {
            self.person(entry, known, key, (policy, apps));
        }
    }

    fn accounts(&mut self, entry: &Entry, restated: &Restated, apps: &[AppName]) {
        let Some(app) = entry.about.app.as_ref().filter(|app| apps.contains(app)) else { return };
        if entry.event != Event::AccountsChanged {
            return;
        }
        let changes = restated.told(entry).and_then(|data| account_changes(entry, data));
        let Some((at, changes)) = changes else { return };
        for AccountChange { account, after } in changes {
            let step = Step {
                at,
                entry: entry.seq,
                login: after.as_ref().map(|after| after.login.clone()),
                role: after.as_ref().and_then(|after| after.role.clone()),
                lets_in: after.as_ref().is_some_and(|after| after.status.may_sign_in()),
            };
            let steps = self.steps.entry((app.clone(), account)).or_default();
            let same = |last: &Step| last.lets_in == step.lets_in && last.role == step.role;
            if !steps.last().is_some_and(same) {
                steps.push(step);
            }
        }
    }

    fn ties(&mut self, entry: &Entry, known: &Known, touched: &Touched) {
        for key in touched.rows.get(table::LINKS).into_iter().flatten() {
            let [app, account] = key.as_slice() else { continue };
            let (Ok(app), Ok(account)) = (app.parse::<AppName>(), account.parse::<AccountId>())
            else {
                continue;
            };
            let Ok(link) = known.one::<Link>(table::LINKS, key) else { continue };
            let place = (app, account);
            let person = link.as_ref().and_then(Link::person);
            let told = TieTold {
                at: entry.at,
                by: entry.actor.clone(),
                entry: entry.seq,
                says: says(link.as_ref()),
            };
            let before = self.tied.remove(&place);
            let same = before.as_ref().is_some_and(|(before, _)| Some(before) == person);
            match before {
                Some((_, first)) if same => {
                    if let Some(person) = person {
                        self.tied.insert(place, (person.clone(), first));
                    }
                    continue;
                }
                Some((before, first)) => {
                    let (app, account) = place.clone();
                    self.taken.entry((app, before)).or_default().insert(account, entry.at);
                    let words = self.ties.entry(place.clone()).or_insert_with(|| vec![first]);
                    words.push(told.clone());
                }
                None => {
                    if let Some(words) = self.ties.get_mut(&place) {
                        words.push(told.clone());
                    }
                }
            }
            if let Some(person) = person {
                self.tied.insert(place, (person.clone(), told));
            }
        }
    }

    fn person(
        &mut self,
        entry: &Entry,
        known: &Known,
        key: &[String],
        (policy, apps): (&Policy, &[AppName]),
    ) {
        let Some(id) = key.first().and_then(|id| id.parse::<PersonId>().ok()) else { return };
        // What is not known any more is no word that it is otherwise.
        if known.unclear.contains_key(&id) {
            return;
        }
        let Ok(person) = known.one::<Person>(table::PEOPLE, key) else { return };
        let into = entry.data.get("into").and_then(|into| into.as_str()?.parse::<PersonId>().ok());
        let into = into.filter(|into| person.is_none() && *into != id);
        for app in apps {
            let hours = policy.apps.get(app).map_or_else(
                || Hours::usual(&policy.organization),
                |rules| Hours::of(&policy.organization, rules),
            );
            let now = person.as_ref().map(|person| departures(person, &hours)).unwrap_or_default();
            let mut ends: BTreeMap<u32, Option<Timestamp>> = now
                .iter()
                .map(|Departure { engagement, at, .. }| (*engagement, Some(*at)))
                .collect();
            for (of, number) in self.named.get(&id).into_iter().flatten() {
                if of == app {
                    ends.entry(*number).or_insert(None);
                }
            }
            for (number, end) in ends {
                let words = self.words.entry((app.clone(), id.clone(), number)).or_default();
                if words.last().is_some_and(|last| last.end == end) {
                    continue;
                }
                let (at, by, entry) = (entry.at, entry.actor.clone(), entry.seq);
                words.push(EndTold { at, by, entry, end, into: into.clone() });
                self.named.entry(id.clone()).or_default().insert((app.clone(), number));
            }
        }
        if let Some(person) = person.filter(|person| self.named.contains_key(&person.id)) {
            self.people.insert(id, person);
        }
    }

    /// When the account let in, in turn.
    #[must_use]
    pub fn let_in(&self, app: &AppName, account: &AccountId) -> Vec<LetIn> {
        let mut found: Vec<LetIn> = Vec::new();
        for step in self.steps.get(&(app.clone(), account.clone())).into_iter().flatten() {
            let now = (step.at, step.entry);
            match found.last_mut().filter(|last| last.until.is_none()) {
                Some(last) if step.lets_in => last.roles.extend(step.role.clone()),
                Some(last) => last.until = Some(now),
                None if step.lets_in => {
                    let roles = step.role.iter().cloned().collect();
                    found.push(LetIn { from: now, until: None, roles });
                }
                None => {}
            }
        }
        found
    }

    /// The roles that the account had at `left`, or after it until `until`, as far as it was there.
    #[must_use]
    pub fn roles(
        &self,
        app: &AppName,
        account: &AccountId,
        (left, until): (Timestamp, Timestamp),
    ) -> Vec<RoleName> {
        let steps = self.steps.get(&(app.clone(), account.clone()));
        let steps = steps.map(Vec::as_slice).unwrap_or_default();
        let nexts = steps.iter().skip(1).map(|next| Some(next.at)).chain([None]);
        let held = steps.iter().zip(nexts).filter(|(step, next)| {
            // Who was shut out by then could do nothing with it any more.
            let counts = step.lets_in || step.at <= left;
            counts && step.at <= until.max(left) && next.is_none_or(|next| left < next)
        });
        held.filter_map(|(step, _)| step.role.clone()).collect()
    }

    /// When the account was first seen letting nobody in, though it was never seen letting in.
    #[must_use]
    pub fn found_shut(&self, app: &AppName, account: &AccountId) -> Option<Timestamp> {
        let steps = self.steps.get(&(app.clone(), account.clone()))?;
        steps.first().filter(|step| !step.lets_in).map(|step| step.at)
    }
}

/// When an account was removed that was to be by `left`: the end of the last stretch in which it let
/// in after that, up to `until`. `None` when it still let in then. What was never seen letting in
/// since is removed since the read that showed so: `found_shut`, or the end of the stretch before.
#[must_use]
pub fn removed(
    stretches: &[LetIn],
    found_shut: Option<Timestamp>,
    (left, until): (Timestamp, Timestamp),
) -> Option<Timestamp> {
    let before = stretches.iter().take_while(|one| one.from.0 <= until);
    match before.last() {
        None => found_shut,
        Some(last) => last.until.map(|(at, _)| at).filter(|at| *at <= until.max(left)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i8) -> Timestamp {
        format!("2026-10-{day:02}T12:00:00Z").parse().unwrap()
    }

    fn stretch(from: i8, until: Option<i8>) -> LetIn {
        let until = until.map(|day| (at(day), 2));
        LetIn { from: (at(from), 1), until, roles: Vec::new() }
    }

    #[test]
    fn who_came_back_in_is_removed_only_when_shut_out_again() {
        let window = (at(10), at(30));
        let once = [stretch(1, Some(11))];
        assert_eq!(removed(&once, None, window), Some(at(11)));
        let again = [stretch(1, Some(11)), stretch(15, Some(20))];
        assert_eq!(removed(&again, None, window), Some(at(20)));
        let inside = [stretch(1, Some(11)), stretch(15, None)];
        assert_eq!(removed(&inside, None, window), None);
        // Shut before the leaving; and let in again only after she was to come back.
        assert_eq!(removed(&[stretch(1, Some(5))], None, window), Some(at(5)));
        assert_eq!(removed(&inside, None, (at(10), at(14))), Some(at(11)));
        // Still let in when the window ended.
        assert_eq!(removed(&again, None, (at(10), at(16))), None);
        assert_eq!(removed(&[], Some(at(12)), window), Some(at(12)));
    }
}
