//! Many runs by seed.

use std::collections::BTreeMap;

use crate::{
    ops::{self, Op},
    reached,
    setup::Setup,
    years,
};

/// So many seeds are tried when nobody says otherwise.
const SEEDS: u64 = 300;

/// Of so many stories of days there is one of years.
const DAYS_PER_YEARS: u64 = 40;

/// Two kinds of stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A few days, full of faults and crashes.
    Days,
    /// More than two years.
    Years,
}

impl Kind {
    fn story(self, seed: u64) -> (Setup, Vec<Op>) {
        match self {
            Self::Days => (Setup::by_seed(seed), ops::by_seed(seed)),
            Self::Years => (Setup::of_years(seed), years::by_seed(seed)),
        }
    }

    /// How often something is left out to see whether it still breaks: years take their time.
    fn tries(self) -> u32 {
        let usual = match self {
            Self::Days => 150,
            Self::Years => 60,
        };
        parameter("MUSTER_SHRINK").map_or(usual, |tries| u32::try_from(tries).unwrap_or(usual))
    }

    const fn share(self, seeds: u64) -> u64 {
        match self {
            Self::Days => seeds,
            Self::Years => seeds.div_ceil(DAYS_PER_YEARS),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a parameter of a test")]
fn parameter(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs in a world of its own.
pub(crate) fn run(
    setup: &Setup,
    ops: &[Op],
    tell: bool,
) -> Result<BTreeMap<String, u64>, (usize, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ops::run(setup.clone(), ops, tell))
}

/// Tries one seed; `None` when all is well, else what to print.
fn broken(
    kind: Kind,
    seed: u64,
    tell: bool,
    reached: &mut BTreeMap<String, u64>,
) -> Option<String> {
    let (setup, steps) = kind.story(seed);
    let (at, first) = match run(&setup, &steps, tell) {
        Ok(counts) => {
            for (what, count) in counts {
                *reached.entry(what).or_default() += count;
            }
            return None;
        }
        Err((at, first)) => (at, first),
    };
    // What comes after the step that broke has no part in it.
    let steps = &steps[..steps.len().min(at + 1)];
    println!("{kind:?}, seed {seed}, step {at}: {first}");
    let fewer = ops::shrink(steps, kind.tries(), &|fewer| run(&setup, fewer, false).is_err());
    let now = run(&setup, &fewer, false).err().map_or(first.clone(), |(_, error)| error);
    Some(format!(
        "{kind:?}, seed {seed}: {first}\n  after {fewer:?}: {now}\n  in {}\n",
        setup.tell()
    ))
}

/// What two halves of the seeds come to.
type Half = (Vec<String>, BTreeMap<String, u64>);

fn half(kind: Kind, seeds: &[u64]) -> Half {
    let (mut found, mut reached) = (Vec::new(), BTreeMap::new());
    for seed in seeds {
        found.extend(broken(kind, *seed, seeds.len() == 1, &mut reached));
        if found.len() >= 3 {
            break;
        }
    }
    (found, reached)
}

/// Every seed, on two threads, or the one that is asked for.
fn every(kind: Kind) {
    let all = parameter("MUSTER_SEEDS").unwrap_or(SEEDS);
    let (mut found, mut reached) = Half::default();
    let mut add = |half: Half| {
        found.extend(half.0);
        for (what, count) in half.1 {
            *reached.entry(what).or_default() += count;
        }
    };
    if let Some(seed) = parameter("MUSTER_SEED") {
        add(half(kind, &[seed]));
    } else {
        let (even, odd): (Vec<u64>, Vec<u64>) = (0..kind.share(all)).partition(|n| n % 2 == 0);
        let other = std::thread::spawn(move || half(kind, &odd));
        add(half(kind, &even));
        add(other.join().unwrap());
    }
    println!("reached: {reached:#?}");
    assert!(found.is_empty(), "{}", found.join("\n"));
    if parameter("MUSTER_SEED").is_none() && all >= SEEDS {
        reached::everything(kind == Kind::Years, &reached);
    }
}

#[test]
fn days_of_every_seed_keep_the_laws() {
    every(Kind::Days);
}

#[test]
fn years_of_every_seed_keep_the_laws() {
    every(Kind::Years);
}
