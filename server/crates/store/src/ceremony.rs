//! Challenges that wait for their answer.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{Ceremony, CeremonyId, TenantId};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::ceremonies;
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ApplyError, Error, TenantStore};

const PURPOSE: &str = "ceremonies.purpose";

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = ceremonies)]
struct CeremonyRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    purpose: serde_json::Value,
    state: serde_json::Value,
    expires_at: Time,
}

impl CeremonyRow {
    fn into_ceremony(self) -> Result<Ceremony, Error> {
        Ok(Ceremony {
            tenant_id: self.tenant_id.into(),
            id: self.id.into(),
            purpose: from_document(PURPOSE, self.purpose)?,
            state: self.state,
            expires_at: self.expires_at.into(),
        })
    }
}

impl TenantStore<'_> {
    /// A ceremony that nobody has answered, expired ones included.
    #[compiled_here]
    pub async fn ceremony(&self, id: CeremonyId) -> Result<Option<Ceremony>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => ceremonies::table.find(key)
                .select(CeremonyRow::as_select()).get_result(c).await.optional())?;
            row.map(CeremonyRow::into_ceremony).transpose()
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store(conn: &mut Conn<'_>, ceremony: &Ceremony) -> Result<(), ApplyError> {
    let row = CeremonyRow {
        tenant_id: ceremony.tenant_id.into(),
        id: ceremony.id.into(),
        purpose: document(PURPOSE, &ceremony.purpose)?,
        state: ceremony.state.clone(),
        expires_at: ceremony.expires_at.into(),
    };
    dual!(conn, c => diesel::insert_into(ceremonies::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn spend(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    ceremony: CeremonyId,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(ceremony));
    guarded(dual!(conn, c => Kept(diesel::delete(ceremonies::table.find(key))).execute(c).await)?)
}
