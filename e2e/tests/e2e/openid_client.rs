//! A client library for Node.js with everything that keeps a request and its tokens its own: `private_key_jwt`, pushed
//! and signed authorization requests, DPoP.

use crate::acme::{Acme, sign_in_and_allow};
use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Database, Script};
use serde_json::json;

on_both_databases!(a_client_that_signs_what_it_asks_and_binds_what_it_gets);

async fn a_client_that_signs_what_it_asks_and_binds_what_it_gets(database: Database) -> anyhow::Result<()> {
    let acme = Acme::start(database).await?;
    let mut script = Script::start("openid", &json!({ "issuer": acme.issuer, "clientId": "vault" }))?;
    let asked = script.document().await?;
    let client = json!({
        "client_name": "Vault",
        "redirect_uris": [asked["listening"]],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": asked["jwks"],
        "scope": "openid profile email offline_access",
        "require_pushed_authorization_requests": true,
        "require_signed_request_object": true,
        "dpop_bound_access_tokens": true,
        "id_token_signed_response_alg": "ES256",
    });
    acme.admin.put_client("acme", "vault", client).await?;
    script.answer(&json!({}))?;

    let browser = Browser::start().await?;
    let visit = script.says("visit").await?;
    sign_in_and_allow(&browser, visit.as_str().context("no address")?).await?;
    browser.shows("Landed").await?;

    let result = script.says("result").await?;
    let request = result["authorizationUrl"].as_str().context("no request")?;
    ensure!(request.contains("request_uri=urn") && !request.contains("scope"), "{request}");
    ensure!(result["tokenType"] == "dpop", "{result}");
    ensure!(result["userinfo"]["name"] == "Ada Lovelace", "{result}");
    ensure!(result["introspected"]["active"] == true, "{result}");
    ensure!(result["introspected"]["cnf"]["jkt"].is_string(), "{result}");
    ensure!(result["stolen"] == 401, "a bound token was taken as a bearer token: {result}");
    ensure!(result["activeAfterRevocation"] == false, "{result}");
    Ok(browser.driver.quit().await?)
}
