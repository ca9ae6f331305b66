use url::form_urlencoded;

use super::{AuthorizationRequest, ResponseMode, ResponseType, ReturnAddress};
use crate::claims::left_half_hash;
use crate::confirmation::Possession;
use crate::model::{
    Actor, AuditEvent, AuditKind, Authentication, AuthorizationCode, Client, Consent, Grant, Interaction,
    Session, User,
};
use crate::token::{IdTokenPlan, Issuance, TokenRequest, TokenResponse, for_grant, id_token};
use crate::userinfo;
use crate::{Decision, Effect, Entropy, Error, ErrorCode, Id, Params, Policy, Secret, SecretKind, Timestamp};

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

/// An authorization response before its tokens are signed.
#[derive(Debug)]
pub struct Answer {
    response: AuthorizationResponse,
    pub access_token: Option<Issuance>,
    /// To be signed once the access token is, whose hash it carries.
    pub id_token: Option<IdTokenPlan>,
}

impl Answer {
    /// The response with its tokens (RFC 6749 §4.2.2, OpenID Connect Core §3.2.2.5, §3.3.2.5).
    pub fn with_tokens(
        self,
        access_token: Option<TokenResponse>,
        id_token: Option<String>,
    ) -> AuthorizationResponse {
        let mut response = self.response;
        if let Some(tokens) = access_token {
            response.parameters.extend([
                ("access_token", tokens.access_token),
                ("token_type", tokens.token_type.to_owned()),
                ("expires_in", tokens.expires_in.to_string()),
                ("scope", tokens.scope.to_string()),
            ]);
        }
        response.parameters.extend(id_token.map(|id_token| ("id_token", id_token)));
        response
    }
}

/// Who and what a grant is made from.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    pub request: &'a AuthorizationRequest,
    pub client: &'a Client,
    pub session: &'a Session,
    /// Whose session it is.
    pub user: &'a User,
    pub interaction: Option<&'a Interaction>,
}

