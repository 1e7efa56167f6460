//! Groups: making and changing them, who belongs to them, and what a change would mean for whom
//! before it is made.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::{
    engine::{
        consent,
        expect::{Expectation, Rules},
        groups::{self, Member},
        world::World,
    },
    model::{
        group::{Group, Membership, Until},
        id::{AppName, GroupName, PersonId, RoleName},
        journal::{About, Event},
        order::{Order as _, Orders},
        person::Person,
        policy::Condition,
    },
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Muster;
use crate::error::{Error, Result};

/// A change of groups, checked, not made yet.
#[derive(Debug, Clone)]
pub enum GroupOrder {
    /// Makes or changes a group.
    Put(Group),
    /// Removes a group, its members and its place above others.
    Remove(Group),
    /// Puts somebody in.
    Join(Membership),
    /// Takes somebody out.
    Leave(Membership),
}

/// What is said of a group; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct GroupIs {
    /// What people call it.
    pub label: Option<String>,
    /// Who belongs to it by rule; blank for nobody.
    pub when: Option<String>,
    /// Further groups above it.
    pub parents: Vec<GroupName>,
    /// Groups that are above it no more.
    pub no_parents: Vec<GroupName>,
}

/// What a change of groups means for one person in one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// The app.
    pub app: AppName,
    /// The person.
    pub person: PersonId,
    /// Her name.
    pub name: String,
    /// The role she should have before.
    pub before: Option<RoleName>,
    /// The role she should have after.
    pub after: Option<RoleName>,
}

/// A group and its members.
#[derive(Debug, Clone, Serialize)]
pub struct GroupView {
    /// The group.
    #[serde(flatten)]
    pub group: Group,
    /// Who belongs to it now, those of the groups below included.
    pub members: Vec<Member>,
}

impl GroupOrder {
    /// The orders there are once this one is carried out.
    fn carried_out(&self, orders: &Orders) -> Orders {
        let mut after = orders.clone();
        match self {
            Self::Put(group) => {
                after.groups.retain(|one| one.name != group.name);
                after.groups.push(group.clone());
            }
            Self::Remove(group) => {
                after.groups.retain(|one| one.name != group.name);
                after.memberships.retain(|one| one.group != group.name);
                for one in &mut after.groups {
                    one.parents.remove(&group.name);
                }
            }
            Self::Join(member) => {
                after.memberships.retain(|one| one.key() != member.key());
                after.memberships.push(member.clone());
            }
            Self::Leave(member) => after.memberships.retain(|one| one.key() != member.key()),
        }
        after
    }
}

impl GroupOrder {
    /// The apps in which it may mean anything to anybody: those in which the group, or one above it,
    /// gives something before or after.
    fn concerns(&self, orders: &Orders) -> BTreeSet<AppName> {
        let name = match self {
            Self::Put(group) | Self::Remove(group) => &group.name,
            Self::Join(member) | Self::Leave(member) => &member.group,
        };
        let after = self.carried_out(orders);
        [orders, &after].into_iter().flat_map(|orders| given_through(orders, name)).collect()
    }
}

/// The apps in which who belongs to the group called `name` is given something by it, or by one
/// above it.
fn given_through(orders: &Orders, name: &GroupName) -> BTreeSet<AppName> {
    let mut above = BTreeSet::from([name]);
    let mut next = vec![name];
    let mut apps = BTreeSet::new();
    while let Some(name) = next.pop() {
        let Some(group) = orders.groups.iter().find(|group| group.name == *name) else { continue };
        apps.extend(group.gives.keys().cloned());
        next.extend(group.parents.iter().filter(|parent| above.insert(parent)));
    }
    apps
}

/// The role that somebody should have, now or later.
pub(super) fn role_of(expectation: &Expectation) -> Option<RoleName> {
    match expectation {
        Expectation::Access { role, .. } => Some(role.clone()),
        Expectation::NotYet { role, .. } => role.clone(),
        _ => None,
    }
}

