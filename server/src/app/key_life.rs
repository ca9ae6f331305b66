//! The life of a tenant's signing keys: published -> active -> retired -> removed.

use std::sync::Arc;

use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, KeyId, KeyState, SigningAlgorithm, SigningKeyRecord, TenantId,
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
        let (master, entropy) = (Arc::clone(&self.master), Arc::clone(&self.entropy));
        let now = self.now();
        let record = tokio::task::spawn_blocking(move || {
            keyring::generate(tenant_id, algorithm, state, &master, now, entropy.as_ref())
        })
        .await
        .map_err(Fault::internal)??;
        let event = self.key_event(record.id, state, Actor::System);
        match self.store.tenant(tenant_id).insert_key(&record, vec![event]).await {
            Ok(()) | Err(WriteError::Conflict { field: "algorithm" }) => {}
            Err(error) => return Err(Fault::internal(error)),
        }
        self.forget_keys(tenant_id);
        Ok(())
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
        let changes = match key.state {
            KeyState::Published => self.activation(key).await?,
            KeyState::Active => {
                self.rotate_key(key.tenant_id, key.algorithm).await?;
                // Until the successor takes over there is nothing more to do for this one.
                vec![KeyChange { id: key.id, from: KeyState::Active, to: KeyState::Active, changes_at: None }]
            }
            KeyState::Retired | KeyState::Removed => {
                vec![KeyChange { id: key.id, from: key.state, to: KeyState::Removed, changes_at: None }]
            }
        };
        let audit =
            changes.iter().map(|change| self.key_event(change.id, change.to, Actor::System)).collect();
        match self.store.tenant(key.tenant_id).change_keys(changes, audit).await {
            Ok(()) | Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
            Err(error) => return Err(Fault::internal(error)),
        }
        self.forget_keys(key.tenant_id);
        Ok(())
    }

    /// The new key signs from now on; the old one stays published until all that it signed expired.
    async fn activation(&self, key: &SigningKeyRecord) -> Result<Vec<KeyChange>, Fault> {
        let now = self.now();
        let tenant = self.store.tenants().by_id(key.tenant_id).await?.ok_or(Fault::UnknownTenant)?;
        let lifetimes = tenant.settings.lifetimes;
        let retired_until = now + lifetimes.access_token.max(lifetimes.id_token) + keyring::JWKS_MAX_AGE;
        let held = self.store.tenant(key.tenant_id).signing_keys().await?;
        let retired = held
            .iter()
            .filter(|held| held.algorithm == key.algorithm && held.state == KeyState::Active)
            .map(|held| KeyChange {
                id: held.id,
                from: KeyState::Active,
                to: KeyState::Retired,
                changes_at: Some(retired_until),
            });
        let activated = KeyChange {
            id: key.id,
            from: KeyState::Published,
            to: KeyState::Active,
            changes_at: Some(now + keyring::ROTATION),
        };
        Ok(retired.chain([activated]).collect())
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
