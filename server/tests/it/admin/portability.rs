//! Tenants move between installations that share an address and nothing else.

use std::collections::BTreeSet;
use std::io::Write;

use grantor::app::portability::{Domains, ImportOptions, Passphrase, TransferError};
use grantor_protocol::Secret;
use grantor_protocol::model::AuthenticationMethod;
use grantor_protocol::model::{Actor, AuditKind, ClientMetadata, ClientOrigin};
use grantor_store::testing::TestDatabase;
use poem::http::{Method, header};
use serde_json::{Value, json};

use super::{Api, domains, trail};
use crate::oauth::console;
use crate::support::{Answer, Browser, PASSWORD, TestApp, client, request};

const PASSPHRASE: &str = "a passphrase of tests";

impl Api<'_> {
    async fn export(&self, slug: &str) -> String {
        let answer =
            self.post(&format!("/tenants/{slug}/export"), &json!({ "passphrase": PASSPHRASE })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        let name = format!("attachment; filename=\"{slug}.tenant\"");
        assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
        answer.body
    }

    async fn import_with(&self, passphrase: &str, query: &str, file: impl Into<Vec<u8>>) -> Answer {
        let mut builder = request(Method::POST, &format!("/admin/v1/tenants/import{query}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .content_type("application/x-ndjson");
        if !passphrase.is_empty() {
            builder = builder.header("x-grantor-passphrase", passphrase);
        }
        let answer = self.app.send(builder.body(file.into())).await;
        answer.expect_admin_answer();
        answer
    }

    /// Imports a file as the command does that keeps domains.
    async fn import_with_domains(&self, exported: &str) -> Result<String, TransferError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(exported.as_bytes()).unwrap();
        let app = &self.app.app;
        let passphrase = Passphrase::parse(PASSPHRASE).unwrap();
        let event = |_: &_| app.event(AuditKind::TenantChanged, Actor::System, "acme".to_owned());
        let imported =
            app.import_tenant_from(file, &passphrase, ImportOptions::default(), Domains::Kept, event).await;
        Ok(imported?.issuer)
    }

    /// Expects that a file is refused after it was begun to be written, with these words.
    async fn expect_undone(&self, file: &str, words: &str) {
        let answer = self.import(file).await;
        answer.expect_problem(400, "invalid-request");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words), "{detail}, and not {words}");
        let jobs = self.get("/jobs").await.document(200);
        let failed = |job: &Value| {
            job["state"] == "failed" && job["error"].as_str().is_some_and(|error| error.contains(words))
        };
        assert!(jobs["items"].as_array().unwrap().iter().any(failed), "{jobs}");
        assert_eq!(self.get("/tenants/acme").await.status, 404, "{words}");
    }

    async fn import(&self, file: &str) -> Answer {
        self.import_with(PASSPHRASE, "", file).await
    }

    /// Expects that a file is refused, with these words, and that nothing stays of it.
    async fn expect_refusal(&self, file: impl Into<Vec<u8>>, words: &str) {
        let answer = self.import_with(PASSPHRASE, "", file).await;
        answer.expect_problem(400, "invalid-request");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words), "{detail}, and not {words}");
        assert_eq!(self.get("/jobs").await.document(200)["items"], json!([]), "{words}");
        assert_eq!(self.get("/tenants/acme").await.status, 404, "{words}");
    }
}

fn lines(file: &str) -> Vec<String> {
    file.lines().map(|line| format!("{line}\n")).collect()
}

