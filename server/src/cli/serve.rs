use std::io::IsTerminal;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::{Failure, open};
use crate::app::bootstrap::Setup;
use crate::config::{Config, LogFormat, Overrides};
use crate::http::serve::Listener;
use crate::http::{self, Metrics};
use crate::jobs;

/// Answer requests
#[derive(Args)]
#[command(after_help = "Example: grantor serve --public-url https://id.example.com --listen 0.0.0.0:8080")]
pub struct Serve {}

impl Serve {
    pub async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let config = Config::load(overrides).map_err(Failure::because)?;
        start_log(config.log_format);
        let app = open::app(&config).await?;
        let public = Listener::bind(config.listen, config.tls.as_ref()).await.map_err(Failure)?;
        let management = Listener::bind(config.management_listen, None).await.map_err(Failure)?;
        let setup = app.bootstrap(config.administrator.as_ref()).await.map_err(Failure::because)?;
        let metrics = Arc::new(Metrics::new());
        let (stop, stopped) = watch::channel(false);
        let jobs = jobs::start(&app, &stopped);
        let public_router = http::router(&app, &metrics);
        let management_router = http::management::router(Arc::clone(&app), metrics);
        let address = public.address().map_err(Failure::because)?;
        if app.store.is_above_row_level_security().await.map_err(Failure::because)? {
            tracing::warn!("the database's role is above row-level security: see docs/operating.md");
        }
        tracing::info!(public_url = %config.public_url, listen = %address, database = ?app.store.backend(), "ready");
        println!("Grantor is ready: {}/console/", config.public_url);
        if let Setup::Link(link) = setup {
            println!(
                "There is no administrator yet. Open this link to make one; it works once, for a day:\n{link}"
            );
        }
        let answering = async {
            tokio::join!(
                public.serve(public_router, until_true(stopped.clone())),
                management.serve(management_router, until_true(stopped.clone())),
            )
        };
        tokio::pin!(answering);
        tokio::select! {
            _ = &mut answering => {}
            name = stop_signal() => {
                tracing::info!(signal = name?, "stopping: what was accepted is finished");
                stop.send_replace(true);
                answering.await;
            }
        }
        jobs.finish().await;
        app.record_token_issues().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Waits for SIGTERM or SIGINT.
async fn stop_signal() -> Result<&'static str, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::because)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::because)?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

async fn until_true(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the server.
    let _gone = stopped.wait_for(|stopped| *stopped).await;
}

/// Log lines go to standard error, so that standard output is the operator's.
fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
