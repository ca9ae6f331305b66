//! The console for people of any tenant: they sign in at their own issuer, and have the rights of its users.

use grantor_protocol::Profile;
use grantor_protocol::model::{ClientId, ClientOrigin, Quotas, TenantStatus, UserStatus};
use grantor_protocol::{Id, Secret};
use grantor_store::{RoleAssignment, Subject, WriteError};
use poem::http::Method;
use serde_json::{Value, json};

use super::console::{admin, administrator, answered_at, me, signed_in};
use super::domains::move_to;
use crate::on_both;
use crate::support::{Answer, Browser, START, TestApp, TestTenant, client};

const SIGN_IN: &str = "/console/sign-in?tenant=acme";
const CLIENT: &str = "/tenants/acme/clients/grantor-console";

/// A browser in which the tenant's user is signed in to the console.
async fn ada(app: &TestApp, acme: &TestTenant) -> Browser {
    let mut browser = Browser::default();
    let address = format!("/console/sign-in?tenant={}", acme.slug);
    let answer = answered_at(app, &mut browser, &address, "ada").await;
    assert_eq!(browser.follow(app, &answer).await.location(), "/console/");
    browser
}

async fn get(app: &TestApp, browser: &Browser, path: &str) -> Answer {
    admin(app, browser, Method::GET, path, None).await
}

fn console_client() -> ClientId {
    ClientId::parse("grantor-console").unwrap()
}

