//! Which known engagement each engagement that is told speaks of.

use std::collections::BTreeSet;

use crate::model::person::{EmploymentStatus, Terms};

/// For each engagement told, the known one it speaks of, if it is not a new one. No known one is
/// spoken of twice: first the same position and start, then the same position or the same start,
/// then, among those left over, the latest, unless that ended before the one told begins (a rehire).
pub(super) fn pair(known: &[&Terms], told: &[Terms]) -> Vec<Option<usize>> {
    let mut free: BTreeSet<usize> = (0..known.len()).collect();
    let mut pairs: Vec<Option<usize>> = vec![None; told.len()];
    let rules: [fn(&Terms, &Terms) -> bool; 4] = [same, same_position, same_start, may_be_same];
    for rule in rules {
        // The latest told is paired with the latest known.
        for (incoming, pair) in told.iter().zip(&mut pairs).rev() {
            if pair.is_some() {
                continue;
            }
            let fits = |index: &usize| known.get(*index).is_some_and(|e| rule(e, incoming));
            if let Some(index) = free.iter().rev().copied().find(fits) {
                free.remove(&index);
                *pair = Some(index);
            }
        }
    }
    pairs
}

fn same(known: &Terms, incoming: &Terms) -> bool {
    known.position == incoming.position && known.start_date == incoming.start_date
}

fn same_position(known: &Terms, incoming: &Terms) -> bool {
    incoming.position.is_some()
        && known.position == incoming.position
        && !ended_before(known, incoming)
}

fn same_start(known: &Terms, incoming: &Terms) -> bool {
    incoming.start_date.is_some()
        && known.start_date == incoming.start_date
        && !other_position(known, incoming)
}

fn may_be_same(known: &Terms, incoming: &Terms) -> bool {
    // Another position in place of one that is not told any more is a transfer, not a second job:
    // left open, the old one would outlive every end.
    !ended_before(known, incoming) && !ended_before(incoming, known)
}

fn other_position(known: &Terms, incoming: &Terms) -> bool {
    known.position.is_some() && incoming.position.is_some() && known.position != incoming.position
}

fn ended_before(known: &Terms, incoming: &Terms) -> bool {
    let end = known.last_working_day.or(known.end_date);
    match (end, incoming.start_date) {
        (Some(end), Some(start)) => end < start,
        // Ended without a date, and now a start that is not the one known.
        (None, Some(start)) => {
            known.status == Some(EmploymentStatus::Ended)
                && known.start_date.is_some_and(|known| known < start)
        }
        _ => false,
    }
}
