//! Grants, and what the tokens say that come of them.

use std::collections::BTreeSet;

use grantor_jose::KeySet;
use grantor_protocol::model::{GrantType, SigningAlgorithm};
use serde_json::{Value, json};

use super::super::discovery::advertised;
use super::super::resources::{API, World};
use super::{ALGORITHMS, Subject, expect_registration};
use crate::support::{Answer, Browser};

pub async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    match member {
        "grant_types_supported" => grant_types(subject, member).await,
        "id_token_signing_alg_values_supported" => id_token_algorithms(subject, member).await,
        "subject_types_supported" => subject_types(subject, member).await,
        "claims_supported" => claims(subject, member).await,
        _ => return false,
    }
    true
}

/// All of them at the token endpoint but `implicit`, which is for the authorization endpoint alone.
async fn grant_types(subject: &Subject<'_>, member: &str) {
    let others = [
        "password",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:openid:params:grant-type:ciba",
    ];
    let known: Vec<_> = GrantType::ALL.map(GrantType::as_str).into_iter().chain(others).collect();
    for (grant_type, supported) in subject.universe(member, &known) {
        if grant_type == "implicit" {
            let answer = subject.authorized(&subject.request("response_type", "token")).await;
            assert_eq!(answer.location().contains("&access_token="), supported, "{answer:?}");
        }
        if grant_type == "implicit" || !supported {
            let form = [("grant_type", grant_type.as_str())];
            let path = subject.acme.path("/token");
            let refused = subject.app.post_as(subject.credentials(), &path, &form).await;
            refused.expect_error(400, "unsupported_grant_type");
            continue;
        }
        let answer = tokens_of(subject, &grant_type).await;
        assert_eq!(answer.status, 200, "{grant_type} {answer:?}");
        assert!(answer.json()["access_token"].is_string(), "{grant_type} {answer:?}");
    }
}

/// What a good token request with this grant type is answered.
async fn tokens_of(subject: &Subject<'_>, grant_type: &str) -> Answer {
    let (app, acme) = (subject.app, &subject.acme);
    match grant_type {
        "authorization_code" => {
            let code = acme.code(app, &mut subject.browser.clone(), "app").await;
            acme.redeem(app, &code).await
        }
        "refresh_token" => {
            let tokens = acme.tokens(app).await;
            acme.refresh(app, tokens["refresh_token"].as_str().unwrap()).await
        }
        "client_credentials" => {
            let form = [("grant_type", "client_credentials")];
            app.post_as(subject.credentials(), &acme.path("/token"), &form).await
        }
        "urn:ietf:params:oauth:grant-type:device_code" => {
            let device = acme.device(app).await;
            let page = acme.answer_device(app, &mut subject.browser.clone(), &device, "allow").await;
            assert_eq!(page.status, 200, "{page:?}");
            acme.poll(app, &device).await
        }
        "urn:ietf:params:oauth:grant-type:token-exchange" => {
            let world = World::of(app, subject.sibling("exchanging", |_| {}).await).await;
            world.allow(app, "api", false, true).await;
            let tokens = world.tokens(app, "openid notes:read", &[API]).await;
            world.exchange(app, "api", tokens["access_token"].as_str().unwrap(), &[]).await
        }
        unknown => panic!("nobody has said how to use {unknown}"),
    }
}

/// OpenID Connect Discovery §3: each of them for a client that is registered with it, and RS256 among them.
async fn id_token_algorithms(subject: &Subject<'_>, member: &str) {
    let (app, acme) = (subject.app, &subject.acme);
    assert!(advertised(&subject.metadata, member).contains(&"RS256".to_owned()));
    let registering = subject.registering("id-tokens").await;
    for (name, supported) in subject.universe(member, &ALGORITHMS) {
        let document = json!({
            "redirect_uris": ["https://shop.example/cb"],
            "id_token_signed_response_alg": name,
        });
        let answer = registering.register(app, None, &document).await;
        expect_registration(&answer, "id_token_signed_response_alg", &name, supported);
        let Ok(algorithm) = name.parse::<SigningAlgorithm>() else {
            assert!(!supported, "nothing can be signed with {name}");
            continue;
        };
        assert!(supported, "{name}");
        acme.change_client(app, "app", |client| {
            client.metadata.id_token_signed_response_alg = Some(algorithm);
        })
        .await;
        let tokens = acme.tokens(app).await;
        // A key may be made when it is first needed.
        let keys = KeySet::parse(&app.get(&acme.path("/jwks")).await.json()).unwrap();
        let named = [name.parse().unwrap()];
        let verified = keys.verify::<Value>(tokens["id_token"].as_str().unwrap(), &named).unwrap();
        assert_eq!(verified.claims["aud"], "app");
    }
    acme.change_client(app, "app", |client| {
        client.metadata.id_token_signed_response_alg = Some(SigningAlgorithm::ES256);
    })
    .await;
}

/// OpenID Connect Core §8: a public subject is the same for every client.
async fn subject_types(subject: &Subject<'_>, member: &str) {
    let (app, acme) = (subject.app, &subject.acme);
    let registering = subject.registering("subjects").await;
    for (name, supported) in subject.universe(member, &["public", "pairwise", "ephemeral"]) {
        let document = json!({ "redirect_uris": ["https://shop.example/cb"], "subject_type": name });
        let answer = registering.register(app, None, &document).await;
        if supported {
            assert_eq!(answer.status, 201, "{name} {answer:?}");
        } else {
            answer.expect_error(400, "invalid_client_metadata");
        }
    }
    let subjects = [acme.tokens(app).await, acme.confidential_tokens(app).await].map(|tokens| {
        let claims: Value = grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
        claims["sub"].clone()
    });
    let public = advertised(&subject.metadata, member) == ["public"];
    assert_eq!(subjects[0] == subjects[1], public, "{subjects:?}");
}

/// OpenID Connect Discovery §3: ID tokens and UserInfo say all of them of a person who told everything, and
/// nothing else but what belongs to the protocol.
async fn claims(subject: &Subject<'_>, member: &str) {
    let tokens = subject.acme.tokens(subject.app).await;
    let id_token: Value = grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
    let access_token = tokens["access_token"].as_str().unwrap();
    let userinfo = subject.acme.userinfo(subject.app, access_token).await.json();
    let told: BTreeSet<_> = [&id_token, &userinfo]
        .into_iter()
        .flat_map(|claims| claims.as_object().unwrap().keys().cloned())
        .filter(|claim| claim != "at_hash")
        .collect();
    let advertised: BTreeSet<_> = advertised(&subject.metadata, member).into_iter().collect();
    assert_eq!(told, advertised);
    // §5.4: more for those alone who asked for it.
    let mut browser = Browser::default();
    let answer =
        subject.acme.authorized(subject.app, &mut browser, &subject.request("scope", "openid")).await;
    let code = answer.location_parameter("code").unwrap();
    let tokens = subject.acme.redeem(subject.app, &code).await.json();
    let access_token = tokens["access_token"].as_str().unwrap();
    let userinfo = subject.acme.userinfo(subject.app, access_token).await.json();
    assert_eq!(userinfo, json!({ "sub": id_token["sub"] }));
}
