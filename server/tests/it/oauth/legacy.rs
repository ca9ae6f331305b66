//! The profile `oidc-legacy`: response types that OAuth 2.1 took away, for whoever is set to it and for
//! nobody else (OAuth 2.0 Multiple Response Type Encoding Practices, OpenID Connect Core §3.2, §3.3).

use grantor_jose::{Algorithm, KeySet};
use grantor_protocol::authorize::{ResponseMode, ResponseType};
use grantor_protocol::claims::left_half_hash;
use grantor_protocol::model::{AccessTokenFormat, GrantType, SigningAlgorithm};
use grantor_protocol::{Profile, Scope};
use serde_json::{Value, json};

use super::responses::{parameters, value};
use crate::on_both;
use crate::support::{Answer, Browser, REDIRECT_URI, TestApp, TestTenant, VERIFIER};

const ISSUER: &str = "https://id.example/t/acme";

/// The request of a client for a response type, in a mode or the one that goes with it.
pub(super) fn request(
    acme: &TestTenant,
    client_id: &'static str,
    response_type: ResponseType,
    mode: Option<ResponseMode>,
) -> Vec<(&'static str, &'static str)> {
    let mut request = acme.authorization(client_id);
    request.retain(|(name, _)| *name != "response_type");
    request.push(("response_type", response_type.as_str()));
    request.extend(mode.map(|mode| ("response_mode", mode.as_str())));
    request
}

/// The tenant with this profile, whose clients may use every grant type, and a browser that both of them
/// ask nothing any more.
async fn settled(app: &TestApp, profile: Profile) -> (TestTenant, Browser) {
    let acme = app.acme().await;
    acme.change_tenant(app, |tenant| tenant.settings.profile = profile).await;
    let mut browser = Browser::default();
    for client_id in ["web", "app"] {
        acme.change_client(app, client_id, |client| client.metadata.grant_types.push(GrantType::Implicit))
            .await;
        acme.code(app, &mut browser, client_id).await;
    }
    (acme, browser)
}

pub(super) async fn verified(app: &TestApp, acme: &TestTenant, token: &str) -> Value {
    let keys = KeySet::parse(&app.get(&acme.path("/jwks")).await.json()).unwrap();
    keys.verify(token, &[Algorithm::ES256]).unwrap().claims
}

#[track_caller]
pub(super) fn expect_refused(answer: &Answer, mode: &str, error: &str) {
    let parameters = parameters(answer, mode);
    assert_eq!(value(&parameters, "error"), Some(error), "{parameters:?}");
    assert_eq!(value(&parameters, "state"), Some("s1"));
    assert_eq!(value(&parameters, "iss"), Some(ISSUER));
    for secret in ["code", "access_token", "id_token"] {
        assert_eq!(value(&parameters, secret), None, "{parameters:?}");
    }
}

/// A good answer holds what its response type names, bound together, and nothing else.
pub(super) async fn expect_answer(
    app: &TestApp,
    acme: &TestTenant,
    parameters: &[(String, String)],
    response_type: ResponseType,
) {
    let of = |name: &str| value(parameters, name);
    assert_eq!((of("state"), of("iss"), of("error")), (Some("s1"), Some(ISSUER), None));
    assert_eq!(of("refresh_token"), None);
    assert_eq!(of("code").is_some(), response_type.has_code(), "{parameters:?}");
    assert_eq!(of("access_token").is_some(), response_type.has_token(), "{parameters:?}");
    assert_eq!(of("id_token").is_some(), response_type.has_id_token(), "{parameters:?}");
    let expected = response_type.has_token().then_some("Bearer");
    assert_eq!((of("token_type"), of("expires_in")), (expected, expected.map(|_| "600")));
    if let Some(access_token) = of("access_token") {
        assert_eq!(of("scope"), Some("openid profile email"));
        let claims = verified(app, acme, access_token).await;
        assert!(claims.get("cnf").is_none() && claims["grant_id"].is_string(), "{claims}");
        assert_eq!(acme.userinfo(app, access_token).await.status, 200);
    }
    if let Some(id_token) = of("id_token") {
        let claims = verified(app, acme, id_token).await;
        let hash = |name: &str| {
            of(name).map_or(Value::Null, |text| json!(left_half_hash(SigningAlgorithm::ES256, text)))
        };
        assert_eq!((&claims["nonce"], &claims["sub"]), (&json!("n1"), &json!(acme.user.id.to_string())));
        assert_eq!((&claims["at_hash"], &claims["c_hash"]), (&hash("access_token"), &hash("code")));
        // OpenID Connect Core §5.4: where no access token ever comes, the claims are here.
        let only = response_type == ResponseType::IdToken;
        assert_eq!(claims.get("email").is_some(), only, "{claims}");
        assert_eq!(claims["iss"], ISSUER);
    }
}

