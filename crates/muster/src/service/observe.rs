//! Observing: reading every account of an app, page by page, keeping what is new, correlating.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::{
    engine::{
        correlate::Match,
        gaps::{self, Gap},
        plan, shield,
    },
    model::{
        account::Account,
        id::{AccountId, AppName},
        journal::{About, Event},
        link::{Link, Tie},
        money::Money,
        observation::{Completeness, ReadTally},
    },
};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Muster, Opened, situation::Situation, trail::TrailRead};
use crate::{
    connector::{ConnectorError, Lane, PageSink},
    error::{Error, Result},
    store::records::{ObservationHeader, ObservationRecord, Reading},
};

/// What a sync found.
#[derive(Debug, Clone, Serialize)]
pub struct Synced {
    /// The app.
    pub app: AppName,
    /// The read.
    pub observation: ObservationRecord,
    /// What the app's own trail told.
    #[serde(flatten)]
    pub trail: TrailRead,
    /// How many accounts were newly tied to a person.
    pub linked: usize,
    /// At the work of how many leavers' accounts it looked.
    pub work_seen: usize,
    /// What does not agree.
    pub gaps: Vec<Gap>,
    /// What the seats of the gaps cost a month, one sum a currency.
    pub monthly: Vec<Money>,
}

/// Sends each page on its way to the store while the next one is being fetched.
struct Pages(mpsc::UnboundedSender<Vec<Account>>);

impl PageSink for Pages {
    fn page(&mut self, accounts: Vec<Account>) {
        // The receiver only goes when storing failed; that failure is what gets reported.
        let _ = self.0.send(accounts);
    }
}

impl Muster {
    /// Reads `app`, ties accounts to people where that is certain, and lists the gaps.
    ///
    /// # Errors
    /// When the app cannot be read. What was known before stays as it is.
    pub async fn sync(&self, app: &AppName) -> Result<Synced> {
        let opened = self.open(app).await?;
        let observation = self.observe(app, &opened).await?;
        let trail = self.read_trail(&opened).await?;
        let situation = self.situation(app).await?;
        let linked = self.link_certain(app, &situation).await?;
        self.remember_protected(app, &situation).await?;
        self.remember_holders(app, &situation).await?;
        let work_seen = self.look_at_leavers_work(&opened).await?;
        let gaps = self.notice(app).await?;
        self.run_checks().await?;
        let monthly = gaps::monthly(&gaps);
        Ok(Synced { app: app.clone(), observation, trail, linked, work_seen, gaps, monthly })
    }

    async fn observe(&self, app: &AppName, opened: &Opened) -> Result<ObservationRecord> {
        let reading = self.store.begin_read(app).await?;
        let started = self.env.now();
        let read = self.read_pages(&reading, opened.connector.as_ref()).await;
        let (tally, seen) = match read {
            Ok(read) => read,
            Err(error) => {
                if let Error::App { source, .. } = &error {
                    self.mark_unseen(app, source).await?;
                }
                return Err(error);
            }
        };
        self.mark_seen(opened, None).await?;
        let caller = self.situation_caller(app).await?;
        let completeness = completeness(&tally, &seen, caller.as_ref());
        let header =
            ObservationHeader { started, finished: self.env.now(), caller, tally, completeness };
        let mut tx = self.begin();
        tx.finish_observation(&reading, header, seen);
        let committed = tx.commit().await?;
        committed
            .observation
            .ok_or_else(|| Error::Conflict("the read was not kept; run the sync again".to_owned()))
    }

    async fn situation_caller(&self, app: &AppName) -> Result<Option<AccountId>> {
        let connection = self.connection(app).await?;
        let probe: Option<crate::connector::Probe> = serde_json::from_value(connection.probe).ok();
        Ok(probe.map(|probe| probe.caller.id))
    }

    /// Reads every account and stages it, side by side: memory holds a few pages and the ids,
    /// whatever the size.
    async fn read_pages(
        &self,
        reading: &Reading,
        connector: &dyn crate::connector::Connector,
    ) -> Result<(ReadTally, BTreeSet<AccountId>)> {
        let (send, mut receive) = mpsc::unbounded_channel();
        let mut sink = Pages(send);
        let fetch = async {
            let tally = connector.accounts(Lane::Bulk, &mut sink).await;
            drop(sink);
            tally
        };
        let keep = async {
            let mut seen = BTreeSet::new();
            while let Some(page) = receive.recv().await {
                self.store.stage(reading, &page).await?;
                seen.extend(page.into_iter().map(|account| account.id));
            }
            Ok::<_, Error>(seen)
        };
        let (tally, seen) = tokio::join!(fetch, keep);
        let tally = tally.map_err(|error: ConnectorError| Error::app(&reading.app, error))?;
        Ok((tally, seen?))
    }

    /// Keeps the ties that are certain and new.
    async fn link_certain(&self, app: &AppName, situation: &Situation) -> Result<usize> {
        let now = self.env.now();
        let correlation = plan::correlation(&situation.world(now)?);
        let mut links = BTreeMap::new();
        for (account, found) in &correlation.matches {
            if let Match::Linked { person, because, .. } = found
                && !situation.links.contains_key(account)
            {
                let (person, because) = (person.clone(), because.clone());
                let tie = Tie::Person { person, because, confirmed: None };
                links.insert(account.clone(), Link { account: account.clone(), tie, since: now });
            }
        }
        if links.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin();
        tx.put_links(app, &links.values().cloned().collect::<Vec<_>>());
        for link in links.values() {
            let about = About {
                app: Some(app.clone()),
                account: Some(link.account.clone()),
                person: link.person().cloned(),
                ..About::default()
            };
            tx.journal(Event::AccountLinked, about, json!({"link": link}));
        }
        tx.commit().await?;
        Ok(links.len())
    }
}

impl Muster {
    /// Keeps which accounts the protected logins of the policy mean, as of what is known now.
    pub(super) async fn remember_protected(
        &self,
        app: &AppName,
        situation: &Situation,
    ) -> Result<()> {
        let found = shield::newly_found(&situation.world(self.env.now())?);
        if found.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin();
        for shield in &found {
            tx.put_order(shield);
            let about = About {
                app: Some(app.clone()),
                account: Some(shield.account.clone()),
                ..About::default()
            };
            tx.journal(Event::AccountShielded, about, json!({"login": shield.login}));
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A read that does not even show the account whose key made it has missed something.
fn completeness(
    tally: &ReadTally,
    seen: &BTreeSet<AccountId>,
    caller: Option<&AccountId>,
) -> Completeness {
    match caller {
        Some(caller) if !seen.contains(caller) => Completeness::Unproven {
            reason: format!("account {caller}, whose key was used, is not in the list"),
        },
        _ => tally.completeness(seen.len() as u64),
    }
}
