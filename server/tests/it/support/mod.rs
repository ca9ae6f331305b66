//! What integration tests stand on.

mod browser;
mod mail;
mod names;
mod site;
mod smtp;
mod tenant;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use grantor::app::mail::Mailer;
use grantor::app::{App, Parts};
use grantor::config::{MailConfig, MailWay, default_rate_limits};
use grantor::http::{Metrics, router};
use grantor_jose::MasterKey;
use grantor_outbound::{Fetcher, Options as FetchOptions};
use grantor_protocol::model::Tenant;
use grantor_protocol::{Capabilities, Entropy};
use grantor_store::testing::TestDatabase;
use grantor_store::{Options, Store};
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::Value;

pub use browser::Browser;
pub use names::Names;
pub use site::Site;
pub use smtp::MailServer;
pub use tenant::{CHALLENGE, PASSWORD, REDIRECT_URI, TestTenant, VERIFIER, client};
pub use world::{FrozenClock, START, SeededEntropy};

/// Where the tests' server says that it is.
pub const PUBLIC_URL: &str = "https://id.example";

/// Whose forwarding headers it believes: requests without a TCP address come from nobody.
pub const TRUSTED_PROXIES: &str = "192.0.2.0/24";

/// Whom its mail is from.
pub const MAIL_FROM: &str = "no-reply@id.example";

/// What the tests' server can do.
const CAPABILITIES: Capabilities = Capabilities { client_certificates: true };

/// What a server is started with.
struct Setting {
    capabilities: Capabilities,
    allow_private_network: bool,
    master: [u8; 32],
    /// Where mail goes; None: into files.
    smtp_url: Option<String>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { capabilities: CAPABILITIES, allow_private_network: true, master: [7; 32], smtp_url: None }
    }
}

/// A server in process with a database of its own.
pub struct TestApp {
    pub app: Arc<App>,
    pub clock: Arc<FrozenClock>,
    pub names: Arc<Names>,
    router: BoxEndpoint<'static, Response>,
    host: Mutex<Option<&'static str>>,
    database: Arc<TestDatabase>,
    mail: tempfile::TempDir,
}

impl TestApp {
    /// On an embedded database.
    pub async fn sqlite() -> Self {
        Self::on(TestDatabase::sqlite().await).await
    }

    /// On a private PostgreSQL.
    pub async fn postgres() -> Self {
        Self::on(TestDatabase::postgres().await).await
    }

    async fn on(database: TestDatabase) -> Self {
        let store = database.store().clone();
        let (clock, entropy) = (Arc::default(), Arc::new(SeededEntropy::default()));
        Self::installation(Arc::new(database), store, clock, entropy, Setting::default()).await
    }

    /// Another installation: a database, a master key and randomness of its own, at the same address
    /// and time.
    pub async fn elsewhere(&self, database: TestDatabase, master: [u8; 32]) -> Self {
        let store = database.store().clone();
        let entropy = SeededEntropy::default();
        entropy.fill(&mut vec![0; 1 << 20]);
        let clock = Arc::clone(&self.clock);
        let setting = Setting { master, ..Setting::default() };
        Self::installation(Arc::new(database), store, clock, Arc::new(entropy), setting).await
    }

    /// Another server on the same database, with the same clock.
    pub async fn second_node(&self) -> Self {
        self.second_node_with(CAPABILITIES).await
    }

