//! A client as the admin API tells it, and back.

use grantor_api as api;
use grantor_protocol::authorize::ResponseType;
use grantor_protocol::model::{
    ApplicationType, AuthenticationMethod, Client, ClientMetadata, ClientOrigin, GrantType, TokenExchange,
};
use grantor_protocol::{Scope, registration};

use super::AdminFault;
use super::document::twins;
use super::tenant_document::{
    access_token_format_document, access_token_format_model, algorithm_document, algorithm_model,
    device_approval_document, device_approval_model, profile_document, profile_model,
};
use crate::app::TenantContext;
use crate::app::client_keys::check_jwks;

/// The metadata that a document asks for.
///
/// # Errors
/// [`AdminFault::Invalid`] with everything that is wrong.
pub(super) fn metadata(wanted: &api::Client, context: &TenantContext) -> Result<ClientMetadata, AdminFault> {
    if wanted.client_secret.is_some() {
        return Err(AdminFault::invalid("/client_secret", "is generated and cannot be chosen: leave it out"));
    }
    let metadata = ClientMetadata {
        client_name: wanted.client_name.clone(),
        redirect_uris: wanted.redirect_uris.clone(),
        grant_types: wanted.grant_types.iter().copied().map(grant_type_model).collect(),
        token_endpoint_auth_method: method_model(wanted.token_endpoint_auth_method),
        scope: Scope::parse(&wanted.scope)
            .map_err(|error| AdminFault::invalid("/scope", error.to_string()))?,
        response_types: wanted.response_types.iter().copied().map(response_type_model).collect(),
        application_type: application_type_model(wanted.application_type),
        jwks: wanted.jwks.clone(),
        jwks_uri: wanted.jwks_uri.clone(),
        token_endpoint_auth_signing_alg: wanted.token_endpoint_auth_signing_alg.clone(),
        tls_client_auth_subject_dn: wanted.tls_client_auth_subject_dn.clone(),
        tls_client_auth_san_dns: wanted.tls_client_auth_san_dns.clone(),
        tls_client_auth_san_uri: wanted.tls_client_auth_san_uri.clone(),
        tls_client_auth_san_ip: wanted.tls_client_auth_san_ip.clone(),
        tls_client_auth_san_email: wanted.tls_client_auth_san_email.clone(),
        tls_client_certificate_bound_access_tokens: wanted.tls_client_certificate_bound_access_tokens,
        dpop_bound_access_tokens: wanted.dpop_bound_access_tokens,
        require_pushed_authorization_requests: wanted.require_pushed_authorization_requests,
        require_signed_request_object: wanted.require_signed_request_object,
        request_object_signing_alg: wanted.request_object_signing_alg.clone(),
        request_uris: wanted.request_uris.clone(),
        post_logout_redirect_uris: wanted.post_logout_redirect_uris.clone(),
        sector_identifier_uri: wanted.sector_identifier_uri.clone(),
        software_id: wanted.software_id.clone(),
        software_version: wanted.software_version.clone(),
        client_uri: wanted.client_uri.clone(),
        logo_uri: wanted.logo_uri.clone(),
        policy_uri: wanted.policy_uri.clone(),
        tos_uri: wanted.tos_uri.clone(),
        contacts: wanted.contacts.clone(),
        id_token_signed_response_alg: wanted.id_token_signed_response_alg.map(algorithm_model),
        default_max_age: wanted.default_max_age,
        skip_consent: wanted.skip_consent,
        resources: wanted.resources.clone(),
        profile: wanted.profile.map(profile_model),
        access_token_format: wanted.access_token_format.map(access_token_format_model),
        device_approval: wanted.device_approval.map(device_approval_model),
        token_exchange: TokenExchange {
            impersonation: wanted.token_exchange.impersonation,
            delegation: wanted.token_exchange.delegation,
        },
    };
    registration::check(&metadata, &context.policy)?;
    if let Some(jwks) = &metadata.jwks {
        check_jwks(jwks).map_err(|detail| AdminFault::invalid("/jwks", detail))?;
    }
    Ok(metadata)
}

