//! How users sign in: their sealed secrets, who is signed in, and links that let in once. None of
//! it stands in the journal; that somebody signed in does.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::model::{canonical::Digest, email::EmailAddress, id::OrderId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    OrgStore, StoreError,
    columns::{
        Row, SESSIONS, SIGN_IN_LINKS, SIGN_INS, Statement, TOKEN_USES, Table, json_text, parse,
        parse_json, text,
    },
    seal::{self, Place, Sealed},
};
use crate::secret::Secret;

/// How somebody proves who she is. Kept sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignInSecrets {
    /// The password's hash, with its salt and cost, as Argon2id writes it.
    pub password: Option<String>,
    /// The seed of her second factor, in Base32.
    pub totp: Option<String>,
    /// The last step of the second factor that was used: each lets in once.
    pub totp_used: Option<u64>,
    /// Digests of the codes that stand in for a lost second factor, once each.
    pub recovery: Vec<Digest>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub email: EmailAddress,
    /// Since when.
    pub began: Timestamp,
    /// When she last proved who she is.
    pub proved: Timestamp,
    /// When she was last seen, to the minute.
    pub seen: Timestamp,
    /// When it ends, used or not.
    pub until: Timestamp,
    /// How she signed in.
    pub way: String,
    /// With which program, as it says of itself.
    pub agent: String,
    /// From where.
    pub address: String,
}

/// What a link lets somebody do once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInLink {
    /// For whom; nobody yet for the very first.
    pub email: Option<EmailAddress>,
    /// Until when.
    pub until: Timestamp,
}

impl OrgStore {
    /// How `email` proves who she is, if she ever said.
    ///
    /// # Errors
    /// When the database fails, or the seal does not open.
    pub async fn sign_in_secrets(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<SignInSecrets>, StoreError> {
        let sql = "SELECT key_id, sealed FROM sign_ins WHERE org = $1";
        let statement =
            Statement::of_org(sql, &self.org).with("AND email = ?", Some(email.folded()));
        let rows = self.rows(&statement).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let sealed = Sealed { key_id: text("sign_ins", row, 0)?, text: text("sign_ins", row, 1)? };
        let secret = seal::open(&self.store.0.key, &self.sign_in_place(email), &sealed)?;
        parse_json("sign_ins", secret.reveal()).map(Some)
    }

    /// Keeps how `email` proves who she is; with nothing, forgets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_sign_in_secrets(
        &self,
        email: &EmailAddress,
        secrets: Option<&SignInSecrets>,
    ) -> Result<(), StoreError> {
        let Some(secrets) = secrets else {
            return self.forget("DELETE FROM sign_ins WHERE org = $1", email.folded()).await;
        };
        let inner = &self.store.0;
        let plain = Secret::new(json_text("how somebody signs in", secrets)?);
        let sealed = seal::seal(&inner.key, &inner.env, &self.sign_in_place(email), &plain)?;
        let row = vec![email.folded().into(), sealed.key_id.into(), sealed.text.into()];
        self.keep(&SIGN_INS, row).await
    }

    fn sign_in_place<'a>(&'a self, email: &'a EmailAddress) -> Place<'a> {
        Place { org: &self.org, table: "sign_ins", row: email.folded() }
    }

    /// The session whose cookie has this digest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, id: &Digest) -> Result<Option<Session>, StoreError> {
        self.doc_by_id("SELECT doc FROM sessions WHERE org = $1", id).await
    }

    /// Every session, by the digest of its cookie.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self) -> Result<BTreeMap<Digest, Session>, StoreError> {
        let sql = "SELECT id, doc FROM sessions WHERE org = $1";
        let rows = self.rows(&Statement::of_org(sql, &self.org)).await?;
        rows.iter()
            .map(|row| {
                let id = parse("sessions", &text("sessions", row, 0)?)?;
                Ok((id, parse_json("sessions", &text("sessions", row, 1)?)?))
            })
            .collect()
    }

    /// Keeps a session, new or gone on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_session(&self, id: &Digest, session: &Session) -> Result<(), StoreError> {
        let doc = json_text("a session", session)?;
        let row = vec![id.to_string().into(), session.email.folded().into(), doc.into()];
        self.keep(&SESSIONS, row).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, id: &Digest) -> Result<(), StoreError> {
        self.forget_id("DELETE FROM sessions WHERE org = $1", &id.to_string()).await
    }

    /// Ends every session of `email`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions(&self, email: &EmailAddress) -> Result<(), StoreError> {
        self.forget("DELETE FROM sessions WHERE org = $1", email.folded()).await
    }

    /// The link with this digest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in_link(&self, id: &Digest) -> Result<Option<SignInLink>, StoreError> {
        self.doc_by_id("SELECT doc FROM sign_in_links WHERE org = $1", id).await
    }

    /// Keeps a link.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_sign_in_link(
        &self,
        id: &Digest,
        link: &SignInLink,
    ) -> Result<(), StoreError> {
        let row = vec![id.to_string().into(), json_text("a link", link)?.into()];
        self.keep(&SIGN_IN_LINKS, row).await
    }

    /// Uses a link up. Whether it was there: of two who use it at once, one gets in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_up_sign_in_link(&self, id: &Digest) -> Result<bool, StoreError> {
        let sql = "DELETE FROM sign_in_links WHERE org = $1 AND id = $2";
        let done = sqlx::query(sql)
            .bind(self.org.as_str())
            .bind(id.to_string())
            .execute(&self.store.driver().pool)
            .await
            .map_err(|error| self.store.fault(error))?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_token_use(&self, token: &OrderId, at: Timestamp) -> Result<(), StoreError> {
        self.keep(&TOKEN_USES, vec![token.as_str().into(), at.into()]).await
    }

    /// When each token was last used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_uses(&self) -> Result<BTreeMap<OrderId, Timestamp>, StoreError> {
        let sql = "SELECT token, at FROM token_uses WHERE org = $1";
        let rows = self.rows(&Statement::of_org(sql, &self.org)).await?;
        rows.iter()
            .map(|row| {
                let token = parse("token_uses", &text("token_uses", row, 0)?)?;
                Ok((token, parse("token_uses", &text("token_uses", row, 1)?)?))
            })
            .collect()
    }

    async fn doc_by_id<T: DeserializeOwned + Send + Sync + Unpin + 'static>(
        &self,
        sql: &'static str,
        id: &Digest,
    ) -> Result<Option<T>, StoreError> {
        let statement = Statement::of_org(sql, &self.org).with("AND id = ?", Some(id.to_string()));
        Ok(self.documents("sign_in", &statement).await?.into_iter().next())
    }

    async fn keep(&self, table: &Table, row: Row) -> Result<(), StoreError> {
        let fault = |error| self.store.fault(error);
        let mut connection = self.store.driver().pool.acquire().await.map_err(fault)?;
        table.write(&mut connection, self.org.as_str(), &[row]).await.map_err(fault)
    }

    async fn forget(&self, sql: &'static str, email: &str) -> Result<(), StoreError> {
        let statement = Statement::of_org(sql, &self.org).with("AND email = ?", Some(email));
        self.execute(&statement).await
    }

    async fn forget_id(&self, sql: &'static str, id: &str) -> Result<(), StoreError> {
        let statement = Statement::of_org(sql, &self.org).with("AND id = ?", Some(id));
        self.execute(&statement).await
    }

    async fn execute(&self, statement: &Statement) -> Result<(), StoreError> {
        statement
            .query()
            .execute(&self.store.driver().pool)
            .await
            .map(drop)
            .map_err(|error| self.store.fault(error))
    }
}
