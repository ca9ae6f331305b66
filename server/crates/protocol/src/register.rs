//! Dynamic client registration (RFC 7591, OpenID Connect Dynamic Client Registration): what a stranger
//! asks for becomes metadata that the tenant's registration policy allows, or an error that says why
//! not.

mod bounds;
mod members;
pub mod statement;

use std::borrow::Cow;

use serde_json::{Map, Value, json};

pub use bounds::{Bounds, host_matches};
pub use members::members;

use crate::authorize::ResponseType;
use crate::model::{ApplicationType, AuthenticationMethod, ClientMetadata, GrantType, SigningAlgorithm};
use crate::redirect_uri::{self, Target};
use crate::registration::{self, InvalidMetadata};
use crate::{Error, ErrorCode, Policy, Scope};
use members::{Members, invalid};

/// Where metadata comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Asked of this server alone, so what cannot be had is refused.
    Request,
    /// A client id metadata document, written for every server there is: what is unknown here is
    /// passed over.
    Document,
}

/// The metadata that a client gets for these members, with the defaults of RFC 7591 §2 and within the
/// bounds. Members that are unknown are passed over (§2); grant types and response types that cannot
/// be had are left out as long as something is left to do (§3.2.1). What makes a client more than
/// others, such as leaving out consent, cannot be asked for, and no software statement says it either:
/// what it says takes precedence over the members beside it (§2.3) and is as bounded. The keys in
/// `jwks` are for whoever can parse keys to check.
///
/// # Errors
/// `invalid_redirect_uri`, `invalid_client_metadata` or `unapproved_software_statement`, naming the
/// member and the reason (RFC 7591 §3.2.2).
pub fn metadata(
    document: &Map<String, Value>,
    source: Source,
    bounds: Bounds<'_>,
) -> Result<ClientMetadata, Error> {
    let document = match source {
        Source::Request => statement::vouched(document, bounds)?,
        Source::Document => Cow::Borrowed(document),
    };
    let members = Members(&document);
    if members.text("subject_type")?.is_some_and(|subject_type| subject_type != "public") {
        return Err(invalid("subject_type", "only public is offered"));
    }
    let mut metadata = plain(&members)?;
    metadata.redirect_uris = members.texts("redirect_uris").map_err(redirect_uris_of)?.unwrap_or_default();
    metadata.application_type = application_type(&members, source, &metadata.redirect_uris)?;
    metadata.token_endpoint_auth_method = authentication_method(&members, source, bounds.policy)?;
    metadata.grant_types = grant_types(&members, metadata.token_endpoint_auth_method, bounds)?;
    metadata.response_types = response_types(&members, &metadata.grant_types, bounds.policy)?;
    metadata.scope = scope(&members, source, &metadata.grant_types, bounds)?;
    metadata.id_token_signed_response_alg = id_token_algorithm(&members, source)?;
    metadata.resources = bounds.token.and_then(|token| token.resources.clone()).unwrap_or_default();
    registration::check(&metadata, bounds.policy).map_err(refusal)?;
    check_redirect_uris(&metadata, bounds)?;
    Ok(metadata)
}

/// Members that are taken as they are.
fn plain(members: &Members<'_>) -> Result<ClientMetadata, Error> {
    let jwks = members.value("jwks").cloned();
    let jwks_uri = members.text("jwks_uri")?;
    if jwks.is_some() && jwks_uri.is_some() {
        return Err(invalid("jwks_uri", "cannot be given together with jwks"));
    }
    Ok(ClientMetadata {
        client_name: members.text("client_name")?.unwrap_or_default(),
        jwks,
        jwks_uri,
        token_endpoint_auth_signing_alg: members.text("token_endpoint_auth_signing_alg")?,
        tls_client_auth_subject_dn: members.text("tls_client_auth_subject_dn")?,
        tls_client_auth_san_dns: members.text("tls_client_auth_san_dns")?,
        tls_client_auth_san_uri: members.text("tls_client_auth_san_uri")?,
        tls_client_auth_san_ip: members.text("tls_client_auth_san_ip")?,
        tls_client_auth_san_email: members.text("tls_client_auth_san_email")?,
        tls_client_certificate_bound_access_tokens: members
            .flag("tls_client_certificate_bound_access_tokens")?,
        dpop_bound_access_tokens: members.flag("dpop_bound_access_tokens")?,
        require_pushed_authorization_requests: members.flag("require_pushed_authorization_requests")?,
        require_signed_request_object: members.flag("require_signed_request_object")?,
        request_object_signing_alg: members.text("request_object_signing_alg")?,
        request_uris: members.texts("request_uris")?.unwrap_or_default(),
        post_logout_redirect_uris: members.texts("post_logout_redirect_uris")?.unwrap_or_default(),
        sector_identifier_uri: members.text("sector_identifier_uri")?,
        software_id: members.text("software_id")?,
        software_version: members.text("software_version")?,
        client_uri: members.text("client_uri")?,
        logo_uri: members.text("logo_uri")?,
        policy_uri: members.text("policy_uri")?,
        tos_uri: members.text("tos_uri")?,
        contacts: members.texts("contacts")?.unwrap_or_default(),
        default_max_age: members.seconds("default_max_age")?,
        ..ClientMetadata::default()
    })
}

