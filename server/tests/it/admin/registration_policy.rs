//! The registration policy: one truth, and two ways to it.

use futures_util::future::join_all;
use poem::http::Method;
use serde_json::{Value, json};

use super::roles::holder;
use super::trail;
use crate::support::TestApp;

const POLICY: &str = "/tenants/acme/registration-policy";
const TENANT: &str = "/tenants/acme";

fn vendor(name: &str) -> Value {
    json!({ "issuer": name, "jwks_uri": "https://vendor.example/jwks" })
}

/// What the tenant's document says of the policy.
fn settings(policy: &Value) -> Value {
    json!({ "settings": { "registration": policy } })
}

crate::on_both! {
    /// What is written on one way is read on both, with one version and one entry in the trail.
    async fn both_ways_agree(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let patch = json!({ "mode": "open", "trusted_software_statement_issuers": [vendor("v")] });
        let mut details = vec![];
        for (path, document) in [(POLICY, patch.clone()), (TENANT, settings(&patch))] {
            let answer = admin.patch(path, &document).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let (policy, tenant) = (admin.get(POLICY).await, admin.get(TENANT).await);
            assert_eq!(policy.document(200), tenant.document(200)["settings"]["registration"]);
            assert_eq!(policy.document(200)["trusted_software_statement_issuers"], json!([vendor("v")]));
            let etags = [&policy, &tenant, &answer].map(|answer| answer.header("etag").unwrap().to_owned());
            assert!(etags[0] == etags[1] && etags[1] == etags[2], "{etags:?}");
            details.push(trail(&app, &acme.tenant).await.pop().unwrap());
            let put = admin.put(POLICY, &json!({})).await;
            assert_eq!((put.status.as_u16(), put.json().get("mode")), (200, None), "{put:?}");
        }
        assert_eq!(details[0], details[1]);
        let (kind, target, detail) = &details[0];
        assert_eq!((kind.as_str(), target.as_str()), ("tenant.changed", "acme"));
        assert_eq!(detail["before"]["settings"]["registration"].get("mode"), None);
        assert_eq!(detail["after"]["settings"]["registration"]["mode"], "open");

        // A stale version is one on either way, and what changes nothing leaves nothing.
        let etag = admin.get(POLICY).await.header("etag").unwrap().to_owned();
        let before = trail(&app, &acme.tenant).await.len();
        assert_eq!(admin.put(POLICY, &json!({})).await.header("etag"), Some(etag.as_str()));
        assert_eq!(trail(&app, &acme.tenant).await.len(), before);
        admin.patch(TENANT, &json!({ "name": "Acme 2" })).await.document(200);
        let if_match = [("if-match", etag.as_str())];
        for method in [Method::PUT, Method::PATCH] {
            let stale = admin.send(method, POLICY, &if_match, Some(&json!({ "mode": "open" }))).await;
            stale.expect_problem(412, "precondition-failed");
        }
        assert_eq!(admin.get(POLICY).await.document(200).get("mode"), None);
        assert_eq!(admin.get(TENANT).await.document(200)["name"], "Acme 2", "the rest of the tenant stays");
    }

    /// A change counts for the next registration.
    async fn a_policy_counts_at_once(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let document = json!({ "redirect_uris": ["https://shop.example/cb"] });
        acme.register(&app, None, &document).await.expect_error(400, "access_denied");
        admin.patch(POLICY, &json!({ "mode": "open" })).await.document(200);
        assert_eq!(acme.register(&app, None, &document).await.status, 201);
        let required = json!({ "software_statement": "required", "trusted_software_statement_issuers": [vendor("v")] });
        admin.patch(POLICY, &required).await.document(200);
        acme.register(&app, None, &document).await.expect_error(400, "unapproved_software_statement");
    }

    /// Both ways refuse the same and say where.
    async fn what_is_no_policy(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let private = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] });
        let trusted = |issuers: Value| json!({ "trusted_software_statement_issuers": issuers });
        let many: Vec<_> = (0..17).map(|number| vendor(&format!("v{number}"))).collect();
        let issuers = "/trusted_software_statement_issuers";
        for (patch, pointer) in [
            (json!({ "scope": "a\"b" }), "/scope".to_owned()),
            (json!({ "redirect_uri_hosts": ["a.example", "B"] }), "/redirect_uri_hosts/1".to_owned()),
            (json!({ "unused_lifetime": 1 }), "/unused_lifetime".to_owned()),
            (json!({ "mode": "ajar" }), "/mode".to_owned()),
            (json!({ "software_statement": "required" }), "/software_statement".to_owned()),
            (json!({ "software_statement": "forbidden" }), "/software_statement".to_owned()),
            (json!({ "unheard_of": 1 }), "/unheard_of".to_owned()),
            (trusted(json!(many)), issuers.to_owned()),
            (trusted(json!([vendor("v"), vendor("v")])), format!("{issuers}/1/issuer")),
            (trusted(json!([vendor("")])), format!("{issuers}/0/issuer")),
            (trusted(json!([vendor("a\u{0}")])), format!("{issuers}/0/issuer")),
            (trusted(json!([vendor(&"a".repeat(2049))])), format!("{issuers}/0/issuer")),
            (trusted(json!([{ "jwks_uri": "https://v.example" }])), format!("{issuers}/0/issuer")),
            (trusted(json!([{ "issuer": "v" }])), format!("{issuers}/0/jwks")),
            (trusted(json!([{ "issuer": "v", "jwks": { "keys": [] } }])), format!("{issuers}/0/jwks")),
            (trusted(json!([{ "issuer": "v", "jwks": private }])), format!("{issuers}/0/jwks")),
            (trusted(json!([{ "issuer": "v", "jwks": { "keys": [{ "kid": "\u{0}" }] } }])), format!("{issuers}/0/jwks/keys/0/kid")),
            (trusted(json!([{ "issuer": "v", "jwks_uri": "http://a.example/" }])), format!("{issuers}/0/jwks_uri")),
            (trusted(json!([{ "issuer": "v", "jwks_uri": "https://a.example:22/" }])), format!("{issuers}/0/jwks_uri")),
            (
                trusted(json!([{ "issuer": "v", "jwks_uri": "https://v.example/", "jwks": { "keys": [] } }])),
                format!("{issuers}/0/jwks_uri"),
            ),
            (trusted(json!([{ "issuer": "v", "jwks_uri": "https://v.example/", "secret": 1 }])), format!("{issuers}/0/secret")),
        ] {
            admin.patch(POLICY, &patch).await.expect_invalid(&[&pointer]);
            admin.put(POLICY, &patch).await.expect_invalid(&[&pointer]);
            let of_the_tenant = format!("/settings/registration{pointer}");
            admin.patch(TENANT, &settings(&patch)).await.expect_invalid(&[&of_the_tenant]);
        }
        admin.patch(POLICY, &trusted(json!(many[..16]))).await.document(200);
    }

    /// The right to the policy is needed, and is enough, on its own way; on the tenant's it takes both.
    async fn who_may_change_it(app: TestApp) {
        let acme = app.acme().await;
        let open = json!({ "mode": "open" });
        for (name, permissions, own, by_tenant) in [
            ("keeper", &[("registration-policy", "*")][..], 200, 404),
            ("clerk", &[("tenant", "read"), ("tenant", "update")][..], 404, 403),
            ("reader", &[("tenant", "update"), ("registration-policy", "read")][..], 403, 403),
            ("both", &[("tenant", "*"), ("registration-policy", "update")][..], 200, 200),
        ] {
            let api = holder(&app, &acme.tenant, name, permissions).await;
            assert_eq!(api.put(POLICY, &open).await.status, own, "{name}");
            let refused = api.patch(TENANT, &settings(&json!({ "mode": "closed" }))).await;
            assert_eq!(refused.status, by_tenant, "{name}: {refused:?}");
            if by_tenant == 403 {
                assert_eq!(refused.json()["errors"][0]["pointer"], "/settings/registration");
                // The rest of the tenant is theirs to change, the policy as it is included.
                let held = app.platform("platform-auditor").await.get(TENANT).await.document(200);
                let kept = json!({ "name": name, "settings": held["settings"] });
                assert_eq!(api.patch(TENANT, &kept).await.document(200)["name"], name);
            }
        }
        for (role, status) in [("client-manager", 403), ("auditor", 403), ("user-manager", 404), ("tenant-admin", 200)] {
            let api = app.tenant_api(&acme.tenant, role).await;
            for method in [Method::PUT, Method::PATCH] {
                assert_eq!(api.send(method, POLICY, &[], Some(&open)).await.status, status, "{role}");
            }
            let read = if status == 404 { 404 } else { 200 };
            assert_eq!(api.get(POLICY).await.status, read, "{role}");
        }
    }

    /// A profile says who may register where the policy does not.
    async fn a_profile_changes_the_policy_too(app: TestApp) {
        let acme = app.acme().await;
        let clerk = holder(&app, &acme.tenant, "clerk", &[("tenant", "read"), ("tenant", "update")]).await;
        let mcp = json!({ "settings": { "profile": "mcp" } });
        let refused = clerk.patch(TENANT, &mcp).await;
        refused.expect_problem(403, "forbidden");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/settings/registration");
        let admin = app.platform("platform-admin").await;
        let said = json!({ "mode": "closed", "client_id_metadata_documents": false });
        admin.patch(TENANT, &settings(&said)).await.document(200);
        clerk.patch(TENANT, &mcp).await.document(200);
    }

    async fn lists_are_as_long_as_described(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let hosts: Vec<_> = (0..201).map(|number| format!("h{number}.example")).collect();
        let resources: Vec<_> = (0..65).map(|number| format!("https://r{number}.example")).collect();
        for (policy, pointer) in [
            (json!({ "trusted_hosts": hosts }), "/trusted_hosts"),
            (json!({ "redirect_uri_hosts": hosts }), "/redirect_uri_hosts"),
            (json!({ "resources": resources }), "/resources"),
        ] {
            admin.patch(POLICY, &policy).await.expect_invalid(&[pointer]);
        }
    }

    /// Whoever changes the tenant on the other way at the same time loses nothing.
    async fn changes_at_a_time_all_stand(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let changes = [
            (POLICY, json!({ "mode": "open" })),
            (TENANT, settings(&json!({ "scope": "openid" }))),
            (POLICY, json!({ "loopback_redirect_uris": false })),
            (TENANT, json!({ "name": "At once" })),
        ];
        for answer in join_all(changes.iter().map(|(path, patch)| admin.patch(path, patch))).await {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let tenant = admin.get(TENANT).await.document(200);
        let policy = &tenant["settings"]["registration"];
        assert_eq!((&tenant["name"], &policy["mode"], &policy["scope"]), (&json!("At once"), &json!("open"), &json!("openid")));
        assert_eq!((&policy["loopback_redirect_uris"], &tenant["version"]), (&json!(false), &json!(5)));
    }
}
