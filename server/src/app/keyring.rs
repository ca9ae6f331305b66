//! A tenant's signing keys: made, encrypted at rest, parsed once, published.

use std::collections::HashMap;

use grantor_jose::{Algorithm, MasterKey, PublicJwk, SigningKey, VerificationKey, Verified};
use grantor_protocol::model::{KeyId, KeyState, SigningAlgorithm, SigningKeyRecord, TenantId};
use grantor_protocol::{Entropy, Id, Lifetime, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Fault;

/// A key signs for so long before it gets a successor.
pub const ROTATION: Lifetime = Lifetime::from_seconds(90 * 86_400);

/// A successor is published for so long before it signs; caches of the JWKS live shorter.
pub const PUBLICATION: Lifetime = Lifetime::from_seconds(86_400);

/// How long clients may keep the JWKS.
pub const JWKS_MAX_AGE: Lifetime = Lifetime::from_seconds(300);

/// The parsed keys of a tenant.
#[derive(Debug)]
pub struct KeyRing {
    active: HashMap<SigningAlgorithm, SigningKey>,
    verifying: Vec<(String, SigningKey)>,
}

/// The algorithm's name in the JOSE library.
pub const fn jose_algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::ES256 => Algorithm::ES256,
        SigningAlgorithm::RS256 => Algorithm::RS256,
        SigningAlgorithm::PS256 => Algorithm::PS256,
        SigningAlgorithm::EdDSA => Algorithm::EdDSA,
    }
}

