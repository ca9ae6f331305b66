//! Signing in with a password, and the pages of the account.

use super::{ALLOW, MISMATCH, OVERVIEW, Visit};
use crate::acme::{USERNAME, person, public_client};
use anyhow::{Context, ensure};
use grantor_e2e::{Person, admin::USER_PASSWORD, wait};
use serde_json::Value;
use url::Url;

const GARDEN: &str = "http://127.0.0.1:4999/callback";

pub const NEW_PASSWORD: &str = "brass lantern over quiet water";

pub async fn walk(visit: &Visit) -> anyhow::Result<()> {
    let mut elsewhere = person();
    let tokens = allow_garden(visit, &mut elsewhere).await?;
    sign_in(visit).await?;
    change_profile(visit).await?;
    change_address(visit).await?;
    sessions(visit, &mut elsewhere).await?;
    applications(visit, &tokens).await?;
    take_data(visit).await?;
    visit.open("/account/providers").await?;
    visit.at("account-providers", ["The Corporation", "The Corporation"]).await?;
    visit.open("/account/devices").await?;
    visit.at("account-devices", ["Waiting for an administrator", "Wartet auf die Verwaltung"]).await?;
    change_password(visit).await
}

/// Signs somebody in without this browser, who lets a second application use the account. Gives its tokens.
async fn allow_garden(visit: &Visit, elsewhere: &mut Person) -> anyhow::Result<Value> {
    let mut client = public_client(GARDEN);
    client["client_name"] = "Garden Shed".into();
    visit.acme.admin.put_client("acme", "garden", client).await?;
    let answered = elsewhere.authorize(&garden_request(visit, &[])?).await?;
    let code = parameter(&answered, "code")?;
    visit.acme.exchange("garden", GARDEN, &code).await
}

fn garden_request(visit: &Visit, extra: &[(&str, &str)]) -> anyhow::Result<String> {
    let scope = [("scope", "openid email offline_access")];
    visit.acme.authorization_request("garden", GARDEN, &[&scope, extra].concat())
}

fn parameter(url: &Url, name: &str) -> anyhow::Result<String> {
    let found = url.query_pairs().find(|(held, _)| held == name);
    Ok(found.with_context(|| format!("no {name} in {url}"))?.1.into_owned())
}

async fn sign_in(visit: &Visit) -> anyhow::Result<()> {
    visit.ask(&[]).await?;
    visit.at("sign-in", ["to continue to Pocket Planner", "um mit Pocket Planner fortzufahren"]).await?;
    visit.shows(["Use the address that you gave us.", "Mit Ihrer Adresse."]).await?;
    visit.shows(["1 Harbour Road", "1 Harbour Road"]).await?;
    visit.browser.sign_in(USERNAME, "not her password").await?;
    visit.at("sign-in-refused", MISMATCH).await?;
    ensure!(visit.landing.is_empty().await, "a wrong password is enough");
    visit.browser.sign_in(USERNAME, USER_PASSWORD).await?;
    let consent = "Pocket Planner möchte Ihr Konto bei Acme Works verwenden";
    visit.at("consent", ["Pocket Planner wants to use your Acme Works account", consent]).await?;
    visit.browser.press(ALLOW).await?;
    let claims = visit.arrived().await?;
    ensure!(claims["acr"] == "1fa", "{claims}");
    visit.open("/account").await?;
    visit.at("account", OVERVIEW).await
}

async fn change_profile(visit: &Visit) -> anyhow::Result<()> {
    let browser = &visit.browser;
    visit.open("/account/profile").await?;
    visit.at("account-profile", ["What you sign in with", "Womit Sie sich anmelden"]).await?;
    browser.fill("#name", "Ada King").await?;
    browser.fill("#website", "ftp://ada.example").await?;
    browser.fill("#locale", "Klingon, as it is spoken").await?;
    browser.press("form:has(#name) button").await?;
    visit.at("account-profile-refused", ["begins with https://", "die mit https:// beginnt"]).await?;
    let stays = browser.find("#name").await?.prop("value").await?;
    ensure!(stays.as_deref() == Some("Ada King"), "what was typed should stay, not {stays:?}");
    browser.fill("#website", "https://ada.example").await?;
    browser.fill("#locale", "de-AT").await?;
    browser.press("form:has(#name) button").await?;
    visit.at("account-profile-saved", ["Your profile is saved", "Ihr Profil ist gespeichert"]).await?;
    let users = visit.list(&format!("tenants/acme/users?q={USERNAME}")).await?;
    let profile = &users.first().context("she is gone")?["profile"];
    ensure!(profile["name"] == "Ada King" && profile["website"] == "https://ada.example", "{profile}");
    visit.open("/account").await?;
    browser.shows("Ada King").await.map(drop)
}

