//! Let in by OAuth: consent, renewal, refusal, and giving it back.

use std::sync::Arc;

use http::Method;
use jiff::SignedDuration;
use muster::{
    connector::{
        Connector, ErrorKind, Lane,
        budget::Budget,
        transport::{Request, Transport},
    },
    connectors::{
        Asking, Consented,
        gorgias::{APP, Gorgias, base_url, oauth::Tokens},
    },
    secret::Secret,
};
use muster_domain::model::account::{AccountChange, AccountStatus, SignIn};
use muster_simulator::{Config, Consent, NewUser, OAuth, RefreshToken, Rotation};
use url::Url;

use crate::harness::{World, account_id};

const BACK: &str = "http://127.0.0.1:4000/callback";
const BASE: &str = "https://acme.gorgias.com";

fn allowing(oauth: OAuth) -> Config {
    Config {
        oauth: OAuth { consent: Consent::Allow, ..oauth },
        active_write: muster_simulator::ActiveWrite::Applied,
        ..Config::gorgias()
    }
}

fn settings() -> std::collections::BTreeMap<String, String> {
    [("base_url", BASE), ("auth", "oauth")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

/// What the browser of somebody who allows it is sent back with.
async fn answer(world: &World) -> (String, Vec<(String, String)>) {
    let settings = settings();
    let asking = Asking {
        settings: &settings,
        client_id: "muster",
        redirect_uri: BACK,
        state: "st",
        nonce: "no",
    };
    let url = (APP.oauth.as_ref().unwrap().authorize)(&asking).unwrap();
    let answer = world.wire.send(Request::new(Method::GET, url)).await.unwrap();
    let location = answer.headers.get("location").unwrap().to_str().unwrap();
    let back = Url::parse(location).unwrap();
    assert!(location.starts_with(BACK), "{location}");
    (location.to_owned(), back.query_pairs().into_owned().collect())
}

async fn consent(world: &World) -> Secret {
    let (_, fields) = answer(world).await;
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(field("state"), "st");
    take(world, &field("code"), "simulated-client-secret").await.unwrap()
}

async fn take(
    world: &World,
    code: &str,
    secret: &str,
) -> Result<Secret, muster::connector::ConnectorError> {
    let (settings, secret) = (settings(), Secret::new(secret));
    let consented = Consented {
        transport: world.wire.as_ref(),
        env: &world.env,
        settings: &settings,
        client: ("muster", &secret),
        redirect_uri: BACK,
        code,
    };
    (APP.oauth.as_ref().unwrap().exchange)(consented).await
}

fn connect(world: &World, secret: &Secret) -> Gorgias {
    let wire: Arc<dyn Transport> = world.wire.clone();
    let tokens = Tokens::of(secret).unwrap();
    let budget = Budget::new(world.env.clone(), None);
    Gorgias::new(wire, budget, world.env.clone(), tokens, base_url(BASE).unwrap()).unwrap()
}

fn days(world: &World, days: i64) {
    world.env.advance_to(world.env.now() + SignedDuration::from_hours(24 * days));
}

#[tokio::test]
async fn a_consent_lets_in_and_is_renewed_when_it_runs_out() {
    for expires_in in [0, 86_400] {
        let world = World::unhurried(allowing(OAuth { expires_in, ..OAuth::default() }));
        let ann = world.sim.add_user(NewUser::new("ann@acme.example"));
        let gorgias = connect(&world, &consent(&world).await);
        let probe = gorgias.probe(Lane::Interactive).await.unwrap();
        assert!(probe.may_read && probe.may_write);
        assert_eq!(world.sim.counters().tokens.refreshed, 0);
        // It runs out after a day, whatever was said: it is renewed before the next request.
        for day in 1..=3 {
            days(&world, 1);
            let before = gorgias.account(Lane::Routine, &account_id(ann)).await.unwrap().unwrap();
            let shut = if day % 2 == 1 { SignIn::Blocked } else { SignIn::Allowed };
            let change = AccountChange { sign_in: Some(shut), ..AccountChange::default() };
            gorgias.update(Lane::Leaver, &before, &change).await.unwrap();
            assert_eq!(world.sim.counters().tokens.refreshed, day);
        }
        let after = gorgias.account(Lane::Routine, &account_id(ann)).await.unwrap().unwrap();
        assert_eq!(after.status, AccountStatus::Inactive);
        // What is kept is what lets in a new process.
        let kept = gorgias.renewed_secret().await.unwrap();
        assert!(gorgias.renewed_secret().await.is_none(), "once is enough");
        let again = connect(&world, &kept);
        assert!(again.account(Lane::Routine, &account_id(ann)).await.unwrap().is_some());
        assert_eq!(world.sim.counters().tokens.refreshed, 3);
    }
}

#[tokio::test]
async fn a_refresh_token_that_rotates_is_kept_and_one_that_does_not_is_too() {
    for rotation in [Rotation::Keep, Rotation::Rotate] {
        let world = World::unhurried(allowing(OAuth { rotation, ..OAuth::default() }));
        let mut secret = consent(&world).await;
        for _ in 0..3 {
            days(&world, 2);
            let gorgias = connect(&world, &secret);
            gorgias.probe(Lane::Interactive).await.unwrap();
            secret = gorgias.renewed_secret().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_refused_access_token_is_renewed_once_and_the_request_made_again() {
    let world = World::unhurried(allowing(OAuth::default()));
    let secret = consent(&world).await;
    let mut tokens = Tokens::of(&secret).unwrap();
    tokens.access = "no-longer-valid".to_owned();
    world.env.advance_to(world.env.now() + SignedDuration::from_secs(1));
    let gorgias = connect(&world, &tokens.secret().unwrap());
    let id = gorgias
        .create(
            Lane::Routine,
            &muster_domain::model::account::NewAccount {
                email: "new@acme.example".parse().unwrap(),
                name: "New Now".to_owned(),
                role: "basic-agent".parse().unwrap(),
                external_id: None,
            },
        )
        .await
        .unwrap();
    assert!(gorgias.account(Lane::Routine, &id).await.unwrap().is_some());
    assert_eq!(world.sim.invitations().len(), 1);
    assert_eq!(world.sim.counters().tokens.refreshed, 1);
}

#[tokio::test]
async fn what_was_given_back_lets_in_no_more_once_the_last_token_has_run_out() {
    let world = World::unhurried(allowing(OAuth::default()));
    let gorgias = connect(&world, &consent(&world).await);
    gorgias.probe(Lane::Interactive).await.unwrap();
    gorgias.give_back().await.unwrap();
    assert_eq!(world.sim.counters().tokens.revoked, 1);
    gorgias.probe(Lane::Interactive).await.unwrap();
    days(&world, 2);
    let error = gorgias.probe(Lane::Interactive).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.message.contains("--replace"), "{error}");
    // A key is given back in the app itself.
    let error = world.gorgias.give_back().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn refusals_of_the_consent_say_what_to_do_and_show_no_secret() {
    let world = World::unhurried(allowing(OAuth::default()));
    let (_, fields) = answer(&world).await;
    let code = &fields.iter().find(|(name, _)| name == "code").unwrap().1;
    let error = take(&world, code, "wrong-secret").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.message.contains("client's id or secret"), "{error}");
    take(&world, code, "simulated-client-secret").await.unwrap();
    let error = take(&world, code, "simulated-client-secret").await.unwrap_err();
    assert!(error.message.contains("used already"), "{error}");
    for text in [error.message.as_ref(), &format!("{error:?}")] {
        assert!(!text.contains(code.as_str()) && !text.contains("simulated-client-secret"));
    }

    // Without a refresh token the day ends with a clear word.
    let never = OAuth { refresh_token: RefreshToken::Never, ..OAuth::default() };
    let world = World::unhurried(allowing(never));
    let gorgias = connect(&world, &consent(&world).await);
    days(&world, 1);
    let error = gorgias.probe(Lane::Interactive).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.message.contains("no refresh token"), "{error}");
}
