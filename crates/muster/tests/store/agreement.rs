//! The state held against the journal: whatever somebody changes in the database past Muster is
//! named, and nothing is that nobody changed.

use std::collections::{BTreeMap, BTreeSet};

use muster::{
    secret::Secret,
    service::{Muster, history::Agreement},
    store::{SigningSeed, StoreError, rows},
};
use muster_domain::model::{
    account::AccountStatus,
    activity::{Activity, Trail},
    canonical::digest_of,
    check::{CheckResult, CheckState, Severity, Unit},
    id::AccountId,
    journal::{About, Event},
    observation::Completeness,
    operation::{Deactivation, Learned, RunState},
    work::OpenWork,
};
use serde_json::{Value as Json, json};

use crate::{
    samples::{self, account, app, header, person},
    world::{Kind, World, note, now, story},
};

fn muster(world: &World) -> Muster {
    Muster {
        store: world.org.clone(),
        env: world.env.clone(),
        actor: "anna".to_owned(),
        node: "node".to_owned(),
        transports: std::sync::Arc::new(|| unreachable!("nothing here speaks to an app")),
        forgotten: None,
    }
}

async fn agreement(world: &World) -> Agreement {
    muster(world).agreement().await.unwrap()
}

/// A row of everything, told as the services tell it.
async fn fill(world: &World) {
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[person(1), person(2)]);
    tx.put_source(&samples::source());
    tx.put_connection(&samples::connection());
    tx.put_credentials(&app(), &Secret::new("secret".to_owned()));
    tx.put_order(&samples::freeze(1));
    tx.put_approval(&samples::approval(1, samples::precise()));
    tx.put_approval(&samples::approval(2, now() + jiff::SignedDuration::from_secs(60)));
    tx.put_links(&app(), &samples::links());
    tx.put_signing_seed(&SigningSeed { number: 1, seed: Secret::new("ab".repeat(32)) });
    note(&mut tx);
    tx.commit().await.unwrap();
    observe(world, &["1", "2", "3"]).await;
    observe(world, &["1", "2"]).await;
    let id: AccountId = "1".parse().unwrap();
    let mut tx = world.org.begin("anna", now());
    tx.put_learned(&app(), &id, Learned { deactivation: Deactivation::Ignored, at: now() });
    let work = OpenWork { open: 412, ..OpenWork::none(now()) };
    tx.put_work(&app(), &id, &work);
    let about = About { app: Some(app()), ..About::default() };
    tx.journal(Event::WorkSeen, about.clone(), json!({ "work": { "1": work } }));
    let policy = samples::policy(1);
    let policy = muster::store::records::PolicyVersion {
        digest: muster_domain::model::canonical::Digest::of(policy.text.as_bytes()),
        ..policy
    };
    tx.put_policy(&policy);
    let data =
        json!({ "number": 1, "digest": policy.digest, "text": policy.text, "at": policy.at });
    tx.journal(Event::PolicyApplied, About::default(), data);
    let activity = Activity { last_sign_in: Some(now()), ..Activity::default() };
    let trail = Trail { since: samples::precise(), until: now() };
    tx.put_activity(&app(), &BTreeMap::from([(id.clone(), activity)]), &trail);
    tx.journal(Event::TrailRead, about.clone(), json!({}));
    tx.notice(&app(), &BTreeMap::from([("a".to_owned(), now())]), Vec::new());
    tx.journal(Event::Noticed, about.clone(), json!({}));
    let run = samples::run(1, RunState::Intended);
    tx.put_run(&run);
    let data = json!({ "operation": run.operation, "before": run.before_image });
    tx.journal(Event::OperationIntended, About::default(), data);
    let plan = samples::plan();
    tx.put_plan(&plan);
    let made = About { plan: Some(plan.digest().unwrap()), ..about };
    tx.journal(Event::PlanMade, made, json!({}));
    tx.commit().await.unwrap();
    checked(world).await;
}

