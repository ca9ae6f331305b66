//! The protocol's endpoints and pages, one theme a file.

mod assertion;
mod bad_input;
mod certificates;
mod client_auth;
mod client_id_document;
mod code_flow;
mod console;
mod cors;
mod discovery;
mod dpop;
mod exchange;
mod interaction;
mod key_life;
mod misplaced;
mod nodes;
mod opaque;
mod pages;
mod prompts;
mod races;
mod register;
mod registration_management;
mod remote_keys;
mod resources;
mod responses;
mod setup;
mod tokens;
