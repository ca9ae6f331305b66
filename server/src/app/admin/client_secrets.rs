use grantor_api as api;
use grantor_protocol::model::{AuditKind, Client, ClientId, ClientSecret, ClientSecretId};
use grantor_protocol::{Lifetime, Timestamp};
use grantor_store::{ChangeKind, WriteError};
use serde_json::{Value, json};

use super::document::read;
use super::version::etag;
use super::{Action, AdminFault, Caller, Resource, Saved, Versioned, contended};
use crate::app::{ATTEMPTS, App, TenantContext};

/// Secrets that a client may have at a time. Each is compared with at every authentication.
const MOST: usize = 5;

/// Longest that a secret may be valid where its end is given, and that others may overlap with it; in
/// seconds.
const LONGEST: u32 = 5 * 31_536_000;
const LONGEST_OVERLAP: u32 = 31_536_000;

impl App {
    /// The valid secrets of a client, without their values.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_client_secrets(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
    ) -> Result<api::Page<api::ClientSecret>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Read).await?;
        let client = self.client_with_secrets(&context, &parse(client_id)?).await?;
        let (now, secrets) = (self.now(), client.secrets.iter());
        let items = secrets.filter(|held| is_valid(held, now)).map(document).collect();
        Ok(api::Page { items, next: None })
    }

    /// Makes a secret, which is in the answer and never again. The others stay valid beside it, or for as
    /// long as the request says.
    ///
    /// # Errors
    /// A client that has no use for a secret, or as many as it may have.
    pub async fn create_client_secret(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
        wanted: Value,
    ) -> Result<Saved<api::ClientSecret>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Update).await?;
        let client_id = parse(client_id)?;
        let wanted: api::NewClientSecret = read(wanted)?;
        check(&wanted)?;
        for _ in 0..ATTEMPTS {
            let client = self.client_with_secrets(&context, &client_id).await?;
            self.authorize_change(caller, &context.tenant, &client, &client.metadata).await?;
            let method = client.metadata.token_endpoint_auth_method;
            if !method.uses_secret() {
                return Err(AdminFault::Protected("the client does not authenticate with a secret"));
            }
            let now = self.now();
            let mut secrets = client.secrets.clone();
            if let Some(overlap) = wanted.overlap {
                end_by(&mut secrets, now + Lifetime::from_seconds(overlap));
            }
            secrets.retain(|held| is_valid(held, now));
            if secrets.len() >= MOST {
                return Err(AdminFault::Protected(
                    "the client has five secrets: delete one, or let them end with overlap",
                ));
            }
            let (secret, made) = self.new_client_secret(client.tenant_id, &client_id, method)?;
            let expires_at = wanted.expires_in.map(|seconds| now + Lifetime::from_seconds(seconds));
            let made = ClientSecret { expires_at, ..made };
            secrets.push(made.clone());
            if self.write_secrets(caller, &client, secrets).await? {
                let client_secret = Some(api::SecretText::new(secret.expose()));
                let document = api::ClientSecret { client_secret, ..document(&made) };
                let now = Versioned { document, etag: etag(1, made.created_at) };
                return Ok(Saved { now, created: true });
            }
        }
        Err(contended())
    }

    /// Ends a secret at once.
    ///
    /// # Errors
    /// The only secret of a client that authenticates with one.
    pub async fn delete_client_secret(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
        secret: &str,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Update).await?;
        let client_id = parse(client_id)?;
        let id: ClientSecretId = secret.parse().map_err(|_| AdminFault::NotFound)?;
        for _ in 0..ATTEMPTS {
            let client = self.client_with_secrets(&context, &client_id).await?;
            self.authorize_change(caller, &context.tenant, &client, &client.metadata).await?;
            let now = self.now();
            let (deleted, kept): (Vec<_>, Vec<_>) = client
                .secrets
                .iter()
                .filter(|held| is_valid(held, now))
                .cloned()
                .partition(|held| held.id == id);
            if deleted.is_empty() {
                return Err(AdminFault::NotFound);
            }
            if kept.is_empty() && client.metadata.token_endpoint_auth_method.uses_secret() {
                return Err(AdminFault::Protected(
                    "the client has no other secret: make one first, or disable the client",
                ));
            }
            if self.write_secrets(caller, &client, kept).await? {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Replaces a client's secrets; false if somebody else was faster.
    async fn write_secrets(
        &self,
        caller: &Caller,
        client: &Client,
        secrets: Vec<ClientSecret>,
    ) -> Result<bool, AdminFault> {
        let told = |secrets: &[ClientSecret]| -> Vec<_> { secrets.iter().map(document).collect() };
        let detail = json!({
            "before": { "secrets": told(&client.secrets) },
            "after": { "secrets": told(&secrets) },
        });
        let event = self.admin_event(caller, AuditKind::ClientChanged, client.client_id.as_str(), detail);
        let (tenant_id, version) = (client.tenant_id, client.version);
        let changed = Client { secrets, updated_at: self.now(), ..client.clone() };
        match self.store.tenant(tenant_id).replace_client(&changed, Some(version), vec![event]).await {
            Ok(_) => {
                self.forget(tenant_id, ChangeKind::Client(changed.client_id));
                Ok(true)
            }
            Err(WriteError::VersionMismatch | WriteError::NotFound) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn client_with_secrets(
        &self,
        context: &TenantContext,
        client_id: &ClientId,
    ) -> Result<Client, AdminFault> {
        self.stored_client(context.tenant.id, client_id).await?.ok_or(AdminFault::NotFound)
    }
}

fn parse(client_id: &str) -> Result<ClientId, AdminFault> {
    ClientId::parse(client_id).ok_or(AdminFault::NotFound)
}

fn check(wanted: &api::NewClientSecret) -> Result<(), AdminFault> {
    if wanted.expires_in.is_some_and(|seconds| !(60..=LONGEST).contains(&seconds)) {
        return Err(AdminFault::invalid("/expires_in", format!("must be 60 to {LONGEST} seconds")));
    }
    if wanted.overlap.is_some_and(|seconds| seconds > LONGEST_OVERLAP) {
        return Err(AdminFault::invalid("/overlap", format!("must be at most {LONGEST_OVERLAP} seconds")));
    }
    Ok(())
}

fn is_valid(secret: &ClientSecret, now: Timestamp) -> bool {
    secret.expires_at.is_none_or(|expires_at| now < expires_at)
}

/// No secret lives on after this; those that end before do.
fn end_by(secrets: &mut [ClientSecret], end: Timestamp) {
    for held in secrets {
        held.expires_at = Some(held.expires_at.map_or(end, |expires_at| expires_at.min(end)));
    }
}

fn document(secret: &ClientSecret) -> api::ClientSecret {
    api::ClientSecret {
        id: secret.id.to_string(),
        client_secret: None,
        created_at: secret.created_at.to_string(),
        expires_at: secret.expires_at.map(|at| at.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use grantor_protocol::{Id, Secret};

    use super::*;

    #[test]
    fn an_overlap_prolongs_nothing() {
        let at = Timestamp::from_unix_seconds;
        let secret = |expires_at: Option<i64>| ClientSecret {
            id: Id::from_bytes([1; 16]),
            hash: Secret::presented("x").hash(),
            created_at: at(0),
            expires_at: expires_at.map(at),
            sealed: None,
        };
        let mut secrets = [secret(None), secret(Some(5)), secret(Some(50))];
        end_by(&mut secrets, at(10));
        assert_eq!(secrets.map(|held| held.expires_at), [Some(at(10)), Some(at(5)), Some(at(10))]);
        assert!(!is_valid(&secret(Some(5)), at(5)) && is_valid(&secret(Some(5)), at(4)));
        assert!(is_valid(&secret(None), at(i64::MAX / 2)));
    }
}
