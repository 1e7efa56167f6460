//! The steps that named people take at the keyboard, by the same use cases as the commands: groups,
//! one-off access, standing still, yes and no, undoing, whose work goes where, and the word of
//! people who know better than the roster.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use muster::{
    error::Error,
    service::{
        Muster, Unwatched,
        apply::ApplyRequest,
        freeze::NewFreeze,
        group::{GroupIs, GroupOrder},
        people::Facts,
        undo::of_kept,
    },
};
use muster_domain::{
    engine::hand::{Ending, Word as Said},
    model::{
        account::SignIn,
        group::{Until, Weight},
        id::GroupName,
        operation::RunState,
        order::{Frozen, Stops},
        person::{EngagementKind, Person, Profile, Terms},
        plan::Action,
        work::HandOverTo,
    },
};
use muster_simulator::TicketStatus;

use crate::{
    chance::Chance,
    company::{Member, Origin, Stint, at, role_named},
    ops::JOBS,
    orders::{Freeze, Grant, Kept, Lasts, Rule, Still, Word, content},
    setup::CHIEF,
    world::{Consent, Outcome, World},
};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Voice {
    /// An operator who is no person of the company.
    Ann,
    /// Whom the policy names.
    Chief,
    Member(usize),
}

/// What is to stand still.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    Everything,
    App,
    Person(usize),
    Undeleted(usize),
}

/// To whom somebody's work goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Heir {
    Manager,
    Nobody,
    Member(usize),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ByHand {
    Gives {
        group: usize,
        role: Option<usize>,
    },
    Rule {
        group: usize,
        rule: Option<Rule>,
    },
    Above {
        group: usize,
        above: usize,
        on: bool,
    },
    Join {
        who: usize,
        group: usize,
        days: Option<i64>,
    },
    /// Takes out whoever was put in, counted through all groups.
    Part(usize),
    Disband(usize),
    Grant {
        who: usize,
        role: usize,
        days: Option<i64>,
    },
    Except {
        user: usize,
        days: i64,
    },
    Revoke(usize),
    Freeze {
        what: What,
        hours: Option<i64>,
    },
    Thaw(usize),
    Approve(Voice),
    Reject {
        which: usize,
        by: Voice,
    },
    Undo(usize),
    EndUndo(usize),
    Cancel(usize),
    Work {
        who: usize,
        to: Heir,
    },
    Tickets {
        user: usize,
        count: usize,
    },
    Add {
        dept: usize,
        days: i64,
    },
    Job {
        who: usize,
        dept: usize,
    },
    End {
        who: usize,
        days: i64,
        dismissed: bool,
    },
    Withdraw(usize),
    Away {
        who: usize,
        days: i64,
        back: Option<i64>,
    },
    Back(usize),
}

/// A step by hand, by chance.
pub(crate) fn arbitrary(chance: &mut Chance) -> ByHand {
    let (who, group) = (chance.below(14), chance.below(3));
    let days = chance.pick(&[None, None, Some(0), Some(2), Some(20)]);
    let voice = chance.pick(&[Voice::Ann, Voice::Chief, Voice::Member(who), Voice::Member(2)]);
    match chance.below(60) {
        0..=4 => ByHand::Gives { group, role: chance.pick(&[Some(0), Some(0), Some(1), None]) },
        5..=6 => {
            let rule = chance.pick(&[Some(Rule::Sales), Some(Rule::Leads), None]);
            ByHand::Rule { group, rule }
        }
        7..=8 => ByHand::Above { group, above: chance.below(3), on: chance.percent(70) },
        9..=14 => ByHand::Join { who, group, days },
        15..=18 => ByHand::Part(who),
        19 => ByHand::Disband(group),
        20..=22 => ByHand::Grant { who, role: chance.below(2), days },
        23 => ByHand::Except { user: who, days: chance.pick(&[1, 20]) },
        24 => chance.pick(&[ByHand::Revoke(who), ByHand::Revoke(who), ByHand::EndUndo(who)]),
        25..=27 => {
            let (one, hold) = (What::Person(who), What::Undeleted(who));
            let what = chance.pick(&[What::Everything, What::App, one, one, hold, hold]);
            ByHand::Freeze { what, hours: chance.pick(&[None, Some(5), Some(72)]) }
        }
        28..=30 => ByHand::Thaw(who),
        31..=34 => ByHand::Approve(voice),
        35..=36 => ByHand::Reject { which: who, by: voice },
        37..=40 => ByHand::Undo(who % 3),
        41 => ByHand::EndUndo(who),
        42 => ByHand::Cancel(who),
        43..=44 => {
            let to = chance.pick(&[Heir::Manager, Heir::Nobody, Heir::Member(2)]);
            ByHand::Work { who, to }
        }
        45..=47 => ByHand::Tickets { user: who, count: 1 + chance.below(5) },
        48..=49 => ByHand::Add { dept: chance.below(JOBS.len()), days: chance.pick(&[-2, 0, 2]) },
        50..=51 => ByHand::Job { who, dept: chance.below(JOBS.len()) },
        52..=53 => {
            let days = chance.pick(&[0, 1, 5]);
            ByHand::End { who, days, dismissed: chance.percent(40) }
        }
        54 => ByHand::Withdraw(who),
        55..=57 => {
            ByHand::Away { who, days: chance.pick(&[0, 0, 2]), back: chance.pick(&[None, Some(3)]) }
        }
        _ => ByHand::Back(who),
    }
}

