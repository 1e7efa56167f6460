//! Many runs by seed.

use std::collections::BTreeMap;

use crate::{
    ops::{self, Op},
    setup::Setup,
};

/// So many seeds are tried when nobody says otherwise.
const SEEDS: u64 = 300;

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
fn broken(seed: u64, tell: bool, reached: &mut BTreeMap<String, u64>) -> Option<String> {
    let (setup, steps) = (Setup::by_seed(seed), ops::by_seed(seed));
    let first = match run(&setup, &steps, tell) {
        Ok(counts) => {
            for (what, count) in counts {
                *reached.entry(what).or_default() += count;
            }
            return None;
        }
        Err((_, first)) => first,
    };
    let fewer = ops::shrink(&steps, &|fewer| run(&setup, fewer, false).is_err());
    let now = run(&setup, &fewer, false).err().map_or(first.clone(), |(_, error)| error);
    Some(format!("seed {seed}: {first}\n  after {fewer:?}: {now}\n  in {}\n", setup.tell()))
}

fn every(shard: u64, of: u64) {
    let seeds: Vec<u64> = match parameter("MUSTER_SEED") {
        Some(seed) if shard == 0 => vec![seed],
        Some(_) => Vec::new(),
        None => {
            (0..parameter("MUSTER_SEEDS").unwrap_or(SEEDS)).filter(|n| n % of == shard).collect()
        }
    };
    let tell = seeds.len() == 1;
    let mut found = Vec::new();
    let mut reached = BTreeMap::new();
    for seed in seeds {
        found.extend(broken(seed, tell, &mut reached));
        if found.len() >= 3 {
            break;
        }
    }
    println!("reached: {reached:#?}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn even_seeds_keep_the_laws() {
    every(0, 2);
}

#[test]
fn odd_seeds_keep_the_laws() {
    every(1, 2);
}
