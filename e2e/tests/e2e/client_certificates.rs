//! Client certificates at the server's own TLS listener, with a TLS client that other people wrote.

use anyhow::{Context, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use grantor_e2e::{
    Admin, Database, Installation,
    tls::{self, ClientIdentity},
    wait,
};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
};

on_both_databases!(
    a_client_certificate_is_taken_if_there_is_one,
    nobody_is_asked_by_default,
    clients_prove_themselves_by_certificate,
);

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

/// RFC 8705 §2 and §3: both methods, and tokens bound to the certificate.
async fn clients_prove_themselves_by_certificate(database: Database) -> anyhow::Result<()> {
    let mut installation = installation(database).await?;
    installation.set("GRANTOR_TLS_CLIENT_AUTH", "optional");
    let _server = installation.migrate_and_start(database).await?;
    let admin = Admin::of(&installation).await?;
    let authority = tls::ClientAuthority::new()?;
    admin.create_tenant("acme", json!({ "client_certificate_authorities": authority.pem() })).await?;
    let own = tls::write_client_to(installation.directory())?;
    let issued = authority.write_client_to(installation.directory(), "machine.example")?;
    let stranger = authority.write_client_to(installation.directory(), "stranger.example")?;
    let metadata = |method: &str, name: &str, value: Value| {
        json!({
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": method,
            "tls_client_certificate_bound_access_tokens": true,
            "scope": "profile",
            name: value,
        })
    };
    let self_signed = metadata("self_signed_tls_client_auth", "jwks", json!({ "keys": [own.jwk] }));
    let vouched_for = metadata("tls_client_auth", "tls_client_auth_san_dns", json!("machine.example"));
    admin.put_client("acme", "self-signed", self_signed).await?;
    admin.put_client("acme", "vouched-for", vouched_for).await?;
    let issuer = installation.issuer("acme");
    for (client_id, identity) in [("self-signed", &own), ("vouched-for", &issued)] {
        let ask = |with: Option<&ClientIdentity>, endpoint: &str, parameter: &str| {
            let form = format!("client_id={client_id}&{parameter}");
            curl(&installation, with, &["--data".to_owned(), form, format!("{issuer}/{endpoint}")])
        };
        let token = ask(Some(identity), "token", "grant_type=client_credentials")?;
        let access_token = token["access_token"].as_str().with_context(|| token.to_string())?;
        let told = ask(Some(identity), "introspect", &format!("token={access_token}"))?;
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &identity.der));
        ensure!(told["active"] == true && told["cnf"]["x5t#S256"] == thumbprint, "{client_id}: {told}");
        for wrong in [None, Some(&stranger)] {
            let refused = ask(wrong, "token", "grant_type=client_credentials")?;
            ensure!(refused["error"] == "invalid_client", "{client_id}: {refused}");
        }
    }
    Ok(())
}

/// What curl is answered, over a connection with this certificate or with none.
fn curl(
    installation: &Installation,
    identity: Option<&ClientIdentity>,
    arguments: &[String],
) -> anyhow::Result<Value> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--cacert"])
        .arg(installation.directory().join("certificate.pem"));
    if let Some(identity) = identity {
        curl.arg("--cert").arg(&identity.certificate).arg("--key").arg(&identity.private_key);
    }
    let output = curl.args(arguments).stdin(Stdio::null()).output().context("curl")?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("no JSON")
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