/// Carries one step out.
pub(crate) async fn step(world: &mut World, op: ByHand) -> Outcome {
    match op {
        ByHand::Gives { .. }
        | ByHand::Rule { .. }
        | ByHand::Above { .. }
        | ByHand::Join { .. }
        | ByHand::Part(_)
        | ByHand::Disband(_) => groups(world, op).await,
        ByHand::Grant { .. } | ByHand::Except { .. } | ByHand::Revoke(_) => access(world, op).await,
        ByHand::Freeze { what, hours } => freeze(world, what, hours).await,
        ByHand::Thaw(which) => thaw(world, which).await,
        ByHand::Approve(voice) => {
            let plan = world.plan().await?;
            let by = login(world, voice);
            world.approve(&plan, &by).await
        }
        ByHand::Reject { which, by } => reject(world, which, by).await,
        ByHand::Undo(which) => undo(world, which).await,
        ByHand::EndUndo(which) => end_undo(world, which).await,
        ByHand::Cancel(who) => cancel(world, who).await,
        ByHand::Work { who, to } => work(world, who, to).await,
        ByHand::Tickets { user, count } => {
            let users: Vec<u64> = world.humans().iter().map(|user| user.id).collect();
            if let Some(id) = users.get(user % users.len().max(1)) {
                world.sim.add_tickets(count, Some(*id), TicketStatus::Open);
                world.sim.add_tickets(1, Some(*id), TicketStatus::Closed);
                world.did("tickets");
            }
            world.look();
            Ok(())
        }
        ByHand::Add { dept, days } => add(world, dept, days).await,
        ByHand::Job { .. }
        | ByHand::End { .. }
        | ByHand::Withdraw(_)
        | ByHand::Away { .. }
        | ByHand::Back(_) => word(world, op).await,
    }
}

pub(crate) fn login(world: &World, voice: Voice) -> String {
    match voice {
        Voice::Ann => "ann".to_owned(),
        Voice::Chief => CHIEF.to_owned(),
        Voice::Member(who) => {
            let members = &world.company.members;
            members[who % members.len()].email().to_lowercase()
        }
    }
}

/// What Muster refuses for a good reason changes nothing; the test goes on without it.
fn taken<T>(world: &mut World, result: Result<T, Error>) -> Result<Option<T>, String> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Invalid(why) | Error::NotFound(why) | Error::Conflict(why)) => {
            world.said.push(why);
            world.did("refused");
            Ok(None)
        }
        Err(error) => world.excuse(Err(error)),
    }
}

/// The person at Muster, and the member as Muster was told.
async fn known(world: &mut World, who: usize) -> Result<Option<(Person, Member)>, String> {
    let members = &world.company.members;
    let id = members[who % members.len()].id.clone();
    let Some(told) = world.company.told.get(&id).cloned() else { return Ok(None) };
    let person = world.nodes[0].find_person(&id).await.map_err(|error| error.to_string())?;
    Ok(Some((person, told)))
}

