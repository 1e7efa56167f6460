//! The book of codes, grants and tokens. No HTTP here.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::jwt;
use crate::{clock::later, oauth::scopes::Rights, world::World};

/// What a user has allowed an app, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its number, from 1.
    pub id: u64,
    /// The app.
    pub client_id: String,
    /// The user with whose rights the app acts.
    pub user_id: u64,
    /// What of these rights it may use.
    pub scopes: Vec<String>,
    /// When its code was exchanged.
    pub granted_at: Timestamp,
    /// Since when it cannot be refreshed any more. Access tokens live on until they expire.
    pub revoked_at: Option<Timestamp>,
}

/// A consent that waits for its app to fetch the tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) user_id: u64,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
    pub(super) expires_at: Timestamp,
}

/// An access token in circulation.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Access {
    grant: u64,
    expires_at: Timestamp,
}

/// Everything that was given out and can still be used, and all grants.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Book {
    sequence: u64,
    codes: BTreeMap<String, Code>,
    grants: BTreeMap<u64, Grant>,
    /// Refresh tokens by text, with the number of their grant.
    refresh: BTreeMap<String, u64>,
    /// Access tokens by text: what was never given out is not known, whoever signed it.
    access: BTreeMap<String, Access>,
}

impl Book {
    /// All grants, by number.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.values()
    }

    /// A word that was never used before: the same for the same seed, requests and clock.
    pub(super) fn word(&mut self, seed: u64, kind: &str, now: Timestamp) -> String {
        self.sequence += 1;
        jwt::digest(seed, &format!("{kind} {} {}", self.sequence, now.as_microsecond()))
    }

    pub(super) fn add_code(&mut self, text: String, code: Code, now: Timestamp) {
        self.codes.retain(|_, code| code.expires_at > now);
        self.codes.insert(text, code);
    }

    /// What a code stands for, if it is still good for this app and this address. Asking with
    /// the right words uses it up; a wrong attempt does not.
    pub(super) fn redeem(
        &mut self,
        text: &str,
        (client_id, redirect_uri): (&str, &str),
        now: Timestamp,
    ) -> Option<Code> {
        let code = self.codes.get(text)?;
        let good = code.expires_at > now
            && code.client_id == client_id
            && code.redirect_uri == redirect_uri;
        if good { self.codes.remove(text) } else { None }
    }

    pub(super) fn open_grant(&mut self, code: &Code, now: Timestamp) -> Grant {
        let id = self.grants.keys().next_back().map_or(1, |last| last + 1);
        let grant = Grant {
            id,
            client_id: code.client_id.clone(),
            user_id: code.user_id,
            scopes: code.scopes.clone(),
            granted_at: now,
            revoked_at: None,
        };
        self.grants.insert(id, grant.clone());
        grant
    }

    pub(super) fn add_refresh(&mut self, text: String, grant: &Grant) {
        self.refresh.insert(text, grant.id);
    }

    /// The grant of a refresh token, if it is this app's and can still be refreshed.
    pub(super) fn refreshable(&self, text: &str, client_id: &str) -> Option<&Grant> {
        let grant = self.grants.get(self.refresh.get(text)?)?;
        (grant.client_id == client_id && grant.revoked_at.is_none()).then_some(grant)
    }

    /// A refresh token stops working.
    pub(super) fn drop_refresh(&mut self, text: &str) {
        self.refresh.remove(text);
    }

    pub(super) fn add_access(&mut self, text: String, grant: &Grant, life: (Timestamp, Duration)) {
        let (now, life) = life;
        self.access.retain(|_, access| access.expires_at > now);
        self.access.insert(text, Access { grant: grant.id, expires_at: later(now, life) });
    }

    /// The grant that a token, of either kind, belongs to.
    pub(super) fn grant_of(&self, text: &str) -> Option<&Grant> {
        let by_refresh = self.refresh.get(text).copied();
        let id = by_refresh.or_else(|| self.access.get(text).map(|access| access.grant))?;
        self.grants.get(&id)
    }

    /// A grant cannot be refreshed any more. Whether that is news.
    pub(crate) fn revoke(&mut self, id: u64, now: Timestamp) -> bool {
        match self.grants.get_mut(&id).map(|grant| &mut grant.revoked_at) {
            Some(at @ None) => {
                *at = Some(now);
                true
            }
            _ => false,
        }
    }

    /// The user and the rights of an access token that has not expired.
    pub(crate) fn bearer(&self, text: &str, now: Timestamp) -> Option<(u64, Rights)> {
        let access = self.access.get(text).filter(|access| access.expires_at > now)?;
        let grant = self.grants.get(&access.grant)?;
        Some((grant.user_id, Rights::Scopes(grant.scopes.clone())))
    }
}

impl World {
    /// A user takes all apps out of the account: none can refresh any more.
    pub(crate) fn revoke_grants(&mut self, now: Timestamp) {
        let ids: Vec<u64> = self.oauth.grants().map(|grant| grant.id).collect();
        for id in ids {
            if self.oauth.revoke(id, now) {
                self.record.counters.tokens.revoked += 1;
            }
        }
        self.touch();
    }
}
