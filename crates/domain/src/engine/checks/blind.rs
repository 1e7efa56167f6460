//! Blind spots: what cannot be told, how much of it there is, and the cheapest way to see.

use serde::Serialize;

use super::{Evaluation, Tally};
use crate::model::id::AppName;

/// What one check cannot tell in one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlindSpot {
    /// The check.
    pub check: String,
    /// The app; none for a check of the company.
    pub app: Option<AppName>,
    /// How many units it cannot tell of.
    pub unseen: u64,
    /// Of how many.
    pub of: u64,
    /// Why, and how to see; what would show most first.
    pub ways: Vec<WayToSee>,
}

/// One way to see more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WayToSee {
    /// How many units it is about.
    pub units: u64,
    /// Why they cannot be told of.
    pub why: String,
    /// What to do.
    pub how: String,
}

/// Every blind spot, the largest share first.
#[must_use]
pub fn blind_spots(evaluation: &Evaluation) -> Vec<BlindSpot> {
    let none = Tally::default();
    let mut spots: Vec<BlindSpot> = evaluation
        .unseen
        .iter()
        .map(|(key @ (check, app), ways)| {
            let way = |((why, how), units): (&(String, String), &u64)| WayToSee {
                units: *units,
                why: why.clone(),
                how: how.clone(),
            };
            let mut ways: Vec<_> = ways.iter().map(way).collect();
            ways.sort_by(|a, b| (b.units, &a.how).cmp(&(a.units, &b.how)));
            BlindSpot {
                check: check.clone(),
                app: app.clone(),
                unseen: ways.iter().map(|way| way.units).sum(),
                of: evaluation.tallies.get(key).unwrap_or(&none).asked(),
                ways,
            }
        })
        .collect();
    // By share, without fractions: a/b > c/d as a*d > c*b.
    spots.sort_by(|a, b| {
        let share = (u128::from(b.unseen) * u128::from(a.of))
            .cmp(&(u128::from(a.unseen) * u128::from(b.of)));
        share.then_with(|| (&a.check, &a.app).cmp(&(&b.check, &b.app)))
    });
    spots
}
