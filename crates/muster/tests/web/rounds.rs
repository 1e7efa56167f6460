//! The loop: when it goes round, what it does then, and what happens when an app fails.

use jiff::{SignedDuration, Timestamp};
use muster::{
    connector::ErrorKind,
    error::Error,
    service::{Unwatched, freeze::NewFreeze},
    worker::Progress,
};
use muster_domain::{
    engine::schedule::{PATIENCE, Turn},
    model::{
        cycle::{Cycle, Why},
        journal::Event,
        order::{Frozen, Stops},
    },
};

use crate::server::Server;

const POLICY: &str = "
organization:
  time_zone: UTC
apps:
  support:
    connector: gorgias
    read_every: 30 minutes
    access:
      - {when: 'true', role: agent}
";

async fn turn(server: &Server) -> Turn {
    let due = server.muster.due(&[]).await.unwrap();
    due.into_iter().next().unwrap().turn
}

async fn go_round(server: &Server, why: Why) -> Result<(), Error> {
    let round = server.muster.go_round(&Server::app(), why, &Unwatched).await?;
    assert_eq!(round.unwrap().why, why);
    Ok(())
}

async fn cycle(server: &Server) -> Cycle {
    server.muster.store.cycles().await.unwrap().remove(&Server::app()).unwrap()
}

fn later(server: &Server, by: SignedDuration) -> Timestamp {
    let at = server.env.now().checked_add(by).unwrap();
    server.env.advance_to(at);
    at
}

#[tokio::test]
async fn it_reads_when_the_interval_has_passed_and_not_before() {
    let server = Server::new().await;
    server.connect().await;
    server.muster.apply_policy(POLICY).await.unwrap();
    assert_eq!(turn(&server).await, Turn::Now(Why::First));
    let began = server.env.now();
    go_round(&server, Why::First).await.unwrap();
    let due = began.checked_add(SignedDuration::from_mins(30)).unwrap();
    assert_eq!(turn(&server).await, Turn::At(due, Why::Interval));
    server.env.advance_to(due);
    assert_eq!(turn(&server).await, Turn::Now(Why::Interval));
    let requests = server.sim.counters().total();
    go_round(&server, Why::Interval).await.unwrap();
    assert!(server.sim.counters().total() > requests);
}

#[tokio::test]
async fn what_somebody_orders_wakes_it_and_what_it_writes_itself_does_not() {
    let server = Server::new().await;
    server.connect().await;
    server.muster.apply_policy(POLICY).await.unwrap();
    go_round(&server, Why::First).await.unwrap();
    assert!(matches!(turn(&server).await, Turn::At(_, Why::Interval)));
    let new = NewFreeze {
        frozen: Frozen::Everything,
        stops: Stops::Writes,
        reason: "audit".to_owned(),
        until: None,
    };
    server.muster.freeze(new).await.unwrap();
    assert_eq!(turn(&server).await, Turn::Now(Why::News));
    let requests = server.sim.counters().total();
    go_round(&server, Why::News).await.unwrap();
    assert_eq!(server.sim.counters().total(), requests, "what is new here is not asked of the app");
    assert!(matches!(turn(&server).await, Turn::At(_, Why::Interval)));
}

#[tokio::test]
async fn a_refused_key_is_tried_twice_and_then_left_alone_until_somebody_asks() {
    let server = Server::new().await;
    server.connect().await;
    go_round(&server, Why::First).await.unwrap();
    let right = server.sim.config().api_key;
    server.sim.configure(|config| config.api_key = "another".to_owned());
    for _ in 0..2 {
        later(&server, SignedDuration::from_mins(30));
        let failed = go_round(&server, Why::Interval).await.unwrap_err();
        assert!(matches!(failed.app_kind(), Some(ErrorKind::Unauthorized)), "{failed}");
    }
    assert_eq!(turn(&server).await, Turn::Quarantined);
    later(&server, SignedDuration::from_hours(48));
    assert_eq!(turn(&server).await, Turn::Quarantined);
    let trouble = cycle(&server).await.trouble.unwrap();
    assert_eq!(trouble.failures, 2);
    assert!(!trouble.reason.is_empty());
    assert_eq!(server.journaled(Event::AppQuarantined).await.len(), 1);
    // The way out: mend it, and ask.
    server.sim.configure(|config| config.api_key = right);
    let due = server.muster.due(&[Server::app()]).await.unwrap();
    assert_eq!(due[0].turn, Turn::Now(Why::Asked));
    go_round(&server, Why::Asked).await.unwrap();
    assert_eq!(cycle(&server).await.trouble, None);
    assert_eq!(server.journaled(Event::AppReleased).await.len(), 1);
}

#[tokio::test]
async fn an_app_that_is_down_is_tried_again_later_and_later() {
    let server = Server::new().await;
    server.connect().await;
    go_round(&server, Why::First).await.unwrap();
    server.wire.unreachable.store(u32::MAX, std::sync::atomic::Ordering::SeqCst);
    later(&server, SignedDuration::from_mins(30));
    let mut rounds = 0;
    while turn(&server).await != Turn::Quarantined {
        match turn(&server).await {
            Turn::Now(why) => {
                go_round(&server, why).await.unwrap_err();
                rounds += 1;
            }
            Turn::At(at, why) => {
                assert_eq!(why, Why::Retry);
                server.env.advance_to(at);
            }
            Turn::Quarantined => {}
        }
    }
    assert_eq!(rounds, PATIENCE);
}

#[tokio::test]
async fn only_one_node_goes_round_for_an_app() {
    let server = Server::new().await;
    server.connect().await;
    let mut other = server.muster.clone();
    other.node = "b-serve".to_owned();
    let app = Server::app();
    let both = tokio::join!(
        server.muster.go_round(&app, Why::First, &Unwatched),
        other.go_round(&app, Why::First, &Unwatched)
    );
    let went = [both.0.unwrap().is_some(), both.1.unwrap().is_some()];
    assert_eq!(went.iter().filter(|went| **went).count(), 1, "{went:?}");
}

#[tokio::test]
async fn the_worker_goes_round_by_itself_tells_of_it_and_stops_when_told() {
    let server = Server::new().await;
    server.connect().await;
    server.muster.apply_policy(POLICY).await.unwrap();
    let mut told = server.worker.listen();
    let worker = server.worker.clone();
    let running = tokio::spawn(async move { worker.run().await });
    let mut rounds = Vec::new();
    while rounds.len() < 2 {
        match told.recv().await.unwrap() {
            Progress::Began { why, .. } => rounds.push(why),
            Progress::Ended { trouble, .. } => assert_eq!(trouble, None),
            Progress::Run(_) | Progress::Moved { .. } => {}
        }
    }
    assert_eq!(rounds, ["first", "interval"]);
    server.worker.stop();
    running.await.unwrap();
    assert!(server.worker.at_work().is_empty());
    let tally = server.worker.tally().remove(&Server::app()).unwrap();
    assert!(tally.done >= 2 && tally.failed == 0, "{tally:?}");
}
