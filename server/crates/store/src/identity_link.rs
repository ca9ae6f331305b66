use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, IdentityLink, User, UserId};

use crate::apply::guarded;
use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{identity_links, identity_providers, passkeys, users};
use crate::statement::Kept;
use crate::tenant_count::{self, Noun};
use crate::user::UserRow;
use crate::value::{Bytes, Time};
use crate::{ApplyError, Error, TenantStore, WriteError};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = identity_links, treat_none_as_default_value = false)]
pub(crate) struct IdentityLinkRow {
    tenant_id: Bytes<16>,
    provider: String,
    subject: String,
    user_id: Bytes<16>,
    created_at: Time,
    last_used_at: Option<Time>,
}

impl From<&IdentityLink> for IdentityLinkRow {
    fn from(link: &IdentityLink) -> Self {
        Self {
            tenant_id: link.tenant_id.into(),
            provider: link.provider.clone(),
            subject: link.subject.clone(),
            user_id: link.user_id.into(),
            created_at: link.created_at.into(),
            last_used_at: link.last_used_at.map(Time::from),
        }
    }
}

impl IdentityLinkRow {
    pub(crate) fn into_identity_link(self) -> IdentityLink {
        IdentityLink {
            tenant_id: self.tenant_id.into(),
            provider: self.provider,
            subject: self.subject,
            user_id: self.user_id.into(),
            created_at: self.created_at.into(),
            last_used_at: self.last_used_at.map(Timestamp::from),
        }
    }
}

impl TenantStore<'_> {
    /// The link of a provider's subject, and whose it is.
    #[compiled_here]
    pub async fn identity_link(
        &self,
        provider: &str,
        subject: &str,
    ) -> Result<Option<(IdentityLink, User)>, Error> {
        let (tenant, provider, subject) = (Bytes::from(self.id), provider.to_owned(), subject.to_owned());
        let work = async move |mut conn: Conn<'_>| {
            let user =
                users::tenant_id.eq(identity_links::tenant_id).and(users::id.eq(identity_links::user_id));
            let rows: Option<(IdentityLinkRow, UserRow)> = dual!(&mut conn, c => identity_links::table
                .inner_join(users::table.on(user))
                .filter(identity_links::tenant_id.eq(tenant))
                .filter(identity_links::provider.eq(provider))
                .filter(identity_links::subject.eq(subject))
                .select((IdentityLinkRow::as_select(), UserRow::as_select()))
                .get_result(c).await.optional())?;
            rows.map(|(link, user)| Ok((link.into_identity_link(), user.into_user()?))).transpose()
        };
        self.store.read(work).await
    }

    /// How a user signs in through others, the oldest first. Of each provider there is one.
    #[compiled_here]
    pub async fn identity_links_of(&self, user: UserId) -> Result<Vec<IdentityLink>, Error> {
        let (tenant, user) = (Bytes::from(self.id), Bytes::from(user));
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<IdentityLinkRow> = dual!(&mut conn, c => identity_links::table
                .filter(identity_links::tenant_id.eq(tenant)).filter(identity_links::user_id.eq(user))
                .order((identity_links::created_at.asc(), identity_links::provider.asc()))
                .select(IdentityLinkRow::as_select()).load(c).await)?;
            Ok(rows.into_iter().map(IdentityLinkRow::into_identity_link).collect())
        };
        self.store.read(work).await
    }

    /// Adds a user together with the link that they sign in by.
    ///
    /// # Errors
    /// As [`create_user`](Self::create_user); [`WriteError::Conflict`] naming `subject` for a link that is there
    /// already; [`WriteError::NotFound`] if there is no such provider.
    #[compiled_here]
    pub async fn create_linked_user(
        &self,
        user: &User,
        link: &IdentityLink,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        self.own(user.tenant_id)?;
        self.own(link.tenant_id)?;
        let (tenant, row, link) = (self.id, UserRow::new(user)?, IdentityLinkRow::from(link));
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::insert_into(users::table).values(row).execute(c).await)?;
            tenant_count::add(&mut conn, tenant, Noun::Users).await?;
            dual!(&mut conn, c => diesel::insert_into(identity_links::table).values(link).execute(c).await)?;
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }

    /// Takes a user's link to a provider away. With `or_lock_out` the user may have no other way to sign in.
    ///
    /// # Errors
    /// [`WriteError::NotFound`]; [`WriteError::Protected`] for the last way to sign in: there is neither a password
    /// nor a link to another enabled provider.
    #[compiled_here]
    pub async fn delete_identity_link(
        &self,
        user: UserId,
        provider: &str,
        or_lock_out: bool,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, provider) = (self.id, provider.to_owned());
        let work = async move |mut conn: Conn<'_>| {
            let key = (Bytes::from(tenant), Bytes::from(user));
            // Whoever takes another of the user's links away waits here.
            let password: Option<Option<String>> = dual!(&mut conn, c => diesel::update(users::table.find(key))
                .set(users::version.eq(users::version))
                .returning(users::password).get_result(c).await.optional())?;
            let password = password.ok_or(WriteError::NotFound)?;
            let deleted = dual!(&mut conn, c => diesel::delete(identity_links::table)
                .filter(identity_links::tenant_id.eq(key.0)).filter(identity_links::user_id.eq(key.1))
                .filter(identity_links::provider.eq(provider)).execute(c).await)?;
            if deleted == 0 {
                return Err(WriteError::NotFound);
            }
            let has_another = password.is_some()
                || has_enabled_link(&mut conn, key).await?
                || has_passkey(&mut conn, key).await?;
            if !or_lock_out && !has_another {
                return Err(WriteError::Protected("it is the only way to sign in"));
            }
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }
}

async fn has_passkey(conn: &mut Conn<'_>, (tenant, user): (Bytes<16>, Bytes<16>)) -> QueryResult<bool> {
    let count: i64 = dual!(conn, c => passkeys::table
        .filter(passkeys::tenant_id.eq(tenant)).filter(passkeys::user_id.eq(user))
        .count().get_result(c).await)?;
    Ok(count > 0)
}

async fn has_enabled_link(conn: &mut Conn<'_>, (tenant, user): (Bytes<16>, Bytes<16>)) -> QueryResult<bool> {
    let provider = identity_providers::tenant_id
        .eq(identity_links::tenant_id)
        .and(identity_providers::name.eq(identity_links::provider));
    let count: i64 = dual!(conn, c => identity_links::table
        .inner_join(identity_providers::table.on(provider))
        .filter(identity_links::tenant_id.eq(tenant)).filter(identity_links::user_id.eq(user))
        .filter(identity_providers::enabled.eq(true))
        .count().get_result(c).await)?;
    Ok(count > 0)
}

pub(crate) async fn store(conn: &mut Conn<'_>, link: &IdentityLink) -> Result<(), ApplyError> {
    let row = IdentityLinkRow::from(link);
    dual!(conn, c => diesel::insert_into(identity_links::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn record_use(conn: &mut Conn<'_>, link: &IdentityLink) -> Result<(), ApplyError> {
    let row = IdentityLinkRow::from(link);
    let key = (row.tenant_id, row.provider, row.subject);
    guarded(dual!(conn, c => Kept(diesel::update(identity_links::table.find(key))
        .filter(identity_links::user_id.eq(row.user_id))
        .set(identity_links::last_used_at.eq(row.last_used_at)))
        .execute(c).await)?)
}
