//! Groups and one-off grants: who belongs to which group at a moment, and what follows for an app.
//!
//! A group's access goes to its members and to the members of every group below it. What was
//! ordered by hand for a person lasts as long as she works here without a break: nobody who comes
//! back years later finds it waiting.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    calendar,
    condition::{Answer, Subject},
    lifecycle::{self, Hours, Stint},
};
use crate::model::{
    group::{Grant, Group, Membership, Until, Weight},
    id::{AppName, GroupName, PersonId, RoleName},
    order::Orders,
    person::Person,
    plan::Reason,
    policy::{Condition, Organization},
};

/// Something that gives a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub role: RoleName,
    pub why: Vec<Reason>,
}

/// A person in one of her engagements at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub at: Timestamp,
    pub stints: &'a [Stint],
    pub zone: &'a TimeZone,
}

/// The groups to which somebody belongs, each with the chain of reasons, the group itself first.
pub(crate) type Memberships<'a> = BTreeMap<&'a GroupName, Vec<Reason>>;

/// The groups and grants there are, ready to be asked about many people.
pub(crate) struct Groups<'a> {
    groups: BTreeMap<&'a GroupName, Known<'a>>,
    memberships: HashMap<&'a PersonId, Vec<&'a Membership>>,
    grants: HashMap<&'a PersonId, Vec<&'a Grant>>,
    memo: RefCell<HashMap<String, Answer>>,
}

struct Known<'a> {
    group: &'a Group,
    rule: Option<Result<Condition, String>>,
    /// The groups above, each with the one through which it is reached.
    above: Vec<(&'a GroupName, &'a GroupName)>,
}

impl<'a> Groups<'a> {
    /// The groups and grants of `orders`; with an app only those that matter to it.
    pub(crate) fn new(orders: &'a Orders, app: Option<&AppName>) -> Self {
        let by_name: BTreeMap<_, _> =
            orders.groups.iter().map(|group| (&group.name, group)).collect();
        let mut groups = BTreeMap::new();
        for group in by_name.values().copied() {
            let above = above(&by_name, group);
            let gives = |name: &GroupName| match app {
                None => true,
                Some(app) => by_name.get(name).is_some_and(|group| group.gives.contains_key(app)),
            };
            if gives(&group.name) || above.iter().any(|(name, _)| gives(name)) {
                let rule = group
                    .when
                    .as_ref()
                    .map(|when| Condition::parse(when).map_err(|error| error.to_string()));
                groups.insert(&group.name, Known { group, rule, above });
            }
        }
        let mut memberships: HashMap<_, Vec<_>> = HashMap::new();
        for one in orders.memberships.iter().filter(|one| groups.contains_key(&one.group)) {
            memberships.entry(&one.person).or_default().push(one);
        }
        let mut grants: HashMap<_, Vec<_>> = HashMap::new();
        for grant in orders.grants.iter().filter(|grant| app.is_none_or(|app| *app == grant.app)) {
            grants.entry(&grant.person).or_default().push(grant);
        }
        Self { groups, memberships, grants, memo: RefCell::default() }
    }

