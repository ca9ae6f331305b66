//! What holds for every operation.

use std::collections::BTreeSet;

use poem::http::{Method, header};
use serde_json::{Value, json};

use super::specification::specification;
use crate::support::{TestApp, request};

/// CI's check that what is committed is what the program says.
#[test]
fn the_committed_description_is_current() {
    let committed = include_str!("../../../../openapi/admin.json");
    assert!(
        committed == grantor::http::admin::specification(),
        "run `grantor openapi` and commit the result"
    );
}

#[test]
fn every_operation_describes_its_errors_and_credentials() {
    let specification = specification();
    for (path, methods) in specification["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{name}");
            let schemes: Vec<_> = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|one| one.as_object().unwrap().keys())
                .collect();
            assert_eq!(schemes, ["access_token", "console_session"], "{name}");
            let described: BTreeSet<_> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let mut expected = BTreeSet::from(["400", "401", "403", "404", "500", "503"]);
            if method != "get" {
                expected.extend(["409", "412"]);
            }
            if operation["requestBody"].is_object() {
                expected.extend(["413", "415"]);
            }
            assert!(described.is_superset(&expected), "{name}: {described:?}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{name}: {parameter}");
            }
        }
    }
}

crate::on_both! {
    async fn the_description_is_served(app: TestApp) {
        let answer = app.get("/admin/v1/openapi.json").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, grantor::http::admin::specification());
    }

    async fn whatever_is_refused_is_a_problem_document(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let post = async |content_type: &str, body: &str| {
            let request = request(Method::POST, "/admin/v1/tenants")
                .header(header::AUTHORIZATION, format!("Bearer {}", admin.token))
                .header(header::CONTENT_TYPE, content_type);
            app.send(request.body(body.to_owned())).await
        };
        admin.get("/nowhere").await.expect_problem(404, "not-found");
        admin.send(Method::DELETE, "/tenants", &[], None).await.expect_problem(405, "method-not-allowed");
        post("text/plain", "{}").await.expect_problem(415, "unsupported-media-type");
        post("application/merge-patch+json", "{}").await.expect_problem(415, "unsupported-media-type");
        post("application/json", "{").await.expect_problem(400, "invalid-request");
        post("application/json", "").await.expect_problem(400, "invalid-request");
        post("application/json", "[]").await.expect_problem(400, "invalid-request");
        post("application/json", "\"text\"").await.expect_problem(400, "invalid-request");
        post("application/json", &"[".repeat(1000)).await.expect_problem(400, "invalid-request");
        post("application/json", &" ".repeat(256 * 1024 + 1)).await.expect_problem(413, "too-large");
        admin.get("/tenants?limit=0").await.expect_problem(400, "invalid-request");
        admin.get("/tenants?limit=201").await.expect_problem(400, "invalid-request");
        admin.get("/tenants?limit=x").await.expect_problem(400, "invalid-request");
        admin.get("/tenants?cursor=!").await.expect_problem(400, "invalid-request");
    }

    /// NUL is no text to PostgreSQL.
    async fn nul_characters_are_no_fault_of_ours(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        for path in ["/tenants/%00", "/tenants/a%00/users", "/tenants/acme/clients/%00", "/tenants/acme/users/%00"] {
            admin.get(path).await.expect_problem(404, "not-found");
        }
        for path in ["/tenants?q=%00", "/tenants/acme/users?q=a%00b", "/tenants/acme/clients?q=%00"] {
            admin.get(path).await.expect_problem(400, "invalid-request");
        }
        let put = async |path: &str, document: Value| admin.put(path, &document).await.expect_problem(400, "invalid-request");
        put("/tenants/%00", json!({ "name": "x" })).await;
        put("/tenants/fresh", json!({ "name": "a\u{0}b" })).await;
        put("/tenants/acme/clients/%00", json!({ "grant_types": [] })).await;
        put("/tenants/acme/clients/x", json!({ "grant_types": [], "jwks": { "keys": [{ "kty": "\u{0}" }] } })).await;
        put("/tenants/acme/clients/x", json!({ "grant_types": [], "tos_uri": "https://a.example/#\u{0}" })).await;
        put("/tenants/acme/clients/x", json!({ "grant_types": [], "contacts": ["a@\u{0}"] })).await;
        put("/tenants/acme/users/%00", json!({ "username": "x" })).await;
        let user = "/tenants/acme/users/0198c5a0-0000-7000-8000-00000000000a";
        put(user, json!({ "username": "a\u{0}b" })).await;
        put(user, json!({ "username": "x", "email": "a\u{0}@b" })).await;
        put(user, json!({ "username": "x", "profile": { "locale": "\u{0}" } })).await;
    }

    async fn a_patch_may_say_what_it_is(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        app.acme().await;
        let request = request(Method::PATCH, "/admin/v1/tenants/acme")
            .header(header::AUTHORIZATION, format!("Bearer {}", admin.token))
            .header(header::CONTENT_TYPE, "application/merge-patch+json; charset=utf-8");
        let answer = app.send(request.body(r#"{"name":"Acme 2"}"#)).await;
        assert_eq!(answer.document(200)["name"], "Acme 2");
    }

    /// Whoever changes another member at the same time loses nothing.
    async fn simultaneous_patches_all_stand(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        app.acme().await;
        let path = "/tenants/acme/clients/web";
        let patches = [
            json!({ "client_name": "At once" }),
            json!({ "client_uri": "https://a.example" }),
            json!({ "tos_uri": "https://a.example/tos" }),
            json!({ "default_max_age": 60 }),
        ];
        let answers = patches.iter().map(|patch| admin.patch(path, patch));
        for answer in futures_util::future::join_all(answers).await {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let client = admin.get(path).await.document(200);
        for patch in patches {
            for (name, value) in patch.as_object().unwrap() {
                assert_eq!(client[name], *value);
            }
        }
        assert_eq!(client["version"], 5);
    }

    /// A page goes on where the one before ended, whatever came and went since.
    async fn pages_survive_changes(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        app.acme().await;
        let path = "/tenants/acme/clients";
        for number in 0..7 {
            app.clock.advance(1);
            let document = json!({ "client_name": "Paged", "redirect_uris": ["https://c.example/cb"] });
            assert_eq!(admin.put(&format!("{path}/paged-{number}"), &document).await.status, 201);
        }
        let first = admin.get(&format!("{path}?limit=3&q=paged-")).await.document(200);
        assert_eq!(ids(&first), ["paged-0", "paged-1", "paged-2"]);
        // The last one of the page goes, one before it and one after it too, and a new one comes.
        for number in [2, 0, 4] {
            assert_eq!(admin.delete(&format!("{path}/paged-{number}")).await.status, 204);
        }
        app.clock.advance(1);
        let document = json!({ "redirect_uris": ["https://c.example/cb"] });
        assert_eq!(admin.put(&format!("{path}/paged-new"), &document).await.status, 201);
        let mut found = vec![];
        let mut next = first["next"].as_str().map(str::to_owned);
        while let Some(cursor) = next {
            let page = admin.get(&format!("{path}?limit=2&q=PAGED-&cursor={cursor}")).await.document(200);
            assert!(ids(&page).len() <= 2);
            found.extend(ids(&page));
            next = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(found, ["paged-3", "paged-5", "paged-6", "paged-new"]);
        let by_name = admin.get(&format!("{path}?q=pag")).await.document(200);
        assert_eq!(ids(&by_name), ["paged-1", "paged-3", "paged-5", "paged-6", "paged-new"]);
        assert_eq!(admin.get(&format!("{path}?q=%25")).await.document(200)["items"], json!([]));
    }

    /// The bounds in the description are those that are kept.
    async fn the_described_bounds_are_true(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        app.acme().await;
        let specification = specification();
        let lifetimes = specification["components"]["schemas"]["Lifetimes"]["properties"].as_object().unwrap();
        assert_eq!(lifetimes.len(), 12);
        for (name, schema) in lifetimes {
            let [least, most] = ["minimum", "maximum"].map(|bound| schema[bound].as_f64().unwrap() as i64);
            for (seconds, taken) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
                let mut changed = json!({ name: seconds });
                // The two of refresh tokens bound each other.
                if name == "refresh_token_idle" {
                    changed["refresh_token_absolute"] = json!(157_680_000);
                } else if name == "refresh_token_absolute" {
                    changed["refresh_token_idle"] = json!(300);
                }
                let answer = admin.patch("/tenants/acme", &json!({ "settings": { "lifetimes": changed } })).await;
                assert_eq!(answer.status == 200, taken, "{name} {seconds}: {answer:?}");
                if !taken {
                    answer.expect_invalid(&[&format!("/settings/lifetimes/{name}")]);
                }
            }
        }
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["client_id"].as_str().unwrap().to_owned())
        .collect()
}
