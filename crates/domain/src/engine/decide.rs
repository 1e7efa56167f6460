//! Deciding: the difference between what one person should have in one app and what she has, as
//! operations. Whether an operation may go is `guard`'s affair.

mod away;
mod keep;
mod leave;
pub mod unwanted;

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

use jiff::{Timestamp, ToSpan};

use super::{
    correlate::{Match, fold_name},
    expect::{Expectation, Rules},
    hand_over::Office,
    lifecycle::{self, PersonState},
    undo, upcoming,
    world::{KnownAccount, World},
};
use crate::model::{
    account::{Account, AccountChange, AccountStatus, NewAccount, SignIn},
    canonical::Digest,
    email::EmailAddress,
    id::{AccountId, RoleName},
    operation::{Deactivation, Learned},
    person::Person,
    plan::{
        AccountState, Action, Blocked, Operation, PersonRef, Reason, Reversibility, Risk, Upcoming,
    },
    policy::{Leave, Names, NoRule, Removal, Switch},
};

/// What follows for one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// What should be done.
    pub operations: Vec<Operation>,
    /// What will change by itself.
    pub upcoming: Vec<Upcoming>,
    /// What stands in the way where no operation helps.
    pub blocked: Vec<Blocked>,
}

impl Decision {
    /// Adds what follows for somebody else.
    pub(super) fn absorb(&mut self, other: Self) {
        let Self { operations, upcoming, blocked } = other;
        self.operations.extend(operations);
        self.upcoming.extend(upcoming);
        self.blocked.extend(blocked);
    }
}

/// Who holds which address, so that no joiner makes the planner look through everybody.
pub struct Addresses<'a> {
    world: &'a World<'a>,
    /// Only made once asked for, as `people`: a plan for one person seldom asks.
    accounts: OnceLock<HashMap<&'a str, &'a AccountId>>,
    people: OnceLock<Workers<'a>>,
    /// When Muster last shut an account out, or lowered it because its owner had left.
    shut: HashMap<&'a AccountId, Timestamp>,
    /// The accounts of which everything was handed over once.
    handed_over: HashSet<&'a AccountId>,
}

/// People by their present address at work.
struct Workers<'a> {
    last: HashMap<&'a str, &'a Person>,
    /// Those who have an address that is somebody's in `last` already.
    before: HashMap<&'a str, Vec<&'a Person>>,
}

impl<'a> Workers<'a> {
    fn new(world: &World<'a>) -> Self {
        let mut last = HashMap::with_capacity(world.people.len());
        let mut before: HashMap<_, Vec<_>> = HashMap::new();
        for person in world.people.values() {
            let Some(email) = &person.profile.work_email else { continue };
            if let Some(other) = last.insert(email.folded(), person) {
                before.entry(email.folded()).or_default().push(other);
            }
        }
        Self { last, before }
    }
}

impl<'a> Addresses<'a> {
    /// The addresses of `world`.
    #[must_use]
    pub fn new(world: &'a World<'a>) -> Self {
        let (mut shut, mut handed_over) = (HashMap::new(), HashSet::new());
        for run in world.runs.iter().filter(|run| run.state.is_done()) {
            if let Action::Deactivate { .. } | Action::Reduce { .. } = &run.operation.action
                && let Some(account) = &run.operation.account
            {
                let last = shut.entry(account).or_insert(run.changed);
                *last = run.changed.max(*last);
            }
            if let Action::HandOver { .. } = &run.operation.action {
                handed_over.extend(&run.operation.account);
            }
        }
        let (accounts, people) = (OnceLock::new(), OnceLock::new());
        Self { world, accounts, people, shut, handed_over }
    }

