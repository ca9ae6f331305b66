//! The refresh token grant (RFC 6749 §6, OAuth 2.1 §4.3, RFC 9700 §4.14.2).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::issue::for_grant;
use super::{Issuance, TokenRequest};
use crate::model::{Actor, AuditEvent, AuditKind, Grant, RefreshToken, RevocationReason};
use crate::{
    Decision, Effect, Error, ErrorCode, Id, Params, Scope, Secret, SecretKind, confirmation, resource,
};

/// Key of the function that gives every refresh token its one successor.
#[derive(Clone)]
pub struct SuccessorKey([u8; 32]);

impl SuccessorKey {
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The token that follows `presented`. Computed, so that a client whose answer got lost can be
    /// given the same one again although only hashes are stored; keyed, so that nobody who finds an
    /// old token can compute its successor.
    fn successor(&self, presented: &Secret) -> Secret {
        // HMAC takes keys of every length.
        let bytes = Hmac::<Sha256>::new_from_slice(&self.0)
            .map(|mac| mac.chain_update(presented.expose()).finalize().into_bytes().into())
            .unwrap_or(self.0);
        Secret::from_bytes(SecretKind::RefreshToken, &bytes)
    }
}

impl std::fmt::Debug for SuccessorKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SuccessorKey(..)")
    }
}

/// The refresh token of a token request.
///
/// # Errors
/// `invalid_request` where it is missing.
pub fn presented(params: &Params) -> Result<Secret, Error> {
    params.require("refresh_token").map(Secret::presented)
}

/// Gives new tokens under the grant; a public client's refresh token is replaced.
pub fn decide(
    request: TokenRequest<'_>,
    presented: &Secret,
    loaded: Option<&(RefreshToken, Grant)>,
    successor_key: &SuccessorKey,
) -> Decision<Issuance> {
    let of_client = |(token, _): &&(RefreshToken, Grant)| token.client_id == request.client.client_id;
    let Some((token, grant)) = loaded.filter(of_client) else {
        return Decision::only(Err(Error::invalid_grant(UNUSABLE).because("unknown, or another client's")));
    };
    if grant.revoked_at.is_some() {
        return Decision::only(Err(Error::invalid_grant(UNUSABLE).because("the grant is revoked")));
    }
    if is_replay(token, request) {
        return replayed(token, grant, request);
    }
    match refresh(request, token, grant, || successor_key.successor(presented)) {
        Ok((effects, issuance)) => Decision { effects, outcome: Ok(issuance) },
        Err(error) => Decision::only(Err(error)),
    }
}

const UNUSABLE: &str = "the refresh token is unknown, expired, revoked or another client's";

/// A token that was rotated may come again within the retry window only.
fn is_replay(token: &RefreshToken, request: TokenRequest<'_>) -> bool {
    token.rotated_at.is_some_and(|at| request.now >= at + request.policy.lifetimes.refresh_retry_window)
}

fn refresh(
    request: TokenRequest<'_>,
    token: &RefreshToken,
    grant: &Grant,
    successor: impl FnOnce() -> Secret,
) -> Result<(Vec<Effect>, Issuance), Error> {
    let TokenRequest { params, client, policy, possession, now, .. } = request;
    if token.expires_at <= now {
        return Err(Error::invalid_grant(UNUSABLE).because("expired"));
    }
    confirmation::check(token.confirmation.as_ref(), possession)?;
    let scope = narrowed_scope(params, grant)?;
    let resources = resource::narrowed(params, &grant.resources)?;
    let mut issuance = for_grant(request, grant, (scope, resources))?;
    // OpenID Connect Core §12.2: the nonce belongs to the authentication request.
    if let Some(id_token) = &mut issuance.id_token {
        id_token.claims.nonce = None;
    }
    if !policy.rotates_refresh_tokens_of(client) {
        return Ok((vec![], issuance));
    }
    let successor = successor();
    let effects = match token.rotated_at {
        // A retry: the answer got lost, the successor is stored already.
        Some(_) => vec![],
        None => vec![
            Effect::TouchGrant { grant: grant.id },
            Effect::RotateRefreshToken { hash: token.hash, at: now },
            Effect::StoreRefreshToken(Box::new(RefreshToken {
                hash: successor.hash(),
                issued_at: now,
                expires_at: policy.refresh_token_expiry(client, grant, now),
                rotated_at: None,
                ..token.clone()
            })),
        ],
    };
    issuance.refresh_token = Some(successor);
    Ok((effects, issuance))
}

