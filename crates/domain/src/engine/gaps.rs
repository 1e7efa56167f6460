//! Gaps: where the app and the roster disagree, typed, whether or not an
//! operation would close them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    correlate::{Correlation, Match},
    decide,
    expect::{Expectation, Rules},
    lifecycle,
    parts::in_parts,
    world::{KnownAccount, World},
};
use crate::model::{
    account::{AccountKind, AccountStatus},
    id::{AccountId, PersonId, RoleName},
    operation::Run,
    person::{EngagementKind, Person},
    plan::Action,
    policy::Leave,
};

/// The kinds of gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// A leaver's account still lets in.
    OffboardedActive,
    /// A leaver's account could not be shut out and has the least role: reduced, not removed.
    OffboardedReduced,
    /// A leaver's invitation is still open.
    InvitedAfterExit,
    /// An account that Muster shut out lets in again.
    CameBack,
    /// Nobody knows whose the account is.
    Unidentified,
    /// It may be someone's; a human must say.
    ToConfirm,
    /// The owner of a shared or service account has left.
    NoOwner,
    /// Someone should have an account and has none.
    ExpectedMissing,
    /// The role is not the one the policy gives.
    ExcessRole,
    /// Someone has an account whom no rule admits.
    ExcessAccount,
    /// One person has more than one account that lets in.
    DuplicateAccounts,
    /// The login is not the person's present work address.
    AliasMismatch,
    /// The dates of an end contradict each other.
    DateConflict,
    /// A contractor has access, and no end is known.
    ContractorOpenEnded,
}

impl GapKind {
    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OffboardedActive => "offboarded_active",
            Self::OffboardedReduced => "offboarded_reduced",
            Self::InvitedAfterExit => "invited_after_exit",
            Self::CameBack => "came_back",
            Self::Unidentified => "unidentified",
            Self::ToConfirm => "to_confirm",
            Self::NoOwner => "no_owner",
            Self::ExpectedMissing => "expected_missing",
            Self::ExcessRole => "excess_role",
            Self::ExcessAccount => "excess_account",
            Self::DuplicateAccounts => "duplicate_accounts",
            Self::AliasMismatch => "alias_mismatch",
            Self::DateConflict => "date_conflict",
            Self::ContractorOpenEnded => "contractor_open_ended",
        }
    }
}

/// One gap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// Its kind.
    pub kind: GapKind,
    /// The account, if there is one.
    pub account: Option<AccountId>,
    /// The account's login.
    pub login: Option<String>,
    /// The person, if one is known.
    pub person: Option<PersonId>,
    /// What is wrong, in a sentence.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
}

/// Every gap, worst kinds first.
#[must_use]
pub fn gaps(world: &World<'_>, correlation: &Correlation) -> Vec<Gap> {
    let rules = Rules::new(world);
    let survey =
        Survey { world, correlation, shut_out: shut_out(world), silent: rules.are_silent() };
    let people: Vec<&Person> = world.people.values().collect();
    let mut found = in_parts(&people, |people| {
        let rules = Rules::new(world);
        let of_person = |person: &&Person| survey.of_person(person, &rules.expect(person));
        people.iter().flat_map(of_person).collect()
    });
    for (id, matched) in &correlation.matches {
        if let Some(known) = world.accounts.get(id).filter(|known| known.gone.is_none()) {
            found.extend(survey.of_account(id, known, matched, &rules));
        }
    }
    found.sort();
    found
}

/// The accounts that Muster has shut out and not let in again since.
fn shut_out<'a>(world: &World<'a>) -> BTreeSet<&'a AccountId> {
    let mut last: BTreeMap<&AccountId, &Run> = BTreeMap::new();
    for run in world.runs.iter().filter(|run| run.state.is_done()) {
        let action = &run.operation.action;
        let Some(account) = &run.operation.account else { continue };
        if matches!(action, Action::Deactivate { .. } | Action::Reactivate { .. }) {
            let known = last.entry(account).or_insert(run);
            if known.intended <= run.intended {
                *known = run;
            }
        }
    }
    last.retain(|_, run| matches!(run.operation.action, Action::Deactivate { .. }));
    last.into_keys().collect()
}

struct Survey<'a> {
    world: &'a World<'a>,
    correlation: &'a Correlation,
    /// The accounts that Muster has shut out and not let in again since.
    shut_out: BTreeSet<&'a AccountId>,
    /// Whether nothing says yet who should have what.
    silent: bool,
}

