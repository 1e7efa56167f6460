//! Reads: staging, merging, and what they journal.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use muster::store::records::{Committed, JournalFilter, ObservationRecord, Reading};
use muster_domain::model::{
    account::Account, id::AccountId, journal::Event, observation::Completeness,
};

use crate::{
    samples::{self, account, app, header, unproven},
    world::{World, now, story},
};

fn ids(accounts: &[Account]) -> BTreeSet<AccountId> {
    accounts.iter().map(|account| account.id.clone()).collect()
}

async fn finish(
    world: &World,
    reading: &Reading,
    seen: BTreeSet<AccountId>,
    completeness: Completeness,
) -> Committed {
    let mut tx = world.org.begin("muster", now());
    tx.finish_observation(reading, header(completeness), seen);
    tx.commit().await.unwrap()
}

async fn observe(
    world: &World,
    accounts: &[Account],
    completeness: Completeness,
) -> ObservationRecord {
    let reading = world.org.begin_read(&app()).await.unwrap();
    for page in accounts.chunks(100) {
        world.org.stage(&reading, page).await.unwrap();
    }
    finish(world, &reading, ids(accounts), completeness).await.observation.unwrap()
}

fn many(count: u32) -> Vec<Account> {
    (0..count).map(|n| account(&n.to_string())).collect()
}

story!(an_observation_tells_what_changed, world, {
    let first = observe(world, &many(3), Completeness::Proven).await;
    assert_eq!((first.seen, first.added, first.changed, first.gone), (3, 3, 0, 0));
    let mut accounts = many(4);
    accounts[1].name = "Another name".into();
    accounts.remove(2);
    let second = observe(world, &accounts, Completeness::Proven).await;
    assert_eq!((second.seen, second.added, second.changed, second.gone), (3, 1, 1, 1));
    assert_eq!(world.org.observation(&app()).await.unwrap(), Some(second.clone()));
    assert_eq!(world.org.last_proven_observation(&app()).await.unwrap(), Some(second));
    let known = world.org.accounts(&app()).await.unwrap();
    assert_eq!(known.len(), 4);
    assert_eq!(known[&"2".parse().unwrap()].gone, Some(now()));
    assert_eq!(known[&"1".parse().unwrap()].account, accounts[1]);
    let digests = world.org.account_digests(&app()).await.unwrap();
    assert_eq!(digests.keys().cloned().collect::<BTreeSet<_>>(), ids(&accounts));
    let digest = muster_domain::model::canonical::digest_of(&accounts[0]).unwrap();
    assert_eq!(digests[&accounts[0].id], digest);
});

story!(observing_the_same_again_writes_only_the_observation, world, {
    let accounts = many(250);
    observe(world, &accounts, Completeness::Proven).await;
    let (before, _) = world.org.journal_head().await.unwrap();
    let state = world.org.accounts(&app()).await.unwrap();
    let reading = world.org.begin_read(&app()).await.unwrap();
    world.org.stage(&reading, &accounts).await.unwrap();
    if world.has_back_door() {
        assert_eq!(world.count("SELECT count(*) FROM staging").await, 0);
    }
    let committed = finish(world, &reading, ids(&accounts), Completeness::Proven).await;
    assert_eq!(committed.seq, before + 1);
    assert_eq!(world.org.accounts(&app()).await.unwrap(), state);
});

story!(an_unproven_read_removes_nobody, world, {
    let first = observe(world, &many(3), Completeness::Proven).await;
    let second = observe(world, &many(1), unproven()).await;
    assert_eq!(second.gone, 0);
    assert_eq!(world.org.account_digests(&app()).await.unwrap().len(), 3);
    assert_eq!(world.org.observation(&app()).await.unwrap(), Some(second));
    assert_eq!(world.org.last_proven_observation(&app()).await.unwrap(), Some(first));
});

