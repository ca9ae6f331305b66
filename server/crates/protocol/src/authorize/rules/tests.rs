use super::*;
use crate::model::TenantSettings;
use crate::{Profile, testing};
use proptest::prelude::*;

fn request() -> String {
    let challenge = testing::CHALLENGE;
    format!(
        "client_id=app&redirect_uri=https://app.example/cb&response_type=code&scope=openid&state=s1\
         &code_challenge={challenge}&code_challenge_method=S256"
    )
}

fn validate_text(text: &str) -> Result<AuthorizationRequest, Failure> {
    validate_for(text, Some(&testing::client()), &testing::policy())
}

fn validate_for(
    text: &str,
    client: Option<&Client>,
    policy: &Policy,
) -> Result<AuthorizationRequest, Failure> {
    let params = testing::params(text);
    validate(Submitted { params: &params, signed: false, id_token_hint: IdTokenHint::Absent }, client, policy)
}

/// What the client is told; a page would be a fault of the test.
#[track_caller]
fn redirected(result: Result<AuthorizationRequest, Failure>) -> (ErrorCode, ResponseMode) {
    match result.unwrap_err() {
        Failure { error, delivery: Delivery::Redirect(to) } => (error.code, to.response_mode),
        Failure { error, delivery: Delivery::Page } => panic!("{error} is not redirected"),
    }
}

#[test]
fn takes_a_request_as_it_should_be() {
    let text = format!(
        "{}&nonce=n1&max_age=60&prompt=login+consent&login_hint=ada&ui_locales=de-AT+xx&response_mode=form_post\
         &resource=https://api.example&resource=https://api.example&unknown=ignored",
        request()
    );
    let request = validate_text(&text).unwrap();
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!(request.state.as_deref(), Some("s1"));
    assert_eq!(request.nonce.as_deref(), Some("n1"));
    assert_eq!(request.max_age, Some(60));
    assert_eq!(request.ui_locales.as_deref(), Some("de-AT xx"));
    assert!(request.prompt.login && request.prompt.consent && !request.prompt.none);
    assert_eq!(request.resources, ["https://api.example"]);
}

/// RFC 6749 §4.1.2.1, RFC 9700 §4.11: nothing is redirected before client and redirect URI are proven.
#[test]
fn what_is_not_proven_is_never_redirected() {
    let valid = request();
    let disabled = Client { enabled: false, ..testing::client() };
    let client = testing::client();
    let two_uris = {
        let mut client = testing::client();
        client.metadata.redirect_uris.push("https://app.example/two".to_owned());
        client
    };
    let none = valid.replace("redirect_uri=https://app.example/cb&", "");
    let cases = [
        ("no client_id", valid.replace("client_id=app&", ""), Some(&client)),
        ("unknown client", valid.clone(), None),
        ("disabled client", valid.clone(), Some(&disabled)),
        ("other redirect_uri", valid.replace("app.example/cb", "app.example/cb/"), Some(&client)),
        ("no redirect_uri with two registered", none.clone(), Some(&two_uris)),
        ("two client_ids", format!("{valid}&client_id=app"), Some(&client)),
        ("two redirect_uris", format!("{valid}&redirect_uri=https://app.example/cb"), Some(&client)),
    ];
    for (name, text, client) in cases {
        let failure = validate_for(&text, client, &testing::policy()).unwrap_err();
        assert_eq!(failure.delivery, Delivery::Page, "{name}");
    }
    assert_eq!(validate_text(&none).unwrap().redirect_uri, "https://app.example/cb");
}

/// RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6: everything after that is told to the client.
#[test]
fn every_other_error_is_redirected_with_state() {
    let valid = request();
    let without = |name: &str| {
        valid.split('&').filter(|part| !part.starts_with(&format!("{name}="))).collect::<Vec<_>>().join("&")
    };
    let with = |extra: &str| format!("{valid}&{extra}");
    let cases = [
        (with("nonce=1&nonce=1"), ErrorCode::InvalidRequest),
        (with("request=x"), ErrorCode::RequestNotSupported),
        (with("request_uri=https://x"), ErrorCode::RequestUriNotSupported),
        (with("registration={}"), ErrorCode::RegistrationNotSupported),
        (with("response_mode=web_message"), ErrorCode::InvalidRequest),
        (without("response_type"), ErrorCode::InvalidRequest),
        (valid.replace("response_type=code", "response_type=token"), ErrorCode::UnsupportedResponseType),
        (
            valid.replace("response_type=code", "response_type=code+id_token"),
            ErrorCode::UnsupportedResponseType,
        ),
        (valid.replace("scope=openid", "scope=unknown"), ErrorCode::InvalidScope),
        (valid.replace("scope=openid", "scope=open%22id"), ErrorCode::InvalidScope),
        (with("resource=https://other.example"), ErrorCode::InvalidTarget),
        (without("code_challenge"), ErrorCode::InvalidRequest),
        (without("code_challenge_method"), ErrorCode::InvalidRequest),
        (valid.replace("method=S256", "method=plain"), ErrorCode::InvalidRequest),
        (with("prompt=none+login"), ErrorCode::InvalidRequest),
        (with("prompt=create"), ErrorCode::InvalidRequest),
        (with("max_age=-1"), ErrorCode::InvalidRequest),
        (with("max_age=soon"), ErrorCode::InvalidRequest),
    ];
    for (text, code) in cases {
        let failure = validate_text(&text).unwrap_err();
        assert_eq!(failure.error.code, code, "{text}");
        let Delivery::Redirect(to) = failure.delivery else { panic!("{text} is not redirected") };
        assert_eq!((to.redirect_uri.as_str(), to.state.as_deref()), ("https://app.example/cb", Some("s1")));
    }
}

