//! The tables that no document of the model stands for, and the columns beside documents.
//!
//! Held against the journal: by which entry accounts and reads were written, under which accounts
//! entries are found, since when gaps are there, how far trails were read, plans, attached files
//! and, by digests alone, what trails tell, sealed credentials and the signing key. Recomputed from
//! what is held: every column that is searched by. Not held, for nothing is concluded from it:
//!
//! - `staging`: a read merges what it put there itself, and refuses what it did not.
//! - `leases`: who works now. A forged one delays or ends work; what was done is fenced and told.
//! - when a migration was applied, and how a check result is worded: nobody reads it.
//! - rows of another organisation: its own verification finds them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use muster_domain::{
    engine::history::{Known, coverage::Excuse, table, trace::mentioned},
    model::{canonical::Digest, id::AppName, operation::Learned, work::OpenWork},
};
use serde_json::{Value as Json, json};

use super::Beside;
use crate::{
    error::{Error, Result},
    service::Muster,
    store::{StoreError, records::PolicyVersion, rows},
};

/// A policy became valid no longer than so before the entry that tells of it, where that does not
/// tell the moment.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(1);

impl Muster {
    /// What lies beside documents; and the rows and the database themselves.
    pub(super) async fn compare_beside(
        &self,
        known: &Known,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        self.compare_images(known, beside).await?;
        self.compare_mentions(known, beside).await?;
        self.compare_plans_and_files(known, beside).await?;
        if let Err(error) = self.store.signing_seed().await {
            beside.push(format!("signing_keys: {}", sealed(error)?));
        }
        Ok(())
    }

    async fn compare_images(&self, known: &Known, beside: &mut Beside<'_>) -> Result<()> {
        for (table, kept) in self.store.images_kept().await? {
            let name = |key: &[String]| key.join("/");
            let keys: BTreeMap<String, Vec<String>> =
                kept.keys().map(|key| (name(key), key.clone())).collect();
            let told = known.rows(table).into_iter().flatten();
            let told = told.map(|(key, doc)| (name(key), doc.clone()));
            if table == table::CREDENTIALS {
                for app in kept.keys().filter_map(|key| key.first()?.parse::<AppName>().ok()) {
                    if let Err(error) = self.store.credentials(&app).await {
                        beside.push(format!("credentials of {app}: {}", sealed(error)?));
                    }
                }
            }
            let kept = kept.into_iter().map(|(key, doc)| (name(&key), doc));
            beside.compare((table, table), (told, kept), |beside, key| {
                let key = keys.get(key).cloned().unwrap_or_default();
                beside.excuse(table, &key, false)
            });
        }
        Ok(())
    }

    /// An entry whose data was taken out does not tell any more under which accounts it is found.
    async fn compare_mentions(&self, known: &Known, beside: &mut Beside<'_>) -> Result<()> {
        let mut kept = self.store.mentions().await?;
        let none = mentioned([]);
        for (seq, told) in &known.trace.mentions {
            let kept = kept.remove(&seq.cast_signed()).unwrap_or(none);
            if told.is_some_and(|told| told != kept) {
                beside.push(format!("mentions of entry {seq}: not the accounts it tells of"));
            }
        }
        for seq in kept.into_keys() {
            beside.push(format!("mentions of entry {seq}: only kept, no entry tells of it"));
        }
        Ok(())
    }

    async fn compare_plans_and_files(&self, known: &Known, beside: &mut Beside<'_>) -> Result<()> {
        let kept = self.store.plans_kept().await?;
        let redacted = known.trace.last_redaction.unwrap_or_default();
        // Plans that name somebody go with her data, and nothing but they told whom they name.
        let (early, told): (BTreeMap<_, _>, BTreeMap<_, _>) =
            known.trace.plans.iter().partition(|(_, seq)| **seq < redacted);
        let early: BTreeSet<String> = early.into_keys().map(ToString::to_string).collect();
        let told = told.into_keys().map(|plan| (plan.to_string(), ()));
        let kept = kept.into_iter().filter(|plan| !early.contains(plan)).map(|plan| (plan, ()));
        beside.compare(("plan", table::PLANS), (told, kept), |beside, key| {
            beside.excuse(table::PLANS, std::slice::from_ref(key), false)
        });
        let told = known.trace.files.iter().map(|file| (file.to_string(), ()));
        let kept = self.store.files().await?.into_iter().map(|file| (file, ()));
        let taken_out = known.coverage.has_taken_out();
        beside.compare(("file", table::FILES), (told, kept), |beside, key| {
            beside.excuse(table::FILES, std::slice::from_ref(key), taken_out)
        });
        Ok(())
    }

