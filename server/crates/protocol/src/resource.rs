//! Resource indicators (RFC 8707).

use crate::model::Client;
use crate::{Error, ErrorCode, Params, Policy, redirect_uri};

/// Longest resource indicator, in bytes: it is repeated in every token for the resource.
const MAX_IDENTIFIER_LENGTH: usize = 1024;

/// Most protected resources of a tenant: all of them are part of its policy.
pub const MAX_RESOURCES: usize = 200;

/// Whether a protected resource may have this identifier: an absolute URI without a fragment
/// (RFC 8707 §2), that of an address which nobody on the way can take over, or a URN.
///
/// # Errors
/// What is wrong with it, for the person who names it.
pub fn check_identifier(identifier: &str) -> Result<(), String> {
    if identifier.len() > MAX_IDENTIFIER_LENGTH {
        return Err(format!("has more than {MAX_IDENTIFIER_LENGTH} bytes"));
    }
    if !identifier.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must hold printable ASCII characters only".to_owned());
    }
    if identifier.contains('#') {
        return Err("must not have a fragment".to_owned());
    }
    if ["https://", "http://"].iter().any(|scheme| identifier.starts_with(scheme)) {
        return redirect_uri::check_registration(identifier).map_err(str::to_owned);
    }
    let urn = identifier.strip_prefix("urn:").and_then(|rest| rest.split_once(':'));
    match urn {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Ok(()),
        _ => Err("must be an https URI, an http URI on a loopback address, or a URN".to_owned()),
    }
}

/// The resources that a request names, or none.
///
/// # Errors
/// `invalid_target` (RFC 8707 §2) for one that does not exist or that the client may not name.
pub fn requested(params: &Params, client: &Client, policy: &Policy) -> Result<Vec<String>, Error> {
    named(params, |resource| policy.resource_for(client, resource).is_some())
}

/// The resource of a client that names none: the first that it registered, if it registered any.
///
/// # Errors
/// `invalid_target` as for one that it names: what was registered may be gone or forbidden since.
pub fn default(client: &Client, policy: &Policy) -> Result<Option<String>, Error> {
    let Some(identifier) = client.metadata.resources.first() else { return Ok(None) };
    match policy.resource_for(client, identifier) {
        Some(resource) => Ok(Some(resource.identifier.clone())),
        None => Err(not_allowed(identifier)),
    }
}

fn not_allowed(resource: &str) -> Error {
    Error::new(
        ErrorCode::InvalidTarget,
        format!("resource {resource} does not exist or is not allowed for this client"),
    )
}

/// The resources of a token request under a grant: a part of what was granted, or all of it
/// (RFC 8707 §2.2).
///
/// # Errors
/// `invalid_target` for one that was not granted.
pub fn narrowed(params: &Params, granted: &[String]) -> Result<Vec<String>, Error> {
    let resources = named(params, |resource| granted.iter().any(|allowed| allowed == resource))?;
    Ok(if resources.is_empty() { granted.to_vec() } else { resources })
}

fn named(params: &Params, allowed: impl Fn(&str) -> bool) -> Result<Vec<String>, Error> {
    let mut resources: Vec<String> = vec![];
    for resource in params.all("resource") {
        if !allowed(resource) {
            return Err(not_allowed(resource));
        }
        if !resources.iter().any(|named| named == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8707 §2: an absolute URI, without a fragment.
    #[test]
    fn identifiers() {
        for identifier in [
            "https://api.example",
            "https://api.example/",
            "https://api.example/v1?tenant=a",
            "http://localhost:3000/mcp",
            "http://127.0.0.1:3000",
            "urn:example:api",
        ] {
            assert_eq!(check_identifier(identifier), Ok(()), "{identifier}");
        }
        let long = format!("https://api.example/{}", "x".repeat(MAX_IDENTIFIER_LENGTH));
        for identifier in [
            "",
            "api",
            "//api.example",
            "/v1",
            "https://",
            "https://api.example/#",
            "https://api.example/#part",
            "https://user@api.example",
            "https://api.example/a b",
            "https://api.example/\u{e4}",
            "https://api.example/\0",
            "http://api.example",
            "HTTPS://api.example",
            "com.example:/api",
            "javascript:alert(1)",
            "urn:example",
            "urn::api",
            &long,
        ] {
            assert!(check_identifier(identifier).is_err(), "{identifier}");
        }
    }
}
