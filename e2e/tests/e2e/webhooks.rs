//! Webhooks, received with the library of Standard Webhooks.

use anyhow::{Context, ensure};
use grantor_e2e::{Admin, Database, Installation, Script, tls};
use http::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases!(events_arrive_signed_after_a_refusal_and_once_more);

async fn events_arrive_signed_after_a_refusal_and_once_more(database: Database) -> anyhow::Result<()> {
    let mut installation = Installation::new(database).await?;
    let [certificate, key] = tls::write_to(installation.directory())?;
    // The receiver is on this machine, and this machine's own certificate stands before it.
    installation.set("GRANTOR_ALLOW_PRIVATE_NETWORK", "true");
    installation.set("SSL_CERT_FILE", &certificate.to_string_lossy());
    let _server = installation.migrate_and_start(database).await?;
    let admin = Admin::of(&installation).await?;
    admin.create_tenant("acme", Value::Null).await?;

    let files = json!({ "certificate": certificate.to_string_lossy(), "key": key.to_string_lossy() });
    let mut receiver = Script::start("webhook", &files)?;
    let url = receiver.says("listening").await?;
    let webhook = json!({ "url": url, "events": ["user"] });
    let made = admin.call(Method::POST, "tenants/acme/webhooks", &webhook).await?;
    let made = made.expect(StatusCode::CREATED)?;
    receiver.answer(&json!({ "secret": made["secret"] }))?;
    let path = format!("tenants/acme/webhooks/{}", made["id"].as_str().context("no id")?);

    let user = admin.create_user("acme", "ada", "Ada Lovelace").await?;
    // Nothing of the client's is asked for.
    admin.put_client("acme", "web", json!({ "redirect_uris": ["https://app.example/cb"] })).await?;
    let refused = receiver.says("refused").await?;
    let arrived = receiver.document().await?;
    ensure!(arrived["id"] == refused, "{refused} was tried again as {arrived}");
    ensure!(arrived["event"]["type"] == "user.changed", "{arrived}");
    let target = arrived["event"]["data"]["target"].as_str().context("no target")?;
    ensure!(target.contains(user["id"].as_str().context("no id")?), "{arrived}");
    ensure!(!arrived.to_string().contains(grantor_e2e::admin::USER_PASSWORD), "{arrived}");

    let ever = json!({ "from": "2020-01-01T00:00:00Z", "to": "2120-01-01T00:00:00Z" });
    admin.call(Method::POST, &format!("{path}/replay"), &ever).await?.expect(StatusCode::OK)?;
    let again = receiver.document().await?;
    ensure!(again["id"] == arrived["id"] && again["event"] == arrived["event"], "{again}");

    let rotated = admin.call(Method::POST, &format!("{path}/rotate-secret"), &json!({})).await?;
    ensure!(rotated.expect(StatusCode::OK)?["secret"] != made["secret"], "the secret is the same");
    admin.create_user("acme", "eve", "Eve").await?;
    // The receiver knows the old secret only.
    let overlapping = receiver.document().await?;
    ensure!(
        overlapping["event"]["type"] == "user.changed" && overlapping["id"] != arrived["id"],
        "{overlapping}"
    );
    Ok(())
}
