use std::time::Duration;

use tokio::time::Instant;

use super::{Budget, KEYS};
use crate::{Limits, Refusal};

const TENANT: [u8; 16] = [1; 16];
const OTHER: [u8; 16] = [2; 16];

fn budget(concurrent: usize, concurrent_by_key: usize, per_minute_by_key: usize) -> Budget {
    Budget::new(Limits { concurrent, concurrent_by_key, per_minute_by_key })
}

#[test]
fn a_key_has_so_many_at_once_and_takes_none_of_anothers() {
    let (budget, now) = (budget(100, 2, 100), Instant::now());
    let first = budget.take(TENANT, now).unwrap();
    let _second = budget.take(TENANT, now).unwrap();
    assert_eq!(budget.take(TENANT, now).unwrap_err(), Refusal::Busy);
    budget.take(OTHER, now).unwrap();
    drop(first);
    budget.take(TENANT, now).unwrap();
}

#[test]
fn all_keys_together_have_so_many_at_once() {
    let (budget, now) = (budget(2, 2, 100), Instant::now());
    let _first = budget.take(TENANT, now).unwrap();
    let second = budget.take(OTHER, now).unwrap();
    assert_eq!(budget.take([3; 16], now).unwrap_err(), Refusal::Busy);
    drop(second);
    budget.take([3; 16], now).unwrap();
}

#[test]
fn any_sixty_seconds_have_so_many() {
    let (budget, start) = (budget(100, 100, 3), Instant::now());
    let after = |seconds| start + Duration::from_secs(seconds);
    for seconds in [0, 30, 59] {
        budget.take(TENANT, after(seconds)).unwrap();
    }
    assert_eq!(budget.take(TENANT, after(59)).unwrap_err(), Refusal::Busy);
    budget.take(OTHER, after(59)).unwrap();
    // One has left the window, so one may come: a new minute does not bring three at once.
    budget.take(TENANT, after(60)).unwrap();
    assert_eq!(budget.take(TENANT, after(60)).unwrap_err(), Refusal::Busy);
    budget.take(TENANT, after(90)).unwrap();
    assert_eq!(budget.take(TENANT, after(118)).unwrap_err(), Refusal::Busy);
    budget.take(TENANT, after(119)).unwrap();
}

#[test]
fn what_is_refused_costs_nothing() {
    let (budget, now) = (budget(100, 1, 2), Instant::now());
    let running = budget.take(TENANT, now).unwrap();
    for _ in 0..10 {
        assert_eq!(budget.take(TENANT, now).unwrap_err(), Refusal::Busy);
    }
    drop(running);
    budget.take(TENANT, now).unwrap();
    assert_eq!(budget.take(TENANT, now).unwrap_err(), Refusal::Busy);
}

#[test]
fn a_flood_of_keys_is_bounded_and_frees_nobody_who_has_one_running() {
    let (budget, now) = (budget(100, 1, 100), Instant::now());
    let flood = |from: usize| {
        for number in from..from + 2 * KEYS {
            budget.take((number as u128 + 1000).to_be_bytes(), now).unwrap();
        }
    };
    flood(0);
    let _running = budget.take(TENANT, now).unwrap();
    flood(2 * KEYS);
    assert!(budget.by_key.len() <= KEYS + 1, "{}", budget.by_key.len());
    assert_eq!(budget.take(TENANT, now).unwrap_err(), Refusal::Busy);
}
