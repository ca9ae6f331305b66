use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{
    AuditEvent, ClientId, Grant, GrantId, RevocationReason, SessionId, SignOutRevokes, TenantId, UserId,
    UserStatus,
};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{clients, grants, users};
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document, from_name, scope};
use crate::{ApplyError, Cursor, Error, Listing, Page, TenantStore, audit};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = grants, treat_none_as_default_value = false)]
pub(crate) struct GrantRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    client_id: String,
    user_id: Bytes<16>,
    scope: String,
    resources: serde_json::Value,
    authentication: serde_json::Value,
    nonce: Option<String>,
    created_at: Time,
    revoked_at: Option<Time>,
    revocation_reason: Option<String>,
    /// That of `authentication`, to find the grants of a session.
    session_id: Option<Bytes<16>>,
}

impl GrantRow {
    fn new(grant: &Grant) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: grant.tenant_id.into(),
            id: grant.id.into(),
            client_id: grant.client_id.to_string(),
            user_id: grant.user_id.into(),
            scope: grant.scope.to_string(),
            resources: document("grants.resources", &grant.resources)?,
            authentication: document("grants.authentication", &grant.authentication)?,
            nonce: grant.nonce.clone(),
            created_at: grant.created_at.into(),
            revoked_at: grant.revoked_at.map(Into::into),
            revocation_reason: grant.revocation_reason.map(|reason| reason.as_str().to_owned()),
            session_id: Some(grant.authentication.session_id.into()),
        })
    }

    pub(crate) fn into_grant(self) -> Result<Grant, Error> {
        let reason = self.revocation_reason.as_deref();
        Ok(Grant {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            client_id: client_id("grants.client_id", &self.client_id)?,
            user_id: self.user_id.into(),
            scope: scope("grants.scope", &self.scope)?,
            resources: from_document("grants.resources", self.resources)?,
            authentication: from_document("grants.authentication", self.authentication)?,
            nonce: self.nonce,
            created_at: self.created_at.into(),
            revoked_at: self.revoked_at.map(Into::into),
            revocation_reason: reason.map(|name| from_name("grants.revocation_reason", name)).transpose()?,
        })
    }
}

/// Which grants a listing wants.
#[derive(Clone, Debug, Default)]
pub struct GrantFilter {
    pub user: Option<UserId>,
    pub client_id: Option<ClientId>,
    /// Those that are not revoked, those that are, or all.
    pub active: Option<bool>,
}

/// A grant with the names of those whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedGrant {
    pub grant: Grant,
    pub username: String,
    pub client_name: String,
}

impl TenantStore<'_> {
    /// A page of grants.
    #[compiled_here]
    pub async fn list_grants(&self, page: &Page, filter: &GrantFilter) -> Result<Listing<NamedGrant>, Error> {
        let (tenant, wanted, filter) = (Bytes::from(self.id), page.clone(), filter.clone());
        let work = async move |mut conn: Conn<'_>| {
            let user = users::tenant_id.eq(grants::tenant_id).and(users::id.eq(grants::user_id));
            let client =
                clients::tenant_id.eq(grants::tenant_id).and(clients::client_id.eq(grants::client_id));
            let rows: Vec<(GrantRow, String, String)> = dual!(&mut conn, c => {
                let mut query = grants::table
                    .inner_join(users::table.on(user))
                    .inner_join(clients::table.on(client))
                    .filter(grants::tenant_id.eq(tenant))
                    .select((GrantRow::as_select(), users::username, clients::client_name)).into_boxed();
                if let Some(user) = filter.user {
                    query = query.filter(grants::user_id.eq(Bytes::from(user)));
                }
                if let Some(client_id) = filter.client_id {
                    query = query.filter(grants::client_id.eq(client_id.to_string()));
                }
                match filter.active {
                    Some(true) => query = query.filter(grants::revoked_at.is_null()),
                    Some(false) => query = query.filter(grants::revoked_at.is_not_null()),
                    None => {}
                }
                // Identifiers are in order of creation.
                if let Some(cursor) = &wanted.cursor {
                    query = query.filter(grants::id.gt(cursor.id()));
                }
                query.order(grants::id.asc()).limit(wanted.rows_to_load()).load(c).await
            })?;
            let named = |(row, username, client_name): (GrantRow, _, _)| {
                Ok(NamedGrant { grant: row.into_grant()?, username, client_name })
            };
            rows.into_iter().map(named).collect()
        };
        let grants = self.store.read(work).await?;
        Ok(page.listing(grants, |named: &NamedGrant| {
            Cursor::new(named.grant.created_at, named.grant.id.as_bytes())
        }))
    }

    /// Revokes `most` grants of a client at a time, those that come after `after`. Gives the last one
    /// if there may be more.
    #[compiled_here]
    pub async fn revoke_grants_of_client(
        &self,
        client_id: &ClientId,
        after: Option<GrantId>,
        most: u32,
        (reason, at): (RevocationReason, Timestamp),
        audit: Vec<AuditEvent>,
    ) -> Result<Option<GrantId>, Error> {
        let (tenant, client_id) = (self.id, client_id.to_string());
        let after = after.map_or(Bytes::from(GrantId::from_bytes([0; 16])), Bytes::from);
        let work = async move |mut conn: Conn<'_>| {
            let held: Vec<Bytes<16>> = dual!(&mut conn, c => grants::table
                .filter(grants::tenant_id.eq(Bytes::from(tenant)))
                .filter(grants::client_id.eq(client_id))
                .filter(grants::revoked_at.is_null())
                .filter(grants::id.gt(after))
                .order(grants::id.asc()).limit(most.into())
                .select(grants::id).load(c).await)?;
            for id in &held {
                revoke_row(&mut conn, tenant, *id, reason, at).await?;
            }
            audit::record(&mut conn, tenant, audit).await?;
            let last = held.last().filter(|_| held.len() >= most as usize);
            Ok(last.map(|id| GrantId::from(*id)))
        };
        self.store.write(work).await
    }

    /// A grant, revoked ones included.
    #[compiled_here]
    pub async fn grant(&self, id: GrantId) -> Result<Option<Grant>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => grants::table.find(key)
                .select(GrantRow::as_select()).get_result(c).await.optional())?;
            row.map(GrantRow::into_grant).transpose()
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store(conn: &mut Conn<'_>, grant: &Grant) -> Result<(), ApplyError> {
    let row = GrantRow::new(grant)?;
    user_is_active(conn, grant.tenant_id, grant.user_id).await?;
    dual!(conn, c => diesel::insert_into(grants::table).values(row).execute(c).await)?;
    Ok(())
}

