//! The protocol's endpoints and pages, one theme a file.

mod assertion;
mod bad_input;
mod certificates;
mod client_auth;
mod code_flow;
mod console;
mod cors;
mod discovery;
mod dpop;
mod exchange;
mod interaction;
mod jar;
mod key_life;
mod legacy;
mod misplaced;
mod nodes;
mod opaque;
mod pages;
mod par;
mod prompts;
mod races;
mod remote_keys;
mod resources;
mod responses;
mod setup;
mod tokens;
