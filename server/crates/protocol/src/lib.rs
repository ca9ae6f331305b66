//! The rules of OAuth 2.1 and OpenID Connect as pure functions.
//!
//! Nothing here knows a runtime, a clock, a database or a socket. A rule takes what was asked, what
//! was loaded, the tenant's [`Policy`], the time and a source of randomness, and gives a
//! [`Decision`]: the [`Effect`]s to write and the outcome to answer.

pub mod authorize;
pub mod certificate;
pub mod claims;
pub mod client_auth;
pub mod client_id_document;
pub mod confirmation;
pub mod device;
pub mod domain;
pub mod dpop;
mod effect;
mod entropy;
mod error;
mod id;
pub mod introspect;
pub mod logout;
pub mod message;
pub mod metadata;
pub mod model;
mod params;
pub mod password;
pub mod pkce;
mod policy;
pub mod rate;
pub mod redirect_uri;
pub mod register;
pub mod registration;
pub mod resource;
pub mod revoke;
mod scope;
mod secret;
pub mod sign_in;
#[cfg(test)]
mod testing;
mod time;
pub mod token;
pub mod upstream;
pub mod userinfo;
pub mod webhook;

pub use effect::{Decision, Effect};
pub use entropy::Entropy;
pub use error::{Error, ErrorCode};
pub use id::{Id, NotAnId};
pub use params::{ParamLimits, Params};
pub use policy::{Capabilities, Demands, OPENID_SCOPES, Policy, Profile, ResourceRules};
pub use scope::{MalformedScope, Scope};
pub use secret::{Secret, SecretHash, SecretKind};
pub use time::{Lifetime, Timestamp};
