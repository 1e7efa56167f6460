//! The witness: a simulated Gorgias helpdesk, faithful to what is documented and observed of its
//! REST API, with a switch wherever the two leave a choice, and with faults that can be turned on
//! while it runs.
//!
//! It shares no code and no wire types with the rest of the workspace, so that what it records is
//! evidence: [`Gorgias::users`], [`Gorgias::invitations`], [`Gorgias::request_log`] and
//! [`Gorgias::counters`] tell what really happened, whatever a client was told.
//!
//! Two ways in. In-process: take [`Gorgias::router`] and call it with tower's `oneshot`; broken
//! connections come as a [`ConnectionFault`] among the response's extensions. Over TCP:
//! [`Gorgias::serve`]; there they really break.
//!
//! Same seed, same requests, same clock: same answers, byte for byte.
//!
//! Not covered: jobs, webhooks, saved views, presence, and everything about tickets that
//! does not concern the people who work on them.

mod api;
mod bucket;
mod chance;
mod clock;
mod config;
mod control;
mod events;
mod faults;
mod gorgias;
mod invitations;
mod new_user;
mod oauth;
mod paging;
mod record;
mod reply;
mod request;
mod seed;
mod serve;
mod state_file;
mod tickets;
mod users;
mod wire;
mod world;

pub use clock::{Clock, ManualClock, Sleep};
pub use config::{
    ActiveWrite, Config, DefaultOrder, EmailFilter, Field, Languages, LimitHeaders, LimitModel,
    Limits, ListShape, NameStyle, PictureStyle, PutStyle, RetryAfter, RoleDialect, RoleNames,
    RoleOnCreate, Seats, SecondDelete, TimeShape, Totals, UnknownFields, Walk, WriteStatus,
};
pub use events::Event;
pub use faults::{ConnectionFault, Fault, Faults, Phase, Rule, When};
pub use gorgias::Gorgias;
pub use invitations::{Invitation, InvitationState};
pub use new_user::NewUser;
pub use oauth::{
    AppBucket, Consent, Grant, OAuth, OAuthClient, RefreshToken, Rotation, TokenCounts,
};
pub use record::{Counters, Outcome, RequestRecord};
pub use state_file::StateError;
pub use tickets::{Team, Ticket, TicketStatus};
pub use users::{Role, Sso, UserRecord};
pub use world::Refused;

/// Compiles and runs the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
