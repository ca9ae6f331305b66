//! HTTP: bytes -> use case -> bytes.

pub mod admin;
mod allow;
mod assets;
mod console;
mod console_assets;
pub mod cookies;
mod cors;
mod extract;
mod hosts;
mod limited;
pub mod management;
mod measure;
mod oauth;
pub mod oauth_specification;
mod origins;
mod pages;
mod registration;
mod render;
pub mod request_id;
mod routes;
pub mod serve;
mod tls;

pub use extract::peer;
pub use measure::Metrics;
pub use routes::{Offered, offered, router};
