//! The manifest of a bundle: every file with its hash, one root over all of them, one signature.
//! Verifying needs the files, and the public key from a hand that is trusted; nothing else.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    checkpoint::SignedCheckpoint,
    key::{PublicKey, Purpose, Signature, SigningKey},
    merkle,
};
use crate::model::{
    canonical::{Digest, canonical_json},
    id::{AppName, OrgId},
    journal::Entry,
};

/// Where the manifest lies.
pub const MANIFEST: &str = "manifest.json";

/// Where the journal's entries lie.
pub const JOURNAL: &str = "journal.jsonl";

/// Where the checkpoint lies.
pub const CHECKPOINT: &str = "checkpoint.json";

/// The files of a bundle, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

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
    /// The form of the bundle; 1.
    pub format: u32,
    /// What it is of.
    pub scope: Scope,
    /// Every other file, by path.
    pub files: Vec<FileEntry>,
    /// The root over the files (RFC 6962); a leaf is the canonical JSON of an entry of `files`.
    pub root: Digest,
    /// The key that signs this.
    pub key: PublicKey,
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

/// Adds the signed manifest to `files`. Gives the root.
///
/// # Errors
/// When it cannot be canonical JSON.
pub fn seal(
    files: &mut Files,
    scope: Scope,
    key: &SigningKey,
) -> Result<Digest, serde_json::Error> {
    let entries: Vec<FileEntry> = files.iter().map(|(path, bytes)| entry(path, bytes)).collect();
    let root = root(&entries)?;
    let manifest = Manifest { format: 1, scope, files: entries, root, key: key.public() };
    let signature = key.sign(Purpose::Manifest, &canonical_json(&manifest)?);
    let text = canonical_json(&SignedManifest { manifest, signature })?;
    files.insert(MANIFEST.to_owned(), format!("{text}\n").into_bytes());
    Ok(root)
}

fn entry(path: &str, bytes: &[u8]) -> FileEntry {
    FileEntry { path: path.to_owned(), bytes: bytes.len() as u64, sha256: Digest::of(bytes) }
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
}

/// Verifies a bundle by `key`, or else by the key that it brings along itself: that shows only that
/// it is whole, not who made it.
#[must_use]
pub fn verify(files: &Files, key: Option<&PublicKey>) -> Verdict {
    let Some(bytes) = files.get(MANIFEST) else {
        return Verdict { manifest: None, faults: vec![fault(MANIFEST, "is missing")] };
    };
    let signed: SignedManifest = match serde_json::from_slice(bytes) {
        Ok(signed) => signed,
        Err(error) => {
            let faults = vec![fault(MANIFEST, format!("cannot be understood: {error}"))];
            return Verdict { manifest: None, faults };
        }
    };
    let mut faults = signature_faults(&signed, bytes, key);
    let SignedManifest { manifest, .. } = signed;
    faults.extend(file_faults(&manifest, files));
    if faults.is_empty() {
        faults.extend(journal_faults(&manifest, files));
    }
    Verdict { manifest: Some(manifest), faults }
}

fn signature_faults(signed: &SignedManifest, bytes: &[u8], key: Option<&PublicKey>) -> Vec<Fault> {
    let SignedManifest { manifest, signature } = signed;
    let mut faults = Vec::new();
    if let Some(key) = key.filter(|key| **key != manifest.key) {
        let what = format!("was signed with another key than {key}: {}", manifest.key);
        faults.push(fault(MANIFEST, what));
    }
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

fn file_faults(manifest: &Manifest, files: &Files) -> Vec<Fault> {
    let mut faults = Vec::new();
    for told in &manifest.files {
        match files.get(&told.path) {
            None => faults.push(fault(&told.path, "is missing")),
            Some(bytes) if bytes.len() as u64 != told.bytes => faults.push(fault(
                &told.path,
                format!("was changed: it has {} bytes, not {}", bytes.len(), told.bytes),
            )),
            Some(bytes) if Digest::of(bytes) != told.sha256 => {
                faults.push(fault(&told.path, "was changed: it has another SHA-256"));
            }
            Some(_) => {}
        }
    }
    let told = |path: &String| manifest.files.iter().any(|entry| entry.path == *path);
    let added = files.keys().filter(|path| *path != MANIFEST && !told(path));
    faults.extend(added.map(|path| fault(path, "was added: the manifest does not know it")));
    faults
}

/// The entries must be a chain that ends where the checkpoint says, under the same key.
fn journal_faults(manifest: &Manifest, files: &Files) -> Vec<Fault> {
    let (Some(journal), Some(checkpoint)) = (files.get(JOURNAL), files.get(CHECKPOINT)) else {
        return vec![fault(JOURNAL, "the journal or its checkpoint is not in the bundle")];
    };
    let signed: SignedCheckpoint = match serde_json::from_slice(checkpoint) {
        Ok(signed) => signed,
        Err(error) => return vec![fault(CHECKPOINT, format!("cannot be understood: {error}"))],
    };
    let mut faults = Vec::new();
    if let Err(why) = signed.verify(&manifest.key) {
        faults.push(fault(CHECKPOINT, why.to_string()));
    }
    let mut before: Option<(u64, Digest)> = None;
    for line in journal.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let entry: Entry = match serde_json::from_slice(line) {
            Ok(entry) => entry,
            Err(error) => {
                faults.push(fault(JOURNAL, format!("an entry cannot be understood: {error}")));
                return faults;
            }
        };
        let (seq, prev) = before.map_or((entry.seq, entry.prev), |(seq, hash)| (seq + 1, hash));
        if let Err(broken) = entry.verify(seq, &prev) {
            faults.push(fault(JOURNAL, broken.to_string()));
            return faults;
        }
        before = Some((entry.seq, entry.hash));
    }
    let end = (signed.checkpoint.seq, signed.checkpoint.head);
    if before != Some(end) {
        faults.push(fault(JOURNAL, "does not end where the checkpoint says"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::evidence::checkpoint::Checkpoint,
        model::journal::{About, Draft, Event},
    };

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
        seal(&mut files, scope, key).unwrap();
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
}
