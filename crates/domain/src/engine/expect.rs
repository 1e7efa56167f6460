//! Expecting: whether a person should have an account in an app at a moment, with which role, and
//! when that next changes by itself.

use std::{cell::RefCell, collections::HashMap};

use jiff::Timestamp;

use super::{
    condition::{Answer, Subject},
    lifecycle::{self, Stint},
    world::World,
};
use crate::model::{
    id::RoleName,
    person::{Person, Scope},
    plan::Reason,
};

/// What a person should have in an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// An account with this role.
    Access {
        /// The role.
        role: RoleName,
        /// The engagement that gives it.
        engagement: u32,
        /// When it ends, if that is known.
        until: Option<Timestamp>,
        /// Whether the person is away: what she has stays, nothing new is made.
        on_leave: bool,
        /// Why.
        why: Vec<Reason>,
    },
    /// She works here, but no rule gives her anything.
    NoRule {
        /// The engagement.
        engagement: u32,
        /// Why.
        why: Vec<Reason>,
    },
    /// Not yet.
    NotYet {
        /// From when.
        from: Timestamp,
        /// The role she will get, if a rule gives one.
        role: Option<RoleName>,
        /// The engagement.
        engagement: u32,
        /// The earlier engagement that ended, if one did: an account from then must not stay.
        ended: Option<Past>,
        /// Why.
        why: Vec<Reason>,
    },
    /// No longer.
    Gone {
        /// Since when.
        since: Timestamp,
        /// The engagement that ended last.
        engagement: u32,
        /// Whether it ended too long before Muster heard of it to be an order.
        history: bool,
        /// The named person who ordered it, if one did.
        ordered_by: Option<String>,
        /// Why.
        why: Vec<Reason>,
    },
    /// The start was cancelled before day one.
    Withdrawn {
        /// Why.
        why: Vec<Reason>,
    },
    /// It cannot be told: nothing is done.
    Undecided {
        /// Why.
        why: Vec<Reason>,
    },
}

/// An engagement that is over, while another is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The engagement.
    pub engagement: u32,
    /// Since when it is over.
    pub since: Timestamp,
    /// Whether it ended too long before Muster heard of it to be an order.
    pub history: bool,
    /// Why.
    pub why: Vec<Reason>,
}

/// A rule's answers, by the values of the fields that it reads.
type Memo = HashMap<String, Answer>;

/// Evaluates the access rules of one app; remembers the answer for people who cannot differ in it.
pub struct Rules<'a> {
    world: &'a World<'a>,
    memo: RefCell<Vec<Memo>>,
    /// What each rule says when it gives its role.
    gives: Vec<Reason>,
}

/// What the access rules say of a person.
enum Ruling {
    Role(RoleName, Reason),
    None(Reason),
    Failed(Reason),
}

impl<'a> Rules<'a> {
    /// The rules of `world`'s app.
    #[must_use]
    pub fn new(world: &'a World<'a>) -> Self {
        let app = world.app;
        let access = &world.rules.access;
        let gives = (0..).zip(access).map(|(index, rule): (usize, _)| {
            let from = format!("policy apps.{app}.access[{index}]");
            Reason::new(from, format!("{} gives {}", rule.when.source(), rule.role))
        });
        let memo = RefCell::new(vec![Memo::new(); access.len()]);
        Self { world, memo, gives: gives.collect() }
    }

    fn ruling(&self, subject: &Subject<'_>) -> Ruling {
        let app = self.world.app;
        let mut memo = self.memo.borrow_mut();
        let mut key = String::new();
        let rules = self.world.rules.access.iter().zip(&self.gives);
        for ((rule, gives), memo) in rules.zip(memo.iter_mut()) {
            rule.when.write_key(subject, &mut key);
            let answer = match memo.get(&key) {
                Some(answer) => answer.clone(),
                None => {
                    let answer = rule.when.holds(&rule.when.inputs(subject));
                    memo.insert(key.clone(), answer.clone());
                    answer
                }
            };
            match answer {
                Answer::Yes => return Ruling::Role(rule.role.clone(), gives.clone()),
                Answer::No => {}
                Answer::Failed(why) => {
                    let says = format!("{} could not be evaluated: {why}", rule.when.source());
                    return Ruling::Failed(Reason::new(gives.from.clone(), says));
                }
            }
        }
        let says = format!("none of {} rules matches", self.world.rules.access.len());
        Ruling::None(Reason::new(format!("policy apps.{app}.access"), says))
    }

