//! Gaps: where the app and the roster disagree, typed, whether or not an
//! operation would close them.

mod dates;
mod done;
mod kind;
mod left;
mod stale;
mod unwanted;
mod usage;
mod weigh;

pub(super) use self::{
    done::{shut_out, taken},
    usage::{lapsed, last_use},
};

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use self::dates::answers;
pub use self::{kind::GapKind, weigh::monthly};
use super::{
    correlate::{Correlation, Match},
    directory::Directory,
    expect::{Expectation, Rules},
    parts::in_parts,
    undo,
    world::{KnownAccount, World},
};
use crate::model::{
    account::{AccountKind, AccountStatus, SignIn},
    activity::Deed,
    canonical::Digest,
    check::Severity,
    id::{AccountId, AppName, PersonId, RoleName, SourceName},
    keep::Keep,
    link::Confirmation,
    money::Money,
    operation::Run,
    person::Person,
    plan::{Action, Plan},
    policy::Leave,
};

/// One gap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// Its kind: what the cause is, typed.
    pub kind: GapKind,
    /// In which app.
    pub app: AppName,
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
    /// How many whole days ago that was.
    pub age_days: Option<i64>,
    /// The source, where it is about one.
    pub source: Option<SourceName>,
    /// How much harm it may do.
    pub risk: Severity,
    /// What its seat costs a month, where closing it may free one and the price is known.
    pub monthly: Option<Money>,
    /// The operation of the present plan that would close it, if there is one.
    pub operation: Option<Digest>,
}

impl Gap {
    /// A gap about the app itself; what it is about besides is filled in.
    fn new(world: &World<'_>, kind: GapKind, (cause, remedy): (String, String)) -> Self {
        Self {
            kind,
            app: world.app.clone(),
            account: None,
            login: None,
            person: None,
            cause,
            remedy,
            since: None,
            age_days: None,
            source: None,
            risk: kind.risk(),
            monthly: None,
            operation: None,
        }
    }

    /// The same, there since `noticed` unless it is known better, as it is at `now`.
    #[must_use]
    pub fn since(mut self, noticed: Option<Timestamp>, now: Timestamp) -> Self {
        self.since = self.since.or(noticed);
        let age = self.since.map(|since| now.duration_since(since).as_hours() / 24);
        self.age_days = age.map(|days| days.max(0));
        self
    }

    /// The same, with the operation of `plan` that would close it.
    #[must_use]
    pub fn closed_by(mut self, plan: &Plan) -> Self {
        let closes = |action: &Action| match self.kind {
            GapKind::ExpectedMissing => {
                matches!(action, Action::Create { .. } | Action::Reactivate { .. })
            }
            GapKind::ExcessRole | GapKind::RoleTooLow | GapKind::ChangedOutside => {
                matches!(action, Action::Update { .. } | Action::Reduce { .. })
            }
            GapKind::OffboardedReduced => *action == Action::Delete,
            GapKind::CameBack
            | GapKind::OffboardedActive
            | GapKind::InvitedAfterExit
            | GapKind::Unwanted
            | GapKind::ExcessAccount => action.removes_access(),
            _ => false,
        };
        let mine = plan.operations.iter().find(|one| {
            let same = match (&self.account, &self.person) {
                (Some(account), _) => one.account.as_ref() == Some(account),
                (None, Some(person)) => one.is_for(person),
                (None, None) => false,
            };
            same && closes(&one.action)
        });
        self.operation = mine.map(|one| one.fingerprint);
        self
    }

    /// What tells it from other gaps of the same app for as long as it is there.
    #[must_use]
    pub fn key(&self) -> String {
        let account = self.account.as_ref().map_or("-", AccountId::as_str);
        let person = self.person.as_ref().map_or("-", PersonId::as_str);
        let key = format!("{}/{account}/{person}", self.kind.word());
        self.source.as_ref().map_or_else(|| key.clone(), |source| format!("{key}/{source}"))
    }
}

/// Every gap, worst kinds first.
#[must_use]
pub fn gaps(world: &World<'_>, correlation: &Correlation) -> Vec<Gap> {
    let mut survey = Survey {
        world,
        directory: Directory::new(world),
        correlation,
        shut_out: shut_out(world),
        taken: taken(world),
        silent: Rules::new(world).are_silent(),
        written: BTreeMap::new(),
        banned: unwanted::banned(world, correlation),
    };
    for run in world.runs.iter().filter(|run| run.state.is_done()) {
        if let Some(account) = &run.account {
            let last = survey.written.entry(account).or_insert(run);
            if last.changed < run.changed {
                *last = run;
            }
        }
    }
    let people: Vec<_> = correlation.of_all(world.people).collect();
    let mut found = in_parts(&people, |people| {
        let rules = Rules::new(world);
        let of_person = |(person, accounts): &(&Person, &[AccountId])| {
            survey.of_person(person, accounts, &rules.expect(person))
        };
        people.iter().flat_map(of_person).collect()
    });
    let accounts: Vec<_> = correlation.matched(world.accounts).collect();
    found.extend(in_parts(&accounts, |accounts| {
        let rules = Rules::new(world);
        let mut found = Vec::new();
        for (id, known, matched) in accounts.iter().filter(|(_, known, _)| known.gone.is_none()) {
            found.extend(survey.of_account(id, known, matched, &rules));
            found.extend(survey.self_joined(id, known, matched));
            found.extend(survey.with_leavers_address(id, known, matched, &rules));
        }
        found
    }));
    found.extend(stale::stale(world));
    for gap in &mut found {
        weigh::weigh(world, gap);
    }
    found.sort();
    found
}

