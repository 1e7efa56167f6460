//! After-images: what a transaction writes to the state, its journal entries tell. So the journal
//! alone holds the state at every moment, and nothing can be written that it does not tell.
//!
//! An image stands in the entry that is about the same person or account, so that it is taken out
//! with that person's data; else in the entry that was drafted next, else in the last one.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::model::{
    canonical::Digest,
    history::{AFTER, Image},
    journal::Draft,
};
use serde_json::Value as Json;

use super::{
    StoreError,
    columns::{
        ACTIVITY, APPROVALS, CONNECTIONS, CREDENTIALS, LEARNED, LINKS, NOTICED, ORDERS, PEOPLE,
        RUNS, Row, SIGNING_KEYS, SOURCES, TRAILS, Table, Value, parse_json,
    },
    tx::Write,
};

/// The tables that the journal tells by images. Accounts, reads, policies, checks and work have
/// entries of their own that tell all there is; the digest of a file stands in the order that it
/// was attached to, and that of a plan in the entry that tells of it.
const TOLD: &[&Table] =
    &[&PEOPLE, &SOURCES, &CONNECTIONS, &LEARNED, &LINKS, &RUNS, &APPROVALS, &ORDERS, &TRAILS];

/// The tables of which images tell a digest alone: secrets never stand in the journal, and what an
/// app's trail tells of people's habits is kept out of what cannot be changed. What a row of
/// activity holds is salted, so that nobody finds it by trying.
const DIGESTED: &[&Table] = &[&ACTIVITY, &CREDENTIALS, &SIGNING_KEYS];

/// The digest of what lies in the columns of a row beside its key.
pub(super) fn row_digest(rest: &[String]) -> Json {
    Json::String(Digest::of(rest.join("\n").as_bytes()).to_string())
}

/// What of a run that goes on is as it was.
const KEPT_OF_A_RUN: [&str; 2] = ["operation", "before_image"];

/// An image and the place of the write it is of.
struct Found {
    place: usize,
    image: Image,
}

/// Puts the images of what is written into the entries that are written with it. Of the runs named
/// in `going_on` only what changes is told.
///
/// # Errors
/// [`StoreError::Unjournaled`] when there is no entry to stand in.
pub(super) fn tell(writes: &mut [Write], going_on: &BTreeSet<String>) -> Result<(), StoreError> {
    let found = found(writes)?;
    if found.is_empty() {
        return Ok(());
    }
    let entries = Entries::of(writes);
    let mut told: BTreeMap<usize, Vec<Image>> = BTreeMap::new();
    for one in found {
        let place = entries.place_for(&one).ok_or(StoreError::Unjournaled)?;
        let Image { table, key, .. } = &one.image;
        let goes_on = table == RUNS.name && key.iter().any(|id| going_on.contains(id));
        let image = if goes_on { one.image.keeping(&KEPT_OF_A_RUN) } else { one.image };
        told.entry(place).or_default().push(image);
    }
    for (place, images) in told {
        if let Some(Write::Journal(draft)) = writes.get_mut(place) {
            put(draft, images)?;
        }
    }
    Ok(())
}

