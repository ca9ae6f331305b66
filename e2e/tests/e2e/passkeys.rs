//! Passkeys and authenticator apps in a real browser, with authenticators that the driver makes (WebAuthn, WebDriver
//! extension; by the browser's own protocol, which has it too).

use crate::acme::{Acme, USERNAME, pictures};
use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Database, Landing, admin::USER_PASSWORD, wait};
use http::{Method, StatusCode};
use serde_json::{Value, json};

on_both_databases!(a_passkey_is_made_and_signs_in, passkeys_after_the_password, a_copied_passkey_is_refused,);

/// A server whose tenant wants two factors, the place that the client `planner` is answered at, and a browser with an
/// authenticator.
async fn set_up(database: Database) -> anyhow::Result<(Acme, Landing, Browser, Authenticator)> {
    let acme = Acme::start(database).await?;
    let landing = Landing::start().await?;
    acme.create_public_client("planner", landing.redirect_uri()).await?;
    let settings = json!({ "settings": { "sign_in": { "second_factor": "required" } } });
    acme.admin.call(Method::PATCH, "tenants/acme", &settings).await?.expect(StatusCode::OK)?;
    let browser = Browser::start().await?;
    let authenticator = Authenticator::plugged_in(&browser).await?;
    Ok((acme, landing, browser, authenticator))
}

/// An authenticator that verifies its user at once, whenever it is asked.
pub struct Authenticator(String);

impl Authenticator {
    pub async fn plugged_in(browser: &Browser) -> anyhow::Result<Self> {
        send(browser, "WebAuthn.enable", json!({ "enableUI": false })).await?;
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        let made = send(browser, "WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await?;
        Ok(Self(made["authenticatorId"].as_str().context("an authenticator without a name")?.to_owned()))
    }

    /// The only credential that it holds.
    async fn credential(&self, browser: &Browser) -> anyhow::Result<Value> {
        let held = send(browser, "WebAuthn.getCredentials", json!({ "authenticatorId": self.0 })).await?;
        let credentials = held["credentials"].as_array().context("no credentials")?;
        ensure!(credentials.len() == 1, "{credentials:?}");
        Ok(credentials[0].clone())
    }

    async fn take_in(&self, browser: &Browser, credential: &Value) -> anyhow::Result<()> {
        let arguments = json!({ "authenticatorId": self.0, "credential": credential });
        send(browser, "WebAuthn.addCredential", arguments).await.map(drop)
    }

    async fn unplug(self, browser: &Browser) -> anyhow::Result<()> {
        let arguments = json!({ "authenticatorId": self.0 });
        send(browser, "WebAuthn.removeVirtualAuthenticator", arguments).await.map(drop)
    }
}

async fn send(browser: &Browser, method: &str, arguments: Value) -> anyhow::Result<Value> {
    browser.driver.cdp().send_raw(method, arguments).await.with_context(|| method.to_owned())
}

/// Signs in with the password, makes the passkey that the tenant wants, and goes on to the client.
async fn make_passkey(acme: &Acme, landing: &Landing, browser: &Browser) -> anyhow::Result<()> {
    browser
        .open(&acme.authorization_request("planner", landing.redirect_uri(), &[("scope", "openid")])?)
        .await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.shows("Set up a second factor").await?;
    browser.check_layout(&pictures(), "new-authenticator").await?;
    browser.fill("input[name=name]", "Ada's laptop").await?;
    browser.press("form[data-passkey] button").await?;
    browser.shows("Keep these recovery codes").await?;
    browser.check_layout(&pictures(), "recovery-codes").await?;
    browser.press("main form button").await?;
    browser.press("button[name=decision][value=allow]").await?;
    let code = landing.next().await?.require("code")?.to_owned();
    let tokens = acme.exchange("planner", landing.redirect_uri(), &code).await?;
    let claims = claims_of(&tokens)?;
    ensure!(claims["acr"] == "phr", "{claims}");
    Ok(())
}

/// A request for a person to sign in once more.
fn sign_in_again(acme: &Acme, landing: &Landing) -> anyhow::Result<String> {
    let extra = [("scope", "openid"), ("prompt", "login")];
    acme.authorization_request("planner", landing.redirect_uri(), &extra)
}

fn claims_of(tokens: &Value) -> anyhow::Result<Value> {
    let token = tokens["id_token"].as_str().context("no ID token")?;
    Ok(jsonwebtoken::dangerous::insecure_decode::<Value>(token)?.claims)
}

/// WebAuthn §5.1.4: the browser offers the passkey in the field of the user name, and this one says yes.
async fn a_passkey_is_made_and_signs_in(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser, _authenticator) = set_up(database).await?;
    make_passkey(&acme, &landing, &browser).await?;

