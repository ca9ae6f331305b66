//! The admin API's types, shared by the server (with feature `openapi`) and the console.
//!
//! A document is written as it is read: members that the server alone decides are ignored where they
//! come back in a request, so what GET gave can be changed and sent with PUT.

mod audit_event;
mod authenticator;
mod client;
mod client_secret;
mod device;
mod domain;
mod grant;
mod identity_provider;
mod initial_access_token;
mod job;
mod key;
mod limits;
mod me;
mod page;
mod problem;
mod protected_resource;
mod registration_policy;
mod role;
mod role_assignment;
mod secret_text;
mod session;
mod sign_in;
mod sort;
mod stats;
mod tenant;
mod tenant_export;
mod usage;
mod user;
mod webhook;

pub use audit_event::{
    ActorKind, AuditActor, AuditEvent, AuditFault, AuditOrder, AuditVerification, BrokenAuditEvent,
};
pub use authenticator::{Authenticator, AuthenticatorKind, Passkey};
pub use client::{
    ApplicationType, AuthenticationMethod, Client, ClientOrigin, GrantType, ResponseType, TokenExchange,
};
pub use client_secret::{ClientSecret, NewClientSecret};
pub use device::{DeviceApprovalAnswer, DeviceAuthorization, DeviceState};
pub use domain::{Domain, DomainChallenge, DomainState};
pub use grant::{Grant, RevocationReason};
pub use identity_provider::{ClaimMapping, IdentityLink, IdentityProvider, LinkByEmail};
pub use initial_access_token::InitialAccessToken;
pub use job::{Job, JobKind, JobState};
pub use key::{Key, KeyRotation, KeyState, KeyUse, NewKey};
pub use limits::{Quotas, RateLimit, RateLimits, RateUnit};
pub use me::{HeldPermissions, HeldRole, Me};
pub use page::Page;
pub use problem::{FieldProblem, Problem};
pub use protected_resource::ProtectedResource;
pub use registration_policy::{
    RegistrationMode, RegistrationPolicy, SoftwareStatementDemand, TrustedSoftwareStatementIssuer,
};
pub use role::{Permission, Role};
pub use role_assignment::{RoleAssignment, SubjectType};
pub use secret_text::SecretText;
pub use session::{Session, SessionState};
pub use sign_in::{
    PasskeyUse, PasswordPolicy, SecondFactorDemand, SignInIdentifier, SignInPolicy, UserVerification,
};
pub use sort::{ClientSort, TenantSort, UserSort};
pub use stats::{Stats, StatsCounts, StatsPoint, StatsPresent, StatsResolution};
pub use tenant::{
    AccessTokenFormat, Branding, DeviceApproval, Lifetimes, Profile, ScopeDescription, SignOutRevokes,
    SigningAlgorithm, Tenant, TenantSettings, TenantStatus, TenantTexts,
};
pub use tenant_export::TenantExport;
pub use usage::{Count, Usage};
pub use user::{NewPassword, User, UserProfile, UserStatus};
pub use webhook::{
    Webhook, WebhookDelivery, WebhookDeliveryState, WebhookDisabledReason, WebhookReplay,
    WebhookSecretRotation,
};
