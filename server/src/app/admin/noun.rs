//! What the API does alike with everything that a tenant has many of: read, create, replace, change and
//! delete, under a precondition, with the trail's entry in the same transaction.

use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, AuditKind};
use grantor_store::{ChangeKind, TenantStore, WriteError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::{changes, read};
use super::version::etag;
use super::{Action, AdminFault, Caller, Domain, Precondition, Resource, Saved, Versioned, Write, contended};
use crate::app::{ATTEMPTS, App, TenantContext};

/// A thing that a tenant has many of, with a key in its path, a document and a version.
pub trait Noun: Clone + PartialEq + Send + Sync + 'static {
    type Document: Serialize + DeserializeOwned + Send + Sync;

    /// What rights to it are rights to.
    const RESOURCE: Resource;
    /// What the trail calls a change to one.
    const CHANGED: AuditKind;
    /// What caches have to forget when one changes.
    const CACHED: Option<ChangeKind>;
    /// The member of the document that is the key.
    const KEY: &'static str;
    /// Members that a replacement may leave out without changing them.
    const LASTING: &'static [&'static str] = &[];

    /// Where the right to it is needed.
    fn domain(context: &TenantContext) -> Domain {
        Domain::Tenant(context.tenant.id)
    }

    fn key(&self) -> &str;

    fn document(&self) -> Self::Document;

    /// The document in the answer to the request that made the thing, which alone shows its secrets.
    ///
    /// # Errors
    /// A fault of the cryptographic library.
    fn shown_once(&self, _app: &App) -> Result<Self::Document, AdminFault> {
        Ok(self.document())
    }

    /// The version, and when the thing was created.
    fn version(&self) -> (i64, Timestamp);

    /// The thing as it is stored. A key that nothing can have finds nothing.
    fn find(
        app: &App,
        context: &TenantContext,
        key: &str,
    ) -> impl Future<Output = Result<Option<Self>, AdminFault>> + Send;

    /// The new thing that a document asks for. `key` is the one in the path, if there is one there.
    ///
    /// # Errors
    /// Whatever of the document cannot be taken.
    fn make(
        app: &App,
        context: &TenantContext,
        key: Option<&str>,
        wanted: Self::Document,
    ) -> impl Future<Output = Result<Self, AdminFault>> + Send;

    /// The thing that a document makes of this one, its times and version aside.
    ///
    /// # Errors
    /// Whatever of the document cannot be taken.
    fn changed(&self, app: &App, context: &TenantContext, wanted: Self::Document)
    -> Result<Self, AdminFault>;

    fn set_updated_at(&mut self, at: Timestamp);

    /// Demands what a caller needs beyond the right to the noun, before or after being what the thing
    /// was and will be.
    ///
    /// # Errors
    /// [`AdminFault::Forbidden`], [`AdminFault::Protected`].
    fn permit(
        _app: &App,
        _caller: &Caller,
        _context: &TenantContext,
        _before: Option<&Self>,
        _after: Option<&Self>,
    ) -> impl Future<Output = Result<(), AdminFault>> + Send {
        std::future::ready(Ok(()))
    }

    fn insert(
        &self,
        store: &TenantStore<'_>,
        event: AuditEvent,
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Gives the thing as it is now.
    fn replace(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> impl Future<Output = Result<Self, WriteError>> + Send;

    fn delete(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

    fn versioned(&self) -> Versioned<Self::Document> {
        let (version, created_at) = self.version();
        Versioned { document: self.document(), etag: etag(version, created_at) }
    }
}

impl App {
    /// # Errors
    /// What [`App::administered_in`] refuses; faults of the store.
    pub async fn read_one<N: Noun>(
        &self,
        caller: &Caller,
        tenant: &str,
        key: &str,
    ) -> Result<Versioned<N::Document>, AdminFault> {
        let context = self.administered_in(caller, tenant, N::domain, N::RESOURCE, Action::Read).await?;
        Ok(N::find(self, &context, key).await?.ok_or(AdminFault::NotFound)?.versioned())
    }

    /// # Errors
    /// A document that cannot be taken, a key that is taken.
    pub async fn create_one<N: Noun>(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: Value,
    ) -> Result<Saved<N::Document>, AdminFault> {
        let context = self.administered_in(caller, tenant, N::domain, N::RESOURCE, Action::Create).await?;
        let made = N::make(self, &context, None, read(wanted)?).await?;
        self.insert_one(caller, &context, &made).await
    }

    /// Makes the thing, or makes it what the document says.
    ///
    /// # Errors
    /// A document that cannot be taken, a precondition that does not hold.
    pub async fn put_one<N: Noun>(
        &self,
        caller: &Caller,
        tenant: &str,
        key: &str,
        wanted: Value,
        precondition: &Precondition,
    ) -> Result<Saved<N::Document>, AdminFault> {
        let context = self.administered_in(caller, tenant, N::domain, N::RESOURCE, Action::Update).await?;
        for _ in 0..ATTEMPTS {
            if let Some(current) = N::find(self, &context, key).await? {
                let write = Write::Replace(wanted.clone());
                match self.change_one(caller, &context, current, write, precondition).await? {
                    Some(saved) => return Ok(saved),
                    None => continue,
                }
            }
            self.administered_in(caller, tenant, N::domain, N::RESOURCE, Action::Create).await?;
            precondition.check(None)?;
            let made = N::make(self, &context, Some(key), read(wanted.clone())?).await?;
            match self.insert_one(caller, &context, &made).await {
                Err(AdminFault::Taken(member)) if member == N::KEY => {}
                other => return other,
            }
        }
        Err(contended())
    }

    /// Changes members of the thing (RFC 7396).
    ///
    /// # Errors
    /// As [`Self::put_one`].
    pub async fn patch_one<N: Noun>(
        &self,
        caller: &Caller,
        tenant: &str,
        key: &str,
        patch: Value,
        precondition: &Precondition,
    ) -> Result<Saved<N::Document>, AdminFault> {
        let context = self.administered_in(caller, tenant, N::domain, N::RESOURCE, Action::Update).await?;
        for _ in 0..ATTEMPTS {
            let current = N::find(self, &context, key).await?.ok_or(AdminFault::NotFound)?;
            let write = Write::Merge(patch.clone());
            if let Some(saved) = self.change_one(caller, &context, current, write, precondition).await? {
                return Ok(saved);
            }
        }
        Err(contended())
    }

    /// # Errors
    /// A precondition that does not hold.
    pub async fn delete_one<N: Noun>(
        &self,
        caller: &Caller,
        tenant: &str,
        key: &str,
        precondition: &Precondition,
    ) -> Result<(), AdminFault> {
        let context = self.administered_in(caller, tenant, N::domain, N::RESOURCE, Action::Delete).await?;
        let store = self.store.tenant(context.tenant.id);
        for _ in 0..ATTEMPTS {
            let current = N::find(self, &context, key).await?.ok_or(AdminFault::NotFound)?;
            let before = current.versioned();
            precondition.check(Some(&before.etag))?;
            N::permit(self, caller, &context, Some(&current), None).await?;
            let detail = changes(Some(&before.document), None::<&N::Document>);
            let event = self.admin_event(caller, N::CHANGED, current.key(), detail);
            match current.delete(&store, current.version().0, event).await {
                Ok(()) => {
                    self.forget_one::<N>(&context);
                    return Ok(());
                }
                Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    async fn insert_one<N: Noun>(
        &self,
        caller: &Caller,
        context: &TenantContext,
        made: &N,
    ) -> Result<Saved<N::Document>, AdminFault> {
        N::permit(self, caller, context, None, Some(made)).await?;
        let now = made.versioned();
        let detail = changes(None::<&N::Document>, Some(&now.document));
        let event = self.admin_event(caller, N::CHANGED, made.key(), detail);
        made.insert(&self.store.tenant(context.tenant.id), event).await?;
        self.forget_one::<N>(context);
        Ok(Saved { now: Versioned { document: made.shown_once(self)?, ..now }, created: true })
    }

    /// None if somebody else was faster.
    async fn change_one<N: Noun>(
        &self,
        caller: &Caller,
        context: &TenantContext,
        current: N,
        write: Write,
        precondition: &Precondition,
    ) -> Result<Option<Saved<N::Document>>, AdminFault> {
        let before = current.versioned();
        precondition.check(Some(&before.etag))?;
        let wanted = write.onto(Some(&before.document), N::LASTING)?;
        let mut changed = current.changed(self, context, wanted)?;
        if changed == current {
            return Ok(Some(Saved { now: before, created: false }));
        }
        N::permit(self, caller, context, Some(&current), Some(&changed)).await?;
        changed.set_updated_at(self.now());
        let detail = changes(Some(&before.document), Some(&changed.document()));
        let event = self.admin_event(caller, N::CHANGED, changed.key(), detail);
        let store = self.store.tenant(context.tenant.id);
        match changed.replace(&store, current.version().0, event).await {
            Ok(stored) => {
                self.forget_one::<N>(context);
                Ok(Some(Saved { now: stored.versioned(), created: false }))
            }
            Err(WriteError::VersionMismatch | WriteError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn forget_one<N: Noun>(&self, context: &TenantContext) {
        if let Some(kind) = N::CACHED {
            self.forget(context.tenant.id, kind);
        }
    }
}

/// Demands that a document does not name another key than the path.
///
/// # Errors
/// [`AdminFault::Invalid`].
pub(super) fn keep_key(member: &str, wanted: &str, key: &str) -> Result<(), AdminFault> {
    if wanted.is_empty() || wanted == key {
        return Ok(());
    }
    let detail = format!("is not the {member} in the path, and cannot be changed");
    Err(AdminFault::invalid(format!("/{member}"), detail))
}
