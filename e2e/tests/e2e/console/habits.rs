//! What people are used to: what they typed stays, addresses hold, keys work.

use anyhow::{Context, ensure};
use grantor_e2e::{
    server::{ADMIN_EMAIL, ADMIN_PASSWORD},
    wait,
};
use thirtyfour::Key;

use super::place::{as_platform_admin, find, lived_in, settled, visit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_asks_to_sign_in_and_goes_on() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    let browser = as_platform_admin(&acme, "/tenants/new").await?;
    let page = browser.driver.window().await?;
    browser.fill("#field-name", "Globex Corporation").await?;
    // Every session of this browser is over.
    browser.driver.delete_all_cookies().await?;
    browser.press(".switcher-button").await?;
    browser.shows("Your session has ended").await?;
    browser.press("dialog[open] a.primary").await?;
    let windows = wait::until("the window to sign in", async || {
        let windows = browser.driver.windows().await?;
        Ok((windows.len() == 2).then_some(windows))
    })
    .await?;
    let sign_in = windows.into_iter().find(|window| *window != page).context("no second window")?;
    browser.driver.switch_to_window(sign_in).await?;
    browser.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD).await?;
    wait::until("the window to close itself", async || {
        Ok((browser.driver.windows().await?.len() == 1).then_some(()))
    })
    .await?;
    browser.driver.switch_to_window(page).await?;
    // The request that came too late is answered, and the form is as it was.
    browser.find("#tenants-found li").await?;
    browser.press(".scrim").await?;
    let typed = browser.find("#field-name").await?.prop("value").await?;
    ensure!(typed.as_deref() == Some("Globex Corporation"), "{typed:?}");
    browser.press(".content form button[type=submit]").await?;
    wait::until("the tenant", async || {
        let path = browser.address().await?.path().to_owned();
        Ok(path.starts_with("/console/t/globex").then_some(()))
    })
    .await?;
    Ok(browser.driver.quit().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_keeps_its_state_in_the_address() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    let browser = as_platform_admin(&acme, "/t/acme/users").await?;
    // In one question, because rows come and go between two.
    let rows = async || -> anyhow::Result<Vec<String>> {
        let script = "return [...document.querySelectorAll('tbody .row-link')].map((link) => link.innerText)";
        Ok(browser.driver.execute(script, vec![]).await?.convert()?)
    };
    browser.press("th button.sort").await?;
    browser.press("th[aria-sort=ascending] button.sort").await?;
    browser.find("th[aria-sort=descending]").await?;
    let sorted = wait::until("users by name, backwards", async || {
        let names = rows().await?;
        Ok(names.first().is_some_and(|name| name == "grace").then_some(names))
    })
    .await?;
    browser.driver.refresh().await?;
    settled(&browser).await?;
    ensure!(rows().await? == sorted, "a reload shows another order");

    browser.fill("input.search", "barbara").await?;
    wait::until("one row", async || Ok((rows().await? == ["barbara"]).then_some(()))).await?;
    browser.press("tbody .row-link").await?;
    let user = find(&acme, "users", "barbara").await?;
    wait::until("the user's page", async || {
        let path = browser.address().await?.path().to_owned();
        Ok(user["id"].as_str().is_some_and(|id| path.ends_with(id)).then_some(()))
    })
    .await?;
    browser.driver.back().await?;
    wait::until("the search again", async || Ok((rows().await? == ["barbara"]).then_some(()))).await?;
    ensure!(browser.address().await?.query().is_some_and(|query| query.contains("q=barbara")));
    Ok(browser.driver.quit().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_lead_everywhere() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    let browser = as_platform_admin(&acme, "/t/acme").await?;
    let keys = async |text: &str| browser.driver.action_chain().send_keys(text).perform().await;
    browser
        .driver
        .action_chain()
        .key_down(Key::Control)
        .send_keys("k")
        .key_up(Key::Control)
        .perform()
        .await?;
    browser.find("dialog.palette[open]").await?;
    keys("nightly").await?;
    browser.shows("Nightly report").await?;
    browser.find("#commands li[aria-selected=true]").await?;
    keys(&Key::Enter.value().to_string()).await?;
    wait::until("the client's page", async || {
        Ok((browser.address().await?.path() == "/console/t/acme/clients/id/nightly-report").then_some(()))
    })
    .await?;
    settled(&browser).await?;

    visit(&browser, "/tenants").await?;
    browser.press(".switcher-button").await?;
    keys("acm").await?;
    browser.find("#tenants-found li[aria-selected=true]").await?;
    wait::until("the tenant alone", async || {
        let found = browser.driver.find_all(thirtyfour::By::Css("#tenants-found li")).await?;
        Ok((found.len() == 1).then_some(()))
    })
    .await?;
    keys(&Key::Enter.value().to_string()).await?;
    wait::until("the tenant", async || {
        Ok((browser.address().await?.path() == "/console/t/acme").then_some(()))
    })
    .await?;
    Ok(browser.driver.quit().await?)
}

/// Neither a link nor the history takes away what was typed; nothing asks where nothing was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_is_not_left_without_a_question() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    let browser = as_platform_admin(&acme, "/t/acme/users").await?;
    browser.press(".navigation a[href='/console/t/acme/settings']").await?;
    settled(&browser).await?;
    browser.fill("#field-name", "Acme renamed").await?;
    let at = async |path: &str| {
        wait::until(path, async || Ok((browser.address().await?.path() == path).then_some(()))).await
    };
    let key =
        async |key: Key| browser.driver.action_chain().send_keys(key.value().to_string()).perform().await;

    browser.press(".navigation a[href='/console/t/acme/clients']").await?;
    browser.shows("Leave without saving?").await?;
    // Staying is what Enter does.
    wait::until("the focus on a button", async || {
        let script = "return document.activeElement.innerText";
        let text = browser.driver.execute(script, vec![]).await?.convert::<String>()?;
        Ok((text == "Stay").then_some(()))
    })
    .await?;
    key(Key::Enter).await?;
    at("/console/t/acme/settings").await?;

    browser.driver.back().await?;
    browser.shows("Leave without saving?").await?;
    at("/console/t/acme/settings").await?;
    key(Key::Escape).await?;
    let typed = browser.find("#field-name").await?.prop("value").await?;
    ensure!(typed.as_deref() == Some("Acme renamed"), "{typed:?}");

    browser.driver.back().await?;
    browser.press("dialog[open] button.danger-filled").await?;
    at("/console/t/acme/users").await?;
    browser.press(".navigation a[href='/console/t/acme/settings']").await?;
    settled(&browser).await?;
    browser.press(".navigation a[href='/console/t/acme/users']").await?;
    at("/console/t/acme/users").await?;
    Ok(browser.driver.quit().await?)
}
