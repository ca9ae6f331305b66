//! DPoP (RFC 9449): tokens that only the holder of a key can use.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use grantor_jose::Algorithm;
use grantor_protocol::dpop::access_token_hash;
use poem::http::{Method, header};
use serde_json::{Value, json};

use super::assertion::{self, Signer, compact};
use crate::on_both;
use crate::support::{Answer, Browser, START, TestApp, TestTenant, request};

/// Whoever holds a DPoP key, and the newest nonce that it was given.
pub struct Holder {
    pub signer: Signer,
    pub nonce: Option<String>,
}

impl Holder {
    /// Somebody with a new key who asked for a nonce already.
    pub async fn new(app: &TestApp, acme: &TestTenant) -> Self {
        Self { signer: Signer::es256("k1"), nonce: Some(nonce(app, acme).await) }
    }

    /// What a good proof for a request to this path says, with a `jti` that was not used before.
    fn claims(&self, acme: &TestTenant, method: &str, path: &str) -> Value {
        static USED: AtomicU32 = AtomicU32::new(0);
        let mut claims = json!({
            "jti": format!("jti-{}", USED.fetch_add(1, Ordering::Relaxed)),
            "htm": method,
            "htu": format!("{}{path}", acme.tenant.issuer),
            "iat": START.unix_seconds(),
        });
        if let Some(nonce) = &self.nonce {
            claims["nonce"] = json!(nonce);
        }
        claims
    }

    pub fn proof(&self, acme: &TestTenant) -> String {
        self.signer.prove(&self.claims(acme, "POST", "/token"))
    }

    /// Tokens of the public client, bound to the key.
    async fn tokens(&self, app: &TestApp, acme: &TestTenant) -> Value {
        let code = acme.code(app, &mut Browser::default(), "app").await;
        let proof = self.proof(acme);
        let answer =
            app.post_with_proofs(&[&proof], &acme.path("/token"), &acme.redemption("app", &code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn refresh(&self, app: &TestApp, acme: &TestTenant, refresh_token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token)];
        app.post_with_proofs(&[&self.proof(acme)], &acme.path("/token"), &form).await
    }

    /// A proof for UserInfo with this access token.
    pub fn resource_claims(&self, acme: &TestTenant, method: &str, access_token: &str) -> Value {
        let mut claims = self.claims(acme, method, "/userinfo");
        claims["ath"] = json!(access_token_hash(access_token));
        claims
    }
}

/// Asks for a nonce as clients do: with a proof that has none.
pub(super) async fn nonce(app: &TestApp, acme: &TestTenant) -> String {
    let holder = Holder { signer: Signer::es256("k1"), nonce: None };
    let form = [("grant_type", "client_credentials"), ("client_id", "app")];
    let mut claims = holder.claims(acme, "POST", "/token");
    claims["iat"] = json!(app.app.clock.now().unix_seconds());
    let proof = holder.signer.prove(&claims);
    let answer = app.post_with_proofs(&[&proof], &acme.path("/token"), &form).await;
    answer.expect_error(400, "use_dpop_nonce");
    answer.header("dpop-nonce").unwrap().to_owned()
}

/// A token request of the public client for nothing in particular: whether its proof is taken shows
/// in the error.
async fn try_proofs(app: &TestApp, acme: &TestTenant, proofs: &[&str]) -> String {
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "grt_x")];
    let answer = app.post_with_proofs(proofs, &acme.path("/token"), &form).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    answer.json()["error"].as_str().unwrap().to_owned()
}

const TAKEN: &str = "invalid_grant";
const REFUSED: &str = "invalid_dpop_proof";

/// UserInfo with this `Authorization` and these proofs.
pub(super) async fn userinfo(
    app: &TestApp,
    acme: &TestTenant,
    method: Method,
    authorization: &str,
    proof: Option<&str>,
) -> Answer {
    let builder = request(method, &acme.path("/userinfo")).header(header::AUTHORIZATION, authorization);
    let builder = proof.into_iter().fold(builder, |builder, proof| builder.header("dpop", proof));
    app.send(builder.finish()).await
}

fn expect_challenge(answer: &Answer, scheme: &str, error: &str) {
    answer.expect_error(401, error);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with(scheme), "{challenge}");
    assert!(challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
    assert_eq!(challenge.contains("algs=\"ES256 "), scheme == "DPoP", "{challenge}");
}