    /// Whether there is anything that could give something.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.grants.is_empty()
    }

    /// The groups to which somebody belongs, those above included; or the rule that could not be
    /// evaluated.
    pub(crate) fn of(
        &self,
        subject: &Subject<'_>,
        moment: &Moment<'_>,
    ) -> Result<Memberships<'a>, Reason> {
        let mut found = Memberships::new();
        for (name, known) in &self.groups {
            let Some(because) = self.direct(known, subject, moment)? else { continue };
            let from = format!("group {name}");
            for (above, through) in &known.above {
                let passes = Reason::new(
                    format!("group {above}"),
                    format!("its access goes to members of {through} as well"),
                );
                found
                    .entry(above)
                    .or_insert_with(|| vec![passes, Reason::new(from.clone(), because.clone())]);
            }
            found.insert(name, vec![Reason::new(from, because)]);
        }
        Ok(found)
    }

    /// Why somebody belongs to the very group, if she does.
    fn direct(
        &self,
        known: &Known<'a>,
        subject: &Subject<'_>,
        moment: &Moment<'_>,
    ) -> Result<Option<String>, Reason> {
        let mine = self.memberships.get(&subject.person.id).into_iter().flatten();
        let by_hand = mine
            .copied()
            .find(|one| one.group == known.group.name && holds(one.at, one.until, moment));
        if let Some(one) = by_hand {
            let until = one.until.map(|until| format!(", {}", says(until))).unwrap_or_default();
            return Ok(Some(format!("put in by {}{until}", one.by)));
        }
        match &known.rule {
            None => Ok(None),
            Some(Ok(rule)) => match self.answer(rule, subject) {
                Answer::Yes => Ok(Some(format!("a member by its rule {}", rule.source()))),
                Answer::No => Ok(None),
                Answer::Failed(why) => Err(failed(known.group, &why)),
            },
            Some(Err(why)) => Err(failed(known.group, why)),
        }
    }

    fn answer(&self, rule: &Condition, subject: &Subject<'_>) -> Answer {
        let mut key = String::new();
        rule.write_key(subject, &mut key);
        let key = format!("{}\n{key}", rule.source());
        let mut memo = self.memo.borrow_mut();
        memo.entry(key).or_insert_with(|| rule.holds(&rule.inputs(subject))).clone()
    }

    /// What groups and grants give somebody in `app`, beside the policy's rules.
    pub(crate) fn beside(
        &self,
        app: &AppName,
        subject: &Subject<'_>,
        moment: &Moment<'_>,
    ) -> Result<Vec<Given>, Reason> {
        let mut given = Vec::new();
        for (name, chain) in self.of(subject, moment)? {
            let Some(known) = self.groups.get(name) else { continue };
            if let Some(role) = known.group.gives.get(app) {
                let mut why = vec![Reason::new(format!("group {name}"), format!("gives {role}"))];
                why.extend(chain);
                given.push(Given { role: role.clone(), why });
            }
        }
        given.extend(self.granted(subject.person, Weight::Beside, moment));
        Ok(given)
    }

    /// What counts instead of everything else: the exception made last.
    pub(crate) fn instead(&self, person: &Person, moment: &Moment<'_>) -> Option<Given> {
        self.granted(person, Weight::Instead, moment).last()
    }

    fn granted(
        &self,
        person: &Person,
        weight: Weight,
        moment: &Moment<'_>,
    ) -> impl Iterator<Item = Given> {
        let mut valid: Vec<_> = self
            .grants
            .get(&person.id)
            .into_iter()
            .flatten()
            .filter(|grant| grant.weight == weight && holds(grant.at, grant.until, moment))
            .collect();
        valid.sort_by_key(|grant| (grant.at, &grant.id));
        valid.into_iter().map(|grant| Given {
            role: grant.role.clone(),
            why: vec![Reason::new(format!("grant {}", grant.id), told(grant))],
        })
    }

    /// When what was ordered by hand for `person` ends by date.
    pub(crate) fn ends(&self, person: &Person, zone: &TimeZone) -> Vec<Timestamp> {
        let memberships = self.memberships.get(&person.id).into_iter().flatten();
        let grants = self.grants.get(&person.id).into_iter().flatten();
        memberships
            .filter_map(|one| one.until)
            .chain(grants.filter_map(|grant| grant.until))
            .map(|until| end(until, zone))
            .collect()
    }
}

fn failed(group: &Group, why: &str) -> Reason {
    let says = format!("its rule could not be evaluated: {why}");
    Reason::new(format!("group {}", group.name), says)
}

fn told(grant: &Grant) -> String {
    let Grant { role, reason, until, by, weight, .. } = grant;
    let until = until.map(|until| format!(" {}", says(until))).unwrap_or_default();
    match weight {
        Weight::Beside => format!("{by} granted {role}{until}: {reason}"),
        Weight::Instead => format!("{by} made an exception, {role}{until}: {reason}"),
    }
}

fn says(until: Until) -> String {
    match until {
        Until::Day(day) => format!("through {day}"),
        Until::Moment(at) => format!("until {}", at.strftime("%Y-%m-%d %H:%M UTC")),
    }
}

/// The groups above `group`, each with the one through which it is first reached. A cycle, which
/// nobody can order, ends where it began.
fn above<'a>(
    groups: &BTreeMap<&'a GroupName, &'a Group>,
    group: &'a Group,
) -> Vec<(&'a GroupName, &'a GroupName)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([&group.name]);
    let mut next = vec![group];
    while let Some(below) = next.pop() {
        for parent in &below.parents {
            if let Some(above) = groups.get(parent)
                && seen.insert(parent)
            {
                found.push((&above.name, &below.name));
                next.push(above);
            }
        }
    }
    found
}

