use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, Message, TenantId};
use grantor_protocol::{Lifetime, Timestamp};

use crate::apply::guarded;
use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::messages;
use crate::value::{Bytes, Time, from_name};
use crate::{ApplyError, Error, Store, TenantStore};

/// How long whoever claims a message has to say what came of it, before another may try.
const LEASE: Lifetime = Lifetime::from_seconds(120);

#[derive(Insertable, QueryableByName)]
#[diesel(table_name = messages)]
struct MessageRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    kind: String,
    content: Vec<u8>,
    attempts: i64,
    due_at: Time,
    created_at: Time,
    expires_at: Time,
}

impl MessageRow {
    fn new(message: &Message) -> Self {
        Self {
            tenant_id: message.tenant_id.into(),
            id: message.id.into(),
            kind: message.kind.as_str().to_owned(),
            content: message.content.clone(),
            attempts: message.attempts.into(),
            due_at: message.due_at.into(),
            created_at: message.created_at.into(),
            expires_at: message.expires_at.into(),
        }
    }

    fn into_message(self) -> Result<Message, Error> {
        let attempts = u32::try_from(self.attempts);
        Ok(Message {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            kind: from_name("messages.kind", &self.kind)?,
            content: self.content,
            attempts: attempts.map_err(|error| Error::corrupt("messages.attempts", error))?,
            due_at: self.due_at.into(),
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
        })
    }
}

#[derive(QueryableByName)]
struct Owner {
    #[diesel(sql_type = Binary)]
    tenant_id: Bytes<16>,
}

impl Store {
    /// Tenants with messages to send; suspended ones send none.
    #[compiled_here]
    pub async fn tenants_with_messages_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<TenantId>, Error> {
        let work = async move |mut conn: Conn<'_>| {
            // SQLite takes $1 as well, and numbers by first appearance.
            let sql = "SELECT DISTINCT messages.tenant_id FROM messages \
                       JOIN tenants ON tenants.id = messages.tenant_id \
                       WHERE messages.due_at <= $1 AND tenants.status = 'active' LIMIT $2";
            let query =
                diesel::sql_query(sql).bind::<BigInt, _>(Time::from(now)).bind::<BigInt, _>(i64::from(limit));
            let rows: Vec<Owner> = dual!(&mut conn, c => query.load(c).await)?;
            Ok(rows.into_iter().map(|row| row.tenant_id.into()).collect())
        };
        self.read(work).await
    }
}

impl TenantStore<'_> {
    /// Takes on messages that are due, those that have waited longest first: nobody else is given them for two
    /// minutes.
    #[compiled_here]
    pub async fn claim_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<Message>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            // SQLite takes $1 as well, and numbers by first appearance.
            let sql = "UPDATE messages SET due_at = $1, attempts = attempts + 1 \
                       WHERE tenant_id = $2 AND due_at <= $3 AND id IN \
                       (SELECT id FROM messages WHERE tenant_id = $2 AND due_at <= $3 ORDER BY due_at LIMIT $4) \
                       RETURNING tenant_id, id, kind, content, attempts, due_at, created_at, expires_at";
            let claim = diesel::sql_query(sql)
                .bind::<BigInt, _>(Time::from(now + LEASE))
                .bind::<Binary, _>(tenant)
                .bind::<BigInt, _>(Time::from(now))
                .bind::<BigInt, _>(i64::from(limit));
            let rows: Vec<MessageRow> = dual!(&mut conn, c => claim.load(c).await)?;
            rows.into_iter().map(MessageRow::into_message).collect()
        };
        self.store.write_statement(work).await
    }

    /// Deletes a message that was sent or given up. Nothing is done, and nothing recorded, when the claim has run
    /// out and somebody else has the message: then false.
    #[compiled_here]
    pub async fn finish_message(&self, claimed: &Message, audit: Vec<AuditEvent>) -> Result<bool, Error> {
        self.own(claimed.tenant_id)?;
        let (tenant, row) = (self.id, MessageRow::new(claimed));
        let work = async move |mut conn: Conn<'_>| {
            let deleted = dual!(&mut conn, c => diesel::delete(messages::table.find((row.tenant_id, row.id)))
                .filter(messages::due_at.eq(row.due_at)).execute(c).await)?;
            if deleted > 0 {
                audit::record(&mut conn, tenant, audit).await?;
            }
            Ok(deleted > 0)
        };
        self.store.write(work).await
    }

    /// Gives a claimed message back, to be tried again at this time.
    #[compiled_here]
    pub async fn put_off_message(&self, claimed: &Message, due_at: Timestamp) -> Result<(), Error> {
        self.own(claimed.tenant_id)?;
        let row = MessageRow::new(claimed);
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::update(messages::table.find((row.tenant_id, row.id)))
                .filter(messages::due_at.eq(row.due_at))
                .set(messages::due_at.eq(Time::from(due_at))).execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }
}

pub(crate) async fn queue(conn: &mut Conn<'_>, message: &Message) -> Result<(), ApplyError> {
    let row = MessageRow::new(message);
    guarded(dual!(conn, c => diesel::insert_into(messages::table).values(row).execute(c).await)?)
}
