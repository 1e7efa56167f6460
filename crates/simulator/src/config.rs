//! The switches: how this helpdesk behaves where documentation and observation leave a choice.

use serde::{Deserialize, Serialize};

use crate::oauth::OAuth;

/// How a role looks in a user, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleDialect {
    /// `{"name": "agent"}` both ways; `GET /api/roles` is 404.
    NameOnly,
    /// `{"id": 1234, "name": "agent"}` read, `{"id": 1234}` written; `GET /api/roles` lists them.
    IdAndName,
    /// The v1.1 shape: `roles`, an array in lists and one object in single answers. Written by name.
    V11,
}

/// Which role names the account knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleNames {
    /// admin, agent, basic-agent, lite-agent, observer-agent.
    Five,
    /// admin, agent, observer, as the third-party guide has it.
    Three,
}

/// Whether a role must be sent when a user is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleOnCreate {
    /// Without it: 400.
    Required,
    /// Without it: the lowest role that works on tickets.
    Optional,
}

/// What happens to `active` in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActiveWrite {
    /// It is written.
    Applied,
    /// 2xx, and nothing happens.
    Ignored,
    /// 400.
    Refused,
}

/// What happens to fields that the write schema does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    /// 400.
    Refused,
    /// They are dropped.
    Ignored,
}

/// What PUT does to fields which were not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutStyle {
    /// They stay.
    Patch,
    /// They fall back to their defaults: the role to the lowest, the name to the mailbox's.
    Replace,
}

/// Whether first and last name can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameStyle {
    /// Computed from `name`; writing them is an unknown field.
    Derived,
    /// Writable; `name` follows them.
    Writable,
}

/// Where a user's picture is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureStyle {
    /// `meta.profile_picture_url`.
    InMeta,
    /// `avatar_url` beside the name.
    TopLevel,
}

/// Which languages a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Languages {
    /// `en` and `fr`; others are 400.
    EnglishFrench,
    /// Any text.
    Any,
}

/// The form of a list answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListShape {
    /// `object`, `uri`, `data`, `meta`.
    Envelope,
    /// `data` and `meta`, as the third-party guide has it.
    DataMeta,
    /// A bare array of everything, in one answer.
    Bare,
    /// A bare array cut at `limit`, with no way to the rest.
    BarePage,
}

/// Which count comes with a user list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Totals {
    /// None.
    Absent,
    /// `total_resources: null`, as observed.
    Null,
    /// `total_resources` with the number.
    Resources,
    /// `total_count` with the number.
    Count,
}

/// The order of a user list when none is asked for; always ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultOrder {
    /// `name:asc`.
    Name,
    /// `created_datetime:asc`.
    Created,
}

/// How a walk over pages finds its place again. The order by creation is always a keyset walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Walk {
    /// After the last row seen: a renamed user can be skipped or repeated.
    Keyset,
    /// After so many rows: any deletion or renaming shifts every later row.
    Offset,
}

/// The status of a write that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteStatus {
    /// 201 for POST, 202 for PUT, 204 for DELETE.
    Distinct,
    /// 200 with the object; 204 for DELETE.
    Ok,
    /// 202 without a body, for each of them.
    AcceptedEmpty,
}

/// How the account's requests are limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitModel {
    /// A bucket that leaks all the time.
    Leaky {
        /// Requests that drain in one second.
        drain_per_s: u32,
    },
    /// A count that starts again with each window.
    Window {
        /// Length of the window, in seconds.
        seconds: u32,
    },
}

/// Which headers tell about the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitHeaders {
    /// `X-Gorgias-Account-Api-Call-Limit: used/limit`.
    Gorgias,
    /// `X-RateLimit-Limit`, `-Remaining`, `-Reset` (seconds until all is free again).
    XRateLimit,
    /// None.
    None,
}

/// What a 429 says about when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// The seconds to wait.
    Present,
    /// Nothing.
    Absent,
    /// `Retry-After: 0`.
    Zero,
}

