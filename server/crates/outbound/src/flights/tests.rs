use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use url::Url;

use super::{Answer, FlightKey, Flights};
use crate::{Refusal, Wanted};

fn key() -> FlightKey {
    let wanted = Wanted { accept: "*/*", max_bytes: 1, timeout: Duration::from_secs(1) };
    ([1; 16], Url::parse("https://client.example/").unwrap(), wanted)
}

#[tokio::test]
async fn an_answer_is_shared_and_not_kept() {
    let (flights, answered) = (Arc::new(Flights::default()), Arc::new(Notify::new()));
    let mut passengers = JoinSet::new();
    for number in 0..10_u16 {
        let (flights, answered) = (Arc::clone(&flights), Arc::clone(&answered));
        passengers.spawn(async move {
            let fetch = async {
                answered.notified().await;
                Answer::Err(Refusal::Status(number))
            };
            flights.share(key(), fetch).await
        });
    }
    while flights.lock().get(&key()).is_none_or(|flight| flight.seats < 10) {
        tokio::task::yield_now().await;
    }
    answered.notify_one();
    let answers = passengers.join_all().await;
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(flights.lock().is_empty());
    assert_eq!(flights.share(key(), async { Err(Refusal::TimedOut) }).await, Err(Refusal::TimedOut));
}

#[tokio::test]
async fn who_goes_away_leaves_the_others_a_fetch_and_the_map_nothing() {
    let flights = Arc::new(Flights::default());
    let mut gone = JoinSet::new();
    for _ in 0..2 {
        let flights = Arc::clone(&flights);
        gone.spawn(async move { flights.share(key(), std::future::pending()).await });
    }
    while flights.lock().get(&key()).is_none_or(|flight| flight.seats < 2) {
        tokio::task::yield_now().await;
    }
    let waiting = {
        let flights = Arc::clone(&flights);
        tokio::spawn(async move { flights.share(key(), async { Err(Refusal::TimedOut) }).await })
    };
    while flights.lock().get(&key()).is_none_or(|flight| flight.seats < 3) {
        tokio::task::yield_now().await;
    }
    gone.shutdown().await;
    assert_eq!(waiting.await.unwrap(), Err(Refusal::TimedOut));
    assert!(flights.lock().is_empty());

    assert!(
        tokio::time::timeout(Duration::ZERO, flights.share(key(), std::future::pending())).await.is_err()
    );
    assert!(flights.lock().is_empty());
}

#[tokio::test]
async fn who_comes_after_the_answer_has_a_fetch_of_its_own() {
    let flights = Flights::default();
    let answered = Notify::new();
    let first = async {
        answered.notified().await;
        Answer::Err(Refusal::Status(1))
    };
    let mut first = Box::pin(flights.share(key(), first));
    let mut idle = Box::pin(flights.share(key(), std::future::pending()));
    assert!(tokio::time::timeout(Duration::ZERO, &mut first).await.is_err());
    assert!(tokio::time::timeout(Duration::ZERO, &mut idle).await.is_err());
    answered.notify_one();
    assert_eq!(first.await, Err(Refusal::Status(1)));
    assert_eq!(flights.share(key(), async { Err(Refusal::Status(2)) }).await, Err(Refusal::Status(2)));
    assert_eq!(idle.await, Err(Refusal::Status(1)));
    assert!(flights.lock().is_empty());
}
