use serde::{Deserialize, Serialize};

use crate::authorize::{ResponseMode, ResponseType};
use crate::model::{
    AccessTokenFormat, AuthenticationMethod, Client, ClientMetadata, DeviceApproval, Grant, GrantType,
    Lifetimes, ProtectedResource, RegistrationMode, RegistrationPolicy, SignOutRevokes, SigningAlgorithm,
    TenantSettings,
};
use crate::{Error, ErrorCode, Lifetime, Scope, Timestamp};

/// What is demanded of clients, as a whole that has a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// OAuth 2.1 with the advice of RFC 9700.
    #[default]
    Oauth21,
    /// Authorization of the Model Context Protocol: OAuth 2.1, and clients introduce themselves.
    Mcp,
    /// What OAuth 2.1 took away, for old applications and for certification: answers with tokens from
    /// the authorization endpoint, which leak through the browser's history, logs and scripts and can
    /// be bound to nobody, and requests of confidential clients without PKCE, whose codes can be
    /// injected into another's session (RFC 9700 §2.1). Nobody gets it unless a tenant or one client
    /// is set to it.
    OidcLegacy,
}

/// What a profile says of one client's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// Whether an authorization request needs a `code_challenge` (RFC 7636).
    pub pkce: bool,
    /// Whether a person has to have seen a page of ours before the browser goes back to a self-made
    /// client with an error: anybody can make a client to have people sent to its address (RFC 9700
    /// §4.11.2).
    pub seen_before_redirect: bool,
    pub response_types: &'static [ResponseType],
}

impl Profile {
    pub const ALL: [Self; 3] = [Self::Oauth21, Self::Mcp, Self::OidcLegacy];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oauth21 => "oauth21",
            Self::Mcp => "mcp",
            Self::OidcLegacy => "oidc-legacy",
        }
    }

    /// What the profile demands of a client.
    pub const fn demands(self) -> Demands {
        match self {
            Self::Oauth21 | Self::Mcp => Demands {
                pkce: true,
                seen_before_redirect: matches!(self, Self::Mcp),
                response_types: &[ResponseType::Code],
            },
            Self::OidcLegacy => {
                Demands { pkce: false, seen_before_redirect: false, response_types: &ResponseType::ALL }
            }
        }
    }

    pub(crate) const fn registration_mode(self) -> RegistrationMode {
        match self {
            Self::Oauth21 | Self::OidcLegacy => RegistrationMode::Closed,
            Self::Mcp => RegistrationMode::Open,
        }
    }
}

/// What the server was configured with, beside the tenant's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether clients' TLS certificates reach us (RFC 8705): from our own listener or a trusted proxy.
    pub client_certificates: bool,
}

/// A protected resource as rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRules {
    pub identifier: String,
    /// Scopes of this resource alone.
    pub scope: Scope,
    pub access_token_format: AccessTokenFormat,
    /// Whether tokens for it are JWTs whatever clients or other resources want.
    pub signed_only: bool,
    /// Whether clients that nobody vouched for may name it.
    pub for_self_made_clients: bool,
}

/// A tenant's settings and profile compiled to what rules read. Metadata is a function of it, so
/// what is advertised is what is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub issuer: String,
    pub profile: Profile,
    pub lifetimes: Lifetimes,
    pub response_types: Vec<ResponseType>,
    pub response_modes: Vec<ResponseMode>,
    pub grant_types: Vec<GrantType>,
    pub token_endpoint_auth_methods: Vec<AuthenticationMethod>,
    /// Every scope that some client may ask for.
    pub scopes: Scope,
    /// The protected resources that tokens can be for (RFC 8707).
    pub resources: Vec<ResourceRules>,
    pub access_token_algorithm: SigningAlgorithm,
    pub id_token_algorithm: SigningAlgorithm,
    pub require_pushed_authorization_requests: bool,
    pub require_dpop_nonce: bool,
    pub client_certificates: bool,
    pub device_approval: DeviceApproval,
    pub sign_out_revokes: SignOutRevokes,
    pub registration: RegistrationPolicy,
    pub registration_mode: RegistrationMode,
    pub client_id_metadata_documents: bool,
    pub op_policy_uri: Option<String>,
    pub op_tos_uri: Option<String>,
}

