//! How clients prove themselves at every endpoint that they call.

use grantor_protocol::model::AuthenticationMethod;
use serde_json::{Value, json};

use super::super::assertion::{Signer, parameters};
use super::super::client_auth::ENDPOINTS;
use super::{ALGORITHMS, Subject, expect_registration};

pub async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    match member {
        "token_endpoint_auth_methods_supported" => {
            methods(subject, member, "/token").await;
            registered_methods(subject, member).await;
        }
        "introspection_endpoint_auth_methods_supported" => methods(subject, member, "/introspect").await,
        "revocation_endpoint_auth_methods_supported" => methods(subject, member, "/revoke").await,
        "token_endpoint_auth_signing_alg_values_supported" => {
            algorithms(subject, member, "/token").await;
            registered_algorithms(subject, member).await;
        }
        "introspection_endpoint_auth_signing_alg_values_supported" => {
            algorithms(subject, member, "/introspect").await;
        }
        "revocation_endpoint_auth_signing_alg_values_supported" => {
            algorithms(subject, member, "/revoke").await;
        }
        _ => return false,
    }
    true
}

fn request_to(path: &str) -> (&'static str, (&'static str, &'static str)) {
    ENDPOINTS.into_iter().find(|(held, _)| *held == path).unwrap()
}

/// Each method of a client that is registered with it.
async fn methods(subject: &Subject<'_>, member: &str, path: &str) {
    let methods = AuthenticationMethod::ALL.map(AuthenticationMethod::as_str);
    let known: Vec<_> = methods.into_iter().chain(["attest_jwt_client_auth"]).collect();
    for (name, supported) in subject.universe(member, &known) {
        let Ok(method) = name.parse() else {
            assert!(!supported, "nobody can use {name}");
            continue;
        };
        let (app, acme) = (subject.app, &subject.acme);
        let answer = subject.clients.ask(app, acme, &name, method, request_to(path)).await;
        match (supported, method, path) {
            // Recognised; only this grant is not for it.
            (true, AuthenticationMethod::None, "/token") => answer.expect_error(400, "unauthorized_client"),
            (true, ..) => assert_eq!(answer.status, 200, "{member} {name} {answer:?}"),
            // RFC 7662 §2.1: recognised as well, which is not enough.
            (false, AuthenticationMethod::None, _) => answer.expect_error(400, "unauthorized_client"),
            (false, ..) => answer.expect_error(401, "invalid_client"),
        }
        // With another client's it is no good, advertised or not.
        let answer = subject.clients.ask(app, acme, "web", method, request_to(path)).await;
        answer.expect_error(401, "invalid_client");
    }
}

/// RFC 7591 §2: a client may register for what is advertised.
async fn registered_methods(subject: &Subject<'_>, member: &str) {
    let registering = subject.registering("methods").await;
    let methods = AuthenticationMethod::ALL.map(AuthenticationMethod::as_str);
    let known: Vec<_> = methods.into_iter().chain(["attest_jwt_client_auth", "NONE"]).collect();
    for (name, supported) in subject.universe(member, &known) {
        let mut document = shop(&name);
        if name == "tls_client_auth" {
            document["tls_client_auth_san_dns"] = json!("shop.example");
        }
        let answer = registering.register(subject.app, None, &document).await;
        expect_registration(&answer, "token_endpoint_auth_method", &name, supported);
    }
}

/// A registration of a client with this method, and with keys if it needs any.
fn shop(method: &str) -> Value {
    let mut document = json!({
        "redirect_uris": ["https://shop.example/cb"],
        "token_endpoint_auth_method": method,
    });
    if method.parse().is_ok_and(AuthenticationMethod::uses_keys) {
        document["jwks"] = json!({ "keys": [Signer::es256("k1").jwk()] });
    }
    document
}

/// Assertions (RFC 7523 §3) signed with each algorithm: by keys, or by a secret if that is what it needs.
async fn algorithms(subject: &Subject<'_>, member: &str, path: &str) {
    for (name, supported) in subject.universe(member, &ALGORITHMS) {
        let client_id = format!("{}-{name}", &path[1..]);
        let signer = if name.starts_with("HS") {
            Signer::with_secret(&name, &subject.add_secret_client(&client_id).await)
        } else {
            let signer = Signer::named(&name, "k1");
            subject.add_client(signer.client(&subject.acme, &client_id)).await;
            signer
        };
        let assertion = signer.sign(&signer.claims(&subject.acme, &client_id));
        let [type_, assertion] = parameters(&assertion);
        let (_, parameter) = request_to(path);
        let answer = subject.app.post(&subject.acme.path(path), &[parameter, type_, assertion]).await;
        if supported {
            assert_eq!(answer.status, 200, "{member} {name} {answer:?}");
        } else {
            answer.expect_error(401, "invalid_client");
        }
    }
}

async fn registered_algorithms(subject: &Subject<'_>, member: &str) {
    let registering = subject.registering("assertions").await;
    for (name, supported) in subject.universe(member, &ALGORITHMS) {
        let method = if name.starts_with("HS") { "client_secret_jwt" } else { "private_key_jwt" };
        let mut document = shop(method);
        document["token_endpoint_auth_signing_alg"] = json!(name);
        let answer = registering.register(subject.app, None, &document).await;
        expect_registration(&answer, "token_endpoint_auth_signing_alg", &name, supported);
    }
}
