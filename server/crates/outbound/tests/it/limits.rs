//! How much is fetched: budgets by tenant, one request for the same thing at the same time.

use std::sync::Arc;
use std::time::Duration;

use grantor_outbound::{Fetched, Fetcher, Limits, Refusal, Wanted};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{FINE, OTHER, Script, TENANT, WANTED, World};

const URL: &str = "https://client.example/";

fn gated() -> (Arc<World>, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    (World::new(Script::Waits(Arc::clone(&gate), FINE.to_owned())), gate)
}

fn spawn(tasks: &mut JoinSet<Result<Fetched, Refusal>>, fetcher: &Arc<Fetcher>, key: [u8; 16], url: &str) {
    let (fetcher, url) = (Arc::clone(fetcher), url.to_owned());
    tasks.spawn(async move { fetcher.get(key, &url, WANTED).await });
}

async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_at_once_are_refused_at_once_and_leave_others_alone() {
    let (world, gate) = gated();
    let fetcher =
        world.fetcher_with_limits(Limits { concurrent: 5, concurrent_by_key: 3, per_minute_by_key: 100 });
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        spawn(&mut tasks, &fetcher, TENANT, &format!("{URL}{number}"));
    }
    for _ in 0..47 {
        assert_eq!(tasks.join_next().await.unwrap().unwrap(), Err(Refusal::Busy));
    }
    until(|| world.seen.requests() == 3).await;

    // Two are left for all other tenants.
    for number in 0..10 {
        spawn(&mut tasks, &fetcher, [10 + number; 16], URL);
    }
    for _ in 0..8 {
        assert_eq!(tasks.join_next().await.unwrap().unwrap(), Err(Refusal::Busy));
    }
    until(|| world.seen.requests() == 5).await;
    gate.add_permits(6);
    for answer in tasks.join_all().await {
        assert_eq!(answer.unwrap().body, "{}");
    }
    fetcher.get(TENANT, URL, WANTED).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_minutes_budget_comes_back_with_the_minute() {
    let world = World::saying(FINE);
    let fetcher = world.fetcher_with_limits(Limits { per_minute_by_key: 3, ..Limits::default() });
    for _ in 0..3 {
        fetcher.get(TENANT, URL, WANTED).await.unwrap();
    }
    assert_eq!(fetcher.get(TENANT, URL, WANTED).await, Err(Refusal::Busy));
    assert_eq!(world.lookups(), 3);
    fetcher.get(OTHER, URL, WANTED).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    fetcher.get(TENANT, URL, WANTED).await.unwrap();
}

/// What is refused before anything is sent costs nothing; what fails does.
#[tokio::test]
async fn failures_are_paid_for_and_bad_urls_are_not() {
    let world = World::saying("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    let fetcher = world.fetcher_with_limits(Limits { per_minute_by_key: 2, ..Limits::default() });
    for _ in 0..5 {
        assert_eq!(fetcher.get(TENANT, "http://client.example/", WANTED).await, Err(Refusal::Scheme));
    }
    assert_eq!(fetcher.get(TENANT, URL, WANTED).await, Err(Refusal::Status(404)));
    assert!(matches!(
        fetcher.get(TENANT, "https://unknown.example/", WANTED).await,
        Err(Refusal::Unresolvable(_))
    ));
    assert_eq!(fetcher.get(TENANT, URL, WANTED).await, Err(Refusal::Busy));
}

/// A lookup goes on after the fetch has given up, and so does its place in the budget.
#[tokio::test(start_paused = true)]
async fn names_that_do_not_resolve_in_time_keep_their_place() {
    let (world, gate) = (World::saying(FINE), Arc::new(Semaphore::new(0)));
    world.slow_name("slow.example", &gate);
    let fetcher =
        world.fetcher_with_limits(Limits { concurrent_by_key: 1, per_minute_by_key: 100, concurrent: 100 });
    assert_eq!(fetcher.get(TENANT, "https://slow.example/", WANTED).await, Err(Refusal::TimedOut));
    assert_eq!(fetcher.get(TENANT, URL, WANTED).await, Err(Refusal::Busy));
    fetcher.get(OTHER, URL, WANTED).await.unwrap();
    gate.add_permits(1);
    until(|| gate.available_permits() == 0).await;
    tokio::task::yield_now().await;
    fetcher.get(TENANT, URL, WANTED).await.unwrap();
}

#[tokio::test]
async fn the_same_at_the_same_time_is_one_request_and_one_in_the_budget() {
    let (world, gate) = gated();
    let fetcher =
        world.fetcher_with_limits(Limits { concurrent: 2, concurrent_by_key: 1, per_minute_by_key: 1 });
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        spawn(&mut tasks, &fetcher, TENANT, URL);
    }
    until(|| world.seen.requests() == 1).await;
    gate.add_permits(1);
    for answer in tasks.join_all().await {
        assert_eq!(answer.unwrap().body, "{}");
    }
    assert_eq!((world.seen.requests(), world.lookups()), (1, 1));
    // It was answered and is over: the next one is a fetch of its own.
    assert_eq!(fetcher.get(TENANT, URL, WANTED).await, Err(Refusal::Busy));
}

#[tokio::test]
async fn tenants_and_wishes_share_nothing() {
    let (world, gate) = gated();
    let fetcher = world.fetcher();
    let mut tasks = JoinSet::new();
    spawn(&mut tasks, &fetcher, TENANT, URL);
    spawn(&mut tasks, &fetcher, OTHER, URL);
    for wanted in [Wanted { max_bytes: 1, ..WANTED }, Wanted { accept: "image/png", ..WANTED }] {
        let fetcher = Arc::clone(&fetcher);
        tasks.spawn(async move { fetcher.get(TENANT, URL, wanted).await });
    }
    until(|| world.seen.requests() == 4).await;
    gate.add_permits(4);
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3, "{answers:?}");
    assert!(answers.contains(&Err(Refusal::TooLarge(1))));
}

#[tokio::test]
async fn who_hangs_up_frees_the_place_and_leaves_the_others_their_answer() {
    let (world, gate) = gated();
    let fetcher =
        world.fetcher_with_limits(Limits { concurrent: 1, concurrent_by_key: 1, per_minute_by_key: 100 });
    let (mut gone, mut tasks) = (JoinSet::new(), JoinSet::new());
    spawn(&mut gone, &fetcher, TENANT, URL);
    until(|| world.seen.requests() == 1).await;
    spawn(&mut tasks, &fetcher, TENANT, URL);
    tokio::task::yield_now().await;
    gone.shutdown().await;
    gate.add_permits(2);
    assert_eq!(tasks.join_next().await.unwrap().unwrap().unwrap().body, "{}");
    assert_eq!(world.seen.requests(), 2);
}
