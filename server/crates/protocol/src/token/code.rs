//! The authorization code grant (RFC 6749 §4.1.3, OAuth 2.1 §4.1.3, RFC 7636 §4.6).

use super::issue::{for_grant, refresh_token};
use super::{Issuance, TokenRequest};
use crate::claims::Confirmation;
use crate::model::{Actor, AuditEvent, AuditKind, AuthorizationCode, Grant, RevocationReason};
use crate::{Decision, Effect, Entropy, Error, Id, Params, Secret, Timestamp, confirmation, resource};

/// The code of a token request.
///
/// # Errors
/// `invalid_request` where it is missing.
pub fn presented(params: &Params) -> Result<Secret, Error> {
    params.require("code").map(Secret::presented)
}

/// Redeems a code for the tokens of its grant, once.
pub fn decide(request: TokenRequest<'_>, loaded: Option<&(AuthorizationCode, Grant)>) -> Decision<Issuance> {
    let of_client = |(code, _): &&(AuthorizationCode, Grant)| code.client_id == request.client.client_id;
    let Some((code, grant)) = loaded.filter(of_client) else {
        return Decision::only(Err(Error::invalid_grant(UNUSABLE).because("unknown, or another client's")));
    };
    if code.consumed_at.is_some() {
        return replayed(code, grant, request.now, request.entropy);
    }
    match redeem(request, code, grant) {
        Ok((effects, issuance)) => Decision { effects, outcome: Ok(issuance) },
        Err(error) => Decision::only(Err(error)),
    }
}

const UNUSABLE: &str = "the authorization code is unknown, expired, used or another client's";

fn redeem(
    request: TokenRequest<'_>,
    code: &AuthorizationCode,
    grant: &Grant,
) -> Result<(Vec<Effect>, Issuance), Error> {
    let TokenRequest { params, possession, now, .. } = request;
    if code.expires_at <= now {
        return Err(Error::invalid_grant(UNUSABLE).because("expired"));
    }
    if grant.revoked_at.is_some() {
        return Err(Error::invalid_grant(UNUSABLE).because("the grant is revoked"));
    }
    same_redirect_uri(params, code)?;
    proof_key(params, code)?;
    // RFC 9449 §10.
    let dpop_key = code.dpop_jkt.clone().map(Confirmation::DpopKey);
    confirmation::check(dpop_key.as_ref(), possession)?;
    let resources = resource::narrowed(params, &grant.resources)?;
    let mut issuance = for_grant(request, grant, (grant.scope.clone(), resources))?;
    let mut effects = vec![
        Effect::TouchGrant { grant: grant.id },
        Effect::ConsumeAuthorizationCode { hash: code.hash, at: now },
    ];
    if let Some((secret, effect)) = refresh_token(request, grant, issuance.access_token.cnf.as_ref()) {
        effects.push(effect);
        issuance.refresh_token = Some(secret);
    }
    Ok((effects, issuance))
}