    browser.open(&sign_in_again(&acme, &landing)?).await?;
    let code = landing.next().await?.require("code")?.to_owned();
    let claims = claims_of(&acme.exchange("planner", landing.redirect_uri(), &code).await?)?;
    ensure!(claims["amr"] == json!(["pop", "user", "mfa"]), "nobody typed anything: {claims}");

    browser.open(&format!("{}/account/security", acme.issuer)).await?;
    browser.shows("Ada's laptop").await?;
    browser.check_layout(&pictures(), "account-security").await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(browser.driver.quit().await?)
}

/// Made on the account page and named, asked for after the password, and taken away again.
async fn passkeys_after_the_password(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser, _authenticator) = set_up(database).await?;
    let settings =
        json!({ "settings": { "sign_in": { "second_factor": "optional", "passkeys": "second_factor" } } });
    acme.admin.call(Method::PATCH, "tenants/acme", &settings).await?.expect(StatusCode::OK)?;
    let security = format!("{}/account/security", acme.issuer);
    browser.open(&security).await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.shows("No passkey yet").await?;
    browser.open(&format!("{security}/add")).await?;
    browser.fill("input[name=name]", "Ada's key").await?;
    browser.press("form[data-passkey] button").await?;
    browser.shows("Keep these recovery codes").await?;
    browser.press("main form button").await?;
    browser.shows("Ada's key").await?;

    browser.forget_everybody().await?;
    browser.open(&sign_in_again(&acme, &landing)?).await?;
    ensure!(!browser.has("form[data-passkey]").await?, "a passkey comes after the password here");
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.find("form[data-passkey]:not([hidden])").await?;
    browser.check_layout(&pictures(), "second-factor-passkey").await?;
    browser.press("form[data-passkey] button").await?;
    browser.press("button[name=decision][value=allow]").await?;
    let code = landing.next().await?.require("code")?.to_owned();
    let claims = claims_of(&acme.exchange("planner", landing.redirect_uri(), &code).await?)?;
    ensure!(claims["amr"] == json!(["pwd", "pop", "user", "mfa"]), "{claims}");

    browser.open(&security).await?;
    browser.press("button.danger").await?;
    browser.shows("No passkey yet").await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(browser.driver.quit().await?)
}

/// WebAuthn §6.1.1: the counter of a copy stands still while the other's goes on.
async fn a_copied_passkey_is_refused(database: Database) -> anyhow::Result<()> {
    let (acme, landing, browser, authenticator) = set_up(database).await?;
    make_passkey(&acme, &landing, &browser).await?;
    let copy = authenticator.credential(&browser).await?;
    let request = sign_in_again(&acme, &landing)?;
    browser.open(&request).await?;
    landing.next().await?.require("code")?;

    authenticator.unplug(&browser).await?;
    let copied = Authenticator::plugged_in(&browser).await?;
    copied.take_in(&browser, &copy).await?;
    browser.open(&request).await?;
    browser.shows("cannot be used here").await?;
    wait::until("the audit trail to tell of it", async || {
        let path = "tenants/acme/audit-events?kind=passkey.copied";
        let events = acme.admin.call(Method::GET, path, &Value::Null).await?.expect(StatusCode::OK)?;
        Ok(events["items"].as_array().filter(|items| !items.is_empty()).map(drop))
    })
    .await?;
    ensure!(landing.is_empty().await);
    Ok(browser.driver.quit().await?)
}
