//! State, transactions, leases, migrations.

use std::{collections::BTreeMap, time::Duration};

use jiff::SignedDuration;
use muster::store::{Location, Store, StoreError, records::RunFilter};
use muster_domain::model::{
    activity::{Activity, Trail},
    canonical::Digest,
    id::{AccountId, OrgId},
    keep::Keep,
    operation::{Deactivation, Learned, RunState},
    order::Freeze,
    work::OpenWork,
};

use crate::{
    samples,
    world::{World, key, note, now, story},
};

const MINUTE: Duration = Duration::from_secs(60);

fn later(seconds: i64) -> jiff::Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

story!(what_is_written_is_read_back, world, {
    let org = &world.org;
    let learned = Learned { deactivation: Deactivation::Ignored, at: samples::precise() };
    let mut people: Vec<_> = (0..450).map(samples::person).collect();
    let mut tx = org.begin("anna", now());
    tx.put_people(&people);
    tx.put_source(&samples::source());
    tx.put_connection(&samples::connection());
    tx.put_account(&samples::app(), &samples::account("1"));
    tx.put_learned(&samples::app(), &"1".parse().unwrap(), learned);
    tx.put_work(&samples::app(), &"1".parse().unwrap(), &OpenWork::none(now()));
    let work = OpenWork { open: 412, teams: vec!["Chat".to_owned()], ..OpenWork::none(now()) };
    tx.put_work(&samples::app(), &"1".parse().unwrap(), &work);
    tx.put_links(&samples::app(), &samples::links());
    tx.put_policy(&samples::policy(1));
    tx.put_policy(&samples::policy(2));
    tx.put_plan(&samples::plan());
    tx.put_run(&samples::run(1, RunState::Unknown));
    tx.put_approval(&samples::approval(1, later(60)));
    note(&mut tx);
    let committed = tx.commit().await.unwrap();
    assert_eq!(committed.seq, 1);

    people.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(org.people().await.unwrap(), people);
    assert_eq!(org.person(&people[3].id).await.unwrap().as_ref(), Some(&people[3]));
    assert_eq!(org.person(&"per_0000000000000000".parse().unwrap()).await.unwrap(), None);
    assert_eq!(org.sources().await.unwrap(), [samples::source()]);
    assert_eq!(org.source(&"hr".parse().unwrap()).await.unwrap(), Some(samples::source()));
    assert_eq!(org.connections().await.unwrap(), [samples::connection()]);
    assert_eq!(org.connection(&samples::app()).await.unwrap(), Some(samples::connection()));
    let accounts = org.accounts(&samples::app()).await.unwrap();
    let account = accounts.values().next().unwrap();
    assert_eq!(account.account, samples::account("1"));
    assert_eq!((account.first_seen, account.gone), (now(), None));
    assert_eq!((account.learned, &account.work), (Some(learned), &Some(work)));
    let links = org.links(&samples::app()).await.unwrap();
    assert_eq!(links.values().cloned().collect::<Vec<_>>(), samples::links());
    assert_eq!(org.policy().await.unwrap(), Some(samples::policy(2)));
    assert_eq!(org.policy_versions().await.unwrap(), [samples::policy(1), samples::policy(2)]);
    let plan = samples::plan();
    assert_eq!(org.plan(&plan.digest().unwrap()).await.unwrap(), Some(plan));
    let run = samples::run(1, RunState::Unknown);
    assert_eq!(org.run(&run.id).await.unwrap(), Some(run));
    let approvals = org.approvals(&samples::app(), now()).await.unwrap();
    assert_eq!(approvals.into_values().collect::<Vec<_>>(), [samples::approval(1, later(60))]);
});

