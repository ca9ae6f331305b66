//! What people build, and the client that each of those needs: the guided form asks for the rest.

use grantor_api::{ApplicationType, AuthenticationMethod, Client, ClientOrigin, GrantType, Profile};
use serde_json::{Value, json};

/// What somebody builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Web,
    SinglePage,
    Native,
    Device,
    CommandLine,
    Service,
    Agent,
}

/// What a kind of client has to be asked beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    RedirectUris,
    PostLogoutRedirectUris,
    /// A secret, or keys of its own.
    Authentication,
    Resources,
    Consent,
    DeviceApproval,
}

/// A member that the kind decides, and why.
pub struct Set {
    pub member: &'static str,
    pub value: Value,
    pub why: &'static str,
}

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Web,
        Self::SinglePage,
        Self::Native,
        Self::Device,
        Self::CommandLine,
        Self::Service,
        Self::Agent,
    ];

    /// The kind's name in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::SinglePage => "spa",
            Self::Native => "native",
            Self::Device => "device",
            Self::CommandLine => "cli",
            Self::Service => "service",
            Self::Agent => "agent",
        }
    }

    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Web => "Web application",
            Self::SinglePage => "Single-page application",
            Self::Native => "Mobile or desktop app",
            Self::Device => "Device or TV",
            Self::CommandLine => "Command line tool",
            Self::Service => "Service",
            Self::Agent => "AI agent (MCP client)",
        }
    }

    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Web => "Runs on a server that can keep a secret. People sign in with their browser.",
            Self::SinglePage => "Runs in the browser alone, written in JavaScript or WebAssembly.",
            Self::Native => "Is installed on a phone, a tablet or a computer.",
            Self::Device => "Has no keyboard or no browser: people approve it on their phone with a code.",
            Self::CommandLine => "Opens a browser on the same machine, or shows a code where there is none.",
            Self::Service => "Machine to machine: calls an API for itself, without a person.",
            Self::Agent => "Acts for a person through the Model Context Protocol.",
        }
    }

    #[must_use]
    pub fn asks(self, asked: Asked) -> bool {
        let kinds: &[Self] = match asked {
            Asked::RedirectUris => {
                &[Self::Web, Self::SinglePage, Self::Native, Self::CommandLine, Self::Agent]
            }
            Asked::PostLogoutRedirectUris => &[Self::Web, Self::SinglePage],
            Asked::Authentication => &[Self::Web, Self::Service],
            Asked::Resources => &[Self::Service, Self::Agent],
            Asked::Consent => &[Self::Web, Self::SinglePage, Self::Native, Self::Device, Self::CommandLine],
            Asked::DeviceApproval => &[Self::Device, Self::CommandLine],
        };
        kinds.contains(&self)
    }

    /// Whether the client may ask for a scope at all: one that speaks of a person needs a person.
    #[must_use]
    pub fn may_have(self, scope: &str) -> bool {
        self != Self::Service || !["openid", "profile", "email", "offline_access"].contains(&scope)
    }

    /// An example of a redirect URI.
    #[must_use]
    pub const fn redirect_example(self) -> &'static str {
        match self {
            Self::Native => "com.example.app:/callback",
            Self::CommandLine | Self::Agent => "http://127.0.0.1/callback",
            _ => "https://app.example.com/callback",
        }
    }

    /// What the kind decides.
    #[must_use]
    pub fn sets(self) -> Vec<Set> {
        let (grant_types, why_grants) = self.grant_types();
        let native = matches!(self, Self::Native | Self::Device | Self::CommandLine | Self::Agent);
        let secret = self.asks(Asked::Authentication);
        let mut sets = vec![
            Set { member: "grant_types", value: grant_types, why: why_grants },
            Set {
                member: "token_endpoint_auth_method",
                value: json!(if secret { "client_secret_basic" } else { "none" }),
                why: if secret {
                    "It runs where a secret can be kept."
                } else {
                    "Whoever has the program could read a secret in it: PKCE protects its codes instead."
                },
            },
            Set {
                member: "application_type",
                value: json!(if native { "native" } else { "web" }),
                why: if native {
                    "Redirect URIs may be of this machine or of a scheme of the app's own."
                } else {
                    "Redirect URIs are https addresses."
                },
            },
        ];
        if self == Self::Agent {
            sets.push(Set {
                member: "profile",
                value: json!("mcp"),
                why: "What the Model Context Protocol demands of authorization.",
            });
        }
        sets
    }

    fn grant_types(self) -> (Value, &'static str) {
        match self {
            Self::Service => {
                (json!(["client_credentials"]), "It has tokens for itself and asks for new ones at any time.")
            }
            Self::Device => (
                json!([DEVICE_CODE, "refresh_token"]),
                "People enter its code elsewhere (RFC 8628); refresh tokens keep it signed in.",
            ),
            Self::CommandLine => (
                json!(["authorization_code", DEVICE_CODE, "refresh_token"]),
                "With a browser by redirect, without one by code (RFC 8628).",
            ),
            _ => (
                json!(["authorization_code", "refresh_token"]),
                "People sign in by redirect, with PKCE; refresh tokens keep them signed in.",
            ),
        }
    }

    /// The document that the guided form begins with.
    #[must_use]
    pub fn start(self) -> Value {
        let scope = match self {
            Self::Service => "",
            Self::Web | Self::SinglePage => "openid profile email",
            _ => "openid profile email offline_access",
        };
        let mut document = json!({ "client_name": "", "scope": scope });
        for Set { member, value, .. } in self.sets() {
            document[member] = value;
        }
        if self == Self::CommandLine {
            document["redirect_uris"] = json!([self.redirect_example()]);
        }
        document
    }
}

