//! The first administrator by the one-time setup link.

use crate::acme::pictures;
use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Client, Database, Installation};

on_both_databases!(setup_link_makes_the_first_administrator_once);

pub const EMAIL: &str = "grace@example.com";
pub const PASSWORD: &str = "a moth between the relays";

async fn setup_link_makes_the_first_administrator_once(database: Database) -> anyhow::Result<()> {
    let mut installation = Installation::new(database).await?;
    installation.unset("GRANTOR_ADMIN_EMAIL");
    installation.unset("GRANTOR_ADMIN_PASSWORD");
    let server = installation.migrate_and_start(database).await?;
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

pub fn setup_link(installation: &Installation) -> anyhow::Result<String> {
    let start = format!("{}/setup?setup=gsu_", installation.public_url);
    let said = installation.printed()?;
    let link = said.split_whitespace().find(|word| word.starts_with(&start));
    Ok(link.with_context(|| format!("no {start} in:\n{said}"))?.to_owned())
}
