//! Pushed authorization requests (RFC 9126).

use futures_util::future::join_all;
use grantor_protocol::model::{AuthenticationMethod, TenantSettings};
use poem::http::{Method, header};
use serde_json::{Value, json};

use super::assertion::{self, Signer};
use crate::on_both;
use crate::support::{
    Answer, Browser, FORM, REDIRECT_URI, START, TestApp, TestTenant, VERIFIER, encode, request,
};

/// The ordinary request of the confidential client, without its name.
fn parameters(acme: &TestTenant) -> Vec<(&'static str, &'static str)> {
    acme.authorization("web").into_iter().filter(|(name, _)| *name != "client_id").collect()
}

async fn push(app: &TestApp, acme: &TestTenant, form: &[(&str, &str)]) -> Answer {
    app.post_as(("web", &acme.secret), &acme.path("/par"), form).await
}

/// The `request_uri` of a request that was pushed.
#[track_caller]
pub(super) fn request_uri(pushed: &Answer) -> String {
    assert_eq!(pushed.status, 201, "{pushed:?}");
    assert_eq!(pushed.header("cache-control"), Some("no-store"));
    assert_eq!(pushed.header("content-type"), Some("application/json"));
    assert_eq!(pushed.json()["expires_in"], 90);
    let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    assert!(request_uri.starts_with("urn:ietf:params:oauth:request_uri:gru_"), "{request_uri}");
    request_uri
}

async fn pushed(app: &TestApp, acme: &TestTenant) -> String {
    request_uri(&push(app, acme, &parameters(acme)).await)
}

fn with(request_uri: &str) -> [(&str, &str); 2] {
    [("client_id", "web"), ("request_uri", request_uri)]
}

/// A page that says that the `request_uri` leads nowhere.
#[track_caller]
fn expect_no_request(answer: &Answer) {
    answer.expect_error_page(400);
    assert!(answer.body.contains("invalid_request_uri"), "{answer:?}");
}

