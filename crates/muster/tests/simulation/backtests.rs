//! Trying a policy on what a simulated company lived through.

use muster::service::history::then::Trial;

use crate::{
    ops,
    setup::Setup,
    world::{World, start},
};

/// Lives through the steps of `seed`; what befalls it does not matter here.
async fn lived(seed: u64) -> World {
    let mut world = World::new(Setup::by_seed(seed)).await;
    for op in ops::by_seed(seed) {
        ops::step(&mut world, op).await.unwrap();
    }
    world
}

fn later(world: &World) -> jiff::Timestamp {
    world.now() + jiff::SignedDuration::from_hours(48)
}

#[test]
fn a_policy_tried_on_its_own_past_differs_in_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut moments = 0;
    for seed in 0..16 {
        runtime.block_on(async {
            let world = lived(seed).await;
            let text = world.setup.policy();
            let before = world.nodes[0].store.journal_head().await.unwrap();
            let trial = Trial { text, from: start(), to: later(&world), app: None };
            let difference = world.nodes[0].try_policy(&trial).await.unwrap();
            assert!(difference.is_empty(), "seed {seed}: {difference:?}");
            assert_eq!(world.nodes[0].store.journal_head().await.unwrap(), before);
            moments += difference.moments;
        });
    }
    assert!(moments > 50, "only {moments} moments");
}

#[test]
fn another_rule_makes_a_difference_that_is_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = (0..4).any(|seed| {
        runtime.block_on(async {
            let world = lived(seed).await;
            let basic = format!("\"Support\"', role: {}", world.setup.basic());
            let text = world.setup.policy().replace(&basic, "\"Support\"', role: admin");
            let trial = Trial { text, from: start(), to: later(&world), app: None };
            !world.nodes[0].try_policy(&trial).await.unwrap().access.is_empty()
        })
    });
    assert!(told);
}
