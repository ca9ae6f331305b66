use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{
    AuditEvent, DeliveryAttempt, DeliveryState, WebhookDelivery, WebhookDisabled, WebhookId,
};
use grantor_protocol::webhook::{FAILING_FOR, Verdict};
use grantor_protocol::{Id, Lifetime, Timestamp};

use crate::apply::guarded;
use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{webhook_deliveries, webhooks};
use crate::value::{Bytes, Time, from_name};
use crate::webhook::Stretch;
use crate::{ApplyError, Cursor, Error, Listing, Page, TenantStore, WriteError};

/// How long whoever claims a delivery has to say what came of it, before another may try.
const LEASE: Lifetime = Lifetime::from_seconds(60);

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = webhook_deliveries, treat_none_as_default_value = false)]
struct DeliveryRow {
    tenant_id: Bytes<16>,
    webhook_id: Bytes<16>,
    event_id: Bytes<16>,
    kind: String,
    payload: String,
    state: String,
    attempts: i64,
    due_at: Option<Time>,
    attempted_at: Option<Time>,
    status: Option<i64>,
    error: Option<String>,
    created_at: Time,
    expires_at: Option<Time>,
}

impl DeliveryRow {
    fn new(delivery: &WebhookDelivery) -> Self {
        let attempt = delivery.last_attempt.as_ref();
        Self {
            tenant_id: delivery.tenant_id.into(),
            webhook_id: delivery.webhook_id.into(),
            event_id: delivery.event_id.into(),
            kind: delivery.kind.clone(),
            payload: delivery.payload.clone(),
            state: delivery.state.as_str().to_owned(),
            attempts: delivery.attempts.into(),
            due_at: delivery.due_at.map(Time::from),
            attempted_at: attempt.map(|attempt| attempt.at.into()),
            status: attempt.and_then(|attempt| attempt.status).map(i64::from),
            error: attempt.and_then(|attempt| attempt.error.clone()),
            created_at: delivery.created_at.into(),
            expires_at: delivery.expires_at.map(Time::from),
        }
    }

    fn into_delivery(self) -> Result<WebhookDelivery, Error> {
        let attempts = u32::try_from(self.attempts);
        let status = self.status.map(u16::try_from).transpose();
        let status = status.map_err(|error| Error::corrupt("webhook_deliveries.status", error))?;
        let error = self.error;
        let attempt = |at: Time| DeliveryAttempt { at: at.into(), status, error };
        Ok(WebhookDelivery {
            tenant_id: self.tenant_id.into(),
            webhook_id: self.webhook_id.into(),
            event_id: self.event_id.into(),
            kind: self.kind,
            payload: self.payload,
            state: from_name("webhook_deliveries.state", &self.state)?,
            attempts: attempts.map_err(|error| Error::corrupt("webhook_deliveries.attempts", error))?,
            due_at: self.due_at.map(Timestamp::from),
            last_attempt: self.attempted_at.map(attempt),
            created_at: self.created_at.into(),
            expires_at: self.expires_at.map(Timestamp::from),
        })
    }

    fn key(&self) -> Key {
        (self.tenant_id, self.webhook_id, self.event_id)
    }
}

type Key = (Bytes<16>, Bytes<16>, Bytes<16>);

