//! Secrets, under the name by which connectors know them.

pub use crate::secret::Secret;
