//! What stays the same throughout one run: the app's dialect and the policy.

use muster_simulator::{
    ActiveWrite, Config, DefaultOrder, EmailFilter, Field, Limits, ListShape, PutStyle,
    RoleDialect, RoleNames, RoleOnCreate, Seats, SecondDelete, TimeShape, Totals, UnknownFields,
    Walk, WriteStatus,
};

use crate::chance::Chance;

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
}

impl Setup {
    /// A plain account of this dialect.
    pub(crate) fn plain(config: Config) -> Self {
        let limits = Limits { headers: config.limits.headers, ..Limits::unlimited() };
        let config = Config { limits, ..config };
        Self { seed: 1, config, delete: false, limit: Some(100), lead_days: 0, approves: true }
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
        setup
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
        let Self { seed, config: _, delete, limit, lead_days, approves } = self;
        format!(
            "seed {seed}, delete {delete}, limit {limit:?}, lead {lead_days}, approves {approves}, {}",
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
        format!(
            r#"
organization: {{time_zone: UTC, domains: [acme.example]}}
apps:
  support:
    connector: gorgias
    account_owner: owner@acme.example
    protected: [glass@acme.example]
    writes: {{create: true, update: true, deactivate: true, delete: {delete}}}
    access:
      - {{when: 'person.department == "IT"', role: admin}}
      - {{when: 'person.department == "Support" && person.title.contains("Lead")', role: agent}}
      - {{when: 'person.department == "Support"', role: {basic}}}
    joiner: {{invite_before: "{lead} days"}}
    mover: {{grace: 0 days}}
    leaver: {{at: "18:00", remove: deactivate}}
    limits: {{{limit}}}
"#
        )
    }
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
