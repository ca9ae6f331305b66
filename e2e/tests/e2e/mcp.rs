//! The Model Context Protocol's own client, given nothing but the address of a protected resource.

use crate::acme::{Acme, sign_in_and_allow};
use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Database, Installation, Script, tls};
use http::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases!(a_client_that_registers_itself, a_client_whose_name_is_the_address_of_its_metadata);

async fn a_client_that_registers_itself(database: Database) -> anyhow::Result<()> {
    let result = connect(database, false).await?;
    let client_id = result["clientId"].as_str().context("no client_id")?;
    ensure!(!client_id.starts_with("https:"), "{result}");
    Ok(())
}

async fn a_client_whose_name_is_the_address_of_its_metadata(database: Database) -> anyhow::Result<()> {
    let result = connect(database, true).await?;
    ensure!(result["clientId"] == result["document"] && result["document"].is_string(), "{result}");
    Ok(())
}

/// From the resource's address to an answer of the resource.
async fn connect(database: Database, with_document: bool) -> anyhow::Result<Value> {
    let mut installation = Installation::new(database).await?;
    let [certificate, key] = tls::write_to(installation.directory())?;
    // The client's metadata document is on this machine, and this machine's own certificate stands before it.
    installation.set("GRANTOR_ALLOW_PRIVATE_NETWORK", "true");
    installation.set("SSL_CERT_FILE", &certificate.to_string_lossy());
    let server = installation.migrate_and_start(database).await?;
    let acme = Acme::of(installation, server).await?;
    let settings = json!({ "settings": { "profile": "mcp" } });
    acme.admin.call(Method::PATCH, "tenants/acme", &settings).await?.expect(StatusCode::OK)?;

    let mut given = json!({ "issuer": acme.issuer });
    if with_document {
        given["certificate"] = certificate.to_string_lossy().into();
        given["key"] = key.to_string_lossy().into();
    }
    let mut script = Script::start("mcp", &given)?;
    let resource = script.says("listening").await?;
    let resource = resource.as_str().context("no address")?;
    acme.admin.put_resource("acme", resource, ("notes:read", "read your notes")).await?;
    script.answer(&json!({}))?;

    let browser = Browser::start().await?;
    let visit = script.says("visit").await?;
    sign_in_and_allow(&browser, visit.as_str().context("no address")?).await?;
    browser.shows("Landed").await?;
    let result = script.says("result").await?;
    ensure!(result["greeting"] == "hello", "{result}");
    ensure!(result["audience"] == resource && result["scope"] == "notes:read", "{result}");
    ensure!(result["refreshed"] == true && result["rotated"] == true, "{result}");
    browser.driver.quit().await?;
    Ok(result)
}
