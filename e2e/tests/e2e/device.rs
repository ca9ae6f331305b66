//! A command-line client that polls while a person lets it in with a real browser (RFC 8628).

use crate::acme::{Acme, USER_NAME, USERNAME, pictures};
use anyhow::{Context, bail, ensure};
use grantor_e2e::{Browser, Client, Database, admin::USER_PASSWORD};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{interval, timeout};

on_both_databases!(a_command_line_client_is_let_in, a_device_is_turned_away);

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The tenant, and a device that asked.
async fn set_up(database: Database) -> anyhow::Result<(Acme, Value)> {
    let acme = Acme::start(database).await?;
    let quickly = json!({ "settings": { "lifetimes": { "device_poll_interval": 1 } } });
    acme.admin.call(Method::PATCH, "tenants/acme", &quickly).await?.expect(StatusCode::OK)?;
    let client = json!({
        "client_name": "Acme Command Line",
        "grant_types": [GRANT_TYPE, "refresh_token"],
        "token_endpoint_auth_method": "none",
        "scope": "openid profile offline_access",
    });
    acme.admin.put_client("acme", "cli", client).await?;
    let fields = [("client_id", "cli"), ("scope", "openid profile offline_access")];
    let endpoint = format!("{}/device_authorization", acme.issuer);
    let begun = Client.form(&endpoint, &[], &fields).await?.expect(StatusCode::OK)?;
    Ok((acme, begun))
}

fn text<'a>(document: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    document[name].as_str().with_context(|| format!("no {name} in {document}"))
}

/// Polls at the pace that it was told until there is an answer (RFC 8628 §3.5).
async fn polled(acme: &Acme, begun: &Value) -> anyhow::Result<Value> {
    let seconds = begun["interval"].as_u64().context("no interval")?;
    let fields =
        [("grant_type", GRANT_TYPE), ("client_id", "cli"), ("device_code", text(begun, "device_code")?)];
    let mut pace = interval(Duration::from_secs(seconds));
    loop {
        pace.tick().await;
        let answer = acme.token(&fields).await?.json()?;
        match answer["error"].as_str() {
            None => return Ok(answer),
            Some("authorization_pending") => {}
            Some("access_denied") => return Ok(answer),
            Some(_) => bail!("{answer}"),
        }
    }
}

async fn check_page(browser: &Browser, name: &str) -> anyhow::Result<()> {
    browser.check_layout(&pictures(), name).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains about {name}: {complaints:#?}");
    Ok(())
}

/// Goes to the consent page by the link that the device shows.
async fn at_consent(acme: &Acme, browser: &Browser, begun: &Value) -> anyhow::Result<()> {
    let user_code = text(begun, "user_code")?;
    browser.open(&format!("{}/activate", acme.issuer)).await?;
    check_page(browser, "device-code").await?;
    browser.fill("input[name=user_code]", "bbbb bbbb").await?;
    browser.press("button[type=submit]").await?;
    browser.shows("That code is not right").await?;
    check_page(browser, "device-code-wrong").await?;
    browser.open(text(begun, "verification_uri_complete")?).await?;
    let shown = browser.find("input[name=user_code]").await?.prop("value").await?;
    ensure!(shown.as_deref() == Some(user_code), "{shown:?}");
    check_page(browser, "device-code-prefilled").await?;
    browser.press("button[type=submit]").await?;
    browser.shows("Acme Command Line").await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    let page = browser.shows("in front of you").await?;
    for words in [user_code, "Acme Command Line", USER_NAME, "127.0.0.1"] {
        ensure!(page.contains(words), "no {words} in {page}");
    }
    check_page(browser, "device-consent").await
}

async fn a_command_line_client_is_let_in(database: Database) -> anyhow::Result<()> {
    let (acme, begun) = set_up(database).await?;
    let browser = Browser::start().await?;
    let person = async {
        at_consent(&acme, &browser, &begun).await?;
        browser.press("button[name=decision][value=allow]").await?;
        browser.shows("Your device is connected").await?;
        check_page(&browser, "device-connected").await
    };
    let device = timeout(Duration::from_secs(60), polled(&acme, &begun));
    let (person, device) = tokio::join!(person, device);
    person?;
    let tokens = device.context("the device waits in vain")??;
    ensure!(tokens["scope"] == "openid profile offline_access", "{tokens}");
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "cli"),
        ("refresh_token", text(&tokens, "refresh_token")?),
    ];
    acme.token(&fields).await?.expect(StatusCode::OK)?;
    Ok(browser.driver.quit().await?)
}

async fn a_device_is_turned_away(database: Database) -> anyhow::Result<()> {
    let (acme, begun) = set_up(database).await?;
    let browser = Browser::start().await?;
    at_consent(&acme, &browser, &begun).await?;
    browser.press("button[name=decision][value=deny]").await?;
    browser.shows("The device stays out").await?;
    check_page(&browser, "device-denied").await?;
    ensure!(polled(&acme, &begun).await?["error"] == "access_denied");
    Ok(browser.driver.quit().await?)
}
