//! The protocol's endpoints and pages, one theme a file.

mod assertion;
mod bad_input;
mod client_auth;
mod code_flow;
mod misplaced;
mod races;
