//! Making a bundle: everything it holds is read from the store at one moment, written into files
//! as it comes, and signed. Nothing is asked of any app.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use muster_domain::{
    engine::{
        checks::{self, Company, Detail, Inputs, Leaver, Tally},
        correlate::Match,
        evidence::{
            checkpoint::SignedCheckpoint,
            manifest::{self, CHECKPOINT, KEYS, MANIFEST, Scope},
            page::Listing,
            report::{self, Numbers},
            rotation::Span,
        },
        redact,
    },
    model::{
        canonical::{Digest, canonical_json},
        check::{Attestation, Exception, Unit},
        id::{AccountId, AppName},
        journal::{About, Event},
        operation::Run,
    },
};
use serde_json::json;

use super::{
    super::Muster,
    bundle::Bundle,
    leavers,
    lists::Printed,
    pass::{self, Passed},
    people::{self, Somebody},
    readme, sheets,
};
use crate::{
    error::{Error, Result},
    store::records::{AccountRecord, ObservationRecord, PolicyVersion, RunFilter},
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

impl Wanted {
    /// Whether something about `app` belongs into it.
    pub(super) fn includes(&self, app: &AppName) -> bool {
        self.app.as_ref().is_none_or(|one| one == app)
    }
}

/// A bundle that was made.
#[derive(Debug, Clone)]
pub struct Exported {
    /// How many files it has, the manifest among them.
    pub files: usize,
    /// The root over all files but the manifest.
    pub root: Digest,
    /// The checkpoint in it.
    pub checkpoint: SignedCheckpoint,
    /// The end of its period, where a later one was asked for.
    pub cut: Option<Timestamp>,
    /// How many leavers' accounts it lists.
    pub leavers: usize,
    /// How many decisions it lists.
    pub decisions: usize,
}

/// What of the store goes into a bundle.
pub(super) struct Material {
    pub(super) wanted: Wanted,
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) records: BTreeMap<(AppName, AccountId), AccountRecord>,
    /// The accounts of people whose data was taken out.
    pub(super) taken_out: BTreeSet<(AppName, AccountId)>,
    /// All reads there were.
    pub(super) observations: BTreeMap<AppName, Vec<ObservationRecord>>,
    /// The last run that was to take each account away.
    pub(super) removals: BTreeMap<(AppName, AccountId), Run>,
    pub(super) policies: Vec<PolicyVersion>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) attestations: Vec<Attestation>,
    pub(super) keys: Vec<Span>,
}

/// What is judged now, as far as it is not written at once.
struct Judged {
    tallies: BTreeMap<(String, Option<AppName>), Tally>,
    /// The checks that are switched off.
    off: Vec<&'static str>,
    people: Vec<Somebody>,
    /// What fails or is due.
    wrong: Listing,
    /// The accounts that are there, and those that are gone.
    counts: BTreeMap<AppName, (usize, usize)>,
}

impl Muster {
    /// Makes a bundle of evidence of a period in a new directory, and journals that it was made.
    /// A period that goes on ends now: nothing shows what is still to come.
    ///
    /// # Errors
    /// When the period is none or has not begun, there is no such app, the directory is not empty, the journal does
    /// not hold, or the store fails. Then nothing is left of it.
    pub async fn evidence(&self, mut wanted: Wanted, folder: &Path) -> Result<Exported> {
        if wanted.to <= wanted.from {
            return Err(Error::Invalid("the period ends before it begins".to_owned()));
        }
        let now = self.env.now();
        if now <= wanted.from {
            return Err(Error::Invalid(
                "the period is still to come, and nothing shows what is: give an earlier --from"
                    .to_owned(),
            ));
        }
        let cut = (now < wanted.to).then_some(now);
        wanted.to = cut.unwrap_or(wanted.to);
        if let Some(app) = &wanted.app {
            self.connection(app).await?;
        }
        self.beside_the_journal().await?;
        let bundle = Bundle::begin(folder)?;
        let made = bundle.made.clone();
        match self.export(wanted, bundle).await {
            Ok(exported) => Ok(Exported { cut, ..exported }),
            Err(error) => {
                Bundle::abandon(folder, made)?;
                Err(error)
            }
        }
    }

