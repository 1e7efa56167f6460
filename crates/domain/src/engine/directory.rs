//! Who goes by a source's id or an address at work, and who manages whom: found by an index, so that
//! a question for each of many costs no walk over all people.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    hash::Hash,
    sync::OnceLock,
};

use super::{
    lifecycle::{self, PersonState},
    world::World,
};
use crate::model::{
    email::EmailAddress,
    id::AccountId,
    order::Held,
    person::{Anchor, Manager, Person},
};

/// Those who go by a name, an address or a part of one. Few share one, so that a list for each would
/// be a waste.
#[derive(Debug, Clone)]
pub(super) struct Named<K, V> {
    first: HashMap<K, V>,
    more: HashMap<K, Vec<V>>,
}

impl<K: Hash + Eq + Clone, V: Copy> Named<K, V> {
    pub(super) fn for_up_to(people: usize) -> Self {
        Self { first: HashMap::with_capacity(people), more: HashMap::new() }
    }

    pub(super) fn add(&mut self, name: K, person: V) {
        match self.first.entry(name) {
            Entry::Vacant(vacant) => {
                vacant.insert(person);
            }
            Entry::Occupied(taken) => {
                self.more.entry(taken.key().clone()).or_default().push(person);
            }
        }
    }

    /// Everybody of this name, in the order in which they were added.
    pub(super) fn all<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> impl Iterator<Item = V>
    where
        K: Borrow<Q>,
    {
        let first = self.first.get(name).copied();
        // Who is not the first is none of more.
        let more = first.and_then(|_| self.more.get(name));
        first.into_iter().chain(more.into_iter().flatten().copied())
    }
}

/// The people of a world, by what others call them. Made for one evaluation; each index is made
/// when it is first asked, since most evaluations ask for none.
#[derive(Debug, Clone)]
pub struct Directory<'a> {
    /// Whose people they are.
    pub world: &'a World<'a>,
    by_anchor: OnceLock<HashMap<&'a Anchor, &'a Person>>,
    by_address: OnceLock<Named<&'a str, &'a Person>>,
    held: OnceLock<BTreeMap<&'a AccountId, Vec<&'a Held>>>,
}

impl<'a> Directory<'a> {
    /// The directory of `world`.
    #[must_use]
    pub const fn new(world: &'a World<'a>) -> Self {
        Self {
            world,
            by_anchor: OnceLock::new(),
            by_address: OnceLock::new(),
            held: OnceLock::new(),
        }
    }

    /// The person whom a source calls so: the first, should several be.
    #[must_use]
    pub fn known_as(&self, anchor: &Anchor) -> Option<&'a Person> {
        let index = self.by_anchor.get_or_init(|| {
            let mut index = HashMap::with_capacity(self.world.people.len());
            for person in self.world.people.values() {
                for anchor in person.anchors() {
                    index.entry(anchor).or_insert(person);
                }
            }
            index
        });
        index.get(anchor).copied()
    }

    /// Everybody whose address at work this is or was, by person.
    pub fn at(&self, address: &EmailAddress) -> impl Iterator<Item = &'a Person> {
        let index = self.by_address.get_or_init(|| {
            let mut index = Named::for_up_to(self.world.people.len());
            for person in self.world.people.values() {
                for address in person.work_addresses() {
                    index.add(address.folded(), person);
                }
            }
            index
        });
        // Who has it now and had it before stands there twice, one after the other.
        let mut last = None;
        index
            .all(address.folded())
            .filter(move |person| last.replace(&person.id) != Some(&person.id))
    }

    /// Whose this account was before something was said of it.
    #[must_use]
    pub fn held_before(&self, account: &AccountId) -> &[&'a Held] {
        let index = self.held.get_or_init(|| {
            let mut index: BTreeMap<_, Vec<_>> = BTreeMap::new();
            let held = self.world.orders.held.iter();
            for held in held.filter(|held| held.app == *self.world.app) {
                index.entry(&held.account).or_default().push(held);
            }
            index
        });
        index.get(account).map_or(&[], Vec::as_slice)
    }

    /// Who is named as the manager of `person` in the engagement called `number`, or in the latest,
    /// whether she still works here or not.
    #[must_use]
    pub fn named_manager(&self, person: &Person, number: Option<u32>) -> Option<&'a Person> {
        let latest = person.engagements.iter().map(|one| one.number).max();
        match person.manager(number.or(latest)?)? {
            Manager::Person(id) => self.world.people.get(&id),
            Manager::Told(anchor) => self.known_as(&anchor),
        }
    }

    /// The manager of `person` in the engagement called `number`, or in the latest, if she works
    /// here.
    #[must_use]
    pub fn manager_of(&self, person: &Person, number: Option<u32>) -> Option<&'a Person> {
        let manager = self.named_manager(person, number)?;
        let left = matches!(
            lifecycle::state(manager, &self.world.hours(), self.world.now),
            PersonState::Ended { .. } | PersonState::Withdrawn
        );
        (!left && manager.id != person.id).then_some(manager)
    }
}
