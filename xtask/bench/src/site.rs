//! What the server is given to work on: two tenants, their clients, a person, all made through the admin API
//! and the pages that everybody uses.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grantor_protocol::model::{PasswordHash, SignInIdentifier};
use serde_json::{Value, json};

use crate::flows::{
    Authorizations, Codes, Exchanges, Fixed, Form, Introspections, Refreshes, SignIns, json_text, location,
    query_value,
};
use crate::http::{Answer, Connection, request};
use crate::independent;
use crate::processes::Server;

/// Its access tokens are signed with ES256, the default.
const TENANT: &str = "bench";
/// Its access tokens are signed with RS256.
const RS256_TENANT: &str = "bench-rs256";
/// A confidential client of both, with a secret.
pub const SERVICE: &str = "service";
/// A public client of the first.
const APPLICATION: &str = "application";
const REDIRECT_URI: &str = "http%3A%2F%2F127.0.0.1%2Fcallback";
const USERNAME: &str = "ada";
const PASSWORD: &str = "a-password-of-nobody";
/// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Different tokens that introspection is asked about.
const INTROSPECTED: usize = 256;

/// Everything that the workloads are made of.
pub struct Site {
    address: SocketAddr,
    authority: String,
    /// `Authorization` of [`SERVICE`] in each tenant.
    service: String,
    rs256_service: String,
    /// The cookie of a browser in which nobody is signed in, and the hidden field of its forms.
    browser: String,
    csrf: String,
    /// All cookies of a browser in which somebody is.
    signed_in: String,
}

impl Site {
    /// # Errors
    /// The first answer that is not as the contract has it.
    pub async fn build(server: &Server) -> anyhow::Result<Self> {
        let (client_id, secret) = server.service_account()?;
        let authority = server.address.to_string();
        let mut site = Self {
            address: server.address,
            authority,
            service: String::new(),
            rs256_service: String::new(),
            browser: String::new(),
            csrf: String::new(),
            signed_in: String::new(),
        };
        let mut connection = Connection::open(site.address).await?;
        let admin = admin_token(&mut connection, &site.authority, &basic(&client_id, &secret)).await?;
        let admin = Admin { authority: site.authority.clone(), token: admin };
        for (tenant, algorithm) in [(TENANT, "ES256"), (RS256_TENANT, "RS256")] {
            let settings = json!({ "access_token_algorithm": algorithm, "id_token_algorithm": algorithm });
            let tenant_path = format!("/tenants/{tenant}");
            admin
                .send(&mut connection, "PUT", &tenant_path, &json!({ "name": tenant, "settings": settings }))
                .await?;
            let client = json!({ "client_name": SERVICE, "grant_types": ["client_credentials"] });
            let path = format!("{tenant_path}/clients/{SERVICE}");
            let created = admin.send(&mut connection, "PUT", &path, &client).await?;
            let secret = created["client_secret"].as_str().context("no client_secret")?;
            let service = if tenant == TENANT { &mut site.service } else { &mut site.rs256_service };
            *service = basic(SERVICE, secret);
        }
        let application = json!({
            "client_name": APPLICATION,
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "scope": "openid offline_access",
            "skip_consent": true,
        });
        let path = format!("/tenants/{TENANT}/clients/{APPLICATION}");
        admin.send(&mut connection, "PUT", &path, &application).await?;
        let user = json!({ "username": USERNAME, "password": PASSWORD });
        admin.send(&mut connection, "POST", &format!("/tenants/{TENANT}/users"), &user).await?;
        site.sign_in(&mut connection).await?;
        Ok(site)
    }

    /// Signs the person in as a browser does: authorization request, sign-in page, its form.
    async fn sign_in(&mut self, connection: &mut Connection) -> anyhow::Result<()> {
        let mut cookies = Cookies::default();
        let answer = connection.exchange(&self.authorization("openid", "")).await?;
        cookies.take(&answer);
        let page = location(&answer)?.to_owned();
        let interaction = query_value(&page, "interaction").with_context(|| page.clone())?.to_owned();
        self.browser = cookies.header();
        let answer = connection.exchange(&request("GET", &page, &self.authority, &self.browser, "")).await?;
        let field =
            answer.text().split_once("name=\"csrf\"").context("the sign-in page has no csrf field")?.1;
        let value = field.split_once("value=\"").and_then(|(_, value)| value.split_once('"'));
        self.csrf = value.context("the csrf field has no value")?.0.to_owned();
        let mut form = Vec::new();
        self.sign_in_form().write(&interaction, &mut form);
        let answer = connection.exchange(&form).await?;
        query_value(location(&answer)?, "code").with_context(|| answer.summary())?;
        cookies.take(&answer);
        self.signed_in = cookies.header();
        Ok(())
    }

