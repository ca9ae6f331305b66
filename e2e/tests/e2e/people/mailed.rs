//! Links in mails: a forgotten password, signing in, an invitation; and an account's end.

use super::{ALLOW, MISMATCH, OVERVIEW, Visit, factors::add_app};
use anyhow::{Context, ensure};
use grantor_e2e::{Client, admin::USER_PASSWORD};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const LINK_SENT: super::Words = ["Look into your mail", "Sehen Sie in Ihrem Postfach nach"];

const CHOSEN: &str = "eleven geese cross the canal";

pub async fn walk(visit: &Visit) -> anyhow::Result<()> {
    visit.browser.forget_everybody().await?;
    forgotten_password(visit).await?;
    magic_link(visit).await?;
    visit.browser.forget_everybody().await?;
    invitation(visit).await?;
    deletion(visit).await
}

async fn mailed(visit: &Visit, name: &str, path: &str) -> anyhow::Result<String> {
    let start = format!("{}{path}?link=", visit.acme.issuer);
    visit.acme.installation.mailed(&format!("{name}@example.com"), &start).await
}

async fn forgotten_password(visit: &Visit) -> anyhow::Result<()> {
    let browser = &visit.browser;
    let mut told = vec![];
    visit.open("/recover").await?;
    visit.at("recover", ["Forgot your password?", "Passwort vergessen?"]).await?;
    for name in ["nobody", "grace"] {
        visit.open("/login").await?;
        browser.press("a[href$='/recover']").await?;
        browser.fill("#email", &format!("{name}@example.com")).await?;
        browser.press("form:has(#email) button").await?;
        told.push(visit.shows(LINK_SENT).await?);
    }
    ensure!(told[0] == told[1], "it tells who has an account: {told:#?}");
    visit.at("link-sent", LINK_SENT).await?;

    let link = mailed(visit, "grace", "/recover/password").await?;
    browser.open(&link).await?;
    visit.at("new-password", ["Choose a new password", "Neues Passwort wählen"]).await?;
    browser.fill("#password", "qwertyuiop12").await?;
    browser.press("form:has(#password) button").await?;
    let weak = ["That password is easy to guess", "Dieses Passwort ist leicht zu erraten"];
    visit.at("new-password-refused", weak).await?;
    browser.fill("#password", CHOSEN).await?;
    browser.press("form:has(#password) button").await?;
    visit.at("new-password-done", ["Your password is changed", "Ihr Passwort ist geändert"]).await?;
    browser.press("a[href$='/login']").await?;
    visit.expect_refused("grace", USER_PASSWORD).await?;
    browser.sign_in("grace", CHOSEN).await?;
    visit.shows(OVERVIEW).await?;
    browser.open(&link).await?;
    visit.shows(["This page has expired", "Diese Seite ist abgelaufen"]).await.map(drop)
}

async fn magic_link(visit: &Visit) -> anyhow::Result<()> {
    let browser = &visit.browser;
    let asked = async || {
        browser.forget_everybody().await?;
        visit.ask(&[]).await?;
        browser.fill("#username", "grace@example.com").await?;
        browser.press("button[formaction$='/magic-link']").await?;
        visit.shows(LINK_SENT).await?;
        mailed(visit, "grace", "/magic-link/open").await
    };
    let link = asked().await?;
    browser.forget_everybody().await?;
    browser.open(&link).await?;
    visit.at("magic-link-elsewhere", ["Open this link elsewhere", "Öffnen Sie diesen Link woanders"]).await?;
    let link = asked().await?;
    browser.open(&link).await?;
    visit
        .at("magic-link", ["Go on to sign in in this browser", "um sich in diesem Browser anzumelden"])
        .await?;
    browser.press("main form button").await?;
    browser.press(ALLOW).await?;
    visit.arrived().await?;
    browser.open(&link).await?;
    visit.shows(["This page has expired", "Diese Seite ist abgelaufen"]).await.map(drop)
}

/// Where everybody needs two factors, who is invited makes the second at once.
async fn invitation(visit: &Visit) -> anyhow::Result<()> {
    let (browser, admin) = (&visit.browser, &visit.acme.admin);
    visit.set_sign_in(json!({ "second_factor": "required" })).await?;
    let barbara = json!({
        "username": "barbara",
        "email": "barbara@example.com",
        "profile": { "name": "Barbara Liskov" },
    });
    let made = admin.call(Method::POST, "tenants/acme/users", &barbara).await?.expect(StatusCode::CREATED)?;
    let id = made["id"].as_str().context("no id")?;
    let invited = admin.call(Method::POST, &format!("tenants/acme/users/{id}/invite"), &Value::Null).await?;
    ensure!(invited.status() == StatusCode::ACCEPTED, "{} {}", invited.status(), invited.text());

    let link = mailed(visit, "barbara", "/invitation").await?;
    browser.open(&link).await?;
    visit.at("invitation", ["Welcome to Acme Works", "Willkommen bei Acme Works"]).await?;
    browser.fill("#password", CHOSEN).await?;
    browser.press("form:has(#password) button").await?;
    visit
        .at("sign-in-new-authenticator", ["You need it to go on", "Sie brauchen ihn, um fortzufahren"])
        .await?;
    add_app(visit).await?;
    visit.shows(OVERVIEW).await?;
    browser.shows("Barbara Liskov").await?;
    let again = Client.get(&link).await?;
    ensure!(again.status() == StatusCode::BAD_REQUEST, "the link works twice: {}", again.status());
    Ok(())
}

/// Of whoever is signed in: `barbara`.
async fn deletion(visit: &Visit) -> anyhow::Result<()> {
    let browser = &visit.browser;
    visit.open("/account/data").await?;
    browser.press("a[href$='/account/deletion']").await?;
    visit
        .at(
            "account-deletion",
            ["Type your user name: barbara", "Geben Sie Ihren Benutzernamen ein: barbara"],
        )
        .await?;
    browser.fill("#username", "grace").await?;
    browser.press("form:has(#username) button").await?;
    let other = ["That is not the user name of this account", "Das ist nicht der Benutzername dieses Kontos"];
    visit.at("account-deletion-refused", other).await?;
    browser.fill("#username", "barbara").await?;
    browser.press("form:has(#username) button").await?;
    visit.at("account-deleted", ["Your account is deleted", "Ihr Konto ist gelöscht"]).await?;
    let left = visit.list("tenants/acme/users?q=barbara").await?;
    ensure!(left.is_empty(), "{left:?}");
    visit.open("/account").await?;
    browser.sign_in("barbara", CHOSEN).await?;
    visit.shows(MISMATCH).await.map(drop)
}
