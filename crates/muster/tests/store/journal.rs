//! The chain: whole under concurrency, and broken by every kind of tampering.

use jiff::SignedDuration;
use muster::store::{
    JournalFault,
    records::{JournalFilter, Order},
    redact::Redacting,
};
use muster_domain::model::{
    canonical::Digest,
    journal::{About, Broken, Entry, Event},
};
use serde_json::json;

use crate::{
    samples,
    world::{World, now, story},
};

story!(entries_are_found_by_every_filter, world, {
    for n in 1..=4_i64 {
        let mut tx = world.org.begin("anna", now() + SignedDuration::from_secs(n));
        let mut about = About::default();
        match n {
            1 => about.person = Some(samples::person(1).id),
            2 => about.app = Some(samples::app()),
            3 => about.account = Some("17".parse().unwrap()),
            _ => about.operation = Some("op_aaaaaaaaaaaaaaaa".parse().unwrap()),
        }
        tx.journal(Event::ALL[usize::try_from(n).unwrap()], about, json!({ "n": n }));
        tx.commit().await.unwrap();
    }
    let found = async |filter: JournalFilter| -> Vec<u64> {
        world.org.journal(&filter).await.unwrap().iter().map(|entry| entry.seq).collect()
    };
    let all = JournalFilter::default;
    assert_eq!(found(all()).await, [1, 2, 3, 4]);
    let since = Some(now() + SignedDuration::from_secs(3));
    assert_eq!(found(JournalFilter { since, ..all() }).await, [3, 4]);
    assert_eq!(found(JournalFilter { after_seq: Some(1), ..all() }).await, [2, 3, 4]);
    let person = Some(samples::person(1).id);
    assert_eq!(found(JournalFilter { person, ..all() }).await, [1]);
    assert_eq!(found(JournalFilter { app: Some(samples::app()), ..all() }).await, [2]);
    let account = Some("17".parse().unwrap());
    assert_eq!(found(JournalFilter { account, ..all() }).await, [3]);
    let operation = Some("op_aaaaaaaaaaaaaaaa".parse().unwrap());
    assert_eq!(found(JournalFilter { operation, ..all() }).await, [4]);
    assert_eq!(found(JournalFilter { limit: Some(2), ..all() }).await, [1, 2]);
    let order = Order::NewestFirst;
    assert_eq!(found(JournalFilter { limit: Some(2), order, ..all() }).await, [4, 3]);
    let entry = &world.org.journal(&all()).await.unwrap()[1];
    assert_eq!((entry.event, entry.actor.as_str()), (Event::ALL[2], "anna"));
    assert_eq!(entry.data, json!({ "n": 2 }));
});