/// Every response type in every mode, as the tenant's profile has it.
async fn check_profile(app: &TestApp, profile: Profile) {
    let (acme, mut browser) = settled(app, profile).await;
    let metadata = app.get(&acme.path("/.well-known/openid-configuration")).await.json();
    for response_type in ResponseType::ALL {
        let advertised = metadata["response_types_supported"].as_array().unwrap();
        let supported = advertised.contains(&json!(response_type.as_str()));
        assert_eq!(supported, response_type == ResponseType::Code || profile == Profile::OidcLegacy);
        for mode in [None].into_iter().chain(ResponseMode::ALL.map(Some)) {
            let path = acme.authorize(&request(&acme, "web", response_type, mode));
            let answer = browser.get(app, &path).await;
            let asked = mode.map_or("query", ResponseMode::as_str);
            if !supported {
                expect_refused(&answer, asked, "unsupported_response_type");
            } else if response_type.gives_tokens() && mode == Some(ResponseMode::Query) {
                expect_refused(&answer, "fragment", "invalid_request");
            } else {
                let default = if response_type.gives_tokens() { "fragment" } else { "query" };
                let mode = mode.map_or(default, ResponseMode::as_str);
                let parameters = parameters(&answer, mode);
                expect_answer(app, &acme, &parameters, response_type).await;
                if let Some(code) = value(&parameters, "code") {
                    let form = acme.redemption("web", code);
                    let tokens = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
                    assert_eq!(tokens.status, 200, "{tokens:?}");
                }
            }
        }
    }
    let implicit = metadata["grant_types_supported"].as_array().unwrap().contains(&json!("implicit"));
    assert_eq!(implicit, profile == Profile::OidcLegacy);
    // Whatever is advertised, there is no such grant at the token endpoint.
    let form = [("grant_type", "implicit")];
    let answer = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
    answer.expect_error(400, "unsupported_grant_type");
}