impl TenantStore<'_> {
    /// Puts events among a webhook's deliveries and notes that the trail has been looked at up to `reached`; all of
    /// it or, where another node has done it already, nothing and false. What was delivered once stays so, but in
    /// a replay it becomes pending again.
    #[compiled_here]
    pub async fn put_webhook_deliveries(
        &self,
        id: WebhookId,
        stretch: Stretch,
        reached: i64,
        deliveries: Vec<WebhookDelivery>,
    ) -> Result<bool, Error> {
        let foreign = |delivery: &WebhookDelivery| delivery.tenant_id != self.id || delivery.webhook_id != id;
        if deliveries.iter().any(foreign) {
            return Err(Error::ForeignTenant);
        }
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            if !advance(&mut conn, key, stretch, reached).await? {
                return Ok(false);
            }
            for delivery in &deliveries {
                let added = insert(&mut conn, delivery).await?;
                if !added && stretch.is_replay() {
                    let key = DeliveryRow::new(delivery).key();
                    send_again(&mut conn, key, delivery.created_at).await?;
                }
            }
            Ok(true)
        };
        self.store.write(work).await
    }

    /// Whether so many of a webhook's deliveries are pending.
    #[compiled_here]
    pub async fn has_pending_webhook_deliveries(&self, id: WebhookId, most: u32) -> Result<bool, Error> {
        let (tenant, webhook) = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let last: Option<Bytes<16>> = dual!(&mut conn, c => webhook_deliveries::table
                .filter(webhook_deliveries::tenant_id.eq(tenant))
                .filter(webhook_deliveries::webhook_id.eq(webhook))
                .filter(webhook_deliveries::due_at.is_not_null())
                .select(webhook_deliveries::event_id).offset(i64::from(most).saturating_sub(1)).limit(1)
                .get_result(c).await.optional())?;
            Ok(last.is_some())
        };
        self.store.read(work).await
    }

    /// Takes on deliveries of a webhook that are due: nobody else is given them for a minute. Of a webhook that is
    /// disabled, or a tenant that is suspended, there are none.
    #[compiled_here]
    pub async fn claim_webhook_deliveries(
        &self,
        id: WebhookId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, Error> {
        let (tenant, webhook) = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            // SQLite takes $1 as well, and numbers by first appearance.
            let sql = "UPDATE webhook_deliveries SET due_at = $1 \
                       WHERE tenant_id = $2 AND webhook_id = $3 AND due_at <= $4 AND event_id IN \
                       (SELECT event_id FROM webhook_deliveries \
                       WHERE tenant_id = $2 AND webhook_id = $3 AND due_at <= $4 \
                       AND EXISTS (SELECT 1 FROM webhooks JOIN tenants ON tenants.id = webhooks.tenant_id \
                       WHERE webhooks.tenant_id = $2 AND webhooks.id = $3 \
                       AND webhooks.disabled IS NULL AND tenants.status = 'active') \
                       ORDER BY due_at LIMIT $5) \
                       RETURNING tenant_id, webhook_id, event_id, kind, payload, state, attempts, due_at, \
                       attempted_at, status, error, created_at, expires_at";
            let claim = diesel::sql_query(sql)
                .bind::<BigInt, _>(Time::from(now + LEASE))
                .bind::<Binary, _>(tenant)
                .bind::<Binary, _>(webhook)
                .bind::<BigInt, _>(Time::from(now))
                .bind::<BigInt, _>(i64::from(limit));
            let rows: Vec<DeliveryRow> = dual!(&mut conn, c => claim.load(c).await)?;
            rows.into_iter().map(DeliveryRow::into_delivery).collect()
        };
        self.store.write_statement(work).await
    }

    /// Writes down what came of an attempt, unless the claim has run out and somebody else has the delivery: then
    /// false. When something arrives after failures, all that waits is sent at once. `disabled` says why the webhook
    /// is to be disabled, with the event that tells of it; it stays enabled if something has arrived meanwhile.
    #[compiled_here]
    pub async fn record_webhook_attempt(
        &self,
        claimed: &WebhookDelivery,
        after: &WebhookDelivery,
        (verdict, seen): (Verdict, i64),
        disabled: Option<(WebhookDisabled, AuditEvent)>,
    ) -> Result<bool, Error> {
        self.own(claimed.tenant_id)?;
        let (tenant, due_at) = (self.id, claimed.due_at.map(Time::from));
        let (row, key) = (DeliveryRow::new(after), DeliveryRow::new(claimed).key());
        let Some(at) = after.last_attempt.as_ref().map(|attempt| attempt.at) else { return Ok(false) };
        let work = async move |mut conn: Conn<'_>| {
            let changes = (
                webhook_deliveries::state.eq(row.state),
                webhook_deliveries::attempts.eq(row.attempts),
                webhook_deliveries::due_at.eq(row.due_at),
                webhook_deliveries::attempted_at.eq(row.attempted_at),
                webhook_deliveries::status.eq(row.status),
                webhook_deliveries::error.eq(row.error),
                webhook_deliveries::expires_at.eq(row.expires_at),
            );
            // The webhook before its deliveries, as in a replay: neither can then wait for the other.
            note(&mut conn, (key.0, key.1), verdict, at).await?;
            let mut events = vec![];
            if let Some((why, event)) = disabled
                && disable(&mut conn, (key.0, key.1), seen, (why, at)).await?
            {
                events.push(event);
            }
            let recorded = dual!(&mut conn, c => diesel::update(webhook_deliveries::table.find(key))
                .filter(webhook_deliveries::due_at.eq(due_at)).set(changes).execute(c).await)?;
            guarded(recorded)?;
            Ok(audit::record(&mut conn, tenant, events).await?)
        };
        let written: Result<(), ApplyError> = self.store.write(work).await;
        match written {
            Ok(()) => Ok(true),
            Err(ApplyError::Conflict) => Ok(false),
            Err(ApplyError::Store(error)) => Err(error),
        }
    }

    /// Gives a claimed delivery back without an attempt: it is due at this time.
    #[compiled_here]
    pub async fn release_webhook_delivery(
        &self,
        claimed: &WebhookDelivery,
        due_at: Timestamp,
    ) -> Result<(), Error> {
        self.own(claimed.tenant_id)?;
        let (held, key) = (claimed.due_at.map(Time::from), DeliveryRow::new(claimed).key());
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::update(webhook_deliveries::table.find(key))
                .filter(webhook_deliveries::due_at.eq(held))
                .set(webhook_deliveries::due_at.eq(Some(Time::from(due_at)))).execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }

    /// A page of a webhook's deliveries, the newest event first.
    #[compiled_here]
    pub async fn list_webhook_deliveries(
        &self,
        id: WebhookId,
        page: &Page,
        state: Option<DeliveryState>,
    ) -> Result<Listing<WebhookDelivery>, Error> {
        let (tenant, webhook, wanted) = (Bytes::from(self.id), Bytes::from(id), page.clone());
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<DeliveryRow> = dual!(&mut conn, c => {
                let mut query = webhook_deliveries::table
                    .filter(webhook_deliveries::tenant_id.eq(tenant))
                    .filter(webhook_deliveries::webhook_id.eq(webhook))
                    .select(DeliveryRow::as_select()).into_boxed();
                if let Some(state) = state {
                    query = query.filter(webhook_deliveries::state.eq(state.as_str()));
                }
                if let Some(cursor) = &wanted.cursor {
                    query = query.filter(webhook_deliveries::event_id.lt(cursor.id()));
                }
                query.order(webhook_deliveries::event_id.desc()).limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(DeliveryRow::into_delivery).collect()
        };
        let deliveries = self.store.read(work).await?;
        Ok(page.listing(deliveries, |delivery: &WebhookDelivery| {
            Cursor::new(delivery.created_at, delivery.event_id.as_bytes())
        }))
    }

    #[compiled_here]
    pub async fn webhook_delivery(
        &self,
        id: WebhookId,
        event: Id<AuditEvent>,
    ) -> Result<Option<WebhookDelivery>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id), Bytes::from(event));
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<DeliveryRow> = dual!(&mut conn, c => webhook_deliveries::table.find(key)
                .select(DeliveryRow::as_select()).get_result(c).await.optional())?;
            row.map(DeliveryRow::into_delivery).transpose()
        };
        self.store.read(work).await
    }

    /// Has a delivery made now, as if it had never been tried. One that is due within a minute stays as it is: it
    /// may be on its way.
    ///
    /// # Errors
    /// [`WriteError::NotFound`].
    #[compiled_here]
    pub async fn retry_webhook_delivery(
        &self,
        id: WebhookId,
        event: Id<AuditEvent>,
        at: Timestamp,
        audit: Vec<AuditEvent>,
    ) -> Result<WebhookDelivery, WriteError> {
        let tenant = self.id;
        let key = (Bytes::from(self.id), Bytes::from(id), Bytes::from(event));
        let work = async move |mut conn: Conn<'_>| {
            if send_again(&mut conn, key, at).await? {
                audit::record(&mut conn, tenant, audit).await?;
            }
            let row: Option<DeliveryRow> = dual!(&mut conn, c => webhook_deliveries::table.find(key)
                .select(DeliveryRow::as_select()).get_result(c).await.optional())?;
            Ok(row.ok_or(WriteError::NotFound)?.into_delivery()?)
        };
        self.store.write(work).await
    }

    /// Puts a delivery of no event of the trail among a webhook's.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such webhook.
    #[compiled_here]
    pub async fn test_webhook(
        &self,
        delivery: &WebhookDelivery,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        self.own(delivery.tenant_id)?;
        let (tenant, delivery) = (self.id, delivery.clone());
        let work = async move |mut conn: Conn<'_>| {
            insert(&mut conn, &delivery).await?;
            Ok(audit::record(&mut conn, tenant, audit).await?)
        };
        self.store.write(work).await
    }
}

