//! Requests that are done once however often they are sent (draft-ietf-httpapi-idempotency-key-header).
//!
//! A key is reserved before anything is done, and what was answered is kept under it afterwards. Between
//! the two lies a change of its own transaction: a server that dies there leaves a reserved key without an
//! answer, and whoever repeats the request is told that its outcome is not known, instead of having it done
//! a second time.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use grantor_protocol::model::TenantId;
use grantor_protocol::{Lifetime, SecretHash};
use grantor_store::{KeptRequest, Reservation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{AdminFault, Caller, contended};
use crate::app::{ATTEMPTS, App, Fault};

/// How long an answer is kept.
pub const KEPT: Lifetime = Lifetime::from_seconds(24 * 3600);

/// No request takes longer: whoever still has no answer after it died.
const UNDER_WAY: Lifetime = Lifetime::from_seconds(120);

/// Most characters of a key.
const LONGEST_KEY: usize = 255;

/// A request that its caller gave a name to.
pub struct NamedRequest<'a> {
    /// What `Idempotency-Key` says.
    pub key: &'a str,
    pub method: &'a str,
    /// With its query.
    pub path: &'a str,
    pub body: &'a [u8],
}

/// What to do with a named request.
pub enum Idempotent {
    /// It was not done before: do it, and tell what came of it.
    New(ReservedKey),
    /// It was: this is what was answered.
    Repeated(KeptAnswer),
}

/// A key that is this request's.
pub struct ReservedKey {
    tenant_id: TenantId,
    hash: SecretHash,
    rights: SecretHash,
}

/// An answer as it is kept. May hold a secret.
#[derive(Serialize, Deserialize)]
pub struct KeptAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    #[serde(with = "body")]
    pub body: Vec<u8>,
}

/// What is kept: the answer, and whom it is told again.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// A hash of the caller's rights. Whoever has lost some may have lost the right to see this.
    #[serde(with = "body")]
    rights: Vec<u8>,
    answer: KeptAnswer,
}

impl fmt::Debug for KeptAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeptAnswer({})", self.status)
    }
}

mod body {
    use super::{Deserialize, Engine, STANDARD_NO_PAD};

    pub fn serialize<S: serde::Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(body))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD_NO_PAD.decode(text).map_err(serde::de::Error::custom)
    }
}

/// A hash of parts that no other parts have.
fn hash(parts: &[&[u8]]) -> SecretHash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    SecretHash::from_bytes(hasher.finalize().into())
}

/// What a kept answer is bound to.
fn associated_data(key: &ReservedKey) -> Vec<u8> {
    [b"grantor kept answer".as_slice(), key.tenant_id.as_bytes(), key.hash.as_bytes()].concat()
}

impl App {
    /// Reserves the key of a named request, or finds what came of it before. A key is its caller's own,
    /// whatever the operation.
    ///
    /// # Errors
    /// A key that is none; [`AdminFault::KeyReused`], [`AdminFault::UnderWay`],
    /// [`AdminFault::OutcomeUnknown`].
    pub async fn begin_named_request(
        &self,
        caller: &Caller,
        request: &NamedRequest<'_>,
    ) -> Result<Idempotent, AdminFault> {
        let is_key = |key: &str| {
            (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !is_key(request.key) {
            let detail = format!("Idempotency-Key must be 1 to {LONGEST_KEY} visible ASCII characters");
            return Err(AdminFault::BadRequest(detail));
        }
        let key = ReservedKey {
            tenant_id: caller.tenant_id,
            hash: hash(&[
                b"grantor idempotency key",
                caller.subject.to_string().as_bytes(),
                // Another client may have the name that a deleted one had.
                &caller.since.unix_microseconds().to_be_bytes(),
                request.key.as_bytes(),
            ]),
            rights: self.rights_of(caller).await?,
        };
        let fingerprint = hash(&[request.method.as_bytes(), request.path.as_bytes(), request.body]);
        let (now, store) = (self.now(), self.store.tenant(key.tenant_id));
        for _ in 0..ATTEMPTS {
            match store.reserve_key(key.hash, fingerprint, now, now + KEPT).await? {
                Reservation::Made => return Ok(Idempotent::New(key)),
                Reservation::Held(kept) if kept.fingerprint != fingerprint => {
                    return Err(AdminFault::KeyReused);
                }
                Reservation::Held(KeptRequest { answer: Some(sealed), .. }) => {
                    let answer = self.master.open(&associated_data(&key), &sealed).map_err(Fault::from)?;
                    let kept: Kept = serde_json::from_slice(answer.expose()).map_err(Fault::internal)?;
                    if kept.rights != key.rights.as_bytes() {
                        return Err(AdminFault::OutcomeUnknown);
                    }
                    return Ok(Idempotent::Repeated(kept.answer));
                }
                Reservation::Held(kept) if now < kept.reserved_at + UNDER_WAY => {
                    return Err(AdminFault::UnderWay);
                }
                Reservation::Held(_) => return Err(AdminFault::OutcomeUnknown),
                Reservation::Lost => {}
            }
        }
        Err(contended())
    }

    /// A hash of what the caller may do.
    async fn rights_of(&self, caller: &Caller) -> Result<SecretHash, AdminFault> {
        let me = self.me(caller).await?;
        let mut held: Vec<_> = me
            .permissions
            .iter()
            .flat_map(|held| held.permissions.iter().map(move |it| (&held.tenant, &it.resource, &it.action)))
            .collect();
        held.sort_unstable();
        let rights = serde_json::to_vec(&held).map_err(Fault::internal)?;
        Ok(hash(&[b"grantor rights", &rights]))
    }

    /// Keeps what a named request was answered, for whoever repeats it.
    ///
    /// # Errors
    /// Faults of the store: the answer is right all the same, but a repetition will not be told it.
    pub async fn keep_answer(&self, key: ReservedKey, answer: KeptAnswer) -> Result<(), AdminFault> {
        let kept = Kept { rights: key.rights.as_bytes().to_vec(), answer };
        let plain = serde_json::to_vec(&kept).map_err(Fault::internal)?;
        let mut nonce = [0; grantor_jose::NONCE_LENGTH];
        self.entropy.fill(&mut nonce);
        let sealed = self.master.seal(nonce, &associated_data(&key), &plain).map_err(Fault::from)?;
        Ok(self.store.tenant(key.tenant_id).keep_answer(key.hash, sealed).await?)
    }

    /// Gives the key back of a request that was refused: nothing was done, and it may be sent again.
    ///
    /// # Errors
    /// Faults of the store: a repetition will be told that the outcome is not known.
    pub async fn give_key_back(&self, key: ReservedKey) -> Result<(), AdminFault> {
        Ok(self.store.tenant(key.tenant_id).release_key(key.hash).await?)
    }
}
