mod client;
mod list;
mod new;
mod programs;
mod scopes;

pub use client::Client;
pub use list::Clients;
pub use new::NewClient;
