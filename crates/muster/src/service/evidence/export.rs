//! Making a bundle: everything it holds is read from the store at one moment, put into files, and
//! signed. Nothing is asked of any app.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use muster_domain::{
    engine::{
        checks::{self, Company, Detail, Evaluation, Leaver},
        correlate::Match,
        evidence::{
            checkpoint::SignedCheckpoint,
            extract,
            manifest::{self, CHECKPOINT, Files, JOURNAL, Scope},
            report::{self, Numbers},
            sheet::Sheet,
        },
        redact,
    },
    model::{
        account::Account,
        canonical::{Digest, canonical_json},
        check::{Attached, Attestation, Exception, Unit},
        id::{AccountId, AppName, PersonId},
        journal::{About, Entry, Event},
        operation::Run,
    },
};
use serde_json::{Value as Json, json};

use super::{super::Muster, readme, sheets};
use crate::{
    error::{Error, Result},
    store::records::{AccountRecord, JournalFilter, ObservationRecord, PolicyVersion, RunFilter},
};

/// What a bundle is to be of.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The beginning of the period.
    pub from: Timestamp,
    /// Its end, which is not within it.
    pub to: Timestamp,
    /// Only this app.
    pub app: Option<AppName>,
}

/// A bundle that was made.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Its files, the manifest among them.
    pub files: Files,
    /// The root over all files but the manifest.
    pub root: Digest,
    /// The checkpoint in it.
    pub checkpoint: SignedCheckpoint,
    /// How many leavers' accounts it lists.
    pub leavers: usize,
    /// How many decisions it lists.
    pub decisions: usize,
}

/// An account as a population lists it.
pub(super) struct Member {
    pub(super) app: AppName,
    pub(super) account: Account,
    pub(super) gone: Option<Timestamp>,
    pub(super) privileged: bool,
    pub(super) person: Option<(PersonId, String)>,
    pub(super) matched: Json,
}

/// What is judged now.
pub(super) struct Judged {
    pub(super) evaluation: Evaluation,
    pub(super) inputs: BTreeMap<Unit, Json>,
    pub(super) leavers: Vec<Leaver>,
    pub(super) members: Vec<Member>,
    /// By what people whose data was taken out could still be recognised: accounts of theirs that
    /// are there in the app all the same.
    marks: BTreeSet<String>,
}

/// Everything that goes into a bundle.
pub(super) struct Material {
    pub(super) wanted: Wanted,
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) judged: Judged,
    pub(super) records: BTreeMap<(AppName, AccountId), AccountRecord>,
    pub(super) observations: BTreeMap<AppName, Vec<ObservationRecord>>,
    pub(super) runs: Vec<Run>,
    /// From the beginning of the period to the signed head.
    pub(super) entries: Vec<Entry>,
    pub(super) policies: Vec<PolicyVersion>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) attestations: Vec<Attestation>,
    pub(super) attachments: BTreeMap<Digest, (Attached, Option<Vec<u8>>)>,
}

impl Material {
    /// The entries of the period whose data is shown.
    pub(super) fn told(&self) -> impl Iterator<Item = &Entry> {
        let Wanted { from, to, .. } = &self.wanted;
        self.entries.iter().filter(move |entry| *from <= entry.at && entry.at < *to)
    }
}

impl Muster {
    /// Makes a bundle of evidence of a period, and journals that it was made.
    ///
    /// # Errors
    /// When the period is none, there is no such app, the journal does not hold, or the store
    /// fails.
    pub async fn evidence(&self, wanted: Wanted) -> Result<Exported> {
        if wanted.to <= wanted.from {
            return Err(Error::Invalid("the period ends before it begins".to_owned()));
        }
        if let Some(app) = &wanted.app {
            self.connection(app).await?;
        }
        let key = self.signing_key().await?;
        let checkpoint = self.checkpoint().await?;
        let material = self.material(wanted, checkpoint.checkpoint.seq).await?;
        let scope = Scope {
            org: self.store.org().clone(),
            program: concat!("muster ", env!("CARGO_PKG_VERSION")).to_owned(),
            made: material.now,
            by: self.actor.clone(),
            from: material.wanted.from,
            to: material.wanted.to,
            time_zone: material.zone.iana_name().unwrap_or("UTC").to_owned(),
            app: material.wanted.app.clone(),
        };
        let (mut files, decisions) = files(&material, &scope, &checkpoint)?;
        let leavers = material.judged.leavers.iter().filter(|one| one.account.is_some()).count();
        let root = manifest::seal(&mut files, scope, &key)?;
        let mut tx = self.begin();
        let Wanted { from, to, app } = material.wanted;
        let about = About { app, ..About::default() };
        let data = json!({ "from": from, "to": to, "root": root, "files": files.len() });
        tx.journal(Event::EvidenceExported, about, data);
        tx.commit().await?;
        Ok(Exported { files, root, checkpoint, leavers, decisions })
    }

