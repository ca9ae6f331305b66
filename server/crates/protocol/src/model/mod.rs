//! What a tenant holds, as rules see it. The store maps rows to these types and back.

mod audit;
mod client;
mod grant;
mod interaction;
mod session;
mod signing_key;
mod tenant;
mod user;

pub use audit::{Actor, AuditEvent, AuditKind};
pub use client::{
    AuthenticationMethod, Client, ClientId, ClientMetadata, ClientSecret, ClientSecretId, GrantType,
};
pub use grant::{
    Authentication, AuthorizationCode, Consent, Grant, GrantId, RefreshToken, RevocationReason, TokenId,
};
pub use interaction::{Interaction, InteractionId, Purpose};
pub use session::{Session, SessionId};
pub use signing_key::{KeyId, KeyState, SigningAlgorithm, SigningKeyRecord};
pub use tenant::{
    AccessTokenAlgorithm, Branding, IdTokenAlgorithm, Lifetimes, ScopeDescription, Tenant, TenantId,
    TenantSettings, TenantStatus,
};
pub use user::{PasswordHash, User, UserId, UserProfile, UserStatus};
