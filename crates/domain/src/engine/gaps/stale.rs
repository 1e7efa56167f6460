//! What is known no longer well enough to conclude anything from it: sources of people that have
//! not been heard for long, and the app itself.

use jiff::{SignedDuration, ToSpan};

use super::{Gap, GapKind};
use crate::engine::{guard::FRESHNESS, world::World};

/// The sources that were not heard for longer than the policy allows, and the app where its last
/// read is too old to prove anything.
pub(super) fn stale(world: &World<'_>) -> Vec<Gap> {
    let days = world.policy.organization.stale_after_days;
    let mut gaps = Vec::new();
    for (source, heard) in world.heard {
        let stale = heard.checked_add((i64::from(days) * 24).hours());
        let Some(since) = stale.ok().filter(|since| *since <= world.now) else { continue };
        let cause = format!(
            "{source} was last imported {}, more than {days} days ago",
            heard.strftime("%Y-%m-%d %H:%M UTC")
        );
        let remedy = format!("import it anew: muster roster import FILE --source {source}");
        let gap = Gap::new(world, GapKind::StaleSource, (cause, remedy));
        gaps.push(Gap { since: Some(since), source: Some(source.clone()), ..gap });
    }
    gaps.extend(app(world));
    gaps
}

fn app(world: &World<'_>) -> Option<Gap> {
    let app = world.app;
    let age = world.sight.age.filter(|age| *age > FRESHNESS)?;
    let why = world.sight.unseen.as_ref();
    let cause = match why {
        Some(why) => format!("{app} was last read {} ago: {why}", hours(age)),
        None => format!("{app} was last read {} ago", hours(age)),
    };
    let gap = Gap::new(world, GapKind::StaleSource, (cause, format!("muster sync {app}")));
    let started = world.sight.started;
    let since = started.and_then(|started| started.checked_add(FRESHNESS).ok());
    Some(Gap { since, ..gap })
}

fn hours(age: SignedDuration) -> String {
    format!("{} hours", age.as_hours())
}
