//! The steps of a run: made by chance, printed as code, carried out one by one, and cut down to
//! those that matter when something breaks.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};
use muster_simulator::{Fault, Faults, NewUser, Phase, Role, Rule, UserRecord};

use crate::{
    by_hand::{self, ByHand},
    chance::Chance,
    checks,
    company::{Member, Origin, Should, Status, Stint},
    setup::{AtLeave, Setup},
    wire::Moment,
    world::{Consent, Outcome, World},
    years,
};

/// One step. Numbers of people and users wrap round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op {
    Hire {
        dept: usize,
        days: i64,
    },
    Move {
        who: usize,
        dept: usize,
    },
    Rename(usize),
    Readdress(usize),
    Leave {
        who: usize,
        days: i64,
    },
    EndNow(usize),
    EndUndated(usize),
    Withdraw(usize),
    Vanish(usize),
    Return(usize),
    Rehire {
        who: usize,
        days: i64,
    },
    Import,
    Role {
        user: usize,
        role: Role,
    },
    LetIn(usize),
    ShutOut(usize),
    Delete(usize),
    Stranger,
    ByHand(usize),
    Accept(usize),
    Hours(i64),
    Sync(usize),
    Apply(usize, Consent),
    Stale(usize),
    Offboard(usize),
    Die {
        node: usize,
        calls: u32,
        moment: Moment,
    },
    DieSaving {
        node: usize,
        saves: u32,
    },
    Break(usize),
    Unreachable(u32),
    Mend,
    RevokeKey,
    RenewKey,
    Hand(ByHand),
    /// A leave of absence, as HR tells it.
    Away {
        who: usize,
        days: i64,
        back: Option<i64>,
    },
    Back(usize),
    Boss {
        who: usize,
        boss: usize,
    },
    /// The agency sends somebody until a day.
    Contractor {
        dept: usize,
        days: i64,
        lasts: i64,
    },
    Extend {
        who: usize,
        days: i64,
    },
    /// The agency tells the title of somebody whom HR knows.
    SecondWord {
        who: usize,
        dept: usize,
    },
    Agency,
    /// A scheduler runs for so many days.
    Days(i64),
    /// From here on nothing excuses what is not done.
    Calm,
}

pub(crate) const JOBS: [(&str, &str); 5] = [
    ("Support", "Agent"),
    ("Support", "Lead"),
    ("IT", "Admin"),
    ("Sales", "Rep"),
    ("Support", "Senior Lead"),
];

/// Every kind of fault, as a step can turn it on.
pub(crate) fn faults() -> Vec<Vec<Rule>> {
    let phases = [Phase::Before, Phase::After];
    let mut all = Vec::new();
    for phase in phases {
        all.push(vec![Rule::new(Fault::Drop { phase }).every(3)]);
        all.push(vec![Rule::new(Fault::Drop { phase }).method("POST")]);
        all.push(vec![Rule::new(Fault::Drop { phase }).method("PUT").every(2)]);
        all.push(vec![Rule::new(Fault::Hang { millis: 60_000, phase }).every(4)]);
        for code in [500, 503] {
            all.push(vec![Rule::new(Fault::Status { code, phase }).every(3)]);
        }
        for code in [200, 502] {
            all.push(vec![Rule::new(Fault::HtmlPage { code, phase }).every(3)]);
        }
        all.push(vec![Rule::new(Fault::Drop { phase }).chance(0.4)]);
    }
    all.push(vec![Rule::new(Fault::Storm { retry_after_s: Some(2) }).every(2)]);
    all.push(vec![Rule::new(Fault::Storm { retry_after_s: None }).chance(0.5)]);
    all.push(vec![Rule::new(Fault::Truncate).every(3)]);
    all.push(vec![
        Rule::new(Fault::RepeatRows { rows: 2 }),
        Rule::new(Fault::SkipRows { rows: 1 }),
    ]);
    all.push(vec![Rule::new(Fault::StaleCursor).every(2)]);
    all.push(vec![Rule::new(Fault::IgnoreWrite).every(2)]);
    all.push(vec![Rule::new(Fault::IgnoreWrite)]);
    all.push(vec![Rule::new(Fault::SlowRead { millis: 1500 })]);
    all.push(vec![Rule::new(Fault::SlowRead { millis: 30_000 })]);
    all.push(vec![
        Rule::new(Fault::SlowRead { millis: 20_000 }),
        Rule::new(Fault::Drop { phase: Phase::After }).method("POST"),
    ]);
    all.push(vec![
        Rule::new(Fault::Drop { phase: Phase::After }).chance(0.2),
        Rule::new(Fault::Status { code: 503, phase: Phase::Before }).chance(0.2),
        Rule::new(Fault::Truncate).chance(0.1),
    ]);
    all
}

