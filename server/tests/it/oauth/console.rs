//! Signing in to the console: an authorization code flow whose client side the server is itself.

use grantor::config::Administrator;
use poem::http::{Method, header};
use serde_json::Value;

use crate::on_both;
use crate::support::{Answer, Browser, PASSWORD, TestApp, request};

const EMAIL: &str = "root@id.example";

async fn administrator(app: &TestApp) {
    let administrator = Administrator { email: EMAIL.to_owned(), password: PASSWORD.to_owned() };
    app.app.bootstrap(Some(&administrator)).await.unwrap();
}

/// Everything up to the answer that the console's callback is to get.
pub async fn answered(app: &TestApp, browser: &mut Browser, password: &str) -> Answer {
    let begun = browser.get(app, "/console/sign-in").await;
    assert!(begun.location().starts_with("https://id.example/t/system/authorize?"), "{begun:?}");
    let asked = browser.follow(app, &begun).await;
    if asked.location().starts_with("https://id.example/console/callback?") {
        return asked;
    }
    let page = browser.follow(app, &asked).await;
    let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
    let form =
        [("csrf", csrf.as_str()), ("interaction", &interaction), ("username", EMAIL), ("password", password)];
    browser.post(app, "/t/system/login", &form).await
}

/// A request to the admin API with the browser's cookies.
async fn admin(app: &TestApp, browser: &Browser, method: Method, path: &str, csrf: Option<&str>) -> Answer {
    let mut builder = request(method, &format!("/admin/v1{path}")).content_type("application/json");
    if let Some(cookie) = browser.cookie("grantor-console") {
        builder = builder.header(header::COOKIE, format!("__Host-grantor-console={cookie}"));
    }
    if let Some(csrf) = csrf {
        builder = builder.header("x-grantor-csrf", csrf);
    }
    app.send(builder.body("{\"name\":\"New\"}")).await
}

async fn me(app: &TestApp, browser: &Browser) -> Answer {
    admin(app, browser, Method::GET, "/me", None).await
}

