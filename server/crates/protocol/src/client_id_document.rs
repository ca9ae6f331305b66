//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): a client whose
//! `client_id` is the https address of its own metadata.

use serde_json::{Map, Value};
use url::Url;

use crate::model::ClientMetadata;
use crate::register::{self, Bounds, Source};
use crate::{Error, ErrorCode, Lifetime, Policy};

/// The largest document that is read, in bytes (draft §6.6 recommends this).
pub const MAX_BYTES: usize = 5 * 1024;

/// Shortest and longest time for which a document is not fetched again, whatever its server says: the
/// first keeps strangers from making us their load generator, the second from being forgotten.
pub const FRESHNESS: (Lifetime, Lifetime) = (Lifetime::from_seconds(300), Lifetime::from_seconds(86_400));

/// How long after that a copy serves on while nobody answers at its address.
pub const GRACE: Lifetime = Lifetime::from_seconds(3600);

/// Whether a `client_id` is meant as an address. Identifiers that are generated here never are.
pub fn is_address(client_id: &str) -> bool {
    // Plain http is for development: whoever fetches decides whether it may.
    client_id.starts_with("https://") || client_id.starts_with("http://")
}

/// Checks the form of the address (draft §3) and that the tenant trusts its host. It is compared as
/// a string ever after.
///
/// # Errors
/// `invalid_client`, naming what is wrong.
pub fn check_address(client_id: &str, policy: &Policy) -> Result<(), Error> {
    let refused = |detail: &str| Err(refuse(detail));
    let Ok(url) = Url::parse(client_id) else { return refused("is not a URL") };
    let after_scheme = client_id.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    let Some((authority, path)) = after_scheme.split_once('/') else { return refused("must have a path") };
    if client_id.contains('#') {
        return refused("must not have a fragment");
    }
    if authority.contains(['@', '?']) || !url.username().is_empty() || url.password().is_some() {
        return refused("must not have a user name or a password");
    }
    let path = path.split('?').next().unwrap_or_default();
    let is_dot =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split(['/', '\\']).any(is_dot) {
        return refused("must not have dot segments");
    }
    let trusted = &policy.registration.trusted_hosts;
    let host = url.host_str().unwrap_or_default();
    if !trusted.is_empty() && !trusted.iter().any(|pattern| register::host_matches(pattern, host)) {
        return refused("has a host whose clients this tenant does not take");
    }
    Ok(())
}

/// The host that a self-made client of this kind stands on: what is known of it for certain.
pub fn host(client_id: &str) -> Option<String> {
    if !is_address(client_id) {
        return None;
    }
    let url = Url::parse(client_id).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The metadata that a fetched document says. Grant types, scopes and the like that this server lacks
/// are passed over: the document was written for others, too.
///
/// # Errors
/// `invalid_client`, naming what is wrong with the document.
pub fn metadata(client_id: &str, body: &[u8], policy: &Policy) -> Result<ClientMetadata, Error> {
    let members = register::members(body).map_err(as_refusal)?;
    check_members(client_id, &members)?;
    let bounds = Bounds { policy, token: None, statement: None };
    register::metadata(&members, Source::Document, bounds).map_err(as_refusal)
}

fn check_members(client_id: &str, members: &Map<String, Value>) -> Result<(), Error> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("client_id") != Some(client_id) {
        return Err(refuse("is not the client_id in its document, byte for byte"));
    }
    if text("client_name").is_none_or(|name| name.trim().is_empty()) {
        return Err(refuse("has a document without client_name"));
    }
    if members.get("redirect_uris").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(refuse("has a document without redirect_uris"));
    }
    // Draft §4.1: what all can read is no secret.
    if members.keys().any(|name| name.starts_with("client_secret")) {
        return Err(refuse("has a document with a client_secret"));
    }
    let symmetric = |name: &str| name.starts_with("client_secret_");
    if text("token_endpoint_auth_method").is_some_and(symmetric) {
        return Err(refuse("has a document with a symmetric token_endpoint_auth_method"));
    }
    Ok(())
}

fn refuse(detail: &str) -> Error {
    Error::new(ErrorCode::InvalidClient, format!("client_id {detail}"))
}

fn as_refusal(error: Error) -> Error {
    refuse(&format!("has a document that cannot be taken: {}", error.description))
}

#[cfg(test)]
mod tests;
