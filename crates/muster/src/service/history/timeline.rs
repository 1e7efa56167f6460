//! How it went with one person, and with one check.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_domain::{
    engine::lifecycle,
    model::{
        account::Account,
        check::{CheckState, Unit},
        id::{AccountId, AppName, PersonId},
        journal::{Entry, Event},
        person::Person,
    },
};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{
    error::Result,
    service::{Muster, check::Change},
    store::records::JournalFilter,
};

/// One thing in the life of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: String,
    /// In which app.
    pub app: Option<AppName>,
    /// Who did it, where the journal tells.
    pub by: Option<String>,
    /// The journal entry; `None` for what follows from her dates.
    pub entry: Option<u64>,
}

/// One point of a trend: how many units of a check were in which state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// The app; `None` for a check of the company.
    pub app: Option<AppName>,
    /// How many units, by state.
    pub states: BTreeMap<CheckState, u64>,
}

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckHistory {
    /// The check.
    pub check: &'static str,
    /// How many units were in which state over time, oldest first.
    pub trend: Vec<Point>,
    /// How units changed, oldest first: of one unit, or of all.
    pub changes: Vec<UnitChange>,
}

/// A change of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitChange {
    /// The unit, as it is printed.
    pub unit: String,
    /// What changed.
    #[serde(flatten)]
    pub change: Change,
}

impl Muster {
    /// Everything the journal tells of a person, and what follows from her dates, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn timeline(&self, person: &Person) -> Result<Vec<Happening>> {
        let mut seen = BTreeSet::new();
        let mut found = self.dates_of(person).await?;
        let filter = JournalFilter { person: Some(person.id.clone()), ..JournalFilter::default() };
        for entry in self.store.journal(&filter).await? {
            seen.insert(entry.seq);
            found.push(told(&entry));
        }
        for connection in self.store.connections().await? {
            let links = self.store.links(&connection.app).await?;
            for link in links.values().filter(|link| link.person() == Some(&person.id)) {
                let of = (&connection.app, &link.account);
                found.extend(self.account_entries(of, &mut seen).await?);
            }
        }
        found.extend(self.checks_of(&person.id).await?);
        found.sort_by_key(|one| (one.at, one.entry));
        Ok(found)
    }

    async fn dates_of(&self, person: &Person) -> Result<Vec<Happening>> {
        let policy = self.policy_or_none().await?;
        let hours = lifecycle::Hours::usual(&policy.organization);
        let dated = |at, what: &str| Happening {
            at,
            what: what.to_owned(),
            app: None,
            by: None,
            entry: None,
        };
        let mut found = Vec::new();
        for stint in lifecycle::stints(person, &hours) {
            found.push(dated(stint.start, &format!("engagement {} starts", stint.number)));
            if let Some(end) = stint.end.filter(|end| *end < Timestamp::MAX) {
                found.push(dated(end, &format!("engagement {} ends", stint.number)));
            }
        }
        Ok(found)
    }

    async fn account_entries(
        &self,
        (app, account): (&AppName, &AccountId),
        seen: &mut BTreeSet<u64>,
    ) -> Result<Vec<Happening>> {
        let filter = JournalFilter {
            app: Some(app.clone()),
            account: Some(account.clone()),
            ..JournalFilter::default()
        };
        let mut found = Vec::new();
        for entry in self.store.journal(&filter).await? {
            if !seen.insert(entry.seq) {
                continue;
            }
            let changes = entry.data.get("changes").and_then(Json::as_array);
            let changes = changes.filter(|_| entry.event == Event::AccountsChanged);
            let Some(changes) = changes else {
                found.push(told(&entry));
                continue;
            };
            let hers = |change: &&Json| {
                change.get("account").and_then(Json::as_str) == Some(account.as_str())
            };
            for change in changes.iter().filter(hers) {
                let what = format!("account {account} {}", account_change(change));
                found.push(Happening { what, ..told(&entry) });
            }
        }
        Ok(found)
    }

    async fn checks_of(&self, person: &PersonId) -> Result<Vec<Happening>> {
        let filter =
            JournalFilter { event: Some(Event::ChecksChanged), ..JournalFilter::default() };
        let mut found = Vec::new();
        for entry in self.store.journal(&filter).await? {
            let changes = entry.data.get("changes").and_then(Json::as_array);
            for change in changes.into_iter().flatten() {
                let text = |name: &str| change.get(name).and_then(Json::as_str);
                if text("person") == Some(person.as_str()) {
                    let check = text("check").unwrap_or_default();
                    let (from, to) = (
                        text("from").unwrap_or("nothing wrong"),
                        text("to").unwrap_or("nothing wrong"),
                    );
                    let what = format!("check {check}: {from} → {to}");
                    found.push(Happening { what, ..told(&entry) });
                }
            }
        }
        Ok(found)
    }

    /// How a check went: the tallies over time, and how units changed; one unit alone if it is
    /// named as it is printed.
    ///
    /// # Errors
    /// When there is no such check, or the store fails.
    pub async fn check_history(&self, check: &str, unit: Option<&str>) -> Result<CheckHistory> {
        let check = crate::service::check::known(check)?.name;
        let filter =
            JournalFilter { event: Some(Event::ChecksChanged), ..JournalFilter::default() };
        let mut history = CheckHistory { check, trend: Vec::new(), changes: Vec::new() };
        let mut last: BTreeMap<Option<AppName>, Point> = BTreeMap::new();
        for entry in self.store.journal(&filter).await? {
            for point in points(&entry, check) {
                let known = last.insert(point.app.clone(), point.clone());
                if known.is_none_or(|known| known.states != point.states) {
                    history.trend.push(point);
                }
            }
            let wanted = |change: &UnitChange| unit.is_none_or(|unit| unit == change.unit);
            history.changes.extend(unit_changes(&entry, check).into_iter().filter(wanted));
        }
        Ok(history)
    }
}

