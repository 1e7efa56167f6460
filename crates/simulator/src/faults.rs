//! What goes wrong, when, and how often. Same seed and same requests: same faults.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{chance, paging::Shift};

/// How a connection breaks. Over TCP it really does; in-process it comes as an extension of the
/// response, so that a transport can turn it into an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionFault {
    /// Closed without an answer.
    Dropped,
    /// Held open for so long without an answer, then closed.
    Hang(Duration),
    /// Closed before the body was complete; the response carries what came through, and its
    /// `Content-Length` tells the size of the whole.
    Truncated,
}

/// Whether a fault strikes before the request is looked at or after it has taken effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing has happened: no effect, and nothing in the bucket.
    #[default]
    Before,
    /// A write has taken effect; only the answer is lost.
    After,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The connection closes without an answer.
    Drop {
        /// Before or after the effect.
        #[serde(default)]
        phase: Phase,
    },
    /// The connection stays open without an answer.
    Hang {
        /// For how long, in milliseconds.
        millis: u64,
        /// Before or after the effect.
        #[serde(default)]
        phase: Phase,
    },
    /// A JSON error with this status, such as 500, 502, 503.
    Status {
        /// The status.
        code: u16,
        /// Before or after the effect.
        #[serde(default)]
        phase: Phase,
    },
    /// An HTML page of the content network, with this status: 502, or a misleading 200.
    HtmlPage {
        /// The status.
        code: u16,
        /// Before or after the effect.
        #[serde(default)]
        phase: Phase,
    },
    /// 429, whatever the bucket holds.
    Storm {
        /// The value of `Retry-After` in seconds; without it no such header.
        #[serde(default)]
        retry_after_s: Option<u32>,
    },
    /// The JSON breaks off in the middle. Strikes only answers with a body.
    Truncate,
    /// A later page of a list begins with the last rows of the page before.
    RepeatRows {
        /// How many rows come again.
        rows: u32,
    },
    /// A later page of a list leaves out its first rows, as if rows before it had gone.
    SkipRows {
        /// How many rows nobody sees.
        rows: u32,
    },
    /// A cursor is refused as too old.
    StaleCursor,
    /// A write answers 2xx, shows what was asked for, and does nothing.
    IgnoreWrite,
    /// A write to a user shows in reads of users only later.
    SlowRead {
        /// How much later, in milliseconds.
        millis: u64,
    },
}

impl Fault {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Drop { .. } => "drop",
            Self::Hang { .. } => "hang",
            Self::Status { .. } => "status",
            Self::HtmlPage { .. } => "html_page",
            Self::Storm { .. } => "storm",
            Self::Truncate => "truncate",
            Self::RepeatRows { .. } => "repeat_rows",
            Self::SkipRows { .. } => "skip_rows",
            Self::StaleCursor => "stale_cursor",
            Self::IgnoreWrite => "ignore_write",
            Self::SlowRead { .. } => "slow_read",
        }
    }

    /// Whether it replaces the answer, and in which phase.
    const fn phase(&self) -> Option<Phase> {
        match self {
            Self::Drop { phase }
            | Self::Hang { phase, .. }
            | Self::Status { phase, .. }
            | Self::HtmlPage { phase, .. } => Some(*phase),
            Self::Storm { .. } => Some(Phase::Before),
            Self::Truncate => Some(Phase::After),
            _ => None,
        }
    }

    /// Whether it could do anything to such a request.
    const fn concerns(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::RepeatRows { .. } | Self::SkipRows { .. } | Self::StaleCursor => {
                subject.has_cursor
            }
            Self::IgnoreWrite | Self::SlowRead { .. } => subject.is_write,
            _ => true,
        }
    }
}

/// Which of the requests that a rule covers it strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Each.
    #[default]
    Always,
    /// Each nth: the nth, the 2nth, and so on.
    Every(u32),
    /// By chance, with this probability between 0 and 1.
    Chance(f64),
}

/// A fault and the requests it strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// Only with this method; any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// Only on this route, such as `/api/users/{id}`; any when absent.
    #[serde(default)]
    pub route: Option<String>,
    /// Which of these requests.
    #[serde(default)]
    pub when: When,
    /// How often at most; for ever when absent.
    #[serde(default)]
    pub remaining: Option<u32>,
}

