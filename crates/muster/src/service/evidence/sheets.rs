//! The lists of a bundle.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::{
        checks::{self, Check, Company},
        correlate::Match,
        evidence::{manifest::ATTACHMENTS, page::Listing, report::AppNumbers},
    },
    model::{
        canonical::Digest,
        check::{Attached, Attestation, CheckResult, CheckState, Exception},
        id::{AppName, OrderId},
        journal::{Entry, Event},
        observation::Completeness,
    },
};
use serde_json::{Value as Json, json};

use super::{
    bundle::{Bundle, Table},
    export::Material,
    lists::Printed,
    pass::Passed,
};
use crate::{
    error::{Error, Result},
    service::policy,
    store::records::ObservationRecord,
};

pub(super) fn policy_path(number: u64) -> String {
    format!("policies/{number:04}.yaml")
}

pub(super) fn attachment_path(digest: &Digest) -> String {
    format!("{ATTACHMENTS}{digest}")
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

/// What is printed of the row of a decision.
pub(super) fn printed(row: &[Json]) -> Vec<Json> {
    let of = |heading: &str| {
        let place = DECISIONS.iter().position(|one| *one == heading);
        place.and_then(|place| row.get(place)).cloned().unwrap_or_default()
    };
    let reason = Some(of("reason")).filter(|reason| !reason.is_null());
    let mut cells = ["at", "by", "decision", "app", "account", "person"].map(of).to_vec();
    cells.push(reason.unwrap_or_else(|| of("data")));
    cells
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

const EXCEPTIONS: &[&str] = &[
    "id",
    "check",
    "unit",
    "reason",
    "owner",
    "by",
    "at",
    "until",
    "ended",
    "ended_by",
    "file_name",
    "file",
];

/// Somebody who took something back, and when.
type By<'a> = Option<(Timestamp, &'a str)>;

/// Something that a named person answers for, in force for a while, as a row of its list.
struct Word<'a> {
    id: &'a OrderId,
    at: Timestamp,
    until: Timestamp,
    /// What it says, as it is printed.
    says: Vec<Json>,
    /// Who made it, where that is not printed.
    by: Option<&'a str>,
    file: Option<&'a Attached>,
}

impl<'a> From<&'a Exception> for Word<'a> {
    fn from(one: &'a Exception) -> Self {
        Self {
            id: &one.id,
            at: one.at,
            until: one.until,
            says: vec![
                json!(one.check),
                json!(one.unit.to_string()),
                json!(one.reason),
                json!(one.owner),
            ],
            by: Some(&one.by),
            file: one.file.as_ref(),
        }
    }
}

/// Writes the exceptions that were in force in the period.
pub(super) fn exceptions(
    material: &Material,
    passed: &Passed,
    bundle: &mut Bundle,
) -> Result<Listing> {
    let printed = Printed::exceptions(bundle, &material.zone);
    let table = bundle.table("exceptions", EXCEPTIONS)?;
    let all = (material.exceptions.iter(), passed.exceptions.iter());
    let words =
        in_force(all.0.map(Word::from), all.1.map(|one| (Word::from(&one.what), one.back())));
    write_words(words, passed, (table, printed), bundle)
}

impl<'a> From<&'a Attestation> for Word<'a> {
    fn from(one: &'a Attestation) -> Self {
        Self {
            id: &one.id,
            at: one.at,
            until: one.until,
            says: vec![
                json!(one.says.word()),
                json!(one.app),
                json!(one.account),
                json!(one.statement),
                json!(one.by),
            ],
            by: None,
            file: one.file.as_ref(),
        }
    }
}

/// Writes the attestations that were in force in the period.
pub(super) fn attestations(
    material: &Material,
    passed: &Passed,
    bundle: &mut Bundle,
) -> Result<Listing> {
    let printed = Printed::attestations(bundle, &material.zone);
    let table = bundle.table("attestations", ATTESTATIONS)?;
    let all = (material.attestations.iter(), passed.attestations.iter());
    let words =
        in_force(all.0.map(Word::from), all.1.map(|one| (Word::from(&one.what), one.back())));
    write_words(words, passed, (table, printed), bundle)
}

/// What stands, and what was taken back before its time; the oldest first.
fn in_force<'a>(
    stands: impl Iterator<Item = Word<'a>>,
    ended: impl Iterator<Item = (Word<'a>, By<'a>)>,
) -> Vec<(Word<'a>, By<'a>)> {
    let mut all: Vec<_> = stands.map(|one| (one, None)).chain(ended).collect();
    all.sort_by_key(|(one, _)| (one.at, one.id.clone()));
    all
}

/// Writes and prints what somebody answers for.
fn write_words(
    words: Vec<(Word<'_>, By<'_>)>,
    passed: &Passed,
    (mut table, mut printed): (Table, Printed),
    bundle: &mut Bundle,
) -> Result<Listing> {
    for (Word { id, at, until, says, by, file }, back) in words {
        let mut line = says.clone();
        line.extend([json!(at), json!(until), taken_back(back)]);
        printed.push(&line);
        let mut row = vec![json!(id)];
        row.extend(says);
        row.extend(by.map(|by| json!(by)));
        let (back_at, back_by) = back.unzip();
        row.extend([json!(at), json!(until), json!(back_at), json!(back_by)]);
        row.extend([json!(file.map(|file| &file.name)), proof(&passed.attachments, file)]);
        table.push(row)?;
    }
    bundle.end(table)?;
    Ok(printed.listing)
}

/// When something was taken back and by whom, in words.
fn taken_back(ended: By<'_>) -> Json {
    json!(ended.map(|(at, by)| format!("{} by {by}", at.strftime("%Y-%m-%d %H:%M UTC"))))
}

const ATTESTATIONS: &[&str] = &[
    "id",
    "says",
    "app",
    "account",
    "statement",
    "by",
    "at",
    "until",
    "withdrawn",
    "withdrawn_by",
    "file_name",
    "file",
];

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

/// What is printed of a result: only what is to be put right.
pub(super) fn print_result(printed: &mut Printed, result: &CheckResult) {
    if matches!(result.state, CheckState::Fail | CheckState::Due) {
        printed.push(&[
            json!(result.check),
            json!(result.subject),
            json!(result.state.word()),
            json!(result.since),
            json!(result.due),
            json!(result.cause),
        ]);
    }
}

const CHECKS_OFF: &[&str] =
    &["check", "title", "soc2", "iso27001", "severity", "policy", "from", "until"];

/// Writes which checks were switched off in the period, and by which policy from when until when.
pub(super) fn checks_off(material: &Material, bundle: &mut Bundle) -> Result<()> {
    let mut table = bundle.table("checks_off", CHECKS_OFF)?;
    let next = material.policies.iter().skip(1).map(|next| Some(next.at)).chain([None]);
    for (version, until) in material.policies.iter().zip(next) {
        let policy = policy::check(&version.text).map_err(|_| {
            Error::Invalid(format!(
                "policy {} is not understood by this version of Muster, so that nobody knows which \
                 checks it switched off; make the bundle with the version that applied it",
                version.number
            ))
        })?;
        for check in checks::switched_off(&policy) {
            table.push(vec![
                json!(check.name),
                json!(check.title),
                json!(check.soc2),
                json!(check.iso27001),
                json!(check.severity.word()),
                json!(version.number),
                json!(version.at),
                json!(until),
            ])?;
        }
    }
    bundle.end(table)?;
    Ok(())
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
