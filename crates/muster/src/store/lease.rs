//! Leases: the right of one node to work on something for a while. Any node may die at any moment;
//! its lease then runs out, and the fencing token tells its late writes from those of its successor.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::Row as _;

use super::{
    OrgStore, StoreError,
    columns::moment_text,
    records::{Free, Lease},
};
use crate::env::add;

/// Stands in `expires` after a release: sorts before every moment.
const RELEASED: &str = "";

impl OrgStore {
    /// Takes the lease called `name` until `now + ttl`; `None` while somebody else holds it. The
    /// same owner gets it at once with a new token, which ends the old one: a node that was killed
    /// takes up its own work without waiting. That only one process of a node is at work is the
    /// node's own affair (it locks its home).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lease(
        &self,
        name: &str,
        owner: &str,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let expires = add(now, ttl);
        let row = sqlx::query(
            "INSERT INTO leases (org, name, owner, token, expires) VALUES ($1, $2, $3, 1, $4) \
             ON CONFLICT (org, name) DO UPDATE SET owner = excluded.owner, \
             token = leases.token + 1, expires = excluded.expires WHERE leases.expires <= $5 \
             OR leases.owner = excluded.owner \
             RETURNING token",
        )
        .bind(self.org.as_str())
        .bind(name)
        .bind(owner)
        .bind(moment_text(expires))
        .bind(moment_text(now))
        .fetch_optional(&self.store.driver().pool)
        .await
        .map_err(|error| self.store.fault(error))?;
        let Some(row) = row else { return Ok(None) };
        let token = row.try_get(0).map_err(|error| self.store.fault(error))?;
        Ok(Some(Lease { name: name.to_owned(), owner: owner.to_owned(), token, expires }))
    }

    /// Prolongs a lease until `now + ttl`, also after it ran out as long as nobody took it; `None`
    /// when it is lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew(
        &self,
        lease: &Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let expires = add(now, ttl);
        let held = self.set_expiry(lease, &moment_text(expires)).await?;
        Ok(held.then(|| Lease { expires, ..lease.clone() }))
    }

    /// Gives a lease back, so that another may take it at once. Giving back a lost one does nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.set_expiry(&lease, RELEASED).await.map(|_| ())
    }

    async fn set_expiry(&self, lease: &Lease, expires: &str) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE leases SET expires = $4 WHERE org = $1 AND name = $2 AND token = $3 \
             AND expires <> ''",
        )
        .bind(self.org.as_str())
        .bind(lease.name.as_str())
        .bind(lease.token)
        .bind(expires)
        .execute(&self.store.driver().pool)
        .await
        .map_err(|error| self.store.fault(error))?;
        Ok(done.rows_affected() == 1)
    }

    /// That nobody holds the lease called `name` at `now`; `None` while somebody does. One that ran
    /// out is taken away from its holder for good: what it writes late is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn free(&self, name: &str, now: Timestamp) -> Result<Option<Free>, StoreError> {
        loop {
            let Some((token, expires, _)) = self.last_holder(name).await? else {
                // A row is there from now on, so that a transaction can hold it.
                self.change(
                    "INSERT INTO leases (org, name, owner, token, expires) \
                     VALUES ($1, $2, '', 0, '') ON CONFLICT (org, name) DO NOTHING",
                    (name, None),
                )
                .await?;
                continue;
            };
            if expires == RELEASED {
                return Ok(Some(Free { name: name.to_owned(), token }));
            }
            if expires > moment_text(now) {
                return Ok(None);
            }
            self.change(
                "UPDATE leases SET token = token + 1, expires = '' \
                 WHERE org = $1 AND name = $2 AND token = $3 AND expires = $4",
                (name, Some((token, &expires))),
            )
            .await?;
        }
    }

    /// Who holds the lease called `name` at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holder(&self, name: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let last = self.last_holder(name).await?;
        Ok(last.filter(|(_, expires, _)| *expires > moment_text(now)).map(|(_, _, owner)| owner))
    }

    async fn last_holder(&self, name: &str) -> Result<Option<(i64, String, String)>, StoreError> {
        let fault = |error| self.store.fault(error);
        let row =
            sqlx::query("SELECT token, expires, owner FROM leases WHERE org = $1 AND name = $2")
                .bind(self.org.as_str())
                .bind(name)
                .fetch_optional(&self.store.driver().pool)
                .await
                .map_err(fault)?;
        let Some(row) = row else { return Ok(None) };
        let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        read().map(Some).map_err(fault)
    }

    async fn change(
        &self,
        statement: &'static str,
        (name, seen): (&str, Option<(i64, &str)>),
    ) -> Result<(), StoreError> {
        let query = sqlx::query(statement).bind(self.org.as_str()).bind(name);
        let query = match seen {
            Some((token, expires)) => query.bind(token).bind(expires),
            None => query,
        };
        let done = query.execute(&self.store.driver().pool).await;
        done.map(|_| ()).map_err(|error| self.store.fault(error))
    }

    /// Holds the row of a lease that nobody has to the end of the transaction, so that nobody takes
    /// it meanwhile.
    pub(super) async fn hold_free(
        &self,
        connection: &mut sqlx::AnyConnection,
        free: &Free,
    ) -> Result<(), StoreError> {
        let held = sqlx::query(
            "UPDATE leases SET token = token WHERE org = $1 AND name = $2 AND token = $3 \
             AND expires = ''",
        )
        .bind(self.org.as_str())
        .bind(free.name.as_str())
        .bind(free.token)
        .execute(connection)
        .await
        .map_err(|error| self.store.fault(error))?;
        if held.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::Overtaken { name: free.name.clone() })
        }
    }

    /// Holds the lease's row to the end of the transaction, so that nobody takes it over meanwhile.
    pub(super) async fn hold(
        &self,
        connection: &mut sqlx::AnyConnection,
        lease: &Lease,
    ) -> Result<(), StoreError> {
        let held = sqlx::query(
            "UPDATE leases SET token = token WHERE org = $1 AND name = $2 AND token = $3 \
             AND expires <> ''",
        )
        .bind(self.org.as_str())
        .bind(lease.name.as_str())
        .bind(lease.token)
        .execute(connection)
        .await
        .map_err(|error| self.store.fault(error))?;
        if held.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::LeaseLost { name: lease.name.clone() })
        }
    }
}
