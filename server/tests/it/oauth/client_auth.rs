//! Client authentication (RFC 6749 §2.3, RFC 7523 §3, OpenID Connect Core §9).

use std::sync::Arc;

use grantor::app::ClientCertificate;
use grantor_jose::Algorithm;
use grantor_protocol::Lifetime;
use grantor_protocol::model::AuthenticationMethod::{
    self, ClientSecretBasic, ClientSecretJwt, ClientSecretPost, None as Public, PrivateKeyJwt,
    SelfSignedTlsClientAuth, TlsClientAuth,
};
use poem::http::header;
use serde_json::{Value, json};

use super::assertion::{self, Signer, compact, parameters};
use super::certificates::{Authority, jwks, post_over};
use crate::on_both;
use crate::support::{Answer, START, TestApp, TestTenant, basic, encode, form_request};

/// Every endpoint that authenticates clients, with a request that any confidential client may make.
pub const ENDPOINTS: [(&str, (&str, &str)); 3] = [
    ("/token", ("grant_type", "client_credentials")),
    ("/introspect", ("token", "unknown")),
    ("/revoke", ("token", "unknown")),
];

/// Methods that every endpoint takes in the same way; those that need a certificate have tests of their
/// own.
const METHODS: [AuthenticationMethod; 5] =
    [Public, ClientSecretBasic, ClientSecretPost, ClientSecretJwt, PrivateKeyJwt];

const WITH_SECRET: [AuthenticationMethod; 3] = [ClientSecretBasic, ClientSecretPost, ClientSecretJwt];

/// An assertion that is signed with a secret.
fn hs256(secret: &str, claims: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    compact(&header, claims, |input| Signer::hmac(secret.as_bytes(), input))
}

/// One client for every method, named after it, and what they prove themselves with.
pub struct Clients {
    secrets: [String; 3],
    signer: Signer,
    certificate: Arc<ClientCertificate>,
}

impl Clients {
    pub async fn of(app: &TestApp, acme: &mut TestTenant) -> Self {
        let signer = Signer::es256("k1");
        acme.add_client(app, signer.client(acme, PrivateKeyJwt.as_str())).await;
        let mut public = crate::support::client(&acme.tenant, Public.as_str());
        public.metadata.token_endpoint_auth_method = Public;
        acme.add_client(app, public).await;
        let mut secrets = vec![];
        for method in WITH_SECRET {
            secrets.push(acme.add_secret_client(app, method.as_str(), method).await);
        }
        let authority = Authority::new("acme's");
        let certificate = authority.certificate("machine.example");
        acme.change_tenant(app, |tenant| {
            tenant.settings.client_certificate_authorities = Some(authority.pem());
        })
        .await;
        for method in [TlsClientAuth, SelfSignedTlsClientAuth] {
            let mut machine = crate::support::client(&acme.tenant, method.as_str());
            machine.metadata.token_endpoint_auth_method = method;
            machine.metadata.tls_client_auth_san_dns = Some("machine.example".to_owned());
            machine.metadata.jwks = Some(jwks(&certificate));
            acme.add_client(app, machine).await;
        }
        Self { secrets: secrets.try_into().unwrap(), signer, certificate }
    }

    fn secret(&self, client_id: &str) -> &str {
        let number = WITH_SECRET.iter().position(|method| method.as_str() == client_id);
        &self.secrets[number.unwrap_or_default()]
    }

    /// A request of `client_id` with `method`, which may be another than it is registered with.
    pub async fn ask(
        &self,
        app: &TestApp,
        acme: &TestTenant,
        client_id: &str,
        method: AuthenticationMethod,
        (path, parameter): (&str, (&str, &str)),
    ) -> Answer {
        let (path, secret) = (acme.path(path), self.secret(client_id));
        match method {
            Public => app.post(&path, &[parameter, ("client_id", client_id)]).await,
            ClientSecretBasic => app.post_as((client_id, secret), &path, &[parameter]).await,
            ClientSecretPost => {
                app.post(&path, &[parameter, ("client_id", client_id), ("client_secret", secret)]).await
            }
            PrivateKeyJwt => {
                let assertion = self.signer.sign(&self.signer.claims(acme, client_id));
                let [type_, assertion] = parameters(&assertion);
                app.post(&path, &[parameter, type_, assertion]).await
            }
            ClientSecretJwt => {
                let assertion = hs256(secret, &self.signer.claims(acme, client_id));
                let [type_, assertion] = parameters(&assertion);
                app.post(&path, &[parameter, type_, assertion]).await
            }
            TlsClientAuth | SelfSignedTlsClientAuth => {
                post_over(app, &self.certificate, &path, &[parameter, ("client_id", client_id)]).await
            }
        }
    }
}

