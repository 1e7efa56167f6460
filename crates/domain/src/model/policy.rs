//! The policy: who should have what, and how carefully. Checked; `engine::policy_file` makes it
//! from text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use jiff::{
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use super::{
    canonical::Digest,
    check::{self, CheckRules},
    email::EmailAddress,
    id::{AppName, RoleName, SourceName},
    limits::Limits,
    money::Money,
    work::HandOverTo,
};

/// A checked policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The digest of the text it was read from.
    pub digest: Digest,
    /// What holds for the whole organisation.
    pub organization: Organization,
    /// The apps, by the names under which they are connected.
    pub apps: BTreeMap<AppName, AppPolicy>,
    /// What differs from what the checks bring with them.
    pub checks: CheckRules,
}

/// Who may use a critical system, as the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoMayUse {
    /// Who answers for the rule; the app's owner otherwise.
    pub owner: Option<EmailAddress>,
    /// The rule.
    pub rule: check::AccessRule,
    /// The day on which it was last reviewed.
    pub reviewed: Option<Date>,
}

/// What holds for the whole organisation.
#[derive(Debug, Clone)]
pub struct Organization {
    /// The zone in which dates count when neither the person nor her place has one.
    pub time_zone: TimeZone,
    /// The organisation's own e-mail domains, in lower case.
    pub domains: Vec<String>,
    /// Whose word on people counts before whose.
    pub sources: SourceRanks,
    /// A source of people that was not heard for so many days is stale.
    pub stale_after_days: u16,
    /// The days of the week on which nobody works, where a place says nothing else.
    pub weekend: Vec<Weekday>,
    /// Days on which nobody works anywhere.
    pub holidays: BTreeSet<Date>,
    /// Places by their folded name: work locations or countries, as the roster writes them.
    pub places: BTreeMap<String, Place>,
}

/// What holds for people who work at a place.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The zone in which dates count there.
    pub time_zone: Option<TimeZone>,
    /// The days of the week on which nobody works there.
    pub weekend: Option<Vec<Weekday>>,
    /// Days on which nobody works there.
    pub holidays: BTreeSet<Date>,
}

impl Organization {
    /// An organisation of which nothing is known but its zone.
    #[must_use]
    pub fn new(time_zone: TimeZone) -> Self {
        Self {
            time_zone,
            domains: Vec::new(),
            sources: SourceRanks::default(),
            stale_after_days: 7,
            weekend: vec![Weekday::Saturday, Weekday::Sunday],
            holidays: BTreeSet::new(),
            places: BTreeMap::new(),
        }
    }

    /// The place called `name`, in whatever letter case.
    #[must_use]
    pub fn place(&self, name: Option<&str>) -> Option<&Place> {
        if self.places.is_empty() {
            return None;
        }
        self.places.get(&name?.trim().to_lowercase())
    }
}

/// Whose word counts where several sources tell of the same person. Empty: what was told by hand,
/// then the sources in the order of their first import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceRanks {
    /// The sources, the first in rank first.
    pub order: Vec<SourceName>,
    /// The same for single attributes.
    pub attributes: BTreeMap<String, Vec<SourceName>>,
}

/// Whether a kind of write happens at all. All off until someone says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Writes {
    /// Creating accounts, which sends invitations.
    pub create: Switch,
    /// Changing names and roles.
    pub update: Switch,
    /// Shutting accounts out, letting them in again, lowering leavers' roles.
    pub deactivate: Switch,
    /// Deleting: withdrawing a pending invitation, and leavers' accounts where the policy says so.
    pub delete: Switch,
    /// Giving leavers' work to others.
    pub hand_over: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switch {
    /// Happens.
    On,
    /// Does not happen.
    #[default]
    Off,
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// Whether an operation goes by itself or waits for a named person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Goes by itself.
    Auto,
    /// Waits for an approval.
    Ask,
}

/// Who may let a waiting operation go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// The app's owner, as the policy names her.
    Owner,
    /// The manager of the person whom the operation is about, as the source tells at that moment.
    Manager,
    /// Whoever has this address.
    Address(EmailAddress),
}

/// Which operations wait for a named person, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// Giving a privileged role.
    pub privileged: Consent,
    /// Creating an account.
    pub create: Consent,
    /// Changing a name or an ordinary role.
    pub update: Consent,
    /// Shutting a leaver out.
    pub deactivate: Consent,
    /// Letting an account in again.
    pub reactivate: Consent,
    /// Deleting.
    pub delete: Consent,
    /// Giving leavers' work to others.
    pub hand_over: Consent,
    /// Who may approve; nobody in particular when empty.
    pub approvers: Vec<Approver>,
    /// After so many days an approval that nobody used, or a rejection, lapses.
    pub expires_days: u16,
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        Self {
            privileged: Consent::Ask,
            create: Consent::Auto,
            update: Consent::Auto,
            deactivate: Consent::Auto,
            reactivate: Consent::Ask,
            delete: Consent::Ask,
            hand_over: Consent::Auto,
            approvers: Vec::new(),
            expires_days: 7,
        }
    }
}

/// How long before the first day an invitation goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadTime {
    /// So many working days.
    WorkingDays(u16),
    /// So many calendar days.
    Days(u16),
}