/// A new address is not hers until she opens what is sent there.
async fn change_address(visit: &Visit) -> anyhow::Result<()> {
    const VERIFY: &str = "form[action$='/account/verify'] button";
    let browser = &visit.browser;
    visit.open("/account/profile").await?;
    browser.fill("#email", "king@example.com").await?;
    browser.press("form:has(#email) button").await?;
    visit.shows(["What you sign in with is changed", "Ihre Anmeldedaten sind geändert"]).await?;
    visit.open("/account").await?;
    visit.at("account-unverified", ["Not verified", "Nicht bestätigt"]).await?;
    browser.press(VERIFY).await?;
    let sent = "Ein Link zum Bestätigen Ihrer Adresse ist unterwegs";
    visit.shows(["A link to verify your address is on its way", sent]).await?;
    let start = format!("{}/verify?link=", visit.acme.issuer);
    let link = visit.acme.installation.mailed("king@example.com", &start).await?;
    browser.open(&link).await?;
    visit.at("verify", ["Is king@example.com your address?", "Ist king@example.com Ihre Adresse?"]).await?;
    browser.press("main form button").await?;
    let done = ["Your email address is verified", "Ihre E-Mail-Adresse ist bestätigt"];
    visit.at("verify-done", done).await?;
    visit.open("/account").await?;
    visit.shows(OVERVIEW).await?;
    ensure!(!browser.has(VERIFY).await?, "the address is still not verified");
    browser.open(&link).await?;
    visit.at("link-over", ["This page has expired", "Diese Seite ist abgelaufen"]).await
}

async fn sessions(visit: &Visit, elsewhere: &mut Person) -> anyhow::Result<()> {
    const OTHER: &str = "ul.applications > li:nth-of-type(2) form button";
    visit.open("/account/sessions").await?;
    visit.at("account-sessions", ["Unknown device", "Unbekanntes Gerät"]).await?;
    visit.browser.press(OTHER).await?;
    visit.shows(["That device is signed out", "Das Gerät ist abgemeldet"]).await?;
    ensure!(!visit.browser.has(OTHER).await?, "there is another session");
    let silently = elsewhere.authorize(&garden_request(visit, &[("prompt", "none")])?).await?;
    ensure!(parameter(&silently, "error")? == "login_required", "{silently}");
    Ok(())
}

async fn applications(visit: &Visit, tokens: &Value) -> anyhow::Result<()> {
    let refresh = async |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().context("no refresh_token")?;
        let form = [("grant_type", "refresh_token"), ("client_id", "garden"), ("refresh_token", token)];
        visit.acme.token(&form).await?.json()
    };
    let refreshed = refresh(tokens).await?;
    ensure!(refreshed["access_token"].is_string(), "a session that ends takes no consent along: {refreshed}");
    visit.open("/account/applications").await?;
    visit.at("account-applications", ["Garden Shed", "Garden Shed"]).await?;
    visit.browser.press("form:has(input[name=client_id][value=garden]) button").await?;
    let removed = "Die Anwendung kann Ihr Konto nicht mehr verwenden";
    visit.shows(["can no longer use your account", removed]).await?;
    ensure!(!visit.browser.text().await?.contains("Garden Shed"), "the application is still there");
    let refused = refresh(&refreshed).await?;
    ensure!(refused["error"] == "invalid_grant", "access was removed: {refused}");
    Ok(())
}

async fn take_data(visit: &Visit) -> anyhow::Result<()> {
    let directory = visit.acme.installation.directory().join("downloads");
    visit.browser.download_to(&directory).await?;
    visit.open("/account/data").await?;
    visit.at("account-data", ["Take your data along", "Ihre Daten mitnehmen"]).await?;
    visit.browser.press("form[action$='/account/data'] button").await?;
    let data: Value = wait::until("the file with her data", async || {
        let Ok(file) = std::fs::read(directory.join("acme-account.json")) else { return Ok(None) };
        // It may not be whole yet.
        Ok(serde_json::from_slice(&file).ok())
    })
    .await?;
    let text = data.to_string();
    for kept in [USERNAME, "king@example.com", "Ada King", "planner"] {
        ensure!(text.contains(kept), "{kept} is not in {data:#}");
    }
    ensure!(!text.contains("argon2"), "the password's hash is nobody's business");
    Ok(())
}

async fn change_password(visit: &Visit) -> anyhow::Result<()> {
    let browser = &visit.browser;
    let change = async |current: &str| {
        for (field, value) in [("#current", current), ("#new", NEW_PASSWORD), ("#again", NEW_PASSWORD)] {
            browser.fill(field, value).await?;
        }
        browser.press("form:has(#current) button").await
    };
    visit.open("/account/password").await?;
    visit.at("account-password", ["Present password", "Bisheriges Passwort"]).await?;
    change("not her password").await?;
    let wrong = ["That is not your present password", "Das ist nicht Ihr bisheriges Passwort"];
    visit.at("account-password-refused", wrong).await?;
    change(USER_PASSWORD).await?;
    visit.at("account-password-changed", ["Your password is changed", "Ihr Passwort ist geändert"]).await?;

    visit.open("/logout").await?;
    visit.at("sign-out", ["Sign out?", "Möchten Sie sich abmelden?"]).await?;
    browser.press("button[name=decision][value=sign_out]").await?;
    visit.at("signed-out", ["You are signed out", "Sie sind abgemeldet"]).await?;
    visit.open("/account").await?;
    visit.expect_refused(USERNAME, USER_PASSWORD).await?;
    browser.sign_in(USERNAME, NEW_PASSWORD).await?;
    visit.shows(OVERVIEW).await.map(drop)
}