/// The last image of each row.
fn found(writes: &[Write]) -> Result<Vec<Found>, StoreError> {
    let mut last: BTreeMap<(&'static str, Vec<String>), (usize, Json)> = BTreeMap::new();
    for (place, write) in writes.iter().enumerate() {
        match write {
            Write::Rows(table, rows) if TOLD.iter().any(|told| told.name == table.name) => {
                for row in rows {
                    let (key, doc) = key_and_doc(table, row)?;
                    last.insert((table.name, key), (place, doc));
                }
            }
            Write::Rows(table, rows) if DIGESTED.iter().any(|told| told.name == table.name) => {
                for row in rows {
                    let (key, rest) = row.split_at(table.keys.len().min(row.len()));
                    let doc = row_digest(&rest.iter().map(words).collect::<Vec<_>>());
                    let key = key.iter().map(words).collect();
                    last.insert((table.name, key), (place, doc));
                }
            }
            Write::Rows(table, rows) if table.name == NOTICED.name => {
                for row in rows {
                    let key = row.iter().take(NOTICED.keys.len()).map(words).collect();
                    let since = row.last().map(words).unwrap_or_default();
                    last.insert((NOTICED.name, key), (place, Json::String(since)));
                }
            }
            Write::Forget(app, went) => {
                for what in went {
                    let key = vec![app.to_string(), what.clone()];
                    last.insert((NOTICED.name, key), (place, Json::Null));
                }
            }
            Write::Unseal(app) => {
                last.insert((CREDENTIALS.name, vec![app.to_string()]), (place, Json::Null));
            }
            Write::ForgetSeeds(before) if *before > 1 => {
                let former = vec![(before - 1).to_string()];
                last.insert((SIGNING_KEYS.name, former), (place, Json::Null));
            }
            Write::RemovePerson(person) => {
                last.insert((PEOPLE.name, vec![person.to_string()]), (place, Json::Null));
            }
            Write::Unlink(app, account) => {
                let key = vec![app.to_string(), account.to_string()];
                last.insert((LINKS.name, key), (place, Json::Null));
            }
            Write::TakeBack(kind, key) => {
                let key = vec![(*kind).to_owned(), key.clone()];
                last.insert((ORDERS.name, key), (place, Json::Null));
            }
            _ => {}
        }
    }
    let image = |((table, key), (place, doc))| Found { place, image: Image::new(table, key, doc) };
    Ok(last.into_iter().map(image).collect())
}

fn key_and_doc(table: &Table, row: &Row) -> Result<(Vec<String>, Json), StoreError> {
    let key = row.iter().take(table.keys.len()).map(words).collect();
    let doc = row.last().map(words).unwrap_or_default();
    Ok((key, parse_json(table.name, &doc)?))
}

/// A value as text.
fn words(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::OptionalText(text) => text.clone().unwrap_or_default(),
        Value::Number(number) => number.to_string(),
    }
}

/// Where the entries of a transaction stand among its writes.
struct Entries {
    of_person: BTreeMap<String, usize>,
    of_account: BTreeMap<(String, String), usize>,
    places: Vec<usize>,
}

impl Entries {
    fn of(writes: &[Write]) -> Self {
        let mut entries =
            Self { of_person: BTreeMap::new(), of_account: BTreeMap::new(), places: Vec::new() };
        for (place, write) in writes.iter().enumerate() {
            let Write::Journal(draft) = write else { continue };
            if !draft.data.is_object() {
                continue;
            }
            entries.places.push(place);
            if let Some(person) = &draft.about.person {
                entries.of_person.entry(person.to_string()).or_insert(place);
            }
            if let (Some(app), Some(account)) = (&draft.about.app, &draft.about.account) {
                let account = (app.to_string(), account.to_string());
                entries.of_account.entry(account).or_insert(place);
            }
        }
        entries
    }

    fn place_for(&self, found: &Found) -> Option<usize> {
        let Image { table, key, .. } = &found.image;
        let own = match key.as_slice() {
            [person] if table == PEOPLE.name => self.of_person.get(person),
            [app, account] if table == LINKS.name || table == LEARNED.name => {
                self.of_account.get(&(app.clone(), account.clone()))
            }
            _ => None,
        };
        let next = || self.places.iter().find(|place| **place > found.place);
        own.or_else(next).or_else(|| self.places.last()).copied()
    }
}

/// Writes images into an entry. What the entry tells anyway is pointed at, not told twice.
fn put(draft: &mut Draft, images: Vec<Image>) -> Result<(), StoreError> {
    let Some(data) = draft.data.as_object_mut() else { return Err(StoreError::Unjournaled) };
    let images: Vec<Image> = images.into_iter().map(|image| image.beside(data)).collect();
    let told = serde_json::to_value(images).map_err(|source| StoreError::Unstorable {
        what: "an after-image",
        source: source.into(),
    })?;
    data.insert(AFTER.to_owned(), told);
    Ok(())
}
