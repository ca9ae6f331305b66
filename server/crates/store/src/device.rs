use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{
    DeviceApprovalRecord, DeviceAuthorization, DeviceAuthorizationId, DeviceMove, DeviceState, Grant,
    TenantId, UserId,
};
use grantor_protocol::{Lifetime, SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::grant::{GrantRow, client_id};
use crate::page::in_order;
use crate::schema::{device_authorizations, grants, users};
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document, from_name};
use crate::{ApplyError, Cursor, Error, Listing, Page, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = device_authorizations, treat_none_as_default_value = false)]
struct DeviceRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    device_code: Bytes<32>,
    user_code: Bytes<32>,
    client_id: String,
    request: serde_json::Value,
    origin: serde_json::Value,
    state: String,
    user_id: Option<Bytes<16>>,
    approval: Option<serde_json::Value>,
    entries: i64,
    poll_interval: i64,
    polled_at: Option<Time>,
    created_at: Time,
    expires_at: Time,
}

const REQUEST: &str = "device_authorizations.request";
const ORIGIN: &str = "device_authorizations.origin";
const APPROVAL: &str = "device_authorizations.approval";

impl DeviceRow {
    fn new(device: &DeviceAuthorization) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: device.tenant_id.into(),
            id: device.id.into(),
            device_code: device.device_code.into(),
            user_code: device.user_code.into(),
            client_id: device.client_id.to_string(),
            request: document(REQUEST, &device.request)?,
            origin: document(ORIGIN, &device.origin)?,
            state: device.state.as_str().to_owned(),
            user_id: device.user_id.map(Into::into),
            approval: approval(&device.approval)?,
            entries: device.entries.into(),
            poll_interval: device.poll_interval.seconds().into(),
            polled_at: device.polled_at.map(Into::into),
            created_at: device.created_at.into(),
            expires_at: device.expires_at.into(),
        })
    }

    fn into_device(self) -> Result<DeviceAuthorization, Error> {
        let small = |column: &'static str, number: i64| {
            u32::try_from(number).map_err(|error| Error::corrupt(column, error))
        };
        let approval = self.approval.map(|approval| from_document(APPROVAL, approval)).transpose()?;
        let poll_interval = small("device_authorizations.poll_interval", self.poll_interval)?;
        Ok(DeviceAuthorization {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            device_code: self.device_code.into(),
            user_code: self.user_code.into(),
            client_id: client_id("device_authorizations.client_id", &self.client_id)?,
            request: from_document(REQUEST, self.request)?,
            origin: from_document(ORIGIN, self.origin)?,
            state: from_name("device_authorizations.state", &self.state)?,
            user_id: self.user_id.map(Into::into),
            approval: approval.unwrap_or_default(),
            entries: small("device_authorizations.entries", self.entries)?,
            poll_interval: Lifetime::from_seconds(poll_interval),
            polled_at: self.polled_at.map(Into::into),
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
        })
    }
}

/// NULL for a device that nobody has answered for.
fn approval(record: &DeviceApprovalRecord) -> Result<Option<serde_json::Value>, Error> {
    let written = (*record != DeviceApprovalRecord::default()).then_some(record);
    written.map(|record| document(APPROVAL, record)).transpose()
}

/// Which devices a listing wants.
#[derive(Clone, Debug)]
pub struct DeviceFilter {
    /// Any of these states.
    pub states: Vec<DeviceState>,
    /// Those that have not expired, those that have, or all.
    pub expired: Option<bool>,
    pub user_code: Option<SecretHash>,
    /// Those that this user has answered for.
    pub user: Option<UserId>,
}

