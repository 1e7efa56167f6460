//! That the journal and the state agree: folding the whole journal gives exactly the tables.

mod beside;
mod differ;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use jiff::Timestamp;
use muster_domain::{
    engine::history::{self, Known, coverage::Excuse, table},
    model::{
        account::Account,
        id::{AccountId, AppName, PersonId},
        operation::Run,
    },
};
use serde::Serialize;
use serde_json::Value as Json;

use self::beside::{excuse, name_unreadable, unless_unreadable};
use crate::{
    error::{Error, Result},
    service::Muster,
    store::{StoreError, records::RunFilter},
};

/// How the journal and the state agree.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Agreement {
    /// Where the state is not what the journal tells: nowhere, unless somebody changed it beside
    /// the journal.
    pub beside: Vec<String>,
    /// From which entry on the journal holds the state.
    pub images_from: Option<u64>,
    /// How much is kept that only earlier entries tell of, by kind: they tell that it changed, not
    /// what it is, so that nobody can say whether it is as it was.
    pub not_covered: BTreeMap<String, u64>,
    /// How much is kept of people whose data was taken out of the journal.
    pub taken_out: u64,
    /// Entries dated clearly before the entry that precedes them: a clock was wrong then, or was
    /// put right.
    pub clock_went_back: Vec<u64>,
}