/// Whether the user may sign in. Locking writes this row first and ends sessions and grants after
/// that: a grant made before the lock is ended by it, one made after it is refused here.
async fn user_is_active(conn: &mut Conn<'_>, tenant: TenantId, user: UserId) -> Result<(), ApplyError> {
    let active = users::table
        .find((Bytes::from(tenant), Bytes::from(user)))
        .filter(users::status.eq(UserStatus::Active.as_str()))
        .select(users::id);
    let found: Option<Bytes<16>> = match conn {
        Conn::Postgres(c) => active.for_share().get_result(c).await.optional()?,
        Conn::Sqlite(c) => active.get_result(&mut **c).await.optional()?,
    };
    guarded(found.iter().len())
}

/// Makes sure that the grant is not revoked before this transaction ends. SQLite has one writer, so
/// to look is enough. On PostgreSQL the row is locked against a revocation but not against other
/// tokens of the same grant, and nothing is written that the next vacuum would have to clear.
pub(crate) async fn touch(conn: &mut Conn<'_>, tenant: TenantId, grant: GrantId) -> Result<(), ApplyError> {
    let live = grants::table
        .find((Bytes::from(tenant), Bytes::from(grant)))
        .filter(grants::revoked_at.is_null())
        .select(grants::id);
    let found: Option<Bytes<16>> = match conn {
        Conn::Postgres(c) => live.for_share().get_result(c).await.optional()?,
        Conn::Sqlite(c) => live.get_result(&mut **c).await.optional()?,
    };
    guarded(found.iter().len())
}

/// The first revocation counts: a later one changes neither time nor reason.
pub(crate) async fn revoke(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    grant: GrantId,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<(), ApplyError> {
    Ok(revoke_row(conn, tenant, Bytes::from(grant), reason, at).await?)
}

async fn revoke_row(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    grant: Bytes<16>,
    reason: RevocationReason,
    at: Timestamp,
) -> QueryResult<()> {
    let key = (Bytes::from(tenant), grant);
    let revoked = (grants::revoked_at.eq(Time::from(at)), grants::revocation_reason.eq(reason.as_str()));
    dual!(conn, c => Kept(diesel::update(grants::table.find(key))
        .filter(grants::revoked_at.is_null())
        .set(revoked)).execute(c).await)?;
    Ok(())
}

pub(crate) async fn revoke_given_to(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    client_id: &ClientId,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let revoked = (grants::revoked_at.eq(Time::from(at)), grants::revocation_reason.eq(reason.as_str()));
    dual!(conn, c => Kept(diesel::update(grants::table)
        .filter(grants::tenant_id.eq(Bytes::from(tenant)))
        .filter(grants::user_id.eq(Bytes::from(user)))
        .filter(grants::client_id.eq(client_id.as_str()))
        .filter(grants::revoked_at.is_null())
        .set(revoked)).execute(c).await)?;
    Ok(())
}

/// Revokes the session's grants that `revokes` names.
pub(crate) async fn revoke_given_in(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    session: SessionId,
    revokes: SignOutRevokes,
    at: Timestamp,
) -> Result<(), ApplyError> {
    if revokes == SignOutRevokes::None {
        return Ok(());
    }
    let (tenant_id, session) = (Bytes::from(tenant), Bytes::from(session));
    let held: Vec<(Bytes<16>, String)> = dual!(conn, c => grants::table
        .filter(grants::tenant_id.eq(tenant_id))
        .filter(grants::session_id.eq(session))
        .filter(grants::revoked_at.is_null())
        .select((grants::id, grants::scope)).load(c).await)?;
    for (id, text) in held {
        if revokes.ends(&scope("grants.scope", &text)?) {
            revoke(conn, tenant, id.into(), RevocationReason::SignedOut, at).await?;
        }
    }
    Ok(())
}

pub(crate) async fn revoke_all_of(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let revoked = (grants::revoked_at.eq(Time::from(at)), grants::revocation_reason.eq(reason.as_str()));
    dual!(conn, c => Kept(diesel::update(grants::table)
        .filter(grants::tenant_id.eq(Bytes::from(tenant)))
        .filter(grants::user_id.eq(Bytes::from(user)))
        .filter(grants::revoked_at.is_null())
        .set(revoked)).execute(c).await)?;
    Ok(())
}

pub(crate) fn client_id(column: &'static str, text: &str) -> Result<ClientId, Error> {
    ClientId::parse(text).ok_or_else(|| Error::corrupt(column, "not a client identifier"))
}