impl Muster {
    /// The groups and their members, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn groups(&self) -> Result<Vec<GroupView>> {
        let policy = self.policy_or_none().await?;
        let people = self.people().await?;
        let orders = self.store.orders().await?;
        let mut members = groups::members(&orders, &policy.organization, &people, self.env.now());
        let mut views: Vec<_> = orders
            .groups
            .into_iter()
            .map(|group| {
                let members = members.remove(&group.name).unwrap_or_default();
                GroupView { group, members }
            })
            .collect();
        views.sort_by(|a, b| a.group.name.cmp(&b.group.name));
        Ok(views)
    }

    /// The group called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn group(&self, name: &GroupName) -> Result<Group> {
        self.store.order::<Group>(name.as_str()).await?.ok_or_else(|| {
            Error::NotFound(format!("there is no group {name}; see muster group list"))
        })
    }

    /// A new group.
    ///
    /// # Errors
    /// When there is one of that name, or what is said of it cannot be.
    pub async fn new_group(&self, name: GroupName, is: GroupIs) -> Result<GroupOrder> {
        if self.store.order::<Group>(name.as_str()).await?.is_some() {
            return Err(Error::Conflict(format!(
                "there is a group {name} already; change it: muster group edit {name}"
            )));
        }
        let group = Group {
            name,
            label: None,
            when: None,
            parents: BTreeSet::new(),
            gives: BTreeMap::new(),
            by: self.actor.clone(),
            at: self.env.now(),
        };
        self.changed_group(group, is).await
    }

    /// A change of a group.
    ///
    /// # Errors
    /// When there is none, or what is said of it cannot be.
    pub async fn edited_group(&self, name: &GroupName, is: GroupIs) -> Result<GroupOrder> {
        let group = self.group(name).await?;
        self.changed_group(group, is).await
    }

    async fn changed_group(&self, mut group: Group, is: GroupIs) -> Result<GroupOrder> {
        let GroupIs { label, when, parents, no_parents } = is;
        let text = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(label) = label {
            group.label = text(label);
        }
        if let Some(when) = when {
            group.when = text(when);
        }
        if let Some(when) = &group.when {
            Condition::parse(when).map_err(|error| Error::Invalid(format!("{when:?}: {error}")))?;
        }
        for parent in parents {
            if parent != group.name {
                self.group(&parent).await?;
            }
            group.parents.insert(parent);
        }
        for parent in &no_parents {
            if !group.parents.remove(parent) {
                return Err(Error::NotFound(format!("{parent} is not above {}", group.name)));
            }
        }
        if groups::loops(&self.store.orders().await?, &group) {
            return Err(Error::Invalid(format!(
                "{} would stand above itself; see muster group show {}",
                group.name, group.name
            )));
        }
        Ok(GroupOrder::Put(self.signed(group)))
    }

    fn signed(&self, group: Group) -> Group {
        Group { by: self.actor.clone(), at: self.env.now(), ..group }
    }

    /// The removal of a group.
    ///
    /// # Errors
    /// When there is none.
    pub async fn removed_group(&self, name: &GroupName) -> Result<GroupOrder> {
        Ok(GroupOrder::Remove(self.group(name).await?))
    }

    /// What a group gives in an app, or `None` for nothing any more.
    ///
    /// # Errors
    /// When group, app or role are not known.
    pub async fn group_gives(
        &self,
        name: &GroupName,
        app: &AppName,
        role: Option<RoleName>,
    ) -> Result<GroupOrder> {
        let mut group = self.group(name).await?;
        match role {
            Some(role) => {
                self.role_of_app(app, &role).await?;
                group.gives.insert(app.clone(), role);
            }
            None if group.gives.remove(app).is_none() => {
                return Err(Error::NotFound(format!(
                    "{name} gives nothing in {app}; see muster group show {name}"
                )));
            }
            None => {}
        }
        Ok(GroupOrder::Put(self.signed(group)))
    }

    /// Somebody put into a group.
    ///
    /// # Errors
    /// When there is no such group, or the person cannot be given anything.
    pub async fn group_join(
        &self,
        name: &GroupName,
        person: &Person,
        until: Option<Until>,
    ) -> Result<GroupOrder> {
        let group = self.group(name).await?.name;
        self.may_be_given(person, until).await?;
        let (by, at) = (self.actor.clone(), self.env.now());
        Ok(GroupOrder::Join(Membership { group, person: person.id.clone(), until, by, at }))
    }

    /// Somebody taken out of a group.
    ///
    /// # Errors
    /// When there is no such group, or she was not put in by hand.
    pub async fn group_leave(&self, name: &GroupName, person: &Person) -> Result<GroupOrder> {
        let group = self.group(name).await?;
        let orders = self.store.orders().await?;
        let found = orders
            .memberships
            .into_iter()
            .find(|one| one.group == group.name && one.person == person.id);
        found.map(GroupOrder::Leave).ok_or_else(|| {
            Error::NotFound(format!(
                "{} was not put into {name} by hand; who is in it by rule or through another \
                 group: muster group show {name}",
                person.name()
            ))
        })
    }

    /// What `order` would mean for whom. Writes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn effects_of(&self, order: &GroupOrder) -> Result<Vec<Effect>> {
        let policy = self.policy_or_none().await?;
        let now = self.env.now();
        let concerned = order.concerns(&self.store.orders().await?);
        let mut effects = Vec::new();
        for app in self.planned_apps(&policy).await?.into_iter().filter(|a| concerned.contains(a)) {
            let situation = self.situation(&app).await?;
            let before = situation.world(now)?;
            let orders = order.carried_out(&situation.orders);
            let after = World { orders: &orders, ..before };
            let (was, is) = (Rules::new(&before), Rules::new(&after));
            for person in situation.people.values() {
                let before = role_of(&was.expect(person));
                let after = role_of(&is.expect(person));
                if before != after {
                    let (person, name) = (person.id.clone(), person.name());
                    effects.push(Effect { app: app.clone(), person, name, before, after });
                }
            }
        }
        effects.sort_by(|a, b| (&a.app, &a.name, &a.person).cmp(&(&b.app, &b.name, &b.person)));
        Ok(effects)
    }

    /// Nobody gives access to herself, by whatever way.
    async fn gives_nothing_to_whoever_asks(&self, order: &GroupOrder) -> Result<()> {
        for effect in self.effects_of(order).await? {
            let Some(after) = &effect.after else { continue };
            let person = self.store.person(&effect.person).await?;
            if person.is_some_and(|person| consent::means(&person, &self.actor)) {
                return Err(Error::Invalid(format!(
                    "that would make you {after} in {}: nobody gives access to themselves; ask \
                     somebody else to",
                    effect.app
                )));
            }
        }
        Ok(())
    }

    /// Makes the change. What follows for accounts is planned and applied as ever.
    ///
    /// # Errors
    /// When whoever asks would get access by it, or the store fails.
    pub async fn order_group(&self, order: &GroupOrder) -> Result<()> {
        self.gives_nothing_to_whoever_asks(order).await?;
        let mut tx = self.begin();
        let mut journal = |event, person: Option<&PersonId>, data: Value| {
            let about = About { person: person.cloned(), ..About::default() };
            tx.journal(event, about, data);
        };
        match order {
            GroupOrder::Put(group) => {
                journal(Event::GroupChanged, None, json!({"group": group}));
                tx.put_order(group);
            }
            GroupOrder::Remove(group) => {
                let before = self.store.orders().await?;
                let after = order.carried_out(&before);
                let members: Vec<_> =
                    before.memberships.iter().filter(|one| one.group == group.name).collect();
                journal(Event::GroupRemoved, None, json!({"group": group, "members": members}));
                for member in members {
                    tx.remove_order(member);
                }
                for child in after.groups.iter().filter(|one| !before.groups.contains(one)) {
                    tx.put_order(child);
                }
                tx.remove_order(group);
            }
            GroupOrder::Join(member) => {
                journal(Event::GroupJoined, Some(&member.person), json!({"membership": member}));
                tx.put_order(member);
            }
            GroupOrder::Leave(member) => {
                journal(Event::GroupLeft, Some(&member.person), json!({"membership": member}));
                tx.remove_order(member);
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