/// Whether `group` would stand above itself.
#[must_use]
pub fn loops(orders: &Orders, group: &Group) -> bool {
    let mut groups: BTreeMap<_, _> = orders.groups.iter().map(|one| (&one.name, one)).collect();
    groups.insert(&group.name, group);
    let above = above(&groups, group);
    above
        .iter()
        .any(|(name, _)| groups.get(name).is_some_and(|above| above.parents.contains(&group.name)))
        || group.parents.contains(&group.name)
}

/// The instant at which something ordered by hand ends for somebody whose days are of `zone`.
#[must_use]
pub fn end(until: Until, zone: &TimeZone) -> Timestamp {
    match until {
        Until::Day(day) => calendar::start_of(day.tomorrow().unwrap_or(day), zone),
        Until::Moment(at) => at,
    }
}

/// Whether what was ordered at `ordered` still holds: its date has not passed, and she has worked
/// here without a break since then, or since the first day that was known to come then.
fn holds(ordered: Timestamp, until: Option<Until>, moment: &Moment<'_>) -> bool {
    let Moment { at, stints, zone } = moment;
    if until.is_some_and(|until| end(until, zone) <= *at) {
        return false;
    }
    let meant = stints
        .iter()
        .filter(|stint| stint.first_seen <= ordered && stint.end.is_none_or(|end| ordered < end));
    let Some(first) = meant.map(|stint| stint.access_from).min() else { return false };
    let mut here = first.max(ordered);
    // Every round goes past the end of another stint.
    for _ in 0..=stints.len() {
        let running = stints.iter().filter(|stint| stint.access_from <= here);
        let reach = running.map(|stint| stint.end.unwrap_or(Timestamp::MAX)).max();
        match reach {
            Some(reach) if here < reach => here = reach,
            _ => break,
        }
    }
    *at < here
}

/// Whether `grant` counts for `person` at a moment, or would once she may have access: not after its
/// date, and not in another job than the one it was given in.
#[must_use]
pub fn is_in_force(grant: &Grant, person: &Person, hours: &Hours<'_>, now: Timestamp) -> bool {
    let stints = lifecycle::stints(person, hours);
    let zone = lifecycle::zone_of(person, hours.organization);
    holds(grant.at, grant.until, &Moment { at: now, stints: &stints, zone: &zone })
}

/// Somebody who belongs to a group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Member {
    /// The person.
    pub person: PersonId,
    /// Her name.
    pub name: String,
    /// Why.
    pub why: Vec<Reason>,
}

/// Who belongs to which group at `now`, of the people who work here then; by name.
#[must_use]
pub fn members(
    orders: &Orders,
    organization: &Organization,
    people: &BTreeMap<PersonId, Person>,
    now: Timestamp,
) -> BTreeMap<GroupName, Vec<Member>> {
    let groups = Groups::new(orders, None);
    let mut found: BTreeMap<GroupName, Vec<Member>> = BTreeMap::new();
    for group in &orders.groups {
        found.insert(group.name.clone(), Vec::new());
    }
    for person in people.values() {
        for (group, why) in of(&groups, person, organization, now) {
            let member = Member { person: person.id.clone(), name: person.name(), why };
            found.entry(group).or_default().push(member);
        }
    }
    for members in found.values_mut() {
        members.sort_by(|a, b| (&a.name, &a.person).cmp(&(&b.name, &b.person)));
    }
    found
}

/// The groups to which `person` belongs at `now`, with the reasons.
#[must_use]
pub fn of_person(
    orders: &Orders,
    organization: &Organization,
    person: &Person,
    now: Timestamp,
) -> BTreeMap<GroupName, Vec<Reason>> {
    of(&Groups::new(orders, None), person, organization, now)
}

fn of(
    groups: &Groups<'_>,
    person: &Person,
    organization: &Organization,
    now: Timestamp,
) -> BTreeMap<GroupName, Vec<Reason>> {
    let stints = lifecycle::stints(person, &Hours::usual(organization));
    let zone = lifecycle::zone_of(person, organization);
    let moment = Moment { at: now, stints: &stints, zone: &zone };
    let current = stints.iter().filter(|stint| {
        stint.start <= now && stint.end.is_none_or(|end| now < end) && stint.unclear.is_none()
    });
    let mut found = BTreeMap::new();
    for stint in current {
        let engagement = person.engagements.iter().find(|e| e.number == stint.number);
        let Some(engagement) = engagement else { continue };
        let subject = Subject { person, terms: &engagement.terms };
        for (group, why) in groups.of(&subject, &moment).unwrap_or_default() {
            found.entry(group.clone()).or_insert(why);
        }
    }
    found
}
