//! The console in a real browser.

use crate::acme::pictures;
use anyhow::{Context, ensure};
use grantor_e2e::{
    Browser, Client, Database, Installation,
    server::{ADMIN_EMAIL, ADMIN_PASSWORD},
};

on_both_databases!(administrator_signs_in_to_the_console_and_out);

async fn administrator_signs_in_to_the_console_and_out(database: Database) -> anyhow::Result<()> {
    let (installation, _server) = Installation::running(database).await?;
    let console = format!("{}/console/", installation.public_url);
    let page = Client.get(&console).await?;
    ensure!(
        page.text().contains(".js"),
        "the binary was built without the console: run `cargo xtask console`, then build it again"
    );

    let browser = Browser::start().await?;
    browser.open(&installation.public_url).await?;
    browser
        .sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
        .await
        .context("the console should lead to the sign-in page")?;
    browser.shows("The whole platform").await?;
    ensure!(browser.address().await?.as_str() == console);
    let shown = browser.find(".top-bar .person-name").await?.text().await?;
    ensure!(shown == ADMIN_EMAIL, "{shown}");
    browser.check_layout(&pictures(), "console").await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");

    browser.press(".top-bar button[type=submit]").await?;
    // The tenant's own session has ended as well: the next sign-in asks.
    browser.open(&format!("{}/console/sign-in", installation.public_url)).await?;
    browser.find("input[name=password]").await?;
    Ok(browser.driver.quit().await?)
}
