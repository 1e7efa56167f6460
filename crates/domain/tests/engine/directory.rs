//! The directory finds by its indexes exactly what a walk over all people finds, in the same order.

use muster_domain::{
    engine::{
        directory::Directory,
        lifecycle::{self, PersonState},
    },
    model::person::{Manager, Person},
};
use proptest::prelude::*;

use crate::{laws::some_world, world::World};

type Draw = prop::sample::Index;

/// Gives people managers: by a source's id, by ours, or one whom nobody knows.
fn with_managers(mut world: World, drawn: &[(Draw, Draw, u8)]) -> World {
    let people: Vec<Person> = world.people.values().cloned().collect();
    for (below, above, how) in drawn.iter().filter(|_| !people.is_empty()) {
        let (below, above) = (below.get(&people), above.get(&people));
        let manager = match how {
            0 => above.id.to_string(),
            1 => "nobody".to_owned(),
            _ => above.anchor.id.to_string(),
        };
        let below = world.people.get_mut(&below.id).unwrap();
        for engagement in &mut below.engagements {
            engagement.terms.manager = Some(manager.parse().unwrap());
        }
    }
    world
}

fn plain_manager<'a>(world: &'a World, person: &Person, number: Option<u32>) -> Option<&'a Person> {
    let latest = person.engagements.iter().map(|one| one.number).max();
    let told: Manager = person.manager(number.or(latest)?)?;
    let manager = world.people.values().find(|&other| told.is(other))?;
    let left = matches!(
        lifecycle::state(manager, &world.seen().hours(), world.now),
        PersonState::Ended { .. } | PersonState::Withdrawn
    );
    (!left && manager.id != person.id).then_some(manager)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_indexes_find_what_a_plain_search_finds(
        world in some_world(),
        managers in prop::collection::vec((any::<Draw>(), any::<Draw>(), 0..5_u8), 0..6),
    ) {
        let world = with_managers(world, &managers);
        let seen = world.seen();
        let directory = Directory::new(&seen);
        for person in world.people.values() {
            for number in [None, Some(1), Some(2), Some(9)] {
                let (found, plain) =
                    (directory.manager_of(person, number), plain_manager(&world, person, number));
                prop_assert_eq!(found, plain);
            }
            for anchor in person.anchors() {
                let plain =
                    world.people.values().find(|other| other.anchors().any(|one| one == anchor));
                prop_assert_eq!(directory.known_as(anchor), plain);
            }
        }
        let of_accounts = world.accounts.values().filter_map(|known| known.account.email.as_ref());
        for email in of_accounts.chain(world.people.values().flat_map(Person::work_addresses)) {
            let found: Vec<_> = directory.at(email).collect();
            let has = |person: &&Person| {
                person.work_addresses().any(|held| held.folded() == email.folded())
            };
            prop_assert_eq!(found, world.people.values().filter(has).collect::<Vec<_>>());
        }
    }
}
