//! The life of signing keys (CONTRACT §4): published before they sign, and until what they signed has
//! expired.

use futures_util::future::join_all;
use grantor_protocol::claims::AccessTokenClaims;
use grantor_protocol::model::{KeyState, SigningAlgorithm};
use serde_json::Value;

use crate::on_both;
use crate::support::{Browser, TestApp, TestTenant};

const DAY: u32 = 86_400;

/// Takes every step that is due, as the server's job does.
pub async fn take_due_steps(app: &TestApp) {
    loop {
        let due = app.app.store.keys_due(app.app.clock.now(), 100).await.unwrap();
        if due.is_empty() {
            return;
        }
        for key in &due {
            app.app.take_key_step(key).await.unwrap();
        }
    }
}

/// The `kid`s of the published keys that sign access tokens.
async fn published(app: &TestApp, acme: &TestTenant) -> Vec<String> {
    let jwks = app.get(&acme.path("/jwks")).await.json();
    let keys = jwks["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == "ES256");
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The `kid`s of the RSA keys there are, published or not.
async fn rsa_keys(app: &TestApp, acme: &TestTenant) -> Vec<String> {
    let keys = app.app.store.tenant(acme.tenant.id).signing_keys().await.unwrap();
    let rsa = keys.iter().filter(|key| key.algorithm == SigningAlgorithm::RS256);
    rsa.map(|key| key.id.to_string()).collect()
}

/// The `kid` that signs access tokens now.
async fn signing(app: &TestApp, acme: &TestTenant) -> String {
    let form = [("grant_type", "client_credentials")];
    let tokens = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await.json();
    kid(tokens["access_token"].as_str().unwrap())
}

fn kid(token: &str) -> String {
    grantor_jose::Header::peek(token).unwrap().kid.unwrap()
}

on_both! {
    /// published -> active -> retired -> removed.
    async fn a_key_and_its_successor(app: TestApp) {
        let acme = app.acme().await;
        let first = signing(&app, &acme).await;
        take_due_steps(&app).await;
        assert_eq!(published(&app, &acme).await, [first.as_str()]);

        app.clock.advance(90 * DAY);
        take_due_steps(&app).await;
        let keys = published(&app, &acme).await;
        assert_eq!((keys.len(), &keys[0]), (2, &first));
        let second = keys[1].clone();
        assert_eq!(signing(&app, &acme).await, first, "nobody knows the successor yet");

        // A token that outlives its key, as none does that we issue.
        let context = acme.context(&app).await;
        let tokens = acme.tokens(&app).await;
        let token = tokens["access_token"].as_str().unwrap();
        let mut claims: AccessTokenClaims = grantor_jose::unverified_claims(token).unwrap();
        claims.exp += i64::from(365 * DAY);
        let lasting = context.keys.active(SigningAlgorithm::ES256).unwrap().sign("at+jwt", &claims).unwrap();

        app.clock.advance(DAY);
        take_due_steps(&app).await;
        assert_eq!(signing(&app, &acme).await, second);
        assert_eq!(published(&app, &acme).await, [first.clone(), second.clone()]);
        assert_eq!(acme.userinfo(&app, &lasting).await.status, 200);

        // 10 minutes for the last token, 5 for caches of the JWKS.
        app.clock.advance(15 * 60 - 1);
        take_due_steps(&app).await;
        assert_eq!(published(&app, &acme).await, [first.clone(), second.clone()]);
        assert_eq!(acme.userinfo(&app, &lasting).await.status, 200);
        app.clock.advance(1);
        take_due_steps(&app).await;
        assert_eq!(published(&app, &acme).await, [second.as_str()]);
        acme.userinfo(&app, &lasting).await.expect_error(401, "invalid_token");
        assert_eq!(signing(&app, &acme).await, second);
    }

    /// Two nodes that find the same step due take it once.
    async fn a_step_that_two_nodes_take(app: TestApp) {
        let acme = app.acme().await;
        for days in [90, 1] {
            app.clock.advance(days * DAY);
            let due = app.app.store.keys_due(app.app.clock.now(), 100).await.unwrap();
            assert!(!due.is_empty());
            let steps = due.iter().chain(&due).chain(&due).map(|key| app.app.take_key_step(key));
            join_all(steps).await.into_iter().for_each(|step| step.unwrap());
            assert_eq!(published(&app, &acme).await.len(), 2);
        }
        let keys = app.app.store.tenant(acme.tenant.id).signing_keys().await.unwrap();
        let elliptic = keys.iter().filter(|key| key.algorithm == SigningAlgorithm::ES256);
        let states: Vec<_> = elliptic.map(|key| key.state).collect();
        assert_eq!(states, [KeyState::Retired, KeyState::Active]);
    }

    /// A key of another algorithm is made when it is first needed, and once, however many need it.
    async fn the_first_need_of_an_rsa_key(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let mut codes = vec![];
        for _ in 0..50 {
            codes.push(acme.code(&app, &mut browser, "app").await);
        }
        assert_eq!(rsa_keys(&app, &acme).await, [""; 0]);
        let algorithm = Some(SigningAlgorithm::RS256);
        acme.change_client(&app, "app", |client| client.metadata.id_token_signed_response_alg = algorithm)
            .await;
        let answers = join_all(codes.iter().map(|code| acme.redeem(&app, code))).await;
        let kids: Vec<_> = answers
            .iter()
            .map(|answer| {
                let tokens: Value = answer.json();
                assert_eq!(answer.status, 200, "{answer:?}");
                kid(tokens["id_token"].as_str().unwrap())
            })
            .collect();
        assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
        assert_eq!(rsa_keys(&app, &acme).await, [kids[0].clone()]);
    }

    /// A client that reads the JWKS before anybody has signed in finds the key of the first ID token.
    async fn the_first_need_of_the_jwks(app: TestApp) {
        let acme = app.acme().await;
        assert_eq!(rsa_keys(&app, &acme).await, [""; 0]);
        let path = acme.path("/jwks");
        let answers = join_all((0..50).map(|_| app.get(&path))).await;
        let made = rsa_keys(&app, &acme).await;
        assert_eq!(made.len(), 1);
        for answer in answers {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.body.contains(&made[0]), "{answer:?}");
        }
        acme.change_client(&app, "app", |client| client.metadata.id_token_signed_response_alg = None).await;
        let tokens = acme.tokens(&app).await;
        assert_eq!(kid(tokens["id_token"].as_str().unwrap()), made[0]);
    }
}
