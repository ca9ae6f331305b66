//! What the end-to-end checks are made of: the server as a process, private databases, a real browser, a person
//! without one, and the listener of a relying party.
//!
//! Nothing here knows the server's code: it starts programs and speaks HTTP, as anybody outside would.

pub mod admin;
mod axe;
pub mod browser;
pub mod client;
pub mod database;
pub mod html;
pub mod landing;
mod mail;
pub mod node;
pub mod person;
pub mod server;
mod supervisor;
pub mod tls;
pub mod wait;

pub use admin::Admin;
pub use browser::Browser;
pub use client::{Answer, Client};
pub use database::Database;
pub use landing::{Landed, Landing};
pub use node::Script;
pub use person::Person;
pub use server::{Installation, Server};
