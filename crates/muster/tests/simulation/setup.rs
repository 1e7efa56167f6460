//! What stays the same throughout one run: the app's dialect and the policy.

use muster_simulator::{
    ActiveWrite, Config, DefaultOrder, EmailFilter, Field, Limits, ListShape, PutStyle,
    RoleDialect, RoleNames, RoleOnCreate, Seats, SecondDelete, TimeShape, Totals, UnknownFields,
    Walk, WriteStatus,
};

use jiff::tz::TimeZone;

use crate::chance::Chance;

/// What becomes of the accounts of people on leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtLeave {
    Keep,
    Suspend,
    Reduce,
}

/// Whom the policy asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approvers {
    Anybody,
    /// Somebody who is no person of the company.
    Chief,
    ManagerOrChief,
}

/// Where leavers' work goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkTo {
    Unsaid,
    Manager,
    Nobody,
}

pub(crate) const CHIEF: &str = "chief@acme.example";

#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) config: Config,
    /// Whether deleting is allowed, which withdraws invitations.
    pub(crate) delete: bool,
    /// The limit on removals; the built-in one when absent.
    pub(crate) limit: Option<u32>,
    /// Days before the start at which an invitation goes out.
    pub(crate) lead_days: i64,
    /// Whether people in the end approve whatever waits.
    pub(crate) approves: bool,
    /// Where dates count.
    pub(crate) zone: TimeZone,
    /// Whether who works here loses an account that nothing gives her.
    pub(crate) no_rule_removes: bool,
    pub(crate) at_leave: AtLeave,
    /// Whether new accounts, changes and removals wait for a word.
    pub(crate) asks: [bool; 3],
    pub(crate) approvers: Approvers,
    pub(crate) work_to: WorkTo,
    /// After how many days without access leavers' accounts are deleted.
    pub(crate) delete_after: Option<i64>,
}

impl Setup {
    /// A plain account of this dialect.
    pub(crate) fn plain(config: Config) -> Self {
        let limits = Limits { headers: config.limits.headers, ..Limits::unlimited() };
        let config = Config { limits, ..config };
        Self {
            seed: 1,
            config,
            delete: false,
            limit: Some(100),
            lead_days: 0,
            approves: true,
            zone: TimeZone::UTC,
            no_rule_removes: false,
            at_leave: AtLeave::Keep,
            asks: [false; 3],
            approvers: Approvers::Anybody,
            work_to: WorkTo::Unsaid,
            delete_after: None,
        }
    }

