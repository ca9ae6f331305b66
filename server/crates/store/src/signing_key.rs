use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, KeyId, KeyState, SigningAlgorithm, SigningKeyRecord, TenantId};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{signing_keys, tenants};
use crate::tenant::in_service;
use crate::value::{Bytes, Time, from_name};
use crate::{ChangeKind, Cursor, Error, Listing, Page, Store, TenantStore, WriteError};

/// A step in a key's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyChange {
    pub id: KeyId,
    /// The state that the key must be in.
    pub from: KeyState,
    pub to: KeyState,
    /// When the next step is due.
    pub changes_at: Option<Timestamp>,
    pub at: Timestamp,
    /// Whether an administrator takes the key away before its time.
    pub revoked: bool,
}

/// Which keys a listing wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyFilter {
    pub state: Option<KeyState>,
    pub algorithm: Option<SigningAlgorithm>,
}

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = signing_keys, treat_none_as_default_value = false)]
pub(crate) struct SigningKeyRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    algorithm: String,
    state: String,
    public_jwk: serde_json::Value,
    sealed_private_key: Vec<u8>,
    created_at: Time,
    changes_at: Option<Time>,
    activated_at: Option<Time>,
    retired_at: Option<Time>,
    removed_at: Option<Time>,
    revoked_at: Option<Time>,
}

/// What a step writes; times that are None stay as they are.
#[derive(AsChangeset)]
#[diesel(table_name = signing_keys)]
struct KeyStep {
    state: &'static str,
    changes_at: Option<Option<Time>>,
    activated_at: Option<Time>,
    retired_at: Option<Time>,
    removed_at: Option<Time>,
    revoked_at: Option<Time>,
}

impl KeyStep {
    fn new(change: &KeyChange) -> Self {
        let at = Time::from(change.at);
        let reached = |state| (change.to == state && change.from != state).then_some(at);
        Self {
            state: change.to.as_str(),
            changes_at: Some(change.changes_at.map(Into::into)),
            activated_at: reached(KeyState::Active),
            retired_at: reached(KeyState::Retired),
            removed_at: reached(KeyState::Removed),
            revoked_at: change.revoked.then_some(at),
        }
    }
}

impl SigningKeyRow {
    fn new(key: &SigningKeyRecord) -> Self {
        Self {
            tenant_id: key.tenant_id.into(),
            id: key.id.into(),
            algorithm: key.algorithm.as_str().to_owned(),
            state: key.state.as_str().to_owned(),
            public_jwk: key.public_jwk.clone(),
            sealed_private_key: key.sealed_private_key.clone(),
            created_at: key.created_at.into(),
            changes_at: key.changes_at.map(Into::into),
            activated_at: key.activated_at.map(Into::into),
            retired_at: key.retired_at.map(Into::into),
            removed_at: key.removed_at.map(Into::into),
            revoked_at: key.revoked_at.map(Into::into),
        }
    }

    pub(crate) fn into_record(self) -> Result<SigningKeyRecord, Error> {
        Ok(SigningKeyRecord {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            algorithm: from_name("signing_keys.algorithm", &self.algorithm)?,
            state: from_name("signing_keys.state", &self.state)?,
            public_jwk: self.public_jwk,
            sealed_private_key: self.sealed_private_key,
            created_at: self.created_at.into(),
            changes_at: self.changes_at.map(Into::into),
            activated_at: self.activated_at.map(Into::into),
            retired_at: self.retired_at.map(Into::into),
            removed_at: self.removed_at.map(Into::into),
            revoked_at: self.revoked_at.map(Into::into),
        })
    }
}

