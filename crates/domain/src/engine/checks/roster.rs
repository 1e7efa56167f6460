//! How old what sources tell of people is. Whoever left since the last import still counts as
//! working here: what rests on such a list passes nothing, as what rests on an old read of an app.
//! What is wrong by an old list stays wrong: no later list takes back that somebody left.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Check, Company, Rests, SourceAge, Verdict, ask::CLOCK_SKEW};
use crate::model::{id::SourceName, person::Person};

/// Why a source of people is too old, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outdated {
    pub(super) why: String,
    pub(super) see: String,
}

/// Since when the source is too old, and why, if it is. What is dated in the time to come is dated
/// by a clock that is wrong: nobody knows how old it is.
pub(super) fn outdated(company: &Company<'_>, source: &SourceAge) -> Option<(Timestamp, Outdated)> {
    let SourceAge { name, believed } = source;
    let days = company.policy.organization.stale_after_days;
    let limit = SignedDuration::from_hours(24 * i64::from(days));
    let see = format!("export it again, then: muster roster import FILE --source {name}");
    let day = believed.strftime("%Y-%m-%d");
    if company.now.duration_since(*believed) < -CLOCK_SKEW {
        let why = format!(
            "the last import of the roster {name} is dated {day}, which is still to come: a clock is \
             wrong"
        );
        return Some((company.now, Outdated { why, see }));
    }
    let since = believed.checked_add(limit).ok().filter(|old| *old <= company.now)?;
    let why = format!("the roster {name} was last imported on {day}");
    Some((since, Outdated { why, see }))
}

/// The sources of people that are too old.
pub(super) struct Roster(BTreeMap<SourceName, Outdated>);

impl Roster {
    pub(super) fn of(company: &Company<'_>) -> Self {
        let sources = company.sources.iter();
        let old =
            sources.filter_map(|source| Some((source.name.clone(), outdated(company, source)?.1)));
        Self(old.collect())
    }

    /// The verdict of `check` about what concerns `person`, or else everybody: no pass by what is
    /// too old. `may_arise` says that the question may yet arise when a newer list comes.
    pub(super) fn held(
        &self,
        check: &Check,
        (person, may_arise): (Option<&Person>, MayArise),
        verdict: Verdict,
    ) -> Verdict {
        if self.0.is_empty() {
            return verdict;
        }
        let rests = match (&verdict, check.rests) {
            // Who gave the word must be there to answer for it.
            (Verdict::Attested(..), _) => return self.first().map_or(verdict, Verdict::Outdated),
            (Verdict::Pass(_), Rests::People | Rests::Leaving) => true,
            (Verdict::NotApplicable(_), Rests::Leaving) => may_arise == MayArise::Yes,
            _ => false,
        };
        if !rests {
            return verdict;
        }
        let old = match person {
            // All that tell of her: which of them would have told the news is not known.
            Some(person) => person.anchors().find_map(|anchor| self.0.get(&anchor.source)).cloned(),
            None => self.first(),
        };
        old.map_or(verdict, Verdict::Outdated)
    }

    fn first(&self) -> Option<Outdated> {
        self.0.values().next().cloned()
    }
}

/// Whether a question that does not arise may do so by what a newer list tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MayArise {
    Yes,
    No,
}
