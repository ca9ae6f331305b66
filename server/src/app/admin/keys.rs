use grantor_api as api;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, AuditKind, KeyId, KeyState, SigningAlgorithm, SigningKeyRecord};
use grantor_store::{ChangeKind, KeyChange, KeyFilter, Page, WriteError};
use serde_json::{Value, json};

use super::document::{read, twins};
use super::tenant_document::{algorithm_document, algorithm_model};
use super::version::etag;
use super::{Action, AdminFault, Caller, Resource, Saved, Versioned, as_page, contended};
use crate::app::key_life::{activation, retirement};
use crate::app::{ATTEMPTS, App, Fault, TenantContext, keyring};

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_keys(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
        (state, algorithm): (Option<api::KeyState>, Option<api::SigningAlgorithm>),
    ) -> Result<api::Page<api::Key>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Key, Action::Read).await?;
        let filter = KeyFilter { state: state.map(state_model), algorithm: algorithm.map(algorithm_model) };
        let held = self.held_keys(&context).await?;
        let keys = self.store.tenant(context.tenant.id).list_keys(page, filter).await?;
        Ok(as_page(keys, |key| document(&key, &held)))
    }

    /// # Errors
    /// As [`Self::list_keys`].
    pub async fn read_key(&self, caller: &Caller, tenant: &str, kid: &str) -> Result<api::Key, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Key, Action::Read).await?;
        self.key_document(&context, parse(kid)?).await
    }

    /// Makes a key and publishes it; it signs once caches of the JWKS know it.
    ///
    /// # Errors
    /// A published key of the algorithm, which waits already.
    pub async fn create_key(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: Value,
    ) -> Result<Saved<api::Key>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Key, Action::Create).await?;
        let wanted: api::NewKey = read(wanted)?;
        let made = self.made_key(&context, algorithm_model(wanted.algorithm), KeyState::Published).await?;
        let event = self.key_made(caller, &made);
        self.store.tenant(context.tenant.id).insert_key(&made, vec![event]).await?;
        self.forget(context.tenant.id, ChangeKind::Keys);
        let now = Versioned { document: document(&made, &[]), etag: etag(0, made.created_at) };
        Ok(Saved { now, created: true })
    }

    /// Gives the key of an algorithm a successor, and gives that. Whoever asks while another does the
    /// same gets the same successor.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn rotate_keys(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: Value,
    ) -> Result<api::Key, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Key, Action::Update).await?;
        let wanted: api::KeyRotation = read(wanted)?;
        let algorithm = algorithm_model(wanted.algorithm);
        // The key that signed when the successor was asked for.
        let mut replaced = None;
        for _ in 0..ATTEMPTS {
            let held = self.held_keys(&context).await?;
            let published = of(&held, algorithm, KeyState::Published);
            let active = of(&held, algorithm, KeyState::Active);
            let (changes, made, successor) = match (wanted.at_once, published, active) {
                (false, Some(published), _) => return Ok(document(published, &held)),
                (false, None, _) => {
                    let made = self.made_key(&context, algorithm, KeyState::Published).await?;
                    let id = made.id;
                    (vec![], Some(made), id)
                }
                (true, _, Some(active)) if replaced.is_some_and(|replaced| replaced != Some(active.id)) => {
                    return Ok(document(active, &held));
                }
                (true, _, _) => {
                    replaced = Some(active.map(|active| active.id));
                    self.succession(&context, &held, algorithm, None).await?
                }
            };
            if self.take_key_steps(caller, &context, changes, made).await? {
                let done = self.key_document(&context, successor).await;
                return done.map_err(AdminFault::after_the_fact);
            }
        }
        Err(contended())
    }

    /// Lets a published key sign before it has been published for long enough.
    ///
    /// # Errors
    /// [`AdminFault::Protected`] for a key that has signed already.
    pub async fn activate_key(
        &self,
        caller: &Caller,
        tenant: &str,
        kid: &str,
    ) -> Result<api::Key, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Key, Action::Update).await?;
        let id = parse(kid)?;
        for _ in 0..ATTEMPTS {
            let key = self.signing_key(&context, id).await?;
            match key.state {
                KeyState::Active => return self.key_document(&context, id).await,
                KeyState::Published => {}
                KeyState::Retired | KeyState::Removed => {
                    return Err(AdminFault::Protected("the key has signed already, and does not again"));
                }
            }
            let held = self.held_keys(&context).await?;
            let changes = activation(&key, &held, context.tenant.settings.lifetimes, self.now());
            if self.take_key_steps(caller, &context, changes, None).await? {
                let done = self.key_document(&context, id).await;
                return done.map_err(AdminFault::after_the_fact);
            }
        }
        Err(contended())
    }

    /// Lets the active key sign no more, and its successor in its place; what it signed stays valid.
    ///
    /// # Errors
    /// [`AdminFault::Protected`] for a key that has not signed yet.
    pub async fn retire_key(&self, caller: &Caller, tenant: &str, kid: &str) -> Result<api::Key, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Key, Action::Update).await?;
        let id = parse(kid)?;
        for _ in 0..ATTEMPTS {
            let key = self.signing_key(&context, id).await?;
            match key.state {
                KeyState::Retired | KeyState::Removed => return self.key_document(&context, id).await,
                KeyState::Active => {}
                KeyState::Published => {
                    return Err(AdminFault::Protected("the key has signed nothing yet: revoke it instead"));
                }
            }
            let held = self.held_keys(&context).await?;
            let retired = retirement(id, context.tenant.settings.lifetimes, self.now());
            let (changes, made, _) = self.succession(&context, &held, key.algorithm, Some(retired)).await?;
            if self.take_key_steps(caller, &context, changes, made).await? {
                let done = self.key_document(&context, id).await;
                return done.map_err(AdminFault::after_the_fact);
            }
        }
        Err(contended())
    }

    /// Takes a key out of the JWKS: what it signed counts no more. The active key gets a successor in
    /// the same transaction, so that the tenant can always sign.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn revoke_key(&self, caller: &Caller, tenant: &str, kid: &str) -> Result<api::Key, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Key, Action::Delete).await?;
        let id = parse(kid)?;
        for _ in 0..ATTEMPTS {
            let key = self.signing_key(&context, id).await?;
            let revocation = KeyChange {
                id,
                from: key.state,
                to: KeyState::Removed,
                changes_at: None,
                at: self.now(),
                revoked: true,
            };
            let (changes, made) = match key.state {
                KeyState::Removed => return self.key_document(&context, id).await,
                KeyState::Published | KeyState::Retired => (vec![revocation], None),
                KeyState::Active => {
                    let held = self.held_keys(&context).await?;
                    let revocation = Some(revocation);
                    let (changes, made, _) =
                        self.succession(&context, &held, key.algorithm, revocation).await?;
                    (changes, made)
                }
            };
            if self.take_key_steps(caller, &context, changes, made).await? {
                let done = self.key_document(&context, id).await;
                return done.map_err(AdminFault::after_the_fact);
            }
        }
        Err(contended())
    }

    /// What lets a successor sign with an algorithm from now on: the published key, or a new one. The
    /// active key retires, or goes as `ends` says. With the successor's identifier.
    async fn succession(
        &self,
        context: &TenantContext,
        held: &[SigningKeyRecord],
        algorithm: SigningAlgorithm,
        ends: Option<KeyChange>,
    ) -> Result<(Vec<KeyChange>, Option<SigningKeyRecord>, KeyId), AdminFault> {
        let (lifetimes, now) = (context.tenant.settings.lifetimes, self.now());
        let active = of(held, algorithm, KeyState::Active);
        let ends = ends.or_else(|| active.map(|key| retirement(key.id, lifetimes, now)));
        let mut changes: Vec<_> = ends.into_iter().collect();
        if let Some(published) = of(held, algorithm, KeyState::Published) {
            changes.extend(activation(published, &[], lifetimes, now));
            return Ok((changes, None, published.id));
        }
        let made = self.made_key(context, algorithm, KeyState::Active).await?;
        let id = made.id;
        Ok((changes, Some(made), id))
    }

    /// Writes steps down; false if somebody else was faster.
    async fn take_key_steps(
        &self,
        caller: &Caller,
        context: &TenantContext,
        changes: Vec<KeyChange>,
        made: Option<SigningKeyRecord>,
    ) -> Result<bool, AdminFault> {
        let mut audit: Vec<_> = changes.iter().map(|change| self.key_changed(caller, change)).collect();
        audit.extend(made.iter().map(|made| self.key_made(caller, made)));
        match self.store.tenant(context.tenant.id).change_keys(changes, made, audit).await {
            Ok(()) => {
                self.forget(context.tenant.id, ChangeKind::Keys);
                Ok(true)
            }
            Err(
                WriteError::VersionMismatch
                | WriteError::NotFound
                | WriteError::Conflict { field: "algorithm" },
            ) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn key_made(&self, caller: &Caller, made: &SigningKeyRecord) -> AuditEvent {
        let after = json!({ "state": made.state, "algorithm": made.algorithm });
        let detail = json!({ "before": {}, "after": after });
        self.admin_event(caller, AuditKind::KeyChanged, &made.id.to_string(), detail)
    }

    fn key_changed(&self, caller: &Caller, change: &KeyChange) -> AuditEvent {
        let mut detail = json!({ "before": { "state": change.from }, "after": { "state": change.to } });
        if change.revoked {
            detail["revoked"] = true.into();
        }
        self.admin_event(caller, AuditKind::KeyChanged, &change.id.to_string(), detail)
    }

    /// A new key, not stored yet; they are made one after the other, because some take a core's time.
    async fn made_key(
        &self,
        context: &TenantContext,
        algorithm: SigningAlgorithm,
        state: KeyState,
    ) -> Result<SigningKeyRecord, Fault> {
        let _one_at_a_time = self.key_making.acquire().await.map_err(Fault::internal)?;
        self.new_key(context.tenant.id, algorithm, state).await
    }

    /// The keys that are not removed.
    async fn held_keys(&self, context: &TenantContext) -> Result<Vec<SigningKeyRecord>, AdminFault> {
        Ok(self.store.tenant(context.tenant.id).signing_keys().await?)
    }

    async fn signing_key(&self, context: &TenantContext, id: KeyId) -> Result<SigningKeyRecord, AdminFault> {
        self.store.tenant(context.tenant.id).signing_key(id).await?.ok_or(AdminFault::NotFound)
    }

    async fn key_document(&self, context: &TenantContext, id: KeyId) -> Result<api::Key, AdminFault> {
        let key = self.signing_key(context, id).await?;
        Ok(document(&key, &self.held_keys(context).await?))
    }
}

twins!(state_model, state_document, KeyState { Published, Active, Retired, Removed });

fn parse(kid: &str) -> Result<KeyId, AdminFault> {
    kid.parse().map_err(|_| AdminFault::NotFound)
}

/// The key of an algorithm in a state that one at most is in.
fn of(held: &[SigningKeyRecord], algorithm: SigningAlgorithm, state: KeyState) -> Option<&SigningKeyRecord> {
    held.iter().find(|key| key.algorithm == algorithm && key.state == state)
}

/// `held`: the tenant's other keys, for a successor says when its predecessor retires.
fn document(key: &SigningKeyRecord, held: &[SigningKeyRecord]) -> api::Key {
    let planned = |state| key.changes_at.filter(|_| key.state == state);
    let succeeded = || {
        let successor = of(held, key.algorithm, KeyState::Published).and_then(|key| key.changes_at);
        let due = planned(KeyState::Active).map(|published_at| published_at + keyring::PUBLICATION);
        successor.or(due).filter(|_| key.state == KeyState::Active)
    };
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    api::Key {
        kid: key.id.to_string(),
        algorithm: algorithm_document(key.algorithm),
        purpose: api::KeyUse::Sig,
        state: state_document(key.state),
        public_jwk: key.public_jwk.clone(),
        created_at: key.created_at.to_string(),
        activates_at: text(key.activated_at.or_else(|| planned(KeyState::Published))),
        retires_at: text(key.retired_at.or_else(succeeded)),
        removed_at: text(key.removed_at.or_else(|| planned(KeyState::Retired))),
        revoked_at: text(key.revoked_at),
    }
}
