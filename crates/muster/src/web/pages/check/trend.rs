//! How a check went, as a small chart: steps of how many units were in which state.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;
use muster_domain::model::{check::CheckState, id::AppName};

use crate::service::history::timeline::Point;

/// The chart's own units; the page stretches it.
pub(super) const WIDTH: i64 = 600;
/// Its height, and the room above and below the lines.
pub(super) const HEIGHT: i64 = 120;
const MARGIN: i64 = 4;

/// So many steps are drawn, and so many stand in the table.
const DRAWN: usize = 300;
const TOLD: usize = 20;

/// What is drawn, and how it is called.
const LINES: [(CheckState, &str); 3] =
    [(CheckState::NotEvaluable, "blind"), (CheckState::Due, "due"), (CheckState::Fail, "fail")];

/// How many units were in which state at one moment.
pub(super) struct Step {
    pub(super) at: Timestamp,
    states: BTreeMap<CheckState, u64>,
}

impl Step {
    /// How many were in `state`; what was too old to tell counts as not told.
    pub(super) fn of(&self, state: CheckState) -> u64 {
        let of = |state| self.states.get(&state).copied().unwrap_or_default();
        match state {
            CheckState::NotEvaluable => of(state) + of(CheckState::Stale),
            other => of(other),
        }
    }
}

/// A line of the chart.
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) path: String,
}

/// The chart.
pub(super) struct Trend {
    pub(super) lines: Vec<Line>,
    /// The first moment.
    pub(super) from: Timestamp,
    /// The largest count.
    pub(super) most: u64,
    /// The last steps, newest first.
    pub(super) steps: Vec<Step>,
}

impl Trend {
    /// The chart of `points`, all apps together; nothing while there is nothing to draw.
    pub(super) fn of(points: impl Iterator<Item = Point>, now: Timestamp) -> Option<Self> {
        let mut steps = together(points);
        let from = steps.first()?.at;
        let counts = steps.iter().flat_map(|step| LINES.map(|(state, _)| step.of(state)));
        let most = counts.max().unwrap_or_default();
        let every = steps.len().div_ceil(DRAWN).max(1);
        let last = steps.len().saturating_sub(1);
        let drawn: Vec<&Step> = steps
            .iter()
            .enumerate()
            .filter(|(at, _)| at % every == 0 || *at == last)
            .map(|(_, step)| step)
            .collect();
        let line = |(state, class)| Line { class, path: path(&drawn, state, (from, now, most)) };
        let lines = LINES.into_iter().map(line).collect();
        steps.reverse();
        steps.truncate(TOLD);
        Some(Self { lines, from, most, steps })
    }
}

/// The sums over all apps, at each moment at which one of them changed.
fn together(points: impl Iterator<Item = Point>) -> Vec<Step> {
    let mut known: BTreeMap<Option<AppName>, BTreeMap<CheckState, u64>> = BTreeMap::new();
    let mut steps: Vec<Step> = Vec::new();
    for point in points {
        known.insert(point.app, point.states);
        let mut states = BTreeMap::new();
        for (state, units) in known.values().flatten() {
            *states.entry(*state).or_insert(0) += units;
        }
        match steps.last_mut().filter(|last| last.at == point.at) {
            Some(last) => last.states = states,
            None => steps.push(Step { at: point.at, states }),
        }
    }
    steps
}

fn path(
    steps: &[&Step],
    state: CheckState,
    (from, now, most): (Timestamp, Timestamp, u64),
) -> String {
    let span = now.duration_since(from).as_secs().max(1);
    let x = |at: Timestamp| (at.duration_since(from).as_secs() * WIDTH / span).clamp(0, WIDTH);
    let room = HEIGHT - 2 * MARGIN;
    let y = |units: u64| {
        let units = i64::try_from(units).unwrap_or(i64::MAX / HEIGHT);
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        HEIGHT - MARGIN - units.saturating_mul(room) / most
    };
    let mut path = String::new();
    for step in steps {
        let (x, y) = (x(step.at), y(step.of(state)));
        if path.is_empty() {
            let _ = write!(path, "M{x} {y}");
        } else {
            let _ = write!(path, "H{x}V{y}");
        }
    }
    let _ = write!(path, "H{WIDTH}");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: &str, app: &str, fail: u64) -> Point {
        let states = BTreeMap::from([(CheckState::Fail, fail), (CheckState::Pass, 1)]);
        Point { at: at.parse().unwrap(), app: Some(app.parse().unwrap()), states }
    }

    #[test]
    fn apps_are_added_up_and_what_did_not_change_stays() {
        let points = [
            point("2026-03-02T00:00:00Z", "chat", 2),
            point("2026-03-02T00:00:00Z", "support", 2),
            point("2026-03-04T00:00:00Z", "support", 0),
        ];
        let now = "2026-03-06T00:00:00Z".parse().unwrap();
        let trend = Trend::of(points.into_iter(), now).unwrap();
        let told: Vec<u64> = trend.steps.iter().map(|step| step.of(CheckState::Fail)).collect();
        assert_eq!((told, trend.most), (vec![2, 4], 4));
        let fails = trend.lines.iter().find(|line| line.class == "fail").unwrap();
        assert_eq!(fails.path, "M0 4H300V60H600");
        assert!(Trend::of(std::iter::empty(), now).is_none());
    }
}
