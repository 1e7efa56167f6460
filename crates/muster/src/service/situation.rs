//! The situation: everything the engine looks at, loaded once from the store.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use muster_domain::{
    engine::{
        plan::{self, Following, Scope},
        world::{KnownAccount, Sight, World},
    },
    model::{
        account::Account,
        activity::Activity,
        canonical::Digest,
        id::{AccountId, AppName, PersonId, SourceName},
        journal::About,
        link::Link,
        operation::{Approval, Deactivation, Learned, Run},
        order::Orders,
        person::Person,
        plan::{Operation, Plan},
        policy::{AppPolicy, Policy},
        work::OpenWork,
    },
};

use super::{Muster, connect::known};
use crate::{
    connector::{Ability, Probe},
    error::{Error, Result},
    store::{
        Tx,
        records::{AccountRecord, Health, RunFilter},
    },
};

/// All that is known about one app and the people.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The app.
    pub app: AppName,
    /// The policy.
    pub policy: Policy,
    /// Everybody; shared by the situations of all apps.
    pub people: Arc<BTreeMap<PersonId, Person>>,
    /// Every account of the app.
    pub accounts: BTreeMap<AccountId, KnownAccount>,
    /// The ties.
    pub links: BTreeMap<AccountId, Link>,
    /// The last read.
    pub sight: Sight,
    /// What was done so far.
    pub runs: Vec<Run>,
    /// Approvals that hold.
    pub approvals: BTreeMap<Digest, Approval>,
    /// What people ordered by hand.
    pub orders: Orders,
    /// When each source of people was heard last.
    pub heard: BTreeMap<SourceName, Timestamp>,
    /// Whose the accounts are, as far as that was asked for again and again.
    following: Option<Following>,
    /// The accounts that may be another's since it was asked last.
    moved: BTreeSet<AccountId>,
}

impl Situation {
    /// The world at `now`, for the engine.
    ///
    /// # Errors
    /// When the policy does not speak of the app.
    pub fn world(&self, now: Timestamp) -> Result<World<'_>> {
        let rules = self.policy.apps.get(&self.app).ok_or_else(|| {
            Error::NotFound(format!(
                "the policy says nothing about {app}; add apps.{app} to it: muster policy apply FILE",
                app = self.app,
            ))
        })?;
        Ok(World {
            policy: &self.policy,
            app: &self.app,
            rules,
            people: &self.people,
            accounts: &self.accounts,
            links: &self.links,
            sight: &self.sight,
            runs: &self.runs,
            approvals: &self.approvals,
            orders: &self.orders,
            heard: &self.heard,
            now,
        })
    }

    /// The plan at `now`.
    ///
    /// # Errors
    /// As [`Situation::world`].
    pub fn plan(&self, now: Timestamp) -> Result<Plan> {
        let world = self.world(now)?;
        Ok(plan::plan(&world, &plan::correlation(&world)))
    }

    /// The plan for one person at `now`.
    ///
    /// # Errors
    /// As [`Situation::world`].
    pub fn plan_for(&self, person: &PersonId, now: Timestamp) -> Result<Plan> {
        let scope = self.people.get(person).map_or(Scope::Everything, Scope::Person);
        let world = self.world(now)?;
        Ok(plan::plan_for(&world, &plan::correlation(&world), scope))
    }

    /// The plan at `now` for what `operation` is about: a person, or an account that is nobody's.
    /// For whoever asks for many, one after the other, and puts in what is news by the methods
    /// below: whose the accounts are is not found out again where it cannot have changed.
    ///
    /// # Errors
    /// As [`Situation::world`].
    pub(super) fn plan_again(&mut self, operation: &Operation, now: Timestamp) -> Result<Plan> {
        let moved = std::mem::take(&mut self.moved);
        let before = self.following.take();
        let world = self.world(now)?;
        let mut following = before.unwrap_or_else(|| Following::new(&world));
        let correlation = following.follow(&world, &moved);
        debug_assert_eq!(*correlation, plan::correlation(&world), "as if found out anew");
        let scope = match (operation.person_id(), &operation.account) {
            (Some(person), _) => self.people.get(person).map(Scope::Person),
            (None, account) => account.as_ref().map(Scope::Account),
        };
        let plan = plan::plan_for(&world, correlation, scope.unwrap_or(Scope::Everything));
        self.following = Some(following);
        Ok(plan)
    }

    /// Puts in the ties that are there by now.
    pub(super) fn tie(&mut self, links: BTreeMap<AccountId, Link>) {
        if links != self.links {
            self.following = None;
            self.links = links;
        }
    }

    /// Puts in the tie of an account.
    pub(super) fn tie_one(&mut self, link: Link) {
        self.moved.insert(link.account.clone());
        self.links.insert(link.account.clone(), link);
    }

    /// Puts in what is known of a person by now: nothing, where she was said to be another since.
    pub fn know(&mut self, id: &PersonId, person: Option<Person>) {
        if self.people.get(id) == person.as_ref() {
            return;
        }
        self.following = None;
        let people = Arc::make_mut(&mut self.people);
        match person {
            Some(person) => people.insert(id.clone(), person),
            None => people.remove(id),
        };
    }

    /// Puts a freshly read account in.
    pub fn see(&mut self, account: &Account) {
        let before = self.accounts.get(&account.id);
        let account = account.clone();
        let after = match before.cloned() {
            Some(before) => KnownAccount { account, gone: None, ..before },
            None => KnownAccount { account, gone: None, learned: None, work: None, activity: None },
        };
        if before.is_none_or(|before| Following::may_move(before, &after)) {
            self.moved.insert(after.account.id.clone());
        }
        self.accounts.insert(after.account.id.clone(), after);
    }

    /// Notes that an account is gone.
    pub fn miss(&mut self, id: &AccountId, now: Timestamp) {
        if let Some(known) = self.accounts.get_mut(id) {
            known.gone.get_or_insert(now);
            self.moved.insert(id.clone());
        }
    }

    /// Notes what trying taught.
    pub fn learn(&mut self, id: &AccountId, learned: Learned) {
        if let Some(known) = self.accounts.get_mut(id) {
            known.learned = Some(learned);
        }
    }

    /// Notes what an account holds.
    pub fn holds(&mut self, id: &AccountId, work: &OpenWork) {
        if let Some(known) = self.accounts.get_mut(id) {
            known.work = Some(Box::new(work.clone()));
        }
    }

    /// Writes where a run stands: where its operation is known already, only what changed.
    pub(super) fn keep_run(&self, tx: &mut Tx, run: &Run) {
        let known = self.runs.iter().find(|known| known.id == run.id);
        let same = |known: &Run| {
            known.operation == run.operation && known.before_image == run.before_image
        };
        if known.is_some_and(same) { tx.put_run_on(run) } else { tx.put_run(run) }
    }

    /// Puts a run in, in place of its earlier state.
    pub fn note(&mut self, run: &Run) {
        match self.runs.iter_mut().find(|known| known.id == run.id) {
            Some(known) => *known = run.clone(),
            None => self.runs.push(run.clone()),
        }
    }
}

