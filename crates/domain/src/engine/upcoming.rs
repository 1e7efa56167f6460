//! What comes by itself: what will happen when to whom, and when anything next changes at all.
//! Nothing is foretold that the engine would not decide at that moment: what it would expect then is
//! set beside what it expects before.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};

use super::{
    calendar,
    expect::{Expectation, Rules},
    lifecycle::{self, Hours, Stint},
    world::{KnownAccount, World},
};
use crate::model::{
    id::{AccountId, RoleName},
    limits::LimitKind,
    person::{EngagementKind, Person},
    plan::{PersonRef, Reason, Upcoming},
    policy::{Leave, NoRule, Organization},
};

/// So many days before a contract ends, somebody is reminded of it (J12).
pub const REMINDERS: [i32; 3] = [14, 7, 1];

/// What will happen to `person` in this app, soonest first.
pub(crate) fn of_person(
    world: &World<'_>,
    rules: &Rules<'_>,
    (person, stints): (&Person, &[Stint]),
    accounts: &[(&AccountId, &KnownAccount)],
) -> Vec<Upcoming> {
    let mut turns = rules.turns(person, stints);
    turns.retain(|at| *at > world.now && *at < Timestamp::MAX);
    let mut found = Vec::new();
    let Some(first) = turns.first() else { return found };
    // By what holds until then.
    let eve = first.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(world.now);
    let mut before = rules.expect_in(person, stints, eve.max(world.now));
    for at in turns {
        let after = rules.expect_in(person, stints, at);
        if let Some(what) = change(world, &before, &after, accounts) {
            let (engagement, why) = after.because();
            let person = person_ref(person, engagement);
            found.push(Upcoming { at, person, what, reasons: why.to_vec() });
        }
        before = after;
    }
    found
}

fn person_ref(person: &Person, engagement: Option<u32>) -> PersonRef {
    PersonRef { id: person.id.clone(), name: person.name(), engagement }
}

/// What it means for somebody with these accounts that `after` follows `before`.
fn change(
    world: &World<'_>,
    before: &Expectation,
    after: &Expectation,
    accounts: &[(&AccountId, &KnownAccount)],
) -> Option<String> {
    use Expectation::{Access, Gone, NoRule as Unruled, NotYet, Undecided, Withdrawn};
    let none = accounts.is_empty();
    let loses = || if none { "would lose access" } else { "loses access" }.to_owned();
    match (before, after) {
        (Access { role: was, on_leave: away, .. }, Access { role, on_leave, .. }) => {
            let leave = (world.rules.leave != Leave::Keep && !none).then_some(world.rules.leave);
            match (away, on_leave, leave) {
                (false, true, Some(Leave::Reduce)) => {
                    Some("goes on leave: falls to the least role".to_owned())
                }
                (false, true, Some(_)) => Some("goes on leave: is shut out".to_owned()),
                (true, false, Some(_)) => Some(format!("is back from leave: {role} again")),
                _ if was != role => Some(format!("changes from {was} to {role}")),
                _ => lapsed(before, after, accounts)
                    .map(|was| format!("changes from {was} to {role}")),
            }
        }
        (_, Access { role, .. }) if none => Some(format!("is invited as {role}")),
        (_, Access { role, .. }) => Some(format!("has an account, should be {role}")),
        (Access { .. }, Gone { .. } | NotYet { .. }) => Some(loses()),
        (Access { .. }, Unruled { .. }) if holds_on(after, accounts) => None,
        (Access { .. }, Unruled { .. }) if world.rules.no_rule == NoRule::Remove => Some(loses()),
        (Access { .. }, Unruled { .. }) => Some("is given access by nothing any more".to_owned()),
        (Unruled { .. }, Unruled { .. }) => (world.rules.no_rule == NoRule::Remove
            && lapsed(before, after, accounts).is_some())
        .then(loses),
        (Unruled { .. }, Gone { .. } | NotYet { .. }) => {
            let stays = world.rules.no_rule == NoRule::Report || holds_on(before, accounts);
            (!none && stays).then(loses)
        }
        (_, Gone { .. } | NotYet { .. } | Unruled { .. } | Undecided { .. } | Withdrawn { .. }) => {
            None
        }
    }
}

/// Whether an account may keep for a while what an earlier job gave.
fn holds_on(expectation: &Expectation, accounts: &[(&AccountId, &KnownAccount)]) -> bool {
    accounts.iter().any(|(_, known)| expectation.keeps(known.account.role.as_ref()).is_some())
}