    pub fn jwks(&self) -> Fixed {
        Fixed(request("GET", &format!("/t/{TENANT}/jwks"), &self.authority, "", "").into())
    }

    /// With a secret, for no scope.
    pub fn client_credentials(&self, algorithm: &str) -> Fixed {
        let (tenant, credentials) = match algorithm {
            "RS256" => (RS256_TENANT, &self.rs256_service),
            _ => (TENANT, &self.service),
        };
        let target = format!("/t/{tenant}/token");
        Fixed(request("POST", &target, &self.authority, credentials, CLIENT_CREDENTIALS).into())
    }

    /// A client asks about its own access tokens.
    ///
    /// # Errors
    /// An answer without a token.
    pub async fn introspections(&self) -> anyhow::Result<Introspections> {
        let mut connection = Connection::open(self.address).await?;
        let Fixed(ask) = self.client_credentials("ES256");
        let form = Form::new(&format!("/t/{TENANT}/introspect"), &self.authority, &self.service, "token=");
        let mut requests = Vec::with_capacity(INTROSPECTED);
        for _ in 0..INTROSPECTED {
            let answer = connection.exchange(&ask).await?;
            let token = json_text(answer.text(), "access_token").with_context(|| answer.summary())?;
            let mut introspection = Vec::new();
            form.write(token, &mut introspection);
            requests.push(introspection);
        }
        Ok(Introspections { requests: requests.into(), next: 0 })
    }

    /// The signed-in person comes back for one code after the other.
    pub fn authorizations(&self, codes: &Codes) -> Authorizations {
        let request = self.authorization("openid%20offline_access", &self.signed_in);
        Authorizations { request: request.into(), codes: codes.clone() }
    }

    pub fn exchanges(&self, codes: &Codes) -> Exchanges {
        let body = format!(
            "grant_type=authorization_code&client_id={APPLICATION}&redirect_uri={REDIRECT_URI}\
             &code_verifier={VERIFIER}&code="
        );
        Exchanges { form: self.token_form(&body), codes: codes.clone() }
    }

    /// So many grants of a public client, each with a refresh token that is used once and gives the next.
    /// They are not for OpenID Connect: a refresh signs one access token and nothing else.
    ///
    /// # Errors
    /// An answer without a code or a refresh token.
    pub async fn refreshes(&self, count: usize) -> anyhow::Result<Vec<Refreshes>> {
        let mut connection = Connection::open(self.address).await?;
        let form =
            self.token_form(&format!("grant_type=refresh_token&client_id={APPLICATION}&refresh_token="));
        let exchange = self.exchanges(&Codes::default()).form;
        let authorize = self.authorization("offline_access", &self.signed_in);
        let mut chains = Vec::with_capacity(count);
        for _ in 0..count {
            let answer = connection.exchange(&authorize).await?;
            let code = query_value(location(&answer)?, "code").with_context(|| answer.summary())?;
            let mut redemption = Vec::new();
            exchange.write(code, &mut redemption);
            let answer = connection.exchange(&redemption).await?;
            let token = json_text(answer.text(), "refresh_token").with_context(|| answer.summary())?;
            chains.push(Refreshes { form: form.clone(), token: token.to_owned() });
        }
        Ok(chains)
    }

    pub fn sign_ins(&self) -> SignIns {
        let authorize = self.authorization("openid", &self.browser);
        SignIns { authorize: authorize.into(), form: self.sign_in_form(), interaction: None }
    }

