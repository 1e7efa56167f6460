//! The populations of a period as the journal tells them: at its beginning, at its end, and
//! everything that happened to accounts between, so that one can be reckoned from the other.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::{
    engine::{
        evidence::{
            population::{self, Basis, Moved, Movement},
            report::{Population, Standing},
        },
        history::{Known, Restated, table},
    },
    model::{
        id::{AccountId, AppName},
        journal::Entry,
        link::{Link, Tie},
        observation::Completeness,
        policy::Organization,
        roster::Presence,
    },
};
use serde_json::{Value as Json, json};

use super::{
    bundle::{Bundle, Table},
    export::Material,
    pass::{self, Passed, Side},
    people::{self, Somebody},
};
use crate::{
    error::Result,
    store::records::{ObservationRecord, SourceRecord},
};

const ACCOUNTS: &[&str] = &[
    "side",
    "moment",
    "app",
    "account",
    "login",
    "name",
    "tie",
    "person",
    "person_name",
    "person_state",
    "role",
    "status",
    "kind",
    "mfa",
    "created",
    "first_seen",
    "last_changed",
    "taken_out",
];

const MOVEMENTS: &[&str] = &[
    "entry",
    "at",
    "app",
    "account",
    "login",
    "what",
    "role_before",
    "status_before",
    "role_after",
    "status_after",
    "read",
];

const POPULATIONS: &[&str] = &[
    "of",
    "app",
    "side",
    "moment",
    "count",
    "active",
    "unknown",
    "taken_out",
    "complete",
    "why_not",
    "rests_on",
    "read_started",
    "read_finished",
    "minutes_before",
    "read_accounts",
    "stated_total",
    "next_complete_read",
    "next_complete_finished",
    "came",
    "went",
];

/// One population at one moment.
struct Taken {
    app: Option<AppName>,
    side: Side,
    count: usize,
    active: usize,
    unknown: usize,
    taken_out: usize,
    basis: Vec<Json>,
    why_not: Option<String>,
}

/// The populations at work.
pub(super) struct Populations<'m> {
    material: &'m Material,
    people: &'m [Somebody],
    names: BTreeMap<&'m str, &'m Somebody>,
    organization: &'m Organization,
    moments: [Timestamp; 2],
    accounts: Table,
    persons: Table,
    movements: Table,
    /// How many accounts came and went.
    moved: BTreeMap<AppName, (usize, usize)>,
    taken: Vec<Taken>,
    reads: Vec<muster_domain::model::id::ObservationId>,
}

impl<'m> Populations<'m> {
    pub(super) fn begin(
        (material, people): (&'m Material, &'m [Somebody]),
        organization: &'m Organization,
        bundle: &Bundle,
    ) -> Result<Self> {
        Ok(Self {
            material,
            people,
            names: people.iter().map(|one| (one.id.as_str(), one)).collect(),
            organization,
            moments: pass::moments(material),
            accounts: bundle.table("population_accounts", ACCOUNTS)?,
            persons: bundle.table("population_people", people::POPULATION)?,
            movements: bundle.table("account_movements", MOVEMENTS)?,
            moved: BTreeMap::new(),
            taken: Vec::new(),
            reads: Vec::new(),
        })
    }

    const fn moment(&self, side: Side) -> Timestamp {
        let [start, end] = self.moments;
        match side {
            Side::Start => start,
            Side::End => end,
        }
    }

    /// Writes who was there, as it is `known` at this side of the period.
    pub(super) fn take(&mut self, side: Side, known: &Known) -> Result<()> {
        for app in self.material.observations.keys() {
            let links = known.links(app)?;
            let basis = population::basis(known, app);
            let (mut count, mut active) = (0, 0);
            for (id, seen) in known.accounts.get(app).into_iter().flatten() {
                if seen.gone.is_some() {
                    continue;
                }
                count += 1;
                active += usize::from(seen.account.status.may_sign_in());
                let account = &seen.account;
                let (tie, person) = self.tie(links.get(id), side);
                let row = [
                    vec![
                        json!(side.word()),
                        json!(self.moment(side)),
                        json!(app),
                        json!(id),
                        json!(account.login),
                        json!(account.name),
                        tie,
                    ],
                    person.to_vec(),
                    vec![
                        json!(account.role),
                        json!(account.status),
                        json!(account.kind),
                        json!(account.mfa),
                        json!(account.created),
                        json!(seen.first_seen),
                        json!(seen.last_changed),
                        json!(false),
                    ],
                ];
                self.accounts.push(row.concat())?;
            }
            let taken_out = self.take_out(known, app, side)?;
            let why_not = basis.why_not.clone();
            let basis = self.basis(app, &basis, side);
            let app = Some(app.clone());
            let (unknown, count) = (0, count + taken_out);
            self.taken.push(Taken { app, side, count, active, unknown, taken_out, basis, why_not });
        }
        self.take_people(side, known)
    }

