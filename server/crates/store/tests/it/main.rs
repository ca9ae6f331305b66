//! The store through its public interface, every test on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod administration;
mod audit;
mod authenticators;
mod cancellation;
mod changes;
mod device;
mod domains;
mod effects;
mod fixture;
mod guards;
mod identities;
mod jobs;
mod keys;
mod limits;
mod listings;
mod messages;
mod pages;
mod pages_in_order;
mod portability;
mod registration;
mod roles;
mod schema_state;
mod sqlite;
mod sweep;
mod tenancy;
mod webhooks;
