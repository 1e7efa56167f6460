//! After-images: what a transaction writes to the state, its journal entries tell. So the journal
//! alone holds the state at every moment, and nothing can be written that it does not tell.
//!
//! An image stands in the entry that is about the same person or account, so that it is taken out
//! with that person's data; else in the entry that was drafted next, else in the last one.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::model::{
    history::{AFTER, Image},
    journal::Draft,
};
use serde_json::Value as Json;

use super::{
    StoreError,
    columns::{
        APPROVALS, CONNECTIONS, LEARNED, LINKS, ORDERS, PEOPLE, RUNS, Row, SOURCES, Table, Value,
        parse_json,
    },
    tx::Write,
};

/// The tables that the journal tells by images. Accounts, reads, policies, checks, work and notices
/// have entries of their own that tell all there is; credentials and files never stand in the
/// journal; and what an app's trail tells of people's habits is kept out of what cannot be changed.
const TOLD: &[&Table] =
    &[&PEOPLE, &SOURCES, &CONNECTIONS, &LEARNED, &LINKS, &RUNS, &APPROVALS, &ORDERS];

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
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::OptionalText(text) => text.clone().unwrap_or_default(),
        Value::Number(number) => number.to_string(),
    };
    let key = row.iter().take(table.keys.len()).map(text).collect();
    let doc = row.last().map(text).unwrap_or_default();
    Ok((key, parse_json(table.name, &doc)?))
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
