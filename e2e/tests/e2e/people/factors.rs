//! An authenticator app as second factor, and recovery codes.

use super::{RECOVERY_CODES, Visit, account::NEW_PASSWORD, app::AuthenticatorApp};
use crate::acme::USERNAME;
use anyhow::{Context, ensure};
use serde_json::json;

const ONE_MORE_STEP: super::Words = ["One more step", "Noch ein Schritt"];
const USED: super::Words =
    ["That code is not right, or was used already", "Dieser Code stimmt nicht oder wurde schon verwendet"];

/// For somebody who is signed in.
pub async fn walk(visit: &Visit) -> anyhow::Result<()> {
    let browser = &visit.browser;
    visit.open("/account/security").await?;
    visit.at("account-security-empty", ["No authenticator app yet", "Noch keine Authenticator-App"]).await?;
    browser.press("a[href$='/security/add']").await?;
    visit.at("new-authenticator", ["You can have several", "Sie können mehrere haben"]).await?;
    let (mut app, codes) = add_app(visit).await?;
    visit.at("account-security", ["10 are left", "10 sind übrig"]).await?;
    browser.shows("Ada's phone").await?;

    with_code(visit, &mut app).await?;
    with_recovery_code(visit, codes.first().context("no recovery codes")?).await?;

    visit.open("/account/security").await?;
    visit.shows(["9 are left", "9 sind übrig"]).await?;
    browser.press("form:has(input[name=totp]) button").await?;
    visit
        .at("account-security-removed", ["cannot be used to sign in any more", "Damit kann sich niemand"])
        .await?;
    sign_in_again(visit, &[("acr_values", "1fa")]).await?;
    visit.arrived().await.map(drop)
}

/// Puts the secret that the page shows into an app, and gives the app and the recovery codes.
pub async fn add_app(visit: &Visit) -> anyhow::Result<(AuthenticatorApp, Vec<String>)> {
    let browser = &visit.browser;
    let enter = async |code: &str| {
        browser.fill("#code", code).await?;
        browser.fill("#totp-name", "Ada's phone").await?;
        browser.press("form:has(#code) button").await
    };
    let secret = browser.find(".totp-secret").await?.text().await?;
    let mut app = AuthenticatorApp::new(&secret)?;
    enter(&app.wrong_code()?).await?;
    let wrong = ["The app shows another code", "Die App zeigt einen anderen Code"];
    visit.at("new-authenticator-refused", wrong).await?;
    let stays = browser.find(".totp-secret").await?.text().await?;
    ensure!(stays == secret, "the app has another secret already");
    enter(&app.code().await?).await?;
    visit.at("recovery-codes", RECOVERY_CODES).await?;
    let codes = visit.texts(".codes code").await?;
    ensure!(codes.len() == 10, "{codes:?}");
    browser.press("main form button").await?;
    Ok((app, codes))
}

/// Gives the password for another authorization request.
async fn sign_in_again(visit: &Visit, extra: &[(&str, &str)]) -> anyhow::Result<()> {
    visit.ask(&[&[("prompt", "login")], extra].concat()).await?;
    visit.browser.sign_in(USERNAME, NEW_PASSWORD).await
}

async fn enter(visit: &Visit, code: &str) -> anyhow::Result<()> {
    visit.browser.fill("#code", code).await?;
    visit.browser.press("form:has(#code) button").await
}

/// RFC 6238 §5.2: a code counts once.
async fn with_code(visit: &Visit, app: &mut AuthenticatorApp) -> anyhow::Result<()> {
    sign_in_again(visit, &[]).await?;
    visit.at("second-factor", ONE_MORE_STEP).await?;
    enter(visit, &app.used_code()?).await?;
    visit.at("second-factor-refused", USED).await?;
    ensure!(visit.landing.is_empty().await, "a code was taken twice");
    visit.browser.press("input[type=checkbox][name=remember]").await?;
    enter(visit, &app.code().await?).await?;
    let claims = visit.arrived().await?;
    ensure!(claims["acr"] == "mfa" && claims["amr"] == json!(["pwd", "otp", "mfa"]), "{claims}");

    // The browser is remembered, but not where a client wants to be sure.
    sign_in_again(visit, &[]).await?;
    let claims = visit.arrived().await?;
    ensure!(claims["acr"] == "1fa", "{claims}");
    sign_in_again(visit, &[("acr_values", "mfa")]).await?;
    visit.shows(ONE_MORE_STEP).await?;
    enter(visit, &app.used_code()?).await?;
    visit.shows(USED).await?;
    ensure!(visit.landing.is_empty().await, "a code was taken twice");
    Ok(())
}

/// At the page that asks for a second factor.
async fn with_recovery_code(visit: &Visit, code: &str) -> anyhow::Result<()> {
    let enter = async || {
        visit.browser.press("details summary").await?;
        visit.browser.fill("#recovery", code).await?;
        visit.browser.press("form:has(#recovery) button").await
    };
    visit.browser.press("details summary").await?;
    visit.at("second-factor-recovery", ["Recovery code", "Wiederherstellungscode"]).await?;
    visit.browser.press("details summary").await?;
    enter().await?;
    let claims = visit.arrived().await?;
    ensure!(claims["acr"] == "mfa", "{claims}");

    sign_in_again(visit, &[("acr_values", "mfa")]).await?;
    visit.shows(ONE_MORE_STEP).await?;
    enter().await?;
    visit.shows(USED).await?;
    ensure!(visit.landing.is_empty().await, "a recovery code was taken twice");
    Ok(())
}
