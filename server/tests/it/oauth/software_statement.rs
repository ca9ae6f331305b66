//! Software statements (RFC 7591 §2.3).

use grantor_protocol::model::{
    AuditKind, RegistrationMode, RegistrationPolicy, SoftwareStatementDemand, TenantSettings,
    TrustedSoftwareStatementIssuer,
};
use poem::http::Method;
use serde_json::{Value, json};

use super::assertion::{Signer, compact};
use super::register::{confidential, initial_access_token, native};
use super::registration_management::Registered;
use crate::on_both;
use crate::support::{Answer, START, Site, TestApp, TestTenant};

const VENDOR: &str = "https://vendor.example";

/// Somebody who is trusted, with the key of this signer.
fn vendor(signer: &Signer) -> TrustedSoftwareStatementIssuer {
    let jwks = Some(json!({ "keys": [signer.jwk()] }));
    TrustedSoftwareStatementIssuer { issuer: VENDOR.to_owned(), jwks, jwks_uri: None }
}

async fn change(app: &TestApp, tenant: &TestTenant, change: impl FnOnce(&mut RegistrationPolicy)) {
    tenant.change_tenant(app, |tenant| change(&mut tenant.settings.registration)).await;
}

/// The tenant `acme`, open to registration, that trusts whoever has this key.
async fn trusting(app: &TestApp, signer: &Signer) -> TestTenant {
    let acme = TestTenant::registering(app, RegistrationMode::Open).await;
    change(app, &acme, |policy| policy.trusted_software_statement_issuers = vec![vendor(signer)]).await;
    acme
}

/// What a good statement says, with these claims.
fn claims(others: Value) -> Value {
    with(json!({ "iss": VENDOR, "client_name": "Vendor's editor", "software_id": "editor" }), others)
}

/// A document with these members.
fn with(mut document: Value, members: Value) -> Value {
    document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    document
}

/// A registration with a statement.
fn vouched(document: Value, statement: &str) -> Value {
    with(document, json!({ "software_statement": statement }))
}

async fn ask(app: &TestApp, tenant: &TestTenant, statement: &str) -> Answer {
    tenant.register(app, None, &vouched(confidential(), statement)).await
}