story!(later_writes_replace_earlier_ones, world, {
    let mut person = samples::person(1);
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[person.clone()]);
    person.not_mentioned_since = Some(now());
    // Twice in one transaction: the later one counts.
    tx.put_people(&[person.clone(), samples::person(2)]);
    tx.put_links(&samples::app(), &samples::links());
    tx.remove_link(&samples::app(), &"1".parse().unwrap());
    note(&mut tx);
    tx.commit().await.unwrap();
    assert_eq!(world.org.person(&person.id).await.unwrap(), Some(person.clone()));
    assert_eq!(world.org.links(&samples::app()).await.unwrap().len(), 1);
    person.ordered_end = None;
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[person.clone()]);
    note(&mut tx);
    tx.commit().await.unwrap();
    assert_eq!(world.org.person(&person.id).await.unwrap(), Some(person));
});

story!(orders_are_kept_until_they_are_taken_back, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_order(&samples::freeze(1));
    tx.put_order(&samples::freeze(2));
    tx.put_order(&samples::freeze(1));
    note(&mut tx);
    tx.commit().await.unwrap();
    let kept = world.org.orders().await.unwrap().freezes;
    assert_eq!(kept.len(), 2);
    let one = samples::freeze(1);
    let found: Option<Freeze> = world.org.order(one.id.as_str()).await.unwrap();
    assert_eq!(found.as_ref(), Some(&one));
    let mut tx = world.org.begin("anna", now());
    tx.remove_order(&one);
    note(&mut tx);
    tx.commit().await.unwrap();
    assert_eq!(world.org.orders().await.unwrap().freezes, [samples::freeze(2)]);
});

story!(every_kind_of_order_is_read_back, world, {
    let (no, lent, keep) = (samples::rejection(), samples::delegation(), samples::keep());
    let mut tx = world.org.begin("anna", now());
    tx.put_order(&no);
    tx.put_order(&lent);
    tx.put_order(&keep);
    note(&mut tx);
    tx.commit().await.unwrap();
    let found = world.org.orders().await.unwrap();
    assert_eq!(found.rejections, std::slice::from_ref(&no));
    assert_eq!(found.delegations, [lent]);
    assert_eq!(found.keeps, std::slice::from_ref(&keep));
    let mut tx = world.org.begin("anna", now());
    tx.remove_order(&no);
    // One account is kept in one way: a later order replaces the earlier one.
    tx.put_order(&Keep { reason: "another".to_owned(), ..keep });
    note(&mut tx);
    tx.commit().await.unwrap();
    let found = world.org.orders().await.unwrap();
    assert!(found.rejections.is_empty());
    assert_eq!(found.keeps.len(), 1);
    assert_eq!(found.keeps[0].reason, "another");
});

story!(groups_members_and_grants_are_kept_apart_by_kind, world, {
    let (group, member, grant) = (samples::group(), samples::membership(), samples::grant());
    let mut tx = world.org.begin("anna", now());
    tx.put_order(&group);
    tx.put_order(&member);
    tx.put_order(&grant);
    note(&mut tx);
    tx.commit().await.unwrap();
    let orders = world.org.orders().await.unwrap();
    assert_eq!(orders.groups, std::slice::from_ref(&group));
    assert_eq!(orders.memberships, std::slice::from_ref(&member));
    assert_eq!(orders.grants, [grant]);
    let mut tx = world.org.begin("anna", now());
    tx.remove_order(&member);
    note(&mut tx);
    tx.commit().await.unwrap();
    let orders = world.org.orders().await.unwrap();
    assert_eq!((orders.groups, orders.memberships.len(), orders.grants.len()), (vec![group], 0, 1));
});

