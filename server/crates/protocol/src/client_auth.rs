//! Client authentication (RFC 6749 §2.3, RFC 7523 §3, OpenID Connect Core §9).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::{AuthenticationMethod, Client, ClientId};
use crate::params::form_decode;
use crate::{Effect, Error, Lifetime, Params, Policy, Secret, Timestamp};

/// What the client brought to prove who it is; exactly one method (RFC 6749 §2.3).
#[derive(Debug)]
pub enum Credentials {
    /// Only its name.
    None {
        client_id: ClientId,
    },
    Secret {
        method: AuthenticationMethod,
        client_id: ClientId,
        secret: Secret,
    },
    /// A JWT that still has to be verified; the client is the one that its `sub` names.
    Assertion {
        client_id: Option<ClientId>,
        assertion: String,
    },
}

/// Claims of a client assertion whose signature was verified with a key of the client's.
#[derive(Debug)]
pub struct AssertionClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Vec<String>,
    pub exp: Timestamp,
    pub nbf: Option<Timestamp>,
    pub iat: Option<Timestamp>,
    pub jti: String,
}

/// `client_assertion_type` of RFC 7523 §2.2.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Clocks of clients may differ from ours by so much.
const CLOCK_SKEW: Lifetime = Lifetime::from_seconds(30);

/// An assertion that claims to be valid for longer is refused: its `jti` would have to be kept.
const LONGEST_ASSERTION: Lifetime = Lifetime::from_seconds(600);

/// Reads the credentials of a request from its `Authorization` header and its parameters.
///
/// # Errors
/// `invalid_request` for two methods at once (RFC 6749 §2.3) and for what cannot be read,
/// `invalid_client` for none.
pub fn credentials(authorization: Option<&str>, params: &Params) -> Result<Credentials, Error> {
    let client_id = params.get("client_id").map(parse_client_id).transpose()?;
    let secret = params.get("client_secret");
    let assertion = params.get("client_assertion");
    let methods = [authorization.is_some(), secret.is_some(), assertion.is_some()];
    if methods.into_iter().filter(|used| *used).count() > 1 {
        return Err(Error::invalid_request("use one client authentication method, not several"));
    }
    if let Some(authorization) = authorization {
        return basic(authorization, client_id.as_ref());
    }
    if let Some(assertion) = assertion {
        if params.get("client_assertion_type") != Some(JWT_BEARER) {
            return Err(Error::invalid_request(format!("client_assertion_type must be {JWT_BEARER}")));
        }
        return Ok(Credentials::Assertion { client_id, assertion: assertion.to_owned() });
    }
    match (client_id, secret) {
        (None, _) => Err(Error::invalid_client("no client authentication in the request")),
        (Some(client_id), None) => Ok(Credentials::None { client_id }),
        (Some(client_id), Some(secret)) => Ok(Credentials::Secret {
            method: AuthenticationMethod::ClientSecretPost,
            client_id,
            secret: Secret::presented(secret),
        }),
    }
}

/// HTTP Basic with both halves form-encoded (RFC 6749 §2.3.1).
fn basic(authorization: &str, client_id: Option<&ClientId>) -> Result<Credentials, Error> {
    let malformed = || Error::invalid_client("the Authorization header is not HTTP Basic");
    let (scheme, encoded) = authorization.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (name, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let name = parse_client_id(&form_decode(name)?)?;
    if client_id.is_some_and(|client_id| *client_id != name) {
        return Err(Error::invalid_request("client_id differs from the client in the Authorization header"));
    }
    Ok(Credentials::Secret {
        method: AuthenticationMethod::ClientSecretBasic,
        client_id: name,
        secret: Secret::presented(form_decode(secret)?),
    })
}

fn parse_client_id(text: &str) -> Result<ClientId, Error> {
    ClientId::parse(text).ok_or_else(|| Error::invalid_client("not a client_id"))
}

/// The client must use the method that it is registered with: anything else lets an attacker
/// choose the weakest.
///
/// # Errors
/// `invalid_client`.
pub fn check_method(client: &Client, used: AuthenticationMethod) -> Result<(), Error> {
    let registered = client.metadata.token_endpoint_auth_method;
    if !client.enabled {
        return Err(Error::invalid_client("the client is disabled"));
    }
    if registered != used {
        let (used, registered) = (used.as_str(), registered.as_str());
        return Err(Error::invalid_client(format!("used {used}, is registered with {registered}")));
    }
    Ok(())
}

/// Compares a client secret with all that are valid now (RFC 6749 §2.3.1).
///
/// # Errors
/// `invalid_client`.
pub fn check_secret(client: &Client, secret: &Secret, now: Timestamp) -> Result<(), Error> {
    let mut live =
        client.secrets.iter().filter(|held| held.expires_at.is_none_or(|expires_at| now < expires_at));
    if live.any(|held| held.hash.matches(secret)) {
        Ok(())
    } else {
        Err(Error::invalid_client("no valid secret of the client's"))
    }
}

/// The algorithms that the client may sign its assertions with: those of its method, or the one among
/// them that it registered.
pub fn assertion_algorithms(client: &Client) -> Vec<&'static str> {
    let metadata = &client.metadata;
    let of_method = metadata.token_endpoint_auth_method.assertion_algorithms();
    let registered = metadata.token_endpoint_auth_signing_alg.as_deref();
    of_method.iter().copied().filter(|name| registered.is_none_or(|registered| registered == *name)).collect()
}