/// OAuth 2.0 Form Post Response Mode §2: errors use the mode that was asked for.
#[test]
fn errors_use_the_response_mode_of_the_request() {
    let failure = validate_text(&format!("{}&response_mode=fragment&max_age=x", request())).unwrap_err();
    assert!(matches!(failure.delivery, Delivery::Redirect(to) if to.response_mode == ResponseMode::Fragment));
}

#[test]
fn a_client_without_the_grant_type_is_told_so() {
    let mut client = testing::client();
    client.metadata.grant_types = vec![GrantType::ClientCredentials];
    let failure = validate_for(&request(), Some(&client), &testing::policy()).unwrap_err();
    assert_eq!(failure.error.code, ErrorCode::UnauthorizedClient);
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §2.1, §3, §5: every profile with every response type
/// and mode. Tokens come through the fragment or a form, for whoever may have them at all.
#[test]
fn profiles_with_response_types_and_modes() {
    let modes = [None, Some(ResponseMode::Query), Some(ResponseMode::Fragment), Some(ResponseMode::FormPost)];
    for profile in Profile::ALL {
        for response_type in ResponseType::ALL {
            for mode in modes {
                let name = response_type.as_str();
                let mut text = request().replace("type=code", &format!("type={}", name.replace(' ', "+")));
                text.push_str("&nonce=n1");
                text.extend(mode.map(|mode| format!("&response_mode={}", mode.as_str())));
                // Of the tenant, or of this client alone.
                let mut own = testing::client();
                own.metadata.profile = Some(profile);
                let mut settings = TenantSettings::default();
                let in_default = validate_for(&text, Some(&own), &testing::policy_of(&settings));
                settings.profile = profile;
                let result = validate_for(&text, Some(&testing::client()), &testing::policy_of(&settings));
                assert_eq!(result, in_default, "{profile:?} {name} {mode:?}");
                if profile != Profile::OidcLegacy && response_type != ResponseType::Code {
                    assert_eq!(
                        redirected(result).0,
                        ErrorCode::UnsupportedResponseType,
                        "{profile:?} {name}"
                    );
                } else if response_type.gives_tokens() && mode == Some(ResponseMode::Query) {
                    assert_eq!(redirected(result), (ErrorCode::InvalidRequest, ResponseMode::Fragment));
                } else {
                    let default = if response_type.gives_tokens() {
                        ResponseMode::Fragment
                    } else {
                        ResponseMode::Query
                    };
                    let request = result.unwrap();
                    assert_eq!(request.response_type, response_type);
                    assert_eq!(request.response_mode, mode.unwrap_or(default), "{name}");
                }
            }
        }
    }
}

fn legacy() -> Policy {
    testing::policy_of(&TenantSettings { profile: Profile::OidcLegacy, ..TenantSettings::default() })
}

/// OAuth 2.1 §7.5.1, OpenID Connect Core §3.2.2.1, §3.3.2.11, §11: what else a response type asks of a
/// request.
#[test]
fn what_comes_with_a_response_type() {
    let without = |text: &str, name: &str| {
        let kept = text.split('&').filter(|part| !part.starts_with(name));
        kept.collect::<Vec<_>>().join("&")
    };
    for response_type in ResponseType::ALL {
        let name = response_type.as_str().replace(' ', "+");
        let text = format!("{}&nonce=n1", request().replace("type=code", &format!("type={name}")));
        let ask = |text: &str, client: &Client| validate_for(text, Some(client), &legacy());

        let no_pkce = without(&text, "code_challenge");
        assert_eq!(ask(&no_pkce, &testing::client()).unwrap().code_challenge, None, "{name}");
        let public = ask(&no_pkce, &testing::public_client());
        assert_eq!(public.is_err(), response_type.has_code(), "{name} of a public client without PKCE");
        assert!(ask(&text, &testing::client()).unwrap().code_challenge.is_some(), "sent, so kept");

        let no_nonce = ask(&without(&text, "nonce"), &testing::client());
        assert_eq!(no_nonce.is_err(), response_type.has_id_token(), "{name} without nonce");
        let no_openid = ask(&text.replace("scope=openid", "scope=profile"), &testing::client());
        assert_eq!(no_openid.is_err(), response_type.has_id_token(), "{name} without openid");

        let offline = text.replace("scope=openid", "scope=openid+offline_access");
        let scope = ask(&offline, &testing::client()).unwrap().scope;
        assert_eq!(scope.contains("offline_access"), response_type.has_code(), "{name}");

        let mut bound = testing::client();
        bound.metadata.tls_client_certificate_bound_access_tokens = true;
        let refused = ask(&text, &bound).map_err(|failure| failure.error.code);
        assert_eq!(refused.err() == Some(ErrorCode::UnauthorizedClient), response_type.has_token(), "{name}");

        for (missing, needed) in [
            (GrantType::AuthorizationCode, response_type.has_code()),
            (GrantType::Implicit, response_type.gives_tokens()),
        ] {
            let mut client = testing::client();
            client.metadata.grant_types.retain(|held| *held != missing);
            let result = ask(&text, &client);
            assert_eq!(result.is_err(), needed, "{name} without {missing:?}");
            if needed && response_type.gives_tokens() {
                assert_eq!(redirected(result), (ErrorCode::UnauthorizedClient, ResponseMode::Fragment));
            }
        }
        let mut client = testing::client();
        client.metadata.response_types = vec![ResponseType::Code];
        assert_eq!(ask(&text, &client).is_ok(), response_type == ResponseType::Code, "{name} not registered");
    }
}

/// RFC 9126 §5, §6, RFC 9101 §10.5: no way around what is demanded, and the client is told so.
#[test]
fn what_must_be_pushed_or_signed() {
    let (mut pushes, mut signs) = (testing::client(), testing::client());
    pushes.metadata.require_pushed_authorization_requests = true;
    signs.metadata.require_signed_request_object = true;
    let demanding = testing::policy_of(&TenantSettings {
        require_pushed_authorization_requests: true,
        ..TenantSettings::default()
    });
    let params = testing::params(&request());
    let (plain, signed) = (false, true);
    for (signed, client, policy, accepted, accepted_pushed) in [
        (plain, &testing::client(), &testing::policy(), true, true),
        (signed, &testing::client(), &testing::policy(), true, true),
        (plain, &pushes, &testing::policy(), false, true),
        (signed, &pushes, &testing::policy(), false, true),
        (plain, &testing::client(), &demanding, false, true),
        (plain, &signs, &testing::policy(), false, false),
        (signed, &signs, &testing::policy(), true, true),
    ] {
        let submitted = Submitted { params: &params, signed, id_token_hint: IdTokenHint::Absent };
        let result = validate(submitted, Some(client), policy);
        assert_eq!(result.is_ok(), accepted);
        if !accepted {
            assert_eq!(redirected(result), (ErrorCode::InvalidRequest, ResponseMode::Query));
        }
        assert_eq!(validate_pushed(submitted, client, policy).is_ok(), accepted_pushed);
    }
}

/// OpenID Connect Core §3.1.2.1.
#[test]
fn a_hint_names_a_user_or_nobody() {
    for (hint, prompt, expected) in [
        (IdTokenHint::Absent, "none", Ok(None)),
        (IdTokenHint::User(testing::USER), "none", Ok(Some(testing::USER))),
        (IdTokenHint::Unreadable, "login", Ok(None)),
        (IdTokenHint::Unreadable, "none", Err(ErrorCode::LoginRequired)),
    ] {
        let params = testing::params(&format!("{}&prompt={prompt}", request()));
        let submitted = Submitted { params: &params, signed: false, id_token_hint: hint };
        let result = validate(submitted, Some(&testing::client()), &testing::policy());
        let result = result.map(|request| request.hinted_user).map_err(|failure| failure.error.code);
        assert_eq!(result, expected, "{hint:?} {prompt}");
    }
}

/// OpenID Connect Core §3.1.2.1, §5.5: what only asks for something nicer is no reason to refuse.
#[test]
fn ignores_what_it_cannot_do_better() {
    let text = format!("{}&acr_values=urn:a+urn:b&display=touch&claims={{}}&claims_locales=de", request());
    assert_eq!(validate_text(&text), validate_text(&request()));
}

/// OpenID Connect Core §11: offline_access has to be asked for.
#[test]
fn a_request_without_scope_gets_the_clients_own() {
    let request = validate_text(&request().replace("&scope=openid", "")).unwrap();
    assert_eq!(request.scope.to_string(), "openid profile email");
}

proptest! {
    /// Whatever is sent beside them, an answer goes only to a registered redirect URI.
    #[test]
    fn answers_go_to_registered_redirect_uris_only(
        pairs in proptest::collection::vec(
            (proptest::sample::select(vec!["client_id", "redirect_uri", "response_type", "state", "scope",
                "response_mode", "prompt"]), "[a-z:/.?@#%-]{0,30}"), 0..8),
    ) {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let redirect_uri = match validate_text(&text) {
            Ok(request) => Some(request.redirect_uri),
            Err(Failure { delivery: Delivery::Redirect(to), .. }) => Some(to.redirect_uri),
            Err(Failure { delivery: Delivery::Page, .. }) => None,
        };
        prop_assert!(redirect_uri.is_none_or(|uri| uri == "https://app.example/cb"));
    }
}
