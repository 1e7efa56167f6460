//! The lists of a bundle.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::{
        checks::{Check, Company, Leaver},
        correlate::Match,
        evidence::report::{AppNumbers, LeaverNumbers},
    },
    model::{
        canonical::Digest,
        check::{Attached, CheckResult},
        id::{AccountId, AppName},
        journal::{Entry, Event},
        observation::Completeness,
        operation::{Run, RunState},
        plan::Action,
    },
};
use serde_json::{Value as Json, json};

use super::{bundle::Bundle, export::Material, pass::Passed};
use crate::{error::Result, store::records::ObservationRecord};

pub(super) fn policy_path(number: u64) -> String {
    format!("policies/{number:04}.yaml")
}

pub(super) fn attachment_path(digest: &Digest) -> String {
    format!("attachments/{digest}")
}

const ACCOUNTS: &[&str] = &[
    "app",
    "account",
    "login",
    "name",
    "person",
    "person_name",
    "role",
    "privileged",
    "status",
    "kind",
    "mfa",
    "created",
    "first_seen",
    "last_changed",
    "gone",
    "match",
];

/// Writes who has an account now. Gives how many are there and how many are gone, by app.
pub(super) fn accounts(
    company: &Company<'_>,
    material: &Material,
    bundle: &mut Bundle,
) -> Result<BTreeMap<AppName, (usize, usize)>> {
    let mut table = bundle.table("accounts", ACCOUNTS)?;
    let mut counts = BTreeMap::new();
    for facts in &company.apps {
        let world = facts.world;
        if !material.wanted.includes(world.app) {
            continue;
        }
        let (mut there, mut gone) = (0, 0);
        for (id, known) in world.accounts {
            let account = &known.account;
            let record = material.records.get(&(world.app.clone(), id.clone()));
            let matched = facts.correlation.matches.get(id);
            let person = match matched {
                Some(Match::Linked { person, .. }) => world.people.get(person),
                _ => None,
            };
            let role = account.role.as_ref();
            if known.gone.is_some() {
                gone += 1;
            } else {
                there += 1;
            }
            table.push(vec![
                json!(world.app),
                json!(id),
                json!(account.login),
                json!(account.name),
                json!(person.map(|person| &person.id)),
                json!(person.map(muster_domain::model::person::Person::name)),
                json!(role),
                json!(role.is_some_and(|role| world.sight.is_privileged(role))),
                json!(account.status),
                json!(account.kind),
                json!(account.mfa),
                json!(account.created),
                json!(record.map(|record| record.first_seen)),
                json!(record.map(|record| record.last_changed)),
                json!(known.gone),
                json!(matched),
            ])?;
        }
        counts.insert(world.app.clone(), (there, gone));
    }
    bundle.end(table)?;
    Ok(counts)
}

const OBSERVATIONS: &[&str] = &[
    "app",
    "observation",
    "started",
    "finished",
    "caller",
    "pages",
    "requests",
    "rows",
    "duplicates",
    "stated_total",
    "accounts",
    "reached_end",
    "complete",
    "why_not",
    "added",
    "changed",
    "gone",
    "page_sha256",
];

/// Writes the reads of the period, the last one, and those that the populations rest on.
pub(super) fn observations(
    material: &Material,
    passed: &Passed,
    bundle: &mut Bundle,
) -> Result<()> {
    let mut table = bundle.table("observations", OBSERVATIONS)?;
    let wanted = &material.wanted;
    for (app, reads) in &material.observations {
        let last = reads.last().map(|last| &last.id);
        for read in reads {
            let within = wanted.from <= read.header.finished && read.header.finished < wanted.to;
            if !within && Some(&read.id) != last && !passed.reads.contains(&read.id) {
                continue;
            }
            let (header, tally) = (&read.header, &read.header.tally);
            let why_not = match &header.completeness {
                Completeness::Proven => None,
                Completeness::Unproven { reason } => Some(reason),
            };
            table.push(vec![
                json!(app),
                json!(read.id),
                json!(header.started),
                json!(header.finished),
                json!(header.caller),
                json!(tally.pages),
                json!(tally.requests),
                json!(tally.rows),
                json!(tally.duplicates),
                json!(tally.stated_total),
                json!(read.seen),
                json!(tally.reached_end),
                json!(why_not.is_none()),
                json!(why_not),
                json!(read.added),
                json!(read.changed),
                json!(read.gone),
                json!(tally.page_digests),
            ])?;
        }
    }
    bundle.end(table)?;
    Ok(())
}

