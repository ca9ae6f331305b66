//! The client credentials grant (RFC 6749 §4.4): a confidential client for itself. A JWT needs no
//! row, so nothing is written for one.

use super::issue::access_token;
use super::{Issuance, TokenRequest};
use crate::{Error, ErrorCode, resource};

/// Scopes that speak of a user, which this grant does not have.
const USER_SCOPES: [&str; 2] = ["openid", "offline_access"];

/// Gives the client an access token of its own.
///
/// # Errors
/// `unauthorized_client`, `invalid_scope` or `invalid_target`.
pub fn decide(request: TokenRequest<'_>) -> Result<Issuance, Error> {
    let TokenRequest { params, client, policy, .. } = request;
    if client.is_public() {
        return Err(Error::new(
            ErrorCode::UnauthorizedClient,
            "client_credentials is for confidential clients (RFC 6749 section 4.4)",
        ));
    }
    let mut scope = policy.scope_for(client, params.get("scope"))?;
    if params.get("scope").is_none() {
        scope = scope.iter().filter(|token| !USER_SCOPES.contains(token)).map(str::to_owned).collect();
    }
    if let Some(token) = scope.iter().find(|token| USER_SCOPES.contains(token)) {
        return Err(Error::new(ErrorCode::InvalidScope, format!("scope {token} needs a user")));
    }
    let mut resources = resource::requested(params, client, policy)?;
    if resources.is_empty() {
        resources.extend(resource::default(client, policy)?);
    }
    access_token(request, (scope, resources))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Client, ClientOrigin, RegistrationBounds};
    use crate::testing;

    fn decide_with(text: &str, client: &Client) -> Result<Issuance, Error> {
        testing::token_request(text, client, decide)
    }

    /// RFC 9068 §2.2: sub is the client, aud the resource.
    #[test]
    fn the_client_is_its_own_subject() {
        let issuance = decide_with("", &testing::client()).unwrap();
        assert_eq!(issuance.access_token.sub, "app");
        assert_eq!(issuance.access_token.aud.iter().collect::<Vec<_>>(), ["https://api.example"]);
        assert_eq!(issuance.scope.to_string(), "profile email");
        assert!(issuance.id_token.is_none() && issuance.refresh_token.is_none());
    }

    /// RFC 6749 §4.4, RFC 8707 §2: nor by default what it may not name.
    #[test]
    fn refuses_what_the_client_may_not_have() {
        let with_default = |resource: &str| {
            let mut client = testing::client();
            client.metadata.resources.insert(0, resource.to_owned());
            client
        };
        let mut self_made = testing::client();
        let bounds = Some(Box::new(RegistrationBounds { resources: Some(vec![]), ..Default::default() }));
        self_made.origin =
            ClientOrigin::Registration { token: None, fingerprint: None, bounds, software_statement: None };
        for (text, client, code) in [
            ("", testing::public_client(), ErrorCode::UnauthorizedClient),
            ("scope=openid", testing::client(), ErrorCode::InvalidScope),
            ("scope=offline_access", testing::client(), ErrorCode::InvalidScope),
            ("scope=other", testing::client(), ErrorCode::InvalidScope),
            ("resource=https://other.example", testing::client(), ErrorCode::InvalidTarget),
            ("", with_default("https://deleted.example"), ErrorCode::InvalidTarget),
            ("scope=email", with_default("https://deleted.example"), ErrorCode::InvalidTarget),
            ("", self_made, ErrorCode::InvalidTarget),
        ] {
            assert_eq!(decide_with(text, &client).unwrap_err().code, code, "{text}");
        }
    }
}
