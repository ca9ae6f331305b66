//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0).

use serde::Deserialize;
use url::form_urlencoded;

use crate::claims::Audience;
use crate::model::{Client, ClientId, Session};
use crate::{Error, Params, redirect_uri};

/// Parameters of a logout request (§2). `logout_hint` and `ui_locales` are accepted and change nothing: the
/// page names who is signed in, and speaks one language.
pub const PARAMETERS: [&str; 6] =
    ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales"];

/// Claims of an `id_token_hint` whose signature is proven to be the tenant's own. An expired one counts (§4).
#[derive(Clone, Debug, Deserialize)]
pub struct HintClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    #[serde(default)]
    pub sid: Option<String>,
}

/// What was presented as an `id_token_hint`.
#[derive(Clone, Copy, Debug)]
pub enum Hint<'a> {
    Absent,
    /// No ID token of this tenant.
    Refused,
    Verified(&'a HintClaims),
}

/// What the request proved, once its client was looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Logout {
    pub step: Step,
    /// Where the browser goes when nobody is signed in any more; registered by the client.
    pub return_to: Option<ReturnAddress>,
    /// What is wrong with the request. What failed is not used (§4), but people can still sign out.
    pub problem: Option<Error>,
}

/// What happens to the browser's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is none: whoever was signed out already may go on (§4).
    Nothing,
    /// The person is asked, because nothing proves that the request is about this session (§2).
    Ask,
    /// It ends at once: the client holds an ID token of this very session.
    End,
}

/// A `post_logout_redirect_uri` that is the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnAddress {
    pub client_id: ClientId,
    pub uri: String,
    pub state: Option<String>,
    /// Whether the browser may be sent there without anybody pressing anything (RFC 9700 §4.11.2): for a client
    /// that nobody vouched for, only if its hint is proven to be of this very session. It can get an ID token of
    /// its own at any time.
    pub automatic: bool,
}

impl ReturnAddress {
    /// The address with `state` (§3).
    pub fn location(&self) -> String {
        let Some(state) = &self.state else { return self.uri.clone() };
        let separator = if self.uri.contains('?') { '&' } else { '?' };
        let state: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        format!("{}{separator}state={state}", self.uri)
    }
}

/// The client that asks: by `client_id`, or by the audience of the hint (§2).
///
/// # Errors
/// `invalid_request` for a hint that is not ours or that was issued to another client.
pub fn client_id(params: &Params, hint: Hint<'_>, issuer: &str) -> Result<Option<ClientId>, Error> {
    let asked = params
        .get("client_id")
        .map(|text| ClientId::parse(text).ok_or_else(|| Error::invalid_request("client_id is malformed")))
        .transpose()?;
    match hint {
        Hint::Absent => Ok(asked),
        Hint::Verified(hint) if hint.iss == issuer => match asked {
            Some(asked) if hint.aud.contains(asked.as_str()) => Ok(Some(asked)),
            Some(_) => Err(Error::invalid_request("id_token_hint was issued to another client")),
            None => match hint.aud.iter().collect::<Vec<_>>().as_slice() {
                [audience] => Ok(ClientId::parse(audience)),
                _ => Err(Error::invalid_request("client_id must say which audience of id_token_hint asks")),
            },
        },
        Hint::Refused | Hint::Verified(_) => {
            Err(Error::invalid_request("id_token_hint is not an ID token of this issuer"))
        }
    }
}

/// Decides a logout request. `client` is the one that [`client_id`] found, if it is registered; `session` is the
/// live one of the browser.
pub fn decide(
    params: &Params,
    hint: Hint<'_>,
    issuer: &str,
    client: Option<&Client>,
    session: Option<&Session>,
) -> Logout {
    let is_of_session = session.is_some_and(|session| is_of(hint, session));
    let returned = client_id(params, hint, issuer).and_then(|asks| {
        return_address(params, is_of_session, client.filter(|client| client.enabled), asks.is_some())
    });
    let (return_to, problem) = match returned {
        Ok(return_to) => (return_to, None),
        Err(problem) => (None, Some(problem)),
    };
    let step = match session {
        None => Step::Nothing,
        Some(_) if problem.is_none() && is_of_session => Step::End,
        Some(_) => Step::Ask,
    };
    Logout { step, return_to, problem }
}

/// Whether the hint was issued to this user in this session.
fn is_of(hint: Hint<'_>, session: &Session) -> bool {
    let Hint::Verified(hint) = hint else { return false };
    hint.sub == session.user_id.to_string() && hint.sid == Some(session.id.to_string())
}