    /// What `person` should have.
    #[must_use]
    pub fn expect(&self, person: &Person) -> Expectation {
        let world = self.world;
        let hours = world.hours();
        let stints = lifecycle::stints(person, &hours);
        let now = world.now;
        let from = format!("source {}", person.anchor);
        if stints.is_empty() {
            return Expectation::Withdrawn {
                why: vec![Reason::new(from, "the start was withdrawn")],
            };
        }
        let open = |stint: &&Stint| stint.end.is_none_or(|end| now < end);
        let known = |stint: &&Stint| stint.unclear.is_none();
        let current: Vec<_> = stints
            .iter()
            .filter(known)
            .filter(|stint| stint.access_from <= now)
            .filter(open)
            .collect();
        if !current.is_empty() {
            return self.current(person, &stints, &current);
        }
        if let Some(unclear) = stints.iter().find_map(|stint| stint.unclear.as_ref()) {
            return Expectation::Undecided { why: vec![Reason::new(from, unclear)] };
        }
        let past = stints.iter().filter(|stint| !open(stint)).max_by_key(|stint| stint.end);
        if let Some(next) = stints.iter().filter(open).min_by_key(|stint| stint.access_from) {
            let ended = past.map(|last| Past {
                engagement: last.number,
                since: last.end.unwrap_or(now),
                history: stints.iter().filter(|stint| !open(stint)).all(|stint| stint.history),
                why: vec![last.because.clone()],
            });
            return self.future(person, next, ended);
        }
        match past {
            Some(last) => Expectation::Gone {
                since: last.end.unwrap_or(now),
                engagement: last.number,
                history: stints.iter().all(|stint| stint.history),
                ordered_by: last.ordered_by.clone(),
                why: vec![last.because.clone()],
            },
            None => Expectation::Undecided {
                why: vec![Reason::new(from, "there is no engagement to go by")],
            },
        }
    }

    /// Access is the union over all current engagements: the strongest role that any gives (J13).
    fn current(&self, person: &Person, stints: &[Stint], current: &[&Stint]) -> Expectation {
        let from = format!("source {}", person.anchor);
        let until = stints
            .iter()
            .map(|stint| stint.end)
            .try_fold(Timestamp::MIN, |last, end| end.map(|end| last.max(end)));
        let on_leave = lifecycle::on_leave(person, &self.world.hours(), self.world.now);
        let mut best: Option<(u8, Expectation)> = None;
        let mut none = Vec::new();
        for stint in current {
            let Some(engagement) = person.engagements.iter().find(|e| e.number == stint.number)
            else {
                continue;
            };
            if person.profile.in_scope == Some(Scope::Out) {
                none.push(Reason::new(from.clone(), "out of scope"));
                continue;
            }
            match self.ruling(&Subject { person, terms: &engagement.terms }) {
                Ruling::Role(role, rule) => {
                    let rank = self.world.sight.role(&role).map_or(0, |role| role.rank);
                    if best.as_ref().is_none_or(|(known, _)| *known < rank) {
                        let works = Reason::new(from.clone(), works_here(person, stint));
                        let why = vec![rule, works];
                        let engagement = stint.number;
                        let access = Expectation::Access { role, engagement, until, on_leave, why };
                        best = Some((rank, access));
                    }
                }
                Ruling::None(why) => none.push(why),
                Ruling::Failed(why) => return Expectation::Undecided { why: vec![why] },
            }
        }
        best.map_or_else(
            || {
                let engagement = current.first().map_or(1, |stint| stint.number);
                Expectation::NoRule { engagement, why: none }
            },
            |(_, access)| access,
        )
    }

    fn future(&self, person: &Person, next: &Stint, ended: Option<Past>) -> Expectation {
        let from = format!("source {}", person.anchor);
        let terms = person.engagements.iter().find(|e| e.number == next.number).map(|e| &e.terms);
        let mut why = vec![Reason::new(from, works_here(person, next))];
        let role = terms.and_then(|terms| match self.ruling(&Subject { person, terms }) {
            Ruling::Role(role, rule) if person.profile.in_scope != Some(Scope::Out) => {
                why.insert(0, rule);
                Some(role)
            }
            _ => None,
        });
        let engagement = next.number;
        Expectation::NotYet { from: next.access_from, role, engagement, ended, why }
    }
}

/// The engagement in the words of the source: dates are days in a place, not instants.
fn works_here(person: &Person, stint: &Stint) -> String {
    let terms = person.engagements.iter().find(|e| e.number == stint.number).map(|e| &e.terms);
    let start = match terms.and_then(|terms| terms.start_date) {
        Some(day) => format!("works here from {day} on"),
        None => "works here, since when is not told".to_owned(),
    };
    let end = terms.and_then(|terms| terms.last_working_day.or(terms.end_date));
    match (stint.end, end) {
        (Some(_), Some(day)) => format!("{start}, until {day}"),
        (Some(at), None) => format!("{start}, until {at}"),
        (None, _) => format!("{start}, no end is known"),
    }
}
