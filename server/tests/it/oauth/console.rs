//! Signing in to the console: an authorization code flow whose client side the server is itself.

use grantor::config::Administrator;
use poem::http::{Method, header};
use serde_json::Value;

use crate::on_both;
use crate::support::{Answer, Browser, PASSWORD, TestApp, request};

const EMAIL: &str = "root@id.example";

pub async fn administrator(app: &TestApp) {
    let administrator = Administrator { email: EMAIL.to_owned(), password: PASSWORD.to_owned() };
    app.app.bootstrap(Some(&administrator)).await.unwrap();
}

/// Everything from this address of the console's sign-in up to the answer that the callback is to get; signs
/// in at the issuer where that asks.
pub async fn answered_at(app: &TestApp, browser: &mut Browser, address: &str, username: &str) -> Answer {
    let begun = browser.get(app, address).await;
    let asked = browser.follow(app, &begun).await;
    if asked.location().starts_with("https://id.example/console/callback?") {
        return asked;
    }
    let page = browser.follow(app, &asked).await;
    let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
    let form = [
        ("csrf", csrf.as_str()),
        ("interaction", &interaction),
        ("username", username),
        ("password", PASSWORD),
    ];
    let (login, _) = asked.location().split_once('?').unwrap();
    browser.post(app, login, &form).await
}

/// [`answered_at`] the system tenant, by its administrator.
pub async fn answered(app: &TestApp, browser: &mut Browser) -> Answer {
    answered_at(app, browser, "/console/sign-in", EMAIL).await
}

/// A browser in which the administrator is signed in to the console.
pub async fn signed_in(app: &TestApp) -> Browser {
    let mut browser = Browser::default();
    let answer = answered(app, &mut browser).await;
    assert_eq!(browser.follow(app, &answer).await.location(), "/console/");
    browser
}

/// A request to the admin API with the browser's cookies.
pub async fn admin(
    app: &TestApp,
    browser: &Browser,
    method: Method,
    path: &str,
    csrf: Option<&str>,
) -> Answer {
    let mut builder = request(method, &format!("/admin/v1{path}")).content_type("application/json");
    if let Some(cookie) = browser.cookie("grantor-console") {
        builder = builder.header(header::COOKIE, format!("__Host-grantor-console={cookie}"));
    }
    if let Some(csrf) = csrf {
        builder = builder.header("x-grantor-csrf", csrf);
    }
    app.send(builder.body("{\"name\":\"New\"}")).await
}

pub async fn me(app: &TestApp, browser: &Browser) -> Answer {
    admin(app, browser, Method::GET, "/me", None).await
}

/// The names of the flows that a browser has under way.
fn flows(browser: &Browser) -> Vec<String> {
    browser.cookie_names().filter(|name| name.contains("console-flow")).map(str::to_owned).collect()
}

