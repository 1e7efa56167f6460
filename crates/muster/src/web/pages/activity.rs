//! Activity: the journal, newest first; and whether it is whole.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    response::Response,
};
use futures_util::stream;
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use muster_domain::model::{
    id::{AppName, PersonId},
    journal::{Entry, Event},
    person::Person,
    user::Permission,
};
use serde::Deserialize;
use serde_json::json;

use super::users::end_of;
use crate::{
    error::Error,
    service::{Muster, activity::Wanted},
    web::{
        Web, csv,
        problem::Problem,
        routes::{Needs, Route, form, get, post},
        shell::{self, Shell},
        tell,
        who::Who,
    },
};

const AT: &str = "/activity";

/// So many entries stand on a page.
const ROWS: usize = 100;

/// Data of so many characters stands in the list; longer data stands on the page of its entry.
const SHORT: usize = 1500;

/// Entries are read so many at a time for a file.
const BATCH: u32 = 500;

pub(super) fn routes() -> Vec<Route> {
    let read = Needs::May(Permission::Read);
    vec![
        get(AT, read, show),
        get("/activity/{seq}", read, show_one),
        get("/activity.csv", Needs::May(Permission::Evidence), export),
        post("/activity/verify", read, verify),
    ]
}

/// An entry as it is shown.
struct Row {
    entry: Entry,
    told: String,
    raw: Option<String>,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    shell: Shell,
    rows: Vec<Row>,
    older: Option<String>,
    export: Option<String>,
    apps: Vec<AppName>,
    asked: Asked,
    trouble: Option<String>,
    beside: Vec<String>,
}

impl ActivityPage {
    fn events(&self) -> &'static [Event] {
        Event::ALL
    }
}

/// What is asked for, as it was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    event: String,
    person: String,
    app: String,
    account: String,
    actor: String,
    since: String,
    until: String,
    before: String,
}

impl Asked {
    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let Self { event, person, app, account, actor, since, until, before: _ } = self;
        let all: [(&'static str, &str); 7] = [
            ("event", event),
            ("person", person),
            ("app", app),
            ("account", account),
            ("actor", actor),
            ("since", since),
            ("until", until),
        ];
        all.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect()
    }

    fn is_narrowed(&self) -> bool {
        !self.pairs().is_empty() || !self.before.is_empty()
    }

    async fn wanted(&self, muster: &Muster, who: &Who, zone: &TimeZone) -> Result<Wanted, Error> {
        let told = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let event = told(&self.event).map(|word| {
            let known = Event::ALL.iter().copied().find(|event| event.word() == word);
            known.ok_or_else(|| Error::Invalid(format!("nothing of the kind {word} is kept")))
        });
        let person = match told(&self.person) {
            Some(text) => Some(muster.find_person(&text).await?.id),
            None => None,
        };
        let before = told(&self.before).map(|text| {
            text.parse().map_err(|_| Error::Invalid(format!("{text} is no number of an entry")))
        });
        let until = told(&self.until).map(|day| end_of(&day, zone)).transpose()?;
        Ok(Wanted {
            since: told(&self.since).map(|day| start_of(&day, zone)).transpose()?,
            // The end of a day is the beginning of the next, which is not asked for.
            until: until.and_then(|end| end.checked_sub(SignedDuration::from_nanos(1)).ok()),
            event: event.transpose()?,
            person,
            app: told(&self.app).map(|app| app.parse()).transpose()?,
            account: told(&self.account).map(|id| id.parse()).transpose()?,
            actor: told(&self.actor),
            before: before.transpose()?,
            apps: who.user.apps.clone(),
        })
    }
}

/// The beginning of a day.
fn start_of(day: &str, zone: &TimeZone) -> Result<jiff::Timestamp, Error> {
    let invalid = || Error::Invalid(format!("{day} is no day; write it as in 2026-12-31"));
    let parsed: Date = day.parse().map_err(|_| invalid())?;
    Ok(parsed.to_zoned(zone.clone()).map_err(|_| invalid())?.timestamp())
}

async fn show(
    State(web): State<Web>,
    who: Who,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    Ok(shell::page(&page_of(&web, who, asked).await?))
}