on_both! {
    async fn people_of_a_tenant_sign_in_at_its_issuer(app: TestApp) {
        let acme = app.acme().await;
        app.other().await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, SIGN_IN).await;
        assert!(begun.location().starts_with("https://id.example/t/acme/authorize?"), "{begun:?}");
        let mut browser = ada(&app, &acme).await;
        assert!(browser.cookie("grantor-console").unwrap().ends_with(".acme"));
        let shown: Value = me(&app, &browser).await.json();
        assert_eq!((&shown["tenant"], &shown["email"]), (&json!("acme"), &json!("ada@acme.example")));
        assert_eq!(shown["roles"], json!([]));
        assert_eq!(get(&app, &browser, "/tenants/acme").await.status, 404);

        let role = RoleAssignment {
            subject: Subject::User(acme.user.id),
            role: "tenant-owner".to_owned(),
            scope: Some(acme.tenant.id),
        };
        app.app.store.tenant(acme.tenant.id).assign(&role, None, START, vec![]).await.unwrap();
        assert_eq!(get(&app, &browser, "/tenants/acme/users").await.status, 200);
        for foreign in ["/tenants/other/users", "/tenants/system/users"] {
            assert_eq!(get(&app, &browser, foreign).await.status, 404, "{foreign}");
        }
        // The next time nobody has to say which tenant.
        let begun = browser.get(&app, "/console/sign-in").await;
        assert!(begun.location().starts_with("https://id.example/t/acme/authorize?"), "{begun:?}");
        let begun = browser.get(&app, "/console/sign-in?tenant=other").await;
        assert!(begun.location().starts_with("https://id.example/t/other/authorize?"), "{begun:?}");

        let csrf = shown["csrf_token"].as_str().unwrap();
        browser.post(&app, "/console/sign-out", &[]).await.expect_error_page(403);
        let out = browser.post(&app, "/console/sign-out", &[("csrf_token", csrf)]).await;
        assert!(out.location().starts_with("https://id.example/t/acme/logout?"), "{out:?}");
        assert_eq!(browser.follow(&app, &out).await.location(), "https://id.example/console/signed-out");
        assert_eq!(browser.get(&app, "/t/acme/account").await.location(), "/t/acme/login");
    }

    /// A cookie of one tenant is nobody's in another, and a tenant's session is no console session.
    async fn a_cookie_belongs_to_one_tenant(app: TestApp) {
        administrator(&app).await;
        let (acme, root) = (app.acme().await, signed_in(&app).await);
        let ada = ada(&app, &acme).await;
        let of = |browser: &Browser, name: &str| browser.cookie(name).unwrap().to_owned();
        let (adas, roots) = (of(&ada, "grantor-console"), of(&root, "grantor-console"));
        let secret = |cookie: &str| cookie.rsplit_once('.').unwrap().0.to_owned();
        for forged in [
            format!("{}.system", secret(&adas)),
            format!("{}.acme", secret(&roots)),
            format!("{adas}.system"),
            format!("{roots}.acme"),
            secret(&adas),
            of(&ada, "grantor-session-acme"),
            format!("{}.acme", of(&ada, "grantor-session-acme")),
        ] {
            let mut browser = Browser::default();
            browser.put_cookie("__Host-grantor-console", &forged);
            assert_eq!(me(&app, &browser).await.status, 401, "{forged}");
        }
        assert_eq!(me(&app, &ada).await.status, 200);
        // The CSRF token belongs to the cookie.
        let csrf = me(&app, &root).await.json()["csrf_token"].as_str().unwrap().to_owned();
        let forged = admin(&app, &ada, Method::PUT, "/tenants/acme", Some(&csrf)).await;
        assert_eq!(forged.status, 403, "{forged:?}");
    }

    async fn tenants_that_nobody_signs_in_to(app: TestApp) {
        let acme = app.acme().await;
        for tenant in ["nowhere", "ACME", "a%2Fb", "-acme"] {
            let mut browser = Browser::default();
            browser.get(&app, &format!("/console/sign-in?tenant={tenant}")).await.expect_error_page(404);
            assert_eq!(browser.cookies().count(), 0);
        }
        let (mut ada, mut begun) = (ada(&app, &acme).await, Browser::default());
        let answer = answered_at(&app, &mut begun, SIGN_IN, "ada").await;
        acme.change_tenant(&app, |tenant| tenant.status = TenantStatus::Suspended).await;
        begun.follow(&app, &answer).await.expect_error_page(403);
        let refused = Browser::default().get(&app, SIGN_IN).await;
        refused.expect_error_page(403);
        assert!(refused.body.contains("suspended"), "{refused:?}");
        let over = me(&app, &ada).await;
        assert_eq!((over.status.as_u16(), over.header("content-type")), (401, Some("application/problem+json")));
        // Whoever signed in there last is not locked out of everything.
        let begun = ada.get(&app, "/console/sign-in").await;
        assert!(begun.location().starts_with("https://id.example/t/system/authorize?"), "{begun:?}");
    }

    /// What ends somebody's sessions ends the console's, whoever does it.
    async fn a_console_session_ends_with_its_session_and_its_user(app: TestApp) {
        let acme = app.acme().await;
        let platform = app.platform("platform-admin").await;
        let user = format!("/tenants/acme/users/{}", acme.user.id);
        let (first, second) = (ada(&app, &acme).await, ada(&app, &acme).await);
        let sessions = platform.get("/tenants/acme/sessions?active=true").await.document(200);
        let session = sessions["items"][0]["id"].as_str().unwrap();
        assert_eq!(platform.delete(&format!("/tenants/acme/sessions/{session}")).await.status, 204);
        let live = async |browser: &Browser| me(&app, browser).await.status == 200;
        assert_ne!(live(&first).await, live(&second).await, "one of them");

        let everywhere = format!("{user}/sign-out");
        let signed_out = platform.post(&everywhere, &json!({})).await;
        assert!(signed_out.status.is_success(), "{signed_out:?}");
        assert!(!live(&first).await && !live(&second).await);

        let browser = ada(&app, &acme).await;
        acme.change_user(&app, |user| user.status = UserStatus::Locked).await;
        assert!(!live(&browser).await);
        acme.change_user(&app, |user| user.status = UserStatus::Active).await;

        // The person signs out at the tenant.
        let mut browser = ada(&app, &acme).await;
        assert!(live(&browser).await);
        let page = browser.get(&app, "/t/acme/logout").await;
        browser.post(&app, "/t/acme/logout", &[("csrf", &page.field("csrf"))]).await;
        assert!(!live(&browser).await);

        let browser = ada(&app, &acme).await;
        assert!(live(&browser).await);
        assert_eq!(platform.delete(&user).await.status, 204);
        assert!(!live(&browser).await);
    }

    /// The console's client is what the code says, whatever somebody wrote into its row.
    async fn a_client_that_was_tampered_with(app: TestApp) {
        let acme = app.acme().await;
        let mut row = client(&acme.tenant, "grantor-console");
        row.enabled = false;
        row.metadata.resources = vec!["https://id.example/admin/v1".to_owned()];
        let token = Secret::presented("grt_x");
        row.origin = ClientOrigin::Registration {
            token: Some(token.hash()),
            fingerprint: None,
            bounds: None,
            software_statement: None,
        };
        let (row, secret) = {
            let method = row.metadata.token_endpoint_auth_method;
            let (secret, stored) = app.app.new_client_secret(acme.tenant.id, &row.client_id, method).unwrap();
            row.secrets.push(stored);
            (row, secret)
        };
        app.app.store.tenant(acme.tenant.id).create_client(&row, vec![]).await.unwrap();
        assert_eq!(me(&app, &ada(&app, &acme).await).await.status, 200);

        let platform = app.platform("platform-admin").await;
        let shown = platform.get(CLIENT).await.document(200);
        assert_eq!((&shown["origin"], &shown["enabled"]), (&json!("built_in"), &json!(true)));
        assert_eq!(shown["redirect_uris"], json!(["https://id.example/console/callback"]));
        assert_eq!(shown["grant_types"], json!(["authorization_code"]));
        let listed = platform.get("/tenants/acme/clients?q=grantor-console").await.document(200);
        assert_eq!(listed["items"], json!([shown]));
        // Neither its secret nor its registration access token nor its redirect URI is worth anything.
        let form = [("grant_type", "client_credentials"), ("resource", "https://id.example/admin/v1")];
        let refused = app.post_as(("grantor-console", secret.expose()), &acme.path("/token"), &form).await;
        refused.expect_error(401, "invalid_client");
        let path = acme.path("/register/grantor-console");
        assert_eq!(app.get_with_token(&path, token.expose()).await.status, 401);
        let mut parameters = acme.authorization("app");
        parameters[0].1 = "grantor-console";
        app.get(&acme.authorize(&parameters)).await.expect_error_page(400);
    }

    /// Nobody makes, changes or deletes it.
    async fn the_client_is_reserved(app: TestApp) {
        let acme = app.acme().await;
        let platform = app.platform("platform-admin").await;
        let document = json!({ "client_name": "Mine", "redirect_uris": ["https://evil.example/cb"] });
        let named = json!({ "client_id": "grantor-console", "redirect_uris": ["https://evil.example/cb"] });
        for _ in 0..2 {
            platform.put(CLIENT, &document).await.expect_problem(409, "protected");
            platform.post("/tenants/acme/clients", &named).await.expect_problem(409, "protected");
            // The second time it is there.
            ada(&app, &acme).await;
        }
        platform.patch(CLIENT, &json!({ "enabled": false })).await.expect_problem(409, "protected");
        platform.post(&format!("{CLIENT}/secrets"), &json!({})).await.expect_problem(409, "protected");
        platform.delete(CLIENT).await.expect_problem(409, "protected");
    }

    /// It takes nobody's place, and whoever is first makes it for all.
    async fn the_client_is_made_when_it_is_needed(app: TestApp) {
        let acme = app.acme().await;
        let store = app.app.store.tenant(acme.tenant.id);
        let clients = store.counts(START).await.unwrap().clients;
        let quotas = Quotas { clients: u32::try_from(clients).ok(), ..Quotas::default() };
        acme.change_tenant(&app, |tenant| tenant.settings.quotas = quotas).await;
        assert_eq!(store.client(&console_client()).await.unwrap(), None);
        let nodes = [app.second_node().await, app.second_node().await];
        let asked = nodes.iter().flat_map(|node| std::iter::repeat_n(node, 4));
        let answers = futures_util::future::join_all(asked.map(|node| node.get(SIGN_IN))).await;
        answers.iter().for_each(|answer| assert!(answer.location().contains("/t/acme/authorize?")));
        assert!(store.client(&console_client()).await.unwrap().is_some());
        assert_eq!(store.counts(START).await.unwrap().clients, clients);
        let full = store.create_client(&client(&acme.tenant, "one-more"), vec![]).await;
        assert!(matches!(full, Err(WriteError::QuotaExceeded { .. })), "{full:?}");
        ada(&app, &acme).await;
    }

    /// A tenant that takes pushed requests only, and one with another profile.
    async fn a_tenant_that_demands_more_of_its_clients(app: TestApp) {
        let acme = app.acme().await;
        acme.change_tenant(&app, |tenant| {
            tenant.settings.require_pushed_authorization_requests = true;
            tenant.settings.require_dpop_nonce = true;
        })
        .await;
        for profile in [Profile::Oauth21, Profile::Mcp, Profile::OidcLegacy] {
            acme.change_tenant(&app, |tenant| tenant.settings.profile = profile).await;
            let browser = ada(&app, &acme).await;
            assert_eq!(me(&app, &browser).await.status, 200, "{profile:?}");
        }
    }

    /// The issuer is at a domain of the tenant's own; the console stays where it is.
    async fn a_tenant_at_its_own_domain(app: TestApp) {
        let acme = app.acme().await;
        move_to(&app, "acme", "login.acme.example").await;
        let mut browser = Browser::default();
        let path = |answer: &Answer| answer.location().strip_prefix("https://login.acme.example").unwrap().to_owned();
        let begun = browser.get(&app, SIGN_IN).await;
        app.at(Some("login.acme.example"));
        let asked = browser.get(&app, &path(&begun)).await;
        let page = browser.follow(&app, &asked).await;
        let acme = TestTenant { base: String::new(), ..acme };
        let answer = acme.sign_in(&app, &mut browser, &page).await;
        app.at(None);
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/");
        let shown: Value = me(&app, &browser).await.json();
        assert_eq!(shown["tenant"], "acme");
        let csrf = shown["csrf_token"].as_str().unwrap();
        let out = browser.post(&app, "/console/sign-out", &[("csrf_token", csrf)]).await;
        app.at(Some("login.acme.example"));
        let gone = browser.get(&app, &path(&out)).await;
        assert_eq!(gone.location(), "https://id.example/console/signed-out");
    }

    /// A console session that names no session at the tenant, as one of an earlier version, is none.
    async fn a_session_of_nothing(app: TestApp) {
        let acme = app.acme().await;
        let cookie = Secret::presented("gco_x.acme");
        let console = grantor_store::ConsoleSession {
            hash: cookie.hash(),
            user_id: acme.user.id,
            session_id: Id::from_bytes([1; 16]),
            expires_at: app.app.clock.now() + grantor_protocol::Lifetime::from_seconds(60),
        };
        app.app.store.tenant(acme.tenant.id).store_console_session(console).await.unwrap();
        let mut browser = Browser::default();
        browser.put_cookie("__Host-grantor-console", cookie.expose());
        assert_eq!(me(&app, &browser).await.status, 401);
    }
}
