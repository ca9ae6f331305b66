use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, TenantId, Webhook, WebhookId};
use grantor_protocol::{Lifetime, Timestamp};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{audit_chains, audit_events, webhooks};
use crate::value::{Bytes, Time, document, from_document, from_name};
use crate::{Error, Store, TenantStore, WriteError};

/// How far the clocks of nodes may differ.
const SKEW: Lifetime = Lifetime::from_seconds(5);

/// Which part of a tenant's audit trail is to be put among a webhook's deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Behind this number of the chain.
    pub after: i64,
    /// The last number; None is whatever will come.
    pub until: Option<i64>,
}

impl Stretch {
    /// Events of before are sent once more, also those that were delivered.
    pub fn is_replay(&self) -> bool {
        self.until.is_some()
    }
}

/// A webhook with what is to be done for it.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookWork {
    pub webhook: Webhook,
    /// What has happened since the last look; before it, if there is one, what is to be sent once more.
    pub stretches: Vec<Stretch>,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = webhooks, treat_none_as_default_value = false)]
struct WebhookRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    settings: serde_json::Value,
    secrets: serde_json::Value,
    disabled: Option<String>,
    position: i64,
    replay_position: Option<i64>,
    replay_until: Option<i64>,
    failing_since: Option<Time>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl WebhookRow {
    fn new(webhook: &Webhook, position: i64) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: webhook.tenant_id.into(),
            id: webhook.id.into(),
            settings: document("webhooks.settings", &webhook.settings)?,
            secrets: document("webhooks.secrets", &webhook.secrets)?,
            disabled: webhook.disabled.map(|why| why.as_str().to_owned()),
            position,
            replay_position: None,
            replay_until: None,
            failing_since: webhook.failing_since.map(Time::from),
            version: webhook.version,
            created_at: webhook.created_at.into(),
            updated_at: webhook.updated_at.into(),
        })
    }

    fn into_webhook(self) -> Result<Webhook, Error> {
        let disabled = self.disabled.as_deref().map(|why| from_name("webhooks.disabled", why));
        Ok(Webhook {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            settings: from_document("webhooks.settings", self.settings)?,
            secrets: from_document("webhooks.secrets", self.secrets)?,
            disabled: disabled.transpose()?,
            failing_since: self.failing_since.map(Timestamp::from),
            replaying: self.replay_position.is_some(),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }

    fn into_work(self) -> Result<WebhookWork, Error> {
        let replay = self.replay_position.zip(self.replay_until);
        let replay = replay.map(|(after, until)| Stretch { after, until: Some(until) });
        let news = Stretch { after: self.position, until: None };
        let stretches = replay.into_iter().chain([news]).collect();
        Ok(WebhookWork { webhook: self.into_webhook()?, stretches })
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Binary)]
    tenant_id: Bytes<16>,
    #[diesel(sql_type = Binary)]
    id: Bytes<16>,
}

impl Store {
    /// Webhooks of all tenants for which there is something to do: enabled ones, of active tenants, that have not
    /// been told of the newest event or have deliveries that are due. This looks at every webhook, so it costs
    /// nothing where there are none.
    #[compiled_here]
    pub async fn webhooks_at_work(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(TenantId, WebhookId)>, Error> {
        let work = async move |mut conn: Conn<'_>| {
            // SQLite takes $1 as well, and numbers by first appearance.
            let sql = "SELECT webhooks.tenant_id, webhooks.id FROM webhooks \
                       JOIN tenants ON tenants.id = webhooks.tenant_id \
                       LEFT JOIN audit_chains ON audit_chains.tenant_id = webhooks.tenant_id \
                       WHERE webhooks.disabled IS NULL AND tenants.status = 'active' \
                       AND (audit_chains.sequence > webhooks.position OR webhooks.replay_position IS NOT NULL \
                       OR EXISTS (SELECT 1 FROM webhook_deliveries AS deliveries \
                       WHERE deliveries.tenant_id = webhooks.tenant_id AND deliveries.webhook_id = webhooks.id \
                       AND deliveries.due_at <= $1)) LIMIT $2";
            let query = diesel::sql_query(sql)
                .bind::<BigInt, _>(now.unix_microseconds())
                .bind::<BigInt, _>(i64::from(limit));
            let rows: Vec<Named> = dual!(&mut conn, c => query.load(c).await)?;
            Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.id.into())).collect())
        };
        self.read(work).await
    }
}

