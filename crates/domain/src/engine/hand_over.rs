//! Handing over: what is to become of a leaver's work, and who can take it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{
    correlate::{Correlation, Match},
    directory::Directory,
    lifecycle::{self, PersonState},
    world::{KnownAccount, Sight, World},
};
use crate::model::{
    account::AccountStatus,
    email::EmailAddress,
    id::{AccountId, RoleName},
    person::Person,
    plan::Reason,
    work::{CLOSED_WITHIN_DAYS, HandOverTo, OpenWork, Recipient},
};

/// What was seen of an account's work longer ago than this is no reason to delete it.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// Nobody who leaves within this time is given a leaver's work.
const SOON_DAYS: i64 = 14;

/// What is to become of a leaver's work, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destiny<'a> {
    /// Nobody said.
    Unsaid,
    /// Nobody takes it over: somebody chose that.
    Kept {
        /// Who chose, or where it is written.
        why: Reason,
    },
    /// Somebody takes it over.
    GoesTo {
        /// Who.
        to: &'a HandOverTo,
        /// Who chose, or where it is written.
        why: Reason,
    },
}

/// What is to become of the work of `person`, whose `engagement` has ended: what somebody chose
/// for her, else what the policy says.
#[must_use]
pub fn destiny<'a>(world: &World<'a>, person: &Person, engagement: u32) -> Destiny<'a> {
    let began = person.engagements.iter().find(|e| e.number == engagement).map(|e| e.first_seen);
    let chosen = world.orders.work.iter().filter(|order| {
        order.person == person.id
            && order.app.as_ref().is_none_or(|app| app == world.app)
            && began.is_none_or(|began| began <= order.at)
    });
    let said = match chosen.max_by_key(|order| (order.app.is_some(), order.at)) {
        Some(order) => {
            let says = match order.to {
                HandOverTo::Nobody => "chose that nobody takes the work over",
                _ => "chose who takes the work over",
            };
            Some((&order.to, Reason::new("order", format!("{} {says}", order.by))))
        }
        None => world.rules.hand_over.as_ref().map(|rule| {
            let from = format!("policy apps.{}.leaver.hand_over", world.app);
            (&rule.to, Reason::new(from, format!("leavers' work goes to {}", rule.to)))
        }),
    };
    match said {
        None => Destiny::Unsaid,
        Some((HandOverTo::Nobody, why)) => Destiny::Kept { why },
        Some((to, why)) => Destiny::GoesTo { to, why },
    }
}

/// Tickets closed before so many days stay where they are.
#[must_use]
pub fn closed_within_days(world: &World<'_>) -> u16 {
    world.rules.hand_over.as_ref().map_or(CLOSED_WITHIN_DAYS, |rule| rule.closed_within_days)
}

/// The moment before which closed tickets are over for good.
#[must_use]
pub fn closed_since(now: Timestamp, days: u16) -> Timestamp {
    now.checked_sub((i64::from(days) * 24).hours()).unwrap_or(Timestamp::MIN)
}

/// Whether a look at an account's work is recent enough to rely on. It is compared with the last
/// read, because a plan can be made for a later moment.
#[must_use]
pub fn is_fresh(sight: &Sight, work: &OpenWork) -> bool {
    match (sight.started, sight.age) {
        (Some(started), Some(age)) => started.duration_since(work.at).saturating_add(age) <= FRESH,
        _ => false,
    }
}

/// Whether an account with `role` can be given work: not with the least of several roles, which
/// only looks on, and not with one that nobody knows.
pub(super) fn may_hold_work(sight: &Sight, role: &RoleName) -> bool {
    let several = sight.roles.iter().filter(|role| role.assignable).count() > 1;
    let least = sight.least_role().is_some_and(|least| least.name == *role);
    sight.role(role).is_some_and(|role| role.assignable) && !(several && least)
}

/// Everybody who could take work over. Made for one plan.
pub struct Office<'a> {
    world: &'a World<'a>,
    /// Whose the accounts are.
    pub correlation: &'a Correlation,
    directory: Directory<'a>,
}

impl<'a> Office<'a> {
    /// The office of `world`, whose accounts belong to people as `correlation` says.
    #[must_use]
    pub const fn new(world: &'a World<'a>, correlation: &'a Correlation) -> Self {
        Self { world, correlation, directory: Directory::new(world) }
    }

    /// Who in the app takes the work of `leaver` over.
    ///
    /// # Errors
    /// Why nobody can, in words.
    pub fn recipient(
        &self,
        leaver: &Person,
        to: &HandOverTo,
    ) -> Result<(Recipient, Reason), String> {
        match to {
            HandOverTo::Nobody => Err("nobody takes it over".to_owned()),
            HandOverTo::Team(team) => {
                let says = format!("the team {team} takes it over");
                Ok((Recipient::Team { team: team.clone() }, Reason::new("hand-over", says)))
            }
            HandOverTo::Person(address) => {
                let (person, account) = self.person(leaver, address)?;
                let says = format!("{} takes it over", person.name());
                let from = format!("account {account}");
                Ok((Recipient::Account { account: account.clone() }, Reason::new(from, says)))
            }
            HandOverTo::RoundRobin(addresses) => {
                let mut accounts = Vec::new();
                for address in addresses {
                    accounts.push(self.person(leaver, address)?.1.clone());
                }
                let says = format!("{} people take it over in turn", accounts.len());
                Ok((Recipient::InTurn { accounts }, Reason::new("hand-over", says)))
            }
            HandOverTo::Manager => self.manager(leaver),
        }
    }

