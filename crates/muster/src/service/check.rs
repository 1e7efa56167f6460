//! Checks: asking all of them of all that is known, keeping their clocks, and journaling what
//! changed. Nothing is asked of any app.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use muster_domain::{
    engine::{
        checks::{
            self, Answerers, BlindSpot, Check, Company, Detail, Evaluation, Facts, Out, SourceAge,
        },
        correlate::Correlation,
        lifecycle::PersonState,
        plan,
        world::World,
    },
    model::{
        check::{CheckResult, CheckState},
        id::{AccountId, AppName},
        journal::{About, Event},
    },
};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{Muster, situation::Situation, why::state_at};
use crate::{
    error::{Error, Result},
    store::records::JournalFilter,
};

/// How many changes one journal entry tells.
const TOLD_TOGETHER: usize = 200;

/// One result with everything it rests on.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The check's title.
    pub title: &'static str,
    /// What is asked.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// The result.
    pub result: CheckResult,
    /// Exactly what it was judged by.
    pub inputs: Json,
    /// How the result changed, oldest first.
    pub changes: Vec<Change>,
}

/// A change of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// The state before.
    pub from: Option<CheckState>,
    /// The state after; `None` when it passes, or the question does not arise any more.
    pub to: Option<CheckState>,
}

impl Muster {
    /// What every check finds now. Nothing is written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge(&self, detail: Detail) -> Result<Evaluation> {
        self.with_company(|company| checks::evaluate(company, detail)).await
    }

    /// Does something with everything that checks look at.
    pub(super) async fn with_company<T>(&self, work: impl FnOnce(&Company<'_>) -> T) -> Result<T> {
        let now = self.env.now();
        let policy = self.policy_or_none().await?;
        let people = Arc::new(self.people().await?);
        let mut situations: Vec<Situation> = Vec::new();
        for connection in self.store.connections().await? {
            let people = Arc::clone(&people);
            situations.push(self.situation_with(&connection.app, policy.clone(), people).await?);
        }
        let worlds = situations.iter().map(|one| one.world(now)).collect::<Result<Vec<_>>>()?;
        let correlations: Vec<_> = worlds.iter().map(plan::correlation).collect();
        let orders = self.store.orders().await?;
        let mut outs = Vec::new();
        for (world, correlation) in worlds.iter().zip(&correlations) {
            outs.push(self.outs(world, correlation).await?);
        }
        let facts =
            worlds.iter().zip(&correlations).zip(outs).map(|((world, correlation), outs)| {
                let critical = checks::effective(&policy, &orders, world.app);
                Facts::new(world, correlation, critical).remembering(outs)
            });
        let sources = self.store.sources().await?.into_iter();
        let sources: Vec<_> = sources
            .map(|source| SourceAge { name: source.name, believed: source.imported_at })
            .collect();
        let known = self.store.check_results().await?;
        let clocks = known
            .into_iter()
            .filter_map(|(what, result)| Some((what, result.clock()?)))
            .collect::<BTreeMap<_, _>>();
        let company = Company {
            policy: &policy,
            people: &people,
            orders: &orders,
            apps: facts.collect(),
            answerers: Answerers::of(&orders, &people, (&policy, now)),
            sources: &sources,
            clocks: &clocks,
            now,
        };
        Ok(work(&company))
    }

    /// When the accounts of leavers who have one that lets in were shut out, as the journal tells.
    async fn outs(
        &self,
        world: &World<'_>,
        correlation: &Correlation,
    ) -> Result<BTreeMap<AccountId, Out>> {
        let lets_in = |id: &AccountId| {
            let known = world.accounts.get(id);
            known.is_some_and(|known| known.gone.is_none() && known.account.status.may_sign_in())
        };
        let mut outs = BTreeMap::new();
        for (person, accounts) in correlation.holders(world.people) {
            // The app may let her go earlier or later on the day than others.
            let leaves = |person| match state_at(person, world.policy, world.now) {
                PersonState::Ended { .. }
                | PersonState::Withdrawn
                | PersonState::Leaving { .. } => true,
                PersonState::Active
                | PersonState::OnLeave
                | PersonState::Prospective { .. }
                | PersonState::Unknown { .. } => false,
            };
            if !person.is_some_and(leaves) || !accounts.iter().any(lets_in) {
                continue;
            }
            for id in accounts {
                outs.extend(self.out(world.app, id).await?.map(|out| (id.clone(), out)));
            }
        }
        Ok(outs)
    }

    /// When an account was last shut out, whoever did it, and when it was let in again.
    async fn out(&self, app: &AppName, id: &AccountId) -> Result<Option<Out>> {
        let filter = JournalFilter {
            event: Some(Event::AccountsChanged),
            app: Some(app.clone()),
            account: Some(id.clone()),
            ..JournalFilter::default()
        };
        Ok(Out::of(id, self.store.journal(&filter).await?.iter()))
    }

    /// Asks every check, keeps since when what is wrong has been wrong, and journals what changed.
    /// Writes nothing when nothing did.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run_checks(&self) -> Result<Evaluation> {
        let evaluation = self.judge(Detail::Notable).await?;
        let known = self.store.check_results().await?;
        let found: BTreeMap<String, &CheckResult> = evaluation
            .results
            .iter()
            .map(|result| (checks::key(&result.check, &result.unit), result))
            .collect();
        let told = |result: &CheckResult| (result.state, result.rung, result.since, result.due);
        let (went, unasked) = gone(&known, &found, &evaluation);
        let changed: BTreeMap<String, &CheckResult> = found
            .iter()
            .map(|(what, result)| (what, *result))
            .chain(unasked.iter())
            .filter(|(what, result)| known.get(*what).is_none_or(|old| old != *result))
            .map(|(what, result)| (what.clone(), result))
            .collect();
        if changed.is_empty() && went.is_empty() {
            return Ok(evaluation);
        }
        // Another wording is no news.
        let news = changed
            .iter()
            .filter(|(what, result)| known.get(*what).is_none_or(|old| told(old) != told(result)));
        let mut changes: Vec<Json> =
            news.map(|(what, result)| change(known.get(what), Some(result))).collect();
        changes.extend(went.iter().map(|what| change(known.get(what), None)));
        let mut tx = self.begin();
        tx.put_check_results(&changed);
        tx.settle_checks(went);
        let tallies = tallies(&evaluation);
        if changes.is_empty() {
            changes.push(Json::Null);
        }
        for chunk in changes.chunks(TOLD_TOGETHER) {
            let data = json!({ "changes": chunk, "tallies": tallies });
            tx.journal(Event::ChecksChanged, About::default(), data);
        }
        tx.commit().await?;
        Ok(evaluation)
    }

    /// Why `check` says what it says of `unit`: a unit as it is printed, or a login or name.
    ///
    /// # Errors
    /// When there is no such check or unit, or several.
    pub async fn explain_check(&self, check: &str, unit: &str) -> Result<Explained> {
        let check = known(check)?;
        let wanted = unit.trim();
        let (mut found, more) = self
            .with_company(|company| {
                let evaluation = checks::evaluate(company, Detail::Of(check.name));
                let is = |result: &CheckResult| {
                    result.unit.to_string() == wanted
                        || result.subject.eq_ignore_ascii_case(wanted)
                        || result.unit.app.as_ref().is_some_and(|app| {
                            format!("{app}/{}", result.subject).eq_ignore_ascii_case(wanted)
                        })
                };
                let mut found = evaluation.results.into_iter().filter(is);
                let first = found.next().map(|result| {
                    let inputs = checks::Inputs::new(company).of(&result.unit);
                    (result, inputs)
                });
                (first, found.next())
            })
            .await?;
        if let (Some((one, _)), Some(other)) = (&found, &more) {
            return Err(Error::Invalid(format!(
                "{wanted} may be {} or {}; name the one you mean",
                one.unit, other.unit
            )));
        }
        let Some((result, inputs)) = found.take() else {
            return Err(Error::NotFound(format!(
                "{} is asked of no unit {wanted:?}; see muster check {} --all",
                check.name, check.name
            )));
        };
        let changes = self.check_changes(check.name, &result).await?;
        Ok(Explained {
            title: check.title,
            what: check.what,
            why: check.why,
            result,
            inputs,
            changes,
        })
    }

    async fn check_changes(&self, check: &str, result: &CheckResult) -> Result<Vec<Change>> {
        let unit = serde_json::to_value(&result.unit)?;
        let mut changes = Vec::new();
        let filter =
            JournalFilter { event: Some(Event::ChecksChanged), ..JournalFilter::default() };
        for entry in self.store.journal(&filter).await? {
            let told = entry.data.get("changes").and_then(Json::as_array);
            for one in told.into_iter().flatten() {
                if one.get("check").and_then(Json::as_str) != Some(check)
                    || one.get("unit") != Some(&unit)
                {
                    continue;
                }
                let state = |key: &str| {
                    one.get(key).and_then(|state| serde_json::from_value(state.clone()).ok())
                };
                changes.push(Change { at: entry.at, from: state("from"), to: state("to") });
            }
        }
        Ok(changes)
    }

    /// What cannot be told, and the cheapest way to see.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn blind_spots(&self) -> Result<Vec<BlindSpot>> {
        Ok(checks::blind_spots(&self.judge(Detail::Notable).await?))
    }
}

