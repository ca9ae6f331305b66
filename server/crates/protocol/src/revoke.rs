//! Token revocation (RFC 7009).

use crate::claims::AccessTokenClaims;
use crate::model::{Actor, AuditEvent, AuditKind, Client, Grant, RefreshToken, RevocationReason};
use crate::{Decision, Effect, Entropy, Error, Id, Timestamp};

/// What the presented token turned out to be.
#[derive(Debug)]
pub enum Presented {
    RefreshToken(Box<(RefreshToken, Grant)>),
    /// One of this tenant's that was not revoked.
    AccessToken(Box<AccessTokenClaims>),
    /// Nothing of ours, or something that ended long ago.
    Unknown,
}

/// Ends a token of the client's. A refresh token takes the whole grant with it (RFC 7009 §2.1); an
/// unknown token is as good as revoked (§2.2).
pub fn decide(presented: &Presented, client: &Client, now: Timestamp, entropy: &dyn Entropy) -> Decision<()> {
    match presented {
        Presented::Unknown => Decision::only(Ok(())),
        Presented::RefreshToken(held) => {
            let (token, grant) = held.as_ref();
            if token.client_id != client.client_id {
                return Decision::only(Err(foreign()));
            }
            if grant.revoked_at.is_some() {
                return Decision::only(Ok(()));
            }
            let event = AuditEvent {
                id: Id::generate(now, entropy),
                at: now,
                kind: AuditKind::GrantRevoked,
                actor: Actor::Client { client_id: client.client_id.clone() },
                target: grant.id.to_string(),
                origin: None,
                detail: serde_json::json!({ "reason": RevocationReason::RevokedByClient }),
            };
            let reason = RevocationReason::RevokedByClient;
            let effects = vec![
                Effect::RevokeGrant { grant: grant.id, reason, at: now },
                Effect::RecordAudit(Box::new(event)),
            ];
            Decision { effects, outcome: Ok(()) }
        }
        Presented::AccessToken(claims) => {
            if claims.client_id != client.client_id.as_str() {
                return Decision::only(Err(foreign()));
            }
            let expires_at = Timestamp::from_unix_seconds(claims.exp);
            if expires_at <= now {
                return Decision::only(Ok(()));
            }
            Decision {
                effects: vec![Effect::RevokeAccessToken { id: claims.jti, expires_at }],
                outcome: Ok(()),
            }
        }
    }
}

/// RFC 7009 §2.1: the client is told.
fn foreign() -> Error {
    Error::invalid_grant("the token was issued to another client")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientId;
    use crate::testing::{self, NOW};

    fn decide_for(client: &Client, presented: &Presented) -> Decision<()> {
        decide(presented, client, NOW, &testing::SeededEntropy::default())
    }

    fn refresh_token() -> Presented {
        let grant = testing::grant();
        let token = RefreshToken {
            tenant_id: testing::TENANT,
            hash: testing::secret().hash(),
            grant_id: grant.id,
            client_id: grant.client_id.clone(),
            confirmation: None,
            issued_at: NOW,
            expires_at: NOW,
            rotated_at: None,
        };
        Presented::RefreshToken(Box::new((token, grant)))
    }

    /// RFC 7009 §2.1.
    #[test]
    fn a_refresh_token_takes_its_grant_with_it() {
        let decision = decide_for(&testing::client(), &refresh_token());
        assert_eq!(decision.outcome, Ok(()));
        assert!(matches!(
            decision.effects[0],
            Effect::RevokeGrant { reason: RevocationReason::RevokedByClient, .. }
        ));
    }

    #[test]
    fn an_access_token_is_refused_until_it_expires() {
        let claims = testing::access_token_claims();
        let expires_at = Timestamp::from_unix_seconds(claims.exp);
        let decision = decide_for(&testing::client(), &Presented::AccessToken(Box::new(claims.clone())));
        assert_eq!(decision.effects, [Effect::RevokeAccessToken { id: claims.jti, expires_at }]);
        let expired = AccessTokenClaims { exp: NOW.unix_seconds(), ..claims };
        let decision = decide_for(&testing::client(), &Presented::AccessToken(Box::new(expired)));
        assert!(decision.effects.is_empty() && decision.outcome.is_ok());
    }

    #[test]
    fn another_clients_token_stays() {
        let mut other = testing::client();
        other.client_id = ClientId::parse("other").unwrap();
        let access = Presented::AccessToken(Box::new(testing::access_token_claims()));
        for presented in [refresh_token(), access] {
            let decision = decide_for(&other, &presented);
            assert!(decision.outcome.is_err() && decision.effects.is_empty());
        }
    }

    /// RFC 7009 §2.2.
    #[test]
    fn an_unknown_token_is_a_success() {
        let decision = decide_for(&testing::client(), &Presented::Unknown);
        assert!(decision.outcome.is_ok() && decision.effects.is_empty());
    }
}
