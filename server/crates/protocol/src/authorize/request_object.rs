//! Request objects (RFC 9101): what their claims must be, once their signature is proven.

use serde_json::{Map, Value};

use crate::claims::{Audience, numeric_date};
use crate::client_auth::CLOCK_SKEW;
use crate::metadata::ASSERTION_ALGORITHMS;
use crate::model::Client;
use crate::{Error, ErrorCode, ParamLimits, Params, Policy, Timestamp};

/// `typ` of request objects (RFC 9101 §10.8). OpenID Connect's have `JWT` or none, which is taken too;
/// every other type is another kind of token's.
pub const REQUEST_OBJECT_TYPE: &str = "oauth-authz-req+jwt";

/// Claims that speak of the JWT (RFC 7519 §4.1) and are no parameters.
const OF_THE_TOKEN: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// The algorithms that the client may sign its request objects with.
pub fn algorithms(client: &Client) -> Vec<&str> {
    match client.metadata.request_object_signing_alg.as_deref() {
        Some(registered) => vec![registered],
        None => ASSERTION_ALGORITHMS.to_vec(),
    }
}

/// Whether the client has registered this address of its request objects. A fragment, which may be a
/// hash of the object, is not part of the address (OpenID Connect Core §6.2).
///
/// # Errors
/// `invalid_request_uri`.
pub fn registered<'a>(uri: &'a str, client: &Client) -> Result<&'a str, Error> {
    let address = |uri: &'a str| uri.split_once('#').map_or(uri, |(address, _fragment)| address);
    let asked = address(uri);
    let is_registered = client
        .metadata
        .request_uris
        .iter()
        .any(|held| held.split_once('#').map_or(held.as_str(), |(address, _fragment)| address) == asked);
    if is_registered {
        Ok(asked)
    } else {
        Err(Error::new(ErrorCode::InvalidRequestUri, "the request_uri is not registered for this client"))
    }
}

/// The parameters that a request object of this client's holds (RFC 9101 §4, §6.3).
///
/// # Errors
/// `invalid_request_object`.
pub fn parameters(
    claims: &Map<String, Value>,
    client: &Client,
    policy: &Policy,
    limits: ParamLimits,
    now: Timestamp,
) -> Result<Params, Error> {
    check_token(claims, client, policy, now)?;
    for nested in ["request", "request_uri"] {
        if claims.contains_key(nested) {
            return refuse(format!("the request object must not hold {nested}"));
        }
    }
    // RFC 9101 §10.8: a client assertion has the client as its subject.
    if claims.contains_key("sub") {
        return refuse("the request object must not have a sub: it could be a client assertion");
    }
    if claims.get("client_id").and_then(Value::as_str) != Some(client.client_id.as_str()) {
        return refuse("client_id of the request object must be the client_id beside it");
    }
    let mut pairs = vec![];
    for (name, value) in claims.iter().filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str())) {
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name.clone(), text.clone())),
            Value::Array(values) if name == "resource" => {
                for value in values {
                    let Some(resource) = value.as_str() else {
                        return refuse("resource must be a string or an array of strings");
                    };
                    pairs.push((name.clone(), resource.to_owned()));
                }
            }
            // Numbers and booleans as they are written, structures as JSON, which is what they are as
            // ordinary parameters (RFC 9101 §4).
            value => pairs.push((name.clone(), value.to_string())),
        }
    }
    Params::from_pairs(pairs, limits)
        .map_err(|error| Error::new(ErrorCode::InvalidRequestObject, error.description))
}

/// RFC 9101 §4, §6.2: from this client, for this issuer, and for now.
fn check_token(
    claims: &Map<String, Value>,
    client: &Client,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Error> {
    if claims.get("iss").and_then(Value::as_str) != Some(client.client_id.as_str()) {
        return refuse("iss of the request object must be the client_id");
    }
    let audience = claims.get("aud").cloned().and_then(|aud| serde_json::from_value::<Audience>(aud).ok());
    if !audience.is_some_and(|audience| audience.contains(&policy.issuer)) {
        return refuse("aud of the request object must be the issuer");
    }
    if time(claims, "exp")?.is_some_and(|exp| exp + CLOCK_SKEW <= now) {
        return refuse("the request object has expired");
    }
    for name in ["nbf", "iat"] {
        if time(claims, name)?.is_some_and(|time| time > now + CLOCK_SKEW) {
            return refuse("the request object is not valid yet");
        }
    }
    Ok(())
}

fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Error> {
    numeric_date(claims, name).or_else(|_| refuse(format!("{name} of the request object is not a time")))
}

fn refuse<T>(description: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(ErrorCode::InvalidRequestObject, description))
}

#[cfg(test)]
mod tests;
