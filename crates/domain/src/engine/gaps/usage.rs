//! What use is made of accounts, as far as the app tells.

use jiff::{SignedDuration, Timestamp};

use crate::{
    engine::world::{KnownAccount, World},
    model::account::AccountKind,
};

/// An account into which nobody has signed in for so long is not used.
const UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// When the invitation of this account lapsed, if it did.
pub(in crate::engine) fn lapsed(world: &World<'_>, known: &KnownAccount) -> Option<Timestamp> {
    let lasts = world.sight.invitation_lasts?;
    let sent = known.activity().invited.or(known.account.created)?;
    sent.checked_add(lasts).ok().filter(|lapsed| *lapsed <= world.now)
}

/// The last that is known of the use of an account.
pub(in crate::engine) struct LastUse {
    /// When.
    pub(in crate::engine) at: Timestamp,
    /// Whether somebody signed in then; otherwise nobody has since, as far back as can be told.
    pub(in crate::engine) is_sign_in: bool,
}

/// When somebody last signed in to a human's account, or since when nobody has; `None` where the
/// app's trail does not tell.
pub(in crate::engine) fn last_use(world: &World<'_>, known: &KnownAccount) -> Option<LastUse> {
    let trail = world.sight.trail?;
    // A trail that was not read lately may have missed a sign-in.
    let is_recent = world.now.duration_since(trail.until) <= SignedDuration::from_hours(48);
    if known.account.kind != AccountKind::Human || !is_recent {
        return None;
    }
    match known.activity().last_sign_in {
        Some(at) => Some(LastUse { at, is_sign_in: true }),
        None => Some(LastUse { at: known.account.created?.max(trail.since), is_sign_in: false }),
    }
}

/// Since when nobody has signed in, where that is known and long ago. Silence of a trail that does
/// not reach back so far says nothing.
pub(super) fn unused_since(world: &World<'_>, known: &KnownAccount) -> Option<Timestamp> {
    let long_ago = world.now.checked_sub(UNUSED).ok()?;
    last_use(world, known).map(|last| last.at).filter(|last| *last <= long_ago)
}