    fn account(&self, email: &EmailAddress) -> Option<&'a AccountId> {
        let index = self.accounts.get_or_init(|| {
            let mut accounts = HashMap::with_capacity(self.world.accounts.len());
            for (id, known) in self.world.accounts.iter().filter(|(_, known)| known.gone.is_none())
            {
                if let Some(email) = &known.account.email {
                    accounts.entry(email.folded()).or_insert(id);
                }
            }
            accounts
        });
        index.get(email.folded()).copied()
    }

    /// Somebody else who works here, or will, under the same address.
    fn other_worker(
        &self,
        email: &EmailAddress,
        person: &Person,
        world: &World<'_>,
    ) -> Option<&'a Person> {
        let Workers { last, before } = self.people.get_or_init(|| Workers::new(self.world));
        let sharing = before.get(email.folded()).into_iter().flatten();
        let others = last.get(email.folded()).into_iter().chain(sharing).copied();
        others.filter(|other| other.id != person.id).find(|other| {
            !matches!(
                lifecycle::state(other, &world.hours(), world.now),
                PersonState::Ended { .. } | PersonState::Withdrawn
            )
        })
    }
}

/// The role to which an account can still be lowered, if there is one.
pub(crate) fn lower_role(world: &World<'_>, known: &KnownAccount) -> Option<RoleName> {
    let least = &world.sight.least_role()?.name;
    let lower = known.account.role.as_ref().is_none_or(|has| world.sight.lowers(has, least));
    lower.then(|| least.clone())
}

/// Whether the account cannot be shut out, as policy says or trying taught; with what it taught.
pub(crate) fn falls_to_least(
    world: &World<'_>,
    known: &KnownAccount,
) -> (bool, Option<&'static str>) {
    let taught = known.learned.filter(|learned| !outdated(world, learned));
    let (useless, taught) = match taught.map(|learned| learned.deactivation) {
        Some(Deactivation::Works) => (false, None),
        Some(Deactivation::Ignored) => {
            (true, Some("deactivation was tried here and the app ignored it"))
        }
        Some(Deactivation::Refused) => {
            (true, Some("deactivation was tried here and the app refused it"))
        }
        None => (!world.sight.can_deactivate, None),
    };
    (useless || world.rules.removal == Removal::Reduce, taught)
}

/// Whether an account is worth trying again: where the app has obeyed for others, one write that it
/// ignored may have been an accident. It is then tried once a day, or as soon as it obeys again.
fn outdated(world: &World<'_>, learned: &Learned) -> bool {
    let Some(worked) = world.sight.deactivation_worked else { return false };
    let day_old = learned.at.checked_add(24.hours()).is_ok_and(|next| next <= world.now);
    learned.deactivation != Deactivation::Works && (worked > learned.at || day_old)
}

/// What deciding for anybody looks at.
pub struct Deciding<'a> {
    /// The world.
    pub world: &'a World<'a>,
    /// Whose the accounts in it are, and who could take work over.
    pub office: Office<'a>,
    /// Who holds which address in it.
    pub addresses: Addresses<'a>,
}

/// Decides for `person`, who has `accounts`.
#[must_use]
pub fn decide(
    deciding: &Deciding<'_>,
    rules: &Rules<'_>,
    person: &Person,
    accounts: &[AccountId],
) -> Decision {
    let Deciding { world, office, addresses } = deciding;
    let case = Case {
        world,
        office,
        addresses,
        person,
        accounts: accounts
            .iter()
            .filter_map(|id| Some((id, world.accounts.get(id)?)))
            .filter(|(_, account)| account.gone.is_none())
            .collect(),
    };
    let stints = rules.stints(person);
    let expectation = rules.expect_in(person, &stints, world.now);
    let kept = undo::kept(world, person, &expectation);
    let mut decision = case.decide(expectation);
    case.keep(&kept, &mut decision);
    decision.upcoming.extend(upcoming::of_person(world, rules, (person, &stints), &case.accounts));
    decision
}

/// What an operation would do to which account.
struct Effect<'a> {
    action: Action,
    account: Option<&'a Account>,
    after: Option<AccountState>,
    reversibility: Reversibility,
}

