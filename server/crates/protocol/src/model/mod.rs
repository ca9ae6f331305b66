//! What a tenant holds, as rules see it. The store maps rows to these types and back.

mod audit;
mod authenticator;
mod branding;
mod client;
mod device;
mod domain;
mod factor;
mod grant;
mod identity_provider;
mod interaction;
mod limits;
mod message;
mod registration;
mod resource;
mod session;
mod sign_in;
mod signing_key;
mod tenant;
mod user;
mod webhook;

pub use audit::{Actor, AuditEvent, AuditKind, EventOrigin};
pub use authenticator::{
    Authenticators, Ceremony, CeremonyId, CeremonyPurpose, KnownBrowser, Passkey, PasskeyId, RecoveryCode,
    TotpAuthenticator, TotpId,
};
pub use branding::{Branding, TenantTexts};
pub use client::{
    ApplicationType, AuthenticationMethod, Client, ClientId, ClientMetadata, ClientOrigin, ClientSecret,
    ClientSecretId, GrantType, TokenExchange,
};
pub use device::{
    AdministratorsAnswer, DeviceApprovalRecord, DeviceAuthorization, DeviceAuthorizationId, DeviceMove,
    DeviceState, PersonsAnswer, RequestOrigin,
};
pub use domain::Domain;
pub use factor::{Acr, Factor, amr, is_multi_factor, stepped_up};
pub use grant::{
    Authentication, AuthorizationCode, Consent, Grant, GrantId, OpaqueAccessToken, RefreshToken,
    RevocationReason, TokenId,
};
pub use identity_provider::{
    ClaimMapping, IdentityLink, IdentityProvider, IdentityProviderSettings, LinkByEmail, SealedClientSecret,
    UpstreamPurpose, UpstreamSignIn,
};
pub use interaction::{AccountPage, Interaction, InteractionId, Proven, Purpose, PushedAuthorizationRequest};
pub use limits::{MalformedRate, Metric, Quotas, Rate, RateKind, RateLimits, RateUnit};
pub use message::{AskedIn, Message, MessageId, MessageKind, OneTimeLink};
pub use registration::{
    InitialAccessToken, InitialAccessTokenId, InitialAccessTokenSettings, RegistrationBounds,
};
pub use resource::{AccessTokenFormat, ProtectedResource, ResourceSettings};
pub use session::{FRESH, Idle, Session, SessionId};
pub use sign_in::{
    PasskeyUse, PasswordPolicy, SecondFactorDemand, SignInIdentifier, SignInPolicy, UserVerification,
};
pub use signing_key::{KeyId, KeyState, SigningAlgorithm, SigningKeyRecord};
pub use tenant::{
    AccessTokenAlgorithm, DeviceApproval, IdTokenAlgorithm, Lifetimes, RegistrationMode, RegistrationPolicy,
    ScopeDescription, SignOutRevokes, SoftwareStatementDemand, Tenant, TenantId, TenantSettings,
    TenantStatus, TrustedSoftwareStatementIssuer,
};
pub use user::{PasswordHash, User, UserId, UserProfile, UserStatus};
pub use webhook::{
    DeliveryAttempt, DeliveryState, Webhook, WebhookDelivery, WebhookDisabled, WebhookId, WebhookSecret,
    WebhookSecretId, WebhookSettings,
};