on_both! {
    async fn an_administrator_signs_in_and_out(app: TestApp) {
        administrator(&app).await;
        let mut browser = Browser::default();
        assert_eq!(me(&app, &browser).await.status, 401);
        let answer = answered(&app, &mut browser, PASSWORD).await;
        let callback = browser.follow(&app, &answer).await;
        assert_eq!(callback.location(), "/console/");
        assert_eq!(browser.cookie("grantor-console-flow"), None);
        let set = callback.headers.get_all(header::SET_COOKIE).iter().next().unwrap().to_str().unwrap();
        assert!(set.starts_with("__Host-grantor-console=gco_"), "{set}");
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=43200"), "{set}");

        let shown: Value = me(&app, &browser).await.json();
        assert_eq!(shown["email"], EMAIL);
        assert_eq!(shown["roles"][0]["role"], "platform-admin");
        // A change needs the header that only the console's own page can send.
        let csrf = shown["csrf_token"].as_str().unwrap();
        for (csrf, status) in [(None, 403), (Some("x"), 403), (Some(csrf), 201)] {
            let created = admin(&app, &browser, Method::PUT, "/tenants/new", csrf).await;
            assert_eq!(created.status.as_u16(), status, "{created:?}");
        }

        let kept = browser.clone();
        for csrf in ["", "x"] {
            let refused = browser.post(&app, "/console/sign-out", &[("csrf_token", csrf)]).await;
            refused.expect_error_page(403);
        }
        browser
            .post_from(&app, "/console/sign-out", &[("csrf_token", csrf)], "cross-site")
            .await
            .expect_error_page(403);
        assert_eq!(me(&app, &browser).await.status, 200);
        let out = browser.post(&app, "/console/sign-out", &[("csrf_token", csrf)]).await;
        assert!(out.location().starts_with("https://id.example/t/system/logout?"), "{out:?}");
        assert_eq!(browser.cookie("grantor-console"), None);
        assert_eq!(me(&app, &kept).await.status, 401);
        // The tenant's own session ends as well, and the console is where that leads to.
        let page = browser.follow(&app, &out).await;
        let fields = ["csrf", "client_id", "post_logout_redirect_uri"].map(|name| (name, page.field(name)));
        let form: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let gone = browser.post(&app, "/t/system/logout", &form).await;
        assert_eq!(gone.location(), "https://id.example/console/");
        assert_eq!(browser.cookie("grantor-session-system"), None);
        let account = kept.clone().get(&app, "/t/system/account").await;
        assert_eq!(account.location(), "/t/system/login");
    }

    /// A console's client that an earlier version made learns where to go after signing out.
    async fn a_console_of_an_earlier_version(app: TestApp) {
        let system = app.app.any_tenant("system").await.unwrap().tenant.clone();
        let store = app.app.store.tenant(system.id);
        let client_id = grantor_protocol::model::ClientId::parse("grantor-console").unwrap();
        let mut client = store.client(&client_id).await.unwrap().unwrap();
        client.metadata.post_logout_redirect_uris = vec!["https://id.example/elsewhere".to_owned()];
        store.replace_client(&client, None, vec![]).await.unwrap();
        for _ in 0..2 {
            app.app.ensure_installed().await.unwrap();
            let client = store.client(&client_id).await.unwrap().unwrap();
            let expected = ["https://id.example/elsewhere", "https://id.example/console/"];
            assert_eq!(client.metadata.post_logout_redirect_uris, expected);
            assert_eq!(client.version, 3);
        }
    }

    /// The console's session ends with its time, and with its user.
    async fn a_console_session_that_is_over(app: TestApp) {
        administrator(&app).await;
        let mut browser = Browser::default();
        let answer = answered(&app, &mut browser, PASSWORD).await;
        browser.follow(&app, &answer).await;
        app.clock.advance(12 * 3600 - 1);
        assert_eq!(me(&app, &browser).await.status, 200);
        app.clock.advance(1);
        assert_eq!(me(&app, &browser).await.status, 401);
        let mut stranger = Browser::default();
        stranger.put_cookie("__Host-grantor-console", "gco_x");
        assert_eq!(me(&app, &stranger).await.status, 401);
        // Another tenant's people do not come in, however they are signed in there.
        let acme = app.acme().await;
        let mut ada = Browser::default();
        acme.code(&app, &mut ada, "app").await;
        let session = ada.cookie("grantor-session-acme").unwrap().to_owned();
        ada.put_cookie("__Host-grantor-console", &session);
        assert_eq!(me(&app, &ada).await.status, 401);
    }

    /// RFC 9700 §4.7, RFC 9207 §2.4: only the answer that this browser waits for, from our own issuer.
    async fn answers_that_are_refused(app: TestApp) {
        administrator(&app).await;
        let (mut browser, mut attacker) = (Browser::default(), Browser::default());
        let theirs = answered(&app, &mut attacker, PASSWORD).await;
        let answer = answered(&app, &mut browser, PASSWORD).await;
        let parameter = |name| answer.location_parameter(name).unwrap();
        let (code, state, iss) = (parameter("code"), parameter("state"), parameter("iss"));
        let foreign_state = theirs.location_parameter("state").unwrap();
        let foreign_code = theirs.location_parameter("code").unwrap();
        for (form, status) in [
            (vec![("code", code.as_str()), ("iss", &iss)], 403),
            (vec![("code", &code), ("state", "x"), ("iss", &iss)], 403),
            (vec![("code", &code), ("state", &foreign_state), ("iss", &iss)], 403),
            (vec![("code", &code), ("state", &state)], 403),
            (vec![("code", &code), ("state", &state), ("iss", "https://id.example/t/acme")], 403),
            (vec![("state", &state), ("iss", &iss)], 400),
            (vec![("error", "access_denied"), ("state", &state), ("iss", &iss)], 400),
            (vec![("code", "gac_x"), ("state", &state), ("iss", &iss)], 400),
            (vec![("code", &code), ("code", &code), ("state", &state), ("iss", &iss)], 400),
            // Another browser's code was asked for with another verifier (RFC 7636).
            (vec![("code", &foreign_code), ("state", &state), ("iss", &iss)], 400),
        ] {
            let address = format!("/console/callback?{}", crate::support::encode(&form));
            browser.get(&app, &address).await.expect_error_page(status);
            assert_eq!(browser.cookie("grantor-console"), None);
        }
        Browser::default().get(&app, answer.location()).await.expect_error_page(400);
        attacker.get(&app, answer.location()).await.expect_error_page(403);
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/");
        // The same answer once more is no second session: the code is spent.
        browser.put_cookie("__Host-grantor-console-flow", "gbr_x");
        browser.follow(&app, &answer).await.expect_error_page(403);
    }
}
