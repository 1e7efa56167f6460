//! Two records that are one human: uniting them when a human says so, and taking that back.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    rank::{Ranking, assemble},
    told::numbers,
};
use crate::model::{
    id::SourceName,
    order::Merged,
    person::{OrderedEnd, Person, Telling},
};

/// `kept` as she is when `other` is the same human, and under which number each engagement of
/// `other` is known from then on.
#[must_use]
pub fn unite(kept: &Person, other: &Person, ranking: &Ranking) -> (Person, BTreeMap<u32, u32>) {
    let sources: BTreeSet<&SourceName> = other.anchors().map(|anchor| &anchor.source).collect();
    let terms: Vec<_> = other.engagements.iter().map(|one| one.terms.clone()).collect();
    let numbers: BTreeMap<u32, u32> = other
        .engagements
        .iter()
        .map(|one| one.number)
        .zip(numbers(kept, &sources, &terms))
        .collect();
    let mut tellings = kept.tellings();
    tellings.extend(other.tellings().into_iter().map(|telling| {
        renumbered(telling, |number| numbers.get(&number).copied().unwrap_or(number))
    }));
    let mut person = assemble(kept, tellings, ranking);
    person.first_seen = kept.first_seen.min(other.first_seen);
    person.ordered_end = sooner(kept.ordered_end.as_ref(), other.ordered_end.as_ref()).cloned();
    (person, numbers)
}

/// An end ordered for either is one ordered for her.
fn sooner<'a>(
    one: Option<&'a OrderedEnd>,
    other: Option<&'a OrderedEnd>,
) -> Option<&'a OrderedEnd> {
    one.into_iter().chain(other).min_by_key(|order| order.at)
}

fn renumbered(mut telling: Telling, number: impl Fn(u32) -> u32) -> Telling {
    for engagement in &mut telling.engagements {
        engagement.number = number(engagement.number);
    }
    telling.engagements.sort_by_key(|engagement| engagement.number);
    telling
}

/// The two that `united` was made of: what either's sources told since goes with the source.
/// Nothing when the sources of one of them are gone.
#[must_use]
pub fn part(united: &Person, merged: &Merged, ranking: &Ranking) -> Option<(Person, Person)> {
    let theirs: BTreeSet<_> = merged.person.anchors().collect();
    let (other, kept): (Vec<_>, Vec<_>) =
        united.tellings().into_iter().partition(|telling| theirs.contains(&telling.anchor));
    if other.is_empty() || kept.is_empty() {
        return None;
    }
    let mut back: BTreeMap<u32, u32> =
        merged.numbers.iter().map(|(theirs, united)| (*united, *theirs)).collect();
    let mut next = merged.person.engagements.iter().map(|one| one.number).max().unwrap_or(0);
    for engagement in other.iter().flat_map(|telling| &telling.engagements) {
        back.entry(engagement.number).or_insert_with(|| {
            next += 1;
            next
        });
    }
    let other = other
        .into_iter()
        .map(|telling| renumbered(telling, |number| back.get(&number).copied().unwrap_or(number)))
        .collect();
    let mut kept = assemble(united, kept, ranking);
    let mut other = assemble(&merged.person, other, ranking);
    // An end that was ordered since stands for both until somebody says otherwise.
    let at_merge = sooner(merged.kept_end.as_ref(), merged.person.ordered_end.as_ref());
    if united.ordered_end.as_ref() == at_merge {
        kept.ordered_end = merged.kept_end.clone();
    } else {
        other.ordered_end = united.ordered_end.clone();
    }
    kept.first_seen =
        kept.tellings().iter().map(|telling| telling.first_seen).min().unwrap_or(united.first_seen);
    Some((kept, other))
}
