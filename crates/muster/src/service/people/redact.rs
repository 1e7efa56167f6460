//! Taking a person's data out, for her privacy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_domain::{
    engine::{
        history::trace::{ACCOUNTS, Remains},
        holders,
        lifecycle::PersonState,
        plan,
        redact::{known_as, marks, redact, scrub},
    },
    model::{
        id::{AccountId, AppName, PersonId},
        journal::{About, Entry, Event, TakenOut},
        link::Link,
        operation::{Approval, Run},
        order::{Distinct, Freeze, Frozen, Held, Merged, NotTheirs, Order as _},
        person::{Person, Redaction},
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    service::{Muster, why::state_at},
    store::{
        Tx,
        records::{Health, JournalFilter, RunFilter},
        redact::Redacting,
    },
};

/// What taking a person's data out does, and what it cannot do.
#[derive(Debug, Clone, Serialize)]
pub struct Redacted {
    /// What stays of her.
    pub person: Person,
    /// How many journal entries lose their data.
    pub entries: usize,
    /// How many of them spoke of others too, which is said anew.
    pub restated: usize,
    /// Entries that name her and are about something else, such as a policy. They stay.
    pub others: Vec<u64>,
    /// Accounts that are still there, shut out, with her name and address: delete them in the app.
    pub accounts: Vec<(AppName, AccountId)>,
    #[serde(skip)]
    before: Person,
    #[serde(skip)]
    work: Work,
}

/// What is written.
#[derive(Debug, Clone, Default)]
struct Work {
    marks: BTreeSet<String>,
    tied: Vec<(AppName, AccountId)>,
    links: Vec<(AppName, Vec<Link>)>,
    runs: Vec<Run>,
    merged: Vec<Merged>,
    shared: Vec<Entry>,
    gone: Vec<(AppName, AccountId, Value)>,
    numbers: Vec<u64>,
}

impl Muster {
    /// What taking the data of `person` out would do. Writes nothing.
    ///
    /// # Errors
    /// When she works here, has accounts that let in or cannot be seen, or must be kept.
    pub async fn preview_redact(&self, person: &Person, reason: &str) -> Result<Redacted> {
        if reason.trim().is_empty() {
            return Err(Error::Invalid("say why: --reason TEXT".to_owned()));
        }
        self.refuse_to_redact(person).await?;
        let redaction = Redaction {
            at: self.env.now(),
            by: self.actor.clone(),
            reason: reason.trim().to_owned(),
            known_as: known_as(self.store.org(), person),
        };
        let after = redact(person, redaction);
        let (work, there) = self.work(person).await?;
        let emails: Vec<String> =
            work.marks.iter().filter(|mark| mark.contains('@')).cloned().collect();
        let mut others = self.store.entries_holding(&emails).await?;
        others.retain(|seq| !work.numbers.contains(seq));
        Ok(Redacted {
            person: after,
            entries: work.numbers.len(),
            restated: work.shared.len(),
            others,
            accounts: there,
            before: person.clone(),
            work,
        })
    }

    /// The entries that told these orders lose their data: what still holds is told anew, what
    /// lapsed goes.
    async fn keep_orders(&self, tx: &mut Tx, person: &PersonId) -> Result<()> {
        let orders = self.store.orders().await?;
        for said in orders.not_theirs.iter().filter(|said| said.person == *person) {
            tx.put_order(said);
        }
        for held in orders.held.iter().filter(|held| held.person == *person) {
            tx.put_order(held);
        }
        for said in orders.distinct.iter().filter(|s| s.one == *person || s.other == *person) {
            tx.put_order(said);
        }
        let hers = |freeze: &&Freeze| matches!(&freeze.frozen, Frozen::Person { person: frozen } if frozen == person);
        for lapsed in orders.freezes.iter().filter(hers) {
            tx.remove_order(lapsed);
        }
        Ok(())
    }

