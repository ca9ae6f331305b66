//! The protocol's endpoints and pages, one theme a file.

mod assertion;
mod bad_input;
mod client_auth;
mod code_flow;
mod console;
mod cors;
mod discovery;
mod interaction;
mod key_life;
mod logout;
mod metadata_matrix;
mod misplaced;
mod nodes;
mod pages;
mod prompts;
mod races;
mod responses;
mod setup;
mod specification;
mod tokens;
