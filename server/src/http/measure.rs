//! Counters and durations, as Prometheus reads them.

use std::sync::Arc;
use std::time::Instant;

use poem::{Endpoint, IntoResponse, Request, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// What is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    durations: Family<Route, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    endpoint: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    endpoint: &'static str,
}

impl Metrics {
    pub fn new() -> Self {
        let requests = Family::<Answer, Counter>::default();
        let durations = Family::<Route, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.000_1, 4.0, 9))
        });
        let mut registry = Registry::with_prefix("grantor");
        registry.register("http_requests", "Requests answered, by endpoint and status", requests.clone());
        registry.register("http_request_duration_seconds", "Time to answer, by endpoint", durations.clone());
        Self { registry, requests, durations }
    }

    /// The text that Prometheus scrapes, with what the store counted.
    ///
    /// # Errors
    /// A value that cannot be written.
    pub fn encode(&self, store: &grantor_store::Store) -> Result<String, std::fmt::Error> {
        let statistics = store.write_statistics();
        let mut text = String::new();
        let counted = [
            ("commits", "Durable commits of the embedded database", statistics.commits),
            ("jobs", "Writes that those commits made durable", statistics.jobs),
        ];
        for (name, help, value) in counted {
            text.push_str(&format!(
                "# HELP grantor_store_{name} {help}.\n# TYPE grantor_store_{name} counter\ngrantor_store_{name}_total {value}\n"
            ));
        }
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// An endpoint that is counted under a name.
pub struct Measured<E> {
    endpoint: E,
    name: &'static str,
    metrics: Arc<Metrics>,
}

impl<E: Endpoint> Measured<E> {
    pub const fn new(endpoint: E, name: &'static str, metrics: Arc<Metrics>) -> Self {
        Self { endpoint, name, metrics }
    }
}

impl<E: Endpoint> Endpoint for Measured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let began = Instant::now();
        let response = match self.endpoint.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        let answer = Answer { endpoint: self.name, status: response.status().as_u16() };
        self.metrics.requests.get_or_create(&answer).inc();
        self.metrics
            .durations
            .get_or_create(&Route { endpoint: self.name })
            .observe(began.elapsed().as_secs_f64());
        Ok(response)
    }
}
