//! Reading an app's own trail beside its accounts: hints of who did what and who signed in.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use muster_domain::model::{
    activity::{Activity, Hint, Trail},
    id::AccountId,
    journal::{About, Event},
};
use serde::Serialize;
use serde_json::json;

use super::{Muster, Opened};
use crate::{
    connector::{Ability, ErrorKind, Lane},
    error::{Error, Result},
};

/// So far back the first reading goes: long enough to tell which accounts nobody uses.
const FIRST_READING: SignedDuration = SignedDuration::from_hours(120 * 24);

/// An app keeps its trail for so long at least; what is older may be missing from it.
const KEPT_FOR_CERTAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What reading the trail brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "trail", rename_all = "snake_case")]
pub enum TrailRead {
    /// It was read.
    Read {
        /// About so many accounts it told something new.
        news: usize,
    },
    /// It could not be read; nothing else depends on it.
    Unread {
        /// Why.
        why: String,
    },
}

impl Muster {
    /// Reads what the trail tells since the last reading. An app that does not show its trail to
    /// this key is no error: the trail only adds who and when.
    ///
    /// # Errors
    /// When the key is refused altogether, or the store fails.
    pub(super) async fn read_trail(&self, opened: &Opened) -> Result<TrailRead> {
        let app = &opened.app;
        if opened.connector.capabilities().trail == Ability::No {
            return Ok(TrailRead::Unread { why: format!("{app} keeps no trail") });
        }
        let known = self.store.trail(app).await?;
        let now = self.env.now();
        let since = known.map_or_else(|| now - FIRST_READING, |known| known.until);
        let (hints, mut trail) = match opened.connector.trail(Lane::Bulk, since).await {
            Ok(read) => read,
            Err(error) if error.kind == ErrorKind::Unauthorized => {
                return Err(Error::app(app, error));
            }
            Err(error) => return Ok(TrailRead::Unread { why: error.message.into_owned() }),
        };
        // Where the new reading reaches back to the one before, there is no hole between them. Else
        // how long the app keeps its trail is not known: it is known from its oldest entry on.
        let near = |known: &&Trail| {
            trail.since <= known.until && now.duration_since(known.until) <= KEPT_FOR_CERTAIN
        };
        trail.since = match known.as_ref().filter(near) {
            Some(known) => known.since.min(trail.since),
            None => hints.iter().map(|hint| hint.at).min().unwrap_or(trail.until),
        };
        let news = self.news(opened, &hints).await?;
        // A reading without news still tells that nothing happened; it is worth keeping now and
        // then, not each time.
        let stale = known.is_none_or(|known| now.duration_since(known.until).as_hours() >= 1);
        if news.is_empty() && !stale {
            return Ok(TrailRead::Read { news: 0 });
        }
        let mut tx = self.begin();
        tx.put_activity(app, &news, &trail);
        let about = About { app: Some(app.clone()), ..About::default() };
        let data = json!({"events": hints.len(), "accounts": news.len(), "since": trail.since});
        tx.journal(Event::TrailRead, about, data);
        tx.commit().await?;
        Ok(TrailRead::Read { news: news.len() })
    }

    /// What is known of the accounts about which `hints` tell something new.
    async fn news(&self, opened: &Opened, hints: &[Hint]) -> Result<BTreeMap<AccountId, Activity>> {
        let mut told: BTreeMap<&AccountId, Vec<&Hint>> = BTreeMap::new();
        for hint in hints {
            told.entry(&hint.account).or_default().push(hint);
        }
        let known = self.store.activity(&opened.app, told.keys().copied()).await?;
        let mut news = BTreeMap::new();
        for (account, hints) in told {
            let before = known.get(account).cloned().unwrap_or_default();
            let mut activity = before.clone();
            hints.into_iter().for_each(|hint| activity.add(hint));
            if activity != before {
                news.insert(account.clone(), activity);
            }
        }
        Ok(news)
    }
}
