//! What the API says of itself, made ready for readers and for other people's tools: examples, and schemas
//! without what only this framework's generator says.

use serde_json::{Map, Value, json};

use super::examples::{Examples, Use};
use super::problem;

/// Members of a schema that say nothing about what is valid. Of a part of `allOf` they stand beside it, too.
const ANNOTATIONS: [&str; 6] = ["title", "description", "default", "readOnly", "writeOnly", "nullable"];

/// The finished description of the one that the framework wrote.
pub fn finished(written: &str) -> Value {
    let mut document: Value = serde_json::from_str(written).unwrap_or_default();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.values_mut().for_each(simplify);
    }
    for operation in operations(&mut document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        let schemas = parameters.into_iter().flatten().filter_map(|parameter| parameter.get_mut("schema"));
        schemas.for_each(simplify);
    }
    split_requests(&mut document);
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let examples = Examples::new(&schemas);
    for operation in operations(&mut document) {
        add_examples(operation, &examples);
    }
    document
}

const REFERENCE: &str = "#/components/schemas/";

/// Gives documents that have members of the server's own another schema for requests, without them: clients
/// that are generated would ask their callers for members that are ignored.
fn split_requests(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let mut requests = Map::new();
    for operation in operations(document) {
        for media_type in contents(operation) {
            let name = media_type["schema"]["$ref"].as_str().and_then(|path| path.strip_prefix(REFERENCE));
            let Some((name, schema)) = name.and_then(|name| schemas.get_key_value(name)) else { continue };
            if let Some(request) = request_of(schema) {
                let request_name = format!("{name}Request");
                media_type["schema"]["$ref"] = json!(format!("{REFERENCE}{request_name}"));
                requests.insert(request_name, request);
            }
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.append(&mut requests);
        schemas.sort_keys();
    }
}

fn contents(operation: &mut Value) -> impl Iterator<Item = &mut Value> {
    let body = operation.get_mut("requestBody").and_then(|body| body.get_mut("content"));
    body.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
}

/// The schema without what only the server sets; none if that is all of it.
fn request_of(schema: &Value) -> Option<Value> {
    let mut request = schema.clone();
    let properties = request.get_mut("properties")?.as_object_mut()?;
    let before = properties.len();
    properties.retain(|_, property| property["readOnly"] != true);
    if properties.len() == before {
        return None;
    }
    let kept: Vec<String> = properties.keys().cloned().collect();
    if let Some(Value::Array(required)) = request.get_mut("required") {
        required.retain(|name| kept.iter().any(|held| name == held));
    }
    let members = request.as_object_mut()?;
    members.remove("title");
    if members.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        members.remove("required");
    }
    let description = schema["description"].as_str().unwrap_or_default();
    let also = "As it is sent: members that only the server sets are ignored in requests.";
    members.insert("description".to_owned(), json!(format!("{description}\n\n{also}")));
    Some(request)
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

/// Drops parts of `allOf` that only repeat what stands beside it, and defaults that are objects: those of their
/// members say the same, and generators and validators stumble over the rest.
fn simplify(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if let Some(Value::Array(parts)) = members.get_mut("allOf") {
        parts.retain(|part| {
            let says = part
                .as_object()
                .is_some_and(|part| part.keys().all(|key| ANNOTATIONS.contains(&key.as_str())));
            !says
        });
    }
    if members.get("default").is_some_and(Value::is_object) {
        members.remove("default");
    }
    for (name, value) in members {
        match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(simplify),
            ("allOf" | "oneOf" | "anyOf", Value::Array(parts)) => parts.iter_mut().for_each(simplify),
            ("items" | "additionalProperties", schema) => simplify(schema),
            _ => {}
        }
    }
}

/// Lines of JSON are none.
fn is_json(media_type: &str) -> bool {
    media_type.ends_with("/json") || media_type.ends_with("+json")
}

fn add_examples(operation: &mut Value, examples: &Examples<'_>) {
    let content = |holder: &mut Value, example: &dyn Fn(&Value) -> Value| {
        let media_types = holder.get_mut("content").and_then(Value::as_object_mut);
        let media_types = media_types.into_iter().flat_map(Map::iter_mut);
        for (_, media_type) in media_types.filter(|(name, _)| is_json(name)) {
            let example = example(&media_type["schema"]);
            media_type["example"] = example;
        }
    };
    if let Some(body) = operation.get_mut("requestBody") {
        content(body, &|schema| examples.of(schema, Use::Request));
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flat_map(Map::iter_mut) {
        match status.parse().unwrap_or(0) {
            201 => content(response, &|schema| examples.of(schema, Use::Created)),
            200..300 => content(response, &|schema| examples.of(schema, Use::Answer)),
            status => content(response, &|_| json!(problem::example(status))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_do_not_say_what_the_server_says() {
        let schema = json!({
            "title": "A", "description": "An A.", "required": ["a", "b"],
            "properties": { "a": { "type": "string" }, "b": { "type": "string", "readOnly": true } },
        });
        let request = request_of(&schema).unwrap_or_default();
        assert_eq!(request["required"], json!(["a"]));
        assert_eq!(request["properties"], json!({ "a": { "type": "string" } }));
        assert!(request.get("title").is_none());
        assert!(request_of(&request).is_none(), "nothing is left to take out");
    }

    #[test]
    fn schemas_say_nothing_twice_and_nothing_wrong() {
        for (written, expected) in [
            (
                json!({ "description": "d", "allOf": [{ "$ref": "#/a" }, { "description": "d", "default": 1 }] }),
                json!({ "description": "d", "allOf": [{ "$ref": "#/a" }] }),
            ),
            (json!({ "allOf": [{}, { "minimum": 1 }] }), json!({ "allOf": [{ "minimum": 1 }] })),
            (
                json!({ "properties": { "a": { "default": { "b": null } }, "c": { "default": 1 } } }),
                json!({ "properties": { "a": {}, "c": { "default": 1 } } }),
            ),
            (
                json!({ "items": { "allOf": [{ "$ref": "#/a" }, {}] }, "default": [] }),
                json!({ "items": { "allOf": [{ "$ref": "#/a" }] }, "default": [] }),
            ),
        ] {
            let mut schema = written;
            simplify(&mut schema);
            assert_eq!(schema, expected);
        }
    }
}