/// A finding, and an order with a file.
async fn checked(world: &World) {
    let unit = Unit { app: Some(app()), account: Some("1".parse().unwrap()), ..Unit::default() };
    let result = CheckResult {
        check: "offboarded".to_owned(),
        unit,
        subject: "x".to_owned(),
        person: None,
        state: CheckState::Fail,
        rung: None,
        severity: Severity::High,
        cause: "x".to_owned(),
        remedy: "x".to_owned(),
        since: Some(now()),
        due: Some(now()),
        seen: Some(now()),
        exception: None,
        attestation: None,
    };
    let mut tx = world.org.begin("anna", now());
    let key = muster_domain::engine::checks::key(&result.check, &result.unit);
    tx.put_check_results(&BTreeMap::from([(key, &result)]));
    let mut told = serde_json::to_value(&result).unwrap();
    told["to"] = told["state"].clone();
    tx.journal(Event::ChecksChanged, About::default(), json!({ "changes": [told] }));
    let exception = json!({
        "id": samples::freeze(1).id, "check": "offboarded", "unit": result.unit, "reason": "x",
        "owner": "anna", "until": now(), "by": "anna", "at": now(), "rung": null, "role": null,
        "file": {"name": "proof", "size": 5,
                 "sha256": muster_domain::model::canonical::Digest::of(b"proof")},
    });
    let exception: muster_domain::model::check::Exception =
        serde_json::from_value(exception).unwrap();
    tx.put_file(b"proof");
    tx.put_order(&exception);
    tx.journal(Event::ExceptionMade, About::default(), json!({}));
    tx.commit().await.unwrap();
}

async fn observe(world: &World, ids: &[&str]) {
    let accounts: Vec<_> = ids.iter().map(|id| account(id)).collect();
    read(world, &accounts).await.unwrap();
}

async fn read(
    world: &World,
    accounts: &[muster_domain::model::account::Account],
) -> Result<(), StoreError> {
    let reading = world.org.begin_read(&app()).await?;
    world.org.stage(&reading, accounts).await?;
    let mut tx = world.org.begin("muster", now());
    let seen: BTreeSet<AccountId> = accounts.iter().map(|one| one.id.clone()).collect();
    tx.finish_observation(&reading, header(Completeness::Proven), seen);
    tx.commit().await.map(|_| ())
}

/// How a line that names a row of a table begins, beside the table's own name.
const NAMED: [(&str, &str); 15] = [
    ("people", "person "),
    ("sources", "source "),
    ("connections", "connection "),
    ("accounts", "account of "),
    ("observations", "read of "),
    ("learned", "what was learned of an account of "),
    ("links", "link of "),
    ("policies", "policy "),
    ("runs", "run of "),
    ("approvals", "approval of "),
    ("check_results", "check "),
    ("work", "work of an account of "),
    ("orders", "order "),
    ("plans", "plan "),
    ("files", "file "),
];

/// Parts of documents that nothing is concluded from, and why.
const WORDING: [(&str, &str); 7] = [
    ("check_results/subject", "worded anew each time, never read back"),
    ("check_results/cause", "worded anew each time, never read back"),
    ("check_results/remedy", "worded anew each time, never read back"),
    ("check_results/severity", "of the check, asked anew each time, never read back"),
    ("check_results/person", "found anew each time, never read back"),
    ("check_results/exception", "found anew each time, never read back"),
    ("check_results/attestation", "found anew each time, never read back"),
];

struct Column {
    name: String,
    is_key: bool,
}

async fn tables(world: &World) -> Vec<String> {
    let sql = match world.kind {
        Kind::Postgres => {
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = \
             current_schema() ORDER BY 1"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
    };
    world.texts(sql).await.into_iter().flatten().collect()
}

async fn columns(world: &World, table: &str) -> Vec<Column> {
    let (all, keys) = match world.kind {
        Kind::Postgres => (
            format!(
                "SELECT column_name::text FROM information_schema.columns WHERE table_schema = \
                 current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
            ),
            format!(
                "SELECT column_name::text FROM information_schema.key_column_usage WHERE \
                 table_schema = current_schema() AND table_name = '{table}'"
            ),
        ),
        _ => (
            format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"),
            format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0"),
        ),
    };
    let keys: BTreeSet<_> = world.texts(&keys).await.into_iter().flatten().collect();
    let all = world.texts(&all).await.into_iter().flatten();
    all.map(|name| Column { is_key: keys.contains(&name), name }).collect()
}

fn quoted(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| format!("'{}'", value.replace('\'', "''")))
}

