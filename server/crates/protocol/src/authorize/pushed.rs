use serde::Serialize;

use super::AuthorizationRequest;
use super::presented::PUSHED_REQUEST_URI;
use super::rules::{Submitted, proven_redirect_uri, validate_pushed};
use crate::confirmation::Possession;
use crate::model::{Client, PushedAuthorizationRequest};
use crate::{Decision, Effect, Entropy, Error, ErrorCode, Policy, Secret, SecretKind, Timestamp};

/// The answer to a pushed authorization request (RFC 9126 §2.2).
#[derive(Debug, Serialize)]
pub struct PushedResponse {
    pub request_uri: String,
    /// Seconds within which the browser has to come with it.
    pub expires_in: u32,
}

/// Validates a request that an authenticated client pushes, and keeps it (RFC 9126 §2.1).
pub fn push(
    submitted: Submitted<'_>,
    client: &Client,
    possession: &Possession,
    policy: &Policy,
    (now, entropy): (Timestamp, &dyn Entropy),
) -> Decision<PushedResponse> {
    let validated = validate_pushed(submitted, client, policy)
        .and_then(|request| bound_to_the_proof(request, possession.dpop_key.as_deref()));
    let request = match validated {
        Ok(request) => request,
        Err(error) => return Decision::only(Err(error)),
    };
    let handle = Secret::generate(SecretKind::RequestUri, entropy);
    let lifetime = policy.lifetimes.pushed_authorization_request;
    let effect = Effect::StorePushedAuthorizationRequest(Box::new(PushedAuthorizationRequest {
        tenant_id: client.tenant_id,
        hash: handle.hash(),
        request: AuthorizationRequest { pushed_as: Some(handle.hash()), ..request },
        expires_at: now + lifetime,
        consumed_at: None,
    }));
    let response = PushedResponse {
        request_uri: format!("{PUSHED_REQUEST_URI}{}", handle.expose()),
        expires_in: lifetime.seconds(),
    };
    Decision { effects: vec![effect], outcome: Ok(response) }
}

/// A DPoP proof that comes with the request binds the code as `dpop_jkt` does; the two must not differ
/// (RFC 9449 §10.1).
fn bound_to_the_proof(
    request: AuthorizationRequest,
    proven: Option<&str>,
) -> Result<AuthorizationRequest, Error> {
    match (request.dpop_jkt.as_deref(), proven) {
        (Some(named), Some(proven)) if named != proven => {
            Err(Error::new(ErrorCode::InvalidDpopProof, "dpop_jkt is not the key of the DPoP proof"))
        }
        (None, Some(proven)) => Ok(AuthorizationRequest { dpop_jkt: Some(proven.to_owned()), ..request }),
        _ => Ok(request),
    }
}

