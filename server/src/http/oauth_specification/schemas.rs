//! What the protocol's endpoints take and answer as JSON.

use serde_json::{Map, Value, json};

pub fn schemas() -> Value {
    json!({
        "Error": object(&["error", "error_description"], json!({
            "error": text("A code that the standard registers."),
            "error_description": text("What to change."),
        })),
        "TokenResponse": token_response(),
        "Introspection": introspection(),
        "PushedAuthorizationResponse": object(&["request_uri", "expires_in"], json!({
            "request_uri": text("For the authorization endpoint, once."),
            "expires_in": { "type": "integer", "description": "Seconds." },
        })),
        "DeviceAuthorizationResponse": object(
            &["device_code", "user_code", "verification_uri", "expires_in"],
            json!({
                "device_code": text("For the token endpoint."),
                "user_code": text("What the person enters."),
                "verification_uri": text("Where the person enters it."),
                "verification_uri_complete": text("The same with the code in it."),
                "expires_in": { "type": "integer", "description": "Seconds." },
                "interval": { "type": "integer", "description": "Seconds between two polls, at least." },
            }),
        ),
        "ClientMetadata": object(&[], client_metadata()),
        "ClientInformation": client_information(),
        "UserInfo": object(&["sub"], json!({
            "sub": { "type": "string" },
            "name": { "type": "string" },
            "preferred_username": { "type": "string" },
            "email": { "type": "string" },
            "email_verified": { "type": "boolean" },
        })),
        "JwkSet": object(&["keys"], json!({
            "keys": { "type": "array", "items": { "type": "object" }, "description": "RFC 7517 §5." },
        })),
        "Metadata": object(&["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"], json!({
            "issuer": { "type": "string" },
            "authorization_endpoint": { "type": "string" },
            "token_endpoint": { "type": "string" },
            "jwks_uri": { "type": "string" },
            "end_session_endpoint": { "type": "string" },
            "scopes_supported": texts(),
            "response_types_supported": texts(),
            "grant_types_supported": texts(),
        })),
    })
}

/// RFC 6749 §5.1, OpenID Connect Core §3.1.3.3, RFC 8693 §2.2.1.
fn token_response() -> Value {
    object(
        &["access_token", "token_type", "expires_in"],
        json!({
            "access_token": text("A JWT (RFC 9068) or an opaque handle."),
            "issued_token_type": text("Of a token exchange (RFC 8693 §2.2.1)."),
            "token_type": text("Bearer or DPoP."),
            "expires_in": { "type": "integer", "description": "Seconds." },
            "refresh_token": text("Where the grant has one."),
            "id_token": text("Where `openid` was granted."),
            "scope": text("What was granted, separated by spaces."),
        }),
    )
}

/// RFC 7662 §2.2.
fn introspection() -> Value {
    object(
        &["active"],
        json!({
            "active": { "type": "boolean" },
            "scope": { "type": "string" },
            "client_id": { "type": "string" },
            "token_type": { "type": "string" },
            "exp": { "type": "integer" },
            "iat": { "type": "integer" },
            "sub": { "type": "string" },
            "aud": { "anyOf": [{ "type": "string" }, texts()] },
            "iss": { "type": "string" },
            "jti": { "type": "string" },
            "cnf": { "type": "object", "description": "What the token is bound to (RFC 7800)." },
            "act": { "type": "object", "description": "Who acts for the subject (RFC 8693 §4.1)." },
        }),
    )
}

/// RFC 7591 §3.2.1.
fn client_information() -> Value {
    json!({
        "allOf": [
            { "$ref": "#/components/schemas/ClientMetadata" },
            object(&["client_id"], json!({
                "client_id": { "type": "string" },
                "client_id_issued_at": { "type": "integer", "description": "Seconds since 1970." },
                "client_secret": text("Shown once."),
                "client_secret_expires_at": { "type": "integer", "description": "0: never." },
                "registration_access_token": text("For the client configuration endpoint."),
                "registration_client_uri": text("The client configuration endpoint."),
            })),
        ],
    })
}

/// RFC 7591 §2 and what its extensions add.
fn client_metadata() -> Value {
    let lists = [
        "redirect_uris",
        "grant_types",
        "response_types",
        "contacts",
        "request_uris",
        "post_logout_redirect_uris",
    ];
    let names = [
        "client_name",
        "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg",
        "scope",
        "application_type",
        "jwks_uri",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "software_id",
        "software_version",
        "id_token_signed_response_alg",
        "request_object_signing_alg",
        "tls_client_auth_subject_dn",
        "tls_client_auth_san_dns",
        "tls_client_auth_san_uri",
        "tls_client_auth_san_ip",
        "tls_client_auth_san_email",
    ];
    let flags = [
        "tls_client_certificate_bound_access_tokens",
        "dpop_bound_access_tokens",
        "require_pushed_authorization_requests",
        "require_signed_request_object",
    ];
    let lists = lists.into_iter().map(|name| (name.to_owned(), texts()));
    let names = names.into_iter().map(|name| (name.to_owned(), json!({ "type": "string" })));
    let flags = flags.into_iter().map(|name| (name.to_owned(), json!({ "type": "boolean" })));
    let others = [
        ("jwks".to_owned(), json!({ "type": "object", "description": "RFC 7517 §5." })),
        (
            "software_statement".to_owned(),
            text(
                "A JWT of somebody whom the tenant trusts (RFC 7591 §2.3), without `typ` or with `JWT`, signed with the \
                 issuer's key; `exp`, `nbf`, `iat` and `aud` (the issuer identifier or the registration endpoint) count \
                 where they are there. What it says takes precedence over the members beside it, and the client cannot \
                 change it but with another statement. At most 8192 bytes.",
            ),
        ),
        ("default_max_age".to_owned(), json!({ "type": "integer", "description": "Seconds." })),
    ];
    Value::Object(lists.chain(names).chain(flags).chain(others).collect::<Map<_, _>>())
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn texts() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}