fn points(entry: &Entry, check: &str) -> Vec<Point> {
    #[derive(serde::Deserialize)]
    struct Told {
        check: String,
        app: Option<AppName>,
        states: BTreeMap<CheckState, u64>,
    }
    let told = entry.data.get("tallies").cloned().unwrap_or(Json::Null);
    let told: Vec<Told> = serde_json::from_value(told).unwrap_or_default();
    let of_it = told.into_iter().filter(|told| told.check == check);
    of_it.map(|told| Point { at: entry.at, app: told.app, states: told.states }).collect()
}

fn unit_changes(entry: &Entry, check: &str) -> Vec<UnitChange> {
    let changes = entry.data.get("changes").and_then(Json::as_array);
    let mut found = Vec::new();
    for change in changes.into_iter().flatten() {
        if change.get("check").and_then(Json::as_str) != Some(check) {
            continue;
        }
        let unit = change.get("unit").cloned().unwrap_or(Json::Null);
        let Ok(unit) = serde_json::from_value::<Unit>(unit) else {
            continue;
        };
        let state = |name: &str| {
            change.get(name).and_then(|state| serde_json::from_value(state.clone()).ok())
        };
        let change = Change { at: entry.at, from: state("from"), to: state("to") };
        found.push(UnitChange { unit: unit.to_string(), change });
    }
    found
}

/// An entry in words.
fn told(entry: &Entry) -> Happening {
    let data = &entry.data;
    let text = |name: &str| data.get(name).and_then(Json::as_str).map(str::to_owned);
    let action =
        text("action").or_else(|| Some(data.get("operation")?.get("action")?.as_str()?.to_owned()));
    let fields = data.get("changes").and_then(Json::as_array).map(|changes| {
        let names = changes.iter().filter_map(|change| change.get("field")?.as_str());
        names.collect::<Vec<_>>().join(", ")
    });
    let details = [action, text("state"), text("reason"), fields.filter(|names| !names.is_empty())];
    let details: Vec<_> = details.into_iter().flatten().collect();
    let gone = if data.is_null() && entry.salt.is_empty() { " (data taken out)" } else { "" };
    let what = format!("{}{gone} {}", entry.event.word(), details.join(" "));
    Happening {
        at: entry.at,
        what: what.trim_end().to_owned(),
        app: entry.about.app.clone(),
        by: Some(entry.actor.clone()),
        entry: Some(entry.seq),
    }
}

/// What became of an account, in words.
fn account_change(change: &Json) -> String {
    let account = |name: &str| -> Option<Account> {
        change.get(name).and_then(|account| serde_json::from_value(account.clone()).ok())
    };
    let role = |account: &Account| {
        account.role.as_ref().map_or_else(|| "role not told".to_owned(), ToString::to_string)
    };
    match (account("before"), account("after")) {
        (None, Some(after)) => format!("is there: {}, {}", role(&after), after.status.word()),
        (Some(_), None) => "is gone".to_owned(),
        (Some(before), Some(after)) => {
            let mut parts = Vec::new();
            if before.role != after.role {
                parts.push(format!("{} → {}", role(&before), role(&after)));
            }
            if before.status != after.status {
                parts.push(format!("{} → {}", before.status.word(), after.status.word()));
            }
            if parts.is_empty() { "changed".to_owned() } else { parts.join(", ") }
        }
        (None, None) => "changed".to_owned(),
    }
}
