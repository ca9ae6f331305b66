//! Clients that nobody who administers the tenant made: how they come, are found again and leave.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, Client, ClientId, InitialAccessTokenId, TenantId};
use grantor_protocol::{SecretHash, Timestamp};

use crate::client::{self, ClientRow};
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::grant::client_id;
use crate::schema::{authorization_codes, clients, grants, refresh_tokens, tenants};
use crate::statement::Kept;
use crate::tenant::in_service;
use crate::tenant_count::{self, Noun};
use crate::value::{Bytes, Time};
use crate::{ApplyError, ChangeKind, Error, Store, TenantStore, WriteError};
use crate::{audit, initial_access_token};

/// A self-made client whose time is over, unless a grant of it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedClient {
    pub tenant_id: TenantId,
    pub client_id: ClientId,
}

impl TenantStore<'_> {
    /// Adds a self-made client, which may be deleted from `dies_at` on, and takes one use of its initial
    /// access token if it came with one.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if the token is used up, expired or gone;
    /// [`WriteError::QuotaExceeded`] naming `clients` or `registrations_per_day`;
    /// [`WriteError::Conflict`] naming `registration` if the same was registered meanwhile, or
    /// `client_id`.
    #[compiled_here]
    pub async fn register_client(
        &self,
        client: &Client,
        dies_at: Timestamp,
        token: Option<InitialAccessTokenId>,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        self.own(client.tenant_id)?;
        let (tenant, now, row) = (self.id, client.created_at, ClientRow::new(client)?);
        let change = self.change(ChangeKind::Client(client.client_id.clone()));
        self.store
            .write_change(change, async move |conn: &mut Conn<'_>| {
                if let Some(token) = token {
                    initial_access_token::spend(conn, tenant, token, now).await?;
                }
                let values = (row, clients::dies_at.eq(Time::from(dies_at)));
                dual!(conn, c => diesel::insert_into(clients::table).values(values).execute(c).await)?;
                tenant_count::add(conn, tenant, Noun::Clients).await?;
                tenant_count::add_registration(conn, tenant, now).await?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// The client that registered itself with metadata of this fingerprint.
    #[compiled_here]
    pub async fn client_by_registration(&self, fingerprint: &SecretHash) -> Result<Option<Client>, Error> {
        let (tenant, fingerprint) = (Bytes::from(self.id), Bytes::from(*fingerprint));
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<ClientRow> = dual!(&mut conn, c => clients::table
                .filter(clients::tenant_id.eq(tenant))
                .filter(clients::registration_fingerprint.eq(fingerprint))
                .select(ClientRow::as_select()).get_result(c).await.optional())?;
            row.map(ClientRow::into_client).transpose()
        };
        self.store.read(work).await
    }

    /// Deletes a self-made client whose time was over at `now` and of which no grant lives, with all
    /// that belongs to it.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if it is in use after all.
    #[compiled_here]
    pub async fn delete_unused_client(
        &self,
        client_id: &ClientId,
        now: Timestamp,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, client_id) = (self.id, client_id.clone());
        let mut changes = self.change(ChangeKind::Client(client_id.clone()));
        changes.extend(self.change(ChangeKind::RoleAssignments));
        self.store
            .write_change(changes, async move |conn: &mut Conn<'_>| {
                let (key, at) = ((Bytes::from(tenant), client_id.to_string()), Time::from(now));
                let deleted = dual!(conn, c => diesel::delete(clients::table.find(key.clone()))
                    .filter(clients::dies_at.le(at))
                    .filter(not(exists(grants::table
                        .filter(grants::tenant_id.eq(key.0)).filter(grants::client_id.eq(key.1))
                        .filter(grants::revoked_at.is_null())
                        .filter(exists(refresh_tokens::table
                                .filter(refresh_tokens::tenant_id.eq(grants::tenant_id))
                                .filter(refresh_tokens::grant_id.eq(grants::id))
                                .filter(refresh_tokens::rotated_at.is_null())
                                .filter(refresh_tokens::expires_at.gt(at)))
                            .or(exists(authorization_codes::table
                                .filter(authorization_codes::tenant_id.eq(grants::tenant_id))
                                .filter(authorization_codes::grant_id.eq(grants::id))
                                .filter(authorization_codes::consumed_at.is_null())
                                .filter(authorization_codes::expires_at.gt(at))))))))
                    .execute(c).await)?;
                if deleted == 0 {
                    return Err(WriteError::NotFound);
                }
                client::forget(conn, tenant, client_id).await?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }
}

impl Store {
    /// Self-made clients of all tenants in service whose time was over at `now`, at most `most`, the longest
    /// forgotten first.
    #[compiled_here]
    pub async fn unused_clients(&self, now: Timestamp, most: u32) -> Result<Vec<UnusedClient>, Error> {
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<(Bytes<16>, String)> = dual!(&mut conn, c => clients::table
                .inner_join(tenants::table.on(tenants::id.eq(clients::tenant_id)))
                .filter(in_service()).filter(clients::dies_at.le(Time::from(now)))
                .order(clients::dies_at.asc()).limit(most.into())
                .select((clients::tenant_id, clients::client_id)).load(c).await)?;
            let unused = |(tenant, id): (Bytes<16>, String)| {
                Ok(UnusedClient { tenant_id: tenant.into(), client_id: client_id("clients.client_id", &id)? })
            };
            rows.into_iter().map(unused).collect()
        };
        self.read(work).await
    }
}

/// Clients that an administrator made have no end, and none comes nearer.
pub(crate) async fn extend_life(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    client_id: &ClientId,
    until: Timestamp,
) -> Result<(), ApplyError> {
    let (key, until) = ((Bytes::from(tenant), client_id.as_str()), Time::from(until));
    dual!(conn, c => Kept(diesel::update(clients::table.find(key))
        .filter(clients::dies_at.lt(until)).set(clients::dies_at.eq(until))).execute(c).await)?;
    Ok(())
}
