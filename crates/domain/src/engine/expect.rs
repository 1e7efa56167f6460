//! Expecting: whether a person should have an account in an app at a moment, with which role, and
//! when that next changes by itself.

mod ruling;

use jiff::Timestamp;

pub use self::ruling::Rules;
use self::ruling::Ruling;
use super::{
    calendar,
    condition::Subject,
    groups::Moment,
    lifecycle::{self, Stint},
};
use crate::model::{
    id::RoleName,
    person::{Engagement, Person, Scope, TerminationType},
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
        /// Roles of an earlier job that an account may keep for a while yet.
        keeps: Vec<Kept>,
        /// Why.
        why: Vec<Reason>,
    },
    /// She works here, but no rule gives her anything.
    NoRule {
        /// The engagement.
        engagement: u32,
        /// Roles of an earlier job that an account may keep for a while yet.
        keeps: Vec<Kept>,
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

/// A role that a mover may keep until the grace period is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The role.
    pub role: RoleName,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: Vec<Reason>,
}

impl Expectation {
    /// The engagement from which it follows, if there is one, and why.
    #[must_use]
    pub fn because(&self) -> (Option<u32>, &[Reason]) {
        match self {
            Self::Access { engagement, why, .. }
            | Self::NoRule { engagement, why, .. }
            | Self::NotYet { engagement, why, .. }
            | Self::Gone { engagement, why, .. } => (Some(*engagement), why),
            Self::Withdrawn { why } | Self::Undecided { why } => (None, why),
        }
    }

    /// Whether an account with `role` may keep it for a while yet, and until when.
    #[must_use]
    pub fn keeps(&self, role: Option<&RoleName>) -> Option<&Kept> {
        let (Self::Access { keeps, .. } | Self::NoRule { keeps, .. }) = self else { return None };
        keeps.iter().filter(|kept| Some(&kept.role) == role).max_by_key(|kept| kept.until)
    }
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

impl Rules<'_> {
    /// What `person` should have now.
    #[must_use]
    pub fn expect(&self, person: &Person) -> Expectation {
        self.expect_at(person, self.world.now)
    }

    /// What `person` should have at `now`, by what is known today.
    #[must_use]
    pub fn expect_at(&self, person: &Person, now: Timestamp) -> Expectation {
        self.expect_in(person, &self.stints(person), now)
    }

    /// The stretches of time in which `person` works here.
    pub(crate) fn stints(&self, person: &Person) -> Vec<Stint> {
        lifecycle::stints(person, &self.world.hours())
    }