    /// The setup that belongs to `seed`.
    pub(crate) fn by_seed(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0xA11C);
        let preset = if chance.percent(50) { Config::gorgias() } else { Config::guide() };
        let mut setup = Self::plain(preset);
        setup.seed = seed;
        if chance.percent(60) {
            mix(&mut setup.config, &mut chance);
        }
        if chance.percent(25) {
            setup.config.limits =
                Limits { headers: setup.config.limits.headers, ..Limits::default() };
        }
        if chance.percent(20) {
            setup.config.seats = Some(Seats { cap: 10, code: chance.pick(&[402, 403, 409, 422]) });
        }
        setup.config.seed = seed;
        setup.delete = chance.percent(40);
        setup.limit = chance.pick(&[None, Some(0), Some(1), Some(3), Some(100)]);
        setup.lead_days = chance.pick(&[0, 0, 1, 3]);
        setup.approves = chance.percent(70);
        setup.rules(&mut chance);
        setup
    }

    /// The setup of a long life: the wire is kind most of the time, the zone has two clocks, and
    /// the limits leave room for a company that grows.
    pub(crate) fn of_years(seed: u64) -> Self {
        let mut setup = Self::by_seed(seed ^ 0x7EA2);
        let mut chance = Chance::new(seed ^ 0x2EA5);
        setup.seed = seed;
        setup.config.seats = None;
        setup.config.limits = Self::plain(setup.config.clone()).config.limits;
        setup.config.latency_ms = 0;
        setup.limit = chance.pick(&[None, Some(1), Some(3), Some(100)]);
        setup.approves = true;
        setup.zone = zone(chance.pick(&["Europe/Berlin", "America/New_York", "Asia/Kolkata"]));
        if chance.percent(60) {
            setup.delete = true;
            setup.delete_after = Some(chance.pick(&[7, 30, 30, 90]));
        }
        setup
    }

    /// What the policy says of groups, leave, consent and work.
    fn rules(&mut self, chance: &mut Chance) {
        self.zone = zone(chance.pick(&["UTC", "UTC", "Europe/Berlin", "America/New_York"]));
        self.no_rule_removes = chance.percent(50);
        self.at_leave = chance.pick(&[AtLeave::Keep, AtLeave::Suspend, AtLeave::Reduce]);
        self.asks = [chance.percent(20), chance.percent(20), chance.percent(20)];
        self.approvers =
            chance.pick(&[Approvers::Anybody, Approvers::Chief, Approvers::ManagerOrChief]);
        self.work_to =
            chance.pick(&[WorkTo::Unsaid, WorkTo::Manager, WorkTo::Manager, WorkTo::Nobody]);
        if self.delete && chance.percent(50) {
            self.delete_after = Some(1);
        }
    }

    /// Where this differs from the plain dialect, for people.
    pub(crate) fn tell(&self) -> String {
        let plain = serde_json::to_value(Setup::plain(Config::gorgias()).config).unwrap();
        let config = serde_json::to_value(&self.config).unwrap();
        let switches: Vec<String> = config
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, value)| plain.get(name.as_str()) != Some(*value))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let Self { config: _, seed, delete, limit, lead_days, approves, zone, .. } = self;
        let Self { no_rule_removes, at_leave, asks, approvers, work_to, delete_after, .. } = self;
        format!(
            "seed {seed}, delete {delete} after {delete_after:?}, limit {limit:?}, lead \
             {lead_days}, approves {approves}, {}, no rule removes {no_rule_removes}, leave \
             {at_leave:?}, asks {asks:?} {approvers:?}, work to {work_to:?}, {}",
            zone.iana_name().unwrap_or("UTC"),
            switches.join(", ")
        )
    }

    /// The role of ordinary support people in this dialect.
    pub(crate) fn basic(&self) -> &'static str {
        match self.config.role_names {
            RoleNames::Five => "basic-agent",
            RoleNames::Three => "observer-agent",
        }
    }

    pub(crate) fn policy(&self) -> String {
        let basic = self.basic();
        let (delete, lead) = (self.delete, self.lead_days);
        let limit = self.limit.map(|n| format!("removals_per_day: {n}")).unwrap_or_default();
        let zone = self.zone.iana_name().unwrap_or("UTC");
        let no_rule = if self.no_rule_removes { "remove" } else { "report" };
        let leave = match self.at_leave {
            AtLeave::Keep => "keep",
            AtLeave::Suspend => "suspend",
            AtLeave::Reduce => "reduce",
        };
        let [create, update, deactivate] = self.asks.map(|asks| if asks { "ask" } else { "auto" });
        let approvers = match self.approvers {
            Approvers::Anybody => String::new(),
            Approvers::Chief => CHIEF.to_owned(),
            Approvers::ManagerOrChief => format!("manager, {CHIEF}"),
        };
        let hand_over = match self.work_to {
            WorkTo::Unsaid => "",
            WorkTo::Manager => ", hand_over: {to: manager}",
            WorkTo::Nobody => ", hand_over: {to: nobody}",
        };
        let moves = if self.work_to == WorkTo::Unsaid { "" } else { ", hand_over: true" };
        let after = self.delete_after.map(|days| format!(", delete_after: {days} days"));
        let after = after.unwrap_or_default();
        format!(
            r#"
organization: {{time_zone: {zone}, domains: [acme.example], sources: [hand, hr, agency], attributes: {{title: [hand, agency, hr]}}}}
apps:
  support:
    connector: gorgias
    owner: p3.last@acme.example
    account_owner: owner@acme.example
    protected: [glass@acme.example]
    writes: {{create: true, update: true, deactivate: true, delete: {delete}{moves}}}
    access:
      - {{when: 'person.department == "IT"', role: admin}}
      - {{when: 'person.department == "Support" && person.title.contains("Lead")', role: agent}}
      - {{when: 'person.department == "Support"', role: {basic}}}
    no_rule: {no_rule}
    leave: {leave}
    joiner: {{invite_before: "{lead} days"}}
    mover: {{grace: 0 days}}
    leaver: {{at: "18:00", remove: deactivate{hand_over}{after}}}
    approval: {{create: {create}, update: {update}, deactivate: {deactivate}, approvers: [{approvers}]}}
    limits: {{{limit}}}
"#
        )
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// Switches set by chance.
fn mix(config: &mut Config, chance: &mut Chance) {
    config.active_write =
        chance.pick(&[ActiveWrite::Applied, ActiveWrite::Ignored, ActiveWrite::Refused]);
    config.unknown_fields = chance.pick(&[UnknownFields::Refused, UnknownFields::Ignored]);
    config.put = chance.pick(&[PutStyle::Patch, PutStyle::Replace]);
    config.roles = chance.pick(&[RoleDialect::NameOnly, RoleDialect::IdAndName, RoleDialect::V11]);
    config.role_on_create = chance.pick(&[RoleOnCreate::Required, RoleOnCreate::Optional]);
    config.list = chance.pick(&[ListShape::Envelope, ListShape::DataMeta, ListShape::Bare]);
    config.totals = chance.pick(&[Totals::Null, Totals::Absent, Totals::Resources, Totals::Count]);
    config.default_order = chance.pick(&[DefaultOrder::Name, DefaultOrder::Created]);
    config.walk = chance.pick(&[Walk::Keyset, Walk::Offset]);
    config.write_status =
        chance.pick(&[WriteStatus::Distinct, WriteStatus::Ok, WriteStatus::AcceptedEmpty]);
    config.email_filter = chance.pick(&[EmailFilter::Exact, EmailFilter::AnyCase]);
    config.second_delete = chance.pick(&[SecondDelete::NotFound, SecondDelete::NoContent]);
    config.has_password = chance.pick(&[Field::Present, Field::Present, Field::Absent]);
    config.timestamps = chance.pick(&[TimeShape::Offset, TimeShape::Naive, TimeShape::Zulu]);
    config.latency_ms = chance.pick(&[0, 0, 150]);
    config.owner_guard = chance.pick(&[Some(403), Some(409), None]);
    config.self_guard = chance.pick(&[Some(400), Some(403), None]);
}
