//! Moves: what rules could read of an engagement before it changed, so that what the old job gave
//! can be kept for a while (M1), and the first days it had before (J3). Noted when a change becomes known; what follows is `expect`'s.

use jiff::{Timestamp, ToSpan};

use crate::model::person::{Engagement, Move, StartMoved, Terms};

/// No grace period is longer, in days; older moves are forgotten.
pub const LONGEST_GRACE: u16 = 90;

/// No more than so many moves are kept: a source that flutters must not fill the store.
const KEPT: usize = 8;

/// What rules can read of `terms`.
fn readable(terms: &Terms) -> Terms {
    let terms = terms.clone();
    Terms {
        kind: terms.kind,
        title: terms.title,
        staff_role: terms.staff_role,
        department: terms.department,
        team: terms.team,
        location: terms.location,
        country: terms.country,
        legal_entity: terms.legal_entity,
        cost_centre: terms.cost_centre,
        ..Terms::default()
    }
}

/// Notes that `engagement`, which read `before` until now, has become what it is.
pub fn note(engagement: &mut Engagement, before: &Terms, now: Timestamp) {
    let (was, is) = (readable(before), readable(&engagement.terms));
    if was == is {
        return;
    }
    let hours = i64::from(LONGEST_GRACE) * 24;
    let oldest = now.checked_sub(hours.hours()).unwrap_or(Timestamp::MIN);
    engagement.moves.retain(|known| known.at > oldest);
    engagement.moves.push(Move { at: now, before: was });
    let surplus = engagement.moves.len().saturating_sub(KEPT);
    engagement.moves.drain(..surplus);
}

/// Notes what moved between `before` and `after`, which is the same person a moment later: what
/// all sources together say counts, not the word of one.
pub fn follow(before: &[Engagement], after: &mut [Engagement], now: Timestamp) {
    for engagement in after {
        if let Some(was) = before.iter().find(|one| one.number == engagement.number) {
            engagement.moves.clone_from(&was.moves);
            note(engagement, &was.terms, now);
            engagement.starts.clone_from(&was.starts);
            note_start(engagement, &was.terms, now);
        }
    }
}

/// Notes that the first day became another: an invitation may have gone out for the one before
/// (J3).
fn note_start(engagement: &mut Engagement, before: &Terms, now: Timestamp) {
    let Some(from) = before.start_date else { return };
    if engagement.terms.start_date == Some(from) {
        return;
    }
    engagement.starts.push(StartMoved { at: now, from });
    let surplus = engagement.starts.len().saturating_sub(KEPT);
    engagement.starts.drain(..surplus);
}