    async fn export(&self, wanted: Wanted, mut bundle: Bundle) -> Result<Exported> {
        let checkpoint = self.sign().await?;
        let key = self.signing_key().await?;
        if key.public() != checkpoint.checkpoint.key {
            let what = "the signing key was changed meanwhile: try again";
            return Err(Error::Conflict(what.to_owned()));
        }
        let material = self.material(wanted).await?;
        let marks = self.with_company(|company| marks(company, &material.wanted)).await?;
        bundle.marks = Arc::new(marks);
        let judged = self.with_company(|company| judge(company, &material, &mut bundle)).await??;
        let head = checkpoint.checkpoint.seq;
        let mut passed = self.pass(&material, (&mut bundle, &judged.people), head).await?;
        self.attach(&material, &mut passed).await?;
        let leavers = self.with_company(|company| left(company, &material, &passed)).await?;
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
        finish(&material, &mut bundle, (&judged, &passed, &leavers), (&scope, &checkpoint))?;
        let files = std::mem::take(&mut bundle.files);
        let count = files.len() + 1;
        let (manifest, root) = manifest::seal(files, (scope, passed.taken_out), &key)?;
        bundle.put(MANIFEST, manifest.as_bytes())?;
        let mut tx = self.begin();
        let Wanted { from, to, app } = material.wanted;
        let about = About { app, ..About::default() };
        let data = json!({ "from": from, "to": to, "root": root, "files": count });
        tx.journal(Event::EvidenceExported, about, data);
        tx.commit().await?;
        let leavers = leavers.iter().filter(|one| one.account.is_some()).count();
        let decisions = passed.decisions;
        Ok(Exported { files: count, root, checkpoint, cut: None, leavers, decisions })
    }

    async fn material(&self, wanted: Wanted) -> Result<Material> {
        let mut records = BTreeMap::new();
        let mut observations = BTreeMap::new();
        let mut taken_out = BTreeSet::new();
        let people = self.people().await?;
        for connection in self.store.connections().await? {
            let app = connection.app;
            if !wanted.includes(&app) {
                continue;
            }
            for (id, link) in self.store.links(&app).await? {
                let person = link.person().and_then(|person| people.get(person));
                if person.is_some_and(|person| person.redacted.is_some()) {
                    taken_out.insert((app.clone(), id));
                }
            }
            for (id, record) in self.store.accounts(&app).await? {
                records.insert((app.clone(), id), record);
            }
            observations.insert(app.clone(), self.store.observations(&app).await?);
        }
        let orders = self.store.orders().await?;
        let holds = |at: Timestamp, until: Timestamp| at < wanted.to && wanted.from < until;
        let of = |app: Option<&AppName>| wanted.app.is_none() || wanted.app.as_ref() == app;
        let mut exceptions = orders.exceptions;
        exceptions.retain(|one| holds(one.at, one.until) && of(one.unit.app.as_ref()));
        let mut attestations = orders.attestations;
        attestations.retain(|one| holds(one.at, one.until) && of(Some(&one.app)));
        let runs = RunFilter { app: wanted.app.clone(), ..RunFilter::default() };
        Ok(Material {
            now: self.env.now(),
            zone: self.policy_or_none().await?.organization.time_zone,
            records,
            taken_out,
            observations,
            removals: leavers::removals(self.store.runs(&runs).await?),
            policies: valid_in(self.store.policy_versions().await?, &wanted),
            exceptions,
            attestations,
            keys: self.signing_keys().await?,
            wanted,
        })
    }