struct Case<'a, 'w> {
    world: &'a World<'a>,
    office: &'a Office<'w>,
    addresses: &'a Addresses<'w>,
    person: &'a Person,
    accounts: Vec<(&'a AccountId, &'a KnownAccount)>,
}

impl Case<'_, '_> {
    fn decide(&self, expectation: Expectation) -> Decision {
        match expectation {
            Expectation::Access { until, engagement, ref why, .. } => {
                let mut decision = self.give(&expectation);
                if let Some(at) = until {
                    self.will_hand_over(&mut decision, (at, engagement), why);
                }
                decision
            }
            Expectation::NoRule { engagement, ref why, .. } => match self.world.rules.no_rule {
                NoRule::Report => Decision::default(),
                NoRule::Remove if self.in_grace(&expectation) => Decision::default(),
                NoRule::Remove => self.take(engagement, why),
            },
            Expectation::NotYet { ended, .. } => ended.map_or_else(Decision::default, |past| {
                let mut decision = self.take(past.engagement, &past.why);
                self.hand_over(&mut decision, past.engagement, &past.why);
                decision
            }),
            Expectation::Gone { since, engagement, why, .. } => {
                let mut decision = self.take(engagement, &why);
                self.hand_over(&mut decision, engagement, &why);
                self.delete(&mut decision, (since, engagement), &why);
                decision
            }
            Expectation::Withdrawn { why } => {
                let last = self.person.engagements.iter().map(|e| e.number).max();
                self.take(last.unwrap_or(1), &why)
            }
            Expectation::Undecided { why } => {
                let why: Vec<_> = why.iter().map(ToString::to_string).collect();
                self.blocked(
                    format!("it cannot be told what they should have: {}", why.join("; ")),
                    "mend it in the source or the policy; until then nothing is done",
                )
            }
        }
    }

    /// Whether an account of hers may keep for a while what an earlier job gave.
    fn in_grace(&self, expectation: &Expectation) -> bool {
        self.accounts
            .iter()
            .any(|(_, known)| expectation.keeps(known.account.role.as_ref()).is_some())
    }

    fn person_ref(&self, engagement: Option<u32>) -> PersonRef {
        PersonRef { id: self.person.id.clone(), name: self.person.name(), engagement }
    }

    fn blocked(&self, reason: impl Into<String>, remedy: impl Into<String>) -> Decision {
        Decision {
            blocked: vec![Blocked {
                person: self.person_ref(None),
                reason: reason.into(),
                remedy: remedy.into(),
            }],
            ..Decision::default()
        }
    }

    /// The person should have an account.
    fn give(&self, expectation: &Expectation) -> Decision {
        let Expectation::Access { role, engagement, on_leave, why, .. } = expectation else {
            return Decision::default();
        };
        let (engagement, on_leave) = (*engagement, *on_leave);
        if on_leave && self.world.rules.leave != Leave::Keep {
            return self.set_aside(engagement, why);
        }
        let usable = self
            .accounts
            .iter()
            .filter(|(_, known)| known.account.status != AccountStatus::Inactive)
            .min_by_key(|(id, known)| (known.account.created, *id));
        if let Some((_, known)) = usable {
            let has = known.account.role.as_ref();
            let role = expectation.keeps(has).map_or(role, |kept| &kept.role);
            return self.adjust(&known.account, role, engagement, why);
        }
        if on_leave {
            return Decision::default();
        }
        match self.accounts.iter().max_by_key(|(id, known)| (known.account.updated, *id)) {
            Some((_, known)) => self.reactivate(&known.account, role, engagement, why),
            None => self.create(role, engagement, why),
        }
    }

