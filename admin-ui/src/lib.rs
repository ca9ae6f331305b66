//! The administration console: a client-side rendered Leptos application over the admin API.
//!
//! Only the modules that touch the browser need Leptos, and only the browser's build compiles them;
//! what can be decided without a browser stays outside of them and is tested on the host.

pub mod address;
pub mod answer;
pub mod changes;
pub mod chart;
pub mod client_kind;
pub mod client_words;
pub mod document;
pub mod duration;
pub mod endpoints;
pub mod event_kinds;
pub mod first_steps;
pub mod leaving;
pub mod passwords;
pub mod permissions;
pub mod place;
pub mod rate;
pub mod rights;
pub mod slug;
pub mod snippets;
pub mod tenant_file;
pub mod timeline;
pub mod trail;
pub mod waiting;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod admin_api;
#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod shell;
#[cfg(target_arch = "wasm32")]
mod transfer;
#[cfg(target_arch = "wasm32")]
mod ui;

#[cfg(target_arch = "wasm32")]
pub use app::start;
