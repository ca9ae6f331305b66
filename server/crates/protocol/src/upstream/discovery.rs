//! What a provider says of itself (OpenID Connect Discovery §3).

use serde::Deserialize;
use url::{Host, Url};

/// What is needed of a provider's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: Option<String>,
    pub jwks_uri: String,
    /// The provider names itself in every authorization response (RFC 9207 §3).
    pub names_itself: bool,
    token_endpoint_auth_methods: Vec<String>,
}

/// How to authenticate at the token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// `none`
    None,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    response_types_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Where an issuer's configuration is (OpenID Connect Discovery §4).
pub fn configuration_address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

impl ProviderMetadata {
    /// Reads the configuration of the provider with this issuer.
    ///
    /// # Errors
    /// What is wrong with it, for an administrator. Another issuer than the one that was asked is refused byte
    /// for byte (OpenID Connect Discovery §4.3, RFC 8414 §3.3): it would answer in somebody else's name.
    pub fn read(issuer: &str, document: &[u8]) -> Result<Self, String> {
        let document: Document =
            serde_json::from_slice(document).map_err(|error| format!("is no configuration: {error}"))?;
        if document.issuer != issuer {
            return Err("names another issuer than the one that was asked".to_owned());
        }
        for (name, address) in [
            ("authorization_endpoint", Some(&document.authorization_endpoint)),
            ("token_endpoint", Some(&document.token_endpoint)),
            ("jwks_uri", Some(&document.jwks_uri)),
            ("userinfo_endpoint", document.userinfo_endpoint.as_ref()),
        ] {
            if address.is_some_and(|address| !is_endpoint(address)) {
                return Err(format!("has an {name} that is not https"));
            }
        }
        let takes_codes = |types: &Vec<String>| types.iter().any(|held| held == "code");
        if !document.response_types_supported.as_ref().is_none_or(takes_codes) {
            return Err("does not support the response type code".to_owned());
        }
        Ok(Self {
            issuer: document.issuer,
            authorization_endpoint: document.authorization_endpoint,
            token_endpoint: document.token_endpoint,
            userinfo_endpoint: document.userinfo_endpoint,
            jwks_uri: document.jwks_uri,
            names_itself: document.authorization_response_iss_parameter_supported,
            // OpenID Connect Discovery §3: what a provider means that says nothing.
            token_endpoint_auth_methods: document
                .token_endpoint_auth_methods_supported
                .unwrap_or_else(|| vec!["client_secret_basic".to_owned()]),
        })
    }

    /// How a client with or without a secret authenticates there.
    ///
    /// # Errors
    /// The provider takes neither of what can be done.
    pub fn client_authentication(&self, has_secret: bool) -> Result<ClientAuthentication, &'static str> {
        let takes = |name: &str| self.token_endpoint_auth_methods.iter().any(|held| held == name);
        match has_secret {
            false => Ok(ClientAuthentication::None),
            true if takes("client_secret_basic") => Ok(ClientAuthentication::Basic),
            true if takes("client_secret_post") => Ok(ClientAuthentication::Post),
            true => Err("takes neither client_secret_basic nor client_secret_post"),
        }
    }
}

/// Absolute, https or of this machine, without a fragment (RFC 6749 §3.1) or user information.
pub(super) fn is_endpoint(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let is_this_machine = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine);
    is_safe && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}
