//! The description (OpenAPI 3.1) of the protocol's endpoints: one entry for every address and method, with
//! the parameters that the rules read.

mod endpoints;
mod parameters;
mod schemas;

use serde_json::{Map, Value, json};

pub use endpoints::ENDPOINTS;
pub use parameters::Parameter;

/// One operation of the protocol.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// As in the table of routes, `:name` for what differs.
    pub path: &'static str,
    pub method: Method,
    pub operation_id: &'static str,
    pub summary: &'static str,
    pub reference: &'static str,
    /// In the query of a GET, in the form of a POST.
    pub parameters: &'static [&'static [Parameter]],
    /// Name of the schema of a body that is JSON.
    pub body: Option<&'static str>,
    pub security: &'static [Security],
    pub answer: Answer,
    /// Codes of [`grantor_protocol::ErrorCode`] beside those that every endpoint has.
    pub errors: &'static [(u16, &'static [&'static str])],
}

/// Method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// What an operation answers with where nothing is wrong.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// A JSON document of this schema, with this status.
    Json(u16, &'static str),
    /// Nothing, with this status.
    Nothing(u16),
    /// A page, or a redirect to the next page or to the client.
    PageOrRedirect,
}

/// How somebody proves who they are; one of an operation's is enough.
#[derive(Clone, Copy, Debug)]
pub enum Security {
    /// `client_secret_basic`.
    ClientSecret,
    /// The client's TLS certificate (RFC 8705 §2).
    ClientCertificate,
    /// A parameter of the form, or nothing for a public client.
    InTheForm,
    AccessToken,
    InitialAccessToken,
    RegistrationAccessToken,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }
}

impl Security {
    fn requirement(self) -> Value {
        match self {
            Self::ClientSecret => json!({ "client_secret_basic": [] }),
            Self::ClientCertificate => json!({ "client_certificate": [] }),
            Self::InTheForm => json!({}),
            Self::AccessToken => json!({ "access_token": [] }),
            Self::InitialAccessToken => json!({ "initial_access_token": [] }),
            Self::RegistrationAccessToken => json!({ "registration_access_token": [] }),
        }
    }
}

const DESCRIPTION: &str = "The OAuth 2.1 and OpenID Connect endpoints of a Grantor tenant. What a tenant offers \
    stands in its metadata, `/t/{slug}/.well-known/oauth-authorization-server`; this describes what there is. \
    A tenant with a domain of its own has the same at the root of that domain instead of `/t/{slug}`. \
    Parameters must not come twice, but for `resource` and `audience` (RFC 6749 §3.1, RFC 8707 §2, RFC 8693 §2.1).";

/// The description: pretty JSON that is the same for the same program.
pub fn specification() -> String {
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let path = paths.entry(template(endpoint.path)).or_insert_with(|| json!({}));
        path[endpoint.method.as_str()] = operation(endpoint);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Grantor protocol endpoints", "description": DESCRIPTION, "version": "1" },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas::schemas(), "securitySchemes": security_schemes() },
    });
    format!("{document:#}\n")
}

/// `/t/:slug/token` as OpenAPI writes it.
fn template(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn operation(endpoint: &Endpoint) -> Value {
    let given = || endpoint.parameters.iter().copied().flatten();
    let names = endpoint.path.split('/').filter_map(|segment| segment.strip_prefix(':'));
    let mut parameters: Vec<_> = names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if endpoint.method == Method::Get {
        parameters.extend(given().map(Parameter::in_query));
    }
    let mut operation = json!({
        "operationId": endpoint.operation_id,
        "summary": endpoint.summary,
        "externalDocs": { "url": endpoint.reference },
        "parameters": parameters,
        "security": endpoint.security.iter().map(|security| security.requirement()).collect::<Vec<_>>(),
        "responses": responses(endpoint),
    });
    if let Some(schema) = endpoint.body {
        operation["requestBody"] = json!({ "required": true, "content": content(schema) });
    } else if endpoint.method == Method::Post {
        let properties: Map<_, _> =
            given().map(|parameter| (parameter.name.to_owned(), parameter.property())).collect();
        let required: Vec<_> =
            given().filter(|parameter| parameter.required).map(|parameter| parameter.name).collect();
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        operation["requestBody"] = json!({ "required": true, "content": { "application/x-www-form-urlencoded": { "schema": schema } } });
    }
    operation
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

fn responses(endpoint: &Endpoint) -> Value {
    let page = || json!({ "text/html": { "schema": { "type": "string" } } });
    let mut responses = Map::new();
    let mut add = |status: u16, description: &str, content: Option<Value>| {
        let mut response = json!({ "description": description });
        if let Some(content) = content {
            response["content"] = content;
        }
        responses.insert(status.to_string(), response);
    };
    match endpoint.answer {
        Answer::Json(status, schema) => add(status, "The answer.", Some(content(schema))),
        Answer::Nothing(status) => add(status, "Done.", None),
        Answer::PageOrRedirect => {
            add(200, "A page for the person at the browser.", Some(page()));
            add(303, "On to the next page, or back to the client.", None);
        }
    }
    let pages = matches!(endpoint.answer, Answer::PageOrRedirect);
    let error = || if pages { page() } else { content("Error") };
    for (status, codes) in endpoint.errors {
        add(
            *status,
            &codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
            Some(error()),
        );
    }
    add(404, "There is no such tenant.", Some(error()));
    add(500, "`server_error`; the header X-Request-Id finds the log line.", Some(error()));
    add(503, "`temporarily_unavailable`; the header Retry-After says when to come back.", Some(error()));
    Value::Object(responses)
}

fn security_schemes() -> Value {
    let bearer =
        |description: &str| json!({ "type": "http", "scheme": "bearer", "description": description });
    json!({
        "client_secret_basic": {
            "type": "http",
            "scheme": "basic",
            "description": "client_id and client_secret, each form-encoded (RFC 6749 §2.3.1).",
        },
        "client_certificate": {
            "type": "mutualTLS",
            "description": "The client's certificate (RFC 8705 §2), together with client_id.",
        },
        "access_token": bearer(
            "An access token (RFC 6750 §2.1); one that is bound to a key comes with the scheme DPoP and a proof \
             (RFC 9449 §7.1).",
        ),
        "initial_access_token": bearer("What the tenant's administrators gave to whoever may register (RFC 7591 §3)."),
        "registration_access_token": bearer("What the client got when it registered (RFC 7592 §3)."),
    })
}
