//! The protocol's endpoints and pages, one theme a file.

mod assertion;
mod bad_input;
mod client_auth;
mod code_flow;
mod console;
mod cors;
mod device;
mod discovery;
mod interaction;
mod key_life;
mod misplaced;
mod nodes;
mod pages;
mod prompts;
mod races;
mod responses;
mod setup;
mod tokens;