/// The last run that was to take each account away, whatever became of it.
pub(super) fn removals(runs: Vec<Run>) -> BTreeMap<(AppName, AccountId), Run> {
    let mut last: BTreeMap<(AppName, AccountId), Run> = BTreeMap::new();
    let takes = |run: &Run| {
        let action = &run.operation.action;
        matches!(action, Action::Deactivate { .. } | Action::Delete | Action::CancelInvite)
    };
    for run in runs.into_iter().filter(takes) {
        let Some(account) = run.account.clone() else { continue };
        let key = (run.operation.app.clone(), account);
        let rank = |run: &Run| (run.state.is_done(), run.changed);
        if last.get(&key).is_none_or(|known| rank(known) <= rank(&run)) {
            last.insert(key, run);
        }
    }
    last
}

fn removal<'m>(material: &'m Material, app: &AppName, id: &AccountId) -> Option<&'m Run> {
    material.removals.get(&(app.clone(), id.clone()))
}

/// When the journal says that a run came to one of `states`.
fn came_to(passed: &Passed, run: &Run, states: &[RunState]) -> Option<Timestamp> {
    let came = |state: &RunState| passed.came.get(&(run.id.clone(), state.word().to_owned()));
    states.iter().filter_map(came).min().copied()
}

/// When a read first showed that a leaver's account lets nobody in, if one did: the read-back of
/// the write that shut it out, else the read that found it so.
fn removed(material: &Material, passed: &Passed, leaver: &Leaver) -> Option<Timestamp> {
    let account = leaver.account.as_ref().filter(|account| account.shut)?;
    let run = removal(material, &leaver.app, &account.id);
    let verified = run.and_then(|run| came_to(passed, run, &DONE));
    verified.or(account.proved).or_else(|| {
        let record = material.records.get(&(leaver.app.clone(), account.id.clone()))?;
        Some(record.last_changed)
    })
}

/// The states in which a read showed the effect.
const DONE: [RunState; 2] = [RunState::Verified, RunState::AlreadySo];

const LEAVERS: &[&str] = &[
    "app",
    "person",
    "name",
    "left",
    "involuntary",
    "account",
    "login",
    "role",
    "privileged",
    "outcome",
    "delay_minutes",
    "allowed_minutes",
    "due",
    "removed",
    "action",
    "operation",
    "operation_state",
    "intended",
    "accepted",
    "verified",
    "approved_by",
];

pub(super) fn leavers(
    material: &Material,
    (leavers, passed): (&[Leaver], &Passed),
    bundle: &mut Bundle,
) -> Result<()> {
    let mut table = bundle.table("leavers", LEAVERS)?;
    for leaver in leavers {
        let shut = removed(material, passed, leaver);
        let (outcome, minutes) = leaver.removal(shut, material.now);
        let account = leaver.account.as_ref();
        let run = account.and_then(|account| removal(material, &leaver.app, &account.id));
        table.push(vec![
            json!(leaver.app),
            json!(leaver.person),
            json!(leaver.name),
            json!(leaver.left),
            json!(leaver.involuntary),
            json!(account.map(|account| &account.id)),
            json!(account.map(|account| &account.login)),
            json!(account.map(|account| &account.role)),
            json!(account.map(|account| account.privileged)),
            json!(outcome.word()),
            json!(minutes),
            json!(leaver.allowed_minutes()),
            json!(account.map(|account| account.due)),
            json!(shut),
            json!(run.map(|run| run.operation.action.word())),
            json!(run.map(|run| &run.id)),
            json!(run.map(|run| run.state)),
            json!(run.map(|run| run.intended)),
            json!(run.and_then(|run| came_to(passed, run, &[RunState::Accepted]))),
            json!(run.and_then(|run| came_to(passed, run, &DONE))),
            json!(run.and_then(|run| run.approved_by.clone())),
        ])?;
    }
    bundle.end(table)?;
    Ok(())
}

