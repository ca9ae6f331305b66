//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): a request is validated
//! ([`validate`]), a decision says what the person must still do ([`next_step`]), and a response goes
//! to the client ([`grant`], [`refuse`]). A request may also have been pushed before ([`push`], RFC 9126)
//! or come as a [`request_object`] (RFC 9101).

mod interaction;
mod presented;
mod pushed;
mod request;
pub mod request_object;
mod response;
mod rules;

pub use interaction::{Situation, Step, next_step, sign_in, step_up, without_interaction};
pub use presented::{Presented, presented};
pub use pushed::{PushedResponse, push, pushed};
pub use request::{AuthorizationRequest, Prompt, ResponseMode, ResponseType};
pub use response::{Answer, AuthorizationResponse, Granted, consent, deny, error_response, grant, refuse};
pub use rules::{
    Delivery, Endpoint, Failure, IdTokenHint, ReturnAddress, Submitted, known_client, validate,
    validate_device,
};
