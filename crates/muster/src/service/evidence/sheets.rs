//! The lists of a bundle.

use jiff::Timestamp;
use muster_domain::{
    engine::{
        checks::{self, Leaver},
        evidence::{
            extract::{self, Part},
            report::{AppNumbers, LeaverNumbers},
            sheet::Sheet,
        },
    },
    model::{
        canonical::Digest,
        check::Attached,
        id::{AccountId, AppName},
        journal::{Entry, Event},
        observation::Completeness,
        operation::{Run, RunState},
        plan::Action,
    },
};
use serde_json::{Value as Json, json};

use super::export::{Material, Member};

pub(super) fn policy_path(number: u64) -> String {
    format!("policies/{number:04}.yaml")
}

pub(super) fn attachment_path(digest: &Digest) -> String {
    format!("attachments/{digest}")
}

pub(super) fn accounts(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
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
    ]);
    for member in &material.judged.members {
        let Member { app, account, gone, privileged, person, matched } = member;
        let record = material.records.get(&(app.clone(), account.id.clone()));
        sheet.push(vec![
            json!(app),
            json!(account.id),
            json!(account.login),
            json!(account.name),
            json!(person.as_ref().map(|(id, _)| id)),
            json!(person.as_ref().map(|(_, name)| name)),
            json!(account.role),
            json!(privileged),
            json!(account.status),
            json!(account.kind),
            json!(account.mfa),
            json!(account.created),
            json!(record.map(|record| record.first_seen)),
            json!(record.map(|record| record.last_changed)),
            json!(gone),
            matched.clone(),
        ]);
    }
    sheet
}

pub(super) fn observations(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
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
    ]);
    for (app, reads) in &material.observations {
        for read in reads {
            let (header, tally) = (&read.header, &read.header.tally);
            let why_not = match &header.completeness {
                Completeness::Proven => None,
                Completeness::Unproven { reason } => Some(reason),
            };
            sheet.push(vec![
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
            ]);
        }
    }
    sheet
}

/// The last run that was to take an account away, whatever became of it.
fn removal<'m>(material: &'m Material, app: &AppName, id: &AccountId) -> Option<&'m Run> {
    let takes = |run: &&Run| {
        let action = &run.operation.action;
        let takes =
            matches!(action, Action::Deactivate { .. } | Action::Delete | Action::CancelInvite);
        takes && run.operation.app == *app && run.account.as_ref() == Some(id)
    };
    material.runs.iter().filter(takes).max_by_key(|run| (run.state.is_done(), run.changed))
}

/// When the journal says that a run came to one of `states`.
fn came_to(material: &Material, run: &Run, states: &[RunState]) -> Option<Timestamp> {
    let words: Vec<&str> = states.iter().map(|state| state.word()).collect();
    let is = |entry: &&Entry| {
        let state = entry.data.get("state").and_then(Json::as_str);
        entry.about.operation.as_ref() == Some(&run.id)
            && entry.event == Event::OperationChanged
            && state.is_some_and(|state| words.contains(&state))
    };
    material.entries.iter().find(is).map(|entry| entry.at)
}

/// When a read first showed that a leaver's account lets nobody in, if one did: the read-back of
/// the write that shut it out, else the read that found it so.
fn removed(material: &Material, leaver: &Leaver) -> Option<Timestamp> {
    let account = leaver.account.as_ref().filter(|account| account.shut)?;
    let run = removal(material, &leaver.app, &account.id);
    let verified = run.and_then(|run| came_to(material, run, &DONE));
    verified.or(account.proved).or_else(|| {
        let record = material.records.get(&(leaver.app.clone(), account.id.clone()))?;
        Some(record.last_changed)
    })
}

/// The states in which a read showed the effect.
const DONE: [RunState; 2] = [RunState::Verified, RunState::AlreadySo];

pub(super) fn leavers(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
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
    ]);
    for leaver in &material.judged.leavers {
        let shut = removed(material, leaver);
        let (outcome, minutes) = leaver.removal(shut, material.now);
        let account = leaver.account.as_ref();
        let run = account.and_then(|account| removal(material, &leaver.app, &account.id));
        sheet.push(vec![
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
            json!(run.and_then(|run| came_to(material, run, &[RunState::Accepted]))),
            json!(run.and_then(|run| came_to(material, run, &DONE))),
            json!(run.and_then(|run| run.approved_by.clone())),
        ]);
    }
    sheet
}

pub(super) fn decisions(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
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
    ]);
    for entry in material.told() {
        let meant = |app: &AppName| entry.about.app.as_ref().is_none_or(|about| about == app);
        if extract::part(entry.event) != Part::Decision
            || is_automatic(entry)
            || !material.wanted.app.as_ref().is_none_or(meant)
        {
            continue;
        }
        let data = &entry.data;
        let inner = ["exception", "attestation"].iter().find_map(|what| data.get(what));
        let of = |key: &str| data.get(key).or_else(|| inner?.get(key)).cloned();
        let file = of("file").and_then(|file| serde_json::from_value::<Attached>(file).ok());
        sheet.push(vec![
            json!(entry.seq),
            json!(entry.at),
            json!(entry.actor),
            json!(entry.event.word()),
            json!(entry.about.app),
            json!(entry.about.account),
            json!(entry.about.person),
            json!(entry.about.operation),
            of("reason").or_else(|| of("statement")).unwrap_or_default(),
            proof(material, file.as_ref()),
            data.clone(),
        ]);
    }
    sheet
}

