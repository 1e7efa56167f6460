//! What was found in a part of the units: counted, and told one by one only where that is worth it.

use std::{borrow::Cow, ptr};

use super::{About, Check, Company, Detail, Verdict, roster::Outdated};
use crate::model::{
    check::{CheckResult, CheckState, Unit},
    id::{AppName, PersonId},
};

/// A part of what was found, of one app or of the company.
pub(super) struct Found<'s> {
    pub(super) app: Option<&'s AppName>,
    pub(super) results: Vec<CheckResult>,
    /// By the place of the check in [`ALL`], how many units are in which state.
    pub(super) counts: Vec<(&'static Check, [u64; CheckState::ALL.len()])>,
    /// Why units cannot be told of, and how to see.
    pub(super) unseen: Vec<(&'static Check, Words<'s>, u64)>,
}

/// Why something cannot be told, and how to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words<'s> {
    Unseen(&'static str, &'static str),
    Stale(Cow<'s, str>),
    Outdated(Outdated),
}

impl<'s> Found<'s> {
    pub(super) const fn new(app: Option<&'s AppName>) -> Self {
        Self { app, results: Vec::new(), counts: Vec::new(), unseen: Vec::new() }
    }

    fn count(&mut self, check: &'static Check, state: CheckState) {
        let known = self.counts.iter_mut().find(|(known, _)| ptr::eq(*known, check));
        let place = CheckState::ALL.iter().position(|one| *one == state).unwrap_or_default();
        let counts = match known {
            Some((_, counts)) => counts,
            None => {
                self.counts.push((check, [0; CheckState::ALL.len()]));
                let Some((_, counts)) = self.counts.last_mut() else { return };
                counts
            }
        };
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }

    /// Adds what a check found of one unit. Most units pass, and of those that cannot be told the
    /// same is mostly to be said of all: nothing is made of them but a number.
    pub(super) fn add(
        &mut self,
        company: &Company<'_>,
        detail: Detail,
        check: &'static Check,
        asked: Asked<'_, 's>,
    ) {
        let Asked { stale, make, verdict } = asked;
        let state = match (&verdict, stale) {
            // What does not apply does not need to be seen.
            (Verdict::NotApplicable(_), _) => CheckState::NotApplicable,
            (_, Some(_)) | (Verdict::Stale(_) | Verdict::Outdated(_), _) => CheckState::Stale,
            (Verdict::Pass(_) | Verdict::Attested(..), _) => CheckState::Pass,
            (Verdict::NotEvaluable(_), _) => CheckState::NotEvaluable,
            (Verdict::Wrong(_), _) => CheckState::Fail,
        };
        match (state, &verdict, stale) {
            (CheckState::Stale, _, Some(why)) => self.note(check, Words::Stale(Cow::Borrowed(why))),
            (CheckState::Stale, Verdict::Stale(why), None) => {
                self.note(check, Words::Stale(Cow::Owned(why.clone())));
            }
            (CheckState::Stale, Verdict::Outdated(old), None) => {
                self.note(check, Words::Outdated(old.clone()));
            }
            (CheckState::NotEvaluable, Verdict::NotEvaluable(unseen), _) => {
                self.note(check, Words::Unseen(unseen.why, unseen.see));
            }
            _ => {}
        }
        let tells = match (detail, state) {
            (Detail::Everything | Detail::Of(_), _) | (_, CheckState::Fail) => true,
            (Detail::Notable, CheckState::Stale | CheckState::NotEvaluable) => {
                !company.clocks.is_empty()
                    && company.clocks.contains_key(&super::key(check.name, &make().0))
            }
            (Detail::Notable, _) => false,
        };
        if !tells {
            self.count(check, state);
            return;
        }
        let verdict = match (state, stale) {
            (CheckState::Stale, Some(why)) => Verdict::Stale(why.to_owned()),
            _ => verdict,
        };
        let (unit, subject, person) = make();
        let result = company.framed(check, About { unit, subject, person, verdict });
        self.count(check, result.state);
        self.results.push(result);
    }

    /// There are few different words, so that looking through them is quickest.
    fn note(&mut self, check: &'static Check, words: Words<'s>) {
        let mut known = self.unseen.iter_mut();
        match known.find(|(of, said, _)| ptr::eq(*of, check) && *said == words) {
            Some((.., n)) => *n += 1,
            None => self.unseen.push((check, words, 1)),
        }
    }
}

pub(super) struct Asked<'m, 's> {
    pub(super) stale: Option<&'s str>,
    pub(super) make: &'m dyn Fn() -> (Unit, String, Option<PersonId>),
    pub(super) verdict: Verdict,
}
