use grantor_api as api;
use grantor_protocol::model::{AuditKind, Client, ClientId, ClientMetadata, ClientOrigin, Tenant};
use grantor_protocol::{Id, Secret};
use grantor_store::{ChangeKind, ClientFilter, Page, Subject, WriteError};
use serde_json::Value;

use super::client_document::{document, grant_type_model, metadata};
use super::document::{changes, read};
use super::version::etag;
use super::{
    Action, AdminFault, Caller, Precondition, Resource, Saved, Versioned, Write, as_page, contended,
};
use crate::app::console_client::is_built_in;
use crate::app::{ATTEMPTS, App, TenantContext};

/// Members that a replacement may leave out without changing them: a client must not be enabled by
/// whoever applies its configuration once more.
const LASTING: &[&str] = &["enabled"];

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_clients(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
        (enabled, self_made, grant_type): (Option<bool>, Option<bool>, Option<api::GrantType>),
    ) -> Result<api::Page<api::Client>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Read).await?;
        let filter = ClientFilter { enabled, self_made, grant_type: grant_type.map(grant_type_model) };
        let clients = self.store.tenant(context.tenant.id).list_clients(page, filter).await?;
        Ok(as_page(clients, |client| document(&self.as_it_counts(client))))
    }

    /// # Errors
    /// As [`Self::list_clients`].
    pub async fn read_client(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
    ) -> Result<Versioned<api::Client>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Read).await?;
        let client_id = ClientId::parse(client_id).ok_or(AdminFault::NotFound)?;
        let client = self.stored_client(context.tenant.id, &client_id).await?.ok_or(AdminFault::NotFound)?;
        Ok(versioned(&client))
    }

    /// Registers a client; its secret, if it has one, is in the answer and never again.
    ///
    /// # Errors
    /// A document that cannot be taken, a client_id that is taken.
    pub async fn create_client(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: Value,
    ) -> Result<Saved<api::Client>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Create).await?;
        let wanted: api::Client = read(wanted)?;
        let client_id = match wanted.client_id.as_str() {
            "" => Id::<Client>::generate(self.now(), self.entropy.as_ref()).to_string(),
            chosen => chosen.to_owned(),
        };
        let client_id =
            ClientId::parse(&client_id).ok_or_else(|| AdminFault::invalid("/client_id", NOT_A_CLIENT_ID))?;
        // Addresses lose such a segment (RFC 3986 §5.2.4), however it is encoded.
        if [".", ".."].contains(&client_id.as_str()) {
            return Err(AdminFault::invalid("/client_id", "cannot be addressed"));
        }
        self.make_client(caller, &context, client_id, &wanted).await
    }

    /// Registers the client, or makes it what the document says. It keeps its secrets while it has use
    /// for them.
    ///
    /// # Errors
    /// A document that cannot be taken, a precondition that does not hold.
    pub async fn put_client(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
        wanted: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::Client>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Update).await?;
        let client_id = ClientId::parse(client_id)
            .ok_or_else(|| AdminFault::BadRequest(format!("the client_id in the path {NOT_A_CLIENT_ID}")))?;
        for _ in 0..ATTEMPTS {
            if let Some(current) = self.stored_client(context.tenant.id, &client_id).await? {
                let write = Write::Replace(wanted.clone());
                match self.change_client(caller, &context, current, write, precondition).await? {
                    Some(saved) => return Ok(saved),
                    None => continue,
                }
            }
            self.administered(caller, tenant, Resource::Client, Action::Create).await?;
            precondition.check(None)?;
            let wanted: api::Client = read(wanted.clone())?;
            keep_client_id(&wanted, &client_id)?;
            match self.make_client(caller, &context, client_id.clone(), &wanted).await {
                Err(AdminFault::Taken("client_id")) => {}
                other => return other,
            }
        }
        Err(contended())
    }

    /// Changes members of the client (RFC 7396).
    ///
    /// # Errors
    /// As [`Self::put_client`].
    pub async fn patch_client(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
        patch: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::Client>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Update).await?;
        let client_id = ClientId::parse(client_id).ok_or(AdminFault::NotFound)?;
        for _ in 0..ATTEMPTS {
            let client = self.stored_client(context.tenant.id, &client_id).await?;
            let current = client.ok_or(AdminFault::NotFound)?;
            let saved = self
                .change_client(caller, &context, current, Write::Merge(patch.clone()), precondition)
                .await?;
            if let Some(saved) = saved {
                return Ok(saved);
            }
        }
        Err(contended())
    }

    /// Deletes a client with its grants and tokens.
    ///
    /// # Errors
    /// The console's client stays; a precondition that does not hold.
    pub async fn delete_client(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
        precondition: &Precondition,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::Client, Action::Delete).await?;
        let client_id = ClientId::parse(client_id).ok_or(AdminFault::NotFound)?;
        let store = self.store.tenant(context.tenant.id);
        for _ in 0..ATTEMPTS {
            let current = self.stored_client(context.tenant.id, &client_id).await?;
            let current = current.ok_or(AdminFault::NotFound)?;
            let before = versioned(&current);
            precondition.check(Some(&before.etag))?;
            self.authorize_change(caller, &context.tenant, &current, &current.metadata).await?;
            let detail = changes(Some(&before.document), None::<&api::Client>);
            let event = self.admin_event(caller, AuditKind::ClientChanged, client_id.as_str(), detail);
            match store.delete_client(&client_id, Some(current.version), vec![event]).await {
                Ok(()) => {
                    self.forget(context.tenant.id, ChangeKind::Client(client_id.clone()));
                    return Ok(());
                }
                Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    async fn make_client(
        &self,
        caller: &Caller,
        context: &TenantContext,
        client_id: ClientId,
        wanted: &api::Client,
    ) -> Result<Saved<api::Client>, AdminFault> {
        if is_built_in(&client_id) {
            return Err(BUILT_IN);
        }
        let metadata = metadata(wanted, context)?;
        if self.is_for_the_admin_api(&metadata) {
            self.authorize_over_administrators(caller, &context.tenant).await?;
        }
        let now = self.now();
        let mut client = Client {
            tenant_id: context.tenant.id,
            client_id: client_id.clone(),
            enabled: wanted.enabled,
            metadata,
            secrets: vec![],
            origin: ClientOrigin::Administrator,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let secret = self.provide_secret(&mut client)?;
        let detail = changes(None::<&api::Client>, Some(&document(&client)));
        let event = self.admin_event(caller, AuditKind::ClientChanged, client_id.as_str(), detail);
        self.store.tenant(context.tenant.id).create_client(&client, vec![event]).await?;
        self.forget(context.tenant.id, ChangeKind::Client(client_id));
        self.prepare_id_token_key(context, &client);
        Ok(Saved { now: with_secret(versioned(&client), secret), created: true })
    }

    /// None if somebody else was faster.
    ///
    /// A client that registered itself may change itself after that, within the policy and but for what
    /// only administrators say of a client: [`ClientMetadata::administered_as`]. Whoever registers what
    /// it was does not find it any more.
    async fn change_client(
        &self,
        caller: &Caller,
        context: &TenantContext,
        current: Client,
        write: Write,
        precondition: &Precondition,
    ) -> Result<Option<Saved<api::Client>>, AdminFault> {
        let before = versioned(&current);
        precondition.check(Some(&before.etag))?;
        let wanted: api::Client = write.onto(Some(&before.document), LASTING)?;
        keep_client_id(&wanted, &current.client_id)?;
        let metadata = metadata(&wanted, context)?;
        self.authorize_change(caller, &context.tenant, &current, &metadata).await?;
        let mut client = Client { enabled: wanted.enabled, metadata, ..current.clone() };
        let secret = self.provide_secret(&mut client)?;
        if client == current {
            return Ok(Some(Saved { now: before, created: false }));
        }
        client.updated_at = self.now();
        if let ClientOrigin::Registration { fingerprint, .. } = &mut client.origin {
            *fingerprint = None;
        }
        let detail = changes(Some(&before.document), Some(&document(&client)));
        let event = self.admin_event(caller, AuditKind::ClientChanged, client.client_id.as_str(), detail);
        match self
            .store
            .tenant(client.tenant_id)
            .replace_client(&client, Some(current.version), vec![event])
            .await
        {
            Ok(client) => {
                self.forget(client.tenant_id, ChangeKind::Client(client.client_id.clone()));
                self.prepare_id_token_key(context, &client);
                Ok(Some(Saved { now: with_secret(versioned(&client), secret), created: false }))
            }
            Err(WriteError::VersionMismatch | WriteError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whoever can change where a client's answers go, or how it authenticates, can act as it, and as
    /// the administrators who use it.
    pub(super) async fn authorize_change(
        &self,
        caller: &Caller,
        tenant: &Tenant,
        current: &Client,
        metadata: &ClientMetadata,
    ) -> Result<(), AdminFault> {
        if is_built_in(&current.client_id) {
            return Err(BUILT_IN);
        }
        if self.is_for_the_admin_api(&current.metadata) || self.is_for_the_admin_api(metadata) {
            self.authorize_over_administrators(caller, tenant).await?;
        }
        self.authorize_over(caller, tenant.id, &Subject::Client(current.client_id.clone())).await
    }

    fn is_for_the_admin_api(&self, metadata: &ClientMetadata) -> bool {
        metadata.resources.contains(&self.addresses.admin_api())
    }
}

const BUILT_IN: AdminFault = AdminFault::Protected("this client is the console's, and the server's own");

const NOT_A_CLIENT_ID: &str = "must be 1 to 255 printable ASCII characters";

fn keep_client_id(wanted: &api::Client, client_id: &ClientId) -> Result<(), AdminFault> {
    if wanted.client_id.is_empty() || wanted.client_id == client_id.as_str() {
        Ok(())
    } else {
        Err(AdminFault::invalid("/client_id", "is not the client_id in the path, and cannot be changed"))
    }
}

fn with_secret(saved: Versioned<api::Client>, secret: Option<Secret>) -> Versioned<api::Client> {
    let client_secret = secret.map(|secret| api::SecretText::new(secret.expose()));
    Versioned { document: api::Client { client_secret, ..saved.document }, ..saved }
}

fn versioned(client: &Client) -> Versioned<api::Client> {
    Versioned { document: document(client), etag: etag(client.version, client.created_at) }
}
