//! What most checks begin with: a running server, its admin API, and the tenant `acme` with one user.

use grantor_e2e::{
    Admin, Browser, Client, Database, Installation, Person, Server, admin::USER_PASSWORD, client::Unanswered,
};
use http::StatusCode;
use oauth2::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::path::PathBuf;
use url::Url;

/// A PKCE pair (RFC 7636 Appendix B), for the requests that no client library makes.
pub const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub const USERNAME: &str = "ada";
pub const USER_NAME: &str = "Ada Lovelace";

pub struct Acme {
    pub server: Server,
    pub installation: Installation,
    pub admin: Admin,
    pub issuer: String,
}

impl Acme {
    pub async fn start(database: Database) -> anyhow::Result<Self> {
        let (installation, server) = Installation::running(database).await?;
        Self::of(installation, server).await
    }

    pub async fn start_with_tls(database: Database) -> anyhow::Result<Self> {
        let mut installation = Installation::new(database).await?;
        installation.use_tls()?;
        let server = installation.migrate_and_start(database).await?;
        Self::of(installation, server).await
    }

    pub async fn of(installation: Installation, server: Server) -> anyhow::Result<Self> {
        let admin = Admin::of(&installation).await?;
        admin.create_tenant("acme", Value::Null).await?;
        admin.create_user("acme", USERNAME, USER_NAME).await?;
        let issuer = installation.issuer("acme");
        Ok(Self { installation, server, admin, issuer })
    }

    /// Registers a public client that may do what an application on a phone does.
    pub async fn create_public_client(&self, client_id: &str, redirect_uri: &str) -> anyhow::Result<()> {
        self.admin.put_client("acme", client_id, public_client(redirect_uri)).await.map(drop)
    }

    /// An authorization request as a client without a library writes it. `extra` comes last.
    pub fn authorization_request(
        &self,
        client_id: &str,
        redirect_uri: &str,
        extra: &[(&str, &str)],
    ) -> anyhow::Result<String> {
        let mut url = Url::parse(&format!("{}/authorize", self.issuer))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_challenge", CODE_CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(extra);
        Ok(url.into())
    }

    /// Exchanges a code that [`Acme::authorization_request`] asked for, for a public client.
    pub async fn exchange(&self, client_id: &str, redirect_uri: &str, code: &str) -> anyhow::Result<Value> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("code", code),
            ("code_verifier", CODE_VERIFIER),
        ];
        self.token(&fields).await?.expect(StatusCode::OK)
    }

    pub async fn token(&self, fields: &[(&str, &str)]) -> anyhow::Result<grantor_e2e::Answer> {
        Client.form(&format!("{}/token", self.issuer), &[], fields).await
    }
}

/// The connection that client libraries are given.
pub async fn http(request: HttpRequest) -> Result<HttpResponse, Unanswered> {
    let answer = Client.send(request.map(Into::into)).await?;
    Ok(answer.map(|body| body.to_vec()))
}

pub fn person() -> Person {
    Person::new(USERNAME, USER_PASSWORD)
}

pub fn public_client(redirect_uri: &str) -> Value {
    json!({
        "client_name": "Pocket Planner",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
        "scope": "openid profile email offline_access",
    })
}

/// Signs the user in and allows the client, in a browser that shows neither yet.
pub async fn sign_in_and_allow(browser: &Browser, request: &str) -> anyhow::Result<()> {
    browser.open(request).await?;
    browser.sign_in(USERNAME, USER_PASSWORD).await?;
    browser.press("button[name=decision][value=allow]").await
}

/// Where the pictures of pages go.
pub fn pictures() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages")
}
