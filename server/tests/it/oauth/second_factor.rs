//! Second factors and passkeys: what is asked for, what is taken, and what comes back as `amr` and `acr`.

use grantor_protocol::model::{AuditKind, PasskeyUse, SecondFactorDemand, TenantSettings, UserVerification};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use super::authenticator::Device;
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant};

const REQUIRED: SecondFactorDemand = SecondFactorDemand::Required;

async fn tenant_that(app: &TestApp, second_factor: SecondFactorDemand) -> TestTenant {
    let mut settings = TenantSettings::default();
    settings.sign_in.second_factor = second_factor;
    app.tenant_with("acme", settings).await
}

/// A browser at the sign-in page of an authorization request with these parameters beside the usual ones.
async fn at_sign_in(
    app: &TestApp,
    acme: &TestTenant,
    browser: &mut Browser,
    more: &[(&'static str, &'static str)],
) -> Answer {
    let mut parameters = acme.authorization("web");
    parameters.extend(more);
    let begun = browser.get(app, &acme.authorize(&parameters)).await;
    browser.follow(app, &begun).await
}

/// What the page's own form brings back, with these fields.
async fn send(
    app: &TestApp,
    browser: &mut Browser,
    path: &str,
    page: &Answer,
    fields: &[(&str, &str)],
) -> Answer {
    let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
    let form: Vec<_> = [("csrf", csrf.as_str()), ("interaction", &interaction)]
        .into_iter()
        .chain(fields.iter().copied())
        .collect();
    browser.post(app, path, &form).await
}

/// The authenticator app that took in what the page shows.
fn app_of(page: &Answer) -> Totp {
    let marker = "<code class=\"totp-secret\">";
    let start = page.body.find(marker).unwrap() + marker.len();
    let text: String =
        page.body[start..].split('<').next().unwrap().chars().filter(|held| !held.is_whitespace()).collect();
    Builder::new().with_secret(Secret::try_from_base32(&text).unwrap()).build().unwrap()
}

fn code_now(app: &TestApp, totp: &Totp) -> String {
    totp.generate(u64::try_from(app.app.clock.now().unix_seconds()).unwrap()).to_string()
}