/// Every row of a table, each column as text.
async fn rows(world: &World, table: &str, columns: &[Column]) -> Vec<Vec<Option<String>>> {
    let order: Vec<_> = columns.iter().filter(|one| one.is_key).map(|one| &*one.name).collect();
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    for column in columns {
        let sql = format!(
            "SELECT CAST({} AS TEXT) FROM {table} ORDER BY {}",
            column.name,
            order.join(", ")
        );
        for (place, value) in world.texts(&sql).await.into_iter().enumerate() {
            if rows.len() <= place {
                rows.push(Vec::new());
            }
            rows[place].push(value);
        }
    }
    rows
}

/// One column changed to another value, and what follows from it.
type Change = Vec<(String, String)>;

/// Other values of a column, as SQL.
fn others(table: &str, column: &str, value: Option<&str>) -> Vec<Change> {
    let only = |value: String| vec![(column.to_owned(), value)];
    let Some(value) = value else { return vec![only("'x'".to_owned())] };
    if let Ok(number) = value.parse::<i64>()
        && ["seq", "proven", "number"].contains(&column)
    {
        let numbers = [number + 1, 9_000_000_000_000_000, -1];
        return numbers.map(|number| only(number.to_string())).to_vec();
    }
    if column == "doc" {
        let doc: Json = serde_json::from_str(value).unwrap();
        let mut changed = Vec::new();
        leaves(&doc, &mut String::new(), &mut changed);
        let counts = |(path, _): &(String, Json)| {
            let first = path.split('/').nth(1).unwrap_or_default();
            let first = format!("{table}/{first}");
            !WORDING.iter().any(|(of, _)| first == *of)
        };
        let changed = changed.into_iter().filter(counts).map(|(path, leaf)| {
            let mut doc = doc.clone();
            *doc.pointer_mut(&path).unwrap() = leaf;
            let mut change = only(quoted(Some(&doc.to_string())));
            if table == "accounts" {
                // Who forges a document forges its digest as well.
                let digest = digest_of(&doc).unwrap().to_string();
                change.push(("digest".to_owned(), quoted(Some(&digest))));
            }
            change
        });
        return changed.collect();
    }
    let mut others = vec![only(quoted(Some(&format!("{value}x")))), only("''".to_owned())];
    if value.parse::<jiff::Timestamp>().is_ok() {
        others.push(only(quoted(Some(&value.replacen("2026", "2025", 1)))));
    }
    others
}

/// Another value for each leaf of a document.
fn leaves(doc: &Json, path: &mut String, found: &mut Vec<(String, Json)>) {
    let length = path.len();
    let mut into = |name: &str, value: &Json, path: &mut String| {
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        leaves(value, path, found);
        path.truncate(length);
    };
    match doc {
        Json::Object(fields) => fields.iter().for_each(|(name, one)| into(name, one, path)),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(n, one)| into(&n.to_string(), one, path));
        }
        Json::Null => found.push((path.clone(), json!("2025-01-01T00:00:00Z"))),
        Json::Bool(value) => found.push((path.clone(), json!(!value))),
        Json::Number(number) => {
            found.push((path.clone(), json!(number.as_u64().unwrap_or_default() + 1)));
        }
        Json::String(text) => {
            let moment = text.parse::<jiff::Timestamp>().is_ok();
            let other = if moment { text.replacen("2026", "2025", 1) } else { format!("{text}x") };
            found.push((path.clone(), json!(other)));
        }
    }
}

story!(every_table_is_listed_with_how_it_is_held_against_the_journal, world, {
    if !world.has_back_door() {
        return;
    }
    let listed: BTreeSet<_> = rows::tables().map(|(table, _)| table.to_owned()).collect();
    assert_eq!(tables(world).await, listed.into_iter().collect::<Vec<_>>());
});

