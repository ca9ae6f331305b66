use serde::{Deserialize, Serialize};

use super::{InteractionId, SessionId, TenantId, UserId};
use crate::{SecretHash, Timestamp};

/// Another OpenID Connect provider, whose word the tenant takes for who somebody is.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityProvider {
    pub tenant_id: TenantId,
    /// Its key: a short name for addresses.
    pub name: String,
    pub enabled: bool,
    pub settings: IdentityProviderSettings,
    /// None for a public client (RFC 6749 §2.1), which PKCE alone protects.
    pub client_secret: Option<SealedClientSecret>,
    /// Counts changes.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the tenant's administrators choose for a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProviderSettings {
    /// For people, on the button.
    pub display_name: String,
    /// Compared byte for byte. It never changes: who people are at one issuer says nothing of another's.
    pub issuer: String,
    /// This tenant's identifier there.
    pub client_id: String,
    pub scopes: String,
    /// The place of its button; those of the same are in the order of their names.
    pub position: i64,
    pub claims: ClaimMapping,
    /// Whether somebody whom nobody knows yet becomes a user.
    pub create_users: bool,
    pub link_by_email: LinkByEmail,
    /// Mail domains, in lower case, whose people are sent here.
    pub domains: Vec<String>,
}

/// Which claims of a provider say what (OpenID Connect Core §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimMapping {
    pub username: String,
    pub email: String,
    pub email_verified: String,
    pub name: String,
    pub given_name: String,
    pub family_name: String,
    pub picture: String,
    pub locale: String,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self {
            username: "preferred_username".to_owned(),
            email: "email".to_owned(),
            email_verified: "email_verified".to_owned(),
            name: "name".to_owned(),
            given_name: "given_name".to_owned(),
            family_name: "family_name".to_owned(),
            picture: "picture".to_owned(),
            locale: "locale".to_owned(),
        }
    }
}

/// Whether an address makes two people one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkByEmail {
    #[default]
    Never,
    /// Where the provider says that it has verified the address, which is believed, and it is a user's
    /// verified address here.
    Verified,
}

/// A secret of ours at a provider, encrypted under the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedClientSecret {
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
}

/// Who somebody is at a provider, and here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityLink {
    pub tenant_id: TenantId,
    /// The name of the provider.
    pub provider: String,
    /// The provider's `sub`.
    pub subject: String,
    pub user_id: UserId,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// A browser that was sent to a provider and has not come back yet.
#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamSignIn {
    pub tenant_id: TenantId,
    /// Of its `state`.
    pub hash: SecretHash,
    /// Of the cookie of the browser that was sent; another one that comes back is refused.
    pub browser: SecretHash,
    pub provider: String,
    pub purpose: UpstreamPurpose,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub consumed_at: Option<Timestamp>,
}

/// What somebody went to a provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UpstreamPurpose {
    SignIn {
        interaction: InteractionId,
    },
    /// From the account page, to sign in so from now on.
    Link {
        user: UserId,
        session: SessionId,
    },
}