/// Of those about whom something can be said, whoever is counted to; else just whoever.
fn fit(world: &World, who: usize, fits: impl Fn(&Member) -> bool) -> usize {
    let members = &world.company.members;
    let told = |id: &str| world.company.told.get(id);
    let fit: Vec<usize> =
        (0..members.len()).filter(|n| told(&members[*n].id).is_some_and(&fits)).collect();
    fit.get(who % fit.len().max(1)).copied().unwrap_or(who)
}

fn name(group: usize) -> GroupName {
    ["crew", "leads", "night"][group].parse().unwrap()
}

fn role(world: &World, role: usize) -> &'static str {
    [world.setup.basic(), "agent"][role % 2]
}

async fn made(world: &mut World, group: usize) -> Outcome {
    if !world.orders.groups[group].made {
        let muster = &world.nodes[0];
        let order = muster.new_group(name(group), GroupIs::default()).await;
        let order = order.map_err(|error| error.to_string())?;
        muster.order_group(&order).await.map_err(|error| error.to_string())?;
        world.orders.groups[group].made = true;
    }
    Ok(())
}

async fn groups(world: &mut World, op: ByHand) -> Outcome {
    let (now, muster) = (world.now(), world.nodes[0].clone());
    let order = match op {
        ByHand::Gives { group, role: given } => {
            made(world, group).await?;
            let given = given.map(|given| role(world, given));
            let parsed = given.map(|given| given.parse().unwrap());
            let order = muster.group_gives(&name(group), &world.app, parsed).await;
            order.map(|order| (order, Change::Gives(group, given)))
        }
        ByHand::Rule { group, rule } => {
            made(world, group).await?;
            let when = Some(rule.map(Rule::cel).unwrap_or_default().to_owned());
            let is = GroupIs { when, ..GroupIs::default() };
            let order = muster.edited_group(&name(group), is).await;
            order.map(|order| (order, Change::Rule(group, rule)))
        }
        ByHand::Above { group, above, on } => {
            made(world, group).await?;
            made(world, above).await?;
            let names = vec![name(above)];
            let (parents, no_parents) = if on { (names, vec![]) } else { (vec![], names) };
            let is = GroupIs { parents, no_parents, ..GroupIs::default() };
            let order = muster.edited_group(&name(group), is).await;
            order.map(|order| (order, Change::Above(group, above, on)))
        }
        ByHand::Join { who, group, days } => {
            made(world, group).await?;
            let Some((person, told)) = known(world, who).await? else { return Ok(()) };
            let (until, end) = until(world, days);
            let order = muster.group_join(&name(group), &person, until).await;
            let lasts = Lasts { from: now, until: end };
            order.map(|order| (order, Change::Join(group, told.id, lasts)))
        }
        ByHand::Part(which) => {
            let memberships = &world.orders.memberships;
            let chosen = memberships.keys().nth(which % memberships.len().max(1)).cloned();
            let Some((group, id)) = chosen else { return Ok(()) };
            let person = muster.find_person(&id).await.map_err(|error| error.to_string())?;
            let order = muster.group_leave(&name(group), &person).await;
            order.map(|order| (order, Change::Part(group, id)))
        }
        ByHand::Disband(group) => {
            muster.removed_group(&name(group)).await.map(|order| (order, Change::Disband(group)))
        }
        _ => return Ok(()),
    };
    let Some((order, change)) = taken(world, order)? else { return Ok(()) };
    ordered(world, &muster, &order).await?;
    change.made(world);
    Ok(())
}

async fn ordered(world: &World, muster: &Muster, order: &GroupOrder) -> Outcome {
    // The preview is read-only, whatever is ordered.
    let before = world.nodes[0].store.journal_head().await.map_err(|error| error.to_string())?;
    muster.effects_of(order).await.map_err(|error| error.to_string())?;
    let after = world.nodes[0].store.journal_head().await.map_err(|error| error.to_string())?;
    if before != after {
        return Err("law 3: a preview of a group was journaled".to_owned());
    }
    muster.order_group(order).await.map_err(|error| error.to_string())
}

