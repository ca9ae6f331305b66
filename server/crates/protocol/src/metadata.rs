//! Authorization server metadata (RFC 8414 §2) and OpenID Provider metadata (OpenID Connect
//! Discovery §3) in one document: a pure function of the tenant's [`Policy`].

use serde::Serialize;

use crate::model::{Acr, AuthenticationMethod, GrantType, RegistrationMode, SigningAlgorithm};
use crate::{Policy, Scope};

/// Algorithms that clients may sign assertions (RFC 7523 §3) and request objects (RFC 9101 §6.2) with;
/// none is symmetric.
pub const ASSERTION_ALGORITHMS: [&str; 9] =
    ["ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

/// Algorithms of DPoP proofs (RFC 9449 §4.3), none of them symmetric.
pub const PROOF_ALGORITHMS: [&str; 9] = ASSERTION_ALGORITHMS;

/// Languages of the pages, as BCP 47 tags.
pub const UI_LOCALES: [&str; 2] = ["en", "de"];

/// The metadata document.
#[derive(Debug, Serialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    end_session_endpoint: String,
    scopes_supported: Vec<String>,
    response_types_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    tls_client_certificate_bound_access_tokens: bool,
    code_challenge_methods_supported: [&'static str; 1],
    acr_values_supported: [&'static str; 3],
    claims_supported: Vec<&'static str>,
    prompt_values_supported: [&'static str; 4],
    ui_locales_supported: [&'static str; UI_LOCALES.len()],
    #[serde(skip_serializing_if = "Option::is_none")]
    op_policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    op_tos_uri: Option<String>,
    authorization_response_iss_parameter_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_request_uri_registration: bool,
    request_object_signing_alg_values_supported: Vec<&'static str>,
    require_signed_request_object: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    client_id_metadata_document_supported: bool,
}

/// Claims that ID tokens and UserInfo can have.
const CLAIMS: [&str; 22] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "preferred_username",
    "picture",
    "website",
    "locale",
    "zoneinfo",
    "updated_at",
    "email",
    "email_verified",
];

/// The document that all four well-known addresses of a tenant answer with.
pub fn metadata(policy: &Policy) -> Metadata {
    let endpoint = |path: &str| format!("{}/{path}", policy.issuer);
    let methods: Vec<_> = policy.token_endpoint_auth_methods.iter().map(|method| method.as_str()).collect();
    let proving: Vec<_> =
        methods.iter().copied().filter(|method| *method != AuthenticationMethod::None.as_str()).collect();
    let algorithms: Vec<_> = policy
        .token_endpoint_auth_methods
        .iter()
        .flat_map(|method| method.assertion_algorithms().iter().copied())
        .collect();
    Metadata {
        issuer: policy.issuer.clone(),
        authorization_endpoint: endpoint("authorize"),
        token_endpoint: endpoint("token"),
        device_authorization_endpoint: endpoint("device_authorization"),
        jwks_uri: endpoint("jwks"),
        userinfo_endpoint: endpoint("userinfo"),
        introspection_endpoint: endpoint("introspect"),
        revocation_endpoint: endpoint("revoke"),
        pushed_authorization_request_endpoint: endpoint("par"),
        require_pushed_authorization_requests: policy.require_pushed_authorization_requests,
        end_session_endpoint: endpoint("logout"),
        scopes_supported: Scope::iter(&policy.scopes).map(str::to_owned).collect(),
        response_types_supported: policy.response_types.iter().map(|held| held.as_str()).collect(),
        response_modes_supported: policy.response_modes.iter().map(|mode| mode.as_str()).collect(),
        grant_types_supported: policy.grant_types.iter().copied().map(GrantType::as_str).collect(),
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: SigningAlgorithm::ALL.map(SigningAlgorithm::as_str).to_vec(),
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
        introspection_endpoint_auth_methods_supported: proving,
        introspection_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: algorithms,
        dpop_signing_alg_values_supported: PROOF_ALGORITHMS.to_vec(),
        tls_client_certificate_bound_access_tokens: policy.client_certificates,
        code_challenge_methods_supported: ["S256"],
        acr_values_supported: Acr::ALL.map(Acr::as_str),
        claims_supported: CLAIMS.to_vec(),
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        ui_locales_supported: UI_LOCALES,
        op_policy_uri: policy.op_policy_uri.clone(),
        op_tos_uri: policy.op_tos_uri.clone(),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: true,
        request_uri_parameter_supported: true,
        require_request_uri_registration: true,
        request_object_signing_alg_values_supported: ASSERTION_ALGORITHMS.to_vec(),
        // A client's own registration may demand it.
        require_signed_request_object: false,
        registration_endpoint: (policy.registration_mode != RegistrationMode::Closed)
            .then(|| endpoint("register")),
        client_id_metadata_document_supported: policy.client_id_metadata_documents,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// RFC 8414 §2; MCP clients refuse a server without S256.
    #[test]
    fn says_what_the_policy_says() {
        let document = serde_json::to_value(metadata(&testing::policy())).unwrap();
        assert_eq!(document["issuer"], testing::ISSUER);
        assert_eq!(document["token_endpoint"], format!("{}/token", testing::ISSUER));
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
        assert_eq!(document["require_pushed_authorization_requests"], false);
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert!(
            !document["introspection_endpoint_auth_methods_supported"]
                .as_array()
                .unwrap()
                .contains(&"none".into())
        );
    }
}
