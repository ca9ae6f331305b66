//! What one tenant gave, at every endpoint of another: worth nothing, and trying does no harm.

use std::collections::BTreeSet;

use grantor_protocol::model::{AuthenticationMethod, RegistrationMode, TenantSettings};
use poem::Request;
use poem::http::{Method, header};
use serde_json::{Value, json};

use super::assertion::{self, Signer};
use super::par::request_uri;
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant, basic, encode, form_request, request};

/// What a tenant gave to its clients and users.
struct Given {
    code: String,
    access_token: String,
    refresh_token: String,
    id_token: String,
    request_uri: String,
    device_code: String,
    /// A client that only this tenant has, and the token that it manages itself with.
    client_id: String,
    registration_token: String,
    initial_access_token: String,
    assertion: String,
}

/// A tenant where clients register themselves, and one with a key and one that waits for a device.
async fn tenant(app: &TestApp, slug: &str, signer: &Signer) -> TestTenant {
    let mut settings = TenantSettings::default();
    settings.registration.mode = Some(RegistrationMode::Open);
    let mut tenant = app.tenant_with(slug, settings).await;
    let signing = signer.client(&tenant, "signing");
    tenant.add_client(app, signing).await;
    let mut device = crate::support::client(&tenant.tenant, "device");
    device.metadata.token_endpoint_auth_method = AuthenticationMethod::None;
    tenant.add_client(app, device).await;
    tenant
}

impl Given {
    async fn by(app: &TestApp, tenant: &TestTenant, signer: &Signer) -> Self {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
        let tokens = tenant.tokens(app).await;
        let form: Vec<_> =
            tenant.authorization("web").into_iter().filter(|(name, _)| *name != "client_id").collect();
        let pushed = app.post_as(("web", &tenant.secret), &tenant.path("/par"), &form).await;
        let device = app.post(&tenant.path("/device_authorization"), &[("client_id", "device")]).await;
        // With another algorithm a key would be made meanwhile, which is no harm done.
        let editor = json!({
            "redirect_uris": ["http://localhost/callback"],
            "token_endpoint_auth_method": "none",
            "id_token_signed_response_alg": "ES256",
        });
        let registered = tenant.registered(app, &editor).await;
        let admin = app.platform("platform-admin").await;
        let path = format!("/tenants/{}/initial-access-tokens", tenant.slug);
        let initial = admin.post(&path, &json!({})).await.document(201);
        Self {
            code: tenant.code(app, &mut Browser::default(), "app").await,
            access_token: text(&tokens, "access_token"),
            refresh_token: text(&tokens, "refresh_token"),
            id_token: text(&tokens, "id_token"),
            request_uri: request_uri(&pushed),
            device_code: text(&device.json(), "device_code"),
            client_id: text(&registered, "client_id"),
            registration_token: text(&registered, "registration_access_token"),
            initial_access_token: text(&initial, "token"),
            assertion: signer.sign(&signer.claims(tenant, "signing")),
        }
    }
}

/// A request to an operation of the description, and what is expected of the answer.
struct Attempt {
    operation: &'static str,
    request: Request,
    expected: fn(&Answer) -> bool,
}

fn attempt(operation: &'static str, request: Request, expected: fn(&Answer) -> bool) -> Attempt {
    Attempt { operation, request, expected }
}

fn is_refused(answer: &Answer) -> bool {
    answer.status.is_client_error() && answer.header("location").is_none()
}

/// RFC 7662 §2.2, RFC 7009 §2.2: neither is told that there is such a token.
fn is_inactive(answer: &Answer) -> bool {
    answer.status == 200 && answer.json() == json!({ "active": false })
}

fn is_nothing(answer: &Answer) -> bool {
    answer.status == 200 && answer.body.is_empty()
}

/// Of what the tenant publishes, nothing is another tenant's.
fn is_its_own(answer: &Answer) -> bool {
    answer.status == 200 && !answer.body.contains("/t/acme")
}

/// A person is asked, or told that this is no good; nobody is sent anywhere.
fn leads_nowhere(answer: &Answer) -> bool {
    answer.header("location").is_none_or(|location| !location.starts_with("https://app.example"))
}

