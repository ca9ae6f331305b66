//! The pages of a sign-in in a real browser, on a phone and on a desk.

use crate::acme::{Acme, USERNAME, pictures, sign_in_and_allow};
use anyhow::ensure;
use grantor_e2e::{Browser, Database, Landing, admin::USER_PASSWORD};
use http::Method;

on_both_databases!(
    unknown_redirect_uri_is_a_page,
    wrong_password_stays_on_the_page,
    denial_goes_back_with_the_state,
    form_post_submits_itself,
    consent_is_remembered_until_it_is_removed,
);

/// A server with the client `planner`, the place it is answered at, and a browser.
async fn set_up(database: Database) -> anyhow::Result<(Acme, Landing, Browser)> {
    let acme = Acme::start(database).await?;
    let landing = Landing::start().await?;
    acme.create_public_client("planner", landing.redirect_uri()).await?;
    Ok((acme, landing, Browser::start().await?))
}

/// Leaves a picture of the page and checks what every page must hold.
async fn check_page(browser: &Browser, name: &str) -> anyhow::Result<()> {
    browser.check_layout(&pictures(), name).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains about {name}: {complaints:#?}");
    Ok(())
}

async fn unknown_redirect_uri_is_a_page(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser) = set_up(database).await?;
    let elsewhere = landing.redirect_uri().replace("/callback", "/elsewhere");
    browser.open(&acme.authorization_request("planner", &elsewhere, &[("state", "s1")])?).await?;
    browser.shows("redirect_uri").await?;
    ensure!(browser.address().await?.as_str().starts_with(&acme.issuer), "it must not redirect");
    check_page(&browser, "unknown-redirect-uri").await?;

    browser.open(&acme.authorization_request("nobody", landing.redirect_uri(), &[])?).await?;
    browser.shows("client").await?;
    ensure!(browser.address().await?.as_str().starts_with(&acme.issuer), "it must not redirect");
    ensure!(landing.is_empty().await);
    Ok(browser.driver.quit().await?)
}

async fn wrong_password_stays_on_the_page(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser) = set_up(database).await?;
    let request = acme.authorization_request("planner", landing.redirect_uri(), &[("scope", "openid")])?;
    browser.open(&request).await?;
    browser.shows("Pocket Planner").await?;
    check_page(&browser, "sign-in").await?;
    for (username, password) in [(USERNAME, "not her password"), ("nobody", USER_PASSWORD)] {
        browser.sign_in(username, password).await?;
        browser.find("[role=alert]").await?;
        let shown = browser.find("input[name=username]").await?.prop("value").await?;
        ensure!(shown.as_deref() == Some(username), "what was typed should stay, not {shown:?}");
    }
    check_page(&browser, "sign-in-refused").await?;
    ensure!(landing.is_empty().await);

    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.press("button[name=decision][value=allow]").await?;
    landing.next().await?.require("code")?;
    Ok(browser.driver.quit().await?)
}

async fn denial_goes_back_with_the_state(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser) = set_up(database).await?;
    let request = |prompt: &[(&str, &str)]| {
        let common = [("scope", "openid email"), ("state", "a b&c=ü")];
        acme.authorization_request("planner", landing.redirect_uri(), &[&common, prompt].concat())
    };
    browser.open(&request(&[("prompt", "none")])?).await?;
    let silent = landing.next().await?;
    ensure!(silent.require("error")? == "login_required", "{silent:?}");
    ensure!(silent.require("state")? == "a b&c=ü" && silent.require("iss")? == acme.issuer, "{silent:?}");

    browser.open(&request(&[])?).await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.press("button[name=decision][value=deny]").await?;
    let denied = landing.next().await?;
    ensure!(denied.require("error")? == "access_denied", "{denied:?}");
    ensure!(denied.require("state")? == "a b&c=ü" && denied.require("iss")? == acme.issuer, "{denied:?}");

    // Signed in by now, but without consent.
    browser.open(&request(&[("prompt", "none")])?).await?;
    let silent = landing.next().await?;
    ensure!(silent.require("error")? == "consent_required", "{silent:?}");
    Ok(browser.driver.quit().await?)
}

async fn form_post_submits_itself(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser) = set_up(database).await?;
    let extra = [("scope", "openid"), ("response_mode", "form_post"), ("state", "\"><script>")];
    sign_in_and_allow(&browser, &acme.authorization_request("planner", landing.redirect_uri(), &extra)?)
        .await?;
    let landed = landing.next().await?;
    ensure!(landed.method == Method::POST, "{landed:?}");
    ensure!(landed.require("state")? == "\"><script>" && landed.require("iss")? == acme.issuer, "{landed:?}");
    acme.exchange("planner", landing.redirect_uri(), landed.require("code")?).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
    Ok(browser.driver.quit().await?)
}

async fn consent_is_remembered_until_it_is_removed(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser) = set_up(database).await?;
    let extra = [("scope", "openid profile email offline_access")];
    let request = acme.authorization_request("planner", landing.redirect_uri(), &extra)?;
    browser.open(&request).await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.find("button[name=decision][value=allow]").await?;
    check_page(&browser, "consent").await?;
    browser.press("button[name=decision][value=allow]").await?;
    let code = landing.next().await?.require("code")?.to_owned();
    let tokens = acme.exchange("planner", landing.redirect_uri(), &code).await?;

    browser.open(&request).await?;
    landing.next().await?.require("code")?;

    for page in ["", "/profile", "/password", "/sessions", "/data"] {
        browser.open(&format!("{}/account{page}", acme.issuer)).await?;
        check_page(&browser, &format!("account{}", page.replace('/', "-"))).await?;
    }
    browser.open(&format!("{}/account/applications", acme.issuer)).await?;
    browser.shows("Pocket Planner").await?;
    check_page(&browser, "account-applications").await?;
    browser.press("form:has(input[name=client_id][value=planner]) button").await?;
    browser.shows("No application").await?;
    check_page(&browser, "account-empty").await?;
    let refresh = [("grant_type", "refresh_token"), ("client_id", "planner")];
    let token = [("refresh_token", tokens["refresh_token"].as_str().unwrap_or_default())];
    let refused = acme.token(&[&refresh[..], &token].concat()).await?.json()?;
    ensure!(refused["error"] == "invalid_grant", "access was removed: {refused}");

    browser.open(&request).await?;
    browser.find("button[name=decision][value=allow]").await?;
    sign_out(&acme, &browser).await?;
    browser.open(&request).await?;
    browser.find("input[name=password]").await?;
    Ok(browser.driver.quit().await?)
}

async fn sign_out(acme: &Acme, browser: &Browser) -> anyhow::Result<()> {
    browser.open(&format!("{}/logout", acme.issuer)).await?;
    browser.find("button[name=decision][value=sign_out]").await?;
    check_page(browser, "sign-out").await?;
    browser.press("button[name=decision][value=sign_out]").await?;
    browser.shows("signed out").await?;
    check_page(browser, "signed-out").await
}