/// Scopes that OpenID Connect Core §5.4 and §11 define and this server serves.
pub const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

impl ResourceRules {
    /// A resource of the tenant's.
    pub fn of(resource: &ProtectedResource) -> Self {
        Self {
            identifier: resource.identifier.clone(),
            scope: resource.settings.scope(),
            access_token_format: resource.settings.access_token_format,
            signed_only: false,
            for_self_made_clients: true,
        }
    }

    /// The admin API, which is for clients that an administrator chose. It takes tokens of several
    /// issuers, and only a JWT says whose it is.
    pub fn admin_api(identifier: String) -> Self {
        Self {
            identifier,
            scope: Scope::default(),
            access_token_format: AccessTokenFormat::Jwt,
            signed_only: true,
            for_self_made_clients: false,
        }
    }
}

impl Policy {
    /// Compiles a tenant's settings. `resources` are the protected resources that exist for it.
    pub fn compile(
        issuer: &str,
        settings: &TenantSettings,
        resources: Vec<ResourceRules>,
        capabilities: Capabilities,
    ) -> Self {
        let of_resources = resources.iter().flat_map(|resource| resource.scope.iter().map(str::to_owned));
        let scopes = OPENID_SCOPES
            .iter()
            .map(|scope| (*scope).to_owned())
            .chain(settings.scopes.iter().map(|scope| scope.name.clone()))
            .chain(of_resources)
            .collect();
        let profile = settings.profile;
        let registration = &settings.registration;
        let demands = profile.demands();
        let implicit = demands.response_types.iter().any(|response_type| response_type.gives_tokens());
        let (registration_mode, client_id_metadata_documents) = settings.self_registration();
        Self {
            issuer: issuer.to_owned(),
            profile,
            lifetimes: settings.lifetimes,
            response_types: demands.response_types.to_vec(),
            response_modes: ResponseMode::ALL.to_vec(),
            grant_types: GrantType::ALL
                .into_iter()
                .filter(|grant_type| match grant_type {
                    GrantType::Implicit => implicit,
                    _ => true,
                })
                .collect(),
            token_endpoint_auth_methods: AuthenticationMethod::ALL
                .into_iter()
                .filter(|method| capabilities.client_certificates || !method.uses_certificate())
                // Without authorities there is no certificate that it could be proven by.
                .filter(|method| {
                    *method != AuthenticationMethod::TlsClientAuth
                        || settings.client_certificate_authorities.is_some()
                })
                .collect(),
            scopes,
            resources,
            access_token_algorithm: settings.access_token_algorithm.0,
            id_token_algorithm: settings.id_token_algorithm.0,
            require_pushed_authorization_requests: settings.require_pushed_authorization_requests,
            require_dpop_nonce: settings.require_dpop_nonce,
            client_certificates: capabilities.client_certificates,
            device_approval: settings.device_approval,
            sign_out_revokes: settings.sign_out_revokes,
            registration: registration.clone(),
            registration_mode,
            client_id_metadata_documents,
            op_policy_uri: settings.branding.policy_uri.clone(),
            op_tos_uri: settings.branding.tos_uri.clone(),
        }
    }

    /// What is demanded of this client: its own profile's, or else the tenant's.
    pub fn demands_of(&self, client: &ClientMetadata) -> Demands {
        client.profile.unwrap_or(self.profile).demands()
    }

    /// Whether an error goes back to the client though the person has seen no page of ours.
    pub fn redirects_unseen(&self, client: &Client) -> bool {
        !(client.origin.is_self_made() && self.demands_of(&client.metadata).seen_before_redirect)
    }

