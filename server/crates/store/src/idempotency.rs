//! Requests that are done once however often they are sent.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::{SecretHash, Timestamp};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::idempotency_keys;
use crate::value::{Bytes, Time};
use crate::{TenantStore, WriteError};

/// What is known of a request by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRequest {
    /// Tells the request from others.
    pub fingerprint: SecretHash,
    pub reserved_at: Timestamp,
    /// What was answered, as it was given to [`TenantStore::keep_answer`]; None until then.
    pub answer: Option<Vec<u8>>,
}

/// What came of reserving a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// It is the caller's; nobody else gets it until it is given back or expires.
    Made,
    /// Somebody had it before.
    Held(KeptRequest),
    /// It was given back at this moment: try again.
    Lost,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct KeptRequestRow {
    fingerprint: Bytes<32>,
    reserved_at: Time,
    answer: Option<Vec<u8>>,
}

impl TenantStore<'_> {
    /// Reserves a key, the hash of who asks and under which name, for a request.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn reserve_key(
        &self,
        key: SecretHash,
        fingerprint: SecretHash,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Reservation, WriteError> {
        let key = (Bytes::from(self.id), Bytes::from(key));
        let (fingerprint, now, expires_at) =
            (Bytes::from(fingerprint), Time::from(now), Time::from(expires_at));
        let work = async move |mut conn: Conn<'_>| {
            let row = (
                idempotency_keys::tenant_id.eq(key.0),
                idempotency_keys::hash.eq(key.1),
                idempotency_keys::fingerprint.eq(fingerprint),
                idempotency_keys::reserved_at.eq(now),
                idempotency_keys::expires_at.eq(expires_at),
            );
            let kept: Option<KeptRequestRow> = dual!(&mut conn, c => {
                diesel::delete(idempotency_keys::table.find(key))
                    .filter(idempotency_keys::expires_at.le(now)).execute(c).await?;
                let reserved = diesel::insert_into(idempotency_keys::table).values(row)
                    .on_conflict_do_nothing().execute(c).await?;
                if reserved > 0 {
                    return Ok(Reservation::Made);
                }
                idempotency_keys::table.find(key)
                    .select(KeptRequestRow::as_select()).get_result(c).await.optional()?
            });
            Ok(match kept {
                None => Reservation::Lost,
                Some(kept) => Reservation::Held(KeptRequest {
                    fingerprint: kept.fingerprint.into(),
                    reserved_at: kept.reserved_at.into(),
                    answer: kept.answer,
                }),
            })
        };
        self.store.write(work).await
    }

    /// Keeps what was answered to the request of a reserved key until the key expires.
    #[compiled_here]
    pub async fn keep_answer(&self, key: SecretHash, answer: Vec<u8>) -> Result<(), WriteError> {
        let key = (Bytes::from(self.id), Bytes::from(key));
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::update(idempotency_keys::table.find(key))
                .set(idempotency_keys::answer.eq(answer)).execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }

    /// Gives a reserved key back: nothing was done under it.
    #[compiled_here]
    pub async fn release_key(&self, key: SecretHash) -> Result<(), WriteError> {
        let key = (Bytes::from(self.id), Bytes::from(key));
        let work = async move |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::delete(idempotency_keys::table.find(key))
                .filter(idempotency_keys::answer.is_null()).execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }
}