    /// Accounts of people whose data was taken out: that they were there, and no more.
    fn take_out(&mut self, known: &Known, app: &AppName, side: Side) -> Result<usize> {
        let at = self.moment(side);
        let accounts = known.accounts.get(app);
        let mut count = 0;
        for ((of, id), record) in &self.material.records {
            let there = record.first_seen <= at && record.gone.is_none_or(|gone| at < gone);
            let told = accounts.is_some_and(|accounts| accounts.contains_key(id));
            let hers = || self.material.taken_out.contains(&(of.clone(), id.clone()));
            if of != app || !there || told || !hers() {
                continue;
            }
            count += 1;
            let mut row = vec![json!(side.word()), json!(at), json!(app), json!(id)];
            row.resize(ACCOUNTS.len() - 1, Json::Null);
            row.push(json!(true));
            self.accounts.push(row)?;
        }
        Ok(count)
    }

    fn tie(&self, link: Option<&Link>, side: Side) -> (Json, [Json; 3]) {
        let nobody = || [Json::Null, Json::Null, Json::Null];
        match link.map(|link| &link.tie) {
            None => (json!("nobody"), nobody()),
            Some(Tie::Unwanted { .. }) => (json!("unwanted"), nobody()),
            Some(Tie::NotAPerson { kind, owner, .. }) => {
                let name = self.names.get(owner.as_str()).map(|one| &one.name);
                (json!(kind.word()), [json!(owner), json!(name), Json::Null])
            }
            Some(Tie::Person { person, .. }) => {
                let somebody = self.names.get(person.as_str());
                let name = somebody.map(|one| &one.name);
                let state = somebody.map(|one| one.state(side).word());
                (json!("person"), [json!(person), json!(name), json!(state)])
            }
        }
    }

    /// What the population of an app's accounts rests on, and the next complete read after it.
    fn basis(&mut self, app: &AppName, basis: &Basis, side: Side) -> Vec<Json> {
        let at = self.moment(side);
        let reads = self.material.observations.get(app).map(Vec::as_slice).unwrap_or_default();
        let last = basis.last.as_ref();
        let record = last.and_then(|last| reads.iter().find(|read| read.id == last.id));
        let proven = |read: &&ObservationRecord| {
            at <= read.header.finished && read.header.completeness == Completeness::Proven
        };
        let next = reads.iter().find(proven);
        self.reads.extend(last.map(|last| last.id.clone()));
        self.reads.extend(basis.proven.as_ref().map(|read| read.id.clone()));
        self.reads.extend(next.map(|next| next.id.clone()));
        vec![
            json!(last.map(|last| &last.id)),
            json!(last.map(|last| last.started)),
            json!(last.map(|last| last.finished)),
            json!(last.map(|last| at.duration_since(last.started).as_mins())),
            json!(record.map(|record| record.seen)),
            json!(record.map(|record| record.header.tally.stated_total)),
            json!(next.map(|next| &next.id)),
            json!(next.map(|next| next.header.finished)),
        ]
    }

