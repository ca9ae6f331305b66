//! The admin API's types, shared by the server (with feature `openapi`) and the console.

mod me;

pub use me::{HeldRole, Me};
