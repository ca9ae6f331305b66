//! One request for all who want the same at the same time.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use url::Url;

use crate::{Fetched, Refusal, Wanted};

/// Whose budget pays, what is fetched, and how.
pub(crate) type FlightKey = ([u8; 16], Url, Wanted);

type Answer = Result<Fetched, Refusal>;

/// Fetches under way. An answer is given to those who waited for it and is not kept.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<FlightKey, Flight>>);

#[derive(Default)]
struct Flight {
    answer: Arc<OnceCell<Answer>>,
    seats: usize,
}

impl Flights {
    /// Waits for the fetch that is under way, or else runs `fetch`. Where whoever runs it goes away, one of
    /// those who wait runs its own.
    pub async fn share(&self, key: FlightKey, fetch: impl Future<Output = Answer>) -> Answer {
        let seat = self.sit(key);
        seat.answer.get_or_init(|| fetch).await.clone()
    }

    fn sit(&self, key: FlightKey) -> Seat<'_> {
        let mut flights = self.lock();
        let flight = flights.entry(key.clone()).or_default();
        flight.seats += 1;
        Seat { flights: self, key, answer: Arc::clone(&flight.answer) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FlightKey, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's place on a flight. The flight ends when it is answered or nobody is left.
struct Seat<'a> {
    flights: &'a Flights,
    key: FlightKey,
    answer: Arc<OnceCell<Answer>>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        // A flight that was answered may have left already, and another one begun.
        let Some(flight) = flights.get_mut(&self.key) else { return };
        if !Arc::ptr_eq(&flight.answer, &self.answer) {
            return;
        }
        flight.seats -= 1;
        if flight.seats == 0 || flight.answer.initialized() {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