/// The role that an account may keep before and not after.
fn lapsed<'a>(
    before: &'a Expectation,
    after: &Expectation,
    accounts: &[(&AccountId, &KnownAccount)],
) -> Option<&'a RoleName> {
    accounts.iter().find_map(|(_, known)| {
        let role = known.account.role.as_ref();
        let kept = before.keeps(role)?;
        after.keeps(role).is_none().then_some(&kept.role)
    })
}

/// What will happen to `person` whatever the app: the first and the last day, leave, reminders of
/// the end of a contract.
#[must_use]
pub fn days_of(person: &Person, organization: &Organization, now: Timestamp) -> Vec<Upcoming> {
    let hours = Hours::usual(organization);
    let source = format!("source {}", person.anchor);
    let mut found = Vec::new();
    for stint in lifecycle::stints(person, &hours) {
        let engagement = person.engagements.iter().find(|e| e.number == stint.number);
        let Some(terms) = engagement.map(|engagement| &engagement.terms) else { continue };
        let zone = hours.zone(person, terms);
        let mut add = |at: Timestamp, what: String, reason: Reason| {
            if now < at && at < Timestamp::MAX {
                let person = person_ref(person, Some(stint.number));
                found.push(Upcoming { at, person, what, reasons: vec![reason] });
            }
        };
        let told = |what: &str, day: Date| Reason::new(source.clone(), format!("{what} {day}"));
        if let Some(day) = terms.start_date {
            add(stint.start, "starts".to_owned(), told("first day", day));
        }
        if let Some(day) = terms.leave_start {
            let what = "goes on leave".to_owned();
            add(calendar::start_of(day, &zone), what, told("first day of leave", day));
        }
        if let Some(day) = terms.leave_return {
            let what = "is back from leave".to_owned();
            add(calendar::start_of(day, &zone), what, told("first day back", day));
        }
        let Some((end, because)) = stint.end.zip(stint.because) else { continue };
        add(end, "ends".to_owned(), because.clone());
        if terms.kind != Some(EngagementKind::Contractor) {
            continue;
        }
        let last = end.to_zoned(zone.clone()).date();
        for days in REMINDERS {
            let day = last.checked_sub(days.days()).unwrap_or(Date::MIN);
            let plural = if days == 1 { "day" } else { "days" };
            let what = format!("contract ends in {days} {plural}: extend it, or let it end");
            add(calendar::start_of(day, &zone), what, because.clone());
        }
    }
    found.sort_by_key(|upcoming| upcoming.at);
    found
}

/// The next moment at which the plan for this app may become another by itself. Whatever is planned
/// strictly before it has the same operations as now.
#[must_use]
pub fn next(world: &World<'_>) -> Option<Timestamp> {
    let rules = Rules::new(world);
    let mut moments: Vec<Timestamp> = world
        .people
        .values()
        .flat_map(|person| rules.turns(person, &rules.stints(person)))
        .collect();
    for person in world.people.values() {
        moments.extend(person.ordered_end.as_ref().map(|order| order.at));
    }
    for freeze in &world.orders.freezes {
        moments.push(freeze.at);
        moments.extend(freeze.until);
    }
    moments.extend(world.approvals.values().map(|approval| approval.expires));
    moments.extend(world.orders.rejections.iter().map(|rejection| rejection.expires));
    moments.extend(world.orders.delegations.iter().map(|delegation| delegation.until));
    moments.extend(world.orders.keeps.iter().map(|keep| keep.until));
    // What was done leaves the windows in which it counts towards the limits; what an app ignored
    // is tried again after a day.
    let windows = LimitKind::ALL.iter().map(|kind| world.rules.limits.on(*kind).window_hours);
    for hours in windows.collect::<BTreeSet<_>>() {
        let leaves = |at: Timestamp| at.checked_add(i64::from(hours).hours());
        moments.extend(world.runs.iter().filter_map(|run| leaves(run.intended).ok()));
    }
    let day = |at: Timestamp| at.checked_add(24.hours()).unwrap_or(Timestamp::MAX);
    moments.extend(world.accounts.values().filter_map(|known| known.learned).map(|l| day(l.at)));
    if let Some(days) = world.rules.delete_after_days {
        // An account is deleted so long after its owner left, it was shut out, or last changed.
        let after = |at: &Timestamp| at.checked_add((i64::from(days) * 24).hours()).ok();
        let shut = world.runs.iter().map(|run| run.changed);
        let changed = world.accounts.values().filter_map(|known| known.account.updated);
        let since: Vec<Timestamp> = moments.iter().copied().chain(shut).chain(changed).collect();
        moments.extend(since.iter().filter_map(after));
    }
    moments.into_iter().filter(|at| *at > world.now && *at < Timestamp::MAX).min()
}