/// OpenID Connect Dynamic Client Registration §2. Where nothing is said the redirect URIs say it:
/// applications on people's own machines register without.
fn application_type(
    members: &Members<'_>,
    source: Source,
    redirect_uris: &[String],
) -> Result<ApplicationType, Error> {
    let on_the_device = redirect_uris
        .iter()
        .find(|uri| matches!(redirect_uri::target(uri), Some(Target::Loopback | Target::PrivateUse)));
    let shown = if on_the_device.is_some() { ApplicationType::Native } else { ApplicationType::Web };
    match (members.text("application_type")?.as_deref(), on_the_device) {
        (Some("web"), Some(uri)) if source == Source::Request => Err(Error::new(
            ErrorCode::InvalidRedirectUri,
            format!(
                "redirect_uris: {uri} is on the person's own device, which application_type web excludes: register \
                 with application_type native"
            ),
        )),
        (Some("native"), _) => Ok(ApplicationType::Native),
        (None | Some("web"), _) => Ok(shown),
        (Some(_), _) if source == Source::Document => Ok(shown),
        (Some(_), _) => Err(invalid("application_type", "must be web or native")),
    }
}

/// A document names no secret, for all can read it, so its default is `none`; and it may name several
/// methods, of which the best is taken.
fn authentication_method(
    members: &Members<'_>,
    source: Source,
    policy: &Policy,
) -> Result<AuthenticationMethod, Error> {
    const FIELD: &str = "token_endpoint_auth_method";
    let offered = |method: AuthenticationMethod| {
        policy.token_endpoint_auth_methods.contains(&method)
            && (source == Source::Request || !method.uses_secret())
    };
    let named = members.text(FIELD)?;
    let parsed = |name: &str| name.parse().ok().filter(|method| offered(*method));
    if let Some(method) = named.as_deref().and_then(parsed) {
        return Ok(method);
    }
    let several = match source {
        Source::Document => members.texts("token_endpoint_auth_methods_supported")?,
        Source::Request => None,
    };
    match (named, several) {
        (_, Some(several)) if several.iter().any(|name| parsed(name).is_some()) => {
            let mut usable = several.iter().filter_map(|name| parsed(name));
            let proving = usable.clone().find(|method| *method != AuthenticationMethod::None);
            Ok(proving.or_else(|| usable.next()).unwrap_or(AuthenticationMethod::None))
        }
        (None, None) if source == Source::Document => Ok(AuthenticationMethod::None),
        (None, None) => Ok(AuthenticationMethod::default()),
        (named, _) => {
            let known = AuthenticationMethod::ALL.into_iter().filter(|method| offered(*method));
            let known = known.map(AuthenticationMethod::as_str).collect::<Vec<_>>().join(", ");
            let named = named.unwrap_or_default();
            Err(invalid(FIELD, format!("{named} is not offered to such clients: it must be one of {known}")))
        }
    }
}