pub(super) const DECISIONS: &[&str] = &[
    "entry",
    "at",
    "by",
    "decision",
    "app",
    "account",
    "person",
    "operation",
    "reason",
    "file",
    "data",
];

/// A decision as a row.
pub(super) fn decision(
    entry: &Entry,
    attachments: &BTreeMap<Digest, (Attached, Option<Vec<u8>>)>,
) -> Vec<Json> {
    let data = &entry.data;
    let inner = ["exception", "attestation"].iter().find_map(|what| data.get(what));
    let of = |key: &str| data.get(key).or_else(|| inner?.get(key)).cloned();
    let file = of("file").and_then(|file| serde_json::from_value::<Attached>(file).ok());
    vec![
        json!(entry.seq),
        json!(entry.at),
        json!(entry.actor),
        json!(entry.event.word()),
        json!(entry.about.app),
        json!(entry.about.account),
        json!(entry.about.person),
        json!(entry.about.operation),
        of("reason").or_else(|| of("statement")).unwrap_or_default(),
        proof(attachments, file.as_ref()),
        data.clone(),
    ]
}

/// Whether an account was tied to a person by its address or id, without anybody's word.
pub(super) fn is_automatic(entry: &Entry) -> bool {
    let confirmed = entry.data.get("link").and_then(|link| link.get("confirmed"));
    entry.event == Event::AccountLinked && confirmed.is_some_and(Json::is_null)
}

/// Where an attached proof lies in the bundle.
fn proof(
    attachments: &BTreeMap<Digest, (Attached, Option<Vec<u8>>)>,
    file: Option<&Attached>,
) -> Json {
    let kept = file.and_then(|file| attachments.get(&file.sha256));
    let Some((file, Some(_))) = kept else { return Json::Null };
    json!(attachment_path(&file.sha256))
}

const EXCEPTIONS: &[&str] =
    &["id", "check", "unit", "reason", "owner", "by", "at", "until", "file_name", "file"];

pub(super) fn exceptions(material: &Material, passed: &Passed, bundle: &mut Bundle) -> Result<()> {
    let mut table = bundle.table("exceptions", EXCEPTIONS)?;
    for one in &material.exceptions {
        table.push(vec![
            json!(one.id),
            json!(one.check),
            json!(one.unit.to_string()),
            json!(one.reason),
            json!(one.owner),
            json!(one.by),
            json!(one.at),
            json!(one.until),
            json!(one.file.as_ref().map(|file| &file.name)),
            proof(&passed.attachments, one.file.as_ref()),
        ])?;
    }
    bundle.end(table)?;
    Ok(())
}

const ATTESTATIONS: &[&str] =
    &["id", "says", "app", "account", "statement", "by", "at", "until", "file_name", "file"];

pub(super) fn attestations(
    material: &Material,
    passed: &Passed,
    bundle: &mut Bundle,
) -> Result<()> {
    let mut table = bundle.table("attestations", ATTESTATIONS)?;
    for one in &material.attestations {
        table.push(vec![
            json!(one.id),
            json!(one.says.word()),
            json!(one.app),
            json!(one.account),
            json!(one.statement),
            json!(one.by),
            json!(one.at),
            json!(one.until),
            json!(one.file.as_ref().map(|file| &file.name)),
            proof(&passed.attachments, one.file.as_ref()),
        ])?;
    }
    bundle.end(table)?;
    Ok(())
}

pub(super) const CHECKS: &[&str] = &[
    "check",
    "title",
    "soc2",
    "iso27001",
    "unit",
    "subject",
    "person",
    "state",
    "rung",
    "severity",
    "cause",
    "since",
    "due",
    "exception",
    "attestation",
];

