//! Software statements (RFC 7591 §2.3): what somebody whom the tenant trusts says of a client.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Bounds;
use super::members::Members;
use crate::claims::{Audience, numeric_date};
use crate::client_auth::CLOCK_SKEW;
use crate::metadata::ASSERTION_ALGORITHMS;
use crate::model::{SoftwareStatementDemand, TrustedSoftwareStatementIssuer};
use crate::{Error, ErrorCode, Policy, Timestamp};

/// Algorithms of software statements. RFC 7591 §2.3 allows those with a secret, too, but there is none
/// that an issuer and every tenant share.
pub const STATEMENT_ALGORITHMS: [&str; 9] = ASSERTION_ALGORITHMS;

/// The member of a registration that is its statement.
const MEMBER: &str = "software_statement";

/// Longest statement, in bytes: it is kept with its client.
const MAX_LENGTH: usize = 8 * 1024;

/// Claims that speak of the JWT (RFC 7519 §4.1) and are no metadata.
const OF_THE_TOKEN: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The software statement that a registration brings, if it brings one.
///
/// # Errors
/// `unapproved_software_statement` where nobody's is taken, `invalid_software_statement` for what is
/// none.
pub fn presented<'a>(document: &'a Map<String, Value>, policy: &Policy) -> Result<Option<&'a str>, Error> {
    let Some(value) = Members(document).value(MEMBER) else { return Ok(None) };
    if policy.registration.trusted_software_statement_issuers.is_empty() {
        return Err(unapproved("no issuer of software statements is trusted here: register without one"));
    }
    match value {
        Value::String(text) if text.len() <= MAX_LENGTH => Ok(Some(text)),
        Value::String(_) => Err(refuse(format!("has more than {MAX_LENGTH} bytes"))),
        _ => Err(refuse("must be a string")),
    }
}

/// Who is trusted to have made these claims, whose signature may not be proven yet.
///
/// # Errors
/// `invalid_software_statement` without `iss`, `unapproved_software_statement` for an issuer that the
/// tenant does not trust.
pub fn issuer<'a>(
    claims: &Map<String, Value>,
    policy: &'a Policy,
) -> Result<&'a TrustedSoftwareStatementIssuer, Error> {
    let name = claims.get("iss").and_then(Value::as_str).ok_or_else(|| refuse("has no iss"))?;
    let trusted = &policy.registration.trusted_software_statement_issuers;
    trusted
        .iter()
        .find(|trusted| trusted.issuer == name)
        .ok_or_else(|| unapproved("its issuer is not trusted at this tenant"))
}

/// Whether claims whose signature is proven are of a statement for this tenant and for now. A statement
/// without `exp` does not end, and one without `aud` is for every server.
///
/// # Errors
/// `invalid_software_statement`, and those of [`issuer`].
pub fn check(claims: &Map<String, Value>, policy: &Policy, now: Timestamp) -> Result<(), Error> {
    issuer(claims, policy)?;
    let endpoint = format!("{}/register", policy.issuer);
    let is_ours = |audience: &Audience| audience.contains(&policy.issuer) || audience.contains(&endpoint);
    if let Some(audience) = claims.get("aud")
        && !serde_json::from_value(audience.clone()).is_ok_and(|audience| is_ours(&audience))
    {
        return Err(refuse("is for somebody else: aud is neither the issuer nor its registration endpoint"));
    }
    let time =
        |name| numeric_date(claims, name).map_err(|_| refuse(format!("has an {name} that is no time")));
    if time("exp")?.is_some_and(|exp| exp + CLOCK_SKEW <= now) {
        return Err(refuse("has expired"));
    }
    for name in ["nbf", "iat"] {
        if time(name)?.is_some_and(|time| time > now + CLOCK_SKEW) {
            return Err(refuse("is not valid yet"));
        }
    }
    Ok(())
}

/// The members of a registration with what its statement says in the place of what it says itself
/// (RFC 7591 §2.3, §3.1.1).
///
/// # Errors
/// `unapproved_software_statement` for a statement that nobody has proven, and where one is required
/// and there is none.
pub(super) fn vouched<'a>(
    document: &'a Map<String, Value>,
    bounds: Bounds<'_>,
) -> Result<Cow<'a, Map<String, Value>>, Error> {
    let Some(claims) = bounds.statement else {
        if presented(document, bounds.policy)?.is_some() {
            return Err(unapproved("nothing proves it"));
        }
        return match bounds.policy.registration.software_statement {
            SoftwareStatementDemand::Optional => Ok(Cow::Borrowed(document)),
            SoftwareStatementDemand::Required => {
                Err(unapproved("to register here takes one of an issuer that this tenant trusts"))
            }
        };
    };
    let said =
        claims.iter().filter(|(name, value)| !OF_THE_TOKEN.contains(&name.as_str()) && !value.is_null());
    let mut members = document.clone();
    members.extend(said.map(|(name, value)| (name.clone(), value.clone())));
    Ok(Cow::Owned(members))
}

fn refuse(detail: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::InvalidSoftwareStatement, format!("{MEMBER}: {detail}"))
}

fn unapproved(detail: &str) -> Error {
    Error::new(ErrorCode::UnapprovedSoftwareStatement, format!("{MEMBER}: {detail}"))
}

#[cfg(test)]
mod tests;