    async fn refuse_to_redact(&self, person: &Person) -> Result<()> {
        let name = person.name();
        if person.redacted.is_some() {
            return Err(Error::Invalid(format!("the data of {name} was taken out already")));
        }
        let state = state_at(person, &self.policy_or_none().await?, self.env.now());
        if !matches!(state, PersonState::Ended { .. } | PersonState::Withdrawn) {
            return Err(Error::Invalid(format!(
                "{name} is {}, and only the data of people who have left is taken out",
                state.word().replace('_', " ")
            )));
        }
        let now = self.env.now();
        let orders = self.store.orders().await?;
        let holds = |frozen: &Frozen| match frozen {
            Frozen::Everything => true,
            Frozen::Person { person: frozen } => *frozen == person.id,
            Frozen::App { .. } => false,
        };
        let held = orders
            .freezes
            .iter()
            .find(|freeze| holds(&freeze.frozen) && freeze.until.is_none_or(|until| now < until));
        if let Some(freeze) = held {
            return Err(Error::Invalid(format!(
                "{name} is on hold ({}, ordered by {}), and what is on hold is kept; lift it \
                 first: muster freeze lift {}",
                freeze.reason, freeze.by, freeze.id
            )));
        }
        let named = orders.mentioning(person.id.as_str())?;
        let past = |(kind, key): &&(&str, String)| {
            let lapsed = orders.freezes.iter().any(|freeze| freeze.key() == *key);
            // That an account is not hers, and who she is not, is told by ids alone.
            !matches!(*kind, Merged::KIND | NotTheirs::KIND | Distinct::KIND | Held::KIND)
                && !lapsed
        };
        if let Some((kind, key)) = named.iter().find(past) {
            return Err(Error::Invalid(format!(
                "an order given by hand names {name} ({kind} {key}); take it back first"
            )));
        }
        Ok(())
    }

    /// Everything of hers, and which of her accounts are still there.
    async fn work(&self, person: &Person) -> Result<(Work, Vec<(AppName, AccountId)>)> {
        let mut work = Work { marks: marks(person), ..Work::default() };
        let mut there = Vec::new();
        for connection in self.store.connections().await? {
            let app = connection.app;
            if let Health::Unseen { reason, .. } = connection.health {
                return Err(Error::Invalid(format!(
                    "{app} cannot be seen ({reason}), so nobody knows whether an account of {} \
                     lets in there; read it first: muster sync",
                    person.name()
                )));
            }
            there.extend(self.accounts_for(&app, person, &mut work).await?);
        }
        self.runs_and_merges(person, &mut work).await?;
        self.entries_for(person, &mut work).await?;
        Ok((work, there))
    }

    async fn accounts_for(
        &self,
        app: &AppName,
        person: &Person,
        work: &mut Work,
    ) -> Result<Vec<(AppName, AccountId)>> {
        let situation = self.situation(app).await?;
        let world = situation.world(self.env.now())?;
        let correlation = plan::correlation(&world);
        if let Some(id) = holders::open_to(&world, &correlation, &person.id).first() {
            return Err(Error::Invalid(format!(
                "account {app}/{id} may let {} in, whatever is said of it; see muster check \
                 offboarded",
                person.name()
            )));
        }
        let mut there = Vec::new();
        let mut links = Vec::new();
        let hers = correlation.accounts_of(&person.id);
        for id in hers.iter().chain(correlation.maybe_of(&person.id)) {
            let Some(known) = situation.accounts.get(id) else { continue };
            let is_hers = hers.contains(id);
            if !is_hers && !known.account.status.may_sign_in() {
                continue;
            }
            if known.gone.is_some() {
                work.marks.insert(known.account.login.clone());
                if let Some(mut doc) = self.store.gone_account(app, id).await? {
                    scrub(&mut doc, &work.marks);
                    work.gone.push((app.clone(), id.clone(), doc));
                }
            } else if known.account.status.may_sign_in() {
                return Err(Error::Invalid(format!(
                    "account {app}/{id} ({}) may let {} in; take it away first: muster apply {app}",
                    known.account.login,
                    person.name()
                )));
            } else {
                there.push((app.clone(), id.clone()));
            }
            work.tied.push((app.clone(), id.clone()));
        }
        for link in situation.links.values() {
            if let muster_domain::model::link::Tie::NotAPerson { owner, .. } = &link.tie
                && *owner == person.id
            {
                return Err(Error::Invalid(format!(
                    "{} answers for account {app}/{}; name somebody else first: muster accounts \
                     classify",
                    person.name(),
                    link.account
                )));
            }
            if link.person() == Some(&person.id) {
                links.push(scrubbed(link, &work.marks)?);
            }
        }
        work.links.push((app.clone(), links));
        Ok(there)
    }

