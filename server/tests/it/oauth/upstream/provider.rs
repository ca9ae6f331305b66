//! Another OpenID Connect provider on this machine, which says what a test wants it to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::assertion::Signer;
use crate::support::{Answer, Browser, TestApp, TestTenant};

/// The client secret that the tenant has there: one that has to be encoded.
pub const SECRET: &str = "s3cret/+ %é";

/// What the provider gives as its access token.
pub const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

pub struct Provider {
    pub issuer: String,
    /// What answers at each path: status and document.
    answers: Arc<Mutex<BTreeMap<String, (u16, Value)>>>,
    requests: Arc<Mutex<Vec<Asked>>>,
}

/// A request that came to the provider.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub authorization: Option<String>,
    pub form: BTreeMap<String, String>,
}

/// A browser on its way to the provider.
#[derive(Clone, Debug)]
pub struct Trip {
    pub address: url::Url,
}

impl Trip {
    #[track_caller]
    pub fn of(page: &Answer) -> Self {
        assert_eq!(page.status, 200, "{page:?}");
        let refresh = page.header("refresh").unwrap_or_else(|| panic!("leads nowhere: {page:?}"));
        Self { address: url::Url::parse(refresh.strip_prefix("0; url=").unwrap()).unwrap() }
    }

    pub fn asked(&self, name: &str) -> Option<String> {
        self.address.query_pairs().find(|(held, _)| held == name).map(|(_, value)| value.into_owned())
    }

    pub fn state(&self) -> String {
        self.asked("state").unwrap()
    }
}

impl Provider {
    pub async fn start(signer: &Signer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { issuer, answers: Arc::default(), requests: Arc::default() };
        provider.answer("/.well-known/openid-configuration", 200, provider.configuration());
        provider.publish(&[signer]);
        provider.answer("/userinfo", 500, json!({}));
        let (answers, requests) = (Arc::clone(&provider.answers), Arc::clone(&provider.requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&requests)));
            }
        });
        provider
    }

    pub fn configuration(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "jwks_uri": at("/jwks"),
            "response_types_supported": ["code"],
        })
    }

    pub fn answer(&self, path: &str, status: u16, document: Value) {
        self.answers.lock().unwrap().insert(path.to_owned(), (status, document));
    }

    pub fn publish(&self, signers: &[&Signer]) {
        let keys: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
        self.answer("/jwks", 200, json!({ "keys": keys }));
    }

    /// The requests that came to a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.requests.lock().unwrap().iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// What an ID token says that answers a trip.
    pub fn claims(&self, app: &TestApp, trip: &Trip, subject: &str) -> Value {
        let now = app.app.clock.now().unix_seconds();
        json!({
            "iss": self.issuer,
            "sub": subject,
            "aud": "us",
            "iat": now,
            "exp": now + 300,
            "nonce": trip.asked("nonce"),
            "preferred_username": "grace",
            "email": "grace@corp.example",
            "email_verified": true,
            "name": "Grace Hopper",
        })
    }

    /// Gives this ID token to whoever redeems a code.
    pub fn vouch(&self, id_token: &str) {
        let tokens = json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": id_token });
        self.answer("/token", 200, tokens);
    }

    /// Comes back from a trip with a code for an ID token that says this.
    pub async fn back(
        &self,
        app: &TestApp,
        tenant: &TestTenant,
        browser: &mut Browser,
        trip: &Trip,
        id_token: &str,
    ) -> Answer {
        self.vouch(id_token);
        browser.get(app, &tenant.path(&format!("/login/callback?code=c1&state={}", trip.state()))).await
    }
}

/// The S256 challenge of a verifier (RFC 7636 §4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

async fn serve(
    mut stream: TcpStream,
    answers: Arc<Mutex<BTreeMap<String, (u16, Value)>>>,
    requests: Arc<Mutex<Vec<Asked>>>,
) {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")))?;
        Some(line.split_once(": ")?.1.to_owned())
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let (status, document) = answers.lock().unwrap().get(&path).cloned().unwrap_or((404, json!({})));
    requests.lock().unwrap().push(Asked {
        path,
        authorization: header("authorization"),
        form: url::form_urlencoded::parse(&body).into_owned().collect(),
    });
    let body = document.to_string();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    // Whoever asked may have gone.
    let _sent = stream.write_all(answer.as_bytes()).await;
}