/// The check called `name`.
///
/// # Errors
/// When there is none.
pub fn known(name: &str) -> Result<&'static Check> {
    checks::by_name(name).ok_or_else(|| {
        let names: Vec<_> = checks::ALL.iter().map(|check| check.name).collect();
        Error::NotFound(format!("there is no check {name:?}; there are {}", names.join(", ")))
    })
}

/// Of what was wrong and is not found so any more: what is no longer wrong; and what is not asked
/// any more, as it stands from now on. A setting of ours (a check that is off, an app that is not
/// critical) puts nothing right, so that it stops no clock.
fn gone(
    known: &BTreeMap<String, CheckResult>,
    found: &BTreeMap<String, &CheckResult>,
    evaluation: &Evaluation,
) -> (Vec<String>, BTreeMap<String, CheckResult>) {
    let asked: BTreeSet<(&str, Option<&AppName>)> =
        evaluation.tallies.keys().map(|(check, app)| (check.as_str(), app.as_ref())).collect();
    let (mut went, mut unasked) = (Vec::new(), BTreeMap::new());
    for (what, result) in known.iter().filter(|(what, _)| !found.contains_key(*what)) {
        if asked.contains(&(result.check.as_str(), result.unit.app.as_ref())) {
            went.push(what.clone());
            continue;
        }
        let result = CheckResult {
            state: CheckState::NotApplicable,
            rung: None,
            cause: "the check is not asked of it now; its clock goes on".to_owned(),
            remedy: String::new(),
            exception: None,
            attestation: None,
            ..result.clone()
        };
        unasked.insert(what.clone(), result);
    }
    (went, unasked)
}

fn change(from: Option<&CheckResult>, to: Option<&CheckResult>) -> Json {
    let Some(result) = to.or(from) else { return Json::Null };
    json!({
        "check": result.check,
        "unit": result.unit,
        "person": result.person,
        "severity": result.severity,
        "from": from.map(|from| from.state),
        "to": to.map(|to| to.state),
        "rung": to.and_then(|to| to.rung),
        "since": to.and_then(|to| to.since),
        "due": to.and_then(|to| to.due),
        "seen": to.and_then(|to| to.seen),
    })
}

/// How many units of each check are in which state: what a trend is drawn from.
fn tallies(evaluation: &Evaluation) -> Vec<Json> {
    evaluation
        .tallies
        .iter()
        .map(|((check, app), tally)| json!({ "check": check, "app": app, "states": tally }))
        .collect()
}
