use super::*;
use crate::testing;
use proptest::prelude::*;

fn request() -> String {
    let challenge = testing::CHALLENGE;
    format!(
        "client_id=app&redirect_uri=https://app.example/cb&response_type=code&scope=openid&state=s1\
         &code_challenge={challenge}&code_challenge_method=S256"
    )
}

fn validate_text(text: &str) -> Result<AuthorizationRequest, Failure> {
    validate(&testing::params(text), Some(&testing::client()), &testing::policy())
}

#[test]
fn takes_a_request_as_it_should_be() {
    let text = format!(
        "{}&nonce=n1&max_age=60&prompt=login+consent&login_hint=ada&response_mode=form_post\
         &resource=https://api.example&resource=https://api.example&unknown=ignored",
        request()
    );
    let request = validate_text(&text).unwrap();
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!(request.state.as_deref(), Some("s1"));
    assert_eq!(request.nonce.as_deref(), Some("n1"));
    assert_eq!(request.max_age, Some(60));
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
        let failure = validate(&testing::params(&text), client, &testing::policy()).unwrap_err();
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
    let failure = validate(&testing::params(&request()), Some(&client), &testing::policy()).unwrap_err();
    assert_eq!(failure.error.code, ErrorCode::UnauthorizedClient);
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
