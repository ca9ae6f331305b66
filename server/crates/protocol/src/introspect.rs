//! Token introspection (RFC 7662).

use serde::Serialize;

use crate::claims::{AccessTokenClaims, ActorClaim, Audience, Confirmation};
use crate::model::{Acr, Client, Grant, RefreshToken};
use crate::{Policy, Scope, Timestamp};

/// An introspection response (RFC 7662 §2.2).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Introspection {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// RFC 9470 §6.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// RFC 8705 §3.2, RFC 9449 §6.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// RFC 8693 §4.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<ActorClaim>,
}

/// Says of an access token of ours that was not revoked whether it is active: not expired, and asked
/// about by its client or by a resource that it is for. To anybody else it is inactive (RFC 7662
/// §2.2), as a token that does not exist.
pub fn access_token(claims: &AccessTokenClaims, caller: &Client, now: Timestamp) -> Introspection {
    if claims.exp <= now.unix_seconds() || !claims.concerns(caller) {
        return Introspection::default();
    }
    Introspection {
        active: true,
        scope: (!claims.scope.is_empty()).then(|| claims.scope.clone()),
        client_id: Some(claims.client_id.clone()),
        token_type: Some(Confirmation::token_type(claims.cnf.as_ref())),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub.clone()),
        aud: Some(claims.aud.clone()),
        iss: Some(claims.iss.clone()),
        jti: Some(claims.jti.to_string()),
        acr: claims.acr,
        auth_time: claims.auth_time,
        cnf: claims.cnf.clone(),
        act: claims.act.clone(),
    }
}

/// Says of a refresh token whether it is active; only the client that holds it may know.
pub fn refresh_token(
    (token, grant): &(RefreshToken, Grant),
    caller: &Client,
    policy: &Policy,
    now: Timestamp,
) -> Introspection {
    let usable = token.rotated_at.is_none() && grant.revoked_at.is_none() && now < token.expires_at;
    if !usable || token.client_id != caller.client_id {
        return Introspection::default();
    }
    Introspection {
        active: true,
        scope: Some(grant.scope.clone()),
        client_id: Some(token.client_id.to_string()),
        exp: Some(token.expires_at.unix_seconds()),
        iat: Some(token.issued_at.unix_seconds()),
        sub: Some(grant.user_id.to_string()),
        iss: Some(policy.issuer.clone()),
        ..Introspection::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientId;
    use crate::testing::{self, NOW};

    #[test]
    fn active_for_its_client_and_its_resources_only() {
        let claims = testing::access_token_claims();
        let mut caller = testing::client();
        assert!(access_token(&claims, &caller, NOW).active);
        caller.client_id = ClientId::parse("api").unwrap();
        assert!(access_token(&claims, &caller, NOW).active, "a resource server of its audience");
        caller.metadata.resources.clear();
        assert_eq!(access_token(&claims, &caller, NOW), Introspection::default());
    }

    /// RFC 7662 §2.2: of an inactive token nothing more is said.
    #[test]
    fn says_nothing_of_an_expired_token() {
        let claims = testing::access_token_claims();
        let answer = access_token(&claims, &testing::client(), Timestamp::from_unix_seconds(claims.exp));
        assert_eq!(serde_json::to_string(&answer).unwrap(), r#"{"active":false}"#);
    }
}