    fn take_people(&mut self, side: Side, known: &Known) -> Result<()> {
        let at = self.moment(side);
        let of = (self.people, known);
        let counted = people::population(&mut self.persons, of, (side, at), self.organization)?;
        let mut sources: Vec<SourceRecord> = Vec::new();
        for doc in known.rows(table::SOURCES).into_iter().flatten().map(|(_, doc)| doc) {
            sources.push(serde_json::from_value(doc.clone())?);
        }
        let whole = sources.iter().filter(|source| source.presence != Presence::Changes);
        let oldest = whole.clone().map(|source| source.imported_at).min();
        let why_not = match oldest {
            None => Some("no list of everybody had been imported by then".to_owned()),
            Some(_) => population::unread(&known.unread),
        };
        let names: Vec<_> = whole.map(|source| &source.name).collect();
        let mut basis = vec![
            if names.is_empty() { Json::Null } else { json!(names) },
            json!(oldest),
            json!(oldest),
            json!(oldest.map(|oldest| at.duration_since(oldest).as_mins())),
        ];
        basis.resize(8, Json::Null);
        self.taken.push(Taken {
            app: None,
            side,
            count: counted.people,
            active: counted.people - counted.unknown,
            unknown: counted.unknown,
            taken_out: 0,
            basis,
            why_not,
        });
        Ok(())
    }

    /// Writes what an entry of the period changes about accounts.
    pub(super) fn moved(
        &mut self,
        known: &Known,
        entry: &Entry,
        restated: &Restated,
    ) -> Result<()> {
        let Some(app) = entry.about.app.as_ref().filter(|app| self.material.wanted.includes(app))
        else {
            return Ok(());
        };
        for movement in population::movements(known, entry, restated) {
            let Movement { at, account, what, before, after } = movement;
            // What is told again after her data was taken out is nothing new.
            let again = account.as_ref().is_some_and(|id| self.was_taken_out(app, id, at));
            let what = if again && what == Moved::Appeared { Moved::Changed } else { what };
            let (came, went) = self.moved.entry(app.clone()).or_default();
            *came += usize::from(matches!(what, Moved::Appeared | Moved::Returned));
            *went += usize::from(what == Moved::Gone);
            let login = after.as_ref().or(before.as_ref()).map(|account| &account.login);
            self.movements.push(vec![
                json!(entry.seq),
                json!(at),
                json!(app),
                json!(account),
                json!(login),
                json!(what.word()),
                json!(before.as_ref().map(|account| &account.role)),
                json!(before.as_ref().map(|account| account.status)),
                json!(after.as_ref().map(|account| &account.role)),
                json!(after.as_ref().map(|account| account.status)),
                entry.data.get("observation").cloned().unwrap_or_default(),
            ])?;
        }
        Ok(())
    }

    fn was_taken_out(&self, app: &AppName, id: &AccountId, at: Timestamp) -> bool {
        let key = (app.clone(), id.clone());
        let before = |seen: Timestamp| seen < at;
        self.material.taken_out.contains(&key)
            && self.material.records.get(&key).is_some_and(|record| before(record.first_seen))
    }

    /// Writes what all of them come to.
    pub(super) fn end(self, bundle: &mut Bundle, passed: &mut Passed) -> Result<()> {
        bundle.end(self.accounts)?;
        bundle.end(self.persons)?;
        bundle.end(self.movements)?;
        let [_, until] = self.moments;
        let people = people::movements(bundle, self.people, &self.material.wanted, until)?;
        let mut table = bundle.table("populations", POPULATIONS)?;
        let mut numbers: BTreeMap<Option<AppName>, Population> = BTreeMap::new();
        for taken in self.taken {
            let Taken { app, side, count, active, unknown, taken_out, basis, why_not } = taken;
            let moved = match &app {
                None => people,
                Some(app) => self.moved.get(app).copied().unwrap_or_default(),
            };
            let at = match side {
                Side::Start => self.moments[0],
                Side::End => until,
            };
            let mut row = vec![
                json!(if app.is_some() { "accounts" } else { "people" }),
                json!(app),
                json!(side.word()),
                json!(at),
                json!(count),
                json!(active),
                json!(unknown),
                json!(taken_out),
                json!(why_not.is_none()),
                json!(why_not),
            ];
            row.extend(basis);
            let (came, went) = moved;
            let of_period = side == Side::End;
            row.extend([came, went].map(|n| if of_period { json!(n) } else { Json::Null }));
            table.push(row)?;
            let standing = Standing { count, complete: why_not.is_none() };
            let one = numbers.entry(app.clone()).or_insert_with(|| Population {
                of: app,
                start: standing,
                end: standing,
                came,
                went,
            });
            if of_period {
                one.end = standing;
            }
        }
        bundle.end(table)?;
        passed.populations = numbers.into_values().collect();
        passed.reads.extend(self.reads);
        Ok(())
    }
}