/// Moves the mark up to which the trail has been looked at; false if it is not where it was.
async fn advance(
    conn: &mut Conn<'_>,
    key: (Bytes<16>, Bytes<16>),
    stretch: Stretch,
    reached: i64,
) -> QueryResult<bool> {
    let webhook = diesel::update(webhooks::table.find(key));
    let moved = match stretch.until {
        None => {
            let as_it_was = webhooks::position.eq(stretch.after);
            dual!(conn, c => webhook.filter(as_it_was).set(webhooks::position.eq(reached)).execute(c).await)?
        }
        Some(until) => {
            let as_it_was =
                webhooks::replay_position.eq(Some(stretch.after)).and(webhooks::replay_until.eq(Some(until)));
            let left = (reached < until).then_some((reached, until)).unzip();
            let marks = (webhooks::replay_position.eq(left.0), webhooks::replay_until.eq(left.1));
            dual!(conn, c => webhook.filter(as_it_was).set(marks).execute(c).await)?
        }
    };
    Ok(moved > 0)
}

/// False if the event is among the webhook's deliveries already.
async fn insert(conn: &mut Conn<'_>, delivery: &WebhookDelivery) -> QueryResult<bool> {
    let row = DeliveryRow::new(delivery);
    let inserted = dual!(conn, c => diesel::insert_into(webhook_deliveries::table).values(row)
        .on_conflict_do_nothing().execute(c).await)?;
    Ok(inserted > 0)
}