    /// What `person` should have at `now`, where her stints are known already.
    pub(crate) fn expect_in(
        &self,
        person: &Person,
        stints: &[Stint],
        now: Timestamp,
    ) -> Expectation {
        let from = || format!("source {}", person.anchor);
        if stints.is_empty() {
            return Expectation::Withdrawn {
                why: vec![Reason::new(from(), "the start was withdrawn")],
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
            return self.current(person, stints, &current, now);
        }
        if let Some(unclear) = stints.iter().find_map(|stint| stint.unclear.as_ref()) {
            return Expectation::Undecided { why: vec![Reason::new(from(), unclear)] };
        }
        let past = stints.iter().filter(|stint| !open(stint)).max_by_key(|stint| stint.end);
        if let Some(next) = stints.iter().filter(open).min_by_key(|stint| stint.access_from) {
            let ended = past.map(|last| Past {
                engagement: last.number,
                since: last.end.unwrap_or(now),
                history: stints.iter().filter(|stint| !open(stint)).all(|stint| stint.history),
                why: last.because.iter().cloned().collect(),
            });
            return self.future(person, stints, next, ended);
        }
        match past {
            Some(last) => Expectation::Gone {
                since: last.end.unwrap_or(now),
                engagement: last.number,
                history: stints.iter().all(|stint| stint.history),
                ordered_by: last.ordered_by.clone(),
                why: last.because.iter().cloned().collect(),
            },
            None => Expectation::Undecided {
                why: vec![Reason::new(from(), "there is no engagement to go by")],
            },
        }
    }

    /// Access is the union over all current engagements: the strongest role that any gives (J13).
    fn current(
        &self,
        person: &Person,
        stints: &[Stint],
        current: &[&Stint],
        now: Timestamp,
    ) -> Expectation {
        let from = || format!("source {}", person.anchor);
        let until = stints
            .iter()
            .map(|stint| stint.end)
            .try_fold(Timestamp::MIN, |last, end| end.map(|end| last.max(end)));
        let on_leave = lifecycle::on_leave(person, &self.world.hours(), now);
        let zone = lifecycle::zone_of(person, &self.world.policy.organization);
        let moment = Moment { at: now, stints, zone: &zone };
        let mut best: Option<(u8, RoleName, u32, Vec<Reason>)> = None;
        let mut none = Vec::new();
        for stint in current {
            let Some(engagement) = engagement(person, stint) else { continue };
            if person.profile.in_scope == Some(Scope::Out) {
                none.push(Reason::new(from(), "out of scope"));
                continue;
            }
            match self.ruling(&Subject { person, terms: &engagement.terms }, &moment) {
                Ruling::Role(role, mut why) => {
                    let rank = self.rank(&role);
                    if best.as_ref().is_none_or(|(known, ..)| *known < rank) {
                        why.push(Reason::new(from(), works_here(person, stint)));
                        best = Some((rank, role, stint.number, why));
                    }
                }
                Ruling::None(why) => none.push(why),
                Ruling::Failed(why) => return Expectation::Undecided { why: vec![why] },
            }
        }
        let role = best.as_ref().map(|(_, role, ..)| role);
        let keeps = self.kept(person, current, role, &moment);
        match best {
            Some((_, role, engagement, why)) => {
                Expectation::Access { role, engagement, until, on_leave, keeps, why }
            }
            None => {
                if let Some(gone) = self.left_beside(person, current, &moment) {
                    return gone;
                }
                let engagement = current.first().map_or(1, |stint| stint.number);
                Expectation::NoRule { engagement, keeps, why: none }
            }
        }
    }

    /// Who worked here twice over, say for two companies of a group, and left the work that gave
    /// access to this app, has left as far as this app goes, whatever goes on beside it (L23). Work
    /// that took the place of other work is a move instead.
    fn left_beside(
        &self,
        person: &Person,
        current: &[&Stint],
        moment: &Moment<'_>,
    ) -> Option<Expectation> {
        let mut ended: Vec<_> = moment
            .stints
            .iter()
            .filter_map(|stint| Some((stint.end.filter(|end| *end <= moment.at)?, stint)))
            .filter(|(end, stint)| {
                current.iter().all(|other| other.start < *end && stint.start < *end)
            })
            .collect();
        ended.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
        let (since, stint, mut why) = ended.into_iter().find_map(|(end, stint)| {
            let terms = &engagement(person, stint)?.terms;
            match self.ruling(&Subject { person, terms }, moment) {
                Ruling::Role(_, why) => Some((end, stint, why)),
                Ruling::None(_) | Ruling::Failed(_) => None,
            }
        })?;
        why.splice(0..0, stint.because.clone());
        why.push(Reason::new(
            format!("source {}", person.anchor),
            "the work that goes on beside it gives nothing here",
        ));
        Some(Expectation::Gone {
            since,
            engagement: stint.number,
            history: stint.history,
            ordered_by: stint.ordered_by.clone(),
            why,
        })
    }

    /// The ordinary roles beyond `role` that an earlier job gave, while its grace lasts (M1). What
    /// is privileged goes at once (M3), and so does what an end takes: grace is for moves.
    fn kept(
        &self,
        person: &Person,
        current: &[&Stint],
        role: Option<&RoleName>,
        moment: &Moment<'_>,
    ) -> Vec<Kept> {
        let grace = self.world.rules.grace_days;
        if grace == 0 || person.profile.in_scope == Some(Scope::Out) {
            return Vec::new();
        }
        let mut earlier = Vec::new();
        for stint in current {
            let moves = engagement(person, stint).map(|e| e.moves.as_slice()).unwrap_or_default();
            earlier.extend(moves.iter().map(|one| (one.at, &one.before)));
        }
        for stint in moment.stints {
            let Some(engagement) = engagement(person, stint) else { continue };
            let Some(end) = stint.end.filter(|end| *end <= moment.at) else { continue };
            // Another job took its place, as opposed to one beside it that goes on.
            let moved = current.iter().any(|new| new.access_from <= end && end <= new.start);
            let dismissed = engagement.terms.termination == Some(TerminationType::Involuntary);
            if moved && !dismissed && stint.ordered_by.is_none() {
                earlier.push((end, &engagement.terms));
            }
        }
        let mut keeps = Vec::new();
        for (at, terms) in earlier {
            let until = calendar::days_after(at, grace, moment.zone);
            if moment.at < at || until <= moment.at {
                continue;
            }
            let Ruling::Role(was, mut why) = self.ruling(&Subject { person, terms }, moment) else {
                continue;
            };
            let sight = self.world.sight;
            let falls = role.is_none_or(|role| sight.lowers(&was, role));
            if falls && !sight.is_privileged(&was) {
                let says = format!("moved; {grace} days of grace for what the job before gave");
                why.push(Reason::new(format!("policy apps.{}.mover.grace", self.world.app), says));
                keeps.push(Kept { role: was, until, why });
            }
        }
        keeps
    }

    fn future(
        &self,
        person: &Person,
        stints: &[Stint],
        next: &Stint,
        ended: Option<Past>,
    ) -> Expectation {
        let from = format!("source {}", person.anchor);
        let mut why = vec![Reason::new(from, works_here(person, next))];
        let zone = lifecycle::zone_of(person, &self.world.policy.organization);
        let moment = Moment { at: next.access_from, stints, zone: &zone };
        let role = engagement(person, next).and_then(|engagement| {
            let subject = Subject { person, terms: &engagement.terms };
            match self.ruling(&subject, &moment) {
                Ruling::Role(role, rule) if person.profile.in_scope != Some(Scope::Out) => {
                    why.splice(0..0, rule);
                    Some(role)
                }
                _ => None,
            }
        });
        let engagement = next.number;
        Expectation::NotYet { from: next.access_from, role, engagement, ended, why }
    }

    /// The moments at which what `person` should have may change by itself.
    pub(crate) fn turns(&self, person: &Person, stints: &[Stint]) -> Vec<Timestamp> {
        let hours = self.world.hours();
        let mut turns: Vec<_> = lifecycle::turns(person, stints, &hours);
        let zone = lifecycle::zone_of(person, hours.organization);
        turns.extend(self.groups.ends(person, &zone));
        let moves = person.engagements.iter().flat_map(|e| &e.moves).map(|one| one.at);
        let ends = stints.iter().filter_map(|stint| stint.end);
        let grace = self.world.rules.grace_days;
        turns.extend(moves.chain(ends).map(|at| calendar::days_after(at, grace, &zone)));
        turns.sort_unstable();
        turns.dedup();
        turns
    }
}

fn engagement<'a>(person: &'a Person, stint: &Stint) -> Option<&'a Engagement> {
    person.engagements.iter().find(|engagement| engagement.number == stint.number)
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
