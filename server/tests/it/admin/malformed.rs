//! What cannot be taken, sent to every operation of the description: each answer is a problem document, with
//! a status that the operation's description has.

use std::collections::BTreeSet;

use poem::http::{Method, header};
use serde_json::{Value, json};

use super::Api;
use super::operations::{Target, address, operations};
use super::specification::{is_json, specification};
use crate::support::{Answer, TestApp, request};

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The description of an operation.
fn described(specification: &Value, operation: &str) -> Value {
    let paths = specification["paths"].as_object().unwrap().values();
    let mut methods = paths.flat_map(|methods| methods.as_object().unwrap().values());
    methods.find(|described| described["operationId"] == operation).unwrap().clone()
}

/// A request with this content type and body, and what is said of it. Imports need the passphrase.
async fn send(api: &Api<'_>, method: &Method, path: &str, content_type: &str, body: &str) -> Answer {
    let mut builder = request(method.clone(), &format!("/admin/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", api.token))
        .header("x-grantor-passphrase", "correct horse battery staple");
    if !content_type.is_empty() {
        builder = builder.header(header::CONTENT_TYPE, content_type);
    }
    let answer = api.app.send(builder.body(body.to_owned())).await;
    answer.expect_admin_answer();
    answer
}

/// Expects a problem document as the schema says, with a status that the operation may answer with.
#[track_caller]
fn expect_described(specification: &Value, operation: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{operation}: {answer:?}");
    let described = described(specification, operation);
    let response = &described["responses"][status.to_string()];
    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
    assert_eq!(*schema, "#/components/schemas/Problem", "{operation} {status}: {response}");
    let problem = answer.json();
    let schema = &specification["components"]["schemas"]["Problem"];
    let members: BTreeSet<_> = problem.as_object().unwrap().keys().map(String::as_str).collect();
    let known: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let required = schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    assert!(members.is_subset(&known), "{operation}: {problem}");
    assert!(required.collect::<BTreeSet<_>>().is_subset(&members), "{operation}: {problem}");
    for fault in problem["errors"].as_array().into_iter().flatten() {
        let pointer = fault["pointer"].as_str().unwrap();
        assert!(pointer.is_empty() || pointer.starts_with('/'), "{operation}: {problem}");
        assert!(!fault["detail"].as_str().unwrap().is_empty(), "{operation}: {problem}");
    }
}

