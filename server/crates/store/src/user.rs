use diesel::dsl::{exists, not, select};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{
    AuditEvent, PasswordHash, SignInIdentifier, TenantId, User, UserId, UserStatus,
};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::page::{Order, in_order, starts_with};
use crate::schema::users;
use crate::statement::Kept;
use crate::tenant_count::{self, Noun};
use crate::value::{Bytes, Time, document, from_document, from_name};
use crate::{ApplyError, Error, Listing, Page, Sort, SortKey, Subject, TenantStore, WriteError};
use crate::{audit, one_time_link, role_assignment};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(crate) struct UserRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    username: String,
    username_lower: String,
    email: Option<String>,
    email_lower: Option<String>,
    email_verified: bool,
    name_lower: Option<String>,
    status: String,
    password: Option<String>,
    profile: serde_json::Value,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl UserRow {
    pub(crate) fn new(user: &User) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: user.tenant_id.into(),
            id: user.id.into(),
            username: user.username.clone(),
            username_lower: user.username.to_lowercase(),
            email: user.email.clone(),
            email_lower: user.email.as_deref().map(str::to_lowercase),
            email_verified: user.email_verified,
            name_lower: user.profile.name.as_deref().map(str::to_lowercase),
            status: user.status.as_str().to_owned(),
            password: user.password.as_ref().map(|password| password.as_phc().to_owned()),
            profile: document("users.profile", &user.profile)?,
            version: user.version,
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
        })
    }

    pub(crate) fn into_user(self) -> Result<User, Error> {
        Ok(User {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            username: self.username,
            email: self.email,
            email_verified: self.email_verified,
            status: from_name("users.status", &self.status)?,
            password: self.password.map(PasswordHash::from_phc),
            profile: from_document("users.profile", self.profile)?,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

/// Which users a listing wants.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    pub status: Option<UserStatus>,
    /// Whole, without regard to case.
    pub email: Option<String>,
}

impl TenantStore<'_> {
    #[compiled_here]
    pub async fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => users::table.find(key)
                .select(UserRow::as_select()).get_result(c).await.optional())?;
            row.map(UserRow::into_user).transpose()
        };
        self.store.read(work).await
    }

    /// The user who signs in with this name or email address, without regard to case: whichever of the
    /// two `identifier` lets count. Where one user's name is another's address, the name does.
    #[compiled_here]
    pub async fn user_by_login(
        &self,
        login: &str,
        identifier: SignInIdentifier,
    ) -> Result<Option<User>, Error> {
        // PostgreSQL answers it with an error, and nobody is called that.
        if login.contains('\0') {
            return Ok(None);
        }
        let (tenant, login) = (Bytes::from(self.id), login.to_lowercase());
        let work = async move |mut conn: Conn<'_>| {
            let mut rows = dual!(&mut conn, c => users::table.filter(users::tenant_id.eq(tenant))
                .filter(users::username_lower.eq(&login).or(users::email_lower.eq(&login)))
                .select(UserRow::as_select()).load(c).await)?;
            rows.retain(|row| match identifier {
                SignInIdentifier::UsernameOrEmail => true,
                SignInIdentifier::Username => row.username_lower == login,
                SignInIdentifier::Email => row.email_lower.as_ref() == Some(&login),
            });
            rows.sort_by_key(|row| row.username_lower != login);
            rows.into_iter().next().map(UserRow::into_user).transpose()
        };
        self.store.read(work).await
    }

    /// A page of the tenant's users; `q` is searched in user names, email addresses and names.
    #[compiled_here]
    pub async fn list_users(&self, page: &Page, filter: &UserFilter) -> Result<Listing<User>, Error> {
        let (tenant, wanted, filter) = (Bytes::from(self.id), page.clone(), filter.clone());
        let work = async move |mut conn: Conn<'_>| {
            let mut found: Vec<(Order, User)> = vec![];
            for order in wanted.orders(3) {
                let missing = wanted.rows_missing(found.len());
                if missing == 0 {
                    break;
                }
                let rows = dual!(&mut conn, c => {
                    let mut query = users::table.filter(users::tenant_id.eq(tenant))
                        .select(UserRow::as_select()).into_boxed();
                    if let Some(status) = filter.status {
                        query = query.filter(users::status.eq(status.as_str()));
                    }
                    if let Some(email) = &filter.email {
                        query = query.filter(users::email_lower.eq(email.to_lowercase()));
                    }
                    let after = wanted.after(order);
                    let by_time = after.map(|cursor| (cursor.time(), cursor.id()));
                    let by_name = after.map(|cursor| (cursor.value(), cursor.id()));
                    let (prefix, seek) = (wanted.prefix().unwrap_or_default(), wanted.seek(order));
                    let (email, name) =
                        (users::email_lower.assume_not_null(), users::name_lower.assume_not_null());
                    let query = match order {
                        Order::Sorted(Sort { by: SortKey::CreatedAt, descending }) => {
                            in_order!(query, descending, (users::created_at, users::id), by_time)
                        }
                        Order::Sorted(Sort { by: SortKey::Key | SortKey::Name, descending }) => {
                            in_order!(query, descending, (users::username_lower, users::id), by_name)
                        }
                        Order::Found(0) => {
                            let query = query.filter(starts_with!(users::username_lower, seek));
                            in_order!(query, false, (users::username_lower, users::id), by_name)
                        }
                        Order::Found(1) => {
                            let query = query.filter(starts_with!(email, seek))
                                .filter(not(starts_with!(users::username_lower, prefix)));
                            in_order!(query, false, (email, users::id), by_name)
                        }
                        Order::Found(_) => {
                            let query = query.filter(starts_with!(name, seek))
                                .filter(not(starts_with!(users::username_lower, prefix)))
                                .filter(users::email_lower.is_null().or(not(starts_with!(email, prefix))));
                            in_order!(query, false, (name, users::id), by_name)
                        }
                    };
                    query.limit(missing).load(c).await
                })?;
                for row in rows {
                    found.push((order, UserRow::into_user(row)?));
                }
            }
            Ok(found)
        };
        let users = self.store.read(work).await?;
        Ok(page.ordered_listing(users, |order, user: &User| {
            let (key, lower) =
                (user.id.as_bytes(), |name: Option<&String>| name.map(|name| name.to_lowercase()));
            match order {
                Order::Sorted(Sort { by: SortKey::CreatedAt, .. }) => order.after_time(user.created_at, key),
                Order::Sorted(_) | Order::Found(0) => order.after(&user.username.to_lowercase(), key),
                Order::Found(1) => order.after(&lower(user.email.as_ref()).unwrap_or_default(), key),
                Order::Found(_) => order.after(&lower(user.profile.name.as_ref()).unwrap_or_default(), key),
            }
        }))
    }

    /// Adds a user with the version and times that it has.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `username`, `email` or `id`; [`WriteError::QuotaExceeded`];
    /// [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_user(&self, user: &User, audit: Vec<AuditEvent>) -> Result<(), WriteError> {
        self.own(user.tenant_id)?;
        let (tenant, row) = (self.id, UserRow::new(user)?);
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::insert_into(users::table).values(row).execute(c).await)?;
            tenant_count::add(&mut conn, tenant, Noun::Users).await?;
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }

    /// Replaces what can change of a user, which is all but identifier, creation time and password,
    /// and counts its version up. Gives the user as it is now.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if a version is expected and the user has another;
    /// [`WriteError::Conflict`] as [`create_user`](Self::create_user); [`WriteError::Protected`] where it
    /// locks out the last administrator of the platform.
    #[compiled_here]
    pub async fn replace_user(
        &self,
        user: &User,
        expected_version: Option<i64>,
        new_password: Option<PasswordHash>,
        audit: Vec<AuditEvent>,
    ) -> Result<User, WriteError> {
        self.own(user.tenant_id)?;
        let (tenant, row) = (self.id, UserRow::new(user)?);
        let work = async move |mut conn: Conn<'_>| {
            let (key, at, ends_links) = ((row.tenant_id, row.id), row.updated_at, new_password.is_some());
            let changes = (
                users::username.eq(row.username),
                users::username_lower.eq(row.username_lower),
                users::email.eq(row.email),
                users::email_lower.eq(row.email_lower),
                users::email_verified.eq(row.email_verified),
                users::name_lower.eq(row.name_lower),
                users::status.eq(row.status),
                users::profile.eq(row.profile),
                new_password.map(|password| users::password.eq(Some(password.as_phc().to_owned()))),
                users::updated_at.eq(row.updated_at),
                users::version.eq(users::version + 1),
            );
            let replaced = dual!(&mut conn, c => diesel::update(users::table.find(key))
                .filter(is_expected(expected_version)).set(changes)
                .returning(UserRow::as_returning()).get_result(c).await.optional())?;
            let Some(replaced) = replaced else { return Err(why_missed(&mut conn, key).await) };
            let user = replaced.into_user()?;
            if ends_links {
                one_time_link::end(&mut conn, tenant, user.id, None, at.into()).await?;
            }
            if user.status != UserStatus::Active {
                role_assignment::keep_administrator_besides(&mut conn, tenant, &Subject::User(user.id))
                    .await?;
            }
            audit::record(&mut conn, tenant, audit).await?;
            Ok(user)
        };
        self.store.write(work).await
    }

    /// Gives the user a password and counts the version up.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such user.
    #[compiled_here]
    pub async fn set_user_password(
        &self,
        id: UserId,
        password: PasswordHash,
        at: Timestamp,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let tenant = self.id;
        let work = async move |mut conn: Conn<'_>| {
            match set_password(&mut conn, tenant, id, &password, at).await {
                Ok(()) => {}
                Err(ApplyError::Conflict) => return Err(WriteError::NotFound),
                Err(ApplyError::Store(error)) => return Err(error.into()),
            }
            one_time_link::end(&mut conn, tenant, id, None, at).await?;
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }

    /// Deletes a user with their sessions, grants, codes, tokens, consents and role assignments.
    ///
    /// # Errors
    /// As [`replace_user`](Self::replace_user); the last administrator of the platform stays.
    #[compiled_here]
    pub async fn delete_user(
        &self,
        id: UserId,
        expected_version: Option<i64>,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let tenant: TenantId = self.id;
        self.store
            .write_change(
                self.change(crate::ChangeKind::RoleAssignments),
                async move |conn: &mut Conn<'_>| {
                    let key = (Bytes::from(tenant), Bytes::from(id));
                    let deleted = dual!(conn, c => diesel::delete(users::table.find(key))
                        .filter(is_expected(expected_version)).execute(c).await)?;
                    if deleted == 0 {
                        return Err(why_missed(conn, key).await);
                    }
                    role_assignment::unassign_all(conn, tenant, &Subject::User(id)).await?;
                    tenant_count::remove(conn, tenant, Noun::Users).await?;
                    Ok(audit::record(conn, tenant, audit).await?)
                },
            )
            .await
    }
}