/// Whether an account was tied to a person by its address or id, without anybody's word.
fn is_automatic(entry: &Entry) -> bool {
    let confirmed = entry.data.get("link").and_then(|link| link.get("confirmed"));
    entry.event == Event::AccountLinked && confirmed.is_some_and(Json::is_null)
}

/// Where an attached proof lies in the bundle.
fn proof(material: &Material, file: Option<&Attached>) -> Json {
    let kept = file.and_then(|file| material.attachments.get(&file.sha256));
    let Some((file, Some(_))) = kept else { return Json::Null };
    json!(attachment_path(&file.sha256))
}

pub(super) fn exceptions(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
        "id",
        "check",
        "unit",
        "reason",
        "owner",
        "by",
        "at",
        "until",
        "file_name",
        "file",
    ]);
    for one in &material.exceptions {
        sheet.push(vec![
            json!(one.id),
            json!(one.check),
            json!(one.unit.to_string()),
            json!(one.reason),
            json!(one.owner),
            json!(one.by),
            json!(one.at),
            json!(one.until),
            json!(one.file.as_ref().map(|file| &file.name)),
            proof(material, one.file.as_ref()),
        ]);
    }
    sheet
}

pub(super) fn attestations(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
        "id",
        "says",
        "app",
        "account",
        "statement",
        "by",
        "at",
        "until",
        "file_name",
        "file",
    ]);
    for one in &material.attestations {
        sheet.push(vec![
            json!(one.id),
            json!(one.says.word()),
            json!(one.app),
            json!(one.account),
            json!(one.statement),
            json!(one.by),
            json!(one.at),
            json!(one.until),
            json!(one.file.as_ref().map(|file| &file.name)),
            proof(material, one.file.as_ref()),
        ]);
    }
    sheet
}

pub(super) fn checks(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
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
    ]);
    for result in &material.judged.evaluation.results {
        let check = checks::by_name(&result.check);
        sheet.push(vec![
            json!(result.check),
            json!(check.map(|check| check.title)),
            json!(check.map(|check| check.soc2)),
            json!(check.map(|check| check.iso27001)),
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
        ]);
    }
    sheet
}

pub(super) fn check_changes(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&[
        "entry", "at", "check", "app", "unit", "person", "from", "to", "severity", "since", "due",
    ]);
    for entry in material.told().filter(|entry| entry.event == Event::ChecksChanged) {
        let changes = entry.data.get("changes").and_then(Json::as_array);
        for change in changes.into_iter().flatten() {
            let of = |key: &str| change.get(key).cloned().unwrap_or_default();
            let app = of("unit").get("app").cloned().unwrap_or_default();
            let meant = |one: &AppName| app.is_null() || app == json!(one);
            if change.is_null() || !material.wanted.app.as_ref().is_none_or(meant) {
                continue;
            }
            sheet.push(vec![
                json!(entry.seq),
                json!(entry.at),
                of("check"),
                app,
                of("unit"),
                of("person"),
                of("from"),
                of("to"),
                of("severity"),
                of("since"),
                of("due"),
            ]);
        }
    }
    sheet
}

pub(super) fn policies(material: &Material) -> Sheet {
    let mut sheet = Sheet::new(&["number", "valid_from", "by", "digest", "text_sha256", "file"]);
    for policy in &material.policies {
        sheet.push(vec![
            json!(policy.number),
            json!(policy.at),
            json!(policy.by),
            json!(policy.digest),
            json!(Digest::of(policy.text.as_bytes())),
            json!(policy_path(policy.number)),
        ]);
    }
    sheet
}

pub(super) fn app_numbers(material: &Material) -> Vec<AppNumbers> {
    let within = |at: Timestamp| material.wanted.from <= at && at < material.wanted.to;
    let numbers = |(app, reads): (&AppName, &Vec<_>)| {
        let reads: &Vec<crate::store::records::ObservationRecord> = reads;
        let proven = |completeness: &Completeness| *completeness == Completeness::Proven;
        let mine = || material.judged.members.iter().filter(|member| member.app == *app);
        let in_period = || reads.iter().filter(|read| within(read.header.finished));
        AppNumbers {
            app: app.clone(),
            accounts: mine().filter(|member| member.gone.is_none()).count(),
            gone: mine().filter(|member| member.gone.is_some()).count(),
            reads: in_period().count(),
            proven: in_period().filter(|read| proven(&read.header.completeness)).count(),
            last: reads.last().map(|read| (read.header.started, proven(&read.header.completeness))),
        }
    };
    material.observations.iter().map(numbers).collect()
}

pub(super) fn leaver_numbers(material: &Material) -> Vec<LeaverNumbers> {
    let numbers = |leaver: &Leaver| {
        let (outcome, minutes) = leaver.removal(removed(material, leaver), material.now);
        LeaverNumbers {
            who: leaver.name.clone(),
            app: leaver.app.clone(),
            outcome,
            minutes,
            allowed: leaver.allowed_minutes(),
        }
    };
    material.judged.leavers.iter().map(numbers).collect()
}
