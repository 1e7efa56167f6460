//! The state held against the journal: whatever somebody changes in the database past Muster is
//! named, and nothing is that nobody changed.

use std::collections::{BTreeMap, BTreeSet};

use muster::{
    secret::Secret,
    service::{Muster, history::Agreement},
    store::{SigningSeed, StoreError},
};
use muster_domain::model::{
    account::AccountStatus,
    activity::{Activity, Trail},
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

/// Tables that are not held against the journal, and why.
const OTHERS: [(&str, &str); 5] = [
    ("journal", "it is the journal: its chain is verified"),
    ("journal_head", "it is the journal's end: the chain is verified up to it"),
    ("migrations", "held against the program's own, when it opens and with the schema"),
    ("leases", "who works now; nothing is concluded from it"),
    ("staging", "a read merges what it staged itself and refuses the rest"),
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

/// Other values of a column, as SQL.
fn others(table: &str, column: &str, value: Option<&str>) -> Vec<String> {
    let Some(value) = value else { return vec!["'x'".to_owned()] };
    if let Ok(number) = value.parse::<i64>()
        && ["seq", "proven", "number"].contains(&column)
    {
        return vec![(number + 1).to_string(), "9000000000000000".to_owned(), "-1".to_owned()];
    }
    if column == "doc" {
        let doc: Json = serde_json::from_str(value).unwrap();
        let mut changed = Vec::new();
        leaves(&doc, &mut String::new(), &mut changed);
        let counts = |(path, _): &(String, Json)| {
            let first = format!("{table}{}", path.rfind('/').map_or("", |_| &**path));
            !WORDING.iter().any(|(of, _)| first == *of)
        };
        return changed
            .into_iter()
            .filter(counts)
            .map(|(path, leaf)| {
                let mut doc = doc.clone();
                *doc.pointer_mut(&path).unwrap() = leaf;
                quoted(Some(&doc.to_string()))
            })
            .collect();
    }
    let mut others = vec![quoted(Some(&format!("{value}x"))), "''".to_owned()];
    if value.parse::<jiff::Timestamp>().is_ok() {
        others.push(quoted(Some(&value.replacen("2026", "2025", 1))));
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

story!(whatever_is_changed_in_any_table_is_named, world, {
    if !world.has_back_door() {
        return;
    }
    fill(world).await;
    let clean = agreement(world).await;
    assert_eq!(clean.beside, [""; 0]);
    assert!(clean.not_covered.is_empty(), "{:?}", clean.not_covered);
    let mut missed = Vec::new();
    for table in tables(world).await {
        if OTHERS.iter().any(|(other, _)| *other == table) {
            continue;
        }
        let columns = columns(world, &table).await;
        let rows = rows(world, &table, &columns).await;
        assert!(!rows.is_empty(), "the test has no row of {table}");
        for row in rows {
            missed.extend(changes(world, &table, &columns, &row).await);
        }
    }
    assert_eq!(missed, [""; 0]);
    assert_eq!(agreement(world).await.beside, [""; 0]);
});

/// Changes each column of a row, and takes the row away; tells what was not noticed.
async fn changes(
    world: &World,
    table: &str,
    columns: &[Column],
    row: &[Option<String>],
) -> Vec<String> {
    let place = |without: Option<(&str, &str)>| {
        let keys = columns.iter().zip(row).filter(|(column, _)| column.is_key);
        let is = |(column, value): (&Column, &Option<String>)| match without {
            Some((name, sql)) if name == column.name => format!("{name} = {sql}"),
            _ => format!("{} = {}", column.name, quoted(value.as_deref())),
        };
        keys.map(is).collect::<Vec<_>>().join(" AND ")
    };
    let mut missed = Vec::new();
    for (column, value) in columns.iter().zip(row) {
        let name = &column.name;
        for other in others(table, name, value.as_deref()) {
            let sql = format!("UPDATE {table} SET {name} = {other} WHERE {}", place(None));
            if world.sql(&sql).await.is_err() {
                // Taken, or refused by the database itself.
                continue;
            }
            let found = agreement(world).await.beside;
            if found.is_empty() {
                missed.push(sql);
            }
            let back = place(Some((name, &other)));
            let value = quoted(value.as_deref());
            let sql = format!("UPDATE {table} SET {name} = {value} WHERE {back}");
            world.sql(&sql).await.unwrap();
        }
    }
    let sql = format!("DELETE FROM {table} WHERE {}", place(None));
    world.sql(&sql).await.unwrap();
    if agreement(world).await.beside.is_empty() {
        missed.push(sql);
    }
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let values: Vec<_> = row.iter().map(|value| quoted(value.as_deref())).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "));
    world.sql(&sql).await.unwrap();
    missed
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
    if let Ok(file) = std::env::var("MUSTER_WRITE_SCHEMA") {
        std::fs::write(file, &is).unwrap();
    }
    assert_eq!(is, should, "a migration changes this list: it is to be written anew");
});