    /// Fetches the files that exceptions and attestations in force rest on.
    async fn attach(&self, material: &Material, passed: &mut Passed) -> Result<()> {
        let of_orders = material.exceptions.iter().filter_map(|one| one.file.clone());
        let of_words = material.attestations.iter().filter_map(|one| one.file.clone());
        let ended = passed.exceptions.iter().filter_map(|one| one.what.file.clone());
        let withdrawn = passed.attestations.iter().filter_map(|one| one.what.file.clone());
        let all: Vec<_> = of_orders.chain(of_words).chain(ended).chain(withdrawn).collect();
        for attached in all {
            let bytes = self.store.file(&attached.sha256).await?;
            passed.attachments.insert(attached.sha256, (attached, bytes));
        }
        Ok(())
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

/// By what people whose data was taken out could still be recognised: accounts of theirs that are
/// there in the app all the same.
fn marks(company: &Company<'_>, wanted: &Wanted) -> BTreeSet<String> {
    let mut marks = BTreeSet::new();
    for facts in company.apps.iter().filter(|facts| wanted.includes(facts.world.app)) {
        let world = facts.world;
        for (id, known) in world.accounts {
            let Some(Match::Linked { person, .. }) = facts.correlation.matches.get(id) else {
                continue;
            };
            if world.people.get(person).is_some_and(|person| person.redacted.is_some()) {
                marks.extend([known.account.login.clone(), known.account.name.clone()]);
            }
        }
    }
    // Shorter ones would be found everywhere.
    marks.retain(|mark: &String| mark.chars().count() >= 4);
    marks
}

/// Writes what is known and judged now; gives what other files rest on.
fn judge(company: &Company<'_>, material: &Material, bundle: &mut Bundle) -> Result<Judged> {
    let wanted = &material.wanted;
    let is_meant = |app: Option<&AppName>| app.is_none_or(|app| wanted.includes(app));
    let counts = sheets::accounts(company, material, bundle)?;
    let mut tallies = BTreeMap::new();
    let mut units: BTreeSet<Unit> = BTreeSet::new();
    let mut table = bundle.table("checks", sheets::CHECKS)?;
    let mut wrong = Printed::wrong(bundle, &material.zone);
    // One after the other: the results of all checks together are the largest thing there is.
    for check in checks::ALL {
        let evaluation = checks::evaluate(company, Detail::Of(check.name));
        let mine = evaluation.tallies.into_iter().filter(|((_, app), _)| is_meant(app.as_ref()));
        tallies.extend(mine);
        for result in evaluation.results {
            if is_meant(result.unit.app.as_ref()) {
                table.push(sheets::result(&result, check))?;
                sheets::print_result(&mut wrong, &result);
                units.insert(result.unit);
            }
        }
    }
    bundle.end(table)?;
    let inputs = Inputs::new(company);
    let mut part = bundle.part("check_inputs.jsonl")?;
    for unit in units {
        let mut judged_by = inputs.of(&unit);
        redact::scrub(&mut judged_by, &bundle.marks);
        let told = json!({ "unit": unit.to_string(), "inputs": judged_by });
        part.line(&canonical_json(&told)?)?;
    }
    bundle.close(part)?;
    let people = people::now(company, pass::moments(material));
    let off = checks::switched_off(company.policy).map(|check| check.name).collect();
    Ok(Judged { tallies, off, people, wrong: wrong.listing, counts })
}

/// The leavers of the period.
fn left(company: &Company<'_>, material: &Material, passed: &Passed) -> Vec<Leaver> {
    let wanted = &material.wanted;
    let mut leavers = checks::leavers(company, &passed.leavings, (wanted.from, wanted.to));
    leavers.retain(|leaver| wanted.includes(&leaver.app));
    leavers
}

/// Writes everything that rests on what was written before.
fn finish(
    material: &Material,
    bundle: &mut Bundle,
    (judged, passed, leavers): (&Judged, &Passed, &[Leaver]),
    (scope, signed): (&Scope, &SignedCheckpoint),
) -> Result<()> {
    sheets::observations(material, passed, bundle)?;
    leavers::write(material, (leavers, passed), bundle)?;
    let mut lists = vec![judged.wrong.clone()];
    lists.push(sheets::exceptions(material, passed, bundle)?);
    lists.push(sheets::attestations(material, passed, bundle)?);
    lists.extend(passed.printed.clone());
    sheets::policies(material, bundle)?;
    sheets::checks_off(material, bundle)?;
    for policy in &material.policies {
        bundle.put(&sheets::policy_path(policy.number), policy.text.as_bytes())?;
    }
    for (digest, (_, bytes)) in &passed.attachments {
        if let Some(bytes) = bytes {
            bundle.put(&sheets::attachment_path(digest), bytes)?;
        }
    }
    let text = |value: &serde_json::Value| {
        serde_json::to_string_pretty(value).map(|text| format!("{text}\n"))
    };
    bundle.put(CHECKPOINT, text(&json!(signed))?.as_bytes())?;
    let keys = json!({ "keys": material.keys, "changes": passed.key_changes });
    bundle.put(KEYS, text(&keys)?.as_bytes())?;
    let numbers = Numbers {
        scope,
        zone: &material.zone,
        apps: sheets::app_numbers(material, &judged.counts),
        populations: &passed.populations,
        tallies: &judged.tallies,
        off: &judged.off,
        clock_went_back: &passed.clock_went_back,
        leavers: leavers::numbers(material, leavers),
        decisions: passed.decisions,
        changes: passed.check_changes,
        policies: material.policies.len(),
        attachments: passed.attachments.len(),
        checkpoint: &signed.checkpoint,
        lists: &lists,
    };
    bundle.put("report.html", report::html(&numbers).as_bytes())?;
    bundle.put("README.txt", readme::TEXT.as_bytes())
}
