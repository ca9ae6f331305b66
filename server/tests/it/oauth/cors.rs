//! Which endpoints scripts of other origins may call (Fetch §3.2): those that browsers' clients need,
//! and nothing that lives by cookies.

use poem::http::{Method, header};

use crate::on_both;
use crate::support::{Answer, FORM, TestApp, request};

const OPEN: [(&str, &str); 14] = [
    ("POST", "/t/acme/token"),
    ("POST", "/t/acme/par"),
    ("POST", "/t/acme/device_authorization"),
    ("POST", "/t/acme/revoke"),
    ("GET", "/t/acme/userinfo"),
    ("POST", "/t/acme/register"),
    ("GET", "/t/acme/register/app"),
    ("PUT", "/t/acme/register/app"),
    ("DELETE", "/t/acme/register/app"),
    ("GET", "/t/acme/jwks"),
    ("GET", "/t/acme/.well-known/openid-configuration"),
    ("GET", "/t/acme/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/openid-configuration/t/acme"),
    ("GET", "/.well-known/oauth-authorization-server/t/acme"),
];

const CLOSED: [(&str, &str); 66] = [
    ("POST", "/t/acme/introspect"),
    ("GET", "/t/acme/authorize"),
    ("POST", "/t/acme/authorize"),
    ("GET", "/t/acme/login"),
    ("POST", "/t/acme/login"),
    ("GET", "/t/acme/consent"),
    ("POST", "/t/acme/consent"),
    ("GET", "/t/acme/activate"),
    ("POST", "/t/acme/activate"),
    ("GET", "/t/acme/activate/callback"),
    ("GET", "/t/acme/account"),
    ("POST", "/t/acme/account/revoke"),
    ("GET", "/t/acme/account/profile"),
    ("POST", "/t/acme/account/profile"),
    ("GET", "/t/acme/account/password"),
    ("POST", "/t/acme/account/password"),
    ("POST", "/t/acme/invitation/passkey"),
    ("GET", "/t/acme/account/devices"),
    ("GET", "/t/acme/account/sessions"),
    ("POST", "/t/acme/account/sessions"),
    ("GET", "/t/acme/account/applications"),
    ("GET", "/t/acme/account/data"),
    ("POST", "/t/acme/account/data"),
    ("GET", "/t/acme/account/deletion"),
    ("POST", "/t/acme/account/deletion"),
    ("POST", "/t/acme/account/verify"),
    ("GET", "/t/acme/recover"),
    ("POST", "/t/acme/recover"),
    ("GET", "/t/acme/recover/password"),
    ("POST", "/t/acme/recover/password"),
    ("GET", "/t/acme/invitation"),
    ("POST", "/t/acme/invitation"),
    ("GET", "/t/acme/verify"),
    ("POST", "/t/acme/verify"),
    ("POST", "/t/acme/magic-link"),
    ("GET", "/t/acme/magic-link/open"),
    ("POST", "/t/acme/magic-link/open"),
    ("POST", "/t/acme/login/upstream"),
    ("GET", "/t/acme/login/callback"),
    ("GET", "/t/acme/account/providers"),
    ("POST", "/t/acme/account/providers/link"),
    ("POST", "/t/acme/account/providers/unlink"),
    ("GET", "/t/acme/login/second-factor"),
    ("POST", "/t/acme/login/second-factor"),
    ("GET", "/t/acme/login/new-authenticator"),
    ("POST", "/t/acme/login/new-authenticator"),
    ("POST", "/t/acme/login/continue"),
    ("POST", "/t/acme/login/passkey"),
    ("POST", "/t/acme/login/passkey/options"),
    ("GET", "/t/acme/account/security"),
    ("POST", "/t/acme/account/security"),
    ("GET", "/t/acme/account/security/add"),
    ("POST", "/t/acme/account/security/add"),
    ("POST", "/t/acme/account/security/options"),
    ("POST", "/t/acme/account/security/recovery-codes"),
    ("GET", "/t/acme/logout"),
    ("POST", "/t/acme/logout"),
    ("GET", "/setup"),
    ("POST", "/setup"),
    ("POST", "/setup/passkey"),
    ("GET", "/console/"),
    ("GET", "/console/sign-in"),
    ("POST", "/console/sign-out"),
    ("GET", "/admin/v1/me"),
    ("POST", "/admin/v1/tenants"),
    ("GET", "/admin/v1/openapi.json"),
];

const ORIGIN: &str = "https://spa.example";

async fn ask(app: &TestApp, method: &str, path: &str) -> Answer {
    let builder =
        request(Method::from_bytes(method.as_bytes()).unwrap(), path).header(header::ORIGIN, ORIGIN);
    app.send(if method == "POST" { builder.content_type(FORM).body("a=b") } else { builder.finish() }).await
}

async fn preflight(app: &TestApp, method: &str, path: &str) -> Answer {
    let builder = request(Method::OPTIONS, path)
        .header(header::ORIGIN, ORIGIN)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization, content-type, dpop");
    app.send(builder.finish()).await
}

on_both! {
    async fn open_to_every_origin(app: TestApp) {
        app.acme().await;
        for (method, path) in OPEN {
            let allowed = preflight(&app, method, path).await;
            assert_eq!(allowed.status, 204, "{path} {allowed:?}");
            let methods = allowed.header("access-control-allow-methods").unwrap();
            assert!(methods.split(", ").any(|held| held == method), "{path} {methods}");
            assert_eq!(allowed.header("access-control-allow-headers"), Some("authorization, content-type, dpop"));
            assert!(allowed.header("access-control-max-age").is_some());
            // Errors too: a client that cannot read its error cannot be mended.
            let suspended = ask(&app, method, &path.replace("acme", "nobody")).await;
            assert_eq!(suspended.status, 404);
            for answer in [allowed, ask(&app, method, path).await, suspended] {
                assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path} {answer:?}");
                assert_eq!(answer.header("access-control-allow-credentials"), None);
                let exposed = answer.header("access-control-expose-headers").unwrap();
                assert!(exposed.contains("www-authenticate"), "{path} {exposed}");
                assert!(exposed.contains("dpop-nonce"), "{path} {exposed}");
            }
        }
    }

    async fn closed_to_other_origins(app: TestApp) {
        app.acme().await;
        for (method, path) in CLOSED {
            for answer in [preflight(&app, method, path).await, ask(&app, method, path).await] {
                let leaked = answer.headers.keys().find(|name| name.as_str().starts_with("access-control"));
                assert_eq!(leaked, None, "{method} {path} {answer:?}");
            }
            assert!(!preflight(&app, method, path).await.status.is_success(), "{path}");
        }
    }
}
