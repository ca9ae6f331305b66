//! Dynamic client registration (RFC 7591).

use grantor_protocol::model::{AuditKind, RegistrationMode, TenantSettings};
use grantor_protocol::{Lifetime, Profile};
use poem::http::{Method, header};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Answer, Browser, CHALLENGE, TestApp, TestTenant, VERIFIER, request};

impl TestTenant {
    /// The tenant `acme`, at which clients register themselves in this way.
    pub async fn registering(app: &TestApp, mode: RegistrationMode) -> Self {
        let mut settings = TenantSettings::default();
        settings.registration.mode = Some(mode);
        app.tenant_with("acme", settings).await
    }

    pub async fn register(&self, app: &TestApp, token: Option<&str>, document: &Value) -> Answer {
        app.send_json(Method::POST, &self.path("/register"), token, document).await
    }

    /// The client information response to a registration that must succeed.
    pub async fn registered(&self, app: &TestApp, document: &Value) -> Value {
        let answer = self.register(app, None, document).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.json()
    }

    /// The path of an authorization request of a client that is not known before.
    pub fn authorize_as(&self, client_id: &str, redirect_uri: &str) -> String {
        self.authorize(&[
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
    }

    /// Everything up to the client's tokens, and whether the person was asked for consent.
    pub async fn tokens_of(
        &self,
        app: &TestApp,
        browser: &mut Browser,
        client_id: &str,
        redirect_uri: &str,
    ) -> (Value, bool) {
        let mut answer = browser.get(app, &self.authorize_as(client_id, redirect_uri)).await;
        let mut asked = false;
        while answer.header("location").is_some_and(|location| location.starts_with("/t/")) {
            let page = browser.follow(app, &answer).await;
            if page.body.contains("name=\"password\"") {
                answer = self.sign_in(app, browser, &page).await;
            } else {
                asked = true;
                answer = self.decide(app, browser, &page, "allow").await;
            }
        }
        let code = answer.location_parameter("code").unwrap_or_else(|| panic!("{answer:?}"));
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", &code),
            ("code_verifier", VERIFIER),
        ];
        let tokens = app.post(&self.path("/token"), &form).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        (tokens.json(), asked)
    }
}

pub fn native() -> Value {
    json!({
        "client_name": "Editor",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    })
}

pub fn confidential() -> Value {
    json!({ "client_name": "Shop", "redirect_uris": ["https://shop.example/cb"] })
}

pub async fn initial_access_token(app: &TestApp, slug: &str, document: &Value) -> (String, String) {
    let admin = app.platform("platform-admin").await;
    let answer = admin.post(&format!("/tenants/{slug}/initial-access-tokens"), document).await;
    let made = answer.document(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

on_both! {
    /// RFC 7591 §3.2.1, and the client works.
    async fn a_client_registers_and_gets_tokens(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let metadata = app.get(&acme.path("/.well-known/openid-configuration")).await.json();
        assert_eq!(metadata["registration_endpoint"], "https://id.example/t/acme/register");
        let registered = acme.registered(&app, &native()).await;
        assert_eq!(registered["scope"], "openid profile email offline_access");
        assert_eq!(registered["application_type"], "native");
        assert_eq!(registered["client_id_issued_at"], crate::support::START.unix_seconds());
        assert!(registered.get("client_secret").is_none() && registered.get("client_secret_expires_at").is_none());
        let client_id = registered["client_id"].as_str().unwrap();
        let uri = format!("https://id.example/t/acme/register/{client_id}");
        assert_eq!(registered["registration_client_uri"], uri);
        assert!(registered["registration_access_token"].as_str().unwrap().starts_with("grg_"));
        let mut browser = Browser::default();
        let port = "http://127.0.0.1:4711/callback";
        let (tokens, asked) = acme.tokens_of(&app, &mut browser, client_id, port).await;
        assert!(asked && tokens["refresh_token"].is_string(), "{tokens}");
        assert_eq!(acme.audited(&app, AuditKind::ClientRegistered).await, 1);

        let shop = acme.registered(&app, &confidential()).await;
        let (client_id, secret) = (shop["client_id"].as_str().unwrap(), shop["client_secret"].as_str().unwrap());
        assert_eq!(shop["client_secret_expires_at"], 0);
        let form = [("grant_type", "authorization_code"), ("code", "gac_x"), ("code_verifier", VERIFIER)];
        let token = acme.path("/token");
        app.post_as((client_id, secret), &token, &form).await.expect_error(400, "invalid_grant");
        app.post_as((client_id, "gcs_x"), &token, &form).await.expect_error(401, "invalid_client");
    }

    async fn closed_is_closed(app: TestApp) {
        let acme = app.acme().await;
        acme.register(&app, None, &native()).await.expect_error(400, "access_denied");
        acme.register(&app, Some("gis_x"), &native()).await.expect_error(400, "access_denied");
        let metadata = app.get(&acme.path("/.well-known/openid-configuration")).await.json();
        assert_eq!(metadata.get("registration_endpoint"), None);
        assert_eq!(metadata["client_id_metadata_document_supported"], false);
    }

    /// RFC 7591 §3.2.2: which member, and why; nothing is written.
    async fn what_is_refused(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let private = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] });
        let ec = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d" }] });
        let cases = [
            (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": ["data:text/html,x"] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": ["https://a.example/cb#x"] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": ["https://a.example\\@evil.example/"] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": ["http://127.0.0.1.evil.example/"] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": ["file:///etc/passwd"] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": ["http://localhost/"], "application_type": "web" }), "invalid_redirect_uri"),
            (json!({ "client_uri": "javascript:alert(1)" }), "invalid_client_metadata"),
            (json!({ "client_name": "a\u{0}" }), "invalid_client_metadata"),
            (json!({ "jwks": private }), "invalid_client_metadata"),
            (json!({ "jwks": ec }), "invalid_client_metadata"),
            (json!({ "jwks": { "keys": [{ "kid": "\u{0}" }] } }), "invalid_client_metadata"),
            (json!({ "jwks": [] }), "invalid_client_metadata"),
            (json!({ "jwks_uri": "https://10.0.0.1:22/" }), "invalid_client_metadata"),
            (json!({ "jwks_uri": "ftp://a.example/" }), "invalid_client_metadata"),
            (json!({ "sector_identifier_uri": "http://a.example/" }), "invalid_client_metadata"),
            (json!({ "grant_types": ["client_credentials"] }), "invalid_client_metadata"),
            (json!({ "scope": "openid admin" }), "invalid_client_metadata"),
            (json!({ "software_statement": "e30.e30." }), "unapproved_software_statement"),
        ];
        for (change, code) in cases {
            let mut document = confidential();
            document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let answer = acme.register(&app, None, &document).await;
            answer.expect_error(400, code);
            let member = change.as_object().unwrap().keys().next().unwrap();
            let description = answer.json()["error_description"].as_str().unwrap().to_owned();
            assert!(code.starts_with("unapproved") || description.contains(member.as_str()), "{description}");
        }
        let path = acme.path("/register");
        for (content_type, body, code) in [
            ("application/x-www-form-urlencoded", confidential().to_string(), "invalid_request"),
            ("text/plain", confidential().to_string(), "invalid_request"),
            ("application/json", format!("{{\"client_name\":\"{}\"}}", "x".repeat(70_000)), "invalid_request"),
            ("application/json", "{".to_owned(), "invalid_client_metadata"),
            ("application/json", "[]".to_owned(), "invalid_client_metadata"),
            ("application/json", "[".repeat(60_000), "invalid_client_metadata"),
            (
                "application/json",
                r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#.to_owned(),
                "invalid_client_metadata",
            ),
        ] {
            let request = request(Method::POST, &path).content_type(content_type).body(body);
            app.send(request).await.expect_error(400, code);
        }
        assert_eq!(acme.audited(&app, AuditKind::ClientRegistered).await, 0);
    }

    /// RFC 7591 §3: counted, expiring, and good for what it says at its own tenant.
    async fn initial_access_tokens(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::InitialAccessToken).await;
        let mut settings = TenantSettings::default();
        settings.registration.mode = Some(RegistrationMode::InitialAccessToken);
        let other = app.tenant_with("other", settings).await;
        let document = json!({
            "uses_left": 2, "expires_in": 600, "redirect_uri_hosts": ["shop.example"], "scope": "openid email",
        });
        let (id, token) = initial_access_token(&app, "acme", &document).await;
        assert!(token.starts_with("gis_"));
        let unauthenticated = acme.register(&app, None, &confidential()).await;
        unauthenticated.expect_error(401, "invalid_token");
        assert!(unauthenticated.header("www-authenticate").unwrap().starts_with("Bearer "));
        for wrong in ["gis_0", "", &token[..token.len() - 1], &token.to_uppercase()] {
            acme.register(&app, Some(wrong), &confidential()).await.expect_error(401, "invalid_token");
        }
        other.register(&app, Some(&token), &confidential()).await.expect_error(401, "invalid_token");
        // A refused registration uses nothing up.
        let elsewhere = json!({ "redirect_uris": ["https://evil.example/cb"] });
        acme.register(&app, Some(&token), &elsewhere).await.expect_error(400, "invalid_redirect_uri");
        let answer = acme.register(&app, Some(&token), &confidential()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["scope"]), (201, &json!("openid email")));
        let admin = app.platform("platform-admin").await;
        let path = format!("/tenants/acme/initial-access-tokens/{id}");
        let read = admin.get(&path).await;
        assert_eq!(read.document(200)["uses_left"], 1);
        assert!(!read.body.contains(&token), "{read:?}");
        assert_eq!(acme.register(&app, Some(&token), &confidential()).await.status, 201);
        acme.register(&app, Some(&token), &confidential()).await.expect_error(401, "invalid_token");

