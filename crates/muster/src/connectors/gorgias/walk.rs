//! Reading everybody.
//!
//! One walk in the order of creation, 100 rows a page, to the app's end mark: ⌈N/100⌉ requests.
//! When the round trip is so long that one request after the other leaves the permitted rate unused,
//! a second walk comes from the other end and they stop where they meet.
//!
//! Why that is complete: a walk up that has been orderly so far has seen every user created before
//! its newest row, a walk down every user created after its oldest. Once the newest of the one is
//! *strictly* newer than the oldest of the other, every user is on one side or the other, and equal
//! times at the meeting point do not matter. A walk that is not orderly (the app ignores the order, a
//! row has no time), or whose rows so far are all of one moment, proves nothing that way: then the
//! first goes on alone to its end mark. Users
//! created while the walk goes on may be missing; they were not there when it began.

use std::collections::HashSet;

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use jiff::Timestamp;
use muster_domain::model::{canonical::Digest, id::AccountId, observation::ReadTally};
use serde_json::Value;

use super::{
    call::{Api, Ask},
    map,
    refusal::Failure,
    wire::{self, Fields, Page},
};
use crate::connector::{ConnectorError, ErrorKind, Lane, PageSink};

/// Rows on a page: the most that can be asked for.
const ROWS: usize = 100;
/// How often a walk starts anew because its cursor was refused.
const RESTARTS: u32 = 3;
/// The most pages of one walk: a hundred times the largest account known.
const PAGES: u32 = 50_000;
/// Pages without a row in a row, after which a walk is taken to be going round in circles.
const EMPTY_PAGES: u32 = 5;
/// A second walk is not worth its last, overlapping pages before so many pages.
const ALONE: u32 = 2;
/// Round trips below this many seconds are not worth a second walk either.
const SHORT_TRIP_S: f64 = 0.02;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Way {
    const fn order(self) -> &'static str {
        match self {
            Self::Up => "created_datetime:asc",
            Self::Down => "created_datetime:desc",
        }
    }
}

/// One walk and what it proves.
#[derive(Debug)]
struct Walk {
    cursor: Option<String>,
    pages: u32,
    empty: u32,
    restarts: u32,
    orderly: bool,
    /// Whether the time of creation has moved at all: rows of one moment are in any order.
    moved: bool,
    /// The last row's time of creation in the present run.
    last: Option<Timestamp>,
    /// How far it came in any run.
    reach: Option<Timestamp>,
}

impl Walk {
    const fn new() -> Self {
        Self {
            cursor: None,
            pages: 0,
            empty: 0,
            restarts: 0,
            orderly: true,
            moved: false,
            last: None,
            reach: None,
        }
    }

    /// Takes in a row's time of creation.
    fn pass(&mut self, way: Way, created: Option<Timestamp>) {
        let (Some(created), true) = (created, self.orderly) else {
            self.orderly = false;
            return;
        };
        let in_order = self.last.is_none_or(|last| match way {
            Way::Up => created >= last,
            Way::Down => created <= last,
        });
        self.orderly = in_order;
        self.moved |= self.last.is_some_and(|last| last != created);
        self.last = Some(created);
        self.reach = match (way, self.reach) {
            (Way::Up, Some(reach)) => Some(reach.max(created)),
            (Way::Down, Some(reach)) => Some(reach.min(created)),
            (_, None) => Some(created),
        };
    }
}

/// What a page came with.
struct Fetched {
    page: Page,
    digest: Digest,
    requests: u32,
    seconds: f64,
}

type Call<'a> = BoxFuture<'a, (Way, Result<Fetched, Failure>)>;

/// What to do after a page.
enum After {
    Next(Way),
    /// This walk is over without having reached the end.
    Stranded,
    End,
}

struct Reading<'a> {
    api: &'a Api,
    lane: Lane,
    up: Walk,
    down: Option<Walk>,
    seen: HashSet<AccountId>,
    tally: ReadTally,
    /// The last round trip, in seconds.
    trip_s: f64,
}

/// Reads every account into `sink`.
pub(super) async fn read_all(
    api: &Api,
    lane: Lane,
    sink: &mut dyn PageSink,
) -> Result<ReadTally, ConnectorError> {
    let mut reading = Reading {
        api,
        lane,
        up: Walk::new(),
        down: None,
        seen: HashSet::new(),
        tally: ReadTally::default(),
        trip_s: 0.0,
    };
    let mut calls: FuturesUnordered<Call<'_>> = FuturesUnordered::new();
    calls.push(reading.call(Way::Up));
    while let Some((way, result)) = calls.next().await {
        match reading.take(way, result, sink).await? {
            After::End => {
                reading.tally.reached_end = true;
                break;
            }
            After::Next(way) => calls.push(reading.call(way)),
            After::Stranded => {}
        }
        if reading.is_second_walk_worth_it() {
            reading.down = Some(Walk::new());
            calls.push(reading.call(Way::Down));
        }
    }
    Ok(reading.tally)
}

impl<'a> Reading<'a> {
    fn walk(&mut self, way: Way) -> &mut Walk {
        match way {
            Way::Up => &mut self.up,
            Way::Down => self.down.get_or_insert_with(Walk::new),
        }
    }