    /// Whether the client may ask for this scope. A self-made client registered what it liked, so the
    /// registration policy of today counts.
    pub fn allows_scope(&self, client: &Client, token: &str) -> bool {
        let allowed = self.registration.scope.as_ref().filter(|_| client.origin.is_self_made());
        client.metadata.scope.contains(token) && allowed.is_none_or(|allowed| allowed.contains(token))
    }

    /// The scope that a client gets for `asked`; for none, all that it may have but
    /// `offline_access`, which has to be asked for (OpenID Connect Core §11).
    ///
    /// # Errors
    /// `invalid_scope` that names what is too much (RFC 6749 §3.3).
    pub fn scope_for(&self, client: &Client, asked: Option<&str>) -> Result<Scope, Error> {
        let invalid = |description: String| Error::new(ErrorCode::InvalidScope, description);
        let Some(asked) = asked else {
            let registered = client.metadata.scope.iter().filter(|token| *token != "offline_access");
            let given =
                registered.filter(|token| self.scopes.contains(token) && self.allows_scope(client, token));
            return Ok(given.map(str::to_owned).collect());
        };
        let scope = Scope::parse(asked).map_err(|error| invalid(error.to_string()))?;
        for token in scope.iter() {
            if !self.scopes.contains(token) {
                return Err(invalid(format!("scope {token} is not known here")));
            }
            if !self.allows_scope(client, token) {
                return Err(invalid(format!("scope {token} is not allowed for this client")));
            }
        }
        Ok(scope)
    }

    /// The part of a scope that says something to these resources: without the scopes that belong to
    /// others alone (RFC 8707 §2.2 has every token hold as little as it can).
    pub fn scope_within(&self, scope: &Scope, resources: &[String]) -> Scope {
        if resources.is_empty() {
            return scope.clone();
        }
        let (named, others): (Vec<_>, Vec<_>) =
            self.resources.iter().partition(|resource| resources.contains(&resource.identifier));
        let holds = |held: &[&ResourceRules], token: &str| held.iter().any(|it| it.scope.contains(token));
        scope
            .iter()
            .filter(|token| holds(&named, token) || !holds(&others, token))
            .map(str::to_owned)
            .collect()
    }

    /// The resource with this indicator, if the client may name it.
    pub fn resource_for(&self, client: &Client, identifier: &str) -> Option<&ResourceRules> {
        let allowed = |resource: &&ResourceRules| {
            if client.origin.is_self_made() {
                let chosen = self.registration.resources.as_ref();
                resource.for_self_made_clients
                    && chosen.is_none_or(|chosen| chosen.contains(&resource.identifier))
                    && client
                        .origin
                        .bounds()
                        .and_then(|bounds| bounds.resources.as_ref())
                        .is_none_or(|allowed| allowed.contains(&resource.identifier))
            } else {
                client.metadata.resources.contains(&resource.identifier)
            }
        };
        self.resources.iter().find(|resource| resource.identifier == identifier).filter(allowed)
    }

    /// The form of an access token for these resources: the client's choice, or else opaque if one of
    /// the resources wants it so; a JWT where one of them takes nothing else.
    pub fn access_token_format(&self, client: &Client, resources: &[String]) -> AccessTokenFormat {
        let named = || self.resources.iter().filter(|resource| resources.contains(&resource.identifier));
        if named().any(|resource| resource.signed_only) {
            return AccessTokenFormat::Jwt;
        }
        client.metadata.access_token_format.unwrap_or_else(|| {
            let wanted = named().map(|resource| resource.access_token_format);
            wanted.into_iter().find(|format| *format == AccessTokenFormat::Opaque).unwrap_or_default()
        })
    }

    /// Life of the client's access tokens.
    pub fn access_token_lifetime(&self, client: &Client) -> Lifetime {
        let longest = self.registration.access_token_lifetime.filter(|_| client.origin.is_self_made());
        longest.map_or(self.lifetimes.access_token, |longest| longest.min(self.lifetimes.access_token))
    }

