use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{Idle, RequestOrigin, Session, SessionId, TenantId, User, UserId};
use grantor_protocol::{Lifetime, SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{console_sessions, sessions, users};
use crate::statement::Kept;
use crate::user::UserRow;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ApplyError, Cursor, Error, Listing, Page, TenantStore};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(crate) struct SessionRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    secret: Bytes<32>,
    user_id: Bytes<16>,
    authenticated_at: Time,
    amr: serde_json::Value,
    created_at: Time,
    expires_at: Time,
    ended_at: Option<Time>,
    /// Absent where nothing is known.
    origin: Option<serde_json::Value>,
    idle_lifetime: Option<i64>,
    idle_expires_at: Option<Time>,
}

const ORIGIN: &str = "sessions.origin";

impl SessionRow {
    fn new(session: &Session) -> Result<Self, Error> {
        let origin = (session.origin != RequestOrigin::default()).then_some(&session.origin);
        Ok(Self {
            tenant_id: session.tenant_id.into(),
            id: session.id.into(),
            secret: session.secret.into(),
            user_id: session.user_id.into(),
            authenticated_at: session.authenticated_at.into(),
            amr: document("sessions.amr", &session.amr)?,
            created_at: session.created_at.into(),
            expires_at: session.expires_at.into(),
            ended_at: session.ended_at.map(Into::into),
            origin: origin.map(|origin| document(ORIGIN, origin)).transpose()?,
            idle_lifetime: session.idle.map(|idle| idle.lifetime.seconds().into()),
            idle_expires_at: session.idle.map(|idle| idle.expires_at.into()),
        })
    }

    pub(crate) fn into_session(self) -> Result<Session, Error> {
        let idle = self.idle_lifetime.zip(self.idle_expires_at).map(|(lifetime, expires_at)| {
            let seconds =
                u32::try_from(lifetime).map_err(|error| Error::corrupt("sessions.idle_lifetime", error))?;
            Ok::<_, Error>(Idle { lifetime: Lifetime::from_seconds(seconds), expires_at: expires_at.into() })
        });
        Ok(Session {
            idle: idle.transpose()?,
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            secret: self.secret.into(),
            user_id: self.user_id.into(),
            authenticated_at: self.authenticated_at.into(),
            amr: from_document("sessions.amr", self.amr)?,
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
            ended_at: self.ended_at.map(Into::into),
            origin: self.origin.map(|held| from_document(ORIGIN, held)).transpose()?.unwrap_or_default(),
        })
    }
}

/// Which sessions a listing wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionFilter {
    pub user: Option<UserId>,
    /// Those that have neither ended nor expired, those that have, or all.
    pub live: Option<bool>,
}

