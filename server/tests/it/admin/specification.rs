//! What the description says is complete, and its examples are what the server takes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use poem::http::Method;
use serde_json::{Map, Value, json};

use crate::support::TestApp;

/// The API's description. It is long: read once for all tests.
pub fn specification() -> &'static Value {
    static SPECIFICATION: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(grantor::http::admin::specification()).unwrap());
    &SPECIFICATION
}

fn operations(specification: &Value) -> Vec<(String, &str, &Value)> {
    let mut found = vec![];
    for (path, methods) in specification["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            found.push((path.clone(), method.as_str(), operation));
        }
    }
    found
}

/// The media types of a body or an answer.
fn content(holder: &Value) -> impl Iterator<Item = (&String, &Value)> {
    holder["content"].as_object().into_iter().flat_map(Map::iter)
}

pub fn is_json(media_type: &str) -> bool {
    media_type.ends_with("/json") || media_type.ends_with("+json")
}

#[test]
fn every_operation_is_described_with_examples() {
    let specification = specification();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(specification) {
        let name = format!("{method} {path}");
        let is_told = |member: &str| operation[member].as_str().is_some_and(|text| !text.trim().is_empty());
        assert!(is_told("summary"), "{name} has no summary");
        assert!(
            names.insert(operation["operationId"].as_str().unwrap_or_else(|| panic!("{name}"))),
            "{name}"
        );
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        // Reading and patching are what their summaries say.
        assert!(is_told("description") || ["get", "patch"].contains(&method), "{name} has no description");
        for (media_type, body) in content(&operation["requestBody"]) {
            assert!(
                !is_json(media_type) || body["example"].is_object(),
                "{name}: no example of {media_type}"
            );
        }
        let mut errors = 0;
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
            for (media_type, answer) in content(response) {
                assert!(!is_json(media_type) || answer["example"].is_object(), "{name} {status}: no example");
                if !status.starts_with('2') {
                    errors += 1;
                    assert_eq!(media_type, "application/problem+json", "{name} {status}");
                    assert_eq!(answer["example"]["status"].to_string(), *status, "{name}");
                }
            }
        }
        assert!(errors > 0, "{name} describes no error");
    }
}

#[test]
fn every_schema_and_member_is_described() {
    let specification = specification();
    let mut silent = vec![];
    for (name, schema) in specification["components"]["schemas"].as_object().unwrap() {
        let is_told = |value: &Value| value["description"].as_str().is_some_and(|text| !text.is_empty());
        if !is_told(schema) {
            silent.push(name.clone());
        }
        for (member, property) in schema["properties"].as_object().into_iter().flatten() {
            if !is_told(property) {
                silent.push(format!("{name}.{member}"));
            }
        }
    }
    assert!(silent.is_empty(), "say what these are: {silent:?}");
}

crate::on_both! {
    async fn what_the_examples_ask_for_is_made(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let specification = specification();
        // Whom the example of a role's assignment names.
        let shop = json!({ "redirect_uris": ["https://shop.acme.example/callback"] });
        assert_eq!(admin.put("/tenants/system/clients/shop", &shop).await.status, 201);
        let mut made = 0;
        for (path, method, operation) in operations(specification) {
            // Whatever has other parameters needs what is not there yet.
            let path = path.replace("{tenant}", "acme");
            let example = content(&operation["requestBody"]).find(|(media_type, _)| is_json(media_type)).map(|(_, body)| &body["example"]);
            let is_collection = operation["responses"]["201"].is_object() && !path.contains('{');
            if let (true, "post", Some(example)) = (is_collection, method, example) {
                admin.send(Method::POST, &path, &[], Some(example)).await.document(201);
                made += 1;
            }
        }
        assert!(made >= 11, "only {made}");
    }

    async fn the_reader_shows_every_operation_without_a_script(app: TestApp) {
        let page = app.get("/admin/docs").await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        let specification = specification();
        for (path, _, operation) in operations(specification) {
            let id = operation["operationId"].as_str().unwrap();
            assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}");
            assert!(page.body.contains(&path), "{path}");
        }
        for forbidden in ["<script", "style=\"", "//cdn", "@import"] {
            assert!(!page.body.contains(forbidden), "{forbidden}");
        }
        let found = app.get("/admin/docs?q=create+tenant").await.body;
        assert!(found.contains("id=\"create_tenant\"") && !found.contains("id=\"delete_user\""));
        let none = app.get("/admin/docs?q=%3Cscript%3E").await.body;
        assert!(!none.contains("<script") && none.contains("Nothing has"));
    }
}
