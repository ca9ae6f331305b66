use proptest::prelude::*;

use super::*;
use crate::claims::{Audience, Confirmation};
use crate::confirmation::Possession;
use crate::model::{AccessTokenFormat, ClientId, ClientOrigin, TokenExchange};
use crate::testing::{self, ISSUER, NOW};
use crate::{Capabilities, ResourceRules, SecretHash, Timestamp};

const API: &str = "https://api.example";
const BACK: &str = "https://back.example";
const REQUEST: &str = "subject_token=s&subject_token_type=urn:ietf:params:oauth:token-type:access_token";

/// The resource server of `API` that goes on to `BACK`, allowed both ways.
fn exchanger() -> Client {
    let mut client = testing::client();
    client.client_id = ClientId::parse("api").unwrap();
    client.metadata.resources = vec![API.to_owned(), BACK.to_owned()];
    client.metadata.token_exchange = TokenExchange { impersonation: true, delegation: true };
    client
}

fn delegating() -> Client {
    let mut client = exchanger();
    client.metadata.token_exchange.impersonation = false;
    client
}

/// A token of the client `app` for both resources and the issuer.
fn subject() -> AccessTokenClaims {
    let aud = [API, BACK, ISSUER].map(str::to_owned).to_vec();
    AccessTokenClaims { aud: aud.into(), ..testing::access_token_claims() }
}

/// A token that an actor has of its own, for the exchanging client.
fn actor() -> AccessTokenClaims {
    AccessTokenClaims {
        sub: "robot".to_owned(),
        client_id: "robot".to_owned(),
        aud: Audience::One(API.to_owned()),
        grant_id: None,
        ..testing::access_token_claims()
    }
}

fn policy() -> Policy {
    let rules = |identifier: &str, scope: &str| ResourceRules {
        identifier: identifier.to_owned(),
        scope: Scope::parse(scope).unwrap(),
        access_token_format: AccessTokenFormat::Jwt,
        signed_only: false,
        for_self_made_clients: true,
    };
    let resources = vec![rules(API, ""), rules(BACK, "email"), rules("https://other.example", "")];
    Policy::compile(ISSUER, &Default::default(), resources, Capabilities::default())
}

struct Case {
    text: String,
    client: Client,
    subject: Option<AccessTokenClaims>,
    subject_revoked: bool,
    actor: Option<Option<AccessTokenClaims>>,
    possession: Possession,
    policy: Policy,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            text: String::new(),
            client: exchanger(),
            subject: Some(subject()),
            subject_revoked: false,
            actor: None,
            possession: Possession::default(),
            policy: policy(),
        }
    }
}