story!(what_a_trail_told_and_what_was_noticed_is_kept, world, {
    let app = samples::app();
    let id: AccountId = "1".parse().unwrap();
    let activity = Activity { last_sign_in: Some(samples::precise()), ..Activity::default() };
    let told = BTreeMap::from([(id.clone(), activity.clone())]);
    let trail = Trail { since: samples::precise(), until: now() };
    assert_eq!(world.org.trail(&app).await.unwrap(), None);
    let mut tx = world.org.begin("anna", now());
    tx.put_account(&app, &samples::account("1"));
    tx.put_activity(&app, &told, &trail);
    let came = BTreeMap::from([("a".to_owned(), now()), ("b".to_owned(), samples::precise())]);
    tx.notice(&app, &came, Vec::new());
    note(&mut tx);
    tx.commit().await.unwrap();
    assert_eq!(world.org.trail(&app).await.unwrap(), Some(trail));
    assert_eq!(world.org.accounts(&app).await.unwrap()[&id].activity, activity);
    // Also of accounts that no read has shown.
    let asked = [id.clone(), "2".parse().unwrap()];
    assert_eq!(world.org.activity(&app, &asked).await.unwrap(), told);
    assert_eq!(world.org.noticed(&app).await.unwrap(), came);
    let mut tx = world.org.begin("anna", now());
    tx.notice(&app, &BTreeMap::new(), vec!["a".to_owned(), "never".to_owned()]);
    note(&mut tx);
    tx.commit().await.unwrap();
    let left: Vec<_> = world.org.noticed(&app).await.unwrap().into_keys().collect();
    assert_eq!(left, ["b"]);
});

story!(runs_are_found_by_every_filter, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_run(&samples::run(1, RunState::Verified));
    tx.put_run(&samples::run(2, RunState::Unknown));
    tx.put_run(&samples::run(3, RunState::Parked));
    note(&mut tx);
    tx.commit().await.unwrap();
    let found = async |filter: RunFilter| -> Vec<u32> {
        let runs = world.org.runs(&filter).await.unwrap();
        runs.iter().map(|run| run.account.as_ref().unwrap().as_str().parse().unwrap()).collect()
    };
    let all = RunFilter::default;
    assert_eq!(found(all()).await, [3, 2, 1]);
    assert_eq!(found(RunFilter { app: Some(samples::app()), ..all() }).await, [3, 2, 1]);
    assert_eq!(found(RunFilter { app: Some("other".parse().unwrap()), ..all() }).await, [0; 0]);
    let person = Some(samples::person(2).id);
    assert_eq!(found(RunFilter { person, ..all() }).await, [2]);
    assert_eq!(found(RunFilter { account: Some("3".parse().unwrap()), ..all() }).await, [3]);
    let fingerprint = Some(samples::operation(1).fingerprint);
    assert_eq!(found(RunFilter { fingerprint, ..all() }).await, [1]);
    let states = [RunState::Unknown, RunState::Parked].into();
    assert_eq!(found(RunFilter { states, ..all() }).await, [3, 2]);
    assert_eq!(found(RunFilter { since: Some(later(3)), ..all() }).await, [3]);
    assert_eq!(found(RunFilter { limit: Some(1), ..all() }).await, [3]);
});

story!(lapsed_approvals_are_not_shown, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_approval(&samples::approval(1, later(1)));
    tx.put_approval(&samples::approval(2, later(2)));
    note(&mut tx);
    tx.commit().await.unwrap();
    let count = async |at| world.org.approvals(&samples::app(), at).await.unwrap().len();
    assert_eq!(count(now()).await, 2);
    assert_eq!(count(later(1)).await, 1);
    assert_eq!(count(later(2)).await, 0);
});

story!(a_dropped_transaction_leaves_nothing, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[samples::person(1)]);
    note(&mut tx);
    drop(tx);
    assert_eq!(world.org.people().await.unwrap(), []);
    assert_eq!(world.org.journal_head().await.unwrap(), (0, Digest::zero()));
});

story!(a_failed_commit_leaves_nothing, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_policy(&samples::policy(1));
    note(&mut tx);
    let head = tx.commit().await.unwrap().head;
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[samples::person(1)]);
    note(&mut tx);
    tx.put_policy(&samples::policy(1));
    assert!(matches!(tx.commit().await, Err(StoreError::Conflict { .. })));
    assert_eq!(world.org.people().await.unwrap(), []);
    assert_eq!(world.org.journal_head().await.unwrap(), (1, head));
});