struct Survey<'a> {
    world: &'a World<'a>,
    directory: Directory<'a>,
    correlation: &'a Correlation,
    /// The accounts that Muster has shut out and not let in again since.
    shut_out: BTreeSet<&'a AccountId>,
    /// Whether nothing says yet who should have what.
    silent: bool,
    /// When Muster last took an account from a person.
    taken: BTreeMap<&'a PersonId, Timestamp>,
    /// What Muster did last to each account.
    written: BTreeMap<&'a AccountId, &'a Run>,
    /// The logins of accounts that should not exist and are gone.
    banned: BTreeMap<String, &'a Confirmation>,
}

impl Survey<'_> {
    fn of_person(
        &self,
        person: &Person,
        hers: &[AccountId],
        expectation: &Expectation,
    ) -> Vec<Gap> {
        let accounts: Vec<_> = hers
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
        let kept = undo::kept(self.world, person, expectation);
        for keep in &kept {
            // Work that came back with the account is no gap of its own.
            let beside = |other: &&Keep| other.work.is_none() && other.account == keep.account;
            if keep.work.is_none() || !kept.iter().copied().any(|other| beside(&other)) {
                gaps.push(self.kept(person, keep));
            }
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
        told: (String, String),
    ) -> Gap {
        Gap {
            account: Some(id.clone()),
            login: Some(known.account.login.clone()),
            person: person.map(|person| person.id.clone()),
            ..Gap::new(self.world, kind, told)
        }
    }

    fn kept(&self, person: &Person, keep: &Keep) -> Gap {
        let Keep { id, account, undone, what, reason, by, at, until, .. } = keep;
        let known = self.world.accounts.get(account);
        let cause = format!("{by} undid {undone} ({what}) until {}: {reason}", minute(*until));
        let remedy = format!("if it is right by now: muster undo --end {id}");
        Gap {
            account: Some(account.clone()),
            login: known.map(|known| known.account.login.clone()),
            person: Some(person.id.clone()),
            since: Some(*at),
            ..Gap::new(self.world, GapKind::KeptByUndo, (cause, remedy))
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
            let sight = self.world.sight;
            let is_less = sight.lowers(role, has) && !sight.lowers(has, role);
            return self.gap(
                if is_less { GapKind::RoleTooLow } else { GapKind::ExcessRole },
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
        let deed = self.world.accounts.get(id)?.activity().updated.as_ref();
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
        let mut gaps = Vec::new();
        if accounts.is_empty() {
            let cause = format!("{} should have an account as {role}", person.name());
            let told = (cause, format!("muster plan {}", self.world.app));
            let gap = Gap::new(self.world, GapKind::ExpectedMissing, told);
            gaps.push(Gap { person: Some(person.id.clone()), ..gap });
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
                        format!(
                            "{} signs in as {login}, but the work address is {work}",
                            person.name()
                        ),
                        "change the login in the app; it needs the person's password".to_owned(),
                    ),
                ));
            }
        }
        gaps
    }

    /// An account that nobody ordered: not Muster, and nobody in the app.
    fn self_joined(&self, id: &AccountId, known: &KnownAccount, matched: &Match) -> Option<Gap> {
        let joined = known.activity().joined_by_itself(id)?;
        let person = match matched {
            Match::Linked { confirmed: true, .. }
            | Match::Classified { .. }
            | Match::Unwanted { .. } => return None,
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
        let app = self.world.app;
        if let Some(again) = self.again(id, known, matched) {
            return Some(again);
        }
        match matched {
            Match::Unwanted { reason, said, .. } => self.unwanted(id, known, (reason, said)),
            Match::Unmatched => Some(self.gap(
                GapKind::Unidentified,
                (id, known),
                None,
                (
                    format!("nobody knows whose {login} is"),
                    format!(
                        "muster accounts link {app}/{id} PERSON, muster accounts new-person \
                         {app}/{id}, muster accounts classify {app}/{id} service --owner PERSON, \
                         or muster accounts unwanted {app}/{id} --reason TEXT"
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
                        format!(
                            "muster accounts link {app}/{id} {person}, or muster accounts \
                             not-theirs {app}/{id} {person}",
                            person = best.person
                        ),
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
            Match::Machine { .. } | Match::Linked { .. } => None,
        }
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