    /// The nearest manager who can, else the app's owner.
    fn manager(&self, leaver: &Person) -> Result<(Recipient, Reason), String> {
        let mut seen = BTreeSet::from([&leaver.id]);
        let mut why_not = Vec::new();
        let mut below = leaver;
        while let Some(above) = self.directory.named_manager(below, None) {
            if !seen.insert(&above.id) {
                break;
            }
            match self.account_of(leaver, above) {
                Ok(account) => {
                    let says = format!("{} manages {}", above.name(), below.name());
                    return Ok(taken(account, Reason::new(format!("account {account}"), says)));
                }
                Err(reason) => why_not.push(reason),
            }
            below = above;
        }
        if seen.len() == 1 {
            why_not.push(format!("the source names no manager of {}", leaver.name()));
        }
        let Some(owner) = &self.world.rules.owner else {
            why_not.push(format!("the policy names no owner of {}", self.world.app));
            return Err(why_not.join("; "));
        };
        match self.person(leaver, owner) {
            Ok((person, account)) => {
                let says = format!("{} answers for {}", person.name(), self.world.app);
                Ok(taken(account, Reason::new(format!("account {account}"), says)))
            }
            Err(reason) => {
                why_not.push(reason);
                Err(why_not.join("; "))
            }
        }
    }

    fn person(
        &self,
        leaver: &Person,
        address: &EmailAddress,
    ) -> Result<(&'a Person, &'a AccountId), String> {
        let mut people = self.directory.at(address);
        let person = people.next().ok_or_else(|| format!("nobody works here as {address}"))?;
        if people.next().is_some() {
            return Err(format!("several people have the address {address}"));
        }
        Ok((person, self.account_of(leaver, person)?))
    }

    /// The account in which `person` can take work over.
    fn account_of(&self, leaver: &Person, person: &Person) -> Result<&'a AccountId, String> {
        let world = self.world;
        let name = person.name();
        if person.id == leaver.id {
            return Err(format!("{name} is who leaves"));
        }
        match lifecycle::state(person, &world.hours(), world.now) {
            PersonState::Active => {}
            PersonState::Leaving { at }
                if world.now.checked_add((SOON_DAYS * 24).hours()).is_ok_and(|soon| soon < at) => {}
            PersonState::Leaving { .. } => return Err(format!("{name} is leaving too")),
            PersonState::OnLeave => return Err(format!("{name} is away")),
            _ => return Err(format!("{name} does not work here")),
        }
        let mut reason = format!("{name} has no account in {}", world.app);
        let mut found: Option<(&AccountId, &KnownAccount)> = None;
        for id in self.correlation.accounts_of(&person.id) {
            let Some((id, known)) = world.accounts.get_key_value(id) else { continue };
            if known.gone.is_some() {
                continue;
            }
            if known.account.status != AccountStatus::Active {
                reason = format!("{name}'s account is {}", known.account.status.word());
            } else if !known
                .account
                .role
                .as_ref()
                .is_some_and(|role| may_hold_work(world.sight, role))
            {
                reason = format!("{name}'s role in {} only looks on", world.app);
            } else if found
                .is_none_or(|(best, at)| (known.account.created, id) < (at.account.created, best))
            {
                found = Some((id, known));
            }
        }
        found.map(|(id, _)| id).ok_or(reason)
    }
}

fn taken(account: &AccountId, why: Reason) -> (Recipient, Reason) {
    (Recipient::Account { account: account.clone() }, why)
}

/// For so long a look at an account's work is good enough for a plan.
fn good_for(world: &World<'_>, known: &KnownAccount, work: &OpenWork) -> SignedDuration {
    let hours = match (known.account.status.may_sign_in(), world.rules.delete_after_days) {
        (false, None) if work.no_ticket_is_left() && work.teams.is_empty() => 7 * 24,
        (false, Some(_)) if work.no_ticket_is_left() && work.teams.is_empty() => 20,
        _ => 6,
    };
    SignedDuration::from_hours(hours)
}

/// The accounts at whose work it is worth looking: of people who left, or leave soon, and those
/// that should not exist. Those of
/// which nothing is known come first, then those that were looked at longest ago.
#[must_use]
pub fn to_look_at<'a>(world: &World<'a>, correlation: &Correlation) -> Vec<&'a AccountId> {
    let hours = world.hours();
    let soon = world.now.checked_add((SOON_DAYS * 24).hours()).unwrap_or(Timestamp::MAX);
    let leaves = |person: &Person| match lifecycle::state(person, &hours, world.now) {
        PersonState::Ended { .. } => true,
        PersonState::Leaving { at } => at <= soon,
        _ => false,
    };
    let known_well = |known: &KnownAccount| {
        known
            .work
            .as_ref()
            .is_some_and(|work| world.now.duration_since(work.at) <= good_for(world, known, work))
    };
    let unwanted = correlation
        .matches
        .iter()
        .filter(|(_, matched)| matches!(matched, Match::Unwanted { .. }))
        .map(|(id, _)| id);
    let mut found: Vec<_> = world
        .people
        .values()
        .filter(|person| !correlation.accounts_of(&person.id).is_empty() && leaves(person))
        .flat_map(|person| correlation.accounts_of(&person.id))
        .chain(unwanted)
        .filter_map(|id| world.accounts.get_key_value(id))
        .filter(|(_, known)| known.gone.is_none() && !known_well(known))
        .collect();
    found.sort_by_key(|(id, known)| (known.work.as_ref().map(|work| work.at), *id));
    found.into_iter().map(|(id, _)| id).collect()
}
