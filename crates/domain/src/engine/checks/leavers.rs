//! The leavers of a period against the removal of their access: the list that auditors draw their
//! samples from.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Company, Pressing,
    ask::{Asker, Facts, Standing},
    deadline, offboarded,
};
use crate::model::{
    id::{AccountId, AppName, PersonId, RoleName},
    person::Person,
};

/// One account of somebody who left, or somebody who left without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leaver {
    /// The app.
    pub app: AppName,
    /// Who left.
    pub person: PersonId,
    /// By name.
    pub name: String,
    /// When her access was to end.
    pub left: Timestamp,
    /// Whether her work was ended for her.
    pub involuntary: bool,
    /// Her account there; `None` when she has none.
    pub account: Option<LeaverAccount>,
}

/// A leaver's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaverAccount {
    /// The app's id.
    pub id: AccountId,
    /// The login.
    pub login: String,
    /// The role.
    pub role: Option<RoleName>,
    /// Whether it may manage users or settings.
    pub privileged: bool,
    /// Until when it was to be shut.
    pub due: Timestamp,
    /// Whether it lets nobody in now.
    pub shut: bool,
    /// When the read-back of the write that shut it out proved it, or a complete read did not find
    /// it any more.
    pub proved: Option<Timestamp>,
}

/// What became of a leaver's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// She had no account.
    NoAccount,
    /// Removed within the limit.
    InTime,
    /// Removed after the limit.
    Late,
    /// Still there, inside the limit.
    Pending,
    /// Still there, beyond the limit.
    Overdue,
}

impl Removal {
    /// Every outcome, the best first.
    pub const ALL: [Self; 5] =
        [Self::NoAccount, Self::InTime, Self::Pending, Self::Late, Self::Overdue];

    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoAccount => "no_account",
            Self::InTime => "in_time",
            Self::Late => "late",
            Self::Pending => "pending",
            Self::Overdue => "overdue",
        }
    }
}

impl Leaver {
    /// What became of it at `now`, where a read showed at `removed` that the account lets nobody
    /// in; and after how many minutes, to the minute above. An account that was shut before the
    /// leaving took none; one that is there has taken until now.
    #[must_use]
    pub fn removal(&self, removed: Option<Timestamp>, now: Timestamp) -> (Removal, Option<u64>) {
        let Some(account) = &self.account else { return (Removal::NoAccount, None) };
        let minutes = |at: Timestamp| {
            let seconds = at.duration_since(self.left).as_secs();
            u64::try_from(seconds).unwrap_or_default().div_ceil(60)
        };
        let (outcome, at) = match removed {
            Some(at) if at <= account.due => (Removal::InTime, at),
            Some(at) => (Removal::Late, at),
            None if now < account.due => (Removal::Pending, now),
            None => (Removal::Overdue, now),
        };
        (outcome, Some(minutes(at)))
    }

    /// How many minutes were allowed.
    #[must_use]
    pub fn allowed_minutes(&self) -> Option<u64> {
        let due = self.account.as_ref()?.due;
        u64::try_from(due.duration_since(self.left).as_secs() / 60).ok()
    }
}

/// Everybody whose access was to end from `from` up to but without `to`, in every app, with each of
/// their accounts.
#[must_use]
pub fn leavers(company: &Company<'_>, from: Timestamp, to: Timestamp) -> Vec<Leaver> {
    let mut found = Vec::new();
    for facts in &company.apps {
        let asker = Asker::new(company, facts);
        let disowned = asker.disowned();
        for person in facts.world.people.values() {
            let Standing::Left { since, involuntary } = asker.standing(person) else { continue };
            if since < from || to <= since {
                continue;
            }
            let leaver = |account| Leaver {
                app: facts.world.app.clone(),
                person: person.id.clone(),
                name: person.name(),
                left: since,
                involuntary,
                account,
            };
            let mut accounts = facts.correlation.accounts_of(&person.id).to_vec();
            accounts.extend(disowned.get(&person.id).into_iter().flatten().cloned());
            if accounts.is_empty() {
                found.push(leaver(None));
            }
            for id in &accounts {
                let account = account(company, facts, id, (person, since, involuntary));
                found.extend(account.map(|account| leaver(Some(account))));
            }
        }
    }
    found
}

fn account(
    company: &Company<'_>,
    facts: &Facts<'_>,
    id: &AccountId,
    (person, since, involuntary): (&Person, Timestamp, bool),
) -> Option<LeaverAccount> {
    let known = facts.world.accounts.get(id)?;
    let account = &known.account;
    let role = account.role.as_ref();
    let privileged = role.is_some_and(|role| facts.world.sight.is_privileged(role));
    let pressing = match (involuntary, privileged) {
        (true, _) => Pressing::Involuntary,
        (false, true) => Pressing::Privileged,
        (false, false) => Pressing::Ordinary,
    };
    let allowed = company.allowed(&offboarded::CHECK, pressing);
    Some(LeaverAccount {
        id: id.clone(),
        login: account.login.clone(),
        role: account.role.clone(),
        privileged,
        due: deadline::due(since, allowed, Some(person), &company.policy.organization),
        shut: known.gone.is_some() || !account.status.may_sign_in(),
        proved: facts.proved(id).or(known.gone),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-10-{text}:00Z").parse().unwrap()
    }

    #[test]
    fn removal_is_measured_from_the_leaving_against_the_limit() {
        let account = LeaverAccount {
            id: "17".parse().unwrap(),
            login: "ann@acme.example".to_owned(),
            role: None,
            privileged: false,
            due: at("02T18:00"),
            shut: true,
            proved: None,
        };
        let mut leaver = Leaver {
            app: "support".parse().unwrap(),
            person: "per_aaaaaaaaaaaaaaaa".parse().unwrap(),
            name: "Ann".to_owned(),
            left: at("01T18:00"),
            involuntary: false,
            account: Some(account),
        };
        let now = at("03T18:00");
        let removal = |leaver: &Leaver, removed: Option<&str>| leaver.removal(removed.map(at), now);
        assert_eq!(leaver.allowed_minutes(), Some(1440));
        assert_eq!(removal(&leaver, Some("01T18:05")), (Removal::InTime, Some(5)));
        assert_eq!(removal(&leaver, Some("01T09:00")), (Removal::InTime, Some(0)));
        assert_eq!(removal(&leaver, Some("02T18:00")), (Removal::InTime, Some(1440)));
        assert_eq!(removal(&leaver, Some("02T18:01")), (Removal::Late, Some(1441)));
        assert_eq!(removal(&leaver, None), (Removal::Overdue, Some(2880)));
        assert_eq!(leaver.removal(None, at("02T17:00")), (Removal::Pending, Some(1380)));
        leaver.account = None;
        assert_eq!(removal(&leaver, None), (Removal::NoAccount, None));
    }
}
