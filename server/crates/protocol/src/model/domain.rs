use super::TenantId;
use crate::{Timestamp, domain};

/// A host name of a tenant's, at which its issuer can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    pub tenant_id: TenantId,
    /// Lower-case ASCII, without a port; see [`domain::check`].
    pub domain: String,
    /// What the tenant publishes in the TXT record [`domain::challenge_name`] to show that the domain is its
    /// own. Random, and another one for every tenant: everybody may read it, and nobody can guess it.
    pub challenge: String,
    /// When the record was found. Several tenants may want a domain; one of them has it verified.
    pub verified_at: Option<Timestamp>,
    /// Whether the tenant's issuer is at this domain; one of the tenant's at most, and a verified one.
    pub primary: bool,
    /// Counts changes.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Domain {
    /// Whether these TXT records prove that the domain is the tenant's.
    pub fn is_proven_by(&self, records: &[Vec<u8>]) -> bool {
        records.iter().any(|record| record.trim_ascii() == self.challenge.as_bytes())
    }

    /// The name of the TXT record with [`Self::challenge`].
    pub fn challenge_name(&self) -> String {
        domain::challenge_name(&self.domain)
    }
}
