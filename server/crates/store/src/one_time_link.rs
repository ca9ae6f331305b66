use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AskedIn, MessageKind, OneTimeLink, TenantId, UserId};
use grantor_protocol::{SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::one_time_links;
use crate::statement::Kept;
use crate::value::{Bytes, Time, from_name};
use crate::{ApplyError, Error, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = one_time_links, treat_none_as_default_value = false)]
struct OneTimeLinkRow {
    tenant_id: Bytes<16>,
    hash: Bytes<32>,
    kind: String,
    user_id: Bytes<16>,
    address: String,
    interaction_id: Option<Bytes<16>>,
    browser: Option<Bytes<32>>,
    created_at: Time,
    expires_at: Time,
    consumed_at: Option<Time>,
}

impl OneTimeLinkRow {
    fn new(link: &OneTimeLink) -> Self {
        Self {
            tenant_id: link.tenant_id.into(),
            hash: link.hash.into(),
            kind: link.kind.as_str().to_owned(),
            user_id: link.user_id.into(),
            address: link.address.clone(),
            interaction_id: link.asked_in.map(|asked_in| asked_in.interaction.into()),
            browser: link.asked_in.map(|asked_in| asked_in.browser.into()),
            created_at: link.created_at.into(),
            expires_at: link.expires_at.into(),
            consumed_at: link.consumed_at.map(Into::into),
        }
    }

    fn into_link(self) -> Result<OneTimeLink, Error> {
        let asked_in = self.interaction_id.zip(self.browser).map(|(interaction, browser)| AskedIn {
            interaction: interaction.into(),
            browser: browser.into(),
        });
        Ok(OneTimeLink {
            tenant_id: self.tenant_id.into(),
            hash: self.hash.into(),
            kind: from_name("one_time_links.kind", &self.kind)?,
            user_id: self.user_id.into(),
            address: self.address,
            asked_in,
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
            consumed_at: self.consumed_at.map(Into::into),
        })
    }
}

impl TenantStore<'_> {
    /// A link, used and expired ones included as long as they are kept.
    #[compiled_here]
    pub async fn one_time_link(&self, hash: SecretHash) -> Result<Option<OneTimeLink>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(hash));
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<OneTimeLinkRow> = dual!(&mut conn, c => one_time_links::table.find(key)
                .select(OneTimeLinkRow::as_select()).get_result(c).await.optional())?;
            row.map(OneTimeLinkRow::into_link).transpose()
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store(conn: &mut Conn<'_>, link: &OneTimeLink) -> Result<(), ApplyError> {
    let row = OneTimeLinkRow::new(link);
    guarded(dual!(conn, c => diesel::insert_into(one_time_links::table).values(row)
        .on_conflict_do_nothing().execute(c).await)?)
}

pub(crate) async fn consume(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    hash: SecretHash,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(hash));
    guarded(dual!(conn, c => Kept(diesel::update(one_time_links::table.find(key))
        .filter(one_time_links::consumed_at.is_null())
        .set(one_time_links::consumed_at.eq(Time::from(at))))
        .execute(c).await)?)
}

/// Ends what is still good of a user's, all or one kind.
pub(crate) async fn end(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    kind: Option<MessageKind>,
    at: Timestamp,
) -> diesel::QueryResult<()> {
    let kinds: Vec<_> = match kind {
        Some(kind) => vec![kind.as_str()],
        None => MessageKind::ALL.into_iter().map(MessageKind::as_str).collect(),
    };
    dual!(conn, c => diesel::update(one_time_links::table)
        .filter(one_time_links::tenant_id.eq(Bytes::from(tenant)))
        .filter(one_time_links::user_id.eq(Bytes::from(user)))
        .filter(one_time_links::kind.eq_any(kinds))
        .filter(one_time_links::consumed_at.is_null())
        .set(one_time_links::consumed_at.eq(Time::from(at)))
        .execute(c).await)?;
    Ok(())
}