async fn page_of(web: &Web, who: Who, asked: Asked) -> Result<ActivityPage, Problem> {
    let muster = who.muster(web);
    let apps = muster.store.connections().await?.into_iter().map(|one| one.app);
    let apps = apps.filter(|app| who.sees(app)).collect();
    let may_export = who.may(Permission::Evidence);
    let viewer = who.clone();
    let shell = Shell::new(web, who, AT, "Activity").await?;
    let limit = u32::try_from(ROWS + 1).unwrap_or(u32::MAX);
    let (mut entries, trouble) = match asked.wanted(&muster, &viewer, &shell.zone).await {
        Ok(wanted) => (muster.activity(&wanted, limit).await?, None),
        Err(error @ (Error::Invalid(_) | Error::NotFound(_))) => {
            (Vec::new(), Some(error.to_string()))
        }
        Err(error) => return Err(error.into()),
    };
    let is_more = entries.len() > ROWS;
    entries.truncate(ROWS);
    let older = entries.last().filter(|_| is_more).map(|last| {
        let seq = last.seq.to_string();
        let pairs: Vec<_> = asked.pairs().into_iter().chain([("before", seq.as_str())]).collect();
        format!("{AT}?{}", form(&pairs))
    });
    let export = may_export.then(|| format!("{AT}.csv?{}", form(&asked.pairs())));
    let people = muster.people().await?;
    let row = |entry: Entry| {
        let raw = serde_json::to_string_pretty(&entry.data).unwrap_or_default();
        let raw = (raw.len() <= SHORT).then_some(raw);
        Row { told: tell::sentence(&entry, &people), entry, raw }
    };
    let rows = entries.into_iter().map(row).collect();
    Ok(ActivityPage { shell, rows, older, export, apps, asked, trouble, beside: Vec::new() })
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    shell: Shell,
    entry: Entry,
    told: String,
    raw: String,
}

async fn show_one(
    State(web): State<Web>,
    who: Who,
    Path(seq): Path<String>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let nothing = || Problem::not_found(format!("there is no entry {seq} that you see"));
    let number: u64 = seq.parse().map_err(|_| nothing())?;
    let entry = muster.entry(number).await?.filter(|one| one.seq == number).ok_or_else(nothing)?;
    let seen = match (&who.user.apps, &entry.about.app) {
        (None, _) => true,
        (Some(_), Some(app)) => who.sees(app),
        (Some(_), None) => false,
    };
    if !seen {
        return Err(nothing());
    }
    let told = tell::sentence(&entry, &muster.people().await?);
    let raw = serde_json::to_string_pretty(&entry).map_err(Error::from)?;
    let shell = Shell::new(&web, who, AT, format!("Entry {number}")).await?;
    Ok(shell::page(&EntryPage { shell, entry, told, raw }))
}

async fn verify(State(web): State<Web>, who: Who) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let sees_all = who.user.apps.is_none();
    let mut page = page_of(&web, who, Asked::default()).await?;
    let verified = match muster.verify_against(None, None).await {
        Ok(verified) => verified,
        Err(error @ (Error::Journal(_) | Error::Conflict(_))) => {
            page.trouble = Some(format!("The journal does not verify: {error}"));
            return Ok(shell::page(&page));
        }
        Err(error) => return Err(error.into()),
    };
    let agreement = muster.agreement().await?;
    let entries = verified.journal.entries;
    let whole = format!(
        "The journal verifies: {entries} entries, the last one {}.",
        verified.journal.head.brief()
    );
    if agreement.beside.is_empty() {
        let notice = format!("{whole} What Muster knows now is what it tells.");
        page.shell = page.shell.with_notice(notice);
    } else {
        let count = agreement.beside.len();
        page.trouble = Some(format!(
            "{whole} But what Muster knows now is not what it tells, in {count} places."
        ));
        page.beside = if sees_all { agreement.beside } else { Vec::new() };
    }
    Ok(shell::page(&page))
}

const HEADINGS: &[&str] =
    &["entry", "at", "by", "event", "told", "app", "account", "person", "operation", "data"];

/// How far a file has come.
struct Export {
    muster: Muster,
    wanted: Wanted,
    people: BTreeMap<PersonId, Person>,
    sheet: csv::Sheet,
    begun: bool,
}

impl Export {
    /// The next piece; nothing after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let head = if self.begun { String::new() } else { self.sheet.head().csv };
        self.begun = true;
        let entries = self.muster.activity(&self.wanted, BATCH).await?;
        if let Some(last) = entries.last() {
            self.wanted.before = Some(last.seq);
        }
        let text = entries.iter().fold(head, |text, entry| text + &self.line(entry));
        Ok(Some(Bytes::from(text)).filter(|bytes| !bytes.is_empty()))
    }

    fn line(&mut self, entry: &Entry) -> String {
        let about = &entry.about;
        let row = vec![
            json!(entry.seq),
            json!(entry.at),
            json!(entry.actor),
            json!(entry.event),
            json!(tell::sentence(entry, &self.people)),
            json!(about.app),
            json!(about.account),
            json!(about.person),
            json!(about.operation),
            json!(entry.data.to_string()),
        ];
        self.sheet.row(row, &BTreeSet::new()).csv
    }
}

async fn export(
    State(web): State<Web>,
    who: Who,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let muster = who.muster(&web);
    let zone = muster.policy_or_none().await?.organization.time_zone;
    let wanted = asked.wanted(&muster, &who, &zone).await?;
    let people = muster.people().await?;
    let sheet = csv::Sheet::new(HEADINGS);
    let export = Export { muster, wanted, people, sheet, begun: false };
    let pieces = stream::unfold(Some(export), |export| async move {
        let mut export = export?;
        match export.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(export))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(csv::file("activity.csv", pieces))
}