/// Whoever changes it at the same time has proven another password than this one by then.
pub(crate) async fn change_password(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    (from, to): (Option<&PasswordHash>, &PasswordHash),
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(user));
    let changes = (
        users::password.eq(to.as_phc()),
        users::updated_at.eq(Time::from(at)),
        users::version.eq(users::version + 1),
    );
    guarded(dual!(conn, c => match from {
        Some(from) => Kept(diesel::update(users::table.find(key))
            .filter(users::password.eq(from.as_phc())).set(changes)).execute(c).await,
        None => Kept(diesel::update(users::table.find(key))
            .filter(users::password.is_null()).set(changes)).execute(c).await,
    })?)
}

/// Marks the address as verified. The version counts only what changes something.
pub(crate) async fn prove_address(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    address: String,
    at: Timestamp,
) -> Result<(), ApplyError> {
    // SQLite takes $1 as well, and numbers by first appearance.
    let sql = "UPDATE users SET version = version + CASE WHEN email_verified THEN 0 ELSE 1 END, \
               updated_at = CASE WHEN email_verified THEN updated_at ELSE $1 END, email_verified = $2 \
               WHERE tenant_id = $3 AND id = $4 AND email = $5 AND status = 'active'";
    let update = diesel::sql_query(sql)
        .bind::<BigInt, _>(Time::from(at))
        .bind::<Bool, _>(true)
        .bind::<Binary, _>(Bytes::from(tenant))
        .bind::<Binary, _>(Bytes::from(user))
        .bind::<Text, _>(address);
    guarded(dual!(conn, c => update.execute(c).await)?)
}

pub(crate) async fn set_password(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    password: &PasswordHash,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let changes = (
        users::password.eq(password.as_phc()),
        users::updated_at.eq(Time::from(at)),
        users::version.eq(users::version + 1),
    );
    let key = (Bytes::from(tenant), Bytes::from(user));
    guarded(dual!(conn, c => diesel::update(users::table.find(key)).set(changes).execute(c).await)?)
}

/// The row has the expected version, or none is expected.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_expected(version: Option<i64>) -> _ {
    let any: bool = version.is_none();
    let expected: i64 = version.unwrap_or_default();
    users::version.eq(expected).or(any.into_sql::<Bool>())
}

/// Why a conditional write touched nothing.
async fn why_missed(conn: &mut Conn<'_>, key: (Bytes<16>, Bytes<16>)) -> WriteError {
    match dual!(conn, c => select(exists(users::table.find(key))).get_result(c).await) {
        Ok(true) => WriteError::VersionMismatch,
        Ok(false) => WriteError::NotFound,
        Err(error) => error.into(),
    }
}
