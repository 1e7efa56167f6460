//! Day-one readiness: whether those who start now or soon will be able to sign in.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    correlate::Correlation,
    expect::{Expectation, Rules},
    lifecycle,
    world::{KnownAccount, World},
};
use crate::model::{
    account::AccountStatus,
    id::{AccountId, RoleName},
    person::Person,
    plan::{PersonRef, Plan},
};

/// Those who started so long ago are still asked about: an invitation may still be open.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far somebody's access has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "ready", rename_all = "snake_case")]
pub enum Ready {
    /// She can sign in.
    Yes,
    /// The invitation went out and is not accepted.
    Invited {
        /// When it lapses, where the app has such a limit.
        lapses: Option<Timestamp>,
    },
    /// The invitation has lapsed.
    Lapsed {
        /// Since when.
        since: Timestamp,
    },
    /// The invitation goes out later, by itself.
    Scheduled {
        /// When.
        at: Timestamp,
    },
    /// The invitation is planned and waits for something, or only for the next run.
    Planned {
        /// What it waits for; empty when it goes with the next run.
        waits_for: Vec<String>,
    },
    /// Something is in the way.
    Blocked {
        /// What, and what to do.
        by: String,
    },
    /// No rule gives her anything here.
    NotExpected,
}

impl Ready {
    /// The word used in output.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Invited { .. } => "invited",
            Self::Lapsed { .. } => "lapsed",
            Self::Scheduled { .. } => "scheduled",
            Self::Planned { .. } => "planned",
            Self::Blocked { .. } => "blocked",
            Self::NotExpected => "not_expected",
        }
    }

    /// Whether somebody has to do something so that she can sign in.
    #[must_use]
    pub const fn needs_somebody(&self) -> bool {
        match self {
            Self::Yes | Self::Scheduled { .. } | Self::NotExpected => false,
            Self::Invited { .. } | Self::Lapsed { .. } | Self::Blocked { .. } => true,
            Self::Planned { waits_for } => !waits_for.is_empty(),
        }
    }
}

/// Somebody who starts now or soon, and whether she will be able to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Starter {
    /// Who.
    pub person: PersonRef,
    /// When the work begins.
    pub starts: Timestamp,
    /// The role she gets.
    pub role: Option<RoleName>,
    /// Her account, if she has one.
    pub account: Option<AccountId>,
    /// How far it has come.
    #[serde(flatten)]
    pub ready: Ready,
}

/// Everybody who starts until `horizon`, or started within the last week, soonest first.
#[must_use]
pub fn readiness(
    world: &World<'_>,
    correlation: &Correlation,
    plan: &Plan,
    horizon: Timestamp,
) -> Vec<Starter> {
    let rules = Rules::new(world);
    let from = world.now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let mut starters: Vec<Starter> = world
        .people
        .values()
        .filter_map(|person| {
            let stints = lifecycle::stints(person, &world.hours());
            let open = stints.iter().filter(|s| s.end.is_none_or(|end| world.now < end));
            let stint =
                open.filter(|s| from <= s.start && s.start <= horizon).max_by_key(|s| s.start)?;
            let expectation = rules.expect(person);
            let held = held(world, correlation, person);
            let ready = ready(world, plan, person, (&expectation, held));
            let role = match expectation {
                Expectation::Access { role, .. } => Some(role),
                Expectation::NotYet { role, .. } => role,
                _ => None,
            };
            let engagement = Some(stint.number);
            let person = PersonRef { id: person.id.clone(), name: person.name(), engagement };
            let account = held.map(|(id, _)| id.clone());
            Some(Starter { person, starts: stint.start, role, account, ready })
        })
        .collect();
    starters.sort_by(|a, b| {
        (a.starts, &a.person.name, &a.person.id).cmp(&(b.starts, &b.person.name, &b.person.id))
    });
    starters
}

/// Her account that lets in, or may.
fn held<'a>(
    world: &World<'a>,
    correlation: &'a Correlation,
    person: &Person,
) -> Option<(&'a AccountId, &'a KnownAccount)> {
    correlation
        .accounts_of(&person.id)
        .iter()
        .filter_map(|id| Some((id, world.accounts.get(id)?)))
        .find(|(_, known)| known.gone.is_none() && known.account.status.may_sign_in())
}

fn ready(
    world: &World<'_>,
    plan: &Plan,
    person: &Person,
    (expectation, held): (&Expectation, Option<(&AccountId, &KnownAccount)>),
) -> Ready {
    if let Some((_, known)) = held {
        if known.account.status != AccountStatus::Invited {
            return Ready::Yes;
        }
        let sent = known.activity().invited.or(known.account.created);
        let lasts = world.sight.invitation_lasts;
        let lapses = sent.zip(lasts).and_then(|(sent, lasts)| sent.checked_add(lasts).ok());
        return match lapses {
            Some(since) if since <= world.now => Ready::Lapsed { since },
            lapses => Ready::Invited { lapses },
        };
    }
    if let Some(blocked) = plan.blocked.iter().find(|one| one.person.id == person.id) {
        return Ready::Blocked { by: format!("{}; {}", blocked.reason, blocked.remedy) };
    }
    if let Some(operation) = plan.operations.iter().find(|one| one.is_for(&person.id)) {
        let waits = operation.holds.iter().filter(|_| !operation.goes());
        return Ready::Planned { waits_for: waits.map(|hold| hold.reason.clone()).collect() };
    }
    match expectation {
        Expectation::NotYet { from, role: Some(_), .. } => match &person.profile.work_email {
            Some(_) => Ready::Scheduled { at: *from },
            None => Ready::Blocked { by: "no work e-mail yet; add it in the source, or: muster people edit PERSON --email".to_owned() },
        },
        _ => Ready::NotExpected,
    }
}
