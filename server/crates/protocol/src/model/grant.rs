use serde::{Deserialize, Serialize};

use super::{Acr, ClientId, SessionId, TenantId, UserId};
use crate::claims::{AccessTokenClaims, Confirmation};
use crate::pkce::CodeChallenge;
use crate::{Id, Scope, SecretHash, Timestamp};

/// Identifies a grant.
pub type GrantId = Id<Grant>;

/// Names a token's identifier (`jti`).
#[derive(Clone, Copy, Debug)]
pub enum Token {}

/// Identifies a JWT that we issued (`jti`).
pub type TokenId = Id<Token>;

/// What one user allowed one client at one authorization. Codes and tokens belong to a grant;
/// revoking the grant ends them all.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub tenant_id: TenantId,
    pub id: GrantId,
    pub client_id: ClientId,
    pub user_id: UserId,
    pub scope: Scope,
    /// Resource indicators (RFC 8707 §2) that tokens may be for.
    pub resources: Vec<String>,
    pub authentication: Authentication,
    /// The `nonce` of the authentication request (OpenID Connect Core §3.1.2.1).
    pub nonce: Option<String>,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub revocation_reason: Option<RevocationReason>,
}

/// How and when the user signed in, as ID tokens tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Authentication {
    pub session_id: SessionId,
    pub authenticated_at: Timestamp,
    pub amr: Vec<String>,
}

impl Authentication {
    /// How sure it is that the user is who they say (OpenID Connect Core §2); nothing is claimed where nothing is
    /// known of how they signed in.
    pub fn acr(&self) -> Option<Acr> {
        (!self.amr.is_empty()).then(|| Acr::of(&self.amr))
    }
}

/// Why a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// RFC 9700 §4.5: the code came a second time.
    AuthorizationCodeReplayed,
    /// RFC 9700 §4.5, for the code of a device.
    DeviceCodeReplayed,
    /// RFC 9700 §4.14: the refresh token came again after its retry window.
    RefreshTokenReplayed,
    /// RFC 7009: the client gave it back.
    RevokedByClient,
    /// The user took the consent back.
    RevokedByUser,
    /// An administrator ended it.
    RevokedByAdministrator,
    /// The session in which it was given ended.
    SignedOut,
}

impl RevocationReason {
    pub const ALL: [Self; 7] = [
        Self::AuthorizationCodeReplayed,
        Self::DeviceCodeReplayed,
        Self::RefreshTokenReplayed,
        Self::RevokedByClient,
        Self::RevokedByUser,
        Self::RevokedByAdministrator,
        Self::SignedOut,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCodeReplayed => "authorization_code_replayed",
            Self::DeviceCodeReplayed => "device_code_replayed",
            Self::RefreshTokenReplayed => "refresh_token_replayed",
            Self::RevokedByClient => "revoked_by_client",
            Self::RevokedByUser => "revoked_by_user",
            Self::RevokedByAdministrator => "revoked_by_administrator",
            Self::SignedOut => "signed_out",
        }
    }
}

/// An authorization code (RFC 6749 §4.1.2); a row outlives its use so that a replay is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizationCode {
    pub tenant_id: TenantId,
    pub hash: SecretHash,
    pub grant_id: GrantId,
    pub client_id: ClientId,
    pub redirect_uri: String,
    pub code_challenge: Option<CodeChallenge>,
    /// Thumbprint of the DPoP key that the code is bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub consumed_at: Option<Timestamp>,
}

/// A refresh token; rotated ones stay until they expire so that a replay is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshToken {
    pub tenant_id: TenantId,
    pub hash: SecretHash,
    pub grant_id: GrantId,
    pub client_id: ClientId,
    /// What a public client must prove to have in order to use the token (RFC 9449 §5, RFC 8705 §4).
    pub confirmation: Option<Confirmation>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub rotated_at: Option<Timestamp>,
}

/// An opaque access token: the claims that a JWT would carry, under the hash of the handle.
#[derive(Clone, Debug, PartialEq)]
pub struct OpaqueAccessToken {
    pub tenant_id: TenantId,
    pub hash: SecretHash,
    pub claims: AccessTokenClaims,
    pub expires_at: Timestamp,
}

/// A remembered answer on the consent page: what a user lets a client have without asking again.
#[derive(Clone, Debug, PartialEq)]
pub struct Consent {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub client_id: ClientId,
    pub scope: Scope,
    pub resources: Vec<String>,
    /// Hash of what the page said of a self-made client: when that changes, the person is asked again.
    pub client_fingerprint: Option<SecretHash>,
    pub given_at: Timestamp,
}