fn grant_types(
    members: &Members<'_>,
    method: AuthenticationMethod,
    bounds: Bounds<'_>,
) -> Result<Vec<GrantType>, Error> {
    const FIELD: &str = "grant_types";
    let asked = members.texts(FIELD)?;
    let asked = asked.unwrap_or_else(|| vec![GrantType::AuthorizationCode.as_str().to_owned()]);
    let mut given: Vec<GrantType> = vec![];
    for grant_type in asked.iter().filter_map(|name| name.parse().ok()) {
        // RFC 6749 §4.4: the client credentials grant is for confidential clients only.
        let possible = method != AuthenticationMethod::None || grant_type != GrantType::ClientCredentials;
        if possible && bounds.allow_grant_type(grant_type) && !given.contains(&grant_type) {
            given.push(grant_type);
        }
    }
    if !given.iter().any(|held| held.gives_refresh_tokens()) {
        given.retain(|held| *held != GrantType::RefreshToken);
    }
    if given.is_empty() && !asked.is_empty() {
        let all = GrantType::ALL.into_iter().filter(|held| bounds.allow_grant_type(*held));
        let all = all.map(GrantType::as_str).collect::<Vec<_>>().join(", ");
        return Err(invalid(FIELD, format!("none of these is for such clients: available are {all}")));
    }
    Ok(given)
}

/// RFC 7591 §2.1: response types and grant types belong together.
fn response_types(
    members: &Members<'_>,
    grant_types: &[GrantType],
    policy: &Policy,
) -> Result<Vec<ResponseType>, Error> {
    const FIELD: &str = "response_types";
    let has = |grant_type| grant_types.contains(&grant_type);
    let served = |held: &ResponseType| {
        policy.response_types.contains(held)
            && (!held.has_code() || has(GrantType::AuthorizationCode))
            && (!held.gives_tokens() || has(GrantType::Implicit))
    };
    let asked = members.texts(FIELD)?;
    let asked = asked.unwrap_or_else(|| vec![ResponseType::Code.as_str().to_owned()]);
    let mut given: Vec<ResponseType> = vec![];
    for response_type in asked.iter().filter_map(|name| ResponseType::parse(name)).filter(served) {
        if !given.contains(&response_type) {
            given.push(response_type);
        }
    }
    let needed = has(GrantType::AuthorizationCode) || has(GrantType::Implicit);
    if needed && given.is_empty() {
        return Err(invalid(FIELD, "none of these is served with the grant types of the client"));
    }
    Ok(given)
}

/// RFC 7591 §2: without `scope` there is a default, which the answer tells.
fn scope(
    members: &Members<'_>,
    source: Source,
    grant_types: &[GrantType],
    bounds: Bounds<'_>,
) -> Result<Scope, Error> {
    const FIELD: &str = "scope";
    let possible = |token: &str| token != "offline_access" || grant_types.contains(&GrantType::RefreshToken);
    let allowed: Scope = bounds
        .policy
        .scopes
        .iter()
        .filter(|token| possible(token) && bounds.allow_scope(token))
        .map(str::to_owned)
        .collect();
    let default = || match &bounds.policy.registration.default_scope {
        Some(default) => default.iter().filter(|token| allowed.contains(token)).map(str::to_owned).collect(),
        None => allowed.clone(),
    };
    let Some(text) = members.text(FIELD)? else { return Ok(default()) };
    let asked = Scope::parse(&text).map_err(|error| invalid(FIELD, error.to_string()))?;
    let given: Scope = asked.iter().filter(|token| allowed.contains(token)).map(str::to_owned).collect();
    if source == Source::Document {
        return Ok(if given.is_empty() { default() } else { given });
    }
    match asked.iter().find(|token| possible(token) && !allowed.contains(token)) {
        None => Ok(given),
        Some(token) if bounds.policy.scopes.contains(token) => {
            Err(invalid(FIELD, format!("scope {token} is not for clients that register themselves")))
        }
        Some(token) => Err(invalid(FIELD, format!("scope {token} is not known here"))),
    }
}

fn id_token_algorithm(members: &Members<'_>, source: Source) -> Result<Option<SigningAlgorithm>, Error> {
    const FIELD: &str = "id_token_signed_response_alg";
    match members.text(FIELD)?.map(|name| name.parse::<SigningAlgorithm>()) {
        None => Ok(None),
        Some(Ok(algorithm)) => Ok(Some(algorithm)),
        Some(Err(_)) if source == Source::Document => Ok(None),
        Some(Err(_)) => {
            let known = SigningAlgorithm::ALL.map(SigningAlgorithm::as_str).join(", ");
            Err(invalid(FIELD, format!("must be one of {known}")))
        }
    }
}

