//! The manifest of a bundle: every file with its hash, one root over all of them, one signature.
//! Verifying needs the files, and the public key from a hand that is trusted; nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    extract,
    key::{PublicKey, Purpose, Signature, SigningKey, Trusted},
    merkle,
    rotation::{self, SignedRotation},
};
use crate::model::{
    canonical::{Digest, canonical_json},
    id::{AppName, OrgId},
    journal::{Entry, went_back},
};

/// Where the manifest lies.
pub const MANIFEST: &str = "manifest.json";

/// Where the journal's entries lie.
pub const JOURNAL: &str = "journal.jsonl";

/// Where the checkpoint lies.
pub const CHECKPOINT: &str = "checkpoint.json";

/// Where the signing keys lie, and how one followed the other.
pub const KEYS: &str = "keys.json";

/// Where attached proofs lie, each under its SHA-256.
pub const ATTACHMENTS: &str = "attachments/";

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Where it lies in the bundle.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Digest,
}

/// What a bundle is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Of which organisation.
    pub org: OrgId,
    /// The program that made it, with its version.
    pub program: String,
    /// When it was made.
    pub made: Timestamp,
    /// Who made it.
    pub by: String,
    /// The beginning of its period.
    pub from: Timestamp,
    /// The end of its period; not within it.
    pub to: Timestamp,
    /// The organisation's time zone, by which days are counted.
    pub time_zone: String,
    /// Of which app alone; of all otherwise.
    pub app: Option<AppName>,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the bundle; 2. In the first one nothing told what was taken out.
    pub format: u32,
    /// What it is of.
    pub scope: Scope,
    /// Every other file, by path.
    pub files: Vec<FileEntry>,
    /// The root over the files (RFC 6962); a leaf is the canonical JSON of an entry of `files`.
    pub root: Digest,
    /// The key that signs this.
    pub key: PublicKey,
    /// The entries of the journal whose data would be shown, if it had not been taken out for
    /// somebody's privacy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_out: Option<BTreeSet<u64>>,
}

/// A manifest with the signature of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedManifest {
    /// What is signed.
    pub manifest: Manifest,
    /// Over its canonical JSON.
    pub signature: Signature,
}

/// The text of the signed manifest of `files`, and the root over them.
///
/// # Errors
/// When it cannot be canonical JSON.
pub fn seal(
    mut files: Vec<FileEntry>,
    (scope, taken_out): (Scope, BTreeSet<u64>),
    key: &SigningKey,
) -> Result<(String, Digest), serde_json::Error> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let root = root(&files)?;
    let (key_of, taken_out) = (key.public(), Some(taken_out));
    let manifest = Manifest { format: 2, scope, files, root, key: key_of, taken_out };
    let signature = key.sign(Purpose::Manifest, &canonical_json(&manifest)?);
    let text = canonical_json(&SignedManifest { manifest, signature })?;
    Ok((format!("{text}\n"), root))
}

fn root(entries: &[FileEntry]) -> Result<Digest, serde_json::Error> {
    let leaves = entries.iter().map(|entry| canonical_json(entry).map(String::into_bytes));
    Ok(merkle::root(&leaves.collect::<Result<Vec<_>, _>>()?))
}

/// Something about a bundle that is not as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

fn fault(path: &str, what: impl Into<String>) -> Fault {
    Fault { path: path.to_owned(), what: what.into() }
}

/// What was found about a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The manifest, if it can be read.
    pub manifest: Option<Manifest>,
    /// All that is wrong; none when the bundle is as it was made.
    pub faults: Vec<Fault>,
    /// Entries dated clearly before the entry that precedes them: the bundle is as it was made, but
    /// a clock was wrong when it was written, or was put right.
    pub clock_went_back: Vec<u64>,
}

impl Verdict {
    /// That there is no bundle to be understood.
    #[must_use]
    pub fn none(fault: Fault) -> Self {
        Self { manifest: None, faults: vec![fault], clock_went_back: Vec::new() }
    }
}

