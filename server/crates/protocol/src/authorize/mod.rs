//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): a request is validated
//! ([`validate`]), a decision says what the person must still do ([`next_step`]), and a response goes
//! to the client ([`grant`], [`deny`]).

mod interaction;
mod request;
mod response;
mod rules;

pub use interaction::{Situation, Step, next_step, sign_in, without_interaction};
pub use request::{AuthorizationRequest, Prompt, ResponseMode, ResponseType};
pub use response::{AuthorizationResponse, Granted, consent, deny, error_response, grant};
pub use rules::{Delivery, Endpoint, Failure, ReturnAddress, validate, validate_device};