    /// The hash of the person's password.
    ///
    /// # Errors
    /// When the server's database has none.
    pub async fn stored_hash(&self, server: &Server) -> anyhow::Result<PasswordHash> {
        let store = server.store().await?;
        let tenant = store.tenants().by_slug(TENANT).await?.context("no tenant")?;
        let user = store.tenant(tenant.id).user_by_login(USERNAME, SignInIdentifier::Username).await?;
        user.and_then(|user| user.password).context("no password")
    }

    /// Verifies one token of each tenant with another library than the server's.
    ///
    /// # Errors
    /// A token that does not verify or has another algorithm.
    pub async fn verify_tokens(&self) -> anyhow::Result<()> {
        let mut connection = Connection::open(self.address).await?;
        for (tenant, algorithm) in [(TENANT, "ES256"), (RS256_TENANT, "RS256")] {
            let Fixed(ask) = self.client_credentials(algorithm);
            let answer = connection.exchange(&ask).await?;
            let token =
                json_text(answer.text(), "access_token").with_context(|| answer.summary())?.to_owned();
            let ask = request("GET", &format!("/t/{tenant}/jwks"), &self.authority, "", "");
            let jwks: Value = serde_json::from_slice(connection.exchange(&ask).await?.body)?;
            let found = independent::verify(&token, &jwks).with_context(|| format!("a token of {tenant}"))?;
            ensure!(found == algorithm, "a token of {tenant} is signed with {found}");
        }
        Ok(())
    }

    fn authorization(&self, scope: &str, cookies: &str) -> Vec<u8> {
        let target = format!(
            "/t/{TENANT}/authorize?response_type=code&client_id={APPLICATION}&redirect_uri={REDIRECT_URI}\
             &scope={scope}&state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        request("GET", &target, &self.authority, cookies, "")
    }

    fn token_form(&self, body: &str) -> Form {
        Form::new(&format!("/t/{TENANT}/token"), &self.authority, "", body)
    }

    fn sign_in_form(&self) -> Form {
        let body = format!("csrf={}&username={USERNAME}&password={PASSWORD}&interaction=", self.csrf);
        Form::new(&format!("/t/{TENANT}/login"), &self.authority, &self.browser, &body)
    }
}

/// The body of a request for a token of the client's own.
pub const CLIENT_CREDENTIALS: &str = "grant_type=client_credentials";

/// An access token of a service account that administers all of a server.
///
/// # Errors
/// When the server gives none.
pub async fn administrator(server: &Server) -> anyhow::Result<String> {
    let (client_id, secret) = server.service_account()?;
    let mut connection = Connection::open(server.address).await?;
    admin_token(&mut connection, &server.address.to_string(), &basic(&client_id, &secret)).await
}

async fn admin_token(
    connection: &mut Connection,
    authority: &str,
    credentials: &str,
) -> anyhow::Result<String> {
    let ask = request("POST", "/t/system/token", authority, credentials, CLIENT_CREDENTIALS);
    let answer = connection.exchange(&ask).await?;
    let token = json_text(answer.text(), "access_token");
    Ok(token.with_context(|| format!("no token to administer with: {}", answer.summary()))?.to_owned())
}

/// An `Authorization` header (RFC 6749 §2.3.1); neither value needs encoding.
pub fn basic(client_id: &str, secret: &str) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(format!("{client_id}:{secret}")))
}

/// Whoever administers a server.
pub struct Admin {
    pub authority: String,
    pub token: String,
}

impl Admin {
    /// # Errors
    /// An answer that is none of success.
    pub async fn send(
        &self,
        connection: &mut Connection,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let headers = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", self.token);
        let target = format!("/admin/v1{path}");
        let ask = request(method, &target, &self.authority, &headers, &body.to_string());
        let answer = connection.exchange(&ask).await?;
        ensure!((200..300).contains(&answer.status), "{method} {target} answered {}", answer.summary());
        Ok(serde_json::from_slice(answer.body)?)
    }
}

/// A browser's cookies, of one host and one path.
#[derive(Default)]
struct Cookies(BTreeMap<String, String>);

impl Cookies {
    fn take(&mut self, answer: &Answer<'_>) {
        let set = answer.headers("set-cookie").filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        self.0.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    fn header(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("cookie: {}\r\n", pairs.join("; "))
    }
}