/// The rate limit of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests that fit in at once.
    pub capacity: u32,
    /// How room comes back.
    pub model: LimitModel,
    /// Which headers tell about it.
    pub headers: LimitHeaders,
    /// What a 429 says about when to come back.
    pub retry_after: RetryAfter,
    /// Requests per second which other integrations of the account use up.
    pub foreign_per_s: u32,
}

impl Default for Limits {
    /// An API key's bucket: 40 requests, which drain in 20 seconds.
    fn default() -> Self {
        Self {
            capacity: 40,
            model: LimitModel::Leaky { drain_per_s: 2 },
            headers: LimitHeaders::Gorgias,
            retry_after: RetryAfter::Present,
            foreign_per_s: 0,
        }
    }
}

impl Limits {
    /// So wide that no test meets it.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            capacity: 1_000_000_000,
            model: LimitModel::Leaky { drain_per_s: 1_000_000_000 },
            ..Self::default()
        }
    }

    /// The apps' own limit: twice as much, twice as fast. 80 requests in 20 seconds, where the
    /// key has 40.
    pub(crate) const fn of_apps(self) -> Self {
        let model = match self.model {
            LimitModel::Leaky { drain_per_s } => {
                LimitModel::Leaky { drain_per_s: drain_per_s.saturating_mul(2) }
            }
            window @ LimitModel::Window { .. } => window,
        };
        Self { capacity: self.capacity.saturating_mul(2), model, ..self }
    }
}

/// The plan's seats. Bots and app service users take none; deactivated users free theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seats {
    /// How many active users the plan pays for.
    pub cap: u32,
    /// The status when there is no seat left: 402, 403, 409 or 422.
    pub code: u16,
}

/// How the `email` filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailFilter {
    /// Letter by letter.
    Exact,
    /// In any letter case.
    AnyCase,
}

/// What deleting the same user again answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondDelete {
    /// 404.
    NotFound,
    /// 204, as if it had been there.
    NoContent,
}

/// Whether a user object has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// It has.
    Present,
    /// It is missing.
    Absent,
}

/// How moments are written. All are UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeShape {
    /// `2026-08-26T19:55:26.001760+00:00`.
    Offset,
    /// `2026-08-26T19:55:26.001760`.
    Naive,
    /// `2026-08-26T19:55:26.001760Z`.
    Zulu,
}

/// Every switch of the simulated helpdesk. In JSON, what is left out is as in [`Config::gorgias`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Decides cursors, role ids and everything else that looks like chance.
    pub seed: u64,
    /// The account's name, as in `https://{subdomain}.gorgias.com`.
    pub subdomain: String,
    /// The e-mail address of the first user: owner, admin, and holder of the API key.
    pub owner_email: String,
    /// The API key (the password of Basic authentication).
    pub api_key: String,
    /// The account's time zone, which new users inherit.
    pub timezone: String,
    /// Answers everything with a 404 page, as the host of no account does.
    pub unknown_subdomain: bool,
    /// How a role looks and is written.
    pub roles: RoleDialect,
    /// Which role names there are.
    pub role_names: RoleNames,
    /// Whether a new user's role must be sent.
    pub role_on_create: RoleOnCreate,
    /// What happens to `active` in a body.
    pub active_write: ActiveWrite,
    /// What happens to fields outside the write schema.
    pub unknown_fields: UnknownFields,
    /// What PUT does to what was not sent.
    pub put: PutStyle,
    /// Whether first and last name can be written.
    pub names: NameStyle,
    /// Where the picture is.
    pub picture: PictureStyle,
    /// Which languages are accepted.
    pub languages: Languages,
    /// The form of a list answer.
    pub list: ListShape,
    /// Which count comes with a user list.
    pub totals: Totals,
    /// The order when none is asked for.
    pub default_order: DefaultOrder,
    /// How a walk over pages finds its place again.
    pub walk: Walk,
    /// The status of a write that succeeded.
    pub write_status: WriteStatus,
    /// The rate limit.
    pub limits: Limits,
    /// The seat cap; none when absent.
    pub seats: Option<Seats>,
    /// How the `email` filter compares.
    pub email_filter: EmailFilter,
    /// The status for deleting, deactivating or re-roling the owner; allowed when absent.
    pub owner_guard: Option<u16>,
    /// The status for deleting or deactivating oneself; allowed when absent.
    pub self_guard: Option<u16>,
    /// What deleting again answers.
    pub second_delete: SecondDelete,
    /// How long a cursor can be used, in seconds.
    pub cursor_lifetime_s: u32,
    /// The status for a cursor that is too old.
    pub stale_cursor_code: u16,
    /// Whether users show `has_password`.
    pub has_password: Field,
    /// Whether users show `has_2fa_enabled`.
    pub has_2fa: Field,
    /// How long an invitation can be accepted, in days; for ever when absent.
    pub invite_days: Option<u32>,
    /// How moments are written.
    pub timestamps: TimeShape,
    /// Who may act by OAuth, and how.
    pub oauth: OAuth,
    /// How long each answer is on its way, in milliseconds. A write takes effect before it.
    pub latency_ms: u64,
    /// How many requests the log keeps; the oldest go first. Counters count all.
    pub log_capacity: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self::gorgias()
    }
}

