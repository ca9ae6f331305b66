//! Client certificates at the server's own TLS listener, with a TLS client that other people wrote.

use anyhow::{Context, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use grantor_e2e::{Database, Installation, tls, wait};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
};

on_both_databases!(a_client_certificate_is_taken_if_there_is_one, nobody_is_asked_by_default);

async fn a_client_certificate_is_taken_if_there_is_one(database: Database) -> anyhow::Result<()> {
    let mut installation = installation(database).await?;
    installation.set("GRANTOR_TLS_CLIENT_AUTH", "optional");
    let _server = installation.migrate_and_start(database).await?;
    let client = tls::write_client_to(installation.directory())?;
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &client.der));
    let [certificate, private_key] = [client.certificate.as_path(), &client.private_key];

    metadata(&installation, &[])?;
    ensure!(!installation.logged()?.contains(&thumbprint), "the certificate was seen before it was sent");
    metadata(&installation, &["--cert".as_ref(), certificate, "--key".as_ref(), private_key])?;
    wait::until("the certificate in the log", async || {
        Ok(installation.logged()?.contains(&thumbprint).then_some(()))
    })
    .await?;
    for version in ["1.2", "1.3"] {
        let exactly = ["--tls-max".as_ref(), version.as_ref(), "--cert".as_ref(), certificate];
        metadata(&installation, &[&exactly[..], &["--key".as_ref(), private_key]].concat())?;
    }
    Ok(())
}

async fn nobody_is_asked_by_default(database: Database) -> anyhow::Result<()> {
    let installation = installation(database).await?;
    let _server = installation.migrate_and_start(database).await?;
    let client = tls::write_client_to(installation.directory())?;
    let offered = ["--cert".as_ref(), client.certificate.as_path(), "--key".as_ref(), &client.private_key];
    metadata(&installation, &offered)?;
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &client.der));
    ensure!(!installation.logged()?.contains(&thumbprint), "the server asked for a certificate");
    Ok(())
}

async fn installation(database: Database) -> anyhow::Result<Installation> {
    let mut installation = Installation::new(database).await?;
    installation.use_tls()?;
    installation.set("RUST_LOG", "info,grantor=debug");
    Ok(installation)
}

/// Reads the system tenant's metadata with curl.
fn metadata(installation: &Installation, arguments: &[&Path]) -> anyhow::Result<()> {
    let issuer = installation.issuer("system");
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "30", "--cacert"])
        .arg(installation.directory().join("certificate.pem"))
        .args(arguments)
        .arg(format!("{issuer}/.well-known/openid-configuration"));
    let output = curl.stdin(Stdio::null()).output().context("curl")?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(document["issuer"] == issuer, "{document}");
    Ok(())
}