/// The steps that belong to `seed`.
pub(crate) fn by_seed(seed: u64) -> Vec<Op> {
    let mut chance = Chance::new(seed);
    let length = 8 + chance.below(24);
    let op = |chance: &mut Chance| match chance.below(100) {
        0..=21 => Op::Hand(by_hand::arbitrary(chance)),
        22..=28 => more_hr(chance),
        _ => arbitrary(chance),
    };
    (0..length).map(|_| op(&mut chance)).collect()
}

/// What HR and the agency do beside hiring, moving and ending.
pub(crate) fn more_hr(chance: &mut Chance) -> Op {
    let (who, dept) = (chance.below(14), chance.below(JOBS.len()));
    match chance.below(12) {
        0..=2 => {
            Op::Away { who, days: chance.pick(&[0, 0, 2]), back: chance.pick(&[None, Some(2)]) }
        }
        3..=4 => Op::Back(who),
        5..=6 => Op::Boss { who, boss: chance.below(5) },
        7 => Op::Contractor { dept, days: chance.pick(&[0, 2]), lasts: chance.pick(&[1, 5]) },
        8 => Op::Extend { who, days: 3 },
        9..=10 => Op::SecondWord { who, dept },
        _ => Op::Agency,
    }
}

pub(crate) fn arbitrary(chance: &mut Chance) -> Op {
    let who = chance.below(12);
    let node = chance.below(2);
    let days = chance.pick(&[-1, 0, 0, 1, 3]);
    let dept = chance.below(JOBS.len());
    match chance.below(100) {
        0..=8 => Op::Hire { dept, days: chance.pick(&[0, 0, 0, 1, 4]) },
        9..=12 => Op::Move { who, dept },
        13..=14 => Op::Rename(who),
        15..=16 => Op::Readdress(who),
        17..=20 => Op::Leave { who, days },
        21..=23 => Op::EndNow(who),
        24..=25 => Op::EndUndated(who),
        26..=27 => Op::Withdraw(who),
        28 => Op::Vanish(who),
        29 => Op::Return(who),
        30..=32 => Op::Rehire { who, days: chance.pick(&[0, 0, 2]) },
        33..=41 => Op::Import,
        42..=43 => Op::Role {
            user: who,
            role: chance.pick(&[Role::Agent, Role::Admin, Role::ObserverAgent]),
        },
        44..=45 => Op::LetIn(who),
        46 => Op::ShutOut(who),
        47..=48 => Op::Delete(who),
        49 => Op::Stranger,
        50 => Op::ByHand(who),
        51..=53 => Op::Accept(who),
        54..=59 => Op::Hours(chance.pick(&[1, 6, 12, 30])),
        60..=66 => Op::Sync(node),
        67..=70 => Op::Apply(node, Consent::Nobody),
        71..=78 => Op::Apply(node, Consent::Everything),
        79..=80 => Op::Stale(node),
        81..=82 => Op::Offboard(who),
        83..=86 => {
            let moment = chance.pick(&[Moment::Before, Moment::After]);
            Op::Die { node, calls: chance.below(12) as u32, moment }
        }
        87..=89 => Op::DieSaving { node, saves: chance.below(8) as u32 },
        90..=94 => Op::Break(chance.below(faults().len())),
        95 => Op::Unreachable(chance.below(9) as u32),
        96..=97 => Op::Mend,
        98 => Op::RevokeKey,
        _ => Op::RenewKey,
    }
}