on_both! {
    async fn every_response_of_oauth21(app: TestApp) {
        check_profile(&app, Profile::Oauth21).await;
    }

    async fn every_response_of_mcp(app: TestApp) {
        check_profile(&app, Profile::Mcp).await;
    }

    async fn every_response_of_oidc_legacy(app: TestApp) {
        check_profile(&app, Profile::OidcLegacy).await;
    }

    /// One old application does not make its tenant old: neither what is advertised nor what others get.
    async fn one_legacy_client_in_a_tenant_of_today(app: TestApp) {
        let (acme, mut browser) = settled(&app, Profile::Oauth21).await;
        acme.change_client(&app, "web", |client| client.metadata.profile = Some(Profile::OidcLegacy)).await;
        let metadata = app.get(&acme.path("/.well-known/openid-configuration")).await.json();
        assert_eq!(metadata["response_types_supported"], json!(["code"]));
        let response_type = ResponseType::CodeIdTokenToken;
        let answer = browser.get(&app, &acme.authorize(&request(&acme, "web", response_type, None))).await;
        expect_answer(&app, &acme, &parameters(&answer, "fragment"), response_type).await;
        let answer = browser.get(&app, &acme.authorize(&request(&acme, "app", response_type, None))).await;
        expect_refused(&answer, "query", "unsupported_response_type");

        // And one client of today in an old tenant.
        acme.change_tenant(&app, |tenant| tenant.settings.profile = Profile::OidcLegacy).await;
        acme.change_client(&app, "web", |client| client.metadata.profile = Some(Profile::Oauth21)).await;
        let answer = browser.get(&app, &acme.authorize(&request(&acme, "web", response_type, None))).await;
        expect_refused(&answer, "query", "unsupported_response_type");
        let mut plain = acme.authorization("web");
        plain.retain(|(name, _)| !name.starts_with("code_challenge"));
        browser.get(&app, &acme.authorize(&plain)).await.expect_redirected_error("invalid_request");
    }

    /// RFC 6749 §4.2.2.1: errors go where the tokens would have gone.
    async fn mistakes_are_told_in_the_fragment(app: TestApp) {
        let (acme, mut browser) = settled(&app, Profile::OidcLegacy).await;
        let good = request(&acme, "web", ResponseType::IdTokenToken, None);
        for (name, value, error) in [
            ("nonce", "", "invalid_request"),
            ("scope", "profile", "invalid_request"),
            ("scope", "openid admin", "invalid_scope"),
            ("prompt", "none login", "invalid_request"),
        ] {
            let mut request = good.clone();
            request.retain(|(held, _)| *held != name);
            request.push((name, value));
            expect_refused(&browser.get(&app, &acme.authorize(&request)).await, "fragment", error);
        }
        let mut silent = good.clone();
        silent.push(("prompt", "none"));
        expect_refused(&app.get(&acme.authorize(&silent)).await, "fragment", "login_required");
        acme.change_client(&app, "web", |client| client.metadata.dpop_bound_access_tokens = true).await;
        expect_refused(&browser.get(&app, &acme.authorize(&good)).await, "fragment", "unauthorized_client");
        acme.change_client(&app, "web", |client| {
            client.metadata.dpop_bound_access_tokens = false;
            client.metadata.response_types = vec![ResponseType::Code];
        })
        .await;
        expect_refused(&browser.get(&app, &acme.authorize(&good)).await, "fragment", "unauthorized_client");
        acme.change_client(&app, "web", |client| {
            client.metadata.response_types.clear();
            client.metadata.grant_types.retain(|held| *held != GrantType::Implicit);
        })
        .await;
        expect_refused(&browser.get(&app, &acme.authorize(&good)).await, "fragment", "unauthorized_client");
    }

    /// Tokens of the browser belong to the grant: a code that comes twice ends them (RFC 9700 §4.5), and
    /// so does the person. Opaque ones too.
    async fn tokens_from_the_browser_end_with_their_grant(app: TestApp) {
        let (acme, mut browser) = settled(&app, Profile::OidcLegacy).await;
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            acme.change_client(&app, "app", |client| client.metadata.access_token_format = Some(format)).await;
            let path = acme.authorize(&request(&acme, "app", ResponseType::CodeIdTokenToken, None));
            let answer = browser.get(&app, &path).await;
            let parameters = parameters(&answer, "fragment");
            let access_token = value(&parameters, "access_token").unwrap();
            assert_eq!(access_token.starts_with("gat_"), format == AccessTokenFormat::Opaque);
            let code = value(&parameters, "code").unwrap();
            assert_eq!(acme.redeem(&app, code).await.status, 200);
            assert_eq!(acme.userinfo(&app, access_token).await.status, 200);
            acme.redeem(&app, code).await.expect_error(400, "invalid_grant");
            acme.userinfo(&app, access_token).await.expect_error(401, "invalid_token");
        }
        let answer = browser.get(&app, &acme.authorize(&request(&acme, "app", ResponseType::Token, None))).await;
        let parameters = parameters(&answer, "fragment");
        let access_token = value(&parameters, "access_token").unwrap();
        assert_eq!(acme.userinfo(&app, access_token).await.status, 200);
        let account = browser.get(&app, &acme.path("/account")).await;
        let form = [("csrf", account.field("csrf")), ("client_id", "app".to_owned())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        browser.post(&app, &acme.path("/account/revoke"), &form).await.location();
        acme.userinfo(&app, access_token).await.expect_error(401, "invalid_token");
    }

    /// Through the pages: signing in and consenting end in the fragment, and the page's form may go there.
    async fn a_person_who_is_asked(app: TestApp) {
        let (acme, _) = settled(&app, Profile::OidcLegacy).await;
        let scope = Scope::parse("openid profile email").unwrap();
        acme.change_client(&app, "web", |client| client.metadata.scope = scope).await;
        let path = request(&acme, "web", ResponseType::IdToken, Some(ResponseMode::FormPost));
        let answer = acme.authorized(&app, &mut Browser::default(), &path).await;
        expect_answer(&app, &acme, &parameters(&answer, "form_post"), ResponseType::IdToken).await;
    }

    /// OAuth 2.1 §7.5.1, RFC 9700 §4.8.2: an old confidential client may do without PKCE. What it sent
    /// counts all the same, and what it did not send cannot be added; a public one has no choice.
    async fn proof_keys_are_enforced_where_they_are_used(app: TestApp) {
        let (acme, mut browser) = settled(&app, Profile::OidcLegacy).await;
        let without = |client_id: &'static str| {
            let mut request = acme.authorization(client_id);
            request.retain(|(name, _)| !name.starts_with("code_challenge"));
            request
        };
        let redeem = async |code: &str, verifier: &str| {
            let mut form = acme.redemption("web", code);
            form.retain(|(name, _)| *name != "code_verifier");
            form.push(("code_verifier", verifier));
            app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await
        };
        let code = async |browser: &mut Browser, request: &[(&str, &str)]| {
            let answer = browser.get(&app, &acme.authorize(request)).await;
            answer.location_parameter("code").unwrap_or_else(|| panic!("no code in {answer:?}"))
        };
        let plain = code(&mut browser, &without("web")).await;
        redeem(&plain, VERIFIER).await.expect_error(400, "invalid_grant");
        assert_eq!(redeem(&plain, "").await.status, 200);
        let protected = code(&mut browser, &acme.authorization("web")).await;
        redeem(&protected, "").await.expect_error(400, "invalid_grant");
        redeem(&protected, &VERIFIER.replace('d', "e")).await.expect_error(400, "invalid_grant");
        assert_eq!(redeem(&protected, VERIFIER).await.status, 200);

        let answer = browser.get(&app, &acme.authorize(&without("app"))).await;
        answer.expect_redirected_error("invalid_request");
        let mut hybrid = without("app");
        hybrid.retain(|(name, _)| *name != "response_type");
        hybrid.push(("response_type", "code id_token"));
        expect_refused(&browser.get(&app, &acme.authorize(&hybrid)).await, "fragment", "invalid_request");
        assert!(browser.get(&app, &acme.authorize(&hybrid)).await.location().starts_with(REDIRECT_URI));
    }
}
