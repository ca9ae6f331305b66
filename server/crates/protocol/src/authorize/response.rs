use url::form_urlencoded;

use super::{AuthorizationRequest, ResponseMode, ReturnAddress};
use crate::model::{
    Actor, AuditEvent, AuditKind, Authentication, AuthorizationCode, Client, Consent, Grant, Interaction,
    Session,
};
use crate::{Decision, Effect, Entropy, Error, ErrorCode, Id, Policy, Secret, SecretKind, Timestamp};

/// What goes back to the client through the browser.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizationResponse {
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub parameters: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// The address to redirect to; for `form_post`, the address to post to.
    pub fn location(&self) -> String {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(&self.parameters);
        let encoded = encoded.finish();
        match self.mode {
            // RFC 6749 §3.1.2: a query that is already there is kept.
            ResponseMode::Query if self.redirect_uri.contains('?') => {
                format!("{}&{encoded}", self.redirect_uri)
            }
            ResponseMode::Query => format!("{}?{encoded}", self.redirect_uri),
            ResponseMode::Fragment => format!("{}#{encoded}", self.redirect_uri),
            ResponseMode::FormPost => self.redirect_uri.clone(),
        }
    }
}

/// Who and what a grant is made from.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    pub request: &'a AuthorizationRequest,
    pub session: &'a Session,
    pub interaction: Option<&'a Interaction>,
}

