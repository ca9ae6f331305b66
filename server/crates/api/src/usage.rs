use serde::{Deserialize, Serialize};

/// What a tenant holds, counted when it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Usage {
    /// Users, locked ones included.
    pub users: Count,
    /// Clients, disabled ones included.
    pub clients: Count,
    /// Sessions in which somebody is signed in.
    pub sessions: Count,
    /// Grants that are not revoked.
    pub grants: Count,
}

/// How many there are. No more than the newest 10,000 of a kind are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Count {
    /// How many there are.
    pub number: u64,
    /// False: there are at least so many, and rows that were not looked at.
    pub exact: bool,
}