crate::on_both! {
    async fn whatever_an_operation_cannot_take_is_a_problem_that_it_describes(app: TestApp) {
        let specification = specification();
        let acme = app.acme().await;
        let target = Target::in_tenant(&app, "acme").await;
        let admin = app.platform("platform-admin").await;
        let before = app.rows_of(&acme.tenant).await;
        for operation in operations() {
            let (method, template) = address(operation.id);
            let path = target.path(operation.id, &template);
            let description = described(specification, operation.id);
            let send = async |path: &str, content_type: &str, body: &str| {
                send(&admin, &method, path, content_type, body).await
            };
            let expect = |answer: Answer, status: u16| {
                expect_described(specification, operation.id, &answer, status);
                answer.json()
            };
            let media_type = description["requestBody"]["content"].as_object();
            if let Some(media_type) = media_type.map(|content| content.keys().next().unwrap().as_str()) {
                for body in ["", "{", "[]", "\"text\"", "null", "{\"a\":1,}", "{\"name\":[\"\\u0000\"]}", &"[".repeat(500)] {
                    expect(send(&path, media_type, body).await, 400);
                }
                for wrong in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
                    expect(send(&path, wrong, "{}").await, 415);
                }
                let unknown = expect(send(&path, media_type, "{\"no/such~member\":1}").await, 400);
                // A file of another kind has lines of its own, and may be long.
                if is_json(media_type) {
                    assert_eq!(unknown["errors"][0]["pointer"], "/no~1such~0member", "{}: {unknown}", operation.id);
                    expect(send(&path, media_type, &" ".repeat(256 * 1024 + 1)).await, 413);
                }
            }
            let unknown = expect(send(&format!("{path}?no_such=1"), "application/json", "{}").await, 400);
            assert!(unknown["detail"].as_str().unwrap().contains("no_such"), "{}: {unknown}", operation.id);
            for parameter in description["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let schema = &parameter["schema"];
                let wrong = match (parameter["in"].as_str().unwrap(), schema["type"].as_str()) {
                    ("query", Some("integer" | "boolean")) => "x",
                    ("query", _) if name == "cursor" || schema["enum"].is_array() => "!",
                    ("query", _) if schema.get("$ref").is_some() || schema.get("allOf").is_some() => "!",
                    _ => continue,
                };
                let wrong = format!("{path}?{name}={wrong}");
                expect(send(&wrong, "application/json", "{}").await, 400);
                expect(send(&format!("{wrong}&{name}=1"), "application/json", "{}").await, 400);
            }
            if method == Method::POST {
                let key = [("idempotency-key", "not one key")];
                let document = (operation.document)();
                expect(admin.send(method.clone(), &path, &key, document.as_ref()).await, 400);
            }
            let nobody = app.api_with("nonsense");
            expect(super::send(&nobody, &method, &path, "application/json", "{}").await, 401);
        }
        assert_eq!(app.rows_of(&acme.tenant).await, before);
    }

    async fn an_address_says_what_it_takes(app: TestApp) {
        let specification = specification();
        app.acme().await;
        let target = Target::in_tenant(&app, "acme").await;
        let admin = app.platform("platform-admin").await;
        for (template, methods) in specification["paths"].as_object().unwrap() {
            let path = target.path("", template);
            let taken: BTreeSet<_> = methods.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect();
            for method in METHODS {
                if taken.contains(method.as_str()) {
                    continue;
                }
                let answer = send(&admin, &method, &path, "application/json", "{}").await;
                answer.expect_problem(405, "method-not-allowed");
                let allow = answer.header("allow").unwrap();
                let mut allowed: BTreeSet<_> = allow.split(", ").map(str::to_owned).collect();
                assert_eq!(allowed.remove("HEAD"), taken.contains("GET"), "{path}: {allow}");
                assert_eq!(allowed, taken, "{path}");
            }
            for beyond in ["no-such", "no-such/thing", "%00"] {
                let answer = admin.get(&format!("{path}/{beyond}/{beyond}/x")).await;
                answer.expect_problem(404, "not-found");
            }
        }
    }

    /// RFC 9110 §13.1.2, §9.3.2.
    async fn what_the_caller_has_is_not_sent_again(app: TestApp) {
        app.acme().await;
        let target = Target::in_tenant(&app, "acme").await;
        let admin = app.platform("platform-admin").await;
        let specification = specification();
        let mut conditional = 0;
        for operation in operations() {
            let (method, template) = address(operation.id);
            if method != Method::GET {
                continue;
            }
            let path = target.path(operation.id, &template);
            let whole = admin.get(&path).await;
            assert_eq!(whole.status, 200, "{}: {whole:?}", operation.id);
            let head = admin.send(Method::HEAD, &path, &[], None).await;
            assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""), "{}", operation.id);
            assert_eq!(head.header("etag"), whole.header("etag"), "{}", operation.id);
            let describes = described(specification, operation.id)["responses"]["304"].is_object();
            let etag = whole.header("etag").unwrap_or("\"none\"").to_owned();
            let ask = async |method: Method, held: &str| {
                let request = request(method, &format!("/admin/v1{path}"))
                    .header(header::AUTHORIZATION, format!("Bearer {}", admin.token))
                    .header(header::IF_NONE_MATCH, held.to_owned());
                app.send(request.finish()).await
            };
            for held in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
                for method in [Method::GET, Method::HEAD] {
                    let answer = ask(method, &held).await;
                    let expected = if describes { 304 } else { 200 };
                    assert_eq!(answer.status.as_u16(), expected, "{} {held}: {answer:?}", operation.id);
                    if describes {
                        assert_eq!((answer.body.as_str(), answer.header("etag")), ("", Some(etag.as_str())));
                    }
                }
            }
            assert_eq!(ask(Method::GET, "\"x\"").await.body, whole.body);
            conditional += usize::from(describes);
        }
        assert!(conditional >= 4, "{conditional}");
        let unknown = admin.send(Method::GET, "/tenants/nowhere", &[("if-none-match", "*")], None).await;
        unknown.expect_problem(404, "not-found");
        let tenant = admin.get("/tenants/acme").await;
        assert_eq!(admin.patch("/tenants/acme", &json!({ "name": "New" })).await.status, 200);
        let held = [("if-none-match", tenant.header("etag").unwrap())];
        let changed = admin.send(Method::GET, "/tenants/acme", &held, None).await;
        assert_eq!(changed.document(200)["name"], "New");
    }

    async fn lists_are_sorted_and_narrowed(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        app.acme().await;
        app.clock.advance(1);
        app.other().await;
        assert_eq!(admin.post("/tenants/other/suspend", &json!({})).await.status, 200);
        let slugs = async |query: &str| {
            let page = admin.get(&format!("/tenants{query}")).await.document(200);
            let slug = |tenant: &Value| tenant["slug"].as_str().unwrap().to_owned();
            page["items"].as_array().unwrap().iter().map(slug).collect::<Vec<_>>()
        };
        assert_eq!(slugs("?sort=slug").await, ["acme", "other", "system"]);
        assert_eq!(slugs("?sort=-slug").await, ["system", "other", "acme"]);
        assert_eq!(slugs("?sort=-created_at&limit=1").await, ["other"]);
        assert_eq!(slugs("?status=suspended").await, ["other"]);
        assert_eq!(slugs("?q=ac&status=suspended").await, ["other"], "both are called Acme");
        let first = admin.get("/tenants?limit=1&sort=slug").await.document(200);
        let next = first["next"].as_str().unwrap();
        assert_eq!(slugs(&format!("?limit=1&sort=slug&cursor={next}")).await, ["other"]);
        for other in ["", "&sort=-slug", "&sort=name", "&q=a"] {
            let answer = admin.get(&format!("/tenants?cursor={next}{other}")).await;
            answer.expect_problem(400, "invalid-request");
        }
        admin.get("/tenants?q=a&sort=slug").await.expect_problem(400, "invalid-request");
        admin.get("/tenants?sort=username").await.expect_problem(400, "invalid-request");
        let users = admin.get("/tenants/acme/users?sort=-username&status=active").await.document(200);
        assert_eq!(users["items"][0]["username"], "ada");
        let clients = admin.get("/tenants/acme/clients?sort=client_name&enabled=true").await.document(200);
        assert_eq!(clients["items"][0]["client_id"], "app");
    }
}
