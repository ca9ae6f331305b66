use std::path::Path;

use serde_json::json;

use super::*;
use crate::apply::parse;

fn configuration(text: &str) -> Configuration {
    Configuration::of(parse(Path::new("a.yaml"), text).unwrap()).unwrap()
}

fn noun(collection: &str) -> &'static Noun {
    Noun::of(collection).unwrap_or(&TENANT)
}

/// What the server has: collection, key and document of each.
fn current(held: &[(&str, &str, Value)]) -> Current {
    let mut current = Current::default();
    for (collection, key, document) in held {
        let noun = noun(collection);
        let (key, path) = ((*key).to_owned(), noun.path("acme", &format!("at-{key}")));
        current.add(noun, "acme", Held { key, path, document: document.clone(), etag: "\"1\"".to_owned() });
    }
    current
}

fn acme() -> (&'static str, &'static str, Value) {
    ("tenants", "acme", whole(&TENANT, json!({ "slug": "acme", "name": "Acme" })))
}

fn whole(noun: &Noun, document: Value) -> Value {
    (noun.whole)(document).unwrap()
}

fn ada() -> Value {
    let mut ada = whole(noun("users"), json!({ "username": "ada" }));
    ada["id"] = "0198".into();
    ada["version"] = 7.into();
    ada
}

fn lines(text: &str, held: &[(&str, &str, Value)], prune: bool) -> Vec<String> {
    let plan = plan(&configuration(text), &current(held), prune).unwrap();
    plan.steps.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_done_where_everything_is_as_the_files_say() {
    let text = "tenant: { slug: acme, name: Acme }\nusers: [{ username: ADA }]";
    let mut held = ada();
    held["username"] = "ADA".into();
    let plan = plan(&configuration(text), &current(&[acme(), ("users", "ADA", held)]), true).unwrap();
    assert_eq!(plan.to_string(), "Everything is as the files say.");
}

#[test]
fn what_is_missing_is_made_in_the_order_of_the_table() {
    let text = "users: [{ username: ada }]\nclients: [{ client_id: web }]\n\
                tenant: { slug: acme, name: Acme }\nresources: [{ identifier: 'urn:a:b', name: A }]";
    let configuration = configuration(text);
    let plan = plan(&configuration, &Current::default(), true).unwrap();
    let told: Vec<_> = plan
        .steps
        .iter()
        .map(|Step { request, .. }| format!("{} {} {:?}", request.method, request.path, request.precondition))
        .collect();
    let absent = r#"Some(("if-none-match", "*"))"#;
    assert_eq!(
        told,
        [
            format!("PUT tenants/acme {absent}"),
            format!("PUT tenants/acme/resources/urn%3Aa%3Ab {absent}"),
            format!("PUT tenants/acme/clients/web {absent}"),
            "POST tenants/acme/users None".to_owned(),
        ]
    );
    assert!(plan.to_string().ends_with("\n4 to create, 0 to change, 0 to delete."));
}

#[test]
fn a_change_names_its_members_and_replaces_what_was_read() {
    let text = "tenant: acme\nusers: [{ username: ada, email: a@b.example }]";
    let configuration = configuration(text);
    let plan = plan(&configuration, &current(&[acme(), ("users", "ada", ada())]), false).unwrap();
    assert_eq!(plan.steps[0].to_string(), "~ user acme/ada\n    /email: \"a@b.example\"");
    let Request { method, path, precondition, document } = &plan.steps[0].request;
    assert_eq!((method, path.as_str()), (&Method::PUT, "tenants/acme/users/at-ada"));
    assert_eq!(precondition, &Some((IF_MATCH, "\"1\"".to_owned())));
    assert_eq!(document, &Some(json!({ "username": "ada", "email": "a@b.example" })));
}

#[test]
fn members_that_no_file_mentions_go_back_to_their_defaults_unless_they_last() {
    let mut held = ada();
    held["status"] = "locked".into();
    held["profile"]["name"] = "Ada".into();
    let held = [acme(), ("users", "ada", held)];
    assert_eq!(
        lines("tenant: acme\nusers: [{ username: ada }]", &held, false),
        ["~ user acme/ada\n    /profile/name: \"Ada\" -> nothing"]
    );
    let status = lines("tenant: acme\nusers: [{ username: ada, status: active }]", &held, false);
    assert!(status[0].contains("/status: \"locked\" -> \"active\""), "{status:?}");
}

#[test]
fn only_what_is_listed_nowhere_in_a_listed_collection_is_deleted() {
    let mut registered = whole(noun("clients"), json!({ "client_id": "self-made" }));
    registered["origin"] = "registration".into();
    let client = |client_id: &str| whole(noun("clients"), json!({ "client_id": client_id }));
    let held = [
        acme(),
        ("clients", "web", client("web")),
        ("clients", "old", client("old")),
        ("clients", "self-made", registered),
        ("resources", "urn:a:b", whole(noun("resources"), json!({ "identifier": "urn:a:b", "name": "A" }))),
        ("users", "ada", ada()),
    ];
    let text = "tenant: acme\nclients: [{ client_id: web }]";
    assert_eq!(lines(text, &held, true), ["- client acme/old"]);
    assert_eq!(lines(text, &held, false), [""; 0]);
    let all = "tenant: acme\nclients: []\nresources: []\nusers: []";
    assert_eq!(
        lines(all, &held, true),
        ["- user acme/ada", "- client acme/old", "- client acme/web", "- resource acme/urn:a:b"]
    );
    let plan = plan(&configuration(text), &current(&held), true).unwrap();
    assert_eq!(plan.steps[0].request.precondition, Some((IF_MATCH, "\"1\"".to_owned())));
}

#[test]
fn nothing_of_the_system_tenant_is_deleted() {
    let mut current = Current::default();
    for (noun, key) in [(&TENANT, "system"), (noun("clients"), "console")] {
        let document = json!({ "origin": "administrator" });
        let (path, etag) = (noun.path("system", key), "\"1\"".to_owned());
        current.add(noun, "system", Held { key: key.to_owned(), path, document, etag });
    }
    let plan = plan(&configuration("tenant: system\nclients: []"), &current, true).unwrap();
    assert!(plan.steps.is_empty(), "{plan}");
}

#[test]
fn a_tenant_that_is_named_alone_has_to_be_there() {
    let fault = plan(&configuration("tenant: acme"), &Current::default(), false).err().unwrap();
    assert_eq!(fault.to_string(), "a.yaml: /tenant: there is no tenant acme, and no file describes it");
}