/// Everything that was given, sent to every endpoint of another tenant.
fn attempts(home: &TestTenant, victim: &TestTenant, given: &Given) -> Vec<Attempt> {
    let path = |path: &str| home.path(path);
    let get = |path: &str| request(Method::GET, path).finish();
    let post = |to: &str, form: &[(&str, &str)]| form_request(&path(to), &encode(form)).finish();
    let as_web = |to: &str, secret: &str, form: &[(&str, &str)]| {
        form_request(&path(to), &encode(form)).header(header::AUTHORIZATION, basic("web", secret)).finish()
    };
    let bearer = |method: Method, to: &str, token: &str, body: &Value| {
        request(method, &path(to))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .content_type("application/json")
            .body(body.to_string())
    };
    let (own, theirs) = (home.secret.as_str(), victim.secret.as_str());
    let mut all = vec![];
    for (operation, at) in [
        ("authorization_server_metadata", path("/.well-known/oauth-authorization-server")),
        ("openid_configuration", path("/.well-known/openid-configuration")),
        (
            "authorization_server_metadata_inserted",
            format!("/.well-known/oauth-authorization-server/t/{}", home.slug),
        ),
        ("openid_configuration_inserted", format!("/.well-known/openid-configuration/t/{}", home.slug)),
        ("jwks", path("/jwks")),
    ] {
        all.push(attempt(operation, get(&at), is_its_own));
    }
    let pushed = [("client_id", "web"), ("request_uri", given.request_uri.as_str())];
    let mut unknown = victim.authorization("web");
    unknown.retain(|(name, _)| *name != "client_id");
    let mut unknown: Vec<(&str, &str)> = unknown;
    unknown.push(("client_id", &given.client_id));
    for form in [&pushed[..], &unknown] {
        all.push(attempt("authorize", get(&path(&format!("/authorize?{}", encode(form)))), is_refused));
        all.push(attempt("authorize_by_form", post("/authorize", form), is_refused));
    }
    all.push(attempt("pushed_authorization_request", as_web("/par", theirs, &unknown), is_refused));
    let mut asserted = assertion::parameters(&given.assertion).to_vec();
    asserted.extend(home.authorization("signing"));
    all.push(attempt("pushed_authorization_request", post("/par", &asserted), is_refused));
    let redeem = home.redemption("app", &given.code);
    let refresh =
        [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &given.refresh_token)];
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "device"),
        ("device_code", &given.device_code),
    ];
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", given.access_token.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    for form in [&redeem[..], &refresh, &poll, &assertion::client_credentials(&given.assertion)] {
        all.push(attempt("token", post("/token", form), is_refused));
    }
    all.push(attempt("token", as_web("/token", own, &exchange), is_refused));
    all.push(attempt("token", as_web("/token", theirs, &[("grant_type", "client_credentials")]), is_refused));
    for token in [&given.access_token, &given.refresh_token, &given.registration_token, &given.code] {
        let form = [("token", token.as_str())];
        all.push(attempt("introspect", as_web("/introspect", own, &form), is_inactive));
        all.push(attempt("introspect", as_web("/introspect", theirs, &form), is_refused));
        all.push(attempt("revoke", as_web("/revoke", own, &form), is_nothing));
        all.push(attempt("revoke", as_web("/revoke", theirs, &form), is_refused));
        for (operation, method) in [("userinfo", Method::GET), ("userinfo_by_post", Method::POST)] {
            all.push(attempt(operation, bearer(method, "/userinfo", token, &json!({})), is_refused));
        }
    }
    let only_theirs = [("client_id", given.client_id.as_str())];
    all.push(attempt("device_authorization", post("/device_authorization", &only_theirs), is_refused));
    let document = json!({ "client_id": given.client_id, "redirect_uris": ["http://localhost/callback"] });
    let managed = format!("/register/{}", given.client_id);
    for token in [&given.registration_token, &given.initial_access_token, &given.access_token] {
        for (operation, method) in [
            ("read_registration", Method::GET),
            ("update_registration", Method::PUT),
            ("delete_registration", Method::DELETE),
        ] {
            all.push(attempt(operation, bearer(method, &managed, token, &document), is_refused));
        }
    }
    let foreign = bearer(Method::POST, "/register", &given.initial_access_token, &document);
    all.push(attempt("register", foreign, is_refused));
    let hint =
        [("id_token_hint", given.id_token.as_str()), ("post_logout_redirect_uri", "https://app.example/bye")];
    all.push(attempt("logout", get(&path(&format!("/logout?{}", encode(&hint)))), leads_nowhere));
    all.push(attempt("logout_by_form", post("/logout", &hint), leads_nowhere));
    all
}

on_both! {
    /// Every operation of the description: one that is not tried fails.
    async fn what_one_tenant_gave_is_worth_nothing_at_another(app: TestApp) {
        let signer = Signer::es256("k1");
        let (acme, beta) = (tenant(&app, "acme", &signer).await, tenant(&app, "beta", &signer).await);
        let given = Given::by(&app, &acme, &signer).await;
        let before = app.rows_of(&acme.tenant).await;
        let mut tried = BTreeSet::new();
        for Attempt { operation, request, expected } in attempts(&beta, &acme, &given) {
            let asked = format!("{operation}: {request:?}");
            let answer = app.send(request).await;
            assert!(expected(&answer), "{asked}: {answer:?}");
            tried.insert(operation);
        }
        assert_eq!(app.rows_of(&acme.tenant).await, before);
        let description: Value = serde_json::from_str(include_str!("../../../../openapi/oauth.json")).unwrap();
        let described: BTreeSet<_> = description["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|methods| methods.as_object().unwrap().values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        assert_eq!(tried, described);
        // At home all of it is as good as before.
        assert_eq!(acme.redeem(&app, &given.code).await.status, 200);
        assert_eq!(acme.refresh(&app, &given.refresh_token).await.status, 200);
        assert_eq!(acme.userinfo(&app, &given.access_token).await.status, 200);
        let form = assertion::client_credentials(&given.assertion);
        assert_eq!(app.post(&acme.path("/token"), &form).await.status, 200);
        let path = acme.path(&format!("/register/{}", given.client_id));
        let read = app.send_json(Method::GET, &path, Some(&given.registration_token), &json!({})).await;
        assert_eq!(read.status, 200, "{read:?}");
    }
}
