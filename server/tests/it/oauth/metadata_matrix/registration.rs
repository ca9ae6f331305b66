//! How clients become known that no administrator chose.

use grantor_protocol::model::RegistrationMode;
use serde_json::json;

use super::super::client_id_document::{REDIRECT, document};
use super::super::register::{initial_access_token, native};
use super::{Subject, metadata};
use crate::support::{Browser, PUBLIC_URL, Site, TestTenant};

pub async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    match member {
        "registration_endpoint" => registration(subject, member).await,
        "client_id_metadata_document_supported" => documents(subject, member).await,
        _ => return false,
    }
    true
}

/// RFC 7591 §3: advertised if and only if somebody may register, as the profile or the tenant has it.
async fn registration(subject: &Subject<'_>, member: &str) {
    use RegistrationMode::{Closed, InitialAccessToken, Open};
    let app = subject.app;
    let of_profile = if subject.value(member).is_null() { Closed } else { Open };
    expect_mode(subject, &subject.acme, of_profile).await;
    for (mode, slug) in
        [(Closed, "registers-none"), (InitialAccessToken, "registers-some"), (Open, "registers-all")]
    {
        let tenant = subject.sibling(slug, |settings| settings.registration.mode = Some(mode)).await;
        let address = metadata(app, &tenant).await[member].clone();
        let expected = format!("{PUBLIC_URL}{}", tenant.path("/register"));
        assert_eq!(address, if mode == Closed { json!(null) } else { json!(expected) }, "{mode:?}");
        expect_mode(subject, &tenant, mode).await;
    }
}

/// Strangers register in this mode, or only holders of a token do, or nobody.
async fn expect_mode(subject: &Subject<'_>, tenant: &TestTenant, mode: RegistrationMode) {
    let app = subject.app;
    let answer = tenant.register(app, None, &native()).await;
    match mode {
        RegistrationMode::Closed => answer.expect_error(400, "access_denied"),
        RegistrationMode::InitialAccessToken => {
            answer.expect_error(401, "invalid_token");
            let (_, token) = initial_access_token(app, &tenant.slug, &json!({})).await;
            let answer = tenant.register(app, Some(&token), &native()).await;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        RegistrationMode::Open => {
            assert_eq!(answer.status, 201, "{answer:?}");
            let client_id = answer.json()["client_id"].as_str().unwrap().to_owned();
            let port = "http://127.0.0.1:4711/callback";
            tenant.tokens_of(app, &mut Browser::default(), &client_id, port).await;
        }
    }
}

/// draft-ietf-oauth-client-id-metadata-document §5: a document is fetched and believed, or not even asked for.
async fn documents(subject: &Subject<'_>, member: &str) {
    let supported = subject.flag(member);
    let other = subject
        .sibling("documents", |settings| {
            settings.registration.client_id_metadata_documents = Some(!supported);
        })
        .await;
    assert_eq!(metadata(subject.app, &other).await[member], !supported);
    for (tenant, supported) in [(&subject.acme, supported), (&other, !supported)] {
        let site = Site::start().await;
        let client_id = site.url("/client.json");
        site.serve("/client.json", "max-age=600", &document(&client_id));
        if supported {
            tenant.tokens_of(subject.app, &mut Browser::default(), &client_id, REDIRECT).await;
            assert_eq!(site.requests(), 1);
        } else {
            // RFC 9700 §4.11: nothing is redirected for a client that nobody knows.
            let page = subject.app.get(&tenant.authorize_as(&client_id, REDIRECT)).await;
            page.expect_error_page(400);
            assert_eq!(site.requests(), 0);
        }
    }
}
