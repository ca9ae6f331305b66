//! The administration console: a client-side rendered Leptos application over the admin API.
//!
//! Only the modules that touch the browser need Leptos, and only the browser's build compiles them;
//! what can be decided without a browser stays outside of them and is tested on the host.

pub mod answer;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod admin_api;
#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod overview;
#[cfg(target_arch = "wasm32")]
mod top_bar;

#[cfg(target_arch = "wasm32")]
pub use app::start;
