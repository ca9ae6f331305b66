use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::model::{AuthenticationMethod, GrantType, Lifetimes, SigningAlgorithm, TenantSettings};

/// What is demanded of clients, as a whole that has a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// OAuth 2.1 with the advice of RFC 9700.
    #[default]
    Oauth21,
}

impl Profile {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oauth21 => "oauth21",
        }
    }
}

/// A tenant's settings and profile compiled to what rules read. Metadata is a function of it, so
/// what is advertised is what is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub issuer: String,
    pub lifetimes: Lifetimes,
    pub response_types: Vec<&'static str>,
    pub response_modes: Vec<crate::authorize::ResponseMode>,
    pub grant_types: Vec<GrantType>,
    pub token_endpoint_auth_methods: Vec<AuthenticationMethod>,
    /// Every scope that some client may ask for.
    pub scopes: Scope,
    /// Identifiers of the protected resources that tokens can be for (RFC 8707).
    pub resources: Vec<String>,
    pub access_token_algorithm: SigningAlgorithm,
    pub id_token_algorithm: SigningAlgorithm,
}

/// Scopes that OpenID Connect Core §5.4 and §11 define and this server serves.
pub const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

impl Policy {
    /// Compiles a tenant's settings. `resources` are the protected resources that exist for it.
    pub fn compile(issuer: &str, settings: &TenantSettings, resources: Vec<String>) -> Self {
        let scopes = OPENID_SCOPES
            .iter()
            .map(|scope| (*scope).to_owned())
            .chain(settings.scopes.iter().map(|scope| scope.name.clone()))
            .collect();
        Self {
            issuer: issuer.to_owned(),
            lifetimes: settings.lifetimes,
            response_types: vec!["code"],
            response_modes: crate::authorize::ResponseMode::ALL.to_vec(),
            grant_types: GrantType::ALL.to_vec(),
            token_endpoint_auth_methods: AuthenticationMethod::ALL.to_vec(),
            scopes,
            resources,
            access_token_algorithm: settings.access_token_algorithm.0,
            id_token_algorithm: settings.id_token_algorithm.0,
        }
    }
}
