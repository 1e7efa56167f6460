//! Years of a company's life in one story: a scheduler that reads and applies on its own, day after
//! day on virtual time, while people come, move, go on leave, end, come back and are mistaken. After
//! each of its rounds in calm times everybody has what she should have, or the plan says why not.

use jiff::{ToSpan, civil::Date};
use muster_domain::model::plan::Operation;

use crate::{
    by_hand::{self, ByHand},
    chance::Chance,
    checks,
    company::{Should, at},
    ops::{self, JOBS, Op},
    wire::Moment,
    world::{Consent, Outcome, World},
};

/// More than two years, so that each story sees four changes of the clocks and the leap day of
/// 2028.
const DAYS: i64 = 765;

/// The steps of a life of years that belong to `seed`.
pub(crate) fn by_seed(seed: u64) -> Vec<Op> {
    let mut chance = Chance::new(seed ^ 0x000D_A7E5);
    let mut ops = Vec::new();
    let mut days = 0;
    while days < DAYS {
        for _ in 0..1 + chance.below(4) {
            ops.push(life(&mut chance));
        }
        ops.push(Op::Import);
        if chance.percent(30) {
            ops.push(Op::Agency);
        }
        let jump = chance.pick(&[1, 2, 5, 10, 20, 31, 45]);
        ops.push(Op::Days(jump));
        days += jump;
        if chance.percent(12) {
            trouble(&mut ops, &mut chance);
            days += 1;
        }
    }
    ops
}

/// An outage or a crash, which is over a day later.
fn trouble(ops: &mut Vec<Op>, chance: &mut Chance) {
    match chance.below(4) {
        0 => {
            let moment = chance.pick(&[Moment::Before, Moment::After]);
            ops.push(Op::Die { node: 1, calls: chance.below(9) as u32, moment });
        }
        1 => ops.extend([Op::RevokeKey, Op::Days(1), Op::RenewKey]),
        _ => ops.push(Op::Break(chance.below(ops::faults().len()))),
    }
    ops.extend([Op::Days(1), Op::Mend, Op::Days(1), Op::Calm]);
}

fn life(chance: &mut Chance) -> Op {
    let (who, dept) = (chance.below(40), chance.below(JOBS.len()));
    let soon = chance.pick(&[0, 1, 3, 14, 30]);
    match chance.below(100) {
        0..=15 => Op::Hire { dept, days: soon },
        16..=25 => Op::Move { who, dept },
        26 => Op::Rename(who),
        27 => Op::Readdress(who),
        28..=34 => Op::Leave { who, days: soon },
        35..=36 => Op::EndNow(who),
        37 => Op::EndUndated(who),
        38 => Op::Withdraw(who),
        39 => Op::Vanish(who),
        40..=41 => Op::Return(who),
        42..=47 => Op::Rehire { who, days: soon },
        48..=53 => Op::Away { who, days: soon, back: chance.pick(&[None, Some(20), Some(90)]) },
        54..=57 => Op::Back(who),
        58..=61 => Op::Contractor { dept, days: soon, lasts: chance.pick(&[10, 90, 180]) },
        62..=63 => Op::Extend { who, days: 60 },
        64..=65 => Op::Boss { who, boss: chance.below(10) },
        66..=67 => Op::SecondWord { who, dept },
        68 => Op::Offboard(who),
        69 => Op::LetIn(who),
        70 => Op::ShutOut(who),
        71 => Op::Role { user: who, role: muster_simulator::Role::Agent },
        72 => Op::Stranger,
        73 => Op::ByHand(who),
        74 => Op::Delete(who),
        _ => Op::Hand(spread(by_hand::arbitrary(chance), who)),
    }
}

/// The same step about one of more people, and with the ends of long lives.
fn spread(op: ByHand, other: usize) -> ByHand {
    match op {
        ByHand::Join { group, days, .. } => {
            ByHand::Join { who: other, group, days: days.map(|days| days * 7) }
        }
        ByHand::Part(_) => ByHand::Part(other),
        ByHand::Grant { role, days, .. } => {
            ByHand::Grant { who: other, role, days: days.map(|days| days * 7) }
        }
        ByHand::Freeze { what, hours } => {
            ByHand::Freeze { what, hours: Some(hours.unwrap_or(24 * 14)) }
        }
        ByHand::Job { dept, .. } => ByHand::Job { who: other, dept },
        ByHand::End { dismissed, days, .. } => ByHand::End { who: other, days, dismissed },
        ByHand::Away { days, back, .. } => {
            ByHand::Away { who: other, days, back: back.map(|back| back * 10) }
        }
        ByHand::Back(_) => ByHand::Back(other),
        ByHand::Tickets { count, .. } => ByHand::Tickets { user: other, count },
        op => op,
    }
}

/// What everybody should have, and since when it may have changed.
fn opinions(world: &World) -> Vec<Should> {
    world.company.told.values().map(|one| one.should(world.now(), world.book())).collect()
}

/// A scheduler runs for `days`: on the first, at least weekly, and on each day that changes
/// something for somebody.
pub(crate) async fn days(world: &mut World, days: i64) -> Outcome {
    let mut before = opinions(world);
    for day in 1..=days {
        tomorrow(world);
        let now = opinions(world);
        if now != before || day == 1 || day == days || day % 7 == 0 {
            if now != before {
                world.did("turned by itself");
            }
            round(world).await?;
        }
        before = now;
        // Invitations are accepted sooner or later; the app itself refuses what cannot be.
        for user in world.sim.users() {
            if user.id % 5 != 0 && user.exists() {
                let _ = world.sim.accept_invitation(user.id);
            }
        }
        world.look();
    }
    Ok(())
}

/// The next day at eight where the organisation is: 23 or 25 hours later when clocks change.
fn tomorrow(world: &mut World) {
    let zone = world.setup.zone.clone();
    let today: Date = world.today();
    let next = today.checked_add(1.day()).unwrap();
    let then = at(next, 8, &zone);
    let hours = at(next, 0, &zone).duration_since(at(today, 0, &zone)).as_hours();
    if hours != 24 {
        world.did("clock change");
    }
    if (next.month(), next.day()) == (2, 29) {
        world.did("leap day");
    }
    let seconds = then.duration_since(world.now()).as_secs();
    world.advance(seconds.max(1));
}

/// One round of the scheduler. In calm times everybody has what she should have after it.
async fn round(world: &mut World) -> Outcome {
    world.did("round");
    world.sync(0).await?;
    let mut plan = world.approved_plan(Consent::Everything).await?;
    for turn in 0..6 {
        if !plan.operations.iter().any(Operation::goes) {
            break;
        }
        world.apply_plan(turn % 2, plan).await?;
        let before = world.effects.len();
        checks::step(world).await?;
        plan = world.approved_plan(Consent::Everything).await?;
        if world.effects.len() == before {
            break;
        }
        world.advance(60);
    }
    checks::step(world).await?;
    if !world.calm {
        return Ok(());
    }
    let wrong = plan.operations.iter().find(|operation| operation.goes());
    if let Some(operation) = wrong
        && !ops::said_no(world, operation).await?
    {
        return Err(format!("left undone after a round: {operation:?}"));
    }
    ops::everybody(world, &plan)
}