    async fn material(&self, wanted: Wanted, head: u64) -> Result<Material> {
        let judged = self.with_company(|company| judge(company, &wanted)).await?;
        let mut records = BTreeMap::new();
        let mut observations = BTreeMap::new();
        for app in self.apps_of(&wanted).await? {
            for (id, record) in self.store.accounts(&app).await? {
                records.insert((app.clone(), id), record);
            }
            let mut reads = self.store.observations(&app).await?;
            let last = reads.last().map(|last| last.id.clone());
            reads.retain(|read| {
                let within =
                    wanted.from <= read.header.finished && read.header.finished < wanted.to;
                within || Some(&read.id) == last.as_ref()
            });
            observations.insert(app, reads);
        }
        let entries = self.entries_from(wanted.from, head).await?;
        let orders = self.store.orders().await?;
        let holds = |at: Timestamp, until: Timestamp| at < wanted.to && wanted.from < until;
        let of = |app: Option<&AppName>| wanted.app.is_none() || wanted.app.as_ref() == app;
        let mut exceptions = orders.exceptions;
        exceptions.retain(|one| holds(one.at, one.until) && of(one.unit.app.as_ref()));
        let mut attestations = orders.attestations;
        attestations.retain(|one| holds(one.at, one.until) && of(Some(&one.app)));
        let app = wanted.app.clone();
        let mut material = Material {
            now: self.env.now(),
            zone: self.policy_or_none().await?.organization.time_zone,
            judged,
            records,
            observations,
            runs: self.store.runs(&RunFilter { app, ..RunFilter::default() }).await?,
            entries,
            policies: valid_in(self.store.policy_versions().await?, &wanted),
            exceptions,
            attestations,
            attachments: BTreeMap::new(),
            wanted,
        };
        for attached in attached(&material) {
            let bytes = self.store.file(&attached.sha256).await?;
            material.attachments.insert(attached.sha256, (attached, bytes));
        }
        Ok(material)
    }

    /// All entries from the first one of `from` or later up to `head`, without a gap though the
    /// clock went back meanwhile; the last one at least.
    async fn entries_from(&self, from: Timestamp, head: u64) -> Result<Vec<Entry>> {
        let all = JournalFilter::default;
        let first = JournalFilter { since: Some(from), limit: Some(1), ..all() };
        let first = self.store.journal(&first).await?.first().map_or(head, |entry| entry.seq);
        let after_seq = Some(first.min(head).saturating_sub(1));
        let mut entries = self.store.journal(&JournalFilter { after_seq, ..all() }).await?;
        entries.retain(|entry| entry.seq <= head);
        Ok(entries)
    }

    async fn apps_of(&self, wanted: &Wanted) -> Result<Vec<AppName>> {
        let apps = self.store.connections().await?.into_iter().map(|connection| connection.app);
        Ok(apps.filter(|app| wanted.app.as_ref().is_none_or(|one| one == app)).collect())
    }
}

/// The policies that were valid at any moment of the period.
fn valid_in(versions: Vec<PolicyVersion>, wanted: &Wanted) -> Vec<PolicyVersion> {
    let ends: Vec<Option<Timestamp>> =
        versions.iter().skip(1).map(|next| Some(next.at)).chain([None]).collect();
    let pairs = versions.into_iter().zip(ends);
    pairs
        .filter(|(version, end)| version.at < wanted.to && end.is_none_or(|end| wanted.from < end))
        .map(|(version, _)| version)
        .collect()
}

/// The files that decisions of the period, and exceptions and attestations in force, rest on.
fn attached(material: &Material) -> Vec<Attached> {
    let of_orders = material.exceptions.iter().filter_map(|one| one.file.clone());
    let mut files: Vec<Attached> =
        of_orders.chain(material.attestations.iter().filter_map(|one| one.file.clone())).collect();
    for entry in material.told() {
        let told = ["exception", "attestation"].iter().find_map(|what| entry.data.get(what));
        let file = told.and_then(|told| told.get("file")).cloned();
        files.extend(file.and_then(|file| serde_json::from_value(file).ok()));
    }
    files
}

