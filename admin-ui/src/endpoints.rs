//! Where a tenant's endpoints are, by its issuer.

use grantor_api::{Client, GrantType};

/// An endpoint: its name in the metadata (RFC 8414 §2) and its address.
pub type Endpoint = (&'static str, String);

/// The endpoints that a client has use for, by what it may do.
#[must_use]
pub fn of(issuer: &str, client: &Client) -> Vec<Endpoint> {
    let may = |grant_type| client.grant_types.contains(&grant_type);
    let browser = may(GrantType::AuthorizationCode) || may(GrantType::Implicit);
    let person = browser || may(GrantType::DeviceCode);
    let all = [
        ("issuer", "", true),
        ("openid-configuration", "/.well-known/openid-configuration", true),
        ("authorization_endpoint", "/authorize", browser),
        (
            "pushed_authorization_request_endpoint",
            "/par",
            browser && client.require_pushed_authorization_requests,
        ),
        ("device_authorization_endpoint", "/device_authorization", may(GrantType::DeviceCode)),
        ("token_endpoint", "/token", true),
        ("userinfo_endpoint", "/userinfo", person),
        ("revocation_endpoint", "/revoke", person),
        ("end_session_endpoint", "/logout", browser),
        ("jwks_uri", "/jwks", true),
    ];
    all.into_iter()
        .filter(|(_, _, used)| *used)
        .map(|(name, path, _)| (name, format!("{issuer}{path}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(grant_types: Vec<GrantType>) -> Vec<&'static str> {
        let client = Client { grant_types, ..Client::default() };
        of("https://a.example", &client).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_client_sees_what_it_has_use_for() {
        assert_eq!(
            names(vec![GrantType::ClientCredentials]),
            ["issuer", "openid-configuration", "token_endpoint", "jwks_uri"]
        );
        assert!(names(vec![GrantType::AuthorizationCode]).contains(&"end_session_endpoint"));
        let device = names(vec![GrantType::DeviceCode]);
        assert!(
            device.contains(&"device_authorization_endpoint") && !device.contains(&"authorization_endpoint")
        );
    }
}
