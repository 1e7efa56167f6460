//! The file as it is written, before anything is checked. An unknown key is an error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    pub(super) organization: RawOrganization,
    #[serde(default)]
    pub(super) apps: BTreeMap<String, Spanned<RawApp>>,
    #[serde(default)]
    pub(super) checks: RawChecks,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawChecks {
    pub(super) fresh_within: Option<Spanned<String>>,
    pub(super) compliance_lead: Option<Spanned<String>>,
    pub(super) rules: BTreeMap<String, Spanned<RawCheck>>,
    pub(super) separation: Vec<Spanned<RawSeparation>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawCheck {
    pub(super) off: bool,
    pub(super) allowed: Option<Spanned<String>>,
    pub(super) privileged: Option<Spanned<String>>,
    pub(super) involuntary: Option<Spanned<String>>,
    pub(super) severity: Option<Spanned<String>>,
    pub(super) after_days: Option<Spanned<u32>>,
    pub(super) at_most: Option<Spanned<u32>>,
    pub(super) review_months: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSeparation {
    pub(super) name: Spanned<String>,
    pub(super) apart: Vec<Vec<Spanned<String>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWhoMayUse {
    pub(super) owner: Option<Spanned<String>>,
    pub(super) reviewed: Option<Spanned<String>>,
    pub(super) everyone: Option<Spanned<String>>,
    pub(super) staff_roles: BTreeMap<String, Spanned<String>>,
    pub(super) groups: BTreeMap<String, Spanned<String>>,
    pub(super) app_roles: Vec<Spanned<String>>,
    pub(super) requests: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrganization {
    pub(super) time_zone: Spanned<String>,
    #[serde(default)]
    pub(super) domains: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) sources: Vec<Spanned<String>>,
    pub(super) stale_after: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, Spanned<Vec<Spanned<String>>>>,
    pub(super) weekend: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) holidays: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) places: BTreeMap<String, RawPlace>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawPlace {
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) weekend: Option<Vec<Spanned<String>>>,
    pub(super) holidays: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApp {
    pub(super) connector: Spanned<String>,
    #[serde(default)]
    pub(super) critical: bool,
    pub(super) who_may_use: Option<Spanned<RawWhoMayUse>>,
    pub(super) owner: Option<Spanned<String>>,
    pub(super) read_every: Option<Spanned<String>>,
    pub(super) account_owner: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) protected: Vec<Spanned<String>>,
    pub(super) seats: Option<u32>,
    pub(super) seat_price: Option<RawPrice>,
    #[serde(default)]
    pub(super) writes: RawWrites,
    #[serde(default)]
    pub(super) access: Vec<RawRule>,
    pub(super) no_rule: Option<Spanned<String>>,
    pub(super) names: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) joiner: RawJoiner,
    #[serde(default)]
    pub(super) mover: RawMover,
    pub(super) leave: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) leaver: RawLeaver,
    #[serde(default)]
    pub(super) approval: RawApproval,
    #[serde(default)]
    pub(super) limits: RawLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrice {
    pub(super) amount: Spanned<String>,
    pub(super) currency: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWrites {
    pub(super) create: bool,
    pub(super) update: bool,
    pub(super) deactivate: bool,
    pub(super) delete: bool,
    pub(super) hand_over: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) when: Spanned<String>,
    pub(super) role: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawJoiner {
    pub(super) invite_before: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawMover {
    pub(super) grace: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLeaver {
    pub(super) follows: Option<Spanned<String>>,
    pub(super) at: Option<Spanned<String>>,
    pub(super) remove: Option<Spanned<String>>,
    pub(super) hand_over: Option<RawHandOver>,
    pub(super) delete_after: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHandOver {
    pub(super) to: Spanned<String>,
    pub(super) closed_within: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawApproval {
    pub(super) privileged: Option<Spanned<String>>,
    pub(super) create: Option<Spanned<String>>,
    pub(super) update: Option<Spanned<String>>,
    pub(super) deactivate: Option<Spanned<String>>,
    pub(super) reactivate: Option<Spanned<String>>,
    pub(super) delete: Option<Spanned<String>>,
    pub(super) hand_over: Option<Spanned<String>>,
    pub(super) approvers: Vec<Spanned<String>>,
    pub(super) expires: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    pub(super) removals_per_day: Option<u32>,
    pub(super) removals: Option<RawLimit>,
    pub(super) deletions: Option<RawLimit>,
    pub(super) role_losses: Option<RawLimit>,
    pub(super) renames: Option<RawLimit>,
    pub(super) creations: Option<RawLimit>,
    pub(super) hand_overs: Option<RawLimit>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimit {
    pub(super) count: Option<u32>,
    pub(super) share: Option<Spanned<String>>,
    pub(super) window: Option<Spanned<String>>,
}