/// Makes a delivery pending from the beginning, due at once. False if it is due soon anyway, or on its way.
async fn send_again(conn: &mut Conn<'_>, key: Key, at: Timestamp) -> QueryResult<bool> {
    let rests =
        webhook_deliveries::due_at.is_null().or(webhook_deliveries::due_at.assume_not_null().gt(soon(at)));
    let begun = (
        webhook_deliveries::state.eq(DeliveryState::Pending.as_str()),
        webhook_deliveries::attempts.eq(0),
        webhook_deliveries::due_at.eq(Some(Time::from(at))),
        webhook_deliveries::expires_at.eq(None::<Time>),
    );
    let updated = dual!(conn, c => diesel::update(webhook_deliveries::table.find(key))
        .filter(rests).set(begun).execute(c).await)?;
    Ok(updated > 0)
}

/// What is claimed is due by then.
fn soon(at: Timestamp) -> Time {
    Time::from(at + LEASE)
}

/// Notes on a webhook how its attempts go.
async fn note(
    conn: &mut Conn<'_>,
    key: (Bytes<16>, Bytes<16>),
    verdict: Verdict,
    at: Timestamp,
) -> QueryResult<()> {
    let webhook = diesel::update(webhooks::table.find(key));
    if verdict != Verdict::Works {
        dual!(conn, c => webhook.filter(webhooks::failing_since.is_null())
            .set(webhooks::failing_since.eq(Some(Time::from(at)))).execute(c).await)?;
        return Ok(());
    }
    let recovered = dual!(conn, c => webhook.filter(webhooks::failing_since.is_not_null())
        .set(webhooks::failing_since.eq(None::<Time>)).execute(c).await)?;
    if recovered > 0 {
        dual!(conn, c => diesel::update(webhook_deliveries::table)
            .filter(webhook_deliveries::tenant_id.eq(key.0))
            .filter(webhook_deliveries::webhook_id.eq(key.1))
            .filter(webhook_deliveries::due_at.gt(Some(soon(at))))
            .set(webhook_deliveries::due_at.eq(Some(Time::from(at)))).execute(c).await)?;
    }
    Ok(())
}

/// False if the webhook is disabled already, is another than it was when the attempt was made, or has worked
/// again.
async fn disable(
    conn: &mut Conn<'_>,
    key: (Bytes<16>, Bytes<16>),
    seen: i64,
    (why, at): (WebhookDisabled, Timestamp),
) -> QueryResult<bool> {
    let since = match why {
        WebhookDisabled::Failing => at - FAILING_FOR,
        WebhookDisabled::Gone | WebhookDisabled::Administrator => at,
    };
    let changes = (
        webhooks::disabled.eq(Some(why.as_str())),
        webhooks::updated_at.eq(Time::from(at)),
        webhooks::version.eq(webhooks::version + 1),
    );
    let disabled = dual!(conn, c => diesel::update(webhooks::table.find(key))
        .filter(webhooks::disabled.is_null())
        .filter(webhooks::version.eq(seen))
        .filter(webhooks::failing_since.le(Some(Time::from(since))))
        .set(changes).execute(c).await)?;
    Ok(disabled > 0)
}