impl TenantStore<'_> {
    /// All webhooks of the tenant, the oldest first. There are few.
    #[compiled_here]
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<WebhookRow> = dual!(&mut conn, c => webhooks::table
                .filter(webhooks::tenant_id.eq(tenant))
                .order((webhooks::created_at.asc(), webhooks::id.asc()))
                .select(WebhookRow::as_select()).load(c).await)?;
            rows.into_iter().map(WebhookRow::into_webhook).collect()
        };
        self.store.read(work).await
    }

    #[compiled_here]
    pub async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = load(&mut conn, key).await?;
            row.map(WebhookRow::into_webhook).transpose()
        };
        self.store.read(work).await
    }

    /// A webhook with what has to be looked at for it.
    #[compiled_here]
    pub async fn webhook_work(&self, id: WebhookId) -> Result<Option<WebhookWork>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = load(&mut conn, key).await?;
            row.map(WebhookRow::into_work).transpose()
        };
        self.store.read(work).await
    }

    /// Adds a webhook with the version and times that it has. It is told of what happens from now on, its
    /// own creation first.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `id`; [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_webhook(&self, webhook: &Webhook, audit: Vec<AuditEvent>) -> Result<(), WriteError> {
        self.own(webhook.tenant_id)?;
        let (tenant, mut row) = (self.id, WebhookRow::new(webhook, 0)?);
        let work = async move |mut conn: Conn<'_>| {
            row.position = newest_event(&mut conn, tenant).await?;
            dual!(&mut conn, c => diesel::insert_into(webhooks::table).values(row).execute(c).await)?;
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }

    /// Replaces what can change of a webhook and counts its version up. Gives it as it is now. One that was
    /// disabled and is not any more is told of what happens from now on, and its failures are forgotten.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`]; [`WriteError::NotFound`].
    #[compiled_here]
    pub async fn replace_webhook(
        &self,
        webhook: &Webhook,
        expected_version: i64,
        audit: Vec<AuditEvent>,
    ) -> Result<Webhook, WriteError> {
        self.own(webhook.tenant_id)?;
        let (tenant, row) = (self.id, WebhookRow::new(webhook, 0)?);
        let work = async move |mut conn: Conn<'_>| {
            let key = (row.tenant_id, row.id);
            if row.disabled.is_none() {
                go_on_from_now(&mut conn, key, tenant).await?;
            }
            let changes = (
                webhooks::settings.eq(row.settings),
                webhooks::secrets.eq(row.secrets),
                webhooks::disabled.eq(row.disabled),
                webhooks::updated_at.eq(row.updated_at),
                webhooks::version.eq(webhooks::version + 1),
            );
            let replaced = dual!(&mut conn, c => diesel::update(webhooks::table.find(key))
                .filter(webhooks::version.eq(expected_version)).set(changes)
                .returning(WebhookRow::as_returning()).get_result(c).await.optional())?;
            let Some(replaced) = replaced else { return Err(why_missed(&mut conn, key).await) };
            audit::record(&mut conn, tenant, audit).await?;
            Ok(replaced.into_webhook()?)
        };
        self.store.write(work).await
    }

    /// Deletes a webhook with its deliveries.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`]; [`WriteError::NotFound`].
    #[compiled_here]
    pub async fn delete_webhook(
        &self,
        id: WebhookId,
        expected_version: i64,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, key) = (self.id, (Bytes::from(self.id), Bytes::from(id)));
        let work = async move |mut conn: Conn<'_>| {
            let deleted = dual!(&mut conn, c => diesel::delete(webhooks::table.find(key))
                .filter(webhooks::version.eq(expected_version)).execute(c).await)?;
            if deleted == 0 {
                return Err(why_missed(&mut conn, key).await);
            }
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }

    /// The numbers of the first and the last event from `from` and before `until`, each looked up by its
    /// time alone; None if there is no event in that time. Where clocks differ, the events' order by time is
    /// not that of their numbers, so the time is taken to be longer by as much at each end.
    async fn ends_of_the_trail(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Option<(i64, i64)>, Error> {
        let key = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let within = |from: Timestamp, until: Timestamp| {
                audit_events::table
                    .filter(audit_events::tenant_id.eq(key))
                    .filter(audit_events::at.ge(Time::from(from)))
                    .filter(audit_events::at.lt(Time::from(until)))
                    .filter(audit_events::sequence.gt(0))
                    .select(audit_events::sequence)
            };
            let exact = within(from, until).limit(1);
            let any: Option<i64> = dual!(&mut conn, c => exact.get_result(c).await.optional())?;
            if any.is_none() {
                return Ok(None);
            }
            let wide = || within(from - SKEW, until + SKEW).limit(1);
            let first: Option<i64> =
                dual!(&mut conn, c => wide().order(audit_events::at.asc()).get_result(c).await.optional())?;
            let last: Option<i64> =
                dual!(&mut conn, c => wide().order(audit_events::at.desc()).get_result(c).await.optional())?;
            Ok(first.zip(last).map(|(first, last)| (first.min(last), first.max(last))))
        };
        self.store.read(work).await
    }

    /// Has the events from `from` and before `until` sent to a webhook once more. Nodes' clocks differ, so a few
    /// from just outside may be among them. False if there are none. Gives no way to have two such stretches at
    /// a time.
    ///
    /// # Errors
    /// [`WriteError::Protected`] if one is under way; [`WriteError::NotFound`].
    #[compiled_here]
    pub async fn replay_webhook(
        &self,
        id: WebhookId,
        (from, until): (Timestamp, Timestamp),
        audit: Vec<AuditEvent>,
    ) -> Result<bool, WriteError> {
        let (tenant, key) = (self.id, (Bytes::from(self.id), Bytes::from(id)));
        let ends = self.ends_of_the_trail(from, until).await?;
        let work = async move |mut conn: Conn<'_>| {
            let Some((first, last)) = ends else {
                let found = load(&mut conn, key).await?;
                return found.map(|_| false).ok_or(WriteError::NotFound);
            };
            let stretch =
                (webhooks::replay_position.eq(Some(first - 1)), webhooks::replay_until.eq(Some(last)));
            let begun = dual!(&mut conn, c => diesel::update(webhooks::table.find(key))
                .filter(webhooks::replay_position.is_null()).set(stretch).execute(c).await)?;
            if begun == 0 {
                return Err(match why_missed(&mut conn, key).await {
                    WriteError::VersionMismatch => WriteError::Protected("a replay is under way already"),
                    error => error,
                });
            }
            audit::record(&mut conn, tenant, audit).await?;
            Ok(true)
        };
        self.store.write(work).await
    }
}