on_both! {
    /// RFC 7591 §3.1.1, §3.2.1: what it says takes precedence, and it is returned as it came.
    async fn a_vendor_vouches_for_its_client(app: TestApp) {
        for algorithm in ["ES256", "EdDSA", "PS256", "RS256"] {
            let slug = algorithm.to_ascii_lowercase();
            let signer = Signer::named(algorithm, "k1");
            let mut settings = TenantSettings::default();
            settings.registration.mode = Some(RegistrationMode::Open);
            settings.registration.trusted_software_statement_issuers = vec![vendor(&signer)];
            let tenant = app.tenant_with(&slug, settings).await;
            let now = START.unix_seconds();
            let statement = signer.sign(&claims(json!({
                "aud": [tenant.tenant.issuer], "iat": now, "nbf": now, "exp": now + 60, "jti": "1", "sub": "editor",
                "redirect_uris": ["https://editor.example/cb"], "skip_consent": true, "scope": "openid",
            })));
            let asked = with(vouched(confidential(), &statement), json!({ "tos_uri": "https://shop.example/tos" }));
            let registered = tenant.registered(&app, &asked).await;
            for (name, value) in [
                ("software_statement", json!(statement)),
                ("client_name", json!("Vendor's editor")),
                ("redirect_uris", json!(["https://editor.example/cb"])),
                ("software_id", json!("editor")),
                ("scope", json!("openid")),
                ("tos_uri", json!("https://shop.example/tos")),
            ] {
                assert_eq!(registered[name], value, "{algorithm} {name}");
            }
            let client = Registered::of(&tenant, &registered);
            let read = client.ask(&app, Method::GET, &json!({})).await.json();
            assert_eq!(read["software_statement"], json!(statement));
            let held = app.platform("platform-admin").await;
            let path = format!("/tenants/{slug}/clients/{}", registered["client_id"].as_str().unwrap());
            assert_eq!(held.get(&path).await.document(200)["skip_consent"], json!(false));
            let events = app.app.store.tenant(tenant.tenant.id).audit_events(100).await.unwrap();
            let event = events.iter().find(|event| event.kind == AuditKind::ClientRegistered).unwrap();
            assert_eq!(event.detail["software_statement_issuer"], VENDOR);
        }
    }

    /// RFC 7591 §3.2.2, RFC 8725 §3: nothing but a statement of the vendor's for this tenant and for now.
    async fn statements_that_are_refused(app: TestApp) {
        const INVALID: &str = "invalid_software_statement";
        const UNAPPROVED: &str = "unapproved_software_statement";
        let (own, stranger) = (Signer::es256("k1"), Signer::es256("k1"));
        let acme = trusting(&app, &own).await;
        let other = app.other().await;
        let now = START.unix_seconds();
        let good = own.sign(&claims(json!({})));
        let public = own.jwk().to_string();
        let header = |alg: &str| json!({ "alg": alg, "typ": "JWT", "kid": "k1" });
        let typed = |typ: &str| own.sign_with(&json!({ "alg": "ES256", "typ": typ, "kid": "k1" }), &claims(json!({})));
        let stranger_inside = json!({ "alg": "ES256", "kid": "k1", "jwk": stranger.jwk() });
        let changed = own.sign(&claims(json!({ "software_id": "other" })));
        let (changed, _) = changed.rsplit_once('.').unwrap();
        let (_, signature) = good.rsplit_once('.').unwrap();
        for (statement, code) in [
            (stranger.sign(&claims(json!({}))), INVALID),
            (stranger.sign_with(&stranger_inside, &claims(json!({}))), INVALID),
            (compact(&header("none"), &claims(json!({})), |_| vec![]), INVALID),
            (compact(&header("NONE"), &claims(json!({})), |_| vec![]), INVALID),
            (compact(&header("ES256"), &claims(json!({})), |_| vec![]), INVALID),
            (compact(&header("HS256"), &claims(json!({})), |input| Signer::hmac(public.as_bytes(), input)), INVALID),
            (compact(&header("RS256"), &claims(json!({})), |input| Signer::hmac(public.as_bytes(), input)), INVALID),
            (format!("{changed}.{signature}"), INVALID),
            (own.sign_with(&json!({ "alg": "ES256", "kid": "k2" }), &claims(json!({}))), INVALID),
            (own.sign_with(&json!({ "alg": "ES256", "kid": "k1", "crit": ["x"], "x": 1 }), &claims(json!({}))), INVALID),
            (typed("at+jwt"), INVALID),
            (typed("oauth-authz-req+jwt"), INVALID),
            (typed("dpop+jwt"), INVALID),
            (own.sign(&claims(json!({ "exp": now - 30 }))), INVALID),
            (own.sign(&claims(json!({ "exp": "x" }))), INVALID),
            (own.sign(&claims(json!({ "nbf": now + 31 }))), INVALID),
            (own.sign(&claims(json!({ "iat": now + 31 }))), INVALID),
            (own.sign(&claims(json!({ "aud": other.tenant.issuer }))), INVALID),
            (own.sign(&claims(json!({ "aud": ["https://id.example", "https://id.example/t/acme/token"] }))), INVALID),
            (own.sign(&claims(json!({ "iss": null }))), INVALID),
            (own.sign(&claims(json!({ "iss": "https://stranger.example" }))), UNAPPROVED),
            (own.sign(&claims(json!({ "iss": format!("{VENDOR}/") }))), UNAPPROVED),
            (own.sign(&json!([])), INVALID),
            ("e30.e30.".to_owned(), INVALID),
            ("x".to_owned(), INVALID),
            (String::new(), INVALID),
            (format!("{good}.{}", "A".repeat(8192)), INVALID),
        ] {
            ask(&app, &acme, &statement).await.expect_error(400, code);
        }
        let document = with(confidential(), json!({ "software_statement": { "iss": VENDOR } }));
        acme.register(&app, None, &document).await.expect_error(400, INVALID);
        // What it says is as bounded as what anybody says.
        for (said, code) in [
            (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
            (json!({ "scope": "openid unheard-of" }), "invalid_client_metadata"),
            (json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } }), "invalid_client_metadata"),
        ] {
            ask(&app, &acme, &own.sign(&claims(said))).await.expect_error(400, code);
        }
        assert_eq!(acme.audited(&app, AuditKind::ClientRegistered).await, 0);
        // Whom one tenant trusts, another does not.
        change(&app, &other, |policy| policy.mode = Some(RegistrationMode::Open)).await;
        ask(&app, &other, &good).await.expect_error(400, UNAPPROVED);
        assert_eq!(ask(&app, &acme, &good).await.status, 201);
    }

    /// Keys at an address: new ones are found at once, and nobody is made to fetch all the time.
    async fn keys_of_a_vendor_rotate(app: TestApp) {
        let (first, second) = (Signer::es256("k1"), Signer::es256("k2"));
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let site = Site::start().await;
        let publish = |signer: &Signer| site.serve("/jwks", "max-age=3600", &json!({ "keys": [signer.jwk()] }));
        let issuer = TrustedSoftwareStatementIssuer {
            issuer: VENDOR.to_owned(), jwks: None, jwks_uri: Some(site.url("/jwks")),
        };
        change(&app, &acme, |policy| policy.trusted_software_statement_issuers = vec![issuer]).await;
        let (of_first, of_second) = (first.sign(&claims(json!({}))), second.sign(&claims(json!({}))));
        ask(&app, &acme, &of_first).await.expect_error(400, "invalid_software_statement");
        publish(&first);
        ask(&app, &acme, &of_first).await.expect_error(400, "invalid_software_statement");
        assert_eq!(site.requests(), 1, "not again so soon");
        app.clock.advance(10);
        for _ in 0..3 {
            assert_eq!(ask(&app, &acme, &of_first).await.status, 201);
        }
        assert_eq!(site.requests(), 2);
        app.clock.advance(10);
        for _ in 0..3 {
            ask(&app, &acme, &of_second).await.expect_error(400, "invalid_software_statement");
        }
        assert_eq!(site.requests(), 3);
        publish(&second);
        app.clock.advance(10);
        assert_eq!(ask(&app, &acme, &of_second).await.status, 201);
        ask(&app, &acme, &of_first).await.expect_error(400, "invalid_software_statement");
        assert_eq!(site.requests(), 4);
    }

    /// `mode` says who may register, and a demand for statements is a wall of its own.
    async fn where_one_is_required(app: TestApp) {
        let own = Signer::es256("k1");
        let acme = trusting(&app, &own).await;
        let statement = own.sign(&claims(json!({})));
        let first = Registered::of(&acme, &acme.registered(&app, &confidential()).await);
        change(&app, &acme, |policy| policy.software_statement = SoftwareStatementDemand::Required).await;
        acme.register(&app, None, &confidential()).await.expect_error(400, "unapproved_software_statement");
        let null = with(confidential(), json!({ "software_statement": null }));
        acme.register(&app, None, &null).await.expect_error(400, "unapproved_software_statement");
        assert_eq!(ask(&app, &acme, &statement).await.status, 201);
        // The policy of today, for who registered under another one, too.
        first.put(&app, confidential()).await.expect_error(400, "unapproved_software_statement");
        let brought = first.put(&app, vouched(confidential(), &statement)).await;
        assert_eq!(brought.document(200)["client_name"], "Vendor's editor");

        let (_, token) = initial_access_token(&app, "acme", &json!({})).await;
        acme.register(&app, Some(&token), &confidential()).await.expect_error(400, "unapproved_software_statement");
        change(&app, &acme, |policy| policy.mode = Some(RegistrationMode::InitialAccessToken)).await;
        ask(&app, &acme, &statement).await.expect_error(401, "invalid_token");
        let both = acme.register(&app, Some(&token), &vouched(confidential(), &statement)).await;
        assert_eq!(both.status, 201, "{both:?}");
        change(&app, &acme, |policy| policy.mode = Some(RegistrationMode::Closed)).await;
        ask(&app, &acme, &statement).await.expect_error(400, "access_denied");
    }

    /// RFC 7592 §2.2: what the vendor said of a client, the client cannot unsay.
    async fn what_it_says_outlasts_updates(app: TestApp) {
        let own = Signer::es256("k1");
        let acme = trusting(&app, &own).await;
        let now = START.unix_seconds();
        let statement = own.sign(&claims(json!({ "exp": now + 60, "redirect_uris": ["https://editor.example/cb"] })));
        let mut editor = Registered::of(&acme, &acme.registered(&app, &vouched(confidential(), &statement)).await);
        let stranger = Signer::es256("k1").sign(&claims(json!({ "client_name": "Impostor" })));
        let forged = editor.put(&app, vouched(confidential(), &stranger)).await;
        forged.expect_error(400, "invalid_software_statement");
        // It ended long ago, and holds all the same: silent, sent again as it was told, or given as null.
        app.clock.advance(86_400);
        ask(&app, &acme, &statement).await.expect_error(400, "invalid_software_statement");
        let impostor = json!({
            "client_name": "Impostor", "redirect_uris": ["https://evil.example/cb"], "software_id": null,
            "tos_uri": "https://shop.example/tos",
        });
        for document in [
            impostor.clone(),
            vouched(impostor.clone(), &statement),
            with(impostor.clone(), json!({ "software_statement": null })),
        ] {
            let changed = editor.put(&app, document).await.document(200);
            for (name, value) in [
                ("client_name", "Vendor's editor"), ("software_id", "editor"), ("software_statement", &statement),
                ("tos_uri", "https://shop.example/tos"),
            ] {
                assert_eq!(changed[name], value, "{name}");
            }
            assert_eq!(changed["redirect_uris"], json!(["https://editor.example/cb"]));
            editor.token = changed["registration_access_token"].as_str().unwrap().to_owned();
        }
        // Only the vendor says something else of it.
        let newer = own.sign(&claims(json!({ "client_name": "Vendor's editor 2" })));
        let changed = editor.put(&app, vouched(impostor.clone(), &newer)).await.document(200);
        assert_eq!((&changed["client_name"], &changed["software_statement"]), (&json!("Vendor's editor 2"), &json!(newer)));
        assert_eq!(changed["redirect_uris"], json!(["https://evil.example/cb"]), "of which it says nothing any more");
        editor.token = changed["registration_access_token"].as_str().unwrap().to_owned();
        // Nor does the client when nobody trusts the vendor any more.
        change(&app, &acme, |policy| policy.trusted_software_statement_issuers.clear()).await;
        for document in [confidential(), vouched(confidential(), &newer)] {
            editor.put(&app, document).await.expect_error(400, "unapproved_software_statement");
        }
        let read = editor.ask(&app, Method::GET, &json!({})).await.document(200);
        assert_eq!(read["client_name"], "Vendor's editor 2");
    }

    /// What an administrator changes of the client leaves the statement where it is.
    async fn an_administrator_changes_a_vouched_client(app: TestApp) {
        let own = Signer::es256("k1");
        let acme = trusting(&app, &own).await;
        let statement = own.sign(&claims(json!({})));
        let registered = acme.registered(&app, &vouched(confidential(), &statement)).await;
        let editor = Registered::of(&acme, &registered);
        let admin = app.platform("platform-admin").await;
        let path = format!("/tenants/acme/clients/{}", registered["client_id"].as_str().unwrap());
        admin.patch(&path, &json!({ "client_name": "Renamed" })).await.document(200);
        let read = editor.ask(&app, Method::GET, &json!({})).await.document(200);
        assert_eq!((&read["client_name"], &read["software_statement"]), (&json!("Renamed"), &json!(statement)));
        let changed = editor.put(&app, confidential()).await.document(200);
        assert_eq!(changed["client_name"], "Vendor's editor");
    }

    /// The same registration is the one with the same statement: nobody gets another's, nor a client that
    /// a vendor vouches for without its statement.
    async fn the_same_registration_again(app: TestApp) {
        let own = Signer::es256("k1");
        let acme = trusting(&app, &own).await;
        let says = |number: u8| own.sign(&with(native(), json!({ "iss": VENDOR, "jti": number })));
        let (one, two) = (says(1), says(2));
        let first = acme.registered(&app, &vouched(native(), &one)).await;
        let again = acme.registered(&app, &vouched(native(), &one)).await;
        assert_eq!(again["client_id"], first["client_id"]);
        assert_eq!((&again["software_statement"], again.get("registration_access_token")), (&json!(one), None));
        let another = acme.registered(&app, &vouched(native(), &two)).await;
        let without = acme.registered(&app, &native()).await;
        assert_eq!((&another["software_statement"], without.get("software_statement")), (&json!(two), None));
        let mut client_ids = [&first, &another, &without].map(|registered| registered["client_id"].to_string());
        client_ids.sort_unstable();
        assert!(client_ids.windows(2).all(|pair| pair[0] != pair[1]), "{client_ids:?}");
        assert_eq!(acme.registered(&app, &native()).await["client_id"], without["client_id"]);
    }
}
