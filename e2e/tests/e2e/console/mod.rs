//! The console in a real browser.

mod devices;
mod first_run;
mod habits;
mod pages;
mod place;

use anyhow::{Context, ensure};
use grantor_e2e::{
    Browser, Client, Database, Installation,
    server::{ADMIN_EMAIL, ADMIN_PASSWORD},
};

use crate::acme::{Acme, USER_NAME, USERNAME};
use grantor_e2e::admin::USER_PASSWORD;

on_both_databases!(
    administrator_signs_in_to_the_console_and_out,
    a_tenants_own_administrator_signs_in_at_the_tenant
);

async fn administrator_signs_in_to_the_console_and_out(database: Database) -> anyhow::Result<()> {
    let (installation, _server) = Installation::running(database).await?;
    let page = Client.get(&format!("{}/console/", installation.public_url)).await?;
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
    browser.find(".navigation a[href='/console/tenants']").await?;
    ensure!(browser.address().await?.path() == "/console/platform");
    sign_out(&browser, ADMIN_EMAIL).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
    browser.press("a.primary").await?;
    browser.find("input[name=password]").await.context("the tenant's own session ended as well")?;
    Ok(browser.driver.quit().await?)
}

async fn a_tenants_own_administrator_signs_in_at_the_tenant(database: Database) -> anyhow::Result<()> {
    let acme = Acme::start(database).await?;
    let browser = Browser::start().await?;
    let console = format!("{}/console", acme.installation.public_url);
    browser.open(&format!("{console}/sign-in?tenant=acme&back=/console/t/acme/users")).await?;
    ensure!(browser.address().await?.as_str().starts_with(&acme.issuer), "it is the tenant's own issuer");
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.shows("You hold no role").await.context("who holds no role sees nothing")?;

    place::give_role(&acme, USERNAME, "user-manager").await?;
    browser.open(&format!("{console}/t/acme/users")).await?;
    browser.shows(USER_NAME).await?;
    ensure!(!browser.has(".navigation a[href$='/clients']").await?, "a user manager sees no clients");
    ensure!(!browser.has(".navigation-platform").await?, "nor the platform");
    sign_out(&browser, USER_NAME).await?;
    Ok(browser.driver.quit().await?)
}

/// Signs out of the console, which ends the session at the tenant as well.
async fn sign_out(browser: &Browser, name: &str) -> anyhow::Result<()> {
    browser.press(".person summary").await?;
    browser.shows(name).await?;
    browser.press(".person form button").await?;
    browser.shows("You are signed out").await?;
    Ok(())
}
