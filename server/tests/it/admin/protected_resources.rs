use serde_json::{Value, json};

use super::trail;
use crate::support::{PUBLIC_URL, TestApp};

const RESOURCES: &str = "/tenants/acme/resources";
const PATH: &str = "/tenants/acme/resources/https%3A%2F%2Fapi.example%2Fv1%3Fa%3Db";

fn notes() -> Value {
    json!({
        "identifier": "https://api.example/v1?a=b",
        "name": "Notes",
        "scopes": [{ "name": "notes:read", "description": "read your notes" }],
    })
}

crate::on_both! {
    async fn a_resources_life(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let created = admin.post(RESOURCES, &notes()).await;
        assert_eq!(created.created_at(), PATH);
        let document = created.document(201);
        assert_eq!((&document["access_token_format"], &document["version"]), (&json!("jwt"), &json!(1)));
        admin.post(RESOURCES, &notes()).await.expect_problem(409, "taken");
        assert_eq!(admin.get(PATH).await.document(200), document);

        // Configuration as code: the same again changes nothing.
        app.clock.advance(1);
        assert_eq!(admin.put(PATH, &notes()).await.etag(), created.etag());
        assert_eq!(admin.put(PATH, &document).await.etag(), created.etag());
        let patched = admin.patch(PATH, &json!({ "access_token_format": "opaque", "name": null })).await;
        assert_eq!((&patched.document(200)["name"], &patched.document(200)["scopes"]), (&json!(""), &document["scopes"]));
        let stale = [("If-Match", created.etag())];
        let stale: Vec<_> = stale.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let put = admin.send(poem::http::Method::PUT, PATH, &stale, Some(&notes())).await;
        put.expect_problem(412, "precondition-failed");
        let replaced = admin.put(PATH, &json!({})).await.document(200);
        assert_eq!((&replaced["scopes"], &replaced["access_token_format"]), (&json!([]), &json!("jwt")));

        admin.send(poem::http::Method::DELETE, PATH, &stale, None).await.expect_problem(412, "precondition-failed");
        assert_eq!(admin.delete(PATH).await.status, 204);
        admin.get(PATH).await.expect_problem(404, "not-found");
        admin.delete(PATH).await.expect_problem(404, "not-found");
        admin.patch(PATH, &json!({})).await.expect_problem(404, "not-found");
        let kinds = trail(&app, &acme.tenant).await;
        let of_resources = kinds.iter().filter(|(kind, target, _)| kind == "resource.changed" && target == "https://api.example/v1?a=b");
        assert_eq!(of_resources.count(), 4);
        // Another one of the same name is another one.
        let again = admin.put(PATH, &json!({})).await;
        assert_eq!(again.created_at(), PATH);
        assert_ne!(again.etag(), created.etag());
    }

    async fn what_cannot_be_is_named(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let admin_api = format!("{PUBLIC_URL}/admin/v1");
        for identifier in
            ["", "x", "http://api.example", "https://api.example/#a", "https://caf\u{e9}.example", &acme.tenant.issuer, &admin_api]
        {
            let refused = admin.post(RESOURCES, &json!({ "identifier": identifier })).await;
            refused.expect_invalid(&["/identifier"]);
        }
        for (change, pointers) in [
            (json!({ "name": "a\nb" }), &["/name"][..]),
            (json!({ "named": "a" }), &["/named"]),
            (json!({ "access_token_format": "saml" }), &["/access_token_format"]),
            (json!({ "identifier": "https://other.example" }), &["/identifier"]),
            (json!({ "scopes": [{ "name": "openid", "description": "x" }] }), &["/scopes/0/name"]),
            (json!({ "scopes": [{ "name": "a b", "description": "" }] }), &["/scopes/0/name", "/scopes/0/description"]),
            (
                json!({ "scopes": [{ "name": "a", "description": "x" }, { "name": "a", "description": "x" }] }),
                &["/scopes/1/name"],
            ),
        ] {
            admin.put(PATH, &change).await.expect_invalid(pointers);
        }
        let too_many: Vec<_> = (0..201).map(|n| json!({ "name": n.to_string(), "description": "x" })).collect();
        admin.put(PATH, &json!({ "scopes": too_many })).await.expect_invalid(&["/scopes"]);
        for segment in ["%00", "x", "https%3A%2F%2Fa.example%2F%00"] {
            let path = format!("{RESOURCES}/{segment}");
            admin.get(&path).await.expect_problem(404, "not-found");
            admin.put(&path, &json!({})).await.expect_invalid(&["/identifier"]);
        }
        assert_eq!(admin.get(RESOURCES).await.document(200)["items"], json!([]));
    }

    async fn pages_and_their_end(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        for number in 0..200 {
            let document = json!({ "identifier": format!("urn:example:{number:03}"), "name": format!("N{number}") });
            assert_eq!(admin.post(RESOURCES, &document).await.status, 201);
        }
        let more = json!({ "identifier": "urn:example:more" });
        admin.post(RESOURCES, &more).await.expect_invalid(&["/identifier"]);
        let mut seen = vec![];
        let mut path = format!("{RESOURCES}?limit=90");
        loop {
            let page = admin.get(&path).await.document(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["identifier"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{RESOURCES}?limit=90&cursor={next}");
        }
        let expected: Vec<_> = (0..200).map(|number| json!(format!("urn:example:{number:03}"))).collect();
        assert_eq!(seen, expected);
        let found = admin.get(&format!("{RESOURCES}?q=n19&limit=200")).await.document(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 11);
        let found = admin.get(&format!("{RESOURCES}?q=URN:example:19&limit=200")).await.document(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 10);
    }
}