    /// Public clients' refresh tokens are replaced at every use (OAuth 2.1 §4.3.1); a confidential
    /// client's are bound to its authentication and stay.
    pub fn rotates_refresh_tokens_of(&self, client: &Client) -> bool {
        client.is_public()
    }

    /// When a refresh token issued now ends. One that is replaced at every use ends when it is not
    /// used; every one ends with the longest life of its grant.
    pub fn refresh_token_expiry(&self, client: &Client, grant: &Grant, now: Timestamp) -> Timestamp {
        let longest = self.registration.refresh_token_lifetime.filter(|_| client.origin.is_self_made());
        let absolute = longest.map_or(self.lifetimes.refresh_token_absolute, |longest| {
            longest.min(self.lifetimes.refresh_token_absolute)
        });
        let end = grant.created_at + absolute;
        if self.rotates_refresh_tokens_of(client) {
            end.min(now + self.lifetimes.refresh_token_idle)
        } else {
            end
        }
    }

    /// Who approves the client's devices.
    pub fn device_approval_for(&self, client: &Client) -> DeviceApproval {
        client.metadata.device_approval.unwrap_or(self.device_approval)
    }

    /// Who a client assertion may be addressed to (RFC 7523 §3): the issuer, or the token endpoint
    /// as older clients do.
    pub fn accepts_assertion_audience(&self, audience: &str) -> bool {
        audience == self.issuer || audience.strip_prefix(&self.issuer) == Some("/token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn rules(identifier: &str, scope: &str, access_token_format: AccessTokenFormat) -> ResourceRules {
        ResourceRules {
            identifier: identifier.to_owned(),
            scope: Scope::parse(scope).unwrap_or_default(),
            access_token_format,
            signed_only: false,
            for_self_made_clients: true,
        }
    }

    /// A tenant with the resources `jwt`, `opaque`, `both` and the admin API.
    fn policy() -> Policy {
        let resources = vec![
            ResourceRules::admin_api("admin".to_owned()),
            rules("jwt", "a shared", AccessTokenFormat::Jwt),
            rules("opaque", "b shared", AccessTokenFormat::Opaque),
        ];
        Policy::compile(testing::ISSUER, &TenantSettings::default(), resources, Capabilities::default())
    }

    #[test]
    fn who_decides_the_form_of_an_access_token() {
        use AccessTokenFormat::{Jwt, Opaque};
        for (chosen, resources, expected) in [
            (None, &[][..], Jwt),
            (None, &["jwt"], Jwt),
            (None, &["opaque"], Opaque),
            (None, &["jwt", "opaque"], Opaque),
            (Some(Opaque), &[], Opaque),
            (Some(Opaque), &["jwt"], Opaque),
            (Some(Jwt), &["opaque"], Jwt),
            (Some(Opaque), &["admin"], Jwt),
            (Some(Opaque), &["opaque", "admin"], Jwt),
            (None, &["opaque", "admin"], Jwt),
        ] {
            let mut client = testing::client();
            client.metadata.access_token_format = chosen;
            let resources: Vec<_> = resources.iter().copied().map(str::to_owned).collect();
            let format = policy().access_token_format(&client, &resources);
            assert_eq!(format, expected, "{chosen:?} {resources:?}");
        }
    }

    /// RFC 8707 §2.2: a token carries no scope that says something to others alone.
    #[test]
    fn a_scope_within_resources() {
        let scope = Scope::parse("openid a b shared").unwrap_or_default();
        for (resources, expected) in [
            (&[][..], "openid a b shared"),
            (&["jwt"], "openid a shared"),
            (&["opaque"], "openid b shared"),
            (&["jwt", "opaque"], "openid a b shared"),
            (&["admin"], "openid"),
        ] {
            let resources: Vec<_> = resources.iter().copied().map(str::to_owned).collect();
            let within = policy().scope_within(&scope, &resources);
            assert_eq!(within.to_string(), expected, "{resources:?}");
        }
    }
}