/// Whatever the browser is sent to, after signing in or out.
fn check_redirect_uris(metadata: &ClientMetadata, bounds: Bounds<'_>) -> Result<(), Error> {
    for uri in &metadata.redirect_uris {
        bounds.allow_redirect_uri(uri).map_err(|detail| {
            Error::new(ErrorCode::InvalidRedirectUri, format!("redirect_uris: {uri} {detail}"))
        })?;
    }
    for uri in &metadata.post_logout_redirect_uris {
        redirect_uri::check_registration(uri)
            .and_then(|()| bounds.allow_redirect_uri(uri))
            .map_err(|detail| invalid("post_logout_redirect_uris", format!("{uri} {detail}")))?;
    }
    Ok(())
}

/// The metadata as it is registered, for the client information response (RFC 7591 §3.2.1). Members
/// without a value are left out.
pub fn registered(metadata: &ClientMetadata) -> Map<String, Value> {
    let mut document = json!({
        "client_name": metadata.client_name,
        "redirect_uris": metadata.redirect_uris,
        "grant_types": metadata.grant_types,
        "response_types": metadata.response_types,
        "token_endpoint_auth_method": metadata.token_endpoint_auth_method,
        "scope": metadata.scope,
        "application_type": metadata.application_type,
        "jwks": metadata.jwks,
        "jwks_uri": metadata.jwks_uri,
        "token_endpoint_auth_signing_alg": metadata.token_endpoint_auth_signing_alg,
        "tls_client_auth_subject_dn": metadata.tls_client_auth_subject_dn,
        "tls_client_auth_san_dns": metadata.tls_client_auth_san_dns,
        "tls_client_auth_san_uri": metadata.tls_client_auth_san_uri,
        "tls_client_auth_san_ip": metadata.tls_client_auth_san_ip,
        "tls_client_auth_san_email": metadata.tls_client_auth_san_email,
        "tls_client_certificate_bound_access_tokens": metadata.tls_client_certificate_bound_access_tokens,
        "dpop_bound_access_tokens": metadata.dpop_bound_access_tokens,
        "require_pushed_authorization_requests": metadata.require_pushed_authorization_requests,
        "require_signed_request_object": metadata.require_signed_request_object,
        "request_object_signing_alg": metadata.request_object_signing_alg,
        "request_uris": metadata.request_uris,
        "post_logout_redirect_uris": metadata.post_logout_redirect_uris,
        "sector_identifier_uri": metadata.sector_identifier_uri,
        "software_id": metadata.software_id,
        "software_version": metadata.software_version,
        "client_uri": metadata.client_uri,
        "logo_uri": metadata.logo_uri,
        "policy_uri": metadata.policy_uri,
        "tos_uri": metadata.tos_uri,
        "contacts": metadata.contacts,
        "id_token_signed_response_alg": metadata.id_token_signed_response_alg,
        "default_max_age": metadata.default_max_age,
    });
    let members = document.as_object_mut().map(std::mem::take).unwrap_or_default();
    let says_nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    };
    // OpenID Connect Dynamic Client Registration §3.2 and RFC 7591 §3.2.1 have these told always.
    let always = ["grant_types", "response_types", "redirect_uris", "scope"];
    members
        .into_iter()
        .filter(|(name, value)| always.contains(&name.as_str()) || !says_nothing(value))
        .collect()
}

/// RFC 7591 §3.2.2: whatever is wrong with redirect URIs has a code of its own.
fn redirect_uris_of(error: Error) -> Error {
    Error { code: ErrorCode::InvalidRedirectUri, ..error }
}

fn refusal(found: Vec<InvalidMetadata>) -> Error {
    const TOLD: usize = 4;
    let of_redirect_uris = found.iter().any(|invalid| invalid.field == "redirect_uris");
    let told: Vec<_> = found.iter().take(TOLD).map(ToString::to_string).collect();
    let code =
        if of_redirect_uris { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
    Error::new(code, told.join("; "))
}

#[cfg(test)]
mod tests;