async fn load(conn: &mut Conn<'_>, key: (Bytes<16>, Bytes<16>)) -> QueryResult<Option<WebhookRow>> {
    dual!(conn, c => webhooks::table.find(key)
        .select(WebhookRow::as_select()).get_result(c).await.optional())
}

/// The number of the last event in the tenant's chain.
async fn newest_event(conn: &mut Conn<'_>, tenant: TenantId) -> QueryResult<i64> {
    let newest = dual!(conn, c => audit_chains::table.find(Bytes::from(tenant))
        .select(audit_chains::sequence).get_result(c).await.optional())?;
    Ok(newest.unwrap_or_default())
}

/// A disabled webhook that will not be any more has missed what happened meanwhile.
async fn go_on_from_now(
    conn: &mut Conn<'_>,
    key: (Bytes<16>, Bytes<16>),
    tenant: TenantId,
) -> QueryResult<()> {
    let newest = newest_event(conn, tenant).await?;
    dual!(conn, c => diesel::update(webhooks::table.find(key))
        .filter(webhooks::disabled.is_not_null())
        .set((webhooks::position.eq(newest), webhooks::failing_since.eq(None::<Time>)))
        .execute(c).await)?;
    Ok(())
}

/// Why a conditional write touched nothing.
async fn why_missed(conn: &mut Conn<'_>, key: (Bytes<16>, Bytes<16>)) -> WriteError {
    match dual!(conn, c => select(exists(webhooks::table.find(key))).get_result::<bool>(c).await) {
        Ok(true) => WriteError::VersionMismatch,
        Ok(false) => WriteError::NotFound,
        Err(error) => error.into(),
    }
}
