//! How answers reach the client: response modes, `state`, `iss` (RFC 6749 §4.1.2, RFC 9207 §2, OAuth
//! 2.0 Multiple Response Type Encoding Practices §2.1, OAuth 2.0 Form Post Response Mode §2).

use crate::on_both;
use crate::support::{Answer, Browser, REDIRECT_URI, TestApp, TestTenant};

const ISSUER: &str = "https://id.example/t/acme";

/// All that a form may hold but control characters.
const ODD_STATE: &str = "a+b c%20d&e=f\"<script>'\\\u{e9}\u{1f600}/?#;~";

/// The parameters of an answer, in whatever mode it came.
#[track_caller]
pub(super) fn parameters(answer: &Answer, mode: &str) -> Vec<(String, String)> {
    if mode == "form_post" {
        return fields(answer);
    }
    let (before, after) = match mode {
        "fragment" => answer.location().split_once('#').unwrap(),
        _ => answer.location().split_once('?').unwrap(),
    };
    assert_eq!(before, REDIRECT_URI, "{answer:?}");
    url::form_urlencoded::parse(after.as_bytes()).into_owned().collect()
}

/// The hidden fields of a page that posts itself to the client.
#[track_caller]
fn fields(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains(&format!("method=\"post\" action=\"{REDIRECT_URI}\"")), "{answer:?}");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:;"), "{policy}");
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let hidden = answer.body.split("<input type=\"hidden\" name=\"").skip(1);
    hidden
        .map(|field| {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            (name.to_owned(), unescaped(rest.split('"').next().unwrap()))
        })
        .collect()
}

/// The text of an attribute; what must be escaped and is not would be there as it is.
#[track_caller]
fn unescaped(attribute: &str) -> String {
    assert!(!attribute.contains(['<', '>', '\'']), "{attribute}");
    [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")]
        .into_iter()
        .fold(attribute.to_owned(), |text, (escaped, character)| text.replace(escaped, character))
}

pub(super) fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = parameters.iter().filter(|(held, _)| held == name).map(|(_, value)| value.as_str());
    let value = values.next();
    assert_eq!(values.next(), None, "{name} comes twice: {parameters:?}");
    value
}

fn request<'a>(acme: &TestTenant, mode: &'a str, state: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut request: Vec<(&str, &str)> = acme.authorization("app");
    request.retain(|(name, _)| *name != "state");
    request.extend([("response_mode", mode), ("state", state)]);
    request
}

on_both! {
    /// The code, the state byte for byte, and the issuer.
    async fn an_answer_in_every_mode(app: TestApp) {
        let acme = app.acme().await;
        for mode in ["query", "fragment", "form_post"] {
            let mut browser = Browser::default();
            let answer = acme.authorized(&app, &mut browser, &request(&acme, mode, ODD_STATE)).await;
            let parameters = parameters(&answer, mode);
            assert_eq!(parameters.len(), 3, "{parameters:?}");
            assert_eq!(value(&parameters, "state"), Some(ODD_STATE));
            assert_eq!(value(&parameters, "iss"), Some(ISSUER));
            let code = value(&parameters, "code").unwrap();
            assert_eq!(acme.redeem(&app, code).await.status, 200);
        }
    }

    /// RFC 6749 §4.1.2.1: errors go the same way; without a state there is none.
    async fn an_error_in_every_mode(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        for mode in ["query", "fragment", "form_post"] {
            for (state, echoed) in [(ODD_STATE, Some(ODD_STATE)), ("", None)] {
                let mut request = request(&acme, mode, state);
                request.push(("prompt", "none"));
                let answer = browser.get(&app, &acme.authorize(&request)).await;
                let parameters = parameters(&answer, mode);
                assert_eq!(value(&parameters, "error"), Some("login_required"));
                assert!(value(&parameters, "error_description").is_some());
                assert_eq!(value(&parameters, "state"), echoed);
                assert_eq!(value(&parameters, "iss"), Some(ISSUER));
                assert_eq!(value(&parameters, "code"), None);
            }
        }
    }

    /// RFC 6749 §4.1.2.1: the person says no, and the client learns that and nothing else.
    async fn a_refusal_in_every_mode(app: TestApp) {
        let acme = app.acme().await;
        for mode in ["query", "fragment", "form_post"] {
            let mut browser = Browser::default();
            let begun = browser.get(&app, &acme.authorize(&request(&acme, mode, "s1"))).await;
            let page = browser.follow(&app, &begun).await;
            let signed_in = acme.sign_in(&app, &mut browser, &page).await;
            let consent = browser.follow(&app, &signed_in).await;
            let answer = acme.decide(&app, &mut browser, &consent, "deny").await;
            let parameters = parameters(&answer, mode);
            assert_eq!(value(&parameters, "error"), Some("access_denied"));
            assert_eq!(value(&parameters, "state"), Some("s1"));
            assert_eq!(value(&parameters, "iss"), Some(ISSUER));
            assert_eq!(value(&parameters, "code"), None);
            // Nothing was remembered: the next time they are asked again.
            let again = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
            assert!(again.location().starts_with("/t/acme/consent?"), "{again:?}");
        }
    }

    /// RFC 6749 §3.1.2: a query that the client registered is kept.
    async fn a_redirect_uri_with_a_query(app: TestApp) {
        let acme = app.acme().await;
        let registered = format!("{REDIRECT_URI}?a=1&b=%20");
        acme.change_client(&app, "app", |client| client.metadata.redirect_uris = vec![registered.clone()])
            .await;
        let mut request = acme.authorization("app");
        request.retain(|(name, _)| *name != "redirect_uri");
        // The only registered one need not be named (RFC 6749 §3.1.2.3).
        let answer = acme.authorized(&app, &mut Browser::default(), &request).await;
        assert!(answer.location().starts_with(&format!("{registered}&code=gac_")), "{answer:?}");
        let code = answer.location_parameter("code").unwrap();
        let mut form = acme.redemption("app", &code);
        form.retain(|(name, _)| *name != "redirect_uri");
        assert_eq!(app.post(&acme.path("/token"), &form).await.status, 200);
    }

    /// RFC 8252 §7.3: an application on the person's device takes whatever port it gets; everything else
    /// is compared byte for byte.
    async fn a_loopback_redirect_uri(app: TestApp) {
        let acme = app.acme().await;
        acme.change_client(&app, "app", |client| {
            client.metadata.redirect_uris =
                vec!["http://127.0.0.1/cb".to_owned(), "http://localhost/cb".to_owned()];
        })
        .await;
        for (redirect_uri, accepted) in [
            ("http://127.0.0.1:49152/cb", true),
            ("http://127.0.0.1/cb", true),
            ("http://localhost:1/cb", true),
            ("http://127.0.0.1:49152/other", false),
            ("http://127.0.0.1:99999/cb", false),
            ("http://127.0.0.2:49152/cb", false),
            ("https://127.0.0.1:49152/cb", false),
            ("http://localhost.evil.example/cb", false),
        ] {
            let mut request: Vec<(&str, &str)> = acme.authorization("app");
            request.retain(|(name, _)| *name != "redirect_uri");
            request.extend([("redirect_uri", redirect_uri), ("prompt", "none")]);
            let answer = app.get(&acme.authorize(&request)).await;
            if accepted {
                let error = format!("{redirect_uri}?error=login_required");
                assert!(answer.location().starts_with(&error), "{answer:?}");
            } else {
                answer.expect_error_page(400);
            }
        }
    }
}