/// A scope may only become smaller, for this access token alone (RFC 6749 §6).
fn narrowed_scope(params: &Params, grant: &Grant) -> Result<Scope, Error> {
    let Some(text) = params.get("scope") else { return Ok(grant.scope.clone()) };
    let scope = Scope::parse(text).map_err(|error| Error::new(ErrorCode::InvalidScope, error.to_string()))?;
    if scope.is_subset(&grant.scope) {
        Ok(scope)
    } else {
        let excess = scope.without(&grant.scope);
        Err(Error::new(ErrorCode::InvalidScope, format!("scope {excess} was not granted")))
    }
}

/// RFC 9700 §4.14.2: a token that was replaced comes again, so it is in two hands.
fn replayed(token: &RefreshToken, grant: &Grant, request: TokenRequest<'_>) -> Decision<Issuance> {
    let event = AuditEvent {
        id: Id::generate(request.now, request.entropy),
        at: request.now,
        kind: AuditKind::RefreshTokenReplayed,
        actor: Actor::Client { client_id: token.client_id.clone() },
        target: grant.id.to_string(),
        origin: None,
        detail: serde_json::json!({ "rotated_at": token.rotated_at.map(|at| at.to_string()) }),
    };
    let reason = RevocationReason::RefreshTokenReplayed;
    let effects = vec![
        Effect::RevokeGrant { grant: grant.id, reason, at: request.now },
        Effect::RecordAudit(Box::new(event)),
    ];
    Decision {
        effects,
        outcome: Err(Error::invalid_grant(UNUSABLE).because("replayed: the grant is revoked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Client;
    use crate::testing::{self, NOW};
    use crate::{Lifetime, Timestamp};

    const KEY: SuccessorKey = SuccessorKey::new([9; 32]);

    fn loaded() -> (RefreshToken, Grant) {
        let grant = testing::grant();
        let token = RefreshToken {
            tenant_id: testing::TENANT,
            hash: Secret::presented("grt_1").hash(),
            grant_id: grant.id,
            client_id: testing::client().client_id,
            confirmation: None,
            issued_at: NOW,
            expires_at: NOW + Lifetime::from_seconds(3600),
            rotated_at: None,
        };
        (token, grant)
    }

    fn decide_at(
        now: Timestamp,
        text: &str,
        client: &Client,
        loaded: &(RefreshToken, Grant),
    ) -> Decision<Issuance> {
        let presented = Secret::presented("grt_1");
        testing::token_request(text, client, |request| {
            decide(TokenRequest { now, ..request }, &presented, Some(loaded), &KEY)
        })
    }

    #[test]
    fn a_public_clients_token_is_rotated() {
        let (token, grant) = loaded();
        let decision =
            decide_at(NOW, "refresh_token=grt_1", &testing::public_client(), &(token.clone(), grant.clone()));
        let successor = decision.outcome.unwrap().refresh_token.unwrap();
        assert_eq!(decision.effects[0], Effect::TouchGrant { grant: grant.id });
        assert_eq!(decision.effects[1], Effect::RotateRefreshToken { hash: token.hash, at: NOW });
        let Effect::StoreRefreshToken(stored) = &decision.effects[2] else {
            panic!("{:?}", decision.effects)
        };
        assert_eq!(stored.hash, successor.hash());
    }

    /// OAuth 2.1 §4.3.1: a confidential client's token is bound to its authentication.
    #[test]
    fn a_confidential_clients_token_stays() {
        let decision = decide_at(NOW, "refresh_token=grt_1", &testing::client(), &loaded());
        assert!(decision.outcome.unwrap().refresh_token.is_none());
        assert!(decision.effects.is_empty());
    }

    #[test]
    fn a_retry_inside_the_window_gets_the_same_successor_and_writes_nothing() {
        let client = testing::public_client();
        let (token, grant) = loaded();
        let first =
            decide_at(NOW, "", &client, &(token.clone(), grant.clone())).outcome.unwrap().refresh_token;
        let rotated = RefreshToken { rotated_at: Some(NOW), ..token };
        let inside = NOW + Lifetime::from_seconds(29);
        let retry = decide_at(inside, "", &client, &(rotated, grant));
        assert_eq!(retry.outcome.unwrap().refresh_token, first);
        assert!(retry.effects.is_empty());
    }

    /// RFC 9700 §4.14.2.
    #[test]
    fn a_replay_after_the_window_revokes_the_grant_and_says_so() {
        let (token, grant) = loaded();
        let rotated = RefreshToken { rotated_at: Some(NOW), ..token };
        let after = NOW + Lifetime::from_seconds(30);
        let decision = decide_at(after, "", &testing::public_client(), &(rotated, grant.clone()));
        assert_eq!(decision.outcome.unwrap_err().code, ErrorCode::InvalidGrant);
        let reason = RevocationReason::RefreshTokenReplayed;
        assert_eq!(decision.effects[0], Effect::RevokeGrant { grant: grant.id, reason, at: after });
        assert!(
            matches!(&decision.effects[1], Effect::RecordAudit(event) if event.kind == AuditKind::RefreshTokenReplayed)
        );
    }

    /// RFC 6749 §6.
    #[test]
    fn the_scope_can_become_smaller_and_not_larger() {
        let client = testing::public_client();
        let smaller = decide_at(NOW, "scope=profile", &client, &loaded()).outcome.unwrap();
        assert_eq!(smaller.scope.to_string(), "profile");
        assert!(smaller.id_token.is_none());
        let larger = decide_at(NOW, "scope=openid+email", &client, &loaded());
        assert_eq!(larger.outcome.unwrap_err().code, ErrorCode::InvalidScope);
        assert!(larger.effects.is_empty());
    }

    #[test]
    fn refuses_without_a_trace() {
        type Change = fn(&mut RefreshToken, &mut Grant, &mut Client);
        let cases: [(&str, Change); 3] = [
            ("expired", |token, _, _| token.expires_at = NOW),
            ("revoked", |_, grant, _| grant.revoked_at = Some(NOW)),
            ("another client", |_, _, client| client.client_id = crate::model::ClientId::parse("b").unwrap()),
        ];
        for (name, change) in cases {
            let ((mut token, mut grant), mut client) = (loaded(), testing::public_client());
            change(&mut token, &mut grant, &mut client);
            let decision = decide_at(NOW, "", &client, &(token, grant));
            assert!(decision.outcome.is_err() && decision.effects.is_empty(), "{name}");
        }
    }

    /// OpenID Connect Core §12.2.
    #[test]
    fn a_refreshed_id_token_keeps_auth_time_and_has_no_nonce() {
        let issuance = decide_at(NOW, "", &testing::client(), &loaded()).outcome.unwrap();
        let claims = issuance.id_token.unwrap().claims;
        assert_eq!((claims.nonce, claims.auth_time), (None, NOW.unix_seconds()));
    }

    #[test]
    fn successors_depend_on_the_key() {
        let presented = Secret::presented("grt_1");
        assert_ne!(KEY.successor(&presented), SuccessorKey::new([8; 32]).successor(&presented));
    }
}
