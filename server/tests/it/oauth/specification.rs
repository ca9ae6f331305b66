//! `openapi/oauth.json` says what the router does and what the rules read.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use grantor::http::oauth_specification::{ENDPOINTS, specification};
use grantor::http::{Metrics, offered};
use grantor_protocol::logout;
use serde_json::Value;

use crate::support::TestApp;

/// Names of routes that are for people and for the console, and no part of the protocol.
const PAGES: [&str; 14] = [
    "login",
    "consent",
    "activate",
    "logo",
    "account",
    "recover",
    "invitation",
    "verify",
    "magic_link",
    "theme",
    "tenant_logo",
    "setup",
    "console",
    "docs",
];

/// Which endpoints the rules of a file are for; those of the others are for some endpoint.
const RULES: [(&str, &[&str]); 6] = [
    ("src/authorize/", &["authorize"]),
    ("src/token/", &["token"]),
    (
        "src/client_auth.rs",
        &["token", "introspect", "revoke", "pushed_authorization_request", "device_authorization"],
    ),
    ("src/introspect.rs", &["introspect"]),
    ("src/revoke.rs", &["revoke"]),
    ("src/logout.rs", &["logout", "logout_by_form"]),
];

fn document() -> Value {
    serde_json::from_str(&specification()).unwrap()
}

/// CI's check that what is committed is what the program says.
#[test]
fn the_committed_description_is_current() {
    let committed = include_str!("../../../../openapi/oauth.json");
    assert!(committed == specification(), "run `grantor openapi` and commit the result");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_protocol_is_described_and_nothing_else() {
    let app = TestApp::sqlite().await;
    let routed: BTreeSet<_> = offered(&app.app, &Arc::new(Metrics::new()))
        .into_iter()
        .filter(|route| !PAGES.contains(&route.name))
        .flat_map(|route| {
            route.methods.into_iter().map(move |method| (route.path, method.as_str().to_lowercase()))
        })
        .collect();
    let described: BTreeSet<_> =
        ENDPOINTS.iter().map(|endpoint| (endpoint.path, endpoint.method.as_str().to_owned())).collect();
    assert_eq!(described.len(), ENDPOINTS.len(), "an operation is described twice");
    let missing: Vec<_> = routed.difference(&described).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    let made_up: Vec<_> = described.difference(&routed).collect();
    assert!(made_up.is_empty(), "not routed: {made_up:?}");
}

/// What `params.get("...")` and its kin are called with in the rules.
fn parameters_read(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let code: String = code.split_whitespace().collect();
    ["params.get(\"", "params.require(\"", "params.all(\""]
        .into_iter()
        .flat_map(|call| code.split(call).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()))
        .collect()
}

fn read_by_rules(folder: &Path, found: &mut Vec<(String, BTreeSet<String>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_by_rules(&path, found);
        } else if !path.ends_with("tests.rs") && !path.ends_with("params.rs") {
            let read = parameters_read(&std::fs::read_to_string(&path).unwrap());
            found.push((path.to_str().unwrap().to_owned(), read));
        }
    }
}

fn described(operation_id: &str) -> BTreeSet<&'static str> {
    let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.operation_id == operation_id).unwrap();
    endpoint.parameters.iter().copied().flatten().map(|parameter| parameter.name).collect()
}

#[test]
fn every_parameter_that_the_rules_read_is_described() {
    let everywhere: BTreeSet<_> =
        ENDPOINTS.iter().flat_map(|endpoint| described(endpoint.operation_id)).collect();
    let mut found = vec![];
    read_by_rules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/protocol/src"), &mut found);
    // What other providers answer is described by them.
    found.retain(|(file, _)| !file.contains("src/upstream/"));
    for (_, operations) in RULES {
        for operation in operations {
            assert!(!described(operation).is_empty(), "{operation}");
        }
    }
    let mut count = 0;
    for (file, read) in found {
        count += read.len();
        let of = RULES.iter().find(|(path, _)| file.contains(path)).map(|(_, operations)| operations);
        for name in &read {
            assert!(everywhere.contains(name.as_str()), "{file} reads {name}");
            for operation in of.into_iter().copied().flatten() {
                assert!(described(operation).contains(name.as_str()), "{file} reads {name}: {operation}");
            }
        }
    }
    assert!(count > 20, "only {count} parameters were found");
    assert_eq!(described("logout"), BTreeSet::from(logout::PARAMETERS));
}

/// OpenAPI 3.1: references lead somewhere, identifiers are unique, parameters of paths are declared.
#[test]
fn the_description_is_well_formed() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut identifiers = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(identifiers.insert(operation["operationId"].as_str().unwrap()), "{name}");
            assert!(operation["externalDocs"]["url"].as_str().unwrap().starts_with("https://"), "{name}");
            let parameters = operation["parameters"].as_array().unwrap();
            let mut names = BTreeSet::new();
            for parameter in parameters {
                assert!(
                    names.insert((parameter["in"].as_str(), parameter["name"].as_str())),
                    "{name} {parameter}"
                );
                assert!(parameter["schema"].is_object(), "{name}");
            }
            let declared: BTreeSet<_> = names
                .iter()
                .filter(|(place, _)| *place == Some("path"))
                .map(|(_, name)| name.unwrap())
                .collect();
            let wanted: BTreeSet<_> =
                path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(declared, wanted, "{name}");
            assert!(
                operation["requestBody"].is_null() || ["post", "put"].contains(&method.as_str()),
                "{name}"
            );
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(status.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)), "{name}");
                assert!(response["description"].is_string(), "{name}");
            }
            for requirement in operation["security"].as_array().unwrap() {
                for scheme in requirement.as_object().unwrap().keys() {
                    assert!(document["components"]["securitySchemes"][scheme].is_object(), "{name} {scheme}");
                }
            }
        }
    }
    references(&document, &document);
}

fn references(value: &Value, document: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            members.values().for_each(|member| references(member, document));
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, document)),
        _ => {}
    }
}
