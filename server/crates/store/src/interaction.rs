use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{Interaction, InteractionId, Proven, SessionId, TenantId};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::interactions;
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ApplyError, Error, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = interactions, treat_none_as_default_value = false)]
struct InteractionRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    browser: Bytes<32>,
    purpose: serde_json::Value,
    signed_in: Option<Bytes<16>>,
    created_at: Time,
    expires_at: Time,
    completed_at: Option<Time>,
    proven: Option<serde_json::Value>,
}

const PROVEN: &str = "interactions.proven";

impl InteractionRow {
    fn new(interaction: &Interaction) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: interaction.tenant_id.into(),
            id: interaction.id.into(),
            browser: interaction.browser.into(),
            purpose: document("interactions.purpose", &interaction.purpose)?,
            signed_in: interaction.signed_in.map(Into::into),
            created_at: interaction.created_at.into(),
            expires_at: interaction.expires_at.into(),
            completed_at: interaction.completed_at.map(Into::into),
            proven: interaction.proven.as_ref().map(|proven| document(PROVEN, proven)).transpose()?,
        })
    }

    fn into_interaction(self) -> Result<Interaction, Error> {
        Ok(Interaction {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            browser: self.browser.into(),
            purpose: from_document("interactions.purpose", self.purpose)?,
            signed_in: self.signed_in.map(Into::into),
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
            completed_at: self.completed_at.map(Into::into),
            proven: self.proven.map(|proven| from_document(PROVEN, proven)).transpose()?,
        })
    }
}

impl TenantStore<'_> {
    /// An interaction, finished and expired ones included.
    #[compiled_here]
    pub async fn interaction(&self, id: InteractionId) -> Result<Option<Interaction>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => interactions::table.find(key)
                .select(InteractionRow::as_select()).get_result(c).await.optional())?;
            row.map(InteractionRow::into_interaction).transpose()
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store(conn: &mut Conn<'_>, interaction: &Interaction) -> Result<(), ApplyError> {
    let row = InteractionRow::new(interaction)?;
    dual!(conn, c => diesel::insert_into(interactions::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn record_sign_in(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    interaction: InteractionId,
    session: SessionId,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(interaction));
    guarded(dual!(conn, c => Kept(diesel::update(interactions::table.find(key))
        .filter(interactions::completed_at.is_null())
        .set((
            interactions::signed_in.eq(Bytes::from(session)),
            interactions::proven.eq(None::<serde_json::Value>),
        )))
        .execute(c).await)?)
}

pub(crate) async fn record_proven(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    interaction: InteractionId,
    proven: &Proven,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(interaction));
    let proven = document(PROVEN, proven)?;
    guarded(dual!(conn, c => Kept(diesel::update(interactions::table.find(key))
        .filter(interactions::completed_at.is_null())
        .set(interactions::proven.eq(proven)))
        .execute(c).await)?)
}

pub(crate) async fn complete(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    interaction: InteractionId,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(interaction));
    guarded(dual!(conn, c => Kept(diesel::update(interactions::table.find(key))
        .filter(interactions::completed_at.is_null())
        .set(interactions::completed_at.eq(Time::from(at))))
        .execute(c).await)?)
}
