//! What the authorization endpoint takes in a plain request, and how it answers.

use grantor_protocol::OPENID_SCOPES;
use grantor_protocol::authorize::{ResponseMode, ResponseType};
use serde_json::Value;

use super::super::discovery::advertised;
use super::super::legacy::{expect_answer, expect_refused};
use super::super::responses::{parameters, value};
use super::Subject;
use crate::support::{Browser, CHALLENGE, VERIFIER};

pub async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    match member {
        "response_types_supported" => response_types(subject, member).await,
        "response_modes_supported" => response_modes(subject, member).await,
        "code_challenge_methods_supported" => code_challenge_methods(subject, member).await,
        "ui_locales_supported" => languages(subject, member).await,
        "acr_values_supported" => levels(subject, member).await,
        "prompt_values_supported" => prompts(subject, member).await,
        "scopes_supported" => scopes(subject, member).await,
        "authorization_response_iss_parameter_supported" => iss(subject, member).await,
        "claims_parameter_supported" => claims_parameter(subject, member).await,
        _ => return false,
    }
    true
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §2.1, §5: all the parts that the type names, and the
/// tokens among them in the fragment.
async fn response_types(subject: &Subject<'_>, member: &str) {
    let others = ["none", "code none", "code device", "assertion"];
    let known: Vec<_> = ResponseType::ALL.map(ResponseType::as_str).into_iter().chain(others).collect();
    for (response_type, supported) in subject.universe(member, &known) {
        let answer = subject.authorized(&subject.request("response_type", &response_type)).await;
        if supported {
            let known = ResponseType::ALL.into_iter().find(|known| known.as_str() == response_type).unwrap();
            let mode = if known.gives_tokens() { "fragment" } else { "query" };
            expect_answer(subject.app, &subject.acme, &parameters(&answer, mode), known).await;
        } else {
            expect_refused(&answer, "query", "unsupported_response_type");
        }
    }
}

async fn response_modes(subject: &Subject<'_>, member: &str) {
    let others = ["query.jwt", "fragment.jwt", "form_post.jwt", "jwt", "web_message"];
    let known: Vec<_> = ResponseMode::ALL.map(ResponseMode::as_str).into_iter().chain(others).collect();
    let with_tokens =
        advertised(&subject.metadata, "response_types_supported").contains(&"id_token".to_owned());
    for (mode, supported) in subject.universe(member, &known) {
        let answer = subject.authorized(&subject.request("response_mode", &mode)).await;
        if !supported {
            expect_refused(&answer, "query", "invalid_request");
            continue;
        }
        let parameters_of_code = parameters(&answer, &mode);
        let code = value(&parameters_of_code, "code").unwrap();
        assert_eq!(subject.acme.redeem(subject.app, code).await.status, 200, "{mode}");
        if with_tokens {
            let mut request = subject.request("response_type", "id_token");
            request.push(("response_mode", &mode));
            let answer = subject.authorized(&request).await;
            // §5 of the same: no token in a query.
            if mode == "query" {
                expect_refused(&answer, "fragment", "invalid_request");
            } else {
                let parameters = parameters(&answer, &mode);
                expect_answer(subject.app, &subject.acme, &parameters, ResponseType::IdToken).await;
            }
        }
    }
}

/// RFC 7636 §4.3, §4.6: a challenge of an advertised method is met by its verifier alone.
async fn code_challenge_methods(subject: &Subject<'_>, member: &str) {
    for (method, supported) in subject.universe(member, &["S256", "plain", "S384", "S512", "s256", ""]) {
        let mut request = subject.request("code_challenge_method", &method);
        if method == "plain" {
            request.retain(|(name, _)| *name != "code_challenge");
            request.push(("code_challenge", VERIFIER));
        }
        let answer = subject.authorized(&request).await;
        if !supported {
            answer.expect_redirected_error("invalid_request");
            continue;
        }
        assert_eq!(method, "S256", "nobody has said what meets the challenge");
        for (verifier, status) in [(VERIFIER, 200), (CHALLENGE, 400)] {
            let answer = subject.authorized(&request).await;
            let code = answer.location_parameter("code").unwrap();
            let mut form = subject.acme.redemption("app", &code);
            form.retain(|(name, _)| *name != "code_verifier");
            form.push(("code_verifier", verifier));
            let redeemed = subject.app.post(&subject.acme.path("/token"), &form).await;
            assert_eq!(redeemed.status, status, "{verifier} {redeemed:?}");
        }
    }
}