    /// Columns, and what the database holds beside rows.
    pub(super) async fn compare_rows(&self, beside: &mut Beside<'_>) -> Result<()> {
        for line in self.store.misfiled().await? {
            if !excused_digest(&line, beside) {
                beside.push(line);
            }
        }
        for line in self.store.schema_differences().await? {
            beside.push(line);
        }
        Ok(())
    }

    /// By which entries accounts and reads were written.
    pub(super) async fn compare_writers(
        &self,
        known: &Known,
        app: &AppName,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        let (accounts, reads) = self.store.written_by(app).await?;
        let head = known.seq;
        let told = known.trace.accounts.get(app);
        for (account, seq) in accounts {
            let id = account.parse().ok();
            let told = id.as_ref().and_then(|id| told?.get(id)).copied();
            // What became of an account whose data was taken out is told by nothing but its row.
            let hers = id.is_some_and(|id| beside.accounts.contains(&(app.clone(), id)));
            let sound = match told {
                Some(told) if !hers => u64::try_from(seq) == Ok(told),
                _ => u64::try_from(seq).is_ok_and(|seq| seq > 0 && seq <= head),
            };
            if !sound {
                let told = told.map_or_else(|| format!("at most {head}"), |told| told.to_string());
                beside.push(format!("account of {app} {account}: seq told {told}, kept {seq}"));
            }
        }
        for (read, seq) in reads {
            let told = read.parse().ok().and_then(|id| known.trace.reads.get(&(app.clone(), id)));
            if let Some(told) = told
                && u64::try_from(seq) != Ok(*told)
            {
                beside.push(format!("read of {app} {read}: seq told {told}, kept {seq}"));
            }
        }
        Ok(())
    }