/// Verifies a bundle piece by piece, so that one of any size needs little memory. Without a key it
/// goes by the one that the bundle brings along itself: that shows only that it is whole, not who
/// made it.
#[derive(Debug)]
pub struct Verifying {
    manifest: Manifest,
    told: BTreeMap<String, FileEntry>,
    faults: Vec<Fault>,
    /// What is wrong inside of files; it counts for nothing when the files are not as they were.
    inside: Vec<Fault>,
    checkpoint: Option<SignedCheckpoint>,
    /// The number of the first entry, and the hash before it.
    first: Option<(u64, Digest)>,
    last: Option<(u64, Digest)>,
    /// When the last entry was written.
    last_at: Option<Timestamp>,
    clock_went_back: Vec<u64>,
    /// The entries without data, of those that are said to have had it taken out.
    without: BTreeSet<u64>,
    given: Option<Trusted>,
    changes: Vec<SignedRotation>,
    /// A checkpoint from elsewhere, and the hash of the entry that it is of.
    kept: Option<(SignedCheckpoint, Option<Digest>)>,
}

impl Verifying {
    /// Begins with the bytes of the manifest, by `key` if there is one.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn begin(bytes: &[u8], key: Option<&Trusted>) -> Result<Self, Fault> {
        let signed: SignedManifest = serde_json::from_slice(bytes)
            .map_err(|error| fault(MANIFEST, format!("cannot be understood: {error}")))?;
        let faults = signature_faults(&signed, bytes);
        let SignedManifest { manifest, .. } = signed;
        let told = manifest.files.iter().map(|file| (file.path.clone(), file.clone())).collect();
        Ok(Self {
            manifest,
            told,
            faults,
            inside: Vec::new(),
            checkpoint: None,
            first: None,
            last: None,
            last_at: None,
            clock_went_back: Vec::new(),
            without: BTreeSet::new(),
            given: key.cloned(),
            changes: Vec::new(),
            kept: None,
        })
    }

    /// Holds the journal against a checkpoint that was kept elsewhere. To be said before any entry.
    pub fn keep(&mut self, kept: SignedCheckpoint) {
        self.kept = Some((kept, None));
    }

    /// Takes in a file that is there, the manifest aside.
    pub fn file(&mut self, found: &FileEntry) {
        let path = &found.path;
        match self.told.remove(path) {
            None => {
                self.faults.push(fault(path, "was added: the manifest does not know it"));
            }
            Some(told) if told.bytes != found.bytes => {
                let what = format!("was changed: it has {} bytes, not {}", found.bytes, told.bytes);
                self.faults.push(fault(path, what));
            }
            Some(told) if told.sha256 != found.sha256 => {
                self.faults.push(fault(path, "was changed: it has another SHA-256"));
            }
            Some(told) => {
                let name = path.strip_prefix(ATTACHMENTS);
                if name.is_some_and(|name| name != told.sha256.to_string()) {
                    self.inside
                        .push(fault(path, "is not the proof that its name, a SHA-256, tells"));
                }
            }
        }
    }

    /// Takes in the text of [`CHECKPOINT`].
    pub fn checkpoint(&mut self, bytes: &[u8]) {
        match serde_json::from_slice::<SignedCheckpoint>(bytes) {
            Err(error) => {
                self.inside.push(fault(CHECKPOINT, format!("cannot be understood: {error}")));
            }
            Ok(signed) => {
                if let Err(why) = signed.verify(&self.manifest.key) {
                    self.inside.push(fault(CHECKPOINT, why.to_string()));
                }
                self.checkpoint = Some(signed);
            }
        }
    }

    /// Takes in the text of [`KEYS`]. Bundles of before the key could be changed have none.
    pub fn keys(&mut self, bytes: &[u8]) {
        #[derive(Deserialize)]
        struct Told {
            changes: Vec<SignedRotation>,
        }
        match serde_json::from_slice::<Told>(bytes) {
            Err(error) => self.inside.push(fault(KEYS, format!("cannot be understood: {error}"))),
            Ok(Told { changes }) if !rotation::leads_to(&changes, &self.manifest.key) => {
                self.inside.push(fault(KEYS, "the changes do not lead to the key that signs"));
            }
            Ok(Told { changes }) => self.changes = changes,
        }
    }

    /// Takes in the next line of [`JOURNAL`]: the entries must be a chain.
    pub fn entry(&mut self, line: &[u8]) {
        if line.is_empty() || self.inside.iter().any(|fault| fault.path == JOURNAL) {
            return;
        }
        let entry: Entry = match serde_json::from_slice(line) {
            Ok(entry) => entry,
            Err(error) => {
                let what = format!("an entry cannot be understood: {error}");
                return self.inside.push(fault(JOURNAL, what));
            }
        };
        let (seq, prev) = self.last.map_or((entry.seq, entry.prev), |(seq, hash)| (seq + 1, hash));
        if let Err(broken) = entry.verify(seq, &prev) {
            return self.inside.push(fault(JOURNAL, broken.to_string()));
        }
        let Scope { to, app, .. } = &self.manifest.scope;
        let emptied = entry.is_without_data() && extract::tells(&entry, *to, app.as_ref());
        let taken_out = self.manifest.taken_out.as_ref();
        if emptied && taken_out.is_some_and(|taken_out| !taken_out.contains(&entry.seq)) {
            let what = "lost its data, and the manifest does not say that it was taken out";
            return self.inside.push(fault(JOURNAL, format!("entry {} {what}", entry.seq)));
        }
        if entry.is_without_data()
            && taken_out.is_some_and(|taken_out| taken_out.contains(&entry.seq))
        {
            self.without.insert(entry.seq);
        }
        if self.last_at.is_some_and(|last| went_back(last, entry.at)) {
            self.clock_went_back.push(entry.seq);
        }
        self.last_at = Some(entry.at);
        if let Some((kept, hash)) = &mut self.kept {
            let seq = kept.checkpoint.seq;
            let before = self.first.is_none() && entry.seq == seq + 1;
            *hash = if before { Some(entry.prev) } else { *hash };
            *hash = if entry.seq == seq { Some(entry.hash) } else { *hash };
        }
        self.first = self.first.or(Some((entry.seq, entry.prev)));
        self.last = Some((entry.seq, entry.hash));
    }

    /// What was found.
    #[must_use]
    pub fn finish(mut self) -> Verdict {
        let missing = self.told.keys().map(|path| fault(path, "is missing"));
        self.faults.extend(missing);
        if let Some(given) = self.given.clone().filter(|given| !given.is(&self.manifest.key)) {
            let what = self.other_key(&given);
            self.faults.push(fault(MANIFEST, what));
        }
        if self.faults.is_empty() {
            let end = self.checkpoint.as_ref().map(|signed| {
                let Checkpoint { seq, head, .. } = &signed.checkpoint;
                (*seq, *head)
            });
            if self.inside.is_empty() && (end.is_none() || end != self.last) {
                let what = "does not end where the checkpoint says";
                self.inside.push(fault(JOURNAL, what));
            }
            if self.inside.is_empty() {
                self.inside.extend(self.kept_fault());
                self.inside.extend(self.taken_out_fault());
            }
            self.faults = self.inside;
        }
        let clock_went_back = self.clock_went_back;
        Verdict { manifest: Some(self.manifest), faults: self.faults, clock_went_back }
    }

    /// Where the journal contradicts what the manifest says was taken out: an entry that is there
    /// with all its data, or that is not there at all.
    fn taken_out_fault(&self) -> Option<Fault> {
        let said = self.manifest.taken_out.as_ref()?;
        let seq = said.difference(&self.without).next()?;
        let what = "says that the data of entry";
        Some(fault(
            MANIFEST,
            format!("{what} {seq} was taken out, but the journal shows otherwise"),
        ))
    }

    /// How the journal contradicts the checkpoint that was kept elsewhere, or why that one counts for
    /// nothing here.
    fn kept_fault(&self) -> Option<Fault> {
        let (signed, hash) = self.kept.as_ref()?;
        let Checkpoint { org, seq, head, at, key } = &signed.checkpoint;
        let kept = |what: String| Some(fault("the checkpoint that you kept", what));
        let ours =
            |change: &SignedRotation| [change.rotation.from, change.rotation.to].contains(key);
        if let Err(why) = signed.verify(key) {
            return kept(why.to_string());
        }
        if *key != self.manifest.key && !self.changes.iter().any(ours) {
            return kept(format!("was signed with a key that this bundle does not know: {key}"));
        }
        if *org != self.manifest.scope.org {
            return kept(format!("is of another organisation: {org}"));
        }
        let (first, last) = (self.first?.0, self.last?.0);
        match hash {
            Some(hash) if hash == head => None,
            Some(_) => {
                let day = at.strftime("%Y-%m-%d");
                let what = "is not the one that was signed on";
                let what = format!("entry {seq} {what} {day}: the journal was written anew");
                Some(fault(JOURNAL, what))
            }
            None if *seq < first => kept(format!(
                "is of entry {seq}, but the bundle's journal begins with entry {first}: have one \
                 made whose period begins earlier"
            )),
            None => Some(fault(
                JOURNAL,
                format!(
                    "ends at entry {last}, but entry {seq} was signed: the bundle is older than the \
                     checkpoint, or the journal was cut"
                ),
            )),
        }
    }

    /// What to say to somebody who holds another key than the one that signed. That the former key
    /// signed the change is told, and does not count by itself: whoever stole it could have.
    fn other_key(&self, given: &Trusted) -> String {
        let ours = self.manifest.key;
        let since = self.changes.iter().find(|change| given.is(&change.rotation.from));
        let followed = since.map(|change| {
            format!(
                ". It followed the key that you gave on {}, and both signed that ({KEYS}): if \
                 nobody else can have had the former one, verify with --key {ours}",
                change.rotation.at.strftime("%Y-%m-%d")
            )
        });
        let followed = followed.unwrap_or_default();
        format!("was signed with another key than {given}: {ours}{followed}")
    }
}

