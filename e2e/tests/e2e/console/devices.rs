//! Devices that wait, and the administrator who lets them in.

use anyhow::{Context, ensure};
use grantor_e2e::{Browser, admin::USER_PASSWORD, wait};
use serde_json::Value;
use thirtyfour::By;

use super::place::{DEVICE, as_user, begin_device, give_role, lived_in};
use crate::acme::{Acme, USERNAME};

/// What the token endpoint says to the device now.
async fn poll(acme: &Acme, begun: &Value) -> anyhow::Result<Value> {
    let code = begun["device_code"].as_str().context("no device_code")?;
    let fields = [("grant_type", DEVICE), ("client_id", "television"), ("device_code", code)];
    acme.token(&fields).await?.json()
}

/// A person enters the code and allows the device.
async fn allow(browser: &Browser, begun: &Value) -> anyhow::Result<()> {
    browser
        .open(begun["verification_uri_complete"].as_str().context("no verification_uri_complete")?)
        .await?;
    browser.press("button[type=submit]").await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.press("button[name=decision][value=allow]").await?;
    browser.find("h1").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_let_in_from_the_queue_while_it_polls() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    acme.admin.create_user("acme", "approver", "Device Approver").await?;
    give_role(&acme, "approver", "device-approver").await?;
    let approver = as_user(&acme, "approver", "/t/acme/devices").await?;

    let begun = begin_device(&acme).await?;
    let person = Browser::start().await?;
    allow(&person, &begun).await?;
    ensure!(
        poll(&acme, &begun).await?["error"] == "authorization_pending",
        "an administrator has to allow it too"
    );

    // The queue hears of it by itself, with who entered the code; one key lets the device in.
    let card = wait::until("the device with who entered its code", async || {
        let mut cards = vec![];
        for card in approver.driver.find_all(By::Css("[aria-label='Waiting devices'] > *")).await? {
            // It may be gone between the two questions: the queue is alive.
            if card.text().await.is_ok_and(|text| text.contains(USERNAME)) {
                cards.push(card);
            }
        }
        Ok(cards.pop())
    })
    .await?;
    card.focus().await?;
    approver.driver.action_chain().send_keys("a").perform().await?;
    let tokens = wait::until("the device's tokens", async || {
        let answer = poll(&acme, &begun).await?;
        let waits =
            ["authorization_pending", "slow_down"].contains(&answer["error"].as_str().unwrap_or_default());
        Ok((!waits).then_some(answer))
    })
    .await?;
    ensure!(tokens["access_token"].is_string(), "{tokens}");
    approver.shows("Approved").await?;
    let complaints = approver.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains: {complaints:#?}");
    person.driver.quit().await?;
    Ok(approver.driver.quit().await?)
}
