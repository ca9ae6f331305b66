//! The protocol's endpoints.

use super::parameters::{
    AUTHORIZATION, CLIENT, CLIENT_ID, DEVICE, GIVEN_TOKEN, LOGOUT, REQUEST_OBJECT, REQUEST_URI, TOKEN,
};
use super::{Answer, Endpoint, Method, Security};

/// Every way to authenticate a client.
const CLIENTS: &[Security] = &[Security::ClientSecret, Security::ClientCertificate, Security::InTheForm];

const REGISTRATION: Endpoint = Endpoint {
    path: "/t/:slug/register/:client_id",
    method: Method::Get,
    operation_id: "read_registration",
    summary: "Client configuration endpoint: read",
    reference: "https://www.rfc-editor.org/rfc/rfc7592#section-2.1",
    parameters: &[],
    body: None,
    security: &[Security::RegistrationAccessToken],
    answer: Answer::Json(200, "ClientInformation"),
    errors: &[(401, &["invalid_token"])],
};

const METADATA: Endpoint = Endpoint {
    path: "/t/:slug/.well-known/oauth-authorization-server",
    method: Method::Get,
    operation_id: "authorization_server_metadata",
    summary: "Authorization server metadata",
    reference: "https://www.rfc-editor.org/rfc/rfc8414#section-3",
    parameters: &[],
    body: None,
    security: &[],
    answer: Answer::Json(200, "Metadata"),
    errors: &[(403, &["invalid_request"])],
};

const AUTHORIZE: Endpoint = Endpoint {
    path: "/t/:slug/authorize",
    method: Method::Get,
    operation_id: "authorize",
    summary: "Authorization endpoint",
    reference: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1",
    parameters: &[CLIENT_ID, AUTHORIZATION, REQUEST_OBJECT, REQUEST_URI],
    body: None,
    security: &[],
    answer: Answer::PageOrRedirect,
    errors: &[(400, &["invalid_request"]), (403, &["invalid_request"])],
};

const USERINFO: Endpoint = Endpoint {
    path: "/t/:slug/userinfo",
    method: Method::Get,
    operation_id: "userinfo",
    summary: "UserInfo endpoint",
    reference: "https://openid.net/specs/openid-connect-core-1_0.html#UserInfo",
    parameters: &[],
    body: None,
    security: &[Security::AccessToken],
    answer: Answer::Json(200, "UserInfo"),
    errors: &[
        (400, &["invalid_request"]),
        (401, &["invalid_token", "invalid_dpop_proof", "use_dpop_nonce"]),
        (403, &["insufficient_scope"]),
    ],
};

const LOGGING_OUT: Endpoint = Endpoint {
    path: "/t/:slug/logout",
    method: Method::Get,
    operation_id: "logout",
    summary: "End session endpoint",
    reference: "https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout",
    parameters: &[LOGOUT],
    body: None,
    security: &[],
    answer: Answer::PageOrRedirect,
    errors: &[(400, &["invalid_request"]), (403, &["access_denied"])],
};

const TOKEN_ENDPOINT: Endpoint = Endpoint {
    path: "/t/:slug/token",
    method: Method::Post,
    operation_id: "token",
    summary: "Token endpoint",
    reference: "https://www.rfc-editor.org/rfc/rfc6749#section-3.2",
    parameters: &[CLIENT, TOKEN],
    body: None,
    security: CLIENTS,
    answer: Answer::Json(200, "TokenResponse"),
    errors: &[
        (
            400,
            &[
                "invalid_request",
                "invalid_grant",
                "unauthorized_client",
                "unsupported_grant_type",
                "invalid_scope",
                "invalid_target",
                "authorization_pending",
                "slow_down",
                "access_denied",
                "expired_token",
                "invalid_dpop_proof",
                "use_dpop_nonce",
            ],
        ),
        (401, &["invalid_client"]),
        (403, &["invalid_request"]),
    ],
};

