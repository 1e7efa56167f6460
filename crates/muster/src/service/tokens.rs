//! Tokens for scripts: made by a user, act as her, never may more than she.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster_domain::model::{
    canonical::Digest,
    email::EmailAddress,
    id::OrderId,
    journal::{About, Event},
    order::Order as _,
    user::{ApiToken, Permission, User},
};
use serde_json::json;

use super::Muster;
use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// What a token begins with, so that searches for leaked secrets find it.
pub const PREFIX: &str = "mst_";

/// How long a token lives at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// How often the last use is noted.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

impl Muster {
    /// Makes a token that acts as `user`. Gives it with the only sight of its secret.
    ///
    /// # Errors
    /// When it may nothing, or more than `user`; when its end is past or too far off; or when the
    /// store fails.
    pub async fn make_token(
        &self,
        user: &User,
        name: &str,
        scopes: BTreeSet<Permission>,
        until: Timestamp,
    ) -> Result<(ApiToken, Secret)> {
        let name = name.trim().to_owned();
        let now = self.env.now();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Error::Invalid(
                "say what the token is for, in 1 to 100 characters".to_owned(),
            ));
        }
        if scopes.is_empty() {
            return Err(Error::Invalid("say what the token may do: at least read".to_owned()));
        }
        if let Some(scope) = scopes.iter().find(|scope| !user.role.may(**scope)) {
            return Err(Error::Invalid(format!(
                "a token may not do more than you, and an {} may not {}",
                user.role.word(),
                scope.word()
            )));
        }
        if until <= now || now.checked_add(LONGEST).is_ok_and(|longest| until > longest) {
            return Err(Error::Invalid(
                "a token ends between now and a year from now; give such an end".to_owned(),
            ));
        }
        let secret = self.secret();
        let id = OrderId::derive(ApiToken::KIND, user.email.folded(), now, secret.reveal());
        let short = id.as_str().trim_start_matches("ord_");
        let whole = Secret::new(format!("{PREFIX}{short}_{}", secret.reveal()));
        let digest = Digest::of(whole.reveal().as_bytes());
        let user = user.email.clone();
        let token = ApiToken { id, name, user, scopes, digest, at: now, until };
        let mut tx = self.begin();
        tx.put_order(&token);
        tx.journal(Event::ApiTokenMade, About::default(), json!({"token": token}));
        tx.commit().await?;
        Ok((token, whole))
    }

    /// The tokens there are, with their last use; only those of `user` if one is named.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tokens(
        &self,
        user: Option<&EmailAddress>,
    ) -> Result<Vec<(ApiToken, Option<Timestamp>)>> {
        let uses: BTreeMap<_, _> = self.store.token_uses().await?;
        let tokens = self.store.orders().await?.api_tokens.into_iter();
        let mut tokens: Vec<_> = tokens
            .filter(|token| user.is_none_or(|user| token.user == *user))
            .map(|token| {
                let used = uses.get(&token.id).copied();
                (token, used)
            })
            .collect();
        tokens.sort_by_key(|(token, _)| token.at);
        Ok(tokens)
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// When there is no such token among those of `user`, or the store fails.
    pub async fn revoke_token(&self, id: &str, user: Option<&EmailAddress>) -> Result<ApiToken> {
        let found = self.tokens(user).await?.into_iter().find(|(token, _)| token.id.as_str() == id);
        let Some((token, _)) = found else {
            return Err(Error::NotFound(format!("there is no token {id}")));
        };
        let mut tx = self.begin();
        tx.remove_order(&token);
        tx.journal(Event::ApiTokenRevoked, About::default(), json!({"token": token}));
        tx.commit().await?;
        Ok(token)
    }

    /// The user as whom a token acts, and the token; `None` when it lets nobody in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_token(&self, shown: &str) -> Result<Option<(User, ApiToken)>> {
        if !shown.starts_with(PREFIX) {
            return Ok(None);
        }
        let digest = Digest::of(shown.as_bytes());
        let now = self.env.now();
        let orders = self.store.orders().await?;
        let token = orders.api_tokens.into_iter().find(|token| token.digest == digest);
        let Some(token) = token.filter(|token| now < token.until) else { return Ok(None) };
        let user = orders.users.into_iter().find(|user| user.email == token.user);
        let Some(user) = user.filter(|user| user.is_let_in(now)) else { return Ok(None) };
        let used = self.store.token_uses().await?.get(&token.id).copied();
        if used.is_none_or(|used| now.duration_since(used) >= NOTED_EVERY) {
            self.store.note_token_use(&token.id, now).await?;
        }
        Ok(Some((user, token)))
    }
}
