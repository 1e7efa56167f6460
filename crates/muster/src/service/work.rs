//! Looking at the work that accounts hold: leavers', and those of people about to leave.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::{hand_over, plan},
    model::{
        id::{AccountId, AppName},
        journal::{About, Event},
        work::{OpenWork, Reach},
    },
};
use serde_json::json;

use super::{Muster, Opened};
use crate::{
    connector::{Ability, Connector, ConnectorError, ErrorKind, Lane, work::Team},
    error::Result,
};

/// Pages of one account's tickets that a sync reads at most; there are then at least so many.
const PAGES_IN_A_SYNC: u32 = 10;

/// Accounts at whose work a sync looks at most; the others come next time.
const ACCOUNTS_IN_A_SYNC: usize = 50;

/// How many pages are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// All.
    Whole,
    /// So many.
    Pages(u32),
}

/// Counts what `account` holds.
pub(super) async fn count(
    connector: &dyn Connector,
    (lane, depth): (Lane, Depth),
    (account, teams): (&AccountId, &[Team]),
    (now, closed_since): (Timestamp, Timestamp),
) -> std::result::Result<OpenWork, ConnectorError> {
    let mut work = OpenWork::none(now);
    let mine = teams.iter().filter(|team| team.members.contains(account));
    work.teams = mine.map(|team| team.name.clone()).collect();
    if connector.capabilities().hand_over == Ability::No {
        return Ok(OpenWork { reach: Reach::Whole, ..work });
    }
    let mut from: Option<String> = None;
    let mut pages = 0;
    loop {
        let page = connector.work(lane, account, from.as_deref()).await?;
        for item in &page.items {
            work.count(item, closed_since);
        }
        pages += 1;
        match page.next {
            None => return Ok(OpenWork { reach: page.reach, ..work }),
            Some(_) if depth == Depth::Pages(pages) => {
                return Ok(OpenWork { reach: Reach::Stopped, ..work });
            }
            // An end that never comes: what was counted is what there is at least.
            next if next == from => return Ok(work),
            next => from = next,
        }
    }
}

/// Every team, where the app has teams.
pub(super) async fn teams(
    connector: &dyn Connector,
    lane: Lane,
) -> std::result::Result<Vec<Team>, ConnectorError> {
    if connector.capabilities().hand_over == Ability::No {
        return Ok(Vec::new());
    }
    match connector.teams(lane).await {
        // A key that may read tickets but not teams: tickets are what would be lost.
        Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::NotFound) => {
            Ok(Vec::new())
        }
        other => other,
    }
}

impl Muster {
    /// Looks at what leavers' accounts hold, where that is not known well enough. Reads a few
    /// pages of each; gives how many accounts it looked at. Failing to look is no failure of a
    /// sync: what is not known is said where it matters.
    pub(super) async fn look_at_leavers_work(&self, opened: &Opened) -> Result<usize> {
        let app = &opened.app;
        let situation = self.situation(app).await?;
        let now = self.env.now();
        let world = situation.world(now)?;
        let wanted = hand_over::to_look_at(&world, &plan::correlation(&world));
        if wanted.is_empty() {
            return Ok(0);
        }
        let connector = opened.connector.as_ref();
        let since = hand_over::closed_since(now, hand_over::closed_within_days(&world));
        let Ok(teams) = teams(connector, Lane::Bulk).await else { return Ok(0) };
        let mut seen = BTreeMap::new();
        let depth = Depth::Pages(PAGES_IN_A_SYNC);
        for account in wanted.iter().take(ACCOUNTS_IN_A_SYNC) {
            let whose = (*account, teams.as_slice());
            let counted = count(connector, (Lane::Bulk, depth), whose, (now, since)).await;
            let Ok(work) = counted else { break };
            seen.insert((*account).clone(), work);
        }
        self.keep_work(app, &seen).await?;
        Ok(seen.len())
    }

    /// Looks at what the accounts of one person hold, all of it, and keeps that.
    ///
    /// # Errors
    /// When the app cannot be read or the store fails.
    pub(super) async fn look_at_work_of(
        &self,
        opened: &Opened,
        accounts: &[AccountId],
    ) -> Result<BTreeMap<AccountId, OpenWork>> {
        let situation = self.situation(&opened.app).await?;
        let now = self.env.now();
        let days = hand_over::closed_within_days(&situation.world(now)?);
        let since = hand_over::closed_since(now, days);
        let connector = opened.connector.as_ref();
        let at = |error| crate::error::Error::app(&opened.app, error);
        let teams = teams(connector, Lane::Interactive).await.map_err(at)?;
        let mut seen = BTreeMap::new();
        for account in accounts {
            let how = (Lane::Interactive, Depth::Whole);
            let work = count(connector, how, (account, &teams), (now, since)).await.map_err(at)?;
            seen.insert(account.clone(), work);
        }
        Ok(seen)
    }

    /// Keeps what was seen.
    pub(super) async fn keep_work(
        &self,
        app: &AppName,
        seen: &BTreeMap<AccountId, OpenWork>,
    ) -> Result<()> {
        if seen.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin();
        for (account, work) in seen {
            tx.put_work(app, account, work);
        }
        let mut about = About { app: Some(app.clone()), ..About::default() };
        if let (1, Some(account)) = (seen.len(), seen.keys().next()) {
            about.account = Some(account.clone());
        }
        tx.journal(Event::WorkSeen, about, json!({"work": seen}));
        tx.commit().await?;
        Ok(())
    }
}