/// What an entry about a run is about.
pub(super) fn about_run(run: &Run) -> About {
    About {
        person: run.operation.person_id().cloned(),
        app: Some(run.operation.app.clone()),
        account: run.account.clone(),
        operation: Some(run.id.clone()),
        plan: Some(run.plan),
    }
}

impl From<AccountRecord> for KnownAccount {
    fn from(record: AccountRecord) -> Self {
        let AccountRecord { account, gone, learned, work, activity, .. } = record;
        let activity = Some(activity).filter(|told| *told != Activity::NONE).map(Box::new);
        Self { account, gone, learned, work: work.map(Box::new), activity }
    }
}

impl Muster {
    /// Everybody, by id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn people(&self) -> Result<BTreeMap<PersonId, Person>> {
        let people = self.store.people().await?;
        Ok(people.into_iter().map(|person| (person.id.clone(), person)).collect())
    }

    /// Loads the situation of `app`.
    ///
    /// # Errors
    /// When there is no such app or no policy.
    pub async fn situation(&self, app: &AppName) -> Result<Situation> {
        let policy = self.policy_or_none().await?;
        let people = Arc::new(self.people().await?);
        self.situation_with(app, policy, people).await
    }

    pub(super) async fn situation_with(
        &self,
        app: &AppName,
        mut policy: Policy,
        people: Arc<BTreeMap<PersonId, Person>>,
    ) -> Result<Situation> {
        let connection = self.connection(app).await?;
        policy
            .apps
            .entry(app.clone())
            .or_insert_with(|| AppPolicy::observe_only(&connection.connector));
        let now = self.env.now();
        let observation = self.store.observation(app).await?;
        let probe: Option<Probe> = serde_json::from_value(connection.probe).ok();
        let capabilities = &known(&connection.connector)?.capabilities;
        let accounts = self.store.accounts(app).await?;
        let sight = Sight {
            observation: observation.as_ref().map(|seen| seen.id.clone()),
            started: observation.as_ref().map(|seen| seen.header.started),
            age: observation.as_ref().map(|seen| now.duration_since(seen.header.started)),
            completeness: observation.as_ref().map(|seen| seen.header.completeness.clone()),
            unseen: match connection.health {
                Health::Ok { .. } => None,
                Health::Unseen { reason, .. } => Some(reason),
            },
            forgotten: self.forgotten.clone(),
            caller: probe.as_ref().map(|probe| probe.caller.id.clone()),
            roles: probe.map(|probe| probe.roles).unwrap_or_default(),
            can_deactivate: capabilities.deactivate != Ability::No,
            trail: self.store.trail(app).await?,
            invitation_lasts: capabilities
                .invitation_days
                .map(|days| SignedDuration::from_hours(24 * i64::from(days))),
            deactivation_worked: accounts
                .values()
                .filter_map(|record| record.learned)
                .filter(|learned| learned.deactivation == Deactivation::Works)
                .map(|learned| learned.at)
                .max(),
        };
        let filter = RunFilter { app: Some(app.clone()), ..RunFilter::default() };
        Ok(Situation {
            app: app.clone(),
            policy,
            people,
            accounts: accounts.into_iter().map(|(id, record)| (id, record.into())).collect(),
            links: self.store.links(app).await?,
            sight,
            runs: self.store.runs(&filter).await?,
            approvals: self.store.approvals(app, now).await?,
            orders: self.store.orders().await?,
            heard: self.heard().await?,
            following: None,
            moved: BTreeSet::new(),
        })
    }

    /// Plans for `app` at `at`, or now. A preview: nothing is written and no request is made.
    ///
    /// # Errors
    /// As [`Muster::situation`].
    pub async fn plan(&self, app: &AppName, at: Option<Timestamp>) -> Result<Plan> {
        if !self.policy().await?.apps.contains_key(app) {
            self.connection(app).await?;
            return Err(Error::NotFound(format!(
                "the policy says nothing about {app}, so there is nothing to plan; add apps.{app} \
                 to it: muster policy apply FILE"
            )));
        }
        let situation = self.situation(app).await?;
        situation.plan(at.unwrap_or_else(|| self.env.now()))
    }
}
