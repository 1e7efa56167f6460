//! The situation as it was known, and what another policy would have made of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use muster_domain::{
    engine::{
        backtest::{self, Backtest, Difference},
        checks::{self, Answerers, Company, Detail, Evaluation, Facts, Out, SourceAge},
        correlate::Correlation,
        history::{Known, Touched, table},
        parts::side_by_side,
        plan::{self, Following},
        world::{KnownAccount, Sight, World},
    },
    model::{
        canonical::Digest,
        check::Clock,
        id::{AccountId, AppName, PersonId, SourceName},
        journal::Event,
        link::Link,
        operation::{Approval, Deactivation, Run},
        order::Orders,
        person::Person,
        policy::{AppPolicy, Policy},
    },
};

use super::access::policy_of;
use crate::{
    connector::{Ability, Probe},
    error::{Error, Result},
    service::{Muster, connect::known as connector, policy},
    store::records::{Connection, Health, JournalFilter, SourceRecord},
};

/// A back-test looks at so many moments at most.
pub const MOST_MOMENTS: usize = 500;

/// What is tried on which stretch of history.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The policy's text.
    pub text: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// In this app only; in every connected app otherwise.
    pub app: Option<AppName>,
}

/// Whether an entry taught something that plans and checks rest on.
const fn teaches(event: Event) -> bool {
    !matches!(
        event,
        Event::OperationIntended
            | Event::OperationChanged
            | Event::PlanMade
            | Event::ChecksChanged
            | Event::Noticed
            | Event::EntryRestated
            | Event::TrailRead
            | Event::HomeCreated
            | Event::RosterRefused
    )
}

impl Muster {
    /// What another policy would have done over a stretch of history. Nothing is written.
    ///
    /// # Errors
    /// When the text is no policy, the stretch is none, or the store fails.
    pub async fn try_policy(&self, trial: &Trial) -> Result<Difference> {
        let tried = policy::check(&trial.text).map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Error::Invalid(lines.join("\n"))
        })?;
        if trial.to <= trial.from {
            return Err(Error::Invalid("--to must lie after --from".to_owned()));
        }
        let moments = self.moments(trial, &tried).await?;
        let mut unrolling = self.unroll().await?;
        let mut then = Then::default();
        let mut backtest = Backtest::default();
        let (mut as_was, mut as_is) = (Followed::default(), Followed::default());
        for now in moments {
            unrolling.until(Some(now)).await?;
            // Before there was a policy there is nothing to compare with.
            let Some(valid) = policy_of(&unrolling.known) else { continue };
            then.follow(&mut unrolling.known, (trial.app.as_ref(), now))?;
            let (valid, tried) = (then.under(&valid), then.under(&tried));
            let (was, is) = (then.worlds(&valid, now)?, then.worlds(&tried, now)?);
            let by_was = as_was.correlations(&then, &was);
            let by_is = as_is.correlations(&then, &is);
            for (was, is) in was.iter().zip(&by_was).zip(is.iter().zip(&by_is)) {
                backtest.look_by((was.0, was.1), (is.0, is.1));
            }
            let (was, is) = side_by_side(
                || then.judge((&valid, &was, &by_was), now),
                || then.judge((&tried, &is, &by_is), now),
            );
            backtest.judge(now, &was, &is);
        }
        Ok(backtest.difference())
    }

    /// When something was learned or fell due, and once a day.
    async fn moments(&self, trial: &Trial, tried: &Policy) -> Result<BTreeSet<Timestamp>> {
        let Trial { from, to, app, .. } = trial;
        let filter =
            JournalFilter { since: Some(*from), until: Some(*to), ..JournalFilter::default() };
        let entries = self.store.journal(&filter).await?;
        let learned = entries.iter().filter(|entry| teaches(entry.event));
        let mut moments: BTreeSet<Timestamp> = learned.map(|entry| entry.at).collect();
        let mut known = self.known(Some(*to)).await?;
        let valid = policy_of(&known).unwrap_or_else(Policy::none);
        let mut then = Then::default();
        then.follow(&mut known, (app.as_ref(), *to))?;
        for policy in [&valid, tried] {
            for world in then.worlds(&then.under(policy), *to)? {
                moments.extend(backtest::due(&world, *from, *to));
            }
        }
        let moments = backtest::bounded(&moments, MOST_MOMENTS);
        Ok(moments.into_iter().chain(days(*from, *to)).chain([*to]).collect())
    }
}

