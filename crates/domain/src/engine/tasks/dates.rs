//! Tasks that come and go with dates: contracts that end or are to be reviewed soon (J12), and
//! invitations whose first day has become another (J3).

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{Need, TaskKind};
use crate::{
    engine::{
        calendar,
        consent::login,
        contract,
        directory::Directory,
        lifecycle::{self, Stint},
        plan,
        upcoming::REMINDERS,
        world::World,
    },
    model::{
        id::AccountId,
        operation::Run,
        person::{Engagement, EngagementKind, Person},
        plan::Action,
    },
};

/// The day that a reminder is about.
struct Deadline {
    /// The last day, or the day of the review.
    day: Date,
    /// When it is over.
    over: Timestamp,
    /// What comes with it.
    what: &'static str,
}

/// The reminders of contracts that end or are to be reviewed: from the first of the days on, and
/// anew with each following one.
pub(super) fn contracts<'a>(directory: &Directory<'a>) -> Vec<Need<'a>> {
    let world = directory.world;
    let contractors = world.people.values().filter(|person| {
        person.engagements.iter().any(|one| one.terms.kind == Some(EngagementKind::Contractor))
    });
    let due: Vec<_> = contractors.flat_map(|person| of_person(directory, person)).collect();
    if due.is_empty() {
        return due;
    }
    let correlation = plan::correlation(world);
    let has_account = |need: &Need<'_>| {
        let accounts = need.person.map(|person| correlation.accounts_of(person));
        accounts.into_iter().flatten().any(|id| is_open(world, id))
    };
    due.into_iter().filter(has_account).collect()
}

fn is_open(world: &World<'_>, id: &AccountId) -> bool {
    let known = world.accounts.get(id).filter(|known| known.gone.is_none());
    known.is_some_and(|known| known.account.status.may_sign_in())
}

fn of_person<'a>(directory: &Directory<'a>, person: &'a Person) -> Vec<Need<'a>> {
    let world = directory.world;
    let stints = lifecycle::stints(person, &world.hours());
    // Who stays by another contract, or for good, needs no reminder of the first.
    let longer = |stint: &Stint| {
        let Some(end) = stint.end else { return false };
        stints.iter().any(|other| other.end.is_none_or(|later| end < later))
    };
    let contract = |stint: &Stint| {
        let own = person.engagements.iter().find(|one| one.number == stint.number)?;
        let contractor = own.terms.kind == Some(EngagementKind::Contractor);
        (contractor && stint.start <= world.now && !longer(stint)).then_some(own)
    };
    let of_stint = |stint: &Stint| reminder(directory, person, contract(stint)?, stint.end);
    stints.iter().filter_map(of_stint).collect()
}

fn deadline(
    world: &World<'_>,
    person: &Person,
    engagement: &Engagement,
    end: Option<Timestamp>,
) -> Option<(Deadline, TimeZone)> {
    let hours = world.hours();
    let zone = hours.zone(person, &engagement.terms);
    let deadline = match end {
        Some(over) => {
            let day = over.checked_sub(1.nanosecond()).unwrap_or(over);
            let day = day.to_zoned(zone.clone()).date();
            Deadline { day, over, what: "contract ends on" }
        }
        None => {
            let review = contract::review(person, engagement, &hours)?;
            Deadline { day: review.day, over: review.over, what: "work is reviewed by" }
        }
    };
    Some((deadline, zone))
}

fn reminder<'a>(
    directory: &Directory<'a>,
    person: &'a Person,
    engagement: &Engagement,
    end: Option<Timestamp>,
) -> Option<Need<'a>> {
    let world = directory.world;
    const DETAILS: [&str; 3] = ["in 14 days", "in 7 days", "in 1 day"];
    let (Deadline { day, over, what }, zone) = deadline(world, person, engagement, end)?;
    if over <= world.now {
        return None;
    }
    let moment =
        |days: i32| calendar::start_of(day.checked_sub(days.days()).unwrap_or(Date::MIN), &zone);
    let moments = REMINDERS.map(moment);
    let last = moments.iter().rposition(|at| *at <= world.now)?;
    let (name, id) = (person.name(), &person.id);
    let field = if end.is_some() { "--end" } else { "--review" };
    Some(Need {
        kind: TaskKind::ExtendContract,
        person: Some(id),
        account: None,
        detail: DETAILS.get(last).copied().unwrap_or_default(),
        title: format!("{name}'s {what} {day}: say whether it goes on"),
        reason: format!("{name} is a contractor; reminders come 14, 7 and 1 days before"),
        how: format!(
            "if so: muster people edit {id} {field} DATE, which somebody else approves; if not, \
             nothing is to be done{}",
            if end.is_some() { "" } else { " but muster people end" }
        ),
        since: moments.get(last).copied(),
        due: Some(moments.get(last + 1).copied().unwrap_or(over)),
        asked: directory.manager_of(person, Some(engagement.number)).map(login),
    })
}

/// That the first day of somebody who was invited is another by now. The invitation stands.
pub(super) fn moved_starts<'a>(world: &World<'a>) -> Vec<Need<'a>> {
    let invited = world
        .runs
        .iter()
        .filter(|run| matches!(run.operation.action, Action::Create { .. }) && run.state.is_done());
    invited.filter_map(|run| moved_start(world, run)).collect()
}

fn moved_start<'a>(world: &World<'a>, run: &'a Run) -> Option<Need<'a>> {
    let invited = run.operation.person.as_ref()?;
    let person = world.people.get(&invited.id)?;
    let number = invited.engagement?;
    let engagement = person.engagements.iter().find(|one| one.number == number)?;
    let later = || engagement.starts.iter().filter(|moved| run.intended < moved.at);
    let (was, is) = (later().next()?.from, engagement.terms.start_date?);
    let account = run.account.as_ref().filter(|id| is_open(world, id))?;
    let stints = lifecycle::stints(person, &world.hours());
    let start = stints.iter().find(|stint| stint.number == number)?.start;
    if was == is || start <= world.now {
        return None;
    }
    let name = person.name();
    let zone = world.hours().zone(person, &engagement.terms);
    let sent = run.intended.to_zoned(zone).date();
    Some(Need {
        kind: TaskKind::TakeNote,
        person: Some(&person.id),
        account: Some(account),
        detail: "start",
        title: format!("Know that {name} starts on {is}, not on {was}"),
        reason: format!("the invitation of {sent} stands, and no other is sent"),
        how: format!(
            "nothing, if that is right; if {name} does not start at all: muster people withdraw {}",
            person.id
        ),
        since: later().next_back().map(|moved| moved.at),
        due: Some(start),
        asked: None,
    })
}
