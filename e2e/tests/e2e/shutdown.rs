//! SIGTERM: what was accepted is answered, and then the process ends well.

use crate::acme::Acme;
use anyhow::{Context, ensure};
use grantor_e2e::{Database, client::basic, wait};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

on_both_databases!(accepted_requests_are_answered_before_the_end);

const REQUESTS: usize = 16;
const BODY: &str = "grant_type=client_credentials";

async fn accepted_requests_are_answered_before_the_end(database: Database) -> anyhow::Result<()> {
    let mut acme = Acme::start(database).await?;
    let metadata = json!({
        "client_name": "Nightly report",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "profile",
    });
    let secret = acme.admin.create_confidential_client("acme", "report", metadata).await?;
    let address = address(&acme.installation.public_url)?;

    let mut in_flight = Vec::new();
    for _ in 0..REQUESTS {
        in_flight.push(begin(&address, &basic("report", &secret)).await?);
    }
    acme.server.ask_to_stop()?;
    wait::until("the end of listening", async || Ok(TcpStream::connect(&address).await.err())).await?;
    for stream in in_flight {
        let answer = finish(stream).await?;
        ensure!(answer.starts_with("HTTP/1.1 200") && answer.contains("access_token"), "{answer}");
    }
    let status = acme.server.ended().await?;
    ensure!(status.code() == Some(0), "{status}\n{}", acme.installation.said());
    Ok(())
}

fn address(public_url: &str) -> anyhow::Result<String> {
    let url = Url::parse(public_url)?;
    Ok(format!("{}:{}", url.host_str().context("no host")?, url.port().context("no port")?))
}

/// Sends a token request up to its body. The interim answer says that the server has begun to handle it.
async fn begin(address: &str, authorization: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST /t/acme/token HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut interim = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    wait::within("100 Continue", stream.read_exact(&mut interim)).await??;
    ensure!(interim.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&interim));
    Ok(stream)
}

async fn finish(mut stream: TcpStream) -> anyhow::Result<String> {
    stream.write_all(BODY.as_bytes()).await?;
    let mut answer = String::new();
    // A server that stops keeps no connection open.
    wait::within("the answer", stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}
