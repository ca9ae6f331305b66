//! The token endpoint (RFC 6749 §3.2): one file a grant type. Each reads its parameters into a
//! request and decides.

pub mod client_credentials;
pub mod code;
pub mod exchange;
mod issue;
pub mod refresh;

pub use issue::{AccessTokenPlan, IdTokenPlan, Issuance, TokenResponse};

use crate::confirmation::Possession;
use crate::model::{Client, GrantType};
use crate::{Entropy, Error, ErrorCode, Params, Policy, Timestamp};

/// A token request of an authenticated client, with all that its decision needs beside what is
/// loaded for its grant type.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    pub params: &'a Params,
    pub client: &'a Client,
    pub policy: &'a Policy,
    /// What the request proved to have.
    pub possession: &'a Possession,
    pub now: Timestamp,
    pub entropy: &'a dyn Entropy,
}

/// The grant type of a token request, if the server and the client allow it (RFC 6749 §5.2).
///
/// # Errors
/// `invalid_request`, `unsupported_grant_type` or `unauthorized_client`.
pub fn grant_type(params: &Params, client: &Client, policy: &Policy) -> Result<GrantType, Error> {
    let asked = params.require("grant_type")?;
    let known = |grant_type: &&GrantType| grant_type.as_str() == asked && **grant_type != GrantType::Implicit;
    let grant_type = policy.grant_types.iter().find(known).ok_or_else(|| {
        Error::new(ErrorCode::UnsupportedGrantType, format!("grant_type {asked} is not supported"))
    })?;
    if !client.allows(*grant_type) {
        return Err(Error::new(
            ErrorCode::UnauthorizedClient,
            format!("the client is not registered for the grant type {asked}"),
        ));
    }
    Ok(*grant_type)
}