story!(a_change_without_an_entry_is_refused, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[samples::person(1)]);
    assert!(matches!(tx.commit().await, Err(StoreError::Unjournaled)));
    assert_eq!(world.org.people().await.unwrap(), []);
});

story!(a_second_organisation_sees_nothing, world, {
    let mut tx = world.org.begin("anna", now());
    tx.put_people(&[samples::person(1)]);
    tx.put_source(&samples::source());
    tx.put_connection(&samples::connection());
    tx.put_credentials(&samples::app(), &muster::secret::Secret::new("s"));
    tx.put_account(&samples::app(), &samples::account("1"));
    tx.put_links(&samples::app(), &samples::links());
    tx.put_policy(&samples::policy(1));
    tx.put_plan(&samples::plan());
    tx.put_run(&samples::run(1, RunState::Unknown));
    tx.put_approval(&samples::approval(1, later(60)));
    note(&mut tx);
    tx.commit().await.unwrap();
    let reading = world.org.begin_read(&samples::app()).await.unwrap();
    let mut tx = world.org.begin("anna", now());
    let header = samples::header(samples::unproven());
    tx.finish_observation(&reading, header, Default::default());
    tx.commit().await.unwrap();
    world.org.lease("support", "node", now(), MINUTE).await.unwrap().unwrap();

    let other = world.store.org("other".parse::<OrgId>().unwrap());
    let app = samples::app();
    assert_eq!(other.people().await.unwrap(), []);
    assert_eq!(other.person(&samples::person(1).id).await.unwrap(), None);
    assert_eq!(other.sources().await.unwrap(), []);
    assert_eq!(other.connections().await.unwrap(), []);
    assert!(other.credentials(&app).await.unwrap().is_none());
    assert!(other.accounts(&app).await.unwrap().is_empty());
    assert!(other.account_digests(&app).await.unwrap().is_empty());
    assert_eq!(other.observation(&app).await.unwrap(), None);
    assert!(other.links(&app).await.unwrap().is_empty());
    assert_eq!(other.policy().await.unwrap(), None);
    assert_eq!(other.plan(&samples::plan().digest().unwrap()).await.unwrap(), None);
    assert_eq!(other.runs(&RunFilter::default()).await.unwrap(), []);
    assert!(other.approvals(&app, now()).await.unwrap().is_empty());
    assert_eq!(other.journal(&Default::default()).await.unwrap(), []);
    assert_eq!(other.verify_journal().await.unwrap().entries, 0);
    assert!(other.lease("support", "node", now(), MINUTE).await.unwrap().is_some());
    // What the other one writes disturbs nobody.
    let mut tx = other.begin("eve", now());
    tx.put_policy(&samples::policy(1));
    note(&mut tx);
    assert_eq!(tx.commit().await.unwrap().seq, 1);
    assert_eq!(world.org.verify_journal().await.unwrap().entries, 2);
});

story!(what_must_not_meet_a_lease_is_refused_once_somebody_had_it, world, {
    let free = world.org.free("urgent", now()).await.unwrap().unwrap();
    assert_eq!(world.org.free("urgent", now()).await.unwrap().as_ref(), Some(&free));
    let write = |free: &muster::store::records::Free| {
        let mut tx = world.org.begin("anna", now());
        tx.unless_taken(free);
        note(&mut tx);
        tx.commit()
    };
    write(&free).await.unwrap();
    let lease = world.org.lease("urgent", "a", now(), MINUTE).await.unwrap().unwrap();
    assert_eq!(world.org.holder("urgent", now()).await.unwrap().as_deref(), Some("a"));
    assert_eq!(world.org.free("urgent", now()).await.unwrap(), None);
    assert!(matches!(write(&free).await, Err(StoreError::Overtaken { .. })));
    world.org.release(lease).await.unwrap();
    // Whoever had it in between may have changed what was looked at.
    assert!(matches!(write(&free).await, Err(StoreError::Overtaken { .. })));
    let again = world.org.free("urgent", now()).await.unwrap().unwrap();
    assert_ne!(again.token(), free.token());
    write(&again).await.unwrap();
});