/// Carries out one step and holds the laws.
pub(crate) async fn step(world: &mut World, op: Op) -> Outcome {
    let count = world.company.members.len();
    match op {
        Op::Import => world.import().await?,
        Op::Hours(hours) => world.advance(hours * 3600),
        Op::Sync(node) => world.sync(node).await?,
        Op::Apply(node, consent) => {
            world.apply(node, consent).await?;
        }
        Op::Stale(node) => stale(world, node).await?,
        Op::Offboard(who) => world.offboard(who % count).await?,
        Op::Die { node, calls, moment } => {
            world.calm = false;
            world.apply_and_die((node, Consent::Everything), (calls, moment)).await?;
        }
        Op::DieSaving { node, saves } => {
            world.calm = false;
            world.apply_and_die_saving((node, Consent::Everything), saves).await?;
        }
        Op::Break(which) => {
            world.calm = false;
            let all = faults();
            let rules = all[which % all.len()].clone();
            world.sim.set_faults(Faults::seeded(world.setup.seed, rules));
        }
        Op::Unreachable(calls) => {
            world.calm = false;
            world.wire.unreachable(calls);
        }
        Op::Mend => world.sim.set_faults(Faults::none()),
        Op::RevokeKey => {
            world.calm = false;
            world.sim.revoke_key();
        }
        Op::RenewKey => {
            let key = world.setup.config.api_key.clone();
            world.sim.issue_key(world.owner, &key).unwrap();
        }
        Op::Hand(op) => by_hand::step(world, op).await?,
        Op::Agency => world.import_agency().await?,
        Op::SecondWord { who, dept } => second_word(world, who, dept).await?,
        Op::Days(days) => years::days(world, days).await?,
        Op::Calm => {
            world.sim.set_faults(Faults::none());
            world.wire.unreachable(0);
            world.calm = true;
        }
        op => {
            hr(world, op);
            app(world, op);
            world.look();
        }
    }
    checks::step(world).await
}

/// A plan that was confirmed some time ago is applied now.
async fn stale(world: &mut World, node: usize) -> Outcome {
    let plan = world.approved_plan(Consent::Nobody).await?;
    world.advance(3 * 3600);
    world.import().await?;
    world.apply_plan(node, plan).await.map(drop)
}

/// Somebody new, by HR or by the agency.
fn comes(world: &mut World, op: Op) {
    let today = world.today();
    let day = |days: i64| today.checked_add(days.days()).unwrap();
    if let Op::Hire { dept, days } = op {
        let (dept, title) = JOBS[dept % JOBS.len()];
        let index = world.company.hire(day(days), dept, title);
        world.company.members[index].last_mut().boss = Some(index % 3);
    }
    if let Op::Contractor { dept, days, lasts } = op {
        let (dept, title) = JOBS[dept % JOBS.len()];
        let index = world.company.hire(day(days), dept, title);
        let member = &mut world.company.members[index];
        (member.origin, member.id) = (Origin::Agency, format!("a{index:03}"));
        member.last_mut().last_day = Some(day(days + lasts));
        world.did("contractor");
    }
}

