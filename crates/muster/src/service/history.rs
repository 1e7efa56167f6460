//! History: what was known when, folded from the journal; and that the journal and the state agree.

pub mod access;
mod agreement;
pub mod then;
pub mod timeline;

pub use agreement::Agreement;

use jiff::Timestamp;
use muster_domain::{
    engine::history::{Known, Restated, Unreadable},
    model::journal::Event,
};

use super::Muster;
use crate::{
    error::{Error, Result},
    store::records::{JournalFilter, Order},
};

/// Entries are read so many at a time.
const BATCH: u32 = 1000;

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::Invalid(format!(
            "the journal tells something this version of Muster does not understand: {unreadable}"
        ))
    }
}

/// A fold of the journal that is brought forward step by step.
pub(super) struct Unrolling<'a> {
    muster: &'a Muster,
    restated: Restated,
    /// What is known so far.
    pub(super) known: Known,
}

impl Unrolling<'_> {
    /// Takes in all entries up to the last one written at `at` or before; all there are without.
    pub(super) async fn until(&mut self, at: Option<Timestamp>) -> Result<()> {
        let last = self.muster.last_entry(at).await?;
        while self.known.seq < last {
            let left = u32::try_from(last - self.known.seq).unwrap_or(BATCH);
            let filter = JournalFilter {
                after_seq: Some(self.known.seq),
                limit: Some(left.min(BATCH)),
                ..JournalFilter::default()
            };
            let entries = self.muster.store.journal(&filter).await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries.iter().filter(|entry| entry.seq <= last) {
                self.known.learn(entry, &self.restated);
            }
        }
        Ok(())
    }
}

impl Muster {
    /// The number of the last entry written at `at` or before; 0 when there is none.
    pub(super) async fn last_entry(&self, at: Option<Timestamp>) -> Result<u64> {
        let filter = JournalFilter {
            until: at,
            limit: Some(1),
            order: Order::NewestFirst,
            ..JournalFilter::default()
        };
        Ok(self.store.journal(&filter).await?.first().map_or(0, |entry| entry.seq))
    }

    /// A fold that has taken in nothing yet.
    pub(super) async fn unroll(&self) -> Result<Unrolling<'_>> {
        let filter =
            JournalFilter { event: Some(Event::EntryRestated), ..JournalFilter::default() };
        let restated = Restated::of(&self.store.journal(&filter).await?);
        Ok(Unrolling { muster: self, restated, known: Known::default() })
    }

    /// What was known at `at`, or is known now, by the journal alone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn known(&self, at: Option<Timestamp>) -> Result<Known> {
        let mut unrolling = self.unroll().await?;
        unrolling.until(at).await?;
        Ok(unrolling.known)
    }
}