story!(whatever_is_changed_in_any_table_is_named, world, {
    if !world.has_back_door() {
        return;
    }
    fill(world).await;
    let clean = agreement(world).await;
    assert_eq!(clean.beside, [""; 0]);
    assert!(clean.not_covered.is_empty(), "{:?}", clean.not_covered);
    let (mut missed, mut made) = (Vec::new(), 0);
    for (table, _) in rows::tables().filter(|(_, not_held)| not_held.is_none()) {
        let columns = columns(world, table).await;
        let rows = rows(world, table, &columns).await;
        assert!(!rows.is_empty(), "the test has no row of {table}");
        for row in rows {
            let mut tamperer = Tamperer { world, table, columns: &columns, row: &row, made: 0 };
            missed.extend(tamperer.tries_everything().await);
            made += tamperer.made;
        }
    }
    assert_eq!(missed, [""; 0]);
    assert_eq!(agreement(world).await.beside, [""; 0]);
    // A test that changed little would pass.
    assert!(made > 600, "only {made} changes were made");
});

/// Somebody who changes a row past Muster.
struct Tamperer<'a> {
    world: &'a World,
    table: &'a str,
    columns: &'a [Column],
    row: &'a [Option<String>],
    /// How many changes the database took.
    made: u32,
}

impl Tamperer<'_> {
    /// Changes each column of a row, takes the row away, and puts another of its kind beside it;
    /// tells what was not named, or could not be tried.
    async fn tries_everything(&mut self) -> Vec<String> {
        let mut missed = Vec::new();
        for (column, value) in self.columns.iter().zip(self.row) {
            let before = self.made;
            for change in others(self.table, &column.name, value.as_deref()) {
                missed.extend(self.changes(&column.name, &change).await);
            }
            if self.made == before {
                missed.push(format!("nothing was tried: {}.{}", self.table, column.name));
            }
        }
        missed.extend(self.takes_it_away().await);
        missed.extend(self.puts_another_beside_it().await);
        missed
    }

    async fn changes(&mut self, column: &str, change: &Change) -> Option<String> {
        let assigned: Vec<_> =
            change.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        let (table, at) = (self.table, self.place(&[]));
        let sql = format!("UPDATE {table} SET {} WHERE {at}", assigned.join(", "));
        if self.world.sql(&sql).await.is_err() {
            // The key of another row, or nothing where the database wants something: a document
            // can be anything.
            return (column == "doc").then(|| format!("refused: {sql}"));
        }
        self.made += 1;
        let found = agreement(self.world).await.beside;
        // A document is held against the journal, not only against the columns beside it, unless
        // these are its key, which is.
        let beside_it = self
            .columns
            .iter()
            .filter(|one| !one.is_key && one.name != "doc")
            .map(|one| format!(": {} is not what its document tells", one.name));
        let beside_it: Vec<_> = beside_it.collect();
        let is_found =
            |line: &&String| column != "doc" || !beside_it.iter().any(|it| line.ends_with(it));
        let counts: Vec<_> = found.iter().filter(is_found).collect();
        let forged: Vec<Option<String>> = self
            .columns
            .iter()
            .zip(self.row)
            .map(|(column, value)| {
                let other = change.iter().find(|(changed, _)| *changed == column.name);
                other.map_or_else(|| value.clone(), |(_, sql)| Some(sql.trim_matches('\'').into()))
            })
            .collect();
        let named =
            counts.iter().any(|line| self.names(line, self.row) || self.names(line, &forged));
        let back = self.columns.iter().zip(self.row).filter_map(|(column, value)| {
            let changed = change.iter().any(|(changed, _)| *changed == column.name);
            changed.then(|| format!("{} = {}", column.name, quoted(value.as_deref())))
        });
        let back: Vec<_> = back.collect();
        let at = self.place(change);
        let undo = format!("UPDATE {table} SET {} WHERE {at}", back.join(", "));
        self.world.sql(&undo).await.unwrap();
        (!named).then(|| format!("{sql}: {found:?}"))
    }

    async fn takes_it_away(&mut self) -> Option<String> {
        let sql = format!("DELETE FROM {} WHERE {}", self.table, self.place(&[]));
        self.world.sql(&sql).await.unwrap();
        self.made += 1;
        let found = agreement(self.world).await.beside;
        let named = found.iter().any(|line| self.names(line, self.row));
        self.inserts(self.row).await.unwrap();
        (!named).then(|| format!("{sql}: {found:?}"))
    }

    /// A row that is sound in itself, under another key.
    async fn puts_another_beside_it(&mut self) -> Vec<String> {
        let mut missed = Vec::new();
        let keys = self.columns.iter().zip(self.row).filter(|(one, _)| one.is_key);
        // What is another organisation's its own verification finds.
        for (column, key) in keys.filter(|(one, _)| one.name != "org") {
            let key = key.as_deref().unwrap();
            let (key, other) = match key.parse::<u64>() {
                Ok(_) if column.name == "account" => continue,
                Ok(number) => (format!("\"number\":{key}"), format!("\"number\":{}", number + 1)),
                Err(_) => (key.to_owned(), turned(key)),
            };
            let forged = self.columns.iter().zip(self.row).map(|(one, value)| {
                let value = value.as_ref()?;
                Some(match value.parse::<u64>() {
                    _ if one.name == "org" => value.clone(),
                    Ok(number) if one.name == column.name => (number + 1).to_string(),
                    _ => value.replace(&key, &other),
                })
            });
            let forged: Vec<_> = forged.collect();
            self.inserts(&forged).await.unwrap();
            self.made += 1;
            let found = agreement(self.world).await.beside;
            if !found.iter().any(|line| self.names(line, &forged)) {
                missed.push(format!("{} {forged:?}: {found:?}", self.table));
            }
            let keys = self.columns.iter().zip(&forged).filter(|(one, _)| one.is_key);
            let at: Vec<_> = keys
                .map(|(one, value)| format!("{} = {}", one.name, quoted(value.as_deref())))
                .collect();
            let sql = format!("DELETE FROM {} WHERE {}", self.table, at.join(" AND "));
            self.world.sql(&sql).await.unwrap();
        }
        missed
    }

    async fn inserts(&self, row: &[Option<String>]) -> Result<(), sqlx::Error> {
        let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<_> = row.iter().map(|value| quoted(value.as_deref())).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        let sql = format!("INSERT INTO {} ({names}) VALUES ({values})", self.table);
        self.world.sql(&sql).await
    }

    /// Where the row lies, once it was changed.
    fn place(&self, change: &[(String, String)]) -> String {
        let keys = self.columns.iter().zip(self.row).filter(|(column, _)| column.is_key);
        let is = |(column, value): (&Column, &Option<String>)| {
            let other = change.iter().find(|(changed, _)| *changed == column.name);
            let value = other.map_or_else(|| quoted(value.as_deref()), |(_, sql)| sql.clone());
            format!("{} = {value}", column.name)
        };
        keys.map(is).collect::<Vec<_>>().join(" AND ")
    }

    /// Whether a line names a row: the table, and each word of the key.
    fn names(&self, line: &str, row: &[Option<String>]) -> bool {
        let words = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let begins = NAMED.iter().find(|(table, _)| *table == self.table);
        let own = format!("{} ", self.table);
        let begins = [begins.map_or(&*own, |(_, begins)| begins), &own];
        let said = words(line);
        let keys = self.columns.iter().zip(row).filter(|(column, _)| {
            column.is_key
                && column.name != "org"
                // Entries are named, with all the accounts that they are found under.
                && !(self.table == "mentions" && column.name == "account")
        });
        let named = |(_, key): (&Column, &Option<String>)| {
            // Long keys are told by their beginning.
            words(key.as_deref().unwrap_or_default()).iter().all(|key| {
                let short: String = key.chars().take(16).collect();
                said.iter()
                    .any(|word| word == key || (word.len() >= 16 && word.starts_with(&short)))
            })
        };
        begins.iter().any(|begins| line.starts_with(begins)) && keys.into_iter().all(named)
    }
}