/// What becomes of the groups, in the test's own words.
enum Change {
    Gives(usize, Option<&'static str>),
    Rule(usize, Option<Rule>),
    Above(usize, usize, bool),
    Join(usize, String, Lasts),
    Part(usize, String),
    Disband(usize),
}

impl Change {
    fn made(self, world: &mut World) {
        let orders = &mut world.orders;
        let what = match self {
            Self::Gives(group, role) => {
                orders.groups[group].gives = role;
                "group gives"
            }
            Self::Rule(group, rule) => {
                orders.groups[group].rule = rule;
                "group rule"
            }
            Self::Above(group, above, true) => {
                orders.groups[group].above.insert(above);
                "group above"
            }
            Self::Above(group, above, false) => {
                orders.groups[group].above.remove(&above);
                "group above no more"
            }
            Self::Join(group, id, lasts) => {
                orders.memberships.insert((group, id), lasts);
                "group joined"
            }
            Self::Part(group, id) => {
                orders.memberships.remove(&(group, id));
                "group left"
            }
            Self::Disband(group) => {
                orders.groups[group] = crate::orders::Group::default();
                orders.memberships.retain(|(of, _), _| *of != group);
                for other in &mut orders.groups {
                    other.above.remove(&group);
                }
                "group removed"
            }
        };
        world.did(what);
    }
}

/// Through the day so many days ahead, and the instant that this is.
fn until(world: &World, days: Option<i64>) -> (Option<Until>, Option<Timestamp>) {
    let Some(days) = days else { return (None, None) };
    let day = world.today().checked_add(days.days()).unwrap();
    (Some(Until::Day(day)), Some(at(day.tomorrow().unwrap(), 0, &world.setup.zone)))
}

async fn access(world: &mut World, op: ByHand) -> Outcome {
    let (now, muster) = (world.now(), world.nodes[0].clone());
    match op {
        ByHand::Grant { who, role: given, days } => {
            let Some((person, told)) = known(world, who).await? else { return Ok(()) };
            let given = role(world, given);
            let (until, end) = until(world, days);
            let new = muster::service::access::NewGrant {
                person,
                app: world.app.clone(),
                role: given.parse().unwrap(),
                weight: Weight::Beside,
                reason: "audit help".to_owned(),
                until,
            };
            let granted = muster.grant_access(new).await;
            let Some(grant) = taken(world, granted)? else { return Ok(()) };
            let lasts = Lasts { from: now, until: end };
            let id = grant.id.to_string();
            let grant = Grant { id, member: told.id, role: given, instead: false, lasts };
            world.orders.grants.push(grant);
            world.did("grant");
        }
        ByHand::Except { user, days } => {
            let users = world.humans();
            let Some(user) = users.get(user % users.len().max(1)) else { return Ok(()) };
            // What counts is the role that was last seen.
            world.sync(0).await?;
            let (Some(until), end) = until(world, Some(days)) else { return Ok(()) };
            let name = format!("{}/{}", world.app, user.id);
            let granted = muster.except_account(&name, until, "on probation").await;
            let Some(grant) = taken(world, granted)? else { return Ok(()) };
            let [owner] = world.company.owners(&user.email)[..] else {
                return Err(format!("an exception for {}, whom nobody knows", user.email));
            };
            let now_is = world.sim.user(user.id).unwrap().role.name();
            let role = role_named(grant.role.as_str()).unwrap_or(now_is);
            if world.calm && role != now_is {
                return Err(format!("an exception for {role}, which is {now_is}"));
            }
            let lasts = Lasts { from: now, until: end };
            let member = owner.id.clone();
            let id = grant.id.to_string();
            world.orders.grants.push(Grant { id, member, role, instead: true, lasts });
            world.did("exception");
        }
        ByHand::Revoke(which) => {
            let grants = world.orders.grants.len();
            let Some(id) = world.orders.grants.get(which % grants.max(1)).map(|g| g.id.clone())
            else {
                return Ok(());
            };
            muster.revoke_access(&id).await.map_err(|error| error.to_string())?;
            world.orders.grants.retain(|grant| grant.id != id);
            world.did("revoke");
        }
        _ => {}
    }
    Ok(())
}

async fn freeze(world: &mut World, what: What, hours: Option<i64>) -> Outcome {
    let now = world.now();
    let until = hours.map(|hours| now.checked_add(SignedDuration::from_hours(hours)).unwrap());
    let (frozen, stops, what) = match what {
        What::Everything => (Frozen::Everything, Stops::Writes, Still::Everything),
        What::App => (Frozen::App { app: world.app.clone() }, Stops::Writes, Still::App),
        What::Person(who) | What::Undeleted(who) => {
            let Some((person, told)) = known(world, who).await? else { return Ok(()) };
            let frozen = Frozen::Person { person: person.id };
            match what {
                What::Undeleted(_) => (frozen, Stops::Deletions, Still::Undeleted(told.id)),
                _ => (frozen, Stops::Writes, Still::Person(told.id)),
            }
        }
    };
    let reason = "an inquiry".to_owned();
    let order = world.nodes[0].freeze(NewFreeze { frozen, stops, reason, until }).await;
    let order = order.map_err(|error| error.to_string())?;
    world.orders.freezes.push(Freeze { id: order.id.to_string(), what, from: now, until });
    world.did("freeze");
    Ok(())
}

async fn thaw(world: &mut World, which: usize) -> Outcome {
    let now = world.now();
    let holds = |freeze: &&Freeze| freeze.until.is_none_or(|until| now < until);
    let held: Vec<String> =
        world.orders.freezes.iter().filter(holds).map(|freeze| freeze.id.clone()).collect();
    let Some(id) = held.get(which % held.len().max(1)) else { return Ok(()) };
    world.nodes[0].lift(id).await.map_err(|error| error.to_string())?;
    world.orders.freezes.retain(|freeze| freeze.id != *id);
    world.did("thaw");
    Ok(())
}

async fn reject(world: &mut World, which: usize, by: Voice) -> Outcome {
    let plan = world.plan().await?;
    let operations = &plan.operations;
    let Some(operation) = operations.get(which % operations.len().max(1)) else { return Ok(()) };
    let by = login(world, by);
    let muster = world.speaking(&by);
    let text = operation.fingerprint.to_string();
    let rejected = muster.reject(&plan, &text, "not now").await;
    if taken(world, rejected)?.is_none() {
        return Ok(());
    }
    let content = content(&serde_json::to_value(operation).unwrap());
    if !world.may_decide(&by, &content) {
        return Err(format!("{by} has no say and rejected {content}"));
    }
    world.orders.no.push(Word { content, by, at: world.now() });
    world.did("reject");
    Ok(())
}

/// Puts back what an operation did, at once, as the command does.
async fn undo(world: &mut World, which: usize) -> Outcome {
    let runs = world.nodes[0].store.runs(&muster::store::records::RunFilter::default()).await;
    let runs = runs.map_err(|error| error.to_string())?;
    let done: Vec<_> = runs.iter().rev().filter(|run| run.state == RunState::Verified).collect();
    let Some(run) = done.get(which % done.len().clamp(1, 4)) else { return Ok(()) };
    let muster = world.nodes[0].clone();
    let prepared = muster.prepare_undo(run.id.as_str(), "a mistake", None).await;
    let Some(undo) = taken(world, prepared)? else { return Ok(()) };
    muster.undo(&undo).await.map_err(|error| error.to_string())?;
    world.did("undo");
    let until = world.now().checked_add(SignedDuration::from_hours(7 * 24)).unwrap();
    // Work that comes back keeps nothing of the account itself.
    for keep in undo.keeps.iter().filter(|keep| keep.work.is_none()) {
        let user: u64 = keep.account.as_str().parse().unwrap();
        // As the app itself had it before, not as Muster says.
        let before = world.before.get(run.id.as_str()).map(|user| user.role.name().to_owned());
        let told = run.before_image.as_ref().and_then(|image| image.role.as_ref());
        let role = before.or_else(|| told.map(ToString::to_string));
        let (role, active) = put_back(&run.operation.action, role);
        world.orders.kept.retain(|kept| kept.user != user);
        let id = keep.id.to_string();
        world.orders.kept.push(Kept { id, user, role, active, until });
    }
    let plan = world.approved_plan(Consent::Everything).await?;
    let plan = of_kept(plan, &undo.keeps);
    let calm = world.calm;
    let request = ApplyRequest { plan, only: None };
    let applied = world.nodes[0].apply(&request, &Unwatched).await;
    let Some(applied) = world.excuse(applied)? else { return Ok(()) };
    let verified = applied.runs.iter().filter(|run| run.state == RunState::Verified);
    for run in verified.filter(|_| calm) {
        let Some(account) = &run.account else { continue };
        let id: u64 = account.as_str().parse().unwrap();
        let (kept, user) = (world.orders.kept(id, world.now()), world.sim.user(id).unwrap());
        let Some(kept) = kept else { continue };
        let role = kept.role.as_ref().is_none_or(|role| *role == user.role.name());
        let in_again = kept.active != Some(true) || user.is_active();
        if !(role && in_again) {
            return Err(format!("an undo left {user:?}, wanted {kept:?}"));
        }
        world.did("undone");
    }
    Ok(())
}

/// The role and the sign-in as they were before `action`, of those that it changed.
fn put_back(action: &Action, role: Option<String>) -> (Option<String>, Option<bool>) {
    match action {
        Action::Create { .. } => (None, Some(false)),
        Action::Update { change } | Action::Reactivate { change } => {
            let active = (change.sign_in == Some(SignIn::Allowed)).then_some(false);
            (role.filter(|_| change.role.is_some()), active)
        }
        Action::Deactivate { .. } => (None, Some(true)),
        Action::Reduce { .. } => (role, None),
        Action::HandOver { .. }
        | Action::GiveBack { .. }
        | Action::CancelInvite
        | Action::Delete => (None, None),
    }
}

async fn end_undo(world: &mut World, which: usize) -> Outcome {
    let now = world.now();
    let kept: Vec<_> =
        world.orders.kept.iter().filter(|k| now < k.until).map(|k| k.id.clone()).collect();
    let Some(id) = kept.get(which % kept.len().max(1)) else { return Ok(()) };
    world.nodes[0].end_undo(id).await.map_err(|error| error.to_string())?;
    world.orders.kept.retain(|kept| kept.id != *id);
    world.did("undo ended");
    Ok(())
}

async fn cancel(world: &mut World, who: usize) -> Outcome {
    let who = fit(world, who, |member| member.stints.iter().any(|one| one.ordered.is_some()));
    let Some((person, told)) = known(world, who).await? else { return Ok(()) };
    let cancelled = world.nodes[0].cancel_end(&person).await;
    if taken(world, cancelled)?.is_some() {
        world.company.by_word(&told.id, |member| {
            for stint in &mut member.stints {
                stint.ordered = None;
            }
        });
        world.did("end cancelled");
    }
    Ok(())
}

async fn work(world: &mut World, who: usize, to: Heir) -> Outcome {
    let Some((person, told)) = known(world, who).await? else { return Ok(()) };
    let heir = match to {
        Heir::Manager => HandOverTo::Manager,
        Heir::Nobody => HandOverTo::Nobody,
        Heir::Member(heir) => {
            let members = &world.company.members;
            HandOverTo::Person(members[heir % members.len()].email().parse().unwrap())
        }
    };
    let ordered = world.nodes[0].order_work(&person, None, heir).await;
    ordered.map_err(|error| error.to_string())?;
    world.orders.work.insert(told.id, (world.now(), to == Heir::Nobody));
    world.did("work ordered");
    Ok(())
}

/// Somebody whom no roster lists.
async fn add(world: &mut World, dept: usize, days: i64) -> Outcome {
    let (dept, title) = JOBS[dept % JOBS.len()];
    let start = world.today().checked_add(days.days()).unwrap();
    let index = world.company.hire(start, dept, title);
    let now = world.now();
    let member = &mut world.company.members[index];
    (member.origin, member.listed) = (Origin::Hand, false);
    member.last_mut().seen = Some(now);
    let facts = Facts {
        profile: Profile {
            display_name: Some(member.name.clone()),
            work_email: Some(member.email().parse().unwrap()),
            ..Profile::default()
        },
        terms: Terms {
            start_date: Some(start),
            department: Some(dept.to_owned()),
            title: Some(title.to_owned()),
            kind: Some(EngagementKind::Employee),
            ..Terms::default()
        },
        manager: None,
    };
    let muster = world.nodes[0].clone();
    let told = muster.preview_add(facts).await.map_err(|error| error.to_string())?;
    muster.believe(&told).await.map_err(|error| error.to_string())?;
    let member = &mut world.company.members[index];
    member.id = told.person.id.to_string();
    world.company.told.insert(member.id.clone(), member.clone());
    world.did("added by hand");
    Ok(())
}

/// The word of somebody who knows better than the roster.
async fn word(world: &mut World, op: ByHand) -> Outcome {
    let (ByHand::Job { who, .. }
    | ByHand::End { who, .. }
    | ByHand::Withdraw(who)
    | ByHand::Away { who, .. }
    | ByHand::Back(who)) = op
    else {
        return Ok(());
    };
    let today = world.today();
    let who = match op {
        ByHand::Withdraw(_) => fit(world, who, |member| member.last().start > today),
        ByHand::Back(_) => fit(world, who, |member| member.last().away(today)),
        _ => who,
    };
    let Some((person, told)) = known(world, who).await? else { return Ok(()) };
    let index = who % world.company.members.len();
    // What HR has not told yet is another engagement, of which nobody can speak.
    if world.company.members[index].stints.len() != told.stints.len() {
        return Ok(());
    }
    let now = world.now();
    let day = |days: i64| today.checked_add(days.days()).unwrap();
    let said = match op {
        ByHand::Job { dept, .. } => {
            let (dept, title) = JOBS[dept % JOBS.len()];
            let (department, title) = (Some(dept.to_owned()), Some(title.to_owned()));
            let terms = Box::new(Terms { department, title, ..Terms::default() });
            let (profile, clear) = (Box::default(), BTreeSet::new());
            Said::Say { profile, terms, clear }
        }
        ByHand::End { days, dismissed: false, .. } => {
            Said::End { on: day(days).max(told.last().start), last_day: None, how: Ending::Dated }
        }
        ByHand::End { .. } => Said::End { on: today, last_day: None, how: Ending::Involuntary },
        ByHand::Withdraw(_) => Said::Withdraw,
        ByHand::Away { days, back, .. } => {
            Said::Leave { from: day(days), back: back.map(|back| day(days + back)) }
        }
        _ => Said::Return { on: today },
    };
    let muster = world.nodes[0].clone();
    let number = matches!(op, ByHand::Job { .. } | ByHand::Back(_)).then_some(());
    let number = number.map(|()| person.engagements.iter().map(|e| e.number).max().unwrap_or(1));
    let told_now = muster.preview_word(&person, &said, number).await;
    let Some(told_now) = taken(world, told_now)? else { return Ok(()) };
    muster.believe(&told_now).await.map_err(|error| error.to_string())?;
    world.company.by_word(&told.id, |member| {
        let last = member.stints.len() - 1;
        for (number, stint) in member.stints.iter_mut().enumerate() {
            heard(stint, &said, (number == last, today, now));
        }
    });
    world.did(match op {
        ByHand::Job { .. } => "job by hand",
        ByHand::End { dismissed: true, .. } => "dismissed by hand",
        ByHand::End { .. } => "end by hand",
        ByHand::Withdraw(_) => "withdrawn by hand",
        ByHand::Away { .. } => "leave by hand",
        _ => "back by hand",
    });
    Ok(())
}

/// What an engagement is after `said`; of several the last is meant, or all that go on.
fn heard(stint: &mut Stint, said: &Said, (last, today, now): (bool, Date, Timestamp)) {
    let open = !stint.over(today);
    match said {
        Said::Say { terms, .. } if last => {
            let job = JOBS.iter().find(|(dept, title)| {
                terms.department.as_deref() == Some(dept) && terms.title.as_deref() == Some(title)
            });
            stint.by_word.job = job.copied();
        }
        Said::End { on, how, .. } if open => {
            if stint.by_word.last_day.or(stint.last_day).is_some_and(|day| day > *on) {
                stint.by_word.last_day = Some(*on);
            }
            stint.by_word.end = Some(*on);
            if *how == Ending::Involuntary {
                stint.by_word.dismissed = Some(now);
            }
        }
        Said::Withdraw if open && stint.start > today => stint.by_word.withdrawn = true,
        Said::Leave { from, back } if open => stint.by_word.leave = Some((*from, *back)),
        Said::Return { on } if last => {
            let leave = stint.by_word.leave.or(stint.leave);
            let from = leave.map_or(*on, |(from, _)| from.min(*on));
            stint.by_word.leave = Some((from, Some(*on)));
        }
        _ => {}
    }
}
