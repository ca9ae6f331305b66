//! A tenant with something of everything, and the way into its console.

use anyhow::{Context, ensure};
use grantor_e2e::{
    Browser, Client, Database,
    admin::USER_PASSWORD,
    server::{ADMIN_EMAIL, ADMIN_PASSWORD},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::acme::{Acme, public_client};

pub const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The tenant `acme` as one may find it after a month.
pub async fn lived_in() -> anyhow::Result<Acme> {
    let acme = Acme::start(Database::Sqlite).await?;
    let settings = json!({ "settings": {
        "branding": { "primary_color": "#0b6b4f" },
        "device_approval": "user-then-admin",
        "scopes": [{ "name": "orders:read", "description": "See your orders" }],
    } });
    acme.admin.call(Method::PATCH, "tenants/acme", &settings).await?.expect(StatusCode::OK)?;
    let service = json!({ "client_name": "Nightly report", "grant_types": ["client_credentials"], "scope": "orders:read" });
    let secret = acme.admin.create_confidential_client("acme", "nightly-report", service).await?;
    acme.admin.put_client("acme", "planner", public_client("http://127.0.0.1/callback")).await?;
    let television = json!({ "client_name": "Living room", "grant_types": [DEVICE], "token_endpoint_auth_method": "none", "scope": "openid" });
    acme.admin.put_client("acme", "television", television).await?;
    acme.admin.put_resource("acme", "https://api.acme.example", ("shipments:read", "See shipments")).await?;
    for (list, document) in [
        (
            "roles",
            json!({ "name": "support", "description": "Helps people", "permissions": [{ "resource": "user", "action": "read" }] }),
        ),
        ("initial-access-tokens", json!({ "name": "Partner onboarding", "uses_left": 5 })),
        ("domains", json!({ "domain": "login.acme.example" })),
        (
            "webhooks",
            json!({ "url": "https://hooks.acme.example/grantor", "description": "Into the data lake" }),
        ),
    ] {
        acme.admin
            .call(Method::POST, &format!("tenants/acme/{list}"), &document)
            .await?
            .expect(StatusCode::CREATED)?;
    }
    for (username, name) in
        [("grace", "Grace Hopper"), ("alan", "Alan Turing"), ("barbara", "Barbara Liskov")]
    {
        acme.admin.create_user("acme", username, name).await?;
    }
    let credentials =
        [("grant_type", "client_credentials"), ("client_id", "nightly-report"), ("client_secret", &secret)];
    acme.token(&credentials[..1]).await?;
    let authorization = grantor_e2e::client::basic("nightly-report", &secret);
    let endpoint = format!("{}/token", acme.issuer);
    Client
        .form(&endpoint, &[(http::header::AUTHORIZATION, &authorization)], &credentials[..1])
        .await?
        .expect(StatusCode::OK)?;
    for _ in 0..2 {
        begin_device(&acme).await?;
    }
    Ok(acme)
}

/// A device asks to be let in.
pub async fn begin_device(acme: &Acme) -> anyhow::Result<Value> {
    let fields = [("client_id", "television"), ("scope", "openid")];
    Client.form(&format!("{}/device_authorization", acme.issuer), &[], &fields).await?.expect(StatusCode::OK)
}

/// The first item of a list of the tenant's that `q` finds.
pub async fn find(acme: &Acme, list: &str, q: &str) -> anyhow::Result<Value> {
    let path = format!("tenants/acme/{list}?q={q}");
    let mut page = acme.admin.call(Method::GET, &path, &Value::Null).await?.expect(StatusCode::OK)?;
    let items = page["items"].as_array_mut().context("no items")?;
    ensure!(items.len() == 1, "{path} found {}", items.len());
    Ok(items.remove(0))
}

/// Gives a role of the tenant's to one of its users.
pub async fn give_role(acme: &Acme, username: &str, role: &str) -> anyhow::Result<()> {
    let user = find(acme, "users", username).await?;
    let assignment = json!({ "role": role, "subject_type": "user", "subject": user["id"] });
    acme.admin
        .call(Method::POST, "tenants/acme/role-assignments", &assignment)
        .await?
        .expect(StatusCode::CREATED)?;
    Ok(())
}

/// Signs in to the console at the system tenant and goes to an address of it.
pub async fn as_platform_admin(acme: &Acme, path: &str) -> anyhow::Result<Browser> {
    sign_in(acme, "system", ADMIN_EMAIL, ADMIN_PASSWORD, path).await
}

/// Signs in to the console at the tenant and goes to an address of it.
pub async fn as_user(acme: &Acme, username: &str, path: &str) -> anyhow::Result<Browser> {
    sign_in(acme, "acme", username, USER_PASSWORD, path).await
}

async fn sign_in(
    acme: &Acme,
    tenant: &str,
    username: &str,
    password: &str,
    path: &str,
) -> anyhow::Result<Browser> {
    let browser = Browser::start().await?;
    let console = format!("{}/console", acme.installation.public_url);
    browser.open(&format!("{console}/sign-in?tenant={tenant}&back=/console{path}")).await?;
    browser.sign_in(username, password).await?;
    browser.find(".top-bar").await?;
    settled(&browser).await?;
    ensure!(browser.address().await?.path() == format!("/console{path}"), "{}", browser.address().await?);
    Ok(browser)
}

/// Waits until the page has what it loads.
pub async fn settled(browser: &Browser) -> anyhow::Result<()> {
    browser.find(".content h1").await?;
    grantor_e2e::wait::until("a page that has loaded", async || {
        Ok((!browser.has(".loading").await?).then_some(()))
    })
    .await
}

/// Goes to another address as a link of the console's would, without loading the program anew.
pub async fn visit(browser: &Browser, path: &str) -> anyhow::Result<()> {
    let script = "const link = document.createElement('a'); link.href = arguments[0]; document.body.append(link); link.click(); link.remove();";
    browser.driver.execute(script, vec![json!(format!("/console{path}"))]).await?;
    let wanted = path.split('?').next().unwrap_or_default();
    grantor_e2e::wait::until(path, async || {
        Ok((browser.address().await?.path() == format!("/console{wanted}")).then_some(()))
    })
    .await?;
    settled(browser).await
}
