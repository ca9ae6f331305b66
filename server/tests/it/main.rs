//! The real router in process, on both databases, with a frozen clock and seeded randomness.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation fails the test")]

mod admin;
mod apply;
mod architecture;
mod mail;
mod oauth;
mod peer;
mod support;
