//! After-images: folding the journal gives exactly the tables.

use std::collections::{BTreeMap, BTreeSet};

use muster::store::{
    StoreError,
    records::{JournalFilter, RunFilter},
};
use muster_domain::{
    engine::history::{Known, Restated, Unclear, table},
    model::{
        id::AccountId,
        journal::{About, Event},
        link::Link,
        observation::Completeness,
        operation::{Deactivation, Learned, RunState},
        work::OpenWork,
    },
};
use serde_json::json;

use crate::{
    samples::{self, account, app, header, person},
    world::{World, note, now, story},
};

async fn fold(world: &World, until: u64) -> Known {
    let entries = world.org.journal(&JournalFilter::default()).await.unwrap();
    let restated = Restated::of(&entries);
    Known::after(entries.iter().filter(|entry| entry.seq <= until), &restated)
}

/// Holds the fold of the whole journal against every table.
async fn agrees(world: &World) {
    let known = fold(world, u64::MAX).await;
    assert!(known.unread.is_empty(), "{:?}", known.unread);
    let org = &world.org;
    let people: Vec<_> = known.people().unwrap().into_values().collect();
    assert_eq!(people, org.people().await.unwrap());
    assert_eq!(known.links(&app()).unwrap(), org.links(&app()).await.unwrap());
    assert_eq!(known.orders().unwrap(), org.orders().await.unwrap());
    let runs = org.runs(&RunFilter::default()).await.unwrap();
    assert_eq!(known.runs(&app()).unwrap(), runs);
    let approvals = org.approvals(&app(), now()).await.unwrap();
    assert_eq!(known.approvals(&app(), now()).unwrap(), approvals);
    let kept = org.accounts(&app()).await.unwrap();
    let told = known.accounts.get(&app()).cloned().unwrap_or_default();
    assert_eq!(told.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    for (id, seen) in &told {
        let kept = &kept[id];
        assert_eq!((&seen.account, seen.gone), (&kept.account, kept.gone));
        assert_eq!((seen.first_seen, seen.last_changed), (kept.first_seen, kept.last_changed));
        assert_eq!(known.learned(&app(), id).unwrap(), kept.learned);
        assert_eq!(known.work.get(&(app(), id.clone())), kept.work.as_ref());
    }
    let reads = known.reads.get(&app());
    let last = org.observation(&app()).await.unwrap().map(|read| read.id);
    assert_eq!(reads.map(|reads| reads.last.id.clone()), last);
    let policy = org.policy().await.unwrap().map(|policy| (policy.number, policy.text));
    assert_eq!(known.policy.clone().map(|policy| (policy.number, policy.text)), policy);
    for (name, kept) in [(table::SOURCES, 1), (table::CONNECTIONS, 1)] {
        assert_eq!(known.rows(name).map_or(0, BTreeMap::len), kept, "{name}");
    }
}

async fn observe(world: &World, ids: &[&str], completeness: Completeness) {
    let accounts: Vec<_> = ids.iter().map(|id| account(id)).collect();
    let reading = world.org.begin_read(&app()).await.unwrap();
    world.org.stage(&reading, &accounts).await.unwrap();
    let mut tx = world.org.begin("muster", now());
    let seen: BTreeSet<AccountId> = accounts.iter().map(|one| one.id.clone()).collect();
    tx.finish_observation(&reading, header(completeness), seen);
    tx.commit().await.unwrap();
}

/// A little of everything.
async fn fill(world: &World) {
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[person(1), person(2), person(3)]);
    tx.put_source(&samples::source());
    tx.put_connection(&samples::connection());
    tx.put_order(&samples::freeze(1));
    tx.put_order(&samples::keep());
    tx.put_approval(&samples::approval(1, samples::precise()));
    tx.put_approval(&samples::approval(2, now() + jiff::SignedDuration::from_secs(60)));
    note(&mut tx);
    tx.commit().await.unwrap();
    observe(world, &["1", "2", "3"], Completeness::Proven).await;
    observe(world, &["1", "2"], samples::unproven()).await;
    observe(world, &["1", "2"], Completeness::Proven).await;
    let mut tx = world.org.begin("anna", now());
    tx.put_links(&app(), &samples::links());
    let learned = Learned { deactivation: Deactivation::Ignored, at: samples::precise() };
    tx.put_learned(&app(), &"1".parse().unwrap(), learned);
    let work = OpenWork { open: 412, ..OpenWork::none(now()) };
    let id: AccountId = "1".parse().unwrap();
    tx.put_work(&app(), &id, &work);
    let about = About { app: Some(app()), ..About::default() };
    tx.journal(Event::WorkSeen, about, json!({ "work": { "1": work } }));
    tx.put_policy(&samples::policy(1));
    let text = samples::policy(1);
    let data = json!({ "number": 1, "digest": text.digest, "text": text.text });
    tx.journal(Event::PolicyApplied, About::default(), data);
    tx.commit().await.unwrap();
    let mut run = samples::run(1, RunState::Intended);
    let mut tx = world.org.begin("anna", now());
    tx.put_run(&run);
    let data = json!({ "operation": run.operation, "before": run.before_image });
    tx.journal(Event::OperationIntended, About::default(), data);
    tx.commit().await.unwrap();
    run.state = RunState::Verified;
    run.calls = 2;
    let mut tx = world.org.begin("anna", now());
    tx.put_run_on(&run);
    tx.journal(Event::OperationChanged, About::default(), json!({ "state": run.state }));
    tx.commit().await.unwrap();
}

