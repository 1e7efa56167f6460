//! Ruling: what the policy's rules, groups and grants say of one person in one engagement.

use std::{cell::RefCell, collections::HashMap};

use crate::{
    engine::{
        condition::{Answer, Subject},
        groups::{Given, Groups, Moment},
        world::World,
    },
    model::{id::RoleName, plan::Reason},
};

/// A rule's answers, by the values of the fields that it reads.
type Memo = HashMap<String, Answer>;

/// Evaluates the access rules of one app; remembers the answer for people who cannot differ in it.
pub struct Rules<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) groups: Groups<'a>,
    memo: RefCell<Vec<Memo>>,
    /// What each rule says when it gives its role.
    gives: Vec<Reason>,
}

/// What rules, groups and grants say of a person.
pub(super) enum Ruling {
    Role(RoleName, Vec<Reason>),
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
        let groups = Groups::new(world.orders, Some(app));
        Self { world, groups, memo, gives: gives.collect() }
    }

    /// Whether nothing says who should have what: no rule, no group and no grant.
    #[must_use]
    pub fn are_silent(&self) -> bool {
        self.world.rules.access.is_empty() && self.groups.is_empty()
    }

    pub(super) fn rank(&self, role: &RoleName) -> u8 {
        self.world.sight.role(role).map_or(0, |role| role.rank)
    }

    /// The strongest role that the policy's rule, a group or a grant gives, unless an exception
    /// counts instead.
    pub(super) fn ruling(&self, subject: &Subject<'_>, moment: &Moment<'_>) -> Ruling {
        if self.groups.is_empty() {
            return self.by_policy(subject);
        }
        if let Some(Given { role, why }) = self.groups.instead(subject.person, moment) {
            return Ruling::Role(role, why);
        }
        let given = match self.groups.beside(self.world.app, subject, moment) {
            Ok(given) => given,
            Err(why) => return Ruling::Failed(why),
        };
        // Of equals the first counts: the policy's rule, then groups, then grants.
        let strongest = given.into_iter().rev().max_by_key(|Given { role, .. }| self.rank(role));
        match (self.by_policy(subject), strongest) {
            (Ruling::Role(role, _), Some(given)) if self.rank(&role) < self.rank(&given.role) => {
                Ruling::Role(given.role, given.why)
            }
            (Ruling::None(_), Some(given)) => Ruling::Role(given.role, given.why),
            (Ruling::None(why), None) => {
                let says = format!("{}, and no group or grant gives access", why.says);
                Ruling::None(Reason { says, ..why })
            }
            (ruling, _) => ruling,
        }
    }

    fn by_policy(&self, subject: &Subject<'_>) -> Ruling {
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
                Answer::Yes => return Ruling::Role(rule.role.clone(), vec![gives.clone()]),
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
}