impl Muster {
    /// Holds the state against the journal. What only entries told that tell no state yet is
    /// counted as not covered; what is of people whose data was taken out is counted apart.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn agreement(&self) -> Result<Agreement> {
        let known = self.known(None).await?;
        let mut beside = self.begin_comparing(&known).await?;
        let done = self.compare_people(&known, &mut beside).await;
        unless_unreadable(done, &mut beside)?;
        for app in self.every_app(&known, &mut beside).await? {
            let done = self.compare_accounts(&known, &app, &mut beside).await;
            unless_unreadable(done, &mut beside)?;
            let done = self.compare_deeds(&known, &app, &mut beside).await;
            unless_unreadable(done, &mut beside)?;
        }
        let done = self.compare_documents(&known, &mut beside).await;
        unless_unreadable(done, &mut beside)?;
        let done = self.compare_policies(&known, &mut beside).await;
        unless_unreadable(done, &mut beside)?;
        self.compare_files(&mut beside).await?;
        let done = self.compare_checks(&known, &mut beside).await;
        unless_unreadable(done, &mut beside)?;
        let done = self.compare_beside(&known, &mut beside).await;
        unless_unreadable(done, &mut beside)?;
        self.compare_rows(&mut beside).await?;
        name_unreadable(&mut beside);
        Ok(beside.agreement)
    }

    /// Every app that entries tell of or of which something is kept, connected or not.
    async fn every_app(&self, known: &Known, beside: &mut Beside<'_>) -> Result<BTreeSet<AppName>> {
        let mut apps: BTreeSet<AppName> = known.apps().into_iter().collect();
        apps.extend(known.accounts.keys().cloned());
        apps.extend(known.reads.keys().cloned());
        for app in self.store.apps_kept().await? {
            match app.parse() {
                Ok(app) => {
                    apps.insert(app);
                }
                Err(_) => beside.push("something is kept of an app that has no name".to_owned()),
            }
        }
        Ok(apps)
    }

    /// Refuses to go on where the state is not what the journal tells.
    ///
    /// # Errors
    /// When it is not, naming the first difference, and when the store fails.
    pub(in crate::service) async fn beside_the_journal(&self) -> Result<()> {
        let Agreement { beside, .. } = self.agreement().await?;
        let Some(first) = beside.first() else { return Ok(()) };
        let more = beside.len() - 1;
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        Err(Error::Conflict(format!(
            "what Muster knows now is not what the journal tells:\n{first}{more}\n\
             Nothing is signed that the journal does not bear out; see all of it: muster log verify"
        )))
    }

    /// Holds every attached file against the digest under which it is kept.
    async fn compare_files(&self, beside: &mut Beside<'_>) -> Result<()> {
        for key in self.store.files().await? {
            let sound = match key.parse() {
                Ok(sha256) => match self.store.file(&sha256).await {
                    Err(StoreError::Unreadable { .. }) => false,
                    other => other?.is_some(),
                },
                Err(_) => false,
            };
            if !sound {
                let short = key.get(..16).unwrap_or(&key);
                beside
                    .agreement
                    .beside
                    .push(format!("file {short}…: its bytes are not those that were attached"));
            }
        }
        Ok(())
    }

    async fn begin_comparing<'k>(&self, known: &'k Known) -> Result<Beside<'k>> {
        let people: BTreeSet<PersonId> =
            known.coverage.people_taken_out().into_iter().cloned().collect();
        let mut accounts = known.coverage.accounts_taken_out();
        for app in known.apps() {
            let links = match self.store.links(&app).await {
                // The row is named when links are compared.
                Err(StoreError::Unreadable { .. }) => BTreeMap::new(),
                links => links?,
            };
            for (id, link) in links {
                if link.person().is_some_and(|person| people.contains(person)) {
                    accounts.insert((app.clone(), id));
                }
            }
        }
        let mut agreement = Agreement {
            images_from: known.coverage.images_from,
            clock_went_back: known.clock_went_back.clone(),
            ..Agreement::default()
        };
        let first = known.coverage.images_from.unwrap_or_default();
        for seq in &known.coverage.untold {
            agreement.beside.push(format!(
                "entry {seq} does not tell what it changed, though entries do since entry {first}"
            ));
        }
        for seq in &known.unread {
            agreement.beside.push(format!("entry {seq} is unreadable"));
        }
        Ok(Beside { known, agreement, people, accounts, unreadable: BTreeSet::new() })
    }

    async fn compare_people(&self, known: &Known, beside: &mut Beside<'_>) -> Result<()> {
        let people = self.store.people().await?;
        let kept: BTreeMap<String, _> =
            people.into_iter().map(|person| (person.id.to_string(), person)).collect();
        let merged = self.store.orders().await?.merged;
        for id in known.coverage.early(table::PEOPLE).filter_map(|key| key.first()) {
            let is_merged = || merged.iter().any(|merged| merged.person.id.as_str() == id);
            let unclear = known.unclear.keys().any(|person| person.as_str() == id);
            if unclear && !kept.contains_key(id) && !is_merged() {
                let gone = format!("person {id}: told of, and not kept");
                beside.agreement.beside.push(gone);
            }
        }
        let told = known.people()?.into_iter().map(|(id, person)| (id.to_string(), person));
        beside.compare(("person", table::PEOPLE), (told, kept), |beside, id| {
            let hers = beside.people.iter().any(|person| person.as_str() == id);
            beside.excuse(table::PEOPLE, std::slice::from_ref(id), hers)
        });
        Ok(())
    }

    async fn compare_documents(&self, known: &Known, beside: &mut Beside<'_>) -> Result<()> {
        let kept = self.store.orders().await?.documents()?;
        let told = known.orders()?.documents()?;
        let named = |((kind, key), doc): ((&str, String), Json)| (format!("{kind} {key}"), doc);
        let early: BTreeMap<_, _> =
            kept.keys().map(|key| (format!("{} {}", key.0, key.1), format!("{key:?}"))).collect();
        let told = told.into_iter().map(named);
        let orders: BTreeMap<_, _> = kept.into_iter().map(named).collect();
        let excused: BTreeSet<_> = orders
            .iter()
            .filter(|(_, doc)| beside.names_somebody_taken_out(&format!("{doc:?}")))
            .map(|(key, _)| key.clone())
            .collect();
        beside.compare(("order", table::ORDERS), (told, orders), |beside, key| {
            let early = early.get(key).cloned().unwrap_or_default();
            beside.excuse(table::ORDERS, &[early], excused.contains(key))
        });
        let rows = |table| {
            let rows = known.rows(table).into_iter().flatten();
            rows.map(|(key, doc)| (key.join("/"), doc.clone())).collect::<BTreeMap<_, _>>()
        };
        let kept = self.store.connections().await?;
        let kept = documents(kept.iter().map(|one| (one.app.to_string(), one)))?;
        for app in known.coverage.early(table::CONNECTIONS).filter_map(|key| key.first()) {
            if !kept.contains_key(app) {
                beside.agreement.beside.push(format!("connection {app}: told of, and not kept"));
            }
        }
        let told = rows(table::CONNECTIONS);
        beside.compare(("connection", table::CONNECTIONS), (told, kept), |beside, key| {
            beside.excuse(table::CONNECTIONS, std::slice::from_ref(key), false)
        });
        let kept = self.store.sources().await?;
        let kept = documents(kept.iter().map(|one| (one.name.to_string(), one)))?;
        let told = rows(table::SOURCES);
        beside.compare(("source", table::SOURCES), (told, kept), |beside, key| {
            beside.excuse(table::SOURCES, std::slice::from_ref(key), false)
        });
        Ok(())
    }

    async fn compare_accounts(
        &self,
        known: &Known,
        app: &AppName,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        let kept = self.store.accounts(app).await?;
        let hers = |beside: &Beside<'_>, id: &AccountId| {
            beside.accounts.contains(&(app.clone(), id.clone()))
        };
        let key = |id: &AccountId| [app.to_string(), id.to_string()];
        let told = known.accounts.get(app).into_iter().flatten();
        let told: Vec<_> = told
            .map(|(id, it)| {
                let last_changed = it.last_changed;
                // Older entries that took data out do not tell when an account was first seen: who
                // came back was seen before.
                let before = kept.get(id).map(|kept| kept.first_seen);
                let before = before.filter(|before| {
                    known.trace.remains_untold && hers(beside, id) && *before < it.first_seen
                });
                let first_seen = before.unwrap_or(it.first_seen);
                (id, Shown { account: &it.account, first_seen, last_changed, gone: it.gone })
            })
            .collect();
        let shown = kept.iter().map(|(id, it)| {
            let (first_seen, last_changed) = (it.first_seen, it.last_changed);
            (id, Shown { account: &it.account, first_seen, last_changed, gone: it.gone })
        });
        beside.compare((&format!("account of {app}"), "account"), (told, shown), |beside, id| {
            beside.excuse("account", &key(id), hers(beside, id))
        });
        self.compare_writers(known, app, beside).await?;
        self.compare_remains(known, app, beside).await?;
        self.compare_beside_accounts(known, app, beside).await?;
        let (told, shown) = (known.links(app)?, self.store.links(app).await?);
        beside.compare((&format!("link of {app}"), table::LINKS), (told, shown), |beside, id| {
            beside.excuse(table::LINKS, &key(id), hers(beside, id))
        });
        Ok(())
    }

    async fn compare_deeds(
        &self,
        known: &Known,
        app: &AppName,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        let filter = RunFilter { app: Some(app.clone()), ..RunFilter::default() };
        let by_id = |run: Run| (run.id.clone(), run);
        let told = known.runs(app)?.into_iter().map(by_id);
        let kept: BTreeMap<_, _> = self.store.runs(&filter).await?.into_iter().map(by_id).collect();
        for id in known.coverage.early_runs(app) {
            if !kept.contains_key(id) {
                beside.agreement.beside.push(format!("run of {app} {id}: told of, and not kept"));
            }
        }
        let hers: BTreeSet<_> = kept
            .values()
            .filter(|run| beside.names_somebody_taken_out(&format!("{:?}", run.operation)))
            .map(|run| run.id.clone())
            .collect();
        beside.compare((&format!("run of {app}"), table::RUNS), (told, kept), |beside, id| {
            beside.excuse(table::RUNS, &[id.to_string()], hers.contains(id))
        });
        // Also those that lapsed.
        let now = Timestamp::MIN;
        let kept = self.store.approvals(app, now).await?;
        let hers: BTreeSet<_> = kept
            .iter()
            .filter(|(_, approval)| known.coverage.is_taken_out_at(approval.at))
            .map(|(key, _)| *key)
            .collect();
        let told = known.approvals(app, now)?;
        let what = format!("approval of {app}");
        beside.compare((&what, table::APPROVALS), (told, kept), |beside, key| {
            beside.excuse(table::APPROVALS, &[key.to_string()], hers.contains(key))
        });
        self.compare_reads(known, app, beside).await
    }

    /// Every read there was, and which of them count.
    async fn compare_reads(
        &self,
        known: &Known,
        app: &AppName,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        let told = known.headers.iter().filter(|((of, _), _)| of == app);
        let told: Vec<_> = told.map(|((_, id), header)| (id.clone(), header.clone())).collect();
        let mut kept = Vec::new();
        for read in self.store.observations(app).await? {
            kept.push((read.id.clone(), history::header(serde_json::to_value(&read)?)));
        }
        beside.compare((&format!("read of {app}"), "read"), (told, kept), |_, _| None);
        let last = self.store.observation(app).await?.map(|read| read.id);
        let proven = self.store.last_proven_observation(app).await?.map(|read| read.id);
        let reads = known.reads.get(app);
        let told_last = reads.map(|reads| reads.last.id.clone());
        let told_proven = reads.and_then(|reads| Some(reads.proven.as_ref()?.id.clone()));
        let told = [("which is the last", told_last), ("which proved complete", told_proven)];
        let kept = [("which is the last", last), ("which proved complete", proven)];
        beside.compare((&format!("read of {app}"), "read"), (told, kept), |_, _| None);
        Ok(())
    }
}

