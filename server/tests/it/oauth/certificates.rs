//! Clients that prove themselves by their TLS certificates, and tokens bound to those (RFC 8705).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grantor::app::ClientCertificate;
use grantor_protocol::model::{AuthenticationMethod, Client, TenantSettings};
use poem::http::{Method, header};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};

use super::client_auth::ENDPOINTS;
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant, basic, client, encode, form_request, request};

const CREDENTIALS: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("client_id", "machine")];

/// An authority that makes clients' certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut parameters = parameters(name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this common name and host name.
    pub fn certificate(&self, name: &str) -> Arc<ClientCertificate> {
        let signed = parameters(name).signed_by(&KeyPair::generate().unwrap(), &self.0).unwrap();
        read(signed.der().to_vec())
    }
}

fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn read(der: Vec<u8>) -> Arc<ClientCertificate> {
    Arc::new(ClientCertificate::parse(vec![der]).unwrap())
}

/// A certificate that nobody vouches for.
pub fn self_signed(name: &str) -> Arc<ClientCertificate> {
    read(parameters(name).self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec())
}

/// A JWK Set that holds this certificate (RFC 7517 §4.7).
pub fn jwks(certificate: &ClientCertificate) -> Value {
    json!({ "keys": [{ "kty": "EC", "x5c": [STANDARD.encode(&certificate.chain()[0])] }] })
}

/// Posts a form over a connection with this certificate.
pub async fn post_over(
    app: &TestApp,
    certificate: &Arc<ClientCertificate>,
    path: &str,
    form: &[(&str, &str)],
) -> Answer {
    let mut request = form_request(path, &encode(form)).finish();
    request.extensions_mut().insert(Arc::clone(certificate));
    app.send(request).await
}

pub async fn userinfo_over(
    app: &TestApp,
    acme: &TestTenant,
    certificate: Option<&Arc<ClientCertificate>>,
    authorization: &str,
) -> Answer {
    let request = request(Method::GET, &acme.path("/userinfo")).header(header::AUTHORIZATION, authorization);
    let mut request = request.finish();
    if let Some(certificate) = certificate {
        request.extensions_mut().insert(Arc::clone(certificate));
    }
    app.send(request).await
}

async fn trusting(app: &TestApp, authority: &Authority) -> TestTenant {
    let client_certificate_authorities = Some(authority.pem());
    app.tenant_with("acme", TenantSettings { client_certificate_authorities, ..TenantSettings::default() })
        .await
}

/// A client `machine` that this changes.
async fn machine(
    app: &TestApp,
    acme: &mut TestTenant,
    method: AuthenticationMethod,
    change: impl FnOnce(&mut Client),
) {
    let mut machine = client(&acme.tenant, "machine");
    machine.metadata.token_endpoint_auth_method = method;
    change(&mut machine);
    acme.add_client(app, machine).await;
}