    /// Another server on the same database, with the same clock, that can do this.
    pub async fn second_node_with(&self, capabilities: Capabilities) -> Self {
        let store = Store::open(Options::new(self.database.url())).await.unwrap();
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.app.entropy));
        let setting = Setting { capabilities, ..Setting::default() };
        Self::installation(Arc::clone(&self.database), store, clock, entropy, setting).await
    }

    /// Another server on the same database, with the same clock, that contacts public addresses only.
    pub async fn second_node_in_public_networks(&self) -> Self {
        let store = Store::open(Options::new(self.database.url())).await.unwrap();
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.app.entropy));
        let setting = Setting { allow_private_network: false, ..Setting::default() };
        Self::installation(Arc::clone(&self.database), store, clock, entropy, setting).await
    }

    /// Another server on the same database, with the same clock, that sends mail to this server.
    pub async fn second_node_that_mails(&self, smtp_url: String) -> Self {
        let store = Store::open(Options::new(self.database.url())).await.unwrap();
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.app.entropy));
        let setting = Setting { smtp_url: Some(smtp_url), ..Setting::default() };
        Self::installation(Arc::clone(&self.database), store, clock, entropy, setting).await
    }

    async fn installation(
        database: Arc<TestDatabase>,
        store: Store,
        clock: Arc<FrozenClock>,
        entropy: Arc<dyn Entropy>,
        setting: Setting,
    ) -> Self {
        let Setting { capabilities, allow_private_network, master, smtp_url } = setting;
        let mail = tempfile::tempdir().unwrap();
        let way = match smtp_url {
            Some(url) => MailWay::Smtp(url.parse().unwrap()),
            None => MailWay::Files(mail.path().join("mail")),
        };
        let names = Arc::<Names>::default();
        let parts = Parts {
            store,
            addresses: PUBLIC_URL.parse().unwrap(),
            trusted_proxies: TRUSTED_PROXIES.parse().unwrap(),
            master: MasterKey::new(master).unwrap(),
            clock: Arc::<FrozenClock>::clone(&clock),
            entropy,
            hashing_threads: 2,
            capabilities,
            fetcher: Fetcher::new(FetchOptions { allow_private_network, ..FetchOptions::default() }).unwrap(),
            txt_records: Arc::<Names>::clone(&names),
            mailer: Mailer::new(&MailConfig { from: MAIL_FROM.parse().unwrap(), way }).unwrap(),
            rate_limits: default_rate_limits(),
        };
        let app = App::new(parts).await.unwrap();
        app.ensure_installed().await.unwrap();
        let router = router(&app, &Arc::new(Metrics::new())).boxed();
        Self { app, clock, names, router, host: Mutex::default(), database, mail }
    }

    /// Whom requests without a `Host` are for from now on; None is the server itself.
    pub fn at(&self, host: Option<&'static str>) {
        *self.host.lock().unwrap() = host;
    }

    /// All that a tenant has, by table: what no other tenant's doing may change.
    pub async fn rows_of(&self, tenant: &Tenant) -> BTreeMap<String, Vec<String>> {
        self.database.rows_of(tenant.id).await
    }

    /// Runs SQL behind the server's back.
    pub async fn execute(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    /// Sends a request as a client would.
    pub async fn send(&self, request: Request) -> Answer {
        Answer::read(self.respond(request).await).await
    }

    /// [`Self::send`] without reading the body.
    pub async fn respond(&self, mut request: Request) -> Response {
        if let (Some(host), None) = (*self.host.lock().unwrap(), request.header(header::HOST)) {
            request.headers_mut().insert(header::HOST, host.parse().unwrap());
        }
        self.router.get_response(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).finish()).await
    }

    /// Posts a form, as clients post to the token endpoint.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(form_request(path, &encode(form)).finish()).await
    }

    /// Posts a body that is a form already, well-formed or not.
    pub async fn post_body(&self, path: &str, body: &str) -> Answer {
        self.send(form_request(path, body).finish()).await
    }

    /// Sends a JSON document, with a bearer token if there is one.
    pub async fn send_json(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        document: &Value,
    ) -> Answer {
        let mut builder = request(method, path).content_type("application/json");
        if let Some(token) = token {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(builder.body(document.to_string())).await
    }

    /// Gets something with an access token (RFC 6750 §2.1).
    pub async fn get_with_token(&self, path: &str, access_token: &str) -> Answer {
        let bearer = format!("Bearer {access_token}");
        self.send(request(Method::GET, path).header(header::AUTHORIZATION, bearer).finish()).await
    }

    /// [`Self::post`] with `DPoP` headers (RFC 9449 §4.1).
    pub async fn post_with_proofs(&self, proofs: &[&str], path: &str, form: &[(&str, &str)]) -> Answer {
        let mut request = form_request(path, &encode(form)).finish();
        for proof in proofs {
            request.headers_mut().append("dpop", proof.parse().unwrap());
        }
        self.send(request).await
    }

    /// [`Self::post`] with HTTP Basic.
    pub async fn post_as(&self, (name, password): (&str, &str), path: &str, form: &[(&str, &str)]) -> Answer {
        let request = form_request(path, &encode(form)).header(header::AUTHORIZATION, basic(name, password));
        self.send(request.finish()).await
    }
}

/// A request builder for a path on the tests' host.
pub fn request(method: Method, path: &str) -> poem::RequestBuilder {
    Request::builder().method(method).uri_str(path)
}

/// A POST with this body as a form.
pub fn form_request(path: &str, body: &str) -> FormRequest {
    FormRequest { builder: request(Method::POST, path).content_type(FORM), body: body.to_owned() }
}

/// The media type of forms.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A POST under construction.
pub struct FormRequest {
    builder: poem::RequestBuilder,
    body: String,
}

impl FormRequest {
    pub fn header(self, name: header::HeaderName, value: impl Into<String>) -> Self {
        Self { builder: self.builder.header(name, value.into()), ..self }
    }

    pub fn finish(self) -> Request {
        self.builder.body(self.body)
    }
}

/// The pairs as `application/x-www-form-urlencoded`.
pub fn encode(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// An `Authorization` header (RFC 6749 §2.3.1).
pub fn basic(name: &str, password: &str) -> String {
    use base64::Engine;
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(name), encoded(password));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status, headers: parts.headers, body: body.into_string().await.unwrap() }
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The `Location` of a redirect, which must be a 303.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        self.header("location").unwrap()
    }

    /// Expects a page that tells the person of an error and leads nowhere.
    #[track_caller]
    pub fn expect_error_page(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("location"), None, "{self:?}");
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
    }

    /// Expects an error in a redirect's query (RFC 6749 §4.1.2.1), with `state` and `iss`.
    #[track_caller]
    pub fn expect_redirected_error(&self, code: &str) {
        assert!(self.location().starts_with(&format!("{REDIRECT_URI}?")), "{self:?}");
        assert_eq!(self.location_parameter("error").as_deref(), Some(code), "{self:?}");
        assert!(self.location_parameter("error_description").is_some(), "{self:?}");
        assert_eq!(self.location_parameter("state").as_deref(), Some("s1"), "{self:?}");
        assert_eq!(self.location_parameter("iss").as_deref(), Some("https://id.example/t/acme"), "{self:?}");
        assert_eq!(self.location_parameter("code"), None, "{self:?}");
    }

    /// A parameter of the redirect's query.
    #[track_caller]
    pub fn location_parameter(&self, name: &str) -> Option<String> {
        let location = url::Url::parse(PUBLIC_URL).unwrap().join(self.location()).unwrap();
        location.query_pairs().find(|(held, _)| held == name).map(|(_, value)| value.into_owned())
    }

    /// Expects an OAuth error with its code.
    #[track_caller]
    pub fn expect_error(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.json()["error"], code, "{self:?}");
        assert!(self.json()["error_description"].is_string(), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
    }
}

/// Writes one test down for both databases.
#[macro_export]
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn check($app: TestApp) $body

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                check(TestApp::sqlite().await).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                check(TestApp::postgres().await).await;
            }
        }
    )+};
}
