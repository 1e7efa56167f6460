//! Access that goes on because two people were said to be one.

use super::{Need, TaskKind};
use crate::{
    engine::world::World,
    model::{id::AccountId, link::Tie, order::Merged},
};

/// A task for each account that was to be shut and stays open since, until somebody says of that
/// very account whose it is.
pub(super) fn kept<'a>(world: &'a World<'a>) -> Vec<Need<'a>> {
    let all = world.orders.merged.iter().flat_map(|merged| {
        let here = merged.kept.iter().filter(|(app, _)| app == world.app);
        here.map(move |(_, account)| (merged, account))
    });
    all.filter_map(|(merged, account)| of(world, merged, account)).collect()
}

fn of<'a>(world: &World<'a>, merged: &'a Merged, id: &'a AccountId) -> Option<Need<'a>> {
    let known = world.accounts.get(id).filter(|known| known.gone.is_none())?;
    let confirmed = match world.links.get(id).map(|link| &link.tie) {
        Some(Tie::Person { confirmed, .. }) => confirmed.as_ref(),
        // Somebody said that it is nobody's.
        Some(Tie::NotAPerson { .. } | Tie::Unwanted { .. }) => return None,
        None => None,
    };
    let settled = confirmed.is_some_and(|said| said.at > merged.at);
    if settled || !known.account.status.may_sign_in() {
        return None;
    }
    let Merged { person: other, into, by, at, .. } = merged;
    let (login, app) = (&known.account.login, world.app);
    let name = world.people.get(into)?.name();
    Some(Need {
        kind: TaskKind::ConfirmMatch,
        person: Some(into),
        account: Some(id),
        detail: "merged",
        title: format!("Confirm that {login} stays open for {name}"),
        reason: format!(
            "access of {} was to end, and goes on since {by} said on {} that she is {name}",
            other.name(),
            at.strftime("%Y-%m-%d")
        ),
        how: format!(
            "if it is so: muster accounts link {app}/{id} {into}; if not: muster people split {}",
            other.id
        ),
        since: Some(*at),
        due: None,
        asked: None,
    })
}
