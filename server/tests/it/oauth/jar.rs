//! Request objects (RFC 9101, OpenID Connect Core §6): by value, pushed, and from a registered address.

use grantor_jose::Algorithm;
use grantor_protocol::model::{ClientMetadata, TenantSettings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::assertion::{self, Signer, compact};
use crate::on_both;
use crate::support::{Answer, Browser, CHALLENGE, REDIRECT_URI, START, TestApp, TestTenant};

/// A client `signer` whose request objects this key signs.
async fn register(app: &TestApp, acme: &mut TestTenant, change: impl FnOnce(&mut ClientMetadata)) -> Signer {
    let signer = Signer::es256("k1");
    let mut client = signer.client(acme, "signer");
    change(&mut client.metadata);
    acme.add_client(app, client).await;
    signer
}

fn claims(acme: &TestTenant) -> Value {
    claims_of(acme, "signer")
}

/// What a good request object of this client says.
pub(super) fn claims_of(acme: &TestTenant, client_id: &str) -> Value {
    json!({
        "iss": client_id,
        "aud": acme.tenant.issuer,
        "iat": START.unix_seconds(),
        "exp": START.unix_seconds() + 300,
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    })
}

fn header(typ: Option<&str>) -> Value {
    typ.map_or(
        json!({ "alg": "ES256", "kid": "k1" }),
        |typ| json!({ "alg": "ES256", "kid": "k1", "typ": typ }),
    )
}

async fn ask(app: &TestApp, acme: &TestTenant, object: &str) -> Answer {
    app.get(&acme.authorize(&[("client_id", "signer"), ("request", object)])).await
}

async fn push(app: &TestApp, acme: &TestTenant, signer: &Signer, form: &[(&str, &str)]) -> Answer {
    let assertion = signer.sign(&signer.claims(acme, "signer"));
    let form: Vec<_> = form.iter().copied().chain(assertion::parameters(&assertion)).collect();
    app.post(&acme.path("/par"), &form).await
}

#[track_caller]
fn expect_page(answer: &Answer, code: &str) {
    answer.expect_error_page(400);
    assert!(answer.body.contains(code), "{answer:?}");
}

#[track_caller]
fn expect_begun(answer: &Answer) {
    assert!(answer.location().starts_with("/t/acme/login?interaction="), "{answer:?}");
}

on_both! {
    /// RFC 9101 §5.1, §6.3: the signed parameters count, and no others.
    async fn only_what_is_signed_counts(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = register(&app, &mut acme, |_| {}).await;
        let object = signer.sign(&claims(&acme));
        let smuggled = [
            ("client_id", "signer"),
            ("request", object.as_str()),
            ("response_type", "token"),
            ("redirect_uri", "https://evil.example/cb"),
            ("scope", "openid offline_access"),
            ("state", "evil"),
            ("nonce", "evil"),
            ("prompt", "none"),
            ("max_age", "0"),
            ("response_mode", "fragment"),
            ("code_challenge", "evil"),
            ("dpop_jkt", "evil"),
            ("resource", "https://evil.example"),
        ];
        let answer = acme.authorized(&app, &mut Browser::default(), &smuggled).await;
        assert!(answer.location().starts_with(&format!("{REDIRECT_URI}?code=gac_")), "{answer:?}");
        assert_eq!(answer.location_parameter("state").as_deref(), Some("s1"));
        let code = answer.location_parameter("code").unwrap();
        let assertion = signer.sign(&signer.claims(&acme, "signer"));
        let mut form = acme.redemption("signer", &code);
        form.extend(assertion::parameters(&assertion));
        let tokens = app.post(&acme.path("/token"), &form).await.json();
        assert_eq!(tokens["scope"], "openid profile email");
        let id_token: Value = grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
        assert_eq!(id_token["nonce"], "n1");
        // What is not signed is not there: no state, though one stands beside the object.
        let mut stateless = claims(&acme);
        stateless.as_object_mut().unwrap().remove("state");
        stateless["prompt"] = json!("none");
        let object = signer.sign(&stateless);
        let beside = [("client_id", "signer"), ("request", object.as_str()), ("state", "evil")];
        let answer = app.get(&acme.authorize(&beside)).await;
        assert_eq!(answer.location_parameter("error").as_deref(), Some("login_required"));
        assert_eq!(answer.location_parameter("state"), None);
    }

    /// RFC 9101 §6.2, §10.2, RFC 8725 §3.1: signed with the client's own key by an algorithm that proves
    /// something; nothing of another is redirected anywhere.
    async fn signatures_that_prove_nothing(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = register(&app, &mut acme, |_| {}).await;
        let good = claims(&acme);
        let (stranger, other) = (Signer::es256("k1"), Signer::es256("k2"));
        let jwk = serde_json::to_vec(&signer.jwk()).unwrap();
        let signed = signer.sign(&good);
        let (head, signature) = signed.rsplit_once('.').unwrap();
        let forged = compact(&header(None), &json!({ "client_id": "signer", "scope": "openid" }), |_| vec![]);
        let with_key = json!({ "alg": "ES256", "kid": "k1", "jwk": stranger.jwk() });
        for (name, object) in [
            ("unsigned", compact(&json!({ "alg": "none" }), &good, |_| vec![])),
            ("None", compact(&json!({ "alg": "None", "kid": "k1" }), &good, |_| vec![])),
            ("HS256", compact(&json!({ "alg": "HS256", "kid": "k1" }), &good, |input| {
                Signer::hmac(&jwk, input)
            })),
            ("secret", compact(&json!({ "alg": "HS256" }), &good, |input| {
                Signer::hmac(acme.secret.as_bytes(), input)
            })),
            ("wrong key", stranger.sign(&good)),
            ("unknown kid", other.sign(&good)),
            ("key of its own", stranger.sign_with(&with_key, &good)),
            ("critical", signer.sign_with(&json!({ "alg": "ES256", "crit": ["x"], "x": 1 }), &good)),
            ("another payload", format!("{}.{signature}", forged.rsplit_once('.').unwrap().0)),
            ("no signature", format!("{head}.")),
            ("two parts", head.to_owned()),
            ("encrypted", format!("{signed}.a.b")),
            ("no JWT", "eyJ".to_owned()),
            ("no claims", signer.sign(&json!("x"))),
        ] {
            expect_page(&ask(&app, &acme, &object).await, "invalid_request_object");
            let pushed = push(&app, &acme, &signer, &[("request", &object)]).await;
            assert_eq!(pushed.json()["error"], "invalid_request_object", "{name} {pushed:?}");
        }
        // A client without keys has no request objects.
        let object = [("client_id", "web"), ("request", signed.as_str())];
        expect_page(&app.get(&acme.authorize(&object)).await, "invalid_request_object");
        expect_begun(&ask(&app, &acme, &signed).await);
    }

    /// RFC 9101 §4, §10.8: from this client, to this issuer, for now, and nothing but a request.
    async fn claims_of_something_else(app: TestApp) {
        let mut acme = app.acme().await;
        let beta = app.tenant_with("beta", TenantSettings::default()).await;
        let signer = register(&app, &mut acme, |_| {}).await;
        let now = START.unix_seconds();
        for (name, value) in [
            ("iss", json!("web")),
            ("iss", json!(acme.tenant.issuer)),
            ("aud", json!(beta.tenant.issuer)),
            ("aud", json!("https://other.example")),
            ("aud", json!([format!("{}/authorize", acme.tenant.issuer)])),
            ("exp", json!(now - 30)),
            ("exp", json!("never")),
            ("nbf", json!(now + 31)),
            ("iat", json!(now + 31)),
            ("client_id", json!("web")),
            ("sub", json!("signer")),
            ("request", json!("a.b.c")),
            ("request_uri", json!("https://app.example/r")),
            ("state", json!("a\u{0}b")),
        ] {
            let mut claims = claims(&acme);
            claims[name] = value;
            let object = signer.sign(&claims);
            expect_page(&ask(&app, &acme, &object).await, "invalid_request_object");
            let pushed = push(&app, &acme, &signer, &[("request", &object)]).await;
            pushed.expect_error(400, "invalid_request_object");
        }
        for missing in ["iss", "aud", "client_id"] {
            let mut claims = claims(&acme);
            claims.as_object_mut().unwrap().remove(missing);
            expect_page(&ask(&app, &acme, &signer.sign(&claims)).await, "invalid_request_object");
        }
        // RFC 8725 §3.11: the types of other tokens; and a client assertion is no request.
        for typ in ["at+jwt", "dpop+jwt", "client-authentication+jwt", "logout+jwt", ""] {
            let object = signer.sign_with(&header(Some(typ)), &claims(&acme));
            expect_page(&ask(&app, &acme, &object).await, "invalid_request_object");
        }
        let assertion = signer.sign(&signer.claims(&acme, "signer"));
        expect_page(&ask(&app, &acme, &assertion).await, "invalid_request_object");
        // Nor is a request object a client assertion.
        let object = signer.sign(&claims(&acme));
        let form = assertion::client_credentials(&object);
        app.post(&acme.path("/token"), &form).await.expect_error(401, "invalid_client");
        for typ in [None, Some("JWT"), Some("oauth-authz-req+jwt"), Some("application/oauth-authz-req+JWT")] {
            expect_begun(&ask(&app, &acme, &signer.sign_with(&header(typ), &claims(&acme))).await);
        }
        let several = json!([acme.tenant.issuer, "https://other.example"]);
        let mut claims = claims(&acme);
        claims["aud"] = several;
        claims["exp"] = json!(now - 29);
        claims["nbf"] = json!(now + 30);
        expect_begun(&ask(&app, &acme, &signer.sign(&claims)).await);
    }

    /// RFC 9101 §5, §6.3: once the object is proven its own rules are the ordinary ones.
    async fn a_signed_request_with_a_mistake(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = register(&app, &mut acme, |_| {}).await;
        for (name, value, error) in [
            ("response_type", json!("token"), "unsupported_response_type"),
            ("scope", json!("openid admin"), "invalid_scope"),
            ("code_challenge", Value::Null, "invalid_request"),
            ("max_age", json!(-1), "invalid_request"),
            ("prompt", json!("none"), "login_required"),
            ("resource", json!(["https://unknown.example"]), "invalid_target"),
        ] {
            let mut claims = claims(&acme);
            claims[name] = value;
            ask(&app, &acme, &signer.sign(&claims)).await.expect_redirected_error(error);
        }
        let mut elsewhere = claims(&acme);
        elsewhere["redirect_uri"] = json!("https://evil.example/cb");
        expect_page(&ask(&app, &acme, &signer.sign(&elsewhere)).await, "redirect_uri");
        // The name beside the object is needed, and is the client's own.
        let object = signer.sign(&claims(&acme));
        app.get(&acme.authorize(&[("request", &object)])).await.expect_error_page(400);
        app.get(&acme.authorize(&[("client_id", "nobody"), ("request", &object)])).await.expect_error_page(400);
        let twice = [("client_id", "signer"), ("request", object.as_str()), ("request", &object)];
        app.get(&acme.authorize(&twice)).await.expect_error_page(400);
        acme.change_client(&app, "signer", |client| client.enabled = false).await;
        ask(&app, &acme, &object).await.expect_error_page(400);
    }

    /// RFC 9126 §3: pushed, where what stands beside it counts for nothing either.
    async fn a_pushed_request_object(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = register(&app, &mut acme, |_| {}).await;
        let object = signer.sign(&claims(&acme));
        let beside =
            [("request", object.as_str()), ("scope", "openid offline_access"), ("state", "evil")];
        let pushed = push(&app, &acme, &signer, &beside).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let parameters = [("client_id", "signer"), ("request_uri", request_uri.as_str())];
        let answer = acme.authorized(&app, &mut Browser::default(), &parameters).await;
        assert_eq!(answer.location_parameter("state").as_deref(), Some("s1"), "{answer:?}");
        assert!(answer.location_parameter("code").is_some());
        // Another client cannot push it.
        let stolen = [("request", object.as_str())];
        let answer = app.post_as(("web", &acme.secret), &acme.path("/par"), &stolen).await;
        answer.expect_error(400, "invalid_request_object");
    }

    /// RFC 9101 §10.5: no downgrade to parameters, nor to another algorithm than the registered one.
    async fn what_a_client_registered_for(app: TestApp) {
        let mut acme = app.acme().await;
        let signer = register(&app, &mut acme, |metadata| {
            metadata.require_signed_request_object = true;
            metadata.request_object_signing_alg = Some("ES256".to_owned());
        })
        .await;
        let plain = acme.authorization("signer");
        app.get(&acme.authorize(&plain)).await.expect_redirected_error("invalid_request");
        push(&app, &acme, &signer, &plain).await.expect_error(400, "invalid_request");
        let object = signer.sign(&claims(&acme));
        expect_begun(&ask(&app, &acme, &object).await);
        assert_eq!(push(&app, &acme, &signer, &[("request", &object)]).await.status, 201);
        acme.change_client(&app, "signer", |client| {
            client.metadata.request_object_signing_alg = Some("PS256".to_owned());
        })
        .await;
        expect_page(&ask(&app, &acme, &object).await, "invalid_request_object");
        push(&app, &acme, &signer, &[("request", &object)]).await.expect_error(400, "invalid_request_object");
    }

    /// Every algorithm that is advertised, as far as we can sign with it here.
    async fn every_algorithm(app: TestApp) {
        let mut acme = app.acme().await;
        let metadata = app.get(&acme.path("/.well-known/openid-configuration")).await.json();
        let advertised = metadata["request_object_signing_alg_values_supported"].as_array().unwrap().clone();
        assert!(!advertised.iter().any(|name| *name == "none" || name.as_str().unwrap().starts_with("HS")));
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256] {
            assert!(advertised.contains(&json!(algorithm.as_str())));
            let signer = Signer::new(algorithm, "k1");
            let client_id = format!("with-{}", algorithm.as_str());
            acme.add_client(&app, signer.client(&acme, &client_id)).await;
            let mut claims = claims(&acme);
            claims["iss"] = json!(client_id);
            claims["client_id"] = json!(client_id);
            let object = signer.sign(&claims);
            let answer = app.get(&acme.authorize(&[("client_id", &client_id), ("request", &object)])).await;
            expect_begun(&answer);
        }
    }

    /// OpenID Connect Core §10.1: keys that the client publishes serve as well as those in its metadata.
    async fn keys_at_the_clients_address(app: TestApp) {
        let mut acme = app.acme().await;
        let host = Host::start().await;
        let signer = register(&app, &mut acme, |metadata| {
            metadata.jwks = None;
            metadata.jwks_uri = Some(host.uri("/jwks"));
        })
        .await;
        let object = signer.sign(&claims(&acme));
        expect_page(&ask(&app, &acme, &object).await, "invalid_request_object");
        host.serve("/jwks", &json!({ "keys": [signer.jwk()] }).to_string());
        app.clock.advance(10);
        expect_begun(&ask(&app, &acme, &object).await);
        let stranger = Signer::es256("k1").sign(&claims(&acme));
        expect_page(&ask(&app, &acme, &stranger).await, "invalid_request_object");
    }

    /// RFC 9101 §5.2, §10.4: from registered addresses and no others, and held to the same rules.
    async fn by_reference(app: TestApp) {
        let mut acme = app.acme().await;
        let host = Host::start().await;
        let registered = [host.uri("/good"), host.uri("/forged"), host.uri("/html"), host.uri("/none")];
        let signer = register(&app, &mut acme, |metadata| {
            metadata.request_uris = registered.iter().map(|uri| format!("{uri}#hash")).collect();
        })
        .await;
        host.serve("/good", &format!("{}\n", signer.sign(&claims(&acme))));
        host.serve("/forged", &Signer::es256("k1").sign(&claims(&acme)));
        host.serve("/html", "<p>no</p>");
        host.serve("/other", &signer.sign(&claims(&acme)));
        let ask = async |uri: &str| {
            let smuggled = [
                ("client_id", "signer"),
                ("request_uri", uri),
                ("state", "evil"),
                ("scope", "openid offline_access"),
            ];
            acme.authorized(&app, &mut Browser::default(), &smuggled).await
        };
        for uri in [registered[0].clone(), format!("{}#other", registered[0])] {
            let answer = ask(&uri).await;
            assert_eq!(answer.location_parameter("state").as_deref(), Some("s1"), "{answer:?}");
            assert!(answer.location_parameter("code").is_some());
        }
        let asked = host.asked();
        assert!(asked.contains(&"/good".to_owned()), "{asked:?}");
        expect_page(&ask(&registered[1]).await, "invalid_request_object");
        expect_page(&ask(&registered[2]).await, "invalid_request_object");
        expect_page(&ask(&registered[3]).await, "invalid_request_uri");
        // What is not registered is not even asked for.
        let before = host.asked().len();
        for uri in [
            host.uri("/other"),
            format!("{}?x=1", registered[0]),
            host.uri("/GOOD"),
            "https://evil.example/r".to_owned(),
            "file:///etc/passwd".to_owned(),
            "urn:x".to_owned(),
        ] {
            expect_page(&ask(&uri).await, "invalid_request_uri");
        }
        let others = [("client_id", "web"), ("request_uri", registered[0].as_str())];
        expect_page(&app.get(&acme.authorize(&others)).await, "invalid_request_uri");
        let nobodys = [("client_id", "nobody"), ("request_uri", registered[0].as_str())];
        app.get(&acme.authorize(&nobodys)).await.expect_error_page(400);
        push(&app, &acme, &signer, &[("request_uri", &registered[0])]).await.expect_error(400, "invalid_request");
        assert_eq!(host.asked().len(), before);
    }
}

/// A stranger's server on this machine.
struct Host {
    port: u16,
    documents: std::sync::Arc<std::sync::Mutex<Vec<(String, String)>>>,
    asked: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Host {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = Self { port, documents: Default::default(), asked: Default::default() };
        let (documents, asked) = (host.documents.clone(), host.asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![];
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                let request = String::from_utf8(request).unwrap();
                let path = request.split(' ').nth(1).unwrap().to_owned();
                let found = documents.lock().unwrap().iter().find(|(held, _)| *held == path).cloned();
                asked.lock().unwrap().push(path);
                let answer = match found {
                    Some((_, body)) => {
                        let length = body.len();
                        format!(
                            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                        )
                    }
                    None => {
                        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
                    }
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        host
    }

    fn uri(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn serve(&self, path: &str, body: &str) {
        self.documents.lock().unwrap().push((path.to_owned(), body.to_owned()));
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