/// RFC 9700 §4.5: a code that comes twice was stolen at one of the two places.
fn replayed(
    code: &AuthorizationCode,
    grant: &Grant,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Decision<Issuance> {
    let error = Error::invalid_grant(UNUSABLE).because("used before: the grant is revoked");
    if grant.revoked_at.is_some() {
        return Decision::only(Err(error));
    }
    let event = AuditEvent {
        id: Id::generate(now, entropy),
        at: now,
        kind: AuditKind::AuthorizationCodeReplayed,
        actor: Actor::Client { client_id: code.client_id.clone() },
        target: grant.id.to_string(),
        origin: None,
        detail: serde_json::json!({ "consumed_at": code.consumed_at.map(|at| at.to_string()) }),
    };
    let reason = RevocationReason::AuthorizationCodeReplayed;
    let effects =
        vec![Effect::RevokeGrant { grant: grant.id, reason, at: now }, Effect::RecordAudit(Box::new(event))];
    Decision { effects, outcome: Err(error) }
}

/// OAuth 2.1 §4.1.3 does not want it any more; where it is sent it must be the same (RFC 6749
/// §4.1.3).
fn same_redirect_uri(params: &Params, code: &AuthorizationCode) -> Result<(), Error> {
    match params.get("redirect_uri") {
        Some(redirect_uri) if redirect_uri != code.redirect_uri => {
            Err(Error::invalid_grant("redirect_uri differs from that of the authorization request"))
        }
        _ => Ok(()),
    }
}

/// RFC 7636 §4.6; a verifier for a code that was asked for without a challenge is a downgrade
/// (RFC 9700 §4.8.2).
fn proof_key(params: &Params, code: &AuthorizationCode) -> Result<(), Error> {
    match (&code.code_challenge, params.get("code_verifier")) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Error::invalid_grant("parameter code_verifier is missing")),
        (None, Some(_)) => {
            Err(Error::invalid_grant("code_verifier without code_challenge in the authorization request"))
        }
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(Error::invalid_grant("code_verifier does not fit the code_challenge")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lifetime;
    use crate::model::{Client, GrantType};
    use crate::pkce::CodeChallenge;
    use crate::testing::{self, NOW};

    fn loaded() -> (AuthorizationCode, Grant) {
        let grant = testing::grant();
        let code = AuthorizationCode {
            tenant_id: testing::TENANT,
            hash: Secret::presented("gac_1").hash(),
            grant_id: grant.id,
            client_id: testing::client().client_id,
            redirect_uri: "https://app.example/cb".to_owned(),
            code_challenge: Some(CodeChallenge::from_stored(testing::CHALLENGE.to_owned())),
            dpop_jkt: None,
            issued_at: NOW,
            expires_at: NOW + Lifetime::from_seconds(60),
            consumed_at: None,
        };
        (code, grant)
    }

    fn decide_with(
        text: &str,
        client: &Client,
        loaded: Option<&(AuthorizationCode, Grant)>,
    ) -> Decision<Issuance> {
        testing::token_request(text, client, |request| decide(request, loaded))
    }

    fn valid() -> String {
        format!("code=gac_1&code_verifier={}", testing::VERIFIER)
    }

    #[test]
    fn redeems_once_under_a_touched_grant() {
        let (code, grant) = loaded();
        let decision = decide_with(&valid(), &testing::client(), Some(&(code.clone(), grant.clone())));
        let issuance = decision.outcome.unwrap();
        assert_eq!(decision.effects[0], Effect::TouchGrant { grant: grant.id });
        assert_eq!(decision.effects[1], Effect::ConsumeAuthorizationCode { hash: code.hash, at: NOW });
        let Effect::StoreRefreshToken(refresh) = &decision.effects[2] else {
            panic!("{:?}", decision.effects)
        };
        assert_eq!(refresh.hash, issuance.refresh_token.unwrap().hash());
        assert_eq!(issuance.access_token.sub, testing::USER.to_string());
        assert_eq!(issuance.access_token.grant_id, Some(grant.id));
        let id_token = issuance.id_token.unwrap();
        assert_eq!((id_token.claims.aud.as_str(), id_token.claims.nonce.as_deref()), ("app", Some("n1")));
    }

    /// RFC 6749 §4.1.2, RFC 9700 §4.5.
    #[test]
    fn a_second_use_revokes_the_grant_and_says_so() {
        let (code, grant) = loaded();
        let code = AuthorizationCode { consumed_at: Some(NOW), ..code };
        let decision = decide_with(&valid(), &testing::client(), Some(&(code, grant.clone())));
        assert_eq!(decision.outcome.unwrap_err().code, crate::ErrorCode::InvalidGrant);
        let reason = RevocationReason::AuthorizationCodeReplayed;
        assert_eq!(decision.effects[0], Effect::RevokeGrant { grant: grant.id, reason, at: NOW });
        let Effect::RecordAudit(event) = &decision.effects[1] else { panic!("{:?}", decision.effects) };
        assert_eq!(event.kind, AuditKind::AuthorizationCodeReplayed);
    }

    /// RFC 6749 §5.2: whatever is wrong, nothing is written.
    #[test]
    fn refuses_without_a_trace() {
        type Change = fn(&mut AuthorizationCode, &mut Grant, &mut Client);
        let nothing: Change = |_, _, _| ();
        let valid = valid();
        let other_verifier = format!("code=gac_1&code_verifier={}", "x".repeat(43));
        let other_uri = format!("{valid}&redirect_uri=https://app.example/other");
        let other_resource = format!("{valid}&resource=https://other.example");
        let cases: [(&str, &str, Change); 9] = [
            ("another DPoP key", &valid, |code, _, _| code.dpop_jkt = Some("k".to_owned())),
            ("expired", &valid, |code, _, _| code.expires_at = NOW),
            ("revoked grant", &valid, |_, grant, _| grant.revoked_at = Some(NOW)),
            ("another client", &valid, |_, _, client| {
                client.client_id = crate::model::ClientId::parse("b").unwrap()
            }),
            ("no verifier", "code=gac_1", nothing),
            ("wrong verifier", &other_verifier, nothing),
            ("downgrade", &valid, |code, _, _| code.code_challenge = None),
            ("another redirect_uri", &other_uri, nothing),
            ("another resource", &other_resource, nothing),
        ];
        for (name, text, change) in cases {
            let ((mut code, mut grant), mut client) = (loaded(), testing::client());
            change(&mut code, &mut grant, &mut client);
            let decision = decide_with(text, &client, Some(&(code, grant)));
            assert!(decision.outcome.is_err() && decision.effects.is_empty(), "{name}");
        }
        let unknown = decide_with(&valid, &testing::client(), None);
        assert!(unknown.outcome.is_err() && unknown.effects.is_empty());
    }

    #[test]
    fn no_refresh_token_for_a_client_without_that_grant_type() {
        let mut client = testing::client();
        client.metadata.grant_types = vec![GrantType::AuthorizationCode];
        let decision = decide_with(&valid(), &client, Some(&loaded()));
        assert!(decision.outcome.unwrap().refresh_token.is_none());
        assert_eq!(decision.effects.len(), 2);
    }
}
