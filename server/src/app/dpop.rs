//! DPoP (RFC 9449): proofs that requests bring, and the nonces that they hold.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_jose::{Algorithm, Header, NumericDate, VerificationKey};
use grantor_protocol::claims::Confirmation;
use grantor_protocol::confirmation::{self, Possession, TokenScheme};
use grantor_protocol::dpop::{self, Proof, ProofNonce, ProvenRequest};
use grantor_protocol::metadata::PROOF_ALGORITHMS;
use grantor_protocol::model::TenantId;
use grantor_protocol::{Effect, Error, Secret, Timestamp};
use grantor_store::ApplyError;
use serde::Deserialize;

use super::client_auth::ClientRequest;
use super::{App, Fault, Peer, TenantContext};

/// For so many seconds new proofs get the same nonce; it is taken for as long again.
const NONCE_SECONDS: i64 = 120;

/// The `DPoP` header of a request (RFC 9449 §4.1).
#[derive(Clone, Copy, Debug, Default)]
pub enum DpopHeader<'a> {
    #[default]
    Absent,
    One(&'a str),
    /// Several headers, or one that is no text.
    Unusable,
}

/// A request with an access token, as a protected resource of ours gets it.
#[derive(Clone, Copy)]
pub struct ResourceRequest<'a> {
    pub scheme: TokenScheme,
    pub access_token: &'a str,
    pub method: &'a str,
    pub dpop: DpopHeader<'a>,
    pub peer: &'a Peer,
}

/// Makes and knows the nonces of DPoP proofs (RFC 9449 §8): a keyed hash of tenant and time, so that
/// every node takes what another gave and none has to remember it.
pub struct NonceKey(hmac::Key);

#[derive(Deserialize)]
struct ProofJwt {
    jti: String,
    htm: String,
    htu: String,
    iat: NumericDate,
    ath: Option<String>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct NonceClaim {
    nonce: Option<String>,
}

impl NonceKey {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The nonce for proofs that are made now.
    pub fn current(&self, tenant_id: TenantId, now: Timestamp) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &Self::said(tenant_id, slot(now))))
    }

    fn is_of(&self, nonce: &str, tenant_id: TenantId, slot: i64) -> bool {
        URL_SAFE_NO_PAD
            .decode(nonce)
            .is_ok_and(|tag| hmac::verify(&self.0, &Self::said(tenant_id, slot), &tag).is_ok())
    }

    fn judge(&self, nonce: Option<&str>, tenant_id: TenantId, now: Timestamp) -> ProofNonce {
        match nonce {
            None => ProofNonce::Absent,
            Some(nonce) if [0, 1].iter().any(|age| self.is_of(nonce, tenant_id, slot(now) - age)) => {
                ProofNonce::Valid
            }
            Some(_) => ProofNonce::Unknown,
        }
    }

    fn said(tenant_id: TenantId, slot: i64) -> Vec<u8> {
        [&tenant_id.as_bytes()[..], &slot.to_be_bytes()].concat()
    }
}

const fn slot(now: Timestamp) -> i64 {
    now.unix_seconds().div_euclid(NONCE_SECONDS)
}

impl App {
    /// What a request to one of the endpoints that clients POST to proves to have, beside the client's
    /// credentials: the key of its DPoP proof and the certificate of its connection. `endpoint` is the
    /// endpoint's path under the issuer, such as `/token`. The effect spends the proof; it is to be
    /// applied with the decision.
    ///
    /// # Errors
    /// `invalid_dpop_proof`, `use_dpop_nonce` (RFC 9449 §5, §8); a fault of the store.
    pub async fn possession(
        &self,
        context: &TenantContext,
        request: ClientRequest<'_>,
        endpoint: &str,
    ) -> Result<(Possession, Option<Effect>), Fault> {
        let certificate = request.peer.certificate_thumbprint();
        let uri = format!("{}{endpoint}", context.policy.issuer);
        let proven = ProvenRequest { method: "POST", uri: &uri, access_token: None };
        let (dpop_key, spent) = self.proven_key(context, request.dpop, proven).await?.unzip();
        Ok((Possession { dpop_key, certificate }, spent))
    }

    /// Whether whoever uses an access token is who it was given to: with the proof of its DPoP key (RFC
    /// 9449 §7), over a connection with its certificate (RFC 8705 §3). `uri` is the resource's address.
    ///
    /// # Errors
    /// `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`; a fault of the store.
    pub async fn check_sender(
        &self,
        context: &TenantContext,
        request: ResourceRequest<'_>,
        uri: &str,
        bound: Option<&Confirmation>,
    ) -> Result<(), Fault> {
        confirmation::check_scheme(bound, request.scheme)?;
        let Some(bound) = bound else { return Ok(()) };
        let access_token = Some(request.access_token);
        let proven = ProvenRequest { method: request.method, uri, access_token };
        let proof = match request.scheme {
            TokenScheme::Bearer => None,
            TokenScheme::Dpop => {
                let proof = self.proven_key(context, request.dpop, proven).await?;
                Some(proof.ok_or_else(|| dpop::invalid_proof("it is missing"))?)
            }
        };
        let (dpop_key, spent) = proof.unzip();
        let certificate = request.peer.certificate_thumbprint();
        confirmation::check_sender(bound, &Possession { dpop_key, certificate })?;
        match self.apply(context.tenant.id, spent.into_iter().collect()).await {
            Ok(()) => Ok(()),
            Err(ApplyError::Conflict) => Err(dpop::invalid_proof("it was used before").into()),
            Err(ApplyError::Store(error)) => Err(error.into()),
        }
    }