story!(a_lease_that_ran_out_is_taken_away_for_good, world, {
    let lease = world.org.lease("urgent", "a", now(), MINUTE).await.unwrap().unwrap();
    assert_eq!(world.org.free("urgent", later(59)).await.unwrap(), None);
    assert!(world.org.free("urgent", later(60)).await.unwrap().is_some());
    assert_eq!(world.org.holder("urgent", now()).await.unwrap(), None);
    assert_eq!(world.org.renew(&lease, later(61), MINUTE).await.unwrap(), None);
    let mut tx = world.org.begin("anna", later(61));
    tx.fence(&lease);
    note(&mut tx);
    assert!(matches!(tx.commit().await, Err(StoreError::LeaseLost { .. })));
});

story!(two_policies_cannot_have_one_number, world, {
    for outcome in [true, false] {
        let mut tx = world.org.begin("anna", now());
        tx.put_policy(&samples::policy(1));
        note(&mut tx);
        assert_eq!(tx.commit().await.is_ok(), outcome);
    }
});

story!(odd_texts_survive, world, {
    let mut source = samples::source();
    source.headings =
        ["", " ", "'; DROP TABLE people; --", "\u{0}\u{7}\n", "💥\u{202e}", "$1 ? \\"]
            .map(String::from)
            .to_vec();
    let mut tx = world.org.begin("Jörg \"O'Neil\"", now());
    tx.put_source(&source);
    note(&mut tx);
    tx.commit().await.unwrap();
    assert_eq!(world.org.source(&source.name).await.unwrap(), Some(source));
    world.org.verify_journal().await.unwrap();
});

story!(a_lease_belongs_to_one_owner_at_a_time, world, {
    let (one, two) = (&world.org, &world.another().await);
    let first = one.lease("support", "one", now(), MINUTE).await.unwrap().unwrap();
    assert_eq!(first.expires(), later(60));
    assert_eq!(two.lease("support", "two", later(59), MINUTE).await.unwrap(), None);
    assert!(two.lease("other", "two", now(), MINUTE).await.unwrap().is_some());
    let renewed = one.renew(&first, later(59), MINUTE).await.unwrap().unwrap();
    assert_eq!((renewed.token(), renewed.expires()), (first.token(), later(119)));
    // It runs out; somebody else takes it; the first cannot get it back by renewing.
    let second = two.lease("support", "two", later(119), MINUTE).await.unwrap().unwrap();
    assert!(second.token() > first.token());
    assert_eq!(one.renew(&renewed, later(120), MINUTE).await.unwrap(), None);
    one.release(renewed).await.unwrap();
    assert_eq!(one.lease("support", "one", later(120), MINUTE).await.unwrap(), None);
    two.release(second.clone()).await.unwrap();
    assert_eq!(two.renew(&second, later(120), MINUTE).await.unwrap(), None);
    let third = one.lease("support", "one", later(120), MINUTE).await.unwrap().unwrap();
    assert!(third.token() > second.token());
});

story!(a_lost_lease_fences_off_late_writes, world, {
    let first = world.org.lease("support", "one", now(), MINUTE).await.unwrap().unwrap();
    let write = async |lease| {
        let mut tx = world.org.begin("one", now());
        tx.put_people(&[samples::person(1)]);
        note(&mut tx);
        tx.fence(lease);
        tx.commit().await
    };
    write(&first).await.unwrap();
    // Run out, but nobody else has it: no harm.
    let second = world.org.lease("support", "two", later(60), MINUTE).await.unwrap().unwrap();
    assert!(matches!(write(&first).await, Err(StoreError::LeaseLost { .. })));
    write(&second).await.unwrap();
    world.org.release(second.clone()).await.unwrap();
    assert!(matches!(write(&second).await, Err(StoreError::LeaseLost { .. })));
    assert_eq!(world.org.journal_head().await.unwrap().0, 2);
});

