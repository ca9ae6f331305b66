use serde::{Deserialize, Serialize};

use crate::model::{
    AuthenticationMethod, Client, Grant, GrantType, Lifetimes, SigningAlgorithm, TenantSettings,
};
use crate::{Error, ErrorCode, Scope, Timestamp};

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

impl Policy {
    /// The scope that a client gets for `asked`; for none, all that it may have but
    /// `offline_access`, which has to be asked for (OpenID Connect Core §11).
    ///
    /// # Errors
    /// `invalid_scope` that names what is too much (RFC 6749 §3.3).
    pub fn scope_for(&self, client: &Client, asked: Option<&str>) -> Result<Scope, Error> {
        let invalid = |description: String| Error::new(ErrorCode::InvalidScope, description);
        let Some(asked) = asked else {
            let allowed = client.metadata.scope.iter().filter(|token| *token != "offline_access");
            return Ok(allowed.filter(|token| self.scopes.contains(token)).map(str::to_owned).collect());
        };
        let scope = Scope::parse(asked).map_err(|error| invalid(error.to_string()))?;
        for token in scope.iter() {
            if !self.scopes.contains(token) {
                return Err(invalid(format!("scope {token} is not known here")));
            }
            if !client.metadata.scope.contains(token) {
                return Err(invalid(format!("scope {token} is not allowed for this client")));
            }
        }
        Ok(scope)
    }

    /// Public clients' refresh tokens are replaced at every use (OAuth 2.1 §4.3.1); a confidential
    /// client's are bound to its authentication and stay.
    pub fn rotates_refresh_tokens_of(&self, client: &Client) -> bool {
        client.is_public()
    }

    /// When a refresh token issued now ends. One that is replaced at every use ends when it is not
    /// used; every one ends with the longest life of its grant.
    pub fn refresh_token_expiry(&self, client: &Client, grant: &Grant, now: Timestamp) -> Timestamp {
        let absolute = grant.created_at + self.lifetimes.refresh_token_absolute;
        if self.rotates_refresh_tokens_of(client) {
            absolute.min(now + self.lifetimes.refresh_token_idle)
        } else {
            absolute
        }
    }

    /// Who a client assertion may be addressed to (RFC 7523 §3): the issuer, or the token endpoint
    /// as older clients do.
    pub fn accepts_assertion_audience(&self, audience: &str) -> bool {
        audience == self.issuer || audience.strip_prefix(&self.issuer) == Some("/token")
    }
}