story!(concurrent_writers_make_one_chain, world, {
    let another = world.another().await;
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..8_u32 {
        let org = if n % 2 == 0 { world.org.clone() } else { another.clone() };
        writers.spawn(async move {
            for m in 0..10_u32 {
                let mut tx = org.begin("anna", now());
                tx.put_people(&[samples::person(n * 10 + m)]);
                tx.journal(Event::PersonAdded, About::default(), json!({ "n": n, "m": m }));
                tx.journal(Event::PersonChanged, About::default(), json!({ "n": n, "m": m }));
                tx.commit().await.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(world.org.verify_journal().await.unwrap().entries, 160);
    assert_eq!(another.people().await.unwrap().len(), 80);
    // Entries of one transaction stand side by side.
    let entries = world.org.journal(&JournalFilter::default()).await.unwrap();
    let own = |entry: &Entry| (entry.data["n"].clone(), entry.data["m"].clone());
    assert!(entries.iter().all(|entry| entry.data["n"].is_u64() && entry.data["m"].is_u64()));
    assert!(entries.chunks(2).all(|pair| own(&pair[0]) == own(&pair[1])));
});

/// Where the chain breaks after `sql`.
async fn broken_by(world: &World, sql: &str) -> Broken {
    world.sql(sql).await.unwrap();
    match world.org.verify_journal().await {
        Err(JournalFault::Broken(broken)) => broken,
        other => panic!("{sql}: {other:?}"),
    }
}

/// A journal of five entries that anybody can write to; not in memory, where nobody else can.
async fn open_to_tampering(world: &World) -> bool {
    world.write_entries(5).await;
    assert_eq!(world.org.verify_journal().await.unwrap().entries, 5);
    if world.has_back_door() {
        world.drop_guards().await;
    }
    world.has_back_door()
}

story!(every_edited_column_is_found, world, {
    if !open_to_tampering(world).await {
        return;
    }
    let digest = "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'";
    let edits = [
        ("at", "'2026-10-01T12:00:00.000000001Z'"),
        ("at", "'yesterday'"),
        ("actor", "'eve'"),
        ("event", "'policy.applied'"),
        ("event", "'nonsense'"),
        ("person", "'per_bbbbbbbbbbbbbbbb'"),
        ("person", "NULL"),
        ("app", "'other'"),
        ("app", "NULL"),
        ("account", "'18'"),
        ("account", "NULL"),
        ("operation", "'op_bbbbbbbbbbbbbbbb'"),
        ("operation", "NULL"),
        ("plan", digest),
        ("plan", "NULL"),
        ("data", "'{\"n\":4}'"),
        ("data", "'null'"),
        ("data", "'{'"),
        ("salt", "'00'"),
        ("salt", "''"),
        ("data_digest", digest),
        ("hash", digest),
    ];
    for (column, value) in edits {
        world.sql("CREATE TABLE kept AS SELECT * FROM journal").await.unwrap();
        let edit = format!("UPDATE journal SET {column} = {value} WHERE seq = 3");
        assert_eq!(broken_by(world, &edit).await, Broken::Edited { seq: 3 }, "{edit}");
        let back = "DELETE FROM journal; INSERT INTO journal SELECT * FROM kept; DROP TABLE kept";
        world.sql(back).await.unwrap();
        world.org.verify_journal().await.unwrap();
    }
    let prev = format!("UPDATE journal SET prev = {digest} WHERE seq = 3");
    assert_eq!(broken_by(world, &prev).await, Broken::Unlinked { seq: 3 });
});

story!(every_missing_entry_is_found, world, {
    if !open_to_tampering(world).await {
        return;
    }
    let last = broken_by(world, "DELETE FROM journal WHERE seq = 5").await;
    assert_eq!(last, Broken::Truncated { expected: 5, found: 4 });
    let middle = broken_by(world, "DELETE FROM journal WHERE seq = 3").await;
    assert_eq!(middle, Broken::Gap { expected: 3, found: 4 });
    let first = broken_by(world, "DELETE FROM journal WHERE seq = 1").await;
    assert_eq!(first, Broken::Gap { expected: 1, found: 2 });
    let all = broken_by(world, "DELETE FROM journal").await;
    assert_eq!(all, Broken::Truncated { expected: 5, found: 0 });
});

story!(swapped_entries_are_found, world, {
    if !open_to_tampering(world).await {
        return;
    }
    let swap = "UPDATE journal SET seq = 99 WHERE seq = 2; UPDATE journal SET seq = 2 WHERE \
                seq = 3; UPDATE journal SET seq = 3 WHERE seq = 99";
    assert_eq!(broken_by(world, swap).await, Broken::Unlinked { seq: 2 });
});

story!(entries_beyond_the_head_are_found, world, {
    if !open_to_tampering(world).await {
        return;
    }
    let moved = broken_by(world, "UPDATE journal_head SET seq = 4").await;
    assert!(matches!(moved, Broken::Edited { seq: 4 }), "{moved:?}");
    let beyond = "UPDATE journal_head SET hash = (SELECT hash FROM journal WHERE seq = 4)";
    assert_eq!(broken_by(world, beyond).await, Broken::Unlinked { seq: 5 });
    assert!(matches!(
        broken_by(world, "DELETE FROM journal_head").await,
        Broken::Unlinked { seq: 1 }
    ));
});

story!(the_database_itself_refuses_changes, world, {
    world.write_entries(2).await;
    if !world.has_back_door() {
        return;
    }
    for sql in [
        "DELETE FROM journal WHERE seq = 1",
        "DELETE FROM journal",
        "UPDATE journal SET actor = 'eve' WHERE seq = 1",
        "UPDATE journal SET data = '{}' WHERE seq = 1",
        "UPDATE journal SET data = 'null', salt = '', actor = 'eve' WHERE seq = 1",
        "UPDATE journal SET data = 'null', salt = '', person = NULL WHERE seq = 1",
        "UPDATE journal SET seq = 9 WHERE seq = 1",
    ] {
        let refused = world.sql(sql).await.unwrap_err().to_string();
        assert!(refused.contains("the journal only grows"), "{sql}: {refused}");
    }
    assert!(world.sql("TRUNCATE journal").await.is_err());
    assert_eq!(world.org.verify_journal().await.unwrap().entries, 2);
});

story!(an_entry_without_its_data_is_found_unless_a_redaction_tells_of_it, world, {
    world.write_entries(3).await;
    if !world.has_back_door() {
        return;
    }
    world.sql("UPDATE journal SET data = 'null', salt = '' WHERE seq = 2").await.unwrap();
    let fault = world.org.verify_journal().await.unwrap_err();
    assert!(fault.to_string().contains("entry 2 lost its data"), "{fault}");
    let mut tx = world.org.begin("anna", now());
    tx.journal(Event::PersonRedacted, About::default(), json!({"entries": [2]}));
    tx.commit().await.unwrap();
    assert_eq!(world.org.verify_journal().await.unwrap().entries, 4);
    let entries = world.org.journal(&JournalFilter::default()).await.unwrap();
    assert_eq!(entries[1].data, serde_json::Value::Null);
});

story!(fractions_do_not_look_like_edits, world, {
    let numbers: Vec<f64> = (1..200).map(|n| 1.0 / f64::from(n) * 1e17_f64.powi(n % 7)).collect();
    let mut tx = world.org.begin("anna", now());
    tx.journal(Event::PlanMade, About::default(), json!({ "f": numbers, "big": u64::MAX }));
    tx.commit().await.unwrap();
    world.org.verify_journal().await.unwrap();
});

story!(what_is_taken_out_is_gone_and_everything_else_stays, world, {
    let (ann, ben) = (samples::person(1), samples::person(2));
    let about =
        |person: Option<&muster_domain::model::person::Person>, account: Option<&str>| About {
            person: person.map(|person| person.id.clone()),
            app: account.map(|_| samples::app()),
            account: account.map(|id| id.parse().unwrap()),
            ..About::default()
        };
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[ann.clone(), ben.clone()]);
    tx.put_plan(&samples::plan());
    tx.put_account(&samples::app(), &samples::account("17"));
    tx.journal(Event::PersonAdded, about(Some(&ann), None), json!({"name": "Ann_1%"}));
    tx.journal(Event::PersonAdded, about(Some(&ben), None), json!({"name": "Ben"}));
    tx.journal(Event::AccountsChanged, about(None, Some("17")), json!({"login": "ann"}));
    tx.journal(Event::AccountsChanged, about(None, Some("18")), json!({"login": "ben"}));
    tx.journal(Event::AppObserved, About::default(), json!({"both": "ANN_1% and ben"}));
    tx.commit().await.unwrap();
    assert_eq!(world.org.entries_holding(&["ann_1%".to_owned()]).await.unwrap(), [1, 5]);
    assert_eq!(
        world.org.gone_account(&samples::app(), &"17".parse().unwrap()).await.unwrap(),
        None
    );

    let mut tx = world.org.begin("anna", now());
    tx.mark_gone(&samples::app(), &"17".parse().unwrap());
    tx.remove_person(&ben.id);
    tx.redact(Redacting {
        person: ann.id.clone(),
        entries: vec![1, 3, 5],
        gone: vec![(samples::app(), "17".parse().unwrap(), json!({"taken": "out"}))],
    });
    tx.restate(About::default(), vec!["18".parse().unwrap()], json!({"rest": "ben"}));
    tx.journal(
        Event::PersonRedacted,
        about(Some(&ann), None),
        json!({"reason": "asked", "entries": [1, 3, 5]}),
    );
    tx.commit().await.unwrap();

    let entries = world.org.journal(&JournalFilter::default()).await.unwrap();
    let left: Vec<_> = entries.iter().map(|entry| !entry.data.is_null()).collect();
    assert_eq!(left, [false, true, false, true, false, true, true]);
    assert_eq!(world.org.verify_journal().await.unwrap().entries, 7);
    let account = Some("18".parse().unwrap());
    let filter = JournalFilter { account, ..JournalFilter::default() };
    let found: Vec<_> =
        world.org.journal(&filter).await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(found, [4, 6]);
    let gone = world.org.gone_account(&samples::app(), &"17".parse().unwrap()).await.unwrap();
    assert_eq!(gone, Some(json!({"taken": "out"})));
    assert_eq!(world.org.people().await.unwrap(), [ann]);
});

/// A number below `bound`, drawn from the world's chance.
fn drawn(world: &World, bound: usize) -> usize {
    let mut bytes = [0; 8];
    world.env.fill(&mut bytes);
    usize::try_from(u64::from_le_bytes(bytes) % bound as u64).unwrap()
}

/// Entries of every kind, about anything, with odd texts and nested data.
async fn write_at_random(world: &World, count: usize) {
    let odd = ["", "é", "it's", "a\"b", "{}", "null", "\u{1F511}", "0", " "];
    for n in 0..count {
        let pick = |of: usize| drawn(world, of);
        let about = About {
            person: (pick(2) == 0).then(|| samples::person(1).id),
            app: (pick(2) == 0).then(samples::app),
            account: (pick(2) == 0).then(|| pick(99).to_string().parse().unwrap()),
            operation: (pick(2) == 0).then(|| "op_aaaaaaaaaaaaaaaa".parse().unwrap()),
            plan: (pick(2) == 0).then(|| Digest::of(&n.to_le_bytes())),
        };
        let data = match pick(4) {
            0 => json!({ "n": n, "text": odd[pick(odd.len())], "list": [n, null, true] }),
            1 => json!({ "deep": { "er": { "est": odd[pick(odd.len())] } }, "f": 0.5 }),
            2 => json!([n, odd[pick(odd.len())]]),
            _ => json!({}),
        };
        let actor = format!("anna {}", odd[pick(odd.len())]);
        let mut tx = world.org.begin(&actor, now() + SignedDuration::from_millis(n as i64));
        tx.journal(Event::ALL[pick(Event::ALL.len())], about, data);
        tx.commit().await.unwrap();
    }
}

const COLUMNS: [&str; 13] = [
    "at",
    "actor",
    "event",
    "person",
    "app",
    "account",
    "operation",
    "plan",
    "data",
    "salt",
    "data_digest",
    "prev",
    "hash",
];

/// The number that a broken chain is said to break at.
fn place_of(broken: &Broken) -> u64 {
    match broken {
        Broken::Gap { expected, .. } | Broken::Truncated { expected, .. } => *expected,
        Broken::Unlinked { seq }
        | Broken::Edited { seq }
        | Broken::Emptied { seq }
        | Broken::Contradicted { seq, .. } => *seq,
    }
}

story!(any_flipped_bit_of_any_column_is_found_and_the_entry_named, world, {
    const ENTRIES: usize = 12;
    write_at_random(world, ENTRIES).await;
    world.org.verify_journal().await.unwrap();
    if !world.has_back_door() {
        return;
    }
    world.drop_guards().await;
    for round in 0..6 {
        for column in COLUMNS {
            let seq = 1 + drawn(world, ENTRIES);
            let kept =
                world.texts(&format!("SELECT {column} FROM journal WHERE seq = {seq}")).await;
            let Some(kept) = kept.into_iter().next().flatten().filter(|text| !text.is_empty())
            else {
                continue;
            };
            // Bits that leave a text a text.
            let places: Vec<usize> =
                (0..kept.len()).filter(|at| kept.as_bytes()[*at].is_ascii()).collect();
            if places.is_empty() {
                continue;
            }
            let mut bent = kept.clone().into_bytes();
            bent[places[drawn(world, places.len())]] ^= 1 << drawn(world, 7);
            let bent = String::from_utf8(bent).unwrap();
            if bent.contains('\0') {
                continue;
            }
            let set = |text: &str| {
                let text = text.replace('\'', "''");
                format!("UPDATE journal SET {column} = '{text}' WHERE seq = {seq}")
            };
            let broken = broken_by(world, &set(&bent)).await;
            assert_eq!(place_of(&broken), seq as u64, "round {round}, {column}: {bent}: {broken}");
            world.sql(&set(&kept)).await.unwrap();
            world.org.verify_journal().await.unwrap();
        }
    }
});

story!(any_entry_that_is_dropped_or_swapped_is_found_and_named, world, {
    const ENTRIES: usize = 9;
    write_at_random(world, ENTRIES).await;
    if !world.has_back_door() {
        return;
    }
    world.drop_guards().await;
    world.sql("CREATE TABLE kept AS SELECT * FROM journal").await.unwrap();
    let back = "DELETE FROM journal; INSERT INTO journal SELECT * FROM kept";
    for seq in 1..=ENTRIES {
        let broken = broken_by(world, &format!("DELETE FROM journal WHERE seq = {seq}")).await;
        assert_eq!(place_of(&broken), seq as u64, "{broken}");
        world.sql(back).await.unwrap();
        let broken = broken_by(world, &format!("DELETE FROM journal WHERE seq >= {seq}")).await;
        let end = Broken::Truncated { expected: ENTRIES as u64, found: seq as u64 - 1 };
        assert_eq!(broken, end);
        world.sql(back).await.unwrap();
        let other = 1 + (seq - 1 + 1 + drawn(world, ENTRIES - 1)) % ENTRIES;
        let swap = format!(
            "UPDATE journal SET seq = 99 WHERE seq = {seq}; UPDATE journal SET seq = {seq} WHERE \
             seq = {other}; UPDATE journal SET seq = {other} WHERE seq = 99"
        );
        assert_eq!(place_of(&broken_by(world, &swap).await), seq.min(other) as u64);
        world.sql(back).await.unwrap();
        world.org.verify_journal().await.unwrap();
    }
});
