//! The kinds of state that entries tell.

/// People.
pub const PEOPLE: &str = "people";
/// Sources of people.
pub const SOURCES: &str = "sources";
/// Connected apps.
pub const CONNECTIONS: &str = "connections";
/// What trying taught.
pub const LEARNED: &str = "learned";
/// Whose accounts are.
pub const LINKS: &str = "links";
/// What became of operations.
pub const RUNS: &str = "runs";
/// Approvals.
pub const APPROVALS: &str = "approvals";
/// What was ordered by hand.
pub const ORDERS: &str = "orders";
/// Since when gaps and tasks have been there.
pub const NOTICED: &str = "noticed";
/// How far trails were read.
pub const TRAILS: &str = "trails";
/// What trails tell of accounts: by digests alone.
pub const ACTIVITY: &str = "activity";
/// Sealed credentials: by digests alone.
pub const CREDENTIALS: &str = "credentials";
/// The sealed signing key: by a digest alone.
pub const SIGNING_KEYS: &str = "signing_keys";
/// Saved plans.
pub const PLANS: &str = "plans";
/// Attached files.
pub const FILES: &str = "files";
