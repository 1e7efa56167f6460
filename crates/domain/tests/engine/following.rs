//! A correlation that goes along with a world is the one that the world implies, and looks at
//! nothing again that cannot be different.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use muster_domain::{
    engine::plan::Following,
    model::{account::AccountStatus, id::AccountId, order::NotTheirs},
};
use proptest::prelude::*;

use crate::{
    laws::some_world,
    world::{World, person_id},
};

/// Makes the accounts and links of one world those of another, and says which may be another's.
fn become_as(world: &mut World, other: &World) -> BTreeSet<AccountId> {
    let mut moved = BTreeSet::new();
    for (id, after) in &other.accounts {
        let before = world.accounts.get(id);
        if before.is_none_or(|before| Following::may_move(before, after)) {
            moved.insert(id.clone());
        }
        if world.links.get(id) != other.links.get(id) {
            moved.insert(id.clone());
        }
        world.accounts.insert(id.clone(), after.clone());
        world.links.remove(id);
        world.links.extend(other.links.get(id).map(|link| (id.clone(), link.clone())));
    }
    let kept = |id: &AccountId| other.accounts.contains_key(id);
    moved.extend(world.accounts.keys().filter(|id| !kept(id)).cloned());
    world.accounts.retain(|id, _| kept(id));
    moved
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_goes_along_is_what_the_world_implies(
        mut world in some_world(),
        others in prop::collection::vec((some_world(), 0..60_i64, 0..4_u8), 1..4),
    ) {
        let mut following = Following::new(&world.seen());
        for (other, hours, odd) in others {
            let moved = become_as(&mut world, &other);
            world.now += SignedDuration::from_hours(hours);
            if let (0, Some(account)) = (odd, world.accounts.keys().next()) {
                world.orders.not_theirs.push(NotTheirs {
                    app: world.app.clone(),
                    account: account.clone(),
                    person: person_id("anna"),
                    by: "ops".to_owned(),
                    at: world.now,
                });
            }
            let found = following.follow(&world.seen(), &moved).clone();
            prop_assert_eq!(found, world.correlation(), "{}", world.text());
        }
    }
}

#[test]
fn a_thousand_operations_on_ten_thousand_accounts_correlate_each_account_once() {
    let mut world = World::new();
    for number in 0..10_000 {
        let name = format!("p{number}");
        world = world.person(&name, |p| p).account(&(number + 1).to_string(), |a| a.of(&name));
    }
    let mut following = Following::new(&world.seen());
    for number in 0..1_000 {
        let id: AccountId = (number + 1).to_string().parse().unwrap();
        let before = world.accounts[&id].clone();
        let known = world.accounts.get_mut(&id).unwrap();
        known.account.status = AccountStatus::Inactive;
        let moved = Following::may_move(&before, known).then_some(id).into_iter().collect();
        world.now += SignedDuration::from_secs(2);
        following.follow(&world.seen(), &moved);
    }
    assert_eq!(following.correlated, 10_000);
    assert_eq!(*following.follow(&world.seen(), &BTreeSet::new()), world.correlation());
}
