//! The floor of every HTTP figure: a poem handler that does nothing, behind a hyper loop like the server's.

use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use poem::http::StatusCode;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, EndpointExt, Response, Route, endpoint::make, get};
use tokio::net::{TcpListener, TcpStream};

/// Prints the address that it listens on, and answers until standard input ends: it cannot outlive the
/// benchmark, however that ends.
///
/// # Errors
/// When it may not listen.
pub fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let stopped = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            ended = stopped => ended?.map(drop).map_err(Into::into),
            ended = serve(listener) => ended,
        }
    })
}

async fn serve(listener: TcpListener) -> anyhow::Result<()> {
    let nothing = make(|_| async { Response::from(StatusCode::OK) });
    let endpoint = Arc::new(Route::new().at("/", get(nothing)).map_to_response());
    loop {
        let (stream, remote) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(answer(stream, remote, Arc::clone(&endpoint)));
    }
}

async fn answer<E: Endpoint<Output = Response> + 'static>(
    stream: TcpStream,
    remote: SocketAddr,
    endpoint: Arc<E>,
) {
    let Ok(local) = stream.local_addr() else { return };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            let addresses = (LocalAddr(local.into()), RemoteAddr(remote.into()));
            let request = poem::Request::from((request, addresses.0, addresses.1, Scheme::HTTP));
            Ok::<_, Infallible>(hyper::Response::from(endpoint.get_response(request).await))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(15))
        .max_buf_size(32 * 1024);
    // A connection that breaks is the load client's to tell of.
    let _ended = builder.serve_connection(TokioIo::new(stream), service).await;
}
