//! Every page, as whoever may see it.

use anyhow::{Context, ensure};
use grantor_e2e::{Browser, admin::USER_PASSWORD};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::place::{as_platform_admin, as_user, find, give_role, lived_in, settled, visit};
use crate::acme::{Acme, USERNAME, person, pictures};

/// Pages of a tenant in the navigation, and what the admin API calls what is on them.
const SECTIONS: [(&str, &str); 16] = [
    ("", "stats"),
    ("/clients", "clients"),
    ("/users", "users"),
    ("/devices", "device-authorizations"),
    ("/sessions", "sessions"),
    ("/grants", "grants"),
    ("/keys", "keys"),
    ("/resources", "resources"),
    ("/registration", "registration-policy"),
    ("/roles", "roles"),
    ("/audit", "audit-events"),
    ("/settings", ""),
    ("/branding", ""),
    ("/domains", "domains"),
    ("/identity-providers", "identity-providers"),
    ("/webhooks", "webhooks"),
];

const TENANT_ROLES: [&str; 6] =
    ["tenant-owner", "tenant-admin", "client-manager", "user-manager", "device-approver", "auditor"];

/// What a page has to hold, whoever looks at it.
async fn check(browser: &Browser, name: &str) -> anyhow::Result<()> {
    ensure!(!browser.has(".refused").await?, "{name} could not be loaded: {}", browser.text().await?);
    browser.check_accessibility(name).await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "the browser complains about {name}: {complaints:#?}");
    Ok(())
}

/// The navigation shows a page if, and only if, its data would be answered; then the page is walked.
async fn walk_tenant(browser: &Browser, role: &str) -> anyhow::Result<()> {
    for (section, list) in SECTIONS {
        let status = browser
            .driver
            .execute_async(
                "const done = arguments[1]; fetch(arguments[0]).then((answer) => done(answer.status), () => done(0));",
                vec![json!(format!("/admin/v1/tenants/acme/{list}").trim_end_matches('/'))],
            )
            .await?
            .convert::<u16>()?;
        // The browser notes what was refused; here it was meant.
        let _meant = browser.complaints().await?;
        let link = format!(".navigation a[href='/console/t/acme{section}']");
        let offered = browser.has(&link).await?;
        ensure!(
            offered == (status == 200),
            "{role}: {section} is answered with {status}, and offered: {offered}"
        );
        if offered {
            browser.press(&link).await?;
            settled(browser).await?;
            check(browser, &format!("{section} as {role}")).await.with_context(|| role.to_owned())?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_of_a_tenant_walks_its_pages() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    for role in TENANT_ROLES {
        acme.admin.create_user("acme", role, "Somebody Else").await?;
        give_role(&acme, role, role).await?;
        let browser = as_user(&acme, role, "/t/acme/settings").await?;
        ensure!(!browser.has(".navigation-platform").await?, "{role} sees the platform");
        walk_tenant(&browser, role).await?;
        browser.driver.quit().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_auditor_walks_all_pages() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    let user = json!({ "username": "auditor", "email": "auditor@example.com", "password": USER_PASSWORD });
    let user =
        acme.admin.call(Method::POST, "tenants/system/users", &user).await?.expect(StatusCode::CREATED)?;
    let assignment = json!({ "role": "platform-auditor", "subject_type": "user", "subject": user["id"] });
    acme.admin.call(Method::POST, "role-assignments", &assignment).await?.expect(StatusCode::CREATED)?;

    let browser = Browser::start().await?;
    browser.open(&format!("{}/console/", acme.installation.public_url)).await?;
    browser.sign_in("auditor", USER_PASSWORD).await?;
    for path in ["/platform", "/tenants", "/jobs", "/roles", "/audit"] {
        visit(&browser, path).await?;
        check(&browser, &format!("{path} as platform-auditor")).await?;
    }
    ensure!(
        !browser.has("a[href='/console/tenants/new']").await?,
        "an auditor is offered to create a tenant"
    );
    visit(&browser, "/t/acme").await?;
    walk_tenant(&browser, "platform-auditor").await?;
    Ok(browser.driver.quit().await?)
}

/// Addresses that the navigation does not have: forms, and one thing of every kind.
async fn further_addresses(acme: &Acme) -> anyhow::Result<Vec<String>> {
    let user = find(acme, "users", USERNAME).await?;
    let first = async |list: &str| -> anyhow::Result<Value> {
        let path = format!("tenants/acme/{list}");
        Ok(acme.admin.call(Method::GET, &path, &Value::Null).await?.expect(StatusCode::OK)?["items"][0]
            .clone())
    };
    let (webhook, user) = (first("webhooks").await?["id"].clone(), user["id"].clone());
    let [webhook, user] = [webhook, user].map(|id| id.as_str().unwrap_or_default().to_owned());
    Ok([
        "/t/acme/clients/new".to_owned(),
        "/t/acme/clients/id/nightly-report".to_owned(),
        "/t/acme/clients/id/planner?tab=settings".to_owned(),
        "/t/acme/clients/id/nightly-report?tab=secrets".to_owned(),
        "/t/acme/users/new".to_owned(),
        format!("/t/acme/users/{user}"),
        format!("/t/acme/users/{user}?tab=sign-in"),
        format!("/t/acme/users/{user}?tab=sessions"),
        format!("/t/acme/users/{user}?tab=roles"),
        "/t/acme/resources/new".to_owned(),
        "/t/acme/resources/id/https%3A%2F%2Fapi.acme.example".to_owned(),
        "/t/acme/roles/new".to_owned(),
        "/t/acme/roles/support".to_owned(),
        "/t/acme/identity-providers/new".to_owned(),
        "/t/acme/webhooks/new".to_owned(),
        format!("/t/acme/webhooks/{webhook}"),
        "/platform".to_owned(),
        "/tenants".to_owned(),
        "/tenants/new".to_owned(),
        "/tenants/import".to_owned(),
        "/jobs".to_owned(),
        "/roles".to_owned(),
        "/audit".to_owned(),
        "/welcome".to_owned(),
    ]
    .into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_of_every_page_are_left() -> anyhow::Result<()> {
    let acme = lived_in().await?;
    let request =
        acme.authorization_request("planner", "http://127.0.0.1/callback", &[("scope", "openid")])?;
    person().authorize(&request).await?;
    let browser = as_platform_admin(&acme, "/t/acme").await?;
    let sections = SECTIONS.iter().map(|(section, _)| format!("/t/acme{section}"));
    for path in sections.chain(further_addresses(&acme).await?) {
        // A reload shows the same as a link does.
        browser.open(&format!("{}/console{path}", acme.installation.public_url)).await?;
        settled(&browser).await.with_context(|| path.clone())?;
        let name = path.replace(['/', '?', '=', '%'], "-");
        browser.check_layout(&pictures(), &format!("console{name}")).await?;
        check(&browser, &path).await?;
    }
    Ok(browser.driver.quit().await?)
}
