use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, InitialAccessToken, InitialAccessTokenId, TenantId};
use grantor_protocol::{SecretHash, Timestamp};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::page::in_order;
use crate::schema::initial_access_tokens;
use crate::value::{Bytes, Time, document, from_document};
use crate::{Cursor, Error, Listing, Page, TenantStore, WriteError};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = initial_access_tokens, treat_none_as_default_value = false)]
pub(crate) struct InitialAccessTokenRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    hash: Bytes<32>,
    settings: serde_json::Value,
    uses_left: Option<i64>,
    created_at: Time,
    expires_at: Time,
}

impl InitialAccessTokenRow {
    fn new(token: &InitialAccessToken) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: token.tenant_id.into(),
            id: token.id.into(),
            hash: token.hash.into(),
            settings: document("initial_access_tokens.settings", &token.settings)?,
            uses_left: token.uses_left.map(i64::from),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
        })
    }

    pub(crate) fn into_initial_access_token(self) -> Result<InitialAccessToken, Error> {
        let uses_left = self.uses_left.map(u32::try_from).transpose();
        Ok(InitialAccessToken {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            hash: self.hash.into(),
            settings: from_document("initial_access_tokens.settings", self.settings)?,
            uses_left: uses_left.map_err(|error| Error::corrupt("initial_access_tokens.uses_left", error))?,
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
        })
    }
}

impl TenantStore<'_> {
    /// Adds an initial access token.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_initial_access_token(
        &self,
        token: &InitialAccessToken,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        self.own(token.tenant_id)?;
        let (tenant, row) = (self.id, InitialAccessTokenRow::new(token)?);
        let work = async move |mut conn: Conn<'_>| {
            let insert = diesel::insert_into(initial_access_tokens::table).values(row);
            dual!(&mut conn, c => insert.execute(c).await)?;
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }

    /// An initial access token, one that is used up or expired included as long as it is kept.
    #[compiled_here]
    pub async fn initial_access_token(
        &self,
        id: InitialAccessTokenId,
    ) -> Result<Option<InitialAccessToken>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<InitialAccessTokenRow> = dual!(&mut conn, c => initial_access_tokens::table.find(key)
                .select(InitialAccessTokenRow::as_select()).get_result(c).await.optional())?;
            row.map(InitialAccessTokenRow::into_initial_access_token).transpose()
        };
        self.store.read(work).await
    }

    /// The initial access token that somebody presented.
    #[compiled_here]
    pub async fn initial_access_token_by_hash(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<InitialAccessToken>, Error> {
        let (tenant, hash) = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<InitialAccessTokenRow> = dual!(&mut conn, c => initial_access_tokens::table
                .filter(initial_access_tokens::tenant_id.eq(tenant))
                .filter(initial_access_tokens::hash.eq(hash))
                .select(InitialAccessTokenRow::as_select()).get_result(c).await.optional())?;
            row.map(InitialAccessTokenRow::into_initial_access_token).transpose()
        };
        self.store.read(work).await
    }

    /// A page of the tenant's initial access tokens.
    #[compiled_here]
    pub async fn list_initial_access_tokens(
        &self,
        page: &Page,
    ) -> Result<Listing<InitialAccessToken>, Error> {
        let (tenant, wanted) = (Bytes::from(self.id), page.clone());
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<InitialAccessTokenRow> = dual!(&mut conn, c => {
                let query = initial_access_tokens::table
                    .filter(initial_access_tokens::tenant_id.eq(tenant))
                    .select(InitialAccessTokenRow::as_select()).into_boxed();
                let after = wanted.cursor.as_ref().map(|cursor| (cursor.time(), cursor.id()));
                in_order!(query, false, (initial_access_tokens::created_at, initial_access_tokens::id), after)
                    .limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(InitialAccessTokenRow::into_initial_access_token).collect()
        };
        let tokens = self.store.read(work).await?;
        Ok(page
            .listing(tokens, |token: &InitialAccessToken| Cursor::new(token.created_at, token.id.as_bytes())))
    }

    /// Deletes an initial access token; clients that were registered with it stay.
    ///
    /// # Errors
    /// [`WriteError::NotFound`].
    #[compiled_here]
    pub async fn delete_initial_access_token(
        &self,
        id: InitialAccessTokenId,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let tenant = self.id;
        let work = async move |mut conn: Conn<'_>| {
            let key = (Bytes::from(tenant), Bytes::from(id));
            let delete = diesel::delete(initial_access_tokens::table.find(key));
            match dual!(&mut conn, c => delete.execute(c).await)? {
                0 => Err(WriteError::NotFound),
                _ => Ok(audit::record(&mut conn, tenant, audit).await?),
            }
        };
        self.store.write(work).await
    }
}

/// Takes one use.
///
/// # Errors
/// [`WriteError::VersionMismatch`] if none is left or the token is over.
pub(crate) async fn spend(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: InitialAccessTokenId,
    now: Timestamp,
) -> Result<(), WriteError> {
    use initial_access_tokens::{expires_at, uses_left};
    let key = (Bytes::from(tenant), Bytes::from(id));
    let left = uses_left.is_null().or(uses_left.assume_not_null().gt(0));
    let spent = dual!(conn, c => diesel::update(initial_access_tokens::table.find(key))
        .filter(left).filter(expires_at.gt(Time::from(now)))
        .set(uses_left.eq(uses_left - 1)).execute(c).await)?;
    if spent == 0 { Err(WriteError::VersionMismatch) } else { Ok(()) }
}
