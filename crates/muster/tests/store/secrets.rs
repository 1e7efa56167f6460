//! Sealed credentials.

use muster::{
    secret::Secret,
    store::{SigningSeed, StoreError, seal::SealingKey},
};

use crate::{
    samples,
    world::{World, key, note, now, story},
};

const CREDENTIALS: &str = r#"{"email":"a@acme.example","key":"hunter2-äöü"}"#;

async fn put(world: &World, app: &str, text: &str) {
    let mut tx = world.org.begin("anna", now());
    tx.put_credentials(&app.parse().unwrap(), &Secret::new(text));
    note(&mut tx);
    tx.commit().await.unwrap();
}

story!(credentials_come_back, world, {
    assert!(world.org.credentials(&samples::app()).await.unwrap().is_none());
    put(world, "support", CREDENTIALS).await;
    let opened = world.org.credentials(&samples::app()).await.unwrap().unwrap();
    assert_eq!(opened.reveal(), CREDENTIALS);
    put(world, "support", "another").await;
    let opened = world.org.credentials(&samples::app()).await.unwrap().unwrap();
    assert_eq!(opened.reveal(), "another");
    let Some(path) = world.path() else { return };
    world.store.close().await;
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for part in [b"hunter2".as_slice(), b"another", &[7; 16]] {
            assert!(!bytes.windows(part.len()).any(|window| window == part));
        }
    }
});

story!(another_key_opens_nothing_and_says_so, world, {
    put(world, "support", CREDENTIALS).await;
    if !world.has_back_door() {
        return;
    }
    let org = world.reopen(SealingKey::new([8; 32])).await.unwrap();
    let refused = org.credentials(&samples::app()).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongKey { .. }));
    let message = refused.to_string();
    assert!(message.contains("give the key that sealed them"), "{message}");
    assert!(message.contains(&key().id()) && message.contains("support"), "{message}");
});

story!(a_former_key_still_opens, world, {
    put(world, "support", CREDENTIALS).await;
    if !world.has_back_door() {
        return;
    }
    let new = SealingKey::new([8; 32]).with_former(&key());
    let org = world.reopen(new).await.unwrap();
    assert_eq!(org.credentials(&samples::app()).await.unwrap().unwrap().reveal(), CREDENTIALS);
});

story!(swapped_credentials_do_not_open, world, {
    put(world, "support", CREDENTIALS).await;
    put(world, "other", "another").await;
    if !world.has_back_door() {
        return;
    }
    world
        .sql(
            "UPDATE credentials SET sealed = (SELECT sealed FROM credentials c WHERE \
             c.app = 'other') WHERE app = 'support'",
        )
        .await
        .unwrap();
    let refused = world.org.credentials(&samples::app()).await.unwrap_err();
    assert!(matches!(refused, StoreError::SealBroken { .. }), "{refused:?}");
});

story!(altered_credentials_do_not_open, world, {
    put(world, "support", CREDENTIALS).await;
    if !world.has_back_door() {
        return;
    }
    for sealed in ["''", "'AAAA'", "'not base64!'", "'B' || substr(sealed, 2)"] {
        let sql = format!("UPDATE credentials SET sealed = {sealed}");
        world.sql(&sql).await.unwrap();
        let refused = world.org.credentials(&samples::app()).await.unwrap_err();
        assert!(matches!(refused, StoreError::SealBroken { .. }), "{refused:?}");
    }
});

story!(resealing_makes_the_former_key_needless, world, {
    put(world, "support", CREDENTIALS).await;
    put(world, "other", "another").await;
    assert_eq!(world.org.reseal("anna", now()).await.unwrap(), 0);
    if !world.has_back_door() {
        return;
    }
    let new = || SealingKey::new([8; 32]);
    let org = world.reopen(new().with_former(&key())).await.unwrap();
    assert_eq!(org.reseal("anna", now()).await.unwrap(), 2);
    assert_eq!(org.journal_head().await.unwrap().0, 4);
    let org = world.reopen(new()).await.unwrap();
    assert_eq!(org.credentials(&samples::app()).await.unwrap().unwrap().reveal(), CREDENTIALS);
    assert!(matches!(
        world.org.credentials(&samples::app()).await,
        Err(StoreError::WrongKey { .. })
    ));
});

async fn put_seed(
    org: &muster::store::OrgStore,
    (number, seed): (i64, &str),
) -> Result<(), StoreError> {
    let mut tx = org.begin("anna", now());
    tx.put_signing_seed(&SigningSeed { number, seed: Secret::new(seed) });
    note(&mut tx);
    tx.commit().await.map(|_| ())
}

story!(there_is_one_signing_key_and_it_is_resealed_too, world, {
    assert!(world.org.signing_seed().await.unwrap().is_none());
    put_seed(&world.org, (1, "seed")).await.unwrap();
    let second = put_seed(&world.org, (1, "another")).await;
    assert!(matches!(second, Err(StoreError::Conflict { .. })), "{second:?}");
    assert_eq!(world.org.signing_seed().await.unwrap().unwrap().seed.reveal(), "seed");
    // The next key takes the place of the former, which nobody can sign with any more.
    put_seed(&world.org, (2, "next")).await.unwrap();
    let now_used = world.org.signing_seed().await.unwrap().unwrap();
    assert_eq!((now_used.number, now_used.seed.reveal()), (2, "next"));
    if !world.has_back_door() {
        return;
    }
    let new = || SealingKey::new([8; 32]);
    let org = world.reopen(new().with_former(&key())).await.unwrap();
    assert_eq!(org.reseal("anna", now()).await.unwrap(), 1, "one key is left");
    assert_eq!(org.reseal("anna", now()).await.unwrap(), 0);
    let org = world.reopen(new()).await.unwrap();
    assert_eq!(org.signing_seed().await.unwrap().unwrap().seed.reveal(), "next");
    // A sealed text from elsewhere is no signing key.
    put(world, "other", "evil").await;
    let sealed = "(SELECT sealed FROM credentials WHERE app = 'other')";
    world.sql(&format!("UPDATE signing_keys SET sealed = {sealed}")).await.unwrap();
    assert!(world.org.signing_seed().await.is_err());
});

story!(a_file_whose_bytes_were_changed_is_not_handed_out, world, {
    let content = b"the board agreed";
    let digest = muster_domain::model::canonical::Digest::of(content);
    let mut tx = world.org.begin("anna", now());
    tx.put_file(content);
    note(&mut tx);
    tx.commit().await.unwrap();
    assert_eq!(world.org.files().await.unwrap(), [digest.to_string()]);
    assert_eq!(world.org.file(&digest).await.unwrap().unwrap(), content);
    if !world.has_back_door() {
        return;
    }
    world.sql("UPDATE files SET content = 'AAAA'").await.unwrap();
    let refused = world.org.file(&digest).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unreadable { table: "files", .. }), "{refused:?}");
});