on_both! {
    async fn an_administrator_signs_in_and_out(app: TestApp) {
        administrator(&app).await;
        let mut browser = Browser::default();
        assert_eq!(me(&app, &browser).await.status, 401);
        let answer = answered(&app, &mut browser).await;
        assert_eq!(flows(&browser).len(), 1);
        let callback = browser.follow(&app, &answer).await;
        assert_eq!(callback.location(), "/console/");
        assert_eq!(flows(&browser), [""; 0]);
        let set: Vec<_> = callback.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().unwrap()).collect();
        assert!(set[0].starts_with("__Host-grantor-console=gco_"), "{set:?}");
        assert!(set[0].ends_with(".system; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=43200"), "{set:?}");
        assert_eq!(set[1], "__Host-grantor-console-tenant=system; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=34560000");

        let shown: Value = me(&app, &browser).await.json();
        assert_eq!((&shown["email"], &shown["tenant"]), (&EMAIL.into(), &"system".into()));
        assert_eq!(shown["roles"][0]["role"], "platform-admin");
        // A change needs the header that only the console's own page can send.
        let csrf = shown["csrf_token"].as_str().unwrap();
        for (csrf, status) in [(None, 403), (Some("x"), 403), (Some(csrf), 201)] {
            let created = admin(&app, &browser, Method::PUT, "/tenants/new", csrf).await;
            assert_eq!(created.status.as_u16(), status, "{created:?}");
        }

        let kept = browser.clone();
        for form in [vec![], vec![("csrf_token", "")], vec![("csrf_token", "x")]] {
            browser.post(&app, "/console/sign-out", &form).await.expect_error_page(403);
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
        // The tenant's own session is over as well: nothing is left to ask.
        let gone = browser.follow(&app, &out).await;
        assert_eq!(gone.location(), "https://id.example/console/signed-out");
        let account = kept.clone().get(&app, "/t/system/account").await;
        assert_eq!(account.location(), "/t/system/login");
        // Once more, as from a second window, leads to the same place.
        let csrf = csrf.to_owned();
        let again = kept.clone().post(&app, "/console/sign-out", &[("csrf_token", &csrf)]).await;
        assert_eq!(again.location(), out.location());
    }

    /// Whoever signs in at the tenant after that is not signed out unasked.
    async fn somebody_else_is_signed_in_by_now(app: TestApp) {
        administrator(&app).await;
        let browser = signed_in(&app).await;
        let csrf = me(&app, &browser).await.json()["csrf_token"].as_str().unwrap().to_owned();
        let another = signed_in(&app).await;
        let mut browser = browser;
        browser.put_cookie("__Host-grantor-session-system", another.cookie("grantor-session-system").unwrap());
        let out = browser.post(&app, "/console/sign-out", &[("csrf_token", &csrf)]).await;
        let page = browser.follow(&app, &out).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.field("post_logout_redirect_uri"), "https://id.example/console/signed-out");
        assert_eq!(me(&app, &another).await.status, 200);
    }

    async fn a_browser_without_a_session_signs_out(app: TestApp) {
        let mut browser = Browser::default();
        let out = browser.post(&app, "/console/sign-out", &[]).await;
        assert_eq!(browser.follow(&app, &out).await.location(), "https://id.example/console/signed-out");
        browser.put_cookie("__Host-grantor-console-tenant", "no-such-tenant");
        let out = browser.post(&app, "/console/sign-out", &[]).await;
        assert_eq!(out.location(), "https://id.example/console/signed-out");
    }

    /// The console's session ends with its time.
    async fn a_console_session_that_is_over(app: TestApp) {
        administrator(&app).await;
        let browser = signed_in(&app).await;
        app.clock.advance(12 * 3600 - 1);
        assert_eq!(me(&app, &browser).await.status, 200);
        app.clock.advance(1);
        assert_eq!(me(&app, &browser).await.status, 401);
        for forged in ["gco_x", "gco_x.system", ".system", ".", "", "gco_x.no-such-tenant"] {
            let mut stranger = Browser::default();
            stranger.put_cookie("__Host-grantor-console", forged);
            assert_eq!(me(&app, &stranger).await.status, 401, "{forged}");
        }
    }

    /// The session at the tenant that it came from may be older, and is what counts.
    async fn a_console_session_lives_no_longer_than_its_session(app: TestApp) {
        administrator(&app).await;
        let mut browser = signed_in(&app).await;
        app.clock.advance(3600);
        let answer = answered(&app, &mut browser).await;
        let callback = browser.follow(&app, &answer).await;
        assert!(callback.header("set-cookie").unwrap().ends_with("Max-Age=39600"), "{callback:?}");
        app.clock.advance(11 * 3600);
        assert_eq!(me(&app, &browser).await.status, 401);
    }

    /// RFC 9700 §4.7, RFC 9207 §2.4: only the answer that this browser waits for, from the issuer that it
    /// was sent to.
    async fn answers_that_are_refused(app: TestApp) {
        administrator(&app).await;
        let (mut browser, mut attacker) = (Browser::default(), Browser::default());
        let theirs = answered(&app, &mut attacker).await;
        let answer = answered(&app, &mut browser).await;
        let parameter = |name| answer.location_parameter(name).unwrap();
        let (code, state, iss) = (parameter("code"), parameter("state"), parameter("iss"));
        let foreign_state = theirs.location_parameter("state").unwrap();
        let foreign_code = theirs.location_parameter("code").unwrap();
        // It names this browser's cookie, and is another's.
        let mixed_state = format!("{}{}", &state[..8], &foreign_state[8..]);
        for (form, status) in [
            (vec![("code", code.as_str()), ("iss", &iss)], 400),
            (vec![("code", &code), ("state", "x"), ("iss", &iss)], 400),
            (vec![("code", &code), ("state", &foreign_state), ("iss", &iss)], 400),
            (vec![("code", &code), ("state", &mixed_state), ("iss", &iss)], 403),
            (vec![("code", &code), ("state", &state[..8]), ("iss", &iss)], 403),
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
            let refused = browser.get(&app, &address).await;
            refused.expect_error_page(status);
            assert!(refused.body.contains("href=\"/console/sign-in\""), "{refused:?}");
            assert_eq!(browser.cookie("grantor-console"), None);
        }
        Browser::default().get(&app, answer.location()).await.expect_error_page(400);
        attacker.get(&app, answer.location()).await.expect_error_page(400);
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/");
        // The same answer once more is no second session.
        browser.follow(&app, &answer).await.expect_error_page(400);
    }

    /// What the browser keeps of a flow is worth nothing once it is changed.
    async fn a_flow_that_was_altered(app: TestApp) {
        administrator(&app).await;
        let mut browser = Browser::default();
        let answer = answered(&app, &mut browser).await;
        let [name] = flows(&browser).try_into().unwrap();
        let cookie = browser.cookie(&name).unwrap().to_owned();
        let (rest, back) = cookie.rsplit_once('.').unwrap();
        let (secret, slug) = rest.rsplit_once('.').unwrap();
        assert_eq!(slug, "system");
        for altered in [
            secret.to_owned(),
            format!("{secret}.acme.{back}"),
            format!("{secret}.system.L3Qvc3lzdGVt"),
            format!("x.{cookie}"),
            String::new(),
        ] {
            browser.put_cookie(&name, &altered);
            browser.follow(&app, &answer).await.expect_error_page(403);
        }
        browser.put_cookie(&name, &cookie);
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/");
    }

    /// RFC 9700 §4.11: nobody can have people led elsewhere.
    async fn only_the_console_is_gone_back_to(app: TestApp) {
        administrator(&app).await;
        let mut browser = Browser::default();
        let long = format!("/console/{}", "a".repeat(2000));
        for (back, expected) in [
            ("/console/t/acme/users?q=ada&sort=name#top", "/console/t/acme/users?q=ada&sort=name#top"),
            ("/console/welcome", "/console/welcome"),
            ("https://evil.example/console/", "/console/"),
            ("//evil.example/console/", "/console/"),
            ("/\\evil.example", "/console/"),
            ("/console//evil.example", "/console/"),
            ("/console/..//evil.example", "/console/"),
            ("/console/%2e%2e/t/system/account", "/console/"),
            ("/t/system/account", "/console/"),
            ("javascript:alert(1)", "/console/"),
            ("", "/console/"),
            (&long, "/console/"),
        ] {
            let address = format!("/console/sign-in?{}", crate::support::encode(&[("back", back)]));
            let answer = answered_at(&app, &mut browser, &address, EMAIL).await;
            assert_eq!(answer.location_parameter("back"), None, "{answer:?}");
            assert_eq!(browser.follow(&app, &answer).await.location(), expected, "{back}");
        }
        // What no parameter may be is no address either.
        for query in ["back=/console/a&back=/console/b", "back=/console/%0D%0ASet-Cookie:%20a%3Db", "back=%00", "back=%FF"] {
            browser.get(&app, &format!("/console/sign-in?{query}")).await.expect_error_page(400);
        }
    }

    /// Every window signs in for itself and goes back to where it was.
    async fn two_windows_at_once(app: TestApp) {
        administrator(&app).await;
        let mut browser = Browser::default();
        let first = browser.get(&app, "/console/sign-in?back=/console/first").await;
        let second = browser.get(&app, "/console/sign-in?back=/console/second").await;
        assert_eq!(flows(&browser).len(), 2);
        // The second window signs in; the first finds a session when its turn comes.
        let asked = browser.follow(&app, &second).await;
        let page = browser.follow(&app, &asked).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [("csrf", csrf.as_str()), ("interaction", &interaction), ("username", EMAIL), ("password", PASSWORD)];
        let answer = browser.post(&app, "/t/system/login", &form).await;
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/second");
        let answer = browser.follow(&app, &first).await;
        assert_eq!(browser.follow(&app, &answer).await.location(), "/console/first");
        assert_eq!(me(&app, &browser).await.status, 200);
        assert_eq!(flows(&browser), [""; 0]);
    }

    /// Any site can start sign-ins in somebody's browser: they stay few.
    async fn many_windows_at_once(app: TestApp) {
        let mut browser = Browser::default();
        for _ in 0..10 {
            browser.get(&app, "/console/sign-in").await;
        }
        assert_eq!(flows(&browser).len(), 4);
    }
}