on_both! {
    /// RFC 8705 §2.1: the tenant's authority and the client's name, both.
    async fn a_certificate_of_an_authority(app: TestApp) {
        let authority = Authority::new("acme's");
        let mut acme = trusting(&app, &authority).await;
        machine(&app, &mut acme, AuthenticationMethod::TlsClientAuth, |client| {
            client.metadata.tls_client_auth_san_dns = Some("machine.example".to_owned());
        })
        .await;
        let good = authority.certificate("machine.example");
        for (path, parameter) in ENDPOINTS {
            let form = [parameter, ("client_id", "machine")];
            let answer = post_over(&app, &good, &acme.path(path), &form).await;
            assert_eq!(answer.status, 200, "{path} {answer:?}");
            app.post(&acme.path(path), &form).await.expect_error(401, "invalid_client");
            for wrong in [
                authority.certificate("other.example"),
                Authority::new("acme's").certificate("machine.example"),
                self_signed("machine.example"),
            ] {
                let answer = post_over(&app, &wrong, &acme.path(path), &form).await;
                answer.expect_error(401, "invalid_client");
                assert_eq!(answer.json()["error_description"], "client authentication failed");
            }
        }
        // A certificate is not asked whose it is: the request says so.
        let nameless = [("grant_type", "client_credentials")];
        post_over(&app, &good, &acme.path("/token"), &nameless).await.expect_error(401, "invalid_client");
        // Another tenant trusts another authority, or none.
        for settings in [
            TenantSettings::default(),
            TenantSettings {
                client_certificate_authorities: Some(Authority::new("beta's").pem()),
                ..TenantSettings::default()
            },
        ] {
            let slug = if settings == TenantSettings::default() { "beta" } else { "gamma" };
            let mut other = app.tenant_with(slug, settings).await;
            machine(&app, &mut other, AuthenticationMethod::TlsClientAuth, |client| {
                client.metadata.tls_client_auth_san_dns = Some("machine.example".to_owned());
            })
            .await;
            let answer = post_over(&app, &good, &other.path("/token"), &CREDENTIALS).await;
            answer.expect_error(401, "invalid_client");
        }
        // With the name gone, no certificate is the client's.
        acme.change_client(&app, "machine", |client| client.metadata.tls_client_auth_san_dns = None).await;
        post_over(&app, &good, &acme.path("/token"), &CREDENTIALS).await.expect_error(401, "invalid_client");
    }

    /// RFC 8705 §2.2: registration alone makes the certificate good.
    async fn a_certificate_that_is_registered(app: TestApp) {
        let mut acme = app.acme().await;
        let good = self_signed("machine.example");
        let keys = jwks(&good);
        machine(&app, &mut acme, AuthenticationMethod::SelfSignedTlsClientAuth, |client| {
            client.metadata.jwks = Some(keys);
        })
        .await;
        let path = acme.path("/token");
        assert_eq!(post_over(&app, &good, &path, &CREDENTIALS).await.status, 200);
        let authority = Authority::new("acme's");
        acme.change_tenant(&app, |tenant| {
            tenant.settings.client_certificate_authorities = Some(authority.pem());
        })
        .await;
        for wrong in [self_signed("machine.example"), authority.certificate("machine.example")] {
            post_over(&app, &wrong, &path, &CREDENTIALS).await.expect_error(401, "invalid_client");
        }
        app.post(&path, &CREDENTIALS).await.expect_error(401, "invalid_client");
        // Nor does another method do.
        for form in [
            [("grant_type", "client_credentials"), ("client_id", "machine"), ("client_secret", "x")],
            [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", "x")],
        ] {
            post_over(&app, &good, &path, &form).await.expect_error(401, "invalid_client");
        }
    }

    /// A certificate in the connection neither helps nor hinders clients that are registered otherwise.
    async fn a_certificate_of_no_meaning(app: TestApp) {
        let acme = app.acme().await;
        let certificate = self_signed("browser.example");
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let redemption = acme.redemption("app", &code);
        let answer = post_over(&app, &certificate, &acme.path("/token"), &redemption).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["token_type"]), (200, &json!("Bearer")));
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let claims: Value = grantor_jose::unverified_claims(&token).unwrap();
        assert_eq!(claims.get("cnf"), None);
        assert_eq!(acme.userinfo(&app, &token).await.status, 200);
        let mut request = form_request(&acme.path("/token"), "grant_type=client_credentials")
            .header(header::AUTHORIZATION, basic("web", &acme.secret))
            .finish();
        request.extensions_mut().insert(Arc::clone(&certificate));
        assert_eq!(app.send(request).await.status, 200);
        let alone = [("grant_type", "client_credentials"), ("client_id", "web")];
        post_over(&app, &certificate, &acme.path("/token"), &alone).await.expect_error(401, "invalid_client");
    }

    /// RFC 9440 §4: the header is a trusted proxy's, and to be believed from nobody else.
    async fn a_certificate_in_a_header(app: TestApp) {
        let mut acme = app.acme().await;
        let good = self_signed("machine.example");
        let keys = jwks(&good);
        machine(&app, &mut acme, AuthenticationMethod::SelfSignedTlsClientAuth, |client| {
            client.metadata.jwks = Some(keys);
        })
        .await;
        for (remote, status) in [("192.0.2.1:4711", 200), ("198.51.100.1:4711", 401), ("127.0.0.1:4711", 401)] {
            let address: std::net::SocketAddr = remote.parse().unwrap();
            let (parts, ()) = poem::http::Request::builder()
                .method(Method::POST)
                .uri(acme.path("/token"))
                .header("content-type", crate::support::FORM)
                .header("client-cert", format!(":{}:", STANDARD.encode(&good.chain()[0])))
                .body(())
                .unwrap()
                .into_parts();
            let connected = (
                parts,
                poem::web::LocalAddr(address.into()),
                poem::web::RemoteAddr(address.into()),
                poem::http::uri::Scheme::HTTPS,
            );
            let body = poem::Body::from_string(encode(&CREDENTIALS));
            let answer = app.send(poem::Request::from_parts(connected.into(), body)).await;
            assert_eq!(answer.status.as_u16(), status, "{remote} {answer:?}");
        }
    }

    /// RFC 8705 §3, §4: a bound token is of use over its certificate alone.
    async fn tokens_bound_to_a_certificate(app: TestApp) {
        let acme = app.acme().await;
        acme.change_client(&app, "app", |client| {
            client.metadata.tls_client_certificate_bound_access_tokens = true;
        })
        .await;
        let (own, other) = (self_signed("own.example"), self_signed("own.example"));
        let path = acme.path("/token");
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        acme.redeem(&app, &code).await.expect_error(400, "invalid_request");
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let tokens = post_over(&app, &own, &path, &acme.redemption("app", &code)).await.json();
        assert_eq!(tokens["token_type"], "Bearer");
        let token = tokens["access_token"].as_str().unwrap();
        let claims: Value = grantor_jose::unverified_claims(token).unwrap();
        assert_eq!(claims["cnf"], json!({ "x5t#S256": own.thumbprint() }));

        let bearer = format!("Bearer {token}");
        assert_eq!(userinfo_over(&app, &acme, Some(&own), &bearer).await.status, 200);
        for (certificate, authorization) in
            [(None, &bearer), (Some(&other), &bearer), (Some(&own), &format!("DPoP {token}"))]
        {
            let answer = userinfo_over(&app, &acme, certificate, authorization).await;
            answer.expect_error(401, "invalid_token");
            assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
        }
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token)];
        app.post(&path, &form).await.expect_error(400, "invalid_grant");
        post_over(&app, &other, &path, &form).await.expect_error(400, "invalid_grant");
        let answer = post_over(&app, &own, &path, &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
