//! The protocol's endpoints and pages, one theme a file.

mod assertion;
mod bad_input;
mod code_flow;
mod misplaced;
mod races;
