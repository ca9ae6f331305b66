//! Resource indicators (RFC 8707).

use crate::model::Client;
use crate::{Error, ErrorCode, Params, Policy};

/// The resources that a request names, or none.
///
/// # Errors
/// `invalid_target` (RFC 8707 §2) for one that does not exist or that the client may not name.
pub fn requested(params: &Params, client: &Client, policy: &Policy) -> Result<Vec<String>, Error> {
    let mut resources: Vec<String> = vec![];
    for resource in params.all("resource") {
        if !policy.resources.iter().any(|known| known == resource)
            || !client.metadata.resources.iter().any(|allowed| allowed == resource)
        {
            return Err(invalid_target(resource));
        }
        if !resources.iter().any(|named| named == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}

/// The resources of a token request under a grant: a part of what was granted, or all of it
/// (RFC 8707 §2.2).
///
/// # Errors
/// `invalid_target` for one that was not granted.
pub fn narrowed(params: &Params, granted: &[String]) -> Result<Vec<String>, Error> {
    let mut resources: Vec<String> = vec![];
    for resource in params.all("resource") {
        if !granted.iter().any(|allowed| allowed == resource) {
            return Err(invalid_target(resource));
        }
        if !resources.iter().any(|named| named == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(if resources.is_empty() { granted.to_vec() } else { resources })
}

fn invalid_target(resource: &str) -> Error {
    Error::new(
        ErrorCode::InvalidTarget,
        format!("resource {resource} does not exist or is not allowed for this client"),
    )
}
