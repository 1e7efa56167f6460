//! What the loop remembers, and what woke it.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::model::{cycle::Cycle, id::AppName, journal::Event};

use super::{
    OrgStore, StoreError,
    columns::{CYCLES, Statement, json_text, optional_text, parse, parse_json, text},
    journal::signed,
};

impl OrgStore {
    /// What the loop remembers of each app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cycles(&self) -> Result<BTreeMap<AppName, Cycle>, StoreError> {
        let sql = "SELECT app, doc FROM cycles WHERE org = $1";
        let rows = self.rows(&Statement::of_org(sql, &self.org)).await?;
        rows.iter()
            .map(|row| {
                let app = parse("cycles", &text("cycles", row, 0)?)?;
                Ok((app, parse_json("cycles", &text("cycles", row, 1)?)?))
            })
            .collect()
    }

    /// Keeps what the loop is to remember of `app`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remember_cycle(&self, app: &AppName, cycle: &Cycle) -> Result<(), StoreError> {
        let row = vec![app.as_str().into(), json_text("a round of the loop", cycle)?.into()];
        let fault = |error| self.store.fault(error);
        let mut connection = self.store.driver().pool.acquire().await.map_err(fault)?;
        CYCLES.write(&mut connection, self.org.as_str(), &[row]).await.map_err(fault)
    }

    /// What kinds of entries were journaled after entry `after`, and about which app, if about
    /// one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_since(
        &self,
        after: u64,
    ) -> Result<BTreeSet<(Event, Option<AppName>)>, StoreError> {
        let sql = "SELECT DISTINCT event, app FROM journal WHERE org = $1";
        let statement = Statement::of_org(sql, &self.org).with("AND seq > ?", Some(signed(after)));
        let rows = self.rows(&statement).await?;
        rows.iter()
            .map(|row| {
                let word = serde_json::Value::String(text("journal", row, 0)?);
                let event = serde_json::from_value(word)
                    .map_err(|error| super::columns::unreadable("journal", error))?;
                let app = optional_text("journal", row, 1)?;
                let app = app.map(|app| parse("journal", &app)).transpose()?;
                Ok((event, app))
            })
            .collect()
    }
}
