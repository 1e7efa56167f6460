//! The leavers of a period against the removal of their access.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::{
        checks::{Ending, Leaver, LeaverAccount},
        evidence::{
            leaving::{EndTold, LetIn, TieTold},
            report::LeaverNumbers,
        },
    },
    model::{
        id::{AccountId, AppName},
        operation::{Run, RunState},
        plan::Action,
    },
};
use serde_json::json;

use super::{bundle::Bundle, export::Material, pass::Passed};
use crate::error::Result;

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

/// When the journal says that a run came to one of `states`.
fn came_to(passed: &Passed, run: &Run, states: &[RunState]) -> Option<Timestamp> {
    let came = |state: &RunState| passed.came.get(&(run.id.clone(), state.word().to_owned()));
    states.iter().filter_map(came).min().copied()
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
    "let_in_again",
    "end_told",
    "tie_told",
    "came_back",
    "action",
    "operation",
    "operation_state",
    "intended",
    "accepted",
    "verified",
    "approved_by",
];

const ACCESS: &[&str] = &[
    "app",
    "person",
    "account",
    "left",
    "let_in",
    "let_in_entry",
    "shut_out",
    "shut_out_entry",
    "roles",
];

/// What was told of an end, in words.
fn told(words: &[EndTold]) -> String {
    let say = |(n, word): (usize, &EndTold)| {
        let EndTold { at, by, entry, end, into } = word;
        let what = match (end, into, n) {
            (Some(end), _, 0) => format!("end {end} told"),
            (Some(end), _, _) => format!("changed to {end}"),
            (None, Some(into), _) => format!("merged into {into}"),
            (None, None, _) => "taken back".to_owned(),
        };
        format!("{what} by {by} at {at} (entry {entry})")
    };
    words.iter().enumerate().map(say).collect::<Vec<_>>().join("; ")
}

/// What was said of whose an account is, in words.
fn ties(words: &[TieTold]) -> String {
    let say = |word: &TieTold| {
        let TieTold { at, by, entry, says } = word;
        format!("{says} by {by} at {at} (entry {entry})")
    };
    words.iter().map(say).collect::<Vec<_>>().join("; ")
}

/// Writes the leavers, and when each of their accounts let in from the leaving on.
pub(super) fn write(
    material: &Material,
    (leavers, passed): (&[Leaver], &Passed),
    bundle: &mut Bundle,
) -> Result<()> {
    let mut table = bundle.table("leavers", LEAVERS)?;
    let mut access = bundle.table("leaver_access", ACCESS)?;
    for leaver in leavers {
        let (outcome, minutes) = leaver.removal(material.now);
        let account = leaver.account.as_ref();
        let key = account.map(|account| (leaver.app.clone(), account.id.clone()));
        let run = key.and_then(|key| material.removals.get(&key));
        let later = account.map(|account| since(account, leaver.left)).unwrap_or_default();
        // The first time that it was seen is no coming back in.
        let first = account.and_then(|account| account.let_in.first());
        let anew = |one: &&&LetIn| leaver.left < one.from.0 && Some(**one) != first;
        let again = later.iter().filter(anew).count();
        let back = match leaver.ending {
            Ending::CameBack(back) => Some(back),
            Ending::Stands | Ending::Undone(_) => None,
        };
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
            json!(account.map(|account| account.removed)),
            json!(account.map(|_| again)),
            json!(told(&leaver.told)),
            json!(account.map(|account| ties(&account.tied))),
            json!(back),
            json!(run.map(|run| run.operation.action.word())),
            json!(run.map(|run| &run.id)),
            json!(run.map(|run| run.state)),
            json!(run.map(|run| run.intended)),
            json!(run.and_then(|run| came_to(passed, run, &[RunState::Accepted]))),
            json!(run.and_then(|run| came_to(passed, run, &DONE))),
            json!(run.and_then(|run| run.approved_by.clone())),
        ])?;
        for LetIn { from, until, roles } in later {
            access.push(vec![
                json!(leaver.app),
                json!(leaver.person),
                json!(account.map(|account| &account.id)),
                json!(leaver.left),
                json!(from.0),
                json!(from.1),
                json!(until.map(|(at, _)| at)),
                json!(until.map(|(_, entry)| entry)),
                json!(roles),
            ])?;
        }
    }
    bundle.end(table)?;
    bundle.end(access)?;
    Ok(())
}

/// The stretches in which the account let in at the leaving or after it.
fn since(account: &LeaverAccount, left: Timestamp) -> Vec<&LetIn> {
    let ends_later = |one: &&LetIn| one.until.is_none_or(|(at, _)| left < at);
    account.let_in.iter().filter(ends_later).collect()
}

pub(super) fn numbers(material: &Material, leavers: &[Leaver]) -> Vec<LeaverNumbers> {
    let numbers = |leaver: &Leaver| {
        let (outcome, minutes) = leaver.removal(material.now);
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