fn signature_faults(signed: &SignedManifest, bytes: &[u8]) -> Vec<Fault> {
    let SignedManifest { manifest, signature } = signed;
    let mut faults = Vec::new();
    let text = canonical_json(manifest);
    let holds = text.is_ok_and(|text| manifest.key.verifies(Purpose::Manifest, &text, signature));
    if !holds {
        faults.push(fault(MANIFEST, "was changed: the signature does not hold"));
    }
    // Blanks and another order would not be noticed by the signature.
    let written = canonical_json(signed).map(|text| format!("{text}\n").into_bytes());
    if holds && written.is_ok_and(|written| written != bytes) {
        faults.push(fault(MANIFEST, "was written anew: it is not in its canonical form"));
    }
    if root(&manifest.files).ok() != Some(manifest.root) {
        faults.push(fault(MANIFEST, "the root is not that of its files"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::evidence::rotation::Rotation,
        model::journal::{About, Draft, Event},
    };

    type Files = BTreeMap<String, Vec<u8>>;

    fn verify(files: &Files, key: Option<&PublicKey>) -> Verdict {
        verify_kept(files, key, None)
    }

    fn verify_kept(
        files: &Files,
        key: Option<&PublicKey>,
        kept: Option<&SignedCheckpoint>,
    ) -> Verdict {
        let key = key.copied().map(Trusted::Key);
        let begun = files.get(MANIFEST).map(|bytes| Verifying::begin(bytes, key.as_ref()));
        let mut verifying = match begun {
            Some(Ok(verifying)) => verifying,
            Some(Err(fault)) => return Verdict::none(fault),
            None => {
                return Verdict::none(fault(MANIFEST, "is missing"));
            }
        };
        kept.into_iter().for_each(|kept| verifying.keep(kept.clone()));
        for (path, bytes) in files.iter().filter(|(path, _)| *path != MANIFEST) {
            verifying.file(&entry(path, bytes));
            match path.as_str() {
                CHECKPOINT => verifying.checkpoint(bytes),
                KEYS => verifying.keys(bytes),
                JOURNAL => {
                    bytes.split(|byte| *byte == b'\n').for_each(|line| verifying.entry(line));
                }
                _ => {}
            }
        }
        verifying.finish()
    }

    fn entry(path: &str, bytes: &[u8]) -> FileEntry {
        let path = path.to_owned();
        FileEntry { path, bytes: bytes.len() as u64, sha256: Digest::of(bytes) }
    }

    fn at() -> Timestamp {
        "2026-10-01T12:00:00Z".parse().unwrap()
    }

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32]).unwrap()
    }

    fn sealed_with(key: &SigningKey, mut files: Files) -> Files {
        let scope = Scope {
            org: OrgId::default_org(),
            program: "muster 0".to_owned(),
            made: at(),
            by: "ines".to_owned(),
            from: at(),
            to: at(),
            time_zone: "UTC".to_owned(),
            app: None,
        };
        let entries = files.iter().map(|(path, bytes)| entry(path, bytes)).collect();
        let (text, _) = seal(entries, (scope, BTreeSet::new()), key).unwrap();
        files.insert(MANIFEST.to_owned(), text.into_bytes());
        files
    }

    fn bundle() -> Files {
        let mut prev = Digest::zero();
        let mut journal = String::new();
        for seq in 1..4 {
            let (actor, event) = ("anna".to_owned(), Event::AppObserved);
            let data = serde_json::json!({ "n": seq });
            let draft = Draft { at: at(), actor, event, about: About::default(), data };
            let entry = Entry::chain(draft, seq, prev, [7; 16]).unwrap();
            prev = entry.hash;
            journal += &format!("{}\n", serde_json::to_string(&entry).unwrap());
        }
        let org = OrgId::default_org();
        let end = Checkpoint { org, seq: 3, head: prev, at: at(), key: key().public() };
        let end = serde_json::to_vec(&end.sign(&key()).unwrap()).unwrap();
        Files::from([
            (JOURNAL.to_owned(), journal.into_bytes()),
            (CHECKPOINT.to_owned(), end),
            ("a.csv".to_owned(), b"\"a\"\r\n".to_vec()),
        ])
    }

    fn faults(files: &Files) -> Vec<String> {
        let faults = verify(files, Some(&key().public())).faults;
        faults.into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn an_untouched_bundle_verifies_and_is_the_same_every_time() {
        let files = sealed_with(&key(), bundle());
        assert_eq!(faults(&files), Vec::<String>::new());
        assert_eq!(files, sealed_with(&key(), bundle()));
    }

    #[test]
    fn every_flipped_bit_of_every_file_is_found_and_the_file_named() {
        let whole = sealed_with(&key(), bundle());
        for path in whole.keys() {
            for place in 0..whole[path].len() {
                let mut files = whole.clone();
                files.get_mut(path).unwrap()[place] ^= 1 << (place % 8);
                assert!(faults(&files).contains(path), "byte {place} of {path}");
            }
        }
    }

    #[test]
    fn every_shortened_missing_or_added_file_is_found() {
        let whole = sealed_with(&key(), bundle());
        for path in whole.keys() {
            for length in [0, whole[path].len() / 2, whole[path].len() - 1] {
                let mut files = whole.clone();
                files.get_mut(path).unwrap().truncate(length);
                assert!(faults(&files).contains(path), "{path} cut to {length}");
            }
            let mut files = whole.clone();
            files.remove(path);
            assert!(faults(&files).contains(path), "without {path}");
        }
        let mut files = whole.clone();
        files.insert("evil.csv".to_owned(), Vec::new());
        assert_eq!(faults(&files), ["evil.csv"]);
        let mut longer = whole;
        longer.get_mut(MANIFEST).unwrap().push(b' ');
        assert_eq!(faults(&longer), [MANIFEST]);
    }

    #[test]
    fn what_somebody_else_signed_is_whole_but_not_ours() {
        let other = SigningKey::from_seed(&[8; 32]).unwrap();
        let files = sealed_with(&other, bundle());
        assert!(faults(&files).contains(&MANIFEST.to_owned()));
        // By its own word the checkpoint is somebody else's.
        let paths: Vec<_> = verify(&files, None).faults.into_iter().map(|one| one.path).collect();
        assert_eq!(paths, [CHECKPOINT]);
    }

    #[test]
    fn entries_that_do_not_lead_to_the_checkpoint_are_found_though_all_is_signed() {
        let mut files = bundle();
        let journal = String::from_utf8(files[JOURNAL].clone()).unwrap();
        let lines: Vec<_> = journal.lines().collect();
        for left in [&lines[..2], &[lines[0], lines[2]]] {
            files.insert(JOURNAL.to_owned(), left.join("\n").into_bytes());
            assert_eq!(faults(&sealed_with(&key(), files.clone())), [JOURNAL]);
        }
    }

    #[test]
    fn a_former_key_leads_to_the_one_that_signed_but_does_not_count_for_it() {
        let former = SigningKey::from_seed(&[8; 32]).unwrap();
        let head = Digest::of(b"head");
        let (from, to) = (former.public(), key().public());
        let change = Rotation { org: OrgId::default_org(), from, to, seq: 2, head, at: at() };
        let change = change.sign(&former, &key()).unwrap();
        let with = |changes: &[&SignedRotation]| {
            let mut files = bundle();
            let told = serde_json::json!({ "changes": changes });
            files.insert(KEYS.to_owned(), told.to_string().into_bytes());
            sealed_with(&key(), files)
        };
        let files = with(&[&change]);
        assert_eq!(faults(&files), Vec::<String>::new());
        let told = verify(&files, Some(&former.public())).faults;
        assert!(told.iter().any(|one| one.what.contains("followed the key that you gave")));
        let stranger = SigningKey::from_seed(&[9; 32]).unwrap().public();
        let told = verify(&files, Some(&stranger)).faults;
        assert!(told.iter().all(|one| !one.what.contains("followed")), "{told:?}");
        let mut forged = change.clone();
        forged.by_former = forged.by_next;
        assert_eq!(faults(&with(&[&forged])), [KEYS]);
    }

    #[test]
    fn an_entry_that_was_emptied_does_not_pass_for_a_redacted_one() {
        let mut files = bundle();
        let journal = String::from_utf8(files[JOURNAL].clone()).unwrap();
        let emptied = journal.lines().map(|line| {
            let mut entry: Entry = serde_json::from_str(line).unwrap();
            // It is shown because it is of before the end of the period.
            if entry.seq == 2 {
                (entry.data, entry.salt) = (serde_json::Value::Null, String::new());
            }
            serde_json::to_string(&entry).unwrap() + "\n"
        });
        let emptied: String = emptied.collect();
        files.insert(JOURNAL.to_owned(), emptied.into_bytes());
        let later = at() + jiff::SignedDuration::from_hours(1);
        let sealed = |taken_out: &[u64]| {
            let mut sealed = sealed_with(&key(), files.clone());
            let signed: SignedManifest = serde_json::from_slice(&sealed[MANIFEST]).unwrap();
            let Manifest { scope, files, .. } = signed.manifest;
            let told = (Scope { to: later, ..scope }, taken_out.iter().copied().collect());
            let (text, _) = seal(files, told, &key()).unwrap();
            sealed.insert(MANIFEST.to_owned(), text.into_bytes());
            sealed
        };
        let told = verify(&sealed(&[]), Some(&key().public())).faults;
        assert!(told[0].what.contains("entry 2 lost its data"), "{told:?}");
        assert_eq!(faults(&sealed(&[2])), Vec::<String>::new());
        // What is said to be taken out must be there, and without its data.
        for wrong in [3, 9] {
            let told = verify(&sealed(&[2, wrong]), Some(&key().public())).faults;
            let what = format!("the data of entry {wrong} was taken out, but");
            assert!(told[0].what.contains(&what), "{told:?}");
        }
    }

    #[test]
    fn a_clock_that_went_back_is_named_though_the_bundle_is_as_it_was_made() {
        let (mut prev, mut journal) = (Digest::zero(), String::new());
        for (seq, minutes) in [(1, 0), (2, 60), (3, 51), (4, 40)] {
            let draft = Draft {
                at: at() + jiff::SignedDuration::from_mins(minutes),
                actor: "anna".to_owned(),
                event: Event::AppObserved,
                about: About::default(),
                data: serde_json::json!({ "n": seq }),
            };
            let entry = Entry::chain(draft, seq, prev, [7; 16]).unwrap();
            prev = entry.hash;
            journal += &format!("{}\n", serde_json::to_string(&entry).unwrap());
        }
        let org = OrgId::default_org();
        let end = Checkpoint { org, seq: 4, head: prev, at: at(), key: key().public() };
        let end = serde_json::to_vec(&end.sign(&key()).unwrap()).unwrap();
        let mut files = bundle();
        files.insert(JOURNAL.to_owned(), journal.into_bytes());
        files.insert(CHECKPOINT.to_owned(), end);
        let verdict = verify(&sealed_with(&key(), files), Some(&key().public()));
        assert_eq!(verdict.faults, []);
        assert_eq!(verdict.clock_went_back, [4], "nine minutes may be two machines");
        assert!(verify(&sealed_with(&key(), bundle()), None).clock_went_back.is_empty());
    }

    #[test]
    fn a_proof_under_a_wrong_name_is_found_though_all_is_signed() {
        let mut files = bundle();
        let right = format!("{ATTACHMENTS}{}", Digest::of(b"proof"));
        files.insert(right.clone(), b"proof".to_vec());
        assert_eq!(faults(&sealed_with(&key(), files.clone())), Vec::<String>::new());
        files.insert(right.clone(), b"another".to_vec());
        assert_eq!(faults(&sealed_with(&key(), files)), [right]);
    }

    #[test]
    fn the_journal_of_a_bundle_is_held_against_a_checkpoint_that_was_kept() {
        let files = sealed_with(&key(), bundle());
        let own: SignedCheckpoint = serde_json::from_slice(&files[CHECKPOINT]).unwrap();
        let against = |seq, head, signer: &SigningKey| {
            let key_of = signer.public();
            let kept = Checkpoint { seq, head, key: key_of, ..own.checkpoint.clone() };
            let kept = kept.sign(signer).unwrap();
            let told = verify_kept(&files, Some(&key().public()), Some(&kept)).faults;
            told.iter().map(ToString::to_string).collect::<String>()
        };
        let entries = String::from_utf8(files[JOURNAL].clone()).unwrap();
        let entries: Vec<Entry> =
            entries.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(against(2, entries[1].hash, &key()), "");
        assert_eq!(against(0, Digest::zero(), &key()), "");
        assert!(against(2, entries[0].hash, &key()).contains("written anew"));
        assert!(against(9, entries[0].hash, &key()).contains("ends at entry 3"));
        let other = SigningKey::from_seed(&[8; 32]).unwrap();
        assert!(against(2, entries[1].hash, &other).contains("does not know"));
    }
}