/// Makes the grant and its authorization code (RFC 6749 §4.1.2).
pub fn grant(
    granted: Granted<'_>,
    policy: &Policy,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Decision<AuthorizationResponse> {
    let Granted { request, session, interaction } = granted;
    let grant = Grant {
        tenant_id: session.tenant_id,
        id: Id::generate(now, entropy),
        client_id: request.client_id.clone(),
        user_id: session.user_id,
        scope: request.scope.clone(),
        resources: request.resources.clone(),
        authentication: Authentication {
            session_id: session.id,
            authenticated_at: session.authenticated_at,
            amr: session.amr.clone(),
        },
        nonce: request.nonce.clone(),
        created_at: now,
        revoked_at: None,
        revocation_reason: None,
    };
    let code = Secret::generate(SecretKind::AuthorizationCode, entropy);
    let stored = AuthorizationCode {
        tenant_id: session.tenant_id,
        hash: code.hash(),
        grant_id: grant.id,
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        issued_at: now,
        expires_at: now + policy.lifetimes.authorization_code,
        consumed_at: None,
    };
    let mut effects = complete(interaction, now);
    effects.push(Effect::StoreGrant(Box::new(grant)));
    effects.push(Effect::StoreAuthorizationCode(Box::new(stored)));
    let answer = response(&request.return_address(), vec![("code", code.expose().to_owned())], policy);
    Decision { effects, outcome: Ok(answer) }
}

/// The effects of remembering that the user let the client have what it asks for.
pub fn consent(granted: Granted<'_>, client: &Client, now: Timestamp, entropy: &dyn Entropy) -> Vec<Effect> {
    let Granted { request, session, .. } = granted;
    let consent = Consent {
        tenant_id: session.tenant_id,
        user_id: session.user_id,
        client_id: request.client_id.clone(),
        scope: request.scope.clone(),
        resources: request.resources.clone(),
        client_fingerprint: client.consent_fingerprint(),
        given_at: now,
    };
    let event = AuditEvent {
        id: Id::generate(now, entropy),
        at: now,
        kind: AuditKind::ConsentGiven,
        actor: Actor::User { id: session.user_id },
        target: request.client_id.to_string(),
        detail: serde_json::json!({ "scope": request.scope, "resources": request.resources }),
    };
    vec![Effect::StoreConsent(Box::new(consent)), Effect::RecordAudit(Box::new(event))]
}

/// The user said no (RFC 6749 §4.1.2.1).
pub fn deny(
    request: &AuthorizationRequest,
    interaction: &Interaction,
    policy: &Policy,
    now: Timestamp,
) -> Decision<AuthorizationResponse> {
    let error = Error::new(ErrorCode::AccessDenied, "the user did not consent");
    let answer = error_response(&request.return_address(), &error, policy);
    Decision { effects: complete(Some(interaction), now), outcome: Ok(answer) }
}

/// An error for a client whose redirect URI is proven (RFC 6749 §4.1.2.1).
pub fn error_response(to: &ReturnAddress, error: &Error, policy: &Policy) -> AuthorizationResponse {
    let parameters =
        vec![("error", error.code.as_str().to_owned()), ("error_description", error.description.clone())];
    response(to, parameters, policy)
}

/// Adds `state` and `iss` (RFC 9207 §2), which every response has.
fn response(
    to: &ReturnAddress,
    mut parameters: Vec<(&'static str, String)>,
    policy: &Policy,
) -> AuthorizationResponse {
    parameters.extend(to.state.iter().map(|state| ("state", state.clone())));
    parameters.push(("iss", policy.issuer.clone()));
    AuthorizationResponse { redirect_uri: to.redirect_uri.clone(), mode: to.response_mode, parameters }
}

fn complete(interaction: Option<&Interaction>, now: Timestamp) -> Vec<Effect> {
    interaction
        .map(|interaction| Effect::CompleteInteraction { interaction: interaction.id, at: now })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW};

    #[test]
    fn a_location_for_every_response_mode() {
        let cases = [
            (
                "https://a.example/cb",
                ResponseMode::Query,
                "https://a.example/cb?code=x+y&iss=https%3A%2F%2Fi",
            ),
            (
                "https://a.example/cb?q=1",
                ResponseMode::Query,
                "https://a.example/cb?q=1&code=x+y&iss=https%3A%2F%2Fi",
            ),
            (
                "https://a.example/cb?q=1",
                ResponseMode::Fragment,
                "https://a.example/cb?q=1#code=x+y&iss=https%3A%2F%2Fi",
            ),
            ("https://a.example/cb", ResponseMode::FormPost, "https://a.example/cb"),
        ];
        for (redirect_uri, mode, location) in cases {
            let parameters = vec![("code", "x y".to_owned()), ("iss", "https://i".to_owned())];
            let response = AuthorizationResponse { redirect_uri: redirect_uri.to_owned(), mode, parameters };
            assert_eq!(response.location(), location);
        }
    }

    /// RFC 9207 §2: also in errors.
    #[test]
    fn every_response_names_the_issuer() {
        let request = testing::authorization_request("openid");
        let session = testing::session();
        let policy = testing::policy();
        let interaction = testing::interaction(request.clone(), None);
        let granted = Granted { request: &request, session: &session, interaction: Some(&interaction) };
        let entropy = testing::SeededEntropy::default();
        for decision in [grant(granted, &policy, NOW, &entropy), deny(&request, &interaction, &policy, NOW)] {
            let answer = decision.outcome.unwrap();
            assert!(answer.parameters.contains(&("iss", policy.issuer.clone())));
            assert!(answer.parameters.contains(&("state", "s1".to_owned())));
            assert_eq!(
                decision.effects[0],
                Effect::CompleteInteraction { interaction: interaction.id, at: NOW }
            );
        }
    }

    /// RFC 6749 §4.1.2: what is stored is a hash; the code expires in the tenant's time.
    #[test]
    fn a_code_is_stored_by_its_hash() {
        let request = testing::authorization_request("openid");
        let session = testing::session();
        let granted = Granted { request: &request, session: &session, interaction: None };
        let policy = testing::policy();
        let decision = grant(granted, &policy, NOW, &testing::SeededEntropy::default());
        let [Effect::StoreGrant(grant), Effect::StoreAuthorizationCode(code)] = decision.effects.as_slice()
        else {
            panic!("{:?}", decision.effects)
        };
        let answer = decision.outcome.unwrap();
        assert_eq!(answer.parameters[0].0, "code");
        assert_eq!(Secret::presented(answer.parameters[0].1.clone()).hash(), code.hash);
        assert_eq!((code.grant_id, code.expires_at), (grant.id, NOW + policy.lifetimes.authorization_code));
        assert_eq!(grant.nonce, request.nonce);
    }
}
