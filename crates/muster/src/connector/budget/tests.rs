use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn start() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn env() -> Env {
    Env::manual(start(), 11)
}

/// One request, in the units that a bucket of `capacity` per 20 seconds counts in: then `capacity`
/// units drain in a microsecond.
const REQUEST: i64 = 20_000_000;

/// An app's bucket, written without a look at ours.
struct App {
    capacity: i64,
    level: i64,
    at: Timestamp,
    accepted: u32,
    refused: u32,
}

impl App {
    fn new(capacity: u32) -> Self {
        Self { capacity: capacity.into(), level: 0, at: start(), accepted: 0, refused: 0 }
    }

    fn serve(&mut self, now: Timestamp) -> (StatusCode, HeaderMap) {
        let elapsed = now.as_microsecond() - self.at.as_microsecond();
        self.level = (self.level - elapsed * self.capacity).max(0);
        self.at = now;
        let fits = self.level + REQUEST <= self.capacity * REQUEST;
        if fits {
            self.level += REQUEST;
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        let used = (self.level + REQUEST - 1) / REQUEST;
        let value = HeaderValue::try_from(format!("{used}/{}", self.capacity)).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-gorgias-account-api-call-limit", value);
        (if fits { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS }, headers)
    }
}

const LANES: [Lane; 4] = [Lane::Leaver, Lane::Interactive, Lane::Routine, Lane::Bulk];

async fn request(budget: &Arc<Budget>, app: &Mutex<App>, lane: Lane, there: u64, back: u64) {
    let env = &budget.env;
    let permit = budget.acquire(lane).await;
    env.sleep(Duration::from_millis(there)).await;
    let (status, headers) = app.lock().unwrap().serve(env.now());
    env.sleep(Duration::from_millis(back)).await;
    permit.answered(status, &headers);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever comes when, in whichever lane, and however long it travels: nothing is refused, and
    /// everybody gets a turn.
    #[test]
    fn a_bucket_of_our_own_never_refuses(
        capacity in 20_u32..100,
        bursts in proptest::collection::vec(
            (
                0_u64..30_000,
                proptest::collection::vec((0_usize..4, 0_u64..400, 0_u64..400), 1..80),
            ),
            1..6,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let env = env();
        let budget = Budget::new(env.clone(), None);
        let app = Mutex::new(App::new(capacity));
        let mut asked = 0;
        for (gap, burst) in &bursts {
            asked += burst.len();
            runtime.block_on(async {
                env.sleep(Duration::from_millis(*gap)).await;
                let requests = burst.iter().map(|&(lane, there, back)| {
                    request(&budget, &app, LANES[lane], there, back)
                });
                join_all(requests).await;
            });
        }
        let app = app.into_inner().unwrap();
        prop_assert_eq!(app.refused, 0);
        prop_assert_eq!(usize::try_from(app.accepted).unwrap(), asked);
        prop_assert_eq!(budget.lock().queue.len(), 0);
    }

    /// A waiter that gives up, at whatever moment, costs the others nothing.
    #[test]
    fn giving_up_loses_no_slot(
        patience in proptest::collection::vec(0_usize..12, 1..60),
        capacity in 2_u32..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let env = env();
        let budget = Budget::new(env.clone(), None);
        let app = Mutex::new(App::new(capacity));
        runtime.block_on(async {
            let impatient = patience.iter().enumerate().map(|(n, &turns)| {
                let budget = &budget;
                async move {
                    let waiting = budget.acquire(LANES[n % 4]);
                    let giving_up = async {
                        for _ in 0..turns {
                            tokio::task::yield_now().await;
                        }
                    };
                    tokio::select! { biased;
                        () = giving_up => {}
                        permit = waiting => permit.not_sent(),
                    }
                }
            });
            let steady = join_all((0..30).map(|n| request(&budget, &app, LANES[n % 4], 5, 5)));
            tokio::join!(join_all(impatient), steady);
        });
        let app = app.into_inner().unwrap();
        prop_assert_eq!((app.accepted, app.refused), (30, 0));
        let inner = budget.lock();
        prop_assert_eq!(inner.queue.len(), 0);
    }
}

/// Fills a fresh bucket and returns its budget.
async fn full(env: &Env, app: &Mutex<App>) -> Arc<Budget> {
    let budget = Budget::new(env.clone(), None);
    let capacity = app.lock().unwrap().capacity;
    for _ in 0..capacity {
        request(&budget, app, Lane::Bulk, 0, 0).await;
    }
    budget
}

#[tokio::test]
async fn lanes_are_served_in_order_and_who_came_first_first() {
    let (env, app) = (env(), Mutex::new(App::new(4)));
    let budget = full(&env, &app).await;
    let order = Mutex::new(Vec::new());
    let arrivals =
        [Lane::Bulk, Lane::Routine, Lane::Bulk, Lane::Leaver, Lane::Interactive, Lane::Leaver];
    join_all(arrivals.iter().enumerate().map(|(n, &lane)| {
        let (budget, app, order) = (&budget, &app, &order);
        async move {
            let permit = budget.acquire(lane).await;
            order.lock().unwrap().push((lane, n));
            let (status, headers) = app.lock().unwrap().serve(budget.env.now());
            permit.answered(status, &headers);
        }
    }))
    .await;
    let expected = [
        (Lane::Leaver, 3),
        (Lane::Leaver, 5),
        (Lane::Interactive, 4),
        (Lane::Routine, 1),
        (Lane::Bulk, 0),
        (Lane::Bulk, 2),
    ];
    assert_eq!(*order.lock().unwrap(), expected);
    assert_eq!(app.lock().unwrap().refused, 0);
}

#[tokio::test]
async fn before_the_first_header_one_request_is_in_flight() {
    let budget = Budget::new(env(), None);
    let first = budget.acquire(Lane::Bulk).await;
    assert!(budget.acquire(Lane::Leaver).now_or_never().is_none());
    let (_, headers) = App::new(40).serve(start());
    first.answered(StatusCode::OK, &headers);
    let mut permits = Vec::new();
    while let Some(permit) = budget.acquire(Lane::Bulk).now_or_never() {
        permits.push(permit);
    }
    assert_eq!(permits.len(), 32);
}

#[tokio::test]
async fn only_the_head_of_the_queue_sleeps() {
    let (env, app) = (env(), Mutex::new(App::new(4)));
    let budget = full(&env, &app).await;
    let began = env.now();
    let turns = AtomicU32::new(0);
    join_all((0..8).map(|_| async {
        let permit = budget.acquire(Lane::Routine).await;
        turns.fetch_add(1, Ordering::SeqCst);
        let (status, headers) = app.lock().unwrap().serve(env.now());
        permit.answered(status, &headers);
    }))
    .await;
    // 4 in 20 seconds: 8 take 40, not a moment more.
    assert_eq!(env.now().duration_since(began).as_secs(), 40);
    assert_eq!((turns.into_inner(), app.lock().unwrap().refused), (8, 0));
}

#[tokio::test]
async fn what_was_learned_is_kept_as_text() {
    let (env, app) = (env(), Mutex::new(App::new(40)));
    assert_eq!(Budget::new(env.clone(), None).state(), None);
    let budget = full(&env, &app).await;
    let text = serde_json::to_string(&budget.state()).unwrap();
    let next = Budget::new(env.clone(), serde_json::from_str(&text).unwrap());
    assert_eq!(next.state(), budget.state());
    assert_eq!(next.in_words().as_deref(), Some("40 requests at once, 2 per second after that"));
    // It knows that the bucket is full and waits for room before its first request.
    request(&next, &app, Lane::Leaver, 0, 0).await;
    assert_eq!(app.lock().unwrap().refused, 0);
    let broken = BudgetState::Leaky { limit: 0.0, drain_per_s: f64::NAN, level: 1.0, at: start() };
    assert_eq!(Budget::new(env, Some(broken)).state(), None);
}

#[tokio::test]
async fn a_wait_that_an_app_asks_for_is_obeyed_but_not_for_ever() {
    let wait = |retry_after: &'static str| async move {
        let env = env();
        let budget = Budget::new(env.clone(), None);
        let mut headers = HeaderMap::new();
        headers.insert("Retry-After", HeaderValue::from_static(retry_after));
        let permit = budget.acquire(Lane::Leaver).await;
        let until = permit.answered(StatusCode::TOO_MANY_REQUESTS, &headers).unwrap();
        budget.acquire(Lane::Leaver).await.not_sent();
        assert!(env.now() >= until);
        until.duration_since(start()).as_secs_f64()
    };
    assert!((7.0..=7.5).contains(&wait("7").await));
    assert!((0.4..=2.0).contains(&wait("0").await));
    assert!((0.4..=2.0).contains(&wait("").await));
    assert!(wait("999999999").await <= 120.1);
    assert!((30.0..=31.1).contains(&wait("Mon, 02 Mar 2026 08:00:30 GMT").await));
}

#[tokio::test]
async fn refusals_without_a_word_are_waited_out_longer_and_longer() {
    let env = env();
    let budget = Budget::new(env.clone(), None);
    let mut waits = Vec::new();
    for _ in 0..10 {
        let permit = budget.acquire(Lane::Routine).await;
        let asked = env.now();
        let until = permit.answered(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new()).unwrap();
        waits.push(until.duration_since(asked).as_secs_f64());
    }
    assert!(
        waits[0] < 20.0 && waits[5] > waits[0] && waits.iter().all(|wait| *wait <= 120.1),
        "{waits:?}"
    );
}

#[tokio::test]
async fn what_is_long_makes_way_for_others_and_then_expects_a_full_bucket() {
    let (env, app) = (env(), Arc::new(Mutex::new(App::new(40))));
    let known = full(&env, &app).await.state();
    env.sleep(Duration::from_secs(60)).await;
    let (told, began) = (Arc::new(Mutex::new(Urgent::Quiet(1))), env.now());
    let others: Others = {
        let (told, env, app) = (Arc::clone(&told), env.clone(), Arc::clone(&app));
        Arc::new(move || {
            let mut told = told.lock().unwrap();
            if *told == Urgent::Going && env.now().duration_since(began).as_secs() >= 5 {
                *told = Urgent::Quiet(2);
                // They filled it to the brim.
                let mut app = app.lock().unwrap();
                (app.level, app.at) = (40 * REQUEST, env.now());
            }
            let told = *told;
            Box::pin(async move { told })
        })
    };
    let budget = Budget::making_way(env.clone(), known, others);
    request(&budget, &app, Lane::Bulk, 0, 0).await;
    *told.lock().unwrap() = Urgent::Going;
    // What was begun is carried through, and a cut waits for nobody.
    for lane in [Lane::Leaver, Lane::Interactive, Lane::Routine] {
        request(&budget, &app, lane, 0, 0).await;
    }
    assert_eq!(env.now(), began);
    for lane in [Lane::Bulk, Lane::Work] {
        request(&budget, &app, lane, 0, 0).await;
    }
    let waited = env.now().duration_since(began).as_secs_f64();
    assert!((6.0..=6.2).contains(&waited), "{waited}");
    assert_eq!(app.lock().unwrap().refused, 0);
}
