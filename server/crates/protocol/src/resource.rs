//! Resource indicators (RFC 8707).

use crate::model::Client;
use crate::{Error, ErrorCode, Params, Policy};

/// The resources that a request names, or none.
///
/// # Errors
/// `invalid_target` (RFC 8707 §2) for one that does not exist or that the client may not name.
pub fn requested(params: &Params, client: &Client, policy: &Policy) -> Result<Vec<String>, Error> {
    named(params, |resource| policy.resource_for(client, resource).is_some())
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
            return Err(Error::new(
                ErrorCode::InvalidTarget,
                format!("resource {resource} does not exist or is not allowed for this client"),
            ));
        }
        if !resources.iter().any(|named| named == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}
