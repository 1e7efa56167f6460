//! Gaps: where the app and the roster disagree, typed, whether or not an
//! operation would close them.

mod dates;
mod left;
mod usage;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use self::dates::answers;
use super::{
    correlate::{Correlation, Match},
    expect::{Expectation, Rules},
    parts::in_parts,
    undo,
    world::{KnownAccount, World},
};
use crate::model::{
    account::{AccountKind, AccountStatus, SignIn},
    activity::Deed,
    id::{AccountId, PersonId, RoleName},
    keep::Keep,
    operation::Run,
    person::Person,
    plan::Action,
    policy::Leave,
};

/// The kinds of gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// A leaver's access came back: an account that Muster shut out lets in again, or there is a
    /// new one after it was taken away or deleted.
    CameBack,
    /// A leaver's account still lets in.
    OffboardedActive,
    /// A leaver's account could not be shut out and has the least role: reduced, not removed.
    OffboardedReduced,
    /// A leaver's invitation is still open.
    InvitedAfterExit,
    /// An account came into being by itself, as a first single sign-on does.
    SelfJoined,
    /// Nobody knows whose the account is.
    Unidentified,
    /// It may be someone's; a human must say.
    ToConfirm,
    /// The owner of a shared or service account has left.
    NoOwner,
    /// Someone should have an account and has none.
    ExpectedMissing,
    /// The role was right when Muster last wrote it, and was changed in the app since.
    ChangedOutside,
    /// The role is not the one the policy gives.
    ExcessRole,
    /// Someone has an account whom no rule admits.
    ExcessAccount,
    /// One person has more than one account that lets in.
    DuplicateAccounts,
    /// The login is not the person's present work address.
    AliasMismatch,
    /// An account is kept as an undo put it back, although the rules ask for something else.
    KeptByUndo,
    /// The dates of an end contradict each other.
    DateConflict,
    /// A contractor has access, and neither an end nor a review is known.
    ContractorOpenEnded,
    /// A contractor has access, and the day of the review has passed.
    ContractorOverdue,
    /// A source says that somebody works here, and a word by hand that she does not, or the other
    /// way round.
    Contradicted,
    /// An invitation has lapsed, and nobody accepted it.
    NeverAccepted,
    /// Nobody has signed in to a privileged account for long.
    DormantAdmin,
    /// Nobody has signed in for long: a seat that is paid for and not used.
    UnusedSeat,
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
            Self::SelfJoined => "self_joined",
            Self::ChangedOutside => "changed_outside",
            Self::ExcessRole => "excess_role",
            Self::ExcessAccount => "excess_account",
            Self::DuplicateAccounts => "duplicate_accounts",
            Self::AliasMismatch => "alias_mismatch",
            Self::KeptByUndo => "kept_by_undo",
            Self::DateConflict => "date_conflict",
            Self::ContractorOpenEnded => "contractor_open_ended",
            Self::ContractorOverdue => "contractor_overdue",
            Self::Contradicted => "contradicted",
            Self::NeverAccepted => "never_accepted",
            Self::DormantAdmin => "dormant_admin",
            Self::UnusedSeat => "unused_seat",
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

impl Gap {
    /// What tells it from other gaps of the same app for as long as it is there.
    #[must_use]
    pub fn key(&self) -> String {
        let account = self.account.as_ref().map_or("-", AccountId::as_str);
        let person = self.person.as_ref().map_or("-", PersonId::as_str);
        format!("{}/{account}/{person}", self.kind.word())
    }
}