impl Survey<'_> {
    fn of_person(&self, person: &Person, expectation: &Expectation) -> Vec<Gap> {
        let accounts: Vec<_> = self
            .correlation
            .accounts_of(&person.id)
            .iter()
            .filter_map(|id| Some((id, self.world.accounts.get(id)?)))
            .filter(|(_, known)| known.gone.is_none() && known.account.status.may_sign_in())
            .collect();
        let mut gaps = match expectation {
            Expectation::Gone { since, .. } => accounts
                .iter()
                .map(|(id, known)| self.left(person, id, known, Some(*since)))
                .collect(),
            Expectation::NotYet { ended: Some(past), .. } => accounts
                .iter()
                .map(|(id, known)| self.left(person, id, known, Some(past.since)))
                .collect(),
            Expectation::Withdrawn { .. } => {
                accounts.iter().map(|(id, known)| self.left(person, id, known, None)).collect()
            }
            // Who is away gets nothing new, and so misses nothing.
            Expectation::Access { on_leave: true, .. } if accounts.is_empty() => Vec::new(),
            Expectation::Access { on_leave: true, .. } if self.world.rules.leave != Leave::Keep => {
                self.away(person, &accounts)
            }
            Expectation::Access { role, .. } => {
                self.works_here(person, &accounts, Some(role), expectation)
            }
            Expectation::NoRule { .. } => self.works_here(person, &accounts, None, expectation),
            Expectation::NotYet { .. } | Expectation::Undecided { .. } => Vec::new(),
        };
        gaps.extend(self.dates(person, &accounts));
        if accounts.len() > 1 {
            for (id, known) in accounts.iter().skip(1) {
                gaps.push(self.gap(
                    GapKind::DuplicateAccounts,
                    (id, known),
                    Some(person),
                    (
                        format!("{} has {} accounts that let in", person.name(), accounts.len()),
                        "decide which one stays".to_owned(),
                    ),
                ));
            }
        }
        gaps
    }

    fn gap(
        &self,
        kind: GapKind,
        (id, known): (&AccountId, &KnownAccount),
        person: Option<&Person>,
        (cause, remedy): (String, String),
    ) -> Gap {
        Gap {
            kind,
            account: Some(id.clone()),
            login: Some(known.account.login.clone()),
            person: person.map(|person| person.id.clone()),
            cause,
            remedy,
            since: None,
        }
    }

    fn left(
        &self,
        person: &Person,
        id: &AccountId,
        known: &KnownAccount,
        since: Option<Timestamp>,
    ) -> Gap {
        let app = self.world.app;
        let name = person.name();
        let (reduce, _) = decide::falls_to_least(self.world, known);
        let status = known.account.status.word();
        let (kind, cause, remedy) = if known.account.status == AccountStatus::Invited {
            (
                GapKind::InvitedAfterExit,
                format!("{name} does not work here, but the invitation is still open"),
                format!("muster plan {app}"),
            )
        } else if self.shut_out.contains(id) {
            (
                GapKind::CameBack,
                format!("{name} was shut out, but the account is {status} again"),
                format!("find out who let it in; muster plan {app}"),
            )
        } else if reduce && decide::lower_role(self.world, known).is_none() {
            (
                GapKind::OffboardedReduced,
                format!("{name} left; the app cannot shut the account out, its role is the least"),
                "cut sign-in at the identity provider; delete by hand after hand-over".to_owned(),
            )
        } else {
            (
                GapKind::OffboardedActive,
                format!("{name} does not work here, but the account is {status}"),
                format!("muster plan {app}"),
            )
        };
        Gap { since, ..self.gap(kind, (id, known), Some(person), (cause, remedy)) }
    }

    /// Accounts of somebody on leave that should be set aside.
    fn away(&self, person: &Person, accounts: &[(&AccountId, &KnownAccount)]) -> Vec<Gap> {
        let name = person.name();
        let plan = format!("muster plan {}", self.world.app);
        let mut gaps = Vec::new();
        for (id, known) in accounts {
            let (reduce, _) = decide::falls_to_least(self.world, known);
            let lower = decide::lower_role(self.world, known);
            let (kind, what) = match (self.world.rules.leave, lower) {
                (Leave::Suspend, _) if !reduce => {
                    (GapKind::ExcessAccount, "lets her in".to_owned())
                }
                (_, Some(least)) => (GapKind::ExcessRole, format!("is more than {least}")),
                (_, None) => continue,
            };
            let cause = format!("{name} is on leave, but the account {what}");
            gaps.push(self.gap(kind, (id, known), Some(person), (cause, plan.clone())));
        }
        gaps
    }

    /// What is wrong with the dates of somebody who has access, or is to have it.
    fn dates(&self, person: &Person, accounts: &[(&AccountId, &KnownAccount)]) -> Vec<Gap> {
        let Some(account) = accounts.first() else { return Vec::new() };
        let name = person.name();
        let now = self.world.now;
        let mut gaps = Vec::new();
        for stint in lifecycle::stints(person, &self.world.hours()) {
            let Some(engagement) = person.engagements.iter().find(|e| e.number == stint.number)
            else {
                continue;
            };
            let over = stint.end.is_some_and(|end| end <= now);
            if let Some(conflict) = stint.conflict.filter(|_| !over) {
                let cause = format!("{name}: {conflict}; the earlier counts");
                let remedy = format!("correct the dates of {} in the source", person.anchor);
                let (kind, told) = (GapKind::DateConflict, (cause, remedy));
                gaps.push(self.gap(kind, *account, Some(person), told));
            }
            let contractor = engagement.terms.kind == Some(EngagementKind::Contractor);
            if contractor && stint.end.is_none() {
                let cause = format!("{name} is a contractor, and no end is known");
                let remedy = format!(
                    "give {} an end date in the source, or muster offboard {} --at TIME",
                    person.anchor, person.id
                );
                let (kind, told) = (GapKind::ContractorOpenEnded, (cause, remedy));
                gaps.push(self.gap(kind, *account, Some(person), told));
            }
        }
        gaps
    }

    /// Accounts of somebody to whom nothing gives access.
    fn ungiven(
        &self,
        person: &Person,
        accounts: &[(&AccountId, &KnownAccount)],
        expectation: &Expectation,
    ) -> Vec<Gap> {
        // Without a single rule nothing is expected of anybody yet.
        if self.silent {
            return Vec::new();
        }
        let name = person.name();
        let kept = |known: &KnownAccount| expectation.keeps(known.account.role.as_ref()).is_some();
        let excess = accounts.iter().filter(|(_, known)| !kept(known));
        let gap = |account: &(&AccountId, &KnownAccount)| {
            let cause = format!("{name} works here, but nothing gives access");
            let remedy = format!(
                "add a rule to the policy, grant it with muster access grant, or remove account {}",
                account.0
            );
            self.gap(GapKind::ExcessAccount, *account, Some(person), (cause, remedy))
        };
        excess.map(gap).collect()
    }

    fn works_here(
        &self,
        person: &Person,
        accounts: &[(&AccountId, &KnownAccount)],
        role: Option<&RoleName>,
        expectation: &Expectation,
    ) -> Vec<Gap> {
        let kept = |known: &KnownAccount| expectation.keeps(known.account.role.as_ref()).is_some();
        let name = person.name();
        let mut gaps = Vec::new();
        let Some(role) = role else {
            return self.ungiven(person, accounts, expectation);
        };
        if accounts.is_empty() {
            gaps.push(Gap {
                kind: GapKind::ExpectedMissing,
                account: None,
                login: None,
                person: Some(person.id.clone()),
                cause: format!("{name} should have an account as {role}"),
                remedy: format!("muster plan {}", self.world.app),
                since: None,
            });
        }
        for (id, known) in accounts {
            if let Some(has) = known.account.role.as_ref().filter(|has| *has != role)
                && !kept(known)
            {
                let app = self.world.app;
                gaps.push(self.gap(
                    GapKind::ExcessRole,
                    (id, known),
                    Some(person),
                    (
                        format!("{name} is {has}, but should be {role}"),
                        format!(
                            "put it back: muster plan {app}; adopt it: muster access grant {} \
                             {app} {has} --reason TEXT; or let it be for a while: muster access \
                             except {app}/{id} --until DATE --reason TEXT",
                            person.id
                        ),
                    ),
                ));
            }
            let work = person.profile.work_email.as_ref();
            if let (Some(login), Some(work)) = (&known.account.email, work)
                && login != work
            {
                gaps.push(self.gap(
                    GapKind::AliasMismatch,
                    (id, known),
                    Some(person),
                    (
                        format!("{name} signs in as {login}, but the work address is {work}"),
                        "change the login in the app; it needs the person's password".to_owned(),
                    ),
                ));
            }
        }
        gaps
    }

    fn of_account(
        &self,
        id: &AccountId,
        known: &KnownAccount,
        matched: &Match,
        rules: &Rules<'_>,
    ) -> Option<Gap> {
        let login = &known.account.login;
        match matched {
            Match::Unmatched => Some(self.gap(
                GapKind::Unidentified,
                (id, known),
                None,
                (
                    format!("nobody knows whose {login} is"),
                    format!(
                        "muster accounts link {id} PERSON, or muster accounts classify {id} \
                         service --owner PERSON"
                    ),
                ),
            )),
            Match::ToConfirm { candidates } => {
                let best = candidates.first()?;
                let name = self.world.people.get(&best.person).map(Person::name)?;
                Some(self.gap(
                    GapKind::ToConfirm,
                    (id, known),
                    self.world.people.get(&best.person),
                    (
                        format!(
                            "{login} may be {name}'s ({} of 100: {})",
                            best.score, best.because
                        ),
                        format!("muster accounts link {id} {}", best.person),
                    ),
                ))
            }
            Match::Classified { owner, .. } => {
                let person = self.world.people.get(owner)?;
                let expected = rules.expect(person);
                let left = matches!(
                    expected,
                    Expectation::Gone { .. }
                        | Expectation::Withdrawn { .. }
                        | Expectation::NotYet { ended: Some(_), .. }
                );
                left.then(|| {
                    self.gap(
                        GapKind::NoOwner,
                        (id, known),
                        Some(person),
                        (
                            format!("{} answers for {login}, but has left", person.name()),
                            format!("muster accounts classify {id} service --owner PERSON"),
                        ),
                    )
                })
            }
            Match::Machine { kind } if *kind == AccountKind::Service => None,
            Match::Machine { .. } | Match::Linked { .. } => None,
        }
    }
}
