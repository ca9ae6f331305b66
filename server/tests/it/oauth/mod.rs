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
mod exchange;
mod dpop;
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
mod resources;
mod remote_keys;
mod responses;
mod setup;
mod tokens;