/// What happens to a leaver's accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Shut out; where the app cannot, fall to the least role.
    Deactivate,
    /// Fall to the least role at once.
    Reduce,
}

/// Which of a leaver's dates counts where both are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// The last day at work.
    LastWorkingDay,
    /// The end of the contract.
    ContractEnd,
}

/// The moment of a day at which access ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayEnd {
    /// When the next day begins.
    EndOfDay,
    /// At this local time.
    At(Time),
}

/// Which day ends a leaver's access, and when on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastDay {
    /// Which date counts.
    pub follows: Follows,
    /// When on that day.
    pub at: DayEnd,
}

impl Default for LastDay {
    fn default() -> Self {
        Self { follows: Follows::LastWorkingDay, at: DayEnd::At(Time::constant(18, 0, 0, 0)) }
    }
}

/// What happens to the accounts of people on leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// They stay as they are.
    Keep,
    /// They are shut out; where the app cannot, they fall to the least role.
    Suspend,
    /// They fall to the least role.
    Reduce,
}

/// What happens to a leaver's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverRule {
    /// Who takes it over.
    pub to: HandOverTo,
    /// Tickets closed before so many days stay where they are.
    pub closed_within_days: u16,
}

/// What happens to an account of someone who works here but whom no rule admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRule {
    /// Shown as a gap, nothing more.
    Report,
    /// Removed as a leaver's would be.
    Remove,
}

/// Whether display names follow the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// A changed name is a planned update.
    Sync,
    /// Names are the app's own affair.
    Keep,
}

/// The policy for one app.
#[derive(Debug, Clone)]
pub struct AppPolicy {
    /// The kind of connector, such as `gorgias`.
    pub connector: String,
    /// Whether the company declares the app important for its certification.
    pub critical: bool,
    /// Who may use it, where the policy says.
    pub who_may_use: Option<WhoMayUse>,
    /// Who answers for the app.
    pub owner: Option<EmailAddress>,
    /// The app's own account owner, where its API does not tell.
    pub account_owner: Option<EmailAddress>,
    /// Break-glass accounts, by login in lower case: never lowered, shut out or deleted.
    pub protected: Vec<String>,
    /// How many seats the contract has.
    pub seats: Option<u32>,
    /// What a seat costs a month, if the policy says.
    pub seat_price: Option<Money>,
    /// After so many minutes the app is read anew.
    pub read_every_minutes: u16,
    /// Which writes happen.
    pub writes: Writes,
    /// Who gets which role; the first rule that matches wins.
    pub access: Vec<AccessRule>,
    /// What happens to accounts of people whom no rule admits.
    pub no_rule: NoRule,
    /// Whether display names follow the source.
    pub names: Names,
    /// How long before the first day an invitation goes out.
    pub invite_before: LeadTime,
    /// How long a mover keeps an ordinary role that the new job does not give.
    pub grace_days: u16,
    /// What happens to the accounts of people on leave.
    pub leave: Leave,
    /// Which day ends a leaver's access, and when on it.
    pub leaver: LastDay,
    /// What happens to a leaver's accounts.
    pub removal: Removal,
    /// What happens to a leaver's work, if the policy says.
    pub hand_over: Option<HandOverRule>,
    /// After how many days without access a leaver's account is deleted, if ever.
    pub delete_after_days: Option<u16>,
    /// Which operations wait for a named person.
    pub approval: ApprovalPolicy,
    /// How much goes within a window without a named person.
    pub limits: Limits,
}

impl Policy {
    /// What holds while nobody has applied a policy: nothing is expected and nothing is written.
    #[must_use]
    pub fn none() -> Self {
        Self {
            digest: Digest::zero(),
            organization: Organization::new(TimeZone::UTC),
            apps: BTreeMap::new(),
            checks: CheckRules::default(),
        }
    }
}

impl AppPolicy {
    /// What holds for an app that no policy speaks of: it is looked at and nothing else.
    #[must_use]
    pub fn observe_only(connector: &str) -> Self {
        Self {
            connector: connector.to_owned(),
            critical: false,
            who_may_use: None,
            owner: None,
            account_owner: None,
            protected: Vec::new(),
            seats: None,
            seat_price: None,
            read_every_minutes: 15,
            writes: Writes::default(),
            access: Vec::new(),
            no_rule: NoRule::Report,
            names: Names::Keep,
            invite_before: LeadTime::WorkingDays(1),
            grace_days: 7,
            leave: Leave::Keep,
            leaver: LastDay::default(),
            removal: Removal::Deactivate,
            hand_over: None,
            delete_after_days: None,
            approval: ApprovalPolicy::default(),
            limits: Limits::default(),
        }
    }
}

/// One rule of an app's access list.
#[derive(Debug, Clone)]
pub struct AccessRule {
    /// Which people it is about.
    pub when: Condition,
    /// The role they get.
    pub role: RoleName,
}

/// A condition in CEL over one person, parsed and type-checked.
#[derive(Clone)]
pub struct Condition {
    pub(crate) source: String,
    pub(crate) program: Arc<cel::Program>,
    /// The fields of `person` that it reads, in order.
    pub(crate) reads: Vec<&'static str>,
}

impl Condition {
    /// The condition as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({})", self.source)
    }
}
