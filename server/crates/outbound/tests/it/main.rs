//! The fetcher through its public interface: strangers' URLs, resolvers and servers.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod addresses;
mod answers;
mod limits;
mod posts;
mod sockets;
mod support;
mod targets;
mod trust;
