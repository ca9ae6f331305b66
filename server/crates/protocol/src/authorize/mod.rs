//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): a request is validated,
//! a decision says what the person must still do, a response goes to the client.

mod request;

pub use request::{AuthorizationRequest, Prompt, ResponseMode};