impl Rule {
    /// `fault` on every request.
    #[must_use]
    pub const fn new(fault: Fault) -> Self {
        Self { fault, method: None, route: None, when: When::Always, remaining: None }
    }

    /// Only on this method and route, such as `"PUT", "/api/users/{id}"`.
    #[must_use]
    pub fn on(mut self, method: &str, route: &str) -> Self {
        self.method = Some(method.to_owned());
        self.route = Some(route.to_owned());
        self
    }

    /// Only on this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// At most so often.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Only each nth time.
    #[must_use]
    pub const fn every(mut self, nth: u32) -> Self {
        self.when = When::Every(nth);
        self
    }

    /// Only with this probability, between 0 and 1.
    #[must_use]
    pub const fn chance(mut self, probability: f64) -> Self {
        self.when = When::Chance(probability);
        self
    }

    fn covers(&self, subject: &Subject<'_>) -> bool {
        self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(subject.method))
            && self.route.as_deref().is_none_or(|route| route == subject.route)
            && self.fault.concerns(subject)
    }
}

/// Everything that goes wrong at present.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Decides what [`When::Chance`] strikes.
    pub seed: u64,
    /// The rules. Several can strike one request: of those that replace the answer the first wins.
    pub rules: Vec<Rule>,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn none() -> Self {
        Self { seed: 0, rules: Vec::new() }
    }

    /// These rules, with chance decided by `seed`.
    #[must_use]
    pub const fn seeded(seed: u64, rules: Vec<Rule>) -> Self {
        Self { seed, rules }
    }

    /// These rules.
    #[must_use]
    pub const fn of(rules: Vec<Rule>) -> Self {
        Self { seed: 0, rules }
    }
}

/// What a rule looks at.
pub(crate) struct Subject<'a> {
    pub(crate) method: &'a str,
    pub(crate) route: &'a str,
    pub(crate) is_write: bool,
    pub(crate) has_cursor: bool,
}

/// The rules in force and how often each was met.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FaultState {
    faults: Faults,
    met: BTreeMap<usize, u64>,
}

impl FaultState {
    pub(crate) const fn new(faults: Faults) -> Self {
        Self { faults, met: BTreeMap::new() }
    }

    pub(crate) const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The faults which strike this request.
    pub(crate) fn strike(&mut self, subject: &Subject<'_>) -> Struck {
        let seed = self.faults.seed;
        let mut struck = Vec::new();
        for (place, rule) in self.faults.rules.iter_mut().enumerate() {
            if rule.remaining == Some(0) || !rule.covers(subject) {
                continue;
            }
            let met = self.met.entry(place).or_default();
            *met += 1;
            let strikes = match rule.when {
                When::Always => true,
                When::Every(nth) => met.is_multiple_of(u64::from(nth.max(1))),
                When::Chance(probability) => {
                    let stream = chance::nth(seed, u64::try_from(place).unwrap_or(u64::MAX));
                    chance::fraction(stream, *met) < probability
                }
            };
            if strikes {
                rule.remaining = rule.remaining.map(|left| left - 1);
                struck.push(rule.fault);
            }
        }
        Struck(struck)
    }
}

/// The faults of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Struck(Vec<Fault>);

impl Struck {
    /// The first which replaces the answer in this phase.
    pub(crate) fn replacing(&self, phase: Phase) -> Option<Fault> {
        self.0.iter().copied().find(|fault| fault.phase() == Some(phase))
    }

    pub(crate) fn ignores_write(&self) -> bool {
        self.0.contains(&Fault::IgnoreWrite)
    }

    pub(crate) fn makes_cursor_stale(&self) -> bool {
        self.0.contains(&Fault::StaleCursor)
    }

    pub(crate) fn lag(&self) -> Option<Duration> {
        self.0.iter().find_map(|fault| match fault {
            Fault::SlowRead { millis } => Some(Duration::from_millis(*millis)),
            _ => None,
        })
    }

    pub(crate) fn shift(&self) -> Shift {
        let rows = |rows: u32| usize::try_from(rows).unwrap_or(usize::MAX);
        self.0
            .iter()
            .find_map(|fault| match fault {
                Fault::RepeatRows { rows: n } => Some(Shift::Repeat(rows(*n))),
                Fault::SkipRows { rows: n } => Some(Shift::Skip(rows(*n))),
                _ => None,
            })
            .unwrap_or(Shift::None)
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(Fault::name).collect()
    }
}
