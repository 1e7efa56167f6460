//! That the journal and the state agree: folding the whole journal gives exactly the tables.

use std::{collections::BTreeMap, fmt::Debug};

use muster_domain::{
    engine::history::{Known, table},
    model::{id::AppName, operation::Run},
};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{error::Result, service::Muster, store::records::RunFilter};

impl Muster {
    /// Where the state is not what the journal tells: nowhere, unless somebody changed it beside
    /// the journal, or it was written before entries told the state. What was only told by entries
    /// whose data was taken out is not looked for.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn beside_the_journal(&self) -> Result<Vec<String>> {
        let known = self.known(None).await?;
        let mut beside = Beside { found: Vec::new(), excused: !known.taken_out.is_empty() };
        beside.found.extend(known.unread.iter().map(|seq| format!("entry {seq} is unreadable")));
        let people = self.store.people().await?;
        let people = people.into_iter().map(|person| (person.id.clone(), person));
        beside.compare("person", known.people()?, people);
        for app in known.apps() {
            self.compare_accounts(&known, &app, &mut beside).await?;
            self.compare_deeds(&known, &app, &mut beside).await?;
        }
        self.compare_documents(&known, &mut beside).await?;
        let told = known.checks.iter();
        let told = told.map(|(key, one)| (key.clone(), (one.state, one.rung, one.since, one.due)));
        let kept = self.store.check_results().await?.into_iter();
        let kept = kept.map(|(key, one)| (key, (one.state, one.rung, one.since, one.due)));
        beside.compare("check", told, kept);
        Ok(beside.found)
    }

    async fn compare_documents(&self, known: &Known, beside: &mut Beside) -> Result<()> {
        let orders = self.store.orders().await?;
        let kept = orders.documents()?.into_iter();
        beside.compare("order", known.orders()?.documents()?, kept);
        let rows = |table| {
            let rows = known.rows(table).into_iter().flatten();
            rows.map(|(key, doc)| (key.join("/"), doc.clone())).collect::<BTreeMap<_, _>>()
        };
        let kept = self.store.connections().await?;
        let kept = documents(kept.iter().map(|one| (one.app.to_string(), one)))?;
        beside.compare("connection", rows(table::CONNECTIONS), kept);
        let kept = self.store.sources().await?;
        let kept = documents(kept.iter().map(|one| (one.name.to_string(), one)))?;
        beside.compare("source", rows(table::SOURCES), kept);
        let kept = self.store.policy().await?.map(|policy| (policy.number, policy.digest));
        let told = known.policy.as_ref().map(|policy| (policy.number, policy.digest));
        beside.compare("policy", told, kept);
        Ok(())
    }

    async fn compare_accounts(
        &self,
        known: &Known,
        app: &AppName,
        beside: &mut Beside,
    ) -> Result<()> {
        let kept = self.store.accounts(app).await?;
        let told = known.accounts.get(app).into_iter().flatten();
        let told =
            told.map(|(id, it)| (id, (&it.account, it.first_seen, it.last_changed, it.gone)));
        let shown = kept.iter();
        let shown =
            shown.map(|(id, it)| (id, (&it.account, it.first_seen, it.last_changed, it.gone)));
        beside.compare(&format!("account of {app}"), told, shown);
        let mut told = BTreeMap::new();
        for id in kept.keys() {
            told.extend(known.learned(app, id)?.map(|it| (id, it)));
        }
        let shown = kept.iter().filter_map(|(id, it)| Some((id, it.learned?)));
        beside.compare(&format!("what was learned of an account of {app}"), told, shown);
        let told = known.work.iter().filter(|((of, id), _)| of == app && kept.contains_key(id));
        let told = told.map(|((_, id), work)| (id, work));
        let shown = kept.iter().filter_map(|(id, it)| Some((id, it.work.as_ref()?)));
        beside.compare(&format!("work of an account of {app}"), told, shown);
        beside.compare(&format!("link of {app}"), known.links(app)?, self.store.links(app).await?);
        Ok(())
    }

    async fn compare_deeds(&self, known: &Known, app: &AppName, beside: &mut Beside) -> Result<()> {
        let filter = RunFilter { app: Some(app.clone()), ..RunFilter::default() };
        let by_id = |run: Run| (run.id.clone(), run);
        let told = known.runs(app)?.into_iter().map(by_id);
        let kept = self.store.runs(&filter).await?.into_iter().map(by_id);
        beside.compare(&format!("run of {app}"), told, kept);
        let now = self.env.now();
        let kept = self.store.approvals(app, now).await?;
        beside.compare(&format!("approval of {app}"), known.approvals(app, now)?, kept);
        let last = self.store.observation(app).await?.map(|read| read.id);
        let proven = self.store.last_proven_observation(app).await?.map(|read| read.id);
        let reads = known.reads.get(app);
        let told_last = reads.map(|reads| reads.last.id.clone());
        let told_proven = reads.and_then(|reads| Some(reads.proven.as_ref()?.id.clone()));
        let told = [("last", told_last), ("proven", told_proven)];
        beside.compare(&format!("read of {app}"), told, [("last", last), ("proven", proven)]);
        Ok(())
    }
}

fn documents<'a, T: Serialize + 'a>(
    kept: impl Iterator<Item = (String, &'a T)>,
) -> Result<BTreeMap<String, Json>> {
    kept.map(|(key, one)| Ok((key, serde_json::to_value(one)?))).collect()
}

/// Where the state is not what the journal tells.
struct Beside {
    found: Vec<String>,
    /// Whether something may be kept that the journal does not tell any more.
    excused: bool,
}

impl Beside {
    fn compare<K: Ord + Debug, V: PartialEq + Debug>(
        &mut self,
        what: &str,
        told: impl IntoIterator<Item = (K, V)>,
        kept: impl IntoIterator<Item = (K, V)>,
    ) {
        let mut kept: BTreeMap<K, V> = kept.into_iter().collect();
        for (key, told) in told {
            match kept.remove(&key) {
                Some(kept) if kept == told => {}
                kept => self.found.push(format!("{what} {key:?}: told {told:?}, kept {kept:?}")),
            }
        }
        if !self.excused {
            let more =
                kept.into_iter().map(|(key, it)| format!("{what} {key:?}: only kept {it:?}"));
            self.found.extend(more);
        }
    }
}
