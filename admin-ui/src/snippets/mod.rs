//! Programs that get tokens as one certain client may: to copy and to run.

mod curl;
mod javascript;
mod python;

pub use curl::shell;
use grantor_api::{AuthenticationMethod, Client, GrantType};

/// A way to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Code,
    Device,
    ClientCredentials,
    TokenExchange,
}

impl Flow {
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Code => "Sign in",
            Self::Device => "Device code",
            Self::ClientCredentials => "Client credentials",
            Self::TokenExchange => "Token exchange",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Curl,
    JavaScript,
    Python,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::Curl, Self::JavaScript, Self::Python];

    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }
}

/// The client's ways to tokens.
#[must_use]
pub fn flows(client: &Client) -> Vec<Flow> {
    [
        (GrantType::AuthorizationCode, Flow::Code),
        (GrantType::DeviceCode, Flow::Device),
        (GrantType::ClientCredentials, Flow::ClientCredentials),
        (GrantType::TokenExchange, Flow::TokenExchange),
    ]
    .into_iter()
    .filter(|(grant_type, _)| client.grant_types.contains(grant_type))
    .map(|(_, flow)| flow)
    .collect()
}

/// The program.
///
/// # Errors
/// Why there is none in this language.
pub fn snippet(
    client: &Client,
    issuer: &str,
    flow: Flow,
    language: Language,
) -> Result<String, &'static str> {
    let subject = Subject { client, issuer };
    if language != Language::JavaScript && client.dpop_bound_access_tokens {
        return Err(
            "The client's token requests need DPoP proofs (RFC 9449), which take a library: see JavaScript.",
        );
    }
    if language != Language::JavaScript && flow == Flow::Code && client.require_signed_request_object {
        return Err(
            "The client's authorization requests have to be signed (RFC 9101), which takes a library: see JavaScript.",
        );
    }
    match language {
        Language::Curl => Ok(curl::program(subject, flow)),
        Language::JavaScript => Ok(javascript::program(subject, flow)),
        Language::Python => python::program(subject, flow),
    }
}

/// Which client a program is for, and where.
#[derive(Clone, Copy)]
struct Subject<'a> {
    client: &'a Client,
    issuer: &'a str,
}

impl Subject<'_> {
    fn is_public(self) -> bool {
        self.client.token_endpoint_auth_method == AuthenticationMethod::None
    }

    fn needs_key(self) -> bool {
        self.client.token_endpoint_auth_method == AuthenticationMethod::PrivateKeyJwt
    }

    fn needs_certificate(self) -> bool {
        use AuthenticationMethod::{SelfSignedTlsClientAuth, TlsClientAuth};
        [TlsClientAuth, SelfSignedTlsClientAuth].contains(&self.client.token_endpoint_auth_method)
    }

    /// The scope to ask for. A client for itself cannot ask for what speaks of a person.
    fn scope(self, flow: Flow) -> String {
        let person = flow != Flow::ClientCredentials;
        let scopes = self.client.scope.split_whitespace();
        scopes
            .filter(|scope| person || !["openid", "offline_access"].contains(scope))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn redirect_uri(self) -> String {
        self.client.redirect_uris.first().cloned().unwrap_or_default()
    }
}

/// A string of JavaScript and of Python: both read what JSON writes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_kind::{Kind, finished};

    const ISSUER: &str = "https://id.example";

    fn client(kind: Kind) -> Client {
        let mut client: Client = serde_json::from_value(finished(kind.start())).unwrap();
        client.client_id = "it's \"me\"".to_owned();
        client
    }

    fn all(client: &Client) -> Vec<(Flow, Language, Result<String, &'static str>)> {
        flows(client)
            .into_iter()
            .flat_map(|flow| {
                Language::ALL.map(|language| (flow, language, snippet(client, ISSUER, flow, language)))
            })
            .collect()
    }

    #[test]
    fn every_kind_of_client_has_programs_that_name_it() {
        for kind in Kind::ALL {
            let programs = all(&client(kind));
            assert!(!programs.is_empty(), "{kind:?}");
            for (flow, language, program) in programs {
                let program = program.unwrap();
                assert!(program.contains(ISSUER), "{kind:?} {flow:?} {language:?}: {program}");
                let name = match language {
                    // RFC 6749 §2.3.1 encodes what goes into the header.
                    Language::Curl if kind.asks(crate::client_kind::Asked::Authentication) => {
                        "it%27s%20%22me%22"
                    }
                    Language::Curl => r#"'client_id=it'\''s "me"'"#,
                    _ => r#""it's \"me\"""#,
                };
                assert!(program.contains(name), "{kind:?} {flow:?} {language:?}: {program}");
            }
        }
    }

    #[test]
    fn no_program_has_a_line_that_ends_in_spaces_or_a_gap() {
        for kind in Kind::ALL {
            for (.., program) in all(&client(kind)) {
                let program = program.unwrap();
                assert!(program.lines().all(|line| line.trim_end() == line), "{program}");
                assert!(!program.contains("\n\n\n") && !program.contains(" \\\n\n"), "{program}");
            }
        }
    }

    #[test]
    fn a_client_for_itself_asks_for_nothing_of_a_person() {
        let mut client = client(Kind::Service);
        client.scope = "openid orders:read offline_access".to_owned();
        for (.., program) in all(&client) {
            let program = program.unwrap();
            assert!(program.contains("orders:read") && !program.contains("offline_access"), "{program}");
        }
    }

    #[test]
    fn what_takes_a_library_is_shown_with_one() {
        let mut client = client(Kind::Web);
        client.dpop_bound_access_tokens = true;
        client.require_pushed_authorization_requests = true;
        assert!(snippet(&client, ISSUER, Flow::Code, Language::Curl).is_err());
        let program = snippet(&client, ISSUER, Flow::Code, Language::JavaScript).unwrap();
        assert!(program.contains("getDPoPHandle") && program.contains("buildAuthorizationUrlWithPAR"));
        client.dpop_bound_access_tokens = false;
        assert!(snippet(&client, ISSUER, Flow::Code, Language::Curl).unwrap().contains("/par"));
    }

    #[test]
    fn each_way_to_authenticate_is_the_one_of_the_program() {
        let cases = [
            ("none", ["--data-urlencode 'client_id=", "openid.None()", "\"none\""]),
            ("client_secret_basic", ["-u '", "openid.ClientSecretBasic(", "\"client_secret_basic\""]),
            (
                "client_secret_post",
                ["client_secret=$CLIENT_SECRET", "openid.ClientSecretPost(", "\"client_secret_post\""],
            ),
            ("client_secret_jwt", ["client_assertion=", "openid.ClientSecretJwt(", "ClientSecretJWT("]),
            ("private_key_jwt", ["client_assertion=", "openid.PrivateKeyJwt(", "PrivateKeyJWT("]),
            ("tls_client_auth", ["--cert ", "openid.TlsClientAuth()", "session.cert ="]),
        ];
        for (method, expected) in cases {
            let mut client = client(Kind::Device);
            client.token_endpoint_auth_method = serde_json::from_value(method.into()).unwrap();
            for (language, expected) in Language::ALL.into_iter().zip(expected) {
                let program = snippet(&client, ISSUER, Flow::Device, language).unwrap();
                assert!(program.contains(expected), "{method} {language:?}: {program}");
            }
        }
    }
}