/// A file may say anything of the console's client: what arrives is the client that every tenant has.
#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_client_of_the_consoles_arrives_as_it_is() {
    let first = TestApp::sqlite().await;
    let acme = first.acme().await;
    let mut made_up = client(&acme.tenant, "grantor-console");
    made_up.enabled = false;
    made_up.metadata.redirect_uris = vec!["https://evil.example/cb".to_owned()];
    let fingerprint = made_up.metadata.fingerprint(None);
    let token = Some(Secret::presented("grt_x").hash());
    made_up.origin = ClientOrigin::Registration {
        token,
        fingerprint: Some(fingerprint),
        bounds: None,
        software_statement: None,
    };
    let store = first.app.store.tenant(acme.tenant.id);
    store.register_client(&made_up, first.app.clock.now(), None, vec![]).await.unwrap();
    let file = first.platform("platform-admin").await.export("acme").await;

    let second = first.elsewhere(TestDatabase::postgres().await, [8; 32]).await;
    let admin = second.platform("platform-admin").await;
    assert_eq!(admin.import(&file).await.status, 201);
    let store = second.app.store.tenant(acme.tenant.id);
    let arrived = store.client(&made_up.client_id).await.unwrap().unwrap();
    let metadata = ClientMetadata { client_name: "Grantor console".to_owned(), ..ClientMetadata::default() };
    assert_eq!((arrived.metadata, arrived.enabled), (metadata, true));
    assert_eq!((arrived.secrets, arrived.origin), (vec![], ClientOrigin::Administrator));
    assert_eq!(store.client_by_registration(&fingerprint).await.unwrap(), None);
    let unused = second.app.store.unused_clients(second.app.clock.now(), 10).await.unwrap();
    assert_eq!(unused, []);
}

/// What somebody has who used the tenant before it moved goes on working where it arrives, and what
/// is exported there is the file that came.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_moves_from_sqlite_to_postgres_and_back() {
    let first = TestApp::sqlite().await;
    let mut acme = first.acme().await;
    let jwt_secret = acme.add_secret_client(&first, "signer", AuthenticationMethod::ClientSecretJwt).await;
    let tokens = acme.tokens(&first).await;
    let (refresh_token, access_token) =
        (tokens["refresh_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
    let own = acme.confidential_tokens(&first).await["access_token"].as_str().unwrap().to_owned();
    let revoked = acme.tokens(&first).await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(acme.revoke(&first, &revoked).await.status, 200);
    // The console's client comes along, its sessions do not.
    let mut browser = Browser::default();
    let answer = console::answered_at(&first, &mut browser, "/console/sign-in?tenant=acme", "ada").await;
    assert_eq!(browser.follow(&first, &answer).await.location(), "/console/");
    let admin = first.platform("platform-admin").await;
    first.clock.advance(1);
    let file = admin.export("acme").await;
    // Its own trail says so, and not in the file: that is of the moment before.
    let events = trail(&first, &acme.tenant).await;
    assert_eq!(events.last().unwrap().0, "tenant.exported");

    // Only whose tenant it is can be read.
    let header: Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    assert_eq!(header["tenant"]["issuer"], "https://id.example/t/acme");
    for secret in
        ["ada@acme", "Lovelace", "argon2id", "app.example", &jwt_secret, "PRIVATE", "tenant.changed"]
    {
        assert!(!file.contains(secret), "{secret}");
    }
    let tables: BTreeSet<_> = file
        .lines()
        .filter_map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line.get("table").and_then(Value::as_str).map(str::to_owned)
        })
        .collect();
    for table in ["tenants", "signing_keys", "users", "clients", "grants", "refresh_tokens", "audit_events"] {
        assert!(tables.contains(table), "{table}");
    }
    for table in ["authorization_codes", "interactions", "console_sessions"] {
        assert!(!tables.contains(table), "{table}");
    }

    let second = first.elsewhere(TestDatabase::postgres().await, [8; 32]).await;
    let third = first.elsewhere(TestDatabase::sqlite().await, [9; 32]).await;
    for here in [&second, &third] {
        let admin = here.platform("platform-admin").await;
        let imported = admin.import(&file).await;
        assert_eq!(imported.created_at(), "/tenants/acme");
        let job = admin.get("/jobs").await.document(200)["items"][0].clone();
        assert_eq!((&job["kind"], &job["state"]), (&json!("tenant_import"), &json!("done")));
        assert_eq!(job["rows"].as_i64().map(|rows| rows + 1), job["total"].as_i64());
        assert_eq!(admin.export("acme").await, file, "the second export is the same bytes");
        let events = trail(here, &here.system().await).await;
        assert!(
            events.iter().any(|(_, target, detail)| target == "acme" && detail["imported"]["slug"] == "acme")
        );
        // Once is enough.
        admin.import(&file).await.expect_problem(409, "taken");

        assert_eq!(acme.userinfo(here, access_token).await.status, 200);
        assert_eq!(acme.userinfo(here, &revoked).await.status, 401);
        assert_eq!(acme.introspect(here, &own).await["active"], true);
        let rotated = acme.refresh(here, refresh_token).await;
        assert_eq!(rotated.status, 200, "{rotated:?}");
        let again = acme.refresh(here, rotated.json()["refresh_token"].as_str().unwrap()).await;
        assert_eq!(again.status, 200, "{again:?}");
        let mut browser = Browser::default();
        let page = browser.get(here, &acme.authorize(&acme.authorization("app"))).await;
        let page = browser.follow(here, &page).await;
        assert_eq!(acme.sign_in(here, &mut browser, &page).await.status, 303, "{PASSWORD}");
        let assertion = client_secret_jwt(&acme.tenant.issuer, "signer", &jwt_secret);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", grantor_protocol::client_auth::JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        let signed = here.post(&acme.path("/token"), &form).await;
        assert_eq!(signed.status, 200, "{signed:?}");
    }
}

