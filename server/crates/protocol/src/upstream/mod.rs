//! Signing in through another OpenID Connect provider: this server as its relying party.
//!
//! What the provider publishes ([`ProviderMetadata`]), what it is asked ([`authorization_request`]), what it
//! answers ([`answered`]), the ID token that it vouches with ([`check_id_token`]), what its claims say
//! ([`Identity`]), and whom of the tenant's that makes somebody ([`whose`]).

mod discovery;
mod exchange;
mod id_token;
mod identity;
mod whose;

#[cfg(test)]
mod tests;

pub use discovery::{ClientAuthentication, ProviderMetadata, configuration_address};
pub use exchange::{Answered, FlowSecrets, Wanted, answered, authorization_request};
pub use id_token::{Expected, NotVouched, check_id_token, half_hash};
pub use identity::{Identity, is_email};
pub use whose::{Known, Refused, Whose, provider_for, usernames, whose};

/// The longest issuer, in bytes.
pub const MAX_ISSUER_LENGTH: usize = 1024;

/// The longest `sub` (OpenID Connect Core §2), in bytes.
pub const MAX_SUBJECT_LENGTH: usize = 255;