story!(a_direct_look_up_beats_a_read_in_progress, world, {
    observe(world, &many(3), Completeness::Proven).await;
    let reading = world.org.begin_read(&app()).await.unwrap();
    let mut old = many(3);
    old[0].name = "As it was when the page was read".into();
    world.org.stage(&reading, &old).await.unwrap();
    // Meanwhile one account is changed, one deleted, one made; the read saw none of it.
    let mut fresh = account("0");
    fresh.name = "As it is now".into();
    let mut tx = world.org.begin("muster", now());
    tx.put_account(&app(), &fresh);
    tx.mark_gone(&app(), &"1".parse().unwrap());
    tx.mark_gone(&app(), &"unheard-of".parse().unwrap());
    tx.put_account(&app(), &account("new"));
    crate::world::note(&mut tx);
    tx.commit().await.unwrap();
    let done = finish(world, &reading, ids(&old), Completeness::Proven).await;
    let observation = done.observation.unwrap();
    assert_eq!((observation.added, observation.changed, observation.gone), (0, 0, 0));
    let known = world.org.accounts(&app()).await.unwrap();
    assert_eq!(known.len(), 4);
    assert_eq!(known[&"0".parse().unwrap()].account, fresh);
    assert!(known[&"1".parse().unwrap()].gone.is_some());
    assert!(known[&"new".parse().unwrap()].gone.is_none());
    // The next read, begun later, is believed again.
    let next = observe(world, &many(3), Completeness::Proven).await;
    assert_eq!((next.added, next.changed, next.gone), (1, 1, 1));
});

story!(a_dead_read_leaves_no_trace, world, {
    let dead = world.org.begin_read(&app()).await.unwrap();
    world.org.stage(&dead, &many(5)).await.unwrap();
    assert!(world.org.accounts(&app()).await.unwrap().is_empty());
    let reading = world.org.begin_read(&app()).await.unwrap();
    let mut tx = world.org.begin("muster", now() + SignedDuration::from_hours(25));
    tx.finish_observation(&reading, header(unproven()), BTreeSet::new());
    tx.commit().await.unwrap();
    assert!(world.org.accounts(&app()).await.unwrap().is_empty());
    if world.has_back_door() {
        assert_eq!(world.count("SELECT count(*) FROM staging").await, 0);
    }
});

story!(a_later_page_counts, world, {
    observe(world, &many(1), Completeness::Proven).await;
    let reading = world.org.begin_read(&app()).await.unwrap();
    let mut changed = account("0");
    changed.name = "For a moment".into();
    world.org.stage(&reading, &[changed]).await.unwrap();
    world.org.stage(&reading, &many(1)).await.unwrap();
    let done = finish(world, &reading, ids(&many(1)), Completeness::Proven).await;
    assert_eq!(done.observation.unwrap().changed, 0);
    let known = world.org.accounts(&app()).await.unwrap();
    assert_eq!(known.values().next().unwrap().account, account("0"));
});

story!(a_removed_account_may_come_back, world, {
    observe(world, &many(2), Completeness::Proven).await;
    observe(world, &many(1), Completeness::Proven).await;
    let back = observe(world, &many(2), Completeness::Proven).await;
    assert_eq!((back.added, back.changed, back.gone), (1, 0, 0));
    let known = world.org.accounts(&app()).await.unwrap();
    assert!(known.values().all(|record| record.gone.is_none()));
});

story!(the_journal_names_every_account_that_changed, world, {
    observe(world, &many(450), Completeness::Proven).await;
    let entries = world.org.journal(&JournalFilter::default()).await.unwrap();
    let events: Vec<Event> = entries.iter().map(|entry| entry.event).collect();
    let changed = Event::AccountsChanged;
    assert_eq!(events, [changed, changed, changed, Event::AppObserved]);
    assert!(entries.iter().all(|entry| entry.about.app == Some(app())));
    let sizes: Vec<usize> = entries
        .iter()
        .filter_map(|entry| Some(entry.data.get("changes")?.as_array()?.len()))
        .collect();
    assert_eq!(sizes, [200, 200, 50]);
    let account = Some("433".parse().unwrap());
    let filter = JournalFilter { account, app: Some(app()), ..JournalFilter::default() };
    let history = world.org.journal(&filter).await.unwrap();
    assert_eq!(history.len(), 1);
    let change = history[0].data["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["account"] == "433")
        .unwrap();
    assert_eq!(change["before"], serde_json::Value::Null);
    let after: Account = serde_json::from_value(change["after"].clone()).unwrap();
    assert_eq!(after, samples::account("433"));
    world.org.verify_journal().await.unwrap();
});