impl Case {
    fn with(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    fn decide(&self) -> Decision<Issuance> {
        let params = testing::params(&format!("{REQUEST}{}", self.text));
        let request = TokenRequest {
            params: &params,
            client: &self.client,
            policy: &self.policy,
            possession: &self.possession,
            now: NOW,
            entropy: &testing::SeededEntropy::default(),
        };
        let found = |claims| Found { claims, revoked: false };
        let subject = self.subject.as_ref();
        let loaded = Loaded {
            subject: subject.map(|claims| Found { claims, revoked: self.subject_revoked }),
            actor: self.actor.as_ref().map(|actor| actor.as_ref().map(found)),
        };
        decide(request, loaded)
    }

    fn issued(&self) -> AccessTokenClaims {
        self.decide().outcome.unwrap().access_token
    }

    #[track_caller]
    fn refused(&self, code: ErrorCode) {
        let decision = self.decide();
        assert_eq!(decision.outcome.map(|_| ()).map_err(|error| error.code), Err(code));
        assert!(decision.effects.is_empty());
    }
}

/// RFC 8693 §1.1: the token looks like the subject's, and only the trail knows better.
#[test]
fn impersonation() {
    let decision = Case::default().decide();
    let issuance = decision.outcome.unwrap();
    let claims = &issuance.access_token;
    assert_eq!((claims.sub.as_str(), claims.client_id.as_str()), (subject().sub.as_str(), "api"));
    assert_eq!((claims.grant_id, claims.auth_time), (subject().grant_id, subject().auth_time));
    assert_eq!((claims.act.as_ref(), claims.aud.clone()), (None, subject().aud));
    assert_ne!(claims.jti, subject().jti);
    assert_eq!(issuance.issued_token_type, Some(ACCESS_TOKEN));
    assert!(issuance.refresh_token.is_none() && issuance.id_token.is_none());
    let [Effect::TouchGrant { grant }, Effect::RecordAudit(event)] = &decision.effects[..] else {
        panic!("{:?}", decision.effects)
    };
    assert_eq!((Some(*grant), event.kind), (subject().grant_id, AuditKind::TokenExchanged));
}

/// RFC 8693 §4.1: who acts is told, and who acted before.
#[test]
fn delegation() {
    let own_name = Case { client: delegating(), ..Case::default() };
    let decision = own_name.decide();
    assert!(decision.effects.is_empty(), "a JWT that tells its own story");
    let act = decision.outcome.unwrap().access_token.act;
    assert_eq!(act, Some(ActorClaim { sub: "api".to_owned(), act: None }));

    let before = ActorClaim { sub: "first".to_owned(), act: None };
    let of_actor = Case {
        subject: Some(AccessTokenClaims { act: Some(before.clone()), ..subject() }),
        actor: Some(Some(actor())),
        ..Case::default()
    };
    let act = of_actor.issued().act;
    assert_eq!(act, Some(ActorClaim { sub: "robot".to_owned(), act: Some(Box::new(before.clone())) }));
    // An impersonation forgets nobody who acted before.
    assert_eq!(Case { actor: None, ..of_actor }.issued().act, Some(before));
}

#[test]
fn a_chain_of_actors_ends() {
    let mut case = Case { client: delegating(), ..Case::default() };
    for _ in 0..MAX_ACTORS {
        case.subject = Some(AccessTokenClaims { act: case.issued().act, ..subject() });
    }
    case.refused(ErrorCode::InvalidRequest);
}

#[test]
fn who_may() {
    let change = |change: fn(&mut Client)| {
        let mut client = exchanger();
        change(&mut client);
        client
    };
    let actor = || Some(Some(actor()));
    for client in [
        change(|client| {
            client.metadata.token_endpoint_auth_method = crate::model::AuthenticationMethod::None
        }),
        change(|client| {
            let hash = SecretHash::from_bytes([1; 32]);
            client.origin = ClientOrigin::Registration {
                token: Some(hash),
                fingerprint: Some(hash),
                bounds: None,
                software_statement: None,
            };
        }),
        change(|client| client.metadata.token_exchange = TokenExchange::default()),
    ] {
        Case { client: client.clone(), ..Case::default() }.refused(ErrorCode::UnauthorizedClient);
        Case { client, actor: actor(), ..Case::default() }.refused(ErrorCode::UnauthorizedClient);
    }
    let impersonator = change(|client| client.metadata.token_exchange.delegation = false);
    Case { client: impersonator, actor: actor(), ..Case::default() }.refused(ErrorCode::UnauthorizedClient);
}

/// RFC 8693 §2.2.2: a token that will not do is `invalid_request`.
#[test]
fn tokens_that_will_not_do() {
    let expired = AccessTokenClaims { exp: NOW.unix_seconds(), ..subject() };
    let elsewhere = AccessTokenClaims {
        aud: vec!["https://other.example".to_owned(), ISSUER.to_owned()].into(),
        ..subject()
    };
    for (name, subject, subject_revoked) in [
        ("unknown", None, false),
        ("revoked", Some(subject()), true),
        ("expired", Some(expired.clone()), false),
        ("another client's, for another resource", Some(elsewhere.clone()), false),
    ] {
        let case = Case { subject, subject_revoked, ..Case::default() };
        assert_eq!(case.decide().outcome.unwrap_err().code, ErrorCode::InvalidRequest, "{name}");
    }
    let acting = AccessTokenClaims { act: Some(ActorClaim { sub: "x".to_owned(), act: None }), ..actor() };
    for actor in [None, Some(expired), Some(elsewhere), Some(acting)] {
        Case { actor: Some(actor), ..Case::default() }.refused(ErrorCode::InvalidRequest);
    }
}

/// RFC 9449 §5, §7.1, RFC 8705 §3: a bound token needs its key or certificate, whoever it was issued to and
/// whichever of the two it is, and what comes of it is bound.
#[test]
fn bound_tokens() {
    let key = |name: &str| Confirmation::DpopKey(name.to_owned());
    let certificate = |name: &str| Confirmation::Certificate(name.to_owned());
    let proven = |dpop_key: Option<&str>, certificate: Option<&str>| Possession {
        dpop_key: dpop_key.map(str::to_owned),
        certificate: certificate.map(str::to_owned),
    };
    for (bound, possession, issued) in [
        (None, proven(None, None), Ok(None)),
        (None, proven(None, Some("c")), Ok(None)),
        (None, proven(Some("k"), None), Ok(Some(key("k")))),
        (Some(key("k")), proven(None, None), Err(ErrorCode::InvalidRequest)),
        (Some(key("k")), proven(Some("x"), Some("k")), Err(ErrorCode::InvalidRequest)),
        (Some(key("k")), proven(Some("k"), None), Ok(Some(key("k")))),
        (Some(certificate("c")), proven(None, None), Err(ErrorCode::InvalidRequest)),
        (Some(certificate("c")), proven(Some("c"), Some("x")), Err(ErrorCode::InvalidRequest)),
        (Some(certificate("c")), proven(None, Some("c")), Ok(Some(certificate("c")))),
        (Some(certificate("c")), proven(Some("k"), Some("c")), Ok(Some(key("k")))),
    ] {
        for client_id in ["api", "app"] {
            let subject =
                AccessTokenClaims { cnf: bound.clone(), client_id: client_id.to_owned(), ..subject() };
            let of_subject =
                Case { subject: Some(subject), possession: possession.clone(), ..Case::default() };
            let actor = AccessTokenClaims { cnf: bound.clone(), ..actor() };
            let of_actor =
                Case { actor: Some(Some(actor)), possession: possession.clone(), ..Case::default() };
            for case in [of_subject, of_actor] {
                let outcome = case.decide().outcome.map(|issuance| issuance.access_token.cnf);
                assert_eq!(outcome.map_err(|error| error.code), issued, "{bound:?} {possession:?}");
            }
        }
    }
}

#[test]
fn types_of_tokens() {
    let type_of = "urn:ietf:params:oauth:token-type:";
    for name in ["refresh_token", "id_token", "saml2", "device_code"] {
        let text = format!("subject_token=s&subject_token_type={type_of}{name}");
        assert!(presented(&testing::params(&text)).is_err(), "{name}");
        Case::with(&format!("&requested_token_type={type_of}{name}")).refused(ErrorCode::InvalidRequest);
    }
    for text in [
        "",
        "subject_token=s",
        "subject_token_type=urn:ietf:params:oauth:token-type:jwt",
        "subject_token=s&subject_token_type=jwt",
        &format!("{REQUEST}&actor_token=a"),
        &format!("{REQUEST}&actor_token_type={type_of}jwt"),
        &format!("{REQUEST}&actor_token=a&actor_token_type={type_of}id_token"),
    ] {
        assert!(presented(&testing::params(text)).is_err(), "{text}");
    }
    assert!(presented(&testing::params(REQUEST)).is_ok());
    let jwt = Case::with(&format!("&requested_token_type={type_of}jwt"));
    assert_eq!(jwt.decide().outcome.unwrap().issued_token_type, Some(JWT));
    let mut opaque = jwt;
    opaque.client.metadata.access_token_format = Some(AccessTokenFormat::Opaque);
    opaque.refused(ErrorCode::InvalidRequest);
}

/// RFC 8693 §2.1, RFC 8707 §2: less, never more.
#[test]
fn targets_and_scopes() {
    let aud = |text: &str| Case::with(text).issued().aud.iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(aud("&resource=https://back.example&scope=profile"), [BACK]);
    assert_eq!(aud("&audience=https://back.example&scope=profile"), [BACK]);
    assert_eq!(aud("&audience=https://back.example&resource=https://api.example&scope=profile"), [API, BACK]);
    assert_eq!(aud("&resource=https://back.example"), [BACK, ISSUER], "openid opens UserInfo");
    for target in ["https://other.example", "https://unknown.example", ISSUER, "api", "back"] {
        Case::with(&format!("&resource={target}")).refused(ErrorCode::InvalidTarget);
        Case::with(&format!("&audience={target}")).refused(ErrorCode::InvalidTarget);
    }
    for scope in ["email", "openid email", "unheard-of", "offline_access", "\""] {
        Case::with(&format!("&scope={scope}")).refused(ErrorCode::InvalidScope);
    }
    // What the subject token is for and the client may not name is left out, unless that is all.
    let mut narrow = Case::default();
    narrow.client.metadata.resources = vec![API.to_owned()];
    assert_eq!(narrow.issued().aud, vec![API.to_owned(), ISSUER.to_owned()].into());
    narrow.subject = Some(AccessTokenClaims {
        client_id: "api".to_owned(),
        aud: vec![BACK.to_owned(), ISSUER.to_owned()].into(),
        ..subject()
    });
    narrow.refused(ErrorCode::InvalidTarget);
    // Nor does it get a scope that it may not have.
    let mut without_profile = Case::default();
    without_profile.client.metadata.scope = Scope::parse("openid").unwrap();
    assert_eq!(without_profile.issued().scope.to_string(), "openid");
}

/// A kept token relies on its grant, and is kept under its hash alone.
#[test]
fn an_opaque_token_touches_its_grant() {
    let mut case = Case { client: delegating(), ..Case::default() };
    case.client.metadata.access_token_format = Some(AccessTokenFormat::Opaque);
    let decision = case.decide();
    let grant = subject().grant_id.unwrap();
    assert_eq!(decision.effects, [Effect::TouchGrant { grant }]);
    assert!(matches!(decision.outcome.unwrap().access_token_plan, AccessTokenPlan::Store(_)));
    // A client's own token has no grant.
    case.subject = Some(AccessTokenClaims { grant_id: None, ..subject() });
    assert!(case.decide().effects.is_empty());
}

proptest! {
    /// Whatever is asked for: no wider audience, no wider scope, no later end.
    #[test]
    fn nothing_ever_widens(
        held in proptest::sample::subsequence(vec!["openid", "profile", "email", "offline_access"], 0..=4),
        asked in proptest::option::of(
            proptest::sample::subsequence(vec!["openid", "profile", "email", "offline_access"], 1..=4),
        ),
        audiences in proptest::sample::subsequence(vec![API, BACK, "https://other.example", ISSUER], 1..=4),
        named in proptest::sample::subsequence(vec![API, BACK, "https://other.example", ISSUER], 0..=4),
        own in any::<bool>(),
        life in 1..2000_i64,
    ) {
        let subject = AccessTokenClaims {
            scope: held.into_iter().map(str::to_owned).collect(),
            aud: audiences.into_iter().map(str::to_owned).collect::<Vec<_>>().into(),
            client_id: if own { "api" } else { "app" }.to_owned(),
            exp: NOW.unix_seconds() + life,
            ..subject()
        };
        let mut text: String = named.iter().map(|name| format!("&resource={name}")).collect();
        if let Some(asked) = asked {
            text.push_str(&format!("&scope={}", asked.join("+")));
        }
        let case = Case { subject: Some(subject.clone()), ..Case::with(&text) };
        if let Ok(issuance) = case.decide().outcome {
            let claims = issuance.access_token;
            prop_assert!(claims.scope.is_subset(&subject.scope), "{:?}", claims.scope);
            prop_assert_eq!(&claims.scope, &issuance.scope);
            prop_assert!(claims.aud.iter().all(|audience| subject.aud.contains(audience)), "{:?}", claims.aud);
            prop_assert!(claims.aud.iter().next().is_some());
            prop_assert!(claims.exp <= subject.exp && claims.exp > NOW.unix_seconds());
            let expiry = NOW + crate::Lifetime::from_seconds(issuance.expires_in);
            prop_assert_eq!(Timestamp::from_unix_seconds(claims.exp), expiry);
            prop_assert_eq!((claims.sub, claims.grant_id), (subject.sub, subject.grant_id));
        }
    }
}