pub(super) fn document(client: &Client) -> api::Client {
    let ClientMetadata {
        client_name,
        redirect_uris,
        grant_types,
        token_endpoint_auth_method,
        scope,
        response_types,
        application_type,
        jwks,
        jwks_uri,
        token_endpoint_auth_signing_alg,
        tls_client_auth_subject_dn,
        tls_client_auth_san_dns,
        tls_client_auth_san_uri,
        tls_client_auth_san_ip,
        tls_client_auth_san_email,
        tls_client_certificate_bound_access_tokens,
        dpop_bound_access_tokens,
        require_pushed_authorization_requests,
        require_signed_request_object,
        request_object_signing_alg,
        request_uris,
        post_logout_redirect_uris,
        sector_identifier_uri,
        software_id,
        software_version,
        client_uri,
        logo_uri,
        policy_uri,
        tos_uri,
        contacts,
        id_token_signed_response_alg,
        default_max_age,
        skip_consent,
        resources,
        profile,
        access_token_format,
        device_approval,
        token_exchange,
    } = client.metadata.clone();
    api::Client {
        client_id: client.client_id.to_string(),
        client_secret: None,
        enabled: client.enabled,
        client_name,
        redirect_uris,
        grant_types: grant_types.into_iter().map(grant_type_document).collect(),
        token_endpoint_auth_method: method_document(token_endpoint_auth_method),
        scope: scope.to_string(),
        response_types: response_types.into_iter().map(response_type_document).collect(),
        application_type: application_type_document(application_type),
        jwks,
        jwks_uri,
        token_endpoint_auth_signing_alg,
        tls_client_auth_subject_dn,
        tls_client_auth_san_dns,
        tls_client_auth_san_uri,
        tls_client_auth_san_ip,
        tls_client_auth_san_email,
        tls_client_certificate_bound_access_tokens,
        dpop_bound_access_tokens,
        require_pushed_authorization_requests,
        require_signed_request_object,
        request_object_signing_alg,
        request_uris,
        post_logout_redirect_uris,
        sector_identifier_uri,
        software_id,
        software_version,
        client_uri,
        logo_uri,
        policy_uri,
        tos_uri,
        contacts,
        id_token_signed_response_alg: id_token_signed_response_alg.map(algorithm_document),
        default_max_age,
        skip_consent,
        resources,
        profile: profile.map(profile_document),
        access_token_format: access_token_format.map(access_token_format_document),
        device_approval: device_approval.map(device_approval_document),
        token_exchange: api::TokenExchange {
            impersonation: token_exchange.impersonation,
            delegation: token_exchange.delegation,
        },
        origin: match client.origin {
            ClientOrigin::Administrator => api::ClientOrigin::Administrator,
            ClientOrigin::BuiltIn => api::ClientOrigin::BuiltIn,
            ClientOrigin::Registration { .. } => api::ClientOrigin::Registration,
            ClientOrigin::MetadataDocument { .. } => api::ClientOrigin::MetadataDocument,
        },
        version: client.version,
        created_at: client.created_at.to_string(),
        updated_at: client.updated_at.to_string(),
    }
}

twins!(
    grant_type_model,
    grant_type_document,
    GrantType { AuthorizationCode, RefreshToken, ClientCredentials, DeviceCode, TokenExchange, Implicit }
);
twins!(
    response_type_model,
    response_type_document,
    ResponseType { Code, Token, IdToken, IdTokenToken, CodeIdToken, CodeToken, CodeIdTokenToken }
);
twins!(application_type_model, application_type_document, ApplicationType { Web, Native });
twins!(
    method_model,
    method_document,
    AuthenticationMethod {
        None,
        ClientSecretBasic,
        ClientSecretPost,
        ClientSecretJwt,
        PrivateKeyJwt,
        TlsClientAuth,
        SelfSignedTlsClientAuth,
    }
);
