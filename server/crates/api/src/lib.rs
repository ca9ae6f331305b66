//! The admin API's types, shared by the server (with feature `openapi`) and the console.
//!
//! A document is written as it is read: members that the server alone decides are ignored where they
//! come back in a request, so what GET gave can be changed and sent with PUT.

mod client;
mod me;
mod page;
mod problem;
mod secret_text;
mod tenant;
mod user;

pub use client::{AuthenticationMethod, Client, GrantType};
pub use me::{HeldRole, Me};
pub use page::Page;
pub use problem::{FieldProblem, Problem};
pub use secret_text::SecretText;
pub use tenant::{
    Branding, Lifetimes, Profile, ScopeDescription, SigningAlgorithm, Tenant, TenantSettings, TenantStatus,
};
pub use user::{User, UserProfile, UserStatus};