/// What HR does.
fn hr(world: &mut World, op: Op) {
    let (today, now) = (world.today(), world.now());
    let day = |days: i64| today.checked_add(days.days()).unwrap();
    if let Op::Hire { .. } | Op::Contractor { .. } = op {
        comes(world, op);
        return;
    }
    let count = world.company.members.len();
    let (Op::Move { who, .. }
    | Op::Rename(who)
    | Op::Readdress(who)
    | Op::Leave { who, .. }
    | Op::EndNow(who)
    | Op::EndUndated(who)
    | Op::Withdraw(who)
    | Op::Vanish(who)
    | Op::Return(who)
    | Op::Away { who, .. }
    | Op::Back(who)
    | Op::Boss { who, .. }
    | Op::Extend { who, .. }
    | Op::Rehire { who, .. }) = op
    else {
        return;
    };
    if let Some(what) = told_by_hr(op) {
        world.did(what);
    }
    let member = &mut world.company.members[who % count];
    let over = |stint: &Stint| stint.over(today);
    // Nobody is hired again before Muster was told that she left.
    let told = world
        .company
        .told
        .get(&member.id)
        .is_some_and(|told| told.stints.len() == member.stints.len() && over(told.last()));
    match op {
        Op::Move { dept, .. } => {
            let (dept, title) = JOBS[dept % JOBS.len()];
            (member.last_mut().dept, member.last_mut().title) = (dept, title);
        }
        Op::Rename(_) => member.name.push_str(" Née"),
        Op::Readdress(_) => {
            let email = format!("new{}.{}", member.emails.len(), member.emails[0]);
            member.emails.push(email);
        }
        Op::Leave { days, .. } if !over(member.last()) => {
            member.last_mut().last_day = Some(day(days).max(member.last().start));
        }
        Op::EndNow(_) if !over(member.last()) && member.last().start <= today => {
            let stint = member.last_mut();
            (stint.status, stint.involuntary, stint.last_day) = (Status::Ended, true, Some(today));
        }
        Op::EndUndated(_) if !over(member.last()) && member.last().last_day.is_none() => {
            member.last_mut().status = Status::Ended;
        }
        Op::Withdraw(_) if !over(member.last()) && member.last().start > today => {
            member.last_mut().status = Status::Withdrawn;
        }
        Op::Vanish(_) => member.listed = false,
        Op::Return(_) => member.listed = true,
        Op::Rehire { days, .. } if over(member.last()) && told => rehire(member, day(days), now),
        _ => away_or_extended(member, op, (today, who % count)),
    }
}

/// Leaves, managers and contracts.
fn away_or_extended(member: &mut Member, op: Op, (today, who): (Date, usize)) {
    let day = |days: i64| today.checked_add(days.days()).unwrap();
    let over = |stint: &Stint| stint.over(today);
    match op {
        Op::Away { days, back, .. } if !over(member.last()) => {
            member.last_mut().leave = Some((day(days), back.map(|back| day(days + back))));
        }
        Op::Back(_) if !over(member.last()) => {
            if let Some((from, _)) = member.last().leave.filter(|(from, _)| *from < today) {
                member.last_mut().leave = Some((from, Some(today)));
            }
        }
        // Nobody manages in a circle.
        Op::Boss { boss, .. } if boss < who => {
            member.last_mut().boss = Some(boss);
        }
        Op::Extend { days, .. } => {
            if let Some(last) = member.last().last_day.filter(|_| !over(member.last())) {
                member.last_mut().last_day = last.checked_add(days.days()).ok();
            }
        }
        _ => {}
    }
}

const fn told_by_hr(op: Op) -> Option<&'static str> {
    match op {
        Op::Away { .. } => Some("leave"),
        Op::Back(_) => Some("back from leave"),
        Op::Boss { .. } => Some("another manager"),
        Op::Extend { .. } => Some("contract extended"),
        Op::Rehire { .. } => Some("rehire"),
        _ => None,
    }
}

/// The agency tells another title of somebody who works here and whom HR has just told of.
async fn second_word(world: &mut World, who: usize, dept: usize) -> Outcome {
    world.import().await?;
    let (today, count) = (world.today(), world.company.members.len());
    let member = &mut world.company.members[who % count];
    let plain = member.origin == Origin::Hr && member.listed && member.stints.len() == 1;
    if plain && !member.last().over(today) && member.last().start <= today {
        member.last_mut().agency_title = Some(JOBS[dept % JOBS.len()].1);
        world.did("second word");
    }
    world.import_agency().await
}

fn rehire(member: &mut Member, from: Date, _: Timestamp) {
    let last = member.last();
    let earliest = last.last().unwrap_or(last.start).checked_add(1.day()).unwrap();
    let again = Stint { boss: last.boss, ..Stint::new(from.max(earliest), "Support", "Agent") };
    if last.by_word.withdrawn {
        // What was withdrawn by hand is taken back by hand.
        return;
    }
    if last.status == Status::Withdrawn {
        // HR takes the old record up again.
        let Stint { ordered, seen, .. } = *last;
        *member.last_mut() = Stint { ordered, seen, ..again };
    } else {
        member.stints.push(again);
    }
}