/// Noon of each day: what fell due in the night counts as well as what fell due in the evening
/// before. A long stretch is looked at every few days.
fn days(from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let all = to.duration_since(from).as_hours() / 24;
    let step = SignedDuration::from_hours(24 * (1 + all / 500));
    let noon = from.to_zoned(TimeZone::UTC).date().at(12, 0, 0, 0).to_zoned(TimeZone::UTC);
    let Ok(noon) = noon.map(|noon| noon.timestamp()) else { return Vec::new() };
    let next = |at: &Timestamp| at.checked_add(step).ok().filter(|at| *at < to);
    let days = std::iter::successors(Some(noon), next);
    days.filter(|at| (from..=to).contains(at)).collect()
}

/// What was known at a moment, as the engine takes it. It follows the fold from moment to moment:
/// only what became different is read again.
#[derive(Default)]
struct Then {
    people: BTreeMap<PersonId, Person>,
    orders: Orders,
    sources: Vec<SourceAge>,
    heard: BTreeMap<SourceName, Timestamp>,
    clocks: BTreeMap<String, Clock>,
    apps: BTreeMap<AppName, AppThen>,
}

/// What was known of an app.
struct AppThen {
    accounts: Accounts,
    links: BTreeMap<AccountId, Link>,
    /// When accounts were last seen to let nobody in, as far as it was followed.
    outs: BTreeMap<AccountId, Out>,
    runs: Vec<Run>,
    approvals: BTreeMap<Digest, Approval>,
    sight: Sight,
    connector: String,
    /// The accounts that may be another's since the moment before.
    moved: BTreeSet<AccountId>,
    /// Whether people or links are others than at the moment before.
    tied_anew: Tied,
}

/// What whose an account is rests on, beside the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tied {
    AsBefore,
    Anew,
}

/// Whose each account is under one policy, from moment to moment: of each app by the digest of the
/// policy under which it was last found out.
#[derive(Default)]
struct Followed(BTreeMap<AppName, (Digest, Following)>);

impl Followed {
    /// The correlations of `worlds`. Only what rests on something that became different is
    /// correlated again.
    fn correlations<'s>(&'s mut self, then: &Then, worlds: &[World<'_>]) -> Vec<&'s Correlation> {
        for world in worlds {
            let known = self.0.get_mut(world.app).zip(then.apps.get(world.app));
            let known = known.filter(|((policy, _), then)| {
                *policy == world.policy.digest && then.tied_anew == Tied::AsBefore
            });
            match known {
                Some(((_, following), then)) => {
                    let found = following.follow(world, &then.moved);
                    debug_assert!(*found == plan::correlation(world), "as when found out anew");
                }
                None => {
                    let following = Following::new(world);
                    self.0.insert(world.app.clone(), (world.policy.digest, following));
                }
            }
        }
        worlds.iter().filter_map(|world| Some(self.0.get(world.app)?.1.correlation())).collect()
    }
}

impl Then {
    /// Brings it to what is `known` now; of `only` this app, if one is told.
    fn follow(
        &mut self,
        known: &mut Known,
        (only, now): (Option<&AppName>, Timestamp),
    ) -> Result<()> {
        let Touched { rows, accounts } = known.take_touched();
        let known = &*known;
        let of = |table: &str| rows.get(table).into_iter().flatten();
        for key in of(table::PEOPLE) {
            let Some(id) = key.first().and_then(|id| id.parse::<PersonId>().ok()) else { continue };
            match known.one::<Person>(table::PEOPLE, key)? {
                Some(person) => self.people.insert(id, person),
                None => self.people.remove(&id),
            };
        }
        if rows.contains_key(table::ORDERS) {
            self.orders = known.orders()?;
        }
        let sources = sources(known)?;
        self.heard =
            sources.iter().map(|source| (source.name.clone(), source.imported_at)).collect();
        let age =
            |source: SourceRecord| SourceAge { name: source.name, believed: source.imported_at };
        self.sources = sources.into_iter().map(age).collect();
        let clocks = known.checks.iter();
        let clocks = clocks.filter_map(|(key, one)| Some((key.clone(), one.clock()?)));
        self.clocks = clocks.collect();
        for app in known.apps() {
            if only.is_some_and(|only| *only != app) {
                continue;
            }
            let Some(connection) = connection(known, &app)? else { continue };
            let before = self.apps.remove(&app);
            let tied = rows.contains_key(table::PEOPLE) || rows.contains_key(table::LINKS);
            let tied_anew = if tied || before.is_none() { Tied::Anew } else { Tied::AsBefore };
            let mut touched: BTreeSet<AccountId> =
                accounts.iter().filter(|(of, _)| *of == app).map(|(_, id)| id.clone()).collect();
            touched.extend(of(table::LEARNED).filter_map(|key| account_of(key, &app)));
            let linked = of(table::LINKS).filter_map(|key| account_of(key, &app)).collect();
            let ran = rows.contains_key(table::RUNS);
            let then = AppThen::follow(before, known, (connection, now), (touched, linked, ran))?;
            self.apps.insert(app, AppThen { tied_anew, ..then });
        }
        Ok(())
    }