fn documents<'a, T: Serialize + 'a>(
    kept: impl Iterator<Item = (String, &'a T)>,
) -> Result<BTreeMap<String, Json>> {
    kept.map(|(key, one)| Ok((key, serde_json::to_value(one)?))).collect()
}

/// Where the state is not what the journal tells.
struct Beside<'k> {
    known: &'k Known,
    agreement: Agreement,
    /// The people whose data was taken out, and their accounts.
    people: BTreeSet<PersonId>,
    accounts: BTreeSet<(AppName, AccountId)>,
    /// Tables that could not be compared.
    unreadable: BTreeSet<&'static str>,
}

impl Beside<'_> {
    fn push(&mut self, line: String) {
        self.agreement.beside.push(line);
    }

    /// Why this may be kept though the journal does not tell it, if it may.
    fn excuse(&self, kind: &str, key: &[String], hers: bool) -> Option<Excuse> {
        let early = self.known.coverage.is_early(kind, key);
        excuse(hers, early)
    }

    /// A result may be kept of somebody whose data was taken out.
    fn excuse_check(&self, key: &str) -> Option<Excuse> {
        let parts: Vec<&str> = key.split('|').collect();
        let account = self.accounts.iter().any(|(app, id)| {
            parts.get(1..3).is_some_and(|both| both == [app.as_str(), id.as_str()])
        });
        (account || self.names_somebody_taken_out(key)).then_some(Excuse::TakenOut)
    }

    fn names_somebody_taken_out(&self, text: &str) -> bool {
        self.people.iter().any(|person| text.contains(person.as_str()))
    }

    fn compare<K: Ord + Display, V: PartialEq + Serialize>(
        &mut self,
        (what, kind): (&str, &str),
        (told, kept): (impl IntoIterator<Item = (K, V)>, impl IntoIterator<Item = (K, V)>),
        excuse: impl Fn(&Self, &K) -> Option<Excuse>,
    ) {
        let mut kept: BTreeMap<K, V> = kept.into_iter().collect();
        for (key, told) in told {
            let other = match kept.remove(&key) {
                Some(kept) if kept == told => continue,
                Some(kept) => differ::line(&format!("{what} {key}"), &told, &kept),
                None => format!("{what} {key}: told of, and not kept"),
            };
            self.agreement.beside.push(other);
        }
        for key in kept.into_keys() {
            match excuse(self, &key) {
                None => {
                    let other = format!("{what} {key}: only kept, no entry tells of it");
                    self.agreement.beside.push(other);
                }
                Some(Excuse::TakenOut) => self.agreement.taken_out += 1,
                Some(Excuse::Early) => {
                    *self.agreement.not_covered.entry(kind.to_owned()).or_default() += 1;
                }
            }
        }
    }
}

/// What is known of an account, apart from what was learned of it and what it holds.
#[derive(PartialEq, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    account: &'a Account,
    first_seen: Timestamp,
    last_changed: Timestamp,
    gone: Option<Timestamp>,
}