    async fn runs_and_merges(&self, person: &Person, work: &mut Work) -> Result<()> {
        let filter = RunFilter { person: Some(person.id.clone()), ..RunFilter::default() };
        for mut run in self.store.runs(&filter).await? {
            if run.state.is_unsettled() {
                return Err(Error::Busy(format!(
                    "the outcome of {} for {} is not known yet; find it out first: muster apply {}",
                    run.id,
                    person.name(),
                    run.operation.app
                )));
            }
            run.before_image = None;
            work.runs.push(scrubbed(&run, &work.marks)?);
        }
        let merged = self.store.orders().await?.merged;
        work.merged = merged.into_iter().filter(|merged| merged.into == person.id).collect();
        Ok(())
    }

    async fn entries_for(&self, person: &Person, work: &mut Work) -> Result<()> {
        let mut numbers = BTreeSet::new();
        let mut about = vec![person.id.clone()];
        about.extend(work.merged.iter().map(|merged| merged.person.id.clone()));
        for id in about {
            let filter = JournalFilter { person: Some(id), ..JournalFilter::default() };
            for entry in self.store.journal(&filter).await? {
                // What tells of an earlier redaction says why those entries are empty.
                if !entry.is_without_data() && entry.event != Event::PersonRedacted {
                    numbers.insert(entry.seq);
                }
            }
        }
        for (app, account) in &work.tied {
            let filter = JournalFilter {
                app: Some(app.clone()),
                account: Some(account.clone()),
                ..JournalFilter::default()
            };
            for entry in self.store.journal(&filter).await? {
                if entry.salt.is_empty() || !numbers.insert(entry.seq) {
                    continue;
                }
                if entry.about.account.is_none() && !rest(&entry, &work.tied).is_empty() {
                    work.shared.push(entry);
                }
            }
        }
        work.numbers = numbers.into_iter().collect();
        Ok(())
    }

    /// What stays of accounts, told in the entry that takes the rest out.
    async fn remains(&self, tied: &[(AppName, AccountId)]) -> Result<Vec<Remains>> {
        let mut remains = Vec::new();
        let apps: BTreeSet<&AppName> = tied.iter().map(|(app, _)| app).collect();
        for app in apps {
            let mut kept = self.store.accounts(app).await?;
            for (_, id) in tied.iter().filter(|(of, _)| of == app) {
                let Some(it) = kept.remove(id) else { continue };
                remains.push(Remains {
                    app: app.clone(),
                    account: id.clone(),
                    first_seen: it.first_seen,
                    last_changed: it.last_changed,
                    gone: it.gone,
                });
            }
        }
        Ok(remains)
    }