/// What people do in the app itself.
fn app(world: &mut World, op: Op) {
    let humans = world.humans();
    let at = |n: usize| humans.get(n % humans.len().max(1)).map(|user| user.id);
    let sim = &world.sim;
    match op {
        Op::Role { user, role } => {
            if let Some(id) = at(user) {
                sim.edit_user(id, |user| user.role = role).unwrap();
            }
        }
        Op::LetIn(user) => {
            if let Some(id) = at(user) {
                sim.activate_user(id).unwrap();
            }
        }
        Op::ShutOut(user) => {
            if let Some(id) = at(user) {
                sim.deactivate_user(id).unwrap();
            }
        }
        Op::Delete(user) => {
            if let Some(id) = at(user) {
                let email = sim.user(id).unwrap().email.to_lowercase();
                sim.delete_user(id).unwrap();
                *world.vanished.entry(email).or_default() += 1;
            }
        }
        Op::Stranger => {
            let n = humans.len();
            sim.add_user(NewUser::new(format!("stranger{n}@acme.example")).role(Role::Agent));
        }
        Op::ByHand(who) => {
            let member = &world.company.members[who % world.company.members.len()];
            let email = member.email().to_uppercase();
            let taken = humans.iter().any(|user| user.email.eq_ignore_ascii_case(&email));
            if !taken {
                sim.add_user(NewUser::new(email).name("By Hand").role(Role::Agent));
            }
        }
        Op::Accept(user) => {
            if let Some(id) = at(user) {
                let _ = sim.accept_invitation(id);
            }
        }
        _ => {}
    }
}

/// Faults end, everything can be reached, people decide what waits for them: then within a few
/// cycles all is as it should be, or something says why not.
pub(crate) async fn converge(world: &mut World) -> Outcome {
    world.sim.set_faults(Faults::none());
    world.wire.unreachable(0);
    world.wire.disarm();
    let key = world.setup.config.api_key.clone();
    world.sim.issue_key(world.owner, &key).unwrap();
    world.advance(180);
    world.calm = true;
    world.import().await?;
    world.import_agency().await?;
    let consent = if world.setup.approves { Consent::Everything } else { Consent::Nobody };
    for _ in 0..6 {
        world.advance(60);
        strict(world.nodes[0].sync(&world.app).await.map(drop))?;
        let plan = world.approved_plan(consent).await?;
        let request = muster::service::apply::ApplyRequest { plan, only: None };
        strict(world.nodes[0].apply(&request, &muster::service::Unwatched).await.map(drop))?;
        let before = world.effects.len();
        checks::step(world).await?;
        let waits =
            world.plan().await?.operations.iter().any(|o| o.goes() || o.goes_when_approved());
        if world.effects.len() == before && !waits {
            break;
        }
    }
    settled(world).await
}

fn strict(result: Result<(), muster::error::Error>) -> Outcome {
    result.map_err(|error| format!("with everything mended: {error}"))
}

async fn settled(world: &mut World) -> Outcome {
    let writes = world.effects.len();
    strict(world.nodes[0].sync(&world.app).await.map(drop))?;
    checks::same_plan(world).await?;
    let plan = world.plan().await?;
    let runs = world.nodes[0]
        .store
        .runs(&muster::store::records::RunFilter::default())
        .await
        .map_err(|error| error.to_string())?;
    if let Some(run) = runs.iter().find(|run| run.state.is_unsettled()) {
        return Err(format!("law 8: a run is not settled: {run:?}"));
    }
    for operation in &plan.operations {
        if operation.goes() && !said_no(world, operation).await? {
            return Err(format!("not converged: {operation:?}"));
        }
    }
    let request = muster::service::apply::ApplyRequest { plan: plan.clone(), only: None };
    strict(world.nodes[0].apply(&request, &muster::service::Unwatched).await.map(drop))?;
    checks::step(world).await?;
    if world.effects.len() != writes {
        return Err("law 6: a further apply wrote something".to_owned());
    }
    everybody(world, &plan)
}

/// Whether the app refused `operation` when it was last tried.
pub(crate) async fn said_no(
    world: &World,
    operation: &muster_domain::model::plan::Operation,
) -> Result<bool, String> {
    use muster_domain::model::operation::RunState;
    let filter = muster::store::records::RunFilter::default();
    let runs = world.nodes[0].store.runs(&filter).await.map_err(|error| error.to_string())?;
    let last = runs.iter().rev().find(|run| run.operation.fingerprint == operation.fingerprint);
    Ok(last.is_some_and(|run| matches!(run.state, RunState::Refused | RunState::Parked)))
}