/// What the form holds as the document to create: without what was left empty, and without keys for a client
/// that does not authenticate with keys.
#[must_use]
pub fn finished(form: Value) -> Value {
    let Value::Object(mut members) = form else { return form };
    members.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    if members.get("token_endpoint_auth_method").and_then(Value::as_str) != Some("private_key_jwt") {
        members.remove("jwks");
        members.remove("jwks_uri");
    }
    Value::Object(members)
}

/// What a client is, in words, by what it may do.
#[must_use]
pub fn name(client: &Client) -> &'static str {
    let may = |grant_type| client.grant_types.contains(&grant_type);
    let public = client.token_endpoint_auth_method == AuthenticationMethod::None;
    if client.profile == Some(Profile::Mcp) || client.origin == ClientOrigin::MetadataDocument {
        return "AI agent (MCP)";
    }
    match (may(GrantType::AuthorizationCode), may(GrantType::DeviceCode)) {
        (true, true) if public => "Command line tool",
        (true, _) if !public => "Web application",
        (true, _) if client.application_type == ApplicationType::Native => "Mobile or desktop app",
        (true, _) => "Single-page application",
        (false, true) => "Device",
        (false, false) if may(GrantType::Implicit) => "Legacy web application",
        (false, false) if may(GrantType::ClientCredentials) || may(GrantType::TokenExchange) => "Service",
        (false, false) => "No way to get tokens",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(kind: Kind) -> Client {
        serde_json::from_value(finished(kind.start())).unwrap()
    }

    #[test]
    fn every_kind_is_a_document_of_the_admin_api() {
        for kind in Kind::ALL {
            let client = client(kind);
            let confidential = client.token_endpoint_auth_method != AuthenticationMethod::None;
            assert_eq!(confidential, kind.asks(Asked::Authentication), "{kind:?}");
            // What the server would refuse.
            let refresh = client.grant_types.contains(&GrantType::RefreshToken);
            assert!(refresh || !client.scope.contains("offline_access"), "{kind:?}");
            assert!(confidential || !client.grant_types.contains(&GrantType::ClientCredentials), "{kind:?}");
            let redirects = client.grant_types.contains(&GrantType::AuthorizationCode);
            assert_eq!(redirects, kind.asks(Asked::RedirectUris), "{kind:?}");
            assert!(client.scope.split_whitespace().all(|scope| kind.may_have(scope)), "{kind:?}");
        }
    }

    #[test]
    fn a_kind_is_found_by_its_key_and_known_by_its_client() {
        let names = [
            "Web application",
            "Single-page application",
            "Mobile or desktop app",
            "Device",
            "Command line tool",
            "Service",
            "AI agent (MCP)",
        ];
        for (kind, expected) in Kind::ALL.into_iter().zip(names) {
            assert_eq!(Kind::from_key(kind.key()), Some(kind));
            assert_eq!(name(&client(kind)), expected);
        }
        assert_eq!(Kind::from_key("tv"), None);
    }

    #[test]
    fn what_was_left_empty_is_not_sent() {
        let form = json!({
            "client_id": null, "client_name": "", "redirect_uris": [], "skip_consent": false,
            "token_endpoint_auth_method": "client_secret_basic", "jwks_uri": "https://a.example/jwks",
        });
        let expected = json!({ "skip_consent": false, "token_endpoint_auth_method": "client_secret_basic" });
        assert_eq!(finished(form), expected);
        let keys =
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://a.example/jwks" });
        assert_eq!(finished(keys.clone()), keys);
    }
}