/// The pushed request that a browser comes with (RFC 9126 §4), as it was validated.
///
/// It is spent by its answer and not by the first look at it, so that a page that is loaded twice, or
/// read ahead by a messenger, loses nobody. Until then every browser can begin with it; one is answered.
///
/// # Errors
/// `invalid_request_uri`, which must not be redirected: nothing is proven.
pub fn pushed(
    loaded: Option<PushedAuthorizationRequest>,
    client: &Client,
    now: Timestamp,
) -> Result<AuthorizationRequest, Error> {
    let refuse = |why: &str| {
        let description = "the request_uri is unknown, expired, used or another client's";
        Err(Error::new(ErrorCode::InvalidRequestUri, description).because(why))
    };
    let Some(pushed) = loaded.filter(|pushed| pushed.request.client_id == client.client_id) else {
        return refuse("unknown, or another client's");
    };
    if pushed.consumed_at.is_some() {
        return refuse("used");
    }
    if pushed.expires_at <= now {
        return refuse("expired");
    }
    // The client may have changed since.
    if proven_redirect_uri(client, Some(&pushed.request.redirect_uri)).is_err() {
        return refuse("its redirect_uri is not registered any more");
    }
    Ok(pushed.request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lifetime;
    use crate::authorize::IdTokenHint;
    use crate::model::ClientId;
    use crate::testing::{self, NOW};

    fn request() -> String {
        let challenge = testing::CHALLENGE;
        format!(
            "redirect_uri=https://app.example/cb&response_type=code&scope=openid&code_challenge={challenge}\
             &code_challenge_method=S256"
        )
    }

    fn push_with(text: &str, dpop_key: Option<&str>) -> Decision<PushedResponse> {
        let params = testing::params(text);
        let submitted = Submitted { params: &params, signed: false, id_token_hint: IdTokenHint::Absent };
        let possession = Possession { dpop_key: dpop_key.map(str::to_owned), certificate: None };
        let entropy = testing::SeededEntropy::default();
        push(submitted, &testing::client(), &possession, &testing::policy(), (NOW, &entropy))
    }

    fn stored(decision: Decision<PushedResponse>) -> (PushedAuthorizationRequest, PushedResponse) {
        let [Effect::StorePushedAuthorizationRequest(stored)] = decision.effects.as_slice() else {
            panic!("{:?}", decision.effects)
        };
        ((**stored).clone(), decision.outcome.unwrap())
    }

    /// RFC 9126 §2.2: the handle is in the answer, its hash in the store.
    #[test]
    fn keeps_what_it_validated() {
        let (stored, response) = stored(push_with(&request(), None));
        let handle = response.request_uri.strip_prefix(PUSHED_REQUEST_URI).unwrap();
        assert!(handle.starts_with("gru_"), "{handle}");
        assert_eq!(stored.hash, Secret::presented(handle).hash());
        assert_eq!(stored.request.pushed_as, Some(stored.hash));
        assert_eq!(stored.expires_at, NOW + Lifetime::from_seconds(response.expires_in));
        assert_eq!(stored.request.client_id, testing::client().client_id);
    }

    /// RFC 9126 §2.1: the rules of the authorization endpoint.
    #[test]
    fn refuses_what_the_authorization_endpoint_would() {
        let challenge = format!("&code_challenge={}", testing::CHALLENGE);
        for (text, code) in [
            (request().replace("app.example/cb", "evil.example"), ErrorCode::InvalidRequest),
            (request().replace(&challenge, ""), ErrorCode::InvalidRequest),
            (request().replace("scope=openid", "scope=x"), ErrorCode::InvalidScope),
            (format!("{}&state=1&state=2", request()), ErrorCode::InvalidRequest),
            (format!("{}&request_uri=https://x", request()), ErrorCode::InvalidRequest),
        ] {
            let decision = push_with(&text, None);
            assert_eq!(decision.outcome.unwrap_err().code, code, "{text}");
            assert_eq!(decision.effects, []);
        }
    }

    /// RFC 9449 §10.1.
    #[test]
    fn a_proof_binds_the_code() {
        let (key, other) = ("k".repeat(43), "x".repeat(43));
        assert_eq!(stored(push_with(&request(), Some(&key))).0.request.dpop_jkt, Some(key.clone()));
        let named = format!("{}&dpop_jkt={key}", request());
        for proven in [None, Some(key.as_str())] {
            assert_eq!(stored(push_with(&named, proven)).0.request.dpop_jkt, Some(key.clone()));
        }
        let error = push_with(&named, Some(&other)).outcome.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidDpopProof);
    }

    /// RFC 9126 §4, §7.3.
    #[test]
    fn only_its_client_uses_it_and_only_once() {
        let (kept, _) = stored(push_with(&request(), None));
        assert_eq!(pushed(Some(kept.clone()), &testing::client(), NOW), Ok(kept.request.clone()));
        let unregistered = {
            let mut client = testing::client();
            client.metadata.redirect_uris = vec!["https://app.example/new".to_owned()];
            client
        };
        let other = Client { client_id: ClientId::parse("other").unwrap(), ..testing::client() };
        let used = PushedAuthorizationRequest { consumed_at: Some(NOW), ..kept.clone() };
        for (name, loaded, client, now) in [
            ("unknown", None, testing::client(), NOW),
            ("used", Some(used), testing::client(), NOW),
            ("expired", Some(kept.clone()), testing::client(), kept.expires_at),
            ("another client's", Some(kept.clone()), other, NOW),
            ("redirect_uri gone", Some(kept), unregistered, NOW),
        ] {
            assert_eq!(
                pushed(loaded, &client, now).unwrap_err().code,
                ErrorCode::InvalidRequestUri,
                "{name}"
            );
        }
    }
}
