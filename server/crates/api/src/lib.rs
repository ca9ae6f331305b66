//! The admin API's types, shared by the server (with feature `openapi`) and the console.
//!
//! A document is written as it is read: members that the server alone decides are ignored where they
//! come back in a request, so what GET gave can be changed and sent with PUT.

mod client;
mod device;
mod initial_access_token;
mod job;
mod me;
mod page;
mod problem;
mod protected_resource;
mod registration_policy;
mod secret_text;
mod tenant;
mod tenant_export;
mod user;

pub use client::{
    ApplicationType, AuthenticationMethod, Client, ClientOrigin, GrantType, ResponseType, TokenExchange,
};
pub use device::{DeviceApprovalAnswer, DeviceAuthorization, DeviceState};
pub use initial_access_token::InitialAccessToken;
pub use job::{Job, JobKind, JobState};
pub use me::{HeldRole, Me};
pub use page::Page;
pub use problem::{FieldProblem, Problem};
pub use protected_resource::ProtectedResource;
pub use registration_policy::{RegistrationMode, RegistrationPolicy};
pub use secret_text::SecretText;
pub use tenant::{
    AccessTokenFormat, Branding, DeviceApproval, Lifetimes, Profile, ScopeDescription, SignOutRevokes,
    SigningAlgorithm, Tenant, TenantSettings, TenantStatus,
};
pub use tenant_export::TenantExport;
pub use user::{User, UserProfile, UserStatus};