/// OpenID Connect Core §3.1.2.1: of a person who is signed in and has consented to everything.
async fn prompts(subject: &Subject<'_>, member: &str) {
    let known = ["none", "login", "consent", "select_account", "create", "NONE", "none login"];
    for (prompt, supported) in subject.universe(member, &known) {
        let path = subject.acme.authorize(&subject.request("prompt", &prompt));
        let answer = subject.browser.clone().get(subject.app, &path).await;
        match prompt.as_str() {
            _ if !supported => answer.expect_redirected_error("invalid_request"),
            "none" => {
                assert!(answer.location_parameter("code").is_some(), "{answer:?}");
                let stranger = Browser::default().get(subject.app, &path).await;
                stranger.expect_redirected_error("login_required");
            }
            "login" | "select_account" => {
                assert!(answer.location().starts_with("/t/acme/login?interaction="), "{prompt} {answer:?}");
            }
            "consent" => {
                assert!(answer.location().starts_with("/t/acme/consent?interaction="), "{answer:?}");
            }
            unknown => panic!("nobody has said what prompt={unknown} does"),
        }
    }
}

/// RFC 9470 §4: a level that is advertised and not reached is asked for; another one is nobody's.
async fn levels(subject: &Subject<'_>, member: &str) {
    for (level, supported) in subject.universe(member, &["1fa", "mfa", "phr", "phrh", "MFA", "urn:a"]) {
        let mut request = subject.request("acr_values", &level);
        request.push(("prompt", "none"));
        let path = subject.acme.authorize(&request);
        let answer = subject.browser.clone().get(subject.app, &path).await;
        if supported && level != "1fa" {
            answer.expect_redirected_error("interaction_required");
        } else {
            assert!(answer.location_parameter("code").is_some(), "{level}: {answer:?}");
        }
    }
}

/// OpenID Connect Core §3.1.2.1: the pages are in the language that is asked for, if it is advertised.
async fn languages(subject: &Subject<'_>, member: &str) {
    for (tag, supported) in subject.universe(member, &["en", "de", "fr", "ar", "EN-gb"]) {
        let mut browser = Browser::default();
        let path = subject.acme.authorize(&subject.request("ui_locales", &tag));
        let begun = browser.get(subject.app, &path).await;
        let page = browser.follow(subject.app, &begun).await;
        let spoken = if supported { tag.as_str() } else { "en" };
        assert!(page.body.contains(&format!("<html lang=\"{spoken}\" dir=\"ltr\">")), "{tag}: {page:?}");
    }
}

/// RFC 6749 §3.3: what is advertised is granted; the rest is not, though the client is registered for it.
async fn scopes(subject: &Subject<'_>, member: &str) {
    let others = ["notes:read", "notes:write", "address", "phone", "admin", "OPENID"];
    let known: Vec<_> = OPENID_SCOPES.into_iter().chain(others).collect();
    let universe = subject.universe(member, &known);
    subject
        .acme
        .change_client(subject.app, "app", |client| {
            client.metadata.scope = universe.iter().map(|(scope, _)| scope.clone()).collect();
        })
        .await;
    for (scope, supported) in universe {
        let both = format!("openid {scope}");
        let answer = subject
            .authorized(&subject.request("scope", if scope == "openid" { "openid" } else { &both }))
            .await;
        if !supported {
            answer.expect_redirected_error("invalid_scope");
            continue;
        }
        let code = answer.location_parameter("code").unwrap();
        let tokens = subject.acme.redeem(subject.app, &code).await.json();
        let granted = tokens["scope"].as_str().unwrap_or_else(|| panic!("{tokens}"));
        assert!(granted.split(' ').any(|token| token == scope), "{scope}: {tokens}");
    }
}

/// RFC 9207 §2: with codes and with errors.
async fn iss(subject: &Subject<'_>, member: &str) {
    let expected = subject.flag(member).then_some(subject.acme.tenant.issuer.as_str());
    for (scope, given) in [("openid", "code"), ("admin", "error")] {
        let answer = subject.authorized(&subject.request("scope", scope)).await;
        assert!(answer.location_parameter(given).is_some(), "{answer:?}");
        assert_eq!(answer.location_parameter("iss").as_deref(), expected, "{answer:?}");
    }
}

/// OpenID Connect Core §5.5: what is not supported is not acted upon.
async fn claims_parameter(subject: &Subject<'_>, member: &str) {
    let wanted = r#"{"id_token":{"email":{"essential":true}}}"#;
    let answer = subject.authorized(&subject.request("claims", wanted)).await;
    let code = answer.location_parameter("code").unwrap();
    let tokens = subject.acme.redeem(subject.app, &code).await.json();
    let claims: Value = grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(claims.get("email").is_some(), subject.flag(member), "{claims}");
}