/// A key of the same form: its last letter or digit is another.
fn turned(key: &str) -> String {
    let mut key: Vec<char> = key.chars().collect();
    if let Some(last) = key.last_mut() {
        *last = if *last == 'b' { 'c' } else { 'b' };
    }
    key.into_iter().collect()
}

story!(what_is_foreign_missing_or_altered_in_the_database_itself_is_named, world, {
    if !world.has_back_door() {
        return;
    }
    fill(world).await;
    assert_eq!(agreement(world).await.beside, [""; 0]);
    let postgres = world.kind == Kind::Postgres;
    let guard = if postgres {
        "ALTER TABLE journal DISABLE TRIGGER journal_no_change"
    } else {
        "DROP TRIGGER journal_no_delete"
    };
    let foreign = if postgres {
        "CREATE FUNCTION sly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER sly BEFORE INSERT ON staging FOR EACH ROW EXECUTE FUNCTION sly()"
    } else {
        "CREATE TRIGGER sly BEFORE INSERT ON staging BEGIN SELECT RAISE(IGNORE); END"
    };
    for (sql, says) in [
        (foreign, "trigger sly was not made by Muster"),
        (
            guard,
            if postgres { "trigger journal_no_change" } else { "journal_no_delete is missing" },
        ),
        ("DROP INDEX runs_of_app", "index runs_of_app is missing"),
        ("CREATE TABLE more (a TEXT)", "table more was not made by Muster"),
        ("CREATE VIEW seen AS SELECT * FROM people", "seen was not made by Muster"),
        (
            "ALTER TABLE people ADD COLUMN more TEXT",
            if postgres { "column people.more was" } else { "table people is not as" },
        ),
        ("INSERT INTO migrations VALUES (5, 'x', 'x', 'x')", "migration 5"),
    ] {
        world.sql(sql).await.unwrap();
        let found = agreement(world).await.beside;
        assert!(found.iter().any(|line| line.contains(says)), "{sql}: {found:?}");
    }
});