        let (_, expiring) = initial_access_token(&app, "acme", &json!({ "expires_in": 600 })).await;
        assert_eq!(acme.register(&app, Some(&expiring), &confidential()).await.status, 201);
        app.clock.advance(600);
        acme.register(&app, Some(&expiring), &confidential()).await.expect_error(401, "invalid_token");
        let (id, deleted) = initial_access_token(&app, "acme", &json!({})).await;
        let admin = app.platform("platform-admin").await;
        let path = format!("/tenants/acme/initial-access-tokens/{id}");
        assert_eq!(admin.delete(&path).await.status, 204);
        acme.register(&app, Some(&deleted), &confidential()).await.expect_error(401, "invalid_token");
    }

    /// What a token can give is there when it is made, and is not the admin API.
    async fn resources_of_an_initial_access_token(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::InitialAccessToken).await;
        let admin = app.platform("platform-admin").await;
        let (path, known) = ("/tenants/acme/initial-access-tokens", "https://api.example");
        admin.post("/tenants/acme/resources", &json!({ "identifier": known })).await.document(201);
        let admin_api = app.app.addresses.admin_api();
        for unfit in ["https://api.example/", "https://unknown.example", "", &admin_api] {
            admin.post(path, &json!({ "resources": [known, unfit] })).await.expect_invalid(&["/resources/1"]);
        }
        let (_, token) = initial_access_token(&app, "acme", &json!({ "resources": [known] })).await;
        assert_eq!(acme.register(&app, Some(&token), &confidential()).await.status, 201);
    }

    async fn many_race_for_the_last_use(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::InitialAccessToken).await;
        let (_, token) = initial_access_token(&app, "acme", &json!({ "uses_left": 1 })).await;
        let document = confidential();
        let attempts = (0..16).map(|_| acme.register(&app, Some(&token), &document));
        let answers = futures_util::future::join_all(attempts).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.expect_error(401, "invalid_token");
        }
        assert_eq!(acme.audited(&app, AuditKind::ClientRegistered).await, 1);
    }

    /// A public client that registers at every start is one client; a confidential one never is.
    async fn the_same_registration_again(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let document = native();
        let racing = (0..12).map(|_| acme.register(&app, None, &document));
        let answers = futures_util::future::join_all(racing).await;
        let of = |name: &str| -> Vec<Value> {
            answers.iter().filter_map(|answer| answer.json().get(name).cloned()).collect()
        };
        let client_ids = of("client_id");
        assert_eq!(client_ids.len(), 12);
        assert!(client_ids.iter().all(|client_id| *client_id == client_ids[0]), "{client_ids:?}");
        assert!(of("registration_access_token").len() <= 1);
        let mut other = native();
        other["client_name"] = json!("Another editor");
        assert_ne!(acme.registered(&app, &other).await["client_id"], client_ids[0]);
        let shops = [acme.registered(&app, &confidential()).await, acme.registered(&app, &confidential()).await];
        assert_ne!(shops[0]["client_id"], shops[1]["client_id"]);
    }

    /// Whoever registered what many register may not turn it against them.
    async fn a_shared_client_is_nobodys_to_change(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let first = acme.registered(&app, &native()).await;
        let client_id = first["client_id"].as_str().unwrap();
        let path = acme.path(&format!("/register/{client_id}"));
        let token = first["registration_access_token"].as_str();
        assert_eq!(app.send_json(Method::GET, &path, token, &json!({})).await.status, 200);
        let second = acme.registered(&app, &native()).await;
        assert_eq!(second["client_id"], client_id);
        assert_eq!(second.get("registration_access_token"), None);
        assert_eq!(second.get("registration_client_uri"), None);
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            app.send_json(method, &path, token, &native()).await.expect_error(401, "invalid_token");
        }
        // One that its owner changed is found by nobody any more.
        let mut mine = native();
        mine["client_name"] = json!("Mine");
        let mine_registered = acme.registered(&app, &mine).await;
        let client_id = mine_registered["client_id"].as_str().unwrap();
        let mut changed = mine.clone();
        changed["client_id"] = json!(client_id);
        changed["redirect_uris"] = json!(["https://evil.example/cb"]);
        let path = acme.path(&format!("/register/{client_id}"));
        let token = mine_registered["registration_access_token"].as_str();
        assert_eq!(app.send_json(Method::PUT, &path, token, &changed).await.status, 200);
        assert_ne!(acme.registered(&app, &mine).await["client_id"], client_id);
        changed.as_object_mut().unwrap().remove("client_id");
        assert_ne!(acme.registered(&app, &changed).await["client_id"], client_id);
    }

    /// OpenID Connect Dynamic Client Registration §5.
    async fn a_sector_lists_every_redirect_uri(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let site = crate::support::Site::start().await;
        let mut document = confidential();
        document["sector_identifier_uri"] = json!(site.url("/sector"));
        acme.register(&app, None, &document).await.expect_error(400, "invalid_client_metadata");
        for (listed, status) in [
            (json!(["https://shop.example/cb", "https://b.example/"]), 201),
            (json!(["https://shop.example/"]), 400),
            (json!({ "redirect_uris": ["https://shop.example/cb"] }), 400),
        ] {
            site.serve("/sector", "no-store", &listed);
            assert_eq!(acme.register(&app, None, &document).await.status, status, "{listed}");
        }
    }

    /// People are asked whatever the client says, and again when it is not what it was.
    async fn consent_of_a_self_made_client(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let registered = acme.registered(&app, &native()).await;
        let client_id = registered["client_id"].as_str().unwrap();
        acme.change_client(&app, client_id, |client| client.metadata.skip_consent = true).await;
        let mut browser = Browser::default();
        let uri = "http://localhost:1234/callback";
        let begun = browser.get(&app, &acme.authorize_as(client_id, uri)).await;
        let page = browser.follow(&app, &begun).await;
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &signed_in).await;
        for said in ["Nobody at Acme has checked this application.", "It runs on a device", "localhost"] {
            assert!(page.body.contains(said), "{said}: {page:?}");
        }
        acme.decide(&app, &mut browser, &page, "allow").await.location_parameter("code").unwrap();
        assert!(!acme.tokens_of(&app, &mut browser, client_id, uri).await.1, "asked twice");
        acme.change_client(&app, client_id, |client| client.metadata.client_name = "Your bank".to_owned()).await;
        assert!(acme.tokens_of(&app, &mut browser, client_id, uri).await.1, "another name, not asked");
        assert!(!acme.tokens_of(&app, &mut browser, client_id, uri).await.1);
    }

    /// OAuth 2.1 §7: nobody says yes to what the page did not say.
    async fn a_self_made_client_that_changes_under_the_page(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let registered = acme.registered(&app, &native()).await;
        let client_id = registered["client_id"].as_str().unwrap();
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize_as(client_id, "http://localhost/callback")).await;
        let page = browser.follow(&app, &begun).await;
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &signed_in).await;
        let mut document = native();
        document["client_id"] = json!(client_id);
        document["client_name"] = json!("Your bank");
        let path = acme.path(&format!("/register/{client_id}"));
        let token = registered["registration_access_token"].as_str();
        assert_eq!(app.send_json(Method::PUT, &path, token, &document).await.status, 200);
        let again = acme.decide(&app, &mut browser, &page, "allow").await;
        assert_eq!(again.location(), signed_in.location());
        let forged = [
            ("csrf", page.field("csrf")),
            ("interaction", page.field("interaction")),
            ("decision", "allow".to_owned()),
        ];
        let forged: Vec<_> = forged.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let again = browser.post(&app, &acme.path("/consent"), &forged).await;
        assert_eq!(acme.audited(&app, AuditKind::ConsentGiven).await, 0);
        let page = browser.follow(&app, &again).await;
        assert!(page.body.contains("Your bank"), "{page:?}");
        acme.decide(&app, &mut browser, &page, "allow").await.location_parameter("code").unwrap();
        assert_eq!(acme.audited(&app, AuditKind::ConsentGiven).await, 1);
    }

    /// RFC 9700 §4.11.2: whoever makes a client gets no redirector. What the person answered goes back.
    async fn errors_of_a_self_made_client_under_mcp(app: TestApp) {
        let (redirect_uri, none) = ("https://shop.example/cb", ("prompt", "none"));
        for profile in [Profile::Mcp, Profile::Oauth21] {
            let mut settings = TenantSettings { profile, ..TenantSettings::default() };
            settings.registration.mode = Some(RegistrationMode::Open);
            let acme = app.tenant_with(profile.as_str(), settings).await;
            acme.change_client(&app, "app", |client| client.metadata.redirect_uris = vec![redirect_uri.to_owned()])
                .await;
            let mut document = confidential();
            document["token_endpoint_auth_method"] = json!("none");
            let registered = acme.registered(&app, &document).await;
            let self_made = registered["client_id"].as_str().unwrap();
            let mut browser = Browser::default();
            let begun = browser.get(&app, &acme.authorize_as(self_made, redirect_uri)).await;
            let page = browser.follow(&app, &begun).await;
            acme.sign_in(&app, &mut browser, &page).await;
            for (wrong, code) in [
                (none, "consent_required"),
                (("scope", "unheard-of"), "invalid_scope"),
                (("response_type", "token"), "unsupported_response_type"),
                (("request", "e30.e30."), ""),
                (("code_challenge_method", "plain"), "invalid_request"),
            ] {
                for (client_id, redirects) in [(self_made, profile != Profile::Mcp), ("app", true)] {
                    let (name, value) = wrong;
                    let path = acme.authorize_as(client_id, redirect_uri).replace(&format!("&{name}="), "&x=");
                    let path = format!("{path}&{name}={value}");
                    for browser in [&mut browser.clone(), &mut Browser::default()] {
                        let answer = browser.get(&app, &path).await;
                        if !redirects || code.is_empty() {
                            answer.expect_error_page(400);
                            continue;
                        }
                        assert!(answer.location().starts_with(redirect_uri), "{profile:?} {wrong:?} {answer:?}");
                        let error = answer.location_parameter("error").unwrap();
                        assert!(error == code || (wrong == none && error == "login_required"), "{error}");
                    }
                }
            }
            let begun = browser.get(&app, &acme.authorize_as(self_made, redirect_uri)).await;
            let page = browser.follow(&app, &begun).await;
            let denied = acme.decide(&app, &mut browser, &page, "deny").await;
            assert_eq!(denied.location_parameter("error").as_deref(), Some("access_denied"), "{denied:?}");
        }
    }

    /// Those that nobody uses are deleted; those with a living grant or a use are not.
    async fn unused_clients_leave(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let day = 86_400;
        acme.change_tenant(&app, |tenant| {
            tenant.settings.registration.unused_lifetime = Lifetime::from_seconds(10 * 86_400);
            tenant.settings.lifetimes.refresh_token_idle = Lifetime::from_seconds(60 * 86_400);
        })
        .await;
        let unused = acme.registered(&app, &confidential()).await;
        let mut one_more = native();
        one_more["grant_types"] = json!(["authorization_code"]);
        let used = acme.registered(&app, &one_more).await;
        let refreshing = acme.registered(&app, &native()).await;
        let id = |registered: &Value| registered["client_id"].as_str().unwrap().to_owned();
        let mut browser = Browser::default();
        let uri = "http://localhost/callback";
        acme.tokens_of(&app, &mut browser, &id(&refreshing), uri).await;
        app.clock.advance(5 * day);
        acme.tokens_of(&app, &mut Browser::default(), &id(&used), uri).await;
        app.clock.advance(5 * day);
        assert_eq!(app.app.delete_unused_clients(10).await.unwrap(), 2);
        assert_eq!(acme.audited(&app, AuditKind::ClientExpired).await, 1);
        assert_eq!(app.app.delete_unused_clients(10).await.unwrap(), 0, "one is looked at again tomorrow");
        let gone = app.get(&acme.authorize_as(&id(&unused), "https://shop.example/cb")).await;
        gone.expect_error_page(400);
        for kept in [&used, &refreshing] {
            assert_eq!(app.get(&acme.authorize_as(&id(kept), uri)).await.status, 303);
        }
        app.clock.advance(5 * day);
        app.app.delete_unused_clients(10).await.unwrap();
        app.get(&acme.authorize_as(&id(&used), uri)).await.expect_error_page(400);
        assert_eq!(app.get(&acme.authorize_as(&id(&refreshing), uri)).await.status, 303);
        assert_eq!(app.get(&acme.authorize(&acme.authorization("app"))).await.status, 303, "an administrator's");
    }
}

/// RFC 6750 §3: what is no bearer token is none.
#[tokio::test(flavor = "multi_thread")]
async fn other_schemes_are_no_initial_access_token() {
    let app = TestApp::sqlite().await;
    let acme = TestTenant::registering(&app, RegistrationMode::InitialAccessToken).await;
    let (_, token) = initial_access_token(&app, "acme", &json!({})).await;
    let request = request(Method::POST, &acme.path("/register"))
        .content_type("application/json")
        .header(header::AUTHORIZATION, format!("Basic {token}"))
        .body(confidential().to_string());
    app.send(request).await.expect_error(401, "invalid_token");
}
