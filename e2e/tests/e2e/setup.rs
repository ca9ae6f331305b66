//! The first administrator by the one-time setup link.

use crate::acme::pictures;
use crate::passkeys::Authenticator;
use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Client, Database, Installation, Server};

on_both_databases!(setup_link_makes_the_first_administrator_once, an_administrator_with_a_passkey);

pub const EMAIL: &str = "grace@example.com";
pub const PASSWORD: &str = "a moth between the relays";

async fn setup_link_makes_the_first_administrator_once(database: Database) -> anyhow::Result<()> {
    let (installation, server) = without_administrator(database).await?;
    let link = setup_link(&installation)?;

    let browser = Browser::start().await?;
    browser.open(&link).await?;
    browser.find("input[name=email]").await?;
    browser.check_layout(&pictures(), "setup").await?;
    browser.fill("input[name=email]", EMAIL).await?;
    browser.fill("input[name=password]", PASSWORD).await?;
    browser.press("button[type=submit]").await?;
    // They are signed in already.
    browser.shows(EMAIL).await?;
    ensure!(browser.address().await?.path() == "/console/welcome", "{}", browser.address().await?);
    browser.driver.quit().await?;

    let again = Client.get(&link).await?;
    ensure!(again.status().is_client_error(), "the link works twice: {} {}", again.status(), again.text());
    drop(server);
    let before = installation.printed()?.len();
    let _server = installation.start().await?;
    let since = installation.printed()?.split_off(before);
    ensure!(!since.contains("/setup?"), "there is an administrator, yet: {since}");
    Ok(())
}

async fn without_administrator(database: Database) -> anyhow::Result<(Installation, Server)> {
    let mut installation = Installation::new(database).await?;
    installation.unset("GRANTOR_ADMIN_EMAIL");
    installation.unset("GRANTOR_ADMIN_PASSWORD");
    let server = installation.migrate_and_start(database).await?;
    Ok((installation, server))
}

/// A passkey is enough, then and later: nobody ever chooses a password.
async fn an_administrator_with_a_passkey(database: Database) -> anyhow::Result<()> {
    let (installation, _server) = without_administrator(database).await?;
    let browser = Browser::start().await?;
    let _authenticator = Authenticator::plugged_in(&browser).await?;
    browser.open(&setup_link(&installation)?).await?;
    browser.find("form[data-passkey]:not([hidden])").await?;
    browser.check_layout(&pictures(), "setup-passkey").await?;
    // The browser itself asks for the address first.
    browser.press("form[data-passkey] button").await?;
    browser.fill("input[name=email]", EMAIL).await?;
    browser.press("form[data-passkey] button").await?;
    browser.shows(EMAIL).await?;
    ensure!(browser.address().await?.path() == "/console/welcome", "{}", browser.address().await?);

    browser.driver.delete_all_cookies().await?;
    browser.open(&format!("{}/account", installation.issuer("system"))).await?;
    // It offers the passkey in the field of the user name, and this one says yes.
    browser.shows(EMAIL).await?;
    ensure!(browser.address().await?.path() == "/t/system/account", "{}", browser.address().await?);
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(browser.driver.quit().await?)
}

pub fn setup_link(installation: &Installation) -> anyhow::Result<String> {
    let start = format!("{}/setup?setup=gsu_", installation.public_url);
    let said = installation.printed()?;
    let link = said.split_whitespace().find(|word| word.starts_with(&start));
    Ok(link.with_context(|| format!("no {start} in:\n{said}"))?.to_owned())
}