/// All of an answer that its asker can compare.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
    let named = answer.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    let headers = named.filter(|(name, _)| name != "x-request-id").collect();
    (answer.status.as_u16(), headers, answer.body.clone())
}

/// A client's token request with an assertion that must not be believed.
async fn refuses(app: &TestApp, acme: &TestTenant, assertion: &str) {
    let answer = app.post(&acme.path("/token"), &assertion::client_credentials(assertion)).await;
    answer.expect_error(401, "invalid_client");
    assert_eq!(answer.json()["error_description"], "client authentication failed");
}

on_both! {
    /// RFC 6749 §2.3, RFC 7009 §2.1, RFC 7662 §2.1: each client with its own method, and with no other.
    async fn a_client_uses_the_method_that_it_is_registered_with(app: TestApp) {
        let mut acme = app.acme().await;
        let clients = Clients::of(&app, &mut acme).await;
        for registered in METHODS {
            for used in METHODS {
                for endpoint in ENDPOINTS {
                    let answer = clients.ask(&app, &acme, registered.as_str(), used, endpoint).await;
                    match (registered == used, registered, endpoint.0) {
                        (true, Public, "/token" | "/introspect") => {
                            answer.expect_error(400, "unauthorized_client");
                        }
                        (true, ..) => assert_eq!(answer.status, 200, "{endpoint:?} {answer:?}"),
                        (false, ..) => answer.expect_error(401, "invalid_client"),
                    }
                }
            }
        }
    }

    /// RFC 6749 §2.3: one method in a request.
    async fn several_methods_at_once(app: TestApp) {
        let mut acme = app.acme().await;
        let clients = Clients::of(&app, &mut acme).await;
        let assertion = clients.signer.sign(&clients.signer.claims(&acme, "private_key_jwt"));
        let [type_, assertion] = parameters(&assertion);
        let secret = ("client_secret", acme.secret.as_str());
        for (path, parameter) in ENDPOINTS {
            let path = acme.path(path);
            for more in [vec![secret], vec![("client_id", "web"), secret], vec![type_, assertion]] {
                let form: Vec<_> = more.into_iter().chain([parameter]).collect();
                let answer = app.post_as(("web", &acme.secret), &path, &form).await;
                answer.expect_error(400, "invalid_request");
            }
            let form = [parameter, ("client_id", "web"), secret, type_, assertion];
            app.post(&path, &form).await.expect_error(400, "invalid_request");
            let form = [parameter, ("client_id", "app")];
            app.post_as(("web", &acme.secret), &path, &form).await.expect_error(400, "invalid_request");
            let form = [parameter, ("client_assertion_type", "urn:x"), assertion];
            app.post(&path, &form).await.expect_error(400, "invalid_request");
            // To repeat one's own name beside the credentials is no second method.
            let form = [parameter, ("client_id", "web")];
            assert_eq!(app.post_as(("web", &acme.secret), &path, &form).await.status, 200);
        }
    }

    /// RFC 6749 §5.2: nobody learns from an error which clients there are, or what of them is wrong.
    async fn an_unknown_client_looks_like_a_wrong_secret(app: TestApp) {
        let mut acme = app.acme().await;
        let clients = Clients::of(&app, &mut acme).await;
        acme.add_secret_client(&app, "off", ClientSecretBasic).await;
        acme.change_client(&app, "off", |client| client.enabled = false).await;
        let stranger = Signer::es256("k1");
        for endpoint in ENDPOINTS {
            let path = acme.path(endpoint.0);
            let mut by_header = vec![];
            for client_id in ["nobody", "client_secret_basic", "client_secret_post", "none", "off"] {
                by_header.push(seen(&app.post_as((client_id, "wrong"), &path, &[endpoint.1]).await));
            }
            let (status, headers, _) = &by_header[0];
            assert_eq!(*status, 401);
            let challenge = headers.iter().find(|(name, _)| name == "www-authenticate");
            assert!(challenge.is_some_and(|(_, value)| value.starts_with("Basic realm=")), "{headers:?}");
            by_header.iter().for_each(|other| assert_eq!(other, &by_header[0]));

            let mut by_form = vec![];
            for client_id in ["nobody", "client_secret_basic", "client_secret_post", "none", "off"] {
                let form = [endpoint.1, ("client_id", client_id), ("client_secret", "wrong")];
                by_form.push(seen(&app.post(&path, &form).await));
            }
            for client_id in ["nobody", "client_secret_post", "off"] {
                by_form.push(seen(&clients.ask(&app, &acme, client_id, Public, endpoint).await));
            }
            for client_id in ["nobody", "private_key_jwt", "off"] {
                let assertion = stranger.sign(&stranger.claims(&acme, client_id));
                let [type_, assertion] = parameters(&assertion);
                by_form.push(seen(&app.post(&path, &[endpoint.1, type_, assertion]).await));
            }
            by_form.push(seen(&app.post(&path, &[endpoint.1]).await));
            // A browser must not ask its user for a password where no header was used.
            assert!(by_form[0].1.iter().all(|(name, _)| name != "www-authenticate"), "{by_form:?}");
            assert_eq!(by_form[0].0, 401);
            by_form.iter().for_each(|other| assert_eq!(other, &by_form[0]));
        }
    }

    /// RFC 7617 §2, RFC 6749 §2.3.1: what cannot be read is refused, and names are form-encoded.
    async fn headers_that_are_no_credentials(app: TestApp) {
        let mut acme = app.acme().await;
        let odd = "a b:c%+/?=";
        let secret = acme.add_secret_client(&app, odd, ClientSecretBasic).await;
        let good = app.post_as((odd, &secret), &acme.path("/token"), &[ENDPOINTS[0].1]).await;
        assert_eq!(good.status, 200, "{good:?}");
        let good = basic("web", &acme.secret);
        for header in [
            "",
            "Basic",
            "Basic ",
            "Basic !",
            "Basic d2Vi",
            "Basic /w==",
            "Bearer x",
            "Digest x",
            &good.replace("Basic ", "Basic  x"),
            &good.replace("Basic ", "Basic"),
            &format!("{good}x"),
        ] {
            for (path, parameter) in ENDPOINTS {
                let request = form_request(&acme.path(path), &encode(&[parameter]))
                    .header(header::AUTHORIZATION, header);
                app.send(request.finish()).await.expect_error(401, "invalid_client");
            }
        }
        let lower = form_request(&acme.path("/revoke"), "token=x")
            .header(header::AUTHORIZATION, good.replace("Basic", "bASIC"));
        assert_eq!(app.send(lower.finish()).await.status, 200);
    }

    /// A secret ends when it says so, and its successor works meanwhile; a client that is disabled gets
    /// nothing, with whatever it has.
    async fn a_secret_that_expires_and_a_client_that_is_disabled(app: TestApp) {
        let mut acme = app.acme().await;
        let clients = Clients::of(&app, &mut acme).await;
        let tokens = acme.tokens(&app).await;
        let expires_at = Some(START + Lifetime::from_seconds(60));
        let next = acme.add_secret_client(&app, "donor", ClientSecretBasic).await;
        let hash = grantor_protocol::Secret::presented(next.as_str()).hash();
        acme.change_client(&app, "web", |client| {
            let successor = grantor_protocol::model::ClientSecret { hash, ..client.secrets[0].clone() };
            client.secrets[0].expires_at = expires_at;
            client.secrets.push(successor);
        })
        .await;
        let ask = async |secret: &str| {
            app.post_as(("web", secret), &acme.path("/token"), &[("grant_type", "client_credentials")]).await
        };
        app.clock.advance(59);
        assert_eq!(ask(&acme.secret).await.status, 200);
        assert_eq!(ask(&next).await.status, 200);
        app.clock.advance(1);
        ask(&acme.secret).await.expect_error(401, "invalid_client");
        assert_eq!(ask(&next).await.status, 200);

        for method in METHODS {
            acme.change_client(&app, method.as_str(), |client| client.enabled = false).await;
            for endpoint in ENDPOINTS {
                let answer = clients.ask(&app, &acme, method.as_str(), method, endpoint).await;
                answer.expect_error(401, "invalid_client");
            }
        }
        acme.change_client(&app, "app", |client| client.enabled = false).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        acme.refresh(&app, refresh_token).await.expect_error(401, "invalid_client");
    }

    /// RFC 7523 §3: what an assertion must say.
    async fn assertions_with_wrong_claims(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = Signer::es256("k1");
        acme.add_client(&app, signer.client(&acme, "robot")).await;
        let now = START.unix_seconds();
        let token_endpoint = format!("{}/token", acme.tenant.issuer);
        let with = |name: &str, value: Value| {
            let mut claims = signer.claims(&acme, "robot");
            claims[name] = value;
            signer.sign(&claims)
        };
        for (name, value) in [
            ("aud", json!("https://id.example/t/beta")),
            ("aud", json!("https://id.example/t/acme/")),
            ("aud", json!("https://id.example")),
            ("aud", json!([])),
            ("aud", json!(["https://evil.example"])),
            ("aud", Value::Null),
            ("exp", json!(now - 30)),
            ("exp", json!(now + 601)),
            ("exp", json!("soon")),
            ("exp", json!(-1)),
            ("exp", json!(i64::MAX)),
            ("exp", Value::Null),
            ("nbf", json!(now + 31)),
            ("iat", json!(now + 31)),
            ("jti", json!("")),
            ("jti", json!(1)),
            ("jti", Value::Null),
            ("iss", json!("web")),
            ("iss", Value::Null),
            ("sub", json!("web")),
            ("sub", json!("nobody")),
            ("sub", json!("\u{0}")),
            ("sub", json!("")),
            ("sub", Value::Null),
        ] {
            refuses(&app, &acme, &with(name, value)).await;
        }
        for (name, value) in [
            ("aud", json!(token_endpoint)),
            ("aud", json!(["https://other.example", acme.tenant.issuer])),
            ("exp", json!(now - 29)),
            ("exp", json!(now + 600)),
            ("nbf", json!(now + 30)),
        ] {
            let assertion = with(name, value);
            let form = assertion::client_credentials(&assertion);
            let first = app.post(&acme.path("/token"), &form).await;
            assert_eq!(first.status, 200, "{name} {first:?}");
            // The same once more is a replay, at every endpoint.
            refuses(&app, &acme, &assertion).await;
            for (path, parameter) in ENDPOINTS {
                let [type_, assertion] = parameters(&assertion);
                let again = app.post(&acme.path(path), &[parameter, type_, assertion]).await;
                again.expect_error(401, "invalid_client");
            }
        }
        // A request that is refused for another reason has spent its assertion, too.
        let assertion = with("nbf", json!(now));
        let [type_, parameter] = parameters(&assertion);
        let form = [("grant_type", "password"), type_, parameter];
        app.post(&acme.path("/token"), &form).await.expect_error(400, "unsupported_grant_type");
        refuses(&app, &acme, &assertion).await;
    }

    /// RFC 8725 §3.1, RFC 7515 §4.1.11: signed by the client's key, with an algorithm that fits it.
    async fn assertions_with_a_wrong_signature(app: TestApp) {
        let mut acme = app.acme().await;
        let (elliptic, rsa) = (Signer::es256("k1"), Signer::new(Algorithm::RS256, "k1"));
        acme.add_client(&app, elliptic.client(&acme, "robot")).await;
        acme.add_client(&app, rsa.client(&acme, "mill")).await;
        let stranger = Signer::es256("k1");
        let public = serde_json::to_vec(&elliptic.jwk()).unwrap();
        let es256 = |more: Value| {
            let mut header = json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" });
            header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            header
        };
        let good = es256(json!({}));
        let algorithm = |name: &str| es256(json!({ "alg": name }));
        for client_id in ["robot", "mill"] {
            let claims = || elliptic.claims(&acme, client_id);
            let own = |header: &Value| elliptic.sign_with(header, &claims());
            for assertion in [
                stranger.sign(&claims()),
                stranger.sign_with(&es256(json!({ "jwk": stranger.jwk() })), &claims()),
                stranger.sign_with(&es256(json!({ "jku": "https://evil.example/jwks" })), &claims()),
                compact(&algorithm("none"), &claims(), |_| vec![]),
                compact(&algorithm("None"), &claims(), |_| vec![]),
                compact(&algorithm("HS256"), &claims(), |input| Signer::hmac(&public, input)),
                compact(&good, &claims(), |_| vec![0; 64]),
                compact(&good, &claims(), |_| vec![]),
                own(&algorithm("RS256")),
                own(&algorithm("PS256")),
                own(&algorithm("ES512")),
                own(&algorithm("ES256K")),
                own(&es256(json!({ "kid": "k2" }))),
                own(&es256(json!({ "crit": ["exp"] }))),
                own(&es256(json!({ "crit": [] }))),
                own(&es256(json!({ "b64": false }))),
            ] {
                refuses(&app, &acme, &assertion).await;
            }
        }
        // STACK of libraries: ES256 against an RSA key must be refused and not panic.
        refuses(&app, &acme, &elliptic.sign(&elliptic.claims(&acme, "mill"))).await;
        for (signer, client_id) in [(&elliptic, "robot"), (&rsa, "mill")] {
            let assertion = signer.sign(&signer.claims(&acme, client_id));
            let form = assertion::client_credentials(&assertion);
            assert_eq!(app.post(&acme.path("/token"), &form).await.status, 200);
        }
        let assertion = elliptic.sign_with(&good, &elliptic.claims(&acme, "robot"));
        let form = assertion::client_credentials(&assertion);
        assert_eq!(app.post(&acme.path("/token"), &form).await.status, 200);
    }

    /// OpenID Connect Core §9, RFC 8725 §3.1: a secret's assertion, with the secret and no public key, in
    /// the one algorithm that the secret is long enough for (RFC 7518 §3.2).
    async fn assertions_signed_with_a_secret(app: TestApp) {
        let mut acme = app.acme().await;
        let secret = acme.add_secret_client(&app, "robot", ClientSecretJwt).await;
        let signer = Signer::es256("k1");
        let claims = || signer.claims(&acme, "robot");
        let ask = async |assertion: &str| {
            app.post(&acme.path("/token"), &assertion::client_credentials(assertion)).await
        };
        let good = hs256(&secret, &claims());
        assert_eq!(ask(&good).await.status, 200);
        refuses(&app, &acme, &good).await;
        let public = signer.jwk();
        let text = serde_json::to_vec(&public).unwrap();
        acme.change_client(&app, "robot", |client| {
            client.metadata.jwks = Some(json!({ "keys": [public] }));
        })
        .await;
        let header = |alg: &str| json!({ "alg": alg, "kid": "k1" });
        for assertion in [
            hs256("wrong", &claims()),
            hs256("", &claims()),
            hs256(&acme.secret, &claims()),
            hs256(&secret, &signer.claims(&acme, "web")),
            signer.sign(&claims()),
            compact(&header("HS256"), &claims(), |input| Signer::hmac(&text, input)),
            compact(&header("ES256"), &claims(), |input| Signer::hmac(secret.as_bytes(), input)),
            compact(&header("HS384"), &claims(), |input| Signer::hmac(secret.as_bytes(), input)),
            compact(&header("HS512"), &claims(), |input| Signer::hmac(secret.as_bytes(), input)),
            compact(&header("none"), &claims(), |_| vec![]),
            compact(&header("HS256"), &claims(), |_| vec![]),
        ] {
            refuses(&app, &acme, &assertion).await;
        }
        let form = [("grant_type", "client_credentials"), ("client_id", "robot"), ("client_secret", &secret)];
        app.post(&acme.path("/token"), &form).await.expect_error(401, "invalid_client");

        // The secret ends when it says so.
        acme.change_client(&app, "robot", |client| {
            client.secrets[0].expires_at = Some(START + Lifetime::from_seconds(1));
        })
        .await;
        assert_eq!(ask(&hs256(&secret, &claims())).await.status, 200);
        app.clock.advance(1);
        refuses(&app, &acme, &hs256(&secret, &claims())).await;
    }

    /// A secret that was sealed for another client opens for nobody else.
    async fn a_secret_that_was_moved(app: TestApp) {
        let mut acme = app.acme().await;
        let secret = acme.add_secret_client(&app, "robot", ClientSecretJwt).await;
        acme.add_secret_client(&app, "other", ClientSecretJwt).await;
        let store = app.app.store.tenant(acme.tenant.id);
        let robot = grantor_protocol::model::ClientId::parse("robot").unwrap();
        let moved = store.client(&robot).await.unwrap().unwrap().secrets;
        acme.change_client(&app, "other", |client| client.secrets = moved).await;
        let signer = Signer::es256("k1");
        refuses(&app, &acme, &hs256(&secret, &signer.claims(&acme, "other"))).await;
        let own = hs256(&secret, &signer.claims(&acme, "robot"));
        assert_eq!(app.post(&acme.path("/token"), &assertion::client_credentials(&own)).await.status, 200);
    }

    /// RFC 7591 §2: a client that registered one algorithm uses no other.
    async fn the_registered_algorithm(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = Signer::es256("k1");
        acme.add_client(&app, signer.client(&acme, "robot")).await;
        for (registered, status) in [(Some("ES256"), 200), (Some("PS256"), 401), (Some("HS256"), 401), (None, 200)] {
            acme.change_client(&app, "robot", |client| {
                client.metadata.token_endpoint_auth_signing_alg = registered.map(str::to_owned);
            })
            .await;
            let assertion = signer.sign(&signer.claims(&acme, "robot"));
            let answer = app.post(&acme.path("/token"), &assertion::client_credentials(&assertion)).await;
            assert_eq!(answer.status.as_u16(), status, "{registered:?} {answer:?}");
        }
    }
}
