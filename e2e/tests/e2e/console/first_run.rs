//! From the setup link to a token.

use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Database, Installation};

use super::place::settled;
use crate::setup::{EMAIL, PASSWORD, setup_link};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_setup_link_leads_to_a_token() -> anyhow::Result<()> {
    let mut installation = Installation::new(Database::Sqlite).await?;
    installation.unset("GRANTOR_ADMIN_EMAIL");
    installation.unset("GRANTOR_ADMIN_PASSWORD");
    let _server = installation.migrate_and_start(Database::Sqlite).await?;
    let browser = Browser::start().await?;
    browser.open(&setup_link(&installation)?).await?;
    browser.fill("input[name=email]", EMAIL).await?;
    browser.fill("input[name=password]", PASSWORD).await?;
    browser.press("button[type=submit]").await?;
    browser.find(".top-bar").await.context("nobody is asked to sign in again")?;
    ensure!(browser.address().await?.path() == "/console/welcome", "{}", browser.address().await?);
    settled(&browser).await?;

    browser.fill("#field-name", "Globex Corporation").await?;
    let slug = browser.find("#field-slug").await?.prop("value").await?;
    ensure!(slug.as_deref() == Some("globex-corporation"), "{slug:?}");
    browser.press(".content form button[type=submit]").await?;
    browser.fill("#field-client_name", "First service").await?;
    browser.press(".content form button[type=submit]").await?;
    browser.find(".secret code").await.context("the secret, once")?;
    browser.press(".secret + div button.primary").await?;
    browser.shows("client_id").await?;
    browser.shows("at+jwt").await.context("the token's header")?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
    Ok(browser.driver.quit().await?)
}