/// An assertion of a client that signs with its secret (OpenID Connect Core §9).
fn client_secret_jwt(issuer: &str, client_id: &str, secret: &str) -> String {
    use aws_lc_rs::hmac;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let now = crate::support::START.unix_microseconds() / 1_000_000;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + 60, "jti": "moved-1",
    });
    let signed = format!("{}.{}", part(json!({ "alg": "HS256" })), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

crate::on_both! {
    async fn what_was_altered_is_refused_without_a_trace(app: TestApp) {
        let origin = TestApp::sqlite().await;
        origin.acme().await;
        let file = origin.platform("platform-admin").await.export("acme").await;
        let lines = lines(&file);
        let here = app.elsewhere(TestDatabase::sqlite().await, [8; 32]).await;
        let admin = here.platform("platform-admin").await;
        let events = trail(&here, &here.system().await).await.len();

        for (file, words) in [
            ("", "it ends before its last line"),
            ("{}\n", "not an export"),
            ("not JSON\n", "not an export"),
            ("{\"format\":\"grantor-tenant\",\"version\":1}\n", "not an export"),
        ] {
            admin.expect_refusal(file, words).await;
        }
        admin.expect_refusal(file.replace("\"version\":1", "\"version\":2"), "newer version").await;
        let schema = file.replacen("\"schema\":\"0", "\"schema\":\"9", 1);
        admin.expect_refusal(schema, "newer version").await;
        for kept in [1, 2, lines.len() / 2, lines.len() - 1] {
            admin.expect_refusal(lines[..kept].concat(), "it ends before its last line").await;
        }
        admin.expect_refusal(&file.as_bytes()[..file.len() - 1], "it ends before its last line").await;
        admin.expect_refusal(format!("{file}{}", lines[1]), "altered").await;
        let mut swapped = lines.clone();
        swapped.swap(2, 3);
        admin.expect_refusal(swapped.concat(), "line 3 is not one of an export").await;
        let mut missing = lines.clone();
        missing.remove(lines.len() - 2);
        admin.expect_refusal(missing.concat(), "altered").await;
        let last = lines.len() - 1;
        for number in [1, 2, lines.len() - 2] {
            let mut altered = lines.clone();
            let position = altered[number].len() - 20;
            let letter = if altered[number].as_bytes()[position] == b'A' { "B" } else { "A" };
            altered[number].replace_range(position..=position, letter);
            admin.expect_refusal(altered.concat(), &format!("line {} is not", number + 1)).await;
        }
        let mut renamed = lines.clone();
        renamed[1] = renamed[1].replace("tenants", "users");
        admin.expect_refusal(renamed.concat(), "line 2 is not").await;
        let mut fewer = lines.clone();
        fewer[last] = fewer[last].replacen("\"rows\":", "\"rows\":1", 1);
        admin.expect_refusal(fewer.concat(), "altered").await;
        // The first line is bound as well: the tenant to the key, all of it to the last line.
        let other = lines[0].replace("t/acme", "t/evil");
        admin.expect_refusal([&[other][..], &lines[1..]].concat().concat(), "altered").await;

        let wrong = admin.import_with("another passphrase", "", file.as_str()).await;
        wrong.expect_problem(400, "invalid-request");
        assert!(wrong.json()["detail"].as_str().unwrap().contains("passphrase is not the one"), "{wrong:?}");
        for weak in ["", "too short"] {
            admin.import_with(weak, "", file.as_str()).await.expect_problem(400, "invalid-request");
        }
        admin.expect_refusal("x".repeat(100), "it ends").await;
        assert_eq!(trail(&here, &here.system().await).await.len(), events);
        assert_eq!(admin.import(&file).await.status, 201);
    }

    async fn another_issuer_has_to_be_asked_for(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        // Asking for the keys makes those that are missing.
        let keys = app.get("/t/acme/jwks").await.json();
        let file = admin.export("acme").await;
        // Even under another name it is here already.
        let query = "?as_slug=acme-2&accept_new_issuer=true";
        let same = admin.import_with(PASSPHRASE, query, file.as_str()).await;
        same.expect_problem(409, "taken");

        let here = app.elsewhere(TestDatabase::sqlite().await, [8; 32]).await;
        let admin = here.platform("platform-admin").await;
        let asked = admin.import_with(PASSPHRASE, "?as_slug=acme-2", file.as_str()).await;
        asked.expect_problem(400, "invalid-request");
        let detail = asked.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("https://id.example/t/acme,") && detail.contains("/t/acme-2:"), "{detail}");
        for slug in ["system", "import", "No"] {
            let query = format!("?as_slug={slug}&accept_new_issuer=true");
            let refused = admin.import_with(PASSPHRASE, &query, file.as_str()).await;
            refused.expect_problem(400, "invalid-request");
        }
        let moved = admin.import_with(PASSPHRASE, query, file.as_str()).await;
        assert_eq!(moved.created_at(), "/tenants/acme-2");
        assert_eq!(moved.json()["issuer"], "https://id.example/t/acme-2");
        assert_eq!(here.get("/t/acme/jwks").await.status, 404);
        assert_eq!(here.get("/t/acme-2/jwks").await.json(), keys);
    }

    async fn exports_are_asked_for_properly(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let export = async |document: Value| admin.post("/tenants/acme/export", &document).await;
        export(json!({})).await.expect_problem(400, "invalid-request");
        for weak in ["fourteen chars", " begins with a space", "has a tab\tinside of it", "\u{e4}\u{f6}\u{fc} not only ASCII"] {
            export(json!({ "passphrase": weak })).await.expect_invalid(&["/passphrase"]);
        }
        let system = admin.post("/tenants/system/export", &json!({ "passphrase": PASSPHRASE })).await;
        system.expect_problem(409, "protected");
        let before = trail(&app, &acme.tenant).await.len();
        // Owners take their own tenant with them, and nobody else's.
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        app.other().await;
        owner.export("acme").await;
        assert_eq!(trail(&app, &acme.tenant).await.len(), before + 1);
        let foreign = owner.post("/tenants/other/export", &json!({ "passphrase": PASSPHRASE })).await;
        foreign.expect_problem(404, "not-found");
        let tenant_admin = app.tenant_api(&acme.tenant, "tenant-admin").await;
        tenant_admin.post("/tenants/acme/export", &json!({ "passphrase": PASSPHRASE })).await
            .expect_problem(403, "forbidden");
    }

    /// Whoever has the passphrase can put anything into a file. What nobody could read afterwards is not
    /// served, and a hash that would take all memory is not even written.
    async fn what_would_break_the_platform_is_refused(app: TestApp) {
        const HASH: &str = "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA";
        let origin = TestApp::sqlite().await;
        let acme = origin.acme().await;
        let admin = app.platform("platform-admin").await;
        let of = format!("tenant_id = (SELECT id FROM tenants WHERE slug = '{}')", acme.tenant.slug);
        let owner = origin.platform("platform-admin").await;
        let file = owner.export("acme").await;

        let password = format!("UPDATE users SET password = '{HASH}' WHERE {of}");
        origin.execute(&password).await;
        let mut browser = Browser::default();
        let page = browser.get(&origin, &acme.authorize(&acme.authorization("app"))).await;
        let page = browser.follow(&origin, &page).await;
        assert_eq!(acme.sign_in(&origin, &mut browser, &page).await.status, 422, "nothing matches it");
        admin.expect_refusal(owner.export("acme").await, "users.password").await;
        origin.execute(&format!("UPDATE users SET password = NULL WHERE {of}")).await;

        for (table, column, wrong) in [
            ("tenant_counts", "count", "9223372036854775807"),
            ("signing_keys", "state", "'x'"),
            ("audit_events", "kind", "'x'"),
        ] {
            origin.execute(&format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {of}")).await;
            origin.execute(&format!("UPDATE {table} SET {column} = {wrong} WHERE {of}")).await;
            admin.expect_undone(&owner.export("acme").await, &format!("{table}.{column}")).await;
            let again =
                format!("DELETE FROM {table} WHERE {of}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept");
            origin.execute(&again).await;
        }
        assert_eq!(admin.import(&file).await.status, 201);
    }

    /// They are the platform's to choose, and every platform chooses its own.
    async fn quotas_and_limits_stay_behind(app: TestApp) {
        let origin = TestApp::sqlite().await;
        origin.acme().await;
        let there = origin.platform("platform-admin").await;
        let limits = json!({ "settings": {
            "quotas": { "users": 1, "clients": 1 },
            "rate_limits": { "token": { "requests": 5, "per": "minute", "burst": 7 } },
            "audit_retention": 30,
        } });
        let patched = there.patch("/tenants/acme", &limits).await;
        assert_eq!(patched.status, 200, "{patched:?}");
        there.post("/tenants/acme/users", &json!({ "username": "second" })).await.expect_problem(409, "quota-exceeded");
        let admin = app.platform("platform-admin").await;
        let settings = admin.import(&there.export("acme").await).await.document(201)["settings"].clone();
        let defaults = admin.post("/tenants", &json!({ "slug": "fresh", "name": "Fresh" })).await.document(201);
        for member in ["quotas", "rate_limits"] {
            assert_eq!(settings[member], defaults["settings"][member], "{member}");
        }
        assert_eq!(settings["audit_retention"], 30);
        assert_eq!(admin.post("/tenants/acme/users", &json!({ "username": "second" })).await.status, 201);
    }

    /// A file proves nothing of a domain, and no issuer but the server's own.
    async fn domains_have_to_be_verified_anew(app: TestApp) {
        const PATH: &str = "/tenants/acme/domains/login.acme.example";
        let origin = app.elsewhere(TestDatabase::sqlite().await, [8; 32]).await;
        let acme = origin.acme().await;
        let there = origin.platform("platform-admin").await;
        let (value, record) = (domains::add(&there, PATH).await, "_grantor-challenge.login.acme.example");
        origin.names.publish(record, &[&value]);
        assert_eq!(there.post(&format!("{PATH}/verify"), &json!({})).await.status, 200);
        assert_eq!(there.patch(PATH, &json!({ "primary": true })).await.status, 200);
        let file = there.export("acme").await;
        let admin = app.platform("platform-admin").await;
        admin.expect_refusal(file.as_str(), "its issuer is https://login.acme.example, here it would be https://id.example/t/acme:").await;
        let accepted = async |file: &str| {
            admin.import_with(PASSPHRASE, "?accept_new_issuer=true", file).await.document(201)["issuer"].clone()
        };
        assert_eq!(accepted(&file).await, acme.tenant.issuer);
        let arrived = admin.get(PATH).await.document(200);
        assert_eq!((&arrived["state"], &arrived["primary"]), (&json!("pending"), &json!(false)));
        assert_ne!(arrived["challenge"]["value"], value.as_str());
        // What was published for somebody else proves nothing here: everybody can read it.
        app.names.publish(record, &[&value]);
        let verified = admin.post(&format!("{PATH}/verify"), &json!({})).await;
        verified.expect_problem(409, "domain-not-verified");

        let here = TestApp::sqlite().await;
        let admin = here.platform("platform-admin").await;
        origin.execute("UPDATE tenants SET domain = 'id.example/t/victim' WHERE slug = 'acme'").await;
        let hijack = there.export("acme").await;
        admin.expect_refusal(hijack.as_str(), "its issuer is https://id.example/t/victim,").await;
        let refused = admin.import_with_domains(&hijack).await;
        assert!(refused.unwrap_err().to_string().contains("a domain that is not verified"));
        origin.execute("UPDATE domains SET domain = 'id.example/t/victim'").await;
        let malformed = there.export("acme").await;
        let query = "?accept_new_issuer=true";
        admin.import_with(PASSPHRASE, query, malformed.as_str()).await.expect_problem(400, "invalid-request");
        let refused = admin.import_with_domains(&malformed).await;
        assert!(refused.unwrap_err().to_string().contains("the domain \"id.example/t/victim\""));
        let imported = admin.import_with(PASSPHRASE, query, hijack.as_str()).await.document(201);
        assert_eq!(imported["issuer"], acme.tenant.issuer);
    }

    /// Whoever has the database can say that the domains are the tenant's.
    async fn domains_can_be_kept_by_the_operator(app: TestApp) {
        const PATH: &str = "/tenants/acme/domains/login.acme.example";
        let origin = TestApp::sqlite().await;
        origin.acme().await;
        let there = origin.platform("platform-admin").await;
        domains::verified(&origin, &there, PATH).await;
        assert_eq!(there.patch(PATH, &json!({ "primary": true })).await.status, 200);
        let admin = app.platform("platform-admin").await;
        let file = there.export("acme").await;
        assert_eq!(admin.import_with_domains(&file).await.unwrap(), "https://login.acme.example");
        let kept = admin.get(PATH).await.document(200);
        assert_eq!((&kept["state"], &kept["primary"]), (&json!("verified"), &json!(true)));
        assert_eq!(admin.export("acme").await, file);

        let here = app.elsewhere(TestDatabase::sqlite().await, [8; 32]).await;
        let admin = here.platform("platform-admin").await;
        origin.execute("UPDATE domains SET verified_at = NULL").await;
        let refused = admin.import_with_domains(&there.export("acme").await).await;
        assert!(matches!(refused, Err(TransferError::Refused(_))), "{refused:?}");
        assert_eq!(admin.get("/tenants/acme").await.status, 404);
    }

    /// A file takes a place until it has left or nobody reads it any more.
    async fn a_tenant_is_exported_once_at_a_time(app: TestApp) {
        app.acme().await;
        app.other().await;
        let admin = app.platform("platform-admin").await;
        let begin = async |slug: &str| {
            let request = request(Method::POST, &format!("/admin/v1/tenants/{slug}/export"))
                .header(header::AUTHORIZATION, format!("Bearer {}", admin.token))
                .content_type("application/json")
                .body(json!({ "passphrase": PASSPHRASE }).to_string());
            let response = app.respond(request).await;
            assert_eq!(response.status(), 200);
            response
        };
        let export = async |slug: &str| {
            admin.post(&format!("/tenants/{slug}/export"), &json!({ "passphrase": PASSPHRASE })).await
        };
        let unread = begin("acme").await;
        let busy = export("acme").await;
        busy.expect_problem(503, "busy");
        assert!(busy.header("retry-after").is_some(), "{busy:?}");
        let other = begin("other").await;
        export("acme").await.expect_problem(503, "busy");
        admin.import("{}").await.expect_problem(503, "busy");
        drop(unread);
        // Who has read it all makes room, too.
        for _ in 0..2 {
            admin.export("acme").await;
        }
        export("other").await.expect_problem(503, "busy");
        drop(other);
        admin.export("other").await;
    }
}
