//! Health and metrics, on a listener of their own.

use std::sync::Arc;

use grantor_store::SchemaState;
use poem::endpoint::make;
use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, Response, Route, get};

use super::Metrics;
use crate::app::App;
use crate::app::bootstrap::SYSTEM_TENANT;

/// `/healthz` (alive), `/readyz` (able to answer), `/metrics` (Prometheus).
pub fn router(app: Arc<App>, metrics: Arc<Metrics>) -> impl Endpoint<Output = Response> + 'static {
    let counted = Arc::clone(&app);
    Route::new()
        .at("/healthz", get(make(|_| async { text(StatusCode::OK, "alive\n".to_owned()) })))
        .at(
            "/readyz",
            get(make(move |_| {
                let app = Arc::clone(&app);
                async move {
                    match problem(&app).await {
                        None => text(StatusCode::OK, "ready\n".to_owned()),
                        Some(problem) => {
                            tracing::warn!(problem, "not ready");
                            text(StatusCode::SERVICE_UNAVAILABLE, problem + "\n")
                        }
                    }
                }
            })),
        )
        .at(
            "/metrics",
            get(make(move |_| {
                let encoded = metrics.encode(&counted.store);
                async move {
                    encoded.map_or_else(
                        |_| StatusCode::INTERNAL_SERVER_ERROR.into(),
                        |encoded| {
                            Response::builder()
                                .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
                                .body(encoded)
                        },
                    )
                }
            })),
        )
        .map_to_response()
}

/// What keeps this node from answering: the database, its schema, or its keys.
async fn problem(app: &App) -> Option<String> {
    match app.store.schema_state().await {
        Err(error) => return Some(format!("the database does not answer: {error}")),
        Ok(SchemaState::Current) => {}
        Ok(state) => return Some(state.to_string()),
    }
    app.any_tenant(SYSTEM_TENANT).await.err().map(|fault| format!("the signing keys cannot be read: {fault}"))
}

fn text(status: StatusCode, body: String) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(body)
}