/// Signs in with the password and makes an authenticator app, which the tenant wants. Gives the app, the recovery codes
/// and the page behind them.
async fn enrolled(app: &TestApp, acme: &TestTenant, browser: &mut Browser) -> (Totp, Vec<String>, Answer) {
    let page = at_sign_in(app, acme, browser, &[]).await;
    let further = acme.sign_in(app, browser, &page).await;
    assert!(further.location().contains("/login/second-factor?"), "{further:?}");
    let further = browser.follow(app, &further).await;
    assert!(further.location().contains("/login/new-authenticator?"), "{further:?}");
    let page = browser.follow(app, &further).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(browser.cookie("grantor-session-acme").is_none(), "there is no session before");
    let totp = app_of(&page);
    // The form of the app is the last one of the page.
    let ceremony = last_field(&page, "ceremony");
    let path = acme.path("/login/new-authenticator");
    let fields =
        [("method", "totp"), ("ceremony", &*ceremony), ("code", &code_now(app, &totp)), ("name", "Phone")];
    let codes = send(app, browser, &path, &page, &fields).await;
    assert_eq!(codes.status, 200, "{codes:?}");
    let shown: Vec<_> = codes
        .body
        .split("<li><code>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(shown.len(), 10, "{codes:?}");
    let done = send(app, browser, &acme.path("/login/continue"), &codes, &[]).await;
    (totp, shown, done)
}

/// The value of the last field of this name.
fn last_field(page: &Answer, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let rest = page.body.rsplit(&marker).next().unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// The ID token that the answer at the client's redirect URI is worth.
async fn claims(app: &TestApp, acme: &TestTenant, browser: &mut Browser, answer: &Answer) -> Value {
    let consented;
    let answer = if answer.location().contains("/consent?") {
        let page = browser.follow(app, answer).await;
        consented = acme.decide(app, browser, &page, "allow").await;
        &consented
    } else {
        answer
    };
    let code = answer.location_parameter("code").unwrap_or_else(|| panic!("{answer:?}"));
    let tokens =
        app.post_as(("web", &acme.secret), &acme.path("/token"), &acme.redemption("web", &code)).await;
    let tokens = tokens.json();
    let access: Value = grantor_jose::unverified_claims(tokens["access_token"].as_str().unwrap()).unwrap();
    let id: Value = grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
    assert_eq!((&access["acr"], &access["auth_time"]), (&id["acr"], &id["auth_time"]), "RFC 9068 §2.2.1");
    id
}

/// A challenge: the ceremony and the browser's options.
async fn challenge(
    app: &TestApp,
    acme: &TestTenant,
    browser: &mut Browser,
    page: &Answer,
    kind: &str,
) -> (String, Value) {
    let path = acme.path("/login/passkey/options");
    let answer = send(app, browser, &path, page, &[("kind", kind)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let document = answer.json();
    (document["ceremony"].as_str().unwrap().to_owned(), document["options"].clone())
}

/// Signs in with the password and makes a passkey. Gives the page behind it.
async fn with_passkey(
    app: &TestApp,
    acme: &TestTenant,
    browser: &mut Browser,
    device: &mut Device,
) -> Answer {
    let page = at_sign_in(app, acme, browser, &[]).await;
    let further = acme.sign_in(app, browser, &page).await;
    let further = browser.follow(app, &further).await;
    let page = browser.follow(app, &further).await;
    let (ceremony, options) = challenge(app, acme, browser, &page, "register").await;
    let credential = device.create(&options);
    let path = acme.path("/login/new-authenticator");
    let fields = [("method", "passkey"), ("ceremony", &*ceremony), ("credential", &credential)];
    let codes = send(app, browser, &path, &page, &fields).await;
    assert_eq!(codes.status, 200, "{codes:?}");
    send(app, browser, &acme.path("/login/continue"), &codes, &[]).await
}

on_both! {
    /// Who has none makes one on the way in, and is asked for it from then on.
    async fn a_second_factor_that_the_tenant_wants(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let mut browser = Browser::default();
        let (totp, _, done) = enrolled(&app, &acme, &mut browser).await;
        let id = claims(&app, &acme, &mut browser, &done).await;
        assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("mfa")));

        let mut other = Browser::default();
        let page = at_sign_in(&app, &acme, &mut other, &[]).await;
        let further = acme.sign_in(&app, &mut other, &page).await;
        assert!(other.cookie("grantor-session-acme").is_none(), "half of a sign-in is none");
        let page = other.follow(&app, &further).await;
        assert!(page.body.contains("one-time-code"), "{page:?}");
        let path = acme.path("/login/second-factor");
        let wrong = send(&app, &mut other, &path, &page, &[("method", "totp"), ("code", "000000")]).await;
        assert_eq!(wrong.status, 422, "{wrong:?}");
        assert_eq!(acme.audited(&app, AuditKind::SecondFactorFailed).await, 1);
        app.clock.advance(60);
        let code = code_now(&app, &totp);
        let done = send(&app, &mut other, &path, &page, &[("method", "totp"), ("code", &code)]).await;
        let id = claims(&app, &acme, &mut other, &done).await;
        assert_eq!(id["acr"], "mfa");
    }

    /// RFC 6238 §5.2: a code is taken once, and none from before it.
    async fn a_code_comes_again(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let (totp, _, _) = enrolled(&app, &acme, &mut Browser::default()).await;
        let path = acme.path("/login/second-factor");
        let first = code_now(&app, &totp);
        app.clock.advance(30);
        let second = code_now(&app, &totp);
        for (code, status) in [(&first, 422), (&second, 303), (&second, 422), (&first, 422)] {
            let mut browser = Browser::default();
            let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
            let further = acme.sign_in(&app, &mut browser, &page).await;
            let page = browser.follow(&app, &further).await;
            let answer = send(&app, &mut browser, &path, &page, &[("method", "totp"), ("code", code)]).await;
            assert_eq!(answer.status, status, "{code} {answer:?}");
        }
    }

    /// Whoever has the password gets a handful of guesses, and the owner is not locked out for good.
    async fn codes_are_not_guessed(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let (totp, _, _) = enrolled(&app, &acme, &mut Browser::default()).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &further).await;
        let path = acme.path("/login/second-factor");
        for _ in 0..10 {
            let wrong = send(&app, &mut browser, &path, &page, &[("method", "totp"), ("code", "000000")]).await;
            assert_eq!(wrong.status, 422, "{wrong:?}");
        }
        app.clock.advance(30);
        let code = code_now(&app, &totp);
        let held = send(&app, &mut browser, &path, &page, &[("method", "totp"), ("code", &code)]).await;
        assert_eq!(held.status, 429, "{held:?}");
        app.clock.advance(900);
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &further).await;
        let code = code_now(&app, &totp);
        let done = send(&app, &mut browser, &path, &page, &[("method", "totp"), ("code", &code)]).await;
        assert_eq!(done.status, 303, "{done:?}");
    }

    async fn a_recovery_code_works_once(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let (_, codes, _) = enrolled(&app, &acme, &mut Browser::default()).await;
        let path = acme.path("/login/second-factor");
        let typed = codes[3].to_lowercase().replace('-', " ");
        for status in [303, 422] {
            let mut browser = Browser::default();
            let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
            let further = acme.sign_in(&app, &mut browser, &page).await;
            let page = browser.follow(&app, &further).await;
            let fields = [("method", "recovery_code"), ("code", typed.as_str())];
            let answer = send(&app, &mut browser, &path, &page, &fields).await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
    }

    /// What was proven belongs to its interaction and its browser.
    async fn half_a_sign_in_is_nobody_elses(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        enrolled(&app, &acme, &mut Browser::default()).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let mut other = Browser::default();
        other.get(&app, &acme.authorize(&acme.authorization("web"))).await;
        assert_eq!(other.get(&app, further.location()).await.status, 400, "another browser");
        let second = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let path = acme.path(&format!("/login/second-factor?interaction={}", second.field("interaction")));
        let to_sign_in = browser.get(&app, &path).await;
        assert!(to_sign_in.location().contains("/login?"), "another interaction: {to_sign_in:?}");
        let skipped = send(&app, &mut browser, &acme.path("/login/continue"), &page, &[]).await;
        assert!(skipped.location().contains("/login/second-factor?"), "{skipped:?}");
        assert!(browser.cookie("grantor-session-acme").is_none());
    }

    /// A browser that was remembered stands for what the tenant wants, not for what a client asks for.
    async fn a_browser_that_is_remembered(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let mut browser = Browser::default();
        let (totp, _, _) = enrolled(&app, &acme, &mut browser).await;
        app.clock.advance(60);
        let page = at_sign_in(&app, &acme, &mut browser, &[("prompt", "login")]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &further).await;
        let code = code_now(&app, &totp);
        let fields = [("method", "totp"), ("code", code.as_str()), ("remember", "yes")];
        let planted = browser.cookie("grantor-known-acme").unwrap().to_owned();
        send(&app, &mut browser, &acme.path("/login/second-factor"), &page, &fields).await;
        assert_ne!(browser.cookie("grantor-known-acme"), Some(planted.as_str()), "OWASP session fixation");
        let mut planter = Browser::default();
        planter.put_cookie("__Host-grantor-known-acme", &planted);
        let page = at_sign_in(&app, &acme, &mut planter, &[]).await;
        let further = acme.sign_in(&app, &mut planter, &page).await;
        assert!(further.location().contains("/login/second-factor?"), "{further:?}");

        let page = at_sign_in(&app, &acme, &mut browser, &[("prompt", "login")]).await;
        let done = acme.sign_in(&app, &mut browser, &page).await;
        let id = claims(&app, &acme, &mut browser, &done).await;
        assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd"]), &json!("1fa")), "nothing else was proven");
        let page = at_sign_in(&app, &acme, &mut browser, &[("prompt", "login"), ("acr_values", "mfa")]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        assert!(further.location().contains("/login/second-factor?"), "{further:?}");
        let add = acme.path("/account/security/add");
        let refused = browser.get(&app, &add).await;
        assert!(refused.location().contains("/login?page=security"), "the password alone: {refused:?}");
        let begun = browser.get(&app, refused.location()).await;
        let page = browser.follow(&app, &begun).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &further).await;
        app.clock.advance(60);
        let code = code_now(&app, &totp);
        let fields = [("method", "totp"), ("code", code.as_str())];
        send(&app, &mut browser, &acme.path("/login/second-factor"), &page, &fields).await;
        assert_eq!(browser.get(&app, &add).await.status, 200, "NIST SP 800-63B-4 §4.1.2");
        app.clock.advance(31 * 24 * 3600);
        let page = at_sign_in(&app, &acme, &mut browser, &[("prompt", "login")]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        assert!(further.location().contains("/login/second-factor?"), "it is forgotten: {further:?}");
    }

    /// RFC 9470 §4, §5: only what is missing is asked for, and the session goes on under a new cookie.
    async fn stepping_up(app: TestApp) {
        let acme = tenant_that(&app, SecondFactorDemand::Off).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let done = acme.sign_in(&app, &mut browser, &page).await;
        assert_eq!(claims(&app, &acme, &mut browser, &done).await["acr"], "1fa");
        let before = browser.cookie("grantor-session-acme").unwrap().to_owned();

        let mut parameters = acme.authorization("web");
        parameters.extend([("acr_values", "urn:unknown mfa phr"), ("prompt", "none")]);
        browser.get(&app, &acme.authorize(&parameters)).await.expect_redirected_error("interaction_required");

        let page = at_sign_in(&app, &acme, &mut browser, &[("acr_values", "urn:unknown mfa phr")]).await;
        let page = browser.follow(&app, &page).await;
        let totp = app_of(&page);
        let ceremony = last_field(&page, "ceremony");
        let code = code_now(&app, &totp);
        let fields = [("method", "totp"), ("ceremony", ceremony.as_str()), ("code", &code)];
        let codes = send(&app, &mut browser, &acme.path("/login/new-authenticator"), &page, &fields).await;
        let done = send(&app, &mut browser, &acme.path("/login/continue"), &codes, &[]).await;
        let id = claims(&app, &acme, &mut browser, &done).await;
        assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("mfa")));
        let after = browser.cookie("grantor-session-acme").unwrap().to_owned();
        assert_ne!(before, after, "OWASP session fixation");
        browser.put_cookie("__Host-grantor-session-acme", &before);
        let page = browser.get(&app, &acme.path("/account")).await;
        assert_eq!(page.status, 303, "the cookie of before is nobody's");
    }

    /// NIST SP 800-63B-4 §4.1.2: whoever finds an open browser does not bind something of theirs to the account.
    async fn stepping_up_in_a_session_that_was_left_open(app: TestApp) {
        let acme = tenant_that(&app, SecondFactorDemand::Off).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        acme.sign_in(&app, &mut browser, &page).await;
        app.clock.advance(601);
        let stale = at_sign_in(&app, &acme, &mut browser, &[("acr_values", "mfa")]).await;
        assert!(stale.location().contains("/login?"), "{stale:?}");
        let page = browser.follow(&app, &stale).await;
        let begun = acme.path(&format!("/login/new-authenticator?interaction={}", page.field("interaction")));
        let refused = browser.get(&app, &begun).await;
        assert!(refused.location().contains("/login/second-factor?"), "{refused:?}");
        let path = acme.path("/login/passkey/options");
        let refused = send(&app, &mut browser, &path, &page, &[("kind", "register")]).await;
        assert!(refused.location().contains("/login?"), "{refused:?}");
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let further = browser.follow(&app, &further).await;
        assert!(further.location().contains("/login/new-authenticator?"), "{further:?}");
        assert_eq!(browser.follow(&app, &further).await.status, 200);
    }

    /// OpenID Connect Core Error Code unmet_authentication_requirements §2.
    async fn what_cannot_be_met_is_said(app: TestApp) {
        let mut settings = TenantSettings::default();
        settings.sign_in.passkeys = PasskeyUse::Off;
        settings.sign_in.second_factor = REQUIRED;
        let acme = app.tenant_with("acme", settings).await;
        let mut browser = Browser::default();
        enrolled(&app, &acme, &mut browser).await;
        let refused = at_sign_in(&app, &acme, &mut browser, &[("acr_values", "phr")]).await;
        refused.expect_redirected_error("unmet_authentication_requirements");
    }

    /// WebAuthn §7.1, §7.2: a passkey is made, and signs in without a password.
    async fn a_passkey_in_place_of_a_password(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let mut device = Device::new(true);
        let mut browser = Browser::default();
        let done = with_passkey(&app, &acme, &mut browser, &mut device).await;
        let id = claims(&app, &acme, &mut browser, &done).await;
        assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "pop", "user", "mfa"]), &json!("phr")));

        let mut other = Browser::default();
        let page = at_sign_in(&app, &acme, &mut other, &[]).await;
        assert!(page.body.contains("username webauthn"), "{page:?}");
        let (ceremony, options) = challenge(&app, &acme, &mut other, &page, "sign_in").await;
        let owner = acme.user.id.as_bytes().as_slice();
        let credential = device.get(&options, Some(owner));
        let path = acme.path("/login/passkey");
        let fields = [("ceremony", ceremony.as_str()), ("credential", &credential)];
        let done = send(&app, &mut other, &path, &page, &fields).await;
        let id = claims(&app, &acme, &mut other, &done).await;
        assert_eq!((&id["amr"], &id["acr"]), (&json!(["pop", "user", "mfa"]), &json!("phr")));

        let mut thief = Browser::default();
        let page = at_sign_in(&app, &acme, &mut thief, &[]).await;
        let again = send(&app, &mut thief, &path, &page, &fields).await;
        assert_eq!(again.status, 400, "a challenge is good for one answer: {again:?}");
    }

    /// WebAuthn §7.2: another challenge, another user's handle, no handle, another kind of ceremony.
    async fn passkeys_that_are_refused(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let mut device = Device::new(true);
        with_passkey(&app, &acme, &mut Browser::default(), &mut device).await;
        let bob = acme.add_user(&app, "bob").await;
        let path = acme.path("/login/passkey");
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let (_, earlier) = challenge(&app, &acme, &mut browser, &page, "sign_in").await;
        let owner = acme.user.id.as_bytes().as_slice();
        for handle in [Some(bob.id.as_bytes().as_slice()), Some(&[1, 2, 3]), None] {
            let (ceremony, options) = challenge(&app, &acme, &mut browser, &page, "sign_in").await;
            let credential = device.get(&options, handle);
            let fields = [("ceremony", ceremony.as_str()), ("credential", &credential)];
            assert_eq!(send(&app, &mut browser, &path, &page, &fields).await.status, 422, "{handle:?}");
        }
        let (ceremony, _) = challenge(&app, &acme, &mut browser, &page, "sign_in").await;
        let credential = device.get(&earlier, Some(owner));
        let fields = [("ceremony", ceremony.as_str()), ("credential", &credential)];
        assert_eq!(send(&app, &mut browser, &path, &page, &fields).await.status, 422, "another challenge");
        let (ceremony, _) = challenge(&app, &acme, &mut browser, &page, "sign_in").await;
        for credential in ["", "{}", "null", "[1]"] {
            let fields = [("ceremony", ceremony.as_str()), ("credential", credential)];
            let answer = send(&app, &mut browser, &path, &page, &fields).await;
            assert!([400, 422].contains(&answer.status.as_u16()), "{credential} {answer:?}");
        }
        assert!(browser.cookie("grantor-session-acme").is_none());
        // Made in one interaction, answered in another of the same browser.
        let second = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let (ceremony, options) = challenge(&app, &acme, &mut browser, &page, "sign_in").await;
        let credential = device.get(&options, Some(owner));
        let fields = [("ceremony", ceremony.as_str()), ("credential", &credential)];
        assert_eq!(send(&app, &mut browser, &path, &second, &fields).await.status, 400);
    }

    /// A passkey belongs to its tenant, though tenants share the relying party.
    async fn a_passkey_of_another_tenant(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let beta = app.tenant_with("beta", TenantSettings::default()).await;
        let mut device = Device::new(true);
        with_passkey(&app, &acme, &mut Browser::default(), &mut device).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &beta, &mut browser, &[]).await;
        let (ceremony, options) = challenge(&app, &beta, &mut browser, &page, "sign_in").await;
        let credential = device.get(&options, Some(acme.user.id.as_bytes()));
        let fields = [("ceremony", ceremony.as_str()), ("credential", &credential)];
        let refused = send(&app, &mut browser, &beta.path("/login/passkey"), &page, &fields).await;
        assert_eq!(refused.status, 422, "{refused:?}");
    }

    /// WebAuthn §6.1.1, §7.2 step 22: a counter that does not go on is a copy's.
    async fn a_copied_passkey(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let mut device = Device::new(true);
        with_passkey(&app, &acme, &mut Browser::default(), &mut device).await;
        let owner = acme.user.id.as_bytes().as_slice();
        let path = acme.path("/login/passkey");
        let mut browsers = [Browser::default(), Browser::default()];
        let mut answers = vec![];
        for browser in &mut browsers {
            let page = at_sign_in(&app, &acme, browser, &[]).await;
            let (ceremony, options) = challenge(&app, &acme, browser, &page, "sign_in").await;
            let credential = device.get(&options, Some(owner));
            answers.push((page, ceremony, credential));
        }
        let [early, late] = &mut browsers;
        let (page, ceremony, credential) = &answers[1];
        let done = send(&app, late, &path, page, &[("ceremony", ceremony), ("credential", credential)]).await;
        assert_eq!(done.status, 303, "{done:?}");
        let (page, ceremony, credential) = &answers[0];
        let copy = send(&app, early, &path, page, &[("ceremony", ceremony), ("credential", credential)]).await;
        assert_eq!(copy.status, 422, "{copy:?}");
        assert_eq!(acme.audited(&app, AuditKind::PasskeyCopied).await, 1);
    }

    /// A key that verifies nobody is half of a sign-in, and none where the tenant wants its user verified.
    async fn a_key_without_user_verification(app: TestApp) {
        let acme = tenant_that(&app, REQUIRED).await;
        let mut device = Device::new(false);
        let mut browser = Browser::default();
        with_passkey(&app, &acme, &mut browser, &mut device).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let (ceremony, options) = challenge(&app, &acme, &mut browser, &page, "sign_in").await;
        let credential = device.get(&options, Some(acme.user.id.as_bytes()));
        let fields = [("ceremony", ceremony.as_str()), ("credential", &credential)];
        let alone = send(&app, &mut browser, &acme.path("/login/passkey"), &page, &fields).await;
        assert_eq!(alone.status, 422, "{alone:?}");

        let further = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &further).await;
        let (ceremony, options) = challenge(&app, &acme, &mut browser, &page, "second_factor").await;
        let credential = device.get(&options, None);
        let fields = [("method", "passkey"), ("ceremony", ceremony.as_str()), ("credential", &credential)];
        let path = acme.path("/login/second-factor");
        let done = send(&app, &mut browser, &path, &page, &fields).await;
        let id = claims(&app, &acme, &mut browser, &done).await;
        assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "pop", "user", "mfa"]), &json!("phr")));

        acme.change_tenant(&app, |tenant| {
            tenant.settings.sign_in.user_verification = UserVerification::Required;
        })
        .await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &further).await;
        let (ceremony, options) = challenge(&app, &acme, &mut browser, &page, "second_factor").await;
        let credential = device.get(&options, None);
        let fields = [("method", "passkey"), ("ceremony", ceremony.as_str()), ("credential", &credential)];
        let refused = send(&app, &mut browser, &path, &page, &fields).await;
        assert_eq!(refused.status, 422, "{refused:?}");
    }

    /// The account page adds and removes, in the session of whoever has just signed in.
    async fn on_the_account_page(app: TestApp) {
        let acme = tenant_that(&app, SecondFactorDemand::Optional).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser, &[]).await;
        acme.sign_in(&app, &mut browser, &page).await;
        let add = acme.path("/account/security/add");
        let page = browser.get(&app, &add).await;
        let (totp, ceremony) = (app_of(&page), last_field(&page, "ceremony"));
        let csrf = page.field("csrf");
        let wrong = [("csrf", csrf.as_str()), ("method", "totp"), ("ceremony", &ceremony), ("code", "000000")];
        let again = browser.post(&app, &add, &wrong).await;
        assert_eq!((again.status.as_u16(), last_field(&again, "ceremony")), (422, ceremony.clone()), "{again:?}");
        let code = code_now(&app, &totp);
        let right = [("csrf", csrf.as_str()), ("method", "totp"), ("ceremony", &ceremony), ("code", &code)];
        let before = browser.cookie("grantor-session-acme").unwrap().to_owned();
        assert_eq!(browser.post(&app, &add, &right).await.status, 200);
        assert_ne!(browser.cookie("grantor-session-acme"), Some(before.as_str()), "OWASP session fixation");
        let page = browser.get(&app, &acme.path("/account/security")).await;
        let csrf = page.field("csrf");
        let right = [("csrf", csrf.as_str()), ("method", "totp"), ("ceremony", &ceremony), ("code", &code)];
        assert_eq!(browser.post(&app, &add, &right).await.status, 400, "the offer is taken");
        assert!(page.body.contains("Authenticator app") && page.body.contains("10 are left"), "{page:?}");
        let id = page.field("totp");
        let other = acme.add_user(&app, "bob").await;
        let mut bobs = Browser::default();
        let sign_in = at_sign_in(&app, &acme, &mut bobs, &[]).await;
        acme.sign_in_as(&app, &mut bobs, &sign_in, "bob").await;
        let bobs_page = bobs.get(&app, &acme.path("/account/security")).await;
        let remove = acme.path("/account/security");
        let form = [("csrf", &*bobs_page.field("csrf")), ("totp", &id)];
        bobs.post(&app, &remove, &form).await;
        let held = app.app.store.tenant(acme.tenant.id);
        let now = app.app.clock.now();
        assert_eq!(held.authenticators(acme.user.id, None, now).await.unwrap().totp.len(), 1, "{}", other.username);

        app.clock.advance(601);
        let form = [("csrf", csrf.as_str()), ("totp", &id)];
        let stale = browser.post(&app, &remove, &form).await;
        assert!(stale.location().contains("/login?page=security"), "only whoever has just signed in: {stale:?}");
        assert_eq!(held.authenticators(acme.user.id, None, now).await.unwrap().totp.len(), 1);
        let page = at_sign_in(&app, &acme, &mut browser, &[("prompt", "login")]).await;
        let further = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &further).await;
        let code = code_now(&app, &totp);
        let fields = [("method", "totp"), ("code", code.as_str())];
        send(&app, &mut browser, &acme.path("/login/second-factor"), &page, &fields).await;
        let page = browser.get(&app, &acme.path("/account/security")).await;
        let form = [("csrf", &*page.field("csrf")), ("totp", &id)];
        assert!(browser.post(&app, &remove, &form).await.location().ends_with("?removed-factor"));
        assert!(held.authenticators(acme.user.id, None, now).await.unwrap().totp.is_empty());
        assert_eq!(acme.audited(&app, AuditKind::AuthenticatorChanged).await, 2);
    }
}
