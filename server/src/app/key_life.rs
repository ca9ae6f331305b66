//! The life of a tenant's signing keys: published -> active -> retired -> removed.

use std::sync::Arc;

use grantor_protocol::Timestamp;
use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, KeyId, KeyState, Lifetimes, SigningAlgorithm, SigningKeyRecord, TenantId,
};
use grantor_store::{Change, ChangeKind, KeyChange, WriteError};

use super::{App, Fault, keyring};

impl App {
    /// Makes and stores a key. Another node may have been faster; then its key is the one.
    ///
    /// # Errors
    /// A fault of the store or of the cryptographic library.
    pub async fn make_key(
        &self,
        tenant_id: TenantId,
        algorithm: SigningAlgorithm,
        state: KeyState,
    ) -> Result<(), Fault> {
        let record = self.new_key(tenant_id, algorithm, state).await?;
        let event = self.key_event(record.id, state, Actor::System);
        match self.store.tenant(tenant_id).insert_key(&record, vec![event]).await {
            Ok(()) | Err(WriteError::Conflict { field: "algorithm" }) => {}
            Err(error) => return Err(Fault::internal(error)),
        }
        self.forget_keys(tenant_id);
        Ok(())
    }

    /// A key that is not stored yet, made on a thread where nobody waits.
    ///
    /// # Errors
    /// A fault of the cryptographic library.
    pub(super) async fn new_key(
        &self,
        tenant_id: TenantId,
        algorithm: SigningAlgorithm,
        state: KeyState,
    ) -> Result<SigningKeyRecord, Fault> {
        let (master, entropy) = (Arc::clone(&self.master), Arc::clone(&self.entropy));
        let now = self.now();
        tokio::task::spawn_blocking(move || {
            keyring::generate(tenant_id, algorithm, state, &master, now, entropy.as_ref())
        })
        .await
        .map_err(Fault::internal)?
    }

    /// Publishes a successor of the tenant's key, to sign once caches of the JWKS know it. With a
    /// successor published already there is nothing to do.
    ///
    /// # Errors
    /// A fault of the store or of the cryptographic library.
    pub async fn rotate_key(&self, tenant_id: TenantId, algorithm: SigningAlgorithm) -> Result<(), Fault> {
        self.make_key(tenant_id, algorithm, KeyState::Published).await
    }

    /// Takes the step that is due in a key's life: a published key starts to sign in place of the
    /// active one, an active one gets a successor, a retired one leaves the JWKS. A step that another
    /// node took first is no error.
    ///
    /// # Errors
    /// A fault of the store or of the cryptographic library.
    pub async fn take_key_step(&self, key: &SigningKeyRecord) -> Result<(), Fault> {
        let at = self.now();
        let step =
            |to| vec![KeyChange { id: key.id, from: key.state, to, changes_at: None, at, revoked: false }];
        let changes = match key.state {
            KeyState::Published => self.activation(key).await?,
            KeyState::Active => {
                self.rotate_key(key.tenant_id, key.algorithm).await?;
                // Until the successor takes over there is nothing more to do for this one.
                step(KeyState::Active)
            }
            KeyState::Retired | KeyState::Removed => step(KeyState::Removed),
        };
        let audit =
            changes.iter().map(|change| self.key_event(change.id, change.to, Actor::System)).collect();
        match self.store.tenant(key.tenant_id).change_keys(changes, None, audit).await {
            Ok(()) | Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
            Err(error) => return Err(Fault::internal(error)),
        }
        self.forget_keys(key.tenant_id);
        Ok(())
    }

    async fn activation(&self, key: &SigningKeyRecord) -> Result<Vec<KeyChange>, Fault> {
        let tenant = self.store.tenants().by_id(key.tenant_id).await?.ok_or(Fault::UnknownTenant)?;
        let held = self.store.tenant(key.tenant_id).signing_keys().await?;
        Ok(activation(key, &held, tenant.settings.lifetimes, self.now()))
    }

    fn forget_keys(&self, tenant_id: TenantId) {
        self.changed(&Change::In { tenant_id, kind: ChangeKind::Keys });
    }

    pub(super) fn key_event(&self, id: KeyId, state: KeyState, actor: Actor) -> AuditEvent {
        let mut event = self.event(AuditKind::KeyChanged, actor, id.to_string());
        event.detail = serde_json::json!({ "state": state });
        event
    }
}

/// The published key signs from now on; those of its algorithm that did stay in the JWKS until all that
/// they signed has expired.
pub(super) fn activation(
    key: &SigningKeyRecord,
    held: &[SigningKeyRecord],
    lifetimes: Lifetimes,
    now: Timestamp,
) -> Vec<KeyChange> {
    let signing = |held: &&SigningKeyRecord| {
        held.algorithm == key.algorithm && held.state == KeyState::Active && held.id != key.id
    };
    let activated = KeyChange {
        id: key.id,
        from: KeyState::Published,
        to: KeyState::Active,
        changes_at: Some(now + keyring::ROTATION),
        at: now,
        revoked: false,
    };
    let retired = held.iter().filter(signing).map(|held| retirement(held.id, lifetimes, now));
    retired.chain([activated]).collect()
}

/// The active key signs no more.
pub(super) fn retirement(id: KeyId, lifetimes: Lifetimes, now: Timestamp) -> KeyChange {
    let until = now + lifetimes.access_token.max(lifetimes.id_token) + keyring::JWKS_MAX_AGE;
    KeyChange {
        id,
        from: KeyState::Active,
        to: KeyState::Retired,
        changes_at: Some(until),
        at: now,
        revoked: false,
    }
}