/// Makes the grant and what its response type asks for: an authorization code (RFC 6749 §4.1.2), tokens
/// (OAuth 2.0 Multiple Response Type Encoding Practices §3, §5) or both.
///
/// # Errors
/// The outcome is one where an access token cannot be issued without a proof of possession.
pub fn grant(
    granted: Granted<'_>,
    policy: &Policy,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Decision<Answer> {
    let Granted { request, session, interaction, .. } = granted;
    // OpenID Connect Core §3.1.2.1: an answer about somebody else is no answer to the hint.
    if !request.expects(session.user_id) {
        let error = Error::new(ErrorCode::LoginRequired, "another user than the id_token_hint's signed in");
        return refuse(request, &error, interaction, policy, now).map(|response| Answer {
            response,
            access_token: None,
            id_token: None,
        });
    }
    let grant = grant_of(granted, now, entropy);
    let mut effects = complete(request, interaction, now);
    effects.push(Effect::StoreGrant(Box::new(grant.clone())));
    effects.push(Effect::TouchSession { session: session.id });
    let code = request.response_type.has_code().then(|| {
        let (code, effect) = authorization_code(&grant, request, policy, now, entropy);
        effects.push(effect);
        code
    });
    let access_token = match access_token(granted, &grant, policy, now, entropy) {
        Ok(access_token) => access_token,
        Err(error) => return Decision::only(Err(error)),
    };
    effects.extend(access_token.as_ref().and_then(|issuance| issuance.stored(session.tenant_id)));
    let id_token = request.response_type.has_id_token().then(|| {
        let mut plan = id_token(&grant, granted.client, policy, now);
        plan.claims.c_hash = code.as_ref().map(|code| left_half_hash(plan.algorithm, code.expose()));
        if request.response_type == ResponseType::IdToken {
            plan.claims.user = userinfo::of_scope(&grant.scope, granted.user);
        }
        plan
    });
    let parameters = code.map(|code| ("code", code.expose().to_owned())).into_iter().collect();
    let response = response(&request.return_address(), parameters, policy);
    Decision { effects, outcome: Ok(Answer { response, access_token, id_token }) }
}

fn grant_of(granted: Granted<'_>, now: Timestamp, entropy: &dyn Entropy) -> Grant {
    let Granted { request, session, .. } = granted;
    Grant {
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
    }
}

/// An authorization code and the write that keeps it.
fn authorization_code(
    grant: &Grant,
    request: &AuthorizationRequest,
    policy: &Policy,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> (Secret, Effect) {
    let code = Secret::generate(SecretKind::AuthorizationCode, entropy);
    let stored = AuthorizationCode {
        tenant_id: grant.tenant_id,
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
    (code, Effect::StoreAuthorizationCode(Box::new(stored)))
}

/// The access token that comes with the response. It belongs to the grant, so that revoking the grant
/// ends it, and is bound to nothing: a browser proves nothing.
fn access_token(
    granted: Granted<'_>,
    grant: &Grant,
    policy: &Policy,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Option<Issuance>, Error> {
    if !granted.request.response_type.has_token() {
        return Ok(None);
    }
    let (params, possession) = (Params::default(), Possession::default());
    let request = TokenRequest {
        params: &params,
        client: granted.client,
        policy,
        possession: &possession,
        now,
        entropy,
    };
    let issuance = for_grant(request, grant, (grant.scope.clone(), grant.resources.clone()))?;
    // Whether there is an ID token is the response type's to say.
    Ok(Some(Issuance { id_token: None, ..issuance }))
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
        origin: None,
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
    refuse(request, &error, Some(interaction), policy, now)
}

/// Answers a validated request with an error, which is its answer as good as any.
pub fn refuse(
    request: &AuthorizationRequest,
    error: &Error,
    interaction: Option<&Interaction>,
    policy: &Policy,
    now: Timestamp,
) -> Decision<AuthorizationResponse> {
    let response = error_response(&request.return_address(), error, policy);
    Decision { effects: complete(request, interaction, now), outcome: Ok(response) }
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

/// An answer ends its interaction and spends its pushed request (RFC 9126 §7.3).
fn complete(
    request: &AuthorizationRequest,
    interaction: Option<&Interaction>,
    now: Timestamp,
) -> Vec<Effect> {
    let interaction =
        interaction.map(|interaction| Effect::CompleteInteraction { interaction: interaction.id, at: now });
    let pushed = request.pushed_as.map(|hash| Effect::ConsumePushedAuthorizationRequest { hash, at: now });
    interaction.into_iter().chain(pushed).collect()
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
        let (client, user) = (testing::client(), testing::user());
        let granted = Granted {
            request: &request,
            client: &client,
            session: &session,
            user: &user,
            interaction: Some(&interaction),
        };
        let entropy = testing::SeededEntropy::default();
        let given = grant(granted, &policy, NOW, &entropy).map(|answer| answer.with_tokens(None, None));
        for decision in [given, deny(&request, &interaction, &policy, NOW)] {
            let answer = decision.outcome.unwrap();
            assert!(answer.parameters.contains(&("iss", policy.issuer.clone())));
            assert!(answer.parameters.contains(&("state", "s1".to_owned())));
            assert_eq!(
                decision.effects[0],
                Effect::CompleteInteraction { interaction: interaction.id, at: NOW }
            );
        }
    }

    fn grant_to(request: &AuthorizationRequest, client: &Client) -> Decision<Answer> {
        let (session, user) = (testing::session(), testing::user());
        let granted = Granted { request, client, session: &session, user: &user, interaction: None };
        grant(granted, &testing::policy(), NOW, &testing::SeededEntropy::default())
    }

    /// OAuth 2.0 Multiple Response Type Encoding Practices §3, §5, OpenID Connect Core §3.2.2.5, §3.3.2.5:
    /// what the response type names and nothing else.
    #[test]
    fn every_response_type_gets_what_it_names() {
        for response_type in ResponseType::ALL {
            let mut request = testing::authorization_request("openid profile");
            request.response_type = response_type;
            let decision = grant_to(&request, &testing::client());
            let stores_a_code =
                decision.effects.iter().any(|effect| matches!(effect, Effect::StoreAuthorizationCode(_)));
            assert_eq!(stores_a_code, response_type.has_code(), "{response_type:?}");
            let Effect::StoreGrant(grant) = &decision.effects[0] else { panic!("{:?}", decision.effects) };
            let answer = decision.outcome.unwrap();
            assert_eq!(answer.response.parameters[0].0 == "code", response_type.has_code());
            assert_eq!(answer.id_token.is_some(), response_type.has_id_token());
            if let Some(id_token) = &answer.id_token {
                assert_eq!(id_token.claims.c_hash.is_some(), response_type.has_code());
                let only = response_type == ResponseType::IdToken;
                assert_eq!(id_token.claims.user.contains_key("preferred_username"), only);
            }
            assert_eq!(answer.access_token.is_some(), response_type.has_token());
            if let Some(issuance) = &answer.access_token {
                assert_eq!(issuance.access_token.grant_id, Some(grant.id));
                assert_eq!(issuance.access_token.cnf, None);
                assert!(issuance.refresh_token.is_none() && issuance.id_token.is_none());
            }
        }
    }

    /// An opaque access token is stored with its grant, in one decision.
    #[test]
    fn an_opaque_token_is_stored_by_its_hash() {
        let mut client = testing::client();
        client.metadata.access_token_format = Some(crate::model::AccessTokenFormat::Opaque);
        let mut request = testing::authorization_request("openid");
        request.response_type = ResponseType::Token;
        let decision = grant_to(&request, &client);
        assert!(matches!(
            decision.effects.as_slice(),
            [Effect::StoreGrant(_), Effect::TouchSession { .. }, Effect::StoreAccessToken(_)]
        ));
    }

    /// No downgrade to a bearer token for a client that registered for bound ones.
    #[test]
    fn a_token_that_must_be_bound_does_not_come_this_way() {
        let mut client = testing::client();
        client.metadata.dpop_bound_access_tokens = true;
        let mut request = testing::authorization_request("openid");
        request.response_type = ResponseType::Token;
        let decision = grant_to(&request, &client);
        assert!(decision.outcome.is_err() && decision.effects.is_empty());
    }

    /// RFC 9126 §7.3: whatever the answer is, it spends the pushed request.
    #[test]
    fn an_answer_spends_its_pushed_request() {
        let hash = Secret::presented("gru_1").hash();
        let mut request = testing::authorization_request("openid");
        request.pushed_as = Some(hash);
        let spends = |effects: &[Effect]| {
            effects.contains(&Effect::ConsumePushedAuthorizationRequest { hash, at: NOW })
        };
        assert!(spends(&grant_to(&request, &testing::client()).effects));
        let interaction = testing::interaction(request.clone(), None);
        assert!(spends(&deny(&request, &interaction, &testing::policy(), NOW).effects));
        request.hinted_user = Some(Id::from_bytes([9; 16]));
        let refused = grant_to(&request, &testing::client());
        assert!(spends(&refused.effects) && refused.effects.len() == 1, "{:?}", refused.effects);
        let parameters = refused.outcome.unwrap().with_tokens(None, None).parameters;
        assert_eq!(parameters[0], ("error", "login_required".to_owned()));
    }

    /// RFC 6749 §4.1.2: what is stored is a hash; the code expires in the tenant's time.
    #[test]
    fn a_code_is_stored_by_its_hash() {
        let request = testing::authorization_request("openid");
        let policy = testing::policy();
        let decision = grant_to(&request, &testing::client());
        let [
            Effect::StoreGrant(grant),
            Effect::TouchSession { session },
            Effect::StoreAuthorizationCode(code),
        ] = decision.effects.as_slice()
        else {
            panic!("{:?}", decision.effects)
        };
        let answer = decision.outcome.unwrap().with_tokens(None, None);
        assert_eq!(answer.parameters[0].0, "code");
        assert_eq!(Secret::presented(answer.parameters[0].1.clone()).hash(), code.hash);
        assert_eq!((code.grant_id, code.expires_at), (grant.id, NOW + policy.lifetimes.authorization_code));
        assert_eq!((&grant.nonce, grant.authentication.session_id), (&request.nonce, *session));
    }
}
