//! What use is made of accounts, as far as the app tells.

use jiff::{SignedDuration, Timestamp};

use crate::{
    engine::world::{KnownAccount, World},
    model::account::AccountKind,
};

/// An account into which nobody has signed in for so long is not used.
const UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// When the invitation of this account lapsed, if it did.
pub(super) fn lapsed(world: &World<'_>, known: &KnownAccount) -> Option<Timestamp> {
    let lasts = world.sight.invitation_lasts?;
    let sent = known.activity.invited.or(known.account.created)?;
    sent.checked_add(lasts).ok().filter(|lapsed| *lapsed <= world.now)
}

/// Since when nobody has signed in, where that is known and long ago. Silence of a trail that does
/// not reach back so far says nothing.
pub(super) fn unused_since(world: &World<'_>, known: &KnownAccount) -> Option<Timestamp> {
    let long_ago = world.now.checked_sub(UNUSED).ok()?;
    let trail = world.sight.trail?;
    // A trail that was not read lately may have missed a sign-in.
    let is_recent = world.now.duration_since(trail.until) <= SignedDuration::from_hours(48);
    if known.account.kind != AccountKind::Human || !is_recent {
        return None;
    }
    let since = match known.activity.last_sign_in {
        Some(last) => last,
        None => known.account.created?.max(trail.since),
    };
    (since <= long_ago).then_some(since)
}
