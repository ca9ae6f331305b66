//! What users sign in with beside a password.

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{
    Authenticators, KnownBrowser, Passkey, PasskeyId, RecoveryCode, TenantId, TotpAuthenticator, TotpId,
    UserId,
};
use grantor_protocol::{SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{known_browsers, passkeys, recovery_codes, totp_authenticators};
use crate::statement::Kept;
use crate::value::{Bytes, Time};
use crate::{ApplyError, Error, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = passkeys, treat_none_as_default_value = false)]
struct PasskeyRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    user_id: Bytes<16>,
    credential_id: Vec<u8>,
    name: String,
    credential: serde_json::Value,
    counter: i64,
    synced: bool,
    created_at: Time,
    last_used_at: Option<Time>,
}

impl From<&Passkey> for PasskeyRow {
    fn from(passkey: &Passkey) -> Self {
        Self {
            tenant_id: passkey.tenant_id.into(),
            id: passkey.id.into(),
            user_id: passkey.user_id.into(),
            credential_id: passkey.credential_id.clone(),
            name: passkey.name.clone(),
            credential: passkey.credential.clone(),
            counter: passkey.counter,
            synced: passkey.synced,
            created_at: passkey.created_at.into(),
            last_used_at: passkey.last_used_at.map(Into::into),
        }
    }
}

impl From<PasskeyRow> for Passkey {
    fn from(row: PasskeyRow) -> Self {
        Self {
            tenant_id: row.tenant_id.into(),
            id: row.id.into(),
            user_id: row.user_id.into(),
            credential_id: row.credential_id,
            name: row.name,
            credential: row.credential,
            counter: row.counter,
            synced: row.synced,
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.map(Into::into),
        }
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = totp_authenticators, treat_none_as_default_value = false)]
struct TotpRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    user_id: Bytes<16>,
    name: String,
    sealed_secret: Vec<u8>,
    last_step: i64,
    created_at: Time,
    last_used_at: Option<Time>,
}

impl From<&TotpAuthenticator> for TotpRow {
    fn from(totp: &TotpAuthenticator) -> Self {
        Self {
            tenant_id: totp.tenant_id.into(),
            id: totp.id.into(),
            user_id: totp.user_id.into(),
            name: totp.name.clone(),
            sealed_secret: totp.sealed_secret.clone(),
            last_step: totp.last_step,
            created_at: totp.created_at.into(),
            last_used_at: totp.last_used_at.map(Into::into),
        }
    }
}

impl From<TotpRow> for TotpAuthenticator {
    fn from(row: TotpRow) -> Self {
        Self {
            tenant_id: row.tenant_id.into(),
            id: row.id.into(),
            user_id: row.user_id.into(),
            name: row.name,
            sealed_secret: row.sealed_secret,
            last_step: row.last_step,
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.map(Into::into),
        }
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = recovery_codes, treat_none_as_default_value = false)]
struct RecoveryCodeRow {
    tenant_id: Bytes<16>,
    user_id: Bytes<16>,
    hash: Bytes<32>,
    created_at: Time,
    used_at: Option<Time>,
}

impl From<RecoveryCodeRow> for RecoveryCode {
    fn from(row: RecoveryCodeRow) -> Self {
        Self {
            hash: row.hash.into(),
            created_at: row.created_at.into(),
            used_at: row.used_at.map(Into::into),
        }
    }
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = known_browsers, treat_none_as_default_value = false, treat_none_as_null = true)]
struct KnownBrowserRow {
    tenant_id: Bytes<16>,
    user_id: Bytes<16>,
    hash: Bytes<32>,
    seen_at: Time,
    trusted_until: Option<Time>,
    expires_at: Time,
}

impl From<&KnownBrowser> for KnownBrowserRow {
    fn from(browser: &KnownBrowser) -> Self {
        Self {
            tenant_id: browser.tenant_id.into(),
            user_id: browser.user_id.into(),
            hash: browser.hash.into(),
            seen_at: browser.seen_at.into(),
            trusted_until: browser.trusted_until.map(Into::into),
            expires_at: browser.expires_at.into(),
        }
    }
}