story!(an_account_whose_row_claims_to_be_of_the_future_stops_a_read, world, {
    if !world.has_back_door() {
        return;
    }
    observe(world, &["1", "2", "3"]).await;
    let forged = "UPDATE accounts SET seq = 9000000000000000 WHERE account = '3'";
    world.sql(forged).await.unwrap();
    let mut changed = account("3");
    changed.status = AccountStatus::Inactive;
    for accounts in [vec![account("1"), account("2"), changed], vec![account("1"), account("2")]] {
        let error = read(world, &accounts).await.unwrap_err();
        assert!(matches!(&error, StoreError::Altered { row, .. } if row == "3"), "{error}");
        assert!(error.to_string().contains("9000000000000000"), "{error}");
    }
});

story!(what_others_put_among_what_a_read_staged_is_refused, world, {
    if !world.has_back_door() {
        return;
    }
    for sly in [
        "INSERT INTO staging SELECT org, app, reading, '9', digest, staged, doc FROM staging \
         WHERE account = '1'",
        "UPDATE staging SET doc = replace(doc, 'active', 'inactive') WHERE account = '1'",
        "UPDATE staging SET digest = reading WHERE account = '1'",
        "DELETE FROM staging WHERE account = '1'",
    ] {
        let reading = world.org.begin_read(&app()).await.unwrap();
        world.org.stage(&reading, &[account("1"), account("2")]).await.unwrap();
        world.sql(sly).await.unwrap();
        let mut tx = world.org.begin("muster", now());
        let seen = ["1", "2"].map(|id| id.parse().unwrap()).into();
        tx.finish_observation(&reading, header(Completeness::Proven), seen);
        let error = tx.commit().await.unwrap_err();
        assert!(matches!(error, StoreError::Altered { table: "staging", .. }), "{sly}: {error}");
    }
});

story!(the_list_of_what_postgresql_holds_is_what_the_migrations_make, world, {
    if world.kind != Kind::Postgres {
        return;
    }
    let should = include_str!("../../migrations/schema.postgres.txt");
    let is = world.org.schema().await.unwrap();
    if let Some(file) = written_to() {
        std::fs::write(file, &is).unwrap();
    }
    assert_eq!(is, should, "a migration changes this list; to write it: MUSTER_WRITE_SCHEMA=FILE");
});

/// Where the list is to be written anew.
#[expect(clippy::disallowed_methods, reason = "who adds a migration says it to this test alone")]
fn written_to() -> Option<std::ffi::OsString> {
    std::env::var_os("MUSTER_WRITE_SCHEMA")
}