    /// What is kept of accounts beside them, also of accounts that are not kept.
    pub(super) async fn compare_beside_accounts(
        &self,
        known: &Known,
        app: &AppName,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        let key = |id: &str| [app.to_string(), id.to_owned()];
        let hers = |beside: &Beside<'_>, id: &str| {
            let id = id.parse().ok();
            id.is_some_and(|id| beside.accounts.contains(&(app.clone(), id)))
        };
        let kept = self.store.beside_accounts::<Learned>(app, rows::Beside::Learned).await?;
        let mut told = BTreeMap::new();
        for key in known.rows(table::LEARNED).into_iter().flat_map(BTreeMap::keys) {
            let [of, id] = key.as_slice() else { continue };
            if of == app.as_str()
                && let Some(learned) = known.one::<Learned>(table::LEARNED, key)?
            {
                told.insert(id.clone(), learned);
            }
        }
        let kept = kept.into_iter().map(|(id, it)| (id.to_string(), it));
        let what = format!("what was learned of an account of {app}");
        beside.compare((&what, table::LEARNED), (told, kept), |beside, id| {
            beside.excuse(table::LEARNED, &key(id), hers(beside, id))
        });
        let kept = self.store.beside_accounts::<OpenWork>(app, rows::Beside::Work).await?;
        let told = known.work.iter().filter(|((of, _), _)| of == app);
        let told = told.map(|((_, id), work)| (id.to_string(), work.clone()));
        let kept = kept.into_iter().map(|(id, it)| (id.to_string(), it));
        let what = format!("work of an account of {app}");
        beside.compare((&what, "work"), (told, kept), |beside, id| {
            beside.excuse("work", &key(id), hers(beside, id))
        });
        Ok(())
    }

    /// What stays of accounts whose data was taken out.
    pub(super) async fn compare_remains(
        &self,
        known: &Known,
        app: &AppName,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        let remains: Vec<_> = known.trace.remains.values().filter(|one| one.app == *app).collect();
        if remains.is_empty() {
            return Ok(());
        }
        let kept = self.store.accounts(app).await?;
        let told_whole = known.accounts.get(app);
        for one in remains {
            let id = &one.account;
            if told_whole.is_some_and(|told| told.contains_key(id)) {
                continue;
            }
            let line = match kept.get(id) {
                None => Some("told of, and not kept"),
                Some(it) => {
                    let same = (it.first_seen, it.last_changed, it.gone)
                        == (one.first_seen, one.last_changed, one.gone);
                    (!same).then_some("it was seen at other times than what stays of it tells")
                }
            };
            if let Some(line) = line {
                beside.push(format!("account of {app} {id}: {line}"));
            }
        }
        Ok(())
    }

    pub(super) async fn compare_policies(
        &self,
        known: &Known,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        // The digest is computed from the text, not believed.
        let policies = self.store.policy_versions().await?;
        let told = known.trace.policies.iter().map(|(number, told)| {
            let kept = policies.iter().find(|kept| kept.number == *number).map(|kept| kept.at);
            let near = kept
                .filter(|at| *at <= told.written && told.written.duration_since(*at) <= AT_ONCE);
            let at = told.at.or(near).unwrap_or(told.written);
            (*number, json!({"digest": told.digest, "text": told.digest, "at": at, "by": told.by}))
        });
        let kept = policies.iter().map(|policy| {
            let PolicyVersion { number, text, digest, at, by } = policy;
            let text = Digest::of(text.as_bytes());
            (*number, json!({"digest": digest, "text": text, "at": at, "by": by}))
        });
        beside.compare(("policy", "policy"), (told, kept), |_, _| None);
        Ok(())
    }

    /// What checks found. How it is worded is no news, and nobody reads it back.
    pub(super) async fn compare_checks(
        &self,
        known: &Known,
        beside: &mut Beside<'_>,
    ) -> Result<()> {
        let results = self.store.check_results().await?;
        let told = known.checks.iter().map(|(key, one)| {
            // Older entries do not tell since when it is known.
            let seen = one.seen.or_else(|| results.get(key)?.seen);
            let (state, rung, since, due) = (one.state, one.rung, one.since, one.due);
            let told: Json =
                json!({"state": state, "rung": rung, "since": since, "due": due, "seen": seen});
            (key.clone(), told)
        });
        let told: Vec<_> = told.collect();
        let kept = results.iter().map(|(key, one)| {
            let (state, rung, since, due) = (one.state, one.rung, one.since, one.due);
            let kept: Json =
                json!({"state": state, "rung": rung, "since": since, "due": due, "seen": one.seen});
            (key.clone(), kept)
        });
        beside.compare(("check", "check"), (told, kept), |beside, key| beside.excuse_check(key));
        Ok(())
    }
}

/// Before what is left of an account got a digest of its own it kept the one of what was there.
fn excused_digest(line: &str, beside: &Beside<'_>) -> bool {
    beside.known.trace.remains_untold
        && beside.accounts.iter().any(|(app, id)| {
            line == format!("accounts {app}/{id}: digest is not what its document tells")
        })
}

/// What is wrong with something sealed; `Err` when the store failed.
fn sealed(error: StoreError) -> Result<&'static str> {
    match error {
        StoreError::WrongKey { .. } => Ok("sealed with another key"),
        StoreError::SealBroken { .. } => Ok("altered or moved"),
        StoreError::Unreadable { .. } => Ok("it cannot be understood"),
        other => Err(Error::from(other)),
    }
}

/// That what cannot be understood is no reason to stop: the rows are named one by one.
pub(super) fn unless_unreadable(done: Result<()>, beside: &mut Beside<'_>) -> Result<()> {
    match done {
        Err(Error::Store(StoreError::Unreadable { table, .. })) => {
            beside.unreadable.insert(table);
            Ok(())
        }
        other => other,
    }
}

/// Tables that could not be compared, and of which no row was named.
pub(super) fn name_unreadable(beside: &mut Beside<'_>) {
    for table in std::mem::take(&mut beside.unreadable) {
        let named = beside.agreement.beside.iter().any(|line| line.starts_with(table));
        if !named {
            beside.push(format!("{table}: a row cannot be understood"));
        }
    }
}

/// The excuse of what is kept though nothing is told.
pub(super) const fn excuse(hers: bool, early: bool) -> Option<Excuse> {
    if hers {
        Some(Excuse::TakenOut)
    } else if early {
        Some(Excuse::Early)
    } else {
        None
    }
}