/// Checks the claims of a client assertion (RFC 7523 §3) and says what spends it.
///
/// # Errors
/// `invalid_client`.
pub fn check_assertion(
    claims: &AssertionClaims,
    client: &Client,
    policy: &Policy,
    already_spent: bool,
    now: Timestamp,
) -> Result<Effect, Error> {
    let client_id = client.client_id.as_str();
    let refuse = |why: &str| Err(Error::invalid_client(why));
    if claims.iss != client_id || claims.sub != client_id {
        return refuse("iss and sub of the assertion must be the client_id");
    }
    if !claims.aud.iter().any(|audience| policy.accepts_assertion_audience(audience)) {
        return refuse("aud of the assertion is neither the issuer nor its token endpoint");
    }
    if claims.exp + CLOCK_SKEW <= now {
        return refuse("the assertion has expired");
    }
    if claims.exp > now + LONGEST_ASSERTION {
        return refuse("the assertion is valid for more than ten minutes");
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|time| time > now + CLOCK_SKEW) {
        return refuse("the assertion is not valid yet");
    }
    if claims.jti.is_empty() {
        return refuse("the assertion has no jti");
    }
    if already_spent {
        return refuse("the assertion was used before");
    }
    Ok(Effect::SpendAssertion {
        client_id: client.client_id.clone(),
        jti: Secret::presented(claims.jti.as_str()).hash(),
        expires_at: claims.exp + CLOCK_SKEW,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientSecret;
    use crate::testing::{self, NOW};
    use crate::{ErrorCode, Id};

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn read(authorization: Option<&str>, text: &str) -> Result<Credentials, Error> {
        credentials(authorization, &testing::params(text))
    }

    /// RFC 6749 §2.3.1: both halves are form-encoded inside the header.
    #[test]
    fn reads_every_method() {
        let Ok(Credentials::Secret { method, client_id, secret }) = read(Some(&header("a%3Ab:s%2Bt")), "")
        else {
            panic!("not read")
        };
        assert_eq!(method, AuthenticationMethod::ClientSecretBasic);
        assert_eq!((client_id.as_str(), secret.expose()), ("a:b", "s+t"));
        assert!(matches!(
            read(None, "client_id=a&client_secret=s"),
            Ok(Credentials::Secret { method: AuthenticationMethod::ClientSecretPost, .. })
        ));
        assert!(matches!(read(None, "client_id=a"), Ok(Credentials::None { .. })));
        let assertion = format!("client_assertion_type={JWT_BEARER}&client_assertion=x.y.z");
        assert!(matches!(read(None, &assertion), Ok(Credentials::Assertion { client_id: None, .. })));
    }

    #[test]
    fn refuses_what_is_ambiguous_or_broken() {
        let basic = header("a:s");
        for (authorization, text, code) in [
            (Some(basic.as_str()), "client_secret=s", ErrorCode::InvalidRequest),
            (Some(&basic), "client_assertion=x", ErrorCode::InvalidRequest),
            (None, "client_secret=s&client_assertion=x&client_id=a", ErrorCode::InvalidRequest),
            (Some(&basic), "client_id=b", ErrorCode::InvalidRequest),
            (None, "client_assertion=x&client_assertion_type=other", ErrorCode::InvalidRequest),
            (None, "", ErrorCode::InvalidClient),
            (None, "client_secret=s", ErrorCode::InvalidClient),
            (Some("Bearer x"), "client_id=a", ErrorCode::InvalidClient),
            (Some("Basic"), "", ErrorCode::InvalidClient),
            (Some("Basic !!!"), "", ErrorCode::InvalidClient),
            (Some(&header("no colon")), "", ErrorCode::InvalidClient),
            (Some(&header("a%zz:s")), "", ErrorCode::InvalidRequest),
        ] {
            assert_eq!(read(authorization, text).unwrap_err().code, code, "{authorization:?} {text}");
        }
    }

    /// A client cannot be talked into a weaker method than its own.
    #[test]
    fn only_the_registered_method_counts() {
        for registered in AuthenticationMethod::ALL {
            let mut client = testing::client();
            client.metadata.token_endpoint_auth_method = registered;
            for used in AuthenticationMethod::ALL {
                assert_eq!(check_method(&client, used).is_ok(), used == registered);
            }
            client.enabled = false;
            assert!(check_method(&client, registered).is_err());
        }
    }

    #[test]
    fn every_live_secret_counts_and_no_expired_one() {
        let mut client = testing::client();
        let old = Secret::presented("gcs_old");
        client.secrets.push(ClientSecret {
            id: Id::from_bytes([9; 16]),
            hash: old.hash(),
            created_at: NOW,
            expires_at: Some(NOW + Lifetime::from_seconds(10)),
            sealed: None,
        });
        assert!(check_secret(&client, &testing::secret(), NOW).is_ok());
        assert!(check_secret(&client, &old, NOW).is_ok());
        assert!(check_secret(&client, &old, NOW + Lifetime::from_seconds(10)).is_err());
        assert!(check_secret(&client, &Secret::presented(""), NOW).is_err());
    }

    /// RFC 8725 §3.1: the method and the registration decide, and not the assertion.
    #[test]
    fn the_algorithm_is_one_of_the_method() {
        let mut client = testing::client();
        let mut algorithms = |method, registered: Option<&str>| {
            client.metadata.token_endpoint_auth_method = method;
            client.metadata.token_endpoint_auth_signing_alg = registered.map(str::to_owned);
            assertion_algorithms(&client)
        };
        let (by_key, by_secret) =
            (AuthenticationMethod::PrivateKeyJwt, AuthenticationMethod::ClientSecretJwt);
        assert_eq!(algorithms(by_key, None), crate::metadata::ASSERTION_ALGORITHMS);
        assert_eq!(algorithms(by_key, Some("PS256")), ["PS256"]);
        assert_eq!(algorithms(by_key, Some("HS256")), [""; 0]);
        assert_eq!(algorithms(by_secret, None), ["HS256"]);
        assert_eq!(algorithms(by_secret, Some("ES256")), [""; 0]);
        assert_eq!(algorithms(AuthenticationMethod::ClientSecretBasic, None), [""; 0]);
    }

    /// RFC 7523 §3.
    #[test]
    fn an_assertion_is_checked_in_every_claim() {
        let valid = || AssertionClaims {
            iss: "app".to_owned(),
            sub: "app".to_owned(),
            aud: vec![testing::ISSUER.to_owned()],
            exp: NOW + Lifetime::from_seconds(60),
            nbf: None,
            iat: Some(NOW),
            jti: "j1".to_owned(),
        };
        let check = |claims: &AssertionClaims, spent| {
            check_assertion(claims, &testing::client(), &testing::policy(), spent, NOW)
        };
        assert!(matches!(check(&valid(), false), Ok(Effect::SpendAssertion { .. })));
        assert!(check(&valid(), true).is_err(), "replayed");
        type Case = (&'static str, fn(&mut AssertionClaims));
        let cases: [Case; 9] = [
            ("iss", |claims| claims.iss = "other".to_owned()),
            ("sub", |claims| claims.sub = "other".to_owned()),
            ("aud", |claims| claims.aud = vec!["https://other.example".to_owned()]),
            ("no aud", |claims| claims.aud = vec![]),
            ("expired", |claims| claims.exp = NOW - CLOCK_SKEW),
            ("too long", |claims| claims.exp = NOW + LONGEST_ASSERTION + Lifetime::from_seconds(1)),
            ("nbf", |claims| claims.nbf = Some(NOW + CLOCK_SKEW + Lifetime::from_seconds(1))),
            ("iat", |claims| claims.iat = Some(NOW + CLOCK_SKEW + Lifetime::from_seconds(1))),
            ("no jti", |claims| claims.jti = String::new()),
        ];
        for (name, change) in cases {
            let mut claims = valid();
            change(&mut claims);
            assert_eq!(check(&claims, false).unwrap_err().code, ErrorCode::InvalidClient, "{name}");
        }
        let token_endpoint = AssertionClaims { aud: vec![format!("{}/token", testing::ISSUER)], ..valid() };
        assert!(check(&token_endpoint, false).is_ok());
    }
}