/// Law 1 and its counterpart: everybody has what she should have, or the plan says why not.
pub(crate) fn everybody(world: &World, plan: &muster_domain::model::plan::Plan) -> Outcome {
    let users = world.sim.users();
    for member in world.company.told.values() {
        let should = member.should(world.now(), world.book());
        let hers: Vec<&UserRecord> =
            users.iter().filter(|user| user.exists() && member.owns(&user.email)).collect();
        let explained = plan.operations.iter().any(|o| o.name() == member.name)
            || plan.blocked.iter().any(|blocked| blocked.person.name == member.name);
        let active: Vec<_> = hers.iter().filter(|user| user.is_active()).collect();
        // An invitation that was undone is gone, and is not sent again while the undo holds.
        let kept = users.iter().filter(|user| member.owns(&user.email));
        let kept = kept.into_iter().any(|user| world.orders.kept(user.id, world.now()).is_some());
        let fine = match should {
            Should::Keep => true,
            Should::Away(AtLeave::Keep, role) => {
                active.is_empty() || active.iter().any(|one| one.role.name() == role)
            }
            Should::Lose { .. } | Should::Away(..) => {
                active.iter().all(|user| user.role == Role::ObserverAgent)
            }
            Should::Have(role) => {
                matches!(active.as_slice(), [one] if one.role.name() == role)
                    || (active.len() > 1 && active.iter().any(|one| one.role.name() == role))
            }
        };
        if !fine && !explained && !kept {
            let stints = &member.stints;
            return Err(format!(
                "law 1: {} should be {should:?}, has {hers:?}; told of {stints:?}",
                member.id
            ));
        }
    }
    Ok(())
}

/// Carries out `ops`, holds every law, and converges. The step that broke, and how.
pub(crate) async fn run(
    setup: Setup,
    ops: &[Op],
    tell: bool,
) -> Result<BTreeMap<String, u64>, (usize, String)> {
    let mut world = World::new(setup).await;
    for (index, op) in ops.iter().enumerate() {
        if tell {
            println!("{index:3} {} {op:?}", world.now());
        }
        step(&mut world, *op).await.map_err(|error| (index, error))?;
    }
    let end = ops.len();
    converge(&mut world).await.map_err(|error| (end, error))?;
    checks::journal(&world).await.map_err(|error| (end, error))?;
    reached(&world).await.map_err(|error| (end, error))
}

/// How often each kind of operation came to each state, and each fault struck.
async fn reached(world: &World) -> Result<BTreeMap<String, u64>, String> {
    let filter = muster::store::records::JournalFilter::default();
    let entries = world.nodes[0].store.journal(&filter).await.map_err(|error| error.to_string())?;
    let mut reached = BTreeMap::new();
    for entry in &entries {
        let action = &entry.data["action"];
        if let (Some(action), Some(state)) = (action.as_str(), entry.data["state"].as_str()) {
            *reached.entry(format!("{action} {state}")).or_default() += 1;
        }
    }
    for (fault, count) in world.sim.counters().faults {
        *reached.entry(format!("fault {fault}")).or_default() += count;
    }
    *reached.entry("invitations".to_owned()).or_default() += world.sim.invitations().len() as u64;
    reached.extend(world.done.iter().map(|(what, count)| (format!("did {what}"), *count)));
    Ok(reached)
}

/// Drops steps as long as the run still breaks.
pub(crate) fn shrink(ops: &[Op], mut tries: u32, breaks: &dyn Fn(&[Op]) -> bool) -> Vec<Op> {
    let mut ops = ops.to_vec();
    let mut size = ops.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < ops.len() && tries > 0 {
            let mut fewer = ops.clone();
            fewer.drain(at..(at + size).min(ops.len()));
            tries -= 1;
            if breaks(&fewer) {
                ops = fewer;
            } else {
                at += size;
            }
        }
        if size == 1 || tries == 0 {
            return ops;
        }
        size = size.div_ceil(2);
    }
}