/// Every operation, each address with all of its methods.
pub const ENDPOINTS: &[Endpoint] = &[
    METADATA,
    Endpoint {
        path: "/.well-known/oauth-authorization-server/t/:slug",
        operation_id: "authorization_server_metadata_inserted",
        ..METADATA
    },
    Endpoint {
        path: "/t/:slug/.well-known/openid-configuration",
        operation_id: "openid_configuration",
        summary: "OpenID Provider configuration",
        reference: "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig",
        ..METADATA
    },
    Endpoint {
        path: "/.well-known/openid-configuration/t/:slug",
        operation_id: "openid_configuration_inserted",
        summary: "OpenID Provider configuration",
        ..METADATA
    },
    Endpoint {
        path: "/t/:slug/jwks",
        operation_id: "jwks",
        summary: "The tenant's public keys",
        reference: "https://www.rfc-editor.org/rfc/rfc7517#section-5",
        answer: Answer::Json(200, "JwkSet"),
        ..METADATA
    },
    AUTHORIZE,
    Endpoint { method: Method::Post, operation_id: "authorize_by_form", ..AUTHORIZE },
    Endpoint {
        path: "/t/:slug/par",
        operation_id: "pushed_authorization_request",
        summary: "Pushed authorization request endpoint",
        reference: "https://www.rfc-editor.org/rfc/rfc9126#section-2",
        parameters: &[CLIENT, AUTHORIZATION, REQUEST_OBJECT],
        answer: Answer::Json(201, "PushedAuthorizationResponse"),
        errors: &[
            (
                400,
                &[
                    "invalid_request",
                    "unauthorized_client",
                    "unsupported_response_type",
                    "invalid_scope",
                    "invalid_target",
                    "invalid_request_object",
                ],
            ),
            (401, &["invalid_client"]),
        ],
        ..TOKEN_ENDPOINT
    },
    TOKEN_ENDPOINT,
    Endpoint {
        path: "/t/:slug/introspect",
        operation_id: "introspect",
        summary: "Token introspection endpoint",
        reference: "https://www.rfc-editor.org/rfc/rfc7662#section-2",
        parameters: &[CLIENT, GIVEN_TOKEN],
        answer: Answer::Json(200, "Introspection"),
        errors: &[(400, &["invalid_request", "unauthorized_client"]), (401, &["invalid_client"])],
        ..TOKEN_ENDPOINT
    },
    Endpoint {
        path: "/t/:slug/revoke",
        operation_id: "revoke",
        summary: "Token revocation endpoint",
        reference: "https://www.rfc-editor.org/rfc/rfc7009#section-2",
        parameters: &[CLIENT, GIVEN_TOKEN],
        answer: Answer::Nothing(200),
        errors: &[(400, &["invalid_request"]), (401, &["invalid_client"])],
        ..TOKEN_ENDPOINT
    },
    Endpoint {
        path: "/t/:slug/device_authorization",
        operation_id: "device_authorization",
        summary: "Device authorization endpoint",
        reference: "https://www.rfc-editor.org/rfc/rfc8628#section-3.1",
        parameters: &[CLIENT, DEVICE],
        answer: Answer::Json(200, "DeviceAuthorizationResponse"),
        errors: &[
            (400, &["invalid_request", "unauthorized_client", "invalid_scope", "invalid_target"]),
            (401, &["invalid_client"]),
        ],
        ..TOKEN_ENDPOINT
    },
    Endpoint {
        path: "/t/:slug/register",
        method: Method::Post,
        operation_id: "register",
        summary: "Client registration endpoint",
        reference: "https://www.rfc-editor.org/rfc/rfc7591#section-3",
        body: Some("ClientMetadata"),
        security: &[Security::InitialAccessToken, Security::InTheForm],
        answer: Answer::Json(201, "ClientInformation"),
        errors: &[
            (
                400,
                &[
                    "invalid_redirect_uri",
                    "invalid_client_metadata",
                    "invalid_software_statement",
                    "unapproved_software_statement",
                ],
            ),
            (401, &["invalid_token"]),
        ],
        ..REGISTRATION
    },
    REGISTRATION,
    Endpoint {
        method: Method::Put,
        operation_id: "update_registration",
        summary: "Client configuration endpoint: replace",
        reference: "https://www.rfc-editor.org/rfc/rfc7592#section-2.2",
        body: Some("ClientMetadata"),
        errors: &[
            (
                400,
                &[
                    "invalid_redirect_uri",
                    "invalid_client_metadata",
                    "invalid_software_statement",
                    "unapproved_software_statement",
                ],
            ),
            (401, &["invalid_token"]),
        ],
        ..REGISTRATION
    },
    Endpoint {
        method: Method::Delete,
        operation_id: "delete_registration",
        summary: "Client configuration endpoint: delete",
        reference: "https://www.rfc-editor.org/rfc/rfc7592#section-2.3",
        answer: Answer::Nothing(204),
        ..REGISTRATION
    },
    USERINFO,
    Endpoint { method: Method::Post, operation_id: "userinfo_by_post", ..USERINFO },
    LOGGING_OUT,
    Endpoint { method: Method::Post, operation_id: "logout_by_form", ..LOGGING_OUT },
];
