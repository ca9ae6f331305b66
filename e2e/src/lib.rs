//! End-to-end checks.