    fn create(&self, role: &RoleName, engagement: u32, why: &[Reason]) -> Decision {
        let Some(email) = &self.person.profile.work_email else {
            return self.blocked(
                "should have an account, but has no work e-mail",
                format!(
                    "add the address in the source and import again, or tell it: muster people \
                     edit {} --email ADDRESS",
                    self.person.id
                ),
            );
        };
        if let Some(account) = self.office.correlation.maybe_of(&self.person.id).next() {
            return self.blocked(
                format!(
                    "should have an account; {} may already be theirs",
                    self.world.account_name(account)
                ),
                format!(
                    "say whose it is: muster accounts link {account} PERSON, or muster accounts \
                     classify {account} shared --owner PERSON"
                ),
            );
        }
        if let Some(account) = self.addresses.account(email) {
            return self.blocked(
                format!("an account already holds {email}, but is not theirs"),
                format!("settle whose it is: muster why {account}"),
            );
        }
        if let Some(other) = self.addresses.other_worker(email, self.person, self.world) {
            return self.blocked(
                format!("{email} is also the work address of {} ({})", other.name(), other.anchor),
                "give each person an address of their own in the source, or end one of the records",
            );
        }
        let new = NewAccount {
            email: email.clone(),
            name: self.person.name(),
            role: role.clone(),
            external_id: Some(self.person.id.to_string()),
        };
        let after = AccountState {
            login: email.as_str().to_owned(),
            name: new.name.clone(),
            role: Some(role.clone()),
            status: AccountStatus::Invited,
        };
        let sent = "an invitation goes out by e-mail and cannot be called back unseen".to_owned();
        let effect = Effect {
            action: Action::Create { new },
            account: None,
            after: Some(after),
            reversibility: Reversibility::Partly { lost: sent },
        };
        self.one(self.operation(effect, engagement, why))
    }

    /// One account, one write: everything that differs goes into a single update.
    fn adjust(
        &self,
        account: &Account,
        role: &RoleName,
        engagement: u32,
        why: &[Reason],
    ) -> Decision {
        let mut change = AccountChange::default();
        let mut reasons = why.to_vec();
        if account.role.as_ref().is_some_and(|has| has != role) {
            change.role = Some(role.clone());
        }
        let name = self.person.name();
        if self.world.rules.names == Names::Sync
            && self.person.profile.name().is_some()
            && name != account.name
            && fold_name(&name) != fold_name(&account.name)
        {
            reasons.push(Reason::new(
                format!("source {}", self.person.anchor),
                format!("the name is {name:?}"),
            ));
            change.name = Some(name);
        }
        if change.is_empty() {
            return Decision::default();
        }
        let after = AccountState {
            name: change.name.clone().unwrap_or_else(|| account.name.clone()),
            role: change.role.clone().or_else(|| account.role.clone()),
            ..AccountState::from(account)
        };
        let effect = Effect {
            action: Action::Update { change },
            account: Some(account),
            after: Some(after),
            reversibility: Reversibility::Whole,
        };
        self.one(self.operation(effect, engagement, &reasons))
    }

    fn reactivate(
        &self,
        account: &Account,
        role: &RoleName,
        engagement: u32,
        why: &[Reason],
    ) -> Decision {
        let change = AccountChange {
            name: None,
            role: (account.role.as_ref() != Some(role)).then(|| role.clone()),
            sign_in: Some(SignIn::Allowed),
        };
        let after = AccountState {
            role: Some(role.clone()),
            status: AccountStatus::Active,
            ..AccountState::from(account)
        };
        let effect = Effect {
            action: Action::Reactivate { change },
            account: Some(account),
            after: Some(after),
            reversibility: Reversibility::Whole,
        };
        self.one(self.operation(effect, engagement, why))
    }