/// Makes a key and encrypts its private part under the master key. An RSA key takes a tenth of a
/// second or more of a core: call it where nobody waits.
///
/// # Errors
/// A fault of the cryptographic library.
pub fn generate(
    tenant_id: TenantId,
    algorithm: SigningAlgorithm,
    state: KeyState,
    master: &MasterKey,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<SigningKeyRecord, Fault> {
    let id: KeyId = Id::generate(now, entropy);
    let (key, pkcs8) = SigningKey::generate(jose_algorithm(algorithm), &id.to_string())?;
    let mut nonce = [0; grantor_jose::NONCE_LENGTH];
    entropy.fill(&mut nonce);
    let changes_at = match state {
        KeyState::Published => Some(now + PUBLICATION),
        KeyState::Active => Some(now + ROTATION),
        KeyState::Retired | KeyState::Removed => None,
    };
    Ok(SigningKeyRecord {
        tenant_id,
        id,
        algorithm,
        state,
        public_jwk: serde_json::to_value(key.public_jwk()).map_err(Fault::internal)?,
        sealed_private_key: master.seal(nonce, &associated_data(tenant_id, id), pkcs8.expose())?,
        created_at: now,
        changes_at,
        activated_at: (state == KeyState::Active).then_some(now),
        retired_at: None,
        removed_at: None,
        revoked_at: None,
    })
}

/// What a sealed key is bound to: moved to another tenant or key id it does not open.
pub(super) fn associated_data(tenant_id: TenantId, id: KeyId) -> Vec<u8> {
    [b"grantor signing key".as_slice(), tenant_id.as_bytes(), id.as_bytes()].concat()
}

impl KeyRing {
    /// Decrypts and parses the keys that are published, active or retired.
    ///
    /// # Errors
    /// A key that the master key does not open.
    pub fn open(records: &[SigningKeyRecord], master: &MasterKey) -> Result<Self, Fault> {
        let mut ring = Self { active: HashMap::new(), verifying: vec![] };
        for record in records.iter().filter(|record| record.state != KeyState::Removed) {
            let pkcs8 =
                master.open(&associated_data(record.tenant_id, record.id), &record.sealed_private_key)?;
            let kid = record.id.to_string();
            let key = SigningKey::from_pkcs8(jose_algorithm(record.algorithm), &kid, pkcs8.expose())?;
            if record.state == KeyState::Active {
                ring.active.insert(record.algorithm, key.clone());
            }
            ring.verifying.push((kid, key));
        }
        Ok(ring)
    }

    /// The key that signs with this algorithm, if the tenant has one already.
    pub fn active(&self, algorithm: SigningAlgorithm) -> Option<&SigningKey> {
        self.active.get(&algorithm)
    }

    /// The JWK Set to publish (RFC 7517 §5).
    pub fn jwks(&self) -> impl Serialize + use<> {
        #[derive(Serialize)]
        struct Jwks {
            keys: Vec<PublicJwk>,
        }
        Jwks { keys: self.verifying.iter().map(|(_, key)| key.public_jwk().clone()).collect() }
    }

    /// Whether tokens signed with this key count.
    pub fn holds(&self, kid: &str) -> bool {
        self.verifying.iter().any(|(held, _)| held == kid)
    }

    /// Verifies a token of this tenant's own, of the given `typ`.
    ///
    /// # Errors
    /// Whatever makes it none: another `typ`, an unknown `kid`, a wrong signature.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        typ: &str,
    ) -> Result<Verified<C>, grantor_jose::Error> {
        let header = grantor_jose::Header::peek(token)?;
        let key = self
            .verifying
            .iter()
            .find(|(kid, _)| Some(kid.as_str()) == header.kid.as_deref())
            .map(|(_, key)| key)
            .filter(|_| header.is_typ(typ))
            .ok_or(grantor_jose::Error::NoMatchingKey)?;
        let verification: &VerificationKey = key.verification_key();
        verification.verify(token, &[key.algorithm()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::entropy::SystemEntropy;
    use crate::app::tokens::ACCESS_TOKEN_TYPE;

    const TENANT: TenantId = Id::from_bytes([1; 16]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn key(algorithm: SigningAlgorithm, master: &MasterKey) -> SigningKeyRecord {
        generate(TENANT, algorithm, KeyState::Active, master, NOW, &SystemEntropy::new()).unwrap()
    }

    #[test]
    fn a_sealed_key_opens_only_where_it_belongs() {
        let master = MasterKey::new([1; 32]).unwrap();
        let record = key(SigningAlgorithm::ES256, &master);
        assert!(KeyRing::open(std::slice::from_ref(&record), &master).is_ok());
        let other_tenant = SigningKeyRecord { tenant_id: Id::from_bytes([2; 16]), ..record.clone() };
        assert!(KeyRing::open(&[other_tenant], &master).is_err());
        let other_id = SigningKeyRecord { id: Id::from_bytes([2; 16]), ..record.clone() };
        assert!(KeyRing::open(&[other_id], &master).is_err());
        assert!(KeyRing::open(&[record], &MasterKey::new([2; 32]).unwrap()).is_err());
    }

    #[test]
    fn takes_only_its_own_tokens_of_the_right_type() {
        let master = MasterKey::new([1; 32]).unwrap();
        let record = key(SigningAlgorithm::ES256, &master);
        let ring = KeyRing::open(&[record], &master).unwrap();
        let signing = ring.active(SigningAlgorithm::ES256).unwrap();
        let claims = serde_json::json!({ "sub": "x" });
        let token = signing.sign(ACCESS_TOKEN_TYPE, &claims).unwrap();
        assert!(ring.verify::<serde_json::Value>(&token, ACCESS_TOKEN_TYPE).is_ok());
        let id_token = signing.sign("JWT", &claims).unwrap();
        assert!(ring.verify::<serde_json::Value>(&id_token, ACCESS_TOKEN_TYPE).is_err());
        let foreign = KeyRing::open(&[key(SigningAlgorithm::ES256, &master)], &master).unwrap();
        assert!(foreign.verify::<serde_json::Value>(&token, ACCESS_TOKEN_TYPE).is_err());
    }

    #[test]
    fn the_jwks_has_no_private_part() {
        let master = MasterKey::new([1; 32]).unwrap();
        let records = [key(SigningAlgorithm::ES256, &master), key(SigningAlgorithm::EdDSA, &master)];
        let jwks = serde_json::to_value(KeyRing::open(&records, &master).unwrap().jwks()).unwrap();
        let keys = jwks["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        for (jwk, record) in keys.iter().zip(&records) {
            assert_eq!(jwk["kid"], record.id.to_string());
            assert!(jwk.get("d").is_none() && jwk["use"] == "sig", "{jwk}");
        }
    }
}