on_both! {
    /// RFC 9449 §5, §6: what a proof gives.
    async fn tokens_of_a_proof_are_bound_to_its_key(app: TestApp) {
        let acme = app.acme().await;
        let holder = Holder::new(&app, &acme).await;
        let tokens = holder.tokens(&app, &acme).await;
        assert_eq!(tokens["token_type"], "DPoP");
        let access_token = tokens["access_token"].as_str().unwrap();
        let claims: Value = grantor_jose::unverified_claims(access_token).unwrap();
        assert_eq!(claims["cnf"], json!({ "jkt": holder.signer.thumbprint() }));

        let code = acme.code(&app, &mut Browser::default(), "web").await;
        let mut redemption = acme.redemption("web", &code);
        redemption.push(("client_secret", &acme.secret));
        acme.change_client(&app, "web", |client| {
            client.metadata.token_endpoint_auth_method =
                grantor_protocol::model::AuthenticationMethod::ClientSecretPost;
        })
        .await;
        let proof = holder.proof(&acme);
        let answer = app.post_with_proofs(&[&proof], &acme.path("/token"), &redemption).await.json();
        let access_token = answer["access_token"].as_str().unwrap();
        let form = [("client_id", "web"), ("client_secret", &acme.secret), ("token", access_token)];
        let told = app.post(&acme.path("/introspect"), &form).await.json();
        assert_eq!((&told["token_type"], &told["cnf"]["jkt"]), (&json!("DPoP"), &json!(holder.signer.thumbprint())));
        // A plain request goes on as ever.
        assert_eq!(acme.tokens(&app).await["token_type"], "Bearer");
    }

    /// RFC 9449 §8: a nonce that every node knows, for a while.
    async fn nonces(app: TestApp) {
        let acme = app.acme().await;
        let node = app.second_node().await;
        let mut holder = Holder::new(&app, &acme).await;
        let path = acme.path("/token");
        let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "grt_x")];
        let ask = async |on: &TestApp, holder: &Holder| {
            let mut claims = holder.claims(&acme, "POST", "/token");
            claims["iat"] = json!(on.app.clock.now().unix_seconds());
            on.post_with_proofs(&[&holder.signer.prove(&claims)], &path, &form).await
        };
        for on in [&app, &node] {
            let answer = ask(on, &holder).await;
            answer.expect_error(400, TAKEN);
            assert_eq!(answer.header("dpop-nonce"), None, "it is the newest");
        }
        app.clock.advance(120);
        let answer = ask(&node, &holder).await;
        answer.expect_error(400, TAKEN);
        let next = answer.header("dpop-nonce").unwrap().to_owned();
        assert_ne!(Some(&next), holder.nonce.as_ref());
        app.clock.advance(120);
        let answer = ask(&app, &holder).await;
        answer.expect_error(400, "use_dpop_nonce");
        assert!(answer.header("dpop-nonce").is_some_and(|newest| newest != next));
        holder.nonce = Some(next);
        ask(&app, &holder).await.expect_error(400, TAKEN);

        // Another tenant's is none, and neither is one that somebody made up.
        let beta = app.tenant_with("beta", grantor_protocol::model::TenantSettings::default()).await;
        for made_up in [nonce(&app, &beta).await, "x".to_owned(), String::new()] {
            holder.nonce = Some(made_up);
            ask(&app, &holder).await.expect_error(400, "use_dpop_nonce");
        }
        acme.change_tenant(&app, |tenant| tenant.settings.require_dpop_nonce = false).await;
        holder.nonce = None;
        let answer = ask(&app, &holder).await;
        answer.expect_error(400, TAKEN);
        assert_eq!(answer.header("dpop-nonce"), None);
    }

    /// RFC 9449 §4.3: each of its points.
    async fn proofs_that_prove_nothing(app: TestApp) {
        let acme = app.acme().await;
        let holder = Holder::new(&app, &acme).await;
        let signer = &holder.signer;
        let now = START.unix_seconds();
        let claims = || holder.claims(&acme, "POST", "/token");
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            signer.prove(&claims)
        };
        let issuer = &acme.tenant.issuer;
        for (name, value) in [
            ("htm", json!("GET")),
            ("htm", json!("post")),
            ("htm", Value::Null),
            ("htu", json!(format!("{issuer}/userinfo"))),
            ("htu", json!("https://id.example/t/beta/token")),
            ("htu", json!("https://evil.example/t/acme/token")),
            ("htu", json!("http://id.example/t/acme/token")),
            ("htu", json!(issuer)),
            ("htu", Value::Null),
            ("iat", json!(now - 61)),
            ("iat", json!(now + 11)),
            ("iat", json!(i64::MAX)),
            ("iat", json!("now")),
            ("iat", Value::Null),
            ("jti", json!("")),
            ("jti", json!("j".repeat(257))),
            ("jti", json!(1)),
            ("jti", Value::Null),
            ("ath", json!(access_token_hash("x"))),
            ("nonce", json!(1)),
        ] {
            assert_eq!(try_proofs(&app, &acme, &[&with(name, value.clone())]).await, REFUSED, "{name} {value}");
        }
        let other = Signer::es256("k2");
        let header = |more: Value| {
            let mut jwk = signer.jwk();
            jwk.as_object_mut().unwrap().retain(|name, _| ["kty", "crv", "x", "y"].contains(&name.as_str()));
            let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
            header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            header
        };
        let mut private = header(json!({}))["jwk"].clone();
        private["d"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let public = serde_json::to_vec(&signer.jwk()).unwrap();
        for (number, proof) in [
            signer.sign_with(&header(json!({ "typ": "JWT" })), &claims()),
            signer.sign_with(&header(json!({ "typ": "at+jwt" })), &claims()),
            signer.sign_with(&header(json!({ "typ": null })), &claims()),
            signer.sign_with(&json!({ "typ": "dpop+jwt", "alg": "ES256" }), &claims()),
            signer.sign_with(&header(json!({ "jwk": private })), &claims()),
            signer.sign_with(&header(json!({ "jwk": other.jwk() })), &claims()),
            signer.sign_with(&header(json!({ "jwk": "x" })), &claims()),
            signer.sign_with(&header(json!({ "jwk": { "kty": "oct", "k": "AAAA" } })), &claims()),
            signer.sign_with(&header(json!({ "crit": ["exp"] })), &claims()),
            signer.sign_with(&header(json!({ "alg": "RS256" })), &claims()),
            compact(&header(json!({ "alg": "none" })), &claims(), |_| vec![]),
            compact(&header(json!({ "alg": "HS256" })), &claims(), |input| Signer::hmac(&public, input)),
            compact(&header(json!({})), &claims(), |_| vec![0; 64]),
            signer.sign(&claims()),
            format!("{}x", holder.proof(&acme)),
            "x".to_owned(),
            String::new(),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(try_proofs(&app, &acme, &[&proof]).await, REFUSED, "case {number}");
        }
        let (one, another) = (holder.proof(&acme), holder.proof(&acme));
        assert_eq!(try_proofs(&app, &acme, &[&one, &another]).await, REFUSED);
        // Neither was spent by that.
        assert_eq!(try_proofs(&app, &acme, &[&one]).await, TAKEN);
        for (name, value) in [
            ("iat", json!(now - 60)),
            ("iat", json!(now + 10)),
            ("htu", json!("HTTPS://ID.example:443/t/acme/token?a#b")),
        ] {
            assert_eq!(try_proofs(&app, &acme, &[&with(name, value)]).await, TAKEN, "{name}");
        }
        // A refused proof leaves the code as it was.
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let redemption = acme.redemption("app", &code);
        let refused = app.post_with_proofs(&[&with("htm", json!("GET"))], &acme.path("/token"), &redemption).await;
        refused.expect_error(400, REFUSED);
        assert_eq!(app.post(&acme.path("/token"), &redemption).await.status, 200);
    }

    /// RFC 8414 §2: every advertised algorithm is taken.
    async fn advertised_algorithms(app: TestApp) {
        let acme = app.acme().await;
        let metadata = app.get(&acme.path("/.well-known/oauth-authorization-server")).await.json();
        let advertised = metadata["dpop_signing_alg_values_supported"].as_array().unwrap();
        let nonce = nonce(&app, &acme).await;
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256] {
            assert!(advertised.contains(&json!(algorithm.as_str())), "{algorithm:?}");
            let holder = Holder { signer: Signer::new(algorithm, "k1"), nonce: Some(nonce.clone()) };
            assert_eq!(try_proofs(&app, &acme, &[&holder.proof(&acme)]).await, TAKEN, "{algorithm:?}");
        }
        assert!(advertised.iter().all(|name| name != "none" && !name.as_str().unwrap().starts_with("HS")));
    }

    /// RFC 9449 §11.1: once, on whatever node, also when all come at the same time.
    async fn a_proof_is_used_once(app: TestApp) {
        let acme = app.acme().await;
        let node = app.second_node().await;
        let holder = Holder::new(&app, &acme).await;
        let proof = holder.proof(&acme);
        assert_eq!(try_proofs(&app, &acme, &[&proof]).await, TAKEN);
        assert_eq!(try_proofs(&app, &acme, &[&proof]).await, REFUSED);
        assert_eq!(try_proofs(&node, &acme, &[&proof]).await, REFUSED);
        // The same jti of another key is another proof.
        let other = Holder { signer: Signer::es256("k2"), nonce: holder.nonce.clone() };
        let claims = holder.claims(&acme, "POST", "/token");
        for signer in [&holder.signer, &other.signer] {
            assert_eq!(try_proofs(&app, &acme, &[&signer.prove(&claims)]).await, TAKEN);
        }
        let proof = holder.proof(&acme);
        let proof = [proof.as_str()];
        let all = [&app, &node, &app, &node, &app, &node].map(|on| try_proofs(on, &acme, &proof));
        let outcomes = join_all(all).await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == TAKEN).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == REFUSED).count(), 5, "{outcomes:?}");
    }

    /// RFC 9449 §5: a public client's refresh token is of use to the holder of the key alone.
    async fn a_refresh_with_another_key(app: TestApp) {
        let acme = app.acme().await;
        let holder = Holder::new(&app, &acme).await;
        let tokens = holder.tokens(&app, &acme).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let thief = Holder { signer: Signer::es256("k1"), nonce: holder.nonce.clone() };
        thief.refresh(&app, &acme, refresh_token).await.expect_error(400, "invalid_grant");
        acme.refresh(&app, refresh_token).await.expect_error(400, "invalid_grant");
        let answer = holder.refresh(&app, &acme, refresh_token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let claims: Value =
            grantor_jose::unverified_claims(answer.json()["access_token"].as_str().unwrap()).unwrap();
        assert_eq!(claims["cnf"]["jkt"], json!(holder.signer.thumbprint()));
    }

    /// RFC 9449 §5.2, §10: no downgrade of a client that registered for DPoP, and a code that was asked
    /// for with a key is redeemed with it.
    async fn what_has_to_be_bound_is_bound(app: TestApp) {
        let acme = app.acme().await;
        let holder = Holder::new(&app, &acme).await;
        let thumbprint = holder.signer.thumbprint();
        let mut parameters = acme.authorization("app");
        parameters.push(("dpop_jkt", &thumbprint));
        let other = Holder { signer: Signer::es256("k1"), nonce: holder.nonce.clone() };
        for (proofs, expected) in [
            (vec![], Some("invalid_grant")),
            (vec![other.proof(&acme)], Some("invalid_grant")),
            (vec![holder.proof(&acme)], None),
        ] {
            let answer = acme.authorized(&app, &mut Browser::default(), &parameters).await;
            let code = answer.location_parameter("code").unwrap();
            let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
            let redemption = acme.redemption("app", &code);
            let answer = app.post_with_proofs(&proofs, &acme.path("/token"), &redemption).await;
            match expected {
                Some(code) => answer.expect_error(400, code),
                None => assert_eq!(answer.json()["token_type"], "DPoP", "{answer:?}"),
            }
        }
        acme.change_client(&app, "app", |client| client.metadata.dpop_bound_access_tokens = true).await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        acme.redeem(&app, &code).await.expect_error(400, REFUSED);
        assert_eq!(holder.tokens(&app, &acme).await["token_type"], "DPoP");
    }

    /// RFC 9449 §7: at UserInfo.
    async fn a_bound_token_at_userinfo(app: TestApp) {
        let acme = app.acme().await;
        let holder = Holder::new(&app, &acme).await;
        let tokens = holder.tokens(&app, &acme).await;
        let token = tokens["access_token"].as_str().unwrap();
        let (bound, bearer) = (format!("DPoP {token}"), format!("Bearer {token}"));
        let prove = |signer: &Signer, change: &dyn Fn(&mut Value)| {
            let mut claims = holder.resource_claims(&acme, "GET", token);
            change(&mut claims);
            signer.prove(&claims)
        };
        let good = || prove(&holder.signer, &|_| {});
        let ask = async |authorization: &str, proof: Option<&str>| {
            userinfo(&app, &acme, Method::GET, authorization, proof).await
        };
        let proof = good();
        assert_eq!(ask(&bound, Some(&proof)).await.json()["name"], "Ada Lovelace");
        expect_challenge(&ask(&bound, Some(&proof)).await, "DPoP", REFUSED);
        let node = app.second_node().await;
        let elsewhere = userinfo(&node, &acme, Method::GET, &bound, Some(&proof)).await;
        expect_challenge(&elsewhere, "DPoP", REFUSED);
        let posted = holder.signer.prove(&holder.resource_claims(&acme, "POST", token));
        assert_eq!(userinfo(&app, &acme, Method::POST, &bound, Some(&posted)).await.status, 200);

        // A stolen token is no bearer token, with or without a proof.
        expect_challenge(&ask(&bearer, None).await, "Bearer", "invalid_token");
        expect_challenge(&ask(&bearer, Some(&good())).await, "Bearer", "invalid_token");
        expect_challenge(&ask(&bound, None).await, "DPoP", REFUSED);
        let thief = Signer::es256("k1");
        expect_challenge(&ask(&bound, Some(&prove(&thief, &|_| {}))).await, "DPoP", "invalid_token");
        for change in [
            (&|claims: &mut Value| claims["ath"] = json!(access_token_hash("x"))) as &dyn Fn(&mut Value),
            &|claims| claims["ath"] = Value::Null,
            &|claims| claims["htm"] = json!("POST"),
            &|claims| claims["htu"] = json!(format!("{}/token", acme.tenant.issuer)),
            &|claims| claims["iat"] = json!(START.unix_seconds() - 61),
        ] {
            expect_challenge(&ask(&bound, Some(&prove(&holder.signer, change))).await, "DPoP", REFUSED);
        }
        let without = prove(&holder.signer, &|claims| {
            claims.as_object_mut().unwrap().remove("nonce");
        });
        let answer = ask(&bound, Some(&without)).await;
        expect_challenge(&answer, "DPoP", "use_dpop_nonce");
        assert_eq!(answer.header("dpop-nonce"), holder.nonce.as_deref());

        // A token that is not bound is not to be called so.
        let plain = acme.tokens(&app).await;
        let plain = plain["access_token"].as_str().unwrap();
        let proof = holder.signer.prove(&holder.resource_claims(&acme, "GET", plain));
        expect_challenge(&ask(&format!("DPoP {plain}"), Some(&proof)).await, "DPoP", "invalid_token");
        assert_eq!(acme.userinfo(&app, plain).await.status, 200);
        let challenges = app.get(&acme.path("/userinfo")).await;
        let challenges: Vec<_> = challenges.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(challenges.len(), 2, "{challenges:?}");
    }

    /// RFC 9449 §8: a client that is told to use a nonce can use its assertion again, and nobody can use
    /// it a second time.
    async fn an_assertion_beside_a_proof(app: TestApp) {
        let mut acme = app.acme().await;
        let robot = Signer::es256("k1");
        acme.add_client(&app, robot.client(&acme, "robot")).await;
        let assertion = robot.sign(&robot.claims(&acme, "robot"));
        let form = assertion::client_credentials(&assertion);
        let mut holder = Holder { signer: Signer::es256("k2"), nonce: None };
        let path = acme.path("/token");
        let answer = app.post_with_proofs(&[&holder.proof(&acme)], &path, &form).await;
        answer.expect_error(400, "use_dpop_nonce");
        holder.nonce = answer.header("dpop-nonce").map(str::to_owned);
        let answer = app.post_with_proofs(&[&holder.proof(&acme)], &path, &form).await;
        assert_eq!(answer.json()["token_type"], "DPoP", "{answer:?}");
        let answer = app.post_with_proofs(&[&holder.proof(&acme)], &path, &form).await;
        answer.expect_error(401, "invalid_client");
    }
}