    /// The `DPoP-Nonce` that an answer to this request has to give (RFC 9449 §8.2): where the proof has
    /// none and needs one, and where the one that it has is not the newest.
    pub fn dpop_nonce(&self, context: &TenantContext, header: DpopHeader<'_>) -> Option<String> {
        let DpopHeader::One(proof) = header else { return None };
        let claim = grantor_jose::unverified_claims::<NonceClaim>(proof).ok()?;
        let (tenant_id, now) = (context.tenant.id, self.now());
        let offered = match claim.nonce {
            None => context.policy.require_dpop_nonce,
            Some(nonce) => !self.nonces.is_of(&nonce, tenant_id, slot(now)),
        };
        offered.then(|| self.nonces.current(tenant_id, now))
    }

    /// The key of the proof in the header, if there is one, and what spends the proof.
    async fn proven_key(
        &self,
        context: &TenantContext,
        header: DpopHeader<'_>,
        request: ProvenRequest<'_>,
    ) -> Result<Option<(String, Effect)>, Fault> {
        let text = match header {
            DpopHeader::Absent => return Ok(None),
            DpopHeader::Unusable => {
                return Err(dpop::invalid_proof("there must be one DPoP header, and in it a JWT").into());
            }
            DpopHeader::One(text) => text,
        };
        let (tenant_id, now) = (context.tenant.id, self.now());
        let proof = self.read_proof(tenant_id, text, now)?;
        let jti = Secret::presented(proof.jti.as_str()).hash();
        let already_spent = self.store.tenant(tenant_id).is_proof_spent(&proof.key, &jti).await?;
        let spent = dpop::check(&proof, request, context.policy.require_dpop_nonce, already_spent, now)?;
        Ok(Some((proof.key, spent)))
    }

    /// Verifies a proof with the key that it carries (RFC 9449 §4.3).
    fn read_proof(&self, tenant_id: TenantId, text: &str, now: Timestamp) -> Result<Proof, Error> {
        let refused = |error: grantor_jose::Error| dpop::invalid_proof(&error.to_string());
        let jwk = Header::peek(text).map_err(refused)?.jwk;
        let jwk = jwk.ok_or_else(|| dpop::invalid_proof("the header has no jwk"))?;
        let key = VerificationKey::from_jwk(&jwk).map_err(refused)?;
        let allowed: Vec<Algorithm> = PROOF_ALGORITHMS.iter().filter_map(|name| name.parse().ok()).collect();
        let verified = key.verify::<ProofJwt>(text, &allowed).map_err(refused)?;
        let jwk = key.public_jwk().ok_or_else(|| dpop::invalid_proof("the header has no public key"))?;
        let ProofJwt { jti, htm, htu, iat, ath, nonce } = verified.claims;
        Ok(Proof {
            typ: verified.header.typ,
            key: jwk.thumbprint_sha256(),
            jti,
            htm,
            htu,
            iat: Timestamp::from_unix_seconds(iat.0),
            ath,
            nonce: self.nonces.judge(nonce.as_deref(), tenant_id, now),
        })
    }
}

#[cfg(test)]
mod tests {
    use grantor_protocol::{Id, Lifetime};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    /// RFC 9449 §8: for its tenant, on every node, and not for long.
    #[test]
    fn a_nonce_lives_for_two_to_four_minutes() {
        let (key, tenant_id) = (NonceKey::new(&[1; 32]), Id::from_bytes([1; 16]));
        let nonce = key.current(tenant_id, NOW);
        let after = |seconds| NOW + Lifetime::from_seconds(seconds);
        for seconds in [0, 119, 120, 239] {
            let judged = NonceKey::new(&[1; 32]).judge(Some(&nonce), tenant_id, after(seconds));
            assert_eq!(judged, ProofNonce::Valid, "{seconds}");
        }
        assert_eq!(key.judge(Some(&nonce), tenant_id, after(240)), ProofNonce::Unknown);
        assert_eq!(key.judge(Some(&nonce), tenant_id, NOW - Lifetime::from_seconds(1)), ProofNonce::Unknown);
        assert_eq!(key.judge(Some(&nonce), Id::from_bytes([2; 16]), NOW), ProofNonce::Unknown);
        assert_eq!(NonceKey::new(&[2; 32]).judge(Some(&nonce), tenant_id, NOW), ProofNonce::Unknown);
        for other in ["", "x", "\u{0}", &nonce[1..], &nonce.to_lowercase()] {
            assert_eq!(key.judge(Some(other), tenant_id, NOW), ProofNonce::Unknown, "{other}");
        }
        assert_eq!(key.judge(None, tenant_id, NOW), ProofNonce::Absent);
    }
}
