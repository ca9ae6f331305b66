//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document, MCP authorization).

use grantor_protocol::model::{
    AuditKind, AuthenticationMethod, Client, ClientId, ClientMetadata, DeviceApproval, TenantSettings,
};
use serde_json::{Value, json};

use super::assertion::{Signer, parameters};
use crate::on_both;
use crate::support::{Browser, Site, TestApp, TestTenant, VERIFIER, client};

pub const REDIRECT: &str = "http://localhost:3118/callback";

async fn taking_documents(app: &TestApp) -> TestTenant {
    let mut settings = TenantSettings::default();
    settings.registration.client_id_metadata_documents = Some(true);
    app.tenant_with("acme", settings).await
}

pub fn document(client_id: &str) -> Value {
    json!({
        "client_id": client_id,
        "client_name": "Assistant",
        "redirect_uris": ["http://localhost/callback"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "token_endpoint_auth_method": "none",
    })
}

async fn stored(app: &TestApp, tenant: &TestTenant, client_id: &str) -> Option<Client> {
    let client_id = ClientId::parse(client_id).unwrap();
    app.app.store.tenant(tenant.tenant.id).client(&client_id).await.unwrap()
}

on_both! {
    /// From the address to tokens, with one fetch for all of it.
    async fn a_client_introduces_itself(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        site.serve("/client.json", "max-age=600", &document(&client_id));
        let metadata = app.get(&acme.path("/.well-known/oauth-authorization-server")).await.json();
        assert_eq!(metadata["client_id_metadata_document_supported"], true);
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize_as(&client_id, REDIRECT)).await;
        let page = browser.follow(&app, &begun).await;
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let page = browser.follow(&app, &signed_in).await;
        let host = client_id.strip_prefix("http://").unwrap().split('/').next().unwrap();
        for said in [host, "Assistant", "Nobody at Acme has checked this application.", "It runs on a device"] {
            assert!(page.body.contains(said), "{said}: {page:?}");
        }
        assert!(!page.body.contains("<img"), "no picture of a stranger's");
        acme.decide(&app, &mut browser, &page, "allow").await.location_parameter("code").unwrap();
        let (tokens, asked) = acme.tokens_of(&app, &mut browser, &client_id, REDIRECT).await;
        assert!(!asked);
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id.as_str()),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ];
        assert_eq!(app.post(&acme.path("/token"), &form).await.status, 200);
        assert_eq!(site.requests(), 1);
        let kept = stored(&app, &acme, &client_id).await.unwrap();
        assert_eq!(kept.metadata.grant_types.len(), 2);
        assert_eq!(acme.audited(&app, AuditKind::ClientRegistered).await, 1);
    }

    /// Cached as HTTP says within our bounds; what changed is asked of people again.
    async fn a_document_is_read_again(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        site.serve("/client.json", "no-store", &document(&client_id));
        let mut browser = Browser::default();
        assert!(acme.tokens_of(&app, &mut browser, &client_id, REDIRECT).await.1);
        app.clock.advance(299);
        assert!(!acme.tokens_of(&app, &mut browser, &client_id, REDIRECT).await.1);
        assert_eq!(site.requests(), 1);
        app.clock.advance(1);
        site.serve("/client.json", "max-age=1000", &document(&client_id));
        assert!(!acme.tokens_of(&app, &mut browser, &client_id, REDIRECT).await.1);
        assert_eq!(site.requests(), 2);
        app.clock.advance(999);
        assert!(!acme.tokens_of(&app, &mut browser, &client_id, REDIRECT).await.1);
        assert_eq!(site.requests(), 2);
        app.clock.advance(1);
        let mut changed = document(&client_id);
        changed["client_name"] = json!("Your bank");
        site.serve("/client.json", "max-age=100000000", &changed);
        assert!(acme.tokens_of(&app, &mut browser, &client_id, REDIRECT).await.1);
        assert_eq!(acme.audited(&app, AuditKind::ClientChanged).await, 1);
        app.clock.advance(40_000);
        browser = Browser::default();
        assert!(!acme.tokens_of(&app, &mut browser, &client_id, REDIRECT).await.1);
        assert_eq!(site.requests(), 3);
        app.clock.advance(46_400);
        acme.tokens_of(&app, &mut Browser::default(), &client_id, REDIRECT).await;
        assert_eq!(site.requests(), 4);
    }

    /// A document, read again, does not undo what an administrator said of its client.
    async fn what_administrators_said_stays(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        site.serve("/client.json", "max-age=300", &document(&client_id));
        assert_eq!(app.get(&acme.authorize_as(&client_id, REDIRECT)).await.status, 303);
        acme.change_client(&app, &client_id, |client| {
            client.metadata.device_approval = Some(DeviceApproval::Admin);
            client.metadata.require_pushed_authorization_requests = true;
        })
        .await;
        let administered = stored(&app, &acme, &client_id).await.unwrap().metadata;
        let mut changed = document(&client_id);
        changed["client_name"] = json!("Assistant 2");
        changed["require_pushed_authorization_requests"] = json!(false);
        site.serve("/client.json", "max-age=300", &changed);
        app.clock.advance(300);
        let refused = app.get(&acme.authorize_as(&client_id, REDIRECT)).await;
        assert_eq!(refused.location_parameter("error").as_deref(), Some("invalid_request"), "{refused:?}");
        let expected = ClientMetadata { client_name: "Assistant 2".to_owned(), ..administered };
        assert_eq!(stored(&app, &acme, &client_id).await.unwrap().metadata, expected);
    }

    /// Nothing is redirected, kept or remembered of what is wrong.
    async fn documents_that_are_refused(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        let asked = acme.authorize_as(&client_id, REDIRECT);
        let good = document(&client_id);
        let key = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d" }] });
        let wrong = [
            json!({ "client_id": "https://app.example/client.json" }),
            json!({ "client_id": format!("{client_id}?") }),
            json!({ "client_name": null }),
            json!({ "redirect_uris": [] }),
            json!({ "redirect_uris": ["javascript:alert(1)"] }),
            json!({ "client_secret": "s" }),
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key }),
            json!({ "jwks_uri": "https://169.254.169.254/keys" }),
            json!({ "padding": "x".repeat(5 * 1024) }),
        ];
        for change in wrong {
            let mut document = good.clone();
            document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            site.serve("/client.json", "max-age=600", &document);
            let answer = app.get(&asked).await;
            answer.expect_error_page(400);
            assert!(answer.body.contains("client_id"), "{change} {answer:?}");
        }
        let redirect = format!("302 Found\r\nLocation: {}", site.url("/elsewhere.json"));
        site.serve("/elsewhere.json", "max-age=600", &good);
        for (head, body) in [
            (redirect.as_str(), String::new()),
            ("404 Not Found\r\nContent-Type: application/json", good.to_string()),
            ("201 Created\r\nContent-Type: application/json", good.to_string()),
            ("200 OK\r\nContent-Type: text/html", good.to_string()),
            ("200 OK", good.to_string()),
            ("200 OK\r\nContent-Type: application/json", "<html>".to_owned()),
        ] {
            site.answer("/client.json", head, &body);
            app.get(&asked).await.expect_error_page(400);
        }
        assert!(stored(&app, &acme, &client_id).await.is_none());
        // At the token endpoint it is the client's error.
        let form = [("grant_type", "authorization_code"), ("client_id", client_id.as_str()), ("code", "gac_x")];
        app.post(&acme.path("/token"), &form).await.expect_error(401, "invalid_client");
        site.answer("/client.json", "200 OK\r\nContent-Type: application/cimd+json; charset=utf-8", &good.to_string());
        assert_eq!(app.get(&asked).await.status, 303, "errors are not remembered");
        let other = acme.authorize_as(&client_id, "http://localhost/other");
        app.get(&other).await.expect_error_page(400);
    }

    async fn addresses_that_are_refused(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        site.serve("/client.json", "max-age=600", &document(&site.url("/client.json")));
        let plain = site.url("/client.json");
        let authority = plain.strip_prefix("http://").unwrap().strip_suffix("/client.json").unwrap().to_owned();
        for client_id in [
            format!("http://{authority}"),
            format!("http://{authority}/x/../client.json"),
            format!("http://{authority}/%2e/client.json"),
            format!("http://{authority}/client.json#x"),
            format!("http://user@{authority}/client.json"),
            "http://app.example/client.json".to_owned(),
            "https://169.254.169.254/client.json".to_owned(),
            "https://app.example:22/client.json".to_owned(),
            "https://".to_owned(),
        ] {
            app.get(&acme.authorize_as(&client_id, REDIRECT)).await.expect_error_page(400);
        }
        assert_eq!(site.requests(), 0);
    }

    /// A client that introduces itself is counted like one that registers; those that are known are not.
    async fn new_documents_are_counted(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let [known, new] = ["/known.json", "/new.json"].map(|path| site.url(path));
        for (path, client_id) in [("/known.json", &known), ("/new.json", &new)] {
            site.serve(path, "max-age=300", &document(client_id));
        }
        acme.change_tenant(&app, |tenant| {
            tenant.settings.rate_limits.registration_address =
                "1/hour burst 1".parse().ok();
        })
        .await;
        let ask = async |address: &str, client_id: &str| {
            Browser::at(address).get(&app, &acme.authorize_as(client_id, REDIRECT)).await
        };
        assert_eq!(ask("2001:db8::1", &known).await.status, 303);
        let refused = ask("2001:db8::2", &new).await;
        refused.expect_error_page(429);
        assert_eq!(refused.header("retry-after"), Some("3600"));
        app.clock.advance(300);
        assert_eq!(ask("2001:db8::1", &known).await.status, 303);
        assert_eq!(site.requests(), 2);
        assert_eq!(ask("2001:db8:0:1::1", &new).await.status, 303);
    }

    /// Whoever names clients that are not there keeps nobody from the documents and keys of those that are.
    async fn strangers_use_up_no_budget_but_their_own(app: TestApp) {
        let mut acme = taking_documents(&app).await;
        let site = Site::start().await;
        let (signer, known) = (Signer::es256("k1"), site.url("/known.json"));
        site.serve("/known.json", "max-age=300", &document(&known));
        site.serve("/keys", "max-age=600", &json!({ "keys": [signer.jwk()] }));
        let mut proving = client(&acme.tenant, "proving");
        proving.metadata.token_endpoint_auth_method = AuthenticationMethod::PrivateKeyJwt;
        proving.metadata.jwks_uri = Some(site.url("/keys"));
        acme.add_client(&app, proving).await;
        let known = acme.authorize_as(&known, REDIRECT);
        assert_eq!(app.get(&known).await.status, 303);
        for number in 0..70 {
            let unknown = site.url(&format!("/{number}"));
            app.get(&acme.authorize_as(&unknown, REDIRECT)).await.expect_error_page(400);
        }
        assert_eq!(site.requests(), 60);
        let assertion = signer.sign(&signer.claims(&acme, "proving"));
        let form = [&[("grant_type", "client_credentials")][..], &parameters(&assertion)].concat();
        assert_eq!(app.post(&acme.path("/token"), &form).await.status, 200);
        assert_eq!(site.requests(), 61);
        app.clock.advance(300);
        assert_eq!(app.get(&known).await.status, 303);
        assert_eq!(site.requests(), 62, "read again");
    }

    /// While nobody answers the copy serves for an hour; an answer that says no counts at once.
    async fn when_the_document_is_gone(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        let asked = acme.authorize_as(&client_id, REDIRECT);
        site.serve("/client.json", "max-age=300", &document(&client_id));
        assert_eq!(app.get(&asked).await.status, 303);
        site.answer("/client.json", "503 Service Unavailable", "");
        app.clock.advance(300 + 3599);
        assert_eq!(app.get(&asked).await.status, 303);
        app.clock.advance(1);
        app.get(&asked).await.expect_error_page(400);
        site.serve("/client.json", "max-age=300", &document(&client_id));
        assert_eq!(app.get(&asked).await.status, 303);
        app.clock.advance(300);
        site.answer("/client.json", "404 Not Found", "");
        app.get(&asked).await.expect_error_page(400);
    }

    /// What the tenant decides counts at once, whatever is kept of the document.
    async fn the_tenant_decides(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        let asked = acme.authorize_as(&client_id, REDIRECT);
        site.serve("/client.json", "max-age=600", &document(&client_id));
        assert_eq!(app.get(&asked).await.status, 303);
        let trust = async |hosts: &[&str]| {
            let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
            acme.change_tenant(&app, |tenant| tenant.settings.registration.trusted_hosts = hosts).await;
        };
        trust(&["app.example", "*.app.example"]).await;
        app.get(&asked).await.expect_error_page(400);
        trust(&["127.0.0.1"]).await;
        assert_eq!(app.get(&asked).await.status, 303);
        acme.change_client(&app, &client_id, |client| client.enabled = false).await;
        app.clock.advance(600);
        app.get(&asked).await.expect_error_page(400);
        assert_eq!(site.requests(), 1, "a disabled client is not fetched");
        acme.change_client(&app, &client_id, |client| client.enabled = true).await;
        assert_eq!(app.get(&asked).await.status, 303);
        acme.change_tenant(&app, |tenant| {
            tenant.settings.registration.client_id_metadata_documents = Some(false);
        })
        .await;
        app.get(&asked).await.expect_error_page(400);

        // A client of an administrator's may be called like an address.
        let mut acme = acme;
        let address = site.url("/registered.json");
        let mut registered = client(&acme.tenant, "x");
        registered.client_id = ClientId::parse(&address).unwrap();
        acme.add_client(&app, registered).await;
        assert_eq!(app.get(&acme.authorize_as(&address, "https://app.example/cb")).await.status, 303);
        assert_eq!(site.requests(), 2);
    }

    /// Two tenants, two clients.
    async fn a_document_is_its_tenants(app: TestApp) {
        let acme = taking_documents(&app).await;
        let closed = app.tenant_with("closed", TenantSettings::default()).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        site.serve("/client.json", "max-age=600", &document(&client_id));
        acme.tokens_of(&app, &mut Browser::default(), &client_id, REDIRECT).await;
        app.get(&closed.authorize_as(&client_id, REDIRECT)).await.expect_error_page(400);
        assert!(stored(&app, &closed, &client_id).await.is_none());
        assert_eq!(site.requests(), 1);
    }

    /// A client whose document has keys proves that it has them.
    async fn a_document_with_keys(app: TestApp) {
        let acme = taking_documents(&app).await;
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        let signer = Signer::es256("k1");
        let mut document = document(&client_id);
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["jwks"] = json!({ "keys": [signer.jwk()] });
        site.serve("/client.json", "max-age=600", &document);
        let mut browser = Browser::default();
        let mut answer = browser.get(&app, &acme.authorize_as(&client_id, REDIRECT)).await;
        while answer.header("location").is_some_and(|location| location.starts_with("/t/")) {
            let page = browser.follow(&app, &answer).await;
            answer = if page.body.contains("name=\"password\"") {
                acme.sign_in(&app, &mut browser, &page).await
            } else {
                acme.decide(&app, &mut browser, &page, "allow").await
            };
        }
        let code = answer.location_parameter("code").unwrap();
        let token = acme.path("/token");
        let form =
            |code| [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
        let public = [&form(code.as_str())[..], &[("client_id", client_id.as_str())]].concat();
        app.post(&token, &public).await.expect_error(401, "invalid_client");
        let stranger = Signer::es256("k1");
        for (by, status) in [(&stranger, 401), (&signer, 200)] {
            let assertion = by.sign(&by.claims(&acme, &client_id));
            let proven = [&form(code.as_str())[..], &parameters(&assertion)].concat();
            assert_eq!(app.post(&token, &proven).await.status, status);
        }
    }
}