on_both! {
    /// RFC 9126 §2, §4: what was pushed is what is asked for, whatever the browser adds.
    async fn a_pushed_request_is_answered_once(app: TestApp) {
        let acme = app.acme().await;
        let request_uri = pushed(&app, &acme).await;
        let mut browser = Browser::default();
        let mut parameters = with(&request_uri).to_vec();
        parameters.extend([
            ("redirect_uri", "https://evil.example/cb"),
            ("scope", "openid offline_access"),
            ("state", "evil"),
            ("response_mode", "fragment"),
            ("code_challenge", "evil"),
            ("prompt", "none"),
        ]);
        let answer = acme.authorized(&app, &mut browser, &parameters).await;
        assert!(answer.location().starts_with(&format!("{REDIRECT_URI}?code=gac_")), "{answer:?}");
        assert_eq!(answer.location_parameter("state").as_deref(), Some("s1"));
        assert_eq!(answer.location_parameter("iss").as_deref(), Some("https://id.example/t/acme"));
        let code = answer.location_parameter("code").unwrap();
        let form = acme.redemption("web", &code);
        let tokens = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
        assert_eq!(tokens.json()["scope"], "openid profile email", "{tokens:?}");

        // RFC 9126 §7.3: for the same browser, another one and a machine.
        for mut browser in [browser, Browser::default()] {
            expect_no_request(&browser.get(&app, &acme.authorize(&with(&request_uri))).await);
        }
        expect_no_request(&app.post(&acme.path("/authorize"), &with(&request_uri)).await);
    }

    /// FAPI 2.0 Security Profile §5.3.2.2: loading a page spends nothing, so whoever reloads, or whose
    /// messenger looked first, still gets in; of two who answer one does.
    async fn of_two_browsers_one_is_answered(app: TestApp) {
        let acme = app.acme().await;
        let request_uri = pushed(&app, &acme).await;
        app.get(&acme.authorize(&with(&request_uri))).await.location();
        let mut pages = vec![];
        for mut browser in [Browser::default(), Browser::default()] {
            let begun = browser.get(&app, &acme.authorize(&with(&request_uri))).await;
            let page = browser.follow(&app, &begun).await;
            let signed_in = acme.sign_in(&app, &mut browser, &page).await;
            let consent = browser.follow(&app, &signed_in).await;
            // Reloaded, it is there again.
            let reloaded = browser.get(&app, &acme.authorize(&with(&request_uri))).await;
            assert!(reloaded.location().starts_with("/t/acme/consent?"), "{reloaded:?}");
            pages.push((browser, consent));
        }
        let answers = join_all(pages.iter_mut().map(async |(browser, consent)| {
            acme.decide(&app, browser, consent, "allow").await
        }))
        .await;
        let (given, late): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.header("location").is_some());
        assert_eq!((given.len(), late.len()), (1, 1), "{answers:?}");
        assert!(given[0].location().contains("code=gac_"), "{given:?}");
        late[0].expect_error_page(400);
    }

    /// The same without a page in between: many at once from a browser that is asked nothing.
    async fn of_fifty_at_once_one_is_answered(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "web").await;
        let request_uri = pushed(&app, &acme).await;
        let path = acme.authorize(&with(&request_uri));
        let browsers = (0..50).map(|_| browser.clone());
        let answers = join_all(browsers.map(async |mut browser| browser.get(&app, &path).await)).await;
        let (given, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.header("location").is_some());
        assert_eq!(given.len(), 1, "{given:?}");
        refused.into_iter().for_each(expect_no_request);
    }

    /// An answer is an answer: a refusal by the person or by `prompt=none` spends the request too.
    async fn an_error_spends_it_too(app: TestApp) {
        let acme = app.acme().await;
        let mut form = parameters(&acme);
        form.push(("prompt", "none"));
        let silent = request_uri(&push(&app, &acme, &form).await);
        app.get(&acme.authorize(&with(&silent))).await.expect_redirected_error("login_required");
        expect_no_request(&app.get(&acme.authorize(&with(&silent))).await);

        let denied = pushed(&app, &acme).await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&with(&denied))).await;
        let page = browser.follow(&app, &begun).await;
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let consent = browser.follow(&app, &signed_in).await;
        let answer = acme.decide(&app, &mut browser, &consent, "deny").await;
        answer.expect_redirected_error("access_denied");
        expect_no_request(&browser.get(&app, &acme.authorize(&with(&denied))).await);
    }

    /// RFC 9126 §2.2, §4, §7: of its client, of its tenant, and for its time; nothing is redirected.
    async fn a_request_uri_where_it_does_not_belong(app: TestApp) {
        let acme = app.acme().await;
        let beta = app.tenant_with("beta", TenantSettings::default()).await;
        let request_uri = pushed(&app, &acme).await;
        expect_no_request(&app.get(&beta.authorize(&with(&request_uri))).await);
        let others = [("client_id", "app"), ("request_uri", request_uri.as_str())];
        expect_no_request(&app.get(&acme.authorize(&others)).await);
        for unknown in [
            "urn:ietf:params:oauth:request_uri:gru_0000000000000000000000000000000000000000000",
            "urn:ietf:params:oauth:request_uri:",
            &request_uri.replace("gru_", "gac_"),
            &request_uri.to_uppercase(),
            &format!("{request_uri}x"),
        ] {
            expect_no_request(&app.get(&acme.authorize(&with(unknown))).await);
        }
        // Nothing of it works without its client, twice, or beside a request object.
        let alone = [("request_uri", request_uri.as_str())];
        app.get(&acme.authorize(&alone)).await.expect_error_page(400);
        let twice = [("client_id", "web"), ("request_uri", &request_uri), ("request_uri", &request_uri)];
        app.get(&acme.authorize(&twice)).await.expect_error_page(400);
        let both = [("client_id", "web"), ("request_uri", request_uri.as_str()), ("request", "a.b.c")];
        app.get(&acme.authorize(&both)).await.expect_error_page(400);

        // And none of that spent it; its time does.
        app.clock.advance(89);
        app.get(&acme.authorize(&with(&request_uri))).await.location();
        app.clock.advance(1);
        expect_no_request(&app.get(&acme.authorize(&with(&request_uri))).await);
    }

    /// Whoever began in time may take the time that signing in takes.
    async fn an_interaction_outlives_the_request_uri(app: TestApp) {
        let acme = app.acme().await;
        let request_uri = pushed(&app, &acme).await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&with(&request_uri))).await;
        app.clock.advance(600);
        let page = browser.follow(&app, &begun).await;
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let consent = browser.follow(&app, &signed_in).await;
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        assert!(answer.location().contains("code=gac_"), "{answer:?}");
    }

    /// A client that is changed meanwhile gets nothing at an address that is no longer its own.
    async fn a_client_that_changed_meanwhile(app: TestApp) {
        let acme = app.acme().await;
        let request_uri = pushed(&app, &acme).await;
        acme.change_client(&app, "web", |client| {
            client.metadata.redirect_uris = vec!["https://app.example/new".to_owned()];
        })
        .await;
        expect_no_request(&app.get(&acme.authorize(&with(&request_uri))).await);
        acme.change_client(&app, "web", |client| {
            client.metadata.redirect_uris = vec![REDIRECT_URI.to_owned()];
            client.enabled = false;
        })
        .await;
        app.get(&acme.authorize(&with(&request_uri))).await.expect_error_page(400);
        acme.change_client(&app, "web", |client| client.enabled = true).await;
        app.get(&acme.authorize(&with(&request_uri))).await.location();
    }

    /// RFC 9126 §2: as at the token endpoint, for public clients too.
    async fn clients_authenticate(app: TestApp) {
        let mut acme = app.acme().await;
        let (path, form) = (acme.path("/par"), parameters(&acme));
        let named = |client_id: &'static str| {
            let mut form = form.clone();
            form.push(("client_id", client_id));
            form
        };
        request_uri(&app.post(&path, &named("app")).await);
        app.post(&path, &named("web")).await.expect_error(401, "invalid_client");
        app.post(&path, &named("nobody")).await.expect_error(401, "invalid_client");
        app.post(&path, &form).await.expect_error(401, "invalid_client");
        app.post_as(("web", "wrong"), &path, &form).await.expect_error(401, "invalid_client");
        push(&app, &acme, &named("app")).await.expect_error(400, "invalid_request");
        request_uri(&push(&app, &acme, &named("web")).await);

        let post = acme.add_secret_client(&app, "post", AuthenticationMethod::ClientSecretPost).await;
        let with_secret: Vec<(&str, &str)> =
            form.iter().copied().chain([("client_id", "post"), ("client_secret", post.as_str())]).collect();
        request_uri(&app.post(&path, &with_secret).await);

        let signer = Signer::es256("k1");
        acme.add_client(&app, signer.client(&acme, "robot")).await;
        let assertion = signer.sign(&signer.claims(&acme, "robot"));
        let asserted: Vec<(&str, &str)> =
            form.iter().copied().chain(assertion::parameters(&assertion)).collect();
        // A refused request spends the assertion that it came with (RFC 7523 §3).
        let mut refused = asserted.clone();
        refused.retain(|(name, _)| *name != "response_type");
        app.post(&path, &refused).await.expect_error(400, "invalid_request");
        app.post(&path, &asserted).await.expect_error(401, "invalid_client");
        let assertion = signer.sign(&signer.claims(&acme, "robot"));
        let asserted: Vec<(&str, &str)> =
            form.iter().copied().chain(assertion::parameters(&assertion)).collect();
        request_uri(&app.post(&path, &asserted).await);
    }

    /// RFC 9126 §2.1, §2.3: the rules of the authorization endpoint, told to the client as JSON.
    async fn requests_with_a_mistake(app: TestApp) {
        let acme = app.acme().await;
        let good = parameters(&acme);
        for (name, value, error) in [
            ("redirect_uri", "https://evil.example/cb", "invalid_request"),
            ("response_type", "", "invalid_request"),
            ("response_type", "token", "unsupported_response_type"),
            ("response_mode", "web_message", "invalid_request"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("scope", "openid admin", "invalid_scope"),
            ("resource", "https://unknown.example", "invalid_target"),
            ("prompt", "none login", "invalid_request"),
            ("max_age", "soon", "invalid_request"),
            ("dpop_jkt", "short", "invalid_request"),
            ("registration", "{}", "registration_not_supported"),
            ("request", "a.b.c", "invalid_request_object"),
            ("request_uri", "https://app.example/r", "invalid_request"),
            ("request_uri", "urn:ietf:params:oauth:request_uri:gru_1", "invalid_request"),
        ] {
            let mut form = good.clone();
            form.retain(|(held, _)| *held != name);
            form.push((name, value));
            push(&app, &acme, &form).await.expect_error(400, error);
        }
        for (name, value) in &good {
            let mut form = good.clone();
            form.push((name, value));
            push(&app, &acme, &form).await.expect_error(400, "invalid_request");
        }
        acme.change_client(&app, "web", |client| client.metadata.grant_types.clear()).await;
        push(&app, &acme, &good).await.expect_error(400, "unauthorized_client");
    }

    /// RFC 9126 §2.3.
    async fn methods_types_and_sizes(app: TestApp) {
        let acme = app.acme().await;
        let (path, body) = (acme.path("/par"), encode(&acme.authorization("app")));
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = app.send(request(method, &format!("{path}?{body}")).finish()).await;
            assert_eq!(answer.status, 405, "{answer:?}");
        }
        let json = request(Method::POST, &path).content_type("application/json").body("{}");
        app.send(json).await.expect_error(400, "invalid_request");
        let large = format!("{body}{}", format!("&x={}", "a".repeat(8000)).repeat(9));
        app.post_body(&path, &large).await.expect_error(413, "invalid_request");
        let many = format!("{body}{}", (0..64).map(|number| format!("&p{number}=1")).collect::<String>());
        app.post_body(&path, &many).await.expect_error(400, "invalid_request");
        let latin = request(Method::POST, &path).content_type(FORM).body(vec![b'a', b'=', 0xff]);
        app.send(latin).await.expect_error(400, "invalid_request");
        request_uri(&app.post_body(&path, &body).await);
    }

    /// RFC 9126 §5, §6: where requests must be pushed there is no other way in, and the client is told.
    async fn where_requests_must_be_pushed(app: TestApp) {
        let acme = app.acme().await;
        let plain = acme.authorization("web");
        let metadata = async || {
            let path = acme.path("/.well-known/oauth-authorization-server");
            app.get(&path).await.json()["require_pushed_authorization_requests"].clone()
        };
        acme.change_client(&app, "web", |client| {
            client.metadata.require_pushed_authorization_requests = true;
        })
        .await;
        assert_eq!(metadata().await, false);
        app.get(&acme.authorize(&plain)).await.expect_redirected_error("invalid_request");
        app.get(&acme.authorize(&acme.authorization("app"))).await.location();
        acme.change_client(&app, "web", |client| {
            client.metadata.require_pushed_authorization_requests = false;
        })
        .await;
        acme.change_tenant(&app, |tenant| tenant.settings.require_pushed_authorization_requests = true).await;
        assert_eq!(metadata().await, true);
        app.get(&acme.authorize(&plain)).await.expect_redirected_error("invalid_request");
        app.get(&acme.authorize(&acme.authorization("app"))).await.expect_redirected_error("invalid_request");
        // Nothing is redirected to where nothing is proven.
        let mut unproven = plain.clone();
        unproven.retain(|(name, _)| *name != "redirect_uri");
        unproven.push(("redirect_uri", "https://evil.example/cb"));
        app.get(&acme.authorize(&unproven)).await.expect_error_page(400);
        let request_uri = pushed(&app, &acme).await;
        let answer = acme.authorized(&app, &mut Browser::default(), &with(&request_uri)).await;
        assert!(answer.location().contains("code=gac_"), "{answer:?}");
    }

    /// RFC 9449 §10: the code is good for whoever has the key alone.
    async fn a_request_names_the_key_of_its_code(app: TestApp) {
        let acme = app.acme().await;
        let mut form = parameters(&acme);
        let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        form.push(("dpop_jkt", thumbprint));
        let request_uri = request_uri(&push(&app, &acme, &form).await);
        let answer = acme.authorized(&app, &mut Browser::default(), &with(&request_uri)).await;
        let code = answer.location_parameter("code").unwrap();
        let form = acme.redemption("web", &code);
        assert!(form.contains(&("code_verifier", VERIFIER)));
        let unbound = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
        unbound.expect_error(400, "invalid_grant");
        // RFC 9449 §10.1: a proof names it too, and the two must not differ.
        acme.change_tenant(&app, |tenant| tenant.settings.require_dpop_nonce = false).await;
        let signer = Signer::es256("k1");
        let prove = |jti: &str| {
            let (htu, iat) = (format!("{}/par", acme.tenant.issuer), START.unix_seconds());
            signer.prove(&json!({ "jti": jti, "htm": "POST", "htu": htu, "iat": iat }))
        };
        let path = acme.path("/par");
        let mut form = acme.authorization("app");
        let proof = prove("a");
        let bound = app.post_with_proofs(&[&proof], &path, &form).await;
        let replayed = app.post_with_proofs(&[&proof], &path, &form).await;
        replayed.expect_error(400, "invalid_dpop_proof");
        let handle = bound.json()["request_uri"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        let store = app.app.store.tenant(acme.tenant.id);
        let hash = grantor_protocol::Secret::presented(handle).hash();
        let kept = store.pushed_authorization_request(&hash).await.unwrap().unwrap();
        assert_eq!(kept.request.dpop_jkt, Some(signer.thumbprint()));
        form.push(("dpop_jkt", thumbprint));
        let other = app.post_with_proofs(&[&prove("b")], &path, &form).await;
        other.expect_error(400, "invalid_dpop_proof");
        // A header that holds no proof is no reason to go on without one.
        let broken = crate::support::form_request(&acme.path("/par"), &encode(&acme.authorization("app")))
            .header(header::HeaderName::from_static("dpop"), "x");
        app.send(broken.finish()).await.expect_error(400, "invalid_dpop_proof");
    }

    /// What is kept of a pushed request is no secret that could be used.
    async fn the_handle_is_not_stored(app: TestApp) {
        let acme = app.acme().await;
        let request_uri = pushed(&app, &acme).await;
        let handle = request_uri.rsplit(':').next().unwrap();
        let hash = grantor_protocol::Secret::presented(handle).hash();
        let store = app.app.store.tenant(acme.tenant.id);
        let kept = store.pushed_authorization_request(&hash).await.unwrap().unwrap();
        let text = serde_json::to_string(&kept.request).unwrap();
        assert!(!text.contains(handle), "{text}");
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["state"], "s1");
    }
}