    /// `policy` with a word about every app.
    fn under(&self, policy: &Policy) -> Policy {
        let mut policy = policy.clone();
        for (app, then) in &self.apps {
            let unruled = || AppPolicy::observe_only(&then.connector);
            policy.apps.entry(app.clone()).or_insert_with(unruled);
        }
        policy
    }

    /// The worlds of all apps under `policy`.
    fn worlds<'a>(&'a self, policy: &'a Policy, now: Timestamp) -> Result<Vec<World<'a>>> {
        let world = |(app, then): (&'a AppName, &'a AppThen)| {
            let unruled = || Error::Invalid(format!("the policy says nothing about {app}"));
            Ok(World {
                policy,
                app,
                rules: policy.apps.get(app).ok_or_else(unruled)?,
                people: &self.people,
                accounts: &then.accounts,
                links: &then.links,
                sight: &then.sight,
                runs: &then.runs,
                approvals: &then.approvals,
                orders: &self.orders,
                heard: &self.heard,
                now,
            })
        };
        self.apps.iter().map(world).collect()
    }

    /// What every check would have found.
    fn judge(
        &self,
        (policy, worlds, correlations): (&Policy, &[World<'_>], &[&Correlation]),
        now: Timestamp,
    ) -> Evaluation {
        let facts = worlds.iter().zip(correlations).map(|(world, correlation)| {
            let critical = checks::effective(policy, &self.orders, world.app);
            let outs = self.apps.get(world.app).map(|then| then.outs.clone());
            Facts::new(world, correlation, critical).remembering(outs.unwrap_or_default())
        });
        let company = Company {
            policy,
            people: &self.people,
            orders: &self.orders,
            apps: facts.collect(),
            answerers: Answerers::of(&self.orders, &self.people, (policy, now)),
            sources: &self.sources,
            clocks: &self.clocks,
            now,
        };
        checks::evaluate(&company, Detail::Notable)
    }
}

impl AppThen {
    fn follow(
        before: Option<Self>,
        known: &Known,
        (connection, now): (Connection, Timestamp),
        (touched, linked, ran): (BTreeSet<AccountId>, BTreeSet<AccountId>, bool),
    ) -> Result<Self> {
        let app = &connection.app;
        let (mut accounts, mut links, runs, mut outs) = match before {
            Some(before) => (before.accounts, before.links, before.runs, before.outs),
            None => (accounts(known, app)?, known.links(app)?, known.runs(app)?, BTreeMap::new()),
        };
        let mut moved = BTreeSet::new();
        for id in touched {
            let account = account(known, app, &id)?;
            let stays = accounts.get(&id).zip(account.as_ref());
            if stays.is_none_or(|(was, is)| Following::may_move(was, is)) {
                moved.insert(id.clone());
            }
            let lets_in =
                |one: &KnownAccount| one.gone.is_none() && one.account.status.may_sign_in();
            let (was, is) =
                (accounts.get(&id).is_some_and(lets_in), account.as_ref().is_some_and(lets_in));
            if was || outs.contains_key(&id) {
                let mut out = outs.remove(&id);
                Out::step(&mut out, is, now);
                outs.extend(out.map(|out| (id.clone(), out)));
            }
            match account {
                Some(account) => accounts.insert(id, account),
                None => accounts.remove(&id),
            };
        }
        for id in linked {
            let key = [app.to_string(), id.to_string()];
            match known.one::<Link>(table::LINKS, &key)? {
                Some(link) => links.insert(id, link),
                None => links.remove(&id),
            };
        }
        Ok(Self {
            runs: if ran { known.runs(app)? } else { runs },
            approvals: known.approvals(app, now)?,
            sight: sight(known, &connection, &accounts, now)?,
            accounts,
            links,
            outs,
            moved,
            tied_anew: Tied::Anew,
            connector: connection.connector,
        })
    }
}

/// The account of `app` that a key names.
fn account_of(key: &[String], app: &AppName) -> Option<AccountId> {
    match key {
        [of, id] if of == app.as_str() => id.parse().ok(),
        _ => None,
    }
}

fn connection(known: &Known, app: &AppName) -> Result<Option<Connection>> {
    Ok(known.one(table::CONNECTIONS, &[app.to_string()])?)
}

fn sources(known: &Known) -> Result<Vec<SourceRecord>> {
    let rows = known.rows(table::SOURCES).into_iter().flatten();
    rows.map(|(_, doc)| Ok(serde_json::from_value(doc.clone())?)).collect()
}

type Accounts = BTreeMap<AccountId, KnownAccount>;

fn accounts(known: &Known, app: &AppName) -> Result<Accounts> {
    let mut accounts = Accounts::new();
    for id in known.accounts.get(app).into_iter().flatten().map(|(id, _)| id) {
        accounts.extend(account(known, app, id)?.map(|account| (id.clone(), account)));
    }
    Ok(accounts)
}

fn account(known: &Known, app: &AppName, id: &AccountId) -> Result<Option<KnownAccount>> {
    let Some(seen) = known.accounts.get(app).and_then(|accounts| accounts.get(id)) else {
        return Ok(None);
    };
    Ok(Some(KnownAccount {
        account: seen.account.clone(),
        gone: seen.gone,
        learned: known.learned(app, id)?,
        work: known.work.get(&(app.clone(), id.clone())).cloned().map(Box::new),
        // The journal does not tell when people signed in.
        activity: None,
    }))
}

fn sight(
    known: &Known,
    connection: &Connection,
    accounts: &Accounts,
    now: Timestamp,
) -> Result<Sight> {
    let read = known.reads.get(&connection.app).map(|reads| &reads.last);
    let probe: Option<Probe> = serde_json::from_value(connection.probe.clone()).ok();
    let capabilities = &connector(&connection.connector)?.capabilities;
    let worked = accounts.values().filter_map(|known| known.learned);
    let worked = worked.filter(|learned| learned.deactivation == Deactivation::Works);
    Ok(Sight {
        observation: read.map(|read| read.id.clone()),
        started: read.map(|read| read.started),
        age: read.map(|read| now.duration_since(read.started)),
        completeness: read.map(|read| read.completeness.clone()),
        unseen: match &connection.health {
            Health::Ok { .. } => None,
            Health::Unseen { reason, .. } => Some(reason.clone()),
        },
        forgotten: None,
        caller: probe.as_ref().map(|probe| probe.caller.id.clone()),
        roles: probe.map(|probe| probe.roles).unwrap_or_default(),
        can_deactivate: capabilities.deactivate != Ability::No,
        trail: None,
        invitation_lasts: capabilities
            .invitation_days
            .map(|days| SignedDuration::from_hours(24 * i64::from(days))),
        deactivation_worked: worked.map(|learned| learned.at).max(),
    })
}