/// A result of `check` as a row.
pub(super) fn result(result: &CheckResult, check: &Check) -> Vec<Json> {
    vec![
        json!(result.check),
        json!(check.title),
        json!(check.soc2),
        json!(check.iso27001),
        json!(result.unit.to_string()),
        json!(result.subject),
        json!(result.person),
        json!(result.state.word()),
        json!(result.rung),
        json!(result.severity.word()),
        json!(result.cause),
        json!(result.since),
        json!(result.due),
        json!(result.exception),
        json!(result.attestation),
    ]
}

pub(super) const CHECK_CHANGES: &[&str] =
    &["entry", "at", "check", "app", "unit", "person", "from", "to", "severity", "since", "due"];

/// A change of a result as a row.
pub(super) fn check_change(entry: &Entry, change: &Json) -> Vec<Json> {
    let of = |key: &str| change.get(key).cloned().unwrap_or_default();
    let app = of("unit").get("app").cloned().unwrap_or_default();
    let told = ["unit", "person", "from", "to", "severity", "since", "due"].map(of);
    let mut row = vec![json!(entry.seq), json!(entry.at), of("check"), app];
    row.extend(told);
    row
}

/// The headings of the imports of people.
pub(super) const IMPORTS: &[&str] = &[
    "entry",
    "at",
    "by",
    "source",
    "format",
    "file",
    "file_sha256",
    "rows",
    "people",
    "added",
    "changed",
    "unmentioned",
];

/// An import of people as a row: what the population of people rests on.
pub(super) fn import(entry: &Entry) -> Vec<Json> {
    let of = |key: &str| entry.data.get(key).cloned().unwrap_or_default();
    let told = ["source", "format", "file", "digest", "rows", "people", "added", "changed"];
    let mut row = vec![json!(entry.seq), json!(entry.at), json!(entry.actor)];
    row.extend(told.map(of));
    row.push(of("unmentioned"));
    row
}

const POLICIES: &[&str] = &["number", "valid_from", "by", "digest", "text_sha256", "file"];

pub(super) fn policies(material: &Material, bundle: &mut Bundle) -> Result<()> {
    let mut table = bundle.table("policies", POLICIES)?;
    for policy in &material.policies {
        table.push(vec![
            json!(policy.number),
            json!(policy.at),
            json!(policy.by),
            json!(policy.digest),
            json!(Digest::of(policy.text.as_bytes())),
            json!(policy_path(policy.number)),
        ])?;
    }
    bundle.end(table)?;
    Ok(())
}

pub(super) fn app_numbers(
    material: &Material,
    counts: &BTreeMap<AppName, (usize, usize)>,
) -> Vec<AppNumbers> {
    let within = |at: Timestamp| material.wanted.from <= at && at < material.wanted.to;
    let proven = |read: &ObservationRecord| read.header.completeness == Completeness::Proven;
    let numbers = |(app, reads): (&AppName, &Vec<ObservationRecord>)| {
        let in_period = || reads.iter().filter(|read| within(read.header.finished));
        let (accounts, gone) = counts.get(app).copied().unwrap_or_default();
        AppNumbers {
            app: app.clone(),
            accounts,
            gone,
            reads: in_period().count(),
            proven: in_period().filter(|read| proven(read)).count(),
            last: reads.last().map(|read| (read.header.started, proven(read))),
        }
    };
    material.observations.iter().map(numbers).collect()
}

pub(super) fn leaver_numbers(
    material: &Material,
    (leavers, passed): (&[Leaver], &Passed),
) -> Vec<LeaverNumbers> {
    let numbers = |leaver: &Leaver| {
        let (outcome, minutes) = leaver.removal(removed(material, passed, leaver), material.now);
        LeaverNumbers {
            who: leaver.name.clone(),
            app: leaver.app.clone(),
            outcome,
            minutes,
            allowed: leaver.allowed_minutes(),
        }
    };
    leavers.iter().map(numbers).collect()
}
