use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{Session, SessionId, User, UserId};
use grantor_protocol::{SecretHash, Timestamp};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{console_sessions, sessions, users};
use crate::session::SessionRow;
use crate::user::UserRow;
use crate::value::{Bytes, Time};
use crate::{Error, TenantStore, WriteError};

/// A browser in which somebody is signed in to the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSession {
    /// Hash of the cookie's value.
    pub hash: SecretHash,
    pub user_id: UserId,
    /// The session at the tenant's issuer that it came from, and lives no longer than.
    pub session_id: SessionId,
    pub expires_at: Timestamp,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = console_sessions)]
struct ConsoleSessionRow {
    tenant_id: Bytes<16>,
    hash: Bytes<32>,
    user_id: Bytes<16>,
    expires_at: Time,
    session_id: Option<Bytes<16>>,
}

impl TenantStore<'_> {
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such user.
    #[compiled_here]
    pub async fn store_console_session(&self, session: ConsoleSession) -> Result<(), WriteError> {
        let row = ConsoleSessionRow {
            tenant_id: self.id.into(),
            hash: session.hash.into(),
            user_id: session.user_id.into(),
            expires_at: session.expires_at.into(),
            session_id: Some(session.session_id.into()),
        };
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::insert_into(console_sessions::table)
                .values(row).execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }

    /// The console session whose cookie has this hash, the session that it came from and whose it is;
    /// ended and expired ones included.
    #[compiled_here]
    pub async fn console_session(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<(ConsoleSession, Session, User)>, Error> {
        let (tenant, hash) = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let session = (sessions::tenant_id.eq(console_sessions::tenant_id))
                .and(sessions::id.nullable().eq(console_sessions::session_id));
            let user = (users::tenant_id.eq(console_sessions::tenant_id))
                .and(users::id.eq(console_sessions::user_id));
            let rows: Option<(ConsoleSessionRow, SessionRow, UserRow)> = dual!(&mut conn, c => console_sessions::table
                .inner_join(sessions::table.on(session))
                .inner_join(users::table.on(user))
                .filter(console_sessions::tenant_id.eq(tenant)).filter(console_sessions::hash.eq(hash))
                .select((ConsoleSessionRow::as_select(), SessionRow::as_select(), UserRow::as_select()))
                .get_result(c).await.optional())?;
            let Some((row, session, user)) = rows else { return Ok(None) };
            let session = session.into_session()?;
            let console = ConsoleSession {
                hash: row.hash.into(),
                user_id: row.user_id.into(),
                session_id: session.id,
                expires_at: row.expires_at.into(),
            };
            Ok(Some((console, session, user.into_user()?)))
        };
        self.store.read(work).await
    }

    /// Ends a console session; one that is gone already stays so.
    #[compiled_here]
    pub async fn end_console_session(&self, hash: &SecretHash) -> Result<(), Error> {
        let key = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::delete(console_sessions::table.find(key)).execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }
}