    /// The person should have nothing: every account that lets her in goes down the ladder. This
    /// follows the accounts that are hers, whatever groups or rules say by now (L5, L6).
    fn take(&self, engagement: u32, why: &[Reason]) -> Decision {
        let mut decision = Decision::default();
        for (id, known) in &self.accounts {
            if !known.account.status.may_sign_in() {
                continue;
            }
            let mut reasons = why.to_vec();
            if let Some(Match::Linked { because, .. }) = self.office.correlation.matches.get(*id) {
                reasons.push(Reason::new(format!("account {id}"), format!("theirs by {because}")));
            }
            self.says_what_is_left(id, known, engagement, &mut reasons);
            if let Some((action, reversibility)) = rung(self.world, known, &mut reasons) {
                let after = taken(&action, AccountState::from(&known.account));
                let account = Some(&known.account);
                let effect = Effect { action, account, after, reversibility };
                decision.operations.extend(self.operation(effect, engagement, &reasons));
            }
        }
        decision
    }

    fn one(&self, operation: Option<Operation>) -> Decision {
        Decision { operations: operation.into_iter().collect(), ..Decision::default() }
    }

    fn operation(
        &self,
        effect: Effect<'_>,
        engagement: u32,
        reasons: &[Reason],
    ) -> Option<Operation> {
        operation(self.world, Some(self.person_ref(Some(engagement))), effect, reasons)
    }
}

/// The rung of the removal ladder that this account has reached: shut out; where it proved not to
/// work, the least role; an unaccepted invitation is withdrawn where deleting is allowed.
fn rung(
    world: &World<'_>,
    known: &KnownAccount,
    reasons: &mut Vec<Reason>,
) -> Option<(Action, Reversibility)> {
    let may_delete = world.rules.writes.delete == Switch::On;
    if known.account.status == AccountStatus::Invited && may_delete {
        let lost = "the pending account and its invitation; a new invitation can be sent";
        return Some((Action::CancelInvite, Reversibility::Partly { lost: lost.to_owned() }));
    }
    let lower = lower_role(world, known);
    let (reduce, taught) = falls_to_least(world, known);
    if let Some(taught) = taught {
        reasons.push(Reason::new(format!("account {}", known.account.id), taught));
    }
    if reduce {
        return lower.map(|to| (Action::Reduce { to }, Reversibility::Whole));
    }
    Some((Action::Deactivate { fallback: lower }, Reversibility::Whole))
}

/// The account after a rung of the ladder.
fn taken(action: &Action, before: AccountState) -> Option<AccountState> {
    match action {
        Action::CancelInvite => None,
        Action::Reduce { to } => Some(AccountState { role: Some(to.clone()), ..before }),
        _ => Some(AccountState { status: AccountStatus::Inactive, ..before }),
    }
}

/// `effect` as an operation for `person`, or about an account that is nobody's.
fn operation(
    world: &World<'_>,
    person: Option<PersonRef>,
    effect: Effect<'_>,
    reasons: &[Reason],
) -> Option<Operation> {
    let Effect { action, account, after, reversibility } = effect;
    let before = account.map(AccountState::from);
    let risk = risk(world, &action, before.as_ref(), after.as_ref());
    let mut operation = Operation {
        fingerprint: Digest::zero(),
        app: world.app.clone(),
        action,
        person,
        account: account.map(|account| account.id.clone()),
        before,
        after,
        reasons: reasons.to_vec(),
        risk,
        reversibility,
        holds: Vec::new(),
        approved_by: None,
    };
    operation.fingerprint = operation.computed_fingerprint().ok()?;
    Some(operation)
}

fn risk(
    world: &World<'_>,
    action: &Action,
    before: Option<&AccountState>,
    after: Option<&AccountState>,
) -> Risk {
    let privileged = |state: Option<&AccountState>| {
        state
            .and_then(|state| state.role.as_ref())
            .is_some_and(|role| world.sight.is_privileged(role))
    };
    match action {
        Action::CancelInvite | Action::Delete => Risk::High,
        Action::HandOver { .. } | Action::GiveBack { .. } => Risk::Medium,
        _ if privileged(before) || privileged(after) => Risk::High,
        Action::Update { change } if change.role.is_none() => Risk::Low,
        _ => Risk::Medium,
    }
}