    fn call(&mut self, way: Way) -> Call<'a> {
        let (api, lane, cursor) = (self.api, self.lane, self.walk(way).cursor.clone());
        Box::pin(async move { (way, fetch(api, lane, way, cursor.as_deref(), ROWS).await) })
    }

    /// Takes in a page, or the failure to get it.
    async fn take(
        &mut self,
        way: Way,
        result: Result<Fetched, Failure>,
        sink: &mut dyn PageSink,
    ) -> Result<After, ConnectorError> {
        let fetched = match result {
            Ok(fetched) => fetched,
            Err(failure) => return self.failed(way, failure),
        };
        self.tally.requests = self.tally.requests.saturating_add(fetched.requests);
        self.tally.pages = self.tally.pages.saturating_add(1);
        self.tally.page_digests.push(fetched.digest);
        self.tally.stated_total = fetched.page.stated_total.or(self.tally.stated_total);
        if fetched.requests == 1 {
            self.trip_s = fetched.seconds;
        }
        let Fetched { page, .. } = fetched;
        let rows = page.rows.len();
        self.rows(way, &page.rows, sink)?;
        if page.bare {
            return self.bare(rows).await;
        }
        let Some(next) = page.next else { return Ok(After::End) };
        if self.have_met() {
            return Ok(After::End);
        }
        let walk = self.walk(way);
        walk.pages += 1;
        walk.empty = if rows == 0 { walk.empty + 1 } else { 0 };
        let circular = walk.cursor.as_ref() == Some(&next) || walk.empty >= EMPTY_PAGES;
        if circular || walk.pages >= PAGES {
            return Ok(After::Stranded);
        }
        walk.cursor = Some(next);
        // A second walk that proves nothing is only a cost.
        let pointless = way == Way::Down && (!walk.orderly || !self.up.orderly);
        Ok(if pointless { After::Stranded } else { After::Next(way) })
    }

    fn rows(
        &mut self,
        way: Way,
        rows: &[Value],
        sink: &mut dyn PageSink,
    ) -> Result<(), ConnectorError> {
        let mut accounts = Vec::with_capacity(rows.len());
        for row in rows {
            let account = map::account(row).ok_or_else(|| {
                ConnectorError::new(
                    ErrorKind::Unavailable,
                    "could not read the users: Gorgias listed something that is no user (it has no id). Nothing was changed; try again later.",
                )
            })?;
            let created = Fields::of(row).and_then(|user| user.time("created_datetime"));
            self.walk(way).pass(way, created);
            self.tally.rows += 1;
            if !self.seen.insert(account.id.clone()) {
                self.tally.duplicates += 1;
            }
            accounts.push(account);
        }
        sink.page(accounts);
        Ok(())
    }

    /// A bare array says nothing of an end. Fewer rows than asked for are all there are, and more
    /// show that the limit is not heeded; exactly as many may be cut off, so ask for one less.
    async fn bare(&mut self, rows: usize) -> Result<After, ConnectorError> {
        if rows != ROWS {
            return Ok(After::End);
        }
        let probe = fetch(self.api, self.lane, Way::Up, None, ROWS - 1).await?;
        self.tally.requests = self.tally.requests.saturating_add(probe.requests);
        Ok(if probe.page.rows.len() >= ROWS { After::End } else { After::Stranded })
    }

    /// A refused cursor has expired: start this walk anew. The second walk is given up for any
    /// failure, the first never.
    fn failed(&mut self, way: Way, failure: Failure) -> Result<After, ConnectorError> {
        self.tally.requests = self.tally.requests.saturating_add(failure.requests);
        let walk = self.walk(way);
        let stale = walk.cursor.is_some()
            && matches!(failure.status, Some(400 | 404 | 409 | 410 | 422))
            && walk.restarts < RESTARTS;
        if stale {
            walk.restarts += 1;
            walk.cursor = None;
            walk.last = None;
            return Ok(After::Next(way));
        }
        let spent = walk.cursor.is_some() && walk.restarts >= RESTARTS;
        if way == Way::Down || (spent && matches!(failure.status, Some(400..=422))) {
            return Ok(After::Stranded);
        }
        Err(failure.error)
    }

    fn have_met(&self) -> bool {
        let Some(down) = &self.down else { return false };
        let ordered = |walk: &Walk| walk.orderly && walk.moved;
        match (self.up.reach, down.reach) {
            (Some(newest), Some(oldest)) => ordered(&self.up) && ordered(down) && newest > oldest,
            _ => false,
        }
    }

    /// Whether one request after the other leaves permitted requests unused.
    fn is_second_walk_worth_it(&self) -> bool {
        let more = self.up.orderly && self.up.pages >= ALONE;
        if self.down.is_some() || !more || self.trip_s < SHORT_TRIP_S {
            return false;
        }
        let Some(spare) = self.api.budget.spare() else { return false };
        spare.free >= 2.0 || self.trip_s * spare.per_s > 1.0
    }
}

/// Gets one page.
async fn fetch(
    api: &Api,
    lane: Lane,
    way: Way,
    cursor: Option<&str>,
    rows: usize,
) -> Result<Fetched, Failure> {
    let limit = rows.to_string();
    let mut query = vec![("limit", limit.as_str()), ("order_by", way.order())];
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    let ask = Ask { query: &query, ..Ask::get(lane, "read the users", &["users"]) };
    let answer = api.send(&ask).await?;
    let digest = Digest::of(&answer.body);
    let requests = answer.requests;
    let page = answer.json.and_then(wire::page).ok_or_else(|| {
        ask.purpose().unreadable("Gorgias's answer is not a list of users", requests)
    })?;
    Ok(Fetched { page, digest, requests, seconds: answer.seconds })
}
