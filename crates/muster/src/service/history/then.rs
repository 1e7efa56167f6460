//! The situation as it was known, and what another policy would have made of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use muster_domain::{
    engine::{
        backtest::{self, Backtest, Difference},
        checks::{self, Company, Detail, Evaluation, Facts, SourceAge},
        history::{Known, table},
        plan,
        world::{KnownAccount, Sight},
    },
    model::{
        id::{AppName, SourceName},
        journal::Event,
        operation::Deactivation,
        policy::{AppPolicy, Policy},
    },
};

use super::access::policy_of;
use crate::{
    connector::{Ability, Probe},
    error::{Error, Result},
    service::{Muster, connect::known as connector, policy, situation::Situation},
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
        let mut backtest = Backtest::default();
        for now in moments {
            unrolling.until(Some(now)).await?;
            // Before there was a policy there is nothing to compare with.
            let Some(valid) = policy_of(&unrolling.known) else { continue };
            let was = then(&unrolling.known, &valid, (trial.app.as_ref(), now))?;
            let is = then(&unrolling.known, &tried, (trial.app.as_ref(), now))?;
            for (was, is) in was.iter().zip(&is) {
                backtest.look(&was.world(now)?, &is.world(now)?);
            }
            let was = judge(&unrolling.known, &valid, (&was, now))?;
            let is = judge(&unrolling.known, &tried, (&is, now))?;
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
        let known = self.known(Some(*to)).await?;
        let valid = policy_of(&known).unwrap_or_else(Policy::none);
        for policy in [&valid, tried] {
            for situation in then(&known, policy, (app.as_ref(), *to))? {
                moments.extend(backtest::due(&situation.world(*to)?, *from, *to));
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

/// The situation of each app as it was known, under `policy`.
fn then(
    known: &Known,
    policy: &Policy,
    (only, now): (Option<&AppName>, Timestamp),
) -> Result<Vec<Situation>> {
    let people = Arc::new(known.people()?);
    let orders = known.orders()?;
    let heard: BTreeMap<SourceName, Timestamp> =
        sources(known)?.into_iter().map(|source| (source.name, source.imported_at)).collect();
    let mut situations = Vec::new();
    for app in known.apps() {
        if only.is_some_and(|only| *only != app) {
            continue;
        }
        let Some(connection) = connection(known, &app)? else { continue };
        let mut policy = policy.clone();
        let unruled = || AppPolicy::observe_only(&connection.connector);
        policy.apps.entry(app.clone()).or_insert_with(unruled);
        let accounts = accounts(known, &app)?;
        situations.push(Situation {
            sight: sight(known, &connection, &accounts, now)?,
            policy,
            people: Arc::clone(&people),
            links: known.links(&app)?,
            runs: known.runs(&app)?,
            approvals: known.approvals(&app, now)?,
            orders: orders.clone(),
            heard: heard.clone(),
            accounts,
            app,
        });
    }
    Ok(situations)
}

fn connection(known: &Known, app: &AppName) -> Result<Option<Connection>> {
    let rows = known.rows(table::CONNECTIONS);
    let doc = rows.and_then(|rows| rows.get(&vec![app.to_string()]));
    Ok(doc.map(|doc| serde_json::from_value(doc.clone())).transpose()?)
}

fn sources(known: &Known) -> Result<Vec<SourceRecord>> {
    let rows = known.rows(table::SOURCES).into_iter().flatten();
    rows.map(|(_, doc)| Ok(serde_json::from_value(doc.clone())?)).collect()
}

type Accounts = BTreeMap<muster_domain::model::id::AccountId, KnownAccount>;

fn accounts(known: &Known, app: &AppName) -> Result<Accounts> {
    let mut accounts = Accounts::new();
    for (id, seen) in known.accounts.get(app).into_iter().flatten() {
        accounts.insert(
            id.clone(),
            KnownAccount {
                account: seen.account.clone(),
                gone: seen.gone,
                learned: known.learned(app, id)?,
                work: known.work.get(&(app.clone(), id.clone())).cloned().map(Box::new),
                // The journal does not tell when people signed in.
                activity: None,
            },
        );
    }
    Ok(accounts)
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

/// What every check would have found.
fn judge(
    known: &Known,
    policy: &Policy,
    (situations, now): (&[Situation], Timestamp),
) -> Result<Evaluation> {
    let (people, orders) = (known.people()?, known.orders()?);
    let worlds = situations.iter().map(|one| one.world(now)).collect::<Result<Vec<_>>>()?;
    let correlations: Vec<_> = worlds.iter().map(plan::correlation).collect();
    let facts = worlds.iter().zip(&correlations).map(|(world, correlation)| {
        let critical = checks::effective(policy, &orders, world.app);
        Facts::new(world, correlation, critical)
    });
    let sources: Vec<_> = sources(known)?
        .into_iter()
        .map(|source| SourceAge { name: source.name, believed: source.imported_at })
        .collect();
    let clocks = known.checks.iter();
    let clocks = clocks.filter_map(|(key, one)| Some((key.clone(), one.clock()?))).collect();
    let company = Company {
        policy,
        people: &people,
        orders: &orders,
        apps: facts.collect(),
        sources: &sources,
        clocks: &clocks,
        now,
    };
    Ok(checks::evaluate(&company, Detail::Notable))
}