fn judge(company: &Company<'_>, wanted: &Wanted) -> Judged {
    let is_meant =
        |app: Option<&AppName>| wanted.app.is_none() || app.is_none() || app == wanted.app.as_ref();
    let mut evaluation = checks::evaluate(company, Detail::Everything);
    evaluation.results.retain(|result| is_meant(result.unit.app.as_ref()));
    evaluation.tallies.retain(|(_, app), _| is_meant(app.as_ref()));
    let mut inputs = BTreeMap::new();
    for result in &evaluation.results {
        let inputs = inputs.entry(result.unit.clone());
        inputs.or_insert_with(|| checks::inputs(company, &result.unit));
    }
    let mut leavers = checks::leavers(company, wanted.from, wanted.to);
    leavers.retain(|leaver| is_meant(Some(&leaver.app)));
    let mut members = Vec::new();
    let mut marks = BTreeSet::new();
    for facts in &company.apps {
        let world = facts.world;
        if !is_meant(Some(world.app)) {
            continue;
        }
        for (id, known) in world.accounts {
            let matched = facts.correlation.matches.get(id);
            let person = match matched {
                Some(Match::Linked { person, .. }) => world.people.get(person),
                _ => None,
            };
            if person.is_some_and(|person| person.redacted.is_some()) {
                marks.extend([known.account.login.clone(), known.account.name.clone()]);
            }
            let role = known.account.role.as_ref();
            members.push(Member {
                app: world.app.clone(),
                account: known.account.clone(),
                gone: known.gone,
                privileged: role.is_some_and(|role| world.sight.is_privileged(role)),
                person: person.map(|person| (person.id.clone(), person.name())),
                matched: json!(matched),
            });
        }
    }
    // Shorter ones would be found everywhere.
    marks.retain(|mark: &String| mark.chars().count() >= 4);
    Judged { evaluation, inputs, leavers, members, marks }
}

/// Both forms of a sheet.
fn put(files: &mut Files, material: &Material, name: &str, mut sheet: Sheet) {
    sheet.scrub(&material.judged.marks);
    files.insert(format!("{name}.json"), sheet.json().into_bytes());
    files.insert(format!("{name}.csv"), sheet.csv().into_bytes());
}

/// The journal as the bundle shows it, an entry a line.
fn journal(material: &Material) -> Result<String> {
    let Wanted { to, app, .. } = &material.wanted;
    let mut journal = String::new();
    for entry in &material.entries {
        let mut shown = extract::shown(entry.clone(), *to, app.as_ref());
        let mut scrubbed = shown.data.clone();
        redact::scrub(&mut scrubbed, &material.judged.marks);
        if scrubbed != shown.data {
            shown = extract::withheld(shown);
        }
        journal += &serde_json::to_string(&shown)?;
        journal.push('\n');
    }
    Ok(journal)
}

fn files(
    material: &Material,
    scope: &Scope,
    checkpoint: &SignedCheckpoint,
) -> Result<(Files, usize)> {
    let mut files = Files::new();
    let (decisions, changes) = (sheets::decisions(material), sheets::check_changes(material));
    let (decided, changed) = (decisions.len(), changes.len());
    put(&mut files, material, "accounts", sheets::accounts(material));
    put(&mut files, material, "observations", sheets::observations(material));
    put(&mut files, material, "leavers", sheets::leavers(material));
    put(&mut files, material, "decisions", decisions);
    put(&mut files, material, "exceptions", sheets::exceptions(material));
    put(&mut files, material, "attestations", sheets::attestations(material));
    put(&mut files, material, "checks", sheets::checks(material));
    put(&mut files, material, "check_changes", changes);
    put(&mut files, material, "policies", sheets::policies(material));
    let mut inputs = String::new();
    for (unit, judged_by) in &material.judged.inputs {
        let mut judged_by = judged_by.clone();
        redact::scrub(&mut judged_by, &material.judged.marks);
        inputs += &canonical_json(&json!({ "unit": unit.to_string(), "inputs": judged_by }))?;
        inputs.push('\n');
    }
    files.insert("check_inputs.jsonl".to_owned(), inputs.into_bytes());
    for policy in &material.policies {
        let path = sheets::policy_path(policy.number);
        files.insert(path, policy.text.clone().into_bytes());
    }
    for (digest, (_, bytes)) in &material.attachments {
        if let Some(bytes) = bytes {
            files.insert(sheets::attachment_path(digest), bytes.clone());
        }
    }
    files.insert(JOURNAL.to_owned(), journal(material)?.into_bytes());
    let signed = format!("{}\n", serde_json::to_string_pretty(checkpoint)?);
    files.insert(CHECKPOINT.to_owned(), signed.into_bytes());
    let numbers = Numbers {
        scope,
        zone: &material.zone,
        apps: sheets::app_numbers(material),
        tallies: &material.judged.evaluation.tallies,
        leavers: sheets::leaver_numbers(material),
        decisions: decided,
        changes: changed,
        policies: material.policies.len(),
        attachments: material.attachments.len(),
        checkpoint: &checkpoint.checkpoint,
    };
    files.insert("report.html".to_owned(), report::html(&numbers).into_bytes());
    files.insert("README.txt".to_owned(), readme::TEXT.as_bytes().to_vec());
    Ok((files, decided))
}