/// §3: only where the client is known and has registered the address.
fn return_address(
    params: &Params,
    is_of_session: bool,
    client: Option<&Client>,
    names_client: bool,
) -> Result<Option<ReturnAddress>, Error> {
    let client = match client {
        Some(client) => Some(client),
        None if names_client => return Err(Error::invalid_request("client_id names no client")),
        None => None,
    };
    let Some(uri) = params.get("post_logout_redirect_uri") else { return Ok(None) };
    let client = client.ok_or_else(|| {
        Error::invalid_request("post_logout_redirect_uri needs id_token_hint or client_id with it")
    })?;
    let registered = &client.metadata.post_logout_redirect_uris;
    if !registered.iter().any(|registered| redirect_uri::matches(registered, uri)) {
        return Err(Error::invalid_request("post_logout_redirect_uri is not registered for this client"));
    }
    Ok(Some(ReturnAddress {
        client_id: client.client_id.clone(),
        uri: uri.to_owned(),
        state: params.get("state").map(str::to_owned),
        automatic: is_of_session || !client.origin.is_self_made(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientOrigin, SignOutRevokes};
    use crate::testing::{self, ISSUER, NOW};
    use crate::{Id, Scope};

    const BACK: &str = "https://app.example/bye";

    fn client() -> Client {
        let mut client = testing::client();
        client.metadata.post_logout_redirect_uris = vec![
            BACK.to_owned(),
            "https://app.example/bye?x=1".to_owned(),
            "http://127.0.0.1/bye".to_owned(),
        ];
        client
    }

    fn hint() -> HintClaims {
        HintClaims {
            iss: ISSUER.to_owned(),
            sub: testing::USER.to_string(),
            aud: Audience::One("app".to_owned()),
            sid: Some(testing::session().id.to_string()),
        }
    }

    fn decided(text: &str, hint: Option<&HintClaims>, session: Option<&Session>) -> Logout {
        let params = testing::params(text);
        let hint = hint.map_or(Hint::Absent, Hint::Verified);
        let found = client_id(&params, hint, ISSUER).ok().flatten();
        let client = Some(client()).filter(|client| Some(&client.client_id) == found.as_ref());
        decide(&params, hint, ISSUER, client.as_ref(), session)
    }

    fn location(logout: &Logout) -> Option<String> {
        logout.return_to.as_ref().map(ReturnAddress::location)
    }

    /// RP-Initiated Logout §2: only an ID token of this session spares the question.
    #[test]
    fn asks_unless_the_hint_proves_the_session() {
        type Case = (&'static str, fn(&mut HintClaims), Step);
        let cases: [Case; 5] = [
            ("this session", |_| {}, Step::End),
            ("another user", |hint| hint.sub = Id::<()>::from_bytes([9; 16]).to_string(), Step::Ask),
            ("another session", |hint| hint.sid = Some("x".to_owned()), Step::Ask),
            ("no session", |hint| hint.sid = None, Step::Ask),
            ("another issuer", |hint| hint.iss = "https://id.example/t/beta".to_owned(), Step::Ask),
        ];
        let session = testing::session();
        for (name, change, step) in cases {
            let mut hint = hint();
            change(&mut hint);
            let logout = decided("", Some(&hint), Some(&session));
            assert_eq!(logout.step, step, "{name}");
            assert_eq!(logout.problem.is_some(), name == "another issuer", "{name}");
            assert_eq!(decided("", Some(&hint), None).step, Step::Nothing, "{name}");
        }
        assert_eq!(decided("", None, Some(&session)).step, Step::Ask);
        let params = testing::params("client_id=app");
        let refused = decide(&params, Hint::Refused, ISSUER, Some(&client()), Some(&session));
        assert_eq!((refused.step, refused.problem.is_some()), (Step::Ask, true));
    }

    /// §2, §3, RFC 9700 §4.11: nothing is redirected to but what a known client registered.
    #[test]
    fn goes_back_only_where_the_client_registered() {
        let session = testing::session();
        let hint = hint();
        let there = |uri: &str| Some(uri.to_owned());
        for (text, expected) in [
            (format!("client_id=app&post_logout_redirect_uri={BACK}"), there(BACK)),
            (
                format!("client_id=app&post_logout_redirect_uri={BACK}&state=a%26b+%C3%A9"),
                there("https://app.example/bye?state=a%26b+%C3%A9"),
            ),
            (
                format!("client_id=app&post_logout_redirect_uri={BACK}?x%3D1&state=s"),
                there("https://app.example/bye?x=1&state=s"),
            ),
            (
                "client_id=app&post_logout_redirect_uri=http://127.0.0.1:4711/bye".to_owned(),
                there("http://127.0.0.1:4711/bye"),
            ),
            ("client_id=app".to_owned(), None),
        ] {
            let logout = decided(&text, None, Some(&session));
            assert_eq!(
                (logout.step, location(&logout), logout.problem),
                (Step::Ask, expected, None),
                "{text}"
            );
        }
        for uri in [
            "https://app.example/bye/",
            "https://app.example/bye%3Fx",
            "https://app.example/cb",
            "https://evil.example/bye",
            "https://app.example.evil.example/bye",
            "https://app.example@evil.example/bye",
            "http://127.0.0.1.evil.example/bye",
            "//evil.example",
            "javascript:alert(1)",
        ] {
            for (hint, step) in [(None, Step::Ask), (Some(&hint), Step::Ask)] {
                let text = format!("client_id=app&post_logout_redirect_uri={uri}");
                let logout = decided(&text, hint, Some(&session));
                assert_eq!((logout.step, location(&logout)), (step, None), "{uri}");
                assert!(logout.problem.is_some(), "{uri}");
                assert_eq!(location(&decided(&text, hint, None)), None, "{uri}");
            }
        }
        let unknown = decided(&format!("client_id=other&post_logout_redirect_uri={BACK}"), None, None);
        assert!(unknown.return_to.is_none() && unknown.problem.is_some());
        let nobody = decided(&format!("post_logout_redirect_uri={BACK}"), None, None);
        assert!(nobody.return_to.is_none() && nobody.problem.is_some());
    }

    /// §2: `client_id` must be the audience of the hint.
    #[test]
    fn the_hint_and_the_client_id_agree() {
        let session = testing::session();
        let back = format!("post_logout_redirect_uri={BACK}");
        let by_hint = decided(&back, Some(&hint()), Some(&session));
        assert_eq!((by_hint.step, location(&by_hint).as_deref()), (Step::End, Some(BACK)));
        let mut other = hint();
        other.aud = Audience::One("other".to_owned());
        let logout = decided(&format!("client_id=app&{back}"), Some(&other), Some(&session));
        assert_eq!((logout.step, location(&logout)), (Step::Ask, None));
        assert!(logout.problem.is_some());
        let mut several = hint();
        several.aud = Audience::Several(vec!["app".to_owned(), "other".to_owned()]);
        assert!(decided(&back, Some(&several), Some(&session)).problem.is_some());
        let named = decided(&format!("client_id=app&{back}"), Some(&several), Some(&session));
        assert_eq!((named.step, location(&named).as_deref()), (Step::End, Some(BACK)));
    }

    /// RFC 9700 §4.11.2: whoever registers oneself gets no redirector, not for one's own ID token either.
    #[test]
    fn a_client_that_nobody_vouched_for_needs_a_click_or_the_session() {
        let mut made_itself = client();
        made_itself.origin = ClientOrigin::MetadataDocument { fetched_at: NOW, fresh_until: NOW };
        let params = testing::params(&format!("client_id=app&post_logout_redirect_uri={BACK}"));
        let session = testing::session();
        let own = hint();
        let foreign = IdTokenHint { sub: Id::<()>::from_bytes([9; 16]).to_string(), ..hint() };
        for (client, hint, session, automatic) in [
            (&client(), Hint::Absent, None, true),
            (&made_itself, Hint::Absent, None, false),
            (&made_itself, Hint::Absent, Some(&session), false),
            (&made_itself, Hint::Verified(&own), None, false),
            (&made_itself, Hint::Verified(&foreign), Some(&session), false),
            (&made_itself, Hint::Verified(&own), Some(&session), true),
        ] {
            let logout = decide(&params, hint, ISSUER, Some(client), session);
            assert_eq!(logout.return_to.unwrap().automatic, automatic, "{hint:?} {session:?}");
            let ends = automatic && session.is_some();
            assert_eq!(logout.step == Step::End, ends, "{hint:?} {session:?}");
        }
        made_itself.enabled = false;
        let logout = decide(&params, Hint::Absent, ISSUER, Some(&made_itself), None);
        assert!(logout.return_to.is_none() && logout.problem.is_some());
    }

    #[test]
    fn a_session_takes_the_grants_along_that_the_tenant_says() {
        use SignOutRevokes::{All, None, Online};
        let [online, offline] = ["openid", "openid offline_access"].map(|text| Scope::parse(text).unwrap());
        let lookalike = Scope::parse("openid my_offline_access").unwrap();
        for (setting, ends_online, ends_offline) in
            [(None, false, false), (Online, true, false), (All, true, true)]
        {
            assert_eq!(setting.ends(&online), ends_online, "{setting:?}");
            assert_eq!(setting.ends(&lookalike), ends_online, "{setting:?}");
            assert_eq!(setting.ends(&offline), ends_offline, "{setting:?}");
        }
    }
}