/// Every gap, worst kinds first.
#[must_use]
pub fn gaps(world: &World<'_>, correlation: &Correlation) -> Vec<Gap> {
    let rules = Rules::new(world);
    let mut survey = Survey {
        world,
        correlation,
        shut_out: shut_out(world),
        taken: BTreeMap::new(),
        silent: rules.are_silent(),
        written: BTreeMap::new(),
    };
    for run in world.runs.iter().filter(|run| run.state.is_done()) {
        if let Action::Deactivate { .. } | Action::Delete = &run.operation.action {
            let last = survey.taken.entry(&run.operation.person.id).or_insert(run.changed);
            *last = run.changed.max(*last);
        }
        if let Some(account) = &run.account {
            let last = survey.written.entry(account).or_insert(run);
            if last.changed < run.changed {
                *last = run;
            }
        }
    }
    let people: Vec<&Person> = world.people.values().collect();
    let mut found = in_parts(&people, |people| {
        let rules = Rules::new(world);
        let of_person = |person: &&Person| survey.of_person(person, &rules.expect(person));
        people.iter().flat_map(of_person).collect()
    });
    for (id, matched) in &correlation.matches {
        if let Some(known) = world.accounts.get(id).filter(|known| known.gone.is_none()) {
            found.extend(survey.of_account(id, known, matched, &rules));
            found.extend(survey.self_joined(id, known, matched));
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
        let about_sign_in = matches!(
            action,
            Action::Deactivate { .. } | Action::Delete | Action::Reactivate { .. }
        );
        if about_sign_in {
            let known = last.entry(account).or_insert(run);
            if known.intended <= run.intended {
                *known = run;
            }
        }
    }
    last.retain(|_, run| !matches!(run.operation.action, Action::Reactivate { .. }));
    last.into_keys().collect()
}

struct Survey<'a> {
    world: &'a World<'a>,
    correlation: &'a Correlation,
    /// The accounts that Muster has shut out and not let in again since.
    shut_out: BTreeSet<&'a AccountId>,
    /// Whether nothing says yet who should have what.
    silent: bool,
    /// When Muster last took an account from a person.
    taken: BTreeMap<&'a PersonId, Timestamp>,
    /// What Muster did last to each account.
    written: BTreeMap<&'a AccountId, &'a Run>,
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
                self.works_here(person, &accounts, role, expectation)
            }
            Expectation::NoRule { .. } => self.ungiven(person, &accounts, expectation),
            Expectation::NotYet { .. } | Expectation::Undecided { .. } => Vec::new(),
        };
        for keep in undo::kept(self.world, person, expectation) {
            gaps.push(self.kept(person, keep));
        }
        let works_here = matches!(
            expectation,
            Expectation::Access { on_leave: false, .. } | Expectation::NoRule { .. }
        );
        if works_here {
            gaps.extend(accounts.iter().filter_map(|account| self.use_made(person, *account)));
        }
        gaps.extend(self.dates(person, &accounts));
        gaps.extend(self.contradicted(person));
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

    fn kept(&self, person: &Person, keep: &Keep) -> Gap {
        let Keep { id, account, undone, what, reason, by, at, until, .. } = keep;
        let known = self.world.accounts.get(account);
        Gap {
            kind: GapKind::KeptByUndo,
            account: Some(account.clone()),
            login: known.map(|known| known.account.login.clone()),
            person: Some(person.id.clone()),
            cause: format!("{by} undid {undone} ({what}) until {}: {reason}", minute(*until)),
            remedy: format!("if it is right by now: muster undo --end {id}"),
            since: Some(*at),
        }
    }

    /// Who keeps the account of somebody who left from being taken away, if somebody does.
    fn spared(&self, id: &AccountId) -> Option<String> {
        let World { orders, app, now, .. } = self.world;
        let no = orders.rejections.iter().find(|no| {
            no.keeps_access
                && no.app == **app
                && no.account.as_ref() == Some(id)
                && *now < no.expires
        });
        let no = no.map(|no| {
            format!("{} rejected the removal until {}: {}", no.by, minute(no.expires), no.reason)
        });
        no.or_else(|| {
            let keep = orders.keeps.iter().find(|keep| {
                keep.app == **app
                    && keep.account == *id
                    && keep.at <= *now
                    && *now < keep.until
                    && keep.state.sign_in == Some(SignIn::Allowed)
            })?;
            Some(format!("{} undid the removal until {}", keep.by, minute(keep.until)))
        })
    }

    /// What use somebody who works here makes of her account.
    fn use_made(&self, person: &Person, (id, known): (&AccountId, &KnownAccount)) -> Option<Gap> {
        let name = person.name();
        let account = &known.account;
        if account.status == AccountStatus::Invited {
            let lapsed = usage::lapsed(self.world, known)?;
            let gap = self.gap(
                GapKind::NeverAccepted,
                (id, known),
                Some(person),
                (
                    format!("{name} did not accept the invitation, which has lapsed"),
                    format!("send it again in {}, or take the account away", self.world.app),
                ),
            );
            return Some(Gap { since: Some(lapsed), ..gap });
        }
        let since = usage::unused_since(self.world, known)?;
        let privileged =
            account.role.as_ref().is_some_and(|role| self.world.sight.is_privileged(role));
        let (kind, what) = if privileged {
            (GapKind::DormantAdmin, "a privileged account")
        } else {
            (GapKind::UnusedSeat, "a seat")
        };
        let gap = self.gap(
            kind,
            (id, known),
            Some(person),
            (
                format!(
                    "{name} has {what} and has not signed in since {}",
                    since.strftime("%Y-%m-%d")
                ),
                "ask whether it is still needed; if not, take the access away".to_owned(),
            ),
        );
        Some(Gap { since: Some(since), ..gap })
    }

    /// The role of somebody who works here differs from what the policy gives.
    fn wrong_role(
        &self,
        person: &Person,
        (id, known): (&AccountId, &KnownAccount),
        (has, role): (&RoleName, &RoleName),
    ) -> Gap {
        let app = self.world.app;
        let name = person.name();
        let Some((written, by)) = self.changed_since(id, known, role) else {
            return self.gap(
                GapKind::ExcessRole,
                (id, known),
                Some(person),
                (format!("{name} is {has}, but should be {role}"), answers(person, app, (id, has))),
            );
        };
        let (at, by) = match by {
            Some(deed) => (Some(deed.at), self.doer(deed)),
            None => (None, "by whom is not told".to_owned()),
        };
        let gap = self.gap(
            GapKind::ChangedOutside,
            (id, known),
            Some(person),
            (
                format!(
                    "{name} was made {role} on {}, and was changed to {has} in {app} since: {by}",
                    written.strftime("%Y-%m-%d")
                ),
                answers(person, app, (id, has)),
            ),
        );
        Gap { since: at, ..gap }
    }

    /// When Muster last saw that the role is `role`, if it wrote or confirmed it at some time; with
    /// the change after that which the app's trail tells of.
    fn changed_since(
        &self,
        id: &AccountId,
        known: &'_ KnownAccount,
        role: &RoleName,
    ) -> Option<(Timestamp, Option<&Deed>)> {
        let run = self.written.get(id)?;
        let wrote = run.operation.after.as_ref()?.role.as_ref()? == role;
        let deed = self.world.accounts.get(id)?.activity.updated.as_ref();
        let deed = deed.filter(|deed| deed.at > run.changed && known.gone.is_none());
        wrote.then_some((run.changed, deed))
    }

    fn doer(&self, deed: &Deed) -> String {
        let when = deed.at.strftime("%Y-%m-%d %H:%M UTC");
        match &deed.by {
            Some(by) => match self.world.accounts.get(by) {
                Some(known) => format!("by {} on {when}", known.account.login),
                None => format!("by account {by} on {when}"),
            },
            None => format!("on {when}, by whom is not told"),
        }
    }

    fn works_here(
        &self,
        person: &Person,
        accounts: &[(&AccountId, &KnownAccount)],
        role: &RoleName,
        expectation: &Expectation,
    ) -> Vec<Gap> {
        let name = person.name();
        let mut gaps = Vec::new();
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
            let has = known.account.role.as_ref().filter(|has| *has != role);
            if let Some(has) = has.filter(|has| expectation.keeps(Some(has)).is_none()) {
                gaps.push(self.wrong_role(person, (id, known), (has, role)));
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

    /// An account that nobody ordered: not Muster, and nobody in the app.
    fn self_joined(&self, id: &AccountId, known: &KnownAccount, matched: &Match) -> Option<Gap> {
        let joined = known.activity.joined_by_itself(id)?;
        let person = match matched {
            Match::Linked { confirmed: true, .. } | Match::Classified { .. } => return None,
            Match::Linked { person, .. } => self.world.people.get(person),
            _ => None,
        };
        if known.account.kind != AccountKind::Human || self.written.contains_key(id) {
            return None;
        }
        let login = &known.account.login;
        let gap = self.gap(
            GapKind::SelfJoined,
            (id, known),
            person,
            (
                format!("{login} came into being by itself, as with a first single sign-on"),
                format!(
                    "if it is right: muster accounts link {id} PERSON; else close the way in (an \
                     allowed e-mail domain, single sign-on), then remove it"
                ),
            ),
        );
        Some(Gap { since: Some(joined), ..gap })
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

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
