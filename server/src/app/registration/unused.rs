//! Self-made clients that nobody uses leave.

use std::sync::atomic::Ordering;

use grantor_protocol::model::{Actor, AuditKind};
use grantor_protocol::{Effect, Lifetime, Timestamp};
use grantor_store::{Change, ChangeKind, WriteError};

use crate::app::{App, Fault, LoadedClient, TenantContext};

/// A client's use is written down once in this time, so that the others cost nothing.
const NOTED_EVERY: Lifetime = Lifetime::from_seconds(86_400);

/// When a client whose grant keeps it is looked at again.
const LOOKED_AT_AGAIN: Lifetime = Lifetime::from_seconds(86_400);

impl App {
    /// The effect of a self-made client's being used, if it is time to write that down.
    pub(in crate::app) fn note_use(&self, context: &TenantContext, loaded: &LoadedClient) -> Option<Effect> {
        if !loaded.client.origin.is_self_made() {
            return None;
        }
        let (now, lifetime) = (self.now(), context.policy.registration.unused_lifetime);
        // Often enough for a client with a short life, too.
        let every = NOTED_EVERY.min(Lifetime::from_seconds(lifetime.seconds() / 4));
        let noted = Timestamp::from_unix_microseconds(loaded.use_noted_at.load(Ordering::Relaxed));
        if now < noted + every {
            return None;
        }
        loaded.use_noted_at.store(now.unix_microseconds(), Ordering::Relaxed);
        Some(Effect::ExtendClientLife { client_id: loaded.client.client_id.clone(), until: now + lifetime })
    }

    /// Deletes self-made clients that nobody has used for as long as their tenant keeps such and of
    /// which no grant lives, each in a transaction of its own. Gives how many were looked at, at most
    /// `batch`.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn delete_unused_clients(&self, batch: u32) -> Result<usize, Fault> {
        let now = self.now();
        let unused = self.store.unused_clients(now, batch).await?;
        let looked_at = unused.len();
        for client in unused {
            let (tenant_id, client_id) = (client.tenant_id, client.client_id);
            let event = self.event(AuditKind::ClientExpired, Actor::System, client_id.to_string());
            match self.store.tenant(tenant_id).delete_unused_client(&client_id, now, vec![event]).await {
                Ok(()) => self.changed(&Change::In { tenant_id, kind: ChangeKind::Client(client_id) }),
                Err(WriteError::Store(error)) => return Err(error.into()),
                Err(_) => {
                    let until = now + LOOKED_AT_AGAIN;
                    self.apply(tenant_id, vec![Effect::ExtendClientLife { client_id, until }]).await?;
                }
            }
        }
        Ok(looked_at)
    }
}
