//! JWT access tokens whose signature was verified before: whoever introspects asks about the same ones
//! again and again, and a signature costs more than all else of an answer.

use std::sync::Arc;

use grantor_protocol::claims::AccessTokenClaims;
use grantor_protocol::model::TenantId;
use grantor_protocol::{Secret, SecretHash, Timestamp};
use quick_cache::sync::Cache;

use super::TenantContext;
use super::tokens::ACCESS_TOKEN_TYPE;

/// Tokens kept in memory, of all tenants together, at about a kilobyte each mostly; the least used
/// ones leave.
const TOKENS: usize = 20_000;

/// Longest token kept, in bytes: bounds the memory as well as the number does.
const LONGEST: usize = 4096;

/// What their signatures proved. Whether a token is expired or revoked is none of it, and asked every
/// time.
pub struct VerifiedTokens {
    tokens: Cache<(TenantId, SecretHash), Verified>,
}

#[derive(Clone)]
struct Verified {
    /// The key that verified it. Key identifiers are never given twice.
    kid: Arc<str>,
    claims: Arc<AccessTokenClaims>,
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self { tokens: Cache::new(TOKENS) }
    }
}

impl VerifiedTokens {
    /// The claims of a JWT access token that the tenant has signed with a key that still counts,
    /// expired ones included.
    pub fn claims(
        &self,
        context: &TenantContext,
        token: &Secret,
        now: Timestamp,
    ) -> Option<Arc<AccessTokenClaims>> {
        let key = (context.tenant.id, token.hash());
        let lives = |claims: &AccessTokenClaims| claims.exp > now.unix_seconds();
        if let Some(held) = self.tokens.get(&key) {
            let counts = context.keys.holds(&held.kid);
            if !counts || !lives(&held.claims) {
                self.tokens.remove(&key);
            }
            return counts.then_some(held.claims);
        }
        let text = token.expose();
        let verified = context.keys.verify::<AccessTokenClaims>(text, ACCESS_TOKEN_TYPE).ok()?;
        let claims = Arc::new(verified.claims);
        let worth_keeping = text.len() <= LONGEST && lives(&claims);
        if let Some(kid) = verified.header.kid.filter(|_| worth_keeping) {
            self.tokens.insert(key, Verified { kid: kid.into(), claims: Arc::clone(&claims) });
        }
        Some(claims)
    }
}
