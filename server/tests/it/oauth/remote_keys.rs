//! Keys at a client's `jwks_uri` (OpenID Connect Core §10.1).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use grantor_protocol::model::AuthenticationMethod;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::assertion::{self, Signer};
use super::certificates::{jwks, post_over, self_signed};
use crate::on_both;
use crate::support::{Answer, TestApp, TestTenant, client};

/// The server of a client's keys.
struct KeyServer {
    uri: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    /// On a loopback address, with nothing to say yet.
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::<Mutex<String>>::default(), Arc::<AtomicUsize>::default());
        let server = Self { uri, answer: Arc::clone(&answer), asked: Arc::clone(&asked) };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                asked.fetch_add(1, Ordering::SeqCst);
                let mut head = vec![];
                while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
                let text = answer.lock().unwrap().clone();
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        server.down();
        server
    }

    fn publish(&self, jwks: &Value, cache_control: &str) {
        let body = jwks.to_string();
        let length = body.len();
        *self.answer.lock().unwrap() = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             cache-control: {cache_control}\r\nconnection: close\r\n\r\n{body}"
        );
    }

    fn publish_keys(&self, signers: &[&Signer], cache_control: &str) {
        let keys: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
        self.publish(&json!({ "keys": keys }), cache_control);
    }

    fn down(&self) {
        *self.answer.lock().unwrap() =
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A client `robot` whose keys are at the server.
async fn robot(app: &TestApp, acme: &mut TestTenant, server: &KeyServer, method: AuthenticationMethod) {
    let mut robot = client(&acme.tenant, "robot");
    robot.metadata.token_endpoint_auth_method = method;
    robot.metadata.jwks_uri = Some(server.uri.clone());
    acme.add_client(app, robot).await;
}

async fn ask(app: &TestApp, acme: &TestTenant, signer: &Signer) -> Answer {
    let mut claims = signer.claims(acme, "robot");
    let now = app.app.clock.now().unix_seconds();
    claims["iat"] = json!(now);
    claims["exp"] = json!(now + 60);
    let assertion = signer.sign(&claims);
    app.post(&acme.path("/token"), &assertion::client_credentials(&assertion)).await
}

on_both! {
    /// New keys are found at once, old ones are gone, and one answer serves until it is stale.
    async fn keys_that_rotate(app: TestApp) {
        let mut acme = app.acme().await;
        let server = KeyServer::start().await;
        robot(&app, &mut acme, &server, AuthenticationMethod::PrivateKeyJwt).await;
        let (first, second) = (Signer::es256("k1"), Signer::es256("k2"));
        server.publish_keys(&[&first], "max-age=3600");
        for _ in 0..3 {
            assert_eq!(ask(&app, &acme, &first).await.status, 200);
        }
        assert_eq!(server.asked(), 1);
        server.publish_keys(&[&second], "max-age=3600");
        app.clock.advance(10);
        assert_eq!(ask(&app, &acme, &second).await.status, 200);
        assert_eq!(server.asked(), 2);
        ask(&app, &acme, &first).await.expect_error(401, "invalid_client");
        app.clock.advance(3599);
        assert_eq!(ask(&app, &acme, &second).await.status, 200);
        app.clock.advance(1);
        assert_eq!(ask(&app, &acme, &second).await.status, 200);
        assert_eq!(server.asked(), 3, "an hour later");
        // Keys elsewhere are other keys.
        let elsewhere = KeyServer::start().await;
        elsewhere.publish_keys(&[&first], "no-store");
        acme.change_client(&app, "robot", |client| {
            client.metadata.jwks_uri = Some(elsewhere.uri.clone());
        })
        .await;
        assert_eq!(ask(&app, &acme, &first).await.status, 200);
        app.clock.advance(59);
        assert_eq!(ask(&app, &acme, &first).await.status, 200);
        assert_eq!(elsewhere.asked(), 1, "a minute at least");
        app.clock.advance(1);
        assert_eq!(ask(&app, &acme, &first).await.status, 200);
        assert_eq!(elsewhere.asked(), 2);
    }

    /// Strangers who invent keys cannot make us hammer the client's server, nor keep the client out.
    async fn keys_that_strangers_invent(app: TestApp) {
        let mut acme = app.acme().await;
        let server = KeyServer::start().await;
        robot(&app, &mut acme, &server, AuthenticationMethod::PrivateKeyJwt).await;
        let own = Signer::es256("k1");
        server.publish_keys(&[&own], "max-age=3600");
        assert_eq!(ask(&app, &acme, &own).await.status, 200);
        let strangers: Vec<_> = (0..8).map(|number| Signer::es256(&format!("x{number}"))).collect();
        for round in 0..3 {
            app.clock.advance(10);
            let all = strangers.iter().map(|stranger| ask(&app, &acme, stranger));
            for answer in join_all(all).await {
                answer.expect_error(401, "invalid_client");
            }
            assert_eq!(ask(&app, &acme, &own).await.status, 200);
            assert_eq!(server.asked(), 2 + round);
        }
        // Who signs with the name of the client's key has not got it.
        ask(&app, &acme, &Signer::es256("k1")).await.expect_error(401, "invalid_client");
    }

    /// A server that is down, or says nonsense, does not lock its client out at once.
    async fn keys_that_cannot_be_fetched(app: TestApp) {
        let mut acme = app.acme().await;
        let server = KeyServer::start().await;
        robot(&app, &mut acme, &server, AuthenticationMethod::PrivateKeyJwt).await;
        let own = Signer::es256("k1");
        ask(&app, &acme, &own).await.expect_error(401, "invalid_client");
        server.publish_keys(&[&own], "max-age=60");
        ask(&app, &acme, &own).await.expect_error(401, "invalid_client");
        assert_eq!(server.asked(), 1, "not again so soon");
        app.clock.advance(10);
        assert_eq!(ask(&app, &acme, &own).await.status, 200);
        let mut private = own.jwk();
        private["d"] = json!("AAAA");
        for nonsense in [json!([]), json!({ "keys": "none" }), json!({ "keys": [private] })] {
            server.publish(&nonsense, "max-age=60");
            app.clock.advance(60);
            assert_eq!(ask(&app, &acme, &own).await.status, 200, "{nonsense}");
        }
        server.down();
        app.clock.advance(2 * 86_400 - 181);
        assert_eq!(ask(&app, &acme, &own).await.status, 200);
        app.clock.advance(10);
        ask(&app, &acme, &own).await.expect_error(401, "invalid_client");
        server.publish_keys(&[&own], "max-age=60");
        app.clock.advance(10);
        assert_eq!(ask(&app, &acme, &own).await.status, 200);
    }

    /// Everybody who comes at the beginning waits for one fetch.
    async fn one_fetch_for_all(app: TestApp) {
        let mut acme = app.acme().await;
        let server = KeyServer::start().await;
        robot(&app, &mut acme, &server, AuthenticationMethod::PrivateKeyJwt).await;
        let own = Signer::es256("k1");
        server.publish_keys(&[&own], "max-age=3600");
        for answer in join_all((0..8).map(|_| ask(&app, &acme, &own))).await {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        assert_eq!(server.asked(), 1);
    }

    /// RFC 8705 §2.2: certificates may be at the address, too.
    async fn certificates_that_rotate(app: TestApp) {
        let mut acme = app.acme().await;
        let server = KeyServer::start().await;
        robot(&app, &mut acme, &server, AuthenticationMethod::SelfSignedTlsClientAuth).await;
        let (first, second) = (self_signed("robot.example"), self_signed("robot.example"));
        let form = [("grant_type", "client_credentials"), ("client_id", "robot")];
        server.publish(&jwks(&first), "max-age=3600");
        assert_eq!(post_over(&app, &first, &acme.path("/token"), &form).await.status, 200);
        post_over(&app, &second, &acme.path("/token"), &form).await.expect_error(401, "invalid_client");
        server.publish(&jwks(&second), "max-age=3600");
        app.clock.advance(10);
        assert_eq!(post_over(&app, &second, &acme.path("/token"), &form).await.status, 200);
        post_over(&app, &first, &acme.path("/token"), &form).await.expect_error(401, "invalid_client");
    }
}