impl From<KnownBrowserRow> for KnownBrowser {
    fn from(row: KnownBrowserRow) -> Self {
        Self {
            tenant_id: row.tenant_id.into(),
            user_id: row.user_id.into(),
            hash: row.hash.into(),
            seen_at: row.seen_at.into(),
            trusted_until: row.trusted_until.map(Into::into),
            expires_at: row.expires_at.into(),
        }
    }
}

async fn known_browser(
    conn: &mut Conn<'_>,
    key: (Bytes<16>, Bytes<16>, Bytes<32>),
    now: Timestamp,
) -> Result<Option<KnownBrowser>, Error> {
    let row: Option<KnownBrowserRow> = dual!(conn, c => known_browsers::table.find(key)
        .filter(known_browsers::expires_at.gt(Time::from(now)))
        .select(KnownBrowserRow::as_select()).get_result(c).await.optional())?;
    Ok(row.map(Into::into))
}

impl TenantStore<'_> {
    /// All that a user can sign in with beside their password, the oldest first, and what is known of the
    /// browser whose cookie has this hash, unless that is forgotten by `now`.
    #[compiled_here]
    pub async fn authenticators(
        &self,
        user: UserId,
        browser: Option<&SecretHash>,
        now: Timestamp,
    ) -> Result<Authenticators, Error> {
        let (tenant, user) = (Bytes::from(self.id), Bytes::from(user));
        let browser = browser.map(|hash| Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let passkeys: Vec<PasskeyRow> = dual!(&mut conn, c => passkeys::table
                .filter(passkeys::tenant_id.eq(tenant)).filter(passkeys::user_id.eq(user))
                .order(passkeys::id).select(PasskeyRow::as_select()).load(c).await)?;
            let totp: Vec<TotpRow> = dual!(&mut conn, c => totp_authenticators::table
                .filter(totp_authenticators::tenant_id.eq(tenant))
                .filter(totp_authenticators::user_id.eq(user))
                .order(totp_authenticators::id).select(TotpRow::as_select()).load(c).await)?;
            let codes: Vec<RecoveryCodeRow> = dual!(&mut conn, c => recovery_codes::table
                .filter(recovery_codes::tenant_id.eq(tenant)).filter(recovery_codes::user_id.eq(user))
                .select(RecoveryCodeRow::as_select()).load(c).await)?;
            let browser = match browser {
                None => None,
                Some(hash) => known_browser(&mut conn, (tenant, user, hash), now).await?,
            };
            let has_known_browsers: bool = dual!(&mut conn, c => select(exists(known_browsers::table
                .filter(known_browsers::tenant_id.eq(tenant)).filter(known_browsers::user_id.eq(user))
                .filter(known_browsers::expires_at.gt(Time::from(now))))).get_result(c).await)?;
            Ok(Authenticators {
                passkeys: passkeys.into_iter().map(Into::into).collect(),
                totp: totp.into_iter().map(Into::into).collect(),
                recovery_codes: codes.into_iter().map(Into::into).collect(),
                browser,
                has_known_browsers,
            })
        };
        self.store.read(work).await
    }

    /// What is known of the browser whose cookie has this hash where the user has signed in with it, unless that is
    /// forgotten by `now`.
    #[compiled_here]
    pub async fn known_browser(
        &self,
        user: UserId,
        hash: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<KnownBrowser>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(user), Bytes::from(*hash));
        self.store.read(async move |mut conn: Conn<'_>| known_browser(&mut conn, key, now).await).await
    }

    /// The passkey that an authenticator calls so (WebAuthn §7.2 step 6).
    #[compiled_here]
    pub async fn passkey_by_credential(&self, credential_id: &[u8]) -> Result<Option<Passkey>, Error> {
        let (tenant, credential_id) = (Bytes::from(self.id), credential_id.to_vec());
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<PasskeyRow> = dual!(&mut conn, c => passkeys::table
                .filter(passkeys::tenant_id.eq(tenant)).filter(passkeys::credential_id.eq(credential_id))
                .select(PasskeyRow::as_select()).get_result(c).await.optional())?;
            Ok(row.map(Into::into))
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store_passkey(conn: &mut Conn<'_>, passkey: &Passkey) -> Result<(), ApplyError> {
    let row = PasskeyRow::from(passkey);
    dual!(conn, c => diesel::insert_into(passkeys::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn use_passkey(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    (passkey, credential): (PasskeyId, serde_json::Value),
    (counter, next): (i64, i64),
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(passkey));
    guarded(dual!(conn, c => Kept(diesel::update(passkeys::table.find(key))
        .filter(passkeys::counter.eq(counter))
        .set((
            passkeys::credential.eq(credential),
            passkeys::counter.eq(next),
            passkeys::last_used_at.eq(Time::from(at)),
        ))).execute(c).await)?)
}

pub(crate) async fn remove_passkey(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    passkey: PasskeyId,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(passkey));
    guarded(dual!(conn, c => Kept(diesel::delete(passkeys::table.find(key))
        .filter(passkeys::user_id.eq(Bytes::from(user)))).execute(c).await)?)
}

pub(crate) async fn store_totp(conn: &mut Conn<'_>, totp: &TotpAuthenticator) -> Result<(), ApplyError> {
    let row = TotpRow::from(totp);
    dual!(conn, c => diesel::insert_into(totp_authenticators::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn spend_totp_step(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    totp: TotpId,
    step: i64,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(totp));
    guarded(dual!(conn, c => Kept(diesel::update(totp_authenticators::table.find(key))
        .filter(totp_authenticators::last_step.lt(step))
        .set((
            totp_authenticators::last_step.eq(step),
            totp_authenticators::last_used_at.eq(Time::from(at)),
        ))).execute(c).await)?)
}

pub(crate) async fn remove_totp(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    totp: TotpId,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(totp));
    guarded(dual!(conn, c => Kept(diesel::delete(totp_authenticators::table.find(key))
        .filter(totp_authenticators::user_id.eq(Bytes::from(user)))).execute(c).await)?)
}

pub(crate) async fn replace_recovery_codes(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    hashes: &[SecretHash],
    at: Timestamp,
) -> Result<(), ApplyError> {
    let (tenant, user) = (Bytes::from(tenant), Bytes::from(user));
    dual!(conn, c => diesel::delete(recovery_codes::table)
        .filter(recovery_codes::tenant_id.eq(tenant)).filter(recovery_codes::user_id.eq(user))
        .execute(c).await)?;
    for hash in hashes {
        let row = RecoveryCodeRow {
            tenant_id: tenant,
            user_id: user,
            hash: Bytes::from(*hash),
            created_at: at.into(),
            used_at: None,
        };
        dual!(conn, c => diesel::insert_into(recovery_codes::table).values(row).execute(c).await)?;
    }
    Ok(())
}

pub(crate) async fn spend_recovery_code(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    hash: SecretHash,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(user), Bytes::from(hash));
    guarded(dual!(conn, c => Kept(diesel::update(recovery_codes::table.find(key))
        .filter(recovery_codes::used_at.is_null())
        .set(recovery_codes::used_at.eq(Time::from(at)))).execute(c).await)?)
}

pub(crate) async fn store_known_browser(
    conn: &mut Conn<'_>,
    browser: &KnownBrowser,
) -> Result<(), ApplyError> {
    let key = (known_browsers::tenant_id, known_browsers::user_id, known_browsers::hash);
    dual!(conn, c => diesel::insert_into(known_browsers::table).values(KnownBrowserRow::from(browser))
        .on_conflict(key).do_update().set(KnownBrowserRow::from(browser)).execute(c).await)?;
    Ok(())
}

pub(crate) async fn distrust_browsers(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
) -> Result<(), ApplyError> {
    dual!(conn, c => Kept(diesel::update(known_browsers::table)
        .filter(known_browsers::tenant_id.eq(Bytes::from(tenant)))
        .filter(known_browsers::user_id.eq(Bytes::from(user)))
        .set(known_browsers::trusted_until.eq(None::<Time>))).execute(c).await)?;
    Ok(())
}