impl TenantStore<'_> {
    /// A page of sessions, each with its user's name.
    #[compiled_here]
    pub async fn list_sessions(
        &self,
        page: &Page,
        filter: SessionFilter,
        now: Timestamp,
    ) -> Result<Listing<(Session, String)>, Error> {
        let (tenant, wanted) = (Bytes::from(self.id), page.clone());
        let work = async move |mut conn: Conn<'_>| {
            let user = users::tenant_id.eq(sessions::tenant_id).and(users::id.eq(sessions::user_id));
            let rows: Vec<(SessionRow, String)> = dual!(&mut conn, c => {
                let mut query = sessions::table
                    .inner_join(users::table.on(user))
                    .filter(sessions::tenant_id.eq(tenant))
                    .select((SessionRow::as_select(), users::username)).into_boxed();
                if let Some(user) = filter.user {
                    query = query.filter(sessions::user_id.eq(Bytes::from(user)));
                }
                match filter.live {
                    Some(true) => query = query.filter(sessions::ended_at.is_null()
                        .and(sessions::expires_at.gt(Time::from(now)))
                        .and(sessions::idle_expires_at.is_null()
                            .or(sessions::idle_expires_at.assume_not_null().gt(Time::from(now))))),
                    Some(false) => query = query.filter(sessions::ended_at.is_not_null()
                        .or(sessions::expires_at.le(Time::from(now)))
                        .or(sessions::idle_expires_at.is_not_null()
                            .and(sessions::idle_expires_at.assume_not_null().le(Time::from(now))))),
                    None => {}
                }
                // Identifiers are in order of creation.
                if let Some(cursor) = &wanted.cursor {
                    query = query.filter(sessions::id.gt(cursor.id()));
                }
                query.order(sessions::id.asc()).limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(|(row, username)| Ok((row.into_session()?, username))).collect()
        };
        let sessions: Vec<(Session, String)> = self.store.read(work).await?;
        Ok(page.listing(sessions, |(session, _): &(Session, _)| {
            Cursor::new(session.created_at, session.id.as_bytes())
        }))
    }

    /// A session, ended and expired ones included.
    #[compiled_here]
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => sessions::table.find(key)
                .select(SessionRow::as_select()).get_result(c).await.optional())?;
            row.map(SessionRow::into_session).transpose()
        };
        self.store.read(work).await
    }

    /// The session's browser was seen: it may stay away until then. Whoever says a later time, or that the
    /// session ended, is right.
    #[compiled_here]
    pub async fn see_session(&self, id: SessionId, until: Timestamp) -> Result<(), Error> {
        let (key, until) = ((Bytes::from(self.id), Bytes::from(id)), Time::from(until));
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => Kept(diesel::update(sessions::table.find(key))
                .filter(sessions::ended_at.is_null())
                .filter(sessions::idle_expires_at.lt(until))
                .set(sessions::idle_expires_at.eq(until))).execute(c).await)?;
            Ok(())
        };
        self.store.write(work).await
    }

    /// The session whose cookie has this hash, and whose it is; ended and expired ones included.
    #[compiled_here]
    pub async fn session_by_secret(&self, secret: &SecretHash) -> Result<Option<(Session, User)>, Error> {
        let (tenant, secret) = (Bytes::from(self.id), Bytes::from(*secret));
        let work = async move |mut conn: Conn<'_>| {
            let user = users::tenant_id.eq(sessions::tenant_id).and(users::id.eq(sessions::user_id));
            let rows: Option<(SessionRow, UserRow)> = dual!(&mut conn, c => sessions::table
                .inner_join(users::table.on(user))
                .filter(sessions::tenant_id.eq(tenant)).filter(sessions::secret.eq(secret))
                .select((SessionRow::as_select(), UserRow::as_select())).get_result(c).await.optional())?;
            rows.map(|(session, user)| Ok((session.into_session()?, user.into_user()?))).transpose()
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store(conn: &mut Conn<'_>, session: &Session) -> Result<(), ApplyError> {
    let row = SessionRow::new(session)?;
    dual!(conn, c => diesel::insert_into(sessions::table).values(row).execute(c).await)?;
    Ok(())
}

/// The cookie from before is nobody's from now on.
pub(crate) async fn renew(conn: &mut Conn<'_>, session: &Session) -> Result<(), ApplyError> {
    let row = SessionRow::new(session)?;
    let renewed = (
        sessions::secret.eq(row.secret),
        sessions::authenticated_at.eq(row.authenticated_at),
        sessions::amr.eq(row.amr),
        sessions::expires_at.eq(row.expires_at),
        sessions::origin.eq(row.origin),
        sessions::idle_lifetime.eq(row.idle_lifetime),
        sessions::idle_expires_at.eq(row.idle_expires_at),
    );
    guarded(dual!(conn, c => Kept(diesel::update(sessions::table.find((row.tenant_id, row.id)))
        .filter(sessions::user_id.eq(row.user_id))
        .filter(sessions::ended_at.is_null())
        .set(renewed)).execute(c).await)?)
}

/// Makes sure that the session does not end before this transaction does; one that is gone expired
/// long ago. Signing out writes its row first and ends its grants after that: a grant stored before this
/// is ended by it, or refused here.
pub(crate) async fn touch(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    session: SessionId,
) -> Result<(), ApplyError> {
    let held = sessions::table.find((Bytes::from(tenant), Bytes::from(session))).select(sessions::ended_at);
    let found: Option<Option<Time>> = match conn {
        Conn::Postgres(c) => held.for_share().get_result(c).await.optional()?,
        Conn::Sqlite(c) => held.get_result(&mut **c).await.optional()?,
    };
    match found {
        Some(Some(_)) => Err(ApplyError::Conflict),
        Some(None) | None => Ok(()),
    }
}

/// A session ends once: a later end changes nothing.
pub(crate) async fn end(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    session: SessionId,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(session));
    dual!(conn, c => Kept(diesel::update(sessions::table.find(key))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(Time::from(at))))
        .execute(c).await)?;
    Ok(())
}

/// Ends the user's sessions but for one, and tells which they were.
pub(crate) async fn end_others_of(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    session: SessionId,
    at: Timestamp,
) -> Result<Vec<SessionId>, ApplyError> {
    let ended: Vec<Bytes<16>> = dual!(conn, c => Kept(diesel::update(sessions::table)
        .filter(sessions::tenant_id.eq(Bytes::from(tenant)))
        .filter(sessions::user_id.eq(Bytes::from(user)))
        .filter(sessions::id.ne(Bytes::from(session)))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(Time::from(at)))
        .returning(sessions::id)).get_results(c).await)?;
    Ok(ended.into_iter().map(SessionId::from).collect())
}

pub(crate) async fn end_all_of(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    at: Timestamp,
) -> Result<(), ApplyError> {
    dual!(conn, c => Kept(diesel::update(sessions::table)
        .filter(sessions::tenant_id.eq(Bytes::from(tenant)))
        .filter(sessions::user_id.eq(Bytes::from(user)))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(Time::from(at))))
        .execute(c).await)?;
    dual!(conn, c => diesel::delete(console_sessions::table)
        .filter(console_sessions::tenant_id.eq(Bytes::from(tenant)))
        .filter(console_sessions::user_id.eq(Bytes::from(user)))
        .execute(c).await)?;
    Ok(())
}