story!(migrating_again_keeps_the_data, world, {
    world.write_entries(3).await;
    let again = world.another().await;
    assert_eq!(again.verify_journal().await.unwrap().entries, 3);
    world.write_entries(1).await;
    assert_eq!(again.verify_journal().await.unwrap().entries, 4);
});

story!(an_older_layout_is_migrated_with_its_data, world, {
    let Some(fresh) = world.fresh_location() else { return };
    let state = include_str!("../../migrations/0001_state.sql");
    world.write_entries(1).await;
    let entry = world.org.journal(&Default::default()).await.unwrap().remove(0);
    let person = samples::person(1);
    let mark = match fresh {
        Location::SqliteFile(_) => "PRAGMA application_id = 1299412082;",
        _ => "",
    };
    let [id, doc, data] = [
        person.id.to_string(),
        serde_json::to_string(&person).unwrap().replace('\'', "''"),
        serde_json::to_string(&entry.data).unwrap(),
    ];
    let sql = format!(
        "{mark} {state}
         CREATE TABLE migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
         checksum TEXT NOT NULL, applied TEXT NOT NULL);
         INSERT INTO migrations VALUES (1, 'state', '{}', '');
         INSERT INTO people VALUES ('default', '{id}', '{doc}');
         INSERT INTO journal (org, seq, at, actor, event, person, app, account, operation, plan,
         data, salt, data_digest, prev, hash) VALUES ('default', 1, '{:.9}', '{}', '{}', '{}',
         '{}', '{}', '{}', '{}', '{data}', '{}', '{}', '{}', '{}');
         INSERT INTO journal_head VALUES ('default', 1, '{}');",
        Digest::of(state.as_bytes()),
        entry.at,
        entry.actor,
        entry.event.word(),
        entry.about.person.as_ref().unwrap(),
        entry.about.app.as_ref().unwrap(),
        entry.about.account.as_ref().unwrap(),
        entry.about.operation.as_ref().unwrap(),
        entry.about.plan.as_ref().unwrap(),
        entry.salt,
        entry.data_digest,
        entry.prev,
        entry.hash,
        entry.hash,
    );
    crate::world::sql_at(&fresh, &sql).await.unwrap();
    let store = Store::open(&fresh, key(), world.env.clone()).await.unwrap();
    let org = store.org(OrgId::default_org());
    assert_eq!(org.people().await.unwrap(), [person]);
    assert_eq!(org.journal(&Default::default()).await.unwrap(), [entry]);
    org.verify_journal().await.unwrap();
    assert!(crate::world::sql_at(&fresh, "DELETE FROM journal").await.is_err());
});

story!(many_may_open_a_new_database_at_once, world, {
    let Some(fresh) = world.fresh_location() else { return };
    let mut openers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (fresh, env) = (fresh.clone(), world.env.clone());
        openers.spawn(async move { Store::open(&fresh, key(), env).await.map(|_| ()) });
    }
    while let Some(opened) = openers.join_next().await {
        opened.unwrap().unwrap();
    }
});

async fn refused_after(world: &World, sql: &str) -> Option<StoreError> {
    if !world.has_back_door() {
        return None;
    }
    world.sql(sql).await.unwrap();
    world.reopen(key()).await.err()
}

story!(a_newer_layout_is_refused, world, {
    let newer = "INSERT INTO migrations VALUES (900, 'later', 'x', 'x')";
    let refused = refused_after(world, newer).await;
    assert!(
        !world.has_back_door() || matches!(refused, Some(StoreError::TooNew { found: 900, .. })),
        "{refused:?}"
    );
});

story!(a_changed_migration_is_refused, world, {
    let changed = "UPDATE migrations SET checksum = 'x' WHERE number = 1";
    let refused = refused_after(world, changed).await;
    assert!(
        !world.has_back_door()
            || matches!(refused, Some(StoreError::MigrationDiffers { number: 1, .. })),
        "{refused:?}"
    );
});