    /// Approvals of what was to be done for her go on without her name, told anew: the entries that
    /// told them are about to lose their data.
    async fn keep_approvals(&self, tx: &mut Tx, person: &PersonId) -> Result<()> {
        let filter = JournalFilter {
            event: Some(Event::OperationApproved),
            person: Some(person.clone()),
            ..JournalFilter::default()
        };
        let mut of_app: BTreeMap<AppName, BTreeSet<String>> = BTreeMap::new();
        for entry in self.store.journal(&filter).await? {
            let fingerprint = entry.data.pointer("/approval/fingerprint").and_then(Value::as_str);
            if let (Some(app), Some(fingerprint)) = (entry.about.app, fingerprint) {
                of_app.entry(app).or_default().insert(fingerprint.to_owned());
            }
        }
        for (app, fingerprints) in of_app {
            for approval in self.store.approvals(&app, Timestamp::MIN).await?.into_values() {
                if fingerprints.contains(&approval.fingerprint.to_string()) {
                    let what = approval.what.split(' ').next().unwrap_or_default().to_owned();
                    tx.put_approval(&Approval { what, reason: None, ..approval });
                }
            }
        }
        Ok(())
    }

    /// Takes the data out. The journal still verifies: it only ever held to a digest of it.
    ///
    /// # Errors
    /// When the person was changed since, or the store fails; nothing is changed then.
    pub async fn redact(&self, redacted: &Redacted) -> Result<()> {
        let Redacted { person, before, work, .. } = redacted;
        if self.store.person(&person.id).await?.as_ref() != Some(before) {
            return Err(super::changed_meanwhile(before));
        }
        let mut tx = self.begin();
        tx.put_people(std::slice::from_ref(person));
        for (app, links) in &work.links {
            tx.put_links(app, links);
        }
        for run in &work.runs {
            tx.put_run(run);
        }
        for merged in &work.merged {
            tx.remove_order(merged);
        }
        self.keep_orders(&mut tx, &person.id).await?;
        self.keep_approvals(&mut tx, &person.id).await?;
        tx.redact(Redacting {
            person: person.id.clone(),
            entries: work.numbers.clone(),
            gone: work.gone.clone(),
        });
        for entry in &work.shared {
            let changes = rest(entry, &work.tied);
            let accounts = changes
                .iter()
                .filter_map(|change| change.get("account")?.as_str()?.parse().ok())
                .collect();
            let about = About { app: entry.about.app.clone(), ..About::default() };
            let told = |name: &str| entry.data.get(name).cloned();
            // What was restated before is restated as what the first entry said.
            let again = entry.event == Event::EntryRestated;
            let first = |name: &str, own: Value| told(name).filter(|_| again).unwrap_or(own);
            let data = json!({
                "entry": first("entry", json!(entry.seq)),
                "at": first("at", json!(entry.at)),
                "event": first("event", json!(entry.event)),
                "observation": told("observation"),
                "finished": told("finished"),
                "changes": changes,
            });
            tx.restate(about, accounts, data);
        }
        let reason = person.redacted.as_ref().map(|redaction| redaction.reason.clone());
        let about = About { person: Some(person.id.clone()), ..About::default() };
        let data = json!({
            "reason": reason, TakenOut::ENTRIES: work.numbers, ACCOUNTS: self.remains(&work.tied).await?
        });
        tx.journal(Event::PersonRedacted, about, data);
        tx.commit().await?;
        Ok(())
    }
}

/// What an entry about many accounts says of those that are not hers.
fn rest(entry: &Entry, hers: &[(AppName, AccountId)]) -> Vec<Value> {
    let is_hers = |change: &&Value| {
        let account = change.get("account").and_then(Value::as_str);
        hers.iter()
            .any(|(app, id)| entry.about.app.as_ref() == Some(app) && account == Some(id.as_str()))
    };
    let changes = entry.data.get("changes").and_then(Value::as_array);
    changes.into_iter().flatten().filter(|change| !is_hers(change)).cloned().collect()
}

fn scrubbed<T: Serialize + DeserializeOwned>(of: &T, marks: &BTreeSet<String>) -> Result<T> {
    let mut doc = serde_json::to_value(of)?;
    scrub(&mut doc, marks);
    Ok(serde_json::from_value(doc)?)
}