impl TenantStore<'_> {
    /// A device authorization, whatever became of it.
    #[compiled_here]
    pub async fn device_authorization(
        &self,
        id: DeviceAuthorizationId,
    ) -> Result<Option<DeviceAuthorization>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => device_authorizations::table.find(key)
                .select(DeviceRow::as_select()).get_result(c).await.optional())?;
            row.map(DeviceRow::into_device).transpose()
        };
        self.store.read(work).await
    }

    /// The device with this user code, whatever became of it.
    #[compiled_here]
    pub async fn device_by_user_code(&self, hash: &SecretHash) -> Result<Option<DeviceAuthorization>, Error> {
        let (tenant, hash) = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => device_authorizations::table
                .filter(device_authorizations::tenant_id.eq(tenant))
                .filter(device_authorizations::user_code.eq(hash))
                .select(DeviceRow::as_select()).get_result(c).await.optional())?;
            row.map(DeviceRow::into_device).transpose()
        };
        self.store.read(work).await
    }

    /// The device with this device code and the grant that it was given; redeemed and expired ones
    /// included, so that a replay is seen.
    #[compiled_here]
    pub async fn device_with_grant(
        &self,
        device_code: &SecretHash,
    ) -> Result<Option<(DeviceAuthorization, Option<Grant>)>, Error> {
        let (tenant, hash) = (Bytes::from(self.id), Bytes::from(*device_code));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => device_authorizations::table
                .filter(device_authorizations::tenant_id.eq(tenant))
                .filter(device_authorizations::device_code.eq(hash))
                .select(DeviceRow::as_select()).get_result(c).await.optional())?;
            let Some(device) = row.map(DeviceRow::into_device).transpose()? else { return Ok(None) };
            let Some(grant) = device.approval.grant_id else { return Ok(Some((device, None))) };
            let key = (tenant, Bytes::from(grant));
            let row = dual!(&mut conn, c => grants::table.find(key)
                .select(GrantRow::as_select()).get_result(c).await.optional())?;
            Ok(Some((device, row.map(GrantRow::into_grant).transpose()?)))
        };
        self.store.read(work).await
    }

    /// A page of devices, each with its user's name where it has a user.
    #[compiled_here]
    pub async fn list_device_authorizations(
        &self,
        page: &Page,
        filter: &DeviceFilter,
        now: Timestamp,
    ) -> Result<Listing<(DeviceAuthorization, Option<String>)>, Error> {
        let (tenant, wanted, filter) = (Bytes::from(self.id), page.clone(), filter.clone());
        let work = async move |mut conn: Conn<'_>| {
            let states: Vec<_> = filter.states.iter().map(|state| state.as_str()).collect();
            let user = (users::tenant_id.eq(device_authorizations::tenant_id))
                .and(users::id.nullable().eq(device_authorizations::user_id));
            let rows: Vec<(DeviceRow, Option<String>)> = dual!(&mut conn, c => {
                let mut query = device_authorizations::table
                    .left_join(users::table.on(user))
                    .filter(device_authorizations::tenant_id.eq(tenant))
                    .filter(device_authorizations::state.eq_any(states))
                    .select((DeviceRow::as_select(), users::username.nullable())).into_boxed();
                match filter.expired {
                    Some(true) => query = query.filter(device_authorizations::expires_at.le(Time::from(now))),
                    Some(false) => query = query.filter(device_authorizations::expires_at.gt(Time::from(now))),
                    None => {}
                }
                if let Some(hash) = filter.user_code {
                    query = query.filter(device_authorizations::user_code.eq(Bytes::from(hash)));
                }
                if let Some(user) = filter.user {
                    query = query.filter(device_authorizations::user_id.eq(Bytes::from(user)));
                }
                let after = wanted.cursor.as_ref().map(|cursor| (cursor.time(), cursor.id()));
                in_order!(query, false, (device_authorizations::created_at, device_authorizations::id), after)
                    .limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(|(row, username)| Ok((row.into_device()?, username))).collect()
        };
        let devices: Vec<(DeviceAuthorization, Option<String>)> = self.store.read(work).await?;
        Ok(page.listing(devices, |(device, _): &(DeviceAuthorization, _)| {
            Cursor::new(device.created_at, device.id.as_bytes())
        }))
    }
}

pub(crate) async fn store(conn: &mut Conn<'_>, device: &DeviceAuthorization) -> Result<(), ApplyError> {
    let row = DeviceRow::new(device)?;
    dual!(conn, c => diesel::insert_into(device_authorizations::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn enter(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    device: DeviceAuthorizationId,
    most: u32,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(device));
    guarded(dual!(conn, c => Kept(diesel::update(device_authorizations::table.find(key))
        .filter(device_authorizations::state.eq(DeviceState::Pending.as_str()))
        .filter(device_authorizations::entries.lt(i64::from(most)))
        .filter(device_authorizations::expires_at.gt(Time::from(at)))
        .set(device_authorizations::entries.eq(device_authorizations::entries + 1)))
        .execute(c).await)?)
}

pub(crate) async fn change_state(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    step: &DeviceMove,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(step.id));
    let changes = (
        device_authorizations::state.eq(step.to.as_str()),
        device_authorizations::user_id.eq(step.user_id.map(Bytes::from)),
        device_authorizations::approval.eq(approval(&step.approval)?),
    );
    guarded(dual!(conn, c => Kept(diesel::update(device_authorizations::table.find(key))
        .filter(device_authorizations::state.eq(step.from.as_str()))
        .filter(device_authorizations::expires_at.gt(Time::from(step.at)))
        .set(changes)).execute(c).await)?)
}

pub(crate) async fn slow_down(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    device: DeviceAuthorizationId,
    (from, to): (Lifetime, Lifetime),
    polled_at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(device));
    let changes = (
        device_authorizations::poll_interval.eq(i64::from(to.seconds())),
        device_authorizations::polled_at.eq(Time::from(polled_at)),
    );
    guarded(dual!(conn, c => Kept(diesel::update(device_authorizations::table.find(key))
        .filter(device_authorizations::poll_interval.eq(i64::from(from.seconds())))
        .set(changes)).execute(c).await)?)
}