impl Config {
    /// The API as its own documentation describes it and as it was observed.
    #[must_use]
    pub fn gorgias() -> Self {
        Self {
            seed: 1,
            subdomain: "acme".to_owned(),
            owner_email: "owner@acme.example".to_owned(),
            api_key: "simulated-key".to_owned(),
            timezone: "UTC".to_owned(),
            unknown_subdomain: false,
            roles: RoleDialect::NameOnly,
            role_names: RoleNames::Five,
            role_on_create: RoleOnCreate::Required,
            active_write: ActiveWrite::Refused,
            unknown_fields: UnknownFields::Refused,
            put: PutStyle::Patch,
            names: NameStyle::Derived,
            picture: PictureStyle::InMeta,
            languages: Languages::EnglishFrench,
            list: ListShape::Envelope,
            totals: Totals::Null,
            default_order: DefaultOrder::Name,
            walk: Walk::Keyset,
            write_status: WriteStatus::Distinct,
            limits: Limits::default(),
            seats: None,
            email_filter: EmailFilter::Exact,
            owner_guard: Some(403),
            self_guard: Some(400),
            second_delete: SecondDelete::NotFound,
            cursor_lifetime_s: 600,
            stale_cursor_code: 400,
            has_password: Field::Present,
            has_2fa: Field::Present,
            invite_days: Some(7),
            timestamps: TimeShape::Offset,
            oauth: OAuth::default(),
            latency_ms: 0,
            log_capacity: 100_000,
        }
    }

    /// The API as a widely read third-party guide describes it.
    #[must_use]
    pub fn guide() -> Self {
        Self {
            roles: RoleDialect::IdAndName,
            role_names: RoleNames::Three,
            role_on_create: RoleOnCreate::Optional,
            active_write: ActiveWrite::Applied,
            unknown_fields: UnknownFields::Ignored,
            put: PutStyle::Replace,
            names: NameStyle::Writable,
            picture: PictureStyle::TopLevel,
            languages: Languages::Any,
            list: ListShape::DataMeta,
            totals: Totals::Count,
            default_order: DefaultOrder::Created,
            write_status: WriteStatus::Ok,
            limits: Limits {
                capacity: 2,
                model: LimitModel::Window { seconds: 1 },
                headers: LimitHeaders::XRateLimit,
                ..Limits::default()
            },
            seats: Some(Seats { cap: 500, code: 422 }),
            has_2fa: Field::Absent,
            timestamps: TimeShape::Zulu,
            ..Self::gorgias()
        }
    }
}