impl TenantStore<'_> {
    /// The tenant's keys in order of their identifiers, without those that are removed.
    #[compiled_here]
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => signing_keys::table
                .filter(signing_keys::tenant_id.eq(tenant))
                .filter(signing_keys::state.ne(KeyState::Removed.as_str()))
                .order(signing_keys::id.asc())
                .select(SigningKeyRow::as_select()).load(c).await)?;
            rows.into_iter().map(SigningKeyRow::into_record).collect()
        };
        self.store.read(work).await
    }

    /// A key, removed or not.
    #[compiled_here]
    pub async fn signing_key(&self, id: KeyId) -> Result<Option<SigningKeyRecord>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => signing_keys::table.find(key)
                .select(SigningKeyRow::as_select()).get_result(c).await.optional())?;
            row.map(SigningKeyRow::into_record).transpose()
        };
        self.store.read(work).await
    }

    /// A page of the tenant's keys, those that are removed included.
    #[compiled_here]
    pub async fn list_keys(
        &self,
        page: &Page,
        filter: KeyFilter,
    ) -> Result<Listing<SigningKeyRecord>, Error> {
        let (tenant, wanted) = (Bytes::from(self.id), page.clone());
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => {
                let mut query = signing_keys::table.filter(signing_keys::tenant_id.eq(tenant))
                    .select(SigningKeyRow::as_select()).into_boxed();
                if let Some(state) = filter.state {
                    query = query.filter(signing_keys::state.eq(state.as_str()));
                }
                if let Some(algorithm) = filter.algorithm {
                    query = query.filter(signing_keys::algorithm.eq(algorithm.as_str()));
                }
                // Identifiers are in order of creation.
                if let Some(cursor) = &wanted.cursor {
                    query = query.filter(signing_keys::id.gt(cursor.id()));
                }
                query.order(signing_keys::id.asc()).limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(SigningKeyRow::into_record).collect()
        };
        let keys = self.store.read(work).await?;
        Ok(page.listing(keys, |key: &SigningKeyRecord| Cursor::new(key.created_at, key.id.as_bytes())))
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `id`, or `algorithm` if a key of it is published or active
    /// already and this one is, too; [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn insert_key(&self, key: &SigningKeyRecord, audit: Vec<AuditEvent>) -> Result<(), WriteError> {
        self.own(key.tenant_id)?;
        let (tenant, key) = (self.id, key.clone());
        self.store
            .write_change(self.change(ChangeKind::Keys), async move |conn: &mut Conn<'_>| {
                insert(conn, &key).await?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// Takes steps in the lives of keys, all or none and in this order, and adds a key after them: one
    /// key ends as another begins to sign.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if a key is not in the state it must be in, because another
    /// node was first; [`WriteError::Conflict`] naming `algorithm` if two keys would sign with it.
    #[compiled_here]
    pub async fn change_keys(
        &self,
        changes: Vec<KeyChange>,
        made: Option<SigningKeyRecord>,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        if let Some(made) = &made {
            self.own(made.tenant_id)?;
        }
        let tenant = self.id;
        self.store
            .write_change(self.change(ChangeKind::Keys), async move |conn: &mut Conn<'_>| {
                for change in changes {
                    take_step(conn, tenant, change).await?;
                }
                if let Some(made) = &made {
                    insert(conn, made).await?;
                }
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }
}

impl Store {
    /// Keys of all tenants in service, `limit` at most, whose next step is due by `now`, the longest due first.
    #[compiled_here]
    pub async fn keys_due(&self, now: Timestamp, limit: u32) -> Result<Vec<SigningKeyRecord>, Error> {
        let now = Time::from(now);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => signing_keys::table
                .inner_join(tenants::table.on(tenants::id.eq(signing_keys::tenant_id)))
                .filter(in_service()).filter(signing_keys::changes_at.le(now))
                .order(signing_keys::changes_at.asc())
                .select(SigningKeyRow::as_select()).limit(limit.into()).load(c).await)?;
            rows.into_iter().map(SigningKeyRow::into_record).collect()
        };
        self.read(work).await
    }
}

pub(crate) async fn insert(conn: &mut Conn<'_>, key: &SigningKeyRecord) -> QueryResult<()> {
    let row = SigningKeyRow::new(key);
    dual!(conn, c => diesel::insert_into(signing_keys::table).values(row).execute(c).await)?;
    Ok(())
}

async fn take_step(conn: &mut Conn<'_>, tenant: TenantId, change: KeyChange) -> Result<(), WriteError> {
    let key = (Bytes::from(tenant), Bytes::from(change.id));
    let changed = dual!(conn, c => diesel::update(signing_keys::table.find(key))
        .filter(signing_keys::state.eq(change.from.as_str())).set(KeyStep::new(&change)).execute(c).await)?;
    if changed > 0 {
        return Ok(());
    }
    match dual!(conn, c => select(exists(signing_keys::table.find(key))).get_result(c).await)? {
        true => Err(WriteError::VersionMismatch),
        false => Err(WriteError::NotFound),
    }
}