story!(the_folded_journal_is_the_state, world, {
    fill(world).await;
    agrees(world).await;
    // A run's before-image and operation stand in the journal once.
    let entries = world.org.journal(&JournalFilter::default()).await.unwrap();
    let told = serde_json::to_string(&entries).unwrap();
    let fingerprint = samples::operation(1).fingerprint.to_string();
    assert_eq!(told.matches(&format!("\"fingerprint\":\"{fingerprint}\"")).count(), 2, "{told}");
});

story!(what_is_taken_back_is_gone_from_the_fold, world, {
    fill(world).await;
    let mut changed = person(1);
    changed.not_mentioned_since = Some(now());
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[changed.clone()]);
    // The later of two counts.
    changed.not_mentioned_since = None;
    tx.put_people(&[changed]);
    tx.remove_person(&person(2).id);
    tx.remove_order(&samples::freeze(1));
    let links: [Link; 2] = samples::links();
    tx.remove_link(&app(), &links[0].account);
    note(&mut tx);
    tx.commit().await.unwrap();
    agrees(world).await;
    assert_eq!(fold(world, u64::MAX).await.people().unwrap().len(), 2);
});

story!(a_fold_may_stop_at_any_entry, world, {
    let mut people = Vec::new();
    for n in 1..=4 {
        people.push(person(n));
        let mut tx = world.org.begin("anna", now());
        tx.put_people(&people);
        note(&mut tx);
        tx.commit().await.unwrap();
        assert_eq!(fold(world, u64::from(n)).await.people().unwrap().len(), people.len());
    }
    assert_eq!(fold(world, 2).await.people().unwrap().len(), 2);
    assert_eq!(fold(world, 0).await.people().unwrap().len(), 0);
});

story!(an_image_stands_in_the_entry_about_the_same_person, world, {
    let about = |n: u32| About { person: Some(person(n).id), ..About::default() };
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[person(1), person(2)]);
    tx.journal(Event::PersonAdded, about(1), json!({ "person": person(1) }));
    tx.journal(Event::PersonChanged, about(2), json!({ "changes": [] }));
    tx.journal(Event::RosterImported, About::default(), json!({}));
    tx.commit().await.unwrap();
    agrees_on_people(world, 2).await;
    let entries = world.org.journal(&JournalFilter::default()).await.unwrap();
    let names: Vec<bool> = entries
        .iter()
        .map(|entry| entry.data.to_string().contains(&person(2).id.to_string()))
        .collect();
    assert_eq!(names, [false, true, false]);
    // What an entry tells anyway it does not tell twice.
    let once = entries[0].data.to_string();
    assert_eq!(once.matches("\"engagements\"").count(), 1, "{once}");

    // Her data goes with her entries, and she is then not known; the other stays.
    let mut tx = world.org.begin("anna", now());
    tx.redact(muster::store::redact::Redacting {
        person: person(2).id,
        entries: vec![2],
        gone: Vec::new(),
    });
    note(&mut tx);
    tx.commit().await.unwrap();
    let known = fold(world, u64::MAX).await;
    assert_eq!(known.people().unwrap().into_keys().collect::<Vec<_>>(), [person(1).id]);
    assert_eq!(known.unclear[&person(2).id], Unclear::TakenOut { since: now() });
});

async fn agrees_on_people(world: &World, count: usize) {
    let people = fold(world, u64::MAX).await.people().unwrap();
    assert_eq!(people.len(), count);
    assert_eq!(people.into_values().collect::<Vec<_>>(), world.org.people().await.unwrap());
}

story!(state_needs_an_entry_that_can_hold_it, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[person(1)]);
    tx.journal(Event::HomeCreated, About::default(), json!(null));
    assert!(matches!(tx.commit().await, Err(StoreError::Unjournaled)));
    assert!(world.org.people().await.unwrap().is_empty());
});
