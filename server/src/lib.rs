//! Grantor: a multi-tenant OAuth 2.1 and OpenID Connect authorization server.
//!
//! `http` turns bytes into calls of `app` and back; `app` loads, lets `protocol` decide, signs and
//! applies; `jobs` does what no request asks for; `apply` makes a server what files say; `cli` starts it all;
//! `messages` has what people read.

pub mod app;
pub mod apply;
pub mod cli;
pub mod config;
pub mod http;
pub mod jobs;
pub mod messages;
